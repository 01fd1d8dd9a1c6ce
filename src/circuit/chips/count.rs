//! Counting leading zeros, trailing zeros and ones.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, constant, linear, times};
use crate::circuit::bus::{Bus, inverse_pow2, pow2};
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::Row;
use crate::circuit::step::Step;
use crate::circuit::tables::{AND_BITS, ones_entry, power_entry};
use crate::proof_system::EarlyLinear;
use ark_bn254::Fr;

const LEADING: u32 = 1;
const TRAILING: u32 = 2;
const NARROW: u32 = 3;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    use Opcode::*;
    set(LEADING, matches!(opcode, Clz32 | Clz64));
    set(TRAILING, matches!(opcode, Ctz32 | Ctz64));
    set(NARROW, matches!(opcode, Clz32 | Ctz32));
}

/// The place of the highest or lowest one bit, if that is what is sought and there is one.
fn found(step: &Step) -> Option<u32> {
    match (step.q(), step.entry.has(LEADING), step.entry.has(TRAILING)) {
        (0, ..) | (_, false, false) => None,
        (q, true, _) => Some(q.ilog2()),
        (q, ..) => Some(q.trailing_zeros()),
    }
}

/// The chip `count`. A number whose highest one is at `e` is `2^e + below`, with less than `2^e` below; one whose lowest
/// one is there is `2^e · (1 + 2 · above)`.
pub(super) fn count(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let none = EarlyLinear::zero();
    let immediate = row.feature("immediate", IMMEDIATE);
    let leading = row.feature("leading", LEADING);
    let trailing = row.feature("trailing", TRAILING);
    let narrow = row.feature("narrow", NARROW);
    let destination = row.slot("slot of destination", 0);
    let rest = row.rest();
    row.fetch(Kind::Count);
    let active = row.active;
    // Else the multiplicities below could be negative, and a row would put false entries of tables.
    row.builder.enforce("one direction", leading, trailing, none.clone());
    let q = row.operand_q(active.into(), immediate, rest);
    row.builder.range("q in range", q.into(), &[(64, active.into())]);

    // Zero has neither; a number that is not has one.
    let zero = row.wire(|step| u64::from(step.q() == 0 && (step.entry.has(LEADING) || step.entry.has(TRAILING))));
    row.builder.enforce("zero", zero, linear(zero) - leading - trailing, none.clone());
    row.builder.enforce("zero only if zero", zero, q, none.clone());
    let highest = row.builder.product("highest", leading, linear(active) - zero);
    let lowest = row.builder.product("lowest", trailing, linear(active) - zero);
    let exponent = row.wire(|step| u64::from(found(step).unwrap_or(0)));
    let power = row.wire(|step| found(step).map_or(0, |exponent| 1u64 << exponent));
    let other = row.wire(|step| match (found(step), step.entry.has(LEADING)) {
        (None, _) => 0,
        (Some(exponent), true) => step.q() - (1 << exponent),
        (Some(exponent), false) => step.q().checked_shr(exponent + 1).unwrap_or(0),
    });
    let either = linear(highest) + lowest;
    row.builder.limb("exponent in range", either.clone(), 6, exponent);
    row.builder.look_up("power", either.clone(), Bus::Power, power_entry(exponent.into(), power.into()));
    row.builder.range("other bits in range", other.into(), &[(64, either)]);
    row.builder.range("below the highest", linear(power) - highest - other, &[(64, highest.into())]);
    row.builder.enforce("number by its highest", highest, linear(power) + other - q, none.clone());
    let odd = row.builder.product("odd part", power, constant(1) + times(other, Fr::from(2u64)));
    row.builder.enforce("number by its lowest", lowest, linear(odd) - q, none);

    // Ones are counted by chunks, as bitwise operations are.
    let population = linear(active) - leading - trailing;
    let chunks = 64u32.div_ceil(AND_BITS);
    let chunk = |step: &Step, index: u32| step.q() >> (AND_BITS * index) & ((1 << AND_BITS) - 1);
    let counts = |step: &Step| !step.entry.has(LEADING) && !step.entry.has(TRAILING);
    let (mut left, mut sum) = (linear(q), EarlyLinear::zero());
    for index in 0..chunks {
        let shift = AND_BITS * index;
        let ones = row.wire(|step| if counts(step) { u64::from(chunk(step, index).count_ones()) } else { 0 });
        sum += ones;
        let part = if index + 1 == chunks {
            left.clone() * inverse_pow2(shift)
        } else {
            let wire = row.wire(|step| if counts(step) { chunk(step, index) } else { 0 });
            left -= times(wire, pow2(shift));
            linear(wire)
        };
        row.builder.limb("ones in range", population.clone(), 3, ones);
        row.builder.look_up("chunk", population.clone(), Bus::Ones, ones_entry(part, ones.into()));
    }

    let ones = row.builder.product("ones", population, sum);
    let width = times(active, Fr::from(64u64)) - times(narrow, Fr::from(32u64));
    let from_left = row.builder.product("from the left", highest, width.clone() - active - exponent);
    let from_right = row.builder.product("from the right", lowest, exponent);
    let all = row.builder.product("all", zero, width);
    let result = linear(ones) + from_left + from_right + all;
    row.builder.limb("result in range", active, 7, result.clone());
    row.write(active, destination, result);
    let next = row.next();
    row.put_state(next);
}
