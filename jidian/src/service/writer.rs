//! The one writer: takes what waits, writes it as one batch, syncs once, and answers.

use super::desk_log::{DeskCall, DeskLog};
use super::institutions::{Desks, Errand};
use super::json;
use super::memory::{self, Answers};
use super::problem::{Problem, Reply};
use super::storage::{BankDirectory, FileBank};
use crate::store::snapshots::Keeper;
use crate::watch::Watch;
use bank::authentication::{Disclosure, Register};
use bank::export::{Journal, Row, rows};
use bank::log::{Place, Snapshot};
use bank::registration::Authenticated;
use bank::{Answer, Command, Operation, Registration, ResultCode};
use quantity::Instant;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::oneshot;
use wire::receipt::Root;

/// Operations of one batch at most: what waits longer goes into the next one.
const BATCH_OPERATIONS_MAX: usize = 8192;
/// Calls that wait for the writer at most; further ones wait at the door.
pub(super) const CALLS_WAITING_MAX: usize = 256;

/// What calls read: the bank, and its last movements.
pub struct Ledger {
    pub(super) bank: FileBank,
    pub(super) journal: Journal,
    pub(super) watch: Watch,
    pub(super) opened: Vec<Opened>,
    /// Whether the last batch was written: a disk that is full shows here.
    pub(super) writes: bool,
}

impl Ledger {
    /// The registration centre.
    #[must_use]
    pub const fn registration(&self) -> &Registration {
        self.bank.registration()
    }

    /// Takes in the rows of a batch.
    fn take(&mut self, rows: Vec<Row>) {
        for row in rows {
            self.watch.see_row(&row, self.bank.registration());
            self.journal.push(row);
        }
    }
}

/// A certificate that was opened, and whose it is.
pub(super) struct Opened {
    pub(super) disclosure: Disclosure,
    pub(super) subject: Option<String>,
}

impl Opened {
    pub(super) fn of(disclosure: Disclosure, register: &Register) -> Self {
        let subject = register.subject(disclosure.serial).map(str::to_owned);
        Self { disclosure, subject }
    }
}

/// Where calls put their work.
pub(super) type Jobs = SyncSender<Job>;

/// What a call waits for.
pub(super) enum Job {
    /// Operations that were signed elsewhere.
    Orders(Vec<Authenticated>, oneshot::Sender<Result<Vec<Answer>, Problem>>),
    /// An errand that a desk signs.
    Errand(Box<Asked>, oneshot::Sender<Reply>),
    /// The service is being stopped, and everything before this is written.
    Stop,
}

/// An errand with the key of the call.
pub(super) struct Asked {
    pub(super) errand: Errand,
    pub(super) key: super::idempotency::Key,
    pub(super) call: wire::Digest,
}

/// The writer's own.
pub(super) struct Writer {
    pub(super) ledger: Arc<RwLock<Ledger>>,
    pub(super) desks: Desks,
    pub(super) desk_log: DeskLog,
    pub(super) answers: Answers,
    pub(super) keeper: Keeper,
    pub(super) directory: BankDirectory,
    pub(super) clock: fn() -> Instant,
}

/// A batch that gathers.
#[derive(Default)]
struct Gathering {
    batch: Vec<Authenticated>,
    calls: Vec<DeskCall>,
    waiting: Vec<Waiting>,
}

enum Waiting {
    Orders(usize, oneshot::Sender<Result<Vec<Answer>, Problem>>),
    Errand(oneshot::Sender<Reply>),
}

impl Writer {
    /// Works until [`Job::Stop`], or until nobody can send a job any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut stopped = false;
        while !stopped {
            self.keep(Keeper::is_due);
            let Ok(first) = jobs.recv() else { break };
            let mut all = Gathering::default();
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Stop => stopped = true,
                    Job::Orders(batch, answer) => {
                        all.waiting.push(Waiting::Orders(batch.len(), answer));
                        all.batch.extend(batch);
                    }
                    Job::Errand(asked, answer) => self.sign(*asked, answer, &mut all),
                }
                let full = all.batch.len() >= BATCH_OPERATIONS_MAX;
                next = if full || stopped { None } else { jobs.try_recv().ok() };
            }
            self.write(all);
        }
        self.keeper.finish();
        self.keep(Keeper::is_behind);
        self.keeper.finish();
    }

    /// Encodes the state, while calls go on reading it; another thread writes it down.
    fn keep(&mut self, is_due: impl Fn(&Keeper, Place) -> bool) {
        let ledger = self.ledger.read().unwrap_or_else(PoisonError::into_inner);
        let log = ledger.bank.log().stored();
        if is_due(&self.keeper, log.place()) {
            let snapshot = Snapshot::of(log, ledger.registration().to_snapshot());
            let snapshot = snapshot.keeping(memory::kept(
                &ledger.journal,
                &self.answers,
                self.desks.register().disclosures(),
            ));
            drop(ledger);
            self.keeper.take(snapshot);
        }
    }

    fn sign(&mut self, asked: Asked, answer: oneshot::Sender<Reply>, all: &mut Gathering) {
        match self.desks.sign((self.clock)(), asked.errand) {
            Ok(operation) => {
                let order = operation.digest();
                all.calls.push(DeskCall { key: asked.key, call: asked.call, order });
                all.batch.push(self.authenticate(operation));
                all.waiting.push(Waiting::Errand(answer));
            }
            // Who doesn't wait any more needs no answer.
            Err(problem) => drop(answer.send(problem.into())),
        }
    }

    fn authenticate(&self, operation: Operation) -> Authenticated {
        let ledger = self.ledger.read().unwrap_or_else(PoisonError::into_inner);
        ledger.registration().authenticate(operation, &crypto::Sm2Verifier)
    }

    fn write(&mut self, mut all: Gathering) {
        if all.batch.is_empty() {
            return;
        }
        let written = self.prepare(&all).and_then(|()| self.submit(&mut all.batch));
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        ledger.writes = written.is_ok();
        self.desks.resume(ledger.registration());
        drop(ledger);
        match written {
            Ok((answers, root)) => self.reply(all, answers, &root),
            Err(problem) => refuse(all, &problem),
        }
    }

    /// Before an operation of a desk can become final, its key and its certificate are kept.
    fn prepare(&mut self, all: &Gathering) -> Result<(), Problem> {
        if all.calls.is_empty() {
            return Ok(());
        }
        let registers = |command: &Command| {
            command.certificate().is_some() || matches!(command, Command::Revoke { .. })
        };
        let mut commands = all.batch.iter().filter_map(|item| item.operation().command());
        if commands.any(registers) {
            self.directory.keep_register(self.desks.register()).map_err(Problem::storage)?;
        }
        self.desk_log.append(&all.calls).map_err(Problem::storage)
    }

    fn submit(&mut self, batch: &mut [Authenticated]) -> Result<(Vec<Answer>, Root), Problem> {
        let now = (self.clock)();
        let shared = Arc::clone(&self.ledger);
        let mut ledger = shared.write().unwrap_or_else(PoisonError::into_inner);
        // A key may have been bound while its order waited.
        ledger.registration().look_again(batch, &crypto::Sm2Verifier);
        let settled = ledger.bank.settle(now, batch).map_err(Problem::storage)?;
        // Only a batch of nothing but malformed operations leaves no root, and those have no rows.
        let none = || Problem::bad_request("no operation is well formed");
        let root = ledger.registration().last_root().filter(|_| settled.batch.is_some());
        let root = root.ok_or_else(none)?.body;
        let outcomes =
            settled.codes.iter().copied().zip(batch.iter().map(Authenticated::operation));
        let rows = rows(&root, outcomes, &settled.movements, ledger.registration());
        ledger.take(rows);
        self.note_disclosures(&settled.codes, batch, &root, &mut ledger.opened);
        let answers = ledger.bank.answer(&settled, batch).map_err(Problem::storage)?;
        Ok((answers, root))
    }

    /// Keeps what a batch opened. The log has it for good, so a register that can't be written now
    /// is written at the next start.
    fn note_disclosures(
        &mut self,
        codes: &[ResultCode],
        batch: &[Authenticated],
        root: &Root,
        opened: &mut Vec<Opened>,
    ) {
        let outcomes = codes.iter().zip(batch);
        let found =
            outcomes.filter_map(|(code, item)| Disclosure::of(item.operation(), *code, root));
        let found: Vec<Disclosure> = found.collect();
        for disclosure in &found {
            self.desks.note(*disclosure);
            opened.push(Opened::of(*disclosure, self.desks.register()));
        }
        if !found.is_empty()
            && let Err(error) = self.directory.keep_register(self.desks.register())
        {
            eprintln!("note: {error}; what was opened stands in bank.log");
        }
    }

    fn reply(&mut self, all: Gathering, answers: Vec<Answer>, root: &Root) {
        let mut answers = answers.into_iter();
        let mut items = all.batch.iter();
        for waiting in all.waiting {
            match waiting {
                Waiting::Orders(count, answer) => {
                    let own = answers.by_ref().take(count).collect();
                    items.by_ref().take(count).for_each(drop);
                    let _ = answer.send(Ok(own));
                }
                Waiting::Errand(answer) => {
                    let (Some(own), Some(item)) = (answers.next(), items.next()) else { return };
                    let reply = json::done(item.operation(), own.code, root);
                    if reply.is_final() {
                        self.answers.push(item.digest(), reply.clone());
                    }
                    let _ = answer.send(reply);
                }
            }
        }
    }
}

fn refuse(all: Gathering, problem: &Problem) {
    for waiting in all.waiting {
        match waiting {
            Waiting::Orders(_, answer) => drop(answer.send(Err(problem.clone()))),
            Waiting::Errand(answer) => drop(answer.send(problem.clone().into())),
        }
    }
}
