//! Requests to verify a PostOperation, and signed answers.

use crate::json_fields;
use crate::notation::{B256, Rejection, keccak256};
use crate::operation::{ChainView, domain, rlp, signature};
use alloy_primitives::{Address, Bytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use alloy_sol_types::SolStruct;

/// Asks a node what it finds about a PostOperation.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct VerificationRequest {
    /// The name of the PostOperation: what its prover signed.
    pub post_operation: B256,
    /// The PostOperation's wire hash, to fetch it by.
    pub wire_hash: B256,
    /// The slot of the request.
    pub slot: u64,
    /// Chosen by who asks, so that two requests differ.
    pub salt: u64,
}

/// What a node found.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct VerificationResponse {
    /// The id of the request.
    pub request: B256,
    /// The name of the PostOperation.
    pub post_operation: B256,
    /// The number of the verdict.
    pub verdict: u8,
    /// The account of the node.
    pub node: Address,
    /// The slot of the request.
    pub slot: u64,
    /// The node's signature.
    pub signature: Bytes,
}

json_fields!(VerificationRequest: post_operation, wire_hash, slot, salt);
json_fields!(VerificationResponse: request, post_operation, verdict, node, slot, signature);

/// What verifying yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The proof verifies.
    Valid = 0,
    /// It does not.
    Invalid = 1,
    /// The node could not tell. Counts against nobody.
    Error = 2,
}

impl Verdict {
    /// The verdict of this number.
    pub fn from_number(number: u8) -> Option<Verdict> {
        [Verdict::Valid, Verdict::Invalid, Verdict::Error].into_iter().find(|verdict| *verdict as u8 == number)
    }
}

mod typed {
    alloy_sol_types::sol! {
        struct VerificationResponse {
            bytes32 request;
            bytes32 postOperation;
            uint8 verdict;
            address node;
            uint64 slot;
        }
    }
}

impl VerificationRequest {
    // WIRE-012: nobody chooses an id.
    /// The id of the request: the hash of its body.
    pub fn id(&self) -> B256 {
        keccak256(rlp::encode(self))
    }
}

impl VerificationResponse {
    // WIRE-013: chain, request, PostOperation, verdict, node and slot.
    /// What the node signs.
    pub fn signing_hash(&self, chain_id: u64, consensus_contract: Address) -> B256 {
        let typed = typed::VerificationResponse {
            request: self.request,
            postOperation: self.post_operation,
            verdict: self.verdict,
            node: self.node,
            slot: self.slot,
        };
        typed.eip712_signing_hash(&domain(chain_id, consensus_contract))
    }

    /// Whether the node has signed it.
    pub fn check(&self, view: &ChainView) -> Result<(), Rejection> {
        let hash = self.signing_hash(view.chain_id, view.consensus_contract);
        signature::verify_key(self.node, hash, &self.signature)
    }
}
