//! JSON whose numbers stay text: a price is decimal, and reading it as floating point would lose
//! the one thing that matters here.

use super::{ImportError, refuse};

/// Deepest nesting; a rate has five levels.
const DEPTH_MAX: usize = 32;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// In the order of the text.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The member of an object; the last one where a name comes twice.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        if let Self::List(values) = self { Some(values) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Digits of a number; some exports write numbers as text.
    pub(super) fn digits(&self) -> Option<&str> {
        match self {
            Self::Number(digits) => Some(digits),
            Self::Text(digits) => Some(digits.trim()),
            Self::Null | Self::Bool(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Whether it says nothing: absent, empty, false or zero, all through.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(set) => !set,
            Self::Number(digits) => digits.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-')),
            Self::Text(text) => text.trim().is_empty(),
            Self::List(values) => values.iter().all(Self::is_nothing),
            Self::Object(members) => members.iter().all(|(_, value)| value.is_nothing()),
        }
    }
}

/// Reads a text that holds one value.
pub(super) fn parse(text: &str) -> Result<Json, ImportError> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.blank();
    if reader.at < text.len() {
        return reader.wrong("the end of the text");
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn wrong<T>(&self, expected: &str) -> Result<T, ImportError> {
        let line =
            self.text.as_bytes()[..self.at].iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(
            format!("line {line}"),
            format!("not JSON: {expected} is expected"),
            format!("不是 JSON：此处应为 {expected}"),
        )
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.blank();
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Json, ImportError> {
        if depth > DEPTH_MAX {
            return self.wrong("less nesting");
        }
        self.blank();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.values(depth),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => Ok(Json::Number(self.number())),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, ImportError> {
        self.at += 1;
        let mut members = Vec::new();
        if self.accept(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                return self.wrong("a name in quotes");
            }
            let name = self.string()?;
            if !self.accept(b':') {
                return self.wrong("':'");
            }
            members.push((name, self.value(depth + 1)?));
            if self.accept(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.accept(b',') {
                return self.wrong("',' or '}'");
            }
        }
    }

    fn values(&mut self, depth: usize) -> Result<Json, ImportError> {
        self.at += 1;
        let mut values = Vec::new();
        if self.accept(b']') {
            return Ok(Json::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.accept(b']') {
                return Ok(Json::List(values));
            }
            if !self.accept(b',') {
                return self.wrong("',' or ']'");
            }
        }
    }

    fn number(&mut self) -> String {
        let part =
            |byte: Option<u8>| matches!(byte, Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'));
        let from = self.at;
        while part(self.peek()) {
            self.at += 1;
        }
        self.text[from..self.at].to_owned()
    }

    fn word(&mut self) -> Result<Json, ImportError> {
        for (word, value) in
            [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
        {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.wrong("a value")
    }

    fn string(&mut self) -> Result<String, ImportError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(end) = rest.find(['"', '\\']) else {
                return self.wrong("'\"' at the end of a text");
            };
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if rest.as_bytes()[end] == b'"' {
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, ImportError> {
        let Some(byte) = self.peek() else { return self.wrong("an escaped character") };
        self.at += 1;
        let simple = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => {
                self.at -= 1;
                return self.wrong("an escaped character");
            }
        };
        Ok(simple)
    }

    /// Four hexadecimal digits; half of a pair that has lost the other becomes the mark for it.
    fn unicode(&mut self) -> Result<char, ImportError> {
        let Some(first) = self.four_digits() else { return self.wrong("four hexadecimal digits") };
        let mut units = vec![first];
        let low = self.text[self.at..].starts_with("\\u");
        if (0xd800..0xdc00).contains(&first) && low {
            self.at += 2;
            let Some(second) = self.four_digits() else {
                return self.wrong("four hexadecimal digits");
            };
            units.push(second);
        }
        let decoded = char::decode_utf16(units).next();
        Ok(decoded.and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let value = u16::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_read_and_numbers_stay_text() {
        let json =
            parse(r#" {"a": [1.50, -2e-3, "x\n\u00e9\ud83d\ude00"], "b": null, "a2": true} "#);
        let json = json.unwrap();
        let list = json.get("a").and_then(Json::list).unwrap();
        assert_eq!(list[0].digits(), Some("1.50"));
        assert_eq!(list[1].digits(), Some("-2e-3"));
        assert_eq!(list[2].text(), Some("x\né😀"));
        assert!(json.get("b").unwrap().is_nothing() && !json.get("a2").unwrap().is_nothing());
        assert!(parse("[0, 0.0, [], {\"a\": \"\"}]").unwrap().is_nothing());
    }

    #[test]
    fn what_is_not_json_is_placed() {
        for (text, line) in [("", 1), ("{\n\"a\" 1}", 2), ("[1,\n\n]", 3), ("\"a", 1), ("[1] 2", 1)]
        {
            let error = parse(text).unwrap_err();
            assert_eq!(error.0.path, format!("line {line}"), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}", json in "[\\[\\]{}\":,0-9eE\\\\u.a \\-]{0,80}") {
            let _ = parse(&text);
            let _ = parse(&json);
        }
    }
}
