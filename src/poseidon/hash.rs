//! Hashes of a fixed number of field elements, and of any number.

use super::{Fr, Parameters, SPONGE_RATE, Width};
use crate::notation::{Reject, Rejection};
use ark_ff::AdditiveGroup;
use std::num::NonZeroU64;

/// What a sponge is used for: hashes of different domains never meet. Zero is left to [`hash`], whose capacity starts
/// as zero.
pub type Domain = NonZeroU64;

/// The hash of 1 to 16 field elements: circomlib's `poseidon`.
pub fn hash(inputs: &[Fr]) -> Result<Fr, Rejection> {
    hash_with(inputs, Parameters::permute)
}

/// The hash of two field elements: a node of a Merkle tree.
pub fn two_to_one(left: Fr, right: Fr) -> Fr {
    // POSEIDON-009: the hash of these two.
    let mut state = [Fr::ZERO, left, right];
    Parameters::of(Width::TWO_TO_ONE).permute(&mut state);
    state[0]
}

/// The hash of any number of field elements in a domain.
pub fn sponge(domain: Domain, inputs: &[Fr]) -> Fr {
    sponge_with(domain, inputs, Parameters::permute)
}

/// [`hash`] with a permutation that may record what it does.
pub fn hash_with(inputs: &[Fr], permute: impl FnOnce(&Parameters, &mut [Fr])) -> Result<Fr, Rejection> {
    let width = hash_width(inputs.len())?;
    let mut state = [&[Fr::ZERO], inputs].concat();
    permute(Parameters::of(width), &mut state);
    Ok(state[0])
}

/// [`sponge`] with a permutation that may record what it does.
pub fn sponge_with(domain: Domain, inputs: &[Fr], mut permute: impl FnMut(&Parameters, &mut [Fr])) -> Fr {
    let mut state = [Fr::ZERO; SPONGE_RATE + 1];
    state[0] = sponge_capacity(domain, inputs.len());
    for block in 0..sponge_blocks(inputs.len()) {
        // POSEIDON-011: what is missing in the last block is zero; the length in the capacity tells it from inputs.
        for (element, input) in state[1..].iter_mut().zip(&inputs[block * SPONGE_RATE..]) {
            *element += input;
        }
        permute(Parameters::of(Width::SPONGE), &mut state);
    }
    state[1]
}

/// The width of the permutation that hashes this number of inputs.
pub(super) fn hash_width(inputs: usize) -> Result<Width, Rejection> {
    // POSEIDON-008: there are no published parameters for other numbers.
    Width::from_rate(inputs)
        .ok_or_else(|| Rejection::new(Reject::PoseidonInputCount, 0, format!("a hash of {inputs} inputs, not 1 to 16")))
}

/// The capacity with which a sponge starts.
pub(super) fn sponge_capacity(domain: Domain, inputs: usize) -> Fr {
    // POSEIDON-010: no two pairs of domain and length share a capacity, and none is zero.
    Fr::from(u128::from(domain.get()) << 64 | inputs as u128)
}

/// The number of permutations of a sponge: one even for no input, so that the output is never a constant of the caller.
pub(super) fn sponge_blocks(inputs: usize) -> usize {
    inputs.div_ceil(SPONGE_RATE).max(1)
}
