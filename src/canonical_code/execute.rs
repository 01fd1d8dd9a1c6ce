//! The executor: runs canonical code, one word a cycle, and shows every access to a cell.

use super::program::{CanonicalCode, Cell};
use super::word::{IMMEDIATE_1, IMMEDIATE_2, INPUT_LENGTH, OUTPUT_LENGTH, Opcode, Space, WITNESS_LENGTH, Word, link};
use crate::host_interface::{CONTEXT_WORDS, ELEMENT_WORDS, Inputs, MAX_OUTPUT_BYTES, OUTPUT_WORDS, POST_STATE_WORDS};
use crate::host_interface::{hash_ranges, hash_words};
use crate::notation::{B256, Execution, Outcome, Trap, word as word_of_bytes};
use crate::profile::{MAX_FRAME_POINTER, MAX_MODULE_BYTES};
use std::collections::BTreeMap;

/// Slots of the register stack.
const REGISTERS: usize = 1 << 16;
/// Bytes of a page.
const PAGE_BYTES: usize = 1 << 16;
/// Accesses of one cycle at most: those of a hash, two registers and twelve words of the memory.
const MAX_ACCESSES: usize = 2 + 3 * ELEMENT_WORDS;
/// Times of a cycle.
const PLACES: u64 = 4;

/// What an execution yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Outcome, output and post-state.
    pub execution: Execution,
    /// The number of executed words, the last one included.
    pub cycles: u64,
}

/// One access to a cell: it takes the old tuple and puts the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The space.
    pub space: Space,
    /// The index in the space.
    pub index: u32,
    /// The time of the cell's last access, or 0.
    pub previous_time: u64,
    /// The value before.
    pub previous: u64,
    /// The time of this access: four times the clock, plus its place in the cycle.
    pub time: u64,
    /// The value after; a read leaves it as it was.
    pub value: u64,
}

/// One executed word with its accesses.
#[derive(Clone, Debug)]
pub struct Cycle {
    /// The number of the cycle, from 1.
    pub clock: u64,
    /// The address of the word.
    pub program_counter: u32,
    /// The frame pointer before.
    pub frame_pointer: u32,
    /// The size of the memory in pages before.
    pub pages: u32,
    /// The word.
    pub word: Word,
    accesses: [Access; MAX_ACCESSES],
    count: usize,
}

impl Cycle {
    /// The accesses in their order.
    pub fn accesses(&self) -> &[Access] {
        &self.accesses[..self.count]
    }
}

/// Executes a program for at most `cycle_limit` cycles.
pub fn execute(code: &CanonicalCode, inputs: &Inputs, cycle_limit: u64) -> Finished {
    let mut machine = Machine::new(code, inputs);
    machine.run(cycle_limit)
}

/// Executes a program and shows each cycle to `visit`, in order.
pub fn trace(code: &CanonicalCode, inputs: &Inputs, cycle_limit: u64, visit: impl FnMut(&Cycle)) -> Finished {
    let mut machine = Machine::new(code, inputs);
    machine.run_traced(cycle_limit, visit)
}

/// Why the machine stopped.
enum Stop {
    Halted(u32),
    Trapped(Trap),
}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Stop {
        Stop::Trapped(trap)
    }
}

/// Sees every access. The empty one costs nothing.
trait Observer {
    const ACTIVE: bool;
    /// An access at the next place.
    fn access(&mut self, space: Space, index: u32, previous: u64, value: u64);
    /// An access at a place that it may share with accesses to other cells.
    fn access_at(&mut self, place: u64, space: Space, index: u32, previous: u64, value: u64);
}

impl Observer for () {
    const ACTIVE: bool = false;
    fn access(&mut self, _: Space, _: u32, _: u64, _: u64) {}
    fn access_at(&mut self, _: u64, _: Space, _: u32, _: u64, _: u64) {}
}

/// The state of an execution.
pub struct Machine<'c> {
    code: &'c CanonicalCode,
    program_counter: u32,
    frame_pointer: u32,
    cycles: u64,
    registers: Box<[u64; REGISTERS]>,
    memory: Vec<u8>,
    /// The cells of the other spaces, by number of the space.
    cells: [Vec<u64>; Space::ALL.len()],
    pre_state_root: B256,
}

impl<'c> Machine<'c> {
    /// The state before the first cycle: the image and the inputs.
    pub fn new(code: &'c CanonicalCode, inputs: &Inputs) -> Machine<'c> {
        let words = |bytes: &[u8]| (0..bytes.len().div_ceil(8)).map(|i| word_of_bytes(bytes, i as u64)).collect();
        let context: Vec<u8> = inputs.context.fields.iter().flat_map(|field| field.0).collect();
        let pre_state_root = inputs.context.pre_state_root();
        let mut cells: [Vec<u64>; Space::ALL.len()] = Default::default();
        cells[Space::Input as usize] = words(&inputs.input);
        cells[Space::Witness as usize] = words(&inputs.witness);
        cells[Space::Context as usize] = words(&context);
        cells[Space::Output as usize] = vec![0; OUTPUT_WORDS as usize];
        cells[Space::PostState as usize] = words(pre_state_root.as_slice());
        cells[Space::Length as usize] = vec![0; 3];
        cells[Space::Length as usize][INPUT_LENGTH as usize] = inputs.input.len() as u64;
        cells[Space::Length as usize][WITNESS_LENGTH as usize] = inputs.witness.len() as u64;
        debug_assert_eq!(cells[Space::Context as usize].len(), CONTEXT_WORDS as usize);
        debug_assert_eq!(cells[Space::PostState as usize].len(), POST_STATE_WORDS as usize);
        cells[Space::Global as usize] = vec![0; global_cells(code)];
        let mut memory = vec![0; code.initial_pages as usize * PAGE_BYTES];
        for cell in &code.image {
            let index = cell.index as usize;
            match cell.space {
                Space::Memory => memory[8 * index..8 * index + 8].copy_from_slice(&cell.value.to_le_bytes()),
                space => {
                    let cells = &mut cells[space as usize];
                    cells.resize(cells.len().max(index + 1), 0);
                    cells[index] = cell.value;
                }
            }
        }
        let registers = vec![0; REGISTERS].into_boxed_slice().try_into().expect("as many as there are");
        Machine { code, program_counter: 0, frame_pointer: 0, cycles: 0, registers, memory, cells, pre_state_root }
    }

    /// Runs to the end, or to the cycle limit, which is a trap.
    pub fn run(&mut self, cycle_limit: u64) -> Finished {
        self.run_observed(cycle_limit, &mut (), |_, ()| {}, |_, ()| {})
    }

    /// Runs to the end and shows each cycle to `visit`.
    pub fn run_traced(&mut self, cycle_limit: u64, mut visit: impl FnMut(&Cycle)) -> Finished {
        let mut tracer = Tracer::new();
        self.run_observed(
            cycle_limit,
            &mut tracer,
            |machine, tracer| tracer.begin(machine),
            |_, tracer| visit(&tracer.cycle),
        )
    }

    /// The linear memory.
    pub fn memory(&self) -> &[u8] {
        &self.memory
    }

    /// The cell of any space but registers and memory; 0 if it was never written.
    pub fn cell(&self, space: Space, index: u32) -> u64 {
        self.cells[space as usize].get(index as usize).copied().unwrap_or(0)
    }

    /// The image of a program that begins with what the cells hold now: those of memory, globals, table and data that are
    /// not zero, in ascending order.
    pub fn image(&self) -> Vec<Cell> {
        let memory = self.memory.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
        let others = |space: Space| self.cells[space as usize].iter().copied();
        let mut image = Vec::new();
        let mut add = |space: Space, values: &mut dyn Iterator<Item = u64>| {
            let cells = values.zip(0..).filter(|(value, _)| *value != 0);
            image.extend(cells.map(|(value, index)| Cell { space, index, value }));
        };
        add(Space::Memory, &mut { memory });
        for space in [Space::Global, Space::Table, Space::Data] {
            add(space, &mut others(space));
        }
        image.sort_unstable();
        image
    }

    /// The size of the memory in pages.
    pub fn pages(&self) -> u32 {
        (self.memory.len() / PAGE_BYTES) as u32
    }

    /// Continues from the memory and globals that another machine left, as one invocation of a module's function
    /// follows another.
    pub fn resume(&mut self, left: &Machine) {
        self.memory.clone_from(&left.memory);
        self.cells[Space::Global as usize].clone_from(&left.cells[Space::Global as usize]);
        let globals = &mut self.cells[Space::Global as usize];
        globals.resize(globals.len().max(global_cells(self.code)), 0);
    }

    fn run_observed<O: Observer>(
        &mut self,
        cycle_limit: u64,
        observer: &mut O,
        mut before: impl FnMut(&Machine, &mut O),
        mut after: impl FnMut(&Machine, &mut O),
    ) -> Finished {
        let outcome = loop {
            // CODE-028: the limit is checked before the word that would exceed it.
            if self.cycles == cycle_limit {
                break Outcome::Trapped(Trap::CycleLimitExhausted);
            }
            self.cycles += 1;
            before(self, observer);
            let step = self.step(observer);
            after(self, observer);
            match step {
                Ok(()) => {}
                Err(Stop::Halted(0)) => break Outcome::Accepted,
                Err(Stop::Halted(code)) => break Outcome::Rejected(code),
                Err(Stop::Trapped(trap)) => break Outcome::Trapped(trap),
            }
        };
        Finished { execution: self.finish(outcome), cycles: self.cycles }
    }

    /// What the cells say at the end.
    fn finish(&self, outcome: Outcome) -> Execution {
        let words = |space: Space| self.cells[space as usize].iter().flat_map(|word| word.to_le_bytes());
        let length = match outcome {
            // CODE-029: a trap has no output.
            Outcome::Trapped(_) => 0,
            _ => self.cell(Space::Length, OUTPUT_LENGTH).min(MAX_OUTPUT_BYTES.into()) as usize,
        };
        let post_state = match outcome {
            Outcome::Accepted => B256::from_slice(&words(Space::PostState).collect::<Vec<u8>>()),
            // CODE-029: only an accepted execution changes the state.
            Outcome::Rejected(_) | Outcome::Trapped(_) => self.pre_state_root,
        };
        Execution { outcome, output: words(Space::Output).take(length).collect(), post_state }
    }

    #[inline(always)]
    fn register(&mut self, slot: u16, observer: &mut impl Observer) -> u64 {
        let index = self.frame_pointer as usize + usize::from(slot);
        let value = self.registers[index % REGISTERS];
        observer.access(Space::Register, (index % REGISTERS) as u32, value, value);
        value
    }

    #[inline(always)]
    fn set_register(&mut self, slot: u16, value: u64, observer: &mut impl Observer) {
        let index = self.frame_pointer as usize + usize::from(slot);
        let register = &mut self.registers[index % REGISTERS];
        observer.access(Space::Register, (index % REGISTERS) as u32, *register, value);
        *register = value;
    }

    /// Operand 1, whose immediate is the given one.
    #[inline(always)]
    fn operand_1(&mut self, word: &Word, immediate: u64, observer: &mut impl Observer) -> u64 {
        if word.mode & IMMEDIATE_1 != 0 { immediate } else { self.register(word.src1, observer) }
    }

    /// Operand 2, whose immediate is the given one.
    #[inline(always)]
    fn operand_2(&mut self, word: &Word, immediate: u64, observer: &mut impl Observer) -> u64 {
        if word.mode & IMMEDIATE_2 != 0 { immediate } else { self.register(word.src2, observer) }
    }

    #[inline(always)]
    fn unary<O: Observer>(&mut self, word: &Word, observer: &mut O, f: impl FnOnce(u64) -> u64) -> Result<(), Stop> {
        let operand = self.operand_1(word, word.immediate, observer);
        self.set_register(word.dst, f(operand), observer);
        Ok(())
    }

    #[inline(always)]
    fn binary<O: Observer>(
        &mut self,
        word: &Word,
        observer: &mut O,
        f: impl FnOnce(u64, u64) -> u64,
    ) -> Result<(), Stop> {
        self.divide(word, observer, |first, second| Ok(f(first, second)))
    }

    /// CODE-004: a binary operation that can trap; then nothing is written.
    #[inline(always)]
    fn divide<O: Observer>(
        &mut self,
        word: &Word,
        observer: &mut O,
        f: impl FnOnce(u64, u64) -> Result<u64, Trap>,
    ) -> Result<(), Stop> {
        let first = self.operand_1(word, word.immediate, observer);
        let second = self.operand_2(word, word.immediate, observer);
        self.set_register(word.dst, f(first, second)?, observer);
        Ok(())
    }

    #[inline(always)]
    fn branch<O: Observer>(
        &mut self,
        word: &Word,
        observer: &mut O,
        f: impl FnOnce(u64, u64) -> bool,
    ) -> Result<(), Stop> {
        let first = self.operand_1(word, word.high().into(), observer);
        let second = self.operand_2(word, word.high().into(), observer);
        if f(first, second) {
            self.program_counter = word.low();
        }
        Ok(())
    }

    /// The address range of a load or store of `SIZE` bytes, if it lies in the memory.
    #[inline(always)]
    fn range<const SIZE: usize>(&self, word: &Word, base: u64) -> Result<usize, Trap> {
        // CODE-005: the sum of a 32-bit address and a 32-bit offset does not wrap around.
        let address = base.saturating_add(word.low().into());
        if address > self.memory.len() as u64 || self.memory.len() as u64 - address < SIZE as u64 {
            return Err(Trap::OutOfBoundsMemoryAccess);
        }
        Ok(address as usize)
    }

    #[inline(always)]
    fn load<const SIZE: usize, O: Observer>(
        &mut self,
        word: &Word,
        observer: &mut O,
        extend: impl FnOnce([u8; SIZE]) -> u64,
    ) -> Result<(), Stop> {
        let base = self.operand_1(word, 0, observer);
        let address = self.range::<SIZE>(word, base)?;
        if O::ACTIVE {
            for index in address / 8..=(address + SIZE - 1) / 8 {
                let value = self.memory_word(index);
                observer.access(Space::Memory, index as u32, value, value);
            }
        }
        let bytes = self.memory[address..address + SIZE].try_into().expect("as many as the range has");
        self.set_register(word.dst, extend(bytes), observer);
        Ok(())
    }

    #[inline(always)]
    fn store<const SIZE: usize, O: Observer>(&mut self, word: &Word, observer: &mut O) -> Result<(), Stop> {
        let base = self.operand_1(word, 0, observer);
        let value = self.operand_2(word, word.high().into(), observer);
        let address = self.range::<SIZE>(word, base)?;
        let (first, last) = (address / 8, (address + SIZE - 1) / 8);
        let previous = if O::ACTIVE { [self.memory_word(first), self.memory_word(last)] } else { [0; 2] };
        self.memory[address..address + SIZE].copy_from_slice(&value.to_le_bytes()[..SIZE]);
        if O::ACTIVE {
            for index in first..=last {
                observer.access(Space::Memory, index as u32, previous[index - first], self.memory_word(index));
            }
        }
        Ok(())
    }

    /// Word `index` of the memory.
    fn memory_word(&self, index: usize) -> u64 {
        u64::from_le_bytes(self.memory[8 * index..8 * index + 8].try_into().expect("eight bytes"))
    }

    /// CODE-009: a cell that does not exist reads as zero.
    fn get<O: Observer>(&mut self, word: &Word, observer: &mut O) -> Result<(), Stop> {
        let index = self.operand_1(word, word.low().into(), observer) as u32;
        let space = Space::ALL[usize::from(word.src2)];
        let value = self.cell(space, index);
        observer.access(space, index, value, value);
        self.set_register(word.dst, value, observer);
        Ok(())
    }

    fn set<O: Observer>(&mut self, word: &Word, observer: &mut O) -> Result<(), Stop> {
        let index = self.operand_1(word, word.low().into(), observer) as u32;
        let value = self.operand_2(word, word.high().into(), observer);
        let space = Space::ALL[usize::from(word.dst)];
        // Lowering compares an index with its bound before it emits `set`: this is for programs that it did not make.
        let cell = self.cells[space as usize].get_mut(index as usize).ok_or(Trap::HostIndexOutOfBounds)?;
        observer.access(space, index, *cell, value);
        *cell = value;
        Ok(())
    }

    /// CODE-032: reads eight words, then writes four: where they overlap, the old words are hashed.
    fn poseidon<O: Observer>(&mut self, word: &Word, observer: &mut O) -> Result<(), Stop> {
        let input = self.register(word.src1, observer);
        let output = self.register(word.src2, observer);
        let (input, output) = hash_ranges(self.memory.len(), input, output)?;
        let words = std::array::from_fn(|index| self.memory_word(input / 8 + index));
        for (index, value) in words.into_iter().enumerate() {
            observer.access_at(2, Space::Memory, (input / 8 + index) as u32, value, value);
        }
        for (index, value) in hash_words(&words)?.into_iter().enumerate() {
            let previous = self.memory_word(output / 8 + index);
            observer.access_at(3, Space::Memory, (output / 8 + index) as u32, previous, value);
            self.memory[output + 8 * index..][..8].copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    }

    /// CODE-008: a memory beyond its maximum stays as it is.
    fn grow<O: Observer>(&mut self, word: &Word, observer: &mut O) -> Result<(), Stop> {
        let delta = self.register(word.src1, observer);
        let pages = (self.memory.len() / PAGE_BYTES) as u64;
        let grown = pages.saturating_add(delta);
        let result = if grown <= word.low().min(crate::profile::MAX_MEMORY_PAGES).into() {
            self.memory.resize(grown as usize * PAGE_BYTES, 0);
            pages
        } else {
            u32::MAX.into()
        };
        self.set_register(word.dst, result, observer);
        Ok(())
    }

    /// Enters a function: the frame above the operands, the link word where the callee expects it.
    #[inline(always)]
    fn call<O: Observer>(&mut self, word: &Word, target: u32, observer: &mut O) -> Result<(), Stop> {
        let callee = self.frame_pointer + u32::from(word.src2);
        // CODE-006: no frame reaches beyond the register space; this bounds the depth of calls as well.
        if callee > MAX_FRAME_POINTER {
            return Err(Trap::CallStackExhausted.into());
        }
        self.set_register(word.dst, link(self.program_counter, self.frame_pointer), observer);
        self.frame_pointer = callee;
        self.program_counter = target;
        Ok(())
    }

    fn call_indirect<O: Observer>(&mut self, word: &Word, observer: &mut O) -> Result<(), Stop> {
        let index = self.register(word.src1, observer);
        // CODE-007: the checks and their order are those of WebAssembly's `call_indirect`.
        if index >= word.high().into() {
            return Err(Trap::UndefinedElement.into());
        }
        let entry = self.cell(Space::Table, index as u32);
        observer.access(Space::Table, index as u32, entry, entry);
        if entry == 0 {
            return Err(Trap::UninitializedElement.into());
        }
        if (entry >> 32) as u32 != word.low() {
            return Err(Trap::IndirectCallTypeMismatch.into());
        }
        self.call(word, entry as u32, observer)
    }

    /// CODE-003: executes one word.
    #[inline(always)]
    fn step<O: Observer>(&mut self, observer: &mut O) -> Result<(), Stop> {
        let code = self.code;
        // Lowering ends every path with a jump, a return or an end: this is for programs that it did not make.
        let word = code.words.get(self.program_counter as usize).ok_or(Trap::Unreachable)?;
        self.program_counter += 1;
        match word.opcode {
            Opcode::Move => self.unary(word, observer, |a| a),
            Opcode::MoveIfZero => {
                let value = self.operand_1(word, word.immediate, observer);
                let condition = self.register(word.src2, observer);
                let index = self.frame_pointer as usize + usize::from(word.dst);
                let previous = self.registers[index % REGISTERS];
                self.set_register(word.dst, if condition == 0 { value } else { previous }, observer);
                Ok(())
            }
            Opcode::Add32 => self.binary(word, observer, |a, b| u64::from((a as u32).wrapping_add(b as u32))),
            Opcode::Add64 => self.binary(word, observer, u64::wrapping_add),
            Opcode::Sub32 => self.binary(word, observer, |a, b| u64::from((a as u32).wrapping_sub(b as u32))),
            Opcode::Sub64 => self.binary(word, observer, u64::wrapping_sub),

            Opcode::Eq => self.binary(word, observer, |a, b| u64::from(a == b)),
            Opcode::Ne => self.binary(word, observer, |a, b| u64::from(a != b)),
            Opcode::LtU => self.binary(word, observer, |a, b| u64::from(a < b)),
            Opcode::GeU => self.binary(word, observer, |a, b| u64::from(a >= b)),
            Opcode::LtS32 => self.binary(word, observer, |a, b| u64::from((a as i32) < b as i32)),
            Opcode::GeS32 => self.binary(word, observer, |a, b| u64::from(a as i32 >= b as i32)),
            Opcode::LtS64 => self.binary(word, observer, |a, b| u64::from((a as i64) < b as i64)),
            Opcode::GeS64 => self.binary(word, observer, |a, b| u64::from(a as i64 >= b as i64)),

            Opcode::BranchEq => self.branch(word, observer, |a, b| a == b),
            Opcode::BranchNe => self.branch(word, observer, |a, b| a != b),
            Opcode::BranchLtU => self.branch(word, observer, |a, b| a < b),
            Opcode::BranchGeU => self.branch(word, observer, |a, b| a >= b),
            Opcode::BranchLtS32 => self.branch(word, observer, |a, b| (a as i32) < b as i32),
            Opcode::BranchGeS32 => self.branch(word, observer, |a, b| a as i32 >= b as i32),
            Opcode::BranchLtS64 => self.branch(word, observer, |a, b| (a as i64) < b as i64),
            Opcode::BranchGeS64 => self.branch(word, observer, |a, b| a as i64 >= b as i64),

            Opcode::Jump => {
                self.program_counter = word.low();
                Ok(())
            }
            Opcode::JumpIndexed => {
                let index = self.register(word.src1, observer) as u32;
                self.program_counter = self.program_counter.saturating_add(index);
                Ok(())
            }
            Opcode::Call => self.call(word, word.low(), observer),
            Opcode::CallIndirect => self.call_indirect(word, observer),
            Opcode::Return => {
                let link = self.register(word.src1, observer);
                self.program_counter = link as u32;
                self.frame_pointer = (link >> 32) as u32 % REGISTERS as u32;
                Ok(())
            }

            Opcode::Load8U => self.load(word, observer, |b| u8::from_le_bytes(b).into()),
            Opcode::Load16U => self.load(word, observer, |b| u16::from_le_bytes(b).into()),
            Opcode::Load32U => self.load(word, observer, |b| u32::from_le_bytes(b).into()),
            Opcode::Load64 => self.load(word, observer, u64::from_le_bytes),
            Opcode::Load8S32 => self.load(word, observer, |b| u64::from(i32::from(i8::from_le_bytes(b)) as u32)),
            Opcode::Load16S32 => self.load(word, observer, |b| u64::from(i32::from(i16::from_le_bytes(b)) as u32)),
            Opcode::Load8S64 => self.load(word, observer, |b| i64::from(i8::from_le_bytes(b)) as u64),
            Opcode::Load16S64 => self.load(word, observer, |b| i64::from(i16::from_le_bytes(b)) as u64),
            Opcode::Load32S64 => self.load(word, observer, |b| i64::from(i32::from_le_bytes(b)) as u64),

            Opcode::Store8 => self.store::<1, O>(word, observer),
            Opcode::Store16 => self.store::<2, O>(word, observer),
            Opcode::Store32 => self.store::<4, O>(word, observer),
            Opcode::Store64 => self.store::<8, O>(word, observer),

            Opcode::And => self.binary(word, observer, |a, b| a & b),
            Opcode::Or => self.binary(word, observer, |a, b| a | b),
            Opcode::Xor => self.binary(word, observer, |a, b| a ^ b),

            // The shift count is taken modulo the width: `wrapping_shl` does so.
            Opcode::Shl32 => self.binary(word, observer, |a, b| u64::from((a as u32).wrapping_shl(b as u32))),
            Opcode::Shl64 => self.binary(word, observer, |a, b| a.wrapping_shl(b as u32)),
            Opcode::ShrU32 => self.binary(word, observer, |a, b| u64::from((a as u32).wrapping_shr(b as u32))),
            Opcode::ShrU64 => self.binary(word, observer, |a, b| a.wrapping_shr(b as u32)),
            Opcode::ShrS32 => self.binary(word, observer, |a, b| u64::from((a as i32).wrapping_shr(b as u32) as u32)),
            Opcode::ShrS64 => self.binary(word, observer, |a, b| (a as i64).wrapping_shr(b as u32) as u64),
            Opcode::Rotl32 => self.binary(word, observer, |a, b| u64::from((a as u32).rotate_left(b as u32 % 32))),
            Opcode::Rotl64 => self.binary(word, observer, |a, b| a.rotate_left((b % 64) as u32)),
            Opcode::Rotr32 => self.binary(word, observer, |a, b| u64::from((a as u32).rotate_right(b as u32 % 32))),
            Opcode::Rotr64 => self.binary(word, observer, |a, b| a.rotate_right((b % 64) as u32)),
            Opcode::Clz32 => self.unary(word, observer, |a| (a as u32).leading_zeros().into()),
            Opcode::Clz64 => self.unary(word, observer, |a| a.leading_zeros().into()),
            Opcode::Ctz32 => self.unary(word, observer, |a| (a as u32).trailing_zeros().into()),
            Opcode::Ctz64 => self.unary(word, observer, |a| a.trailing_zeros().into()),
            Opcode::Popcnt => self.unary(word, observer, |a| a.count_ones().into()),

            Opcode::Extend8S32 => self.unary(word, observer, |a| u64::from(a as i8 as i32 as u32)),
            Opcode::Extend16S32 => self.unary(word, observer, |a| u64::from(a as i16 as i32 as u32)),
            Opcode::Extend8S64 => self.unary(word, observer, |a| a as i8 as i64 as u64),
            Opcode::Extend16S64 => self.unary(word, observer, |a| a as i16 as i64 as u64),
            Opcode::Extend32S64 => self.unary(word, observer, |a| a as i32 as i64 as u64),
            Opcode::Wrap => self.unary(word, observer, |a| u64::from(a as u32)),

            Opcode::Mul32 => self.binary(word, observer, |a, b| u64::from((a as u32).wrapping_mul(b as u32))),
            Opcode::Mul64 => self.binary(word, observer, u64::wrapping_mul),

            Opcode::DivU => self.divide(word, observer, |a, b| a.checked_div(b).ok_or(Trap::IntegerDivideByZero)),
            Opcode::RemU => self.divide(word, observer, |a, b| a.checked_rem(b).ok_or(Trap::IntegerDivideByZero)),
            Opcode::DivS32 => self.divide(word, observer, |a, b| match (a as i32, b as i32) {
                (_, 0) => Err(Trap::IntegerDivideByZero),
                (a, b) => a.checked_div(b).map(|q| u64::from(q as u32)).ok_or(Trap::IntegerOverflow),
            }),
            Opcode::DivS64 => self.divide(word, observer, |a, b| match (a as i64, b as i64) {
                (_, 0) => Err(Trap::IntegerDivideByZero),
                (a, b) => a.checked_div(b).map(|q| q as u64).ok_or(Trap::IntegerOverflow),
            }),
            Opcode::RemS32 => self.divide(word, observer, |a, b| match (a as i32, b as i32) {
                (_, 0) => Err(Trap::IntegerDivideByZero),
                (a, b) => Ok(u64::from(a.wrapping_rem(b) as u32)),
            }),
            Opcode::RemS64 => self.divide(word, observer, |a, b| match (a as i64, b as i64) {
                (_, 0) => Err(Trap::IntegerDivideByZero),
                (a, b) => Ok(a.wrapping_rem(b) as u64),
            }),

            Opcode::Get => self.get(word, observer),
            Opcode::Set => self.set(word, observer),
            Opcode::Size => {
                self.set_register(word.dst, self.pages().into(), observer);
                Ok(())
            }
            Opcode::Grow => self.grow(word, observer),
            Opcode::Halt => {
                let status = self.operand_1(word, word.immediate, observer);
                Err(Stop::Halted(status as u32))
            }
            Opcode::Poseidon => self.poseidon(word, observer),
            Opcode::Trap => Err(Stop::Trapped(Trap::from_code(word.low()).unwrap_or(Trap::Unreachable))),
        }
    }
}

/// The number of cells that the words of a program name in [`Space::Global`]. CODE-027 bounds it for the image; without
/// a bound here, a word that lowering never makes would have its reader allocate 32 GiB.
fn global_cells(code: &CanonicalCode) -> usize {
    let index = |word: &Word| match word.opcode {
        Opcode::Get if word.src2 == Space::Global as u16 => Some(word.low() as usize + 1),
        Opcode::Set if word.dst == Space::Global as u16 => Some(word.low() as usize + 1),
        _ => None,
    };
    code.words.iter().filter_map(index).max().unwrap_or(0).min(MAX_MODULE_BYTES)
}

/// Completes each access with the cell's last time.
struct Tracer {
    cycle: Cycle,
    registers: Vec<u64>,
    memory: Vec<u64>,
    others: BTreeMap<(Space, u32), u64>,
}

impl Tracer {
    fn new() -> Tracer {
        let none = Access { space: Space::Register, index: 0, previous_time: 0, previous: 0, time: 0, value: 0 };
        let word = Word { opcode: Opcode::Move, mode: 0, dst: 0, src1: 0, src2: 0, immediate: 0 };
        let accesses = [none; MAX_ACCESSES];
        Tracer {
            cycle: Cycle { clock: 0, program_counter: 0, frame_pointer: 0, pages: 0, word, accesses, count: 0 },
            registers: vec![0; REGISTERS],
            memory: Vec::new(),
            others: BTreeMap::new(),
        }
    }

    #[inline(always)]
    fn begin(&mut self, machine: &Machine) {
        self.cycle.clock = machine.cycles;
        self.cycle.program_counter = machine.program_counter;
        self.cycle.frame_pointer = machine.frame_pointer;
        self.cycle.pages = machine.pages();
        if let Some(word) = machine.code.words.get(machine.program_counter as usize) {
            self.cycle.word = *word;
        }
        self.cycle.count = 0;
    }
}

impl Observer for Tracer {
    const ACTIVE: bool = true;

    #[inline(always)]
    fn access(&mut self, space: Space, index: u32, previous: u64, value: u64) {
        self.access_at(self.cycle.count as u64, space, index, previous, value);
    }

    #[inline(always)]
    fn access_at(&mut self, place: u64, space: Space, index: u32, previous: u64, value: u64) {
        let last = match space {
            Space::Register => &mut self.registers[index as usize % REGISTERS],
            Space::Memory => {
                let index = index as usize;
                if index >= self.memory.len() {
                    self.memory.resize((index + 1).next_multiple_of(PAGE_BYTES / 8), 0);
                }
                &mut self.memory[index]
            }
            _ => self.others.entry((space, index)).or_insert(0),
        };
        // CODE-030: the order of the calls is the order of the accesses.
        let time = self.cycle.clock * PLACES + place;
        let previous_time = std::mem::replace(last, time);
        self.cycle.accesses[self.cycle.count] = Access { space, index, previous_time, previous, time, value };
        self.cycle.count += 1;
    }
}
