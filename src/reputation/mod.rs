#![doc = include_str!("../../spec/14-reputation.md")]

mod counters;
mod state;

pub use counters::{Counter, Counters, Status};
pub use state::{Entity, Place, Record, Reputation, counts_against};

/// Counters decay once in so many slots: an hour.
pub const DECAY_SLOTS: u64 = 300;
/// The first ban lasts so many slots: a day.
pub const BAN_SLOTS: u64 = 7_200;
/// A ban is at most so many times doubled: 1,024 days.
pub const MAX_BAN_DOUBLINGS: u32 = 10;
/// A record without counters is forgotten so long after its last ban has ended: 30 days.
pub const MEMORY_SLOTS: u64 = 216_000;
/// Records that a node keeps; names of entities cost nothing, memory does.
pub const MAX_RECORDS: usize = 65_536;
/// Operations of an extension, or of an unstaked sponsor, that a pool holds before its inclusions count (ERC-7562).
pub const UNSTAKED_OPERATIONS: u64 = 10;
/// Operations of a throttled entity that a pool holds (ERC-7562).
pub const THROTTLED_OPERATIONS: u64 = 4;
/// Inclusions that count towards the number of Operations that a pool holds (ERC-7562).
pub const MAX_COUNTED_INCLUSIONS: u64 = 10_000;
