//! Cases of the format `profile`: modules that are accepted or refused, each refused one with exactly one fault.

use super::{Case, case, wat};
use crate::notation::Reject;
use crate::profile::{
    MAX_DATA_SEGMENTS, MAX_ELEMENT_SEGMENTS, MAX_EXPORTS, MAX_FRAME_SLOTS, MAX_FUNCTIONS, MAX_MEMORY_PAGES,
    MAX_MODULE_BYTES, MAX_NAME_BYTES, MAX_PARAMS, MAX_RESULTS, MAX_TABLE_ENTRIES,
};
use std::fmt::Write;

/// The entry point of most modules.
const RUN: &str = r#"(func (export "run") (result i32) i32.const 0)"#;
/// The case from which most refused ones are derived.
const MINIMAL: &str = "profile-minimal";

/// The cases, each refused one after the accepted one from which it is derived.
pub fn cases() -> Vec<Case> {
    [
        grammar(),
        compilers(),
        validation(),
        excluded_features(),
        bulk_operations(),
        limits_of_size(),
        limits_of_number(),
        limits_of_frames(),
        limits_of_table_and_memory(),
        imports(),
        segments(),
        dead_code(),
        entry_point(),
    ]
    .concat()
}

fn minimal() -> Vec<u8> {
    with_run("")
}

/// The module with these fields behind the entry point.
fn with_run(fields: &str) -> Vec<u8> {
    wat(&format!("(module {RUN} {fields})"))
}

fn accept(id: &str, rule: &str, description: &str, module: Vec<u8>) -> Case {
    case(&format!("profile-{id}"), description, [rule]).module(module).accept()
}

/// What was changed is the description too.
fn refuse(id: &str, rule: &str, reason: Reject, origin: &str, mutation: &str, module: Vec<u8>) -> Case {
    let description = format!("Refused: {mutation}.");
    case(&format!("profile-{id}"), &description, [rule]).module(module).derived_from(origin, mutation).reject(reason)
}

/// A module of bytes: the header and these sections by id.
fn sections(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in sections {
        module.push(*id);
        module.extend(leb128(content.len()));
        module.extend(*content);
    }
    module
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The module of [`RUN`] with another code section.
fn with_code(code: &[u8]) -> Vec<u8> {
    sections(&[(1, RUN_TYPE), (3, &[1, 0]), (7, RUN_EXPORT), (10, code)])
}

/// One type: `[] -> [i32]`.
const RUN_TYPE: &[u8] = &[1, 0x60, 0, 1, 0x7f];
/// One export: function 0 as `run`.
const RUN_EXPORT: &[u8] = &[1, 3, b'r', b'u', b'n', 0, 0];
/// The code section of [`RUN`].
const RUN_CODE: &[u8] = &[1, 4, 0, 0x41, 0, 0x0b];

fn grammar() -> Vec<Case> {
    let malformed = |id: &str, mutation: &str, module: Vec<u8>| {
        let mut case = refuse(id, "PROFILE-003", Reject::MalformedModule, MINIMAL, mutation, module);
        case.requirements.push("NOTE-002".into());
        case
    };
    let mut magic = minimal();
    magic[1] = b'A';
    let mut version = minimal();
    version[4] = 2;
    let truncated = minimal()[..minimal().len() - 1].to_vec();
    let run = |sections_: &[(u8, &[u8])]| {
        let all = [(1, RUN_TYPE), (3, &[1u8, 0][..]), (7, RUN_EXPORT), (10, RUN_CODE)];
        sections(&[&all, sections_].concat())
    };
    vec![
        accept("minimal", "PROFILE-001", "The smallest module: the entry point alone.", minimal()),
        malformed("empty", "remove all bytes", Vec::new()),
        malformed("truncated-magic", "keep the first three bytes only", minimal()[..3].to_vec()),
        malformed("wrong-magic", "change a byte of the magic", magic),
        malformed("wrong-version", "increase the version", version),
        malformed("component", "give it the header of a component", b"\0asm\x0d\0\x01\0".to_vec()),
        malformed("truncated-code", "remove the last byte", truncated),
        malformed("trailing-byte", "append a byte that begins no section", [minimal(), vec![1]].concat()),
        malformed("unknown-section", "append a section with the id 14", run(&[(14, &[])])),
        malformed(
            "section-order",
            "put the type section behind the function section",
            sections(&[(3, &[1, 0]), (1, RUN_TYPE), (7, RUN_EXPORT), (10, RUN_CODE)]),
        ),
        malformed("section-twice", "repeat the code section", run(&[(10, RUN_CODE)])),
        malformed("section-too-long", "add a byte to the content of the code section", {
            with_code(&[RUN_CODE, &[0]].concat())
        }),
        malformed(
            "bodies-without-functions",
            "leave out the function section",
            sections(&[(1, RUN_TYPE), (10, RUN_CODE)]),
        ),
        malformed("missing-end", "leave out the end of the body", with_code(&[1, 3, 0, 0x41, 0])),
        malformed("else-without-if", "put an else before the end of the body", with_code(&[1, 5, 0, 0x41, 0, 5, 0x0b])),
        malformed("unknown-opcode", "put the opcode 0xff at the beginning of the body", {
            with_code(&[1, 5, 0, 0xff, 0x41, 0, 0x0b])
        }),
        malformed("integer-too-long", "encode the constant in six bytes", {
            with_code(&[1, 9, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x0b])
        }),
        malformed("too-many-locals", "declare 2^32 locals in two groups", {
            with_code(&[1, 16, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 1, 0x7f, 0, 0x41, 0, 0x0b, 1, 1])
        }),
        malformed("name-not-utf8", "put a byte that is not UTF-8 into the name of the export", {
            sections(&[(1, RUN_TYPE), (3, &[1, 0]), (7, &[1, 3, b'r', 0xff, b'n', 0, 0]), (10, RUN_CODE)])
        }),
        accept("data-drop", "PROFILE-001", "data.drop with a data count section.", {
            with_run(r#"(data "a") (func data.drop 0)"#)
        }),
        refuse(
            "data-drop-uncounted",
            "PROFILE-003",
            Reject::MalformedModule,
            "profile-data-drop",
            "leave out the data count section",
            sections(&[
                (1, &[2, 0x60, 0, 1, 0x7f, 0x60, 0, 0]),
                (3, &[2, 0, 1]),
                (7, RUN_EXPORT),
                (10, &[2, 4, 0, 0x41, 0, 0x0b, 5, 0, 0xfc, 9, 0, 0x0b]),
                (11, &[1, 1, 1, b'a']),
            ]),
        ),
        accept(
            "custom-sections",
            "PROFILE-008",
            "Custom sections of any content, at the beginning, between and at the end.",
            {
                sections(&[
                    (0, b"\x00"),
                    (1, RUN_TYPE),
                    (0, b"\x04name\xff\xff\xff"),
                    (3, &[1, 0]),
                    (0, b"\x0ftarget_features\x01"),
                    (7, RUN_EXPORT),
                    (10, RUN_CODE),
                    (0, b"\x09producers"),
                    (0, b"\x04name"),
                ])
            },
        ),
        malformed("custom-section-unnamed", "append a custom section whose name is cut off", run(&[(0, &[4, b'n'])])),
        accept("code-hash", "PROFILE-029", "The code hash covers an empty custom section.", run(&[(0, &[0])])),
    ]
}

/// What compilers emit beside the instructions.
fn compilers() -> Vec<Case> {
    vec![
        accept("overlong-table-index", "PROFILE-001", "clang: the table index of call_indirect takes five bytes.", {
            let body = [&[1, 11, 0][..], &[0x41, 0, 0x11, 0], &[0x80, 0x80, 0x80, 0x80, 0], &[0x0b]].concat();
            sections(&[(1, RUN_TYPE), (3, &[1, 0]), (4, &[1, 0x70, 0, 1]), (7, RUN_EXPORT), (10, &body)])
        }),
        accept(
            "assemblyscript",
            "PROFILE-001",
            "AssemblyScript: import of env.abort, start function, data count section.",
            {
                wat(&format!(
                    r#"(module (import "env" "abort" (func (param i32 i32 i32 i32))) (memory (export "memory") 1)
                    (data (i32.const 1036) "\1c") (data "passive") (global (mut i32) (i32.const 0)) (start 2) {RUN}
                    (func i32.const 0 i32.const 0 i32.const 0 memory.init 1 i32.const 7 global.set 0))"#
                ))
            },
        ),
        accept("bulk-memory", "PROFILE-001", "Bulk operations on memory.", {
            with_run(
                "(memory 1) (func i32.const 0 i32.const 1 i32.const 2 memory.copy
                    i32.const 0 i32.const 1 i32.const 2 memory.fill)",
            )
        }),
        accept("multi-value", "PROFILE-001", "Several results, and parameters of blocks and loops.", {
            with_run(
                "(func (param i32 i64) (result i64 i32) local.get 1 local.get 0
                    (block (param i64 i32) (result i64 i32)) (loop (param i64 i32) (result i64 i32)))",
            )
        }),
        accept("sign-extension", "PROFILE-001", "Sign extension.", {
            with_run(
                "(func i32.const 1 i32.extend8_s i32.extend16_s drop
                    i64.const 1 i64.extend8_s i64.extend16_s i64.extend32_s drop)",
            )
        }),
        accept("mutable-globals", "PROFILE-001", "Exported mutable globals.", {
            with_run(r#"(global (export "a") (mut i64) (i64.const -1)) (global (export "b") i32 (i32.const 1))"#)
        }),
        accept(
            "table-maximum",
            "PROFILE-001",
            "A table with a maximum, initialised by two segments, one with its index.",
            with_run("(table 2 10 funcref) (elem (i32.const 0) 0) (elem (table 0) (i32.const 1) func 0)"),
        ),
        accept("every-export", "PROFILE-001", "Exports of every kind beside the entry point.", {
            with_run(
                r#"(memory (export "memory") 1) (table (export "") 0 funcref) (global (export "Run") i32 (i32.const 0))
                    (func (export "run ") (param i32))"#,
            )
        }),
    ]
}

fn validation() -> Vec<Case> {
    let invalid = |id: &str, mutation: &str, module: Vec<u8>| {
        let mut case = refuse(id, "PROFILE-004", Reject::InvalidModule, MINIMAL, mutation, module);
        case.requirements.push("NOTE-002".into());
        case
    };
    vec![
        invalid("type-mismatch", "return an i64", wat(r#"(module (func (export "run") (result i32) i64.const 0))"#)),
        invalid("stack-empty", "return nothing", wat(r#"(module (func (export "run") (result i32)))"#)),
        invalid("stack-not-empty", "leave two values", {
            wat(r#"(module (func (export "run") (result i32) i32.const 0 i32.const 0))"#)
        }),
        invalid("dead-type-mismatch", "put i32.eqz of an i64 behind unreachable", {
            wat(r#"(module (func (export "run") (result i32) unreachable i64.const 0 i32.eqz))"#)
        }),
        invalid("unknown-function", "call a function that is not there", with_run("(func call 2)")),
        invalid("unknown-local", "get a local that is not there", with_run("(func local.get 0 drop)")),
        invalid("unknown-global", "get a global that is not there", with_run("(func global.get 0 drop)")),
        invalid("unknown-label", "branch beyond the function", with_run("(func br 1)")),
        invalid("unknown-type", "give a function a type that is not there", with_run("(func (type 9))")),
        invalid(
            "unknown-memory",
            "ask for the size of a memory that is not there",
            with_run("(func memory.size drop)"),
        ),
        invalid("unknown-table", "call through a table that is not there", {
            with_run("(func i32.const 0 call_indirect (type 0) drop)")
        }),
        invalid("immutable-global", "set an immutable global", {
            with_run("(global i32 (i32.const 0)) (func i32.const 0 global.set 0)")
        }),
        invalid("alignment", "align a load of four bytes to eight", {
            with_run("(memory 1) (func i32.const 0 i32.load align=8 drop)")
        }),
        invalid("duplicate-export", "export `run` twice", with_run(r#"(export "run" (func 0))"#)),
        invalid("start-with-result", "start with a function that has a result", with_run("(start 0)")),
        invalid("memory-minimum", "declare a memory whose minimum is above its maximum", with_run("(memory 2 1)")),
        invalid("memory-beyond-4-gib", "declare a maximum of 65537 pages", with_run("(memory 1 65537)")),
        invalid("initial-value", "initialise an i32 with an i64", with_run("(global i32 (i64.const 0))")),
        invalid("data-count", "name a data segment beyond the announced number", {
            with_run(r#"(data "a") (func data.drop 1)"#)
        }),
    ]
}

fn excluded_features() -> Vec<Case> {
    use Reject::*;
    let rows = [
        ("float-type", UnsupportedFloats, "(func (param f32))"),
        ("float-constant", UnsupportedFloats, "(func f64.const 1 drop)"),
        ("float-instruction", UnsupportedFloats, "(func unreachable f32.add drop)"),
        ("float-load", UnsupportedFloats, "(memory 1) (func i32.const 0 f64.load drop)"),
        ("float-conversion", UnsupportedFloats, "(func unreachable i32.trunc_sat_f64_u drop)"),
        ("float-global", UnsupportedFloats, "(global f32 (f32.const 0))"),
        ("float-local", UnsupportedFloats, "(func (local f64))"),
        ("float-block", UnsupportedFloats, "(func unreachable (block (result f32) unreachable) drop)"),
        ("simd-type", UnsupportedSimd, "(func (result v128) unreachable)"),
        ("simd-instruction", UnsupportedSimd, "(func unreachable v128.not drop)"),
        ("reference-type", UnsupportedReferenceTypes, "(func (param funcref))"),
        ("reference-null", UnsupportedReferenceTypes, "(func ref.null func drop)"),
        ("reference-table", UnsupportedReferenceTypes, "(table 1 externref)"),
        ("reference-select", UnsupportedReferenceTypes, "(func unreachable select (result i32) drop)"),
        (
            "reference-elements",
            UnsupportedReferenceTypes,
            "(table 1 funcref) (elem (i32.const 0) funcref (ref.func 0))",
        ),
        ("second-table", UnsupportedReferenceTypes, "(table 1 funcref) (table 1 funcref)"),
        ("table-get", UnsupportedReferenceTypes, "(table 1 funcref) (func i32.const 0 table.get 0 drop)"),
        ("table-size", UnsupportedReferenceTypes, "(table 1 funcref) (func table.size drop)"),
        ("tail-call", UnsupportedTailCalls, "(func return_call 1)"),
        ("exception-tag", UnsupportedExceptions, "(tag)"),
        ("exception-throw", UnsupportedExceptions, "(func unreachable throw_ref)"),
        ("shared-memory", UnsupportedThreads, "(memory 1 1 shared)"),
        ("atomic-load", UnsupportedThreads, "(memory 1) (func i32.const 0 i32.atomic.load drop)"),
        ("memory64", UnsupportedMemory64, "(memory i64 1)"),
        ("table64", UnsupportedMemory64, "(table i64 1 funcref)"),
        ("second-memory", UnsupportedMultiMemory, "(memory 1) (memory 1)"),
        ("constant-arithmetic", UnsupportedExtendedConst, "(global i32 (i32.add (i32.const 1) (i32.const 1)))"),
        ("constant-global", UnsupportedGc, "(global i32 (i32.const 1)) (global i32 (global.get 0))"),
        ("structure", UnsupportedGc, "(type (struct))"),
        ("recursive-types", UnsupportedGc, "(rec (type (func)))"),
        ("wide-arithmetic", UnsupportedProposal, "(func unreachable i64.add128 drop drop)"),
        ("dead-float", UnsupportedFloats, "(func return f64.const 1 drop)"),
    ];
    let mut cases: Vec<Case> = rows
        .into_iter()
        .map(|(id, reason, fields)| {
            let mutation = format!("add {fields}");
            refuse(&format!("excluded-{id}"), "PROFILE-005", reason, MINIMAL, &mutation, with_run(fields))
        })
        .collect();
    let memory_size = |index: &[u8]| {
        let body = [&[0, 0x3f][..], index, &[0x0b]].concat();
        let code = [&[1, body.len() as u8][..], &body].concat();
        sections(&[(1, RUN_TYPE), (3, &[1, 0]), (5, &[1, 0, 1]), (7, RUN_EXPORT), (10, &code)])
    };
    cases.extend([
        accept("memory-size", "PROFILE-001", "memory.size with the index of one zero byte.", memory_size(&[0])),
        refuse(
            "excluded-overlong-memory-index",
            "PROFILE-005",
            UnsupportedMultiMemory,
            "profile-memory-size",
            "encode the memory index 0 in two bytes",
            memory_size(&[0x80, 0]),
        ),
    ]);
    cases
}

fn bulk_operations() -> Vec<Case> {
    let with_table = |fields: &str| with_run(&format!("(table 1 funcref) (elem (i32.const 0) 0) {fields}"));
    let refuse = |id: &str, rule: &str, reason: Reject, mutation: &str, module: Vec<u8>| {
        refuse(id, rule, reason, "profile-active-elements", mutation, module)
    };
    let operands = "i32.const 0 i32.const 0 i32.const 0";
    let operation = |id: &str, operation: &str, operands: &str| {
        let module = with_table(&format!("(func {operands} {operation})"));
        refuse(id, "PROFILE-006", Reject::TableBulkOperation, &format!("add {operation}"), module)
    };
    let segment = |id: &str, segment: &str| {
        refuse(id, "PROFILE-007", Reject::PassiveElementSegment, &format!("add {segment}"), with_table(segment))
    };
    vec![
        accept("active-elements", "PROFILE-001", "A table with an active element segment.", with_table("")),
        operation("table-init", "table.init 0", operands),
        operation("table-copy", "table.copy", operands),
        operation("elem-drop", "elem.drop 0", ""),
        operation("dead-elem-drop", "elem.drop 0", "return"),
        segment("passive-elements", "(elem func 0)"),
        segment("declarative-elements", "(elem declare func 0)"),
    ]
}

/// A module with this number of something.
type Numbered<'a> = &'a dyn Fn(u32) -> Vec<u8>;

/// The two sides of a limit. `module` gets a number: the limit, and one more.
struct Sides<'a> {
    id: &'a str,
    rule: &'a str,
    reason: Reject,
    /// What is counted.
    what: &'a str,
    limit: u32,
    module: Numbered<'a>,
}

impl Sides<'_> {
    fn cases(&self) -> Vec<Case> {
        let Sides { id, rule, reason, what, limit, module } = self;
        let (above, number) = (format!("{id}-above-limit"), limit + 1);
        vec![
            accept(&format!("{id}-at-limit"), rule, &format!("As many {what} as allowed: {limit}."), module(*limit)),
            refuse(
                &above,
                rule,
                *reason,
                &format!("profile-{id}-at-limit"),
                &format!("increase the number of {what} to {number}"),
                module(number),
            ),
        ]
    }
}

fn repeat(text: &str, times: u32) -> String {
    text.repeat(times as usize)
}

fn limits_of_size() -> Vec<Case> {
    let padded = |length: u32| {
        // A custom section without a name, whose content of zeros has a length of three digits.
        let content = length as usize - minimal().len() - 4;
        sections(&[(1, RUN_TYPE), (3, &[1, 0]), (7, RUN_EXPORT), (10, RUN_CODE), (0, &vec![0; content])])
    };
    let named = |length: u32| with_run(&format!(r#"(export "{}" (func 0))"#, repeat("n", length)));
    let custom = |length: u32| with_run(&format!(r#"(@custom "{}")"#, repeat("n", length)));
    let sides = |id, rule, reason, what, limit, module| Sides { id, rule, reason, what, limit, module }.cases();
    let size = MAX_MODULE_BYTES as u32;
    let (too_large, too_long) = (Reject::ModuleTooLarge, Reject::NameTooLong);
    let mut cases = sides("module-bytes", "PROFILE-002", too_large, "bytes", size, &padded);
    cases.push(refuse(
        "module-bytes-malformed",
        "PROFILE-002",
        too_large,
        "profile-module-bytes-at-limit",
        "replace the module by one byte more than allowed, all zero",
        vec![0; MAX_MODULE_BYTES + 1],
    ));
    cases.extend(sides("export-name", "PROFILE-009", too_long, "bytes of a name", MAX_NAME_BYTES, &named));
    cases.extend(sides("custom-name", "PROFILE-009", too_long, "bytes of a name", MAX_NAME_BYTES, &custom));
    cases
}

fn limits_of_number() -> Vec<Case> {
    use Reject::*;
    let params = |n: u32| with_run(&format!("(func (param {}))", repeat("i64 ", n)));
    let results = |n: u32| with_run(&format!("(func (result {}) unreachable)", repeat("i64 ", n)));
    let functions = |n: u32| with_run(&repeat("(func)", n - 1));
    let imported = |n: u32| {
        let import = r#"(import "env" "abort" (func (param i32 i32 i32 i32)))"#;
        wat(&format!("(module {} {RUN})", repeat(import, n - 1)))
    };
    let exports = |n: u32| {
        let names = (1..n).fold(String::new(), |mut text, index| {
            let _ = write!(text, r#"(export "{index:04}" (func 0))"#);
            text
        });
        with_run(&names)
    };
    let elements = |n: u32| with_run(&format!("(table 0 funcref) {}", repeat("(elem (i32.const 0))", n)));
    let data = |n: u32| with_run(&format!("(func data.drop 0) {}", repeat("(data)", n)));
    let uncounted = |n: u32| {
        let segments = [leb128(n as usize), [1, 0].repeat(n as usize)].concat();
        sections(&[(1, RUN_TYPE), (3, &[1, 0]), (7, RUN_EXPORT), (10, RUN_CODE), (11, &segments)])
    };
    let sides: [Sides<'_>; 8] = [
        ("params", "PROFILE-010", TooManyParams, "parameters", MAX_PARAMS, &params as Numbered<'_>),
        ("results", "PROFILE-011", TooManyResults, "results", MAX_RESULTS, &results),
        ("functions", "PROFILE-012", TooManyFunctions, "functions", MAX_FUNCTIONS, &functions),
        ("imported-functions", "PROFILE-012", TooManyFunctions, "functions", MAX_FUNCTIONS, &imported),
        ("exports", "PROFILE-013", TooManyExports, "exports", MAX_EXPORTS, &exports),
        ("elements", "PROFILE-014", TooManyElementSegments, "element segments", MAX_ELEMENT_SEGMENTS, &elements),
        ("data", "PROFILE-015", TooManyDataSegments, "data segments", MAX_DATA_SEGMENTS, &data),
        ("uncounted-data", "PROFILE-015", TooManyDataSegments, "data segments", MAX_DATA_SEGMENTS, &uncounted),
    ]
    .map(|(id, rule, reason, what, limit, module)| Sides { id, rule, reason, what, limit, module });
    sides.iter().flat_map(Sides::cases).collect()
}

fn limits_of_frames() -> Vec<Case> {
    let constants = |n: u32| repeat("i64.const 0 ", n);
    let drops = |n: u32| repeat("drop ", n);
    // Each module counts all slots of one function. The link word is one of them.
    let params = |n: u32| with_run(&format!("(func (param i32 i32) (local {}))", repeat("i64 ", n - 3)));
    let results = |n: u32| {
        with_run(&format!("(func (param i32) (result i32 i32) (local {}) unreachable)", repeat("i32 ", n - 3)))
    };
    let operands = |n: u32| with_run(&format!("(func {} {})", constants(n - 1), drops(n - 1)));
    let call = |n: u32| {
        let callee = "(func (param i64 i64 i64) (result i64) i64.const 0)";
        // The last three operands are arguments; the callee's link word follows them.
        with_run(&format!("{callee} (func {} call 1 {})", constants(n - 2), drops(n - 4)))
    };
    let call_indirect = |n: u32| {
        let callee = "(type $t (func (param i64) (result i64 i64))) (table 1 funcref)";
        // The first result takes the argument's slot; the second and the callee's link word follow.
        let (before, after) = (constants(n - 3), drops(n - 2));
        with_run(&format!("{callee} (func {before} i32.const 0 call_indirect (type $t) {after})"))
    };
    let bulk = |n: u32| {
        let before = constants(n - 5);
        let arguments = "i32.const 0 i32.const 0 i32.const 0";
        with_run(&format!("(memory 1) (func {before} {arguments} memory.fill {})", drops(n - 5)))
    };
    let dead = |n: u32| with_run(&format!("(func unreachable {} {})", constants(n), drops(n)));
    let sides: [(&str, &str, Numbered<'_>); 7] = [
        ("frame-params", "PROFILE-016", &params),
        ("frame-results", "PROFILE-016", &results),
        ("frame-operands", "PROFILE-016", &operands),
        ("frame-call", "PROFILE-016", &call),
        ("frame-call-indirect", "PROFILE-016", &call_indirect),
        ("frame-bulk", "PROFILE-016", &bulk),
        ("dead-operands", "PROFILE-017", &dead),
    ];
    let reason = Reject::FrameTooLarge;
    let mut cases: Vec<Case> = sides
        .into_iter()
        .flat_map(|(id, rule, module)| {
            let what = if rule == "PROFILE-016" { "frame slots" } else { "operands in dead code" };
            Sides { id, rule, reason, what, limit: MAX_FRAME_SLOTS, module }.cases()
        })
        .collect();
    cases.push(accept("frame-call-host", "PROFILE-016", "The call of a host function needs no slot of its own.", {
        wat(&format!(
            r#"(module (import "middle" "output_len" (func (param i32))) {RUN}
                (func {} i32.const 0 call 0 {}))"#,
            constants(MAX_FRAME_SLOTS - 2),
            drops(MAX_FRAME_SLOTS - 2)
        ))
    }));
    cases.push(refuse(
        "frame-huge",
        "PROFILE-016",
        reason,
        "profile-frame-operands-at-limit",
        "declare 2^32 - 1 locals instead of the operands",
        with_code(&[1, 10, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x41, 0, 0x0b]),
    ));
    cases
}

fn limits_of_table_and_memory() -> Vec<Case> {
    use Reject::*;
    let table = |n: u32| with_run(&format!("(table {n} funcref)"));
    let memory = |n: u32| with_run(&format!("(memory {n})"));
    let sides = |id, rule, reason, what, limit, module| Sides { id, rule, reason, what, limit, module }.cases();
    let mut cases = sides("table", "PROFILE-018", TableTooLarge, "table entries", MAX_TABLE_ENTRIES, &table);
    cases.extend(sides("memory", "PROFILE-019", MemoryTooLarge, "initial pages", MAX_MEMORY_PAGES, &memory));
    cases.extend([
        accept("table-large-maximum", "PROFILE-018", "The maximum of a table is not limited.", {
            with_run("(table 0 4294967295 funcref)")
        }),
        accept("memory-large-maximum", "PROFILE-019", "The maximum of a memory is not limited.", {
            with_run("(memory 1 65536)")
        }),
        accept("memory-small-maximum", "PROFILE-019", "A maximum below the limit is kept.", with_run("(memory 0 3)")),
    ]);
    cases
}

fn imports() -> Vec<Case> {
    let import = |name: &str, item: &str| wat(&format!(r#"(module (import {name} {item}) {RUN})"#));
    let all = r#"
        (import "middle" "input" (func (param i32) (result i64)))
        (import "middle" "input_len" (func (result i32)))
        (import "middle" "witness" (func (param i32) (result i64)))
        (import "middle" "witness_len" (func (result i32)))
        (import "middle" "context" (func (param i32) (result i64)))
        (import "middle" "output" (func (param i32 i64)))
        (import "middle" "output_len" (func (param i32)))
        (import "middle" "post_state" (func (param i32 i64)))
        (import "middle" "poseidon" (func (param i32 i32)))
        (import "env" "abort" (func (param i32 i32 i32 i32)))"#;
    let input = r#""middle" "input""#;
    let input_type = "(func (param i32) (result i64))";
    let hash = |item: &str| import(r#""middle" "poseidon""#, item);
    let no_hash = |id: &str, mutation: &str, item: &str| {
        refuse(id, "PROFILE-022", Reject::ImportTypeMismatch, "profile-import-poseidon", mutation, hash(item))
    };
    let refuse = |id: &str, rule: &str, reason: Reject, mutation: &str, module: Vec<u8>| {
        refuse(id, rule, reason, "profile-import", mutation, module)
    };
    let mismatch = |id: &str, mutation: &str, item: &str| {
        refuse(id, "PROFILE-022", Reject::ImportTypeMismatch, mutation, import(input, item))
    };
    let unknown = |id: &str, mutation: &str, name: &str| {
        refuse(id, "PROFILE-021", Reject::UnknownImport, mutation, import(name, input_type))
    };
    let no_function = |id: &str, item: &str| {
        let mutation = format!("import {item}");
        refuse(id, "PROFILE-020", Reject::ImportNotFunction, &mutation, import(input, item))
    };
    vec![
        accept("import", "PROFILE-001", "The import of a host function.", import(input, input_type)),
        accept("import-all", "PROFILE-001", "All host functions.", wat(&format!("(module {all} {RUN})"))),
        accept("import-twice", "PROFILE-001", "All host functions twice.", wat(&format!("(module {all} {all} {RUN})"))),
        no_function("import-memory", "(memory 1)"),
        no_function("import-table", "(table 1 funcref)"),
        no_function("import-global", "(global i32)"),
        unknown("import-unknown", "change the name to `inputs`", r#""middle" "inputs""#),
        unknown("import-unknown-module", "change the module to `Middle`", r#""Middle" "input""#),
        unknown("import-empty-name", "leave both names empty", r#""" """#),
        unknown("import-other-module", "take the module of another host function", r#""env" "input""#),
        mismatch("import-other-params", "add a parameter", "(func (param i32 i32) (result i64))"),
        mismatch("import-other-width", "make the parameter an i64", "(func (param i64) (result i64))"),
        mismatch("import-no-result", "leave out the result", "(func (param i32))"),
        accept("import-poseidon", "PROFILE-022", "The import of `poseidon`.", hash("(func (param i32 i32))")),
        no_hash("import-poseidon-one-address", "leave out an address", "(func (param i32))"),
        no_hash("import-poseidon-wide", "make the addresses i64", "(func (param i64 i64))"),
        no_hash("import-poseidon-result", "add a result", "(func (param i32 i32) (result i32))"),
    ]
}

fn segments() -> Vec<Case> {
    let elements = |segment: &str| with_run(&format!("(table 2 funcref) (elem {segment})"));
    let data = |segment: &str| with_run(&format!("(memory 1) (data {segment})"));
    let outside = |id: &str, mutation: &str, segment: &str| {
        let (origin, reason) = ("profile-elements-in-table", Reject::ElementSegmentOutOfBounds);
        refuse(id, "PROFILE-023", reason, origin, mutation, elements(segment))
    };
    let beyond = |id: &str, mutation: &str, segment: &str| {
        let (origin, reason) = ("profile-data-in-memory", Reject::DataSegmentOutOfBounds);
        refuse(id, "PROFILE-024", reason, origin, mutation, data(segment))
    };
    vec![
        accept("elements-in-table", "PROFILE-023", "A segment that ends with the table.", elements("(i32.const 1) 0")),
        accept("elements-empty-at-end", "PROFILE-023", "An empty segment at the end.", elements("(i32.const 2)")),
        outside("elements-too-long", "add an element", "(i32.const 1) 0 0"),
        outside("elements-beyond-table", "begin at the end of the table", "(i32.const 2) 0"),
        outside("elements-empty-beyond-table", "leave it empty, one entry beyond the table", "(i32.const 3)"),
        outside("elements-wrapping", "begin at 2^32 - 1", "(i32.const -1) 0 0"),
        accept(
            "data-in-memory",
            "PROFILE-024",
            "A segment that ends with the memory.",
            data(r#"(i32.const 65535) "a""#),
        ),
        accept("data-empty-at-end", "PROFILE-024", "An empty segment at the end.", data(r#"(i32.const 65536) """#)),
        beyond("data-too-long", "add a byte", r#"(i32.const 65535) "ab""#),
        beyond("data-beyond-memory", "begin at the end of the memory", r#"(i32.const 65536) "a""#),
        beyond("data-empty-beyond-memory", "leave it empty, one byte beyond the memory", r#"(i32.const 65537) """#),
        beyond("data-wrapping", "begin at 2^32 - 1", r#"(i32.const -1) "ab""#),
        refuse(
            "data-in-later-pages",
            "PROFILE-024",
            Reject::DataSegmentOutOfBounds,
            "profile-data-in-memory",
            "begin in a page that the memory has only after growing",
            with_run(r#"(memory 1 2) (data (i32.const 65536) "a")"#),
        ),
    ]
}

/// The expectations count the instructions that are kept and the frame slots of each function.
fn dead_code() -> Vec<Case> {
    let dead = |id: &str, description: &str, body: &str, instructions: usize| {
        // The entry point has two instructions and three slots, the function with dead code a link word alone.
        let case = accept(&format!("dead-{id}"), "PROFILE-025", description, with_run(&format!("(func {body})")));
        case.stating("instructions", 2 + instructions).stating("frameSlots", vec![vec![3, 1], vec![1, 1]])
    };
    let junk = "i32.const 1 i32.const 2 (block (loop nop)) drop drop";
    vec![
        dead("after-return", "Dropped after return.", &format!("return {junk}"), 2),
        dead("after-unreachable", "Dropped after unreachable.", &format!("unreachable {junk}"), 2),
        dead("after-branch", "Dropped after br; the end is live.", &format!("(block br 0 {junk}) nop"), 5),
        dead("after-loop", "A branch to a loop does not make its end live.", &format!("(loop br 0) {junk}"), 4),
        dead(
            "after-outer-branch",
            "A branch outwards leaves the inner end dead.",
            &format!("(block (block br 1) {junk}) nop"),
            7,
        ),
        dead("named-by-dead", "A branch in dead code makes no end live.", &format!("(block return br 0) {junk}"), 4),
        accept("dead-after-if", "PROFILE-025", "The end of an if without else is live.", {
            with_run("(func i32.const 0 (if (then return)) nop)")
        })
        .stating("instructions", 2 + 6),
        accept("dead-after-both-arms", "PROFILE-025", "Dropped where both arms of an if return.", {
            with_run(&format!("(func i32.const 0 (if (then return) (else return)) {junk})"))
        })
        .stating("instructions", 2 + 7),
        accept("dead-after-table", "PROFILE-025", "Dropped after br_table, whose labels are live.", {
            with_run(&format!("(func (block (block i32.const 0 br_table 0 1 {junk}) nop) nop)"))
        })
        .stating("instructions", 2 + 9),
        accept("dead-call", "PROFILE-025", "A dead call needs no frame slots.", {
            let callee = "(func (param i64 i64) (result i64) i64.const 0)";
            with_run(&format!("{callee} (func return i64.const 0 i64.const 0 call 1 drop)"))
        })
        .stating("frameSlots", vec![vec![3, 1], vec![4, 1], vec![1, 1]]),
    ]
}

fn entry_point() -> Vec<Case> {
    use Reject::*;
    let refuse = |id: &str, rule: &str, reason: Reject, mutation: &str, text: &str| {
        refuse(id, rule, reason, MINIMAL, mutation, wat(&format!("(module {text})")))
    };
    let missing = |id: &str, mutation: &str, text: &str| refuse(id, "PROFILE-026", MissingEntryPoint, mutation, text);
    let kind =
        |id: &str, mutation: &str, text: &str| refuse(id, "PROFILE-027", EntryPointNotDefinedFunction, mutation, text);
    let mismatch = |id: &str, mutation: &str, function_type: &str| {
        let text = format!(r#"(func (export "run") {function_type} unreachable)"#);
        refuse(id, "PROFILE-028", EntryPointTypeMismatch, mutation, &text)
    };
    vec![
        missing("entry-point-missing", "remove everything", ""),
        missing("entry-point-other-case", "export it as `Run`", r#"(func (export "Run") (result i32) i32.const 0)"#),
        missing("entry-point-start-only", "make it the start function instead", "(func) (start 0)"),
        kind("entry-point-memory", "export a memory as `run`", r#"(memory (export "run") 1)"#),
        kind("entry-point-global", "export a global as `run`", r#"(global (export "run") i32 (i32.const 0))"#),
        kind(
            "entry-point-imported",
            "export a host function of the right type as `run`",
            r#"(import "middle" "input_len" (func (result i32))) (export "run" (func 0))"#,
        ),
        mismatch("entry-point-no-result", "leave out the result", ""),
        mismatch("entry-point-i64", "make the result an i64", "(result i64)"),
        mismatch("entry-point-two-results", "add a result", "(result i32 i32)"),
        mismatch("entry-point-param", "add a parameter", "(param i32) (result i32)"),
    ]
}
