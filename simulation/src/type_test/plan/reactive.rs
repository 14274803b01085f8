//! IEC 62053-24, class 0.5S reactive.

use super::active::{balance, no_load};
use super::{Plan, Series};
use crate::type_test::conditions::{Conditions, Connection, Factor, Loaded, NOMINAL_AMPERES};
use crate::type_test::limits::{REACTIVE_05S_BALANCE, SHIFTS_05S_REACTIVE, reactive_05s};
use crate::type_test::point::{Clause, Trial};

const fn clause(key: &'static str, english: &'static str, chinese: &'static str) -> Clause {
    Clause { key, standard: "IEC 62053-24 · 0.5S", english, chinese, remark: None }
}

static CURRENT: Clause =
    clause("reactive-current", "Current and sin φ, balanced load", "电流与 sin φ，平衡负载");
static QUADRANTS: Clause = clause("reactive-quadrants", "Quadrants II to IV", "第二至第四象限");
static SINGLE: Clause = clause("reactive-single", "Load on a single phase", "单相负载");
static BALANCE: Clause =
    clause("reactive-balance", "Single-phase against balanced load", "单相与平衡负载误差之差");
static THREE_WIRE: Clause =
    clause("reactive-3p3w", "Three wires: current and sin φ", "三相三线：电流与 sin φ");
static VOLTAGE: Clause = clause("reactive-voltage", "Voltage variation", "电压变化");
static FREQUENCY: Clause = clause("reactive-frequency", "Frequency variation", "频率变化");
static TEMPERATURE: Clause =
    clause("reactive-temperature", "Mean temperature coefficient", "平均温度系数");
static START: Clause = clause("reactive-start", "Starting current 0.001 In", "起动电流 0.001 In");
static NO_LOAD: Clause =
    clause("reactive-no-load", "No-load at 115 % Un (creep)", "潜动，115 % Un");

pub(super) fn points(plan: &mut Plan) {
    errors(plan);
    let shifts = &SHIFTS_05S_REACTIVE;
    let loads = [(0.05, 0), (1.0, 0), (1.0, 1)];
    plan.voltages(Series::reactive(&VOLTAGE), &loads, shifts);
    plan.frequencies(Series::reactive(&FREQUENCY), &loads, shifts);
    let series = Series::reactive(&TEMPERATURE);
    plan.temperatures(series, &[(1.0, 0), (1.0, 1)], shifts);
    for factor in [Factor::ONE, Factor::lead(1.0)] {
        let conditions = Conditions::reference(0.001 * NOMINAL_AMPERES, factor);
        plan.add(Series::reactive(&START), conditions, Trial::Start, 0.0);
    }
    no_load(plan, Series::reactive(&NO_LOAD));
}

fn errors(plan: &mut Plan) {
    let balanced = (Loaded::Balanced, reactive_05s as fn(f64, Factor, Loaded) -> f64);
    let series = Series::reactive(&CURRENT);
    let all = [0.01, 0.02, 0.05, 0.1, 0.2, 1.0, 2.0, 4.0];
    plan.errors(series, &all, &[Factor::ONE], balanced);
    plan.errors(series, &[0.05, 1.0, 4.0], &[Factor::lead(1.0)], balanced);
    let halves = [Factor::lag(0.5), Factor::lead(0.5)];
    plan.errors(series, &[0.02, 0.05, 0.1, 1.0, 4.0], &halves, balanced);
    let quarters = [Factor::lag(0.25), Factor::lead(0.25)];
    plan.errors(series, &[0.1, 1.0, 4.0], &quarters, balanced);

    let series = Series::reactive(&QUADRANTS);
    let factors = [Factor::ONE.export(), Factor::lag(0.5).export(), Factor::lead(0.5).export()];
    plan.errors(series, &[0.1, 4.0], &factors, balanced);

    for phase in [0, 1, 2] {
        let single = (Loaded::Only(phase), balanced.1);
        plan.errors(Series::reactive(&SINGLE), &[0.05, 4.0], &[Factor::ONE], single);
        plan.errors(Series::reactive(&SINGLE), &[1.0], &[Factor::lag(0.5)], single);
    }
    for phase in [0, 1, 2] {
        balance(plan, Series::reactive(&BALANCE), phase, REACTIVE_05S_BALANCE);
    }
    let series = Series::reactive(&THREE_WIRE).on(Connection::ThreeWire);
    plan.errors(series, &[0.05, 1.0, 4.0], &[Factor::ONE], balanced);
    plan.errors(series, &[0.1, 1.0], &halves, balanced);
}
