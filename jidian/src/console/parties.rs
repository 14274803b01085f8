//! Settlements as payments: who pays, who is paid, and what it is to the meter's owner.

use super::words;
use crate::view::{PaymentRow, PaymentState, Text, Word};
use contract::{CustomerClass, Role};
use quantity::{Energy, Fen, Money};
use simulation::ledger::Evidence;
use wire::evidence::{LegLine, SettlementRecord};

/// Result of a final payment.
const FINAL: u8 = 0;

/// Who takes part in payments: the owners of the meters of a class, or a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    Class(CustomerClass),
    Role(Role),
}

impl Party {
    /// The owner's wallets stand for the class of the meter, all others for their role.
    fn of(role: u8, class: CustomerClass) -> Option<Self> {
        let role = Role::from_byte(role)?;
        Some(if is_owner(role) { Self::Class(class) } else { Self::Role(role) })
    }

    pub(super) const fn word(self) -> Word {
        match self {
            Self::Class(class) => words::class(class),
            Self::Role(role) => words::role(role),
        }
    }
}

const fn is_owner(role: Role) -> bool {
    matches!(role, Role::CustomerBill | Role::GeneratorIncome)
}

pub(super) const fn is_final(evidence: &Evidence) -> bool {
    evidence.result == FINAL
}

/// Energy of a settlement.
pub(super) fn energy(record: &SettlementRecord) -> Energy {
    record.register_after - record.register_before
}

/// Whole fen that a settlement moves.
pub(super) fn paid(record: &SettlementRecord) -> Fen {
    record.legs.iter().map(|leg| leg.paid).sum()
}

/// Movements of money between parties.
pub(super) fn moves(
    record: &SettlementRecord,
    class: CustomerClass,
) -> impl Iterator<Item = (Party, Party, Fen)> + '_ {
    let paying = record.legs.iter().filter(|leg| leg.paid > Fen::ZERO);
    paying.filter_map(move |leg| {
        Some((Party::of(leg.debit, class)?, Party::of(leg.credit, class)?, leg.paid))
    })
}

/// What the owner of the meter pays for a settlement; negative is earned.
pub(super) fn owner_paid(record: &SettlementRecord) -> Fen {
    let signed = |leg: &LegLine| match owner_sign(leg) {
        Sign::Pays => leg.paid,
        Sign::Earns => -leg.paid,
        Sign::Neither => Fen::ZERO,
    };
    record.legs.iter().map(signed).sum()
}

fn owner_charged(record: &SettlementRecord) -> Money {
    let signed = |leg: &LegLine| match owner_sign(leg) {
        Sign::Pays => leg.charged,
        Sign::Earns => -leg.charged,
        Sign::Neither => Money::ZERO,
    };
    record.legs.iter().map(signed).sum()
}

enum Sign {
    Pays,
    Earns,
    Neither,
}

fn owner_sign(leg: &LegLine) -> Sign {
    let owns = |role| Role::from_byte(role).is_some_and(is_owner);
    match (owns(leg.debit), owns(leg.credit)) {
        (true, false) => Sign::Pays,
        (false, true) => Sign::Earns,
        (true, true) | (false, false) => Sign::Neither,
    }
}

/// A line of the list of payments.
pub(super) fn row(evidence: &Evidence, class: CustomerClass, name: &Text) -> PaymentRow {
    let record = &evidence.record;
    let largest = record.legs.iter().max_by_key(|leg| (leg.paid, leg.charged));
    let party = |role: Option<u8>| match role.and_then(Role::from_byte) {
        Some(role) if is_owner(role) => name.clone(),
        Some(role) => words::role(role).into(),
        None => Text::default(),
    };
    PaymentRow {
        id: format!("{}-{}", record.meter, record.sequence),
        meter: record.meter.to_string(),
        sequence: record.sequence,
        class: words::class(class),
        at: record.end,
        from: record.start,
        until: record.end,
        energy: energy(record),
        charged: owner_charged(record),
        paid: paid(record),
        carried: record.legs.iter().map(|leg| leg.carried_after).sum(),
        payer: party(largest.map(|leg| leg.debit)),
        payee: party(largest.map(|leg| leg.credit)),
        state: if is_final(evidence) { PaymentState::Final } else { PaymentState::Refused },
    }
}
