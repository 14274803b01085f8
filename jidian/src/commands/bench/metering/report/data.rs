//! The report for programs.

use super::{Report, words};
use serde_json::{Value, json};
use simulation::front_end::FrontEnd;
use simulation::type_test::{
    Chain, Connection, Direction, Loaded, Nature, PULSES_PER_KWH, Point, Quantity, Reading,
    SAMPLE_RATE_HERTZ, Supply, Trial, Verdict, Waveform,
};

impl Report<'_> {
    /// All values.
    pub(in super::super) fn json(&self) -> Value {
        let points: Vec<Value> = self
            .results
            .iter()
            .map(|result| {
                let mut point = point(&result.point);
                point["digital"] = result.outcome.digital.as_ref().map_or(Value::Null, reading);
                point["with_sensors"] = reading(&result.outcome.sensors);
                point["kept"] = (result.outcome.verdict() == Verdict::Kept).into();
                point
            })
            .collect();
        let clauses: Vec<Value> = self
            .summaries()
            .iter()
            .map(|summary| {
                json!({
                    "key": summary.clause.key,
                    "standard": summary.clause.standard,
                    "name": summary.clause.english,
                    "name_zh": summary.clause.chinese,
                    "points": summary.results.len(),
                    "not_kept": summary.bad,
                    "digital_share_max": summary.digital,
                    "with_sensors_share_max": summary.sensors,
                })
            })
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "certified": false,
            "limits_from_memory": true,
            "seed": self.setup.seed,
            "tolerances": self.tolerances,
            "planted_fault": self.setup.fault.map(simulation::type_test::Fault::name),
            "meter": meter(),
            "specimen": specimen(self.laboratory.board()),
            "standard_meter": {
                "ratio_ppm": self.laboratory.standard.ratio * 1e6,
                "lag_microradians": self.laboratory.standard.lag * 1e6,
            },
            "share_allowed": {
                "digital": Chain::Digital.share(),
                "with_sensors": Chain::Sensors.share(),
            },
            "points_total": self.results.len(),
            "not_kept": self.bad(),
            "digital_share_max": self.worst(Chain::Digital),
            "with_sensors_share_max": self.worst(Chain::Sensors),
            "clauses": clauses,
            "points": points,
        })
    }
}

fn meter() -> Value {
    json!({
        "nominal_current_a": simulation::type_test::NOMINAL_AMPERES,
        "maximum_current_a": simulation::type_test::MAXIMUM_AMPERES,
        "phase_voltage_3p4w_v": simulation::type_test::PHASE_VOLTS,
        "line_voltage_3p3w_v": simulation::type_test::LINE_VOLTS,
        "pulses_per_kwh": PULSES_PER_KWH,
        "sample_rate_hz": SAMPLE_RATE_HERTZ,
    })
}

fn specimen(board: &FrontEnd) -> Value {
    let ppm = |part: f64| part * 1e6;
    let dividers = board.dividers.iter().map(
        |divider| json!({"ratio_ppm": ppm(divider.ratio), "drift_ppm_per_k": ppm(divider.drift)}),
    );
    let transformers = board.transformers.iter().map(|transformer| {
        json!({
            "ratio_ppm": ppm(transformer.ratio),
            "drift_ppm_per_k": ppm(transformer.drift),
            "displacement_minutes": transformer.displacement / simulation::front_end::MINUTE,
        })
    });
    let channels = board.channels.iter().map(|channel| {
        json!({
            "gain_ppm": ppm(channel.gain),
            "drift_ppm_per_k": ppm(channel.drift),
            "offset_ppm_of_full_scale": ppm(channel.offset),
            "filter_percent": channel.filter.map(|error| error * 100.0),
        })
    });
    json!({
        "dividers": dividers.collect::<Vec<_>>(),
        "transformers": transformers.collect::<Vec<_>>(),
        "converters": channels.collect::<Vec<_>>(),
        "reference_drift_ppm_per_k": ppm(board.converter.reference_drift),
        "crystal_ppm": ppm(board.converter.crystal),
        "noise_ppm_of_full_scale": ppm(board.converter.noise),
        "crosstalk_ppm": ppm(board.converter.crosstalk),
    })
}

fn point(point: &Point) -> Value {
    let conditions = &point.conditions;
    json!({
        "number": point.number,
        "clause": point.clause.key,
        "quantity": match point.quantity {
            Quantity::Active => "active",
            Quantity::Reactive => "reactive",
        },
        "wiring": match point.connection {
            Connection::FourWire => "3p4w",
            Connection::ThreeWire => "3p3w",
        },
        "current_a": conditions.amperes,
        "factor": conditions.factor.size,
        "nature": match conditions.factor.nature {
            Nature::Inductive => "inductive",
            Nature::Capacitive => "capacitive",
        },
        "direction": match conditions.factor.direction {
            Direction::Import => "import",
            Direction::Export => "export",
        },
        "loaded": match conditions.loaded {
            Loaded::Balanced => json!("balanced"),
            Loaded::Only(phase) => json!(["a", "b", "c"][phase]),
            Loaded::Open => json!("open"),
        },
        "supply": match conditions.supply {
            Supply::Whole => json!("whole"),
            Supply::Reversed => json!("reversed"),
            Supply::Unbalanced => json!("unbalanced"),
            Supply::Lost(lost) => {
                json!({"lost": lost.iter().map(|phase| ["a", "b", "c"][*phase]).collect::<Vec<_>>()})
            }
        },
        "voltage_percent": conditions.volts_percent,
        "frequency_hz": conditions.hertz,
        "temperature_c": conditions.celsius,
        "waveform": waveform(conditions.waveform),
        "trial": trial(point.trial),
        "conditions": words::conditions(point).1,
        "unit": point.unit().name(),
        "limit": point.limit,
    })
}

fn waveform(waveform: Waveform) -> Value {
    match waveform {
        Waveform::Sine => json!("sine"),
        Waveform::Fifth => json!("fifth_harmonic"),
        Waveform::Quadriform => json!("quadriform"),
        Waveform::Peaked => json!("peaked"),
        Waveform::Burst => json!("burst"),
        Waveform::PhaseFired => json!("phase_fired"),
        Waveform::VoltageTone(order) => json!({"voltage_tone_order": order}),
        Waveform::CurrentTone(order) => json!({"current_tone_order": order}),
    }
}

fn trial(trial: Trial) -> Value {
    match trial {
        Trial::Error => json!("error"),
        Trial::Shift(_) => json!("shift"),
        Trial::PerKelvin(from) => json!({"per_kelvin_from_c": from}),
        Trial::Repeatability => json!("repeatability"),
        Trial::Start => json!("start"),
        Trial::NoLoad => json!("no_load"),
        Trial::Pulses(energy) => json!({"pulses_over_kwh": energy}),
    }
}

fn reading(reading: &Reading) -> Value {
    json!({
        "value": reading.value,
        "share_of_limit": reading.share,
        "errors_percent": reading.errors,
        "verdict": match reading.verdict {
            Verdict::Kept => "kept",
            Verdict::Beyond => "beyond_its_part",
            Verdict::Failed => "failed",
        },
    })
}
