//! Wallets of many holders at once, from a list: opened, bound and filled at the desks.

use super::Service;
use super::call::{parse_amount, parse_wallet};
use super::endpoints::desk;
use super::idempotency::Key;
use super::institutions::Errand;
use super::problem::{Problem, Reply};
use super::writer::Asked;
use bank::Command;
use serde::Deserialize;
use serde_json::Value;
use wire::WalletId;

/// One line of the list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRow {
    /// The list's own name for the line: what is done under it is done once, however often the list
    /// is imported.
    pub reference: String,
    /// Name of the holder, for the authentication centre alone.
    pub holder: String,
    /// `personal`, `corporate` or `income`.
    pub kind: String,
    /// `I` to `IV`.
    pub grade: String,
    /// The parent of a sub-wallet, or nothing.
    #[serde(default)]
    pub parent: String,
    /// `holder`, `meter` or `grid_company`; with a key only.
    #[serde(default)]
    pub role: String,
    /// Public key that may debit the wallet, 128 hex digits, or nothing.
    #[serde(default)]
    pub public_key: String,
    /// First three digits of the operator's wallets; the parent's operator, or else the first one, if
    /// left out.
    #[serde(default)]
    pub operator: String,
    /// What the holder pays in and draws as digital yuan, or nothing.
    #[serde(default)]
    pub deposit_fen: String,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The wallet, once it is open.
    pub wallet: Option<String>,
    /// Why the line, or the rest of it, was refused.
    pub refused: Option<String>,
}

/// A line that was understood.
struct Plan {
    open: Errand,
    bind: Option<(String, wire::Role, wire::PublicKey)>,
    deposit: Option<quantity::Fen>,
}

/// Opens, binds and fills the wallet of one line. A line that can't be understood does nothing; one
/// that the ledger refuses half-way says how far it came.
#[must_use]
pub fn import(service: &Service, row: &ImportRow) -> Imported {
    let mut outcome = Imported { wallet: None, refused: None };
    if let Err(reason) = carry_out(service, row, &mut outcome) {
        outcome.refused = Some(reason);
    }
    outcome
}

fn carry_out(service: &Service, row: &ImportRow, outcome: &mut Imported) -> Result<(), String> {
    let plan = plan(service, row).map_err(|problem| problem.detail().to_owned())?;
    let opened = act(service, row, "open", plan.open)?;
    let number = opened["command"]["wallet"].as_str().unwrap_or_default();
    let wallet = parse_wallet(number).map_err(|problem| problem.detail().to_owned())?;
    outcome.wallet = Some(number.to_owned());
    if let Some((holder, role, key)) = plan.bind {
        act(service, row, "bind", Errand::Bind { wallet, holder, role, key })?;
    }
    if let Some(amount) = plan.deposit {
        let operator = wallet.operator();
        let pay_in = Command::CreditDeposit { wallet, amount };
        act(service, row, "deposit", Errand::Operating(operator, pay_in))?;
        act(service, row, "draw", Errand::Operating(operator, Command::Draw { wallet, amount }))?;
    }
    Ok(())
}

fn plan(service: &Service, row: &ImportRow) -> Result<Plan, Problem> {
    let reference_fits = (1..=64).contains(&row.reference.len());
    if !reference_fits {
        return Err(Problem::bad_request("reference: 1 to 64 bytes"));
    }
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let parent: Option<WalletId> = given(&row.parent).as_deref().map(parse_wallet).transpose()?;
    let holder = desk::parse_holder(row.holder.clone())?;
    let bind = given(&row.public_key)
        .map(|key| Ok((holder, desk::parse_role(&row.role)?, desk::parse_public_key(&key)?)));
    let deposit = given(&row.deposit_fen).map(|text| {
        let wrong = |error| Problem::bad_request(format!("deposit_fen '{text}': {error}"));
        text.parse().map_err(wrong).and_then(parse_amount)
    });
    let operator = match given(&row.operator) {
        Some(text) => text
            .parse()
            .map_err(|error| Problem::bad_request(format!("operator '{text}': {error}")))?,
        None => parent.map_or(service.genesis.operators[0].number, WalletId::operator),
    };
    let (kind, grade) = (desk::parse_kind(&row.kind)?, desk::parse_grade(&row.grade)?);
    Ok(Plan {
        open: Errand::Open { operator, serial: None, kind, grade, parent },
        bind: bind.transpose()?,
        deposit: deposit.transpose()?,
    })
}

/// Does one step of a line, once for ever. What the ledger refused has moved nothing, so it is tried
/// anew under a key of its own.
fn act(service: &Service, row: &ImportRow, step: &str, errand: Errand) -> Result<Value, String> {
    let key = |attempt: u32| Key {
        caller: "import".to_owned(),
        key: format!("{}/{step}/{attempt}", row.reference),
    };
    let refused = |attempt: &u32| {
        let calls = service.calls();
        calls.answer(&key(*attempt)).is_some_and(|reply| !reply.status.is_success())
    };
    let key = (1..u32::MAX).find(|attempt| !refused(attempt)).map(key);
    let key = key.ok_or_else(|| format!("{step}: tried too often"))?;
    let call = crypto::sm3(format!("{errand:?}").as_bytes());
    let asked = Asked { errand, key: key.clone(), call };
    let reply: Reply = service.once(&key, call, || service.errand(asked));
    let value: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if reply.status.is_success() {
        return Ok(value);
    }
    let told = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Err(format!("{step}: {} ({})", told("code"), told("detail")))
}
