//! A small registration centre and auditor: takes each order once, in order, and checks the chain
//! of evidence behind it.

use crate::world::{centre, meter_key, open, wallet};
use crypto::{Sign, Sm2Verifier, Verify, digest, merkle};
use quantity::{Energy, Fen, Instant, Money};
use std::collections::BTreeMap;
use wire::evidence::SettlementRecord;
use wire::order::PaymentOrder;
use wire::receipt::{Balance, Leaf, Receipt, Root};
use wire::tee::Entry;
use wire::{Digest, Signed, Wire};

pub struct Bank {
    pub balances: BTreeMap<u64, i64>,
    pub orders: Vec<(PaymentOrder, SettlementRecord, u8)>,
    /// Results to give instead of final settlement.
    pub refuse: bool,
}

/// What a pair of roles carries.
#[derive(Default)]
struct Account {
    carried: i64,
    pico: u32,
    /// Paid by burnt orders and not carried again yet.
    burnt: i64,
}

impl Bank {
    pub fn new() -> Self {
        let yuan = |serial, yuan: i64| (wallet(serial).number(), yuan * 100);
        let balances = [yuan(1, 1000), yuan(2, 0), yuan(3, 1000), yuan(5, 0)].into();
        Self { balances, orders: Vec::new(), refuse: false }
    }

    /// Applies an order once and gives its receipt; again for one that came before.
    pub fn take(&mut self, entry: &Entry, at: Instant) -> Receipt {
        let signed = Signed::<PaymentOrder>::decode(&entry.order).unwrap();
        let key = meter_key().public_key();
        assert!(Sm2Verifier.verify(&key, &signed.body, &signed.signature));
        let (order, record) = open(entry);
        let index = usize::try_from(order.sequence - 1).unwrap();
        if index < self.orders.len() {
            assert_eq!(order, self.orders[index].0, "no number for two orders");
        } else {
            self.apply(index, order, record);
        }
        self.receipt(index, at)
    }

    fn apply(&mut self, index: usize, order: PaymentOrder, record: SettlementRecord) {
        assert_eq!(index, self.orders.len(), "orders come without a gap");
        let head = self.orders.last().map_or(Digest::default(), |(last, ..)| digest(last));
        assert_eq!(order.previous, head, "each order names the one before");
        assert_eq!(record.sequence, order.sequence);
        let enough = order.legs.iter().all(|leg| {
            let paid: i64 = order
                .legs
                .iter()
                .filter(|other| other.debit == leg.debit)
                .map(|other| other.amount.fen())
                .sum();
            self.balances[&leg.debit.number()] >= paid
        });
        let result = u8::from(self.refuse || !enough) * 7;
        if result == 0 {
            for leg in &order.legs {
                *self.balances.get_mut(&leg.debit.number()).unwrap() -= leg.amount.fen();
                *self.balances.get_mut(&leg.credit.number()).unwrap() += leg.amount.fen();
            }
        }
        self.orders.push((order, record, result));
    }

    fn receipt(&self, index: usize, at: Instant) -> Receipt {
        let (order, _, result) = &self.orders[index];
        let balance = |serial| Balance {
            wallet: wallet(serial),
            balance: Fen::from_fen(self.balances[&wallet(serial).number()]),
        };
        let balances = [balance(1), balance(3)].into_iter().collect();
        let leaf = Leaf { order: digest(order), result: *result, balances };
        let batch = order.sequence;
        let merkle = merkle::leaf(&leaf);
        let issued = Fen::from_yuan(2000);
        let root = Root { batch, previous: Digest::default(), merkle, at, issued };
        let signature = centre().sign(&root);
        Receipt { leaf, index: 0, path: heapless::Vec::new(), root, signature }
    }

    /// Energy settled in a direction, after checking that no milliwatt-hour is missing or doubled.
    pub fn settled_energy(&self, direction: u8) -> Energy {
        let mut records = self.records(direction);
        let Some(mut last) = records.next() else { return Energy::ZERO };
        let mut sum = last.register_after - last.register_before;
        for record in records {
            assert_eq!(record.start, last.end);
            assert_eq!(record.register_before, last.register_after);
            sum += record.register_after - record.register_before;
            last = record;
        }
        sum
    }

    /// Checks that each leg carries on what the last settlement left, and returns the micro-yuan
    /// charged, paid for good and still carried in a direction. What a burnt order paid comes back
    /// with some later settlement: orders made before the receipt came don't know of it yet.
    pub fn money(&self, direction: u8) -> (i64, i64, i64) {
        let (mut charged, mut paid) = (0, 0);
        let mut accounts = BTreeMap::<(u8, u8), Account>::new();
        for (_, record, result) in self.orders.iter().filter(|order| order.1.direction == direction)
        {
            for line in &record.legs {
                let account = accounts.entry((line.debit, line.credit)).or_default();
                let back = line.carried_before.micro_yuan() - account.carried;
                assert!((0..=account.burnt).contains(&back), "only burnt money comes back");
                assert_eq!(line.pico_before, account.pico);
                let money = line.paid.fen() * 10_000;
                let after = line.carried_after.micro_yuan();
                assert_eq!(
                    line.charged + line.carried_before,
                    Money::from_micro_yuan(money + after)
                );
                let (kept, lost) = if *result == 0 { (money, 0) } else { (0, money) };
                charged += line.charged.micro_yuan();
                paid += kept;
                let burnt = account.burnt - back + lost;
                *account = Account { carried: after, pico: line.pico_after, burnt };
            }
        }
        (charged, paid, accounts.values().map(|account| account.carried + account.burnt).sum())
    }

    pub fn records(&self, direction: u8) -> impl Iterator<Item = &SettlementRecord> {
        let records = self.orders.iter().map(|(_, record, _)| record);
        records.filter(move |record| record.direction == direction)
    }
}
