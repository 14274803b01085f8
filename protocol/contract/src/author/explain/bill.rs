//! One settlement as a bill.

use alloc::format;
use alloc::string::{String, ToString};

use super::super::diagnostic::Language;
use super::{Words, ordinal, table};
use crate::{Prepaid, Quantity, Settlement, Unit};

/// One settlement as a bill: each line with its exact amount, then what each leg moves, and what is
/// taken out of a hold.
#[must_use]
pub fn explain_settlement(settlement: &Settlement, language: Language) -> String {
    let words = Words(language);
    let only_energy = settlement.items.iter().all(|line| line.quantity == Quantity::Energy);
    let multiplied = if only_energy { ("energy", "电量") } else { ("quantity", "数量") };
    let head = [
        ("item", "项目"),
        ("leg", "分项"),
        multiplied,
        ("price", "单价"),
        ("exact amount", "精确金额"),
    ];
    let mut rows = alloc::vec![head.map(|(en, zh)| words.pick(en, zh).to_string()).to_vec()];
    for line in &settlement.items {
        rows.push(alloc::vec![
            words.pick(line.item.name_en(), line.item.name_zh()).to_string(),
            ordinal(line.leg),
            words.counted(line.amount, line.quantity),
            words.price(line.price, line.quantity.unit().unwrap_or(Unit::PerKwh)),
            words.exact(line.pico_yuan()),
        ]);
    }
    let mut text = table(&rows);
    for leg in &settlement.legs {
        let (debit, credit) = (words.role(leg.debit), words.role(leg.credit));
        let money = words.money(leg.money);
        text.push_str(&format!("{} {debit} -> {credit}: {money}\n", ordinal(leg.leg)));
    }
    text.push_str(&format!("{}: {}\n", words.pick("total", "合计"), words.money(settlement.total)));
    if let Some(prepaid) = settlement.prepaid {
        text.push_str(&words.prepaid(&prepaid));
    }
    text
}

impl Words {
    /// An amount, and what it counts where that isn't the energy.
    fn counted(self, amount: i64, quantity: Quantity) -> String {
        let size = self.amount(amount, quantity);
        if quantity == Quantity::Energy {
            return size;
        }
        let name = self.quantity(quantity);
        match self.0 {
            Language::Chinese => format!("{name} {size}"),
            Language::English => format!("{size} {name}"),
        }
    }

    fn prepaid(self, prepaid: &Prepaid) -> String {
        let (leg, posted, hold) =
            (ordinal(prepaid.leg), self.money(prepaid.posted), self.money(prepaid.hold));
        match self.0 {
            Language::Chinese => format!("{leg} 从冻结中支付：{posted}；再冻结：{hold}\n"),
            Language::English => format!("{leg} paid out of the hold: {posted}; to hold: {hold}\n"),
        }
    }

    /// Pico-yuan as yuan with twelve digits.
    fn exact(self, pico_yuan: i128) -> String {
        let sign = if pico_yuan < 0 { "-" } else { "" };
        let size = pico_yuan.unsigned_abs();
        let scale = 1_000_000_000_000_u128;
        let (whole, rest) = (size.checked_div(scale), size.checked_rem(scale));
        let (whole, rest) = (whole.unwrap_or(0), rest.unwrap_or(0));
        format!("{sign}{whole}.{rest:012} {}", self.pick("yuan", "元"))
    }
}
