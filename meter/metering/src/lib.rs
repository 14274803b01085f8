//! The metering core 计量芯: three-phase samples in, measured values, energy registers and pulses
//! out.
//!
//! [`Metering`] is a struct fed by samples, never a task: the ADC, its DMA and its SPI stay
//! outside. Everything is integer, so the same samples give the same bits on every machine.
//!
//! What happens to a [`Frame`]:
//! 1. The codes are clipped to ±[`CODE_LIMIT`] and joined according to the [`Wiring`].
//! 2. Sums of codes, of squares and of products grow in exact integers (`sums`).
//! 3. Zero crossings of the reference voltage are found with a polynomial of fifth order
//!    (`crossing`); every ten cycles (IEC 61000-4-30 basic interval; twelve at 60 Hz) the sums
//!    become a [`Window`] and a movement of the [`Registers`]. A crossing falls between two samples:
//!    the samples around it are shared between the two windows with a smooth edge (`border`), so
//!    nothing is counted twice and nothing is dropped.
//! 4. The constant part (ADC offset) is taken out as the window's mean. A mean over whole cycles
//!    touches neither gain nor phase, unlike a high-pass filter.
//! 5. Each cycle is folded onto a grid of 256 points (`fold`), whose Fourier transform gives the
//!    fundamental and the harmonics up to the 50th ([`Spectrum`]), and with them angles,
//!    distortion, unbalance and sequence.
//! 6. Reactive power is that of the fundamental (which is what IEC 62053-24 defines), so harmonics
//!    on both sides don't disturb it. A window that isn't cut at two crossings has none.
//! 7. A window below the starting power moves no register; above it all of its energy counts.
//!
//! Conversion from codes to milliwatt-hours keeps the rest of every division
//! ([`EnergyRegister::rest`]), so the registers lose nothing to rounding over any time.
//!
//! Nothing here is certified. The limits that the tests compare with (IEC 62053-22, IEC 62053-24)
//! were written down **from memory**; check them against the standards before relying on them.
#![no_std]
#![deny(clippy::float_arithmetic)]

mod border;
pub mod calibration;
mod channels;
mod complex;
mod conditioning;
mod configuration;
mod crossing;
mod energy;
mod events;
mod fixed;
mod fold;
mod fourier;
mod half_cycle;
mod limits;
mod measure;
mod metering;
mod pulse_output;
mod retained;
mod sequence;
mod spectrum;
mod sums;
mod tables;
mod window;
mod wiring;

pub use channels::{CODE_LIMIT, Frame};
pub use conditioning::{Conditioning, Correction, CurrentConditioning, REGIONS, Sensor};
pub use configuration::{
    ADE9000_FULL_SCALE_CODE, Configuration, ConfigurationError, CurrentScale, NominalFrequency,
    Settings, VoltageScale,
};
pub use energy::{ActiveRegisters, EnergyRegister, Pulses, ReactiveRegister, Registers};
pub use events::{Event, EventKind, Stage};
pub use fold::ORDERS;
pub use half_cycle::HalfCycle;
pub use limits::EventLimits;
pub use metering::Metering;
pub use pulse_output::PulseOutput;
pub use spectrum::{Channel, Spectrum};
pub use window::{Components, PhaseWindow, Window};
pub use wiring::Wiring;
