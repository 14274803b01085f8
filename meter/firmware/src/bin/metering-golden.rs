//! Runs the metering core's fixed run in the emulator: the same bits as on the host?
#![no_std]
#![no_main]

#[path = "../../../metering/tests/golden/mod.rs"]
mod golden;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use firmware::stack;

#[entry]
fn main() -> ! {
    let (digest, stack) = stack::used(|| golden::run(1));
    let Ok(digest) = digest else { fail("the metering core refuses its configuration") };
    let same = digest == golden::DIGEST;
    let state = size_of::<metering::Metering>();
    hprintln!(
        "{{\"digest\": \"{digest:016x}\", \"same\": {same}, \"state_bytes\": {state}, \
         \"stack_bytes\": {stack}}}"
    );
    debug::exit(if same { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    loop {}
}

fn fail(why: &str) -> ! {
    hprintln!("{}", why);
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}
