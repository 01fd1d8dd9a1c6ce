//! Calls and the register stack.

use super::{input32, module, show, words};
use crate::notation::Trap;
use crate::profile::MAX_FRAME_POINTER;
use crate::vectors::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = direct();
    cases.extend(indirect());
    cases.extend(register_stack());
    cases.extend(every_kind_at_the_limit());
    cases
}

fn direct() -> Vec<Case> {
    let order = "(func $f (param i32 i64 i32) (result i64 i64 i64) (local i64)
        local.get 1 (i64.extend_i32_u (local.get 2)) (i64.extend_i32_u (local.get 0)))
        (func $digits (result i64) (local i64 i64)
            i64.const 4000 (call $f (i32.const 1) (i64.const 20) (i32.const 300)) i64.add i64.add i64.add)";
    let recursion = "(func $factorial (param i64) (result i64)
        (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
            (else (i64.mul (local.get 0) (call $factorial (i64.sub (local.get 0) (i64.const 1)))))))";
    // The callee enters the same blocks at the same heights while its caller is inside of them.
    let within_blocks = "(func $f (param i32) (result i64)
        i64.const 1000
        block (result i64)
            i64.const 7
            local.get 0
            if (result i64) (call $f (i32.sub (local.get 0) (i32.const 1))) br 1 else i64.const 5 end
            i64.add
        end
        i64.add)";
    vec![
        case("execution-call", "Results take the place of the arguments, above the caller's operands.", ["EXEC-004"])
            .module(module(order, &show(&["(call $digits)"])))
            .accepted(words(&[4321])),
        case("execution-recursion", "A function that calls itself.", ["EXEC-004"])
            .module(module(recursion, &show(&["(call $factorial (i64.const 20))"])))
            .accepted(words(&[2_432_902_008_176_640_000])),
        case("execution-recursion-in-blocks", "Each call has labels of its own.", ["EXEC-016"])
            .module(module(within_blocks, &show(&["(call $f (i32.const 4))"])))
            .accepted(words(&[5_012])),
    ]
}

fn indirect() -> Vec<Case> {
    let program = module(
        "(table 5 funcref) (elem (i32.const 1) $a $b $c $d)
        (type $t (func (param i32) (result i32))) (type $same (func (param i32) (result i32)))
        (func $a (type $t) (i32.add (local.get 0) (i32.const 1)))
        (func $b (type $same) (i32.add (local.get 0) (i32.const 2)))
        (func $c (param i64) (result i32) i32.const 3)
        (func $d (param i32) (result i32 i32) i32.const 4 i32.const 5)",
        &show(&[&format!("(i64.extend_i32_u (call_indirect (type $same) (i32.const 40) {}))", input32(0))]),
    );
    let origin = "execution-call-indirect";
    let accepted = |id: &str, sentence: &str, index: u64, value: u64| {
        case(id, sentence, ["EXEC-018"]).module(program.as_slice()).input(words(&[index])).accepted(words(&[value]))
    };
    let traps = |name: &str, sentence: &str, index: u64, trap: Trap| {
        case(&format!("{origin}-{name}"), sentence, ["EXEC-018"])
            .module(program.as_slice())
            .input(words(&[index]))
            .derived_from(origin, &format!("the index is {index}"))
            .trapped(trap)
    };
    let (mismatch, undefined) = (Trap::IndirectCallTypeMismatch, Trap::UndefinedElement);
    vec![
        accepted(origin, "A function of the expected type.", 2, 42),
        accepted("execution-call-indirect-equal-type", "An equal type with another index.", 1, 41),
        traps("null", "A null entry.", 0, Trap::UninitializedElement),
        traps("parameters", "Other parameters.", 3, mismatch),
        traps("results", "Other results.", 4, mismatch),
        traps("beyond", "An index equal to the size of the table.", 5, undefined),
        traps("unsigned", "The index is unsigned.", u64::from(u32::MAX), undefined),
    ]
}

/// A function that calls itself: each call moves the frame pointer by the argument, the link, the locals and the
/// operands below the argument.
fn register_stack() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, call) in [("direct", "call $f"), ("indirect", "i32.const 0 call_indirect (type $t)")] {
        for (locals, operands) in [(0, 0), (3, 5), (4_000, 0)] {
            let frame = 2 + locals + operands;
            let program = module(
                &format!(
                    "(type $t (func (param i32))) (table 1 funcref) (elem (i32.const 0) $f)
                    (func $f (param i32) (local {})
                        local.get 0 i32.eqz if return end
                        {} local.get 0 i32.const 1 i32.sub {call} {})",
                    "i64 ".repeat(locals),
                    "i64.const 1 ".repeat(operands),
                    "drop ".repeat(operands)
                ),
                &format!("(call $f {})", input32(0)),
            );
            // `run` has one result, a link and three locals: its operands, and the first frame, begin at slot 5.
            let calls = (u64::from(MAX_FRAME_POINTER) - 5) / frame as u64;
            let id = format!("execution-stack-{name}-{frame}");
            cases.extend([
                case(&id, &format!("As many calls as frames of {frame} slots leave room for."), ["EXEC-019"])
                    .module(program.as_slice())
                    .input(words(&[calls]))
                    .accepted([]),
                case(&format!("{id}-exhausted"), "One call more than there is room for.", ["EXEC-019"])
                    .module(program)
                    .input(words(&[calls + 1]))
                    .derived_from(&id, "one call more")
                    .trapped(Trap::CallStackExhausted),
            ]);
        }
    }
    cases
}

/// A function calls itself, which moves the frame pointer by one slot each time, and then does something at the very
/// limit, or one slot before it.
fn every_kind_at_the_limit() -> Vec<Case> {
    let program = |leaf: &str| {
        module(
            &format!(
                r#"(type $length (func (result i32))) (type $void (func)) (type $other (func (param i64)))
                (table 4 funcref) (elem (i32.const 0) $input_len $nothing) (memory 1) (data $d "abc")
                (global $n (mut i32) (i32.const 0))
                (func $nothing) (func $one (param i32))
                (func $f
                    (if (global.get $n)
                        (then (global.set $n (i32.sub (global.get $n) (i32.const 1))) (call $f))
                        (else {leaf})))"#
            ),
            &format!("(global.set $n {}) (call $f)", input32(0)),
        )
    };
    // `run` calls `$f` at slot 5, so `$f` is at the limit after as many calls of itself.
    let deepest = u64::from(MAX_FRAME_POINTER) - 5;
    let exhausted = Some(Trap::CallStackExhausted);
    let bounds = Some(Trap::OutOfBoundsMemoryAccess);
    let fill = |length: u32| format!("(memory.fill (i32.const 0) (i32.const 1) (i32.const {length}))");
    let unknown = |index: u32| format!("(call_indirect (type $other) (i64.const 0) (i32.const {index}))");
    let leaves: [(&str, String, Option<Trap>, Option<Trap>); 13] = [
        ("nothing", "nop".into(), None, None),
        ("call", "(call $nothing)".into(), exhausted, None),
        ("argument", "(call $one (i32.const 1))".into(), exhausted, None),
        ("import", "(drop (call $input_len))".into(), None, None),
        ("indirect", "(call_indirect (type $void) (i32.const 1))".into(), exhausted, None),
        ("indirect-import", "(drop (call_indirect (type $length) (i32.const 0)))".into(), exhausted, None),
        ("fill", fill(65_536), exhausted, None),
        ("fill-bounds", fill(65_537), exhausted, bounds),
        ("copy", "(memory.copy (i32.const 8) (i32.const 0) (i32.const 8))".into(), exhausted, None),
        ("init", "(memory.init $d (i32.const 8) (i32.const 0) (i32.const 3))".into(), exhausted, None),
        ("undefined", unknown(4), Some(Trap::UndefinedElement), Some(Trap::UndefinedElement)),
        ("uninitialized", unknown(2), Some(Trap::UninitializedElement), Some(Trap::UninitializedElement)),
        ("mismatch", unknown(1), Some(Trap::IndirectCallTypeMismatch), Some(Trap::IndirectCallTypeMismatch)),
    ];
    let mut cases = Vec::new();
    for (name, leaf, at_limit, before) in leaves {
        for (side, calls, trap) in [("before", deepest - 1, before), ("at", deepest, at_limit)] {
            let sentence = format!("`{leaf}` in a frame {side} the limit.");
            let draft = case(&format!("execution-limit-{name}-{side}"), &sentence, ["EXEC-019"])
                .module(program(&leaf))
                .input(words(&[calls]));
            cases.push(match trap {
                None => draft.accepted([]),
                Some(trap) if before.is_none() => {
                    draft.derived_from(&format!("execution-limit-{name}-before"), "one call more").trapped(trap)
                }
                Some(trap) => {
                    draft.derived_from(&format!("execution-limit-nothing-{side}"), "another instruction").trapped(trap)
                }
            });
        }
    }
    cases
}
