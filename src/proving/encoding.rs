//! The encoding of a proof.

use super::{Proof, SegmentProof};
use crate::notation::{Reject, Rejection};
use crate::poseidon::{element_from_bytes, element_to_bytes};
use crate::proof_system::{self, PROOF_BYTES};
use crate::statement::MAX_SEGMENTS;

/// Bytes of a segment's part: its sum and its proof.
pub(super) const SEGMENT_BYTES: usize = 32 + PROOF_BYTES;
/// Bytes before the segments: tier and number of segments.
const HEADER_BYTES: usize = 8;

impl Proof {
    /// The encoding: tier and number of segments (4 bytes each, big-endian), then of each segment its sum (32 bytes,
    /// big-endian) and its proof (192 bytes).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + SEGMENT_BYTES * self.segments.len());
        bytes.extend(self.tier.to_be_bytes());
        bytes.extend((self.segments.len() as u32).to_be_bytes());
        for segment in &self.segments {
            bytes.extend(segment.to_bytes());
        }
        bytes
    }

    /// The proof with this encoding, strictly checked.
    pub fn from_bytes(bytes: &[u8]) -> Result<Proof, Rejection> {
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            let detail = format!("a proof has at least {HEADER_BYTES} bytes, not {}", bytes.len());
            return Err(Rejection::new(Reject::ProofLengthMismatch, bytes.len(), detail));
        };
        let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("four bytes"));
        let (tier, count) = (number(0), number(4));
        // PROVE-002: nothing is read or allocated for more segments than a statement can have.
        if count == 0 || count > MAX_SEGMENTS {
            let detail = format!("a proof has 1 to {MAX_SEGMENTS} segments, not {count}");
            return Err(Rejection::new(Reject::StatementSegmentsOutOfRange, 4, detail));
        }
        // PROVE-002: nothing follows the last segment.
        if rest.len() != SEGMENT_BYTES * count as usize {
            let expected = HEADER_BYTES + SEGMENT_BYTES * count as usize;
            let detail = format!("{count} segments take {expected} bytes, not {}", bytes.len());
            return Err(Rejection::new(Reject::ProofLengthMismatch, bytes.len().min(expected), detail));
        }
        let segments = rest.chunks_exact(SEGMENT_BYTES).enumerate().map(|(index, chunk)| {
            SegmentProof::from_bytes(chunk).map_err(|mut rejection| {
                rejection.offset += HEADER_BYTES + SEGMENT_BYTES * index;
                rejection
            })
        });
        Ok(Proof { tier, segments: segments.collect::<Result<_, Rejection>>()? })
    }

    /// The proof with this encoding beside a statement of so many segments.
    pub fn of_segments(bytes: &[u8], segments: u32) -> Result<Proof, Rejection> {
        // PROVE-007: compared before any point is decoded: a long proof of a short statement costs its reader nothing.
        if let Some(count) = bytes.get(4..HEADER_BYTES).filter(|count| **count != segments.to_be_bytes()) {
            let detail = format!("the proof's number is 0x{}, the statement's {segments:#010x}", hex::encode(count));
            return Err(Rejection::new(Reject::SegmentCountMismatch, 4, detail));
        }
        Proof::from_bytes(bytes)
    }
}

impl SegmentProof {
    /// The encoding: the sum (32 bytes, big-endian) and the proof (192 bytes).
    pub fn to_bytes(&self) -> Vec<u8> {
        [&element_to_bytes(self.sum)[..], &self.proof.to_bytes()].concat()
    }

    /// The segment's part with this encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<SegmentProof, Rejection> {
        if bytes.len() != SEGMENT_BYTES {
            let detail = format!("the part of a segment has {SEGMENT_BYTES} bytes, not {}", bytes.len());
            return Err(Rejection::new(Reject::ProofLengthMismatch, bytes.len().min(SEGMENT_BYTES), detail));
        }
        let (sum, proof) = bytes.split_at(32);
        // PROVE-002: a sum has one encoding, below the modulus. It is a part of the proof, so another one is its prover's fault.
        let sum = element_from_bytes(sum).map_err(|error| Rejection { reason: Reject::SumNotCanonical, ..error })?;
        let proof = proof_system::Proof::from_bytes(proof).map_err(|mut rejection| {
            rejection.offset += 32;
            rejection
        })?;
        Ok(SegmentProof { sum, proof })
    }
}
