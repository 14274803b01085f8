//! Puts the linker's memory map and a compiled contract where the images find them.

use std::path::Path;

fn main() {
    let out = std::env::var("OUT_DIR").expect("cargo sets it");
    let out = Path::new(&out);
    let source = "../../data/contracts/residential-henan.contract";
    let text = std::fs::read_to_string(source).expect("the contract is there");
    let built = contract::build(&text).expect("the contract is sound");
    std::fs::write(out.join("contract.bytecode"), built.bytecode).expect("the folder is writable");
    std::fs::copy("memory.x", out.join("memory.x")).expect("the folder is writable");
    println!("cargo::rustc-link-search={}", out.display());
    // The metering core is another chip than the secure one of memory.x, with 256 kB of SRAM.
    println!("cargo::rustc-link-arg-bin=metering-golden=--defsym=_stack_start=0x20040000");
    println!("cargo::rerun-if-changed={source}");
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rerun-if-changed=build.rs");
}
