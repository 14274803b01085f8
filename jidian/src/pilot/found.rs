//! Beginning a pilot: genesis, wallets, contracts, meters.

use super::journal::{Journal, RunError};
use super::options::Options;
use super::{Pilot, Threads, builtin};
use crate::store::log::Kind;
use crate::store::manifest::Manifest;
use crate::store::{BankLog, DataDirectory};
use bank::{Bank, Operation, ResultCode};
use contract::{Band, Built, CustomerClass, Direction, Program, Signals};
use crypto::{Sign, Sm2Verifier};
use grid::Grid;
use grid::publishing::{Authored, Validity};
use management::{Constant, DayTable, Rate, Ratings, Settings, Switch, Text, Wiring};
use quantity::{Duration, Energy, Fen, Instant};
use simulation::founding::{Founding, MeterPlan, Place, Trades};
use simulation::instrument::{InstrumentPlan, PULSES_PER_KWH, wiring_of};
use simulation::ledger::{GridEntry, MeterEntry};
use simulation::market::{self, Programs};
use simulation::meter::{Factory, Meter};
use simulation::plants::Plant;
use simulation::population::{Customer, populate};
use simulation::random::Random;
use simulation::state::State;
use simulation::waveform_meter::Start;
use simulation::world::{Fixed, Parts, Workers, World};
use wire::MeterId;
use wire::package::{PackageKind, SignedPackage};

/// A contract in force, with the text that its signers read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractSource {
    /// Class of the meters.
    pub class: CustomerClass,
    /// Register that it prices.
    pub direction: Direction,
    /// Name.
    pub name: String,
    /// Version.
    pub version: u32,
    /// Source text.
    pub text: String,
    /// What the meters loaded.
    pub package: SignedPackage,
}

/// What follows from the options alone, the same at each start.
pub(super) struct Ground {
    pub(super) fixed: Fixed,
    pub(super) plants: Vec<Plant>,
    pub(super) plans: Vec<MeterPlan>,
}

/// Contracts are valid for a year.
const CONTRACT_VALIDITY: Duration = Duration::from_days(365);
/// A default contract has no end; this only says until when meters may load it.
const DEFAULT_VALIDITY: Duration = Duration::from_days(36_500);

/// Begins a pilot in an empty directory.
///
/// # Errors
/// [`RunError`]; then the directory holds no manifest and can be begun again.
pub fn found(directory: &DataDirectory, options: &Options) -> Result<Pilot, RunError> {
    directory.clear_unfinished().map_err(RunError::other)?;
    let built = build_contracts(options, builtin::contract)?;
    let defaults = build_contracts(options, builtin::default_contract)?;
    must_fit(options, &built)?;
    let ground = ground(options, programs(&built))?;
    let mut founding = Founding::new(options.seed, options.scenario.start());
    let bank = found_bank(directory, &mut founding, options)?;
    let (bank, factories) = open_wallets(bank, &mut founding, &ground, options)?;
    let (grid, sources, entries) = found_grid(&ground, (&defaults, &built), &factories, options)?;
    let meters = make_meters(factories)?;
    let state = State { now: options.scenario.start(), ..State::default() };
    let Ground { fixed, plants, .. } = ground;
    let manifest = manifest(options, &fixed);
    let parts = Parts { fixed, plants, meters, bank, grid, state, decision: None };
    let mut world = World::assemble(parts);
    let packages: Vec<_> = sources.iter().map(|source| source.package.clone()).collect();
    world.switch_on(&packages);
    let mut journal = Journal::create(directory)?;
    journal.begin(&entries, &world)?;
    manifest.write(directory.path()).map_err(RunError::other)?;
    let (totals, recent, start, notes) = Default::default();
    Ok(Pilot { world, journal, sources, totals, recent, start, notes })
}

pub(super) fn ground(options: &Options, programs: Programs) -> Result<Ground, RunError> {
    let profiles = options.profiles().map_err(RunError::other)?;
    let random = Random::from_seed(options.seed);
    let customers = populate(&options.scenario, options.meters, random.part(1));
    let plants = simulation::plants::build(&options.scenario, options.meters, random.part(2));
    let plans = plans(options, &customers);
    let founding = Founding::new(options.seed, options.scenario.start());
    let fixed = Fixed {
        scenario: options.scenario.clone(),
        profiles,
        customers,
        programs,
        keys: founding.keys,
        company: founding.company,
    };
    Ok(Ground { fixed, plants, plans })
}

fn plans(options: &Options, customers: &[Customer]) -> Vec<MeterPlan> {
    let scenario = &options.scenario;
    let homes = customers.iter().map(|customer| {
        let group = &scenario.customers[customer.group];
        let exports = group.export_contract.is_some();
        MeterPlan {
            id: meter_id(410_100_000_001 + u64::from(customer.index)),
            class: customer.class,
            owner: format!("{} {}", group.class, customer.index + 1),
            place: Place::Customer(customer.index),
            trades: Trades { import: true, export: exports, subsidised: true },
            wallet: Fen::from_yuan(group.wallet_yuan),
        }
    });
    let plants = scenario.plants.iter().zip(0..).map(|(plant, index)| MeterPlan {
        id: meter_id(410_900_000_001 + u64::from(index)),
        class: CustomerClass::from_word(&plant.class).expect("checked with the scenario"),
        owner: plant.name_en.clone(),
        place: Place::Plant(index),
        trades: Trades { import: plant.import_contract.is_some(), export: true, subsidised: true },
        wallet: Fen::from_yuan(2_000),
    });
    homes.chain(plants).collect()
}

fn meter_id(number: u64) -> MeterId {
    MeterId::new(number).expect("the pilot's numbers have 12 digits")
}

/// Front end of a meter: the first customer of each class samples waveforms, for as many classes as
/// the scenario asks for.
pub(super) fn instrument(options: &Options, fixed: &Fixed, plan: &MeterPlan) -> InstrumentPlan {
    let random = Random::from_seed(options.seed).part(3).part(plan.id.number());
    let import = Energy::from_kwh(random.between(100, 30_000));
    match plan.place {
        Place::Customer(index) => {
            let nominal = fixed.customers[index as usize].nominal();
            if waveform_meters(options, fixed).any(|sampled| sampled == index) {
                let start = Start { import, export: Energy::ZERO };
                InstrumentPlan::Waveform { wiring: wiring_of(nominal), start }
            } else {
                InstrumentPlan::Profile { nominal, import }
            }
        }
        Place::Plant(_) => {
            InstrumentPlan::Profile { nominal: quantity::Power::MAX, import: Energy::ZERO }
        }
    }
}

/// One customer of each class in turn, as many as the scenario asks for.
fn waveform_meters<'a>(options: &Options, fixed: &'a Fixed) -> impl Iterator<Item = u32> + 'a {
    let wanted = options.scenario.waveform_meters as usize;
    let groups = options.scenario.customers.len();
    let firsts = (0..groups).filter_map(|group| {
        fixed.customers.iter().find(|one| one.group == group).map(|one| one.index)
    });
    firsts.take(wanted)
}

/// Each contract must be for the class and the direction of those who name it.
fn must_fit(options: &Options, contracts: &[(Built, &str)]) -> Result<(), RunError> {
    let scenario = &options.scenario;
    let (import, export) = (Direction::Import, Direction::Export);
    let homes = scenario.customers.iter().flat_map(|group| {
        let exports = group.export_contract.iter().map(|name| (&group.class, name, export));
        core::iter::once((&group.class, &group.contract, import)).chain(exports)
    });
    let plants = scenario.plants.iter().flat_map(|plant| {
        let imports = plant.import_contract.iter().map(|name| (&plant.class, name, import));
        core::iter::once((&plant.class, &plant.contract, export)).chain(imports)
    });
    for (class, name, direction) in homes.chain(plants) {
        let fits = |built: &Built| {
            let same = CustomerClass::from_word(class) == Some(built.class);
            built.name == *name && same && built.direction == direction
        };
        if !contracts.iter().any(|(built, _)| fits(built)) {
            return Err(RunError::other(format!(
                "scenario {}: contract '{name}' isn't for class {class}, {}; see `jidian contract \
                 check`",
                scenario.name,
                direction.code()
            )));
        }
    }
    match scenario.plants.iter().find(|plant| !is_plant(&plant.class)) {
        None => Ok(()),
        Some(plant) => Err(RunError::other(format!(
            "scenario {}: class {} isn't one of a plant",
            scenario.name, plant.class
        ))),
    }
}

fn is_plant(class: &str) -> bool {
    CustomerClass::from_word(class).is_some_and(|class| market::kind_of(class).is_some())
}

fn build_contracts(
    options: &Options,
    source: impl Fn(&str) -> Option<&'static str>,
) -> Result<Vec<(Built, &'static str)>, RunError> {
    let mut names: Vec<&str> = options.scenario.contract_names().collect();
    names.sort_unstable();
    names.dedup();
    let mut contracts = Vec::new();
    for name in names {
        let text = source(name).expect("checked with the scenario; each has its default");
        let built = contract::build(text).map_err(|diagnostics| {
            let shown = contract::render_all(&diagnostics, text, contract::Language::English);
            RunError::other(format!("contract {name}:\n{shown}"))
        })?;
        contracts.push((built, text));
    }
    Ok(contracts)
}

fn programs(contracts: &[(Built, &str)]) -> Programs {
    let programs =
        contracts.iter().map(|(built, _)| ((built.class, built.direction), built.bytecode.clone()));
    programs.collect()
}

type FileBank = Bank<BankLog, crypto::SigningKey>;

fn found_bank(
    directory: &DataDirectory,
    founding: &mut Founding,
    options: &Options,
) -> Result<FileBank, RunError> {
    let log = BankLog::create(&directory.log(Kind::Bank))?;
    let genesis = founding.genesis();
    let signer = founding.keys.registration.clone();
    let mut bank = Bank::found(&genesis, signer, log, &Sm2Verifier).map_err(RunError::other)?;
    let mut policy = bank::policy::limits(builtin::WALLET_LIMITS).map_err(RunError::other)?;
    policy.extend(bank::policy::interest(builtin::WALLET_INTEREST).map_err(RunError::other)?);
    let operations = founding.institutions(&options.scenario, policy);
    submit(&mut bank, options.scenario.start(), operations)?;
    Ok(bank)
}

fn submit(bank: &mut FileBank, now: Instant, operations: Vec<Operation>) -> Result<(), RunError> {
    let registration = bank.registration();
    let mut slots: Vec<_> =
        operations.into_iter().map(|operation| (Some(operation), None)).collect();
    Threads::new().each(&mut slots, |(operation, authenticated)| {
        *authenticated =
            operation.take().map(|taken| registration.authenticate(taken, &Sm2Verifier));
    });
    let batch: Vec<_> = slots.into_iter().filter_map(|(_, authenticated)| authenticated).collect();
    let answers = bank.submit_authenticated(now, &batch)?;
    match answers.iter().find(|answer| answer.code != ResultCode::Accepted) {
        None => Ok(()),
        Some(answer) => Err(RunError::other(format!(
            "the registration centre refused to open the pilot's wallets: {}; is there enough \
             money in the scenario (issued_yuan)?",
            answer.code
        ))),
    }
}

type MeterKit = (MeterPlan, Factory);

fn open_wallets(
    mut bank: FileBank,
    founding: &mut Founding,
    ground: &Ground,
    options: &Options,
) -> Result<(FileBank, Vec<MeterKit>), RunError> {
    let (mut operations, mut kits) = (Vec::new(), Vec::new());
    for plan in &ground.plans {
        let (opened, personalisation) = founding.meter(plan, &options.scenario.limits);
        operations.extend(opened);
        let instrument = instrument(options, &ground.fixed, plan);
        let settings = settings(&ground.fixed, plan, personalisation.link_key);
        kits.push((plan.clone(), Factory { instrument, settings, personalisation }));
    }
    submit(&mut bank, options.scenario.start(), operations)?;
    Ok((bank, kits))
}

fn make_meters(kits: Vec<MeterKit>) -> Result<Vec<Meter>, RunError> {
    let mut slots: Vec<_> = kits.into_iter().map(|kit| (Some(kit), None)).collect();
    Threads::new().each(&mut slots, |(kit, made)| {
        *made = kit.take().map(|(plan, factory)| Meter::make(plan, factory));
    });
    let made = slots.into_iter().filter_map(|(_, made)| made);
    made.collect::<Result<_, _>>().map_err(RunError::other)
}

fn settings(fixed: &Fixed, plan: &MeterPlan, link_key: [u8; 32]) -> Settings {
    let constant = Constant::new(PULSES_PER_KWH).expect("below a million");
    let one_phase = metering::Wiring::SinglePhase;
    let wiring = match plan.place {
        Place::Customer(index)
            if wiring_of(fixed.customers[index as usize].nominal()) == one_phase =>
        {
            Wiring::SinglePhase
        }
        Place::Customer(_) | Place::Plant(_) => Wiring::ThreePhase,
    };
    Settings {
        meter: plan.id,
        address: plan.id,
        link_key,
        wiring,
        constant_active: constant,
        constant_reactive: constant,
        ratings: Ratings {
            voltage: plate("220V"),
            current: plate("5A"),
            current_max: plate("60A"),
            class_active: plate("0.2S"),
            class_reactive: plate("0.5S"),
            model: plate("JIDIAN-1"),
            produced: plate("2026-11-22"),
        },
        day_table: day_table(fixed, plan.class),
    }
}

fn plate<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).expect("nameplates here are short ASCII")
}

/// The display's rates follow the contract's bands on the first day.
fn day_table(fixed: &Fixed, class: CustomerClass) -> DayTable {
    let always = DayTable::always(Rate::Flat);
    let Some(bytes) = fixed.programs.get(&(class, Direction::Import)) else { return always };
    let program = Program::load(bytes).expect("built by the contract compiler");
    let start = fixed.scenario.start();
    let mut switches: Vec<Switch> = Vec::new();
    for minute_of_day in 0..1440 {
        let at = start + Duration::from_minutes(i64::from(minute_of_day));
        let band = program.band_at(at, &Signals::NONE);
        let rate = match band {
            Band::Critical => Rate::Sharp,
            Band::Peak => Rate::Peak,
            Band::Flat => Rate::Flat,
            Band::Valley | Band::Deep => Rate::Valley,
        };
        if switches.last().is_none_or(|last| last.rate != rate) {
            switches.push(Switch { minute_of_day, rate });
        }
    }
    DayTable::new(&switches).unwrap_or(always)
}

/// A contract with its source.
type Compiled = (Built, &'static str);
type GridKit = (Grid, Vec<ContractSource>, Vec<GridEntry>);

fn found_grid(
    ground: &Ground,
    (defaults, contracts): (&[Compiled], &[Compiled]),
    kits: &[MeterKit],
    options: &Options,
) -> Result<GridKit, RunError> {
    let fixed = &ground.fixed;
    let setup = market::setup(
        &options.scenario,
        &fixed.programs,
        &fixed.profiles,
        (&fixed.customers, &ground.plants),
    );
    let mut grid = Grid::new(setup.clone()).map_err(RunError::other)?;
    let mut entries = vec![GridEntry::Setup(Box::new(setup))];
    for (plan, factory) in kits {
        grid.books_mut().admit(plan.id, plan.class);
        entries.push(GridEntry::Meter(MeterEntry {
            meter: plan.id,
            class: plan.class,
            certificate: factory.personalisation.certificate.clone(),
            wallets: MeterEntry::bindings(&factory.personalisation.bindings),
        }));
    }
    let mut sources = Vec::new();
    let defaults = defaults.iter().map(|contract| (PackageKind::Default, contract));
    let ordinary = contracts.iter().map(|contract| (PackageKind::Ordinary, contract));
    for (kind, (built, text)) in defaults.chain(ordinary) {
        let source = publish(&mut grid, fixed, kind, (built, text))?;
        entries.push(GridEntry::Contract(Box::new(source.package.clone()), source.text.clone()));
        sources.push(source);
    }
    Ok((grid, sources, entries))
}

fn publish(
    grid: &mut Grid,
    fixed: &Fixed,
    kind: PackageKind,
    (built, text): (&Built, &str),
) -> Result<ContractSource, RunError> {
    let from = fixed.scenario.start();
    let authored = Authored {
        class: built.class,
        direction: built.direction,
        kind,
        version: built.version,
        source: crypto::sm3(text.as_bytes()),
        program: &built.bytecode,
    };
    let length = match kind {
        PackageKind::Default => DEFAULT_VALIDITY,
        PackageKind::Ordinary => CONTRACT_VALIDITY,
    };
    let validity = Validity { from, until: from + length, active_from: from };
    let package = grid.publisher_mut().publish(&authored, &validity).map_err(RunError::other)?;
    let package = SignedPackage {
        regulator: fixed.keys.regulator.sign(&package),
        grid_company: fixed.keys.grid_company.sign(&package),
        package,
    };
    Ok(ContractSource {
        class: built.class,
        direction: built.direction,
        name: built.name.clone(),
        version: built.version,
        text: text.to_owned(),
        package,
    })
}

fn manifest(options: &Options, fixed: &Fixed) -> Manifest {
    Manifest {
        format: crate::store::log::FORMAT_VERSION,
        seed: options.seed,
        meters: options.meters,
        authority: fixed.keys.authority.public_key().to_string(),
        regulator: fixed.keys.regulator.public_key().to_string(),
        grid_company: fixed.keys.grid_company.public_key().to_string(),
        scenario: options.text.clone(),
    }
}
