//! The command line from outside: exit codes, and errors that say what, where and what to do next.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod outside;

use bank::log::FORMAT_VERSION;
use core::time::Duration;
use outside::{JIDIAN, good, jidian, root, text};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A new empty folder of this test run; removed when it goes out of scope.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("jidian-cli-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.0.join(name), content).unwrap();
        self.path(name)
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

/// A refused command: the exit code, no panic, and each of the words in what it says.
#[track_caller]
fn refused(output: &Output, code: i32, words: &[&str]) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
}

#[track_caller]
fn bad(arguments: &[&str], words: &[&str]) {
    refused(&jidian(arguments), 1, words);
}

/// A mistake in the arguments themselves.
#[track_caller]
fn misuse(arguments: &[&str], words: &[&str]) {
    refused(&jidian(arguments), 2, words);
}

#[test]
fn all_contracts_of_the_project_check() {
    let folders = ["data/contracts", "data/contracts/default", "docs/examples"];
    let mut files: Vec<String> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".contract"))
        .collect();
    files.sort();
    assert!(files.len() >= 61);
    let arguments: Vec<&str> =
        ["contract", "check"].into_iter().chain(files.iter().map(String::as_str)).collect();
    assert_eq!(good(&arguments).lines().count(), files.len());
    let json: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let report: serde_json::Value = serde_json::from_str(&good(&json)).unwrap();
    assert!(report.as_array().unwrap().iter().all(|one| one["accepted"] == true));
}

#[test]
fn a_wrong_contract_names_line_and_fix() {
    let scratch = Scratch::new("wrong");
    let sound = std::fs::read_to_string(root().join("data/contracts/wind.contract")).unwrap();
    let line = 1 + sound.lines().position(|line| line.contains("限价")).unwrap();
    let file = scratch.file("wrong.contract", sound.replace("限价", "限介"));
    bad(&["contract", "check", &file], &["JD-C003", &format!("{line}:"), "price within", "help"]);
    bad(&["contract", "check", &file, "--lang", "zh"], &["JD-C003", "此处应为", "限价"]);
    bad(&["contract", "build", &file, "-o", &scratch.path("none")], &["nothing was written"]);
    assert!(!scratch.0.join("none").exists());
    bad(&["contract", "explain", &file], &["JD-C003"]);
    // One sound file beside it doesn't hide the refusal.
    bad(&["contract", "check", "data/contracts/wind.contract", &file], &["1 contract(s) refused"]);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let scratch = Scratch::new("unreadable");
    let gbk = scratch.file("gbk.contract", b"\xba\xcf\xd4\xbc \"a\"");
    bad(&["contract", "check", &gbk], &[&gbk, "byte 0", "UTF-8"]);
    let missing = scratch.path("missing.contract");
    for command in ["check", "build", "explain", "inspect"] {
        bad(&["contract", command, &missing], &[&missing, "No such file"]);
    }
    let folder = scratch.0.to_str().unwrap();
    bad(&["contract", "check", folder], &[folder]);
    let empty = scratch.file("empty.contract", "");
    bad(&["contract", "check", &empty], &["JD-C003"]);
    let noise = scratch.file("noise.bytecode", [0xff; 300]);
    bad(&["contract", "inspect", &noise], &[&noise]);
    // The two commands that print tables are easily taken for one another.
    let bytes = scratch.path("wind.bytecode");
    good(&["contract", "build", "data/contracts/wind.contract", "-o", &bytes]);
    bad(&["contract", "explain", &bytes], &[&bytes, "contract inspect"]);
    bad(&["contract", "inspect", "data/contracts/wind.contract"], &["contract explain"]);
}

#[test]
fn built_byte_code_says_what_it_is() {
    let scratch = Scratch::new("build");
    let output = scratch.path("coal.bytecode");
    let said = good(&["contract", "build", "data/contracts/coal-henan.contract", "-o", &output]);
    assert!(said.contains("coal-henan version 1"), "{said}");
    let english = good(&["contract", "inspect", &output]);
    assert!(english.contains("0.3779"), "{english}");
    let chinese = good(&["contract", "inspect", &output, "--lang", "zh"]);
    assert!(chinese.contains("煤电"), "{chinese}");
    // The same source gives the same bytes.
    let again = scratch.path("again.bytecode");
    good(&["contract", "build", "data/contracts/coal-henan.contract", "-o", &again]);
    assert_eq!(std::fs::read(output).unwrap(), std::fs::read(again).unwrap());
}

/// The subcommands that a help text lists.
fn subcommands(help: &str) -> Vec<String> {
    let list = help.split_once("\nCommands:\n").map_or("", |(_, list)| list);
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    names.filter(|name| name != "help").collect()
}

#[test]
fn every_command_has_help_with_an_example() {
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    let mut leaves = 0;
    while let Some(command) = open.pop() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = good(&arguments);
        let below = subcommands(&help);
        if below.is_empty() {
            leaves += 1;
            let call = format!("jidian {}", command.join(" "));
            let example = help.split_once("Example").map_or("", |(_, example)| example);
            assert!(example.contains(&call), "{call} --help has no example:\n{help}");
        }
        open.extend(below.into_iter().map(|name| [command.clone(), vec![name]].concat()));
    }
    assert!(leaves >= 5, "only {leaves} commands were found");
}

#[test]
fn what_the_program_does_not_know_is_refused() {
    misuse(&["sell"], &["unrecognized subcommand 'sell'", "--help"]);
    misuse(&["contract", "bend"], &["unrecognized subcommand 'bend'"]);
    misuse(&["contract", "check"], &["<FILES>"]);
    misuse(&["contract", "check", "--lang", "fr", "x"], &["fr", "en", "zh"]);
    misuse(&["meter", "serve", "--voltage", "9000"], &["9000", "350"]);
    misuse(&["meter", "serve", "--address", "12345678901234"], &["12 digits"]);
    misuse(&["meter", "serve", "--listen", "nowhere"], &["nowhere"]);
    misuse(&[], &["Usage"]);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    bad(&["meter", "serve", "--listen", &address], &[&address, "in use", "--listen"]);
}

/// Arguments of a small pilot in a folder, without a console.
fn pilot<'a>(data: &'a str, length: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let arguments = ["run", "--meters", "8", "--speed", "max", "--no-console"];
    [&arguments[..], &["--data", data, "--for", length], more].concat()
}

#[test]
fn a_short_pilot_ends_well_and_goes_on() {
    let scratch = Scratch::new("pilot");
    let (data, summary) = (scratch.path("d"), scratch.path("s.json"));
    good(&pilot(&data, "6m", &["--summary", &summary]));
    let read = || -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(&summary).unwrap()).unwrap()
    };
    let first = read();
    assert_eq!(first["conservation"], true, "{first}");
    // The same directory goes on; options that contradict it are refused.
    good(&pilot(&data, "12m", &["--summary", &summary]));
    let second = read();
    assert_eq!(second["conservation"], true, "{second}");
    assert!(second["settlements"].as_u64() > first["settlements"].as_u64(), "{second}");
    bad(&["run", "--data", &data, "--no-console", "--for", "20m", "--meters", "9"], &["--meters"]);
    bad(&pilot(&data, "20m", &["--seed", "8"]), &[&data, "--seed", "another --data"]);
}

#[test]
fn scenarios_that_do_not_exist_are_named() {
    let scratch = Scratch::new("scenario");
    let data = scratch.path("d");
    bad(&pilot(&data, "6m", &["--scenario", "atlantis"]), &["atlantis", "henan-day"]);
    let broken = scratch.file("broken.toml", "name = \"x\"\nfrobs = 3\n");
    bad(&pilot(&data, "6m", &["--scenario", &broken]), &["frobs", "line 2"]);
    let noise = scratch.file("noise.toml", [0xff, 0xfe]);
    bad(&pilot(&data, "6m", &["--scenario", &noise]), &["noise.toml"]);
    // Nothing of it was begun.
    assert!(!Path::new(&data).join("manifest").exists());
    misuse(&["run", "--speed", "never"], &["never", "max"]);
    misuse(&["run", "--for", "yesterday"], &["yesterday", "24h"]);
}

#[test]
fn a_directory_with_foreign_files_is_left_alone() {
    let scratch = Scratch::new("foreign");
    let file = scratch.file("thesis.txt", "years of work");
    let data = scratch.0.to_str().unwrap();
    bad(&pilot(data, "6m", &[]), &[data, "other files", "choose"]);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "years of work");
    assert_eq!(std::fs::read_dir(data).unwrap().count(), 1);
}

/// Sets a manifest's format, with the check line that belongs to it.
fn with_format(manifest: &str, format: u16) -> String {
    let body = manifest.trim_end().rsplit_once('\n').unwrap().0;
    let body = body.replacen(&format!("format {FORMAT_VERSION}"), &format!("format {format}"), 1);
    format!("{body}\ncheck {}\n", crypto::sm3(body.as_bytes()))
}

#[test]
fn a_directory_of_another_version_or_a_damaged_one_is_named() {
    let scratch = Scratch::new("newer");
    let data = scratch.path("d");
    good(&pilot(&data, "6m", &[]));
    let manifest = Path::new(&data).join("manifest");
    let text = std::fs::read_to_string(&manifest).unwrap();
    assert_eq!(with_format(&text, FORMAT_VERSION), text, "the check line is understood");
    for (format, age) in [(FORMAT_VERSION + 1, "a newer"), (FORMAT_VERSION - 1, "an older")] {
        std::fs::write(&manifest, with_format(&text, format)).unwrap();
        let age = format!("{age} version (format {format}");
        bad(&pilot(&data, "9m", &[]), &["manifest", &age, "use that version"]);
    }
    std::fs::write(&manifest, text.replacen("seed 7", "seed 9", 1)).unwrap();
    bad(&pilot(&data, "9m", &[]), &["manifest", "damaged"]);
    std::fs::write(&manifest, &text).unwrap();
    for log in ["bank.log", "grid.log", "evidence.log", "world.log"] {
        let path = Path::new(&data).join(log);
        let sound = std::fs::read(&path).unwrap();
        let mut bytes = sound.clone();
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        bad(&pilot(&data, "9m", &[]), &[log, "record 0", "restore"]);
        std::fs::write(&path, sound).unwrap();
    }
    good(&pilot(&data, "9m", &[]));
}

/// A pilot in the background that is killed at the end, whatever happens.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_directory_in_use_is_named_and_a_killed_pilot_goes_on() {
    let scratch = Scratch::new("in-use");
    let data = scratch.path("d");
    let arguments = ["run", "--meters", "8", "--speed", "1", "--no-console", "--data", &data];
    let running = Running(Command::new(JIDIAN).args(arguments).spawn().unwrap());
    let manifest = Path::new(&data).join("manifest");
    let founded = (0..3000).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        manifest.exists()
    });
    assert!(founded, "no pilot was founded within a minute");
    bad(&pilot(&data, "6m", &[]), &[&data, "another jidian process", "--data"]);
    drop(running);
    good(&pilot(&data, "6m", &[]));
}

#[test]
fn a_full_disk_is_named_and_the_pilot_goes_on_with_room_again() {
    let scratch = Scratch::new("full");
    let data = scratch.path("d");
    // No file may grow beyond the limit; the signal is ignored, so that the write itself fails.
    let limited = |blocks: u64, length: &str| {
        let call = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let command = ["-c", &call, "sh", JIDIAN];
        let arguments = pilot(&data, length, &[]);
        Command::new("sh").args(command).args(arguments).current_dir(root()).output().unwrap()
    };
    // Not even room to begin.
    refused(&limited(1, "6m"), 1, &["too large"]);
    assert!(!Path::new(&data).join("manifest").exists());
    good(&pilot(&data, "6m", &[]));
    let files = std::fs::read_dir(&data).unwrap();
    let largest = files.map(|file| file.unwrap().metadata().unwrap().len()).max().unwrap();
    refused(&limited(largest / 512 + 40, "30d"), 1, &[".log", "too large"]);
    good(&pilot(&data, "2h", &[]));
}

#[test]
fn an_audit_names_what_is_wrong() {
    let scratch = Scratch::new("audit");
    let data = scratch.path("d");
    bad(&["verify", &data], &[&data, "no such directory", "--data"]);
    good(&pilot(&data, "6m", &[]));
    good(&["verify", &data]);
    let report: serde_json::Value =
        serde_json::from_str(&good(&["verify", &data, "--json"])).unwrap();
    assert!(report.is_object(), "{report}");
    let stray = Path::new(&data).join("notes.txt");
    std::fs::write(&stray, "a remark").unwrap();
    bad(&["verify", &data], &["notes.txt"]);
    std::fs::remove_file(stray).unwrap();
    let manifest = Path::new(&data).join("manifest");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let newer = FORMAT_VERSION + 1;
    std::fs::write(&manifest, with_format(&text, newer)).unwrap();
    bad(&["verify", &data], &["manifest", "newer version", &format!("format {newer}")]);
    std::fs::remove_file(&manifest).unwrap();
    bad(&["verify", &data], &["manifest"]);
}

#[test]
fn a_console_port_in_use_is_named() {
    let scratch = Scratch::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = scratch.path("d");
    let arguments = ["run", "--meters", "8", "--for", "6m", "--speed", "max"];
    let arguments = [&arguments[..], &["--listen", &address, "--data", &data]].concat();
    bad(&arguments, &[&address, "in use", "--listen"]);
}

#[test]
fn the_metering_bench_goes_on_without_python_and_its_file_can_be_measured() {
    let scratch = Scratch::new("metering");
    let wav = scratch.path("load.wav");
    let bench = ["bench", "metering", "--seconds", "4", "--speed-seconds", "0"];
    let report = good(&[&bench[..], &["--python", "no-such", "--keep", &wav, "--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let [own, insight, pqopen] = [0, 1, 2].map(|at| &report["participants"][at]);
    let how = pqopen["not_installed"].as_str().unwrap();
    assert!(how.contains("no-such") && how.contains("pip install pqopen-lib=="), "{how}");
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let (name, version) = (&insight["name"], &insight["version"]);
    assert!(lock.contains(&format!("name = {name}\nversion = {version}\n")), "{name} {version}");
    let limits = [
        ("u_ppm", 5.0),
        ("i_ppm", 5.0),
        ("p_ppm", 10.0),
        ("f_millihertz", 0.1),
        ("thd_i_ppm", 100.0),
    ];
    for at in 0..5 {
        let [ours, theirs] = [own, insight].map(|one| &one["worst_windows"][at]);
        assert!(ours["windows"].as_u64().unwrap() >= 5, "{ours}");
        for (key, limit) in limits {
            let error = ours[key].as_f64().unwrap();
            assert!(
                error <= limit && error < theirs[key].as_f64().unwrap(),
                "{key}: {ours} {theirs}"
            );
        }
    }
    // 230 V with a fifth of 10 %, 5 A with one of 40 %.
    let measured = good(&["measure", &wav, "--scale", "u=400,i=20", "--json"]);
    let measured: serde_json::Value = serde_json::from_str(&measured).unwrap();
    for (key, exact) in [("u_rms_v", 230.0 * 1.01_f64.sqrt()), ("i_rms_a", 5.0 * 1.16_f64.sqrt())] {
        let value = measured["a"][key].as_f64().unwrap();
        assert!((value / exact - 1.0).abs() < 1e-6, "{key} {value}");
    }
    bad(&[&bench[..], &["--python", "false"]].concat(), &["false: pqopen-lib failed"]);
    misuse(&["bench", "metering", "--seconds", "1"], &["4..=120"]);
}
