//! The audit of a bank of its own, as `jidian bank serve` leaves it: no meters, no grid company.

use super::failure::{Failure, Place};
use super::ledger::Ledger;
use super::logs::{Kept, Log, check_names, tail_note};
use super::signatures::{PreparedKeys, beside_signatures};
use super::{Progress, count_payments};
use crate::service::storage::{BANK_FILES, Founding, StorageError, read_register};
use crate::service::{DeskCall, storage};
use crate::store::log::{Kind, LogReader};
use bank::AuditReport;
use bank::authentication::{Disclosure, Register};
use core::fmt;
use crypto::key_id;
use quantity::Fen;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;
use wire::{Digest, Wire};

/// What an audit found in the sound directory of a bank. Money serialises as integer strings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BankReport {
    /// Always true: what isn't sound has no report.
    pub sound: bool,
    /// Pseudonym of the one key that was trusted: the authentication centre's.
    pub authority: String,
    /// Batches of the registration centre.
    pub batches: u64,
    /// Operations of all kinds in them.
    pub operations: u64,
    /// Payment orders that are final.
    pub orders: u64,
    /// Payment orders that were sent again and got their first answer.
    pub repeated: u64,
    /// Payment orders that were refused.
    pub refused: u64,
    /// Certificates that the authentication centre gave out.
    pub certificates: u64,
    /// Of them, those that were opened.
    pub disclosures: u64,
    /// Calls that the desks remember.
    pub desk_calls: u64,
    /// Signatures that were verified.
    pub signatures: u64,
    /// Issued by the central bank.
    pub issued: Fen,
    /// Sum of all wallets: equal to what was issued.
    pub wallets: Fen,
    /// Number of wallets.
    pub wallet_count: u64,
    /// What is allowed and yet worth knowing.
    pub notes: Vec<String>,
    /// How long the audit took.
    pub seconds: f64,
}

impl fmt::Display for BankReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Sound: a bank alone; every bit, signature and fen was checked again.")?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, text: fmt::Arguments<'_>| {
            writeln!(f, "  {name:<12} {text}")
        };
        let Self { batches, operations, orders, repeated, refused, .. } = self;
        let Self { certificates, disclosures, issued, wallets, wallet_count, .. } = self;
        line(f, "bank", format_args!("{batches} batches, {operations} operations"))?;
        line(f, "orders", format_args!("{orders} final, {repeated} repeated, {refused} refused"))?;
        line(f, "certificates", format_args!("{certificates}, {disclosures} of them opened"))?;
        line(f, "desks", format_args!("{} calls remembered", self.desk_calls))?;
        line(f, "signatures", format_args!("{}", self.signatures))?;
        let money = format_args!("{issued} issued = {wallets} in {wallet_count} wallets");
        line(f, "money", money)?;
        line(f, "trusted", format_args!("authentication centre {}", self.authority))?;
        for note in &self.notes {
            line(f, "note", format_args!("{note}"))?;
        }
        line(f, "took", format_args!("{:.1} s", self.seconds))
    }
}

/// Whether a directory holds a bank of its own, rather than a pilot.
#[must_use]
pub fn is_bank_alone(directory: &Path) -> bool {
    storage::is_bank(directory)
}

/// Checks the directory of a bank from its files alone, and tells how far it is: every bit of its
/// files, each batch repeated (codes, balances, Merkle roots, chain, conservation), each signature;
/// and that the authentication centre's register fits the log. The TLS certificates aren't part of
/// it: they prove nothing about money.
///
/// # Errors
/// The first [`Failure`].
pub fn verify_bank_with(directory: &Path, progress: &Progress<'_>) -> Result<BankReport, Failure> {
    let start = Instant::now();
    check_names(directory, &BANK_FILES)?;
    let authority = Founding::read(directory).map_err(of_storage)?.authority;
    let register = read_register(directory).map_err(of_storage)?;
    let (desk_calls, desk_note) = desk_calls(directory)?;
    let log = Log::read(directory, Kind::Bank)?;
    let snapshot = Kept::read(directory)?;
    snapshot.iter().try_for_each(|kept| kept.check_place(&log))?;
    let ledger = Ledger::decode(&log, &authority)?;
    let mut keys = PreparedKeys::default();
    ledger.prepare(&mut keys);
    keys.prepare(&authority);
    let check = |number| ledger.check_signatures(number, &authority, &keys);
    let registration = beside_signatures(ledger.len(), check, progress, || {
        ledger.replay(&authority, snapshot.as_ref())
    })?;
    check_register(directory, &ledger, &register)?;
    let bank = AuditReport::of(&registration);
    let (orders, repeated, refused) = count_payments(&ledger);
    Ok(BankReport {
        sound: true,
        authority: key_id(&authority).to_string(),
        batches: bank.batches,
        operations: ledger.operations() as u64,
        orders,
        repeated,
        refused,
        certificates: register.len() as u64,
        disclosures: register.disclosures().len() as u64,
        desk_calls,
        signatures: keys.count(),
        issued: bank.issued,
        wallets: registration.wallets_total(),
        wallet_count: bank.wallets as u64,
        notes: log.tail_note().into_iter().chain(desk_note).collect(),
        seconds: start.elapsed().as_secs_f64(),
    })
}

fn of_storage(error: StorageError) -> Failure {
    Failure::of_file(error.path(), error.reason())
}

/// Every certificate of the log has an owner in the register, and whatever the register says was
/// opened was opened in the log. The log may be ahead by what the process before had no time for.
fn check_register(
    directory: &Path,
    ledger: &Ledger<'_>,
    register: &Register,
) -> Result<(), Failure> {
    let path = directory.join(storage::REGISTER);
    let fault = |what: String| Failure::of_file(&path, what);
    if let Some(serial) = ledger.serials().find(|serial| register.subject(*serial).is_none()) {
        let what = format!("names nobody for certificate {serial}, which bank.log holds");
        return Err(fault(what));
    }
    let opened: BTreeSet<Digest> = ledger.disclosures().map(|one| one.order).collect();
    let strange = |one: &&Disclosure| !opened.contains(&one.order);
    match register.disclosures().iter().find(strange) {
        None => Ok(()),
        Some(one) => Err(fault(format!("says that {} was opened; bank.log doesn't", one.serial))),
    }
}

/// How many calls the desks remember, and a note on an append that was never finished.
fn desk_calls(directory: &Path) -> Result<(u64, Option<String>), Failure> {
    let path = directory.join(storage::DESK_LOG);
    // One that was cut off while it was made never held a record.
    if std::fs::metadata(&path).map_or(0, |file| file.len()) < 32 {
        return Ok((0, None));
    }
    let mut reader = LogReader::open(&path, Kind::Desk)?;
    let mut calls = 0;
    loop {
        let offset = reader.offset();
        let Some(bytes) = reader.next_record()? else { break };
        DeskCall::decode(bytes).map_err(|error| Failure {
            file: path.clone(),
            place: Some(Place { record: calls, offset }),
            what: format!("not a record that the program writes: {error}"),
        })?;
        calls += 1;
    }
    Ok((calls, tail_note(&path, reader.tail())))
}
