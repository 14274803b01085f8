//! The report as one page that needs nothing else.

use super::plot::{Plot, plots};
use super::{Report, Result, Summary, percent, words};
use askama::Template;
use metering::calibration::Calibration;
use simulation::front_end::{FrontEnd, MINUTE};
use simulation::type_test::{Chain, Connection, Reading, Trial, Verdict};

#[derive(Template)]
#[template(path = "type_test.html")]
struct Page {
    version: &'static str,
    seed: u64,
    tolerances: &'static str,
    fault: Option<&'static str>,
    points: usize,
    digital_points: usize,
    bad: usize,
    digital: String,
    sensors: String,
    standard_ratio: String,
    standard_lag: String,
    clauses: Vec<ClauseView>,
    plots: Vec<Plot>,
    channels: Vec<ChannelView>,
    common: Vec<(&'static str, &'static str, String)>,
    constants: Vec<ConstantsView>,
}

struct ClauseView {
    key: &'static str,
    standard: &'static str,
    chinese: &'static str,
    english: &'static str,
    remark: Option<(&'static str, &'static str)>,
    points: usize,
    bad: usize,
    digital: Cell,
    sensors: Cell,
    /// What the value is called.
    value: (&'static str, &'static str),
    rows: Vec<Row>,
}

struct Row {
    number: u32,
    wiring: &'static str,
    current: String,
    factor: String,
    chinese: String,
    english: String,
    limit: String,
    digital: Cell,
    sensors: Cell,
    verdict: Mark,
}

/// A value and the part of its limit that it uses.
struct Cell {
    value: String,
    share: String,
    /// Length of the bar: hundredths of what the chain may use, at most 100.
    bar: String,
    class: &'static str,
}

#[derive(Clone, Copy)]
struct Mark {
    class: &'static str,
    chinese: &'static str,
    english: &'static str,
}

struct ChannelView {
    name: &'static str,
    ratio: String,
    drift: String,
    displacement: String,
    gain: String,
    gain_drift: String,
    offset: String,
    filter: String,
}

struct ConstantsView {
    wiring: &'static str,
    phase: &'static str,
    voltage: String,
    regions: Vec<String>,
}

impl Report<'_> {
    /// The page.
    pub(in super::super) fn html(&self) -> core::result::Result<String, askama::Error> {
        let board = self.laboratory.board();
        let part = |chain| self.worst(chain).map_or("–".to_owned(), percent);
        let digital_points =
            self.results.iter().filter(|result| result.outcome.digital.is_some()).count();
        Page {
            version: env!("CARGO_PKG_VERSION"),
            seed: self.setup.seed,
            tolerances: self.tolerances,
            fault: self.setup.fault.map(simulation::type_test::Fault::name),
            points: self.results.len(),
            digital_points,
            bad: self.bad(),
            digital: part(Chain::Digital),
            sensors: part(Chain::Sensors),
            standard_ratio: signed(self.laboratory.standard.ratio * 1e6, 0),
            standard_lag: signed(self.laboratory.standard.lag / MINUTE, 2),
            clauses: self.summaries().iter().map(clause).collect(),
            plots: plots(self),
            channels: channels(board),
            common: common(board),
            constants: constants(&self.laboratory.calibrations),
        }
        .render()
    }
}

fn signed(value: f64, digits: usize) -> String {
    format!("{value:+.digits$}").replace('-', "−")
}

fn clause(summary: &Summary<'_>) -> ClauseView {
    let clause = summary.clause;
    let cell = |share: Option<f64>, chain: Chain| match share {
        None => Cell::none(),
        Some(share) => Cell::new(String::new(), share, chain.share(), Verdict::Kept),
    };
    ClauseView {
        key: clause.key,
        standard: clause.standard,
        chinese: clause.chinese,
        english: clause.english,
        remark: clause.remark.map(|remark| (remark.chinese, remark.english)),
        points: summary.results.len(),
        bad: summary.bad,
        digital: cell(summary.digital, Chain::Digital),
        sensors: cell(summary.sensors, Chain::Sensors),
        value: value_name(&summary.results[0].point.trial),
        rows: summary.results.iter().map(row).collect(),
    }
}

const fn value_name(trial: &Trial) -> (&'static str, &'static str) {
    match trial {
        Trial::Error => ("误差 %", "error %"),
        Trial::Shift(_) => ("误差改变量 %", "change of error %"),
        Trial::PerKelvin(_) => ("温度系数 %/K", "change of error %/K"),
        Trial::Repeatability => ("极差 %", "range of errors %"),
        Trial::Start => ("未计入的窗数", "windows not registered"),
        Trial::NoLoad => ("脉冲数", "pulses"),
        Trial::Pulses(_) => ("相差脉冲数", "difference in pulses"),
    }
}

fn row(result: &Result) -> Row {
    let point = &result.point;
    let (chinese, english) = words::conditions(point);
    let cell = |reading: &Reading, chain: Chain| {
        let allowed = if point.is_shared() { chain.share() } else { 1.0 };
        let value = words::value(reading.value, point.unit());
        Cell::new(value, reading.share, allowed, reading.verdict)
    };
    let digital = result.outcome.digital.as_ref();
    Row {
        number: point.number,
        wiring: point.connection.name(),
        current: words::current(&point.conditions),
        factor: if matches!(point.trial, Trial::NoLoad) {
            "–".to_owned()
        } else {
            point.conditions.factor.name(point.quantity)
        },
        chinese,
        english,
        limit: words::limit(point),
        digital: digital.map_or_else(Cell::none, |reading| cell(reading, Chain::Digital)),
        sensors: cell(&result.outcome.sensors, Chain::Sensors),
        verdict: mark(result.outcome.verdict()),
    }
}

const fn mark(verdict: Verdict) -> Mark {
    match verdict {
        Verdict::Kept => Mark { class: "kept", chinese: "合格", english: "kept" },
        Verdict::Beyond => Mark { class: "beyond", chinese: "超余量", english: "beyond part" },
        Verdict::Failed => Mark { class: "failed", chinese: "不合格", english: "failed" },
    }
}

impl Cell {
    fn new(value: String, share: f64, allowed: f64, verdict: Verdict) -> Self {
        let length = (share / allowed).min(1.0) * 100.0;
        let class = if share > allowed { Verdict::Beyond.max(verdict) } else { verdict };
        Self { value, share: percent(share), bar: format!("{length:.1}"), class: mark(class).class }
    }

    fn none() -> Self {
        Self {
            value: "–".to_owned(), share: "–".to_owned(), bar: "0".to_owned(), class: "none"
        }
    }
}

fn channels(board: &FrontEnd) -> Vec<ChannelView> {
    let names = ["Ua", "Ub", "Uc", "Ia", "Ib", "Ic", "In"];
    let ppm = |part: f64| signed(part * 1e6, 0);
    let drift = |part: f64| signed(part * 1e6, 1);
    let views = names.into_iter().zip(&board.channels).enumerate().map(|(at, (name, channel))| {
        let divider = board.dividers.get(at);
        let transformer = at.checked_sub(3).map(|wire| &board.transformers[wire]);
        let sensor = divider.map(|divider| (divider.ratio, divider.drift));
        let sensor = sensor.or(transformer.map(|sensor| (sensor.ratio, sensor.drift)));
        let (ratio, sensor_drift) = sensor.unwrap_or_default();
        ChannelView {
            name,
            ratio: ppm(ratio),
            drift: drift(sensor_drift),
            displacement: transformer.map_or("–".to_owned(), |transformer| {
                let at = |amperes: f64| transformer.error(amperes, 50.0, 0.0).1 / MINUTE;
                format!("{:.1}′ … {:.1}′", at(6.0), at(0.015))
            }),
            gain: ppm(channel.gain),
            gain_drift: drift(channel.drift),
            offset: ppm(channel.offset),
            filter: channel.filter.map_or("–".to_owned(), |error| signed(error * 100.0, 1)),
        }
    });
    views.collect()
}

fn common(board: &FrontEnd) -> Vec<(&'static str, &'static str, String)> {
    let converter = &board.converter;
    vec![
        (
            "基准电压温漂",
            "Drift of the reference",
            format!("{} ppm/K", signed(converter.reference_drift * 1e6, 1)),
        ),
        ("晶振偏差", "Crystal", format!("{} ppm", signed(converter.crystal * 1e6, 1))),
        ("噪声", "Noise", format!("{:.1} ppm · 101 dB", converter.noise * 1e6)),
        ("三次非线性", "Third harmonic at full scale", "−101 dB".to_owned()),
        (
            "串扰",
            "Crosstalk U → I",
            format!("{:.0} dB", 20.0 * converter.crosstalk.log10()).replace('-', "−"),
        ),
        ("码步", "Step", format!("{:.0} LSB", converter.step_codes)),
    ]
}

fn constants(calibrations: &[Calibration; 2]) -> Vec<ConstantsView> {
    let connections = [
        (Connection::FourWire, &[(0, "A"), (1, "B"), (2, "C")][..]),
        (Connection::ThreeWire, &[(0, "A–B"), (2, "C–B")][..]),
    ];
    let mut views = Vec::new();
    for ((connection, phases), calibration) in connections.into_iter().zip(calibrations) {
        let conditioning = calibration.conditioning();
        for &(phase, name) in phases {
            let current = &conditioning.currents[phase];
            let regions = (0..current.regions).map(|region| {
                let correction = current.corrections[region];
                let up = current.up_microamperes.get(region).filter(|up| **up > 0);
                let to =
                    up.map_or(String::new(), |up| format!("≤ {:.0} mA: ", f64::from(*up) / 1e3));
                format!(
                    "{to}{} ppm, {} ns",
                    signed(f64::from(correction.gain_ppb) / 1e3, 0),
                    signed(f64::from(correction.delay_nanoseconds), 0)
                )
            });
            views.push(ConstantsView {
                wiring: connection.name(),
                phase: name,
                voltage: signed(f64::from(conditioning.voltages[phase].gain_ppb) / 1e3, 0),
                regions: regions.collect(),
            });
        }
    }
    views
}
