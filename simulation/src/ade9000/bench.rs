//! A twin on a line: what stands on a bench in a laboratory, with the traits that a driver needs.

use super::{Board, Line, Recording, Reference, Twin};
use core::cell::RefCell;
use core::convert::Infallible;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};

/// A chip, a board and a line. Time goes on only when it's told to.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The chip.
    pub twin: Twin,
    /// What is on the line from now on.
    pub line: Line,
    /// What the dividers of the line's voltages begin at.
    pub reference: Reference,
    /// What is played instead of the line.
    pub recording: Option<Recording>,
    /// Between the line and the pins.
    pub board: Board,
    step: u64,
}

impl Bench {
    /// A chip that has just got its supply.
    #[must_use]
    pub fn new(board: Board, line: Line) -> Self {
        let reference = Reference::Neutral;
        Self { twin: Twin::new(), line, reference, recording: None, board, step: 0 }
    }

    /// Goes on by this many steps of 1/8000 s.
    pub fn run(&mut self, steps: u64) {
        for _ in 0..steps {
            let pins = [0, 1, 2, 3].map(|quarter| {
                let sample = 4 * self.step + quarter;
                match &self.recording {
                    Some(recording) => recording.pins(&self.board, sample),
                    None => self.reference.pins(self.line.pins(&self.board, sample)),
                }
            });
            self.twin.step(&pins);
            self.step += 1;
        }
    }

    /// Goes on to where the chip has come out of its reset, if it's in one.
    pub fn finish_reset(&mut self) {
        while self.twin.is_in_reset() {
            self.run(1);
        }
    }

    /// Steps since the supply came.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.step
    }
}

/// The bus of a bench. A transfer takes no time.
#[derive(Clone, Copy, Debug)]
pub struct Bus<'b>(pub &'b RefCell<Bench>);

impl ErrorType for Bus<'_> {
    type Error = Infallible;
}

impl SpiDevice for Bus<'_> {
    /// One transaction is one chip-select assertion.
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        self.0.borrow_mut().twin.transact(operations);
        Ok(())
    }
}

/// The time of a bench: waiting lets it go on, by whole steps and never less than asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'b>(pub &'b RefCell<Bench>);

impl DelayNs for Wait<'_> {
    fn delay_ns(&mut self, ns: u32) {
        self.0.borrow_mut().run(u64::from(ns).div_ceil(125_000));
    }
}
