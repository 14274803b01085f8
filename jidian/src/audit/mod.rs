//! The audit: every fen checked again from the files alone, without trusting whoever wrote them.
//!
//! What an auditor has to trust is the manifest's three public keys (authentication centre,
//! regulator, grid company; the latter two sign for those that replace them) and this program. [`verify`] checks a whole data directory;
//! [`story()`] follows one payment back to clause, register, signatures and proof.

mod alone;
mod clauses;
mod evidence;
mod failure;
mod find;
mod ledger;
mod logs;
mod market;
mod quantities;
mod report;
mod signatures;
mod story;
mod world;

pub use alone::{BankReport, is_bank_alone, verify_bank_with};
pub use failure::{Failure, Place};
pub use find::{NotAnId, PaymentId, trace};
pub use report::Report;
pub use story::{Parts, Trusted, story};

use crate::store::log::{Kind, other_version};
use crate::store::manifest::{FILE, Manifest, ManifestError};
use bank::registration::Registration;
use bank::{AuditReport, ResultCode};
use crypto::key_id;
use evidence::{Books, Repeat, Totals};
use ledger::Ledger;
use logs::{Kept, Log};
use market::{Anchors, Market};
use quantity::{Energy, Fen, Money};
use signatures::{PreparedKeys, beside_signatures};
use simulation::ledger::{Evidence, GridEntry};
use std::path::Path;
use std::time::Instant;
use tee::Signers;
use wire::PublicKey;
use world::World;

/// Is told how many of how many pieces of work are done, from any thread.
pub type Progress<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Checks a data directory from its files alone. See [`verify_with`].
///
/// # Errors
/// The first [`Failure`].
pub fn verify(directory: &Path) -> Result<Report, Failure> {
    verify_with(directory, &|_, _| ())
}

/// Checks a data directory from its files alone, and tells how far it is:
///
/// 1. Every bit of every file, against the chains of the logs; no other file may be there.
/// 2. The bank: every batch is repeated (codes, balances, Merkle roots, chain, conservation).
/// 3. The grid company: certificates, contracts compiled again from their sources, decisions with
///    their proof of optimality, signals as they follow from decisions.
/// 4. Every settlement: register, interval, contract and signals in force, each price line and leg
///    repeated, carries, and the order that it led to.
/// 5. Every signature, on all processors.
///
/// # Errors
/// The first [`Failure`].
pub fn verify_with(directory: &Path, progress: &Progress<'_>) -> Result<Report, Failure> {
    let start = Instant::now();
    logs::check_names(directory, &logs::PILOT_FILES)?;
    let anchors = anchors(directory)?;
    // In the order in which a running pilot writes last: what is read first never runs ahead.
    let world = world::read(directory)?;
    let evidence_log = Log::read(directory, Kind::Evidence)?;
    let snapshot = Kept::read(directory)?;
    let bank_log = Log::read(directory, Kind::Bank)?;
    let grid_log = Log::read(directory, Kind::Grid)?;
    let logs = [(Kind::Bank, &bank_log), (Kind::Grid, &grid_log), (Kind::Evidence, &evidence_log)];
    let is_closed = world.check_counts(logs)?;
    snapshot.iter().try_for_each(|kept| kept.check_place(&bank_log))?;
    let entries = market::decode(&grid_log)?;
    let all = Contents {
        ledger: Ledger::decode(&bank_log, &anchors.authority)?,
        snapshot,
        anchors_at: market::anchors_through(&entries, anchors),
        entries,
        evidence: evidence::decode(&evidence_log)?,
        logs: [&bank_log, &grid_log, &evidence_log],
        world,
        anchors,
        is_closed,
    };
    all.check(progress).map(|found| all.report(found, start.elapsed().as_secs_f64()))
}

/// Whom the manifest says to trust.
fn anchors(directory: &Path) -> Result<Anchors, Failure> {
    let path = directory.join(FILE);
    let manifest = Manifest::read(directory).map_err(|error| match error {
        ManifestError::Damaged(path) => Failure::of_file(
            &path,
            "its check line doesn't fit its content: a byte of it was changed, or it is no manifest",
        ),
        ManifestError::Io(path, error) => Failure::of_file(&path, error),
        ManifestError::OtherVersion(path, format) => {
            Failure::of_file(&path, other_version(format))
        }
    })?;
    let key = |name: &str, text: &str| {
        text.parse::<PublicKey>()
            .map_err(|error| Failure::of_file(&path, format_args!("public key '{name}': {error}")))
    };
    Ok(Anchors {
        authority: key("authority", &manifest.authority)?,
        signers: Signers {
            regulator: key("regulator", &manifest.regulator)?,
            grid_company: key("grid-company", &manifest.grid_company)?,
        },
    })
}

/// Everything in a directory, decoded.
struct Contents<'a> {
    ledger: Ledger<'a>,
    snapshot: Option<Kept>,
    entries: Vec<GridEntry>,
    evidence: Vec<Evidence>,
    /// Bank, grid, evidence.
    logs: [&'a Log; 3],
    world: World,
    anchors: Anchors,
    /// Whom to trust at each entry of the grid company's log.
    anchors_at: Vec<Anchors>,
    is_closed: bool,
}

/// What a sound directory holds.
struct Found {
    registration: Registration,
    market: Market,
    totals: Totals,
    notes: Vec<String>,
    signatures: u64,
}

impl Contents<'_> {
    /// Repeats all that happened on this thread, while the others verify signatures.
    fn check(&self, progress: &Progress<'_>) -> Result<Found, Failure> {
        let mut keys = PreparedKeys::default();
        self.ledger.prepare(&mut keys);
        let Signers { regulator, grid_company } = self.anchors.signers;
        for key in [self.anchors.authority, regulator, grid_company] {
            keys.prepare(&key);
        }
        let count = self.ledger.len() + self.entries.len();
        let check = |number| self.signatures_of(number, &keys);
        let found = beside_signatures(count, check, progress, || self.repeat())?;
        Ok(Found { signatures: keys.count(), ..found })
    }

    /// One piece of the signatures: a record of the bank's log, or one of the grid company's.
    fn signatures_of(&self, number: usize, keys: &PreparedKeys) -> Result<(), Failure> {
        match number.checked_sub(self.ledger.len()) {
            None => self.ledger.check_signatures(number, &self.anchors.authority, keys),
            Some(entry) => {
                market::check_signatures(&self.entries[entry], &self.anchors_at[entry], keys)
                    .map_err(|what| self.logs[1].fault(entry, what))
            }
        }
    }

    fn repeat(&self) -> Result<Found, Failure> {
        let [_, grid_log, evidence_log] = self.logs;
        let registration = self.ledger.replay(&self.anchors.authority, self.snapshot.as_ref())?;
        let market = Market::check(&self.entries, grid_log, &self.anchors)?;
        if self.is_closed && market.missing_signals() > 0 {
            let last = self.entries.len().saturating_sub(1);
            let what = "signals of the last decision are missing behind it";
            return Err(grid_log.fault(last, what));
        }
        let (totals, mut notes) = {
            let (contracts, orders) = (market.runnable(), self.ledger.orders());
            let books = Books { market: &market, contracts: &contracts, orders: &orders };
            let mut repeat = Repeat::new(books);
            for (number, evidence) in self.evidence.iter().enumerate() {
                repeat.take(evidence).map_err(|what| evidence_log.fault(number, what))?;
            }
            let (totals, numbers) =
                repeat.finish().map_err(|what| Failure::of_file(evidence_log.path(), what))?;
            let notes = evidence::check_rest(&self.ledger, &market, &numbers, self.is_closed)?;
            (totals, notes)
        };
        self.world.check_content(&market)?;
        notes.extend(self.logs.iter().filter_map(|log| log.tail_note()));
        notes.extend(self.world.note.clone());
        if market.missing_signals() > 0 {
            notes.push("grid.log: the signals of the last decision aren't all there".to_owned());
        }
        Ok(Found { registration, market, totals, notes, signatures: 0 })
    }

    fn report(&self, found: Found, seconds: f64) -> Report {
        let Found { registration, market, totals, notes, signatures } = found;
        let bank = AuditReport::of(&registration);
        let (orders, repeated, refused) = count_payments(&self.ledger);
        Report {
            sound: true,
            closed: self.is_closed,
            authority: key_id(&self.anchors.authority).to_string(),
            batches: bank.batches,
            operations: self.ledger.operations() as u64,
            orders,
            repeated,
            refused,
            meters: market.meters.len() as u64,
            settlements: totals.settlements,
            contracts: market.contracts.len() as u64,
            decisions: market.decisions() as u64,
            signals: market.signals.len() as u64,
            world_records: self.world.minutes,
            signatures,
            import: Energy::from_milliwatt_hours(narrow(totals.import_milliwatt_hours)),
            export: Energy::from_milliwatt_hours(narrow(totals.export_milliwatt_hours)),
            charged: Money::from_micro_yuan(narrow(totals.charged_micro_yuan)),
            paid: Fen::from_fen(narrow(totals.paid_fen)),
            carried: Money::from_micro_yuan(narrow(totals.carried_micro_yuan)),
            issued: bank.issued,
            wallets: registration.wallets_total(),
            wallet_count: bank.wallets as u64,
            notes,
            seconds,
        }
    }
}

/// Payment orders that are final, that came again, and that were refused.
fn count_payments(ledger: &Ledger<'_>) -> (u64, u64, u64) {
    let (mut orders, mut repeated, mut refused) = (0, 0, 0);
    for (_, _, code) in ledger.payments() {
        let count = if code == ResultCode::Accepted {
            &mut orders
        } else if code == ResultCode::Exists {
            &mut repeated
        } else {
            &mut refused
        };
        *count += 1;
    }
    (orders, repeated, refused)
}

/// For showing: a pilot stays far below.
fn narrow(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(i64::MAX)
}
