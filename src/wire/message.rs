//! The messages, their encodings and limits.

use super::{
    MAX_ANNOUNCED, MAX_CAPABILITIES, MAX_MESSAGE_BYTES, MAX_REQUESTED, SOFT_MESSAGE_BYTES, VerificationRequest,
    VerificationResponse,
};
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node};
use crate::notation::{B256, Reject, Rejection};
use crate::operation::rlp;
use alloy_primitives::{Address, Bytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use serde_json::{Value, json};

/// The first message on a connection, from each side.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Status {
    /// The version of the capability.
    pub version: u32,
    /// The chain id.
    pub chain_id: u64,
    /// The Consensus Contract.
    pub consensus_contract: Address,
    /// The hash of the head of the chain.
    pub head_hash: B256,
    /// Its number.
    pub head_number: u64,
}

/// What a node runs and verifies.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Capabilities {
    /// Rises with each change.
    pub sequence: u64,
    /// The extensions that it has adopted.
    pub extensions: Vec<B256>,
    /// The types of proofs that it verifies, a byte each.
    pub proof_types: Bytes,
    /// The tiers whose keys it has. Circuits of their own have none.
    pub tiers: Vec<u32>,
    /// The largest proof that it takes, in bytes.
    pub max_proof_bytes: u32,
    /// The least prover fee for which it proves, in wei.
    pub min_prover_fee: u128,
}

/// What a node has in a pool: three lists of one length.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Announcement {
    /// The first byte of each message.
    pub types: Bytes,
    /// The length of each message, in bytes.
    pub sizes: Vec<u32>,
    /// The wire hashes.
    pub hashes: Vec<B256>,
}

/// Asks for items by their wire hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Request {
    /// Chosen by who asks, to find the answer's question.
    pub request_id: u64,
    /// The wire hashes.
    pub hashes: Vec<B256>,
}

/// The items, as they are on the wire; request id 0 for Operations that are pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct PooledItems {
    /// That of the question.
    pub request_id: u64,
    /// Operations or PostOperations with their types.
    pub items: Vec<Bytes>,
}

/// Asks for an extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct GetExtension {
    /// Chosen by who asks.
    pub request_id: u64,
    /// The extension id.
    pub extension_id: B256,
}

/// An extension: its entry and its module.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Extension {
    /// That of the question.
    pub request_id: u64,
    /// The encoding of the registry's entry, or nothing if the node does not have it.
    pub entry: Bytes,
    /// The module's bytes.
    pub wasm: Bytes,
}

/// The value under the key `mid` of a node record (EIP-778).
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct EnrEntry {
    /// The version of the capability.
    pub version: u32,
    /// The chain id.
    pub chain_id: u64,
    /// The Consensus Contract.
    pub consensus_contract: Address,
}

json_fields!(Status: version, chain_id, consensus_contract, head_hash, head_number);
json_fields!(Capabilities: sequence, extensions, proof_types, tiers, max_proof_bytes, min_prover_fee);
json_fields!(Announcement: types, sizes, hashes);
json_fields!(Request: request_id, hashes);
json_fields!(PooledItems: request_id, items);
json_fields!(GetExtension: request_id, extension_id);
json_fields!(Extension: request_id, entry, wasm);
json_fields!(EnrEntry: version, chain_id, consensus_contract);

macro_rules! messages {
    ($($(#[$doc:meta])* $variant:ident($type:ty) = $id:literal, $name:literal;)*) => {
        /// A message of the capability.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Message { $($(#[$doc])* $variant($type),)* }

        impl Message {
            /// The number of the message in the capability.
            pub fn id(&self) -> u8 {
                match self { $(Message::$variant(_) => $id,)* }
            }

            /// The name in vectors.
            pub fn name(&self) -> &'static str {
                match self { $(Message::$variant(_) => $name,)* }
            }

            /// The bytes: the number, then the RLP of the content.
            pub fn to_bytes(&self) -> Vec<u8> {
                let content = match self { $(Message::$variant(content) => rlp::encode(content),)* };
                [vec![self.id()], content].concat()
            }

            fn decode(id: u8, content: &[u8]) -> Result<Message, Rejection> {
                match id {
                    $($id => Ok(Message::$variant(rlp::decode(content, 1)?)),)*
                    // WIRE-001: a number that the capability does not have.
                    _ => Err(Rejection::new(Reject::MessageUnknown, 0, format!("message {id}"))),
                }
            }
        }

        impl Json for Message {
            fn to_json(&self) -> Value {
                match self { $(Message::$variant(content) => json!({$name: content.to_json()}),)* }
            }

            fn from_json(node: &Node) -> Result<Message, Fault> {
                $(if let Some(content) = node.optional($name)? {
                    return Ok(Message::$variant(Json::from_json(&content)?));
                })*
                Err(node.fault("is no message"))
            }
        }
    };
}

// WIRE-001: one table for numbers and names.
messages! {
    /// Who the peer is.
    Status(Status) = 0, "status";
    /// What it can do.
    Capabilities(Capabilities) = 1, "capabilities";
    /// Operations that it has.
    NewOperationHashes(Announcement) = 2, "newOperationHashes";
    /// Operations that it wants.
    GetOperations(Request) = 3, "getOperations";
    /// Operations.
    Operations(PooledItems) = 4, "operations";
    /// PostOperations that it has.
    NewPostOperationHashes(Announcement) = 5, "newPostOperationHashes";
    /// PostOperations that it wants.
    GetPostOperations(Request) = 6, "getPostOperations";
    /// PostOperations.
    PostOperations(PooledItems) = 7, "postOperations";
    /// A proof that it wants another node to verify.
    VerificationRequest(VerificationRequest) = 8, "verificationRequest";
    /// What another node found.
    VerificationResponse(VerificationResponse) = 9, "verificationResponse";
    /// An extension that it wants.
    GetExtension(GetExtension) = 10, "getExtension";
    /// An extension.
    Extension(Extension) = 11, "extension";
}

/// The fields of a message that have several entries, and the most that each has.
fn limits(id: u8) -> &'static [(usize, usize)] {
    match id {
        1 => &[(1, MAX_ANNOUNCED), (2, MAX_CAPABILITIES), (3, MAX_CAPABILITIES)],
        2 | 5 => &[(0, MAX_ANNOUNCED), (1, MAX_ANNOUNCED), (2, MAX_ANNOUNCED)],
        3 | 4 | 6 | 7 => &[(1, MAX_REQUESTED)],
        _ => &[],
    }
}

impl Message {
    /// Reads a message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Message, Rejection> {
        let refuse = |reason, detail: String| Err(Rejection::new(reason, 0, detail));
        // WIRE-002: before anything is read or allocated.
        if bytes.len() > MAX_MESSAGE_BYTES {
            return refuse(Reject::MessageTooLarge, format!("{} bytes", bytes.len()));
        }
        let Some((id, content)) = bytes.split_first() else {
            return refuse(Reject::MessageUnknown, "no bytes".into());
        };
        // WIRE-003: before any list is read.
        for (field, most) in limits(*id) {
            if rlp::has_more(content, *field, *most) {
                return refuse(Reject::TooManyEntries, format!("more than {most} entries in field {field}"));
            }
        }
        let message = Message::decode(*id, content)?;
        // WIRE-004: three lists of one length.
        if let Message::NewOperationHashes(it) | Message::NewPostOperationHashes(it) = &message
            && (it.types.len() != it.hashes.len() || it.sizes.len() != it.hashes.len())
        {
            return refuse(Reject::AnnouncementLengths, "types, sizes and hashes are not as many".into());
        }
        Ok(message)
    }
}

// WIRE-005: at least one item, and no more once the soft limit is reached.
/// The items of a response, from those that were found in the order of the request.
pub fn fill(found: impl IntoIterator<Item = Bytes>) -> Vec<Bytes> {
    let (mut items, mut length) = (Vec::new(), 0);
    for item in found {
        if length >= SOFT_MESSAGE_BYTES || items.len() >= MAX_REQUESTED {
            break;
        }
        length += item.len();
        items.push(item);
    }
    items
}
