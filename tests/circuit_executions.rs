//! Whole executions satisfy the circuit, and are what the interpreter, the vectors and the extensions' authors say: judged
//! by `circuit::check`, without keys.

#[path = "common/extension_cases.rs"]
mod extension_cases;
#[path = "common/vector_bytes.rs"]
mod vector_bytes;

use extension_cases::{cases, inputs, names};
use middle_client::canonical_code::{CanonicalCode, execute, lower};
use middle_client::circuit::check;
use middle_client::execution::run;
use middle_client::host_interface::Inputs;
use middle_client::notation::{Execution, Outcome};
use middle_client::profile::load;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use vector_bytes::{bytes, from_hex};

/// Cycles of an execution that is checked in any case.
const SHORT: u64 = 10_000;
/// Cycles of the longest one that is.
const LONG: u64 = 50_000;

/// The execution if it has fewer cycles than the limit, which satisfies the circuit, and its cycles.
fn proven(code: &CanonicalCode, inputs: &Inputs, limit: u64, name: &str) -> Option<(Execution, u64)> {
    let plan = check::plan(code, inputs, limit);
    if plan.cycles == limit {
        return None;
    }
    let faults = check::faults(code, inputs, &plan);
    assert!(faults.is_empty(), "{name}: {faults:?}");
    Some((plan.execution.clone(), plan.cycles))
}

fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The outcome as vectors and cases name it: its kind, and its code or trap.
fn check_outcome(execution: &Execution, expect: &Value, name: &str) {
    let (kind, detail) = match execution.outcome {
        Outcome::Accepted => ("accepted", None),
        Outcome::Rejected(code) => ("rejected", Some((&expect["code"], Value::from(code)))),
        Outcome::Trapped(trap) => ("trapped", Some((&expect["trap"], Value::from(trap.name())))),
    };
    assert_eq!(expect["outcome"], kind, "{name}");
    if let Some((expected, found)) = detail {
        assert_eq!(*expected, found, "{name}");
    }
}

/// All execution vectors that have an execution, those with the modules of extensions among them.
#[test]
fn the_execution_vectors_satisfy_the_circuit() {
    let (mut longer, mut refused, mut blobs, mut checked, mut cycles) = (0, 0, 0, 0, 0);
    for file in ["accept", "reject"] {
        for case in json(format!("vectors/v1/execution/{file}.json"))["cases"].as_array().unwrap() {
            let (input, expect, name) = (&case["input"], &case["expect"], case["id"].as_str().unwrap());
            if expect["stage"] != "execution" {
                refused += 1;
                continue;
            }
            let code = lower(&load(&bytes(&input["module"])).unwrap()).unwrap();
            let inputs = ["input", "witness", "context"].map(|part| bytes(&input[part]));
            let inputs = Inputs::new(&inputs[0], &inputs[1], &inputs[2]).unwrap();
            let Some((execution, count)) = proven(&code, &inputs, SHORT, name) else {
                longer += 1;
                continue;
            };
            check_outcome(&execution, expect, name);
            assert_eq!(execution.output, bytes(&expect["output"]), "{name}");
            assert_eq!(execution.post_state.to_vec(), bytes(&expect["postState"]), "{name}");
            checked += 1;
            blobs += u64::from(input["module"]["blob"].is_string());
            cycles += count;
        }
    }
    println!(
        "{checked} executions, {blobs} of them of extensions, {cycles} cycles; {longer} are longer, {refused} none"
    );
    assert_eq!(refused, 5);
    assert!(checked >= 450 && blobs >= 50 && longer <= checked / 5);
}

/// Of every extension the cases under [`SHORT`] cycles, and the longest under [`LONG`] that accepts.
#[test]
fn every_extension_satisfies_the_circuit() {
    let (mut extensions, mut all) = (0, BTreeMap::<String, u32>::new());
    for extension in names() {
        let wasm = std::fs::read(format!("tests/extensions/{extension}/{extension}.wasm")).unwrap();
        let code = lower(&load(&wasm).unwrap()).unwrap();
        let cases = cases(&extension);
        let cases: Vec<(&Value, Inputs, u64)> = cases
            .iter()
            .map(|case| {
                let inputs = inputs(case);
                let cycles = execute(&code, &inputs, LONG).cycles;
                (case, inputs, cycles)
            })
            .collect();
        let accepts = |case: &Value| case["expect"]["outcome"] == "accepted";
        let longest = cases.iter().filter(|(case, _, cycles)| accepts(case) && *cycles < LONG).map(|case| case.2).max();
        let (mut ends, mut sum) = (BTreeMap::<&str, u32>::new(), 0);
        for (case, inputs, cycles) in &cases {
            if *cycles >= SHORT && Some(*cycles) != longest {
                continue;
            }
            let (name, expect) = (format!("{extension}, {}", case["id"]), &case["expect"]);
            let (execution, cycles) = proven(&code, inputs, LONG, &name).expect("it is short");
            check_outcome(&execution, expect, &name);
            assert_eq!(execution.output, from_hex(&expect["output"]), "{name}");
            assert_eq!(execution.post_state.to_vec(), from_hex(&expect["post_state"]), "{name}");
            *ends.entry(expect["outcome"].as_str().unwrap()).or_default() += 1;
            sum += cycles;
        }
        println!("{extension}: {ends:?}, {sum} cycles");
        assert!(ends.contains_key("accepted"), "{extension}: {ends:?}");
        extensions += 1;
        for (end, count) in ends {
            *all.entry(end.to_string()).or_insert(0) += count;
        }
    }
    assert_eq!(extensions, 13);
    assert!(all["accepted"] >= 50 && all["rejected"] >= 80 && all["trapped"] >= 20, "{all:?}");
}

/// Operands at the edges.
const PAIRS: [(u64, u64); 15] = [
    (0, 0),
    (1, u64::MAX),
    (u64::MAX, 1),
    (u64::MAX, u64::MAX),
    (1 << 63, u64::MAX),
    (1 << 63, 1),
    (1 << 31, 0xffff_ffff),
    ((1 << 31) - 1, 1 << 31),
    ((1 << 63) - 1, 1 << 63),
    (0x8000_0001_8000_0001, 31),
    (0x8000_0001_8000_0001, 32),
    (0x8000_0001_8000_0001, 63),
    (0xdead_beef_0123_4567, 0),
    (0xdead_beef_0123_4567, 64),
    (3, 0x0000_0001_0000_0001),
];

/// Every instruction on numbers at edge operands, with both in cells and with either as a constant: the interpreter's
/// outputs and traps are those of a proof.
#[test]
fn every_instruction_at_edge_operands_is_that_of_the_interpreter() {
    let both = "add sub mul and or xor shl shr_s shr_u rotl rotr eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
    let divisions = "div_s div_u rem_s rem_u";
    let unary = "clz ctz popcnt eqz extend8_s extend16_s";
    let (mut compared, mut traps) = (0, BTreeMap::<&str, u32>::new());
    for (first, second) in PAIRS {
        for constant in [None, Some(0), Some(1)] {
            let operand = |narrow: bool, at: u32| {
                let value = [first, second][at as usize];
                match (narrow, constant == Some(at)) {
                    (true, false) => format!("(i32.wrap_i64 (call $input (i32.const {at})))"),
                    (false, false) => format!("(call $input (i32.const {at}))"),
                    (true, true) => format!("(i32.const {})", value as u32 as i32),
                    (false, true) => format!("(i64.const {})", value as i64),
                }
            };
            // Expressions of 64 bits: those in one module, and those that may trap, each in a module of its own.
            let mut whole = Vec::new();
            let mut divided = Vec::new();
            for narrow in [true, false] {
                let integer = if narrow { "i32" } else { "i64" };
                let (a, b) = (operand(narrow, 0), operand(narrow, 1));
                let is_narrow = |name: &str| {
                    narrow || name.starts_with("eq") || ["ne", "lt", "gt", "le", "ge"].contains(&&name[..2])
                };
                let wide = |name: &str, value: String| match is_narrow(name) {
                    true => format!("(i64.extend_i32_u {value})"),
                    false => value,
                };
                for name in both.split(' ') {
                    whole.push(wide(name, format!("({integer}.{name} {a} {b})")));
                }
                for name in unary.split(' ') {
                    whole.push(wide(name, format!("({integer}.{name} {a})")));
                }
                for name in divisions.split(' ') {
                    divided.push(wide(name, format!("({integer}.{name} {a} {b})")));
                }
                whole.push(format!("(i64.extend_i32_s {})", operand(true, 0)));
                whole.push(format!("(i64.extend32_s {})", operand(false, 0)));
                // A choice and a branch by each comparison.
                for name in ["eq", "ne", "lt_s", "lt_u", "ge_s", "ge_u"] {
                    whole.push(format!("(select (i64.const 5) (i64.const 6) ({integer}.{name} {a} {b}))"));
                    whole.push(format!(
                        "(if (result i64) ({integer}.{name} {a} {b}) (then (i64.const 7)) (else (i64.const 8)))"
                    ));
                }
            }
            let modules = std::iter::once(whole).chain(divided.into_iter().map(|one| vec![one]));
            for expressions in modules {
                let outputs: Vec<String> = expressions
                    .iter()
                    .enumerate()
                    .map(|(at, value)| format!("(call $output (i32.const {at}) {value})"))
                    .collect();
                let text = format!(
                    r#"(module
                        (import "middle" "input" (func $input (param i32) (result i64)))
                        (import "middle" "output" (func $output (param i32 i64)))
                        (import "middle" "output_len" (func $output_len (param i32)))
                        (func (export "run") (result i32)
                            {} (call $output_len (i32.const {})) i32.const 0))"#,
                    outputs.join(" "),
                    8 * outputs.len(),
                );
                let module = load(&wat::parse_str(&text).unwrap()).unwrap();
                let input = [first.to_le_bytes(), second.to_le_bytes()].concat();
                let inputs = Inputs { input, ..Inputs::default() };
                let expected = run(&module, &inputs, LONG).unwrap().execution;
                let name = format!("{first:#x}, {second:#x}, {constant:?}: {text}");
                let (found, _) = proven(&lower(&module).unwrap(), &inputs, LONG, &name).unwrap();
                assert_eq!(found, expected, "{name}");
                compared += outputs.len();
                if let Outcome::Trapped(trap) = found.outcome {
                    *traps.entry(trap.name()).or_default() += 1;
                }
            }
        }
    }
    println!("{compared} instructions, traps: {traps:?}");
    assert_eq!(compared, 15 * 3 * 90);
    assert_eq!(traps.len(), 2, "{traps:?}");
}
