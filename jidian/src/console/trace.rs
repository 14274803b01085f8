//! One payment followed back: its parts are collected under the lock, and checked without it.

use super::board::Board;
use super::meters::parse_id;
use super::{parties, words};
use crate::view::{
    ContractView, Fact, HexView, Mark, PaymentRow, TableView, Text, TraceStep, TraceView,
};
use bank::OrderedLog;
use contract::{Item, Role, SignalId};
use crypto::{Sign, Sm2Verifier, Verify};
use quantity::Instant;
use simulation::fram::{Fram, Write};
use simulation::ledger::Evidence;
use simulation::meter::Meter;
use tee::Tee;
use wire::evidence::{LegLine, SettlementRecord};
use wire::order::PaymentOrder;
use wire::receipt::Receipt;
use wire::signal::PriceSignal;
use wire::tee::{Command, Reply, Which};
use wire::{PublicKey, Signed, Wire};

/// Everything that one payment rests on, as far as it is still at hand.
pub(super) struct Parts {
    payment: PaymentRow,
    evidence: Evidence,
    contract: Option<ContractView>,
    signal: Option<Signed<PriceSignal>>,
    order: Option<Signed<PaymentOrder>>,
    receipt: Option<Receipt>,
    keys: Anchors,
}

/// Keys that signatures are checked with.
struct Anchors {
    meter: Option<PublicKey>,
    grid_company: PublicKey,
    registration: PublicKey,
}

impl<L: OrderedLog> Board<L> {
    /// The parts of a payment that is still kept.
    pub(super) fn parts(&mut self, id: &str) -> Option<Parts> {
        let (meter, sequence) = id.split_once('-')?;
        let (meter, sequence) = (parse_id(meter)?, sequence.parse().ok()?);
        let evidence = self.history.settlement(meter, sequence)?.clone();
        let payment = self.payment(&evidence)?;
        if payment.id != id {
            return None;
        }
        let number = self.history.number(meter)?;
        let status = self.status(number)?;
        let meter = self.world.meters().get(number)?;
        let record = &evidence.record;
        let class = meter.plan.class.byte();
        let signal = record
            .signals
            .first()
            .and_then(|used| self.history.signal(class, record.direction, used.sequence).cloned());
        let order = order_of(meter, sequence, self.world.now());
        let registration = self.world.bank().registration();
        let receipt = order
            .as_ref()
            .and_then(|order| registration.receipt_of(status.key, crypto::digest(&order.body)));
        let keys = &self.world.fixed().keys;
        Some(Parts {
            payment,
            contract: self.contract(record.contract).cloned(),
            signal,
            order,
            receipt,
            keys: Anchors {
                meter: registration.certificate(status.key).map(|known| known.public_key),
                grid_company: keys.grid_company.public_key(),
                registration: keys.registration.public_key(),
            },
            evidence,
        })
    }
}

/// The order in the meter's journal, read from a copy of its memory: the meter doesn't notice.
fn order_of(meter: &Meter, sequence: u64, now: Instant) -> Option<Signed<PaymentOrder>> {
    let [_, _, image] = meter.images();
    let mut memory = Fram::new(tee::CAPACITY_USUAL);
    memory.restore(&Write { address: 0, bytes: image.to_vec() });
    let mut copy = Tee::boot(memory).ok()?;
    let asked = Command::Fetch(Which::Sequence(sequence));
    match copy.invoke(now, &Sm2Verifier, asked) {
        Reply::Entry(entry) => Signed::decode(&entry.order).ok(),
        Reply::Done { .. } | Reply::Status(_) | Reply::Identity(_) | Reply::Damaged(_) => None,
    }
}

impl Parts {
    /// The story, with every check made anew.
    pub(super) fn story(self) -> TraceView {
        let steps = vec![
            self.register(),
            self.contract(),
            self.signal(),
            self.charge(),
            self.order(),
            self.receipt(),
            self.ledger(),
        ];
        TraceView { payment: self.payment, steps }
    }

    const fn record(&self) -> &SettlementRecord {
        &self.evidence.record
    }

    fn register(&self) -> TraceStep {
        let record = self.record();
        let (before, after) = (record.register_before, record.register_after);
        let export = record.direction == contract::Direction::Export.byte();
        let (zh, en) = if export { ("反向", "export") } else { ("正向", "import") };
        TraceStep {
            title: Text::new("示数走过", "The register moved"),
            text: Text::new(
                format!("{zh}有功寄存器在结算区间内增加；电量是两次示数之差，寄存器只增不减。"),
                format!(
                    "The {en} register rose during the interval. The energy is the difference of two readings, and a register only rises."
                ),
            ),
            mark: Mark::of(before <= after && record.start < record.end),
            facts: vec![
                fact("自", "from", record.start.civil()),
                fact("至", "until", record.end.civil()),
                fact("起码", "reading before", format!("{before:#} kWh")),
                fact("止码", "reading after", format!("{after:#} kWh")),
                fact("电量", "energy", format!("{:#} kWh", self.payment.energy)),
            ],
            table: None,
            details: vec![],
        }
    }

    fn contract(&self) -> TraceStep {
        let title = Text::new("生效合约", "The contract in force");
        let digest = hex("合约包 SM3 摘要", "SM3 digest of the package", &self.record().contract);
        let Some(contract) = &self.contract else {
            let text = Text::new(
                "这份合约不在本机：摘要在凭证里，内容无从核对。",
                "This contract isn’t at hand: its digest stands in the evidence, its text can’t be checked.",
            );
            return TraceStep {
                title,
                text,
                mark: Mark::Open,
                facts: vec![],
                table: None,
                details: vec![digest],
            };
        };
        let mark = contract.signers.iter().map(|signer| signer.mark).max().unwrap_or(Mark::Open);
        let signer = |signer: &crate::view::SignerView| Fact {
            name: Text::new("签署", "signed by"),
            value: signer.who.clone(),
        };
        TraceStep {
            title,
            text: Text::new(
                "价格由两方签署的合约决定；摘要与凭证所记一致。",
                "The price comes from a contract that two parties signed; its digest is the one in the evidence.",
            ),
            mark,
            facts: [fact("合约", "contract", format!("{} {}", contract.name, contract.version))]
                .into_iter()
                .chain(contract.signers.iter().map(signer))
                .collect(),
            table: None,
            details: vec![digest],
        }
    }

    fn signal(&self) -> TraceStep {
        let used = &self.record().signals;
        let name = |code: u8| SignalId::from_byte(code).map(words::signal);
        let facts = used.iter().filter_map(|used| {
            let value =
                Text::new(format!("{:#} 元/kWh", used.price), format!("{:#} yuan/kWh", used.price));
            Some(Fact { name: name(used.signal)?.into(), value })
        });
        let (text, mark) = match (&self.signal, used.is_empty()) {
            (_, true) => {
                (Text::new("本次没有用到电价信号。", "No price signal was used here."), Mark::Good)
            }
            (None, false) => (
                Text::new(
                    "所用信号已不在本机内存中。",
                    "The signal that was used isn’t kept here any more.",
                ),
                Mark::Open,
            ),
            (Some(signal), false) => (
                Text::new(
                    format!("所用数值来自电网企业签名的第 {} 号信号。", signal.body.sequence),
                    format!(
                        "The values are those of signal {}, which the grid company signed.",
                        signal.body.sequence
                    ),
                ),
                Mark::of(self.signal_is_good(signal)),
            ),
        };
        TraceStep {
            title: Text::new("电价信号", "The price signal"),
            text,
            mark,
            facts: facts.collect(),
            table: None,
            details: self
                .signal
                .iter()
                .map(|signal| hex("决定的摘要", "digest of the decision", &signal.body.decision))
                .collect(),
        }
    }

    fn signal_is_good(&self, signal: &Signed<PriceSignal>) -> bool {
        let same = self.record().signals.iter().all(|used| {
            let stated = signal.body.values.iter().find(|value| value.signal == used.signal);
            used.sequence == signal.body.sequence
                && stated.is_some_and(|value| value.price == used.price)
        });
        same && Sm2Verifier.verify(&self.keys.grid_company, &signal.body, &signal.signature)
    }

    fn charge(&self) -> TraceStep {
        let record = self.record();
        TraceStep {
            title: Text::new("按条款计费", "Charged by the clauses"),
            text: Text::new(
                "每行为单价乘电量；各分项之和取整到微元，余数结转；付出的是整分。",
                "Each line is price times energy; each leg is rounded to a micro-yuan once and its rest is carried; what is paid is whole fen.",
            ),
            mark: Mark::of(record.legs.iter().all(|leg| leg_adds_up(record, leg))),
            facts: record.legs.iter().filter_map(leg_fact).collect(),
            table: Some(bill(record)),
            details: vec![],
        }
    }

    fn order(&self) -> TraceStep {
        let title = Text::new("签名指令", "The signed order");
        let (Some(order), Some(key)) = (&self.order, &self.keys.meter) else {
            let text = Text::new(
                "指令已移出电表的日志；银行日志里仍有，可用审计工具核对。",
                "The order has left the meter’s journal; the bank’s log still has it for an audit.",
            );
            return TraceStep {
                title,
                text,
                mark: Mark::Open,
                facts: vec![],
                table: None,
                details: vec![],
            };
        };
        let body = &order.body;
        let good = body.sequence == self.record().sequence
            && body.evidence == crypto::digest(self.record())
            && Sm2Verifier.verify(key, body, &order.signature);
        TraceStep {
            title,
            text: Text::new(
                "交易芯以 SM2 签名；指令带着凭证的摘要，并接在前一指令之后。",
                "The transaction core signed it with SM2. It carries the digest of the evidence and follows the order before it.",
            ),
            mark: Mark::of(good),
            facts: vec![
                fact("序号", "number", body.sequence),
                fact("签发", "made", body.at.civil()),
                fact("金额", "amount", format!("{:#} 元 yuan", self.payment.paid)),
            ],
            table: None,
            details: vec![
                hex("指令摘要", "digest of the order", &crypto::digest(body)),
                hex("前一指令", "order before it", &body.previous),
                hex("凭证摘要", "digest of the evidence", &body.evidence),
                hex("签名 r‖s", "signature r‖s", &order.signature),
                hex("电表公钥", "key of the meter", key),
            ],
        }
    }

    fn receipt(&self) -> TraceStep {
        let title = Text::new("回执", "The receipt");
        let (Some(receipt), Some(order)) = (&self.receipt, &self.order) else {
            let text = Text::new("回执不在手边。", "The receipt isn’t at hand.");
            return TraceStep {
                title,
                text,
                mark: Mark::Open,
                facts: vec![],
                table: None,
                details: vec![],
            };
        };
        let key = &self.keys.registration;
        let good = receipt.leaf.order == crypto::digest(&order.body)
            && receipt.leaf.result == self.evidence.result
            && crypto::merkle::proves(receipt)
            && Sm2Verifier.verify(key, &receipt.root, &receipt.signature);
        TraceStep {
            title,
            text: Text::new(
                "登记中心给出 Merkle 证明：指令在这一批中，批次的根由其签名。",
                "The registration centre proves that the order is in a batch whose root it signed.",
            ),
            mark: Mark::of(good),
            facts: vec![
                fact("批次", "batch", receipt.root.batch),
                fact("位置", "position", receipt.index),
                fact("证明层数", "siblings in the path", receipt.path.len()),
                fact("结果", "result", receipt.leaf.result),
            ],
            table: None,
            details: vec![
                hex("Merkle 根", "Merkle root", &receipt.root.merkle),
                hex("根的签名", "signature of the root", &receipt.signature),
            ],
        }
    }

    fn ledger(&self) -> TraceStep {
        let title = Text::new("账本", "The ledger");
        let Some(receipt) = &self.receipt else {
            let text = Text::new("要等回执。", "This waits for the receipt.");
            return TraceStep {
                title,
                text,
                mark: Mark::Open,
                facts: vec![],
                table: None,
                details: vec![],
            };
        };
        let balance = |balance: &wire::receipt::Balance| Fact {
            name: Text::new(
                format!("钱包 {}", balance.wallet),
                format!("wallet {}", balance.wallet),
            ),
            value: Text::new(
                format!("{:#} 元", balance.balance),
                format!("{:#} yuan", balance.balance),
            ),
        };
        let issued = receipt.root.issued;
        TraceStep {
            title,
            text: if parties::is_final(&self.evidence) {
                Text::new(
                    "款项已到账，不可撤销。以下为其后的余额。",
                    "The money has moved for good. These are the balances after it.",
                )
            } else {
                Text::new(
                    "指令被拒，款未动，金额重新结转。",
                    "The order was refused: no money moved, and the amount is carried again.",
                )
            },
            mark: Mark::of(
                receipt
                    .leaf
                    .balances
                    .iter()
                    .all(|one| !one.balance.is_negative() && one.balance <= issued),
            ),
            facts: receipt
                .leaf
                .balances
                .iter()
                .map(balance)
                .chain([Fact {
                    name: Text::new("已发行", "issued"),
                    value: Text::new(format!("{issued:#} 元"), format!("{issued:#} yuan")),
                }])
                .collect(),
            table: None,
            details: vec![hex("前一批的根", "root of the batch before", &receipt.root.previous)],
        }
    }
}

fn fact(zh: &str, en: &str, value: impl ToString) -> Fact {
    Fact { name: Text::new(zh, en), value: Text::same(value.to_string()) }
}

fn hex(zh: &str, en: &str, bytes: &impl ToString) -> HexView {
    HexView { name: Text::new(zh, en), hex: bytes.to_string() }
}

const PICO_PER_MICRO: i128 = 1_000_000;
const MICRO_PER_FEN: i128 = 10_000;

/// Whether a leg is the sum of its lines to the pico-yuan, and its payment to the micro-yuan.
fn leg_adds_up(record: &SettlementRecord, leg: &LegLine) -> bool {
    let own = record.items.iter().filter(|line| line.leg == leg.leg);
    let lines = own.map(|line| {
        i128::from(line.price.micro_yuan_per_kwh()) * i128::from(line.energy.milliwatt_hours())
    });
    let exact: i128 = lines.sum::<i128>() + i128::from(leg.pico_before);
    let charged = i128::from(leg.charged.micro_yuan());
    let carried = i128::from(leg.carried_before.micro_yuan()) + charged
        - MICRO_PER_FEN * i128::from(leg.paid.fen());
    exact == charged * PICO_PER_MICRO + i128::from(leg.pico_after)
        && carried == i128::from(leg.carried_after.micro_yuan())
}

fn leg_fact(leg: &LegLine) -> Option<Fact> {
    let (debit, credit) = (Role::from_byte(leg.debit)?, Role::from_byte(leg.credit)?);
    Some(Fact {
        name: Text::new(
            format!("{} → {}", debit.name_zh(), credit.name_zh()),
            format!("{} → {}", debit.name_en(), credit.name_en()),
        ),
        value: Text::new(
            format!(
                "结转 {:#} + 应付 {:#} = 实付 {:#} + 结转 {:#} 元",
                leg.carried_before, leg.charged, leg.paid, leg.carried_after
            ),
            format!(
                "carried {:#} + charged {:#} = paid {:#} + carried {:#} yuan",
                leg.carried_before, leg.charged, leg.paid, leg.carried_after
            ),
        ),
    })
}

fn bill(record: &SettlementRecord) -> TableView {
    let row = |line: &wire::evidence::ItemLine| {
        let item =
            Item::from_byte(line.item).map_or_else(Text::default, |item| words::item(item).into());
        let pico =
            i128::from(line.price.micro_yuan_per_kwh()) * i128::from(line.energy.milliwatt_hours());
        vec![
            item,
            Text::same(format!("{:#}", line.price)),
            Text::same(format!("{:#}", line.energy)),
            Text::same(exact(pico)),
        ]
    };
    TableView {
        title: Text::new("电价明细", "Lines of the bill"),
        head: vec![
            Text::new("分量", "Component"),
            Text::new("元/kWh", "yuan/kWh"),
            Text::new("kWh", "kWh"),
            Text::new("元", "yuan"),
        ],
        rows: record.items.iter().map(row).collect(),
    }
}

/// Pico-yuan as yuan with all twelve digits.
fn exact(pico: i128) -> String {
    let sign = if pico < 0 { "-" } else { "" };
    let size = pico.unsigned_abs();
    let yuan = 1_000_000_000_000;
    format!("{sign}{}.{:012}", size / yuan, size % yuan)
}
