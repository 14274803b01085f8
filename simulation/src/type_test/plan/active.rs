//! IEC 62053-22, class 0.2S active.

use super::{CONNECTIONS, Plan, Remark, Series};
use crate::type_test::conditions::{
    Conditions, Connection, Factor, Loaded, MAXIMUM_AMPERES, NOMINAL_AMPERES, Supply,
};
use crate::type_test::limits::{
    ACTIVE_02S_BALANCE, FIFTH_HARMONIC_02S, FURTHER_VOLTAGE, INTERRUPTION_02S, SEQUENCE,
    SHIFTS_02S, SUB_HARMONICS_02S, active_02s,
};
use crate::type_test::point::{Clause, Trial};
use crate::type_test::waveform::Waveform;

const STANDARD: &str = "IEC 62053-22 · 0.2S";

const fn clause(
    key: &'static str,
    english: &'static str,
    chinese: &'static str,
    remark: Option<Remark>,
) -> Clause {
    Clause { key, standard: STANDARD, english, chinese, remark }
}

static CURRENT: Clause = clause(
    "active-current",
    "Current and power factor, balanced load",
    "电流与功率因数，平衡负载",
    None,
);
static EXPORT: Clause = clause("active-export", "Reverse active energy", "反向有功电能", None);
static SINGLE: Clause = clause("active-single", "Load on a single phase", "单相负载", None);
static BALANCE: Clause =
    clause("active-balance", "Single-phase against balanced load", "单相与平衡负载误差之差", None);
static THREE_WIRE: Clause = clause(
    "active-3p3w",
    "Three wires: current and power factor",
    "三相三线：电流与功率因数",
    None,
);
static VOLTAGE: Clause = clause("active-voltage", "Voltage variation", "电压变化", None);
static FREQUENCY: Clause = clause("active-frequency", "Frequency variation", "频率变化", None);
static SEQUENCE_CLAUSE: Clause =
    clause("active-sequence", "Reversed phase sequence", "逆相序", None);
static UNBALANCE: Clause = clause(
    "active-unbalance",
    "Voltage unbalance, one or two phases lost",
    "电压不平衡、缺相",
    Some(Remark {
        english: "Four wires: the currents of lost phases go on, as when a fuse of a voltage transformer blows. \
                  Three wires: the load is what is left between the other two.",
        chinese: "三相四线：缺相的电流仍在流动（如电压互感器熔丝熔断）；三相三线：负载为其余两线之间的部分。",
    }),
);
static HARMONICS: Clause = clause(
    "active-harmonics",
    "Harmonics: fifth, 10 % in voltage, 40 % in current",
    "谐波：5 次，电压 10 %，电流 40 %",
    None,
);
static SUB_HARMONICS: Clause = clause(
    "active-subharmonics",
    "Sub-harmonics: current on for two cycles, off for two",
    "次谐波：电流通两周波、断两周波",
    None,
);
static TEMPERATURE: Clause = clause(
    "active-temperature",
    "Mean temperature coefficient",
    "平均温度系数",
    Some(Remark {
        english: "Samples without sensors have no temperature; only the chain with sensor models is tested.",
        chinese: "数字链路本身没有温度，只检验含传感器模型的链路。",
    }),
);
static SELF_HEATING: Clause = clause(
    "active-self-heating",
    "Self-heating at maximum current",
    "最大电流自热",
    Some(Remark {
        english: "The inside is assumed to become 5 K warmer; the rise itself isn't simulated.",
        chinese: "假定表内升温 5 K；升温过程未仿真。",
    }),
);
static START: Clause = clause(
    "active-start",
    "Starting current 0.001 In",
    "起动电流 0.001 In",
    Some(Remark {
        english: "Every window of ten cycles must register energy; the limit is on windows that don't.",
        chinese: "每个十周波测量窗都必须计入电能；限值为未计入的窗数。",
    }),
);
static NO_LOAD: Clause = clause(
    "active-no-load",
    "No-load at 115 % Un (creep)",
    "潜动，115 % Un",
    Some(Remark {
        english: "At most one pulse in 900·10⁶/(k·m·Un·Imax) minutes. A minute is sampled in full, its last \
                  window stands for the rest of the time.",
        chinese: "在 900·10⁶/(k·m·Un·Imax) 分钟内最多一个脉冲。完整采样一分钟，其余时间由最后一个测量窗代表。",
    }),
);

pub(super) fn errors(plan: &mut Plan) {
    let balanced = (Loaded::Balanced, active_02s as fn(f64, Factor, Loaded) -> f64);
    let series = Series::active(&CURRENT);
    let all = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0];
    plan.errors(series, &all, &[Factor::ONE], balanced);
    plan.errors(series, &all[1..], &[Factor::lag(0.5), Factor::lead(0.8)], balanced);
    let on_request = [Factor::lag(0.25), Factor::lead(0.5)];
    plan.errors(series, &[0.1, 0.2, 1.0, 4.0], &on_request, balanced);

    let series = Series::active(&EXPORT);
    plan.errors(series, &[0.01, 0.05, 1.0, 4.0], &[Factor::ONE.export()], balanced);
    let factors = [Factor::lag(0.5).export(), Factor::lead(0.8).export()];
    plan.errors(series, &[0.1, 1.0, 4.0], &factors, balanced);

    for phase in [0, 1, 2] {
        let single = (Loaded::Only(phase), balanced.1);
        let series = Series::active(&SINGLE);
        plan.errors(series, &[0.05, 1.0, 4.0], &[Factor::ONE], single);
        plan.errors(series, &[0.1, 1.0, 4.0], &[Factor::lag(0.5)], single);
    }
    for phase in [0, 1, 2] {
        balance(plan, Series::active(&BALANCE), phase, ACTIVE_02S_BALANCE);
    }

    let series = Series::active(&THREE_WIRE).on(Connection::ThreeWire);
    plan.errors(series, &[0.01, 0.05, 0.2, 1.0, 4.0], &[Factor::ONE], balanced);
    let factors = [Factor::lag(0.5), Factor::lead(0.8)];
    plan.errors(series, &[0.02, 0.1, 1.0, 4.0], &factors, balanced);
    plan.errors(series, &[0.05, 1.0], &[Factor::ONE.export()], balanced);
    for element in [0, 2] {
        let single = (Loaded::Only(element), balanced.1);
        plan.errors(series, &[0.05, 1.0, 4.0], &[Factor::ONE], single);
        plan.errors(series, &[0.1, 1.0], &[Factor::lag(0.5)], single);
    }
}

/// One phase at In and a factor of 1, against balanced load.
pub(super) fn balance(plan: &mut Plan, series: Series, phase: usize, limit: f64) {
    let conditions = Conditions::reference(NOMINAL_AMPERES, Factor::ONE);
    plan.shift(series, Conditions { loaded: Loaded::Only(phase), ..conditions }, limit);
}

pub(super) fn influences(plan: &mut Plan) {
    let shifts = &SHIFTS_02S;
    plan.voltages(
        Series::active(&VOLTAGE),
        &[(0.05, 0), (1.0, 0), (4.0, 0), (0.1, 1), (1.0, 1), (4.0, 1)],
        shifts,
    );
    for (volts_percent, factor) in [(80.0, 0), (80.0, 1), (115.0, 0), (115.0, 1)] {
        let conditions = Conditions::reference(NOMINAL_AMPERES, super::FACTORS[factor]);
        let conditions = Conditions { volts_percent, ..conditions };
        plan.shift(Series::active(&VOLTAGE), conditions, FURTHER_VOLTAGE * shifts.voltage[factor]);
    }
    let three = Connection::ThreeWire;
    plan.voltages(Series::active(&VOLTAGE).on(three), &[(1.0, 0), (1.0, 1)], shifts);
    let series = Series::active(&FREQUENCY);
    plan.frequencies(
        series,
        &[(0.05, 0), (1.0, 0), (4.0, 0), (0.1, 1), (1.0, 1), (4.0, 1)],
        shifts,
    );
    plan.frequencies(series.on(three), &[(1.0, 0), (1.0, 1)], shifts);
    for connection in CONNECTIONS {
        let series = Series::active(&SEQUENCE_CLAUSE).on(connection);
        plan.supplies(series, (0.1 * NOMINAL_AMPERES, &[Supply::Reversed]), SEQUENCE);
    }
    let series = Series::active(&UNBALANCE);
    plan.supplies(series, (NOMINAL_AMPERES, &FOUR_WIRE_SUPPLIES), INTERRUPTION_02S);
    plan.supplies(series.on(three), (NOMINAL_AMPERES, &THREE_WIRE_SUPPLIES), INTERRUPTION_02S);
    waveforms(plan);
    let series = Series::active(&TEMPERATURE);
    plan.temperatures(series, &[(1.0, 0), (1.0, 1), (0.05, 0), (0.1, 1)], shifts);
    plan.temperatures(series.on(three), &[(1.0, 0)], shifts);
    plan.self_heating(Series::active(&SELF_HEATING), MAXIMUM_AMPERES, shifts);
    start_and_no_load(plan);
}

/// Every way to lose one or two of three phases, and an unbalance.
pub(super) const FOUR_WIRE_SUPPLIES: [Supply; 7] = [
    Supply::Unbalanced,
    Supply::Lost(&[0]),
    Supply::Lost(&[1]),
    Supply::Lost(&[2]),
    Supply::Lost(&[0, 1]),
    Supply::Lost(&[0, 2]),
    Supply::Lost(&[1, 2]),
];

const THREE_WIRE_SUPPLIES: [Supply; 4] =
    [Supply::Unbalanced, Supply::Lost(&[0]), Supply::Lost(&[1]), Supply::Lost(&[2])];

fn waveforms(plan: &mut Plan) {
    let shapes = [
        (&HARMONICS, 0.5 * MAXIMUM_AMPERES, Waveform::Fifth, FIFTH_HARMONIC_02S),
        (&SUB_HARMONICS, 0.5 * NOMINAL_AMPERES, Waveform::Burst, SUB_HARMONICS_02S),
    ];
    for (clause, amperes, waveform, limit) in shapes {
        for connection in CONNECTIONS {
            let reference = Conditions::reference(amperes, Factor::ONE);
            let series = Series::active(clause).on(connection);
            plan.shift(series, Conditions { waveform, ..reference }, limit);
        }
    }
}

fn start_and_no_load(plan: &mut Plan) {
    for connection in CONNECTIONS {
        for factor in [Factor::ONE, Factor::ONE.export()] {
            let conditions = Conditions::reference(0.001 * NOMINAL_AMPERES, factor);
            plan.add(Series::active(&START).on(connection), conditions, Trial::Start, 0.0);
        }
    }
    for connection in CONNECTIONS {
        no_load(plan, Series::active(&NO_LOAD).on(connection));
    }
}

pub(super) fn no_load(plan: &mut Plan, series: Series) {
    let conditions = Conditions::reference(0.0, Factor::ONE);
    let conditions = Conditions { loaded: Loaded::Open, volts_percent: 115.0, ..conditions };
    plan.add(series, conditions, Trial::NoLoad, 1.0);
}
