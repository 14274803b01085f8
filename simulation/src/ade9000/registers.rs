//! What the registers hold.

use ade9000::{Permission, REGISTERS, Width, address_of, register, width_at};

pub(super) const RUN: u16 = address_of("RUN");
pub(super) const CONFIG0: u16 = address_of("CONFIG0");
pub(super) const CONFIG1: u16 = address_of("CONFIG1");
pub(super) const CONFIG2: u16 = address_of("CONFIG2");
pub(super) const CONFIG3: u16 = address_of("CONFIG3");
pub(super) const ACCMODE: u16 = address_of("ACCMODE");
pub(super) const EP_CFG: u16 = address_of("EP_CFG");
pub(super) const STATUS0: u16 = address_of("STATUS0");
pub(super) const STATUS1: u16 = address_of("STATUS1");
pub(super) const MASK0: u16 = address_of("MASK0");
pub(super) const MASK1: u16 = address_of("MASK1");
pub(super) const EVENT_STATUS: u16 = address_of("EVENT_STATUS");
pub(super) const EVENT_MASK: u16 = address_of("EVENT_MASK");
pub(super) const WR_LOCK: u16 = address_of("WR_LOCK");
pub(super) const WFB_CFG: u16 = address_of("WFB_CFG");
pub(super) const WFB_TRG_CFG: u16 = address_of("WFB_TRG_CFG");
pub(super) const TEMP_CFG: u16 = address_of("TEMP_CFG");
pub(super) const TEMP_TRIM: u16 = address_of("TEMP_TRIM");
pub(super) const CRC_FORCE: u16 = address_of("CRC_FORCE");
pub(super) const IPEAK: u16 = address_of("IPEAK");
pub(super) const VPEAK: u16 = address_of("VPEAK");
pub(super) const LAST_CMD: u16 = address_of("LAST_CMD");
pub(super) const LAST_DATA_16: u16 = address_of("LAST_DATA_16");
pub(super) const LAST_DATA_32: u16 = address_of("LAST_DATA_32");
pub(super) const CRC_SPI: u16 = address_of("CRC_SPI");

/// Below the waveform buffer.
const SIZE: usize = 0x800;
/// Copies for reading in one burst, by quantity and by phase. The data sheet marks them writable;
/// they are copies, so a write is ignored.
const COPIES: core::ops::RangeInclusive<u16> = 0x600..=0x6BC;

/// Gain and offset of the thermometer of this chip: 0.3 degrees a step, 310 degrees at zero.
pub(super) const TRIM: u32 = 0x26C0_4CCD;

/// The words below the waveform buffer.
#[derive(Clone, Debug)]
pub(super) struct RegisterFile {
    words: Vec<u32>,
    /// Where a copy has its value from; itself for everything else.
    source: Vec<u16>,
    /// The bits that a register has.
    mask: Vec<u32>,
    pub(super) locked: bool,
}

impl RegisterFile {
    pub(super) fn new() -> Self {
        let mask = (0_u16..).take(SIZE).map(|address| match width_at(address) {
            Width::Bits16 => 0xFFFF,
            Width::Bits32 => u32::MAX,
        });
        let mask = mask.collect();
        let mut file = Self { words: vec![0; SIZE], source: sources(), mask, locked: false };
        file.reset();
        file
    }

    pub(super) fn reset(&mut self) {
        self.words.fill(0);
        self.locked = false;
        for register in &REGISTERS {
            self.words[usize::from(register.address)] = register.reset;
        }
        self.words[usize::from(TEMP_TRIM)] = TRIM;
        self.words[usize::from(ade9000::fields::CONFIG5_ADDRESS)] =
            u32::from(ade9000::fields::CONFIG5);
    }

    pub(super) fn get(&self, address: u16) -> u32 {
        self.words[usize::from(self.source[usize::from(address)])]
    }

    pub(super) fn signed(&self, address: u16) -> i32 {
        self.get(address).cast_signed()
    }

    /// 1 + code / 2^27.
    pub(super) fn gain(&self, address: u16) -> f64 {
        1.0 + f64::from(self.signed(address)) / f64::from(1 << 27)
    }

    pub(super) fn has(&self, address: u16, bits: u32) -> bool {
        self.get(address) & bits != 0
    }

    /// What the chip itself writes.
    pub(super) fn set(&mut self, address: u16, value: u32) {
        self.words[usize::from(address)] = value & self.mask[usize::from(address)];
    }

    pub(super) fn raise(&mut self, address: u16, bits: u32) {
        self.words[usize::from(address)] |= bits;
    }

    pub(super) fn clear(&mut self, address: u16, bits: u32) {
        self.words[usize::from(address)] &= !bits;
    }

    /// Whether a write of the master takes effect.
    pub(super) fn accepts(&self, address: u16) -> bool {
        let writable = register(address).is_some_and(|known| known.access == Permission::ReadWrite);
        let protected = matches!(address, 0..=0x073 | 0x400..=0x4FE) && address != WR_LOCK;
        writable && !COPIES.contains(&address) && !(self.locked && protected)
    }
}

fn sources() -> Vec<u16> {
    let mut sources: Vec<u16> = (0_u16..).take(SIZE).collect();
    for copy in REGISTERS.iter().filter(|register| COPIES.contains(&register.address)) {
        sources[usize::from(copy.address)] = original(copy.name);
    }
    sources
}

/// The register that a name like `AIRMS_1` copies. The data sheet calls the copies of `AIFRMS`
/// `AFIRMS_1` and `AFIRMS_2`.
fn original(copy: &str) -> u16 {
    let name = &copy[..copy.len() - 2];
    let name = match (name.get(..1), name.get(1..)) {
        (Some(phase), Some("FIRMS")) => format!("{phase}IFRMS"),
        (Some(phase), Some("FVRMS")) => format!("{phase}VFRMS"),
        _ => name.to_owned(),
    };
    let found = REGISTERS.iter().find(|register| register.name == name);
    found.map_or_else(|| unreachable!("{copy} copies nothing"), |register| register.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_has_its_original() {
        let file = RegisterFile::new();
        let of = |name: &str| {
            let register = REGISTERS.iter().find(|register| register.name == name).unwrap();
            file.source[usize::from(register.address)]
        };
        assert_eq!(of("AV_PCF_1"), 0x20B);
        assert_eq!(of("AVRMSONE_1"), 0x21A);
        assert_eq!(of("CITHD_1"), 0x258);
        assert_eq!(of("BFIRMS_2"), 0x22E);
        assert_eq!(of("NIRMS1012_2"), 0x268);
        let copies = REGISTERS.iter().filter(|register| COPIES.contains(&register.address));
        assert_eq!(copies.count(), 122);
    }

    #[test]
    fn registers_start_with_their_reset_values() {
        let file = RegisterFile::new();
        for register in REGISTERS.iter().filter(|register| !COPIES.contains(&register.address)) {
            let value = file.get(register.address) & register.reset_known;
            assert_eq!(value, register.reset, "{}", register.name);
        }
        assert_eq!(file.get(0x472), 0x0010_0000, "PART_ID");
    }
}
