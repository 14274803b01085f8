//! The web console: pages that work as plain HTML, their JSON twins and live events.
//!
//! ```text
//! Console --view values--> pages (askama)  -> HTML   <- the script patches in what changed
//!                      \-> api   (serde)   -> JSON
//!                      \-> live  (version) -> SSE    -> tells the script to look again
//! ```
//!
//! There is one way of drawing: the server's. The script asks for the page it is on and patches the
//! differences in, so a live page and a fresh page can't differ.

mod api;
mod assets;
mod figure;
mod format;
mod live;
mod pages;
mod prefs;
#[cfg(test)]
mod tests;
mod words;

use crate::view::Console;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;

/// What every handler gets.
#[derive(Clone)]
struct Shared {
    console: Arc<dyn Console>,
    feed: live::Feed,
}

/// Serves the console until `shutdown` resolves; live connections end with it.
///
/// # Errors
/// If the listener fails.
pub async fn serve<F>(
    listener: TcpListener,
    console: Arc<dyn Console>,
    shutdown: F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (feed, publisher) = live::feed(Arc::clone(&console));
    let publishing = tokio::spawn(publisher);
    let router = router(Shared { console, feed });
    let stop = async move {
        shutdown.await;
        // The feed ends with its publisher, and every live connection with the feed.
        publishing.abort();
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(pages::overview))
        .route("/meters", get(pages::meters))
        .route("/meters/{id}", get(pages::meter))
        .route("/payments", get(pages::payments))
        .route("/payments/{id}", get(pages::payment))
        .route("/price", get(pages::price))
        .route("/analysis", get(pages::analysis))
        .route("/healthz", get(api::health))
        .route("/events", get(live::events))
        .route("/api/overview", get(api::overview))
        .route("/api/day", get(api::day))
        .route("/api/meters", get(api::meters))
        .route("/api/meters/{id}", get(api::meter))
        .route("/api/payments", get(api::payments))
        .route("/api/payments/{id}", get(api::payment))
        .route("/api/price", get(api::price))
        .route("/api/analysis", get(api::analysis))
        .route("/assets/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::icon))
        .fallback(pages::not_found)
        .layer(axum::middleware::from_fn(secure))
        .with_state(shared)
}

/// Own files only, nothing inline; no page may frame this one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
