//! Every byte format that meter, bank and grid share.
//!
//! A format is a plain struct and an implementation of [`Wire`]: big-endian, fixed field order,
//! one encoding per meaning, so that `encode(decode(bytes)) == bytes` for whatever is accepted.
//! This crate knows no key and no hash function: `crypto` hashes and signs what it writes.
//!
//! | module | what crosses a border |
//! |---|---|
//! | [`codec`] | reading and writing |
//! | [`dlt645`] | reading device ↔ management core, DL/T 645-2007 |
//! | [`identity`] | meters, wallets, keys, certificates |
//! | [`reading`] | metering core → management core |
//! | [`link`] | management core → transaction core, AES-256 frames |
//! | [`memory`] | a chip and its FRAM |
//! | [`order`] | payment orders, meter → bank |
//! | [`receipt`] | receipts and roots, bank → meter |
//! | [`evidence`] | why an order has its amounts, meter → grid company |
//! | [`package`] | price contracts, regulator and grid company → meter |
//! | [`signal`] | price signals, grid company → meter |
//! | [`tee`] | rich world ↔ trusted world of the transaction core |
#![no_std]

pub mod codec;
pub mod dlt645;
pub mod evidence;
pub mod identity;
pub mod link;
pub mod memory;
pub mod order;
pub mod package;
pub mod reading;
pub mod receipt;
pub mod signal;
pub mod tee;

pub use codec::{DecodeError, Reader, Sink, Wire};
pub use identity::{Digest, KeyId, MeterId, PublicKey, Role, Signature, WalletId};

/// A body and one SM2 signature over its [`Wire::TAG`] and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<T> {
    /// What is signed.
    pub body: T,
    /// SM2 with SM3, raw `r ‖ s`.
    pub signature: Signature,
}

impl<T: Wire> Wire for Signed<T> {
    const TAG: &'static [u8] = T::TAG;

    fn write(&self, out: &mut Sink<'_>) {
        self.body.write(out);
        self.signature.write(out);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { body: T::read(reader)?, signature: Signature::read(reader)? })
    }
}
