//! scratch
#![allow(missing_docs, clippy::print_stdout, reason = "the points are meant to be read")]
use simulation::front_end::{FrontEnd, Tolerances};
use simulation::random::Random;
use simulation::type_test::{Connection, FULL_SCALE, Laboratory, Meter, plan};

#[test]
fn scratch() {
    let digital = [Connection::FourWire, Connection::ThreeWire].map(Meter::digital);
    let board = FrontEnd::specimen(FULL_SCALE, &Tolerances::TYPICAL, Random::from_seed(1));
    let sensors = digital.clone().map(|meter| Meter { front_end: board.clone(), ..meter });
    let laboratory = Laboratory { digital, sensors, noise: Random::from_seed(2) };
    let points = plan();
    println!("{} points", points.len());
    for point in &points {
        let begin = std::time::Instant::now();
        let outcome = laboratory.test(point);
        let d = outcome.digital.as_ref();
        println!("{:3} {:22} {} {:?} {:6.3} A {:6} lim {:.3} | digital {:?} {:.5} | {:.5} {:.3} {:?} {:.0} ms", point.number, point.clause.key,
            point.connection.name(), point.conditions.supply, point.conditions.amperes, point.conditions.factor.name(point.quantity), point.limit,
            d.map(|r| r.value), d.map_or(0.0, |r| r.share), outcome.sensors.value, outcome.sensors.share, outcome.verdict(), begin.elapsed().as_secs_f64()*1e3);
    }
}
