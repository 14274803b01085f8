//! How drivers in the field ask `jidian chip ade9000`: the accesses that were found in their
//! sources, with their own formulas, in plain bytes.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

#[path = "outside/chip.rs"]
mod chip;
mod outside;

use chip::{Chip, Served, near};
use core::f64::consts::{FRAC_1_SQRT_2, SQRT_2};
use core::time::Duration;
use std::io::{Read, Write};

const RMS_CODE: f64 = 52_702_092.0;
const POWER_CODE: f64 = 20_694_066.0;
/// Volts and amperes (rms) at full scale, with the ratios of the evaluation board.
const VOLTS: f64 = 801.0 * FRAC_1_SQRT_2;
const AMPERES: f64 = 300.0 * FRAC_1_SQRT_2;

fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// A register as a signed code.
fn code(chip: &mut Chip, address: u16) -> f64 {
    f64::from(chip.read32(address).cast_signed())
}

/// Without the ripple that a single reading of an rms has.
fn mean(chip: &mut Chip, address: u16) -> f64 {
    (0..400).map(|_| code(chip, address)).sum::<f64>() / 400.0
}

/// `SetupADE9000` of Analog Devices' sketches, which most Arduino and STM32 libraries copy.
fn set_up_like_a_sketch(chip: &mut Chip) {
    chip.write16(0x4B9, 0);
    chip.write32(0x060, 0);
    for (address, value) in [(0x481, 0x0002), (0x4AF, 0x0C00), (0x493, 0), (0x492, 0)] {
        chip.write16(address, value);
    }
    chip.write16(0x4B6, 0x000C);
    chip.write16(0x49A, 0x001E);
    for (address, value) in [(0x405, 1), (0x406, 0), (0x407, 0)] {
        chip.write32(address, value);
    }
    chip.write16(0x4A0, 0x1000);
    chip.write32(0x40F, 0x0022_EA28);
    chip.write32(0x072, 0);
    for (address, value) in [(0x4B2, 0x1F3F), (0x4B0, 0x0011), (0x480, 0x0001)] {
        chip.write16(address, value);
    }
}

#[test]
fn a_driver_that_hardly_waits_for_the_reset_is_heard() {
    let served = Served::new(&["--voltage", "220", "--current", "10"]);
    let mut chip = served.connect();
    // The first transfer of all, and the one behind a reset: neither is lost.
    chip.write16(0x4B2, 77);
    assert_eq!(chip.read16(0x4B2), 77);
    chip.write16(0x481, 0x0001);
    chip.write16(0x4B2, 7999);
    assert_eq!(chip.read16(0x4B2), 7999);
    assert_eq!(chip.read32(0x403), 1 << 16, "RSTDONE");
    chip.write32(0x403, u32::MAX);
    assert_eq!(chip.read32(0x403), 0);
    chip.write32(0x480, u32::MAX);
    assert_eq!(chip.read16(0x480), 1);
}

#[test]
fn a_sketch_reads_its_values() {
    let served = Served::new(&[
        "--voltage=230",
        "--current=5",
        "--phase-angle=30",
        "--harmonic=5,10,40",
        "--temperature=31",
    ]);
    let mut chip = served.connect();
    set_up_like_a_sketch(&mut chip);
    chip.seconds(5);
    near(code(&mut chip, 0x20D) / RMS_CODE * VOLTS, 230.0 * 1.01_f64.sqrt(), 0.001);
    near(code(&mut chip, 0x22C) / RMS_CODE * AMPERES, 5.0 * 1.16_f64.sqrt(), 0.001);
    // Fundamentals, then distortion and power factor in 5.27 bits.
    near(code(&mut chip, 0x20F) / RMS_CODE * VOLTS, 230.0, 0.0005);
    near(code(&mut chip, 0x213) / POWER_CODE * VOLTS * AMPERES, 1150.0 * cosine(30.0), 0.0005);
    near(code(&mut chip, 0x214) / POWER_CODE * VOLTS * AMPERES, 1150.0 * 0.5, 0.001);
    near(code(&mut chip, 0x217) * 100.0 / 134_217_728.0, 10.0, 0.01);
    near(code(&mut chip, 0x218) * 100.0 / 134_217_728.0, 40.0, 0.01);
    let active = cosine(30.0) + 0.04 * cosine(150.0);
    near(code(&mut chip, 0x216) / 134_217_728.0, active / (1.01 * 1.16_f64).sqrt(), 0.001);
    near(524_288_000.0 / (code(&mut chip, 0x418) + 1.0), 50.0, 2e-5);
    // An angle has 16 bits, which are the upper half when 32 are read.
    near(f64::from(chip.read16(0x482)) * 0.017_578_125, 120.0, 0.001);
    near(f64::from(chip.read32(0x482) >> 16) * 0.017_578_125, 120.0, 0.001);
    // A conversion is waited for by time.
    chip.write16(0x4B6, 0x000C);
    pause(2);
    let trim = chip.read32(0x474);
    let (offset, gain) = (f64::from(trim >> 16), f64::from(trim & 0xFFFF));
    let degrees = offset / 32.0 - f64::from(chip.read16(0x4B7)) * gain / 65_536.0;
    near(degrees, 31.0, 0.01);
    // The energy of a second: HI alone, in units of 2^13.
    let watts = code(&mut chip, 0x2E7) * 8192.0 / 8000.0 / POWER_CODE * VOLTS * AMPERES;
    near(watts, 1150.0 * active, 0.001);
}

/// 512 sets of seven half-words in one burst, as the sketch for the buffer takes them.
#[test]
fn a_sketch_takes_the_resampled_buffer() {
    let served = Served::new(&["--voltage=230", "--current=5", "--frequency=49.2"]);
    let mut chip = served.connect();
    set_up_like_a_sketch(&mut chip);
    pause(300);
    chip.write16(0x4A0, 0x1000);
    chip.write16(0x4A0, 0x1010);
    pause(100);
    assert_ne!(chip.read32(0x402) & 1 << 23, 0, "the buffer is full");
    let mosi = [&[0x80, 0x08][..], &vec![0; 512 * 14]].concat();
    let miso = chip.exchange(&mosi);
    let points: Vec<i16> =
        miso[2..].as_chunks().0.iter().map(|half| i16::from_be_bytes(*half)).collect();
    let rms = |channel: usize| {
        let chosen = points.iter().skip(channel).step_by(7).map(|point| f64::from(*point));
        (chosen.map(|point| point * point).sum::<f64>() / 512.0).sqrt() / 18_196.0
    };
    for phase in 0..3 {
        near(rms(2 * phase) * 300.0, 5.0, 0.005);
        near(rms(2 * phase + 1) * 801.0, 230.0, 0.002);
    }
    assert!(rms(6) < 1e-4, "nothing in the neutral");
}

/// The procedure of Analog Devices' calibration sketch: currents, voltages, then the phase from
/// the energies at 60 degrees.
#[test]
fn a_sketch_calibrates_a_board_that_is_off() {
    // 230 V, 5 A, 60 degrees; but the divider is 2 % off, the transformer 3 % and 0.4 degrees.
    let served =
        Served::new(&["--phase-angle=60.4", "--volts-per-volt=817", "--amperes-per-volt=291"]);
    let mut chip = served.connect();
    set_up_like_a_sketch(&mut chip);
    chip.seconds(5);
    let gain = |wanted: f64, got: f64| fraction(wanted / got - 1.0);
    let current = gain(5.0 / AMPERES * RMS_CODE, mean(&mut chip, 0x20C));
    let voltage = gain(230.0 / VOLTS * RMS_CODE, mean(&mut chip, 0x20D));
    chip.write32(0x000, current);
    chip.write32(0x00B, voltage);
    chip.seconds(2);
    let (active, reactive) = (code(&mut chip, 0x2E7), code(&mut chip, 0x2F1));
    let (sine, cosine) = 60.0_f64.to_radians().sin_cos();
    let error = -((active * sine - reactive * cosine) / (active * cosine + reactive * sine)).atan();
    near(error.to_degrees(), 0.4, 0.01);
    let omega = core::f64::consts::TAU * 50.0 / 8000.0;
    let phase = ((error - omega).sin() + omega.sin()) / (2.0 * omega - error).sin();
    chip.write32(0x006, fraction(phase));
    chip.seconds(5);
    near(mean(&mut chip, 0x20C) / RMS_CODE * AMPERES, 5.0, 0.0005);
    near(mean(&mut chip, 0x20D) / RMS_CODE * VOLTS, 230.0, 0.0005);
    near(code(&mut chip, 0x210) / POWER_CODE * VOLTS * AMPERES, 575.0, 0.001);
    near(f64::from(chip.read16(0x485)) * 0.017_578_125, 60.0, 0.001);
}

/// A register in units of 2^-27.
#[allow(clippy::cast_possible_truncation, reason = "a sketch casts too")]
fn fraction(value: f64) -> u32 {
    ((value * 134_217_728.0) as i32).cast_unsigned()
}

fn cosine(degrees: f64) -> f64 {
    degrees.to_radians().cos()
}

/// A driver for the ESP32: gains of 2 and 4, six bytes for a write of 16 bits, and the latest
/// samples of all channels in bursts of 31 bytes.
#[test]
fn an_esp32_reads_bursts_of_samples() {
    let served = Served::new(&["--voltage=100", "--current=20"]);
    let mut chip = served.connect();
    let write = |chip: &mut Chip, address: u16, value: u16| {
        let [first, second] = (address << 4).to_be_bytes();
        let [third, fourth] = value.to_be_bytes();
        chip.exchange(&[first, second, third, fourth, 0, 0]);
    };
    for (address, value) in [(0x4B9, 0x15FF), (0x481, 0x000C), (0x4B0, 0x0011), (0x480, 1)] {
        write(&mut chip, address, value);
    }
    assert_eq!(chip.read16(0x4B9), 0x15FF);
    write(&mut chip, 0x481, 0x080C);
    let mut mosi = vec![0; 31];
    mosi[..2].copy_from_slice(&[0x51, 0x08]);
    let mut peaks = [0_i32; 7];
    for _ in 0..3000 {
        let miso = chip.exchange(&mosi);
        for (peak, word) in peaks.iter_mut().zip(miso[2..].as_chunks().0) {
            let word = i32::from_be_bytes(*word);
            assert_eq!(word & 0xF, 0, "24 bits, moved up by four");
            *peak = word.abs().max(*peak);
        }
    }
    let share = |peak: i32| f64::from(peak) / 74_518_668.0;
    near(share(peaks[1]) / 2.0 * 801.0, 100.0 * SQRT_2, 0.02);
    near(share(peaks[4]) / 4.0 * 300.0, 20.0 * SQRT_2, 0.02);
    // It tries to clear an energy; the register can't be written.
    write(&mut chip, 0x481, 0x000C);
    chip.seconds(1);
    let before = chip.read32(0x2E7);
    chip.write32(0x2E7, 0);
    assert_ne!(chip.read32(0x2E7), 0);
    assert_ne!(before, 0);
}

/// A driver for spidev that sets no more than it must, and takes the energy of each second with
/// `RD_RST_EN`, of HI alone. Its board has 991 to 1 and 100 A to 1 V.
#[test]
fn a_poller_adds_up_energies() {
    let served = Served::new(&[
        "--voltage=230",
        "--current=5",
        "--frequency=60",
        "--volts-per-volt=991",
        "--amperes-per-volt=100",
    ]);
    let mut chip = served.connect();
    assert_eq!(chip.read16(0x4FE), 0x00FE);
    for (address, value) in [(0x480, 1), (0x492, 0x0100)] {
        chip.write16(address, value);
    }
    chip.write32(0x405, 1);
    chip.write16(0x4B0, 0x0031);
    chip.write16(0x4B2, 8000);
    let full = FRAC_1_SQRT_2 * 991.0 * FRAC_1_SQRT_2 * 100.0;
    let mut watt_hours = Vec::new();
    while watt_hours.len() < 5 {
        if chip.read32(0x402) & 1 == 1 {
            watt_hours.push(full * code(&mut chip, 0x2E7) * 8192.0 / 8000.0 / POWER_CODE / 3600.0);
            chip.write32(0x402, 1);
        }
    }
    near(watt_hours[4], 1150.0 / 3600.0, 0.002);
    near(full * code(&mut chip, 0x210) / POWER_CODE, 1150.0, 0.001);
}

/// Fixed rate, both halves of the buffer in turn, each when its last page is full.
#[test]
fn pages_are_streamed_by_halves() {
    let served = Served::at("1", &["--voltage=230", "--current=5"]);
    let mut chip = served.connect();
    chip.write16(0x4A1, 0x8080);
    chip.write32(0x405, 1 << 17);
    chip.write16(0x480, 1);
    pause(100);
    // Neutral too, sinc4 and low-pass at 8 kHz, continuous, fixed rate, all channels.
    chip.write16(0x4A0, 0x12E0);
    chip.write32(0x402, u32::MAX);
    let started = chip.read16(0x4A0) | 0x0010;
    chip.write16(0x4A0, started);
    let mut peaks = Vec::new();
    for half in 0..6 {
        while chip.read32(0x402) & 1 << 17 == 0 {}
        chip.write32(0x402, 1 << 17);
        let header: [u8; 2] = if half % 2 == 0 { [0x80, 0x08] } else { [0xC0, 0x08] };
        let miso = chip.exchange(&[&header[..], &vec![0; 128 * 7 * 4]].concat());
        let words = miso[2..].as_chunks().0.iter().map(|word| i32::from_be_bytes(*word));
        let words: Vec<i32> = words.collect();
        assert!(words.iter().all(|word| word & 0xF == 0));
        let voltages = words.iter().skip(1).step_by(7).map(|word| word.abs());
        peaks.push(voltages.max().unwrap());
    }
    // 16 ms have a peak of the voltage in them, or nearly, where a slow reader was overtaken.
    for peak in peaks {
        near(f64::from(peak) / 74_518_668.0 * 801.0, 230.0 * SQRT_2, 0.06);
    }
}

/// `ade9000_set_egy_model` of Analog Devices' driver: stopped, set, started.
#[test]
fn energies_begin_anew_when_the_processor_is_started() {
    let served = Served::new(&["--voltage=230", "--current=5"]);
    let mut chip = served.connect();
    set_up_like_a_sketch(&mut chip);
    chip.seconds(3);
    pause(30);
    let joules = |chip: &mut Chip| {
        let mean = i32::try_from(chip.energy() / 8000).unwrap();
        f64::from(mean) / POWER_CODE * VOLTS * AMPERES
    };
    // 100 half cycles, then 4000 samples.
    for (mode, time, seconds) in [(0x0013, 99, 1.0), (0x0011, 3999, 0.5)] {
        for (address, value) in [(0x480, 0), (0x4B0, mode), (0x4B2, time)] {
            chip.write16(address, value);
        }
        chip.write32(0x402, u32::MAX);
        chip.write16(0x480, 1);
        while chip.read32(0x402) & 1 == 0 {
            pause(1);
        }
        near(joules(&mut chip), 1150.0 * seconds, 0.01);
        chip.seconds(2);
        near(joules(&mut chip), 1150.0 * seconds, 0.001);
    }
}

/// Two elements and the voltages against B, as a driver for three wires sets them.
#[test]
fn three_wires_are_measured_with_two_currents() {
    let served =
        Served::new(&["--wiring=3p3w", "--voltage=220", "--current=5", "--phase-angle=20"]);
    let mut chip = served.connect();
    set_up_like_a_sketch(&mut chip);
    chip.write16(0x492, 0x0090);
    chip.seconds(5);
    let line = 220.0 * 3.0_f64.sqrt();
    for address in [0x20D, 0x22D, 0x24D] {
        near(code(&mut chip, address) / RMS_CODE * VOLTS, line, 0.001);
    }
    for address in [0x20C, 0x22C, 0x24C] {
        near(code(&mut chip, address) / RMS_CODE * AMPERES, 5.0, 0.001);
    }
    let watts = code(&mut chip, 0x210) + code(&mut chip, 0x250);
    near(watts / POWER_CODE * VOLTS * AMPERES, 3.0 * 1100.0 * cosine(20.0), 0.0005);
}

/// A bus that moves bytes one by one can't know how long a transfer becomes: it asks too early or
/// for too much.
#[test]
fn transfers_of_any_length_read_the_same() {
    let served = Served::new(&["--voltage=230", "--current=5"]);
    let mut chip = served.connect();
    set_up_like_a_sketch(&mut chip);
    chip.write16(0x493, 0x001C);
    chip.seconds(3);
    // The highest since the start, when the high-pass had yet to settle.
    assert_ne!(chip.read32(0x401), 0);
    chip.seconds(1);
    // A header alone and one byte of data change nothing; the whole read clears the peak.
    for length in [2, 3, 5] {
        let mut mosi = vec![0; length];
        mosi[..2].copy_from_slice(&[0x40, 0x18]);
        assert_eq!(chip.exchange(&mosi)[..2], [0, 0]);
    }
    let peak = f64::from(chip.read32(0x401) & 0x00FF_FFFF) * 32.0 / 74_532_013.0;
    near(peak * 801.0, 230.0 * SQRT_2, 0.001);
    // Far too long: the register, its check, then nothing.
    let mut mosi = vec![0; 300];
    mosi[..2].copy_from_slice(&[0x4F, 0xE8]);
    let miso = chip.exchange(&mosi);
    assert_eq!(miso[2..6], [0x00, 0xFE, 0x13, 0xDE]);
    assert!(miso[6..].iter().all(|byte| *byte == 0));
    // A frame that comes byte by byte.
    for byte in [0, 4, 0x4A, 0x48, 0, 0] {
        chip.0.write_all(&[byte]).unwrap();
    }
    let mut miso = [0; 4];
    chip.0.read_exact(&mut miso).unwrap();
    assert_eq!(miso, [0, 0, 0x00, 0x63]);
}
