//! What a developer registers, and its name.

use super::{
    ABI_VERSION, DATA_BLOB, MAX_BLOBS, MAX_METADATA_BYTES, MODE_CUSTOM, MODE_UNIVERSAL, PROOF_SYSTEM_COMMITTED_GROTH16,
};
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::operation::rlp;
use alloy_primitives::{Address, Bytes, U256};
use alloy_rlp::{RlpDecodable, RlpEncodable};

/// A registered extension, as its developer describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Entry {
    /// Who registers it and may deprecate it.
    pub developer: Address,
    /// The keccak-256 of the module's bytes.
    pub wasm_hash: B256,
    /// The module's bytes, or nothing if they stand in blobs.
    pub wasm: Bytes,
    /// The versioned hashes of the blobs with the module's bytes (EIP-4844), or nothing.
    pub blob_hashes: Vec<B256>,
    /// The commitment to the module's canonical code.
    pub code_commitment: B256,
    /// Which circuit proves it: [`MODE_UNIVERSAL`] or [`MODE_CUSTOM`].
    pub mode: u8,
    /// The proof system, an enumeration.
    pub proof_system: u8,
    /// The digest of the keys under which it is proven.
    pub key_hash: B256,
    /// The version of the host interface, of the context and of the call at settlement.
    pub abi_version: u16,
    /// What must be available of an Operation's data.
    pub data_rule: u8,
    /// The root of the build manifest, or zero.
    pub build_root: B256,
    /// Where people find more. Not normative, and no name.
    pub metadata_uri: Bytes,
}

json_fields!(
    Entry: developer, wasm_hash, wasm, blob_hashes, code_commitment, mode, proof_system, key_hash, abi_version,
    data_rule, build_root, metadata_uri
);

impl Entry {
    /// The bytes in a call of the registry and on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        rlp::encode(self)
    }

    /// Reads the bytes. Who calls limits their number.
    pub fn from_bytes(bytes: &[u8]) -> Result<Entry, Rejection> {
        rlp::decode(bytes, 0)
    }

    // REG-001: every field that changes what is proven, paid or trusted; the rest cannot be changed by others.
    /// The extension id on this chain.
    pub fn id(&self, chain_id: u64) -> B256 {
        let number = |number: u64| B256::from(U256::from(number));
        let words = [
            keccak256("middle-client extension v1"),
            number(chain_id),
            B256::left_padding_from(self.developer.as_slice()),
            self.wasm_hash,
            number(self.mode.into()),
            number(self.proof_system.into()),
            self.key_hash,
            number(self.abi_version.into()),
            number(self.data_rule.into()),
        ];
        keccak256(words.concat())
    }

    /// Whether the registry can take the entry, as far as a contract can see.
    pub fn check(&self) -> Result<(), Rejection> {
        let refuse = |reason, detail: String| Err(Rejection::new(reason, 0, detail));
        // REG-002: enumerations are closed.
        if ![MODE_UNIVERSAL, MODE_CUSTOM].contains(&self.mode) {
            return refuse(Reject::ModeUnknown, format!("mode {}", self.mode));
        }
        if self.proof_system != PROOF_SYSTEM_COMMITTED_GROTH16 {
            return refuse(Reject::ProofSystemUnknown, format!("proof system {}", self.proof_system));
        }
        if self.abi_version != ABI_VERSION {
            return refuse(Reject::AbiVersionUnknown, format!("version {}", self.abi_version));
        }
        if self.data_rule > DATA_BLOB {
            return refuse(Reject::DataRuleUnknown, format!("data rule {}", self.data_rule));
        }
        // REG-003: the bytes are in exactly one place.
        if self.wasm.is_empty() == self.blob_hashes.is_empty() {
            return refuse(Reject::WasmLocation, "the module is in the entry or in blobs, and not in both".into());
        }
        if self.blob_hashes.len() > MAX_BLOBS {
            return refuse(Reject::TooManyBlobs, format!("{} blobs", self.blob_hashes.len()));
        }
        // REG-004: what the contract can hash, it does.
        if !self.wasm.is_empty() && keccak256(&self.wasm) != self.wasm_hash {
            return refuse(Reject::WasmHashMismatch, "wasm_hash is not that of the bytes".into());
        }
        // REG-005: the metadata are for people.
        if self.metadata_uri.len() > MAX_METADATA_BYTES {
            return refuse(Reject::MetadataTooLong, format!("{} bytes", self.metadata_uri.len()));
        }
        Ok(())
    }
}

// REG-006: one hash for all tiers, in their order.
/// The key hash of universal mode: the digest of the ordered list of the tiers' keys.
pub fn universal_key_hash(tier_keys: &[B256]) -> B256 {
    keccak256(tier_keys.concat())
}
