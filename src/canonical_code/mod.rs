#![doc = include_str!("../../spec/05-canonical-code.md")]

mod assembler;
mod execute;
mod image;
mod lower;
mod program;
mod routines;
mod word;
mod zeroing;

pub use execute::{Access, Cycle, Finished, Machine, execute, trace};
pub use lower::{lower, lower_invocation};
pub use program::{CanonicalCode, Cell, MAGIC, MAX_CODE_WORDS, Symbol};
pub use word::{
    Class, IMMEDIATE_1, IMMEDIATE_2, INPUT_LENGTH, OUTPUT_LENGTH, Opcode, Shape, Space, WITNESS_LENGTH, Word, link,
    table_entry,
};
