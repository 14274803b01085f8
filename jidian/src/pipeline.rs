//! The registration centre on four threads: digests, ledger, log, receipts.
//!
//! The ledger is one writer. What needs no ledger is done before it and behind it, on other
//! threads; and while one batch is written and synced, the next is applied. Nothing leaves before it
//! is durable: if the log refuses a batch, this batch and those applied on top of it are taken back.

use bank::registration::{Applied, Authenticated, Digested, Tree};
use bank::{Bank, LogError, OrderedLog, Recorder, Registration, Settled};
use crypto::{Sign, Verify};
use quantity::Instant;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, Scope};
use wire::Signature;

/// Batches that may wait between two threads.
const WAITING_MAX: usize = 2;

/// Batches that may be applied and not yet durable: one is written, one waits for that.
const AHEAD_MAX: usize = 2;

/// Settles batches until there are no more.
///
/// `source` makes batches in a thread of its own, with a mark that goes along; `verifier` looks at
/// signatures in the ledger's thread; `sink` takes what is final, in order, in another thread.
///
/// # Errors
/// [`LogError`] of the first batch that isn't durable; the batches before it are final, and of it
/// and those behind it nothing has happened.
pub fn run<L: OrderedLog + Send, S: Sign + Sync, T: Send>(
    bank: &mut Bank<L, S>,
    verifier: &impl Verify,
    now: Instant,
    source: impl Iterator<Item = (T, Vec<Digested>)> + Send,
    mut sink: impl FnMut(T, Settled) + Send,
) -> Result<(), LogError> {
    let (registration, recorder) = bank.halves();
    std::thread::scope(|scope| {
        let (events, happened) = channel();
        let (permits, permitted) = sync_channel(WAITING_MAX);
        let (jobs, to_write) = channel();
        let (settled, receipts) = sync_channel(WAITING_MAX);
        let ended = events.clone();
        spawn(scope, "digests", move || gather(source, &permitted, &events));
        spawn(scope, "log", move || write(recorder, &to_write, &ended));
        spawn(scope, "receipts", move || {
            receipts.into_iter().for_each(|(mark, batch)| sink(mark, batch));
        });
        let waiting = VecDeque::new();
        let ledger = Ledger { registration, now, waiting, ahead: 0, permits, jobs, settled };
        ledger.run(verifier, &happened)
    })
}

fn spawn<'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() + Send + 'scope,
) {
    let thread = Builder::new().name(name.to_owned()).spawn_scoped(scope, work);
    thread.expect("the system gives this process a few threads");
}

/// What the ledger's thread waits for.
enum Event<T> {
    /// A batch came in.
    Batch(T, Vec<Digested>),
    /// There are no more.
    End,
    /// The log's thread has ended though there may be work for it: it panicked.
    Broken,
    /// The log is through with a batch that was applied.
    Written(T, Box<Applied>, Result<Box<(Tree, Signature)>, LogError>),
    /// The log is through with all that came before a batch that leaves no record.
    Passed(T, Settled),
}

/// What the log's thread does.
enum Job<T> {
    Write(T, Box<Applied>, Vec<Authenticated>),
    Pass(T, Settled),
}

/// Says that a thread has ended, however it ends: the ledger's would wait for it for ever.
struct LastWord<'a, T>(&'a Sender<Event<T>>, fn() -> Event<T>);

impl<T> Drop for LastWord<'_, T> {
    fn drop(&mut self) {
        // If nobody listens, the ledger's thread has ended before.
        let _ = self.0.send((self.1)());
    }
}

/// Ends with the source, or with the ledger's thread.
fn gather<T>(
    mut source: impl Iterator<Item = (T, Vec<Digested>)>,
    permitted: &Receiver<()>,
    events: &Sender<Event<T>>,
) {
    let _last = LastWord(events, || Event::End);
    while permitted.recv().is_ok()
        && let Some((mark, batch)) = source.next()
    {
        if events.send(Event::Batch(mark, batch)).is_err() {
            return;
        }
    }
}

/// After a refusal nothing more is written: what was applied on top of it must go too.
fn write<L: OrderedLog, S: Sign, T>(
    mut recorder: Recorder<'_, L, S>,
    jobs: &Receiver<Job<T>>,
    events: &Sender<Event<T>>,
) {
    let _last = LastWord(events, || Event::Broken);
    let mut refused = None;
    for job in jobs {
        let event = match job {
            Job::Pass(mark, settled) => Event::Passed(mark, settled),
            Job::Write(mark, applied, batch) => {
                let written = match &refused {
                    None => recorder.record(&applied, &batch).map(Box::new),
                    Some(error) => Err(LogError::clone(error)),
                };
                refused = refused.or(written.as_ref().err().cloned());
                Event::Written(mark, applied, written)
            }
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

/// The one writer.
struct Ledger<'a, T> {
    registration: &'a mut Registration,
    now: Instant,
    waiting: VecDeque<(T, Vec<Digested>)>,
    /// Batches in the log's thread.
    ahead: usize,
    permits: SyncSender<()>,
    jobs: Sender<Job<T>>,
    settled: SyncSender<(T, Settled)>,
}

impl<T> Ledger<'_, T> {
    fn run(
        mut self,
        verifier: &impl Verify,
        happened: &Receiver<Event<T>>,
    ) -> Result<(), LogError> {
        let mut more = true;
        (0..WAITING_MAX).for_each(|_| self.permit());
        loop {
            while self.ahead < AHEAD_MAX
                && let Some((mark, batch)) = self.waiting.pop_front()
            {
                self.apply(mark, batch, verifier);
            }
            if !more && self.ahead == 0 {
                return Ok(());
            }
            match happened.recv().expect("the other threads outlive the ledger's") {
                Event::Batch(mark, batch) => self.waiting.push_back((mark, batch)),
                Event::End => more = false,
                Event::Broken => panic!("the log's thread panicked"),
                Event::Passed(mark, settled) => self.hand_out(mark, settled),
                Event::Written(mark, applied, Ok(proof)) => {
                    let (tree, signature) = *proof;
                    let settled = self.registration.commit(*applied, tree, signature);
                    self.hand_out(mark, settled);
                }
                Event::Written(_, applied, Err(error)) => {
                    self.take_back(*applied, happened);
                    return Err(error);
                }
            }
        }
    }

    /// Lets the source make one more batch, if it hasn't ended.
    fn permit(&self) {
        let _ = self.permits.try_send(());
    }

    fn apply(&mut self, mark: T, batch: Vec<Digested>, verifier: &impl Verify) {
        self.permit();
        let batch = self.registration.authenticate_all(batch, verifier);
        let applied = self.registration.apply(self.now, &batch);
        let job = if applied.is_empty() {
            self.registration.roll_back(&applied);
            Job::Pass(mark, applied.without_batch())
        } else {
            Job::Write(mark, Box::new(applied), batch)
        };
        self.ahead += 1;
        self.jobs.send(job).expect("the log's thread takes all");
    }

    fn hand_out(&mut self, mark: T, settled: Settled) {
        self.ahead -= 1;
        self.settled.send((mark, settled)).expect("the receipts' thread takes all");
    }

    /// Takes everything back that the log has not, the newest first.
    fn take_back(mut self, refused: Applied, happened: &Receiver<Event<T>>) {
        let mut batches = vec![refused];
        self.ahead -= 1;
        while self.ahead > 0 {
            match happened.recv().expect("the log's thread answers each job") {
                Event::Batch(..) | Event::End => {}
                Event::Broken => panic!("the log's thread panicked"),
                Event::Passed(..) => self.ahead -= 1,
                Event::Written(_, applied, written) => {
                    assert!(written.is_err(), "nothing is written behind what was refused");
                    batches.push(*applied);
                    self.ahead -= 1;
                }
            }
        }
        batches.iter().rev().for_each(|applied| self.registration.roll_back(applied));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bank::authentication::{AuthenticationCentre, Validity};
    use bank::command::Command;
    use bank::issuance::CentralBank;
    use bank::terms::{Holders, LimitRule};
    use bank::{Genesis, GenesisOperator, Grade, MemoryLog, Operation, ResultCode};
    use crypto::{SigningKey, Sm2Verifier};
    use quantity::Duration;
    use wire::identity::Role;
    use wire::order::PaymentOrder;
    use wire::{Digest, Signed};

    const START: Instant = Instant::from_unix_seconds(1_790_000_000);

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32]).unwrap()
    }

    /// A log that takes so many batches.
    struct Full(MemoryLog, u64);

    impl OrderedLog for Full {
        fn append(&mut self, number: u64, record: &[u8]) -> Result<(), LogError> {
            if number > self.1 {
                return Err(LogError { reason: format!("no room for {number}") });
            }
            self.0.append(number, record)
        }

        fn read(&mut self, number: u64) -> Result<Vec<u8>, LogError> {
            self.0.read(number)
        }
    }

    fn bank<L: OrderedLog>(log: L) -> Bank<L, SigningKey> {
        let validity = Validity { from: START, until: START + Duration::from_days(1) };
        let mut centre = AuthenticationCentre::new(key(1));
        let mut certify = |role, seed| centre.certify("", role, key(seed).public_key(), validity);
        let certificate = certify(Role::Operator, 5);
        let genesis = Genesis {
            at: START,
            authentication: certify(Role::AuthenticationCentre, 1),
            central_bank: certify(Role::CentralBank, 2),
            registration: certify(Role::RegistrationCentre, 3),
            supervisor: certify(Role::Supervisor, 4),
            operators: core::iter::once(GenesisOperator { number: 102, certificate }).collect(),
        };
        Bank::found(&genesis, key(3), log, &Sm2Verifier).unwrap()
    }

    /// Ten batches; the fourth has nothing that is well-formed.
    fn batches() -> Vec<(u32, Vec<Digested>)> {
        let mut central = CentralBank::new(key(2));
        let mut batch = |number: u32| {
            let (holders, grade, from_day) = (Holders::Persons, Grade::II, 30_000 + number);
            let (single, day, year, balance) = (None, None, None, None);
            let rule = LimitRule { holders, grade, from_day, single, day, year, balance };
            let order = PaymentOrder {
                signer: wire::KeyId([0; 16]),
                sequence: 0,
                previous: Digest::default(),
                at: START,
                evidence: Digest::default(),
                legs: core::iter::empty().collect(),
            };
            let without_number = Signed { body: order, signature: Signature::default() };
            let operation: Operation = match number {
                3 => without_number.into(),
                _ => central.instruct(START, Command::SetLimits { rule }),
            };
            (number, vec![Digested::new(operation)])
        };
        (0..10).map(&mut batch).collect()
    }

    #[test]
    fn all_batches_are_settled_in_order() {
        let (mut bank, mut seen) = (bank(MemoryLog::new()), Vec::new());
        let sink = |number, settled: Settled| seen.push((number, settled.codes[0]));
        run(&mut bank, &Sm2Verifier, START, batches().into_iter(), sink).unwrap();
        let code = |number| if number == 3 { ResultCode::Malformed } else { ResultCode::Accepted };
        assert_eq!(seen, (0..10).map(|number| (number, code(number))).collect::<Vec<_>>());
        assert_eq!(bank.registration().last_batch(), 9);
    }

    /// A log that panics at its third batch.
    struct Broken;

    impl OrderedLog for Broken {
        fn append(&mut self, number: u64, _: &[u8]) -> Result<(), LogError> {
            assert!(number < 3, "a bug");
            Ok(())
        }

        fn read(&mut self, _: u64) -> Result<Vec<u8>, LogError> {
            unreachable!("nothing is read")
        }
    }

    fn panics<L: OrderedLog + Send>(log: L, in_source: u32, in_sink: u32) -> bool {
        let mut bank = bank(log);
        let batches = batches().into_iter();
        let source = batches.inspect(|(number, _)| assert_ne!(*number, in_source, "a bug"));
        let sink = |number, _| assert_ne!(number, in_sink, "a bug");
        let run = || run(&mut bank, &Sm2Verifier, START, source, sink);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err()
    }

    #[test]
    fn a_panic_in_any_thread_ends_all() {
        const NEVER: u32 = 100;
        assert!(panics(Broken, NEVER, NEVER), "in the log's thread");
        assert!(panics(MemoryLog::new(), 2, NEVER), "in the source's");
        assert!(panics(MemoryLog::new(), NEVER, 2), "in the sink's");
        assert!(!panics(MemoryLog::new(), NEVER, NEVER), "in none");
    }

    #[test]
    fn nothing_is_left_of_what_the_log_refuses_and_of_what_was_applied_on_top_of_it() {
        for room in 0..9 {
            let mut refused = bank(Full(MemoryLog::new(), room));
            let mut whole = bank(MemoryLog::new());
            let mut seen = 0;
            let sink = |_, settled: Settled| seen += u64::from(settled.batch.is_some());
            let error = run(&mut refused, &Sm2Verifier, START, batches().into_iter(), sink);
            assert_eq!(error.unwrap_err().reason, format!("no room for {}", room + 1));
            assert_eq!(seen, room, "what is final is handed out, nothing else");
            let few = batches().into_iter().filter(|(number, _)| *number != 3);
            let few = few.take(usize::try_from(room).unwrap());
            run(&mut whole, &Sm2Verifier, START, few, |_, _| {}).unwrap();
            let (refused, whole) = (refused.registration(), whole.registration());
            assert_eq!(refused.state_digest(), whole.state_digest(), "room for {room}");
        }
    }
}
