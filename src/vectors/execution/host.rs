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
    cases.extend(poseidon());
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
            (import "middle" "poseidon" (func $poseidon (param i32 i32)))
            (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
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
        (call $post_state (i32.const 0) (i64.const 0))
        (call $poseidon (i32.const 0) (i32.const 64))";
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

/// The bytes of a number in four words, the lowest first.
fn element(words: [u64; 4]) -> [u8; 32] {
    std::array::from_fn(|index| words[index / 8].to_le_bytes()[index % 8])
}

/// The modulus of the field.
const MODULUS: [u64; 4] = [0x43e1_f593_f000_0001, 0x2833_e848_79b9_7091, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];
/// The hash of 1 and 2, as circomlib's tests have it: its bytes from the highest to the lowest.
const HASH_OF_1_AND_2: &str = "115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a";
/// The hash of the largest element and itself, from an implementation in Python.
const HASH_OF_LARGEST: &str = "2c6bd813a6338781378d8706cb82fd4216ab52b752ccd41564d7b98756a6e0fb";

fn hash(digits: &str) -> Vec<u8> {
    let mut bytes = hex::decode(digits).expect("digits of a constant");
    bytes.reverse();
    bytes
}

/// An extension that copies two elements of the input to `input`, hashes them to `output` and shows what it has there.
fn hashes(input: i64, output: i64, copied_to: u32) -> Vec<u8> {
    let copies = (0..8).map(|word| {
        let address = copied_to + 8 * word;
        format!("(i64.store (i32.const {address}) (call $input (i32.const {word})))")
    });
    let shows = (0..4).map(|word| {
        let address = if (0..=65_504).contains(&output) { output as u32 + 8 * word } else { 0 };
        format!("(call $output (i32.const {word}) (i64.load (i32.const {address})))")
    });
    let call = format!("(call $poseidon (i32.const {input}) (i32.const {output})) (call $output_len (i32.const 32))");
    module(&format!("{} {call} {} i32.const 0", copies.collect::<String>(), shows.collect::<String>()))
}

fn poseidon() -> Vec<Case> {
    let largest = element([MODULUS[0] - 1, MODULUS[1], MODULUS[2], MODULUS[3]]);
    let small = |value: u64| element([value, 0, 0, 0]);
    let elements = [small(1), small(2)].concat();
    let draft = |name: &str, sentence: &str, rule: &str, input: i64, output: i64, bytes: &[u8]| {
        let id = format!("execution-poseidon{name}");
        let copied_to = input.clamp(0, 65_472) as u32 & !7;
        case(&id, sentence, [rule]).module(hashes(input, output, copied_to)).input(bytes).context(context())
    };
    let origin = "execution-poseidon";
    let (aligned, bounds, canonical) = ("HOST-017", "HOST-018", "HOST-019");
    let place = |name: &str, sentence: &str, rule: &str, input: i64, output: i64, trap: Trap| {
        let mutation = format!("read at {input} and write at {output}");
        draft(&format!("-{name}"), sentence, rule, input, output, &elements)
            .derived_from(origin, &mutation)
            .trapped(trap)
    };
    let number = |name: &str, sentence: &str, side: usize, words: [u64; 4], mutation: &str| {
        let mut bytes = elements.clone();
        bytes[32 * side..32 * side + 32].copy_from_slice(&element(words));
        draft(&format!("-{name}"), sentence, canonical, 0, 64, &bytes)
            .derived_from(origin, mutation)
            .trapped(Trap::ElementNotCanonical)
    };
    let (unaligned, outside) = (Trap::UnalignedAddress, Trap::OutOfBoundsMemoryAccess);
    let above = |index: usize| {
        let mut words = MODULUS;
        words[index] += 1;
        words
    };
    vec![
        draft("", "The hash of 1 and 2.", "HOST-016", 0, 64, &elements).accepted(hash(HASH_OF_1_AND_2)),
        draft("-overlap", "The hash may take the place of an element.", "HOST-016", 8, 40, &elements)
            .accepted(hash(HASH_OF_1_AND_2)),
        draft("-overlap-words", "It may take a part of both elements.", "HOST-016", 16, 24, &elements)
            .accepted(hash(HASH_OF_1_AND_2)),
        draft("-last", "The last bytes of the memory, read and written.", bounds, 65_472, 65_504, &elements)
            .accepted(hash(HASH_OF_1_AND_2)),
        draft("-largest", "The largest elements.", canonical, 0, 64, &[largest, largest].concat())
            .accepted(hash(HASH_OF_LARGEST)),
        place("input-unaligned", "An address of the input that is no multiple of 8.", aligned, 4, 64, unaligned),
        place("input-odd", "An address of the input that is odd.", aligned, 1, 64, unaligned),
        place("output-unaligned", "An address of the output that is no multiple of 8.", aligned, 0, 68, unaligned),
        place("unaligned-outside", "Alignment is checked before the bounds.", aligned, 65_480, 65_535, unaligned),
        place("input-outside", "The input's last word lies beyond the memory.", bounds, 65_480, 64, outside),
        place("output-outside", "The hash's last word lies beyond the memory.", bounds, 0, 65_512, outside),
        place("input-unsigned", "An address is unsigned.", bounds, -8, 64, outside),
        place("output-unsigned", "An address of 2^31.", bounds, 0, 1 << 31, outside),
        number("left-modulus", "The modulus is no element.", 0, MODULUS, "make the left element the modulus"),
        number("right-modulus", "The modulus is no element.", 1, MODULUS, "make the right element the modulus"),
        number("left-word-1", "A number above the modulus.", 0, above(1), "make the left element the modulus and 2^64"),
        number(
            "right-word-2",
            "A number above the modulus.",
            1,
            above(2),
            "make the right element the modulus and 2^128",
        ),
        number(
            "left-word-3",
            "A number far above the modulus.",
            0,
            above(3),
            "make the left element the modulus and 2^192",
        ),
        number(
            "right-greatest",
            "The greatest number of 32 bytes.",
            1,
            [u64::MAX; 4],
            "set all bits of the right element",
        ),
        draft(
            "-outside-not-canonical",
            "Bounds are checked before the elements.",
            bounds,
            0,
            65_512,
            &element(MODULUS).repeat(2),
        )
        .derived_from(origin, "write at 65512 and make both elements the modulus")
        .trapped(outside),
    ]
}
