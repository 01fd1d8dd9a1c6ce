//! Sign extensions and wrapping.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::{inverse_pow2, pow2};
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::Row;
use crate::circuit::step::Step;
use crate::proof_system::EarlyLinear;

/// The number of bits that are extended; without these features it is 32, without a sign.
const WIDTHS: [(u32, u32, &str); 3] = [(1, 8, "8 bits"), (2, 16, "16 bits"), (3, 32, "32 bits")];
const TO_32: u32 = 4;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    use Opcode::*;
    set(WIDTHS[0].0, matches!(opcode, Extend8S32 | Extend8S64));
    set(WIDTHS[1].0, matches!(opcode, Extend16S32 | Extend16S64));
    set(WIDTHS[2].0, opcode == Extend32S64);
    set(TO_32, matches!(opcode, Extend8S32 | Extend16S32));
}

fn signed_bits(step: &Step) -> Option<u32> {
    WIDTHS.iter().find(|(bit, ..)| step.entry.has(*bit)).map(|(_, bits, _)| *bits)
}

fn low(step: &Step) -> u64 {
    step.q() & ((1 << signed_bits(step).unwrap_or(32)) - 1)
}

/// The chip `extend`: q is low + 2^bits · high.
pub(super) fn extend(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let immediate = row.feature("immediate", IMMEDIATE);
    let signed = WIDTHS.map(|(bit, _, name)| row.feature(name, bit));
    let to_32 = row.feature("to 32 bits", TO_32);
    let destination = row.slot("slot of destination", 0);
    let rest = row.rest();
    row.fetch(Kind::Extend);
    let active = row.active;
    let q = row.operand_q(active.into(), immediate, rest);

    let [bits_8, bits_16, bits_32] = signed;
    let any_signed = linear(bits_8) + bits_16 + bits_32;
    let wrap = linear(active) - any_signed.clone();
    let power = times(bits_8, pow2(8)) + times(bits_16, pow2(16)) + (linear(bits_32) + wrap.clone()) * pow2(32);
    let low_wire = row.wire(low);
    let high = row.wire(|step| step.q() >> signed_bits(step).unwrap_or(32));
    row.builder.enforce("parts", high, power.clone(), linear(q) - low_wire);
    let wide_high = (32, linear(bits_32) + wrap.clone());
    row.builder.range("high in range", high.into(), &[(56, bits_8.into()), (48, bits_16.into()), wide_high]);

    // Without its sign bit the low part has one bit less.
    let negative = row.wire(|step| u64::from(signed_bits(step).is_some_and(|bits| low(step) >> (bits - 1) == 1)));
    row.builder.enforce("negative", negative, linear(negative) - any_signed, EarlyLinear::zero());
    let sign = row.builder.product("sign", negative, power);
    let widths = [(7, linear(bits_8)), (15, linear(bits_16)), (31, linear(bits_32)), (32, wrap)];
    row.builder.range("low in range", linear(low_wire) - times(sign, inverse_pow2(1)), &widths);
    let narrow = row.builder.product("narrow negative", negative, to_32);
    let all = times(negative, pow2(64)) - times(narrow, pow2(64) - pow2(32));
    row.write(active, destination, linear(low_wire) + all - sign);
    let next = row.next();
    row.put_state(next);
}
