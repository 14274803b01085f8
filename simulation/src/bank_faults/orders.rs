//! What parties sign, as the dice say: payments, everything else that moves or binds money, and now
//! and then a second order under an old number.

use super::dice::Dice;
use super::parties::{OPERATOR, Parties, coin_id};
use bank::registration::Chain;
use bank::terms::{
    CoinTerms, Grade, Holders, InterestRule, Intrinsic, LimitRule, Recallable, Rest, Spending,
    Template,
};
use bank::{Command, Desk, Operation};
use quantity::{Duration, Fen, Instant};
use wire::order::Leg;
use wire::{Digest, WalletId};

/// Whose wallets rules are about: all classes that [`Parties::class_of`] gives.
pub(super) const CLASSES: [(Holders, Grade); 3] =
    [(Holders::Companies, Grade::I), (Holders::Persons, Grade::IV), (Holders::Persons, Grade::II)];
const HOLDING: u16 = 1;
const GRANTING: u16 = 2;
/// Holds and strings that are remembered, to be used soon.
const REMEMBERED: usize = 10;

/// Holds and coin strings that owners believe to have.
#[derive(Default)]
pub(super) struct Made {
    holds: Vec<MadeHold>,
    strings: Vec<MadeString>,
}

#[derive(Clone, Copy)]
struct MadeHold {
    id: Digest,
    payer: usize,
    /// The payee's key, if the wallet has one.
    payee: Option<usize>,
    amount: i64,
}

#[derive(Clone, Copy)]
struct MadeString {
    id: Digest,
    owner: usize,
    amount: i64,
    /// The key of who gave it, if it is bound.
    giver: Option<usize>,
}

fn remember<T>(list: &mut Vec<T>, made: T) {
    if list.len() == REMEMBERED {
        list.remove(0);
    }
    list.push(made);
}

/// One of these, if there is any.
fn one_of<T: Copy>(dice: &mut Dice, list: &[T]) -> Option<T> {
    if list.is_empty() { None } else { Some(list[dice.place(list.len())]) }
}

fn fen(dice: &mut Dice, most: i64) -> Fen {
    Fen::from_fen(dice.between(1, most))
}

fn some_fen(dice: &mut Dice, least: i64, most: i64) -> Option<Fen> {
    let amount = dice.between(least, most);
    if dice.once_in(3) { None } else { Some(Fen::from_fen(amount)) }
}

fn hours_from(at: Instant, dice: &mut Dice, least: i64, most: i64) -> Instant {
    at + Duration::from_minutes(60 * dice.between(least, most))
}

fn day_from(at: Instant, days: i64) -> u32 {
    u32::try_from(at.legal_day().number + days).expect("no life is before 1970")
}

/// Whether a hold's rest stays.
fn rest(dice: &mut Dice) -> Rest {
    if dice.once_in(2) { Rest::Stays } else { Rest::Returns }
}

fn limit_rule(dice: &mut Dice, from_day: u32) -> LimitRule {
    let (holders, grade) = CLASSES[dice.place(CLASSES.len())];
    let (single, day) = (some_fen(dice, 60, 400), some_fen(dice, 150, 900));
    let (year, balance) = (some_fen(dice, 800, 3000), some_fen(dice, 300, 2000));
    LimitRule { holders, grade, from_day, single, day, year, balance }
}

fn template(number: u16) -> Command {
    let allows = if number == HOLDING { Intrinsic::Hold } else { Intrinsic::Grant };
    Command::ApproveTemplate { template: Template { number, allows, document: Digest([2; 32]) } }
}

/// The first rules of all classes, and both templates: given before anybody has money.
pub(super) fn policy(at: Instant) -> Vec<Command> {
    let from_day = day_from(at, 0);
    let yuan = |fen| Some(Fen::from_fen(fen));
    let mut commands = vec![template(HOLDING), template(GRANTING)];
    for (place, (holders, grade)) in CLASSES.into_iter().enumerate() {
        let rate_ppm = [300_000, 0, 900_000][place];
        let rule = InterestRule { holders, grade, from_day, rate_ppm };
        commands.push(Command::SetInterest { rule });
        let [single, day, balance] =
            [[None, None, None], [yuan(150), yuan(600), yuan(900)], [yuan(250), None, yuan(2000)]]
                [place];
        let year = single.and(yuan(3000));
        let rule = LimitRule { holders, grade, from_day, single, day, year, balance };
        commands.push(Command::SetLimits { rule });
    }
    commands
}

/// Institutions.
impl Parties {
    pub(super) fn central_bank_signs(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        if self.is_busy(self.central_bank.key()) {
            return None;
        }
        let amount = Fen::from_fen(dice.between(1, 100_000));
        let command = match dice.between(0, 11) {
            0 => Command::Issue { amount },
            1 => Command::Retire { amount },
            2 => Command::CreditReserve { operator: OPERATOR, amount },
            3 => Command::Supply { operator: OPERATOR, amount },
            4..=6 => {
                let from_day = day_from(at, dice.between(0, 2));
                Command::SetLimits { rule: limit_rule(dice, from_day) }
            }
            7 => {
                let (holders, grade) = CLASSES[dice.place(CLASSES.len())];
                let from_day = day_from(at, dice.between(0, 2));
                let rate_ppm = u32::try_from(dice.between(0, 1_500_000)).unwrap_or_default();
                let rule = InterestRule { holders, grade, from_day, rate_ppm };
                Command::SetInterest { rule }
            }
            8 => Command::WithdrawTemplate {
                template: if dice.once_in(2) { HOLDING } else { GRANTING },
            },
            _ => template(if dice.once_in(2) { HOLDING } else { GRANTING }),
        };
        Some(self.central_bank.instruct(at, command))
    }

    pub(super) fn operator_signs(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        if self.is_busy(self.operator.key()) {
            return None;
        }
        let wallet = self.any_wallet(dice);
        let amount = fen(dice, 300);
        let command = match dice.between(0, 10) {
            0 => Command::Freeze { wallet },
            1 | 2 => Command::Unfreeze { wallet },
            3 => Command::Redeem { wallet, amount },
            4 => Command::Return { amount },
            5 => Command::CreditDeposit { wallet, amount },
            6 => Command::DebitDeposit { wallet, amount },
            7 | 8 => Command::PayInterest { wallet },
            _ => Command::Draw { wallet, amount },
        };
        Some(self.operator.instruct(at, command))
    }
}

/// Owners.
impl Parties {
    pub(super) fn pay(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let payer = self.idle_payer(dice)?;
        let debit = match self.sub_wallet {
            Some(sub) if dice.once_in(5) => sub,
            _ => self.payers[payer].wallet,
        };
        let mut legs = Vec::new();
        for reason in 0..u8::try_from(dice.between(1, 3)).expect("three at most") {
            let credit = match dice.between(0, 2) {
                0 => self.any_wallet(dice),
                _ => self.wallets[self.wallets.len() - 1],
            };
            legs.push(Leg { debit, credit, amount: fen(dice, 120), reason });
        }
        Some(self.payers[payer].desk.pay(at, &legs))
    }

    /// Another order under a number that is taken, or one that names another predecessor.
    pub(super) fn fork(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let payer = &self.payers[dice.place(self.payers.len())];
        let chain = payer.desk.chain();
        let answered = self.last_answered(payer.desk.key());
        let (sequence, last) = match answered {
            Some(answered) if dice.once_in(2) => (answered - 1, Digest([5; 32])),
            _ => (chain.sequence, Digest([6; 32])),
        };
        let mut copied = Desk::new(*payer.desk.signer(), Chain { sequence, last });
        let credit = self.wallets[self.wallets.len() - 1];
        let leg = Leg { debit: payer.wallet, credit, amount: fen(dice, 120), reason: 0 };
        Some(copied.pay(at, &[leg]))
    }

    /// Anything that isn't a payment order.
    pub(super) fn dispose(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        match dice.between(0, 21) {
            0..=2 => self.hold(dice, at),
            3..=6 => self.post(dice, at),
            7 => self.void(dice, at),
            8..=10 => self.mint(dice, at),
            11..=15 => self.use_strings(dice, at),
            16 | 17 => self.grant(dice, at),
            18 | 19 => self.claw_back(dice, at),
            20 => self.refund(dice, at),
            _ => self.rule_sub_wallet(dice, at),
        }
    }

    fn idle_payer(&self, dice: &mut Dice) -> Option<usize> {
        let payer = dice.place(self.payers.len());
        self.is_idle(payer).then_some(payer)
    }

    fn is_idle(&self, payer: usize) -> bool {
        !self.is_busy(self.payers[payer].desk.key())
    }

    fn any_wallet(&self, dice: &mut Dice) -> WalletId {
        self.wallets[dice.place(self.wallets.len())]
    }

    /// The payer whose own wallet this is.
    fn owner_of(&self, wallet: WalletId) -> Option<usize> {
        self.payers.iter().position(|payer| payer.wallet == wallet)
    }

    fn hold(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let payer = self.idle_payer(dice)?;
        let (debit, credit) = (self.payers[payer].wallet, self.any_wallet(dice));
        let amount = fen(dice, 150);
        let from = hours_from(at, dice, -40, 5);
        let until = hours_from(at, dice, -2, 150);
        let command = Command::Hold { debit, credit, amount, template: HOLDING, from, until };
        let operation = self.payers[payer].desk.instruct(at, command);
        let (id, payee, amount) = (operation.digest(), self.owner_of(credit), amount.fen());
        remember(&mut self.made.holds, MadeHold { id, payer, payee, amount });
        Some(operation)
    }

    fn post(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let hold = one_of(dice, &self.made.holds)?;
        let signer = hold.payee.filter(|_| dice.once_in(2)).unwrap_or(hold.payer);
        let amount = fen(dice, hold.amount + 5);
        let command = Command::Post { hold: hold.id, amount, rest: rest(dice) };
        self.is_idle(signer).then(|| self.payers[signer].desk.instruct(at, command))
    }

    fn void(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let hold = one_of(dice, &self.made.holds)?;
        let signer = hold.payee.unwrap_or(hold.payer);
        let command = Command::Void { hold: hold.id };
        self.is_idle(signer).then(|| self.payers[signer].desk.instruct(at, command))
    }

    fn mint(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let owner = self.idle_payer(dice)?;
        let count = dice.between(1, 3);
        let amounts: Vec<i64> = (0..count).map(|_| dice.between(1, 60)).collect();
        let wallet = self.payers[owner].wallet;
        let command = Command::Mint { wallet, amounts: amounts_of(&amounts) };
        let operation = self.payers[owner].desk.instruct(at, command);
        self.remember_strings(&operation, (owner, None), &amounts);
        Some(operation)
    }

    fn remember_strings(
        &mut self,
        operation: &Operation,
        (owner, giver): (usize, Option<usize>),
        amounts: &[i64],
    ) {
        for (place, amount) in (0..).zip(amounts) {
            let id = coin_id(operation.digest(), place);
            remember(&mut self.made.strings, MadeString { id, owner, amount: *amount, giver });
        }
    }

    /// Spends, splits, merges or melts one string or two.
    fn use_strings(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let first = one_of(dice, &self.made.strings)?;
        let second = one_of(dice, &self.made.strings)?;
        if !self.is_idle(first.owner) {
            return None;
        }
        let with_second = second.owner == first.owner && dice.once_in(2);
        let used = if with_second { vec![first, second] } else { vec![first] };
        let sum: i64 = used.iter().map(|string| string.amount).sum();
        let coins = used.iter().map(|string| string.id).collect();
        let (command, made) = match dice.between(0, 5) {
            0..=2 => {
                let (credit, amount) = (self.any_wallet(dice), dice.between(1, sum + 2));
                let spend = Command::Spend { coins, credit, amount: Fen::from_fen(amount) };
                (spend, vec![(sum - amount).max(1)])
            }
            3 => {
                let part = dice.between(1, first.amount);
                let parts = vec![part, (first.amount - part).max(1)];
                (Command::Split { coin: first.id, amounts: amounts_of(&parts) }, parts)
            }
            4 => (Command::Merge { coins }, vec![sum]),
            _ => (Command::Melt { coins }, Vec::new()),
        };
        let operation = self.payers[first.owner].desk.instruct(at, command);
        self.remember_strings(&operation, (first.owner, first.giver), &made);
        Some(operation)
    }

    fn grant(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let giver = self.idle_payer(dice)?;
        let owner = dice.place(self.payers.len());
        let (debit, credit) = (self.payers[giver].wallet, self.payers[owner].wallet);
        let payees = [self.wallets[self.wallets.len() - 1], self.any_wallet(dice)];
        let until = hours_from(at, dice, -2, 150);
        let recallable = if dice.once_in(3) { Recallable::AtEnd } else { Recallable::AnyTime };
        let payees = payees.into_iter().collect();
        let terms = CoinTerms { purpose: 7, payees, until, recallable };
        let amount = fen(dice, 100);
        let command = Command::Grant { debit, credit, amount, template: GRANTING, terms };
        let operation = self.payers[giver].desk.instruct(at, command);
        self.remember_strings(&operation, (owner, Some(giver)), &[amount.fen()]);
        Some(operation)
    }

    fn claw_back(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let given: Vec<MadeString> =
            self.made.strings.iter().copied().filter(|string| string.giver.is_some()).collect();
        let from = if dice.once_in(8) { &self.made.strings } else { &given };
        let string = one_of(dice, from)?;
        let signer = string.giver.unwrap_or(string.owner);
        let command = Command::ClawBack { coin: string.id };
        self.is_idle(signer).then(|| self.payers[signer].desk.instruct(at, command))
    }

    fn refund(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        let payer = self.idle_payer(dice)?;
        let (debit, credit) = (self.payers[payer].wallet, self.any_wallet(dice));
        let leg = Leg { debit, credit, amount: fen(dice, 80), reason: 1 };
        let command = Command::Refund { order: Digest([3; 32]), leg };
        Some(self.payers[payer].desk.instruct(at, command))
    }

    /// The first key, about its sub-wallet or now and then about a wallet that is none.
    fn rule_sub_wallet(&mut self, dice: &mut Dice, at: Instant) -> Option<Operation> {
        if !self.is_idle(0) {
            return None;
        }
        let wallet = if dice.once_in(6) { self.any_wallet(dice) } else { self.sub_wallet? };
        let platform = self.payers.get(1)?;
        let command = match dice.between(0, 6) {
            0 | 1 => {
                let (single, day) = (some_fen(dice, 20, 120), some_fen(dice, 60, 300));
                Command::LimitWallet { wallet, spending: Spending { single, day } }
            }
            2 | 3 => Command::Sweep { wallet, keep: some_fen(dice, 1, 100) },
            4 | 5 => Command::Push { wallet, certificate: platform.certificate.clone() },
            _ => Command::Unbind { wallet, key: platform.desk.key() },
        };
        Some(self.payers[0].desk.instruct(at, command))
    }
}

fn amounts_of<const N: usize>(amounts: &[i64]) -> heapless::Vec<Fen, N> {
    amounts.iter().map(|amount| Fen::from_fen(*amount)).collect()
}
