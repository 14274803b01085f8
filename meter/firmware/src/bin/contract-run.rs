//! Settles a contract in the emulator, and tells what came out and how much stack it took.
#![no_std]
#![no_main]

use contract::Carries;
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use firmware::{MOVEMENT, load, settle, stack};

#[entry]
fn main() -> ! {
    let (program, loading) = stack::used(load);
    let Some(program) = program else { fail("the contract doesn't load") };
    let mut carries = Carries::ZERO;
    let (total, settling) = stack::used(|| settle(&program, &MOVEMENT, &mut carries));
    let Some(total) = total else { fail("the contract doesn't settle") };
    let total = total.micro_yuan();
    hprintln!(
        "{{\"total_micro_yuan\": {total}, \"load_stack_bytes\": {loading}, \"settle_stack_bytes\": \
         {settling}}}"
    );
    debug::exit(debug::EXIT_SUCCESS);
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
