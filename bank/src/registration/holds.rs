//! Pending, post, void: money set aside for a payee, and what ends by itself.

use super::Registration;
use super::apply::{By, Checked, refuse_if};
use super::books::Hold;
use super::ledger::Part;
use super::transfer::{Cause, Movement, Reason};
use crate::code::ResultCode;
use crate::command::Command;
use crate::terms::{Intrinsic, Rest};
use quantity::{Fen, Instant};
use wire::Digest;

/// Most holds and coin strings that end with one batch; the others can't be used any more and end
/// with the next ones, so no batch takes long.
pub const ENDS_MAX: usize = 4096;

impl Registration {
    pub(super) fn hold(&mut self, by: By, command: &Command) -> Checked {
        let Command::Hold { debit, credit, amount, template, from, until } = *command else {
            unreachable!("only a hold comes here");
        };
        let payee = self.payee(credit)?;
        self.payee(debit)?;
        self.must_be_approved(template, Intrinsic::Hold)?;
        refuse_if(from >= until || until <= by.at, ResultCode::WrongTerms)?;
        let slot = self.payer(by, debit)?;
        refuse_if(debit == credit, ResultCode::SameWallet)?;
        self.spend(slot, payee, amount)?;
        self.books.ledger.shift((slot, Part::Balance), (slot, Part::Held), amount)?;
        let hold = Hold { debit, credit, amount, template, from, until };
        self.books.holds.insert(by.operation, hold);
        self.books.due.insert((until, by.operation), ());
        Ok(())
    }

    pub(super) fn must_be_approved(&self, template: u16, intrinsic: Intrinsic) -> Checked {
        let approved = self.books.templates.get(&template);
        let allowed = approved.is_some_and(|template| template.allows == intrinsic);
        refuse_if(!allowed, ResultCode::UnknownTemplate)
    }

    pub(super) fn post(
        &mut self,
        by: By,
        id: Digest,
        (amount, rest): (Fen, Rest),
        moved: &mut Vec<Movement>,
    ) -> Checked {
        let hold = *self.books.holds.get(&id).ok_or(ResultCode::UnknownHold)?;
        let key = self.directory.key(by.key);
        let may_post = key.may_debit(hold.debit) || key.may_debit(hold.credit);
        refuse_if(!may_post, ResultCode::NotBound)?;
        let (from, to) = (self.find(hold.debit)?, self.find(hold.credit)?);
        refuse_if(self.is_frozen(from), ResultCode::Frozen)?;
        refuse_if(by.at < hold.from, ResultCode::TooEarly)?;
        refuse_if(by.at >= hold.until, ResultCode::Expired)?;
        self.may_receive(from, to, amount)?;
        let left = hold.amount.checked_sub(amount).filter(|left| !left.is_negative());
        let left = left.ok_or(ResultCode::InsufficientFunds)?;
        let why = Reason::command(by);
        self.move_money(((from, Part::Held), (to, Part::Balance)), amount, why, moved)?;
        if rest == Rest::Stays && !left.is_zero() {
            self.books.holds.insert(id, Hold { amount: left, ..hold });
            return Ok(());
        }
        self.release(id, &Hold { amount: left, ..hold })
    }

    pub(super) fn void(&mut self, by: By, id: Digest) -> Checked {
        let hold = *self.books.holds.get(&id).ok_or(ResultCode::UnknownHold)?;
        self.must_be_bound(by, hold.credit)?;
        self.release(id, &hold)
    }

    /// Ends a hold: what is left of it can be spent again.
    fn release(&mut self, id: Digest, hold: &Hold) -> Checked {
        self.books.holds.remove(&id);
        self.books.due.remove(&(hold.until, id));
        let slot = self.find(hold.debit)?;
        self.books.ledger.shift((slot, Part::Held), (slot, Part::Balance), hold.amount)
    }

    /// Ends holds and purpose-bound money whose time is over, the oldest first.
    pub(super) fn end_what_is_due(&mut self, at: Instant, moved: &mut Vec<Movement>) {
        for _ in 0..ENDS_MAX {
            let Some((due, ())) = self.books.due.first() else { return };
            let (until, id) = *due;
            if until > at {
                return;
            }
            let ended = match self.books.holds.get(&id).copied() {
                Some(hold) => self.release(id, &hold),
                None => {
                    let (cause, evidence) = (Cause::End, Digest::default());
                    let why = Reason { operation: id, evidence, cause, number: 0 };
                    self.return_coin(id, why, moved)
                }
            };
            ended.expect("what was set aside is there, and its wallet takes it back");
        }
    }
}
