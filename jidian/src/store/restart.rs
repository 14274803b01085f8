//! Going on with a bank: from the last snapshot and the records behind it, or from the whole log.
//!
//! A snapshot that can't be used costs a whole replay and nothing else; a note tells why. One that is
//! whole and of this bank proves how long the log was: if the log doesn't lead to it, the start is
//! refused.

use super::log::{Kind, LogError};
use super::snapshots::{self, Keeper, Snapshots};
use super::{BankLog, file_of};
use bank::log::{Snapshot, StorageError, Tail};
use bank::replay::{BehindError, Misfit, Replay};
use bank::{Bank, Damage, Genesis, Registration};
use core::fmt;
use crypto::Sign;
use std::path::{Path, PathBuf};
use std::time::Instant;
use wire::{DecodeError, PublicKey};

/// What somebody wants to see of the records that are repeated.
pub trait Onlooker: Clone {
    /// Takes up what was kept beside the snapshot.
    ///
    /// # Errors
    /// [`DecodeError`] if it is something else: then the whole log is repeated.
    fn restore(&mut self, kept: &[u8]) -> Result<(), DecodeError>;

    /// Repeats a record, and looks at it.
    ///
    /// # Errors
    /// Those of the replay.
    fn repeat(&mut self, replay: &mut Replay, record: &[u8]) -> Result<(), Damage>;
}

/// Looks at nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Onlooker for Unwatched {
    fn restore(&mut self, _: &[u8]) -> Result<(), DecodeError> {
        Ok(())
    }

    fn repeat(&mut self, replay: &mut Replay, record: &[u8]) -> Result<(), Damage> {
        replay.step(record)
    }
}

/// A bank that goes on.
pub struct Restarted<S, W> {
    /// The bank on its log.
    pub bank: Bank<BankLog, S>,
    /// What was seen.
    pub watch: W,
    /// Where its snapshots go from here on.
    pub keeper: Keeper,
    /// How the start went.
    pub start: Start,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// How a start went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The batch behind which the snapshot was taken; `None` without one.
    pub behind: Option<u64>,
    /// Batches that were repeated.
    pub repeated: u64,
    /// How long all of it took.
    pub milliseconds: u128,
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { behind, repeated, milliseconds } = self;
        match behind {
            Some(batch) => write!(
                f,
                "went on from a snapshot behind batch {batch}, repeated {repeated} batches in \
                 {milliseconds} ms"
            ),
            None => write!(f, "repeated all {repeated} batches in {milliseconds} ms"),
        }
    }
}

/// Why a bank can't go on: which file, and what to do.
#[derive(Debug)]
pub struct RestartError(String);

impl fmt::Display for RestartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for RestartError {}

impl From<LogError> for RestartError {
    fn from(error: LogError) -> Self {
        Self(error.to_string())
    }
}

/// The directory of a bank, its keys, and who looks on.
struct Restart<'a, S, W> {
    log: PathBuf,
    snapshots: Snapshots,
    authority: &'a PublicKey,
    signer: &'a S,
    watch: &'a W,
}

/// A bank with what was seen.
type Gone<S, W> = (Bank<BankLog, S>, W);

/// What is to be done if a snapshot doesn't lead on.
enum Turn {
    /// Repeat the whole log; the snapshot can't be used for this reason.
    Repeat(String),
    /// Don't start.
    Refuse(RestartError),
}

impl<E: Into<RestartError>> From<E> for Turn {
    fn from(error: E) -> Self {
        Self::Refuse(error.into())
    }
}

/// Goes on with the bank whose log a directory holds. `authority` is the authentication centre that is
/// trusted, and `signer` the registration centre's key.
///
/// # Errors
/// [`RestartError`] names the file and the place that is damaged, or the record that is missing.
pub fn restart<S: Sign + Clone, W: Onlooker>(
    directory: &Path,
    authority: &PublicKey,
    signer: &S,
    watch: &W,
) -> Result<Restarted<S, W>, RestartError> {
    let begin = Instant::now();
    let (log, snapshots) = (directory.join(file_of(Kind::Bank)), Snapshots::of(directory));
    let restart = Restart { log, snapshots, authority, signer, watch };
    restart.snapshots.clear_unfinished();
    let mut notes = Vec::new();
    let mut keeper = Keeper::new(restart.snapshots.clone());
    let (mut gone, mut behind) = (None, None);
    match restart.last_snapshot() {
        Ok(None) => {}
        Ok(Some(snapshot)) => match restart.behind(&snapshot) {
            Ok(found) => {
                (gone, behind) = (Some(found), snapshot.batch());
                keeper.has(&snapshot);
            }
            Err(Turn::Repeat(reason)) => notes.push(restart.unused(&reason)),
            Err(Turn::Refuse(error)) => return Err(error),
        },
        Err(unusable) => notes.push(restart.unused(&unusable)),
    }
    let (bank, watch) = match gone {
        Some(gone) => gone,
        None => restart.whole()?,
    };
    notes.extend(tail_note(&restart.log, bank.log().tail()));
    let repeated = bank.registration().last_batch() - behind.unwrap_or(0);
    let start = Start { behind, repeated, milliseconds: begin.elapsed().as_millis() };
    Ok(Restarted { bank, watch, keeper, start, notes })
}

impl<S: Sign + Clone, W: Onlooker> Restart<'_, S, W> {
    fn last_snapshot(&self) -> Result<Option<Snapshot>, snapshots::Unusable> {
        self.snapshots.last()
    }

    fn unused(&self, reason: &dyn fmt::Display) -> String {
        let path = self.snapshots.path();
        format!("{}: {reason}; the whole log was repeated in its place", path.display())
    }

    fn behind(&self, snapshot: &Snapshot) -> Result<Gone<S, W>, Turn> {
        let log = match BankLog::open_behind(&self.log, snapshot) {
            Ok(log) => log,
            Err(error) => return Err(self.judge(snapshot, error)),
        };
        let mut records = BankLog::records_behind(&self.log, snapshot.place)?;
        let mut watch = self.watch.clone();
        if let Err(error) = watch.restore(&snapshot.kept) {
            return Err(Turn::Repeat(Misfit::Kept(error).to_string()));
        }
        let keys = (self.signer.clone(), log);
        let step = |replay: &mut Replay, record: &[u8]| watch.repeat(replay, record);
        let bank = Bank::recover_behind(snapshot, &mut records, self.authority, keys, step);
        if let Some(failure) = records.failure() {
            return Err(Turn::Refuse(self.wrong(failure)));
        }
        match bank {
            Ok(bank) => Ok((bank, watch)),
            Err(BehindError::Snapshot(misfit)) => Err(Turn::Repeat(misfit.to_string())),
            Err(error @ (BehindError::Log(_) | BehindError::Unreadable(_))) => {
                Err(Turn::Refuse(self.wrong(&error)))
            }
        }
    }

    /// The log doesn't lead to the snapshot: whose fault is it?
    fn judge(&self, snapshot: &Snapshot, error: LogError) -> Turn {
        let leads_elsewhere = matches!(
            error.error,
            StorageError::EndsBefore { .. } | StorageError::OtherHistory { .. }
        );
        if !leads_elsewhere {
            return Turn::Refuse(error.into());
        };
        let ours = BankLog::records_of(&self.log).ok().and_then(|mut records| records.next());
        let ours = ours.and_then(|record| Genesis::from_record(&record).ok());
        let ours = ours.map(|genesis| crypto::digest(&genesis));
        match (ours, Registration::genesis_of_snapshot(&snapshot.state)) {
            (Some(ours), Some(other)) if ours != other => {
                Turn::Repeat("it is another bank's".to_owned())
            }
            _ => Turn::Refuse(RestartError(format!(
                "{error}. {} is whole, so acknowledged batches are missing: restore {} from a copy \
                 that holds batch {}. If there is none, remove the snapshot: the bank then goes on \
                 without these batches",
                self.snapshots.path().display(),
                file_of(Kind::Bank),
                snapshot.batch().unwrap_or(0),
            ))),
        }
    }

    fn whole(&self) -> Result<Gone<S, W>, RestartError> {
        let log = BankLog::open(&self.log)?;
        let mut records = BankLog::records_of(&self.log)?;
        let mut watch = self.watch.clone();
        let keys = (self.signer.clone(), log);
        let step = |replay: &mut Replay, record: &[u8]| watch.repeat(replay, record);
        let bank = Bank::recover_by(&mut records, self.authority, keys, step);
        if let Some(failure) = records.failure() {
            return Err(self.wrong(failure));
        }
        let bank = bank.map_err(|damage| self.wrong(&damage))?;
        Ok((bank, watch))
    }

    fn wrong(&self, error: &dyn fmt::Display) -> RestartError {
        RestartError(format!("{}: {error}", self.log.display()))
    }
}

/// A note on an append that was never finished.
fn tail_note(path: &Path, tail: Tail) -> Option<String> {
    let Tail::Unfinished { offset, bytes } = tail else { return None };
    let path = path.display();
    Some(format!("{path}: {bytes} bytes from byte {offset} on were never finished; dropped"))
}

#[cfg(test)]
mod tests {
    use super::super::snapshots::{Every, FILE, NEW_FILE};
    use super::*;
    use bank::registration::Chain;
    use quantity::Duration;
    use simulation::bank_faults::{KeyedDigest, KeyedDigestVerifier, Load};

    /// A folder of this test; removed when it goes out of scope.
    struct Scratch(PathBuf);

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    impl Scratch {
        fn new(name: &str) -> Self {
            let name = format!("jidian-restart-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn log(&self) -> PathBuf {
            self.0.join(file_of(Kind::Bank))
        }

        fn found(&self, load: &Load) -> Bank<BankLog, KeyedDigest> {
            let log = BankLog::create(&self.log()).unwrap();
            let signer = Load::registration_key();
            let mut bank = Bank::found(load.genesis(), signer, log, &KeyedDigestVerifier).unwrap();
            for batch in load.founding() {
                let at = load.genesis().at;
                bank.submit(at, batch.clone(), &KeyedDigestVerifier).unwrap();
            }
            bank
        }

        fn restart(&self, load: &Load) -> Result<Restarted<KeyedDigest, Unwatched>, RestartError> {
            restart(&self.0, load.authority(), &Load::registration_key(), &Unwatched)
        }

        fn keep(&self, bank: &Bank<BankLog, KeyedDigest>) -> Snapshot {
            let snapshot = Snapshot::of(bank.log().stored(), bank.registration().to_snapshot());
            Snapshots::of(&self.0).keep(&snapshot).unwrap();
            snapshot
        }
    }

    fn pay(bank: &mut Bank<BankLog, KeyedDigest>, load: &Load, batches: usize) {
        for _ in 0..batches {
            let chain = bank.registration().chain(load.payer()).unwrap_or(Chain::START);
            let at = bank.registration().last_at() + Duration::from_milliseconds(1);
            let orders = load.orders(chain, at, 5);
            bank.submit(at, orders, &KeyedDigestVerifier).unwrap();
        }
    }

    /// A bank of 20 batches of payments with a snapshot behind the 12th.
    fn lived(name: &str) -> (Scratch, Load, wire::Digest) {
        let (scratch, load) = (Scratch::new(name), Load::new());
        let mut bank = scratch.found(&load);
        pay(&mut bank, &load, 12);
        scratch.keep(&bank);
        pay(&mut bank, &load, 8);
        let digest = bank.registration().state_digest();
        (scratch, load, digest)
    }

    #[test]
    fn with_and_without_a_snapshot_the_state_and_old_receipts_are_the_same() {
        let (scratch, load, digest) = lived("same");
        let chain = Chain { sequence: 0, last: wire::Digest::default() };
        let oldest = load.orders(chain, load.genesis().at + Duration::from_milliseconds(1), 5);
        let oldest = oldest.last().unwrap().digest();
        let founded = load.founding().len() as u64;
        let mut told = Vec::new();
        for behind in [Some(founded + 12), None] {
            let Restarted { bank, start, notes, .. } = scratch.restart(&load).unwrap();
            let repeated = founded + 20 - behind.unwrap_or(0);
            assert_eq!((start.behind, start.repeated, notes), (behind, repeated, Vec::new()));
            assert_eq!(bank.registration().state_digest(), digest);
            told.push((
                bank.registration().receipt(oldest),
                bank.registration().last_root().cloned(),
            ));
            drop(bank);
            let _ = std::fs::remove_file(scratch.0.join(FILE));
        }
        assert!(told[0].0.is_some() && told[0] == told[1]);
    }

    #[test]
    fn what_died_before_its_rename_is_of_no_account() {
        let (scratch, load, digest) = lived("new");
        let whole = std::fs::read(scratch.0.join(FILE)).unwrap();
        for length in [0, 1, whole.len() / 2, whole.len()] {
            std::fs::write(scratch.0.join(NEW_FILE), &whole[..length]).unwrap();
            let Restarted { bank, start, notes, .. } = scratch.restart(&load).unwrap();
            assert!(start.behind.is_some() && notes.is_empty(), "{length} bytes: {notes:?}");
            assert_eq!(bank.registration().state_digest(), digest);
            assert!(!scratch.0.join(NEW_FILE).exists());
        }
    }

    /// A bit that flips anywhere costs a whole replay, and is told.
    #[test]
    fn a_damaged_snapshot_is_told_and_costs_a_whole_replay() {
        let (scratch, load, digest) = lived("flip");
        let whole = std::fs::read(scratch.0.join(FILE)).unwrap();
        let mut damaged: Vec<Vec<u8>> = Vec::new();
        for place in (0..whole.len()).step_by(whole.len() / 40) {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            damaged.push(bytes);
            damaged.push(whole[..place].to_vec());
        }
        for bytes in damaged {
            std::fs::write(scratch.0.join(FILE), bytes).unwrap();
            let Restarted { bank, start, notes, .. } = scratch.restart(&load).unwrap();
            assert_eq!((start.behind, notes.len()), (None, 1), "{notes:?}");
            assert!(notes[0].contains(FILE) && notes[0].contains("the whole log was repeated"));
            assert_eq!(bank.registration().state_digest(), digest);
        }
    }

    #[test]
    fn a_log_that_lost_its_end_or_has_another_past_is_refused_and_stays_as_it_was() {
        let (scratch, load, _) = lived("short");
        let whole = std::fs::read(scratch.log()).unwrap();
        let snapshot = Snapshots::of(&scratch.0).last().unwrap().unwrap();
        let place = usize::try_from(snapshot.place.offset).unwrap();
        let last = usize::try_from(snapshot.place.last).unwrap();
        let mut flipped = whole[..place].to_vec();
        flipped[place - 1] ^= 1;
        // Lost at the end, torn in the last record, room in its place, and a flipped bit in it.
        let zeros = [&whole[..last], &[0; 4096]].concat();
        for log in [whole[..last].to_vec(), whole[..place - 1].to_vec(), zeros, flipped] {
            std::fs::write(scratch.log(), &log).unwrap();
            let told = scratch.restart(&load).err().unwrap().to_string();
            assert!(told.contains("acknowledged batches are missing"), "{told}");
            assert!(told.contains("bank.log") && told.contains(FILE), "{told}");
            assert_eq!(std::fs::read(scratch.log()).unwrap(), log);
        }
        // Whoever gives them up goes on without them.
        std::fs::write(scratch.log(), &whole[..last]).unwrap();
        std::fs::remove_file(scratch.0.join(FILE)).unwrap();
        assert!(scratch.restart(&load).is_ok());
        // What is torn behind the snapshot was never acknowledged, as ever.
        std::fs::write(scratch.log(), &whole[..place + 3]).unwrap();
        Snapshots::of(&scratch.0).keep(&snapshot).unwrap();
        let Restarted { start, notes, .. } = scratch.restart(&load).unwrap();
        assert_eq!((start.behind, start.repeated), (snapshot.batch(), 0));
        assert!(notes[0].contains("3 bytes from byte"), "{notes:?}");
    }

    #[test]
    fn another_bank_s_snapshot_is_told_and_costs_a_whole_replay() {
        let (scratch, load, digest) = lived("foreign");
        let ours = Snapshots::of(&scratch.0).last().unwrap().unwrap();
        // Of a bank with another genesis, at places that this log has and hasn't.
        let mut foreign = ours.clone();
        foreign.state["JIDIAN-STATE-3".len()] ^= 1;
        foreign.place.chain.0[0] ^= 1;
        let mut longer = foreign.clone();
        longer.place.offset += 1 << 30;
        // Of this log by its place, and yet not its state.
        let misfit = Snapshot { state: foreign.state.clone(), ..ours };
        for (snapshot, reason) in
            [(foreign, "another bank's"), (longer, "another bank's"), (misfit, "field 'genesis'")]
        {
            Snapshots::of(&scratch.0).keep(&snapshot).unwrap();
            let Restarted { bank, start, notes, .. } = scratch.restart(&load).unwrap();
            assert!(start.behind.is_none() && notes[0].contains(reason), "{notes:?}");
            assert_eq!(bank.registration().state_digest(), digest);
        }
    }

    #[test]
    fn one_is_taken_when_it_is_due_and_a_full_disk_stops_nobody() {
        let (scratch, load) = (Scratch::new("due"), Load::new());
        let mut bank = scratch.found(&load);
        let every = Every { bytes: u64::MAX, records: 4 };
        let mut keeper = Keeper::new(Snapshots::of(&scratch.0)).every(every);
        let mut due = Vec::new();
        for _ in 0..10 {
            pay(&mut bank, &load, 1);
            keeper.finish();
            let log = bank.log().stored();
            due.push(keeper.is_due(log.place()));
            if keeper.is_due(log.place()) {
                keeper.take(Snapshot::of(log, bank.registration().to_snapshot()));
            }
        }
        keeper.finish();
        assert!(due.iter().filter(|due| **due).count() >= 2 && due.contains(&false), "{due:?}");
        assert!(keeper.is_behind(bank.log().stored().place()) != *due.last().unwrap());
        assert!(Snapshots::of(&scratch.0).last().unwrap().is_some());
        // By length: not before the log has grown by as much as the last one is long.
        let keeper = keeper.every(Every { bytes: 1, records: u64::MAX });
        assert!(!keeper.is_due(bank.log().stored().place()));
        // Where nothing can be written the bank goes on.
        let mut keeper = Keeper::new(Snapshots::of(Path::new("/nowhere"))).every(every);
        keeper.take(Snapshot::of(bank.log().stored(), Vec::new()));
        keeper.finish();
        let next = bank.registration().last_batch() + 1;
        assert!(bank.log().records() == next);
        pay(&mut bank, &load, 1);
    }
}
