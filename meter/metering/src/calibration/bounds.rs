//! What a constant may be, whether it was just found or was stored.

use super::error::{Constant, OutOfBounds};
use super::plan::Plan;
use super::reading::Element;
use crate::conditioning::{Conditioning, Correction, CurrentConditioning, GAIN_PPB_MAX, REGIONS};
use crate::fixed::saturate_i64;

const BILLION: i128 = 1_000_000_000;

/// Checks every constant against its bound.
pub(super) fn check(plan: &Plan, conditioning: &Conditioning) -> Result<(), OutOfBounds> {
    let delay = i64::from(plan.delay_max());
    for (element, correction) in Element::ALL.into_iter().zip(&conditioning.voltages) {
        let kinds = [Constant::VoltageGain, Constant::VoltageDelay];
        within(element, correction, kinds, delay)?;
        if !plan.elements().contains(&element) {
            unused(element, correction)?;
        }
    }
    for (element, current) in Element::ALL.into_iter().zip(&conditioning.currents) {
        check_current(element, current, delay)?;
        let neutral = element == Element::Neutral;
        let three_wire = plan.wiring == crate::Wiring::ThreePhaseThreeWire;
        if if neutral { three_wire } else { !plan.elements().contains(&element) } {
            unused(element, &current.corrections[0])?;
        }
    }
    Ok(())
}

fn within(
    element: Element,
    correction: &Correction,
    [gain, delay]: [Constant; 2],
    delay_max: i64,
) -> Result<(), OutOfBounds> {
    let checks = [
        (gain, i64::from(correction.gain_ppb), i64::from(GAIN_PPB_MAX)),
        (delay, i64::from(correction.delay_nanoseconds), delay_max),
    ];
    let beyond = checks.into_iter().find(|(_, value, bound)| value.abs() > *bound);
    let error = |(constant, value, bound)| OutOfBounds { element, constant, value, bound };
    beyond.map_or(Ok(()), |beyond| Err(error(beyond)))
}

fn unused(element: Element, correction: &Correction) -> Result<(), OutOfBounds> {
    let values = [correction.gain_ppb, correction.delay_nanoseconds];
    zero(element, values.into_iter().map(i64::from))
}

fn zero(element: Element, mut values: impl Iterator<Item = i64>) -> Result<(), OutOfBounds> {
    let found = values.find(|value| *value != 0);
    let error = |value| OutOfBounds { element, constant: Constant::Unused, value, bound: 0 };
    found.map_or(Ok(()), |value| Err(error(value)))
}

fn check_current(
    element: Element,
    current: &CurrentConditioning,
    delay_max: i64,
) -> Result<(), OutOfBounds> {
    let regions = current.regions;
    if !(1..=REGIONS).contains(&regions) {
        let value = i64::try_from(regions).unwrap_or(i64::MAX);
        return Err(OutOfBounds { element, constant: Constant::Regions, value, bound: 5 });
    }
    for (region, correction) in current.corrections[..regions].iter().enumerate() {
        let kinds = [Constant::CurrentGain(region), Constant::CurrentDelay(region)];
        within(element, correction, kinds, delay_max)?;
    }
    for correction in &current.corrections[regions..] {
        unused(element, correction)?;
    }
    let (up, down) = (&current.up_microamperes, &current.down_microamperes);
    let rest = up[regions - 1..].iter().chain(&down[regions - 1..]);
    zero(element, rest.map(|micro| i64::from(*micro)))?;
    let mut below = 0;
    for border in 0..regions - 1 {
        let steps = [(Constant::Down(border), down[border]), (Constant::Up(border), up[border])];
        for (constant, micro) in steps {
            if micro <= below {
                let (value, bound) = (i64::from(micro), i64::from(below));
                return Err(OutOfBounds { element, constant, value, bound });
            }
            below = micro;
        }
        step(element, current, border)?;
    }
    Ok(())
}

/// A current that has just gone up must not be below the way down with its new gain, or it would
/// go to and fro.
fn step(element: Element, current: &CurrentConditioning, border: usize) -> Result<(), OutOfBounds> {
    let gain = |region: usize| BILLION + i128::from(current.corrections[region].gain_ppb);
    let (down, up) = (current.down_microamperes[border], current.up_microamperes[border]);
    if i128::from(down) * gain(border) < i128::from(up) * gain(border + 1) {
        return Ok(());
    }
    let bound = BILLION - i128::from(down) * BILLION / i128::from(up);
    Err(OutOfBounds {
        element,
        constant: Constant::GainStep(border),
        value: saturate_i64(gain(border) - gain(border + 1)),
        bound: saturate_i64(bound),
    })
}
