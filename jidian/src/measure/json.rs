//! A measurement for programs.

use super::Role;
use super::values::{Direction, Line, Measurement, Phase, Powers, Values, milliwatt_hours, ratio};
use serde_json::{Map, Value, json};

/// The whole measurement. Names end in their unit; ratios have none.
#[must_use]
pub fn json(measurement: &Measurement) -> Value {
    let energy = &measurement.energy;
    let mut top = Map::new();
    for (name, value) in [
        ("wiring", json!(measurement.wiring_name())),
        ("nominal_hz", json!(measurement.nominal_hertz)),
        ("rate_hz", json!(measurement.rate_hertz)),
        ("decimation", json!(measurement.decimation)),
        ("samples", json!(measurement.samples)),
        ("seconds", json!(measurement.seconds())),
        ("measured_seconds", json!(measurement.measured_seconds)),
        ("frequency_hz", json!(measurement.mean.frequency_hz)),
    ] {
        top.insert(name.to_owned(), value);
    }
    insert_energy(&mut top, &energy.total);
    insert_values(&mut top, measurement, &measurement.mean);
    for (phase, name) in measurement.phases() {
        if let Some(Value::Object(values)) = top.get_mut(*name) {
            insert_energy(values, &energy.phases[*phase]);
            insert_angles(values, measurement, *phase);
        }
    }
    let columns = measurement.sources.iter();
    let columns: Map<_, _> =
        columns.map(|(role, source)| (role.name().to_owned(), json!(source))).collect();
    top.insert("columns".to_owned(), Value::Object(columns));
    if let Some(applied) = &measurement.calibration {
        let regions = applied.regions.map(|regions| regions.map(|region| region + 1));
        let value = json!({ "constants_sm3": applied.digest, "regions": regions });
        top.insert("calibration".to_owned(), value);
    }
    top.insert("harmonics".to_owned(), harmonics(measurement));
    top.insert("windows".to_owned(), windows(measurement));
    top.insert("notes".to_owned(), json!(measurement.notes));
    Value::Object(top)
}

fn insert_energy(map: &mut Map<String, Value>, direction: &Direction) {
    let whole = |joules: f64| json!(milliwatt_hours(joules));
    map.insert("energy_import_milliwatt_hours".to_owned(), whole(direction.import_joules));
    map.insert("energy_export_milliwatt_hours".to_owned(), whole(direction.export_joules));
    map.insert("energy_import_joules".to_owned(), json!(direction.import_joules));
    map.insert("energy_export_joules".to_owned(), json!(direction.export_joules));
}

fn insert_angles(map: &mut Map<String, Value>, measurement: &Measurement, phase: usize) {
    for (name, role) in [("u_angle_deg", Role::ALL[phase]), ("i_angle_deg", Role::ALL[3 + phase])] {
        let angle = measurement.spectrum[role.index()].get(1).map(|line| line.angle_deg);
        map.insert(name.to_owned(), json!(angle));
    }
}

fn insert_values(map: &mut Map<String, Value>, measurement: &Measurement, values: &Values) {
    for (phase, name) in measurement.phases() {
        let has_power = measurement.has_power(*phase);
        map.insert((*name).to_owned(), Value::Object(of_phase(&values.phases[*phase], has_power)));
    }
    map.insert("total".to_owned(), Value::Object(of_powers(&values.total)));
    if measurement.has_neutral() {
        map.insert("neutral_i_rms_a".to_owned(), json!(values.neutral_a));
    }
    if measurement.phases().len() > 1 {
        map.insert("unbalance_u".to_owned(), json!(values.unbalance_u));
    }
}

fn of_phase(phase: &Phase, has_power: bool) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("u_rms_v".to_owned(), json!(phase.u_rms_v));
    map.insert("i_rms_a".to_owned(), json!(phase.i_rms_a));
    if has_power {
        map.extend(of_powers(&phase.powers));
    }
    map.insert("thd_u".to_owned(), json!(phase.thd_u));
    map.insert("thd_i".to_owned(), json!(phase.thd_i));
    map
}

fn of_powers(powers: &Powers) -> Map<String, Value> {
    let named =
        [("p_w", powers.p_w), ("q_var", powers.q_var), ("s_va", powers.s_va), ("pf", powers.pf())];
    named.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

/// Orders of each channel that was read, from the first on.
fn harmonics(measurement: &Measurement) -> Value {
    let of_channel = |lines: &[Line]| -> Value {
        let fundamental = lines.get(1).map_or(0.0, |line| line.rms);
        let line = |(order, line): (usize, &Line)| {
            json!({
                "order": order,
                "rms": line.rms,
                "ratio": ratio(line.rms, fundamental),
                "angle_deg": line.angle_deg,
            })
        };
        lines.iter().enumerate().skip(1).map(line).collect()
    };
    let channels = measurement.sources.iter().filter(|(role, _)| *role != Role::Time);
    let named = channels
        .map(|(role, _)| (role.name().to_owned(), of_channel(&measurement.spectrum[role.index()])));
    Value::Object(named.collect())
}

fn windows(measurement: &Measurement) -> Value {
    let one = |window: &super::values::Window| {
        let mut map = Map::new();
        map.insert("start_s".to_owned(), json!(window.start_s));
        map.insert("seconds".to_owned(), json!(window.seconds));
        map.insert("frequency_hz".to_owned(), json!(window.values.frequency_hz));
        insert_values(&mut map, measurement, &window.values);
        Value::Object(map)
    };
    measurement.windows.iter().map(one).collect()
}
