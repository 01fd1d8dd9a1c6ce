//! The hash of two field elements in memory.

use crate::notation::Trap;
use crate::poseidon::{Fr, two_to_one};
use ark_ff::{BigInt, PrimeField};

/// Number of 64-bit words of an element.
pub const ELEMENT_WORDS: usize = 4;

/// The byte ranges in a memory of so many bytes from which `poseidon` reads two elements and to which it writes one.
pub fn hash_ranges(memory: usize, input: u64, output: u64) -> Result<(usize, usize), Trap> {
    // HOST-017: an element is four whole words of the memory.
    if !input.is_multiple_of(8) || !output.is_multiple_of(8) {
        return Err(Trap::UnalignedAddress);
    }
    let fits = |address: u64, words: usize| address.saturating_add(8 * words as u64) <= memory as u64;
    // HOST-018: both ranges are checked before anything is read or written.
    if !fits(input, 2 * ELEMENT_WORDS) || !fits(output, ELEMENT_WORDS) {
        return Err(Trap::OutOfBoundsMemoryAccess);
    }
    Ok((input as usize, output as usize))
}

/// HOST-016: the words of the hash of two elements, whose words these are, the lowest first.
pub fn hash_words(words: &[u64; 2 * ELEMENT_WORDS]) -> Result<[u64; ELEMENT_WORDS], Trap> {
    let [left, right] = [0, ELEMENT_WORDS].map(|first| {
        let limbs = std::array::from_fn(|index| words[first + index]);
        // HOST-019: a number beyond the modulus would be another name of an element.
        Fr::from_bigint(BigInt(limbs)).ok_or(Trap::ElementNotCanonical)
    });
    Ok(two_to_one(left?, right?).into_bigint().0)
}
