//! The host's side of an execution: the address spaces that an extension reads and writes.

use super::{ELEMENT_WORDS, HostFunction, Inputs, MAX_OUTPUT_BYTES, OUTPUT_WORDS, POST_STATE_WORDS};
use super::{hash_ranges, hash_words};
use crate::notation::{B256, Execution, Outcome, Trap, word};

/// The address spaces of one execution.
#[derive(Clone, Debug)]
pub struct Host<'a> {
    inputs: &'a Inputs,
    output: Vec<u64>,
    output_len: u32,
    post_state: [u64; POST_STATE_WORDS as usize],
}

impl<'a> Host<'a> {
    /// The state before the first instruction.
    pub fn new(inputs: &'a Inputs) -> Host<'a> {
        // HOST-013: the cells start as the pre-state root, so an extension that keeps its state writes nothing.
        let root = inputs.context.pre_state_root();
        let post_state = std::array::from_fn(|index| word(root.as_slice(), index as u64));
        // HOST-010: every output word starts as zero, and no output is declared.
        Host { inputs, output: vec![0; OUTPUT_WORDS as usize], output_len: 0, post_state }
    }

    /// Calls a host function. `arguments` are those of its type, `i32` zero-extended; `memory` is the caller's.
    pub fn call(&mut self, function: HostFunction, arguments: &[u64], memory: &mut [u8]) -> Result<Option<u64>, Trap> {
        match (function, arguments) {
            // HOST-004: past the end a byte string continues with zeros, and so do its words.
            (HostFunction::Input, &[index]) => Ok(Some(word(&self.inputs.input, index))),
            (HostFunction::Witness, &[index]) => Ok(Some(word(&self.inputs.witness, index))),
            // HOST-005: the context is read like the input.
            (HostFunction::Context, &[index]) => Ok(Some(self.inputs.context.word(index as u32))),
            // HOST-009: lengths are in bytes, because a word count would lose the last word's spare bytes.
            (HostFunction::InputLen, &[]) => Ok(Some(self.inputs.input.len() as u64)),
            (HostFunction::WitnessLen, &[]) => Ok(Some(self.inputs.witness.len() as u64)),
            // HOST-011: the output space ends at its limit, whatever length is declared later.
            (HostFunction::Output, &[index, value]) => set(&mut self.output, index, value),
            (HostFunction::OutputLen, &[bytes]) => self.set_output_len(bytes),
            // HOST-014: the root has four words.
            (HostFunction::PostState, &[index, value]) => set(&mut self.post_state, index, value),
            (HostFunction::Poseidon, &[input, output]) => poseidon(memory, input, output),
            // HOST-002: the message and position that AssemblyScript passes are not part of an execution.
            (HostFunction::Abort, &[_, _, _, _]) => Err(Trap::Aborted),
            _ => unreachable!("validation gives every call the arguments of the function's type"),
        }
    }

    // HOST-012: a length of exactly the limit is allowed; the last call wins.
    fn set_output_len(&mut self, bytes: u64) -> Result<Option<u64>, Trap> {
        if bytes > u64::from(MAX_OUTPUT_BYTES) {
            return Err(Trap::HostIndexOutOfBounds);
        }
        self.output_len = bytes as u32;
        Ok(None)
    }

    /// What the execution leaves behind when it ends like this.
    pub fn finish(&self, outcome: Outcome) -> Execution {
        // HOST-015: what a trap left half-written is nobody's answer; only acceptance moves the state.
        let output = match outcome {
            Outcome::Accepted | Outcome::Rejected(_) => bytes(&self.output, self.output_len as usize),
            Outcome::Trapped(_) => Vec::new(),
        };
        let post_state = match outcome {
            Outcome::Accepted => B256::from_slice(&bytes(&self.post_state, 32)),
            Outcome::Rejected(_) | Outcome::Trapped(_) => self.inputs.context.pre_state_root(),
        };
        Execution { outcome, output, post_state }
    }
}

fn poseidon(memory: &mut [u8], input: u64, output: u64) -> Result<Option<u64>, Trap> {
    let (input, output) = hash_ranges(memory.len(), input, output)?;
    let words: [u64; 2 * ELEMENT_WORDS] = std::array::from_fn(|index| word(&memory[input..], index as u64));
    let digest = hash_words(&words)?;
    for (target, word) in memory[output..].chunks_exact_mut(8).zip(digest) {
        target.copy_from_slice(&word.to_le_bytes());
    }
    Ok(None)
}

fn set(cells: &mut [u64], index: u64, value: u64) -> Result<Option<u64>, Trap> {
    let cell = usize::try_from(index).ok().and_then(|index| cells.get_mut(index));
    *cell.ok_or(Trap::HostIndexOutOfBounds)? = value;
    Ok(None)
}

/// The first `length` bytes of the words.
fn bytes(words: &[u64], length: usize) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).take(length).collect()
}
