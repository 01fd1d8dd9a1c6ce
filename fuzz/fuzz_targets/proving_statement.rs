//! Proofs of the vectors beside changed statements: none but its own verifies.

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

/// All accepted proofs under the universal key.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/v1");
    let text = std::fs::read_to_string(vectors.join("proving/accept.json")).expect("the vectors are there");
    let file: serde_json::Value = serde_json::from_str(&text).expect("the vectors are JSON");
    let cases = file["cases"].as_array().expect("a file of cases has cases");
    let of_key = |case: &&serde_json::Value| case["id"].as_str().is_some_and(|id| id.starts_with("proving-verify-"));
    let inputs = cases.iter().filter(of_key).map(|case| &case["input"]);
    inputs
        .map(|input| {
            let text = |name: &str| input[name].as_str().expect("the bytes are inline");
            let bytes = |name: &str| hex::decode(&text(name)[2..]).expect("it is hex");
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
        })
        .collect()
});

// Which proof, what to change of the lengths, and then in three bytes each a place in the statement and what is added there.
fuzz_target!(|bytes: &[u8]| {
    let [which, length, rest @ ..] = bytes else { return };
    let case = &CASES[usize::from(*which) % CASES.len()];
    let mut statement = case.statement.clone();
    match length {
        1 => statement.output.push(0),
        2 => drop(statement.output.pop()),
        3 => statement.input.push(0),
        4 => drop(statement.input.pop()),
        _ => {}
    }
    let mut encoding = statement.to_bytes();
    for change in rest.chunks_exact(3) {
        let place = usize::from(u16::from_be_bytes([change[0], change[1]])) % encoding.len();
        encoding[place] = encoding[place].wrapping_add(change[2]);
    }
    let Ok(statement) = Statement::from_bytes(&encoding) else { return };
    let accepted = verify(&case.verifier, &case.prepared, &statement, &case.proof).is_ok();
    assert_eq!(accepted, statement == case.statement);
});
