//! Trusted world of the transaction core 交易芯: wallet, contract execution and journal.
//!
//! [`Tee::invoke`] is the only entry. It takes the time, a verifier of signatures and one command
//! of `wire::tee`, and gives one reply; clock, transport and randomness stay outside.
//!
//! | module | box of the paper's Figures 4 and 5 |
//! |---|---|
//! | `settlement`, `allowance` | digital-yuan wallet: what is due, and what may be paid |
//! | `contracts`, `shelf`, `signals` | power-trading contract |
//! | `signers` | whose contracts count |
//! | `journal` | transaction log |
//! | `personal`, `state`, `layout` | what the FRAM holds |
//! | `receipts`, `status` | what comes back from the bank, what the page shows |
//!
//! # What always holds
//! * Energy of a direction is settled gap-free from the first report on, each milliwatt-hour once.
//! * For each leg of each settlement `charged + carried before = paid + carried after`, asserted.
//! * Orders are numbered without a gap and each names the digest of the one before. An order is
//!   written before the state page that commits it, so a power cut at any byte leaves the state
//!   before or the state after, and no number is ever signed for two different orders that left.
//! * A customer is never cut off. What limits forbid to pay is carried, and the status says which
//!   rule ([`wire::tee::Hold`]) held it back.
//!
//! * A contract counts if regulator and grid company signed it, for this class and direction, with a
//!   number above all before. It is proved before it is kept, and from then on waits for a settlement
//!   boundary. At each instant at most one is in force, whatever a power cut interrupts, and exactly
//!   one once there was any.
//! * An ordinary contract names the default contract that takes over at the instant at which it
//!   expires, and isn't loaded without it: energy is never free. The regulator alone may put the
//!   default contract or the one before into force, nothing else.
//! * Time is never earlier than the latest time that was signed as present (roots of the registration
//!   centre, recalls, rotations) or reported by the metering core. Where something may be too early,
//!   it is also no later than a day behind those: a clock that runs away opens nothing. (The times in
//!   packages and signals lie ahead when they are signed, so they teach nothing.)
//!
//! # First form, and what it leaves out
//! * It supplies no quantity beside the energy and no pending payments, so a contract that needs a
//!   quantity, a prepaid hold or money bound to a purpose is refused at load
//!   ([`wire::tee::Code::Unsupplied`]).
//! * Roles are bound to wallets in the factory and stay.
//! * The private key lies in the same memory image as the rest. Real hardware keeps it in the flash
//!   of the secure core, where no bus leads.
#![no_std]
#![deny(clippy::float_arithmetic)]

mod allowance;
mod contracts;
mod journal;
mod layout;
mod personal;
mod receipts;
mod record;
mod settlement;
mod shelf;
mod signals;
mod signers;
mod state;
mod status;

pub use layout::{CAPACITY_MIN, CAPACITY_USUAL};
pub use personal::{Access, Anchors, BINDINGS_MAX, Binding, Personalisation, PersonaliseError};
pub use signers::Signers;

use contract::Direction;
use crypto::{SigningKey, Verify};
use journal::Journal;
use layout::STATE;
use quantity::{Duration, Instant};
use shelf::Shelf;
use signers::Chain;
use state::State;
use wire::memory::Memory;
use wire::tee::{Alarm, Code, CodeClass, Command, Damage, Limits, Place, Reply};
use wire::{Signed, Wire};

/// How far signed and reported times may lie ahead of the clock, and the clock ahead of them.
const CLOCK_TOLERANCE: Duration = Duration::from_days(1);

/// The trusted world, with the memory that it lives in.
#[derive(Debug)]
pub struct Tee<M> {
    memory: M,
    key: SigningKey,
    personal: Personalisation,
    state: State,
    /// Contracts of import, of export.
    shelves: [Shelf; 2],
    chain: Chain,
}

/// Why a transaction core doesn't start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootError {
    /// The factory has not been here.
    Blank,
    /// The memory is smaller than [`CAPACITY_MIN`].
    MemoryTooSmall,
    /// Something in the memory isn't what was written.
    Damaged(Damage),
}

impl core::fmt::Display for BootError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Blank => write!(f, "the transaction core isn't personalised yet"),
            Self::MemoryTooSmall => write!(f, "the memory has less than {CAPACITY_MIN} bytes"),
            Self::Damaged(damage) => {
                write!(f, "{:?} at address {} is damaged", damage.place, damage.address)
            }
        }
    }
}

impl core::error::Error for BootError {}

/// Why a command ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Code(Code),
    Damage(Damage),
}

impl From<Code> for Stop {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

impl From<Damage> for Stop {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// `Ok` if `condition` holds, the code if not.
fn require(condition: bool, code: Code) -> Result<(), Stop> {
    if condition { Ok(()) } else { Err(Stop::Code(code)) }
}

impl<M: Memory> Tee<M> {
    /// Writes a blank memory in the factory.
    ///
    /// # Errors
    /// [`PersonaliseError`]; then the memory isn't personalised.
    pub fn personalise(
        mut memory: M,
        personal: &Personalisation,
    ) -> Result<Self, PersonaliseError> {
        let key = personal.check(&memory)?;
        let (state, shelves) = (State::first(personal), <[Shelf; 2]>::default());
        let chain = Chain::first(personal.anchors.signers);
        store_state(&mut memory, &state);
        for (direction, shelf) in Direction::ALL.iter().zip(&shelves) {
            shelf::store(&mut memory, *direction, shelf);
        }
        chain.store(&mut memory);
        personal.store(&mut memory);
        Ok(Self { memory, key, personal: personal.clone(), state, shelves, chain })
    }

    /// Starts after power came back, wherever it went away, and checks all that is kept.
    ///
    /// # Errors
    /// [`BootError`]: a blank or damaged memory.
    pub fn boot(memory: M) -> Result<Self, BootError> {
        if memory.capacity() < CAPACITY_MIN {
            return Err(BootError::MemoryTooSmall);
        }
        let personal = Personalisation::load(&memory)?.ok_or(BootError::Blank)?;
        let damaged = BootError::Damaged(Place::Personalisation.damage(layout::PERSONAL_AT));
        let key = SigningKey::from_bytes(&personal.secret).ok_or(damaged)?;
        let state = load_state(&memory).map_err(BootError::Damaged)?;
        let shelf = |direction| shelf::load(&memory, direction).map_err(BootError::Damaged);
        let shelves = [shelf(Direction::Import)?, shelf(Direction::Export)?];
        let chain = Chain::load(&memory).map_err(BootError::Damaged)?;
        let tee = Self { memory, key, personal, state, shelves, chain };
        tee.check().map_err(BootError::Damaged)?;
        Ok(tee)
    }

    /// Carries out one command. The only entry.
    ///
    /// `now` is the clock of the secure core. It never counts as earlier than the latest time that
    /// was signed as present, or that the metering core reported.
    pub fn invoke(&mut self, now: Instant, verifier: &impl Verify, command: Command) -> Reply {
        let now = now.max(self.known_time());
        match self.carry_out(now, verifier, command) {
            Ok(reply) => reply,
            Err(Stop::Damage(damage)) => Reply::Damaged(damage),
            Err(Stop::Code(code)) => {
                self.raise_for(code);
                Reply::Done { code, sealed: 0 }
            }
        }
    }

    /// The memory, for instance to look at its image.
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Switches off and hands back the memory.
    pub fn into_memory(self) -> M {
        self.memory
    }

    fn carry_out(
        &mut self,
        now: Instant,
        verifier: &impl Verify,
        command: Command,
    ) -> Result<Reply, Stop> {
        let credible = self.credible(now);
        let code = match command {
            Command::Deliver(frame) => return self.deliver(now, &frame),
            Command::Load(package) => self.load(credible, verifier, &package)?,
            Command::Signal(signal) => self.signal(credible, verifier, &signal)?,
            Command::Receipt(receipt) => self.receipt(verifier, &receipt)?,
            Command::Fetch(which) => return self.fetch(which).map(Reply::Entry),
            Command::Status => return self.status().map(Reply::Status),
            Command::SetLimits(limits) => self.set_limits(credible, verifier, &limits)?,
            Command::Identify => return Ok(Reply::Identity(self.personal.certificate.clone())),
            Command::Recall(recall) => self.recall(credible, verifier, &recall)?,
            Command::Rotate(rotation) => self.rotate(credible, verifier, &rotation)?,
            Command::Attest(nonce) => return Ok(Reply::Attestation(self.attest(now, nonce))),
        };
        Ok(Reply::Done { code, sealed: 0 })
    }

    fn set_limits(
        &mut self,
        now: Instant,
        verifier: &impl Verify,
        limits: &Signed<Limits>,
    ) -> Result<Code, Stop> {
        let key = &self.personal.anchors.operator;
        require(verifier.verify(key, &limits.body, &limits.signature), Code::Signature)?;
        let (new, old) = (&limits.body, &self.state.limits);
        require(new.key == self.key.id(), Code::WrongMeter)?;
        if new.sequence == old.sequence {
            return if new == old { Ok(Code::AlreadyThere) } else { Err(Code::Fork.into()) };
        }
        require(new.sequence > old.sequence, Code::StaleSequence)?;
        require(personal::are_sound(new), Code::Negative)?;
        require(new.from <= now, Code::NotYetValid)?;
        self.commit(State { limits: *new, ..self.state.clone() });
        Ok(Code::Accepted)
    }

    /// The latest time that is surely past.
    fn known_time(&self) -> Instant {
        self.state.clock.max(self.state.reported)
    }

    /// The clock, as far as the metering core bears it out. Before the first report nothing does.
    fn credible(&self, now: Instant) -> Instant {
        let latest = self.known_time() + CLOCK_TOLERANCE;
        if self.state.reported == Instant::EPOCH { now } else { now.min(latest) }
    }

    /// Takes a time that someone trusted signed as present.
    fn learn_time(&mut self, at: Instant) {
        if at > self.state.clock {
            self.commit(State { clock: at, ..self.state.clone() });
        }
    }

    /// Makes a new state the state, in memory first.
    fn commit(&mut self, next: State) {
        store_state(&mut self.memory, &next);
        self.state = next;
    }

    /// Sets the alarm bit of a code, once.
    fn raise_for(&mut self, code: Code) {
        let Some(alarm) = alarm_of(code) else { return };
        if self.state.alarms & alarm.bit() == 0 {
            self.commit(State { alarms: self.state.alarms | alarm.bit(), ..self.state.clone() });
        }
    }

    fn journal(&self) -> Journal {
        Journal::new(self.memory.capacity())
    }

    /// All that boot can check without a key.
    fn check(&self) -> Result<(), Damage> {
        for direction in Direction::ALL {
            for slot in self.shelf(*direction).slots() {
                self.package_in(slot)?;
            }
            self.signals_of(*direction)?;
        }
        self.journal().check(&self.memory, &self.state)
    }
}

/// Codes that raise an alarm.
const ALARMS: [(Code, Alarm); 4] = [
    (Code::Fork, Alarm::Fork),
    (Code::RegisterBackwards, Alarm::RegisterBackwards),
    (Code::Implausible, Alarm::Implausible),
    (Code::ContractFault, Alarm::ContractFault),
];

fn alarm_of(code: Code) -> Option<Alarm> {
    let alarm = ALARMS.iter().find(|(raising, _)| *raising == code).map(|(_, alarm)| *alarm);
    assert!(alarm.is_some() == (code.class() == CodeClass::Alarm), "each alarm code has its bit");
    alarm
}

fn store_state(memory: &mut impl Memory, state: &State) {
    let bytes = state.encode::<{ layout::STATE_BYTES_MAX }>().expect("a state fits its page");
    STATE.store(memory, &bytes, &mut [0; layout::STATE_BYTES_MAX]);
}

fn load_state(memory: &impl Memory) -> Result<State, Damage> {
    let damage = Place::State.damage(layout::STATE_AT);
    let mut page = [0; layout::STATE_BYTES_MAX];
    let length = STATE.load(memory, &mut page).map_err(|_| damage)?.ok_or(damage)?;
    State::decode(&page[..length]).map_err(|_| damage)
}
