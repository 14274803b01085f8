//! The report of a type test: a page, a file for programs and a table for the terminal.

mod data;
mod page;
mod plot;
mod words;

use core::fmt::Write;
use simulation::type_test::{Chain, Clause, Laboratory, Outcome, Point, Setup, Verdict};

/// A point and what it gave.
#[derive(Clone, Debug)]
pub(super) struct Result {
    pub(super) point: Point,
    pub(super) outcome: Outcome,
}

/// All that a report is made of.
pub(super) struct Report<'r> {
    pub(super) setup: &'r Setup,
    /// The name of the specimen's tolerances.
    pub(super) tolerances: &'static str,
    pub(super) laboratory: &'r Laboratory,
    /// In the order of the plan.
    pub(super) results: &'r [Result],
}

/// The points of one clause, summed up.
struct Summary<'r> {
    clause: &'static Clause,
    results: &'r [Result],
    /// Largest part of a limit that was used; none if no point of the clause has it.
    digital: Option<f64>,
    sensors: Option<f64>,
    /// Points that don't keep to their part.
    bad: usize,
}

impl<'r> Report<'r> {
    /// Clause by clause. Their points stand together in the plan.
    fn summaries(&self) -> Vec<Summary<'r>> {
        let clauses = self.results.chunk_by(|one, other| one.point.clause == other.point.clause);
        clauses.map(Summary::new).collect()
    }

    fn bad(&self) -> usize {
        self.results.iter().filter(|result| result.outcome.verdict() != Verdict::Kept).count()
    }

    /// The largest part of a limit that was used.
    fn worst(&self, chain: Chain) -> Option<f64> {
        worst(self.results, chain)
    }

    /// For the terminal: a line for each clause.
    pub(super) fn table(&self) -> String {
        let mut text = format!(
            "{:<22} {:<20} {:>6} {:>12} {:>12}  {}\n",
            "standard", "clause", "points", "digital", "with sensors", "worst part of a limit"
        );
        for summary in self.summaries() {
            let part = |share: Option<f64>| share.map_or("-".to_owned(), percent);
            let verdict = match summary.bad {
                0 => "kept".to_owned(),
                bad => format!("{bad} NOT KEPT"),
            };
            let Clause { standard, key, .. } = summary.clause;
            let (digital, sensors) = (part(summary.digital), part(summary.sensors));
            let points = summary.results.len();
            let _ = writeln!(
                text,
                "{standard:<22} {key:<20} {points:>6} {digital:>12} {sensors:>12}  {verdict}"
            );
        }
        let _ = writeln!(
            text,
            "{} points, {} not kept; digital chain at most 10 % of a limit: {}; with sensors at most \
             33 %: {}",
            self.results.len(),
            self.bad(),
            self.worst(Chain::Digital).map_or("-".to_owned(), percent),
            self.worst(Chain::Sensors).map_or("-".to_owned(), percent),
        );
        text + "The limits are from memory; nothing here is certified.\n"
    }
}

impl<'r> Summary<'r> {
    fn new(results: &'r [Result]) -> Self {
        let bad = results.iter().filter(|result| result.outcome.verdict() != Verdict::Kept);
        Self {
            clause: results[0].point.clause,
            results,
            digital: worst(results, Chain::Digital),
            sensors: worst(results, Chain::Sensors),
            bad: bad.count(),
        }
    }
}

/// The largest part of a limit that was used where only a part may be.
fn worst(results: &[Result], chain: Chain) -> Option<f64> {
    let shared = results.iter().filter(|result| result.point.is_shared());
    let shares = shared.filter_map(|result| match chain {
        Chain::Digital => result.outcome.digital.as_ref().map(|reading| reading.share),
        Chain::Sensors => Some(result.outcome.sensors.share),
    });
    shares.reduce(f64::max)
}

/// A part of a limit in percent, with the digits that matter.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if !percent.is_finite() {
        "> 100 %".to_owned()
    } else if percent >= 10.0 {
        format!("{percent:.0} %")
    } else if percent >= 0.01 || percent == 0.0 {
        format!("{percent:.2} %")
    } else {
        "< 0.01 %".to_owned()
    }
}
