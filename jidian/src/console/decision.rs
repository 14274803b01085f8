//! Prices of all classes, and the decision that they come from with its certificate.

use super::board::Board;
use super::curves::Key;
use super::words;
use crate::view::{CheckView, DecisionView, Fact, Mark, PriceCurve, PriceView, SignerView, Text};
use bank::OrderedLog;
use crypto::{Sign, Sm2Verifier, Verify};
use grid::dispatch::{self, Block, Owner};
use grid::{Decision, Setup, check, check_against};
use quantity::{Power, Price};

impl<L: OrderedLog> Board<L> {
    pub(super) fn price(&self) -> PriceView {
        let curve = |key: Key| PriceCurve { class: words::class(key.0), steps: self.steps(key) };
        PriceView {
            at: self.world.now(),
            curves: self.keys().into_iter().map(curve).collect(),
            decision: self.world.decision().map(|decision| self.decision_view(decision)),
        }
    }

    fn decision_view(&self, decision: &Decision) -> DecisionView {
        DecisionView {
            digest: decision.digest().to_string(),
            at: decision.at,
            from: decision.from,
            until: decision.until,
            text: text(decision),
            facts: facts(decision),
            checks: checks(decision, self.world.grid().setup()),
            signers: vec![self.decision_signer(decision)],
        }
    }

    /// The company signs the signals that a decision leads to; each names the decision's digest.
    fn decision_signer(&self, decision: &Decision) -> SignerView {
        let key = self.world.fixed().keys.grid_company.public_key();
        let digest = decision.digest();
        let mut marks = self.history.signals_numbered(decision.number).map(|signal| {
            let good = signal.body.decision == digest
                && Sm2Verifier.verify(&key, &signal.body, &signal.signature);
            Mark::of(good)
        });
        SignerView {
            who: Text::new("电网企业（签于电价信号）", "grid company (on a price signal)"),
            key: key.to_string(),
            mark: marks.next().unwrap_or(Mark::Open),
        }
    }
}

fn text(decision: &Decision) -> Text {
    let incentive = decision.incentive();
    let (zh, en) = match incentive {
        Price::ZERO => {
            ("负荷在目标之内，不加激励", "load is within its targets, so there is no incentive")
        }
        above if above > Price::ZERO => (
            "负荷偏高，激励为正，促用户少用",
            "load is high, so a positive incentive asks for less",
        ),
        _ => {
            ("负荷偏低，激励为负，促用户多用", "load is low, so a negative incentive asks for more")
        }
    };
    let number = decision.number;
    Text::new(
        format!("第 {number} 号决定：按报价与弹性需求出清，总福利最大；{zh}。"),
        format!(
            "Decision {number}: cleared from offers and elastic demand at the greatest welfare; {en}."
        ),
    )
}

fn facts(decision: &Decision) -> Vec<Fact> {
    let dispatch = &decision.dispatch;
    let fact = |zh: &str, en: &str, value: Text| Fact { name: Text::new(zh, en), value };
    let marginal: Vec<Text> =
        dispatch.certificate.marginal.iter().map(|owner| owner_name(*owner)).collect();
    let join =
        |part: fn(&Text) -> &str, comma| marginal.iter().map(part).collect::<Vec<_>>().join(comma);
    vec![
        fact("预测负荷", "Forecast load", kilowatts(decision.forecast.total)),
        fact("计划发电", "Planned generation", kilowatts(dispatch.generation())),
        fact("负荷目标：谷", "Valley target", kilowatts(dispatch.targets.valley)),
        fact("负荷目标：峰", "Peak target", kilowatts(dispatch.targets.peak)),
        fact("节点电价 λ", "Node price λ", price(decision.lambda())),
        fact("激励 ψ", "Incentive ψ", price(decision.incentive())),
        fact("盈亏修正", "Correction of the purse", price(decision.correction)),
        fact("盈亏：之前", "Purse before", yuan(decision.purse.before)),
        fact("盈亏：预计之后", "Purse after, expected", yuan(decision.purse.after)),
        fact(
            "定价者",
            "Who sets the price",
            Text::new(join(|text| &text.zh, "、"), join(|text| &text.en, ", ")),
        ),
    ]
}

fn kilowatts(power: Power) -> Text {
    Text::same(format!("{power:#} kW"))
}

fn price(price: Price) -> Text {
    Text::new(format!("{price:#} 元/kWh"), format!("{price:#} yuan/kWh"))
}

fn yuan(money: quantity::Money) -> Text {
    Text::new(format!("{money:#} 元"), format!("{money:#} yuan"))
}

fn owner_name(owner: Owner) -> Text {
    match owner {
        Owner::Unit(unit) => Text::new(format!("机组 {}", unit.0), format!("unit {}", unit.0)),
        Owner::Class(class) => words::class(class).into(),
        Owner::Spill => Text::new("弃电", "spill"),
    }
}

/// The conditions of the certificate, worked out again from the decision alone.
fn checks(decision: &Decision, setup: &Setup) -> Vec<CheckView> {
    let dispatch = &decision.dispatch;
    let check_of = |zh: &str, en: &str, value: Text, good: bool| CheckView {
        name: Text::new(zh, en),
        value,
        mark: Mark::of(good),
    };
    let balance = balance(decision);
    let gap = dispatch.certificate.gap();
    let purse = &decision.purse;
    let open = purse.before + purse.income - purse.cost - purse.after;
    let optimum = dispatch::check(dispatch);
    let alone = check(decision);
    let rules = check_against(decision, setup);
    let said = |error: Option<String>| {
        error.map_or_else(
            || Text::new("成立", "holds"),
            |error| Text::new(format!("不成立：{error}"), error),
        )
    };
    vec![
        check_of(
            "功率平衡：发电 − 用电 − 弃电",
            "Power balances: generation − use − spill",
            Text::same(format!("{} mW", balance.milliwatts())),
            balance.is_zero(),
        ),
        check_of(
            "对偶间隙",
            "Duality gap",
            Text::new(format!("{gap} 微元/kWh·mW"), format!("{gap} µyuan/kWh·mW")),
            gap == 0,
        ),
        check_of(
            "可行且最优：界限、约化成本、激励斜率",
            "Feasible and optimal: bounds, reduced costs, slope of the incentive",
            said(optimum.err().map(|fault| fault.to_string())),
            optimum.is_ok(),
        ),
        check_of(
            "盈亏相合：之前 + 收入 − 成本 − 之后",
            "Purse closes: before + income − cost − after",
            yuan(open),
            open.is_zero() && alone.is_ok(),
        ),
        check_of(
            "每个价格和每个分块都由规则得出",
            "Each price and each block follows from the rules",
            said(rules.err().map(|violation| violation.to_string())),
            rules.is_ok(),
        ),
    ]
}

/// What the set points give less what is used: zero.
fn balance(decision: &Decision) -> Power {
    let dispatch = &decision.dispatch;
    let given: Power = dispatch.units.iter().map(|point| point.power).sum();
    let used: Power = dispatch.loads.iter().map(|load| load.power).sum();
    let spilled = |block: &&Block| block.owner == Owner::Spill;
    let spilled: Power = dispatch.demand.iter().filter(spilled).map(|block| block.taken).sum();
    given - used - spilled
}
