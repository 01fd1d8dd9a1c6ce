//! Comparisons. The chip `branch` shares all but what follows from one.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::pow2;
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;
use ark_ff::{Field, Zero};

const EQUAL: u32 = 1;
const REVERSED: u32 = 2;
const INVERTED: u32 = 3;
const SIGNED_32: u32 = 4;
const SIGNED_64: u32 = 5;

/// A comparison is decided by a bit that says p = q or p ≥ q; for operands in the other order, q < p is p > q.
pub(super) fn features(opcode: Opcode, first: bool, set: &mut impl FnMut(u32, bool)) {
    use Opcode::*;
    let equality = matches!(opcode, Eq | Ne | BranchEq | BranchNe);
    let not = matches!(opcode, Ne | GeU | GeS32 | GeS64 | BranchNe | BranchGeU | BranchGeS32 | BranchGeS64);
    set(EQUAL, equality);
    set(REVERSED, !equality && first);
    // p < q is the inverse of p ≥ q; q < p is p > q itself.
    set(INVERTED, if equality || first { not } else { !not });
    set(SIGNED_32, matches!(opcode, LtS32 | GeS32 | BranchLtS32 | BranchGeS32));
    set(SIGNED_64, matches!(opcode, LtS64 | GeS64 | BranchLtS64 | BranchGeS64));
}

/// Operands and features that both chips decode alike.
pub(super) struct Operands {
    immediate: EarlyWire,
    equal: EarlyWire,
    reversed: EarlyWire,
    inverted: EarlyWire,
    signed_32: EarlyWire,
    signed_64: EarlyWire,
}

pub(super) fn decode(row: &mut Row) -> Operands {
    Operands {
        immediate: row.feature("immediate", IMMEDIATE),
        equal: row.feature("equal", EQUAL),
        reversed: row.feature("reversed", REVERSED),
        inverted: row.feature("inverted", INVERTED),
        signed_32: row.feature("signed 32", SIGNED_32),
        signed_64: row.feature("signed 64", SIGNED_64),
    }
}

/// The value of `p = q`, `p ≥ q` or `p > q`.
fn decided(step: &Step) -> bool {
    let signed = |value: u64| match (step.entry.has(SIGNED_32), step.entry.has(SIGNED_64)) {
        (true, _) => i128::from(value as i32),
        (_, true) => i128::from(value as i64),
        _ => i128::from(value),
    };
    let (p, q) = (signed(step.p()), signed(step.q()));
    if step.entry.has(EQUAL) { p == q } else { p - i128::from(step.entry.has(REVERSED)) >= q }
}

/// A wire that is 1 if the comparison holds.
pub(super) fn comparison(row: &mut Row, operands: &Operands, slot_p: EarlyWire, rest: EarlyWire) -> EarlyLinear {
    let Operands { immediate, equal, reversed, inverted, signed_32, signed_64 } = *operands;
    let none = EarlyLinear::zero();
    let active = row.active;
    let p = row.read(P, active, slot_p);
    let q = row.operand_q(active.into(), immediate, rest);
    let holds = row.bit("holds", decided);
    let difference = linear(p) - q;

    let both = row.builder.product("equal and holds", equal, holds);
    let inverse = row.wire(|step| match step.entry.has(EQUAL) {
        true => (Fr::from(step.p()) - Fr::from(step.q())).inverse().unwrap_or(Fr::zero()),
        false => Fr::zero(),
    });
    row.builder.enforce("equal only if no difference", difference.clone(), both, none.clone());
    row.builder.enforce("equal if no difference", difference.clone(), inverse, linear(equal) - both);

    // The signed value of an operand is the unsigned one, less 2^width if its sign bit is set.
    let signed = linear(signed_32) + signed_64;
    let unsigned = linear(active) - signed.clone();
    let negative = |row: &mut Row, name: [&'static str; 4], value: EarlyWire, of: fn(&Step) -> u64| {
        let bit = row.wire(|step| {
            u64::from(
                step.entry.has(SIGNED_32) && of(step) as u32 >> 31 == 1
                    || step.entry.has(SIGNED_64) && of(step) >> 63 == 1,
            )
        });
        row.builder.enforce(name[0], bit, linear(bit) - signed.clone(), none.clone());
        let narrow = row.builder.product(name[1], bit, signed_32);
        let less = times(bit, pow2(64)) - times(narrow, pow2(64) - pow2(32));
        // Shifted up by half the range, a signed value is not negative.
        let half = times(signed_32, pow2(31)) + times(signed_64, pow2(63));
        row.builder.range(
            name[2],
            linear(value) + half - less.clone(),
            &[(64, unsigned.clone() + signed_64), (32, signed_32.into())],
        );
        less
    };
    let less_p = negative(row, ["sign of p", "narrow sign of p", "p in range", ""], p, |step| step.p());
    let less_q = negative(row, ["sign of q", "narrow sign of q", "q in range", ""], q, |step| step.q());

    // holds: p - q (- 1) in [0, 2^width); else 2^width more.
    let not = row.builder.product("narrow and not", linear(active) - holds, signed_32);
    let more = (linear(active) - holds) * pow2(64) - times(not, pow2(64) - pow2(32));
    let ordered = linear(active) - equal - signed_32;
    row.builder.range(
        "order",
        difference - less_p + less_q - reversed + more,
        &[(64, ordered), (32, signed_32.into())],
    );

    let inverts = row.builder.product("inverts", holds, inverted);
    linear(holds) + inverted - times(inverts, Fr::from(2u64))
}

/// The chip `compare`: the destination becomes 1 if the comparison holds, else 0.
pub(super) fn compare(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let operands = decode(&mut row);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let rest = row.rest();
    row.fetch(Kind::Compare);
    let result = comparison(&mut row, &operands, slot_p, rest);
    row.write(row.active, destination, result);
    let next = row.next();
    row.put_state(next);
}
