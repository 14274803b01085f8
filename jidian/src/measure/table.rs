//! A measurement for people.

use super::values::{Measurement, Powers, milliwatt_hours, ratio};
use crate::commands::Language;
use core::fmt::Write;

/// Orders of harmonics shown at most.
const ORDERS_SHOWN: usize = 25;

pub(crate) const fn say(language: Language, zh: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

/// A name in a column of six; a Chinese letter is as wide as two.
fn head(language: Language, zh: &'static str, en: &'static str) -> String {
    let text = say(language, zh, en);
    let wide = text.chars().filter(|letter| !letter.is_ascii()).count();
    format!("{text:<width$}", width = 6 - wide)
}

/// The table, with a line break at its end.
#[must_use]
pub fn table(measurement: &Measurement, language: Language) -> String {
    let words = |zh, en| say(language, zh, en);
    let mut text = String::new();
    let columns: Vec<String> = measurement
        .sources
        .iter()
        .map(|(role, source)| format!("{} = {source}", role.name()))
        .collect();
    let _ = writeln!(text, "{}: {}", words("通道", "channels"), columns.join(", "));
    let _ = writeln!(
        text,
        "{} {}, {} S/s, {:.6} s; {} {} {} {:.6} s",
        words("接线", "wiring"),
        measurement.wiring_name(),
        measurement.rate_hertz,
        measurement.seconds(),
        measurement.windows.len(),
        words("个窗口", "windows"),
        words("共", "of together"),
        measurement.measured_seconds
    );
    if let Some(applied) = &measurement.calibration {
        let _ = writeln!(text, "{} {}", words("校准常数", "calibrated by"), applied.digest);
    }
    let _ =
        writeln!(text, "{} {:.6} Hz\n", words("频率", "frequency"), measurement.mean.frequency_hz);
    text += &phases(measurement, language);
    text += &energy(measurement, language);
    text += &harmonics(measurement, language);
    for note in &measurement.notes {
        let _ = writeln!(text, "{}: {note}", words("注意", "note"));
    }
    text
}

fn phases(measurement: &Measurement, language: Language) -> String {
    let mut text = format!(
        "{}{:>15}{:>15}{:>16}{:>16}{:>16}{:>10}{:>10}{:>10}\n",
        head(language, "相", "phase"),
        "U [V]",
        "I [A]",
        "P [W]",
        "Q1 [var]",
        "S [VA]",
        "PF",
        "THD U %",
        "THD I %"
    );
    let powers = |powers: &Powers| {
        format!(
            "{:>16}{:>16}{:>16}{:>10.6}",
            figure(powers.p_w),
            figure(powers.q_var),
            figure(powers.s_va),
            powers.pf()
        )
    };
    for (phase, name) in measurement.phases() {
        let values = &measurement.mean.phases[*phase];
        let has_power = measurement.has_power(*phase);
        let shown = if has_power { powers(&values.powers) } else { format!("{:>58}", "") };
        let _ = writeln!(
            text,
            "{name:<6}{:>15}{:>15}{shown}{:>10.4}{:>10.4}",
            figure(values.u_rms_v),
            figure(values.i_rms_a),
            values.thd_u * 100.0,
            values.thd_i * 100.0
        );
    }
    let total = head(language, "合计", "total");
    let _ = writeln!(text, "{total}{:>30}{}", "", powers(&measurement.mean.total));
    if measurement.has_neutral() {
        let _ = writeln!(text, "{:<6}{:>15}{:>15}", "n", "", figure(measurement.mean.neutral_a));
    }
    text
}

/// Seven digits that count.
fn figure(value: f64) -> String {
    let magnitude = value.abs();
    let decimals =
        [1.0, 10.0, 100.0, 1e3, 1e4, 1e5].iter().filter(|edge| magnitude >= **edge).count();
    if magnitude != 0.0 && !(1e-4..1e7).contains(&magnitude) {
        return format!("{value:.5e}");
    }
    format!("{value:.*}", 7 - decimals)
}

fn energy(measurement: &Measurement, language: Language) -> String {
    let total = &measurement.energy.total;
    format!(
        "\n{} {} mWh ({} J), {} {} mWh ({} J)\n",
        say(language, "用电", "energy import"),
        milliwatt_hours(total.import_joules),
        figure(total.import_joules),
        say(language, "上网", "export"),
        milliwatt_hours(total.export_joules),
        figure(total.export_joules)
    )
}

/// Orders with a thousandth of the fundamental or more in any channel.
fn harmonics(measurement: &Measurement, language: Language) -> String {
    let part = |role: usize, order: usize| {
        let lines = &measurement.spectrum[role];
        let of = |order: usize| lines.get(order).map_or(0.0, |line| line.rms);
        ratio(of(order), of(1))
    };
    let roles: Vec<_> = measurement
        .sources
        .iter()
        .filter(|(role, _)| role.index() < 7)
        .map(|(role, _)| *role)
        .collect();
    let shown = |order: &usize| roles.iter().any(|role| part(role.index(), *order) >= 1e-3);
    let orders: Vec<usize> = (2..=measurement.orders()).filter(shown).take(ORDERS_SHOWN).collect();
    if orders.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}", head(language, "谐波", "order"));
    for role in &roles {
        let _ = write!(text, "{:>12}", format!("{} %", role.name()));
    }
    text.push('\n');
    for order in orders {
        let _ = write!(text, "{order:<6}");
        for role in &roles {
            let _ = write!(text, "{:>12.4}", part(role.index(), order) * 100.0);
        }
        text.push('\n');
    }
    text
}
