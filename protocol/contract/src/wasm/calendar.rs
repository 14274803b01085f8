//! Legal time (UTC+8) inside the module: the functions of `quantity`, instruction by instruction.

use wasm_encoder::{BlockType, Function, InstructionSink, ValType};

use super::function;

pub(super) const DAY_MILLISECONDS: i64 = 86_400_000;
pub(super) const LEGAL_OFFSET_MILLISECONDS: i64 = 28_800_000;
/// The first legal day whose midnight fits 64 bits before the offset is taken off.
const FIRST_DAY: i64 = -106_751_991_167;

/// A function with so many local numbers beside its parameters.
fn with_locals(locals: u32, write: impl FnOnce(&mut InstructionSink<'_>)) -> Function {
    let mut function = Function::new([(locals, ValType::I64)]);
    let mut sink = function.instructions();
    write(&mut sink);
    sink.end();
    function
}

/// Divides the number on the stack, rounded down.
pub(super) fn floor_by(sink: &mut InstructionSink<'_>, divisor: i64) {
    sink.i64_const(divisor).call(function::FLOOR);
}

pub(super) fn floor() -> Function {
    let (a, b, quotient) = (0, 1, 2);
    with_locals(1, |sink| {
        sink.local_get(a).local_get(b).i64_div_s().local_tee(quotient);
        // One less where the remainder is negative.
        sink.local_get(a).local_get(quotient).local_get(b).i64_mul().i64_sub();
        sink.i64_const(0).i64_lt_s().i64_extend_i32_u().i64_sub();
    })
}

pub(super) fn add() -> Function {
    let (a, b, sum) = (0, 1, 2);
    with_locals(1, |sink| {
        sink.i64_const(i64::MIN).i64_const(i64::MAX);
        sink.local_get(a).i64_const(0).i64_lt_s().select();
        sink.local_get(a).local_get(b).i64_add().local_tee(sum);
        // It overflowed where both signs differ from that of the sum.
        sink.local_get(a).local_get(sum).i64_xor();
        sink.local_get(b).local_get(sum).i64_xor();
        sink.i64_and().i64_const(0).i64_lt_s().select();
    })
}

pub(super) fn day() -> Function {
    with_locals(0, |sink| {
        sink.local_get(0).i64_const(LEGAL_OFFSET_MILLISECONDS).call(function::ADD);
        floor_by(sink, DAY_MILLISECONDS);
    })
}

pub(super) fn midnight() -> Function {
    with_locals(0, |sink| {
        sink.i64_const(i64::MIN).local_get(0).i64_const(DAY_MILLISECONDS).i64_mul();
        sink.local_get(0).i64_const(FIRST_DAY).i64_lt_s().select();
        sink.i64_const(LEGAL_OFFSET_MILLISECONDS.wrapping_neg()).call(function::ADD);
    })
}

/// H. Hinnant, "chrono-compatible low-level date algorithms" (`civil_from_days`), as in `quantity`.
pub(super) fn civil() -> Function {
    let (shifted, era, day_of_era, year_of_era, day_of_year, shifted_month) = (0, 1, 2, 3, 4, 5);
    with_locals(5, |sink| {
        sink.local_get(0).i64_const(719_468).i64_add().local_tee(shifted);
        floor_by(sink, 146_097);
        sink.local_tee(era).i64_const(146_097).i64_mul().local_set(day_of_era);
        sink.local_get(shifted).local_get(day_of_era).i64_sub().local_set(day_of_era);
        sink.local_get(day_of_era);
        for (days, subtract) in [(1460, true), (36_524, false), (146_096, true)] {
            sink.local_get(day_of_era).i64_const(days).i64_div_u();
            if subtract {
                sink.i64_sub()
            } else {
                sink.i64_add()
            };
        }
        sink.i64_const(365).i64_div_u().local_set(year_of_era);
        sink.local_get(day_of_era).local_get(year_of_era).i64_const(365).i64_mul().i64_sub();
        sink.local_get(year_of_era).i64_const(4).i64_div_u().i64_sub();
        sink.local_get(year_of_era).i64_const(100).i64_div_u().i64_add().local_tee(day_of_year);
        sink.i64_const(5).i64_mul().i64_const(2).i64_add().i64_const(153).i64_div_u();
        sink.local_set(shifted_month);
        pack(sink, (era, year_of_era, day_of_year, shifted_month));
    })
}

/// Year, month and day as one number.
fn pack(
    sink: &mut InstructionSink<'_>,
    (era, year_of_era, day_of_year, shifted_month): (u32, u32, u32, u32),
) {
    let is_late = |sink: &mut InstructionSink<'_>| {
        sink.local_get(shifted_month).i64_const(10).i64_ge_u();
    };
    // The year begins in March there, so January and February belong to the next.
    sink.local_get(year_of_era).local_get(era).i64_const(400).i64_mul().i64_add();
    is_late(sink);
    sink.i64_extend_i32_u().i64_add().i64_const(16).i64_mul();
    sink.local_get(shifted_month).i64_const(3).i64_const(-9);
    is_late(sink);
    sink.i32_eqz().select().i64_add().i64_add().i64_const(32).i64_mul();
    sink.local_get(day_of_year).local_get(shifted_month).i64_const(153).i64_mul();
    sink.i64_const(2).i64_add().i64_const(5).i64_div_u().i64_sub().i64_const(1).i64_add();
    sink.i64_add();
}

/// Leaves the function with a number if the condition on the stack holds.
pub(super) fn return_if(sink: &mut InstructionSink<'_>, status: i32) {
    sink.if_(BlockType::Empty).i32_const(status).return_().end();
}
