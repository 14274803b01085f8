//! `jidian bank serve` from outside: a process, TLS, certificates, signals and `kill -9`.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]
#![allow(clippy::disallowed_methods, reason = "a client works while its server is killed")]

mod outside;

use core::net::SocketAddr;
use outside::{JIDIAN, good, jidian, text};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

/// A folder of this test run; removed when it goes out of scope.
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
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A bank that serves in a process of its own.
struct Server {
    process: Child,
    address: SocketAddr,
    data: PathBuf,
    /// Kept open: who prints to nobody is ended.
    said: BufReader<ChildStdout>,
}

impl Server {
    fn start(data: &str) -> Self {
        let mut process = Command::new(JIDIAN)
            .args(["bank", "serve", "--data", data, "--listen", "127.0.0.1:0"])
            .args(["--snapshot-batches", "3"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut first).unwrap();
        let address = first.strip_prefix("bank: https://").and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("no address in {first:?}"));
        Self { process, address: address.parse().unwrap(), data: PathBuf::from(data), said }
    }

    /// What it says of how it went on with the bank.
    fn start_line(&mut self) -> String {
        let mut line = String::new();
        while !line.starts_with("start: ") {
            line.clear();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "it says how it went on");
        }
        line
    }

    /// A client with the certificate of this name.
    fn client(&self, name: &str) -> Client {
        Client::new(self.address, &self.data, Some(&self.data.join(format!("tls/clients/{name}"))))
    }

    fn signal(&self, signal: &str) {
        let process = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    /// `kill -9`, and nothing else.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.process.wait().unwrap().success(), "a stop by signal is a success");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Someone with a certificate, or without.
#[derive(Clone)]
struct Client {
    address: SocketAddr,
    configuration: Arc<ClientConfig>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Client {
    /// `own` is the path of certificate and key without their endings.
    fn new(address: SocketAddr, trusts: &Path, own: Option<&Path>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(trusts.join("tls/ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let configuration = match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let named = |ending: &str| PathBuf::from(format!("{}.{ending}", own.display()));
                let certificate = CertificateDer::from_pem_file(named("pem")).unwrap();
                let key = PrivateKeyDer::from_pem_file(named("key")).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        Self { address, configuration: Arc::new(configuration) }
    }

    fn send(&self, method: &str, path: &str, more: &str, body: &str) -> std::io::Result<Answer> {
        let mut stream = self.connect()?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\
             content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) =
            answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
    }

    fn connect(&self) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.configuration), name).unwrap();
        Ok(StreamOwned::new(connection, TcpStream::connect(self.address)?))
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "").unwrap()
    }

    fn post(&self, key: &str, path: &str, body: &Value) -> std::io::Result<Answer> {
        let more = format!("idempotency-key: {key}\r\ncontent-type: application/json\r\n");
        self.send("POST", path, &more, &body.to_string())
    }
}

#[test]
fn only_clients_of_its_own_authority_get_in() {
    let scratch = Scratch::new("tls");
    let (data, other) = (scratch.path("bank"), scratch.path("other"));
    let server = Server::start(&data);
    let stranger = Server::start(&other);
    let health = server.client("auditor").get("/v1/health");
    assert_eq!((health.status, &health.json()["ok"]), (200, &json!(true)));
    assert!(health.head.contains("content-type: application/json"), "{}", health.head);
    let refused = |own: Option<PathBuf>, why: &str| {
        let client = Client::new(server.address, &server.data, own.as_deref());
        assert!(client.send("GET", "/v1/health", "", "").is_err(), "{why} got in");
    };
    refused(None, "nobody");
    refused(Some(stranger.data.join("tls/clients/auditor")), "another authority's auditor");
    refused(Some(server.data.join("tls/server")), "the server's own certificate");
    let plain = TcpStream::connect(server.address).and_then(|mut stream| {
        stream.write_all(b"GET /v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| answer)
    });
    assert!(!plain.unwrap_or_default().starts_with(b"HTTP"), "plain HTTP was answered");
    // Who trusts another authority doesn't talk to this server.
    let own = server.data.join("tls/clients/auditor");
    let distrusts = Client::new(server.address, &stranger.data, Some(&own));
    assert!(distrusts.send("GET", "/v1/health", "", "").is_err());
    let key = Path::new(&data).join("tls/ca.key");
    // A key whose certificate was never written is made again; the authority's may be taken away.
    let half = Path::new(&other).join("tls/clients/analyst.pem");
    stranger.stop();
    std::fs::remove_file(&half).unwrap();
    Server::start(&other).stop();
    assert!(half.exists());
    std::fs::remove_file(Path::new(&other).join("tls/ca.key")).unwrap();
    Server::start(&other).stop();
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "the authority's key is for its owner alone");
}

#[test]
fn a_made_certificate_opens_what_its_role_may_see() {
    let scratch = Scratch::new("certificate");
    let data = scratch.path("bank");
    let server = Server::start(&data);
    good(&["bank", "certificate", "--data", &data, "--name", "inspector", "--auditor"]);
    assert_eq!(server.client("inspector").get("/v1/wallets").status, 200);
    let key = "0123456789abcdef0123456789abcdef";
    good(&["bank", "certificate", "--data", &data, "--name", "alice", "--holder", key]);
    assert_eq!(server.client("alice").get("/v1/root").status, 200);
    assert_eq!(server.client("alice").get("/v1/wallets").status, 403);
    // Who is refused may have sent much already, and learns it all the same.
    let long = json!({ "operations": ["0".repeat(300_000)] });
    assert_eq!(server.client("inspector").post("1", "/v1/orders", &long).unwrap().status, 403);
    let again = jidian(&["bank", "certificate", "--data", &data, "--name", "alice", "--analyst"]);
    assert!(!again.status.success(), "a certificate isn't overwritten");
    assert!(text(&again.stderr).contains("alice.pem"), "{}", text(&again.stderr));
    let nowhere = jidian(&["bank", "certificate", "--data", "nowhere", "--name", "a", "--auditor"]);
    assert!(text(&nowhere.stderr).contains("jidian bank serve"), "{}", text(&nowhere.stderr));
}

/// Status of the next call on a connection that stays open.
fn call_again(stream: &mut (impl Read + Write)) -> (u16, String) {
    stream.write_all(b"GET /v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(lines.read_line(&mut head).unwrap() > 0, "the head ends: {head}");
    }
    let length = head.to_lowercase();
    let length = length.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    lines.read_exact(&mut body).unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), text(&body))
}

/// Whoever holds it is refused at the next call and the next handshake; nobody else notices.
#[test]
fn a_withdrawn_certificate_is_of_no_use_from_the_next_call_on() {
    let scratch = Scratch::new("revoke");
    let (data, other) = (scratch.path("bank"), scratch.path("other"));
    let server = Server::start(&data);
    let certificate = |more: &[&str]| {
        let arguments = [&["bank", "certificate", "--data", &data], more].concat();
        good(&arguments)
    };
    certificate(&["--name", "inspector", "--auditor"]);
    let (inspector, auditor) = (server.client("inspector"), server.client("auditor"));
    let refused = |why: &str| {
        let error = inspector.send("GET", "/v1/health", "", "").map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("CertificateRevoked"), "{why}: {error}");
        assert_eq!(auditor.get("/v1/health").status, 200, "{why}");
    };
    let mut open = inspector.connect().unwrap();
    assert_eq!(call_again(&mut open).0, 200);
    certificate(&["--name", "inspector", "--revoke"]);
    let (status, body) = call_again(&mut open);
    assert!(status == 403 && body.contains("certificate_revoked"), "{status} {body}");
    refused("withdrawn while it serves");
    let told: Value = serde_json::from_str(&certificate(&["--list", "--json"])).unwrap();
    let standing = |name: &str| {
        let found = told.as_array().unwrap().iter().find(|one| one["name"] == name);
        found.unwrap()["standing"].as_str().unwrap().to_owned()
    };
    assert_eq!((standing("inspector"), standing("auditor")), ("revoked".into(), "valid".into()));
    // A list that is damaged or gone leaves the one before it in force.
    let list = Path::new(&data).join("tls/crl.pem");
    let kept = std::fs::read(&list).unwrap();
    std::fs::write(&list, "no list").unwrap();
    refused("a damaged list");
    std::fs::remove_file(&list).unwrap();
    refused("a list that is gone");
    std::fs::write(&list, &kept).unwrap();
    server.stop();
    let server = Server::start(&data);
    let again = server.client("inspector");
    assert!(again.send("GET", "/v1/health", "", "").is_err(), "withdrawn for ever");
    // A second one joins the first.
    certificate(&["--name", "analyst", "--revoke"]);
    for name in ["inspector", "analyst"] {
        assert!(server.client(name).send("GET", "/v1/health", "", "").is_err(), "{name}");
    }
    assert_eq!(server.client("auditor").get("/v1/health").status, 200);
    server.stop();
    // What isn't the authority's list keeps the bank from starting.
    Server::start(&other).stop();
    good(&["bank", "certificate", "--data", &other, "--name", "auditor", "--revoke"]);
    let foreign = std::fs::read(Path::new(&other).join("tls/crl.pem")).unwrap();
    for wrong in [&foreign[..], b"no list"] {
        std::fs::write(&list, wrong).unwrap();
        let start = jidian(&["bank", "serve", "--data", &data, "--listen", "127.0.0.1:0"]);
        assert!(!start.status.success());
        assert!(text(&start.stderr).contains("crl.pem"), "{}", text(&start.stderr));
    }
    let unknown = ["bank", "certificate", "--data", &other, "--name", "nobody", "--revoke"];
    assert!(text(&jidian(&unknown).stderr).contains("nobody.pem"));
}

/// Lets the central bank issue as much as it wants, and supply operator 102.
fn endow(client: &Client) {
    let of = |operator: u16| json!({ "operator": operator, "amount_fen": 1_000_000 });
    for (key, path, body) in [
        ("quota-0", "/v1/issuance/quota", of(0)),
        ("quota-102", "/v1/issuance/quota", of(102)),
        ("reserve-102", "/v1/issuance/reserve", of(102)),
    ] {
        assert_eq!(client.post(key, path, &body).unwrap().status, 200);
    }
}

/// Issues one fen under each key, until the server is gone.
fn issue(client: &Client, keys: core::ops::Range<u32>) -> Vec<Option<String>> {
    let one = |key: u32| {
        let body = json!({ "amount_fen": 1 });
        let answer = client.post(&format!("issue-{key}"), "/v1/issuance/issue", &body);
        let answer = answer.ok()?;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Some(answer.body)
    };
    keys.map(one).collect()
}

/// What was acknowledged is there after `kill -9`, and asking again with the same keys does nothing
/// twice, wherever the process died.
#[test]
fn killed_while_it_issues_it_loses_nothing_and_repeats_nothing() {
    let scratch = Scratch::new("kill");
    let data = scratch.path("bank");
    let mut acknowledged: Vec<Option<String>> = Vec::new();
    for round in 0..5 {
        let server = Server::start(&data);
        let client = server.client("central-bank");
        endow(&client);
        let keys = round * 40..(round + 1) * 40;
        let issuing = std::thread::spawn(move || issue(&client, keys));
        std::thread::sleep(core::time::Duration::from_millis(20 + 25 * u64::from(round)));
        server.kill();
        acknowledged.extend(issuing.join().unwrap());
    }
    let mut server = Server::start(&data);
    let started = server.start_line();
    assert!(started.contains("went on from a snapshot behind batch"), "{started}");
    let again = issue(&server.client("central-bank"), 0..200);
    for (first, again) in acknowledged.iter().zip(&again) {
        assert!(again.is_some());
        assert!(first.is_none() || first == again, "{first:?} became {again:?}");
    }
    let state = server.client("auditor").get("/v1/issuance").json();
    assert_eq!(state["issued_fen"], json!(200), "each key issued one fen");
    server.stop();
}

/// A clean end leaves nothing to repeat, and answers of before it are given again; without the snapshot
/// everything is the same and the start says why it took longer. A log that lost its end is refused.
#[test]
fn a_snapshot_shortens_the_start_and_proves_how_long_the_log_was() {
    let scratch = Scratch::new("snapshot");
    let data = scratch.path("bank");
    let server = Server::start(&data);
    let bank = server.client("central-bank");
    endow(&bank);
    let first = issue(&bank, 0..20);
    let look = |server: &Server| {
        let auditor = server.client("auditor");
        let paths = ["/v1/root", "/v1/issuance", "/v1/wallets"];
        let told = paths.map(|path| auditor.get(path).body);
        (told, issue(&server.client("central-bank"), 0..20))
    };
    let before = look(&server);
    assert_eq!(before.1, first);
    server.stop();
    let (log, snapshot) = (scratch.path("bank/bank.log"), scratch.path("bank/bank.snapshot"));
    let mut whole = std::fs::read(&snapshot).unwrap();
    let mut server = Server::start(&data);
    assert!(server.start_line().contains("repeated 0 batches"));
    assert_eq!(look(&server), before);
    server.kill();
    let middle = whole.len() / 2;
    whole[middle] ^= 8;
    std::fs::write(&snapshot, &whole).unwrap();
    let mut server = Server::start(&data);
    assert!(server.start_line().contains("repeated all 23 batches"));
    assert_eq!(look(&server), before);
    server.stop();
    let mut records = jidian::store::BankLog::records_of(Path::new(&log)).unwrap();
    while records.next().is_some() {}
    let bytes = std::fs::read(&log).unwrap();
    let last = usize::try_from(records.place().last).unwrap();
    std::fs::write(&log, &bytes[..last]).unwrap();
    let refused = jidian(&["bank", "serve", "--data", &data, "--listen", "127.0.0.1:0"]);
    let told = text(&refused.stderr);
    assert!(
        !refused.status.success() && told.contains("acknowledged batches are missing"),
        "{told}"
    );
    assert_eq!(std::fs::read(&log).unwrap(), &bytes[..last], "a refused log stays as it was");
}

#[test]
fn it_stops_cleanly_and_its_log_is_read_by_the_other_commands() {
    let scratch = Scratch::new("stop");
    let data = scratch.path("bank");
    let server = Server::start(&data);
    let bank = server.client("central-bank");
    endow(&bank);
    let paid = bank.post("1", "/v1/issuance/issue", &json!({ "amount_fen": 123_456 })).unwrap();
    let day = paid.json()["at"].as_str().unwrap()[..10].to_owned();
    let supply = json!({ "operator": 102, "amount_fen": 456 });
    assert_eq!(bank.post("2", "/v1/issuance/supply", &supply).unwrap().status, 200);
    let vault = bank::bank_vault(102).to_string();
    let statement = ["bank", "statement", "--data", &data, "--wallet", &vault];
    let busy = jidian(&statement);
    assert!(text(&busy.stderr).contains("another jidian process"), "{}", text(&busy.stderr));
    let second = jidian(&["bank", "serve", "--data", &data, "--listen", "127.0.0.1:0"]);
    assert!(text(&second.stderr).contains("another jidian process"), "{}", text(&second.stderr));
    server.stop();
    let json = [&statement[..], &["--json"]].concat();
    let told: Value = serde_json::from_str(&good(&json)).unwrap();
    assert_eq!((&told["opening_fen"], &told["closing_fen"]), (&json!(0), &json!(456)));
    assert_eq!(told["movements"].as_array().unwrap().len(), 1);
    assert!(good(&statement).contains("4.56"));
    let out = scratch.path("day.beancount");
    let export = ["bank", "export", "--data", &data, "--format", "beancount", "--day", &day];
    let export = [&export[..], &["--out", &out]].concat();
    good(&export);
    let book = std::fs::read_to_string(&out).unwrap();
    assert!(book.contains("balance Equity:Issued  -1234.56 CNY"), "{book}");
    assert!(book.contains("balance Assets:Vault:Bank102  4.56 CNY"), "{book}");
    let twice = jidian(&export);
    assert!(text(&twice.stderr).contains("day.beancount"), "{}", text(&twice.stderr));
}

/// What is refused is listed and can be mended; what was done is done once.
#[test]
fn a_list_of_wallets_is_imported_and_mended() {
    let scratch = Scratch::new("import");
    let (data, list) = (scratch.path("bank"), scratch.path("wallets.csv"));
    let import = ["bank", "import", "--data", &data, &list, "--json"];
    let lines = |first_grade: &str| {
        format!(
            "reference,holder,kind,grade,deposit_fen\n\
             c-1,Li Na,personal,{first_grade},\nc-2,\"Shop, corner\",income,I,700\nc-3,short\n"
        )
    };
    std::fs::write(&list, lines("V")).unwrap();
    let nowhere = jidian(&import);
    assert!(text(&nowhere.stderr).contains("jidian bank serve"), "{}", text(&nowhere.stderr));
    Server::start(&data).stop();
    let first = jidian(&import);
    assert!(text(&first.stderr).contains("3 of 3 lines were refused"), "{}", text(&first.stderr));
    let told: Value = serde_json::from_slice(&first.stdout).unwrap();
    let reason = |place: usize| told[place]["refused"].as_str().unwrap();
    assert!(reason(0).contains("grade"), "{told}");
    assert!(reason(1).contains("insufficient_funds"), "{told}");
    assert!(reason(2).contains("fields"), "{told}");
    let server = Server::start(&data);
    let bank = server.client("central-bank");
    endow(&bank);
    for (act, body) in [
        ("issue", json!({ "amount_fen": 10_000 })),
        ("supply", json!({ "operator": 102, "amount_fen": 10_000 })),
    ] {
        let path = format!("/v1/issuance/{act}");
        assert_eq!(bank.post(act, &path, &body).unwrap().status, 200);
    }
    server.stop();
    std::fs::write(&list, lines("II").replace("c-3,short\n", "")).unwrap();
    let mended: Value = serde_json::from_str(&good(&import)).unwrap();
    assert_eq!(mended[1]["wallet"], told[1]["wallet"], "the wallet that was open stays");
    assert_eq!(serde_json::from_str::<Value>(&good(&import)).unwrap(), mended);
    let shop = mended[1]["wallet"].as_str().unwrap();
    let statement = good(&["bank", "statement", "--data", &data, "--wallet", shop, "--json"]);
    let statement: Value = serde_json::from_str(&statement).unwrap();
    assert_eq!(statement["closing_fen"], json!(700), "drawn once");
}
