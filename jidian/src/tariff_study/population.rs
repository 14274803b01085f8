//! Customers of a study: shapes with a size, a habit and a mixture of their own.

use super::shapes::{Shapes, has_roof, load_sign};
use contract::{CustomerClass, Direction};
use quantity::Power;
use simulation::random::Random;

/// A customer is at least and at most this size, in thousandths of the usual one; the product of two
/// such numbers, so most are smaller than the mean and a few are much larger.
const SIZE_PERMILLE: (i64, i64) = (400, 1600);
/// Whole weeks that a customer's year may lie behind or ahead of the profile.
const WEEKS: (i64, i64) = (-2, 2);
/// Quarters of an hour that a customer lives earlier or later than the profile.
const QUARTERS: (i64, i64) = (-4, 4);
/// Share of a second profile of the same kind, in thousandths.
const MIXTURE_PERMILLE: (i64, i64) = (0, 400);
/// Steps of a week.
const STEPS_PER_WEEK: i64 = 7 * 96;
/// A kWh of a quarter of an hour is a quarter of the kW.
const STEPS_PER_HOUR: i64 = 4;

/// A customer: `energy of a step = Σ factor × share`, never negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Position of the main profile.
    pub shape: usize,
    /// Position of the second profile: another habit of the same kind, or the roof.
    pub second: usize,
    /// Nominal power of the load or plant.
    pub nominal: Power,
    /// Steps that this customer lives later than the profile.
    pub late_steps: i32,
    /// Energy of a step at the full share of the main profile, in milliwatt-hours.
    pub first_factor: i64,
    /// The same for the second profile.
    pub second_factor: i64,
}

/// Deals out `count` customers, in proportion to the weights of the profiles.
#[must_use]
pub fn populate(
    shapes: &Shapes,
    class: CustomerClass,
    direction: Direction,
    count: u32,
    random: Random,
) -> Vec<Customer> {
    let all: Vec<usize> = (0..shapes.metas().len()).collect();
    let roofs: Vec<usize> =
        all.iter().copied().filter(|at| shapes.metas()[*at].kind == "pv").collect();
    let loads: Vec<usize> = all.iter().copied().filter(|at| !roofs.contains(at)).collect();
    let roof = has_roof(class) && !roofs.is_empty() && !loads.is_empty();
    (0..count)
        .map(|index| {
            let random = random.part(u64::from(index));
            if roof {
                prosumer(shapes, &loads, &roofs, direction, random)
            } else {
                mixed(shapes, &all, random)
            }
        })
        .collect()
}

/// A load or plant of one kind: mostly one profile, with some of another.
fn mixed(shapes: &Shapes, among: &[usize], random: Random) -> Customer {
    let shape = draw(shapes, among, random.part(0));
    let second = draw(shapes, among, random.part(1));
    let nominal = sized(shapes.metas()[shape].nominal, random.part(2));
    let share = random.part(3).between(MIXTURE_PERMILLE.0, MIXTURE_PERMILLE.1);
    Customer {
        shape,
        second,
        nominal,
        late_steps: late_steps(random),
        first_factor: step_energy(nominal) * (1000 - share) / 1000,
        second_factor: step_energy(nominal) * share / 1000,
    }
}

/// A load and a roof behind one meter.
fn prosumer(
    shapes: &Shapes,
    loads: &[usize],
    roofs: &[usize],
    direction: Direction,
    random: Random,
) -> Customer {
    let shape = draw(shapes, loads, random.part(0));
    let second = draw(shapes, roofs, random.part(1));
    let nominal = sized(shapes.metas()[shape].nominal, random.part(2));
    let roof = sized(shapes.metas()[second].nominal, random.part(4));
    let sign = load_sign(direction);
    Customer {
        shape,
        second,
        nominal,
        // The sun keeps the time of the profile, and so does the customer under it.
        late_steps: 0,
        first_factor: sign * step_energy(nominal),
        second_factor: -sign * step_energy(roof),
    }
}

fn draw(shapes: &Shapes, among: &[usize], random: Random) -> usize {
    let weight = |at: &usize| i64::try_from(shapes.metas()[*at].weight).unwrap_or(1);
    let total: i64 = among.iter().map(weight).sum();
    let mut left = random.between(0, total - 1);
    for at in among {
        left -= weight(at);
        if left < 0 {
            return *at;
        }
    }
    among[0]
}

fn sized(nominal: Power, random: Random) -> Power {
    let once = |part: u64| random.part(part).between(SIZE_PERMILLE.0, SIZE_PERMILLE.1);
    Power::from_milliwatts(nominal.milliwatts() / 1000 * once(0) * once(1) / 1000)
}

fn late_steps(random: Random) -> i32 {
    let weeks = random.part(5).between(WEEKS.0, WEEKS.1);
    let quarters = random.part(6).between(QUARTERS.0, QUARTERS.1);
    i32::try_from(weeks * STEPS_PER_WEEK + quarters).expect("a few weeks")
}

const fn step_energy(nominal: Power) -> i64 {
    nominal.milliwatts() / STEPS_PER_HOUR
}
