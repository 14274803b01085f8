//! The waveform buffer: 2048 words, filled at a fixed rate or with 128 points in a cycle.

use super::channels::{CHANNELS, IN, Instants, Samples, VA};
use super::crossings::{Seen, line_period};
use super::events::Raised;
use super::registers::{RegisterFile, STATUS0, WFB_CFG, WFB_TRG_CFG};
use ade9000::address_of;
use ade9000::fields::{
    STATUS0_COH_WFB_FULL, STATUS0_PAGE_FULL, STATUS0_WFB_TRIG, STATUS0_WFB_TRIG_IRQ,
    WFB_CFG_CAP_EN, WFB_CFG_CAP_SEL, WFB_CFG_IN_EN,
};

const WFB_PG_IRQEN: u16 = address_of("WFB_PG_IRQEN");
const WFB_TRG_STAT: u16 = address_of("WFB_TRG_STAT");
const AI_SINC_DAT: u16 = address_of("AI_SINC_DAT");
const AI_LPF_DAT: u16 = address_of("AI_LPF_DAT");
const WORDS: usize = 2048;
const PAGE_WORDS: usize = 128;
const POINTS_IN_CYCLE: f64 = 128.0;
/// The order of samples in registers and in the buffer: IA VA IB VB IC VC IN.
const ORDER: [usize; CHANNELS] = [0, VA, 1, VA + 1, 2, VA + 2, IN];

/// The buffer and where it is filled.
#[derive(Clone, Debug)]
pub(super) struct Buffer {
    words: Vec<u32>,
    next: usize,
    runs: bool,
    /// Words still to be written after the trigger of a centred capture.
    left: Option<usize>,
    before: [f64; CHANNELS],
    /// Samples until the next of 128 points.
    until_point: f64,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self {
            words: vec![0; WORDS],
            next: 0,
            runs: false,
            left: None,
            before: [0.0; CHANNELS],
            until_point: 0.0,
        }
    }

    /// A change of `WF_CAP_EN`: a capture begins with the buffer's first word.
    pub(super) const fn enable(&mut self, before: u32, after: u32) {
        if after & WFB_CFG_CAP_EN == 0 {
            self.runs = false;
        } else if before & WFB_CFG_CAP_EN == 0 {
            self.next = 0;
            self.runs = true;
            self.left = None;
            self.until_point = 0.0;
        }
    }

    /// Which samples at 32 kHz the next step takes.
    pub(super) fn instants(&self, registers: &RegisterFile) -> Instants {
        let configuration = registers.get(WFB_CFG);
        let is_fixed = configuration & WFB_CFG_CAP_SEL != 0;
        let is_sinc = configuration >> 9 & 1 == 0;
        if self.runs && is_fixed && is_sinc { Instants::All } else { Instants::Last }
    }

    pub(super) fn step(
        &mut self,
        samples: &Samples,
        seen: &Seen,
        raised: Raised,
        registers: &mut RegisterFile,
    ) {
        publish(samples, registers);
        let configuration = registers.get(WFB_CFG);
        if self.runs && configuration & WFB_CFG_CAP_SEL == 0 {
            self.resample(&samples.pcf, registers);
        } else if self.runs {
            match configuration >> 8 & 3 {
                0 | 1 => samples.sinc.iter().for_each(|set| self.put_fixed(set, registers)),
                2 => self.put_fixed(&samples.lpf, registers),
                _ => self.put_fixed(&samples.pcf.map(integer), registers),
            }
        }
        self.before = samples.pcf;
        if self.runs && is_triggered(seen, raised, registers) {
            self.trigger(registers);
        }
        registers.clear(WFB_TRG_CFG, FORCE);
    }

    /// 128 points in a cycle, between two samples on a straight line.
    fn resample(&mut self, pcf: &[f64; CHANNELS], registers: &mut RegisterFile) {
        let spacing = (line_period(registers) / POINTS_IN_CYCLE).max(1.0);
        while self.until_point < 1.0 && self.runs {
            let place = self.until_point;
            let point = ORDER.map(|channel| {
                let value = self.before[channel] * (1.0 - place) + pcf[channel] * place;
                half(value / 4096.0)
            });
            let [ia, va, ib, vb, ic, vc, neutral] = point;
            let words = [(ia, va), (ib, vb), (ic, vc), (neutral, 0)];
            let words = words.map(|(high, low)| u32::from(high) << 16 | u32::from(low));
            self.put(&words, registers);
            self.until_point += spacing;
        }
        self.until_point -= 1.0;
    }

    fn put_fixed(&mut self, set: &[i32; CHANNELS], registers: &mut RegisterFile) {
        let mut words = [0; 8];
        for (word, channel) in words.iter_mut().zip(ORDER) {
            *word = set[channel].cast_unsigned();
        }
        self.put(&words, registers);
    }

    fn put(&mut self, set: &[u32], registers: &mut RegisterFile) {
        if !self.runs {
            return;
        }
        self.words[self.next..][..set.len()].copy_from_slice(set);
        self.next += set.len();
        if self.next.is_multiple_of(PAGE_WORDS) {
            self.page_is_full(registers);
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(set.len());
            if *left == 0 {
                self.stop_after_trigger(registers);
            }
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "at most 16 pages")]
    fn page_is_full(&mut self, registers: &mut RegisterFile) {
        let page = self.next as u32 / PAGE_WORDS as u32 - 1;
        if registers.get(WFB_PG_IRQEN) >> page & 1 == 1 {
            registers.raise(STATUS0, STATUS0_PAGE_FULL);
        }
        let address = registers.get(WFB_TRG_STAT) & 0x7FF;
        registers.set(WFB_TRG_STAT, page << 12 | address);
        if self.next < WORDS {
            return;
        }
        self.next = 0;
        let configuration = registers.get(WFB_CFG);
        let is_resampled = configuration & WFB_CFG_CAP_SEL == 0;
        if is_resampled {
            registers.raise(STATUS0, STATUS0_COH_WFB_FULL);
        }
        self.runs = !is_resampled && configuration >> 6 & 3 != 0;
    }

    /// The address of the trigger is kept; by mode the capture stops now, half a buffer later, or
    /// not at all.
    #[allow(clippy::cast_possible_truncation, reason = "below 2048")]
    fn trigger(&mut self, registers: &mut RegisterFile) {
        if self.left.is_some() {
            return;
        }
        registers.raise(STATUS0, STATUS0_WFB_TRIG);
        let page = registers.get(WFB_TRG_STAT) & 0xF000;
        registers.set(WFB_TRG_STAT, page | self.next as u32);
        match registers.get(WFB_CFG) >> 6 & 3 {
            1 => self.stop_after_trigger(registers),
            2 => self.left = Some(WORDS / 2),
            _ => {}
        }
    }

    fn stop_after_trigger(&mut self, registers: &mut RegisterFile) {
        self.runs = false;
        self.left = None;
        registers.raise(STATUS0, STATUS0_WFB_TRIG_IRQ);
    }

    /// One word.
    pub(super) fn word(&self, address: u16) -> u32 {
        self.words[usize::from(address & 0x7FF)]
    }

    /// The bytes of a burst from an address on, as long as the master clocks; where the chosen
    /// channels end, the next set follows, and behind the last set the first.
    pub(super) fn burst(&self, address: u16, registers: &RegisterFile, miso: &mut [u8]) {
        let configuration = registers.get(WFB_CFG);
        let from = usize::from(address & 0x7FF);
        let Some(chosen) = chosen(configuration) else {
            let word = self.words[from].to_be_bytes();
            miso.iter_mut().zip(word).for_each(|(out, byte)| *out = byte);
            return;
        };
        let is_resampled = configuration & WFB_CFG_CAP_SEL == 0;
        // Half-words or words: the place of a channel in its set is the same.
        let (scale, width) = if is_resampled { (2, 2) } else { (1, 4) };
        let places = (from * scale..).map(|place| place % (WORDS * scale));
        let wanted = places.filter(|place| chosen >> (place % 8) & 1 == 1);
        for (out, place) in miso.chunks_mut(width).zip(wanted) {
            let bytes = self.words[place / scale].to_be_bytes();
            let begin = place % scale * width;
            out.copy_from_slice(&bytes[begin..][..out.len()]);
        }
    }
}

/// Places of a set that a burst sends, by `BURST_CHAN`; `None` for a single address.
const fn chosen(configuration: u32) -> Option<u8> {
    Some(match configuration & 0xF {
        0 if configuration & WFB_CFG_IN_EN == 0 => 0b011_1111,
        0 => 0b111_1111,
        1 => 0b000_0011,
        2 => 0b000_1100,
        3 => 0b011_0000,
        channel @ 8..=0xE => 1 << (channel - 8),
        _ => return None,
    })
}

/// `TRIG_FORCE` of `WFB_TRG_CFG`; clears itself here.
const FORCE: u32 = 1 << 10;

fn is_triggered(seen: &Seen, raised: Raised, registers: &RegisterFile) -> bool {
    let [va, vb, vc, combined, ia, ib, ic] = *seen;
    let causes =
        [raised.dip, raised.swell, raised.overcurrent, ia, ib, ic, va, vb, vc, combined, true];
    let chosen = registers.get(WFB_TRG_CFG);
    causes.into_iter().enumerate().any(|(bit, cause)| cause && chosen >> bit & 1 == 1)
}

/// The latest samples in their registers.
fn publish(samples: &Samples, registers: &mut RegisterFile) {
    for (place, channel) in (0_u16..).zip(ORDER) {
        registers.set(AI_SINC_DAT + place, samples.sinc[3][channel].cast_unsigned());
        registers.set(AI_LPF_DAT + place, samples.lpf[channel].cast_unsigned());
    }
}

#[allow(clippy::cast_possible_truncation, reason = "it saturates")]
fn integer(value: f64) -> i32 {
    value as i32
}

#[allow(clippy::cast_possible_truncation, reason = "it saturates")]
fn half(value: f64) -> u16 {
    (value.round() as i16).cast_unsigned()
}
