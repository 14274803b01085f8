//! Addresses that know their width and whether they can be written.

use crate::table::{Permission, Width, find};
use core::marker::PhantomData;

/// What a register holds: `u16` or `u32`.
pub trait Word: Copy + PartialEq + Into<u32> {
    /// Its width on the bus.
    const WIDTH: Width;
    /// Takes the bytes of [`Self::WIDTH`], most significant first.
    fn from_bytes(bytes: [u8; 4]) -> Self;
}

impl Word for u16 {
    const WIDTH: Width = Width::Bits16;
    fn from_bytes([high, low, ..]: [u8; 4]) -> Self {
        Self::from_be_bytes([high, low])
    }
}

impl Word for u32 {
    const WIDTH: Width = Width::Bits32;
    fn from_bytes(bytes: [u8; 4]) -> Self {
        Self::from_be_bytes(bytes)
    }
}

/// Whether a register can be written.
pub trait Access: Copy {
    /// What the table must say.
    const PERMISSION: Permission;
}

/// A register that the chip alone writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOnly;

/// A register that the master may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadWrite;

impl Access for ReadOnly {
    const PERMISSION: Permission = Permission::Read;
}

impl Access for ReadWrite {
    const PERMISSION: Permission = Permission::ReadWrite;
}

/// Where a register is, with its width and access in the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<W, A = ReadOnly> {
    at: u16,
    kind: PhantomData<(W, A)>,
}

impl<W: Word, A: Access> Address<W, A> {
    /// The register with the data sheet's name.
    ///
    /// For use in constants, where a wrong name, width or access doesn't compile.
    ///
    /// # Panics
    /// If there is no such register, or it has another width or access.
    ///
    /// ```
    /// use ade9000::{Address, ReadWrite};
    /// const RUN: Address<u16, ReadWrite> = Address::named("RUN");
    /// assert_eq!(RUN.get(), 0x480);
    /// ```
    /// ```compile_fail
    /// const RUN: ade9000::Address<u32> = ade9000::Address::named("RUN");
    /// ```
    #[must_use]
    pub const fn named(name: &str) -> Self {
        let register = find(name);
        assert!(register.width.bytes() == W::WIDTH.bytes(), "the register has another width");
        assert!(
            matches!(register.access, Permission::ReadWrite)
                == matches!(A::PERMISSION, Permission::ReadWrite),
            "the register has another access"
        );
        Self { at: register.address, kind: PhantomData }
    }

    /// The twelve bits of the header.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.at
    }

    /// The same register of another phase: the blocks of calibration and of live values repeat
    /// every 0x20.
    #[must_use]
    pub const fn of(self, phase: Phase) -> Self {
        let block = self.at & !0x1F;
        assert!(block == 0x000 || block == 0x200, "not a register of phase A");
        Self { at: self.at + 0x20 * phase as u16, kind: PhantomData }
    }
}

impl Address<u32> {
    /// A word of an energy block; [`crate::EnergyOf::block`] knows them all.
    pub(crate) const fn energy_word(at: u16) -> Self {
        Self { at, kind: PhantomData }
    }
}

/// One of three phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// A
    A,
    /// B
    B,
    /// C
    C,
}

impl Phase {
    /// All three, in order.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];
}
