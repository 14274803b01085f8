//! Worked examples: the byte code and the tree must both give what the author worked out by hand.

use alloc::string::String;
use alloc::vec::Vec;

use quantity::{Duration, Instant, Money, PicoYuan};

use super::messages::{Fault, fault};
use super::reference;
use super::tree::{Contract, Example};
use crate::{Carries, Facts, Program, Quantities, SettleError, Settlement, Signals};

pub(super) fn run(contract: &Contract, program: &Program<'_>) -> Vec<Fault> {
    contract.examples.iter().flat_map(|example| run_one(contract, program, example)).collect()
}

fn run_one(contract: &Contract, program: &Program<'_>, example: &Example) -> Vec<Fault> {
    let signals = signals(example);
    let quantities = example
        .quantities
        .iter()
        .fold(Quantities::NONE, |all, (quantity, amount, _)| all.with(*quantity, *amount));
    let interval = Duration::from_seconds(i64::from(contract.interval_seconds));
    let Some(end) = example.start.checked_add(interval) else {
        return alloc::vec![fault!(EXAMPLE_REFUSED, example.span, SettleError::EmptyInterval)];
    };
    let facts = Facts {
        start: example.start,
        end: end.min(program.next_boundary(example.start, &signals)),
        energy: example.energy,
        month_before: example.month_before,
        year_before: example.year_before,
        signals: &signals,
        quantities: &quantities,
        held: example.held.unwrap_or_default(),
    };
    let (mut carries, mut expected) = (Carries::ZERO, Carries::ZERO);
    let settled = program.settle(&facts, &mut carries);
    if settled != reference::settle(contract, &facts, &mut expected) || carries != expected {
        let doubt = "the tree and the byte code disagree";
        return alloc::vec![fault!(LOADER, example.span, doubt)];
    }
    match settled {
        Ok(settlement) => compare(contract, example, &settlement, &carries),
        Err(error) => alloc::vec![fault!(EXAMPLE_REFUSED, example.span, error)],
    }
}

fn signals(example: &Example) -> Signals {
    example.signals.iter().fold(Signals::NONE, |signals, (id, price, age)| {
        let from = example.start.unix_milliseconds().saturating_sub(age.milliseconds());
        signals.with(*id, *price, Instant::from_unix_milliseconds(from))
    })
}

fn compare(
    contract: &Contract,
    example: &Example,
    settlement: &Settlement,
    carries: &Carries,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (rule, leg) in contract.leg_order().iter().zip(&settlement.legs) {
        let results = example.results.iter().filter(|result| result.leg.text == rule.name.text);
        for result in results {
            let rest = carries.get(leg.leg);
            if (result.money, result.rest) != (leg.money, rest) {
                let (stated, given) = (amount(result.money, result.rest), amount(leg.money, rest));
                faults.push(fault!(EXAMPLE, result.leg.span, rule.name.text, stated, given));
            }
        }
    }
    let stated = example.hold.map_or(Money::ZERO, |(money, _)| money);
    let given = settlement.prepaid.map_or(Money::ZERO, |prepaid| prepaid.hold);
    if stated != given {
        let span = example.hold.map_or(example.span, |(_, span)| span);
        faults.push(fault!(EXAMPLE_HOLD, span, stated, given));
    }
    faults
}

fn amount(money: Money, rest: PicoYuan) -> String {
    let rest = quantity::Energy::from_milliwatt_hours(i64::from(rest.pico_yuan()));
    alloc::format!("{money} carry {rest:#} micro-yuan")
}
