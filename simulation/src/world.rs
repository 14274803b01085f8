//! Bank, grid company and meters together, minute by minute.
//!
//! A minute has two halves, and what is logged between them makes a restart exact:
//!
//! 1. [`World::meter_minute`]: the grid company decides if it is due, every meter measures and
//!    settles. What it changed is returned and must be stored before the second half, because a
//!    settlement is kept in the meter before its order leaves.
//! 2. [`World::settle_minute`]: orders go to the registration centre, receipts come back, the grid
//!    company books. If the process dies in here, the meters send their orders again and get the
//!    receipts that they already had.

mod publishing;

pub use publishing::Broadcast;

use crate::founding::{CompanyWallets, Keys, MeterPlan, Place};
use crate::ledger::{Evidence, GridEntry};
use crate::market::{self, Programs};
use crate::meter::Meter;
use crate::plants::Plant;
use crate::population::{Customer, Demand};
use crate::profiles::Profiles;
use crate::scenario::Scenario;
use crate::state::{Minute, State};
use crate::verifier::BroadcastVerifier;
use bank::registration::{Authenticated, Movement};
use bank::{Answer, Bank, LogError, Operation, OrderedLog, ResultCode};
use contract::{CustomerClass, Direction, Signals};
use crypto::{Sign, SigningKey};
use grid::{Decision, Grid, LoadObservation, Observations, UnitObservation};
use quantity::{Duration, Fen, Instant, Power, Price};
use ree::Message;
use std::collections::BTreeMap;
use wire::evidence::SettlementRecord;
use wire::order::PaymentOrder;
use wire::receipt::Receipt;
use wire::signal::PriceSignal;
use wire::tee::Command;
use wire::{Digest, Signed, Wire};

/// Length of a step.
pub const MINUTE: Duration = Duration::from_minutes(1);
/// The company looks after its wallets every hour.
const TREASURY: Duration = Duration::from_hours(1);
/// A meter that was offline for long sends its orders in rounds; after so many the minute is over.
const ROUNDS_MAX: usize = 64;

/// Spreads work over the machine; the order in which items are worked on never shows.
pub trait Workers {
    /// Calls `work` once for each item.
    fn each<T: Send>(&self, items: &mut [T], work: impl Fn(&mut T) + Sync + Send);
}

/// One after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct OneByOne;

impl Workers for OneByOne {
    fn each<T: Send>(&self, items: &mut [T], work: impl Fn(&mut T) + Sync + Send) {
        items.iter_mut().for_each(work);
    }
}

/// Everything that stays the same.
pub struct Fixed {
    /// The scenario.
    pub scenario: Scenario,
    /// Profiles that it uses.
    pub profiles: Profiles,
    /// Customers, by their number.
    pub customers: Vec<Customer>,
    /// Byte codes in force.
    pub programs: Programs,
    /// The institutions' keys.
    pub keys: Keys,
    /// The company's wallets.
    pub company: CompanyWallets,
}

/// The world.
pub struct World<L: OrderedLog> {
    fixed: Fixed,
    plants: Vec<Plant>,
    meters: Vec<Meter>,
    bank: Bank<L, SigningKey>,
    grid: Grid,
    state: State,
    decision: Option<Decision>,
    signals: BTreeMap<(CustomerClass, Direction), PriceSignal>,
    verifier: BroadcastVerifier,
    metered: Vec<(CustomerClass, Power)>,
}

/// What a world is put together from.
pub struct Parts<L: OrderedLog> {
    /// What stays the same.
    pub fixed: Fixed,
    /// Plants.
    pub plants: Vec<Plant>,
    /// Meters, customers first.
    pub meters: Vec<Meter>,
    /// The bank.
    pub bank: Bank<L, SigningKey>,
    /// The grid company.
    pub grid: Grid,
    /// State.
    pub state: State,
    /// Decision in force.
    pub decision: Option<Decision>,
}

/// What the first half of a minute leaves to be stored.
pub struct Metered {
    /// For the world's log.
    pub minute: Minute,
    /// For the grid company's log.
    pub entries: Vec<GridEntry>,
}

/// Answers to a batch, and what it moved.
type Submitted = (Vec<Answer>, Vec<(Instant, Movement)>);

/// What the second half of a minute did.
#[derive(Default)]
pub struct Settled {
    /// For the evidence log.
    pub evidence: Vec<Evidence>,
    /// Orders that were answered finally.
    pub final_orders: u64,
    /// Refusals of the books: none in a sound world.
    pub book_refusals: Vec<grid::settlement::Refusal>,
    /// Money that moved from wallet to wallet, in order, each with the instant of its batch.
    pub movements: Vec<(Instant, Movement)>,
}

impl<L: OrderedLog> World<L> {
    /// Puts a world together, at its beginning or after a restart.
    #[must_use]
    pub fn assemble(parts: Parts<L>) -> Self {
        let Parts { fixed, mut plants, meters, bank, grid, state, decision } = parts;
        for (plant, (held, rest)) in plants.iter_mut().zip(&state.stores) {
            plant.restore_store(*held, *rest);
        }
        let mut world = Self {
            fixed,
            plants,
            meters,
            bank,
            grid,
            state,
            signals: BTreeMap::new(),
            verifier: BroadcastVerifier::default(),
            metered: Vec::new(),
            decision: None,
        };
        if let Some(decision) = decision {
            world.take_signals(&decision);
            world.decision = Some(decision);
        }
        world.set_network(world.state.now - MINUTE);
        world
    }

    /// End of the last minute.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.state.now
    }

    /// What stays the same.
    #[must_use]
    pub const fn fixed(&self) -> &Fixed {
        &self.fixed
    }

    /// All meters, customers first.
    #[must_use]
    pub fn meters(&self) -> &[Meter] {
        &self.meters
    }

    /// All meters, to ask their chips.
    pub fn meters_mut(&mut self) -> (&mut [Meter], &BroadcastVerifier) {
        (&mut self.meters, &self.verifier)
    }

    /// The plants, in the order of the scenario.
    #[must_use]
    pub fn plants(&self) -> &[Plant] {
        &self.plants
    }

    /// The bank.
    #[must_use]
    pub const fn bank(&self) -> &Bank<L, SigningKey> {
        &self.bank
    }

    /// The grid company.
    #[must_use]
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The decision in force.
    #[must_use]
    pub const fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// State outside of meters and bank.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Signals in force for a class.
    #[must_use]
    pub fn signals(&self, class: CustomerClass, direction: Direction) -> Signals {
        self.signals.get(&(class, direction)).map_or(Signals::NONE, market::signals_of)
    }

    /// Power of each class in the last minute: import positive, export negative.
    #[must_use]
    pub fn metered(&self) -> &[(CustomerClass, Power)] {
        &self.metered
    }

    /// Digest over the heads of all meters' order chains: equal for equal histories.
    pub fn journal_hash(&mut self) -> Digest {
        let (now, mut hash) = (self.state.now, crypto::Sm3::new());
        for meter in &mut self.meters {
            let status = meter.status(now, &self.verifier);
            hash.update(&status.sequence.to_be_bytes());
            hash.update(&status.head.0);
        }
        hash.finish()
    }

    /// Switches all meters on for the first time and loads contracts into those of their class.
    pub fn switch_on(&mut self, packages: &[wire::package::SignedPackage]) {
        let (now, verifier) = (self.state.now, &self.verifier);
        for meter in &mut self.meters {
            meter.switch_on(now, verifier);
            let class = meter.plan.class.byte();
            for package in packages.iter().filter(|signed| signed.package.class == class) {
                meter.downlink(now, verifier, Command::Load(package.clone()));
            }
        }
    }

    /// The first half of the next minute. Store what it returns, then call
    /// [`World::settle_minute`].
    pub fn meter_minute(&mut self, workers: &impl Workers) -> Metered {
        let start = self.state.now;
        let end = start + MINUTE;
        let mut entries = Vec::new();
        let decided = self.grid.next_deadline() <= start;
        if decided {
            entries = self.decide(start, workers);
        }
        self.set_network(start);
        self.set_demand(start);
        let verifier = &self.verifier;
        workers.each(&mut self.meters, |meter| meter.minute(end, verifier));
        self.state.now = end;
        Metered { minute: self.minute(decided), entries }
    }

    /// The second half of a minute.
    ///
    /// # Errors
    /// [`LogError`] if the bank's log refuses: then the world must not go on. What was not
    /// acknowledged is sent again after a restart.
    pub fn settle_minute(&mut self, workers: &impl Workers) -> Result<Settled, LogError> {
        let mut movements = self.submit_company_orders()?;
        let mut settled = self.exchange(workers)?;
        movements.append(&mut settled.movements);
        settled.movements = movements;
        if self.state.now.floor_to(TREASURY) == self.state.now {
            self.plan_treasury();
        }
        Ok(settled)
    }

    /// Sends what waits in the meters and brings the receipts back: a part of
    /// [`World::settle_minute`], and the first thing to do after a restart.
    ///
    /// # Errors
    /// As [`World::settle_minute`].
    pub fn exchange(&mut self, workers: &impl Workers) -> Result<Settled, LogError> {
        let mut settled = Settled::default();
        for _ in 0..ROUNDS_MAX {
            let sent = self.collect(workers);
            if sent.is_empty() {
                break;
            }
            self.submit_orders(sent, &mut settled, workers)?;
        }
        Ok(settled)
    }

    /// Books what was booked before a restart; what the books hold already stays as it is.
    ///
    /// # Errors
    /// [`grid::settlement::Refusal`] if the books don't take a record that they took before.
    pub fn rebook(&mut self, evidence: &Evidence) -> Result<(), grid::settlement::Refusal> {
        let record = &evidence.record;
        if self.grid.post(record, evidence.result)? == grid::settlement::Posted::NotFinal {
            self.grid.books_mut().note_order(record.meter, record.sequence);
        }
        Ok(())
    }

    /// The number of the newest batch that a meter has a receipt of.
    pub fn newest_batch_seen(&mut self) -> u64 {
        let (now, verifier) = (self.state.now, &self.verifier);
        self.meters.iter_mut().map(|meter| meter.status(now, verifier).batch).max().unwrap_or(0)
    }

    /// What a restart needs, with whole memories instead of changes.
    #[must_use]
    pub fn snapshot(&self) -> Minute {
        let mut minute = Minute {
            state: self.state.clone(),
            grid: Some(self.saved_grid()),
            ..Minute::default()
        };
        for (meter, number) in self.meters.iter().zip(0..) {
            let _seen = meter.take_writes();
            for (written, chip) in meter.written().into_iter().zip(0..) {
                minute.writes.extend(written.into_iter().map(|write| (number, chip, write)));
            }
        }
        minute
    }

    /// What changed since the last minute was stored.
    #[must_use]
    pub fn changes(&self) -> Minute {
        self.minute(true)
    }

    fn minute(&self, decided: bool) -> Minute {
        let mut minute = Minute {
            state: self.state.clone(),
            grid: decided.then(|| self.saved_grid()),
            ..Minute::default()
        };
        for (meter, number) in self.meters.iter().zip(0..) {
            for (writes, chip) in meter.take_writes().into_iter().zip(0..) {
                minute.writes.extend(writes.into_iter().map(|write| (number, chip, write)));
            }
        }
        minute
    }

    /// The grid company's state, and the decision in force (empty before the first).
    fn saved_grid(&self) -> (Vec<u8>, Vec<u8>) {
        let mut bytes = Vec::new();
        if let Some(decision) = &self.decision {
            decision.write(&mut |part| bytes.extend_from_slice(part));
        }
        (self.grid.save(), bytes)
    }

    fn set_network(&mut self, now: Instant) {
        let since = now.since(self.fixed.scenario.start());
        for meter in &mut self.meters {
            let cut = match meter.plan.place {
                Place::Customer(index) => {
                    self.fixed.scenario.outages.iter().any(|outage| outage.cuts(index, since))
                }
                Place::Plant(_) => false,
            };
            meter.online = !cut;
        }
    }
}

/// Decisions and their way to the meters.
impl<L: OrderedLog> World<L> {
    fn decide(&mut self, now: Instant, workers: &impl Workers) -> Vec<GridEntry> {
        let observations = self.observe(now);
        let decision = self.grid.decide(now, &observations);
        let signals = self.grid.signals(&decision);
        let mut entries = vec![GridEntry::Decision(Box::new(decision.clone()))];
        let key = &self.fixed.keys.grid_company;
        let signed: Vec<Signed<PriceSignal>> =
            signals.into_iter().map(|signal| key.seal(signal)).collect();
        let verifier = &self.verifier;
        workers.each(&mut self.meters, |meter| {
            let class = meter.plan.class.byte();
            for signal in signed.iter().filter(|signal| signal.body.class == class) {
                if meter.online {
                    meter.downlink(now, verifier, Command::Signal(signal.clone()));
                }
            }
        });
        entries.extend(signed.into_iter().map(|signal| GridEntry::Signal(Box::new(signal))));
        self.take_signals(&decision);
        self.decision = Some(decision);
        self.forget_observed();
        entries
    }

    fn take_signals(&mut self, decision: &Decision) {
        for signal in self.grid.signals(decision) {
            let class = CustomerClass::from_byte(signal.class);
            let direction = Direction::from_byte(signal.direction);
            if let (Some(class), Some(direction)) = (class, direction) {
                self.signals.insert((class, direction), signal);
            }
        }
    }

    fn observe(&self, now: Instant) -> Observations {
        let minutes = i64::from(self.state.minutes);
        let mean = |sum: Power| sum.milliwatts().checked_div(minutes).map(Power::from_milliwatts);
        let loads =
            self.state.loads.iter().filter_map(|(class, sum)| {
                Some(LoadObservation { class: *class, power: mean(*sum)? })
            });
        let before = now - market::INTERVAL;
        let units = self.plants.iter().enumerate().map(|(position, plant)| {
            let profiles = &self.fixed.profiles;
            let sum = self.state.outputs.get(position).copied().unwrap_or_default();
            UnitObservation {
                unit: market::unit_id(position),
                output: mean(sum).unwrap_or(Power::ZERO),
                available: Some(plant.resource(profiles, before)),
                resource: Some(plant.resource(profiles, now)),
                stored: plant.store().map(|store| store.held),
            }
        });
        // Before the first minute there is nothing to observe but the stores.
        let units = units.filter(|unit| minutes > 0 || unit.stored.is_some());
        Observations { loads: loads.collect(), units: units.collect(), ..Observations::default() }
    }

    fn forget_observed(&mut self) {
        self.state.minutes = 0;
        self.state.loads.iter_mut().for_each(|(_, sum)| *sum = Power::ZERO);
        self.state.outputs.iter_mut().for_each(|sum| *sum = Power::ZERO);
    }
}

/// Power of a minute.
impl<L: OrderedLog> World<L> {
    fn set_demand(&mut self, now: Instant) {
        let prices = self.class_prices(now);
        let demands = self.customer_demands(now, &prices);
        let outputs = self.plant_outputs(now, demands.iter().map(|demand| demand.active).sum());
        for (plant, output) in self.plants.iter_mut().zip(&outputs) {
            plant.book(*output, MINUTE);
        }
        self.state.stores = self
            .plants
            .iter()
            .map(|plant| {
                plant.store().map_or_else(Default::default, |store| (store.held, store.rest()))
            })
            .collect();
        for meter in &mut self.meters {
            meter.demand = match meter.plan.place {
                Place::Customer(index) => demands[index as usize],
                Place::Plant(index) => {
                    let active = -outputs[index as usize];
                    Demand { active, reactive_milli_vars: 0 }
                }
            };
        }
        self.note_observed(&outputs);
    }

    fn class_prices(&mut self, now: Instant) -> BTreeMap<CustomerClass, (Price, Price)> {
        let mut prices = BTreeMap::new();
        let imports = |key: &&(CustomerClass, Direction)| key.1 == Direction::Import;
        for (class, direction) in self.fixed.programs.keys().filter(imports) {
            let program = &self.fixed.programs[&(*class, *direction)];
            let signals = self.signals(*class, *direction);
            let price = market::total_price(program, now, &signals);
            let known = self.state.usual.iter().position(|(known, _)| known == class);
            let place = known.unwrap_or_else(|| {
                let mean = market::mean_price(program, self.fixed.scenario.start());
                self.state.usual.push((*class, mean));
                self.state.usual.len() - 1
            });
            let usual = &mut self.state.usual[place].1;
            prices.insert(*class, (price, *usual));
            // People get used to a price within about a day.
            let step = (price - *usual).micro_yuan_per_kwh() / 1440;
            *usual += Price::from_micro_yuan_per_kwh(step);
        }
        prices
    }

    fn customer_demands(
        &self,
        now: Instant,
        prices: &BTreeMap<CustomerClass, (Price, Price)>,
    ) -> Vec<Demand> {
        let demand = |customer: &Customer| {
            let (price, usual) = prices.get(&customer.class).copied().unwrap_or_default();
            customer.demand(&self.fixed.profiles, now, price, usual)
        };
        self.fixed.customers.iter().map(demand).collect()
    }

    /// Outputs of all plants; the slack plant feeds in what is left over, never less than nothing.
    fn plant_outputs(&self, now: Instant, load: Power) -> Vec<Power> {
        let set_point = |position: usize| {
            let decision = self.decision.as_ref();
            let point = decision.and_then(|one| one.dispatch.set_point(market::unit_id(position)));
            point.unwrap_or(Power::ZERO)
        };
        let mut outputs: Vec<Power> = self
            .plants
            .iter()
            .enumerate()
            .map(|(position, plant)| match plant.is_slack() {
                true => Power::ZERO,
                false => plant.output(&self.fixed.profiles, now, set_point(position)),
            })
            .collect();
        let loss = i64::from(self.fixed.scenario.loss_permille);
        let needed = load + Power::from_milliwatts(load.milliwatts().max(0) * loss / 1000);
        let others: Power = outputs.iter().copied().sum();
        if let Some(slack) = self.plants.iter().position(Plant::is_slack) {
            outputs[slack] = (needed - others).max(Power::ZERO);
        }
        outputs
    }

    fn note_observed(&mut self, outputs: &[Power]) {
        let mut classes: BTreeMap<CustomerClass, Power> = BTreeMap::new();
        for meter in &self.meters {
            *classes.entry(meter.plan.class).or_default() += meter.demand.active;
        }
        self.metered = classes.into_iter().collect();
        self.state.minutes += 1;
        self.state.outputs.resize(outputs.len(), Power::ZERO);
        for (sum, output) in self.state.outputs.iter_mut().zip(outputs) {
            *sum += *output;
        }
        for (class, power) in &self.metered {
            if self.grid.setup().class(*class).is_none() {
                continue;
            }
            match self.state.loads.iter_mut().find(|(known, _)| known == class) {
                Some((_, sum)) => *sum += *power,
                None => self.state.loads.push((*class, *power)),
            }
        }
    }
}

/// An order on its way.
struct Sent {
    meter: usize,
    message: Message,
}

/// Orders and receipts.
impl<L: OrderedLog> World<L> {
    fn collect(&mut self, workers: &impl Workers) -> Vec<Sent> {
        let (now, verifier) = (self.state.now, &self.verifier);
        let mut slots: Vec<(&mut Meter, Vec<Message>)> =
            self.meters.iter_mut().map(|meter| (meter, Vec::new())).collect();
        workers.each(&mut slots, |(meter, sent)| *sent = meter.uplink(now, verifier));
        let numbered = slots.into_iter().enumerate();
        numbered
            .flat_map(|(meter, (_, sent))| {
                sent.into_iter().map(move |message| Sent { meter, message })
            })
            .collect()
    }

    fn submit_orders(
        &mut self,
        sent: Vec<Sent>,
        settled: &mut Settled,
        workers: &impl Workers,
    ) -> Result<(), LogError> {
        let batch = self.authenticate(&sent, workers);
        let (answers, movements) = self.submit(&batch)?;
        settled.movements.extend(movements);
        let mut receipts: BTreeMap<usize, Vec<(u64, Receipt)>> = BTreeMap::new();
        for (item, answer) in sent.iter().zip(answers) {
            self.state.rejected +=
                u64::from(answer.code != ResultCode::Accepted && answer.code != ResultCode::Exists);
            let Some(receipt) = answer.receipt else { continue };
            settled.final_orders += 1;
            self.book(&item.message, receipt.leaf.result, settled);
            receipts.entry(item.meter).or_default().push((item.message.sequence, receipt));
        }
        let (now, verifier) = (self.state.now, &self.verifier);
        let mut deliveries: Vec<(&mut Meter, Vec<(u64, Receipt)>)> = self
            .meters
            .iter_mut()
            .enumerate()
            .filter_map(|(number, meter)| receipts.remove(&number).map(|list| (meter, list)))
            .collect();
        workers.each(&mut deliveries, |(meter, list)| {
            for (sequence, receipt) in list.drain(..) {
                meter.receipt(now, verifier, sequence, receipt);
            }
        });
        Ok(())
    }

    /// Hands a batch in: answers, and what moved.
    fn submit(&mut self, batch: &[Authenticated]) -> Result<Submitted, LogError> {
        let settled = self.bank.settle(self.state.now, batch)?;
        let answers = self.bank.answer(&settled, batch)?;
        let at = self.bank.registration().last_at();
        let movements = settled.movements.into_iter().map(|movement| (at, movement));
        Ok((answers, movements.collect()))
    }

    fn authenticate(&self, sent: &[Sent], workers: &impl Workers) -> Vec<Authenticated> {
        let registration = self.bank.registration();
        let mut slots: Vec<(&Sent, Option<Authenticated>)> =
            sent.iter().map(|item| (item, None)).collect();
        workers.each(&mut slots, |(item, authenticated)| {
            let order = Signed::<PaymentOrder>::decode(&item.message.order)
                .expect("the trusted world seals canonical bytes");
            *authenticated = Some(registration.authenticate(order.into(), &crypto::Sm2Verifier));
        });
        slots.into_iter().filter_map(|(_, authenticated)| authenticated).collect()
    }

    fn book(&mut self, message: &Message, result: u8, settled: &mut Settled) {
        let record = SettlementRecord::decode(&message.evidence)
            .expect("the trusted world seals canonical bytes");
        match self.grid.post(&record, result) {
            Ok(grid::settlement::Posted::AlreadyBooked) => return,
            Ok(grid::settlement::Posted::Booked) => {}
            Ok(grid::settlement::Posted::NotFinal) => {
                self.grid.books_mut().note_order(record.meter, record.sequence);
            }
            Err(refusal) => settled.book_refusals.push(refusal),
        }
        settled.evidence.push(Evidence { result, record });
    }
}

/// The company's own wallets.
impl<L: OrderedLog> World<L> {
    /// Orders decided earlier, and stored since, go out; so a restart sends the same ones again.
    fn submit_company_orders(&mut self) -> Result<Vec<(Instant, Movement)>, LogError> {
        if self.state.orders.is_empty() {
            return Ok(Vec::new());
        }
        let registration = self.bank.registration();
        let orders = self.state.orders.iter().cloned().map(Operation::from);
        let checked = orders.map(|order| registration.authenticate(order, &self.verifier));
        let batch: Vec<Authenticated> = checked.collect();
        let (answers, movements) = self.submit(&batch)?;
        let refused = |code: ResultCode| code != ResultCode::Accepted && code != ResultCode::Exists;
        let refusals = answers.iter().filter(|answer| refused(answer.code)).count();
        self.state.rejected += refusals as u64;
        self.state.orders.clear();
        Ok(movements)
    }

    fn plan_treasury(&mut self) {
        let company = self.fixed.company;
        let sub_wallets = |wallet: fn(&MeterPlan) -> wire::WalletId, parent| {
            let registration = self.bank.registration();
            let is_sub = |id: &wire::WalletId| {
                registration.wallet(*id).is_some_and(|known| known.parent == Some(parent))
            };
            self.meters.iter().map(|meter| wallet(&meter.plan)).filter(is_sub).collect::<Vec<_>>()
        };
        let purchase = self.treasury_rule(
            (company.income, company.purchase),
            sub_wallets(MeterPlan::purchase_wallet, company.purchase),
        );
        // Fiscal sub-wallets are filled in the same way; nothing is swept into their parent.
        let fiscal = self.treasury_rule(
            (company.fund, company.fiscal),
            sub_wallets(MeterPlan::fiscal_wallet, company.fiscal),
        );
        let balances = self.balances();
        let legs = grid::treasury::plan(&purchase, &balances);
        let no_fund: Vec<_> =
            balances.into_iter().filter(|balance| balance.wallet != company.fund).collect();
        let legs = legs.into_iter().chain(grid::treasury::plan(&fiscal, &no_fund));
        let orders = self.sign_orders(legs.collect());
        self.state.orders = orders;
    }

    fn treasury_rule(
        &self,
        (income, purchase): (wire::WalletId, wire::WalletId),
        purchase_subs: Vec<wire::WalletId>,
    ) -> grid::treasury::Wallets {
        grid::treasury::Wallets {
            income,
            purchase,
            purchase_subs,
            floor: Fen::from_yuan(100),
            target: Fen::from_yuan(5_000),
            income_keep: Fen::from_yuan(1_000),
        }
    }

    fn balances(&self) -> Vec<wire::receipt::Balance> {
        let wallets = self.bank.registration().wallets();
        wallets
            .map(|wallet| wire::receipt::Balance { wallet: wallet.id, balance: wallet.balance })
            .collect()
    }

    fn sign_orders(&self, lists: Vec<grid::treasury::Legs>) -> Vec<Signed<PaymentOrder>> {
        let key = &self.fixed.keys.grid_company;
        let chain = self.bank.registration().chain(key.id());
        let mut chain = chain.unwrap_or(bank::registration::Chain::START);
        let mut orders = Vec::new();
        for legs in lists {
            let order = PaymentOrder {
                signer: key.id(),
                sequence: chain.next_sequence(),
                previous: chain.last,
                at: self.state.now,
                evidence: Digest::default(),
                legs,
            };
            chain = bank::registration::Chain {
                sequence: order.sequence,
                last: crypto::digest(&order),
            };
            orders.push(key.seal(order));
        }
        orders
    }
}
