//! What the images share: a contract, a movement of the register, and a ruler for the stack.
#![no_std]

// Brings the critical sections that printing needs.
use cortex_m as _;

use contract::{Carries, Facts, Program, Quantities, Signals};
use core::hint::black_box;
use quantity::{Energy, Instant, Money};

/// Gives nothing to anybody: what runs on a chip uses no heap. The authoring side of the contract
/// crate, which the linker drops here, is what asks for an allocator at all.
struct NoHeap;

// SAFETY: a null pointer is always an allowed answer.
unsafe impl core::alloc::GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: core::alloc::Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: core::alloc::Layout) {}
}

#[global_allocator]
static HEAP: NoHeap = NoHeap;

/// The residential contract of Henan, compiled when the image is built.
pub static BYTECODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/contract.bytecode"));

/// 2026-07-01 20:00, legal time.
const START: Instant = Instant::from_unix_milliseconds(1_782_907_200_000);

/// 3 kWh over the edge of the first tier.
pub const MOVEMENT: Facts<'_> = Facts {
    start: START,
    // Five minutes later.
    end: Instant::from_unix_milliseconds(START.unix_milliseconds() + 300_000),
    energy: Energy::from_milliwatt_hours(3_000_000),
    month_before: Energy::from_milliwatt_hours(179_000_000),
    year_before: Energy::from_milliwatt_hours(179_000_000),
    signals: &Signals::NONE,
    quantities: &Quantities::NONE,
    held: Money::ZERO,
};

/// Loads the contract with all proofs; apart, so that its stack lies below the one that measures it.
#[inline(never)]
pub fn load() -> Option<Program<'static>> {
    Program::load(black_box(BYTECODE)).ok()
}

/// Settles a movement line by line, as a chip does; `None` if it is refused.
#[inline(never)]
pub fn settle(program: &Program<'_>, facts: &Facts<'_>, carries: &mut Carries) -> Option<Money> {
    // The lines of the bill and the legs would go to the display or the journal from here.
    let mut sink = |entry| {
        black_box(entry);
    };
    program.settle_with(facts, carries, &mut sink).ok().map(|settled| settled.total)
}

/// Measures how deep a call uses the stack.
pub mod stack {
    use core::arch::asm;

    /// Nothing writes this by chance.
    const PAINT: u32 = 0x5EED_CAFE;

    unsafe extern "C" {
        /// End of the statics; the stack may grow down to here.
        static mut __sheap: u32;
    }

    fn pointer() -> *mut u32 {
        let pointer: *mut u32;
        // SAFETY: only reads a register.
        unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack)) };
        pointer
    }

    /// Runs `work`; the bytes of stack that it used below this call. `work` must call what it measures
    /// and not contain it, or that part of the stack isn't seen.
    #[inline(never)]
    pub fn used<R>(work: impl FnOnce() -> R) -> (R, usize) {
        let top = pointer();
        let bottom = &raw mut __sheap;
        // A margin, because painting itself uses the stack.
        let margin = 64;
        let mut at = bottom;
        while (at as usize) + margin < top as usize {
            // SAFETY: between the statics and the stack pointer, nothing lives.
            unsafe {
                at.write_volatile(PAINT);
                at = at.add(1);
            }
        }
        let result = work();
        let mut at = bottom;
        // SAFETY: as above.
        while (at as usize) < top as usize && unsafe { at.read_volatile() } == PAINT {
            at = unsafe { at.add(1) };
        }
        (result, top as usize - at as usize)
    }
}
