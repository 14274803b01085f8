//! Bits inside of registers, from the data sheet; what isn't listed there is reserved.

/// `CONFIG0`: the high-pass filters are off.
pub const CONFIG0_HPFDIS: u32 = 1 << 3;
/// `CONFIG0`: gain and phase by region of the current.
pub const CONFIG0_MTEN: u32 = 1 << 4;
/// `CONFIG0`: the integrators of the phase currents are on.
pub const CONFIG0_INTEN: u32 = 1 << 5;
/// `CONFIG0`: zero crossings look before the high-pass filter.
pub const CONFIG0_ZX_SRC_SEL: u32 = 1 << 6;
/// `CONFIG0`: fast rms looks before the high-pass filter.
pub const CONFIG0_RMS_SRC_SEL: u32 = 1 << 7;
/// `CONFIG0`: apparent power of phase A with `VNOM`; B and C are the next bits.
pub const CONFIG0_VNOMA_EN: u32 = 1 << 8;
/// `CONFIG0`: the integrator of the neutral current is on.
pub const CONFIG0_ININTEN: u32 = 1 << 11;
/// `CONFIG0`: no low-pass filter behind the active power.
pub const CONFIG0_DISAPLPF: u32 = 1 << 12;
/// `CONFIG0`: no low-pass filter behind the reactive power.
pub const CONFIG0_DISRPLPF: u32 = 1 << 13;

/// `CONFIG1`: reset; clears itself.
pub const CONFIG1_SWRST: u32 = 1;
/// `CONFIG1`: empties the accumulators of the pulses; clears itself.
pub const CONFIG1_CF_ACC_CLR: u32 = 1 << 5;
/// `CONFIG1`: dip and swell interrupt on entry and exit only.
pub const CONFIG1_DIP_SWELL_IRQ_MODE: u32 = 1 << 10;
/// `CONFIG1`: reads go on in the burst regions, and no read is followed by its check.
pub const CONFIG1_BURST_EN: u32 = 1 << 11;
/// `CONFIG1`: interrupts of IRQ0 come on IRQ1 too.
pub const CONFIG1_IRQ0_ON_IRQ1: u32 = 1 << 12;

/// `CONFIG2`: the half-cycle rms takes `USER_PERIOD`.
pub const CONFIG2_UPERIOD_SEL: u32 = 1 << 12;

/// `ACCMODE`: IB is -IA-IC.
pub const ACCMODE_ICONSEL: u32 = 1 << 7;
/// `ACCMODE`: the line has 60 Hz.
pub const ACCMODE_SELFREQ: u32 = 1 << 8;

/// `EP_CFG`: powers and energies are accumulated.
pub const EP_CFG_EGY_PWR_EN: u32 = 1;
/// `EP_CFG`: `EGY_TIME` counts half line cycles.
pub const EP_CFG_EGY_TMR_MODE: u32 = 1 << 1;
/// `EP_CFG`: a new energy overwrites the old one.
pub const EP_CFG_EGY_LD_ACCUM: u32 = 1 << 4;
/// `EP_CFG`: reading resets; faulty in silicon (erratum), leave it 0.
pub const EP_CFG_RD_RST_EN: u32 = 1 << 5;
/// `EP_CFG`: the sign of the active power is the fundamental's; reactive is the next bit.
pub const EP_CFG_PWR_SIGN_SEL: u32 = 1 << 6;

/// `STATUS0`: energies were loaded.
pub const STATUS0_EGYRDY: u32 = 1;
/// `STATUS0`: the sign of active power A changed; B, C, then reactive A, B, C follow.
pub const STATUS0_REVAPA: u32 = 1 << 1;
/// `STATUS0`: the sign of pulse sum 1 changed; 2 to 4 follow.
pub const STATUS0_REVPSUM1: u32 = 1 << 7;
/// `STATUS0`: a pulse on output 1; 2 to 4 follow.
pub const STATUS0_CF1: u32 = 1 << 11;
/// `STATUS0`: samples for the waveform buffer are there.
pub const STATUS0_DREADY: u32 = 1 << 15;
/// `STATUS0`: the buffer stopped after its trigger.
pub const STATUS0_WFB_TRIG_IRQ: u32 = 1 << 16;
/// `STATUS0`: a chosen page of the buffer is full.
pub const STATUS0_PAGE_FULL: u32 = 1 << 17;
/// `STATUS0`: power accumulations are there.
pub const STATUS0_PWRRDY: u32 = 1 << 18;
/// `STATUS0`: half-cycle rms.
pub const STATUS0_RMSONERDY: u32 = 1 << 19;
/// `STATUS0`: 10/12-cycle rms.
pub const STATUS0_RMS1012RDY: u32 = 1 << 20;
/// `STATUS0`: power factors and distortions.
pub const STATUS0_THD_PF_RDY: u32 = 1 << 21;
/// `STATUS0`: the trigger of the buffer.
pub const STATUS0_WFB_TRIG: u32 = 1 << 22;
/// `STATUS0`: the buffer of resampled data is full.
pub const STATUS0_COH_WFB_FULL: u32 = 1 << 23;
/// `STATUS0`: the sum of currents passed `ISUMLVL`.
pub const STATUS0_MISMTCH: u32 = 1 << 24;
/// `STATUS0`: a temperature is there.
pub const STATUS0_TEMP_RDY: u32 = 1 << 25;

/// `STATUS1`: the no-load state of active power changed; five other kinds follow.
pub const STATUS1_ANLOAD: u32 = 1;
/// `STATUS1`: no zero crossing of VA for too long; B and C follow.
pub const STATUS1_ZXTOVA: u32 = 1 << 6;
/// `STATUS1`: a zero crossing of VA; B and C follow.
pub const STATUS1_ZXVA: u32 = 1 << 9;
/// `STATUS1`: a zero crossing of the combined voltage.
pub const STATUS1_ZXCOMB: u32 = 1 << 12;
/// `STATUS1`: a zero crossing of IA; B and C follow.
pub const STATUS1_ZXIA: u32 = 1 << 13;
/// `STATUS1`: the reset is done; can't be masked.
pub const STATUS1_RSTDONE: u32 = 1 << 16;
/// `STATUS1`: overcurrent.
pub const STATUS1_OI: u32 = 1 << 17;
/// `STATUS1`: wrong sequence of phases.
pub const STATUS1_SEQERR: u32 = 1 << 18;
/// `STATUS1`: swell of VA; B and C follow.
pub const STATUS1_SWELLA: u32 = 1 << 20;
/// `STATUS1`: dip of VA; B and C follow.
pub const STATUS1_DIPA: u32 = 1 << 23;
/// `STATUS1`: the check of the configuration changed.
pub const STATUS1_CRC_CHG: u32 = 1 << 26;
/// `STATUS1`: a check of the configuration is done.
pub const STATUS1_CRC_DONE: u32 = 1 << 27;
/// `STATUS1`: `ERROR0`, `ERROR1` and `ERROR3`, after which only a reset helps.
pub const STATUS1_ERRORS: u32 = 0b1011 << 28;

/// `CFMODE`: all pulse outputs are off.
pub const CFMODE_OFF: u32 = 0xF << 12;
/// `PART_ID`: the chip is an ADE9000.
pub const PART_ID_ADE9000: u32 = 1 << 20;

/// `WFB_CFG`: the capture runs; starts with a change from 0 to 1.
pub const WFB_CFG_CAP_EN: u32 = 1 << 4;
/// `WFB_CFG`: samples at a fixed rate instead of 128 in a cycle.
pub const WFB_CFG_CAP_SEL: u32 = 1 << 5;
/// `WFB_CFG`: filled round and round; a trigger's address is kept and stops nothing.
pub const WFB_CFG_CONTINUOUS: u32 = 3 << 6;
/// `WFB_CFG`: samples behind the decimation filter, 8 kS/s.
pub const WFB_CFG_SRC_LPF: u32 = 2 << 8;
/// `WFB_CFG`: a burst contains IN.
pub const WFB_CFG_IN_EN: u32 = 1 << 12;

/// `TEMP_CFG`: the thermometer is on.
pub const TEMP_CFG_EN: u32 = 1 << 2;
/// `TEMP_CFG`: starts a conversion; clears itself.
pub const TEMP_CFG_START: u32 = 1 << 3;

/// Written to `WR_LOCK`, protects the configuration.
pub const LOCK: u16 = 0x3C64;
/// Written to `WR_LOCK`, opens it.
pub const UNLOCK: u16 = 0x4AD1;
/// `DICOEFF` while an integrator is on.
pub const DICOEFF_INTEGRATOR: u32 = 0xFFFF_E000;
/// What `Version` reads (DS).
pub const VERSION: u16 = 0x00FE;
/// Not in the data sheet: a 16-bit register that Analog Devices' own driver reads to know the chip.
pub const CONFIG5_ADDRESS: u16 = 0x4A4;
/// What it reads.
pub const CONFIG5: u16 = 0x0063;
