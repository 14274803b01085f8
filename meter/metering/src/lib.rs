//! The metering core 计量芯, first form: three-phase samples in, measured values, energy registers
//! and pulses out.
//!
//! [`Metering`] is a struct fed by samples, never a task: the ADC, its DMA and its SPI stay
//! outside. Everything is integer, so the same samples give the same bits on every machine.
//!
//! What happens to a [`Frame`]:
//! 1. The codes are clipped to ±[`CODE_LIMIT`] and joined according to the [`Wiring`].
//! 2. Sums of codes, of squares and of products grow in exact integers (`sums`).
//! 3. Every ten cycles (IEC 61000-4-30 basic interval; twelve at 60 Hz) between two zero crossings
//!    of the reference voltage, the sums become a [`Window`] and a movement of the [`Registers`].
//!    A crossing falls between two samples: what of the cell between them belongs to the left
//!    window is moved there exactly, so nothing is counted twice and nothing is dropped.
//! 4. The constant part (ADC offset) is taken out as the window's mean. A mean over whole cycles
//!    touches neither gain nor phase, unlike a high-pass filter.
//! 5. Reactive power multiplies the current with the voltage a quarter period ago, at the measured
//!    frequency and interpolated between samples. It's right for the **fundamental**
//!    (which is what IEC 62053-24 defines); harmonics that are in the voltage *and* in the current
//!    disturb it in this first form.
//! 6. A window below the starting power moves no register; above it all of its energy counts.
//!
//! Conversion from codes to milliwatt-hours keeps the rest of every division
//! ([`EnergyRegister::rest`]), so the registers lose nothing to rounding over any time.
//!
//! Nothing here is certified. The limits that the tests compare with (IEC 62053-22, IEC 62053-24)
//! were written down **from memory**; check them against the standards before relying on them.
#![no_std]
#![deny(clippy::float_arithmetic)]

mod channels;
mod configuration;
mod crossing;
mod energy;
mod fixed;
mod history;
mod measure;
mod metering;
mod sums;

pub use channels::{CODE_LIMIT, Frame};
pub use configuration::{
    ADE9000_FULL_SCALE_CODE, Configuration, ConfigurationError, CurrentScale, NominalFrequency,
    Settings, VoltageScale, Wiring,
};
pub use energy::{ActiveRegisters, EnergyRegister, Pulses, ReactiveRegister, Registers};
pub use measure::{PhaseWindow, Window};
pub use metering::Metering;
