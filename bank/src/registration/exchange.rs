//! The two tiers: what the central bank and the operators do.

use super::apply::{By, Checked, refuse_if};
use super::books::OperatorBook;
use super::directory::is_valid;
use super::ledger::{Part, Slot, Wallet, WalletState};
use super::tracked::Tracked;
use super::transfer::Reason;
use super::{Movement, Registration};
use crate::code::ResultCode;
use crate::command::Command;
use crate::genesis::bank_vault;
use crate::terms::{Grade, Holders, InterestRule, LimitRule};
use quantity::{Fen, Instant};
use wire::WalletId;
use wire::identity::{Certificate, Role};

/// Number of the book that holds the quota of issuance.
pub(super) const ISSUANCE: u16 = 0;

/// The central bank.
impl Registration {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the table of commands says who signs what")]
    pub(super) fn instruct_centrally(
        &mut self,
        by: By,
        command: &Command,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        match *command {
            Command::Issue { amount } => self.issue(amount),
            Command::Retire { amount } => self.retire(amount),
            Command::Supply { operator, amount } => self.supply(by, operator, amount, moved),
            Command::SetQuota { operator, amount } => self.change_operator(operator, |book| {
                book.quota = amount.unwrap_or(Fen::ZERO);
                Ok(())
            }),
            Command::CreditReserve { operator, amount } => self.change_reserve(operator, amount),
            Command::DebitReserve { operator, amount } => {
                self.change_reserve(operator, minus(amount))
            }
            Command::SetLimits { rule } => self.set_limits(rule),
            Command::SetInterest { rule } => self.set_interest(rule),
            Command::ApproveTemplate { template } => {
                self.books.templates.insert(template.number, template);
                Ok(())
            }
            Command::WithdrawTemplate { template } => {
                let known = self.books.templates.get(&template).is_some();
                refuse_if(!known, ResultCode::UnknownTemplate)?;
                self.books.templates.remove(&template);
                Ok(())
            }
            _ => unreachable!("{} isn't the central bank's", command.name()),
        }
    }

    fn issue(&mut self, amount: Fen) -> Checked {
        let issued = self.totals.issued.checked_add(amount).ok_or(ResultCode::Overflow)?;
        let quota = self.books.operators.get(&ISSUANCE).map_or(Fen::ZERO, |book| book.quota);
        refuse_if(issued > quota, ResultCode::OverQuota)?;
        self.books.ledger.deposit(self.issuance_vault, Part::Balance, amount)?;
        self.totals.issued = issued;
        Ok(())
    }

    fn retire(&mut self, amount: Fen) -> Checked {
        self.books.ledger.withdraw(self.issuance_vault, Part::Balance, amount)?;
        let issued = self.totals.issued.checked_sub(amount);
        self.totals.issued = issued.expect("the vault holds no more than what was issued");
        Ok(())
    }

    /// Payment against the whole amount in reserves.
    fn supply(&mut self, by: By, operator: u16, amount: Fen, moved: &mut Vec<Movement>) -> Checked {
        self.change_operator(operator, |book| {
            let supplied = book.supplied.checked_add(amount).ok_or(ResultCode::Overflow)?;
            refuse_if(supplied > book.quota, ResultCode::OverQuota)?;
            let reserve = book.reserve.checked_sub(amount).filter(|rest| !rest.is_negative());
            let reserve = reserve.ok_or(ResultCode::InsufficientReserve)?;
            (book.supplied, book.reserve) = (supplied, reserve);
            Ok(())
        })?;
        let (from, to) = (self.issuance_vault, self.find(bank_vault(operator))?);
        let why = Reason::command(by);
        self.move_money(((from, Part::Balance), (to, Part::Balance)), amount, why, moved)
    }

    fn change_reserve(&mut self, operator: u16, amount: Fen) -> Checked {
        refuse_if(operator == ISSUANCE, ResultCode::UnknownOperator)?;
        self.change_operator(operator, |book| {
            let reserve = book.reserve.checked_add(amount).ok_or(ResultCode::Overflow)?;
            refuse_if(reserve.is_negative(), ResultCode::InsufficientReserve)?;
            book.reserve = reserve;
            Ok(())
        })
    }

    pub(super) fn change_operator(
        &mut self,
        operator: u16,
        change: impl FnOnce(&mut OperatorBook) -> Checked,
    ) -> Checked {
        let known = self.books.operators.get(&operator).copied();
        let mut book = known.ok_or(ResultCode::UnknownOperator)?;
        change(&mut book)?;
        self.books.operators.insert(operator, book);
        Ok(())
    }

    fn set_limits(&mut self, rule: LimitRule) -> Checked {
        let key = (rule.holders, rule.grade, rule.from_day);
        self.must_be_ahead(&self.books.limit_rules, key)?;
        self.books.limit_rules.insert(key, rule);
        Ok(())
    }

    fn set_interest(&mut self, rule: InterestRule) -> Checked {
        let key = (rule.holders, rule.grade, rule.from_day);
        self.must_be_ahead(&self.books.interest_rules, key)?;
        // A wallet that was touched meanwhile would earn less than one that wasn't.
        let past = rule.from_day < self.books.ledger.today().day;
        refuse_if(past && self.has_customers(), ResultCode::WrongTerms)?;
        self.books.interest_rules.insert(key, rule);
        Ok(())
    }

    /// Whether there is any wallet but the vaults.
    fn has_customers(&self) -> bool {
        self.books.ledger.iter().len() > self.books.operators.len()
    }

    /// Only the first rule of a grade may be about days that are there already: a rule never
    /// changes what was decided under the rule before it.
    fn must_be_ahead<R: Clone>(
        &self,
        rules: &Tracked<(Holders, Grade, u32), R>,
        (holders, grade, from_day): (Holders, Grade, u32),
    ) -> Checked {
        let last = rules.up_to(&(holders, grade, u32::MAX)).next();
        let is_known = last.is_some_and(|(known, _)| (known.0, known.1) == (holders, grade));
        let ahead = from_day > self.books.ledger.today().day;
        refuse_if(is_known && !ahead, ResultCode::WrongTerms)
    }
}

/// Operators.
impl Registration {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the table of commands says who signs what")]
    pub(super) fn instruct_as_operator(
        &mut self,
        by: By,
        command: &Command,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        match command {
            Command::Return { amount } => self.give_back(by, *amount, moved),
            Command::OpenWallet { wallet, kind, parent, grade } => {
                let new = Wallet { parent: *parent, ..Wallet::empty(*wallet, *kind, *grade) };
                self.open(by, new)
            }
            Command::BindKey { wallet, certificate } => {
                self.must_be_fit(&certificate.body, by.at)?;
                let slot = self.customer(by, *wallet)?;
                self.bind(slot, certificate.body)
            }
            Command::Draw { wallet, amount } => self.draw(by, *wallet, *amount, moved),
            Command::Redeem { wallet, amount } => self.redeem(by, *wallet, *amount, moved),
            Command::Freeze { wallet } => self.set_state(by, *wallet, WalletState::Frozen),
            Command::Unfreeze { wallet } => self.set_state(by, *wallet, WalletState::Active),
            Command::CreditDeposit { wallet, amount } => self.change_deposit(by, *wallet, *amount),
            Command::DebitDeposit { wallet, amount } => {
                self.change_deposit(by, *wallet, minus(*amount))
            }
            Command::PayInterest { wallet } => self.pay_interest(by, *wallet, moved),
            _ => unreachable!("{} isn't an operator's", command.name()),
        }
    }

    /// The vault of the operator at work: the one wallet that its key is bound to.
    fn vault(&self, by: By) -> (u16, Slot) {
        let vault = self.directory.key(by.key).bound.first();
        let (wallet, slot) = vault.expect("an operator's key is bound to its vault at genesis");
        (wallet.operator(), *slot)
    }

    fn give_back(&mut self, by: By, amount: Fen, moved: &mut Vec<Movement>) -> Checked {
        let (operator, vault) = self.vault(by);
        let (from, to) = ((vault, Part::Balance), (self.issuance_vault, Part::Balance));
        self.move_money((from, to), amount, Reason::command(by), moved)?;
        self.change_operator(operator, |book| {
            book.supplied = book.supplied.checked_sub(amount).ok_or(ResultCode::Overflow)?;
            book.reserve = book.reserve.checked_add(amount).ok_or(ResultCode::Overflow)?;
            Ok(())
        })
    }

    fn open(&mut self, by: By, wallet: Wallet) -> Checked {
        let parent = wallet.parent.map(|parent| self.find(parent)).transpose()?;
        refuse_if(self.books.ledger.find(wallet.id).is_some(), ResultCode::WalletExists)?;
        let is_ours = wallet.id.operator() == self.vault(by).0;
        refuse_if(wallet.kind.is_vault() || !is_ours, ResultCode::ForeignWallet)?;
        let may_be_parent = |slot| {
            let parent = self.books.ledger.wallet(slot);
            let same_bank = parent.id.operator() == wallet.id.operator();
            !parent.kind.is_vault() && parent.parent.is_none() && same_bank
        };
        refuse_if(!parent.is_none_or(may_be_parent), ResultCode::WrongParent)?;
        self.books.ledger.open(wallet);
        Ok(())
    }

    /// Lets a key debit a wallet; its certificate is fit.
    pub(super) fn bind(&mut self, slot: Slot, certificate: Certificate) -> Checked {
        let wallet = self.books.ledger.wallet(slot).id;
        let key = self.directory.get(crypto::key_id(&certificate.public_key));
        let full = key.is_some_and(|key| key.bound.is_full() && !key.may_debit(wallet));
        refuse_if(full, ResultCode::TooManyWallets)?;
        let key = self.directory.admit(certificate);
        self.directory.bind(key, wallet, slot)
    }

    pub(super) fn must_be_fit(&self, certificate: &Certificate, now: Instant) -> Checked {
        refuse_if(!self.is_fit(certificate, now), ResultCode::UnfitCertificate)
    }

    /// Whether a certificate may be bound: of an owner of wallets, good now, and not giving a known
    /// key another role.
    fn is_fit(&self, certificate: &Certificate, now: Instant) -> bool {
        let known = self.directory.get(crypto::key_id(&certificate.public_key));
        matches!(certificate.role, Role::Meter | Role::Holder | Role::GridCompany)
            && is_valid(certificate, now)
            && !self.directory.is_revoked(certificate)
            && known.is_none_or(|known| known.certificate.role == certificate.role)
    }

    /// A deposit becomes digital yuan.
    fn draw(
        &mut self,
        by: By,
        wallet: WalletId,
        amount: Fen,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        let (slot, vault) = (self.customer(by, wallet)?, self.vault(by).1);
        self.may_receive(vault, slot, amount)?;
        self.change_deposit(by, wallet, minus(amount))?;
        let why = Reason::command(by);
        self.move_money(((vault, Part::Balance), (slot, Part::Balance)), amount, why, moved)
    }

    /// Digital yuan becomes a deposit.
    fn redeem(
        &mut self,
        by: By,
        wallet: WalletId,
        amount: Fen,
        moved: &mut Vec<Movement>,
    ) -> Checked {
        let (slot, vault) = (self.customer(by, wallet)?, self.vault(by).1);
        refuse_if(self.is_frozen(slot), ResultCode::Frozen)?;
        self.change_deposit(by, wallet, amount)?;
        let why = Reason::command(by);
        self.move_money(((slot, Part::Balance), (vault, Part::Balance)), amount, why, moved)
    }

    fn change_deposit(&mut self, by: By, wallet: WalletId, amount: Fen) -> Checked {
        let slot = self.customer(by, wallet)?;
        let deposit = self.books.ledger.wallet(slot).deposit.checked_add(amount);
        let deposit = deposit.ok_or(ResultCode::Overflow)?;
        refuse_if(deposit.is_negative(), ResultCode::InsufficientDeposit)?;
        self.books.ledger.change(slot, |wallet| wallet.deposit = deposit);
        Ok(())
    }

    fn pay_interest(&mut self, by: By, wallet: WalletId, moved: &mut Vec<Movement>) -> Checked {
        let (slot, vault) = (self.customer(by, wallet)?, self.vault(by).1);
        let interest = self.books.ledger.take_interest(slot);
        if interest.is_zero() {
            return Ok(());
        }
        let why = Reason::command(by);
        self.move_money(((vault, Part::Balance), (slot, Part::Balance)), interest, why, moved)
    }

    fn set_state(&mut self, by: By, wallet: WalletId, state: WalletState) -> Checked {
        let slot = self.customer(by, wallet)?;
        self.books.ledger.change(slot, |wallet| wallet.state = state);
        Ok(())
    }

    /// An open wallet of the operator's customer.
    fn customer(&self, by: By, wallet: WalletId) -> Result<Slot, ResultCode> {
        let slot = self.payee(wallet)?;
        let is_ours = wallet.operator() == self.vault(by).0;
        refuse_if(!is_ours, ResultCode::ForeignWallet).map(|()| slot)
    }
}

/// An amount that is taken away.
fn minus(amount: Fen) -> Fen {
    Fen::ZERO.checked_sub(amount).expect("amounts are above zero")
}
