//! How points and values read.

use simulation::type_test::{
    Conditions, Loaded, NOMINAL_AMPERES, NOMINAL_HERTZ, Point, Supply, Trial, Unit, Waveform,
};

/// What differs from reference conditions, in Chinese and in English.
pub(super) fn conditions(point: &Point) -> (String, String) {
    let conditions = &point.conditions;
    let mut parts = Vec::new();
    if let Loaded::Only(phase) = conditions.loaded {
        let name = ["A", "B", "C"][phase];
        parts.push((format!("仅 {name} 相"), format!("{name} only")));
    }
    parts.extend(supply(conditions.supply));
    if (conditions.volts_percent - 100.0).abs() > 1e-9 {
        parts.push(both(format!("{} % Un", conditions.volts_percent)));
    }
    if (conditions.hertz - NOMINAL_HERTZ).abs() > 1e-9 {
        parts.push(both(format!("{} Hz", conditions.hertz)));
    }
    parts.extend(waveform(conditions.waveform));
    parts.extend(trial(point, conditions));
    let (chinese, english): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    (chinese.join("，"), english.join(", "))
}

fn both(text: String) -> (String, String) {
    (text.clone(), text)
}

fn supply(supply: Supply) -> Option<(String, String)> {
    match supply {
        Supply::Whole => None,
        Supply::Reversed => Some(both("A C B".to_owned())),
        Supply::Unbalanced => Some(both("A 110 %, C 90 %".to_owned())),
        Supply::Lost(lost) => {
            let names = lost.iter().map(|phase| ["A", "B", "C"][*phase]);
            let names = names.collect::<Vec<_>>().join("、");
            let english = names.replace('、', " and ");
            Some((format!("{names} 断相"), format!("{english} lost")))
        }
    }
}

fn waveform(waveform: Waveform) -> Option<(String, String)> {
    let (chinese, english) = match waveform {
        Waveform::Sine => return None,
        Waveform::Fifth => ("5 次谐波", "5th harmonic"),
        Waveform::Quadriform => ("方顶波", "quadriform"),
        Waveform::Peaked => ("尖顶波", "peaked"),
        Waveform::Burst => ("通 2 断 2 周波", "2 cycles on, 2 off"),
        Waveform::PhaseFired => ("90° 触发", "fired at 90°"),
        Waveform::VoltageTone(order) => {
            let text = format!("U + 2 % · {order} f");
            return Some(both(text));
        }
        Waveform::CurrentTone(order) => {
            let text = format!("I + 10 % · {order} f");
            return Some(both(text));
        }
    };
    Some((chinese.to_owned(), english.to_owned()))
}

fn trial(point: &Point, conditions: &Conditions) -> Option<(String, String)> {
    let energy = match point.quantity {
        simulation::type_test::Quantity::Active => "kWh",
        simulation::type_test::Quantity::Reactive => "kvarh",
    };
    match point.trial {
        Trial::PerKelvin(from) => Some(both(format!("{from} → {} °C", conditions.celsius))),
        Trial::Shift(reference) if (reference.celsius - conditions.celsius).abs() > 1e-9 => {
            Some(both(format!("{} → {} °C", reference.celsius, conditions.celsius)))
        }
        Trial::Repeatability => Some(("5 次".to_owned(), "5 times".to_owned())),
        Trial::Pulses(amount) => Some(both(format!("{amount} {energy}"))),
        Trial::Error | Trial::Shift(_) | Trial::Start | Trial::NoLoad => None,
    }
}

/// The current as a part of In.
pub(super) fn current(conditions: &Conditions) -> String {
    if conditions.loaded == Loaded::Open {
        return "0".to_owned();
    }
    let part = conditions.amperes / NOMINAL_AMPERES;
    // Parts of In are round; those of R46 are round in amperes.
    let rounded = (part * 1e4).round() / 1e4;
    if (part - rounded).abs() < 1e-9 {
        format!("{rounded} In")
    } else {
        format!("{} A", (conditions.amperes * 1e6).round() / 1e6)
    }
}

/// A value with the digits that matter beside its limit; small ones with more.
pub(super) fn value(value: f64, unit: Unit) -> String {
    if !value.is_finite() {
        return "∞".to_owned();
    }
    match unit {
        Unit::Percent | Unit::PercentPerKelvin => {
            let digits = if value.abs() < 1e-3 { 6 } else { 4 };
            let text = format!("{value:+.digits$}");
            let is_zero = text.trim_matches(['+', '-', '0', '.']).is_empty();
            if is_zero { text[1..].to_owned() } else { text.replace('-', "−") }
        }
        Unit::Pulses if value.fract() != 0.0 => format!("{value:.2}"),
        Unit::Windows | Unit::Pulses => format!("{value:.0}"),
    }
}

/// A limit.
pub(super) fn limit(point: &Point) -> String {
    let unit = point.unit();
    let limit = (point.limit * 1e6).round() / 1e6;
    match unit {
        Unit::Percent | Unit::PercentPerKelvin => format!("±{limit} {}", unit.name()),
        Unit::Windows | Unit::Pulses => format!("{limit} {}", unit.name()),
    }
}
