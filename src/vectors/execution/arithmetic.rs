//! The integer operations in arithmetic that cannot overflow: expectations that come from neither engine.

use crate::notation::Trap;

/// The comparisons of two operands, whose result is an `i32`.
pub const COMPARISONS: [&str; 10] = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
/// The other operations with two operands.
pub const BINARY: [&str; 15] = [
    "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl", "shr_s", "shr_u", "rotl",
    "rotr",
];
/// The operations with one operand that both widths have; the result of `eqz` is an `i32`.
pub const UNARY: [&str; 6] = ["eqz", "clz", "ctz", "popcnt", "extend8_s", "extend16_s"];

/// What `iN.op` gives for operands of `width` N bits, as the WebAssembly specification's section on integer operations
/// says; `b` is ignored if there is only one operand. Source: that section, not this crate's interpreter.
///
/// # Panics
/// If there is no operation of this name.
pub fn integer_operation(op: &str, width: u32, a: u64, b: u64) -> Result<u64, Trap> {
    let modulus = 1u128 << width;
    let (ua, ub) = (u128::from(a), u128::from(b));
    let (sa, sb) = (signed(a, width), signed(b, width));
    let power = 1u128 << (ub % u128::from(width));
    let rotated_left = |power: u128| ((ua * power) % modulus + ua * power / modulus) as u64;
    let again = |op: &str, a: u64, b: u64| integer_operation(op, width, a, b);
    if matches!(op, "div_s" | "div_u" | "rem_s" | "rem_u") && b == 0 {
        return Err(Trap::IntegerDivideByZero);
    }
    Ok(match op {
        "eqz" => (a == 0).into(),
        "eq" => (a == b).into(),
        "ne" => (a != b).into(),
        "lt_s" => (sa < sb).into(),
        "lt_u" => (ua < ub).into(),
        "gt_s" => (sa > sb).into(),
        "gt_u" => (ua > ub).into(),
        "le_s" => (sa <= sb).into(),
        "le_u" => (ua <= ub).into(),
        "ge_s" => (sa >= sb).into(),
        "ge_u" => (ua >= ub).into(),
        "clz" => bits(a, width).rev().take_while(|bit| !bit).count() as u64,
        "ctz" => bits(a, width).take_while(|bit| !bit).count() as u64,
        "popcnt" => bits(a, width).filter(|bit| *bit).count() as u64,
        "add" => unsigned(sa + sb, width),
        "sub" => unsigned(sa - sb, width),
        "mul" => (ua * ub % modulus) as u64,
        "div_s" if sa / sb == 1 << (width - 1) => return Err(Trap::IntegerOverflow),
        "div_s" => unsigned(sa / sb, width),
        "div_u" => (ua / ub) as u64,
        "rem_s" => unsigned(sa - sb * (sa / sb), width),
        "rem_u" => (ua - ub * (ua / ub)) as u64,
        "and" => bits(a, width).zip(bits(b, width)).enumerate().map(|(i, (a, b))| u64::from(a && b) << i).sum(),
        "or" => again("sub", again("add", a, b)?, again("and", a, b)?)?,
        "xor" => again("sub", again("or", a, b)?, again("and", a, b)?)?,
        "shl" => (ua * power % modulus) as u64,
        "shr_s" => unsigned(sa.div_euclid(power as i128), width),
        "shr_u" => (ua / power) as u64,
        "rotl" => rotated_left(power),
        "rotr" => rotated_left(modulus / power),
        "extend8_s" => unsigned(signed(a, 8), width),
        "extend16_s" => unsigned(signed(a, 16), width),
        "extend32_s" => unsigned(signed(a, 32), width),
        _ => panic!("there is no operation {op}"),
    })
}

/// The signed value of the low `width` bits.
pub fn signed(value: u64, width: u32) -> i128 {
    let value = i128::from(value) % (1 << width);
    if value >= 1 << (width - 1) { value - (1 << width) } else { value }
}

/// The `width` bits of two's complement.
pub fn unsigned(value: i128, width: u32) -> u64 {
    value.rem_euclid(1 << width) as u64
}

/// The low `width` bits, the lowest first.
fn bits(value: u64, width: u32) -> impl DoubleEndedIterator<Item = bool> {
    (0..width).map(move |bit| value >> bit & 1 == 1)
}
