//! Bills worked out apart from the crate (`worksheets.py` wrote them), added up here by plain integers, and settled
//! interval by interval. So three sums agree: the worksheet's, this file's, and the interpreter's.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod neighbours;
mod sheet;
mod windows;

use std::collections::BTreeMap;
use std::path::PathBuf;

use contract::{
    Built, Carries, Facts, Item, Language, Program, Quantities, Quantity, Role, Settlement,
    Signals, build, render_all,
};
use quantity::{Duration, Energy, Instant, Money, Price};
use sheet::{Fact, Movement, Prepaid, Sheet, What};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(name: &str, extension: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|found| found == extension));
    let mut names: Vec<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn built(source: &str) -> Built {
    build(source)
        .unwrap_or_else(|faults| panic!("{}", render_all(&faults, source, Language::English)))
}

fn contract(name: &str) -> String {
    let path = folder("../../data/contracts").join(name).with_extension("contract");
    std::fs::read_to_string(path).unwrap()
}

fn sheets() -> Vec<Sheet> {
    let read = |name: &String| std::fs::read_to_string(folder("tests/bills").join(name)).unwrap();
    let files = names("tests/bills", "bill").into_iter().map(|name| format!("{name}.bill"));
    files.map(|name| Sheet::parse(&read(&name))).collect()
}

#[test]
fn each_contract_has_a_worksheet() {
    assert_eq!(names("tests/bills", "bill"), names("../../data/contracts", "contract"));
    let sheets: Vec<String> = sheets().into_iter().map(|sheet| sheet.contract).collect();
    assert_eq!(sheets, names("tests/bills", "bill"), "each says whose it is");
}

#[test]
fn the_rows_of_each_worksheet_add_up() {
    for sheet in sheets() {
        let name = &sheet.contract;
        for leg in &sheet.legs {
            for row in &leg.rows {
                let due = i128::from(row.amount) * i128::from(row.price);
                assert_eq!(due, row.due, "{name}: {:?}", row.item);
            }
            let exact: i128 = leg.rows.iter().map(|row| row.due).sum();
            assert_eq!(exact, leg.sum.exact, "{name}");
            assert_eq!(exact.div_euclid(1_000_000), leg.sum.micro, "{name}");
            assert_eq!(exact.rem_euclid(1_000_000), leg.sum.carry, "{name}");
            assert_eq!(exact.div_euclid(10_000_000_000), leg.sum.fen, "{name}");
        }
    }
}

#[test]
fn the_interpreter_comes_to_the_same_bills() {
    for sheet in sheets() {
        let name = &sheet.contract;
        let built = built(&contract(name));
        let program = built.program().unwrap();
        let bill = Meter::new(&program, &sheet).settle_all(&sheet);
        assert_eq!(bill.legs.len(), sheet.legs.len(), "{name}: legs");
        for leg in &sheet.legs {
            let wallets = (leg.debit, leg.credit);
            let (micro, carry) =
                bill.legs.get(&wallets).unwrap_or_else(|| panic!("{name}: {wallets:?}"));
            let rows: BTreeMap<_, _> =
                leg.rows.iter().map(|row| (key(wallets, row), row.amount)).collect();
            let settled: BTreeMap<_, _> = bill
                .rows
                .iter()
                .filter(|(key, _)| key.0 == wallets)
                .map(|(key, sum)| (*key, *sum))
                .collect();
            assert_eq!(settled, rows, "{name}: lines of {wallets:?}");
            assert_eq!((*micro, *carry), (leg.sum.micro, leg.sum.carry), "{name}: {wallets:?}");
        }
        assert_eq!(bill.prepaid, sheet.prepaid, "{name}");
    }
}

/// Payer and payee, item, quantity, price.
type Key = ((Role, Role), Item, Quantity, i64);

fn key(wallets: (Role, Role), row: &sheet::Row) -> Key {
    (wallets, row.item, row.quantity, row.price)
}

/// What a meter's settlements come to.
#[derive(Default)]
struct Bill {
    /// Sums of the amounts of all lines with the same key, without those that are zero.
    rows: BTreeMap<Key, i64>,
    /// Micro-yuan and what is carried in the end.
    legs: BTreeMap<(Role, Role), (i128, i128)>,
    prepaid: Option<Prepaid>,
}

/// A meter that settles each movement at the contract's intervals.
struct Meter<'p> {
    program: &'p Program<'p>,
    month: Energy,
    year: Energy,
    last: Instant,
    signals: Signals,
    quantities: Quantities,
    held: i64,
    carries: Carries,
    bill: Bill,
}

impl<'p> Meter<'p> {
    fn new(program: &'p Program<'p>, sheet: &Sheet) -> Self {
        Self {
            program,
            month: Energy::from_milliwatt_hours(sheet.month),
            year: Energy::from_milliwatt_hours(sheet.year),
            last: sheet.movements.first().unwrap().start,
            signals: Signals::NONE,
            quantities: Quantities::NONE,
            held: sheet.held,
            carries: Carries::ZERO,
            bill: Bill::default(),
        }
    }

    fn settle_all(mut self, sheet: &Sheet) -> Bill {
        let mut facts = sheet.facts.iter().peekable();
        for movement in &sheet.movements {
            let mut start = movement.start;
            while start < movement.end {
                while let Some(fact) = facts.next_if(|fact| fact.from <= start) {
                    self.learn(fact);
                }
                let end = self.grid_after(start).min(movement.end);
                let energy = reading(movement, end) - reading(movement, start);
                self.settle(start, end, energy);
                start = end;
            }
        }
        self.bill
    }

    /// The next boundary of the settlement interval, counted from midnight.
    fn grid_after(&self, at: Instant) -> Instant {
        let interval = self.program.header().interval;
        let midnight = at.civil().date.start();
        let passed = at.since(midnight).milliseconds() / interval.milliseconds();
        midnight + Duration::from_milliseconds((passed + 1) * interval.milliseconds())
    }

    fn learn(&mut self, fact: &Fact) {
        match fact.what {
            What::Quantity(quantity) => self.quantities.set(quantity, Some(fact.value)),
            What::Signal(id) => {
                let value = Price::from_micro_yuan_per_kwh(fact.value);
                self.signals = self.signals.with(id, value, fact.from);
            }
        }
    }

    fn settle(&mut self, start: Instant, end: Instant, energy: Energy) {
        self.turn_registers(start);
        let facts = Facts {
            start,
            end,
            energy,
            month_before: self.month,
            year_before: self.year,
            signals: &self.signals,
            quantities: &self.quantities,
            held: Money::from_micro_yuan(self.held),
        };
        let settled = self.program.settle(&facts, &mut self.carries).unwrap();
        self.month += energy;
        self.year += energy;
        self.count(&settled);
        self.hold(&settled);
    }

    /// A register of the month or year begins anew with it.
    fn turn_registers(&mut self, start: Instant) {
        let (before, now) = (self.last.civil().date, start.civil().date);
        if (before.year, before.month) != (now.year, now.month) {
            self.month = Energy::ZERO;
        }
        if before.year != now.year {
            self.year = Energy::ZERO;
        }
        self.last = start;
    }

    fn count(&mut self, settled: &Settlement) {
        let wallets: Vec<_> = settled.legs.iter().map(|leg| (leg.debit, leg.credit)).collect();
        for line in settled.items.iter().filter(|line| line.amount != 0) {
            let wallets = wallets[usize::from(line.leg)];
            let price = line.price.micro_yuan_per_kwh();
            *self.bill.rows.entry((wallets, line.item, line.quantity, price)).or_default() +=
                line.amount;
        }
        for leg in &settled.legs {
            let sum = self.bill.legs.entry((leg.debit, leg.credit)).or_default();
            sum.0 += i128::from(leg.money.micro_yuan());
            sum.1 = i128::from(self.carries.get(leg.leg).pico_yuan());
        }
    }

    fn hold(&mut self, settled: &Settlement) {
        let Some(prepaid) = settled.prepaid else { return };
        let (posted, again) = (prepaid.posted.micro_yuan(), prepaid.hold.micro_yuan());
        self.held += again - posted;
        let sums = self.bill.prepaid.get_or_insert(Prepaid { posted: 0, held_again: 0, left: 0 });
        sums.posted += posted;
        sums.held_again += again;
        sums.left = self.held;
    }
}

/// The energy of a movement up to a time, rounded down to mWh as a register is.
fn reading(movement: &Movement, at: Instant) -> Energy {
    let passed = i128::from(at.since(movement.start).milliseconds());
    let all = i128::from(movement.end.since(movement.start).milliseconds());
    let share = i128::from(movement.energy) * passed / all;
    Energy::from_milliwatt_hours(share.try_into().unwrap())
}
