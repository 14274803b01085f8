//! Emits a contract as a WebAssembly module, so that anybody can replay a settlement with an engine
//! that we didn't write.
//!
//! The module imports nothing. It exports `memory` and `settle: () -> i32`. A caller writes the
//! facts to the memory ([`input`]), calls `settle`, and reads the result ([`output`]) if it is 0;
//! any other number is a refusal ([`status`]) and nothing was changed. Month, kind of day, band and
//! events are worked out inside, from the start in Unix milliseconds at UTC+8.
//!
//! Every field is a little-endian `i64`:
//!
//! | address | content |
//! |---|---|
//! | 0, 8 | start and end of the interval, Unix milliseconds |
//! | 16, 24, 32 | energy, energy of the month before, of the year before, mWh |
//! | 40 | money on hold, micro-yuan |
//! | 48 + 24 × (id − 1) | signal: 1 if there is one, value in millionths, since when |
//! | 432 + 16 × number | quantity: 1 if it is known, amount |
//! | 640 + 8 × leg | carry, pico-yuan: goes in and comes out |
//! | 1024, 1032, 1040 | out: total in micro-yuan, band, number of lines |
//! | 1048, 1056, 1064 | out: 1 if there is a prepaid leg, posted, to be held, micro-yuan |
//! | 1072 + 8 × leg | out: money of the leg, micro-yuan |
//! | 1152 + 40 × line | out: item, leg, price in millionths, quantity, amount |
//!
//! Numbers of signals, quantities, items and bands are the bytes of the vocabulary. Like the
//! interpreter, the module trusts the ranges that were proved when the contract was loaded.

mod calendar;
mod code;
mod layout;

use alloc::vec::Vec;

use code::Emitter;
pub use layout::{INPUT_BYTES, MEMORY_BYTES, Replay, input, output, status};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, MemorySection, MemoryType,
    Module, TypeSection, ValType,
};

use crate::Program;

/// Functions of the module by index; only the first is exported.
mod function {
    pub(super) const SETTLE: u32 = 0;
    /// `(a, b) -> a / b`, rounded down; `b` is positive.
    pub(super) const FLOOR: u32 = 1;
    /// `(a, b) -> a + b`, kept within 64 bits.
    pub(super) const ADD: u32 = 2;
    /// Unix milliseconds to legal days since 1970-01-01.
    pub(super) const DAY: u32 = 3;
    /// Legal day to the Unix milliseconds of its midnight.
    pub(super) const MIDNIGHT: u32 = 4;
    /// Legal day to `(year × 16 + month) × 32 + day`.
    pub(super) const CIVIL: u32 = 5;
    /// Adds a line `(item, leg, price, quantity, amount)` to the bill.
    pub(super) const LINE: u32 = 6;
}

/// The module of a contract. The same contract gives the same bytes.
#[must_use]
pub fn emit(program: &Program<'_>) -> Vec<u8> {
    let long = ValType::I64;
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    types.ty().function([long, long], [long]);
    types.ty().function([long], [long]);
    types.ty().function([long; 5], []);
    let mut functions = FunctionSection::new();
    let mut bodies = CodeSection::new();
    let made: [(u32, Function); 7] = [
        (0, Emitter::new(program).settle()),
        (1, calendar::floor()),
        (1, calendar::add()),
        (2, calendar::day()),
        (2, calendar::midnight()),
        (2, calendar::civil()),
        (3, code::line()),
    ];
    for (kind, body) in &made {
        functions.function(*kind);
        bodies.function(body);
    }
    let mut memories = MemorySection::new();
    let (minimum, maximum) = (1, Some(1));
    let (memory64, shared, page_size_log2) = (false, false, None);
    memories.memory(MemoryType { minimum, maximum, memory64, shared, page_size_log2 });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("settle", ExportKind::Func, function::SETTLE);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories);
    module.section(&exports).section(&bodies);
    module.finish()
}
