//! The waveform buffer: pages, triggers, channels.

use super::{CONFIGURATION, FULL_LINE, FULL_SCALE, peek, started, write};
use ade9000::{FULL_SCALE_RMS, fields};

/// 32 kHz: 256 sets in 64 steps.
#[test]
fn pages_fill_and_the_capture_stops() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    bench.borrow_mut().run(800);
    write(&bench, "WFB_PG_IRQEN", 1 << 7);
    // Sinc, fixed rate, stop when full.
    write(&bench, "WFB_CFG", 0x0030);
    write(&bench, "STATUS0", u32::MAX);
    bench.borrow_mut().run(31);
    assert_eq!(peek(&bench, "STATUS0") & fields::STATUS0_PAGE_FULL, 0);
    bench.borrow_mut().run(1);
    assert_ne!(peek(&bench, "STATUS0") & fields::STATUS0_PAGE_FULL, 0);
    bench.borrow_mut().run(32);
    assert_eq!(peek(&bench, "WFB_TRG_STAT") >> 12, 15);
    let last = bench.borrow().twin.peek(0xFF8);
    assert_eq!(last, peek(&bench, "AI_SINC_DAT"));
    bench.borrow_mut().run(64);
    assert_eq!(bench.borrow().twin.peek(0xFF8), last, "stopped");
}

/// Centred: half a buffer after the trigger, and the address of the trigger.
#[test]
fn a_dip_triggers_the_capture() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    write(&bench, "DIP_LVL", FULL_SCALE_RMS / 32 * 19 / 20);
    write(&bench, "DIP_CYC", 1);
    bench.borrow_mut().run(1600);
    write(&bench, "WFB_TRG_CFG", 1);
    write(&bench, "WFB_CFG", 0x03B0);
    write(&bench, "STATUS0", u32::MAX);
    bench.borrow_mut().run(1000);
    assert_eq!(peek(&bench, "STATUS0") & fields::STATUS0_WFB_TRIG, 0);
    bench.borrow_mut().line.volts = FULL_SCALE / 10.0;
    bench.borrow_mut().run(1000);
    let both = fields::STATUS0_WFB_TRIG | fields::STATUS0_WFB_TRIG_IRQ;
    assert_eq!(peek(&bench, "STATUS0") & both, both);
    let address = 0x800 | u16::try_from(peek(&bench, "WFB_TRG_STAT") & 0x7FF).unwrap();
    // A dip is found at the end of a half cycle, at most 80 sets late: the 32 oldest sets have the
    // whole voltage (72 degrees of it), those behind the trigger a tenth.
    let peak_from = |first: u16| {
        let places = (0..32).map(|set| 0x800 | (first + 8 * set) & 0x7FF);
        places.map(|place| bench.borrow().twin.peek(place + 1).cast_signed().abs()).max().unwrap()
    };
    assert!(peak_from(address.wrapping_sub(1024 - 16)) > 40_000_000);
    assert!(peak_from(address + 256) < 10_000_000);
}

#[test]
fn a_burst_sends_the_chosen_channels() {
    let bench = started(FULL_LINE, &CONFIGURATION);
    bench.borrow_mut().run(800);
    // PCF; then one channel after the other is asked for.
    write(&bench, "WFB_CFG", 0x1330);
    bench.borrow_mut().run(300);
    let word = |place: u16| bench.borrow().twin.peek(0x800 + place);
    let read = |configuration: u32, words: usize| -> Vec<u32> {
        write(&bench, "WFB_CFG", configuration);
        let mosi = [&[0x80, 0x08][..], &vec![0; 4 * words]].concat();
        let miso = bench.borrow_mut().twin.exchange(&mosi);
        miso[2..].as_chunks().0.iter().map(|word| u32::from_be_bytes(*word)).collect()
    };
    assert_eq!(read(0x1320, 8), [0, 1, 2, 3, 4, 5, 6, 8].map(word));
    assert_eq!(read(0x0320, 7), [0, 1, 2, 3, 4, 5, 8].map(word));
    assert_eq!(read(0x0322, 4), [2, 3, 10, 11].map(word));
    assert_eq!(read(0x0329, 3), [1, 9, 17].map(word));
    assert_eq!(read(0x032E, 2), [6, 14].map(word));
    assert_eq!(read(0x032F, 2), [word(0), 0]);
}
