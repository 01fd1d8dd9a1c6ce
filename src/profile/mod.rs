#![doc = include_str!("../../spec/02-profile.md")]

mod module;

pub use module::*;

use crate::notation::Rejection;

/// Largest module in bytes.
pub const MAX_MODULE_BYTES: usize = 1_048_576;
/// Largest memory in pages of 65,536 bytes: 64 MiB.
pub const MAX_MEMORY_PAGES: u32 = 1_024;
/// Largest number of slots of one frame.
pub const MAX_FRAME_SLOTS: u32 = 4_096;
/// Largest frame pointer, in slots: with the largest frame the register space has 65,536 slots.
pub const MAX_FRAME_POINTER: u32 = 65_536 - MAX_FRAME_SLOTS;

/// Decodes and validates a module and checks the profile, save for the entry point.
pub fn decode(_wasm: &[u8]) -> Result<Module, Rejection> {
    todo!()
}

/// Accepts or refuses an extension: [`decode`] and the rules for the entry point.
pub fn load(_wasm: &[u8]) -> Result<Module, Rejection> {
    todo!()
}
