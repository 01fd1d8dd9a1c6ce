//! Cases of the format `execution`: modules that are executed.

use super::{Case, case, wat};
use crate::notation::{B256, Reject, Trap};

/// The cases, each that does not end accepted after the accepted one from which it is derived.
pub fn cases() -> Vec<Case> {
    let minimal = wat(r#"(module (func (export "run") (result i32) i32.const 0))"#);
    let mut context = vec![0; 256];
    context[224..].fill(0x5a);
    vec![
        case("execution-minimal", "An extension that returns 0 accepts and keeps the state.", ["EXEC-001"])
            .module(minimal.as_slice())
            .context(context.as_slice())
            .accepted([]),
        case(
            "execution-output",
            "The output has the declared length; words written beyond it are cut off.",
            ["HOST-010"],
        )
        .module(wat(r#"(module
                (import "middle" "output" (func $output (param i32 i64)))
                (import "middle" "output_len" (func $output_len (param i32)))
                (import "middle" "post_state" (func $post_state (param i32 i64)))
                (func (export "run") (result i32)
                    (call $output (i32.const 0) (i64.const 0x0807060504030201))
                    (call $output_len (i32.const 5))
                    (call $post_state (i32.const 3) (i64.const -1))
                    i32.const 0))"#))
        .context(context.as_slice())
        .accepted_with_state([1, 2, 3, 4, 5], B256::from_slice(&[[0x5a; 24].as_slice(), &[0xff; 8]].concat())),
        case("execution-rejected", "What `run` returns is the extension's own code.", ["EXEC-001"])
            .module(wat(r#"(module (func (export "run") (result i32) i32.const -1))"#))
            .context(context.as_slice())
            .derived_from("execution-minimal", "return -1")
            .rejected(u32::MAX, []),
        case("execution-unreachable", "The instruction `unreachable` traps.", ["EXEC-001"])
            .module(wat(r#"(module (func (export "run") (result i32) unreachable))"#))
            .derived_from("execution-minimal", "replace the constant by `unreachable`")
            .trapped(Trap::Unreachable),
        case("execution-context-short", "A context has exactly 256 bytes.", ["HOST-006"])
            .module(minimal)
            .context(&context[..255])
            .derived_from("execution-minimal", "remove the last byte of the context")
            .reject(Reject::ContextLengthMismatch),
    ]
}
