//! The operator's desk, with the authentication centre behind it.

use crate::service::Service;
use crate::service::access::{may_see_key, may_serve_wallet};
use crate::service::call::{Call, parse_amount, parse_wallet};
use crate::service::institutions::{Errand, is_operators_own};
use crate::service::json;
use crate::service::problem::{Problem, Reply};
use crate::service::who::Identity;
use crate::service::writer::{Asked, Job};
use bank::authentication::NAME_BYTES_MAX;
use bank::{Command, Grade, WalletKind};
use quantity::Fen;
use serde::Deserialize;
use tokio::sync::oneshot;
use wire::{KeyId, PublicKey, Role, WalletId};

/// Body of what moves an amount.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Amount {
    pub(super) amount_fen: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenWallet {
    kind: String,
    grade: String,
    serial: Option<u64>,
    parent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BindKey {
    holder: String,
    role: String,
    public_key: String,
}

/// Has an institution sign and submit something, and waits until it is final.
pub(super) fn at_desk(call: &Call<'_>, errand: Errand) -> Result<Reply, Problem> {
    let (key, digest) = call.key.clone().ok_or_else(|| Problem::key_needed("see the document"))?;
    call.service.errand(Asked { errand, key, call: digest })
}

impl Service {
    /// Has an institution sign and submit something, and waits until it is final.
    pub(in crate::service) fn errand(&self, asked: Asked) -> Result<Reply, Problem> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Errand(Box::new(asked), answer);
        self.jobs.send(job).map_err(|_| Problem::stopping("try again later"))?;
        answered.blocking_recv().map_err(|_| Problem::stopping("ask again with the same key"))
    }
}

/// The wallet of the path, if the caller is its operator.
fn served(call: &Call<'_>) -> Result<WalletId, Problem> {
    let wallet = call.wallet()?;
    let missing = || Problem::not_found("no wallet of this number that the caller may serve");
    may_serve_wallet(call.identity, wallet).then_some(wallet).ok_or_else(missing)
}

/// Number of the caller's own desk. Operators that the genesis doesn't name have none.
fn own_desk(call: &Call<'_>) -> Result<u16, Problem> {
    let mut operators = call.service.genesis.operators.iter().map(|operator| operator.number);
    let found = operators.find(|number| call.identity == Identity::Operator(*number));
    found.ok_or_else(|| Problem::forbidden("the caller's operator has no desk here"))
}

/// Has the operator of the path's wallet sign what is done to it.
fn with_wallet(
    call: &Call<'_>,
    command: impl FnOnce(WalletId) -> Result<Command, Problem>,
) -> Result<Reply, Problem> {
    let wallet = served(call)?;
    at_desk(call, Errand::Operating(wallet.operator(), command(wallet)?))
}

fn amount(call: &Call<'_>) -> Result<Fen, Problem> {
    parse_amount(call.json::<Amount>()?.amount_fen)
}

pub(in crate::service) fn open(call: &Call<'_>) -> Result<Reply, Problem> {
    let operator = own_desk(call)?;
    let OpenWallet { kind, grade, serial, parent } = call.json()?;
    let (kind, grade) = (parse_kind(&kind)?, parse_grade(&grade)?);
    let parent = parent.as_deref().map(parse_wallet).transpose()?;
    if parent.is_some_and(|parent| !may_serve_wallet(call.identity, parent)) {
        return Err(Problem::not_found("no parent of this number that the caller may serve"));
    }
    if serial.is_some_and(|serial| serial == 0 || serial > 999_999_999_999) {
        return Err(Problem::bad_request("serial: 1 to 999999999999"));
    }
    at_desk(call, Errand::Open { operator, serial, kind, grade, parent })
}

pub(in crate::service) fn bind(call: &Call<'_>) -> Result<Reply, Problem> {
    let wallet = served(call)?;
    let BindKey { holder, role, public_key } = call.json()?;
    let holder = parse_holder(holder)?;
    let (role, key) = (parse_role(&role)?, parse_public_key(&public_key)?);
    at_desk(call, Errand::Bind { wallet, holder, role, key })
}

pub(in crate::service) fn parse_kind(word: &str) -> Result<WalletKind, Problem> {
    let wrong = || Problem::bad_request("kind: personal, corporate or income");
    json::kind_of(word).ok_or_else(wrong)
}

pub(in crate::service) fn parse_grade(word: &str) -> Result<Grade, Problem> {
    json::grade_of(word).ok_or_else(|| Problem::bad_request("grade: I, II, III or IV"))
}

pub(in crate::service) fn parse_role(word: &str) -> Result<Role, Problem> {
    let wrong = || Problem::bad_request("role: holder, meter or grid_company");
    json::role_of(word).ok_or_else(wrong)
}

pub(in crate::service) fn parse_holder(name: String) -> Result<String, Problem> {
    let fits = (1..=NAME_BYTES_MAX).contains(&name.len());
    let wrong = || Problem::bad_request(format!("holder: 1 to {NAME_BYTES_MAX} bytes"));
    fits.then_some(name).ok_or_else(wrong)
}

pub(in crate::service) fn parse_public_key(hex: &str) -> Result<PublicKey, Problem> {
    let key: Option<PublicKey> = hex.parse().ok();
    let point = key.filter(|key| crypto::VerifyingKey::new(key).is_some());
    point.ok_or_else(|| {
        Problem::bad_request("public_key: a point of the SM2 curve, x and y as 128 hex digits")
    })
}

pub(in crate::service) fn draw(call: &Call<'_>) -> Result<Reply, Problem> {
    with_wallet(call, |wallet| Ok(Command::Draw { wallet, amount: amount(call)? }))
}

pub(in crate::service) fn redeem(call: &Call<'_>) -> Result<Reply, Problem> {
    with_wallet(call, |wallet| Ok(Command::Redeem { wallet, amount: amount(call)? }))
}

pub(in crate::service) fn pay_in(call: &Call<'_>) -> Result<Reply, Problem> {
    with_wallet(call, |wallet| Ok(Command::CreditDeposit { wallet, amount: amount(call)? }))
}

pub(in crate::service) fn take_out(call: &Call<'_>) -> Result<Reply, Problem> {
    with_wallet(call, |wallet| Ok(Command::DebitDeposit { wallet, amount: amount(call)? }))
}

pub(in crate::service) fn pay_interest(call: &Call<'_>) -> Result<Reply, Problem> {
    with_wallet(call, |wallet| Ok(Command::PayInterest { wallet }))
}

pub(in crate::service) fn freeze(call: &Call<'_>) -> Result<Reply, Problem> {
    with_wallet(call, |wallet| Ok(Command::Freeze { wallet }))
}

pub(in crate::service) fn unfreeze(call: &Call<'_>) -> Result<Reply, Problem> {
    with_wallet(call, |wallet| Ok(Command::Unfreeze { wallet }))
}

pub(in crate::service) fn give_back(call: &Call<'_>) -> Result<Reply, Problem> {
    let operator = own_desk(call)?;
    at_desk(call, Errand::Operating(operator, Command::Return { amount: amount(call)? }))
}

pub(in crate::service) fn revoke(call: &Call<'_>) -> Result<Reply, Problem> {
    let key: KeyId = call.path("key")?;
    let serial = {
        let ledger = call.service.ledger();
        let registration = ledger.registration();
        let seen = may_see_key(call.identity, key, registration);
        // An operator's own key is bound to its vault; it isn't a customer's.
        let own = is_operators_own(key, &call.service.genesis);
        let known = registration.certificate(key).filter(|_| seen && !own);
        let missing = || Problem::not_found("no customer's key of this pseudonym");
        known.ok_or_else(missing)?.serial
    };
    at_desk(call, Errand::Revoke(serial))
}
