//! Symmetrical components.

use crate::complex::Complex;
use crate::configuration::Configuration;
use crate::fixed::saturate_i64;
use crate::spectrum::{Channel, Spectrum, ratio_ppm};
use crate::window::Components;
use crate::wiring::Wiring;

/// √3/2 × 2³⁰.
const HALF_ROOT_THREE: i128 = 929_887_697;

/// Components of the voltages and of the currents; nothing with a single phase.
pub(crate) fn components(spectrum: &Spectrum, configuration: &Configuration) -> [Components; 2] {
    let voltages = [0, 1, 2].map(|phase| spectrum.fundamental(Channel::Voltage(phase)));
    let currents = [0, 1, 2].map(|phase| spectrum.fundamental(Channel::Current(phase)));
    let voltages = match configuration.settings().wiring {
        Wiring::SinglePhase => return [Components::default(); 2],
        Wiring::ThreePhaseThreeWire => {
            let [ab, ac, cb] = voltages;
            [ab, Complex::ZERO.minus(cb), Complex::ZERO.minus(ac)]
        }
        Wiring::ThreePhaseFourWire
        | Wiring::FourWireWyeTwoVoltages
        | Wiring::FourWireDeltaTwoVoltages => voltages,
    };
    [of(spectrum, Channel::Voltage(0), voltages), of(spectrum, Channel::Current(0), currents)]
}

fn of(spectrum: &Spectrum, channel: Channel, [a, b, c]: [Complex; 3]) -> Components {
    // Three times each component, so that nothing is lost to a division.
    let positive = a.plus(turn(b, 1)).plus(turn(c, -1)).square();
    let negative = a.plus(turn(b, -1)).plus(turn(c, 1)).square();
    let zero = a.plus(b).plus(c).square();
    let third = |square: u128| spectrum.scaled(channel, square / 9);
    Components {
        positive: third(positive),
        negative: third(negative),
        zero: third(zero),
        negative_ppm: ratio_ppm(negative, positive),
        zero_ppm: ratio_ppm(zero, positive),
    }
}

/// A third of a turn, forwards (1) or backwards (−1).
fn turn(line: Complex, direction: i128) -> Complex {
    let (re, im) = (i128::from(line.re), i128::from(line.im));
    let sine = |part: i128| (direction * part * HALF_ROOT_THREE) >> 30;
    Complex { re: saturate_i64(-re / 2 - sine(im)), im: saturate_i64(-im / 2 + sine(re)) }
}
