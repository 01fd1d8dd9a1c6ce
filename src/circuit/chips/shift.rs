//! Shifts and rotations.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, constant, linear, times};
use crate::circuit::bus::{Bus, pow2};
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;
use crate::circuit::tables::power_entry;
use ark_bn254::Fr;

const REVERSED: u32 = 1;
const NARROW: u32 = 2;
const RIGHT: u32 = 3;
const UPPER: u32 = 4;
const ROTATE: u32 = 5;
const ARITHMETIC: u32 = 6;

pub(super) fn features(opcode: Opcode, first: bool, set: &mut impl FnMut(u32, bool)) {
    use Opcode::*;
    set(REVERSED, first);
    set(NARROW, matches!(opcode, Shl32 | ShrU32 | ShrS32 | Rotl32 | Rotr32));
    set(RIGHT, matches!(opcode, ShrU32 | ShrU64 | ShrS32 | ShrS64 | Rotr32 | Rotr64));
    set(UPPER, matches!(opcode, ShrU32 | ShrU64 | ShrS32 | ShrS64));
    set(ROTATE, matches!(opcode, Rotl32 | Rotl64 | Rotr32 | Rotr64));
    set(ARITHMETIC, matches!(opcode, ShrS32 | ShrS64));
}

/// The parts of a shift, for a prover.
struct Parts {
    amount: u64,
    width: u64,
    /// By how much the value is shifted left: the amount, or what is missing to the width.
    exponent: u64,
    lower: u64,
    upper: u64,
    negative: bool,
}

fn parts(step: &Step) -> Parts {
    let (value, count) = match step.entry.has(REVERSED) {
        true => (step.q(), step.p()),
        false => (step.p(), step.q()),
    };
    let width = if step.entry.has(NARROW) { 32 } else { 64 };
    let amount = count % width;
    let exponent = if step.entry.has(RIGHT) { width - amount } else { amount };
    let shifted = u128::from(value) << exponent;
    let lower = (shifted & ((1 << width) - 1)) as u64;
    let negative = step.entry.has(ARITHMETIC) && value >> (width - 1) & 1 == 1;
    Parts { amount, width, exponent, lower, upper: (shifted >> width) as u64, negative }
}

/// The chip `shift`: the value times a power of two, cut at the width in a lower and an upper part.
pub(super) fn shift(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let immediate = row.feature("immediate", IMMEDIATE);
    let reversed = row.feature("reversed", REVERSED);
    let narrow = row.feature("narrow", NARROW);
    let right = row.feature("right", RIGHT);
    let is_upper = row.feature("upper", UPPER);
    let rotate = row.feature("rotate", ROTATE);
    let arithmetic = row.feature("arithmetic", ARITHMETIC);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let rest = row.rest();
    row.fetch(Kind::Shift);

    let active = row.active;
    let p = row.read(P, active, slot_p);
    let q = row.operand_q(active.into(), immediate, rest);
    let exchange = row.builder.product("exchange", reversed, linear(q) - p);
    let value = linear(p) + exchange;
    let count = linear(q) - exchange;
    let wide = linear(active) - narrow;

    // The amount is the count modulo the width.
    let turns = row.wire(|step| {
        let parts = parts(step);
        let count = if step.entry.has(REVERSED) { step.p() } else { step.q() };
        (count - parts.amount) / parts.width
    });
    let narrow_turns = row.builder.product("narrow turns", turns, narrow);
    let amount = count - times(turns, Fr::from(64u64)) + times(narrow_turns, Fr::from(32u64));
    row.builder.range("turns in range", turns.into(), &[(59, active.into())]);
    row.builder.range("amount in range", amount.clone(), &[(6, wide.clone()), (5, narrow.into())]);
    let width = times(active, Fr::from(64u64)) - times(narrow, Fr::from(32u64));
    let missing = row.builder.product("from the right", right, width - amount.clone() * Fr::from(2u64));
    let power = row.wire(|step| Fr::from(1u128 << parts(step).exponent));
    row.builder.look_up("power", active, Bus::Power, power_entry(amount + missing, power.into()));

    let lower = row.wire(|step| parts(step).lower);
    let upper = row.wire(|step| parts(step).upper);
    let narrow_upper = row.builder.product("narrow upper", upper, narrow);
    let high = times(upper, pow2(64)) - times(narrow_upper, pow2(64) - pow2(32));
    row.builder.enforce("shifted", value.clone(), power, linear(lower) + high);
    let widths = [(64, wide), (32, narrow.into())];
    row.builder.range("lower in range", lower.into(), &widths);
    row.builder.range("upper in range", upper.into(), &widths);

    // The sign fills the upper part from the left.
    let negative = row.wire(|step| u64::from(parts(step).negative));
    row.builder.enforce("negative only if arithmetic", negative, linear(negative) - arithmetic, constant(0));
    let narrow_negative = row.builder.product("narrow negative", negative, narrow);
    let less = times(negative, pow2(64)) - times(narrow_negative, pow2(64) - pow2(32));
    let narrow_arithmetic = row.builder.product("narrow arithmetic", arithmetic, narrow);
    let half = times(arithmetic, pow2(63)) - times(narrow_arithmetic, pow2(63) - pow2(31));
    row.builder.range("sign in range", value + half - less.clone(), &widths);
    let filled = row.builder.product("filled", negative, power);
    let fill = less - filled;

    let chosen = row.builder.product("upper part", is_upper, linear(upper) - lower);
    let added = row.builder.product("both parts", rotate, upper);
    row.write(active, destination, linear(lower) + chosen + added + fill);
    let next = row.next();
    row.put_state(next);
}
