//! The analysis centre, and the registration centre's pseudonyms in front of it: what the pilot and
//! the bank's service show of it comes from here.

use bank::Registration;
use bank::analysis::{AnalysisCentre, Pseudonymiser};
use bank::export::Row;
use bank::policy::PolicyError;
use quantity::Instant;
use wire::order::Leg;

/// The analysis centre, which sees pseudonyms only.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    centre: AnalysisCentre,
    pseudonymiser: Pseudonymiser,
}

impl Watch {
    /// Has seen nothing. `pseudonyms` is the registration centre's secret, `rules` the table of what
    /// is suspicious.
    pub(crate) fn new(pseudonyms: [u8; 32], rules: &str) -> Result<Self, PolicyError> {
        let centre = AnalysisCentre::new(bank::policy::analysis(rules)?);
        Ok(Self { centre, pseudonymiser: Pseudonymiser::new(pseudonyms) })
    }

    /// What the centre knows.
    pub(crate) const fn centre(&self) -> &AnalysisCentre {
        &self.centre
    }

    /// Shows the centre money that moved from wallet to wallet.
    pub(crate) fn see(&mut self, at: Instant, leg: &Leg, registration: &Registration) {
        if let Some(seen) = self.pseudonymiser.observe(at, leg, registration) {
            self.centre.take(&seen);
        }
    }

    /// Shows the centre a row of the journal; what was refused, issued or retired moved nothing from
    /// wallet to wallet.
    pub(crate) fn see_row(&mut self, row: &Row, registration: &Registration) {
        if let (Some(debit), Some(credit), true) =
            (row.debit.wallet(), row.credit.wallet(), row.is_done())
        {
            let leg = Leg { debit, credit, amount: row.amount, reason: row.reason };
            self.see(row.at, &leg, registration);
        }
    }
}
