//! The power fails at any instant: between samples, while registers are stored, while a meter
//! starts.

use super::{NOW, SECOND, balanced, blank, imported, watts};
use metering::{Registers, Wiring};
use simulation::fram::Fram;
use simulation::fram::chip::LastByte;
use simulation::instrument::configuration;
use simulation::random::Random;
use simulation::waveform_meter::{Start, WaveformMeter};

const CUTS: u64 = 100;

/// Numbers that a seed gives.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, high: i64) -> u64 {
        self.0 += 1;
        Random::from_seed(11).part(self.0).between(0, high).cast_unsigned()
    }
}

fn start(cells: Fram) -> WaveformMeter {
    let configuration = configuration(Wiring::ThreePhaseFourWire);
    WaveformMeter::start(configuration, Start::default(), cells).unwrap()
}

fn registers(meter: &WaveformMeter) -> Registers {
    *meter.core().metering().registers()
}

/// A load of 6.6 kW all the time. What a meter holds is never more than what flowed, never less
/// than what was committed, and after each start exactly what the last commit wrote, or the one
/// that was cut.
#[test]
fn energy_goes_on_behind_every_cut() {
    let line = balanced(10.0, 0.0);
    let mut dice = Dice(0);
    let mut meter = start(blank());
    let (mut committed, mut steps, mut lost_steps) = (registers(&meter), 0, 0);
    let (mut old, mut new) = (0, 0);
    for _ in 0..CUTS {
        let mut since_commit = 0;
        let mut pending = committed;
        for _ in 0..=dice.up_to(3) {
            let next = u32::try_from(dice.up_to(9000)).unwrap();
            meter.sample(&line, next, NOW, |_| {});
            (steps, since_commit) = (steps + u64::from(next), since_commit + u64::from(next));
            // A commit is 630 bytes on the bus. Some cuts fall behind it, some into the last byte,
            // where it may count although it was never acknowledged.
            if dice.up_to(1) == 0 {
                let last = if dice.up_to(1) == 0 { LastByte::Lost } else { LastByte::Written };
                let bytes = if dice.up_to(2) == 0 { 629 } else { dice.up_to(700) };
                meter.core_mut().memory_mut().bus_mut().cut_after(bytes, last);
            }
            pending = registers(&meter);
            if meter.core_mut().commit().is_err() {
                break;
            }
            (committed, since_commit) = (pending, 0);
        }
        let cells = meter.into_cells();
        meter = start(cells);
        let found = registers(&meter);
        assert!(found == committed || found == pending, "{found:?}");
        (old, new) = (old + u64::from(found == committed), new + u64::from(found != committed));
        // A window was open, half a buffer not read, and a start takes up to its second crossing.
        let open = u64::from(SECOND) / 2;
        lost_steps += open + if found == committed { since_commit } else { 0 };
        committed = found;
        let flowed = watts(&line) / 3.6 / 8000.0;
        #[allow(clippy::cast_precision_loss, reason = "15 digits are enough")]
        let (most, least) =
            (flowed * steps as f64, flowed * steps.saturating_sub(lost_steps) as f64);
        let held = imported(&meter);
        assert!(held <= most * 1.000_002, "{held} mWh of {most}");
        assert!(held >= least, "{held} mWh, at least {least} were committed");
    }
    assert!(old > 10 && new > 3, "{old} cuts left the old registers and {new} the new ones");
    #[allow(clippy::cast_precision_loss, reason = "15 digits are enough")]
    let all = watts(&line) / 3.6 / 8000.0 * steps as f64;
    let held = imported(&meter);
    assert!(held > all / 3.0, "{held} mWh of {all} in spite of a hundred starts");
}

/// A memory bus that fails stops the commits and nothing else; behind a restart they go on.
#[test]
fn a_memory_without_power_is_told_and_mended() {
    let line = balanced(10.0, 0.0);
    let mut meter = start(blank());
    meter.minute(&line, NOW);
    meter.core_mut().memory_mut().bus_mut().cut_after(100, LastByte::Lost);
    let reading = meter.minute(&line, NOW);
    let told: Vec<String> = meter.notices().map(|(_, notice)| format!("{notice:?}")).collect();
    assert!(told.iter().any(|notice| notice.contains("register memory: the I2C bus")), "{told:?}");
    meter.core_mut().memory_mut().bus_mut().power_on();
    let after = meter.minute(&line, NOW);
    assert!(after.import > reading.import);
    let mut restarted = start(meter.into_cells());
    assert_eq!(restarted.registers(NOW).import, after.import);
    assert!(restarted.minute(&line, NOW).import > after.import);
}
