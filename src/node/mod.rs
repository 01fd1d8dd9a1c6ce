#![doc = include_str!("../../spec/19-node.md")]

mod composition;
pub mod simulation;

pub use composition::{Action, Event, Node};

/// Wire hashes of rejected messages that a node remembers.
pub const MAX_REJECTED: usize = 16_384;
/// PostOperations that wait for a block or an Operation.
pub const MAX_WAITING: usize = 256;
