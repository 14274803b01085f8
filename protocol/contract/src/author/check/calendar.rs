//! The rules of days: calendars, windows, special days; and which days and bands can occur.

use alloc::string::String;
use alloc::vec::Vec;

use quantity::{CivilDate, Duration, Instant, Weekday};

use super::super::messages::{both, fault};
use super::super::parser::band_at;
use super::super::tree::{Contract, DateSpan, Day, Expression, SpecialDays, Window};
use super::{Checker, DAY_SECONDS};
use crate::program::{ALL_BANDS, ALL_DAY_KINDS, month_bit};
use crate::{Band, DAYS_MAX, DayKind};

const DAY: Duration = Duration::from_days(1);
/// Most special days of one kind in a row.
const RUN_MAX: i64 = 255;
/// Years that special days may be listed for, as the loader has them.
const YEARS: core::ops::Range<u32> = 2000..2139;

/// What is known about a day when the bands that it may have are asked for.
#[derive(Clone, Copy)]
pub(in crate::author) struct DayWorld {
    pub(in crate::author) month: u8,
    pub(in crate::author) kind: DayKind,
    /// Events that are on, and events that are off; any other may be either.
    pub(in crate::author) on: u8,
    pub(in crate::author) off: u8,
}

impl Day {
    /// Exceptions name day kinds or an event.
    pub(in crate::author) const fn is_exception(&self) -> bool {
        self.kinds.is_some() || self.event.is_some()
    }

    fn has(&self, month: u8, kind: DayKind) -> bool {
        self.months & month_bit(month) != 0
            && self.kinds.unwrap_or(ALL_DAY_KINDS) & kind.byte() != 0
    }

    fn event_bit(&self) -> u8 {
        self.event.map_or(0, |(id, _)| id.event_bit())
    }

    fn bands(&self) -> u8 {
        self.starts.iter().fold(0, |bands, start| bands | start.band.bit())
    }
}

/// The rows in the order in which they are tried: exceptions as in the source, then the others.
pub(in crate::author) fn ordered_days(contract: &Contract) -> Vec<&Day> {
    let exceptions = contract.days().filter(|day| day.is_exception());
    let mut general: Vec<&Day> = contract.days().filter(|day| !day.is_exception()).collect();
    general.sort_by_key(|day| day.months.trailing_zeros());
    exceptions.chain(general).collect()
}

impl DayWorld {
    /// The rows that may give this day, whatever the events are that aren't known.
    fn rows<'t>(&self, contract: &'t Contract) -> Vec<&'t Day> {
        let mut rows = Vec::new();
        for day in ordered_days(contract) {
            let event = day.event_bit();
            if !day.has(self.month, self.kind) || event & self.off != 0 {
                continue;
            }
            rows.push(day);
            if event & !self.on == 0 {
                break;
            }
        }
        rows
    }

    /// The bands that may occur on it; flat without a calendar.
    pub(in crate::author) fn bands(&self, contract: &Contract) -> u8 {
        if contract.days().next().is_none() {
            return Band::Flat.bit();
        }
        self.rows(contract).iter().fold(0, |bands, day| bands | day.bands())
    }
}

/// Every day that differs: month by month, kind by kind.
pub(super) fn worlds(months: u16, kinds: u8) -> impl Iterator<Item = DayWorld> {
    super::month_numbers(months).flat_map(move |month| {
        let kinds = DayKind::ALL.iter().filter(move |kind| kinds & kind.byte() != 0);
        kinds.map(move |kind| DayWorld { month, kind: *kind, on: 0, off: 0 })
    })
}

/// The kinds of day that a contract can tell apart.
pub(super) fn kinds_of(contract: &Contract) -> u8 {
    if contract.special_days().next().is_some() { ALL_DAY_KINDS } else { DayKind::Workday.byte() }
}

/// The bands that may occur in a set of months.
pub(super) fn bands_in(contract: &Contract, months: u16) -> u8 {
    let worlds = worlds(months, kinds_of(contract));
    worlds.fold(0, |bands, world| bands | world.bands(contract))
}

/// The kind of a date; `None` in a year that isn't listed.
pub(in crate::author) fn day_kind(contract: &Contract, date: CivilDate) -> Option<DayKind> {
    let mut years = contract.special_days();
    let listed = years.find(|listed| i64::from(listed.year) == i64::from(date.year))?;
    let special = listed.spans.iter().find(|span| span.from <= date && date <= span.to);
    Some(special.map_or_else(|| usual_kind(date), |span| span.kind))
}

/// What the day of the week says.
fn usual_kind(date: CivilDate) -> DayKind {
    match date.weekday() {
        Weekday::Saturday | Weekday::Sunday => DayKind::RestDay,
        Weekday::Monday
        | Weekday::Tuesday
        | Weekday::Wednesday
        | Weekday::Thursday
        | Weekday::Friday => DayKind::Workday,
    }
}

/// A minute of the day as `07:00`.
pub(in crate::author) fn clock(minute: u16) -> String {
    let hour = minute.checked_div(60).unwrap_or_default();
    alloc::format!("{hour:02}:{:02}", minute.checked_rem(60).unwrap_or_default())
}

/// Minutes and bands of a row.
pub(in crate::author) fn plan_of(day: &Day) -> Vec<(u16, Band)> {
    day.starts.iter().map(|start| (start.minute, start.band)).collect()
}

/// Special days of one kind that follow each other, whatever the lines of the source.
#[derive(Clone, Copy)]
pub(in crate::author) struct Run {
    pub(in crate::author) first: Instant,
    pub(in crate::author) last: Instant,
    pub(in crate::author) kind: DayKind,
}

impl Run {
    /// In days.
    pub(in crate::author) fn length(&self) -> i64 {
        let days = self.last.since(self.first).milliseconds();
        days.checked_div(DAY.milliseconds()).unwrap_or_default().saturating_add(1)
    }
}

/// All special days, ascending.
pub(in crate::author) fn runs(contract: &Contract) -> Vec<Run> {
    let mut spans: Vec<&DateSpan> =
        contract.special_days().flat_map(|listed| &listed.spans).collect();
    spans.sort_by_key(|span| span.from);
    let mut runs: Vec<Run> = Vec::new();
    for span in spans {
        let (first, last) = (span.from.start(), span.to.start());
        match runs.last_mut() {
            Some(run) if run.kind == span.kind && run.last.checked_add(DAY) == Some(first) => {
                run.last = last;
            }
            _ => runs.push(Run { first, last, kind: span.kind }),
        }
    }
    runs
}

impl Checker<'_> {
    pub(super) fn calendar(&mut self) {
        self.special_days();
        let days: Vec<_> = self.contract.days().collect();
        let Some(first) = days.first() else { return };
        if let Some(day) = days.get(DAYS_MAX) {
            self.faults.push(fault!(TOO_MANY, day.span, both("calendar rows|日历行"), DAYS_MAX));
            return;
        }
        let general: Vec<_> = days.iter().filter(|day| !day.is_exception()).copied().collect();
        let sets: Vec<_> = general.iter().map(|day| (day.months, day.span)).collect();
        if general.is_empty() {
            self.faults.push(fault!(MONTH_MISSING, first.span, 1));
        }
        self.months(&sets);
        for (index, day) in general.iter().enumerate() {
            let doubled = general.iter().take(index).any(|other| plan_of(other) == plan_of(day));
            self.refuse_unless(!doubled, || fault!(TABLE_SAME, day.span, "calendar 日历"));
        }
        for day in &days {
            self.day(day);
        }
        self.reached();
        let conditions = self.contract.all_charges().filter_map(|charge| charge.when);
        let asked = conditions.clone().any(|when| when.bands != ALL_BANDS);
        let used = asked || self.uses(|leaf| matches!(leaf, Expression::Bands(_)));
        self.refuse_unless(used, || fault!(CALENDAR, first.span));
    }

    fn day(&mut self, day: &Day) {
        if let Some((id, span)) = day.event {
            self.declared(id, span);
        }
        let all = day.kinds == Some(ALL_DAY_KINDS);
        self.refuse_unless(!all, || fault!(ALL_DAYS, day.span));
        if let Some(windows) = &day.windows {
            self.windows(windows);
        }
        let interval = self.contract.interval_seconds;
        let begins = day.starts.first().map_or(DAY_SECONDS, |first| u32::from(first.minute));
        let span = day.starts.first().map_or(day.span, |first| first.span);
        let begin = u16::try_from(begins).map_or_else(|_| String::from("24:00"), clock);
        self.refuse_unless(begins == 0, || fault!(DAY_START, span, begin));
        for pair in day.starts.windows(2) {
            let [before, start] = pair else { continue };
            let rises = start.minute > before.minute && start.band != before.band;
            self.refuse_unless(rises, || fault!(DAY_ORDER, start.span, clock(start.minute)));
        }
        for start in &day.starts {
            let second = u32::from(start.minute).saturating_mul(60);
            let aligned = second.checked_rem(interval).is_none_or(|rest| rest == 0);
            self.refuse_unless(aligned, || fault!(BOUNDARY, start.span, clock(start.minute)));
        }
    }

    fn windows(&mut self, windows: &[Window]) {
        for (index, window) in windows.iter().enumerate() {
            let span = window.span;
            self.refuse_unless(window.band != Band::Flat, || fault!(WINDOW_FLAT, span));
            self.refuse_unless(window.from != window.to, || fault!(WINDOW_EMPTY, span));
            let same = |minute: u16| {
                let mut before = windows.iter().take(index);
                before.any(|other| other.band == window.band && other.holds(minute))
            };
            let seen = (0..1440).any(|minute| {
                window.holds(minute) && band_at(windows, minute) == window.band && !same(minute)
            });
            let sound = seen || window.band == Band::Flat || window.from == window.to;
            self.refuse_unless(sound, || fault!(WINDOW_HIDDEN, span));
        }
    }

    /// Each row must be the one that counts on some day.
    fn reached(&mut self) {
        let contract = self.contract;
        let rows = ordered_days(contract);
        for (index, row) in rows.iter().enumerate() {
            let before = rows.get(..index).unwrap_or_default();
            let reached = worlds(row.months, kinds_of(contract)).any(|world| {
                let covers = |other: &&Day| {
                    let event = other.event_bit();
                    other.has(world.month, world.kind) && (event == 0 || event == row.event_bit())
                };
                row.has(world.month, world.kind) && !before.iter().any(covers)
            });
            // Without a list of special days another message says what is missing.
            let told = row.kinds.is_some() && contract.special_days().next().is_none();
            self.refuse_unless(reached || told, || fault!(DAY_NEVER, row.span));
        }
    }

    fn special_days(&mut self) {
        let contract = self.contract;
        let asked_by_day = contract.days().find(|day| day.kinds.is_some()).map(|day| day.span);
        let whens = contract.all_charges().filter_map(|charge| charge.when);
        let asked_by_price = whens.clone().find(|when| when.kinds.is_some()).map(|when| when.span);
        let asked = asked_by_day.or(asked_by_price);
        let first = contract.special_days().next();
        match (asked, first) {
            (Some(span), None) => self.faults.push(fault!(NO_SPECIAL_DAYS, span)),
            (None, Some(listed)) => self.faults.push(fault!(SPECIAL_UNUSED, listed.span)),
            _ => {}
        }
        let mut before: Option<u32> = None;
        for listed in contract.special_days() {
            let next = before.map(|year| year.saturating_add(1));
            let follows = next.is_none_or(|next| next == listed.year);
            let follows = follows && YEARS.contains(&listed.year);
            self.refuse_unless(follows, || fault!(SPECIAL_GAP, listed.span, listed.year));
            before = Some(listed.year);
            self.year(listed);
        }
        let long = runs(contract).into_iter().find(|run| run.length() > RUN_MAX);
        if let (Some(_), Some(first)) = (long, first) {
            let what = "days of one kind in a row|同类连续天数";
            self.faults.push(fault!(TOO_MANY, first.span, both(what), RUN_MAX));
        }
    }

    fn year(&mut self, listed: &SpecialDays) {
        for (index, span) in listed.spans.iter().enumerate() {
            let year = i64::from(listed.year);
            let inside = [span.from, span.to].iter().all(|date| i64::from(date.year) == year);
            let sound = inside && span.from <= span.to;
            self.refuse_unless(sound, || fault!(SPECIAL_YEAR, span.span, listed.year));
            let overlaps = |other: &DateSpan| other.from <= span.to && span.from <= other.to;
            let doubled = listed.spans.iter().take(index).any(overlaps);
            self.refuse_unless(!doubled, || fault!(SPECIAL_TWICE, span.span));
            if sound {
                self.changes_something(span);
            }
        }
    }

    /// A span that says what the days of the week say anyway is a slip.
    fn changes_something(&mut self, span: &DateSpan) {
        let changes = dates(span.from, span.to).any(|date| usual_kind(date) != span.kind);
        let (en, zh) = (span.kind.name_en(), span.kind.name_zh());
        self.refuse_unless(changes, || {
            fault!(SPECIAL_SAME, span.span, alloc::format!("{en}s"), zh)
        });
    }
}

/// Both dates and all between them, at most 800.
pub(super) fn dates(from: CivilDate, to: CivilDate) -> impl Iterator<Item = CivilDate> {
    let first = from.start();
    (0..800)
        .map_while(move |day| first.checked_add(Duration::from_days(day)))
        .map(|instant| instant.civil().date)
        .take_while(move |date| *date <= to)
}
