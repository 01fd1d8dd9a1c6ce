//! Arbitrary bytes as a registry entry and as a build manifest: what is accepted is the encoding of what it decodes to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::registry::{BuildManifest, Entry, fold, onboard};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entry) = Entry::from_bytes(bytes) {
        assert_eq!(entry.to_bytes(), bytes);
        let _ = onboard(1, &entry, &entry.wasm, &[entry.key_hash]);
    }
    if let Ok(manifest) = BuildManifest::from_bytes(bytes) {
        assert_eq!(manifest.to_bytes(), bytes);
        let (leaf, path) = manifest.path(manifest.items.len()).expect("there is a last leaf");
        assert_eq!(fold(leaf, &path), manifest.root());
    }
});
