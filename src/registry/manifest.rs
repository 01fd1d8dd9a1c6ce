//! The build manifest: what a module was built from, as a Merkle tree.

use super::{MAX_MANIFEST_ITEMS, MAX_MANIFEST_NAME_BYTES};
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::operation::rlp;
use alloy_primitives::Bytes;
use alloy_rlp::{RlpDecodable, RlpEncodable};

/// What a module was built from and with.
#[derive(Clone, Debug, Default, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct BuildManifest {
    /// The hash of the module that the build gives.
    pub wasm_hash: B256,
    /// Sources, tools and flags, in ascending order.
    pub items: Vec<ManifestItem>,
}

/// Something that the build depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, RlpEncodable, RlpDecodable)]
pub struct ManifestItem {
    /// 0 for a source, 1 for a tool, 2 for the flags of a tool.
    pub kind: u8,
    /// The path of a source, the name of a tool.
    pub name: Bytes,
    /// The keccak-256 of the source, of the tool's archive, or of the flags separated by single spaces.
    pub digest: B256,
}

json_fields!(BuildManifest: wasm_hash, items);
json_fields!(ManifestItem: kind, name, digest);

/// On which side a neighbour stands on the way to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To the left.
    Left,
    /// To the right.
    Right,
}

impl BuildManifest {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        rlp::encode(self)
    }

    /// Reads the bytes of a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<BuildManifest, Rejection> {
        let refuse = |reason, detail: &str| Err(Rejection::new(reason, 0, detail));
        let manifest: BuildManifest = rlp::decode(bytes, 0)?;
        // REG-015: bounded, and one order, so that one build has one root.
        if manifest.items.len() > MAX_MANIFEST_ITEMS {
            return refuse(Reject::ManifestTooLarge, "there are too many items");
        }
        if manifest.items.iter().any(|item| item.kind > 2 || item.name.len() > MAX_MANIFEST_NAME_BYTES) {
            return refuse(Reject::ManifestItem, "an item is of no kind or has a long name");
        }
        let key = |item: &ManifestItem| (item.kind, item.name.clone());
        if !manifest.items.is_sorted_by(|a, b| key(a) < key(b)) {
            return refuse(Reject::ManifestDisordered, "the items are not in strictly ascending order");
        }
        Ok(manifest)
    }

    /// The leaves: the module first, then the items.
    fn leaves(&self) -> Vec<B256> {
        // REG-016: leaves and nodes begin differently, so neither is the other.
        let leaf = |bytes: Vec<u8>| keccak256([vec![0], bytes].concat());
        let items = self.items.iter().map(|item| leaf(rlp::encode(item)));
        std::iter::once(leaf(self.wasm_hash.to_vec())).chain(items).collect()
    }

    /// The root that stands in the registry.
    pub fn root(&self) -> B256 {
        let mut level = self.leaves();
        while level.len() > 1 {
            level = level.chunks(2).map(parent).collect();
        }
        level[0]
    }

    /// The neighbours from a leaf to the root: leaf 0 is the module, leaf `i` item `i - 1`. None if there is no such
    /// leaf.
    pub fn path(&self, leaf: usize) -> Option<(B256, Vec<(Side, B256)>)> {
        let (mut level, mut index, mut path) = (self.leaves(), leaf, Vec::new());
        let start = *level.get(leaf)?;
        while level.len() > 1 {
            let side = if index.is_multiple_of(2) { Side::Right } else { Side::Left };
            if let Some(neighbour) = level.get(index ^ 1) {
                path.push((side, *neighbour));
            }
            level = level.chunks(2).map(parent).collect();
            index /= 2;
        }
        Some((start, path))
    }
}

/// The root to which a leaf and its path lead.
pub fn fold(leaf: B256, path: &[(Side, B256)]) -> B256 {
    path.iter().fold(leaf, |node, (side, neighbour)| match side {
        Side::Left => parent(&[*neighbour, node]),
        Side::Right => parent(&[node, *neighbour]),
    })
}

// REG-016: a node without neighbour goes up as it is.
fn parent(pair: &[B256]) -> B256 {
    match pair {
        [left, right] => keccak256([&[1], left.as_slice(), right.as_slice()].concat()),
        alone => alone[0],
    }
}
