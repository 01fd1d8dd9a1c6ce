//! The chips: one file for each, with its second chip for a trap; one function for each table of constraints.
//!
//! Some have no file of their own: `limit` is in [`trap`], `audit_end` in [`audit`], `witness_length` in [`witness`], and
//! `branch` takes its comparison from [`compare`]. The tables for range, and, power, ones and place are in
//! [`tables`](super::tables), those of the code and the image in [`machine`](super::machine).

pub mod add;
pub mod audit;
pub mod bitwise;
pub mod branch;
pub mod call_indirect;
pub mod cell;
pub mod compare;
pub mod count;
pub mod divide;
pub mod end;
pub mod extend;
pub mod jump;
pub mod load;
pub mod memory;
pub mod multiply;
pub mod poseidon;
pub mod refresh;
pub mod shift;
pub mod store;
pub mod trap;
pub mod witness;

use super::builder::Builder;
use super::entry::Kind;
use super::step::Step;
use crate::canonical_code::Word;

/// Sets the features of a word; `first` says that operand 1 is the immediate.
pub(super) fn features(word: &Word, first: bool, set: &mut impl FnMut(u32, bool)) {
    match Kind::of(word.opcode) {
        Kind::Add => add::features(word.opcode, first, set),
        Kind::Compare | Kind::Branch => compare::features(word.opcode, first, set),
        Kind::Jump => jump::features(word.opcode, set),
        Kind::Load => load::features(word.opcode, set),
        Kind::Store => store::features(word.opcode, set),
        Kind::Bitwise => bitwise::features(word.opcode, set),
        Kind::Shift => shift::features(word.opcode, first, set),
        Kind::Count => count::features(word.opcode, set),
        Kind::Extend => extend::features(word.opcode, set),
        Kind::Multiply => multiply::features(word.opcode, set),
        Kind::Divide => divide::features(word.opcode, first, set),
        Kind::Cell => cell::features(word.opcode, set),
        Kind::Memory => memory::features(word.opcode, set),
        Kind::End => end::features(word.opcode, set),
        Kind::CallIndirect | Kind::Poseidon => {}
    }
}

/// The constraints of a row of a kind. Without a step the row is not used.
pub(super) fn row(kind: Kind, builder: &mut Builder, step: Option<&Step>) {
    builder.chip(kind.name());
    match kind {
        Kind::Add => add::add(builder, step),
        Kind::Compare => compare::compare(builder, step),
        Kind::Branch => branch::branch(builder, step),
        Kind::Jump => jump::jump(builder, step),
        Kind::CallIndirect => call_indirect::call_indirect(builder, step),
        Kind::Load => load::load(builder, step),
        Kind::Store => store::store(builder, step),
        Kind::Bitwise => bitwise::bitwise(builder, step),
        Kind::Shift => shift::shift(builder, step),
        Kind::Count => count::count(builder, step),
        Kind::Extend => extend::extend(builder, step),
        Kind::Multiply => multiply::multiply(builder, step),
        Kind::Divide => divide::divide(builder, step),
        Kind::Cell => cell::cell(builder, step),
        Kind::Memory => memory::memory(builder, step),
        Kind::End => end::end(builder, step),
        Kind::Poseidon => poseidon::poseidon(builder, step),
    }
}
