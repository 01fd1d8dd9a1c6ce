#![doc = include_str!("../../spec/13-post-operation.md")]

mod check;
mod proof;
mod types;

pub use check::{Verify, check, check_stamp, needs_renewal};
pub use proof::Keys;
pub use types::{PostOperation, Proof, signing_hash, statement};

/// The first byte of a PostOperation.
pub const ENVELOPE: u8 = 0x02;
/// Longest PostOperation on the wire: the largest proof, the largest output and room for the rest.
pub const MAX_POST_OPERATION_BYTES: usize = MAX_PROOF_BYTES + 65_536 + 1_024;
/// Longest proof: 240 segments of 224 bytes with their headers are less.
pub const MAX_PROOF_BYTES: usize = 65_536;
/// Gas that calldata and verification of a segment take at least, beside the first, which is part of the settlement.
pub const RESULT_SEGMENT_GAS: u64 = 65_256;
/// A proof of the proof system of the chapter of that name. Types and proof systems are one enumeration: a new one is a
/// new number, and extensions that are registered with it.
pub const PROOF_COMMITTED_GROTH16: u8 = 1;
/// A stamp is at most so many blocks behind the head.
pub const MAX_STAMP_AGE: u64 = 9;
/// A prover renews a stamp of this age.
pub const RENEWAL_AGE: u64 = 5;
