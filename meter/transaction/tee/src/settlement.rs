//! From an energy report to a signed payment order.
//!
//! A settlement is due when a boundary of the contract's interval (counted from the epoch, UTC) lies
//! between the last settlement and the report. It runs up to the report, except that one settlement
//! has one band, one contract and one set of signals: where any of these changes (a contract also by
//! expiry), it ends, and the energy is divided in proportion of time, rounded down; what is left
//! falls to the later part, which waits for the next boundary if none lies before the report. At the
//! start of a month the register is known, so there it divides the energy exactly.

use crate::allowance::{Allowance, legal_day};
use crate::journal::Sealed;
use crate::shelf::{Shelf, Slot};
use crate::signals::Kept;
use crate::state::{Due, Position, Side, State};
use crate::{Stop, Tee, require};
use contract::{
    Carries, Direction, Facts, Header, ItemCharge, LegCharge, Program, Quantities, Role, Settlement,
};
use crypto::{LinkError, LinkReceiver, Sign, digest};
use heapless::Vec;
use quantity::{CivilDate, Duration, Energy, Fen, Instant, Money, PicoYuan};
use wire::evidence::{ItemLine, LegLine, SIGNALS_MAX, SettlementRecord, SignalUse};
use wire::link::{EnergyReport, Frame};
use wire::memory::Memory;
use wire::order::{LEGS_MAX, Leg, PaymentOrder};
use wire::package::ContractPackage;
use wire::tee::{Code, Damage, Hold, Place, Reply};
use wire::{MeterId, WalletId, Wire};

/// Most settlements of one direction out of one report; after a long outage the next reports go on.
const SETTLEMENTS_PER_REPORT_MAX: u8 = 32;

/// The registers of one direction in a report.
#[derive(Clone, Copy)]
struct Registers {
    at: Instant,
    register: Energy,
    month_start: Energy,
    year_start: Energy,
}

/// A settlement that is to be made.
#[derive(Clone, Copy)]
struct Part {
    start: Position,
    end: Instant,
    energy: Energy,
}

/// What a part costs.
struct Priced {
    settlement: Settlement,
    carries: Carries,
}

type Lines = Vec<LegLine, LEGS_MAX>;

/// The contract that prices a part.
struct Pricing<'a> {
    package: &'a ContractPackage,
    slot: &'a Slot,
    program: Program<'a>,
    header: Header,
    signals: &'a Kept,
}

impl<M: Memory> Tee<M> {
    /// Takes a frame of the management core and settles what is due.
    pub(crate) fn deliver(&mut self, now: Instant, frame: &Frame) -> Result<Reply, Stop> {
        let mut link = LinkReceiver::new(&self.personal.link_key, self.state.link_counter);
        let message = link.open(frame).map_err(|error| match error {
            LinkError::StaleCounter => Code::StaleFrame,
            LinkError::BadTag => Code::AlteredFrame,
        })?;
        let report = EnergyReport::decode(&message).map_err(|_| Code::NoReport)?;
        let mut draft = self.state.clone();
        require(report.at >= draft.reported, Code::OldReport)?;
        (draft.link_counter, draft.reported) = (link.counter(), report.at);
        for direction in Direction::ALL {
            take_registers(&mut draft, *direction, Registers::of(&report, *direction))?;
        }
        let (before, mut end) = (self.state.sequence, Ok(()));
        for direction in Direction::ALL {
            let registers = Registers::of(&report, *direction);
            end = end.and(self.settle(now, *direction, registers, &mut draft));
        }
        if draft != self.state {
            self.commit(draft);
        }
        let sealed = u8::try_from(self.state.sequence - before).expect("bounded by the loop");
        Ok(Reply::Done { code: self.code_of(end)?, sealed })
    }

    /// A direction that can't be settled doesn't stop the other one; its code is told afterwards.
    fn code_of(&mut self, end: Result<(), Stop>) -> Result<Code, Damage> {
        match end {
            Ok(()) => Ok(Code::Accepted),
            Err(Stop::Damage(damage)) => Err(damage),
            Err(Stop::Code(code)) => {
                self.raise_for(code);
                Ok(code)
            }
        }
    }

    /// Settles one direction, one part after the other; each is committed on its own.
    fn settle(
        &mut self,
        now: Instant,
        direction: Direction,
        report: Registers,
        draft: &mut State,
    ) -> Result<(), Stop> {
        for _ in 0..SETTLEMENTS_PER_REPORT_MAX {
            let side = draft.side(direction);
            self.take_over(direction, side.reached(self.shelf(direction), report.at));
            let Some(slot) = self.shelf(direction).active.0 else { return Ok(()) };
            let position = side.settled.0.expect("set by the first report");
            if report.at.floor_to(slot.interval) <= position.at {
                return Ok(());
            }
            if !self.journal().has_room(draft) {
                draft.side_mut(direction).hold = Hold::JournalFull;
                return Ok(());
            }
            self.settle_next(now, (direction, &slot), report, draft)?;
        }
        Ok(())
    }

    fn settle_next(
        &mut self,
        now: Instant,
        (direction, slot): (Direction, &Slot),
        report: Registers,
        draft: &mut State,
    ) -> Result<(), Stop> {
        let damage = Place::Contract.damage(crate::layout::contract_at(slot.slot));
        let package = self.package_in(slot)?;
        let program = Program::reopen(&package.program).map_err(|_| damage)?;
        let (header, signals) = (program.header(), self.signals_of(direction)?);
        let pricing = Pricing { package: &package, slot, program, header, signals: &signals };
        let part = next_part((draft.side(direction), self.shelf(direction)), report, &pricing)?;
        let priced = price(&part, &pricing, draft.side(direction))?;
        let lines = self.pay(now, direction, &priced, draft);
        self.seal(now, pricing.record(&part, &priced, lines), draft);
        draft.side_mut(direction).settled.0 = Some(part.after(report));
        self.commit(draft.clone());
        Ok(())
    }

    /// Pays whole fen of each leg as far as the limits allow, and carries the rest.
    fn pay(&self, now: Instant, direction: Direction, priced: &Priced, draft: &mut State) -> Lines {
        let mut allowance = Allowance::new(draft, now);
        let mut lines = Vec::new();
        for charge in &priced.settlement.legs {
            let due = draft.side(direction).due(charge.debit.byte(), charge.credit.byte());
            let wanted = (due.carried + charge.money).payable().fen.max(Fen::ZERO);
            let paid = allowance.grant(draft, self.wallet(charge.debit), wanted);
            let line = line_of(charge, due, priced.carries.get(charge.leg), paid);
            let Due { debit, credit, .. } = due;
            let (pico, carried) = (line.pico_after, line.carried_after);
            draft.side_mut(direction).set_due(Due { debit, credit, pico, carried });
            lines.push(line).expect("a contract has no more legs than a record");
        }
        draft.side_mut(direction).hold = allowance.hold;
        lines
    }

    fn wallet(&self, role: Role) -> WalletId {
        self.personal.wallet(role).expect("a contract with an unbound role isn't loaded").wallet
    }

    /// Signs the order of a record, writes both into the journal and notes them in the draft.
    fn seal(&mut self, now: Instant, mut record: SettlementRecord, draft: &mut State) {
        record.meter = self.personal.meter;
        record.sequence = draft.sequence + 1;
        let order = PaymentOrder {
            signer: self.key.id(),
            sequence: record.sequence,
            previous: draft.head,
            at: now,
            evidence: digest(&record),
            legs: record.legs.iter().filter_map(|line| self.leg(line)).collect(),
        };
        let head = digest(&order);
        note_payment(draft, &order);
        let sealed = Sealed { order: self.key.seal(order), evidence: record };
        self.journal().append(&mut self.memory, draft, &sealed, head);
        (draft.sequence, draft.head) = (sealed.order.body.sequence, head);
    }

    /// The movement of money of a line, if it moves any.
    fn leg(&self, line: &LegLine) -> Option<Leg> {
        let wallet = |role| Role::from_byte(role).map(|role| self.wallet(role));
        let (debit, credit) = (wallet(line.debit)?, wallet(line.credit)?);
        let leg = Leg { debit, credit, amount: line.paid, reason: line.leg };
        (line.paid > Fen::ZERO).then_some(leg)
    }
}

/// Counts an order against the limits.
fn note_payment(draft: &mut State, order: &PaymentOrder) {
    if draft.day != legal_day(order.at) {
        (draft.day, draft.paid_today) = (legal_day(order.at), Fen::ZERO);
    }
    draft.paid_today += order.legs.iter().map(|leg| leg.amount).sum();
    draft.offline_orders += u32::from(!order.legs.is_empty());
}

/// Takes the registers of a report, or refuses a report that can't be.
fn take_registers(draft: &mut State, direction: Direction, report: Registers) -> Result<(), Stop> {
    let side = draft.side_mut(direction);
    let starts = [report.year_start, report.month_start, report.register];
    require(starts.is_sorted() && !report.year_start.is_negative(), Code::NoReport)?;
    require(report.register >= side.register, Code::RegisterBackwards)?;
    side.register = report.register;
    side.settled.0.get_or_insert(report.position());
    Ok(())
}

/// The next part of the movement that has one band, one contract and one set of signals.
fn next_part(
    (side, shelf): (&Side, &Shelf),
    report: Registers,
    pricing: &Pricing<'_>,
) -> Result<Part, Stop> {
    let start = report.months_of(side.settled.0.expect("set by the first report"));
    let takes_over = shelf.waiting.0.map(|slot| slot.from);
    let values = pricing.signals.values_at(start.at);
    let edges = [
        Some(pricing.program.next_boundary(start.at, &values)),
        takes_over.filter(|from| *from > start.at),
        pricing.slot.end().filter(|end| *end > start.at),
        pricing.signals.next_change(start.at),
    ];
    let end = edges.into_iter().flatten().fold(report.at, Instant::min);
    let energy = report.movement(&start, end);
    limit(Part { start, end, energy }, pricing.header.energy_max)
}

/// Shortens a part whose energy is above the contract's bound.
fn limit(part: Part, energy_max: Energy) -> Result<Part, Stop> {
    if part.energy <= energy_max {
        return Ok(part);
    }
    let length = part.end.since(part.start.at).milliseconds();
    let fitting = proportion(length, energy_max.milliwatt_hours(), part.energy.milliwatt_hours());
    require(fitting > 0, Code::Implausible)?;
    let energy = proportion(part.energy.milliwatt_hours(), fitting, length);
    let end = part.start.at + Duration::from_milliseconds(fitting);
    Ok(Part { end, energy: Energy::from_milliwatt_hours(energy), ..part })
}

/// `whole × part / of`, rounded down; all are positive and `part` isn't above `of`.
fn proportion(whole: i64, part: i64, of: i64) -> i64 {
    assert!(0 <= whole && 0 <= part && part <= of && of > 0, "a part of something");
    let share = i128::from(whole) * i128::from(part) / i128::from(of);
    i64::try_from(share).expect("not above the whole")
}

fn price(part: &Part, pricing: &Pricing<'_>, side: &Side) -> Result<Priced, Stop> {
    let start = &part.start;
    let signals = pricing.signals.values_at(start.at);
    let facts = Facts {
        start: start.at,
        end: part.end,
        energy: part.energy,
        month_before: start.register - start.month_start,
        year_before: start.register - start.year_start,
        signals: &signals,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let mut carries = side.carries(&pricing.header.legs);
    let settled = pricing.program.settle(&facts, &mut carries);
    let settlement = settled.map_err(|_| Code::ContractFault)?;
    Ok(Priced { settlement, carries })
}

fn line_of(charge: &LegCharge, due: Due, rest: PicoYuan, paid: Fen) -> LegLine {
    let owed = due.carried + charge.money;
    let money = paid.to_money().expect("no more than was owed");
    let carried_after = owed - money;
    assert!(paid.is_zero() || !carried_after.is_negative(), "nothing is paid in advance");
    assert!(charge.money + due.carried == money + carried_after, "charged + before = paid + after");
    LegLine {
        leg: charge.leg,
        debit: due.debit,
        credit: due.credit,
        charged: charge.money,
        pico_before: due.pico,
        pico_after: rest.pico_yuan(),
        carried_before: due.carried,
        paid,
        carried_after,
    }
}

impl Pricing<'_> {
    /// The record of a part; meter and sequence number are filled in when it is sealed.
    fn record(&self, part: &Part, priced: &Priced, legs: Lines) -> SettlementRecord {
        let line = |charge: &ItemCharge| ItemLine {
            item: charge.item.byte(),
            leg: charge.leg,
            price: charge.price,
            quantity: charge.quantity.byte(),
            amount: charge.amount,
        };
        SettlementRecord {
            meter: MeterId::default(),
            sequence: 0,
            direction: self.package.direction,
            start: part.start.at,
            end: part.end,
            register_before: part.start.register,
            register_after: part.start.register + part.energy,
            register_month_start: part.start.month_start,
            register_year_start: part.start.year_start,
            contract: self.slot.digest,
            signals: self.signals_read(part.start.at),
            quantities: Vec::new(),
            items: priced.settlement.items.iter().map(line).collect(),
            legs,
        }
    }

    /// The signals in force that the contract reads.
    fn signals_read(&self, at: Instant) -> Vec<SignalUse, SIGNALS_MAX> {
        let is_read = |id| self.header.signals.iter().any(|rule| rule.id == id);
        let uses = self.signals.uses_at(at).filter(|(_, id)| is_read(*id));
        uses.map(|(used, _)| used).collect()
    }
}

impl Part {
    /// Where the next part starts.
    fn after(&self, report: Registers) -> Position {
        let register = self.start.register + self.energy;
        let (before, after) = (self.start.at.civil().date, self.end.civil().date);
        let is_same_month = (before.year, before.month) == (after.year, after.month);
        let is_same_year = before.year == after.year;
        report.months_of(Position {
            at: self.end,
            register,
            month_start: if is_same_month { self.start.month_start } else { register },
            year_start: if is_same_year { self.start.year_start } else { register },
        })
    }
}

impl Registers {
    const fn of(report: &EnergyReport, direction: Direction) -> Self {
        let at = report.at;
        match direction {
            Direction::Import => Self {
                at,
                register: report.import,
                month_start: report.import_month_start,
                year_start: report.import_year_start,
            },
            Direction::Export => Self {
                at,
                register: report.export,
                month_start: report.export_month_start,
                year_start: report.export_year_start,
            },
        }
    }

    const fn position(self) -> Position {
        let Self { at, register, month_start, year_start } = self;
        Position { at, register, month_start, year_start }
    }

    /// Takes the starts of month and year from the report where it is of the same month and year.
    /// They are never above the register, which may have been divided in proportion of time.
    fn months_of(self, position: Position) -> Position {
        let (mine, other) = (self.at.civil().date, position.at.civil().date);
        let is_same_year = mine.year == other.year;
        let is_same_month = is_same_year && mine.month == other.month;
        let Position { register, month_start, year_start, .. } = position;
        let month_start = if is_same_month { self.month_start } else { month_start };
        let year_start = if is_same_year { self.year_start } else { year_start };
        let (month_start, year_start) = (month_start.min(register), year_start.min(register));
        Position { month_start, year_start, ..position }
    }

    /// Energy from a position to `end`.
    fn movement(self, start: &Position, end: Instant) -> Energy {
        let all = self.register - start.register;
        let month = CivilDate { day: 1, ..self.at.civil().date }.start();
        if end == self.at {
            all
        } else if end == month {
            (self.month_start - start.register).max(Energy::ZERO)
        } else {
            let (part, of) = (end.since(start.at), self.at.since(start.at));
            let all = all.milliwatt_hours();
            let energy = proportion(all, part.milliseconds(), of.milliseconds());
            Energy::from_milliwatt_hours(energy)
        }
    }
}
