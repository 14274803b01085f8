//! The runtime alone: what the other images' sizes are held against.
#![no_std]
#![no_main]

use core::hint::black_box;
use cortex_m_rt::entry;
use firmware as _;

#[entry]
fn main() -> ! {
    loop {
        black_box(0);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
