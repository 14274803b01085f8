//! Where clients come in: frames over TCP, see [`bank::cluster::protocol`].

use super::engine::{Event, Submission};
use bank::cluster::protocol::{FRAME_BYTES_MAX, Reply, Request};
use std::sync::mpsc::Sender;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Takes connections until the task is ended.
pub async fn run(listener: TcpListener, events: Sender<Event>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, events.clone()))),
            // Too many open files, for example: others will close.
            Err(_) => tokio::time::sleep(core::time::Duration::from_millis(100)).await,
        }
    }
}

async fn serve(stream: TcpStream, events: Sender<Event>) {
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let (replies, outgoing) = unbounded_channel();
    let writing = tokio::spawn(write(writer, outgoing));
    // Whatever ends the reading, a client that leaves or sends no frames, ends the connection.
    let _ = read(reader, &events, &replies).await;
    drop(replies);
    let _ = writing.await;
}

async fn read(
    mut reader: OwnedReadHalf,
    events: &Sender<Event>,
    replies: &UnboundedSender<Reply>,
) -> std::io::Result<()> {
    loop {
        let length = reader.read_u32().await? as usize;
        if length == 0 || length > FRAME_BYTES_MAX {
            return Err(std::io::Error::other("no frame"));
        }
        let mut content = Vec::new();
        (&mut reader).take(length as u64).read_to_end(&mut content).await?;
        let request = Request::parse(&content).map_err(std::io::Error::other)?;
        let event = event(request, content.len(), replies);
        if content.len() < length || events.send(event).is_err() {
            return Err(std::io::Error::other("the connection or the engine is gone"));
        }
    }
}

fn event(request: Request, bytes: usize, replies: &UnboundedSender<Reply>) -> Event {
    let replies = replies.clone();
    match request {
        Request::Submit { ticket, proofs, operations } => {
            Event::Submit(Submission { replies, ticket, proofs, operations, bytes })
        }
        Request::Ask => Event::Ask(replies),
    }
}

async fn write(mut writer: OwnedWriteHalf, mut outgoing: UnboundedReceiver<Reply>) {
    while let Some(reply) = outgoing.recv().await {
        if writer.write_all(&frame(&reply.to_bytes())).await.is_err() {
            return;
        }
    }
}

/// A frame around its content.
///
/// # Panics
/// If the content is longer than 2³² bytes.
#[must_use]
pub fn frame(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a frame is shorter than 2³²");
    let mut bytes = Vec::with_capacity(4 + content.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}
