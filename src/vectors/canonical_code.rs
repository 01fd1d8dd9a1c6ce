//! Cases of the format `canonical_code`: modules that are lowered, and whose canonical code is executed.

use super::{Case, Draft, case, wat};
use crate::canonical_code::{CanonicalCode, IMMEDIATE_1, IMMEDIATE_2, Opcode, Space, Word, lower};
use crate::notation::{Reject, Trap};
use crate::profile;

/// A limit that no case reaches unless it is about the limit.
const CYCLE_LIMIT: u64 = 1_000_000;

/// The cases, each that does not end accepted after the accepted one from which it is derived.
pub fn cases() -> Vec<Case> {
    [lowering(), program(), execution(), code_size(), encoding()].concat()
}

/// A case that lowers and executes a module in text.
fn runs<const N: usize>(name: &str, description: &str, requirements: [&str; N], text: &str) -> Draft {
    case(&format!("canonical-code-{name}"), description, requirements).module(wat(text)).cycle_limit(CYCLE_LIMIT)
}

/// Hashes two elements of four equal words, then the hash with the second of them.
const POSEIDON: &str = r#"(module
    (import "middle" "poseidon" (func $poseidon (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "run") (result i32) (local $i i32)
        (loop $next
            (i64.store (local.get $i) (i64.const 1))
            (i64.store offset=32 (local.get $i) (i64.const 2))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 32))))
        (call $poseidon (i32.const 0) (i32.const 64))
        (call $poseidon (i32.add (local.get $i) (i32.const 0)) (i32.const 32))
        (i64.eqz (i64.load (i32.const 32)))))"#;

/// What the words of each instruction are.
fn lowering() -> Vec<Case> {
    vec![
        runs(
            "minimal",
            "An extension that returns 0 takes four cycles: call, move, return, halt.",
            ["CODE-003", "CODE-012", "CODE-020", "CODE-021", "CODE-028", "CODE-030"],
            r#"(module (func (export "run") (result i32) i32.const 0))"#,
        )
        .accepted([])
        .stating("cycles", "0x4"),
        runs(
            "operands",
            "Locals and constants become operands of the words that use them.",
            ["CODE-012", "CODE-013", "CODE-015"],
            r#"(module (func (export "run") (result i32) (local $i i32) (local $sum i32)
                (loop $next
                    (local.set $sum (i32.add (local.get $sum) (local.get $i)))
                    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
                (i32.ne (local.get $sum) (i32.const 45))))"#,
        )
        .accepted([]),
        runs(
            "aliases",
            "An operand that is the value of a local is saved before the local changes.",
            ["CODE-012"],
            r#"(module (func (export "run") (result i32) (local $x i32)
                (local.set $x (i32.const 5))
                local.get $x
                local.get $x
                (local.set $x (i32.const 7))
                (local.tee $x (i32.add (local.get $x) (i32.const 1)))
                i32.sub
                i32.sub
                i32.const 8
                i32.ne))"#,
        )
        .accepted([]),
        runs(
            "wide-constants",
            "A constant of 2^32 or more is moved to a slot where a word has only half an immediate for it.",
            ["CODE-012", "CODE-015"],
            r#"(module (memory 1) (global $g (mut i64) (i64.const 0))
                (func (export "run") (result i32) (local $x i64)
                    (global.set $g (i64.const 0xffffffff))
                    (global.set $g (i64.add (global.get $g) (i64.const 1)))
                    (i64.store (i32.const 0) (i64.const 0x100000000))
                    (i64.store offset=8 (i32.const 0) (i64.const 0xffffffff))
                    (local.set $x (i64.load (i32.const 0)))
                    (if (i64.ne (local.get $x) (i64.const 0x100000000)) (then (return (i32.const 1))))
                    (if (i64.eq (local.get $x) (i64.const 0xffffffff)) (then (return (i32.const 2))))
                    (i64.ne (global.get $g) (local.get $x))))"#,
        )
        .accepted([]),
        runs(
            "two-constants",
            "Of two constants the first goes through the slot of the result.",
            ["CODE-012"],
            r#"(module (func (export "run") (result i32)
                (i32.ne (i32.sub (i32.const 3) (i32.const 5)) (i32.const -2))))"#,
        )
        .accepted([]),
        runs(
            "constant-addresses",
            "A constant address is added to the offset; a sum beyond 32 bits is out of bounds as 2^32 - 1 is.",
            ["CODE-005", "CODE-012"],
            r#"(module (memory 1) (data (i32.const 65532) "\00\00\00\00")
                (func (export "run") (result i32) (i32.load offset=65500 (i32.const 32))))"#,
        )
        .accepted([]),
        runs(
            "constant-address-overflow",
            "A constant address whose sum with the offset exceeds 32 bits traps.",
            ["CODE-004", "CODE-005", "CODE-012", "CODE-029", "CODE-030"],
            r#"(module (memory 1) (data (i32.const 65532) "\00\00\00\00")
                (func (export "run") (result i32) (i32.load offset=0xffffffff (i32.const 32))))"#,
        )
        .derived_from("canonical-code-constant-addresses", "raise the offset to 2^32 - 1")
        .trapped(Trap::OutOfBoundsMemoryAccess),
        runs(
            "zeroing",
            "Only locals that may be read before they are written are zeroed on entry.",
            ["CODE-011"],
            r#"(module
                (func $dirty (param i64 i64) (result i64) (local i64 i64 i64)
                    (local.set 2 (i64.const -1)) (local.set 3 (i64.const -1)) (local.set 4 (i64.const -1))
                    (local.get 0))
                (func $clean (param $p i32) (result i64) (local $never i64) (local $if i64) (local $both i64)
                    (if (local.get $p)
                        (then (local.set $if (i64.const 1)) (local.set $both (i64.const 1)))
                        (else (local.set $both (i64.const 1))))
                    (i64.add (local.get $never) (i64.add (local.get $if) (local.get $both))))
                (func (export "run") (result i32)
                    (drop (call $dirty (i64.const -1) (i64.const -1)))
                    (i64.ne (call $clean (i32.const 0)) (i64.const 1))))"#,
        )
        .accepted([]),
        runs(
            "inverted-comparisons",
            "`eqz` inverts the comparison that produced its operand, and a branch takes it over.",
            ["CODE-014", "CODE-015"],
            r#"(module (func (export "run") (result i32) (local $x i32)
                (local.set $x (i32.const 3))
                (if (i32.eqz (i32.lt_s (local.get $x) (i32.const 5))) (then (return (i32.const 1))))
                (if (i32.eqz (i32.eqz (local.get $x))) (then (nop)) (else (return (i32.const 2))))
                (i32.eqz (i32.ge_u (local.get $x) (i32.const 3)))))"#,
        )
        .accepted([]),
        runs(
            "conditional-moves",
            "A conditional move is redirected together with the word before it, unless it reads the other slot.",
            ["CODE-012", "CODE-013"],
            r#"(module
                (func $least (param $x i64) (param $y i64) (param $z i64) (result i64)
                    (local.set $x (select (local.get $x) (local.get $y) (i64.lt_u (local.get $x) (local.get $y))))
                    (local.set $z (select (local.get $x) (local.get $z) (i64.lt_u (local.get $x) (local.get $z))))
                    (local.get $z))
                (func (export "run") (result i32)
                    (i64.ne (call $least (i64.const 7) (i64.const 5) (i64.const 6)) (i64.const 5))))"#,
        )
        .accepted([]),
        runs(
            "branch-operands",
            "A branch moves the operands that it carries down to where its label expects them.",
            ["CODE-012", "CODE-015"],
            r#"(module (func (export "run") (result i32) (local $zero i32)
                (i32.const 100)
                (block $out (result i32 i32)
                    (i32.const 1)
                    (i32.const 2)
                    (br_if $out (i32.const 3) (i32.const 4) (local.get $zero))
                    (br $out))
                (i32.add)
                (i32.sub)
                (i32.const 93)
                (i32.ne)))"#,
        )
        .accepted([]),
        runs(
            "loop-parameters",
            "A loop's parameters are where its label expects them on every turn.",
            ["CODE-012"],
            r#"(module (func (export "run") (result i32) (local $n i32)
                (local.set $n (i32.const 5))
                (i32.const 1)
                (loop $next (param i32) (result i32)
                    (local.get $n)
                    (i32.mul)
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $next (local.get $n)))
                (i32.const 120)
                (i32.ne)))"#,
        )
        .accepted([]),
        runs(
            "loop-tested-at-its-top",
            "A branch back to a loop that begins with a branch takes that branch, inverted.",
            ["CODE-031"],
            r#"(module (func (export "run") (result i32) (local $i i32) (local $sum i32)
                (block $done
                    (loop $next
                        (br_if $done (i32.ge_u (local.get $i) (i32.const 10)))
                        (local.set $sum (i32.add (local.get $sum) (local.get $i)))
                        (local.set $i (i32.add (local.get $i) (i32.const 1)))
                        (br $next)))
                (i32.ne (local.get $sum) (i32.const 45))))"#,
        )
        .accepted([]),
        runs(
            "branch-table",
            "A branch table is a bounds check, an indexed jump and one jump for each label.",
            ["CODE-016"],
            r#"(module
                (func $select (param i32) (result i32)
                    (i32.const 1)
                    (block $out (result i32)
                        (i32.const 2)
                        (block $in (result i32)
                            (i32.const 3)
                            (br_table $in $out $in 2 (local.get 0)))
                        (i32.add))
                    (i32.add))
                (func $plain (param i32) (result i32)
                    (block $a (block $b (block $c (br_table $a $b $c (local.get 0))) (return (i32.const 10)))
                        (return (i32.const 20)))
                    (i32.const 30))
                (func (export "run") (result i32)
                    (if (i32.ne (call $select (i32.const 0)) (i32.const 6)) (then (return (i32.const 1))))
                    (if (i32.ne (call $select (i32.const 1)) (i32.const 4)) (then (return (i32.const 2))))
                    (if (i32.ne (call $select (i32.const 3)) (i32.const 3)) (then (return (i32.const 3))))
                    (if (i32.ne (call $plain (i32.const 0)) (i32.const 30)) (then (return (i32.const 4))))
                    (if (i32.ne (call $plain (i32.const 1)) (i32.const 20)) (then (return (i32.const 5))))
                    (i32.ne (call $plain (i32.const -1)) (i32.const 10))))"#,
        )
        .accepted([]),
        runs(
            "results",
            "Results that are locals in the first slots are saved before other results overwrite them.",
            ["CODE-017", "CODE-018"],
            r#"(module
                (func $rotate (param i32 i32 i32) (result i32 i32 i32) (local.get 1) (local.get 2) (local.get 0))
                (func (export "run") (result i32)
                    (call $rotate (i32.const 1) (i32.const 20) (i32.const 300))
                    (i32.sub)
                    (i32.sub)
                    (i32.const -279)
                    (i32.ne)))"#,
        )
        .accepted([]),
        runs(
            "calls",
            "A callee's frame begins at its first argument; what lies below survives the call.",
            ["CODE-006", "CODE-010", "CODE-018"],
            r#"(module
                (type $binary (func (param i32 i32) (result i32)))
                (table 2 funcref) (elem (i32.const 1) $sub)
                (func $sub (type $binary) (i32.sub (local.get 0) (local.get 1)))
                (func (export "run") (result i32) (local $kept i32)
                    (local.set $kept (i32.const 3))
                    (local.get $kept)
                    (i32.const 50)
                    (call $sub (i32.const 9) (local.get $kept))
                    (call_indirect (type $binary) (i32.const 1))
                    (i32.add)
                    (i32.const 47)
                    (i32.ne)))"#,
        )
        .accepted([]),
        runs(
            "host-functions",
            "A host function is a load or store of a cell behind its bound.",
            ["CODE-009", "CODE-019", "CODE-021"],
            r#"(module
                (import "middle" "input" (func $input (param i32) (result i64)))
                (import "middle" "input_len" (func $input_len (result i32)))
                (import "middle" "witness" (func $witness (param i32) (result i64)))
                (import "middle" "witness_len" (func $witness_len (result i32)))
                (import "middle" "context" (func $context (param i32) (result i64)))
                (import "middle" "output" (func $output (param i32 i64)))
                (import "middle" "output_len" (func $output_len (param i32)))
                (import "middle" "post_state" (func $post_state (param i32 i64)))
                (func (export "run") (result i32) (local $i i32)
                    (call $output (local.get $i) (call $input (i32.const 0)))
                    (call $output (i32.const 1) (call $witness (local.get $i)))
                    (call $output (i32.const 2) (call $context (i32.const 31)))
                    (call $output (i32.const 3) (call $input (i32.const -1)))
                    (call $output (i32.const 4) (i64.const -1))
                    (call $output_len (i32.add (i32.const 30) (i32.add (call $input_len) (call $witness_len))))
                    (call $post_state (i32.const 0) (call $context (i32.const 28)))
                    (i32.const 0)))"#,
        )
        .input([1, 2, 3])
        .witness([4])
        .context([[0; 224], [7; 224]].concat()[..256].to_vec())
        .accepted([
            1, 2, 3, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
        ]),
        runs(
            "poseidon",
            "A call of `poseidon` is one word of two registers; constants are moved to registers first.",
            ["CODE-019", "CODE-030", "CODE-032"],
            POSEIDON,
        )
        .accepted([0; 0]),
        runs(
            "poseidon-unaligned",
            "An address that is no multiple of 8 traps, and nothing is read.",
            ["CODE-004", "CODE-030", "CODE-032"],
            &POSEIDON.replace("(i32.const 64))", "(i32.const 68))"),
        )
        .derived_from("canonical-code-poseidon", "raise the first address of the hash by 4")
        .trapped(Trap::UnalignedAddress),
        runs(
            "poseidon-not-canonical",
            "A number that is not below the modulus traps when it has been read, and nothing is written.",
            ["CODE-004", "CODE-030", "CODE-032"],
            &POSEIDON.replace("(i64.const 1)", "(i64.const -1)"),
        )
        .derived_from("canonical-code-poseidon", "make all words of the left element 2^64 - 1")
        .trapped(Trap::ElementNotCanonical),
        runs(
            "abort",
            "A call of `env.abort` is a trap.",
            ["CODE-019"],
            r#"(module
                (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
                (func (export "run") (result i32)
                    (call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                    (i32.const 0)))"#,
        )
        .derived_from("canonical-code-minimal", "call `env.abort` first")
        .trapped(Trap::Aborted),
    ]
}

/// How the parts of a program follow each other.
fn program() -> Vec<Case> {
    vec![
        runs(
            "layout",
            "Entry routine, functions, stubs of imports that have an address, routines that are called.",
            ["CODE-020", "CODE-021"],
            r#"(module
                (import "middle" "input_len" (func $input_len (result i32)))
                (import "middle" "witness_len" (func $witness_len (result i32)))
                (type $length (func (result i32)))
                (memory 1) (table 1 funcref) (elem (i32.const 0) $witness_len)
                (global $started (mut i32) (i32.const 0))
                (func (export "run") (result i32)
                    (memory.fill (i32.const 0) (i32.const 1) (i32.const 13))
                    (i32.or
                        (i32.or (i32.ne (global.get $started) (i32.const 1)) (call $input_len))
                        (i32.or (call_indirect (type $length) (i32.const 0)) (i32.eqz (i32.load8_u (i32.const 12))))))
                (func $start (global.set $started (i32.const 1)))
                (start $start))"#,
        )
        .accepted([]),
        runs(
            "image",
            "The image holds what is not zero of globals, table, memory, passive segments and their lengths.",
            ["CODE-024"],
            r#"(module
                (memory 1) (table 3 funcref) (elem (i32.const 1) $run)
                (global i32 (i32.const 0)) (global $g i64 (i64.const -1))
                (data (i32.const 6) "middle client") (data "passive one") (data (i32.const 10) "\00\00") (data "two")
                (func $run (export "run") (result i32)
                    (memory.init 1 (i32.const 100) (i32.const 8) (i32.const 3))
                    (memory.init 3 (i32.const 103) (i32.const 0) (i32.const 3))
                    (data.drop 1)
                    (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0))
                    (i64.ne (i64.load (i32.const 100)) (i64.const 0x00006f7774656e6f))))"#,
        )
        .accepted([]),
        runs(
            "image-dropped",
            "A dropped segment has no bytes.",
            ["CODE-004", "CODE-020", "CODE-024"],
            r#"(module
                (memory 1) (data "passive one")
                (func $run (export "run") (result i32)
                    (data.drop 0)
                    (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))
                    (i32.const 0)))"#,
        )
        .derived_from("canonical-code-image", "read a byte of a segment that was dropped")
        .trapped(Trap::OutOfBoundsMemoryAccess),
        runs(
            "bulk",
            "The routines for bulk operations move eight bytes at a time, upwards or downwards, then single bytes.",
            ["CODE-020"],
            r#"(module (memory 1) (data (i32.const 0) "0123456789abcdefghijklmnopqrstuvwxyz")
                (func (export "run") (result i32)
                    (memory.copy (i32.const 3) (i32.const 0) (i32.const 27))
                    (memory.copy (i32.const 40) (i32.const 45) (i32.const 0))
                    (memory.copy (i32.const 1) (i32.const 4) (i32.const 19))
                    (memory.fill (i32.const 20) (i32.const 0x1ff) (i32.const 9))
                    (memory.copy (i32.const 65535) (i32.const 29) (i32.const 1))
                    (if (i64.ne (i64.load (i32.const 0)) (i64.const 0x3736353433323130)) (then (return (i32.const 1))))
                    (if (i64.ne (i64.load (i32.const 16)) (i64.const 0xffffffff6a696867)) (then (return (i32.const 2))))
                    (i64.ne (i64.load (i32.const 24)) (i64.const 0x767571ffffffffff))))"#,
        )
        .accepted([]),
    ]
}

/// How the words behave.
fn execution() -> Vec<Case> {
    let recursion = |depth: u32| {
        format!(
            r#"(module
                (func $down (param i32) (result i32)
                    (if (result i32) (local.get 0)
                        (then (call $down (i32.sub (local.get 0) (i32.const 1))))
                        (else (i32.const 0))))
                (func (export "run") (result i32) (call $down (i32.const {depth}))))"#
        )
    };
    let memory_end = |address: u32| {
        format!(
            r#"(module (memory 1) (func (export "run") (result i32) (local $address i32)
                (local.set $address (i32.const {address}))
                (i64.store offset=3 (local.get $address) (i64.const 5))
                (i32.sub (i32.load8_u offset=3 (local.get $address)) (i32.const 5))))"#
        )
    };
    let indirect = |index: u32, called: &str| {
        format!(
            r#"(module
                (type $none (func (result i32))) (type $one (func (param i32) (result i32)))
                (table 2 funcref) (elem (i32.const 0) $zero)
                (func $zero (type $none) (i32.const 0))
                (func (export "run") (result i32) {called} (call_indirect (type {}) (i32.const {index}))))"#,
            if called.is_empty() { "$none" } else { "$one" }
        )
    };
    vec![
        runs(
            "arithmetic",
            "Each operation yields what its table says; the module returns the number of the first that does not.",
            ["CODE-003"],
            include_str!("arithmetic.wat"),
        )
        .accepted([]),
        runs(
            "division-by-zero",
            "A division by zero traps and writes nothing.",
            ["CODE-003", "CODE-004"],
            r#"(module (func (export "run") (result i32) (local $zero i32)
                (i32.div_u (i32.const 1) (local.get $zero))))"#,
        )
        .derived_from("canonical-code-arithmetic", "divide by zero")
        .trapped(Trap::IntegerDivideByZero),
        runs(
            "division-overflow",
            "The quotient of the least integer and -1 traps.",
            ["CODE-003", "CODE-004"],
            r#"(module (func (export "run") (result i32) (local $least i64)
                (local.set $least (i64.const 0x8000000000000000))
                (i32.wrap_i64 (i64.div_s (local.get $least) (i64.const -1)))))"#,
        )
        .derived_from("canonical-code-arithmetic", "divide the least integer by -1")
        .trapped(Trap::IntegerOverflow),
        runs("memory-end", "The last eight bytes of the memory can be written.", ["CODE-005"], &memory_end(65_525))
            .accepted([]),
        runs(
            "memory-end-exceeded",
            "A store of eight bytes whose last lies behind the memory traps.",
            ["CODE-004", "CODE-005"],
            &memory_end(65_526),
        )
        .derived_from("canonical-code-memory-end", "raise the address by one")
        .trapped(Trap::OutOfBoundsMemoryAccess),
        runs(
            "frame-pointer-limit",
            "A frame may begin at slot 61,440: each of 30,720 calls moves the frame pointer by two.",
            ["CODE-006"],
            &recursion(30_719),
        )
        .accepted([]),
        runs(
            "frame-pointer-limit-exceeded",
            "A frame may not begin above slot 61,440.",
            ["CODE-004", "CODE-006"],
            &recursion(30_720),
        )
        .derived_from("canonical-code-frame-pointer-limit", "recurse once more")
        .trapped(Trap::CallStackExhausted),
        runs("indirect", "A table entry of the right type is called.", ["CODE-007"], &indirect(0, "")).accepted([]),
        runs("indirect-undefined", "An index at the table's size traps.", ["CODE-004", "CODE-007"], &indirect(2, ""))
            .derived_from("canonical-code-indirect", "call entry 2 of a table of 2")
            .trapped(Trap::UndefinedElement),
        runs("indirect-null", "A null entry traps.", ["CODE-004", "CODE-007"], &indirect(1, ""))
            .derived_from("canonical-code-indirect", "call the null entry")
            .trapped(Trap::UninitializedElement),
        runs(
            "indirect-type",
            "An entry of another type traps.",
            ["CODE-004", "CODE-007"],
            &indirect(0, "(i32.const 0)"),
        )
        .derived_from("canonical-code-indirect", "call the entry with another type")
        .trapped(Trap::IndirectCallTypeMismatch),
        runs(
            "grow",
            "A memory grows up to its maximum and not beyond.",
            ["CODE-008"],
            r#"(module (memory 1 3) (func (export "run") (result i32)
                (if (i32.ne (memory.grow (i32.const 2)) (i32.const 1)) (then (return (i32.const 1))))
                (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const 2))))
                (if (i32.ne (memory.grow (i32.const 0)) (i32.const 3)) (then (return (i32.const 3))))
                (i32.sub (memory.size) (i32.const 3))))"#,
        )
        .accepted([]),
        runs(
            "output-index",
            "The last output word can be set.",
            ["CODE-019"],
            r#"(module
                (import "middle" "output" (func $output (param i32 i64)))
                (func (export "run") (result i32) (local $i i32)
                    (call $output (local.tee $i (i32.const 8191)) (i64.const 1))
                    (i32.const 0)))"#,
        )
        .accepted([]),
        runs(
            "output-index-exceeded",
            "An output index at the number of output words traps.",
            ["CODE-004", "CODE-019"],
            r#"(module
                (import "middle" "output" (func $output (param i32 i64)))
                (func (export "run") (result i32) (local $i i32)
                    (call $output (local.tee $i (i32.const 8192)) (i64.const 1))
                    (i32.const 0)))"#,
        )
        .derived_from("canonical-code-output-index", "raise the index by one")
        .trapped(Trap::HostIndexOutOfBounds),
        runs(
            "rejected",
            "A status other than 0 is the extension's own code, and its output stays.",
            ["CODE-029"],
            r#"(module
                (import "middle" "output" (func $output (param i32 i64)))
                (import "middle" "output_len" (func $output_len (param i32)))
                (import "middle" "post_state" (func $post_state (param i32 i64)))
                (func (export "run") (result i32)
                    (call $output (i32.const 0) (i64.const -1))
                    (call $output_len (i32.const 3))
                    (call $post_state (i32.const 0) (i64.const -1))
                    (i32.const -7)))"#,
        )
        .derived_from("canonical-code-minimal", "write output and post-state and return -7")
        .rejected(0xffff_fff9, [0xff; 3]),
        case("canonical-code-cycle-limit", "A program may use all cycles of its limit.", ["CODE-028"])
            .module(wat(r#"(module (func (export "run") (result i32) i32.const 0))"#))
            .cycle_limit(4)
            .accepted([]),
        case("canonical-code-cycle-limit-exceeded", "A program that needs one more traps.", ["CODE-028", "CODE-029"])
            .module(wat(r#"(module (func (export "run") (result i32) i32.const 0))"#))
            .cycle_limit(3)
            .derived_from("canonical-code-cycle-limit", "lower the limit by one")
            .trapped(Trap::CycleLimitExhausted)
            .stating("cycles", "0x3"),
    ]
}

/// A module of exactly so many words: four for entry and `run`, one for each `clz`, 65 for the end of the other
/// function and 66 for each of its conditional returns with 64 results.
fn module_of(returns: usize, clz: usize) -> Vec<u8> {
    wat(&format!(
        r#"(module
            (func (param i32) (result {}) {} {})
            (func (export "run") (result i32) {} i32.const 0))"#,
        "i32 ".repeat(64),
        "i32.const 1 ".repeat(64),
        "local.get 0 br_if 0 ".repeat(returns),
        "i32.const 0 i32.clz drop ".repeat(clz),
    ))
}

/// Both sides of the limit on the number of words: 4 + 31 + 65 + 66 · 15,886 = 2^20.
fn code_size() -> Vec<Case> {
    vec![
        case("canonical-code-largest", "A program may have 1,048,576 words.", ["CODE-023"])
            .module(module_of(15_886, 31))
            .accept()
            .stating("words", 1_048_576),
        case("canonical-code-too-large", "A program of 1,048,577 words is refused.", ["CODE-023"])
            .module(module_of(15_886, 32))
            .derived_from("canonical-code-largest", "add an instruction that is one word")
            .reject(Reject::CodeTooLarge),
    ]
}

/// Both sides of a strict decoder.
fn encoding() -> Vec<Case> {
    let code = lowered(
        r#"(module (memory 1) (data (i32.const 0) "a") (data (i32.const 8) "b") (table 1 funcref) (elem (i32.const 0) 0)
            (func (export "run") (result i32) (local $x i32)
                (i32.store offset=16 (local.get $x) (i32.const 9))
                (i32.add (local.get $x) (local.get $x))))"#,
    );
    let encoded = code.to_bytes();
    let (first_word, image) = (20, 20 + 16 * code.words.len());
    let accepted = "canonical-code-encoding";
    let refused = |name: &str, description: &str, rule: &str, mutation: &str, change: &dyn Fn(&mut Vec<u8>), reason| {
        let mut bytes = encoded.clone();
        change(&mut bytes);
        case(&format!("{accepted}-{name}"), description, [rule])
            .code(bytes)
            .derived_from(accepted, mutation)
            .reject(reason)
    };
    // The words: call, halt, move, store32, add32, return.
    let word = |index: usize| first_word + 16 * index;
    let allowed = |name: &str, description: &str, rule: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = encoded.clone();
        change(&mut bytes);
        case(&format!("{accepted}-{name}"), description, [rule]).code(bytes).accept()
    };
    let other_move =
        |word: Word| move |bytes: &mut Vec<u8>| bytes[first_word + 32..][..16].copy_from_slice(&word.to_bytes());
    let get = |space: Space| Word {
        opcode: Opcode::Get,
        mode: IMMEDIATE_1,
        dst: 0,
        src1: 0,
        src2: space as u16,
        immediate: 0,
    };
    let set = |space: Space| Word {
        opcode: Opcode::Set,
        mode: IMMEDIATE_1 | IMMEDIATE_2,
        dst: space as u16,
        src2: 0,
        ..get(space)
    };
    let trap = |code: u64| Word { opcode: Opcode::Trap, mode: 0, src2: 0, immediate: code, ..get(Space::Register) };
    let traps = Trap::ALL.len() as u64;
    let indirect = |immediate: u64| Word {
        opcode: Opcode::CallIndirect,
        mode: 0,
        dst: 2,
        src2: 1,
        immediate,
        ..get(Space::Register)
    };
    let mut cases = vec![
        case(accepted, "A program has one encoding.", ["CODE-001", "CODE-002", "CODE-025", "CODE-026", "CODE-027"])
            .code(encoded.clone())
            .accept(),
        refused(
            "magic",
            "An encoding begins with its magic.",
            "CODE-025",
            "raise the version by one",
            &|bytes| bytes[7] = 2,
            Reject::CodeMalformed,
        ),
        refused(
            "short",
            "An encoding has the length that its counts say.",
            "CODE-025",
            "remove the last byte",
            &|bytes| bytes.truncate(bytes.len() - 1),
            Reject::CodeMalformed,
        ),
        refused(
            "long",
            "An encoding has no byte more.",
            "CODE-025",
            "append a zero byte",
            &|bytes| bytes.push(0),
            Reject::CodeMalformed,
        ),
        refused(
            "pages",
            "A program has at most 1,024 initial pages.",
            "CODE-025",
            "set the initial pages to 1,025",
            &|bytes| bytes[8..12].copy_from_slice(&1_025u32.to_le_bytes()),
            Reject::CodeMalformed,
        ),
        refused(
            "empty",
            "A program has at least one word.",
            "CODE-025",
            "remove all words and cells",
            &|bytes| {
                bytes.truncate(20);
                bytes[12..20].fill(0);
            },
            Reject::CodeTooLarge,
        ),
        refused(
            "operation",
            "An unused word is no operation.",
            "CODE-001",
            "clear the opcode of the first word",
            &|bytes| bytes[word(0)] = 0,
            Reject::CodeUnknownOperation,
        ),
        refused(
            "mode",
            "A call has no immediate operand.",
            "CODE-002",
            "set the mode of the call to 1",
            &|bytes| bytes[word(0) + 1] = 1,
            Reject::CodeFieldNotCanonical,
        ),
        refused(
            "unused-slot",
            "A slot that a word does not use is zero.",
            "CODE-002",
            "set src2 of the move to 1",
            &|bytes| bytes[word(2) + 6] = 1,
            Reject::CodeFieldNotCanonical,
        ),
        refused(
            "unused-dst",
            "A word without a destination names none.",
            "CODE-002",
            "set dst of the return to 1",
            &|bytes| bytes[word(5) + 2] = 1,
            Reject::CodeFieldNotCanonical,
        ),
        refused(
            "unused-src1",
            "A word with an immediate in the place of operand 1 names no slot for it.",
            "CODE-002",
            "set src1 of the move of an immediate to 1",
            &|bytes| bytes[word(2) + 4] = 1,
            Reject::CodeFieldNotCanonical,
        ),
        refused(
            "unused-immediate",
            "The part of the immediate that a word does not use is zero.",
            "CODE-002",
            "set the immediate of the addition of two registers to 1",
            &|bytes| bytes[word(4) + 8] = 1,
            Reject::CodeFieldNotCanonical,
        ),
        refused(
            "slot",
            "A slot is below 4,096.",
            "CODE-002",
            "set dst of the addition to 4,096",
            &|bytes| bytes[word(4) + 3] = 16,
            Reject::CodeFieldNotCanonical,
        ),
        refused(
            "target",
            "A jump stays in the program.",
            "CODE-026",
            "set the target of the call to the number of words",
            &|bytes| bytes[word(0) + 8] = code.words.len() as u8,
            Reject::CodeTargetOutOfRange,
        ),
        refused(
            "image-order",
            "The cells of the image ascend.",
            "CODE-027",
            "raise the index of the first cell to that of the second",
            &|bytes| bytes[image + 1] = 1,
            Reject::CodeImageNotCanonical,
        ),
        refused(
            "image-zero",
            "A cell that starts as zero is not in the image.",
            "CODE-027",
            "clear the value of the first cell",
            &|bytes| bytes[image + 5] = 0,
            Reject::CodeImageNotCanonical,
        ),
        refused(
            "image-space",
            "The image has no registers.",
            "CODE-027",
            "set the space of the first cell to register",
            &|bytes| bytes[image] = 0,
            Reject::CodeImageNotCanonical,
        ),
        refused(
            "image-bounds",
            "A memory cell of the image lies in the initial pages.",
            "CODE-027",
            "set the index of the second cell to 8,192",
            &|bytes| bytes[image + 14..image + 18].copy_from_slice(&8_192u32.to_le_bytes()),
            Reject::CodeImageNotCanonical,
        ),
        allowed("pages-largest", "A program may have 1,024 initial pages.", "CODE-025", &|bytes| {
            bytes[8..12].copy_from_slice(&1_024u32.to_le_bytes());
        }),
        allowed("slot-largest", "A slot may be 4,095.", "CODE-002", &|bytes| {
            bytes[word(4) + 2..word(4) + 4].copy_from_slice(&4_095u16.to_le_bytes());
        }),
        allowed("target-last", "A call may go to the last word.", "CODE-026", &|bytes| {
            bytes[word(0) + 8] = code.words.len() as u8 - 1;
        }),
        allowed("image-last", "A memory cell may be the last one of the initial pages.", "CODE-027", &|bytes| {
            bytes[image + 14..image + 18].copy_from_slice(&8_191u32.to_le_bytes());
        }),
        allowed("image-last-entry", "An entry of the table may have the index 1,048,575.", "CODE-027", &|bytes| {
            bytes[image + 27..image + 31].copy_from_slice(&1_048_575u32.to_le_bytes());
        }),
        refused(
            "image-entry-bounds",
            "Other cells of an image have indices below 1,048,576.",
            "CODE-027",
            "set the index of the table's entry to 1,048,576",
            &|bytes| bytes[image + 27..image + 31].copy_from_slice(&1_048_576u32.to_le_bytes()),
            Reject::CodeImageNotCanonical,
        ),
        refused(
            "image-descending",
            "The cells of the image ascend.",
            "CODE-027",
            "raise the index of the first cell above that of the second",
            &|bytes| bytes[image + 1] = 2,
            Reject::CodeImageNotCanonical,
        ),
        refused(
            "image-space-input",
            "The image has no cells of the input.",
            "CODE-027",
            "set the space of the last cell to input",
            &|bytes| bytes[image + 26] = Space::Input as u8,
            Reject::CodeImageNotCanonical,
        ),
        refused(
            "header",
            "An encoding begins with its magic and three counts.",
            "CODE-025",
            "remove all but 19 bytes",
            &|bytes| bytes.truncate(19),
            Reject::CodeMalformed,
        ),
        refused(
            "unused-high-half",
            "The half of the immediate that a word does not use is zero.",
            "CODE-002",
            "set the high half of the call's immediate to 1",
            &|bytes| bytes[word(0) + 12] = 1,
            Reject::CodeFieldNotCanonical,
        ),
        allowed("call-indirect-type-one", "Types have numbers from 1 on.", "CODE-002", &other_move(indirect(1))),
        refused(
            "call-indirect-type-zero",
            "No type has the number 0: the entry of a null reference has.",
            "CODE-002",
            "replace the move by an indirect call of the type 0",
            &other_move(indirect(0)),
            Reject::CodeFieldNotCanonical,
        ),
        allowed("trap-last", "A program may trap with each of the traps.", "CODE-002", &other_move(trap(traps))),
    ];
    for space in Space::ALL {
        for (name, of, of_set) in [("get", get(space), false), ("set", set(space), true)] {
            use Space::*;
            let has_access = match space {
                Global | Output | Length => true,
                Data | Input | Witness | Context => !of_set,
                PostState => of_set,
                Register | Memory | Table => false,
            };
            let (id, change) = (format!("{name}-{}", space.name().replace('_', "-")), other_move(of));
            cases.push(match has_access {
                true => allowed(&id, &format!("A program may {name} cells of {}.", space.name()), "CODE-002", &change),
                false => refused(
                    &id,
                    "Registers, memory and table have operations of their own, and others are read or written only.",
                    "CODE-002",
                    &format!("replace the move by a {name} of a cell of {}", space.name()),
                    &change,
                    Reject::CodeFieldNotCanonical,
                ),
            });
        }
    }
    for (name, code) in [("zero", 0), ("beyond", traps + 1)] {
        cases.push(refused(
            &format!("trap-{name}"),
            "A program traps with one of the traps.",
            "CODE-002",
            &format!("replace the move by a trap with the code {code}"),
            &other_move(trap(code)),
            Reject::CodeFieldNotCanonical,
        ));
    }
    cases
}

/// # Panics
/// If the text is wrong: cases are constants of this crate.
fn lowered(text: &str) -> CanonicalCode {
    let module = profile::load(&wat(text)).unwrap_or_else(|rejection| panic!("a case's module: {rejection}"));
    lower(&module).unwrap_or_else(|rejection| panic!("a case's module: {rejection}"))
}
