//! The PostOperation: its fields, its encoding, what it states and what its prover signs.

use super::{ENVELOPE, MAX_POST_OPERATION_BYTES, MAX_PROOF_BYTES};
use crate::host_interface::{Context, ContextFields};
use crate::json_fields;
use crate::notation::{B256, Outcome, Reject, Rejection, Trap, keccak256};
use crate::operation::{ChainView, Operation, domain, rlp};
use crate::statement::Statement;
use alloy_primitives::{Address, Bytes, U256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use alloy_sol_types::SolStruct;

/// The result of an Operation, with its proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct PostOperation {
    /// The hash of the Operation.
    pub operation_hash: B256,
    /// The extension that was run.
    pub extension_id: B256,
    /// How the execution ended: 0 accepted, 1 rejected, 2 trapped.
    pub outcome: u8,
    /// The code of a rejection or trap; 0 if accepted.
    pub code: u32,
    /// The output.
    pub output: Bytes,
    /// The state root of the lane before.
    pub pre_root: B256,
    /// The state root of the lane afterwards.
    pub post_root: B256,
    /// The number of cycles.
    pub cycles: u64,
    /// Who proved it, signs it and is paid.
    pub prover: Address,
    /// The proof.
    pub proof: Proof,
    /// A recent block.
    pub stamp_hash: B256,
    /// The prover's signature.
    pub prover_signature: Bytes,
}

/// A proof as it travels.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Proof {
    /// The type: the number of the proof system.
    pub proof_type: u8,
    /// The tier of the circuit.
    pub tier: u32,
    /// The proofs of the segments, in their order.
    pub segments: Vec<Bytes>,
}

json_fields!(
    PostOperation: operation_hash, extension_id, outcome, code, output, pre_root, post_root, cycles, prover, proof,
    stamp_hash, prover_signature
);
json_fields!(Proof: proof_type, tier, segments);

mod typed {
    alloy_sol_types::sol! {
        struct PostOperation {
            bytes32 statement;
            bytes32 proof;
            bytes32 stamp;
        }
    }
}

impl PostOperation {
    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        // POST-001: the type stands before the list.
        [vec![ENVELOPE], rlp::encode(self)].concat()
    }

    /// Reads the bytes of the wire.
    pub fn from_bytes(bytes: &[u8]) -> Result<PostOperation, Rejection> {
        // POST-002: before anything is read or allocated.
        if bytes.len() > MAX_POST_OPERATION_BYTES {
            let detail = format!("{} bytes; at most {MAX_POST_OPERATION_BYTES}", bytes.len());
            return Err(Rejection::new(Reject::PostOperationTooLarge, MAX_POST_OPERATION_BYTES, detail));
        }
        // POST-001: other types may come; they are not read as this one.
        let post_operation: PostOperation = match bytes.split_first() {
            Some((&ENVELOPE, list)) => rlp::decode(list, 1)?,
            _ => return Err(Rejection::new(Reject::EnvelopeUnknown, 0, "the type is not 2")),
        };
        // POST-003: a large output leaves no room for a larger proof.
        if rlp::length(&post_operation.proof) > MAX_PROOF_BYTES {
            return Err(Rejection::new(Reject::ProofTooLarge, 0, "the proof is too long"));
        }
        post_operation.outcome()?;
        Ok(post_operation)
    }

    /// How the execution ended.
    pub fn outcome(&self) -> Result<Outcome, Rejection> {
        // POST-004: one pair of numbers for each outcome.
        match (self.outcome, self.code) {
            (0, 0) => Ok(Outcome::Accepted),
            (1, code) if code != 0 => Ok(Outcome::Rejected(code)),
            (2, code) => Trap::from_code(code).map(Outcome::Trapped).ok_or(()),
            _ => Err(()),
        }
        .map_err(|()| {
            let detail = format!("outcome {} with code {}", self.outcome, self.code);
            Rejection::new(Reject::OutcomeUnknown, 0, detail)
        })
    }

    // POST-007: without prover, proof and stamp.
    /// The name of the result: two PostOperations with the same name say the same, whoever proved it.
    pub fn result_id(&self) -> B256 {
        let words = [
            keccak256("middle-client result v1"),
            self.operation_hash,
            self.extension_id,
            B256::with_last_byte(self.outcome),
            B256::left_padding_from(&self.code.to_be_bytes()),
            keccak256(&self.output),
            self.pre_root,
            self.post_root,
            B256::left_padding_from(&self.cycles.to_be_bytes()),
        ];
        keccak256(words.concat())
    }

    // POST-006: the statement, these very bytes of the proof, and the stamp.
    /// What the prover signs, and the name of the PostOperation.
    pub fn signing_hash(&self, statement: &Statement, consensus_contract: Address) -> B256 {
        let proof = keccak256(rlp::encode(&self.proof));
        signing_hash(statement.digest(), proof, self.stamp_hash, statement.chain_id, consensus_contract)
    }
}

/// What a prover signs, from the digests of its parts.
pub fn signing_hash(statement: B256, proof: B256, stamp: B256, chain_id: u64, consensus_contract: Address) -> B256 {
    typed::PostOperation { statement, proof, stamp }.eip712_signing_hash(&domain(chain_id, consensus_contract))
}

/// The statement that a PostOperation makes about its Operation, and that its proof must show. None if the view does
/// not know the anchor or the extension.
pub fn statement(
    operation: &Operation,
    post_operation: &PostOperation,
    view: &ChainView,
) -> Result<Option<Statement>, Rejection> {
    let outcome = post_operation.outcome()?;
    let (Some(anchor), Some(extension)) =
        (view.blocks.get(&operation.anchor_hash), view.extensions.get(&operation.extension_id))
    else {
        return Ok(None);
    };
    // POST-005: everything but the stamp.
    let context = ContextFields {
        operation_hash: post_operation.operation_hash,
        sender: operation.sender,
        lane: operation.lane,
        to: operation.to,
        witness_commitment: operation.witness_commitment.0.unwrap_or_default(),
        anchor_hash: operation.anchor_hash,
        anchor_slot: U256::from(anchor.slot),
        pre_state_root: post_operation.pre_root,
    };
    Ok(Some(Statement {
        chain_id: operation.chain_id,
        extension_id: post_operation.extension_id,
        code_commitment: extension.code_commitment,
        tier: post_operation.proof.tier,
        segments: u32::try_from(post_operation.proof.segments.len()).unwrap_or(u32::MAX),
        context: Context::from(context),
        input: operation.data.to_vec(),
        cycle_limit: operation.gas_management.cycle_limit,
        outcome,
        output: post_operation.output.to_vec(),
        post_state_root: post_operation.post_root,
        cycles: post_operation.cycles,
        prover: post_operation.prover,
    }))
}
