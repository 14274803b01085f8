//! Dips, swells, interruptions, overcurrent, no-load, neutral mismatch and phase sequence.

use heapless::Deque;

use crate::channels::CURRENTS;
use crate::configuration::Configuration;
use crate::half_cycle::{RmsCodes, microvolts, nanoamperes};
use crate::window::Window;

/// Events that wait to be taken; what comes beyond pushes the oldest out.
const WAITING: usize = 16;

/// Conditions that are watched.
const CONDITIONS: usize = 18;

/// What can be the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A voltage is below the limit for dips.
    Dip,
    /// A voltage is above the limit for swells.
    Swell,
    /// A voltage is as good as gone. A dip goes with it.
    Interruption,
    /// A current is above its limit.
    Overcurrent,
    /// An element stays below the starting power for a whole window.
    NoLoad,
    /// Phases and neutral don't add up to zero: current passes a transformer by.
    NeutralMismatch,
    /// The phases turn A, C, B.
    ReversedSequence,
}

/// Something began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// Where: phase A, B, C as 0, 1, 2, and 3 for neutral; 0 for all phases together.
    pub conductor: usize,
    /// Sample at which the half cycle or window ended that showed it; the first pushed is 1.
    pub sample: u64,
    /// Whether it began or ended.
    pub stage: Stage,
}

/// Beginning or end of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It began.
    Begin,
    /// It ended.
    End {
        /// How long it lasted, in samples.
        samples: u64,
        /// Lowest voltage of a dip or an interruption, highest of a swell, in microvolts; highest
        /// current of an overcurrent or a mismatch in nanoamperes; 0 for other kinds.
        extreme: u64,
    },
}

/// Limits as RMS codes in 2⁻⁴.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitCodes {
    pub(crate) dip: u64,
    pub(crate) swell: u64,
    pub(crate) interruption: u64,
    pub(crate) hysteresis: u64,
    pub(crate) overcurrent: Option<u64>,
    pub(crate) mismatch_nanoamperes: Option<u64>,
}

/// A condition that holds.
#[derive(Clone, Copy, Debug)]
struct Active {
    since: u64,
    extreme: u64,
}

/// What is watched and what is the matter now.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    active: [Option<Active>; CONDITIONS],
    waiting: Deque<Event, WAITING>,
    lost: u32,
}

/// One look at one condition.
#[derive(Clone, Copy)]
struct Look {
    kind: EventKind,
    conductor: usize,
    /// Whether it holds; `None` in between, where it goes on as it was.
    holds: Option<bool>,
    value: u64,
}

impl Events {
    pub(crate) const fn new() -> Self {
        Self { active: [None; CONDITIONS], waiting: Deque::new(), lost: 0 }
    }

    pub(crate) fn next(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    pub(crate) const fn lost(&self) -> u32 {
        self.lost
    }

    /// Whether something is the matter now.
    pub(crate) fn is_active(&self, kind: EventKind, conductor: usize) -> bool {
        self.active.get(index(kind, conductor)).is_some_and(Option::is_some)
    }

    /// Looks at the RMS values of the last cycle.
    pub(crate) fn half_cycle(
        &mut self,
        codes: &RmsCodes,
        sample: u64,
        configuration: &Configuration,
    ) {
        let limits = configuration.limits();
        for &phase in configuration.elements() {
            let value = codes[phase];
            let below = |limit: u64| between(value < limit, value >= limit + limits.hysteresis);
            let above = between(value > limits.swell, value + limits.hysteresis <= limits.swell);
            for (kind, holds) in [
                (EventKind::Dip, below(limits.dip)),
                (EventKind::Interruption, below(limits.interruption)),
                (EventKind::Swell, above),
            ] {
                self.look(&Look { kind, conductor: phase, holds, value }, sample, configuration);
            }
        }
        let Some(limit) = limits.overcurrent else { return };
        for (conductor, &value) in codes[CURRENTS..].iter().enumerate() {
            // The hysteresis of a current is a thirty-second of its limit.
            let holds = between(value > limit, value < limit - limit / 32);
            let look = Look { kind: EventKind::Overcurrent, conductor, holds, value };
            self.look(&look, sample, configuration);
        }
    }

    /// Looks at a window that held whole cycles.
    pub(crate) fn window(&mut self, window: &Window, sample: u64, configuration: &Configuration) {
        let mut look = |kind, conductor, holds, value| {
            self.look(&Look { kind, conductor, holds, value }, sample, configuration);
        };
        for &phase in configuration.elements() {
            look(EventKind::NoLoad, phase, Some(window.no_load[phase]), 0);
        }
        let voltages = window.voltage_sequence;
        let known = voltages.positive + voltages.negative > 0;
        look(EventKind::ReversedSequence, 0, known.then(|| voltages.is_reversed()), 0);
        if let Some(limit) = configuration.limits().mismatch_nanoamperes {
            let value = window.mismatch_nanoamperes;
            let holds = between(value > limit, value < limit - limit / 32);
            look(EventKind::NeutralMismatch, 0, holds, value);
        }
    }

    fn look(&mut self, look: &Look, sample: u64, configuration: &Configuration) {
        let slot = &mut self.active[index(look.kind, look.conductor)];
        let stage = match (*slot, look.holds) {
            (None, Some(true)) => {
                *slot = Some(Active { since: sample, extreme: look.value });
                Stage::Begin
            }
            (Some(active), Some(false)) => {
                *slot = None;
                let extreme = in_unit(look.kind, active.extreme, configuration);
                Stage::End { samples: sample - active.since, extreme }
            }
            (Some(active), _) => {
                *slot = Some(Active {
                    extreme: worse(look.kind, active.extreme, look.value),
                    ..active
                });
                return;
            }
            (None, _) => return,
        };
        let Look { kind, conductor, .. } = *look;
        if self.waiting.is_full() {
            self.waiting.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
        // There is room: one was just taken out if it was full.
        let _ = self.waiting.push_back(Event { kind, conductor, sample, stage });
    }
}

/// True, false, or neither.
fn between(holds: bool, ended: bool) -> Option<bool> {
    (holds || ended).then_some(holds)
}

fn worse(kind: EventKind, one: u64, other: u64) -> u64 {
    match kind {
        EventKind::Dip | EventKind::Interruption => one.min(other),
        EventKind::Swell
        | EventKind::Overcurrent
        | EventKind::NoLoad
        | EventKind::NeutralMismatch
        | EventKind::ReversedSequence => one.max(other),
    }
}

fn in_unit(kind: EventKind, extreme: u64, configuration: &Configuration) -> u64 {
    match kind {
        EventKind::Dip | EventKind::Interruption | EventKind::Swell => {
            microvolts(extreme, configuration)
        }
        EventKind::Overcurrent => nanoamperes(extreme, configuration),
        EventKind::NoLoad | EventKind::NeutralMismatch | EventKind::ReversedSequence => extreme,
    }
}

const fn index(kind: EventKind, conductor: usize) -> usize {
    let first = match kind {
        EventKind::Dip => 0,
        EventKind::Swell => 3,
        EventKind::Interruption => 6,
        EventKind::Overcurrent => 9,
        EventKind::NoLoad => 13,
        EventKind::NeutralMismatch => 16,
        EventKind::ReversedSequence => 17,
    };
    first + conductor
}
