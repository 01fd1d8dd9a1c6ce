//! Divisions and remainders, and their traps.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, constant, linear, times};
use crate::circuit::bus::{Challenge, pow2};
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;
use crate::notation::Trap;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;

const REVERSED: u32 = 1;
const REMAINDER: u32 = 2;
const SIGNED_32: u32 = 3;
const SIGNED_64: u32 = 4;

pub(super) fn features(opcode: Opcode, first: bool, set: &mut impl FnMut(u32, bool)) {
    use Opcode::*;
    set(REVERSED, first);
    set(REMAINDER, matches!(opcode, RemU | RemS32 | RemS64));
    set(SIGNED_32, matches!(opcode, DivS32 | RemS32));
    set(SIGNED_64, matches!(opcode, DivS64 | RemS64));
}

/// What the chip and its trap decode alike.
struct Operands {
    q: EarlyWire,
    destination: EarlyWire,
    remainder: EarlyWire,
    signed_32: EarlyWire,
    signed_64: EarlyWire,
    dividend: EarlyLinear,
    divisor: EarlyLinear,
}

fn decode(row: &mut Row) -> Operands {
    let immediate = row.feature("immediate", IMMEDIATE);
    let reversed = row.feature("reversed", REVERSED);
    let remainder = row.feature("remainder", REMAINDER);
    let signed_32 = row.feature("signed 32", SIGNED_32);
    let signed_64 = row.feature("signed 64", SIGNED_64);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let rest = row.rest();
    row.fetch(Kind::Divide);
    let p = row.read(P, row.active, slot_p);
    let q = row.operand_q(row.active.into(), immediate, rest);
    let exchange = row.builder.product("exchange", reversed, linear(q) - p);
    let (dividend, divisor) = (linear(p) + exchange, linear(q) - exchange);
    Operands { q, destination, remainder, signed_32, signed_64, dividend, divisor }
}

/// The numbers of a division, for a prover.
struct Division {
    negative: [bool; 2],
    quotient: u64,
    remainder: u64,
    /// Whether the result is that of a negative number other than 0.
    wraps: bool,
}

fn division(step: &Step) -> Division {
    let (mut dividend, mut divisor) = (step.p(), step.q());
    if step.entry.has(REVERSED) {
        (dividend, divisor) = (divisor, dividend);
    }
    let sign = |value: u64| match (step.entry.has(SIGNED_32), step.entry.has(SIGNED_64)) {
        (true, _) => ((value as i32) < 0, u64::from((value as i32).unsigned_abs())),
        (_, true) => ((value as i64) < 0, (value as i64).unsigned_abs()),
        _ => (false, value),
    };
    let ((sign_1, dividend), (sign_2, divisor)) = (sign(dividend), sign(divisor));
    let (quotient, remainder) =
        (dividend.checked_div(divisor).unwrap_or(0), dividend.checked_rem(divisor).unwrap_or(0));
    let wraps = match step.entry.has(REMAINDER) {
        true => sign_1 && remainder != 0,
        false => sign_1 != sign_2 && quotient != 0,
    };
    Division { negative: [sign_1, sign_2], quotient, remainder, wraps }
}

/// The chip `divide`: by absolute values, dividend = divisor · quotient + remainder. A divisor of 0 has no remainder
/// below it, and a quotient that is not representable is out of range: such rows cannot be satisfied.
pub(super) fn divide(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let operands = decode(&mut row);
    let Operands { destination, remainder: is_remainder, signed_32, signed_64, dividend, divisor, .. } = operands;
    let active = row.active;
    let signed = linear(signed_32) + signed_64;
    let widths = [(64, linear(active) - signed_32), (32, linear(signed_32))];
    let scale = |wire: EarlyWire, narrow: EarlyWire, bits: u32| {
        times(wire, pow2(bits)) - times(narrow, pow2(bits) - pow2(bits - 32))
    };
    let half = times(signed_32, pow2(31)) + times(signed_64, pow2(63));

    let absolute = |row: &mut Row, names: [&'static str; 4], value: EarlyLinear, index: usize| {
        let negative = row.wire(|step| u64::from(division(step).negative[index]));
        row.builder.enforce(names[0], negative, linear(negative) - signed.clone(), EarlyLinear::zero());
        let narrow = row.builder.product(names[1], negative, signed_32);
        let less = times(negative, pow2(64)) - times(narrow, pow2(64) - pow2(32));
        row.builder.range(names[2], value.clone() + half.clone() - less.clone(), &widths);
        let twice = row.builder.product(names[3], negative, value.clone() * Fr::from(2u64));
        (negative, value + less - twice)
    };
    let names = ["sign of dividend", "narrow sign of dividend", "dividend in range", "negative dividend"];
    let (sign_1, dividend) = absolute(&mut row, names, dividend, 0);
    let names = ["sign of divisor", "narrow sign of divisor", "divisor in range", "negative divisor"];
    let (sign_2, divisor) = absolute(&mut row, names, divisor, 1);

    let quotient = row.wire(|step| division(step).quotient);
    let remainder = row.wire(|step| division(step).remainder);
    row.builder.enforce("division", divisor.clone(), quotient, dividend - remainder);
    row.builder.range("quotient in range", quotient.into(), &[(64, active.into())]);
    row.builder.range("remainder in range", remainder.into(), &[(64, active.into())]);
    row.builder.range("remainder below divisor", divisor - active - remainder, &[(64, active.into())]);

    // A quotient that is not negative is below half the range; the remainder of such a division is defined.
    let both = row.builder.product("both negative", sign_1, sign_2);
    let sign = linear(sign_1) + sign_2 - times(both, Fr::from(2u64));
    let bounded = row.builder.product("bounded", linear(active) - sign.clone(), linear(active) - is_remainder);
    let bound = row.builder.product("bound", bounded, half);
    row.builder.range("quotient representable", linear(quotient) + bound, &widths);

    let other = row.builder.product("remainder wanted", is_remainder, linear(remainder) - quotient);
    let wanted = linear(quotient) + other;
    let other_sign = row.builder.product("sign of remainder", is_remainder, linear(sign_1) - sign.clone());
    let wanted_sign = sign + other_sign;
    let negated = row.builder.product("negated", wanted_sign, wanted.clone() * Fr::from(2u64));
    let wraps = row.bit("wraps", |step| division(step).wraps);
    let narrow = row.builder.product("narrow wraps", wraps, signed_32);
    let result = wanted - negated + scale(wraps, narrow, 64);
    row.builder.range("result in range", result.clone(), &widths);
    row.write(active, destination, result);
    let next = row.next();
    row.put_state(next);
}

/// The chip `divide_trap`: the divisor is 0, or the dividend is the least number and the divisor -1.
pub(in crate::circuit) fn divide_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let operands = decode(&mut row);
    let active = row.active;
    let none = EarlyLinear::zero();
    row.builder.range("q in range", operands.q.into(), &[(64, active.into())]);
    let by_zero = row.bit("by zero", |step| step.trap == Some(Trap::IntegerDivideByZero));
    let overflow = linear(active) - by_zero;
    row.builder.enforce("divisor is zero", by_zero, operands.divisor.clone(), none.clone());
    let signed = linear(operands.signed_32) + operands.signed_64;
    row.builder.enforce("quotient of signed", overflow.clone(), signed - operands.remainder - active, none.clone());
    let half = times(operands.signed_32, pow2(31)) + times(operands.signed_64, pow2(63));
    row.builder.enforce("dividend is least", overflow.clone(), operands.dividend - half.clone(), none.clone());
    let minus_one = half * Fr::from(2u64) - constant(1);
    row.builder.enforce("divisor is minus one", overflow.clone(), operands.divisor - minus_one, none);
    let code = times(by_zero, Fr::from(u64::from(Trap::IntegerDivideByZero.code())))
        + overflow * Fr::from(u64::from(Trap::IntegerOverflow.code()));
    let code = row.challenge("code", Challenge::Delta, code);
    super::trap::put_trap(row, code);
}
