//! A bank over a stored log that is closed and opened again after every batch.

use crate::common::{Engine, Replica, Replicas, Suite};
use bank::log::{LogReader, Medium, MediumError, StoredLog};
use bank::{Answer, Bank, Genesis, Operation, Registration};
use core::cell::RefCell;
use quantity::Instant;
use std::rc::Rc;
use wire::identity::PublicKey;

const KIND: u16 = 1;

/// A medium in memory that outlives the process.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Medium for Memory {
    fn length(&mut self) -> Result<u64, MediumError> {
        Ok(self.0.borrow().len() as u64)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        let start = usize::try_from(offset).unwrap();
        let bytes = self.0.borrow();
        let end = start.checked_add(buffer.len()).unwrap();
        let found = bytes.get(start..end);
        let found = found.ok_or_else(|| MediumError { reason: "behind the end".to_owned() })?;
        buffer.copy_from_slice(found);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        let start = usize::try_from(offset).unwrap();
        let end = start.checked_add(bytes.len()).unwrap();
        let mut all = self.0.borrow_mut();
        let length = all.len().max(end);
        all.resize(length, 0);
        all[start..end].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        Ok(())
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        self.0.borrow_mut().resize(usize::try_from(length).unwrap(), 0);
        Ok(())
    }
}

/// See the module.
pub struct Reopened<S: Suite> {
    medium: Memory,
    authority: PublicKey,
    key: S::Key,
    bank: Bank<StoredLog<Memory>, S::Key>,
}

impl<S: Suite> Reopened<S> {
    pub fn found(genesis: &Genesis, key: &S::Key) -> Self {
        let medium = Memory::default();
        let log = StoredLog::create(medium.clone(), KIND).unwrap().growing_by(1000);
        let bank = Bank::found(genesis, key.clone(), log, &S::verifier()).unwrap();
        let authority = genesis.authentication.body.public_key;
        Self { medium, authority, key: key.clone(), bank }
    }

    fn records(&self) -> Vec<Vec<u8>> {
        LogReader::open(self.medium.clone(), KIND).unwrap().records().collect()
    }

    fn reopen(&mut self) {
        let log = StoredLog::open(self.medium.clone(), KIND).unwrap().growing_by(1000);
        let key = self.key.clone();
        self.bank = Bank::recover(self.records(), &self.authority, key, log).unwrap();
    }
}

impl<S: Suite> Engine<S> for Reopened<S> {
    const NAME: &'static str = "a log that is opened again";

    fn submit(&mut self, now: Instant, operations: Vec<Operation>) -> Vec<Answer> {
        let answers = self.bank.submit(now, operations, &S::verifier()).unwrap();
        let before = self.bank.registration().state_digest();
        self.reopen();
        assert_eq!(self.bank.registration().state_digest(), before, "a restart changes nothing");
        answers
    }

    fn registration(&self) -> &Registration {
        self.bank.registration()
    }
}

impl<S: Suite> Replicas<S> for Reopened<S> {
    fn replicas(&mut self) -> Vec<Replica> {
        let state = self.bank.registration().state_digest();
        vec![Replica { state, records: self.records() }]
    }
}
