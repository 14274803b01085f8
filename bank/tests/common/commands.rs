//! The words of a table's line as a command.

use super::{Engine, START, Suite, World, fen, grade_of, kind_of};
use bank::WalletKind;
use bank::command::Command;
use bank::terms::{
    CoinTerms, Holders, InterestRule, Intrinsic, LimitRule, Recallable, Rest, Spending, Template,
};
use quantity::{Duration, Fen, Instant};
use wire::order::Leg;
use wire::{Digest, WalletId};

fn fens<const N: usize>(words: &[&str]) -> heapless::Vec<Fen, N> {
    words.iter().map(|word| fen(word)).collect()
}

/// `none`, or an amount.
fn limit(word: &str) -> Option<Fen> {
    (word != "none").then(|| fen(word))
}

fn holders(word: &str) -> Holders {
    match word {
        "persons" => Holders::Persons,
        "companies" => Holders::Companies,
        _ => panic!("no such holders: {word}"),
    }
}

/// Days since the founding, as an instant and as a day.
fn instant(days: &str) -> Instant {
    START + Duration::from_days(days.parse().unwrap())
}

fn day(days: &str) -> u32 {
    instant(days).legal_day().number.try_into().unwrap()
}

pub fn central(words: &[&str]) -> Option<Command> {
    Some(match words {
        ["issue", amount] => Command::Issue { amount: fen(amount) },
        ["retire", amount] => Command::Retire { amount: fen(amount) },
        ["supply", operator, amount] => {
            Command::Supply { operator: operator.parse().unwrap(), amount: fen(amount) }
        }
        ["quota", operator, amount] => {
            Command::SetQuota { operator: operator.parse().unwrap(), amount: limit(amount) }
        }
        ["fill-reserve", operator, amount] => {
            Command::CreditReserve { operator: operator.parse().unwrap(), amount: fen(amount) }
        }
        ["empty-reserve", operator, amount] => {
            Command::DebitReserve { operator: operator.parse().unwrap(), amount: fen(amount) }
        }
        ["limits", who, grade, from, single, day_limit, year, balance] => Command::SetLimits {
            rule: LimitRule {
                holders: holders(who),
                grade: grade_of(grade),
                from_day: day(from),
                single: limit(single),
                day: limit(day_limit),
                year: limit(year),
                balance: limit(balance),
            },
        },
        ["interest", who, grade, from, rate_ppm] => Command::SetInterest {
            rule: InterestRule {
                holders: holders(who),
                grade: grade_of(grade),
                from_day: day(from),
                rate_ppm: rate_ppm.parse().unwrap(),
            },
        },
        ["approve", number, allows] => Command::ApproveTemplate {
            template: Template {
                number: number.parse().unwrap(),
                allows: if *allows == "hold" { Intrinsic::Hold } else { Intrinsic::Grant },
                document: Digest([2; 32]),
            },
        },
        ["withdraw", number] => Command::WithdrawTemplate { template: number.parse().unwrap() },
        _ => return None,
    })
}

/// The wallet tells which operator signs; without one it is the first.
pub fn operating<S: Suite, E: Engine<S>>(
    world: &mut World<S, E>,
    words: &[&str],
) -> Option<(Option<WalletId>, Command)> {
    let command = match words {
        ["return", amount] => return Some((None, Command::Return { amount: fen(amount) })),
        ["open" | "trespass", name, kind, grade, rest @ ..] => {
            let wallet = world.id(name);
            let parent = match rest {
                ["under", parent] => Some(world.id(parent)),
                _ => None,
            };
            let (kind, grade): (WalletKind, _) = (kind_of(kind), grade_of(grade));
            return Some((Some(wallet), Command::OpenWallet { wallet, kind, parent, grade }));
        }
        ["bind", wallet, key] => {
            let certificate = world.payers[*key].certificate.clone();
            let wallet = world.id(wallet);
            return Some((Some(wallet), Command::BindKey { wallet, certificate }));
        }
        _ => words,
    };
    let (verb, name, amount) = match command {
        [verb, name] => (*verb, *name, None),
        [verb, name, amount] => (*verb, *name, amount.parse().ok()),
        _ => return None,
    };
    let known = ["draw", "redeem", "freeze", "unfreeze", "pay-in", "take-out", "pay-interest"];
    if !known.contains(&verb) {
        return None;
    }
    let wallet = world.id(name);
    let command = match (verb, amount) {
        ("draw", Some(amount)) => Command::Draw { wallet, amount },
        ("redeem", Some(amount)) => Command::Redeem { wallet, amount },
        ("pay-in", Some(amount)) => Command::CreditDeposit { wallet, amount },
        ("take-out", Some(amount)) => Command::DebitDeposit { wallet, amount },
        ("freeze", None) => Command::Freeze { wallet },
        ("unfreeze", None) => Command::Unfreeze { wallet },
        ("pay-interest", None) => Command::PayInterest { wallet },
        _ => panic!("no such action: {words:?}"),
    };
    Some((Some(wallet), command))
}

pub fn owning<S: Suite, E: Engine<S>>(world: &mut World<S, E>, words: &[&str]) -> Command {
    match words {
        ["limit", wallet, single, day] => Command::LimitWallet {
            wallet: world.id(wallet),
            spending: Spending { single: limit(single), day: limit(day) },
        },
        ["push", wallet, key] => Command::Push {
            wallet: world.id(wallet),
            certificate: world.payers[*key].certificate.clone(),
        },
        ["unbind", wallet, key] => {
            Command::Unbind { wallet: world.id(wallet), key: world.payers[*key].desk.key() }
        }
        ["sweep", wallet, keep] => Command::Sweep { wallet: world.id(wallet), keep: limit(keep) },
        ["refund", debit, credit, amount] => {
            let (debit, credit, amount) = (world.id(debit), world.id(credit), fen(amount));
            let leg = Leg { debit, credit, amount, reason: 1 };
            Command::Refund { order: Digest([3; 32]), leg }
        }
        ["hold", debit, credit, amount, "under", template, "from", from, "until", until] => {
            Command::Hold {
                debit: world.id(debit),
                credit: world.id(credit),
                amount: fen(amount),
                template: template.parse().unwrap(),
                from: instant(from),
                until: instant(until),
            }
        }
        ["post", hold, amount, rest] => Command::Post {
            hold: world.made(hold),
            amount: fen(amount),
            rest: if *rest == "stays" { Rest::Stays } else { Rest::Returns },
        },
        ["void", hold] => Command::Void { hold: world.made(hold) },
        _ => coins(world, words),
    }
}

fn coins<S: Suite, E: Engine<S>>(world: &mut World<S, E>, words: &[&str]) -> Command {
    let made = |world: &World<S, E>, names: &[&str]| {
        names.iter().map(|name| world.made(name)).collect::<heapless::Vec<Digest, 8>>()
    };
    match words {
        ["mint", wallet, amounts @ ..] => {
            Command::Mint { wallet: world.id(wallet), amounts: fens(amounts) }
        }
        [
            "grant",
            debit,
            credit,
            amount,
            "under",
            template,
            "until",
            until,
            recall,
            "to",
            payees @ ..,
        ] => Command::Grant {
            debit: world.id(debit),
            credit: world.id(credit),
            amount: fen(amount),
            template: template.parse().unwrap(),
            terms: CoinTerms {
                purpose: 7,
                payees: payees.iter().map(|payee| world.id(payee)).collect(),
                until: instant(until),
                recallable: if *recall == "recallable" {
                    Recallable::AnyTime
                } else {
                    Recallable::AtEnd
                },
            },
        },
        ["spend", credit, amount, names @ ..] => Command::Spend {
            credit: world.id(credit),
            amount: fen(amount),
            coins: made(world, names),
        },
        ["split", coin, amounts @ ..] => {
            Command::Split { coin: world.made(coin), amounts: fens(amounts) }
        }
        ["merge", names @ ..] => Command::Merge { coins: made(world, names) },
        ["melt", names @ ..] => Command::Melt { coins: made(world, names) },
        ["claw-back", coin] => Command::ClawBack { coin: world.made(coin) },
        _ => panic!("no such action: {words:?}"),
    }
}
