//! `jidian chip ade9000` from outside: plain bytes, as drivers in C send them.
//!
//! The two start-ups are those of Analog Devices' own driver and of the Linux driver, as noted
//! from their sources; the formulas are theirs too.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

#[path = "outside/chip.rs"]
mod chip;
mod outside;

use chip::{Chip, Served, near};
use core::f64::consts::FRAC_1_SQRT_2;
use core::time::Duration;
use outside::{jidian, text};
use std::io::{Read, Write};

#[test]
fn the_makers_driver_starts_and_reads_its_units() {
    let served = Served::new(&["--voltage", "230", "--current", "5", "--phase-angle", "60"]);
    let mut chip = served.connect();
    // It resets at once and waits for 50 ms; here the chip says itself when it's done.
    while chip.read32(0x403) & 1 << 16 == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    chip.write16(0x481, 0x0001);
    while chip.read32(0x403) & 1 << 16 == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(chip.read16(0x4A4), 0x0063);
    chip.write16(0x4B6, 1 << 2);
    chip.write16(0x4B9, 0);
    chip.write32(0x060, 0);
    chip.write16(0x481, 0x0002);
    chip.write16(0x4AF, 0x0C00);
    chip.write16(0x493, 0);
    chip.write16(0x492, 0);
    chip.write16(0x49A, 0x001E);
    chip.write32(0x405, 1 << 25);
    chip.write32(0x406, 0);
    chip.write32(0x407, 0);
    chip.write16(0x4A0, 0x1000);
    chip.write32(0x40F, 0x0022_EA28);
    chip.write32(0x072, 0);
    chip.write16(0x4B2, 7999);
    chip.write16(0x4B0, 0x0011);
    chip.write16(0x480, 1);
    chip.seconds(5);
    // Full scale is 707 mV there, and the true value 707.107: 0.015 %.
    let full = 52_702_092.0;
    let code = |chip: &mut Chip, address| f64::from(chip.read32(address).cast_signed());
    for phase in [0, 0x20, 0x40] {
        near(code(&mut chip, 0x20D + phase) * 707.0 * 801.0 / full, 230_000.0, 0.001);
        near(code(&mut chip, 0x20C + phase) * 707.0 * 300.0 / full, 5_000.0, 0.001);
        // 230 V * 5 A * cos 60 degrees = 575 W; the driver's integers lose 0.125 %.
        let milliwatts = code(&mut chip, 0x210 + phase) * 119_963_760.0 / 20_694_066.0;
        near(milliwatts, 575_000.0, 0.0016);
    }
    // Energy of one second, overwritten: its mean is the power.
    chip.seconds(1);
    let power = i32::try_from(chip.energy() / 8000).unwrap();
    near(f64::from(power), code(&mut chip, 0x210), 0.0002);
    near(f64::from(chip.read32(0x418) + 1) / 524_288_000.0, 0.02, 1e-5);
}

/// It takes `RUN` and `Version` for registers of 32 bits.
#[test]
fn the_linux_driver_starts_and_reads_its_units() {
    let served = Served::new(&["--voltage", "220", "--current", "10", "--frequency", "49.9"]);
    let mut chip = served.connect();
    while chip.read32(0x403) & 1 << 16 == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(chip.read32(0x4FE) >> 16 & 0xFFC0, 0x00C0);
    for (address, value) in [(0x4B9, 0), (0x481, 0x000E), (0x4AF, 0x0A00), (0x493, 0)] {
        chip.write16(address, value);
    }
    chip.write32(0x060, 0);
    for (address, value) in [(0x492, 0), (0x49A, 0), (0x4A0, 0x03E9)] {
        chip.write16(address, value);
    }
    for (address, value) in [(0x405, 0), (0x406, 0), (0x407, 0), (0x40F, 0x0022_EA28), (0x072, 0)] {
        chip.write32(address, value);
    }
    chip.write16(0x4B2, 7999);
    chip.write16(0x4B0, 0x0011);
    chip.write32(0x402, u32::MAX);
    chip.write32(0x403, u32::MAX);
    chip.write32(0x480, u32::MAX);
    assert_eq!(chip.read16(0x480), 1);
    chip.seconds(5);
    let full = 52_702_092.0;
    near(f64::from(chip.read32(0x20D)) * FRAC_1_SQRT_2 * 801.0 / full, 220.0, 0.001);
    near(f64::from(chip.read32(0x24C)) * FRAC_1_SQRT_2 * 300.0 / full, 10.0, 0.001);
    // Its formula gives half of the frequency.
    near(4000.0 * 65_536.0 / (f64::from(chip.read32(0x418)) + 1.0), 49.9 / 2.0, 2e-5);
}

#[test]
fn clients_share_one_chip_and_bad_lengths_close_only_their_connection() {
    let served = Served::new(&[]);
    let mut one = served.connect();
    let mut other = served.connect();
    while one.read32(0x403) & 1 << 16 == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    one.write16(0x4B2, 1234);
    assert_eq!(other.read16(0x4B2), 1234);
    // A length of nothing: the connection ends, without an answer.
    let mut bad = served.connect().0;
    bad.write_all(&[0, 0, 0x48]).unwrap();
    let mut answer = Vec::new();
    let _ = bad.read_to_end(&mut answer);
    assert_eq!(answer, []);
    // Half a header is an aborted transfer.
    assert_eq!(one.exchange(&[0x48]), [0]);
    // An exchange that ends too early.
    let mut short = served.connect().0;
    short.write_all(&[0, 9, 0x48, 0x00, 0x00]).unwrap();
    short.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = short.read_to_end(&mut answer);
    assert_eq!(answer, []);
    // The largest one, and the others go on.
    assert_eq!(one.exchange(&[0x80; 65_535]).len(), 65_535);
    assert_eq!(other.read16(0x4B2), 1234);
    let said = served.end();
    assert!(said.contains("an exchange of 0 bytes"), "{said}");
    assert!(said.contains("an exchange ends too early"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

/// One cycle of 50 Hz at 12.8 kS/s: 100 V and 2 A at PF 1 in phase A alone.
#[test]
fn a_waveform_file_is_played() {
    let folder = std::env::temp_dir().join(format!("jidian-chip-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, content: &str| {
        std::fs::write(folder.join(name), content).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let mut rows = "va, IA\n".to_owned();
    for row in 0..256 {
        let wave = (f64::from(row) / 256.0 * core::f64::consts::TAU).sin() * 2.0_f64.sqrt();
        rows += &format!("{:.6},{:.6}\n", 100.0 * wave, 2.0 * wave);
    }
    let served = Served::new(&["--waveform", &file("sine.csv", &rows), "--rate", "12800"]);
    let mut chip = served.connect();
    while chip.read32(0x403) & 1 << 16 == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    chip.write16(0x4B2, 7999);
    chip.write16(0x4B0, 0x0011);
    chip.write16(0x480, 1);
    chip.seconds(5);
    let full = 52_702_092.0 / FRAC_1_SQRT_2;
    near(f64::from(chip.read32(0x20D)) * 801.0 / full, 100.0, 0.001);
    near(f64::from(chip.read32(0x20C)) * 300.0 / full, 2.0, 0.001);
    let watts = f64::from(chip.read32(0x210)) / 20_694_066.0 * 801.0 * 300.0 / 2.0;
    near(watts, 200.0, 0.0005);
    assert_eq!(chip.read32(0x22D), 0);
    for (name, content, words) in [
        ("empty.csv", "va\n", "no rows"),
        ("name.csv", "va,power\n1,2\n", "no input is called `power`"),
        ("number.csv", "va\n1\nx\n", "row 3: `x` is not a number"),
        ("width.csv", "va,ia\n1\n", "width.csv"),
    ] {
        let path = file(name, content);
        let output = jidian(&["chip", "ade9000", "--waveform", &path, "--rate", "8000"]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn wrong_options_say_what_is_right() {
    for (options, words) in [
        (["--frequency", "80"], "from 40 to 70"),
        (["--harmonic", "5,10"], "as 5,10,40"),
        (["--harmonic", "1,10,10"], "order from 2 to 60"),
        (["--speed", "0"], "from 0.01 to 50"),
        (["--voltage", "NaN"], "from 0 to 1000000"),
    ] {
        let output = jidian(&[&["chip", "ade9000"], &options[..]].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
    let output = jidian(&["chip", "ade9000", "--listen", "192.0.2.1:1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("choose another --listen"));
    let help = jidian(&["chip", "ade9000", "--help"]);
    assert!(text(&help.stdout).contains("jidian chip ade9000 --voltage 230"));
}
