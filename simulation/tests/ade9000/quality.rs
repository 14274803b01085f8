//! Dips, swells, overcurrent, peaks, sequence, interrupts.

use super::{CONFIGURATION, FULL_LINE, FULL_SCALE, at, close, peek, started, write};
use ade9000::{FULL_SCALE_RMS, fields};
use simulation::ade9000::Line;

const CYCLE: u64 = 160;

fn level(share: f64) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "24 bits")]
    let level = (f64::from(FULL_SCALE_RMS) / 32.0 * share) as u32;
    level
}

#[test]
fn a_dip_is_found_measured_and_left() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    for (name, value) in [
        ("CONFIG1", fields::CONFIG1_DIP_SWELL_IRQ_MODE),
        ("DIP_LVL", level(0.9)),
        ("DIP_CYC", 4),
        ("MASK1", fields::STATUS1_DIPA),
        ("EVENT_MASK", 1),
    ] {
        write(&bench, name, value);
    }
    let run = |cycles: u64| bench.borrow_mut().run(cycles * CYCLE);
    run(100);
    write(&bench, "STATUS1", u32::MAX);
    assert!(bench.borrow().twin.pins().irq1 && bench.borrow().twin.pins().event);
    bench.borrow_mut().line.volts = FULL_SCALE * 0.6;
    // One cycle is too short for four half cycles.
    run(1);
    assert!(bench.borrow().twin.pins().irq1);
    run(9);
    let pins = bench.borrow().twin.pins();
    assert!(!pins.irq1 && !pins.event);
    close(f64::from(peek(&bench, "DIPA")), f64::from(level(0.6)), 3000.0);
    assert_eq!(peek(&bench, "EVENT_STATUS") & 0x3F, 0b111);
    write(&bench, "STATUS1", u32::MAX);
    assert!(bench.borrow().twin.pins().irq1, "cleared by ones");
    bench.borrow_mut().line.volts = FULL_SCALE;
    run(10);
    assert!(!bench.borrow().twin.pins().irq1, "the exit is told too");
    assert!(bench.borrow().twin.pins().event);
}

#[test]
fn swells_and_overcurrents_are_found() {
    let half = Line { volts: FULL_SCALE / 2.0, amperes: FULL_SCALE / 2.0, ..FULL_LINE };
    let bench = started(half, &CONFIGURATION);
    write(&bench, "SWELL_LVL", level(0.55));
    write(&bench, "SWELL_CYC", 2);
    write(&bench, "OILVL", level(0.7));
    bench.borrow_mut().run(50 * CYCLE);
    let events = fields::STATUS1_SWELLA | fields::STATUS1_OI;
    assert_eq!(peek(&bench, "STATUS1") & events, 0);
    bench.borrow_mut().line = FULL_LINE;
    bench.borrow_mut().run(10 * CYCLE);
    assert_eq!(peek(&bench, "STATUS1") & events, events);
    close(f64::from(peek(&bench, "SWELLB")), f64::from(level(1.0)), 3000.0);
    // A, B and C, and not the empty neutral.
    assert_eq!(peek(&bench, "OISTATUS"), 0b0111);
    close(f64::from(peek(&bench, "OIC")), f64::from(level(1.0)), 3000.0);
}

/// 74,532,013 / 32, with the phases that had it; reading clears it.
#[test]
fn peaks_are_kept_until_read() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "CONFIG3", 0xF000 | 0b100 << 2);
    bench.borrow_mut().run(4 * 8000);
    let read = || {
        let header = (at("VPEAK") << 4 | 8).to_be_bytes();
        let miso = bench.borrow_mut().twin.exchange(&[&header[..], &[0; 4]].concat());
        u32::from_be_bytes(miso[2..].try_into().unwrap())
    };
    // The first one is of the filters' settling.
    assert_ne!(read(), 0);
    bench.borrow_mut().run(8000);
    let peak = read();
    assert_eq!(peak >> 24, 0b100);
    close(f64::from(peak & 0x00FF_FFFF), 2_329_125.0, 300.0);
    assert_eq!(read(), 0);
}

#[test]
fn a_wrong_sequence_is_found() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "SEQ_CYC", 1);
    bench.borrow_mut().run(20 * CYCLE);
    write(&bench, "STATUS1", u32::MAX);
    bench.borrow_mut().run(20 * CYCLE);
    assert_eq!(peek(&bench, "STATUS1") & fields::STATUS1_SEQERR, 0);
    // VB and VC change places.
    write(&bench, "ADC_REDIRECT", 0o5_6_7_7_7_7_7);
    bench.borrow_mut().run(20 * CYCLE);
    assert_ne!(peek(&bench, "STATUS1") & fields::STATUS1_SEQERR, 0);
}

#[test]
fn zero_crossings_come_and_their_absence_is_told() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "ZXTOUT", 799);
    bench.borrow_mut().run(50 * CYCLE);
    let all = 0xFF << 9 & 0xFE00;
    assert_eq!(peek(&bench, "STATUS1") & all, all, "VA VB VC combined IA IB IC");
    assert_eq!(peek(&bench, "STATUS1") & fields::STATUS1_ZXTOVA, 0);
    bench.borrow_mut().line.volts = 0.0;
    bench.borrow_mut().run(20 * CYCLE);
    assert_ne!(peek(&bench, "STATUS1") & fields::STATUS1_ZXTOVA, 0);
}

#[test]
fn a_neutral_that_carries_more_is_a_mismatch() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "ISUMLVL", FULL_SCALE_RMS / 10);
    write(&bench, "CONFIG0", 0);
    bench.borrow_mut().run(8000);
    write(&bench, "STATUS0", u32::MAX);
    bench.borrow_mut().run(8000);
    assert_eq!(peek(&bench, "STATUS0") & fields::STATUS0_MISMTCH, 0);
    // One current less: the sum of the other two is as high as one.
    write(&bench, "CHNL_DIS", 1);
    bench.borrow_mut().run(16_000);
    assert_ne!(peek(&bench, "STATUS0") & fields::STATUS0_MISMTCH, 0);
    close(f64::from(peek(&bench, "ISUMRMS")), f64::from(FULL_SCALE_RMS), 1500.0);
}
