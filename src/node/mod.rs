#![doc = include_str!("../../spec/19-node.md")]

mod composition;
mod items;
pub mod simulation;

pub use composition::{Action, Event, Node};
pub use items::Items;

/// Wire hashes of rejected messages that a node remembers.
pub const MAX_REJECTED: usize = 16_384;
/// Results about which a node collects verdicts.
pub const MAX_COLLECTED: usize = 1_024;
/// Verdicts for which a node asks a peer in a slot: half of the quota, since the peer may be a slot behind.
pub const MAX_ASKED_PER_SLOT: u32 = 8;
/// Conflicts whose results a node keeps.
pub const MAX_EVIDENCE: usize = 64;
/// PostOperations that wait for a block or an Operation.
pub const MAX_WAITING: usize = 256;
/// Those of them that one peer has sent.
pub const MAX_WAITING_OF_PEER: usize = 16;
