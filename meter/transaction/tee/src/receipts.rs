//! Receipts of the registration centre, one by one in the order of the orders.

use crate::allowance::legal_day;
use crate::journal::{Found, Sealed};
use crate::state::{Due, State};
use crate::{Stop, Tee, require};
use contract::Direction;
use crypto::{Verify, merkle};
use wire::evidence::LegLine;
use wire::memory::Memory;
use wire::receipt::{Leaf, Receipt};
use wire::tee::{Alarm, Code, Place};

/// Result code of final settlement.
const FINAL: u8 = 0;

impl<M: Memory> Tee<M> {
    /// Takes a receipt.
    pub(crate) fn receipt(
        &mut self,
        verifier: &impl Verify,
        receipt: &Receipt,
    ) -> Result<Code, Stop> {
        require(merkle::proves(receipt), Code::Proof)?;
        let key = &self.personal.anchors.registration_centre;
        require(verifier.verify(key, &receipt.root, &receipt.signature), Code::Signature)?;
        match self.journal().find(&self.memory, &self.state, &receipt.leaf.order)? {
            None => Err(Code::UnknownOrder.into()),
            Some(Found::Done) => Ok(Code::AlreadyThere),
            Some(Found::Later) => Err(Code::NotOldest.into()),
            Some(Found::Oldest) => self.acknowledge(receipt),
        }
    }

    fn acknowledge(&mut self, receipt: &Receipt) -> Result<Code, Stop> {
        let (root, leaf) = (&receipt.root, &receipt.leaf);
        require(root.batch >= self.state.batch, Code::OldRoot)?;
        let negative = leaf.balances.iter().any(|known| known.balance.is_negative());
        require(!negative, Code::Negative)?;
        let sealed = self.journal().oldest(&self.memory, &self.state)?;
        let mut next = self.state.clone();
        next.batch = root.batch;
        next.clock = next.clock.max(root.at);
        release(&mut next, &sealed);
        if leaf.result == FINAL {
            take_payments(&mut next, &sealed);
        } else {
            self.burn(&mut next, &sealed)?;
        }
        take_balances(&mut next, leaf);
        self.journal().finish_oldest(&mut self.memory, &mut next, leaf.result)?;
        self.commit(next);
        Ok(if leaf.result == FINAL { Code::Accepted } else { Code::OrderBurnt })
    }

    /// What the order paid is owed again, leg by leg, between the roles of its evidence.
    fn burn(&self, next: &mut State, sealed: &Sealed) -> Result<(), Stop> {
        let damage = Place::Journal.damage(crate::layout::JOURNAL_AT);
        let direction = Direction::from_byte(sealed.evidence.direction).ok_or(damage)?;
        let side = next.side_mut(direction);
        for line in &sealed.evidence.legs {
            let LegLine { debit, credit, paid, .. } = *line;
            let due = side.due(debit, credit);
            let paid = paid.to_money().ok_or(damage)?;
            side.set_due(Due { carried: due.carried + paid, ..due });
        }
        let order = &sealed.order.body;
        if next.day == legal_day(order.at) {
            next.paid_today -= order.legs.iter().map(|leg| leg.amount).sum();
        }
        next.burnt = order.sequence;
        next.alarms |= Alarm::OrderBurnt.bit();
        Ok(())
    }
}

/// The order doesn't claim money any more: it has it, or never will.
fn release(next: &mut State, sealed: &Sealed) {
    let legs = &sealed.order.body.legs;
    for leg in legs {
        let wallet = next.wallet_mut(leg.debit).expect("only such wallets are debited");
        wallet.claimed -= leg.amount;
        assert!(!wallet.claimed.is_negative(), "each claim is released once");
    }
    next.offline_orders -= u32::from(!legs.is_empty());
}

/// Takes payments off the balances, in case the receipt doesn't tell these.
fn take_payments(next: &mut State, sealed: &Sealed) {
    for leg in &sealed.order.body.legs {
        let wallet = next.wallet_mut(leg.debit).expect("only such wallets are debited");
        wallet.balance -= leg.amount;
    }
}

/// Learns the balances that the receipt tells.
fn take_balances(next: &mut State, leaf: &Leaf) {
    for told in &leaf.balances {
        if let Some(wallet) = next.wallet_mut(told.wallet) {
            wallet.balance = told.balance;
        }
    }
}
