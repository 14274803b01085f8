//! Messages between keys and bank: lost, doubled, late, out of order.

use super::dice::Dice;
use bank::{Answer, Operation};
use std::collections::BTreeMap;

/// What is under way.
#[derive(Default)]
pub(super) struct Network {
    /// By the step in which it arrives, then by the order in which it was sent.
    orders: BTreeMap<(u32, u64), Operation>,
    answers: BTreeMap<(u32, u64), (Operation, Answer)>,
    sent: u64,
    pub(super) counts: NetworkCounts,
}

/// How a network treats messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// One message in so many is lost.
    pub(super) lost_once_in: i64,
    /// One message in so many comes twice.
    pub(super) doubled_once_in: i64,
    /// Longest delay in steps.
    pub(super) delay_max: i64,
}

impl Weather {
    /// Everything arrives in the next step.
    pub(super) const FAIR: Self =
        Self { lost_once_in: i64::MAX, doubled_once_in: i64::MAX, delay_max: 0 };
}

/// What a network did to messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NetworkCounts {
    pub(super) lost: u64,
    pub(super) doubled: u64,
}

impl Network {
    /// A key sends an order.
    pub(super) fn send(
        &mut self,
        step: u32,
        operation: &Operation,
        weather: Weather,
        dice: &mut Dice,
    ) {
        for arrives in self.arrivals(step, weather, dice) {
            self.orders.insert(arrives, operation.clone());
        }
    }

    /// The bank answers.
    pub(super) fn answer(
        &mut self,
        step: u32,
        told: &(Operation, Answer),
        weather: Weather,
        dice: &mut Dice,
    ) {
        for arrives in self.arrivals(step, weather, dice) {
            self.answers.insert(arrives, told.clone());
        }
    }

    fn arrivals(&mut self, step: u32, weather: Weather, dice: &mut Dice) -> Vec<(u32, u64)> {
        if dice.once_in(weather.lost_once_in) {
            self.counts.lost += 1;
            return Vec::new();
        }
        let doubled = dice.once_in(weather.doubled_once_in);
        self.counts.doubled += u64::from(doubled);
        let arrival = |_| {
            let delay = u32::try_from(dice.between(0, weather.delay_max)).unwrap_or_default();
            self.sent += 1;
            (step + 1 + delay, self.sent)
        };
        (0..=u8::from(doubled)).map(arrival).collect()
    }

    /// Orders that have arrived.
    pub(super) fn orders(&mut self, step: u32) -> Vec<Operation> {
        take_until(&mut self.orders, step)
    }

    /// Answers that have arrived.
    pub(super) fn answers(&mut self, step: u32) -> Vec<(Operation, Answer)> {
        take_until(&mut self.answers, step)
    }
}

fn take_until<T>(waiting: &mut BTreeMap<(u32, u64), T>, step: u32) -> Vec<T> {
    let later = waiting.split_off(&(step + 1, 0));
    core::mem::replace(waiting, later).into_values().collect()
}
