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
