//! A name that nothing declares, and how it would be declared.

use alloc::format;

use super::super::messages::{Both, Fault, Span, both, fault, meant};

/// What a contract declares by name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Declared {
    Bands,
    Event,
    Leg,
    Prepaid,
    Signal,
    Steps,
    Tiers,
}

impl Declared {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Bands => ("band table", "分时表"),
            Self::Event => ("event", "事件"),
            Self::Leg => ("leg", "分项"),
            Self::Prepaid => ("prepaid leg", "预付分项"),
            Self::Signal => ("signal", "信号"),
            Self::Steps => ("steps table", "级差表"),
            Self::Tiers => ("tier table", "阶梯表"),
        }
    }

    /// The statement that would declare this name.
    fn statement(self, name: &Both) -> Both {
        let (en, zh) = match self {
            Self::Bands => ("bands {} all-year { flat PRICE }", "分时表 {} 全年 { 平 价格 }"),
            Self::Event => {
                ("event {}, older than 24 hours take off", "事件 {}，超过 24 小时 取 否")
            }
            Self::Leg => ("leg {}: ROLE -> ROLE", "支付 {}: 角色 -> 角色"),
            Self::Prepaid => (
                "prepaid LEG hold 50 yuan, again below 10 yuan, release after 30 days",
                "预付 分项 冻结 50 元，低于 10 元 再冻结，30 天 后 释放",
            ),
            Self::Signal => (
                "signal {} within PRICE to PRICE, older than 15 minutes take PRICE",
                "信号 {} 限于 价格 至 价格，超过 15 分钟 取 价格",
            ),
            Self::Steps => (
                "steps {} on QUANTITY { below AMOUNT VALUE; above VALUE }",
                "级差表 {} 按 量 { 低于 数量 值; 以上 值 }",
            ),
            Self::Tiers => (
                "tiers {} on energy this month { up to 180 kWh PRICE; above PRICE }",
                "阶梯表 {} 本月用电 { 至 180 千瓦时 价格; 以上 价格 }",
            ),
        };
        let (en, zh) = (en.replacen("{}", &name.en, 1), zh.replacen("{}", &name.zh, 1));
        Both { en: format!("`{en}`"), zh: format!("“{zh}”") }
    }
}

/// The refusal: what may have been meant, what is declared, and how to declare the name.
pub(super) fn unknown(kind: Declared, span: Span, name: &Both, all: &[&str]) -> Fault {
    let (en, zh) = kind.names();
    let all_names = all.join(", ");
    let choose = if all.is_empty() {
        both("")
    } else {
        Both {
            en: format!("choose one of: {all_names}; or "),
            zh: format!("可用：{all_names}；或"),
        }
    };
    let near = meant(&name.en, all.iter().copied());
    fault!(UNKNOWN, span, name.clone(), en, zh, near, choose, kind.statement(name))
}
