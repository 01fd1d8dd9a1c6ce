//! Whether an Operation can be settled at all, and whether it can be settled now.

use super::{ANCHOR_SLOTS, ChainView, MAX_ITEM_GAS, Operation, RAMP_END_SLOTS, VALIDITY_SLOTS, fee, signature};
use crate::notation::{B256, Reject, Rejection};
use crate::statement::MAX_CYCLES;

/// The checks that depend on the Operation, the chain's id and the contract's address alone: they are the same for
/// everybody and for ever.
pub fn check_fields(operation: &Operation, view: &ChainView) -> Result<(), Rejection> {
    let gas = &operation.gas_management;
    // OP-017: the chain.
    if operation.chain_id != view.chain_id {
        return refuse(Reject::WrongChain, format!("{}, not {}", operation.chain_id, view.chain_id));
    }
    // OP-018: after the last sequence number there is no next one.
    if operation.nonce_sequence() == u64::MAX {
        return refuse(Reject::NonceExhausted, "the sequence number is the largest of 64 bits");
    }
    // OP-019: limits in order.
    if gas.max_priority_fee > gas.max_fee {
        return refuse(Reject::GasFeesDisordered, "max_priority_fee is above max_fee");
    }
    if gas.prover_fee_min > gas.prover_fee_max {
        return refuse(Reject::ProverFeesDisordered, "prover_fee_min is above prover_fee_max");
    }
    // OP-026: a transaction with the call and all that belongs to it must be possible.
    let needed = fee::item_gas(operation);
    if needed > u128::from(MAX_ITEM_GAS) {
        return refuse(Reject::GasLimitTooLarge, format!("{needed} gas in all; at most {MAX_ITEM_GAS}"));
    }
    // OP-015: what cannot be added up cannot be reserved.
    if fee::max_cost(operation).is_none() {
        return refuse(Reject::CostOverflow, "the largest cost exceeds 128 bits");
    }
    // OP-025: what no proof can be about.
    if gas.cycle_limit == 0 || gas.cycle_limit > MAX_CYCLES {
        return refuse(Reject::CycleLimitOutOfRange, format!("{} cycles; 1 to {MAX_CYCLES}", gas.cycle_limit));
    }
    // OP-020: fields of a sponsor that does not exist.
    if gas.sponsor.is_zero() && !(gas.sponsor_data.is_empty() && gas.sponsor_signature.is_empty()) {
        return refuse(Reject::SponsorMissing, "there are fields of a sponsor, and no sponsor");
    }
    Ok(())
}

/// The signatures of sender and sponsor.
pub fn check_signatures(operation: &Operation, hash: B256, view: &ChainView) -> Result<(), Rejection> {
    signature::verify(operation.sender, hash, &operation.signature, view)?;
    let gas = &operation.gas_management;
    if !gas.sponsor.is_zero() {
        signature::verify(gas.sponsor, hash, &gas.sponsor_signature, view)?;
    }
    Ok(())
}

/// How many of the signatures contracts check.
pub fn contract_signatures(operation: &Operation) -> u64 {
    let gas = &operation.gas_management;
    let signatures = [&operation.signature, &gas.sponsor_signature];
    signatures.iter().filter(|it| it.first() == Some(&signature::KIND_CONTRACT)).count() as u64
}

/// The checks of slots and of the anchor.
pub fn check_window(operation: &Operation, view: &ChainView) -> Result<(), Rejection> {
    let until = operation.valid_until_slot;
    // OP-021: the window, in which a client's clock decides.
    if until <= view.slot {
        return refuse(Reject::OperationExpired, format!("valid until slot {until}, now is {}", view.slot));
    }
    if until - view.slot > VALIDITY_SLOTS {
        return refuse(Reject::ValidityTooFar, format!("valid until slot {until}, now is {}", view.slot));
    }
    // OP-022: an anchor that this node does not know may be final elsewhere.
    let Some(anchor) = view.blocks.get(&operation.anchor_hash) else {
        return refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string());
    };
    if !anchor.canonical || anchor.slot > view.finalized_slot {
        return refuse(Reject::AnchorNotFinal, format!("slot {}, final is {}", anchor.slot, view.finalized_slot));
    }
    // OP-023: a finalized block has the same slot for everybody.
    if until.saturating_sub(anchor.slot) > ANCHOR_SLOTS {
        return refuse(Reject::AnchorTooOld, format!("slot {}, valid until {until}", anchor.slot));
    }
    check_ramp(operation, anchor.slot)
}

/// Whether the ramp of the prover's fee begins where it can be of use. `anchor_slot` is that of the anchor.
pub fn check_ramp(operation: &Operation, anchor_slot: u64) -> Result<(), Rejection> {
    // OP-028: it decides from when on anybody may settle, which must not be never.
    let start = operation.gas_management.ramp_start_slot;
    let last = operation.valid_until_slot.checked_sub(RAMP_END_SLOTS);
    match last {
        Some(last) if (anchor_slot..=last).contains(&start) => Ok(()),
        _ => refuse(Reject::RampOutOfRange, format!("slot {start}, not {anchor_slot} to {last:?}")),
    }
}

/// All of the above, in the order in which the chapter lists them.
pub fn check(operation: &Operation, hash: B256, view: &ChainView) -> Result<(), Rejection> {
    check_fields(operation, view)?;
    check_window(operation, view)?;
    check_signatures(operation, hash, view)
}

fn refuse(reason: Reject, detail: impl Into<String>) -> Result<(), Rejection> {
    Err(Rejection::new(reason, 0, detail))
}
