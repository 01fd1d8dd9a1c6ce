#![doc = include_str!("../../spec/15-pools.md")]

mod operations;
mod post_operations;
mod state;

pub use operations::{Admission, OperationPool, PooledOperation, Rank};
pub use post_operations::{Addition, PooledPostOperation, PostOperationPool};
pub use state::{Limbo, Pools};

use crate::json_fields;

/// Segments of a proof whose prover has no stake, at most.
pub const MAX_UNSTAKED_SEGMENTS: usize = 16;

/// The limits of the pools. Vectors use smaller ones, so that they stay readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Slots of the Operation pool.
    pub slots: u64,
    /// Bytes of a slot.
    pub slot_bytes: u64,
    /// Operations of one sender.
    pub sender_operations: u64,
    /// Operations of an extension that are looked at when some of them have to make way: those of the least rank.
    pub extension_candidates: u64,
    /// PostOperations in all.
    pub post_operations: u64,
    /// Pooled results of one lane that build on each other.
    pub lane_depth: u64,
    /// The deepest re-org, in blocks, after which settled Operations are put back.
    pub reorg_blocks: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            slots: 5_120,
            slot_bytes: 32_768,
            sender_operations: 4,
            extension_candidates: 64,
            post_operations: 4_096,
            lane_depth: 16,
            reorg_blocks: 64,
        }
    }
}

json_fields!(
    Limits: slots, slot_bytes, sender_operations, extension_candidates, post_operations, lane_depth, reorg_blocks
);
