//! Every format: one encoding per meaning, and no bytes that panic.
use proptest::prelude::*;
use quantity::Fen;
use wire::evidence::SettlementRecord;
use wire::identity::Certificate;
use wire::link::{EnergyReport, Frame};
use wire::order::{Leg, PaymentOrder};
use wire::package::{PACKAGE_BYTES_MAX, Recall, SignedPackage, SignedRotation};
use wire::reading::Reading;
use wire::receipt::{Receipt, Root};
use wire::signal::PriceSignal;
use wire::{DecodeError, MeterId, Signed, WalletId, Wire};

fn bytes_of<T: Wire>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.write(&mut |part| bytes.extend_from_slice(part));
    bytes
}

/// Whatever is accepted is the one encoding of what it means.
fn canonical<T: Wire + PartialEq + core::fmt::Debug>(bytes: &[u8]) {
    if let Ok(message) = T::decode(bytes) {
        assert_eq!(bytes_of(&message), bytes);
        for cut in 0..bytes.len() {
            assert!(T::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_bytes_are_refused_or_canonical(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        canonical::<Signed<PaymentOrder>>(&bytes);
        canonical::<SettlementRecord>(&bytes);
        canonical::<SignedPackage>(&bytes);
        canonical::<Signed<Recall>>(&bytes);
        canonical::<SignedRotation>(&bytes);
        canonical::<Signed<PriceSignal>>(&bytes);
        canonical::<Signed<Certificate>>(&bytes);
        canonical::<Signed<Root>>(&bytes);
        canonical::<Receipt>(&bytes);
        canonical::<EnergyReport>(&bytes);
        canonical::<Frame>(&bytes);
        canonical::<Reading>(&bytes);
    }

    #[test]
    fn orders_round_trip(serial in 0..1_000_000_000_000_u64, fen in 1..i64::MAX, legs in 0..8_usize) {
        let leg = Leg {
            debit: WalletId::new(7, serial).unwrap(),
            credit: WalletId::new(1, 1).unwrap(),
            amount: Fen::from_fen(fen),
            reason: 3,
        };
        let order = PaymentOrder {
            signer: wire::KeyId([1; 16]),
            sequence: serial,
            previous: wire::Digest([2; 32]),
            at: quantity::Instant::EPOCH,
            evidence: wire::Digest([3; 32]),
            legs: (0..legs).map(|_| leg).collect(),
        };
        let bytes = bytes_of(&order);
        prop_assert_eq!(bytes.len(), order.encoded_len());
        prop_assert_eq!(PaymentOrder::decode(&bytes).unwrap(), order);
        canonical::<PaymentOrder>(&bytes);
    }
}

#[test]
fn the_longest_package_has_the_stated_length() {
    let package = wire::package::ContractPackage {
        class: 1,
        direction: 1,
        kind: wire::package::PackageKind::Default,
        sequence: 1,
        version: 1,
        supersedes: wire::Digest::default(),
        on_expiry: wire::Digest::default(),
        valid_from: quantity::Instant::EPOCH,
        valid_until: quantity::Instant::EPOCH,
        active_from: quantity::Instant::EPOCH,
        source: wire::Digest::default(),
        program: [7; wire::package::PROGRAM_BYTES_MAX].into_iter().collect(),
    };
    let (regulator, grid_company) = Default::default();
    let signed = SignedPackage { package, regulator, grid_company };
    assert_eq!(signed.encoded_len(), PACKAGE_BYTES_MAX);
    canonical::<SignedPackage>(&bytes_of(&signed));
}

#[test]
fn identifiers_carry_their_checks() {
    let wallet = WalletId::new(102, 42).unwrap();
    assert_eq!(wallet.to_string(), "1020000000000426");
    // The usual example of Luhn's rule: 7992739871 has the check digit 3.
    assert_eq!(WalletId::new(0, 7_992_739_871).unwrap().number() % 10, 3);
    assert_eq!(WalletId::from_number(wallet.number()), Some(wallet));
    for wrong in (0..10).filter(|digit| *digit != wallet.number() % 10) {
        assert_eq!(WalletId::from_number(wallet.number() / 10 * 10 + wrong), None);
    }
    assert_eq!(WalletId::new(1000, 0), None);
    assert_eq!(MeterId::new(1_000_000_000_000), None);
    assert_eq!(MeterId::new(7).unwrap().to_string(), "000000000007");
}

#[test]
fn amounts_are_above_zero() {
    let wallet = WalletId::new(1, 1).unwrap();
    let leg = Leg { debit: wallet, credit: wallet, amount: Fen::ZERO, reason: 0 };
    let refused = Leg::decode(&bytes_of(&leg));
    assert_eq!(refused, Err(DecodeError::Refused { at: 16, field: "amount" }));
}

#[test]
fn the_longest_evidence_fits_and_is_canonical() {
    use wire::evidence::{
        ITEMS_MAX, ItemLine, LegLine, QUANTITIES_MAX, QuantityUse, SIGNALS_MAX, SignalUse,
    };
    let zero = quantity::Energy::ZERO;
    let record = SettlementRecord {
        meter: MeterId::new(7).unwrap(),
        sequence: 1,
        direction: 1,
        start: quantity::Instant::EPOCH,
        end: quantity::Instant::EPOCH,
        register_before: zero,
        register_after: zero,
        register_month_start: zero,
        register_year_start: zero,
        contract: wire::Digest::default(),
        signals: [SignalUse::default(); SIGNALS_MAX].into_iter().collect(),
        quantities: [QuantityUse { quantity: 9, amount: i64::MAX }; QUANTITIES_MAX]
            .into_iter()
            .collect(),
        items: [ItemLine { quantity: 7, amount: -1, ..ItemLine::default() }; ITEMS_MAX]
            .into_iter()
            .collect(),
        legs: [LegLine::default(); wire::order::LEGS_MAX].into_iter().collect(),
    };
    // 97 + 4 + 16 × 25 + 12 × 9 + 24 × 19 + 8 × 43
    assert_eq!(record.encoded_len(), 1409);
    assert!(record.encoded_len() <= wire::tee::EVIDENCE_BYTES_MAX);
    assert_eq!(SettlementRecord::decode(&bytes_of(&record)), Ok(record.clone()));
    canonical::<SettlementRecord>(&bytes_of(&record));
}
