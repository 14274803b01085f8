//! What an audit found in a sound directory.

use core::fmt;
use quantity::{Energy, Fen, Money};
use serde::Serialize;

/// What an audit found in a sound directory. Money and energy serialise as integer strings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Always true: what isn't sound has no report.
    pub sound: bool,
    /// Whether the directory was closed in order, so that not even its end can be missing.
    pub closed: bool,
    /// Pseudonym of the one key that was trusted: the authentication centre's.
    pub authority: String,
    /// Batches of the registration centre.
    pub batches: u64,
    /// Operations of all kinds in them.
    pub operations: u64,
    /// Payment orders that are final.
    pub orders: u64,
    /// Payment orders that were sent again and got their first answer.
    pub repeated: u64,
    /// Payment orders that were refused.
    pub refused: u64,
    /// Meters.
    pub meters: u64,
    /// Settlements that were repeated.
    pub settlements: u64,
    /// Contracts that were compiled again.
    pub contracts: u64,
    /// Price decisions whose proof was checked.
    pub decisions: u64,
    /// Price signals.
    pub signals: u64,
    /// Records of the world.
    pub world_records: u64,
    /// Signatures that were verified.
    pub signatures: u64,
    /// Energy that meters took from the grid.
    pub import: Energy,
    /// Energy that meters fed in.
    pub export: Energy,
    /// Charged by contracts.
    pub charged: Money,
    /// Paid by meters: `charged = paid + carried`.
    pub paid: Fen,
    /// Owed and not paid yet: rests below one fen, and arrears.
    pub carried: Money,
    /// Issued by the central bank.
    pub issued: Fen,
    /// Sum of all wallets: equal to what was issued.
    pub wallets: Fen,
    /// Number of wallets.
    pub wallet_count: u64,
    /// What is allowed and yet worth knowing.
    pub notes: Vec<String>,
    /// How long the audit took.
    pub seconds: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Sound: every bit, signature, price and fen was checked again.")?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, text: fmt::Arguments<'_>| {
            writeln!(f, "  {name:<12} {text}")
        };
        let Self { batches, operations, orders, repeated, refused, meters, settlements, .. } = self;
        let Self { contracts, decisions, signals, signatures, seconds, .. } = self;
        line(f, "bank", format_args!("{batches} batches, {operations} operations"))?;
        line(f, "orders", format_args!("{orders} final, {repeated} repeated, {refused} refused"))?;
        line(f, "settlements", format_args!("{settlements} of {meters} meters"))?;
        line(f, "contracts", format_args!("{contracts} compiled again from their sources"))?;
        line(f, "prices", format_args!("{decisions} decisions proved, {signals} signals"))?;
        line(f, "signatures", format_args!("{signatures}"))?;
        line(f, "energy", format_args!("{} taken, {} fed in", self.import, self.export))?;
        line(
            f,
            "charged",
            format_args!("{} = {} paid + {} carried", self.charged, self.paid, self.carried),
        )?;
        line(
            f,
            "money",
            format_args!(
                "{} issued = {} in {} wallets",
                self.issued, self.wallets, self.wallet_count
            ),
        )?;
        line(f, "trusted", format_args!("authentication centre {}", self.authority))?;
        line(f, "closed", format_args!("{}", if self.closed { "yes" } else { "no" }))?;
        for note in &self.notes {
            line(f, "note", format_args!("{note}"))?;
        }
        line(f, "took", format_args!("{seconds:.1} s"))
    }
}
