//! Days: calendars, windows, special days, and the sets of months and day kinds.

use alloc::vec::Vec;

use super::super::diagnostic::Language;
use super::super::keywords::{ALL_YEAR, MONTHS, MONTHS_BEHIND, ON_DAYS, TO, WHILE, YEAR};
use super::super::lexer::Kind;
use super::super::messages::{Span, both, fault};
use super::super::tree::{DateSpan, Day, DayStart, SpecialDays, Window};
use super::words::{BANDS, DAY_KINDS, EVENTS};
use super::{Parsed, Parser, spoken};
use crate::program::ALL_MONTHS;
use crate::{Band, SignalId};

/// Most spans in a row of `windows`.
const SPANS_MAX: usize = 32;

/// From the dearest to the cheapest, and before flat: which band wins where windows overlap.
const PRIORITY: [Band; 4] = [Band::Critical, Band::Deep, Band::Peak, Band::Valley];

impl Parser<'_, '_> {
    /// `all-year`, `months 1 2 12` or `1 2 12 月`.
    pub(super) fn months(&mut self) -> Parsed<u16> {
        if self.accept(ALL_YEAR) {
            return Ok(ALL_MONTHS);
        }
        let place = self.pieces.place();
        let ahead = self.accept_written(MONTHS);
        let mut months = 0;
        while self.peek().kind == Kind::Number {
            let (month, span) = self.whole()?;
            let bit = u8::try_from(month).ok().filter(|month| (1..=12).contains(month));
            let bit = bit.ok_or_else(|| fault!(DATE, span, month))?;
            let bit = 1_u16.checked_shl(u32::from(bit.saturating_sub(1))).unwrap_or(0);
            if months & bit != 0 {
                return Err(fault!(MONTH_TWICE, span, month));
            }
            months |= bit;
            self.skip_comma();
        }
        if months == 0 || (ahead.is_none() && !self.sees(MONTHS)) {
            return self
                .expected("`all-year`, or months such as `months 1 2`|“全年”，或月份，如“1 2 月”");
        }
        self.months_word(place, ahead);
        Ok(months)
    }

    /// The word of the months stands ahead in English and behind in Chinese.
    fn months_word(&mut self, place: usize, ahead: Option<Language>) {
        let named = super::Keyword { en: MONTHS.en, zh: &[""] };
        let behind = self.pieces.place();
        let written = if let Some(written) = ahead {
            // The word ahead was printed as it is in both languages: replace it.
            self.pieces.0.remove(place);
            self.pieces.insert(place, spoken(named, written));
            self.say(MONTHS_BEHIND, written);
            return;
        } else {
            self.accept_written(MONTHS).unwrap_or(Language::Chinese)
        };
        self.pieces.0.truncate(behind);
        self.say(MONTHS_BEHIND, written);
        self.pieces.insert(place, spoken(named, written));
    }

    /// Months, and in an exception day kinds and an event; without starts yet.
    fn days(&mut self, start: Span) -> Parsed<Day> {
        let months = self.months()?;
        let kinds = if self.accept(ON_DAYS) { Some(self.day_kinds()?) } else { None };
        let event = if self.accept(WHILE) { Some(self.event_name()?) } else { None };
        let span = self.span_from(start);
        Ok(Day { months, kinds, event, starts: Vec::new(), windows: None, span })
    }

    pub(super) fn event_name(&mut self) -> Parsed<(SignalId, Span)> {
        let span = self.peek().span;
        Ok((self.word(&EVENTS)?, span))
    }

    /// One day kind or several, as bits.
    pub(super) fn day_kinds(&mut self) -> Parsed<u8> {
        let mut kinds = 0;
        loop {
            let span = self.peek().span;
            let kind = self.word(&DAY_KINDS)?;
            if kinds & kind.byte() != 0 {
                return Err(fault!(TWICE, span, kind.code()));
            }
            kinds |= kind.byte();
            if self.peek().kind == Kind::Symbol(",") && !self.next_is_day_kind() {
                return Ok(kinds);
            }
            self.skip_comma();
            if !self.sees_word(&DAY_KINDS) {
                return Ok(kinds);
            }
        }
    }

    fn next_is_day_kind(&self) -> bool {
        crate::DayKind::from_word(self.look(1).text).is_some()
    }

    pub(super) fn calendar(&mut self, start: Span) -> Parsed<Day> {
        let day = self.days(start)?;
        let starts = self.list(|parser| {
            let (minute, span) = parser.minute()?;
            Ok(DayStart { minute, band: parser.word(&BANDS)?, span })
        })?;
        Ok(Day { starts, ..day })
    }

    /// `{ critical 17:00 to 19:00; peak 16:00 to 24:00, 08:00 to 10:00 }`
    pub(super) fn windows(&mut self, start: Span) -> Parsed<Day> {
        let day = self.days(start)?;
        let spans = self.list(|parser| {
            let start = parser.peek().span;
            let band = parser.word(&BANDS)?;
            let mut spans: Vec<Window> = Vec::new();
            loop {
                let (from, _) = parser.minute()?;
                parser.keyword(TO)?;
                let (to, _) = parser.minute_end()?;
                spans.push(Window { band, from, to, span: parser.span_from(start) });
                if spans.len() > SPANS_MAX {
                    let span = parser.span_from(start);
                    return Err(fault!(TOO_MANY, span, both("spans|时段"), SPANS_MAX));
                }
                if !parser.accept_symbol(",") {
                    return Ok(spans);
                }
            }
        })?;
        let windows: Vec<Window> = spans.into_iter().flatten().collect();
        if windows.len() > SPANS_MAX {
            return Err(fault!(TOO_MANY, day.span, both("spans|时段"), SPANS_MAX));
        }
        let starts = starts_of(&windows, day.span);
        Ok(Day { starts, windows: Some(windows), ..day })
    }

    /// `special-days 2026 { holiday 2026-01-01 to 2026-01-03; workday 2026-01-04 }`
    pub(super) fn special_days(&mut self, start: Span, written: Language) -> Parsed<SpecialDays> {
        let (year, _) = self.whole()?;
        if !self.accept(YEAR) {
            self.say(YEAR, written);
        }
        let span = self.span_from(start);
        let spans = self.list(|parser| {
            let start = parser.peek().span;
            let kind = parser.word(&DAY_KINDS)?;
            let from = parser.date()?;
            let to = if parser.accept(TO) { parser.date()? } else { from };
            Ok(DateSpan { kind, from, to, span: parser.span_from(start) })
        })?;
        Ok(SpecialDays { year, spans, span })
    }
}

impl Window {
    /// Whether a minute of the day lies in it.
    pub(in crate::author) const fn holds(&self, minute: u16) -> bool {
        if self.from < self.to {
            self.from <= minute && minute < self.to
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// The band of a minute: the first in the order of priority whose window holds it.
pub(in crate::author) fn band_at(windows: &[Window], minute: u16) -> Band {
    let covers =
        |band: &&Band| windows.iter().any(|window| window.band == **band && window.holds(minute));
    PRIORITY.iter().find(covers).copied().unwrap_or(Band::Flat)
}

/// Starts only, as a calendar has them.
fn starts_of(windows: &[Window], span: Span) -> Vec<DayStart> {
    let mut starts: Vec<DayStart> = Vec::new();
    for minute in 0..1440 {
        let band = band_at(windows, minute);
        if starts.last().is_none_or(|last| last.band != band) {
            let begins = |window: &&Window| window.band == band && window.from == minute;
            let span = windows.iter().find(begins).map_or(span, |window| window.span);
            starts.push(DayStart { minute, band, span });
        }
    }
    starts
}
