//! What a settlement multiplied prices with beside the energy: which quantities a record must state,
//! and how people read them.

use super::market::{Runnable, require};
use crate::view::Text;
use contract::{Quantities, Quantity, Unit};
use quantity::{CivilDate, Energy, Instant, Money, Power, Price};
use wire::evidence::{ItemLine, SettlementRecord};

/// The quantities of a record: exactly those that its contract needs in this settlement.
pub(super) fn stated(
    record: &SettlementRecord,
    contract: &Runnable<'_>,
) -> Result<Quantities, String> {
    let ends_month = is_month_start(record.end);
    let rules = contract.header.quantities.iter().map(|rule| rule.quantity);
    let needed = rules.filter(|quantity| ends_month || !quantity.is_monthly());
    let codes = record.quantities.iter().map(|used| used.quantity);
    require(needed.map(Quantity::byte).eq(codes), || {
        "it doesn't state exactly the quantities that its contract needs".to_owned()
    })?;
    let known = record.quantities.iter().filter_map(|used| {
        Quantity::from_byte(used.quantity).map(|quantity| (quantity, used.amount))
    });
    Ok(known.fold(Quantities::NONE, |all, (quantity, amount)| all.with(quantity, amount)))
}

/// Whether an instant is the first of a month of legal time.
pub(super) fn is_month_start(at: Instant) -> bool {
    CivilDate { day: 1, ..at.civil().date }.start() == at
}

/// The price of a line in the unit of what it is multiplied with.
pub(super) fn price_text(line: &ItemLine) -> Text {
    let Some(quantity) = Quantity::from_byte(line.quantity) else { return Text::default() };
    match quantity.unit() {
        Some(Unit::PerKwh) => Text::amount(line.price),
        Some(Unit::PerKw) => {
            Text::amount(format_args!("{:#} yuan/{}", line.price, power_unit(quantity)))
        }
        Some(Unit::Ratio) | None => Text::same(percent(line.price.micro_yuan_per_kwh())),
    }
}

/// How much of what a line is multiplied with, and of what unless it's the energy.
pub(super) fn amount_text(line: &ItemLine) -> Text {
    let Some(quantity) = Quantity::from_byte(line.quantity) else { return Text::default() };
    let amount = match quantity.unit() {
        Some(Unit::PerKwh) => Energy::from_milliwatt_hours(line.amount).to_string(),
        Some(Unit::PerKw) => {
            let power = Power::from_milliwatts(line.amount);
            format!("{power:#} {}", power_unit(quantity))
        }
        Some(Unit::Ratio) => Money::from_micro_yuan(line.amount).to_string(),
        None => percent(line.amount),
    };
    let amount = Text::amount(amount);
    if quantity == Quantity::Energy {
        return amount;
    }
    let (en, zh) = (quantity.name_en(), quantity.name_zh());
    Text::new(format!("{zh} {}", amount.zh), format!("{} {en}", amount.en))
}

fn power_unit(quantity: Quantity) -> &'static str {
    if quantity == Quantity::Capacity { "kVA" } else { "kW" }
}

/// Parts per million as percent.
fn percent(ppm: i64) -> String {
    let hundredfold = Price::from_micro_yuan_per_kwh(ppm.saturating_mul(100));
    format!("{hundredfold:#} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Program;
    use quantity::Duration;
    use wire::evidence::QuantityUse;
    use wire::package::{ContractPackage, PackageKind};
    use wire::{Digest, MeterId};

    const DEMAND: &str = r#"contract "demand" version 1
  title "需量" "Demand"
  for industrial, import
  settle every 15 minutes, at most 1 MWh
  price within 0 yuan/kWh to 1 yuan/kWh
  quantity maximum-demand at most 10 MW, price within 0 yuan/kW to 60 yuan/kW
under "order" "energy and demand" {
  leg bill: customer-bill -> grid-income
  price benchmark = 0.50 yuan/kWh into bill
  price capacity = 40 yuan/kW into bill on maximum-demand
}
examples { 2026-03-10 12:00 energy 100 kWh => bill 50 yuan }
"#;

    fn package() -> ContractPackage {
        let program = contract::build(DEMAND).expect("a sound source").bytecode;
        ContractPackage {
            class: 7,
            direction: 1,
            kind: PackageKind::Ordinary,
            sequence: 1,
            version: 1,
            supersedes: Digest::default(),
            on_expiry: Digest::default(),
            valid_from: Instant::EPOCH,
            valid_until: Instant::EPOCH,
            active_from: Instant::EPOCH,
            source: Digest::default(),
            program: program.into_iter().collect(),
        }
    }

    type Used<'a> = &'a [(Quantity, i64)];

    fn record(end: Instant, used: Used<'_>) -> SettlementRecord {
        let used = used
            .iter()
            .map(|(quantity, amount)| QuantityUse { quantity: quantity.byte(), amount: *amount });
        SettlementRecord {
            meter: MeterId::default(),
            sequence: 1,
            direction: 1,
            start: end - Duration::from_minutes(15),
            end,
            register_before: Energy::ZERO,
            register_after: Energy::from_kwh(2),
            register_month_start: Energy::ZERO,
            register_year_start: Energy::ZERO,
            contract: Digest::default(),
            signals: core::iter::empty().collect(),
            quantities: used.collect(),
            items: core::iter::empty().collect(),
            legs: core::iter::empty().collect(),
        }
    }

    /// (end of the settlement, stated quantities, whether they are those that the contract needs)
    #[test]
    fn a_record_states_what_its_contract_needs_and_nothing_else() {
        let package = package();
        let program = Program::load(&package.program).expect("it was built");
        let contract = Runnable { package: &package, header: program.header(), program };
        let month = CivilDate { year: 2026, month: 4, day: 1 }.start();
        let within = month + Duration::from_hours(12);
        let demand = (Quantity::MaximumDemand, 120_000_000);
        let table: [(Instant, Used<'_>, bool); 6] = [
            (within, &[], true),
            (within, &[demand], false),
            (month, &[], false),
            (month, &[demand], true),
            (month, &[demand, demand], false),
            (month, &[(Quantity::Capacity, 1)], false),
        ];
        for (number, (end, used, sound)) in table.into_iter().enumerate() {
            let found = stated(&record(end, used), &contract);
            let expected = if end == month { Some(demand.1) } else { None };
            let known = found.as_ref().map(|all| all.get(Quantity::MaximumDemand));
            assert_eq!(known.is_ok(), sound, "case {number}");
            assert!(!sound || known == Ok(expected), "case {number}");
        }
    }

    /// (quantity, price, amount, price and amount in English, amount in Chinese)
    #[test]
    fn lines_read_in_their_units() {
        let table = [
            (
                Quantity::Energy,
                600_000,
                2_000_000,
                "0.600000 yuan/kWh",
                "2.000000 kWh",
                "2.000000 kWh",
            ),
            (
                Quantity::MaximumDemand,
                40_000_000,
                1_200_000_000,
                "40.000000 yuan/kW",
                "1200.000000 kW maximum demand of the month",
                "最大需量 1200.000000 kW",
            ),
            (
                Quantity::Capacity,
                32_000_000,
                315_000_000,
                "32.000000 yuan/kVA",
                "315.000000 kVA capacity",
                "容量 315.000000 kVA",
            ),
            (
                Quantity::Billed,
                -7_500,
                100_000_000,
                "-0.750000 %",
                "100.000000 yuan amount billed in the month",
                "计费额 100.000000 元",
            ),
        ];
        for (quantity, price, amount, price_en, amount_en, amount_zh) in table {
            let price = Price::from_micro_yuan_per_kwh(price);
            let line = ItemLine { quantity: quantity.byte(), price, amount, item: 1, leg: 0 };
            let amount = amount_text(&line);
            assert_eq!(price_text(&line).en, price_en);
            assert_eq!((amount.en.as_str(), amount.zh.as_str()), (amount_en, amount_zh));
        }
    }
}
