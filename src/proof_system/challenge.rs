//! The challenges: drawn by hashing everything that a proof is about, after the commitments are fixed.

use super::encoding::point_to_bytes;
use super::keys::VerifyingKey;
use super::verifier::{Prepared, count};
use crate::notation::{B256, Rejection, keccak256};
use crate::poseidon::element_to_bytes;
use alloy_primitives::Keccak256;
use ark_bn254::{Fr, G1Affine};
use ark_ff::PrimeField;

/// The domain of the challenges' hash.
const CHALLENGE_DOMAIN: &[u8] = b"middle-client committed-groth16 challenge v1";

/// What the challenges depend on beside key and commitments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transcript<'a> {
    /// The tier: which of several keys' circuits.
    pub tier: u32,
    /// The encoding of the statement.
    pub statement: &'a [u8],
}

/// What the challenges of a proof wait for: the commitment, and the public inputs of phase 1 that are no constants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// The point D.
    pub point: G1Affine,
    /// The public inputs.
    pub public: Vec<Fr>,
}

/// Challenges and the commitments that they are for. Nothing but [`draw`] makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenges {
    pub(super) values: Vec<Fr>,
    pub(super) commitments: Vec<Commitment>,
    pub(super) key_digest: B256,
    pub(super) seed: B256,
}

impl Challenges {
    /// The values.
    pub fn values(&self) -> &[Fr] {
        &self.values
    }

    /// The commitments that they are for, in order.
    pub fn commitments(&self) -> &[Commitment] {
        &self.commitments
    }

    /// The hash from which the values are expanded.
    pub fn seed(&self) -> B256 {
        self.seed
    }
}

/// PROOF-007: hashes, in this order, domain, key digest, tier, number of segments, prepared point, length of the
/// statement, statement and, of each segment, public inputs and commitment. The key fixes the number of the inputs, so
/// every part has a fixed length or is preceded by its length.
pub fn draw(
    key: &VerifyingKey,
    prepared: &Prepared,
    transcript: &Transcript<'_>,
    commitments: &[Commitment],
) -> Result<Challenges, Rejection> {
    for commitment in commitments {
        count("public inputs", commitment.public.len(), key.public - key.constants)?;
    }
    let mut hasher = Keccak256::new();
    hasher.update(CHALLENGE_DOMAIN);
    hasher.update(prepared.key_digest);
    hasher.update(transcript.tier.to_be_bytes());
    hasher.update((commitments.len() as u32).to_be_bytes());
    hasher.update(point_to_bytes(&prepared.point));
    hasher.update((transcript.statement.len() as u64).to_be_bytes());
    hasher.update(transcript.statement);
    for commitment in commitments {
        commitment.public.iter().for_each(|value| hasher.update(element_to_bytes(*value)));
        hasher.update(point_to_bytes(&commitment.point));
    }
    let seed = hasher.finalize();
    Ok(Challenges {
        values: expand(seed, key.challenges),
        commitments: commitments.to_vec(),
        key_digest: prepared.key_digest,
        seed,
    })
}

/// PROOF-008: the field elements of a seed: of each the 512 bits of two hashes, reduced, so that its distance from
/// uniform is below 2^-256.
pub(super) fn expand(seed: B256, count: u32) -> Vec<Fr> {
    let hash = |index: u32, half: u8| {
        let mut input = seed.to_vec();
        input.extend(index.to_be_bytes());
        input.push(half);
        keccak256(input)
    };
    (0..count).map(|index| Fr::from_be_bytes_mod_order(&[hash(index, 0).0, hash(index, 1).0].concat())).collect()
}
