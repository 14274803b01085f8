//! The contracts of one direction, and which of them is in force: one page, one write.
//!
//! Roles are names of slots; a slot may play two roles (a default contract in force). A new package
//! is written into a slot without a role, and only then does this page name it. So whatever a power
//! cut interrupts, the page before or the page after says which contract is in force: exactly one.
//!
//! Which contract follows is computed from this page and from how far energy is settled
//! ([`Shelf::take_over`]), so it doesn't matter whether this page or the state page was written last.

use crate::layout::{CONTRACT_SLOTS, SHELF_BYTES_MAX, SHELVES, SHELVES_AT};
use crate::record::{Maybe, record};
use crate::{Stop, Tee, require};
use contract::Direction;
use crypto::TwoCopy;
use quantity::{Duration, Instant};
use wire::memory::Memory;
use wire::package::{ContractPackage, PackageKind};
use wire::tee::{Cause, Code, Damage, Holding, Place};
use wire::{Digest, Wire};

/// Most that a sequence number may be above the last one. A larger step could use up all numbers, and
/// no package could ever follow; a step a day for 179 years stays below.
const STEP_MAX: u64 = 0x1_0000;

/// The contracts of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shelf {
    /// The contract in force.
    pub(crate) active: Maybe<Slot>,
    /// The contract that takes over later.
    pub(crate) waiting: Maybe<Slot>,
    /// The contract that takes over when an ordinary one ends.
    pub(crate) default: Maybe<Slot>,
    /// The ordinary contract in force before, to which a recall may return.
    pub(crate) previous: Maybe<Slot>,
    /// The last ordinary package.
    last: Mark,
    /// The last ordinary package or recall.
    pub(crate) seen: Mark,
    /// The last default package.
    last_default: Mark,
}

/// A contract in its slot, with what must be known before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) slot: u8,
    pub(crate) kind: PackageKind,
    /// Why it is in force, or will be.
    pub(crate) cause: Cause,
    /// Digest of the package.
    pub(crate) digest: Digest,
    /// When it takes over, or took over.
    pub(crate) from: Instant,
    pub(crate) valid_until: Instant,
    /// Length of the settlement interval.
    pub(crate) interval: Duration,
}

/// A number in a row, and what had it; 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) sequence: u64,
    pub(crate) digest: Digest,
}

/// Whether something with a sequence number is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Novelty {
    New,
    AlreadyThere,
}

record!(Shelf { active, waiting, default, previous, last, seen, last_default });
record!(Slot { slot, kind, cause, digest, from, valid_until, interval });
record!(Mark { sequence, digest });

impl Mark {
    /// Whether `next` may come behind this mark.
    pub(crate) fn admits(self, next: Self) -> Result<Novelty, Stop> {
        if next.sequence == self.sequence && next.sequence > 0 {
            let is_same = next.digest == self.digest;
            return if is_same { Ok(Novelty::AlreadyThere) } else { Err(Code::Fork.into()) };
        }
        require(next.sequence > self.sequence, Code::StaleSequence)?;
        require(next.sequence - self.sequence <= STEP_MAX, Code::SequenceTooFar)?;
        Ok(Novelty::New)
    }
}

impl Slot {
    fn is_ordinary(&self) -> bool {
        self.kind == PackageKind::Ordinary
    }

    /// When its validity ends; a default contract has no end.
    pub(crate) fn end(&self) -> Option<Instant> {
        self.is_ordinary().then_some(self.valid_until)
    }
}

impl Shelf {
    /// The slots that it needs.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        let all = [&self.active, &self.waiting, &self.default, &self.previous];
        all.into_iter().filter_map(|slot| slot.0.as_ref())
    }

    /// A slot that it doesn't need.
    pub(crate) fn free_slot(&self, direction: Direction) -> u8 {
        let first = match direction {
            Direction::Import => 0,
            Direction::Export => CONTRACT_SLOTS,
        };
        let mut slots = first..first + CONTRACT_SLOTS;
        let free = slots.find(|slot| self.slots().all(|taken| taken.slot != *slot));
        free.expect("four of five slots are taken at most")
    }

    /// Lets the contract follow that holds at `reached`, the point up to which energy is settled:
    /// settled energy never moves to another contract, and the first contract also takes the energy
    /// that waited for it.
    pub(crate) fn take_over(&mut self, reached: Instant) {
        if let Some(next) = self.waiting.0
            && next.from <= reached
        {
            self.waiting = Maybe(None);
            let replaced = self.active.0.replace(next);
            if let Some(old) = replaced.filter(|old| old.is_ordinary() && old.slot != next.slot) {
                self.previous = Maybe(Some(old));
            }
        }
        self.fall_back(reached);
    }

    /// The default contract holds wherever no other one does: from the instant of expiry on, or from
    /// its own time if there never was one.
    fn fall_back(&mut self, reached: Instant) {
        let Some(default) = self.default.0 else { return };
        let (from, cause) = match self.active.0 {
            None => (default.from, Cause::Package),
            Some(active) => match active.end() {
                None => return,
                Some(end) => (end, Cause::Expiry),
            },
        };
        if from <= reached {
            self.active = Maybe(Some(Slot { from, cause, ..default }));
        }
    }

    /// Whether the contract that waits is due and energy must be settled up to it first.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.waiting.0.is_some_and(|waiting| waiting.from <= now)
    }

    /// Whether a recall waits for its boundary.
    pub(crate) fn recalls(&self) -> bool {
        self.waiting.0.is_some_and(|waiting| waiting.cause == Cause::Recall)
    }

    /// Whether a package is new and follows the one before it. Where numbers are left out (the meter
    /// is younger than its class, or was away), there is nothing to compare with.
    pub(crate) fn follows(
        &self,
        package: &ContractPackage,
        digest: Digest,
    ) -> Result<Novelty, Stop> {
        let (seen, last) = match package.kind {
            PackageKind::Ordinary => (self.seen, self.last),
            PackageKind::Default => (self.last_default, self.last_default),
        };
        let novelty = seen.admits(Mark { sequence: package.sequence, digest })?;
        let is_next = novelty == Novelty::New && package.sequence - 1 == last.sequence;
        require(!is_next || package.supersedes == last.digest, Code::OtherPredecessor)?;
        Ok(novelty)
    }

    /// An ordinary package must name the default contract that is here.
    pub(crate) fn check_expiry(&self, package: &ContractPackage) -> Result<(), Stop> {
        let named = match package.kind {
            PackageKind::Ordinary => self.default.0.map(|default| default.digest),
            PackageKind::Default => Some(Digest::default()),
        };
        require(named == Some(package.on_expiry), Code::NoDefault)
    }

    /// Puts a package that was checked and written into its slot.
    pub(crate) fn put(&mut self, sequence: u64, new: Slot) {
        let mark = Mark { sequence, digest: new.digest };
        match new.kind {
            PackageKind::Ordinary => {
                (self.seen, self.last) = (mark, mark);
                self.waiting = Maybe(Some(new));
            }
            PackageKind::Default => {
                self.last_default = mark;
                self.default = Maybe(Some(new));
                self.renew_default(new);
            }
        }
    }

    /// A default contract that is in force, or will be, gives way to the newer one at its boundary.
    fn renew_default(&mut self, new: Slot) {
        let old = [self.active.0, self.waiting.0];
        let is_default = |slot: Slot| !slot.is_ordinary();
        if let [Some(active), waiting] = old
            && is_default(active)
            && waiting.is_none_or(is_default)
        {
            self.waiting = Maybe(Some(Slot { cause: active.cause, ..new }));
        }
    }

    /// Puts the target of a recall into its place at the boundary.
    pub(crate) fn recall(
        &mut self,
        mark: Mark,
        target: Digest,
        boundary: Instant,
    ) -> Result<(), Stop> {
        let targets = [&self.active, &self.default, &self.previous];
        let named = targets.into_iter().filter_map(|slot| slot.0);
        let target = named.into_iter().find(|slot| slot.digest == target);
        let target = target.ok_or(Code::NoSuchContract)?;
        require(target.end().is_none_or(|end| end > boundary), Code::Expired)?;
        let is_active = self.active.0.is_some_and(|active| active.slot == target.slot);
        let back = Slot { from: boundary, cause: Cause::Recall, ..target };
        self.waiting = Maybe((!is_active).then_some(back));
        self.seen = mark;
        Ok(())
    }

    /// What it holds, for those outside.
    pub(crate) fn holding(&self) -> Holding {
        let digest = |slot: &Maybe<Slot>| slot.0.map_or(Digest::default(), |slot| slot.digest);
        Holding {
            active: digest(&self.active),
            cause: self.active.0.map_or(Cause::None, |slot| slot.cause),
            waiting: digest(&self.waiting),
            default: digest(&self.default),
            previous: digest(&self.previous),
            seen_sequence: self.seen.sequence,
        }
    }

    /// Whether each contract that ends has one to follow it.
    pub(crate) fn is_sound(&self) -> bool {
        self.default.0.is_some() || self.slots().all(|slot| !slot.is_ordinary())
    }
}

impl<M: Memory> Tee<M> {
    pub(crate) const fn shelf(&self, direction: Direction) -> &Shelf {
        match direction {
            Direction::Import => &self.shelves[0],
            Direction::Export => &self.shelves[1],
        }
    }

    /// Makes a new shelf the shelf, in memory first.
    pub(crate) fn commit_shelf(&mut self, direction: Direction, next: Shelf) {
        store(&mut self.memory, direction, &next);
        match direction {
            Direction::Import => self.shelves[0] = next,
            Direction::Export => self.shelves[1] = next,
        }
    }

    /// Lets the contract follow that holds at `reached`.
    pub(crate) fn take_over(&mut self, direction: Direction, reached: Instant) {
        let mut next = self.shelf(direction).clone();
        next.take_over(reached);
        if next != *self.shelf(direction) {
            self.commit_shelf(direction, next);
        }
    }
}

const fn place(direction: Direction) -> TwoCopy {
    match direction {
        Direction::Import => SHELVES[0],
        Direction::Export => SHELVES[1],
    }
}

pub(crate) fn store(memory: &mut impl Memory, direction: Direction, shelf: &Shelf) {
    let bytes = shelf.encode::<SHELF_BYTES_MAX>().expect("a shelf fits its page");
    place(direction).store(memory, &bytes, &mut [0; SHELF_BYTES_MAX]);
}

pub(crate) fn load(memory: &impl Memory, direction: Direction) -> Result<Shelf, Damage> {
    let damage = Place::Contract.damage(SHELVES_AT);
    let mut page = [0; SHELF_BYTES_MAX];
    let length = place(direction).load(memory, &mut page).map_err(|_| damage)?.ok_or(damage)?;
    let shelf = Shelf::decode(&page[..length]).map_err(|_| damage)?;
    if shelf.is_sound() { Ok(shelf) } else { Err(damage) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(number: u8, kind: PackageKind) -> Slot {
        Slot {
            slot: number,
            kind,
            cause: Cause::Package,
            digest: Digest([number; 32]),
            from: Instant::EPOCH,
            valid_until: Instant::from_unix_seconds(100),
            interval: Duration::from_minutes(1),
        }
    }

    #[test]
    fn the_longest_shelf_fits_its_page() {
        let slot = Maybe(Some(slot(1, PackageKind::Ordinary)));
        let full = Shelf {
            active: slot,
            waiting: slot,
            default: slot,
            previous: slot,
            ..Shelf::default()
        };
        let bytes = full.encode::<SHELF_BYTES_MAX>().expect("it fits");
        assert_eq!(Shelf::decode(&bytes), Ok(full));
    }

    /// (in force, waits, default, settled up to, then in force, since, because)
    #[test]
    fn exactly_one_contract_follows() {
        use PackageKind::{Default as Fallback, Ordinary};
        let at = Instant::from_unix_seconds;
        let [first, default] = [slot(1, Ordinary), slot(3, Fallback)];
        let second = Slot { from: at(50), valid_until: at(70), ..slot(2, Ordinary) };
        let cases = [
            (None, None, None, 10, None),
            (None, None, Some(default), 10, Some((3, 0, Cause::Package))),
            (None, Some(first), Some(default), 10, Some((1, 0, Cause::Package))),
            (Some(first), Some(second), Some(default), 49, Some((1, 0, Cause::Package))),
            (Some(first), Some(second), Some(default), 50, Some((2, 50, Cause::Package))),
            (Some(first), Some(second), Some(default), 70, Some((3, 70, Cause::Expiry))),
            (Some(first), None, Some(default), 99, Some((1, 0, Cause::Package))),
            (Some(first), None, Some(default), 100, Some((3, 100, Cause::Expiry))),
            (Some(default), None, Some(default), 1000, Some((3, 0, Cause::Package))),
            (Some(default), Some(second), Some(default), 60, Some((2, 50, Cause::Package))),
        ];
        for (number, (active, waiting, default, reached, expected)) in cases.into_iter().enumerate()
        {
            let mut shelf = Shelf {
                active: Maybe(active),
                waiting: Maybe(waiting),
                default: Maybe(default),
                ..Shelf::default()
            };
            shelf.take_over(at(reached));
            let found = shelf.active.0.map(|slot| (slot.slot, slot.from, slot.cause));
            let expected = expected.map(|(slot, from, cause)| (slot, at(from), cause));
            assert_eq!(found, expected, "case {number}");
        }
    }
}
