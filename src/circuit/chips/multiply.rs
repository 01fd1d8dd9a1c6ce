//! Multiplications.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::pow2;
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;

const NARROW: u32 = 1;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    set(NARROW, opcode == Opcode::Mul32);
}

/// The chip `multiply`: p · q is result + 2^width · upper.
pub(super) fn multiply(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let immediate = row.feature("immediate", IMMEDIATE);
    let narrow = row.feature("narrow", NARROW);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let rest = row.rest();
    row.fetch(Kind::Multiply);
    let active = row.active;
    let p = row.read(P, active, slot_p);
    let q = row.operand_q(active.into(), immediate, rest);
    row.builder.range("q in range", q.into(), &[(64, active.into())]);

    let result = row.wire(|step| step.result());
    let upper = row.wire(|step| {
        let width = if step.entry.has(NARROW) { 32 } else { 64 };
        ((u128::from(step.p()) * u128::from(step.q())) >> width) as u64
    });
    let narrow_upper = row.builder.product("narrow upper", upper, narrow);
    let high = times(upper, pow2(64)) - times(narrow_upper, pow2(64) - pow2(32));
    row.builder.enforce("product", p, q, linear(result) + high);
    let widths = [(64, linear(active) - narrow), (32, narrow.into())];
    row.builder.range("result in range", result.into(), &widths);
    row.builder.range("upper in range", upper.into(), &widths);
    row.write(active, destination, result.into());
    let next = row.next();
    row.put_state(next);
}
