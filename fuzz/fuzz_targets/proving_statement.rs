//! A proof of the vectors beside changed statements: none but its own verifies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::proof_system::VerifyingKey;
use middle_client::proving::{Extension, Prepared, Proof, TierVerifier, verify};
use middle_client::statement::Statement;
use std::path::Path;
use std::sync::LazyLock;

struct Case {
    verifier: TierVerifier,
    prepared: Prepared,
    statement: Statement,
    proof: Proof,
}

static CASE: LazyLock<Case> = LazyLock::new(|| {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/v1");
    let text = std::fs::read_to_string(vectors.join("proving/accept.json")).expect("the vectors are there");
    let file: serde_json::Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let cases = file["cases"].as_array().expect("a file of cases has cases");
    let input = &cases.iter().find(|case| case["id"] == "proving-verify-accepted").expect("the case is there")["input"];
    let bytes = |name: &str| hex::decode(&input[name].as_str().expect("the bytes are inline")[2..]).expect("it is hex");
    let blob = input["verifyingKey"]["blob"].as_str().expect("the key is a blob");
    let key = std::fs::read(vectors.join("blobs").join(blob)).expect("the blob is there");
    let key = VerifyingKey::from_bytes(&key).expect("the key is sound");
    let verifier = TierVerifier::published(0, key).expect("the key is the published one");
    let extension = Extension::from_wasm(&bytes("module")).expect("the module is in the profile");
    Case {
        prepared: Prepared::derive(extension, &verifier).expect("the module fits the tier"),
        verifier,
        statement: Statement::from_bytes(&bytes("statement")).expect("the statement is one"),
        proof: Proof::from_bytes(&bytes("proof")).expect("the proof is one"),
    }
});

// Each three bytes are a place in the statement and what is added there.
fuzz_target!(|bytes: &[u8]| {
    let mut encoding = CASE.statement.to_bytes();
    for change in bytes.chunks_exact(3) {
        let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % encoding.len();
        encoding[place] = encoding[place].wrapping_add(change[2]);
    }
    let Ok(statement) = Statement::from_bytes(&encoding) else { return };
    let accepted = verify(&CASE.verifier, &CASE.prepared, &statement, &CASE.proof).is_ok();
    assert_eq!(accepted, statement == CASE.statement);
});
