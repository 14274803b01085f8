//! An engine that we didn't write runs the emitted modules: lines, legs, carries and refusals are
//! those of the interpreter.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

mod library;

use contract::bulk::compare_with;
use contract::wasm::{Replay, emit, input, output, status};
use contract::{Campaign, Carries, Facts, Program, Quantities, SettleError, Signals, check};
use quantity::{Duration, Energy, Instant, Money};
use wasmi::{Engine, Linker, Memory, Module, Store, TypedFunc};

/// A module that is ready to be called.
struct Running {
    store: Store<()>,
    memory: Memory,
    settle: TypedFunc<(), i32>,
    legs: u8,
    prepaid: Option<u8>,
}

impl Running {
    fn new(program: &Program<'_>) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, emit(program)).unwrap();
        assert_eq!(module.imports().len(), 0);
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        let settle = instance.get_typed_func(&store, "settle").unwrap();
        let header = program.header();
        let legs = u8::try_from(header.legs.len()).unwrap();
        Self { store, memory, settle, legs, prepaid: header.prepaid.map(|rule| rule.leg) }
    }

    fn settle(&mut self, facts: &Facts<'_>, carries: &Carries) -> Result<Replay, i32> {
        self.memory.write(&mut self.store, 0, &input(facts, carries)).unwrap();
        match self.settle.call(&mut self.store, ()).unwrap() {
            0 => Ok(output(self.memory.data(&self.store), self.legs, self.prepaid).unwrap()),
            refused => Err(refused),
        }
    }
}

#[test]
fn every_contract_is_replayed_by_wasmi() {
    let contracts = library::contracts();
    assert!(contracts.len() > 20);
    for (name, contract) in &contracts {
        let mut running = Running::new(&Program::load(contract.bytecode()).unwrap());
        for seed in 0..4 {
            let mut outsider =
                |facts: &Facts<'_>, carries: &Carries| running.settle(facts, carries);
            let report = compare_with(contract, seed, Some(&mut outsider));
            assert!(report.difference.is_none(), "{name}: {}", report.difference.unwrap());
            assert!(report.cases > 0);
        }
    }
}

#[test]
fn random_contracts_are_replayed_by_wasmi() {
    let mut replayed = 0;
    for seed in 0..40 {
        let Ok(contract) = check(Campaign::new(seed).source()) else { continue };
        let mut running = Running::new(&Program::load(contract.bytecode()).unwrap());
        let mut outsider = |facts: &Facts<'_>, carries: &Carries| running.settle(facts, carries);
        let report = compare_with(&contract, seed, Some(&mut outsider));
        assert!(report.difference.is_none(), "contract {seed}: {}", report.difference.unwrap());
        replayed += report.cases - report.refused;
    }
    assert!(replayed > 20_000, "only {replayed} settled");
}

/// The second example of the contract: 3 × 0.541 + 2 × 0.05 = 1.723; 3 × 0.019 = 0.057.
#[test]
fn a_module_says_what_the_example_says() {
    let contract = library::contract("residential-henan");
    let mut running = Running::new(&Program::load(contract.bytecode()).unwrap());
    // 2026-07-01 20:00 legal time
    let start = Instant::from_unix_seconds(1_782_907_200);
    let mut facts = Facts {
        start,
        end: start + Duration::from_minutes(5),
        energy: Energy::from_kwh(3),
        month_before: Energy::from_kwh(179),
        year_before: Energy::ZERO,
        signals: &Signals::NONE,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let replay = running.settle(&facts, &Carries::ZERO).unwrap();
    assert_eq!(replay.legs, [1_723_000, 57_000].map(Money::from_micro_yuan));
    assert_eq!(replay.total, Money::from_micro_yuan(1_780_000));
    facts.energy = -facts.energy;
    let refused = running.settle(&facts, &Carries::ZERO);
    assert_eq!(refused, Err(status(SettleError::NegativeEnergy)));
}

/// Times at which sums of milliseconds are kept within 64 bits, by both in the same way.
#[test]
fn the_ends_of_time_are_replayed_too() {
    let contract = library::contract("commercial-henan-tou");
    let program = Program::load(contract.bytecode()).unwrap();
    let mut running = Running::new(&program);
    let one = Duration::from_milliseconds(1);
    let day = 86_400_000;
    let starts = [i64::MIN, i64::MIN + 1, i64::MIN + day, i64::MAX - day, i64::MAX - 1];
    for start in starts.map(Instant::from_unix_milliseconds) {
        let facts = Facts {
            start,
            end: start + one,
            energy: Energy::from_kwh(1),
            month_before: Energy::ZERO,
            year_before: Energy::ZERO,
            signals: &Signals::NONE,
            quantities: &Quantities::NONE,
            held: Money::ZERO,
        };
        let mut carries = Carries::ZERO;
        let expected = match program.settle(&facts, &mut carries) {
            Ok(settlement) => Ok(Replay::expected(&settlement, carries)),
            Err(error) => Err(status(error)),
        };
        assert_eq!(running.settle(&facts, &Carries::ZERO), expected, "{start:?}");
    }
}
