#![doc = include_str!("../../spec/07-proof-system.md")]

pub mod example;
pub mod poseidon;

mod cache;
mod challenge;
mod encoding;
mod json;
mod keys;
mod prover;
mod qap;
mod snarkjs;
mod system;
mod verifier;

pub use cache::{CacheError, Origin, cached_insecure_setup};
pub use challenge::{Challenges, Commitment, Transcript, draw};
pub use encoding::{
    G1_BYTES, G2_BYTES, PROOF_BYTES, VANILLA_PROOF_BYTES, point_from_bytes, point_to_bytes, vanilla_proof_from_bytes,
    vanilla_proof_to_bytes,
};
pub use keys::{KeyStep, ProvingKey, VerifyingKey, insecure_setup, setup};
pub use prover::{Committed, ProveError, commit, prove, prove_vanilla, prove_with_public, resume};
pub use qap::{PlainReduction, domain_size};
pub use snarkjs::{snarkjs_proof, snarkjs_public, snarkjs_verifying_key};
pub use system::{Change, Circuit, EarlyLinear, EarlyWire, LateSystem, Linear, Shape, System, Wire, assignment};
pub use verifier::{Prepared, Proof, Segment, Verifier};
