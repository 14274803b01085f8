//! A study as a picture: the change of each bill in order, and how the changes are distributed.

use super::words::{grouped, percent, say, share, signed_yuan};
use super::{Findings, Outcome};
use core::fmt::Write;

const WIDTH: i64 = 1080;
const HEIGHT: i64 = 500;
const TOP: i64 = 112;
const BOTTOM: i64 = 430;
/// Left and right edges of the two drawings.
const SORTED: (i64, i64) = (84, 570);
const SPREAD: (i64, i64) = (670, 1050);
/// Points of the curve: more can't be told apart.
const POINTS: usize = 480;
/// Bars of the histogram, at most.
const BARS: i64 = 36;

/// Orange for who pays more and blue for who pays less: told apart by every eye.
const STYLE: &str = "\
text{font:13px 'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif;\
fill:#3a3f47}\
.title{font-size:18px;font-weight:600;fill:#1d2129}.small{font-size:12px;fill:#6b7280}\
.more{fill:#d9730d}.less{fill:#2f74c0}.same{fill:#9aa1ab}\
.grid{stroke:#e7e9ee;stroke-width:1}.zero{stroke:#3a3f47;stroke-width:1.2}\
.curve{fill:none;stroke:#1d2129;stroke-width:1.4;stroke-linejoin:round}";

/// A straight map from values to pixels.
#[derive(Clone, Copy)]
struct Axis {
    low: i64,
    high: i64,
    from: i64,
    to: i64,
}

impl Axis {
    /// Pixels with one decimal.
    fn at(&self, value: i64) -> String {
        let span = i128::from(self.high - self.low).max(1);
        let into = i128::from(value.clamp(self.low, self.high) - self.low);
        let tenths =
            i128::from(self.from) * 10 + into * i128::from(self.to - self.from) * 10 / span;
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// A round step (1, 2 or 5 times a power of ten) of which about `count` make up `span`.
fn round_step(span: i64, count: i64) -> i64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            if step * factor * count >= span {
                return step * factor;
            }
        }
        step *= 10;
    }
}

/// Round numbers from the first at or above `low` to `high`.
fn ticks(low: i64, high: i64, step: i64) -> impl Iterator<Item = i64> {
    let first = low.div_euclid(step) + i64::from(low.rem_euclid(step) > 0);
    (first..).map(move |number| number * step).take_while(move |value| *value <= high)
}

impl Findings<'_> {
    fn words(&self, zh: &'static str, en: &'static str) -> &'static str {
        say(self.shown.language, zh, en)
    }

    /// The picture as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        );
        svg += &self.heading();
        svg += &self.sorted();
        svg += &self.spread();
        svg += &self.footing();
        svg + "</svg>\n"
    }

    fn heading(&self) -> String {
        let [old, new] = self.shown.contracts;
        let all = &self.report.all;
        let title = match self.shown.language {
            crate::commands::Language::En => {
                format!("Who pays more, who pays less: {} → {}", old.label(), new.label())
            }
            crate::commands::Language::Zh => {
                format!("谁多付，谁少付：{} → {}", old.label(), new.label())
            }
        };
        let mut text = label(24, 34, "title", "start", &title);
        let counts = [
            ("more", self.words("多付", "pay more"), all.more),
            ("less", self.words("少付", "pay less"), all.less),
            ("same", self.words("不变", "the same"), all.same()),
        ];
        let mut x = 24;
        for (class, word, count) in counts {
            let _ = writeln!(
                text,
                "<rect class=\"{class}\" x=\"{x}\" y=\"50\" width=\"12\" height=\"12\" rx=\"2\"/>"
            );
            let legend =
                format!("{word} {} ({})", grouped(count as u128), share(count, all.customers));
            text += &label(x + 18, 61, "", "start", &legend);
            x += 210;
        }
        let revenue = format!(
            "{} {} {}",
            self.words("收入变化", "revenue"),
            signed_yuan(all.change()),
            self.words("元/年", "yuan a year")
        );
        text + &label(x, 61, "", "start", &revenue)
    }

    /// The change of each customer in order, with the line of no change.
    fn sorted(&self) -> String {
        let mut changes: Vec<i64> =
            self.outcomes.customers.iter().map(|one| one.change().micro_yuan()).collect();
        changes.sort_unstable();
        let last = changes.len() - 1;
        let (low, high) = (changes[0].min(0), changes[last].max(0));
        let step = round_step((high - low).max(60_000), 6);
        let low = low.div_euclid(step) * step;
        let high = high + (-high).rem_euclid(step);
        let y = Axis { low, high, from: BOTTOM, to: TOP };
        let x = Axis { low: 0, high: 1000, from: SORTED.0, to: SORTED.1 };
        let title = self.words("每户账单变化（由小到大）", "Change of each bill, in order");
        let mut text = panel(SORTED, title, self.words("元/年", "yuan a year"));
        for tick in ticks(low, high, step) {
            text += &across(SORTED, &y.at(tick), if tick == 0 { "zero" } else { "grid" });
            text += &label_at(SORTED.0 - 8, &y.at(tick), "end", &axis_yuan(tick, step));
        }
        for tenth in 0..=5 {
            let at = format!("{} %", tenth * 20);
            text += &label(whole(&x.at(tenth * 200)), BOTTOM + 20, "small", "middle", &at);
        }
        let middle = i64::midpoint(SORTED.0, SORTED.1);
        let axis = self.words("占用户的份额", "share of customers");
        text += &label(middle, BOTTOM + 40, "small", "middle", axis);
        let points = points(&changes, x, y);
        for (class, above) in [("less", false), ("more", true)] {
            text += &area(&points, y, class, above);
        }
        let path: Vec<String> =
            points.iter().map(|(px, value)| format!("{px},{}", y.at(*value))).collect();
        let _ = writeln!(text, "<polyline class=\"curve\" points=\"{}\"/>", path.join(" "));
        text
    }

    /// How many customers have which relative change.
    fn spread(&self) -> String {
        let mut relative: Vec<i64> =
            self.outcomes.customers.iter().filter_map(Outcome::relative_change).collect();
        relative.sort_unstable();
        let title = self.words("账单变化的分布", "Distribution of the change");
        let unit = self.words("户数", "customers");
        let mut text = panel(SPREAD, title, unit);
        if relative.is_empty() {
            return text;
        }
        // One per cent at each end may be far out; it is counted in the outermost bars.
        let rank = |permille: usize| relative[(relative.len() - 1) * permille / 1000];
        let (low, high) = (rank(10).min(0), rank(990).max(0));
        let bar = round_step((high - low).max(BARS), BARS - 2);
        let (low, high) = (low.div_euclid(bar) * bar, (high.div_euclid(bar) + 1) * bar);
        let count = usize::try_from((high - low) / bar).expect("a few bars");
        let mut bars = vec![0_i64; count];
        for value in &relative {
            let at = value.clamp(&low, &(high - 1)) - low;
            bars[usize::try_from(at / bar).expect("clamped")] += 1;
        }
        let most = bars.iter().copied().max().unwrap_or(1);
        let step = round_step(most, 5);
        let y = Axis { low: 0, high: most + (-most).rem_euclid(step), from: BOTTOM, to: TOP };
        let x = Axis { low, high, from: SPREAD.0, to: SPREAD.1 };
        for tick in ticks(0, y.high, step) {
            text += &across(SPREAD, &y.at(tick), if tick == 0 { "zero" } else { "grid" });
            text +=
                &label_at(SPREAD.0 - 8, &y.at(tick), "end", &grouped(tick.unsigned_abs().into()));
        }
        text += &histogram(&bars, low, bar, x, y);
        for tick in ticks(low, high, round_step(high - low, 5)) {
            let per_cent = percent(tick).replace(".00", "");
            text += &label(whole(&x.at(tick)), BOTTOM + 20, "small", "middle", &per_cent);
        }
        if low < 0 {
            let zero = x.at(0);
            let _ = writeln!(
                text,
                "<line class=\"zero\" x1=\"{zero}\" x2=\"{zero}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/>"
            );
        }
        let axis = self.words(
            "占旧账单的百分比；两端各含 1 %",
            "of the old bill; the ends hold the outer 1 %",
        );
        text + &label(i64::midpoint(SPREAD.0, SPREAD.1), BOTTOM + 40, "small", "middle", axis)
    }

    fn footing(&self) -> String {
        let (year, count) = (self.shown.study.year.year, grouped(self.shown.count.into()));
        let text = match (self.shown.language, self.shown.builtin) {
            (crate::commands::Language::En, true) => format!(
                "{count} customers made from SimBench shapes (Germany 2016, ODbL 1.0), year {year}; \
                 they don't react to prices."
            ),
            (crate::commands::Language::En, false) => {
                format!(
                    "{count} customers made from given shapes, year {year}; they don't react to prices."
                )
            }
            (crate::commands::Language::Zh, true) => format!(
                "{count} 户用户由 SimBench 曲线生成（德国 2016 年，ODbL 1.0），{year} 年；用户不对电价作出反应。"
            ),
            (crate::commands::Language::Zh, false) => {
                format!("{count} 户用户由所给曲线生成，{year} 年；用户不对电价作出反应。")
            }
        };
        label(24, HEIGHT - 12, "small", "start", &text)
    }
}

/// The curve, thinned out: pixel and value.
fn points(sorted: &[i64], x: Axis, y: Axis) -> Vec<(String, i64)> {
    let last = sorted.len() - 1;
    let count = POINTS.min(last).max(1);
    let mut points: Vec<(String, i64)> = Vec::with_capacity(count + 1);
    for point in 0..=count {
        let rank = last * point / count;
        let permille = i64::try_from(point * 1000 / count).expect("at most 1000");
        points.push((x.at(permille), sorted[rank].clamp(y.low, y.high)));
    }
    points
}

/// What lies between the curve and zero, on one side of it.
fn area(points: &[(String, i64)], y: Axis, class: &str, above: bool) -> String {
    let zero = y.at(0);
    let side = |value: i64| if above { value.max(0) } else { value.min(0) };
    let curve = points.iter().map(|(x, value)| format!("{x},{}", y.at(side(*value))));
    let curve = curve.collect::<Vec<_>>().join(" ");
    let (first, last) = (&points[0].0, &points[points.len() - 1].0);
    format!(
        "<polygon class=\"{class}\" fill-opacity=\"0.75\" points=\"{first},{zero} {curve} {last},{zero}\"/>\n"
    )
}

fn histogram(bars: &[i64], low: i64, width: i64, x: Axis, y: Axis) -> String {
    let mut text = String::new();
    let mut from = low;
    for count in bars {
        let (left, right) = (x.at(from), x.at(from + width));
        let class = if from < 0 { "less" } else { "more" };
        let top = y.at(*count);
        let _ = writeln!(
            text,
            "<polygon class=\"{class}\" fill-opacity=\"0.85\" stroke=\"#ffffff\" stroke-width=\"0.7\" \
             points=\"{left},{BOTTOM} {left},{top} {right},{top} {right},{BOTTOM}\"/>"
        );
        from += width;
    }
    text
}

fn panel(edges: (i64, i64), title: &str, unit: &str) -> String {
    label(edges.0, TOP - 20, "", "start", &format!("{title} · {unit}"))
}

fn across(edges: (i64, i64), y: &str, class: &str) -> String {
    format!(
        "<line class=\"{class}\" x1=\"{}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>\n",
        edges.0, edges.1
    )
}

fn label(x: i64, y: i64, class: &str, anchor: &str, text: &str) -> String {
    let text = escaped(text);
    format!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\" text-anchor=\"{anchor}\">{text}</text>\n")
}

/// A label of an axis, level with its line.
fn label_at(x: i64, y: &str, anchor: &str, text: &str) -> String {
    label(x, whole(y) + 4, "small", anchor, text)
}

fn whole(pixels: &str) -> i64 {
    pixels.split('.').next().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Yuan with as many decimals as the step needs.
fn axis_yuan(micro_yuan: i64, step: i64) -> String {
    let shown = if step >= 1_000_000 { 0 } else { 2 };
    super::words::decimal(micro_yuan.into(), 6, shown)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_numbers() {
        assert_eq!([7, 30, 31, 90, 300].map(|span| round_step(span, 6)), [2, 5, 10, 20, 50]);
        assert_eq!(ticks(-15, 20, 10).collect::<Vec<_>>(), [-10, 0, 10, 20]);
        let axis = Axis { low: -10, high: 10, from: 100, to: 0 };
        assert_eq!([-10, 0, 7, 99].map(|value| axis.at(value)), ["100.0", "50.0", "15.0", "0.0"]);
        assert_eq!(escaped("a<b>&"), "a&lt;b&gt;&amp;");
    }
}
