//! The Operation: its fields, its encoding and its hash.

use super::rlp;
use super::{ENVELOPE, MAX_OPERATION_BYTES};
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node, hex};
use crate::notation::{B256, Reject, Rejection, keccak256};
use alloy_primitives::{Address, Bytes, U256, uint};
use alloy_rlp::{BufMut, Decodable, Encodable, RlpDecodable, RlpEncodable};
use alloy_sol_types::{Eip712Domain, SolStruct};
use serde_json::Value;

/// A request to run an extension, and the terms on which its result is settled.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Operation {
    /// The chain on which the result is settled (EIP-155).
    pub chain_id: u64,
    /// The account that asks, and that pays if there is no sponsor.
    pub sender: Address,
    /// The nonce: a key in the upper 192 bits and the sequence number under that key in the lower 64.
    pub nonce: U256,
    /// The extension to run.
    pub extension_id: B256,
    /// Which of the extension's states the Operation is about.
    pub lane: U256,
    /// The contract that settlement calls with the output.
    pub to: Address,
    /// Gas of that call.
    pub gas_limit: u64,
    /// Fees, limits and who pays.
    pub gas_management: GasManagement,
    /// The public input of the extension.
    pub data: Bytes,
    /// The commitment to the private witness input, where the extension wants one.
    pub witness_commitment: WitnessCommitment,
    /// The finalized block on which the execution is based.
    pub anchor_hash: B256,
    /// The last slot in which the Operation can be settled is the one before.
    pub valid_until_slot: u64,
    /// What the sender signed the operation hash with.
    pub signature: Bytes,
}

/// Fees, limits and who pays.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct GasManagement {
    /// The most that a unit of gas may cost, in wei (EIP-1559).
    pub max_fee: u128,
    /// The most that the settler gets for a unit of gas beside the base fee, in wei (EIP-1559).
    pub max_priority_fee: u128,
    /// What the prover gets at first, in wei.
    pub prover_fee_min: u128,
    /// What the prover gets at the end of the ramp, in wei.
    pub prover_fee_max: u128,
    /// The slot from which the prover's fee rises.
    pub ramp_start_slot: u64,
    /// The number of slots in which it rises from the least to the largest.
    pub ramp_slots: u64,
    /// The number of cycles after which the execution traps.
    pub cycle_limit: u64,
    /// The account that pays instead of the sender, or zero.
    pub sponsor: Address,
    /// What the sponsor adds to its consent; the protocol does not look into it.
    pub sponsor_data: Bytes,
    /// What the sponsor signed the operation hash with.
    pub sponsor_signature: Bytes,
}

/// A commitment that may be absent: an empty string or 32 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WitnessCommitment(pub Option<B256>);

impl WitnessCommitment {
    /// The bytes: none or 32.
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |commitment| commitment.as_slice())
    }
}

impl Encodable for WitnessCommitment {
    fn encode(&self, out: &mut dyn BufMut) {
        self.as_slice().encode(out);
    }
}

impl Decodable for WitnessCommitment {
    fn decode(bytes: &mut &[u8]) -> alloy_rlp::Result<WitnessCommitment> {
        // OP-005: nothing between absent and 32 bytes.
        match Bytes::decode(bytes)?.as_ref() {
            [] => Ok(WitnessCommitment(None)),
            commitment => match B256::try_from(commitment) {
                Ok(commitment) => Ok(WitnessCommitment(Some(commitment))),
                Err(_) => Err(alloy_rlp::Error::UnexpectedLength),
            },
        }
    }
}

impl Json for WitnessCommitment {
    fn to_json(&self) -> Value {
        hex(self.as_slice()).into()
    }
    fn from_json(node: &Node) -> Result<WitnessCommitment, Fault> {
        match node.text()? {
            "0x" => Ok(WitnessCommitment(None)),
            _ => B256::from_json(node).map(|commitment| WitnessCommitment(Some(commitment))),
        }
    }
}

json_fields!(
    Operation: chain_id, sender, nonce, extension_id, lane, to, gas_limit, gas_management, data, witness_commitment,
    anchor_hash, valid_until_slot, signature
);
json_fields!(
    GasManagement: max_fee, max_priority_fee, prover_fee_min, prover_fee_max, ramp_start_slot, ramp_slots, cycle_limit,
    sponsor, sponsor_data, sponsor_signature
);

/// What is signed, as EIP-712 has it: the names and types are part of the hash.
mod typed {
    alloy_sol_types::sol! {
        struct GasManagement {
            uint128 maxFee;
            uint128 maxPriorityFee;
            uint128 proverFeeMin;
            uint128 proverFeeMax;
            uint64 rampStartSlot;
            uint64 rampSlots;
            uint64 cycleLimit;
            address sponsor;
            bytes sponsorData;
        }

        struct Operation {
            address sender;
            uint256 nonce;
            bytes32 extensionId;
            uint256 lane;
            address to;
            uint64 gasLimit;
            GasManagement gasManagement;
            bytes data;
            bytes witnessCommitment;
            bytes32 anchorHash;
            uint64 validUntilSlot;
        }
    }
}

impl Operation {
    /// The bytes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        // OP-001: the type stands before the list.
        [vec![ENVELOPE], rlp::encode(self)].concat()
    }

    /// The number of bytes on the wire, without making them.
    pub fn length(&self) -> usize {
        1 + rlp::length(self)
    }

    /// Reads the bytes of the wire.
    pub fn from_bytes(bytes: &[u8]) -> Result<Operation, Rejection> {
        // OP-006: before anything is read or allocated.
        if bytes.len() > MAX_OPERATION_BYTES {
            let detail = format!("{} bytes; at most {MAX_OPERATION_BYTES}", bytes.len());
            return Err(Rejection::new(Reject::OperationTooLarge, MAX_OPERATION_BYTES, detail));
        }
        // OP-001: other types may come; they are not read as this one.
        match bytes.split_first() {
            Some((&ENVELOPE, list)) => rlp::decode(list, 1),
            first => Err(Rejection::new(Reject::EnvelopeUnknown, 0, format!("the type is {:?}", first.map(|it| it.0)))),
        }
    }

    // OP-007: everything but the signatures; the chain is in the domain.
    /// The operation hash: what sender and sponsor sign, and the name of the Operation in the protocol.
    pub fn hash(&self, consensus_contract: Address) -> B256 {
        let gas = &self.gas_management;
        let typed = typed::Operation {
            sender: self.sender,
            nonce: self.nonce,
            extensionId: self.extension_id,
            lane: self.lane,
            to: self.to,
            gasLimit: self.gas_limit,
            gasManagement: typed::GasManagement {
                maxFee: gas.max_fee,
                maxPriorityFee: gas.max_priority_fee,
                proverFeeMin: gas.prover_fee_min,
                proverFeeMax: gas.prover_fee_max,
                rampStartSlot: gas.ramp_start_slot,
                rampSlots: gas.ramp_slots,
                cycleLimit: gas.cycle_limit,
                sponsor: gas.sponsor,
                sponsorData: gas.sponsor_data.clone(),
            },
            data: self.data.clone(),
            witnessCommitment: self.witness_commitment.as_slice().to_vec().into(),
            anchorHash: self.anchor_hash,
            validUntilSlot: self.valid_until_slot,
        };
        typed.eip712_signing_hash(&domain(self.chain_id, consensus_contract))
    }

    /// The key of the nonce: the upper 192 bits.
    pub fn nonce_key(&self) -> U256 {
        self.nonce >> 64
    }

    /// The sequence number of the nonce: the lower 64 bits.
    pub fn nonce_sequence(&self) -> u64 {
        (self.nonce & uint!(0xffff_ffff_ffff_ffff_U256)).to()
    }

    /// Who pays: the sponsor, if there is one.
    pub fn payer(&self) -> Address {
        if self.gas_management.sponsor.is_zero() { self.sender } else { self.gas_management.sponsor }
    }
}

/// The EIP-712 domain of everything that is signed in the protocol.
pub fn domain(chain_id: u64, consensus_contract: Address) -> Eip712Domain {
    Eip712Domain::new(
        Some("Middle Client".into()),
        Some("1".into()),
        Some(U256::from(chain_id)),
        Some(consensus_contract),
        None,
    )
}

// OP-008: the name of bytes, not of what they mean.
/// The name under which bytes of the wire are announced, and under which a rejection may be cached.
pub fn wire_hash(bytes: &[u8]) -> B256 {
    keccak256(bytes)
}
