//! What the service says in JSON: the one place that maps the bank's types to names and fields.

use super::problem::{Problem, Reply};
use bank::authentication::Disclosure;
use bank::command::{Command, Signer};
use bank::export::{Movement, Place, Row};
use bank::registration::{Wallet, WalletState};
use bank::terms::{Holders, InterestRule, Intrinsic, LimitRule, Recallable, Rest, Template};
use bank::{Grade, Operation, ResultCode, WalletKind};
use quantity::{Duration, Fen, Instant};
use serde_json::{Value, json};
use wire::identity::{Certificate, Role};
use wire::receipt::{Receipt, Root};
use wire::{Signed, Wire};

/// RFC 3339 in legal time, to the millisecond.
pub(super) fn instant(at: Instant) -> String {
    let time = at.civil();
    let (hour, minute, second) = (time.hour, time.minute, time.second);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{:03}+08:00", time.date, time.millisecond)
}

/// A message as [`wire`] writes it, in hexadecimal digits.
pub(super) fn hex<T: Wire>(message: &T) -> String {
    let mut text = String::new();
    message.write(&mut |part| {
        for byte in part {
            text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or_default());
            text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or_default());
        }
    });
    text
}

/// Reads what [`hex`] writes; `None` for other text.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(*pair.first()?)? << 4) | digit(*pair.get(1)?)?)).collect()
}

pub(super) const fn kind(kind: WalletKind) -> &'static str {
    match kind {
        WalletKind::IssuanceVault => "issuance_vault",
        WalletKind::BankVault => "bank_vault",
        WalletKind::Personal => "personal",
        WalletKind::Corporate => "corporate",
        WalletKind::Income => "income",
    }
}

/// The kinds that a customer's wallet may have.
pub(super) fn kind_of(word: &str) -> Option<WalletKind> {
    let customers = [WalletKind::Personal, WalletKind::Corporate, WalletKind::Income];
    customers.into_iter().find(|one| kind(*one) == word)
}

pub(super) const fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::I => "I",
        Grade::II => "II",
        Grade::III => "III",
        Grade::IV => "IV",
    }
}

pub(super) fn grade_of(word: &str) -> Option<Grade> {
    [Grade::I, Grade::II, Grade::III, Grade::IV].into_iter().find(|one| grade(*one) == word)
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::AuthenticationCentre => "authentication_centre",
        Role::CentralBank => "central_bank",
        Role::RegistrationCentre => "registration_centre",
        Role::Operator => "operator",
        Role::Regulator => "regulator",
        Role::GridCompany => "grid_company",
        Role::Meter => "meter",
        Role::Holder => "holder",
        Role::Supervisor => "supervisor",
    }
}

/// The roles that an operator may have a customer's key certified for.
pub(super) fn role_of(word: &str) -> Option<Role> {
    [Role::Holder, Role::Meter, Role::GridCompany].into_iter().find(|one| role(*one) == word)
}

pub(super) fn wallet(wallet: &Wallet) -> Value {
    json!({
        "wallet": wallet.id.to_string(),
        "kind": kind(wallet.kind),
        "grade": grade(wallet.grade),
        "parent": wallet.parent.map(|parent| parent.to_string()),
        "state": match wallet.state {
            WalletState::Active => "active",
            WalletState::Frozen => "frozen",
        },
        "balance_fen": wallet.balance.fen(),
        "held_fen": wallet.held.fen(),
        "coins_fen": wallet.coins.fen(),
        "deposit_fen": wallet.deposit.fen(),
    })
}

pub(super) fn certificate(certificate: &Signed<Certificate>) -> Value {
    let mut value = certificate_body(&certificate.body);
    value["wire"] = hex(certificate).into();
    value
}

pub(super) fn certificate_body(body: &Certificate) -> Value {
    json!({
        "serial": body.serial,
        "role": role(body.role),
        "key": crypto::key_id(&body.public_key).to_string(),
        "public_key": body.public_key.to_string(),
        "valid_from": instant(body.valid_from),
        "valid_until": instant(body.valid_until),
    })
}

pub(super) fn root(root: &Signed<Root>) -> Value {
    json!({
        "batch": root.body.batch,
        "previous": root.body.previous.to_string(),
        "merkle": root.body.merkle.to_string(),
        "at": instant(root.body.at),
        "issued_fen": root.body.issued.fen(),
        "wire": hex(root),
    })
}

pub(super) fn receipt(receipt: &Receipt) -> Value {
    let balances = receipt.leaf.balances.iter().map(|balance| {
        json!({ "wallet": balance.wallet.to_string(), "balance_fen": balance.balance.fen() })
    });
    json!({
        "order": receipt.leaf.order.to_string(),
        "code": ResultCode::from_number(receipt.leaf.result).map(ResultCode::name),
        "balances": balances.collect::<Vec<_>>(),
        "batch": receipt.root.batch,
        "at": instant(receipt.root.at),
        "wire": hex(receipt),
    })
}

fn place(place: Place) -> Value {
    place.wallet().map_or(Value::Null, |wallet| wallet.to_string().into())
}

pub(super) fn row(row: &Row) -> Value {
    json!({
        "batch": row.batch,
        "at": instant(row.at),
        "order": row.order.to_string(),
        "signer": row.signer.map(|signer| signer.to_string()),
        "sequence": row.sequence,
        "kind": row.kind,
        "debit": place(row.debit),
        "credit": place(row.credit),
        "amount_fen": row.amount.fen(),
        "reason": row.reason,
        "code": row.result.name(),
    })
}

/// A movement as the statement of a wallet shows it, here and on the command line.
#[must_use]
pub(crate) fn movement(movement: &Movement) -> Value {
    json!({
        "batch": movement.batch,
        "at": instant(movement.at),
        "order": movement.order.to_string(),
        "kind": movement.kind,
        "counterparty": place(movement.counterparty),
        "amount_fen": movement.amount.fen(),
        "balance_fen": movement.balance.fen(),
        "reason": movement.reason,
    })
}

/// What an errand at a desk came to: a function of the operation and its batch alone, so that a
/// repeated call gets the very same bytes, even after a restart.
pub(super) fn done(operation: &Operation, code: ResultCode, root: &Root) -> Reply {
    if code != ResultCode::Accepted {
        return Problem::refused(code).into();
    }
    Reply::json(&json!({
        "code": code.name(),
        "order": operation.digest().to_string(),
        "signer": operation.signer().to_string(),
        "sequence": operation.sequence(),
        "batch": root.batch,
        "at": instant(root.at),
        "command": match operation {
            Operation::Pay(_) => Value::Null,
            Operation::Instruct(instruction) => command(&instruction.body.command),
        },
    }))
}

/// The one place that names the fields of commands.
fn command(command: &Command) -> Value {
    let mut value = match command.signer() {
        Signer::AuthenticationCentre | Signer::CentralBank => by_centre(command),
        Signer::Operator => by_operator(command),
        Signer::Owner => by_owner(command),
    };
    value["kind"] = command.word().into();
    value
}

fn fen(amount: Option<Fen>) -> Value {
    amount.map_or(Value::Null, |amount| amount.fen().into())
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(T::to_string).collect()
}

fn fens(amounts: &[Fen]) -> Vec<i64> {
    amounts.iter().map(|amount| amount.fen()).collect()
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the table of commands says who signs what")]
fn by_centre(command: &Command) -> Value {
    match command {
        Command::Issue { amount } | Command::Retire { amount } => {
            json!({ "amount_fen": amount.fen() })
        }
        Command::Supply { operator, amount }
        | Command::CreditReserve { operator, amount }
        | Command::DebitReserve { operator, amount } => {
            json!({ "operator": operator, "amount_fen": amount.fen() })
        }
        Command::SetQuota { operator, amount } => {
            json!({ "operator": operator, "amount_fen": fen(*amount) })
        }
        Command::SetLimits { rule } => limits(rule),
        Command::SetInterest { rule } => interest(rule),
        Command::ApproveTemplate { template: approved } => template(approved),
        Command::WithdrawTemplate { template } => json!({ "template": template }),
        Command::Revoke { serial } => json!({ "serial": serial }),
        Command::Disclose { serial, warrant, .. } => {
            json!({ "serial": serial, "warrant": warrant.to_string() })
        }
        _ => unreachable!("{} is signed elsewhere", command.name()),
    }
}

pub(super) fn limits(rule: &LimitRule) -> Value {
    json!({
        "holders": holders(rule.holders),
        "grade": grade(rule.grade),
        "from": day(rule.from_day),
        "single_fen": fen(rule.single),
        "day_fen": fen(rule.day),
        "year_fen": fen(rule.year),
        "balance_fen": fen(rule.balance),
    })
}

pub(super) fn interest(rule: &InterestRule) -> Value {
    json!({
        "holders": holders(rule.holders),
        "grade": grade(rule.grade),
        "from": day(rule.from_day),
        "rate_ppm": rule.rate_ppm,
    })
}

pub(super) fn template(template: &Template) -> Value {
    json!({
        "template": template.number,
        "allows": match template.allows {
            Intrinsic::Hold => "hold",
            Intrinsic::Grant => "grant",
        },
        "document": template.document.to_string(),
    })
}

pub(super) fn disclosure(disclosure: &Disclosure) -> Value {
    json!({
        "order": disclosure.order.to_string(),
        "batch": disclosure.batch,
        "at": instant(disclosure.at),
        "serial": disclosure.serial,
        "warrant": disclosure.warrant.to_string(),
    })
}

/// A legal day by its number since 1970-01-01.
pub(super) fn day(number: u32) -> String {
    let midnight = Instant::EPOCH + Duration::from_days(i64::from(number));
    // Midnight in UTC is the morning of the same legal day.
    midnight.civil().date.to_string()
}

/// Reads what [`holders`] writes.
pub(super) fn holders_of(word: &str) -> Option<Holders> {
    Holders::ALL.iter().copied().find(|one| holders(*one) == word)
}

const fn holders(holders: Holders) -> &'static str {
    match holders {
        Holders::Persons => "persons",
        Holders::Companies => "companies",
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the table of commands says who signs what")]
fn by_operator(command: &Command) -> Value {
    match command {
        Command::Return { amount } => json!({ "amount_fen": amount.fen() }),
        Command::OpenWallet { wallet, kind: what, parent, grade: how } => json!({
            "wallet": wallet.to_string(),
            "wallet_kind": kind(*what),
            "parent": parent.map(|parent| parent.to_string()),
            "grade": grade(*how),
        }),
        Command::BindKey { wallet, certificate: bound } => {
            json!({ "wallet": wallet.to_string(), "certificate": certificate(bound) })
        }
        Command::Draw { wallet, amount }
        | Command::Redeem { wallet, amount }
        | Command::CreditDeposit { wallet, amount }
        | Command::DebitDeposit { wallet, amount } => {
            json!({ "wallet": wallet.to_string(), "amount_fen": amount.fen() })
        }
        Command::Freeze { wallet }
        | Command::Unfreeze { wallet }
        | Command::PayInterest { wallet } => json!({ "wallet": wallet.to_string() }),
        _ => unreachable!("{} is signed elsewhere", command.name()),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the table of commands says who signs what")]
fn by_owner(command: &Command) -> Value {
    match command {
        Command::LimitWallet { wallet, spending } => json!({
            "wallet": wallet.to_string(),
            "single_fen": fen(spending.single),
            "day_fen": fen(spending.day),
        }),
        Command::Push { wallet, certificate: bound } => {
            json!({ "wallet": wallet.to_string(), "certificate": certificate(bound) })
        }
        Command::Unbind { wallet, key } => {
            json!({ "wallet": wallet.to_string(), "key": key.to_string() })
        }
        Command::Sweep { wallet, keep } => {
            json!({ "wallet": wallet.to_string(), "keep_fen": fen(*keep) })
        }
        Command::Refund { order, leg } => json!({
            "order": order.to_string(),
            "debit": leg.debit.to_string(),
            "credit": leg.credit.to_string(),
            "amount_fen": leg.amount.fen(),
        }),
        Command::Hold { debit, credit, amount, template, from, until } => json!({
            "debit": debit.to_string(),
            "credit": credit.to_string(),
            "amount_fen": amount.fen(),
            "template": template,
            "from": instant(*from),
            "until": instant(*until),
        }),
        Command::Post { hold, amount, rest } => json!({
            "hold": hold.to_string(),
            "amount_fen": amount.fen(),
            "rest": match rest {
                Rest::Stays => "stays",
                Rest::Returns => "returns",
            },
        }),
        Command::Void { hold } => json!({ "hold": hold.to_string() }),
        _ => with_coins(command),
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the table of commands says who signs what")]
fn with_coins(command: &Command) -> Value {
    match command {
        Command::Mint { wallet, amounts } => {
            json!({ "wallet": wallet.to_string(), "amounts_fen": fens(amounts) })
        }
        Command::Grant { debit, credit, amount, template, terms } => json!({
            "debit": debit.to_string(),
            "credit": credit.to_string(),
            "amount_fen": amount.fen(),
            "template": template,
            "purpose": terms.purpose,
            "payees": texts(&terms.payees),
            "until": instant(terms.until),
            "recallable": match terms.recallable {
                Recallable::AtEnd => "at_end",
                Recallable::AnyTime => "any_time",
            },
        }),
        Command::Spend { coins, credit, amount } => json!({
            "coins": texts(coins),
            "credit": credit.to_string(),
            "amount_fen": amount.fen(),
        }),
        Command::Split { coin, amounts } => {
            json!({ "coin": coin.to_string(), "amounts_fen": fens(amounts) })
        }
        Command::Merge { coins } | Command::Melt { coins } => json!({ "coins": texts(coins) }),
        Command::ClawBack { coin } => json!({ "coin": coin.to_string() }),
        _ => unreachable!("{} is signed elsewhere", command.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_text_reads_back() {
        assert_eq!(from_hex(""), Some(vec![]));
        assert_eq!(from_hex("00ffAb"), Some(vec![0, 255, 0xab]));
        for bad in ["0", "0g", "000", "+1", " 1", "即即"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
        assert_eq!(hex(&0x01ab_u16), "01ab");
    }

    #[test]
    fn instants_are_legal_time() {
        // date -d 2026-11-27T20:10:05+08:00 +%s
        let at = Instant::from_unix_milliseconds(1_795_781_405_007);
        assert_eq!(instant(at), "2026-11-27T20:10:05.007+08:00");
    }
}
