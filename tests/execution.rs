//! The chapter on execution, section by section. Every invocation runs through the interpreter and through canonical
//! code, and what is expected comes from neither: from tables, or from 128-bit arithmetic.

use middle_client::canonical_code::{self, Machine, Space};
use middle_client::execution::{Finished, Halt, Instance, OutOfFuel, run};
use middle_client::host_interface::{Context, ContextFields, Inputs};
use middle_client::notation::{Execution, Outcome, Trap};
use middle_client::profile::{self, ExportKind, MAX_FRAME_POINTER, MAX_MEMORY_PAGES, Module};
use std::fmt::Write;

const FUEL: u64 = 100_000_000;
const PAGE: u64 = 65_536;

fn decode(text: &str) -> Module {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    profile::decode(&wasm).unwrap_or_else(|rejection| panic!("{rejection}\n{text}"))
}

fn function(module: &Module, name: &str) -> u32 {
    match module.export(name) {
        Some(ExportKind::Function(function)) => function,
        other => panic!("export {name} is {other:?}"),
    }
}

/// Invokes an export of a fresh instance in both engines and returns what they agree on.
fn invoke(module: &Module, name: &str, arguments: &[u64]) -> Result<Vec<u64>, Trap> {
    invoke_for_memory(module, name, arguments).0
}

/// Like [`invoke`], with the final memory.
fn invoke_for_memory(module: &Module, name: &str, arguments: &[u64]) -> (Result<Vec<u64>, Trap>, Vec<u8>) {
    let function = function(module, name);
    let inputs = Inputs::default();
    let mut instance = Instance::new(module, &inputs);
    let result = match instance.invoke(function, arguments, &mut FUEL.clone()) {
        Ok(results) => Ok(results),
        Err(Halt::Trap(trap)) => Err(trap),
        Err(Halt::OutOfFuel) => panic!("{name}{arguments:?} does not end"),
    };

    let code = canonical_code::lower_invocation(module, function, arguments).expect("small modules can be lowered");
    let mut machine = Machine::new(&code, &inputs);
    let finished = machine.run(100 * FUEL);
    let results = module.function_type(function).results.len() as u32;
    let by_code = match finished.execution.outcome {
        Outcome::Accepted => Ok((0..results).map(|word| machine.cell(Space::Output, word)).collect()),
        Outcome::Trapped(trap) => Err(trap),
        Outcome::Rejected(code) => panic!("an invocation rejects with {code}"),
    };
    assert_eq!(by_code, result, "canonical code and interpreter differ: {name}{arguments:x?}");
    assert!(machine.memory()[..instance.memory().len()] == *instance.memory(), "memories differ: {name}{arguments:x?}");
    (result, instance.memory().to_vec())
}

/// Runs an extension in both engines.
fn run_extension(text: &str, inputs: &Inputs) -> Execution {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let module = profile::load(&wasm).unwrap_or_else(|rejection| panic!("{rejection}\n{text}"));
    let Finished { execution, .. } = run(&module, inputs, FUEL).expect("ends");
    let code = canonical_code::lower(&module).expect("can be lowered");
    assert_eq!(canonical_code::execute(&code, inputs, 100 * FUEL).execution, execution, "{text}");
    execution
}

mod beginning_and_end {
    use super::*;

    fn outcome(text: &str) -> Outcome {
        run_extension(text, &Inputs::default()).outcome
    }

    #[test]
    fn the_result_of_run_is_the_verdict() {
        for (value, expected) in [(0, Outcome::Accepted), (1, Outcome::Rejected(1)), (-1, Outcome::Rejected(u32::MAX))]
        {
            let text = format!(r#"(module (func (export "run") (result i32) i32.const {value}))"#);
            assert_eq!(outcome(&text), expected);
        }
    }

    #[test]
    fn the_start_function_runs_first() {
        let module = |start: &str| {
            format!(
                r#"(module (global $g (mut i32) (i32.const 7)) (start $s) (func $s {start})
                    (func (export "run") (result i32) (global.set $g (i32.mul (global.get $g) (i32.const 2)))
                        global.get $g))"#
            )
        };
        assert_eq!(outcome(&module("(global.set $g (i32.const 21))")), Outcome::Rejected(42));
        assert_eq!(outcome(&module("")), Outcome::Rejected(14));
        assert_eq!(outcome(&module("unreachable")), Outcome::Trapped(Trap::Unreachable));
    }

    #[test]
    fn an_exported_import_can_be_invoked() {
        let text = r#"(module (import "middle" "context" (func $f (param i32) (result i64))) (export "f" (func $f)))"#;
        assert_eq!(invoke(&decode(text), "f", &[3]), Ok(vec![0]));
    }

    #[test]
    fn instantiation_writes_globals_table_and_memory_in_order() {
        let text = r#"(module (memory 1) (table 4 funcref) (type $t (func (result i32)))
            (global (export "a") i32 (i32.const -1)) (global i64 (i64.const -2)) (global $c (mut i64) (i64.const 3))
            (elem (i32.const 1) $one $two) (elem (i32.const 2) $three)
            (data (i32.const 65534) "ab") (data (i32.const 65535) "c") (data "passive")
            (func $one (result i32) i32.const 1) (func $two (result i32) i32.const 2)
            (func $three (result i32) i32.const 3)
            (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0))))"#;
        let module = decode(text);
        let inputs = Inputs::default();
        let instance = Instance::new(&module, &inputs);
        assert_eq!(instance.globals(), [u64::from(u32::MAX), u64::MAX - 1, 3]);
        assert_eq!(instance.memory().len(), 65_536);
        assert_eq!(instance.memory()[65_532..], *b"\0\0ac");
        let expected = [Err(Trap::UninitializedElement), Ok(1), Ok(3), Err(Trap::UninitializedElement)];
        for (index, expected) in expected.into_iter().enumerate() {
            assert_eq!(invoke(&module, "call", &[index as u64]), expected.map(|value| vec![value]));
        }
    }

    #[test]
    fn state_persists_between_invocations_and_after_a_trap() {
        let text = r#"(module (memory 1) (global $g (mut i32) (i32.const 0))
            (func (export "write") (param i32 i32)
                (global.set $g (local.get 0)) (i32.store (i32.const 8) (local.get 0)) (i32.store (local.get 1) (i32.const 0)))
            (func (export "read") (result i32 i32) global.get $g (i32.load (i32.const 8))))"#;
        let module = decode(text);
        let inputs = Inputs::default();
        let mut instance = Instance::new(&module, &inputs);
        let mut fuel = FUEL;
        assert_eq!(instance.invoke(0, &[5, 0], &mut fuel), Ok(vec![]));
        assert_eq!(instance.invoke(1, &[], &mut fuel), Ok(vec![5, 5]));
        assert_eq!(instance.invoke(0, &[6, 65_533], &mut fuel), Err(Halt::Trap(Trap::OutOfBoundsMemoryAccess)));
        assert_eq!(instance.invoke(1, &[], &mut fuel), Ok(vec![6, 6]));
        assert_eq!(instance.globals(), [6]);
        assert_eq!(instance.memory()[8..12], [6, 0, 0, 0]);
    }
}

mod fuel {
    use super::*;

    #[test]
    fn counts_all_instructions_but_else_and_end() {
        // Three times: local.get, br_if taken or not, local.get, i32.const, i32.sub, local.set.
        let text = r#"(module (func (export "run") (result i32) (local i32)
            i32.const 3 local.set 0
            loop
                local.get 0 i32.const 1 i32.sub local.tee 0
                br_if 0
            end
            local.get 0
            if (result i32) i32.const 9 else nop i32.const 0 end))"#;
        let module = decode(text);
        let inputs = Inputs::default();
        let expected = 2 + 1 + 3 * 5 + 1 + 1 + 2;
        let finished = run(&module, &inputs, expected).expect("the fuel is just enough");
        assert_eq!((finished.instructions, finished.execution.outcome), (expected, Outcome::Accepted));
        assert_eq!(run(&module, &inputs, expected - 1), Err(OutOfFuel));
        assert_eq!(run(&module, &inputs, 0), Err(OutOfFuel));
    }

    #[test]
    fn stops_an_endless_loop() {
        let module = decode(r#"(module (func (export "run") (result i32) (loop br 0) unreachable))"#);
        assert_eq!(run(&module, &Inputs::default(), 1_000_000), Err(OutOfFuel));
    }
}

mod numeric {
    use super::*;
    use middle_client::vectors::execution::arithmetic::{
        BINARY, COMPARISONS, UNARY, integer_operation, signed, unsigned,
    };

    /// Operands at and around every power of two that some instruction treats in a special way.
    fn edges(width: u32) -> Vec<u64> {
        let mut edges = vec![0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, 0x5555_5555_5555_5555, 0xdead_beef];
        for bit in [0, 1, 3, 4, 5, 6, 7, 8, 15, 16, 31, 32, 63] {
            for distance in [-1, 0, 1] {
                let value = (1u64 << bit).wrapping_add_signed(distance);
                edges.extend([value, value.wrapping_neg()]);
            }
        }
        if width == 32 {
            edges.iter_mut().for_each(|value| *value &= 0xffff_ffff);
        }
        edges.sort();
        edges.dedup();
        edges
    }

    fn check(names: &[&str], operands: usize, result_is_i32: impl Fn(&str) -> bool) {
        let mut checked = 0;
        for width in [32, 64] {
            let mut text = String::from("(module\n");
            let params = format!("i{width} ").repeat(operands);
            let gets: String = (0..operands).map(|local| format!("local.get {local} ")).collect();
            for op in names {
                let result = if result_is_i32(op) { 32 } else { width };
                writeln!(text, r#"(func (export "{op}") (param {params}) (result i{result}) {gets} i{width}.{op})"#)
                    .expect("a string grows");
            }
            let module = decode(&(text + ")"));
            for op in names {
                for a in edges(width) {
                    let others = if operands == 2 { edges(width) } else { vec![0] };
                    for b in others {
                        let arguments = &[a, b][..operands];
                        let expected = integer_operation(op, width, a, b).map(|value| vec![value]);
                        assert_eq!(invoke(&module, op, arguments), expected, "i{width}.{op} {arguments:x?}");
                        checked += 1;
                    }
                }
            }
        }
        println!("{checked} operations");
    }

    #[test]
    fn comparisons() {
        check(&COMPARISONS, 2, |_| true);
    }

    #[test]
    fn binary_operations_and_their_traps() {
        check(&BINARY, 2, |_| false);
    }

    #[test]
    fn unary_operations() {
        check(&UNARY, 1, |op| op == "eqz");
    }

    #[test]
    fn conversions_and_constants() {
        let text = r#"(module
            (func (export "wrap") (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
            (func (export "extend_s") (param i32) (result i64) (i64.extend_i32_s (local.get 0)))
            (func (export "extend_u") (param i32) (result i64) (i64.extend_i32_u (local.get 0)))
            (func (export "extend32_s") (param i64) (result i64) (i64.extend32_s (local.get 0)))
            (func (export "wrap_extend") (param i64) (result i64) (i64.extend_i32_s (i32.wrap_i64 (local.get 0))))
            (func (export "constants") (result i32 i64 i32 i64)
                i32.const -1 i64.const -1 i32.const 0x80000000 i64.const 0x8000000000000000))"#;
        let module = decode(text);
        for a in edges(64) {
            let low = a & 0xffff_ffff;
            assert_eq!(invoke(&module, "wrap", &[a]), Ok(vec![low]));
            assert_eq!(invoke(&module, "extend_s", &[low]), Ok(vec![unsigned(signed(a, 32), 64)]));
            assert_eq!(invoke(&module, "extend_u", &[low]), Ok(vec![low]));
            assert_eq!(invoke(&module, "extend32_s", &[a]), Ok(vec![unsigned(signed(a, 32), 64)]));
            assert_eq!(invoke(&module, "wrap_extend", &[a]), Ok(vec![unsigned(signed(a, 32), 64)]));
        }
        let constants = vec![0xffff_ffff, u64::MAX, 0x8000_0000, 1 << 63];
        assert_eq!(invoke(&module, "constants", &[]), Ok(constants));
    }
}

mod parametric_and_variable {
    use super::*;

    #[test]
    fn select_takes_the_first_unless_the_condition_is_zero() {
        let text = r#"(module
            (func (export "i32") (param i32 i32 i32) (result i32) local.get 0 local.get 1 local.get 2 select)
            (func (export "i64") (param i64 i64 i32) (result i64)
                local.get 0 local.get 1 local.get 2 select))"#;
        let module = decode(text);
        for name in ["i32", "i64"] {
            for (condition, expected) in [(0, 22), (1, 11), (2, 11), (0x8000_0000, 11), (0xffff_ffff, 11)] {
                assert_eq!(invoke(&module, name, &[11, 22, condition]), Ok(vec![expected]));
            }
        }
    }

    #[test]
    fn locals_start_as_zero_at_every_entry() {
        let text = r#"(module
            (func $dirty (param i32) (result i64) (local i64 i32 i64)
                (local.get 1) (i64.extend_i32_u (local.get 2)) (local.get 3) i64.add i64.add
                (local.set 1 (i64.const -1)) (local.set 2 (i32.const -1)) (local.set 3 (i64.const 5)))
            (func (export "twice") (result i64 i64) (call $dirty (i32.const -1)) (call $dirty (i32.const -1))))"#;
        assert_eq!(invoke(&decode(text), "twice", &[]), Ok(vec![0, 0]));
    }

    #[test]
    fn tee_set_get_and_drop() {
        let text = r#"(module (global $g (mut i64) (i64.const 4))
            (func (export "f") (param i64 i64) (result i64 i64 i64 i64)
                local.get 0 (local.tee 0 (local.get 1)) local.get 0 (local.set 1 (i64.const 9)) local.get 1
                local.get 0 drop)
            (func (export "global") (param i64) (result i64 i64)
                global.get $g (global.set $g (local.get 0)) global.get $g))"#;
        let module = decode(text);
        assert_eq!(invoke(&module, "f", &[1, 2]), Ok(vec![1, 2, 2, 9]));
        assert_eq!(invoke(&module, "global", &[u64::MAX]), Ok(vec![4, u64::MAX]));
    }

    #[test]
    fn an_operand_keeps_its_value_when_its_local_changes() {
        let text = r#"(module (func (export "f") (param i32) (result i32 i32 i32)
            local.get 0
            local.get 0
            (local.set 0 (i32.const 7))
            (block (local.set 0 (i32.const 8)))
            local.get 0))"#;
        assert_eq!(invoke(&decode(text), "f", &[1]), Ok(vec![1, 1, 8]));
    }
}

mod memory {
    use super::*;

    /// Instruction, bytes that it touches, whether it extends the sign, width of its value.
    const LOADS: [(&str, u64, bool, u32); 12] = [
        ("i32.load", 4, false, 32),
        ("i64.load", 8, false, 64),
        ("i32.load8_s", 1, true, 32),
        ("i32.load8_u", 1, false, 32),
        ("i32.load16_s", 2, true, 32),
        ("i32.load16_u", 2, false, 32),
        ("i64.load8_s", 1, true, 64),
        ("i64.load8_u", 1, false, 64),
        ("i64.load16_s", 2, true, 64),
        ("i64.load16_u", 2, false, 64),
        ("i64.load32_s", 4, true, 64),
        ("i64.load32_u", 4, false, 64),
    ];
    const STORES: [(&str, u64, u32); 7] = [
        ("i32.store", 4, 32),
        ("i64.store", 8, 64),
        ("i32.store8", 1, 32),
        ("i32.store16", 2, 32),
        ("i64.store8", 1, 64),
        ("i64.store16", 2, 64),
        ("i64.store32", 4, 64),
    ];
    const OFFSETS: [u64; 7] = [0, 1, 3, 65_528, 65_535, 65_536, 0xffff_ffff];

    /// Bases for which the access ends one byte before, at and one byte after the end of the memory, and others.
    fn bases(offset: u64, bytes: u64) -> Vec<u64> {
        let mut bases =
            vec![0, 1, 2, 3, 5, 6, 7, 9, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff];
        bases.extend((0..=2).filter_map(|beyond| (PAGE + beyond).checked_sub(1 + offset + bytes)));
        bases.retain(|base| *base <= 0xffff_ffff);
        bases
    }

    /// Byte `address` of the memory: every second one has the sign bit.
    fn pattern(address: u64) -> u8 {
        (address.wrapping_mul(0x9d) as u8 & 0x7f) | ((address as u8 & 1) << 7)
    }

    /// One page of the pattern, both as a module's data and as bytes.
    fn data() -> (String, Vec<u8>) {
        let bytes: Vec<u8> = (0..PAGE).map(pattern).collect();
        let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        (format!(r#"(memory 1) (data (i32.const 0) "{escaped}")"#), bytes)
    }

    #[test]
    fn loads_of_every_width_at_every_edge() {
        let (memory, bytes) = data();
        let mut text = format!("(module {memory}");
        for (name, _, _, width) in LOADS {
            for offset in OFFSETS {
                write!(
                    text,
                    r#"(func (export "{name} {offset}") (param i32) (result i{width})
                        ({name} offset={offset} (local.get 0)))"#
                )
                .expect("a string grows");
            }
        }
        let module = decode(&(text + ")"));
        let mut traps = 0;
        for (name, width_bytes, extends_sign, width) in LOADS {
            for offset in OFFSETS {
                for base in bases(offset, width_bytes) {
                    let address = (base + offset) as usize;
                    let expected = bytes.get(address..address + width_bytes as usize).map(|bytes| {
                        let value = bytes.iter().rev().fold(0i128, |value, byte| value * 256 + i128::from(*byte));
                        let sign = extends_sign && bytes[bytes.len() - 1] >= 128;
                        let value = if sign { value - (1 << (8 * width_bytes)) } else { value };
                        vec![value.rem_euclid(1 << width) as u64]
                    });
                    traps += u32::from(expected.is_none());
                    let found = invoke(&module, &format!("{name} {offset}"), &[base]);
                    assert_eq!(found, expected.ok_or(Trap::OutOfBoundsMemoryAccess), "{name} offset={offset} {base}");
                }
            }
        }
        assert!(traps > 500);
    }

    #[test]
    fn stores_of_every_width_at_every_edge() {
        let (memory, bytes) = data();
        let mut text = format!("(module {memory}");
        for (name, _, width) in STORES {
            for offset in OFFSETS {
                write!(
                    text,
                    r#"(func (export "{name} {offset}") (param i32 i{width})
                        ({name} offset={offset} (local.get 0) (local.get 1)))"#
                )
                .expect("a string grows");
            }
        }
        let module = decode(&(text + ")"));
        for (name, width_bytes, width) in STORES {
            let value = 0xf1e2_d3c4_b5a6_9788u64 % (1 << (width - 1)) + (1 << (width - 1));
            for offset in OFFSETS {
                for base in bases(offset, width_bytes) {
                    let (found, after) = invoke_for_memory(&module, &format!("{name} {offset}"), &[base, value]);
                    let mut expected = bytes.clone();
                    let address = (base + offset) as usize;
                    let outcome = match expected.get_mut(address..address + width_bytes as usize) {
                        Some(target) => {
                            target.copy_from_slice(&value.to_le_bytes()[..width_bytes as usize]);
                            Ok(vec![])
                        }
                        None => Err(Trap::OutOfBoundsMemoryAccess),
                    };
                    assert_eq!(found, outcome, "{name} offset={offset} {base}");
                    assert!(after == expected, "{name} offset={offset} {base}: wrong memory");
                }
            }
        }
    }

    #[test]
    fn a_memory_without_pages_has_no_bytes() {
        let text = r#"(module (memory 0) (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
            (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 0) (local.get 1))))"#;
        let module = decode(text);
        assert_eq!(invoke(&module, "load", &[0]), Err(Trap::OutOfBoundsMemoryAccess));
        assert_eq!(invoke(&module, "load", &[0xffff_ffff]), Err(Trap::OutOfBoundsMemoryAccess));
        assert_eq!(invoke(&module, "fill", &[0, 0]), Ok(vec![]));
        assert_eq!(invoke(&module, "fill", &[1, 0]), Err(Trap::OutOfBoundsMemoryAccess));
        assert_eq!(invoke(&module, "fill", &[0, 1]), Err(Trap::OutOfBoundsMemoryAccess));
    }

    #[test]
    fn bulk_copies_overlap_correctly() {
        let (memory, bytes) = data();
        let module = decode(&format!(
            r#"(module {memory} (func (export "copy") (param i32 i32 i32)
                (memory.copy (local.get 0) (local.get 1) (local.get 2))))"#
        ));
        for (target, source, length) in [
            (0, 0, 100),
            (1, 0, 100),
            (0, 1, 100),
            (8, 0, 64),
            (0, 8, 64),
            (7, 3, 41),
            (3, 7, 41),
            (50, 1000, 7),
            (1000, 50, 9),
            (65_436, 0, 100),
            (0, 65_436, 100),
            (65_536, 65_536, 0),
            (0, 0, 65_536),
            (1, 0, 65_535),
            (0, 1, 65_535),
        ] {
            let (found, after) = invoke_for_memory(&module, "copy", &[target, source, length]);
            let mut expected = bytes.clone();
            for i in 0..length {
                expected[(target + i) as usize] = bytes[(source + i) as usize];
            }
            assert_eq!(found, Ok(vec![]));
            assert!(after == expected, "copy {target} {source} {length}: wrong memory");
        }
        let beyond = [65_537, 0x8000_0000, 0xffff_ffff];
        for (target, source, length) in [(65_437, 0, 100), (0, 65_437, 100), (1, 0, 65_536), (0, 1, 65_536)]
            .into_iter()
            .chain(beyond.into_iter().flat_map(|far| [(far, 0, 0), (0, far, 0), (0, 0, far), (far, far, far)]))
        {
            let (found, after) = invoke_for_memory(&module, "copy", &[target, source, length]);
            assert_eq!(found, Err(Trap::OutOfBoundsMemoryAccess), "copy {target} {source} {length}");
            assert!(after == bytes, "a copy that traps writes nothing");
        }
    }

    #[test]
    fn bulk_fills_take_the_low_byte() {
        let (memory, bytes) = data();
        let module = decode(&format!(
            r#"(module {memory} (func (export "fill") (param i32 i32 i32)
                (memory.fill (local.get 0) (local.get 1) (local.get 2))))"#
        ));
        for (target, value, length) in
            [(0, 0xff, 1), (1, 0x1ab, 17), (65_535, 0xffff_ff00, 1), (65_536, 1, 0), (0, 7, 65_536), (13, 0x80, 8)]
        {
            let (found, after) = invoke_for_memory(&module, "fill", &[target, value, length]);
            let mut expected = bytes.clone();
            (target..target + length).for_each(|address| expected[address as usize] = (value % 256) as u8);
            assert_eq!(found, Ok(vec![]));
            assert!(after == expected, "fill {target} {value} {length}: wrong memory");
        }
        for (target, length) in [(65_535, 2), (65_536, 1), (65_537, 0), (1, 65_536), (0, 0xffff_ffff), (0xffff_ffff, 1)]
        {
            let (found, after) = invoke_for_memory(&module, "fill", &[target, 5, length]);
            assert_eq!(found, Err(Trap::OutOfBoundsMemoryAccess), "fill {target} {length}");
            assert!(after == bytes, "a fill that traps writes nothing");
        }
    }

    #[test]
    fn segments_are_copied_and_dropped() {
        let text = r#"(module (memory 1) (data $p "0123456789") (data $a (i32.const 100) "active") (data $empty "")
            (func (export "init") (param i32 i32 i32) (memory.init $p (local.get 0) (local.get 1) (local.get 2)))
            (func (export "dropped") (param i32 i32 i32)
                (data.drop $p) (data.drop $p) (memory.init $p (local.get 0) (local.get 1) (local.get 2)))
            (func (export "active") (param i32 i32 i32) (memory.init $a (local.get 0) (local.get 1) (local.get 2)))
            (func (export "empty") (param i32 i32 i32) (memory.init $empty (local.get 0) (local.get 1) (local.get 2))))"#;
        let module = decode(text);
        for (target, source, length) in [(0, 0, 10), (5, 3, 4), (65_526, 0, 10), (65_536, 10, 0), (0, 10, 0), (9, 9, 1)]
        {
            let (found, after) = invoke_for_memory(&module, "init", &[target, source, length]);
            assert_eq!(found, Ok(vec![]));
            let (target, source, length) = (target as usize, source as usize, length as usize);
            assert_eq!(after[target..target + length], b"0123456789"[source..source + length]);
            assert_eq!(after.iter().filter(|byte| **byte != 0).count(), length + 6);
        }
        let trap = Err(Trap::OutOfBoundsMemoryAccess);
        for arguments in [[0, 0, 11], [0, 11, 0], [0, 10, 1], [65_527, 0, 10], [65_537, 0, 0], [0, 0xffff_ffff, 1]] {
            assert_eq!(invoke(&module, "init", &arguments), trap, "init {arguments:?}");
        }
        for name in ["dropped", "active", "empty"] {
            assert_eq!(invoke(&module, name, &[0, 0, 0]), Ok(vec![]), "{name}");
            assert_eq!(invoke(&module, name, &[65_536, 0, 0]), Ok(vec![]), "{name}");
            assert_eq!(invoke(&module, name, &[0, 1, 0]), trap, "{name}");
            assert_eq!(invoke(&module, name, &[0, 0, 1]), trap, "{name}");
            assert_eq!(invoke(&module, name, &[65_537, 0, 0]), trap, "{name}");
        }
    }

    #[test]
    fn grow_succeeds_exactly_up_to_the_limit() {
        let no = u64::from(u32::MAX);
        let limit = u64::from(MAX_MEMORY_PAGES);
        let grow = |declaration: &str, by: &[u64]| -> Vec<u64> {
            let text = format!(
                r#"(module (memory {declaration}) (func (export "grow") (param i32) (result i32)
                    (memory.grow (local.get 0))) (func (export "size") (result i32) memory.size))"#
            );
            let module = decode(&text);
            let inputs = Inputs::default();
            let mut instance = Instance::new(&module, &inputs);
            let mut fuel = FUEL;
            let mut invoke = |function, arguments: &[u64]| {
                let results = instance.invoke(function, arguments, &mut fuel).expect("never traps");
                (results[0], instance.memory().len() as u64)
            };
            let results = by.iter().map(|pages| invoke(0, &[*pages]).0).collect();
            let (size, bytes) = invoke(1, &[]);
            assert_eq!(bytes, size * PAGE);
            results
        };
        assert_eq!(grow("1 3", &[0, 1, 2, 1, 1, 0]), [1, 1, no, 2, no, 3]);
        assert_eq!(grow("0", &[limit + 1, limit, 1, 0]), [no, 0, no, limit]);
        assert_eq!(grow("1 65536", &[limit, no, 0x8000_0000, limit - 1, 1]), [no, no, no, 1, no]);
        assert_eq!(grow("0 0", &[1, 0]), [no, 0]);
    }

    #[test]
    fn a_grown_memory_is_zero_and_in_bounds() {
        let text = r#"(module (memory 1 2)
            (func (export "f") (param i32) (result i32 i32 i64 i32)
                (i32.store8 (i32.const 65535) (i32.const 0xab))
                (memory.grow (i32.const 1)) memory.size (i64.load (local.get 0))
                (memory.grow (i32.const 1)))
            (func (export "g") (param i32) (result i32) (memory.grow (i32.const 2)) drop (i32.load8_u (local.get 0))))"#;
        let module = decode(text);
        let no = u64::from(u32::MAX);
        assert_eq!(invoke(&module, "f", &[65_535]), Ok(vec![1, 2, 0xab, no]));
        assert_eq!(invoke(&module, "f", &[131_064]), Ok(vec![1, 2, 0, no]));
        assert_eq!(invoke(&module, "f", &[131_065]), Err(Trap::OutOfBoundsMemoryAccess));
        assert_eq!(invoke(&module, "g", &[65_535]), Ok(vec![0]));
        assert_eq!(invoke(&module, "g", &[65_536]), Err(Trap::OutOfBoundsMemoryAccess));
    }
}

mod control {
    use super::*;

    #[test]
    fn unreachable_traps() {
        let module = decode(
            r#"(module (func (export "f") (param i32) (result i32)
            (if (local.get 0) (then unreachable)) nop i32.const 3))"#,
        );
        assert_eq!(invoke(&module, "f", &[1]), Err(Trap::Unreachable));
        assert_eq!(invoke(&module, "f", &[0]), Ok(vec![3]));
    }

    #[test]
    fn blocks_take_parameters_and_leave_results() {
        let text = r#"(module
            (func (export "keep") (param i32 i32) (result i32 i32)
                local.get 0 local.get 1
                block (param i32 i32) (result i32 i32) end)
            (func (export "pass") (param i32 i32) (result i32 i32 i32)
                i32.const 9 local.get 0 local.get 1
                block (param i32 i32) (result i32) i32.sub end
                i32.const 8))"#;
        let module = decode(text);
        assert_eq!(invoke(&module, "keep", &[1, 2]), Ok(vec![1, 2]));
        assert_eq!(invoke(&module, "pass", &[7, 2]), Ok(vec![9, 5, 8]));
    }

    #[test]
    fn if_takes_either_branch() {
        let text = r#"(module
            (func (export "both") (param i32) (result i32)
                i32.const 100
                local.get 0
                if (param i32) (result i32) i32.const 1 i32.add else i32.const 2 i32.sub end)
            (func (export "one") (param i32) (result i32)
                i32.const 100 local.get 0
                if (param i32) (result i32) i32.const 1 i32.add end)
            (func (export "left") (param i32) (result i32)
                i32.const 100 local.get 0
                if (param i32) (result i32) i32.const 50 br 0 else i32.const 60 i32.const 70 br 0 end))"#;
        let module = decode(text);
        for (condition, both, one, left) in [(0, 98, 100, 70), (1, 101, 101, 50), (0x8000_0000, 101, 101, 50)] {
            assert_eq!(invoke(&module, "both", &[condition]), Ok(vec![both]));
            assert_eq!(invoke(&module, "one", &[condition]), Ok(vec![one]));
            assert_eq!(invoke(&module, "left", &[condition]), Ok(vec![left]));
        }
    }

    #[test]
    fn a_loop_takes_its_parameters_again() {
        // Counts n down on the stack while the second parameter doubles; 55 and 66 lie below and stay.
        let text = r#"(module (func (export "f") (param i32) (result i32 i64 i32 i64)
            (local $n i32) (local $power i64)
            i32.const 55
            i64.const 66
            local.get 0
            i64.const 1
            loop $again (param i32 i64) (result i32 i64)
                local.set $power
                local.set $n
                i32.const 4 i32.const 5 i32.const 6
                (i32.sub (local.get $n) (i32.const 1))
                (i64.mul (local.get $power) (i64.const 2))
                (br_if $again (i32.gt_s (local.get $n) (i32.const 1)))
                local.set $power
                local.set $n
                drop drop drop
                local.get $n
                local.get $power
            end))"#;
        let module = decode(text);
        for n in [1, 2, 10, 63] {
            assert_eq!(invoke(&module, "f", &[n]), Ok(vec![55, 66, 0, 1 << n]));
        }
    }

    #[test]
    fn branches_drop_what_lies_above_the_label() {
        let text = r#"(module
            (func (export "br") (result i32 i32 i32)
                i32.const 1
                block (result i32 i32)
                    i32.const 7 i32.const 7
                    block i32.const 7 i32.const 2 i32.const 3 br 1 end
                    unreachable
                end)
            (func (export "br_if") (param i32) (result i32)
                block (result i32)
                    i32.const 5
                    (br_if 0 (i32.const 6) (local.get 0))
                    i32.add
                end)
            (func (export "function") (param i32) (result i32 i32)
                i32.const 1 i32.const 2 i32.const 3
                (block (br_if 1 (i32.const 4) (i32.const 5) (local.get 0)) drop drop)
                drop)
            (func (export "return") (param i32) (result i32)
                i32.const 3
                (loop (block (if (local.get 0) (then i32.const 8 i32.const 9 return))))
                i32.const 1 i32.sub))"#;
        let module = decode(text);
        assert_eq!(invoke(&module, "br", &[]), Ok(vec![1, 2, 3]));
        assert_eq!(invoke(&module, "br_if", &[1]), Ok(vec![6]));
        assert_eq!(invoke(&module, "br_if", &[0]), Ok(vec![11]));
        assert_eq!(invoke(&module, "function", &[1]), Ok(vec![4, 5]));
        assert_eq!(invoke(&module, "function", &[0]), Ok(vec![1, 2]));
        assert_eq!(invoke(&module, "return", &[1]), Ok(vec![9]));
        assert_eq!(invoke(&module, "return", &[0]), Ok(vec![2]));
    }

    #[test]
    fn br_table_clamps_to_the_default() {
        let text = r#"(module
            (func (export "f") (param i32) (result i32)
                block block block block
                    (br_table 0 1 2 1 3 (local.get 0))
                end (return (i32.const 10))
                end (return (i32.const 11))
                end (return (i32.const 12))
                end i32.const 13)
            (func (export "only") (param i32) (result i32)
                (block (br_table 0 (local.get 0))) i32.const 4)
            (func (export "values") (param i32) (result i32)
                block (result i32)
                    block (result i32)
                        i32.const 1 i32.const 2 i32.const 30
                        (br_table 0 1 2 (local.get 0))
                    end
                    i32.const 5 i32.add
                end)
            (func (export "backward") (param i32) (result i32) (local i32)
                loop
                    (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                    block
                        (br_table 1 0 (i32.ge_u (local.get 1) (local.get 0)))
                    end
                end
                local.get 1))"#;
        let module = decode(text);
        let far = [5, 100, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff].map(|index| (index, 13));
        for (index, expected) in [(0, 10), (1, 11), (2, 12), (3, 11), (4, 13)].into_iter().chain(far) {
            assert_eq!(invoke(&module, "f", &[index]), Ok(vec![expected]));
            assert_eq!(invoke(&module, "only", &[index]), Ok(vec![4]));
        }
        assert_eq!(invoke(&module, "values", &[0]), Ok(vec![35]));
        assert_eq!(invoke(&module, "values", &[1]), Ok(vec![30]));
        assert_eq!(invoke(&module, "values", &[2]), Ok(vec![30]));
        assert_eq!(invoke(&module, "backward", &[9]), Ok(vec![9]));
    }

    #[test]
    fn a_large_br_table_finds_every_label() {
        let labels = 3_000;
        let mut text = String::from(r#"(module (func (export "f") (param i32) (result i32) "#);
        text.push_str(&"block ".repeat(labels + 1));
        text.push_str("local.get 0 br_table");
        (0..=labels).rev().for_each(|label| write!(text, " {label}").expect("a string grows"));
        for value in 0..=labels {
            write!(text, " end i32.const {value} return").expect("a string grows");
        }
        // Behind the last return nothing follows, so the function's end is dead.
        let module = decode(&(text + "))"));
        for index in [0, 1, 17, labels - 1, labels, labels + 1] {
            let expected = labels.saturating_sub(index) as u64;
            assert_eq!(invoke(&module, "f", &[index as u64]), Ok(vec![expected]));
        }
    }

    #[test]
    fn nesting_does_not_recurse_the_host() {
        let depth = 100_000;
        let text = format!(
            r#"(module (func (export "f") (param i32) (result i32) {} local.get 0 br_if {} {} i32.const 1)
                (func (export "ifs") (param i32) (result i32) {} nop {} i32.const 2))"#,
            "block ".repeat(depth),
            depth - 1,
            "end ".repeat(depth),
            "local.get 0 if ".repeat(depth / 2),
            "end ".repeat(depth / 2),
        );
        let module = decode(&text);
        for condition in [0, 1] {
            assert_eq!(invoke(&module, "f", &[condition]), Ok(vec![1]));
            assert_eq!(invoke(&module, "ifs", &[condition]), Ok(vec![2]));
        }
    }
}

mod calls {
    use super::*;

    #[test]
    fn arguments_and_results_keep_their_order() {
        let text = r#"(module
            (func $f (param i32 i64 i32) (result i64 i32 i32 i64) (local i64)
                local.get 1 local.get 2 local.get 0 local.get 3)
            (func (export "f") (result i32 i64 i32 i32 i64)
                i32.const 5
                (call $f (i32.const 1) (i64.const 2) (i32.const 3)))
            (func $none) (func (export "none") (result i32) i32.const 1 call $none call $none))"#;
        let module = decode(text);
        assert_eq!(invoke(&module, "f", &[]), Ok(vec![5, 2, 3, 1, 0]));
        assert_eq!(invoke(&module, "none", &[]), Ok(vec![1]));
    }

    #[test]
    fn recursion() {
        let text = r#"(module
            (func $factorial (export "factorial") (param i64) (result i64)
                (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
                    (else (i64.mul (local.get 0) (call $factorial (i64.sub (local.get 0) (i64.const 1)))))))
            (func $even (export "even") (param i32) (result i32)
                (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
                    (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
            (func $odd (param i32) (result i32)
                (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
                    (else (call $even (i32.sub (local.get 0) (i32.const 1)))))))"#;
        let module = decode(text);
        assert_eq!(invoke(&module, "factorial", &[20]), Ok(vec![(1..=20).product()]));
        assert_eq!(invoke(&module, "even", &[9_999]), Ok(vec![0]));
        assert_eq!(invoke(&module, "even", &[10_000]), Ok(vec![1]));
    }

    #[test]
    fn call_indirect_checks_index_entry_and_type_in_this_order() {
        let text = r#"(module (table 5 funcref) (elem (i32.const 1) $a $b $c $d)
            (type $t (func (param i32) (result i32))) (type $same (func (param i32) (result i32)))
            (func $a (type $t) (i32.add (local.get 0) (i32.const 1)))
            (func $b (type $same) (i32.add (local.get 0) (i32.const 2)))
            (func $c (param i64) (result i32) i32.const 3)
            (func $d (param i32) (result i32 i32) i32.const 4 i32.const 5)
            (func (export "f") (param i32) (result i32) (call_indirect (type $same) (i32.const 40) (local.get 0))))"#;
        let module = decode(text);
        let mismatch = Err(Trap::IndirectCallTypeMismatch);
        let beyond = Err(Trap::UndefinedElement);
        for (index, expected) in [
            (0, Err(Trap::UninitializedElement)),
            (1, Ok(vec![41])),
            (2, Ok(vec![42])),
            (3, mismatch.clone()),
            (4, mismatch),
            (5, beyond.clone()),
            (0x8000_0000, beyond.clone()),
            (0xffff_ffff, beyond),
        ] {
            assert_eq!(invoke(&module, "f", &[index]), expected, "index {index}");
        }
    }

    /// A function that calls itself `n` times and then executes `leaf`; each call moves the frame pointer by
    /// `2 + locals + operands`. The counter is the argument: slot 0; the link: slot 1.
    fn recursive(locals: u64, operands: u64, indirect: bool) -> Module {
        let (locals, push, drop) = (
            "i64 ".repeat(locals as usize),
            "i64.const 1 ".repeat(operands as usize),
            "drop ".repeat(operands as usize),
        );
        let call = if indirect { "i32.const 0 call_indirect (type $t)" } else { "call $f" };
        decode(&format!(
            r#"(module (type $t (func (param i32))) (table 1 funcref) (elem (i32.const 0) $f)
                (func $f (export "f") (param i32) (local {locals})
                    local.get 0 i32.eqz
                    if return end
                    {push} local.get 0 i32.const 1 i32.sub {call} {drop}))"#
        ))
    }

    #[test]
    fn the_register_stack_ends_exactly_at_its_limit() {
        let limit = u64::from(MAX_FRAME_POINTER);
        for indirect in [false, true] {
            for (locals, operands) in [(0, 0), (1, 0), (0, 1), (3, 5), (10, 0), (58, 1), (4_000, 0), (0, 2_000)] {
                let module = recursive(locals, operands, indirect);
                let calls = limit / (2 + locals + operands);
                assert_eq!(invoke(&module, "f", &[calls]), Ok(vec![]), "{locals} {operands} {indirect}");
                let beyond = invoke(&module, "f", &[calls + 1]);
                assert_eq!(beyond, Err(Trap::CallStackExhausted), "{locals} {operands} {indirect}");
            }
        }
    }

    /// `f` calls itself as often as global 0 says, which moves the frame pointer by 1 each time, then runs `leaf`.
    fn at_depth(leaf: &str) -> Module {
        decode(&format!(
            r#"(module (import "middle" "input_len" (func $import (result i32)))
                (type $length (func (result i32))) (type $void (func)) (type $other (func (param i64)))
                (table 4 funcref) (elem (i32.const 0) $import $nothing) (memory 1) (data $d "abc")
                (global $n (mut i32) (i32.const 0))
                (func $nothing) (func $one (param i32))
                (func $f
                    (if (global.get $n)
                        (then (global.set $n (i32.sub (global.get $n) (i32.const 1))) (call $f))
                        (else {leaf})))
                (func (export "f") (param i32) (global.set $n (local.get 0)) (call $f)))"#
        ))
    }

    #[test]
    fn every_kind_of_call_at_the_limit() {
        // The exported `f` calls `$f` at 2: its parameter, its link. So `$f` runs `leaf` at `2 + n`.
        let deepest = u64::from(MAX_FRAME_POINTER) - 2;
        let exhausted = Err(Trap::CallStackExhausted);
        let check = |leaf: &str, at_limit: Result<Vec<u64>, Trap>, before: Result<Vec<u64>, Trap>| {
            let module = at_depth(leaf);
            assert_eq!(invoke(&module, "f", &[deepest]), at_limit, "{leaf} at the limit");
            assert_eq!(invoke(&module, "f", &[deepest - 1]), before, "{leaf} one before");
        };
        check("nop", Ok(vec![]), Ok(vec![]));
        assert_eq!(invoke(&at_depth("nop"), "f", &[deepest + 1]), exhausted);
        check("(call $nothing)", exhausted.clone(), Ok(vec![]));
        // An operand below the arguments moves the frame; an argument does not.
        check("i32.const 1 (call $nothing) drop", exhausted.clone(), exhausted.clone());
        check("(call $one (i32.const 1))", exhausted.clone(), Ok(vec![]));
        // A direct call of an import has no frame, one through the table has.
        check("(drop (call $import))", Ok(vec![]), Ok(vec![]));
        check("(drop (call_indirect (type $length) (i32.const 0)))", exhausted.clone(), Ok(vec![]));
        check("(call_indirect (type $void) (i32.const 1))", exhausted.clone(), Ok(vec![]));
        // A bulk memory instruction is a call with three arguments, whose bounds are checked after its frame.
        for bulk in ["memory.copy", "memory.fill", "memory.init $d"] {
            let leaf = |length: u32| format!("({bulk} (i32.const 0) (i32.const 0) (i32.const {length}))");
            check(&leaf(3), exhausted.clone(), Ok(vec![]));
            check(&leaf(65_537), exhausted.clone(), Err(Trap::OutOfBoundsMemoryAccess));
        }
        check("(data.drop $d) (drop (memory.grow (i32.const 1)))", Ok(vec![]), Ok(vec![]));
        // The other checks of an indirect call come first.
        for (index, trap) in
            [(4, Trap::UndefinedElement), (2, Trap::UninitializedElement), (1, Trap::IndirectCallTypeMismatch)]
        {
            let leaf = format!("(call_indirect (type $other) (i64.const 0) (i32.const {index}))");
            check(&leaf, Err(trap), Err(trap));
        }
    }

    #[test]
    fn endless_recursion_traps() {
        let blocks = 1_000;
        for text in [
            r#"(module (func $f (export "f") (call $f)))"#.to_string(),
            r#"(module (func $f (export "f") (call $g)) (func $g (call $f)))"#.into(),
            r#"(module (table 1 funcref) (elem (i32.const 0) $f) (type $t (func))
                (func $f (export "f") (call_indirect (type $t) (i32.const 0))))"#
                .into(),
            // The blocks of all frames together would take a gigabyte if each frame kept its labels.
            format!(r#"(module (func $f (export "f") {} call $f {}))"#, "block ".repeat(blocks), "end ".repeat(blocks)),
        ] {
            assert_eq!(invoke(&decode(&text), "f", &[]), Err(Trap::CallStackExhausted));
        }
    }

    #[test]
    fn labels_of_a_function_survive_its_own_recursion() {
        // The callee enters the same blocks at the same heights while the caller is inside of them.
        let text = r#"(module (func $f (export "f") (param i32) (result i32)
            i32.const 1000
            block (result i32)
                i32.const 7
                local.get 0
                if (result i32)
                    (call $f (i32.sub (local.get 0) (i32.const 1)))
                    br 1
                else
                    i32.const 5
                end
                i32.add
            end
            i32.add))"#;
        let module = decode(text);
        for depth in 0..5 {
            assert_eq!(invoke(&module, "f", &[depth]), Ok(vec![12 + 1000 * (depth + 1)]));
        }
    }

    #[test]
    fn host_functions_can_be_called_through_the_table() {
        let text = r#"(module (import "middle" "input" (func $input (param i32) (result i64)))
            (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
            (type $read (func (param i32) (result i64))) (table 2 funcref) (elem (i32.const 0) $input $abort)
            (func (export "run") (result i32)
                (call_indirect (type $read) (i32.const 1) (i32.wrap_i64 (call $input (i32.const 0)))) i32.wrap_i64))"#;
        let outcome = |first: u64, second: u64| {
            let input = [first, second].into_iter().flat_map(u64::to_le_bytes).collect();
            run_extension(text, &Inputs { input, ..Inputs::default() }).outcome
        };
        assert_eq!(outcome(0, 77), Outcome::Rejected(77));
        assert_eq!(outcome(1, 77), Outcome::Trapped(Trap::IndirectCallTypeMismatch));
        assert_eq!(outcome(2, 77), Outcome::Trapped(Trap::UndefinedElement));
    }
}

mod extensions {
    use super::*;
    use serde_json::Value;

    fn bytes(value: &Value) -> Vec<u8> {
        let text = value.as_str().and_then(|text| text.strip_prefix("0x")).expect("bytes in hex");
        hex::decode(text).expect("hex")
    }

    fn inputs(case: &Value) -> Inputs {
        let context = &case["context"];
        let text = |name: &str| context[name].as_str().unwrap_or_else(|| panic!("{name} is missing"));
        let fields = ContextFields {
            operation_hash: text("operation_hash").parse().expect("a hash"),
            sender: text("sender").parse().expect("an address"),
            lane: text("lane").parse().expect("a number"),
            to: text("to").parse().expect("an address"),
            witness_commitment: text("witness_commitment").parse().expect("a hash"),
            anchor_hash: text("anchor_hash").parse().expect("a hash"),
            anchor_slot: text("anchor_slot").parse().expect("a number"),
            pre_state_root: text("pre_state_root").parse().expect("a hash"),
        };
        let context = Context::from(fields);
        Inputs::new(&bytes(&case["input"]), &bytes(&case["witness"]), &context.to_bytes()).expect("inside the limits")
    }

    /// Every extension's cases, whose expectations a program in another language computed.
    #[test]
    fn all_cases_in_both_engines() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/extensions");
        let mut names: Vec<_> = std::fs::read_dir(directory)
            .expect("the extensions are there")
            .map(|entry| entry.expect("readable").path())
            .filter(|path| path.join("cases.json").exists())
            .collect();
        names.sort();
        assert!(names.len() >= 9, "extensions are missing");
        for path in names {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let wasm = std::fs::read(path.join(format!("{name}.wasm"))).expect("the module is there");
            let module = profile::load(&wasm).unwrap_or_else(|rejection| panic!("{name}: {rejection}"));
            let code = canonical_code::lower(&module).unwrap_or_else(|rejection| panic!("{name}: {rejection}"));
            let text = std::fs::read_to_string(path.join("cases.json")).expect("the cases are there");
            let cases: Vec<Value> = serde_json::from_str(&text).expect("JSON");
            assert!(!cases.is_empty(), "{name} has no cases");
            let (mut instructions, mut cycles) = (0, 0);
            for case in &cases {
                let inputs = inputs(case);
                let finished = run(&module, &inputs, 1_000 * FUEL).expect("ends");
                let by_code = canonical_code::execute(&code, &inputs, 1_000 * FUEL);
                check(&format!("{name}: {}", case["id"]), &finished.execution, &case["expect"]);
                check(&format!("{name}: {} in canonical code", case["id"]), &by_code.execution, &case["expect"]);
                instructions += finished.instructions;
                cycles += by_code.cycles;
            }
            println!("{name}: {} cases, {instructions} instructions, {cycles} cycles", cases.len());
        }
    }

    fn check(place: &str, execution: &Execution, expect: &Value) {
        let outcome = match execution.outcome {
            Outcome::Accepted => "accepted",
            Outcome::Rejected(code) => {
                assert_eq!(expect["code"], code, "{place}");
                "rejected"
            }
            Outcome::Trapped(trap) => {
                assert_eq!(expect["trap"], trap.name(), "{place}");
                "trapped"
            }
        };
        assert_eq!(expect["outcome"], outcome, "{place}");
        assert_eq!(bytes(&expect["output"]), execution.output, "{place}");
        assert_eq!(bytes(&expect["post_state"]), execution.post_state.as_slice(), "{place}");
    }
}
