//! State of the world as bytes: what a restart needs beside the memories of the chips.

use crate::fram::Write;
use crate::meter::CHIPS;
use contract::CustomerClass;
use quantity::{Energy, EnergyRest, Instant, Power, Price};
use wire::order::PaymentOrder;
use wire::{DecodeError, Reader, Signed, Wire};

/// Everything outside the meters and the bank that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// End of the last minute.
    pub now: Instant,
    /// What each store holds, by plant; zero for plants that store nothing.
    pub stores: Vec<(Energy, EnergyRest)>,
    /// Price that each class is used to.
    pub usual: Vec<(CustomerClass, Price)>,
    /// Load of each class since the last decision, summed over minutes.
    pub loads: Vec<(CustomerClass, Power)>,
    /// Output of each plant since the last decision, summed over minutes.
    pub outputs: Vec<Power>,
    /// Minutes since the last decision.
    pub minutes: u32,
    /// Orders of the grid company that have no answer yet.
    pub orders: Vec<Signed<PaymentOrder>>,
    /// Orders that the registration centre refused, up to now.
    pub rejected: u64,
}

/// What a minute leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// State at its end.
    pub state: State,
    /// The grid company's state and its decision in force, if they changed.
    pub grid: Option<(Vec<u8>, Vec<u8>)>,
    /// Writes to the chips: meter, chip, what.
    pub writes: Vec<(u32, u8, Write)>,
}

impl Minute {
    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(Vec::new());
        out.state(&self.state);
        match &self.grid {
            None => out.0.push(0),
            Some((grid, decision)) => {
                out.0.push(1);
                out.bytes(grid);
                out.bytes(decision);
            }
        }
        out.length(self.writes.len());
        for (meter, chip, write) in &self.writes {
            out.put(meter);
            out.put(chip);
            out.put(&write.address);
            out.bytes(&write.bytes);
        }
        out.0
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if they aren't what [`Minute::to_bytes`] gives.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let state = read_state(&mut reader)?;
        let at = reader.at();
        let grid = match u8::read(&mut reader)? {
            0 => None,
            1 => Some((read_bytes(&mut reader)?, read_bytes(&mut reader)?)),
            _ => return Err(reader.refuse(at, "state of the grid")),
        };
        let writes = read_list(&mut reader, |reader| {
            let (meter, at) = (Wire::read(reader)?, reader.at());
            let chip = u8::read(reader)?;
            if usize::from(chip) >= CHIPS {
                return Err(reader.refuse(at, "chip"));
            }
            let write = Write { address: Wire::read(reader)?, bytes: read_bytes(reader)? };
            Ok((meter, chip, write))
        })?;
        reader.finish()?;
        Ok(Self { state, grid, writes })
    }
}

struct Out(Vec<u8>);

impl Out {
    fn put(&mut self, value: &impl Wire) {
        value.write(&mut |part| self.0.extend_from_slice(part));
    }

    fn length(&mut self, length: usize) {
        self.put(&u32::try_from(length).expect("no list of a world is that long"));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn state(&mut self, state: &State) {
        self.put(&state.now);
        self.length(state.stores.len());
        for (held, rest) in &state.stores {
            self.put(held);
            self.put(&rest.milliwatt_milliseconds());
        }
        self.length(state.usual.len());
        for (class, price) in &state.usual {
            self.put(&class.byte());
            self.put(price);
        }
        self.length(state.loads.len());
        for (class, power) in &state.loads {
            self.put(&class.byte());
            self.put(power);
        }
        self.length(state.outputs.len());
        for power in &state.outputs {
            self.put(power);
        }
        self.put(&state.minutes);
        self.length(state.orders.len());
        for order in &state.orders {
            self.put(order);
        }
        self.put(&state.rejected);
    }
}

fn read_state(reader: &mut Reader<'_>) -> Result<State, DecodeError> {
    Ok(State {
        now: Wire::read(reader)?,
        stores: read_list(reader, |reader| {
            let (held, at) = (Energy::read(reader)?, reader.at());
            let rest = EnergyRest::new(u32::read(reader)?);
            Ok((held, rest.ok_or(reader.refuse(at, "rest of a store"))?))
        })?,
        usual: read_list(reader, |reader| Ok((read_class(reader)?, Wire::read(reader)?)))?,
        loads: read_list(reader, |reader| Ok((read_class(reader)?, Wire::read(reader)?)))?,
        outputs: read_list(reader, Wire::read)?,
        minutes: Wire::read(reader)?,
        orders: read_list(reader, Wire::read)?,
        rejected: Wire::read(reader)?,
    })
}

fn read_class(reader: &mut Reader<'_>) -> Result<CustomerClass, DecodeError> {
    let at = reader.at();
    CustomerClass::from_byte(u8::read(reader)?).ok_or(reader.refuse(at, "class"))
}

fn read_list<T>(
    reader: &mut Reader<'_>,
    mut item: impl FnMut(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let length = u32::read(reader)?;
    (0..length).map(|_| item(reader)).collect()
}

fn read_bytes(reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let length = u32::read(reader)? as usize;
    reader.take(length).map(<[u8]>::to_vec)
}
