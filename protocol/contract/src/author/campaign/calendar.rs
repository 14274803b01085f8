//! Random days: calendars and windows, with exceptions.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::check::clock;
use super::{Dice, month_text};
use crate::program::{ALL_DAY_KINDS, month_bit};
use crate::{Band, DayKind, SignalId};

/// Two years, so that a settlement can lie outside of both; 2026-01-04 is a Sunday.
pub(super) const SPECIAL_DAYS: &str = "  special-days 2026 { holiday 2026-01-01 to 2026-01-03; workday 2026-01-04; \
     rest-day 2026-03-04; holiday 2026-10-01 to 2026-10-07; workday 2026-10-10 }\n  \
     special-days 2027 { holiday 2027-01-01 }\n";

pub(super) const EVENTS: [SignalId; 6] = [
    SignalId::HighTemperature,
    SignalId::CriticalDay,
    SignalId::DemandResponse,
    SignalId::SulphurOverLimit,
    SignalId::NitrogenOverLimit,
    SignalId::DustOverLimit,
];

/// One row of the calendar.
#[derive(Clone, Debug)]
pub(super) struct Row {
    months: u16,
    pub(super) kinds: Option<u8>,
    pub(super) event: Option<SignalId>,
    plan: Plan,
}

#[derive(Clone, Debug)]
enum Plan {
    Starts(Vec<(i64, Band)>),
    /// Band, first minute, end.
    Windows(Vec<(Band, i64, i64)>),
}

/// Up to two exceptions, then rows for all months.
pub(super) fn rows(dice: &mut Dice, interval: u16) -> Vec<Row> {
    let mut rows = Vec::new();
    for _ in 0..dice.below(3) {
        let kinds = (!dice.once_in(3)).then(|| u8::try_from(dice.between(1, 6)).unwrap_or(1));
        let event = if kinds.is_none() || dice.once_in(3) { dice.choose(&EVENTS) } else { None };
        let sets = dice.below(3).saturating_add(1);
        let months = dice.months(sets).first().copied().unwrap_or(1);
        rows.push(Row { months, kinds, event, plan: plan(dice, interval) });
    }
    let sets = dice.below(4).saturating_add(1);
    for months in dice.months(sets) {
        rows.push(Row { months, kinds: None, event: None, plan: plan(dice, interval) });
    }
    rows
}

fn plan(dice: &mut Dice, interval: u16) -> Plan {
    let interval = i64::from(interval);
    if dice.once_in(2) { windows(dice, interval) } else { starts(dice, interval) }
}

fn starts(dice: &mut Dice, interval: i64) -> Plan {
    let mut last = dice.choose(Band::ALL).unwrap_or(Band::Flat);
    let mut starts = alloc::vec![(0, last)];
    let mut minute = 0_i64;
    loop {
        let steps = dice.between(1, 400).checked_div(interval).unwrap_or(1).max(1);
        minute = minute.saturating_add(steps.saturating_mul(interval));
        if minute >= 1440 {
            return Plan::Starts(starts);
        }
        let band = dice.choose(Band::ALL).unwrap_or(Band::Flat);
        if band != last {
            starts.push((minute, band));
            last = band;
        }
    }
}

fn windows(dice: &mut Dice, interval: i64) -> Plan {
    let bands = [Band::Critical, Band::Deep, Band::Peak, Band::Valley];
    let count = 1440_i64.checked_div(interval).unwrap_or(24);
    let mut windows = Vec::new();
    for band in bands {
        if dice.once_in(2) {
            let from = dice.between(0, count.saturating_sub(1)).saturating_mul(interval);
            let to = dice.between(1, count).saturating_mul(interval);
            let shown = |minute: i64| {
                let inside = |(_, from, to): &(Band, i64, i64)| is_inside(*from, *to, minute);
                is_inside(from, to, minute) && !windows.iter().any(inside)
            };
            if from != to && (0..1440).any(shown) {
                windows.push((band, from, to));
            }
        }
    }
    if windows.is_empty() {
        windows.push((Band::Peak, 0, 720));
    }
    Plan::Windows(windows)
}

/// Whether a minute lies in a window that may pass midnight.
const fn is_inside(from: i64, to: i64, minute: i64) -> bool {
    if from < to { from <= minute && minute < to } else { minute >= from || minute < to }
}

fn time(minute: i64) -> String {
    clock(u16::try_from(minute).unwrap_or_default())
}

impl Row {
    pub(super) fn line(&self) -> String {
        let mut days = month_text(self.months);
        if let Some(kinds) = self.kinds {
            let names = DayKind::ALL.iter().filter(|kind| kinds & kind.byte() != 0);
            let names: Vec<&str> = names.map(|kind| kind.code()).collect();
            days.push_str(&format!(" on {}", names.join(" ")));
        }
        if let Some(event) = self.event {
            days.push_str(&format!(" while {}", event.code()));
        }
        match &self.plan {
            Plan::Starts(starts) => {
                let entry =
                    |(minute, band): &(i64, Band)| format!("{} {}", time(*minute), band.code());
                let entries: Vec<String> = starts.iter().map(entry).collect();
                format!("  calendar {days} {{ {} }}\n", entries.join("; "))
            }
            Plan::Windows(windows) => {
                let entry = |(band, from, to): &(Band, i64, i64)| {
                    format!("{} {} to {}", band.code(), time(*from), time(*to))
                };
                let entries: Vec<String> = windows.iter().map(entry).collect();
                format!("  windows {days} {{ {} }}\n", entries.join("; "))
            }
        }
    }

    /// Minutes at which something changes.
    pub(super) fn minutes(&self) -> Vec<i64> {
        match &self.plan {
            Plan::Starts(starts) => starts.iter().map(|start| start.0).collect(),
            Plan::Windows(windows) => {
                windows.iter().flat_map(|(_, from, to)| [*from, *to]).collect()
            }
        }
    }

    fn bands(&self) -> u8 {
        match &self.plan {
            Plan::Starts(starts) => starts.iter().fold(0, |bands, start| bands | start.1.bit()),
            Plan::Windows(windows) => (0..1440).fold(0, |bands, minute| {
                let over = |(_, from, to): &&(Band, i64, i64)| is_inside(*from, *to, minute);
                // They stand in the order of their priority.
                let band = windows.iter().find(over).map_or(Band::Flat, |window| window.0);
                bands | band.bit()
            }),
        }
    }
}

/// The bands that may occur in some months.
pub(super) fn bands_in(rows: &[Row], months: u16) -> Vec<Band> {
    let mut bands = if rows.is_empty() { Band::Flat.bit() } else { 0 };
    for month in (1..=12).map(month_bit).filter(|month| months & month != 0) {
        for kind in DayKind::ALL {
            for row in rows.iter().filter(|row| row.months & month != 0) {
                if row.kinds.unwrap_or(ALL_DAY_KINDS) & kind.byte() == 0 {
                    continue;
                }
                bands |= row.bands();
                if row.event.is_none() {
                    break;
                }
            }
        }
    }
    Band::ALL.iter().copied().filter(|band| bands & band.bit() != 0).collect()
}

/// A part of a condition that asks for the calendar, and which of its facts it uses.
pub(super) fn kinds_text(dice: &mut Dice) -> String {
    let kinds = dice.pick(&["workday", "rest-day holiday", "holiday", "workday, holiday"]);
    format!(" on {kinds}").to_string()
}
