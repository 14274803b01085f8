//! The driver on the twin: what a meter does with the chip.

use super::{CONFIGURATION, DIRECT, FULL_LINE, FULL_SCALE, started};
use ade9000::{
    Address, Ade9000, Bursts, EnergyOf, Error, FULL_SCALE_POWER, Phase, Place, ReadWrite, Scale,
    fields,
};
use core::cell::RefCell;
use core::convert::Infallible;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use simulation::ade9000::{Bench, Board, Bus, Line, Wait};

const EGY_TIME: Address<u16, ReadWrite> = Address::named("EGY_TIME");
const AIGAIN: Address<u32, ReadWrite> = Address::named("AIGAIN");
const AIRMS: Address<u32> = Address::named("AIRMS");

/// 230 V and 5 A at 60 degrees behind the evaluation board: 575 W a phase.
#[test]
fn a_meter_reads_volts_amperes_watts_and_energy() {
    let line = Line { volts: 230.0, amperes: 5.0, lag_degrees: 60.0, ..FULL_LINE };
    let bench = RefCell::new(Bench::new(Board::EVALUATION, line));
    let mut chip = Ade9000::new(Bus(&bench));
    let mut wait = Wait(&bench);
    let power_up = chip.reset(&mut wait).unwrap();
    assert_eq!((power_up.version, power_up.waited_ms), (0x00FE, 47));
    chip.configure(&CONFIGURATION).unwrap();
    bench.borrow_mut().run(3 * 8000);
    // 707.10678 mV at the pins: 801 and 300 times that on the line.
    let scale = Scale { full_scale_millivolts: 566_393, full_scale_milliamperes: 212_132 };
    for phase in Phase::ALL {
        let mut live = |place| chip.live(place, phase).unwrap();
        let volts = scale.millivolts(live(Place::Voltage).cast_unsigned());
        let amperes = scale.milliamperes(live(Place::Current).cast_unsigned());
        // The ripple of an rms is 0.07 %.
        assert!(volts.abs_diff(230_000) < 200, "{volts}");
        assert!(amperes.abs_diff(5_000) < 6, "{amperes}");
        let watts = scale.milliwatts(live(Place::Watt));
        assert!((watts - 575_000).abs() < 60, "{watts}");
        assert!((scale.milliwatts(live(Place::Var)) - 995_929).abs() < 60);
        assert!((scale.milliwatts(live(Place::VoltAmpere)) - 1_150_000).abs() < 1_700);
    }
    // Ten seconds of 575 W.
    let before = chip.energy(EnergyOf::Watt, Phase::B).unwrap();
    bench.borrow_mut().run(10 * 8000);
    let moved = chip.energy(EnergyOf::Watt, Phase::B).unwrap().since(before);
    let milliwatt_hours = scale.milliwatt_hours(i128::from(moved));
    // 5750 Ws / 3.6 = 1597.2 mWh.
    assert!((1596..=1597).contains(&milliwatt_hours), "{milliwatt_hours}");
}

/// The register grows by the mean power in each sample: nothing is lost between two loads.
#[test]
fn energy_is_the_sum_of_all_samples() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    let mut chip = Ade9000::new(Bus(&bench));
    bench.borrow_mut().run(3 * 8000);
    let before = chip.energy(EnergyOf::Watt, Phase::A).unwrap();
    bench.borrow_mut().run(20 * 8000);
    let moved = chip.energy(EnergyOf::Watt, Phase::A).unwrap().since(before);
    let expected = i64::from(FULL_SCALE_POWER) * 8000 * 20;
    assert!((moved - expected).abs() < expected / 200_000, "{moved} against {expected}");
    // Export counts down.
    bench.borrow_mut().line.lag_degrees = 180.0;
    bench.borrow_mut().run(2 * 8000);
    let before = chip.energy(EnergyOf::Watt, Phase::A).unwrap();
    bench.borrow_mut().run(8000);
    assert!(chip.energy(EnergyOf::Watt, Phase::A).unwrap().since(before) < -expected / 21);
}

#[test]
fn bursts_read_what_single_reads_do() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    bench.borrow_mut().run(8000);
    let mut chip = Ade9000::new(Bus(&bench));
    let single = chip.read(AIRMS).unwrap();
    chip.set_bursts(Bursts::On).unwrap();
    let mut words = [0; 61];
    chip.read_burst(0x600, &mut words).unwrap();
    assert_eq!(words[7], single);
    assert_eq!(chip.read(AIRMS).unwrap(), single, "unchecked while bursts are on");
    assert_eq!(
        chip.read_burst(0x63C, &mut words[..2]),
        Err(Error::OutsideOfBurstRegion { address: 0x63C })
    );
    chip.set_bursts(Bursts::Off).unwrap();
    assert_eq!(chip.read(AIRMS).unwrap(), single);
}

#[test]
fn a_locked_chip_refuses_and_the_driver_says_so() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    let mut chip = Ade9000::new(Bus(&bench));
    chip.lock().unwrap();
    assert_eq!(
        chip.write(EGY_TIME, 99),
        Err(Error::ReadBack { address: 0x4B2, written: 99, read: 7999 })
    );
    chip.unlock().unwrap();
    chip.write(EGY_TIME, 99).unwrap();
}

/// Somebody else changes a gain: the sum of the configuration moves, and an interrupt says so.
#[test]
fn a_changed_gain_changes_the_sum_of_the_configuration() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    let mut chip = Ade9000::new(Bus(&bench));
    let mut wait = Wait(&bench);
    let before = chip.configuration_sum(&mut wait).unwrap();
    assert_eq!(chip.configuration_sum(&mut wait), Ok(before));
    chip.clear_status(0, u32::MAX).unwrap();
    super::write(&bench, "MASK1", fields::STATUS1_CRC_CHG);
    // MASK1 isn't covered unless CRC_OPTEN says so.
    assert_eq!(chip.configuration_sum(&mut wait), Ok(before));
    assert!(bench.borrow().twin.pins().irq1);
    chip.write(AIGAIN, 1).unwrap();
    assert_ne!(chip.configuration_sum(&mut wait), Ok(before));
    assert!(!bench.borrow().twin.pins().irq1);
    assert_ne!(chip.status().unwrap().1 & fields::STATUS1_CRC_CHG, 0);
    super::write(&bench, "CRC_OPTEN", 2);
    let covered = chip.configuration_sum(&mut wait).unwrap();
    super::write(&bench, "MASK1", 0);
    assert_ne!(chip.configuration_sum(&mut wait), Ok(covered));
}

#[test]
fn the_thermometer_reads_the_temperature() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    for celsius in [-40.0, 25.0, 85.0] {
        bench.borrow_mut().twin.set_celsius(celsius);
        let mut chip = Ade9000::new(Bus(&bench));
        let measured = chip.temperature_millicelsius(&mut Wait(&bench)).unwrap();
        // A step is 0.3 degrees.
        #[allow(clippy::cast_possible_truncation, reason = "three digits")]
        let expected = celsius as i64 * 1000;
        assert!((measured - expected).abs() <= 152, "{measured}");
    }
}

/// A bus that changes bytes on their way.
struct Faulty<'b, F>(Bus<'b>, F);

impl<F> ErrorType for Faulty<'_, F> {
    type Error = Infallible;
}

impl<F: FnMut(&mut [u8])> SpiDevice for Faulty<'_, F> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        self.0.transaction(operations)?;
        for operation in operations {
            if let Operation::Read(bytes) = operation {
                (self.1)(bytes);
            }
        }
        Ok(())
    }
}

#[test]
fn every_flipped_bit_of_a_read_is_found() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    for bit in 0..48_usize {
        let flip = |bytes: &mut [u8]| bytes[bit / 8] ^= 1 << (bit % 8);
        let mut chip = Ade9000::new(Faulty(Bus(&bench), flip));
        assert!(matches!(chip.read(AIRMS), Err(Error::Checksum { address: 0x20C, .. })), "{bit}");
    }
}

#[test]
fn a_bus_without_a_chip_is_another_part() {
    let bench = RefCell::new(Bench::new(DIRECT, FULL_LINE));
    for (level, version) in [(0xFF, 0xFFFF), (0x00, 0x0000)] {
        let mut chip = Ade9000::new(Faulty(Bus(&bench), |bytes: &mut [u8]| bytes.fill(level)));
        assert_eq!(chip.reset(&mut Standstill), Err(Error::WrongPart { version }));
    }
    // A chip whose crystal stands still never gets ready.
    let mut chip = Ade9000::new(Bus(&bench));
    assert_eq!(chip.reset(&mut Standstill), Err(Error::WrongPart { version: 0 }));
    assert!(bench.borrow().line.volts >= FULL_SCALE);
}

/// The same words, read sample by sample.
#[test]
fn the_waveform_buffer_holds_the_waveform() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    bench.borrow_mut().run(8000);
    let mut chip = Ade9000::new(Bus(&bench));
    // PCF, all channels with IN, stop when full.
    chip.start_capture(0x1000 | 3 << 8 | fields::WFB_CFG_CAP_SEL.try_into().unwrap_or(0)).unwrap();
    bench.borrow_mut().run(256);
    let mut sets = [[0_i32; 7]; 256];
    chip.read_waveform(0, &mut sets).unwrap();
    for (set, next) in sets.iter().zip(&sets[1..]) {
        assert_ne!(set[0], next[0]);
        // Voltage and current are in phase; the neutral is empty.
        assert!((set[0] - set[1]).abs() < 40_000, "{set:?}");
        assert!(set[6].abs() < 2_000);
    }
    let peak = sets.iter().map(|set| set[1]).max().unwrap();
    // Within the grid of 160 samples in a cycle.
    assert!((peak - 74_532_013).abs() < 15_000, "{peak}");
    assert_eq!(
        chip.read_waveform(1, &mut sets),
        Err(Error::OutsideOfBurstRegion { address: 0x808 })
    );
    // One cycle with 128 points.
    chip.start_capture(0x1000).unwrap();
    bench.borrow_mut().run(700);
    let mut sets = [[0_i16; 7]; 512];
    chip.read_resampled(0, &mut sets).unwrap();
    let peak = sets.iter().map(|set| set[1]).max().unwrap();
    assert!((i32::from(peak) - 18_196).abs() <= 4, "{peak}");
    for (set, cycle_later) in sets.iter().zip(&sets[128..]) {
        assert!((i32::from(set[3]) - i32::from(cycle_later[3])).abs() <= 6);
    }
    assert_ne!(chip.status().unwrap().0 & fields::STATUS0_COH_WFB_FULL, 0);
}

/// Waiting while nothing goes on.
struct Standstill;

impl DelayNs for Standstill {
    fn delay_ns(&mut self, _: u32) {}
}
