//! The cells from outside: what they hold before the first cycle and after the last.
//!
//! Every cell that is touched, and every public one, has one row. The rows' addresses ascend, over all segments: each
//! takes from the bus of audits the least address that is still free and puts back its own plus one.

use crate::canonical_code::{Space, WITNESS_LENGTH};
use crate::circuit::builder::{Builder, constant, linear, times};
use crate::circuit::bus::{Bus, Challenge, Product, Tuple, pow2};
use crate::circuit::entry::{ADDRESS_END, address};
use crate::circuit::step::Refresh;
use crate::circuit::tables::{LIMB_BITS, power_entry};
use crate::host_interface::MAX_WITNESS_BYTES;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;
use ark_ff::{Field, Zero};

/// Bits of the difference of two addresses: three limbs, and an address has 36 bits.
const GAP_BITS: u32 = 39;
/// Bits of a number of words of the witness input.
const WITNESS_WORD_BITS: u32 = 18;

/// The row of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCell {
    /// The least address that is free before it.
    pub free: u64,
    /// Its address.
    pub address: u64,
    /// Its first value.
    pub initial: u64,
    /// The time before its first access: a multiple of 2¹³.
    pub initial_time: u64,
    /// Its last value.
    pub last: u64,
    /// The time of its last access.
    pub last_time: u64,
    /// Whether its first value is one of the public ones.
    pub public_initial: bool,
    /// Whether its last value is public.
    pub public_final: bool,
}

impl AuditCell {
    /// A cell that starts and ends as zero, which no row accesses and which is not public.
    pub fn untouched(free: u64, address: u64) -> AuditCell {
        AuditCell {
            free,
            address,
            initial: 0,
            initial_time: 0,
            last: 0,
            last_time: 0,
            public_initial: false,
            public_final: false,
        }
    }
}

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

/// The tuple of a cell, by its address's product.
fn cell(bus: Bus, address: Product, value: EarlyWire) -> Tuple {
    Tuple { frame_pointer: address.into(), ..Tuple::plain(bus, value.into()) }
}

/// The tuple of a cell at a time, by the products of both.
fn memory(address: Product, value: EarlyWire, time: Product) -> Tuple {
    Tuple { time: time.into(), ..cell(Bus::Memory, address, value) }
}

/// The chip `refresh`: takes a cell's tuple and puts it back with a later time.
pub(in crate::circuit) fn refresh(builder: &mut Builder, row: Option<&Refresh>) {
    let number = |f: fn(&Refresh) -> Fr| row.map_or(Fr::zero(), f);
    let active = builder.wire(number(|_| Fr::from(1u64)));
    let address = builder.wire(number(|row| row.address.into()));
    let value = builder.wire(number(|row| row.value.into()));
    let old_time = builder.wire(number(|row| row.old_time.into()));
    let new_time = builder.wire(number(|row| row.new_time.into()));
    builder.enforce("active", active, linear(active) - constant(1), EarlyLinear::zero());
    let address = builder.challenge("address", Challenge::Delta, address.into());
    let old = builder.challenge("old time", Challenge::Beta, old_time.into());
    let new = builder.challenge("new time", Challenge::Beta, new_time.into());
    builder.take("take cell", active, memory(address, value, old));
    builder.put("put cell", active, memory(address, value, new));
    builder.range("elapsed", linear(new_time) - active - old_time, &[(3 * LIMB_BITS, active.into())]);
}

/// What the rows of cells have in common.
struct Cell {
    active: EarlyWire,
    address: EarlyWire,
    address_product: Product,
    initial: EarlyWire,
    last_time: Product,
}

fn begin(builder: &mut Builder, row: Option<&AuditCell>) -> Cell {
    let number = |f: fn(&AuditCell) -> u64| Fr::from(row.map_or(0, f));
    let active = builder.wire(number(|_| 1));
    let free = builder.wire(number(|row| row.free));
    let address = builder.wire(number(|row| row.address));
    let initial = builder.wire(number(|row| row.initial));
    let epoch = builder.wire(number(|row| row.initial_time >> LIMB_BITS));
    let last_time = builder.wire(number(|row| row.last_time));
    builder.enforce("active", active, linear(active) - constant(1), EarlyLinear::zero());
    // CIRCUIT-018: one row for each cell, by ascending addresses.
    builder.take("take free address", active, Tuple::plain(Bus::Audit, free.into()));
    builder.put("put free address", active, Tuple::plain(Bus::Audit, linear(address) + active));
    builder.range("ascending", linear(address) - free, &[(GAP_BITS, active.into())]);
    builder.range("initial time", epoch.into(), &[(2 * LIMB_BITS, active.into())]);
    let address_product = builder.challenge("address", Challenge::Delta, address.into());
    let initial_time = builder.challenge("initial time", Challenge::Beta, times(epoch, pow2(LIMB_BITS)));
    let last_time = builder.challenge("last time", Challenge::Beta, last_time.into());
    builder.put("put first tuple", active, memory(address_product, initial, initial_time));
    Cell { active, address, address_product, initial, last_time }
}

/// The chip `audit`: a cell that starts as zero or with a public value, and may end with a public one.
pub(in crate::circuit) fn audit(builder: &mut Builder, row: Option<&AuditCell>) {
    let number = |f: fn(&AuditCell) -> u64| Fr::from(row.map_or(0, f));
    let Cell { active, address_product: address, initial, last_time, .. } = begin(builder, row);
    let public_initial = builder.wire(number(|row| row.public_initial.into()));
    let public_final = builder.wire(number(|row| row.public_final.into()));
    for (name, flag) in [("public initial", public_initial), ("public final", public_final)] {
        builder.enforce(name, flag, linear(flag) - active, EarlyLinear::zero());
    }
    builder.enforce("zero", linear(active) - public_initial, initial, EarlyLinear::zero());
    builder.take("take public initial", public_initial, cell(Bus::Initial, address, initial));
    let last = builder.wire(number(|row| row.last));
    builder.put("put public final", public_final, cell(Bus::Final, address, last));
    builder.take("take last tuple", active, memory(address, last, last_time));
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

/// The chip `audit_end`: no address is left.
pub(in crate::circuit) fn audit_end(builder: &mut Builder, free: Option<u64>) {
    let active = builder.wire(Fr::from(u64::from(free.is_some())));
    let free = builder.wire(Fr::from(free.unwrap_or(0)));
    builder.enforce("active", active, linear(active) - constant(1), EarlyLinear::zero());
    builder.take("take free address", active, Tuple::plain(Bus::Audit, free.into()));
    let end = times(active, Fr::from(ADDRESS_END));
    builder.range("ascending", end.clone() - free, &[(GAP_BITS, active.into())]);
    builder.put("put free address", active, Tuple::plain(Bus::Audit, end));
}
