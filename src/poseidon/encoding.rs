//! Field elements as bytes.

use super::Fr;
use crate::notation::{Reject, Rejection};
use ark_ff::{BigInt, BigInteger, PrimeField};

/// Bytes of the encoding of a field element.
pub const FIELD_ELEMENT_BYTES: usize = 32;

/// The encoding of a field element: a big-endian number below the modulus.
pub fn element_to_bytes(element: Fr) -> [u8; FIELD_ELEMENT_BYTES] {
    let mut bytes = [0; FIELD_ELEMENT_BYTES];
    bytes.copy_from_slice(&element.into_bigint().to_bytes_be());
    bytes
}

/// The field element that these bytes encode.
pub fn element_from_bytes(bytes: &[u8]) -> Result<Fr, Rejection> {
    let Ok(bytes) = <&[u8; FIELD_ELEMENT_BYTES]>::try_from(bytes) else {
        return Err(wrong_length(bytes.len()));
    };
    decode(bytes, 0)
}

/// The field elements that these bytes encode one after the other.
pub fn elements_from_bytes(bytes: &[u8]) -> Result<Vec<Fr>, Rejection> {
    let (chunks, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(wrong_length(bytes.len()));
    }
    chunks.iter().enumerate().map(|(index, chunk)| decode(chunk, index * FIELD_ELEMENT_BYTES)).collect()
}

// POSEIDON-001: a shorter encoding could be padded at either end, so it is refused, not completed.
fn wrong_length(length: usize) -> Rejection {
    Rejection::new(Reject::FieldElementLength, 0, format!("{length} bytes are no whole number of field elements"))
}

fn decode(bytes: &[u8; FIELD_ELEMENT_BYTES], offset: usize) -> Result<Fr, Rejection> {
    let mut limbs = [0; 4];
    // The limbs of a `BigInt` begin with the lowest.
    for (limb, bytes) in limbs.iter_mut().rev().zip(bytes.as_chunks().0) {
        *limb = u64::from_be_bytes(*bytes);
    }
    // POSEIDON-002: two encodings of one element would let one statement have two hashes of its bytes.
    Fr::from_bigint(BigInt(limbs)).ok_or_else(|| {
        Rejection::new(Reject::FieldElementNotCanonical, offset, "the number is not below the field's modulus")
    })
}
