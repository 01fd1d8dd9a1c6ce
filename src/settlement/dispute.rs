//! Slashing and disputes: objective evidence only.

use super::contract::refuse;
use super::{COMMON_PAIRS, Consensus, EVIDENCE_SLOTS, PAIR_GAS, PAIRING_GAS};
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
    /// A valid result of an extension that reads no witness. A second one of this Operation and pre-state root, with another
    /// id, halts the extension, and slashes nobody.
    Conflict(Box<(Operation, PostOperation)>),
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
    /// Judges evidence. Gives what was lost; nothing for a conflict. `gas_left` is the gas that is left when the pairing of a
    /// proof is called, what the call itself costs subtracted.
    pub fn report(
        &mut self,
        reporter: Address,
        evidence: &Evidence,
        view: &ChainView,
        verify: Verify,
        gas_left: u64,
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
                if verifies(&stated, post_operation, view, verify, gas_left)? {
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
                let is_valid = verifies(&stated, post_operation, view, verify, gas_left)?;
                match (Verdict::from_number(response.verdict), is_valid) {
                    (Some(Verdict::Valid), false) | (Some(Verdict::Invalid), true) => {
                        self.slash(response.node, reporter, view.slot).map(Some)
                    }
                    _ => innocent("the verdict is true, or none"),
                }
            }
            Evidence::Conflict(it) => {
                let (operation, result) = &**it;
                let stated = stated(operation, result, view)?;
                // SETTLE-018: with two witnesses both can be right.
                if view.extensions.get(&operation.extension_id).is_some_and(|extension| extension.reads_witness) {
                    return innocent("the extension reads a witness, so it can have several results");
                }
                let place = (result.operation_hash, result.pre_root);
                let noted = self.results.get(&place).copied();
                if noted == Some(result.result_id()) {
                    return innocent("the result is noted, and agrees with itself");
                }
                if !verifies(&stated, result, view, verify, gas_left)? {
                    return refuse(Reject::ProofInvalid, "the result is not valid");
                }
                // SETTLE-018: two valid proofs that disagree are nobody's fault. Each is shown by a call of its own.
                match noted {
                    Some(_) => drop(self.quarantined.insert(operation.extension_id)),
                    None => drop(self.results.insert(place, result.result_id())),
                }
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
fn verifies(
    stated: &Statement,
    result: &PostOperation,
    view: &ChainView,
    verify: Verify,
    gas_left: u64,
) -> Result<bool, Rejection> {
    check_prepared(result, view)?;
    let verdict = verify(stated, &result.proof);
    let reason = verdict.as_ref().err().map(|rejection| rejection.reason);
    match reason {
        // SETTLE-034: whoever cannot verify knows nothing of the proof.
        Some(reason) if reason.stage() == Stage::Admission => return verdict.map(|()| false),
        // PROVE-009: what is cheap is checked before any pairing.
        Some(reason) if reason == Reject::SumMismatch || reason.stage() == Stage::Statement => return Ok(false),
        _ => {}
    }
    // SETTLE-035: a call passes on 63 of 64 parts (EIP-150); with less than its price, a precompile fails whatever it is shown.
    if gas_left - gas_left / 64 < pairing_gas(result) {
        return refuse(Reject::GasMissing, format!("{gas_left} gas is left"));
    }
    match reason {
        None => Ok(true),
        Some(reason) if reason == Reject::ProofInvalid || reason.stage() == Stage::Relation => Ok(false),
        // SETTLE-035: what a precompile fails on is not shown to be what the prover has signed.
        Some(reason) => refuse(Reject::EvidenceInvalid, format!("the proof cannot be judged: {}", reason.name())),
    }
}

/// The price of the pairing that judges a proof.
fn pairing_gas(result: &PostOperation) -> u64 {
    let segments = u64::try_from(result.proof.segments.len()).unwrap_or(u64::MAX);
    PAIRING_GAS.saturating_add(PAIR_GAS.saturating_mul(segments.saturating_add(COMMON_PAIRS)))
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
