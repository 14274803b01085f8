//! Geometry of the pictures: the balance bar with its money, and the curves before the script runs.

use super::format::Number;
use crate::view::{LoadPoint, PowerBalance, PowerFlow, PricePoint};
use core::fmt::Write as _;
use quantity::{Instant, Money, Power};

/// A segment of a bar; positions are percent of its width as text, such as `12.34`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) code: &'static str,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) x: String,
    pub(super) width: String,
    pub(super) middle: String,
    /// Its width as a part of [`WHOLE`].
    pub(super) share: i128,
}

/// A band of money between a segment of the bar and the grid company's wallets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ribbon {
    pub(super) code: &'static str,
    /// Outline, in a box 10000 wide and 100 high.
    pub(super) outline: String,
    /// Middle line, in the direction of the money.
    pub(super) line: String,
}

/// The picture of the power balance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BalanceFigure {
    pub(super) sources: Vec<Segment>,
    pub(super) sinks: Vec<Segment>,
    pub(super) incoming: Vec<Ribbon>,
    pub(super) outgoing: Vec<Ribbon>,
    pub(super) kept: Option<Segment>,
    /// Power that is fed in: the whole width.
    pub(super) total: Power,
    /// Money per hour that is paid and that no source earns.
    pub(super) left: Money,
}

/// Hundredths of a percent: the whole width of a bar.
pub(super) const WHOLE: i128 = 10_000;

struct Span {
    start: i128,
    end: i128,
}

/// Cuts the whole width by the sizes, without a gap; nothing below zero has a width.
fn cut(sizes: &[i64], total: i64) -> Vec<Span> {
    let total = i128::from(total.max(1));
    let mut sum = 0;
    let at = |sum: i128| (sum * WHOLE / total).min(WHOLE);
    let span = |size: &i64| {
        let start = at(sum);
        sum += i128::from((*size).max(0));
        Span { start, end: at(sum) }
    };
    sizes.iter().map(span).collect()
}

fn percent(hundredths: i128) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn segment(word: crate::view::Word, span: &Span) -> Segment {
    let width = span.end - span.start;
    Segment {
        code: word.code,
        zh: word.zh,
        en: word.en,
        x: percent(span.start),
        width: percent(width),
        middle: percent(span.start + width / 2),
        share: width,
    }
}

const LOSSES: crate::view::Word = crate::view::Word { code: "losses", zh: "网损", en: "Losses" };
const KEPT: crate::view::Word = crate::view::Word { code: "kept", zh: "", en: "" };

/// Draws the balance.
pub(super) fn balance(power: &PowerBalance) -> BalanceFigure {
    let whole = power.fed_in().milliwatts();
    let size = |flows: &[PowerFlow]| -> Vec<i64> {
        flows.iter().map(|flow| flow.power.milliwatts()).collect()
    };
    let mut sink_sizes = size(&power.sinks);
    sink_sizes.push(power.losses.milliwatts());
    let sources = cut(&size(&power.sources), whole);
    let sinks = cut(&sink_sizes, whole);
    let (paid, earned) = (per_hour(&power.sinks), per_hour(&power.sources));
    let rail = paid.max(earned).micro_yuan();
    let into = cut(&money(&power.sinks), rail);
    let out = cut(&money(&power.sources), rail);
    let kept_from = out.last().map_or(0, |span| span.end);
    let words = |flows: &[PowerFlow]| flows.iter().map(|flow| flow.class).collect::<Vec<_>>();
    let draw = |flows: &[PowerFlow], spans: &[Span]| -> Vec<Segment> {
        let words = words(flows).into_iter().chain([LOSSES]);
        words
            .zip(spans)
            .filter(|(_, span)| span.end > span.start)
            .map(|(word, span)| segment(word, span))
            .collect()
    };
    BalanceFigure {
        incoming: ribbons(&power.sinks, &into, &sinks),
        outgoing: ribbons(&power.sources, &sources, &out),
        sources: draw(&power.sources, &sources),
        sinks: draw(&power.sinks, &sinks),
        kept: (paid > earned).then(|| segment(KEPT, &Span { start: kept_from, end: WHOLE })),
        total: power.fed_in(),
        left: paid - earned,
    }
}

fn money(flows: &[PowerFlow]) -> Vec<i64> {
    flows.iter().map(|flow| flow.money_per_hour.micro_yuan()).collect()
}

fn per_hour(flows: &[PowerFlow]) -> Money {
    flows.iter().map(|flow| flow.money_per_hour.max(Money::ZERO)).sum()
}

/// Bands from the spans below to the spans above; empty ones are left out.
fn ribbons(flows: &[PowerFlow], above: &[Span], below: &[Span]) -> Vec<Ribbon> {
    let pairs = flows.iter().zip(above.iter().zip(below));
    let seen = pairs.filter(|(_, (top, bottom))| top.end > top.start && bottom.end > bottom.start);
    seen.map(|(flow, (top, bottom))| {
        let (a, b, c, d) = (top.start, top.end, bottom.end, bottom.start);
        let (up, down) = (i128::midpoint(a, b), i128::midpoint(c, d));
        Ribbon {
            code: flow.class.code,
            outline: format!("M{a} 0L{b} 0C{b} 50 {c} 50 {c} 100L{d} 100C{d} 50 {a} 50 {a} 0Z"),
            line: format!("M{down} 100C{down} 50 {up} 50 {up} 0"),
        }
    })
    .collect()
}

/// Draws one side of the day's money.
pub(super) fn money_bar(flows: &[crate::view::MoneyFlow]) -> Vec<Segment> {
    let sizes: Vec<i64> = flows.iter().map(|flow| flow.amount.fen()).collect();
    let spans = cut(&sizes, sizes.iter().map(|size| (*size).max(0)).sum());
    flows.iter().zip(&spans).map(|(flow, span)| segment(flow.party, span)).collect()
}

/// A curve with its data, from which the table, the still picture and the live chart are drawn.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) step: bool,
    pub(super) unit: &'static str,
    pub(super) series: Vec<Series>,
    pub(super) times: Vec<Instant>,
    /// Now, where the curve reaches into the future.
    pub(super) now: Option<Instant>,
}

/// One line of a chart.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    /// Colour, a class of the style sheet.
    pub(super) code: &'static str,
    pub(super) values: Vec<Number>,
    raw: Vec<i64>,
}

impl Series {
    /// A line of numbers.
    pub(super) fn new(
        name: &str,
        code: &'static str,
        raw: Vec<i64>,
        draw: impl Fn(i64) -> Number,
    ) -> Self {
        let values = raw.iter().map(|value| draw(*value)).collect();
        Self { name: name.to_owned(), code, values, raw }
    }
}

/// An extreme of a chart.
#[derive(Clone, Debug)]
pub(super) struct Extreme {
    pub(super) at: Instant,
    pub(super) value: Number,
}

impl Chart {
    /// The lowest and the highest value of the first line.
    pub(super) fn extremes(&self) -> Option<(Extreme, Extreme)> {
        let line = self.series.first()?;
        let find = |index: usize| {
            Some(Extreme { at: *self.times.get(index)?, value: *line.values.get(index)? })
        };
        let order = || line.raw.iter().enumerate();
        let low = order().min_by_key(|(_, value)| **value)?.0;
        let high = order().max_by_key(|(index, value)| (**value, usize::MAX - index))?.0;
        Some((find(low)?, find(high)?))
    }

    /// The still picture: one path for each line, in a box 1000 wide and 100 high.
    pub(super) fn paths(&self) -> Vec<(&'static str, String)> {
        let all = || self.series.iter().flat_map(|line| line.raw.iter().copied());
        let low = all().min().unwrap_or(0).min(0);
        let high = all().max().unwrap_or(0).max(low + 1);
        self.series.iter().map(|line| (line.code, self.path(&line.raw, low, high))).collect()
    }

    fn path(&self, raw: &[i64], low: i64, high: i64) -> String {
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else {
            return String::new();
        };
        let length = i128::from(last.since(*first).milliseconds().max(1));
        let height = i128::from(high) - i128::from(low);
        let mut path = String::new();
        let mut before = None;
        for (at, value) in self.times.iter().zip(raw) {
            let x = i128::from(at.since(*first).milliseconds()) * 1000 / length;
            let y = 100 - (i128::from(*value) - i128::from(low)) * 100 / height;
            if let (true, Some(before)) = (self.step, before) {
                let _ = write!(path, "L{x} {before}");
            }
            let _ = write!(path, "{}{x} {y}", if path.is_empty() { 'M' } else { 'L' });
            before = Some(y);
        }
        path
    }
}

/// Both directions of the power of a day; a direction without any power is left out.
pub(super) fn load_series(points: &[LoadPoint], names: (&str, &str)) -> Vec<Series> {
    let line = |name: &str, code, pick: fn(&LoadPoint) -> Power| {
        let raw: Vec<i64> = points.iter().map(|point| pick(point).milliwatts()).collect();
        Series::new(name, code, raw, |raw| Number::new(raw, 6, 3, ""))
    };
    let both = [
        line(names.0, "import", |point| point.import),
        line(names.1, "export", |point| point.export),
    ];
    let first_or_used = |(index, series): &(usize, Series)| {
        *index == 0 || series.raw.iter().any(|value| *value != 0)
    };
    both.into_iter().enumerate().filter(first_or_used).map(|(_, series)| series).collect()
}

/// The total price of a day.
pub(super) fn price_series(points: &[PricePoint], name: &str) -> Vec<Series> {
    let raw = points.iter().map(|point| point.total.micro_yuan_per_kwh()).collect();
    vec![Series::new(name, "price", raw, |raw| Number::new(raw, 6, 4, ""))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Word;
    use quantity::Price;

    fn flow(code: &'static str, power: i64, money: i64) -> PowerFlow {
        PowerFlow {
            class: Word { code, zh: code, en: code },
            meters: 1,
            power: Power::from_milliwatts(power),
            price: Price::ZERO,
            money_per_hour: Money::from_micro_yuan(money),
        }
    }

    #[test]
    fn both_rows_end_at_the_same_point() {
        let power = PowerBalance {
            sources: vec![flow("coal", 2, 1), flow("wind", 1, 1)],
            sinks: vec![flow("residential", 1, 3), flow("commercial", 1, 2)],
            losses: Power::from_milliwatts(1),
        };
        let figure = balance(&power);
        assert_eq!(figure.sources[1].x, "66.66");
        assert_eq!(figure.sources[1].width, "33.34");
        assert_eq!(figure.sinks[2].code, "losses");
        assert_eq!(figure.sinks[2].x, "66.66");
        assert_eq!(figure.kept.map(|kept| kept.x), Some("40.00".to_owned()));
        assert_eq!((figure.incoming.len(), figure.outgoing.len()), (2, 2));
    }

    #[test]
    fn nothing_at_all_has_a_picture_too() {
        let figure = balance(&PowerBalance::default());
        assert_eq!((figure.sources.len(), figure.sinks.len()), (0, 0));
        assert!(money_bar(&[]).is_empty());
    }

    #[test]
    fn a_price_is_drawn_as_steps() {
        let point = |hour: i64, price| PricePoint {
            from: Instant::from_unix_seconds(hour * 3600),
            total: Price::from_micro_yuan_per_kwh(price),
        };
        let points = [point(0, 50), point(1, 100), point(2, 0)];
        let chart = Chart {
            id: "price",
            title: "",
            step: true,
            unit: "",
            series: price_series(&points, "price"),
            times: points.iter().map(|point| point.from).collect(),
            now: None,
        };
        assert_eq!(chart.paths()[0].1, "M0 50L500 50L500 0L1000 0L1000 100");
        let (low, high) = chart.extremes().unwrap();
        assert_eq!((low.value.plain(), high.value.plain()), ("0.000000".into(), "0.000100".into()));
    }
}
