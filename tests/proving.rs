//! Proofs of statements, with real keys.

use middle_client::host_interface::Inputs;
use alloy_primitives::Address;
use middle_client::notation::{B256, Reject};
use middle_client::proof_system::ProvingKey;
use middle_client::proving::{Extension, Prepared, Proof, Randomness, TierVerifier, insecure_tier_key, prove, verify};
use middle_client::circuit::TIERS;
use middle_client::statement::{Statement, Terms, relation};
use std::path::PathBuf;
use std::sync::OnceLock;

struct Keys {
    proving: ProvingKey,
    verifier: TierVerifier,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys");
        let (proving, _) = insecure_tier_key(&directory, &TIERS[0]).unwrap();
        let verifier = TierVerifier::new(0, proving.verifying_key.clone()).unwrap();
        Keys { proving, verifier }
    })
}

fn terms(segments: u32) -> Terms {
    Terms {
        chain_id: 1,
        extension_id: B256::repeat_byte(7),
        tier: 0,
        segments,
        cycle_limit: 1_000_000,
        prover: Address::repeat_byte(9),
    }
}

fn proven(name: &str, input: &[u8], segments: u32) -> (Prepared, Statement, Proof, std::time::Duration) {
    let wasm = std::fs::read(format!("tests/extensions/{name}/{name}.wasm")).unwrap();
    let prepared = Prepared::derive(Extension::from_wasm(&wasm).unwrap(), &keys().verifier).unwrap();
    let inputs = Inputs { input: input.to_vec(), ..Inputs::default() };
    let start = std::time::Instant::now();
    let (statement, proof) = prove(
        &keys().proving,
        &prepared,
        &inputs,
        &terms(segments),
        Randomness::insecure(name.as_bytes()),
        &mut |_, _, _| {},
    )
    .unwrap();
    (prepared, statement, proof, start.elapsed())
}

#[test]
fn a_short_execution_is_proven_and_verified() {
    let (prepared, statement, proof, time) = proven("fibonacci", &10u64.to_le_bytes(), 0);
    println!("{:?} {} cycles, {} segments, {time:?}", statement.outcome, statement.cycles, statement.segments);
    let module = middle_client::profile::load(&std::fs::read("tests/extensions/fibonacci/fibonacci.wasm").unwrap()).unwrap();
    relation(&statement, &module, &[]).unwrap();
    let start = std::time::Instant::now();
    verify(&keys().verifier, &prepared, &statement, &proof).unwrap();
    println!("verified in {:?}", start.elapsed());

    let bytes = proof.to_bytes();
    assert_eq!(Proof::from_bytes(&bytes).unwrap(), proof);
    assert_eq!(bytes.len(), 8 + 224 * proof.segments.len());

    let refused = |statement: &Statement| verify(&keys().verifier, &prepared, statement, &proof).unwrap_err().reason;
    let mut other = statement.clone();
    other.prover = Address::repeat_byte(1);
    assert_eq!(refused(&other), Reject::SumMismatch, "a proof is for its prover only");
    let mut other = statement.clone();
    other.cycles += 1;
    assert_eq!(refused(&other), Reject::SumMismatch);
}

#[test]
fn segments_are_verified_together() {
    let (prepared, statement, mut proof, time) = proven("fibonacci", &300u64.to_le_bytes(), 0);
    println!("{:?} {} cycles, {} segments, {time:?}", statement.outcome, statement.cycles, statement.segments);
    assert!(statement.segments >= 2);
    verify(&keys().verifier, &prepared, &statement, &proof).unwrap();
    proof.segments.swap(0, 1);
    verify(&keys().verifier, &prepared, &statement, &proof).unwrap_err();
}
