#![doc = include_str!("../../spec/11-operation.md")]

pub mod fee;
pub mod rlp;
pub mod signature;

mod chain;
mod types;
mod validity;

pub use chain::{Block, ChainView, ExtensionView};
pub use types::{GasManagement, Operation, WitnessCommitment, domain, wire_hash};
pub use validity::{check, check_fields, check_ramp, check_signatures, check_window, contract_signatures};

/// The first byte of an Operation: its type, as in EIP-2718.
pub const ENVELOPE: u8 = 0x01;
/// Longest Operation on the wire: that of the public input it carries.
pub const MAX_OPERATION_BYTES: usize = 131_072;
/// An Operation is valid for at most so many slots: 51 minutes, four times the time to finality.
pub const VALIDITY_SLOTS: u64 = 256;
/// The anchor is at most so many slots before the end of the validity. The contract reads its hash through EIP-2935,
/// which serves 8,191 blocks.
pub const ANCHOR_SLOTS: u64 = 512;
/// Gas of an item at most. A transaction has 16,777,216 (EIP-7825), of which 21,000 are its own and the call of an item
/// leaves a 64th behind (EIP-150); what remains reads the header and goes through the batch.
pub const MAX_ITEM_GAS: u64 = 16_400_000;
/// Gas of the call is counted with its 31st part: it passes two calls, each of which leaves a 64th behind (EIP-150).
pub const CALL_GAS_DIVISOR: u64 = 31;
/// Longest signature that a contract checks: a settler brings its bytes, and nobody pays for them.
pub const MAX_SIGNATURE_BYTES: usize = 2_048;
/// Gas that a contract account may use to check a signature.
pub const SIGNATURE_GAS: u64 = 200_000;
/// Gas that settlement is paid beside the gas of the call: a proof of one segment (298,200 and its 416 bytes), the
/// storage of nonce, root, deposits and reward, the event, what else stands in the calldata.
pub const SETTLEMENT_GAS: u64 = 500_000;
/// Gas that settlement is paid for each byte of `data` and `sponsor_data`: 40 of calldata (EIP-7623), the rest for hashing
/// them twice and for the public words of the statement.
pub const OPERATION_BYTE_GAS: u64 = 60;
/// The ramp of the prover's fee begins at least so many slots before the end of the validity, so that anybody can settle
/// in the last half of them.
pub const RAMP_END_SLOTS: u64 = 64;
/// Unused gas of a call from which on a tenth of it is charged (ERC-4337).
pub const PENALTY_THRESHOLD_GAS: u64 = 40_000;
