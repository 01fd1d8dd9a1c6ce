#![doc = include_str!("../../spec/10-proving.md")]

mod custom;
mod encoding;
mod extension;
mod file;
mod keys;
mod prover;
mod verifier;

pub use custom::{CUSTOM_NAME, CUSTOM_TIER, CUSTOM_WARNING, CustomKey, insecure_custom_key};
pub use extension::{Extension, Prepared};
pub use file::ProofFile;
pub use keys::{
    Published, SETUP_SEED, TierVerifier, Tiers, cached_verifying_key, insecure_tier_key, published, tier_name,
    verifying_key_path,
};
pub use prover::{Job, Phase, Progress, ProveError, Randomness, Segment, commit_segment, needs, prove, prove_segment};
pub use verifier::verify;

use crate::proof_system;
use ark_bn254::Fr;

/// PROVE-001: a proof of a statement is one proof for each segment, with the segment's sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The tier.
    pub tier: u32,
    /// The segments' proofs, in order.
    pub segments: Vec<SegmentProof>,
}

/// The proof of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentProof {
    /// The sum of the fractions of the segment's tuples and of its mask.
    pub sum: Fr,
    /// The proof.
    pub proof: proof_system::Proof,
}
