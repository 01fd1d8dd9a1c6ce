//! What an execution is given, and the limits on it.

use super::{CONTEXT_WORDS, MAX_INPUT_BYTES, MAX_WITNESS_BYTES};
use crate::notation::{B256, Reject, Rejection, word};
use alloy_primitives::{Address, U256};

/// The context as the host functions show it: eight fields of 32 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The 256 bytes of `abi.encode(operation_hash, sender, lane, to, witness_commitment, anchor_hash, anchor_slot,
    /// pre_state_root)`, as eight 32-byte fields.
    pub fields: [B256; 8],
}

/// The fields of a context by name and type. [`Context::from`] encodes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContextFields {
    /// The hash of the Operation.
    pub operation_hash: B256,
    /// Who sent the Operation.
    pub sender: Address,
    /// The lane: which of the extension's states the Operation is about.
    pub lane: U256,
    /// The account that settlement calls with the output.
    pub to: Address,
    /// The commitment to the private witness.
    pub witness_commitment: B256,
    /// The hash of the anchor: the block on which the execution is based.
    pub anchor_hash: B256,
    /// The slot of the anchor.
    pub anchor_slot: U256,
    /// The extension's state root before the execution.
    pub pre_state_root: B256,
}

impl From<ContextFields> for Context {
    // HOST-003: `abi.encode` of static types is one 32-byte big-endian word per field, in order.
    fn from(fields: ContextFields) -> Context {
        Context {
            fields: [
                fields.operation_hash,
                fields.sender.into_word(),
                fields.lane.into(),
                fields.to.into_word(),
                fields.witness_commitment,
                fields.anchor_hash,
                fields.anchor_slot.into(),
                fields.pre_state_root,
            ],
        }
    }
}

impl Context {
    /// Length in bytes.
    pub const BYTES: usize = 8 * CONTEXT_WORDS as usize;

    /// The 256 bytes.
    pub fn to_bytes(&self) -> [u8; Context::BYTES] {
        let mut bytes = [0; Context::BYTES];
        for (target, field) in bytes.chunks_exact_mut(32).zip(&self.fields) {
            target.copy_from_slice(field.as_slice());
        }
        bytes
    }

    /// The context with these 256 bytes, or [`Reject::ContextLengthMismatch`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Context, Rejection> {
        // HOST-006: a context has no optional part.
        if bytes.len() != Context::BYTES {
            let offset = bytes.len().min(Context::BYTES);
            let detail = format!("the context has {} bytes, not {}", bytes.len(), Context::BYTES);
            return Err(Rejection::new(Reject::ContextLengthMismatch, offset, detail));
        }
        let mut context = Context::default();
        for (field, source) in context.fields.iter_mut().zip(bytes.chunks_exact(32)) {
            *field = B256::from_slice(source);
        }
        Ok(context)
    }

    /// Word `index`, which is zero past the end.
    pub fn word(&self, index: u32) -> u64 {
        // HOST-005: words 4f to 4f + 3 are field f.
        let field = self.fields.get(index as usize / 4);
        field.map_or(0, |field| word(field.as_slice(), u64::from(index % 4)))
    }

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

impl Inputs {
    /// The inputs with these bytes, checked against the limits.
    pub fn new(input: &[u8], witness: &[u8], context: &[u8]) -> Result<Inputs, Rejection> {
        let context = Context::from_bytes(context)?;
        let inputs = Inputs { input: input.to_vec(), witness: witness.to_vec(), context };
        inputs.check()?;
        Ok(inputs)
    }

    /// Checks the limits. An execution is defined for inputs that pass.
    pub fn check(&self) -> Result<(), Rejection> {
        // HOST-007: an input that no Operation can carry has no execution.
        check_length("input", self.input.len(), MAX_INPUT_BYTES, Reject::InputTooLarge)?;
        // HOST-008: the witness is the only unbounded thing a prover chooses.
        check_length("witness", self.witness.len(), MAX_WITNESS_BYTES, Reject::WitnessTooLarge)
    }
}

/// The offset of the refusal is the first byte beyond the limit.
fn check_length(name: &str, length: usize, limit: usize, reason: Reject) -> Result<(), Rejection> {
    if length > limit {
        return Err(Rejection::new(reason, limit, format!("the {name} has {length} bytes, the limit is {limit}")));
    }
    Ok(())
}
