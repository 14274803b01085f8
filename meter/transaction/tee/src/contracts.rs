//! Loading of contract packages.
//!
//! Three slots for each direction: the contract in force, the one that waits for its time, and one
//! to write into. A new package is written into the free slot; only then the state page names it.

use crate::layout::{CONTRACT_BYTES, CONTRACT_SLOTS, contract_at};
use crate::record::Maybe;
use crate::state::{DUES_MAX, Side, Slot};
use crate::{Stop, Tee, require};
use contract::{Direction, Header, Program};
use crypto::{Verify, digest};
use heapless::Vec;
use quantity::Instant;
use wire::memory::Memory;
use wire::package::{ContractPackage, SignedPackage};
use wire::tee::{Code, Damage, Place};
use wire::{Digest, Wire};

const BYTES: usize = CONTRACT_BYTES as usize;

impl<M: Memory> Tee<M> {
    /// Loads a package.
    pub(crate) fn load(
        &mut self,
        now: Instant,
        verifier: &impl Verify,
        signed: &SignedPackage,
    ) -> Result<Code, Stop> {
        let package = &signed.package;
        let anchors = &self.personal.anchors;
        let both = verifier.verify(&anchors.regulator, package, &signed.regulator)
            && verifier.verify(&anchors.grid_company, package, &signed.grid_company);
        require(both, Code::Signature)?;
        require(package.class == self.personal.class, Code::WrongClass)?;
        let direction = Direction::from_byte(package.direction).ok_or(Code::WrongDirection)?;
        let digest = digest(package);
        let mut next = self.state.clone();
        let side = next.side_mut(direction);
        side.take_over(now);
        if is_there_already(side, package, digest)? {
            return Ok(Code::AlreadyThere);
        }
        let header = program_header(package)?;
        check_times(package, &header, side, now)?;
        self.check_legs(&header, side)?;
        let slot = free_slot(direction, side);
        self.write_slot(slot, signed);
        side.waiting = Maybe(Some(Slot {
            slot,
            digest,
            sequence: package.sequence,
            active_from: package.active_from,
            valid_until: package.valid_until,
            interval: header.interval,
        }));
        side.take_over(now);
        self.commit(next);
        Ok(Code::Accepted)
    }

    /// Each leg must have a wallet that this key may debit and another one that is paid.
    fn check_legs(&self, header: &Header, side: &Side) -> Result<(), Stop> {
        let is_bound = header.legs.iter().all(|leg| {
            let (debit, credit) =
                (self.personal.wallet(leg.debit), self.personal.wallet(leg.credit));
            let (Some(debit), Some(credit)) = (debit, credit) else { return false };
            let may_debit = self.state.wallets.iter().any(|known| known.wallet == debit.wallet);
            may_debit && debit.wallet != credit.wallet
        });
        require(is_bound, Code::Unbound)?;
        require(side.pairs_with(&header.legs) <= DUES_MAX, Code::TooManyLegs)
    }

    fn write_slot(&mut self, slot: u8, signed: &SignedPackage) {
        let bytes: Vec<u8, BYTES> = signed.encode().expect("a package is shorter than its slot");
        let length = u16::try_from(bytes.len()).expect("a slot is shorter than 64 KiB");
        self.memory.write(contract_at(slot), &length.to_be_bytes());
        self.memory.write(contract_at(slot) + 2, &bytes);
    }

    /// The package in a slot; its digest must be the one in the state page.
    pub(crate) fn package_in(&self, slot: &Slot) -> Result<ContractPackage, Damage> {
        let damage = Place::Contract.damage(contract_at(slot.slot));
        let mut bytes = [0; BYTES];
        self.memory.read(contract_at(slot.slot), &mut bytes);
        let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        let written = bytes.get(2..2 + length).ok_or(damage)?;
        let package = SignedPackage::decode(written).map_err(|_| damage)?.package;
        if digest(&package) == slot.digest { Ok(package) } else { Err(damage) }
    }
}

/// Whether it is the package loaded last; an error if it can't follow that one.
fn is_there_already(side: &Side, package: &ContractPackage, digest: Digest) -> Result<bool, Stop> {
    let last = side.loaded_last();
    if let Some(last) = last {
        if package.sequence == last.sequence {
            return if digest == last.digest { Ok(true) } else { Err(Code::Fork.into()) };
        }
        require(package.sequence > last.sequence, Code::StaleSequence)?;
    }
    let predecessor = last.map_or(Digest::default(), |last| last.digest);
    require(package.supersedes == predecessor, Code::OtherPredecessor)?;
    Ok(false)
}

fn program_header(package: &ContractPackage) -> Result<Header, Stop> {
    let header = Program::load(&package.program).map_err(|_| Code::Program)?.header();
    require(header.class.byte() == package.class, Code::WrongClass)?;
    require(header.direction.byte() == package.direction, Code::WrongDirection)?;
    Ok(header)
}

fn check_times(
    package: &ContractPackage,
    header: &Header,
    side: &Side,
    now: Instant,
) -> Result<(), Stop> {
    let start = package.active_from;
    require(package.valid_from <= now, Code::NotYetValid)?;
    require(now < package.valid_until, Code::Expired)?;
    let is_boundary = start.floor_to(header.interval) == start;
    let is_inside = package.valid_from <= start && start < package.valid_until;
    require(is_boundary && is_inside, Code::NoBoundary)?;
    if side.active.0.is_some() {
        require(start >= now - header.interval, Code::InThePast)?;
    }
    // A contract that is due and waits for energy to be settled up to it must not be lost.
    let is_due = side.waiting.0.is_some_and(|waiting| waiting.active_from <= now);
    require(!is_due, Code::SlotsTaken)
}

/// The slot that holds neither the contract in force nor the one that waits.
fn free_slot(direction: Direction, side: &Side) -> u8 {
    let first = match direction {
        Direction::Import => 0,
        Direction::Export => CONTRACT_SLOTS,
    };
    let mut slots = first..first + CONTRACT_SLOTS;
    let free = slots.find(|slot| side.slots().all(|taken| taken.slot != *slot));
    free.expect("two of three slots are taken at most")
}
