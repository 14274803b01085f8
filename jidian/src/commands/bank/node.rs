//! `jidian bank node`: one ledger node.

use super::snapshots::SnapshotOptions;
use crate::cluster::data::NodeDirectory;
use crate::cluster::engine::{self, Engine, Settings};
use crate::cluster::stream::{FirstStart, Plan};
use crate::cluster::{network, synced};
use crate::commands::Failure;
use bank::cluster::node::{Identity, Timing};
use bank::cluster::{Address, NodeName};
use clap::Args;
use crypto::Sm2Verifier;
use quantity::Duration;
use std::path::PathBuf;

pub(super) const EXAMPLE: &str = "\
Example, the first of three nodes, with three NATS servers on one machine:
  jidian bank init --data n1 --seed 7
  jidian bank node --data n1 --name n1 --peers n2,n3 --listen 127.0.0.1:7401 \\
    --nats nats://127.0.0.1:4221,nats://127.0.0.1:4222,nats://127.0.0.1:4223 \\
    --monitor 127.0.0.1:8221,127.0.0.1:8222,127.0.0.1:8223 --first-start

docs/bank-cluster.md tells how to start, stop, repair and re-seed a cluster.";

#[derive(Args, Clone, Debug)]
pub(in crate::commands) struct Node {
    /// Data directory, as `jidian bank init` or `jidian bank reseed` made it.
    #[arg(long)]
    data: PathBuf,
    /// Name of this node.
    #[arg(long)]
    name: NodeName,
    /// Names of the other nodes; always all of them, for they decide what a majority is.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<NodeName>,
    /// The NATS servers.
    #[arg(long, value_delimiter = ',', required = true)]
    nats: Vec<String>,
    /// Their monitoring pages, HOST:PORT each: there it is seen whether they sync.
    #[arg(long, value_delimiter = ',', required = true)]
    monitor: Vec<String>,
    /// Where clients come in.
    #[arg(long)]
    listen: String,
    /// Copies that the stream must have.
    #[arg(long, default_value_t = 3)]
    replicas: usize,
    /// Most operations of one record.
    #[arg(long, default_value_t = 4000)]
    batch: usize,
    /// Records that may wait to be final.
    #[arg(long, default_value_t = 6)]
    window: u64,
    /// Compare a digest of the whole state with the other nodes each so many records; 0: never.
    #[arg(long, default_value_t = 1000)]
    state_every: u64,
    #[command(flatten)]
    snapshots: SnapshotOptions,
    /// Let this node's empty log join a stream that holds records.
    #[arg(long)]
    first_start: bool,
}

pub(super) fn run(arguments: &Node) -> Result<(), Failure> {
    synced::check(&arguments.monitor)?;
    let who = identity(arguments)?;
    let directory = NodeDirectory::open(&arguments.data)?;
    let loaded = directory.load()?;
    println!("start: {}", loaded.start);
    let plan = Plan {
        servers: arguments.nats.clone(),
        replicas: arguments.replicas,
        manifest: directory.manifest().clone(),
        log_end: loaded.last_record(),
        first_start: if arguments.first_start { FirstStart::Yes } else { FirstStart::No },
    };
    let end = crate::commands::run::stop_on_signal()?;
    let Some(running) = network::start(plan, Some(arguments.listen.clone()), &end)? else {
        return Ok(());
    };
    network::watch_servers(arguments.monitor.clone(), running.events.clone());
    let settings = Settings {
        who,
        others: arguments.peers.clone(),
        operations_max: arguments.batch,
        bytes_max: engine::bytes_max(running.payload_bytes_max, arguments.batch),
        state_every: arguments.state_every,
        snapshots: arguments.snapshots.every(),
    };
    println!("{}", directory.describe(&settings.who));
    let mut engine = Engine::open(settings, (directory, loaded), Sm2Verifier, running.orders)?;
    println!("listening on {}", arguments.listen);
    engine.run(&running.inbox, &end)?;
    Ok(())
}

/// Each node waits another time before it claims to write: the first by name claims first.
fn identity(arguments: &Node) -> Result<Identity, Failure> {
    let ms = Duration::from_milliseconds;
    let before = arguments.peers.iter().filter(|peer| **peer < arguments.name).count();
    if arguments.peers.contains(&arguments.name) {
        return Err(Failure::at("--peers", "name the other nodes only"));
    }
    let address = Address::new(&arguments.listen);
    let address = address.ok_or_else(|| Failure::at("--listen", "longer than 64 bytes"))?;
    let step = i64::try_from(before).unwrap_or(0);
    let timing = Timing {
        heartbeat: ms(200),
        silence: ms(1500 + 500 * step),
        answer: ms(1000),
        behind: ms(30_000),
    };
    Ok(Identity { name: arguments.name, address, timing, window: arguments.window })
}
