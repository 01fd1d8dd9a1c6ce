//! What a node knows of L1 when it handles a message.

use crate::json_fields;
use crate::notation::B256;
use alloy_primitives::{Address, Bytes, U256};
use std::collections::{BTreeMap, BTreeSet};

/// The state of L1 as one node sees it: plain data, so that every handler is a function of its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainView {
    /// The chain id.
    pub chain_id: u64,
    /// The address of the Consensus Contract.
    pub consensus_contract: Address,
    /// The current slot.
    pub slot: u64,
    /// The slot of the last finalized block.
    pub finalized_slot: u64,
    /// The base fee of the next block, in wei for a unit of gas.
    pub base_fee: u128,
    /// The known blocks.
    pub blocks: BTreeMap<B256, Block>,
    /// The number of the canonical head.
    pub head_number: u64,
    /// The beacon block roots that EIP-4788 serves.
    pub beacon_roots: BTreeSet<B256>,
    /// Deposits in the Consensus Contract, in wei, with what is announced to be withdrawn.
    pub deposits: BTreeMap<Address, u128>,
    /// What is announced to be withdrawn, in wei.
    pub withdrawals: BTreeMap<Address, u128>,
    /// The next sequence number of a sender under a nonce key; 0 if absent.
    pub nonces: BTreeMap<(Address, U256), u64>,
    /// The registered extensions that can be used, by id.
    pub extensions: BTreeMap<B256, ExtensionView>,
    /// The state roots of the extensions' lanes; zero if absent.
    pub roots: BTreeMap<(B256, U256), B256>,
    /// Accounts with a stake, in 32 bytes.
    pub staked: BTreeSet<B256>,
    /// The versioned hashes of the blobs that the transaction carries (EIP-4844), where a contract is called.
    pub blob_hashes: Vec<B256>,
    /// The accounts with code, each with the hashes and signatures that it accepts (ERC-1271).
    pub contracts: BTreeMap<Address, BTreeSet<(B256, Bytes)>>,
}

/// A known block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its slot.
    pub slot: u64,
    /// Whether it is on the chain that the node follows.
    pub canonical: bool,
}

/// What the pools need to know of a registered extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtensionView {
    /// The `keccak256` of its entry's encoding.
    pub entry_hash: B256,
    /// The commitment to its canonical code.
    pub code_commitment: B256,
    /// Which circuit proves it: that of the tiers, 0, or its own, 1.
    pub mode: u8,
    /// The proof system, which is the type of its proofs.
    pub proof_system: u8,
    /// What must be available of its Operations' data: 0 nothing, 1 calldata, 2 a blob.
    pub data_rule: u8,
    /// Whether its canonical code reads a witness.
    pub reads_witness: bool,
    /// The tiers for which the registry has its code point.
    pub prepared: BTreeSet<u32>,
    /// The slot from which it is active: [`ACTIVATION_SLOTS`](crate::registry::ACTIVATION_SLOTS) after its registration.
    pub active_from: u64,
    /// The slot from which it is deprecated, if one is set.
    pub deprecated_from: Option<u64>,
    /// Whether it is quarantined.
    pub quarantined: bool,
}

impl ChainView {
    /// The deposit of an account, in wei: what settlement can charge.
    pub fn deposit(&self, account: Address) -> u128 {
        self.deposits.get(&account).copied().unwrap_or(0)
    }

    /// What admission may count on, in wei: the deposit without what is announced to be withdrawn.
    pub fn available(&self, account: Address) -> u128 {
        self.deposit(account).saturating_sub(self.withdrawals.get(&account).copied().unwrap_or(0))
    }

    /// The next sequence number of a sender under a nonce key.
    pub fn next_sequence(&self, sender: Address, key: U256) -> u64 {
        self.nonces.get(&(sender, key)).copied().unwrap_or(0)
    }

    /// Whether an account has a stake in the Consensus Contract.
    pub fn is_staked(&self, account: Address) -> bool {
        self.staked.contains(&B256::left_padding_from(account.as_slice()))
    }

    /// The state root of a lane.
    pub fn root(&self, extension_id: B256, lane: U256) -> B256 {
        self.roots.get(&(extension_id, lane)).copied().unwrap_or(B256::ZERO)
    }
}

json_fields!(
    ChainView, default: chain_id, consensus_contract, slot, finalized_slot, base_fee, blocks, head_number, beacon_roots,
    deposits, withdrawals, nonces, extensions, roots, staked, blob_hashes, contracts
);
json_fields!(Block: number, slot, canonical);
json_fields!(ExtensionView, default: entry_hash, code_commitment, mode, proof_system, data_rule, reads_witness, prepared, active_from, deprecated_from, quarantined);
