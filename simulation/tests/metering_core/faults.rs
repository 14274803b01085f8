//! What goes wrong on the board.

use super::{NOW, SECOND, balanced, blank, imported, incidents, meter, watts};
use ade9000::{Error, address_of, crc16, fields};
use core::convert::Infallible;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use mb85rc512t::Straps;
use metering::Wiring;
use metering_core::{Board, Fault, MeteringCore};
use simulation::fram::chip::Chip;
use simulation::instrument::configuration;
use simulation::random::Random;
use simulation::waveform_meter::{WaveformMeter, Wired};

const WIRING: Wiring = Wiring::ThreePhaseFourWire;

/// A bus on which somebody changes what the chip says: gets the header and the answer.
struct Meddled<F>(Wired, F);

impl<F> ErrorType for Meddled<F> {
    type Error = Infallible;
}

impl<F: FnMut([u8; 2], &mut [u8])> SpiDevice for Meddled<F> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        self.0.transaction(operations)?;
        if let [Operation::Write(header), Operation::Read(answer)] = operations {
            (self.1)([header[0], header[1]], answer);
        }
        Ok(())
    }
}

type Meddling<F> = MeteringCore<Meddled<F>, Chip>;

fn start<F: FnMut([u8; 2], &mut [u8])>(
    meddle: F,
) -> (Wired, Result<Meddling<F>, Fault<Infallible>>) {
    let wired = Wired::default();
    let i2c = Chip::new(blank(), Straps::LOW);
    let board = Board { spi: Meddled(wired.clone(), meddle), i2c, straps: Straps::LOW };
    let core = MeteringCore::start(board, configuration(WIRING), &mut wired.clone());
    (wired, core)
}

#[test]
fn a_bus_without_an_ade9000_is_refused() {
    for level in [0x00, 0xFF] {
        let (_, core) = start(|_, answer| answer.fill(level));
        let version = u16::from_be_bytes([level; 2]);
        assert_eq!(core.err(), Some(Fault::Chip(Error::WrongPart { version })));
    }
    // The rest of the family has the same Version.
    let (_, core) = start(|header, answer| {
        if header == [0x47, 0x28] {
            answer[..4].copy_from_slice(&[0, 0x01, 0, 0]);
            let sum = crc16(&answer[..4]).to_be_bytes();
            answer[4..].copy_from_slice(&sum);
        }
    });
    let refused = core.err().unwrap();
    assert_eq!(refused, Fault::OtherPart { part_id: 0x0001_0000 });
    assert!(refused.to_string().contains("not an ADE9000"), "{refused}");
}

/// Bits flip on the way of every twentieth register read: each is read again, and no window differs
/// from those of a quiet bus.
#[test]
fn flipped_bits_of_registers_change_nothing() {
    let windows = |every: u64| {
        let mut reads = 0;
        let (wired, core) = start(move |_, answer| {
            reads += 1;
            if answer.len() <= 6 && reads > 200 && reads % every == 0 {
                let bit = Random::from_seed(3).part(reads).between(0, 31).cast_unsigned();
                let bit = usize::try_from(bit).unwrap();
                answer[bit / 8] ^= 1 << (bit % 8);
            }
        });
        let mut core = core.unwrap();
        wired.set_line(&balanced(10.0, 20.0));
        let mut windows = Vec::new();
        while wired.steps() < u64::from(3 * SECOND) {
            let interrupts = wired.run(u64::from(3 * SECOND));
            let now = wired.steps() * 125;
            let take = |window: &metering::Window, _: &metering::Registers| windows.push(*window);
            core.serve(interrupts, now, &mut wired.clone(), take).unwrap();
        }
        assert_eq!(core.next_incident(), None);
        windows
    };
    let quiet = windows(u64::MAX);
    assert!(quiet.len() > 10);
    assert_eq!(windows(20), quiet);
}

/// The line of the chip floats for a while: the core says so, stands still, and goes on afterwards.
#[test]
fn samples_of_a_floating_line_are_refused() {
    let mut pages = 0;
    let (wired, core) = start(move |_, answer| {
        pages += u32::from(answer.len() > 6);
        if answer.len() > 6 && (300..303).contains(&pages) {
            answer.fill(0xFF);
        }
    });
    let mut core = core.unwrap();
    wired.set_line(&balanced(10.0, 20.0));
    let (mut faults, mut windows) = (Vec::new(), 0);
    while wired.steps() < u64::from(3 * SECOND) {
        let interrupts = wired.run(u64::from(3 * SECOND));
        let now = wired.steps() * 125;
        let served = core.serve(interrupts, now, &mut wired.clone(), |_, _| windows += 1);
        if let Err(fault) = served {
            faults.push(fault);
            core.restart(&mut wired.clone()).unwrap();
        }
    }
    assert!(matches!(faults[..], [Fault::Chip(Error::NotSamples { .. })]), "{faults:?}");
    assert!(windows > 12);
}

fn write(wired: &Wired, name: &str, data: &[u8]) {
    let header = (address_of(name) << 4).to_be_bytes();
    wired.with_twin(|twin| twin.exchange(&[&header[..], data].concat()));
}

fn unlock(wired: &Wired) {
    write(wired, "WR_LOCK", &fields::UNLOCK.to_be_bytes());
}

/// Ten seconds under 6.6 kW with something in their middle that must cost less than a second.
fn disturbed(disturb: impl FnOnce(&Wired)) -> WaveformMeter {
    let line = balanced(10.0, 0.0);
    let mut meter = meter(WIRING);
    meter.sample(&line, 5 * SECOND, NOW, |_| {});
    disturb(meter.wired());
    meter.sample(&line, 5 * SECOND, NOW, |_| {});
    let flowed = watts(&line) * 10.0 / 3.6;
    let held = imported(&meter);
    assert!(held < flowed && held > flowed * 0.9, "{held} mWh of {flowed}");
    meter
}

#[test]
fn a_locked_chip_takes_no_gain_from_anybody() {
    let meter = disturbed(|wired| write(wired, "AIGAIN", &[0, 0, 1, 0]));
    assert!(incidents(&meter).is_empty());
}

#[test]
fn a_changed_configuration_is_noticed_and_put_back() {
    let meter = disturbed(|wired| {
        unlock(wired);
        write(wired, "AIGAIN", &[0, 0, 1, 0]);
    });
    let told = incidents(&meter);
    assert!(told.len() == 1 && told[0].starts_with("ConfigurationChanged"), "{told:?}");
    assert_eq!(meter.wired().with_twin(|twin| twin.peek(address_of("AIGAIN"))), 0);
    assert_eq!(meter.wired().with_twin(|twin| twin.exchange(&[0x4B, 0xF8, 0, 0])[3]), 1, "locked");
}

#[test]
fn a_chip_that_begins_again_by_itself_is_configured_anew() {
    let meter = disturbed(|wired| {
        unlock(wired);
        write(wired, "CONFIG1", &[0, 1]);
    });
    assert_eq!(incidents(&meter), ["ChipReset"]);
}

/// The core is busy elsewhere: for less than a half of the buffer nothing is lost, and longer is
/// noticed, also when the chip stands in the right half again a lap later.
#[test]
fn samples_that_were_written_over_are_never_used() {
    for (late_steps, lost) in
        [(0, false), (100, false), (257, true), (300, true), (384, true), (513, true), (2565, true)]
    {
        let meter = disturbed(|wired| {
            let until = wired.steps() + late_steps;
            while wired.steps() < until {
                wired.run(until);
            }
        });
        let expected: &[&str] = if lost { &["Overrun"] } else { &[] };
        assert_eq!(incidents(&meter), expected, "{late_steps}");
    }
}
