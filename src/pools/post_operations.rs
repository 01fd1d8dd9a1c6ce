//! The pool of verified PostOperations.

use super::operations::check_settling;
use super::{Limits, MAX_UNSTAKED_SEGMENTS, Rank};
use crate::composition::children;
use crate::notation::{B256, Outcome, Reject, Rejection};
use crate::operation::{ChainView, Operation};
use crate::post_operation::{PostOperation, Verify, check, check_stamp, needs_renewal};
use crate::reputation::{Entity, Reputation};
use alloy_primitives::U256;
use std::collections::{BTreeMap, BTreeSet};

/// A PostOperation in the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PooledPostOperation {
    /// The PostOperation.
    pub post_operation: PostOperation,
    /// The lane of its Operation.
    pub lane: U256,
    /// What it says, by name.
    pub result_id: B256,
    /// The number of pooled results of its lane that it builds on, itself included.
    pub depth: u64,
    /// Whether it claims children, and so cannot be settled with what is pooled.
    pub claims_children: bool,
    /// The rank of its Operation.
    pub rank: Rank,
}

/// What adding did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addition {
    /// It is in the pool; if a worse one of the same Operation and root was, it has taken its place.
    Added {
        /// The results that had to go, by Operation and root.
        evicted: Vec<(B256, B256)>,
    },
    /// It has taken the place of the same result with an older stamp.
    Renewed,
    /// It contradicts a pooled one, and both are evidence.
    Conflict {
        /// The extension, which is quarantined.
        extension_id: B256,
        /// The name of the pooled result.
        pooled: B256,
        /// The name of the other one.
        other: B256,
    },
}

/// The pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostOperationPool {
    /// The PostOperations by the hash of their Operation and the pre-state root.
    pub post_operations: BTreeMap<(B256, B256), PooledPostOperation>,
    /// The pairs of valid results that contradict each other, by the same key.
    pub evidence: BTreeMap<(B256, B256), [PostOperation; 2]>,
    by_rank: BTreeSet<(Rank, B256)>,
    /// The pooled results of a lane that change its root, by the root that they leave and their depth.
    by_post_root: BTreeSet<(Root, u64, (B256, B256))>,
}

/// An extension, a lane, and a root of it.
type Root = (B256, U256, B256);

fn refuse<T>(reason: Reject, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(reason, 0, detail))
}

fn reads_witness(extension_id: B256, view: &ChainView) -> bool {
    view.extensions.get(&extension_id).is_some_and(|extension| extension.reads_witness)
}

impl PostOperationPool {
    /// Whether an Operation has a result in the pool.
    pub fn has(&self, operation_hash: B256) -> bool {
        self.post_operations.range((operation_hash, B256::ZERO)..=(operation_hash, B256::repeat_byte(0xff))).count() > 0
    }

    /// Whether an Operation has a result in the pool whose tier is prepared, and which claims no children.
    pub fn can_settle(&self, operation_hash: B256, view: &ChainView) -> bool {
        let range = (operation_hash, B256::ZERO)..=(operation_hash, B256::repeat_byte(0xff));
        // POOL-007: the results of children are in no pool.
        self.post_operations.range(range).any(|(_, it)| !it.claims_children && is_prepared(&it.post_operation, view))
    }

    /// Adds a PostOperation about a pooled Operation of this rank.
    #[allow(clippy::too_many_arguments, reason = "a handler has what it depends on as arguments")]
    pub fn add(
        &mut self,
        operation: &Operation,
        rank: Rank,
        post_operation: &PostOperation,
        view: &ChainView,
        reputation: &Reputation,
        limits: &Limits,
        verify: Verify,
    ) -> Result<Addition, Rejection> {
        let key = (post_operation.operation_hash, post_operation.pre_root);
        // REP-008: who is banned proves in vain.
        reputation.check(Entity::Prover(post_operation.prover), view.slot)?;
        check_settling(operation.extension_id, view)?;
        // POOL-023: who makes others verify for long has something to lose.
        let segments = post_operation.proof.segments.len();
        if segments > MAX_UNSTAKED_SEGMENTS && !view.is_staked(post_operation.prover) {
            return refuse(Reject::ProverUnstaked, format!("{segments} segments"));
        }
        let result_id = post_operation.result_id();
        let pooled = self.post_operations.get(&key);
        let is_better = pooled.is_some_and(|old| is_better(post_operation, &old.post_operation, view));
        let renews = match pooled {
            // POOL-014: the same from another prover adds nothing, unless it is cheaper to settle.
            Some(old) if old.result_id == result_id => {
                if !is_better && !renews(post_operation, &old.post_operation, view) {
                    return refuse(Reject::AlreadyKnown, "this result is pooled");
                }
                !is_better
            }
            // POOL-022: another witness is no contradiction; which one counts is decided where it settles.
            Some(_) if reads_witness(operation.extension_id, view) && !is_better => {
                return refuse(Reject::AlreadyKnown, "a result with another witness is pooled");
            }
            _ => false,
        };
        // POOL-015: a pair is evidence enough.
        if self.evidence.contains_key(&key) {
            return refuse(Reject::AlreadyKnown, "the conflict is known");
        }
        let depth = match pooled {
            Some(pooled) => pooled.depth,
            None => self.depth(operation, post_operation.pre_root, view, limits)?,
        };
        let victims = match pooled {
            Some(_) => Vec::new(),
            None => self.find_victims(operation, depth, rank, limits)?,
        };
        // POOL-014: the same proof of the same statement has been verified.
        let is_verified = renews && pooled.is_some_and(|old| old.post_operation.proof == post_operation.proof);
        check(operation, post_operation, view, if is_verified { &|_, _| Ok(()) } else { verify })?;

        let contradicts =
            |old: &&PooledPostOperation| old.result_id != result_id && !reads_witness(operation.extension_id, view);
        if let Some(pooled) = pooled.filter(contradicts) {
            // POOL-016: two valid results of the same inputs: nobody is to blame, but the extension stops.
            let conflict =
                Addition::Conflict { extension_id: operation.extension_id, pooled: pooled.result_id, other: result_id };
            self.evidence.insert(key, [pooled.post_operation.clone(), post_operation.clone()]);
            self.remove_extension(operation.extension_id);
            return Ok(conflict);
        }
        for victim in &victims {
            self.remove(*victim);
        }
        self.remove(key);
        self.by_rank.insert((rank, key.1));
        let (lane, claims_children) = (operation.lane, claims_children(post_operation));
        let post_operation = post_operation.clone();
        let pooled = PooledPostOperation { post_operation, lane, result_id, depth, claims_children, rank };
        self.by_post_root.extend(pooled.new_root().map(|root| (root, depth, key)));
        self.post_operations.insert(key, pooled);
        Ok(if renews { Addition::Renewed } else { Addition::Added { evicted: victims } })
    }

    /// The depth of a result with this pre-state root.
    fn depth(
        &self,
        operation: &Operation,
        pre_root: B256,
        view: &ChainView,
        limits: &Limits,
    ) -> Result<u64, Rejection> {
        let (id, lane) = (operation.extension_id, operation.lane);
        // POOL-024: on the lane's root, or on a pooled result that leaves it.
        if view.root(id, lane) == pre_root {
            return Ok(1);
        }
        let root = (id, lane, pre_root);
        let Some((_, least, _)) =
            self.by_post_root.range((root, 0, (B256::ZERO, B256::ZERO))..).next().filter(|it| it.0 == root)
        else {
            return refuse(Reject::PreRootUnknown, pre_root.to_string());
        };
        // POOL-013: bounded, since all of it falls with the first.
        match least + 1 {
            depth if depth > limits.lane_depth => refuse(Reject::LaneTooDeep, format!("depth {depth}")),
            depth => Ok(depth),
        }
    }

    /// The PostOperations that make room for one of this depth and rank.
    fn find_victims(
        &self,
        operation: &Operation,
        depth: u64,
        rank: Rank,
        limits: &Limits,
    ) -> Result<Vec<(B256, B256)>, Rejection> {
        // POOL-017: the least goes, if it is less.
        if (self.post_operations.len() as u64) < limits.post_operations {
            return Ok(Vec::new());
        }
        let Some((least, pre_root)) = self.by_rank.first().filter(|(least, _)| *least < rank) else {
            return refuse(Reject::PoolFull, "nothing of less rank makes room");
        };
        let victim = (least.hash, *pre_root);
        let of_victim = &self.post_operations[&victim];
        let lane = (of_victim.post_operation.extension_id, of_victim.lane);
        // POOL-017: it may carry the new one. To find out would take a walk through the lane, and no signature is checked yet.
        match depth > 1 && lane == (operation.extension_id, operation.lane) {
            true => refuse(Reject::PoolFull, "the one of least rank is of its lane"),
            false => Ok(vec![victim]),
        }
    }

    /// Takes a PostOperation out of the pool.
    pub fn remove(&mut self, key: (B256, B256)) -> Option<PooledPostOperation> {
        let pooled = self.post_operations.remove(&key)?;
        self.by_rank.remove(&(pooled.rank, key.1));
        if let Some(root) = pooled.new_root() {
            self.by_post_root.remove(&(root, pooled.depth, key));
        }
        Some(pooled)
    }

    /// Takes out all results of an Operation.
    pub fn remove_operation(&mut self, operation_hash: B256) {
        let range = (operation_hash, B256::ZERO)..=(operation_hash, B256::repeat_byte(0xff));
        let keys: Vec<_> = self.post_operations.range(range).map(|(key, _)| *key).collect();
        for key in keys {
            self.remove(key);
        }
    }

    fn remove_extension(&mut self, id: B256) {
        let of_extension = self.post_operations.iter().filter(|(_, it)| it.post_operation.extension_id == id);
        let keys: Vec<_> = of_extension.map(|(key, _)| *key).collect();
        for key in keys {
            self.remove(key);
        }
    }

    /// Takes out what can no longer be settled as the chain is now: stale stamps, lost lanes. Depths are found anew.
    pub fn revalidate(&mut self, view: &ChainView, limits: &Limits) {
        let mut by_pre_root: BTreeMap<_, Vec<(B256, B256)>> = BTreeMap::new();
        let mut roots = BTreeSet::new();
        for (key, pooled) in &self.post_operations {
            let (result, lane) = (&pooled.post_operation, pooled.lane);
            let id = result.extension_id;
            // POOL-018: the stamp, the extension, and below the way from the lane's root.
            if check_stamp(result.stamp_hash, view).is_ok() && check_settling(id, view).is_ok() {
                by_pre_root.entry((id, lane, result.pre_root)).or_default().push(*key);
                roots.insert((id, lane, view.root(id, lane)));
            }
        }
        let mut depths = BTreeMap::new();
        for depth in 1..=limits.lane_depth {
            // Each root is taken once, so roots that lead to each other carry nobody.
            let keys: Vec<_> = roots.iter().filter_map(|root| by_pre_root.remove(root)).flatten().collect();
            roots = keys.iter().filter_map(|key| self.post_operations[key].new_root()).collect();
            depths.extend(keys.into_iter().map(|key| (key, depth)));
        }
        let gone: Vec<_> = self.post_operations.keys().filter(|key| !depths.contains_key(*key)).copied().collect();
        for key in gone {
            self.remove(key);
        }
        self.by_post_root.clear();
        for (key, pooled) in &mut self.post_operations {
            pooled.depth = depths[key];
            self.by_post_root.extend(pooled.new_root().map(|root| (root, pooled.depth, *key)));
        }
    }
}

impl PooledPostOperation {
    /// The root that it leaves, with extension and lane, if it is another one than it began with.
    fn new_root(&self) -> Option<Root> {
        let result = &self.post_operation;
        // POOL-024: what leaves the root as it was is nobody's parent, and so not its own.
        (result.post_root != result.pre_root).then_some((result.extension_id, self.lane, result.post_root))
    }
}

/// Whether the registry has what the contract needs to verify a result.
fn is_prepared(result: &PostOperation, view: &ChainView) -> bool {
    view.extensions.get(&result.extension_id).is_some_and(|known| known.prepared.contains(&result.proof.tier))
}

/// Whether a result settles with those of its children only.
fn claims_children(result: &PostOperation) -> bool {
    // COMP-001: an accepted output with the mark; a claim that cannot be read is none that could be settled.
    result.outcome() == Ok(Outcome::Accepted) && !children(&result.output).is_ok_and(|claimed| claimed.is_empty())
}

/// Whether a result can be settled where the pooled one cannot, or for less gas.
fn is_better(new: &PostOperation, old: &PostOperation, view: &ChainView) -> bool {
    // POOL-014: prepared first, then the number of segments.
    match (is_prepared(new, view), is_prepared(old, view)) {
        (true, false) => true,
        (false, true) => false,
        _ => new.proof.segments.len() < old.proof.segments.len(),
    }
}

/// Whether a prover stands for its pooled result again.
fn renews(new: &PostOperation, old: &PostOperation, view: &ChainView) -> bool {
    let number = |stamp: B256| view.blocks.get(&stamp).map(|block| block.number);
    // POOL-014: not with every block.
    old.prover == new.prover && number(old.stamp_hash) < number(new.stamp_hash) && needs_renewal(old.stamp_hash, view)
}
