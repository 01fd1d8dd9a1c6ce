//! Child operations, as the output of their parent claims them.

use super::{AUTHORIZATION_EXTENSION, MAX_MEMBERS};
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::operation::{GasManagement, Operation, rlp};
use alloy_primitives::{Address, Bytes, U256};
use alloy_rlp::{RlpDecodable, RlpEncodable};

/// An Operation that another one's result asks for. It has no signature: its parent's proof stands for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Child {
    /// On whose behalf it acts.
    pub authorization: u8,
    /// The extension to run.
    pub extension_id: B256,
    /// Which of its states it is about.
    pub lane: U256,
    /// The contract that settlement calls with its output.
    pub to: Address,
    /// Gas of that call.
    pub gas_limit: u64,
    /// The number of cycles after which it traps.
    pub cycle_limit: u64,
    /// Its public input.
    pub data: Bytes,
}

json_fields!(Child: authorization, extension_id, lane, to, gas_limit, cycle_limit, data);

/// What an output with children begins with.
fn mark() -> B256 {
    keccak256("middle-client children v1")
}

/// The output that claims these children, and nothing else.
pub fn encode_children(children: &Vec<Child>) -> Vec<u8> {
    [mark().to_vec(), rlp::encode(children)].concat()
}

/// The children that an output claims; none without the mark.
pub fn children(output: &[u8]) -> Result<Vec<Child>, Rejection> {
    let refuse = |reason, detail: String| Err(Rejection::new(reason, 32, detail));
    // COMP-001: only an output with the mark claims anything.
    let Some(list) = output.strip_prefix(mark().as_slice()) else { return Ok(Vec::new()) };
    let children: Vec<Child> = rlp::decode(list, 32)?;
    // COMP-003: the parent is a member too.
    if children.len() >= MAX_MEMBERS {
        return refuse(Reject::FamilyTooLarge, format!("{} children", children.len()));
    }
    // COMP-002: a closed enumeration.
    match children.iter().find(|child| child.authorization != AUTHORIZATION_EXTENSION) {
        Some(child) => refuse(Reject::AuthorizationUnknown, child.authorization.to_string()),
        None => Ok(children),
    }
}

impl Child {
    // COMP-004: a child is named by its parent and its place.
    /// The hash that stands for the operation hash.
    pub fn hash(&self, parent: B256, index: u64) -> B256 {
        let words =
            [keccak256("middle-client child v1"), parent, B256::from(U256::from(index)), keccak256(rlp::encode(self))];
        keccak256(words.concat())
    }

    // COMP-009: what a child does not say is its parent's, or nothing.
    /// The Operation that its statement is about. Nobody signs it, and it has no fee of its own.
    pub fn operation(&self, parent: &Operation) -> Operation {
        Operation {
            chain_id: parent.chain_id,
            sender: Child::sender(parent.extension_id),
            extension_id: self.extension_id,
            lane: self.lane,
            to: self.to,
            gas_limit: self.gas_limit,
            gas_management: GasManagement { cycle_limit: self.cycle_limit, ..GasManagement::default() },
            data: self.data.clone(),
            anchor_hash: parent.anchor_hash,
            valid_until_slot: parent.valid_until_slot,
            ..Operation::default()
        }
    }

    // COMP-002: nobody has the key of this account.
    /// The account from which it acts: the last 20 bytes of the hash of its parent's extension id.
    pub fn sender(parent_extension: B256) -> Address {
        let words = [keccak256("middle-client extension account v1"), parent_extension];
        Address::from_slice(&keccak256(words.concat())[12..])
    }
}
