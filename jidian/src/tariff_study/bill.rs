//! The bill of one customer, line by line, so that each fen can be followed by hand.

use super::block::Columns;
use super::population::Customer;
use super::{Study, StudyError, customer_sign};
use contract::{Carries, Item, Program, Quantity, Role};
use quantity::{Fen, MicroYuanRest, Money, PicoYuan, Price};
use std::collections::BTreeMap;

/// A line: `price × amount`, exact in pico-yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Month, 1 to 12.
    pub month: u8,
    /// Why.
    pub item: Item,
    /// Index of the leg.
    pub leg: u8,
    /// What is charged: mostly energy.
    pub quantity: Quantity,
    /// Price, in millionths of the unit of the quantity.
    pub price: Price,
    /// How much of the month is charged at this price, in the integer unit of the quantity.
    pub amount: i64,
}

impl Line {
    /// The exact amount.
    #[must_use]
    pub fn pico_yuan(&self) -> i128 {
        i128::from(self.price.micro_yuan_per_kwh()) * i128::from(self.amount)
    }
}

/// A leg through the year: `lines = fen + rest + carried`, to the last pico-yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegBill {
    /// Who pays.
    pub debit: Role,
    /// Who is paid.
    pub credit: Role,
    /// What the lines sum to.
    pub pico_yuan: i128,
    /// What the wallet moved.
    pub fen: Fen,
    /// Settled, but less than a fen.
    pub rest: MicroYuanRest,
    /// Carried by the contract, less than a micro-yuan.
    pub carried: PicoYuan,
}

/// A year of one customer under one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerBill {
    /// By month and in the order of the contract.
    pub lines: Vec<Line>,
    /// By index.
    pub legs: Vec<LegBill>,
}

impl CustomerBill {
    /// What the customer pays: whole fen, and the rest; negative where it is paid.
    #[must_use]
    pub fn total(&self) -> Money {
        let signed = |leg: &LegBill| {
            let money = leg.fen.to_money().expect("it was money before") + leg.rest.to_money();
            customer_sign(leg.debit, leg.credit) * money.micro_yuan()
        };
        Money::from_micro_yuan(self.legs.iter().map(signed).sum())
    }
}

/// Lines by month, place of first appearance in a settlement, leg, quantity and price.
type Lines = BTreeMap<(u8, usize, u8, Quantity, Price), i64>;

/// What is summed up under one contract.
struct Account {
    carries: Carries,
    paid: Vec<i64>,
    /// What the customer had paid when the month began, in micro-yuan.
    opened: i64,
    items: Vec<Item>,
    lines: Lines,
}

/// Bills one customer with the interpreter, as a meter would.
///
/// # Errors
/// The first settlement that a contract refuses.
pub fn bill_customer(
    study: Study<'_>,
    customer: &Customer,
) -> Result<[CustomerBill; 2], StudyError> {
    let mut columns = Columns::new(study, core::slice::from_ref(customer));
    let account = |program: &Program<'_>| Account {
        carries: Carries::ZERO,
        paid: vec![0; program.header().legs.len()],
        opened: 0,
        items: Vec::new(),
        lines: Lines::new(),
    };
    let mut accounts = study.programs.each_ref().map(account);
    for slice in &study.year.slices {
        columns.open(study, slice);
        for (side, account) in accounts.iter_mut().enumerate() {
            let paid = account.paid(&study.programs[side]);
            account.opened = if slice.opens_month { paid } else { account.opened };
            let quantities = columns.quantities(0, paid - account.opened);
            let facts = columns.facts(0, slice, &quantities);
            let settled = study.programs[side].settle(&facts, &mut account.carries);
            let settled = settled.map_err(|error| StudyError {
                customer: Some(0),
                side,
                start: slice.start,
                energy: facts.energy,
                error,
            })?;
            account.add(slice.month, &settled);
        }
        columns.register();
    }
    let [old, new] = accounts;
    Ok([old.close(&study.programs[0]), new.close(&study.programs[1])])
}

impl Account {
    /// What the customer has paid since the year began, in micro-yuan.
    fn paid(&self, program: &Program<'_>) -> i64 {
        let legs = program.header().legs;
        let signed = legs.iter().zip(&self.paid);
        signed.map(|(leg, paid)| customer_sign(leg.debit, leg.credit) * paid).sum()
    }

    fn add(&mut self, month: u8, settled: &contract::Settlement) {
        for leg in &settled.legs {
            self.paid[usize::from(leg.leg)] += leg.money.micro_yuan();
        }
        for line in &settled.items {
            let known = self.items.iter().position(|item| *item == line.item);
            let item = known.unwrap_or_else(|| {
                self.items.push(line.item);
                self.items.len() - 1
            });
            let key = (month, item, line.leg, line.quantity, line.price);
            *self.lines.entry(key).or_default() += line.amount;
        }
    }

    fn close(self, program: &Program<'_>) -> CustomerBill {
        let lines = self.lines.iter().map(|((month, item, leg, quantity, price), amount)| Line {
            month: *month,
            item: self.items[*item],
            leg: *leg,
            quantity: *quantity,
            price: *price,
            amount: *amount,
        });
        let lines: Vec<Line> = lines.filter(|line| line.pico_yuan() != 0).collect();
        let legs = program.header().legs;
        let legs = (0_u8..).zip(&legs).zip(&self.paid).map(|((leg, wallets), paid)| {
            let of_leg = lines.iter().filter(|line| line.leg == leg);
            let pico_yuan = of_leg.map(Line::pico_yuan).sum();
            let carried = self.carries.get(leg);
            let settled = i128::from(*paid) * 1_000_000 + i128::from(carried.pico_yuan());
            assert_eq!(settled, pico_yuan, "the lines of a leg sum to what was settled");
            let payable = Money::from_micro_yuan(*paid).payable();
            let (debit, credit) = (wallets.debit, wallets.credit);
            LegBill { debit, credit, pico_yuan, fen: payable.fen, rest: payable.rest, carried }
        });
        let legs = legs.collect();
        CustomerBill { lines, legs }
    }
}
