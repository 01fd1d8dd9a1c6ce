//! The numeric instructions, each at edge operands.

use super::arithmetic::{BINARY, COMPARISONS, UNARY, integer_operation, signed, unsigned};
use super::{input32, module, show, words};
use crate::notation::Trap;
use crate::vectors::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for width in [32, 64] {
        for op in COMPARISONS.into_iter().chain(BINARY) {
            cases.extend(binary(op, width));
        }
        let narrow = UNARY.into_iter().chain((width == 64).then_some("extend32_s"));
        cases.extend(narrow.map(|op| unary(op, width)));
    }
    cases.push(conversions());
    cases
}

/// Zero, one, the ends of the ranges, shift counts at and beyond both widths, and two values without a pattern.
fn edges(width: u32) -> Vec<u64> {
    let (top, all) = (1 << (width - 1), u64::MAX >> (64 - width));
    vec![0, 1, 7, 31, 32, 63, 64, top - 1, top, top + 1, all - 1, all, 0x0123_4567_89ab_cdef & all, 0xf0e1_d2c3 & all]
}

/// The instruction with its operands; its value is of type `i64`.
fn instruction(op: &str, width: u32, operands: &[&str]) -> String {
    let operands: String = operands
        .iter()
        .map(|operand| if width == 32 { format!("(i32.wrap_i64 {operand})") } else { operand.to_string() })
        .collect();
    let value = format!("(i{width}.{op} {operands})");
    let is_i32 = width == 32 || op == "eqz" || COMPARISONS.contains(&op);
    if is_i32 { format!("(i64.extend_i32_u {value})") } else { value }
}

fn rule(op: &str) -> &'static str {
    match op {
        "add" | "sub" | "mul" => "EXEC-005",
        "shl" | "shr_s" | "shr_u" | "rotl" | "rotr" => "EXEC-006",
        "div_s" | "rem_s" => "EXEC-008",
        "div_u" | "rem_u" => "EXEC-007",
        _ => "EXEC-004",
    }
}

/// All pairs of edge operands that do not trap, then each kind of pair that does.
fn binary(op: &str, width: u32) -> Vec<Case> {
    let pairs = "(local.set $i (i32.shr_u (call $input_len) (i32.const 4)))
        (call $output_len (i32.shl (local.get $i) (i32.const 3)))
        (loop $next (if (i32.lt_u (local.get $j) (local.get $i)) (then
            (local.set $k (call $input (i32.shl (local.get $j) (i32.const 1))))
            (call $output (local.get $j) VALUE)
            (local.set $j (i32.add (local.get $j) (i32.const 1)))
            (br $next))))";
    let second = "(call $input (i32.add (i32.shl (local.get $j) (i32.const 1)) (i32.const 1)))";
    let program = module("", &pairs.replace("VALUE", &instruction(op, width, &["(local.get $k)", second])));
    let id = format!("execution-i{width}-{}", op.replace('_', "-"));
    let (mut input, mut output) = (Vec::new(), Vec::new());
    for a in edges(width) {
        for b in edges(width) {
            if let Ok(value) = integer_operation(op, width, a, b) {
                input.extend([a, b]);
                output.push(value);
            }
        }
    }
    let sentence = format!("`i{width}.{op}` of edge operands.");
    let mut cases =
        vec![case(&id, &sentence, [rule(op)]).module(program.as_slice()).input(words(&input)).accepted(words(&output))];
    let least = 1 << (width - 1);
    let all = u64::MAX >> (64 - width);
    for (name, a, b, rule) in
        [("zero", 5, 0, "EXEC-007"), ("zero-by-zero", 0, 0, "EXEC-007"), ("overflow", least, all, "EXEC-008")]
    {
        if let Err(trap) = integer_operation(op, width, a, b) {
            cases.push(
                case(&format!("{id}-{name}"), &format!("`i{width}.{op}` of {a} and {b} traps."), [rule])
                    .module(program.as_slice())
                    .input(words(&[a, b]))
                    .derived_from(&id, &format!("the only operands are {a} and {b}"))
                    .trapped(trap),
            );
        }
    }
    cases
}

fn unary(op: &str, width: u32) -> Case {
    let mut operands = edges(width);
    operands.extend([0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ff80, 0x8000_7fff]);
    let program = module(
        "",
        &format!(
            "(local.set $i (i32.shr_u (call $input_len) (i32.const 3)))
            (call $output_len (call $input_len))
            (loop $next (if (i32.lt_u (local.get $j) (local.get $i)) (then
                (call $output (local.get $j) {})
                (local.set $j (i32.add (local.get $j) (i32.const 1)))
                (br $next))))",
            instruction(op, width, &["(call $input (local.get $j))"])
        ),
    );
    let values: Result<Vec<u64>, Trap> =
        operands.iter().map(|operand| integer_operation(op, width, *operand, 0)).collect();
    let id = format!("execution-i{width}-{}", op.replace('_', "-"));
    case(&id, &format!("`i{width}.{op}` of edge operands."), ["EXEC-004"])
        .module(program)
        .input(words(&operands))
        .accepted(words(&values.unwrap_or_default()))
}

fn conversions() -> Case {
    let low = input32(0);
    let expressions = [
        format!("(i64.extend_i32_u {low})"),
        format!("(i64.extend_i32_s {low})"),
        "(i64.extend_i32_s (i32.const 0x7fffffff))".into(),
        "(i64.extend_i32_u (i32.const -1))".into(),
        "(i64.extend_i32_s (i32.const -1))".into(),
        "(i64.const -9223372036854775808)".into(),
        "(i64.extend_i32_u (i32.const -2147483648))".into(),
    ];
    let operand = 0x7654_3210_89ab_cdef;
    let output = [
        operand & 0xffff_ffff,
        unsigned(signed(operand, 32), 64),
        0x7fff_ffff,
        0xffff_ffff,
        u64::MAX,
        1 << 63,
        1 << 31,
    ];
    case("execution-conversions", "Constants, wrapping and extension between the widths.", ["EXEC-004"])
        .module(module("", &show(&expressions.each_ref().map(String::as_str))))
        .input(words(&[operand]))
        .accepted(words(&output))
}
