//! What runs on the metering core 计量芯: the ADE9000 on its SPI bus, the pipeline of `metering`,
//! and the energy registers in the FRAM on its I2C bus.
//!
//! [`MeteringCore`] is made of the traits of `embedded-hal` and of nothing else, so a
//! microcontroller and the twins in `simulation` run the same functions. It owns no task and no
//! clock: whoever has the interrupt pins and a timer calls [`MeteringCore::serve`] when a pin is
//! low, and [`MeteringCore::commit`] as often as energy may be lost at most.
//!
//! 1. Start: the registers come from the memory; the chip is reset, must be an ADE9000, is
//!    configured, summed up and locked.
//! 2. The chip fills its waveform buffer at 8 kS/s behind its decimation filter, before any gain,
//!    high-pass or phase correction of its own: those of the pipeline are exact. It calls at each
//!    half of the buffer, 16 ms.
//! 3. A half is read page by page in bursts; each page is believed only while the chip can't have
//!    written over it. Its samples go into the pipeline, whose windows are handed out.
//! 4. What goes wrong on the board is an [`Incident`] when the core could go on by itself, and a
//!    [`Fault`] when it couldn't. Energy that wasn't measured is never counted.
//!
//! Not here: the frame to the management core's SPI, pulse outputs, and calibration.
#![no_std]

mod core;
mod fault;
mod reading;
mod registers;

pub use crate::core::{Board, Interrupts, MeteringCore};
pub use fault::{Fault, Incident};
pub use reading::reading;
pub use registers::{RECORD, RegisterKeeper, Unreadable};
