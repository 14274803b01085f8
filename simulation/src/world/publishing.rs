//! Contract packages and recalls on their way to the meters of a class.

use super::World;
use crate::fram::{Fram, Write};
use crate::ledger::GridEntry;
use bank::OrderedLog;
use grid::publishing::PackageFault;
use tee::Tee;
use wire::package::{Recall, SignedPackage};
use wire::tee::{Code, Command, Reply};
use wire::{MeterId, Signed};

/// What is sent to all meters of a class.
#[derive(Clone, Debug, PartialEq)]
pub enum Broadcast {
    /// A contract, with the source text that its signers read.
    Contract(Box<SignedPackage>, String),
    /// Contracts are taken out of force.
    Recall(Signed<Recall>),
}

impl Broadcast {
    fn class(&self) -> u8 {
        match self {
            Self::Contract(signed, _) => signed.package.class,
            Self::Recall(recall) => recall.body.class,
        }
    }

    fn command(&self) -> Command {
        match self {
            Self::Contract(signed, _) => Command::Load((**signed).clone()),
            Self::Recall(recall) => Command::Recall(recall.clone()),
        }
    }

    /// For the grid company's log.
    #[must_use]
    pub fn entry(&self) -> GridEntry {
        match self {
            Self::Contract(signed, source) => GridEntry::Contract(signed.clone(), source.clone()),
            Self::Recall(recall) => GridEntry::Recall(Box::new(recall.clone())),
        }
    }
}

impl<L: OrderedLog> World<L> {
    /// What each transaction core of the class would answer now. Asks copies of their memories, so
    /// nothing changes.
    #[must_use]
    pub fn rehearse(&self, broadcast: &Broadcast) -> Vec<(MeterId, Code)> {
        let meters = self.meters.iter();
        let asked = meters.filter(|meter| meter.plan.class.byte() == broadcast.class());
        asked
            .map(|meter| (meter.plan.id, self.answer(meter.transaction_image(), broadcast)))
            .collect()
    }

    fn answer(&self, image: &[u8], broadcast: &Broadcast) -> Code {
        let mut copy = Fram::new(tee::CAPACITY_USUAL);
        copy.restore(&Write { address: 0, bytes: image.to_vec() });
        let mut core = Tee::boot(copy).expect("a copy of a memory that works");
        let reply = core.invoke(self.state.now, &self.verifier, broadcast.command());
        let Reply::Done { code, .. } = reply else { panic!("it gives a code, not {reply:?}") };
        code
    }

    /// Sends something to all meters of its class.
    ///
    /// # Errors
    /// [`PackageFault`] if it isn't the next one of its chain; no meter gets it then.
    pub fn broadcast(&mut self, broadcast: &Broadcast) -> Result<(), PackageFault> {
        let publisher = self.grid.publisher_mut();
        match broadcast {
            Broadcast::Contract(signed, _) => publisher.admit(&signed.package)?,
            Broadcast::Recall(recall) => publisher.admit_recall(&recall.body)?,
        }
        let (now, verifier) = (self.state.now, &self.verifier);
        for meter in &mut self.meters {
            if meter.plan.class.byte() == broadcast.class() {
                meter.downlink(now, verifier, broadcast.command());
            }
        }
        Ok(())
    }
}
