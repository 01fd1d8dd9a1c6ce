#![doc = include_str!("../../spec/01-notation.md")]

pub mod json;

mod outcome;
mod reject;

pub use outcome::{Execution, Outcome, Trap};
pub use reject::{Reject, Rejection, Stage};

pub use alloy_primitives::{B256, keccak256};

// NOTE-001: the end of a byte string is not visible in its words; functions that need it take a length.
/// Word `index` of a byte string: the little-endian value of bytes `8 * index` to `8 * index + 7`, where bytes past
/// the end are zero.
pub fn word(bytes: &[u8], index: u64) -> u64 {
    let start = usize::try_from(index).ok().and_then(|i| i.checked_mul(8)).unwrap_or(usize::MAX).min(bytes.len());
    let end = start.saturating_add(8).min(bytes.len());
    let mut word = [0; 8];
    word[..end - start].copy_from_slice(&bytes[start..end]);
    u64::from_le_bytes(word)
}
