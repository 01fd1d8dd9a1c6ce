//! The numeric instructions, loads and stores of the profile, by type.

use wasm_encoder::Instruction::{self, *};
use wasm_encoder::{MemArg, ValType};

/// Instructions of two operands of a type and a result of the same type that never trap.
pub fn binary(value_type: ValType) -> &'static [Instruction<'static>] {
    static I32: [Instruction; 11] =
        [I32Add, I32Sub, I32Mul, I32And, I32Or, I32Xor, I32Shl, I32ShrS, I32ShrU, I32Rotl, I32Rotr];
    static I64: [Instruction; 11] =
        [I64Add, I64Sub, I64Mul, I64And, I64Or, I64Xor, I64Shl, I64ShrS, I64ShrU, I64Rotl, I64Rotr];
    if value_type == ValType::I32 { &I32 } else { &I64 }
}

/// Divisions and remainders.
pub fn division(value_type: ValType) -> &'static [Instruction<'static>] {
    static I32: [Instruction; 4] = [I32DivU, I32DivS, I32RemU, I32RemS];
    static I64: [Instruction; 4] = [I64DivU, I64DivS, I64RemU, I64RemS];
    if value_type == ValType::I32 { &I32 } else { &I64 }
}

/// Instructions of one operand and a result of the same type.
pub fn unary(value_type: ValType) -> &'static [Instruction<'static>] {
    static I32: [Instruction; 5] = [I32Clz, I32Ctz, I32Popcnt, I32Extend8S, I32Extend16S];
    static I64: [Instruction; 6] = [I64Clz, I64Ctz, I64Popcnt, I64Extend8S, I64Extend16S, I64Extend32S];
    if value_type == ValType::I32 { &I32 } else { &I64 }
}

/// Conversions to a type from the other.
pub fn conversion(value_type: ValType) -> &'static [Instruction<'static>] {
    static I32: [Instruction; 1] = [I32WrapI64];
    static I64: [Instruction; 2] = [I64ExtendI32S, I64ExtendI32U];
    if value_type == ValType::I32 { &I32 } else { &I64 }
}

/// Comparisons of two operands of a type.
pub fn comparison(value_type: ValType) -> &'static [Instruction<'static>] {
    static I32: [Instruction; 10] = [I32Eq, I32Ne, I32LtS, I32LtU, I32GtS, I32GtU, I32LeS, I32LeU, I32GeS, I32GeU];
    static I64: [Instruction; 10] = [I64Eq, I64Ne, I64LtS, I64LtU, I64GtS, I64GtU, I64LeS, I64LeU, I64GeS, I64GeU];
    if value_type == ValType::I32 { &I32 } else { &I64 }
}

/// The comparison with zero.
pub fn is_zero(value_type: ValType) -> Instruction<'static> {
    if value_type == ValType::I32 { I32Eqz } else { I64Eqz }
}

/// A constant of a type.
pub fn constant(value_type: ValType, value: u64) -> Instruction<'static> {
    if value_type == ValType::I32 { I32Const(value as i32) } else { I64Const(value as i64) }
}

/// An instruction on memory that still needs its immediate.
pub type Access = (fn(MemArg) -> Instruction<'static>, u32);

/// Loads with the binary logarithm of their width.
pub fn loads(value_type: ValType) -> &'static [Access] {
    static I32: [Access; 5] = [(I32Load, 2), (I32Load8S, 0), (I32Load8U, 0), (I32Load16S, 1), (I32Load16U, 1)];
    static I64: [Access; 7] = [
        (I64Load, 3),
        (I64Load8S, 0),
        (I64Load8U, 0),
        (I64Load16S, 1),
        (I64Load16U, 1),
        (I64Load32S, 2),
        (I64Load32U, 2),
    ];
    if value_type == ValType::I32 { &I32 } else { &I64 }
}

/// Stores with the binary logarithm of their width.
pub fn stores(value_type: ValType) -> &'static [Access] {
    static I32: [Access; 3] = [(I32Store, 2), (I32Store8, 0), (I32Store16, 1)];
    static I64: [Access; 4] = [(I64Store, 3), (I64Store8, 0), (I64Store16, 1), (I64Store32, 2)];
    if value_type == ValType::I32 { &I32 } else { &I64 }
}
