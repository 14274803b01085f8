//! Ledger nodes from outside, as far as no server is needed: directories, re-seeding, refusals. With
//! real servers see `interop/jetstream`.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]
#![allow(clippy::disallowed_methods, reason = "a monitoring page answers from its own thread")]

mod outside;

use outside::{good, jidian, text};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("jidian-bank-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// A node's directory of seed 7.
    fn node(&self, name: &str) -> String {
        let path = self.path(name);
        good(&["bank", "init", "--data", &path, "--seed", "7"]);
        path
    }

    fn bytes(&self, node: &str, file: &str) -> Vec<u8> {
        std::fs::read(self.0.join(node).join(file)).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn bad(arguments: &[&str], words: &[&str]) {
    let output = jidian(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
}

#[test]
fn one_seed_gives_one_genesis_and_another_seed_another() {
    let scratch = Scratch::new("seed");
    scratch.node("n1");
    scratch.node("n2");
    let other = scratch.path("other");
    good(&["bank", "init", "--data", &other, "--seed", "8"]);
    for file in ["cluster.log", "node", "registration.key"] {
        assert!(scratch.bytes("n1", file) == scratch.bytes("n2", file), "{file}");
        assert!(scratch.bytes("n1", file) != scratch.bytes("other", file), "{file}");
    }
    bad(&["bank", "init", "--data", &other, "--seed", "8"], &["isn't empty"]);
}

#[test]
fn a_majority_of_logs_re_seeds_and_one_log_doesn_t() {
    let scratch = Scratch::new("reseed");
    let (one, two) = (scratch.node("n1"), scratch.node("n2"));
    let (new, none) = (scratch.path("new"), scratch.path("none"));
    let said = good(&["bank", "reseed", "--data", &new, "--from", &format!("{one},{two}")]);
    assert!(said.contains("records 0 to 0") && said.contains("with 2 of 3 logs"), "{said}");
    let manifest = String::from_utf8(scratch.bytes("new", "node")).unwrap();
    assert!(manifest.contains("\ngeneration 2\nbase 0\n"), "{manifest}");
    assert!(scratch.bytes("new", "cluster.log") == scratch.bytes("n1", "cluster.log"));
    bad(
        &["bank", "reseed", "--data", &none, "--from", &one],
        &["1 sound logs are too few, 2 are needed"],
    );
}

#[test]
fn damage_is_named_and_left_out_of_a_re_seeding() {
    let scratch = Scratch::new("damage");
    let nodes = ["n1", "n2", "n3"].map(|name| scratch.node(name));
    let mut log = scratch.bytes("n2", "cluster.log");
    let middle = log.len() / 2;
    log[middle] ^= 1;
    std::fs::write(scratch.0.join("n2").join("cluster.log"), log).unwrap();
    let from = nodes.join(",");
    bad(&["bank", "compare", "--from", &from], &["n2/cluster.log", "re-seed this node"]);
    let new = scratch.path("new");
    let output = jidian(&["bank", "reseed", "--data", &new, "--from", &from]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("left out: "), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("with 2 of 3 logs"), "{}", text(&output.stdout));
}

/// A monitoring page that says so about `sync_always`.
fn server(sync_always: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let body = format!("{{\"jetstream\":{{\"config\":{{\"sync_always\":{sync_always}}}}}}}");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // A connection that is closed before its request was read whole is reset.
            let mut request = Vec::new();
            let mut part = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(length @ 1..) => request.extend_from_slice(&part[..length]),
                    Ok(0) | Err(_) => break,
                }
            }
            let _ = write!(stream, "HTTP/1.0 200 OK\r\n\r\n{body}");
        }
    });
    address
}

fn start(data: &str, monitors: &str, more: &[&str]) -> Vec<String> {
    let fixed = [
        "bank",
        "node",
        "--data",
        data,
        "--name",
        "n1",
        "--listen",
        "127.0.0.1:1",
        "--nats",
        "nats://127.0.0.1:1",
        "--monitor",
        monitors,
    ];
    fixed.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_node_refuses_servers_that_acknowledge_before_they_sync() {
    let scratch = Scratch::new("sync");
    let data = scratch.node("n1");
    let monitors = format!("{},{},{}", server("true"), server("true"), server("false"));
    let arguments = start(&data, &monitors, &["--peers", "n2,n3"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    bad(&arguments, &["acknowledges before it syncs", "sync_interval: always"]);
}

#[test]
fn a_node_refuses_servers_of_which_too_few_can_be_asked() {
    let scratch = Scratch::new("silent");
    let data = scratch.node("n1");
    let monitors = format!("{},127.0.0.1:1,127.0.0.1:2", server("true"));
    let arguments = start(&data, &monitors, &["--peers", "n2,n3"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    bad(&arguments, &["too few NATS servers", "127.0.0.1:1", "--monitor"]);
}

#[test]
fn a_node_is_no_peer_of_itself() {
    let scratch = Scratch::new("peer");
    let data = scratch.node("n1");
    let arguments = start(&data, &server("true"), &["--peers", "n1,n2"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    bad(&arguments, &["name the other nodes only"]);
}

#[test]
fn a_node_that_doesn_t_answer_is_named() {
    bad(&["bank", "status", "--connect", "127.0.0.1:1"], &["127.0.0.1:1"]);
}
