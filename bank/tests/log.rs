//! The log over a medium in memory: every cut, every flipped bit, every refusal of the medium.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test may panic")]

use bank::log::{
    Durability, LogReader, LogWriter, Medium, MediumError, Snapshot, SnapshotError, StorageError,
    StoredLog, Tail,
};
use bank::{MemoryLog, OrderedLog};
use proptest::prelude::*;

const KIND: u16 = 1;
const HEADER: usize = 32;

/// Bytes in memory, and what refuses.
#[derive(Clone, Debug, Default)]
struct Bytes {
    bytes: Vec<u8>,
    syncs: u32,
    writes: u32,
    room: Option<usize>,
}

fn refusal(reason: &str) -> MediumError {
    MediumError { reason: reason.to_owned() }
}

impl Medium for Bytes {
    fn length(&mut self) -> Result<u64, MediumError> {
        Ok(self.bytes.len() as u64)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        let start = usize::try_from(offset).unwrap();
        let found =
            self.bytes.get(start..start + buffer.len()).ok_or_else(|| refusal("the end"))?;
        buffer.copy_from_slice(found);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        self.writes += 1;
        let start = usize::try_from(offset).unwrap();
        let fits =
            self.room.map_or(bytes.len(), |room| room.saturating_sub(start).min(bytes.len()));
        let end = start + fits;
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[start..end].copy_from_slice(&bytes[..fits]);
        if fits < bytes.len() { Err(refusal("no space")) } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        self.syncs += 1;
        Ok(())
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        self.bytes.resize(usize::try_from(length).unwrap(), 0);
        Ok(())
    }
}

fn medium(bytes: &[u8]) -> Bytes {
    Bytes { bytes: bytes.to_vec(), ..Bytes::default() }
}

const RECORDS: [&[u8]; 4] = [b"the genesis", b"", b"the second batch", b"the third"];

/// The bytes of a log, and where each of its records begins.
fn written(records: &[&[u8]]) -> (Vec<u8>, Vec<usize>) {
    let mut file = Bytes::default();
    let mut log = StoredLog::create(&mut file, KIND).unwrap();
    for record in records {
        log.append_record(record).unwrap();
    }
    let offsets = log.offsets().iter().map(|offset| usize::try_from(*offset).unwrap()).collect();
    drop(log);
    (file.bytes, offsets)
}

/// What a restart makes of bytes: payloads and tail.
fn restart(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, Tail), StorageError> {
    let mut log = StoredLog::open(medium(bytes), KIND)?;
    let payloads = (0..log.place().records).map(|number| log.read_record(number));
    let payloads: Result<Vec<_>, _> = payloads.map(|found| found.map(Option::unwrap)).collect();
    Ok((payloads?, log.tail()))
}

/// What a strict reader, such as an audit, makes of bytes.
fn audit(bytes: &[u8]) -> Result<(u64, Tail), StorageError> {
    let mut reader = LogReader::open(medium(bytes), KIND)?;
    while reader.next_record()?.is_some() {}
    Ok((reader.place().records, reader.tail()))
}

#[test]
fn an_audit_finds_every_flipped_bit() {
    let (good, _) = written(&RECORDS);
    assert_eq!(audit(&good), Ok((4, Tail::Whole)));
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(audit(&bad).is_err(), "bit {bit}");
    }
}

#[test]
fn a_restart_names_every_flipped_bit_but_those_of_the_last_record() {
    let (good, offsets) = written(&RECORDS);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let found = restart(&bad);
        let record = offsets.partition_point(|offset| *offset <= bit / 8);
        let expected = match record.checked_sub(1) {
            None => Err(StorageError::NotALog),
            Some(3) => {
                let (offset, bytes) = (offsets[3] as u64, (good.len() - offsets[3]) as u64);
                let whole = RECORDS[..3].iter().map(|record| record.to_vec()).collect();
                Ok((whole, Tail::Unfinished { offset, bytes }))
            }
            Some(record) => {
                Err(StorageError::Damaged { record: record as u64, offset: offsets[record] as u64 })
            }
        };
        assert_eq!(found, expected, "bit {bit}");
    }
}

/// Whatever is left of the last append, the records before it are there, and the log goes on.
#[test]
fn a_log_cut_at_any_byte_goes_on() {
    let (good, offsets) = written(&RECORDS);
    for cut in HEADER..=good.len() {
        for behind in [&[][..], &[0; 7], &[0; 300], &[0xa5; 300]] {
            let mut bytes = good[..cut].to_vec();
            bytes.extend_from_slice(behind);
            let whole = match offsets.iter().position(|offset| *offset >= cut) {
                Some(record) if offsets[record] == cut => record,
                Some(record) => record - 1,
                None if cut == good.len() => 4,
                None => 3,
            };
            // Zeros may happen to be what was cut off; then the record is whole again.
            let (found, _) = restart(&bytes).unwrap();
            assert!(found.len() == whole || good.starts_with(&bytes), "cut at {cut}");
            let mut log = StoredLog::open(medium(&bytes), KIND).unwrap();
            log.append_record(b"goes on").unwrap();
            assert_eq!(log.read_record(found.len() as u64), Ok(Some(b"goes on".to_vec())));
            assert_eq!(log.read_record(found.len() as u64 + 1), Ok(None));
        }
    }
}

#[test]
fn room_behind_the_last_record_is_no_damage() {
    let mut bytes = written(&RECORDS).0;
    let whole = bytes.len();
    for room in [1, 7, 8, 40, 5000] {
        bytes.resize(whole + room, 0);
        assert_eq!(audit(&bytes), Ok((4, Tail::Whole)), "{room} zeros");
        assert_eq!(restart(&bytes).unwrap().1, Tail::Whole);
        // A bit in the room isn't overlooked by an audit, and is no obstacle to a restart.
        bytes[whole + room / 2] = 1;
        assert_eq!(restart(&bytes).unwrap().0.len(), 4);
        assert!(audit(&bytes).map_or(true, |found| found.1 != Tail::Whole), "{room} zeros");
        bytes[whole + room / 2] = 0;
    }
}

#[test]
fn a_log_grows_in_steps_and_gives_the_room_back() {
    let mut file = Bytes::default();
    let mut log = StoredLog::create(&mut file, KIND).unwrap().growing_by(1000);
    log.append_record(b"one").unwrap();
    let end = log.place().offset;
    drop(log);
    assert_eq!(file.bytes.len() as u64, end + 1000);
    let mut log = StoredLog::open(&mut file, KIND).unwrap().growing_by(1000);
    log.append_record(b"two").unwrap();
    log.trim().unwrap();
    let end = log.place().offset;
    drop(log);
    assert_eq!(file.bytes.len() as u64, end);
    assert_eq!(restart(&file.bytes).unwrap().0, [b"one", b"two"]);
}

#[test]
fn one_append_is_one_write_and_one_sync() {
    let mut file = Bytes::default();
    let mut log = LogWriter::create(&mut file, KIND, Durability::Synced).unwrap();
    log.append(&[7; 100_000]).unwrap();
    drop(log);
    assert_eq!((file.writes, file.syncs), (2, 2), "one of each is the header's");
}

#[test]
fn a_full_disk_takes_back_what_it_wrote_and_the_log_goes_on() {
    for room in 0..60 {
        let mut file = medium(&written(&RECORDS).0);
        let whole = file.bytes.clone();
        file.room = Some(whole.len() + room);
        let mut log = StoredLog::open(&mut file, KIND).unwrap();
        let refused = log.append_record(&[1; 100]).unwrap_err();
        assert!(matches!(refused, StorageError::Medium { doing: "appending to", .. }));
        assert!(!log.is_unsure());
        drop(log);
        assert_eq!(file.bytes, whole, "nothing is left with room for {room}");
        file.room = None;
        let mut log = StoredLog::open(&mut file, KIND).unwrap();
        log.append_record(b"goes on").unwrap();
    }
}

#[test]
fn after_a_failed_sync_nothing_is_taken_until_the_log_is_opened_anew() {
    let file = medium(&written(&RECORDS).0);
    // The first sync is that of opening; the one of the append fails, and only that one.
    let mut failing = FailsOnce { file, syncs: 0, fails_at: 2 };
    let mut log = StoredLog::open(&mut failing, KIND).unwrap();
    let refused = log.append_record(b"fourth").unwrap_err();
    assert!(matches!(refused, StorageError::Medium { doing: "syncing", .. }));
    assert!(log.is_unsure());
    for _ in 0..3 {
        assert_eq!(log.append_record(b"fourth"), Err(StorageError::Unsure));
    }
    assert_eq!(log.place().records, 4, "it isn't counted");
    assert!(log.read(2).is_ok(), "what was acknowledged can be read");
    drop(log);
    let mut log = StoredLog::open(&mut failing, KIND).unwrap();
    log.append_record(b"goes on").unwrap();
    // A write that fails and can't be taken back leaves the log as unsure as a failed sync.
    let mut file = medium(&written(&RECORDS).0);
    file.room = Some(file.bytes.len());
    let mut log = StoredLog::open(&mut file, KIND).unwrap();
    log.append_record(b"").unwrap_err();
    assert!(!log.is_unsure());
    drop(log);
    let mut stuck = FailsOnce { file, syncs: 0, fails_at: 2 };
    let mut log = StoredLog::open(&mut stuck, KIND).unwrap();
    log.append_record(b"no room").unwrap_err();
    assert_eq!(log.append_record(b""), Err(StorageError::Unsure));
}

/// A medium one of whose syncs fails.
struct FailsOnce {
    file: Bytes,
    syncs: u32,
    fails_at: u32,
}

impl Medium for FailsOnce {
    fn length(&mut self) -> Result<u64, MediumError> {
        self.file.length()
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        self.file.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        self.file.write_at(offset, bytes)
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        self.syncs += 1;
        if self.syncs == self.fails_at { Err(refusal("input/output error")) } else { Ok(()) }
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        self.file.set_length(length)
    }
}

/// The last record may be in the memory of the operating system only: a process before may have died
/// in its sync. Nobody may be told of it before it is written and synced again.
#[test]
fn opening_writes_the_last_record_again_and_syncs_it() {
    let mut file = medium(&written(&RECORDS).0);
    let before = file.bytes.clone();
    drop(StoredLog::open(&mut file, KIND).unwrap());
    assert_eq!((file.writes, file.syncs), (1, 1));
    assert_eq!(file.bytes, before, "the bytes stay the same");
}

#[test]
fn records_are_found_by_number() {
    let (bytes, offsets) = written(&RECORDS);
    let mut file = medium(&bytes);
    let mut log = StoredLog::open(&mut file, KIND).unwrap();
    for (number, record) in RECORDS.iter().enumerate() {
        assert_eq!(log.read(number as u64).unwrap(), *record);
    }
    assert!(log.read(4).is_err());
    assert!(log.append(7, b"x").unwrap_err().reason.contains("record 7 doesn't follow 4"));
    drop(log);
    for bit in offsets[2] * 8..offsets[3] * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        // Opened before the bit flips: that is what an index in memory is for.
        let mut turned = Turned { before: medium(&bytes), after: medium(&bad), reads: 0 };
        let mut log = StoredLog::open(&mut turned, KIND).unwrap();
        let named = StorageError::Damaged { record: 2, offset: offsets[2] as u64 };
        log.append_record(b"turns").unwrap();
        assert_eq!(log.read_record(2), Err(named), "bit {bit}");
        assert_eq!(log.read_record(1), Ok(Some(Vec::new())));
    }
    let mut log = MemoryLog::new();
    log.append(0, b"genesis").unwrap();
    assert_eq!(log.read(0).unwrap(), b"genesis");
    assert!(log.read(1).is_err());
}

/// A medium that rots once something was appended.
struct Turned {
    before: Bytes,
    after: Bytes,
    reads: u32,
}

impl Medium for Turned {
    fn length(&mut self) -> Result<u64, MediumError> {
        self.before.length()
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), MediumError> {
        let turned = self.reads > 0;
        let bytes = if turned { &mut self.after } else { &mut self.before };
        bytes.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), MediumError> {
        self.after.write_at(offset, bytes)?;
        self.before.write_at(offset, bytes)
    }

    fn sync(&mut self) -> Result<(), MediumError> {
        Ok(())
    }

    fn set_length(&mut self, length: u64) -> Result<(), MediumError> {
        self.reads += 1;
        self.after.set_length(length)?;
        self.before.set_length(length)
    }
}

#[test]
fn a_restart_from_a_snapshot_looks_only_at_what_is_behind_it() {
    let mut file = Bytes::default();
    let mut log = StoredLog::create(&mut file, KIND).unwrap();
    for record in &RECORDS[..2] {
        log.append_record(record).unwrap();
    }
    let snapshot = Snapshot::of(&log, b"state".to_vec());
    for record in &RECORDS[2..] {
        log.append_record(record).unwrap();
    }
    let offsets = log.offsets().to_vec();
    drop(log);
    let snapshot = Snapshot::from_bytes(&snapshot.to_bytes()).unwrap();
    assert_eq!((snapshot.batch(), &snapshot.state[..]), (Some(1), &b"state"[..]));
    let mut log = StoredLog::open_behind(medium(&file.bytes), KIND, &snapshot).unwrap();
    assert_eq!(log.offsets(), offsets);
    assert_eq!(log.read(0).unwrap(), RECORDS[0]);
    let mut reader =
        LogReader::open_at(medium(&file.bytes), KIND, snapshot.place).unwrap().records();
    assert_eq!(reader.by_ref().collect::<Vec<_>>(), RECORDS[2..]);
    assert_eq!(reader.failure(), None);
    // A log that lost what the snapshot has seen, and one with another history.
    let opened = |bytes: &[u8]| StoredLog::open_behind(medium(bytes), KIND, &snapshot).err();
    let shorter = &file.bytes[..usize::try_from(offsets[1]).unwrap()];
    assert_eq!(opened(shorter), Some(StorageError::EndsBefore { records: 2 }));
    let other = written(&[b"the Genesis", b"", b"x"]).0;
    assert_eq!(opened(&other), Some(StorageError::OtherHistory { records: 2 }));
}

#[test]
fn a_snapshot_with_a_flipped_bit_is_none() {
    let log = StoredLog::open(medium(&written(&RECORDS).0), KIND).unwrap();
    let taken = Snapshot::of(&log, b"the state".to_vec()).keeping(b"and more".to_vec());
    let good = taken.to_bytes();
    assert_eq!(Snapshot::from_bytes(&good), Ok(taken));
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(Snapshot::from_bytes(&bad).is_err(), "bit {bit}");
    }
    for length in 0..good.len() {
        assert!(Snapshot::from_bytes(&good[..length]).is_err(), "cut at {length}");
    }
    let mut newer = good[..good.len() - 32].to_vec();
    newer[9] = 9;
    let check = blake3::hash(&newer);
    newer.extend_from_slice(check.as_bytes());
    assert_eq!(Snapshot::from_bytes(&newer), Err(SnapshotError::OtherVersion(9)));
}

/// What no log can have isn't read as a snapshot, however right its check is.
#[test]
fn a_snapshot_of_no_log_is_none() {
    let log = StoredLog::open(medium(&written(&RECORDS).0), KIND).unwrap();
    let sound = Snapshot::of(&log, Vec::new());
    let last = sound.offsets.len() - 1;
    let spoilt: [fn(&mut Snapshot, usize); 6] = [
        |snapshot, _| snapshot.offsets[0] += 1,
        |snapshot, last| snapshot.offsets[last] = snapshot.offsets[last - 1] + 1,
        |snapshot, _| snapshot.place.last -= 1,
        |snapshot, _| snapshot.place.offset = snapshot.place.last + 39,
        |snapshot, _| snapshot.offsets.truncate(1),
        |snapshot, _| snapshot.offsets.clear(),
    ];
    for (number, spoil) in spoilt.into_iter().enumerate() {
        let mut snapshot = sound.clone();
        spoil(&mut snapshot, last);
        let records = snapshot.offsets.len() as u64;
        snapshot.place.records = records;
        let read = Snapshot::from_bytes(&snapshot.to_bytes());
        assert_eq!(read, Err(SnapshotError::Damaged), "spoilt in way {number}");
    }
}

proptest! {
    /// Bytes of any kind behind a header are read or refused, never a panic, and a restart ends with
    /// a prefix of the records that were written.
    #[test]
    fn any_damage_is_a_refusal_or_a_prefix(
        records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..6),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        behind in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let parts: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let (mut bytes, _) = written(&parts);
        bytes.truncate(HEADER + cut.index(bytes.len() - HEADER + 1));
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.extend_from_slice(&behind);
        if let Ok((found, _)) = restart(&bytes) {
            prop_assert!(records.starts_with(&found));
        }
        let _ = audit(&bytes);
        let _ = Snapshot::from_bytes(&bytes);
    }

    /// Records longer than what is read at once come back whole.
    #[test]
    fn long_records_come_back(lengths in prop::collection::vec(0_usize..1_300_000, 1..5)) {
        let records: Vec<Vec<u8>> =
            lengths.iter().map(|length| vec![u8::try_from(length % 251).unwrap(); *length]).collect();
        let parts: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let (bytes, _) = written(&parts);
        prop_assert_eq!(restart(&bytes).unwrap().0, records);
    }
}
