//! What the Consensus Contract says to others, in the encoding of Solidity.

use crate::notation::B256;
use crate::operation::Operation;
use crate::post_operation::PostOperation;
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;

alloy_sol_types::sol! {
    /// What a target has to implement.
    interface ISettlementTarget {
        function settled(bytes32 operationHash, bytes32 extensionId, uint256 lane, address sender, bytes output) external;
    }
}

/// A call of a target, with the Consensus Contract as its caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetCall {
    /// The operation hash, or the hash of the child.
    pub operation_hash: B256,
    /// Who is called.
    pub to: Address,
    /// The gas that must reach it.
    pub gas_limit: u64,
    /// The selector and the arguments.
    pub data: Bytes,
}

crate::json_fields!(TargetCall: operation_hash, to, gas_limit, data);

impl TargetCall {
    // SETTLE-010, SETTLE-031: the target must be able to tell whose output it is given, and who only asked for it.
    /// The call that an accepted result makes. `operation` is that of a child too, as its statement has it.
    pub fn of(operation: &Operation, post_operation: &PostOperation) -> TargetCall {
        let call = ISettlementTarget::settledCall {
            operationHash: post_operation.operation_hash,
            extensionId: operation.extension_id,
            lane: operation.lane,
            sender: operation.sender,
            output: post_operation.output.clone(),
        };
        TargetCall {
            operation_hash: post_operation.operation_hash,
            to: operation.to,
            gas_limit: operation.gas_limit,
            data: call.abi_encode().into(),
        }
    }
}
