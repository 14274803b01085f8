//! Bugs on purpose, each a wrapper around a sound part: a campaign that doesn't find them is worth
//! nothing.

use super::dice::Dice;
use super::disk::Disk;
use bank::log::{Medium, MediumError, Snapshot, StorageError, StoredLog};
use bank::{LogError, Operation, OrderedLog, ResultCode};
use core::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wire::WalletId;

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
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 10] = [
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
    moved: BTreeMap<WalletId, i64>,
}

impl Shown {
    /// The balance that is shown for a balance.
    pub(super) fn balance(&self, wallet: WalletId, balance: i64) -> i64 {
        balance + self.moved.get(&wallet).copied().unwrap_or_default()
    }

    /// A batch was answered.
    pub(super) fn see(
        &mut self,
        plant: Option<Plant>,
        operation: &Operation,
        code: &mut ResultCode,
    ) {
        let Operation::Pay(order) = operation else { return };
        let legs = &order.body.legs;
        match (plant, *code) {
            (Some(Plant::PaysRepetition), ResultCode::Exists) => {
                legs.iter().for_each(|leg| self.shift(leg));
            }
            (Some(Plant::Overdraws), ResultCode::InsufficientFunds) => {
                legs.iter().for_each(|leg| self.shift(leg));
                *code = ResultCode::Accepted;
            }
            (Some(Plant::LosesLeg), ResultCode::Accepted) if legs.len() > 1 => {
                if let Some(leg) = legs.last() {
                    *self.moved.entry(leg.credit).or_default() -= leg.amount.fen();
                }
            }
            _ => {}
        }
    }

    fn shift(&mut self, leg: &wire::order::Leg) {
        *self.moved.entry(leg.debit).or_default() -= leg.amount.fen();
        *self.moved.entry(leg.credit).or_default() += leg.amount.fen();
    }
}
