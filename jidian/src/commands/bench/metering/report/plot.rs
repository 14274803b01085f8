//! Errors against current, between their limits.

use super::{Report, Result};
use core::fmt::Write;
use simulation::type_test::{Factor, NOMINAL_AMPERES, Quantity};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 40.0;

/// The axis of the current, in parts of In.
const FROM: f64 = 0.008;
const TO: f64 = 5.0;

/// One picture of the page.
pub(super) struct Plot {
    pub(super) chinese: String,
    pub(super) english: String,
    pub(super) svg: String,
}

/// A picture for each factor that a laboratory draws.
pub(super) fn plots(report: &Report<'_>) -> Vec<Plot> {
    let wanted = [
        ("active-current", Quantity::Active, Factor::ONE),
        ("active-current", Quantity::Active, Factor::lag(0.5)),
        ("active-current", Quantity::Active, Factor::lead(0.8)),
        ("reactive-current", Quantity::Reactive, Factor::ONE),
        ("reactive-current", Quantity::Reactive, Factor::lag(0.5)),
        ("reactive-current", Quantity::Reactive, Factor::lag(0.25)),
    ];
    let plots = wanted.into_iter().map(|(key, quantity, factor)| {
        let chosen = report.results.iter().filter(|result| {
            result.point.clause.key == key && result.point.conditions.factor == factor
        });
        let name = factor.name(quantity);
        let (chinese, english) = match quantity {
            Quantity::Active => (format!("有功，cos φ = {name}"), format!("Active, PF {name}")),
            Quantity::Reactive => {
                (format!("无功，sin φ = {name}"), format!("Reactive, sin φ {name}"))
            }
        };
        Plot { chinese, english, svg: svg(&chosen.collect::<Vec<_>>()) }
    });
    plots.collect()
}

/// Where the picture lies in the coordinates of its values.
#[derive(Clone, Copy)]
struct Scale {
    /// Error at the upper edge, %.
    top: f64,
}

impl Scale {
    fn x(self, part: f64) -> f64 {
        let share = (part / FROM).ln() / (TO / FROM).ln();
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(self, error: f64) -> f64 {
        let middle = TOP + (HEIGHT - TOP - BOTTOM) / 2.0;
        middle - error / self.top * (HEIGHT - TOP - BOTTOM) / 2.0
    }
}

fn part(result: &Result) -> f64 {
    result.point.conditions.amperes / NOMINAL_AMPERES
}

fn svg(results: &[&Result]) -> String {
    let highest = results.iter().map(|result| result.point.limit).fold(0.1, f64::max);
    let scale = Scale { top: highest * 1.15 };
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n");
    funnel(&mut svg, results, scale);
    grid(&mut svg, scale, highest);
    let sensors = |result: &&Result| Some(result.outcome.sensors.value);
    let digital = |result: &&Result| result.outcome.digital.as_ref().map(|reading| reading.value);
    curve(&mut svg, results, scale, (&digital, "digital"));
    curve(&mut svg, results, scale, (&sensors, "sensors"));
    svg + "</svg>\n"
}

/// The area within the limits, and within a third of them.
fn funnel(svg: &mut String, results: &[&Result], scale: Scale) {
    for (share, class) in [(1.0, "limit"), (1.0 / 3.0, "third")] {
        let mut upper = Vec::new();
        for (at, result) in results.iter().enumerate() {
            let end = results.get(at + 1).map_or(TO, |next| part(next));
            upper.push((scale.x(part(result)), result.point.limit * share));
            upper.push((scale.x(end), result.point.limit * share));
        }
        let lower = upper.iter().rev().map(|(x, limit)| (*x, -limit));
        let corners = upper
            .iter()
            .copied()
            .chain(lower)
            .map(|(x, limit)| format!("{x:.1},{:.1}", scale.y(limit)));
        let corners = corners.collect::<Vec<_>>().join(" ");
        let _ = writeln!(svg, "<polygon class=\"{class}\" points=\"{corners}\"/>");
    }
}

fn grid(svg: &mut String, scale: Scale, highest: f64) {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for share in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        let error = highest * share;
        let y = scale.y(error);
        let class = if share == 0.0 { "zero" } else { "grid" };
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"tick end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LEFT - 7.0,
            y + 4.0,
            format!("{error:+.2}").replace('-', "−").replace("+0.00", "0").replace("−0.00", "0")
        );
    }
    for part in [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0] {
        let x = scale.x(part);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
             <text class=\"tick middle\" x=\"{x:.1}\" y=\"{:.1}\">{part}</text>",
            bottom + 16.0
        );
    }
    let _ = writeln!(
        svg,
        "<text class=\"tick end\" x=\"{right}\" y=\"{:.1}\">I / In</text>\
         <text class=\"tick\" x=\"4\" y=\"{:.1}\">%</text>",
        HEIGHT - 6.0,
        TOP + 2.0
    );
}

/// What a curve shows of a result.
type Value<'v> = &'v dyn Fn(&&Result) -> Option<f64>;

fn curve(svg: &mut String, results: &[&Result], scale: Scale, (value, class): (Value<'_>, &str)) {
    let places = results.iter().filter_map(|result| {
        let shown = value(result)?.clamp(-scale.top, scale.top);
        Some((scale.x(part(result)), scale.y(shown)))
    });
    let places: Vec<(f64, f64)> = places.collect();
    let corners: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(svg, "<polyline class=\"{class}\" points=\"{}\"/>", corners.join(" "));
    for (x, y) in places {
        let _ = writeln!(svg, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>");
    }
}
