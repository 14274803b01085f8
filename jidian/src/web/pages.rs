//! The pages: each handler reads one view and fills one template.

use super::Shared;
use super::figure::{self, BalanceFigure, Chart, Segment, Series};
use super::format::{self, Number};
use super::prefs::{self, Lang, Prefs, Theme};
use super::words::{EN, Words, ZH};
use crate::view::{
    AnalysisView, LoadPoint, Mark, MeterPage, MeterRow, MeterState, MoneyFlow, Overview,
    PaymentRow, PaymentState, PowerBalance, PowerFlow, PriceCurve, PriceStep, PriceView, SumsRow,
    TableView, Text, TraceView, Word,
};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use quantity::{Energy, Fen, Instant, Money, Power, Price};
use serde::Deserialize;

/// Width of the balance bar in pixels, on a phone and on a wide screen.
const BAR_PHONE: i128 = 290;
const BAR_WIDE: i128 = 700;

/// What every page has: language, appearance, address.
#[derive(Clone, Debug)]
struct Frame {
    prefs: Prefs,
    uri: Uri,
    /// First part of the path: which section is current.
    section: &'static str,
}

impl Frame {
    fn new(uri: Uri, headers: &HeaderMap, section: &'static str) -> Self {
        Self { prefs: Prefs::read(&uri, headers), uri, section }
    }

    fn words(&self) -> &'static Words {
        match self.prefs.lang {
            Lang::Zh => &ZH,
            Lang::En => &EN,
        }
    }

    fn lang(&self) -> &'static str {
        self.prefs.lang.tag()
    }

    fn theme(&self) -> &'static str {
        self.prefs.theme.code()
    }

    fn themes(&self) -> [(Theme, &'static str, bool); 3] {
        let words = self.words();
        [
            (Theme::Auto, words.theme_auto),
            (Theme::Light, words.theme_light),
            (Theme::Dark, words.theme_dark),
        ]
        .map(|(theme, name)| (theme, name, theme == self.prefs.theme))
    }

    /// This page with one wish changed.
    fn with(&self, name: &str, value: &str) -> String {
        format!("?{}{name}={value}", prefs::rest_of_query(&self.uri))
    }

    fn other_lang(&self) -> Lang {
        match self.prefs.lang {
            Lang::Zh => Lang::En,
            Lang::En => Lang::Zh,
        }
    }

    /// Where the same values are as JSON.
    fn json(&self) -> String {
        match self.uri.path() {
            "/" => "/api/overview".to_owned(),
            path => format!("/api{path}"),
        }
    }

    fn t<'a>(&self, text: &'a Text) -> &'a str {
        match self.prefs.lang {
            Lang::Zh => &text.zh,
            Lang::En => &text.en,
        }
    }

    fn w(&self, word: &Word) -> &'static str {
        match self.prefs.lang {
            Lang::Zh => word.zh,
            Lang::En => word.en,
        }
    }

    fn label(&self, segment: &Segment) -> &'static str {
        match self.prefs.lang {
            Lang::Zh => segment.zh,
            Lang::En => segment.en,
        }
    }

    /// Whether the label of a segment fits into it: on any screen, on a wide one, or not at all.
    fn fit(&self, segment: &Segment) -> Option<&'static str> {
        let letter = |letter: char| if letter.is_ascii() { 8 } else { 15 };
        let pixels = 10 + self.label(segment).chars().map(letter).sum::<i128>();
        match segment.share {
            share if share * BAR_PHONE >= pixels * figure::WHOLE => Some("any"),
            share if share * BAR_WIDE >= pixels * figure::WHOLE => Some("wide"),
            _ => None,
        }
    }

    fn fen(&self, amount: &Fen) -> Number {
        format::fen(*amount, self.words().unit_yuan)
    }

    fn money(&self, amount: &Money) -> Number {
        format::money(*amount, self.words().unit_yuan)
    }

    fn per_hour(&self, amount: &Money) -> Number {
        format::money(*amount, self.words().unit_yuan_hour)
    }

    fn price(&self, price: &Price) -> Number {
        format::price(*price, self.words().unit_yuan_kwh)
    }

    /// Digits of a price, where the unit stands in the heading.
    fn price_part(&self, price: &Price) -> Number {
        format::price(*price, "").signed()
    }

    fn kw(&self, power: &Power) -> Number {
        format::kilowatts(*power)
    }

    fn kwh(&self, energy: &Energy) -> Number {
        format::kilowatt_hours(*energy)
    }

    fn bare_kw(&self, power: &Power) -> Number {
        format::kilowatts(*power).bare()
    }

    fn bare_kwh(&self, energy: &Energy) -> Number {
        format::kilowatt_hours(*energy).bare()
    }

    /// Energy of the day as one number: what was fed in counts below zero.
    fn bare_net(&self, row: &MeterRow) -> Number {
        format::kilowatt_hours(row.import_today - row.export_today).bare()
    }

    fn bare_fen(&self, amount: &Fen) -> Number {
        format::fen(*amount, "")
    }

    fn bare_money(&self, amount: &Money) -> Number {
        format::money(*amount, "")
    }

    fn bare_price(&self, price: &Price) -> Number {
        format::price(*price, "")
    }

    /// A reading of an instrument.
    fn scaled(&self, value: &i64, decimals: usize, strong: usize) -> Number {
        Number::new(*value, decimals, strong, "")
    }

    fn short<'a>(&self, hex: &'a str) -> &'a str {
        format::short_hex(hex)
    }

    /// Whether a cell is a number in its whole: set in tabular digits at the right.
    fn is_number(&self, cell: &Text) -> bool {
        let cell = self.t(cell);
        let figures = |letter: char| letter.is_ascii_digit() || "+-−.,%".contains(letter);
        cell.chars().all(figures) && cell.contains(|letter: char| letter.is_ascii_digit())
    }

    /// Whether the first cell of a column is a number, so that its heading stands over it.
    fn is_number_column(&self, table: &TableView, column: &usize) -> bool {
        let cell = table.rows.first().and_then(|row| row.get(*column));
        cell.is_some_and(|cell| self.is_number(cell))
    }

    /// Both sides of the power balance.
    fn sides<'a>(&self, power: &'a PowerBalance) -> [PowerSide<'a>; 2] {
        let words = self.words();
        let money = |flows: &[PowerFlow]| flows.iter().map(|flow| flow.money_per_hour).sum();
        [
            PowerSide {
                id: "sources",
                name: words.sources,
                flows: &power.sources,
                losses: None,
                total: power.fed_in(),
                money: money(&power.sources),
            },
            PowerSide {
                id: "sinks",
                name: words.sinks,
                flows: &power.sinks,
                losses: Some(power.losses),
                total: power.taken_out(),
                money: money(&power.sinks),
            },
        ]
    }

    fn count(&self, count: &u64) -> Number {
        Number::new(i64::try_from(*count).unwrap_or(i64::MAX), 0, 0, "")
    }

    fn state(&self, state: &MeterState) -> &'static str {
        let words = self.words();
        match state {
            MeterState::Trading => words.st_trading,
            MeterState::Offline => words.st_offline,
            MeterState::Held => words.st_held,
            MeterState::Disconnected => words.st_disconnected,
            MeterState::Sealed => words.st_sealed,
        }
    }

    fn payment_state(&self, state: &PaymentState) -> &'static str {
        let words = self.words();
        match state {
            PaymentState::Waiting => words.pay_waiting,
            PaymentState::Final => words.pay_final,
            PaymentState::Refused => words.pay_refused,
        }
    }

    fn mark(&self, mark: &Mark) -> &'static str {
        let words = self.words();
        match mark {
            Mark::Good => words.mark_good,
            Mark::Open => words.mark_open,
            Mark::Bad => words.mark_bad,
        }
    }

    fn date(&self, at: &Instant) -> String {
        format::date(*at)
    }

    fn minute(&self, at: &Instant) -> String {
        format::minute(*at)
    }

    fn second(&self, at: &Instant) -> String {
        format::second(*at)
    }

    fn machine_time(&self, at: &Instant) -> String {
        format::machine_time(*at)
    }

    /// Fills a template and keeps what the address asked for.
    fn send(&self, status: StatusCode, page: &impl Template) -> Response {
        let Ok(html) = page.render() else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let mut response = (status, Html(html)).into_response();
        for cookie in self.prefs.cookies(&self.uri) {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, value);
            }
        }
        response
    }
}

/// One side of the power balance, as a table.
struct PowerSide<'a> {
    id: &'static str,
    name: &'static str,
    flows: &'a [PowerFlow],
    losses: Option<Power>,
    total: Power,
    money: Money,
}

/// One side of the day's money.
struct MoneySide<'a> {
    name: &'static str,
    flows: &'a [MoneyFlow],
    bar: Vec<Segment>,
    total: Fen,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    p: Frame,
    view: Overview,
    figure: BalanceFigure,
    load: Chart,
    prices: Chart,
}

impl OverviewPage {
    fn balanced(&self) -> bool {
        self.view.power.fed_in() == self.view.power.taken_out()
    }

    fn money_sides(&self) -> [MoneySide<'_>; 2] {
        let (words, money) = (self.p.words(), &self.view.money);
        [(words.paid_by, &money.paid), (words.received_by, &money.received)].map(|(name, flows)| {
            let total = flows.iter().map(|flow| flow.amount).sum();
            MoneySide { name, flows, bar: figure::money_bar(flows), total }
        })
    }

    /// The next value of the component at a place of the current price.
    fn next_component(&self, index: &usize) -> Option<Price> {
        let next = self.view.price.next.as_ref()?;
        next.components.get(*index).map(|component| component.price)
    }
}

fn chart(id: &'static str, title: &'static str, series: Vec<Series>, times: Vec<Instant>) -> Chart {
    Chart { id, title, step: false, unit: "kW", series, times, now: None }
}

fn load_chart(id: &'static str, title: &'static str, points: &[LoadPoint], p: &Frame) -> Chart {
    let names = (p.words().import_power, p.words().export_power);
    let times = points.iter().map(|point| point.at).collect();
    chart(id, title, figure::load_series(points, names), times)
}

pub(super) async fn overview(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let p = Frame::new(uri, &headers, "overview");
    let (view, day) = (shared.console.overview(), shared.console.day());
    let words = p.words();
    let times = day.price.iter().map(|point| point.from).collect();
    let prices = Chart {
        step: true,
        unit: words.unit_yuan_kwh,
        now: Some(view.summary.at),
        ..chart("day-price", words.day_price, figure::price_series(&day.price, words.price), times)
    };
    let page = OverviewPage {
        figure: figure::balance(&view.power),
        load: load_chart("day-load", words.day_load, &day.load, &p),
        prices,
        view,
        p,
    };
    page.p.send(StatusCode::OK, &page)
}

/// Rows on one page of the fleet.
const ROWS: usize = 100;

/// The filter of the fleet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    q: String,
    class: String,
    state: String,
    page: usize,
}

impl Filter {
    fn passes(&self, row: &MeterRow) -> bool {
        let q = self.q.trim();
        let named = row.id.contains(q) || row.name.zh.contains(q);
        (named || row.name.en.to_lowercase().contains(&q.to_lowercase()))
            && (self.class.is_empty() || self.class == row.class.code)
            && (self.state.is_empty() || self.state == row.state.code())
    }
}

#[derive(Template)]
#[template(path = "meters.html")]
struct MetersPage {
    p: Frame,
    filter: Filter,
    classes: Vec<Word>,
    states: &'static [MeterState],
    rows: Vec<MeterRow>,
    total: usize,
    matching: usize,
    pages: usize,
}

impl MetersPage {
    /// The same filter on another page.
    fn page(&self, page: usize) -> String {
        let mut query = String::from("?");
        for pair in prefs::rest_of_query(&self.p.uri).split_terminator('&') {
            if !pair.starts_with("page=") {
                query.push_str(pair);
                query.push('&');
            }
        }
        format!("{query}page={page}")
    }
}

pub(super) async fn meters(
    State(shared): State<Shared>,
    Query(filter): Query<Filter>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let p = Frame::new(uri, &headers, "meters");
    let all = shared.console.meters();
    let mut classes: Vec<Word> = all.iter().map(|row| row.class).collect();
    classes.sort_by_key(|class| class.code);
    classes.dedup();
    let total = all.len();
    let rows: Vec<MeterRow> = all.into_iter().filter(|row| filter.passes(row)).collect();
    let matching = rows.len();
    let pages = matching.div_ceil(ROWS).max(1);
    let filter = Filter { page: filter.page.clamp(1, pages), ..filter };
    let rows = rows.into_iter().skip((filter.page - 1) * ROWS).take(ROWS).collect();
    let states = MeterState::ALL;
    let page = MetersPage { p, filter, classes, states, rows, total, matching, pages };
    page.p.send(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "meter.html")]
struct MeterHtml {
    p: Frame,
    m: MeterPage,
    load: Chart,
}

pub(super) async fn meter(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let p = Frame::new(uri, &headers, "meters");
    let Some(m) = shared.console.meter(&id) else { return lost(p) };
    let load = load_chart("meter-load", p.words().power_day, &m.load, &p);
    let page = MeterHtml { p, m, load };
    page.p.send(StatusCode::OK, &page)
}

/// Rows on the page of payments.
const PAYMENTS: usize = 100;

#[derive(Template)]
#[template(path = "payments.html")]
struct PaymentsPage {
    p: Frame,
    rows: Vec<PaymentRow>,
}

pub(super) async fn payments(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let p = Frame::new(uri, &headers, "payments");
    let page = PaymentsPage { p, rows: shared.console.payments(PAYMENTS) };
    page.p.send(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "payment.html")]
struct PaymentPage {
    p: Frame,
    t: TraceView,
}

pub(super) async fn payment(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let p = Frame::new(uri, &headers, "payments");
    let Some(t) = shared.console.trace(&id) else { return lost(p) };
    let page = PaymentPage { p, t };
    page.p.send(StatusCode::OK, &page)
}

/// Which curve to show.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    class: String,
}

#[derive(Template)]
#[template(path = "price.html")]
struct PricePage {
    p: Frame,
    view: PriceView,
    chosen: usize,
    curve: Option<Chart>,
}

impl PricePage {
    fn steps(&self) -> &[PriceStep] {
        self.view.curves.get(self.chosen).map_or(&[], |curve| &curve.steps)
    }

    /// The names of the components, from the first step: all steps of a curve have the same.
    fn heads(&self) -> Vec<Word> {
        let first = self.steps().first();
        first.map_or_else(Vec::new, |step| step.components.iter().map(|c| c.item).collect())
    }

    fn is_now(&self, step: &PriceStep) -> bool {
        step.from <= self.view.at && self.view.at < step.until
    }

    fn now(&self) -> Option<&PriceStep> {
        self.steps().iter().find(|step| self.is_now(step))
    }
}

fn curve_chart(curve: &PriceCurve, at: Instant, p: &Frame) -> Chart {
    let draw = |raw| Number::new(raw, 6, 4, "");
    let totals = curve.steps.iter().map(|step| step.total.micro_yuan_per_kwh()).collect();
    let mut series = vec![Series::new(p.words().total, "price", totals, draw)];
    let heads = curve.steps.first().map_or(&[][..], |step| &step.components);
    for (index, head) in heads.iter().enumerate() {
        let part = |step: &PriceStep| {
            step.components.get(index).map_or(0, |part| part.price.micro_yuan_per_kwh())
        };
        let raw: Vec<i64> = curve.steps.iter().map(part).collect();
        if raw.iter().any(|value| *value != 0) {
            series.push(Series::new(p.w(&head.item), head.item.code, raw, draw));
        }
    }
    let times = curve.steps.iter().map(|step| step.from).collect();
    let (step, unit, now) = (true, p.words().unit_yuan_kwh, Some(at));
    Chart { step, unit, now, ..chart("curve", p.words().curve, series, times) }
}

pub(super) async fn price(
    State(shared): State<Shared>,
    Query(choice): Query<Choice>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let p = Frame::new(uri, &headers, "price");
    let view = shared.console.price();
    let chosen = view.curves.iter().position(|curve| curve.class.code == choice.class);
    let chosen = chosen.unwrap_or(0);
    let curve = view.curves.get(chosen).map(|curve| curve_chart(curve, view.at, &p));
    let page = PricePage { p, view, chosen, curve };
    page.p.send(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "analysis.html")]
struct AnalysisPage {
    p: Frame,
    view: AnalysisView,
}

impl AnalysisPage {
    /// Days and hours, as tables alike.
    fn tables(&self) -> [(&'static str, &'static str, &[SumsRow]); 2] {
        let words = self.p.words();
        let hours = &self.view.hours[..self.view.hours.len().min(HOURS)];
        [("days", words.by_day, &self.view.days), ("hours", words.by_hour, hours)]
    }
}

/// Hours that the page shows.
const HOURS: usize = 24;

pub(super) async fn analysis(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let p = Frame::new(uri, &headers, "analysis");
    let page = AnalysisPage { p, view: shared.console.analysis() };
    page.p.send(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "lost.html")]
struct LostPage {
    p: Frame,
}

fn lost(p: Frame) -> Response {
    let page = LostPage { p };
    page.p.send(StatusCode::NOT_FOUND, &page)
}

pub(super) async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    lost(Frame::new(uri, &headers, ""))
}
