//! The statement: its encoding, what is refused, and the relation.

use alloy_primitives::Address;
use middle_client::canonical_code::lower;
use middle_client::host_interface::{
    Context, ContextFields, Inputs, MAX_INPUT_BYTES, MAX_OUTPUT_BYTES, MAX_WITNESS_BYTES,
};
use middle_client::notation::{B256, Outcome, Reject, Trap, keccak256};
use middle_client::profile::{Module, load};
use middle_client::statement::{HEADER_BYTES, MAX_CYCLES, MAX_SEGMENTS, Statement, Terms, relation};
use proptest::prelude::*;

/// Copies the first input word to the output and ends with the first witness word.
const ECHO: &str = r#"(module
  (import "middle" "input" (func $input (param i32) (result i64)))
  (import "middle" "witness" (func $witness (param i32) (result i64)))
  (import "middle" "output" (func $output (param i32 i64)))
  (import "middle" "output_len" (func $output_len (param i32)))
  (import "middle" "post_state" (func $post_state (param i32 i64)))
  (func (export "run") (result i32)
    (call $output (i32.const 0) (call $input (i32.const 0)))
    (call $output_len (i32.const 8))
    (call $post_state (i32.const 0) (i64.const 7))
    (if (i64.eq (call $witness (i32.const 0)) (i64.const 99)) (then unreachable))
    (i32.wrap_i64 (call $witness (i32.const 0)))))"#;

fn echo() -> Module {
    load(&wat::parse_str(ECHO).unwrap()).unwrap()
}

fn inputs(witness: u8) -> Inputs {
    let fields = ContextFields { pre_state_root: B256::repeat_byte(5), ..ContextFields::default() };
    Inputs { input: b"statement".to_vec(), witness: vec![witness], context: Context::from(fields) }
}

fn terms() -> Terms {
    Terms {
        chain_id: 0x0102_0304_0506_0708,
        extension_id: B256::repeat_byte(2),
        tier: 3,
        segments: 4,
        cycle_limit: 1_000,
        prover: [6; 20].into(),
    }
}

fn honest(witness: u8) -> Statement {
    Statement::of_execution(&echo(), &inputs(witness), &terms()).unwrap()
}

#[test]
fn an_honest_statement_is_true_and_keeps_through_its_encoding() {
    for (witness, outcome) in
        [(0, Outcome::Accepted), (9, Outcome::Rejected(9)), (99, Outcome::Trapped(Trap::Unreachable))]
    {
        let statement = honest(witness);
        assert_eq!(statement.outcome, outcome);
        assert_eq!(statement.code_commitment, lower(&echo()).unwrap().commitment());
        assert_eq!(statement.check(), Ok(()));
        assert_eq!(relation(&statement, &echo(), &[witness]), Ok(()));
        let bytes = statement.to_bytes();
        assert_eq!(bytes.len(), HEADER_BYTES + statement.input.len() + statement.output.len());
        assert_eq!(Statement::from_bytes(&bytes), Ok(statement));
    }
}

#[test]
fn a_limit_beyond_all_limits_is_not_executed() {
    for (terms, reason) in [
        (Terms { cycle_limit: 0, ..terms() }, Reject::StatementCyclesOutOfRange),
        (Terms { cycle_limit: MAX_CYCLES + 1, ..terms() }, Reject::StatementCycleLimitTooLarge),
        (Terms { segments: 0, ..terms() }, Reject::StatementSegmentsOutOfRange),
    ] {
        assert_eq!(Statement::of_execution(&echo(), &inputs(0), &terms).unwrap_err().reason, reason);
    }
}

/// The table of the chapter, row by row, is what the encoding consists of.
#[test]
fn the_encoding_is_that_of_the_chapter() {
    let statement = honest(9);
    let number = |value: u64, bytes: usize| value.to_be_bytes()[8 - bytes..].to_vec();
    let content = |field: &str| match field {
        "version" => vec![1],
        "chain_id" => number(statement.chain_id, 8),
        "extension_id" => statement.extension_id.to_vec(),
        "code_commitment" => statement.code_commitment.to_vec(),
        "tier" => number(statement.tier.into(), 4),
        "segments" => number(statement.segments.into(), 4),
        "context" => statement.context.to_bytes().to_vec(),
        "cycle_limit" => number(statement.cycle_limit, 8),
        "outcome" => vec![1],
        "code" => number(9, 4),
        "post_state_root" => statement.post_state_root.to_vec(),
        "cycles" => number(statement.cycles, 8),
        "prover" => statement.prover.to_vec(),
        "input_length" => number(statement.input.len() as u64, 4),
        "output_length" => number(statement.output.len() as u64, 4),
        "input" => statement.input.clone(),
        "output" => statement.output.clone(),
        _ => panic!("{field} is no field"),
    };
    let chapter = include_str!("../spec/08-statement.md");
    let (_, table) = chapter.split_once("<!-- table: statement_fields -->").unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).skip(2);
    let mut expected = Vec::new();
    for row in rows {
        let columns: Vec<&str> = row.split('|').map(|column| column.trim().trim_matches('`')).collect();
        let bytes = content(columns[2]);
        assert_eq!(columns[1].parse().unwrap_or(bytes.len()), bytes.len(), "{row}");
        expected.extend(bytes);
    }
    assert_eq!(statement.to_bytes(), expected);
    assert_eq!(statement.digest(), keccak256([b"middle-client statement v1".as_slice(), &expected].concat()));
    for (name, value) in [("MAX_CYCLES", MAX_CYCLES), ("MAX_SEGMENTS", MAX_SEGMENTS.into())] {
        let row = chapter.lines().find(|line| line.starts_with(&format!("| `{name}`"))).unwrap();
        assert_eq!(row.split('|').nth(2).unwrap().trim().replace(',', ""), value.to_string());
    }
}

/// The last time of the longest execution, four for each cycle from the first on, has 32 bits, and no longer one has.
#[test]
fn the_times_of_the_longest_execution_fit_32_bits() {
    assert_eq!(4 * MAX_CYCLES + 3, u64::from(u32::MAX));
}

/// No byte can be changed, removed or added without another statement or a refusal.
#[test]
fn every_byte_counts() {
    for statement in [honest(0), honest(9), honest(99)] {
        let bytes = statement.to_bytes();
        for position in 0..bytes.len() {
            for change in [1, 2, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[position] ^= change;
                let Ok(other) = Statement::from_bytes(&changed) else { continue };
                assert_ne!(other, statement);
                assert_ne!(other.digest(), statement.digest());
                assert_eq!(other.to_bytes(), changed);
            }
        }
        for end in 0..bytes.len() {
            assert_eq!(Statement::from_bytes(&bytes[..end]).unwrap_err().reason, Reject::StatementLengthMismatch);
        }
        let longer = [bytes, vec![0]].concat();
        assert_eq!(Statement::from_bytes(&longer).unwrap_err().reason, Reject::StatementLengthMismatch);
    }
}

/// A length that nothing follows is judged before anything is allocated for it.
#[test]
fn lengths_are_limited_before_they_are_believed() {
    for (offset, reason) in [(410, Reject::InputTooLarge), (414, Reject::StatementOutputTooLarge)] {
        let mut bytes = honest(0).to_bytes();
        bytes[offset..offset + 4].copy_from_slice(&u32::MAX.to_be_bytes());
        let rejection = Statement::from_bytes(&bytes).unwrap_err();
        assert_eq!((rejection.reason, rejection.offset), (reason, offset));
    }
}

/// What cannot be decoded cannot be built either: a statement that was put together is judged alike.
#[test]
fn a_built_statement_is_checked_like_a_decoded_one() {
    let (accepted, trapped) = (honest(0), honest(99));
    let exhausted = Outcome::Trapped(Trap::CycleLimitExhausted);
    let other_root = B256::repeat_byte(8);
    let faults = [
        (Statement { input: vec![0; MAX_INPUT_BYTES + 1], ..accepted.clone() }, Reject::InputTooLarge),
        (
            Statement { output: vec![0; MAX_OUTPUT_BYTES as usize + 1], ..accepted.clone() },
            Reject::StatementOutputTooLarge,
        ),
        (Statement { segments: 0, ..accepted.clone() }, Reject::StatementSegmentsOutOfRange),
        (Statement { segments: MAX_SEGMENTS + 1, ..accepted.clone() }, Reject::StatementSegmentsOutOfRange),
        (Statement { cycle_limit: MAX_CYCLES + 1, ..accepted.clone() }, Reject::StatementCycleLimitTooLarge),
        (Statement { cycles: 0, ..accepted.clone() }, Reject::StatementCyclesOutOfRange),
        (Statement { cycles: accepted.cycle_limit + 1, ..accepted.clone() }, Reject::StatementCyclesOutOfRange),
        (Statement { outcome: Outcome::Rejected(0), ..honest(9) }, Reject::StatementOutcomeCode),
        (Statement { output: vec![0], ..trapped.clone() }, Reject::StatementTrapWithOutput),
        (Statement { post_state_root: other_root, ..trapped.clone() }, Reject::StatementStateChanged),
        (Statement { post_state_root: other_root, ..honest(9) }, Reject::StatementStateChanged),
        (Statement { outcome: exhausted, ..trapped.clone() }, Reject::StatementLimitNotExhausted),
    ];
    for (statement, reason) in faults {
        let rejection = statement.check().unwrap_err();
        assert_eq!(rejection.reason, reason);
        assert_eq!(Statement::from_bytes(&statement.to_bytes()), Err(rejection.clone()));
        assert_eq!(relation(&statement, &echo(), &[0]), Err(rejection));
    }
}

/// Nothing that an execution decides can be claimed otherwise.
#[test]
fn a_changed_claim_is_not_true() {
    let honest = honest(0);
    assert_eq!(honest.outcome, Outcome::Accepted);
    let root = honest.context.pre_state_root();
    let false_claims = [
        (Statement { code_commitment: B256::ZERO, ..honest.clone() }, Reject::CodeCommitmentMismatch),
        (Statement { outcome: Outcome::Rejected(1), post_state_root: root, ..honest.clone() }, Reject::OutcomeMismatch),
        (Statement { output: Vec::new(), ..honest.clone() }, Reject::OutputMismatch),
        (Statement { input: b"another".to_vec(), ..honest.clone() }, Reject::OutputMismatch),
        (Statement { post_state_root: root, ..honest.clone() }, Reject::PostStateMismatch),
        (Statement { cycles: honest.cycles + 1, ..honest.clone() }, Reject::CyclesMismatch),
        (Statement { cycles: honest.cycles - 1, ..honest.clone() }, Reject::CyclesMismatch),
        (
            Statement { cycles: honest.cycles - 1, cycle_limit: honest.cycles - 1, ..honest.clone() },
            Reject::OutcomeMismatch,
        ),
    ];
    for (statement, reason) in false_claims {
        assert_eq!(relation(&statement, &echo(), &[0]).unwrap_err().reason, reason);
    }
    assert_eq!(relation(&honest, &echo(), &[9]).unwrap_err().reason, Reject::OutcomeMismatch);
    let long = vec![0; MAX_WITNESS_BYTES + 1];
    assert_eq!(relation(&honest, &echo(), &long).unwrap_err().reason, Reject::WitnessTooLarge);
}

/// The same execution under each limit up to its length: exhausted until it fits, then the same whatever the limit.
#[test]
fn the_cycle_limit_decides_where_it_is_reached() {
    let cycles = honest(0).cycles;
    for cycle_limit in 1..cycles + 3 {
        let statement = Statement::of_execution(&echo(), &inputs(0), &Terms { cycle_limit, ..terms() }).unwrap();
        let exhausted = statement.outcome == Outcome::Trapped(Trap::CycleLimitExhausted);
        assert_eq!(exhausted, cycle_limit < cycles);
        assert_eq!(statement.cycles, cycle_limit.min(cycles));
        assert_eq!(relation(&statement, &echo(), &[0]), Ok(()));
    }
}

proptest! {
    /// Whatever is well formed keeps through its encoding; whatever is not is refused by both.
    #[test]
    fn decoding_inverts_encoding(
        numbers in any::<[u64; 4]>(),
        words in any::<[[u8; 32]; 4]>(),
        kind in 0..4_u8,
        code in 0..13_u32,
        input in proptest::collection::vec(any::<u8>(), 0..40),
        output in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let outcome = match (kind, Trap::from_code(code)) {
            (2, Some(trap)) => Outcome::Trapped(trap),
            (1, _) => Outcome::Rejected(code),
            _ => Outcome::Accepted,
        };
        let context = Context { fields: [B256::new(words[0]); 8] };
        let statement = Statement {
            chain_id: numbers[0],
            extension_id: B256::new(words[1]),
            code_commitment: B256::new(words[2]),
            tier: numbers[1] as u32,
            segments: numbers[1] as u32 % (MAX_SEGMENTS + 2),
            cycle_limit: numbers[2] % (MAX_CYCLES + 2),
            cycles: numbers[3] % (MAX_CYCLES + 2),
            post_state_root: if kind < 3 { context.pre_state_root() } else { B256::new(words[3]) },
            outcome,
            input,
            // One of the traps may have an output, and be refused.
            output: if matches!(outcome, Outcome::Trapped(_)) && code != 3 { Vec::new() } else { output },
            context,
            prover: Address::from_slice(&words[1][..20]),
        };
        let decoded = Statement::from_bytes(&statement.to_bytes());
        prop_assert_eq!(decoded, statement.check().map(|()| statement));
    }
}
