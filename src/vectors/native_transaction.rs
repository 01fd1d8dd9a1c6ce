//! Cases of the format `native_transaction`. The segments of the PostOperations are no proofs; a case states the verdict.

use super::bytes::{self, Blobs};
use super::evaluate::Stop;
use super::fixture::{
    BASE_FEE, CONTRACT, DEPOSIT, SLOT, account, block_hash, broken, extension, field, operation, post_operation,
    verdict, view, with_item,
};
use super::json::{Fault, Json, Node, digest, hex};
use super::{Case, Draft, case};
use crate::composition::{Child, encode_children};
use crate::native_transaction::{MiddleOpTx, apply, intrinsic_gas};
use crate::notation::{B256, Reject};
use crate::operation::{ChainView, ExtensionView, MAX_OPERATION_BYTES, Operation, fee, rlp};
use crate::post_operation::{MAX_POST_OPERATION_BYTES, MAX_PROOF_BYTES, PostOperation};
use crate::settlement::{CallResult, Consensus, Item};
use alloy_primitives::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    if node.field("kind")?.text()? != "apply" {
        return Err(Fault::new("input.kind", "is unknown").into());
    }
    node.only(&["call", "encoding", "kind", "proofVerdict", "state", "view"])?;
    let transaction = MiddleOpTx::from_bytes(&bytes::from_json(&node.field("encoding")?, &Blobs::new())?)?;
    let (view, mut state): (ChainView, Consensus) = (field(&node, "view")?, field(&node, "state")?);
    let verdict = verdict(&node.field("proofVerdict")?)?;
    let call: CallResult = field(&node, "call")?;
    let receipt = apply(&mut state, &transaction, &view, &|_, _| verdict.clone(), &mut |_, _| call)?;
    if !state.is_balanced() {
        return Err(node.fault("money is made or lost").into());
    }
    let (intrinsic, floor) = intrinsic_gas(&transaction);
    let state = state.to_json();
    Ok(json!({
        "outcome": "accept",
        "stage": "settlement",
        "intrinsicGas": intrinsic.to_json(),
        "floorGas": floor.to_json(),
        "receipt": receipt.to_json(),
        "digest": hex(digest(&state)),
        "state": state,
    }))
}

fn state() -> Consensus {
    with_deposit(DEPOSIT)
}

fn with_deposit(wei: u128) -> Consensus {
    Consensus { deposits: [(account("alice"), wei)].into(), paid_in: wei, ..Consensus::default() }
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
    state: &Consensus,
    verdict: &str,
    call: CallResult,
) -> Draft {
    case(&format!("native-transaction-{name}"), "A transaction in a block.", rules).object(json!({
        "kind": "apply",
        "encoding": bytes::to_json(encoding, "bin", &mut Blobs::new()),
        "view": view.to_json(),
        "state": state.to_json(),
        "proofVerdict": verdict,
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
        "NATIVE-010",
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
        let known = ExtensionView { data_rule, ..view.extensions[&extension("one")].clone() };
        view.extensions.insert(extension("one"), known);
        transaction(name, &["NATIVE-009", "COMP-008"], &encoding, &view, &state(), "valid", called)
            .derived_from("native-transaction-accepted", mutation)
            .reject(Reject::DataUnavailable)
    };
    let with_state = |name: &str, rule: &str, mutation: &str, change: &dyn Fn(&mut Consensus), reason| {
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
    let long = operation("alice", 0, |it| it.data = vec![1; 100_000].into());
    let large = MiddleOpTx { post_operation: result(&long, |_| ()), operation: long };
    // A prover's fee that pays for many segments.
    let of_gas = |gas_limit: u64, segments: usize| {
        let operation = operation("alice", 0, |it| {
            it.gas_limit = gas_limit;
            it.gas_management.prover_fee_min = 100_000_000_000_000_000;
            it.gas_management.prover_fee_max = 100_000_000_000_000_000;
        });
        let post_operation = result(&operation, |it| it.proof.segments = vec![vec![0].into(); segments]);
        MiddleOpTx { operation, post_operation }
    };
    // The encoding of the limit and the signature have more or fewer zero bytes.
    let of_all_gas = |most: u64| {
        let about = most - intrinsic_gas(&of_gas(10_000_000, 90)).0;
        let exact = (about - 200..about + 200).find(|limit| intrinsic_gas(&of_gas(*limit, 90)).0 + limit == most);
        exact.map(|limit| of_gas(limit, 90))
    };
    let largest = of_all_gas(16_777_216).unwrap_or_default();
    let too_large = (16_777_217..16_777_230).find_map(of_all_gas).unwrap_or_default();
    let cost = fee::max_cost(&first).unwrap_or_default();
    let stamped = |change: fn(&mut PostOperation)| {
        let mut it = good.clone();
        change(&mut it.post_operation);
        it.to_bytes()
    };
    let typed = |list: Vec<u8>| [vec![0x4d], list].concat();
    let with_part =
        |index: usize, part: Vec<u8>| typed(with_item(&encoding[1..], index, rlp::encode(&Bytes::from(part))));
    // The Operation without its type.
    let fields = first.to_bytes()[1..].to_vec();
    let broken_operation = [vec![1], with_item(&fields, 0, [vec![0x89, 1], vec![0; 8]].concat())].concat();
    // A contract accepts one byte, and validators pay for asking it.
    let mut wallet = operation("wallet", 0, |_| ());
    wallet.signature = vec![1, 1].into();
    let accepted = BTreeSet::from([(wallet.hash(CONTRACT), vec![1].into())]);
    let wallet_view = ChainView { contracts: [(account("wallet"), accepted)].into(), ..view() };
    let mut wallet_state = state();
    wallet_state.deposits.insert(account("wallet"), wallet_state.deposit(account("alice")));
    wallet_state.paid_in += wallet_state.deposit(account("wallet"));
    let by_wallet = MiddleOpTx { post_operation: result(&wallet, |_| ()), operation: wallet };
    let mut cases = vec![
        accept("accepted", &good, called),
        transaction(
            "contract-signature",
            &["NATIVE-004", "OP-012"],
            &by_wallet.to_bytes(),
            &wallet_view,
            &wallet_state,
            "valid",
            called,
        )
        .accept(),
        accept("failing", &good, CallResult { success: false, gas_used: 100_000, ..called }),
        accept("rejected", &of(|it| (it.outcome, it.code, it.post_root) = (1, 7, it.pre_root)), called),
        accept("floor", &large, called),
        accept("long-proof", &of_gas(100_000, 20), called),
        accept("largest-gas", &largest, CallResult { gas_used: largest.operation.gas_limit, ..called }),
        refuse(
            "gas-limit",
            "NATIVE-010",
            "raise the gas limit, so that the transaction can use more than 16,777,216",
            &too_large.to_bytes(),
            Reject::GasLimitTooLarge,
        ),
        refuse(
            "prover-fee",
            "NATIVE-006",
            "let the proof have 160 segments, whose gas the prover's fee does not cover",
            &of(|it| it.proof.segments = vec![vec![0].into(); 160]).to_bytes(),
            Reject::ProverFeeTooSmall,
        ),
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
        transaction("exact-deposit", &["NATIVE-005"], &encoding, &view(), &with_deposit(cost), "valid", called)
            .accept(),
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
            "lengthen it to 263,185 bytes",
            &[vec![0x4d], vec![0; 263_184]].concat(),
            Reject::TransactionTooLarge,
        ),
        refuse(
            "operation-type",
            "OP-001",
            "set the Operation's type to 2",
            &with_part(0, [vec![2], fields].concat()),
            Reject::EnvelopeUnknown,
        ),
        refuse(
            "post-operation-type",
            "POST-001",
            "set the PostOperation's type to 1",
            &with_part(1, [vec![1], good.post_operation.to_bytes()[1..].to_vec()].concat()),
            Reject::EnvelopeUnknown,
        ),
        refuse(
            "operation-chain-65-bits",
            "OP-005",
            "set the Operation's chain id to 2^64",
            &with_part(0, broken_operation),
            Reject::RlpFieldLength,
        ),
        refuse(
            "operation-too-large",
            "OP-006",
            "lengthen the Operation to 131,073 bytes",
            &with_part(0, vec![1; MAX_OPERATION_BYTES + 1]),
            Reject::OperationTooLarge,
        ),
        refuse(
            "post-operation-too-large",
            "POST-002",
            "lengthen the PostOperation to 132,097 bytes",
            &with_part(1, vec![2; MAX_POST_OPERATION_BYTES + 1]),
            Reject::PostOperationTooLarge,
        ),
        refuse(
            "proof-too-large",
            "POST-003",
            "lengthen the proof's segment to 65,536 bytes",
            &of(|it| it.proof.segments = vec![vec![0x5e; MAX_PROOF_BYTES].into()]).to_bytes(),
            Reject::ProofTooLarge,
        ),
        refuse(
            "outcome-3",
            "POST-004",
            "set the outcome to 3",
            &of(|it| it.outcome = 3).to_bytes(),
            Reject::OutcomeUnknown,
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
            "settled-before",
            "NATIVE-005",
            "let the Consensus Contract settle the Operation first",
            &|state| {
                let item = Item::new(first.clone(), good.post_operation.clone());
                let overdue = ChainView { slot: SLOT + 32, ..view() };
                let settled = state.settle(account("carol"), &[item], &overdue, &|_, _| Ok(()), &mut |_, call| {
                    CallResult { gas_left: 2 * call.gas_limit, ..called }
                });
                assert!(settled[0].is_ok());
            },
            Reject::NonceUsed,
        ),
        with_state(
            "reentered",
            "NATIVE-005",
            "let a target be called at this moment",
            &|state| {
                state.taken = Some(0);
            },
            Reject::Reentered,
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
            "deposit",
            "NATIVE-005",
            "lower the deposit to a wei less than the largest cost",
            &|state| *state = with_deposit(cost - 1),
            Reject::DepositTooSmall,
        ),
        transaction("invalid-proof", &["NATIVE-005", "POST-012"], &encoding, &view(), &state(), "invalid", called)
            .derived_from("native-transaction-accepted", "state the other verdict")
            .reject(Reject::ProofInvalid),
    ];
    let faults = broken(&encoding[1..]).into_iter();
    cases.extend(faults.map(|it| refuse(it.name, it.rule, it.mutation, &typed(it.list), it.reason)));
    cases
}
