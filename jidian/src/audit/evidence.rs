//! The evidence log: every settlement repeated, from the register to the fen.

use super::failure::Failure;
use super::ledger::{Ledger, Orders, Settled};
use super::logs::Log;
use super::market::{Market, Runnable, require};
use super::quantities;
use bank::ResultCode;
use contract::{
    Carries, CustomerClass, Facts, ItemCharge, LegCharge, Role, Settlement, SignalId, SignalValue,
    Signals,
};
use quantity::{Energy, Instant, Money, PicoYuan};
use simulation::ledger::{Evidence, MeterEntry};
use std::collections::{BTreeMap, VecDeque};
use wire::evidence::{ItemLine, LegLine, SettlementRecord, SignalUse};
use wire::order::Leg;
use wire::package::{ContractPackage, PackageKind, Recall};
use wire::signal::PriceSignal;
use wire::{Digest, MeterId};

/// Micro-yuan of one fen.
const MICRO_YUAN_PER_FEN: i128 = 10_000;

/// Sums over all meters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) settlements: u64,
    pub(super) import_milliwatt_hours: i128,
    pub(super) export_milliwatt_hours: i128,
    pub(super) charged_micro_yuan: i128,
    pub(super) paid_fen: i128,
    pub(super) carried_micro_yuan: i128,
}

/// What the evidence is held against.
pub(super) struct Books<'a> {
    pub(super) market: &'a Market,
    pub(super) contracts: &'a BTreeMap<Digest, Runnable<'a>>,
    pub(super) orders: &'a Orders<'a>,
}

/// Where a meter stands.
#[derive(Default)]
struct Account {
    sequence: u64,
    sides: BTreeMap<u8, Side>,
}

/// Where the settlement of one register stands.
struct Side {
    end: Instant,
    register: Energy,
    month_start: Energy,
    year_start: Energy,
    /// The ordinary contract that ran last.
    ordinary: Option<Ordinary>,
    dues: BTreeMap<(u8, u8), Due>,
}

/// What counts of an ordinary contract once another one runs.
#[derive(Clone, Copy)]
struct Ordinary {
    sequence: u64,
    valid_until: Instant,
}

/// What is owed between two roles.
#[derive(Default)]
struct Due {
    pico: u32,
    micro_yuan: i128,
    /// Money of refused orders, in their order, that the meter doesn't count as owed again yet.
    refused: VecDeque<i128>,
}

/// Repeats the settlements of all meters, in the order of the log.
pub(super) struct Repeat<'a> {
    books: Books<'a>,
    accounts: BTreeMap<MeterId, Account>,
    totals: Totals,
}

/// Decodes the log.
pub(super) fn decode(log: &Log) -> Result<Vec<Evidence>, Failure> {
    log.decoded(|_, bytes| Evidence::from_bytes(bytes))
}

impl<'a> Repeat<'a> {
    pub(super) fn new(books: Books<'a>) -> Self {
        Self { books, accounts: BTreeMap::new(), totals: Totals::default() }
    }

    /// Checks the next record.
    pub(super) fn take(&mut self, evidence: &Evidence) -> Result<(), String> {
        let record = &evidence.record;
        let name =
            |what: String| format!("settlement {}-{}: {what}", record.meter, record.sequence);
        self.check(evidence).map_err(name)
    }

    fn check(&mut self, evidence: &Evidence) -> Result<(), String> {
        let record = &evidence.record;
        let meter = self.books.market.meters.get(&record.meter);
        let meter = meter.ok_or("the grid company's log knows no such meter")?;
        let account = self.accounts.entry(record.meter).or_default();
        let expected = account.sequence.saturating_add(1);
        require(record.sequence == expected, || {
            format!("number {expected} of this meter should come next: one is missing or doubled")
        })?;
        let key = crypto::key_id(&meter.certificate.body.public_key);
        let settled = self.books.orders.get(&(key, record.sequence));
        let settled = settled.ok_or("the bank's log has no order with this number and key")?;
        check_order(evidence, meter, settled)?;
        let contract = self.books.contracts.get(&record.contract);
        let contract = contract.ok_or("its contract was never published")?;
        check_contract(record, meter.class, contract)?;
        let number = record.signals.first().map_or(0, |used| used.sequence);
        let key = (meter.class.byte(), record.direction, number);
        let signals = check_signals(record, contract, self.books.market.signals.get(&key))?;
        check_price(record, contract, &signals)?;
        let side = account.sides.get(&record.direction);
        check_registers(record, side)?;
        let last = side.and_then(|side| side.ordinary);
        check_turn(record, contract.package, last, &self.books.market.recalls)?;
        account.advance(record, contract.package, settled.code)?;
        account.sequence = record.sequence;
        self.totals.add(record, settled.code)
    }

    /// Adds up what is carried, and checks that not a fen is missing.
    pub(super) fn finish(mut self) -> Result<(Totals, BTreeMap<MeterId, u64>), String> {
        let sides = self.accounts.values().flat_map(|account| account.sides.values());
        let dues = sides.flat_map(|side| side.dues.values());
        self.totals.carried_micro_yuan =
            dues.map(|due| due.micro_yuan + due.refused.iter().sum::<i128>()).sum();
        let Totals { charged_micro_yuan, paid_fen, carried_micro_yuan, .. } = self.totals;
        let closes = charged_micro_yuan == MICRO_YUAN_PER_FEN * paid_fen + carried_micro_yuan;
        require(closes, || "over all meters, charged isn't paid + carried".to_owned())?;
        let numbers = self.accounts.iter().map(|(meter, account)| (*meter, account.sequence));
        Ok((self.totals, numbers.collect()))
    }
}

/// The order must carry the digest of the record, its result and its amounts.
fn check_order(
    evidence: &Evidence,
    meter: &MeterEntry,
    settled: &Settled<'_>,
) -> Result<(), String> {
    let (record, order) = (&evidence.record, settled.order);
    require(order.evidence == crypto::digest(record), || {
        format!("the signed order in batch {} names another record", settled.record)
    })?;
    require(settled.code.number() == evidence.result, || {
        format!(
            "the bank's result in batch {} is {}, here stands code {}",
            settled.record, settled.code, evidence.result
        )
    })?;
    require(legs_of(record, meter).is_some_and(|legs| legs[..] == order.legs[..]), || {
        "the order moves other amounts, or between other wallets".to_owned()
    })
}

/// The movements of money that a record leads to; `None` if a wallet of its roles isn't known.
pub(super) fn legs_of(record: &SettlementRecord, meter: &MeterEntry) -> Option<Vec<Leg>> {
    let moving = record.legs.iter().filter(|line| !line.paid.is_zero());
    moving
        .map(|line| {
            let wallet = |role| meter.wallet(Role::from_byte(role)?);
            let (debit, credit) = (wallet(line.debit)?, wallet(line.credit)?);
            Some(Leg { debit, credit, amount: line.paid, reason: line.leg })
        })
        .collect()
}

pub(super) fn check_contract(
    record: &SettlementRecord,
    class: CustomerClass,
    contract: &Runnable<'_>,
) -> Result<(), String> {
    let package = contract.package;
    let fits = (package.class, package.direction) == (class.byte(), record.direction);
    require(fits, || "its contract is for another class or direction".to_owned())?;
    // The first contract also takes the energy that waited for it.
    let reached = if package.sequence == 1 { record.end } else { record.start };
    let is_open = package.kind == PackageKind::Default || record.start < package.valid_until;
    require(package.active_from <= reached && is_open, || {
        "its contract wasn't in force at its start".to_owned()
    })
}

/// Contracts follow one another: a newer one, the default one from the instant of expiry on, or the
/// one that the regulator's recall names.
fn check_turn(
    record: &SettlementRecord,
    package: &ContractPackage,
    last: Option<Ordinary>,
    recalls: &[Recall],
) -> Result<(), String> {
    let Some(last) = last else { return Ok(()) };
    let is_next = match package.kind {
        PackageKind::Ordinary => package.sequence >= last.sequence,
        PackageKind::Default => last.valid_until <= record.start,
    };
    let of_side = |recall: &&Recall| {
        (recall.class, recall.direction) == (package.class, package.direction)
            && recall.issued <= record.start
    };
    // A default contract that was recalled to may since have been replaced by a newer one.
    let is_recalled = recalls.iter().filter(of_side).any(|recall| {
        recall.sequence > last.sequence
            && (recall.target == record.contract || package.kind == PackageKind::Default)
    });
    require(is_next || is_recalled, || match package.kind {
        PackageKind::Ordinary => "it runs a contract that was replaced".to_owned(),
        PackageKind::Default => {
            "it runs the default contract, though another one had not ended".to_owned()
        }
    })
}

/// All values must be those of one published signal that held for the whole interval.
pub(super) fn check_signals(
    record: &SettlementRecord,
    contract: &Runnable<'_>,
    signal: Option<&PriceSignal>,
) -> Result<Signals, String> {
    let mut signals = Signals::NONE;
    let Some(first) = record.signals.first() else { return Ok(signals) };
    let signal = signal.ok_or_else(|| format!("signal {} was never published", first.sequence))?;
    require(signal.from <= record.start && record.end <= signal.until, || {
        format!("signal {} didn't hold in its interval", first.sequence)
    })?;
    let is_read = |id: SignalId| contract.header.signals.iter().any(|rule| rule.id == id);
    let published = signal.values.iter().filter_map(|value| {
        let id = SignalId::from_byte(value.signal).filter(|id| is_read(*id))?;
        let (sequence, from) = (signal.sequence, signal.from);
        Some((id, SignalUse { signal: value.signal, sequence, price: value.price, from }))
    });
    let published: Vec<(SignalId, SignalUse)> = published.collect();
    let same = published.iter().map(|(_, used)| used).eq(&record.signals);
    require(same, || format!("its values aren't those of signal {}", first.sequence))?;
    for (id, used) in published {
        signals.set(id, Some(SignalValue { price: used.price, from: used.from }));
    }
    Ok(signals)
}

/// Runs the contract again and compares every line.
pub(super) fn check_price(
    record: &SettlementRecord,
    contract: &Runnable<'_>,
    signals: &Signals,
) -> Result<(), String> {
    let (settlement, carries) = repeat(record, contract, signals)?;
    let item = |charge: &ItemCharge| ItemLine {
        item: charge.item.byte(),
        leg: charge.leg,
        price: charge.price,
        quantity: charge.quantity.byte(),
        amount: charge.amount,
    };
    let differs = settlement.items.iter().map(item).zip(&record.items);
    let line = differs.clone().position(|(right, stated)| right != *stated);
    require(line.is_none(), || {
        format!("running its contract again gives another line {}", line.unwrap_or_default() + 1)
    })?;
    let lengths = (settlement.items.len(), settlement.legs.len());
    require(lengths == (record.items.len(), record.legs.len()), || {
        "running its contract again gives another number of lines".to_owned()
    })?;
    for (charge, line) in settlement.legs.iter().zip(&record.legs) {
        check_leg(charge, line, carries.get(charge.leg))?;
    }
    Ok(())
}

/// Runs the contract again on the facts of a record.
fn repeat(
    record: &SettlementRecord,
    contract: &Runnable<'_>,
    signals: &Signals,
) -> Result<(Settlement, Carries), String> {
    let between = |from: Energy, to: Energy| {
        let moved = to.checked_sub(from).filter(|moved| !moved.is_negative());
        moved.ok_or("a register runs backwards")
    };
    let mut carries = Carries::ZERO;
    for line in &record.legs {
        let rest = PicoYuan::new(line.pico_before);
        carries.set(line.leg, rest.ok_or("a rest isn't below one micro-yuan")?);
    }
    let facts = Facts {
        start: record.start,
        end: record.end,
        energy: between(record.register_before, record.register_after)?,
        month_before: between(record.register_month_start, record.register_before)?,
        year_before: between(record.register_year_start, record.register_before)?,
        signals,
        quantities: &quantities::stated(record, contract)?,
        held: Money::ZERO,
    };
    let settlement = contract.program.settle(&facts, &mut carries);
    let settlement = settlement.map_err(|error| format!("its contract refuses it: {error}"))?;
    Ok((settlement, carries))
}

fn check_leg(charge: &LegCharge, line: &LegLine, rest: PicoYuan) -> Result<(), String> {
    let right = (charge.leg, charge.debit.byte(), charge.credit.byte(), charge.money);
    require(right == (line.leg, line.debit, line.credit, line.charged), || {
        format!("leg {} isn't what its contract charges", line.leg)
    })?;
    require(rest.pico_yuan() == line.pico_after, || {
        format!("the rest of leg {} isn't what its contract leaves", line.leg)
    })?;
    let owed = i128::from(line.carried_before.micro_yuan()) + i128::from(line.charged.micro_yuan());
    let paid = i128::from(line.paid.fen()) * MICRO_YUAN_PER_FEN;
    require(owed == paid + i128::from(line.carried_after.micro_yuan()), || {
        format!("leg {}: carried before + charged isn't paid + carried after", line.leg)
    })?;
    let in_advance = !line.paid.is_zero() && line.carried_after.is_negative();
    require(!line.paid.is_negative() && !in_advance, || format!("leg {} pays in advance", line.leg))
}

/// The interval and the register must go on where the meter's last record ended.
fn check_registers(record: &SettlementRecord, side: Option<&Side>) -> Result<(), String> {
    let SettlementRecord { register_before, register_after, .. } = *record;
    require(record.start < record.end, || "its interval has no length".to_owned())?;
    let starts =
        [record.register_year_start, record.register_month_start, register_before, register_after];
    require(starts.is_sorted() && !starts[0].is_negative(), || {
        "its registers contradict one another".to_owned()
    })?;
    let Some(side) = side else { return Ok(()) };
    require(record.start == side.end, || {
        "its interval doesn't start where the last one ended".to_owned()
    })?;
    require(register_before == side.register, || {
        "its register doesn't go on where the last one ended".to_owned()
    })
}

impl Account {
    /// Goes on behind a record whose lines were checked.
    fn advance(
        &mut self,
        record: &SettlementRecord,
        package: &ContractPackage,
        code: ResultCode,
    ) -> Result<(), String> {
        let side = self.sides.entry(record.direction).or_insert_with(|| Side {
            end: record.start,
            register: record.register_before,
            month_start: record.register_month_start,
            year_start: record.register_year_start,
            ordinary: None,
            dues: BTreeMap::new(),
        });
        side.check_starts(record)?;
        for line in &record.legs {
            side.dues.entry((line.debit, line.credit)).or_default().advance(line, code)?;
        }
        side.end = record.end;
        side.register = record.register_after;
        (side.month_start, side.year_start) =
            (record.register_month_start, record.register_year_start);
        if package.kind == PackageKind::Ordinary {
            let (sequence, valid_until) = (package.sequence, package.valid_until);
            side.ordinary = Some(Ordinary { sequence, valid_until });
        }
        Ok(())
    }
}

impl Side {
    /// Month and year begin where the register stood at their first midnight.
    fn check_starts(&self, record: &SettlementRecord) -> Result<(), String> {
        let end = self.end + quantity::Duration::from_milliseconds(-1);
        let (before, now) = (end.civil().date, record.start.civil().date);
        let is_same_year = before.year == now.year;
        let is_same_month = is_same_year && before.month == now.month;
        let month = if is_same_month { self.month_start } else { record.register_before };
        let year = if is_same_year { self.year_start } else { record.register_before };
        let known = (record.register_month_start, record.register_year_start);
        // The very first record of a meter has nothing to be compared with.
        let is_first = self.register == record.register_before && self.dues.is_empty();
        require(is_first || known == (month, year), || {
            "the register at the start of its month or year isn't the known one".to_owned()
        })
    }
}

impl Due {
    fn advance(&mut self, line: &LegLine, code: ResultCode) -> Result<(), String> {
        require(line.pico_before == self.pico, || {
            format!("leg {} doesn't go on with the rest of the last record", line.leg)
        })?;
        let before = i128::from(line.carried_before.micro_yuan());
        while before != self.micro_yuan {
            let given_back = self.refused.pop_front().ok_or_else(|| {
                format!("leg {} doesn't go on with what the last record carried", line.leg)
            })?;
            self.micro_yuan += given_back;
        }
        self.pico = line.pico_after;
        self.micro_yuan = i128::from(line.carried_after.micro_yuan());
        if code != ResultCode::Accepted && !line.paid.is_zero() {
            self.refused.push_back(i128::from(line.paid.fen()) * MICRO_YUAN_PER_FEN);
        }
        Ok(())
    }
}

impl Totals {
    fn add(&mut self, record: &SettlementRecord, code: ResultCode) -> Result<(), String> {
        self.settlements += 1;
        let moved = i128::from(record.register_after.milliwatt_hours())
            - i128::from(record.register_before.milliwatt_hours());
        let energy = match contract::Direction::from_byte(record.direction) {
            Some(contract::Direction::Import) => &mut self.import_milliwatt_hours,
            Some(contract::Direction::Export) => &mut self.export_milliwatt_hours,
            None => return Err(format!("there is no direction {}", record.direction)),
        };
        *energy += moved;
        for line in &record.legs {
            self.charged_micro_yuan += i128::from(line.charged.micro_yuan());
            if code == ResultCode::Accepted {
                self.paid_fen += i128::from(line.paid.fen());
            }
        }
        Ok(())
    }
}

/// Checks the orders that the evidence log doesn't speak of: institutions' orders have no evidence,
/// and a meter's may be missing only at the end of a directory that wasn't closed.
pub(super) fn check_rest(
    ledger: &Ledger<'_>,
    market: &Market,
    numbers: &BTreeMap<MeterId, u64>,
    is_closed: bool,
) -> Result<Vec<String>, Failure> {
    let mut missing: BTreeMap<MeterId, u64> = BTreeMap::new();
    for (record, signed, code) in ledger.payments() {
        let order = &signed.body;
        let Some(meter) = market.meters_by_key.get(&order.signer) else {
            if order.evidence == Digest::default() || !code.burns_sequence() {
                continue;
            }
            let what = "an order names evidence, but its key is no meter's of grid.log";
            return Err(ledger.log().fault(record, what));
        };
        let last = numbers.get(meter).copied().unwrap_or_default();
        if !code.burns_sequence() || order.sequence <= last {
            continue;
        }
        if is_closed {
            let what = format!(
                "order {meter}-{} has no record in evidence.log, though the directory was closed",
                order.sequence
            );
            return Err(ledger.log().fault(record, what));
        }
        *missing.entry(*meter).or_default() += 1;
    }
    let note = |(meter, count)| {
        format!(
            "meter {meter}: {count} last order(s) without a record in evidence.log; the directory \
             wasn't closed, and the next run adds them"
        )
    };
    Ok(missing.into_iter().map(note).collect())
}
