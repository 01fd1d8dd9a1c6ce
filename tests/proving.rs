//! Proofs of statements, with real keys.

use alloy_primitives::Address;
use middle_client::canonical_code::execute;
use middle_client::circuit::{TIERS, costs};
use middle_client::host_interface::{Context, ContextFields, Inputs};
use middle_client::notation::{B256, Reject, keccak256};
use middle_client::profile::load;
use middle_client::proof_system::ProvingKey;
use middle_client::proving::{
    Extension, Prepared, Proof, Randomness, TierVerifier, insecure_tier_key, needs, prove, verify,
};
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

/// The cases of an extension, by name.
fn cases(name: &str) -> Vec<(String, Inputs)> {
    let text = std::fs::read_to_string(format!("tests/extensions/{name}/cases.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap().trim_start_matches("0x")).unwrap();
    let inputs = |case: &serde_json::Value| {
        let text = |name: &str| case["context"][name].as_str().unwrap();
        let context = Context::from(ContextFields {
            operation_hash: text("operation_hash").parse().unwrap(),
            sender: text("sender").parse().unwrap(),
            lane: text("lane").parse().unwrap(),
            to: text("to").parse().unwrap(),
            witness_commitment: text("witness_commitment").parse().unwrap(),
            anchor_hash: text("anchor_hash").parse().unwrap(),
            anchor_slot: text("anchor_slot").parse().unwrap(),
            pre_state_root: text("pre_state_root").parse().unwrap(),
        });
        let (input, witness) = (bytes(&case["input"]), bytes(&case["witness"]));
        (case["id"].as_str().unwrap().into(), Inputs { input, witness, context })
    };
    cases.iter().map(inputs).collect()
}

fn extensions() -> Vec<String> {
    let entries = std::fs::read_dir("tests/extensions").unwrap().map(|entry| entry.unwrap());
    let directories = entries.filter(|entry| entry.path().join("cases.json").exists());
    let mut names: Vec<String> = directories.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn extension(name: &str) -> Extension {
    Extension::from_wasm(&std::fs::read(format!("tests/extensions/{name}/{name}.wasm")).unwrap()).unwrap()
}

/// An extension's longest case under 100,000 code words, with the tier that has the fewest rows for it. Left out are cases
/// with more rows than eight large segments have: an endless recursion has little but calls, and fills none.
fn longest_case(extension: &Extension, name: &str) -> (Inputs, u32) {
    const CODE_WORDS: u64 = 100_000;
    const ROWS: u64 = 8 << 20;
    let costs = costs();
    let candidates = cases(name).into_iter().filter_map(|(_, inputs)| {
        let cycles = execute(&extension.code, &inputs, CODE_WORDS).cycles;
        let needs = needs(extension, &inputs, CODE_WORDS).unwrap();
        let number = needs.best_tier()?;
        let tier = &TIERS[number as usize];
        let rows = u64::from(needs.segments(tier)?) * tier.domain(&costs);
        (cycles < CODE_WORDS && rows <= ROWS).then_some((cycles, inputs, number))
    });
    let (_, inputs, tier) = candidates.max_by_key(|(cycles, ..)| *cycles).expect("each extension has a short case");
    (inputs, tier)
}

/// Proves twice with the same seed, which has to give the same bytes, and verifies.
fn prove_and_verify(name: &str, key: &ProvingKey, extension: Extension, inputs: &Inputs, tier: u32) {
    let verifier = TierVerifier::new(tier, key.verifying_key.clone()).unwrap();
    let prepared = Prepared::derive(extension, &verifier).unwrap();
    let terms = Terms { tier, ..terms(0) };
    let start = std::time::Instant::now();
    let once =
        || prove(key, &prepared, inputs, &terms, Randomness::insecure(name.as_bytes()), &mut |_, _, _| {}).unwrap();
    let (statement, proof) = once();
    let time = start.elapsed();
    let bytes = proof.to_bytes();
    let start = std::time::Instant::now();
    verify(&verifier, &prepared, &statement, &proof).unwrap();
    println!(
        "| `{name}` | {} | {} | {} | {:.1} | {:.1} | {} | `{}` |",
        statement.cycles,
        TIERS[tier as usize].name,
        statement.segments,
        time.as_secs_f64(),
        start.elapsed().as_secs_f64() * 1e3,
        bytes.len(),
        &hex::encode(keccak256(&bytes))[..16],
    );
    let wasm = std::fs::read(format!("tests/extensions/{name}/{name}.wasm")).unwrap();
    relation(&statement, &load(&wasm).unwrap(), &inputs.witness).unwrap();
    let (again, other) = once();
    assert!((again, other.to_bytes()) == (statement, bytes), "{name}: the same seed gives other bytes");
}

#[test]
fn two_extensions_are_proven_and_verified() {
    for (name, case) in [("fee_rule", "zero"), ("sort", "unsigned")] {
        let (_, inputs) = cases(name).into_iter().find(|(name, _)| name == case).unwrap();
        prove_and_verify(name, &keys().proving, extension(name), &inputs, 0);
    }
}

/// All of them, tier by tier, so that one key is in memory; `EXTENSIONS=sort,sha256` chooses some.
///
/// `cargo test --release --test proving -- --ignored --nocapture every_extension`
#[test]
#[ignore = "takes an hour, and gigabytes of memory for keys of 2^20 rows"]
fn every_extension_is_proven_and_verified() {
    let chosen = std::env::var("EXTENSIONS").ok();
    let is_chosen = |name: &String| chosen.as_ref().is_none_or(|chosen| chosen.split(',').any(|one| one == name));
    let names: Vec<String> = extensions().into_iter().filter(is_chosen).collect();
    assert!(!names.is_empty(), "no extension is called {chosen:?}");
    let job = |name: &String| {
        let extension = extension(name);
        let (inputs, tier) = longest_case(&extension, name);
        (tier, name.clone(), extension, inputs)
    };
    let mut jobs: Vec<_> = names.iter().map(job).collect();
    jobs.sort_by_key(|(tier, ..)| *tier);
    let mut key: Option<(u32, ProvingKey)> = None;
    println!("| extension | cycles | tier | segments | seconds | ms to verify | bytes | keccak-256 |");
    for (tier, name, extension, inputs) in jobs {
        if key.as_ref().is_none_or(|(number, _)| *number != tier) {
            // Before the next one is read: two do not fit everywhere.
            drop(key.take());
            let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys");
            key = Some((tier, insecure_tier_key(&directory, &TIERS[tier as usize]).unwrap().0));
        }
        let (_, key) = key.as_ref().expect("it was just made");
        prove_and_verify(&name, key, extension, &inputs, tier);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
}
