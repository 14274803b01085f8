//! OIML R46: class D for active energy, class C for reactive energy.

use super::active::FOUR_WIRE_SUPPLIES;
use super::{CONNECTIONS, FACTORS, Plan, Remark, Series};
use crate::type_test::conditions::{Conditions, Connection, Factor, MAXIMUM_AMPERES, Supply};
use crate::type_test::limits::{
    MINIMUM_AMPERES, OIML_D_HIGH_ORDERS, OIML_D_INTERRUPTION, OIML_D_PHASE_FIRED,
    OIML_D_SUB_HARMONICS, OIML_D_WAVEFORMS, OIML_REPEATABILITY_SHARE, Oiml, SEQUENCE,
    SHIFTS_OIML_D, STARTING_AMPERES, TRANSITIONAL_AMPERES, oiml_base,
};
use crate::type_test::point::{Clause, Trial};
use crate::type_test::waveform::Waveform;

const fn clause(
    key: &'static str,
    english: &'static str,
    chinese: &'static str,
    remark: Option<Remark>,
) -> Clause {
    Clause { key, standard: "OIML R46 · D", english, chinese, remark }
}

static BASE: Clause =
    clause("r46-base", "Base maximum permissible error", "基本最大允许误差", None);
static BASE_REACTIVE: Clause = Clause {
    standard: "OIML R46 · C",
    ..clause(
        "r46-reactive",
        "Limits of class C on reactive energy",
        "C 级限值用于无功电能",
        Some(Remark {
            english: "R46 itself knows active energy only; the paper maps reactive 0.5S to class C.",
            chinese: "R46 本身只规定有功；论文将无功 0.5S 对应为 C 级。",
        }),
    )
};
static REPEATABILITY: Clause = clause(
    "r46-repeatability",
    "Repeatability: five errors at one point",
    "重复性：同一点五次误差",
    None,
);
static VOLTAGE: Clause = clause("r46-voltage", "Voltage variation", "电压变化", None);
static FREQUENCY: Clause = clause("r46-frequency", "Frequency variation", "频率变化", None);
static WAVEFORMS: Clause = clause(
    "r46-harmonics",
    "Harmonics: quadriform and peaked waveform",
    "谐波：方顶波与尖顶波",
    None,
);
static PHASE_FIRED: Clause =
    clause("r46-phase-fired", "Phase-fired current, 90°", "相控触发电流（90°）", None);
static SUB_HARMONICS: Clause =
    clause("r46-subharmonics", "Sub-harmonics: burst-fired current", "次谐波：猝发触发电流", None);
static HIGH_ORDERS: Clause = clause(
    "r46-high-orders",
    "High-order harmonics: a tone at 15 to 40 times the frequency",
    "高次谐波：15 至 40 倍频信号",
    None,
);
static SEQUENCE_CLAUSE: Clause = clause("r46-sequence", "Reversed phase sequence", "逆相序", None);
static INTERRUPTION: Clause =
    clause("r46-interruption", "One or two phases interrupted", "一相或两相断开", None);
static TEMPERATURE: Clause = clause("r46-temperature", "Temperature coefficient", "温度系数", None);
static SELF_HEATING: Clause = clause("r46-self-heating", "Self-heating", "自热", None);

/// Ten times the transitional current, at which influences are tested; and their factors.
const INFLUENCED_AMPERES: f64 = 10.0 * TRANSITIONAL_AMPERES;

pub(super) fn points(plan: &mut Plan) {
    base(plan);
    let shifts = &SHIFTS_OIML_D;
    let loads = [(INFLUENCED_PART, 0), (INFLUENCED_PART, 1)];
    plan.voltages(Series::active(&VOLTAGE), &loads, shifts);
    plan.frequencies(Series::active(&FREQUENCY), &loads, shifts);
    waveforms(plan);
    for connection in CONNECTIONS {
        let series = Series::active(&SEQUENCE_CLAUSE).on(connection);
        plan.supplies(series, (INFLUENCED_AMPERES, &[Supply::Reversed]), SEQUENCE);
    }
    let lost: Vec<Supply> = FOUR_WIRE_SUPPLIES[1..].to_vec();
    let series = Series::active(&INTERRUPTION);
    plan.supplies(series, (INFLUENCED_AMPERES, &lost), OIML_D_INTERRUPTION);
    plan.temperatures(Series::active(&TEMPERATURE), &loads, shifts);
    plan.self_heating(Series::active(&SELF_HEATING), MAXIMUM_AMPERES, shifts);
}

/// The same as a part of In.
const INFLUENCED_PART: f64 = INFLUENCED_AMPERES / crate::type_test::conditions::NOMINAL_AMPERES;

fn base(plan: &mut Plan) {
    let currents = [
        STARTING_AMPERES,
        2.0 * STARTING_AMPERES,
        MINIMUM_AMPERES,
        2.0 * MINIMUM_AMPERES,
        TRANSITIONAL_AMPERES,
        2.0 * TRANSITIONAL_AMPERES,
        INFLUENCED_AMPERES,
        MAXIMUM_AMPERES,
    ];
    for connection in CONNECTIONS {
        for factor in [Factor::ONE, Factor::lag(0.5), Factor::lead(0.8)] {
            let series = Series::active(&BASE).on(connection);
            let first = if factor == Factor::ONE { 0 } else { 2 };
            for amperes in &currents[first..] {
                let limit = oiml_base(Oiml::D, *amperes, factor);
                plan.add(series, Conditions::reference(*amperes, factor), Trial::Error, limit);
            }
        }
    }
    for factor in [Factor::ONE, Factor::lag(0.5), Factor::lead(0.5)] {
        for amperes in &currents[2..] {
            let limit = oiml_base(Oiml::C, *amperes, factor);
            let conditions = Conditions::reference(*amperes, factor);
            plan.add(Series::reactive(&BASE_REACTIVE), conditions, Trial::Error, limit);
        }
    }
    for factor in FACTORS {
        for amperes in [MINIMUM_AMPERES, TRANSITIONAL_AMPERES, MAXIMUM_AMPERES] {
            let limit = OIML_REPEATABILITY_SHARE * oiml_base(Oiml::D, amperes, factor);
            let conditions = Conditions::reference(amperes, factor);
            plan.add(Series::active(&REPEATABILITY), conditions, Trial::Repeatability, limit);
        }
    }
}

fn waveforms(plan: &mut Plan) {
    let shapes = [
        (&WAVEFORMS, Waveform::Quadriform, OIML_D_WAVEFORMS),
        (&WAVEFORMS, Waveform::Peaked, OIML_D_WAVEFORMS),
        (&PHASE_FIRED, Waveform::PhaseFired, OIML_D_PHASE_FIRED),
        (&SUB_HARMONICS, Waveform::Burst, OIML_D_SUB_HARMONICS),
    ];
    let reference = Conditions::reference(INFLUENCED_AMPERES, Factor::ONE);
    for (clause, waveform, limit) in shapes {
        for connection in CONNECTIONS {
            let series = Series::active(clause).on(connection);
            plan.shift(series, Conditions { waveform, ..reference }, limit);
        }
    }
    let reference = Conditions::reference(TRANSITIONAL_AMPERES, Factor::ONE);
    for order in [15.3, 27.5, 39.7] {
        for waveform in [Waveform::VoltageTone(order), Waveform::CurrentTone(order)] {
            let series = Series::active(&HIGH_ORDERS).on(Connection::FourWire);
            plan.shift(series, Conditions { waveform, ..reference }, OIML_D_HIGH_ORDERS);
        }
    }
}
