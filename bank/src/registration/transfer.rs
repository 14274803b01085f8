//! Money from wallet to wallet: payment orders, and the one function through which all of it goes.

use super::Registration;
use super::apply::{By, Checked, refuse_if};
use super::ledger::{Part, Slot, Wallet, WalletState};
use crate::code::ResultCode;
use heapless::Vec as Bounded;
use quantity::{Fen, Instant};
use wire::order::{LEGS_MAX, Leg, PaymentOrder};
use wire::{Digest, WalletId};

/// Money that went from one wallet to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Digest of the operation, or of the hold or coin string that ended.
    pub operation: Digest,
    /// Digest of the evidence, or zero.
    pub evidence: Digest,
    /// What made it move.
    pub cause: Cause,
    /// From whom to whom.
    pub leg: Leg,
}

/// What made money move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A payment order.
    Payment,
    /// The command of this number.
    Command(u8),
    /// Purpose-bound money reached its end.
    End,
}

/// A movement of money by a payment order, for a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Number of the batch.
    pub batch: u64,
    /// When it became final.
    pub at: Instant,
    /// Digest of the order.
    pub order: Digest,
    /// Digest of the evidence, or zero.
    pub evidence: Digest,
    /// Who paid whom.
    pub leg: Leg,
}

/// Why and what for money moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reason {
    pub(super) operation: Digest,
    pub(super) evidence: Digest,
    pub(super) cause: Cause,
    pub(super) number: u8,
}

/// A part of a wallet.
type Purse = (Slot, Part);

type Moves = Bounded<(Slot, Slot, Leg), LEGS_MAX>;

impl Reason {
    /// A command.
    pub(super) const fn command(by: By) -> Self {
        let (operation, evidence) = (by.operation, Digest([0; 32]));
        Self { operation, evidence, cause: Cause::Command(by.command), number: 0 }
    }
}

impl Registration {
    /// Each check is made for all legs before the next check; money then moves leg by leg.
    pub(super) fn pay(
        &mut self,
        by: By,
        order: &PaymentOrder,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        let moves = self.find_legs(order)?;
        let may_debit = |wallet| self.directory.key(by.key).may_debit(wallet);
        refuse_if(order.legs.iter().any(|leg| !may_debit(leg.debit)), ResultCode::NotBound)?;
        refuse_if(moves.iter().any(|leg| self.is_frozen(leg.0)), ResultCode::Frozen)?;
        refuse_if(moves.iter().any(|leg| leg.0 == leg.1), ResultCode::SameWallet)?;
        self.spend_legs(&moves)?;
        let (operation, evidence) = (by.operation, order.evidence);
        for (from, to, leg) in &moves {
            let (cause, number) = (Cause::Payment, leg.reason);
            let why = Reason { operation, evidence, cause, number };
            self.move_money(
                ((*from, Part::Balance), (*to, Part::Balance)),
                leg.amount,
                why,
                moved,
            )?;
        }
        Ok(())
    }

    fn find_legs(&self, order: &PaymentOrder) -> Result<Moves, ResultCode> {
        let mut moves = Moves::new();
        for leg in &order.legs {
            let (from, to) = (self.find(leg.debit)?, self.find(leg.credit)?);
            moves.push((from, to, *leg)).expect("as many as the order has legs");
        }
        let pays_vault = moves.iter().any(|leg| self.is_vault(leg.1));
        refuse_if(pays_vault, ResultCode::ForeignWallet).map(|()| moves)
    }

    /// Counts the order against the limits of each wallet that pays others.
    fn spend_legs(&mut self, moves: &Moves) -> Checked {
        for (place, (from, ..)) in moves.iter().enumerate() {
            if moves.iter().take(place).any(|(earlier, ..)| earlier == from) {
                continue;
            }
            let outward = moves
                .iter()
                .filter(|(payer, payee, _)| payer == from && !self.is_family(*payer, *payee));
            let sum = outward.map(|(.., leg)| leg.amount).try_fold(Fen::ZERO, Fen::checked_add);
            self.count_spending(*from, sum.ok_or(ResultCode::Overflow)?)?;
        }
        Ok(())
    }

    /// Counts a payment against the limits of who pays; what stays in the family counts against none.
    pub(super) fn spend(&mut self, from: Slot, to: Slot, amount: Fen) -> Checked {
        if self.is_family(from, to) { Ok(()) } else { self.count_spending(from, amount) }
    }

    fn count_spending(&mut self, from: Slot, amount: Fen) -> Checked {
        let wallet = self.books.ledger.wallet(from);
        let own = wallet.parent.and_then(|_| self.books.sub_wallets.get(&from));
        if amount.is_zero() || (own.is_none() && !self.books.limits.bind(wallet)) {
            return Ok(());
        }
        let today = self.books.ledger.today();
        let spent = self.books.limits.spend(wallet, own, amount, today)?;
        self.books.ledger.change(from, |wallet| wallet.spent = spent);
        Ok(())
    }

    /// Moves money from one wallet to another: limits of who receives, sums, positions of the
    /// operators, the list of movements.
    pub(super) fn move_money(
        &mut self,
        ((from, part), (to, into)): (Purse, Purse),
        amount: Fen,
        why: Reason,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        self.may_receive(from, to, amount)?;
        self.carry_money(((from, part), (to, into)), amount, why, moved)
    }

    /// Whether the payee may hold so much more.
    pub(super) fn may_receive(&self, from: Slot, to: Slot, amount: Fen) -> Checked {
        if self.is_family(from, to) {
            return Ok(());
        }
        self.books.limits.receive(self.books.ledger.wallet(to), amount)
    }

    /// Moves money that the wallet must take, whatever it may hold: it was its own before.
    pub(super) fn carry_money(
        &mut self,
        ((from, part), (to, into)): (Purse, Purse),
        amount: Fen,
        why: Reason,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        let (payer, payee) = (*self.books.ledger.wallet(from), *self.books.ledger.wallet(to));
        self.books.ledger.shift((from, part), (to, into), amount)?;
        self.book_position(&payer, &payee, amount)?;
        let leg = Leg { debit: payer.id, credit: payee.id, amount, reason: why.number };
        let Reason { operation, evidence, cause, .. } = why;
        moved.push(Movement { operation, evidence, cause, leg });
        Ok(())
    }

    /// Money that goes to another operator's customer: interconnection 互联互通.
    fn book_position(&mut self, payer: &Wallet, payee: &Wallet, amount: Fen) -> Checked {
        let (from, to) = (payer.id.operator(), payee.id.operator());
        if from == to || payer.kind.is_vault() || payee.kind.is_vault() {
            return Ok(());
        }
        self.change_operator(from, |book| {
            book.position = book.position.checked_sub(amount).ok_or(ResultCode::Overflow)?;
            Ok(())
        })?;
        self.change_operator(to, |book| {
            book.position = book.position.checked_add(amount).ok_or(ResultCode::Overflow)?;
            Ok(())
        })
    }

    pub(super) fn find(&self, wallet: WalletId) -> Result<Slot, ResultCode> {
        self.books.ledger.find(wallet).ok_or(ResultCode::UnknownWallet)
    }

    pub(super) fn is_vault(&self, slot: Slot) -> bool {
        self.books.ledger.wallet(slot).kind.is_vault()
    }

    pub(super) fn is_frozen(&self, slot: Slot) -> bool {
        self.books.ledger.wallet(slot).state == WalletState::Frozen
    }

    /// A wallet that isn't a vault.
    pub(super) fn payee(&self, wallet: WalletId) -> Result<Slot, ResultCode> {
        let slot = self.find(wallet)?;
        refuse_if(self.is_vault(slot), ResultCode::ForeignWallet).map(|()| slot)
    }

    /// A wallet that the key may debit and that isn't frozen.
    pub(super) fn payer(&self, by: By, wallet: WalletId) -> Result<Slot, ResultCode> {
        let slot = self.payee(wallet)?;
        self.must_be_bound(by, wallet)?;
        refuse_if(self.is_frozen(slot), ResultCode::Frozen).map(|()| slot)
    }

    pub(super) fn must_be_bound(&self, by: By, wallet: WalletId) -> Checked {
        refuse_if(!self.directory.key(by.key).may_debit(wallet), ResultCode::NotBound)
    }

    /// Whether two wallets are parent and sub-wallet, or of one parent: what moves between them
    /// stays with one owner and counts against no limit.
    fn is_family(&self, one: Slot, other: Slot) -> bool {
        let head = |slot| {
            let wallet = self.books.ledger.wallet(slot);
            wallet.parent.unwrap_or(wallet.id)
        };
        head(one) == head(other)
    }
}
