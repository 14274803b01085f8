//! Worked examples: the byte code and the tree must both give what the author worked out by hand.

use alloc::format;
use alloc::vec::Vec;

use quantity::{Duration, Instant, Money, PicoYuan};

use super::messages::{Both, Fault, both, fault};
use super::reference;
use super::tree::{Contract, Example};
use crate::{Carries, Facts, Program, Quantities, Quantity, SettleError, Settlement, Signals};

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
        return alloc::vec![refused(contract, example, SettleError::EmptyInterval)];
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
        Err(error) => alloc::vec![refused(contract, example, error)],
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

/// Money, and the carry where there is one.
fn amount(money: Money, rest: PicoYuan) -> Both {
    if rest == PicoYuan::ZERO {
        return Both { en: format!("{money:#} yuan"), zh: format!("{money:#} 元") };
    }
    let micro = quantity::Energy::from_milliwatt_hours(i64::from(rest.pico_yuan()));
    Both {
        en: format!("{money:#} yuan carry {micro:#} micro-yuan"),
        zh: format!("{money:#} 元 余 {micro:#} 微元"),
    }
}

/// Why an example can't be settled, and what to change in it.
fn refused(contract: &Contract, example: &Example, error: SettleError) -> Fault {
    let year = example.start.civil().date.year;
    let missing = contract.quantities.iter().map(|rule| rule.quantity);
    let missing: Vec<Quantity> = missing
        .filter(|one| !example.quantities.iter().any(|(stated, _, _)| stated == one))
        .collect();
    let names = |name: fn(Quantity) -> &'static str| {
        missing.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", ")
    };
    let movement = "state a movement that the meter could report|请给出电表可能上报的电量";
    let (why, help) = match error {
        SettleError::EnergyAboveBound => (
            "the energy is above the bound `at most` of the header|电量超过合约头部的“至多”",
            both(movement),
        ),
        SettleError::OutsideCalendar => (
            "the calendar doesn't list the days of this year|日历没有列出该年的日期",
            Both {
                en: format!(
                    "add `special-days {year} {{ … }}`, or date the example in a listed year"
                ),
                zh: format!("加上“特殊日 {year} 年 {{ … }}”，或把算例改到已列出的年份"),
            },
        ),
        SettleError::MissingQuantity => (
            "a quantity that the contract charges isn't stated|缺少合约计价所需的量",
            Both {
                en: format!("behind the energy, state also: {}", names(Quantity::code)),
                zh: format!("在电量之后还须写出：{}", names(Quantity::name_zh)),
            },
        ),
        SettleError::QuantityOutOfRange => (
            "a quantity is negative or above its bound in the header|某个量为负或超过合约头部的上限",
            both(movement),
        ),
        SettleError::EmptyInterval
        | SettleError::NegativeEnergy
        | SettleError::Register
        | SettleError::CrossesBoundary
        | SettleError::Damaged => {
            return fault!(EXAMPLE_REFUSED, example.span, error, both(movement));
        }
    };
    fault!(EXAMPLE_REFUSED, example.span, both(why), help)
}
