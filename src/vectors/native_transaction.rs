//! Cases of the format `native_transaction`. The segments of the PostOperations are no proofs; a case states the verdict.

use super::bytes::{self, Blobs};
use super::evaluate::Stop;
use super::fixture::{
    BASE_FEE, DEPOSIT, SLOT, account, block_hash, extension, field, items, list, operation, post_operation, verdict,
    view,
};
use super::json::{Fault, Json, Node, digest, hex};
use super::{Case, Draft, case};
use crate::composition::{Child, encode_children};
use crate::native_transaction::{MiddleOpTx, NativeState, apply, intrinsic_gas};
use crate::notation::{B256, Reject};
use crate::operation::{ChainView, ExtensionView, Operation};
use crate::post_operation::PostOperation;
use crate::settlement::CallResult;
use serde_json::{Value, json};

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    if node.field("kind")?.text()? != "apply" {
        return Err(Fault::new("input.kind", "is unknown").into());
    }
    node.only(&["call", "encoding", "kind", "proofVerdict", "proposer", "state", "view"])?;
    let transaction = MiddleOpTx::from_bytes(&bytes::from_json(&node.field("encoding")?, &Blobs::new())?)?;
    let (view, mut state): (ChainView, NativeState) = (field(&node, "view")?, field(&node, "state")?);
    let verdict = verdict(&node.field("proofVerdict")?)?;
    let (proposer, call) = (field(&node, "proposer")?, field(&node, "call")?);
    let receipt = apply(&mut state, &transaction, proposer, &view, &|_, _| verdict.clone(), call)?;
    let state = state.to_json();
    Ok(json!({
        "outcome": "accept",
        "stage": "settlement",
        "intrinsicGas": intrinsic_gas(&transaction).to_json(),
        "receipt": receipt.to_json(),
        "digest": hex(digest(&state)),
        "state": state,
    }))
}

fn state() -> NativeState {
    NativeState { balances: [(account("alice"), DEPOSIT)].into(), ..NativeState::default() }
}

fn result(operation: &Operation, change: impl FnOnce(&mut PostOperation)) -> PostOperation {
    let mut result = post_operation(operation, "prover", &view(), change);
    (result.stamp_hash, result.prover_signature) = (B256::ZERO, Default::default());
    result
}

fn transaction(
    name: &str,
    rules: &[&str],
    encoding: &[u8],
    view: &ChainView,
    state: &NativeState,
    verdict: &str,
    call: CallResult,
) -> Draft {
    case(&format!("native-transaction-{name}"), "A transaction in a block.", rules).object(json!({
        "kind": "apply",
        "encoding": bytes::to_json(encoding, "bin", &mut Blobs::new()),
        "view": view.to_json(),
        "state": state.to_json(),
        "proofVerdict": verdict,
        "proposer": account("proposer").to_json(),
        "call": call.to_json(),
    }))
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    let first = operation("alice", 0, |_| ());
    let good = MiddleOpTx { operation: first.clone(), post_operation: result(&first, |_| ()) };
    let encoding = good.to_bytes();
    let called = CallResult { gas_left: 0, success: true, gas_used: 70_000 };
    let rules: &[&str] = &[
        "NATIVE-001",
        "NATIVE-002",
        "NATIVE-003",
        "NATIVE-004",
        "NATIVE-005",
        "NATIVE-006",
        "NATIVE-007",
        "NATIVE-008",
    ];
    let accept = |name: &str, it: &MiddleOpTx, call| {
        transaction(name, rules, &it.to_bytes(), &view(), &state(), "valid", call).accept()
    };
    let of = |change: fn(&mut PostOperation)| MiddleOpTx {
        operation: first.clone(),
        post_operation: result(&first, change),
    };
    let refuse = |name: &str, rule: &str, mutation: &str, encoding: &[u8], reason| {
        transaction(name, &[rule], encoding, &view(), &state(), "valid", called)
            .derived_from("native-transaction-accepted", mutation)
            .reject(reason)
    };
    let with_view = |name: &str, mutation: &str, change: fn(&mut ChainView), reason| {
        let mut view = view();
        change(&mut view);
        transaction(name, &["NATIVE-005"], &encoding, &view, &state(), "valid", called)
            .derived_from("native-transaction-accepted", mutation)
            .reject(reason)
    };
    let with_data_rule = |name: &str, mutation: &str, data_rule: u8| {
        let mut view = view();
        let known = ExtensionView { data_rule, ..view.extensions[&extension("one")] };
        view.extensions.insert(extension("one"), known);
        transaction(name, &["NATIVE-009", "COMP-008"], &encoding, &view, &state(), "valid", called)
            .derived_from("native-transaction-accepted", mutation)
            .reject(Reject::DataUnavailable)
    };
    let with_state = |name: &str, rule: &str, mutation: &str, change: &dyn Fn(&mut NativeState), reason| {
        let mut state = state();
        change(&mut state);
        transaction(name, &[rule], &encoding, &view(), &state, "valid", called)
            .derived_from("native-transaction-accepted", mutation)
            .reject(reason)
    };
    let of_operation = |operation: Operation| {
        let post_operation = result(&operation, |_| ());
        MiddleOpTx { operation, post_operation }.to_bytes()
    };
    let cost = (u128::from(intrinsic_gas(&good)) + 100_000) * 20_000_000_000 + 3_000_000_000_000;
    let exact = NativeState { balances: [(account("alice"), cost)].into(), ..state() };
    let stamped = |change: fn(&mut PostOperation)| {
        let mut it = good.clone();
        change(&mut it.post_operation);
        it.to_bytes()
    };
    let parts = items(&encoding[1..]);
    vec![
        accept("accepted", &good, called),
        accept("failing", &good, CallResult { success: false, gas_used: 100_000, ..called }),
        accept("rejected", &of(|it| (it.outcome, it.code, it.post_root) = (1, 7, it.pre_root)), called),
        accept("three-segments", &of(|it| it.proof.segments = vec![vec![0].into(); 3]), called),
        refuse(
            "children",
            "NATIVE-009",
            "claim a child",
            &of(|it| it.output = encode_children(&vec![Child { authorization: 1, ..Child::default() }]).into())
                .to_bytes(),
            Reject::FamilyIncomplete,
        ),
        with_data_rule("data-none", "set the data rule of the extension to 0", 0),
        with_data_rule("data-blob", "set the data rule of the extension to 2", 2),
        transaction("exact-balance", &["NATIVE-006"], &encoding, &view(), &exact, "valid", called).accept(),
        refuse(
            "type",
            "NATIVE-001",
            "set the type to 4",
            &[vec![4], encoding[1..].to_vec()].concat(),
            Reject::EnvelopeUnknown,
        ),
        refuse(
            "too-large",
            "NATIVE-002",
            "lengthen it to 1,246,225 bytes",
            &[vec![0x4d], vec![0; 1_246_224]].concat(),
            Reject::TransactionTooLarge,
        ),
        refuse(
            "item-missing",
            "OP-002",
            "remove the PostOperation",
            &[vec![0x4d], list(&parts[..1])].concat(),
            Reject::RlpLengthMismatch,
        ),
        refuse(
            "stamp",
            "NATIVE-003",
            "add a stamp",
            &stamped(|it| it.stamp_hash = block_hash(SLOT)),
            Reject::TransactionStamped,
        ),
        refuse(
            "signature",
            "NATIVE-003",
            "add a prover's signature",
            &stamped(|it| it.prover_signature = vec![1].into()),
            Reject::TransactionStamped,
        ),
        refuse(
            "nonce-gap",
            "NATIVE-005",
            "take the next sequence number",
            &of_operation(operation("alice", 1, |_| ())),
            Reject::NonceGap,
        ),
        refuse(
            "unsigned",
            "OP-009",
            "remove the signature",
            &of_operation(Operation { signature: Default::default(), ..first.clone() }),
            Reject::SignatureLength,
        ),
        refuse(
            "other-operation",
            "NATIVE-005",
            "name another Operation",
            &of(|it| it.operation_hash = B256::ZERO).to_bytes(),
            Reject::OtherOperation,
        ),
        refuse(
            "proof-type",
            "NATIVE-005",
            "set the proof type to 2",
            &of(|it| it.proof.proof_type = 2).to_bytes(),
            Reject::ProofTypeUnknown,
        ),
        refuse(
            "stale-root",
            "NATIVE-005",
            "begin from another root",
            &of(|it| it.pre_root = B256::with_last_byte(1)).to_bytes(),
            Reject::PreRootStale,
        ),
        refuse(
            "no-cycles",
            "POST-005",
            "set the cycles to 0",
            &of(|it| it.cycles = 0).to_bytes(),
            Reject::StatementCyclesOutOfRange,
        ),
        with_view("expired", "end the validity", |view| view.slot = SLOT + 100, Reject::OperationExpired),
        with_view(
            "anchor",
            "forget the anchor",
            |view| {
                view.blocks.remove(&block_hash(SLOT - 80));
            },
            Reject::AnchorUnknown,
        ),
        with_view(
            "extension",
            "forget the extension",
            |view| {
                view.extensions.remove(&extension("one"));
            },
            Reject::ExtensionNotActive,
        ),
        with_view(
            "base-fee",
            "raise the base fee above max_fee",
            |view| view.base_fee = 20 * BASE_FEE + 1,
            Reject::BaseFeeTooHigh,
        ),
        with_state(
            "nonce-used",
            "NATIVE-005",
            "consume the nonce",
            &|state| {
                state.nonces.insert((account("alice"), Default::default()), 1);
            },
            Reject::NonceUsed,
        ),
        with_state(
            "balance",
            "NATIVE-006",
            "lower the balance to a wei less than the largest cost",
            &|state| {
                state.balances.insert(account("alice"), cost - 1);
            },
            Reject::BalanceTooSmall,
        ),
        transaction("invalid-proof", &["NATIVE-005", "POST-012"], &encoding, &view(), &state(), "invalid", called)
            .derived_from("native-transaction-accepted", "state the other verdict")
            .reject(Reject::ProofInvalid),
    ]
}
