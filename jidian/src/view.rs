//! What people see of a running pilot: plain values, and the one trait that provides them.
//!
//! The engine implements [`Console`]; the web pages and their JSON twins under `/api` are drawn from
//! the same values, so they can't differ. Money, energy, power, prices and instants serialise as
//! integer strings in the unit of their type (fen or micro-yuan, milliwatt-hours, milliwatts,
//! micro-yuan per kWh, milliseconds since 1970 UTC); the readings of an instrument as plain integers.

use quantity::{Energy, Fen, Instant, Money, Power, Price};
use serde::Serialize;

/// Provides the views of a running pilot. Each call is short and doesn't block for long: the web
/// server calls it from its own threads, many times a second.
pub trait Console: Send + Sync {
    /// Rises whenever anything that a view shows has changed. Live pages are sent anew when it does.
    fn version(&self) -> u64;
    /// The first page: what flows, what is paid, what it costs.
    fn overview(&self) -> Overview;
    /// The curves of the day so far, and of the part of it that is already decided.
    fn day(&self) -> DayView;
    /// Every meter, by rising number.
    fn meters(&self) -> Vec<MeterRow>;
    /// One meter with everything in it; `None` for a number that no meter has.
    fn meter(&self, id: &str) -> Option<MeterPage>;
    /// The latest payments, newest first, at most `limit`.
    fn payments(&self, limit: usize) -> Vec<PaymentRow>;
    /// One payment traced back to clause, register, signatures and proof. The id is the one of
    /// [`PaymentRow::id`]; `None` for a payment that doesn't exist.
    fn trace(&self, id: &str) -> Option<TraceView>;
    /// Prices with their components, and the decision that they come from.
    fn price(&self) -> PriceView;
    /// What the analysis centre sees: no key, no name, no number of a wallet.
    fn analysis(&self) -> AnalysisView;
}

/// What the analysis centre sees of what moved since this process began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnalysisView {
    /// When the first movement was seen.
    pub since: Option<Instant>,
    /// Sums by legal day, the latest first.
    pub days: Vec<SumsRow>,
    /// Sums by hour of the last week, the latest first.
    pub hours: Vec<SumsRow>,
    /// How many alarms there have been.
    pub alarms_raised: u64,
    /// The latest alarms, newest first.
    pub alarms: Vec<AlarmRow>,
    /// A payment of a person from this amount on is reported; none if no rule is in force.
    pub large_payment: Option<Fen>,
}

/// Sums of a day or an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SumsRow {
    /// Its beginning.
    pub from: Instant,
    /// Movements of money from wallet to wallet.
    pub movements: u64,
    /// Money that moved.
    pub amount: Fen,
    /// Of these movements, those by anonymous wallets.
    pub anonymous: u64,
    /// Money that they moved.
    pub by_anonymous: Fen,
}

/// A wallet that the analysis centre reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmRow {
    /// When.
    pub at: Instant,
    /// Pseudonym of the wallet, in hex.
    pub wallet: String,
    /// Why.
    pub suspicion: Word,
    /// The amount in question.
    pub amount: Fen,
}

/// A word of a closed list: its stable code, and its name in both languages.
///
/// The vocabulary of the `contract` crate has all three: `Word { code: item.code(), zh: item.name_zh(),
/// en: item.name_en() }`. Colours hang on the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    /// Stable name in files and style sheets, such as `time-of-use`.
    pub code: &'static str,
    /// Chinese name.
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
}

/// A sentence or a name in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Text {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl Text {
    /// A text in both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// An amount with its unit: yuan is 元 in Chinese.
    pub fn amount(value: impl core::fmt::Display) -> Self {
        let en = value.to_string();
        Self::new(en.replace(" yuan", " 元"), en)
    }

    /// A text that reads the same in both languages: a name, a number.
    pub fn same(text: impl Into<String>) -> Self {
        let zh: String = text.into();
        Self { en: zh.clone(), zh }
    }
}

impl From<Word> for Text {
    fn from(word: Word) -> Self {
        Self::new(word.zh, word.en)
    }
}

/// The state of the pilot in one line; also what `--summary` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Name of the scenario.
    pub scenario: Text,
    /// Now, in the time of the simulation.
    pub at: Instant,
    /// Seconds of the simulation per second on the wall; 0 means as fast as it goes.
    pub speed: u32,
    /// Meters in the pilot.
    pub meters: u64,
    /// Of them, meters that can't reach the registration centre right now.
    pub meters_offline: u64,
    /// Payments that are final.
    pub payments: u64,
    /// Sum of the final payments, each counted once at its payer.
    pub paid: Fen,
    /// Payments that are signed and not final yet.
    pub waiting: u64,
    /// Energy that was settled by the final payments.
    pub energy: Energy,
    /// Whether the money adds up.
    pub conservation: Conservation,
}

/// The money of the pilot, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Conservation {
    /// Issued by the central bank.
    pub issued: Fen,
    /// Sum of all wallets.
    pub wallets: Fen,
    /// How often this was checked since the start.
    pub checks: u64,
    /// Of them, checks that failed. Anything but zero is an alarm.
    pub failures: u64,
}

impl Conservation {
    /// Whether the wallets hold what was issued, now and at each check before.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.issued == self.wallets && self.failures == 0
    }
}

/// The first page. This is also what `/events` sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// The headline.
    pub summary: Summary,
    /// Where the power comes from and goes to.
    pub power: PowerBalance,
    /// Who paid and who was paid today.
    pub money: MoneyBalance,
    /// The price that matters to most meters, now and next.
    pub price: PriceNow,
    /// The latest payments, newest first; about ten.
    pub payments: Vec<PaymentRow>,
}

/// Power now. Both sides sum to the same number: `sources = sinks + losses`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PowerBalance {
    /// What feeds in, largest first.
    pub sources: Vec<PowerFlow>,
    /// What takes out, largest first.
    pub sinks: Vec<PowerFlow>,
    /// Lost in the network.
    pub losses: Power,
}

impl PowerBalance {
    /// Sum of all that feeds in.
    #[must_use]
    pub fn fed_in(&self) -> Power {
        self.sources.iter().map(|flow| flow.power).sum()
    }

    /// Sum of all that is taken out, and the losses.
    #[must_use]
    pub fn taken_out(&self) -> Power {
        self.sinks.iter().map(|flow| flow.power).sum::<Power>() + self.losses
    }
}

/// Power of all meters of one class in one direction, and the money that flows along it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PowerFlow {
    /// Class of the meters.
    pub class: Word,
    /// How many meters flow this way.
    pub meters: u64,
    /// Their power, never negative.
    pub power: Power,
    /// Price of this flow now, averaged over its meters.
    pub price: Price,
    /// Money per hour at this power and price: a source earns it, a sink pays it. May be negative.
    pub money_per_hour: Money,
}

/// Money of the day so far. Both sides sum to the same number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MoneyBalance {
    /// Who paid, largest first.
    pub paid: Vec<MoneyFlow>,
    /// Who received, largest first; what stays in the grid company's wallets is a line of its own.
    pub received: Vec<MoneyFlow>,
}

/// Money of one class of wallets today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MoneyFlow {
    /// Class of the meters, or the role of the wallet (`fiscal`, `treasury`, `grid-income` …).
    pub party: Word,
    /// The amount, never negative.
    pub amount: Fen,
}

/// The price of one class, now and in the next interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceNow {
    /// Class of the meters that pay it.
    pub class: Word,
    /// What holds now.
    pub now: PriceStep,
    /// What holds next, if it is decided.
    pub next: Option<PriceStep>,
}

/// A price that holds for an interval. A price is a step, never a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceStep {
    /// First instant at which it holds.
    pub from: Instant,
    /// First instant at which it doesn't hold any more.
    pub until: Instant,
    /// Sum of the components.
    pub total: Price,
    /// The seven components of the paper in their order, zero or not, then what else the contract adds.
    pub components: Vec<PriceComponent>,
    /// Part of the day (尖峰平谷), where the contract has one.
    pub band: Option<Word>,
}

/// One component of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PriceComponent {
    /// Which one.
    pub item: Word,
    /// Its value; may be negative.
    pub price: Price,
}

/// The curves of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DayView {
    /// Power over the day so far, by rising time; at most a few hundred points.
    pub load: Vec<LoadPoint>,
    /// Price over the day, by rising time, with what is already decided of the future.
    pub price: Vec<PricePoint>,
}

/// Power at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LoadPoint {
    /// When.
    pub at: Instant,
    /// Taken from the grid.
    pub import: Power,
    /// Fed into the grid.
    pub export: Power,
}

/// Total price from one instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PricePoint {
    /// First instant at which it holds; until the next point.
    pub from: Instant,
    /// The price.
    pub total: Price,
}

/// How a meter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeterState {
    /// Meters, trades and settles.
    Trading,
    /// Meters and trades within its limits; orders wait for the network.
    Offline,
    /// Meters; what it owes is carried, because its wallet may not pay.
    Held,
    /// The relay is open: no energy flows.
    Disconnected,
    /// The transaction core has sealed itself after tampering.
    Sealed,
}

impl MeterState {
    /// Every state, in the order of the list above.
    pub const ALL: &'static [Self] =
        &[Self::Trading, Self::Offline, Self::Held, Self::Disconnected, Self::Sealed];

    /// Stable name, as in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Trading => "trading",
            Self::Offline => "offline",
            Self::Held => "held",
            Self::Disconnected => "disconnected",
            Self::Sealed => "sealed",
        }
    }
}

/// What a meter does when its wallet may not pay, and whether it does so now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldView {
    /// Name of the rule, two or three words: "keep supply", "cut off below 0".
    pub rule: Text,
    /// Whether it is at work now.
    pub active: bool,
    /// One plain sentence: why it is at work, or when it would be.
    pub why: Text,
}

/// A line of the fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeterRow {
    /// Number of the meter, 12 digits.
    pub id: String,
    /// Name for people: "Household 17", "Wind farm north".
    pub name: Text,
    /// Class of the meter.
    pub class: Word,
    /// How it is.
    pub state: MeterState,
    /// Power now; negative feeds in.
    pub power: Power,
    /// Energy taken today.
    pub import_today: Energy,
    /// Energy fed in today.
    pub export_today: Energy,
    /// Paid today; negative is earned.
    pub paid_today: Fen,
    /// Spendable money in the wallet of the meter.
    pub balance: Fen,
    /// Name and version of the contract in force, such as `residential-tou 3`.
    pub contract: String,
    /// The rule for an empty wallet.
    pub hold: HoldView,
}

/// One meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeterPage {
    /// Its line of the fleet.
    pub row: MeterRow,
    /// When the live values were measured.
    pub at: Instant,
    /// Live values: one line per phase, one for a single-phase meter.
    pub phases: Vec<PhaseView>,
    /// Frequency in millihertz.
    pub frequency_millihertz: i64,
    /// Registers, in the order of their codes.
    pub registers: Vec<RegisterRow>,
    /// Hourly freezes, newest first.
    pub hourly: Vec<FreezeRow>,
    /// Daily freezes, newest first.
    pub daily: Vec<FreezeRow>,
    /// Power over the day.
    pub load: Vec<LoadPoint>,
    /// The wallet.
    pub wallet: WalletView,
    /// The contract in force.
    pub contract: ContractView,
    /// Price signals that the meter holds.
    pub signals: Vec<SignalRow>,
    /// Latest settlements, newest first.
    pub settlements: Vec<PaymentRow>,
    /// Latest events of the meter, newest first.
    pub events: Vec<EventRow>,
}

/// Live values of one phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhaseView {
    /// `A`, `B`, `C`; `L` for a single phase.
    pub name: &'static str,
    /// Voltage in millivolts.
    pub voltage_millivolts: i64,
    /// Current in milliamperes.
    pub current_milliamperes: i64,
    /// Active power; negative feeds in.
    pub active: Power,
    /// Reactive power in millivar.
    pub reactive_millivar: i64,
    /// Power factor in ten-thousandths, −10000 to 10000.
    pub power_factor: i64,
}

/// One register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterRow {
    /// OBIS code, such as `1.8.0`.
    pub code: &'static str,
    /// What it counts.
    pub name: Text,
    /// The reading.
    pub value: Energy,
}

/// Registers as they stood at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FreezeRow {
    /// When.
    pub at: Instant,
    /// Register of energy taken.
    pub import: Energy,
    /// Register of energy fed in.
    pub export: Energy,
}

/// The hardware wallet of a meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WalletView {
    /// Number of the wallet.
    pub id: String,
    /// Spendable money, as the meter knows it.
    pub balance: Fen,
    /// Most that one payment may move.
    pub limit_payment: Fen,
    /// Most that a day may move.
    pub limit_day: Fen,
    /// Moved today.
    pub paid_today: Fen,
    /// Owed and not paid yet: the rest below one fen, and arrears.
    pub carried: Money,
    /// Orders that are signed and wait for their receipt.
    pub waiting: u64,
    /// Number of the last order.
    pub sequence: u64,
    /// The rule for an empty wallet.
    pub hold: HoldView,
}

/// A contract, as people read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContractView {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// First instant at which it holds.
    pub from: Option<Instant>,
    /// First instant at which it doesn't hold any more, if it has an end.
    pub until: Option<Instant>,
    /// Digest of the signed package, in hex.
    pub digest: String,
    /// Who signed it, and whether the signature was checked good.
    pub signers: Vec<SignerView>,
    /// The contract explained, one sentence each.
    pub sentences: Vec<Text>,
    /// Its price tables.
    pub tables: Vec<TableView>,
    /// Its source.
    pub source: String,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignerView {
    /// Who signed.
    pub who: Text,
    /// Its key, in hex.
    pub key: String,
    /// Whether the signature is good.
    pub mark: Mark,
}

/// A small table with headings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableView {
    /// What it shows.
    pub title: Text,
    /// Headings of the columns; each row has as many cells.
    pub head: Vec<Text>,
    /// The rows. A cell that is a number in its whole is set in tabular digits at the right.
    pub rows: Vec<Vec<Text>>,
}

/// A price signal in a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SignalRow {
    /// Which component it moves.
    pub component: Word,
    /// Its value.
    pub price: Price,
    /// First instant at which it holds.
    pub from: Instant,
    /// First instant at which it doesn't hold any more.
    pub until: Instant,
    /// Sequence number of the signal.
    pub sequence: u64,
}

/// Something that happened in a meter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// When.
    pub at: Instant,
    /// What, in one line.
    pub what: Text,
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentState {
    /// Signed by the meter; its receipt isn't back.
    Waiting,
    /// Final: the receipt is there.
    Final,
    /// Refused by the registration centre; what it was for is carried.
    Refused,
}

impl PaymentState {
    /// Stable name, as in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Final => "final",
            Self::Refused => "refused",
        }
    }
}

/// A line of the list of payments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentRow {
    /// Number of the meter, a hyphen and the sequence number: `000000000042-17`.
    pub id: String,
    /// Number of the meter.
    pub meter: String,
    /// Sequence number of the order.
    pub sequence: u64,
    /// Class of the meter.
    pub class: Word,
    /// When the order was made.
    pub at: Instant,
    /// Start of the interval that it settles.
    pub from: Instant,
    /// End of that interval.
    pub until: Instant,
    /// Energy of the interval, never negative.
    pub energy: Energy,
    /// Charged for it; negative if the meter's owner earns.
    pub charged: Money,
    /// Whole fen that moved. It may differ from the charge by what is carried.
    pub paid: Fen,
    /// Carried to the next settlement.
    pub carried: Money,
    /// Who pays.
    pub payer: Text,
    /// Who is paid, the largest leg first.
    pub payee: Text,
    /// How far it is.
    pub state: PaymentState,
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Checked and good.
    Good,
    /// Can't be checked yet: something is still on its way.
    Open,
    /// Checked and bad.
    Bad,
}

impl Mark {
    /// Good or bad.
    #[must_use]
    pub const fn of(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }

    /// Stable name, as in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Open => "open",
            Self::Bad => "bad",
        }
    }
}

/// One payment, followed back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TraceView {
    /// The payment.
    pub payment: PaymentRow,
    /// The story, in the order of time: register, contract, signal, charge, order, receipt, ledger.
    pub steps: Vec<TraceStep>,
}

impl TraceView {
    /// Bad if any step is, else open if any is, else good.
    #[must_use]
    pub fn verdict(&self) -> Mark {
        self.steps.iter().map(|step| step.mark).max().unwrap_or(Mark::Open)
    }
}

/// One step of the story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TraceStep {
    /// Two or three words.
    pub title: Text,
    /// One or two plain sentences.
    pub text: Text,
    /// Whether what the step claims was checked.
    pub mark: Mark,
    /// What the step rests on, in readable numbers.
    pub facts: Vec<Fact>,
    /// A table, such as the lines of the bill.
    pub table: Option<TableView>,
    /// Bytes for those who want to check it themselves.
    pub details: Vec<HexView>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is.
    pub name: Text,
    /// The value as text.
    pub value: Text,
}

/// Named bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HexView {
    /// What they are.
    pub name: Text,
    /// The bytes in hex, without spaces.
    pub hex: String,
}

/// Prices of all classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceView {
    /// Now, in the time of the simulation.
    pub at: Instant,
    /// One curve per class; the most important first.
    pub curves: Vec<PriceCurve>,
    /// The decision that is in force.
    pub decision: Option<DecisionView>,
}

/// The price of one class over the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PriceCurve {
    /// The class.
    pub class: Word,
    /// Steps by rising time without a gap, with what is already decided of the future.
    pub steps: Vec<PriceStep>,
}

/// A price decision, and the certificate that lets anyone check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionView {
    /// Digest of the decision, in hex.
    pub digest: String,
    /// When it was taken.
    pub at: Instant,
    /// First instant that it decides.
    pub from: Instant,
    /// First instant that it doesn't decide any more.
    pub until: Instant,
    /// What was decided and why, in one or two sentences.
    pub text: Text,
    /// Numbers of the decision: demand, cost, purse.
    pub facts: Vec<Fact>,
    /// The conditions of the certificate, each with its residual.
    pub checks: Vec<CheckView>,
    /// Who signed it.
    pub signers: Vec<SignerView>,
}

/// One condition that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckView {
    /// The condition in words.
    pub name: Text,
    /// What came out, as text with its unit.
    pub value: Text,
    /// Whether it holds.
    pub mark: Mark,
}
