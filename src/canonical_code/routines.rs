//! Canonical routines: the bulk memory operations and the end of `run`, in canonical code.
//!
//! A bulk routine is called like a function of three `i32` parameters: slots 0 to 2 hold them, slot 3 the link word,
//! the slots from 4 on are its own. It checks its bounds, then moves eight bytes at a time, then single bytes.

use super::assembler::{Assembler, Label};
use super::lower::{Source, word};
use super::word::{IMMEDIATE_1, IMMEDIATE_2, OUTPUT_LENGTH, Opcode, Space, Word};
use crate::notation::Trap;

const DESTINATION: u16 = 0;
const SOURCE: u16 = 1;
const VALUE: u16 = 1;
const LENGTH: u16 = 2;
const LINK: u16 = 3;
/// The end of the destination.
const END: u16 = 4;

/// `dst := first ∘ second`
fn operate(assembler: &mut Assembler, opcode: Opcode, dst: u16, first: u16, second: Source) {
    let (mode, src2, immediate) = match second {
        Source::Register(slot) => (0, slot, 0),
        Source::Immediate(value) => (IMMEDIATE_2, 0, value),
    };
    assembler.emit(Word { mode, dst, src1: first, src2, immediate, ..word(opcode) });
}

/// `if first ∘ second then goto target`
fn branch(assembler: &mut Assembler, opcode: Opcode, first: u16, second: u16, target: Label) {
    assembler.emit_to(target, Word { src1: first, src2: second, ..word(opcode) });
}

fn jump(assembler: &mut Assembler, target: Label) {
    assembler.emit_to(target, word(Opcode::Jump));
}

fn load(assembler: &mut Assembler, opcode: Opcode, dst: u16, address: u16) {
    assembler.emit(Word { dst, src1: address, ..word(opcode) });
}

fn store(assembler: &mut Assembler, opcode: Opcode, address: u16, value: u16) {
    assembler.emit(Word { src1: address, src2: value, ..word(opcode) });
}

fn get(assembler: &mut Assembler, dst: u16, space: Space, index: Source) {
    let (mode, src1, immediate) = match index {
        Source::Register(slot) => (0, slot, 0),
        Source::Immediate(value) => (IMMEDIATE_1, 0, value),
    };
    assembler.emit(Word { mode, dst, src1, src2: space as u16, immediate, ..word(Opcode::Get) });
}

/// `dst :=` the size of the memory in bytes.
fn memory_bytes(assembler: &mut Assembler, dst: u16) {
    assembler.emit(Word { dst, ..word(Opcode::Size) });
    operate(assembler, Opcode::Shl64, dst, dst, Source::Immediate(16));
}

fn trap_out_of_bounds(assembler: &mut Assembler) {
    let immediate = Trap::OutOfBoundsMemoryAccess.code().into();
    assembler.emit(Word { immediate, ..word(Opcode::Trap) });
}

fn return_(assembler: &mut Assembler) {
    assembler.emit(Word { src1: LINK, ..word(Opcode::Return) });
}

/// A loop that runs `body` while `below < limit`, unsigned.
fn while_below(assembler: &mut Assembler, below: u16, limit: u16, body: impl FnOnce(&mut Assembler)) {
    let (head, test) = (assembler.label(), assembler.label());
    jump(assembler, test);
    assembler.bind(head);
    body(assembler);
    assembler.bind(test);
    branch(assembler, Opcode::BranchLtU, below, limit, head);
}

/// `memory.fill`: destination, value, length.
pub(super) fn fill(assembler: &mut Assembler) {
    const WORDS_END: u16 = 5;
    let within = assembler.label();
    operate(assembler, Opcode::Add64, END, DESTINATION, Source::Register(LENGTH));
    memory_bytes(assembler, WORDS_END);
    branch(assembler, Opcode::BranchGeU, WORDS_END, END, within);
    trap_out_of_bounds(assembler);
    assembler.bind(within);
    operate(assembler, Opcode::And, VALUE, VALUE, Source::Immediate(0xff));
    operate(assembler, Opcode::Mul64, VALUE, VALUE, Source::Immediate(0x0101_0101_0101_0101));
    operate(assembler, Opcode::And, WORDS_END, LENGTH, Source::Immediate(0xffff_fff8));
    operate(assembler, Opcode::Add64, WORDS_END, WORDS_END, Source::Register(DESTINATION));
    for (opcode, limit, bytes) in [(Opcode::Store64, WORDS_END, 8), (Opcode::Store8, END, 1)] {
        while_below(assembler, DESTINATION, limit, |assembler| {
            store(assembler, opcode, DESTINATION, VALUE);
            operate(assembler, Opcode::Add64, DESTINATION, DESTINATION, Source::Immediate(bytes));
        });
    }
    return_(assembler);
}

/// `memory.copy`: destination, source, length. Upwards, unless the source lies below the destination.
pub(super) fn copy(assembler: &mut Assembler) {
    const SOURCE_END: u16 = 5;
    const LIMIT: u16 = 6;
    const MOVED: u16 = 7;
    let (outside, within, downwards) = (assembler.label(), assembler.label(), assembler.label());
    operate(assembler, Opcode::Add64, END, DESTINATION, Source::Register(LENGTH));
    operate(assembler, Opcode::Add64, SOURCE_END, SOURCE, Source::Register(LENGTH));
    memory_bytes(assembler, LIMIT);
    branch(assembler, Opcode::BranchLtU, LIMIT, END, outside);
    branch(assembler, Opcode::BranchGeU, LIMIT, SOURCE_END, within);
    assembler.bind(outside);
    trap_out_of_bounds(assembler);
    assembler.bind(within);
    branch(assembler, Opcode::BranchLtU, SOURCE, DESTINATION, downwards);
    operate(assembler, Opcode::And, LIMIT, LENGTH, Source::Immediate(0xffff_fff8));
    operate(assembler, Opcode::Add64, LIMIT, LIMIT, Source::Register(DESTINATION));
    for (load_opcode, store_opcode, limit, bytes) in
        [(Opcode::Load64, Opcode::Store64, LIMIT, 8), (Opcode::Load8U, Opcode::Store8, END, 1)]
    {
        while_below(assembler, DESTINATION, limit, |assembler| {
            load(assembler, load_opcode, MOVED, SOURCE);
            store(assembler, store_opcode, DESTINATION, MOVED);
            operate(assembler, Opcode::Add64, DESTINATION, DESTINATION, Source::Immediate(bytes));
            operate(assembler, Opcode::Add64, SOURCE, SOURCE, Source::Immediate(bytes));
        });
    }
    return_(assembler);
    assembler.bind(downwards);
    operate(assembler, Opcode::And, LIMIT, LENGTH, Source::Immediate(7));
    operate(assembler, Opcode::Add64, LIMIT, LIMIT, Source::Register(DESTINATION));
    for (load_opcode, store_opcode, limit, bytes) in
        [(Opcode::Load64, Opcode::Store64, LIMIT, 8), (Opcode::Load8U, Opcode::Store8, DESTINATION, 1)]
    {
        while_below(assembler, limit, END, |assembler| {
            operate(assembler, Opcode::Sub64, END, END, Source::Immediate(bytes));
            operate(assembler, Opcode::Sub64, SOURCE_END, SOURCE_END, Source::Immediate(bytes));
            load(assembler, load_opcode, MOVED, SOURCE_END);
            store(assembler, store_opcode, END, MOVED);
        });
    }
    return_(assembler);
}

/// `memory.init`: destination, source, length; of the segment whose length is in cell `length_cell` and whose bytes
/// start at byte `start` of the data space.
pub(super) fn init(assembler: &mut Assembler, length_cell: u32, start: u64) {
    const MOVED: u16 = 5;
    const SHIFT: u16 = 6;
    let (outside, within) = (assembler.label(), assembler.label());
    operate(assembler, Opcode::Add64, END, SOURCE, Source::Register(LENGTH));
    get(assembler, MOVED, Space::Global, Source::Immediate(length_cell.into()));
    branch(assembler, Opcode::BranchLtU, MOVED, END, outside);
    operate(assembler, Opcode::Add64, END, DESTINATION, Source::Register(LENGTH));
    memory_bytes(assembler, MOVED);
    branch(assembler, Opcode::BranchGeU, MOVED, END, within);
    assembler.bind(outside);
    trap_out_of_bounds(assembler);
    assembler.bind(within);
    operate(assembler, Opcode::Add64, SOURCE, SOURCE, Source::Immediate(start));
    while_below(assembler, DESTINATION, END, |assembler| {
        operate(assembler, Opcode::ShrU64, MOVED, SOURCE, Source::Immediate(3));
        get(assembler, MOVED, Space::Data, Source::Register(MOVED));
        // The shift counts modulo 64, so this selects the byte by the address modulo 8.
        operate(assembler, Opcode::Shl64, SHIFT, SOURCE, Source::Immediate(3));
        operate(assembler, Opcode::ShrU64, MOVED, MOVED, Source::Register(SHIFT));
        store(assembler, Opcode::Store8, DESTINATION, MOVED);
        operate(assembler, Opcode::Add64, DESTINATION, DESTINATION, Source::Immediate(1));
        operate(assembler, Opcode::Add64, SOURCE, SOURCE, Source::Immediate(1));
    });
    return_(assembler);
}

/// Clears the bytes of the output's last word that lie beyond the declared length. Slot 0 keeps the status.
pub(super) fn clear_spare_bytes(assembler: &mut Assembler) {
    const LENGTH: u16 = 1;
    const MASK: u16 = 2;
    const LAST: u16 = 3;
    let whole = assembler.label();
    get(assembler, LENGTH, Space::Length, Source::Immediate(OUTPUT_LENGTH.into()));
    operate(assembler, Opcode::And, MASK, LENGTH, Source::Immediate(7));
    assembler.emit_to(whole, Word { mode: IMMEDIATE_2, src1: MASK, ..word(Opcode::BranchEq) });
    operate(assembler, Opcode::Shl64, MASK, MASK, Source::Immediate(3));
    assembler.emit(Word { mode: IMMEDIATE_1, dst: MASK, src2: MASK, immediate: 1, ..word(Opcode::Shl64) });
    operate(assembler, Opcode::Sub64, MASK, MASK, Source::Immediate(1));
    operate(assembler, Opcode::ShrU64, LENGTH, LENGTH, Source::Immediate(3));
    get(assembler, LAST, Space::Output, Source::Register(LENGTH));
    operate(assembler, Opcode::And, LAST, LAST, Source::Register(MASK));
    assembler.emit(Word { dst: Space::Output as u16, src1: LENGTH, src2: LAST, ..word(Opcode::Set) });
    assembler.bind(whole);
}
