//! The record of the registers.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use metering::Registers;
use proptest::prelude::*;

proptest! {
    // One encoding per meaning: what is read gives the bytes it was read from, every bit of them.
    #[test]
    fn a_record_holds_every_bit(bytes in prop::collection::vec(any::<u8>(), Registers::BYTES)) {
        let registers = Registers::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&registers.to_bytes()[..], &bytes[..]);
        prop_assert_eq!(Registers::from_bytes(&registers.to_bytes()), Some(registers));
    }

    #[test]
    fn another_length_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(Registers::from_bytes(&bytes).is_some(), bytes.len() == Registers::BYTES);
    }
}
