//! A client of the batch protocol, for the command line and for load.

use super::listener::frame;
use bank::cluster::protocol::{FRAME_BYTES_MAX, Reply, Request, Status};
use core::time::Duration;
use std::io::{Error, Read, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};

/// A connection to one node.
pub struct Client(TcpStream);

impl Client {
    /// Connects; each later answer is awaited for `patience`.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn connect(address: &str, patience: Duration) -> Result<Self> {
        let first = address.to_socket_addrs()?.next();
        let first = first.ok_or_else(|| Error::other("no such host"))?;
        let stream = TcpStream::connect_timeout(&first, patience.min(Duration::from_secs(2)))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self(stream))
    }

    /// Sends a request.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn send(&mut self, request: &Request) -> Result<()> {
        self.0.write_all(&frame(&request.to_bytes()))
    }

    /// Waits for the next reply.
    ///
    /// # Errors
    /// Those of the connection, and bytes that are no reply.
    pub fn receive(&mut self) -> Result<Reply> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(Error::other("a reply longer than any"));
        }
        let mut content = vec![0; length];
        self.0.read_exact(&mut content)?;
        Reply::parse(&content).map_err(Error::other)
    }

    /// Where the node stands.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn status(&mut self) -> Result<Status> {
        self.send(&Request::Ask)?;
        let reply = self.receive()?;
        if let Reply::Status(status) = reply {
            Ok(status)
        } else {
            Err(Error::other(format!("an unexpected reply: {reply:?}")))
        }
    }
}
