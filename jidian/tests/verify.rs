//! The audit of a data directory: what it accepts, and that nothing changed gets past it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use bank::OrderedLog;
use bank::log::Snapshot;
use bank::record::Record;
use bank::{Operation, ResultCode};
use crypto::Sign;
use jidian::audit::{self, Failure, PaymentId};
use jidian::pilot::CLOSED;
use jidian::store::log::{Durability, Kind, LogReader, LogWriter};
use jidian::store::manifest::Manifest;
use jidian::store::snapshots::Snapshots;
use jidian::store::{BankLog, file_of};
use jidian::view::Mark;
use quantity::{Fen, Price};
use simulation::founding::Keys;
use simulation::ledger::{Evidence, GridEntry};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const KINDS: [Kind; 4] = [Kind::Bank, Kind::Grid, Kind::Evidence, Kind::World];
const SEED: u64 = 7;

/// A directory of one test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("jidian-verify-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The files of a pilot of eleven minutes, run once for all tests.
fn files() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let scratch = Scratch::new("pilot");
        let data = scratch.0.join("data");
        let mut command = Command::new(env!("CARGO_BIN_EXE_jidian"));
        command.args(["run", "--no-console", "--speed", "max", "--for", "11m", "--meters", "6"]);
        let output = command.args(["--seed", "7", "--data"]).arg(&data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let names = std::fs::read_dir(&data).unwrap();
        let mut files: Vec<_> = names
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                (name, std::fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    })
}

fn copy(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    for (file, bytes) in files() {
        std::fs::write(scratch.0.join(file), bytes).unwrap();
    }
    scratch
}

/// A directory that a forger writes anew, with all chains and counts made to fit.
struct Forger {
    scratch: Scratch,
    logs: [Vec<Vec<u8>>; 4],
}

impl Forger {
    fn new(name: &str) -> Self {
        let scratch = copy(name);
        // Nobody misses it.
        std::fs::remove_file(scratch.0.join("bank.snapshot")).unwrap();
        let logs = KINDS.map(|kind| {
            let path = scratch.0.join(file_of(kind));
            let mut reader = LogReader::open(&path, kind).unwrap();
            let mut records = Vec::new();
            while let Some(record) = reader.next_record().unwrap() {
                records.push(record.to_vec());
            }
            records
        });
        Self { scratch, logs }
    }

    fn log(&mut self, kind: Kind) -> &mut Vec<Vec<u8>> {
        &mut self.logs[KINDS.iter().position(|known| *known == kind).unwrap()]
    }

    /// Writes everything and audits it.
    fn verify(mut self) -> Result<audit::Report, Failure> {
        let mut seal = Vec::new();
        for kind in [Kind::Bank, Kind::Grid, Kind::Evidence] {
            let (count, chain) = self.write(kind);
            seal.push((count, chain));
        }
        let counts = [seal[1].0, seal[2].0];
        for record in self.log(Kind::World) {
            if record.starts_with(CLOSED) {
                for ((count, chain), place) in seal.iter().zip(record[6..].chunks_exact_mut(40)) {
                    place[..8].copy_from_slice(&count.to_be_bytes());
                    place[8..].copy_from_slice(chain);
                }
            } else {
                for (most, place) in counts.iter().zip(record.chunks_exact_mut(8)) {
                    let count = u64::from_be_bytes(place.try_into().unwrap());
                    place.copy_from_slice(&count.min(*most).to_be_bytes());
                }
            }
        }
        self.write(Kind::World);
        audit::verify(&self.scratch.0)
    }

    fn write(&mut self, kind: Kind) -> (u64, [u8; 32]) {
        let path = self.scratch.0.join(file_of(kind));
        std::fs::remove_file(&path).unwrap();
        let mut writer = LogWriter::create(&path, kind, Durability::Buffered).unwrap();
        for record in self.log(kind).iter() {
            writer.append(record).unwrap();
        }
        (writer.records(), writer.chain().0)
    }

    /// Changes the first entry of the grid company's log that `change` wants to change.
    fn change_grid(&mut self, change: impl Fn(&mut GridEntry) -> bool) -> usize {
        let log = self.log(Kind::Grid);
        for (number, bytes) in log.iter_mut().enumerate() {
            let mut entry = GridEntry::from_bytes(bytes).unwrap();
            if change(&mut entry) {
                *bytes = entry.to_bytes();
                return number;
            }
        }
        panic!("nothing was changed");
    }

    fn change_evidence(&mut self, change: impl Fn(&mut Evidence) -> bool) -> usize {
        let log = self.log(Kind::Evidence);
        for (number, bytes) in log.iter_mut().enumerate() {
            let mut evidence = Evidence::from_bytes(bytes).unwrap();
            if change(&mut evidence) {
                *bytes = evidence.to_bytes();
                return number;
            }
        }
        panic!("nothing was changed");
    }

    fn change_bank(&mut self, change: impl Fn(&mut Record) -> bool) -> usize {
        let log = self.log(Kind::Bank);
        for (number, bytes) in log.iter_mut().enumerate().skip(1) {
            let mut record = Record::from_bytes(bytes).unwrap();
            if change(&mut record) {
                *bytes = record.to_bytes();
                return number;
            }
        }
        panic!("nothing was changed");
    }

    fn assert_refused(self, kind: Kind, record: impl Into<Option<usize>>, what: &str) {
        let failure = self.verify().unwrap_err();
        let text = failure.to_string();
        assert!(failure.file.ends_with(file_of(kind)), "{text}");
        assert!(text.contains(what), "{text}");
        if let Some(record) = record.into() {
            assert_eq!(failure.place.unwrap().record, record as u64, "{text}");
        }
    }
}

fn pay(record: &mut Record) -> Option<&mut wire::Signed<wire::order::PaymentOrder>> {
    record.entries.iter_mut().find_map(|entry| match &mut entry.operation {
        Operation::Pay(order) if !order.body.legs.is_empty() => Some(&mut **order),
        Operation::Pay(_) | Operation::Instruct(_) => None,
    })
}

#[test]
fn an_honest_pilot_is_sound() {
    let report = Forger::new("honest").verify().unwrap();
    assert!(report.closed && report.notes.is_empty(), "{report}");
    assert!(report.settlements > 20 && report.decisions >= 3, "{report}");
    assert_eq!(report.settlements, report.orders);
    assert_eq!(report.issued, report.wallets);
    assert!(report.signatures > report.orders + report.signals + 2 * report.contracts);
    assert_eq!(report.paid.to_money().unwrap() + report.carried, report.charged);
    assert!(report.to_string().starts_with("Sound"));
}

/// A few hundred bits, spread over every file; the seed is fixed, so a failure repeats.
#[test]
fn a_flipped_bit_is_found_in_every_file() {
    let scratch = copy("bits");
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    for (name, good) in files().iter().filter(|(_, good)| !good.is_empty()) {
        let path = scratch.0.join(name);
        let edges = [0, good.len() * 8 - 1, good.len() * 8 - 257];
        for round in 0..100 {
            let bit = edges.get(round).copied().unwrap_or_else(|| random(good.len() * 8));
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bad).unwrap();
            let failure = audit::verify(&scratch.0).err();
            let failure = failure.unwrap_or_else(|| panic!("{name} bit {bit} wasn't found"));
            assert_eq!(failure.file, path, "{name} bit {bit}: {failure}");
            if let Some(place) = failure.place {
                assert!(place.offset <= bit as u64 / 8, "{name} bit {bit}: {failure}");
            }
        }
        std::fs::write(&path, good).unwrap();
    }
    audit::verify(&scratch.0).unwrap();
}

#[test]
fn no_other_file_may_be_there() {
    let scratch = copy("names");
    for (name, bytes) in [("lock", &b"x"[..]), ("notes.txt", b""), ("world.log.new", b"")] {
        let path = scratch.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(audit::verify(&scratch.0).unwrap_err().file, path);
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::remove_file(scratch.0.join("evidence.log")).unwrap();
    let text = audit::verify(&scratch.0).unwrap_err().to_string();
    assert!(text.contains("evidence.log: reading it failed"), "{text}");
}

#[test]
fn a_snapshot_must_be_whole_and_of_this_log() {
    let scratch = copy("snapshot");
    let mut log = BankLog::open(&scratch.0.join("bank.log")).unwrap();
    let snapshots = Snapshots::of(&scratch.0);
    // The clean end took one.
    let taken = snapshots.last().unwrap().unwrap();
    assert_eq!(taken.place.records, log.records());
    let mut other = taken.clone();
    *other.state.last_mut().unwrap() ^= 1;
    snapshots.keep(&other).unwrap();
    let text = audit::verify(&scratch.0).unwrap_err().to_string();
    assert!(text.contains("bank.snapshot") && text.contains("its state isn't"), "{text}");
    snapshots.keep(&taken).unwrap();
    audit::verify(&scratch.0).unwrap();
    // One that was taken when the log was longer.
    let sound = std::fs::read(scratch.0.join("bank.log")).unwrap();
    let number = log.records();
    log.append(number, b"a batch that is lost again").unwrap();
    snapshots.keep(&Snapshot::of(log.stored(), Vec::new())).unwrap();
    drop(log);
    std::fs::write(scratch.0.join("bank.log"), sound).unwrap();
    let text = audit::verify(&scratch.0).unwrap_err().to_string();
    assert!(text.contains("bank.snapshot") && text.contains("longer"), "{text}");
    let path = scratch.0.join("bank.snapshot");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[50] ^= 4;
    std::fs::write(&path, bytes).unwrap();
    let text = audit::verify(&scratch.0).unwrap_err().to_string();
    assert!(text.contains("bank.snapshot") && text.contains("the check fails"), "{text}");
}

#[test]
fn an_unfinished_write_is_a_note() {
    let scratch = copy("tail");
    let path = scratch.0.join("grid.log");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(&[0, 0, 1]);
    std::fs::write(&path, bytes).unwrap();
    let report = audit::verify(&scratch.0).unwrap();
    assert!(!report.closed);
    let note = "unfinished write of 3 bytes";
    assert!(report.notes.iter().any(|found| found.contains(note)), "{report}");
}

#[test]
fn a_log_that_lost_its_end_is_found() {
    for kind in [Kind::Bank, Kind::Grid, Kind::Evidence] {
        let scratch = copy("end");
        let path = scratch.0.join(file_of(kind));
        let mut reader = LogReader::open(&path, kind).unwrap();
        let mut offset = 0;
        while let (at, Some(_)) = (reader.offset(), reader.next_record().unwrap()) {
            offset = at;
        }
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..usize::try_from(offset).unwrap()]).unwrap();
        let text = audit::verify(&scratch.0).unwrap_err().to_string();
        assert!(text.contains("world.log: record") && text.contains(file_of(kind)), "{text}");
    }
}

#[test]
fn a_forged_settlement_is_found() {
    let mut forger = Forger::new("price");
    let record = forger.change_evidence(|evidence| {
        let line = evidence.record.items.first_mut();
        line.is_some_and(|line| {
            line.price += Price::from_micro_yuan_per_kwh(1);
            true
        })
    });
    forger.assert_refused(Kind::Evidence, record, "names another record");

    let mut forger = Forger::new("result");
    let record = forger.change_evidence(|evidence| {
        evidence.result = ResultCode::InsufficientFunds.number();
        true
    });
    forger.assert_refused(Kind::Evidence, record, "the bank's result");

    let mut forger = Forger::new("missing");
    let dropped = forger.log(Kind::Evidence).pop().unwrap();
    let name = Evidence::from_bytes(&dropped).unwrap().record;
    let what = format!("order {}-{} has no record", name.meter, name.sequence);
    forger.assert_refused(Kind::Bank, None, &what);

    let mut forger = Forger::new("doubled");
    let first = forger.log(Kind::Evidence)[0].clone();
    forger.log(Kind::Evidence).insert(1, first);
    forger.assert_refused(Kind::Evidence, 1, "missing or doubled");

    let mut forger = Forger::new("swapped");
    let log = forger.log(Kind::Evidence);
    let meter = |bytes: &Vec<u8>| Evidence::from_bytes(bytes).unwrap().record.meter;
    let second = (1..log.len()).find(|place| meter(&log[*place]) == meter(&log[0])).unwrap();
    log.swap(0, second);
    forger.assert_refused(Kind::Evidence, 0, "number 1 of this meter");
}

#[test]
fn a_forged_price_is_found() {
    let step = Price::from_micro_yuan_per_kwh(1);
    let mut forger = Forger::new("decision");
    let record = forger.change_grid(|entry| {
        let GridEntry::Decision(decision) = entry else { return false };
        decision.dispatch.lambda += step;
        true
    });
    forger.assert_refused(Kind::Grid, record, "decision 1 doesn't hold");

    // Even the grid company itself can't send another signal than its decision leads to.
    let mut forger = Forger::new("signal");
    let record = forger.change_grid(|entry| {
        let GridEntry::Signal(signal) = entry else { return false };
        if signal.body.values.is_empty() {
            return false;
        }
        signal.body.values[0].price += step;
        **signal = Keys::of_seed(SEED).grid_company.seal(signal.body.clone());
        true
    });
    forger.assert_refused(Kind::Grid, record, "isn't the one that decision 1 leads to");

    let mut forger = Forger::new("unsigned");
    let record = forger.change_grid(|entry| {
        let GridEntry::Signal(signal) = entry else { return false };
        signal.signature.0[40] ^= 1;
        true
    });
    forger.assert_refused(Kind::Grid, record, "isn't signed by the grid company");
}

#[test]
fn a_forged_contract_or_meter_is_found() {
    let mut forger = Forger::new("source");
    let record = forger.change_grid(|entry| {
        let GridEntry::Contract(_, source) = entry else { return false };
        source.push(' ');
        true
    });
    forger.assert_refused(Kind::Grid, record, "source text");

    let mut forger = Forger::new("signer");
    let record = forger.change_grid(|entry| {
        let GridEntry::Contract(signed, _) = entry else { return false };
        signed.regulator = signed.grid_company;
        true
    });
    forger.assert_refused(Kind::Grid, record, "isn't signed by the regulator");

    let mut forger = Forger::new("wallets");
    for bytes in forger.log(Kind::Grid) {
        let mut entry = GridEntry::from_bytes(bytes).unwrap();
        if let GridEntry::Meter(meter) = &mut entry {
            let roles: Vec<_> = meter.wallets.iter().map(|(role, _)| *role).rev().collect();
            meter.wallets.iter_mut().zip(roles).for_each(|(wallet, role)| wallet.0 = role);
            *bytes = entry.to_bytes();
        }
    }
    forger.assert_refused(Kind::Evidence, None, "between other wallets");
}

#[test]
fn a_forged_batch_is_found() {
    let mut forger = Forger::new("amount");
    let record = forger.change_bank(|record| {
        pay(record).is_some_and(|order| {
            order.body.legs[0].amount += Fen::from_fen(1);
            true
        })
    });
    forger.assert_refused(Kind::Bank, record, "repeating gives other balances");

    let mut forger = Forger::new("signature");
    let record = forger.change_bank(|record| {
        pay(record).is_some_and(|order| {
            order.signature.0[3] ^= 1;
            true
        })
    });
    forger.assert_refused(Kind::Bank, record, "signatures of operation");

    let mut forger = Forger::new("root");
    let record = forger.change_bank(|record| {
        record.root.signature.0[3] ^= 1;
        true
    });
    forger.assert_refused(Kind::Bank, record, "isn't signed by the registration centre");

    let mut forger = Forger::new("gap");
    forger.log(Kind::Bank).remove(2);
    forger.assert_refused(Kind::Bank, 2, "batch 2");
}

#[test]
fn a_forged_journal_hash_or_anchor_is_found() {
    let mut forger = Forger::new("journal");
    let last = forger.log(Kind::World).last_mut().unwrap();
    *last.last_mut().unwrap() ^= 1;
    forger.assert_refused(Kind::World, None, "journal hash");

    let anchors = |change: fn(&mut Manifest), file: &str| {
        let scratch = copy("anchors");
        let mut manifest = Manifest::read(&scratch.0).unwrap();
        change(&mut manifest);
        manifest.write(&scratch.0).unwrap();
        let failure = audit::verify(&scratch.0).unwrap_err();
        assert!(failure.file.ends_with(Path::new(file)), "{failure}");
    };
    anchors(|manifest| manifest.regulator = manifest.grid_company.clone(), "grid.log");
    anchors(|manifest| manifest.authority = manifest.regulator.clone(), "bank.log");
    anchors(|manifest| manifest.grid_company = "00".to_owned(), "manifest");
}

/// Every payment's story holds, step by step.
#[test]
fn every_payment_can_be_traced() {
    let scratch = copy("trace");
    let mut reader = LogReader::open(&scratch.0.join("evidence.log"), Kind::Evidence).unwrap();
    let mut ids = Vec::new();
    while let Some(bytes) = reader.next_record().unwrap() {
        let record = Evidence::from_bytes(bytes).unwrap().record;
        ids.push(PaymentId { meter: record.meter, sequence: record.sequence });
    }
    for id in ids.iter().step_by(7).chain(ids.last()) {
        let story = audit::trace(&scratch.0, *id).unwrap();
        assert_eq!(story.payment.id, id.to_string());
        assert_eq!(story.steps.len(), 7);
        for step in &story.steps {
            assert_eq!(step.mark, Mark::Good, "{id}: {step:#?}");
        }
        let lines = story.steps[3].table.as_ref().unwrap();
        assert!(lines.rows.iter().all(|row| row[3].en.starts_with("line ")), "{lines:?}");
    }
}

#[test]
fn a_story_marks_what_was_changed() {
    let mut forger = Forger::new("story");
    let log = forger.log(Kind::Evidence);
    let mut evidence = Evidence::from_bytes(log.last().unwrap()).unwrap();
    evidence.record.items[0].price += Price::from_micro_yuan_per_kwh(1);
    *log.last_mut().unwrap() = evidence.to_bytes();
    let (meter, sequence) = (evidence.record.meter, evidence.record.sequence);
    forger.write(Kind::Evidence);
    let story = audit::trace(&forger.scratch.0, PaymentId { meter, sequence }).unwrap();
    let marks: Vec<Mark> = story.steps.iter().map(|step| step.mark).collect();
    let (good, bad) = (Mark::Good, Mark::Bad);
    assert_eq!(marks, [good, good, good, bad, bad, good, good]);
    assert_eq!(story.verdict(), bad);
}

#[test]
fn a_payment_that_is_not_there_is_explained() {
    let scratch = copy("unknown");
    let id: PaymentId = "410100000001-999999".parse().unwrap();
    let text = audit::trace(&scratch.0, id).unwrap_err().to_string();
    assert!(text.contains("no payment 410100000001-999999"), "{text}");
    assert!(text.contains("one that is there: 410100000001-"), "{text}");
    for bad in ["", "17", "41010000001-1", "410100000001-", "410100000001-+1", "41010000000a-1"] {
        assert!(bad.parse::<PaymentId>().is_err(), "{bad}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_jidian"));
    let output = command.arg("trace").arg(&scratch.0).args(["410100000001-1", "--lang", "zh"]);
    let output = output.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("结论: 成立"), "{text}");
}
