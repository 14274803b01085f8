//! Price signals: component values per class of meters and interval.

use crate::codec::wire_struct;
use crate::evidence::SIGNALS_MAX;
use crate::identity::Digest;
use heapless::Vec;
use quantity::{Instant, Price};

/// Component values for all meters of one class, for one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceSignal {
    /// Code of the class of meters.
    pub class: u8,
    /// Which contract reads it: 1 import, 2 export.
    pub direction: u8,
    /// Rises with each signal of the same class and direction.
    pub sequence: u64,
    /// First instant at which the values hold.
    pub from: Instant,
    /// First instant at which they don't hold any more.
    pub until: Instant,
    /// Digest of the price decision that the values come from.
    pub decision: Digest,
    /// Component values, by rising code.
    pub values: Vec<Component, SIGNALS_MAX>,
}

/// One component value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Code of the component.
    pub signal: u8,
    /// Its value.
    pub price: Price,
}

wire_struct!(PriceSignal, tag: b"JIDIAN-SIGNAL-1", {
    class, direction, sequence, from, until, decision, values
});
wire_struct!(Component, tag: b"", { signal, price });
