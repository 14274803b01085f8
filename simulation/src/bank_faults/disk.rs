//! A disk under an operating system: what was written, what is on the medium, and what lies
//! between when the power goes. It does what [`bank::log`] assumes of a medium, and nothing kinder.

use super::dice::Dice;
use bank::log::{Medium, MediumError};
use core::cell::RefCell;
use std::rc::Rc;

/// Part of a write that reaches the medium whole or not at all, unless the write is torn inside.
const SECTOR_BYTES: usize = 512;

/// A handle to a disk; the disk outlives the process that writes to it.
#[derive(Clone, Debug)]
pub(super) struct Disk(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    dice: Dice,
    /// What a power cut leaves.
    medium: Vec<u8>,
    /// What the operating system shows.
    shown: Vec<u8>,
    /// What was written since the last sync.
    unsynced: Vec<Write>,
    room: usize,
    power: Power,
    failing_syncs: u32,
    counts: DiskCounts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    On,
    /// Goes at this operation, counted down.
    GoesIn(u32),
    Off,
}

#[derive(Clone, Debug)]
enum Write {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

/// What went wrong on a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DiskCounts {
    pub(super) full: u64,
    pub(super) failed_syncs: u64,
    pub(super) torn: u64,
}

impl Disk {
    pub(super) fn new(dice: Dice) -> Self {
        Self(Rc::new(RefCell::new(State {
            dice,
            medium: Vec::new(),
            shown: Vec::new(),
            unsynced: Vec::new(),
            room: usize::MAX,
            power: Power::On,
            failing_syncs: 0,
            counts: DiskCounts::default(),
        })))
    }

    /// Lets the power go at one of the next operations.
    pub(super) fn cut_power_in(&self, operations: u32) {
        self.0.borrow_mut().power = Power::GoesIn(operations);
    }

    pub(super) fn is_off(&self) -> bool {
        self.0.borrow().power == Power::Off
    }

    /// Leaves so many bytes of room behind what is written.
    pub(super) fn leave_room(&self, bytes: usize) {
        let mut state = self.0.borrow_mut();
        state.room = state.shown.len().saturating_add(bytes);
    }

    pub(super) fn make_room(&self) {
        self.0.borrow_mut().room = usize::MAX;
    }

    /// Lets the next syncs fail.
    pub(super) fn fail_syncs(&self, times: u32) {
        self.0.borrow_mut().failing_syncs = times;
    }

    pub(super) fn counts(&self) -> DiskCounts {
        self.0.borrow().counts
    }

    /// What the operating system shows.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.borrow().shown.clone()
    }

    /// Flips a bit for all to see.
    pub(super) fn flip(&self, bit: usize) {
        let mut state = self.0.borrow_mut();
        let State { medium, shown, .. } = &mut *state;
        for bytes in [medium, shown] {
            if let Some(byte) = bytes.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    /// The power goes, if it hasn't yet, and comes again.
    pub(super) fn restart(&self) {
        let mut state = self.0.borrow_mut();
        state.lose_power();
        state.shown = state.medium.clone();
        state.power = Power::On;
        state.failing_syncs = 0;
    }

    /// The process dies, and what it wrote stays with the operating system.
    pub(super) fn go_on(&self) {
        let mut state = self.0.borrow_mut();
        state.power = Power::On;
        state.failing_syncs = 0;
    }
}

impl State {
    /// Counts an operation; refuses it if the power is off, or goes now.
    fn begin(&mut self) -> Result<Going, MediumError> {
        match self.power {
            Power::On => Ok(Going::On),
            Power::GoesIn(0) => {
                self.power = Power::Off;
                Ok(Going::Out)
            }
            Power::GoesIn(operations) => {
                self.power = Power::GoesIn(operations - 1);
                Ok(Going::On)
            }
            Power::Off => Err(refusal("the power is off")),
        }
    }

    /// Of each write since the last sync, everything, nothing or any part stays.
    fn lose_power(&mut self) {
        for write in core::mem::take(&mut self.unsynced) {
            let write = match write {
                Write::Length(length) if self.dice.once_in(2) => Write::Length(length),
                Write::Length(_) => continue,
                Write::Bytes(offset, bytes) => {
                    self.counts.torn += 1;
                    self.keep_part(offset, &bytes);
                    continue;
                }
            };
            apply(&mut self.medium, &write);
        }
    }

    fn keep_part(&mut self, offset: usize, bytes: &[u8]) {
        match self.dice.between(0, 4) {
            0 => {}
            1 => apply(&mut self.medium, &Write::Bytes(offset, bytes.to_vec())),
            2 | 3 => {
                let kept = self.dice.place(bytes.len() + 1);
                apply(&mut self.medium, &Write::Bytes(offset, bytes[..kept].to_vec()));
            }
            _ => self.keep_sectors(offset, bytes),
        }
    }

    fn keep_sectors(&mut self, offset: usize, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let end = (at + SECTOR_BYTES - (offset + at) % SECTOR_BYTES).min(bytes.len());
            if self.dice.once_in(2) {
                apply(&mut self.medium, &Write::Bytes(offset + at, bytes[at..end].to_vec()));
            }
            at = end;
        }
    }

    fn write(&mut self, write: Write) {
        apply(&mut self.shown, &write);
        self.unsynced.push(write);
    }

    /// What wasn't written counts as clean afterwards: the next sync says yes and does nothing, and
    /// the operating system goes on showing it.
    fn fail_sync(&mut self) -> MediumError {
        self.counts.failed_syncs += 1;
        self.lose_power();
        refusal("input/output error")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    On,
    Out,
}

fn refusal(reason: &str) -> MediumError {
    MediumError { reason: reason.to_owned() }
}

fn apply(bytes: &mut Vec<u8>, write: &Write) {
    match write {
        Write::Bytes(offset, part) => {
            let end = offset + part.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(part);
        }
        Write::Length(length) => bytes.resize(*length, 0),
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).expect("a simulated disk is small")
}

impl Medium for Disk {
    fn length(&mut self) -> Result<u64, MediumError> {
        Ok(self.0.borrow().shown.len() as u64)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        let state = self.0.borrow();
        let start = place(offset);
        let found = state.shown.get(start..start + buffer.len());
        buffer.copy_from_slice(found.ok_or_else(|| refusal("unexpected end of file"))?);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        let mut state = self.0.borrow_mut();
        let going = state.begin()?;
        let offset = place(offset);
        let fits = state.room.saturating_sub(offset).min(bytes.len());
        state.write(Write::Bytes(offset, bytes[..fits].to_vec()));
        if going == Going::Out {
            return Err(refusal("the power went"));
        }
        if fits < bytes.len() {
            state.counts.full += 1;
            return Err(refusal("no space left on device"));
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        let mut state = self.0.borrow_mut();
        if state.begin()? == Going::Out {
            return Err(refusal("the power went"));
        }
        if state.failing_syncs > 0 {
            state.failing_syncs -= 1;
            return Err(state.fail_sync());
        }
        for write in core::mem::take(&mut state.unsynced) {
            apply(&mut state.medium, &write);
        }
        Ok(())
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        let mut state = self.0.borrow_mut();
        let going = state.begin()?;
        state.write(Write::Length(place(length)));
        if going == Going::Out { Err(refusal("the power went")) } else { Ok(()) }
    }
}
