//! What the second chips of words that may trap have in common, and the cycle limit. One execution has at most one trap, so
//! these chips need one row.

use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::{Challenge, Coordinate, pow2};
use crate::circuit::row::Row;
use crate::circuit::step::Step;
use crate::notation::Trap;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;

/// The kinds of outcomes in the state after the end: accepted 0, rejected 1, trapped 2.
pub const TRAPPED: u64 = 2;

/// Puts the end in a trap, which the last cycle is.
pub(super) fn put_trap(row: Row, code: Coordinate) {
    let kind = times(row.active, Fr::from(TRAPPED));
    row.put_end(1, kind, code);
}

pub(super) fn number(trap: Trap) -> Fr {
    Fr::from(u64::from(trap.code()))
}

/// The bytes from `base + offset` on reach beyond the memory's end.
pub(super) fn out_of_bounds(mut row: Row, sizes: [EarlyLinear; 4], base: EarlyLinear, offset: EarlyWire) {
    let [one, two, four, eight] = sizes;
    let size = one + two * Fr::from(2u64) + four * Fr::from(4u64) + eight * Fr::from(8u64);
    let beyond = base + offset + size - times(row.pages, pow2(16)) - row.active;
    row.builder.range("out of bounds", beyond, &[(35, row.active.into())]);
    let code = times(row.active, number(Trap::OutOfBoundsMemoryAccess));
    let code = row.challenge("code", Challenge::Delta, code);
    put_trap(row, code);
}

/// The chip `limit`: instead of a cycle, the end. The verifier sees that as many cycles as allowed have run.
pub(in crate::circuit) fn limit(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    // A program that has ended has no word to go on with.
    row.fetch_any();
    let active = linear(row.active);
    let code = row.challenge("code", Challenge::Delta, active.clone() * number(Trap::CycleLimitExhausted));
    row.put_end(0, active * Fr::from(TRAPPED), code);
}
