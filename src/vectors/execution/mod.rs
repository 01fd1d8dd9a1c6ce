//! Cases of the format `execution`: modules that are executed. One file for each part of the chapters on execution and
//! on the host interface.

pub mod arithmetic;

mod beginning;
mod calls;
mod control;
mod host;
mod memory;
mod numeric;

use super::{Case, wat};

/// The cases, each that does not end accepted after the accepted one from which it is derived.
pub fn cases() -> Vec<Case> {
    [beginning::cases(), host::cases(), numeric::cases(), memory::cases(), control::cases(), calls::cases()].concat()
}

/// A module that imports what most cases need: `declarations` follow the imports, `body` is that of `run`, without the
/// 0 that accepts at its end.
fn module(declarations: &str, body: &str) -> Vec<u8> {
    wat(&format!(
        r#"(module
            (import "middle" "input" (func $input (param i32) (result i64)))
            (import "middle" "input_len" (func $input_len (result i32)))
            (import "middle" "output" (func $output (param i32 i64)))
            (import "middle" "output_len" (func $output_len (param i32)))
            {declarations}
            (func (export "run") (result i32) (local $i i32) (local $j i32) (local $k i64)
                {body}
                i32.const 0))"#
    ))
}

/// Instructions that make the values of these expressions of type `i64` the output, a word each.
fn show(expressions: &[&str]) -> String {
    let words = expressions.iter().enumerate();
    let outputs: String = words.map(|(i, value)| format!("(call $output (i32.const {i}) {value})\n")).collect();
    format!("{outputs}(call $output_len (i32.const {}))", 8 * expressions.len())
}

/// The bytes of 64-bit words.
fn words(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The expression for word `index` of the input as an `i32`.
fn input32(index: u32) -> String {
    format!("(i32.wrap_i64 (call $input (i32.const {index})))")
}

/// A context whose fields differ: field `f` is 32 bytes of `f + 1`, its root 32 bytes of 8.
fn context() -> Vec<u8> {
    (1..=8).flat_map(|field| [field; 32]).collect()
}
