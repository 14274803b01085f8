//! A report for programs. Names end in their unit.

use super::report::{Point, Report, Worst, active, centiradians, minutes, percent};
use super::table::wiring_name;
use metering::calibration::{Element, PointErrors};
use metering::{Correction, CurrentConditioning};
use serde_json::{Map, Value, json};
use wire::Digest;

/// The whole report.
#[must_use]
pub fn json(report: &Report) -> Value {
    let calibration = &report.calibration;
    let plan = calibration.plan();
    let conditioning = calibration.conditioning();
    let [before, after] = report.worst();
    let elements = Element::ALL.into_iter();
    let voltages: Map<_, _> = elements
        .clone()
        .zip(&conditioning.voltages)
        .map(|(element, voltage)| (element.name().to_owned(), of_correction(voltage)))
        .collect();
    let currents: Map<_, _> = elements
        .zip(&conditioning.currents)
        .map(|(element, current)| (element.name().to_owned(), of_current(current)))
        .collect();
    json!({
        "wiring": wiring_name(plan.wiring),
        "sample_rate_hz": plan.sample_rate_hertz,
        "nominal_voltage_v": f64::from(plan.nominal_voltage_millivolts) / 1e3,
        "nominal_current_a": report.nominal_amperes,
        "current_max_a": f64::from(plan.current_max_microamperes) / 1e6,
        "repeatability_ppm": plan.repeatability_ppm,
        "residual_max_ppm": plan.residual_max_ppm,
        "limits": "IEC 62053-22 class 0.2S, from memory",
        "readings": report.points.len(),
        "points": report.points.iter().map(of_point).collect::<Vec<_>>(),
        "worst_before": of_worst(&before),
        "worst_after": of_worst(&after),
        "voltages": voltages,
        "currents": currents,
        "readings_sm3": Digest(*calibration.readings_digest()).to_string(),
        "constants_sm3": Digest(calibration.digest()).to_string(),
    })
}

fn of_point(point: &Point) -> Value {
    let reading = &point.row.reading;
    json!({
        "line": point.row.line,
        "phase": reading.element.name(),
        "current_a": reading.reference.current_nanoamperes as f64 / 1e9,
        "frequency_hz": f64::from(reading.frequency_millihertz) / 1e3,
        "region": point.errors.region + 1,
        "limit_unity_percent": point.limits[0],
        "limit_half_lag_percent": point.limits[1],
        "before": of_errors(&point.errors.before),
        "after": of_errors(&point.errors.after),
    })
}

fn of_errors(errors: &PointErrors) -> Value {
    let [unity, half] = active(errors);
    json!({
        "voltage_percent": percent(errors.voltage_ppb),
        "current_percent": percent(errors.current_ppb),
        "lag_minutes": minutes(errors.lag_nanoradians),
        "lag_centiradians": centiradians(errors.lag_nanoradians),
        "active_unity_percent": unity,
        "active_half_lag_percent": half,
    })
}

fn of_worst(worst: &Worst) -> Value {
    json!({
        "voltage_percent": worst.voltage,
        "current_percent": worst.current,
        "lag_minutes": worst.minutes,
        "active_unity_percent": worst.active[0],
        "active_half_lag_percent": worst.active[1],
        "beyond_class": worst.beyond,
    })
}

fn of_correction(correction: &Correction) -> Value {
    json!({ "gain_ppb": correction.gain_ppb, "delay_ns": correction.delay_nanoseconds })
}

fn of_current(current: &CurrentConditioning) -> Value {
    let region = |region: usize| {
        let mut value = of_correction(&current.corrections[region]);
        let below = region.checked_sub(1).map(|below| current.down_microamperes[below]);
        let above = (region + 1 < current.regions).then(|| current.up_microamperes[region]);
        value["from_ua"] = json!(below);
        value["to_ua"] = json!(above);
        value
    };
    (0..current.regions).map(region).collect()
}
