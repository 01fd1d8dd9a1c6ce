#![doc = include_str!("../../spec/18-settlement.md")]

mod abi;
mod contract;
mod dispute;
mod leader;
mod reward;
mod settle;
mod stake;

pub use abi::{Selectors, TargetCall, selectors};
pub use contract::{Call, Consensus, SeedProof, Withdrawal};
pub use dispute::{Evidence, Slashed};
pub use leader::{HEADER_SLOT_INDEX, epoch, randao_index, slot_leaf, verify_branch};
pub use reward::Reward;
pub use settle::{CallResult, Item, Receipt};
pub use stake::{Stake, Tenure};

/// Slots of an epoch.
pub const EPOCH_SLOTS: u64 = 32;
/// A unit of stake: 1 ETH, in wei.
pub const STAKE_UNIT: u128 = 1_000_000_000_000_000_000;
/// Units of stake that count for one staker at most, as in EIP-7251.
pub const MAX_WEIGHT: u64 = 2_048;
/// The leader of a slot may settle for so many slots.
pub const LEADER_SLOTS: u64 = 2;
/// So many slots after its ramp began anyone may settle an Operation.
pub const OVERDUE_SLOTS: u64 = 32;
/// From the announcement of a withdrawal to its payment: more than any Operation is valid.
pub const WITHDRAWAL_SLOTS: u64 = 512;
/// From leaving to the payment of a stake: 14 days.
pub const UNBONDING_SLOTS: u64 = 100_800;
/// Evidence is at most so many slots old: a day. The contract reads the hashes of stamp and anchor through EIP-2935,
/// which serves 8,191 blocks.
pub const EVIDENCE_SLOTS: u64 = 7_200;
/// The settler's share of the prover's fee, in basis points.
pub const SETTLER_SHARE: u128 = 500;
/// The share of the prover's fee that is held for those who verified the result, in basis points.
pub const VERIFIER_SHARE: u128 = 500;
/// From settlement until that share is divided.
pub const REWARD_SLOTS: u64 = 512;
/// Gas of each segment of a proof after the first, which the prover pays to the settler: a pair (34,000) and four
/// multiplications with additions (24,600) by EIP-1108, and 416 bytes of calldata.
pub const SEGMENT_GAS: u128 = 67_000;
/// Gas of each byte of output, which the prover pays to the settler, as [`OPERATION_BYTE_GAS`](crate::operation::OPERATION_BYTE_GAS).
pub const OUTPUT_BYTE_GAS: u128 = 60;
/// Gas of a pairing check (EIP-1108).
pub const PAIRING_GAS: u64 = 45_000;
/// Gas of each of its pairs (EIP-1108): one for each segment of a proof, and [`COMMON_PAIRS`] more.
pub const PAIR_GAS: u64 = 34_000;
/// Pairs of the equation of a proof that all of its segments share.
pub const COMMON_PAIRS: u64 = 5;
/// Seats of stakers.
pub const MAX_SEATS: usize = 256;
