//! The runtime and the bytes of a contract, without the machine that reads them: what the other
//! images' sizes are held against.
#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m_rt::entry;
use firmware::{BYTECODE, MOVEMENT};

#[entry]
fn main() -> ! {
    loop {
        black_box((BYTECODE, &MOVEMENT));
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
