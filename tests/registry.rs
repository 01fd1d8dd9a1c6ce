//! The registry: ids, histories of calls, onboarding of real extensions, build manifests.

use alloy_primitives::{Address, B256};
use middle_client::canonical_code::lower;
use middle_client::notation::{Reject, keccak256};
use middle_client::operation::ChainView;
use middle_client::profile::load;
use middle_client::registry::{BuildManifest, Call, Entry, ManifestItem, Registry, fold, onboard, universal_key_hash};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;

fn entry(number: u8, developer: Address) -> Entry {
    Entry {
        developer,
        wasm_hash: keccak256([number]),
        wasm: vec![number].into(),
        proof_system: 1,
        abi_version: 1,
        ..Entry::default()
    }
}

fn calls() -> impl Strategy<Value = (Address, Call)> {
    let account = (0u8..3).prop_map(Address::repeat_byte);
    let id = || (0u8..3, 0u8..3).prop_map(|(number, owner)| entry(number, Address::repeat_byte(owner)).id(1));
    let call = prop_oneof![
        (0u8..3, 0u8..3)
            .prop_map(|(number, owner)| { Call::Register(Box::new(entry(number, Address::repeat_byte(owner)))) }),
        (id(), id()).prop_map(|(id, successor)| Call::SetSuccessor { id, successor }),
        (id(), 0u64..2_000).prop_map(|(id, from)| Call::Deprecate { id, from }),
    ];
    (account, call)
}

proptest! {
    /// Whatever is called, entries stay what they were, and what is set once stays.
    #[test]
    fn entries_never_change(calls in prop::collection::vec(calls(), 1..60)) {
        let mut registry = Registry { chain_id: 1, ..Registry::default() };
        for (slot, (caller, call)) in calls.iter().enumerate() {
            let before = registry.clone();
            let result = registry.call(*caller, call, &ChainView { slot: slot as u64, ..ChainView::default() }, &[]);
            if result.is_err() {
                prop_assert_eq!(&registry, &before);
            }
            for (id, old) in &before.entries {
                let new = &registry.entries[id];
                prop_assert_eq!(&new.entry, &old.entry);
                prop_assert!(old.successor.is_none() || new.successor == old.successor);
                prop_assert!(old.deprecated_from.is_none() || new.deprecated_from == old.deprecated_from);
                if new != old {
                    prop_assert_eq!(*caller, old.entry.developer);
                }
            }
            for (id, registered) in &registry.entries {
                prop_assert_eq!(*id, registered.entry.id(1));
            }
        }
    }

    #[test]
    fn every_path_leads_to_the_root(count in 0usize..70) {
        let item = |index: usize| ManifestItem {
            kind: 0,
            name: format!("{index:03}").into_bytes().into(),
            digest: keccak256(index.to_string()),
        };
        let manifest = BuildManifest { wasm_hash: keccak256("wasm"), items: (0..count).map(item).collect() };
        prop_assert_eq!(BuildManifest::from_bytes(&manifest.to_bytes()), Ok(manifest.clone()));
        let leaves: BTreeSet<B256> = (0..=count).map(|leaf| {
            let (start, path) = manifest.path(leaf).unwrap();
            assert_eq!(fold(start, &path), manifest.root());
            start
        }).collect();
        prop_assert_eq!(leaves.len(), count + 1);
        prop_assert!(manifest.path(count + 1).is_none());
    }

    #[test]
    fn entries_have_one_encoding(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(entry) = Entry::from_bytes(&bytes) {
            prop_assert_eq!(entry.to_bytes(), bytes.clone());
        }
        if let Ok(manifest) = BuildManifest::from_bytes(&bytes) {
            prop_assert_eq!(manifest.to_bytes(), bytes);
        }
    }
}

/// A state that is read can have a note of a later slot: it counts for nothing, and nothing overflows.
#[test]
fn a_blob_of_a_later_slot_is_unknown() {
    let hash = B256::repeat_byte(1);
    let mut registry = Registry { chain_id: 1, blobs: [(hash, 10)].into(), ..Registry::default() };
    let entry = Entry { wasm: Default::default(), blob_hashes: vec![hash], ..entry(0, Address::ZERO) };
    let call = Call::Register(Box::new(entry));
    let view = |slot| ChainView { slot, ..ChainView::default() };
    let refused = registry.call(Address::ZERO, &call, &view(9), &[]).unwrap_err();
    assert_eq!(refused.reason, Reject::BlobUnknown);
    registry.call(Address::ZERO, &call, &view(10), &[]).unwrap();
}

/// What compilers made is adopted, and read for witnesses.
#[test]
fn real_extensions_are_adopted() {
    let keys = [B256::repeat_byte(1)];
    for (name, reads_witness) in [("fibonacci", false), ("sha256", false), ("nullifier_membership", true)] {
        let wasm = fs::read(format!("tests/extensions/{name}/{name}.wasm")).unwrap();
        let entry = Entry {
            wasm_hash: keccak256(&wasm),
            wasm: wasm.clone().into(),
            code_commitment: lower(&load(&wasm).unwrap()).unwrap().commitment(),
            key_hash: universal_key_hash(&keys),
            ..entry(0, Address::ZERO)
        };
        let onboarded = onboard(1, &entry, &wasm, &keys).unwrap();
        assert_eq!((onboarded.id, onboarded.reads_witness), (entry.id(1), reads_witness), "{name}");
    }
}

proptest! {
    #[test]
    fn manifests_have_one_encoding(
        names in prop::collection::btree_set((0u8..3, any::<Vec<u8>>()), 0..6),
        hash in any::<[u8; 32]>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let items = names.into_iter().map(|(kind, name)| ManifestItem { kind, name: name.into(), digest: hash.into() });
        let manifest = BuildManifest { wasm_hash: hash.into(), items: items.collect() };
        let mut bytes = manifest.to_bytes();
        prop_assert_eq!(BuildManifest::from_bytes(&bytes), Ok(manifest));
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(decoded) = BuildManifest::from_bytes(&bytes) {
            prop_assert_eq!(decoded.to_bytes(), bytes);
        }
    }
}
