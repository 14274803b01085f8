//! Three ledger nodes over the simulated stream. Messages get lost, doubled and late, and every few
//! batches the node that writes dies, another one takes over, and the dead one comes back.

use super::world::{Faults, NODES, Replica as State, World};
use crate::common::{Engine, Replica, Replicas, Suite};
use bank::cluster::ledger::{Ledger, Proofs};
use bank::cluster::node::RoleName;
use bank::cluster::{Envelope, Kind};
use bank::{Answer, Genesis, Operation, Registration};
use quantity::Instant;
use wire::identity::PublicKey;

/// Batches that one node writes.
const BATCHES_OF_A_WRITER: u64 = 7;
/// Longest that anything here may take.
const PATIENCE_MS: u64 = 60_000;
const FAULTS: Faults =
    Faults { loss: 80, doubling: 80, delay_ms_max: 20, crash: 0, revive: 0, cut: 0 };

/// The registration centre's state on one node.
struct OnNode {
    authority: PublicKey,
    /// It is there between steps.
    ledger: Option<Ledger>,
}

impl OnNode {
    fn ledger(&self) -> &Ledger {
        self.ledger.as_ref().unwrap()
    }
}

impl State for OnNode {
    fn rebuild<'e>(&mut self, log: impl Iterator<Item = &'e Envelope>) -> Result<(), String> {
        let mut log = log;
        let genesis = log.next().ok_or("an empty log")?;
        let ledger = Ledger::begin(genesis, &self.authority).map_err(|error| error.to_string())?;
        self.ledger = Some(ledger);
        log.try_for_each(|envelope| self.repeat(envelope))
    }

    fn repeat(&mut self, envelope: &Envelope) -> Result<(), String> {
        let ledger = self.ledger.as_mut().unwrap();
        if ledger.is_writer() {
            return Ok(());
        }
        match ledger.decode(envelope).map_err(|damage| damage.to_string())? {
            Some(record) => ledger.repeat(record).map_err(|damage| damage.to_string()),
            None => Ok(()),
        }
    }

    fn lead(&mut self) -> Result<(), String> {
        let led = self.ledger.take().unwrap().lead().map_err(|damage| damage.to_string())?;
        self.ledger = Some(led);
        Ok(())
    }
}

/// See the module.
pub struct Cluster<S: Suite> {
    world: World<OnNode>,
    key: S::Key,
    /// The node that answered last.
    writer: usize,
    batches: u64,
}

impl<S: Suite> Cluster<S> {
    pub fn found(genesis: &Genesis, key: &S::Key) -> Self {
        let authority = genesis.authentication.body.public_key;
        genesis.check(&authority, &S::verifier()).unwrap();
        let first = Envelope::genesis(&genesis.to_record());
        let on_node = || OnNode { authority, ledger: None };
        let world = World::new(7, FAULTS, &first, on_node);
        let mut cluster = Self { world, key: key.clone(), writer: 0, batches: 0 };
        cluster.wait_for_a_writer();
        cluster
    }

    /// Lets things happen until this is so.
    fn run_until(&mut self, what: &str, is_so: impl Fn(&World<OnNode>) -> bool) {
        let end_ms = self.world.now_ms + PATIENCE_MS;
        while !is_so(&self.world) {
            assert!(self.world.now_ms < end_ms, "waiting for {what}");
            self.world.step(end_ms);
            self.world.news.clear();
        }
    }

    fn wait_for_a_writer(&mut self) {
        let writing = |world: &World<OnNode>| (0..NODES).find(|node| world.may_submit(*node));
        self.run_until("a writer", |world| writing(world).is_some());
        self.writer = writing(&self.world).unwrap();
    }

    fn wait_for_final(&mut self, number: u64) {
        let writer = self.writer;
        self.run_until("a final record", |world| {
            let node = world.machines[writer].node.as_ref().unwrap();
            assert_eq!(node.role(), RoleName::Writer, "nobody else writes meanwhile");
            node.last_final() >= number
        });
    }

    /// Until all logs are the stream.
    fn catch_up(&mut self) {
        let has_all = |world: &World<OnNode>, log: &[Envelope]| log[1..] == world.stream[..];
        self.run_until("the others", |world| {
            world.machines.iter().all(|machine| has_all(world, &machine.log))
        });
    }

    /// The writer dies; another node takes over, and the dead one follows it.
    fn change_writer(&mut self) {
        let before = self.writer;
        self.world.crash(before);
        self.wait_for_a_writer();
        assert_ne!(self.writer, before);
        self.world.revive(before);
        self.catch_up();
    }
}

impl<S: Suite> Engine<S> for Cluster<S> {
    const NAME: &'static str = "three nodes";

    fn submit(&mut self, now: Instant, operations: Vec<Operation>) -> Vec<Answer> {
        self.batches += 1;
        if self.batches.is_multiple_of(BATCHES_OF_A_WRITER) {
            self.change_writer();
        }
        let ledger = self.world.machines[self.writer].replica.ledger.as_mut().unwrap();
        let authenticate =
            |operation| ledger.registration().authenticate(operation, &S::verifier());
        let batch: Vec<_> = operations.into_iter().map(authenticate).collect();
        let written = ledger.write(now, &batch, Proofs::Wanted, &self.key);
        assert_eq!(written.old, [], "no table is so long that a receipt leaves the memory");
        if let Some(record) = written.record {
            let number = self.world.submit(self.writer, &record);
            self.wait_for_final(number);
        }
        written.answers
    }

    fn registration(&self) -> &Registration {
        self.world.machines[self.writer].replica.ledger().registration()
    }
}

impl<S: Suite> Replicas<S> for Cluster<S> {
    fn replicas(&mut self) -> Vec<Replica> {
        self.catch_up();
        let epochs = self.world.stream.last().map_or(0, Envelope::epoch);
        assert!(epochs > 1, "the writer has changed");
        let replica = |machine: &super::world::Machine<OnNode>| Replica {
            state: machine.replica.ledger().state_digest(),
            records: machine
                .log
                .iter()
                .filter(|envelope| envelope.kind() != Kind::Claim)
                .map(|envelope| envelope.body().to_vec())
                .collect(),
        };
        self.world.machines.iter().map(replica).collect()
    }
}
