#![doc = include_str!("../../spec/20-native-transaction.md")]

mod apply;
mod types;

pub use apply::{NativeReceipt, NativeState, apply, check, intrinsic_gas};
pub use types::MiddleOpTx;

/// The type of the transaction (EIP-2718); provisional. 0x00 to 0x04 are taken.
pub const TRANSACTION_TYPE: u8 = 0x4d;
/// Gas of any transaction.
pub const BASE_GAS: u64 = 21_000;
/// Gas of a zero byte of the transaction (EIP-2028).
pub const ZERO_BYTE_GAS: u64 = 4;
/// Gas of another byte (EIP-2028).
pub const BYTE_GAS: u64 = 16;
/// Gas of verifying a proof of type 1: pairings, challenges and the statement's cells.
pub const PROOF_GAS: u64 = 250_000;
/// Gas of each of its segments.
pub const PROOF_SEGMENT_GAS: u64 = 60_000;
