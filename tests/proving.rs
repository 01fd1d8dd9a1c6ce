//! Proofs of statements, with real keys.

use alloy_primitives::Address;
use middle_client::circuit::TIERS;
use middle_client::host_interface::Inputs;
use middle_client::notation::{B256, Reject};
use middle_client::proof_system::ProvingKey;
use middle_client::proving::{Extension, Prepared, Proof, Randomness, TierVerifier, insecure_tier_key, prove, verify};
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
    let module =
        middle_client::profile::load(&std::fs::read("tests/extensions/fibonacci/fibonacci.wasm").unwrap()).unwrap();
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

/// The cases of an extension that run under 100,000 code words.
fn cases(name: &str) -> Vec<(String, Inputs)> {
    let text = std::fs::read_to_string(format!("tests/extensions/{name}/cases.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bytes = |value: &serde_json::Value| match value.as_str() {
        Some(text) => hex::decode(text.trim_start_matches("0x")).unwrap(),
        None => Vec::new(),
    };
    let list = file.as_array().or_else(|| file["cases"].as_array()).unwrap();
    list.iter()
        .filter_map(|case| {
            let mut context = bytes(&case["context"]);
            context.resize(256, 0);
            let inputs = Inputs::new(&bytes(&case["input"]), &bytes(&case["witness"]), &context).ok()?;
            Some((case["name"].as_str().or(case["id"].as_str()).unwrap_or("").to_string(), inputs))
        })
        .collect()
}

/// `cargo test --release --test proving -- --ignored --nocapture large`
#[test]
#[ignore = "takes minutes: keys of 2^20 rows"]
fn large_tiers_prove() {
    for (tier, name) in [(1u32, "sha256"), (3, "sort")] {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys");
        let start = std::time::Instant::now();
        let (key, origin) = insecure_tier_key(&directory, &TIERS[tier as usize]).unwrap();
        println!("{}: key {origin:?} in {:?}, {} rows", TIERS[tier as usize].name, start.elapsed(), key.shape.rows());
        let verifier = TierVerifier::new(tier, key.verifying_key.clone()).unwrap();
        let wasm = std::fs::read(format!("tests/extensions/{name}/{name}.wasm")).unwrap();
        let prepared = Prepared::derive(Extension::from_wasm(&wasm).unwrap(), &verifier).unwrap();
        let count =
            |inputs: &Inputs| middle_client::canonical_code::execute(&prepared.extension.code, inputs, 100_000).cycles;
        let (_, inputs) = cases(name)
            .into_iter()
            .filter(|(_, inputs)| count(inputs) < 100_000)
            .max_by_key(|(_, inputs)| count(inputs))
            .unwrap();
        let terms = Terms { tier, ..terms(0) };
        let start = std::time::Instant::now();
        let mut log = Vec::new();
        let (statement, proof) =
            prove(&key, &prepared, &inputs, &terms, Randomness::insecure(b"large"), &mut |phase, segment, of| {
                log.push((phase, segment, of, start.elapsed()));
            })
            .unwrap();
        println!("{log:?}");
        println!("{} cycles, {} segments in {:?}", statement.cycles, statement.segments, start.elapsed());
        println!("{}", 1048576.0 * statement.segments as f64 / statement.cycles as f64);
        let start = std::time::Instant::now();
        verify(&verifier, &prepared, &statement, &proof).unwrap();
        println!("verified in {:?}", start.elapsed());
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap());
    }
}
