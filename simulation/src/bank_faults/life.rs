//! One life.

use super::books::Books;
use super::dice::Dice;
use super::disk::Disk;
use super::network::{Network, Weather};
use super::offer::{Next, offer};
use super::parties::{Parties, START, registration_key};
use super::plant::{KIND, Plant, PlantedDisk, PlantedLog, Shown};
use super::{Finding, KeyedDigest, KeyedDigestVerifier, Report};
use crate::random::Random;
use bank::log::{LogReader, Snapshot, StorageError, Tail};
use bank::record::Record;
use bank::{Answer, Bank, Operation, Registration, ResultCode};
use quantity::{Duration, Instant};
use std::collections::BTreeMap;
use wire::{Digest, KeyId, WalletId};

/// A bank on a simulated disk.
type FragileBank = Bank<PlantedLog, KeyedDigest>;

/// What isn't as it must be.
type Check<T = ()> = Result<T, String>;

/// Steps without faults until everything must be answered.
const CALM_STEPS: u32 = 200;

pub(super) struct Life {
    seed: u64,
    plant: Option<Plant>,
    dice: Dice,
    step: u32,
    steps: u32,
    clock: Instant,
    weather: Weather,
    disk: Disk,
    /// By how much the log's medium grows at a time.
    growth: u64,
    network: Network,
    parties: Parties,
    books: Books,
    shown: Shown,
    bank: FragileBank,
    log: PlantedLog,
    /// Digest of the state behind each acknowledged batch, the genesis first.
    digests: Vec<Digest>,
    /// A batch of which nobody knows yet whether it is durable.
    in_flight: Option<(Instant, Vec<Operation>)>,
    snapshot: Option<Snapshot>,
    report: Report,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// With the power.
    Power,
    /// Alone.
    Process,
}

impl Life {
    pub(super) fn begin(seed: u64, plant: Option<Plant>) -> Result<Self, Finding> {
        let source = Random::from_seed(seed).part(0xba27);
        let mut dice = Dice::new(source.part(1));
        let disk = Disk::new(Dice::new(source.part(2)));
        let growth = [0, 100, 5000][dice.place(3)];
        let finding = |what: String| Finding { seed, step: 0, what };
        let (parties, founding) = Parties::new(dice.place(4) + 2, 500);
        let medium =
            PlantedDisk { disk: disk.clone(), plant: None, dice: Dice::new(source.part(3)) };
        let log = PlantedLog::create(medium, growth).map_err(|error| finding(error.to_string()))?;
        let key = registration_key();
        let bank = Bank::found(&parties.genesis, key, log.clone(), &KeyedDigestVerifier)
            .map_err(|error| finding(error.to_string()))?;
        let mut life = Self {
            seed,
            plant,
            steps: u32::try_from(dice.between(30, 90)).unwrap_or_default(),
            dice,
            step: 0,
            clock: START,
            weather: Weather::FAIR,
            disk,
            growth,
            network: Network::default(),
            parties,
            books: Books::new(),
            shown: Shown::default(),
            digests: vec![bank.registration().state_digest()],
            bank,
            log,
            in_flight: None,
            snapshot: None,
            report: Report::default(),
        };
        let [rules, sub_wallet] = life.parties.rule();
        let [issue, open] = founding;
        for batch in [issue, rules, open, sub_wallet] {
            life.submit(batch).map_err(&finding)?;
        }
        // The bug is in the process from its first restart on.
        life.restart(Death::Process).map_err(finding)?;
        Ok(life)
    }

    pub(super) fn run(mut self) -> Result<Report, Finding> {
        let lived = self.live();
        let finding = |what| Finding { seed: self.seed, step: self.step, what };
        lived.map_err(finding)?;
        let disk = self.disk.counts();
        self.report.torn_writes = disk.torn;
        self.report.full_disks = disk.full;
        self.report.failed_syncs = disk.failed_syncs;
        self.report.messages_lost = self.network.counts.lost;
        self.report.messages_doubled = self.network.counts.doubled;
        self.report.interest_fen = self.books.money().interest_paid().unsigned_abs();
        Ok(self.report)
    }

    fn live(&mut self) -> Check {
        self.change_weather();
        while self.step < self.steps {
            if self.dice.once_in(4) {
                self.trouble()?;
            }
            for _ in 0..self.dice.between(0, 4) {
                self.parties.sign(&mut self.dice, self.clock);
            }
            self.pass_step()?;
        }
        self.calm()?;
        self.close()
    }

    /// One step: keys send and send again, the bank answers, keys hear.
    fn pass_step(&mut self) -> Check {
        self.step += 1;
        self.clock = self.clock + Duration::from_milliseconds(self.dice.between(1, 60_000));
        if self.dice.once_in(6) {
            self.clock = self.clock + Duration::from_minutes(self.dice.between(1, 1800));
        }
        let Self { parties, network, dice, weather, step, .. } = self;
        for operation in parties.waiting() {
            if dice.once_in(2) {
                network.send(*step, operation, *weather, dice);
            }
        }
        for stray in self.parties.take_strays() {
            self.network.send(self.step, &stray, self.weather, &mut self.dice);
        }
        let arrived = self.network.orders(self.step);
        if !arrived.is_empty() {
            self.submit(arrived)?;
        }
        for (operation, answer) in self.network.answers(self.step) {
            self.parties.hear(&operation, &answer)?;
        }
        if self.dice.once_in(6) { self.read_back() } else { Ok(()) }
    }

    fn trouble(&mut self) -> Check {
        match self.dice.between(0, 11) {
            0..=2 => {
                let operations = self.dice.between(0, 7);
                self.disk.cut_power_in(u32::try_from(operations).unwrap_or_default());
            }
            3 => self.restart(Death::Power)?,
            4 | 5 => self.restart(Death::Process)?,
            6 => self.disk.leave_room(self.dice.place(1500)),
            7 => self.disk.make_room(),
            8 => self.disk.fail_syncs(u32::from(self.dice.once_in(3)) + 1),
            9 => {
                self.report.clock_jumps += 1;
                let minutes = self.dice.between(-5000, 5000);
                self.clock = self.clock + Duration::from_minutes(minutes);
            }
            10 => self.change_weather(),
            _ => self.take_snapshot(),
        }
        Ok(())
    }

    fn change_weather(&mut self) {
        self.weather = Weather {
            lost_once_in: self.dice.between(2, 20),
            doubled_once_in: self.dice.between(2, 20),
            delay_max: self.dice.between(0, 12),
        };
    }

    fn take_snapshot(&mut self) {
        if !self.log.look(|log| log.is_unsure()) {
            let state = self.bank.registration().to_snapshot();
            self.snapshot = Some(self.log.look(|log| Snapshot::of(log, state)));
        }
    }
}

/// Batches.
impl Life {
    fn submit(&mut self, batch: Vec<Operation>) -> Check {
        let next = if self.dice.once_in(3) { Next::IsAhead } else { Next::Waits };
        match offer(&mut self.bank, self.clock, batch.clone(), next) {
            // With the power gone no answer leaves the house.
            Ok(answers) if !self.disk.is_off() => self.acknowledge(batch, answers),
            Ok(_) => {
                self.in_flight = Some((self.clock, batch));
                self.restart(Death::Power)
            }
            Err(_) => self.after_refusal(batch),
        }
    }

    /// The log refused: taken back and to go on, or unknown until a restart.
    fn after_refusal(&mut self, batch: Vec<Operation>) -> Check {
        if self.disk.is_off() {
            self.in_flight = Some((self.clock, batch));
            return self.restart(Death::Power);
        }
        if !self.log.look(|log| log.is_unsure()) {
            return Ok(());
        }
        if self.dice.once_in(2) {
            let again = self.bank.submit(self.clock, batch.clone(), &KeyedDigestVerifier);
            if again.is_ok() {
                return Err("a log took a record after a failed sync".to_owned());
            }
        }
        self.in_flight = Some((self.clock, batch));
        let death = if self.dice.once_in(2) { Death::Power } else { Death::Process };
        self.restart(death)
    }

    fn acknowledge(&mut self, batch: Vec<Operation>, answers: Vec<Answer>) -> Check {
        self.in_flight = None;
        self.begin_batch(self.clock);
        for (operation, mut answer) in batch.into_iter().zip(answers) {
            self.shown.see(self.plant, &operation, &mut answer.code);
            self.book(&operation, answer.code)?;
            self.report.operations += 1;
            self.report.count(&operation, answer.code);
            let told = (operation, answer);
            self.network.answer(self.step, &told, self.weather, &mut self.dice);
        }
        self.report.batches += 1;
        self.digests.push(self.bank.registration().state_digest());
        let (last, known) = (self.bank.registration().last_batch(), self.last_batch());
        if last != known {
            return Err(format!("the bank stands at batch {last}, {known} were acknowledged"));
        }
        self.check_balances()
    }

    fn begin_batch(&mut self, now: Instant) {
        let ended = self.books.begin(now);
        self.report.holds_expired += ended.holds;
        self.report.grants_returned += ended.grants;
    }

    fn book(&mut self, operation: &Operation, code: ResultCode) -> Check {
        let expected = self.books.book(operation);
        if code == expected {
            return Ok(());
        }
        let (sequence, key) = (operation.sequence(), operation.signer());
        Err(format!("order {sequence} of {key} was answered {code}, the books say {expected}"))
    }

    fn last_batch(&self) -> u64 {
        self.digests.len() as u64 - 1
    }

    fn check_balances(&self) -> Check {
        let registration = self.bank.registration();
        let mut total = 0;
        for (wallet, expected) in self.books.money().standings() {
            let found = registration.wallet(wallet).map(|found| self.shown.standing(found));
            if found != Some(expected) {
                return Err(format!("wallet {wallet} shows {found:?}, the books {expected:?}"));
            }
            if expected.parts().iter().any(|part| *part < 0) {
                return Err(format!("wallet {wallet} owes: {expected:?}"));
            }
            total += expected.money();
        }
        let issued = registration.issued().fen();
        let money = self.books.money();
        let sound = total == issued
            && registration.wallets_total().fen() == issued
            && money.issued() == issued
            && money.standings().count() == registration.wallets().count();
        if !sound {
            return Err(format!("wallets hold {total} fen of {issued} issued"));
        }
        if money.at() != registration.last_at() {
            return Err("the bank's clock isn't that of the books".to_owned());
        }
        self.check_views()
    }

    /// What wallets have set aside and in strings is the sum of the holds and of the strings.
    fn check_views(&self) -> Check {
        let registration = self.bank.registration();
        let mut counted: BTreeMap<WalletId, (i64, i64)> = BTreeMap::new();
        for (_, hold) in registration.holds() {
            counted.entry(hold.debit).or_default().0 += hold.amount.fen();
        }
        for (_, coin) in registration.coins() {
            counted.entry(coin.owner).or_default().1 += coin.amount.fen();
        }
        for wallet in registration.wallets() {
            let counted = counted.get(&wallet.id).copied().unwrap_or_default();
            if counted != (wallet.held.fen(), wallet.coins.fen()) {
                return Err(format!("holds and strings of wallet {} are {counted:?}", wallet.id));
            }
        }
        Ok(())
    }
}

/// Restarts.
impl Life {
    fn restart(&mut self, death: Death) -> Check {
        match death {
            Death::Power => {
                self.report.power_cuts += 1;
                self.disk.restart();
            }
            Death::Process => {
                self.report.kills += 1;
                self.disk.go_on();
            }
        }
        if self.dice.once_in(3) {
            self.flip_a_bit()?;
        }
        if self.dice.once_in(8) {
            self.disk.cut_power_in(u32::from(self.dice.once_in(2)));
        }
        match self.open() {
            Ok(log) => self.recover(log),
            Err(_) if self.disk.is_off() => self.restart(Death::Power),
            Err(error) => Err(format!("the start was refused: {error}")),
        }
    }

    fn open(&mut self) -> Result<PlantedLog, StorageError> {
        let snapshot = if self.dice.once_in(2) { self.snapshot.as_ref() } else { None };
        self.report.snapshots_used += u64::from(snapshot.is_some());
        let dice = Dice::new(Random::from_seed(self.seed).part(self.step.into()));
        let medium = PlantedDisk { disk: self.disk.clone(), plant: self.plant, dice };
        PlantedLog::open(medium, self.growth, snapshot)
    }

    fn recover(&mut self, log: PlantedLog) -> Check {
        let reader = LogReader::open(self.disk.clone(), KIND).map_err(|error| error.to_string())?;
        let (authority, key) = (self.parties.authority, registration_key());
        let mut records = reader.records();
        self.bank = Bank::recover(&mut records, &authority, key, log.clone())
            .map_err(|damage| format!("the log doesn't replay: {damage}"))?;
        self.log = log;
        let (found, known) = (self.bank.registration().last_batch(), self.last_batch());
        match (found.checked_sub(known), self.in_flight.take()) {
            (Some(0), _) => {}
            (Some(1), Some((at, batch))) => self.adopt(at, &batch)?,
            _ => return Err(format!("{found} batches after a restart, {known} were acknowledged")),
        }
        if self.digests.last() != Some(&self.bank.registration().state_digest()) {
            return Err(format!("the state behind batch {found} isn't the one acknowledged"));
        }
        self.go_on_from_snapshot()?;
        self.check_balances()
    }

    /// A snapshot and the records behind it must lead to the same state as all records.
    fn go_on_from_snapshot(&self) -> Check {
        let Some(snapshot) = &self.snapshot else { return Ok(()) };
        let mut state = Registration::from_snapshot(&self.parties.genesis, &snapshot.state)
            .map_err(|error| format!("the snapshot can't be read: {error}"))?;
        for number in snapshot.place.records..=self.last_batch() {
            let record = self.read_record(number)?;
            let operations = record.entries.into_iter().map(|entry| entry.operation);
            let checked = |operation| state.authenticate(operation, &KeyedDigestVerifier);
            let batch: Vec<_> = operations.map(checked).collect();
            let applied = state.apply(record.root.body.at, &batch);
            let tree = applied.grow(state.root_digest());
            state.commit(applied, tree, record.root.signature);
        }
        match self.digests.last() == Some(&state.state_digest()) {
            true => Ok(()),
            false => Err("snapshot and the records behind it lead to another state".to_owned()),
        }
    }

    /// A batch that was durable before anybody was told of it.
    fn adopt(&mut self, at: Instant, batch: &[Operation]) -> Check {
        let number = self.bank.registration().last_batch();
        let record = self.read_record(number)?;
        let found: Vec<&Operation> = record.entries.iter().map(|entry| &entry.operation).collect();
        if !found.iter().copied().eq(batch) {
            return Err(format!("batch {number} holds other operations than were sent"));
        }
        self.begin_batch(at);
        for entry in &record.entries {
            let mut code = entry.code;
            self.shown.see(self.plant, &entry.operation, &mut code);
            self.book(&entry.operation, code)?;
        }
        self.digests.push(self.bank.registration().state_digest());
        self.report.survived_unanswered += 1;
        Ok(())
    }

    fn read_record(&self, number: u64) -> Check<Record> {
        let bytes = self.log.look(|log| log.read_record(number));
        let bytes = bytes.map_err(|error| error.to_string())?;
        let bytes = bytes.ok_or_else(|| format!("there is no record {number}"))?;
        Record::from_bytes(&bytes).map_err(|error| format!("record {number}: {error}"))
    }

    /// Reads a record by number, and once more with a bit of it flipped.
    fn read_back(&mut self) -> Check {
        let number = self.dice.place(self.digests.len()) as u64;
        if number == 0 {
            return Ok(());
        }
        let record = self.read_record(number)?;
        if record.root.body.batch != number {
            return Err(format!("record {number} is batch {}", record.root.body.batch));
        }
        self.report.records_read += 1;
        let (offset, end) = self.log.look(|log| {
            let place = usize::try_from(number).expect("a life is short");
            let end = log.offsets().get(place + 1).copied().unwrap_or(log.place().offset);
            (log.offsets()[place], end)
        });
        let bytes = usize::try_from(end - offset).expect("a simulated disk is small");
        let first = usize::try_from(offset).expect("a simulated disk is small") * 8;
        let bit = first + self.dice.place(bytes * 8);
        self.disk.flip(bit);
        let found = self.log.look(|log| log.read_record(number));
        self.disk.flip(bit);
        self.report.flipped_bits += 1;
        match found {
            Err(StorageError::Damaged { record, .. }) if record == number => Ok(()),
            other => Err(format!("bit {bit} of record {number} was flipped, reading: {other:?}")),
        }
    }

    /// Flips a bit of the log at rest: a start must find and name it.
    fn flip_a_bit(&mut self) -> Check {
        let ends = self.record_ends()?;
        let before = self.disk.bytes();
        if ends.len() < 2 {
            return Ok(());
        }
        let bit = self.dice.place(before.len() * 8);
        self.disk.flip(bit);
        let dice = Dice::new(Random::from_seed(self.seed).part(self.step.into()));
        let medium = PlantedDisk { disk: self.disk.clone(), plant: self.plant, dice };
        let opened = PlantedLog::open(medium, self.growth, None);
        self.disk.flip(bit);
        let refused = opened.is_err();
        let told = opened.map(|log| log.look(|log| (log.place().records, log.tail())));
        self.report.flipped_bits += 1;
        if !is_named(&ends, (bit / 8) as u64, &told) {
            return Err(format!("bit {bit} was flipped, the start says {told:?}"));
        }
        if refused && self.disk.bytes() != before {
            return Err("a refused log was changed".to_owned());
        }
        Ok(())
    }

    /// Where each whole record ends, the header first.
    fn record_ends(&self) -> Check<Vec<u64>> {
        let reading = |error: StorageError| format!("the log can't be read: {error}");
        let mut reader = LogReader::open(self.disk.clone(), KIND).map_err(reading)?;
        let mut ends = vec![reader.place().offset];
        while reader.next_whole_record().map_err(reading)?.is_some() {
            ends.push(reader.place().offset);
        }
        Ok(ends)
    }
}

/// Whether a start tells of a flipped bit as it must.
fn is_named(ends: &[u64], byte: u64, told: &Result<(u64, Tail), StorageError>) -> bool {
    let Some(record) = ends.partition_point(|end| *end <= byte).checked_sub(1) else {
        return matches!(told, Err(StorageError::NotALog));
    };
    let (offset, whole) = (ends[record], ends.len() - 1);
    match told {
        Err(StorageError::Damaged { record: named, offset: at }) => {
            record + 1 < whole && (*named, *at) == (record as u64, offset)
        }
        // In the last record or behind it: told as an append that was never finished.
        Ok((records, Tail::Unfinished { offset: at, .. })) => {
            record + 1 >= whole && (*records, *at) == (record as u64, offset)
        }
        _ => false,
    }
}

/// The end.
impl Life {
    /// Without faults, everything must be answered.
    fn calm(&mut self) -> Check {
        self.weather = Weather::FAIR;
        self.disk.make_room();
        if self.disk.is_off() {
            self.restart(Death::Power)?;
        }
        self.disk.go_on();
        for _ in 0..CALM_STEPS {
            if self.parties.waiting().next().is_none() {
                return Ok(());
            }
            self.pass_step()?;
        }
        let left = self.parties.waiting().count();
        Err(format!("{left} orders have no answer after {CALM_STEPS} steps without faults"))
    }

    /// The whole log against the books and against what the keys were told.
    fn close(&mut self) -> Check {
        let reader = LogReader::open(self.disk.clone(), KIND).map_err(|error| error.to_string())?;
        let records: Vec<Vec<u8>> = reader.records().collect();
        let audit = bank::audit(&records, &self.parties.authority, &KeyedDigestVerifier)
            .map_err(|damage| format!("the audit fails: {damage}"))?;
        let registration = self.bank.registration();
        if audit.state != registration.state_digest() || audit.batches != self.last_batch() {
            return Err("the audit comes to another state".to_owned());
        }
        let mut chains: BTreeMap<KeyId, Vec<Digest>> = BTreeMap::new();
        let mut last_at = START;
        for record in records.iter().skip(1).filter_map(|bytes| Record::from_bytes(bytes).ok()) {
            if record.root.body.at < last_at {
                return Err("the log's clock ran back".to_owned());
            }
            last_at = record.root.body.at;
            for entry in record.entries.iter().filter(|entry| entry.code.burns_sequence()) {
                let chain = chains.entry(entry.operation.signer()).or_default();
                chain.push(entry.operation.digest());
                if chain.len() as u64 != entry.operation.sequence() {
                    return Err("an order is there twice, or one is missing".to_owned());
                }
            }
        }
        self.check_chains(&chains)
    }

    fn check_chains(&self, chains: &BTreeMap<KeyId, Vec<Digest>>) -> Check {
        if chains != self.books.chains() {
            return Err("the log's chains aren't those of the books".to_owned());
        }
        for (key, sequence, digest) in self.parties.answered() {
            let place = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
            let found = chains.get(&key).and_then(|chain| chain.get(place?));
            if found != Some(&digest) {
                return Err(format!("order {sequence} of {key} was acknowledged and is lost"));
            }
        }
        Ok(())
    }
}
