//! Rewrites modules around bugs of `wasmi` 2.0.0, which these tests found.
//!
//! **Blocks with parameters.** When `wasmi` enters a block, it saves the operands that stand for locals, because the
//! block may write these locals. It leaves out the block's parameters, but counts them wrongly: it skips as many
//! operands *that stand for locals* as there are parameters, so that with parameters of another kind it skips operands
//! below them. This function returns 11 for the argument 1, but in `wasmi` 10:
//!
//! ```text
//! (func (param i32) (result i32)
//!     local.get 0
//!     i32.const 10
//!     (block (param i32) (result i32)
//!         i32.const 0
//!         local.set 0)
//!     i32.add)
//! ```
//!
//! **Selections by `i32.eqz`.** `wasmi` drops the `i32.eqz` and swaps the choices, but then decides by a register that
//! does not hold the operand of `i32.eqz`. This function returns 1 for the argument 0, but in `wasmi` 2:
//!
//! ```text
//! (func (param i32) (result i32)
//!     (select (i32.const 1) (i32.const 2) (i32.eqz (local.get 0))))
//! ```
//!
//! **Loops with parameters.** `wasmi` moves a parameter to the register before it saves what the register held.
//!
//! **`br_table` with values.** When all targets are at the same height of the stack, `wasmi` leaves the values where
//! they are, although there may be operands below them that the branch drops.
//!
//! **Stores with an offset beyond 16 bits.** `wasmi` panics when a register holds both the address and the value, as
//! with a local that has just been written.
//!
//! So, before each block with parameters, each `select` and such a store, operands on the top of the stack go through
//! fresh locals, and there is an empty block meanwhile, for which everything else is saved; and a `br_table` with values
//! becomes a row of `br_if`. Only `wasmi` sees the rewritten module.

use middle_client::profile::{Module, ValueType};
use std::convert::Infallible;
use std::ops::Range;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, CodeSection, Function, Instruction, ValType};

/// The module with the same behaviour that `wasmi` translates correctly.
pub fn rewrite(wasm: &[u8], module: &Module) -> Vec<u8> {
    let mut rewritten = wasm_encoder::Module::new();
    Rewriter { module, next_function: 0 }
        .parse_core_module(&mut rewritten, wasmparser::Parser::new(0), wasm)
        .expect("a module of the profile can be encoded again");
    rewritten.finish()
}

struct Rewriter<'a> {
    module: &'a Module,
    next_function: usize,
}

impl Reencode for Rewriter<'_> {
    type Error = Infallible;

    /// Custom sections say nothing of the behaviour, and may hold anything.
    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: wasmparser::CustomSectionReader,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: wasmparser::FunctionBody,
    ) -> Result<(), Error<Infallible>> {
        let function = &self.module.functions[self.next_function];
        self.next_function += 1;
        let function_type = &self.module.types[function.type_index as usize];
        let mut rewritten = Body {
            module: self.module,
            known: (function_type.params.len() + function.locals.len()) as u32,
            fresh: Vec::new(),
            labels: vec![function_type.results.clone()],
            code: Vec::new(),
        };
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let instruction = self.parse_instruction(&mut reader)?;
            rewritten.instruction(instruction);
        }
        let locals = function.locals.iter().chain(&rewritten.fresh).map(|local| match local {
            ValueType::I32 => ValType::I32,
            ValueType::I64 => ValType::I64,
        });
        let mut function = Function::new_with_locals_types(locals);
        for instruction in &rewritten.code {
            function.instruction(instruction);
        }
        code.function(&function);
        Ok(())
    }
}

/// A function body under construction.
struct Body<'a> {
    module: &'a Module,
    /// The number of locals that the function had.
    known: u32,
    /// The types of the locals that are added.
    fresh: Vec<ValueType>,
    /// What branches to the labels in scope carry, the function's first.
    labels: Vec<Vec<ValueType>>,
    code: Vec<Instruction<'a>>,
}

impl<'a> Body<'a> {
    fn instruction(&mut self, instruction: Instruction<'a>) {
        match &instruction {
            Instruction::Block(block_type) | Instruction::If(block_type) => {
                let (mut operands, results) = self.block_type(*block_type);
                if !operands.is_empty() && matches!(instruction, Instruction::If(_)) {
                    operands.push(ValueType::I32);
                }
                self.pass_through_locals(operands);
                self.labels.push(results);
            }
            Instruction::Loop(block_type) => {
                let (params, _) = self.block_type(*block_type);
                self.pass_through_locals(params.clone());
                self.labels.push(params);
            }
            Instruction::End => {
                self.labels.pop();
            }
            Instruction::Select => self.pass_through_locals(vec![ValueType::I32]),
            Instruction::I32Store(at) | Instruction::I32Store8(at) | Instruction::I32Store16(at)
                if at.offset > u16::MAX.into() =>
            {
                self.pass_through_locals(vec![ValueType::I32]);
            }
            Instruction::I64Store(at)
            | Instruction::I64Store8(at)
            | Instruction::I64Store16(at)
            | Instruction::I64Store32(at)
                if at.offset > u16::MAX.into() =>
            {
                self.pass_through_locals(vec![ValueType::I64]);
            }
            Instruction::BrTable(targets, default) => {
                let values = self.labels[self.labels.len() - 1 - *default as usize].clone();
                if !values.is_empty() {
                    return self.branch_table(targets, *default, values);
                }
            }
            _ => {}
        }
        self.code.push(instruction);
    }

    fn block_type(&self, block_type: BlockType) -> (Vec<ValueType>, Vec<ValueType>) {
        match block_type {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Result(ValType::I32) => (Vec::new(), vec![ValueType::I32]),
            BlockType::Result(_) => (Vec::new(), vec![ValueType::I64]),
            BlockType::FunctionType(type_index) => {
                let function_type = &self.module.types[type_index as usize];
                (function_type.params.clone(), function_type.results.clone())
            }
        }
    }

    fn take(&mut self, operands: Vec<ValueType>) -> Range<u32> {
        let first = self.known + self.fresh.len() as u32;
        let locals = first..first + operands.len() as u32;
        self.fresh.extend(operands);
        self.code.extend(locals.clone().rev().map(Instruction::LocalSet));
        locals
    }

    fn pass_through_locals(&mut self, operands: Vec<ValueType>) {
        if !operands.is_empty() {
            let locals = self.take(operands);
            self.code.extend([Instruction::Block(BlockType::Empty), Instruction::End]);
            self.code.extend(locals.map(Instruction::LocalGet));
        }
    }

    fn branch_table(&mut self, targets: &[u32], default: u32, mut values: Vec<ValueType>) {
        values.push(ValueType::I32);
        let locals = self.take(values);
        let index = locals.end - 1;
        let values = locals.start..index;
        self.code.extend(values.clone().map(Instruction::LocalGet));
        for (number, target) in targets.iter().enumerate() {
            self.code.extend([Instruction::LocalGet(index), Instruction::I32Const(number as i32), Instruction::I32Eq]);
            self.code.push(Instruction::BrIf(*target));
        }
        self.code.push(Instruction::Br(default));
    }
}
