//! The thread that speaks with the network, and how it is started.

use super::engine::Event;
use super::listener;
use super::stream::{self, Order, Plan};
use super::synced::{self, Synced};
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Both ends of a running network thread.
pub struct Running {
    /// Where events come out.
    pub inbox: Receiver<Event>,
    /// Where events may be put in, as clients do.
    pub events: Sender<Event>,
    /// Where orders go.
    pub orders: UnboundedSender<Order>,
    /// Longest message that the servers take, in bytes.
    pub payload_bytes_max: usize,
}

/// Opens the stream, and the listener if there is one; `None` if `end` was set before it was open.
///
/// # Errors
/// Says what is in the way, and what to do.
pub fn start(
    plan: Plan,
    listen: Option<String>,
    end: &AtomicBool,
) -> Result<Option<Running>, String> {
    let (events, inbox) = channel();
    let (orders, outbox) = unbounded_channel();
    let (opened, opening) = channel();
    let network = Network { plan, listen, events: events.clone(), opened };
    std::thread::spawn(move || network.run(outbox));
    let payload_bytes_max = wait_for(&opening, end)?;
    Ok(payload_bytes_max.map(|payload_bytes_max| Running {
        inbox,
        events,
        orders,
        payload_bytes_max,
    }))
}

/// Waits until the stream is open; `None` if a signal came first.
fn wait_for(
    opening: &Receiver<Result<usize, String>>,
    end: &AtomicBool,
) -> Result<Option<usize>, String> {
    while !end.load(Ordering::Relaxed) {
        match opening.recv_timeout(core::time::Duration::from_millis(200)) {
            Ok(opened) => return Ok(Some(opened?)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err("the network thread ended".to_owned());
            }
        }
    }
    Ok(None)
}

/// Asks the servers again and again whether they sync: one that was away may come back otherwise.
pub fn watch_servers(monitors: Vec<String>, events: Sender<Event>) {
    const PAUSE: core::time::Duration = core::time::Duration::from_secs(15);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(PAUSE);
            let found: Vec<Synced> = monitors.iter().map(|monitor| synced::ask(monitor)).collect();
            if let Err(reason) = synced::refuse_unsynced(&monitors, &found) {
                // If the engine is gone, so is the process, soon.
                let _ = events.send(Event::Failed(reason));
                return;
            }
        }
    });
}

struct Network {
    plan: Plan,
    listen: Option<String>,
    events: Sender<Event>,
    opened: Sender<Result<usize, String>>,
}

impl Network {
    fn run(self, outbox: UnboundedReceiver<Order>) {
        let events = self.events.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ended = match runtime {
            Ok(runtime) => runtime.block_on(self.work(outbox)),
            Err(error) => Err(error.to_string()),
        };
        let reason = ended.err().unwrap_or_else(|| "the network thread ended".to_owned());
        let _ = events.send(Event::Failed(reason));
    }

    async fn work(self, outbox: UnboundedReceiver<Order>) -> Result<(), String> {
        let opened = match self.listening().await {
            Ok(listening) => stream::open(&self.plan).await.map(|opened| (listening, opened)),
            Err(error) => Err(error),
        };
        let (listening, (client, payload_bytes_max)) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                // Who waited for the opening gets the reason; if nobody does, the engine does.
                let _ = self.opened.send(Err(error.clone()));
                return Err(error);
            }
        };
        let _ = self.opened.send(Ok(payload_bytes_max));
        if let Some(listening) = listening {
            tokio::spawn(listener::run(listening, self.events.clone()));
        }
        stream::run(client, self.plan, self.events, outbox).await
    }

    async fn listening(&self) -> Result<Option<tokio::net::TcpListener>, String> {
        let Some(listen) = &self.listen else { return Ok(None) };
        let listening = tokio::net::TcpListener::bind(listen).await;
        listening.map(Some).map_err(|error| format!("--listen {listen}: {error}"))
    }
}
