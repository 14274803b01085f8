//! Grammar: keywords in Chinese or English, in any mixture, give the same tree.

mod calendar;
mod examples;
mod header;
mod numbers;
mod prices;
mod statements;
mod words;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::diagnostic::Language;
use super::keywords::Keyword;
use super::lexer::{Kind, Token, lex};
use super::messages::{Fault, Span, both, fault, meant, quoted};
use super::pieces::{Piece, Pieces, Text};
use super::tree::{Contract, Name};
use crate::Direction;
use words::List;

/// A list that is longer than this is no contract any more.
const LIST_MAX: usize = 64;

/// A longer list of what is expected isn't said twice.
const EXPECTED_LENGTH_MAX: usize = 80;

type Parsed<T> = Result<T, Fault>;

/// What a source says, and how it was written.
pub(super) struct Source {
    pub(super) contract: Contract,
    pub(super) pieces: Vec<Piece>,
    pub(super) comments: Vec<Span>,
}

pub(super) use calendar::band_at;

pub(super) fn parse(source: &str) -> Parsed<Contract> {
    parse_source(source).map(|source| source.contract)
}

pub(super) fn parse_source(source: &str) -> Parsed<Source> {
    let lexed = lex(source)?;
    let mut parser = Parser {
        source,
        tokens: &lexed.tokens,
        at: 0,
        nesting: 0,
        direction: Direction::Import,
        pieces: Pieces::default(),
    };
    let contract = parser.contract()?;
    Ok(Source { contract, pieces: parser.pieces.0, comments: lexed.comments })
}

struct Parser<'t, 's> {
    source: &'s str,
    tokens: &'t [Token<'s>],
    at: usize,
    nesting: usize,
    /// Which Chinese word the energy of an example has.
    direction: Direction,
    pieces: Pieces,
}

// Tokens.
impl<'s> Parser<'_, 's> {
    fn peek(&self) -> Token<'s> {
        self.look(0)
    }

    fn look(&self, ahead: usize) -> Token<'s> {
        let end = Token { kind: Kind::End, text: "", span: Span::default() };
        let token = self.tokens.get(self.at.saturating_add(ahead));
        *token.or(self.tokens.last()).unwrap_or(&end)
    }

    fn next(&mut self) -> Token<'s> {
        let token = self.peek();
        self.at = self.at.saturating_add(1);
        token
    }

    fn expected<T>(&self, what: &str) -> Parsed<T> {
        let found = self.peek();
        let known = what.split(['`', '“', '”']).skip(1).step_by(2);
        let (text, help) = match found.kind {
            Kind::End => (both("the end of the file|文件结尾"), both("")),
            Kind::Word | Kind::Number | Kind::Text | Kind::Date | Kind::Time | Kind::Symbol(_) => {
                (quoted(found.text), meant(found.text, known))
            }
        };
        let long = what.len() > EXPECTED_LENGTH_MAX;
        let here = both(if long { "one of these|其中之一" } else { what });
        Err(fault!(EXPECTED, found.span, both(what), text, help, here))
    }

    fn expected_symbol<T>(&self, symbol: &str) -> Parsed<T> {
        self.expected(&alloc::format!("`{symbol}`|“{symbol}”"))
    }

    /// Takes a token without a piece.
    fn take_if(&mut self, kind: Kind) -> Option<Token<'s>> {
        (self.peek().kind == kind).then(|| self.next())
    }

    fn take(&mut self, kind: Kind, what: &str) -> Parsed<Token<'s>> {
        self.take_if(kind).map_or_else(|| self.expected(what), Ok)
    }

    /// Takes a token that is printed as it stands.
    fn take_verbatim(&mut self, kind: Kind, what: &str) -> Parsed<Token<'s>> {
        let token = self.take(kind, what)?;
        let text = self.source.get(token.span.start..token.span.end).unwrap_or_default();
        self.pieces.push(token.span, Text::Verbatim(text.to_string()));
        Ok(token)
    }

    fn symbol(&mut self, symbol: &'static str) -> Parsed<()> {
        if self.accept_symbol(symbol) { Ok(()) } else { self.expected_symbol(symbol) }
    }

    fn accept_symbol(&mut self, symbol: &'static str) -> bool {
        let token = self.take_if(Kind::Symbol(symbol));
        if let Some(token) = token {
            self.pieces.push(token.span, Text::Symbol(symbol));
        }
        token.is_some()
    }

    /// A comma that may stand or not, and is printed.
    fn comma(&mut self) {
        let span = self.take_if(Kind::Symbol(",")).map(|token| token.span);
        self.pieces.push(span.unwrap_or_default(), Text::Symbol(","));
    }

    /// A comma that may stand or not, and isn't printed.
    fn skip_comma(&mut self) {
        self.take_if(Kind::Symbol(","));
    }

    /// Takes a keyword if it comes next, in any of its spellings.
    fn accept(&mut self, keyword: Keyword) -> bool {
        self.accept_written(keyword).is_some()
    }

    /// As [`Self::accept`], and tells in which language it was written.
    fn accept_written(&mut self, keyword: Keyword) -> Option<Language> {
        let start = self.peek().span;
        let (words, spelling, written) = self.spelling(keyword)?;
        self.at = self.at.saturating_add(words);
        let en = keyword.en.first().copied().unwrap_or_default();
        let first = keyword.zh.first().copied().unwrap_or_default();
        let zh = if written == Language::Chinese { spelling } else { first };
        self.pieces.push(self.span_from(start), Text::Word { en, zh, written });
        Some(written)
    }

    /// Whether a keyword comes next.
    fn sees(&self, keyword: Keyword) -> bool {
        self.spelling(keyword).is_some()
    }

    /// How many words come next, in which spelling and language.
    fn spelling(&self, keyword: Keyword) -> Option<(usize, &'static str, Language)> {
        let find = |spellings: &'static [&'static str], language| {
            let found = |text: &&'static str| Some((self.matches(text)?, *text, language));
            spellings.iter().find_map(found)
        };
        find(keyword.en, Language::English).or_else(|| find(keyword.zh, Language::Chinese))
    }

    /// The number of words, if they come next.
    fn matches(&self, spelling: &str) -> Option<usize> {
        let same = |(ahead, word): (usize, &str)| {
            let token = self.look(ahead);
            token.kind == Kind::Word && token.text == word
        };
        let words = spelling.split(' ').count();
        spelling.split(' ').enumerate().all(same).then_some(words)
    }

    fn keyword(&mut self, keyword: Keyword) -> Parsed<Language> {
        self.accept_written(keyword).map_or_else(|| self.expected(&keyword.both()), Ok)
    }

    /// A keyword that only one language says at this place: takes it without a piece, and leaves
    /// one that is printed in that language.
    fn particle(&mut self, keyword: Keyword, written: Language) -> Parsed<()> {
        if !self.accept(keyword) {
            let speaks = match written {
                Language::English => keyword.en,
                Language::Chinese => keyword.zh,
            };
            if speaks.iter().any(|text| !text.is_empty()) {
                return self.expected(&keyword.both());
            }
            self.say(keyword, written);
        }
        Ok(())
    }

    /// A piece of a keyword that doesn't stand in the source.
    fn say(&mut self, keyword: Keyword, written: Language) {
        let end = self.span_from(Span::default()).end;
        self.pieces.push(Span { start: end, end }, spoken(keyword, written));
    }

    /// Both languages of a phrase whose word stands ahead in English and behind in Chinese.
    /// Returns the language that it is written in.
    fn phrase<T>(
        &mut self,
        ahead: Keyword,
        behind: Keyword,
        inside: impl Fn(&mut Self) -> Parsed<T>,
    ) -> Parsed<T> {
        let place = self.pieces.place();
        let english = self.accept(ahead);
        let value = inside(self)?;
        let written = if english { Language::English } else { Language::Chinese };
        if english {
            self.say(behind, written);
        } else {
            self.keyword(behind)?;
            self.pieces.insert(place, spoken(ahead, written));
        }
        Ok(value)
    }

    fn name(&mut self, what: &str) -> Parsed<Name> {
        let token = self.take_verbatim(Kind::Word, what)?;
        Ok(Name { text: token.text.to_string(), span: token.span })
    }

    fn text(&mut self, what: &str) -> Parsed<String> {
        Ok(self.take_verbatim(Kind::Text, what)?.text.to_string())
    }

    /// A word out of a closed list.
    fn word<T: Copy>(&mut self, list: &List<T>) -> Parsed<T> {
        let Some(token) = self.take_if(Kind::Word) else {
            return self.expected(&alloc::format!("a word for the {}|{}", list.en, list.zh));
        };
        let value = (list.find)(token.text).ok_or_else(|| {
            let words = (list.words)();
            let near = meant(token.text, words.split([',', ' ']));
            fault!(WORD, token.span, token.text, list.en, list.zh, words, near)
        })?;
        let (en, zh) = (list.names)(value);
        let written = if token.text == en { Language::English } else { Language::Chinese };
        self.pieces.push(token.span, Text::Word { en, zh, written });
        Ok(value)
    }

    /// Whether a word of a closed list comes next.
    fn sees_word<T>(&self, list: &List<T>) -> bool {
        let token = self.peek();
        token.kind == Kind::Word && (list.find)(token.text).is_some()
    }

    fn span_from(&self, start: Span) -> Span {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let end = last.map_or(start.end, |token| token.span.end);
        Span { start: start.start, end: end.max(start.start) }
    }

    /// `{ entry; entry; … }`, the last semicolon may stand or not.
    fn list<T>(&mut self, entry: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let Some(open) = self.take_if(Kind::Symbol("{")) else {
            return self.expected_symbol("{");
        };
        self.pieces.push(open.span, Text::Open);
        let mut entries = Vec::new();
        loop {
            if let Some(close) = self.take_if(Kind::Symbol("}")) {
                self.pieces.push(close.span, Text::Close);
                return Ok(entries);
            }
            let span = self.peek().span;
            if entries.len() >= LIST_MAX {
                return Err(fault!(TOO_MANY, span, both("entries|条目"), LIST_MAX));
            }
            self.pieces.hint(Text::Item);
            entries.push(entry(self)?);
            if self.take_if(Kind::Symbol(";")).is_none() && self.peek().kind != Kind::Symbol("}") {
                return self.expected("`;` or `}`|“;”或“}”");
            }
        }
    }
}

fn spoken(keyword: Keyword, written: Language) -> Text {
    let en = keyword.en.first().copied().unwrap_or_default();
    let zh = keyword.zh.first().copied().unwrap_or_default();
    Text::Word { en, zh, written }
}
