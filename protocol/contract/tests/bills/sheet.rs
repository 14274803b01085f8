//! A worksheet as text: what the meter saw, and the bill that was worked out apart from the crate.

use contract::{Item, Quantity, Role, SignalId};
use quantity::{CivilDate, Duration, Instant};

/// One NAME.bill.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(crate) contract: String,
    /// Registers before the first movement, in mWh.
    pub(crate) month: i64,
    pub(crate) year: i64,
    /// Micro-yuan on hold.
    pub(crate) held: i64,
    pub(crate) movements: Vec<Movement>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) legs: Vec<Leg>,
    pub(crate) prepaid: Option<Prepaid>,
}

/// Energy that flows evenly, in mWh.
pub(crate) struct Movement {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) energy: i64,
}

/// A signal or quantity in millionths of its unit, from a time on.
pub(crate) struct Fact {
    pub(crate) from: Instant,
    pub(crate) what: What,
    pub(crate) value: i64,
}

#[derive(Clone, Copy)]
pub(crate) enum What {
    Signal(SignalId),
    Quantity(Quantity),
}

pub(crate) struct Leg {
    pub(crate) debit: Role,
    pub(crate) credit: Role,
    pub(crate) rows: Vec<Row>,
    pub(crate) sum: Sum,
}

/// `amount × price = due`, the first two in millionths, `due` in pico-yuan.
pub(crate) struct Row {
    pub(crate) item: Item,
    pub(crate) quantity: Quantity,
    pub(crate) amount: i64,
    pub(crate) price: i64,
    pub(crate) due: i128,
}

/// What a leg comes to: exactly, in micro-yuan with a carry, and in whole fen.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) exact: i128,
    pub(crate) micro: i128,
    pub(crate) carry: i128,
    pub(crate) fen: i128,
}

/// Micro-yuan taken from the hold, put on hold, and left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prepaid {
    pub(crate) posted: i64,
    pub(crate) held_again: i64,
    pub(crate) left: i64,
}

/// A decimal in units of the given number of digits, exact or a panic; no code of the crate.
pub(crate) fn fixed(text: &str, digits: usize) -> i128 {
    let (sign, plain) = text.strip_prefix('-').map_or((1, text), |plain| (-1, plain));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    assert!(fraction.len() <= digits, "{text} has more than {digits} digits");
    sign * format!("{whole}{fraction:0<digits$}").parse::<i128>().unwrap()
}

fn millionths(text: &str) -> i64 {
    fixed(text, 6).try_into().unwrap()
}

/// A number with its unit in millionths; per cent are ten thousand of them.
fn amount(text: &str, unit: &str) -> i64 {
    match unit {
        "%" => fixed(text, 4).try_into().unwrap(),
        "kWh" | "kW" | "yuan" | "yuan/kWh" | "yuan/kW" => millionths(text),
        _ => panic!("no unit: {unit}"),
    }
}

fn date(text: &str) -> Instant {
    let parts: Vec<i32> = text.split('-').map(|part| part.parse().unwrap()).collect();
    let [year, month, day] = parts[..] else { panic!("no date: {text}") };
    CivilDate { year, month: month.try_into().unwrap(), day: day.try_into().unwrap() }.start()
}

fn clock(text: &str) -> Duration {
    let (hour, minute) = text.split_once(':').unwrap();
    Duration::from_minutes(60 * hour.parse::<i64>().unwrap() + minute.parse::<i64>().unwrap())
}

impl Sheet {
    /// Reads a file; whatever isn't understood is a panic that names the line.
    pub(crate) fn parse(text: &str) -> Self {
        let mut sheet = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> =
                line.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
            sheet.line(&words, line);
        }
        sheet.movements.sort_by_key(|movement| movement.start);
        sheet.facts.sort_by_key(|fact| fact.from);
        sheet
    }

    fn line(&mut self, words: &[&str], line: &str) {
        match *words {
            ["contract", name] => name.clone_into(&mut self.contract),
            ["before", "month", month, "kWh", "year", year, "kWh"] => {
                (self.month, self.year) = (millionths(month), millionths(year));
            }
            ["held", held, "yuan"] => self.held = millionths(held),
            ["daily", first, "to", last, start, "to", end, energy, "kWh"] => {
                self.daily(
                    (date(first), date(last)),
                    (clock(start), clock(end)),
                    millionths(energy),
                );
            }
            ["from", day, at, what, "on"] => self.fact(date(day) + clock(at), what, 1),
            ["from", day, at, what, "off"] => self.fact(date(day) + clock(at), what, 0),
            ["from", day, at, what, value, unit] => {
                self.fact(date(day) + clock(at), what, amount(value, unit));
            }
            ["leg", _, debit, "->", credit] => {
                let (debit, credit) = (Role::from_word(debit), Role::from_word(credit));
                let (debit, credit) = (debit.unwrap(), credit.unwrap());
                self.legs.push(Leg { debit, credit, rows: Vec::new(), sum: Sum::default() });
            }
            ["row", item, ref rest @ ..] => self.legs.last_mut().unwrap().row(item, rest),
            [
                "sum",
                exact,
                "yuan:",
                micro,
                "yuan",
                "and",
                carry,
                "pico-yuan",
                "to",
                "carry",
                "in",
                "fen",
                fen,
            ] => {
                self.legs.last_mut().unwrap().sum = Sum {
                    exact: fixed(exact, 12),
                    micro: fixed(micro, 6),
                    carry: fixed(carry, 0),
                    fen: fixed(fen, 0),
                };
            }
            [
                "prepaid",
                posted,
                "yuan",
                "from",
                "the",
                "hold",
                again,
                "yuan",
                "put",
                "on",
                "hold",
                left,
                "yuan",
                "left",
            ] => {
                let (posted, held_again) = (millionths(posted), millionths(again));
                self.prepaid = Some(Prepaid { posted, held_again, left: millionths(left) });
            }
            _ => panic!("{}: not understood: {line}", self.contract),
        }
    }

    fn daily(
        &mut self,
        (first, last): (Instant, Instant),
        (from, to): (Duration, Duration),
        energy: i64,
    ) {
        let mut day = first;
        while day <= last {
            self.movements.push(Movement { start: day + from, end: day + to, energy });
            day = day + Duration::from_days(1);
        }
    }

    fn fact(&mut self, from: Instant, what: &str, value: i64) {
        let quantity = Quantity::from_word(what).map(What::Quantity);
        let what = quantity.or_else(|| SignalId::from_word(what).map(What::Signal)).unwrap();
        self.facts.push(Fact { from, what, value });
    }
}

impl Leg {
    /// `[QUANTITY] AMOUNT UNIT × PRICE UNIT = DUE yuan`, the quantity energy where none stands.
    fn row(&mut self, item: &str, words: &[&str]) {
        let (quantity, words) = match words {
            [quantity, rest @ ..] if rest.len() == 8 => (*quantity, rest),
            _ => ("energy", words),
        };
        let [number, unit, "×", price, price_unit, "=", due, "yuan"] = *words else {
            panic!("no row: {words:?}")
        };
        self.rows.push(Row {
            item: Item::from_word(item).unwrap(),
            quantity: Quantity::from_word(quantity).unwrap(),
            amount: amount(number, unit),
            price: amount(price, price_unit),
            due: fixed(due, 12),
        });
    }
}
