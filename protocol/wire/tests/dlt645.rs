//! DL/T 645 frames: real ones as vectors, the rule of the parser, and any bytes.

use proptest::prelude::*;
use quantity::{CivilDate, CivilTime, Energy, Instant};
use wire::MeterId;
use wire::dlt645::{Address, DataId, Decoder, Fields, Frame, Function, Item, Request};

/// Real frames (read in published traces, checksums recomputed): address, C, data.
const REAL: [(&str, &str, u8, &str); 9] = [
    ("68 AA AA AA AA AA AA 68 13 00 DF 16", "AAAAAAAAAAAA", 0x13, ""),
    (
        "68 67 48 60 10 00 00 68 93 06 9A 7B 93 43 33 33 D9 16",
        "000010604867",
        0x93,
        "67 48 60 10 00 00",
    ),
    ("68 67 48 60 10 00 00 68 11 04 33 33 34 33 D1 16", "000010604867", 0x11, "00 00 01 00"),
    (
        "68 67 48 60 10 00 00 68 91 08 33 33 34 33 33 33 33 33 21 16",
        "000010604867",
        0x91,
        "00 00 01 00 00 00 00 00",
    ),
    ("68 12 00 00 00 10 20 68 11 04 33 32 34 35 F5 16", "201000000012", 0x11, "00 FF 01 02"),
    (
        "68 12 00 00 00 10 20 68 91 0A 33 32 34 35 89 55 32 32 32 32 21 16",
        "201000000012",
        0x91,
        "00 FF 01 02 56 22 FF FF FF FF",
    ),
    ("68 12 00 00 00 10 20 68 D1 01 35 19 16", "201000000012", 0xd1, "02"),
    (
        "68 18 55 60 06 00 00 68 91 08 34 34 33 37 39 5C 45 4B 33 16",
        "000006605518",
        0x91,
        "01 01 00 04 06 29 12 18",
    ),
    (
        "68 99 99 99 99 99 99 68 08 06 84 55 43 38 39 4A 4B 16",
        "999999999999",
        0x08,
        "51 22 10 05 06 17",
    ),
];

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hex")).collect()
}

fn decode(bytes: &[u8]) -> Vec<Frame> {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for byte in bytes {
        frames.extend(decoder.push(*byte));
        frames.extend(core::iter::from_fn(|| decoder.pending()));
    }
    frames
}

#[test]
fn real_frames_are_read_and_written() {
    for (bytes, address, control, data) in REAL {
        let bytes = hex(bytes);
        let found = decode(&bytes);
        assert_eq!(found.len(), 1, "{bytes:02x?}");
        assert_eq!(found[0].address.to_string(), address);
        assert_eq!((found[0].control, &found[0].data[..]), (control, &hex(data)[..]));
        assert_eq!(found[0].to_bytes()[..], bytes[..]);
    }
}

#[test]
fn the_broadcast_time_is_read_as_legal_time() {
    let frame = &decode(&hex(REAL[8].0))[0];
    let date = CivilDate { year: 2017, month: 6, day: 5 };
    let time = CivilTime { date, hour: 10, minute: 22, second: 51, millisecond: 0 };
    assert_eq!(Request::of(frame), Some(Request::BroadcastTime(Instant::from_civil(time))));
    for bad in ["51 22 10 31 02 17", "51 22 10 00 06 17", "51 22 10 05 00 17", "60 22 10 05 06 17"]
    {
        let frame = Frame::new(Address::BROADCAST, 0x08, &hex(bad)).unwrap();
        assert_eq!(Request::of(&frame), Some(Request::Malformed(Function::BroadcastTime)), "{bad}");
    }
}

#[test]
fn after_a_false_start_one_byte_is_skipped() {
    let real = hex(REAL[2].0);
    // A 68 seven bytes before the true one makes it a second 68, with a length of 48H: the false
    // frame must come to its end before the true one can be seen.
    let noise = hex("FE FE 68 00 00 00 00 00 00");
    let found = decode(&[noise, real.clone(), hex("16 FF FF"), real, vec![0xfe; 72]].concat());
    assert_eq!(found.len(), 2);
    // 16, 68 and FE inside a frame mean nothing.
    let tricky =
        Frame::new(Address([0x16, 0x68, 0xfe, 0x16, 0x68, 0x68]), 0x11, &[0xe3, 0x35, 0xcb])
            .unwrap();
    let bytes = tricky.to_bytes_with_preamble();
    assert_eq!(decode(&[&bytes[..], &bytes[..]].concat()), [tricky.clone(), tricky]);
}

#[test]
fn a_frame_hidden_in_a_false_one_is_found() {
    let real = hex(REAL[2].0);
    // Claims 32 bytes of data, holds two real frames, and ends with a wrong checksum.
    let mut bytes = hex("68 00 00 00 00 00 00 68 11 20");
    bytes.extend([&real[..], &real[..]].concat());
    bytes.extend(hex("00 00"));
    assert_eq!(decode(&bytes).len(), 2);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let real = hex(REAL[5].0);
    for bit in 0..real.len() * 8 {
        let mut bytes = real.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decode(&bytes), [], "bit {bit}");
    }
}

#[test]
fn addresses_are_sent_low_pair_first() {
    let meter = MeterId::new(123_456_789_012).unwrap();
    let address = Address::of(meter);
    assert_eq!(address, Address([0x12, 0x90, 0x78, 0x56, 0x34, 0x12]));
    assert_eq!(address.meter(), Some(meter));
    assert_eq!(Address::WILDCARD.meter(), None);
    assert!(Address::WILDCARD.means(address));
    assert!(Address([0x12, 0x90, 0xaa, 0xaa, 0xaa, 0xaa]).means(address));
    assert!(!Address([0x12, 0xaa, 0x79, 0xaa, 0xaa, 0xaa]).means(address));
}

#[test]
fn numbers_keep_to_their_digits() {
    let written = |write: &dyn Fn(&mut Fields)| {
        let mut fields = Fields::new();
        write(&mut fields);
        fields.as_bytes().to_vec()
    };
    let energy = Energy::from_milliwatt_hours;
    assert_eq!(written(&|f| f.number(1_234_567, 3)), hex("99 99 99"));
    assert_eq!(written(&|f| f.number(1234, 3)), hex("34 12 00"));
    assert_eq!(written(&|f| f.signed(-1234, 3)), hex("34 12 80"));
    assert_eq!(written(&|f| f.signed(i64::MIN, 3)), hex("99 99 F9"));
    assert_eq!(written(&|f| f.signed(i64::MAX, 2)), hex("99 79"));
    assert_eq!(written(&|f| f.register(energy(999_999_999_999))), hex("99 99 99 99"));
    assert_eq!(written(&|f| f.register(energy(1_000_000_000_000))), hex("00 00 00 00"));
    assert_eq!(written(&|f| f.combined_register(energy(-12_340_000))), hex("34 12 00 80"));
    assert_eq!(written(&|f| f.text(b"5A", 6)), hex("00 00 00 00 41 35"));
}

proptest! {
    #[test]
    fn any_frame_survives_its_bytes(
        address in any::<[u8; 6]>(),
        control in any::<u8>(),
        data in prop::collection::vec(any::<u8>(), 0..=200),
    ) {
        let frame = Frame::new(Address(address), control, &data).unwrap();
        let bytes = frame.to_bytes_with_preamble();
        prop_assert_eq!(decode(&bytes), [frame]);
        for length in 0..bytes.len() {
            prop_assert_eq!(decode(&bytes[..length]), []);
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for frame in decode(&bytes) {
            prop_assert!(frame.data.len() <= 200);
            let _ = Request::of(&frame);
        }
    }

    /// Bytes that look like the beginning of frames keep the buffer within its bounds.
    #[test]
    fn crowds_of_starts_are_taken(bytes in prop::collection::vec(
        prop::sample::select(vec![0x68_u8, 0x16, 0x11, 0xc8, 0x00]), 0..2000))
    {
        let real = hex(REAL[2].0);
        let found = decode(&[&bytes[..], &[0; 212], &real[..]].concat());
        prop_assert!(!found.is_empty());
    }

    #[test]
    fn any_identifier_is_known_or_not(number in any::<u32>()) {
        let id = DataId(number);
        prop_assert_eq!(DataId::from_wire(&id.to_wire()), Some(id));
        let _ = Item::of(id);
    }
}
