//! Big-data analysis centre 大数据分析中心: sums, patterns and alarms, without a name and without a key.
//!
//! It is fed with [`Observation`]s: movements of money under pseudonyms that the registration centre
//! makes with a secret of its own ([`Pseudonymiser`]). So the centre can follow a wallet over time
//! and can't tell which wallet it is; who it is takes the registration centre, and, for a name, the
//! authentication centre with the supervisor's key besides. The thresholds are data, given by the
//! caller: [`Rules`].

use crate::registration::Registration;
use crate::terms::{Grade, WalletKind};
use core::fmt;
use quantity::{Duration, Fen, Instant};
use std::collections::{BTreeMap, VecDeque};
use wire::order::Leg;
use wire::{Digest, WalletId};

/// Hours whose sums are kept: a week. Days are kept without end.
pub const HOURS_KEPT: usize = 168;

/// Alarms that are kept, the latest ones.
pub const ALARMS_KEPT: usize = 10_000;

/// Movements of one wallet that are looked back at, on each side; within the window older ones are
/// let go.
pub const MOVEMENTS_JUDGED: usize = 4096;

/// A wallet under the analysis centre's eyes: the same wallet always has the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 16]);

/// 32 hexadecimal digits.
impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

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

/// What is suspicious from a day on. Dated configuration of the authority, never constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// First legal day on which they hold, in days since 1970-01-01.
    pub from_day: u32,
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

/// Sums of a legal day, or of an hour of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Movements of money.
    pub movements: u64,
    /// Money that moved.
    pub amount: Fen,
    /// Of these movements, those by anonymous wallets.
    pub anonymous: u64,
    /// Money that they moved.
    pub by_anonymous: Fen,
}

/// The analysis centre.
#[derive(Clone, Debug)]
pub struct AnalysisCentre {
    /// By rising day.
    rules: Vec<Rules>,
    since: Option<Instant>,
    days: BTreeMap<Instant, Sums>,
    hours: BTreeMap<Instant, Sums>,
    wallets: BTreeMap<Pseudonym, Recent>,
    alarms: VecDeque<Alarm>,
    alarms_raised: u64,
}

/// What a person's wallet did within the window.
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
        leg: &Leg,
        registration: &Registration,
    ) -> Option<Observation> {
        let party = |wallet| {
            let known = registration.wallet(wallet)?;
            let pseudonym = self.pseudonym(wallet);
            Some(Party { pseudonym, kind: known.kind, grade: known.grade })
        };
        Some(Observation {
            at,
            payer: party(leg.debit)?,
            payee: party(leg.credit)?,
            amount: leg.amount,
        })
    }
}

impl Suspicion {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::LargePayment, Self::Splitting, Self::Frequency, Self::Collecting, Self::PassThrough];

    /// The stable name, such as `large_payment`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LargePayment => "large_payment",
            Self::Splitting => "splitting",
            Self::Frequency => "frequency",
            Self::Collecting => "collecting",
            Self::PassThrough => "pass_through",
        }
    }
}

impl Sums {
    fn add(&mut self, seen: &Observation) {
        self.movements = self.movements.saturating_add(1);
        self.amount = plus(self.amount, seen.amount);
        if seen.payer.grade == Grade::IV {
            self.anonymous = self.anonymous.saturating_add(1);
            self.by_anonymous = plus(self.by_anonymous, seen.amount);
        }
    }
}

impl AnalysisCentre {
    /// A centre that has seen nothing.
    #[must_use]
    pub fn new(mut rules: Vec<Rules>) -> Self {
        rules.sort_by_key(|rules| rules.from_day);
        Self {
            rules,
            since: None,
            days: BTreeMap::new(),
            hours: BTreeMap::new(),
            wallets: BTreeMap::new(),
            alarms: VecDeque::new(),
            alarms_raised: 0,
        }
    }

    /// Takes an observation in; they come in the order in which they became final.
    pub fn take(&mut self, seen: &Observation) {
        self.since.get_or_insert(seen.at);
        self.days.entry(seen.at.civil().date.start()).or_default().add(seen);
        self.hours.entry(seen.at.floor_to(Duration::from_hours(1))).or_default().add(seen);
        if self.hours.len() > HOURS_KEPT {
            self.hours.pop_first();
        }
        let Some(rules) = self.rules_at(seen.at) else { return };
        self.enter(seen, &rules, Side::Payer);
        // What a holder draws was the holder's own before.
        if !seen.payer.kind.is_vault() {
            self.enter(seen, &rules, Side::Payee);
        }
    }

    /// The rules that hold at an instant; none before the first day of any.
    #[must_use]
    pub fn rules_at(&self, at: Instant) -> Option<Rules> {
        let day = at.legal_day().number;
        let begun = |rules: &&Rules| i64::from(rules.from_day) <= day;
        self.rules.iter().rev().find(begun).copied()
    }

    /// When the first movement was seen.
    #[must_use]
    pub const fn since(&self) -> Option<Instant> {
        self.since
    }

    /// The latest alarms, the oldest first.
    pub fn alarms(&self) -> impl DoubleEndedIterator<Item = &Alarm> + ExactSizeIterator {
        self.alarms.iter()
    }

    /// How many alarms there have been.
    #[must_use]
    pub const fn alarms_raised(&self) -> u64 {
        self.alarms_raised
    }

    /// Sums by legal day, each under its beginning.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = (Instant, &Sums)> {
        self.days.iter().map(|(day, sums)| (*day, sums))
    }

    /// Sums of the last hours in which money moved, each under its beginning.
    pub fn hours(&self) -> impl DoubleEndedIterator<Item = (Instant, &Sums)> {
        self.hours.iter().map(|(hour, sums)| (*hour, sums))
    }

    /// Companies do by trade what is strange in a person's wallet, so only these are judged. A
    /// suspicion is reported once in a window.
    fn enter(&mut self, seen: &Observation, rules: &Rules, side: Side) {
        let (party, other) = match side {
            Side::Payer => (&seen.payer, &seen.payee),
            Side::Payee => (&seen.payee, &seen.payer),
        };
        if party.kind != WalletKind::Personal {
            return;
        }
        let since = window_start(seen.at, rules);
        let recent = self.wallets.entry(party.pseudonym).or_default();
        recent.forget_before(since);
        let list = match side {
            Side::Payer => &mut recent.paid,
            Side::Payee => &mut recent.received,
        };
        list.push_back((seen.at, other.pseudonym, seen.amount));
        if list.len() > MOVEMENTS_JUDGED {
            list.pop_front();
        }
        for (suspicion, amount) in recent.suspicions(rules, seen, side) {
            let last = recent.reported.get(&suspicion);
            if last.is_none_or(|last| *last < since) {
                recent.reported.insert(suspicion, seen.at);
                let alarm = Alarm { at: seen.at, wallet: party.pseudonym, suspicion, amount };
                self.alarms.push_back(alarm);
                self.alarms_raised = self.alarms_raised.saturating_add(1);
            }
        }
        while self.alarms.len() > ALARMS_KEPT {
            self.alarms.pop_front();
        }
    }
}

/// On which side of a movement a wallet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Payer,
    Payee,
}

fn window_start(at: Instant, rules: &Rules) -> Instant {
    let start = at.unix_milliseconds().saturating_sub(rules.window.milliseconds());
    Instant::from_unix_milliseconds(start)
}

fn plus(sum: Fen, amount: Fen) -> Fen {
    sum.checked_add(amount).unwrap_or(Fen::MAX)
}

impl Recent {
    fn forget_before(&mut self, since: Instant) {
        for list in [&mut self.paid, &mut self.received] {
            while list.front().is_some_and(|(at, ..)| *at < since) {
                list.pop_front();
            }
        }
    }

    fn suspicions(&self, rules: &Rules, seen: &Observation, side: Side) -> Vec<(Suspicion, Fen)> {
        let (mut found, paid) = (Vec::new(), side == Side::Payer);
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
    amounts.fold(Fen::ZERO, plus)
}

/// Whether `part` is at least so many percent of `whole`.
fn is_share(part: Fen, percent: u8, whole: Fen) -> bool {
    let hundred = i128::from(part.fen()).saturating_mul(100);
    hundred >= i128::from(whole.fen()).saturating_mul(i128::from(percent))
}
