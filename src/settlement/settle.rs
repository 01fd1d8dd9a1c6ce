//! Settlement of results: who may, what is checked, who is paid.

use super::contract::refuse;
use super::{Consensus, LEADER_SLOTS, OVERDUE_SLOTS, SEGMENT_GAS, SETTLER_SHARE};
use crate::json_fields;
use crate::notation::{B256, Outcome, Reject, Rejection};
use crate::operation::{ANCHOR_SLOTS, ChainView, Operation, SETTLEMENT_GAS, check_fields, check_signatures, fee};
use crate::post_operation::{PROOF_COMMITTED_GROTH16, PostOperation, Verify, statement};
use alloy_primitives::Address;

/// A result to settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The Operation.
    pub operation: Operation,
    /// Its result; the contract looks at neither stamp nor signature.
    pub post_operation: PostOperation,
}

/// What the call of `to` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallResult {
    /// Whether it returned.
    pub success: bool,
    /// The gas that it used, at most the Operation's `gas_limit`.
    pub gas_used: u64,
}

/// What a settlement did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The operation hash.
    pub operation_hash: B256,
    /// Whether `to` was called and returned.
    pub success: bool,
    /// The gas that was charged.
    pub gas: u64,
    /// What a unit of gas cost, in wei.
    pub gas_price: u128,
    /// What the payer paid, in wei.
    pub paid: u128,
    /// What the prover got of it, in wei.
    pub prover: u128,
    /// What the settler got of it, in wei.
    pub settler: u128,
}

json_fields!(CallResult: success, gas_used);
json_fields!(Receipt: operation_hash, success, gas, gas_price, paid, prover, settler);

impl Consensus {
    /// Settles a batch. Each item stands alone: one that is refused changes nothing and stops nothing.
    pub fn settle(
        &mut self,
        settler: Address,
        items: &[Item],
        view: &ChainView,
        verify: Verify,
        execute: &mut dyn FnMut(&Operation, &PostOperation) -> CallResult,
    ) -> Vec<Result<Receipt, Rejection>> {
        // SETTLE-008: no item reverts the batch.
        items.iter().map(|item| self.settle_item(settler, item, view, verify, execute)).collect()
    }

    fn settle_item(
        &mut self,
        settler: Address,
        item: &Item,
        view: &ChainView,
        verify: Verify,
        execute: &mut dyn FnMut(&Operation, &PostOperation) -> CallResult,
    ) -> Result<Receipt, Rejection> {
        let Item { operation, post_operation } = item;
        let gas = &operation.gas_management;
        self.check_settler(settler, operation, view)?;
        let hash = operation.hash(view.consensus_contract);
        check_fields(operation, view)?;
        self.check_time(operation, view)?;
        // SETTLE-009: here, and only here, a nonce is consumed.
        let key = (operation.sender, operation.nonce_key());
        let next = self.nonces.get(&key).copied().unwrap_or(0);
        if operation.nonce_sequence() != next {
            let reason = if operation.nonce_sequence() < next { Reject::NonceUsed } else { Reject::NonceGap };
            return refuse(reason, format!("sequence number {}, next is {next}", operation.nonce_sequence()));
        }
        check_signatures(operation, hash, view)?;
        let outcome = self.check_result(item, hash, view, verify)?;
        // SETTLE-022: the price and the deposit, as they are now.
        let Some(gas_price) = fee::gas_price(gas, view.base_fee) else {
            return refuse(Reject::BaseFeeTooHigh, format!("{} wei", view.base_fee));
        };
        // OP-015: the sum has been checked with the fields.
        if fee::max_cost(operation).is_none_or(|cost| cost > self.deposit(operation.payer())) {
            return refuse(Reject::DepositTooSmall, "the deposit does not cover the largest cost");
        }

        self.nonces.insert(key, next + 1);
        // SETTLE-010: only an accepted result moves the root and calls.
        let call = match outcome {
            Outcome::Accepted => {
                self.roots.insert((operation.extension_id, operation.lane), post_operation.post_root);
                execute(operation, post_operation)
            }
            Outcome::Rejected(_) | Outcome::Trapped(_) => CallResult::default(),
        };
        Ok(self.pay(settler, item, hash, call, outcome, gas_price, view.slot))
    }

    fn check_settler(&self, settler: Address, operation: &Operation, view: &ChainView) -> Result<(), Rejection> {
        // SETTLE-007: a leader of the last two slots, or anyone once it is overdue.
        let slots = (0..LEADER_SLOTS).filter_map(|age| view.slot.checked_sub(age));
        let leads = slots.into_iter().any(|slot| self.leader(slot) == Some(settler));
        let overdue = view.slot >= operation.gas_management.ramp_start_slot.saturating_add(OVERDUE_SLOTS);
        if leads || overdue { Ok(()) } else { refuse(Reject::NotLeader, settler.to_string()) }
    }

    fn check_time(&self, operation: &Operation, view: &ChainView) -> Result<(), Rejection> {
        // SETTLE-011: what the contract can see of window and anchor.
        if operation.valid_until_slot <= view.slot {
            return refuse(Reject::OperationExpired, operation.valid_until_slot.to_string());
        }
        match view.blocks.get(&operation.anchor_hash) {
            Some(anchor) if !anchor.canonical => refuse(Reject::AnchorNotFinal, operation.anchor_hash.to_string()),
            Some(anchor) if operation.valid_until_slot.saturating_sub(anchor.slot) > ANCHOR_SLOTS => {
                refuse(Reject::AnchorTooOld, anchor.slot.to_string())
            }
            Some(_) => Ok(()),
            None => refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string()),
        }
    }

    fn check_result(&self, item: &Item, hash: B256, view: &ChainView, verify: Verify) -> Result<Outcome, Rejection> {
        let Item { operation, post_operation } = item;
        // POST-008: it is about this Operation.
        if post_operation.operation_hash != hash || post_operation.extension_id != operation.extension_id {
            return refuse(Reject::OtherOperation, hash.to_string());
        }
        // SETTLE-011: a halted extension settles nothing.
        let extension = view.extensions.get(&operation.extension_id).filter(|it| !it.quarantined);
        let Some(extension) = extension.filter(|_| !self.quarantined.contains(&operation.extension_id)) else {
            return refuse(Reject::ExtensionNotActive, operation.extension_id.to_string());
        };
        // POST-009: the extension's proof system.
        if post_operation.proof.proof_type != PROOF_COMMITTED_GROTH16 {
            return refuse(Reject::ProofTypeUnknown, post_operation.proof.proof_type.to_string());
        }
        if post_operation.proof.proof_type != extension.proof_system {
            return refuse(Reject::ProofTypeMismatch, post_operation.proof.proof_type.to_string());
        }
        // POST-010: the garbage of others costs a user nothing.
        let outcome = post_operation.outcome()?;
        if extension.reads_witness && outcome != Outcome::Accepted {
            return refuse(Reject::WitnessRefusal, "the extension reads a witness and has not accepted");
        }
        // SETTLE-012: the order of a lane is that of its roots.
        let lane = (operation.extension_id, operation.lane);
        let root = self.roots.get(&lane).copied().unwrap_or(B256::ZERO);
        if post_operation.pre_root != root {
            return refuse(Reject::PreRootStale, format!("the root is {root}"));
        }
        let Some(statement) = statement(operation, post_operation, view)? else {
            return refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string());
        };
        statement.check()?;
        verify(&statement, &post_operation.proof)?;
        Ok(outcome)
    }

    #[allow(clippy::too_many_arguments, reason = "what a payment depends on, once")]
    fn pay(
        &mut self,
        settler: Address,
        item: &Item,
        hash: B256,
        call: CallResult,
        outcome: Outcome,
        gas_price: u128,
        slot: u64,
    ) -> Receipt {
        let Item { operation, post_operation } = item;
        // OP-016: the penalty is on gas of a call that took place.
        let used = call.gas_used.min(operation.gas_limit);
        let used = match outcome {
            Outcome::Accepted => used + fee::unused_gas_penalty(operation.gas_limit, used),
            Outcome::Rejected(_) | Outcome::Trapped(_) => 0,
        };
        let gas = SETTLEMENT_GAS + used;
        let gas_cost = u128::from(gas) * gas_price;
        let prover_fee = fee::prover_fee(&operation.gas_management, slot);
        // SETTLE-014: rounded down; more segments are their prover's affair; the prover gets the rest.
        let share = prover_fee / 10_000 * SETTLER_SHARE + prover_fee % 10_000 * SETTLER_SHARE / 10_000;
        let further_segments = post_operation.proof.segments.len().saturating_sub(1) as u128;
        let segments = (further_segments * SEGMENT_GAS).saturating_mul(gas_price).min(prover_fee - share);
        let (to_settler, to_prover) = (gas_cost + share + segments, prover_fee - share - segments);
        let paid = gas_cost + prover_fee;
        self.debit(operation.payer(), paid);
        self.credit(settler, to_settler);
        self.credit(post_operation.prover, to_prover);
        Receipt {
            operation_hash: hash,
            success: call.success,
            gas,
            gas_price,
            paid,
            prover: to_prover,
            settler: to_settler,
        }
    }
}
