//! `jidian contract`: what an author, a regulator and a signer do with a source file.

use super::{Failure, Language};
use clap::{Args, Subcommand};
use contract::{Built, Diagnostic};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check sources: grammar, units, coverage, ranges, conservation, worked examples.
    #[command(after_help = "Example:\n  jidian contract check data/contracts/*.contract")]
    Check(Sources),
    /// Compile a source to canonical byte code.
    #[command(after_help = "Example:\n  jidian contract build my.contract --output my.bytecode")]
    Build(Build),
    /// Print the tables of a source, as a regulator would file them.
    #[command(after_help = "Example:\n  jidian contract explain my.contract --lang zh")]
    Explain(Explain),
    /// Print the tables of compiled byte code: what a meter really runs.
    #[command(after_help = "Example:\n  jidian contract inspect my.bytecode")]
    Inspect(Explain),
}

#[derive(Args, Debug)]
pub(super) struct Sources {
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

#[derive(Args, Debug)]
pub(super) struct Build {
    /// Source file.
    file: PathBuf,
    /// Where the byte code goes [default: the source's name, ending in `.bytecode`].
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Language of diagnostics.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Explain {
    /// The file.
    file: PathBuf,
    /// Language of the tables.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

impl From<Language> for contract::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::English,
            Language::Zh => Self::Chinese,
        }
    }
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Check(sources) => check(sources),
        Command::Build(arguments) => build(arguments),
        Command::Explain(arguments) => explain(arguments),
        Command::Inspect(arguments) => inspect(arguments),
    }
}

fn check(sources: &Sources) -> Result<(), Failure> {
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

fn build(arguments: &Build) -> Result<(), Failure> {
    let text = read_text(&arguments.file)?;
    let built = contract::build(&text).map_err(|diagnostics| {
        show(&arguments.file, &diagnostics, &text, arguments.lang);
        Failure::at(arguments.file.display(), "refused; nothing was written")
    })?;
    let output = match &arguments.output {
        Some(output) => output.clone(),
        None => arguments.file.with_extension("bytecode"),
    };
    std::fs::write(&output, &built.bytecode)
        .map_err(|error| Failure::at(output.display(), error))?;
    if arguments.json {
        println!("{:#}", described(&arguments.file, &built));
    } else {
        println!("{}: {}", output.display(), summary(&built));
    }
    Ok(())
}

fn explain(arguments: &Explain) -> Result<(), Failure> {
    let text = read_text(&arguments.file)?;
    let tables = contract::explain(&text, arguments.lang.into()).map_err(|diagnostics| {
        show(&arguments.file, &diagnostics, &text, arguments.lang);
        Failure::at(arguments.file.display(), "refused")
    })?;
    println!("{}", tables.trim_end());
    Ok(())
}

fn inspect(arguments: &Explain) -> Result<(), Failure> {
    let bytes = std::fs::read(&arguments.file)
        .map_err(|error| Failure::at(arguments.file.display(), error))?;
    let program = contract::Program::load(&bytes)
        .map_err(|error| Failure::at(arguments.file.display(), error))?;
    println!("{}", contract::explain_program(&program, arguments.lang.into()).trim_end());
    Ok(())
}

fn read_text(file: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::at(file.display(), error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::at(file.display(), format!("byte {at} isn't UTF-8; save the file as UTF-8"))
    })
}

fn show(file: &Path, diagnostics: &[Diagnostic], text: &str, language: Language) {
    eprintln!("{}:", file.display());
    eprintln!("{}", contract::render_all(diagnostics, text, language.into()).trim_end());
}

fn summary(built: &Built) -> String {
    format!(
        "{} version {} for {}, {}: {} bytes, SM3 {}",
        built.name,
        built.version,
        built.class.code(),
        built.direction.code(),
        built.bytecode.len(),
        crypto::sm3(&built.bytecode),
    )
}

fn described(file: &Path, built: &Built) -> serde_json::Value {
    json!({
        "file": file.display().to_string(),
        "accepted": true,
        "name": built.name,
        "version": built.version,
        "title_en": built.title_en,
        "title_zh": built.title_zh,
        "class": built.class.code(),
        "direction": built.direction.code(),
        "bytes": built.bytecode.len(),
        "sm3": crypto::sm3(&built.bytecode).to_string(),
    })
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
