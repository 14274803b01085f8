//! What the parser took, piece by piece, for the formatter: a source can be printed again in one
//! layout and in either language without losing a number or a name.

use alloc::string::String;
use alloc::vec::Vec;

use super::diagnostic::Language;
use super::messages::Span;

/// A part of the source, or a hint about lines.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) span: Span,
    pub(super) text: Text,
}

#[derive(Clone, Debug)]
pub(super) enum Text {
    /// Numbers, names, dates and texts stay as they are.
    Verbatim(String),
    /// A keyword, unit or word of a closed list; empty in a language that doesn't say it here.
    Word {
        en: &'static str,
        zh: &'static str,
        written: Language,
    },
    Symbol(&'static str),
    /// A new line, this deep.
    Line(usize),
    /// Where a line that is too long may be broken.
    Soft,
    /// `{` of a list that fits into the line or has a line for each item.
    Open,
    /// An item of the list begins.
    Item,
    /// `}` of the list.
    Close,
}

/// The pieces so far.
#[derive(Debug, Default)]
pub(super) struct Pieces(pub(super) Vec<Piece>);

impl Pieces {
    pub(super) fn push(&mut self, span: Span, text: Text) {
        self.0.push(Piece { span, text });
    }

    /// A hint without a place of its own.
    pub(super) fn hint(&mut self, text: Text) {
        self.push(Span::default(), text);
    }

    /// The text of the last piece.
    pub(super) fn last_text(&mut self) -> Option<&mut Text> {
        self.0.last_mut().map(|piece| &mut piece.text)
    }

    /// Where the next piece will stand.
    pub(super) const fn place(&self) -> usize {
        self.0.len()
    }

    /// Puts a word of one language to a place that was passed before the language was known.
    pub(super) fn insert(&mut self, place: usize, text: Text) {
        let span = self.0.get(place).map(|piece| piece.span).unwrap_or_default();
        let span = Span { start: span.start, end: span.start };
        self.0.insert(place.min(self.0.len()), Piece { span, text });
    }
}
