//! The cells of the witness input, which the prover chooses: its words and its length.

use super::audit::{AuditCell, Cell, begin, memory};
use crate::canonical_code::{Space, WITNESS_LENGTH};
use crate::circuit::builder::{Builder, constant, linear, times};
use crate::circuit::bus::{Bus, Challenge, Tuple, pow2};
use crate::circuit::entry::address;
use crate::circuit::tables::power_entry;
use crate::host_interface::MAX_WITNESS_BYTES;
use crate::proof_system::EarlyLinear;
use ark_bn254::Fr;
use ark_ff::{Field, Zero};

/// Bits of a number of words of the witness input.
const WITNESS_WORD_BITS: u32 = 18;

/// A witness input's length and how often its number of words is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessLength {
    /// The row of the cell that holds it.
    pub cell: AuditCell,
    /// The number of rows of witness cells.
    pub rows: u64,
}

/// The words of a witness input of this many bytes, and 2 to the number of spare bits of the last one.
pub fn witness_words(length: u64) -> (u64, Fr) {
    let words = length.div_ceil(8);
    (words, pow2((8 * (8 * words - length)) as u32))
}

/// The chip `witness`: a word of the witness input, which the prover chooses. It is below the number of words, and the
/// spare bytes of the last word are zero.
pub(in crate::circuit) fn witness(builder: &mut Builder, row: Option<&AuditCell>, length: u64) {
    let Cell { active, address: place, address_product, initial, last_time } = begin(builder, row);
    let (words, spare) = if row.is_some() { witness_words(length) } else { (0, Fr::zero()) };
    let words = builder.wire(Fr::from(words));
    let spare = builder.wire(spare);
    let index = linear(place) - times(active, Fr::from(address(Space::Witness, 0)));
    let after = linear(words) - active - index.clone();
    builder.range("word in range", initial.into(), &[(64, active.into())]);
    builder.range("index in range", index, &[(WITNESS_WORD_BITS, active.into())]);
    builder.range("index below words", after.clone(), &[(WITNESS_WORD_BITS, active.into())]);
    let spare_product = builder.challenge("spare", Challenge::Beta, spare.into());
    let tuple = Tuple { time: spare_product.into(), ..Tuple::plain(Bus::WitnessWords, words.into()) };
    builder.take("take words", active, tuple);

    let rest = builder.value(&after);
    let is_last = builder.wire(if row.is_some() && rest.is_zero() { Fr::from(1u64) } else { Fr::zero() });
    let inverse = builder.wire(rest.inverse().unwrap_or(Fr::zero()));
    builder.enforce("last only if none after", is_last, after.clone(), EarlyLinear::zero());
    builder.enforce("last if none after", after, inverse, linear(active) - is_last);
    let factor = builder.product("spare bits", is_last, linear(spare) - constant(1));
    let shifted = builder.product("shifted", initial, linear(active) + factor);
    builder.range("spare bytes are zero", shifted.into(), &[(64, active.into())]);
    builder.take("take last tuple", active, memory(address_product, initial, last_time));
}

/// The chip `witness_length`: the cell with the length of the witness input, which the prover chooses as well.
pub(in crate::circuit) fn witness_length(builder: &mut Builder, row: Option<&WitnessLength>) {
    let Cell { active, address: place, address_product, initial, last_time } = begin(builder, row.map(|row| &row.cell));
    let length = row.map_or(0, |row| row.cell.initial);
    let (words, spare) = if row.is_some() { witness_words(length) } else { (0, Fr::zero()) };
    let words = builder.wire(Fr::from(words));
    let spare = builder.wire(spare);
    let rows = builder.wire(Fr::from(row.map_or(0, |row| row.rows)));
    let cell_address = Fr::from(address(Space::Length, WITNESS_LENGTH));
    builder.enforce("cell", linear(active) * cell_address - place, constant(1), EarlyLinear::zero());
    builder.range("length in range", initial.into(), &[(21, active.into())]);
    let limit = times(active, Fr::from(MAX_WITNESS_BYTES as u64));
    builder.range("length below limit", limit - initial, &[(21, active.into())]);
    builder.range("words in range", words.into(), &[(WITNESS_WORD_BITS, active.into())]);
    let missing = times(words, Fr::from(8u64)) - initial;
    builder.limb("spare bytes", active, 3, missing.clone());
    let entry = power_entry(missing * Fr::from(8u64), spare.into());
    builder.look_up("spare bits", active, Bus::Power, entry);
    builder.enforce("asked only if active", rows, linear(active) - constant(1), EarlyLinear::zero());
    let spare_product = builder.challenge("spare", Challenge::Beta, spare.into());
    let tuple = Tuple { time: spare_product.into(), ..Tuple::plain(Bus::WitnessWords, words.into()) };
    builder.put("put words", rows, tuple);
    builder.take("take last tuple", active, memory(address_product, initial, last_time));
}
