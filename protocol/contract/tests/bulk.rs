//! The bulk executor gives what the interpreter gives, row for row.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod library;

use contract::bulk::{
    Column, Movements, Plan, Postings, QuantityColumns, Refusal, SignalColumns, Times, campaign,
    compare,
};
use contract::{Program, SettleError};
use quantity::{Duration, Energy, Instant, Money};

#[test]
fn random_contracts_settle_the_same_in_bulk() {
    let report = campaign(0, 400_000);
    assert!(report.difference.is_none(), "{}", report.difference.unwrap());
    assert!(report.contracts > 20 && report.cases >= 400_000);
    assert!(report.cases > 2 * report.refused, "most movements are settled");
}

#[test]
fn every_contract_settles_the_same_in_bulk() {
    let contracts = library::contracts();
    assert!(contracts.len() > 20);
    let mut refused = 0;
    for (name, contract) in &contracts {
        let mut settled = 0;
        for seed in 0..12 {
            let report = compare(contract, seed);
            assert!(report.difference.is_none(), "{name}: {}", report.difference.unwrap());
            settled += report.cases - report.refused;
            refused += report.refused;
        }
        assert!(settled > 1000, "{name}: only {settled} settled");
    }
    assert!(refused > 1000, "the edges were tried");
}

/// 2026-07-01 20:00 legal time.
const EVENING: Instant = Instant::from_unix_seconds(1_782_907_200);

fn movements(energy: &[Energy]) -> Movements<'_> {
    Movements {
        times: Times::Shared { start: EVENING, end: EVENING + Duration::from_minutes(5) },
        energy,
        month_before: Column::Shared(Energy::from_kwh(179)),
        year_before: Column::Shared(Energy::ZERO),
        signals: SignalColumns::default(),
        quantities: QuantityColumns::default(),
        held: Column::Shared(Money::ZERO),
    }
}

/// The second example of the contract: 3 × 0.541 + 2 × 0.05 = 1.723; 3 × 0.019 = 0.057.
#[test]
fn a_movement_across_a_tier_costs_what_the_example_says() {
    let contract = library::contract("residential-henan");
    let mut plan = Plan::new(&Program::load(contract.bytecode()).unwrap());
    let energy = [Energy::from_kwh(3); 1000];
    let mut postings = Postings::new(plan.legs(), energy.len());
    plan.settle(&movements(&energy), &mut postings);
    assert!(postings.refused.is_empty());
    for row in [0, 255, 256, 999] {
        assert_eq!(postings.legs[0].money[row], Money::from_micro_yuan(1_723_000));
        assert_eq!(postings.legs[1].money[row], Money::from_micro_yuan(57_000));
        assert_eq!(postings.total(row), Money::from_micro_yuan(1_780_000));
    }
}

/// 10⁻⁶ kWh × 0.541 yuan/kWh = 0.541 micro-yuan: two of them make one micro-yuan and leave 0.082.
#[test]
fn rests_are_carried_from_call_to_call_and_a_refused_row_keeps_its_own() {
    let contract = library::contract("residential-henan");
    let mut plan = Plan::new(&Program::load(contract.bytecode()).unwrap());
    let one = Energy::from_milliwatt_hours(1);
    let mut postings = Postings::new(plan.legs(), 2);
    let mut base = movements(&[]);
    base.month_before = Column::Shared(Energy::ZERO);
    plan.settle(&Movements { energy: &[one, one], ..base }, &mut postings);
    let rests = |postings: &Postings| -> Vec<u32> {
        postings.legs[0].carry.iter().map(|rest| rest.pico_yuan()).collect()
    };
    assert_eq!(rests(&postings), [541_000, 541_000]);
    plan.settle(&Movements { energy: &[-one, one], ..base }, &mut postings);
    assert_eq!(rests(&postings), [541_000, 82_000]);
    assert_eq!(postings.legs[0].money, [Money::ZERO, Money::from_micro_yuan(1)]);
    assert_eq!(postings.refused, [Refusal { row: 0, error: SettleError::NegativeEnergy }]);
}
