//! Byte code by hand: the layout of `program/mod.rs` written out once more, by nobody's compiler.

/// The sections of a program, each row as its bytes.
#[derive(Clone)]
pub(crate) struct Assembly {
    pub(crate) floor: i32,
    pub(crate) cap: i32,
    pub(crate) stack: u8,
    pub(crate) first_year: u16,
    pub(crate) years: u8,
    pub(crate) legs: Vec<Vec<u8>>,
    pub(crate) signals: Vec<Vec<u8>>,
    pub(crate) quantities: Vec<Vec<u8>>,
    pub(crate) conditions: Vec<Vec<u8>>,
    pub(crate) special: Vec<Vec<u8>>,
    pub(crate) days: Vec<Vec<u8>>,
    pub(crate) tables: Vec<Vec<u8>>,
    pub(crate) steps: Vec<Vec<u8>>,
    pub(crate) tiers: Vec<Vec<u8>>,
    pub(crate) pool: Vec<Vec<u8>>,
    pub(crate) prepaid: Vec<Vec<u8>>,
    pub(crate) code: Vec<Vec<u8>>,
    pub(crate) examples: Vec<Vec<u8>>,
}

impl Assembly {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let counted = [
            &self.legs,
            &self.signals,
            &self.quantities,
            &self.conditions,
            &self.special,
            &self.days,
            &self.tables,
            &self.steps,
            &self.tiers,
            &self.pool,
            &self.prepaid,
        ];
        let small = |count: usize| u8::try_from(count).unwrap();
        let mut bytes = b"JDPC".to_vec();
        bytes.extend([2, 2, 1]);
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(900_u32.to_le_bytes());
        bytes.extend(1_000_000_000_u64.to_le_bytes());
        bytes.extend([self.floor, self.cap].map(i32::to_le_bytes).concat());
        bytes.extend(u16::try_from(self.code.len()).unwrap().to_le_bytes());
        bytes.push(self.stack);
        bytes.extend(counted.map(|rows| small(rows.len())));
        bytes.push(small(self.examples.len()));
        bytes.extend(self.first_year.to_le_bytes());
        bytes.push(self.years);
        bytes.extend(u16::try_from(self.code.concat().len()).unwrap().to_le_bytes());
        bytes.extend(counted.into_iter().flatten().flatten());
        bytes.extend(self.code.iter().flatten());
        bytes.extend(self.examples.iter().flatten());
        bytes
    }
}

pub(crate) fn i32s(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn leg(debit: u8, credit: u8, purpose: u8, expiry_days: u16) -> Vec<u8> {
    [&[debit, credit, purpose], expiry_days.to_le_bytes().as_slice()].concat()
}

pub(crate) fn signal(id: u8, low: i32, high: i32, age_seconds: i32) -> Vec<u8> {
    [vec![id], i32s(&[0, low, high, age_seconds])].concat()
}

pub(crate) fn quantity(id: u8, most: u64, floor: i32, cap: i32) -> Vec<u8> {
    [vec![id], most.to_le_bytes().to_vec(), i32s(&[floor, cap])].concat()
}

/// Months, bands, day kinds, events on, events off, first and last day.
pub(crate) fn condition(months: u16, sets: [u8; 4], days: [u16; 2]) -> Vec<u8> {
    let days = days.map(u16::to_le_bytes).concat();
    [months.to_le_bytes().to_vec(), sets.to_vec(), days].concat()
}

pub(crate) fn day(months: u16, condition: u8, starts: &[(u16, u8)]) -> Vec<u8> {
    let mut bytes = months.to_le_bytes().to_vec();
    bytes.extend([condition, u8::try_from(starts.len()).unwrap()]);
    for (minute, band) in starts {
        bytes.extend(minute.to_le_bytes());
        bytes.push(*band);
    }
    bytes
}

pub(crate) fn special(first_day: u16, length: u8, kind: u8) -> Vec<u8> {
    [first_day.to_le_bytes().as_slice(), &[length, kind]].concat()
}

/// Identifying bytes, then limits, then prices.
pub(crate) fn table(head: &[u8], limits: &[u64], prices: &[i32]) -> Vec<u8> {
    let limits = limits.iter().flat_map(|limit| limit.to_le_bytes()).collect();
    [head.to_vec(), limits, i32s(prices)].concat()
}

pub(crate) fn constant(unit: u8, price: i32) -> Vec<u8> {
    [vec![unit], i32s(&[price])].concat()
}

fn band_row(months: u16, bands: u8, prices: &[i32]) -> Vec<u8> {
    [months.to_le_bytes().to_vec(), vec![bands], i32s(prices)].concat()
}

/// An instruction with a share of a million in the middle.
pub(crate) fn with_ppm(head: &[u8], ppm: i32, tail: &[u8]) -> Vec<u8> {
    [head.to_vec(), i32s(&[ppm]), tail.to_vec()].concat()
}

fn varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 128 {
        bytes.push(u8::try_from(value % 128).unwrap() + 128);
        value /= 128;
    }
    bytes.push(u8::try_from(value).unwrap());
}

/// An example with one part for each kind of fact.
pub(crate) struct Example<'e> {
    pub(crate) day: u64,
    pub(crate) minute_utc: u64,
    pub(crate) energy: u64,
    pub(crate) before: u64,
    pub(crate) quantities: &'e [(u8, u64)],
    /// Id, value, age in milliseconds.
    pub(crate) signals: &'e [(u8, u64, u64)],
    pub(crate) held: u64,
    /// Micro-yuan, none of them negative.
    pub(crate) legs: &'e [u64],
    pub(crate) hold: u64,
}

pub(crate) fn example(example: &Example<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(example.day * 1440 + example.minute_utc, &mut bytes);
    for part in [example.energy, example.before, example.before] {
        varint(part, &mut bytes);
    }
    bytes.push(u8::try_from(example.quantities.len()).unwrap());
    for (id, amount) in example.quantities {
        bytes.push(*id);
        varint(*amount, &mut bytes);
    }
    bytes.push(u8::try_from(example.signals.len()).unwrap());
    for (id, value, age) in example.signals {
        bytes.push(*id);
        varint(2 * value, &mut bytes);
        varint(*age, &mut bytes);
    }
    varint(example.held, &mut bytes);
    for leg in example.legs {
        varint(2 * leg, &mut bytes);
        bytes.push(0);
    }
    varint(example.hold, &mut bytes);
    bytes
}

/// 2026-01-01 in days since 1970-01-01.
pub(crate) const NEW_YEAR: u16 = 20_454;

/// One of everything, in millionths: prices by bands that hot days and rest days change, 10 % of
/// them to the treasury; a tier; a fund in the peak; demand and power factor at the end of the
/// month; a deviation beyond 5 %; a subsidy in winter valleys; 50 yuan on hold.
pub(crate) fn everything() -> Assembly {
    let all = 0xfff;
    let summer = 0x0c0;
    Assembly {
        floor: 300_000,
        cap: 1_250_000,
        stack: 2,
        first_year: 2026,
        years: 2,
        legs: vec![leg(1, 6, 0, 0), leg(1, 2, 0, 0), leg(5, 1, 1, 120)],
        signals: vec![signal(2, -100_000, 100_000, 900), signal(11, 0, 1, 86_400)],
        quantities: vec![
            quantity(3, 10_000_000_000, 0, 100_000),
            quantity(6, 10_000_000_000, 0, 0),
            quantity(7, 10_000_000_000, 0, 32_000_000),
            quantity(11, 1_000_000_000_000, 0, 25_000),
            quantity(12, 1_000_000, 0, 0),
        ],
        conditions: vec![
            condition(all, [0x1f, 6, 0, 0], [0, 0xffff]),
            condition(all, [0x1f, 7, 1, 0], [0, 0xffff]),
            condition(all, [2, 7, 0, 0], [0, 0xffff]),
            // 2026-11-15 to 2027-03-15.
            condition(all, [8, 7, 0, 0], [NEW_YEAR + 318, NEW_YEAR + 438]),
        ],
        special: vec![special(NEW_YEAR, 3, 4), special(NEW_YEAR + 3, 1, 1)],
        days: vec![
            day(all, 0, &[(0, 4), (480, 3)]),
            day(summer, 1, &[(0, 4), (480, 3), (660, 1), (720, 3)]),
            day(all, 0xff, &[(0, 4), (480, 3), (1080, 2), (1320, 3)]),
        ],
        tables: vec![
            [
                vec![0, 2],
                band_row(all & !summer, 0b1110, &[900_000, 600_000, 300_000]),
                band_row(summer, 0b1111, &[1_200_000, 900_000, 600_000, 300_000]),
            ]
            .concat(),
        ],
        steps: vec![table(&[12, 2, 3], &[850_000, 900_000], &[25_000, 5_000, 0])],
        tiers: vec![table(&[1, 2], &[100_000_000], &[0, 50_000])],
        pool: vec![
            constant(0, 100_000),
            constant(0, 500_000),
            constant(1, 100_000),
            constant(1, 32_000_000),
        ],
        prepaid: vec![
            [
                vec![1],
                50_000_000_u64.to_le_bytes().to_vec(),
                10_000_000_u64.to_le_bytes().to_vec(),
                i32s(&[30 * 86_400]),
            ]
            .concat(),
        ],
        code: everything_code(),
        examples: everything_examples(),
    }
}

fn everything_code() -> Vec<Vec<u8>> {
    vec![
        // On hot days 95 % of (0.5 + floating) to 0.0001, else the band's price.
        vec![0x03, 2],
        vec![0x01, 1],
        vec![0x04],
        with_ppm(&[0x09], 950_000, &[1, 100, 0, 0, 0]),
        vec![0x02, 0],
        vec![0x0a, 1],
        with_ppm(&[0x15, 5, 0, 0], 100_000, &[]),
        vec![0x10, 5, 1],
        vec![0x11, 8, 1, 0],
        // 0.1 into the first leg when peak.
        vec![0x12, 2, 5],
        vec![0x01, 0],
        vec![0x10, 12, 0],
        // 32 yuan/kW on the maximum demand.
        vec![0x01, 3],
        vec![0x13, 15, 1, 7],
        // By the power factor on the amount billed.
        vec![0x08, 0],
        vec![0x13, 14, 1, 11],
        // 0.1 yuan/kW on the deviation beyond 5 % of the traded power.
        vec![0x01, 2],
        with_ppm(&[0x14, 16, 1, 3], 50_000, &[6]),
        // 0.1 from the state in valleys of one winter.
        vec![0x12, 3, 5],
        vec![0x01, 0],
        vec![0x10, 3, 2],
    ]
}

fn everything_examples() -> Vec<Vec<u8>> {
    let new_year = u64::from(NEW_YEAR);
    vec![
        // Wednesday 2026-07-15 19:00, peak at 0.9: 10 kWh × 0.09 + 10 × 0.1; 10 × 0.81 + 5 × 0.05
        // + (120 - 50) kW × 0.1. Of 20 yuan held 4.65 are left.
        example(&Example {
            day: new_year + 195,
            minute_utc: 660,
            energy: 10_000_000,
            before: 95_000_000,
            quantities: &[(3, 120_000_000), (6, 1_000_000_000)],
            signals: &[],
            held: 20_000_000,
            legs: &[1_900_000, 15_350_000, 0],
            hold: 50_000_000,
        }),
        // Monday 2026-11-30 23:45, hot: 95 % × 0.521234 = 0.4951723, so 0.4952: 0.04952 and 0.44568;
        // 120 kW × 32 = 3840; 0.5 % of 100 yuan at 88 %.
        example(&Example {
            day: new_year + 333,
            minute_utc: 945,
            energy: 1_000_000,
            before: 0,
            quantities: &[
                (3, 10_000_000),
                (6, 1_000_000_000),
                (7, 120_000_000),
                (11, 100_000_000),
                (12, 880_000),
            ],
            signals: &[(2, 21_234, 0), (11, 1, 0)],
            held: 0,
            legs: &[49_520, 3_840_945_680, 0],
            hold: 50_000_000,
        }),
        // Saturday 2026-12-05 03:00, valley of a rest day; the heat was a day and a millisecond ago.
        example(&Example {
            day: new_year + 337,
            minute_utc: 1140,
            energy: 2_000_000,
            before: 0,
            quantities: &[(3, 0), (6, 0)],
            signals: &[(11, 1, 86_400_001)],
            held: 15_000_000,
            legs: &[60_000, 540_000, 200_000],
            hold: 0,
        }),
    ]
}
