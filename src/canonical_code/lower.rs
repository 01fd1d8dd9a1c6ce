//! Lowering: from a decoded module to canonical code, one function at a time, one pass over each.

use super::assembler::{Assembler, Label};
use super::routines;
use super::word::{IMMEDIATE_1, IMMEDIATE_2, INPUT_LENGTH, OUTPUT_LENGTH, Opcode, Space, WITNESS_LENGTH, Word};
use super::zeroing::locals_to_zero;
use super::{CanonicalCode, MAX_CODE_WORDS, image};
use crate::host_interface::{HostFunction, MAX_OUTPUT_BYTES, OUTPUT_WORDS, POST_STATE_WORDS};
use crate::notation::{Reject, Rejection, Trap};
use crate::profile::{
    Block, ExportKind, Function, FunctionType, Instruction, LoadOp, Memory, Module, NumericOp, StoreOp,
};

/// Lowers an extension: the program calls the start function, if there is one, then `run`, and halts with its result.
pub fn lower(module: &Module) -> Result<CanonicalCode, Rejection> {
    match module.export("run") {
        Some(ExportKind::Function(run)) => lower_program(module, Entry::Run(run)),
        _ => Err(Rejection::new(Reject::MissingEntryPoint, 0, "the module exports no function `run`")),
    }
}

/// Lowers one invocation of any function: the program calls it with `arguments`, writes its results to the output,
/// a word each, and halts with status 0. It does not call the start function.
pub fn lower_invocation(module: &Module, function: u32, arguments: &[u64]) -> Result<CanonicalCode, Rejection> {
    lower_program(module, Entry::Invoke { function, arguments })
}

/// What the entry routine does.
enum Entry<'a> {
    Run(u32),
    Invoke { function: u32, arguments: &'a [u64] },
}

/// The layout: entry routine, functions by index, stubs of imports, bulk routines.
fn lower_program(module: &Module, entry: Entry) -> Result<CanonicalCode, Rejection> {
    let mut program = Program {
        module,
        assembler: Assembler::default(),
        functions: Vec::new(),
        routines: Default::default(),
        inits: vec![None; module.data.len()],
    };
    program.functions = (0..module.imports.len() + module.functions.len()).map(|_| program.assembler.label()).collect();
    // CODE-020: the entry routine, then the functions in the order of their indices.
    let invoked = match entry {
        Entry::Run(run) => {
            program.entry_of_run(run);
            run
        }
        Entry::Invoke { function, arguments } => {
            program.entry_of_invocation(function, arguments);
            function
        }
    };
    for (index, function) in module.functions.iter().enumerate() {
        program.define(module.imports.len() + index, function)?;
    }
    // CODE-020: only imports that something can call by address need code of their own.
    for (index, import) in module.imports.iter().enumerate() {
        let index = index as u32;
        let in_table = module.elements.iter().any(|segment| segment.functions.contains(&Some(index)));
        if in_table || invoked == index || module.start == Some(index) {
            program.define(index as usize, &stub(index, import.type_index, module.function_type(index)))?;
        }
    }
    program.define_routines();
    let Program { assembler, functions, .. } = program;
    let entries = functions.iter().map(|label| assembler.address(*label)).collect::<Vec<_>>();
    let (words, symbols) = assembler.finish();
    Ok(CanonicalCode {
        words,
        image: image::image(module, &entries),
        initial_pages: module.memory.map_or(0, |memory| memory.initial_pages),
        symbols,
    })
}

/// The function `(func (param ...) (result ...) local.get 0 ... call $import)`.
fn stub(import: u32, type_index: u32, function_type: &FunctionType) -> Function {
    let mut body: Vec<Instruction> = (0..function_type.params.len() as u32).map(Instruction::LocalGet).collect();
    body.extend([Instruction::Call(import), Instruction::End]);
    let offsets = vec![0; body.len()];
    Function { type_index, locals: Vec::new(), body, offsets, frame_slots: 0 }
}

/// A program under construction.
struct Program<'m> {
    module: &'m Module,
    assembler: Assembler,
    /// The entry label of each function, by function index.
    functions: Vec<Label>,
    /// The labels of the routines for `memory.copy` and `memory.fill`, once something calls them.
    routines: [Option<Label>; 2],
    /// The labels of the routines for `memory.init`, by data segment.
    inits: Vec<Option<Label>>,
}

/// Indices into [`Program::routines`].
const COPY: usize = 0;
const FILL: usize = 1;

impl Program<'_> {
    fn entry_of_run(&mut self, run: u32) {
        self.assembler.symbol("entry".into());
        if let Some(start) = self.module.start {
            self.call_from_entry(start);
        }
        self.call_from_entry(run);
        // CODE-021: the spare bytes of the output's last word are cleared here, so that the circuit need not.
        if self.module.imports.iter().any(|import| import.host == HostFunction::OutputLen) {
            routines::clear_spare_bytes(&mut self.assembler);
        }
        self.assembler.emit(Word { src1: 0, ..word(Opcode::Halt) });
    }

    /// CODE-022: arguments in, results to the output.
    fn entry_of_invocation(&mut self, function: u32, arguments: &[u64]) {
        self.assembler.symbol("entry".into());
        for (slot, argument) in arguments.iter().enumerate() {
            self.assembler.move_to(slot as u16, Source::Immediate(*argument));
        }
        self.call_from_entry(function);
        let results = self.module.function_type(function).results.len();
        for index in 0..results {
            let set = Word { dst: Space::Output as u16, mode: IMMEDIATE_1, src2: index as u16, ..word(Opcode::Set) };
            self.assembler.emit(Word { immediate: index as u64, ..set });
        }
        self.assembler.emit(Word {
            dst: Space::Length as u16,
            mode: IMMEDIATE_1 | IMMEDIATE_2,
            immediate: (8 * results as u64) << 32 | u64::from(OUTPUT_LENGTH),
            ..word(Opcode::Set)
        });
        self.assembler.emit(Word { mode: IMMEDIATE_1, ..word(Opcode::Halt) });
    }

    /// A call that leaves the frame pointer at 0.
    fn call_from_entry(&mut self, function: u32) {
        let link = self.module.function_type(function).link_slot() as u16;
        let target = self.functions[function as usize];
        self.assembler.emit_to(target, Word { dst: link, src2: 0, ..word(Opcode::Call) });
    }

    fn define(&mut self, index: usize, function: &Function) -> Result<(), Rejection> {
        self.assembler.symbol(format!("function {index}"));
        let label = self.functions[index];
        self.assembler.bind(label);
        FunctionLowering::new(self, function).lower()
    }

    /// CODE-020: the routines that something calls: copy, fill, then init by segment.
    fn define_routines(&mut self) {
        if let Some(label) = self.routines[COPY] {
            self.assembler.symbol("memory.copy".into());
            self.assembler.bind(label);
            routines::copy(&mut self.assembler);
        }
        if let Some(label) = self.routines[FILL] {
            self.assembler.symbol("memory.fill".into());
            self.assembler.bind(label);
            routines::fill(&mut self.assembler);
        }
        for segment in 0..self.inits.len() {
            if let Some(label) = self.inits[segment] {
                self.assembler.symbol(format!("memory.init {segment}"));
                self.assembler.bind(label);
                let start = image::data_start(self.module, segment);
                routines::init(&mut self.assembler, image::length_cell(self.module, segment), start);
            }
        }
    }
}

/// An operand on the virtual stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operand {
    /// It lies in the slot of its position.
    Slot,
    /// It is the present value of this local.
    Local(u32),
    /// It is this constant.
    Constant(u64),
}

/// An operand of a code word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Register(u16),
    Immediate(u64),
}

/// A block whose end has not been reached.
struct Control {
    /// Where branches to its label go, unless it is the function itself: they return.
    target: Option<Label>,
    /// Whether a live branch names the label.
    branched: bool,
    /// How many operands a branch to the label carries.
    arity: usize,
    /// The operand position of the first parameter and result.
    base: usize,
    /// How many operands it leaves.
    results: usize,
    /// Where an `if` goes when its condition is zero, until its `else`.
    otherwise: Option<Label>,
    /// Number of parameters.
    params: usize,
}

/// A function under lowering.
struct FunctionLowering<'p, 'm> {
    program: &'p mut Program<'m>,
    function: &'p Function,
    link_slot: u32,
    operand_slot: u32,
    stack: Vec<Operand>,
    /// The operands below this position lie in their slots.
    flushed: usize,
    controls: Vec<Control>,
    /// Whether control reaches the next instruction.
    live: bool,
    /// The byte offset in the module of the present instruction.
    offset: usize,
}

impl<'p, 'm> FunctionLowering<'p, 'm> {
    fn new(program: &'p mut Program<'m>, function: &'p Function) -> Self {
        let function_type = &program.module.types[function.type_index as usize];
        let results = function_type.results.len();
        let whole =
            Control { target: None, branched: false, arity: results, base: 0, results, otherwise: None, params: 0 };
        FunctionLowering {
            link_slot: function_type.link_slot(),
            operand_slot: function.operand_slot(function_type),
            program,
            function,
            stack: Vec::new(),
            flushed: 0,
            controls: vec![whole],
            live: true,
            offset: 0,
        }
    }

    fn lower(mut self) -> Result<(), Rejection> {
        // CODE-011: frames overlap what earlier calls left behind, so a local that may be read before it is written
        // is zeroed on entry.
        let params = self.params();
        for local in locals_to_zero(self.function, params) {
            let slot = self.local_slot(local);
            self.assembler().move_to(slot, Source::Immediate(0));
        }
        let function = self.function;
        for (instruction, offset) in function.body.iter().zip(&function.offsets) {
            self.offset = *offset as usize;
            self.instruction(instruction)?;
            self.check_size()?;
        }
        Ok(())
    }

    /// CODE-012: the words of one live instruction.
    fn instruction(&mut self, instruction: &Instruction) -> Result<(), Rejection> {
        match instruction {
            Instruction::Nop => {}
            Instruction::Unreachable => {
                self.trap(Trap::Unreachable);
                self.live = false;
            }
            Instruction::Block(block) => self.block(block),
            Instruction::Loop(block) => self.loop_(block),
            Instruction::If { block, else_ } => self.if_(block, else_.is_some()),
            Instruction::Else { .. } => self.else_(),
            Instruction::End => self.end(),
            Instruction::Br(label) => {
                self.branch(*label);
                self.live = false;
            }
            Instruction::BrIf(label) => self.branch_if(*label),
            Instruction::BrTable { labels, default } => {
                self.branch_table(labels, *default)?;
                self.live = false;
            }
            Instruction::Return => {
                self.return_();
                self.live = false;
            }
            Instruction::Call(function) => self.call(*function),
            Instruction::CallIndirect { type_index } => self.call_indirect(*type_index),
            Instruction::Drop => {
                self.pop();
            }
            Instruction::Select => self.select(),
            Instruction::LocalGet(local) => self.stack.push(Operand::Local(*local)),
            Instruction::LocalSet(local) => self.local_set(*local),
            Instruction::LocalTee(local) => self.local_tee(*local),
            Instruction::GlobalGet(global) => self.get(Space::Global, *global),
            Instruction::GlobalSet(global) => {
                let value = self.pop_source();
                self.set(Space::Global, Source::Immediate((*global).into()), value, self.stack.len());
            }
            Instruction::Load { op, offset } => self.load(*op, *offset),
            Instruction::Store { op, offset } => self.store(*op, *offset),
            Instruction::MemorySize => self.produce(word(Opcode::Size)),
            Instruction::MemoryGrow => self.memory_grow(),
            Instruction::MemoryInit { segment } => {
                let Program { inits, assembler, .. } = &mut *self.program;
                let label = *inits[*segment as usize].get_or_insert_with(|| assembler.label());
                self.call_address(label, 3, 0, 3);
            }
            Instruction::DataDrop { segment } => {
                let cell = image::length_cell(self.program.module, *segment as usize);
                self.set(Space::Global, Source::Immediate(cell.into()), Source::Immediate(0), self.stack.len());
            }
            Instruction::MemoryCopy => self.call_routine(COPY),
            Instruction::MemoryFill => self.call_routine(FILL),
            Instruction::I32Const(value) => self.stack.push(Operand::Constant((*value).into())),
            Instruction::I64Const(value) => self.stack.push(Operand::Constant(*value)),
            Instruction::Numeric(op) => self.numeric(*op),
        }
        Ok(())
    }

    /// CODE-023: the limit is checked after every few words, so that no module makes a client allocate more.
    fn check_size(&self) -> Result<(), Rejection> {
        let words = self.program.assembler.len();
        if words <= MAX_CODE_WORDS {
            return Ok(());
        }
        let detail = format!("the program has more than {MAX_CODE_WORDS} words");
        Err(Rejection::new(Reject::CodeTooLarge, self.offset, detail))
    }

    // The virtual stack.

    fn assembler(&mut self) -> &mut Assembler {
        &mut self.program.assembler
    }

    fn params(&self) -> usize {
        self.program.module.types[self.function.type_index as usize].params.len()
    }

    /// The frame slot of a local: parameters come first, the others after the link word.
    fn local_slot(&self, local: u32) -> u16 {
        let params = self.params() as u32;
        let slot = if local < params { local } else { self.link_slot + 1 + local - params };
        slot as u16
    }

    /// The frame slot of an operand position.
    fn slot(&self, position: usize) -> u16 {
        (self.operand_slot + position as u32) as u16
    }

    fn pop(&mut self) -> Operand {
        let operand = self.stack.pop().expect("validation checked the operand stack");
        self.flushed = self.flushed.min(self.stack.len());
        operand
    }

    /// The source of an operand that was popped from `position`.
    fn source(&self, operand: Operand, position: usize) -> Source {
        match operand {
            Operand::Slot => Source::Register(self.slot(position)),
            Operand::Local(local) => Source::Register(self.local_slot(local)),
            Operand::Constant(value) => Source::Immediate(value),
        }
    }

    fn pop_source(&mut self) -> Source {
        let operand = self.pop();
        self.source(operand, self.stack.len())
    }

    /// The source as a register: a constant is first moved to the slot of `position`.
    fn register(&mut self, source: Source, position: usize) -> u16 {
        match source {
            Source::Register(slot) => slot,
            Source::Immediate(_) => {
                let slot = self.slot(position);
                self.assembler().move_to(slot, source);
                slot
            }
        }
    }

    /// Emits a word whose destination is the slot of the next position, and pushes that operand.
    fn produce(&mut self, word: Word) {
        let dst = self.slot(self.stack.len());
        self.assembler().emit(Word { dst, ..word });
        self.stack.push(Operand::Slot);
    }

    /// Puts every operand from `position` up into its slot.
    fn flush_from(&mut self, position: usize) {
        for position in position.max(self.flushed)..self.stack.len() {
            let operand = self.stack[position];
            let slot = self.slot(position);
            let source = self.source(operand, position);
            self.assembler().move_to(slot, source);
            self.stack[position] = Operand::Slot;
        }
    }

    fn flush(&mut self) {
        self.flush_from(0);
        self.flushed = self.stack.len();
    }

    /// Moves a popped operand to a slot, if possible by redirecting the word that produced it.
    fn put(&mut self, slot: u16, operand: Operand, position: usize) {
        let source = self.source(operand, position);
        if operand == Operand::Slot && self.program.assembler.redirect(self.slot(position), slot) {
            return;
        }
        self.assembler().move_to(slot, source);
    }

    // Variables.

    fn local_set(&mut self, local: u32) {
        let operand = self.pop();
        if operand == Operand::Local(local) {
            return;
        }
        self.save_aliases(local);
        let slot = self.local_slot(local);
        self.put(slot, operand, self.stack.len());
    }

    fn local_tee(&mut self, local: u32) {
        let operand = self.pop();
        if operand != Operand::Local(local) {
            self.save_aliases(local);
            let slot = self.local_slot(local);
            self.put(slot, operand, self.stack.len());
        }
        self.stack.push(if operand == Operand::Slot { Operand::Local(local) } else { operand });
    }

    /// Puts the operands that are the present value of a local into their slots, before it changes.
    fn save_aliases(&mut self, local: u32) {
        for position in self.flushed..self.stack.len() {
            if self.stack[position] == Operand::Local(local) {
                let (slot, source) = (self.slot(position), Source::Register(self.local_slot(local)));
                self.assembler().move_to(slot, source);
                self.stack[position] = Operand::Slot;
            }
        }
    }

    /// Pushes cell `index` of a space.
    fn get(&mut self, space: Space, index: u32) {
        let immediate = index.into();
        self.produce(Word { mode: IMMEDIATE_1, src2: space as u16, immediate, ..word(Opcode::Get) });
    }

    /// Writes a cell. A constant that does not fit goes through the slot of `position`.
    fn set(&mut self, space: Space, index: Source, value: Source, position: usize) {
        let (src1, mode_1, low) = match index {
            Source::Register(slot) => (slot, 0, 0),
            Source::Immediate(index) => (0, IMMEDIATE_1, index),
        };
        let (src2, mode_2, high) = self.half_operand(value, position);
        let word = Word { dst: space as u16, mode: mode_1 | mode_2, src1, src2, ..word(Opcode::Set) };
        self.assembler().emit(Word { immediate: high << 32 | low, ..word });
    }

    /// Operand 2 where its immediate has 32 bits: the slot, the mode and the high half.
    fn half_operand(&mut self, source: Source, position: usize) -> (u16, u8, u64) {
        match source {
            Source::Immediate(value) if value <= u32::MAX.into() => (0, IMMEDIATE_2, value),
            _ => (self.register(source, position), 0, 0),
        }
    }

    // Numeric instructions.

    fn numeric(&mut self, op: NumericOp) {
        use NumericOp::*;
        match op {
            I32Eqz | I64Eqz => self.equal_to_zero(),
            I32Eq | I64Eq => self.binary(Opcode::Eq),
            I32Ne | I64Ne => self.binary(Opcode::Ne),
            I32LtU | I64LtU => self.binary(Opcode::LtU),
            I32GeU | I64GeU => self.binary(Opcode::GeU),
            I32LtS => self.binary(Opcode::LtS32),
            I32GeS => self.binary(Opcode::GeS32),
            I64LtS => self.binary(Opcode::LtS64),
            I64GeS => self.binary(Opcode::GeS64),
            I32GtU | I64GtU => self.swapped(Opcode::LtU),
            I32LeU | I64LeU => self.swapped(Opcode::GeU),
            I32GtS => self.swapped(Opcode::LtS32),
            I32LeS => self.swapped(Opcode::GeS32),
            I64GtS => self.swapped(Opcode::LtS64),
            I64LeS => self.swapped(Opcode::GeS64),
            I32Clz => self.unary(Opcode::Clz32),
            I64Clz => self.unary(Opcode::Clz64),
            I32Ctz => self.unary(Opcode::Ctz32),
            I64Ctz => self.unary(Opcode::Ctz64),
            I32Popcnt | I64Popcnt => self.unary(Opcode::Popcnt),
            I32Add => self.binary(Opcode::Add32),
            I64Add => self.binary(Opcode::Add64),
            I32Sub => self.binary(Opcode::Sub32),
            I64Sub => self.binary(Opcode::Sub64),
            I32Mul => self.binary(Opcode::Mul32),
            I64Mul => self.binary(Opcode::Mul64),
            I32DivU | I64DivU => self.binary(Opcode::DivU),
            I32RemU | I64RemU => self.binary(Opcode::RemU),
            I32DivS => self.binary(Opcode::DivS32),
            I64DivS => self.binary(Opcode::DivS64),
            I32RemS => self.binary(Opcode::RemS32),
            I64RemS => self.binary(Opcode::RemS64),
            I32And | I64And => self.binary(Opcode::And),
            I32Or | I64Or => self.binary(Opcode::Or),
            I32Xor | I64Xor => self.binary(Opcode::Xor),
            I32Shl => self.binary(Opcode::Shl32),
            I64Shl => self.binary(Opcode::Shl64),
            I32ShrU => self.binary(Opcode::ShrU32),
            I64ShrU => self.binary(Opcode::ShrU64),
            I32ShrS => self.binary(Opcode::ShrS32),
            I64ShrS => self.binary(Opcode::ShrS64),
            I32Rotl => self.binary(Opcode::Rotl32),
            I64Rotl => self.binary(Opcode::Rotl64),
            I32Rotr => self.binary(Opcode::Rotr32),
            I64Rotr => self.binary(Opcode::Rotr64),
            I32WrapI64 => self.unary(Opcode::Wrap),
            // An i32 is held zero-extended already.
            I64ExtendI32U => {}
            I32Extend8S => self.unary(Opcode::Extend8S32),
            I32Extend16S => self.unary(Opcode::Extend16S32),
            I64Extend8S => self.unary(Opcode::Extend8S64),
            I64Extend16S => self.unary(Opcode::Extend16S64),
            I64Extend32S | I64ExtendI32S => self.unary(Opcode::Extend32S64),
        }
    }

    fn unary(&mut self, opcode: Opcode) {
        let (src1, mode, immediate) = match self.pop_source() {
            Source::Register(slot) => (slot, 0, 0),
            Source::Immediate(value) => (0, IMMEDIATE_1, value),
        };
        self.produce(Word { mode, src1, immediate, ..word(opcode) });
    }

    fn binary(&mut self, opcode: Opcode) {
        let second = self.pop_source();
        let first = self.pop_source();
        self.binary_of(opcode, first, second);
    }

    /// `a > b` is `b < a`, and `a <= b` is `b >= a`.
    fn swapped(&mut self, opcode: Opcode) {
        let second = self.pop_source();
        let first = self.pop_source();
        self.binary_of(opcode, second, first);
    }

    /// Of two constants, operand 1 goes through the slot of the result.
    fn binary_of(&mut self, opcode: Opcode, first: Source, second: Source) {
        let word = match (first, second) {
            (Source::Register(src1), Source::Register(src2)) => Word { src1, src2, ..word(opcode) },
            (Source::Immediate(immediate), Source::Register(src2)) => {
                Word { mode: IMMEDIATE_1, src2, immediate, ..word(opcode) }
            }
            (first, Source::Immediate(immediate)) => {
                let src1 = self.register(first, self.stack.len());
                Word { mode: IMMEDIATE_2, src1, immediate, ..word(opcode) }
            }
        };
        self.produce(word);
    }

    /// `eqz`: inverts the comparison that produced the operand, or compares it with zero.
    fn equal_to_zero(&mut self) {
        if self.stack.last() == Some(&Operand::Slot) {
            let slot = self.slot(self.stack.len() - 1);
            if self.assembler().invert_comparison(slot) {
                return;
            }
        }
        let source = self.pop_source();
        self.binary_of(Opcode::Eq, source, Source::Immediate(0));
    }

    fn select(&mut self) {
        let condition = self.pop_source();
        let condition_position = self.stack.len();
        let second = self.pop_source();
        // The first operand must lie in the slot of the result, which the conditional move overwrites.
        self.flush_from(self.stack.len() - 1);
        let src2 = self.register(condition, condition_position);
        self.pop();
        let (src1, mode, immediate) = match second {
            Source::Register(slot) => (slot, 0, 0),
            Source::Immediate(value) => (0, IMMEDIATE_1, value),
        };
        self.produce(Word { mode, src1, src2, immediate, ..word(Opcode::MoveIfZero) });
    }

    // Memory.

    fn load(&mut self, op: LoadOp, offset: u32) {
        let opcode = match op {
            LoadOp::I32Load8U | LoadOp::I64Load8U => Opcode::Load8U,
            LoadOp::I32Load16U | LoadOp::I64Load16U => Opcode::Load16U,
            LoadOp::I32Load | LoadOp::I64Load32U => Opcode::Load32U,
            LoadOp::I64Load => Opcode::Load64,
            LoadOp::I32Load8S => Opcode::Load8S32,
            LoadOp::I32Load16S => Opcode::Load16S32,
            LoadOp::I64Load8S => Opcode::Load8S64,
            LoadOp::I64Load16S => Opcode::Load16S64,
            LoadOp::I64Load32S => Opcode::Load32S64,
        };
        let base = self.pop_source();
        let (src1, mode, immediate) = address(base, offset);
        self.produce(Word { mode, src1, immediate, ..word(opcode) });
    }

    fn store(&mut self, op: StoreOp, offset: u32) {
        let opcode = match op {
            StoreOp::I32Store8 | StoreOp::I64Store8 => Opcode::Store8,
            StoreOp::I32Store16 | StoreOp::I64Store16 => Opcode::Store16,
            StoreOp::I32Store | StoreOp::I64Store32 => Opcode::Store32,
            StoreOp::I64Store => Opcode::Store64,
        };
        let value = self.pop_source();
        let value_position = self.stack.len();
        let base = self.pop_source();
        let (src2, mode_2, high) = self.half_operand(value, value_position);
        let (src1, mode_1, low) = address(base, offset);
        let immediate = high << 32 | low;
        self.assembler().emit(Word { mode: mode_1 | mode_2, src1, src2, immediate, ..word(opcode) });
    }

    fn memory_grow(&mut self) {
        let delta = self.pop_source();
        let src1 = self.register(delta, self.stack.len());
        let maximum = self.program.module.memory.map_or(0, |Memory { maximum_pages, .. }| maximum_pages);
        self.produce(Word { src1, immediate: maximum.into(), ..word(Opcode::Grow) });
    }

    // Control.

    fn trap(&mut self, trap: Trap) {
        self.assembler().emit(Word { immediate: trap.code().into(), ..word(Opcode::Trap) });
    }

    fn enter(&mut self, block: &Block, target: Label, arity: u32, otherwise: Option<Label>) {
        self.controls.push(Control {
            target: Some(target),
            branched: false,
            arity: arity as usize,
            base: self.stack.len() - block.params as usize,
            results: block.results as usize,
            otherwise,
            params: block.params as usize,
        });
    }

    fn block(&mut self, block: &Block) {
        self.flush();
        let end = self.assembler().label();
        self.enter(block, end, block.results, None);
    }

    fn loop_(&mut self, block: &Block) {
        self.flush();
        let head = self.assembler().label();
        self.assembler().bind(head);
        self.enter(block, head, block.params, None);
    }

    fn if_(&mut self, block: &Block, has_else: bool) {
        let condition = self.pop();
        self.flush();
        let end = self.assembler().label();
        let otherwise = if has_else { self.assembler().label() } else { end };
        self.branch_on(condition, false, otherwise);
        self.enter(block, end, block.results, has_else.then_some(otherwise));
        if !has_else {
            self.controls.last_mut().expect("just entered").branched = true;
        }
    }

    fn else_(&mut self) {
        let live = self.live;
        if live {
            self.flush();
        }
        let control = self.controls.last_mut().expect("decoding matched the blocks");
        let (end, otherwise) = (control.target.expect("an if has a label"), control.otherwise.take());
        control.branched |= live;
        let (base, params) = (control.base, control.params);
        if live {
            self.assembler().emit_to(end, word(Opcode::Jump));
        }
        self.assembler().bind(otherwise.expect("an else has its if"));
        self.reset_stack(base + params);
        self.live = true;
    }

    fn end(&mut self) {
        if self.live {
            match self.controls.len() {
                1 => return self.return_(),
                _ => self.flush(),
            }
        }
        let control = self.controls.pop().expect("decoding matched the blocks");
        if let Some(target) = control.target
            && control.branched
            && !self.assembler().is_bound(target)
        {
            self.assembler().bind(target);
            self.live = true;
        }
        self.reset_stack(control.base + control.results);
    }

    /// The stack at a label: every operand in its slot.
    fn reset_stack(&mut self, height: usize) {
        self.stack.clear();
        self.stack.resize(height, Operand::Slot);
        self.flushed = height;
    }

    fn control(&mut self, label: u32) -> &mut Control {
        let index = self.controls.len() - 1 - label as usize;
        &mut self.controls[index]
    }

    fn branch(&mut self, label: u32) {
        let control = self.control(label);
        let (arity, base) = (control.arity, control.base);
        match control.target {
            None => self.return_(),
            Some(target) => {
                control.branched = true;
                self.carry(arity, base);
                self.assembler().jump(target);
            }
        }
    }

    /// Moves the operands that a branch carries to the positions that its label expects, lowest first: no move
    /// overwrites what a later one reads.
    fn carry(&mut self, arity: usize, base: usize) {
        let first = self.stack.len() - arity;
        for index in 0..arity {
            let slot = self.slot(base + index);
            self.put(slot, self.stack[first + index], first + index);
        }
    }

    fn branch_if(&mut self, label: u32) {
        let condition = self.pop();
        let control = self.control(label);
        let (arity, base, target) = (control.arity, control.base, control.target);
        match target {
            Some(target) if arity == 0 || base + arity == self.stack.len() => {
                self.control(label).branched = true;
                self.flush_from(self.stack.len() - arity);
                self.branch_on(condition, true, target);
            }
            _ => {
                let skip = self.assembler().label();
                self.branch_on(condition, false, skip);
                let stack = self.stack.clone();
                self.branch(label);
                self.stack = stack;
                self.assembler().bind(skip);
            }
        }
    }

    /// Branches when an operand, just popped, is not zero (`sense`) or is zero, if possible by turning the comparison
    /// that produced it into the branch.
    fn branch_on(&mut self, condition: Operand, sense: bool, target: Label) {
        let position = self.stack.len();
        let slot = self.slot(position);
        if condition == Operand::Slot && self.assembler().fuse_branch(slot, sense, target) {
            return;
        }
        let source = self.source(condition, position);
        let src1 = self.register(source, position);
        let opcode = if sense { Opcode::BranchNe } else { Opcode::BranchEq };
        self.assembler().emit_to(target, Word { mode: IMMEDIATE_2, src1, ..word(opcode) });
    }

    /// CODE-016: a bounds check that jumps to the default, then an indexed jump into one jump for each label. Labels that need
    /// more than a jump get it behind the table.
    fn branch_table(&mut self, labels: &[u32], default: u32) -> Result<(), Rejection> {
        let index = self.pop_source();
        let src1 = self.register(index, self.stack.len());
        let mut behind: Vec<(u32, Label)> = Vec::new();
        let default_target = self.table_target(default, &mut behind);
        let immediate = (labels.len() as u64) << 32;
        self.assembler()
            .emit_to(default_target, Word { mode: IMMEDIATE_2, src1, immediate, ..word(Opcode::BranchGeU) });
        self.assembler().emit(Word { src1, ..word(Opcode::JumpIndexed) });
        for label in labels {
            let target = self.table_target(*label, &mut behind);
            self.assembler().emit_to(target, word(Opcode::Jump));
        }
        behind.sort_by_key(|(_, thunk)| *thunk);
        for (label, thunk) in behind {
            self.assembler().bind(thunk);
            let stack = self.stack.clone();
            self.branch(label);
            self.stack = stack;
            self.check_size()?;
        }
        Ok(())
    }

    /// Where an entry of a branch table jumps: the label itself if the operands already lie where it expects them.
    fn table_target(&mut self, label: u32, behind: &mut Vec<(u32, Label)>) -> Label {
        let height = self.stack.len();
        let control = self.control(label);
        let (arity, base) = (control.arity, control.base);
        if let Some(target) = control.target
            && (arity == 0
                || base + arity == height && self.stack[base..].iter().all(|operand| *operand == Operand::Slot))
        {
            self.control(label).branched = true;
            return target;
        }
        match behind.binary_search_by_key(&label, |(label, _)| *label) {
            Ok(found) => behind[found].1,
            Err(place) => {
                let thunk = self.program.assembler.label();
                behind.insert(place, (label, thunk));
                thunk
            }
        }
    }

    /// CODE-017: moves the results to the first slots and returns.
    fn return_(&mut self) {
        let results = self.controls[0].results;
        let first = self.stack.len() - results;
        if results > 1 {
            // A result that is a local in one of the first slots would be overwritten by the results before it.
            for position in first..self.stack.len() {
                if let Operand::Local(local) = self.stack[position]
                    && usize::from(self.local_slot(local)) < results
                {
                    let (slot, source) = (self.slot(position), Source::Register(self.local_slot(local)));
                    self.assembler().move_to(slot, source);
                    self.stack[position] = Operand::Slot;
                }
            }
        }
        for index in 0..results {
            self.put(index as u16, self.stack[first + index], first + index);
        }
        let link = self.link_slot as u16;
        self.assembler().emit(Word { src1: link, ..word(Opcode::Return) });
    }

    // Calls.

    fn call(&mut self, function: u32) {
        if let Some(import) = self.program.module.imports.get(function as usize) {
            return self.call_host(import.host);
        }
        let function_type = self.program.module.function_type(function);
        let (params, results) = (function_type.params.len(), function_type.results.len());
        let target = self.program.functions[function as usize];
        let link = function_type.link_slot();
        self.call_address(target, params, results, link);
    }

    fn call_routine(&mut self, routine: usize) {
        let Program { routines, assembler, .. } = &mut *self.program;
        let label = *routines[routine].get_or_insert_with(|| assembler.label());
        self.call_address(label, 3, 0, 3);
    }

    /// CODE-010, CODE-018: the callee's frame begins at its first argument.
    fn call_address(&mut self, target: Label, params: usize, results: usize, link: u32) {
        let base = self.stack.len() - params;
        self.flush_from(base);
        let shift = self.slot(base);
        let dst = shift + link as u16;
        self.assembler().emit_to(target, Word { dst, src2: shift, ..word(Opcode::Call) });
        self.push_results(base, results);
    }

    fn call_indirect(&mut self, type_index: u32) {
        let module = self.program.module;
        let function_type = &module.types[type_index as usize];
        let index = self.pop_source();
        let index_position = self.stack.len();
        let base = self.stack.len() - function_type.params.len();
        self.flush_from(base);
        let src1 = self.register(index, index_position);
        let shift = self.slot(base);
        let immediate = u64::from(module.table.unwrap_or(0)) << 32 | u64::from(image::type_number(module, type_index));
        let dst = shift + function_type.link_slot() as u16;
        self.assembler().emit(Word { dst, src1, src2: shift, immediate, ..word(Opcode::CallIndirect) });
        self.push_results(base, function_type.results.len());
    }

    fn push_results(&mut self, base: usize, results: usize) {
        self.stack.truncate(base);
        self.flushed = self.flushed.min(base);
        self.stack.resize(base + results, Operand::Slot);
    }

    /// CODE-019: a host function is a load or store of a cell; what it bounds is compared first.
    fn call_host(&mut self, host: HostFunction) {
        match host {
            HostFunction::Input => self.get_indexed(Space::Input),
            HostFunction::InputLen => self.get(Space::Length, INPUT_LENGTH),
            HostFunction::Witness => self.get_indexed(Space::Witness),
            HostFunction::WitnessLen => self.get(Space::Length, WITNESS_LENGTH),
            HostFunction::Context => self.get_indexed(Space::Context),
            HostFunction::Output => self.set_bounded(Space::Output, OUTPUT_WORDS),
            HostFunction::PostState => self.set_bounded(Space::PostState, POST_STATE_WORDS),
            HostFunction::OutputLen => {
                let length = self.pop_source();
                self.require_less(length, MAX_OUTPUT_BYTES + 1);
                let cell = Source::Immediate(OUTPUT_LENGTH.into());
                self.set(Space::Length, cell, length, self.stack.len());
            }
            HostFunction::Poseidon => {
                let output = self.pop_source();
                let output_position = self.stack.len();
                let input = self.pop_source();
                let src1 = self.register(input, self.stack.len());
                let src2 = self.register(output, output_position);
                self.assembler().emit(Word { src1, src2, ..word(Opcode::Poseidon) });
            }
            HostFunction::Abort => {
                for _ in 0..4 {
                    self.pop();
                }
                self.trap(Trap::Aborted);
            }
        }
    }

    fn get_indexed(&mut self, space: Space) {
        let (src1, mode, immediate) = match self.pop_source() {
            Source::Register(slot) => (slot, 0, 0),
            Source::Immediate(index) => (0, IMMEDIATE_1, index),
        };
        self.produce(Word { mode, src1, src2: space as u16, immediate, ..word(Opcode::Get) });
    }

    fn set_bounded(&mut self, space: Space, cells: u32) {
        let value = self.pop_source();
        let value_position = self.stack.len();
        let index = self.pop_source();
        self.require_less(index, cells);
        self.set(space, index, value, value_position);
    }

    /// Traps unless a value is below a bound. For a constant it is known which.
    fn require_less(&mut self, value: Source, bound: u32) {
        match value {
            Source::Immediate(value) if value < bound.into() => {}
            Source::Immediate(_) => self.trap(Trap::HostIndexOutOfBounds),
            Source::Register(src1) => {
                let within = self.assembler().label();
                let immediate = u64::from(bound) << 32;
                let branch = Word { mode: IMMEDIATE_2, src1, immediate, ..word(Opcode::BranchLtU) };
                self.assembler().emit_to(within, branch);
                self.trap(Trap::HostIndexOutOfBounds);
                self.assembler().bind(within);
            }
        }
    }
}

/// The address fields of a load or store: slot, mode and offset. A constant address is folded into the offset; beyond
/// 32 bits it is out of bounds whatever its value.
fn address(base: Source, offset: u32) -> (u16, u8, u64) {
    match base {
        Source::Register(slot) => (slot, 0, offset.into()),
        Source::Immediate(base) => (0, IMMEDIATE_1, (base + u64::from(offset)).min(u32::MAX.into())),
    }
}

/// A word with nothing but its operation.
pub(super) fn word(opcode: Opcode) -> Word {
    Word { opcode, mode: 0, dst: 0, src1: 0, src2: 0, immediate: 0 }
}
