//! Validity and effect of the transaction.

use super::{
    BASE_GAS, FLOOR_TOKEN_GAS, MAX_TRANSACTION_GAS, MiddleOpTx, PROOF_GAS, PROOF_SEGMENT_GAS, TOKEN_GAS,
    TOKENS_PER_BYTE,
};
use crate::json_fields;
use crate::notation::{Reject, Rejection};
use crate::operation::{ChainView, SIGNATURE_GAS, contract_signatures, fee};
use crate::post_operation::Verify;
use crate::settlement::{CallResult, Consensus, Item, TargetCall};

/// What the transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeReceipt {
    /// The call of the target, if there was one.
    pub calls: Vec<TargetCall>,
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

json_fields!(NativeReceipt: calls, success, gas_used, paid, prover, proposer);

fn refuse<T>(reason: Reject, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(reason, 0, detail))
}

/// The gas of a transaction before anything is called, and the least that is used in all.
pub fn intrinsic_gas(transaction: &MiddleOpTx) -> (u64, u64) {
    // NATIVE-004: base, bytes, verification by proof type, contracts that check signatures; and the floor of EIP-7623.
    let bytes = transaction.to_bytes();
    let zeros = bytes.iter().filter(|byte| **byte == 0).count() as u64;
    let tokens = zeros + TOKENS_PER_BYTE * (bytes.len() as u64 - zeros);
    let segments = transaction.post_operation.proof.segments.len() as u64;
    let by_contracts = contract_signatures(&transaction.operation);
    let intrinsic =
        BASE_GAS + TOKEN_GAS * tokens + PROOF_GAS + PROOF_SEGMENT_GAS * segments + SIGNATURE_GAS * by_contracts;
    (intrinsic, BASE_GAS + FLOOR_TOKEN_GAS * tokens)
}

/// Executes a transaction on the state of the Consensus Contract; an invalid one leaves it as it was. `execute` calls the
/// target, with the whole `gas_limit`.
pub fn apply(
    contract: &mut Consensus,
    transaction: &MiddleOpTx,
    view: &ChainView,
    verify: Verify,
    execute: &mut dyn FnMut(&mut Consensus, &TargetCall) -> CallResult,
) -> Result<NativeReceipt, Rejection> {
    let (operation, post_operation) = (&transaction.operation, &transaction.post_operation);
    let item = Item::new(operation.clone(), post_operation.clone());
    // NATIVE-005: as at settlement, without a settler.
    // NATIVE-009: an item without children, in a transaction without blobs.
    contract.check_idle()?;
    let checked = contract.check_item(&item, &ChainView { blob_hashes: Vec::new(), ..view.clone() }, verify)?;
    let (intrinsic, floor) = intrinsic_gas(transaction);
    // NATIVE-010: as for every transaction (EIP-7825).
    let most = (intrinsic + operation.gas_limit).max(floor);
    if most > MAX_TRANSACTION_GAS {
        return refuse(Reject::GasLimitTooLarge, format!("{most} gas; at most {MAX_TRANSACTION_GAS}"));
    }
    // NATIVE-006: what the payer need not pay, the prover can.
    let payers = fee::settlement_gas(operation, contract_signatures(operation));
    let provers = intrinsic.max(floor).saturating_sub(payers);
    let prover_fee = fee::prover_fee(&operation.gas_management, view.slot);
    if u128::from(provers).checked_mul(checked.gas_price).is_none_or(|cost| cost > prover_fee) {
        return refuse(Reject::ProverFeeTooSmall, format!("{prover_fee} wei for {provers} gas"));
    }

    let lane = (operation.extension_id, operation.lane);
    let root = contract.roots.get(&lane).copied();
    contract.begin(operation, &checked);
    let mut calls = Vec::new();
    let (mut success, mut call_gas) = (false, 0);
    if checked.is_accepted {
        let call = TargetCall::of(operation, post_operation);
        let made = execute(contract, &call);
        (success, call_gas) = (made.success, made.gas_used.min(operation.gas_limit));
        calls.push(call);
        // NATIVE-007: a call that fails keeps nonce and fee, and not the root.
        if !success {
            match root {
                Some(root) => contract.roots.insert(lane, root),
                None => contract.roots.remove(&lane),
            };
        }
    }
    contract.end(operation, &checked);

    // NATIVE-008: the base fee is burned (EIP-1559), the rest is the proposer's; the prover's fee is the prover's.
    let gas_used = (intrinsic + call_gas).max(floor);
    let by_payer = (gas_used - call_gas).min(payers) + call_gas;
    let price = |gas: u64| u128::from(gas) * checked.gas_price;
    let paid = price(by_payer) + prover_fee;
    let prover = prover_fee - price(gas_used - by_payer);
    let burned = u128::from(gas_used) * view.base_fee;
    let proposer = price(gas_used) - burned;
    contract.debit(operation.payer(), paid);
    contract.credit(post_operation.prover, prover);
    contract.burned += burned;
    contract.paid_out += proposer;
    Ok(NativeReceipt { calls, success, gas_used, paid, prover, proposer })
}
