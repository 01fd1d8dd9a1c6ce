//! Whether a PostOperation can be pooled: cheap checks first, the proof last.

use super::{MAX_STAMP_AGE, PROOF_COMMITTED_GROTH16, PostOperation, Proof, RENEWAL_AGE, RESULT_SEGMENT_GAS, statement};
use crate::notation::{B256, Outcome, Reject, Rejection};
use crate::operation::{ChainView, MAX_ITEM_GAS, OPERATION_BYTE_GAS, Operation, fee, signature};
use crate::proving::{CUSTOM_TIER, Tiers};
use crate::registry::MODE_CUSTOM;
use crate::statement::Statement;

/// Verifies a proof of a statement under the keys that this node has. An argument, because keys are large and stand
/// outside of the state of a handler.
pub type Verify<'a> = &'a dyn Fn(&Statement, &Proof) -> Result<(), Rejection>;

/// Checks everything about a PostOperation that its pool does not decide. Gives the statement.
pub fn check(
    operation: &Operation,
    post_operation: &PostOperation,
    view: &ChainView,
    verify: Verify,
) -> Result<Statement, Rejection> {
    let refuse = |reason, detail: String| Err(Rejection::new(reason, 0, detail));
    let outcome = post_operation.outcome()?;
    // POST-008: it is about this Operation.
    let hash = operation.hash(view.consensus_contract);
    if post_operation.operation_hash != hash || post_operation.extension_id != operation.extension_id {
        return refuse(Reject::OtherOperation, format!("the Operation is {hash}"));
    }
    let Some(extension) = view.extensions.get(&operation.extension_id) else {
        return refuse(Reject::ExtensionNotActive, operation.extension_id.to_string());
    };
    // POST-009: a closed enumeration, and the extension's choice in it.
    let proof_type = post_operation.proof.proof_type;
    if proof_type != PROOF_COMMITTED_GROTH16 {
        return refuse(Reject::ProofTypeUnknown, format!("type {proof_type}"));
    }
    if proof_type != extension.proof_system {
        return refuse(Reject::ProofTypeMismatch, format!("type {proof_type}, not {}", extension.proof_system));
    }
    // POST-015: another node may have it.
    let tier = post_operation.proof.tier;
    if tier != CUSTOM_TIER && Tiers::get(tier).is_err() {
        return refuse(Reject::ProofTierUnknown, format!("tier {tier}"));
    }
    // POST-016: what does not fit into a transaction can neither be settled nor shown to be false.
    let (segments, bytes) = (post_operation.proof.segments.len() as u64, post_operation.output.len() as u64);
    let of_result = RESULT_SEGMENT_GAS * segments.saturating_sub(1) + OPERATION_BYTE_GAS * bytes;
    let gas = fee::item_gas(operation) + u128::from(of_result);
    if gas > u128::from(MAX_ITEM_GAS) {
        return refuse(Reject::ProofTooLarge, format!("{gas} gas, {segments} segments and {bytes} bytes of output"));
    }
    // POST-010: anybody can feed garbage, and prove honestly that it is refused.
    if extension.reads_witness && outcome != Outcome::Accepted {
        return refuse(Reject::WitnessRefusal, "the extension reads a witness and has not accepted".into());
    }
    check_stamp(post_operation.stamp_hash, view)?;
    let Some(statement) = statement(operation, post_operation, view)? else {
        return refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string());
    };
    // POST-005: limits, and that the parts can belong to one execution.
    statement.check()?;
    // POST-006: who is paid has signed, so that a false proof has somebody to blame.
    let signed = post_operation.signing_hash(&statement, view.consensus_contract);
    signature::verify_key(post_operation.prover, signed, &post_operation.prover_signature)?;
    // POST-017: everybody finds the same, whatever keys it has; only now is it known who says so.
    if (tier == CUSTOM_TIER) != (extension.mode == MODE_CUSTOM) {
        return refuse(Reject::TierMismatch, format!("tier {tier} in mode {}", extension.mode));
    }
    // POST-012: the proof, last because it costs most.
    verify(&statement, &post_operation.proof)?;
    Ok(statement)
}

/// Checks that a stamp is recent and canonical.
pub fn check_stamp(stamp_hash: B256, view: &ChainView) -> Result<(), Rejection> {
    // POST-011: known, canonical, recent.
    let Some(stamp) = view.blocks.get(&stamp_hash) else {
        return Err(Rejection::new(Reject::StampUnknown, 0, stamp_hash.to_string()));
    };
    if !stamp.canonical {
        return Err(Rejection::new(Reject::StampOrphaned, 0, format!("block {}", stamp.number)));
    }
    match view.head_number.saturating_sub(stamp.number) {
        age if age > MAX_STAMP_AGE => Err(Rejection::new(Reject::StampTooOld, 0, format!("{age} blocks"))),
        _ => Ok(()),
    }
}

/// Whether a prover makes a new stamp: the same result and proof with another signature.
pub fn needs_renewal(stamp_hash: B256, view: &ChainView) -> bool {
    // POST-013: half of the window, so that the new one arrives before the old one ends.
    let age = view.blocks.get(&stamp_hash).map(|stamp| view.head_number.saturating_sub(stamp.number));
    age.is_some_and(|age| age >= RENEWAL_AGE)
}
