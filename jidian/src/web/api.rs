//! JSON twins of the pages: the same values, without the looks.

use super::Shared;
use crate::view::{
    AnalysisView, DayView, MeterPage, MeterRow, Overview, PaymentRow, PriceView, TraceView,
};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

/// Most payments that one answer lists.
const PAYMENTS_MAX: usize = 1000;
const PAYMENTS_USUAL: usize = 100;

/// A refusal with a stable code.
#[derive(Serialize)]
pub(super) struct Refusal {
    code: &'static str,
    message: &'static str,
}

type Answer<T> = Result<Json<T>, (StatusCode, Json<Refusal>)>;

fn found<T>(value: Option<T>, message: &'static str) -> Answer<T> {
    let refusal = Refusal { code: "not-found", message };
    value.map(Json).ok_or((StatusCode::NOT_FOUND, Json(refusal)))
}

/// What `/healthz` says.
#[derive(Serialize)]
pub(super) struct Health {
    ok: bool,
    conservation: bool,
    version: u64,
}

pub(super) async fn health(State(shared): State<Shared>) -> (StatusCode, Json<Health>) {
    let conservation = shared.console.overview().summary.conservation.holds();
    let status = if conservation { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let version = shared.console.version();
    (status, Json(Health { ok: conservation, conservation, version }))
}

pub(super) async fn overview(State(shared): State<Shared>) -> Json<Overview> {
    Json(shared.console.overview())
}

pub(super) async fn day(State(shared): State<Shared>) -> Json<DayView> {
    Json(shared.console.day())
}

pub(super) async fn meters(State(shared): State<Shared>) -> Json<Vec<MeterRow>> {
    Json(shared.console.meters())
}

pub(super) async fn meter(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Answer<MeterPage> {
    found(shared.console.meter(&id), "no meter has this number")
}

/// How many payments to list.
#[derive(Deserialize)]
pub(super) struct Limit {
    limit: Option<usize>,
}

pub(super) async fn payments(
    State(shared): State<Shared>,
    Query(limit): Query<Limit>,
) -> Json<Vec<PaymentRow>> {
    let limit = limit.limit.unwrap_or(PAYMENTS_USUAL).min(PAYMENTS_MAX);
    Json(shared.console.payments(limit))
}

pub(super) async fn payment(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Answer<TraceView> {
    found(shared.console.trace(&id), "no payment has this number")
}

pub(super) async fn analysis(State(shared): State<Shared>) -> Json<AnalysisView> {
    Json(shared.console.analysis())
}

pub(super) async fn price(State(shared): State<Shared>) -> Json<PriceView> {
    Json(shared.console.price())
}
