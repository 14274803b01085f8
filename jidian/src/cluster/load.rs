//! Reading a node's log and taking up its state: behind the last snapshot, if there is one that fits.

use super::log::{NodeLog, NodeLogError, payloads_behind};
use crate::store::log::LogError;
use crate::store::restart::Start;
use crate::store::snapshots::{Keeper, Snapshots};
use bank::cluster::ledger::Ledger;
use bank::cluster::{Envelope, Tip, kept};
use bank::log::{Snapshot, StorageError};
use bank::replay::{BehindError, Misfit};
use bank::{Genesis, Registration};
use std::collections::VecDeque;
use std::path::Path;
use std::time::Instant;
use wire::identity::PublicKey;

/// Ends of the chain that a node starts with, to compare them with those of others.
pub(super) const TIPS_KEPT: usize = 8192;

/// What came of reading a log.
pub struct Loaded {
    pub(super) log: NodeLog,
    pub(super) ledger: Ledger,
    pub(super) tips: VecDeque<Tip>,
    /// Where snapshots go from here on.
    pub(super) keeper: Keeper,
    /// How it went.
    pub start: Start,
}

impl Loaded {
    /// Number of the log's last record.
    #[must_use]
    pub fn last_record(&self) -> u64 {
        self.tips.back().map_or(0, |tip| tip.number)
    }
}

/// Why a snapshot doesn't lead on.
enum Turn {
    /// Repeat the whole log, for this reason.
    Repeat(String),
    /// Don't start.
    Refuse(String),
}

impl From<NodeLogError> for Turn {
    fn from(error: NodeLogError) -> Self {
        Self::Refuse(error.to_string())
    }
}

/// A log that was read, the state that it leads to, and its last ends.
type Read = (NodeLog, Ledger, VecDeque<Tip>);

/// A node's log and the state that it leads to.
///
/// # Errors
/// Says which record is damaged or missing, and what to do.
pub fn load(directory: &Path, authority: &PublicKey) -> Result<Loaded, String> {
    let begin = Instant::now();
    let snapshots = Snapshots::of(directory);
    snapshots.clear_unfinished();
    let mut keeper = Keeper::new(snapshots.clone());
    let unused = |reason: &dyn core::fmt::Display| {
        let path = snapshots.path();
        eprintln!("note: {}: {reason}; the whole log is repeated in its place", path.display());
    };
    let (mut read, mut behind) = (None, 0);
    match snapshots.last() {
        Ok(None) => {}
        Ok(Some(snapshot)) => match read_behind(directory, authority, &snapshot) {
            Ok((found, batch)) => {
                keeper.has(&snapshot);
                (read, behind) = (Some(found), batch);
            }
            Err(Turn::Repeat(reason)) => unused(&reason),
            Err(Turn::Refuse(reason)) => return Err(reason),
        },
        Err(unusable) => unused(&unusable),
    }
    let from_snapshot = read.is_some();
    let (log, ledger, tips) = match read {
        Some(read) => read,
        None => read_all(directory, authority)?,
    };
    let start = Start {
        behind: from_snapshot.then_some(behind),
        repeated: ledger.registration().last_batch() - behind,
        milliseconds: begin.elapsed().as_millis(),
    };
    Ok(Loaded { log, ledger, tips, keeper, start })
}

fn read_all(directory: &Path, authority: &PublicKey) -> Result<Read, String> {
    let mut ledger: Option<Ledger> = None;
    let mut tips = VecDeque::new();
    let (log, _) = NodeLog::open(directory, |envelope| {
        push(&mut tips, Tip::of(&envelope));
        let Some(ledger) = &mut ledger else {
            let begun = Ledger::begin(&envelope, authority).map_err(|damage| damage.to_string())?;
            ledger = Some(begun);
            return Ok(());
        };
        repeat(ledger, &envelope)
    })
    .map_err(|error| error.to_string())?;
    let ledger = ledger.expect("an open log has a genesis");
    Ok((log, ledger, tips))
}

/// Goes on behind a snapshot; tells the batch behind which it was taken.
fn read_behind(
    directory: &Path,
    authority: &PublicKey,
    snapshot: &Snapshot,
) -> Result<(Read, u64), Turn> {
    let misfit = |misfit: Misfit| Turn::Repeat(misfit.to_string());
    let tips = kept::from_bytes(&snapshot.kept).map_err(Misfit::Kept).map_err(misfit)?;
    let last = *tips.last().expect("there is an end");
    let (mut log, _) = match NodeLog::open_behind(directory, (snapshot, last), |_| Ok(())) {
        Ok(opened) => opened,
        Err(error) => return Err(judge(directory, snapshot, error)),
    };
    if snapshot.place.records.checked_sub(1) != Some(last.number)
        || Tip::of(&log.read(last.number)?) != last
    {
        return Err(Turn::Repeat("it keeps another end of the chain than the log's".to_owned()));
    }
    let genesis = log.read(0)?;
    let batch = log.batch_up_to(last.number)?.ok_or_else(|| misfit(Misfit::NoBatch))?;
    let ledger = Ledger::behind(&genesis, authority, (&snapshot.state, &batch));
    let mut ledger = ledger.map_err(|error| match error {
        BehindError::Snapshot(reason) => misfit(reason),
        BehindError::Log(_) | BehindError::Unreadable(_) => Turn::Refuse(error.to_string()),
    })?;
    let batch = ledger.registration().last_batch();
    let mut tips = VecDeque::from(tips);
    repeat_behind(directory, snapshot, (&mut ledger, &mut tips)).map_err(Turn::Refuse)?;
    Ok(((log, ledger, tips), batch))
}

/// Repeats what stands behind a snapshot; that its links hold was seen when the log was opened.
fn repeat_behind(
    directory: &Path,
    snapshot: &Snapshot,
    (ledger, tips): (&mut Ledger, &mut VecDeque<Tip>),
) -> Result<(), String> {
    let records = payloads_behind(directory, snapshot.place).map_err(|error| error.to_string())?;
    for (payload, number) in records.zip(snapshot.place.records..) {
        let wrong = |fault: String| format!("{}: record {number}: {fault}", super::log::FILE);
        let envelope = Envelope::parse(payload.into());
        let envelope = envelope.map_err(|error| wrong(error.to_string()))?;
        push(tips, Tip::of(&envelope));
        repeat(ledger, &envelope).map_err(wrong)?;
    }
    Ok(())
}

/// The log can't be opened behind the snapshot: whose fault is it?
fn judge(directory: &Path, snapshot: &Snapshot, error: NodeLogError) -> Turn {
    match &error {
        NodeLogError::File(LogError {
            error: StorageError::EndsBefore { .. } | StorageError::OtherHistory { .. },
            ..
        }) => {}
        // If it isn't the end that was kept which is wrong, the whole log says so too.
        NodeLogError::Record { fault, .. } => return Turn::Repeat(fault.clone()),
        NodeLogError::File(_) | NodeLogError::Empty(_) => return error.into(),
    }
    let ours =
        super::log::first(directory).and_then(|first| Genesis::from_record(first.body()).ok());
    let ours = ours.map(|genesis| crypto::digest(&genesis));
    match (ours, Registration::genesis_of_snapshot(&snapshot.state)) {
        (Some(ours), Some(other)) if ours != other => {
            Turn::Repeat("it is another bank's".to_owned())
        }
        _ => Turn::Refuse(format!(
            "{error}. The snapshot is whole, so records that this node has confirmed are missing: \
             re-seed this node from the other nodes' logs"
        )),
    }
}

/// Keeps the last ends.
pub(super) fn push(tips: &mut VecDeque<Tip>, tip: Tip) {
    tips.push_back(tip);
    if tips.len() > TIPS_KEPT {
        tips.pop_front();
    }
}

fn repeat(ledger: &mut Ledger, envelope: &Envelope) -> Result<(), String> {
    match ledger.decode(envelope).map_err(|damage| damage.to_string())? {
        Some(record) => ledger.repeat(record).map_err(|damage| damage.to_string()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::log::FILE as LOG;
    use crate::store::snapshots::FILE;
    use bank::cluster::NodeName;
    use bank::cluster::ledger::Proofs;
    use bank::registration::{Authenticated, Chain};
    use bank::{Operation, record::Record};
    use quantity::Duration;
    use simulation::bank_faults::{KeyedDigestVerifier, Load};
    use std::path::PathBuf;

    /// A node's log with its state; the folder is removed when it goes out of scope.
    struct Lived {
        folder: PathBuf,
        load: Load,
        name: NodeName,
        log: NodeLog,
        ledger: Ledger,
        tips: VecDeque<Tip>,
    }

    impl Drop for Lived {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    impl Lived {
        /// A claim and the founding batches.
        fn new(name: &str) -> Self {
            let folder = format!("jidian-load-{}-{name}", std::process::id());
            let folder = std::env::temp_dir().join(folder);
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            let load = Load::new();
            let genesis = Envelope::genesis(&load.genesis().to_record());
            NodeLog::create(&folder, [&genesis]).unwrap();
            let (log, tip) = NodeLog::open(&folder, |_| Ok(())).unwrap();
            let ledger = Ledger::begin(&genesis, load.authority()).unwrap().lead().unwrap();
            let (name, tips) = ("n1".parse().unwrap(), VecDeque::from([tip]));
            let mut lived = Self { folder, load, name, log, ledger, tips };
            lived.claim();
            for batch in lived.load.founding().to_vec() {
                lived.write(batch);
            }
            lived
        }

        fn append(&mut self, envelope: &Envelope) {
            self.log.append(envelope).unwrap();
            push(&mut self.tips, Tip::of(envelope));
        }

        fn claim(&mut self) {
            let tip = self.tips.back().unwrap();
            let claim = Envelope::claim(tip.next_number(), tip.epoch + 1, self.name, tip.hash);
            self.append(&claim);
        }

        fn write(&mut self, batch: Vec<Operation>) {
            let at = self.ledger.registration().last_at() + Duration::from_milliseconds(1);
            let state = self.ledger.registration();
            let check = |operation| state.authenticate(operation, &KeyedDigestVerifier);
            let batch: Vec<Authenticated> = batch.into_iter().map(check).collect();
            let signer = Load::registration_key();
            let written = self.ledger.write(at, &batch, Proofs::Unwanted, &signer);
            let tip = *self.tips.back().unwrap();
            let record = written.record.unwrap();
            let number = tip.next_number();
            self.append(&Envelope::batch(number, tip.epoch, self.name, tip.hash, &record));
        }

        /// Batches of payments, with a claim behind every third one.
        fn pay(&mut self, batches: u32) {
            for number in 1..=batches {
                let state = self.ledger.registration();
                let chain = state.chain(self.load.payer()).unwrap_or(Chain::START);
                let at = state.last_at() + Duration::from_milliseconds(1);
                let orders = self.load.orders(chain, at, 3);
                self.write(orders);
                if number.is_multiple_of(3) {
                    self.claim();
                }
            }
        }

        fn keep(&self) -> Snapshot {
            let state = self.ledger.registration().to_snapshot();
            let snapshot = self.log.snapshot(state).keeping(kept::to_bytes(self.tips.iter()));
            Snapshots::of(&self.folder).keep(&snapshot).unwrap();
            snapshot
        }

        fn load(&self) -> Result<Loaded, String> {
            load(&self.folder, self.load.authority())
        }
    }

    #[test]
    fn a_node_goes_on_behind_a_batch_or_a_claim_as_from_the_whole_log() {
        for batches in [1, 3, 4] {
            let mut lived = Lived::new("same");
            lived.pay(batches);
            lived.keep();
            let behind = lived.ledger.registration().last_batch();
            lived.pay(7);
            let last = lived.ledger.registration().last_batch();
            for behind in [Some(behind), None] {
                let Loaded { mut log, ledger, tips, start, .. } = lived.load().unwrap();
                assert_eq!((start.behind, start.repeated), (behind, last - behind.unwrap_or(0)));
                assert_eq!(ledger.state_digest(), lived.ledger.state_digest());
                assert_eq!(tips, lived.tips);
                // Every batch is found in the log, whatever claims stand between.
                for batch in 1..=last {
                    let record: Record =
                        log.batch(batch, tips.back().unwrap().epoch).unwrap().unwrap();
                    assert_eq!(record.root.body.batch, batch);
                }
                assert!(log.batch(last + 1, 9).unwrap().is_none());
                let _ = std::fs::remove_file(lived.folder.join(FILE));
            }
        }
    }

    #[test]
    fn what_can_t_be_used_is_repeated_and_a_lost_end_is_refused() {
        let mut lived = Lived::new("lost");
        lived.pay(4);
        let snapshot = lived.keep();
        lived.pay(2);
        let digest = lived.ledger.state_digest();
        let whole_replay = |lived: &Lived, what: &str| {
            let Loaded { ledger, start, .. } = lived.load().unwrap();
            assert_eq!((start.behind, ledger.state_digest()), (None, digest), "{what}");
        };
        let mut bytes = snapshot.to_bytes();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 2;
        std::fs::write(lived.folder.join(FILE), bytes).unwrap();
        whole_replay(&lived, "a flipped bit");
        let snapshots = Snapshots::of(&lived.folder);
        let mut other = lived.tips.clone();
        other.pop_back();
        let other = snapshot.clone().keeping(kept::to_bytes(other.iter()));
        snapshots.keep(&other).unwrap();
        whole_replay(&lived, "another end is kept");
        snapshots.keep(&snapshot.clone().keeping(Vec::new())).unwrap();
        whole_replay(&lived, "nothing is kept beside the state");
        let mut foreign = snapshot.clone();
        foreign.state["JIDIAN-STATE-3".len()] ^= 1;
        foreign.place.chain.0[0] ^= 1;
        snapshots.keep(&foreign).unwrap();
        whole_replay(&lived, "another bank's");
        snapshots.keep(&snapshot).unwrap();
        let log = lived.folder.join(LOG);
        let whole = std::fs::read(&log).unwrap();
        let last = usize::try_from(snapshot.place.last).unwrap();
        std::fs::write(&log, &whole[..last]).unwrap();
        let told = lived.load().err().unwrap();
        assert!(told.contains("cluster.log") && told.contains("re-seed this node"), "{told}");
        assert_eq!(std::fs::read(&log).unwrap(), &whole[..last]);
    }
}
