//! Limits in plain words. No rule of a hold ever cuts off supply.

use crate::view::{HoldView, MeterState, Text};
use simulation::meter::Meter;
use wire::tee::{Hold, Status};

/// The hold that is at work in a direction that the meter trades in.
pub(super) fn at_work(meter: &Meter, status: &Status) -> Hold {
    let trades = [meter.plan.trades.import, meter.plan.trades.export];
    let of_sides = status.directions.iter().zip(trades);
    let mut active = of_sides.filter(|(side, trades)| *trades && side.hold != Hold::None);
    active.next().map_or(Hold::None, |(side, _)| side.hold)
}

pub(super) fn state(meter: &Meter, hold: Hold) -> MeterState {
    match (meter.online, hold) {
        (false, _) => MeterState::Offline,
        (true, Hold::None) => MeterState::Trading,
        (true, _) => MeterState::Held,
    }
}

pub(super) fn view(hold: Hold, status: &Status) -> HoldView {
    HoldView {
        rule: Text::new("欠费不断电", "carry, never cut"),
        active: hold != Hold::None,
        why: why(hold, status),
    }
}

fn why(hold: Hold, status: &Status) -> Text {
    let limits = &status.limits;
    match hold {
        Hold::None => Text::new(
            "钱包付得起的即时付清；付不出的和限额不许付的记入结转，供电不中断。",
            "What the wallet can pay is paid at once; what it can’t or may not pay is carried, and supply goes on.",
        ),
        Hold::NoContract => Text::new(
            "尚无生效合约：电量留在示数里，合约到达后一并结算。",
            "There is no contract yet: the energy waits in the register and is settled once there is one.",
        ),
        Hold::PerPayment => Text::new(
            format!(
                "单笔限额 {:#} 元已用足，其余记入结转，随下一笔付；供电不中断。",
                limits.per_payment
            ),
            format!(
                "One order pays at most {:#} yuan; the rest is carried into the next one, and supply goes on.",
                limits.per_payment
            ),
        ),
        Hold::PerDay => Text::new(
            format!("今日限额 {:#} 元已用足，其余记入结转，次日再付；供电不中断。", limits.per_day),
            format!(
                "A day pays at most {:#} yuan; the rest is carried to the next day, and supply goes on.",
                limits.per_day
            ),
        ),
        Hold::Funds => Text::new(
            "钱包余额不足：欠款记入结转，钱到即付；供电不中断。",
            "The wallet holds too little: what is owed is carried and paid once money arrives; supply goes on.",
        ),
        Hold::Offline => Text::new(
            format!(
                "离线支付已到上限（{} 笔或 {:#} 元）：回执到来之前只计量、只记账；供电不中断。",
                limits.offline_orders, limits.offline_amount
            ),
            format!(
                "Payments without a receipt have reached their limit ({} orders or {:#} yuan): until \
                 receipts arrive what is owed is carried, and supply goes on.",
                limits.offline_orders, limits.offline_amount
            ),
        ),
        Hold::JournalFull => Text::new(
            "日志已满（都在等回执）：电量留在示数里，回执到来后再结算；供电不中断。",
            "The journal is full of orders without a receipt: the energy waits in the register until \
             receipts arrive, and supply goes on.",
        ),
    }
}
