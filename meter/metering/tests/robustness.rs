//! Whatever the converter says, nothing panics and the registers only grow.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod bench;

use bench::SETTINGS;
use metering::{
    Channel, Conditioning, Configuration, Correction, CurrentConditioning, Frame, Metering,
    NominalFrequency, ORDERS, Sensor, Settings, Wiring,
};
use proptest::prelude::*;

fn wiring() -> impl Strategy<Value = Wiring> {
    prop_oneof![
        Just(Wiring::ThreePhaseFourWire),
        Just(Wiring::ThreePhaseThreeWire),
        Just(Wiring::SinglePhase),
        Just(Wiring::FourWireWyeTwoVoltages),
        Just(Wiring::FourWireDeltaTwoVoltages)
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (wiring(), 2_000_u32..=16_000, any::<bool>()).prop_map(|(wiring, sample_rate_hertz, sixty)| {
        let nominal_frequency =
            if sixty { NominalFrequency::Hertz60 } else { NominalFrequency::Hertz50 };
        Settings { wiring, sample_rate_hertz, nominal_frequency, ..SETTINGS }
    })
}

/// Corrections up to their limits, with coils and without.
fn conditioning() -> impl Strategy<Value = Option<Conditioning>> {
    let correction = (-200_000_000..=200_000_000_i32, -62_000..=62_000_i32)
        .prop_map(|(gain_ppb, delay_nanoseconds)| Correction { gain_ppb, delay_nanoseconds });
    let current =
        (correction.clone(), correction.clone(), any::<bool>()).prop_map(|(low, high, coil)| {
            let mut current = CurrentConditioning::uniform(low);
            current.sensor = if coil { Sensor::Rogowski } else { Sensor::Transformer };
            current.regions = 2;
            current.corrections[1] = high;
            (current.up_microamperes[0], current.down_microamperes[0]) = (1_000_000, 900_000);
            current
        });
    let all = (prop::array::uniform3(correction), prop::array::uniform4(current), 8_u32..=16);
    let all = all.prop_map(|(voltages, currents, high_pass)| Conditioning {
        voltages,
        currents,
        high_pass: Some(high_pass),
    });
    prop::option::of(all)
}

fn meter(settings: Settings, conditioning: Option<&Conditioning>) -> Metering {
    let plain = Configuration::new(settings).unwrap();
    Metering::new(
        conditioning.map_or(plain, |conditioning| plain.with_conditioning(conditioning).unwrap()),
    )
}

fn frame() -> impl Strategy<Value = Frame> {
    let code = prop_oneof![any::<i32>(), Just(i32::MIN), Just(i32::MAX), -2_i32..=2];
    (prop::array::uniform3(code.clone()), prop::array::uniform4(code))
        .prop_map(|(voltage, current)| Frame { voltage, current })
}

/// Asks for all that can be asked for.
fn read(meter: &Metering) {
    let _ = meter.half_cycle();
    let Some(spectrum) = meter.spectrum() else { return };
    for channel in Channel::ALL {
        for order in 1..=ORDERS {
            let _ = (spectrum.rms(channel, order), spectrum.angle_microdegrees(channel, order));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Frames held for random times, so that slow, fast and no crossings all occur.
    #[test]
    fn any_codes_are_taken(
        settings in settings(),
        conditioning in conditioning(),
        frames in prop::collection::vec((frame(), 1_usize..400), 1..60),
        times in any::<u32>(),
    ) {
        let mut meter = meter(settings, conditioning.as_ref());
        let mut before = *meter.registers();
        for (frame, held) in &frames {
            for _ in 0..*held {
                if let Some(window) = meter.push(frame) {
                    prop_assert!(window.power_factor_thousandths().abs() <= 1_000);
                    prop_assert!(window.samples > 0);
                    read(&meter);
                }
            }
            let after = *meter.registers();
            prop_assert!(after.import.total.energy >= before.import.total.energy);
            prop_assert!(after.export.total.energy >= before.export.total.energy);
            prop_assert!(after.import.total.rest < after.rest_unit);
            before = after;
        }
        meter.repeat_window(times);
        prop_assert!(meter.registers().import.total.energy >= before.import.total.energy);
    }

    /// The same codes give the same registers, however the meter was cloned or moved between.
    #[test]
    fn the_same_codes_give_the_same_bits(
        settings in settings(),
        conditioning in conditioning(),
        frames in prop::collection::vec((frame(), 1_usize..100), 1..40),
    ) {
        let mut first = meter(settings, conditioning.as_ref());
        let mut second = first.clone();
        for (frame, held) in &frames {
            for _ in 0..*held {
                let window = first.push(frame);
                prop_assert_eq!(window, second.push(frame));
            }
            second = second.clone();
        }
        prop_assert_eq!(first.registers(), second.registers());
    }
}
