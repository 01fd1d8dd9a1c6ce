#![doc = include_str!("../../spec/20-native-transaction.md")]

mod apply;
mod types;

pub use apply::{NativeReceipt, apply, intrinsic_gas};
pub use types::MiddleOpTx;

/// The type of the transaction (EIP-2718); provisional. 0x00 to 0x04 are taken.
pub const TRANSACTION_TYPE: u8 = 0x4d;
/// Gas of any transaction.
pub const BASE_GAS: u64 = 21_000;
/// Tokens of a byte of the transaction that is not zero; a zero byte has one (EIP-7623).
pub const TOKENS_PER_BYTE: u64 = 4;
/// Gas of a token (EIP-2028).
pub const TOKEN_GAS: u64 = 4;
/// The least gas of a token (EIP-7623).
pub const FLOOR_TOKEN_GAS: u64 = 10;
/// Gas of verifying a proof of type 1 beside that of its segments: the pairs and multiplications that they share.
pub const PROOF_GAS: u64 = 250_000;
/// Gas of each of its segments: a pair and four multiplications with additions (EIP-1108).
pub const PROOF_SEGMENT_GAS: u64 = 60_000;
/// Most gas of a transaction (EIP-7825).
pub const MAX_TRANSACTION_GAS: u64 = 16_777_216;
