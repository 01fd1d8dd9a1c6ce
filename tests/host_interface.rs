//! The chapter on the host interface, section by section.

use alloy_primitives::{Address, U256};
use middle_client::canonical_code;
use middle_client::execution::run;
use middle_client::host_interface::{
    Context, ContextFields, Host, HostFunction, Inputs, MAX_INPUT_BYTES, MAX_OUTPUT_BYTES, MAX_WITNESS_BYTES,
    OUTPUT_WORDS,
};
use middle_client::notation::{B256, Execution, Outcome, Reject, Trap};
use middle_client::profile::{self, ValueType};

const IMPORTS: &str = r#"
    (import "middle" "input" (func $input (param i32) (result i64)))
    (import "middle" "input_len" (func $input_len (result i32)))
    (import "middle" "witness" (func $witness (param i32) (result i64)))
    (import "middle" "witness_len" (func $witness_len (result i32)))
    (import "middle" "context" (func $context (param i32) (result i64)))
    (import "middle" "output" (func $output (param i32 i64)))
    (import "middle" "output_len" (func $output_len (param i32)))
    (import "middle" "post_state" (func $post_state (param i32 i64)))
    (import "env" "abort" (func $abort (param i32 i32 i32 i32)))"#;

/// A context in which every byte differs from its neighbours.
fn context() -> Context {
    let bytes: Vec<u8> = (0..=255).collect();
    Context::from_bytes(&bytes).expect("256 bytes")
}

/// Runs `body` as the export `run` in both engines.
fn execute(body: &str, inputs: &Inputs) -> Execution {
    let text = format!(r#"(module {IMPORTS} (func (export "run") (result i32) {body}))"#);
    let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let module = profile::load(&wasm).unwrap_or_else(|rejection| panic!("{rejection}\n{text}"));
    let execution = run(&module, inputs, 1_000_000).expect("ends").execution;
    let code = canonical_code::lower(&module).expect("can be lowered");
    assert_eq!(canonical_code::execute(&code, inputs, 1_000_000).execution, execution, "{body}");
    execution
}

/// Shows the value of an expression of type i64 as the output.
fn value(expression: &str, inputs: &Inputs) -> u64 {
    let body = format!("(call $output (i32.const 0) {expression}) (call $output_len (i32.const 8)) i32.const 0");
    let execution = execute(&body, inputs);
    assert_eq!(execution.outcome, Outcome::Accepted, "{expression}");
    u64::from_le_bytes(execution.output.try_into().expect("8 bytes"))
}

fn accepted(output: &[u8], post_state: B256) -> Execution {
    Execution { outcome: Outcome::Accepted, output: output.to_vec(), post_state }
}

fn trapped(trap: Trap, inputs: &Inputs) -> Execution {
    let post_state = inputs.context.pre_state_root();
    Execution { outcome: Outcome::Trapped(trap), output: vec![], post_state }
}

#[test]
fn functions_have_their_names_and_types() {
    use ValueType::{I32, I64};
    let table: [(&str, &str, &[ValueType], &[ValueType]); 10] = [
        ("middle", "input", &[I32], &[I64]),
        ("middle", "input_len", &[], &[I32]),
        ("middle", "witness", &[I32], &[I64]),
        ("middle", "witness_len", &[], &[I32]),
        ("middle", "context", &[I32], &[I64]),
        ("middle", "output", &[I32, I64], &[]),
        ("middle", "output_len", &[I32], &[]),
        ("middle", "post_state", &[I32, I64], &[]),
        ("middle", "poseidon", &[I32, I32], &[]),
        ("env", "abort", &[I32, I32, I32, I32], &[]),
    ];
    assert_eq!(HostFunction::ALL.len(), table.len());
    for (function, (module, name, params, results)) in HostFunction::ALL.into_iter().zip(table) {
        assert_eq!(HostFunction::lookup(module, name), Some(function));
        assert_eq!(function.function_type().params, params);
        assert_eq!(function.function_type().results, results);
    }
    let unknown = [("middle", "abort"), ("env", "input"), ("middle", "Input"), ("middle", ""), ("", "input"), ("", "")];
    for (module, name) in unknown {
        assert_eq!(HostFunction::lookup(module, name), None);
    }
}

/// The chapter's table is the source of the names and types.
#[test]
fn the_chapter_lists_the_functions() {
    let chapter = include_str!("../spec/03-host-interface.md");
    let list = |types: &[ValueType]| {
        let names = types.iter().map(|value_type| if *value_type == ValueType::I32 { "i32" } else { "i64" });
        names.collect::<Vec<_>>().join(" ")
    };
    for function in HostFunction::ALL {
        let ((module, name), function_type) = (function.name(), function.function_type());
        let (params, results) = (list(&function_type.params), list(&function_type.results));
        let row = format!("| `{module}.{name}` | `[{params}] -> [{results}]` |");
        assert!(chapter.contains(&row), "{row}");
    }
}

#[test]
fn abort_traps() {
    let inputs = Inputs { context: context(), ..Inputs::default() };
    let body = "(call $abort (i32.const 0) (i32.const -1) (i32.const 7) (i32.const 8)) i32.const 0";
    assert_eq!(execute(body, &inputs), trapped(Trap::Aborted, &inputs));
}

#[test]
fn the_context_is_abi_encoded() {
    let fields = ContextFields {
        operation_hash: B256::repeat_byte(0x11),
        sender: Address::repeat_byte(0x22),
        lane: U256::from(0x3344),
        to: Address::repeat_byte(0x55),
        witness_commitment: B256::repeat_byte(0x66),
        anchor_hash: B256::repeat_byte(0x77),
        anchor_slot: U256::MAX,
        pre_state_root: B256::repeat_byte(0x88),
    };
    let expected = [
        "1111111111111111111111111111111111111111111111111111111111111111",
        "0000000000000000000000002222222222222222222222222222222222222222",
        "0000000000000000000000000000000000000000000000000000000000003344",
        "0000000000000000000000005555555555555555555555555555555555555555",
        "6666666666666666666666666666666666666666666666666666666666666666",
        "7777777777777777777777777777777777777777777777777777777777777777",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "8888888888888888888888888888888888888888888888888888888888888888",
    ];
    let context = Context::from(fields);
    assert_eq!(hex::encode(context.to_bytes()), expected.concat());
    assert_eq!(context.pre_state_root(), fields.pre_state_root);
    assert_eq!(context.word(11), 0x4433_0000_0000_0000);
    assert_eq!(Context::from_bytes(&context.to_bytes()), Ok(context));
}

#[test]
fn words_are_little_endian_and_zero_past_the_end() {
    let bytes: Vec<u8> = (1..=19).collect();
    for space in ["input", "witness"] {
        let (input, witness) = if space == "input" { (bytes.clone(), vec![]) } else { (vec![], bytes.clone()) };
        let inputs = Inputs { input, witness, context: context() };
        let word = |index: i64| value(&format!("(call ${space} (i32.const {index}))"), &inputs);
        assert_eq!(word(0), 0x0807_0605_0403_0201);
        assert_eq!(word(1), 0x100f_0e0d_0c0b_0a09);
        assert_eq!(word(2), 0x0013_1211);
        for index in [3, 4, 16_384, 131_072, i64::from(i32::MAX), i64::from(i32::MIN), -1] {
            assert_eq!(word(index), 0, "{space} {index}");
        }
        let other = if space == "input" { "witness" } else { "input" };
        assert_eq!(value(&format!("(call ${other} (i32.const 0))"), &inputs), 0);
        assert_eq!(value(&format!("(i64.extend_i32_u (call ${space}_len))"), &inputs), 19);
        assert_eq!(value(&format!("(i64.extend_i32_u (call ${other}_len))"), &inputs), 0);
    }
}

#[test]
fn the_last_word_of_the_largest_inputs() {
    let inputs = Inputs {
        input: vec![0xab; MAX_INPUT_BYTES],
        witness: vec![0xcd; MAX_WITNESS_BYTES],
        context: Context::default(),
    };
    assert_eq!(inputs.check(), Ok(()));
    assert_eq!(value("(call $input (i32.const 16383))", &inputs), u64::from_le_bytes([0xab; 8]));
    assert_eq!(value("(call $input (i32.const 16384))", &inputs), 0);
    assert_eq!(value("(call $witness (i32.const 131071))", &inputs), u64::from_le_bytes([0xcd; 8]));
    assert_eq!(value("(call $witness (i32.const 131072))", &inputs), 0);
    assert_eq!(value("(i64.extend_i32_u (call $input_len))", &inputs), 131_072);
    assert_eq!(value("(i64.extend_i32_u (call $witness_len))", &inputs), 1_048_576);
}

#[test]
fn the_context_is_read_like_the_input() {
    let inputs = Inputs { context: context(), ..Inputs::default() };
    let word = |index: i64| value(&format!("(call $context (i32.const {index}))"), &inputs);
    for index in 0..32 {
        let expected: [u8; 8] = std::array::from_fn(|byte| (8 * index + byte as i64) as u8);
        assert_eq!(word(index), u64::from_le_bytes(expected));
    }
    for index in [32, 33, 64, i64::from(i32::MAX), -1] {
        assert_eq!(word(index), 0);
    }
}

#[test]
fn inputs_have_limits() {
    let context = [0; Context::BYTES];
    let reason = |input: usize, witness: usize, context: &[u8]| {
        Inputs::new(&vec![0; input], &vec![0; witness], context)
            .map_err(|rejection| (rejection.reason, rejection.offset))
            .map(|_| ())
    };
    assert_eq!(reason(MAX_INPUT_BYTES, MAX_WITNESS_BYTES, &context), Ok(()));
    assert_eq!(reason(0, 0, &context), Ok(()));
    assert_eq!(reason(MAX_INPUT_BYTES + 1, 0, &context), Err((Reject::InputTooLarge, MAX_INPUT_BYTES)));
    assert_eq!(reason(0, MAX_WITNESS_BYTES + 1, &context), Err((Reject::WitnessTooLarge, MAX_WITNESS_BYTES)));
    assert_eq!(reason(0, 0, &context[1..]), Err((Reject::ContextLengthMismatch, 255)));
    assert_eq!(reason(0, 0, &[]), Err((Reject::ContextLengthMismatch, 0)));
    assert_eq!(reason(0, 0, &[0; 257]), Err((Reject::ContextLengthMismatch, 256)));
    // The context is checked first, then the input.
    let worst =
        |context: &[u8]| reason(MAX_INPUT_BYTES + 1, MAX_WITNESS_BYTES + 1, context).map_err(|(reason, _)| reason);
    assert_eq!(worst(&[]), Err(Reject::ContextLengthMismatch));
    assert_eq!(worst(&context), Err(Reject::InputTooLarge));
}

#[test]
fn output_has_the_declared_length() {
    let inputs = Inputs { context: context(), ..Inputs::default() };
    let root = inputs.context.pre_state_root();
    let output = |body: &str| execute(&format!("{body} i32.const 0"), &inputs);
    let write =
        "(call $output (i32.const 0) (i64.const 0x0807060504030201)) (call $output (i32.const 2) (i64.const -1))";
    let words = [[1, 2, 3, 4, 5, 6, 7, 8], [0; 8], [0xff; 8], [0; 8]].concat();
    assert_eq!(output(write), accepted(&[], root));
    for length in [0, 1, 7, 8, 9, 16, 17, 23, 24, 25, 32] {
        let declare = format!("(call $output_len (i32.const {length}))");
        // Words and length may come in any order.
        assert_eq!(output(&format!("{write} {declare}")), accepted(&words[..length], root));
        assert_eq!(output(&format!("{declare} {write}")), accepted(&words[..length], root));
    }
    let twice = "(call $output_len (i32.const 3)) (call $output_len (i32.const 1))";
    assert_eq!(output(&format!("{write} {twice}")), accepted(&[1], root));
    let overwritten = "(call $output (i32.const 0) (i64.const 9)) (call $output_len (i32.const 2))";
    assert_eq!(output(&format!("{write} {overwritten}")), accepted(&[9, 0], root));
}

#[test]
fn output_has_limits() {
    let inputs = Inputs { context: context(), ..Inputs::default() };
    let trap = trapped(Trap::HostIndexOutOfBounds, &inputs);
    let last = format!(
        "(call $output (i32.const {}) (i64.const -1)) (call $output_len (i32.const {MAX_OUTPUT_BYTES})) i32.const 0",
        OUTPUT_WORDS - 1
    );
    let execution = execute(&last, &inputs);
    assert_eq!(execution.output.len(), MAX_OUTPUT_BYTES as usize);
    assert_eq!(execution.output[65_527..], [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    for index in [i64::from(OUTPUT_WORDS), i64::from(OUTPUT_WORDS) + 1, i64::from(i32::MAX), i64::from(i32::MIN), -1] {
        let body =
            format!("(call $output_len (i32.const 4)) (call $output (i32.const {index}) (i64.const 0)) i32.const 0");
        assert_eq!(execute(&body, &inputs), trap, "word {index}");
    }
    for length in [i64::from(MAX_OUTPUT_BYTES) + 1, i64::from(i32::MAX), i64::from(i32::MIN), -1] {
        let body = format!("(call $output_len (i32.const {length})) i32.const 0");
        assert_eq!(execute(&body, &inputs), trap, "length {length}");
    }
}

#[test]
fn the_post_state_starts_as_the_pre_state() {
    let inputs = Inputs { context: context(), ..Inputs::default() };
    let root = inputs.context.pre_state_root();
    assert_eq!(execute("i32.const 0", &inputs), accepted(&[], root));
    for word in 0..4 {
        let body = format!("(call $post_state (i32.const {word}) (i64.const 0x0102030405060708)) i32.const 0");
        let mut expected = root;
        expected[8 * word..8 * word + 8].copy_from_slice(&[8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(execute(&body, &inputs), accepted(&[], expected));
    }
    for index in [4, 5, i32::MAX, i32::MIN, -1] {
        let body = format!("(call $post_state (i32.const {index}) (i64.const 0)) i32.const 0");
        assert_eq!(execute(&body, &inputs), trapped(Trap::HostIndexOutOfBounds, &inputs), "word {index}");
    }
}

#[test]
fn only_acceptance_moves_the_state() {
    let inputs = Inputs { context: context(), ..Inputs::default() };
    let root = inputs.context.pre_state_root();
    let write = "(call $output (i32.const 0) (i64.const 0x42)) (call $output_len (i32.const 1))
        (call $post_state (i32.const 0) (i64.const -1))";
    let mut moved = root;
    moved[..8].fill(0xff);
    assert_eq!(execute(&format!("{write} i32.const 0"), &inputs), accepted(&[0x42], moved));
    let rejected = Execution { outcome: Outcome::Rejected(3), output: vec![0x42], post_state: root };
    assert_eq!(execute(&format!("{write} i32.const 3"), &inputs), rejected);
    let unreachable = trapped(Trap::Unreachable, &inputs);
    assert_eq!(execute(&format!("{write} unreachable"), &inputs), unreachable);
}

#[test]
fn the_host_alone_says_the_same() {
    let inputs = Inputs { input: vec![1, 2, 3], witness: vec![4], context: context() };
    let mut host = Host::new(&inputs);
    assert_eq!(host.call(HostFunction::Input, &[0], &mut []), Ok(Some(0x03_0201)));
    assert_eq!(host.call(HostFunction::Input, &[u64::from(u32::MAX)], &mut []), Ok(Some(0)));
    assert_eq!(host.call(HostFunction::InputLen, &[], &mut []), Ok(Some(3)));
    assert_eq!(host.call(HostFunction::Witness, &[0], &mut []), Ok(Some(4)));
    assert_eq!(host.call(HostFunction::WitnessLen, &[], &mut []), Ok(Some(1)));
    assert_eq!(host.call(HostFunction::Context, &[0], &mut []), Ok(Some(0x0706_0504_0302_0100)));
    assert_eq!(host.call(HostFunction::Output, &[0, 0x41], &mut []), Ok(None));
    assert_eq!(host.call(HostFunction::OutputLen, &[2], &mut []), Ok(None));
    assert_eq!(host.call(HostFunction::OutputLen, &[65_537], &mut []), Err(Trap::HostIndexOutOfBounds));
    assert_eq!(host.call(HostFunction::Abort, &[0; 4], &mut []), Err(Trap::Aborted));
    assert_eq!(host.finish(Outcome::Accepted), accepted(b"A\0", inputs.context.pre_state_root()));
    let trap = Trap::HostIndexOutOfBounds;
    assert_eq!(host.finish(Outcome::Trapped(trap)), trapped(trap, &inputs));
}

#[test]
fn a_hash_reads_and_writes_the_memory() {
    let inputs = Inputs { context: context(), ..Inputs::default() };
    let mut host = Host::new(&inputs);
    let mut memory = vec![0; 96];
    (memory[0], memory[32]) = (1, 2);
    assert_eq!(host.call(HostFunction::Poseidon, &[0, 64], &mut memory), Ok(None));
    let digest = "9a1817447a60199e51453274f217362acfe962966b4cf63d4190d6e7f5c05c11";
    assert_eq!(hex::encode(&memory[64..]), digest);
    let before = memory.clone();
    for (input, output, trap) in [
        (4, 64, Trap::UnalignedAddress),
        (0, 68, Trap::UnalignedAddress),
        (33, u64::from(u32::MAX), Trap::UnalignedAddress),
        (40, 0, Trap::OutOfBoundsMemoryAccess),
        (0, 72, Trap::OutOfBoundsMemoryAccess),
        (0xffff_fff8, 0, Trap::OutOfBoundsMemoryAccess),
    ] {
        assert_eq!(host.call(HostFunction::Poseidon, &[input, output], &mut memory), Err(trap), "{input}, {output}");
        assert_eq!(memory, before);
    }
    for half in [0, 32] {
        memory[half..half + 32].copy_from_slice(&hex::decode(MODULUS).unwrap());
        let trap = Trap::ElementNotCanonical;
        assert_eq!(host.call(HostFunction::Poseidon, &[0, 64], &mut memory), Err(trap));
        // One less is the largest element.
        memory[half] -= 1;
        assert_eq!(host.call(HostFunction::Poseidon, &[0, 64], &mut memory), Ok(None));
    }
    assert_eq!(host.call(HostFunction::Poseidon, &[0, 0], &mut []), Err(Trap::OutOfBoundsMemoryAccess));
}

/// The modulus of the field, the lowest byte first.
const MODULUS: &str = "010000f093f5e1439170b97948e833285d588181b64550b829a031e1724e6430";
