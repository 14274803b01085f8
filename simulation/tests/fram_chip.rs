//! The MB85RC512T: the twin byte for byte on its bus, and the driver on the twin.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crypto::{Damaged, TwoCopy};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{ErrorKind, I2c, NoAcknowledgeSource, Operation};
use mb85rc512t::{DeviceId, Mb85rc512t, Straps};
use simulation::fram::Fram;
use simulation::fram::chip::{Acknowledge, Chip, LastByte, WriteProtect};
use wire::memory::Memory;

fn chip(straps: u8) -> Chip {
    Chip::new(Fram::new(Fram::MB85RC512T_BYTES), Straps::new(straps).unwrap())
}

fn driver() -> Mb85rc512t<Chip> {
    Mb85rc512t::new(chip(0), Straps::LOW)
}

/// Plays a line of the bus: `S` START, `P` STOP, a hex byte the master sends with the answer
/// expected (`+` acknowledged, `-` not), `>xx` a byte the master fetches and acknowledges, `>xx.`
/// the last one it fetches.
#[track_caller]
fn play(chip: &mut Chip, line: &str) {
    for word in line.split_whitespace() {
        match word {
            "S" => chip.start(),
            "P" => chip.stop(),
            _ => {
                if let Some(fetched) = word.strip_prefix('>') {
                    let more =
                        if fetched.ends_with('.') { Acknowledge::No } else { Acknowledge::Yes };
                    let expected = u8::from_str_radix(fetched.trim_end_matches('.'), 16).unwrap();
                    assert_eq!(chip.fetch(more), expected, "{word} in {line}");
                } else {
                    let (byte, answer) = word.split_at(2);
                    let expected = if answer == "+" { Acknowledge::Yes } else { Acknowledge::No };
                    let byte = u8::from_str_radix(byte, 16).unwrap();
                    assert_eq!(chip.send(byte), expected, "{word} in {line}");
                }
            }
        }
    }
}

#[test]
fn bytes_go_where_the_counter_stands() {
    let mut chip = chip(0);
    play(&mut chip, "S A0+ 12+ 34+ 61+ 62+ 63+ P");
    play(&mut chip, "S A0+ 12+ 34+ S A1+ >61 >62 >63. P");
    // Current address: behind the last byte.
    play(&mut chip, "S A0+ 12+ 34+ P S A1+ >61. P S A1+ >62. P");
    // Behind the last address comes the first, for writing and for reading.
    play(&mut chip, "S A0+ FF+ FF+ 0A+ 0B+ P");
    play(&mut chip, "S A0+ FF+ FF+ S A1+ >0A >0B >00. P");
    assert_eq!(chip.cells().image()[..2], [0x0b, 0]);
}

#[test]
fn eight_chips_share_a_bus_by_their_straps() {
    let mut chip = chip(5);
    play(&mut chip, "S A0- P S A8- P S AA+ 00+ 00+ 77+ P");
    play(&mut chip, "S AB+ >00. P S AA+ 00+ 00+ S AB+ >77. P");
    assert_eq!(Straps::new(8), None);
}

#[test]
fn a_chip_says_who_it_is() {
    let mut chip = chip(1);
    play(&mut chip, "S F8+ A2+ S F9+ >00 >A6 >58 >00 >A6. P");
    // Another chip is meant.
    play(&mut chip, "S F8+ A0- S F9- P");
    let mut driver = Mb85rc512t::new(chip, Straps::new(1).unwrap());
    assert_eq!(driver.device_id(), Ok(DeviceId::MB85RC512T));
    assert_eq!(DeviceId::from_bytes([0x00, 0xa5, 0x10]).manufacturer, 0x00a);
}

#[test]
fn a_protected_chip_acknowledges_and_keeps_what_it_had() {
    let mut driver = driver();
    driver.write_at(7, b"old").unwrap();
    driver.bus_mut().set_write_protect(WriteProtect::On);
    driver.write_at(7, b"new").unwrap();
    driver.bus_mut().set_write_protect(WriteProtect::Off);
    let mut read = [0; 3];
    driver.read_at(7, &mut read).unwrap();
    assert_eq!(&read, b"old");
}

#[test]
fn it_sleeps_and_wakes_after_a_while() {
    struct Wait(u32);
    impl DelayNs for Wait {
        fn delay_ns(&mut self, nanoseconds: u32) {
            self.0 += nanoseconds.div_ceil(1000);
        }
    }
    let mut chip = chip(0);
    play(&mut chip, "S A0+ 00+ 00+ 42+ P S F8+ A0+ S 86+ P");
    assert!(chip.is_asleep());
    play(&mut chip, "S F8- P S A2- P");
    assert!(chip.is_asleep(), "only its own address wakes it");
    let mut driver = Mb85rc512t::new(chip, Straps::LOW);
    let mut wait = Wait(0);
    driver.wake(&mut wait);
    assert_eq!(wait.0, 400);
    driver.bus_mut().pass(399);
    let nobody = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
    assert_eq!(driver.read_on(&mut [0]), Err(nobody));
    driver.bus_mut().pass(1);
    let mut read = [0];
    driver.read_at(0, &mut read).unwrap();
    assert_eq!(read, [0x42]);
}

#[test]
fn high_speed_lasts_until_the_stop() {
    let mut chip = chip(0);
    play(&mut chip, "S 0B- S A0+ 00+ 00+ 42+");
    assert!(chip.is_high_speed());
    play(&mut chip, "P");
    assert!(!chip.is_high_speed());
    play(&mut chip, "S A0+ 00+ 00+ S A1+ >42. P");
}

#[test]
fn a_cut_falls_at_any_byte_of_a_transaction() {
    // Address, two bytes of place, then data: the byte of the cut is lost, written or torn.
    for cut in 0..7_u64 {
        for last in [LastByte::Lost, LastByte::Written, LastByte::Torn(0x0f)] {
            let mut driver = driver();
            driver.write_at(0, &[0x11; 4]).unwrap();
            driver.bus_mut().cut_after(cut, last);
            assert!(driver.write_at(0, &[0xee; 4]).is_err());
            assert!(driver.read_at(0, &mut [0; 4]).is_err(), "it has no power");
            driver.bus_mut().power_on();
            let mut read = [0; 4];
            driver.read_at(0, &mut read).unwrap();
            let mut expected = [0x11; 4];
            if let Some(whole) = usize::try_from(cut).unwrap().checked_sub(3) {
                expected[..whole].fill(0xee);
                match last {
                    LastByte::Lost => {}
                    LastByte::Written => expected[whole] = 0xee,
                    LastByte::Torn(_) => expected[whole] = 0x1e,
                }
            }
            assert_eq!(read, expected, "cut at {cut}, {last:?}");
        }
    }
}

#[test]
fn operations_of_one_kind_are_one_transfer() {
    let mut chip = chip(0);
    let (mut one, mut two) = ([0; 2], [0; 3]);
    chip.write(0x50, &[0, 9, b'a', b'b', b'c', b'd', b'e']).unwrap();
    let before = chip.traffic();
    let operations = &mut [
        Operation::Write(&[0]),
        Operation::Write(&[9]),
        Operation::Read(&mut one),
        Operation::Read(&mut two),
    ];
    chip.transaction(0x50, operations).unwrap();
    assert_eq!((&one, &two), (b"ab", b"cde"));
    let after = chip.traffic();
    assert_eq!(after.starts - before.starts, 2);
    assert_eq!(after.bytes - before.bytes, 4 + 5);
}

#[test]
fn a_memory_stops_at_its_first_fault_and_reads_as_damage() {
    const RECORD: TwoCopy = TwoCopy::new(100, 8);
    let mut memory = driver();
    RECORD.store(&mut memory, b"one", &mut [0; 8]);
    // The power fails inside the body, and is back before the header is written.
    memory.bus_mut().cut_after(5, LastByte::Lost);
    memory.write(124, b"body");
    memory.bus_mut().power_on();
    memory.write(116, b"header behind a gap");
    assert!(memory.fault().is_some());
    assert_eq!(RECORD.load(&memory, &mut [0; 8]), Err(Damaged { address: 100 }));
    memory.clear_fault();
    let mut buffer = [0; 8];
    assert_eq!(RECORD.load(&memory, &mut buffer), Ok(Some(3)));
    assert_eq!(&buffer[..3], b"one");
}

#[test]
fn what_is_stored_often_is_stored_without_reading() {
    const RECORD: TwoCopy = TwoCopy::new(0, 8);
    let mut memory = driver();
    let mut buffer = [0; 8];
    let (none, mut turn) = RECORD.open(&memory, &mut buffer).unwrap();
    assert_eq!(none, None);
    for number in 0..10_u8 {
        let before = memory.bus_mut().traffic();
        RECORD.store_next(&mut memory, &[number; 8], &mut turn);
        let after = memory.bus_mut().traffic();
        // Twice an address and a place, eight bytes of body, sixteen of header.
        assert_eq!(after.bytes - before.bytes, 2 * 3 + 8 + 16);
        assert_eq!(RECORD.open(&memory, &mut buffer), Ok((Some(8), turn)));
        assert_eq!(buffer, [number; 8]);
    }
    // The slow way goes on where the fast one stopped.
    RECORD.store(&mut memory, b"last", &mut buffer);
    assert_eq!(RECORD.load(&memory, &mut buffer), Ok(Some(4)));
    assert_eq!(&buffer[..4], b"last");
}
