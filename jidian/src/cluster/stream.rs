//! The ordered stream: NATS JetStream, in the words of [`bank::cluster`].
//!
//! Its place `p` holds record `base + p`. Nothing here decides: whatever is unclear, such as an
//! answer that doesn't come, is left to the node's deadlines.

use super::data::Manifest;
use super::engine::Event;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::context::{Context, ContextBuilder, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{
    Config, Info, LastRawMessageErrorKind, RetentionPolicy, StorageType, Stream,
};
use bank::cluster::{Envelope, Input, Notice};
use bytes::Bytes;
use core::time::Duration;
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use wire::{DecodeError, Wire};

const ANSWER: Duration = Duration::from_secs(5);
const CONNECTION: Duration = Duration::from_secs(2);
/// Two pings without an answer, and another server is tried.
const PING: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(250);
/// After this long without a message the reader looks whether one is there.
const QUIET: Duration = Duration::from_secs(2);

/// What the engine asks for.
#[derive(Debug)]
pub enum Order {
    /// Publish, if the stream ends right before it.
    Publish(Envelope),
    /// Say what stands in the place of this record.
    Look(u64),
    /// Deliver from this record on.
    Read(u64),
    /// Deliver nothing more.
    Rest,
    /// Tell all other nodes.
    Tell(Notice),
}

/// How to reach the servers, and what is expected of the stream.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The servers.
    pub servers: Vec<String>,
    /// Copies of each message.
    pub replicas: usize,
    /// Which cluster and which of its streams.
    pub manifest: Manifest,
    /// Number of the last record of the node's log.
    pub log_end: u64,
    /// Whether an empty log may join a stream that isn't.
    pub first_start: FirstStart,
}

/// Whether this node has never held a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstStart {
    /// An empty log is right.
    Yes,
    /// An empty log would be a lost one.
    No,
}

/// One connection, one stream.
#[derive(Clone)]
struct Line {
    context: Context,
    stream: Stream<()>,
    plan: Arc<Plan>,
    events: Sender<Event>,
}

/// Connects and opens the stream, making it if need be; waits until the servers let it.
///
/// # Errors
/// Says what is wrong with the stream, and what to do.
pub async fn open(plan: &Plan) -> Result<(async_nats::Client, usize), String> {
    let client = async_nats::ConnectOptions::new()
        .name("jidian bank node")
        .retry_on_initial_connect()
        .max_reconnects(None)
        .connection_timeout(CONNECTION)
        .ping_interval(PING)
        .request_timeout(Some(ANSWER))
        .client_capacity(256)
        .reconnect_delay_callback(|_| PAUSE)
        .connect(addresses(&plan.servers)?)
        .await
        .map_err(|error| format!("{}: {error}", plan.servers.join(",")))?;
    let context = context(&client);
    let mut said = false;
    let info = loop {
        match context.get_or_create_stream(config(plan)).await {
            Ok(stream) => break stream.cached_info().clone(),
            Err(error) if !said => {
                said = true;
                eprintln!("waiting for the stream {}: {error}", plan.manifest.stream());
            }
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    };
    check(plan, &info)?;
    Ok((client.clone(), client.server_info().max_payload))
}

fn addresses(servers: &[String]) -> Result<Vec<async_nats::ServerAddr>, String> {
    let address = |server: &String| {
        server.parse().map_err(|error| format!("--nats {server}: {error}; give nats://HOST:PORT"))
    };
    servers.iter().map(address).collect()
}

fn context(client: &async_nats::Client) -> Context {
    ContextBuilder::new().timeout(ANSWER).ack_timeout(ANSWER).build(client.clone())
}

fn config(plan: &Plan) -> Config {
    Config {
        name: plan.manifest.stream(),
        subjects: vec![plan.manifest.subject("records")],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        num_replicas: plan.replicas,
        deny_delete: true,
        deny_purge: true,
        description: Some("batches of a Jidian registration centre".to_owned()),
        ..Config::default()
    }
}

/// What the node relies on.
fn check(plan: &Plan, info: &Info) -> Result<(), String> {
    let (config, state) = (&info.config, &info.state);
    let refuse = |what: String| Err(format!("stream {}: {what}", config.name));
    if config.storage != StorageType::File || config.num_replicas < plan.replicas {
        return refuse(format!(
            "it has {} copies in {:?} storage, {} in files are needed",
            config.num_replicas, config.storage, plan.replicas
        ));
    }
    if config.max_messages > 0 || config.max_bytes > 0 || !config.max_age.is_zero() {
        return refuse("it drops old messages; remove its limits".to_owned());
    }
    let is_new = plan.log_end == plan.manifest.base && plan.manifest.generation == 1;
    if is_new && state.last_sequence > 0 && plan.first_start == FirstStart::No {
        return refuse(format!(
            "it holds {} records and this node's log none; if the log was lost, re-seed it from the \
             other nodes' logs with 'jidian bank reseed'; if this node never held one, add \
             --first-start",
            state.last_sequence
        ));
    }
    Ok(())
}

/// Carries out orders until the engine is gone.
///
/// # Errors
/// Says what can't be done.
pub async fn run(
    client: async_nats::Client,
    plan: Plan,
    events: Sender<Event>,
    mut orders: UnboundedReceiver<Order>,
) -> Result<(), String> {
    let context = context(&client);
    let name = plan.manifest.stream();
    let stream = context.get_stream_no_info(&name).await.map_err(|error| error.to_string())?;
    let line = Line { context, stream, plan: Arc::new(plan), events };
    let notices = line.plan.manifest.subject("notices");
    let listening = tokio::spawn(hear(client.clone(), notices.clone(), line.events.clone()));
    let mut reader: Option<JoinHandle<()>> = None;
    while let Some(order) = orders.recv().await {
        match order {
            Order::Publish(envelope) => drop(tokio::spawn(line.clone().publish(envelope))),
            Order::Look(number) => drop(tokio::spawn(line.clone().look(number))),
            Order::Read(number) => {
                let next = tokio::spawn(line.clone().read(number));
                if let Some(before) = reader.replace(next) {
                    before.abort();
                }
            }
            Order::Rest => reader.take().iter().for_each(JoinHandle::abort),
            Order::Tell(notice) => {
                let mut bytes = Vec::new();
                notice.write(&mut |part| bytes.extend_from_slice(part));
                // A lost notice is followed by the next.
                let _ = client.publish(notices.clone(), bytes.into()).await;
            }
        }
    }
    listening.abort();
    Ok(())
}

async fn hear(client: async_nats::Client, subject: String, events: Sender<Event>) {
    loop {
        if let Ok(mut notices) = client.subscribe(subject.clone()).await {
            while let Some(message) = notices.next().await {
                // Bytes that are no notice are nobody's notice.
                let Ok(notice) = Notice::decode(&message.payload) else { continue };
                if events.send(Event::Input(Input::Notice(notice))).is_err() {
                    return;
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Line {
    fn place(&self, number: u64) -> u64 {
        number - self.plan.manifest.base
    }

    fn say(&self, input: Input) {
        // An engine that is gone needs no answer.
        let _ = self.events.send(Event::Input(input));
    }

    async fn publish(self, envelope: Envelope) {
        let number = envelope.number();
        let place = self.place(number);
        let message = PublishMessage::build()
            .payload(Bytes::from_owner(Arc::clone(envelope.bytes())))
            .expected_last_sequence(place - 1)
            .expected_stream(self.plan.manifest.stream());
        let subject = self.plan.manifest.subject("records");
        let answer = match self.context.send_publish(subject, message).await {
            Ok(acknowledgement) => acknowledgement.await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(done) if done.sequence == place => self.say(Input::Published { number }),
            Ok(_) => self.say(Input::Refused { number }),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {
                self.say(Input::Refused { number });
            }
            // Unknown: the node sends it again.
            Err(_) => {}
        }
    }

    /// The record in a place, asked of the stream's leader; `None` if it can't be asked now.
    async fn fetch(&self, number: u64) -> Option<Option<Result<Envelope, DecodeError>>> {
        match self.stream.get_raw_message(self.place(number)).await {
            Ok(message) => Some(Some(parse(&message.payload))),
            Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => {
                Some(None)
            }
            Err(_) => None,
        }
    }

    async fn look(self, number: u64) {
        if let Some(found) = self.fetch(number).await {
            self.say(Input::Looked { number, found });
        }
    }

    async fn read(self, mut number: u64) {
        loop {
            // Errors and long silences end in a new consumer behind what was delivered.
            let _ = self.read_some(&mut number).await;
            if let Some(Some(found)) = self.fetch(number).await {
                self.say(Input::Stream { number, found });
                number += 1;
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn read_some(&self, number: &mut u64) -> Result<(), async_nats::Error> {
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.place(*number) },
            ..pull::OrderedConfig::default()
        };
        let consumer = tokio::time::timeout(ANSWER, self.stream.create_consumer(config)).await??;
        let mut messages = tokio::time::timeout(ANSWER, consumer.messages()).await??;
        while let Some(message) = tokio::time::timeout(QUIET, messages.next()).await? {
            let message = message?;
            let place = message.info()?.stream_sequence;
            let found = parse(&message.payload);
            let here = self.plan.manifest.base + place;
            self.say(Input::Stream { number: here, found });
            *number = here + 1;
        }
        Ok(())
    }
}

fn parse(payload: &Bytes) -> Result<Envelope, DecodeError> {
    Envelope::parse(payload.as_ref().into())
}
