//! The transaction and its bytes.

use super::TRANSACTION_TYPE;
use crate::notation::{Reject, Rejection};
use crate::operation::{MAX_OPERATION_BYTES, Operation, rlp};
use crate::post_operation::{MAX_POST_OPERATION_BYTES, PostOperation};
use alloy_primitives::Bytes;
use alloy_rlp::{RlpDecodable, RlpEncodable};

/// A transaction that carries an Operation, its result and the proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
struct Payload {
    operation: Bytes,
    post_operation: Bytes,
}

/// A transaction that carries an Operation, its result and the proof. The fee market's fields are the Operation's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MiddleOpTx {
    /// The Operation, with its signatures.
    pub operation: Operation,
    /// The result with its proof; stamp and signature are empty.
    pub post_operation: PostOperation,
}

impl MiddleOpTx {
    /// The bytes of the transaction.
    pub fn to_bytes(&self) -> Vec<u8> {
        // NATIVE-001: the type stands before the list.
        let payload = Payload {
            operation: self.operation.to_bytes().into(),
            post_operation: self.post_operation.to_bytes().into(),
        };
        [vec![TRANSACTION_TYPE], rlp::encode(&payload)].concat()
    }

    /// Reads the bytes of a transaction.
    pub fn from_bytes(bytes: &[u8]) -> Result<MiddleOpTx, Rejection> {
        let refuse = |reason, detail: &str| Err(Rejection::new(reason, 0, detail));
        // NATIVE-002: before anything is read or allocated.
        if bytes.len() > MAX_OPERATION_BYTES + MAX_POST_OPERATION_BYTES + 16 {
            return refuse(Reject::TransactionTooLarge, "the transaction is too long");
        }
        let payload: Payload = match bytes.split_first() {
            Some((&TRANSACTION_TYPE, list)) => rlp::decode(list, 1)?,
            // NATIVE-001: other types are not read as this one.
            _ => return refuse(Reject::EnvelopeUnknown, "the type is not 0x4d"),
        };
        let operation = Operation::from_bytes(&payload.operation)?;
        let post_operation = PostOperation::from_bytes(&payload.post_operation)?;
        // NATIVE-003: what a block's state decides needs neither.
        if !post_operation.stamp_hash.is_zero() || !post_operation.prover_signature.is_empty() {
            return refuse(Reject::TransactionStamped, "there is a stamp or a prover's signature");
        }
        Ok(MiddleOpTx { operation, post_operation })
    }
}
