//! Arbitrary bytes as a proof, as a custom key and as files of these: what is accepted is the encoding of what it decodes to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::proving::{CustomKey, Proof, ProofFile, SegmentProof};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(proof) = Proof::from_bytes(bytes) {
        assert_eq!(proof.to_bytes(), bytes);
        assert!(!proof.segments.is_empty());
    }
    if let Ok(segment) = SegmentProof::from_bytes(bytes) {
        assert_eq!(segment.to_bytes(), bytes);
    }
    if let Ok(key) = CustomKey::from_bytes(bytes) {
        assert_eq!(key.to_bytes(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(file) = ProofFile::from_json(text) {
        assert_eq!(file.statement.tier, file.proof.tier);
        assert_eq!(ProofFile::from_json(&file.to_json()), Ok(file));
    }
    if let Ok(key) = CustomKey::from_json(text) {
        assert_eq!(CustomKey::from_json(&key.to_json()), Ok(key));
    }
});
