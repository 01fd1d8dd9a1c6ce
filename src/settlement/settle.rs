//! Settlement of results: who may, what is checked, who is paid.

use super::contract::refuse;
use super::{
    Consensus, LEADER_SLOTS, OUTPUT_BYTE_GAS, OVERDUE_SLOTS, Reward, SEGMENT_GAS, SETTLER_SHARE, TargetCall,
    VERIFIER_SHARE,
};
use crate::composition::{ChildResult, Family, assemble, check_data, claimed_blob};
use crate::json_fields;
use crate::notation::{B256, Outcome, Reject, Rejection};
use crate::operation::{
    ANCHOR_SLOTS, ChainView, Operation, SETTLEMENT_GAS, check_fields, check_ramp, check_signatures,
    contract_signatures, fee,
};
use crate::post_operation::{PROOF_COMMITTED_GROTH16, PostOperation, Verify, statement};
use crate::statement::Statement;
use alloy_primitives::{Address, U256};
use std::collections::BTreeMap;

/// A result to settle, with those of its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The Operation.
    pub operation: Operation,
    /// Its result; the contract looks at neither stamp nor signature.
    pub post_operation: PostOperation,
    /// The results of the child operations, parents before their children.
    pub children: Vec<ChildResult>,
}

impl Item {
    /// An Operation with its result, which claims no children.
    pub fn new(operation: Operation, post_operation: PostOperation) -> Item {
        Item { operation, post_operation, children: Vec::new() }
    }

    fn results(&self) -> Vec<&PostOperation> {
        [&self.post_operation].into_iter().chain(self.children.iter().map(|child| &child.post_operation)).collect()
    }
}

/// What the call of `to` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallResult {
    /// The gas that was left when the call was made, what the call itself costs subtracted.
    pub gas_left: u64,
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
    /// The calls of targets, in their order.
    pub calls: Vec<TargetCall>,
    /// Whether `to` was called and returned, in a family of all members.
    pub success: bool,
    /// The gas that was charged.
    pub gas: u64,
    /// What a unit of gas cost, in wei.
    pub gas_price: u128,
    /// What the payer paid, in wei.
    pub paid: u128,
    /// What the provers got of it, in wei.
    pub prover: u128,
    /// What is held of it for those who verified the result, in wei.
    pub held: u128,
    /// What the settler got of it, in wei.
    pub settler: u128,
}

/// An item that has passed all checks, and what they found.
pub(crate) struct Checked {
    /// The operation hash.
    pub hash: B256,
    /// The sequence number after that of the Operation.
    next: u64,
    /// The Operation and its children.
    pub family: Family,
    /// The lanes' roots after the results.
    pub roots: BTreeMap<(B256, U256), B256>,
    /// The digest of the first member's statement.
    statement: B256,
    /// Whether all results are accepted.
    pub is_accepted: bool,
    /// What a unit of gas costs, in wei.
    pub gas_price: u128,
    /// The largest cost, in wei.
    cost: u128,
}

json_fields!(CallResult: gas_left, success, gas_used);
json_fields!(Receipt: operation_hash, calls, success, gas, gas_price, paid, prover, held, settler);

impl Consensus {
    /// Settles a batch. Each item stands alone: one that is refused changes nothing and stops nothing. `execute` calls a
    /// target; it is given the contract, since a target can call back.
    pub fn settle(
        &mut self,
        settler: Address,
        items: &[Item],
        view: &ChainView,
        verify: Verify,
        execute: &mut dyn FnMut(&mut Consensus, &TargetCall) -> CallResult,
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
        execute: &mut dyn FnMut(&mut Consensus, &TargetCall) -> CallResult,
    ) -> Result<Receipt, Rejection> {
        self.check_idle()?;
        self.check_settler(settler, &item.operation, view)?;
        let checked = self.check_item(item, view, verify)?;
        // An item is a call of its own on L1, so that it can be undone alone.
        let before = checked.is_accepted.then(|| self.clone());
        self.begin(&item.operation, &checked);
        let mut calls = Vec::new();
        if let Some(before) = before {
            for place in &checked.family.order {
                let call = TargetCall::of(&checked.family.operations[*place], item.results()[*place]);
                let made = execute(self, &call);
                // SETTLE-029: a call passes on 63 of 64 parts (EIP-150); with less, a settler would make it fail.
                if made.gas_left - made.gas_left / 64 < call.gas_limit {
                    *self = before;
                    return refuse(Reject::GasMissing, format!("{} gas is left", made.gas_left));
                }
                calls.push((call, made));
            }
        }
        self.end(&item.operation, &checked);
        // The roots move whether or not the calls return.
        Ok(self.pay(settler, item, &checked, calls, view))
    }

    /// What an item has to satisfy whoever brings it, in the order of the chapter.
    pub(crate) fn check_item(&self, item: &Item, view: &ChainView, verify: Verify) -> Result<Checked, Rejection> {
        let operation = &item.operation;
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
        // POST-008: it is about this Operation.
        if item.post_operation.operation_hash != hash || item.post_operation.extension_id != operation.extension_id {
            return refuse(Reject::OtherOperation, hash.to_string());
        }
        let family = assemble(operation, hash, &item.post_operation, &item.children)?;
        let (results, members) = (item.results(), &family.operations);
        // COMP-007: each member from the root that those before it leave; nothing is written before all hold.
        let mut roots: BTreeMap<(B256, U256), B256> = BTreeMap::new();
        let mut is_accepted = true;
        let mut statement = B256::ZERO;
        for place in &family.order {
            let (stated, outcome) = self.check_result(&members[*place], results[*place], &mut roots, view, verify)?;
            is_accepted &= outcome == Outcome::Accepted;
            // The Operation itself is the last one of its family.
            statement = stated.digest();
        }
        // SETTLE-022: the price and the deposit, as they are now.
        let Some(gas_price) = fee::gas_price(&operation.gas_management, view.base_fee) else {
            return refuse(Reject::BaseFeeTooHigh, format!("{} wei", view.base_fee));
        };
        // OP-015: the sum has been checked with the fields.
        let cost = fee::max_cost(operation).filter(|cost| *cost <= self.deposit(operation.payer()));
        let Some(cost) = cost else {
            return refuse(Reject::DepositTooSmall, "the deposit does not cover the largest cost");
        };

        Ok(Checked { hash, next: next + 1, family, roots, statement, is_accepted, gas_price, cost })
    }

    /// Consumes the nonce, takes the largest cost, and moves the roots if the result is accepted.
    pub(crate) fn begin(&mut self, operation: &Operation, checked: &Checked) {
        self.nonces.insert((operation.sender, operation.nonce_key()), checked.next);
        // SETTLE-030: a target that calls back finds its payer's money gone and the contract closed.
        self.debit(operation.payer(), checked.cost);
        self.taken = Some(checked.cost);
        // SETTLE-010: only an accepted result moves the root and calls.
        // COMP-011: in a family, all or none.
        if checked.is_accepted {
            self.roots.extend(&checked.roots);
        }
    }

    /// Gives back what was taken; what is charged comes next.
    pub(crate) fn end(&mut self, operation: &Operation, checked: &Checked) {
        self.taken = None;
        self.credit(operation.payer(), checked.cost);
    }

    /// Whether no target is being called.
    pub(crate) fn check_idle(&self) -> Result<(), Rejection> {
        // SETTLE-030: nothing can be done with a state that is half settled.
        match self.taken {
            Some(_) => refuse(Reject::Reentered, "a target is being called"),
            None => Ok(()),
        }
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
            // EIP-2935 serves canonical blocks alone.
            Some(anchor) if !anchor.canonical => refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string()),
            Some(anchor) if operation.valid_until_slot.saturating_sub(anchor.slot) > ANCHOR_SLOTS => {
                refuse(Reject::AnchorTooOld, anchor.slot.to_string())
            }
            Some(anchor) => check_ramp(operation, anchor.slot),
            None => refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string()),
        }
    }

    /// Checks a member's result. `roots` are the lanes' roots as the members before it leave them.
    fn check_result(
        &self,
        operation: &Operation,
        post_operation: &PostOperation,
        roots: &mut BTreeMap<(B256, U256), B256>,
        view: &ChainView,
        verify: Verify,
    ) -> Result<(Statement, Outcome), Rejection> {
        // SETTLE-011: a halted extension settles nothing, and a new one not yet.
        let extension = view.extensions.get(&operation.extension_id);
        let extension = extension.filter(|it| !it.quarantined && it.active_from <= view.slot);
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
        // SETTLE-033: the contract's own code point, and what it knows of the code.
        if !extension.prepared.contains(&post_operation.proof.tier) {
            return refuse(Reject::NotPrepared, format!("for tier {}", post_operation.proof.tier));
        }
        // POST-010: the garbage of others costs a user nothing.
        let outcome = post_operation.outcome()?;
        if extension.reads_witness && outcome != Outcome::Accepted {
            return refuse(Reject::WitnessRefusal, "the extension reads a witness and has not accepted");
        }
        // SETTLE-012: the order of a lane is that of its roots.
        let lane = (operation.extension_id, operation.lane);
        let root = roots.get(&lane).or(self.roots.get(&lane)).copied().unwrap_or(B256::ZERO);
        if post_operation.pre_root != root {
            return refuse(Reject::PreRootStale, format!("the root is {root}"));
        }
        // COMP-008: others can follow what the lane's state becomes.
        let is_stateful = !post_operation.pre_root.is_zero() || !post_operation.post_root.is_zero();
        check_data(extension.data_rule, is_stateful, claimed_blob(operation), &view.blob_hashes)?;
        let Some(statement) = statement(operation, post_operation, view)? else {
            return refuse(Reject::AnchorUnknown, operation.anchor_hash.to_string());
        };
        statement.check()?;
        verify(&statement, &post_operation.proof)?;
        roots.insert(lane, post_operation.post_root);
        Ok((statement, outcome))
    }

    /// Charges the payer. `calls` are those that took place.
    fn pay(
        &mut self,
        settler: Address,
        item: &Item,
        checked: &Checked,
        calls: Vec<(TargetCall, CallResult)>,
        view: &ChainView,
    ) -> Receipt {
        let Checked { hash, statement, gas_price, .. } = *checked;
        let (operation, slot) = (&item.operation, view.slot);
        let results = item.results();
        // OP-016: the penalty is on gas of a call that took place.
        let charged = |(call, made): &(TargetCall, CallResult)| {
            let used = made.gas_used.min(call.gas_limit);
            used + fee::unused_gas_penalty(call.gas_limit, used)
        };
        // COMP-010: each member is settled for itself.
        let own = fee::settlement_gas(operation, contract_signatures(operation));
        let children = SETTLEMENT_GAS * (results.len() as u64 - 1);
        let gas = own + children + calls.iter().map(charged).sum::<u64>();
        let gas_cost = u128::from(gas) * gas_price;
        let prover_fee = fee::prover_fee(&operation.gas_management, slot);
        // SETTLE-014: rounded down; long proofs and outputs are their prover's affair; the provers get the rest.
        let share = basis_points(prover_fee, SETTLER_SHARE);
        // SETTLE-024: for those who verified, if anybody can have.
        let can_verify = self.weights(slot).iter().any(|(_, weight)| *weight > 0);
        let held = if can_verify { basis_points(prover_fee, VERIFIER_SHARE) } else { 0 };
        let rest = prover_fee - share - held;
        // COMP-012: each prover for its cycles, rounded down, and the first one gets what remains.
        let cycles = results.iter().fold(U256::ZERO, |sum, result| sum + U256::from(result.cycles));
        let mut parts: Vec<u128> = results
            .iter()
            .map(|result| (U256::from(rest) * U256::from(result.cycles)).checked_div(cycles).unwrap_or_default().to())
            .collect();
        parts[0] += rest - parts.iter().sum::<u128>();
        let (mut to_settler, mut to_provers) = (gas_cost + share, 0);
        for (result, part) in results.iter().zip(parts) {
            let further_segments = result.proof.segments.len().saturating_sub(1) as u128;
            let gas = further_segments * SEGMENT_GAS + result.output.len() as u128 * OUTPUT_BYTE_GAS;
            let length = gas.saturating_mul(gas_price).min(part);
            to_settler += length;
            to_provers += part - length;
            self.credit(result.prover, part - length);
        }
        let paid = gas_cost + prover_fee;
        self.debit(operation.payer(), paid);
        self.credit(settler, to_settler);
        if held > 0 {
            let prover = item.post_operation.prover;
            self.rewards.insert(hash, Reward { held, prover, statement, slot, noted: U256::ZERO });
        }
        Receipt {
            operation_hash: hash,
            success: !calls.is_empty() && calls.iter().all(|(_, made)| made.success),
            calls: calls.into_iter().map(|(call, _)| call).collect(),
            gas,
            gas_price,
            paid,
            prover: to_provers,
            held,
            settler: to_settler,
        }
    }
}

/// So many basis points of an amount, rounded down, without an overflow.
fn basis_points(wei: u128, points: u128) -> u128 {
    wei / 10_000 * points + wei % 10_000 * points / 10_000
}
