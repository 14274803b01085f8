//! What runs beside the signals: the check of the configuration, and the thermometer.

use super::registers::{CRC_FORCE, RUN, RegisterFile, STATUS0, STATUS1, TEMP_CFG, TRIM};
use ade9000::fields::{
    STATUS0_TEMP_RDY, STATUS1_CRC_CHG, STATUS1_CRC_DONE, TEMP_CFG_EN, TEMP_CFG_START,
};
use ade9000::{Permission, REGISTERS, Width, address_of, crc16_from};

const CRC_RSLT: u16 = address_of("CRC_RSLT");
const CRC_OPTEN: u16 = address_of("CRC_OPTEN");
const TEMP_RSLT: u16 = address_of("TEMP_RSLT");
/// 10.8 ms (TRM).
const PASS_SAMPLES: u32 = 87;

/// Registers that `CRC_OPTEN` adds, by bit.
const OPTIONAL: [u16; 16] = [
    address_of("MASK0"),
    address_of("MASK1"),
    address_of("EVENT_MASK"),
    address_of("DIP_LVL"),
    address_of("DIP_CYC"),
    address_of("SWELL_LVL"),
    address_of("SWELL_CYC"),
    address_of("ACT_NL_LVL"),
    address_of("REACT_NL_LVL"),
    address_of("APP_NL_LVL"),
    address_of("ZXTOUT"),
    address_of("ZX_LP_SEL"),
    address_of("SEQ_CYC"),
    address_of("WFB_CFG"),
    address_of("WFB_PG_IRQEN"),
    address_of("WFB_TRG_CFG"),
];

/// Registers that a master writes while the chip works, so that they can't be configuration.
const WORKING: [u16; 8] = [
    address_of("STATUS0"),
    address_of("STATUS1"),
    address_of("WFB_TRG_STAT"),
    address_of("CRC_FORCE"),
    address_of("CRC_OPTEN"),
    address_of("TEMP_CFG"),
    address_of("WR_LOCK"),
    address_of("RUN"),
];

/// State of the check.
#[derive(Clone, Debug)]
pub(super) struct Integrity {
    covered: Vec<u16>,
    left: u32,
    /// The first pass after a reset has nothing to compare with.
    last: Option<u16>,
    temperature_left: Option<u32>,
}

impl Integrity {
    pub(super) fn new() -> Self {
        let covered = REGISTERS.iter().filter(|register| {
            let address = register.address;
            register.access == Permission::ReadWrite
                && address < 0x500
                && !OPTIONAL.contains(&address)
                && !WORKING.contains(&address)
        });
        let covered = covered.map(|register| register.address).collect();
        Self { covered, left: PASS_SAMPLES, last: None, temperature_left: None }
    }

    /// A write to `TEMP_CFG`: an average of 1, 256, 512 or 1024 takes 1 ms to 1 s.
    pub(super) fn start_temperature(&mut self, value: u32) {
        if value & TEMP_CFG_EN != 0 && value & TEMP_CFG_START != 0 {
            self.temperature_left = Some([8, 2048, 4096, 8192][(value & 3) as usize]);
        }
    }

    pub(super) fn step(&mut self, celsius: f64, registers: &mut RegisterFile) {
        if let Some(left) = self.temperature_left {
            self.temperature_left = left.checked_sub(1).filter(|left| *left > 0);
            if self.temperature_left.is_none() {
                registers.set(TEMP_RSLT, temperature(celsius));
                registers.clear(TEMP_CFG, TEMP_CFG_START);
                registers.raise(STATUS0, STATUS0_TEMP_RDY);
            }
        }
        if registers.has(RUN, 1) || registers.has(CRC_FORCE, 1) {
            self.left -= 1;
            if self.left == 0 {
                self.finish(registers);
            }
        }
    }

    pub(super) const fn force(&mut self) {
        self.left = PASS_SAMPLES;
    }

    fn finish(&mut self, registers: &mut RegisterFile) {
        self.left = PASS_SAMPLES;
        let sum = self.sum(registers);
        registers.set(CRC_RSLT, u32::from(sum));
        registers.clear(CRC_FORCE, 1);
        registers.raise(STATUS1, STATUS1_CRC_DONE);
        if self.last.replace(sum).is_some_and(|last| last != sum) {
            registers.raise(STATUS1, STATUS1_CRC_CHG);
        }
    }

    /// Which registers the chip covers, and in which order, isn't public. Here: every writable one
    /// below 500 that isn't optional and isn't written while the chip works, by address, then the
    /// optional ones by bit.
    fn sum(&self, registers: &RegisterFile) -> u16 {
        let chosen = registers.get(CRC_OPTEN);
        let optional = (0..16).filter(|bit| chosen >> bit & 1 == 1).map(|bit| OPTIONAL[bit]);
        let all = self.covered.iter().copied().chain(optional);
        all.fold(0xFFFF, |sum, address| {
            let bytes = registers.get(address).to_be_bytes();
            let skipped = match ade9000::width_at(address) {
                Width::Bits16 => 2,
                Width::Bits32 => 0,
            };
            crc16_from(sum, &bytes[skipped..])
        })
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "12 bits")]
fn temperature(celsius: f64) -> u32 {
    let (offset, gain) = (f64::from(TRIM >> 16) / 32.0, f64::from(TRIM & 0xFFFF) / 65_536.0);
    ((offset - celsius) / gain).round().clamp(0.0, 4095.0) as u32
}
