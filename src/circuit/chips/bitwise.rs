//! Bitwise operations.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::{Bus, inverse_pow2, pow2};
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;
use crate::circuit::tables::{AND_BITS, and_entry};
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;

const OR: u32 = 1;
const XOR: u32 = 2;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    set(OR, opcode == Opcode::Or);
    set(XOR, opcode == Opcode::Xor);
}

/// The value of an operand in a step.
type Operand = fn(&Step) -> u64;

/// The bitwise and of two combinations of 64 bits, as a combination that the caller shows to be a number.
///
/// Each entry of the table is a sum of two chunks and their and, at shifts beyond the sums of all chunks, so the sum of
/// the entries determines these sums, whatever the single chunks are: no chunk is range-checked by itself.
pub(super) fn and(row: &mut Row, operands: [(EarlyWire, Operand); 2]) -> EarlyLinear {
    let chunks = 64u32.div_ceil(AND_BITS);
    let chunk = |value: u64, index: u32| value >> (AND_BITS * index) & ((1 << AND_BITS) - 1);
    let mut rests = operands.map(|(wire, _)| linear(wire));
    let mut sum = EarlyLinear::zero();
    let active = row.active;
    for index in 0..chunks {
        let shift = AND_BITS * index;
        let result = row.wire(|step| chunk(operands[0].1(step), index) & chunk(operands[1].1(step), index));
        sum += times(result, pow2(shift));
        // The last chunk is what the others leave.
        let parts = if index + 1 == chunks {
            rests.clone().map(|rest| rest * inverse_pow2(shift))
        } else {
            std::array::from_fn(|side| {
                let wire = row.wire(|step| chunk(operands[side].1(step), index));
                rests[side] -= times(wire, pow2(shift));
                linear(wire)
            })
        };
        let [first, second] = parts;
        row.builder.look_up("chunk", active, Bus::And, and_entry(first, second, result.into()));
    }
    sum
}

/// The chip `bitwise`: or is p + q - and, exclusive or is p + q - 2 and.
pub(super) fn bitwise(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let immediate = row.feature("immediate", IMMEDIATE);
    let or = row.feature("or", OR);
    let xor = row.feature("xor", XOR);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let rest = row.rest();
    row.fetch(Kind::Bitwise);

    let p = row.read(P, row.active, slot_p);
    let q = row.operand_q(row.active.into(), immediate, rest);
    row.builder.range("q in range", q.into(), &[(64, row.active.into())]);
    let and = and(&mut row, [(p, |step| step.p()), (q, |step| step.q())]);
    let result = row.wire(|step| step.result());
    let both = linear(p) + q;
    let as_xor = row.builder.product("xor", xor, both.clone() - and.clone() * Fr::from(3u64));
    row.builder.enforce("result", or, both - and.clone() * Fr::from(2u64), linear(result) - and - as_xor);
    row.builder.range("result in range", result.into(), &[(64, row.active.into())]);
    row.write(row.active, destination, result.into());
    let next = row.next();
    row.put_state(next);
}
