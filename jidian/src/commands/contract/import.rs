//! `jidian contract import`: a URDB rate as the source of a contract.

use super::{Failure, Language, read_text, show};
use clap::{Args, ValueEnum};
use contract::CustomerClass;
use grid::authoring::{Decimal, Imported, Options, Remark, Rounding, import};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(in crate::commands) struct Import {
    /// A rate of the OpenEI Utility Rate Database, as JSON.
    file: PathBuf,
    /// Class of the contract, such as `residential` [default: by the rate's sector].
    #[arg(long, value_parser = class)]
    class: Option<CustomerClass>,
    /// Name of the contract [default: the rate's name].
    #[arg(long)]
    name: Option<String>,
    /// Label of the rate, where the file holds several.
    #[arg(long)]
    label: Option<String>,
    /// Convert dollars at this rate; without it the numbers are taken as yuan.
    #[arg(long, value_name = "X", value_parser = decimal)]
    yuan_per_dollar: Option<Decimal>,
    /// What happens to a price that is finer than a micro-yuan.
    #[arg(long, value_enum, default_value_t)]
    rounding: RoundingChoice,
    /// First of the two years whose rest days are listed where weekends differ.
    #[arg(long, default_value_t = 2025, value_parser = clap::value_parser!(i32).range(2000..=2100))]
    year: i32,
    /// Where the source goes [default: the rate's file name, ending in `.contract`; `-`: the screen].
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Language of remarks.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Print the remarks as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum RoundingChoice {
    /// To the nearest micro-yuan, the half upwards; each place is told.
    #[default]
    HalfUp,
    /// Down to a micro-yuan; each place is told.
    Down,
    /// Refuse the rate.
    Refuse,
}

fn class(word: &str) -> Result<CustomerClass, String> {
    CustomerClass::from_word(word).ok_or_else(|| {
        let all = CustomerClass::ALL.iter().map(|class| class.code());
        format!("no such class; the classes are {}", all.collect::<Vec<_>>().join(", "))
    })
}

fn decimal(text: &str) -> Result<Decimal, String> {
    let number = Decimal::parse(text).filter(Decimal::is_positive);
    number.ok_or_else(|| "a number above zero is expected, such as 7.1".to_owned())
}

pub(super) fn run(arguments: &Import) -> Result<(), Failure> {
    let text = read_text(&arguments.file)?;
    let options = Options {
        class: arguments.class,
        name: arguments.name.clone(),
        label: arguments.label.clone(),
        yuan_per_dollar: arguments.yuan_per_dollar,
        rounding: match arguments.rounding {
            RoundingChoice::HalfUp => Rounding::HalfUp,
            RoundingChoice::Down => Rounding::Down,
            RoundingChoice::Refuse => Rounding::Refuse,
        },
        years: vec![arguments.year, arguments.year + 1],
    };
    let imported = import(&text, &options).map_err(|error| {
        let Remark { path, .. } = &error.0;
        Failure::at(format!("{}: {path}", arguments.file.display()), said(&error.0, arguments.lang))
    })?;
    contract::check(&imported.source).map_err(|diagnostics| {
        show(&arguments.file, &diagnostics, &imported.source, arguments.lang);
        Failure::at(
            arguments.file.display(),
            "the rate doesn't fit a contract; nothing was written",
        )
    })?;
    write(arguments, &imported)
}

fn write(arguments: &Import, imported: &Imported) -> Result<(), Failure> {
    let default = || arguments.file.with_extension("contract");
    let output = arguments.output.clone().unwrap_or_else(default);
    let to_screen = output.as_os_str() == "-";
    if to_screen {
        print!("{}", imported.source);
    } else {
        std::fs::write(&output, &imported.source)
            .map_err(|error| Failure::at(output.display(), error))?;
    }
    let told = if arguments.json {
        as_json(&output, imported)
    } else {
        as_text(&output, imported, arguments.lang)
    };
    // The remarks must not get into the source.
    if to_screen {
        eprint!("{told}");
    } else {
        print!("{told}");
    }
    Ok(())
}

fn said(remark: &Remark, language: Language) -> &str {
    match language {
        Language::En => &remark.en,
        Language::Zh => &remark.zh,
    }
}

fn as_text(output: &std::path::Path, imported: &Imported, language: Language) -> String {
    let (notes, left_out) = match language {
        Language::En => ("taken for granted", "not carried over"),
        Language::Zh => ("前提", "未带入"),
    };
    let mut text = format!("{}\n", output.display());
    for (title, remarks) in [(notes, &imported.notes), (left_out, &imported.left_out)] {
        if !remarks.is_empty() {
            text += &format!("{title}:\n");
        }
        for remark in remarks {
            text += &format!("  {}: {}\n", remark.path, said(remark, language));
        }
    }
    text
}

fn as_json(output: &std::path::Path, imported: &Imported) -> String {
    let remarks = |remarks: &[Remark]| {
        let one = |one: &Remark| json!({ "path": one.path, "en": one.en, "zh": one.zh });
        remarks.iter().map(one).collect::<Vec<_>>()
    };
    let value = json!({
        "file": output.display().to_string(),
        "notes": remarks(&imported.notes),
        "left_out": remarks(&imported.left_out),
    });
    format!("{value:#}\n")
}
