//! From wasmparser's operators to the instructions of the profile.

use super::decode::Fault;
use super::{Block, FunctionType, Instruction, LoadOp, NumericOp, StoreOp};
use crate::notation::Reject;
use wasmparser::{BlockType, MemArg, Operator};

/// The instruction for a validated operator. Where blocks end is not known yet.
pub(super) fn convert(operator: &Operator<'_>, types: &[FunctionType], place: u64) -> Result<Instruction, Fault> {
    use Instruction as I;
    use Operator as O;

    let block = |block_type: BlockType| {
        let (params, results) = match block_type {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => {
                let block_type = &types[index as usize];
                (block_type.params.len() as u32, block_type.results.len() as u32)
            }
        };
        Block { params, results, end: 0 }
    };
    // The alignment is a hint without meaning; validation has shown that the offset fits 32 bits.
    let load = |op: LoadOp, argument: MemArg| I::Load { op, offset: argument.offset as u32 };
    let store = |op: StoreOp, argument: MemArg| I::Store { op, offset: argument.offset as u32 };

    Ok(match *operator {
        O::Unreachable => I::Unreachable,
        O::Nop => I::Nop,
        O::Block { blockty } => I::Block(block(blockty)),
        O::Loop { blockty } => I::Loop(block(blockty)),
        O::If { blockty } => I::If { block: block(blockty), else_: None },
        O::Else => I::Else { end: 0 },
        O::End => I::End,
        O::Br { relative_depth } => I::Br(relative_depth),
        O::BrIf { relative_depth } => I::BrIf(relative_depth),
        O::BrTable { ref targets } => {
            I::BrTable { labels: targets.targets().collect::<Result<_, _>>()?, default: targets.default() }
        }
        O::Return => I::Return,
        O::Call { function_index } => I::Call(function_index),
        O::CallIndirect { type_index, .. } => I::CallIndirect { type_index },
        O::Drop => I::Drop,
        O::Select => I::Select,
        O::LocalGet { local_index } => I::LocalGet(local_index),
        O::LocalSet { local_index } => I::LocalSet(local_index),
        O::LocalTee { local_index } => I::LocalTee(local_index),
        O::GlobalGet { global_index } => I::GlobalGet(global_index),
        O::GlobalSet { global_index } => I::GlobalSet(global_index),

        O::I32Load { memarg } => load(LoadOp::I32Load, memarg),
        O::I64Load { memarg } => load(LoadOp::I64Load, memarg),
        O::I32Load8S { memarg } => load(LoadOp::I32Load8S, memarg),
        O::I32Load8U { memarg } => load(LoadOp::I32Load8U, memarg),
        O::I32Load16S { memarg } => load(LoadOp::I32Load16S, memarg),
        O::I32Load16U { memarg } => load(LoadOp::I32Load16U, memarg),
        O::I64Load8S { memarg } => load(LoadOp::I64Load8S, memarg),
        O::I64Load8U { memarg } => load(LoadOp::I64Load8U, memarg),
        O::I64Load16S { memarg } => load(LoadOp::I64Load16S, memarg),
        O::I64Load16U { memarg } => load(LoadOp::I64Load16U, memarg),
        O::I64Load32S { memarg } => load(LoadOp::I64Load32S, memarg),
        O::I64Load32U { memarg } => load(LoadOp::I64Load32U, memarg),
        O::I32Store { memarg } => store(StoreOp::I32Store, memarg),
        O::I64Store { memarg } => store(StoreOp::I64Store, memarg),
        O::I32Store8 { memarg } => store(StoreOp::I32Store8, memarg),
        O::I32Store16 { memarg } => store(StoreOp::I32Store16, memarg),
        O::I64Store8 { memarg } => store(StoreOp::I64Store8, memarg),
        O::I64Store16 { memarg } => store(StoreOp::I64Store16, memarg),
        O::I64Store32 { memarg } => store(StoreOp::I64Store32, memarg),
        O::MemorySize { .. } => I::MemorySize,
        O::MemoryGrow { .. } => I::MemoryGrow,
        O::MemoryInit { data_index, .. } => I::MemoryInit { segment: data_index },
        O::DataDrop { data_index } => I::DataDrop { segment: data_index },
        O::MemoryCopy { .. } => I::MemoryCopy,
        O::MemoryFill { .. } => I::MemoryFill,

        O::I32Const { value } => I::I32Const(value as u32),
        O::I64Const { value } => I::I64Const(value as u64),
        O::I32Eqz => I::Numeric(NumericOp::I32Eqz),
        O::I32Eq => I::Numeric(NumericOp::I32Eq),
        O::I32Ne => I::Numeric(NumericOp::I32Ne),
        O::I32LtS => I::Numeric(NumericOp::I32LtS),
        O::I32LtU => I::Numeric(NumericOp::I32LtU),
        O::I32GtS => I::Numeric(NumericOp::I32GtS),
        O::I32GtU => I::Numeric(NumericOp::I32GtU),
        O::I32LeS => I::Numeric(NumericOp::I32LeS),
        O::I32LeU => I::Numeric(NumericOp::I32LeU),
        O::I32GeS => I::Numeric(NumericOp::I32GeS),
        O::I32GeU => I::Numeric(NumericOp::I32GeU),
        O::I64Eqz => I::Numeric(NumericOp::I64Eqz),
        O::I64Eq => I::Numeric(NumericOp::I64Eq),
        O::I64Ne => I::Numeric(NumericOp::I64Ne),
        O::I64LtS => I::Numeric(NumericOp::I64LtS),
        O::I64LtU => I::Numeric(NumericOp::I64LtU),
        O::I64GtS => I::Numeric(NumericOp::I64GtS),
        O::I64GtU => I::Numeric(NumericOp::I64GtU),
        O::I64LeS => I::Numeric(NumericOp::I64LeS),
        O::I64LeU => I::Numeric(NumericOp::I64LeU),
        O::I64GeS => I::Numeric(NumericOp::I64GeS),
        O::I64GeU => I::Numeric(NumericOp::I64GeU),
        O::I32Clz => I::Numeric(NumericOp::I32Clz),
        O::I32Ctz => I::Numeric(NumericOp::I32Ctz),
        O::I32Popcnt => I::Numeric(NumericOp::I32Popcnt),
        O::I32Add => I::Numeric(NumericOp::I32Add),
        O::I32Sub => I::Numeric(NumericOp::I32Sub),
        O::I32Mul => I::Numeric(NumericOp::I32Mul),
        O::I32DivS => I::Numeric(NumericOp::I32DivS),
        O::I32DivU => I::Numeric(NumericOp::I32DivU),
        O::I32RemS => I::Numeric(NumericOp::I32RemS),
        O::I32RemU => I::Numeric(NumericOp::I32RemU),
        O::I32And => I::Numeric(NumericOp::I32And),
        O::I32Or => I::Numeric(NumericOp::I32Or),
        O::I32Xor => I::Numeric(NumericOp::I32Xor),
        O::I32Shl => I::Numeric(NumericOp::I32Shl),
        O::I32ShrS => I::Numeric(NumericOp::I32ShrS),
        O::I32ShrU => I::Numeric(NumericOp::I32ShrU),
        O::I32Rotl => I::Numeric(NumericOp::I32Rotl),
        O::I32Rotr => I::Numeric(NumericOp::I32Rotr),
        O::I64Clz => I::Numeric(NumericOp::I64Clz),
        O::I64Ctz => I::Numeric(NumericOp::I64Ctz),
        O::I64Popcnt => I::Numeric(NumericOp::I64Popcnt),
        O::I64Add => I::Numeric(NumericOp::I64Add),
        O::I64Sub => I::Numeric(NumericOp::I64Sub),
        O::I64Mul => I::Numeric(NumericOp::I64Mul),
        O::I64DivS => I::Numeric(NumericOp::I64DivS),
        O::I64DivU => I::Numeric(NumericOp::I64DivU),
        O::I64RemS => I::Numeric(NumericOp::I64RemS),
        O::I64RemU => I::Numeric(NumericOp::I64RemU),
        O::I64And => I::Numeric(NumericOp::I64And),
        O::I64Or => I::Numeric(NumericOp::I64Or),
        O::I64Xor => I::Numeric(NumericOp::I64Xor),
        O::I64Shl => I::Numeric(NumericOp::I64Shl),
        O::I64ShrS => I::Numeric(NumericOp::I64ShrS),
        O::I64ShrU => I::Numeric(NumericOp::I64ShrU),
        O::I64Rotl => I::Numeric(NumericOp::I64Rotl),
        O::I64Rotr => I::Numeric(NumericOp::I64Rotr),
        O::I32WrapI64 => I::Numeric(NumericOp::I32WrapI64),
        O::I64ExtendI32S => I::Numeric(NumericOp::I64ExtendI32S),
        O::I64ExtendI32U => I::Numeric(NumericOp::I64ExtendI32U),
        O::I32Extend8S => I::Numeric(NumericOp::I32Extend8S),
        O::I32Extend16S => I::Numeric(NumericOp::I32Extend16S),
        O::I64Extend8S => I::Numeric(NumericOp::I64Extend8S),
        O::I64Extend16S => I::Numeric(NumericOp::I64Extend16S),
        O::I64Extend32S => I::Numeric(NumericOp::I64Extend32S),
        // PROFILE-006: validation lets these through with the bulk operations on memory. No compiler emits them for
        // integer code, and without them the table is as fixed as the code.
        O::TableInit { .. } | O::TableCopy { .. } | O::ElemDrop { .. } => {
            return Err(Fault::rule(Reject::TableBulkOperation, place, "a bulk operation on tables"));
        }
        _ => return Err(Fault::excluded(place)),
    })
}
