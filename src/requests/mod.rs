#![doc = include_str!("../../spec/21-requests.md")]

mod handle;

pub use handle::{Library, handle};

/// Cycles that estimating executes at most.
pub const MAX_ESTIMATED_CYCLES: u64 = 10_000_000;
