#![doc = include_str!("../../spec/08-statement.md")]

mod check;
mod encoding;
mod relation;

pub(crate) use check::check_ranges;
pub use encoding::{DOMAIN, HEADER_BYTES, VERSION};
pub use relation::{Terms, relation};

use crate::host_interface::{Context, Inputs};
use crate::notation::{B256, Outcome};
use alloy_primitives::Address;

/// Most cycles of an execution that can be proven. The circuit's times are four for each cycle and have 32 bits.
pub const MAX_CYCLES: u64 = (1 << 30) - 1;
/// Most segments of a proof: at 65,256 gas each, with their calldata, they leave a transaction of 16,777,216 (EIP-7825)
/// 1,100,000 for everything else.
pub const MAX_SEGMENTS: u32 = 240;

/// A statement: everything public about an execution and its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The chain on whose state the result is settled: the id of EIP-155.
    pub chain_id: u64,
    /// The extension, as the registry identifies it.
    pub extension_id: B256,
    /// The commitment to the extension's canonical code.
    pub code_commitment: B256,
    /// The tier: which of several circuits, that differ in capacity, the proof is for.
    pub tier: u32,
    /// The number of segments of the proof, from 1 to [`MAX_SEGMENTS`]. Written k.
    pub segments: u32,
    /// What the execution knows of its Operation and of the chain; the pre-state root is in it.
    pub context: Context,
    /// The public input: `Operation.data`, at most [`MAX_INPUT_BYTES`](crate::host_interface::MAX_INPUT_BYTES) long.
    pub input: Vec<u8>,
    /// The cycles after which the execution traps, from 1 to [`MAX_CYCLES`].
    pub cycle_limit: u64,
    /// How the execution ended.
    pub outcome: Outcome,
    /// The output, at most [`MAX_OUTPUT_BYTES`](crate::host_interface::MAX_OUTPUT_BYTES) long; empty after a trap.
    pub output: Vec<u8>,
    /// The extension's state root afterwards: the pre-state root unless accepted.
    pub post_state_root: B256,
    /// The executed code words, from 1 to the cycle limit.
    pub cycles: u64,
    /// Who made the proof and is paid for it.
    pub prover: Address,
}

impl Statement {
    /// What the execution is given, with this private witness input.
    pub fn inputs(&self, witness: &[u8]) -> Inputs {
        Inputs { input: self.input.clone(), witness: witness.to_vec(), context: self.context.clone() }
    }
}
