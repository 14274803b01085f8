//! One payment followed back: its parts are collected under the lock, and checked without it.

use super::board::Board;
use super::meters::parse_id;
use crate::audit::{self, Trusted};
use crate::pilot::ContractSource;
use crate::view::{Mark, PaymentRow, Text, TraceStep, TraceView};
use bank::OrderedLog;
use contract::Role;
use crypto::{Sign, Sm2Verifier};
use grid::{Decision, Setup};
use quantity::Instant;
use simulation::founding::MeterPlan;
use simulation::fram::{Fram, Write};
use simulation::ledger::MeterEntry;
use simulation::meter::Meter;
use tee::Tee;
use wire::evidence::SettlementRecord;
use wire::identity::Certificate;
use wire::order::PaymentOrder;
use wire::receipt::Receipt;
use wire::signal::PriceSignal;
use wire::tee::{Command, Entry, Reply, Which};
use wire::{Signed, WalletId, Wire};

/// Everything that one payment rests on, as far as it is still at hand.
pub(super) struct Parts {
    payment: PaymentRow,
    record: SettlementRecord,
    /// What the meter's journal still holds of it; it holds the last hour or so.
    sealed: Option<Sealed>,
    receipt: Option<Receipt>,
    contract: Option<ContractSource>,
    signal: Option<Signed<PriceSignal>>,
    decision: Option<Decision>,
    setup: Setup,
    trusted: Trusted,
}

/// What is read from a meter.
struct Sealed {
    meter: MeterEntry,
    order: Signed<PaymentOrder>,
    /// The settlement before it in the same direction; `None` for the first.
    before: Option<SettlementRecord>,
}

impl<L: OrderedLog> Board<L> {
    /// The parts of a payment that is still kept.
    pub(super) fn parts(&self, id: &str) -> Option<Parts> {
        let (meter, sequence) = id.split_once('-')?;
        let (meter, sequence) = (parse_id(meter)?, sequence.parse().ok()?);
        let evidence = self.history.settlement(meter, sequence)?;
        let payment = self.payment(evidence)?;
        if payment.id != id {
            return None;
        }
        let meter = self.world.meters().get(self.history.number(meter)?)?;
        let record = &evidence.record;
        let sealed = self.sealed(meter, record);
        let signal = record.signals.first().and_then(|used| {
            self.history.signal(meter.plan.class.byte(), record.direction, used.sequence)
        });
        let decision = signal.and_then(|signal| self.history.decision(signal.body.sequence));
        Some(Parts {
            payment,
            receipt: sealed.as_ref().and_then(|sealed| self.receipt(&sealed.order.body)),
            contract: self.source(record.contract).cloned(),
            signal: signal.cloned(),
            decision: decision.cloned(),
            setup: self.world.grid().setup().clone(),
            trusted: self.trusted(),
            record: record.clone(),
            sealed,
        })
    }

    fn receipt(&self, order: &PaymentOrder) -> Option<Receipt> {
        let registration = self.world.bank().registration();
        let digest = crypto::digest(order);
        let remembered = registration.receipt_of(order.signer, digest);
        remembered.or_else(|| registration.receipt(digest))
    }

    fn trusted(&self) -> Trusted {
        let keys = &self.world.fixed().keys;
        Trusted {
            authority: keys.authority.public_key(),
            signers: keys.signers(),
            signal_signer: keys.grid_company.public_key(),
            registration: keys.registration.public_key(),
        }
    }

    fn sealed(&self, meter: &Meter, record: &SettlementRecord) -> Option<Sealed> {
        let mut chip = Chip::copy(meter, self.world.now())?;
        let order = Signed::decode(&chip.entry(record.sequence)?.order).ok()?;
        let mut before = None;
        for sequence in (1..record.sequence).rev() {
            // What the journal doesn't hold any more can't be told from what never was.
            let earlier = SettlementRecord::decode(&chip.entry(sequence)?.evidence).ok()?;
            if earlier.direction == record.direction {
                before = Some(earlier);
                break;
            }
        }
        let meter = MeterEntry {
            meter: meter.plan.id,
            class: meter.plan.class,
            certificate: chip.certificate()?,
            wallets: self.wallets(&meter.plan),
        };
        Some(Sealed { meter, order, before })
    }

    fn wallets(&self, plan: &MeterPlan) -> Vec<(Role, WalletId)> {
        let company = &self.world.fixed().company;
        vec![
            (Role::CustomerBill, plan.bill_wallet()),
            (Role::GridIncome, company.income),
            (Role::GridPurchase, plan.purchase_wallet()),
            (Role::GeneratorIncome, plan.income_wallet()),
            (Role::Fiscal, plan.fiscal_wallet()),
            (Role::Treasury, company.treasury),
            (Role::GovernmentFund, company.fund),
        ]
    }
}

/// A transaction core on a copy of a meter's memory: what is asked of it, the meter doesn't notice.
struct Chip {
    tee: Tee<Fram>,
    now: Instant,
}

impl Chip {
    fn copy(meter: &Meter, now: Instant) -> Option<Self> {
        let image = meter.transaction_image();
        let mut memory = Fram::new(tee::CAPACITY_USUAL);
        memory.restore(&Write { address: 0, bytes: image.to_vec() });
        Some(Self { tee: Tee::boot(memory).ok()?, now })
    }

    fn entry(&mut self, sequence: u64) -> Option<Entry> {
        let asked = Command::Fetch(Which::Sequence(sequence));
        match self.tee.invoke(self.now, &Sm2Verifier, asked) {
            Reply::Entry(entry) => Some(entry),
            Reply::Done { .. }
            | Reply::Status(_)
            | Reply::Identity(_)
            | Reply::Attestation(_)
            | Reply::Damaged(_) => None,
        }
    }

    fn certificate(&mut self) -> Option<Signed<Certificate>> {
        match self.tee.invoke(self.now, &Sm2Verifier, Command::Identify) {
            Reply::Identity(certificate) => Some(certificate),
            Reply::Done { .. }
            | Reply::Status(_)
            | Reply::Entry(_)
            | Reply::Attestation(_)
            | Reply::Damaged(_) => None,
        }
    }
}

impl Parts {
    /// The story, with every check made anew.
    pub(super) fn story(self) -> TraceView {
        let Some(sealed) = &self.sealed else { return self.archived() };
        let contract = self.contract.as_ref();
        let parts = audit::Parts {
            trusted: &self.trusted,
            meter: &sealed.meter,
            record: &self.record,
            before: sealed.before.as_ref(),
            order: &sealed.order,
            receipt: self.receipt.as_ref(),
            contract: contract.map(|source| (&source.package, source.text.as_str())),
            signal: self.signal.as_ref(),
            decision: self.decision.as_ref().map(|decision| (decision, &self.setup)),
        };
        let TraceView { steps, .. } = audit::story(&parts, &Sm2Verifier);
        // The list of payments names the owner's meter where the audit names a role.
        TraceView { payment: self.payment, steps }
    }

    /// What is told of a payment that has left the meter's journal.
    fn archived(self) -> TraceView {
        let id = &self.payment.id;
        let step = TraceStep {
            title: Text::new("已归档", "Archived"),
            text: Text::new(
                format!(
                    "这笔支付已移出电表的日志；在数据目录上运行 jidian trace {id} 可从日志文件追溯全程。"
                ),
                format!(
                    "This payment has left the meter’s journal; `jidian trace {id}` on the data \
                     directory follows it through the log files."
                ),
            ),
            mark: Mark::Open,
            facts: Vec::new(),
            table: None,
            details: Vec::new(),
        };
        TraceView { payment: self.payment, steps: vec![step] }
    }
}
