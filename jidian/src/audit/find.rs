//! Finding the parts of one payment in a data directory.

use super::failure::Failure;
use super::ledger::Ledger;
use super::logs::Log;
use super::story::{Parts, Trusted, story};
use super::{evidence, market};
use crate::store::log::Kind;
use crate::view::TraceView;
use core::fmt;
use core::str::FromStr;
use crypto::Sm2Verifier;
use grid::{Decision, Setup};
use simulation::ledger::{Evidence, GridEntry, MeterEntry};
use std::path::Path;
use wire::package::SignedPackage;
use wire::signal::PriceSignal;
use wire::{Digest, MeterId, Signed};

/// Names a payment: 12 digits of the meter, a hyphen, the number of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentId {
    /// The meter.
    pub meter: MeterId,
    /// Number of the order.
    pub sequence: u64,
}

/// A text isn't a [`PaymentId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a payment is named by the meter's 12 digits, a hyphen and its number, such as \
             410100000001-17",
        )
    }
}

impl core::error::Error for NotAnId {}

impl FromStr for PaymentId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let (meter, sequence) = text.split_once('-').ok_or(NotAnId)?;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if meter.len() != 12 || !is_number(meter) || !is_number(sequence) {
            return Err(NotAnId);
        }
        let meter = meter.parse().ok().and_then(MeterId::new).ok_or(NotAnId)?;
        Ok(Self { meter, sequence: sequence.parse().map_err(|_| NotAnId)? })
    }
}

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.meter, self.sequence)
    }
}

/// Tells the story of a payment of a data directory.
///
/// # Errors
/// [`Failure`] if there is no such payment, or a log can't be read.
pub fn trace(directory: &Path, id: PaymentId) -> Result<TraceView, Failure> {
    let anchors = super::anchors(directory)?;
    let evidence_log = Log::read(directory, Kind::Evidence)?;
    let bank_log = Log::read(directory, Kind::Bank)?;
    let grid_log = Log::read(directory, Kind::Grid)?;
    let records = evidence::decode(&evidence_log)?;
    let position = records.iter().position(|one| id_of(one) == id);
    let position = position.ok_or_else(|| unknown(&evidence_log, &records, id))?;
    let (record, earlier) = (&records[position].record, &records[..position]);
    let entries = market::decode(&grid_log)?;
    let meter = meter_of(&entries, id.meter);
    let meter = meter.ok_or_else(|| {
        let what = format!("grid.log knows no meter {}", id.meter);
        evidence_log.fault(position, what)
    })?;
    let ledger = Ledger::decode(&bank_log, &anchors.authority)?;
    let key = crypto::key_id(&meter.certificate.body.public_key);
    let found = ledger.payments().find(|(_, signed, code)| {
        let order = &signed.body;
        (order.signer, order.sequence) == (key, id.sequence) && code.burns_sequence()
    });
    let (batch, order, _) = found.ok_or_else(|| {
        let what = format!("bank.log has no order {id}");
        evidence_log.fault(position, what)
    })?;
    let receipt = ledger.receipt(batch, crypto::digest(&order.body));
    let signal = record.signals.first().and_then(|used| {
        let wanted = (meter.class.byte(), record.direction, used.sequence);
        signal_of(&entries, wanted)
    });
    let anchors_at = market::anchors_through(&entries, anchors);
    let signers_of = |is_it: &dyn Fn(&GridEntry) -> bool| {
        let place = entries.iter().position(is_it);
        place.map_or(anchors, |place| anchors_at[place]).signers
    };
    let parts = Parts {
        trusted: &Trusted {
            authority: anchors.authority,
            signers: signers_of(&|entry| {
                matches!(entry, GridEntry::Contract(signed, _)
                    if crypto::digest(&signed.package) == record.contract)
            }),
            signal_signer: signers_of(&|entry| {
                matches!((entry, signal), (GridEntry::Signal(one), Some(signal)) if **one == *signal)
            })
            .grid_company,
            registration: ledger.registration_key(),
        },
        meter,
        record,
        before: earlier
            .iter()
            .rev()
            .map(|one| &one.record)
            .find(|one| (one.meter, one.direction) == (record.meter, record.direction)),
        order,
        receipt: receipt.as_ref(),
        contract: contract_of(&entries, record.contract),
        signal,
        decision: signal.and_then(|signal| decision_of(&entries, signal.body.decision)),
    };
    Ok(story(&parts, &Sm2Verifier))
}

const fn id_of(evidence: &Evidence) -> PaymentId {
    PaymentId { meter: evidence.record.meter, sequence: evidence.record.sequence }
}

fn unknown(log: &Log, records: &[Evidence], id: PaymentId) -> Failure {
    let same_meter = records.iter().rev().find(|one| one.record.meter == id.meter);
    let example = same_meter.or_else(|| records.last()).map(id_of);
    let example = match example {
        Some(example) => format!("{NotAnId}; one that is there: {example}"),
        None => "there is no payment at all yet".to_owned(),
    };
    Failure::of_file(log.path(), format_args!("holds no payment {id}; {example}"))
}

fn meter_of(entries: &[GridEntry], id: MeterId) -> Option<&MeterEntry> {
    entries.iter().find_map(|entry| {
        let GridEntry::Meter(meter) = entry else { return None };
        (meter.meter == id).then_some(meter)
    })
}

fn contract_of(entries: &[GridEntry], digest: Digest) -> Option<(&SignedPackage, &str)> {
    entries.iter().find_map(|entry| {
        let GridEntry::Contract(signed, source) = entry else { return None };
        (crypto::digest(&signed.package) == digest).then_some((&**signed, source.as_str()))
    })
}

fn signal_of(entries: &[GridEntry], wanted: (u8, u8, u64)) -> Option<&Signed<PriceSignal>> {
    entries.iter().find_map(|entry| {
        let GridEntry::Signal(signed) = entry else { return None };
        let PriceSignal { class, direction, sequence, .. } = signed.body;
        ((class, direction, sequence) == wanted).then_some(&**signed)
    })
}

fn decision_of(entries: &[GridEntry], digest: Digest) -> Option<(&Decision, &Setup)> {
    let place = entries.iter().position(|entry| {
        let GridEntry::Decision(decision) = entry else { return false };
        decision.digest() == digest
    })?;
    let GridEntry::Decision(decision) = &entries[place] else { return None };
    let setup = entries[..place].iter().rev().find_map(|entry| {
        let GridEntry::Setup(setup) = entry else { return None };
        Some(&**setup)
    });
    Some((&**decision, setup?))
}
