//! What is wrong, where, and what to do about it, in two languages.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use super::messages::Fault;

/// Characters of a line of the source that a message repeats at most.
const LINE_MAX: usize = 400;

/// Language of a text for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 中文.
    Chinese,
    /// English.
    English,
}

/// One thing that is wrong with a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, such as `JD-C012`.
    pub code: &'static str,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The bytes of the source that are meant.
    pub span: Range<usize>,
    /// What is wrong, in English.
    pub message_en: String,
    /// What is wrong, in Chinese.
    pub message_zh: String,
    /// What to do, in English.
    pub help_en: String,
    /// What to do, in Chinese.
    pub help_zh: String,
}

/// Adds lines and columns, and orders by place.
pub(super) fn place(source: &str, faults: Vec<Fault>) -> Vec<Diagnostic> {
    let mut placed: Vec<_> = faults.into_iter().map(|fault| locate(source, fault)).collect();
    placed.sort_by_key(|diagnostic| diagnostic.span.start);
    placed
}

fn locate(source: &str, fault: Fault) -> Diagnostic {
    let before = source.get(..fault.span.start).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    let line = before.matches('\n').count();
    let en: Vec<&str> = fault.arguments.iter().map(|both| both.en.as_str()).collect();
    let zh: Vec<&str> = fault.arguments.iter().map(|both| both.zh.as_str()).collect();
    Diagnostic {
        code: fault.message.code,
        line: number(line),
        column: number(column),
        message_en: fill(fault.message.en, &en),
        message_zh: fill(fault.message.zh, &zh),
        help_en: fill(fault.message.help_en, &en),
        help_zh: fill(fault.message.help_zh, &zh),
        span: fault.span.start..fault.span.end,
    }
}

/// Counts from 1.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
}

/// Puts the arguments into `{0}`, `{1}` …
fn fill(text: &str, arguments: &[&str]) -> String {
    let filled = text.to_string();
    arguments
        .iter()
        .enumerate()
        .fold(filled, |text, (index, argument)| text.replace(&format!("{{{index}}}"), argument))
}

/// The message with the line of the source and a mark under the place.
#[must_use]
pub fn render(diagnostic: &Diagnostic, source: &str, language: Language) -> String {
    let (message, help, help_word) = match language {
        Language::Chinese => (&diagnostic.message_zh, &diagnostic.help_zh, "建议"),
        Language::English => (&diagnostic.message_en, &diagnostic.help_en, "help"),
    };
    let index = diagnostic.line.saturating_sub(1) as usize;
    let line = shown(source.lines().nth(index).unwrap_or_default());
    let ahead: usize =
        line.chars().take(diagnostic.column.saturating_sub(1) as usize).map(width).sum();
    let meant = source.get(diagnostic.span.clone()).unwrap_or_default();
    let marked: usize = shown(meant.lines().next().unwrap_or_default()).chars().map(width).sum();
    let marked = marked.min(line.chars().map(width).sum::<usize>().saturating_sub(ahead));
    let number = diagnostic.line.to_string();
    let margin = " ".repeat(number.len());
    let mark = format!("{}{}", " ".repeat(ahead), "^".repeat(marked.max(1)));
    format!(
        "{code}: {message}\n{margin}--> {number}:{column}\n{margin} |\n{number} | {line}\n\
         {margin} | {mark}\n{margin} = {help_word}: {help}\n",
        code = diagnostic.code,
        column = diagnostic.column,
    )
}

/// As much of a line as a message repeats.
fn shown(line: &str) -> &str {
    let end = line.char_indices().nth(LINE_MAX).map_or(line.len(), |(at, _)| at);
    line.get(..end).unwrap_or(line)
}

/// All messages, with an empty line between two.
#[must_use]
pub fn render_all(diagnostics: &[Diagnostic], source: &str, language: Language) -> String {
    let texts: Vec<_> = diagnostics.iter().map(|one| render(one, source, language)).collect();
    texts.join("\n")
}

/// Columns of a terminal: a Chinese character takes two.
pub(super) fn width(character: char) -> usize {
    if u32::from(character) >= 0x1100 { 2 } else { 1 }
}
