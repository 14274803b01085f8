//! The rules of the house: the dependency law, the pure core, sizes, words and documents.
//!
//! A rule is a function from text to the places where it is broken. The tests hold every rule
//! against the tree, and then against planted text, so that no rule can be green for nothing.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

#[path = "house/documents.rs"]
mod documents;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 800;

/// A file of the tree: its path below the root, and its text.
struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    let text = std::fs::read_to_string(root().join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every text file of the repository with one of these endings; build outputs are left out.
fn sources(endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let made = ["target", "node_modules", "__pycache__", ".git", ".venv", "vendor"];
                if !made.contains(&name.as_str()) && !name.starts_with("target-") {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn is_production(path: &str) -> bool {
    path.contains("src/") && !path.ends_with("/tests.rs")
}

/// Whether a file belongs to the pure core: production code below the binary.
fn is_pure(path: &str) -> bool {
    is_production(path) && !path.starts_with("jidian/") && !path.starts_with("meter/firmware/")
}

#[track_caller]
fn hold(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// A rule that looks at one file.
type Rule = fn(&Source) -> Vec<String>;

fn check_all(rule: Rule, endings: &[&str], applies: fn(&str) -> bool) {
    let files: Vec<_> = sources(endings).into_iter().filter(|file| applies(&file.path)).collect();
    assert!(files.len() > 3, "the walk found only {} files", files.len());
    hold(&files.iter().flat_map(rule).collect::<Vec<_>>());
}

// ---------------------------------------------------------------------------------------------
// Rust source without comments, strings and test modules, line for line.

/// Where the comment, string or character that begins at `at` ends.
fn opaque_end(text: &[char], at: usize) -> Option<usize> {
    let is = |at: usize, what: char| text.get(at) == Some(&what);
    let find = |from: usize, what: &str| {
        let what: Vec<char> = what.chars().collect();
        let place = (from..text.len()).find(|place| text[*place..].starts_with(&what));
        place.map_or(text.len(), |place| place + what.len())
    };
    match text[at] {
        '/' if is(at + 1, '/') => Some(find(at, "\n") - 1),
        '/' if is(at + 1, '*') => Some(find(at + 2, "*/")),
        '"' => {
            let mut end = at + 1;
            while end < text.len() && text[end] != '"' {
                end += if text[end] == '\\' { 2 } else { 1 };
            }
            Some(end + 1)
        }
        'r' if is(at + 1, '"') || is(at + 1, '#') => {
            let word = |at: usize| text[at].is_alphanumeric() || text[at] == '_';
            let before = (at > 0 && word(at - 1)).then(|| text[at - 1]);
            let hashes = text[at + 1..].iter().take_while(|mark| **mark == '#').count();
            let raw = is(at + 1 + hashes, '"') && matches!(before, None | Some('b'));
            raw.then(|| find(at + 2 + hashes, &format!("\"{}", "#".repeat(hashes))))
        }
        '\'' if is(at + 1, '\\') => Some(find(at + 3, "'")),
        '\'' if is(at + 2, '\'') => Some(at + 3),
        _ => None,
    }
}

/// Code with everything else replaced by spaces; the line numbers stay.
fn code_of(source: &str) -> String {
    let text: Vec<char> = source.chars().collect();
    let mut code = String::new();
    let mut at = 0;
    while at < text.len() {
        if let Some(end) = opaque_end(&text, at) {
            let gone = &text[at..end.min(text.len())];
            code.extend(gone.iter().map(|mark| if *mark == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            code.push(text[at]);
            at += 1;
        }
    }
    without_test_modules(code)
}

fn without_test_modules(mut code: String) -> String {
    let mut from = 0;
    while let Some(place) = code[from..].find("#[cfg(test)]").map(|place| place + from) {
        from = place + 1;
        let Some(open) = code[place..].find(['{', ';']).map(|open| open + place) else { break };
        if code[open..].starts_with('{') {
            let end = block_end(&code, open);
            let gone = code[place..end].replace(|mark: char| mark != '\n', " ");
            code.replace_range(place..end, &gone);
        }
    }
    code
}

/// Behind the brace that closes the one at `open`.
fn block_end(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, mark) in code[open..].char_indices() {
        match mark {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    code.len()
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

const fn is_word(mark: char) -> bool {
    mark.is_ascii_alphanumeric() || mark == '_'
}

/// Where a word stands by itself.
fn words_at<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let behind = text[at + word.len()..].chars().next();
        ![before, behind].into_iter().flatten().any(is_word)
    })
}

// ---------------------------------------------------------------------------------------------
// Sizes, words and purity.

fn long_functions(file: &Source) -> Vec<String> {
    let code = code_of(&file.text);
    let mut broken = Vec::new();
    for at in words_at(&code, "fn") {
        let name: String =
            code[at + 2..].trim_start().chars().take_while(|c| is_word(*c)).collect();
        let mut depth = 0;
        let body = code[at..].char_indices().find(|(_, mark)| {
            match mark {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            depth <= 0 && matches!(mark, '{' | ';')
        });
        let Some((open, '{')) = body.filter(|_| !name.is_empty()) else { continue };
        let lines = code[at..block_end(&code, at + open)].lines().count();
        if lines > FUNCTION_LINES_MAX {
            let line = line_of(&code, at);
            broken.push(format!("{}:{line}: `{name}` has {lines} lines", file.path));
        }
    }
    broken
}

fn long_files(file: &Source) -> Vec<String> {
    let lines = file.text.lines().count();
    let long = lines > FILE_LINES_MAX;
    long.then(|| format!("{}: {lines} lines, at most {FILE_LINES_MAX}", file.path))
        .into_iter()
        .collect()
}

/// What is promised for later, switched off, or compiled in variants.
fn unfinished_code(file: &Source) -> Vec<String> {
    const BANNED: [(&str, &str); 6] = [
        ("todo!", "finish it, or leave it out"),
        ("unimplemented!", "finish it, or leave it out"),
        ("#[ignore", "a test runs or is deleted"),
        ("cfg(feature", "variants are values given to constructors"),
        ("cfg!(feature", "variants are values given to constructors"),
        ("cfg_attr(feature", "variants are values given to constructors"),
    ];
    let code = code_of(&file.text);
    let found = |(banned, instead): &(&str, &str)| {
        let places: Vec<_> = code.match_indices(banned).collect();
        let path = &file.path;
        let text = |(at, _)| format!("{path}:{}: `{banned}`: {instead}", line_of(&code, at));
        places.into_iter().map(text).collect::<Vec<_>>()
    };
    BANNED.iter().flat_map(found).collect()
}

/// Marks of unfinished work, and places that exist on one machine only.
fn banned_text(file: &Source) -> Vec<String> {
    // Put together here, so that this file doesn't break its own rule.
    let marks = [concat!("FIX", "ME"), concat!("XX", "X")];
    let paths = ["/ho|me/", "/Us|ers/", "/wo|rk/", "/ro|ot/", "/bu|ilds/"];
    let paths = paths.map(|path| path.replace('|', ""));
    // `XXX.X` is how DL/T 645 writes a format.
    let is_format = |line: &str, at: usize| {
        line[..at].ends_with('.') || line[at..].trim_start_matches('X').starts_with('.')
    };
    let mut broken = Vec::new();
    for (line, number) in file.text.lines().zip(1..) {
        for mark in marks.iter().filter(|mark| words_at(line, mark).any(|at| !is_format(line, at)))
        {
            broken.push(format!("{}:{number}: `{mark}`: do it, or open an issue", file.path));
        }
        for path in paths.iter().filter(|path| {
            line.match_indices(path.as_str()).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|mark| is_word(mark) || matches!(mark, '.' | '-' | '}'))
            })
        }) {
            broken.push(format!("{}:{number}: `{path}`: a path of one machine", file.path));
        }
    }
    broken
}

/// Clock, files, sockets, threads, processes, hash order and ambient randomness.
fn impure(file: &Source) -> Vec<String> {
    const STD: [&str; 12] = [
        "fs",
        "net",
        "thread",
        "process",
        "env",
        "Instant",
        "SystemTime",
        "HashMap",
        "HashSet",
        "RandomState",
        "DefaultHasher",
        "stdin",
    ];
    let code = code_of(&file.text);
    let mut broken = Vec::new();
    let mut report = |at: usize, what: &str| {
        broken.push(format!("{}:{}: `{what}` below jidian", file.path, line_of(&code, at)));
    };
    for at in words_at(&code, "std") {
        let rest = &code[at..];
        let imported = code[..at].trim_end().ends_with("use");
        let end = |mark: char| {
            if imported { mark == ';' } else { !is_word(mark) && mark != ':' }
        };
        let path = rest.split(end).next().unwrap_or_default();
        for word in path.split(|mark| !is_word(mark)).filter(|word| STD.contains(word)) {
            report(at, &format!("std … {word}"));
        }
    }
    for word in ["HashMap", "HashSet", "getrandom", "OsRng", "thread_rng"] {
        words_at(&code, word).for_each(|at| report(at, word));
    }
    words_at(&code, "rand").filter(|at| code[*at..].starts_with("rand::")).for_each(|at| {
        report(at, "rand::");
    });
    words_at(&code, "static").filter(|at| code[*at..].starts_with("static mut")).for_each(|at| {
        report(at, "static mut");
    });
    broken
}

#[test]
fn functions_fit_a_screen() {
    check_all(long_functions, &[".rs"], is_production);
}

#[test]
fn files_have_a_bounded_length() {
    check_all(long_files, &[".rs"], is_production);
}

#[test]
fn nothing_is_left_unfinished_or_switched_off() {
    check_all(unfinished_code, &[".rs"], |_| true);
}

#[test]
fn no_marks_of_unfinished_work_and_no_paths_of_one_machine() {
    let endings = [
        ".rs",
        ".md",
        ".toml",
        ".html",
        ".css",
        ".js",
        ".mjs",
        ".py",
        ".contract",
        ".table",
        "run",
        "test",
    ];
    check_all(banned_text, &endings, |_| true);
}

#[test]
fn the_core_is_pure() {
    check_all(impure, &[".rs"], is_pure);
}

#[track_caller]
fn finds(rule: Rule, planted: &str, expected: &str) {
    let broken = rule(&Source { path: "planted".to_owned(), text: planted.to_owned() });
    assert!(broken.iter().any(|place| place.contains(expected)), "{planted:?} gave {broken:?}");
}

#[track_caller]
fn passes(rule: Rule, sound: &str) {
    hold(&rule(&Source { path: "sound".to_owned(), text: sound.to_owned() }));
}

#[test]
fn planted_sizes_are_found() {
    let body = |lines: usize| format!("\nfn long(a: [u8; 2])\n{{{}}}", "\n;".repeat(lines));
    finds(long_functions, &body(69), "planted:2: `long` has 71 lines");
    passes(long_functions, &body(68));
    // A brace in a string, a comment or a character opens nothing.
    passes(long_functions, &format!("fn a() {{ '{{'; \"{{\"; /* {{ */ }} // {{{}", body(60)));
    passes(long_functions, &format!("#[cfg(test)]\nmod tests {{ {} }}", body(99)));
    finds(long_files, &"\n".repeat(801), "801 lines");
    passes(long_files, &"\n".repeat(800));
}

#[test]
fn planted_words_are_found() {
    finds(unfinished_code, "fn a() {\n todo!() }", "planted:2: `todo!`");
    finds(unfinished_code, "unimplemented!()", "unimplemented!");
    finds(unfinished_code, "#[ignore]\nfn a() {}", "planted:1: `#[ignore`");
    finds(unfinished_code, "#[ignore = \"slow\"]", "#[ignore");
    finds(unfinished_code, "#[cfg(feature = \"std\")]", "cfg(feature");
    finds(unfinished_code, "r#\"\n\"#; todo!()", "planted:2");
    passes(
        unfinished_code,
        "// todo! is a word\nconst A: &str = \"todo!\"; let b = r#\"todo!()\"#;",
    );
    finds(banned_text, concat!("# FIX", "ME: later"), "planted:1");
    finds(banned_text, concat!("a\n// XX", "X"), "planted:2");
    finds(banned_text, concat!("in /ho", "me/someone/x"), "a path of one machine");
    passes(banned_text, concat!("XX", "X.X V, XX", "XX and src/ho", "me/x"));
}

#[test]
fn planted_impurity_is_found() {
    finds(impure, "use std::fs::File;", "std … fs");
    finds(impure, "use std::{\n  collections::BTreeMap, net::TcpStream,\n};", "std … net");
    finds(impure, "let now = std::time::Instant::now();", "std … Instant");
    finds(impure, "use std::time::{Duration, SystemTime};", "std … SystemTime");
    finds(impure, "\nstd::thread::spawn(work)", "planted:2: `std … thread`");
    finds(impure, "use std::collections::HashMap;", "HashMap");
    finds(impure, "type Map = hashbrown::HashMap<u8, u8>;", "`HashMap`");
    finds(impure, "getrandom::fill(&mut key)", "getrandom");
    finds(impure, "rand::random()", "rand::");
    passes(impure, "use std::collections::BTreeMap; use quantity::Instant; // std::fs");
    passes(impure, "use std::sync::Mutex;\nfn a(at: Instant) {}");
}

// ---------------------------------------------------------------------------------------------
// The dependency law.

/// Protocol crates, each allowed to know those before it.
const PROTOCOL: [&str; 4] = ["quantity", "wire", "crypto", "contract"];
/// Separate chips, or separate worlds of one: they meet in frames of `wire` only.
const CHIPS: [&str; 6] = ["metering", "ade9000", "mb85rc512t", "management", "ree", "tee"];
/// The parts on the board of the metering core, which its own program drives.
const METERING_BOARD: [&str; 3] = ["metering", "ade9000", "mb85rc512t"];
/// The two companies; they speak through `wire`.
const COMPANIES: [&str; 2] = ["bank", "grid"];

/// Whom a crate may know; `None` for a crate that has no place in the house yet.
fn allowed(name: &str) -> Option<Vec<&'static str>> {
    if let Some(place) = PROTOCOL.iter().position(|known| *known == name) {
        return Some(PROTOCOL[..place].to_vec());
    }
    let chips = || PROTOCOL.iter().chain(&CHIPS).chain(&["metering-core"]).copied();
    if CHIPS.contains(&name) || COMPANIES.contains(&name) {
        return Some(PROTOCOL.to_vec());
    }
    match name {
        "metering-core" => Some(PROTOCOL.iter().chain(&METERING_BOARD).copied().collect()),
        "firmware" => Some(chips().collect()),
        "simulation" => Some(chips().chain(COMPANIES).collect()),
        "jidian" => Some(chips().chain(COMPANIES).chain(["simulation"]).collect()),
        _ => None,
    }
}

/// One dependency of one manifest.
#[derive(Clone, Debug)]
struct Edge {
    from: String,
    to: String,
    ours: bool,
    test_only: bool,
}

fn broken_edges(edges: &[Edge]) -> Vec<String> {
    let mut broken = Vec::new();
    for Edge { from, to, ours, test_only } in edges {
        let Some(known) = allowed(from) else {
            broken.push(format!(
                "{from}: no layer: give it a place in `allowed` and ARCHITECTURE.md"
            ));
            continue;
        };
        if *ours && !known.contains(&to.as_str()) {
            broken.push(format!("{from}/Cargo.toml: {from} -> {to} is against the dependency law"));
        }
        let ambient = ["rand", "getrandom", "chrono", "tokio", "rayon"].contains(&to.as_str());
        if ambient && !test_only && from != "jidian" {
            broken
                .push(format!("{from}/Cargo.toml: {from} -> {to} brings clock, chance or threads"));
        }
    }
    broken
}

/// All packages of all workspaces in the tree, as cargo sees them.
fn packages() -> Vec<serde_json::Value> {
    let mut packages = Vec::new();
    let manifests = sources(&["Cargo.toml"]);
    for manifest in manifests.iter().filter(|manifest| manifest.text.contains("[workspace]")) {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
            .arg("--manifest-path")
            .arg(root().join(&manifest.path))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        packages.extend(metadata["packages"].as_array().unwrap().iter().cloned());
    }
    packages
}

fn edges() -> Vec<Edge> {
    let mut edges = Vec::new();
    for package in packages() {
        for dependency in package["dependencies"].as_array().unwrap() {
            edges.push(Edge {
                from: package["name"].as_str().unwrap().to_owned(),
                to: dependency["name"].as_str().unwrap().to_owned(),
                ours: dependency["path"].is_string(),
                test_only: dependency["kind"] == "dev",
            });
        }
    }
    edges
}

#[test]
fn the_dependency_law_holds() {
    let edges = edges();
    let ours: BTreeSet<_> = edges.iter().map(|edge| edge.from.as_str()).collect();
    for name in ["quantity", "wire", "tee", "bank", "grid", "simulation", "jidian"] {
        assert!(ours.contains(name), "cargo metadata doesn't show {name}");
    }
    hold(&broken_edges(&edges));
}

#[test]
fn every_forbidden_edge_is_found() {
    let edge = |from: &str, to: &str| Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        ours: true,
        test_only: false,
    };
    let forbidden = [
        ("wire", "crypto"),
        ("quantity", "wire"),
        ("crypto", "contract"),
        ("contract", "tee"),
        ("ree", "tee"),
        ("tee", "ree"),
        ("management", "metering"),
        ("metering", "management"),
        ("metering", "ade9000"),
        ("metering-core", "management"),
        ("management", "metering-core"),
        ("tee", "bank"),
        ("ree", "bank"),
        ("management", "grid"),
        ("metering", "simulation"),
        ("bank", "grid"),
        ("grid", "bank"),
        ("grid", "tee"),
        ("bank", "simulation"),
        ("simulation", "jidian"),
        ("firmware", "bank"),
    ];
    let sound = edges();
    for (from, to) in forbidden {
        let mut edges = sound.clone();
        edges.push(edge(from, to));
        let broken = broken_edges(&edges);
        assert!(broken[0].contains(&format!("{from} -> {to}")), "{from} -> {to} was let in");
    }
    let foreign = |from, to| broken_edges(&[Edge { ours: false, ..edge(from, to) }]);
    assert_eq!(foreign("bank", "getrandom").len(), 1);
    assert_eq!(foreign("jidian", "tokio").len(), 0);
    assert_eq!(foreign("stranger", "heapless").len(), 1);
}

#[test]
fn crates_have_no_features_and_every_stranger_has_its_reason() {
    let architecture = read("ARCHITECTURE.md");
    let mut broken = Vec::new();
    for package in packages() {
        if !package["features"].as_object().unwrap().is_empty() {
            broken.push(format!("{}: has Cargo features", package["name"]));
        }
    }
    for edge in edges().iter().filter(|edge| !edge.ours) {
        if !architecture.contains(&format!("`{}`", edge.to)) {
            broken
                .push(format!("ARCHITECTURE.md: no word on why {} uses `{}`", edge.from, edge.to));
        }
    }
    hold(&broken);
}
