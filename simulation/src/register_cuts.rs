//! A campaign of power cuts against the energy registers of the metering core.
//!
//! Lives of a meter: it books windows, keeps its registers in a MB85RC512T through the driver, and
//! loses its power during any byte of any I2C transaction, while it stores or while it starts
//! again, once or several times in a row. The byte that is cut may be lost, written, or torn into
//! any mixture of bits. After each start:
//!
//! - the registers are, rests and pulses included, those of the last commit, or those of the commit
//!   that was cut;
//! - what was seen once after a start is never taken back.
//!
//! At the end of a life its registers are those of a meter that booked as many windows without a
//! cut: nothing was lost and nothing was counted twice.
//!
//! The parts are the real ones: [`Metering`] books, [`metering_core::RegisterKeeper`] keeps,
//! [`Mb85rc512t`] writes. Only the chip is a twin. A [`Plant`] is a
//! layout with a bug in it, to show that the campaign finds it.

mod keeper;

use crate::fram::Fram;
use crate::fram::chip::{Chip, LastByte};
use crate::instrument::{SAMPLE_RATE_HERTZ, configuration};
use crate::random::Random;
use crate::waveform::Stimulus;
use crate::waveform_meter::{Start, WaveformMeter};
use core::fmt;
use keeper::Keeper;
pub use keeper::{Plant, Subject};
use mb85rc512t::{Mb85rc512t, Straps};
use metering::{Metering, Registers, Wiring};
use quantity::Instant;

/// Longest run of windows that one commit keeps.
const WINDOWS_MAX: i64 = 40;
/// Cuts in one life.
const CUTS_OF_A_LIFE: u64 = 500;
/// Cuts fall into this many commits after a start, at most.
const COMMITS_AHEAD: u64 = 4;

/// What happened in a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Power cuts.
    pub cuts: u64,
    /// Of these, while registers were stored.
    pub cuts_of_commits: u64,
    /// Of these, while the meter started.
    pub cuts_of_starts: u64,
    /// Of these, before anything was committed since the cut before.
    pub cuts_in_a_row: u64,
    /// Cuts of a commit after which its registers were there.
    pub found_new: u64,
    /// Cuts of a commit after which those before it were there.
    pub found_old: u64,
    /// Cuts that tore a byte.
    pub torn: u64,
    /// Commits that were acknowledged.
    pub commits: u64,
    /// Windows that were booked and kept.
    pub windows: u64,
    /// Meters.
    pub lives: u64,
    /// Bytes of the bus for one commit.
    pub commit_bus_bytes: u64,
    /// Clocks of the bus for one commit.
    pub commit_bus_clocks: u64,
    /// Clocks of the bus for one start.
    pub start_bus_clocks: u64,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The campaign.
    pub seed: u64,
    /// After how many cuts.
    pub cuts: u64,
    /// What.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, cut {}: {}", self.seed, self.cuts, self.what)
    }
}

impl core::error::Error for Finding {}

/// Cuts the power `cuts` times or a few more.
///
/// # Errors
/// [`Finding`] at the first start with wrong registers.
pub fn run(seed: u64, cuts: u64, subject: Subject) -> Result<Report, Finding> {
    let mut report = Report::default();
    let base = warmed_up();
    measure(&base, subject, &mut report);
    let mut dice = Dice { source: Random::from_seed(seed), drawn: 0 };
    while report.cuts < cuts {
        let end = cuts.min(report.cuts + CUTS_OF_A_LIFE);
        let mut life = Life::begin(&base, subject, &mut dice, &mut report);
        let outcome = life.run(end).and_then(|()| life.audit(&base));
        outcome.map_err(|what| Finding { seed, cuts: report.cuts, what })?;
    }
    Ok(report)
}

/// A meter that has measured: one phase takes, one gives, one takes with a leading current.
fn warmed_up() -> Metering {
    let stimulus = Stimulus {
        volts: [190.0; 3],
        amperes: [8.0, 2.3, 5.7],
        lag_turns: [0.02, 0.44, -0.07],
        frequency_millihertz: 50_000,
    };
    let cells = Fram::new(Fram::MB85RC512T_BYTES);
    let configuration = configuration(Wiring::ThreePhaseFourWire);
    let meter = WaveformMeter::start(configuration, Start::default(), cells);
    let mut meter = meter.expect("the twin of an ADE9000 is one");
    meter.sample(&stimulus, SAMPLE_RATE_HERTZ, Instant::EPOCH, |_| {});
    meter.core().metering().clone()
}

/// How much of the bus a commit and a start take.
fn measure(base: &Metering, subject: Subject, report: &mut Report) {
    let mut memory = blank();
    let mut keeper = keeper_of_a_new_meter(subject, &memory);
    for _ in 0..2 {
        let before = memory.bus_mut().traffic();
        keeper.commit(&mut memory, base.registers());
        let after = memory.bus_mut().traffic();
        report.commit_bus_bytes = after.bytes - before.bytes;
        report.commit_bus_clocks = after.clocks() - before.clocks();
    }
    let before = memory.bus_mut().traffic();
    assert!(keeper.open(&memory).is_ok(), "no power was cut yet");
    report.start_bus_clocks = memory.bus_mut().traffic().clocks() - before.clocks();
}

fn keeper_of_a_new_meter(subject: Subject, memory: &Mb85rc512t<Chip>) -> Keeper {
    let mut keeper = Keeper::new(subject);
    let found = keeper.open(memory);
    assert_eq!(found, Ok(None), "a new meter has a blank memory");
    keeper
}

fn blank() -> Mb85rc512t<Chip> {
    Mb85rc512t::new(Chip::new(Fram::new(Fram::MB85RC512T_BYTES), Straps::LOW), Straps::LOW)
}

struct Dice {
    source: Random,
    drawn: u64,
}

impl Dice {
    fn up_to(&mut self, high: u64) -> u64 {
        self.drawn += 1;
        let high = i64::try_from(high).expect("small numbers are drawn");
        self.source.part(self.drawn).between(0, high).cast_unsigned()
    }

    fn last_byte(&mut self) -> LastByte {
        match self.up_to(3) {
            0 => LastByte::Lost,
            1 => LastByte::Written,
            _ => LastByte::Torn(u8::try_from(self.up_to(255)).expect("a byte was drawn")),
        }
    }
}

/// A commit during which the power failed.
struct Pending {
    before: Metering,
    windows: u32,
}

/// One meter.
struct Life<'a> {
    memory: Mb85rc512t<Chip>,
    keeper: Keeper,
    meter: Metering,
    /// Windows in the registers beyond those of the beginning.
    windows: u32,
    /// Whether a start must find registers.
    committed: bool,
    commits_since_cut: u64,
    dice: &'a mut Dice,
    report: &'a mut Report,
}

impl<'a> Life<'a> {
    fn begin(
        base: &Metering,
        subject: Subject,
        dice: &'a mut Dice,
        report: &'a mut Report,
    ) -> Self {
        report.lives += 1;
        let memory = blank();
        Self {
            keeper: keeper_of_a_new_meter(subject, &memory),
            memory,
            meter: base.clone(),
            windows: 0,
            committed: false,
            commits_since_cut: 0,
            dice,
            report,
        }
    }

    fn run(&mut self, cuts: u64) -> Result<(), String> {
        while self.report.cuts < cuts {
            let pending = self.commit_until_cut();
            let found = self.start();
            self.check(pending, found)?;
        }
        Ok(())
    }

    /// The registers are those of as many windows without a cut.
    fn audit(&self, base: &Metering) -> Result<(), String> {
        let mut undisturbed = base.clone();
        undisturbed.repeat_window(self.windows);
        if undisturbed.registers() == self.meter.registers() {
            return Ok(());
        }
        let (kept, booked) = (energy(self.meter.registers()), energy(undisturbed.registers()));
        Err(format!("{} windows are {booked} mWh, the registers hold {kept}", self.windows))
    }

    fn commit_until_cut(&mut self) -> Pending {
        let commit = self.report.commit_bus_bytes;
        let bytes = match self.dice.up_to(7) {
            // The end of a commit, where it may count although it was never acknowledged.
            0 => commit - 1 - self.dice.up_to(1),
            1..4 => self.dice.up_to(commit),
            _ => self.dice.up_to(COMMITS_AHEAD * commit),
        };
        self.arm(bytes);
        loop {
            let windows = 1 + self.dice.up_to(WINDOWS_MAX.cast_unsigned() - 1);
            let windows = u32::try_from(windows).expect("few windows");
            let before = self.meter.clone();
            self.meter.repeat_window(windows);
            self.keeper.commit(&mut self.memory, self.meter.registers());
            if self.memory.bus_mut().is_cut() {
                self.report.cuts_of_commits += 1;
                self.note_cut();
                return Pending { before, windows };
            }
            self.keep(windows);
            self.commits_since_cut += 1;
            self.report.commits += 1;
        }
    }

    fn keep(&mut self, windows: u32) {
        self.windows += windows;
        self.report.windows += u64::from(windows);
        self.committed = true;
    }

    /// Starts until the power stays on.
    fn start(&mut self) -> Result<Option<Registers>, String> {
        loop {
            self.memory.bus_mut().power_on();
            self.memory.clear_fault();
            if self.dice.up_to(2) == 0 {
                let bytes = self.dice.up_to(self.report.start_bus_clocks / 9);
                self.arm(bytes);
            }
            let found = self.keeper.open(&self.memory);
            if !self.memory.bus_mut().is_cut() {
                self.memory.bus_mut().power_on();
                return found;
            }
            self.report.cuts_of_starts += 1;
            self.note_cut();
        }
    }

    fn arm(&mut self, bytes: u64) {
        let last = self.dice.last_byte();
        self.report.torn += u64::from(matches!(last, LastByte::Torn(_)));
        self.memory.bus_mut().cut_after(bytes, last);
    }

    fn note_cut(&mut self) {
        self.report.cuts += 1;
        self.report.cuts_in_a_row += u64::from(self.commits_since_cut == 0);
        self.commits_since_cut = 0;
    }

    fn check(
        &mut self,
        pending: Pending,
        found: Result<Option<Registers>, String>,
    ) -> Result<(), String> {
        let Pending { before, windows } = pending;
        match found? {
            Some(found) if found == *self.meter.registers() => {
                self.keep(windows);
                self.report.found_new += 1;
            }
            Some(found) if self.committed && found == *before.registers() => {
                self.meter = before;
                self.report.found_old += 1;
            }
            None if !self.committed => {
                self.meter = before;
                self.report.found_old += 1;
            }
            None => return Err("committed registers are gone".to_owned()),
            Some(found) => {
                let (old, new) = (energy(before.registers()), energy(self.meter.registers()));
                let found = energy(&found);
                return Err(format!(
                    "found {found} mWh, which is neither the {old} mWh committed nor the {new} of \
                     the commit that was cut, or their rests differ"
                ));
            }
        }
        Ok(())
    }
}

fn energy(registers: &Registers) -> i64 {
    registers.import.total.energy.milliwatt_hours()
}
