//! Cases of the format `statement`: encodings, and statements beside the modules that they are about.

use super::bytes::{self, Blobs};
use super::evaluate::Stop;
use super::fixture::{CHAIN_ID, FINALIZED_SLOT, account, block_hash, extension};
use super::json::{Fault, Node, hex, quantity};
use super::{Case, Draft, case, wat};
use crate::canonical_code::lower;
use crate::host_interface::{Context, ContextFields, MAX_INPUT_BYTES, MAX_OUTPUT_BYTES, MAX_WITNESS_BYTES};
use crate::notation::{B256, Outcome, Reject, Trap, keccak256};
use crate::profile;
use crate::statement::{HEADER_BYTES, MAX_CYCLES, MAX_SEGMENTS, Statement, relation};
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

/// Where fields begin, as the chapter's table says.
const SEGMENTS: usize = 77;
const CYCLE_LIMIT: usize = 337;
const OUTCOME: usize = 345;
const CODE: usize = 346;
const POST_STATE_ROOT: usize = 350;
const CYCLES: usize = 382;
const INPUT_LENGTH: usize = 410;
const OUTPUT_LENGTH: usize = 414;

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    let bytes = |name: &str| bytes::from_json(&node.field(name)?, &Blobs::new());
    match node.field("kind")?.text()? {
        "decode" => {
            node.only(&["encoding", "kind"])?;
            Ok(accepted("statement", &Statement::from_bytes(&bytes("encoding")?)?))
        }
        "relation" => {
            node.only(&["kind", "module", "statement", "witness"])?;
            let statement = Statement::from_bytes(&bytes("statement")?)?;
            relation(&statement, &profile::load(&bytes("module")?)?, &bytes("witness")?)?;
            Ok(accepted("relation", &statement))
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

fn accepted(stage: &str, statement: &Statement) -> Value {
    json!({
        "outcome": "accept",
        "stage": stage,
        "statement": fields(statement),
        "digest": hex(statement.digest()),
    })
}

fn fields(statement: &Statement) -> Value {
    let (outcome, code) = match statement.outcome {
        Outcome::Accepted => ("accepted", 0),
        Outcome::Rejected(code) => ("rejected", code),
        Outcome::Trapped(trap) => ("trapped", trap.code()),
    };
    json!({
        "chainId": quantity(statement.chain_id),
        "extensionId": hex(statement.extension_id),
        "codeCommitment": hex(statement.code_commitment),
        "tier": statement.tier,
        "segments": statement.segments,
        "context": hex(statement.context.to_bytes()),
        "input": inline(&statement.input),
        "cycleLimit": quantity(statement.cycle_limit),
        "outcome": outcome,
        "code": code,
        "output": inline(&statement.output),
        "postStateRoot": hex(statement.post_state_root),
        "cycles": quantity(statement.cycles),
        "prover": hex(statement.prover),
    })
}

/// Long byte strings of these cases are all patterns, so they need no file.
fn inline(bytes: &[u8]) -> Value {
    bytes::to_json(bytes, "bin", &mut Blobs::new())
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [encodings(), refused_encodings(), relations(), refused_relations()].concat()
}

const PRE_STATE_ROOT: B256 = B256::repeat_byte(0x05);

fn context() -> Context {
    Context::from(ContextFields {
        operation_hash: keccak256("operation of a statement"),
        sender: account("alice"),
        lane: U256::from(7),
        to: Address::repeat_byte(0x70),
        anchor_hash: block_hash(FINALIZED_SLOT),
        anchor_slot: U256::from(FINALIZED_SLOT),
        pre_state_root: PRE_STATE_ROOT,
        ..ContextFields::default()
    })
}

/// An accepted execution that leaves another state.
fn plain() -> Statement {
    Statement {
        chain_id: CHAIN_ID,
        extension_id: extension("one"),
        code_commitment: keccak256("canonical code"),
        tier: 1,
        segments: 2,
        context: context(),
        input: b"input".to_vec(),
        cycle_limit: 1_000_000,
        outcome: Outcome::Accepted,
        output: b"output!".to_vec(),
        post_state_root: B256::repeat_byte(0x06),
        cycles: 12_345,
        prover: account("bob"),
    }
}

/// Everything is zero or empty that may be.
fn least() -> Statement {
    Statement {
        chain_id: 0,
        extension_id: B256::ZERO,
        code_commitment: B256::ZERO,
        tier: 0,
        segments: 1,
        context: Context::default(),
        input: Vec::new(),
        cycle_limit: 1,
        outcome: Outcome::Accepted,
        output: Vec::new(),
        post_state_root: B256::ZERO,
        cycles: 1,
        prover: Address::ZERO,
    }
}

fn with(change: impl FnOnce(&mut Statement)) -> Statement {
    let mut statement = plain();
    change(&mut statement);
    statement
}

fn rejected(code: u32) -> Statement {
    Statement { outcome: Outcome::Rejected(code), post_state_root: PRE_STATE_ROOT, ..plain() }
}

fn trapped(trap: Trap) -> Statement {
    let statement = plain();
    // All cycles are used, as this trap wants it and any other may have it.
    let cycles = statement.cycle_limit;
    Statement {
        outcome: Outcome::Trapped(trap),
        output: Vec::new(),
        post_state_root: PRE_STATE_ROOT,
        cycles,
        ..statement
    }
}

fn decode(name: &str, description: &str, rules: &[&str], encoding: &[u8]) -> Draft {
    case(&format!("statement-decode-{name}"), description, rules)
        .object(json!({"kind": "decode", "encoding": inline(encoding)}))
}

fn encodings() -> Vec<Case> {
    let accept = |name: &str, description: &str, rules: &[&str], statement: Statement| {
        let rules = [&["STATEMENT-001", "STATEMENT-002", "STATEMENT-003", "STATEMENT-004"], rules].concat();
        decode(name, description, &rules, &statement.to_bytes()).accept().stating("statement", fields(&statement))
    };
    let largest = Statement {
        chain_id: u64::MAX,
        extension_id: B256::repeat_byte(0xff),
        code_commitment: B256::repeat_byte(0xff),
        tier: u32::MAX,
        segments: MAX_SEGMENTS,
        context: Context { fields: [B256::repeat_byte(0xff); 8] },
        cycle_limit: MAX_CYCLES,
        outcome: Outcome::Rejected(u32::MAX),
        post_state_root: B256::repeat_byte(0xff),
        cycles: MAX_CYCLES,
        prover: Address::repeat_byte(0xff),
        ..plain()
    };
    let mut cases = vec![
        accept(
            "plain",
            "An accepted execution that leaves another state.",
            &["STATEMENT-009", "STATEMENT-010"],
            plain(),
        ),
        accept(
            "unchanged",
            "An accepted execution may leave the state as it was.",
            &["STATEMENT-012"],
            with(|it| it.post_state_root = PRE_STATE_ROOT),
        ),
        accept(
            "rejected",
            "A rejected execution has a code, an output and the old state.",
            &["STATEMENT-009", "STATEMENT-010", "STATEMENT-012"],
            rejected(1),
        ),
        accept("least", "Everything is zero or empty that may be.", &["STATEMENT-006", "STATEMENT-008"], least()),
        accept(
            "largest-numbers",
            "Every number is the largest one.",
            &["STATEMENT-006", "STATEMENT-007", "STATEMENT-008", "STATEMENT-010"],
            largest,
        ),
        accept(
            "last-cycle",
            "An execution may end by the last cycle that it has.",
            &["STATEMENT-008", "STATEMENT-013"],
            with(|it| it.cycles = it.cycle_limit),
        ),
        accept("one-cycle", "The least number of cycles.", &["STATEMENT-008"], with(|it| it.cycles = 1)),
        accept(
            "longest-input",
            "The longest input.",
            &["STATEMENT-005"],
            with(|it| it.input = vec![0xab; MAX_INPUT_BYTES]),
        ),
        accept(
            "longest-output",
            "The longest output.",
            &["STATEMENT-005"],
            with(|it| it.output = vec![0xcd; MAX_OUTPUT_BYTES as usize]),
        ),
        accept(
            "other-division",
            "The same bytes of input and output, divided elsewhere, are another statement.",
            &[],
            with(|it| (it.input, it.output) = (b"inputout".to_vec(), b"put!".to_vec())),
        ),
    ];
    cases.extend(Trap::ALL.map(|trap| {
        let rules: &[&str] = match trap {
            Trap::CycleLimitExhausted => {
                &["STATEMENT-009", "STATEMENT-010", "STATEMENT-011", "STATEMENT-013", "NOTE-003"]
            }
            _ => &["STATEMENT-009", "STATEMENT-010", "STATEMENT-011", "NOTE-003"],
        };
        let description = format!("The trap `{}` has its code, no output and the old state.", trap.name());
        accept(&format!("trapped-{}", trap.name().replace('_', "-")), &description, rules, trapped(trap))
    }));
    cases
}

/// The encoding with other bytes in one place.
fn patched(statement: &Statement, offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut encoding = statement.to_bytes();
    encoding[offset..offset + bytes.len()].copy_from_slice(bytes);
    encoding
}

fn refused_encodings() -> Vec<Case> {
    let reject =
        |name: &str, description: &str, rule: &str, origin: &str, mutation: &str, reason, encoding: Vec<u8>| {
            decode(name, description, &[rule], &encoding)
                .derived_from(&format!("statement-decode-{origin}"), mutation)
                .reject(reason)
        };
    let encoding = plain().to_bytes();
    let length = Reject::StatementLengthMismatch;
    let outcome_code = Reject::StatementOutcomeCode;
    let division = Trap::IntegerDivideByZero;
    let last = Trap::ElementNotCanonical;
    vec![
        reject(
            "version-0",
            "There is no version 0.",
            "STATEMENT-003",
            "plain",
            "set the first byte to 0",
            Reject::StatementUnknownVersion,
            patched(&plain(), 0, &[0]),
        ),
        reject(
            "version-2",
            "A later version is not read as this one.",
            "STATEMENT-003",
            "plain",
            "set the first byte to 2",
            Reject::StatementUnknownVersion,
            patched(&plain(), 0, &[2]),
        ),
        reject("empty", "Nothing is no statement.", "STATEMENT-004", "plain", "remove all bytes", length, Vec::new()),
        reject(
            "header-short",
            "The fixed fields are not completed.",
            "STATEMENT-004",
            "least",
            "remove the last byte",
            length,
            least().to_bytes()[..HEADER_BYTES - 1].to_vec(),
        ),
        reject(
            "short",
            "The output is not completed.",
            "STATEMENT-004",
            "plain",
            "remove the last byte",
            length,
            encoding[..encoding.len() - 1].to_vec(),
        ),
        reject(
            "long",
            "No byte follows the output.",
            "STATEMENT-004",
            "plain",
            "append a zero byte",
            length,
            [encoding.clone(), vec![0]].concat(),
        ),
        reject(
            "input-length",
            "The length of the input counts.",
            "STATEMENT-004",
            "plain",
            "increase the length of the input by 1",
            length,
            patched(&plain(), INPUT_LENGTH, &6_u32.to_be_bytes()),
        ),
        reject(
            "output-length-little-endian",
            "Lengths are big-endian.",
            "STATEMENT-004",
            "longest-output",
            "write the length of the output, 65,536, with its bytes reversed",
            length,
            patched(&with(|it| it.output = vec![0xcd; MAX_OUTPUT_BYTES as usize]), OUTPUT_LENGTH, &[0, 0, 1, 0]),
        ),
        reject(
            "input-too-long",
            "An input above the limit.",
            "STATEMENT-005",
            "longest-input",
            "append a byte to the input and count it",
            Reject::InputTooLarge,
            with(|it| it.input = vec![0xab; MAX_INPUT_BYTES + 1]).to_bytes(),
        ),
        reject(
            "output-too-long",
            "An output above the limit.",
            "STATEMENT-005",
            "longest-output",
            "append a byte to the output and count it",
            Reject::StatementOutputTooLarge,
            with(|it| it.output = vec![0xcd; MAX_OUTPUT_BYTES as usize + 1]).to_bytes(),
        ),
        reject(
            "segments-0",
            "A proof has a segment.",
            "STATEMENT-006",
            "plain",
            "set the number of segments to 0",
            Reject::StatementSegmentsOutOfRange,
            patched(&plain(), SEGMENTS, &0_u32.to_be_bytes()),
        ),
        reject(
            "segments-65537",
            "A segment above the limit.",
            "STATEMENT-006",
            "plain",
            "set the number of segments to 241",
            Reject::StatementSegmentsOutOfRange,
            patched(&plain(), SEGMENTS, &(MAX_SEGMENTS + 1).to_be_bytes()),
        ),
        reject(
            "cycle-limit-too-large",
            "A cycle limit of 2^30.",
            "STATEMENT-007",
            "plain",
            "set the cycle limit to 1,073,741,824",
            Reject::StatementCycleLimitTooLarge,
            patched(&plain(), CYCLE_LIMIT, &(MAX_CYCLES + 1).to_be_bytes()),
        ),
        reject(
            "cycle-limit-wide",
            "The upper half of the cycle limit counts.",
            "STATEMENT-007",
            "plain",
            "add 2^32 to the cycle limit",
            Reject::StatementCycleLimitTooLarge,
            patched(&plain(), CYCLE_LIMIT, &((1 << 32) + plain().cycle_limit).to_be_bytes()),
        ),
        reject(
            "cycles-0",
            "Every execution has a cycle.",
            "STATEMENT-008",
            "plain",
            "set the cycles to 0",
            Reject::StatementCyclesOutOfRange,
            patched(&plain(), CYCLES, &0_u64.to_be_bytes()),
        ),
        reject(
            "cycle-limit-0",
            "A cycle limit of 0 leaves no number of cycles.",
            "STATEMENT-008",
            "least",
            "set cycle limit and cycles to 0",
            Reject::StatementCyclesOutOfRange,
            Statement { cycle_limit: 0, cycles: 0, ..least() }.to_bytes(),
        ),
        reject(
            "cycles-above-limit",
            "No execution has more cycles than its limit.",
            "STATEMENT-008",
            "last-cycle",
            "increase the cycles by 1",
            Reject::StatementCyclesOutOfRange,
            with(|it| it.cycles = it.cycle_limit + 1).to_bytes(),
        ),
        reject(
            "outcome-3",
            "There are three kinds of outcomes.",
            "STATEMENT-009",
            "unchanged",
            "set the kind of the outcome to 3",
            Reject::StatementUnknownOutcome,
            patched(&with(|it| it.post_state_root = PRE_STATE_ROOT), OUTCOME, &[3]),
        ),
        reject(
            "accepted-code",
            "Acceptance has no code.",
            "STATEMENT-010",
            "plain",
            "set the code to 1",
            outcome_code,
            patched(&plain(), CODE, &1_u32.to_be_bytes()),
        ),
        reject(
            "rejected-code-0",
            "0 would be acceptance.",
            "STATEMENT-010",
            "rejected",
            "set the code to 0",
            outcome_code,
            patched(&rejected(1), CODE, &0_u32.to_be_bytes()),
        ),
        reject(
            "trapped-code-0",
            "No trap has the code 0.",
            "STATEMENT-010",
            "trapped-unreachable",
            "set the code to 0",
            outcome_code,
            patched(&trapped(Trap::Unreachable), CODE, &0_u32.to_be_bytes()),
        ),
        reject(
            "trapped-code-unknown",
            "No trap has a code behind the last one.",
            "STATEMENT-010",
            "trapped-element-not-canonical",
            "increase the code by 1",
            outcome_code,
            patched(&trapped(last), CODE, &(last.code() + 1).to_be_bytes()),
        ),
        reject(
            "trapped-output",
            "A trap leaves no output.",
            "STATEMENT-011",
            "trapped-integer-divide-by-zero",
            "append a byte of output and count it",
            Reject::StatementTrapWithOutput,
            Statement { output: vec![0], ..trapped(division) }.to_bytes(),
        ),
        reject(
            "rejected-state",
            "A rejected execution leaves the state as it was.",
            "STATEMENT-012",
            "rejected",
            "change the last byte of the post-state root",
            Reject::StatementStateChanged,
            patched(&rejected(1), POST_STATE_ROOT + 31, &[6]),
        ),
        reject(
            "trapped-state",
            "A trapped execution leaves the state as it was.",
            "STATEMENT-012",
            "trapped-integer-divide-by-zero",
            "change the first byte of the post-state root",
            Reject::StatementStateChanged,
            patched(&trapped(division), POST_STATE_ROOT, &[6]),
        ),
        reject(
            "limit-not-exhausted",
            "A cycle is left.",
            "STATEMENT-013",
            "trapped-cycle-limit-exhausted",
            "decrease the cycles by 1",
            Reject::StatementLimitNotExhausted,
            Statement { cycles: plain().cycle_limit - 1, ..trapped(Trap::CycleLimitExhausted) }.to_bytes(),
        ),
    ]
}

/// A statement beside its module and the witness input, all as an author claims them.
#[derive(Clone)]
struct Claim {
    module: Vec<u8>,
    statement: Statement,
    witness: Vec<u8>,
}

/// Ends with the low half of the witness, traps if that is 99; before, the first input word becomes the output and the
/// second one the first word of the state.
const ECHO: &str = r#"(module
  (import "middle" "input" (func $input (param i32) (result i64)))
  (import "middle" "witness" (func $witness (param i32) (result i64)))
  (import "middle" "output" (func $output (param i32 i64)))
  (import "middle" "output_len" (func $output_len (param i32)))
  (import "middle" "post_state" (func $post_state (param i32 i64)))
  (func (export "run") (result i32)
    (call $output (i32.const 0) (call $input (i32.const 0)))
    (call $output_len (i32.const 8))
    (call $post_state (i32.const 0) (call $input (i32.const 1)))
    (if (i64.eq (call $witness (i32.const 0)) (i64.const 99)) (then unreachable))
    (i32.wrap_i64 (call $witness (i32.const 0)))))"#;

/// Accepts a witness whose first word is the product of two equal factors, and says nothing about it.
const SQUARE: &str = r#"(module
  (import "middle" "input" (func $input (param i32) (result i64)))
  (import "middle" "witness" (func $witness (param i32) (result i64)))
  (func (export "run") (result i32)
    (i64.ne
      (i64.mul (call $witness (i32.const 0)) (call $witness (i32.const 0)))
      (call $input (i32.const 0)))))"#;

/// Never ends.
const ENDLESS: &str = r#"(module (func (export "run") (result i32) (loop $again (br $again)) unreachable))"#;

const FIBONACCI: &[u8] = include_bytes!("../../tests/extensions/fibonacci/fibonacci.wasm");
const TRAPS: &[u8] = include_bytes!("../../tests/extensions/traps/traps.wasm");

const ECHO_INPUT: [u8; 16] = *b"an inputa state!";

/// What the echo leaves if it accepts: the second input word, and three words of the old state.
fn echo_root() -> B256 {
    let mut root = PRE_STATE_ROOT;
    root[..8].copy_from_slice(&ECHO_INPUT[8..]);
    root
}

/// A claim about an execution that leaves the state as it was.
fn claim(module: &[u8], input: &[u8], witness: &[u8], outcome: Outcome, output: &[u8], cycles: u64) -> Claim {
    let code = profile::load(module).and_then(|module| lower(&module));
    let code = code.unwrap_or_else(|rejection| panic!("a case's module: {rejection}"));
    let statement = Statement {
        code_commitment: code.commitment(),
        input: input.to_vec(),
        outcome,
        output: output.to_vec(),
        post_state_root: PRE_STATE_ROOT,
        cycles,
        ..plain()
    };
    Claim { module: module.to_vec(), statement, witness: witness.to_vec() }
}

/// The echo rejects with this code.
fn echo_rejected(code: u8) -> Claim {
    claim(&wat(ECHO), &ECHO_INPUT, &[code], Outcome::Rejected(code.into()), &ECHO_INPUT[..8], 15)
}

fn echo_accepted() -> Claim {
    let mut claim = claim(&wat(ECHO), &ECHO_INPUT, &[], Outcome::Accepted, &ECHO_INPUT[..8], 15);
    claim.statement.post_state_root = echo_root();
    claim
}

fn echo_trapped() -> Claim {
    claim(&wat(ECHO), &ECHO_INPUT, &[99], Outcome::Trapped(Trap::Unreachable), &[], 9)
}

fn square(root: i64) -> Claim {
    claim(&wat(SQUARE), &49_u64.to_le_bytes(), &root.to_le_bytes(), Outcome::Accepted, &[], 8)
}

fn endless() -> Claim {
    let claim = claim(&wat(ENDLESS), &[], &[], Outcome::Trapped(Trap::CycleLimitExhausted), &[], 1_000);
    claim.changed(|claim| claim.statement.cycle_limit = 1_000)
}

/// A statement with no cycle to spare.
fn last_cycle() -> Claim {
    square(7).changed(|claim| claim.statement.cycle_limit = 8)
}

impl Claim {
    fn changed(mut self, change: impl FnOnce(&mut Claim)) -> Claim {
        change(&mut self);
        self
    }

    fn draft(&self, name: &str, description: &str, rules: &[&str]) -> Draft {
        case(&format!("statement-relation-{name}"), description, rules).object(json!({
            "kind": "relation",
            "module": inline(&self.module),
            "statement": inline(&self.statement.to_bytes()),
            "witness": inline(&self.witness),
        }))
    }
}

fn relations() -> Vec<Case> {
    let accept = |name: &str, description: &str, rules: &[&str], claim: Claim| {
        let rules = [&["STATEMENT-014", "STATEMENT-015"], rules].concat();
        claim.draft(name, description, &rules).accept()
    };
    let terms = |claim: &mut Claim| {
        let statement = &mut claim.statement;
        statement.chain_id = 5;
        statement.extension_id = extension("two");
        (statement.tier, statement.segments) = (9, 77);
        statement.prover = account("alice");
    };
    let fibonacci = claim(FIBONACCI, &10_u64.to_le_bytes(), &[], Outcome::Accepted, &55_u64.to_le_bytes(), 42);
    let division = claim(TRAPS, &[1], &[], Outcome::Trapped(Trap::IntegerDivideByZero), &[], 16);
    let long_witness = square(7).changed(|claim| claim.witness.resize(MAX_WITNESS_BYTES, 0));
    vec![
        accept("accepted", "An execution that accepts, with an output and another state.", &[], echo_accepted()),
        accept("rejected", "An execution that rejects, with an output.", &["STATEMENT-012"], echo_rejected(9)),
        accept("trapped", "An execution that traps.", &["STATEMENT-011", "NOTE-003"], echo_trapped()),
        accept("exhausted", "An execution that does not end by itself.", &["STATEMENT-013", "CODE-028"], endless()),
        accept("last-cycle", "An execution that ends by its last cycle.", &["STATEMENT-013", "CODE-028"], last_cycle()),
        accept("private", "The witness shows in nothing but the outcome.", &[], square(7)),
        accept("private-other", "The same statement is true with another witness.", &[], square(-7)),
        accept(
            "other-terms",
            "Whoever proves it, and where, is no matter of the relation.",
            &[],
            square(7).changed(terms),
        ),
        accept("fibonacci", "The tenth Fibonacci number, by an extension that a tool made.", &[], fibonacci),
        accept("division", "A division by zero, by an extension that a tool made.", &["NOTE-003"], division),
        accept("longest-witness", "The longest witness input.", &["HOST-008"], long_witness),
    ]
}

fn refused_relations() -> Vec<Case> {
    let reject = |name: &str, description: &str, rule: &str, origin: &str, mutation: &str, reason, claim: Claim| {
        claim
            .draft(name, description, &[rule])
            .derived_from(&format!("statement-relation-{origin}"), mutation)
            .reject(reason)
    };
    let execution = "STATEMENT-015";
    let (outcome, output, cycles) = (Reject::OutcomeMismatch, Reject::OutputMismatch, Reject::CyclesMismatch);
    let post_state = Reject::PostStateMismatch;
    let exhausted = Outcome::Trapped(Trap::CycleLimitExhausted);
    vec![
        reject(
            "commitment",
            "The commitment is to other code.",
            "STATEMENT-014",
            "accepted",
            "change the last byte of the code commitment",
            Reject::CodeCommitmentMismatch,
            echo_accepted().changed(|it| it.statement.code_commitment[31] ^= 1),
        ),
        reject(
            "other-module",
            "A module that behaves alike has other code.",
            "STATEMENT-014",
            "private",
            "compare by exclusive or and zero in the module",
            Reject::CodeCommitmentMismatch,
            square(7).changed(|it| {
                it.module = wat(&SQUARE.replace("(i64.ne", "(i64.ne (i64.const 0) (i64.xor").replace(")))))", "))))))"))
            }),
        ),
        reject(
            "code",
            "A rejection with another code.",
            execution,
            "rejected",
            "increase the statement's code by 1",
            outcome,
            echo_rejected(9).changed(|it| it.statement.outcome = Outcome::Rejected(10)),
        ),
        reject(
            "hidden-rejection",
            "A rejection is no acceptance.",
            execution,
            "rejected",
            "make the statement's outcome accepted",
            outcome,
            echo_rejected(9).changed(|it| it.statement.outcome = Outcome::Accepted),
        ),
        reject(
            "faked-rejection",
            "An acceptance is no rejection.",
            execution,
            "private",
            "make the statement's outcome a rejection with code 1",
            outcome,
            square(7).changed(|it| it.statement.outcome = Outcome::Rejected(1)),
        ),
        reject(
            "hidden-trap",
            "A trap is no acceptance.",
            execution,
            "trapped",
            "make the statement's outcome accepted",
            outcome,
            echo_trapped().changed(|it| it.statement.outcome = Outcome::Accepted),
        ),
        reject(
            "faked-trap",
            "An acceptance is no trap.",
            execution,
            "private",
            "make the statement's outcome the trap `unreachable`",
            outcome,
            square(7).changed(|it| it.statement.outcome = Outcome::Trapped(Trap::Unreachable)),
        ),
        reject(
            "other-trap",
            "Each trap is an outcome of its own.",
            execution,
            "trapped",
            "make the statement's outcome the trap `integer_divide_by_zero`",
            outcome,
            echo_trapped().changed(|it| it.statement.outcome = Outcome::Trapped(Trap::IntegerDivideByZero)),
        ),
        reject(
            "trap-as-code",
            "A trap is no rejection with the trap's code.",
            execution,
            "trapped",
            "make the statement's outcome a rejection with code 1",
            outcome,
            echo_trapped().changed(|it| it.statement.outcome = Outcome::Rejected(1)),
        ),
        reject(
            "hidden-exhaustion",
            "What did not end was not accepted.",
            execution,
            "exhausted",
            "make the statement's outcome accepted",
            outcome,
            endless().changed(|it| it.statement.outcome = Outcome::Accepted),
        ),
        reject(
            "faked-exhaustion",
            "What ended by its last cycle did not exhaust the limit.",
            execution,
            "last-cycle",
            "make the statement's outcome the trap `cycle_limit_exhausted`",
            outcome,
            last_cycle().changed(|it| it.statement.outcome = exhausted),
        ),
        reject(
            "witness",
            "The statement is not true with any witness.",
            execution,
            "private",
            "increase the witness by 1",
            outcome,
            square(7).changed(|it| it.witness[0] = 8),
        ),
        reject(
            "output",
            "Another output.",
            execution,
            "accepted",
            "change the last byte of the output",
            output,
            echo_accepted().changed(|it| it.statement.output[7] ^= 1),
        ),
        reject(
            "output-short",
            "The length of the output counts.",
            execution,
            "rejected",
            "remove the last byte of the output",
            output,
            echo_rejected(9).changed(|it| it.statement.output.truncate(7)),
        ),
        reject(
            "output-long",
            "No zero is appended to an output.",
            execution,
            "accepted",
            "append a zero byte to the output",
            output,
            echo_accepted().changed(|it| it.statement.output.push(0)),
        ),
        reject(
            "input",
            "The input is that of the execution.",
            execution,
            "rejected",
            "change the first byte of the input, which the output repeats",
            output,
            echo_rejected(9).changed(|it| it.statement.input[0] ^= 1),
        ),
        reject(
            "state-unchanged",
            "An acceptance moves the state.",
            execution,
            "accepted",
            "replace the post-state root by the pre-state root",
            post_state,
            echo_accepted().changed(|it| it.statement.post_state_root = PRE_STATE_ROOT),
        ),
        reject(
            "state",
            "Another state.",
            execution,
            "accepted",
            "change the last byte of the post-state root",
            post_state,
            echo_accepted().changed(|it| it.statement.post_state_root[31] ^= 1),
        ),
        reject(
            "context",
            "The context is that of the execution.",
            execution,
            "accepted",
            "change the last byte of the pre-state root in the context",
            post_state,
            echo_accepted().changed(|it| it.statement.context.fields[7][31] ^= 1),
        ),
        reject(
            "cycles-more",
            "A cycle too many.",
            execution,
            "accepted",
            "increase the cycles by 1",
            cycles,
            echo_accepted().changed(|it| it.statement.cycles += 1),
        ),
        reject(
            "cycles-fewer",
            "A cycle too few.",
            execution,
            "trapped",
            "decrease the cycles by 1",
            cycles,
            echo_trapped().changed(|it| it.statement.cycles -= 1),
        ),
        reject(
            "witness-too-long",
            "A witness input above the limit.",
            "HOST-008",
            "longest-witness",
            "append a zero byte to the witness",
            Reject::WitnessTooLarge,
            square(7).changed(|it| it.witness.resize(MAX_WITNESS_BYTES + 1, 0)),
        ),
    ]
}
