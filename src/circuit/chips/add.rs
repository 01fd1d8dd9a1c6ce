//! Moves, additions and subtractions.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::pow2;
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;
use crate::proof_system::EarlyLinear;
use ark_bn254::Fr;
use ark_ff::{Field, Zero};

const CONDITIONAL: u32 = 1;
const ADD: u32 = 2;
const SUBTRACT: u32 = 3;
const REVERSED: u32 = 4;
const NARROW: u32 = 5;

pub(super) fn features(opcode: Opcode, first: bool, set: &mut impl FnMut(u32, bool)) {
    use Opcode::*;
    set(CONDITIONAL, opcode == MoveIfZero);
    set(ADD, matches!(opcode, Add32 | Add64));
    set(SUBTRACT, matches!(opcode, Sub32 | Sub64) && !first);
    set(REVERSED, matches!(opcode, Sub32 | Sub64) && first);
    set(NARROW, matches!(opcode, Add32 | Sub32));
}

/// The chip `add`: `move` of q, `move_if_zero` of q on p, q + p, p - q, and q - p where q was operand 1.
pub(super) fn add(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let none = EarlyLinear::zero();
    let immediate = row.feature("immediate", IMMEDIATE);
    let conditional = row.feature("conditional", CONDITIONAL);
    let add = row.feature("add", ADD);
    let subtract = row.feature("subtract", SUBTRACT);
    let reversed = row.feature("reversed", REVERSED);
    let narrow = row.feature("narrow", NARROW);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let rest = row.rest();
    row.fetch(Kind::Add);

    let with_p = linear(conditional) + add + subtract + reversed;
    let p = row.read(P, with_p, slot_p);
    let q = row.operand_q(row.active.into(), immediate, rest);

    // The carry of an addition, or the borrow of a subtraction, is 2^width.
    let carry = row.bit("carry", |step| {
        let (p, q) = (u128::from(step.p()), u128::from(step.q()));
        let width = if step.entry.has(NARROW) { 32 } else { 64 };
        step.entry.has(ADD) && p + q >= 1 << width
            || step.entry.has(SUBTRACT) && p < q
            || step.entry.has(REVERSED) && q < p
    });
    let narrow_carry = row.builder.product("narrow carry", carry, narrow);
    let carry = times(carry, pow2(64)) - times(narrow_carry, pow2(64) - pow2(32));

    // A conditional move keeps the old value if p is not 0.
    let keeps = row.bit("keeps", |step| step.entry.has(CONDITIONAL) && step.p() != 0);
    let inverse = row.wire(|step| match step.entry.has(CONDITIONAL) {
        true => Fr::from(step.p()).inverse().unwrap_or(Fr::zero()),
        false => Fr::zero(),
    });
    row.builder.enforce("keeps only if not zero", p, inverse, keeps);
    row.builder.enforce("keeps if not zero", p, linear(conditional) - keeps, none.clone());

    let result = row.wire(|step| step.result());
    let old = row.write(row.active, destination, result.into());
    let sum = row.builder.product("sum", linear(add) - reversed, linear(p) - carry.clone());
    let difference = row.builder.product("difference", subtract, linear(p) - times(q, Fr::from(2u64)) + carry);
    // What is kept was in range when it was written. The other result is checked in any case: it bounds the immediate.
    let fresh = linear(q) + sum + difference;
    row.builder.enforce("result", keeps, linear(old) - fresh.clone(), linear(result) - fresh.clone());
    let wide = linear(row.active) - narrow;
    row.builder.range("result in range", fresh, &[(64, wide), (32, narrow.into())]);
    let next = row.next();
    row.put_state(next);
}
