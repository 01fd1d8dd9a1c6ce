//! Who may settle: seeds, weights, leaders.

use super::{Consensus, EPOCH_SLOTS};
use crate::notation::{B256, keccak256};
use alloy_primitives::{Address, U256};
use sha2::{Digest, Sha256};

/// The epoch of a slot.
pub fn epoch(slot: u64) -> u64 {
    slot / EPOCH_SLOTS
}

/// The generalized index of the slot in a beacon block: field 0 of 5 of the header.
pub const HEADER_SLOT_INDEX: u64 = 8;

/// A slot as a leaf of SSZ: little-endian, in 32 bytes.
pub fn slot_leaf(slot: u64) -> B256 {
    B256::right_padding_from(&slot.to_le_bytes())
}

/// The generalized index of an epoch's RANDAO mix in a beacon block: field 3 of 5 of the header (the state's root), field
/// 13 of the state, which has 33 to 64 fields, and the entry of a vector of 65,536.
pub fn randao_index(epoch: u64) -> u64 {
    let state_root = 8 + 3;
    let mixes = state_root * 64 + 13;
    mixes * 65_536 + epoch % 65_536
}

// SETTLE-004: SSZ's Merkle tree; a node is the SHA-256 of its two children.
/// Whether a leaf with this generalized index and branch leads to the root.
pub fn verify_branch(leaf: B256, branch: &[B256], index: u64, root: B256) -> bool {
    if branch.len() as u32 != index.ilog2() {
        return false;
    }
    let (mut node, mut index) = (leaf, index);
    for neighbour in branch {
        let pair = if index.is_multiple_of(2) { [node, *neighbour] } else { [*neighbour, node] };
        node = B256::from_slice(&Sha256::digest(pair.concat()));
        index /= 2;
    }
    node == root
}

impl Consensus {
    /// The leader of a slot. None without a seed or stake.
    pub fn leader(&self, slot: u64) -> Option<Address> {
        let seed = self.seeds.get(&epoch(slot))?;
        let weights = self.weights(slot);
        let total: u128 = weights.iter().map(|(_, weight)| u128::from(*weight)).sum();
        if total == 0 {
            return None;
        }
        // SETTLE-006: the owner of unit r, in the order of the seats.
        let domain = keccak256("middle-client leader v1");
        let hash = keccak256([domain, *seed, B256::from(U256::from(slot))].concat());
        let mut unit: u128 = (U256::from_be_bytes(hash.0) % U256::from(total)).to();
        for (account, weight) in weights {
            if unit < u128::from(weight) {
                return Some(account);
            }
            unit -= u128::from(weight);
        }
        None
    }
}
