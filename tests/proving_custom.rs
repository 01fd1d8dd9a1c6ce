//! Custom mode: keys of single extensions, whose program is part of the circuit. What is fitted, that honest executions of any
//! program satisfy its own circuit, and that proofs under real keys are accepted and refused as they have to be.

#[path = "common/own_circuit.rs"]
mod own_circuit;
#[path = "common/vector_bytes.rs"]
mod vector_bytes;

#[path = "bench/workloads.rs"]
mod workloads;

use alloy_primitives::Address;
use ark_bn254::Fr;
use middle_client::canonical_code::{execute, lower};
use middle_client::circuit::entry::Kind;
use middle_client::circuit::{MAX_CUSTOM_ROWS, Machine, Needs, TIERS, Tier, costs, fit, suits};
use middle_client::host_interface::Inputs;
use middle_client::notation::{B256, Outcome, Reject, Trap};
use middle_client::post_operation::Keys;
use middle_client::profile::load;
use middle_client::proof_system::{ProvingKey, Shape, domain_size};
use middle_client::proving::{
    CUSTOM_TIER, CustomKey, Extension, Prepared, Proof, ProveError, Randomness, TierVerifier, insecure_custom_key,
    insecure_tier_key, needs, prove, verify,
};
use middle_client::statement::{Statement, Terms, relation};
use own_circuit::satisfies;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use vector_bytes::bytes;

const LIMIT: u64 = 100_000_000;

fn wasm(name: &str) -> Vec<u8> {
    std::fs::read(format!("tests/extensions/{name}/{name}.wasm")).unwrap()
}

fn extension(name: &str) -> Extension {
    Extension::from_wasm(&wasm(name)).unwrap()
}

fn input(bytes: &[u8]) -> Inputs {
    Inputs { input: bytes.to_vec(), ..Inputs::default() }
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys")
}

fn rows(tier: &Tier) -> u64 {
    tier.cost(&costs()).rows()
}

/// Capacities fitted to these inputs.
fn fitted(extension: &Extension, samples: &[Inputs]) -> Tier {
    let needs: Vec<Needs> = samples.iter().map(|inputs| needs(extension, inputs, LIMIT).unwrap()).collect();
    fit(extension.code(), &needs).unwrap()
}

#[test]
fn capacities_are_fitted_to_samples() {
    for workload in workloads::sized("small") {
        let extension = Extension::from_wasm(&workload.wasm).unwrap();
        let needed = needs(&extension, &workload.inputs, LIMIT).unwrap();
        let tier = fit(extension.code(), std::slice::from_ref(&needed)).unwrap();
        assert!(suits(&tier, extension.code()), "{}", workload.name);
        let rows = rows(&tier);
        println!("{:22} {rows:8} rows, {:?} segments, {tier:?}", workload.name, needed.segments(&tier));
        assert!(rows <= MAX_CUSTOM_ROWS);
        // A power of two is filled: one more row of each chip that was scaled would not fit.
        assert!(domain_size(rows as usize).unwrap() as u64 - rows < 3_000, "{}: {rows} rows", workload.name);
        for (kind, capacity) in Kind::ALL.into_iter().zip(tier.rows) {
            let has = extension.code().words.iter().any(|word| Kind::of(word.opcode) == kind);
            assert_eq!(capacity > 0, has, "{}: {}", workload.name, kind.name());
        }
        if rows <= 1 << 17 {
            let shape = Shape::of(&Machine::custom(&tier, extension.program()));
            assert_eq!(shape.rows() as u64, rows, "{}: the rows are counted as they are written", workload.name);
            assert_eq!((shape.constants, shape.public, shape.late_public), (0, 1, 1));
            assert_eq!(shape.committed as u64, tier.cost(&costs()).wires);
        }
    }
}

#[test]
fn more_samples_need_no_more_segments_and_none_are_the_least() {
    let extension = extension("traps");
    let least = fit(extension.code(), &[]).unwrap();
    assert!(least.rows.iter().all(|rows| *rows <= 1) && least.audits == 1 && suits(&least, extension.code()));
    let samples: Vec<Inputs> = [0u8, 4, 6, 0x15].map(|selector| input(&[selector])).to_vec();
    let tier = fitted(&extension, &samples);
    for inputs in &samples {
        assert_eq!(needs(&extension, inputs, LIMIT).unwrap().segments(&tier), Some(1));
        // With the fewest rows everything can be proven too, in more segments.
        assert!(needs(&extension, inputs, LIMIT).unwrap().segments(&least).unwrap() > 1);
    }
    assert_eq!(fitted(&extension, &samples), fitted(&extension, &samples), "the same samples, the same numbers");
}

#[test]
fn a_class_of_the_code_has_a_row_and_no_other_has() {
    let extension = extension("fibonacci");
    let tier = fitted(&extension, &[input(&10u64.to_le_bytes())]);
    let changed = |change: fn(&mut Tier)| {
        let mut tier = tier.clone();
        change(&mut tier);
        suits(&tier, extension.code())
    };
    assert!(changed(|tier| tier.rows[Kind::Add as usize - 1] += 1), "more rows are no harm");
    assert!(!changed(|tier| tier.rows[Kind::Add as usize - 1] = 0));
    assert!(!changed(|tier| tier.rows[Kind::End as usize - 1] = 0));
    assert!(!changed(|tier| tier.rows[Kind::Multiply as usize - 1] = 1));
    assert!(!changed(|tier| tier.witness_words = 1));
    assert!(!changed(|tier| tier.audits = 0));
    assert!(!changed(|tier| tier.refreshes = 0));
    assert!(!changed(|tier| tier.code_words += 1));
    assert!(!changed(|tier| tier.image_cells += 1));
}

/// The relation tests of the universal circuit, each program in its own circuit.
#[test]
fn honest_traces_of_the_execution_vectors_satisfy_their_own_circuits() {
    let (mut checked, mut segments, mut failed, mut seen, mut too_large) = (0, 0, Vec::new(), 0, 0);
    for name in ["accept", "reject"] {
        let text = std::fs::read_to_string(format!("vectors/v1/execution/{name}.json")).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let given = &case["input"];
            if case["expect"]["stage"] != "execution" {
                continue;
            }
            let wasm = bytes(&given["module"]);
            let inputs = ["input", "witness", "context"].map(|part| bytes(&given[part]));
            let inputs = Inputs::new(&inputs[0], &inputs[1], &inputs[2]).unwrap();
            let module = load(&wasm).unwrap();
            // Each program has a circuit of its own to write down: a third of them in CI, `ALL=1` all.
            seen += 1;
            if seen % 3 != 0 && std::env::var_os("ALL").is_none() {
                continue;
            }
            let extension = Extension::of(lower(&module).unwrap());
            let limit = 300;
            let needed = needs(&extension, &inputs, limit).unwrap();
            let least = fit(extension.code(), &[]).unwrap();
            let mut tier = fit(extension.code(), std::slice::from_ref(&needed)).unwrap();
            if checked % 2 == 1 {
                // Half of the rows: two segments.
                tier.rows = needed.steps.map(|rows| rows.div_ceil(2) as usize);
                tier.rows = std::array::from_fn(|kind| tier.rows[kind].max(least.rows[kind]));
                tier.audits = needed.audits.div_ceil(2) as usize;
                assert!(suits(&tier, extension.code()), "{}", case["id"]);
            }
            if rows(&tier) > 1 << 15 {
                too_large += 1;
                continue;
            }
            match satisfies(&tier, extension.program(), extension.code(), &inputs, limit) {
                Ok(count) => segments += count,
                Err(error) => failed.push(format!("{}: {error}", case["id"])),
            }
            checked += 1;
        }
    }
    println!("{checked} of {seen} executions in {segments} segments satisfied, {too_large} too large");
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(seen, 551, "those of extensions, too");
    assert!(checked > 50 && segments > checked + checked / 4);
}

/// Each extension to its end, with its shortest accepted case, in a circuit that is fitted to it and in one with half of the rows.
/// Circuits of more than 2¹⁷ rows are left out, unless `ALL=1` is set.
#[test]
fn extensions_satisfy_their_own_circuits() {
    let mut checked = Vec::new();
    for name in workloads::names() {
        let extension = extension(&name);
        let accepted = |inputs: &Inputs| {
            let execution = execute(extension.code(), inputs, LIMIT);
            (execution.execution.outcome == Outcome::Accepted).then_some(execution.cycles)
        };
        let cases = workloads::cases(&name);
        let cases = cases.iter().map(workloads::inputs);
        let shortest = cases.filter_map(|inputs| Some((accepted(&inputs)?, inputs))).min_by_key(|(cycles, _)| *cycles);
        let Some((cycles, inputs)) = shortest else { continue };
        let tier = fitted(&extension, std::slice::from_ref(&inputs));
        if rows(&tier) > 1 << 17 && std::env::var_os("ALL").is_none() {
            continue;
        }
        let mut half = tier.clone();
        half.rows = tier.rows.map(|rows| rows.div_ceil(2));
        half.audits = tier.audits.div_ceil(2);
        for tier in [tier, half] {
            let found = satisfies(&tier, extension.program(), extension.code(), &inputs, LIMIT);
            assert!(found.is_ok(), "{name}: {found:?}");
        }
        checked.push((name, cycles));
    }
    println!("{checked:?}");
    assert!(checked.len() >= 6, "{checked:?}");
}

/// The circuit is that of its program: an execution of another program of the same size breaks it.
#[test]
fn another_program_does_not_satisfy_the_circuit() {
    let module = |operation: &str| {
        let text = r#"(module (import "middle" "input" (func $input (param i32) (result i64)))
            (func (export "run") (result i32) (i32.wrap_i64 (i64.OP (call $input (i32.const 0)) (i64.const 3)))))"#;
        wat::parse_str(text.replace("OP", operation)).unwrap()
    };
    let (sum, difference) = (module("add"), module("sub"));
    let extension = Extension::from_wasm(&sum).unwrap();
    let inputs = input(&5u64.to_le_bytes());
    let tier = fitted(&extension, std::slice::from_ref(&inputs));
    let another = Extension::from_wasm(&difference).unwrap();
    assert_eq!(satisfies(&tier, extension.program(), extension.code(), &inputs, 100), Ok(1));
    let other = satisfies(&tier, extension.program(), another.code(), &inputs, 100);
    assert!(other.is_err(), "the rows of another program are no rows of this circuit: {other:?}");
    assert!(satisfies(&tier, another.program(), another.code(), &inputs, 100).is_ok());
}

/// An extension with its key.
struct Keyed {
    name: &'static str,
    proving: ProvingKey,
    key: CustomKey,
    verifier: TierVerifier,
    prepared: Prepared,
}

impl Keyed {
    fn of(name: &'static str, samples: &[Inputs]) -> Keyed {
        let extension = extension(name);
        let tier = fitted(&extension, samples);
        let (proving, key, _) = insecure_custom_key(&directory(), &extension, &tier, &|_| {}).unwrap();
        let key = CustomKey::registered(&key.to_bytes(), key.digest()).unwrap();
        let verifier = TierVerifier::custom(key.clone()).unwrap();
        let prepared = Prepared::derive(extension, &verifier).unwrap();
        Keyed { name, proving, key, verifier, prepared }
    }

    fn prove(&self, inputs: &Inputs, segments: u32) -> (Statement, Proof) {
        let randomness = Randomness::insecure(self.name.as_bytes());
        let (statement, proof) =
            prove(&self.proving, &self.prepared, inputs, &terms(segments), randomness, &mut |_, _, _| {}).unwrap();
        let module = load(&wasm(self.name)).unwrap();
        relation(&statement, &module, &inputs.witness).unwrap();
        self.verify(&statement, &proof).unwrap();
        assert_eq!(Proof::from_bytes(&proof.to_bytes()).unwrap(), proof);
        (statement, proof)
    }

    fn verify(&self, statement: &Statement, proof: &Proof) -> Result<(), Reject> {
        verify(&self.verifier, &self.prepared, statement, proof).map_err(|rejection| rejection.reason)
    }
}

fn terms(segments: u32) -> Terms {
    Terms {
        chain_id: 1,
        extension_id: B256::repeat_byte(7),
        tier: CUSTOM_TIER,
        segments,
        cycle_limit: 1_000_000,
        prover: Address::repeat_byte(9),
    }
}

fn fibonacci() -> &'static Keyed {
    static KEYED: OnceLock<Keyed> = OnceLock::new();
    KEYED.get_or_init(|| Keyed::of("fibonacci", &[input(&200u64.to_le_bytes())]))
}

fn traps() -> &'static Keyed {
    static KEYED: OnceLock<Keyed> = OnceLock::new();
    KEYED.get_or_init(|| Keyed::of("traps", &[0x00u8, 0x01, 0x04, 0x06, 0x15].map(|selector| input(&[selector]))))
}

fn fee_rule() -> &'static Keyed {
    static KEYED: OnceLock<Keyed> = OnceLock::new();
    KEYED.get_or_init(|| Keyed::of("fee_rule", &[workload("fee_rule", "no_blocks")]))
}

/// The inputs of a case of an extension.
fn workload(name: &str, id: &str) -> Inputs {
    let text = std::fs::read_to_string(format!("tests/extensions/{name}/cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    workloads::inputs(cases.iter().find(|case| case["id"] == id).unwrap())
}

#[test]
fn fibonacci_is_proven_under_its_own_key() {
    let keyed = fibonacci();
    let (statement, proof) = keyed.prove(&input(&200u64.to_le_bytes()), 0);
    assert_eq!((statement.tier, statement.segments, statement.outcome), (CUSTOM_TIER, 1, Outcome::Accepted));
    assert_eq!(proof.to_bytes().len(), 8 + 224);
    // Longer than the sample: more segments. A cycle limit is proven like anything else.
    let (statement, _) = keyed.prove(&input(&1_500u64.to_le_bytes()), 0);
    assert!(statement.segments > 1, "{} cycles", statement.cycles);
    let limited = Terms { cycle_limit: 10, ..terms(1) };
    let (randomness, inputs) = (Randomness::insecure(b"limited"), input(&200u64.to_le_bytes()));
    let (statement, proof) =
        prove(&keyed.proving, &keyed.prepared, &inputs, &limited, randomness, &mut |_, _, _| {}).unwrap();
    assert_eq!(statement.outcome, Outcome::Trapped(Trap::CycleLimitExhausted));
    keyed.verify(&statement, &proof).unwrap();
}

#[test]
fn traps_are_proven_under_their_own_key() {
    let keyed = traps();
    // Neither division nor table nor recursion to the limit was among the samples.
    for (selector, trap) in
        [(0x01, Trap::IntegerDivideByZero), (0x0e, Trap::UndefinedElement), (0x07, Trap::OutOfBoundsMemoryAccess)]
    {
        let (statement, _) = keyed.prove(&input(&[selector]), 0);
        assert_eq!(statement.outcome, Outcome::Trapped(trap));
    }
    keyed.prove(&input(&[0xff]), 2);
}

#[test]
fn the_fee_rule_is_proven_under_its_own_key() {
    let keyed = fee_rule();
    let (statement, _) = keyed.prove(&workload("fee_rule", "no_blocks"), 0);
    assert_eq!((statement.outcome, statement.segments), (Outcome::Accepted, 1));
    let (statement, _) = keyed.prove(&workload("fee_rule", "ragged_input"), 0);
    assert!(matches!(statement.outcome, Outcome::Rejected(_)));
}

#[test]
fn a_proof_is_of_its_key_statement_and_mode() {
    let keyed = fibonacci();
    let (statement, proof) = keyed.prove(&input(&200u64.to_le_bytes()), 0);
    let refused = |change: &dyn Fn(&mut Statement, &mut Proof)| {
        let (mut statement, mut proof) = (statement.clone(), proof.clone());
        change(&mut statement, &mut proof);
        keyed.verify(&statement, &proof).unwrap_err()
    };
    assert_eq!(refused(&|it, _| it.tier = 0), Reject::TierMismatch, "a universal statement");
    assert_eq!(refused(&|_, proof| proof.tier = 0), Reject::TierMismatch, "a universal proof");
    assert_eq!(refused(&|it, proof| (it.tier, proof.tier) = (0, 0)), Reject::TierMismatch, "both");
    assert_eq!(refused(&|it, _| it.cycles += 1), Reject::SumMismatch);
    assert_eq!(refused(&|it, _| it.output[0] ^= 1), Reject::SumMismatch);
    assert_eq!(refused(&|it, _| it.prover = Address::ZERO), Reject::SumMismatch);
    assert_eq!(refused(&|it, _| it.extension_id = B256::ZERO), Reject::SumMismatch);
    assert_eq!(refused(&|it, _| it.code_commitment.0[0] ^= 1), Reject::CodeCommitmentMismatch);
    assert_eq!(refused(&|_, proof| proof.segments[0].sum += Fr::from(1u64)), Reject::SumMismatch);
    assert_eq!(refused(&|_, proof| proof.segments[0].proof.c = proof.segments[0].proof.a), Reject::ProofInvalid);

    // The key of another extension, and another key of the same one, fitted to other samples.
    let other = traps();
    let reason = verify(&other.verifier, &other.prepared, &statement, &proof).unwrap_err().reason;
    assert_eq!(reason, Reject::CodeCommitmentMismatch);
    let derived = Prepared::derive(extension("fibonacci"), &other.verifier).unwrap_err().reason;
    assert_eq!(derived, Reject::CapacitiesUnsuited);
    let reason = verify(&other.verifier, &keyed.prepared, &statement, &proof).unwrap_err().reason;
    assert_eq!(reason, Reject::OtherKey, "what was prepared for one key says nothing under another");

    // The universal key of the smallest tier, and a proof under it.
    let (universal, _) = insecure_tier_key(&directory(), &TIERS[0], &|_| {}).unwrap();
    let verifier = TierVerifier::new(0, universal.verifying_key.clone()).unwrap();
    let prepared = Prepared::derive(extension("fibonacci"), &verifier).unwrap();
    let reason =
        |statement: &Statement, proof: &Proof| verify(&verifier, &prepared, statement, proof).unwrap_err().reason;
    assert_eq!(reason(&statement, &proof), Reject::TierMismatch);
    let relabelled = (Statement { tier: 0, ..statement.clone() }, Proof { tier: 0, ..proof.clone() });
    assert_eq!(reason(&relabelled.0, &relabelled.1), Reject::SumMismatch);
    let (inputs, randomness) = (input(&20u64.to_le_bytes()), Randomness::insecure(b"universal"));
    let terms = Terms { tier: 0, ..terms(0) };
    let (statement, proof) = prove(&universal, &prepared, &inputs, &terms, randomness, &mut |_, _, _| {}).unwrap();
    assert_eq!(keyed.verify(&statement, &proof), Err(Reject::TierMismatch));
    let (statement, proof) = (Statement { tier: CUSTOM_TIER, ..statement }, Proof { tier: CUSTOM_TIER, ..proof });
    assert_eq!(keyed.verify(&statement, &proof), Err(Reject::SumMismatch));
    // Nor does a prover begin with terms of another mode than its key's.
    let error = prove(&keyed.proving, &keyed.prepared, &inputs, &terms, Randomness::insecure(b""), &mut |_, _, _| {});
    assert!(matches!(error, Err(ProveError::Rejected(rejection)) if rejection.reason == Reject::TierMismatch));
}

/// A node verifies an extension in the mode in which it is registered.
#[test]
fn a_node_verifies_an_extension_under_its_own_key() {
    let keyed = fibonacci();
    let (statement, proof) = keyed.prove(&input(&200u64.to_le_bytes()), 0);
    let travels = middle_client::post_operation::Proof::of(&proof);
    let reason = |keys: &Keys, statement: &Statement| keys.verify(statement, &travels).map_err(|it| it.reason);
    let mut keys = Keys::new(Vec::new());
    assert_eq!(reason(&keys, &statement), Err(Reject::ExtensionNotActive), "another node may have the key");
    let (id, wasm, bytes) = (statement.extension_id, wasm("fibonacci"), keyed.key.to_bytes());
    let refused = keys.adopt_custom(id, &wasm, &bytes, B256::ZERO).unwrap_err();
    assert_eq!(refused.reason, Reject::OtherKey);
    assert_eq!(reason(&keys, &statement), Err(Reject::ExtensionNotActive));
    keys.adopt_custom(id, &wasm, &bytes, keyed.key.digest()).unwrap();
    assert_eq!(reason(&keys, &statement), Ok(()));
    assert_eq!(reason(&keys, &Statement { tier: 0, ..statement.clone() }), Err(Reject::TierMismatch));
    // The same code under another id, which is not registered in this mode.
    let other = Statement { extension_id: B256::ZERO, ..statement };
    assert_eq!(reason(&keys, &other), Err(Reject::ExtensionNotActive));
}

#[test]
fn a_key_is_of_its_extension_and_capacities() {
    let keyed = fibonacci();
    let derive = |change: &dyn Fn(&mut CustomKey), name: &str| {
        let mut key = keyed.key.clone();
        change(&mut key);
        // The encoding is as strict as what is derived from it.
        assert_eq!(CustomKey::from_bytes(&key.to_bytes()).unwrap(), key);
        assert_eq!(CustomKey::registered(&key.to_bytes(), keyed.key.digest()).is_ok(), key == keyed.key);
        Prepared::derive(extension(name), &TierVerifier::custom(key).unwrap()).map_err(|rejection| rejection.reason)
    };
    assert!(derive(&|_| {}, "fibonacci").is_ok());
    let unsuited = |result: Result<Prepared, Reject>| assert_eq!(result.unwrap_err(), Reject::CapacitiesUnsuited);
    let other = |result: Result<Prepared, Reject>| assert_eq!(result.unwrap_err(), Reject::OtherCircuit);
    unsuited(derive(&|_| {}, "traps"));
    unsuited(derive(&|key| key.capacities.code_words += 1, "fibonacci"));
    unsuited(derive(&|key| key.capacities.rows[Kind::Branch as usize - 1] = 0, "fibonacci"));
    other(derive(&|key| key.capacities.rows[Kind::Branch as usize - 1] += 1, "fibonacci"));
    other(derive(&|key| key.capacities.audits += 1, "fibonacci"));
    other(derive(&|key| key.circuit.0[0] ^= 1, "fibonacci"));

    let text = keyed.key.to_json();
    assert_eq!(CustomKey::from_json(&text), Ok(keyed.key.clone()));
    let reason = |from: &str, to: &str| {
        assert!(text.contains(from));
        CustomKey::from_json(&text.replacen(from, to, 1)).unwrap_err().reason
    };
    assert_eq!(reason("can forge", "cannot forge"), Reject::KeyFileMalformed);
    assert_eq!(reason("\"insecure\": true", "\"insecure\": false"), Reject::KeyFileMalformed);
    assert_eq!(reason("\"keyHash\": \"0x", "\"keyHash\": \"0x0"), Reject::KeyFileMalformed);
    assert_eq!(reason(&hex::encode(keyed.key.digest()), &"00".repeat(32)), Reject::OtherKey);
}

/// What this process has used of all processors, in hundredths of a second; 0 where it is not told.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may have spaces; time of its own and of the system are the 14th and 15th.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<u64>().ok()).map(|ticks| Duration::from_millis(10 * ticks)).sum()
}

fn gain_line(name: &str, needed: &Needs, custom: &Tier) -> String {
    let cycles: u64 = needed.steps.iter().sum();
    let mode = |tier: &Tier| {
        let segments = u64::from(needed.segments(tier).unwrap());
        // Before and after a segment is filled up to a power of two.
        let per_cycle = |rows: u64| (segments * rows) as f64 / cycles as f64;
        (segments, tier.domain(&costs()), per_cycle(rows(tier)), per_cycle(tier.domain(&costs())))
    };
    let universal = &TIERS[needed.best_tier().unwrap() as usize];
    let (segments, domain, constraints, all) = mode(universal);
    let (own_segments, own_domain, own_constraints, own) = mode(custom);
    format!(
        "| `{name}` | {cycles} | `{}` {segments} x 2^{} | {own_segments} x 2^{} | {constraints:.1} | {own_constraints:.1} \
         | {all:.1} | {own:.1} | {:.2} |",
        universal.name,
        domain.ilog2(),
        own_domain.ilog2(),
        own / all
    )
}

/// `cargo test --release --test proving_custom -- --ignored --nocapture gain`: universal and custom mode beside each other. The
/// times are of short executions; TIMES names other extensions, whose keys of 2^20 rows take minutes and gigabytes.
#[test]
#[ignore = "takes minutes: keys and proofs in both modes"]
fn prints_the_gain() {
    println!("| extension | cycles | universal | custom | constraints | custom | rows | custom | ratio |");
    for workload in workloads::workloads() {
        let extension = Extension::from_wasm(&workload.wasm).unwrap();
        let needed = needs(&extension, &workload.inputs, LIMIT).unwrap();
        let tier = fit(extension.code(), std::slice::from_ref(&needed)).unwrap();
        println!("{}", gain_line(&workload.name, &needed, &tier));
    }
    let wanted = std::env::var("TIMES").ok();
    let mut timed = workloads::sized("small");
    match &wanted {
        Some(names) => timed.retain(|workload| names.split(' ').any(|name| name == workload.name)),
        None => {
            let short = [("fibonacci", "n_94"), ("sort", "equal"), ("matrix_product", "odd_length")];
            timed.retain(|workload| short.iter().any(|(name, _)| *name == workload.name));
            for workload in &mut timed {
                let (name, id) = short.into_iter().find(|(name, _)| *name == workload.name).unwrap();
                workload.inputs = self::workload(name, id);
            }
        }
    }
    println!("| extension | universal: commit and prove | custom | verify | custom |");
    for workload in timed {
        let extension = Extension::from_wasm(&workload.wasm).unwrap();
        let needed = needs(&extension, &workload.inputs, LIMIT).unwrap();
        let number = needed.best_tier().unwrap();
        let (universal, _) = insecure_tier_key(&directory(), &TIERS[number as usize], &|_| {}).unwrap();
        let verifier = TierVerifier::new(number, universal.verifying_key.clone()).unwrap();
        let mut times = Vec::new();
        let mut measure = |key: &ProvingKey, verifier: &TierVerifier| {
            let prepared = Prepared::derive(extension.clone(), verifier).unwrap();
            let terms = Terms { tier: verifier.number, cycle_limit: LIMIT, ..terms(0) };
            let start = processor_time();
            let randomness = Randomness::insecure(b"gain");
            let (statement, proof) =
                prove(key, &prepared, &workload.inputs, &terms, randomness, &mut |_, _, _| {}).unwrap();
            let proven = processor_time();
            const TIMES: u32 = 100;
            (0..TIMES).for_each(|_| verify(verifier, &prepared, &statement, &proof).unwrap());
            times.push((statement.segments, proven - start, (processor_time() - proven) / TIMES));
        };
        measure(&universal, &verifier);
        drop(universal);
        let tier = fit(extension.code(), std::slice::from_ref(&needed)).unwrap();
        let (own, key, _) = insecure_custom_key(&directory(), &extension, &tier, &|_| {}).unwrap();
        measure(&own, &TierVerifier::custom(key).unwrap());
        let [(_, universal, checked), (_, own, own_checked)] = times[..] else { unreachable!() };
        println!("{}", gain_line(&workload.name, &needed, &tier));
        println!("| `{}` | {universal:.2?} | {own:.2?} | {checked:.2?} | {own_checked:.2?} |", workload.name);
    }
}
