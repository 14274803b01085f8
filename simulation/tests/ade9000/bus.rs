//! Bytes on the bus: headers, widths, access, checks, bursts, the lock.

use super::{CONFIGURATION, FULL_LINE, at, peek, started, write};
use ade9000::{Permission, REGISTERS, Width, crc16};
use proptest::prelude::*;
use simulation::ade9000::Twin;

fn ready() -> Twin {
    let mut twin = Twin::new();
    (0..370).for_each(|_| twin.step(&[[0.0; 7]; 4]));
    twin
}

#[track_caller]
fn answers(twin: &mut Twin, mosi: &[u8], miso: &[u8]) {
    assert_eq!(twin.exchange(mosi), miso, "{mosi:02X?}");
}

/// What drivers in the field send, and what the data sheet has them receive.
#[test]
fn a_conversation_in_bytes() {
    let mut twin = ready();
    // Version with its check.
    answers(&mut twin, &[0x4F, 0xE8, 0, 0, 0, 0], &[0, 0, 0x00, 0xFE, 0x13, 0xDE]);
    // A driver that takes a register of 16 bits for one of 32 reads data and check.
    answers(&mut twin, &[0x48, 0x08, 0, 0, 0, 0], &[0, 0, 0x00, 0x00, 0x1D, 0x0F]);
    // RUN written as 0xFFFFFFFF: the first 16 bits count.
    answers(&mut twin, &[0x48, 0x00, 0xFF, 0xFF, 0xFF, 0xFF], &[0; 6]);
    answers(&mut twin, &[0x48, 0x08, 0, 0], &[0, 0, 0x00, 0x01]);
    // CONFIG5, which isn't in the data sheet.
    answers(&mut twin, &[0x4A, 0x48, 0, 0, 0, 0], &[0, 0, 0x00, 0x63, 0x41, 0xCA]);
    // CONFIG2.
    answers(&mut twin, &[0x4A, 0xF8, 0, 0, 0, 0], &[0, 0, 0x0C, 0x00, 0x58, 0x62]);
    // APERIOD.
    answers(
        &mut twin,
        &[0x41, 0x88, 0, 0, 0, 0, 0, 0],
        &[0, 0, 0x00, 0xA0, 0x00, 0x00, 0x39, 0x5C],
    );
    // CRC_SPI keeps the check of that read, LAST_CMD its header, LAST_DATA_32 its data.
    answers(&mut twin, &[0x4A, 0x98, 0, 0], &[0, 0, 0x39, 0x5C]);
    answers(&mut twin, &[0x41, 0x88, 0, 0, 0, 0], &[0, 0, 0x00, 0xA0, 0x00, 0x00]);
    answers(&mut twin, &[0x4A, 0xE8, 0, 0], &[0, 0, 0x41, 0x88]);
    answers(&mut twin, &[0x42, 0x38, 0, 0, 0, 0], &[0, 0, 0x00, 0xA0, 0x00, 0x00]);
    // Trailing zeros behind a write of 16 bits, and a write that stops one byte early.
    answers(&mut twin, &[0x4B, 0x20, 0x1F, 0x3F, 0, 0], &[0; 6]);
    answers(&mut twin, &[0x4B, 0x20, 0x00], &[0; 3]);
    answers(&mut twin, &[0x4B, 0x28, 0, 0], &[0, 0, 0x1F, 0x3F]);
    // Nothing, and half a header.
    answers(&mut twin, &[], &[]);
    answers(&mut twin, &[0x48], &[0]);
}

/// Every register in its width, with its reset value and access.
#[test]
fn every_documented_register_answers() {
    for register in &REGISTERS {
        let mut twin = ready();
        let width = register.width.bytes();
        let read = |twin: &mut Twin| {
            let header = (register.address << 4 | 8).to_be_bytes();
            let miso = twin.exchange(&[&header[..], &[0; 6][..width + 2]].concat());
            let data = &miso[2..][..width];
            assert_eq!(crc16(data).to_be_bytes(), miso[2 + width..], "{}", register.name);
            data.iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
        };
        let value = read(&mut twin);
        // A copy starts with what it copies; STATUS1 says that the reset is done; the three about
        // the last transfer show the one before.
        let is_own = !(0x600..=0x6BC).contains(&register.address);
        if is_own && register.name != "STATUS1" {
            assert_eq!(value & register.reset_known, register.reset, "{}", register.name);
        }
        let ones = [0xFF; 4];
        twin.exchange(&[&(register.address << 4).to_be_bytes()[..], &ones[..width]].concat());
        if register.name == "CONFIG1" {
            // That was a reset.
            continue;
        }
        let after = read(&mut twin);
        let all = if register.width == Width::Bits16 { 0xFFFF } else { u32::MAX };
        let expected = match register.name {
            "STATUS0" | "STATUS1" => 0,
            "WR_LOCK" => 0,
            "RUN" | "CRC_FORCE" => 1,
            _ if register.access == Permission::ReadWrite && is_own => all,
            _ => value,
        };
        // What is about transfers changes with them.
        if !["LAST_CMD", "LAST_DATA_16", "LAST_DATA_32", "CRC_SPI"].contains(&register.name) {
            assert_eq!(after, expected, "{}", register.name);
        }
    }
}

#[test]
fn bursts_go_on_and_carry_no_check() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    bench.borrow_mut().run(8000);
    write(&bench, "CONFIG1", 0x0800);
    let miso = bench.borrow_mut().twin.exchange(&[&[0x60, 0x78][..], &[0; 16]].concat());
    let words: Vec<u32> =
        miso[2..].as_chunks().0.iter().map(|word| u32::from_be_bytes(*word)).collect();
    let names = ["AIRMS", "BIRMS", "CIRMS", "AVRMS"];
    assert_eq!(words, names.map(|name| peek(&bench, name)));
    assert!(words[0] > 52_000_000);
    // The region ends at 63C.
    let miso = bench.borrow_mut().twin.exchange(&[&[0x63, 0xC8][..], &[0; 8]].concat());
    assert_eq!(miso[6..], [0; 4]);
    // Outside of the regions one register is sent, and no check while bursts are on.
    let mut twin = bench.borrow().twin.clone();
    answers(&mut twin, &[0x4F, 0xE8, 0, 0, 0, 0], &[0, 0, 0x00, 0xFE, 0, 0]);
}

/// A peak is cleared by reading it, but not by a read that ends before its last bit.
#[test]
fn a_read_that_ends_early_changes_nothing() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "CONFIG3", 0x001C);
    bench.borrow_mut().run(800);
    let mut twin = bench.borrow().twin.clone();
    let peak = twin.peek(at("VPEAK")).to_be_bytes();
    for length in 2..6 {
        let miso = twin.exchange(&[0x40, 0x18, 0, 0, 0, 0][..length]);
        assert_eq!(miso[2..], peak[..length - 2]);
    }
    assert_eq!(twin.exchange(&[0x40, 0x18, 0, 0, 0, 0])[2..], peak);
    assert_eq!(twin.peek(at("VPEAK")), 0);
}

#[test]
fn a_locked_chip_keeps_its_configuration() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "AIGAIN", 7);
    write(&bench, "WR_LOCK", 0x3C64);
    let mut twin = bench.borrow().twin.clone();
    answers(&mut twin, &[0x4B, 0xF8, 0, 0], &[0, 0, 0, 1]);
    for name in ["AIGAIN", "CONFIG0", "MASK0", "EGY_TIME", "CONFIG1"] {
        let before = peek(&bench, name);
        write(&bench, name, before ^ 0x55);
        assert_eq!(peek(&bench, name), before, "{name}");
    }
    // Only the right key opens it.
    write(&bench, "WR_LOCK", 0x1234);
    write(&bench, "AIGAIN", 8);
    assert_eq!(peek(&bench, "AIGAIN"), 7);
    write(&bench, "WR_LOCK", 0x4AD1);
    write(&bench, "AIGAIN", 8);
    assert_eq!(peek(&bench, "AIGAIN"), 8);
}

#[test]
fn a_reset_takes_its_time_and_clears_everything() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "AIGAIN", 7);
    write(&bench, "CONFIG1", 1);
    let mut twin = bench.borrow().twin.clone();
    // In reset it hears and says nothing.
    twin.exchange(&[0x4B, 0x20, 0x00, 0x01]);
    answers(&mut twin, &[0x4F, 0xE8, 0, 0], &[0, 0, 0, 0]);
    for step in 0..370 {
        assert_eq!(twin.peek(at("STATUS1")), 0, "{step}");
        assert!(twin.pins().irq1);
        twin.step(&[[0.0; 7]; 4]);
    }
    assert_eq!(twin.peek(at("STATUS1")), 1 << 16);
    assert!(!twin.pins().irq1, "RSTDONE can't be masked");
    assert_eq!((twin.peek(0), twin.peek(at("EGY_TIME"))), (0, 0xFF));
}

/// What a chip answers to transfers, with a few steps between them.
fn play(transfers: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut twin = ready();
    twin.exchange(&[0x48, 0x00, 0x00, 0x01]);
    let mut answers = Vec::new();
    for (number, mosi) in transfers.iter().enumerate() {
        answers.push(twin.exchange(mosi));
        for step in 0..20 {
            let volts = f64::from(step) * if number % 2 == 0 { 0.07 } else { -9.0 };
            twin.step(&[[volts; 7]; 4]);
        }
    }
    answers
}

proptest! {
    /// Whatever is sent, as many bytes come back; the same again from the same beginning.
    #[test]
    fn any_bytes_are_answered(transfers in proptest::collection::vec(
        proptest::collection::vec(any::<u8>(), 0..40), 0..60,
    )) {
        let answers = play(&transfers);
        for (mosi, miso) in transfers.iter().zip(&answers) {
            prop_assert_eq!(mosi.len(), miso.len());
        }
        prop_assert_eq!(play(&transfers), answers);
    }

    /// Any value in any register, while the processor runs, stops nothing.
    #[test]
    fn any_configuration_is_survived(writes in proptest::collection::vec(
        (0_u16..0x800, any::<u32>()), 1..40,
    )) {
        let transfers: Vec<Vec<u8>> = writes.iter().map(|(address, value)| {
            [&(address << 4).to_be_bytes()[..], &value.to_be_bytes()].concat()
        }).collect();
        prop_assert_eq!(play(&transfers).len(), transfers.len());
    }
}
