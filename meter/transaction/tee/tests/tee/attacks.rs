//! What someone may try with packages, recalls, new keys and the clock. Each attempt must fail with
//! its code and change no byte of the memory, except that an alarm may be noted in the state page.
#![allow(clippy::print_stdout, reason = "the number of attempts is a result")]

use crate::world::*;
use contract::Program;
use crypto::{Sign, SigningKey, digest};
use quantity::{Duration, Instant};
use wire::package::{ContractPackage, PackageKind, Recall, SignedPackage, SignedRotation};
use wire::signal::PriceSignal;
use wire::tee::{Cause, Code, CodeClass, Command};
use wire::{Digest, Signature, Wire};

const KWH: i64 = 1_000_000;
/// The state page, where an alarm is noted.
const STATE_PAGE: core::ops::Range<usize> = 0x0800..0x1100;

fn at(minutes: i64) -> Instant {
    START + Duration::from_minutes(minutes)
}

/// A meter that was attacked, and how often.
struct Stage {
    world: World,
    /// In force before, in force, waiting until minute 30.
    packages: [SignedPackage; 3],
    attempts: usize,
}

fn ordinary(sequence: u64, price: &str, supersedes: Digest, start: Instant) -> ContractPackage {
    let program = import_program(1, price, "政府基金");
    ContractPackage { supersedes, active_from: start, ..package(1, sequence, &program) }
}

impl Stage {
    /// Minute 11: the second contract is in force, the third one waits.
    fn new() -> Self {
        let first = ordinary(1, "0.60", Digest::default(), START);
        let second = ordinary(2, "0.70", digest(&first), at(10));
        let third = ordinary(3, "0.80", digest(&second), at(30));
        let packages = [first, second, third].map(sign_package);
        let mut world = World::trading();
        assert_eq!(world.code(Command::Load(packages[1].clone())), Code::Accepted);
        assert_eq!(world.after(11, 11 * KWH), (Code::Accepted, 2));
        assert_eq!(world.code(Command::Load(packages[2].clone())), Code::Accepted);
        let held = world.status().directions[0].contracts;
        let [first, second, third] = packages.each_ref().map(|signed| digest(&signed.package));
        assert_eq!((held.previous, held.active, held.waiting), (first, second, third));
        Self { world, packages, attempts: 0 }
    }

    /// The attempt fails with the code and changes nothing.
    #[track_caller]
    fn fails(&mut self, name: &str, command: Command, code: Code) {
        let before = self.world.tee.memory().bytes.clone();
        assert_eq!(self.world.code(command), code, "{name}");
        let after = &self.world.tee.memory().bytes;
        let may_differ = code.class() == CodeClass::Alarm;
        let differs = (0..before.len()).find(|byte| {
            before[*byte] != after[*byte] && !(may_differ && STATE_PAGE.contains(byte))
        });
        assert_eq!(differs, None, "{name} changed the memory");
        self.attempts += 1;
    }

    /// Bytes of an attempt either aren't a command or fail, with whatever code.
    #[track_caller]
    fn bytes_fail(&mut self, bytes: &[u8]) {
        self.attempts += 1;
        let Ok(command) = Command::decode(bytes) else { return };
        let before = self.world.tee.memory().bytes.clone();
        let code = self.world.code(command);
        assert!(!code.is_success() && code.class() != CodeClass::Alarm, "{code:?}");
        assert!(before == self.world.tee.memory().bytes, "{code:?}");
    }

    /// The next package, with a change, signed by both.
    fn fourth(&self, change: impl Fn(&mut ContractPackage)) -> SignedPackage {
        let mut fourth = ordinary(4, "0.90", digest(&self.packages[2].package), at(40));
        change(&mut fourth);
        sign_package(fourth)
    }

    fn finish(mut self, name: &str) {
        // Nothing that failed stands in the way of what is right.
        let good = self.fourth(|_| ());
        assert_eq!(self.world.code(Command::Load(good)), Code::Accepted);
        println!("{name}: {} attempts, 0 successes", self.attempts);
    }
}

/// Byte code that one changed byte makes wrong in a way that the proof of ranges finds, and with it
/// one that is only not the canonical form.
fn wrong_programs() -> [(&'static str, Vec<u8>); 3] {
    let good = import_program(1, "0.90", "政府基金");
    let mut trailing = good.clone();
    trailing.push(0);
    let cut = good[..good.len() - 1].to_vec();
    let patched = (0..good.len()).flat_map(|byte| {
        [0x7f, 0x80, 0xff].map(|value| {
            let mut program = good.clone();
            program[byte] = value;
            program
        })
    });
    let mut overflows = patched.filter(|program| {
        let fault = Program::load(program).map(|_| ()).map_err(|fault| format!("{fault:?}"));
        fault.is_err_and(|fault| fault.contains("Range") || fault.contains("Overflow"))
    });
    let overflow = overflows.next().expect("some byte makes a number too large");
    [("trailing byte", trailing), ("cut byte code", cut), ("range overflow", overflow)]
}

#[test]
fn signatures_of_packages() {
    let mut stage = Stage::new();
    let good = stage.fourth(|_| ());
    let other = stage.fourth(|package| package.version = 9);
    let mix = |regulator: &Signature, grid_company: &Signature| SignedPackage {
        package: good.package.clone(),
        regulator: *regulator,
        grid_company: *grid_company,
    };
    let (by_both, none) = ((good.regulator, good.grid_company), Signature::default());
    let again = |signer: &SigningKey| signer.sign(&good.package);
    let signatures = [
        ("no signature", mix(&none, &none)),
        ("regulator alone", mix(&by_both.0, &none)),
        ("grid company alone", mix(&none, &by_both.1)),
        ("one signature twice", mix(&by_both.0, &by_both.0)),
        ("the grid company twice", mix(&again(&grid_company()), &again(&grid_company()))),
        ("the regulator twice", mix(&again(&regulator()), &again(&regulator()))),
        ("swapped", mix(&by_both.1, &by_both.0)),
        ("the regulator's over another package", mix(&other.regulator, &by_both.1)),
        ("the company's over another package", mix(&by_both.0, &other.grid_company)),
        ("a stranger's", mix(&again(&key(77)), &by_both.1)),
        ("the operator's", mix(&by_both.0, &again(&operator()))),
        ("another class under the same signatures", {
            let mut package = good.clone();
            package.package.class ^= 1;
            package
        }),
    ];
    for (name, package) in signatures {
        stage.fails(name, Command::Load(package), Code::Signature);
    }
    stage.finish("signatures");
}

#[test]
fn contents_that_both_signed() {
    let mut stage = Stage::new();
    let [first, second, _] = stage.packages.clone();
    let default = sign_package(ContractPackage { sequence: 0, ..default_package(1) });
    let rival = sign_package(ContractPackage { version: 7, ..stage.packages[2].package.clone() });
    let other_default = sign_package(ContractPackage { version: 7, ..default_package(1) });
    let held = digest(&second.package);
    let contents = [
        ("rollback", first, Code::StaleSequence),
        ("rollback to the one in force", second, Code::StaleSequence),
        ("rollback of the default", default, Code::StaleSequence),
        ("fork, and two for one boundary", rival, Code::Fork),
        ("fork of the default", other_default, Code::Fork),
        ("past a package", stage.fourth(|p| p.supersedes = held), Code::OtherPredecessor),
        ("sequence at maximum", stage.fourth(|p| p.sequence = u64::MAX), Code::SequenceTooFar),
        ("a great step", stage.fourth(|p| p.sequence = 3 + 0x1_0001), Code::SequenceTooFar),
        ("wrong class", stage.fourth(|p| p.class = 1), Code::WrongClass),
        ("no direction", stage.fourth(|p| p.direction = 3), Code::WrongDirection),
        ("too early", stage.fourth(|p| p.valid_from = at(12)), Code::NotYetValid),
        ("too late", stage.fourth(|p| p.valid_until = at(11)), Code::Expired),
        ("empty time", stage.fourth(|p| p.valid_until = p.valid_from), Code::Expired),
        ("no default", stage.fourth(|p| p.on_expiry = Digest::default()), Code::NoDefault),
        ("an ordinary one as default", stage.fourth(|p| p.on_expiry = held), Code::NoDefault),
    ];
    for (name, package, code) in contents {
        stage.fails(name, Command::Load(package), code);
    }
    let wrong_direction = stage.fourth(|package| {
        (package.direction, package.supersedes) = (2, Digest::default());
    });
    stage.fails("wrong direction", Command::Load(wrong_direction), Code::WrongDirection);
    let between = stage.fourth(|p| p.active_from = at(40) + Duration::from_milliseconds(1));
    stage.fails("between boundaries", Command::Load(between), Code::NoBoundary);
    let after_end = stage.fourth(|p| p.active_from = p.valid_until);
    stage.fails("behind its end", Command::Load(after_end), Code::NoBoundary);
    let default_with_default = stage.fourth(|package| {
        (package.kind, package.sequence) = (PackageKind::Default, 2);
        package.supersedes = digest(&default_package(1));
    });
    stage.fails("a default that ends", Command::Load(default_with_default), Code::NoDefault);
    for (name, program) in wrong_programs() {
        let package = stage.fourth(|package| package.program = wire_program(&program));
        stage.fails(name, Command::Load(package), Code::Program);
    }
    let unbound = wire_program(&import_program(1, "0.90", "国库"));
    let unbound = stage.fourth(|package| package.program = unbound.clone());
    stage.fails("a leg to an unknown payee", Command::Load(unbound), Code::Unbound);
    stage.finish("contents");
}

#[test]
fn signals_for_other_contracts() {
    let mut stage = Stage::new();
    let seal = |change: fn(&mut PriceSignal)| {
        let mut signal = signal(1, START, 60, 100_000).body;
        change(&mut signal);
        Command::Signal(grid_company().seal(signal))
    };
    let mut moved = signal(1, START, 60, 100_000);
    moved.body.direction = 2;
    let mut by_regulator = signal(1, START, 60, 100_000);
    by_regulator.signature = regulator().sign(&by_regulator.body);
    let cases = [
        ("for another direction", Command::Signal(moved), Code::Signature),
        ("by the regulator", Command::Signal(by_regulator), Code::Signature),
        ("for another class", seal(|signal| signal.class = 1), Code::WrongClass),
        ("for no direction", seal(|signal| signal.direction = 0), Code::WrongDirection),
        ("components of a later language", seal(|s| s.values[0].signal = 200), Code::Values),
        ("of yesterday", seal(|signal| signal.until = at(-1440)), Code::Expired),
    ];
    for (name, command, code) in cases {
        stage.fails(name, command, code);
    }
    // One that the contract doesn't read is kept, and moves no price: 0.70 yuan as before.
    let unread = seal(|signal| signal.values[0].signal = contract::SignalId::Floating.byte());
    assert_eq!(stage.world.code(unread), Code::Accepted);
    stage.world.after(1, KWH);
    assert_eq!(stage.world.last().1.legs[0].charged.micro_yuan(), 700_000);
    stage.finish("signals");
}

#[test]
fn each_truncation_and_each_flipped_bit() {
    let stage_keys = [keys(), [key(21), key(22)]];
    let mut stage = Stage::new();
    let default = digest(&default_package(1));
    let commands = [
        Command::Load(stage.fourth(|_| ())),
        Command::Recall(recall(4, default)),
        Command::Rotate(rotation(1, Digest::default(), &stage_keys[0], &stage_keys[1])),
    ];
    for command in commands {
        let bytes = command.encode::<{ wire::tee::COMMAND_BYTES_MAX }>().unwrap();
        for length in 0..bytes.len() {
            assert!(Command::decode(&bytes[..length]).is_err(), "{length}");
            stage.bytes_fail(&bytes[..length]);
        }
        // The first byte says which command it is: that may become another question.
        for bit in 8..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            stage.bytes_fail(&flipped);
        }
    }
    stage.finish("truncations and bits");
}

#[test]
fn recalls() {
    let mut stage = Stage::new();
    let [first, second, third] = stage.packages.each_ref().map(|signed| digest(&signed.package));
    let default = digest(&default_package(1));
    let sealed = |change: &dyn Fn(&mut Recall)| {
        let mut body = recall(4, default).body;
        change(&mut body);
        Command::Recall(regulator().seal(body))
    };
    let by = |signer: &SigningKey| Command::Recall(signer.seal(recall(4, default).body));
    let unknown = Digest([0x5a; 32]);
    let cases = [
        ("by the grid company alone", by(&grid_company()), Code::Signature),
        ("by a stranger", by(&key(77)), Code::Signature),
        ("to an unknown digest", sealed(&|r| r.target = unknown), Code::NoSuchContract),
        ("to nothing", sealed(&|r| r.target = Digest::default()), Code::NoSuchContract),
        ("to one whose time hasn't come", sealed(&|r| r.target = third), Code::NoSuchContract),
        ("for another class", sealed(&|r| r.class = 1), Code::WrongClass),
        ("for no direction", sealed(&|r| r.direction = 9), Code::WrongDirection),
        ("for a direction without contracts", sealed(&|r| r.direction = 2), Code::NoSuchContract),
        ("held back since package 2", sealed(&|r| r.sequence = 2), Code::StaleSequence),
        ("with the number of package 3", sealed(&|r| r.sequence = 3), Code::Fork),
        ("sequence at maximum", sealed(&|r| r.sequence = u64::MAX), Code::SequenceTooFar),
        (
            "from the day after tomorrow",
            sealed(&|r| r.issued = at(2 * 1440 + 12)),
            Code::NotYetValid,
        ),
    ];
    for (name, command, code) in cases {
        stage.fails(name, command, code);
    }
    // In the middle of a minute: the recall waits for its end.
    stage.world.now = stage.world.now + Duration::from_seconds(30);
    let good = sealed(&|r| r.target = first);
    assert_eq!(stage.world.code(good.clone()), Code::Accepted);
    stage.fails("the same again", good.clone(), Code::AlreadyThere);
    let over_it = stage.fourth(|package| package.sequence = 5);
    stage.fails("a package before it struck", Command::Load(over_it.clone()), Code::SlotsTaken);
    // Up to the boundary under the recalled contract; the half minute behind it isn't settled yet.
    assert_eq!(stage.world.after(1, KWH), (Code::Accepted, 1));
    let held = stage.world.status().directions[0].contracts;
    assert_eq!((held.active, held.cause, held.waiting), (first, Cause::Recall, Digest::default()));
    stage.fails("replayed", good, Code::AlreadyThere);
    stage.fails(
        "the recalled one again",
        Command::Load(stage.packages[1].clone()),
        Code::StaleSequence,
    );
    stage.fails(
        "the dropped one again",
        Command::Load(stage.packages[2].clone()),
        Code::StaleSequence,
    );
    let fork = sealed(&|r| r.target = second);
    stage.fails("with another target", fork, Code::Fork);
    assert_eq!(stage.world.code(Command::Load(over_it)), Code::Accepted);
    println!("recalls: {} attempts, 0 successes", stage.attempts);
}

/// A rotation to other keys of both, and its signers.
fn good_rotation() -> (SignedRotation, [[SigningKey; 2]; 2]) {
    let (old, new) = (keys(), [key(21), key(22)]);
    (rotation(1, Digest::default(), &old, &new), [old, new])
}

#[test]
fn signatures_of_rotations() {
    let mut stage = Stage::new();
    let (good, [_, new]) = good_rotation();
    let lacking = |lack: fn(&mut SignedRotation)| {
        let mut signed = good;
        lack(&mut signed);
        Command::Rotate(signed)
    };
    let none = Digest::default();
    let cases = [
        (
            "without the old regulator",
            lacking(|s| s.old_regulator = Signature::default()),
            Code::Signature,
        ),
        (
            "without the old company",
            lacking(|s| s.old_grid_company = Signature::default()),
            Code::Signature,
        ),
        (
            "without the new regulator",
            lacking(|s| s.new_regulator = Signature::default()),
            Code::Signature,
        ),
        (
            "without the new company",
            lacking(|s| s.new_grid_company = Signature::default()),
            Code::Signature,
        ),
        (
            "old signatures swapped",
            lacking(|s| core::mem::swap(&mut s.old_regulator, &mut s.old_grid_company)),
            Code::Signature,
        ),
        (
            "new signatures swapped",
            lacking(|s| core::mem::swap(&mut s.new_regulator, &mut s.new_grid_company)),
            Code::Signature,
        ),
        (
            "the regulator for both",
            lacking(|s| s.old_grid_company = s.old_regulator),
            Code::Signature,
        ),
        ("new keys alone", Command::Rotate(rotation(1, none, &new, &new)), Code::Signature),
    ];
    for (name, command, code) in cases {
        stage.fails(name, command, code);
    }
    stage.finish("signatures of rotations");
}

#[test]
fn rotations_out_of_order() {
    let mut stage = Stage::new();
    let (good, [old, new]) = good_rotation();
    let half = rotation(1, Digest::default(), &old, &[key(21), grid_company()]);
    let twice = SignedRotation { new_grid_company: half.old_grid_company, ..half };
    let ahead = {
        let mut later = good.rotation;
        later.issued = at(3 * 1440);
        SignedRotation {
            rotation: later,
            old_regulator: old[0].sign(&later),
            old_grid_company: old[1].sign(&later),
            new_regulator: new[0].sign(&later),
            new_grid_company: new[1].sign(&later),
        }
    };
    let none = Digest::default();
    let cases = [
        ("a second form", Command::Rotate(twice), Code::Signature),
        (
            "one key for both",
            Command::Rotate(rotation(1, none, &old, &[key(21), key(21)])),
            Code::SameSigner,
        ),
        (
            "the second first",
            Command::Rotate(rotation(2, digest(&good.rotation), &new, &old)),
            Code::MissingRotation,
        ),
        (
            "sequence at maximum",
            Command::Rotate(rotation(u64::MAX, none, &old, &new)),
            Code::MissingRotation,
        ),
        ("number 0", Command::Rotate(rotation(0, none, &old, &new)), Code::StaleSequence),
        (
            "another chain",
            Command::Rotate(rotation(1, Digest([1; 32]), &old, &new)),
            Code::OtherPredecessor,
        ),
        ("from the day after tomorrow", Command::Rotate(ahead), Code::NotYetValid),
    ];
    for (name, command, code) in cases {
        stage.fails(name, command, code);
    }
    stage.finish("rotations");
}

#[test]
fn revoked_keys() {
    let mut stage = Stage::new();
    let (good, [old, new]) = good_rotation();
    let none = Digest::default();
    let early = stage.fourth(|_| ());
    assert_eq!(stage.world.code(Command::Rotate(good)), Code::Accepted);
    stage.fails("the same again", Command::Rotate(good), Code::AlreadyThere);
    let rival = rotation(1, none, &old, &[key(31), key(32)]);
    stage.fails("another first one", Command::Rotate(rival), Code::StaleSequence);
    stage.fails("a package of revoked keys", Command::Load(early), Code::Signature);
    let mut mixed = stage.fourth(|_| ());
    mixed.regulator = new[0].sign(&mixed.package);
    stage.fails("one key revoked", Command::Load(mixed.clone()), Code::Signature);
    let revoked = recall(4, digest(&default_package(1)));
    stage.fails("a recall of a revoked key", Command::Recall(revoked), Code::Signature);
    let revoked = signal(1, START, 60, 1);
    stage.fails("a signal of a revoked key", Command::Signal(revoked), Code::Signature);
    let held = stage.world.status();
    assert_eq!(
        (held.generation, held.directions[0].contracts.waiting),
        (1, digest(&stage.packages[2].package))
    );
    stage.world.reboot();
    mixed.grid_company = new[1].sign(&mixed.package);
    assert_eq!(stage.world.code(Command::Load(mixed)), Code::Accepted);
    let back = rotation(2, digest(&good.rotation), &new, &old);
    assert_eq!(stage.world.code(Command::Rotate(back)), Code::Accepted);
    stage.fails("the first one, whose keys hold again", Command::Rotate(good), Code::StaleSequence);
    println!("revoked keys: {} attempts, 0 successes", stage.attempts);
}

#[test]
fn the_clock_pushed_back_and_forth() {
    let mut stage = Stage::new();
    let year = Duration::from_days(364);
    let early = stage.fourth(|package| {
        package.valid_from = START + Duration::from_days(2);
        package.active_from = START + Duration::from_days(3);
    });
    for days in [2, 30, 3_650, 36_500] {
        stage.world.now = START + Duration::from_days(days);
        stage.fails("a clock ahead", Command::Load(early.clone()), Code::NotYetValid);
    }
    for days in [-3_650, -1] {
        stage.world.now = START + Duration::from_days(days);
        stage.fails("a clock behind", Command::Load(early.clone()), Code::NotYetValid);
    }
    // A root of the registration centre says that 400 days are over; the clock says otherwise.
    stage.world.now = START + year + Duration::from_days(36);
    stage.world.sync();
    let late = stage.fourth(|_| ());
    for days in [-3_650, 0, 1] {
        stage.world.now = START + Duration::from_days(days);
        stage.fails("a clock behind the centre's", Command::Load(late.clone()), Code::Expired);
    }
    println!("clock: {} attempts, 0 successes", stage.attempts);
}
