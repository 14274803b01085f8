//! URDB rates as contracts. The samples are ours, written by hand in the form of the database; the
//! expected numbers are worked out from them beside each test.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests: a panic is the report")]

use contract::{Carries, Facts, Quantities, Quantity, Signals};
use grid::authoring::{Decimal, Imported, Options, Rounding, import};
use proptest::prelude::*;
use quantity::{CivilDate, CivilTime, Duration, Energy, Instant, Money};

const TIERS: &str = include_str!("urdb/residential-tiers.json");
const HOURS: &str = include_str!("urdb/commercial-hours.json");

fn options() -> Options {
    Options {
        class: None,
        name: None,
        label: None,
        yuan_per_dollar: None,
        rounding: Rounding::HalfUp,
        years: vec![2025, 2026],
    }
}

/// A rate whose contract passes the checker, with all its worked examples.
#[track_caller]
fn imported(text: &str, options: &Options) -> Imported {
    let imported = import(text, options).unwrap();
    if let Err(diagnostics) = contract::check(&imported.source) {
        let english = contract::Language::English;
        let why = contract::render_all(&diagnostics, &imported.source, english);
        panic!("{}\n{why}", imported.source);
    }
    imported
}

fn at(month: u8, day: u8, hour: u8) -> Instant {
    let date = CivilDate { year: 2025, month, day };
    Instant::from_civil(CivilTime { date, hour, minute: 0, second: 0, millisecond: 0 })
}

/// What `energy` costs that begins at a register of `before`, in micro-yuan.
fn cost(source: &str, start: Instant, before_kwh: i64, energy_kwh: i64) -> i64 {
    let built = contract::build(source).unwrap();
    let facts = Facts {
        start,
        end: start + Duration::from_minutes(15),
        energy: Energy::from_milliwatt_hours(energy_kwh * 1_000_000),
        month_before: Energy::from_milliwatt_hours(before_kwh * 1_000_000),
        year_before: Energy::ZERO,
        signals: &Signals::NONE,
        quantities: &Quantities::NONE,
        held: Money::ZERO,
    };
    let settled = built.program().unwrap().settle(&facts, &mut Carries::default()).unwrap();
    settled.total.micro_yuan()
}

#[test]
fn tiers_and_seasons_are_carried_over() {
    let imported = imported(TIERS, &options());
    let cost = |month, before, energy| cost(&imported.source, at(month, 3, 12), before, energy);
    // January: 0.0925 + 0.0075 = 0.10 up to 500 kWh, then 0.12.
    assert_eq!(cost(1, 0, 10), 1_000_000);
    assert_eq!(cost(1, 490, 20), 10 * 100_000 + 10 * 120_000);
    // July: 0.11 up to 500, 0.14 up to 1000, then 0.16; the 1e38 of the last tier is no limit.
    assert_eq!(cost(7, 0, 10), 1_100_000);
    assert_eq!(cost(7, 999, 2), 140_000 + 160_000);
    assert_eq!(cost(7, 499, 2), 110_000 + 140_000);
}

#[test]
fn hours_weekends_and_demand_are_carried_over() {
    let imported = imported(HOURS, &options());
    let cost = |month, day, hour| cost(&imported.source, at(month, day, hour), 0, 10);
    // 2025-07-01 is a Tuesday: 0.18432 from 13 h, 0.09 from 8 h, 0.06123 + 0.00312 at night.
    assert_eq!(cost(7, 1, 13), 1_843_200);
    assert_eq!(cost(7, 1, 12), 900_000);
    assert_eq!(cost(7, 1, 23), 643_500);
    // 2025-07-05 is a Saturday; January has one dear period on workdays.
    assert_eq!(cost(7, 5, 13), 643_500);
    assert_eq!(cost(1, 6, 12), 800_000);
    let built = contract::build(&imported.source).unwrap();
    let demand = |month: u8, next: Instant| {
        let power = Quantities::NONE.with(Quantity::MaximumDemand, 100_000_000);
        let facts = Facts {
            start: next - Duration::from_minutes(15),
            end: next,
            energy: Energy::ZERO,
            month_before: Energy::ZERO,
            year_before: Energy::ZERO,
            signals: &Signals::NONE,
            quantities: &power,
            held: Money::ZERO,
        };
        let settled = built.program().unwrap().settle(&facts, &mut Carries::default());
        (month, settled.unwrap().total.micro_yuan())
    };
    // 100 kW × 7.5; July: 100 kW × (11.25 + 0.25). The hourly demand of winter is nothing.
    assert_eq!(demand(1, at(2, 1, 0)), (1, 750_000_000));
    assert_eq!(demand(7, at(8, 1, 0)), (7, 1_150_000_000));
}

#[test]
fn everything_that_is_not_carried_over_is_named() {
    let places = |text: &str| {
        let imported = imported(text, &options());
        imported.left_out.into_iter().map(|remark| remark.path).collect::<Vec<_>>()
    };
    let tiers = places(TIERS);
    for path in [
        "fixedchargefirstmeter",
        "mincharge",
        "dgrules",
        "voltagecategory",
        "startdate",
        "energyratestructure[1][0].sell",
    ] {
        assert!(tiers.iter().any(|place| place == path), "no {path} in {tiers:?}");
    }
    let hours = places(HOURS);
    for path in [
        "fixedchargefirstmeter",
        "demandratchetpercentage",
        "peakkwcapacitymin",
        "demandweekdayschedule[6]",
        "enddate",
    ] {
        assert!(hours.iter().any(|place| place == path), "no {path} in {hours:?}");
    }
    // A member that nobody knows is named too, and what says nothing isn't.
    let unknown = TIERS.replacen("\"approved\"", "\"novelty\": 3, \"empty\": [], \"approved\"", 1);
    let unknown = places(&unknown);
    assert!(unknown.contains(&"novelty".to_owned()) && !unknown.contains(&"empty".to_owned()));
}

#[test]
fn prices_are_converted_exactly_and_rounded_as_asked() {
    let yuan = |text: &str| Options { yuan_per_dollar: Decimal::parse(text), ..options() };
    // 0.18432000000000001 × 7.1 = 1.308672000000000071: rounded to a micro-yuan, and said so.
    let converted = imported(HOURS, &yuan("7.1"));
    assert_eq!(cost(&converted.source, at(7, 1, 13), 0, 10), 13_086_720);
    let note =
        |imported: &Imported, path: &str| imported.notes.iter().any(|note| note.path == path);
    assert!(note(&converted, "energyratestructure[2][0]"));
    // 0.06123 + 0.00312 = 0.06435; × 7.1 = 0.456885 exactly: nothing is said.
    assert_eq!(cost(&converted.source, at(7, 1, 23), 0, 10), 4_568_850);
    assert!(!note(&converted, "energyratestructure[0][0]"));
    let loud = imported(HOURS, &options());
    assert!(loud.notes.iter().any(|note| note.en.contains("TAKEN AS YUAN")));
    let refused = import(HOURS, &Options { rounding: Rounding::Refuse, ..options() }).unwrap_err();
    assert_eq!(refused.0.path, "energyratestructure[2][0]");
    let down = imported(HOURS, &Options { rounding: Rounding::Down, ..yuan("0.00001") });
    assert_eq!(cost(&down.source, at(7, 1, 13), 0, 10), 10);
}

#[test]
fn what_is_not_a_rate_is_refused_with_its_place() {
    let wrong = |from: &str, to: &str| {
        let text = TIERS.replacen(from, to, 1);
        assert_ne!(text, TIERS, "{from} isn't in the sample");
        import(&text, &options()).unwrap_err().0.path
    };
    assert_eq!(wrong("\"energyratestructure\"", "\"other\""), "energyratestructure");
    assert_eq!(wrong("0.0925", "\"dear\""), "energyratestructure[0][0].rate");
    assert_eq!(wrong("1000,", "400,"), "energyratestructure[1][1]");
    assert_eq!(wrong("[0, 0, 0", "[7, 0, 0"), "energyweekdayschedule[0][0]");
    assert_eq!(wrong("[0, 0, 0", "[0, 0"), "energyweekdayschedule[0]");
    assert_eq!(import("{\"items\": []}", &options()).unwrap_err().0.path, "items");
    let two = format!("{{\"items\": [{TIERS}, {HOURS}]}}");
    assert!(import(&two, &options()).unwrap_err().0.en.contains("test-commercial"));
    let label = Some("test-residential".to_owned());
    assert_eq!(imported(&two, &Options { label, ..options() }), imported(TIERS, &options()));
}

#[test]
fn a_third_tier_table_keeps_its_first_tier_and_is_named() {
    let three = TIERS.replacen("[0, 0, 0", "[2, 2, 2", 1);
    let (head, tail) = three.split_once("\"energyweekdayschedule\"").unwrap();
    let head = head.trim_end().trim_end_matches(',').trim_end().strip_suffix(']').unwrap();
    let period = "[{\"max\": 300, \"rate\": 0.2}, {\"rate\": 0.5}]";
    let three = format!("{head}, {period}],\n\"energyweekdayschedule\"{tail}");
    let imported = imported(&three, &options());
    let lost = imported.left_out.iter().find(|one| one.path == "energyratestructure").unwrap();
    assert!(lost.en.contains("months 1:"), "{}", lost.en);
}

#[test]
fn tiers_behind_one_without_a_limit_are_named() {
    let tiers = r#"{"energyratestructure": [[{"rate": 0.1}, {"rate": 0.2}]]}"#;
    let imported = imported(tiers, &options());
    let lost = &imported.left_out[0];
    assert_eq!(lost.path, "energyratestructure[0][0]");
    assert!(lost.en.contains("no energy reaches: 1"), "{}", lost.en);
    assert!(imported.source.contains(&lost.en), "the source says so too");
}

/// In winter all hours have the tiers, in summer the night alone: one table, two charges.
#[test]
fn two_charges_share_a_tier_table() {
    let month = |day: u8| {
        format!(
            "[{}]",
            [vec![0; 8], vec![day; 16]]
                .concat()
                .iter()
                .map(|period: &u8| period.to_string())
                .collect::<Vec<_>>()
                .join(",")
        )
    };
    let (winter, summer) = (vec![month(0); 6], vec![month(1); 6]);
    let rate = format!(
        r#"{{"energyratestructure": [[{{"max": 100, "rate": 0.1}}, {{"rate": 0.2}}],
            [{{"rate": 0.3}}]], "energyweekdayschedule": [{}]}}"#,
        [winter, summer].concat().join(",")
    );
    let source = imported(&rate, &options()).source;
    assert_eq!(source.matches("tiers ladder-").count(), 3, "one table, used twice: {source}");
    // 50 × 0.1 + 50 × 0.2 = 15 in winter at noon and in a summer night; 100 × 0.3 on a summer day.
    for (start, cost_micro_yuan) in
        [(at(1, 5, 12), 15_000_000), (at(7, 6, 2), 15_000_000), (at(7, 6, 12), 30_000_000)]
    {
        assert_eq!(cost(&source, start, 50, 100), cost_micro_yuan);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is changed in a rate: it is refused with a place, or it is a source. Never a panic.
    #[test]
    fn changed_rates_never_panic(
        at in 0..4000_usize,
        length in 0..40_usize,
        put in "[0-9eE.\\-\\[\\]{}\",:a-z]{0,12}",
        hourly in any::<bool>(),
    ) {
        let text = if hourly { HOURS } else { TIERS };
        let from = at.min(text.len());
        let to = (from + length).min(text.len());
        let changed = format!("{}{put}{}", &text[..from], &text[to..]);
        if let Err(error) = import(&changed, &options()) {
            prop_assert!(!error.0.path.is_empty());
        }
    }

    /// Random prices and limits make a contract that passes the checker with its examples.
    #[test]
    fn random_prices_make_sound_contracts(
        prices in proptest::collection::vec(-200_000..2_000_000_i64, 6),
        limit in 1..5000_i64,
        dear in 0..24_usize,
    ) {
        let price = |at: usize| format!("{}e-6", prices[at]);
        let hours = |period: usize| (0..24).map(|hour| if hour < dear { "0".into() } else { period.to_string() })
            .collect::<Vec<String>>().join(",");
        let months = (0..12).map(|month| format!("[{}]", hours(1 + month % 2))).collect::<Vec<_>>();
        let rate = format!(
            "{{\"energyratestructure\": [[{{\"rate\": {}}}], [{{\"max\": {limit}, \"rate\": {}}}, \
             {{\"rate\": {}}}], [{{\"rate\": {}}}]], \"energyweekdayschedule\": [{}], \
             \"flatdemandstructure\": [[{{\"rate\": {}}}]]}}",
            price(0), price(1), price(2), price(3), months.join(","), price(4),
        );
        imported(&rate, &options());
    }
}
