//! Opens a contract that was proved before and settles, and does nothing else: for its size.
#![no_std]
#![no_main]

use contract::{Carries, Program};
use core::hint::black_box;
use cortex_m_rt::entry;
use firmware::{BYTECODE, MOVEMENT, settle};

#[entry]
fn main() -> ! {
    // The runtime makes a safe reference of it; it lies in the memory that is cleared at the start.
    static mut CARRIES: Carries = Carries::ZERO;
    loop {
        // The compiler can't know what the bytes are.
        let total = Program::reopen(black_box(BYTECODE))
            .ok()
            .and_then(|program| settle(&program, black_box(&MOVEMENT), CARRIES));
        black_box(total);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
