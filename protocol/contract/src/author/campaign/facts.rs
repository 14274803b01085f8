//! Random facts, near the edges of a contract more often than anywhere else.

use alloc::vec::Vec;

use quantity::{CivilDate, Duration, Energy, Instant, Money, PicoYuan, Price};

use super::Campaign;
use crate::{Carries, Facts, LEGS_MAX, Program, Quantities, SignalId, Signals};

/// What one settlement is given; [`Case::facts`] lends it to an executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Start of the interval.
    pub start: Instant,
    /// End of the interval (exclusive).
    pub end: Instant,
    /// Energy moved in the interval.
    pub energy: Energy,
    /// Energy since the month began.
    pub month_before: Energy,
    /// Energy since the year began.
    pub year_before: Energy,
    /// Signals and events in force.
    pub signals: Signals,
    /// Quantities beside the energy.
    pub quantities: Quantities,
    /// What is on hold.
    pub held: Money,
    /// What the legs carry.
    pub carries: Carries,
}

impl Case {
    /// The facts of the settlement.
    #[must_use]
    pub const fn facts(&self) -> Facts<'_> {
        Facts {
            start: self.start,
            end: self.end,
            energy: self.energy,
            month_before: self.month_before,
            year_before: self.year_before,
            signals: &self.signals,
            quantities: &self.quantities,
            held: self.held,
        }
    }
}

/// Days of 2026 around which something changes: year, holidays, months.
const DAYS: [i64; 16] = [-2, -1, 0, 2, 3, 4, 30, 58, 59, 62, 272, 273, 279, 282, 364, 365];

impl Campaign {
    /// The next settlement to try; one in twenty or so is refused by design.
    pub fn case(&mut self, program: &Program<'_>) -> Case {
        let start = self.start();
        let signals = self.signals(start);
        let one = Duration::from_milliseconds(1);
        let boundary = program.next_boundary(start, &signals);
        let later = |instant: Instant| instant.checked_add(one).unwrap_or(instant);
        let odd = [later(start), later(boundary), start];
        let odd = if self.dice.once_in(8) { self.dice.choose(&odd) } else { None };
        let end = odd.unwrap_or(boundary);
        Case {
            start,
            end,
            energy: self.energy(),
            month_before: self.energy(),
            year_before: self.energy(),
            signals,
            quantities: self.quantities(),
            held: self.held(),
            carries: self.carries(),
        }
    }

    /// The same movement in four pieces, each behind the one before it.
    pub fn pieces(&mut self, whole: &Case) -> [Case; 4] {
        let mut done = Energy::ZERO;
        let energies = [0, 1, 2, 3].map(|piece| {
            let left = whole.energy.checked_sub(done).unwrap_or_default();
            let part = self.dice.between(0, left.milliwatt_hours().max(0));
            let energy = if piece == 3 { left } else { Energy::from_milliwatt_hours(part) };
            let before = done;
            done = done.checked_add(energy).unwrap_or(done);
            (before, energy)
        });
        energies.map(|(before, energy)| Case {
            energy,
            month_before: whole.month_before.checked_add(before).unwrap_or(whole.month_before),
            year_before: whole.year_before.checked_add(before).unwrap_or(whole.year_before),
            ..*whole
        })
    }

    fn start(&mut self) -> Instant {
        let mut days: Vec<i64> = DAYS.to_vec();
        for day in &self.days {
            days.extend([day.saturating_sub(1), *day, day.saturating_add(1)]);
        }
        let day =
            if self.dice.once_in(2) { self.dice.pick(&days) } else { self.dice.between(0, 364) };
        let mut minutes = self.minutes.clone();
        minutes.extend([0, 1439, self.dice.between(0, 1439)]);
        // The last minutes of a month are where its quantities count.
        let month_end = self.dice.once_in(3);
        let midnight = self.midnight(day, month_end);
        let minute = if month_end { 1439 } else { self.dice.pick(&minutes) };
        let jitter = Duration::from_milliseconds(self.dice.pick(&[0, 0, -1, 1, 59_999]));
        let at = midnight.checked_add(Duration::from_minutes(minute)).unwrap_or(midnight);
        at.checked_add(jitter).unwrap_or(at)
    }

    /// The beginning of a day counted from 2026-01-01, or of the last day of its month.
    fn midnight(&self, day: i64, month_end: bool) -> Instant {
        let first = CivilDate { year: 2026, month: 1, day: 1 }.start();
        let midnight = first.checked_add(Duration::from_days(day)).unwrap_or(first);
        if !month_end {
            return midnight;
        }
        let date = midnight.civil().date;
        let year = date.year.saturating_add(i32::from(date.month == 12));
        let month = if date.month == 12 { 1 } else { date.month.saturating_add(1) };
        let next = CivilDate { year, month, day: 1 }.start();
        next.checked_add(Duration::from_days(-1)).unwrap_or(midnight)
    }

    fn signals(&mut self, start: Instant) -> Signals {
        let mut signals = Signals::NONE;
        for id in SignalId::ALL {
            let age = self.dice.pick(&[0, 1, 899_999, 900_000, 900_001, -1]);
            let from = start.unix_milliseconds().saturating_sub(age);
            let value = if id.is_event() {
                self.dice.pick(&[0, 0, 1, 1, 2, -1])
            } else {
                self.dice.between(-5_000_000, 5_000_000)
            };
            if !self.dice.once_in(5) {
                let price = Price::from_micro_yuan_per_kwh(value);
                signals = signals.with(*id, price, Instant::from_unix_milliseconds(from));
            }
        }
        signals
    }

    fn energy(&mut self) -> Energy {
        let near = self.dice.pick(&self.limits.clone());
        let near = near.saturating_add(self.dice.pick(&[-1, 0, 1, 7]));
        let far = self.dice.between(0, 1_000_000_000);
        let size = self.dice.pick(&[near, near, far, 0, 1]).max(0);
        let size = if self.dice.once_in(100) { -1 } else { size };
        Energy::from_milliwatt_hours(size)
    }

    fn quantities(&mut self) -> Quantities {
        let mut quantities = Quantities::NONE;
        for needed in self.quantities.clone() {
            let near = self.dice.pick(&needed.edges);
            let near = near.saturating_add(self.dice.pick(&[-1, 0, 1]));
            let far = self.dice.between(0, needed.most);
            let sound = near.clamp(0, needed.most);
            let amount = if self.dice.once_in(20) { near } else { self.dice.pick(&[sound, far]) };
            if !self.dice.once_in(60) {
                quantities.set(needed.quantity, Some(amount));
            }
        }
        quantities
    }

    fn held(&mut self) -> Money {
        let some = self.dice.between(0, 100_000_000);
        let odd = if self.dice.once_in(20) { -1 } else { 0 };
        Money::from_micro_yuan(self.dice.pick(&[0, some, 10_000_000, 9_999_999, odd]))
    }

    fn carries(&mut self) -> Carries {
        let mut rests = [PicoYuan::ZERO; LEGS_MAX];
        for rest in &mut rests {
            let size = self.dice.pick(&[0, 1, 999_999, 123_456]);
            *rest = PicoYuan::new(size).unwrap_or_default();
        }
        Carries::new(rests)
    }
}
