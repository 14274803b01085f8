//! The core itself: readings in, registers and freezes kept, energy reports out.

use crate::freeze::{Freeze, FreezeKind, Freezes, Track};
use crate::layout;
use crate::registers::{Refusal, Registers, State};
use crate::settings::Settings;
use core::fmt;
use crypto::{Damaged, LinkSender, TwoCopy};
use quantity::{Duration, Instant};
use wire::link::{EnergyReport, Frame, PLAINTEXT_BYTES_MAX};
use wire::memory::Memory;
use wire::reading::Reading;
use wire::{DecodeError, Wire};

/// Counters reserved at once: one FRAM write per 64 frames; at most 64 numbers are lost at a boot.
const COUNTER_BLOCK: u64 = 64;

/// The management core on one FRAM.
#[derive(Clone)]
pub struct Management<M> {
    memory: M,
    settings: Settings,
    state: Option<State>,
    live: Option<Reading>,
    hourly: Track,
    daily: Track,
    billing: Track,
    sender: LinkSender,
    counter_reserved: u64,
}

/// What came of one reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// A sealed [`EnergyReport`] for the transaction core, once in each minute.
    pub report: Option<Frame>,
    /// Why the reading was ignored; then nothing changed and there is no report.
    pub refused: Option<Refusal>,
}

/// Why the core can't work on this memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// The memory holds no settings: it was never personalised.
    NotPersonalised,
    /// Both copies of a record are damaged; no power cut does that.
    Damaged(Damaged),
    /// A record is whole but holds what this version doesn't know.
    Unknown(DecodeError),
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPersonalised => write!(f, "the meter was never personalised"),
            Self::Damaged(damaged) => damaged.fmt(f),
            Self::Unknown(error) => write!(f, "a stored record is of another version: {error}"),
        }
    }
}

impl core::error::Error for BootError {}

impl<M: Memory> Management<M> {
    /// Sets up a meter in production: forgets what the memory held and keeps the settings.
    ///
    /// The link counter is never set back, because it is the nonce of the link key. The settings
    /// go first and come last: a cut in between leaves a meter that isn't personalised.
    ///
    /// # Errors
    /// [`BootError::Damaged`] if the link counter of an earlier life can't be read.
    ///
    /// # Panics
    /// If the memory is smaller than [`MEMORY_BYTES`](crate::MEMORY_BYTES).
    pub fn personalise(mut memory: M, settings: &Settings) -> Result<Self, BootError> {
        assert!(memory.capacity() >= layout::MEMORY_BYTES, "the layout is made for 64 KiB");
        clear(&mut memory, 0, layout::COUNTER_ADDRESS);
        for ring in [layout::HOURLY, layout::DAILY, layout::BILLING] {
            ring.clear(&mut memory);
        }
        let counter: u64 = load(&memory, layout::COUNTER)?.unwrap_or(0);
        // Both copies of what is rarely written: so later damage to one isn't taken for a blank.
        for _ in 0..2 {
            store(&mut memory, layout::COUNTER, &counter);
        }
        for _ in 0..2 {
            store(&mut memory, layout::SETTINGS, settings);
        }
        Self::boot(memory)
    }

    /// Starts on a personalised memory, whatever instant the power was lost at.
    ///
    /// # Errors
    /// [`BootError`] if the memory isn't personalised or its records are damaged.
    ///
    /// # Panics
    /// As [`Management::personalise`].
    pub fn boot(memory: M) -> Result<Self, BootError> {
        assert!(memory.capacity() >= layout::MEMORY_BYTES, "the layout is made for 64 KiB");
        let settings: Settings =
            load(&memory, layout::SETTINGS)?.ok_or(BootError::NotPersonalised)?;
        let counter_reserved = load(&memory, layout::COUNTER)?.unwrap_or(0);
        Ok(Self {
            state: load(&memory, layout::STATE)?,
            live: None,
            hourly: Track::find(layout::HOURLY, &memory),
            daily: Track::find(layout::DAILY, &memory),
            billing: Track::find(layout::BILLING, &memory),
            sender: LinkSender::new(&settings.link_key, counter_reserved),
            counter_reserved,
            settings,
            memory,
        })
    }

    /// Takes a reading of the metering core: every 10 s to every minute, also on the minute.
    pub fn receive(&mut self, reading: &Reading) -> Outputs {
        let next = match &self.state {
            Some(state) => state.after(reading, &self.settings.day_table),
            None => State::first(reading),
        };
        match next {
            Ok(next) => {
                self.live = Some(*reading);
                Outputs { report: self.advance(next), refused: None }
            }
            Err(refusal) => Outputs { report: None, refused: Some(refusal) },
        }
    }

    fn advance(&mut self, next: State) -> Option<Frame> {
        let before = self.state.replace(next).map(|state| state.at);
        self.freeze_if_passed(before, next);
        if !minute_begun(before, next.at) {
            return None;
        }
        if let Some(state) = &self.state {
            store(&mut self.memory, layout::STATE, state);
        }
        Some(self.seal(&self.energy_report()?))
    }

    /// Freezes before the registers are stored: a cut in between repeats this with the same result.
    fn freeze_if_passed(&mut self, before: Option<Instant>, next: State) {
        for kind in [FreezeKind::Hourly, FreezeKind::Daily, FreezeKind::Billing] {
            let boundary = kind.boundary(next.at);
            // The first reading of all freezes only what it falls on exactly.
            if before.map_or(next.at == boundary, |before| before < boundary) {
                let freeze = Freeze { boundary, taken_at: next.at, registers: next.registers };
                self.freeze(kind, freeze, before);
            }
        }
    }

    fn freeze(&mut self, kind: FreezeKind, freeze: Freeze, before: Option<Instant>) {
        let track = match kind {
            FreezeKind::Hourly => &mut self.hourly,
            FreezeKind::Daily => &mut self.daily,
            FreezeKind::Billing => &mut self.billing,
        };
        let kept = track.freeze_once(&mut self.memory, freeze);
        if kind == FreezeKind::Billing
            && let Some(state) = &mut self.state
        {
            state.month_start = kept.registers.totals();
            if before.is_none_or(|before| year(before) != year(kept.boundary)) {
                state.year_start = state.month_start;
            }
        }
    }

    fn seal(&mut self, report: &EnergyReport) -> Frame {
        if self.sender.counter() == self.counter_reserved {
            // Durable before the first frame of the block leaves.
            self.counter_reserved += COUNTER_BLOCK;
            store(&mut self.memory, layout::COUNTER, &self.counter_reserved);
        }
        let plain = report.encode::<PLAINTEXT_BYTES_MAX>().expect("a report fits a frame");
        self.sender.seal(&plain)
    }

    /// The report as it stands now; `None` before the first reading of all.
    #[must_use]
    pub fn energy_report(&self) -> Option<EnergyReport> {
        let State { at, registers, month_start, year_start } = self.state?;
        Some(EnergyReport {
            at,
            import: registers.import.total,
            export: registers.export.total,
            import_month_start: month_start.import,
            export_month_start: month_start.export,
            import_year_start: year_start.import,
            export_year_start: year_start.export,
        })
    }

    /// The last reading since boot.
    #[must_use]
    pub const fn live(&self) -> Option<&Reading> {
        self.live.as_ref()
    }

    /// The registers, zero before the first reading of all.
    #[must_use]
    pub fn registers(&self) -> Registers {
        self.state.map_or_else(Registers::default, |state| state.registers)
    }

    /// Hourly freezes, newest first.
    #[must_use]
    pub const fn hourly_freezes(&self) -> Freezes<'_, M> {
        Freezes::new(&self.memory, self.hourly)
    }

    /// Daily freezes, newest first.
    #[must_use]
    pub const fn daily_freezes(&self) -> Freezes<'_, M> {
        Freezes::new(&self.memory, self.daily)
    }

    /// Month ends, newest first.
    #[must_use]
    pub const fn billing_freezes(&self) -> Freezes<'_, M> {
        Freezes::new(&self.memory, self.billing)
    }

    /// The `back`-th freeze back, 1 being the newest.
    #[must_use]
    pub fn freeze_back(&self, kind: FreezeKind, back: u8) -> Option<Freeze> {
        let track = match kind {
            FreezeKind::Hourly => &self.hourly,
            FreezeKind::Daily => &self.daily,
            FreezeKind::Billing => &self.billing,
        };
        track.back(&self.memory, back)
    }

    /// What was set in production.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The memory, to look at.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Takes the power away: what is left is the memory.
    #[must_use]
    pub fn into_memory(self) -> M {
        self.memory
    }
}

impl<M> fmt::Debug for Management<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Management({})", self.settings.meter)
    }
}

/// Whether a whole minute lies between the two, the second included.
fn minute_begun(before: Option<Instant>, at: Instant) -> bool {
    before.is_none_or(|before| before < at.floor_to(Duration::from_minutes(1)))
}

fn year(at: Instant) -> i32 {
    at.civil().date.year
}

fn load<T: Wire>(memory: &impl Memory, record: TwoCopy) -> Result<Option<T>, BootError> {
    let mut buffer = [0; layout::RECORD_BYTES_MAX];
    match record.load(memory, &mut buffer).map_err(BootError::Damaged)? {
        Some(length) => T::decode(&buffer[..length]).map(Some).map_err(BootError::Unknown),
        None => Ok(None),
    }
}

fn store<T: Wire>(memory: &mut impl Memory, record: TwoCopy, value: &T) {
    let bytes: heapless::Vec<u8, { layout::RECORD_BYTES_MAX }> =
        value.encode().expect("each record fits the longest one");
    record.store(memory, &bytes, &mut [0; layout::RECORD_BYTES_MAX]);
}

fn clear(memory: &mut impl Memory, from: u32, to: u32) {
    (from..to).for_each(|address| memory.write(address, &[0]));
}
