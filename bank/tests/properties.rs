//! Random batches, failing logs, damaged records.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use bank::log::{Place, Snapshot};
use bank::record::Record;
use bank::registration::{Chain, LEAVES_KEPT};
use bank::replay::Replay;
use bank::terms::{CoinTerms, Recallable, Rest};
use bank::{Bank, Command, LogError, MemoryLog, Operation, OrderedLog, Registration, ResultCode};
use common::{Fast, FastKey, FastVerifier, START, Sm2, Suite, World};
use crypto::{Sign, merkle};
use proptest::prelude::*;
use quantity::{Duration, Fen};
use wire::order::Leg;
use wire::{Digest, WalletId, Wire};

/// A log that refuses now and then.
#[derive(Debug, Default)]
struct Flaky {
    log: MemoryLog,
    refuse: bool,
}

impl OrderedLog for Flaky {
    fn append(&mut self, number: u64, record: &[u8]) -> Result<(), LogError> {
        if self.refuse {
            return Err(LogError { reason: "disk full".into() });
        }
        self.log.append(number, record)
    }

    fn read(&mut self, number: u64) -> Result<Vec<u8>, LogError> {
        self.log.read(number)
    }
}

/// How one random payment order is spoilt.
#[derive(Clone, Copy, Debug)]
enum Spoil {
    Nothing,
    Sequence(i8),
    Previous,
    Signature,
    Repeat,
}

#[derive(Clone, Debug)]
enum Step {
    Pay { payer: usize, legs: Vec<(usize, usize, i64)>, spoil: Spoil },
    Draw { wallet: usize, amount: i64 },
    Redeem { wallet: usize, amount: i64 },
    Freeze { wallet: usize },
    Unfreeze { wallet: usize },
    Issue { amount: i64 },
    Supply { amount: i64 },
    Open { serial: u64 },
    Bind { wallet: usize, payer: usize },
    Own { payer: usize, what: usize, wallets: (usize, usize), amount: i64, days: i64 },
}

fn spoils() -> impl Strategy<Value = Spoil> {
    prop_oneof![
        12 => Just(Spoil::Nothing),
        1 => (-3_i8..3).prop_map(Spoil::Sequence),
        1 => Just(Spoil::Previous),
        1 => Just(Spoil::Signature),
        2 => Just(Spoil::Repeat),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let legs = prop::collection::vec((0_usize..7, 0_usize..7, -1_i64..4000), 0..5);
    prop_oneof![
        20 => (0_usize..3, legs, spoils())
            .prop_map(|(payer, legs, spoil)| Step::Pay { payer, legs, spoil }),
        3 => (0_usize..7, 0_i64..9000).prop_map(|(wallet, amount)| Step::Draw { wallet, amount }),
        1 => (0_usize..7, 0_i64..9000).prop_map(|(wallet, amount)| Step::Redeem { wallet, amount }),
        1 => (0_usize..7).prop_map(|wallet| Step::Freeze { wallet }),
        1 => (0_usize..7).prop_map(|wallet| Step::Unfreeze { wallet }),
        1 => (1..i64::MAX).prop_map(|amount| Step::Issue { amount }),
        1 => (1_i64..50_000).prop_map(|amount| Step::Supply { amount }),
        1 => (1_u64..20).prop_map(|serial| Step::Open { serial }),
        1 => (0_usize..7, 0_usize..3).prop_map(|(wallet, payer)| Step::Bind { wallet, payer }),
        20 => (0_usize..3, 0_usize..14, (0_usize..7, 0_usize..7), 0_i64..4000, 0_i64..4).prop_map(
            |(payer, what, wallets, amount, days)| Step::Own { payer, what, wallets, amount, days }
        ),
    ]
}

fn batches() -> impl Strategy<Value = Vec<(Vec<Step>, bool)>> {
    let batch = prop::collection::vec(steps(), 0..20);
    prop::collection::vec((batch, prop::bool::weighted(0.3)), 1..12)
}

const PAYERS: [&str; 3] = ["house-meter", "gateway-meter", "company"];
const WALLETS: [&str; 7] =
    ["house", "grid", "purchase", "gateway", "generator", "nobody", "bank-vault"];

/// People around a bank over a log.
type Over<L> = World<Fast, Bank<L, FastKey>>;

fn city<S: Suite, L: OrderedLog>(log: L) -> World<S, Bank<L, S::Key>> {
    let mut world = World::on(log);
    world.run(include_str!("tables/setup.table"));
    world
}

/// Policy and templates, so that limits, interest, holds and grants have their part.
const POLICY: &str = "approve 1 hold
approve 2 grant
interest persons IV 0 90000
limits companies I 0 60.00 120.00 none 400.00";

/// Makes the operations of a batch, given where the bank stands; signers follow what they sign.
fn operations<L: OrderedLog>(world: &mut Over<L>, steps: &[Step]) -> Vec<Operation> {
    let registration = world.bank.registration().clone();
    resume(world, &registration);
    let mut made: Vec<Operation> = Vec::new();
    for step in steps {
        let repeats = matches!(step, Step::Pay { spoil: Spoil::Repeat, .. });
        let repeated = made.last().filter(|_| repeats).cloned();
        made.push(repeated.unwrap_or_else(|| operation(world, step)));
    }
    made
}

fn resume<L: OrderedLog>(world: &mut Over<L>, registration: &Registration) {
    world.operator.resume(registration.chain(world.operator.key()).unwrap());
    world.central_bank.resume(registration.chain(world.central_bank.key()).unwrap());
    for payer in world.payers.values_mut() {
        payer.desk.resume(registration.chain(payer.desk.key()).unwrap_or(Chain::START));
    }
}

/// A command of an owner, about holds and coin strings that may or may not be there.
fn own<L: OrderedLog>(
    world: &mut Over<L>,
    step: (usize, usize, usize),
    amount: i64,
    days: i64,
) -> Command {
    let (what, from, to) = step;
    let (debit, credit) = (world.id(WALLETS[from]), world.id(WALLETS[to]));
    let (from, until) = (world.now, world.now + Duration::from_days(days));
    let registration = world.bank.registration();
    let hold = registration.holds().nth(to).map_or(Digest::default(), |(id, _)| id);
    let coin = registration.coins().nth(to).map_or(Digest::default(), |(id, _)| id);
    let other = registration.coins().nth(from_place(step)).map_or(coin, |(id, _)| id);
    let half = registration.coins().nth(to).map_or(1, |(_, coin)| coin.amount.fen() / 2);
    let amounts = [amount, half].map(Fen::from_fen).into_iter().collect();
    let (amount, coins) = (Fen::from_fen(amount), [coin, other].into_iter().collect());
    let terms = |recallable| CoinTerms {
        purpose: 1,
        payees: [credit, debit].into_iter().collect(),
        until,
        recallable,
    };
    match what {
        0 | 1 => Command::Hold { debit, credit, amount, template: 1, from, until },
        2 => Command::Post { hold, amount, rest: Rest::Stays },
        3 => Command::Post { hold, amount, rest: Rest::Returns },
        4 => Command::Void { hold },
        5 => Command::Mint { wallet: debit, amounts },
        6 => {
            Command::Grant { debit, credit, amount, template: 2, terms: terms(Recallable::AnyTime) }
        }
        7 => Command::Grant { debit, credit, amount, template: 2, terms: terms(Recallable::AtEnd) },
        8 => Command::Spend { coins: [coin].into_iter().collect(), credit, amount },
        9 => Command::Split { coin, amounts },
        10 => Command::Merge { coins },
        11 => Command::Melt { coins: [coin].into_iter().collect() },
        12 => Command::ClawBack { coin },
        _ => Command::Sweep { wallet: debit, keep: Some(amount) },
    }
}

fn from_place((_, from, _): (usize, usize, usize)) -> usize {
    from
}

fn operation<L: OrderedLog>(world: &mut Over<L>, step: &Step) -> Operation {
    let at = world.now;
    let wallet = |world: &mut Over<L>, index: usize| world.id(WALLETS[index]);
    match step {
        Step::Pay { payer, legs, spoil } => pay(world, PAYERS[*payer], legs, *spoil),
        Step::Draw { wallet: to, amount } => {
            let to = wallet(world, *to);
            world.operator.draw(at, to, Fen::from_fen(*amount))
        }
        Step::Redeem { wallet: from, amount } => {
            let from = wallet(world, *from);
            world.operator.redeem(at, from, Fen::from_fen(*amount))
        }
        Step::Freeze { wallet: which } => {
            let which = wallet(world, *which);
            world.operator.freeze(at, which)
        }
        Step::Unfreeze { wallet: which } => {
            let which = wallet(world, *which);
            world.operator.unfreeze(at, which)
        }
        Step::Issue { amount } => world.central_bank.issue(at, Fen::from_fen(*amount)),
        Step::Supply { amount } => {
            world.central_bank.supply(at, common::OPERATOR, Fen::from_fen(*amount))
        }
        Step::Own { payer, what, wallets: (from, to), amount, days } => {
            let command = own(world, (*what, *from, *to), *amount, *days);
            let payer = world.payers.get_mut(PAYERS[*payer]).unwrap();
            payer.desk.instruct(at, command)
        }
        Step::Open { serial } => {
            let wallet = WalletId::new(common::OPERATOR, *serial).unwrap();
            world.operator.open(at, wallet, bank::WalletKind::Personal, bank::Grade::IV)
        }
        Step::Bind { wallet: to, payer } => {
            let to = wallet(world, *to);
            let certificate = world.payers[PAYERS[*payer]].certificate.clone();
            world.operator.bind(at, to, certificate)
        }
    }
}

fn pay<L: OrderedLog>(
    world: &mut Over<L>,
    payer: &str,
    legs: &[(usize, usize, i64)],
    spoil: Spoil,
) -> Operation {
    let mut leg = |(from, to, amount): &(usize, usize, i64)| Leg {
        debit: world.id(WALLETS[*from]),
        credit: world.id(WALLETS[*to]),
        amount: Fen::from_fen(*amount),
        reason: 0,
    };
    let legs: Vec<Leg> = legs.iter().map(&mut leg).collect();
    let at = world.now;
    let payer = world.payers.get_mut(payer).unwrap();
    let mut order = payer.order(at, &legs);
    match spoil {
        Spoil::Nothing | Spoil::Repeat => return payer.pay(at, &legs),
        Spoil::Sequence(step) => {
            order.sequence = order.sequence.saturating_add_signed(step.into());
        }
        Spoil::Previous => order.previous.0[0] ^= 1,
        Spoil::Signature => {}
    }
    let mut sealed = payer.desk.signer().seal(order);
    if matches!(spoil, Spoil::Signature) {
        sealed.signature.0[5] ^= 0x40;
    }
    sealed.into()
}

/// A snapshot of the state behind a log, as far as a bank looks at it.
fn behind(log: &MemoryLog, state: Vec<u8>) -> Snapshot {
    let records = log.records().len() as u64;
    let place = Place { records, offset: 0, last: 0, chain: Digest::default() };
    Snapshot { place, offsets: Vec::new(), state, kept: Vec::new() }
}

/// Everything that can be asked for must be as before.
fn fingerprint(registration: &Registration) -> (Digest, Fen, Vec<Digest>, Option<u64>) {
    let payments = registration.latest_payments().map(|payment| payment.order).collect();
    let root = registration.last_root().map(|root| root.body.batch);
    (registration.state_digest(), registration.wallets_total(), payments, root)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever comes: no money is made or lost, a refused record changes nothing, and the log
    /// alone gives the same state again.
    #[test]
    fn conserves_and_recovers(batches in batches()) {
        let mut world = city::<Fast, _>(Flaky::default());
        world.run(POLICY);
        let mut log = world.bank.log().log.clone();
        let mut snapshots = Vec::new();
        for (steps, refuse) in &batches {
            let operations = operations(&mut world, steps);
            if *refuse {
                let mut failing = fail(&world, &log);
                let before = fingerprint(failing.registration());
                let refused = failing.submit(world.now, operations.clone(), &FastVerifier);
                let malformed = operations.iter().all(is_malformed);
                prop_assert_eq!(refused.is_ok(), malformed);
                prop_assert_eq!(fingerprint(failing.registration()), before);
            }
            world.submit(operations);
            log = world.bank.log().log.clone();
            let registration = world.bank.registration();
            prop_assert!(registration.wallets().all(|wallet| !wallet.balance.is_negative()));
            let snapshot = registration.to_snapshot();
            let again = Registration::from_snapshot(&world.genesis, &snapshot).unwrap();
            prop_assert_eq!(again.wallets_total(), registration.wallets_total());
            prop_assert_eq!(again.to_snapshot(), snapshot.clone());
            snapshots.push(behind(&log, snapshot));
            world.now = world.now + Duration::from_hours(13);
        }
        let authority = world.authentication.public_key();
        let recovered =
            Bank::recover(log.records(), &authority, Fast::key(3), MemoryLog::new()).unwrap();
        prop_assert_eq!(
            fingerprint(recovered.registration()),
            fingerprint(world.bank.registration())
        );
        let report = bank::audit(log.records(), &authority, &FastVerifier).unwrap();
        prop_assert_eq!(report.state, recovered.registration().state_digest());
        for snapshot in &snapshots {
            let keys = (Fast::key(3), log.clone());
            let records = &log.records()[usize::try_from(snapshot.place.records).unwrap()..];
            let step = |replay: &mut Replay, record: &[u8]| replay.step(record);
            let bank = Bank::recover_behind(snapshot, records, &authority, keys, step).unwrap();
            prop_assert_eq!(report.state, bank.registration().state_digest());
        }
        for record in log.records().iter().skip(1) {
            prop_assert_eq!(&Record::from_bytes(record).unwrap().to_bytes(), record);
        }
    }

    /// A snapshot that was changed is refused, or is another sound state; it never panics.
    #[test]
    fn changed_snapshots_do_no_harm(place in any::<prop::sample::Index>(), change in 1_u8..) {
        let mut world = city::<Fast, _>(MemoryLog::new());
        world.run(POLICY);
        world.run("by house-meter hold house grid 2.00 under 1 from 0 until 9");
        world.run("by house-meter mint house 1.00 2.00");
        let mut snapshot = world.bank.registration().to_snapshot();
        let place = place.index(snapshot.len());
        snapshot[place] ^= change;
        let _ = Registration::from_snapshot(&world.genesis, &snapshot);
        let _ = Registration::from_snapshot(&world.genesis, &snapshot[..place]);
    }

    /// Random bytes are no record, with or without a right digest behind them.
    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Record::from_bytes(&bytes).is_err());
        prop_assert!(Record::from_bytes(&resealed(&bytes)).is_err());
        let mut tagged = b"JIDIAN-LOG-BATCH-1\0\0\0\x01".to_vec();
        tagged.extend(&bytes);
        prop_assert!(Record::from_bytes(&resealed(&tagged)).is_err());
        let _ = Operation::decode(&bytes);
        let _ = bank::Genesis::from_record(&resealed(&bytes));
    }
}

fn is_malformed(operation: &Operation) -> bool {
    let mut bytes = Vec::new();
    operation.write(&mut |part| bytes.extend_from_slice(part));
    Operation::decode(&bytes).is_err()
}

/// A bank in the same state whose log refuses.
fn fail(world: &Over<Flaky>, log: &MemoryLog) -> Bank<Flaky, FastKey> {
    let flaky = Flaky { log: log.clone(), refuse: true };
    let authority = world.authentication.public_key();
    Bank::recover(log.records(), &authority, Fast::key(3), flaky).unwrap()
}

fn resealed(body: &[u8]) -> Vec<u8> {
    [body, &blake3::hash(body).as_bytes()[..8]].concat()
}

/// A log whose last batch has a bit of everything.
fn eventful() -> (World<Fast>, Vec<Vec<u8>>) {
    let mut world = city::<Fast, _>(MemoryLog::new());
    let mut batch = Vec::new();
    for (legs, spoil) in [
        (vec![(0, 1, 100)], Spoil::Nothing),
        (vec![(0, 1, 30), (0, 4, 5)], Spoil::Nothing),
        (vec![(0, 1, 3)], Spoil::Signature),
        (vec![(0, 1, 999_999)], Spoil::Nothing),
    ] {
        batch.push(pay(&mut world, "house-meter", &legs, spoil));
    }
    batch.push(batch[0].clone());
    let grid = world.id("grid");
    batch.push(world.operator.redeem(START, grid, Fen::from_fen(7)));
    let late = world.id("late");
    batch.push(world.operator.open(START, late, bank::WalletKind::Personal, bank::Grade::III));
    world.new_key("late-meter", "meter");
    batch.push(world.operator.bind(START, late, world.payers["late-meter"].certificate.clone()));
    let codes: Vec<ResultCode> =
        world.submit(batch).into_iter().map(|answer| answer.code).collect();
    use ResultCode::{Accepted, BadSignature, Exists, InsufficientFunds};
    let expected = [Accepted, Accepted, BadSignature, InsufficientFunds, Exists];
    assert_eq!(codes[..5], expected);
    assert_eq!(codes[5..], [Accepted; 3]);
    let records = world.bank.log().records().to_vec();
    (world, records)
}

#[test]
fn every_flipped_bit_is_found() {
    let (world, records) = eventful();
    let authority = world.authentication.public_key();
    let (last, before) = records.split_last().unwrap();
    let mut replay = Replay::begin(&before[0], &authority).unwrap();
    before[1..].iter().for_each(|record| replay.step(record).unwrap());
    for bit in 0..last.len() * 8 {
        let mut altered = last.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(replay.decode(&altered).is_err(), "bit {bit}");
    }
    for length in 0..last.len() {
        assert!(replay.decode(&last[..length]).is_err(), "length {length}");
    }
}

/// Who alters a record and its digest is still found: by the repetition, or by the signatures. Only
/// an operation that was refused for its bad signature may be altered: nobody vouches for it, and
/// the state doesn't depend on it.
#[test]
fn every_forged_bit_is_found() {
    let (world, records) = eventful();
    let authority = world.authentication.public_key();
    let record = Record::from_bytes(records.last().unwrap()).unwrap();
    assert_eq!(record.entries[2].code, ResultCode::BadSignature);
    let body = records.last().unwrap().len() - 8;
    for bit in 0..body * 8 {
        let mut forged = records.clone();
        let last = forged.last_mut().unwrap();
        last[bit / 8] ^= 1 << (bit % 8);
        *last = resealed(&last[..body]);
        match bank::audit(&forged, &authority, &FastVerifier) {
            Err(_) => {}
            Ok(report) => {
                assert_eq!(report.state, world.bank.registration().state_digest(), "bit {bit}");
                let altered = Record::from_bytes(forged.last().unwrap()).unwrap();
                assert_eq!(altered.root, record.root);
                let mut pairs = altered.entries.iter().zip(&record.entries);
                let differs = pairs.position(|(altered, entry)| altered != entry);
                assert_eq!(differs, Some(2), "bit {bit}");
            }
        }
    }
}

#[test]
fn a_damaged_genesis_is_found() {
    let (world, records) = eventful();
    let authority = world.authentication.public_key();
    let genesis = &records[0];
    for bit in 0..genesis.len() * 8 {
        let mut altered = genesis.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(Replay::begin(&altered, &authority).is_err(), "bit {bit}");
    }
    let other = Fast::key(77).public_key();
    assert!(Replay::begin(genesis, &other).is_err());
    let none: [&[u8]; 0] = [];
    assert!(bank::audit(none, &authority, &FastVerifier).is_err());
}

#[test]
fn missing_doubled_and_swapped_records_are_found() {
    let (world, records) = eventful();
    let authority = world.authentication.public_key();
    let refused = |records: &[Vec<u8>], batch: u64| {
        let key = Fast::key(3);
        let damage = Bank::recover(records, &authority, key, MemoryLog::new()).unwrap_err();
        assert_eq!(damage.batch, batch, "{damage}");
    };
    let mut missing = records.clone();
    missing.remove(5);
    refused(&missing, 5);
    let mut doubled = records.clone();
    doubled.insert(5, records[5].clone());
    refused(&doubled, 6);
    let mut swapped = records.clone();
    swapped.swap(7, 8);
    refused(&swapped, 7);
    // A log that ends early is sound as far as it goes: only the last signed root tells.
    let end = records.len() - 1;
    assert!(bank::audit(&records[..end], &authority, &FastVerifier).is_ok());
}

/// Real signatures: a batch, an altered signature in the log, another registration centre.
#[test]
fn the_audit_looks_at_signatures() {
    let mut world = city::<Sm2, _>(MemoryLog::new());
    world.run("pay house-meter house grid 1.00");
    let authority = world.authentication.public_key();
    let records = world.bank.log().records().to_vec();
    let verifier = Sm2::verifier();
    assert!(bank::audit(&records, &authority, &verifier).is_ok());

    let alter = |change: &dyn Fn(&mut Record)| {
        let mut altered = records.clone();
        let last = altered.last_mut().unwrap();
        let mut record = Record::from_bytes(last).unwrap();
        change(&mut record);
        *last = record.to_bytes();
        bank::audit(&altered, &authority, &verifier).unwrap_err().fault
    };
    use bank::replay::Fault;
    let forged = alter(&|record| {
        if let Operation::Pay(order) = &mut record.entries[0].operation {
            order.signature.0[9] ^= 1;
        }
    });
    assert_eq!(forged, Fault::BadSignature { entry: 0 });
    let usurped = alter(&|record| record.root = Sm2::key(9).seal(record.root.body));
    assert_eq!(usurped, Fault::BadRootSignature);
    let hidden = alter(&|record| {
        record.entries[0].code = ResultCode::UnknownKey;
        record.root = Sm2::key(3).seal(record.root.body);
    });
    assert_eq!(hidden, Fault::KeyIsKnown { entry: 0 });
    let printed = alter(&|record| {
        record.root.body.issued += Fen::from_fen(1);
        record.root = Sm2::key(3).seal(record.root.body);
    });
    assert_eq!(printed, Fault::NotConserved);
}

/// Trees of all small sizes: each order's receipt proves it, and stays at hand.
#[test]
fn receipts_prove_in_trees_of_every_size() {
    let mut world = city::<Fast, _>(MemoryLog::new());
    for size in 1..40 {
        let batch: Vec<Operation> = (0..size)
            .map(|_| pay(&mut world, "house-meter", &[(0, 1, 1)], Spoil::Nothing))
            .collect();
        // `submit` checks each receipt of the answer.
        let answers = world.submit(batch.clone());
        assert!(answers.iter().all(|answer| answer.code == ResultCode::Accepted));
        for (operation, answer) in batch.iter().zip(answers) {
            let found = world.bank.registration().receipt(operation.digest());
            assert_eq!(found, answer.receipt);
        }
        let last = world.submit(vec![batch.last().unwrap().clone()]).remove(0);
        assert_eq!(last.code, ResultCode::Exists);
        assert!(merkle::proves(&last.receipt.unwrap()));
    }
    world.check_logs();
}

/// A key that sleeps while its batch is dropped from memory still gets its old receipt.
#[test]
fn a_sleeping_key_keeps_its_receipt() {
    let mut world = city::<Fast, _>(MemoryLog::new());
    let order = pay(&mut world, "house-meter", &[(0, 1, 1)], Spoil::Nothing);
    let receipt = world.submit(vec![order.clone()]).remove(0).receipt;
    world.run("pay company purchase gateway 1.00");
    // Forks are proved, so they fill the archive without moving anything.
    let fork = pay(&mut world, "company", &[(2, 3, 1)], Spoil::Previous);
    let fork = world.bank.registration().authenticate(fork, &FastVerifier);
    let batch = vec![fork; LEAVES_KEPT / 8];
    for _ in 0..9 {
        world.bank.submit_authenticated(world.now, &batch).unwrap();
    }
    let registration = world.bank.registration();
    assert_eq!(registration.receipt(order.digest()), None);
    assert_eq!(registration.receipt_of(order.signer(), order.digest()), None);
    assert_eq!(world.bank.receipt_of(order.signer(), order.digest()), Ok(receipt.clone()));
    let again = world.submit(vec![order]).remove(0);
    assert_eq!((again.code, again.receipt), (ResultCode::Exists, receipt));
}

/// A key remembers its last four orders. A repetition gets its receipt though five newer ones stand
/// behind it in the batch, and so does one of an order of the same batch.
#[test]
fn a_repetition_in_front_of_newer_orders_keeps_its_receipt() {
    let mut world = city::<Fast, _>(MemoryLog::new());
    let next = |world: &mut World<Fast>| pay(world, "house-meter", &[(0, 1, 1)], Spoil::Nothing);
    let first = next(&mut world);
    let receipt = world.submit(vec![first.clone()]).remove(0).receipt;
    let mut batch = vec![first.clone()];
    batch.extend((0..5).map(|_| next(&mut world)));
    batch.insert(2, batch[1].clone());
    let answers = world.submit(batch.clone());
    assert_eq!((answers[0].code, &answers[0].receipt), (ResultCode::Exists, &receipt));
    assert_eq!(answers[2].code, ResultCode::Exists);
    assert_eq!(answers[2].receipt, answers[1].receipt);
    assert!(answers[3..].iter().all(|answer| answer.code == ResultCode::Accepted));
    // Now the key has forgotten it.
    assert_eq!(world.submit(vec![first]).remove(0).code, ResultCode::Stale);
}

#[test]
fn a_clock_that_steps_back_stands_still() {
    let mut world = city::<Fast, _>(MemoryLog::new());
    let at = world.bank.registration().last_at();
    world.now = at - Duration::from_days(3);
    world.run("pay house-meter house grid 1.00");
    assert_eq!(world.bank.registration().last_at(), at);
    world.check_logs();
}

#[test]
fn a_batch_of_nothing_leaves_no_record() {
    let mut world = city::<Fast, _>(MemoryLog::new());
    let before = (world.bank.log().clone(), world.bank.registration().state_digest());
    assert!(world.submit(Vec::new()).is_empty());
    world.run("refused house-meter house grid 0.00 -> malformed");
    let after = (world.bank.log().clone(), world.bank.registration().state_digest());
    assert_eq!(before, after);
}

#[test]
fn names_stay_in_the_authentication_centre() {
    let mut world = city::<Fast, _>(MemoryLog::new());
    let serial = world.payers["house-meter"].certificate.body.serial;
    world.run("revoke house-meter");
    let register = world.authentication.register();
    assert_eq!(register.subject(serial), Some("house-meter"));
    assert_eq!(register.revoked().collect::<Vec<_>>(), [serial]);
    let mut bytes = Vec::new();
    register.write(&mut |part| bytes.extend_from_slice(part));
    assert_eq!(&bank::authentication::Register::decode(&bytes).unwrap(), register);
    let (order, warrant) = (Digest([1; 32]), Digest([2; 32]));
    let at = world.now;
    let mut opened = register.clone();
    opened.note(bank::authentication::Disclosure { order, batch: 9, at, serial, warrant });
    opened.note(bank::authentication::Disclosure { order, batch: 9, at, serial, warrant });
    assert_eq!(opened.disclosures().len(), 1, "one order opens once");
    let before = bytes.len();
    bytes.clear();
    opened.write(&mut |part| bytes.extend_from_slice(part));
    assert_eq!(bank::authentication::Register::decode(&bytes), Ok(opened));
    for end in before + 1..bytes.len() {
        assert!(bank::authentication::Register::decode(&bytes[..end]).is_err(), "{end}");
    }
    let logged = world.bank.log().records().concat();
    let name = b"house-meter";
    assert!(!logged.windows(name.len()).any(|window| window == name));
}
