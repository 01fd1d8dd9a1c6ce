//! Slashing and disputes: objective evidence only.

use super::contract::refuse;
use super::{Consensus, EVIDENCE_SLOTS};
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection, Stage};
use crate::operation::{ChainView, Operation, signature};
use crate::post_operation::{PostOperation, Verify, statement};
use crate::statement::Statement;
use crate::wire::{Verdict, VerificationResponse};
use alloy_primitives::Address;

/// What a reporter shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A signed PostOperation whose proof fails.
    InvalidProof(Box<(Operation, PostOperation)>),
    /// Two verdicts of one node on one request.
    Equivocation(Box<(VerificationResponse, VerificationResponse)>),
    /// A verdict that is false of this PostOperation.
    FalseVerdict(Box<(VerificationResponse, Operation, PostOperation)>),
    /// Two valid results of one Operation and pre-state root of an extension that reads no witness. Halts the extension
    /// and slashes nobody.
    Conflict(Box<(Operation, PostOperation, PostOperation)>),
}

/// A stake that was lost, as the contract's event of that name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slashed {
    /// Whose stake it was.
    pub account: Address,
    /// Who showed the evidence.
    pub reporter: Address,
    /// What the reporter got, in wei.
    pub amount: u128,
}

json_fields!(Slashed: account, reporter, amount);

impl Consensus {
    /// Judges evidence. Gives what was lost; nothing for a conflict.
    pub fn report(
        &mut self,
        reporter: Address,
        evidence: &Evidence,
        view: &ChainView,
        verify: Verify,
    ) -> Result<Option<Slashed>, Rejection> {
        self.check_idle()?;
        // SETTLE-023: what shows nothing.
        let innocent = |detail: &str| refuse(Reject::EvidenceInvalid, detail);
        match evidence {
            Evidence::InvalidProof(it) => {
                let (operation, post_operation) = &**it;
                let stated = stated(operation, post_operation, view)?;
                // SETTLE-021: EIP-2935 serves canonical blocks alone.
                let stamp = view.blocks.get(&post_operation.stamp_hash).filter(|stamp| stamp.canonical);
                let stamp = stamp.map(|stamp| stamp.slot);
                check_age(stamp, view)?;
                // SETTLE-015: signed by the prover, and false.
                if verifies(&stated, post_operation, view, verify)? {
                    return innocent("the proof verifies");
                }
                self.slash(post_operation.prover, reporter, view.slot).map(Some)
            }
            Evidence::Equivocation(it) => {
                let (first, second) = &**it;
                first.check(view)?;
                second.check(view)?;
                check_age(Some(first.slot.min(second.slot)), view)?;
                // SETTLE-016: one node, one request, valid and invalid. Who could not tell at first may learn it.
                let same = first.node == second.node
                    && first.request == second.request
                    && first.post_operation == second.post_operation;
                let verdicts = [first.verdict, second.verdict].map(Verdict::from_number);
                if !same || !verdicts.contains(&Some(Verdict::Valid)) || !verdicts.contains(&Some(Verdict::Invalid)) {
                    return innocent("these are not the verdicts valid and invalid of one node on one request");
                }
                self.slash(first.node, reporter, view.slot).map(Some)
            }
            Evidence::FalseVerdict(it) => {
                let (response, operation, post_operation) = &**it;
                response.check(view)?;
                check_age(Some(response.slot), view)?;
                let stated = stated(operation, post_operation, view)?;
                // SETTLE-017: the verdict is about these bytes, and the other one is true.
                if response.post_operation != post_operation.signing_hash(&stated, view.consensus_contract) {
                    return innocent("the verdict is about another PostOperation");
                }
                let is_valid = verifies(&stated, post_operation, view, verify)?;
                match (Verdict::from_number(response.verdict), is_valid) {
                    (Some(Verdict::Valid), false) | (Some(Verdict::Invalid), true) => {
                        self.slash(response.node, reporter, view.slot).map(Some)
                    }
                    _ => innocent("the verdict is true, or none"),
                }
            }
            Evidence::Conflict(it) => {
                let (operation, first, second) = &**it;
                let (one, two) = (stated(operation, first, view)?, stated(operation, second, view)?);
                // SETTLE-018: two valid proofs that disagree are nobody's fault.
                if first.pre_root != second.pre_root || first.result_id() == second.result_id() {
                    return innocent("these are not two results of one Operation and pre-state root");
                }
                // SETTLE-018: with two witnesses both can be right.
                if view.extensions.get(&operation.extension_id).is_some_and(|extension| extension.reads_witness) {
                    return innocent("the extension reads a witness, so it can have several results");
                }
                check_prepared(first, view)?;
                check_prepared(second, view)?;
                verify(&one, &first.proof)?;
                verify(&two, &second.proof)?;
                self.quarantined.insert(operation.extension_id);
                Ok(None)
            }
        }
    }

    fn slash(&mut self, account: Address, reporter: Address, slot: u64) -> Result<Slashed, Rejection> {
        // SETTLE-019: who has no stake left has nothing to lose twice.
        let Some(wei) = self.take_stake(account, slot) else {
            return refuse(Reject::NotStaked, account.to_string());
        };
        // SETTLE-020: half to the reporter, rounded down, the rest burned.
        let amount = wei / 2;
        self.burned += wei - amount;
        self.credit(reporter, amount);
        Ok(Slashed { account, reporter, amount })
    }
}

/// The statement of a PostOperation that its prover has signed.
fn stated(operation: &Operation, post_operation: &PostOperation, view: &ChainView) -> Result<Statement, Rejection> {
    let hash: B256 = operation.hash(view.consensus_contract);
    // POST-008: the extension, too: with the same code a proof can be made under any id.
    if post_operation.operation_hash != hash || post_operation.extension_id != operation.extension_id {
        return refuse(Reject::OtherOperation, hash.to_string());
    }
    // SETTLE-011: as at settlement, EIP-2935 serves canonical blocks alone.
    let is_served = view.blocks.get(&operation.anchor_hash).is_some_and(|anchor| anchor.canonical);
    let Some(statement) = statement(operation, post_operation, view)?.filter(|_| is_served) else {
        return refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string());
    };
    let signed = post_operation.signing_hash(&statement, view.consensus_contract);
    signature::verify_key(post_operation.prover, signed, &post_operation.prover_signature)?;
    Ok(statement)
}

/// Whether the proof of a signed result verifies, which the contract has to be able to tell.
fn verifies(stated: &Statement, result: &PostOperation, view: &ChainView, verify: Verify) -> Result<bool, Rejection> {
    check_prepared(result, view)?;
    match verify(stated, &result.proof) {
        Ok(()) => Ok(true),
        // SETTLE-034: whoever cannot verify knows nothing of the proof.
        Err(rejection) if rejection.reason.stage() == Stage::Admission => Err(rejection),
        Err(_) => Ok(false),
    }
}

/// SETTLE-034: the contract has the code point under which the proof can be judged.
fn check_prepared(result: &PostOperation, view: &ChainView) -> Result<(), Rejection> {
    let tier = result.proof.tier;
    match view.extensions.get(&result.extension_id) {
        Some(extension) if extension.prepared.contains(&tier) => Ok(()),
        _ => refuse(Reject::NotPrepared, format!("for tier {tier}")),
    }
}

/// Whether evidence of this slot can still be judged.
fn check_age(slot: Option<u64>, view: &ChainView) -> Result<(), Rejection> {
    // SETTLE-021: within a day, which the hashes that EIP-2935 serves allow.
    match slot {
        Some(slot) if slot <= view.slot && view.slot - slot <= EVIDENCE_SLOTS => Ok(()),
        slot => refuse(Reject::EvidenceTooOld, format!("{slot:?}")),
    }
}
