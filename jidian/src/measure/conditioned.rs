//! The constants of a meter, made fit for a recording.

use super::{Recording, Refusal, Role};
use metering::calibration::{Calibration, Element};
use metering::{Conditioning, Correction, CurrentConditioning, Sensor, Wiring};

/// By how much a correction may make a peak grow, and a little more.
pub(crate) const HEADROOM: f64 = 1.25;

/// What is said if the regions can't be held from the first sample on.
pub(crate) const MOVED: &str = "a current moved between regions of its correction; as in a meter, \
                                each new one begins up to some half cycles late";

/// What the regions need to find themselves: four half cycles, and a first crossing to begin at.
const SETTLED_SECONDS: f64 = 0.12;

/// Checks that the constants are those of the channels that were recorded.
pub(crate) fn check(
    calibration: &Calibration,
    wiring: Wiring,
    recording: &Recording,
) -> Result<(), Refusal> {
    let plan = calibration.plan();
    let three_wire = |wiring| wiring == Wiring::ThreePhaseThreeWire;
    let enough = wiring == Wiring::SinglePhase || plan.elements().contains(&Element::C);
    if three_wire(wiring) != three_wire(plan.wiring) || !enough {
        return Err(Refusal::new(
            "these constants were made for another wiring; see --wiring of `jidian meter calibrate`",
        ));
    }
    if three_wire(wiring) && recording.has(Role::Ub) {
        return Err(Refusal::new(
            "these constants correct line voltages, and the recording has phase voltages",
        ));
    }
    if plan.sensor == Sensor::Rogowski {
        return Err(Refusal::new(
            "constants of Rogowski coils can't be applied to a recording: their integrator needs \
             seconds before its first window is right",
        ));
    }
    Ok(())
}

/// The same with borders in the core's unit, which is `factor` amperes. Regions that no current of
/// the core reaches fall away.
pub(crate) fn scaled(calibration: &Calibration, factor: f64) -> Result<Conditioning, Refusal> {
    let mut conditioning = *calibration.conditioning();
    for current in &mut conditioning.currents {
        let borders = current.regions - 1;
        let mut kept = 0;
        for border in 0..borders {
            let [Some(down), Some(up)] =
                [current.down_microamperes[border], current.up_microamperes[border]]
                    .map(|micro| in_unit(micro, factor))
            else {
                break;
            };
            (current.down_microamperes[border], current.up_microamperes[border]) = (down, up);
            kept += 1;
        }
        current.regions = kept + 1;
    }
    let apart = |current: &CurrentConditioning| {
        let borders = 0..current.regions - 1;
        borders.clone().all(|at| 0 < current.down_microamperes[at])
            && borders.clone().all(|at| current.down_microamperes[at] < current.up_microamperes[at])
            && borders
                .skip(1)
                .all(|at| current.up_microamperes[at - 1] < current.down_microamperes[at])
    };
    if conditioning.currents.iter().all(apart) {
        return Ok(conditioning);
    }
    Err(Refusal::new(
        "the currents are so large that the borders of all regions are one; see --scale",
    ))
}

/// Micro-units of the core; none beyond what it can count.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn in_unit(microamperes: u32, factor: f64) -> Option<u32> {
    let micro = (f64::from(microamperes) / factor).round();
    (micro <= f64::from(u32::MAX)).then_some(micro as u32)
}

/// The same with each current corrected as in one region, whatever its size.
pub(crate) fn held(conditioning: &Conditioning, regions: [usize; 4]) -> Conditioning {
    let hold = |wire: usize| {
        let current = &conditioning.currents[wire];
        let correction: Correction = current.corrections[regions[wire]];
        CurrentConditioning { sensor: current.sensor, ..CurrentConditioning::uniform(correction) }
    };
    Conditioning { currents: core::array::from_fn(hold), ..*conditioning }
}

/// Which regions the currents were in, once they had found them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    first: Option<[usize; 4]>,
    moved: bool,
}

impl Found {
    pub(crate) fn take(&mut self, seconds: f64, regions: [usize; 4]) {
        if seconds >= SETTLED_SECONDS {
            let first = *self.first.get_or_insert(regions);
            self.moved |= first != regions;
        }
    }

    /// The regions, if no current left its own.
    pub(crate) fn steady(&self) -> Option<[usize; 4]> {
        self.first.filter(|_| !self.moved)
    }
}
