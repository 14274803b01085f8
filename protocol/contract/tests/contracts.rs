//! The contracts in `data/contracts`: all build, load and say what they are.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use std::path::PathBuf;

use contract::{Built, Direction, Item, Language, Program, build, explain, format, render_all};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/contracts")
}

fn source(name: &str) -> String {
    std::fs::read_to_string(folder().join(name).with_extension("contract")).unwrap()
}

fn names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "contract"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn built(name: &str) -> Built {
    let source = source(name);
    build(&source).unwrap_or_else(|faults| {
        panic!("{name}:\n{}", render_all(&faults, &source, Language::English))
    })
}

#[test]
fn every_contract_builds_under_its_own_name_and_loads() {
    let names = names();
    assert!(names.len() >= 41, "{names:?}");
    for name in &names {
        let built = built(name);
        assert_eq!(&built.name, name);
        let program = Program::load(&built.bytecode).unwrap();
        let header = program.header();
        let minutes = match header.direction {
            _ if name.starts_with("peer-trade") => 15,
            Direction::Export => 1,
            Direction::Import if name.contains("charging") && !name.contains("henan") => 1,
            Direction::Import if name.contains("pumping") => 1,
            Direction::Import => 5,
        };
        assert_eq!(header.interval, quantity::Duration::from_minutes(minutes), "{name}");
        assert!(built.bytecode.len() < 1000, "{name}: {} bytes", built.bytecode.len());
        assert_eq!(built, self::built(name), "a build is deterministic");
    }
}

#[test]
fn every_contract_explains_itself_in_both_languages() {
    for name in names() {
        let text = source(&name);
        let zh = explain(&text, Language::Chinese).unwrap();
        let en = explain(&text, Language::English).unwrap();
        assert!(zh.contains("分项") && en.contains("Legs"), "{name}");
        let charged = |item: &&Item| {
            text.contains(&format!("价格 {} =", item.name_zh()))
                || text.contains(&format!("price {} =", item.code()))
        };
        let items: Vec<&Item> = Item::ALL.iter().filter(charged).collect();
        assert!(!items.is_empty(), "{name}");
        for item in items {
            assert!(zh.contains(item.name_zh()) && en.contains(item.name_en()), "{name}: {item:?}");
        }
    }
}

#[test]
fn every_contract_stands_in_the_one_layout() {
    for name in names() {
        let text = source(&name);
        assert!(
            format(&text, None).unwrap() == text,
            "{name}: write it as `contract::format` does"
        );
    }
}
