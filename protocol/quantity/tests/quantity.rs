//! Text, serde, products with rests, and the legal calendar.
use proptest::prelude::*;
use quantity::{
    CivilDate, Divisor, Duration, Energy, EnergyRest, Fen, Instant, Money, ParseQuantityError,
    PicoYuan, Power, Price, Weekday,
};

#[test]
fn text_is_exact_and_reads_back() {
    let cases = [
        (Energy::from_milliwatt_hours(1), "0.000001 kWh"),
        (Energy::from_milliwatt_hours(-1_500_000), "-1.500000 kWh"),
        (Energy::MIN, "-9223372036854.775808 kWh"),
        (Energy::MAX, "9223372036854.775807 kWh"),
    ];
    for (value, text) in cases {
        assert_eq!(value.to_string(), text);
        assert_eq!(text.parse(), Ok(value));
    }
    assert_eq!(Fen::from_fen(-5).to_string(), "-0.05 yuan");
    assert_eq!("0.3779 yuan/kWh".parse(), Ok(Price::from_micro_yuan_per_kwh(377_900)));
    assert_eq!("12".parse(), Ok(Energy::from_kwh(12)));
    assert_eq!(".5".parse(), Ok(Fen::from_fen(50)));
}

#[test]
fn text_that_is_not_a_quantity_is_refused() {
    assert_eq!("".parse::<Fen>(), Err(ParseQuantityError::Empty));
    assert_eq!("-".parse::<Fen>(), Err(ParseQuantityError::Empty));
    assert_eq!("1.2.3".parse::<Money>(), Err(ParseQuantityError::NotANumber));
    assert_eq!("--1".parse::<Money>(), Err(ParseQuantityError::NotANumber));
    assert_eq!("1,5".parse::<Money>(), Err(ParseQuantityError::NotANumber));
    assert_eq!("０".parse::<Money>(), Err(ParseQuantityError::NotANumber));
    assert_eq!("1.005".parse::<Fen>(), Err(ParseQuantityError::TooPrecise { decimals_max: 2 }));
    assert_eq!("9223372036854.775808".parse::<Energy>(), Err(ParseQuantityError::OutOfRange));
    assert_eq!("9".repeat(60).parse::<Energy>(), Err(ParseQuantityError::OutOfRange));
}

#[test]
fn serde_keeps_every_digit_as_a_string() {
    let json = serde_json::to_string(&Money::MAX).unwrap();
    assert_eq!(json, "\"9223372036854775807\"");
    assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), Money::MAX);
    assert!(serde_json::from_str::<Money>("\"1.5\"").is_err());
    assert!(serde_json::from_str::<Money>("1").is_err());
    let noon = Instant::from_unix_milliseconds(-1);
    assert_eq!(serde_json::from_str::<Instant>("\"-1\"").unwrap(), noon);
}

#[test]
fn rounding_is_downwards_and_returns_its_rest() {
    let charge = Price::from_micro_yuan_per_kwh(-1)
        .charge(Energy::from_milliwatt_hours(1), PicoYuan::ZERO)
        .unwrap();
    assert_eq!(charge.money, Money::from_micro_yuan(-1));
    assert_eq!(charge.rest.pico_yuan(), 999_999);

    let metered =
        Power::from_watts(1000).over(Duration::from_minutes(1), EnergyRest::ZERO).unwrap();
    assert_eq!(metered.energy, Energy::from_milliwatt_hours(16_666));
    assert_eq!(metered.rest.milliwatt_milliseconds(), 2_400_000);

    let payable = Money::from_micro_yuan(-1).payable();
    assert_eq!(payable.fen, Fen::from_fen(-1));
    assert_eq!(payable.rest.micro_yuan(), 9_999);
    assert_eq!(Price::MAX.charge(Energy::MAX, PicoYuan::ZERO), None);
}

#[test]
fn the_legal_calendar_is_utc_plus_eight() {
    let start = CivilDate { year: 2026, month: 1, day: 1 }.start();
    assert_eq!(start.unix_milliseconds(), 1_767_196_800_000);
    assert_eq!(start.civil().to_string(), "2026-01-01 00:00:00");
    assert_eq!(CivilDate { year: 2018, month: 12, day: 29 }.weekday(), Weekday::Saturday);
    assert_eq!(CivilDate { year: 1970, month: 1, day: 1 }.weekday(), Weekday::Thursday);
}

#[test]
fn a_division_rounds_down_at_both_ends() {
    let cases = [
        (0, 1, (0, 0)),
        (-1, 7, (-1, 6)),
        (-7, 7, (-1, 0)),
        (i64::MAX, 1, (i64::MAX, 0)),
        (i64::MIN, 1, (i64::MIN, 0)),
        // 2⁶³ = 549,755,813,888 × 2²⁴.
        (i64::MIN, 1 << 24, (-549_755_813_888, 0)),
        (i64::MAX, 1 << 24, (549_755_813_887, (1 << 24) - 1)),
    ];
    for (value, divisor, expected) in cases {
        assert_eq!(Divisor::new(divisor).map(|divisor| divisor.divide(value)), Some(expected));
    }
    assert_eq!((Divisor::new(0), Divisor::new((1 << 24) + 1)), (None, None));
}

proptest! {
    #[test]
    fn any_text_round_trips(value: i64) {
        let energy = Energy::from_milliwatt_hours(value);
        prop_assert_eq!(energy.to_string().parse(), Ok(energy));
        let fen = Fen::from_fen(value);
        prop_assert_eq!(fen.to_string().parse(), Ok(fen));
    }

    #[test]
    fn parsing_never_panics(text in ".{0,40}") {
        let _ = text.parse::<Energy>();
    }

    #[test]
    fn small_charges_sum_to_the_large_one(
        price in -2_000_000_i64..2_000_000,
        parts in prop::collection::vec(-50_000_i64..50_000, 1..60),
    ) {
        let price = Price::from_micro_yuan_per_kwh(price);
        let (mut total, mut rest) = (Money::ZERO, PicoYuan::ZERO);
        for &part in &parts {
            let charge = price.charge(Energy::from_milliwatt_hours(part), rest).unwrap();
            total += charge.money;
            rest = charge.rest;
        }
        let whole = Energy::from_milliwatt_hours(parts.iter().sum());
        let at_once = price.charge(whole, PicoYuan::ZERO).unwrap();
        prop_assert_eq!((total, rest), (at_once.money, at_once.rest));
    }

    #[test]
    fn money_is_fen_and_rest(micro_yuan: i64) {
        let money = Money::from_micro_yuan(micro_yuan);
        let payable = money.payable();
        let back = i128::from(payable.fen.fen()) * 10_000 + i128::from(payable.rest.micro_yuan());
        prop_assert_eq!(back, i128::from(micro_yuan));
    }

    #[test]
    fn a_quotient_and_its_rest_make_the_number(value: i64, divisor in 1_u32..=1 << 24) {
        let (quotient, rest) = Divisor::new(divisor).unwrap().divide(value);
        prop_assert!(rest < divisor);
        let back = i128::from(quotient) * i128::from(divisor) + i128::from(rest);
        prop_assert_eq!(back, i128::from(value));
    }

    #[test]
    fn any_instant_has_a_date_and_back(milliseconds in -4_000_000_000_000_i64..8_000_000_000_000) {
        let instant = Instant::from_unix_milliseconds(milliseconds);
        prop_assert_eq!(Instant::from_civil(instant.civil()), instant);
    }
}
