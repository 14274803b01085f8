//! What the analysis centre sees of the pilot: sums and alarms under pseudonyms.

use super::board::Board;
use crate::view::{AlarmRow, AnalysisView, SumsRow, Word};
use bank::OrderedLog;
use bank::analysis::{Alarm, Sums, Suspicion};
use quantity::Instant;

/// Alarms that a page shows.
const ALARMS_SHOWN: usize = 200;

impl<L: OrderedLog> Board<L> {
    pub(super) fn analysis(&self) -> AnalysisView {
        let centre = self.history.analysis();
        AnalysisView {
            since: centre.since(),
            days: centre.days().rev().map(row).collect(),
            hours: centre.hours().rev().map(row).collect(),
            alarms_raised: centre.alarms_raised(),
            alarms: centre.alarms().rev().take(ALARMS_SHOWN).map(alarm).collect(),
            large_payment: centre.rules_at(self.world.now()).map(|rules| rules.large_payment),
        }
    }
}

fn row((from, sums): (Instant, &Sums)) -> SumsRow {
    let Sums { movements, amount, anonymous, by_anonymous } = *sums;
    SumsRow { from, movements, amount, anonymous, by_anonymous }
}

fn alarm(alarm: &Alarm) -> AlarmRow {
    let Alarm { at, wallet, suspicion, amount } = *alarm;
    AlarmRow { at, wallet: wallet.to_string(), suspicion: word(suspicion), amount }
}

const fn word(suspicion: Suspicion) -> Word {
    let (zh, en) = match suspicion {
        Suspicion::LargePayment => ("大额支付", "large payment"),
        Suspicion::Splitting => ("拆分交易", "split payments"),
        Suspicion::Frequency => ("频繁支付", "too many payments"),
        Suspicion::Collecting => ("多人汇入", "paid by many persons"),
        Suspicion::PassThrough => ("快进快出", "passing through"),
    };
    Word { code: suspicion.name(), zh, en }
}
