//! A report for people.

use super::report::{Report, Worst, active, centiradians, minutes, percent};
use crate::commands::Language;
use crate::measure::table::say;
use core::fmt::Write;
use metering::calibration::{Element, PointErrors};
use metering::{CurrentConditioning, NominalFrequency, Wiring};
use wire::Digest;

/// The table, with a line break at its end.
#[must_use]
pub fn table(report: &Report, language: Language) -> String {
    let words = |zh, en| say(language, zh, en);
    let mut text = head(report, language);
    let _ = writeln!(
        text,
        "{:>4} {:<2} {:>10} {:>8} {:>6} | {:>9} {:>9} {:>8} {:>8} {:>9} {:>9} | {:>9} {:>9} {:>8} {:>8} {:>9} {:>9} | {:>5} {:>5}",
        words("行", "line"),
        "",
        "I [A]",
        "f [Hz]",
        words("段", "region"),
        "U %",
        "I %",
        "min",
        "crad",
        "P% 1",
        "P% 0.5L",
        "U %",
        "I %",
        "min",
        "crad",
        "P% 1",
        "P% 0.5L",
        "lim 1",
        "0.5L"
    );
    for point in &report.points {
        let reading = &point.row.reading;
        let limit =
            |limit: Option<f64>| limit.map_or("-".to_owned(), |limit| format!("{limit:.1}"));
        let _ = writeln!(
            text,
            "{:>4} {:<2} {:>10.6} {:>8.3} {:>6} | {} | {} | {:>5} {:>5}",
            point.row.line,
            reading.element.name(),
            reading.reference.current_nanoamperes as f64 / 1e9,
            f64::from(reading.frequency_millihertz) / 1e3,
            point.errors.region + 1,
            errors(&point.errors.before, reading.element, point.limits),
            errors(&point.errors.after, reading.element, point.limits),
            limit(point.limits[0]),
            limit(point.limits[1]),
        );
    }
    let [before, after] = report.worst();
    let _ = writeln!(text, "\n{}", worst(words("校准前", "before"), &before, report, language));
    let _ = writeln!(text, "{}\n", worst(words("校准后", "after"), &after, report, language));
    text + &constants(report, language)
}

fn head(report: &Report, language: Language) -> String {
    let words = |zh, en| say(language, zh, en);
    let plan = report.calibration.plan();
    let frequency = match plan.nominal_frequency {
        NominalFrequency::Hertz50 => 50,
        NominalFrequency::Hertz60 => 60,
    };
    format!(
        "{}: {} {}, {}, {} V, {} ({}) A, {frequency} Hz\n{}\n\n",
        words("校准", "calibration"),
        report.points.len(),
        words("个读数", "readings"),
        wiring_name(plan.wiring),
        f64::from(plan.nominal_voltage_millivolts) / 1e3,
        report.nominal_amperes,
        f64::from(plan.current_max_microamperes) / 1e6,
        words(
            "比值误差为百分数，角差为电流多滞后的分与厘弧度；左为校准前，右为校准后；`!` 超出 0.2S 级限值（凭记忆）",
            "ratio errors in per cent, angles by which the current lags too much in minutes and \
             centiradians;\nleft before, right after; `!` is beyond class 0.2S (from memory)"
        )
    )
}

/// As `--wiring` names it.
#[must_use]
pub const fn wiring_name(wiring: Wiring) -> &'static str {
    match wiring {
        Wiring::SinglePhase => "1p",
        Wiring::ThreePhaseThreeWire => "3p3w",
        Wiring::ThreePhaseFourWire
        | Wiring::FourWireWyeTwoVoltages
        | Wiring::FourWireDeltaTwoVoltages => "3p4w",
    }
}

fn errors(errors: &PointErrors, element: Element, limits: [Option<f64>; 2]) -> String {
    if element == Element::Neutral {
        return format!(
            "{:>9} {:>9.4} {:>8} {:>8} {:>9} {:>9}",
            "",
            percent(errors.current_ppb),
            "",
            "",
            "",
            ""
        );
    }
    let power = |at: usize| {
        let error = active(errors)[at];
        let beyond = limits[at].is_some_and(|limit| error.abs() > limit);
        format!("{error:.4}{}", if beyond { "!" } else { " " })
    };
    format!(
        "{:>9.4} {:>9.4} {:>8.3} {:>8.4} {:>9} {:>9}",
        percent(errors.voltage_ppb),
        percent(errors.current_ppb),
        minutes(errors.lag_nanoradians),
        centiradians(errors.lag_nanoradians),
        power(0),
        power(1)
    )
}

fn worst(name: &str, worst: &Worst, report: &Report, language: Language) -> String {
    format!(
        "{name}: U {:.4} %, I {:.4} %, {:.3}′, P {:.4} % (1), {:.4} % (0.5L); {} / {} {}",
        worst.voltage,
        worst.current,
        worst.minutes,
        worst.active[0],
        worst.active[1],
        worst.beyond,
        report.points.len(),
        say(language, "个读数超出 0.2S 级", "readings beyond class 0.2S")
    )
}

fn constants(report: &Report, language: Language) -> String {
    let words = |zh, en| say(language, zh, en);
    let calibration = &report.calibration;
    let conditioning = calibration.conditioning();
    let mut text = format!("{}\n", words("常数", "constants"));
    for element in calibration.plan().elements() {
        let voltage = &conditioning.voltages[element.index()];
        let _ = writeln!(
            text,
            "  u{}  {:>43} {:>14.3} ppm {:>8} ns",
            element.name(),
            "",
            f64::from(voltage.gain_ppb) / 1e3,
            voltage.delay_nanoseconds
        );
    }
    for (element, current) in Element::ALL.into_iter().zip(&conditioning.currents) {
        let is_used = calibration.plan().elements().contains(&element);
        let nothing = current.regions == 1 && current.corrections[0].gain_ppb == 0;
        if is_used || !nothing {
            text += &regions(element, current, words("段", "region"));
        }
    }
    let digest = Digest(calibration.digest());
    let readings = Digest(*calibration.readings_digest());
    let _ = writeln!(text, "\n{} {readings}", words("读数 SM3", "SM3 of the readings "));
    let _ = writeln!(text, "{} {digest}", words("常数 SM3", "SM3 of the constants"));
    text
}

fn regions(element: Element, current: &CurrentConditioning, word: &str) -> String {
    let mut text = String::new();
    let amperes = |micro: u32| format!("{:.6} A", f64::from(micro) / 1e6);
    for region in 0..current.regions {
        let low = region
            .checked_sub(1)
            .map_or(String::new(), |below| amperes(current.down_microamperes[below]));
        let last = region + 1 == current.regions;
        let high = if last { String::new() } else { amperes(current.up_microamperes[region]) };
        let correction = &current.corrections[region];
        let _ = writeln!(
            text,
            "  i{}  {word} {} {:>15} … {:>15} {:>14.3} ppm {:>8} ns",
            element.name(),
            region + 1,
            low,
            high,
            f64::from(correction.gain_ppb) / 1e3,
            correction.delay_nanoseconds
        );
    }
    text
}
