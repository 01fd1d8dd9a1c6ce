//! The numeric instructions. On the stack, a value of type `i32` is the zero-extended `u64` of its 32 bits.

use super::thread::Stack;
use crate::notation::Trap;
use crate::profile::NumericOp;

/// Pops the operands of an operation and pushes its result. The Rust type of the operands, `i` or `u` and the width, is
/// the interpretation of their bits.
pub(super) fn apply(op: NumericOp, stack: &mut Stack) -> Result<(), Trap> {
    use NumericOp::*;
    match op {
        I32Eqz => unary(stack, |a: u32| a == 0),
        I32Eq => binary(stack, |a: u32, b| a == b),
        I32Ne => binary(stack, |a: u32, b| a != b),
        I32LtS => binary(stack, |a: i32, b| a < b),
        I32LtU => binary(stack, |a: u32, b| a < b),
        I32GtS => binary(stack, |a: i32, b| a > b),
        I32GtU => binary(stack, |a: u32, b| a > b),
        I32LeS => binary(stack, |a: i32, b| a <= b),
        I32LeU => binary(stack, |a: u32, b| a <= b),
        I32GeS => binary(stack, |a: i32, b| a >= b),
        I32GeU => binary(stack, |a: u32, b| a >= b),

        I64Eqz => unary(stack, |a: u64| a == 0),
        I64Eq => binary(stack, |a: u64, b| a == b),
        I64Ne => binary(stack, |a: u64, b| a != b),
        I64LtS => binary(stack, |a: i64, b| a < b),
        I64LtU => binary(stack, |a: u64, b| a < b),
        I64GtS => binary(stack, |a: i64, b| a > b),
        I64GtU => binary(stack, |a: u64, b| a > b),
        I64LeS => binary(stack, |a: i64, b| a <= b),
        I64LeU => binary(stack, |a: u64, b| a <= b),
        I64GeS => binary(stack, |a: i64, b| a >= b),
        I64GeU => binary(stack, |a: u64, b| a >= b),

        I32Clz => unary(stack, u32::leading_zeros),
        I32Ctz => unary(stack, u32::trailing_zeros),
        I32Popcnt => unary(stack, u32::count_ones),
        // EXEC-005: addition, subtraction and multiplication are modulo 2^32 or 2^64.
        I32Add => binary(stack, u32::wrapping_add),
        I32Sub => binary(stack, u32::wrapping_sub),
        I32Mul => binary(stack, u32::wrapping_mul),
        I32DivS => divide(stack, i32::checked_div)?,
        I32DivU => divide(stack, u32::checked_div)?,
        I32RemS => remainder(stack, i32::wrapping_rem)?,
        I32RemU => remainder(stack, u32::wrapping_rem)?,
        I32And => binary(stack, |a: u32, b| a & b),
        I32Or => binary(stack, |a: u32, b| a | b),
        I32Xor => binary(stack, |a: u32, b| a ^ b),
        // EXEC-006: shift and rotation counts are taken modulo the width.
        I32Shl => binary(stack, |a: u32, b| a << (b % 32)),
        I32ShrS => binary(stack, |a: i32, b| a >> (b & 31)),
        I32ShrU => binary(stack, |a: u32, b| a >> (b % 32)),
        I32Rotl => binary(stack, |a: u32, b| a.rotate_left(b % 32)),
        I32Rotr => binary(stack, |a: u32, b| a.rotate_right(b % 32)),

        I64Clz => unary(stack, |a: u64| u64::from(a.leading_zeros())),
        I64Ctz => unary(stack, |a: u64| u64::from(a.trailing_zeros())),
        I64Popcnt => unary(stack, |a: u64| u64::from(a.count_ones())),
        I64Add => binary(stack, u64::wrapping_add),
        I64Sub => binary(stack, u64::wrapping_sub),
        I64Mul => binary(stack, u64::wrapping_mul),
        I64DivS => divide(stack, i64::checked_div)?,
        I64DivU => divide(stack, u64::checked_div)?,
        I64RemS => remainder(stack, i64::wrapping_rem)?,
        I64RemU => remainder(stack, u64::wrapping_rem)?,
        I64And => binary(stack, |a: u64, b| a & b),
        I64Or => binary(stack, |a: u64, b| a | b),
        I64Xor => binary(stack, |a: u64, b| a ^ b),
        I64Shl => binary(stack, |a: u64, b| a << (b % 64)),
        I64ShrS => binary(stack, |a: i64, b| a >> (b & 63)),
        I64ShrU => binary(stack, |a: u64, b| a >> (b % 64)),
        I64Rotl => binary(stack, |a: u64, b| a.rotate_left((b % 64) as u32)),
        I64Rotr => binary(stack, |a: u64, b| a.rotate_right((b % 64) as u32)),

        I32WrapI64 => unary(stack, |a: u64| a as u32),
        I64ExtendI32S => unary(stack, |a: i32| i64::from(a)),
        I64ExtendI32U => unary(stack, |a: u32| u64::from(a)),
        I32Extend8S => unary(stack, |a: i32| i32::from(a as i8)),
        I32Extend16S => unary(stack, |a: i32| i32::from(a as i16)),
        I64Extend8S => unary(stack, |a: i64| i64::from(a as i8)),
        I64Extend16S => unary(stack, |a: i64| i64::from(a as i16)),
        I64Extend32S => unary(stack, |a: i64| i64::from(a as i32)),
    }
    Ok(())
}

fn unary<A: Value, B: Value>(stack: &mut Stack, f: impl Fn(A) -> B) {
    let a = A::from_stack(stack.pop());
    stack.push(f(a).to_stack());
}

fn binary<A: Value, B: Value>(stack: &mut Stack, f: impl Fn(A, A) -> B) {
    let (b, a) = (A::from_stack(stack.pop()), A::from_stack(stack.pop()));
    stack.push(f(a, b).to_stack());
}

fn divide<A: Value>(stack: &mut Stack, f: impl Fn(A, A) -> Option<A>) -> Result<(), Trap> {
    let (b, a) = (stack.pop(), stack.pop());
    // EXEC-007: nothing else has no quotient, except the case of the next rule.
    // EXEC-008: the quotient of the minimum by -1 is one above the maximum.
    let undefined = if b == 0 { Trap::IntegerDivideByZero } else { Trap::IntegerOverflow };
    stack.push(f(A::from_stack(a), A::from_stack(b)).ok_or(undefined)?.to_stack());
    Ok(())
}

fn remainder<A: Value>(stack: &mut Stack, f: impl Fn(A, A) -> A) -> Result<(), Trap> {
    let (b, a) = (stack.pop(), stack.pop());
    // EXEC-007: the only trap; unlike its quotient, the remainder of the minimum by -1 is representable: it is 0.
    if b == 0 {
        return Err(Trap::IntegerDivideByZero);
    }
    stack.push(f(A::from_stack(a), A::from_stack(b)).to_stack());
    Ok(())
}

/// An interpretation of a value of the stack.
trait Value {
    fn from_stack(bits: u64) -> Self;
    fn to_stack(self) -> u64;
}

macro_rules! value {
    ($type:ty, |$bits:ident| $from:expr, |$value:ident| $to:expr) => {
        impl Value for $type {
            fn from_stack($bits: u64) -> $type {
                $from
            }
            fn to_stack(self) -> u64 {
                let $value = self;
                $to
            }
        }
    };
}

value!(u32, |bits| bits as u32, |value| u64::from(value));
value!(i32, |bits| bits as i32, |value| u64::from(value as u32));
value!(u64, |bits| bits, |value| value);
value!(i64, |bits| bits as i64, |value| value as u64);
value!(bool, |bits| bits != 0, |value| u64::from(value));
