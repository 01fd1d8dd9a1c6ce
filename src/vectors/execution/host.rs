//! The host functions and the limits of the inputs.

use super::{context, words};
use crate::host_interface::{MAX_INPUT_BYTES, MAX_WITNESS_BYTES, POST_STATE_WORDS};
use crate::notation::{B256, Reject, Trap};
use crate::vectors::{Case, Draft, case, wat};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = functions();
    cases.extend(reading());
    cases.extend(limits());
    cases.extend(output());
    cases.extend(post_state());
    cases
}

/// An extension that imports every host function.
fn module(body: &str) -> Vec<u8> {
    wat(&format!(
        r#"(module
            (import "middle" "input" (func $input (param i32) (result i64)))
            (import "middle" "input_len" (func $input_len (result i32)))
            (import "middle" "witness" (func $witness (param i32) (result i64)))
            (import "middle" "witness_len" (func $witness_len (result i32)))
            (import "middle" "context" (func $context (param i32) (result i64)))
            (import "middle" "output" (func $output (param i32 i64)))
            (import "middle" "output_len" (func $output_len (param i32)))
            (import "middle" "post_state" (func $post_state (param i32 i64)))
            (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
            (func (export "run") (result i32) {body}))"#
    ))
}

/// The words of the expressions of type `i64` as the output.
fn show(expressions: &[String]) -> Vec<u8> {
    let outputs: Vec<&str> = expressions.iter().map(String::as_str).collect();
    module(&format!("{} i32.const 0", super::show(&outputs)))
}

fn functions() -> Vec<Case> {
    let all = "(call $output (i32.const 0) (i64.add (call $input (i32.const 0)) (call $witness (i32.const 0))))
        (call $output (i32.const 1) (call $context (i32.const 0)))
        (call $output_len (i32.add (call $input_len) (call $witness_len)))
        (call $post_state (i32.const 0) (i64.const 0))";
    let draft = |id: &str, sentence: &str, rules: [&str; 1], end: &str| {
        let program = module(&format!("{all} {end}"));
        case(id, sentence, rules).module(program).input([1; 8]).witness([2; 4]).context(context())
    };
    let mut root = [8; 32];
    root[..8].fill(0);
    let output = [3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1];
    let arguments = "(i32.const 0) (i32.const -1) (i32.const 7) (i32.const 65536)";
    vec![
        draft("execution-host-functions", "Every host function once.", ["HOST-001"], "i32.const 0")
            .accepted_with_state(output, B256::from(root)),
        draft("execution-host-rejected", "A rejection keeps the output, not the state.", ["HOST-015"], "i32.const 9")
            .derived_from("execution-host-functions", "return 9")
            .rejected(9, output),
        draft("execution-host-trapped", "A trap keeps neither output nor state.", ["HOST-015"], "unreachable")
            .derived_from("execution-host-functions", "trap at the end")
            .trapped(Trap::Unreachable),
        draft(
            "execution-host-abort",
            "`abort` traps, whatever its arguments are.",
            ["HOST-002"],
            &format!("(call $abort {arguments}) i32.const 0"),
        )
        .derived_from("execution-host-functions", "call `abort` at the end")
        .trapped(Trap::Aborted),
    ]
}

fn reading() -> Vec<Case> {
    let indices = [0, 1, 2, 3, 4, 16_384, 131_072, i32::MAX as u32, 1 << 31, u32::MAX];
    let reads = |function: &str| indices.map(|index| format!("(call ${function} (i32.const {index}))"));
    let bytes: Vec<u8> = (1..=19).collect();
    let expected = words(&[0x0807_0605_0403_0201, 0x100f_0e0d_0c0b_0a09, 0x13_1211, 0, 0, 0, 0, 0, 0, 0]);
    let lengths = ["input_len", "witness_len"].map(|function| format!("(i64.extend_i32_u (call ${function}))"));
    let fields: Vec<String> =
        (0..34).chain([u32::MAX]).map(|index| format!("(call $context (i32.const {index}))")).collect();
    let in_order: Vec<u8> = (0..=255).collect();
    vec![
        case("execution-input", "Words of the input; past the end they are 0.", ["HOST-004", "NOTE-001"])
            .module(show(&reads("input")))
            .input(bytes.as_slice())
            .witness([0xff; 100])
            .accepted(expected.as_slice()),
        case("execution-witness", "Words of the witness; past the end they are 0.", ["HOST-004", "NOTE-001"])
            .module(show(&reads("witness")))
            .witness(bytes)
            .input([0xff; 100])
            .accepted(expected),
        case("execution-lengths", "Lengths are in bytes.", ["HOST-009"])
            .module(show(&lengths))
            .input([0; 19])
            .witness([0; 7])
            .accepted(words(&[19, 7])),
        case("execution-lengths-empty", "Empty inputs have length 0.", ["HOST-009"])
            .module(show(&lengths))
            .accepted(words(&[0, 0])),
        case("execution-context", "The 32 words of the context, and zeros behind them.", ["HOST-003", "HOST-005"])
            .module(show(&fields))
            .context(in_order.as_slice())
            .accepted([in_order, vec![0; 24]].concat()),
    ]
}

fn limits() -> Vec<Case> {
    let last = |function: &str, bytes: usize| {
        let read = |word: usize| format!("(call ${function} (i32.const {word}))");
        let length = format!("(i64.extend_i32_u (call ${function}_len))");
        show(&[read(bytes / 8 - 1), read(bytes / 8), length])
    };
    let shown = |byte: u8, bytes: usize| words(&[u64::from_le_bytes([byte; 8]), 0, bytes as u64]);
    let input = last("input", MAX_INPUT_BYTES);
    let witness = last("witness", MAX_WITNESS_BYTES);
    let context_of = |name: &str, sentence: &str, length: usize, mutation: &str| {
        case(&format!("execution-context-{name}"), sentence, ["HOST-006"])
            .module(module("i32.const 0"))
            .context([context(), vec![8]].concat()[..length].to_vec())
            .derived_from("execution-minimal", mutation)
            .reject(Reject::ContextLengthMismatch)
    };
    vec![
        case("execution-input-largest", "The largest input, and its last word.", ["HOST-007", "HOST-004"])
            .module(input.as_slice())
            .input([0xab; MAX_INPUT_BYTES])
            .accepted(shown(0xab, MAX_INPUT_BYTES)),
        case("execution-input-too-large", "An input of one byte more.", ["HOST-007"])
            .module(input)
            .input([0xab; MAX_INPUT_BYTES + 1])
            .derived_from("execution-input-largest", "append a byte to the input")
            .reject(Reject::InputTooLarge),
        case("execution-witness-largest", "The largest witness, and its last word.", ["HOST-008", "HOST-004"])
            .module(witness.as_slice())
            .witness(vec![0xcd; MAX_WITNESS_BYTES])
            .accepted(shown(0xcd, MAX_WITNESS_BYTES)),
        case("execution-witness-too-large", "A witness of one byte more.", ["HOST-008"])
            .module(witness)
            .witness(vec![0xcd; MAX_WITNESS_BYTES + 1])
            .derived_from("execution-witness-largest", "append a byte to the witness")
            .reject(Reject::WitnessTooLarge),
        context_of("empty", "An empty context is none.", 0, "remove the context"),
        context_of("short", "A context has not one byte less.", 255, "remove the last byte of the context"),
        context_of("long", "A context has not one byte more.", 257, "append a byte to the context"),
    ]
}

fn output() -> Vec<Case> {
    let draft = |id: &str, sentence: &str, rule: &str, body: &str| -> Draft {
        case(id, sentence, [rule]).module(module(&format!("{body} i32.const 0"))).context(context())
    };
    let write = "(call $output (i32.const 0) (i64.const 0x0807060504030201))
        (call $output (i32.const 2) (i64.const -1))";
    let length = |bytes: i64| format!("(call $output_len (i32.const {bytes}))");
    let set = |word: i64| format!("(call $output (i32.const {word}) (i64.const 0x42))");
    let bytes = [[1, 2, 3, 4, 5, 6, 7, 8], [0; 8], [0xff; 8], [0; 8]].concat();
    let mut largest = vec![0; 65_536];
    largest[65_528] = 0x42;
    let mut cases = vec![
        draft("execution-output-undeclared", "Without a declared length there is no output.", "HOST-010", write)
            .accepted([]),
    ];
    for declared in [0, 1, 5, 8, 9, 23, 24, 25, 32] {
        let id = format!("execution-output-{declared}");
        let body = format!("{write} {}", length(declared as i64));
        cases.push(draft(&id, "The output has the declared length.", "HOST-010", &body).accepted(&bytes[..declared]));
    }
    let trap = Trap::HostIndexOutOfBounds;
    cases.extend([
        draft(
            "execution-output-length-first",
            "The length may be declared before the words are written.",
            "HOST-010",
            &format!("{} {write}", length(5)),
        )
        .accepted(&bytes[..5]),
        draft(
            "execution-output-last-length",
            "The last declared length and the last written word count.",
            "HOST-012",
            &format!("{} {write} {} {}", length(30), length(9), set(0)),
        )
        .accepted([0x42, 0, 0, 0, 0, 0, 0, 0, 0]),
        draft(
            "execution-output-largest",
            "The last word and the greatest length of the output.",
            "HOST-011",
            &format!("{} {}", set(8_191), length(65_536)),
        )
        .accepted(largest),
    ]);
    for (name, sentence, word) in [
        ("word-beyond", "A word beyond the output.", 8_192),
        ("word-unsigned", "The index is unsigned.", -1),
        ("word-far", "An index of 2^29, whose byte address would wrap to 0.", 1 << 29),
    ] {
        let id = format!("execution-output-{name}");
        let draft = draft(&id, sentence, "HOST-011", &format!("{} {}", length(65_536), set(word)));
        cases.push(draft.derived_from("execution-output-largest", &format!("write word {word}")).trapped(trap));
    }
    for (name, sentence, bytes) in
        [("too-long", "A length above the limit.", 65_537), ("length-unsigned", "The length is unsigned.", -1)]
    {
        let id = format!("execution-output-{name}");
        let draft = draft(&id, sentence, "HOST-012", &format!("{} {}", set(8_191), length(bytes)));
        cases.push(draft.derived_from("execution-output-largest", &format!("declare {bytes} bytes")).trapped(trap));
    }
    cases
}

fn post_state() -> Vec<Case> {
    let draft = |id: &str, sentence: &str, rule: &str, words: &[i64]| -> Draft {
        let sets =
            words.iter().map(|word| format!("(call $post_state (i32.const {word}) (i64.const 0x0102030405060708))"));
        let body: String = sets.collect();
        case(id, sentence, [rule]).module(module(&format!("{body} i32.const 0"))).context(context())
    };
    let written = [8, 7, 6, 5, 4, 3, 2, 1];
    let last = i64::from(POST_STATE_WORDS) - 1;
    let origin = "execution-post-state-last";
    let beyond = |name: &str, sentence: &str, word: i64| {
        draft(&format!("execution-post-state-{name}"), sentence, "HOST-014", &[word])
            .derived_from(origin, &format!("write word {word}"))
            .trapped(Trap::HostIndexOutOfBounds)
    };
    vec![
        draft("execution-post-state-kept", "The post-state starts as the pre-state.", "HOST-013", &[])
            .accepted_with_state([], B256::repeat_byte(8)),
        draft(origin, "Words that are not written keep those of the pre-state.", "HOST-013", &[last])
            .accepted_with_state([], B256::from_slice(&[[8; 24].as_slice(), &written].concat())),
        draft("execution-post-state-all", "All words of the post-state.", "HOST-014", &[0, 1, 2, 3])
            .accepted_with_state([], B256::from_slice(&written.repeat(4))),
        beyond("beyond", "A word beyond the root.", last + 1),
        beyond("unsigned", "The index is unsigned.", -1),
    ]
}
