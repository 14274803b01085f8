//! The function `settle`: checks, moment, the code of the contract, and the one rounding.
//!
//! The stack of the contract is the stack of the module: an instruction becomes a few.

use quantity::Energy;
use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, MemArgTarget, ValType};

use super::calendar::{DAY_MILLISECONDS, LEGAL_OFFSET_MILLISECONDS, floor_by, return_if};
use super::{function, layout};
use crate::program::{
    ALL_BANDS, ALL_DAY_KINDS, ALL_MONTHS, BandTable, Condition, LAST_DAY, Op, PrepaidRule, Program,
    Rounding, Share, StepsTable, TierTable,
};
use crate::{
    Band, DayKind, Item, Quantity, QuantityRule, SIGNALS_MAX, SettleError, SignalId, SignalRule,
    TierBasis,
};

const MICRO: i64 = 1_000_000;

/// Local variables of `settle`, all of them `i64`.
mod local {
    pub(super) const START: u32 = 0;
    pub(super) const END: u32 = 1;
    pub(super) const DAY: u32 = 2;
    pub(super) const MINUTE: u32 = 3;
    /// Bit 0 is January.
    pub(super) const MONTH: u32 = 4;
    pub(super) const DAY_KIND: u32 = 5;
    pub(super) const EVENTS: u32 = 6;
    pub(super) const BAND: u32 = 7;
    pub(super) const BAND_BIT: u32 = 8;
    pub(super) const END_MINUTE: u32 = 9;
    /// Whether the interval ends with a month.
    pub(super) const MONTHLY: u32 = 10;
    /// What was charged of the topmost price already.
    pub(super) const PARTS: u32 = 11;
    pub(super) const FIRST: u32 = 12;
    pub(super) const SECOND: u32 = 13;
    /// Where the next tier begins (or a price that waits), and where the energy of the movement ends.
    pub(super) const FROM: u32 = 14;
    pub(super) const UNTIL: u32 = 15;
    /// The amounts of the quantities, then the values of the signals, then the conditions.
    pub(super) const AMOUNTS: u32 = 16;
}

/// Emits one contract.
pub(super) struct Emitter<'p, 'a> {
    program: &'p Program<'a>,
    signals: u32,
    conditions: u32,
    locals: u32,
}

/// A field of the memory.
const fn field(at: u32) -> MemArg {
    MemArg { offset: at as u64, align: 3, target: MemArgTarget::Memory(0), ordering: None }
}

fn load(sink: &mut InstructionSink<'_>, at: u32) {
    sink.i32_const(0).i64_load(field(at));
}

/// Stores what `value` leaves on the stack.
fn store(sink: &mut InstructionSink<'_>, at: u32, value: impl FnOnce(&mut InstructionSink<'_>)) {
    sink.i32_const(0);
    value(sink);
    sink.i64_store(field(at));
}

/// Leaves on the stack whether a local set shares a bit with `bits`.
fn has_bits(sink: &mut InstructionSink<'_>, set: u32, bits: i64) {
    sink.local_get(set).i64_const(bits).i64_and().i64_const(0).i64_ne();
}

/// The smaller or the larger of two locals.
fn lesser(sink: &mut InstructionSink<'_>, first: u32, second: u32) {
    sink.local_get(first).local_get(second);
    sink.local_get(first).local_get(second).i64_lt_s().select();
}

fn greater(sink: &mut InstructionSink<'_>, first: u32, second: u32) {
    sink.local_get(first).local_get(second);
    sink.local_get(first).local_get(second).i64_gt_s().select();
}

impl<'p, 'a> Emitter<'p, 'a> {
    pub(super) fn new(program: &'p Program<'a>) -> Self {
        let amounts = u32::try_from(Quantity::COUNT).unwrap_or_default();
        let signals = local::AMOUNTS.saturating_add(amounts);
        let signals_max = u32::try_from(SIGNALS_MAX).unwrap_or_default();
        let conditions = signals.saturating_add(signals_max);
        let count = u32::try_from(program.conditions().count()).unwrap_or_default();
        Self { program, signals, conditions, locals: conditions.saturating_add(count) }
    }

    fn amount(quantity: Quantity) -> u32 {
        local::AMOUNTS.saturating_add(u32::from(quantity.byte()))
    }

    fn signal(&self, id: SignalId) -> u32 {
        self.signals.saturating_add(u32::try_from(id.index()).unwrap_or_default())
    }

    fn condition(&self, number: u8) -> u32 {
        self.conditions.saturating_add(u32::from(number))
    }

    pub(super) fn settle(&self) -> Function {
        let mut function = Function::new([(self.locals, ValType::I64)]);
        let mut sink = function.instructions();
        self.admit(&mut sink);
        self.moment(&mut sink);
        self.admit_quantities(&mut sink);
        let legs = (0_u8..).zip(self.program.legs()).map(|(leg, _)| leg);
        for at in legs.map(layout::raw).chain([layout::LINES]) {
            store(&mut sink, at, |sink| _ = sink.i64_const(0));
        }
        self.code(&mut sink);
        self.close(&mut sink);
        sink.i32_const(0).end();
        function
    }

    /// What the interpreter refuses before it looks at the calendar, in the same order.
    fn admit(&self, sink: &mut InstructionSink<'_>) {
        let energy = Self::amount(Quantity::Energy);
        for (at, local) in
            [(layout::START, local::START), (layout::END, local::END), (layout::ENERGY, energy)]
        {
            load(sink, at);
            sink.local_set(local);
        }
        sink.local_get(local::END).local_get(local::START).i64_le_s();
        return_if(sink, layout::status(SettleError::EmptyInterval));
        sink.local_get(energy).i64_const(0).i64_lt_s();
        return_if(sink, layout::status(SettleError::NegativeEnergy));
        let most = self.program.fixed().energy_max.milliwatt_hours();
        sink.local_get(energy).i64_const(most).i64_gt_s();
        return_if(sink, layout::status(SettleError::EnergyAboveBound));
        for at in [layout::MONTH_BEFORE, layout::YEAR_BEFORE] {
            // Neither below zero nor so large that the energy doesn't fit on top: one comparison.
            load(sink, at);
            sink.i64_const(i64::MAX).local_get(energy).i64_sub().i64_gt_u();
            return_if(sink, layout::status(SettleError::Register));
        }
        self.admit_year(sink);
    }

    fn admit_year(&self, sink: &mut InstructionSink<'_>) {
        sink.local_get(local::START).call(function::DAY).local_tee(local::DAY);
        sink.call(function::CIVIL).local_set(local::MONTH);
        let fixed = self.program.fixed();
        if fixed.years > 0 {
            sink.local_get(local::MONTH).i64_const(9).i64_shr_s();
            sink.i64_const(i64::from(fixed.first_year)).i64_sub();
            sink.i64_const(i64::from(fixed.years)).i64_ge_u();
            return_if(sink, layout::status(SettleError::OutsideCalendar));
        }
    }

    /// Month, kind of day, events, band; refuses what crosses the next boundary.
    fn moment(&self, sink: &mut InstructionSink<'_>) {
        sink.i64_const(1).local_get(local::MONTH).i64_const(5).i64_shr_s();
        sink.i64_const(15).i64_and().i64_const(1).i64_sub().i64_shl().local_set(local::MONTH);
        self.day_kind(sink);
        for rule in self.program.signal_rules() {
            self.resolve(sink, &rule);
        }
        // The kept sum that also gave the day: it matters at the very end of time.
        sink.local_get(local::START).i64_const(LEGAL_OFFSET_MILLISECONDS).call(function::ADD);
        sink.local_get(local::DAY).i64_const(DAY_MILLISECONDS).i64_mul();
        sink.i64_sub().i64_const(60_000).i64_div_u().local_set(local::MINUTE);
        self.band(sink);
        sink.local_get(local::END).local_get(local::DAY).call(function::MIDNIGHT);
        sink.local_get(local::END_MINUTE).i64_const(60_000).i64_mul().call(function::ADD);
        sink.i64_gt_s();
        return_if(sink, layout::status(SettleError::CrossesBoundary));
        for (number, condition) in (0..).zip(self.program.conditions()) {
            Self::holds(sink, &condition);
            sink.i64_extend_i32_u().local_set(self.condition(number));
        }
        Self::monthly(sink);
    }

    /// Whether the end is the first instant of a month.
    fn monthly(sink: &mut InstructionSink<'_>) {
        sink.local_get(local::END).call(function::DAY).local_tee(local::FIRST);
        sink.call(function::CIVIL).i64_const(31).i64_and().i64_const(1).i64_eq();
        sink.local_get(local::FIRST).call(function::MIDNIGHT).local_get(local::END).i64_eq();
        sink.i32_and().i64_extend_i32_u().local_set(local::MONTHLY);
    }

    /// The first special day that fits counts, so the last is written first.
    fn day_kind(&self, sink: &mut InstructionSink<'_>) {
        let kind = |kind: DayKind| i64::from(kind.byte());
        sink.i64_const(kind(DayKind::RestDay)).i64_const(kind(DayKind::Workday));
        // 1970-01-01 was a Thursday; what is left of the week is 5 or 6 at its end.
        sink.local_get(local::DAY).i64_const(3).i64_add().local_tee(local::FIRST);
        sink.local_get(local::FIRST);
        floor_by(sink, 7);
        sink.i64_const(7).i64_mul().i64_sub().i64_const(5).i64_ge_s().select();
        sink.local_set(local::DAY_KIND);
        let count = self.program.special_days().count();
        for special in (0..count).rev().filter_map(|at| self.program.special_days().nth(at)) {
            sink.i64_const(kind(special.kind)).local_get(local::DAY_KIND);
            sink.local_get(local::DAY).i64_const(i64::from(special.first_day)).i64_sub();
            sink.i64_const(i64::from(special.length)).i64_lt_u().select();
            sink.local_set(local::DAY_KIND);
        }
    }

    /// The clamped value if it is fresh, else the default; an event also joins the set.
    fn resolve(&self, sink: &mut InstructionSink<'_>, rule: &SignalRule) {
        let (at, value) = (layout::signal(rule.id), self.signal(rule.id));
        load(sink, at.saturating_add(8));
        sink.local_set(local::FIRST).i64_const(rule.low.micro_yuan_per_kwh());
        sink.local_set(local::SECOND);
        greater(sink, local::FIRST, local::SECOND);
        sink.local_set(local::FIRST).i64_const(rule.high.micro_yuan_per_kwh());
        sink.local_set(local::SECOND);
        lesser(sink, local::FIRST, local::SECOND);
        sink.i64_const(rule.default.micro_yuan_per_kwh());
        load(sink, at);
        sink.i64_const(0).i64_ne();
        load(sink, at.saturating_add(16));
        sink.local_tee(local::FIRST).local_get(local::START).i64_le_s().i32_and();
        // From here on the age isn't negative, so it fits an unsigned number.
        sink.local_get(local::START).local_get(local::FIRST).i64_sub();
        sink.i64_const(rule.age_max.milliseconds()).i64_le_u().i32_and();
        sink.select().local_set(value);
        if rule.id.is_event() {
            sink.local_get(local::EVENTS).i64_const(i64::from(rule.id.event_bit())).i64_const(0);
            sink.local_get(value).i64_const(0).i64_ne().select().i64_or();
            sink.local_set(local::EVENTS);
        }
    }

    /// The first day plan in force; flat until midnight without one.
    fn band(&self, sink: &mut InstructionSink<'_>) {
        let flat = Band::Flat;
        sink.i64_const(i64::from(flat.byte())).local_set(local::BAND);
        sink.i64_const(i64::from(flat.bit())).local_set(local::BAND_BIT);
        sink.i64_const(1440).local_set(local::END_MINUTE).block(BlockType::Empty);
        for plan in self.program.days() {
            sink.block(BlockType::Empty);
            has_bits(sink, local::MONTH, i64::from(plan.months));
            sink.i32_eqz().br_if(0);
            if let Some(number) = plan.condition {
                let condition = self.program.conditions().nth(usize::from(number));
                condition.iter().for_each(|condition| Self::holds(sink, condition));
                sink.i32_eqz().br_if(0);
            }
            for start in plan.starts() {
                // In this order the last start that has come wins.
                sink.local_get(local::MINUTE).i64_const(i64::from(start.minute)).i64_ge_u();
                sink.if_(BlockType::Empty);
                sink.i64_const(i64::from(start.band.byte())).local_set(local::BAND);
                sink.i64_const(1).local_get(local::BAND).i64_const(1).i64_sub().i64_shl();
                sink.local_set(local::BAND_BIT).else_();
                sink.local_get(local::END_MINUTE).i64_const(1440).i64_eq();
                sink.if_(BlockType::Empty).i64_const(i64::from(start.minute));
                sink.local_set(local::END_MINUTE).end().end();
            }
            sink.br(1).end();
        }
        sink.end();
    }

    /// Leaves on the stack whether a condition holds; what it doesn't restrict isn't asked.
    fn holds(sink: &mut InstructionSink<'_>, condition: &Condition) {
        sink.i32_const(1);
        let sets = [
            (local::MONTH, i64::from(condition.months), i64::from(ALL_MONTHS)),
            (local::BAND_BIT, i64::from(condition.bands), i64::from(ALL_BANDS)),
            (local::DAY_KIND, i64::from(condition.day_kinds), i64::from(ALL_DAY_KINDS)),
        ];
        for (set, bits, all) in sets {
            if bits != all {
                has_bits(sink, set, bits);
                sink.i32_and();
            }
        }
        let (needed, forbidden) = (i64::from(condition.needed), i64::from(condition.forbidden));
        if needed | forbidden != 0 {
            sink.local_get(local::EVENTS).i64_const(needed | forbidden).i64_and();
            sink.i64_const(needed).i64_eq().i32_and();
        }
        if (condition.first_day, condition.last_day) != (0, LAST_DAY) {
            // The interpreter keeps the number of the day within 16 bits.
            sink.local_get(local::DAY).local_set(local::FIRST);
            sink.i64_const(0).local_set(local::SECOND);
            greater(sink, local::FIRST, local::SECOND);
            sink.local_set(local::FIRST).i64_const(i64::from(u16::MAX)).local_set(local::SECOND);
            lesser(sink, local::FIRST, local::SECOND);
            sink.local_tee(local::FIRST).i64_const(i64::from(condition.first_day)).i64_ge_s();
            sink.local_get(local::FIRST).i64_const(i64::from(condition.last_day)).i64_le_s();
            sink.i32_and().i32_and();
        }
    }

    fn admit_quantities(&self, sink: &mut InstructionSink<'_>) {
        for rule in self.program.quantity_rules() {
            if rule.quantity.is_monthly() {
                sink.local_get(local::MONTHLY).i32_wrap_i64().if_(BlockType::Empty);
                Self::admit_quantity(sink, &rule);
                sink.end();
            } else {
                Self::admit_quantity(sink, &rule);
            }
        }
        load(sink, layout::HELD);
        sink.i64_const(0).i64_lt_s();
        return_if(sink, layout::status(SettleError::QuantityOutOfRange));
    }

    fn admit_quantity(sink: &mut InstructionSink<'_>, rule: &QuantityRule) {
        let at = layout::quantity(rule.quantity);
        load(sink, at);
        sink.i64_eqz();
        return_if(sink, layout::status(SettleError::MissingQuantity));
        load(sink, at.saturating_add(8));
        // Below zero is large as an unsigned number.
        sink.local_tee(Self::amount(rule.quantity)).i64_const(rule.most).i64_gt_u();
        return_if(sink, layout::status(SettleError::QuantityOutOfRange));
    }

    fn code(&self, sink: &mut InstructionSink<'_>) {
        let mut ops = self.program.code();
        let mut behind = None;
        while let Some(op) = ops.next() {
            if let Op::When { condition, skip } = op {
                sink.local_get(self.condition(condition)).i32_wrap_i64().if_(BlockType::Empty);
                behind = ops.rest().len().checked_sub(usize::from(skip));
            } else {
                self.op(sink, op);
            }
            if behind == Some(ops.rest().len()) {
                sink.end();
                behind = None;
            }
        }
    }

    fn op(&self, sink: &mut InstructionSink<'_>, op: Op) {
        match op {
            Op::Constant { .. } | Op::Table { .. } | Op::Signal { .. } | Op::Steps { .. } => {
                self.operand(sink, op);
            }
            Op::Add => _ = sink.i64_add(),
            Op::Subtract => _ = sink.i64_sub(),
            Op::Lesser | Op::Greater => {
                sink.local_set(local::SECOND).local_set(local::FIRST);
                let pick = if op == Op::Lesser { lesser } else { greater };
                pick(sink, local::FIRST, local::SECOND);
            }
            Op::Select { condition } => {
                sink.local_get(self.condition(condition)).i32_wrap_i64().select();
            }
            Op::Share(share) => Self::share(sink, share),
            Op::Charge { item, leg } => Self::charge_whole(sink, item, leg, Quantity::Energy),
            Op::ChargeOn { item, leg, quantity } => Self::charge_whole(sink, item, leg, quantity),
            Op::ChargePart { item, leg, quantity, ppm } => {
                sink.local_tee(local::FIRST).local_get(local::FIRST);
                Self::share(sink, Share::down(ppm));
                sink.local_tee(local::FIRST).local_get(local::PARTS).i64_add();
                sink.local_set(local::PARTS);
                sink.local_get(Self::amount(quantity)).local_set(local::SECOND);
                Self::charge(sink, item, leg, quantity);
            }
            Op::ChargeBeyond { item, leg, quantity, ppm, base } => {
                sink.local_set(local::FROM);
                sink.local_get(Self::amount(quantity)).local_get(Self::amount(base));
                Self::share(sink, Share::down(ppm));
                sink.i64_sub().local_set(local::SECOND).i64_const(0).local_set(local::FIRST);
                greater(sink, local::FIRST, local::SECOND);
                sink.local_set(local::SECOND).local_get(local::FROM).local_set(local::FIRST);
                Self::charge(sink, item, leg, quantity);
            }
            Op::ChargeTiers { item, leg, tiers } => {
                let table = self.program.tiers().nth(usize::from(tiers));
                table.iter().for_each(|table| Self::charge_tiers(sink, item, leg, table));
            }
            // Opened by the caller.
            Op::When { .. } => {}
        }
    }

    fn operand(&self, sink: &mut InstructionSink<'_>, op: Op) {
        if let Op::Constant { pool } = op {
            let constant = self.program.pool().nth(usize::from(pool));
            sink.i64_const(constant.map_or(0, |constant| constant.price.micro_yuan_per_kwh()));
        } else if let Op::Table { table } = op {
            let table = self.program.tables().nth(usize::from(table));
            table.iter().for_each(|table| Self::band_price(sink, table));
        } else if let Op::Steps { table } = op {
            let table = self.program.steps_tables().nth(usize::from(table));
            table.iter().for_each(|table| Self::steps_price(sink, table));
        } else if let Op::Signal { id } = op {
            sink.local_get(self.signal(id));
        }
    }

    /// One row for each month and one price for each band apply, so the order doesn't matter.
    fn band_price(sink: &mut InstructionSink<'_>, table: &BandTable<'_>) {
        sink.i64_const(0);
        for row in table.rows() {
            for band in Band::ALL {
                let Some(price) = row.price(*band) else { continue };
                sink.i64_const(price.micro_yuan_per_kwh());
                has_bits(sink, local::MONTH, i64::from(row.months));
                has_bits(sink, local::BAND_BIT, i64::from(band.bit()));
                sink.i32_and().i32_eqz().select();
            }
        }
    }

    /// The first row whose limit is above the amount; the limits rise.
    fn steps_price(sink: &mut InstructionSink<'_>, table: &StepsTable<'_>) {
        let mut prices = table.prices().map(|price| price.micro_yuan_per_kwh());
        sink.i64_const(prices.next().unwrap_or_default());
        for (limit, price) in table.limits().zip(prices) {
            sink.i64_const(price).local_get(Self::amount(table.quantity));
            sink.i64_const(limit.milliwatt_hours()).i64_lt_s().select();
        }
    }

    /// A share of the number on the stack.
    fn share(sink: &mut InstructionSink<'_>, share: Share) {
        let unit = i64::from(share.unit);
        let step = unit.saturating_mul(MICRO);
        sink.i64_const(i64::from(share.ppm)).i64_mul();
        if share.rounding == Rounding::HalfUp {
            sink.i64_const(step >> 1).i64_add();
        }
        floor_by(sink, step);
        sink.i64_const(unit).i64_mul();
    }

    fn charge_whole(sink: &mut InstructionSink<'_>, item: Item, leg: u8, quantity: Quantity) {
        sink.local_get(local::PARTS).i64_sub().local_set(local::FIRST);
        sink.i64_const(0).local_set(local::PARTS);
        sink.local_get(Self::amount(quantity)).local_set(local::SECOND);
        Self::charge(sink, item, leg, quantity);
    }

    /// A line of price `FIRST` on amount `SECOND`; a monthly one only when the month ends.
    fn charge(sink: &mut InstructionSink<'_>, item: Item, leg: u8, quantity: Quantity) {
        if quantity.is_monthly() {
            sink.local_get(local::MONTHLY).i32_wrap_i64().if_(BlockType::Empty);
        }
        sink.i64_const(i64::from(item.byte())).i64_const(i64::from(leg));
        sink.local_get(local::FIRST).i64_const(i64::from(quantity.byte()));
        sink.local_get(local::SECOND).call(function::LINE);
        if quantity.is_monthly() {
            sink.end();
        }
    }

    fn charge_tiers(sink: &mut InstructionSink<'_>, item: Item, leg: u8, table: &TierTable<'_>) {
        load(
            sink,
            match table.basis {
                TierBasis::Month => layout::MONTH_BEFORE,
                TierBasis::Year => layout::YEAR_BEFORE,
            },
        );
        sink.local_tee(local::FROM).local_get(Self::amount(Quantity::Energy)).i64_add();
        sink.local_set(local::UNTIL);
        let mut limits = table.limits();
        for price in table.prices() {
            let limit = limits.next().unwrap_or(Energy::MAX).milliwatt_hours();
            sink.i64_const(limit).local_set(local::FIRST);
            lesser(sink, local::FIRST, local::UNTIL);
            sink.local_tee(local::FIRST).local_get(local::FROM).i64_gt_s();
            sink.if_(BlockType::Empty);
            sink.local_get(local::FIRST).local_get(local::FROM).i64_sub();
            sink.local_set(local::SECOND).local_get(local::FIRST).local_set(local::FROM);
            sink.i64_const(price.micro_yuan_per_kwh()).local_set(local::FIRST);
            Self::charge(sink, item, leg, Quantity::Energy);
            sink.end();
        }
    }

    /// The one place that rounds: once for each leg.
    fn close(&self, sink: &mut InstructionSink<'_>) {
        store(sink, layout::TOTAL, |sink| _ = sink.i64_const(0));
        store(sink, layout::BAND, |sink| _ = sink.local_get(local::BAND));
        for (leg, _) in (0..).zip(self.program.legs()) {
            load(sink, layout::raw(leg));
            load(sink, layout::carry(leg));
            sink.i64_add().local_tee(local::FIRST);
            floor_by(sink, MICRO);
            sink.local_set(local::SECOND);
            store(sink, layout::money(leg), |sink| _ = sink.local_get(local::SECOND));
            store(sink, layout::carry(leg), |sink| {
                sink.local_get(local::FIRST).local_get(local::SECOND);
                sink.i64_const(MICRO).i64_mul().i64_sub();
            });
            store(sink, layout::TOTAL, |sink| {
                load(sink, layout::TOTAL);
                sink.local_get(local::SECOND).i64_add();
            });
        }
        let rule = self.program.prepaid();
        store(sink, layout::PREPAID, |sink| _ = sink.i64_const(i64::from(rule.is_some())));
        rule.iter().for_each(|rule| Self::prepaid(sink, rule));
    }

    fn prepaid(sink: &mut InstructionSink<'_>, rule: &PrepaidRule) {
        load(sink, layout::money(rule.leg));
        sink.local_set(local::FIRST).i64_const(0).local_set(local::SECOND);
        greater(sink, local::FIRST, local::SECOND);
        sink.local_set(local::FIRST);
        load(sink, layout::HELD);
        sink.local_set(local::SECOND);
        lesser(sink, local::FIRST, local::SECOND);
        sink.local_set(local::FIRST);
        store(sink, layout::POSTED, |sink| _ = sink.local_get(local::FIRST));
        store(sink, layout::HOLD, |sink| {
            sink.i64_const(rule.hold.micro_yuan()).i64_const(0);
            sink.local_get(local::SECOND).local_get(local::FIRST).i64_sub();
            sink.i64_const(rule.again_below.micro_yuan()).i64_lt_s().select();
        });
    }
}

/// Adds `price × amount` to the leg and writes the line.
pub(super) fn line() -> Function {
    let (leg, price, amount, count, at) = (1, 2, 4, 5, 6);
    let mut function = Function::new([(1, ValType::I64), (1, ValType::I32)]);
    let mut sink = function.instructions();
    load(&mut sink, layout::LINES);
    sink.local_tee(count).i32_wrap_i64();
    sink.i32_const(layout::LINE_BYTES.cast_signed()).i32_mul().local_set(at);
    for (field_of_line, offset) in (0..5).zip((layout::LINE..).step_by(8)) {
        sink.local_get(at).local_get(field_of_line).i64_store(field(offset));
    }
    store(&mut sink, layout::LINES, |sink| _ = sink.local_get(count).i64_const(1).i64_add());
    let raw = field(layout::raw(0));
    sink.local_get(leg).i32_wrap_i64().i32_const(8).i32_mul().local_tee(at);
    sink.local_get(at).i64_load(raw).local_get(price).local_get(amount).i64_mul().i64_add();
    sink.i64_store(raw).end();
    function
}
