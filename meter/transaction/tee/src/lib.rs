//! Trusted world of the transaction core 交易芯: wallet, contract execution and journal.
//!
//! [`Tee::invoke`] is the only entry. It takes the time, a verifier of signatures and one command
//! of `wire::tee`, and gives one reply; clock, transport and randomness stay outside.
//!
//! | module | box of the paper's Figures 4 and 5 |
//! |---|---|
//! | `settlement`, `allowance` | digital-yuan wallet: what is due, and what may be paid |
//! | `contracts`, `signals` | power-trading contract |
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
//! # First form, and what it leaves out
//! * On expiry the last contract goes on being used and the status says so. (A built-in default
//!   contract that takes over by name is to come.)
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
mod signals;
mod state;
mod status;

pub use layout::{CAPACITY_MIN, CAPACITY_USUAL};
pub use personal::{Access, Anchors, BINDINGS_MAX, Binding, Personalisation, PersonaliseError};

use crypto::{SigningKey, Verify};
use journal::Journal;
use layout::STATE;
use quantity::Instant;
use state::State;
use wire::memory::Memory;
use wire::tee::{Alarm, Code, CodeClass, Command, Damage, Limits, Place, Reply};
use wire::{Signed, Wire};

/// The trusted world, with the memory that it lives in.
#[derive(Debug)]
pub struct Tee<M> {
    memory: M,
    key: SigningKey,
    personal: Personalisation,
    state: State,
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
        let state = State::first(personal);
        store_state(&mut memory, &state);
        personal.store(&mut memory);
        Ok(Self { memory, key, personal: personal.clone(), state })
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
        let tee = Self { memory, key, personal, state };
        tee.check().map_err(BootError::Damaged)?;
        Ok(tee)
    }

    /// Carries out one command. The only entry.
    ///
    /// `now` is the clock of the secure core. It never counts as earlier than the latest time that
    /// the registration centre signed.
    pub fn invoke(&mut self, now: Instant, verifier: &impl Verify, command: Command) -> Reply {
        let now = now.max(self.state.clock);
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
        let code = match command {
            Command::Deliver(frame) => return self.deliver(now, &frame),
            Command::Load(package) => self.load(now, verifier, &package)?,
            Command::Signal(signal) => self.signal(now, verifier, &signal)?,
            Command::Receipt(receipt) => self.receipt(verifier, &receipt)?,
            Command::Fetch(which) => return self.fetch(which).map(Reply::Entry),
            Command::Status => return self.status(now).map(Reply::Status),
            Command::SetLimits(limits) => self.set_limits(now, verifier, &limits)?,
            Command::Identify => return Ok(Reply::Identity(self.personal.certificate.clone())),
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
        for direction in contract::Direction::ALL {
            for slot in self.state.side(*direction).slots() {
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
