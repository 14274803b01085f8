//! Whether the servers put a message on their disks before they acknowledge it.
//!
//! JetStream's default syncs every two minutes and acknowledges at once; a power failure then loses
//! what was acknowledged. The monitoring page says what is in force: `jetstream.config.sync_always`
//! in `/varz`. (Its `sync_interval` tells the default even when `always` is set.)

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};

const PATIENCE: Duration = Duration::from_secs(3);

/// What a server's monitoring page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Synced {
    /// Each message is synced before it is acknowledged.
    Always,
    /// Not so.
    No,
    /// It can't be asked now.
    Unknown(String),
}

/// Asks one server; `monitor` is such as `127.0.0.1:8222`.
#[must_use]
pub fn ask(monitor: &str) -> Synced {
    match fetch(monitor) {
        Ok(page) => read(&page),
        Err(error) => Synced::Unknown(format!("{monitor}: {error}")),
    }
}

/// Whether a node may start: every server that answers syncs, and most of them answer.
///
/// # Errors
/// Says which server is in the way, and what to do.
pub fn check(monitors: &[String]) -> Result<(), String> {
    let found: Vec<Synced> = monitors.iter().map(|monitor| ask(monitor)).collect();
    refuse_unsynced(monitors, &found)?;
    let silent: Vec<&str> = found
        .iter()
        .filter_map(|synced| match synced {
            Synced::Unknown(reason) => Some(reason.as_str()),
            Synced::Always | Synced::No => None,
        })
        .collect();
    if (found.len() - silent.len()) * 2 > found.len() {
        return Ok(());
    }
    Err(format!(
        "too few NATS servers tell whether they sync: {}; start them with 'http: HOST:PORT' in their \
         configuration and name all of them with --monitor",
        silent.join("; ")
    ))
}

/// # Errors
/// Names the first server that doesn't sync.
pub fn refuse_unsynced(monitors: &[String], found: &[Synced]) -> Result<(), String> {
    match found.iter().position(|synced| *synced == Synced::No) {
        None => Ok(()),
        Some(place) => Err(format!(
            "NATS server {} acknowledges before it syncs (jetstream.config.sync_always isn't true in \
             /varz), so a power failure would lose payments; set 'jetstream {{ sync_interval: always \
             }}' and restart it",
            monitors[place]
        )),
    }
}

fn fetch(monitor: &str) -> std::io::Result<String> {
    let address = monitor.to_socket_addrs()?.next();
    let address = address.ok_or_else(|| std::io::Error::other("no such host"))?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /varz HTTP/1.0\r\nHost: {monitor}\r\n\r\n")?;
    let mut page = String::new();
    stream.take(1 << 20).read_to_string(&mut page)?;
    Ok(page)
}

fn read(page: &str) -> Synced {
    let body = page.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let Ok(json) = serde_json::from_str::<serde_json::Value>(body) else {
        return Synced::Unknown("the monitoring page isn't JSON".to_owned());
    };
    match json.pointer("/jetstream/config/sync_always") {
        Some(serde_json::Value::Bool(true)) => Synced::Always,
        _ => Synced::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_counts() {
        let page = |body: &str| format!("HTTP/1.0 200 OK\r\nServer: x\r\n\r\n{body}");
        let table = [
            (r#"{"jetstream":{"config":{"sync_always":true}}}"#, Synced::Always),
            (r#"{"jetstream":{"config":{"sync_always":false}}}"#, Synced::No),
            (r#"{"jetstream":{"config":{"sync_interval":120000000000}}}"#, Synced::No),
            (r#"{"jetstream":{}}"#, Synced::No),
            ("{}", Synced::No),
        ];
        for (body, expected) in table {
            assert_eq!(read(&page(body)), expected, "{body}");
        }
        assert!(matches!(read("not HTTP"), Synced::Unknown(_)));
    }

    #[test]
    fn a_server_that_does_not_sync_is_named() {
        let monitors = ["127.0.0.1:1".to_owned(), "127.0.0.1:2".to_owned()];
        let found = [Synced::Always, Synced::No];
        let error = refuse_unsynced(&monitors, &found).unwrap_err();
        assert!(error.contains("127.0.0.1:2 acknowledges before it syncs"), "{error}");
        assert_eq!(refuse_unsynced(&monitors, &[Synced::Always, Synced::Always]), Ok(()));
    }
}
