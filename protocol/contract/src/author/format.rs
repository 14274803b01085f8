//! The one layout of a source. Printed from the pieces that the parser took, so that numbers, names
//! and comments stay as they are; only space, line breaks, optional marks and, if asked, the
//! language of the keywords change.

use alloc::string::String;
use alloc::vec::Vec;

use super::diagnostic::{Diagnostic, Language, place, width};
use super::messages::Span;
use super::parser::{Source, parse_source};
use super::pieces::{Piece, Text};

/// Columns of a line; a Chinese character takes two.
const COLUMNS: usize = 100;
const INDENT: usize = 2;

/// Writes a source in its canonical layout. With a language, all keywords, units and words of closed
/// lists are written in it; without, each stays in its own. Names, texts, numbers and comments stay.
/// Formatting what was formatted changes nothing, and the byte code stays the same.
///
/// # Errors
/// The slip of grammar that keeps the source from being read; other rules aren't checked.
pub fn format(source: &str, language: Option<Language>) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse_source(source).map_err(|fault| place(source, alloc::vec![fault]))?;
    let spoken = spoken(&parsed, language);
    let comments = &parsed.comments;
    let mut printer = Printer { source, comments, spoken, language, rows: Vec::new() };
    printer.rows(&parsed.pieces);
    Ok(printer.with_comments())
}

/// The language of marks that stand in both: the one asked for, or that of the first word.
fn spoken(parsed: &Source, language: Option<Language>) -> Language {
    let first = parsed.pieces.iter().find_map(|piece| {
        let Text::Word { written, .. } = piece.text else { return None };
        Some(written)
    });
    language.or(first).unwrap_or(Language::English)
}

/// A line of the output, and the part of the source that it stands for.
#[derive(Debug)]
struct Row {
    depth: usize,
    text: String,
    span: Span,
    /// Blank lines above are kept, not added.
    loose: bool,
}

struct Printer<'s> {
    source: &'s str,
    comments: &'s [Span],
    spoken: Language,
    language: Option<Language>,
    rows: Vec<Row>,
}

/// The pieces between two hints about lines.
struct Line<'p> {
    depth: usize,
    pieces: Vec<&'p Piece>,
}

impl Printer<'_> {
    fn rows(&mut self, pieces: &[Piece]) {
        let mut line = Line { depth: 0, pieces: Vec::new() };
        for piece in pieces {
            if let Text::Line(depth) = piece.text {
                self.line(&line);
                line = Line { depth, pieces: Vec::new() };
            } else {
                line.pieces.push(piece);
            }
        }
        self.line(&line);
    }

    /// A statement: in one row, or with a row for each item of its list.
    fn line(&mut self, line: &Line<'_>) {
        if line.pieces.is_empty() {
            return;
        }
        let span = span_of(&line.pieces);
        let whole = self.text(&line.pieces);
        let indent = line.depth.saturating_mul(INDENT);
        let fits = columns(&whole).saturating_add(indent) <= COLUMNS;
        let is_list = line.pieces.iter().any(|piece| matches!(piece.text, Text::Open));
        let examples = is_list && line.depth == 0;
        if !is_list {
            let text = if fits { whole } else { self.broken(&line.pieces, line.depth) };
            self.push(line.depth, text, span, true);
        } else if fits && !examples && !self.holds_comment(span) {
            self.push(line.depth, whole, span, true);
        } else {
            self.list(line);
        }
    }

    fn push(&mut self, depth: usize, text: String, span: Span, loose: bool) {
        self.rows.push(Row { depth, text, span, loose });
    }

    /// A statement whose list is spread over rows.
    fn list(&mut self, line: &Line<'_>) {
        let mut groups: Vec<Vec<&Piece>> = alloc::vec![Vec::new()];
        for piece in &line.pieces {
            if matches!(piece.text, Text::Item | Text::Close) {
                groups.push(Vec::new());
            }
            if let Some(group) = groups.last_mut() {
                group.push(piece);
            }
        }
        let last = groups.len().saturating_sub(1);
        for (index, group) in groups.iter().enumerate() {
            let inner = line.depth.saturating_add(1);
            let span = span_of(group);
            let item = index > 0 && index < last;
            let depth = if item { inner } else { line.depth };
            let mut text = self.text(group);
            let wide = columns(&text).saturating_add(depth.saturating_mul(INDENT)) >= COLUMNS;
            if item && wide {
                text = self.broken(group, depth);
            }
            // The last item has the closing brace behind it.
            if item && index.saturating_add(1) < last {
                text.push(';');
            }
            self.push(depth, text, span, item && line.depth == 0 || index == 0);
        }
    }

    /// Breaks a long row at the soft places, and what is still too long behind commas and before
    /// signs.
    fn broken(&self, pieces: &[&Piece], depth: usize) -> String {
        let mut broken = String::new();
        let parts = pieces.split(|piece| matches!(piece.text, Text::Soft));
        for part in parts.filter(|part| !self.text(part).is_empty()) {
            let inner = depth.saturating_add(if broken.is_empty() { 1 } else { 2 });
            for (index, row) in self.filled(part, inner).iter().enumerate() {
                let depth = if index == 0 { depth.saturating_add(1) } else { inner };
                if !broken.is_empty() {
                    broken.push('\n');
                    broken.push_str(&" ".repeat(depth.saturating_mul(INDENT)));
                }
                broken.push_str(row);
            }
        }
        broken
    }

    /// Rows of as many pieces as fit.
    fn filled(&self, pieces: &[&Piece], depth: usize) -> Vec<String> {
        let room = COLUMNS.saturating_sub(depth.saturating_mul(INDENT));
        let (mut rows, mut row, mut last) = (Vec::new(), Vec::new(), 0);
        for piece in pieces {
            if matches!(piece.text, Text::Symbol("+" | "-")) {
                last = row.len();
            }
            row.push(*piece);
            if columns(&self.text(&row)) > room && last > 0 {
                let rest = row.split_off(last);
                rows.push(self.text(&row));
                (row, last) = (rest, 0);
            }
            if matches!(piece.text, Text::Symbol(",")) {
                last = row.len();
            }
        }
        rows.push(self.text(&row));
        rows
    }

    fn holds_comment(&self, span: Span) -> bool {
        self.comments.iter().any(|at| span.start < at.start && at.start < span.end)
    }

    /// The words of pieces with the space between them.
    fn text(&self, pieces: &[&Piece]) -> String {
        let mut line = String::new();
        let mut glued = true;
        for piece in pieces {
            // An item behind another one; the first stands behind the brace.
            if matches!(piece.text, Text::Item) && !line.is_empty() && !line.ends_with('{') {
                line.push(';');
            }
            let Some((word, before, after)) = self.word(&piece.text) else { continue };
            let call = word == "(" && ends_with_call(&line);
            if before == Space::Yes && !glued && !call {
                line.push(' ');
            }
            line.push_str(word);
            glued = after == Space::No;
        }
        line
    }

    /// What a piece prints, and whether space stands before and behind it.
    fn word<'p>(&self, text: &'p Text) -> Option<(&'p str, Space, Space)> {
        let word = match text {
            Text::Verbatim(word) => word.as_str(),
            Text::Word { en, zh, written } => match self.language.unwrap_or(*written) {
                Language::English => en,
                Language::Chinese => zh,
            },
            Text::Symbol(symbol) => return Some(self.symbol(symbol)),
            Text::Open => "{",
            Text::Close => "}",
            Text::Item | Text::Line(_) | Text::Soft => return None,
        };
        (!word.is_empty()).then_some((word, Space::Yes, Space::Yes))
    }

    fn symbol(&self, symbol: &'static str) -> (&'static str, Space, Space) {
        match symbol {
            "," if self.spoken == Language::Chinese => ("，", Space::No, Space::No),
            "," | ")" | ":" => (symbol, Space::No, Space::Yes),
            "(" => (symbol, Space::Yes, Space::No),
            _ => (symbol, Space::Yes, Space::Yes),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    Yes,
    No,
}

/// `max(` and `min(` stand without space.
fn ends_with_call(line: &str) -> bool {
    ["min", "max", "较小", "较大"].iter().any(|word| {
        line.strip_suffix(word)
            .is_some_and(|before| before.is_empty() || before.ends_with([' ', '(', '，']))
    })
}

fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// From the first piece that stands in the source to the last.
fn span_of(pieces: &[&Piece]) -> Span {
    let placed = || pieces.iter().map(|piece| piece.span).filter(|span| span.end > 0);
    let start = placed().map(|span| span.start).min().unwrap_or_default();
    Span { start, end: placed().map(|span| span.end).max().unwrap_or_default() }
}

/// A comment and the row that it belongs to.
struct Comment {
    text: String,
    row: usize,
    place: Place,
    /// A blank line stood above it.
    blank: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Above,
    /// Within the row: it moves above it.
    Inside,
    Behind,
}

impl Printer<'_> {
    fn with_comments(&self) -> String {
        let comments: Vec<Comment> = self.comments.iter().map(|span| self.comment(*span)).collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let closes = row.text == "}";
            let depth = if closes { row.depth.saturating_add(1) } else { row.depth };
            let at =
                |place| comments.iter().filter(move |one| one.row == index && one.place == place);
            for comment in at(Place::Above) {
                blank_line(&mut text, comment.blank);
                push_row(&mut text, depth, &comment.text);
            }
            let blank = row.loose && !closes && self.blank_above(row.span.start);
            blank_line(&mut text, blank);
            at(Place::Inside).for_each(|comment| push_row(&mut text, depth, &comment.text));
            push_row(&mut text, row.depth, &row.text);
            for comment in at(Place::Behind) {
                text.truncate(text.trim_end_matches('\n').len());
                text.push_str("  ");
                text.push_str(&comment.text);
                text.push('\n');
            }
        }
        for comment in comments.iter().filter(|one| one.row >= self.rows.len()) {
            blank_line(&mut text, comment.blank);
            push_row(&mut text, 0, &comment.text);
        }
        text
    }

    /// Behind a row if it ends the row's own line, else above the row that it stands in or before.
    fn comment(&self, span: Span) -> Comment {
        let text = String::from(self.source.get(span.start..span.end).unwrap_or_default());
        let before = self.source.get(..span.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let ends_row = self.rows.iter().rposition(|row| row.span.end <= span.start);
        let between = |row: usize| {
            let end = self.rows.get(row).map_or(0, |row| row.span.end);
            self.source.get(end..span.start).unwrap_or_default()
        };
        let own_line = line.trim().is_empty();
        if let Some(row) = ends_row.filter(|row| !own_line && !between(*row).contains('\n')) {
            let inside = self
                .rows
                .iter()
                .any(|row| row.span.start < span.start && span.start < row.span.end);
            if !inside {
                return Comment { text, row, place: Place::Behind, blank: false };
            }
        }
        let row = self.rows.iter().position(|row| row.span.end > span.start);
        let row = row.unwrap_or(self.rows.len());
        let blank = own_line && has_blank_line(before);
        let starts = self.rows.get(row).map_or(usize::MAX, |row| row.span.start);
        let place = if starts < span.start { Place::Inside } else { Place::Above };
        Comment { text, row, place, blank }
    }

    /// Whether a blank line stands right above a place.
    fn blank_above(&self, start: usize) -> bool {
        has_blank_line(self.source.get(..start).unwrap_or_default())
    }
}

/// Whether the text ends with a blank line, apart from the indent of the next one.
fn has_blank_line(before: &str) -> bool {
    let mut lines = before.rsplit('\n').map(str::trim);
    let indent = lines.next().is_some_and(str::is_empty);
    indent && lines.next().is_some_and(str::is_empty) && lines.next().is_some()
}

/// At most one, and none at the beginning of the text or of a block.
fn blank_line(text: &mut String, wanted: bool) {
    let opens = text.is_empty() || text.ends_with("{\n") || text.ends_with("\n\n");
    if wanted && !opens {
        text.push('\n');
    }
}

fn push_row(text: &mut String, depth: usize, row: &str) {
    text.push_str(&" ".repeat(depth.saturating_mul(INDENT)));
    text.push_str(row);
    text.push('\n');
}
