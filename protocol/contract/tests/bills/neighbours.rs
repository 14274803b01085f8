//! What must hold of a trade between neighbours, whatever the curves: the quantities are worked out here from curves
//! of one-minute powers, the money comes from the contracts.

use contract::{Carries, Facts, Program, Quantities, Quantity, SignalId, Signals, deviation};
use proptest::prelude::*;
use quantity::{CivilDate, Duration, Energy, Money, Power, Price};

use super::{built, contract};

const MINUTES: usize = 15;

/// A step of power in mW: its minute is a whole number of mWh, and 5 % of its window too.
const STEP: i64 = 240_000;

/// Powers of each minute in steps: agreed (constant) and metered.
#[derive(Clone, Debug)]
struct Window {
    agreed: i64,
    metered: [i64; MINUTES],
}

impl Window {
    fn deviations(&self) -> [i64; MINUTES] {
        self.metered.map(|power| power - self.agreed)
    }

    fn traded(&self) -> Quantities {
        Quantities::NONE
            .with(Quantity::TradedPower, self.agreed * STEP)
            .with(Quantity::TradedEnergy, energy(&[self.agreed; MINUTES]))
    }

    fn quantities(&self) -> Quantities {
        let deviations = self.deviations();
        let largest = deviations.iter().map(|power| power.abs()).max().unwrap();
        let mileage: i64 = deviations.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
        let net = energy(&deviations);
        self.traded()
            .with(Quantity::DeviationPower, largest * STEP)
            .with(Quantity::DeviationMileage, mileage * STEP)
            .with(Quantity::Surplus, net.max(0))
            .with(Quantity::Shortfall, (-net).max(0))
    }
}

/// mWh of one-minute powers.
fn energy(powers: &[i64]) -> i64 {
    powers.iter().sum::<i64>() * (STEP / 60)
}

/// What goes to the balancing account, exactly in pico-yuan.
fn balance(program: &Program<'_>, window: &Window, market: i64) -> i128 {
    let start = CivilDate { year: 2026, month: 6, day: 1 }.start();
    let price = Price::from_micro_yuan_per_kwh(market);
    let facts = Facts {
        start,
        end: start + Duration::from_minutes(15),
        energy: Energy::from_milliwatt_hours(energy(&window.metered)),
        month_before: Energy::ZERO,
        year_before: Energy::ZERO,
        signals: &Signals::NONE.with(SignalId::MarketPrice, price, start),
        quantities: &window.quantities(),
        held: Money::ZERO,
    };
    let settled = program.settle(&facts, &mut Carries::ZERO.clone()).unwrap();
    let lines = settled
        .items
        .iter()
        .filter(|line| settled.legs[usize::from(line.leg)].credit == contract::Role::Balancing);
    lines.map(contract::ItemCharge::pico_yuan).sum()
}

fn windows() -> impl Strategy<Value = Window> {
    (0..400_i64, prop::array::uniform15(0..400_i64))
        .prop_map(|(agreed, metered)| Window { agreed, metered })
}

/// The sum of both: one trade where there were two.
fn together(one: &Window, other: &Window) -> Window {
    let mut metered = one.metered;
    metered.iter_mut().zip(other.metered).for_each(|(power, more)| *power += more);
    Window { agreed: one.agreed + other.agreed, metered }
}

const SIDES: [&str; 2] = ["peer-trade-buying", "peer-trade-selling"];

/// Market prices over and under the trade price, and below zero.
fn markets() -> impl Strategy<Value = i64> {
    -150_000..1_600_000_i64
}

proptest! {
    #[test]
    fn the_crate_measures_the_same_deviations(window in windows()) {
        let powers = |steps: [i64; MINUTES]| steps.map(|step| Power::from_milliwatts(step * STEP));
        let (metered, agreed) = (powers(window.metered), powers([window.agreed; MINUTES]));
        let measured = deviation(&metered, &agreed, Duration::from_minutes(1)).unwrap();
        prop_assert_eq!(measured.into_quantities(window.traded()), window.quantities());
    }

    #[test]
    fn who_keeps_to_the_trade_pays_no_penalty(agreed in 0..400_i64, market in markets()) {
        let window = Window { agreed, metered: [agreed; MINUTES] };
        for side in SIDES {
            let built = built(&contract(side));
            prop_assert_eq!(balance(&built.program().unwrap(), &window, market), 0);
        }
    }

    #[test]
    fn it_never_pays_to_split_a_trade(one in windows(), other in windows(), market in markets()) {
        for side in SIDES {
            let built = built(&contract(side));
            let program = built.program().unwrap();
            let split = balance(&program, &one, market) + balance(&program, &other, market);
            prop_assert!(balance(&program, &together(&one, &other), market) <= split, "{side}");
        }
    }

    /// A deviation costs at least what the trade price makes of it, at any market price.
    #[test]
    fn no_deviation_earns_more_than_the_trade(window in windows(), market in markets()) {
        let net = i128::from(energy(&window.deviations()));
        for (side, sign) in SIDES.into_iter().zip([1, -1]) {
            let built = built(&contract(side));
            let balance = balance(&built.program().unwrap(), &window, market);
            prop_assert!(balance >= sign * net * 450_000, "{side}");
        }
    }
}
