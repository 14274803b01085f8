//! Conversations over DL/T 645-2007, told as traces.

mod bench;

use bench::{Fram, accept, at, fresh, reading, run, settings, steady};
use management::{Dlt645Session, Management, Wiring};
use proptest::prelude::*;
use quantity::{Duration, Instant};
use wire::MeterId;
use wire::dlt645::{Address, Decoder, Frame};

/// A meter at the end of a line.
struct Line {
    meter: Management<Fram>,
    session: Dlt645Session,
    now: Instant,
    answers: Vec<u8>,
}

impl Line {
    fn to(meter: Management<Fram>) -> Self {
        let now = at(11, 22, 17, 5, 9);
        Self { meter, session: Dlt645Session::new(), now, answers: Vec::new() }
    }

    fn send(&mut self, bytes: &[u8]) {
        let Self { meter, session, now, answers } = self;
        session.serve(meter, *now, bytes, |reply| answers.extend_from_slice(reply));
    }

    fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.answers)
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
}

fn frame(address: Address, control: u8, data: &[u8]) -> Vec<u8> {
    Frame::new(address, control, data).expect("short").to_bytes().to_vec()
}

fn own() -> Address {
    Address::of(settings().address)
}

fn read_id(id: u32) -> Vec<u8> {
    frame(own(), 0x11, &id.to_le_bytes())
}

/// `send!(line, "68 …")`, or `send!(line, read 0x0201_0100)`.
macro_rules! send {
    ($line:ident,read $id:expr) => {
        $line.send(&read_id($id))
    };
    ($line:ident, $bytes:expr) => {
        $line.send(&hex($bytes))
    };
}

/// `recv!(line, "68 …")` after four FE, or the data of a read: `recv!(line, 0x0201_0100: "01 22")`,
/// or a refusal: `recv!(line, refused 0xd1, 0x02)`, or `recv!(line, silence)`.
macro_rules! recv {
    ($line:ident,silence) => {
        assert_eq!($line.take(), [0_u8; 0], "silence is expected")
    };
    ($line:ident,refused $control:expr, $code:expr) => {
        recv!($line, frame frame(own(), $control, &[$code]))
    };
    ($line:ident, $id:literal : $data:expr) => {{
        let id: u32 = $id;
        let mut data = id.to_le_bytes().to_vec();
        data.extend(hex($data));
        recv!($line, frame frame(own(), 0x91, &data))
    }};
    ($line:ident,frame $frame:expr) => {{
        let (expected, found) = ([hex("FE FE FE FE"), $frame].concat(), $line.take());
        assert_eq!(found, expected, "\n found {found:02x?}\n wanted {expected:02x?}");
    }};
    ($line:ident, $bytes:expr) => {
        recv!($line, frame hex($bytes))
    };
}

/// A running meter: 1,234.56 kWh in, 7.89 kWh out.
fn running() -> Line {
    let mut meter = fresh();
    accept(&mut meter, &reading(at(11, 22, 11, 0, 0), 1_234_000_000, 7_890_000));
    accept(&mut meter, &reading(at(11, 22, 13, 0, 0), 1_234_569_999, 7_899_999));
    Line::to(meter)
}

fn meter_with(address: u64, wiring: Wiring) -> Management<Fram> {
    let mut settings = settings();
    settings.address = MeterId::new(address).expect("12 digits");
    settings.wiring = wiring;
    Management::personalise(Fram::blank(), &settings).expect("blank")
}

#[test]
fn real_frames_read_address_and_energy() {
    let mut line = Line::to(meter_with(10_604_867, Wiring::ThreePhase));
    send!(line, "68 AA AA AA AA AA AA 68 13 00 DF 16");
    recv!(line, "68 67 48 60 10 00 00 68 93 06 9A 7B 93 43 33 33 D9 16");
    send!(line, "68 67 48 60 10 00 00 68 11 04 33 33 34 33 D1 16");
    recv!(line, "68 67 48 60 10 00 00 68 91 08 33 33 34 33 33 33 33 33 21 16");
}

#[test]
fn real_frames_of_a_single_phase_meter() {
    let mut meter = meter_with(201_000_000_012, Wiring::SinglePhase);
    let mut live = reading(at(6, 1, 12, 0, 0), 0, 0);
    live.phases[0].voltage_millivolts = 225_600;
    accept(&mut meter, &live);
    let mut line = Line::to(meter);
    send!(line, "68 12 00 00 00 10 20 68 11 04 33 32 34 35 F5 16");
    recv!(line, "68 12 00 00 00 10 20 68 91 0A 33 32 34 35 89 55 32 32 32 32 21 16");
    send!(line, "68 12 00 00 00 10 20 68 11 04 33 33 34 36 F7 16");
    recv!(line, "68 12 00 00 00 10 20 68 D1 01 35 19 16");
}

#[test]
fn real_frames_of_date_and_broadcast() {
    let mut line = Line::to(meter_with(6_605_518, Wiring::ThreePhase));
    line.now = Instant::from_unix_milliseconds(1_546_063_200_000); // 2018-12-29 14:00 legal time
    let address = Address::of(line.meter.settings().address);
    line.send(&frame(address, 0x11, &0x0400_0101_u32.to_le_bytes()));
    recv!(line, "68 18 55 60 06 00 00 68 91 08 34 34 33 37 39 5C 45 4B 33 16");
    send!(line, "68 99 99 99 99 99 99 68 08 06 84 55 43 38 39 4A 4B 16");
    recv!(line, silence);
}

#[test]
fn energy_by_rate_and_as_blocks() {
    let mut line = running();
    send!(line, read 0x0001_0000);
    recv!(line, 0x0001_0000: "56 34 12 00");
    send!(line, read 0x0002_0000);
    recv!(line, 0x0002_0000: "89 07 00 00");
    send!(line, read 0x0000_0000);
    recv!(line, 0x0000_0000: "46 42 12 00");
    // The movement of 0.569999 kWh began at 11 h, in the sharp rate.
    send!(line, read 0x0001_0100);
    recv!(line, 0x0001_0100: "56 00 00 00");
    send!(line, read 0x0001_FF00);
    recv!(line, 0x0001_FF00: "56 34 12 00 56 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
    send!(line, read 0x0001_0500);
    recv!(line, refused 0xd1, 0x02);
    send!(line, read 0x0001_0001);
    recv!(line, refused 0xd1, 0x02);
    send!(line, read 0x0001_FFFF);
    recv!(line, refused 0xd1, 0x02);
}

#[test]
fn instantaneous_values_of_phases_and_totals() {
    let mut line = running();
    send!(line, read 0x0201_0100);
    recv!(line, 0x0201_0100: "01 22");
    send!(line, read 0x0201_FF00);
    recv!(line, 0x0201_FF00: "01 22 01 22 01 22");
    send!(line, read 0x0202_0300);
    recv!(line, 0x0202_0300: "32 54 00");
    send!(line, read 0x0203_FF00);
    recv!(line, 0x0203_FF00: "33 79 81 78 59 00 78 59 00 78 59 00");
    send!(line, read 0x0204_0000);
    recv!(line, 0x0204_0000: "60 10 03");
    send!(line, read 0x0205_0200);
    recv!(line, 0x0205_0200: "55 19 01");
    send!(line, read 0x0206_FF00);
    recv!(line, 0x0206_FF00: "00 85 00 05 00 05 00 05");
    send!(line, read 0x0280_0001);
    recv!(line, 0x0280_0001: "12 00 00");
    send!(line, read 0x0280_0002);
    recv!(line, 0x0280_0002: "98 49");
    for unknown in [0x0201_0000, 0x0201_0400, 0x0201_0101, 0x0280_0003, 0x0203_0400] {
        send!(line, read unknown);
        recv!(line, refused 0xd1, 0x02);
    }
}

#[test]
fn before_the_first_reading_values_are_absent() {
    let mut line = Line::to(fresh());
    send!(line, read 0x0203_FF00);
    recv!(line, 0x0203_FF00: "FF FF FF FF FF FF FF FF FF FF FF FF");
    send!(line, read 0x0280_0002);
    recv!(line, 0x0280_0002: "FF FF");
}

#[test]
fn nameplate_date_and_time() {
    let mut line = running();
    send!(line, read 0x0400_0101);
    recv!(line, 0x0400_0101: "00 22 11 26");
    send!(line, read 0x0400_0102);
    recv!(line, 0x0400_0102: "09 05 17");
    send!(line, read 0x0400_0401);
    recv!(line, 0x0400_0401: "42 00 00 00 00 00");
    send!(line, read 0x0400_0402);
    recv!(line, 0x0400_0402: "00 10 32 54 76 98");
    send!(line, read 0x0400_0404);
    recv!(line, 0x0400_0404: "00 00 56 30 32 32");
    send!(line, read 0x0400_0407);
    recv!(line, 0x0400_0407: "53 32 2E 30");
    send!(line, read 0x0400_0409);
    recv!(line, 0x0400_0409: "00 64 00");
    send!(line, read 0x0400_0601);
    recv!(line, 0x0400_0601: "05");
}

#[test]
fn freezes_and_settlements() {
    let mut meter = fresh();
    run(&mut meter, at(4, 28, 0, 0, 0), at(5, 2, 3, 0, 0), Duration::from_hours(1));
    let mut line = Line::to(meter);
    send!(line, read 0x0506_0001);
    recv!(line, 0x0506_0001: "00 00 02 05 26");
    send!(line, read 0x0506_0003);
    recv!(line, 0x0506_0003: "00 00 30 04 26");
    send!(line, read 0x0506_0006);
    recv!(line, refused 0xd1, 0x02);
    send!(line, read 0x0504_0001);
    recv!(line, 0x0504_0001: "00 03 02 05 26");
    let digits = |energy: i64| {
        format!(
            "{:02} {:02} {:02} {:02}",
            energy % 100,
            energy / 100 % 100,
            energy / 10_000 % 100,
            energy / 1_000_000
        )
    };
    let hundredths = |at| steady(at).import.milliwatt_hours() / 10_000;
    send!(line, read 0x0504_0102);
    recv!(line, 0x0504_0102: &digits(hundredths(at(5, 2, 2, 0, 0))));
    send!(line, read 0x0001_0001);
    recv!(line, 0x0001_0001: &digits(hundredths(at(5, 1, 0, 0, 0))));
    // The block over settlements ends with the oldest there is: now, and one month end.
    send!(line, read 0x0001_00FF);
    let (now, then) = (hundredths(at(5, 2, 3, 0, 0)), hundredths(at(5, 1, 0, 0, 0)));
    recv!(line, 0x0001_00FF: &format!("{} {}", digits(now), digits(then)));
    // A daily freeze holds total and rates: 20 bytes.
    send!(line, read 0x0506_0101);
    let reply = line.take();
    assert_eq!(reply.len(), 4 + 12 + 4 + 20);
}

#[test]
fn what_may_not_be_done_is_refused() {
    let mut line = running();
    for (control, error, code) in [
        (0x14, 0xd4, 0x04),
        (0x16, 0xd6, 0x01),
        (0x17, 0xd7, 0x08),
        (0x18, 0xd8, 0x04),
        (0x19, 0xd9, 0x04),
        (0x1a, 0xda, 0x04),
        (0x1b, 0xdb, 0x04),
        (0x1c, 0xdc, 0x04),
        (0x12, 0xd2, 0x02),
    ] {
        line.send(&frame(own(), control, &[0; 16]));
        recv!(line, refused error, code);
    }
    line.send(&frame(own(), 0x03, &[0; 8]));
    recv!(line, frame frame(own(), 0xc3, &[0x08, 0x00]));
    // A read whose identifier is cut short names no data.
    line.send(&frame(own(), 0x11, &[0; 3]));
    recv!(line, refused 0xd1, 0x02);
}

#[test]
fn silence_is_part_of_the_protocol() {
    let mut line = running();
    let read = 0x0001_0000_u32.to_le_bytes();
    let other = Address([0x43, 0, 0, 0, 0, 0]);
    for (address, control, data) in [
        (other, 0x11, &read[..]),
        (Address::BROADCAST, 0x11, &read[..]),
        (own(), 0x91, &read[..]),
        (own(), 0x1f, &read[..]),
        (own(), 0x13, &[][..]),
        (own(), 0x08, &[0x84, 0x55, 0x43, 0x38, 0x39, 0x4a][..]),
        (own(), 0x15, &[0; 6][..]),
        (Address::WILDCARD, 0x14, &[0; 16][..]),
        (Address::WILDCARD, 0x1c, &[0; 16][..]),
        (Address::WILDCARD, 0x13, &[0][..]),
    ] {
        line.send(&frame(address, control, data));
        recv!(line, silence);
    }
    let mut wrong_checksum = read_id(0x0001_0000);
    *wrong_checksum.iter_mut().nth_back(1).unwrap() ^= 1;
    line.send(&wrong_checksum);
    recv!(line, silence);
}

#[test]
fn wildcards_are_answered_with_the_own_address() {
    let mut line = running();
    let read = 0x0001_0000_u32.to_le_bytes();
    for address in [
        Address::WILDCARD,
        Address([0x42, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa]),
        Address([0x42, 0, 0, 0, 0, 0xaa]),
    ] {
        line.send(&frame(address, 0x11, &read));
        recv!(line, 0x0001_0000: "56 34 12 00");
    }
    line.send(&frame(Address([0x41, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa]), 0x11, &read));
    recv!(line, silence);
}

#[test]
fn noise_halves_and_crowds_of_frames() {
    let mut line = running();
    let request = read_id(0x0280_0002);
    for byte in &request {
        line.send(&[*byte]);
    }
    recv!(line, 0x0280_0002: "98 49");
    line.send(&[hex("FE FE 68 FF 16 68"), request.clone(), hex("FF FF"), request.clone()].concat());
    let answers = line.take();
    assert_eq!(answers.len(), 2 * (4 + 12 + 6));
    // Half a frame is forgotten when the line falls silent.
    line.send(&request[..9]);
    line.session.reset();
    line.send(&request);
    recv!(line, 0x0280_0002: "98 49");
}

proptest! {
    /// Whatever comes in: no panic, and what goes out is whole frames of this meter.
    #[test]
    fn any_bytes_get_whole_frames_or_silence(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut line = running();
        line.send(&bytes);
        prop_assert!(line.take().is_empty());
    }

    /// Any item under any function with any data: an answer fits the protocol.
    #[test]
    fn any_request_gets_at_most_one_answer(
        function in any::<u8>(),
        data in prop::collection::vec(any::<u8>(), 0..=200),
        wild in any::<bool>(),
    ) {
        let mut line = running();
        let address = if wild { Address::WILDCARD } else { own() };
        line.send(&frame(address, function, &data));
        let answers = line.take();
        let mut decoder = Decoder::new();
        let found: Vec<_> = answers.iter().filter_map(|byte| decoder.push(*byte)).collect();
        prop_assert!(found.len() <= 1);
        prop_assert_eq!(found.is_empty(), answers.is_empty());
        prop_assert!(found.iter().all(|frame| frame.address == own()));
        prop_assert!(found.iter().all(|frame| frame.control & 0x9f == function | 0x80));
    }

    /// Every identifier of the classes that exist.
    #[test]
    fn any_identifier_gets_an_answer(class in 0_u32..8, group in any::<u8>(), low in any::<u16>()) {
        let mut line = running();
        send!(line, read class << 24 | u32::from(group) << 16 | u32::from(low));
        prop_assert!(!line.take().is_empty());
    }
}
