//! A FRAM that loses power, and meters to put on it.
#![allow(dead_code, reason = "each test file uses a part of it")]

use core::cell::Cell;

use management::{Constant, DayTable, Management, Outputs, Rate, Ratings, Settings, Switch};
use management::{MEMORY_BYTES, Text, Wiring};
use quantity::{CivilDate, CivilTime, Duration, Energy, Instant, Power};
use wire::MeterId;
use wire::memory::Memory;
use wire::reading::{PhaseReading, Reading};

/// A FRAM whose supply ends after a given number of written bytes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Fram {
    bytes: Vec<u8>,
    fuel: Cell<u32>,
    pub(crate) written: u32,
}

impl Fram {
    pub(crate) fn blank() -> Self {
        Self { bytes: vec![0; MEMORY_BYTES as usize], fuel: Cell::new(u32::MAX), written: 0 }
    }

    /// The same memory, whose supply ends after `fuel` more bytes.
    pub(crate) fn dying_after(self, fuel: u32) -> Self {
        self.die_after(fuel);
        self
    }

    /// Ends the supply after `fuel` more bytes.
    pub(crate) fn die_after(&self, fuel: u32) {
        self.fuel.set(fuel);
    }

    /// The same memory with the power back.
    pub(crate) fn revived(mut self) -> Self {
        self.fuel.set(u32::MAX);
        self.written = 0;
        self
    }

    pub(crate) fn flip(&mut self, address: usize) {
        self.bytes[address] ^= 0x40;
    }
}

impl Memory for Fram {
    fn capacity(&self) -> u32 {
        MEMORY_BYTES
    }

    fn read(&self, address: u32, bytes: &mut [u8]) {
        let start = address as usize;
        bytes.copy_from_slice(&self.bytes[start..start + bytes.len()]);
    }

    fn write(&mut self, address: u32, bytes: &[u8]) {
        for (cell, byte) in self.bytes[address as usize..][..bytes.len()].iter_mut().zip(bytes) {
            let Some(left) = self.fuel.get().checked_sub(1) else {
                return;
            };
            self.fuel.set(left);
            *cell = *byte;
            self.written += 1;
        }
    }
}

pub(crate) const KEY: [u8; 32] = [7; 32];

/// Valley to 8 h, flat to 10 h, sharp to 12 h, peak to 22 h, valley again.
pub(crate) fn day_table() -> DayTable {
    let switch = |hour: u16, rate| Switch { minute_of_day: hour * 60, rate };
    DayTable::new(&[
        switch(8, Rate::Flat),
        switch(10, Rate::Sharp),
        switch(12, Rate::Peak),
        switch(22, Rate::Valley),
    ])
    .expect("valid")
}

pub(crate) fn settings() -> Settings {
    Settings {
        meter: MeterId::new(987_654_321_000).expect("valid"),
        address: MeterId::new(42).expect("valid"),
        link_key: KEY,
        wiring: Wiring::ThreePhase,
        constant_active: Constant::new(6400).expect("valid"),
        constant_reactive: Constant::new(6400).expect("valid"),
        ratings: Ratings {
            voltage: Text::new("220V").expect("valid"),
            current: Text::new("1.5A").expect("valid"),
            current_max: Text::new("6A").expect("valid"),
            class_active: Text::new("0.2S").expect("valid"),
            class_reactive: Text::new("0.5S").expect("valid"),
            model: Text::new("JD-1").expect("valid"),
            produced: Text::new("2026-11-22").expect("valid"),
        },
        day_table: day_table(),
    }
}

pub(crate) fn fresh() -> Management<Fram> {
    Management::personalise(Fram::blank(), &settings()).expect("valid")
}

/// A legal time in 2026.
pub(crate) fn at(month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Instant {
    let date = CivilDate { year: 2026, month, day };
    Instant::from_civil(CivilTime { date, hour, minute, second, millisecond: 0 })
}

pub(crate) const fn hours(count: i64) -> Duration {
    Duration::from_hours(count)
}

/// A steady plant: 220.1 V, 5.4321 A, 60 degrees, and the registers given in milliwatt-hours.
pub(crate) fn reading(at: Instant, import: i64, export: i64) -> Reading {
    let phase = PhaseReading {
        voltage_millivolts: 220_120,
        current_microamperes: 5_432_100,
        active: Power::from_milliwatts(597_750),
        reactive_milli_vars: 1_035_330,
        apparent_milli_volt_amperes: 1_195_490,
        power_factor_thousandths: 500,
        import: Energy::from_milliwatt_hours(import / 3),
        export: Energy::from_milliwatt_hours(export / 3),
    };
    Reading {
        at,
        phases: [phase; 3],
        neutral_current_microamperes: 12_340,
        frequency_millihertz: 49_984,
        active: Power::from_milliwatts(-1_793_250),
        reactive_milli_vars: 3_105_990,
        apparent_milli_volt_amperes: 3_586_470,
        power_factor_thousandths: -500,
        import: Energy::from_milliwatt_hours(import),
        export: Energy::from_milliwatt_hours(export),
        reactive_quadrants_milli_var_hours: [import / 2, 0, 0, 7],
        pulses_import: 0,
        pulses_export: 0,
    }
}

/// Import rises by one milliwatt-hour per second since the start of 2026, export by a third.
pub(crate) fn steady(at: Instant) -> Reading {
    let start = CivilDate { year: 2026, month: 1, day: 1 }.start();
    let seconds = at.since(start).milliseconds() / 1000 + 1_000_000_000;
    reading(at, seconds, seconds / 3)
}

/// Feeds steady readings from `from` to `to`, both included.
pub(crate) fn run(meter: &mut Management<Fram>, from: Instant, to: Instant, step: Duration) {
    let mut now = from;
    while now <= to {
        accept(meter, &steady(now));
        now = now + step;
    }
}

/// Feeds a reading that must be accepted.
pub(crate) fn accept(meter: &mut Management<Fram>, reading: &Reading) -> Outputs {
    let outputs = meter.receive(reading);
    assert_eq!(outputs.refused, None, "at {}", reading.at.civil());
    outputs
}
