//! Agreement of register and pulse output.

use super::{Plan, Remark, Series};
use crate::type_test::conditions::{
    Conditions, Connection, Factor, MAXIMUM_AMPERES, NOMINAL_AMPERES,
};
use crate::type_test::point::{Clause, Trial};

static PULSES: Clause = Clause {
    key: "pulses",
    standard: "IEC 62052-11",
    english: "Register against pulses",
    chinese: "计度器与脉冲输出",
    remark: Some(Remark {
        english: "Advance of the register times the constant of the name plate, less the pulses that were counted; \
                  looked at after every step up to the energy. A minute at most is sampled in full; then the last window is booked again and again.",
        chinese: "计度器增量乘以铭牌常数，减去计到的脉冲数；直到达到该电能，每一步都检查。最多完整采样一分钟，之后重复登记最后一窗。",
    }),
};

/// A billion pulses of 20,000 imp/kWh.
const BILLION_PULSES_KWH: f64 = 50_000.0;

pub(super) fn points(plan: &mut Plan) {
    let series = Series::active(&PULSES);
    let largest = Conditions::reference(MAXIMUM_AMPERES, Factor::ONE);
    let nominal = |factor| Conditions::reference(NOMINAL_AMPERES, factor);
    let small = Conditions::reference(0.05 * NOMINAL_AMPERES, Factor::ONE);
    let active = [
        (largest, 0.01),
        (small, 0.01),
        (nominal(Factor::lag(0.5)), 0.1),
        (nominal(Factor::ONE.export()), 1.0),
        (largest, 10.0),
        (largest, BILLION_PULSES_KWH),
    ];
    for (conditions, energy) in active {
        plan.add(series, conditions, Trial::Pulses(energy), 1.0);
    }
    let series = series.on(Connection::ThreeWire);
    plan.add(series, largest, Trial::Pulses(0.01), 1.0);
    plan.add(series, largest, Trial::Pulses(1.0), 1.0);
    let series = Series::reactive(&PULSES);
    for (factor, energy) in [(Factor::ONE, 0.01), (Factor::lead(0.5), 0.005)] {
        let conditions = Conditions::reference(MAXIMUM_AMPERES, factor);
        plan.add(series, conditions, Trial::Pulses(energy), 1.0);
    }
}
