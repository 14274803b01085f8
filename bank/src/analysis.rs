//! Big-data analysis centre 大数据分析中心: sums, patterns and alarms, without a name and without a key.
//!
//! It is fed with [`Observation`]s: movements of money under pseudonyms that the registration centre
//! makes with a secret of its own ([`Pseudonymiser`]). So the centre can follow a wallet over time
//! and can't tell which wallet it is; who it is takes the registration centre, and, for a name, the
//! authentication centre with the supervisor's key besides. The thresholds are data, given by the
//! caller: [`Rules`].

use crate::registration::{Cause, Movement};
use crate::terms::{Grade, WalletKind};
use quantity::{Duration, Fen, Instant};
use std::collections::{BTreeMap, VecDeque};
use wire::{Digest, WalletId};

/// A wallet under the analysis centre's eyes: the same wallet always has the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 16]);

/// Makes pseudonyms; belongs to the registration centre, like its secret.
#[derive(Clone, Debug)]
pub struct Pseudonymiser {
    secret: [u8; 32],
}

/// A movement of money as the analysis centre sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// When it became final.
    pub at: Instant,
    /// Who paid.
    pub payer: Party,
    /// Who was paid.
    pub payee: Party,
    /// How much.
    pub amount: Fen,
    /// What made it move.
    pub cause: Cause,
}

/// One side of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Which wallet, under its pseudonym.
    pub pseudonym: Pseudonym,
    /// What it is for.
    pub kind: WalletKind,
    /// How well its holder is identified.
    pub grade: Grade,
}

/// What is suspicious. Dated configuration of the authority, never constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A single payment of a person from this amount on is reported.
    pub large_payment: Fen,
    /// How far back patterns are looked for.
    pub window: Duration,
    /// So many payments of one wallet within the window are too many.
    pub payments_max: usize,
    /// So many payments just below the large amount (above nine tenths of it) look like one that
    /// was split.
    pub split_payments_min: usize,
    /// Different payers of one person's wallet within the window.
    pub payers_max: usize,
    /// Of what came in, this share in percent going out again within the window is passing through.
    pub pass_through_percent: u8,
}

/// Why a wallet is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suspicion {
    /// One large payment.
    LargePayment,
    /// Many payments just below the large amount 拆分交易.
    Splitting,
    /// Too many payments in the window.
    Frequency,
    /// One person's wallet is paid by too many others.
    Collecting,
    /// What comes in goes out at once.
    PassThrough,
}

/// A wallet that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at: Instant,
    /// Which wallet, under its pseudonym.
    pub wallet: Pseudonym,
    /// Why.
    pub suspicion: Suspicion,
    /// The amount in question.
    pub amount: Fen,
}

/// Sums of a legal day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaySums {
    /// Movements of money.
    pub movements: u64,
    /// Money that moved.
    pub amount: Fen,
    /// Of it, what anonymous wallets paid.
    pub by_anonymous: Fen,
}

/// The analysis centre.
#[derive(Clone, Debug)]
pub struct AnalysisCentre {
    rules: Rules,
    days: BTreeMap<i64, DaySums>,
    wallets: BTreeMap<Pseudonym, Recent>,
    alarms: Vec<Alarm>,
}

/// What a wallet did within the window.
#[derive(Clone, Debug, Default)]
struct Recent {
    paid: VecDeque<(Instant, Pseudonym, Fen)>,
    received: VecDeque<(Instant, Pseudonym, Fen)>,
    /// What it was reported for, and when last.
    reported: BTreeMap<Suspicion, Instant>,
}

impl Pseudonymiser {
    /// With the registration centre's secret.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The pseudonym of a wallet.
    #[must_use]
    pub fn pseudonym(&self, wallet: WalletId) -> Pseudonym {
        let mut hash = crypto::Sm3::new();
        hash.update(b"JIDIAN-PSEUDONYM-1");
        hash.update(&self.secret);
        hash.update(&wallet.number().to_be_bytes());
        let Digest(digest) = hash.finish();
        Pseudonym(*digest.first_chunk().expect("32 bytes"))
    }

    /// What the analysis centre may see of a movement; `None` if a wallet of it isn't known.
    #[must_use]
    pub fn observe(
        &self,
        at: Instant,
        movement: &Movement,
        registration: &crate::Registration,
    ) -> Option<Observation> {
        let party = |wallet| {
            let known = registration.wallet(wallet)?;
            let pseudonym = self.pseudonym(wallet);
            Some(Party { pseudonym, kind: known.kind, grade: known.grade })
        };
        Some(Observation {
            at,
            payer: party(movement.leg.debit)?,
            payee: party(movement.leg.credit)?,
            amount: movement.leg.amount,
            cause: movement.cause,
        })
    }
}

impl AnalysisCentre {
    /// A centre that has seen nothing.
    #[must_use]
    pub const fn new(rules: Rules) -> Self {
        Self { rules, days: BTreeMap::new(), wallets: BTreeMap::new(), alarms: Vec::new() }
    }

    /// Takes an observation in; they come in the order in which they became final.
    pub fn take(&mut self, seen: &Observation) {
        let day = self.days.entry(seen.at.legal_day().number).or_default();
        day.movements = day.movements.saturating_add(1);
        day.amount = day.amount.checked_add(seen.amount).unwrap_or(Fen::MAX);
        if seen.payer.grade == Grade::IV {
            day.by_anonymous = day.by_anonymous.checked_add(seen.amount).unwrap_or(Fen::MAX);
        }
        let (payer, payee) = (seen.payer.pseudonym, seen.payee.pseudonym);
        let since = self.window_start(seen.at);
        if !seen.payer.kind.is_vault() {
            let recent = self.wallets.entry(payer).or_default();
            recent.forget_before(since);
            recent.paid.push_back((seen.at, payee, seen.amount));
            self.judge(seen, &seen.payer);
        }
        // What a holder draws was the holder's own before.
        if !seen.payee.kind.is_vault() && !seen.payer.kind.is_vault() {
            let recent = self.wallets.entry(payee).or_default();
            recent.forget_before(since);
            recent.received.push_back((seen.at, payer, seen.amount));
            self.judge(seen, &seen.payee);
        }
    }

    /// All alarms, the oldest first.
    #[must_use]
    pub fn alarms(&self) -> &[Alarm] {
        &self.alarms
    }

    /// Sums by legal day (days since 1970-01-01).
    pub fn days(&self) -> impl Iterator<Item = (i64, &DaySums)> {
        self.days.iter().map(|(day, sums)| (*day, sums))
    }

    fn window_start(&self, at: Instant) -> Instant {
        let start = at.unix_milliseconds().saturating_sub(self.rules.window.milliseconds());
        Instant::from_unix_milliseconds(start)
    }

    /// Companies do by trade what is strange in a person's wallet, so only these are judged. A
    /// suspicion is reported once in a window.
    fn judge(&mut self, seen: &Observation, party: &Party) {
        if party.kind != WalletKind::Personal {
            return;
        }
        let since = self.window_start(seen.at);
        let recent = self.wallets.get_mut(&party.pseudonym).expect("it was just entered");
        let paid = party.pseudonym == seen.payer.pseudonym;
        for (suspicion, amount) in recent.suspicions(&self.rules, seen, paid) {
            let last = recent.reported.get(&suspicion);
            if last.is_none_or(|last| *last < since) {
                recent.reported.insert(suspicion, seen.at);
                self.alarms.push(Alarm { at: seen.at, wallet: party.pseudonym, suspicion, amount });
            }
        }
    }
}

impl Recent {
    fn forget_before(&mut self, since: Instant) {
        for list in [&mut self.paid, &mut self.received] {
            while list.front().is_some_and(|(at, ..)| *at < since) {
                list.pop_front();
            }
        }
    }

    fn suspicions(&self, rules: &Rules, seen: &Observation, paid: bool) -> Vec<(Suspicion, Fen)> {
        let mut found = Vec::new();
        let (paid_out, came_in) = (sum(&self.paid), sum(&self.received));
        if paid && seen.amount >= rules.large_payment {
            found.push((Suspicion::LargePayment, seen.amount));
        }
        let near =
            |amount: Fen| amount < rules.large_payment && is_share(amount, 90, rules.large_payment);
        let split = self.paid.iter().filter(|(.., amount)| near(*amount)).count();
        if paid && split >= rules.split_payments_min {
            found.push((Suspicion::Splitting, paid_out));
        }
        if paid && self.paid.len() > rules.payments_max {
            found.push((Suspicion::Frequency, paid_out));
        }
        let mut payers: Vec<Pseudonym> = self.received.iter().map(|(_, payer, _)| *payer).collect();
        payers.sort_unstable();
        payers.dedup();
        if !paid && payers.len() > rules.payers_max {
            found.push((Suspicion::Collecting, came_in));
        }
        let large = came_in >= rules.large_payment;
        if paid && large && is_share(paid_out, rules.pass_through_percent, came_in) {
            found.push((Suspicion::PassThrough, paid_out));
        }
        found
    }
}

fn sum(list: &VecDeque<(Instant, Pseudonym, Fen)>) -> Fen {
    let amounts = list.iter().map(|(.., amount)| *amount);
    amounts.fold(Fen::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Fen::MAX))
}

/// Whether `part` is at least so many percent of `whole`.
fn is_share(part: Fen, percent: u8, whole: Fen) -> bool {
    let hundred = i128::from(part.fen()).saturating_mul(100);
    hundred >= i128::from(whole.fen()).saturating_mul(i128::from(percent))
}
