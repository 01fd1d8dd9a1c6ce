//! Arbitrary bytes as a statement: what is accepted is the encoding of what it decodes to and well formed, and a small
//! module decides the relation without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::canonical_code::lower;
use middle_client::profile::{Module, load};
use middle_client::statement::{Statement, relation};
use std::sync::LazyLock;

/// Ends with the first byte of the input after a few cycles.
static MODULE: LazyLock<Module> = LazyLock::new(|| {
    let text = r#"(module
      (import "middle" "input" (func $input (param i32) (result i64)))
      (import "middle" "output_len" (func $output_len (param i32)))
      (func (export "run") (result i32)
        (call $output_len (i32.wrap_i64 (call $input (i32.const 1))))
        (i32.and (i32.wrap_i64 (call $input (i32.const 0))) (i32.const 255))))"#;
    load(&wat::parse_str(text).expect("the text is a module")).expect("the module is in the profile")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut statement) = Statement::from_bytes(bytes) else { return };
    assert_eq!(statement.to_bytes(), bytes);
    assert_eq!(statement.check(), Ok(()));
    statement.code_commitment = lower(&MODULE).expect("the module is small").commitment();
    let _ = relation(&statement, &MODULE, &[]);
});
