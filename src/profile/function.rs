//! One pass over a function body: validation, conversion, dead code, block ends and frame slots.

use super::decode::{Fault, at_most, value_type};
use super::instruction::convert;
use super::{Function, FunctionType, Instruction, MAX_FRAME_SLOTS};
use crate::notation::Reject;
use wasmparser::{FuncValidator, FunctionBody, OperatorsReader, WasmModuleResources};

/// What a function body refers to.
pub(super) struct Surroundings<'a> {
    /// The function types, by type index.
    pub types: &'a [FunctionType],
    /// The type index of every function, imports first.
    pub functions: &'a [u32],
    /// The number of imported functions.
    pub imports: usize,
}

/// Decodes and validates one body.
pub(super) fn decode(
    surroundings: &Surroundings<'_>,
    validator: &mut FuncValidator<impl WasmModuleResources>,
    body: &FunctionBody<'_>,
) -> Result<Function, Fault> {
    let type_index = surroundings.functions[validator.index() as usize];
    let function_type = &surroundings.types[type_index as usize];

    let mut function = Function {
        type_index,
        locals: Vec::new(),
        body: Vec::new(),
        offsets: Vec::new(),
        frame_slots: function_type.link_slot() + 1,
    };
    let mut locals = body.get_locals_reader()?;
    for _ in 0..locals.get_count() {
        let offset = locals.original_position();
        let (count, local_type) = locals.read()?;
        // PROFILE-016: before anything of this size is allocated.
        check_slots(u64::from(function.frame_slots) + u64::from(count), offset)?;
        function.frame_slots += count;
        validator.define_locals(offset, count, local_type)?;
        function.locals.extend(std::iter::repeat_n(value_type(local_type, offset)?, count as usize));
    }

    let mut operators = OperatorsReader::new(locals.get_binary_reader());
    let mut builder = Builder::new(surroundings, function);
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        validator.op(offset, &operator)?;
        let instruction = convert(&operator, surroundings.types, offset)?;
        let operands = validator.operand_stack_height();
        // PROFILE-017: validation keeps the operands of dead code too.
        check_slots(operands.into(), offset)?;
        builder.push(instruction, operands, offset)?;
    }
    operators.finish()?;
    Ok(builder.function)
}

fn check_slots(slots: u64, offset: u64) -> Result<(), Fault> {
    at_most(MAX_FRAME_SLOTS, slots, "slots", Reject::FrameTooLarge, offset)
}

/// The function under construction.
struct Builder<'a> {
    surroundings: &'a Surroundings<'a>,
    function: Function,
    /// The slot of operand position 0.
    operand_slot: u32,
    /// The open blocks that are kept, the function's own first.
    blocks: Vec<OpenBlock>,
    /// Whether control can come to the next instruction.
    live: bool,
    /// The number of open blocks that began in dead code.
    dead_blocks: u32,
}

/// A block whose end has not been read.
struct OpenBlock {
    /// The index in the body of the instruction that began it; `None` for the function's own block.
    start: Option<usize>,
    /// Whether control can come to its end, as far as it has been read.
    end_is_live: bool,
}

impl<'a> Builder<'a> {
    fn new(surroundings: &'a Surroundings<'a>, function: Function) -> Builder<'a> {
        Builder {
            surroundings,
            operand_slot: function.frame_slots,
            function,
            blocks: vec![OpenBlock { start: None, end_is_live: false }],
            live: true,
            dead_blocks: 0,
        }
    }

    // PROFILE-025: what cannot be executed is not kept, and counts for nothing.
    /// Adds an instruction unless it is dead. `operands` is the height of the operand stack after it.
    fn push(&mut self, instruction: Instruction, operands: u32, offset: u64) -> Result<(), Fault> {
        if !self.live && self.is_dead(&instruction) {
            return Ok(());
        }
        let index = self.function.body.len();
        match &instruction {
            Instruction::Block(_) | Instruction::Loop(_) | Instruction::If { .. } => {
                self.blocks.push(OpenBlock { start: Some(index), end_is_live: false });
            }
            Instruction::Else { .. } => self.begin_else(index),
            Instruction::End => self.end_block(index),
            Instruction::Br(label) => {
                self.branch(*label);
                self.live = false;
            }
            Instruction::BrIf(label) => self.branch(*label),
            Instruction::BrTable { labels, default } => {
                labels.iter().chain([default]).for_each(|label| self.branch(*label));
                self.live = false;
            }
            Instruction::Return | Instruction::Unreachable => self.live = false,
            _ => {}
        }
        self.function.body.push(instruction);
        self.function.offsets.push(offset as u32);
        self.count_slots(index, operands);
        check_slots(self.function.frame_slots.into(), offset)
    }

    /// Whether an instruction that control cannot come to is dropped: all but the `else` and `end` of kept blocks.
    fn is_dead(&mut self, instruction: &Instruction) -> bool {
        match instruction {
            Instruction::Block(_) | Instruction::Loop(_) | Instruction::If { .. } => {
                self.dead_blocks += 1;
                true
            }
            Instruction::Else { .. } => self.dead_blocks > 0,
            Instruction::End if self.dead_blocks > 0 => {
                self.dead_blocks -= 1;
                true
            }
            Instruction::End => false,
            _ => true,
        }
    }

    /// Notes that the end of the block with this label can be reached. A loop's label is its beginning.
    fn branch(&mut self, label: u32) {
        let innermost = self.blocks.len() - 1;
        let block = &mut self.blocks[innermost - label as usize];
        if !block.start.is_some_and(|start| matches!(self.function.body[start], Instruction::Loop(_))) {
            block.end_is_live = true;
        }
    }

    fn begin_else(&mut self, index: usize) {
        let Some(OpenBlock { start: Some(start), end_is_live }) = self.blocks.last_mut() else { return };
        *end_is_live |= self.live;
        if let Instruction::If { else_, .. } = &mut self.function.body[*start] {
            *else_ = Some(index as u32);
        }
        self.live = true;
    }

    fn end_block(&mut self, index: usize) {
        let Some(block) = self.blocks.pop() else { return };
        self.live |= block.end_is_live;
        let Some(start) = block.start else { return };
        match &mut self.function.body[start] {
            Instruction::Block(block) | Instruction::Loop(block) => block.end = index as u32,
            Instruction::If { block, else_: None } => {
                block.end = index as u32;
                // The condition may be zero.
                self.live = true;
            }
            Instruction::If { block, else_: Some(else_) } => {
                block.end = index as u32;
                let else_ = *else_ as usize;
                self.function.body[else_] = Instruction::Else { end: index as u32 };
            }
            _ => {}
        }
    }

    // PROFILE-016: the frame holds the operands and, above them, the first slots of the frame that a call places there.
    fn count_slots(&mut self, index: usize, operands: u32) {
        // The results are on the stack already, in the slots of the arguments and above.
        let above = |type_index: u32| {
            let callee = &self.surroundings.types[type_index as usize];
            callee.link_slot() + 1 - callee.results.len() as u32
        };
        let above = match self.function.body[index] {
            Instruction::Call(function) if function as usize >= self.surroundings.imports => {
                above(self.surroundings.functions[function as usize])
            }
            Instruction::CallIndirect { type_index } => above(type_index),
            // A routine of canonical code with three parameters and no result.
            Instruction::MemoryCopy | Instruction::MemoryFill | Instruction::MemoryInit { .. } => 4,
            _ => 0,
        };
        // Nothing is counted for an end that control cannot come to, nor after a branch.
        if self.live {
            self.function.frame_slots = self.function.frame_slots.max(self.operand_slot + operands + above);
        }
    }
}
