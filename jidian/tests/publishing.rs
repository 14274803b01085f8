//! Contract packages from outside: what meters refuse changes nothing, what they take goes on.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod outside;

use outside::{good, jidian, root, text};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A pilot of two hours in a folder of its own, and files beside it.
struct Pilot(PathBuf);

impl Pilot {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("jidian-publishing-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let pilot = Self(path);
        pilot.run("2h");
        pilot
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, length: &str) {
        let data = self.path("data");
        good(&["run", "--meters", "8", "--for", length, "--speed", "max", "--data", &data]);
    }

    /// The present contract of households, with another version and a shorter age limit.
    fn source(&self, version: u32) -> String {
        let text = root().join("data/contracts/residential-henan.contract");
        let text = std::fs::read_to_string(text).unwrap();
        let text = text.replace("第 1 版", &format!("第 {version} 版"));
        let text = text.replace("超过 15 分钟", &format!("超过 {} 分钟", 15 - version));
        let file = self.path(&format!("v{version}.contract"));
        std::fs::write(&file, text).unwrap();
        file
    }

    fn sign(&self, source: &str, package: &str, options: &[&str]) -> String {
        let (data, package) = (self.path("data"), self.path(package));
        let usual = ["contract", "sign", source, "--data", &data, "--output", &package];
        good(&[&usual[..], options].concat());
        package
    }

    fn publish(&self, package: &str) -> Output {
        jidian(&["contract", "publish", package, "--data", &self.path("data")])
    }

    /// All bytes of the data directory.
    fn content(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.0.join("data"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    }

    /// The package is refused with these words, exit code 1, and not one byte changes.
    #[track_caller]
    fn refuses(&self, package: &str, words: &[&str]) {
        let before = self.content();
        let output = self.publish(package);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        for word in words {
            assert!(said.contains(word), "no `{word}` in: {said}");
        }
        assert!(self.content() == before, "{package} changed the data");
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A copy of a file with one change.
fn altered(pilot: &Pilot, package: &str, name: &str, alter: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = std::fs::read(package).unwrap();
    alter(&mut bytes);
    let path = pilot.path(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn what_meters_refuse_has_a_code_and_changes_nothing() {
    let pilot = Pilot::new("refused");
    let second = pilot.source(2);
    let signed = pilot.sign(&second, "second.package", &[]);
    let source_bytes = std::fs::read(&second).unwrap().len();
    let unsigned = altered(&pilot, &signed, "unsigned.package", |bytes| {
        let end = bytes.len() - source_bytes;
        bytes[end - 128..end].fill(0);
    });
    pilot.refuses(&unsigned, &["meter(s)", "Signature"]);
    let forged = altered(&pilot, &signed, "forged.package", |bytes| {
        let end = bytes.len() - source_bytes;
        bytes[end - 1] ^= 1;
    });
    pilot.refuses(&forged, &["Signature"]);
    for signer in ["regulator", "grid-company"] {
        let alone = pilot.sign(&second, "alone.package", &["--signer", signer]);
        pilot.refuses(&alone, &["Signature"]);
    }
    let rewritten = altered(&pilot, &signed, "rewritten.package", |bytes| bytes.push(b'\n'));
    pilot.refuses(&rewritten, &["source text isn't the one"]);
    let cut = altered(&pilot, &signed, "cut.package", |bytes| bytes.truncate(100));
    pilot.refuses(&cut, &["not a contract package"]);
    let window = |from, until| {
        let times = ["--valid-from", from, "--valid-until", until, "--active-from", from];
        pilot.sign(&second, "window.package", &times)
    };
    pilot.refuses(&window("2026-01-01T00:00", "2026-02-01T00:00"), &["Expired"]);
    pilot.refuses(&window("2027-01-01T00:00", "2027-02-01T00:00"), &["NotYetValid"]);
    pilot.refuses(&pilot.path("data/manifest"), &["not a contract package"]);
    let nowhere = pilot.path("nowhere");
    let output = jidian(&["contract", "publish", &signed, "--data", &nowhere]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!Path::new(&nowhere).exists(), "a directory was made");
}

#[test]
fn a_package_takes_over_once_and_an_older_one_never_again() {
    let pilot = Pilot::new("taken");
    let second = pilot.sign(&pilot.source(2), "second.package", &[]);
    let rival = pilot.sign(&pilot.source(4), "rival.package", &[]);
    let taken = pilot.publish(&second);
    assert!(taken.status.success(), "{}", text(&taken.stderr));
    let held = pilot.content();
    let replayed = pilot.publish(&second);
    assert!(replayed.status.success() && text(&replayed.stdout).contains("already"));
    assert!(pilot.content() == held, "a replay changed the data");
    pilot.refuses(&rival, &["Fork"]);
    pilot.run("4h");
    let third = pilot.sign(&pilot.source(3), "third.package", &[]);
    assert!(pilot.publish(&third).status.success());
    pilot.refuses(&second, &["StaleSequence"]);
    pilot.run("5h");
    assert!(good(&["verify", &pilot.path("data")]).contains("closed       yes"));
}

#[test]
fn a_recall_puts_the_default_contract_in_force_and_strikes_what_was_signed_before() {
    let pilot = Pilot::new("recalled");
    let (data, second) = (pilot.path("data"), pilot.source(2));
    let early = pilot.sign(&second, "early.package", &[]);
    let recall = [
        "contract",
        "recall",
        "--class",
        "residential",
        "--direction",
        "import",
        "--reason",
        "notice 12",
        "--data",
        &data,
    ];
    assert!(good(&recall).contains("took the recall"));
    pilot.refuses(&early, &["Fork"]);
    pilot.run("3h");
    pilot.refuses(&early, &["Fork"]);
    let said = good(&["verify", &data]);
    assert!(said.contains("closed       yes"), "{said}");
    let late = pilot.sign(&second, "late.package", &[]);
    let taken = pilot.publish(&late);
    assert!(taken.status.success(), "{}", text(&taken.stderr));
    pilot.run("4h");
    assert!(good(&["verify", &data]).contains("closed       yes"));
    let refused = jidian(&[
        "contract",
        "recall",
        "--class",
        "coal",
        "--direction",
        "import",
        "--reason",
        "none",
        "--data",
        &data,
    ]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stderr));
}
