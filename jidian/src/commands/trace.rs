//! `jidian trace`: one payment back to clause, register, signatures and proof.

use super::{Failure, Language};
use crate::audit::{self, PaymentId};
use crate::view::{Mark, TableView, Text, TraceStep, TraceView};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(super) struct Trace {
    /// Data directory, as `jidian run --data` leaves it.
    directory: PathBuf,
    /// The payment: 12 digits of the meter, a hyphen, its number.
    id: PaymentId,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Language of the story.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

pub(super) fn run(arguments: &Trace) -> Result<(), Failure> {
    let story = audit::trace(&arguments.directory, arguments.id)?;
    if arguments.json {
        println!("{:#}", json!({ "story": story, "verdict": story.verdict() }));
    } else {
        print!("{}", Page(arguments.lang).story(&story));
    }
    match story.verdict() {
        Mark::Good | Mark::Open => Ok(()),
        Mark::Bad => {
            Err(Failure::at(arguments.id, "a step of this payment doesn't hold; see above"))
        }
    }
}

/// Prints a story in one language.
struct Page(Language);

impl Page {
    fn pick<'a>(&self, text: &'a Text) -> &'a str {
        match self.0 {
            Language::En => &text.en,
            Language::Zh => &text.zh,
        }
    }

    const fn mark(&self, mark: Mark) -> &'static str {
        match (self.0, mark) {
            (Language::En, Mark::Good) => "good",
            (Language::En, Mark::Open) => "open",
            (Language::En, Mark::Bad) => "BAD",
            (Language::Zh, Mark::Good) => "成立",
            (Language::Zh, Mark::Open) => "待定",
            (Language::Zh, Mark::Bad) => "不成立",
        }
    }

    fn story(&self, story: &TraceView) -> String {
        let payment = &story.payment;
        let (payer, payee) = (self.pick(&payment.payer), self.pick(&payment.payee));
        let paid = Text::amount(payment.paid);
        let mut text = format!("{}  {payer} → {payee}  {}\n", payment.id, self.pick(&paid));
        for (step, number) in story.steps.iter().zip(1..) {
            text.push_str(&self.step(step, number));
        }
        let verdict = Text::new("结论", "Verdict");
        text + &format!("\n{}: {}\n", self.pick(&verdict), self.mark(story.verdict()))
    }

    fn step(&self, step: &TraceStep, number: usize) -> String {
        let mut text = format!(
            "\n{number}. {} [{}]\n   {}\n",
            self.pick(&step.title),
            self.mark(step.mark),
            self.pick(&step.text)
        );
        for fact in &step.facts {
            text += &format!("   - {}: {}\n", self.pick(&fact.name), self.pick(&fact.value));
        }
        if let Some(table) = &step.table {
            text += &self.table(table);
        }
        for bytes in &step.details {
            text += &format!("   · {}: {}\n", self.pick(&bytes.name), bytes.hex);
        }
        text
    }

    fn table(&self, table: &TableView) -> String {
        let rows: Vec<Vec<&str>> = core::iter::once(&table.head)
            .chain(&table.rows)
            .map(|row| row.iter().map(|cell| self.pick(cell)).collect())
            .collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| columns(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..table.head.len()).map(width).collect();
        let mut text = format!("   {}\n", self.pick(&table.title));
        for row in &rows {
            let padded = row.iter().zip(&widths).map(|(cell, width)| {
                format!("{cell}{}", " ".repeat(width.saturating_sub(columns(cell))))
            });
            let line = padded.collect::<Vec<_>>().join("  ");
            text += &format!("     {}\n", line.trim_end());
        }
        text
    }
}

/// Columns on a terminal: Chinese characters and punctuation take two.
fn columns(text: &str) -> usize {
    let wide = |sign: char| matches!(sign, '\u{2e80}'..='\u{9fff}' | '\u{ff00}'..='\u{ff60}');
    text.chars().map(|sign| if wide(sign) { 2 } else { 1 }).sum()
}
