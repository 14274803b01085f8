//! The registers as bytes, for a memory that keeps them without power.

use crate::energy::{ActiveRegisters, EnergyRegister, ReactiveRegister, Registers};
use quantity::Energy;

/// Reactive registers in a record.
const REACTIVE: usize = 4 + 3 * 4;

impl Registers {
    /// Length of a record: two directions of four registers and a pulse count, the reactive
    /// registers, the unit of the rests.
    pub const BYTES: usize = 2 * (4 * 24 + 8) + REACTIVE * 24 + 16;

    /// Everything, rests included; big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let mut out = Out(&mut bytes);
        for active in [&self.import, &self.export] {
            for register in [&active.total].into_iter().chain(&active.phases) {
                out.put(register.energy.milliwatt_hours().to_be_bytes());
                out.put(register.rest.to_be_bytes());
            }
            out.put(active.pulses.to_be_bytes());
        }
        for quadrant in self.quadrants.iter().chain(self.phase_quadrants.as_flattened()) {
            out.put(quadrant.milli_var_hours.to_be_bytes());
            out.put(quadrant.rest.to_be_bytes());
        }
        out.put(self.rest_unit.to_be_bytes());
        bytes
    }

    /// Reads a record; `None` if it has another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let import = fields.active()?;
        let export = fields.active()?;
        let Self { mut quadrants, mut phase_quadrants, .. } = Self::default();
        for quadrant in quadrants.iter_mut().chain(phase_quadrants.as_flattened_mut()) {
            *quadrant = fields.reactive()?;
        }
        let rest_unit = fields.u128()?;
        fields.0.is_empty().then_some(Self {
            import,
            export,
            quadrants,
            phase_quadrants,
            rest_unit,
        })
    }
}

pub(crate) struct Out<'a>(pub(crate) &'a mut [u8]);

impl Out<'_> {
    pub(crate) fn put<const N: usize>(&mut self, field: [u8; N]) {
        let (place, rest) = core::mem::take(&mut self.0)
            .split_first_chunk_mut()
            .expect("the length counts each field");
        *place = field;
        self.0 = rest;
    }
}

pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    fn active(&mut self) -> Option<ActiveRegisters> {
        let total = self.energy()?;
        let phases = [self.energy()?, self.energy()?, self.energy()?];
        Some(ActiveRegisters { total, phases, pulses: self.i64()?.cast_unsigned() })
    }

    fn energy(&mut self) -> Option<EnergyRegister> {
        let energy = Energy::from_milliwatt_hours(self.i64()?);
        Some(EnergyRegister { energy, rest: self.u128()? })
    }

    fn reactive(&mut self) -> Option<ReactiveRegister> {
        Some(ReactiveRegister { milli_var_hours: self.i64()?, rest: self.u128()? })
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }

    fn u128(&mut self) -> Option<u128> {
        self.take().map(u128::from_be_bytes)
    }

    pub(crate) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }
}
