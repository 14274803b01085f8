//! Which kernel holds when. The interpreter's own calendar is asked, once for each part of a day.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use quantity::{Duration, Instant, LEGAL_OFFSET, Price};

use super::execute::Bounds;
use super::kernel::Kernel;
use crate::program::{Moment, Program, ends_month};
use crate::{Band, QuantityRule, SignalValue, Signals};

/// Days that are remembered; a year of rows needs 366.
const DAYS_MAX: usize = 1024;
const DAY: Duration = Duration::from_days(1);
/// 35,000 years around the epoch: midnights there can't leave `i64`.
const NEAR_MILLISECONDS: u64 = 1 << 50;

/// A part of a day in which nothing of the calendar changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    start: Instant,
    /// The next change of band or midnight.
    until: Instant,
    events: u8,
    /// Kernel of an interval that ends before `until`.
    within: usize,
    /// Kernel of one that ends there: another one where a month ends.
    closing: usize,
}

impl Part {
    fn holds(&self, at: Instant, events: u8) -> bool {
        self.start <= at && at < self.until && self.events == events
    }

    /// The kernel of an interval that starts in the part; `None` if it ends elsewhere.
    fn kernel(&self, (start, end): (Instant, Instant)) -> Option<usize> {
        let kernel = if end == self.until { self.closing } else { self.within };
        (start < end && end <= self.until).then_some(kernel)
    }
}

/// What decides about a kernel: the outcome of each condition, beside month, band and month's end.
type Key = (u16, Band, bool, Vec<bool>);

/// The kernels made so far, and the days looked up so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Contexts {
    kernels: Vec<Known>,
    keys: Vec<(Key, usize)>,
    days: BTreeMap<(Instant, u8), Vec<Part>>,
    last: Option<Part>,
}

/// A kernel, and the bounds of its rows.
#[derive(Clone, Debug)]
struct Known {
    kernel: Kernel,
    bounds: Bounds,
}

impl Contexts {
    pub(super) fn kernel(&self, number: usize) -> Option<(&Kernel, &Bounds)> {
        self.kernels.get(number).map(|known| (&known.kernel, &known.bounds))
    }

    pub(super) const fn kernels(&self) -> usize {
        self.kernels.len()
    }

    /// The kernel of an interval; `None` where the interpreter must refuse it.
    pub(super) fn find(
        &mut self,
        program: &Program<'_>,
        interval: (Instant, Instant),
        events: u8,
    ) -> Option<usize> {
        let start = interval.0;
        if let Some(last) = self.last.filter(|last| last.holds(start, events)) {
            return last.kernel(interval);
        }
        if start.unix_milliseconds().unsigned_abs() > NEAR_MILLISECONDS {
            return self.part_at(program, start, events)?.kernel(interval);
        }
        let day = (midnight(start), events);
        if !self.days.contains_key(&day) {
            self.remember(program, day)?;
        }
        self.last = self.days.get(&day)?.iter().find(|part| part.holds(start, events)).copied();
        self.last?.kernel(interval)
    }

    /// The part of the day in which an instant lies; `None` in a year that the calendar lacks.
    fn part_at(&mut self, program: &Program<'_>, start: Instant, events: u8) -> Option<Part> {
        let moment = program.moment(start, &signals(program, start, events));
        if !moment.is_listed {
            return None;
        }
        let until = moment.until;
        let within = self.number(program, moment, false)?;
        let closing = if ends_month(until) { self.number(program, moment, true)? } else { within };
        Some(Part { start, until, events, within, closing })
    }

    fn remember(&mut self, program: &Program<'_>, day: (Instant, u8)) -> Option<()> {
        let (mut at, events) = day;
        let next = at.checked_add(DAY)?;
        let mut parts = Vec::new();
        while at < next {
            let part = self.part_at(program, at, events)?;
            parts.push(part);
            at = part.until;
        }
        if self.days.len() >= DAYS_MAX {
            self.days.clear();
        }
        self.days.insert(day, parts);
        Some(())
    }

    fn number(&mut self, program: &Program<'_>, moment: Moment, monthly: bool) -> Option<usize> {
        let conditions = program.conditions().map(|condition| condition.holds(&moment)).collect();
        let key = (moment.month_bit, moment.band, monthly, conditions);
        if let Some((_, number)) = self.keys.iter().find(|known| known.0 == key) {
            return Some(*number);
        }
        let kernel = Kernel::new(program, moment, monthly)?;
        let known = self.kernels.iter().position(|known| known.kernel == kernel);
        let number = known.unwrap_or_else(|| {
            let bounds = Bounds::new(program, monthly);
            self.kernels.push(Known { kernel, bounds });
            self.kernels.len().saturating_sub(1)
        });
        self.keys.push((key, number));
        Some(number)
    }
}

impl Bounds {
    fn new(program: &Program<'_>, monthly: bool) -> Self {
        let needed =
            |rule: QuantityRule| (monthly || !rule.quantity.is_monthly()).then_some(rule.most);
        let quantities = program.quantity_rules().map(needed).collect();
        Self { energy_max: program.fixed().energy_max, quantities }
    }
}

/// Signals with which just these events are on at an instant.
fn signals(program: &Program<'_>, at: Instant, events: u8) -> Signals {
    let mut signals = Signals::NONE;
    for id in program.signal_rules().map(|rule| rule.id).filter(|id| id.is_event()) {
        let on = i64::from(events & id.event_bit() != 0);
        let price = Price::from_micro_yuan_per_kwh(on);
        signals.set(id, Some(SignalValue { price, from: at }));
    }
    signals
}

/// The legal midnight at or before an instant near the epoch.
fn midnight(at: Instant) -> Instant {
    let legal = at.unix_milliseconds().saturating_add(LEGAL_OFFSET.milliseconds());
    let into_day = legal.rem_euclid(DAY.milliseconds());
    Instant::from_unix_milliseconds(at.unix_milliseconds().saturating_sub(into_day))
}
