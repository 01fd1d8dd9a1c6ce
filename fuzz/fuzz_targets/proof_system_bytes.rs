//! Arbitrary bytes as a proof, a vanilla proof, a verifying key, a field element and a proof file: what is accepted is the
//! encoding of what it decodes to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::poseidon::{element_from_bytes, element_to_bytes};
use middle_client::proof_system::{
    Proof, Verifier, VerifyingKey, vanilla_proof_from_bytes, vanilla_proof_to_bytes,
};

fuzz_target!(|bytes: &[u8]| {
    match Proof::from_bytes(bytes) {
        Ok(proof) => {
            assert_eq!(proof.to_bytes(), bytes);
            assert_eq!(Proof::from_json(&proof.to_json()), Ok(proof));
        }
        Err(rejection) => assert!(rejection.offset <= bytes.len()),
    }
    match vanilla_proof_from_bytes(bytes) {
        Ok(proof) => assert_eq!(vanilla_proof_to_bytes(&proof), bytes),
        Err(rejection) => assert!(rejection.offset <= bytes.len()),
    }
    match VerifyingKey::from_bytes(bytes) {
        Ok(key) => {
            assert_eq!(key.to_bytes(), bytes);
            // What is decoded is validated: no verifier refuses it later.
            assert!(Verifier::new(key).is_ok());
        }
        Err(rejection) => assert!(rejection.offset <= bytes.len()),
    }
    if let Ok(element) = element_from_bytes(bytes) {
        assert_eq!(element_to_bytes(element), bytes);
    }
    // A proof file may have other white space and another order; its proof has one encoding.
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(proof) = Proof::from_json(text)
    {
        assert_eq!(Proof::from_bytes(&proof.to_bytes()), Ok(proof));
    }
});
