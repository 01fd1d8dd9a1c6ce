//! The statement: its encoding, what is refused, and the relation.

use middle_client::canonical_code::lower;
use middle_client::host_interface::{Context, ContextFields, Inputs};
use middle_client::notation::{B256, Outcome, Reject, Trap};
use middle_client::profile::{Module, load};
use middle_client::statement::{HEADER_BYTES, MAX_CYCLES, Statement, Terms, relation};

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
        (Terms { cycle_limit: 0, ..terms() }, Reject::StatementCycleLimitOutOfRange),
        (Terms { cycle_limit: MAX_CYCLES + 1, ..terms() }, Reject::StatementCycleLimitOutOfRange),
        (Terms { segments: 0, ..terms() }, Reject::StatementSegmentsOutOfRange),
    ] {
        assert_eq!(Statement::of_execution(&echo(), &inputs(0), &terms).unwrap_err().reason, reason);
    }
}
