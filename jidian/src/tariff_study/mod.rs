//! What a change of price does: one year of many customers, billed under two contracts.
//!
//! ```text
//! tables of profiles --shapes--> population --year--> bills under both contracts --> report
//! ```
//!
//! There is no public set of many Chinese homes. The customers are made from measured German
//! profiles (SimBench, 2016), each with a size, a habit and a mixture of its own that the seed
//! fixes. They don't answer the price. Say so wherever results are shown.
//!
//! Energy of a customer is settled every 15 minutes, which is the step of the profiles, and split
//! where a band of either contract changes. However a movement is split, what is charged on the
//! energy is the same (the language promises it), so a contract that settles every five minutes
//! gives the same bill. Only a steps table on the energy of a settlement sees the longer one.

pub mod bill;
mod block;
mod json;
mod picture;
pub mod population;
pub mod report;
pub mod shapes;
mod sum;
mod table;
pub mod words;
pub mod year;

use crate::commands::Language;
use block::Columns;
pub use block::unknown_quantity;
use contract::bulk::Plan;
use contract::{CustomerClass, Direction, Item, Program, Quantity, Role, SettleError, SignalId};
use core::sync::atomic::{AtomicUsize, Ordering};
use population::Customer;
use quantity::{Duration, Energy, Instant, Money, Price};
use shapes::Shapes;
use year::Year;

/// Both contracts are held in arrays in this order.
pub const SIDES: [&str; 2] = ["old", "new"];

/// What is billed.
#[derive(Clone, Copy, Debug)]
pub struct Study<'a> {
    /// The old and the new contract.
    pub programs: &'a [Program<'a>; 2],
    /// The year and where it is split.
    pub year: &'a Year,
    /// The profiles.
    pub shapes: &'a Shapes,
}

/// A customer's year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Position of the main profile.
    pub shape: usize,
    /// Energy of the year in the direction of the contracts.
    pub energy: Energy,
    /// What the customer pays under the old and the new contract; negative where it is paid.
    pub bills: [Money; 2],
}

/// A leg over all customers and the year, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegTotal {
    /// Who pays.
    pub debit: Role,
    /// Who is paid.
    pub credit: Role,
    /// Settled amounts, each rounded down.
    pub settled_micro_yuan: i128,
    /// What rounding left over at the end of the year, of all customers.
    pub carried_pico_yuan: i128,
}

impl LegTotal {
    /// The exact amount before any rounding.
    #[must_use]
    pub const fn pico_yuan(&self) -> i128 {
        self.settled_micro_yuan * 1_000_000 + self.carried_pico_yuan
    }
}

/// Lines of the bill over all customers and the year, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemTotal {
    /// The item; several where tier tables share a leg and can't be told apart in its sum.
    pub items: Vec<Item>,
    /// Index of the leg.
    pub leg: u8,
    /// The exact amount.
    pub pico_yuan: i128,
}

/// One contract over all customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideTotals {
    /// The legs by index.
    pub legs: Vec<LegTotal>,
    /// The items in the order of the contract.
    pub items: Vec<ItemTotal>,
}

/// The whole study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// By number of the customer.
    pub customers: Vec<Outcome>,
    /// Under the old and the new contract.
    pub sides: [SideTotals; 2],
    /// Settlements made, under both contracts together.
    pub settlements: u64,
}

/// What people want to know about a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractFacts {
    /// Name.
    pub name: String,
    /// Version within the name.
    pub version: u32,
    /// The meters that it is for.
    pub class: CustomerClass,
    /// The register that it settles.
    pub direction: Direction,
    /// Its own interval.
    pub interval: Duration,
    /// SM3 of the byte code.
    pub digest: String,
    /// Its signals, with the value that counts while none is received.
    pub defaults: Vec<(SignalId, Price)>,
    /// Quantities of the month that it charges or looks up.
    pub monthly: Vec<Quantity>,
}

impl ContractFacts {
    /// Name and version.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }
}

/// What is told about a study before any result.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Language for people.
    pub language: Language,
    /// What was billed.
    pub study: Study<'a>,
    /// Both contracts.
    pub contracts: &'a [ContractFacts; 2],
    /// Class that the customers are made for.
    pub class: CustomerClass,
    /// How many customers.
    pub count: u32,
    /// What sizes and habits are drawn from.
    pub seed: u64,
    /// Whether the profiles are the built-in ones.
    pub builtin: bool,
}

/// The results of a study, to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Findings<'a> {
    /// What was studied.
    pub shown: Shown<'a>,
    /// What came out.
    pub outcomes: &'a Outcomes,
    /// What it comes to.
    pub report: &'a report::Report,
}

/// Why a study ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StudyError {
    /// Number of the customer; `None` where every customer would be refused.
    pub customer: Option<usize>,
    /// Position in [`SIDES`].
    pub side: usize,
    /// Start of the interval.
    pub start: Instant,
    /// Energy of the interval.
    pub energy: Energy,
    /// Why the contract refused it.
    pub error: SettleError,
}

/// How far a study has come; read by another thread than those that work.
#[derive(Debug, Default)]
pub struct Progress {
    /// Blocks of customers that are done.
    pub done: AtomicUsize,
}

/// Customers of a block: their columns stay in the first-level cache over the whole year.
pub const BLOCK_CUSTOMERS: usize = 256;

/// Bills all customers on `threads` threads; the result doesn't depend on how many.
///
/// # Errors
/// The first settlement, by number of the customer, that a contract refuses.
pub fn run(
    study: Study<'_>,
    customers: &[Customer],
    threads: usize,
    progress: &Progress,
) -> Result<Outcomes, StudyError> {
    let prices = study.year.item_prices(study.programs)?;
    let blocks: Vec<&[Customer]> = customers.chunks(BLOCK_CUSTOMERS).collect();
    let next = AtomicUsize::new(0);
    let plans = study.programs.each_ref().map(Plan::new);
    let work = || {
        let mut plans = plans.clone();
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(block) = blocks.get(number) else { return done };
            let mut columns = Columns::new(study, block);
            let result = columns.bill_year(study, &mut plans);
            let result = result.map_err(|error| StudyError {
                customer: error.customer.map(|row| number * BLOCK_CUSTOMERS + row),
                ..error
            });
            done.push((number, result.map(|()| columns)));
            progress.done.fetch_add(1, Ordering::Relaxed);
        }
    };
    let mut done = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().flat_map(|worker| worker.join().expect("it can't panic"));
        joined.collect::<Vec<_>>()
    });
    done.sort_by_key(|(number, _)| *number);
    let mut sum = sum::Sum::new(study);
    for (_, columns) in done {
        sum.add(study, &columns?);
    }
    Ok(sum.close(study, &prices))
}

/// Whether money of a leg counts for the customer: `1` paid, `-1` received, `0` neither.
#[must_use]
pub const fn customer_sign(debit: Role, credit: Role) -> i64 {
    const fn is_customer(role: Role) -> i64 {
        matches!(role, Role::CustomerBill | Role::GeneratorIncome) as i64
    }
    is_customer(debit) - is_customer(credit)
}
