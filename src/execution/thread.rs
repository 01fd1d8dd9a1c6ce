//! One invocation: the operand stack, the frames and the step from instruction to instruction.

use super::{Halt, Instance, numeric};
use crate::notation::Trap;
use crate::profile::{Block, Function, Import, Instruction, MAX_FRAME_POINTER};

/// The values of all frames, the innermost last: of each frame its locals, then its operands. Where a caller's operands
/// end with the arguments of a call, the callee's locals begin with them. Validation has checked that nothing is popped
/// that was not pushed.
pub(super) struct Stack(Vec<u64>);

impl Stack {
    pub(super) fn push(&mut self, value: u64) {
        self.0.push(value);
    }

    pub(super) fn pop(&mut self) -> u64 {
        self.0.pop().expect("validation bounds the operand stack")
    }

    pub(super) fn pop32(&mut self) -> u32 {
        self.pop() as u32
    }

    /// Moves the last `count` values down to `height` and drops what lies above them.
    fn unwind(&mut self, height: usize, count: usize) {
        let start = self.0.len() - count;
        self.0.copy_within(start.., height);
        self.0.truncate(height + count);
    }
}

/// What a branch to a block does: it keeps `arity` values, removes the operands above `height` and continues at the
/// instruction `continuation`.
#[derive(Clone, Copy, Default)]
struct Label {
    arity: u32,
    /// Number of operands of the frame that lie below the block's parameters.
    height: u32,
    continuation: u32,
}

/// The labels of a function and where its branches lead.
///
/// Validation gives each block the same label in every frame and each time that it is entered. So one label per block
/// is enough, where a stack of labels in each frame would grow with the product of call depth and nesting.
pub(super) struct Control {
    /// By the body index of a block's first instruction; the label of the function is at the index of its final `End`.
    labels: Vec<Label>,
    /// For each label index of each branch instruction, in the order of the body: the block, as an index of `labels`.
    targets: Vec<u32>,
    /// By body index: where the instruction's targets begin.
    first_target: Vec<usize>,
}

impl Control {
    pub(super) fn new(body: &[Instruction]) -> Control {
        let mut targets = Vec::new();
        let mut first_target = Vec::with_capacity(body.len());
        let mut open = vec![body.len() as u32 - 1];
        for (index, instruction) in body.iter().enumerate() {
            first_target.push(targets.len());
            match instruction {
                Instruction::Block(_) | Instruction::Loop(_) | Instruction::If { .. } => open.push(index as u32),
                Instruction::End => drop(open.pop()),
                Instruction::Br(label) | Instruction::BrIf(label) => targets.push(enclosing(&open, *label)),
                Instruction::BrTable { labels, default } => {
                    targets.extend(labels.iter().chain([default]).map(|label| enclosing(&open, *label)));
                }
                _ => {}
            }
        }
        Control { labels: vec![Label::default(); body.len()], targets, first_target }
    }
}

/// The block that a label index means: 0 is the innermost.
fn enclosing(open: &[u32], label: u32) -> u32 {
    open[open.len() - 1 - label as usize]
}

/// The activation of a function.
struct Frame<'a> {
    function: &'a Function,
    /// The index of `function` among the defined functions.
    index: usize,
    /// The number of results.
    results: usize,
    /// The frame slot of operand position 0.
    operand_slot: u32,
    /// The slot of the register stack at which the frame begins.
    pointer: u32,
    /// Where its locals and operands begin in the stack.
    locals: usize,
    operands: usize,
    /// The body index of the instruction that follows.
    next: usize,
}

/// An invocation of a function of an instance.
pub(super) struct Thread<'i, 'a> {
    instance: &'i mut Instance<'a>,
    stack: Stack,
    /// The suspended frames. Their number is at most `MAX_FRAME_POINTER`, since every call moves the frame pointer.
    callers: Vec<Frame<'a>>,
}

impl<'i, 'a> Thread<'i, 'a> {
    pub(super) fn new(instance: &'i mut Instance<'a>, arguments: &[u64]) -> Thread<'i, 'a> {
        Thread { instance, stack: Stack(arguments.to_vec()), callers: Vec::new() }
    }

    /// Executes `function` to its end and returns its results.
    pub(super) fn run(mut self, function: u32, fuel: &mut u64) -> Result<Vec<u64>, Halt> {
        let module = self.instance.module;
        if let Some(import) = module.imports.get(function as usize) {
            self.call_host(import)?;
            return Ok(self.stack.0);
        }
        let mut frame = self.enter(function, 0);
        loop {
            let at = frame.next;
            frame.next += 1;
            let instruction = &frame.function.body[at];
            // `else` and `end` only delimit.
            if !matches!(instruction, Instruction::Else { .. } | Instruction::End) {
                *fuel = fuel.checked_sub(1).ok_or(Halt::OutOfFuel)?;
            }
            // EXEC-004: one arm per instruction, in the groups of the specification.
            match instruction {
                // Control instructions.
                // EXEC-015: the only instruction that always traps.
                Instruction::Unreachable => return Err(Trap::Unreachable.into()),
                Instruction::Nop => {}
                Instruction::Block(block) => self.open(&frame, at, block, block.results, block.end + 1),
                // A branch to a loop continues after the `loop` instruction, with the loop's parameters.
                Instruction::Loop(block) => self.open(&frame, at, block, block.params, frame.next as u32),
                Instruction::If { block, else_ } => {
                    let condition = self.stack.pop32();
                    self.open(&frame, at, block, block.results, block.end + 1);
                    if condition == 0 {
                        frame.next = else_.unwrap_or(block.end) as usize + 1;
                    }
                }
                Instruction::Else { end } => frame.next = *end as usize + 1,
                Instruction::End if frame.next < frame.function.body.len() => {}
                Instruction::End => {
                    self.stack.unwind(frame.locals, frame.results);
                    match self.callers.pop() {
                        Some(caller) => frame = caller,
                        None => return Ok(self.stack.0),
                    }
                }
                Instruction::Br(_) => self.branch(&mut frame, at, 0),
                Instruction::BrIf(_) => {
                    if self.stack.pop32() != 0 {
                        self.branch(&mut frame, at, 0);
                    }
                }
                Instruction::BrTable { labels, .. } => {
                    // EXEC-017: an index past the table takes the default, which follows the labels.
                    let index = self.stack.pop32() as usize;
                    self.branch(&mut frame, at, index.min(labels.len()));
                }
                Instruction::Return => {
                    let outermost = frame.function.body.len() - 1;
                    self.branch_to(&mut frame, outermost);
                }
                Instruction::Call(function) => match module.imports.get(*function as usize) {
                    Some(import) => self.call_host(import)?,
                    None => self.call(&mut frame, *function)?,
                },
                Instruction::CallIndirect { type_index } => self.call_indirect(&mut frame, *type_index)?,

                // Parametric instructions.
                Instruction::Drop => drop(self.stack.pop()),
                Instruction::Select => {
                    let (condition, second, first) = (self.stack.pop32(), self.stack.pop(), self.stack.pop());
                    self.stack.push(if condition != 0 { first } else { second });
                }

                // Variable instructions.
                Instruction::LocalGet(local) => self.stack.push(self.stack.0[frame.locals + *local as usize]),
                Instruction::LocalSet(local) => self.stack.0[frame.locals + *local as usize] = self.stack.pop(),
                Instruction::LocalTee(local) => {
                    let value = self.stack.pop();
                    self.stack.push(value);
                    self.stack.0[frame.locals + *local as usize] = value;
                }
                Instruction::GlobalGet(global) => self.stack.push(self.instance.globals[*global as usize]),
                Instruction::GlobalSet(global) => self.instance.globals[*global as usize] = self.stack.pop(),

                // Memory instructions.
                Instruction::Load { op, offset } => {
                    // EXEC-010: base and offset are added without wrapping.
                    let address = u64::from(self.stack.pop32()) + u64::from(*offset);
                    self.stack.push(self.instance.memory.load(*op, address)?);
                }
                Instruction::Store { op, offset } => {
                    let value = self.stack.pop();
                    let address = u64::from(self.stack.pop32()) + u64::from(*offset);
                    self.instance.memory.store(*op, address, value)?;
                }
                Instruction::MemorySize => self.stack.push(u64::from(self.instance.memory.size())),
                Instruction::MemoryGrow => {
                    let pages = self.stack.pop32();
                    self.stack.push(u64::from(self.instance.memory.grow(pages)));
                }
                Instruction::MemoryInit { segment } => {
                    let (length, source, target) = self.pop_range(&frame)?;
                    let bytes = self.instance.data[*segment as usize];
                    self.instance.memory.init(bytes, target, source, length)?;
                }
                // EXEC-013: a dropped segment has no bytes left.
                Instruction::DataDrop { segment } => self.instance.data[*segment as usize] = &[],
                Instruction::MemoryCopy => {
                    let (length, source, target) = self.pop_range(&frame)?;
                    self.instance.memory.copy(target, source, length)?;
                }
                Instruction::MemoryFill => {
                    let (length, value, target) = self.pop_range(&frame)?;
                    self.instance.memory.fill(target, value, length)?;
                }

                // Numeric instructions.
                Instruction::I32Const(value) => self.stack.push(u64::from(*value)),
                Instruction::I64Const(value) => self.stack.push(*value),
                Instruction::Numeric(op) => numeric::apply(*op, &mut self.stack)?,
            }
        }
    }

    /// The three `i32` operands of a bulk memory instruction, the last one first. It is a call on the register stack,
    /// because canonical code calls a routine for it.
    fn pop_range(&mut self, frame: &Frame<'a>) -> Result<(u32, u32, u32), Trap> {
        self.callee_pointer(frame, 3)?;
        Ok((self.stack.pop32(), self.stack.pop32(), self.stack.pop32()))
    }

    /// Enters the block whose first instruction is at `at`: notes its label.
    fn open(&mut self, frame: &Frame<'a>, at: usize, block: &Block, arity: u32, continuation: u32) {
        let height = (self.stack.0.len() - frame.operands) as u32 - block.params;
        self.instance.control[frame.index].labels[at] = Label { arity, height, continuation };
    }

    /// Takes target `which` of the branch instruction at `at`.
    fn branch(&mut self, frame: &mut Frame<'a>, at: usize, which: usize) {
        let control = &self.instance.control[frame.index];
        let block = control.targets[control.first_target[at] + which];
        self.branch_to(frame, block as usize);
    }

    fn branch_to(&mut self, frame: &mut Frame<'a>, block: usize) {
        // EXEC-016: the label's values survive, all other operands of the block go.
        let label = self.instance.control[frame.index].labels[block];
        self.stack.unwind(frame.operands + label.height as usize, label.arity as usize);
        frame.next = label.continuation as usize;
    }

    /// Calls a host function that is imported. This is no call on the register stack.
    fn call_host(&mut self, import: &Import) -> Result<(), Trap> {
        let arguments = self.stack.0.len() - self.instance.module.types[import.type_index as usize].params.len();
        let Instance { host, memory, .. } = &mut *self.instance;
        let result = host.call(import.host, &self.stack.0[arguments..], memory.bytes_mut())?;
        self.stack.0.truncate(arguments);
        self.stack.0.extend(result);
        Ok(())
    }

    fn call(&mut self, frame: &mut Frame<'a>, function: u32) -> Result<(), Trap> {
        let pointer = self.callee_pointer(frame, self.params(function))?;
        let callee = self.enter(function, pointer);
        self.callers.push(std::mem::replace(frame, callee));
        Ok(())
    }

    fn call_indirect(&mut self, frame: &mut Frame<'a>, type_index: u32) -> Result<(), Trap> {
        let module = self.instance.module;
        let element = self.stack.pop32();
        // EXEC-018: the checks in this order; only then the register stack.
        let entry = self.instance.table.get(element as usize).ok_or(Trap::UndefinedElement)?;
        let function = entry.ok_or(Trap::UninitializedElement)?;
        // Types are compared by what they are: two indices may carry the same type.
        if *module.function_type(function) != module.types[type_index as usize] {
            return Err(Trap::IndirectCallTypeMismatch);
        }
        match module.imports.get(function as usize) {
            Some(import) => {
                self.callee_pointer(frame, self.params(function))?;
                self.call_host(import)
            }
            None => self.call(frame, function),
        }
    }

    fn params(&self, function: u32) -> usize {
        self.instance.module.function_type(function).params.len()
    }

    /// The frame pointer of a callee, whose first slots are the arguments among the caller's operands.
    fn callee_pointer(&self, frame: &Frame<'a>, params: usize) -> Result<u32, Trap> {
        let height = self.stack.0.len() - frame.operands - params;
        let pointer = frame.pointer + frame.operand_slot + height as u32;
        // EXEC-019: this is the only limit on calls, and the same in canonical code.
        if pointer > MAX_FRAME_POINTER {
            return Err(Trap::CallStackExhausted);
        }
        Ok(pointer)
    }

    /// The first frame of a defined function, whose arguments are the last values of the stack.
    fn enter(&mut self, function: u32, pointer: u32) -> Frame<'a> {
        let module = self.instance.module;
        let function_type = module.function_type(function);
        let index = function as usize - module.imports.len();
        let function = &module.functions[index];
        let locals = self.stack.0.len() - function_type.params.len();
        // EXEC-009: locals that are not parameters start as zero.
        let operands = self.stack.0.len() + function.locals.len();
        self.stack.0.resize(operands, 0);
        let results = function_type.results.len();
        let outermost = function.body.len() - 1;
        self.instance.control[index].labels[outermost] =
            Label { arity: results as u32, height: 0, continuation: outermost as u32 };
        let operand_slot = function.operand_slot(function_type);
        Frame { function, index, results, operand_slot, pointer, locals, operands, next: 0 }
    }
}
