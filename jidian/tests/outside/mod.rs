//! The program as a user starts it.
#![allow(dead_code, reason = "each test target uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) const JIDIAN: &str = env!("CARGO_BIN_EXE_jidian");

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(crate) fn jidian(arguments: &[&str]) -> Output {
    Command::new(JIDIAN).args(arguments).current_dir(root()).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The output of a command that must succeed.
#[track_caller]
pub(crate) fn good(arguments: &[&str]) -> String {
    let output = jidian(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}
