//! A measurement as a picture: phasors, spectrum, and what changed over time.

use super::Role;
use super::table::say;
use super::values::{Measurement, Values, ratio};
use crate::commands::Language;
use core::fmt::Write;

const WIDTH: f64 = 1080.0;
const HEIGHT: f64 = 860.0;
/// Centre and radius of the phasors.
const CENTRE: (f64, f64) = (200.0, 250.0);
const RADIUS: f64 = 140.0;
/// Bars are drawn up to this order.
const ORDERS: usize = 25;

/// Blue, orange and green for the phases: told apart by every eye.
const STYLE: &str = "\
text{font:13px 'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif;\
fill:#3a3f47}\
.title{font-size:18px;font-weight:600;fill:#1d2129}.small{font-size:11px;fill:#6b7280}\
.grid{stroke:#e7e9ee;stroke-width:1;fill:none}\
.a{fill:#2f74c0;stroke:#2f74c0}.b{fill:#d9730d;stroke:#d9730d}.c{fill:#2e8b57;stroke:#2e8b57}\
.t{fill:#3a3f47;stroke:#3a3f47}.n{fill:#9aa1ab;stroke:#9aa1ab}\
line.i{stroke-dasharray:5 3}rect.i{fill-opacity:.45}line,polyline{stroke-width:1.8}\
polyline.a,polyline.b,polyline.c,polyline.t{fill:none;stroke-linejoin:round}rect{stroke:none}";

/// An area of the picture.
#[derive(Clone, Copy)]
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// The picture as an SVG document.
#[must_use]
pub fn svg(measurement: &Measurement, name: &str, language: Language) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    label(&mut svg, (24.0, 34.0), "title", name);
    let mean = &measurement.mean;
    let summary = format!(
        "{:.4} Hz · P {:.2} W · Q1 {:.2} var · PF {:.4} · {:.3} s",
        mean.frequency_hz,
        mean.total.p_w,
        mean.total.q_var,
        mean.total.pf(),
        measurement.seconds()
    );
    label(&mut svg, (24.0, 60.0), "", &summary);
    phasors(&mut svg, measurement, language);
    spectrum(&mut svg, measurement, language);
    trends(&mut svg, measurement, language);
    svg + "</svg>\n"
}

fn label(svg: &mut String, (x, y): (f64, f64), class: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // What XML can't hold may be in the name of a file.
    let text: String = text.chars().filter(|mark| !mark.is_control()).collect();
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>");
}

const fn letter(role: Role) -> &'static str {
    match role {
        Role::Ua | Role::Ia => "a",
        Role::Ub | Role::Ib => "b",
        Role::Uc | Role::Ic => "c",
        Role::In | Role::Time => "n",
    }
}

/// The channels that hold something, voltages or currents.
fn channels(measurement: &Measurement, voltages: bool) -> Vec<Role> {
    let read = Role::ALL.into_iter().filter(|role| role.is_voltage() == voltages);
    read.filter(|role| measurement.spectrum[role.index()].get(1).is_some_and(|line| line.rms > 0.0))
        .collect()
}

fn phasors(svg: &mut String, measurement: &Measurement, language: Language) {
    let title = say(language, "相量（实线 U，虚线 I）", "Phasors (U solid, I dashed)");
    label(svg, (24.0, 92.0), "", title);
    let (x, y) = CENTRE;
    for part in [0.5, 1.0] {
        let radius = RADIUS * part;
        let _ = writeln!(svg, "<circle class=\"grid\" cx=\"{x}\" cy=\"{y}\" r=\"{radius:.1}\"/>");
    }
    let mut row = 0.0;
    for (voltages, length, class) in [(true, RADIUS, "u"), (false, RADIUS * 0.7, "i")] {
        let roles = channels(measurement, voltages);
        let line = |role: &Role| measurement.spectrum[role.index()][1];
        let most = roles.iter().map(|role| line(role).rms).fold(0.0, f64::max);
        for role in &roles {
            let radius = length * ratio(line(role).rms, most);
            // Angles turn against the clock, the picture's y goes down.
            let (sine, cosine) = line(role).angle_deg.to_radians().sin_cos();
            let (to_x, to_y) = (x + radius * cosine, y - radius * sine);
            let phase = letter(*role);
            let _ = writeln!(
                svg,
                "<line class=\"{phase} {class}\" x1=\"{x}\" y1=\"{y}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\"/>\
                 <circle class=\"{phase}\" cx=\"{to_x:.1}\" cy=\"{to_y:.1}\" r=\"3\"/>"
            );
            let unit = if voltages { "V" } else { "A" };
            let text = format!(
                "{} {:.4} {unit} ∠ {:.3}°",
                role.name(),
                line(role).rms,
                line(role).angle_deg
            );
            label(
                svg,
                (24.0 + 180.0 * f64::from(u8::from(!voltages)), 412.0 + row),
                "small",
                &text,
            );
            row += 16.0;
        }
        row = 0.0;
    }
}

fn spectrum(svg: &mut String, measurement: &Measurement, language: Language) {
    let panels = [
        (true, say(language, "电压谐波（占基波 %）", "Harmonics of U (% of fundamental)"), 110.0),
        (false, say(language, "电流谐波（占基波 %）", "Harmonics of I (% of fundamental)"), 290.0),
    ];
    for (voltages, title, top) in panels {
        let frame = Frame { left: 470.0, top, width: 580.0, height: 125.0 };
        label(svg, (frame.left, frame.top - 14.0), "", title);
        bars(svg, measurement, &channels(measurement, voltages), frame);
    }
}

fn bars(svg: &mut String, measurement: &Measurement, roles: &[Role], frame: Frame) {
    let part = |role: Role, order: usize| {
        let lines = &measurement.spectrum[role.index()];
        let of = |order: usize| lines.get(order).map_or(0.0, |line| line.rms);
        100.0 * ratio(of(order), of(1))
    };
    let all = roles.iter().flat_map(|role| (2..=ORDERS).map(|order| part(*role, order)));
    let most = all.fold(0.1, f64::max);
    let bottom = frame.top + frame.height;
    axis(svg, frame, (0.0, most));
    let slot = frame.width / (ORDERS - 1) as f64;
    let bar = slot * 0.8 / roles.len().max(1) as f64;
    for order in 2..=ORDERS {
        let left = frame.left + slot * (order - 2) as f64;
        for (at, role) in roles.iter().enumerate() {
            let height = frame.height * part(*role, order) / most;
            let (x, y) = (left + bar * at as f64, bottom - height);
            let _ = writeln!(
                svg,
                "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{bar:.1}\" height=\"{height:.1}\"/>",
                letter(*role)
            );
        }
        label(svg, (left + slot * 0.2, bottom + 14.0), "small", &order.to_string());
    }
}

/// Two lines and their values.
fn axis(svg: &mut String, frame: Frame, (low, high): (f64, f64)) {
    for (value, y) in [(high, frame.top), (low, frame.top + frame.height)] {
        let (left, right) = (frame.left, frame.left + frame.width);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{y}\" y2=\"{y}\"/>"
        );
        label(svg, (left - 62.0, y + 4.0), "small", &short(value));
    }
}

fn short(value: f64) -> String {
    if value == 0.0 || (0.01..1e6).contains(&value.abs()) {
        format!("{value:.3}")
    } else {
        format!("{value:.2e}")
    }
}

/// What a curve shows of a phase.
type Value = fn(&Values, usize) -> f64;

fn trends(svg: &mut String, measurement: &Measurement, language: Language) {
    let rows: [(&str, Value, bool); 4] = [
        ("U [V]", |values, phase| values.phases[phase].u_rms_v, true),
        ("I [A]", |values, phase| values.phases[phase].i_rms_a, true),
        (say(language, "P [W]（合计）", "P [W] (total)"), |values, _| values.total.p_w, false),
        (say(language, "频率 [Hz]", "f [Hz]"), |values, _| values.frequency_hz, false),
    ];
    for ((title, value, by_phase), place) in rows.into_iter().zip(0_u8..) {
        let (column, row) = (f64::from(place % 2), f64::from(place / 2));
        let frame = Frame {
            left: 90.0 + 530.0 * column,
            top: 510.0 + 170.0 * row,
            width: 430.0,
            height: 105.0,
        };
        label(svg, (frame.left, frame.top - 12.0), "", title);
        let phases: &[(usize, &str)] = if by_phase { measurement.phases() } else { &[(0, "t")] };
        curves(svg, measurement, frame, (phases, value));
    }
}

fn curves(
    svg: &mut String,
    measurement: &Measurement,
    frame: Frame,
    (phases, value): (&[(usize, &str)], Value),
) {
    let windows = &measurement.windows;
    let all = windows
        .iter()
        .flat_map(|window| phases.iter().map(|(phase, _)| value(&window.values, *phase)));
    let (low, high) =
        all.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    // A steady value is drawn in the middle, not as its noise.
    let margin = ((high - low) * 0.05).max(high.abs() * 1e-4).max(1e-9);
    let (low, high) = (low - margin, high + margin);
    axis(svg, frame, (low, high));
    let end = measurement.seconds();
    label(svg, (frame.left, frame.top + frame.height + 15.0), "small", "0 s");
    let right = frame.left + frame.width - 30.0;
    label(svg, (right, frame.top + frame.height + 15.0), "small", &format!("{end:.2} s"));
    for (phase, name) in phases {
        let points: Vec<String> = windows
            .iter()
            .flat_map(|window| {
                let value = value(&window.values, *phase);
                let y = frame.top + frame.height * (high - value) / (high - low);
                [window.start_s, window.start_s + window.seconds].map(|time| {
                    let x = frame.left + frame.width * time.clamp(0.0, end) / end;
                    format!("{x:.1},{y:.1}")
                })
            })
            .collect();
        let _ = writeln!(svg, "<polyline class=\"{name}\" points=\"{}\"/>", points.join(" "));
    }
}
