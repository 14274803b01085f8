//! `jidian contract check`: every rule and every worked example.

use super::{Failure, Language, described, read_text, show, summary};
use clap::Args;
use contract::Diagnostic;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(in crate::commands) struct Sources {
    /// Source files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Language of diagnostics.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(sources: &Sources) -> Result<(), Failure> {
    let mut refused = 0;
    let mut report = Vec::new();
    for file in &sources.files {
        let text = read_text(file)?;
        let result = contract::build(&text);
        refused += usize::from(result.is_err());
        if sources.json {
            report.push(match &result {
                Ok(built) => described(file, built),
                Err(diagnostics) => refusal(file, diagnostics),
            });
        } else {
            match result {
                Ok(built) => println!("{}: {}", file.display(), summary(&built)),
                Err(diagnostics) => show(file, &diagnostics, &text, sources.lang),
            }
        }
    }
    if sources.json {
        println!("{:#}", json!(report));
    }
    if refused == 0 { Ok(()) } else { Err(Failure(format!("{refused} contract(s) refused"))) }
}

fn refusal(file: &Path, diagnostics: &[Diagnostic]) -> serde_json::Value {
    let diagnostics: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| {
            json!({
                "code": diagnostic.code,
                "line": diagnostic.line,
                "column": diagnostic.column,
                "message_en": diagnostic.message_en,
                "message_zh": diagnostic.message_zh,
                "help_en": diagnostic.help_en,
                "help_zh": diagnostic.help_zh,
            })
        })
        .collect();
    json!({ "file": file.display().to_string(), "accepted": false, "diagnostics": diagnostics })
}
