#![doc = include_str!("../../spec/03-host-interface.md")]

use crate::notation::{B256, Trap, word};

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

/// The imports that an extension may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostFunction {
    /// `middle.input: [i32] -> [i64]`
    Input,
    /// `middle.input_len: [] -> [i32]`
    InputLen,
    /// `middle.witness: [i32] -> [i64]`
    Witness,
    /// `middle.witness_len: [] -> [i32]`
    WitnessLen,
    /// `middle.context: [i32] -> [i64]`
    Context,
    /// `middle.output: [i32 i64] -> []`
    Output,
    /// `middle.output_len: [i32] -> []`
    OutputLen,
    /// `middle.post_state: [i32 i64] -> []`
    PostState,
    /// `env.abort: [i32 i32 i32 i32] -> []`
    Abort,
}

/// The context fields of a statement, in the order in which `context` shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The 256 bytes of `abi.encode(operation_hash, sender, lane, to, witness_commitment, anchor_hash, anchor_slot,
    /// pre_state_root)`, as eight 32-byte fields.
    pub fields: [B256; 8],
}

impl Context {
    /// The pre-state root: field 7.
    pub fn pre_state_root(&self) -> B256 {
        self.fields[7]
    }
}

/// What an execution is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The public input: `Operation.data`.
    pub input: Vec<u8>,
    /// The private witness input.
    pub witness: Vec<u8>,
    /// The context.
    pub context: Context,
}
