//! Loading of contract packages, and their recall.
//!
//! A package is checked, proved and written; then it waits. It takes over at its settlement boundary,
//! and the one before it is settled up to there.

use crate::layout::contract_at;
use crate::record::Maybe;
use crate::shelf::{Mark, Novelty, Shelf, Slot};
use crate::state::{DUES_MAX, Side};
use crate::{CLOCK_TOLERANCE, Stop, Tee, require};
use contract::{Direction, Header, Leg, Program, Purpose};
use crypto::{Verify, digest};
use heapless::Vec;
use quantity::{Duration, Instant};
use wire::memory::Memory;
use wire::package::{ContractPackage, PACKAGE_BYTES_MAX, PackageKind, Recall, SignedPackage};
use wire::tee::{Cause, Code, Damage, Place};
use wire::{Signed, Wire};

impl<M: Memory> Tee<M> {
    /// Loads a package.
    pub(crate) fn load(
        &mut self,
        now: Instant,
        verifier: &impl Verify,
        signed: &SignedPackage,
    ) -> Result<Code, Stop> {
        let package = &signed.package;
        require(self.chain.signers.signed(verifier, signed), Code::Signature)?;
        let direction = self.addressed(package.class, package.direction)?;
        let mut shelf = self.shelf(direction).clone();
        let reached = self.reached(direction, &shelf, now);
        shelf.take_over(reached);
        let digest = digest(package);
        if shelf.follows(package, digest)? == Novelty::AlreadyThere {
            return Ok(Code::AlreadyThere);
        }
        let header = program_header(package)?;
        require(is_supplied(&header), Code::Unsupplied)?;
        require(lists_all_years(package, &header), Code::Calendar)?;
        shelf.check_expiry(package)?;
        check_times(package, &header, &shelf, now)?;
        self.check_legs(&header, direction, &shelf)?;
        let slot = shelf.free_slot(direction);
        self.write_slot(slot, signed);
        let new = Slot {
            slot,
            kind: package.kind,
            cause: Cause::Package,
            digest,
            from: self.start_of(package, &header, now),
            valid_until: package.valid_until,
            interval: header.interval,
        };
        shelf.put(package.sequence, new);
        shelf.take_over(reached);
        self.commit_shelf(direction, shelf);
        Ok(Code::Accepted)
    }

    /// Takes a recall: at the next boundary of the contract in force, the target holds.
    pub(crate) fn recall(
        &mut self,
        now: Instant,
        verifier: &impl Verify,
        signed: &Signed<Recall>,
    ) -> Result<Code, Stop> {
        let recall = &signed.body;
        let key = &self.chain.signers.regulator;
        require(verifier.verify(key, recall, &signed.signature), Code::Signature)?;
        let direction = self.addressed(recall.class, recall.direction)?;
        let mut shelf = self.shelf(direction).clone();
        shelf.take_over(self.reached(direction, &shelf, now));
        let mark = Mark { sequence: recall.sequence, digest: digest(recall) };
        if shelf.seen.admits(mark)? == Novelty::AlreadyThere {
            return Ok(Code::AlreadyThere);
        }
        require(recall.issued <= now + CLOCK_TOLERANCE, Code::NotYetValid)?;
        // What is due holds for energy that was used; only what comes later can be recalled.
        require(!shelf.is_due(now), Code::SlotsTaken)?;
        let now = now.max(recall.issued);
        let boundary = shelf.active.0.map_or(now, |active| boundary(now, active.interval));
        shelf.recall(mark, recall.target, boundary)?;
        self.learn_time(recall.issued);
        self.commit_shelf(direction, shelf);
        Ok(Code::Accepted)
    }

    /// When a package takes over: it never prices what was used before it came. Only where nothing
    /// was ever priced (each settlement leaves a due behind), what waited is its own.
    fn start_of(&self, package: &ContractPackage, header: &Header, now: Instant) -> Instant {
        let is_first = self.state.side(header.direction).dues.is_empty();
        let earliest = if is_first { package.active_from } else { boundary(now, header.interval) };
        package.active_from.max(earliest)
    }

    /// The direction that is meant, if this meter is.
    fn addressed(&self, class: u8, direction: u8) -> Result<Direction, Stop> {
        require(class == self.personal.class, Code::WrongClass)?;
        Ok(Direction::from_byte(direction).ok_or(Code::WrongDirection)?)
    }

    /// The point up to which contracts have priced energy.
    fn reached(&self, direction: Direction, shelf: &Shelf, now: Instant) -> Instant {
        self.state.side(direction).reached(shelf, now)
    }

    /// Each leg must have a wallet that this key may debit and another one that is paid, and there
    /// must be room for what all contracts here may leave owed.
    fn check_legs(&self, header: &Header, direction: Direction, shelf: &Shelf) -> Result<(), Stop> {
        let is_bound = header.legs.iter().all(|leg| {
            let (debit, credit) =
                (self.personal.wallet(leg.debit), self.personal.wallet(leg.credit));
            let (Some(debit), Some(credit)) = (debit, credit) else { return false };
            let may_debit = self.state.wallets.iter().any(|known| known.wallet == debit.wallet);
            may_debit && debit.wallet != credit.wallet
        });
        require(is_bound, Code::Unbound)?;
        let mut pairs = self.state.side(direction).pairs();
        add_pairs(&mut pairs, &header.legs)?;
        for slot in shelf.slots() {
            let package = self.package_in(slot)?;
            let damage = Place::Contract.damage(contract_at(slot.slot));
            let program = Program::reopen(&package.program).map_err(|_| damage)?;
            add_pairs(&mut pairs, &program.header().legs)?;
        }
        Ok(())
    }

    fn write_slot(&mut self, slot: u8, signed: &SignedPackage) {
        let bytes: Vec<u8, PACKAGE_BYTES_MAX> =
            signed.encode().expect("a package isn't longer than the longest one");
        let length = u16::try_from(bytes.len()).expect("a slot is shorter than 64 KiB");
        self.memory.write(contract_at(slot), &length.to_be_bytes());
        self.memory.write(contract_at(slot) + 2, &bytes);
    }

    /// The package in a slot; its digest must be the one on the shelf.
    pub(crate) fn package_in(&self, slot: &Slot) -> Result<ContractPackage, Damage> {
        let damage = Place::Contract.damage(contract_at(slot.slot));
        let mut length = [0; 2];
        self.memory.read(contract_at(slot.slot), &mut length);
        let mut bytes = [0; PACKAGE_BYTES_MAX];
        let written = bytes.get_mut(..usize::from(u16::from_be_bytes(length))).ok_or(damage)?;
        self.memory.read(contract_at(slot.slot) + 2, written);
        let package = SignedPackage::decode(written).map_err(|_| damage)?.package;
        if digest(&package) == slot.digest { Ok(package) } else { Err(damage) }
    }
}

type Pairs = Vec<(u8, u8), DUES_MAX>;

fn add_pairs(pairs: &mut Pairs, legs: &[Leg]) -> Result<(), Stop> {
    for leg in legs {
        let pair = (leg.debit.byte(), leg.credit.byte());
        if !pairs.contains(&pair) {
            pairs.push(pair).map_err(|_| Code::TooManyLegs)?;
        }
    }
    Ok(())
}

impl Side {
    /// The pairs of roles that carry something.
    fn pairs(&self) -> Pairs {
        self.dues.iter().map(|due| (due.debit, due.credit)).collect()
    }

    /// The point up to which contracts have priced energy: the first contract also takes what waited
    /// for it.
    pub(crate) fn reached(&self, shelf: &Shelf, now: Instant) -> Instant {
        match (&shelf.active, &self.settled) {
            (Maybe(Some(_)), Maybe(Some(position))) => position.at,
            (Maybe(Some(_)), Maybe(None)) | (Maybe(None), _) => now,
        }
    }
}

/// The first boundary at `now` or after it.
fn boundary(now: Instant, interval: Duration) -> Instant {
    let floor = now.floor_to(interval);
    if floor == now { now } else { floor + interval }
}

fn program_header(package: &ContractPackage) -> Result<Header, Stop> {
    let header = Program::load(&package.program).map_err(|_| Code::Program)?.header();
    require(header.class.byte() == package.class, Code::WrongClass)?;
    require(header.direction.byte() == package.direction, Code::WrongDirection)?;
    Ok(header)
}

/// Whether this meter knows all that the contract settles with, and can bind money as it asks.
fn is_supplied(header: &Header) -> bool {
    let is_bound = |leg: &Leg| leg.purpose != Purpose::None || leg.expiry_days != 0;
    let binds_money = header.legs.iter().any(is_bound);
    header.quantities.is_empty() && header.prepaid.is_none() && !binds_money
}

/// Outside the years whose holidays it lists a contract refuses to settle, and nothing could free the
/// meter then: so they must cover its validity. A default contract has no end, so it lists none.
fn lists_all_years(package: &ContractPackage, header: &Header) -> bool {
    let Some((first, last)) = header.special_years else { return true };
    let year = |at: Instant| at.civil().date.year;
    let end = package.valid_until - Duration::from_milliseconds(1);
    package.kind == PackageKind::Ordinary
        && year(package.active_from) >= i32::from(first)
        && year(end) <= i32::from(last)
}

fn check_times(
    package: &ContractPackage,
    header: &Header,
    shelf: &Shelf,
    now: Instant,
) -> Result<(), Stop> {
    let start = package.active_from;
    require(package.valid_from <= now, Code::NotYetValid)?;
    require(now < package.valid_until, Code::Expired)?;
    let is_boundary = start.floor_to(header.interval) == start;
    let is_inside = package.valid_from <= start && start < package.valid_until;
    require(is_boundary && is_inside, Code::NoBoundary)?;
    // A contract that is due and waits for energy to be settled up to it must not be lost, nor may a
    // recall that has not struck yet.
    require(!shelf.is_due(now) && !shelf.recalls(), Code::SlotsTaken)
}
