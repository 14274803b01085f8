//! One payment, followed back from the receipt to clause, register and signatures.
//!
//! A pure function of the payment's parts: the console takes them from memory, `jidian trace` from
//! the logs. Each mark comes from a check that is made here and now.

use super::clauses::Clauses;
use super::evidence::{check_contract, check_price, check_signals, legs_of};
use super::market::Runnable;
use super::quantities::{amount_text, price_text};
use crate::view::{
    Fact, HexView, Mark, PaymentRow, PaymentState, TableView, Text, TraceStep, TraceView, Word,
};
use bank::ResultCode;
use contract::{CustomerClass, Item, Program, Role, SignalId};
use core::fmt::Display;
use crypto::{Verify, merkle};
use grid::{Decision, Setup, publishing};
use quantity::{Energy, Fen, Instant, Money};
use simulation::ledger::MeterEntry;
use tee::Signers;
use wire::evidence::SettlementRecord;
use wire::order::PaymentOrder;
use wire::package::SignedPackage;
use wire::receipt::Receipt;
use wire::signal::PriceSignal;
use wire::{PublicKey, Signed};

/// Whose signatures count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// Authentication centre: signs the meters' certificates.
    pub authority: PublicKey,
    /// Signers of the contract, when it was published.
    pub signers: Signers,
    /// Signer of the signal, when it was sent.
    pub signal_signer: PublicKey,
    /// Registration centre: signs receipts.
    pub registration: PublicKey,
}

/// All that one payment rests on. What isn't known shows as open.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// Whose signatures count.
    pub trusted: &'a Trusted,
    /// The meter, as its counterparty knows it.
    pub meter: &'a MeterEntry,
    /// The settlement.
    pub record: &'a SettlementRecord,
    /// The record before it, of the same meter and direction; `None` for the first.
    pub before: Option<&'a SettlementRecord>,
    /// The order.
    pub order: &'a Signed<PaymentOrder>,
    /// Its receipt; `None` while it is on its way.
    pub receipt: Option<&'a Receipt>,
    /// The contract package that the record names, with its source text.
    pub contract: Option<(&'a SignedPackage, &'a str)>,
    /// The signal that the record names.
    pub signal: Option<&'a Signed<PriceSignal>>,
    /// The decision that the signal names, and the market that it was made for.
    pub decision: Option<(&'a Decision, &'a Setup)>,
}

/// Tells the story of a payment.
#[must_use]
pub fn story(parts: &Parts<'_>, verifier: &impl Verify) -> TraceView {
    let mut steps = vec![
        register(parts),
        agreement(parts, verifier),
        signal(parts, verifier),
        charge(parts),
        order(parts, verifier),
        receipt(parts, verifier),
        ledger(parts),
    ];
    for step in &mut steps {
        // Sentences quote amounts, whose unit has a Chinese name too.
        step.text.zh = step.text.zh.replace(" yuan", " 元");
    }
    TraceView { payment: payment(parts), steps }
}

fn payment(parts: &Parts<'_>) -> PaymentRow {
    let Parts { record, order, meter, .. } = parts;
    let largest = record.legs.iter().max_by_key(|line| line.charged.abs());
    let role = |byte: Option<u8>| byte.and_then(Role::from_byte).map_or_else(Text::default, role);
    let charged = |line: &wire::evidence::LegLine| match Role::from_byte(line.debit) {
        Some(Role::CustomerBill) => line.charged,
        _ => -line.charged,
    };
    PaymentRow {
        id: format!("{}-{}", record.meter, record.sequence),
        meter: record.meter.to_string(),
        sequence: record.sequence,
        class: class_word(meter.class),
        at: order.body.at,
        from: record.start,
        until: record.end,
        energy: moved(record),
        charged: record.legs.iter().map(charged).sum(),
        paid: record.legs.iter().map(|line| line.paid).sum(),
        carried: record.legs.iter().map(|line| line.carried_after).sum(),
        payer: role(largest.map(|line| line.debit)),
        payee: role(largest.map(|line| line.credit)),
        state: match parts.receipt.map(|receipt| receipt.leaf.result) {
            None => PaymentState::Waiting,
            Some(0) => PaymentState::Final,
            Some(_) => PaymentState::Refused,
        },
    }
}

fn register(parts: &Parts<'_>) -> TraceStep {
    let Parts { record, before, .. } = parts;
    let starts = [
        record.register_year_start,
        record.register_month_start,
        record.register_before,
        record.register_after,
    ];
    let follows = before.is_none_or(|before| {
        (before.end, before.register_after) == (record.start, record.register_before)
    });
    let mark = Mark::of(follows && starts.is_sorted() && record.start < record.end);
    let mut step = step(
        Text::new("示值变动", "Register moved"),
        Text::new(
            format!(
                "{} 至 {}，{}方向示值变动 {}。",
                time(record.start),
                time(record.end),
                direction(record).zh,
                moved(record)
            ),
            format!(
                "From {} to {} the register of {} moved by {}.",
                time(record.start),
                time(record.end),
                direction(record).en,
                moved(record)
            ),
        ),
        mark,
    );
    step.facts = vec![
        fact("起始示值", "register before", record.register_before),
        fact("终止示值", "register after", record.register_after),
        fact("月初示值", "at the start of the month", record.register_month_start),
        fact("年初示值", "at the start of the year", record.register_year_start),
        Fact {
            name: Text::new("衔接", "goes on from"),
            value: match before {
                Some(before) => Text::same(format!("{}-{}", before.meter, before.sequence)),
                None => Text::new("该方向第一笔结算", "the first settlement of this direction"),
            },
        },
    ];
    step
}

fn agreement(parts: &Parts<'_>, verifier: &impl Verify) -> TraceStep {
    let title = Text::new("合约生效", "Contract in force");
    let Some((signed, source)) = parts.contract else {
        return step(title, Text::new("合约尚未取得。", "The contract isn't at hand."), Mark::Open);
    };
    let (package, trusted) = (&signed.package, parts.trusted);
    let by_regulator = verifier.verify(&trusted.signers.regulator, package, &signed.regulator);
    let by_company = verifier.verify(&trusted.signers.grid_company, package, &signed.grid_company);
    let built = contract::build(source).ok();
    let is_same = built.as_ref().is_some_and(|built| built.bytecode[..] == package.program[..])
        && package.source == crypto::sm3(source.as_bytes());
    let is_named = parts.record.contract == crypto::digest(package);
    let in_force = runnable(parts)
        .is_some_and(|contract| check_contract(parts.record, parts.meter.class, &contract).is_ok());
    let mark = Mark::of(by_regulator && by_company && is_same && is_named && in_force);
    let built = built.as_ref();
    let name = built.map(|built| format!("{} {}", built.name, built.version)).unwrap_or_default();
    let mut step = step(
        title,
        Text::new(
            format!("计量点按合约 {name} 结算；源文本重新编译，与双方签名的字节码一致。"),
            format!(
                "The meter settles under {name}; its source text, compiled again, gives the byte \
                 code that both signed."
            ),
        ),
        mark,
    );
    step.facts = vec![
        fact("合约", "contract", name),
        fact("起", "active from", time(package.active_from)),
        fact("有效至", "valid until", time(package.valid_until)),
        checked("监管机构签名", "signed by the regulator", by_regulator),
        checked("电网公司签名", "signed by the grid company", by_company),
        checked("源文本即字节码", "source gives the byte code", is_same),
        checked("结算时有效", "in force at the time", in_force && is_named),
    ];
    step.table = built.map(articles);
    step.details = vec![
        hex("合约包摘要 SM3", "digest of the package, SM3", crypto::digest(package)),
        hex("监管机构签名", "signature of the regulator", signed.regulator),
        hex("电网公司签名", "signature of the grid company", signed.grid_company),
    ];
    step
}

fn articles(built: &contract::Built) -> TableView {
    let row = |article: &contract::Article| {
        vec![Text::same(article.document.clone()), Text::same(article.clause.clone())]
    };
    TableView {
        title: Text::new("依据", "Sources"),
        head: vec![Text::new("文件", "document"), Text::new("条款", "clause")],
        rows: built.articles.iter().map(row).collect(),
    }
}

fn signal(parts: &Parts<'_>, verifier: &impl Verify) -> TraceStep {
    let title = Text::new("价格信号", "Price signal");
    if parts.record.signals.is_empty() {
        let text = Text::new(
            "没有用到信号：合约取自己写明的默认值。",
            "No signal was used: the contract takes the defaults that it states.",
        );
        return step(title, text, Mark::Good);
    }
    let (Some(signed), Some(contract)) = (parts.signal, runnable(parts)) else {
        return step(title, Text::new("信号尚未取得。", "The signal isn't at hand."), Mark::Open);
    };
    let signal = &signed.body;
    let is_signed = verifier.verify(&parts.trusted.signal_signer, signal, &signed.signature);
    let is_used = check_signals(parts.record, &contract, Some(signal)).is_ok();
    let proof = parts.decision.map(|(decision, setup)| {
        let follows = publishing::signals(decision, setup).contains(signal);
        (
            grid::check_against(decision, setup).is_ok(),
            follows && decision.digest() == signal.decision,
        )
    });
    let of_decision = proof.map_or(Mark::Open, |(holds, follows)| Mark::of(holds && follows));
    let mut step = step(
        title,
        Text::new(
            format!("电网公司第 {} 号价格决定，附最优性证明，逐项复核。", signal.sequence),
            format!(
                "Decision {} of the grid company, whose proof of optimality was checked again.",
                signal.sequence
            ),
        ),
        Mark::of(is_signed && is_used).max(of_decision),
    );
    step.facts = vec![
        fact("有效期自", "holds from", time(signal.from)),
        fact("有效期至", "holds until", time(signal.until)),
        checked("电网公司签名", "signed by the grid company", is_signed),
        checked("结算所用即此值", "the settlement used these values", is_used),
    ];
    if let (Some((decision, _)), Some((holds, follows))) = (parts.decision, proof) {
        step.facts.push(fact("节点电价 λ", "node price λ", decision.lambda()));
        step.facts.push(checked("决定最优且合规", "the decision is optimal and in rule", holds));
        step.facts.push(checked("信号由决定得出", "the signal follows from it", follows));
    }
    let row = |value: &wire::signal::Component| {
        let name = SignalId::from_byte(value.signal)
            .map_or_else(Text::default, |id| Text::new(id.name_zh(), id.name_en()));
        vec![name, Text::amount(value.price)]
    };
    step.table = Some(TableView {
        title: Text::new("分量", "Components"),
        head: vec![Text::new("分量", "component"), Text::new("值", "value")],
        rows: signal.values.iter().map(row).collect(),
    });
    step.details = vec![
        hex("决定摘要 SM3", "digest of the decision, SM3", signal.decision),
        hex("信号签名", "signature of the signal", signed.signature),
    ];
    step
}

fn charge(parts: &Parts<'_>) -> TraceStep {
    let record = parts.record;
    let mark = runnable(parts).map_or(Mark::Open, |contract| {
        let known = parts.signal.map(|signed| &signed.body);
        if known.is_none() && !record.signals.is_empty() {
            return Mark::Open;
        }
        let signals = check_signals(record, &contract, known);
        Mark::of(signals.is_ok_and(|signals| check_price(record, &contract, &signals).is_ok()))
    });
    let charged: Money = record.legs.iter().map(|line| line.charged).sum();
    let mut step = step(
        Text::new("电费计算", "Charge"),
        Text::new(
            format!("按合约逐条重算：{} 电量应付 {charged}。", moved(record)),
            format!(
                "The contract, run again line by line, charges {charged} for {}.",
                moved(record)
            ),
        ),
        mark,
    );
    let clauses = parts.contract.map(|(_, source)| Clauses::of(source));
    let row = |line: &wire::evidence::ItemLine| {
        let item = Item::from_byte(line.item);
        let name =
            item.map_or_else(Text::default, |item| Text::new(item.name_zh(), item.name_en()));
        let clause = item.zip(clauses.as_ref()).and_then(|(item, clauses)| clauses.find(item));
        vec![
            name,
            price_text(line),
            amount_text(line),
            clause.map_or_else(Text::default, |clause| clause.text()),
        ]
    };
    step.table = Some(TableView {
        title: Text::new("价目", "Lines of the bill"),
        head: vec![
            Text::new("项目", "item"),
            Text::new("单价", "price"),
            Text::new("数量", "amount"),
            Text::new("条款", "clause"),
        ],
        rows: record.items.iter().map(row).collect(),
    });
    for line in &record.legs {
        let (debit, credit) = (Role::from_byte(line.debit), Role::from_byte(line.credit));
        let name = |role: Option<Role>| role.map_or_else(Text::default, self::role);
        let (from, to) = (name(debit), name(credit));
        let sum = format!(
            "{} + {} = {} + {}",
            line.carried_before, line.charged, line.paid, line.carried_after
        );
        step.facts.push(Fact {
            name: Text::new(
                format!("{} → {}：结转 + 应付 = 实付 + 结转", from.zh, to.zh),
                format!("{} → {}: carried + charged = paid + carried", from.en, to.en),
            ),
            value: Text::amount(sum),
        });
    }
    step
}

fn order(parts: &Parts<'_>, verifier: &impl Verify) -> TraceStep {
    let Parts { order, meter, record, .. } = parts;
    let certificate = &meter.certificate;
    let key = &certificate.body.public_key;
    let is_certified =
        verifier.verify(&parts.trusted.authority, &certificate.body, &certificate.signature)
            && (certificate.body.valid_from..certificate.body.valid_until).contains(&order.body.at);
    let is_signed = order.body.signer == crypto::key_id(key)
        && verifier.verify(key, &order.body, &order.signature);
    let names_record =
        order.body.evidence == crypto::digest(*record) && order.body.sequence == record.sequence;
    let moves_it = legs_of(record, meter).is_some_and(|legs| legs[..] == order.body.legs[..]);
    let paid: Fen = order.body.legs.iter().map(|leg| leg.amount).sum();
    let mut step = step(
        Text::new("支付指令", "Payment order"),
        Text::new(
            format!("电表硬钱包签署第 {} 号指令，支付 {paid}。", order.body.sequence),
            format!("The meter's hardware wallet signed order {}: {paid}.", order.body.sequence),
        ),
        Mark::of(is_certified && is_signed && names_record && moves_it),
    );
    step.facts = vec![
        fact("签署时间", "signed at", time(order.body.at)),
        checked("电表签名", "signed by the meter", is_signed),
        checked("电表证书有效", "the meter's certificate is good", is_certified),
        checked("指令引用此结算", "the order names this settlement", names_record),
        checked("金额与钱包一致", "amounts and wallets are the settlement's", moves_it),
    ];
    let row = |leg: &wire::order::Leg| {
        [leg.debit.to_string(), leg.credit.to_string(), leg.amount.to_string()]
            .map(Text::amount)
            .to_vec()
    };
    step.table = Some(TableView {
        title: Text::new("资金划转", "Movements of money"),
        head: vec![
            Text::new("付款钱包", "from wallet"),
            Text::new("收款钱包", "to wallet"),
            Text::new("金额", "amount"),
        ],
        rows: order.body.legs.iter().map(row).collect(),
    });
    step.details = vec![
        hex("指令摘要 SM3", "digest of the order, SM3", crypto::digest(&order.body)),
        hex("结算摘要 SM3", "digest of the settlement, SM3", order.body.evidence),
        hex("电表公钥 SM2", "public key of the meter, SM2", key),
        hex("电表签名", "signature of the meter", order.signature),
    ];
    step
}

fn receipt(parts: &Parts<'_>, verifier: &impl Verify) -> TraceStep {
    let title = Text::new("登记回执", "Receipt");
    let Some(receipt) = parts.receipt else {
        let text = Text::new("回执还在途中。", "The receipt is on its way, or isn't at hand.");
        return step(title, text, Mark::Open);
    };
    let root = &receipt.root;
    let is_proved = merkle::proves(receipt);
    let is_signed = verifier.verify(&parts.trusted.registration, root, &receipt.signature);
    let is_ours = receipt.leaf.order == crypto::digest(&parts.order.body);
    let code = ResultCode::from_number(receipt.leaf.result).map_or("?", ResultCode::name);
    let mut step = step(
        title,
        Text::new(
            format!("登记中心在第 {} 批给出结果：{code}。", root.batch),
            format!("The registration centre answered in batch {}: {code}.", root.batch),
        ),
        Mark::of(is_proved && is_signed && is_ours),
    );
    step.facts = vec![
        fact("登记时间", "applied at", time(root.at)),
        fact("批内位置", "position in the batch", receipt.index),
        checked("回执属于此指令", "it is this order's", is_ours),
        checked("默克尔路径成立", "the Merkle path leads to the root", is_proved),
        checked("登记中心签名", "signed by the registration centre", is_signed),
    ];
    step.details = vec![hex("默克尔根", "Merkle root", root.merkle)];
    let siblings = receipt.path.iter().enumerate().map(|(level, sibling)| {
        let level = level + 1;
        hex(&format!("第 {level} 层兄弟"), &format!("sibling at level {level}"), sibling)
    });
    step.details.extend(siblings);
    step.details.push(hex("登记中心签名", "signature of the root", receipt.signature));
    step
}

fn ledger(parts: &Parts<'_>) -> TraceStep {
    let title = Text::new("账本", "Ledger");
    let Some(receipt) = parts.receipt else {
        let text = Text::new("尚未入账。", "Not in the ledger yet.");
        return step(title, text, Mark::Open);
    };
    let balances = &receipt.leaf.balances;
    let sound = balances.iter().all(|known| !known.balance.is_negative());
    let told = parts
        .order
        .body
        .legs
        .iter()
        .all(|leg| balances.iter().any(|known| known.wallet == leg.debit));
    let is_final = receipt.leaf.result == ResultCode::Accepted.number();
    let text = if is_final {
        Text::new(
            "支付即结算：已是最终结果。",
            "Payment is settlement: the money has moved for good.",
        )
    } else {
        Text::new(
            "指令被拒绝，资金未动；金额重新计入结转。",
            "The order was refused and nothing moved; the amount is owed again.",
        )
    };
    let mut step = step(title, text, Mark::of(sound && (told || !is_final)));
    step.facts = vec![fact("发行总额", "issued in all", receipt.root.issued)];
    step.facts.extend(balances.iter().map(|known| Fact {
        name: Text::new(
            format!("钱包 {} 余额", known.wallet),
            format!("wallet {} holds", known.wallet),
        ),
        value: Text::amount(known.balance),
    }));
    step
}

fn runnable<'a>(parts: &Parts<'a>) -> Option<Runnable<'a>> {
    let package = &parts.contract?.0.package;
    let program = Program::load(&package.program).ok()?;
    Some(Runnable { package, header: program.header(), program })
}

fn moved(record: &SettlementRecord) -> Energy {
    record.register_after.checked_sub(record.register_before).unwrap_or_default()
}

fn direction(record: &SettlementRecord) -> Text {
    contract::Direction::from_byte(record.direction)
        .map_or_else(Text::default, |known| Text::new(known.name_zh(), known.name_en()))
}

fn role(role: Role) -> Text {
    Text::new(role.name_zh(), role.name_en())
}

const fn class_word(class: CustomerClass) -> Word {
    Word { code: class.code(), zh: class.name_zh(), en: class.name_en() }
}

fn time(at: Instant) -> String {
    at.civil().to_string()
}

const fn step(title: Text, text: Text, mark: Mark) -> TraceStep {
    TraceStep { title, text, mark, facts: Vec::new(), table: None, details: Vec::new() }
}

fn fact(zh: &str, en: &str, value: impl Display) -> Fact {
    Fact { name: Text::new(zh, en), value: Text::amount(value) }
}

fn checked(zh: &str, en: &str, good: bool) -> Fact {
    let value = if good { Text::new("成立", "yes") } else { Text::new("不成立", "NO") };
    Fact { name: Text::new(zh, en), value }
}

fn hex(zh: &str, en: &str, bytes: impl Display) -> HexView {
    HexView { name: Text::new(zh, en), hex: bytes.to_string() }
}
