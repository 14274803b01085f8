//! Words, numbers, texts, dates and symbols of the source. Full-width punctuation counts as ASCII.

use alloc::vec::Vec;

use super::messages::{Fault, Span, fault};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// Digits with at most one point.
    Number,
    /// Without the quotation marks.
    Text,
    /// `2026-01-31`
    Date,
    /// `23:59`
    Time,
    Symbol(&'static str),
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'s> {
    pub(super) kind: Kind,
    pub(super) text: &'s str,
    pub(super) span: Span,
}

/// Longest first, so that `->` isn't read as a minus.
const SYMBOLS: [(&str, &str); 33] = [
    ("->", "->"),
    ("－＞", "->"),
    ("→", "->"),
    ("=>", "=>"),
    ("＝＞", "=>"),
    ("⇒", "=>"),
    ("{", "{"),
    ("｛", "{"),
    ("}", "}"),
    ("｝", "}"),
    ("(", "("),
    ("（", "("),
    (")", ")"),
    ("）", ")"),
    (";", ";"),
    ("；", ";"),
    (":", ":"),
    ("：", ":"),
    (",", ","),
    ("，", ","),
    ("、", ","),
    ("=", "="),
    ("＝", "="),
    ("+", "+"),
    ("＋", "+"),
    ("-", "-"),
    ("－", "-"),
    ("−", "-"),
    ("%", "%"),
    ("％", "%"),
    ("/", "/"),
    ("／", "/"),
    ("×", "×"),
];

/// A source cut into tokens, and the comments between them.
pub(super) struct Lexed<'s> {
    pub(super) tokens: Vec<Token<'s>>,
    pub(super) comments: Vec<Span>,
}

pub(super) fn lex(source: &str) -> Result<Lexed<'_>, Fault> {
    let mut lexer = Lexer { source, at: 0, comments: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let token = lexer.token()?;
        tokens.push(token);
        if token.kind == Kind::End {
            return Ok(Lexed { tokens, comments: lexer.comments });
        }
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    comments: Vec<Span>,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Space, and comments from `#` to the end of the line.
    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.advance(rest.len().saturating_sub(trimmed.len()));
            if !trimmed.starts_with('#') {
                return;
            }
            let comment = trimmed.lines().next().unwrap_or_default();
            self.comments.push(self.span(comment.trim_end().len()));
            self.advance(comment.len());
        }
    }

    fn advance(&mut self, length: usize) {
        self.at = self.at.saturating_add(length);
    }

    fn span(&self, length: usize) -> Span {
        Span { start: self.at, end: self.at.saturating_add(length) }
    }

    fn emit(&mut self, kind: Kind, length: usize) -> Token<'s> {
        let text = self.rest().get(..length).unwrap_or_default();
        let token = Token { kind, text, span: self.span(length) };
        self.advance(length);
        token
    }

    fn token(&mut self) -> Result<Token<'s>, Fault> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(self.emit(Kind::End, 0));
        };
        match first {
            '"' => self.text('"', '"'),
            '“' | '”' => self.text(first, '”'),
            '＂' => self.text('＂', '＂'),
            '0'..='9' => Ok(self.number()),
            _ if first.is_alphabetic() => Ok(self.emit(Kind::Word, word_length(rest, first))),
            _ => self.symbol(first),
        }
    }

    fn text(&mut self, open: char, close: char) -> Result<Token<'s>, Fault> {
        let inside = self.rest().get(open.len_utf8()..).unwrap_or_default();
        let line = inside.lines().next().unwrap_or_default();
        let Some(length) = line.find(close) else {
            return Err(fault!(OPEN_TEXT, self.span(open.len_utf8())));
        };
        let text = line.get(..length).unwrap_or_default();
        let whole = open.len_utf8().saturating_add(length).saturating_add(close.len_utf8());
        let token = self.emit(Kind::Text, whole);
        Ok(Token { text, ..token })
    }

    fn number(&mut self) -> Token<'s> {
        let rest = self.rest();
        if has_form(rest, "dddd-dd-dd") {
            return self.emit(Kind::Date, 10);
        }
        for form in ["dd:dd", "dd：dd"] {
            if has_form(rest, form) {
                return self.emit(Kind::Time, form.len());
            }
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        self.emit(Kind::Number, end)
    }

    fn symbol(&mut self, first: char) -> Result<Token<'s>, Fault> {
        let rest = self.rest();
        match SYMBOLS.iter().find(|(text, _)| rest.starts_with(text)) {
            Some((text, symbol)) => Ok(self.emit(Kind::Symbol(symbol), text.len())),
            None => Err(fault!(CHARACTER, self.span(first.len_utf8()), first)),
        }
    }
}

/// A Latin word may hold digits and hyphens; a Chinese word ends where Latin or a digit begins.
fn word_length(rest: &str, first: char) -> usize {
    let latin = first.is_ascii();
    let mut characters = rest.char_indices().peekable();
    let mut end = 0_usize;
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let inside = if latin {
            let hyphen = character == '-' && next.is_some_and(|next| next.is_ascii_alphanumeric());
            character.is_ascii_alphanumeric() || character == '_' || hyphen
        } else {
            character.is_alphabetic() && !character.is_ascii()
        };
        if !inside {
            break;
        }
        end = at.saturating_add(character.len_utf8());
    }
    end
}

/// Whether the text begins with digits (`d`) and marks of this form.
fn has_form(text: &str, form: &str) -> bool {
    let bytes = text.as_bytes();
    form.bytes().enumerate().all(|(at, want)| match (bytes.get(at), want) {
        (Some(byte), b'd') => byte.is_ascii_digit(),
        (Some(byte), _) => *byte == want,
        (None, _) => false,
    })
}
