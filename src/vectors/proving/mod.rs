//! Cases of the format `proving`: proofs of statements under the key of the smallest tier and under keys of single
//! extensions. All keys are insecure: their seed is published.

mod custom;
mod evaluate;

pub(super) use evaluate::evaluate;

use super::fixture::{CHAIN_ID, account, block_hash, extension};
use super::json::hex;
use super::proof_system::list_of_values;
use super::suite::{Files, Progress};
use super::{Case, case, end_to_end, wat};
use crate::canonical_code::lower;
use crate::circuit::TIERS;
use crate::host_interface::{Context, ContextFields, Inputs};
use crate::notation::{B256, Outcome, Reject, keccak256};
use crate::profile;
use crate::proof_system::{self, CacheError, PROOF_BYTES, Transcript, draw};
use crate::proving::{
    CUSTOM_TIER, Extension, Job, Prepared, Proof, ProofFile, Randomness, TierVerifier, commit_segment,
    insecure_tier_key, prove_segment, published, verifying_key_path,
};
use crate::statement::{MAX_SEGMENTS, Statement, Terms};
use alloy_primitives::{Address, U256};
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, Field, PrimeField};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The tier of all proofs.
const TIER: u32 = 0;

/// What takes a setup or a proof: the key of the smallest tier and the proofs of the cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proven {
    verifying_key: Vec<u8>,
    /// Keys of single extensions, by the name of the accepted case.
    custom_keys: BTreeMap<&'static str, Vec<u8>>,
    /// By the name of the case.
    proofs: BTreeMap<&'static str, Vec<u8>>,
}

impl Proven {
    /// Makes key and proofs, or takes them from the directory `cache`, where the next call finds them. `progress` is told
    /// of each proof.
    ///
    /// # Panics
    /// If a case cannot be proven: they are constants of this crate.
    pub fn make(cache: &Path, progress: &Progress) -> Result<Proven, CacheError> {
        let mut proven = Proven::default();
        let [universal, customs] = [subjects(), custom::subjects()];
        let total = universal.len() + end_to_end::NAMES.len() + customs.len() + 1 + custom::KEYS.len();
        let mut done = 0;
        let mut step = |what: &str| {
            progress(done, total, what);
            done += 1;
        };
        step("the key of the smallest tier");
        let published = published(&TIERS[TIER as usize]);
        let cached = |key| {
            let proofs = universal.iter().map(|subject| Some((subject.name, fs::read(subject.path(cache, key)).ok()?)));
            let protocol = end_to_end::statements(key);
            let protocol =
                protocol.iter().map(|(name, it)| Some((*name, fs::read(proof_path(cache, key, it, name)).ok()?)));
            proofs.chain(protocol).collect::<Option<BTreeMap<_, _>>>()
        };
        if let Some(published) = published
            && let Ok(key) = fs::read(verifying_key_path(cache, published.key))
            && keccak256(&key) == published.key
            && let Some(proofs) = cached(published.key)
        {
            proven.verifying_key = key;
            proven.proofs = proofs;
        } else {
            let (key, _) = insecure_tier_key(cache, &TIERS[TIER as usize], &|_| {})?;
            let verifier = TierVerifier::new(TIER, key.verifying_key.clone()).expect("the key is sound");
            for subject in &universal {
                step(subject.name);
                proven.proofs.insert(subject.name, subject.cached(cache, &key, &verifier)?);
            }
            let digest = key.verifying_key.digest();
            for (name, statement) in end_to_end::statements(digest) {
                step(name);
                let path = proof_path(cache, digest, &statement, name);
                let proof = cached_proof(path, || end_to_end::prove(&key, name, &statement))?;
                proven.proofs.insert(name, proof);
            }
            proven.verifying_key = key.verifying_key.to_bytes();
        }
        for name in custom::KEYS {
            step(&format!("the custom key {name}"));
            let (key, custom) = custom::make(cache, name)?;
            proven.custom_keys.insert(name, custom.to_bytes());
            let verifier = TierVerifier::custom(custom).expect("the key is sound");
            for subject in customs.iter().filter(|subject| subject.custom == Some(name)) {
                step(subject.name);
                proven.proofs.insert(subject.name, subject.cached(cache, &key, &verifier)?);
            }
        }
        Ok(proven)
    }

    /// Takes key and proofs from the files of vectors, where they are the blob and the inputs of the cases. What is not
    /// there is empty.
    pub(super) fn stored(files: &Files) -> Proven {
        let mut proven = Proven::default();
        for name in ["accept", "reject"] {
            let text = files.get(&format!("v1/proving/{name}.json")).cloned().unwrap_or_default();
            let file: Value = serde_json::from_slice(&text).unwrap_or_default();
            for case in file["cases"].as_array().into_iter().flatten() {
                if let Some(blob) = case["input"]["verifyingKey"]["blob"].as_str() {
                    proven.verifying_key = files.get(&format!("v1/blobs/{blob}")).cloned().unwrap_or_default();
                }
                let bytes = |field: &str| {
                    case["input"][field].as_str().and_then(|text| hex::decode(text.strip_prefix("0x")?).ok())
                };
                let subject = all_subjects().into_iter().find(|subject| case["id"] == subject.id());
                if let (Some(subject), Some(proof)) = (subject, bytes("proof")) {
                    proven.proofs.insert(subject.name, proof);
                }
                let key = custom::KEYS.into_iter().find(|name| case["id"] == format!("proving-custom-key-{name}"));
                if let (Some(name), Some(key)) = (key, bytes("key")) {
                    proven.custom_keys.insert(name, key);
                }
            }
        }
        let text = files.get("v1/node/accept.json").cloned().unwrap_or_default();
        let file: Value = serde_json::from_slice(&text).unwrap_or_default();
        let cases = file["cases"].as_array().into_iter().flatten();
        proven.proofs.extend(cases.filter(|case| case["id"] == end_to_end::ACCEPTED).flat_map(end_to_end::stored));
        proven
    }

    /// The verifying key of the smallest tier.
    pub(super) fn verifying_key(&self) -> &[u8] {
        &self.verifying_key
    }

    pub(super) fn proof(&self, name: &str) -> Vec<u8> {
        self.proofs.get(name).cloned().unwrap_or_default()
    }
}

/// The prover whose proofs a directory keeps: another one when the same seed gives other proofs.
const PROVER: &[u8] = b"prover 3";

/// Where a directory has the proof of a statement of the protocol's cases under this key.
fn proof_path(cache: &Path, key: B256, statement: &Statement, name: &str) -> std::path::PathBuf {
    let statement = statement.digest();
    let parts = [PROVER, key.as_slice(), statement.as_slice(), name.as_bytes()];
    cache.join(format!("{}.proof", hex::encode(keccak256(parts.concat()))))
}

/// The proof in a file, or made and put there.
fn cached_proof(path: std::path::PathBuf, prove: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, CacheError> {
    if let Ok(proof) = fs::read(&path) {
        return Ok(proof);
    }
    let proof = prove();
    fs::write(&path, &proof).map_err(|error| CacheError::File { path, error })?;
    Ok(proof)
}

/// An execution that is proven.
struct Subject {
    name: &'static str,
    module: Vec<u8>,
    input: Vec<u8>,
    witness: Vec<u8>,
    cycle_limit: u64,
    segments: u32,
    /// Another module whose execution and code are proven instead: the attack of a foreign code point.
    foreign: Option<Vec<u8>>,
    /// The custom key under which it is proven, if not under that of the smallest tier.
    custom: Option<&'static str>,
}

impl Subject {
    fn id(&self) -> String {
        format!("proving-{}verify-{}", if self.custom.is_some() { "custom-" } else { "" }, self.name)
    }

    fn tier(&self) -> u32 {
        if self.custom.is_some() { CUSTOM_TIER } else { TIER }
    }

    fn inputs(&self) -> Inputs {
        Inputs { input: self.input.clone(), witness: self.witness.clone(), context: context() }
    }

    fn terms(&self) -> Terms {
        Terms {
            chain_id: CHAIN_ID,
            extension_id: extension("one"),
            tier: self.tier(),
            segments: self.segments,
            cycle_limit: self.cycle_limit,
            prover: account("bob"),
        }
    }

    fn statement(&self) -> Statement {
        let load = |wasm| profile::load(wasm).expect("the case's module is in the profile");
        let module = load(self.foreign.as_ref().unwrap_or(&self.module));
        let statement = Statement::of_execution(&module, &self.inputs(), &self.terms());
        let code = lower(&load(&self.module)).expect("the case's module can be lowered");
        let code_commitment = code.commitment();
        Statement { code_commitment, ..statement.expect("the case's execution has a statement") }
    }

    fn seed(&self) -> String {
        format!("middle-client vectors v1 insecure proving {}", self.name)
    }

    /// Where a directory has the proof under this key.
    fn path(&self, cache: &Path, key: B256) -> std::path::PathBuf {
        let (statement, seed) = (self.statement().digest(), self.seed());
        let foreign = self.foreign.clone().unwrap_or_default();
        let parts = [PROVER, key.as_slice(), statement.as_slice(), seed.as_bytes(), &self.witness, &foreign];
        let name = keccak256(parts.concat());
        cache.join(format!("{}.proof", hex::encode(name)))
    }

    /// The proof, from the directory or put there.
    fn cached(
        &self,
        cache: &Path,
        key: &proof_system::ProvingKey,
        verifier: &TierVerifier,
    ) -> Result<Vec<u8>, CacheError> {
        cached_proof(self.path(cache, key.verifying_key.digest()), || self.prove(key, verifier))
    }

    fn prove(&self, key: &proof_system::ProvingKey, verifier: &TierVerifier) -> Vec<u8> {
        let tier = self.tier();
        let module = self.foreign.as_ref().unwrap_or(&self.module);
        let extension = Extension::from_wasm(module).expect("the case's module can be lowered");
        let constants = match tier {
            CUSTOM_TIER => Vec::new(),
            _ => extension.program().constants(verifier.tier()),
        };
        let prepared = Prepared::derive(extension, verifier).expect("the case's program fits the tier");
        let (inputs, randomness) = (self.inputs(), Randomness::insecure(self.seed().as_bytes()));
        let job = Job::new(&prepared, &inputs, &self.terms()).expect("the case can be proven");
        assert_eq!(job.plan.segments, self.segments, "{}", self.name);
        let statement = self.statement().to_bytes();
        let segments: Vec<_> = (0..self.segments).map(|index| job.segment(index, &randomness)).collect();
        let commitments: Vec<_> =
            segments.iter().map(|segment| commit_segment(key, segment).expect("the segment has values")).collect();
        let point = proof_system::Prepared::derive(&key.verifying_key, &constants).expect("the key is of the tier");
        let challenges = draw(&key.verifying_key, &point, &Transcript { tier, statement: &statement }, &commitments)
            .expect("the commitments are of the key");
        let segments =
            segments.iter().map(|segment| prove_segment(key, segment, &challenges).expect("the rows are satisfied"));
        Proof { tier, segments: segments.collect() }.to_bytes()
    }
}

const PRE_STATE_ROOT: B256 = B256::repeat_byte(0x05);

fn context() -> Context {
    Context::from(ContextFields {
        operation_hash: keccak256("operation of a proof"),
        sender: account("alice"),
        lane: U256::from(7),
        to: Address::repeat_byte(0x70),
        anchor_hash: block_hash(1),
        anchor_slot: U256::from(1),
        pre_state_root: PRE_STATE_ROOT,
        ..ContextFields::default()
    })
}

/// Divides the witness by the first word of the input, and ends with the second word as its status.
const DIVIDER: &str = r#"(module
    (import "middle" "input" (func $input (param i32) (result i64)))
    (import "middle" "witness" (func $witness (param i32) (result i64)))
    (import "middle" "output" (func $output (param i32 i64)))
    (import "middle" "output_len" (func $output_len (param i32)))
    (import "middle" "post_state" (func $post_state (param i32 i64)))
    (func (export "run") (result i32) (local $result i64)
        (local.set $result (i64.div_u (call $witness (i32.const 0)) (call $input (i32.const 0))))
        (call $output (i32.const 0) (local.get $result))
        (call $output_len (i32.const 8))
        (call $post_state (i32.const 0) (local.get $result))
        (i32.wrap_i64 (call $input (i32.const 1)))))"#;

fn divider() -> Vec<u8> {
    wat(DIVIDER)
}

/// As [`DIVIDER`], but it multiplies.
fn multiplier() -> Vec<u8> {
    let text = DIVIDER.replace("i64.div_u", "i64.mul");
    wat(&text)
}

/// The hash of the two elements of the witness is the output.
fn hasher() -> Vec<u8> {
    wat(r#"(module
        (import "middle" "witness" (func $witness (param i32) (result i64)))
        (import "middle" "poseidon" (func $poseidon (param i32 i32)))
        (import "middle" "output" (func $output (param i32 i64)))
        (import "middle" "output_len" (func $output_len (param i32)))
        (memory (export "memory") 1)
        (func (export "run") (result i32) (local $i i32)
            (loop $next
                (i64.store (i32.shl (local.get $i) (i32.const 3)) (call $witness (local.get $i)))
                (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
            (call $poseidon (i32.const 0) (i32.const 32))
            (call $output (i32.const 0) (i64.load (i32.const 32)))
            (call $output (i32.const 1) (i64.load (i32.const 40)))
            (call $output (i32.const 2) (i64.load (i32.const 48)))
            (call $output (i32.const 3) (i64.load (i32.const 56)))
            (call $output_len (i32.const 32))
            (i32.const 0)))"#)
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// What is proven, by the names of the cases.
fn subjects() -> Vec<Subject> {
    let divided = |name, divisor: u64, status: u64| Subject {
        name,
        module: divider(),
        input: words(&[divisor, status]),
        witness: words(&[35]),
        cycle_limit: 1_000,
        segments: 1,
        foreign: None,
        custom: None,
    };
    let hashed = |name, left: [u64; 4]| Subject {
        module: hasher(),
        input: Vec::new(),
        witness: words(&[left, [2, 0, 0, 0]].concat()),
        ..divided(name, 5, 0)
    };
    vec![
        divided("accepted", 5, 0),
        divided("rejected", 5, 3),
        divided("trapped", 0, 0),
        Subject { cycle_limit: 3, ..divided("cycle-limit", 5, 0) },
        Subject { segments: 2, ..divided("padded", 5, 0) },
        Subject {
            module: super::extensions::wasm("fibonacci").to_vec(),
            input: words(&[150]),
            witness: Vec::new(),
            segments: 2,
            ..divided("two-segments", 5, 0)
        },
        hashed("hashed", [1, 0, 0, 0]),
        hashed("hashed-not-canonical", Fr::MODULUS.0),
        Subject { foreign: Some(multiplier()), ..divided("accepted-foreign-code-point", 5, 0) },
    ]
}

fn all_subjects() -> Vec<Subject> {
    subjects().into_iter().chain(custom::subjects()).collect()
}

/// The cases, each refused one after the accepted ones.
pub fn cases(proven: &Proven) -> Vec<Case> {
    let universal =
        [keys(proven), code_points(proven), verified(proven), changed(proven), decoded(proven), files(proven)];
    [universal.concat(), custom::cases(proven)].concat()
}

fn tier_input(kind: &str, proven: &Proven, tier: u32) -> Value {
    json!({"kind": kind, "tier": tier, "verifyingKey": hex(&proven.verifying_key)})
}

fn keys(proven: &Proven) -> Vec<Case> {
    let mut cases: Vec<Case> = (0..)
        .zip(&TIERS)
        .filter(|(_, tier)| published(tier).is_some())
        .map(|(number, tier): (u32, _)| {
            let description = format!("The digests of the circuit and of the insecure key of the tier {}.", tier.name);
            case(&format!("proving-published-key-{}", tier.name), &description, ["PROVE-011"])
                .object(json!({"kind": "published_key", "tier": number}))
                .accept()
        })
        .collect();
    cases.push(
        case("proving-key-small", "The verifying key of the smallest tier, from the published seed.", ["PROVE-011"])
            .object(tier_input("key", proven, TIER))
            .accept(),
    );
    for (name, tier, reason, mutation) in [
        ("unknown-tier", TIERS.len() as u32, Reject::UnknownTier, "set the tier to one more than the last"),
        ("other-tier", 1, Reject::OtherKey, "set the tier to 1"),
    ] {
        let rule = if reason == Reject::OtherKey { "PROVE-011" } else { "PROVE-005" };
        cases.push(
            case(&format!("proving-key-{name}"), "A key is for the tier for which it is published.", [rule])
                .object(tier_input("key", proven, tier))
                .derived_from("proving-key-small", mutation)
                .reject(reason),
        );
    }
    cases
}

fn code_points(proven: &Proven) -> Vec<Case> {
    let input = |module: &[u8]| {
        let mut input = tier_input("code_point", proven, TIER);
        input["module"] = hex(module).into();
        input
    };
    let accept = |name: &str, description: &str, module: &[u8]| {
        case(&format!("proving-code-point-{name}"), description, ["PROVE-003", "PROVE-004", "CIRCUIT-013"])
            .object(input(module))
            .accept()
    };
    let large = super::extensions::wasm("operation_bundler");
    vec![
        accept("divider", "The code point of a short module.", &divider()),
        accept("fibonacci", "The code point of the extension fibonacci.", super::extensions::wasm("fibonacci")),
        accept("traps", "The code point of a module with a table and data.", super::extensions::wasm("traps")),
        case("proving-code-point-too-large", "A program that exceeds the tier has no code point.", ["PROVE-003"])
            .object(input(large))
            .derived_from("proving-code-point-fibonacci", "use the module of the extension operation_bundler")
            .reject(Reject::CodeExceedsTier),
    ]
}

fn verify_input(proven: &Proven, module: &[u8], statement: &Statement, proof: &[u8]) -> Value {
    let mut input = tier_input("verify", proven, TIER);
    input["module"] = hex(module).into();
    input["statement"] = hex(statement.to_bytes()).into();
    input["proof"] = hex(proof).into();
    input
}

fn verified(proven: &Proven) -> Vec<Case> {
    let accept = |subject: &Subject, description: &str, rules: &[&str]| {
        let rules = [&["PROVE-001", "PROVE-004", "PROVE-007", "PROVE-009", "CIRCUIT-014", "CIRCUIT-015"], rules];
        case(&format!("proving-verify-{}", subject.name), description, rules.concat())
            .object(verify_input(proven, &subject.module, &subject.statement(), &proven.proof(subject.name)))
            .accept()
    };
    let mut cases = Vec::new();
    for subject in subjects() {
        let (description, rules): (&str, &[&str]) = match subject.name {
            "accepted" => {
                ("An accepted execution with a private witness input, in one segment.", &["PROVE-008", "CIRCUIT-018"])
            }
            "rejected" => ("An execution that its extension rejects.", &["CIRCUIT-008"]),
            "trapped" => ("An execution that traps.", &["CIRCUIT-008", "CIRCUIT-017"]),
            "cycle-limit" => ("An execution that exhausts its cycle limit.", &["CIRCUIT-008", "CIRCUIT-017"]),
            "padded" => ("A proof may show more segments than the execution needs.", &["PROVE-006", "PROVE-008"]),
            "two-segments" => ("An execution that needs two segments.", &["PROVE-006", "PROVE-008", "CIRCUIT-003"]),
            "hashed" => ("The hash of two elements that nobody else knows.", &["CIRCUIT-012", "CIRCUIT-018"]),
            "hashed-not-canonical" => ("A hash of a number that is no element traps.", &["CIRCUIT-017"]),
            _ => continue,
        };
        cases.push(accept(&subject, description, rules));
    }
    cases
}

/// An accepted case whose input is changed.
struct Origin<'a> {
    proven: &'a Proven,
    subject: Subject,
    statement: Statement,
    proof: Proof,
}

impl Origin<'_> {
    /// `None` if there is no proof: then nothing can be changed, and the accepted case says so.
    fn of<'a>(proven: &'a Proven, name: &str) -> Option<Origin<'a>> {
        let subject = all_subjects().into_iter().find(|subject| subject.name == name)?;
        let proof = Proof::from_bytes(&proven.proof(name)).ok()?;
        Some(Origin { proven, statement: subject.statement(), subject, proof })
    }

    fn input(&self, statement: &Statement, proof: &Proof) -> Value {
        match self.subject.custom {
            Some(name) => custom::verify_input(self.proven, name, &self.subject.module, statement, proof),
            None => verify_input(self.proven, &self.subject.module, statement, &proof.to_bytes()),
        }
    }

    fn case(
        &self,
        name: &str,
        description: &str,
        rules: &[&str],
        mutation: &str,
        reason: Reject,
        input: Value,
    ) -> Case {
        let id = self.subject.id();
        case(&format!("{id}-{name}"), description, rules).object(input).derived_from(&id, mutation).reject(reason)
    }

    /// The statement is changed.
    fn statement(&self, name: &str, mutation: &str, reason: Reject, change: impl FnOnce(&mut Statement)) -> Case {
        let mut statement = self.statement.clone();
        change(&mut statement);
        let rules: &[&str] = match reason {
            Reject::SumMismatch => &["PROVE-009", "CIRCUIT-015"],
            Reject::TierMismatch if self.subject.custom.is_some() => &["PROVE-007", "PROVE-015"],
            _ => &["PROVE-007"],
        };
        let input = self.input(&statement, &self.proof);
        self.case(name, "A proof of another statement is refused.", rules, mutation, reason, input)
    }

    /// The proof is changed.
    fn proof(&self, name: &str, mutation: &str, reason: Reject, change: impl FnOnce(&mut Proof)) -> Case {
        let mut proof = self.proof.clone();
        change(&mut proof);
        let rules: &[&str] = match reason {
            Reject::SumMismatch => &["PROVE-009"],
            Reject::ProofInvalid => &["PROVE-001", "CIRCUIT-003"],
            Reject::TierMismatch if self.subject.custom.is_some() => &["PROVE-007", "PROVE-015"],
            _ => &["PROVE-007"],
        };
        let input = self.input(&self.statement, &proof);
        self.case(name, "A proof with another part is refused.", rules, mutation, reason, input)
    }
}

/// Cases with one fault each.
fn changed(proven: &Proven) -> Vec<Case> {
    let origins =
        ["accepted", "rejected", "trapped", "cycle-limit", "two-segments"].map(|name| Origin::of(proven, name));
    let [Some(accepted), Some(rejected), Some(trapped), Some(limit), Some(two)] = origins else { return Vec::new() };
    let sum = Reject::SumMismatch;
    let mut cases = vec![
        accepted.statement("chain-id", "raise the chain id by 1", sum, |it| it.chain_id += 1),
        accepted.statement("extension-id", "change a byte of the extension id", sum, |it| it.extension_id.0[31] ^= 1),
        accepted.statement(
            "code-commitment",
            "change a byte of the code commitment",
            Reject::CodeCommitmentMismatch,
            |it| it.code_commitment.0[31] ^= 1,
        ),
        accepted.statement("tier", "set the statement's tier to 1", Reject::TierMismatch, |it| it.tier = 1),
        accepted.statement("more-segments", "raise k by 1", Reject::SegmentCountMismatch, |it| it.segments = 2),
        accepted.statement("input", "change a byte of the input", sum, |it| it.input[0] ^= 1),
        accepted.statement("input-longer", "append a zero byte to the input", sum, |it| it.input.push(0)),
        accepted.statement("cycle-limit", "raise the cycle limit by 1", sum, |it| it.cycle_limit += 1),
        accepted.statement("outcome", "state a rejection with the code 1, and the old state", sum, |it| {
            it.outcome = Outcome::Rejected(1);
            it.post_state_root = PRE_STATE_ROOT;
        }),
        accepted.statement("output", "change a byte of the output", sum, |it| it.output[0] ^= 1),
        accepted.statement("output-shorter", "remove the last byte of the output, which is zero", sum, |it| {
            it.output.pop();
        }),
        accepted.statement("post-state-root", "change a byte of the post-state root", sum, |it| {
            it.post_state_root.0[31] ^= 1;
        }),
        accepted.statement("fewer-cycles", "lower the cycles by 1", sum, |it| it.cycles -= 1),
        accepted.statement("more-cycles", "raise the cycles by 1", sum, |it| it.cycles += 1),
        accepted.statement("prover", "change a byte of the prover's address", sum, |it| it.prover.0[19] ^= 1),
        rejected.statement("code", "raise the code by 1", sum, |it| it.outcome = Outcome::Rejected(4)),
        rejected
            .statement("outcome", "state that the execution was accepted", sum, |it| it.outcome = Outcome::Accepted),
        trapped.statement("trap", "state another trap", sum, |it| {
            it.outcome = Outcome::Trapped(crate::notation::Trap::Unreachable);
        }),
        trapped.statement("outcome", "state a rejection with the code 1", sum, |it| it.outcome = Outcome::Rejected(1)),
        limit.statement("trap", "state another trap", sum, |it| {
            it.outcome = Outcome::Trapped(crate::notation::Trap::Unreachable);
        }),
    ];
    for case in cases.iter_mut().filter(|case| case.id.starts_with("proving-verify-trapped-")) {
        case.requirements.extend(["CIRCUIT-008", "CIRCUIT-017"].map(String::from));
    }
    let fields = ["operation-hash", "sender", "lane", "to", "witness-commitment", "anchor-hash", "anchor-slot"];
    for (index, field) in fields.into_iter().enumerate() {
        let mutation = format!("change a bit of the context's field {}", field.replace('-', "_"));
        cases.push(accepted.statement(field, &mutation, sum, |it| it.context.fields[index].0[31] ^= 1));
    }
    cases.push(accepted.statement("pre-state-root", "change a bit of the context's pre-state root", sum, |it| {
        it.context.fields[7].0[31] ^= 1;
    }));

    let g1 = |point: G1Affine| G1Affine::from(point + G1Affine::generator());
    let minus_g1 = |point: G1Affine| G1Affine::from(point - G1Affine::generator());
    let g2 = |point: G2Affine| G2Affine::from(point + G2Affine::generator());
    let invalid = Reject::ProofInvalid;
    cases.extend([
        accepted
            .proof("a", "add the generator to A", invalid, |it| it.segments[0].proof.a = g1(it.segments[0].proof.a)),
        accepted
            .proof("b", "add the generator to B", invalid, |it| it.segments[0].proof.b = g2(it.segments[0].proof.b)),
        accepted
            .proof("c", "add the generator to C", invalid, |it| it.segments[0].proof.c = g1(it.segments[0].proof.c)),
        accepted.proof("d", "add the generator to D, from which the challenges are drawn", sum, |it| {
            it.segments[0].proof.d = g1(it.segments[0].proof.d);
        }),
        accepted.proof("knowledge", "add the generator to the proof of knowledge", invalid, |it| {
            it.segments[0].proof.knowledge = g1(it.segments[0].proof.knowledge);
        }),
        accepted.proof("sum", "raise the sum by 1", sum, |it| it.segments[0].sum += Fr::ONE),
        accepted.proof("proof-tier", "set the proof's tier to 1", Reject::TierMismatch, |it| it.tier = 1),
        accepted.proof("segment-repeated", "repeat the segment", Reject::SegmentCountMismatch, |it| {
            it.segments.push(it.segments[0].clone());
        }),
        two.proof("swapped", "exchange the segments", sum, |it| it.segments.swap(0, 1)),
        two.proof("dropped", "drop the last segment", Reject::SegmentCountMismatch, |it| {
            it.segments.pop();
        }),
        two.proof("same-segment", "replace the second segment by the first", sum, |it| {
            it.segments[1] = it.segments[0].clone();
        }),
        two.proof("sums", "raise the first sum by 1 and lower the second by 1", invalid, |it| {
            it.segments[0].sum += Fr::ONE;
            it.segments[1].sum -= Fr::ONE;
        }),
        two.proof("sums-exchanged", "exchange the sums", invalid, |it| {
            let [first, second] = [it.segments[0].sum, it.segments[1].sum];
            (it.segments[0].sum, it.segments[1].sum) = (second, first);
        }),
        two.proof("cancelling", "add the generator to the first C, subtract it from the second", invalid, |it| {
            it.segments[0].proof.c = g1(it.segments[0].proof.c);
            it.segments[1].proof.c = minus_g1(it.segments[1].proof.c);
        }),
    ]);
    let mut statement = two.statement.clone();
    statement.segments = 1;
    let proof = Proof { segments: two.proof.segments[..1].to_vec(), ..two.proof.clone() };
    cases.push(two.case(
        "dropped-from-both",
        "A segment cannot be left out, even if the statement is of one less.",
        &["PROVE-009"],
        "drop the last segment and lower k by 1",
        sum,
        two.input(&statement, &proof),
    ));

    let mut tier = accepted.input(&accepted.statement, &accepted.proof);
    tier["tier"] = 1.into();
    cases.push(accepted.case(
        "key-tier",
        "A key is not that of another tier.",
        &["PROVE-011"],
        "set the verifier's tier to 1",
        Reject::OtherKey,
        tier,
    ));
    let mut other = accepted.input(&accepted.statement, &accepted.proof);
    other["module"] = hex(multiplier()).into();
    cases.push(accepted.case(
        "extension",
        "A proof is for its extension.",
        &["PROVE-004", "PROVE-007"],
        "use another module, whose code has as many words",
        Reject::CodeCommitmentMismatch,
        other,
    ));
    let mut statement = accepted.statement.clone();
    let code =
        profile::load(&multiplier()).and_then(|module| lower(&module)).expect("the case's module can be lowered");
    statement.code_commitment = code.commitment();
    let mut other = accepted.input(&statement, &accepted.proof);
    other["module"] = hex(multiplier()).into();
    cases.push(accepted.case(
        "extension-and-commitment",
        "A proof is for its extension, whatever the statement says.",
        &["PROVE-004", "PROVE-009"],
        "use another module and its code commitment",
        sum,
        other,
    ));
    if let Some(foreign) = Origin::of(proven, "accepted-foreign-code-point") {
        cases.push(accepted.case(
            "foreign-code-point",
            "Who takes the code point from the prover accepts the execution of another program.",
            &["PROVE-004"],
            "execute a module that multiplies, state what it yields, and draw the challenges with its code point",
            sum,
            foreign.input(&foreign.statement, &foreign.proof),
        ));
    }
    cases
}

fn decoded(proven: &Proven) -> Vec<Case> {
    let input = |proof: &[u8]| json!({"kind": "decode", "proof": hex(proof)});
    let accept = |name: &str, description: &str, proof: &[u8]| {
        case(&format!("proving-decode-{name}"), description, ["PROVE-001", "PROVE-002"]).object(input(proof)).accept()
    };
    let (one, two) = (proven.proof("accepted"), proven.proof("two-segments"));
    let mut cases = vec![
        accept("one", "The encoding of a proof with one segment.", &one),
        accept("two", "The encoding of a proof with two segments.", &two),
    ];
    if one.len() < 8 + 32 + PROOF_BYTES {
        return cases;
    }
    let with = |offset: usize, bytes: &[u8]| {
        let mut proof = one.clone();
        proof[offset..offset + bytes.len()].copy_from_slice(bytes);
        proof
    };
    let mut refuse = |name: &str, mutation: &str, reason, proof: Vec<u8>| {
        cases.push(
            case(&format!("proving-decode-{name}"), "There is one encoding of a proof.", ["PROVE-002"])
                .object(input(&proof))
                .derived_from("proving-decode-one", mutation)
                .reject(reason),
        );
    };
    let length = Reject::ProofLengthMismatch;
    refuse("empty", "remove all bytes", length, Vec::new());
    refuse("header-short", "remove all but seven bytes", length, one[..7].to_vec());
    refuse("short", "remove the last byte", length, one[..one.len() - 1].to_vec());
    refuse("long", "append a zero byte", length, [&one[..], &[0]].concat());
    refuse("count", "set the number of segments to 2", length, with(4, &2u32.to_be_bytes()));
    refuse("none", "set the number of segments to 0", Reject::StatementSegmentsOutOfRange, with(4, &[0; 4]));
    refuse(
        "too-many",
        "set the number of segments to 241",
        Reject::StatementSegmentsOutOfRange,
        with(4, &(MAX_SEGMENTS + 1).to_be_bytes()),
    );
    refuse("sum-modulus", "set the sum to the modulus", Reject::SumNotCanonical, with(8, &Fr::MODULUS.to_bytes_be()));
    refuse("no-point", "set A to the x coordinate 1 with both flags", Reject::PointNotOnCurve, {
        let mut point = [0; 32];
        (point[0], point[31]) = (1, 0xc0);
        with(40, &point)
    });
    let mut identity = [0; 32];
    identity[31] = 0x40;
    refuse("identity", "set A to the identity", Reject::PointIsIdentity, with(40, &identity));
    cases
}

fn files(proven: &Proven) -> Vec<Case> {
    let Some(Origin { statement, proof, .. }) = Origin::of(proven, "accepted") else { return Vec::new() };
    let text = ProofFile { statement: statement.clone(), proof }.to_json();
    let input = |text: &str| json!({"kind": "file", "text": text});
    let id = "proving-file-one";
    let one_line = text.lines().map(str::trim).collect::<Vec<_>>().concat();
    let mut cases = vec![
        case(id, "A proof file.", ["PROVE-010"]).object(input(&text)).accept(),
        case("proving-file-one-line", "White space has no meaning.", ["PROVE-010"]).object(input(&one_line)).accept(),
    ];
    let mut refuse = |name: &str, mutation: &str, reason, text: String| {
        cases.push(
            case(&format!("proving-file-{name}"), "A proof file is read strictly.", ["PROVE-010"])
                .object(input(&text))
                .derived_from(id, mutation)
                .reject(reason),
        );
    };
    let malformed = Reject::ProofFileMalformed;
    let swap = |from: &str, to: &str| text.replacen(from, to, 1);
    for (name, mutation, text) in faulty_files(&text) {
        refuse(name, mutation, malformed, text);
    }
    refuse("unmarked", "remove the mark of an insecure key", malformed, swap("  \"insecure\": true,\n", ""));
    refuse("upper-case", "write the digits of the proof in upper case", malformed, {
        let (start, proof) = text.split_at(text.find("\"proof\": \"0x").unwrap_or_default() + 12);
        start.to_string() + &proof.to_uppercase()
    });
    refuse("prefix", "remove the `0x` of the statement", malformed, swap("\"statement\": \"0x", "\"statement\": \""));
    refuse("tier", "change the tier's name to that of another", Reject::TierMismatch, swap("small", TIERS[1].name));
    refuse("unknown-tier", "change the tier's name to no tier's", Reject::UnknownTier, swap("small", "smallest"));
    refuse(
        "statement-version",
        "set the version of the statement to 2",
        Reject::StatementUnknownVersion,
        swap("\"statement\": \"0x01", "\"statement\": \"0x02"),
    );
    let more = Statement { segments: 2, ..statement.clone() };
    refuse(
        "segments",
        "raise the statement's k by 1",
        Reject::SegmentCountMismatch,
        swap(&hex(statement.to_bytes()), &hex(more.to_bytes())),
    );
    let end = text.rfind("\"\n}").unwrap_or_default();
    let short = text[..end - 2].to_string() + &text[end..];
    refuse("proof-short", "remove the proof's last byte", Reject::ProofLengthMismatch, short);
    cases
}

/// The text of a file of a proof or key with one fault each that both can have: a name, what was changed, the text.
fn faulty_files(text: &str) -> [(&'static str, &'static str, String); 8] {
    let swap = |from: &str, to: &str| text.replacen(from, to, 1);
    [
        ("empty", "remove all text", String::new()),
        ("list", "put the object into a list", format!("[{text}]")),
        ("values", "write the fields' values as a list", list_of_values(text)),
        ("format", "change the format's name", swap("\"middle-client ", "\"middle client ")),
        ("version", "raise the version by 1", swap("\"version\": 1", "\"version\": 2")),
        ("secure", "say that the key is not insecure", swap("\"insecure\": true", "\"insecure\": false")),
        ("more", "add a field", swap("\"version\": 1", "\"version\": 1,\n  \"more\": 0")),
        ("twice", "write the version twice", swap("\"version\": 1", "\"version\": 1,\n  \"version\": 1")),
    ]
}
