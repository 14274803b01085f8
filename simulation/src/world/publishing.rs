//! A contract package on its way to the meters of its class.

use super::World;
use crate::fram::{Fram, Write};
use bank::OrderedLog;
use grid::publishing::PackageFault;
use tee::Tee;
use wire::MeterId;
use wire::package::SignedPackage;
use wire::tee::{Code, Command, Reply};

impl<L: OrderedLog> World<L> {
    /// What each transaction core of the package's class would answer now. Asks copies of their
    /// memories, so nothing changes.
    #[must_use]
    pub fn rehearse(&self, signed: &SignedPackage) -> Vec<(MeterId, Code)> {
        let meters = self.meters.iter();
        let asked = meters.filter(|meter| meter.plan.class.byte() == signed.package.class);
        asked.map(|meter| (meter.plan.id, self.answer(meter.images()[2], signed))).collect()
    }

    fn answer(&self, image: &[u8], signed: &SignedPackage) -> Code {
        let mut copy = Fram::new(tee::CAPACITY_USUAL);
        copy.restore(&Write { address: 0, bytes: image.to_vec() });
        let mut core = Tee::boot(copy).expect("a copy of a memory that works");
        let reply = core.invoke(self.state.now, &self.verifier, Command::Load(signed.clone()));
        let Reply::Done { code, .. } = reply else { panic!("a load gives a code, not {reply:?}") };
        code
    }

    /// Sends a package to all meters of its class.
    ///
    /// # Errors
    /// [`PackageFault`] if it isn't the next one of its chain; no meter gets it then.
    pub fn publish(&mut self, signed: &SignedPackage) -> Result<(), PackageFault> {
        self.grid.publisher_mut().admit(&signed.package)?;
        let (now, verifier) = (self.state.now, &self.verifier);
        for meter in &mut self.meters {
            if meter.plan.class.byte() == signed.package.class {
                meter.downlink(now, verifier, Command::Load(signed.clone()));
            }
        }
        Ok(())
    }
}
