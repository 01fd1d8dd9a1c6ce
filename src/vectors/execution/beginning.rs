//! Instantiation, the start function and the verdict of `run`.

use super::{context, module, show, words};
use crate::notation::Trap;
use crate::vectors::{Case, case, wat};

pub(super) fn cases() -> Vec<Case> {
    let verdict = |code: &str| wat(&format!(r#"(module (func (export "run") (result i32) {code}))"#));
    let rejected = |name: &str, sentence: &str, code: u32| {
        case(&format!("execution-rejected{name}"), sentence, ["EXEC-003", "HOST-015"])
            .module(verdict(&format!("i32.const {code}")))
            .context(context())
            .derived_from("execution-minimal", &format!("return {code}"))
            .rejected(code, [])
    };
    let start = |function: &str| {
        module(
            &format!("(global $g (mut i64) (i64.const 7)) (start $start) (func $start {function})"),
            &format!("(global.set $g (i64.mul (global.get $g) (i64.const 2))) {}", show(&["(global.get $g)"])),
        )
    };
    vec![
        case("execution-minimal", "An extension that returns 0 accepts and keeps the state.", ["EXEC-003", "HOST-015"])
            .module(verdict("i32.const 0"))
            .context(context())
            .accepted([]),
        rejected("", "The greatest value that `run` can return is a code like others.", u32::MAX),
        rejected("-one", "The least value that rejects is 1.", 1),
        rejected("-sign-bit", "The code has no sign.", 1 << 31),
        case("execution-instantiation", "Segments and globals have their initial values.", ["EXEC-001"])
            .module(instantiation())
            .accepted(words(&[u64::MAX - 1, 4, 0x6361_0000_0000_0000, 22, 33])),
        case("execution-instantiation-null", "What no element segment covers is null.", ["EXEC-001", "EXEC-018"])
            .module(instantiation())
            .input(words(&[3]))
            .derived_from("execution-instantiation", "call entry 3, which no segment covers")
            .trapped(Trap::UninitializedElement),
        case("execution-start", "The start function runs before `run`.", ["EXEC-002"])
            .module(start("(global.set $g (i64.const 21))"))
            .accepted(words(&[42])),
        case("execution-start-trap", "A trap of the start function ends the execution.", ["EXEC-002", "EXEC-015"])
            .module(start("unreachable"))
            .context(context())
            .derived_from("execution-start", "replace the body of the start function by `unreachable`")
            .trapped(Trap::Unreachable),
    ]
}

/// Shows the globals, the last word of the memory, what entry 1 returns and what the entry that the input adds to 2
/// returns.
fn instantiation() -> Vec<u8> {
    module(
        r#"(type $t (func (result i64))) (table 6 funcref) (memory 1)
           (global $a i64 (i64.const -2)) (global $b (mut i32) (i32.const 4))
           (elem (i32.const 1) $two $nothing) (elem (i32.const 2) $three)
           (data (i32.const 65534) "ab") (data (i32.const 65535) "c")
           (func $two (result i64) i64.const 22) (func $three (result i64) i64.const 33) (func $nothing)"#,
        &show(&[
            "(global.get $a)",
            "(i64.extend_i32_u (global.get $b))",
            "(i64.load (i32.const 65528))",
            "(call_indirect (type $t) (i32.const 1))",
            "(call_indirect (type $t) (i32.add (i32.const 2) (i32.wrap_i64 (call $input (i32.const 0)))))",
        ]),
    )
}
