#![doc = include_str!("../../spec/06-poseidon.md")]

pub mod gadget;

mod encoding;
mod grain;
mod hash;
mod parameters;

pub use ark_bn254::Fr;
pub use encoding::{FIELD_ELEMENT_BYTES, element_from_bytes, element_to_bytes, elements_from_bytes};
pub use hash::{Domain, hash, hash_with, sponge, sponge_with, two_to_one};
pub use parameters::{FULL_ROUNDS, MAX_INPUTS, PARTIAL_ROUNDS, Parameters, SPONGE_RATE, Width};
