#![doc = include_str!("../../spec/03-host-interface.md")]

mod function;
mod hash;
mod host;
mod inputs;

pub use function::HostFunction;
pub use hash::{ELEMENT_WORDS, hash_ranges, hash_words};
pub use host::Host;
pub use inputs::{Context, ContextFields, Inputs};

/// Largest public input in bytes: an Operation on the wire is at most this long.
pub const MAX_INPUT_BYTES: usize = 131_072;
/// Largest private witness input in bytes.
pub const MAX_WITNESS_BYTES: usize = 1_048_576;
/// Largest output in bytes.
pub const MAX_OUTPUT_BYTES: u32 = 65_536;
/// Number of 64-bit words of the output space.
pub const OUTPUT_WORDS: u32 = MAX_OUTPUT_BYTES / 8;
/// Number of 64-bit words of the context.
pub const CONTEXT_WORDS: u32 = 32;
/// Number of 64-bit words of the post-state root.
pub const POST_STATE_WORDS: u32 = 4;
