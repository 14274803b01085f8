//! Rich world ↔ trusted world of the transaction core: the one narrow entry.
//!
//! The trusted world answers each [`Command`] with exactly one [`Reply`]. What it seals leaves as
//! bytes ([`Entry`]) which the rich world carries and never reads.

use crate::codec::{DecodeError, Reader, Sink, Wire, byte_enum, wire_struct};
use crate::identity::{Certificate, Digest, KeyId, MeterId};
use crate::link::Frame;
use crate::package::{Recall, SignedPackage, SignedRotation};
use crate::receipt::{BOUND_WALLETS_MAX, Receipt};
use crate::signal::PriceSignal;
use crate::{Signed, WalletId};
use heapless::Vec;
use quantity::{Energy, Fen, Instant, Money};

/// Longest sealed order: 97 bytes, eight legs of 25 and a signature of 64, rounded up.
pub const ORDER_BYTES_MAX: usize = 384;
/// Longest evidence: 97 bytes, four lengths, and as many signals of 25 bytes, quantities of 9, items
/// of 19 and legs of 43 as their lists hold, rounded up.
pub const EVIDENCE_BYTES_MAX: usize = 1424;

/// Longest command: its byte and a package.
pub const COMMAND_BYTES_MAX: usize = 1 + crate::package::PACKAGE_BYTES_MAX;

/// What the rich world asks of the trusted world.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is no heap; a command is moved, never stored")]
pub enum Command {
    /// A frame that the management core sent.
    Deliver(Frame),
    /// Load a contract.
    Load(SignedPackage),
    /// Take a price signal, signed by the grid company.
    Signal(Signed<PriceSignal>),
    /// Take the receipt of an order.
    Receipt(Receipt),
    /// Give out a journal entry.
    Fetch(Which),
    /// Tell the state.
    Status,
    /// Replace the limits, signed by the operator.
    SetLimits(Signed<Limits>),
    /// Tell who the meter is.
    Identify,
    /// Take contracts out of force, signed by the regulator.
    Recall(Signed<Recall>),
    /// Replace the keys of regulator and grid company, signed by the old and the new ones.
    Rotate(SignedRotation),
    /// Sign what contracts the meter holds; the digest is the asker's and makes the answer fresh.
    Attest(Digest),
}

/// Which journal entry is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The oldest one without a receipt.
    Oldest,
    /// The one of this sequence number.
    Sequence(u64),
}

/// What the trusted world answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is no heap; a reply is moved, never stored")]
pub enum Reply {
    /// The command was carried out or refused.
    Done {
        /// How it ended.
        code: Code,
        /// Journal entries that it made.
        sealed: u8,
    },
    /// A journal entry.
    Entry(Entry),
    /// The state.
    Status(Status),
    /// The certificate of the meter's key.
    Identity(Signed<Certificate>),
    /// What the meter holds: the receipt of a load, a recall or a rotation.
    Attestation(Signed<Attestation>),
    /// The memory is damaged: nothing was done.
    Damaged(Damage),
}

/// One journal entry as it leaves the trusted world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Sequence number of the order.
    pub sequence: u64,
    /// What became of the order.
    pub outcome: Outcome,
    /// Bytes of a `Signed<PaymentOrder>`, for the registration centre.
    pub order: Vec<u8, ORDER_BYTES_MAX>,
    /// Bytes of the `SettlementRecord` whose digest the order carries, for the grid company.
    pub evidence: Vec<u8, EVIDENCE_BYTES_MAX>,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is no receipt yet.
    Pending,
    /// The receipt carries this result: 0 is final; with any other the order is burnt, and what it
    /// paid is carried again.
    Receipt(u8),
}

/// Rules for the money that a meter may pay without asking, as of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The meter's key: limits for one meter are no limits for another.
    pub key: KeyId,
    /// Rises with each change.
    pub sequence: u64,
    /// First instant at which they hold.
    pub from: Instant,
    /// Digest of the document that sets them.
    pub document: Digest,
    /// Most that one order may pay.
    pub per_payment: Fen,
    /// Most that all orders of one legal day may pay.
    pub per_day: Fen,
    /// Most orders that pay and have no receipt yet.
    pub offline_orders: u32,
    /// Most that orders without a receipt may pay together.
    pub offline_amount: Fen,
}

/// Where the memory is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What lies there.
    pub place: Place,
    /// Address in the memory.
    pub address: u32,
}

/// The state as the page and the field engineer see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The meter.
    pub meter: MeterId,
    /// Code of the class of meters.
    pub class: u8,
    /// The key that signs its orders.
    pub key: KeyId,
    /// Number of the last order, 0 before the first.
    pub sequence: u64,
    /// Digest of the last order: the head of the chain.
    pub head: Digest,
    /// Number of the last order with a receipt.
    pub acknowledged: u64,
    /// Number of the last order that the registration centre refused, 0 if none was.
    pub burnt: u64,
    /// Number of the last batch seen.
    pub batch: u64,
    /// Alarms since the factory, a bit for each [`Alarm`].
    pub alarms: u8,
    /// Number of the last rotation of the signers' keys, 0 for those of the factory.
    pub generation: u64,
    /// Limits in force.
    pub limits: Limits,
    /// Paid on the legal day of the last settlement.
    pub paid_today: Fen,
    /// Orders that pay and have no receipt yet.
    pub offline_orders: u32,
    /// What they pay together.
    pub offline_amount: Fen,
    /// Wallets that the key may debit.
    pub wallets: Vec<WalletStatus, BOUND_WALLETS_MAX>,
    /// Import, then export.
    pub directions: [DirectionStatus; 2],
}

/// What the meter knows of a wallet that it may debit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalletStatus {
    /// The wallet.
    pub wallet: WalletId,
    /// Balance of the last receipt.
    pub balance: Fen,
    /// Part of it that own orders without a receipt already claim.
    pub claimed: Fen,
}

/// One direction of energy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectionStatus {
    /// Which rule held money or energy back in the last settlement.
    pub hold: Hold,
    /// The contracts that it holds.
    pub contracts: Holding,
    /// Sequence number of the last signal.
    pub signal_sequence: u64,
    /// Everything before this instant is settled.
    pub settled_until: Instant,
    /// Register at that instant.
    pub settled_register: Energy,
    /// Register of the last report.
    pub register: Energy,
    /// Owed and not yet paid, over all legs.
    pub carried: Money,
}

/// What a meter holds, signed with its own key: so the platform can prove which contract each meter
/// runs, without trusting whoever carried the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The meter.
    pub meter: MeterId,
    /// When, by its own clock.
    pub at: Instant,
    /// The digest that the asker chose.
    pub nonce: Digest,
    /// Number of the last rotation of the signers' keys, 0 for those of the factory.
    pub generation: u64,
    /// Digest of that rotation; zero for those of the factory.
    pub rotation: Digest,
    /// Import, then export.
    pub directions: [Holding; 2],
}

/// What a meter holds for one direction of energy; digests of packages, zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// In force.
    pub active: Digest,
    /// Why it is in force.
    pub cause: Cause,
    /// Waits for its time.
    pub waiting: Digest,
    /// Takes over on expiry.
    pub default: Digest,
    /// Was in force before.
    pub previous: Digest,
    /// Sequence number of the last ordinary package or recall.
    pub seen_sequence: u64,
}

byte_enum! {
    /// Why a contract is in force.
    #[derive(Default)]
    Cause, "cause" {
        /// None is in force: the energy waits in the register.
        #[default]
        None = 0,
        /// A package was loaded and its time came.
        Package = 1,
        /// The one before expired, and the default contract took over.
        Expiry = 2,
        /// The regulator recalled the one before.
        Recall = 3,
    }
}

byte_enum! {
    /// How a command ended.
    Code, "result code" {
        /// Carried out.
        Accepted = 0,
        /// The same was taken before; nothing changed.
        AlreadyThere = 1,
        /// The receipt was taken; its order is burnt and its money is carried again.
        OrderBurnt = 2,
        /// No such journal entry.
        NoSuchEntry = 16,
        /// The receipt is of an order that isn't the oldest one open.
        NotOldest = 17,
        /// The time of validity has not begun.
        NotYetValid = 18,
        /// A contract that is due, or one that a recall brings back, waits for the next settlement;
        /// its slot is needed until then.
        SlotsTaken = 19,
        /// A rotation of keys before this one is missing.
        MissingRotation = 20,
        /// The frame is a replay.
        StaleFrame = 32,
        /// The frame was altered or is sealed under another key.
        AlteredFrame = 33,
        /// The frame holds no sound energy report.
        NoReport = 34,
        /// The report is older than the last one.
        OldReport = 35,
        /// A signature is missing or wrong.
        Signature = 36,
        /// For meters of another class.
        WrongClass = 37,
        /// For no direction, or the program is for another one.
        WrongDirection = 38,
        /// For another meter.
        WrongMeter = 39,
        /// The sequence number isn't above the last one.
        StaleSequence = 40,
        /// The time of validity is over, or it is empty.
        Expired = 41,
        /// It replaces a package that isn't the last one loaded.
        OtherPredecessor = 42,
        /// It takes over at an instant that isn't a settlement boundary of its validity.
        NoBoundary = 43,
        /// The byte code breaks a rule of the language.
        Program = 45,
        /// A leg has no wallet that pays or none that is paid.
        Unbound = 46,
        /// More legs, with those of earlier contracts, than the meter can carry.
        TooManyLegs = 47,
        /// A component value is unknown, doubled or out of order.
        Values = 48,
        /// The path of the receipt doesn't end in its root.
        Proof = 49,
        /// The root is older than the last one.
        OldRoot = 50,
        /// The receipt is of an order that this meter doesn't know (any more).
        UnknownOrder = 51,
        /// A limit or a balance is negative.
        Negative = 52,
        /// An ordinary package that names no default package of this meter, or a default package
        /// that names any.
        NoDefault = 53,
        /// The sequence number is so far above the last one that no later one might be left.
        SequenceTooFar = 54,
        /// The meter holds no such contract.
        NoSuchContract = 55,
        /// Regulator and grid company would sign with one key.
        SameSigner = 56,
        /// The contract needs a quantity, a hold or bound money that this meter can't supply.
        Unsupplied = 57,
        /// It could be in force in a year whose holidays it doesn't list.
        Calendar = 58,
        /// Two different things with one sequence number, both with valid signatures.
        Fork = 64,
        /// A register went backwards.
        RegisterBackwards = 65,
        /// More energy than the contract's bound allows in the time.
        Implausible = 66,
        /// A contract that was proved at load refuses to settle.
        ContractFault = 67,
    }
}

/// What the caller should do about a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeClass {
    /// Go on.
    Success,
    /// Try again later.
    Later,
    /// Drop it: it stays refused.
    Refused,
    /// Drop it and tell someone; an alarm bit is set.
    Alarm,
}

impl Code {
    /// The class of the code.
    #[must_use]
    pub const fn class(self) -> CodeClass {
        match self as u8 {
            0..16 => CodeClass::Success,
            16..32 => CodeClass::Later,
            32..64 => CodeClass::Refused,
            _ => CodeClass::Alarm,
        }
    }

    /// Whether the command was carried out, now or before.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self.class(), CodeClass::Success)
    }
}

byte_enum! {
    /// Something that should never happen and did; the value is its bit in [`Status::alarms`].
    Alarm, "alarm" {
        /// Two different packages, signals or limits with one sequence number.
        Fork = 0,
        /// A register went backwards.
        RegisterBackwards = 1,
        /// More energy than the contract's bound.
        Implausible = 2,
        /// A proved contract refused to settle.
        ContractFault = 3,
        /// The registration centre refused an order.
        OrderBurnt = 4,
    }
}

impl Alarm {
    /// The alarm's bit.
    #[must_use]
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }
}

byte_enum! {
    /// Which rule holds money back. Energy goes on flowing and settlements go on: what isn't paid
    /// is carried.
    #[derive(Default)]
    Hold, "hold" {
        /// None: everything due was paid.
        #[default]
        None = 0,
        /// There is no contract yet; the energy waits in the register.
        NoContract = 1,
        /// The limit of one order.
        PerPayment = 2,
        /// The limit of the legal day.
        PerDay = 3,
        /// The balance of the wallet that pays, as far as it is known.
        Funds = 4,
        /// The number or the amount of orders without a receipt.
        Offline = 5,
        /// The journal is full of entries without a receipt; the energy waits in the register.
        JournalFull = 6,
    }
}

byte_enum! {
    /// Parts of the transaction core's memory.
    Place, "place" {
        /// What the factory wrote.
        Personalisation = 1,
        /// The state page.
        State = 2,
        /// A contract slot.
        Contract = 3,
        /// Price signals.
        Signals = 4,
        /// The journal.
        Journal = 5,
        /// The keys that sign contracts.
        Signers = 6,
    }
}

impl Place {
    /// Damage found there.
    #[must_use]
    pub const fn damage(self, address: u32) -> Damage {
        Damage { place: self, address }
    }
}

wire_struct!(Entry, tag: b"", { sequence, outcome, order, evidence });
wire_struct!(Attestation, tag: b"JIDIAN-ATTESTATION-1", {
    meter, at, nonce, generation, rotation, directions
});
wire_struct!(Holding, tag: b"", { active, cause, waiting, default, previous, seen_sequence });
wire_struct!(Limits, tag: b"JIDIAN-LIMITS-1", {
    key, sequence, from, document, per_payment, per_day, offline_orders, offline_amount
});
wire_struct!(Damage, tag: b"", { place, address });
wire_struct!(Status, tag: b"", {
    meter, class, key, sequence, head, acknowledged, burnt, batch, alarms, generation, limits,
    paid_today, offline_orders, offline_amount, wallets, directions
});
wire_struct!(WalletStatus, tag: b"", { wallet, balance, claimed });
wire_struct!(DirectionStatus, tag: b"", {
    hold, contracts, signal_sequence, settled_until, settled_register, register, carried
});

impl Wire for Outcome {
    fn write(&self, out: &mut Sink<'_>) {
        match self {
            Self::Pending => 0_u8.write(out),
            Self::Receipt(result) => [1, *result].write(out),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            0 => Ok(Self::Pending),
            1 => u8::read(reader).map(Self::Receipt),
            _ => Err(reader.refuse(at, "outcome")),
        }
    }
}

impl Wire for Which {
    fn write(&self, out: &mut Sink<'_>) {
        match self {
            Self::Oldest => 0_u8.write(out),
            Self::Sequence(sequence) => {
                1_u8.write(out);
                sequence.write(out);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            0 => Ok(Self::Oldest),
            1 => u64::read(reader).map(Self::Sequence),
            _ => Err(reader.refuse(at, "entry")),
        }
    }
}

/// Writes the byte of a variant, then its content.
fn write_variant(variant: u8, content: &impl Wire, out: &mut Sink<'_>) {
    variant.write(out);
    content.write(out);
}

impl Wire for Command {
    fn write(&self, out: &mut Sink<'_>) {
        match self {
            Self::Deliver(frame) => write_variant(1, frame, out),
            Self::Load(package) => write_variant(2, package, out),
            Self::Signal(signal) => write_variant(3, signal, out),
            Self::Receipt(receipt) => write_variant(4, receipt, out),
            Self::Fetch(which) => write_variant(5, which, out),
            Self::Status => 6_u8.write(out),
            Self::SetLimits(limits) => write_variant(7, limits, out),
            Self::Identify => 8_u8.write(out),
            Self::Recall(recall) => write_variant(9, recall, out),
            Self::Rotate(rotation) => write_variant(10, rotation, out),
            Self::Attest(nonce) => write_variant(11, nonce, out),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            1 => Wire::read(reader).map(Self::Deliver),
            2 => Wire::read(reader).map(Self::Load),
            3 => Wire::read(reader).map(Self::Signal),
            4 => Wire::read(reader).map(Self::Receipt),
            5 => Wire::read(reader).map(Self::Fetch),
            6 => Ok(Self::Status),
            7 => Wire::read(reader).map(Self::SetLimits),
            8 => Ok(Self::Identify),
            9 => Wire::read(reader).map(Self::Recall),
            10 => Wire::read(reader).map(Self::Rotate),
            11 => Wire::read(reader).map(Self::Attest),
            _ => Err(reader.refuse(at, "command")),
        }
    }
}

impl Wire for Reply {
    fn write(&self, out: &mut Sink<'_>) {
        match self {
            Self::Done { code, sealed } => {
                write_variant(1, code, out);
                sealed.write(out);
            }
            Self::Entry(entry) => write_variant(2, entry, out),
            Self::Status(status) => write_variant(3, status, out),
            Self::Identity(certificate) => write_variant(4, certificate, out),
            Self::Damaged(damage) => write_variant(5, damage, out),
            Self::Attestation(attestation) => write_variant(6, attestation, out),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let at = reader.at();
        match u8::read(reader)? {
            1 => Ok(Self::Done { code: Wire::read(reader)?, sealed: Wire::read(reader)? }),
            2 => Wire::read(reader).map(Self::Entry),
            3 => Wire::read(reader).map(Self::Status),
            4 => Wire::read(reader).map(Self::Identity),
            5 => Wire::read(reader).map(Self::Damaged),
            6 => Wire::read(reader).map(Self::Attestation),
            _ => Err(reader.refuse(at, "reply")),
        }
    }
}
