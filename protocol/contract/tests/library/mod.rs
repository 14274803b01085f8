//! The contracts of `data/contracts`, and one that uses every statement of the language.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::Path;

use contract::{Checked, check};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/contracts")
}

/// A contract by its name.
pub(crate) fn contract(name: &str) -> Checked {
    let text = std::fs::read_to_string(folder().join(format!("{name}.contract"))).unwrap();
    check(&text).unwrap()
}

/// Every contract of the library by name, and `everything`.
pub(crate) fn contracts() -> Vec<(String, Checked)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "contract"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let everything = check(include_str!("everything.contract")).unwrap();
    let named = names.into_iter().map(|name| (name.clone(), contract(&name)));
    named.chain([("everything".into(), everything)]).collect()
}
