//! Wallets: what is in them, what they may pay and hold, what they earn.

use super::super::parties::OPERATOR;
use super::{Booked, Ended, must};
use bank::terms::{CoinTerms, Holders, Intrinsic, LimitRule, Spending};
use bank::{Grade, ResultCode, bank_vault, issuance_vault};
use quantity::{Fen, Instant};
use std::collections::{BTreeMap, BTreeSet};
use wire::{Digest, KeyId, WalletId};

/// Fen × days × millionths that make one fen: a year has 360 days.
const YEAR: i128 = 360 * 1_000_000;

/// Whom a dated rule is about.
pub(super) type Class = (Holders, Grade);

/// All money, and everything that binds it. Amounts are fen.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Money {
    pub(super) wallets: BTreeMap<WalletId, Purse>,
    pub(super) bound: BTreeMap<KeyId, BTreeSet<WalletId>>,
    pub(super) holds: BTreeMap<Digest, Hold>,
    pub(super) strings: BTreeMap<Digest, CoinString>,
    pub(super) templates: BTreeMap<u16, Intrinsic>,
    pub(super) limits: BTreeMap<(Class, u32), LimitRule>,
    pub(super) rates: BTreeMap<(Class, u32), u32>,
    /// Limits of the batch at work: what is set in it doesn't hold yet.
    in_force: BTreeMap<Class, LimitRule>,
    pub(super) issued: i64,
    /// Of issuance, and of the operator.
    pub(super) quotas: [i64; 2],
    /// What the operator has in reserve, and what it was supplied with.
    pub(super) reserve: i64,
    pub(super) supplied: i64,
    pub(super) at: Instant,
    /// Interest that was paid, over all wallets.
    pub(super) interest_paid: i64,
}

/// One wallet.
#[derive(Clone, Debug, Default)]
pub(super) struct Purse {
    /// None for a vault.
    pub(super) class: Option<Class>,
    pub(super) parent: Option<WalletId>,
    pub(super) frozen: bool,
    /// What can be spent.
    pub(super) free: i64,
    /// The bank account beside it.
    pub(super) deposit: i64,
    /// Limits that the owner of the parent set.
    pub(super) own: Option<Spending>,
    /// What was counted against limits: day, year, amount.
    pub(super) paid: Vec<(u32, i64, i64)>,
    /// Fen × days × millionths, less what was paid out.
    pub(super) earned: i128,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) debit: WalletId,
    pub(super) credit: WalletId,
    pub(super) left: i64,
    pub(super) from: Instant,
    pub(super) until: Instant,
}

#[derive(Clone, Debug)]
pub(super) struct CoinString {
    pub(super) owner: WalletId,
    pub(super) amount: i64,
    /// Who gave it under which template, and for what.
    pub(super) bound: Option<(WalletId, u16, CoinTerms)>,
}

/// Where a wallet stands, in fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Standing {
    pub(in super::super) free: i64,
    pub(in super::super) held: i64,
    pub(in super::super) coins: i64,
    pub(in super::super) deposit: i64,
    pub(in super::super) frozen: bool,
}

impl Standing {
    /// What is digital yuan.
    pub(in super::super) const fn parts(&self) -> [i64; 3] {
        [self.free, self.held, self.coins]
    }

    pub(in super::super) fn money(&self) -> i64 {
        self.parts().iter().sum()
    }
}

/// The legal day, counted from 1970.
pub(super) fn day_of(at: Instant) -> u32 {
    u32::try_from(at.legal_day().number).expect("no life is before 1970")
}

impl Money {
    pub(super) fn founded(at: Instant) -> Self {
        let vaults = [issuance_vault(), bank_vault(OPERATOR)];
        let wallets = vaults.map(|vault| (vault, Purse::default())).into();
        Self { wallets, at, ..Self::default() }
    }

    pub(in super::super) const fn issued(&self) -> i64 {
        self.issued
    }

    pub(in super::super) const fn at(&self) -> Instant {
        self.at
    }

    pub(in super::super) const fn interest_paid(&self) -> i64 {
        self.interest_paid
    }

    pub(in super::super) fn standings(&self) -> impl Iterator<Item = (WalletId, Standing)> + '_ {
        self.wallets.iter().map(|(wallet, purse)| {
            let Purse { free, deposit, frozen, .. } = *purse;
            let (held, coins) = (self.held(*wallet), self.in_strings(*wallet));
            (*wallet, Standing { free, held, coins, deposit, frozen })
        })
    }

    fn held(&self, wallet: WalletId) -> i64 {
        self.holds.values().filter(|hold| hold.debit == wallet).map(|hold| hold.left).sum()
    }

    fn in_strings(&self, wallet: WalletId) -> i64 {
        let owned = self.strings.values().filter(|string| string.owner == wallet);
        owned.map(|string| string.amount).sum()
    }

    fn all_in(&self, wallet: WalletId) -> i64 {
        self.wallets[&wallet].free + self.held(wallet) + self.in_strings(wallet)
    }

    pub(super) fn begin(&mut self, now: Instant) -> Ended {
        let (yesterday, at) = (day_of(self.at), now.max(self.at));
        (yesterday..day_of(at)).for_each(|day| self.end_day(day));
        self.at = at;
        self.in_force.clear();
        for ((class, from), rule) in &self.limits {
            if *from <= day_of(at) {
                self.in_force.insert(*class, *rule);
            }
        }
        self.end_what_is_over()
    }

    /// What each wallet holds at the end of a day earns that day's rate.
    fn end_day(&mut self, day: u32) {
        let wallets: Vec<WalletId> = self.wallets.keys().copied().collect();
        for wallet in wallets {
            let Some(class) = self.wallets[&wallet].class else { continue };
            let rates = self.rates.range((class, 0)..=(class, day));
            let rate = rates.last().map_or(0, |(_, rate)| *rate);
            let earned = i128::from(self.all_in(wallet)) * i128::from(rate);
            self.purse(wallet).earned += earned;
        }
    }

    fn end_what_is_over(&mut self) -> Ended {
        let at = self.at;
        let over = |until: Instant| until <= at;
        let holds: Vec<Digest> =
            self.holds.iter().filter(|(_, hold)| over(hold.until)).map(|(id, _)| *id).collect();
        let ends = |string: &CoinString| string.bound.as_ref().is_some_and(|(.., t)| over(t.until));
        let grants: Vec<Digest> =
            self.strings.iter().filter(|(_, string)| ends(string)).map(|(id, _)| *id).collect();
        holds.iter().for_each(|id| self.release(*id));
        grants.iter().for_each(|id| self.give_back(*id));
        Ended { holds: holds.len() as u64, grants: grants.len() as u64 }
    }

    /// What is left of a hold can be spent again.
    pub(super) fn release(&mut self, id: Digest) {
        let hold = self.holds.remove(&id).expect("it is there");
        self.purse(hold.debit).free += hold.left;
    }

    /// Purpose-bound money goes to who gave it.
    pub(super) fn give_back(&mut self, id: Digest) {
        let string = self.strings.remove(&id).expect("it is there");
        let (giver, ..) = string.bound.expect("it is bound");
        self.purse(giver).free += string.amount;
    }
}

/// Questions and small moves.
impl Money {
    pub(super) fn purse(&mut self, wallet: WalletId) -> &mut Purse {
        self.wallets.get_mut(&wallet).expect("it was looked up before")
    }

    pub(super) fn known(&self, wallet: WalletId) -> Booked {
        must(self.wallets.contains_key(&wallet), ResultCode::UnknownWallet)
    }

    /// Known and no vault.
    pub(super) fn customer(&self, wallet: WalletId) -> Booked {
        self.known(wallet)?;
        must(!self.is_vault(wallet), ResultCode::ForeignWallet)
    }

    pub(super) fn is_vault(&self, wallet: WalletId) -> bool {
        self.wallets[&wallet].class.is_none()
    }

    pub(super) fn is_frozen(&self, wallet: WalletId) -> bool {
        self.wallets.get(&wallet).is_some_and(|purse| purse.frozen)
    }

    pub(super) fn may_debit(&self, key: KeyId, wallet: WalletId) -> bool {
        self.bound.get(&key).is_some_and(|bound| bound.contains(&wallet))
    }

    /// A customer's wallet that the key may debit and that isn't frozen.
    pub(super) fn payer(&self, key: KeyId, wallet: WalletId) -> Booked {
        self.customer(wallet)?;
        must(self.may_debit(key, wallet), ResultCode::NotBound)?;
        must(!self.is_frozen(wallet), ResultCode::Frozen)
    }

    /// Whether one is the other's parent, or both have the same.
    pub(super) fn is_family(&self, one: WalletId, other: WalletId) -> bool {
        let head = |wallet| self.wallets[&wallet].parent.unwrap_or(wallet);
        head(one) == head(other)
    }

    /// Counts a payment against the limits of the payer, unless it stays in the family.
    pub(super) fn count_to(&mut self, payer: WalletId, payee: WalletId, amount: Fen) -> Booked {
        if self.is_family(payer, payee) { Ok(()) } else { self.count(payer, amount.fen()) }
    }

    /// Counts a sum against the limits of the payer.
    pub(super) fn count(&mut self, payer: WalletId, amount: i64) -> Booked {
        let (day, year) = (day_of(self.at), i64::from(self.at.civil().date.year));
        let purse = &self.wallets[&payer];
        let rule = purse.class.and_then(|class| self.in_force.get(&class));
        let own = purse.own.filter(|_| purse.parent.is_some());
        if amount == 0 || (rule.is_none() && own.is_none()) {
            return Ok(());
        }
        let sum = |of: &dyn Fn(&(u32, i64, i64)) -> bool| {
            amount + purse.paid.iter().filter(|paid| of(paid)).map(|paid| paid.2).sum::<i64>()
        };
        let (in_day, in_year) = (sum(&|paid| paid.0 == day), sum(&|paid| paid.1 == year));
        let own = own.unwrap_or_default();
        let single = [rule.and_then(|rule| rule.single), own.single];
        let daily = [rule.and_then(|rule| rule.day), own.day];
        let yearly = [rule.and_then(|rule| rule.year)];
        must(within(amount, &single), ResultCode::SingleLimit)?;
        must(within(in_day, &daily), ResultCode::DayLimit)?;
        must(within(in_year, &yearly), ResultCode::YearLimit)?;
        self.purse(payer).paid.push((day, year, amount));
        Ok(())
    }

    /// Whether the payee may hold so much more.
    pub(super) fn may_receive(&self, payer: WalletId, payee: WalletId, amount: i64) -> Booked {
        let class = self.wallets[&payee].class.filter(|_| !self.is_family(payer, payee));
        let rule = class.and_then(|class| self.in_force.get(&class));
        let most = rule.and_then(|rule| rule.balance);
        must(within(self.all_in(payee) + amount, &[most]), ResultCode::BalanceLimit)
    }

    pub(super) fn take(&mut self, wallet: WalletId, amount: i64) -> Booked {
        let free = &mut self.purse(wallet).free;
        must(*free >= amount, ResultCode::InsufficientFunds)?;
        *free -= amount;
        Ok(())
    }

    /// Moves money that can be spent.
    pub(super) fn shift(&mut self, from: WalletId, to: WalletId, amount: i64) -> Booked {
        self.may_receive(from, to, amount)?;
        self.take(from, amount)?;
        self.purse(to).free += amount;
        Ok(())
    }

    /// Takes out what a wallet has earned, in whole fen, half a fen upwards.
    pub(super) fn take_interest(&mut self, wallet: WalletId) -> i64 {
        let earned = &mut self.purse(wallet).earned;
        let fen = ((2 * *earned + YEAR).div_euclid(2 * YEAR)).max(0);
        *earned -= fen * YEAR;
        i64::try_from(fen).expect("no life earns that much")
    }
}

fn within(amount: i64, most: &[Option<Fen>]) -> bool {
    most.iter().flatten().all(|most| amount <= most.fen())
}
