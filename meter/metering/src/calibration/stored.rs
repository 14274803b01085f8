//! A calibration as bytes, for a memory or a file.
//!
//! ```text
//! record  = magic "JIDIANCC" (8) ‖ version (2) ‖ plan ‖ SM3 of the readings (32)
//!           ‖ voltage A, B, C ‖ current A, B, C, neutral ‖ check (32)
//! plan    = wiring (1) ‖ nominal hertz (1) ‖ sample rate in hertz (4) ‖ nominal voltage in mV (4)
//!           ‖ smallest, largest current in µA (4, 4) ‖ sensor (1) ‖ high-pass, 0 without (1)
//!           ‖ regions at most, 0 if borders are given (1) ‖ borders in µA (4 × 4)
//!           ‖ hysteresis in ‰ (2) ‖ repeatability, residual in ppm (4, 4)
//! voltage = gain in ppb (4) ‖ delay in ns (4)
//! current = regions (1) ‖ five times gain and delay (5 × 8) ‖ four times down and up in µA (4 × 8)
//! wiring  = 1 one phase, 2 3P3W, 3 3P4W;  sensor = 1 transformer, 2 Rogowski coil
//! check   = SM3 of "JIDIAN-CALIBRATION-1" and of everything before
//! ```
//!
//! Numbers are big-endian; what isn't used is zero. One calibration has one encoding.

use super::Calibration;
use super::bounds;
use super::error::{CalibrationError, OutOfBounds, PlanFault};
use super::plan::{Plan, Regions};
use super::reading::Reading;
use crate::conditioning::{Conditioning, Correction, CurrentConditioning, REGIONS, Sensor};
use crate::configuration::NominalFrequency;
use crate::retained::{Fields, Out};
use crate::wiring::Wiring;
use crypto::Sm3;

const MAGIC: [u8; 8] = *b"JIDIANCC";
const VERSION: u16 = 1;
const CHECK_LABEL: &[u8] = b"JIDIAN-CALIBRATION-1";
const READINGS_LABEL: &[u8] = b"JIDIAN-READINGS-1";
const CHECK_BYTES: usize = 32;
const HEAD_BYTES: usize = 8 + 2;
const PLAN_BYTES: usize = 1 + 1 + 4 + 4 + 4 + 4 + 1 + 1 + 1 + 4 * 4 + 2 + 4 + 4;
const CURRENT_BYTES: usize = 1 + REGIONS * 8 + (REGIONS - 1) * 8;

/// Why bytes are no calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredError {
    /// Not [`Calibration::BYTES`] long.
    Length(usize),
    /// It doesn't begin as a calibration does.
    Magic,
    /// Of another version.
    Version(u16),
    /// The check doesn't fit: some bit has changed.
    Check,
    /// A code that stands for nothing.
    Code {
        /// Of what.
        field: &'static str,
        /// The code.
        code: u8,
    },
    /// The plan can't be followed.
    Plan(PlanFault),
    /// A constant is beyond its bound.
    Bound(OutOfBounds),
    /// Something that isn't used isn't zero.
    Unused,
}

impl core::error::Error for StoredError {}

impl core::fmt::Display for StoredError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Length(length) => {
                write!(f, "{length} bytes long; constants have {}", Calibration::BYTES)
            }
            Self::Magic => f.write_str("doesn't begin as constants of a calibration do"),
            Self::Version(version) => {
                write!(f, "constants of version {version}; this program knows version {VERSION}")
            }
            Self::Check => f.write_str("damaged: the check doesn't fit; calibrate again"),
            Self::Code { field, code } => write!(f, "{field}: {code} stands for nothing"),
            Self::Plan(fault) => fault.fmt(f),
            Self::Bound(bound) => bound.fmt(f),
            Self::Unused => f.write_str("a field of the plan that isn't used isn't zero"),
        }
    }
}

impl Calibration {
    /// Length of a record.
    pub const BYTES: usize = HEAD_BYTES + PLAN_BYTES + 32 + 3 * 8 + 4 * CURRENT_BYTES + CHECK_BYTES;

    /// The record, check included.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let mut out = Out(&mut bytes);
        out.put(MAGIC);
        out.put(VERSION.to_be_bytes());
        put_plan(&mut out, &self.plan);
        out.put(self.readings);
        for voltage in &self.conditioning.voltages {
            put_correction(&mut out, voltage);
        }
        for current in &self.conditioning.currents {
            put_current(&mut out, current);
        }
        let check = check_of(&bytes[..Self::BYTES - CHECK_BYTES]);
        bytes[Self::BYTES - CHECK_BYTES..].copy_from_slice(&check);
        bytes
    }

    /// The check of the record, which names these constants.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let bytes = self.to_bytes();
        check_of(&bytes[..Self::BYTES - CHECK_BYTES])
    }

    /// Reads a record.
    ///
    /// # Errors
    /// Any changed bit, another version, a constant beyond its bound.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoredError> {
        let Ok(record) = <&[u8; Self::BYTES]>::try_from(bytes) else {
            return Err(StoredError::Length(bytes.len()));
        };
        let (content, check) = record.split_at(Self::BYTES - CHECK_BYTES);
        let mut fields = Fields(content);
        if next(&mut fields) != MAGIC {
            return Err(StoredError::Magic);
        }
        let version = u16::from_be_bytes(next(&mut fields));
        if version != VERSION {
            return Err(StoredError::Version(version));
        }
        if check_of(content) != *check {
            return Err(StoredError::Check);
        }
        let plan = plan(&mut fields)?;
        let readings = next(&mut fields);
        let voltages = core::array::from_fn(|_| correction(&mut fields));
        let currents = core::array::from_fn(|_| current(&mut fields, plan.sensor));
        let conditioning = Conditioning { voltages, currents, high_pass: plan.high_pass };
        if let Err(CalibrationError::Plan(fault)) = plan.check() {
            return Err(StoredError::Plan(fault));
        }
        bounds::check(&plan, &conditioning).map_err(StoredError::Bound)?;
        let calibration = Self { plan, conditioning, readings };
        // One encoding for one meaning.
        if calibration.to_bytes() == *record { Ok(calibration) } else { Err(StoredError::Unused) }
    }
}

fn check_of(content: &[u8]) -> [u8; 32] {
    let mut hash = Sm3::new();
    hash.update(CHECK_LABEL);
    hash.update(content);
    hash.finish().0
}

/// SM3 over all readings, each field in order.
pub(super) fn digest_of(readings: &[Reading]) -> [u8; 32] {
    let mut hash = Sm3::new();
    hash.update(READINGS_LABEL);
    for reading in readings {
        let mut bytes = [0; 1 + 4 + 2 * 37];
        let mut out = Out(&mut bytes);
        out.put(reading.element.name().as_bytes().first_chunk::<1>().copied().unwrap_or_default());
        out.put(reading.frequency_millihertz.to_be_bytes());
        for side in [&reading.reference, &reading.shown] {
            out.put(side.voltage_microvolts.to_be_bytes());
            out.put(side.current_nanoamperes.to_be_bytes());
            out.put(side.active_nanowatts.to_be_bytes());
            out.put(side.reactive_nanovars.to_be_bytes());
            let angle = side.voltage_angle_microdegrees;
            out.put([u8::from(angle.is_some())]);
            out.put(angle.unwrap_or(0).to_be_bytes());
        }
        hash.update(&bytes);
    }
    hash.finish().0
}

fn put_plan(out: &mut Out<'_>, plan: &Plan) {
    out.put([match plan.wiring {
        Wiring::SinglePhase => 1,
        Wiring::ThreePhaseThreeWire => 2,
        Wiring::ThreePhaseFourWire
        | Wiring::FourWireWyeTwoVoltages
        | Wiring::FourWireDeltaTwoVoltages => 3,
    }]);
    out.put([match plan.nominal_frequency {
        NominalFrequency::Hertz50 => 50,
        NominalFrequency::Hertz60 => 60,
    }]);
    out.put(plan.sample_rate_hertz.to_be_bytes());
    out.put(plan.nominal_voltage_millivolts.to_be_bytes());
    out.put(plan.current_min_microamperes.to_be_bytes());
    out.put(plan.current_max_microamperes.to_be_bytes());
    out.put([match plan.sensor {
        Sensor::Transformer => 1,
        Sensor::Rogowski => 2,
    }]);
    out.put([plan.high_pass.map_or(0, |shift| u8::try_from(shift).unwrap_or(0))]);
    let (most, borders) = match plan.regions {
        Regions::AtMost(most) => (most, [0; REGIONS - 1]),
        Regions::At(borders) => (0, borders),
    };
    out.put([most]);
    borders.into_iter().for_each(|border| out.put(border.to_be_bytes()));
    out.put(plan.hysteresis_permille.to_be_bytes());
    out.put(plan.repeatability_ppm.to_be_bytes());
    out.put(plan.residual_max_ppm.to_be_bytes());
}

fn put_correction(out: &mut Out<'_>, correction: &Correction) {
    out.put(correction.gain_ppb.to_be_bytes());
    out.put(correction.delay_nanoseconds.to_be_bytes());
}

fn put_current(out: &mut Out<'_>, current: &CurrentConditioning) {
    out.put([u8::try_from(current.regions).unwrap_or(u8::MAX)]);
    current.corrections.iter().for_each(|correction| put_correction(out, correction));
    for (down, up) in current.down_microamperes.iter().zip(&current.up_microamperes) {
        out.put(down.to_be_bytes());
        out.put(up.to_be_bytes());
    }
}

fn next<const N: usize>(fields: &mut Fields<'_>) -> [u8; N] {
    fields.take().expect("the length was checked")
}

fn number(fields: &mut Fields<'_>) -> u32 {
    u32::from_be_bytes(next(fields))
}

fn plan(fields: &mut Fields<'_>) -> Result<Plan, StoredError> {
    let wiring = match next(fields) {
        [1] => Wiring::SinglePhase,
        [2] => Wiring::ThreePhaseThreeWire,
        [3] => Wiring::ThreePhaseFourWire,
        [code] => return Err(StoredError::Code { field: "wiring", code }),
    };
    let nominal_frequency = match next(fields) {
        [50] => NominalFrequency::Hertz50,
        [60] => NominalFrequency::Hertz60,
        [code] => return Err(StoredError::Code { field: "nominal frequency", code }),
    };
    let sample_rate_hertz = number(fields);
    let nominal_voltage_millivolts = number(fields);
    let current_min_microamperes = number(fields);
    let current_max_microamperes = number(fields);
    let sensor = match next(fields) {
        [1] => Sensor::Transformer,
        [2] => Sensor::Rogowski,
        [code] => return Err(StoredError::Code { field: "sensor", code }),
    };
    let [high_pass] = next(fields);
    let [most] = next(fields);
    let borders = core::array::from_fn(|_| number(fields));
    let regions = if most == 0 { Regions::At(borders) } else { Regions::AtMost(most) };
    Ok(Plan {
        wiring,
        sample_rate_hertz,
        nominal_frequency,
        nominal_voltage_millivolts,
        current_min_microamperes,
        current_max_microamperes,
        sensor,
        high_pass: (high_pass != 0).then_some(high_pass.into()),
        regions,
        hysteresis_permille: u16::from_be_bytes(next(fields)),
        repeatability_ppm: number(fields),
        residual_max_ppm: number(fields),
    })
}

fn correction(fields: &mut Fields<'_>) -> Correction {
    let gain_ppb = i32::from_be_bytes(next(fields));
    Correction { gain_ppb, delay_nanoseconds: i32::from_be_bytes(next(fields)) }
}

fn current(fields: &mut Fields<'_>, sensor: Sensor) -> CurrentConditioning {
    let [regions] = next(fields);
    let mut current = CurrentConditioning {
        sensor,
        corrections: core::array::from_fn(|_| correction(fields)),
        regions: regions.into(),
        up_microamperes: [0; REGIONS - 1],
        down_microamperes: [0; REGIONS - 1],
    };
    for border in 0..REGIONS - 1 {
        current.down_microamperes[border] = number(fields);
        current.up_microamperes[border] = number(fields);
    }
    current
}
