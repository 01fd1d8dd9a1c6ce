//! Validity and effect of the transaction.

use super::{BASE_GAS, BYTE_GAS, MiddleOpTx, PROOF_GAS, PROOF_SEGMENT_GAS, ZERO_BYTE_GAS};
use crate::composition::{check_data, children, claimed_blob};
use crate::json_fields;
use crate::notation::{B256, Outcome, Reject, Rejection};
use crate::operation::{ANCHOR_SLOTS, ChainView, check_fields, check_signatures, fee};
use crate::post_operation::{PROOF_COMMITTED_GROTH16, Verify, statement};
use crate::settlement::CallResult;
use alloy_primitives::{Address, U256};
use std::collections::BTreeMap;

/// The part of the execution layer's state that the transaction touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NativeState {
    /// Balances, in wei.
    pub balances: BTreeMap<Address, u128>,
    /// The next sequence numbers by sender and nonce key.
    pub nonces: BTreeMap<(Address, U256), u64>,
    /// The state roots by extension and lane.
    pub roots: BTreeMap<(B256, U256), B256>,
    /// What was burned as base fee, in wei.
    pub burned: u128,
}

/// What the transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeReceipt {
    /// Whether the call of `to` returned and the root was written.
    pub success: bool,
    /// The gas that was used.
    pub gas_used: u64,
    /// What the payer paid, in wei.
    pub paid: u128,
    /// What the prover got of it, in wei.
    pub prover: u128,
    /// What the proposer got of it, in wei.
    pub proposer: u128,
}

json_fields!(NativeState, default: balances, nonces, roots, burned);
json_fields!(NativeReceipt: success, gas_used, paid, prover, proposer);

fn refuse<T>(reason: Reject, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(reason, 0, detail))
}

/// The gas that is used before anything is called.
pub fn intrinsic_gas(transaction: &MiddleOpTx) -> u64 {
    // NATIVE-004: base, bytes, verification by proof type.
    let bytes = transaction.to_bytes();
    let zeros = bytes.iter().filter(|byte| **byte == 0).count() as u64;
    let segments = transaction.post_operation.proof.segments.len() as u64;
    BASE_GAS
        + ZERO_BYTE_GAS * zeros
        + BYTE_GAS * (bytes.len() as u64 - zeros)
        + PROOF_GAS
        + PROOF_SEGMENT_GAS * segments
}

/// Whether a block may contain the transaction after this state. Gives how the execution ended and the price of gas.
pub fn check(
    state: &NativeState,
    transaction: &MiddleOpTx,
    view: &ChainView,
    verify: Verify,
) -> Result<(Outcome, u128), Rejection> {
    let MiddleOpTx { operation, post_operation } = transaction;
    check_fields(operation, view)?;
    let hash = operation.hash(view.consensus_contract);
    // NATIVE-005: as at settlement, without a settler.
    if operation.valid_until_slot <= view.slot {
        return refuse(Reject::OperationExpired, operation.valid_until_slot.to_string());
    }
    let next = state.nonces.get(&(operation.sender, operation.nonce_key())).copied().unwrap_or(0);
    if operation.nonce_sequence() != next {
        let reason = if operation.nonce_sequence() < next { Reject::NonceUsed } else { Reject::NonceGap };
        return refuse(reason, format!("next is {next}"));
    }
    let Some(anchor) = view.blocks.get(&operation.anchor_hash).filter(|anchor| anchor.canonical) else {
        return refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string());
    };
    if operation.valid_until_slot.saturating_sub(anchor.slot) > ANCHOR_SLOTS {
        return refuse(Reject::AnchorTooOld, anchor.slot.to_string());
    }
    if post_operation.operation_hash != hash || post_operation.extension_id != operation.extension_id {
        return refuse(Reject::OtherOperation, hash.to_string());
    }
    let Some(extension) = view.extensions.get(&operation.extension_id).filter(|it| !it.quarantined) else {
        return refuse(Reject::ExtensionNotActive, operation.extension_id.to_string());
    };
    let proof_type = post_operation.proof.proof_type;
    if proof_type != PROOF_COMMITTED_GROTH16 || proof_type != extension.proof_system {
        return refuse(Reject::ProofTypeUnknown, proof_type.to_string());
    }
    let outcome = post_operation.outcome()?;
    if extension.reads_witness && outcome != Outcome::Accepted {
        return refuse(Reject::WitnessRefusal, "the extension reads a witness and has not accepted");
    }
    let root = state.roots.get(&(operation.extension_id, operation.lane)).copied().unwrap_or(B256::ZERO);
    if post_operation.pre_root != root {
        return refuse(Reject::PreRootStale, format!("the root is {root}"));
    }
    // NATIVE-009: one result, and nothing that others could not follow.
    if outcome == Outcome::Accepted && !children(&post_operation.output)?.is_empty() {
        return refuse(Reject::FamilyIncomplete, "a transaction has no place for the results of children");
    }
    let is_stateful = !post_operation.pre_root.is_zero() || !post_operation.post_root.is_zero();
    check_data(extension.data_rule, is_stateful, claimed_blob(operation), &[])?;
    let Some(gas_price) = fee::gas_price(&operation.gas_management, view.base_fee) else {
        return refuse(Reject::BaseFeeTooHigh, view.base_fee.to_string());
    };
    // NATIVE-006: the most that it can cost is there.
    let gas = u128::from(intrinsic_gas(transaction)) + u128::from(operation.gas_limit);
    let cost = gas.checked_mul(operation.gas_management.max_fee);
    let cost = cost.and_then(|cost| cost.checked_add(operation.gas_management.prover_fee_max));
    let balance = state.balances.get(&operation.payer()).copied().unwrap_or(0);
    if cost.is_none_or(|cost| cost > balance) {
        return refuse(Reject::BalanceTooSmall, format!("{balance} wei"));
    }
    check_signatures(operation, hash, view)?;
    let Some(statement) = statement(operation, post_operation, view)? else {
        return refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string());
    };
    statement.check()?;
    verify(&statement, &post_operation.proof)?;
    Ok((outcome, gas_price))
}

/// Executes a transaction; an invalid one leaves the state as it was. `call` does what calling `to` does.
pub fn apply(
    state: &mut NativeState,
    transaction: &MiddleOpTx,
    proposer: Address,
    view: &ChainView,
    verify: Verify,
    call: CallResult,
) -> Result<NativeReceipt, Rejection> {
    let (outcome, gas_price) = check(state, transaction, view, verify)?;
    let MiddleOpTx { operation, post_operation } = transaction;
    let sequence = state.nonces.entry((operation.sender, operation.nonce_key())).or_default();
    *sequence += 1;
    let called = outcome == Outcome::Accepted;
    // NATIVE-007: a call that fails keeps nonce and fee, and not the root.
    let success = called && call.success;
    if success {
        state.roots.insert((operation.extension_id, operation.lane), post_operation.post_root);
    }
    let call_gas = if called { call.gas_used.min(operation.gas_limit) } else { 0 };
    let gas_used = intrinsic_gas(transaction) + call_gas;
    // NATIVE-008: the base fee is burned (EIP-1559), the rest is the proposer's; the prover's fee is the prover's.
    let prover = fee::prover_fee(&operation.gas_management, view.slot);
    let burned = u128::from(gas_used) * view.base_fee;
    let to_proposer = u128::from(gas_used) * (gas_price - view.base_fee);
    let paid = burned + to_proposer + prover;
    if let Some(balance) = state.balances.get_mut(&operation.payer()) {
        *balance -= paid;
    }
    state.burned += burned;
    *state.balances.entry(proposer).or_default() += to_proposer;
    *state.balances.entry(post_operation.prover).or_default() += prover;
    state.balances.retain(|_, wei| *wei > 0);
    Ok(NativeReceipt { success, gas_used, paid, prover, proposer: to_proposer })
}
