//! Bugs on purpose, each a wrapper around a sound part: a campaign that doesn't find them is worth
//! nothing.

use super::books::Standing;
use super::dice::Dice;
use super::disk::Disk;
use super::parties::coin_id;
use bank::log::{Medium, MediumError, Snapshot, StorageError, StoredLog};
use bank::registration::{Wallet, WalletState};
use bank::{Command, LogError, Operation, OrderedLog, ResultCode};
use core::cell::RefCell;
use quantity::Fen;
use std::collections::BTreeMap;
use std::rc::Rc;
use wire::order::Leg;
use wire::{Digest, WalletId};

/// A bug that a campaign can plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plant {
    /// The log acknowledges a record without a sync.
    SkipsSync,
    /// The log takes a failed sync for a good one.
    IgnoresFailedSync,
    /// The log takes a failed write for a good one.
    IgnoresFailedWrite,
    /// Now and then a write lands beside its place.
    MisplacesWrite,
    /// The bank answers although the log refused the batch.
    AnswersUnlogged,
    /// A start drops the last record.
    DropsLastRecord,
    /// A start takes damage in the middle for the end of the log.
    AcceptsDamage,
    /// A repeated order is paid again.
    PaysRepetition,
    /// The last of several legs is debited and never credited.
    LosesLeg,
    /// An order is paid from a wallet that holds too little.
    Overdraws,
    /// What was posted out of a hold stays set aside as well.
    KeepsPosted,
    /// A hold that is used up, given back or expired is posted once more.
    PaysEndedHold,
    /// A coin string that was spent is taken again.
    RespendsCoin,
    /// What is over a limit is paid all the same.
    IgnoresLimit,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SkipsSync,
        Self::IgnoresFailedSync,
        Self::IgnoresFailedWrite,
        Self::MisplacesWrite,
        Self::AnswersUnlogged,
        Self::DropsLastRecord,
        Self::AcceptsDamage,
        Self::PaysRepetition,
        Self::LosesLeg,
        Self::Overdraws,
        Self::KeepsPosted,
        Self::PaysEndedHold,
        Self::RespendsCoin,
        Self::IgnoresLimit,
    ];

    /// The name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkipsSync => "skips-sync",
            Self::IgnoresFailedSync => "ignores-failed-sync",
            Self::IgnoresFailedWrite => "ignores-failed-write",
            Self::MisplacesWrite => "misplaces-write",
            Self::AnswersUnlogged => "answers-unlogged",
            Self::DropsLastRecord => "drops-last-record",
            Self::AcceptsDamage => "accepts-damage",
            Self::PaysRepetition => "pays-repetition",
            Self::LosesLeg => "loses-leg",
            Self::Overdraws => "overdraws",
            Self::KeepsPosted => "keeps-posted",
            Self::PaysEndedHold => "pays-ended-hold",
            Self::RespendsCoin => "respends-coin",
            Self::IgnoresLimit => "ignores-limit",
        }
    }
}

/// A disk, and what a bug makes of it.
pub(super) struct PlantedDisk {
    pub(super) disk: Disk,
    pub(super) plant: Option<Plant>,
    pub(super) dice: Dice,
}

impl Medium for PlantedDisk {
    fn length(&mut self) -> Result<u64, MediumError> {
        self.disk.length()
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        self.disk.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        match self.plant {
            Some(Plant::IgnoresFailedWrite) => {
                let _ = self.disk.write_at(offset, bytes);
                Ok(())
            }
            Some(Plant::MisplacesWrite) if self.dice.once_in(16) => {
                self.disk.write_at(offset + 512, bytes)
            }
            _ => self.disk.write_at(offset, bytes),
        }
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        match self.plant {
            Some(Plant::SkipsSync) => Ok(()),
            Some(Plant::IgnoresFailedSync) => {
                let _ = self.disk.sync();
                Ok(())
            }
            _ => self.disk.sync(),
        }
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        self.disk.set_length(length)
    }
}

/// A bank's log that the campaign can look into while the bank holds it.
#[derive(Clone)]
pub(super) struct PlantedLog {
    log: Rc<RefCell<StoredLog<PlantedDisk>>>,
    plant: Option<Plant>,
}

/// Number of the bank's kind of log.
pub(super) const KIND: u16 = 1;

impl PlantedLog {
    pub(super) fn create(medium: PlantedDisk, step: u64) -> Result<Self, StorageError> {
        let plant = medium.plant;
        let log = StoredLog::create(medium, KIND)?.growing_by(step);
        Ok(Self { log: Rc::new(RefCell::new(log)), plant })
    }

    /// Opens a log, from a snapshot if there is one.
    pub(super) fn open(
        mut medium: PlantedDisk,
        step: u64,
        snapshot: Option<&Snapshot>,
    ) -> Result<Self, StorageError> {
        let plant = medium.plant;
        if plant == Some(Plant::AcceptsDamage) {
            let found = StoredLog::open(&mut medium.disk, KIND);
            if let Err(StorageError::Damaged { offset, .. }) = found {
                medium.disk.set_length(offset).map_err(refused)?;
            }
        }
        if plant == Some(Plant::DropsLastRecord) {
            let last = StoredLog::open(&mut medium.disk, KIND)?.place().last;
            medium.disk.set_length(last).map_err(refused)?;
        }
        let log = match snapshot {
            Some(snapshot) => StoredLog::open_behind(medium, KIND, snapshot)?,
            None => StoredLog::open(medium, KIND)?,
        };
        Ok(Self { log: Rc::new(RefCell::new(log.growing_by(step))), plant })
    }

    /// Looks at the log.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut StoredLog<PlantedDisk>) -> T) -> T {
        look(&mut self.log.borrow_mut())
    }
}

const fn refused(error: MediumError) -> StorageError {
    StorageError::Medium { doing: "cutting", error }
}

impl OrderedLog for PlantedLog {
    fn append(&mut self, number: u64, record: &[u8]) -> Result<(), LogError> {
        let appended = self.log.borrow_mut().append(number, record);
        match self.plant {
            Some(Plant::AnswersUnlogged) => Ok(()),
            _ => appended,
        }
    }

    fn read(&mut self, number: u64) -> Result<Vec<u8>, LogError> {
        self.log.borrow_mut().read(number)
    }
}

/// What the bank shows of its wallets: the truth, and what a bug makes of it.
#[derive(Default)]
pub(super) struct Shown {
    /// What can be spent, what is set aside.
    moved: BTreeMap<WalletId, (i64, i64)>,
    /// Who pays whom out of the holds that were made.
    holds: BTreeMap<Digest, (WalletId, WalletId)>,
    /// Who owned the strings that were minted.
    minted: BTreeMap<Digest, WalletId>,
}

impl Shown {
    /// What is shown of a wallet.
    pub(super) fn standing(&self, wallet: &Wallet) -> Standing {
        let (free, held) = self.moved.get(&wallet.id).copied().unwrap_or_default();
        Standing {
            free: wallet.balance.fen() + free,
            held: wallet.held.fen() + held,
            coins: wallet.coins.fen(),
            deposit: wallet.deposit.fen(),
            frozen: wallet.state == WalletState::Frozen,
        }
    }

    /// An operation was answered.
    pub(super) fn see(
        &mut self,
        plant: Option<Plant>,
        operation: &Operation,
        code: &mut ResultCode,
    ) {
        match operation {
            Operation::Pay(order) => self.see_payment(plant, &order.body.legs, code),
            Operation::Instruct(instruction) => {
                let command = &instruction.body.command;
                if *code == ResultCode::Accepted {
                    self.note(operation.digest(), command);
                }
                self.see_command(plant, command, code);
            }
        }
    }

    fn see_payment(&mut self, plant: Option<Plant>, legs: &[Leg], code: &mut ResultCode) {
        match (plant, *code) {
            (Some(Plant::PaysRepetition), ResultCode::Exists) => self.pay(legs),
            (Some(Plant::Overdraws), ResultCode::InsufficientFunds)
            | (
                Some(Plant::IgnoresLimit),
                ResultCode::SingleLimit
                | ResultCode::DayLimit
                | ResultCode::YearLimit
                | ResultCode::BalanceLimit,
            ) => {
                self.pay(legs);
                *code = ResultCode::Accepted;
            }
            (Some(Plant::LosesLeg), ResultCode::Accepted) if legs.len() > 1 => {
                if let Some(leg) = legs.last() {
                    self.moved.entry(leg.credit).or_default().0 -= leg.amount.fen();
                }
            }
            _ => {}
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "bugs are about some commands only")]
    fn note(&mut self, operation: Digest, command: &Command) {
        match command {
            Command::Hold { debit, credit, .. } => {
                self.holds.insert(operation, (*debit, *credit));
            }
            Command::Mint { wallet, amounts } => {
                for (place, _) in (0..).zip(amounts) {
                    self.minted.insert(coin_id(operation, place), *wallet);
                }
            }
            _ => {}
        }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "bugs are about some commands only")]
    fn see_command(&mut self, plant: Option<Plant>, command: &Command, code: &mut ResultCode) {
        match (plant, command, *code) {
            (
                Some(Plant::KeepsPosted),
                Command::Post { hold, amount, .. },
                ResultCode::Accepted,
            ) => {
                if let Some((debit, _)) = self.holds.get(hold) {
                    self.moved.entry(*debit).or_default().1 += amount.fen();
                }
            }
            (
                Some(Plant::PaysEndedHold),
                Command::Post { hold, amount, .. },
                ResultCode::UnknownHold,
            ) => {
                if let Some((debit, credit)) = self.holds.get(hold).copied() {
                    self.shift(debit, credit, *amount);
                    *code = ResultCode::Accepted;
                }
            }
            (
                Some(Plant::RespendsCoin),
                Command::Spend { coins, credit, amount },
                ResultCode::UnknownCoin,
            ) => {
                if let Some(owner) = coins.first().and_then(|coin| self.minted.get(coin)).copied() {
                    self.shift(owner, *credit, *amount);
                    *code = ResultCode::Accepted;
                }
            }
            _ => {}
        }
    }

    fn pay(&mut self, legs: &[Leg]) {
        legs.iter().for_each(|leg| self.shift(leg.debit, leg.credit, leg.amount));
    }

    fn shift(&mut self, debit: WalletId, credit: WalletId, amount: Fen) {
        self.moved.entry(debit).or_default().0 -= amount.fen();
        self.moved.entry(credit).or_default().0 += amount.fen();
    }
}
