//! The result as JSON, and as a table made from it.

use super::errors::Errors;
use super::signal::{CHANNELS, RATE_HERTZ, SIGNALS};
use super::{Outcome, Participant, Speed};
use core::fmt::Write;
use serde_json::{Value, json};

pub(super) fn report(seconds: u32, participants: &[Participant]) -> Value {
    let frames = f64::from(seconds * RATE_HERTZ);
    let own =
        participants.iter().find_map(|participant| participant.speed()).map(|s| s.rate(frames));
    json!({
        "seconds": seconds,
        "sample_rate_hertz": RATE_HERTZ,
        "channels": CHANNELS,
        "threads": 1,
        "speed_signal": SIGNALS[0].name,
        "participants": participants
            .iter()
            .map(|participant| participant.json(frames, own.unwrap_or_default()))
            .collect::<Vec<_>>(),
    })
}

impl Speed {
    fn rate(self, frames: f64) -> f64 {
        frames / self.best.as_secs_f64()
    }
}

impl Participant {
    const fn speed(&self) -> Option<Speed> {
        match self.outcome {
            Outcome::Ran { speed, .. } => Some(speed),
            Outcome::Missing(_) => None,
        }
    }

    fn json(&self, frames: f64, own_rate: f64) -> Value {
        let mut value =
            json!({ "name": self.name, "computes": self.computes, "settings": self.settings });
        match &self.outcome {
            Outcome::Missing(how) => value["not_installed"] = json!(how),
            Outcome::Ran { speed, windows } => {
                let rate = speed.rate(frames);
                value["version"] = json!(self.version);
                value["rounds"] = json!(speed.rounds);
                value["best_round_seconds"] = json!(speed.best.as_secs_f64());
                value["frames_per_second"] = json!(rate);
                value["times_real_time"] = json!(rate / f64::from(RATE_HERTZ));
                value["jidian_is_faster_by"] = json!(own_rate / rate);
                let signals = SIGNALS.iter().zip(windows);
                value["worst_windows"] = signals
                    .map(|(signal, windows)| {
                        worst(signal.name, &Errors::worst(windows, &signal.truth()))
                    })
                    .collect();
            }
        }
        value
    }
}

fn worst(signal: &str, errors: &Errors) -> Value {
    json!({
        "signal": signal,
        "windows": errors.windows,
        "u_ppm": errors.volts_ppm,
        "i_ppm": errors.amperes_ppm,
        "p_ppm": errors.watts_ppm,
        "f_millihertz": errors.millihertz,
        "thd_u_ppm": errors.voltage_distortion_ppm,
        "thd_i_ppm": errors.current_distortion_ppm,
    })
}

/// The columns behind those of the speed, and their names in JSON.
const COLUMNS: [(&str, &str); 6] = [
    ("U ppm", "u_ppm"),
    ("I ppm", "i_ppm"),
    ("P ppm", "p_ppm"),
    ("f mHz", "f_millihertz"),
    ("THD U ppm", "thd_u_ppm"),
    ("THD I ppm", "thd_i_ppm"),
];

pub(super) fn table(report: &Value) -> String {
    let participants = report["participants"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = format!(
        "{} s of {} channels at {} Hz; speed of one thread by its processor time, best round over the first \
         signal;\nworst window of ten cycles against the closed form, THD in parts of the fundamental\n\n\
         {:<18}{:<22}{:>11}{:>12}",
        report["seconds"],
        report["channels"],
        report["sample_rate_hertz"],
        "",
        "signal",
        "M frames/s",
        "ours/theirs",
    );
    for (name, _) in COLUMNS {
        let _ = write!(text, "{name:>11}");
    }
    text.push('\n');
    for participant in participants {
        rows(&mut text, participant);
    }
    for participant in participants {
        let word = |name: &str| participant[name].as_str().unwrap_or_default();
        let _ = match participant["not_installed"].as_str() {
            Some(how) => write!(text, "\n{}: not installed. {how}\n", word("name")),
            None => write!(
                text,
                "\n{} {}: {}\n  {}\n",
                word("name"),
                word("version"),
                word("computes"),
                word("settings"),
            ),
        };
    }
    text
}

fn rows(text: &mut String, participant: &Value) {
    let name = participant["name"].as_str().unwrap_or_default();
    if participant["not_installed"].is_string() {
        let _ = writeln!(text, "{name:<18}not installed");
        return;
    }
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let times = number(&participant["jidian_is_faster_by"]);
    let mut speed =
        format!("{:>11.2}{:>12.1}", number(&participant["frames_per_second"]) / 1e6, times);
    for row in participant["worst_windows"].as_array().into_iter().flatten() {
        let signal = row["signal"].as_str().unwrap_or_default();
        let _ = write!(text, "{name:<18}{signal:<22}{speed:>23}");
        for (_, key) in COLUMNS {
            let value = number(&row[key]);
            let digits = if value < 10.0 { 3 } else { 0 };
            let _ = write!(text, "{value:>11.digits$}");
        }
        text.push('\n');
        speed.clear();
    }
}
