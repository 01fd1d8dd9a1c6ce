//! The bytes of what is pooled, as they travel.

use crate::notation::B256;
use crate::operation::wire_hash;
use crate::pools::Pools;
use alloy_primitives::Bytes;
use std::collections::BTreeMap;

/// An Operation and a pre-state root: what a pool has a result of.
type Key = (B256, B256);

/// The bytes by their wire hashes, and the wire hashes by what the pools know of them: nothing is decoded or hashed again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    bytes: BTreeMap<B256, Bytes>,
    operations: BTreeMap<B256, B256>,
    results: BTreeMap<Key, B256>,
    /// The two results of a conflict.
    evidence: BTreeMap<Key, [B256; 2]>,
}

impl Items {
    /// The bytes with a wire hash.
    pub fn get(&self, hash: B256) -> Option<&Bytes> {
        self.bytes.get(&hash)
    }

    /// The wire hashes of all.
    pub fn hashes(&self) -> impl Iterator<Item = &B256> {
        self.bytes.keys()
    }

    /// The wire hash and the length of a pooled Operation.
    pub fn operation(&self, operation_hash: B256) -> Option<(B256, u32)> {
        self.sized(self.operations.get(&operation_hash))
    }

    /// The wire hash and the length of a pooled result.
    pub fn result(&self, key: Key) -> Option<(B256, u32)> {
        self.sized(self.results.get(&key))
    }

    fn sized(&self, hash: Option<&B256>) -> Option<(B256, u32)> {
        let hash = hash?;
        self.bytes.get(hash).map(|bytes| (*hash, bytes.len() as u32))
    }

    /// Keeps the bytes of an Operation that the pool has taken.
    pub fn add_operation(&mut self, operation_hash: B256, bytes: Bytes) {
        let hash = wire_hash(&bytes);
        // The same Operation may come back with another signature.
        if let Some(old) = self.operations.insert(operation_hash, hash) {
            self.bytes.remove(&old);
        }
        self.bytes.insert(hash, bytes);
    }

    /// Keeps the bytes of a result that the pool has taken, in the place of the one that it had.
    pub fn add_result(&mut self, key: Key, bytes: Bytes) {
        let hash = wire_hash(&bytes);
        if let Some(old) = self.results.insert(key, hash) {
            self.bytes.remove(&old);
        }
        self.bytes.insert(hash, bytes);
    }

    /// Forgets an Operation that has left the pool, and its results, which have left with it.
    pub fn remove_operation(&mut self, operation_hash: B256) {
        if let Some(hash) = self.operations.remove(&operation_hash) {
            self.bytes.remove(&hash);
        }
        let range = (operation_hash, B256::ZERO)..=(operation_hash, B256::repeat_byte(0xff));
        let keys: Vec<Key> = self.results.range(range).map(|(key, _)| *key).collect();
        for key in keys {
            self.remove_result(key);
        }
    }

    /// Forgets a result that has left the pool.
    pub fn remove_result(&mut self, key: Key) {
        if let Some(hash) = self.results.remove(&key) {
            self.bytes.remove(&hash);
        }
    }

    /// Keeps both results of a conflict: the one that was pooled, and the bytes of the other one. Gives their wire hashes.
    pub fn add_conflict(&mut self, key: Key, bytes: Bytes) -> [B256; 2] {
        let hash = wire_hash(&bytes);
        self.bytes.insert(hash, bytes);
        let pair = [self.results.remove(&key).unwrap_or_default(), hash];
        self.evidence.insert(key, pair);
        pair
    }

    /// Forgets what is gone from the pools, after changes that are not told one by one.
    pub fn forget(&mut self, pools: &Pools) {
        let bytes = &mut self.bytes;
        let mut is_kept = |is_pooled: bool, hashes: &[B256]| {
            for hash in hashes.iter().filter(|_| !is_pooled) {
                bytes.remove(hash);
            }
            is_pooled
        };
        let (operations, results) = (&pools.operations.operations, &pools.post_operations);
        self.operations.retain(|key, hash| is_kept(operations.contains_key(key), &[*hash]));
        self.results.retain(|key, hash| is_kept(results.post_operations.contains_key(key), &[*hash]));
        // NODE-008: others must be able to see what this node has seen.
        self.evidence.retain(|key, pair| is_kept(results.evidence.contains_key(key), pair));
    }
}
