//! Live updates over server-sent events.
//!
//! One event carries the whole first page, so a reader who missed some has missed nothing: resuming
//! means getting the newest state, or nothing if `Last-Event-ID` is the newest already.

use super::Shared;
use crate::view::Console;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use core::convert::Infallible;
use core::time::Duration;
use futures_util::stream::{self, Stream};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// At most two events a second.
const PERIOD: Duration = Duration::from_millis(500);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One state of the console, ready to send.
#[derive(Clone, Debug, Default)]
struct Snapshot {
    id: String,
    json: Arc<str>,
}

/// Where live connections get their events from.
#[derive(Clone)]
pub(super) struct Feed(watch::Receiver<Snapshot>);

/// Makes a feed and the endless work that fills it.
pub(super) fn feed(console: Arc<dyn Console>) -> (Feed, impl Future<Output = ()>) {
    let (sender, receiver) = watch::channel(Snapshot::default());
    (Feed(receiver), publish(console, sender))
}

async fn publish(console: Arc<dyn Console>, sender: watch::Sender<Snapshot>) {
    // A version counts from the start of the program; this number tells one start from another.
    let start = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shown = None;
    loop {
        tick.tick().await;
        let version = console.version();
        // The router holds one receiver; another one is a reader.
        let read = sender.receiver_count() > 1;
        if shown == Some(version) || (shown.is_some() && !read) {
            continue;
        }
        if let Ok(json) = serde_json::to_string(&console.overview()) {
            let id = format!("{start}-{version}");
            sender.send_replace(Snapshot { id, json: json.into() });
            shown = Some(version);
        }
    }
}

/// The stream of one reader.
pub(super) async fn events(
    State(shared): State<Shared>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let seen = headers
        .get(HeaderName::from_static("last-event-id"))
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let mut receiver = shared.feed.0;
    receiver.mark_changed();
    let stream = stream::unfold((receiver, seen), |(mut receiver, seen)| async move {
        loop {
            receiver.changed().await.ok()?;
            let snapshot = receiver.borrow_and_update().clone();
            if !snapshot.id.is_empty() && snapshot.id != seen {
                let event =
                    Event::default().id(&snapshot.id).event("overview").data(&*snapshot.json);
                return Some((Ok(event), (receiver, snapshot.id)));
            }
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}
