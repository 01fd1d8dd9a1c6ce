//! Parametric, variable and control instructions.

use super::{input32, module, show, words};
use crate::notation::Trap;
use crate::vectors::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = parametric_and_variable();
    cases.extend(blocks());
    cases.extend(branches());
    cases
}

fn parametric_and_variable() -> Vec<Case> {
    let select = format!("(select (i64.const 11) (i64.const 22) {})", input32(0));
    let select = module("", &show(&[&select]));
    let selected = |name: &str, condition: u64, value: u64| {
        case(
            &format!("execution-select-{name}"),
            "`select` takes the first value unless its condition is 0.",
            ["EXEC-004"],
        )
        .module(select.as_slice())
        .input(words(&[condition]))
        .accepted(words(&[value]))
    };
    let dirty = "(func $dirty (param i32) (result i64) (local i64 i32 i64)
        (i64.add (local.get 1) (i64.add (i64.extend_i32_u (local.get 2)) (local.get 3)))
        (local.set 1 (i64.const -1)) (local.set 2 (i32.const -1)) (local.set 3 (i64.const 5)))";
    vec![
        selected("zero", 0, 22),
        selected("one", 1, 11),
        selected("sign-bit", 1 << 31, 11),
        selected("high-bits", 1 << 32, 22),
        case("execution-locals", "Locals are 0 whenever the function is entered.", ["EXEC-009"])
            .module(module(dirty, &show(&["(call $dirty (i32.const -1))", "(call $dirty (i32.const -1))"])))
            .accepted(words(&[0, 0])),
        case("execution-local-alias", "An operand keeps its value when its local changes.", ["EXEC-004"])
            .module(module(
                "(func $f (param i64) (result i64)
                    local.get 0 local.get 0 (local.set 0 (i64.const 7)) (block (local.set 0 (i64.const 30)))
                    local.get 0 (local.tee 0 (i64.const 500)) local.get 0
                    i64.add i64.add i64.add i64.add)",
                &show(&["(call $f (i64.const 1))"]),
            ))
            .accepted(words(&[1 + 1 + 30 + 500 + 500])),
        case("execution-globals", "A global keeps what was last written, a 32-bit one no more.", ["EXEC-004"])
            .module(module(
                "(global $a (mut i64) (i64.const 3)) (global $b (mut i32) (i32.const -1))",
                &format!(
                    "(global.set $a (i64.sub (global.get $a) (i64.const 4)))
                    (global.set $b (i32.wrap_i64 (global.get $a)))
                    {}",
                    show(&["(global.get $a)", "(i64.extend_i32_u (global.get $b))"])
                ),
            ))
            .accepted(words(&[u64::MAX, u64::from(u32::MAX)])),
    ]
}

fn blocks() -> Vec<Case> {
    let if_else = |id: &str, sentence: &str, condition: u64, expected: [u64; 3]| {
        let condition_of = input32(0);
        let branches = [
            format!(
                "(i64.const 100) {condition_of} if (param i64) (result i64) i64.const 1 i64.add else i64.const 2 i64.sub end"
            ),
            format!("(i64.const 100) {condition_of} if (param i64) (result i64) i64.const 1 i64.add end"),
            format!("{condition_of} if (result i64) i64.const 50 br 0 else i64.const 60 i64.const 70 br 0 end"),
        ];
        let functions: String =
            branches.iter().enumerate().map(|(i, body)| format!("(func $f{i} (result i64) {body})")).collect();
        case(id, sentence, ["EXEC-004", "EXEC-016"])
            .module(module(&functions, &show(&["(call $f0)", "(call $f1)", "(call $f2)"])))
            .input(words(&[condition]))
            .accepted(words(&expected))
    };
    let looping = module(
        "(func $f (param $n i32) (result i64 i64 i64) (local $power i64)
            i64.const 55
            local.get $n
            i64.const 1
            loop $again (param i32 i64) (result i64 i64)
                local.set $power
                local.set $n
                i32.const 4 i32.const 5
                (i32.sub (local.get $n) (i32.const 1))
                (i64.mul (local.get $power) (i64.const 2))
                (br_if $again (i32.gt_s (local.get $n) (i32.const 1)))
                local.set $power
                local.set $n
                drop drop
                (i64.extend_i32_u (local.get $n))
                local.get $power
            end)",
        &format!(
            "(call $f {}) (local.set $k) (call $output (i32.const 2) (local.get $k)) (local.set $k)
            (call $output (i32.const 1) (local.get $k)) (local.set $k)
            (call $output (i32.const 0) (local.get $k)) (call $output_len (i32.const 24))",
            input32(0)
        ),
    );
    let unreachable = module("", &format!("(if {} (then unreachable)) nop", input32(0)));
    let nested = module(
        &format!("(func $f (param i32) {} local.get 0 br_if 499 {})", "block ".repeat(500), "end ".repeat(500)),
        &format!("(call $f {})", input32(0)),
    );
    vec![
        case("execution-nop", "`nop` does nothing, and `unreachable` traps only if it is executed.", ["EXEC-015"])
            .module(unreachable.as_slice())
            .input(words(&[0]))
            .accepted([]),
        case("execution-unreachable", "The instruction `unreachable` traps.", ["EXEC-015"])
            .module(unreachable)
            .input(words(&[1]))
            .derived_from("execution-nop", "the condition is 1")
            .trapped(Trap::Unreachable),
        if_else("execution-if-zero", "A condition of 0 takes the branch `else`, if there is one.", 0, [98, 100, 70]),
        if_else("execution-if-one", "A condition of 1 takes the first branch.", 1, [101, 101, 50]),
        if_else("execution-if-sign-bit", "Any condition but 0 takes the first branch.", 1 << 31, [101, 101, 50]),
        case(
            "execution-block-values",
            "A block takes its parameters from the stack and leaves its results there.",
            ["EXEC-004"],
        )
        .module(module(
            "(func $f (result i64)
                i64.const 1000 i64.const 7 i64.const 2
                block (param i64 i64) (result i64 i64) i64.sub i64.const 3 end
                i64.mul i64.add)",
            &show(&["(call $f)"]),
        ))
        .accepted(words(&[1015])),
        case("execution-loop-once", "A loop that does not branch is left with its results.", ["EXEC-016"])
            .module(looping.as_slice())
            .input(words(&[1]))
            .accepted(words(&[55, 0, 2])),
        case("execution-loop", "A branch to a loop carries its parameters and drops what lies above.", ["EXEC-016"])
            .module(looping)
            .input(words(&[10]))
            .accepted(words(&[55, 0, 1024])),
        case("execution-nesting", "Five hundred nested blocks, left by their ends.", ["EXEC-004"])
            .module(nested.as_slice())
            .input(words(&[0]))
            .accepted([]),
        case("execution-nesting-branch", "Five hundred nested blocks, left by one branch.", ["EXEC-016"])
            .module(nested)
            .input(words(&[1]))
            .accepted([]),
    ]
}

fn branches() -> Vec<Case> {
    let function = |body: &str| {
        module(&format!("(func $f (param i32) (result i64) {body})"), &show(&[&format!("(call $f {})", input32(0))]))
    };
    let accepted = |id: String, sentence: &str, rule: &str, program: &[u8], operand: u64, expected: u64| {
        case(&id, sentence, [rule]).module(program).input(words(&[operand])).accepted(words(&[expected]))
    };
    let br = function(
        "i64.const 1
        block (result i64 i64)
            i64.const 7 i64.const 7
            block i64.const 7 i64.const 20 i64.const 300 br 1 end
            unreachable
        end
        i64.add i64.add",
    );
    let br_if = function("block (result i64) i64.const 5 (br_if 0 (i64.const 6) (local.get 0)) i64.add end");
    let to_function = function(
        "i64.const 1
        (loop (block (if (local.get 0) (then i64.const 8 i64.const 9 br 3))))
        i64.const 1 i64.add",
    );
    let returning = function(
        "i64.const 1
        (loop (block (if (local.get 0) (then i64.const 8 i64.const 9 return))))
        i64.const 1 i64.add",
    );
    let table = function(
        "block block block block
            (br_table 0 1 2 1 3 (local.get 0))
        end (return (i64.const 10))
        end (return (i64.const 11))
        end (return (i64.const 12))
        end i64.const 13",
    );
    let values = function(
        "block (result i64)
            block (result i64)
                i64.const 1 i64.const 2 i64.const 30
                (br_table 0 1 2 (local.get 0))
            end
            i64.const 5 i64.add
        end
        i64.const 100 i64.add",
    );
    let mut cases = vec![
        accepted("execution-br".into(), "A branch keeps its label's values only.", "EXEC-016", &br, 0, 321),
        accepted("execution-br-if".into(), "A branch whose condition holds.", "EXEC-016", &br_if, 1, 6),
        accepted("execution-br-if-zero".into(), "Without a branch the operands stay.", "EXEC-016", &br_if, 0, 11),
    ];
    for (name, program) in [("br-function", &to_function), ("return", &returning)] {
        cases.extend([
            accepted(format!("execution-{name}"), "Out of three blocks.", "EXEC-016", program, 1, 9),
            accepted(format!("execution-{name}-not"), "The way on, in the same function.", "EXEC-016", program, 0, 2),
        ]);
    }
    let greatest = u64::from(u32::MAX);
    for (index, expected) in [(0, 10), (1, 11), (2, 12), (3, 11), (4, 13), (5, 13), (1 << 31, 13), (greatest, 13)] {
        let id = format!("execution-br-table-{index}");
        let sentence = "An index takes its label; from the number of labels on, the default.";
        cases.push(accepted(id, sentence, "EXEC-017", &table, index, expected));
    }
    for (index, expected) in [(0, 135), (1, 130), (2, 30)] {
        let id = format!("execution-br-table-values-{index}");
        cases.push(accepted(id, "Each label of a table carries the values.", "EXEC-017", &values, index, expected));
    }
    cases
}
