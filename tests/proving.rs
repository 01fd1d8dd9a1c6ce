//! Proofs of statements, with real keys.

#[path = "common/extension_cases.rs"]
mod extension_cases;

use alloy_primitives::Address;
use ark_bn254::{Fr, G1Projective};
use ark_ec::VariableBaseMSM;
use extension_cases::{cases, names};
use middle_client::canonical_code::execute;
use middle_client::circuit::{Machine, TIERS, costs};
use middle_client::host_interface::Inputs;
use middle_client::notation::{B256, Reject, keccak256};
use middle_client::profile::load;
use middle_client::proof_system::{self, Commitment, ProvingKey, assignment, commit};
use middle_client::proving::{
    Extension, Job, Prepared, Proof, ProveError, Randomness, SegmentProof, TierVerifier, commit_segment,
    insecure_tier_key, needs, prove, prove_segment, verify,
};
use middle_client::statement::{Statement, Terms, relation};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
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
        let (proving, _) = insecure_tier_key(&directory, &TIERS[0], &|_| {}).unwrap();
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

/// A commitment that is proven twice, for other challenges each time, has another `r` each time: else the difference of
/// both `A` would be that of the two assignments at the key's point, which shows the witness.
#[test]
fn other_challenges_are_answered_with_other_randomness() {
    let key = &keys().proving;
    let wasm = std::fs::read("tests/extensions/fibonacci/fibonacci.wasm").unwrap();
    let prepared = Prepared::derive(Extension::from_wasm(&wasm).unwrap(), &keys().verifier).unwrap();
    let inputs = Inputs { input: 10u64.to_le_bytes().to_vec(), ..Inputs::default() };
    let job = Job::new(&prepared, &inputs, &terms(2)).unwrap();
    let [one, other] = [&b"one"[..], b"other"].map(Randomness::insecure);
    let commitments = |second: &Randomness| {
        [(0, &one), (1, second)].map(|(index, from)| commit_segment(key, &job.segment(index, from)).unwrap())
    };
    let challenges = [&one, &other].map(|second| job.challenges(key, &commitments(second)).unwrap());
    let proofs = [0, 1].map(|which| prove_segment(key, &job.segment(0, &one), &challenges[which]).unwrap().proof);
    assert_eq!(proofs[0].d, proofs[1].d);

    let rows = job.plan.rows(0);
    let machine = Machine { rows: Some(&rows), program: Some(&job.plan.program), ..Machine::universal(&TIERS[0]) };
    let [first, second] = challenges.each_ref().map(|challenges| {
        // Blinder and mask are the same in both, so that they do not matter for the difference.
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        commit(key, &machine, &mut rng).unwrap().assignment(challenges)
    });
    let difference: Vec<Fr> = first.iter().zip(&second).map(|(first, second)| *first - second).collect();
    let difference = G1Projective::msm(&key.groth16.a_query, &difference).unwrap();
    assert_ne!(proofs[0].a - proofs[1].a, difference, "r is the same");

    let refused = prove_segment(key, &job.segment(1, &one), &challenges[1]);
    assert_eq!(refused.unwrap_err(), proof_system::ProveError::OtherChallenges, "the commitment is another's");
}

/// S19: no sum of a proof is the one that its rows have without a mask, with which a guess of the witness could be
/// confirmed; all of them together are.
#[test]
fn the_sums_of_a_proof_are_masked() {
    let (prepared, statement, proof, _) = proven("fibonacci", &10u64.to_le_bytes(), 3);
    let inputs = Inputs { input: 10u64.to_le_bytes().to_vec(), ..Inputs::default() };
    let job = Job::new(&prepared, &inputs, &terms(3)).unwrap();
    assert_eq!(job.statement, statement);
    let commitment = |(index, segment): (usize, &SegmentProof)| Commitment {
        point: segment.proof.d,
        public: vec![Fr::from(u64::from(index == 0))],
    };
    let commitments: Vec<Commitment> = proof.segments.iter().enumerate().map(commitment).collect();
    let challenges = job.challenges(&keys().proving, &commitments).unwrap();
    let shape = &keys().proving.shape;
    let guess = |segment: u32| {
        let rows = job.plan.rows(segment);
        let machine = Machine { rows: Some(&rows), program: Some(&job.plan.program), ..Machine::universal(&TIERS[0]) };
        assignment(&machine, challenges.values(), None)[1 + shape.public + shape.challenges]
    };
    let guesses: Vec<Fr> = (0..3).map(guess).collect();
    let sums: Vec<Fr> = proof.segments.iter().map(|segment| segment.sum).collect();
    assert!(sums.iter().all(|sum| !guesses.contains(sum)));
    assert_eq!(sums.iter().sum::<Fr>(), guesses.iter().sum::<Fr>());
}

/// One secret gives other randomness for another key, another statement and another witness, and the same for the same.
#[test]
fn a_secret_gives_each_key_statement_and_witness_its_own_randomness() {
    let secret = Randomness::shared([7; 32]);
    let of = |key: u8, statement: u8, witness: &[u8]| {
        secret.of(B256::repeat_byte(key), B256::repeat_byte(statement), witness)
    };
    let once = of(1, 1, b"");
    assert!(once == of(1, 1, b""));
    for other in [
        of(2, 1, b""),
        of(1, 2, b""),
        of(1, 1, b"\0"),
        Randomness::shared([8; 32]).of(Default::default(), Default::default(), b""),
    ] {
        assert!(once != other);
    }
}

/// S19: a secret that is used twice hides both. With the same blinders the difference of two commitments would be that of
/// two guesses, and with the same masks that of two sums, for two statements or two witnesses about one execution.
#[test]
fn a_secret_that_is_used_twice_gives_other_commitments() {
    let key = &keys().proving;
    let prepared = Prepared::derive(extension("fibonacci"), &keys().verifier).unwrap();
    let inputs =
        |witness: &[u8]| Inputs { input: 10u64.to_le_bytes().to_vec(), witness: witness.to_vec(), ..Inputs::default() };
    let secret = Randomness::shared([7; 32]);
    let commitments = |inputs: &Inputs, chain_id| {
        let job = Job::new(&prepared, inputs, &Terms { chain_id, ..terms(2) }).unwrap();
        [0, 1].map(|index| {
            let segment = job.segment(index, &secret);
            let commitment = commit_segment(key, &segment).unwrap();
            (commitment.point, segment.tag(&commitment))
        })
    };
    let (plain, other) = (inputs(b""), inputs(b"another witness"));
    let all = [commitments(&plain, 1), commitments(&plain, 2), commitments(&other, 1)].concat();
    for (index, (point, tag)) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|(earlier, other)| earlier != point && other != tag));
    }
    assert_eq!(commitments(&plain, 1), all[..2]);
}

/// S19: nor is there one blinder under two keys, since a segment has the blinder of the key that it was prepared for.
#[test]
fn a_segment_is_committed_to_under_its_own_key() {
    let prepared = Prepared::derive(extension("fibonacci"), &keys().verifier).unwrap();
    let inputs = Inputs { input: 10u64.to_le_bytes().to_vec(), ..Inputs::default() };
    let job = Job::new(&prepared, &inputs, &terms(1)).unwrap();
    let mut other = keys().proving.clone();
    other.verifying_key.bases.swap(1, 2);
    let refused = commit_segment(&other, &job.segment(0, &Randomness::shared([7; 32])));
    assert_eq!(refused.unwrap_err(), proof_system::ProveError::OtherKey);
}

/// S12: what a statement may say of its end, which no bus carries, is checked of statements that nobody has decoded: their
/// proofs are right but for that.
#[test]
fn a_statement_that_is_no_end_is_refused_with_its_proof() {
    let text = r#"(module (import "middle" "input_len" (func $length (result i32)))
        (func (export "run") (result i32) (if (i32.eqz (call $length)) (then unreachable)) (call $length)))"#;
    let wasm = wat::parse_str(text).unwrap();
    let prepared = Prepared::derive(Extension::from_wasm(&wasm).unwrap(), &keys().verifier).unwrap();
    type Change = fn(&mut Statement);
    let changes: [(&[u8], u64, Reject, Change); 4] = [
        (b"", 100, Reject::StatementTrapWithOutput, |statement| statement.output = vec![1]),
        (b"", 100, Reject::StatementStateChanged, |statement| statement.post_state_root = B256::repeat_byte(1)),
        (b"1", 100, Reject::StatementStateChanged, |statement| statement.post_state_root = B256::repeat_byte(1)),
        (b"1", 2, Reject::StatementLimitNotExhausted, |statement| statement.cycle_limit = 3),
    ];
    for (input, cycle_limit, reason, change) in changes {
        let inputs = Inputs { input: input.to_vec(), ..Inputs::default() };
        let mut job = Job::new(&prepared, &inputs, &Terms { cycle_limit, ..terms(1) }).unwrap();
        change(&mut job.statement);
        let proof = job.prove(&keys().proving, Randomness::insecure(b"no end"), &mut |_, _, _| {}).unwrap();
        let found = verify(&keys().verifier, &prepared, &job.statement, &proof);
        assert_eq!(found.unwrap_err().reason, reason);
    }
}

/// A cycle limit that no statement may have is refused before anything is executed.
#[test]
fn a_cycle_limit_is_checked_before_the_execution() {
    let wasm = wat::parse_str(r#"(module (func (export "run") (result i32) (loop (br 0)) unreachable))"#).unwrap();
    let extension = Extension::from_wasm(&wasm).unwrap();
    let prepared = Prepared::derive(extension.clone(), &keys().verifier).unwrap();
    let inputs = Inputs::default();
    let terms = Terms { cycle_limit: u64::MAX, ..terms(0) };
    let reason = |error| match error {
        ProveError::Rejected(rejection) => rejection.reason,
        error => panic!("{error}"),
    };
    assert_eq!(
        reason(Job::new(&prepared, &inputs, &terms).map(drop).unwrap_err()),
        Reject::StatementCycleLimitTooLarge
    );
    assert_eq!(needs(&extension, &inputs, u64::MAX).unwrap_err().reason, Reject::StatementCycleLimitTooLarge);
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
    let candidates = cases(name).into_iter().map(|case| extension_cases::inputs(&case)).filter_map(|inputs| {
        let cycles = execute(extension.code(), &inputs, CODE_WORDS).cycles;
        let needs = needs(extension, &inputs, CODE_WORDS).unwrap();
        let number = needs.best_tier()?;
        let tier = &TIERS[number as usize];
        let rows = u64::from(needs.segments(tier)?) * tier.domain(&costs);
        (cycles < CODE_WORDS && rows <= ROWS).then_some((cycles, inputs, number))
    });
    let (_, inputs, tier) = candidates.max_by_key(|(cycles, ..)| *cycles).expect("each extension has a short case");
    (inputs, tier)
}

/// Proves twice with the same seed, which has to give the same bytes, and verifies. Returns the proof's hash.
fn prove_and_verify(name: &str, key: &ProvingKey, extension: Extension, inputs: &Inputs, tier: u32) -> String {
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
    let hash = hex::encode(&keccak256(&bytes)[..8]);
    println!(
        "| `{name}` | {} | {} | {} | {:.1} | {:.1} | {} | `{hash}` |",
        statement.cycles,
        TIERS[tier as usize].name,
        statement.segments,
        time.as_secs_f64(),
        start.elapsed().as_secs_f64() * 1e3,
        bytes.len(),
    );
    let wasm = std::fs::read(format!("tests/extensions/{name}/{name}.wasm")).unwrap();
    relation(&statement, &load(&wasm).unwrap(), &inputs.witness).unwrap();
    let (again, other) = once();
    assert!((again, other.to_bytes()) == (statement, bytes), "{name}: the same seed gives other bytes");
    hash
}

#[test]
fn two_extensions_are_proven_and_verified() {
    for (name, case) in [("fee_rule", "zero"), ("sort", "unsigned")] {
        let inputs = extension_cases::inputs(cases(name).iter().find(|one| one["id"] == case).unwrap());
        prove_and_verify(name, &keys().proving, extension(name), &inputs, 0);
    }
}

/// All of them, tier by tier, so that one key is in memory; `EXTENSIONS=sort,sha256` chooses some.
///
/// `cargo test --release --test proving -- --ignored --nocapture every_extension`
#[test]
#[ignore = "takes half an hour, and gigabytes of memory for keys of 2^20 rows"]
fn every_extension_is_proven_and_verified() {
    let chosen = std::env::var("EXTENSIONS").ok();
    let is_chosen = |name: &String| chosen.as_ref().is_none_or(|chosen| chosen.split(',').any(|one| one == name));
    let names: Vec<String> = names().into_iter().filter(is_chosen).collect();
    assert!(!names.is_empty(), "no extension is called {chosen:?}");
    let job = |name: &String| {
        let extension = extension(name);
        let (inputs, tier) = longest_case(&extension, name);
        (tier, name.clone(), extension, inputs)
    };
    let mut jobs: Vec<_> = names.iter().map(job).collect();
    jobs.sort_by_key(|(tier, ..)| *tier);
    let mut key: Option<(u32, ProvingKey)> = None;
    let readme = std::fs::read_to_string("README.md").unwrap();
    println!("| extension | cycles | tier | segments | seconds | ms to verify | bytes | keccak-256 |");
    for (tier, name, extension, inputs) in jobs {
        if key.as_ref().is_none_or(|(number, _)| *number != tier) {
            // Before the next one is read: two do not fit everywhere.
            drop(key.take());
            let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys");
            key = Some((tier, insecure_tier_key(&directory, &TIERS[tier as usize], &|_| {}).unwrap().0));
        }
        let (_, key) = key.as_ref().expect("it was just made");
        let hash = prove_and_verify(&name, key, extension, &inputs, tier);
        let is_row = |line: &str| line.starts_with(&format!("| `{name}` |")) && line.contains(&format!("`{hash}`"));
        assert!(readme.lines().any(is_row), "{name}: README.md has another hash than {hash}");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
}
