//! Both pools, what waits for finality, and what happens to them when the chain moves.

use super::{Addition, Admission, Limits, OperationPool, PostOperationPool};
use crate::notation::json::{Json, hex};
use crate::notation::{B256, Reject, Rejection};
use crate::operation::{ChainView, Operation};
use crate::post_operation::{PostOperation, Verify};
use crate::reputation::Reputation;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A settled Operation whose block is neither final nor old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limbo {
    /// The Operation.
    pub operation: Operation,
    /// The number of the block that settled it.
    pub block_number: u64,
}

/// The pools of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pools {
    /// The limits.
    pub limits: Limits,
    /// The unprocessed Operations.
    pub operations: OperationPool,
    /// The verified results.
    pub post_operations: PostOperationPool,
    /// The settled Operations whose blocks are neither final nor old, by their hash.
    pub limbo: BTreeMap<B256, Limbo>,
}

impl Pools {
    /// Empty pools with these limits.
    pub fn new(limits: Limits) -> Pools {
        Pools { limits, ..Pools::default() }
    }

    /// Admits an Operation from the wire.
    pub fn admit(
        &mut self,
        operation: &Operation,
        view: &ChainView,
        reputation: &Reputation,
    ) -> Result<Admission, Rejection> {
        let hash = operation.hash(view.consensus_contract);
        self.admit_operation(hash, operation, view, reputation, false)
    }

    fn admit_operation(
        &mut self,
        hash: B256,
        operation: &Operation,
        view: &ChainView,
        reputation: &Reputation,
        comes_back: bool,
    ) -> Result<Admission, Rejection> {
        let results = &self.post_operations;
        let is_proven = |hash| results.can_settle(hash, view);
        let admission =
            self.operations.admit(hash, operation, view, reputation, &self.limits, &is_proven, comes_back)?;
        // POOL-018: what has no Operation any more cannot be settled.
        for gone in admission.evicted.iter().chain(&admission.replaced) {
            self.post_operations.remove_operation(*gone);
        }
        Ok(admission)
    }

    /// Adds a PostOperation from the wire.
    pub fn add(
        &mut self,
        post_operation: &PostOperation,
        view: &ChainView,
        reputation: &Reputation,
        verify: Verify,
    ) -> Result<Addition, Rejection> {
        // POOL-012: a result without its Operation cannot be checked.
        let Some(pooled) = self.operations.operations.get(&post_operation.operation_hash) else {
            let detail = post_operation.operation_hash.to_string();
            return Err(Rejection::new(Reject::OperationUnknown, 0, detail));
        };
        let rank = OperationPool::rank_of(pooled, post_operation.operation_hash);
        let operation = &pooled.operation;
        self.post_operations.add(operation, rank, post_operation, view, reputation, &self.limits, verify)
    }

    /// What a block has settled leaves the pools and waits for finality.
    pub fn settled(&mut self, operation_hash: B256, block_number: u64) {
        self.post_operations.remove_operation(operation_hash);
        // POOL-019: until the block is final.
        if let Some(pooled) = self.operations.remove(operation_hash) {
            self.limbo.insert(operation_hash, Limbo { operation: pooled.operation, block_number });
        }
    }

    /// The chain has a new head: what is final is forgotten, and what can no longer be settled goes.
    pub fn head(&mut self, view: &ChainView, finalized_number: u64) -> Vec<B256> {
        // POOL-019: a final settlement is for ever, and of older ones POOL-021 brings nothing back.
        let last = finalized_number.max(view.head_number.saturating_sub(self.limits.reorg_blocks));
        self.limbo.retain(|_, limbo| limbo.block_number > last);
        let gone: Vec<B256> = self.operations.revalidate(view).into_iter().map(|(hash, _)| hash).collect();
        self.drop_results(&gone, view);
        gone
    }

    /// Takes out the results of those of these Operations that are not pooled, and of all others what can no longer be settled.
    fn drop_results(&mut self, gone: &[B256], view: &ChainView) {
        // POOL-018: what has no Operation any more cannot be settled, and what was built on it neither.
        for hash in gone.iter().filter(|hash| !self.operations.operations.contains_key(*hash)) {
            self.post_operations.remove_operation(*hash);
        }
        self.post_operations.revalidate(view, &self.limits);
    }

    /// The chain leaves its branch after block `ancestor`; `view` is the new branch. `kept` are the Operations that the
    /// new branch has settled, with their blocks. What was settled on the lost branch only is admitted again, in the order of
    /// sender and nonce. Gives what came back.
    pub fn reorg(
        &mut self,
        ancestor: u64,
        depth: u64,
        kept: &BTreeMap<B256, u64>,
        view: &ChainView,
        reputation: &Reputation,
    ) -> Vec<B256> {
        let lost: Vec<B256> = self.limbo.iter().filter(|(_, it)| it.block_number > ancestor).map(|it| *it.0).collect();
        let mut orphans = Vec::new();
        for hash in lost {
            match (kept.get(&hash), self.limbo.remove(&hash)) {
                (Some(block_number), Some(limbo)) => {
                    self.limbo.insert(hash, Limbo { block_number: *block_number, ..limbo });
                }
                (None, Some(limbo)) => orphans.push((hash, limbo.operation)),
                (_, None) => {}
            }
        }
        // POOL-019: what only the new branch has settled is still pooled.
        for (hash, block_number) in kept {
            self.settled(*hash, *block_number);
        }
        let gone = self.operations.revalidate(view);
        let left: Vec<B256> = gone.iter().map(|(hash, _)| *hash).collect();
        let mut back = Vec::new();
        // POOL-021: deeper than that, users send again.
        if depth > self.limits.reorg_blocks {
            self.drop_results(&left, view);
            return back;
        }
        // POOL-020: what comes back keeps its results, but those that the new branch has no place for lock nothing meanwhile.
        self.post_operations.revalidate(view, &self.limits);
        // POOL-020: predecessors first, and with them what followed them and was left without.
        orphans.extend(gone);
        orphans.sort_by_key(|(_, operation)| (operation.sender, operation.nonce));
        for (hash, operation) in orphans {
            if let Ok(admission) = self.admit_operation(hash, &operation, view, reputation, true) {
                back.push(admission.hash);
            }
        }
        self.drop_results(&left, view);
        back
    }

    /// The pools as vectors show them.
    pub fn to_json(&self) -> Value {
        let post_operations = self.post_operations.post_operations.values().map(|it| {
            json!({
                "operation": hex(it.post_operation.operation_hash),
                "preRoot": hex(it.post_operation.pre_root),
                "resultId": hex(it.result_id),
                "prover": it.post_operation.prover.to_json(),
                "stamp": hex(it.post_operation.stamp_hash),
                "depth": it.depth.to_json(),
            })
        });
        json!({
            "operations": self.operations.operations.keys().map(hex).collect::<Value>(),
            "slots": self.operations.slots.to_json(),
            "reserved": self.operations.reserved.to_json(),
            "postOperations": post_operations.collect::<Value>(),
            "evidence": self.post_operations.evidence.iter().map(|((operation, pre_root), pair)| {
                let results: Vec<String> = pair.iter().map(|it| hex(it.result_id())).collect();
                json!({"operation": hex(operation), "preRoot": hex(pre_root), "results": results})
            }).collect::<Value>(),
            "limbo": self.limbo.iter().map(|(hash, it)| json!([hex(hash), it.block_number.to_json()])).collect::<Value>(),
        })
    }
}
