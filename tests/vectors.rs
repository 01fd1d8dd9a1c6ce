//! The vectors as a client consumes them: this test reads the JSON files, checks them against their schemas, resolves
//! their bytes by itself and calls the library as any program would. Then it damages them and expects to be told.

#[path = "common/vector_bytes.rs"]
mod vector_bytes;

use middle_client::canonical_code::{self, CanonicalCode, Machine};
use middle_client::circuit::entry::{Kind, entry};
use middle_client::circuit::{Machine as Circuit, ONE_OF_EACH, TIERS, Tier, costs, fit};
use middle_client::execution;
use middle_client::host_interface::Inputs;
use middle_client::notation::{Execution, Outcome, Rejection, keccak256};
use middle_client::poseidon::{self, Domain, Fr, Parameters, Width, element_from_bytes, element_to_bytes};
use middle_client::proof_system::example::{Permutation, Values};
use middle_client::proof_system::*;
use middle_client::proving::{self, CustomKey, Extension, ProofFile, TierVerifier, Tiers};
use middle_client::statement::{Statement, relation};
use middle_client::{profile, vectors};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use vector_bytes::{bytes, from_hex};

const FORMATS: [&str; 19] = [
    "profile",
    "execution",
    "canonical_code",
    "poseidon",
    "proof_system",
    "statement",
    "circuit",
    "proving",
    "operation",
    "registry",
    "post_operation",
    "reputation",
    "pools",
    "wire",
    "settlement",
    "node",
    "native_transaction",
    "requests",
    "composition",
];

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn read_json(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All cases of a format with the name of their file.
fn cases(format: &str) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for name in files(format) {
        let file = read_json(&committed().join(format!("v1/{format}/{name}.json")));
        assert_eq!(file["format"], format);
        all.extend(file["cases"].as_array().unwrap().iter().cloned().map(|case| (name, case)));
    }
    all
}

/// The names of a format's files: only formats on the protocol ignore, and one of them does not reject.
fn files(format: &str) -> Vec<&'static str> {
    let exists = |name: &&str| committed().join(format!("v1/{format}/{name}.json")).exists();
    ["accept", "ignore", "reject"].into_iter().filter(exists).collect()
}

fn to_hex(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn inputs(input: &Value) -> Result<Inputs, Rejection> {
    Inputs::new(&bytes(&input["input"]), &bytes(&input["witness"]), &bytes(&input["context"]))
}

fn expect_rejection(id: &str, expect: &Value, rejection: &Rejection) {
    assert_eq!(expect["outcome"], "reject", "{id}: {rejection}");
    assert_eq!(expect["stage"], rejection.reason.stage().name(), "{id}: {rejection}");
    let reasons = expect["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason == rejection.reason.name()), "{id}: {rejection}");
}

fn expect_execution(id: &str, expect: &Value, execution: &Execution) {
    let (outcome, code) = match execution.outcome {
        Outcome::Accepted => ("accepted", 0),
        Outcome::Rejected(code) => ("rejected", code),
        Outcome::Trapped(trap) => {
            assert_eq!(expect["trap"], trap.name(), "{id}");
            ("trapped", trap.code())
        }
    };
    assert_eq!(expect["outcome"], outcome, "{id}: {execution:?}");
    assert_eq!(expect["stage"], "execution", "{id}");
    assert_eq!(expect["code"], code, "{id}");
    assert_eq!(bytes(&expect["output"]), execution.output, "{id}");
    assert_eq!(expect["postState"], to_hex(execution.post_state), "{id}");
}

fn run_profile(id: &str, input: &Value, expect: &Value) {
    let wasm = bytes(&input["module"]);
    match profile::load(&wasm) {
        Err(rejection) => expect_rejection(id, expect, &rejection),
        Ok(module) => {
            assert_eq!(expect["outcome"], "accept", "{id}");
            assert_eq!(expect["codeHash"], to_hex(keccak256(&wasm)), "{id}");
            assert_eq!(expect["types"], module.types.len(), "{id}");
            assert_eq!(expect["imports"], module.imports.len(), "{id}");
            assert_eq!(expect["functions"], module.functions.len(), "{id}");
            let frames = expect["frameSlots"].as_array().unwrap().iter();
            let frames = frames.flat_map(|run| {
                let [slots, times] = [0, 1].map(|index| run[index].as_u64().unwrap());
                std::iter::repeat_n(slots as u32, times as usize)
            });
            assert!(frames.eq(module.functions.iter().map(|function| function.frame_slots)), "{id}");
        }
    }
}

fn run_execution(id: &str, input: &Value, expect: &Value) {
    let result = profile::load(&bytes(&input["module"])).and_then(|module| Ok((module, inputs(input)?)));
    match result {
        Err(rejection) => expect_rejection(id, expect, &rejection),
        Ok((module, inputs)) => {
            let interpreted = execution::run(&module, &inputs, u64::MAX).unwrap();
            expect_execution(id, expect, &interpreted.execution);
            let code = canonical_code::lower(&module).unwrap();
            let executed = canonical_code::execute(&code, &inputs, u64::MAX);
            expect_execution(id, expect, &executed.execution);
        }
    }
}

fn run_canonical_code(id: &str, input: &Value, expect: &Value) {
    let code = match input.get("code") {
        Some(encoding) => CanonicalCode::from_bytes(&bytes(encoding)),
        None => profile::load(&bytes(&input["module"])).and_then(|module| canonical_code::lower(&module)),
    };
    let result = code.and_then(|code| Ok((code, input.get("cycleLimit").map(|_| inputs(input)).transpose()?)));
    match result {
        Err(rejection) => expect_rejection(id, expect, &rejection),
        Ok((code, inputs)) => {
            let encoding = code.to_bytes();
            if let Some(expected) = expect.get("encoding") {
                assert_eq!(bytes(expected), encoding, "{id}");
            }
            assert_eq!(expect["commitment"], to_hex(keccak256(&encoding)), "{id}");
            assert_eq!(CanonicalCode::from_bytes(&encoding).unwrap().words, code.words, "{id}");
            let Some(inputs) = inputs else {
                assert_eq!(expect["outcome"], "accept", "{id}");
                return;
            };
            let limit = input["cycleLimit"].as_str().unwrap().strip_prefix("0x").unwrap();
            let mut machine = Machine::new(&code, &inputs);
            let (mut blocks, mut block) = (Vec::new(), Vec::new());
            let finished = machine.run_traced(u64::from_str_radix(limit, 16).unwrap(), |cycle| {
                block.extend(cycle.clock.to_le_bytes());
                block.extend(cycle.program_counter.to_le_bytes());
                block.extend(cycle.frame_pointer.to_le_bytes());
                block.extend(cycle.pages.to_le_bytes());
                block.push(cycle.accesses().len() as u8);
                for access in cycle.accesses() {
                    block.push(access.space as u8);
                    block.extend(access.index.to_le_bytes());
                    block.extend(access.previous_time.to_le_bytes());
                    block.extend(access.previous.to_le_bytes());
                    block.extend(access.time.to_le_bytes());
                    block.extend(access.value.to_le_bytes());
                }
                if cycle.clock % 4_096 == 0 {
                    blocks.push(keccak256(std::mem::take(&mut block)));
                }
            });
            if !block.is_empty() {
                blocks.push(keccak256(block));
            }
            expect_execution(id, expect, &finished.execution);
            assert_eq!(expect["cycles"], format!("{:#x}", finished.cycles), "{id}");
            assert_eq!(expect["memory"]["digest"], to_hex(keccak256(machine.memory())), "{id}");
            assert_eq!(expect["trace"]["digest"], to_hex(keccak256(blocks.concat())), "{id}");
        }
    }
}

fn run_poseidon(id: &str, input: &Value, expect: &Value) {
    let domain = input.get("domain").map(|domain| {
        let digits = domain.as_str().unwrap().strip_prefix("0x").unwrap();
        Domain::new(u64::from_str_radix(digits, 16).unwrap()).unwrap()
    });
    let result = poseidon::elements_from_bytes(&bytes(&input["elements"])).and_then(|inputs| {
        let hash = match domain {
            Some(domain) => poseidon::sponge(domain, &inputs),
            None => poseidon::hash(&inputs)?,
        };
        Ok((inputs, hash))
    });
    let (inputs, hash) = match result {
        Err(rejection) => return expect_rejection(id, expect, &rejection),
        Ok(result) => result,
    };
    assert_eq!(expect["outcome"], "accept", "{id}");
    assert_eq!(expect["result"], to_hex(element_to_bytes(hash)), "{id}");
    // The states follow from each other, and the inputs and the result are at their ends.
    let state = |value: &Value| -> Vec<Fr> {
        let elements = value.as_array().unwrap().iter().map(bytes);
        elements.map(|element| poseidon::element_from_bytes(&element).unwrap()).collect()
    };
    let width = Width::from_rate(expect["width"].as_u64().unwrap() as usize - 1).unwrap();
    let permutations = expect["permutations"].as_array().unwrap();
    for permutation in permutations {
        let mut permuted = state(&permutation["start"]);
        Parameters::of(width).permute(&mut permuted);
        assert_eq!(permuted, state(&permutation["end"]), "{id}");
    }
    let blocks = permutations.len();
    assert_eq!(blocks, if domain.is_some() { inputs.len().div_ceil(8).max(1) } else { 1 }, "{id}");
    let first = inputs.len().min(width.get() - 1);
    assert_eq!(state(&permutations[0]["start"])[1..=first], inputs[..first], "{id}");
    assert_eq!(state(&permutations[blocks - 1]["end"])[usize::from(domain.is_some())], hash, "{id}");
}

fn field(value: &Value) -> Result<Fr, Rejection> {
    element_from_bytes(&from_hex(value))
}

fn fields(values: &Value) -> Result<Vec<Fr>, Rejection> {
    values.as_array().unwrap().iter().map(field).collect()
}

fn field_values(values: &[Fr]) -> Value {
    values.iter().map(|value| to_hex(element_to_bytes(*value))).collect()
}

fn run_proof_system(id: &str, input: &Value, expect: &Value) {
    let result = match input["kind"].as_str().unwrap() {
        "prove" => return prove_again(id, input, expect),
        "key" => VerifyingKey::from_bytes(&from_hex(&input["verifyingKey"])).map(|key| {
            assert_eq!(expect["keyDigest"], to_hex(key.digest()), "{id}");
        }),
        "proof" => Proof::from_bytes(&from_hex(&input["proof"])).map(|proof| {
            assert_eq!(to_hex(proof.to_bytes()), input["proof"], "{id}");
        }),
        "proof_file" => Proof::from_json(input["text"].as_str().unwrap()).map(|proof| {
            assert_eq!(expect["proof"], to_hex(proof.to_bytes()), "{id}");
        }),
        "vanilla" => verify_vanilla(input),
        _ => verify_segments(id, input, expect),
    };
    match result {
        Ok(()) => assert_eq!(expect["outcome"], "accept", "{id}"),
        Err(rejection) => expect_rejection(id, expect, &rejection),
    }
}

fn verify_vanilla(input: &Value) -> Result<(), Rejection> {
    let verifier = Verifier::new(VerifyingKey::from_bytes(&from_hex(&input["verifyingKey"]))?)?;
    verifier.verify_vanilla(&fields(&input["public"])?, &vanilla_proof_from_bytes(&from_hex(&input["proof"]))?)
}

/// The kinds `challenge` and `verify`.
fn verify_segments(id: &str, input: &Value, expect: &Value) -> Result<(), Rejection> {
    let key = VerifyingKey::from_bytes(&from_hex(&input["verifyingKey"]))?;
    let prepared = Prepared::derive(&key, &fields(&input["constants"])?)?;
    let statement = from_hex(&input["statement"]);
    let transcript = Transcript { tier: input["tier"].as_u64().unwrap() as u32, statement: &statement };
    let mut segments = Vec::new();
    let mut commitments = Vec::new();
    for segment in input.get("segments").into_iter().flat_map(|segments| segments.as_array().unwrap()) {
        let (public, late_public) = (fields(&segment["public"])?, fields(&segment["latePublic"])?);
        let proof = Proof::from_bytes(&from_hex(&segment["proof"]))?;
        commitments.push(Commitment { point: proof.d, public: public.clone() });
        segments.push((public, late_public, proof));
    }
    for commitment in input.get("commitments").into_iter().flat_map(|commitments| commitments.as_array().unwrap()) {
        let point = point_from_bytes(&from_hex(&commitment["point"]))?;
        commitments.push(Commitment { point, public: fields(&commitment["public"])? });
    }
    let challenges = draw(&key, &prepared, &transcript, &commitments)?;
    if expect["outcome"] == "accept" {
        assert_eq!(expect["keyDigest"], to_hex(key.digest()), "{id}");
        assert_eq!(expect["preparedPoint"], to_hex(point_to_bytes(&prepared.point())), "{id}");
        assert_eq!(expect["challengeSeed"], to_hex(challenges.seed()), "{id}");
        assert_eq!(expect["challenges"], field_values(challenges.values()), "{id}");
    }
    if input["kind"] == "challenge" {
        return Ok(());
    }
    let segments: Vec<Segment> =
        segments.iter().map(|(public, late_public, proof)| Segment { public, late_public, proof }).collect();
    Verifier::new(key)?.verify(&prepared, &challenges, &segments)
}

/// The same seeds give the same bytes.
fn prove_again(id: &str, input: &Value, expect: &Value) {
    let seed = |name: &str| -> [u8; 32] { from_hex(&input[name]).try_into().unwrap() };
    let weights = fields(&input["weights"]).unwrap();
    let circuits: Vec<Permutation> = input["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|segment| {
            let (left, right) = (fields(&segment["left"]).unwrap(), fields(&segment["right"]).unwrap());
            Permutation { length: weights.len(), values: Some(Values { weights: weights.clone(), left, right }) }
        })
        .collect();
    let key = insecure_setup(&Permutation::shape(weights.len()), seed("setupSeed")).unwrap();
    assert_eq!(expect["verifyingKey"], to_hex(key.verifying_key.to_bytes()), "{id}");
    assert_eq!(expect["circuitDigest"], to_hex(key.shape.digest()), "{id}");
    let mut rng = ChaCha20Rng::from_seed(seed("seed"));
    let committed: Vec<_> = circuits.iter().map(|circuit| commit(&key, circuit, &mut rng).unwrap()).collect();
    let commitments: Vec<_> = committed.iter().map(|committed| committed.commitment().clone()).collect();
    let statement = from_hex(&input["statement"]);
    let transcript = Transcript { tier: input["tier"].as_u64().unwrap() as u32, statement: &statement };
    let prepared = Prepared::derive(&key.verifying_key, &weights).unwrap();
    let challenges = draw(&key.verifying_key, &prepared, &transcript, &commitments).unwrap();
    for (committed, expected) in committed.into_iter().zip(expect["segments"].as_array().unwrap()) {
        let proof = prove(&key, committed, &challenges, &mut rng).unwrap();
        assert_eq!(expected["proof"], to_hex(proof.to_bytes()), "{id}");
    }
}

fn run_statement(id: &str, input: &Value, expect: &Value) {
    let encoding = bytes(input.get("encoding").unwrap_or(&input["statement"]));
    let result = Statement::from_bytes(&encoding).and_then(|statement| {
        if input["kind"] == "relation" {
            relation(&statement, &profile::load(&bytes(&input["module"]))?, &bytes(&input["witness"]))?;
        }
        Ok(statement)
    });
    let statement = match result {
        Err(rejection) => return expect_rejection(id, expect, &rejection),
        Ok(statement) => statement,
    };
    assert_eq!(expect["outcome"], "accept", "{id}");
    assert_eq!(statement.to_bytes(), encoding, "{id}");
    assert_eq!(expect["digest"], to_hex(statement.digest()), "{id}");
    let fields = &expect["statement"];
    let (outcome, code) = match statement.outcome {
        Outcome::Accepted => ("accepted", 0),
        Outcome::Rejected(code) => ("rejected", code),
        Outcome::Trapped(trap) => ("trapped", trap.code()),
    };
    assert_eq!((&fields["outcome"], &fields["code"]), (&outcome.into(), &code.into()), "{id}");
    assert_eq!((bytes(&fields["input"]), bytes(&fields["output"])), (statement.input, statement.output), "{id}");
    let expected = [
        ("chainId", format!("{:#x}", statement.chain_id)),
        ("extensionId", to_hex(statement.extension_id)),
        ("codeCommitment", to_hex(statement.code_commitment)),
        ("context", to_hex(statement.context.to_bytes())),
        ("cycleLimit", format!("{:#x}", statement.cycle_limit)),
        ("postStateRoot", to_hex(statement.post_state_root)),
        ("cycles", format!("{:#x}", statement.cycles)),
        ("prover", to_hex(statement.prover)),
    ];
    expected.into_iter().for_each(|(name, value)| assert_eq!(fields[name], value, "{id}: {name}"));
    assert_eq!((&fields["tier"], &fields["segments"]), (&statement.tier.into(), &statement.segments.into()), "{id}");
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn run_circuit(id: &str, input: &Value, expect: &Value) {
    let result = match input["kind"].as_str().unwrap() {
        "tier" => Tiers::get(number(&input["tier"])).map(|tier| {
            assert_eq!(expect["name"], tier.name, "{id}");
            // All rows, also of the larger tiers.
            let circuit = Circuit::universal(tier);
            let shape = Shape::of(&circuit);
            if let Some(digest) = expect.get("circuitDigest") {
                assert_eq!(digest, &to_hex(shape.digest()), "{id}");
            }
            assert_eq!(expect["constraints"], shape.rows(), "{id}");
            assert_eq!(expect["domain"], domain_size(shape.rows()).unwrap(), "{id}");
            let counts = [
                ("public", shape.public),
                ("challenges", shape.challenges),
                ("latePublic", shape.late_public),
                ("committed", shape.committed),
                ("private", shape.private),
            ];
            counts.into_iter().for_each(|(name, count)| assert_eq!(expect["wires"][name], count, "{id}: {name}"));
            assert_eq!([&expect["codeWords"], &expect["imageCells"]], [tier.code_words, tier.image_cells], "{id}");
            let mut rows = BTreeMap::new();
            for label in circuit.labels() {
                *rows.entry(label.chip).or_insert(0) += 1;
            }
            for chip in expect["chips"].as_array().unwrap() {
                let each = ["constraints", "products", "fractions"].map(|name| number(&chip[name])).iter().sum::<u32>();
                let found = rows.remove(chip["chip"].as_str().unwrap()).unwrap_or(0);
                let is_sum = u32::from(chip["chip"] == "sum");
                assert_eq!(number(&chip["rows"]) * each + is_sum, found, "{id}: {chip}");
            }
            assert!(rows.is_empty(), "{id}: {rows:?}");
            if let Some(digest) = expect.get("labelsDigest") {
                let labels = circuit.labels();
                let lines: String = labels.iter().map(|label| format!("{}: {}\n", label.chip, label.name)).collect();
                assert_eq!(digest, &to_hex(keccak256(lines)), "{id}");
            }
        }),
        "entry" => input["words"].as_array().unwrap().iter().enumerate().try_for_each(|(index, word)| {
            let word = canonical_code::Word::from_bytes(&from_hex(word).try_into().unwrap(), 0)?;
            let (parts, expect) = (entry(&word), &expect["entries"][index]);
            assert_eq!(expect["entry"], to_hex(element_to_bytes(parts.pack())), "{id}");
            assert_eq!(expect["chip"], Kind::of(word.opcode).name(), "{id}");
            // The parts are the whole: selector, three slots, rest and high.
            let rest = u64::from_str_radix(&expect["rest"].as_str().unwrap()[2..], 16).unwrap();
            let slots = [0, 1, 2].map(|slot| u64::from(number(&expect["slots"][slot])));
            let low = u64::from(number(&expect["selector"])) + (slots[0] << 16) + (slots[1] << 32) + (slots[2] << 48);
            let power = |exponent: u64| ark_ff::Field::pow(&Fr::from(2u64), [exponent]);
            let high = Fr::from(number(&expect["high"])) * power(134);
            assert_eq!(parts.pack(), Fr::from(low) + Fr::from(rest) * power(64) + high, "{id}");
            Ok(())
        }),
        "chip" => {
            // As many of each as a row costs, with the labels that the circuit of one row of each has.
            let name = input["chip"].as_str().unwrap();
            let cost = costs()[name];
            let list = |part: &str| expect[part].as_array().unwrap();
            let parts = ["constraints", "products", "tuples"].map(list);
            assert_eq!(parts.map(|part| part.len() as u64), [cost.constraints, cost.products, cost.fractions], "{id}");
            assert_eq!(u64::from(number(&expect["wires"])), cost.wires, "{id}");
            let labels = Circuit::universal(&ONE_OF_EACH).labels();
            let labels = labels.iter().filter(|label| label.chip == name).map(|label| label.name);
            let found = parts.into_iter().flatten().map(|row| row["label"].as_str().unwrap());
            assert!(found.eq(labels), "{id}: the labels");
            Ok(())
        }
        _ => Extension::from_wasm(&bytes(&input["module"])).and_then(|extension| {
            let tier = Tiers::get(number(&input["tier"]))?;
            extension.check_fits(tier)?;
            let constants = extension.program().constants(tier);
            let encoded: Vec<u8> = constants.iter().flat_map(|constant| element_to_bytes(*constant)).collect();
            assert_eq!(expect["codeCommitment"], to_hex(extension.commitment()), "{id}");
            assert_eq!(expect["constants"], constants.len(), "{id}");
            assert_eq!(expect["digest"], to_hex(keccak256(encoded)), "{id}");
            if let (Some(code), Some(image)) = (expect.get("code"), expect.get("image")) {
                let code = fields(code).unwrap();
                assert_eq!(constants[..code.len()], code, "{id}");
                for (index, cell) in image.as_array().unwrap().iter().enumerate() {
                    let part = |part: usize| u64::from_str_radix(&cell[part].as_str().unwrap()[2..], 16).unwrap();
                    let value = tier.code_words + index;
                    assert_eq!(constants[value], Fr::from(part(1)), "{id}");
                    assert_eq!(constants[value + tier.image_cells], Fr::from(part(0)), "{id}");
                }
            }
            Ok(())
        }),
    };
    match result {
        Ok(()) => assert_eq!(expect["outcome"], "accept", "{id}"),
        Err(rejection) => expect_rejection(id, expect, &rejection),
    }
}

fn custom_verifier(input: &Value) -> Result<(TierVerifier, CustomKey), Rejection> {
    let hash: [u8; 32] = from_hex(&input["keyHash"]).try_into().unwrap();
    let key = CustomKey::registered(&from_hex(&input["key"]), hash.into())?;
    Ok((TierVerifier::custom(key.clone())?, key))
}

fn expect_capacities(id: &str, expect: &Value, tier: &Tier) {
    assert_eq!([&expect["codeWords"], &expect["imageCells"]], [tier.code_words, tier.image_cells], "{id}");
    let found = tier.rows.iter().copied().chain([tier.refreshes, tier.audits, tier.witness_words]);
    let rows = expect["chips"].as_array().unwrap().iter().map(|chip| number(&chip["rows"]) as usize);
    assert_eq!(rows.collect::<Vec<_>>(), found.collect::<Vec<_>>(), "{id}");
}

fn run_proving(id: &str, input: &Value, expect: &Value) {
    let verifier = || {
        Tiers::get(number(&input["tier"]))?;
        let key = VerifyingKey::from_bytes(&bytes(&input["verifyingKey"]))?;
        TierVerifier::published(number(&input["tier"]), key)
    };
    let result = match input["kind"].as_str().unwrap() {
        "published_key" => Tiers::get(number(&input["tier"])).map(|tier| {
            let published = proving::published(tier).unwrap();
            assert_eq!(expect["circuitDigest"], to_hex(published.circuit), "{id}");
            assert_eq!(expect["keyDigest"], to_hex(published.key), "{id}");
        }),
        "key" => verifier().map(|verifier| {
            assert_eq!(expect["keyDigest"], to_hex(verifier.verifier.key().digest()), "{id}");
        }),
        "code_point" => verifier().and_then(|verifier| {
            let extension = Extension::from_wasm(&bytes(&input["module"]))?;
            assert_eq!(expect.get("codeCommitment").is_some(), expect["outcome"] == "accept", "{id}");
            extension.check_fits(verifier.tier())?;
            let constants = extension.program().constants(verifier.tier());
            let point = Prepared::derive(verifier.verifier.key(), &constants)?.point();
            assert_eq!(expect["codePoint"], to_hex(point_to_bytes(&point)), "{id}");
            Ok(())
        }),
        "decode" => proving::Proof::from_bytes(&from_hex(&input["proof"])).map(|proof| {
            assert_eq!(input["proof"], to_hex(proof.to_bytes()), "{id}");
            assert_eq!(expect["segments"].as_array().unwrap().len(), proof.segments.len(), "{id}");
        }),
        "file" => ProofFile::from_json(input["text"].as_str().unwrap()).map(|file| {
            assert_eq!(expect["statement"], to_hex(file.statement.to_bytes()), "{id}");
            assert_eq!(expect["proof"], to_hex(file.proof.to_bytes()), "{id}");
        }),
        "fit" => Extension::from_wasm(&bytes(&input["module"])).and_then(|extension| {
            let needs = |sample: &Value| {
                let inputs = Inputs::new(&from_hex(&sample["input"]), &from_hex(&sample["witness"]), &[0; 256])?;
                proving::needs(&extension, &inputs, 100_000)
            };
            let samples = input["samples"].as_array().unwrap().iter().map(needs).collect::<Result<Vec<_>, _>>()?;
            let tier = fit(extension.code(), &samples).unwrap();
            expect_capacities(id, &expect["capacities"], &tier);
            let machine = Circuit::custom(&tier, extension.program());
            let shape = Shape::of(&machine);
            assert_eq!(expect["rows"], shape.rows(), "{id}");
            assert_eq!(expect["circuitDigest"], to_hex(shape.digest()), "{id}");
            // The program is in the rows: no input is a constant, and no chip is there that its code cannot use.
            assert_eq!((shape.constants, shape.public), (0, 1), "{id}");
            for label in machine.labels().iter().filter(|label| label.chip != "sum") {
                assert!(tier.capacity(label.chip) > 0, "{id}: {}", label.chip);
            }
            for (sample, segments) in samples.iter().zip(expect["segments"].as_array().unwrap()) {
                assert_eq!(sample.segments(&tier), Some(number(segments)), "{id}");
            }
            Ok(())
        }),
        "custom_key" => custom_verifier(input).and_then(|(verifier, key)| {
            let prepared = proving::Prepared::derive(Extension::from_wasm(&bytes(&input["module"]))?, &verifier)?;
            expect_capacities(id, &expect["capacities"], &key.capacities);
            assert_eq!(expect["circuitDigest"], to_hex(key.circuit), "{id}");
            assert_eq!(expect["keyDigest"], to_hex(key.verifying_key.digest()), "{id}");
            assert_eq!(expect["codeCommitment"], to_hex(prepared.extension().commitment()), "{id}");
            assert_eq!(input["key"], to_hex(key.to_bytes()), "{id}");
            Ok(())
        }),
        "key_file" => CustomKey::from_json(input["text"].as_str().unwrap()).map(|key| {
            assert_eq!(expect["key"], to_hex(key.to_bytes()), "{id}");
            assert_eq!(expect["keyHash"], to_hex(key.digest()), "{id}");
        }),
        kind => (if kind == "custom_verify" { custom_verifier(input).map(|(it, _)| it) } else { verifier() }).and_then(
            |verifier| {
                let extension = Extension::from_wasm(&bytes(&input["module"]))?;
                let prepared = proving::Prepared::derive(extension, &verifier)?;
                let statement = Statement::from_bytes(&from_hex(&input["statement"]))?;
                let proof = proving::Proof::from_bytes(&from_hex(&input["proof"]))?;
                proving::verify(&verifier, &prepared, &statement, &proof)?;
                assert_eq!(expect["statementDigest"], to_hex(statement.digest()), "{id}");
                let sums = fields(&expect["sums"]).unwrap().into_iter().sum::<Fr>();
                assert_eq!(field(&expect["statementSum"]).unwrap() + sums, Fr::from(0u64), "{id}");
                Ok(())
            },
        ),
    };
    match result {
        Ok(()) => assert_eq!(expect["outcome"], "accept", "{id}"),
        Err(rejection) => expect_rejection(id, expect, &rejection),
    }
}

/// `cargo test --release --test vectors -- --ignored published_keys`: the published digests are those of the keys from the
/// published seed. `BLESS=1` writes them instead. 2^20 rows take minutes and gigabytes.
#[test]
#[ignore = "takes minutes: the keys of all tiers"]
fn published_keys_are_those_of_the_seed() {
    let lines = TIERS.iter().map(|tier| {
        let (key, _) = proving::insecure_tier_key(&keys(), tier, &|_| {}).unwrap();
        format!("{} {} {}\n", tier.name, key.shape.digest(), key.verifying_key.digest())
    });
    let (lines, path) = (lines.collect::<String>(), "src/proving/published_keys.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, &lines).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), lines);
}

/// The formats on the protocol: the whole expectation is found again from the case's JSON. Their own tests read them by
/// other ways.
fn run_protocol(id: &str, input: &Value, expect: &Value) {
    let format = vectors::Format::ALL
        .into_iter()
        .filter(|format| id.starts_with(&format.name().replace('_', "-")))
        .max_by_key(|format| format.name().len())
        .unwrap();
    let key = input["verifyingKey"]["blob"].as_str();
    let blobs = key.map(|name| (name.to_string(), bytes(&input["verifyingKey"]))).into_iter().collect();
    let input = vectors::Input::from_json(&vectors::Node::new(id, input), &blobs).unwrap();
    let found = vectors::evaluate(format, &input, &mut vectors::Blobs::new()).unwrap();
    assert_eq!(&found, expect, "{id}");
}

#[test]
fn every_case_holds() {
    let manifest = read_json(&committed().join("MANIFEST.json"));
    let sizes = manifest["files"].as_object().unwrap().values().map(|file| file["size"].as_u64().unwrap());
    let bytes: u64 = sizes.sum();
    assert!(bytes < 20_000_000, "{bytes} bytes of vectors: nobody wants to fetch more");
    for format in FORMATS {
        let run = match format {
            "profile" => run_profile,
            "execution" => run_execution,
            "poseidon" => run_poseidon,
            "proof_system" => run_proof_system,
            "canonical_code" => run_canonical_code,
            "statement" => run_statement,
            "circuit" => run_circuit,
            "proving" => run_proving,
            _ => run_protocol,
        };
        let mut counts: BTreeMap<&str, usize> = files(format).into_iter().map(|name| (name, 0)).collect();
        for (file, case) in cases(format) {
            run(case["id"].as_str().unwrap(), &case["input"], &case["expect"]);
            *counts.get_mut(file).unwrap() += 1;
        }
        println!("{format}: {counts:?}");
        for (file, count) in counts {
            assert_ne!(count, 0, "{format}/{file}.json has no case");
            assert_eq!(manifest["files"][format!("v1/{format}/{file}.json")]["cases"], count);
        }
    }
}

#[test]
fn every_file_fits_its_schema() {
    for format in FORMATS {
        let validator = validator(format);
        for name in files(format) {
            let path = committed().join(format!("v1/{format}/{name}.json"));
            let errors: Vec<String> = validator
                .iter_errors(&read_json(&path))
                .map(|error| format!("{}: {}", error.instance_path(), abridged(&error.to_string())))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        }
    }
}

fn validator(format: &str) -> jsonschema::Validator {
    let schema = read_json(&committed().join(format!("schema/v1/{format}.schema.json")));
    jsonschema::validator_for(&schema).unwrap()
}

fn abridged(text: &str) -> String {
    text.chars().take(300).collect()
}

/// What is done to a good file, and how.
type Change = (&'static str, fn(&mut Value));

/// Each schema refuses a file that differs from a good one in a single way.
#[test]
fn schemas_are_strict() {
    for format in FORMATS {
        let validator = validator(format);
        let good = |name: &str| {
            let mut file = read_json(&committed().join(format!("v1/{format}/{name}.json")));
            file["cases"].as_array_mut().unwrap().truncate(1);
            assert!(validator.is_valid(&file));
            file
        };
        let damages: [Change; 9] = [
            ("another field in the file", |file| file["more"] = 0.into()),
            ("another field in the case", |file| file["cases"][0]["more"] = 0.into()),
            ("another field in the input", |file| file["cases"][0]["input"]["more"] = 0.into()),
            ("another field in the expectation", |file| file["cases"][0]["expect"]["more"] = 0.into()),
            ("no requirements", |file| file["cases"][0]["requirements"] = Value::Array(Vec::new())),
            ("a wrong rule id", |file| file["cases"][0]["requirements"][0] = "PROFILE-1".into()),
            ("another outcome", |file| file["cases"][0]["expect"]["outcome"] = "acceptable".into()),
            ("upper-case hex", |file| file["cases"][0]["input"]["module"] = "0xAB".into()),
            ("no expectation", |file| drop(file["cases"][0].as_object_mut().unwrap().remove("expect"))),
        ];
        for (name, damage) in damages {
            let mut file = good("accept");
            damage(&mut file);
            assert!(!validator.is_valid(&file), "{format}: {name}");
        }
        // A format whose answers include errors refuses nothing.
        let Some(refused) = files(format).into_iter().find(|name| *name != "accept") else { continue };
        for field in ["derivedFrom", "mutation"] {
            let mut file = good(refused);
            file["cases"][0].as_object_mut().unwrap().remove(field);
            assert!(!validator.is_valid(&file), "{format}: a rejected case without {field}");
        }
    }
}

#[test]
fn ids_are_unique_and_origins_exist() {
    let all: Vec<_> = FORMATS.into_iter().flat_map(cases).collect();
    let id = |case: &Value| case["id"].as_str().unwrap().to_string();
    let ids: BTreeSet<String> = all.iter().map(|(_, case)| id(case)).collect();
    assert_eq!(ids.len(), all.len());
    let accepted: BTreeSet<String> =
        all.iter().filter(|(file, _)| *file == "accept").map(|(_, case)| id(case)).collect();
    for (file, case) in &all {
        let outcome = case["expect"]["outcome"].as_str().unwrap();
        assert_eq!(*file == "accept", ["accept", "accepted"].contains(&outcome), "{}", id(case));
        match case["derivedFrom"].as_str() {
            Some(origin) => assert!(accepted.contains(origin), "{} derives from {origin}", id(case)),
            None => assert_eq!(*file, "accept", "{} is derived from nothing", id(case)),
        }
    }
}

/// A case that differs from its origin in nothing, or two cases that are equal, test nothing.
#[test]
fn no_two_cases_of_a_format_have_the_same_input() {
    for format in FORMATS {
        let mut seen = BTreeMap::new();
        for (_, case) in cases(format) {
            let id = case["id"].to_string();
            if let Some(other) = seen.insert(case["input"].to_string(), id.clone()) {
                panic!("{id} and {other} have the same input");
            }
        }
    }
}

fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vectors").join(name);
    let _ = fs::remove_dir_all(&path);
    path
}

fn build(target: &Path) -> vectors::Summary {
    vectors::build(target, &keys(), &|_, _, _| ()).unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

/// Where tests cache keys and proofs.
fn keys() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys")
}

fn faults(target: &Path) -> Vec<String> {
    let report = vectors::check(target, &|_, _, _| ()).unwrap();
    report.faults.iter().map(ToString::to_string).collect()
}

/// `BLESS=1` writes the vectors instead.
#[test]
fn building_gives_the_committed_bytes() {
    if std::env::var_os("BLESS").is_some() {
        build(&committed());
    }
    assert_eq!(faults(&committed()), Vec::<String>::new(), "run `cargo run --release`, or this test with BLESS=1");
}

#[test]
fn building_says_what_changed() {
    let target = copy("changed");
    let missing = target.join("v1/poseidon/accept.json");
    fs::remove_file(&missing).unwrap();
    let path = target.join("v1/profile/accept.json");
    let text = fs::read_to_string(&path).unwrap();
    let text =
        text.replacen("\"profile-minimal\"", "\"profile-old\"", 1).replacen("of the extension sort", "of sort", 1);
    fs::write(&path, text).unwrap();
    fs::write(target.join("v1/blobs/0000.wasm"), "left over").unwrap();
    // What is no vector is somebody's: the directory may be another one than was meant.
    fs::write(target.join("notes"), "to keep").unwrap();
    let summary = build(&target);
    assert!(!summary.is_unchanged());
    assert!(vectors::Summary { files: vec![], written: vec![], removed: vec![] }.is_unchanged());
    for file in &summary.files {
        let changes = [&file.added, &file.removed, &file.changed];
        match file.path.as_str() {
            "v1/poseidon/accept.json" => assert_eq!(changes.map(Vec::len), [file.cases, 0, 0]),
            "v1/profile/accept.json" => {
                assert_eq!(file.added, ["profile-minimal"]);
                assert_eq!(file.removed, ["profile-old"]);
                assert_eq!(file.changed, ["profile-sort"]);
            }
            path => assert!(changes.map(Vec::len) == [0; 3] && !file.rewritten, "{path}"),
        }
    }
    assert_eq!((summary.written, summary.removed), (vec![], vec!["v1/blobs/0000.wasm".to_string()]));
    assert_eq!(fs::read_to_string(target.join("notes")).unwrap(), "to keep");
    for file in ["v1/poseidon/accept.json", "v1/profile/accept.json"] {
        assert_eq!(fs::read(target.join(file)).unwrap(), fs::read(committed().join(file)).unwrap(), "{file}");
    }
}

/// A copy of the committed vectors.
fn copy(name: &str) -> PathBuf {
    let target = scratch(name);
    let mut pending = vec![PathBuf::new()];
    while let Some(directory) = pending.pop() {
        fs::create_dir_all(target.join(&directory)).unwrap();
        for entry in fs::read_dir(committed().join(&directory)).unwrap().map(|entry| entry.unwrap()) {
            let path = directory.join(entry.file_name());
            if entry.path().is_dir() {
                pending.push(path);
            } else {
                fs::copy(entry.path(), target.join(path)).unwrap();
            }
        }
    }
    target
}

/// A change of one file: its path, a text in it, what takes the text's place, and the beginning of the fault expected.
type Damage = (&'static str, &'static str, &'static str, &'static str);

/// Damage that leaves the rest of the suite readable.
const CHANGED_VALUES: [Damage; 5] = [
    (
        "MANIFEST.json",
        "\"size\": ",
        "\"size\": 1",
        "MANIFEST.json.files.schema/v1/canonical_code.schema.json.size: the file has",
    ),
    (
        "schema/v1/profile.schema.json",
        "\"title\": \"M",
        "\"title\": \"m",
        "MANIFEST.json.files.schema/v1/profile.schema.json.sha256: the file's digest is",
    ),
    (
        "v1/profile/accept.json",
        "\"codeHash\": \"0x",
        "\"codeHash\": \"0x0",
        "v1/profile/accept.json: profile-minimal.expect.codeHash: expected \"0x0",
    ),
    (
        "v1/profile/reject.json",
        "\"reasons\": [\"malformed_module\"]",
        "\"reasons\": [\"other\"]",
        "v1/profile/reject.json: profile-empty.expect.reasons[0]: expected \"other\", found \"malformed_module\"",
    ),
    (
        "v1/execution/accept.json",
        "\"outcome\": \"accepted\"",
        "\"outcome\": \"rejected\"",
        "v1/execution/accept.json: execution-minimal.expect.outcome: expected \"rejected\", found \"accepted\"",
    ),
];

/// Damage that makes a file unreadable.
const BROKEN_FILES: [Damage; 3] = [
    ("v1/poseidon/accept.json", "\"cases\": [", "\"cases\": ", "v1/poseidon/accept.json: "),
    ("v1/statement/accept.json", "\"version\": \"1", "\"version\": \"2", "v1/statement/accept.json.version: is not 1"),
    ("v1/statement/reject.json", "\"id\": ", "\"Id\": ", "v1/statement/reject.json.cases[0]: field `id` is missing"),
];

fn damage(target: &Path, damages: &[Damage]) {
    for (file, text, replacement, _) in damages {
        let path = target.join(file);
        let good = fs::read_to_string(&path).unwrap();
        assert!(good.contains(text), "{file} has no {text}");
        fs::write(&path, good.replacen(text, replacement, 1)).unwrap();
    }
}

fn expect_faults(found: &[String], damages: &[Damage]) {
    for (file, _, _, expected) in damages {
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "{expected}: {found:#?}");
        let line = format!("{file}:");
        let differs = |fault: &String| fault.starts_with(&line) && fault.contains("differs from what is built");
        assert!(found.iter().any(differs), "{line} {found:#?}");
    }
}

/// Each damage is found, at its place.
#[test]
fn damage_is_found() {
    let target = copy("damaged");
    damage(&target, &CHANGED_VALUES);
    damage(&target, &BROKEN_FILES);
    let blob = fs::read_dir(target.join("v1/blobs")).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(&blob).unwrap();
    fs::write(target.join("v1/stray"), "").unwrap();
    let found = faults(&target);
    expect_faults(&found, &CHANGED_VALUES);
    expect_faults(&found, &BROKEN_FILES);
    for expected in [
        format!("MANIFEST.json.files.v1/blobs/{}: the file is missing", blob.file_name().unwrap().to_str().unwrap()),
        "v1/stray: the file is not in the manifest".into(),
        "v1/stray: no case names this file".into(),
    ] {
        assert!(found.contains(&expected), "{expected}: {found:#?}");
    }

    // Of what the manifest is to list nothing is said without it.
    let target = copy("unlisted");
    let unlisted = ("MANIFEST.json", "\"version\": ", "\"release\": ", "");
    damage(&target, &[unlisted]);
    assert_eq!(faults(&target), ["MANIFEST.json: unknown field `release`"]);
    fs::remove_file(target.join("MANIFEST.json")).unwrap();
    assert_eq!(faults(&target), ["MANIFEST.json: the file is missing"]);

    let found = faults(&scratch("nothing"));
    assert!(matches!(&found[..], [fault] if fault.ends_with("there are no vectors")), "{found:#?}");
}

/// Whatever a file holds, reading it ends in cases or in a fault with its place.
#[test]
fn arbitrary_files_are_no_panic() {
    for text in
        ["", "{}", "[]", "null", "{\"cases\": 7, \"format\": \"profile\", \"version\": \"1.0.0\"}", "\"\\ud800\""]
    {
        assert!(vectors::parse("file", text.as_bytes()).unwrap_err().place.starts_with("file"));
    }
    let good = fs::read_to_string(committed().join("v1/execution/accept.json")).unwrap();
    assert!(!vectors::parse("file", good.as_bytes()).unwrap().1.is_empty());
    for end in (0..good.len() - 2).step_by(997) {
        assert!(vectors::parse("file", &good.as_bytes()[..end]).is_err());
    }
}

/// A small file may describe large bytes, but not so many that reading them exhausts the memory.
#[test]
fn patterns_have_a_limit() {
    let huge = json!({"parts": [{"repeat": "0x00", "times": u32::MAX}], "sha256": "", "size": u32::MAX});
    let case = json!({
        "id": "profile-huge", "description": "Huge.", "requirements": [],
        "input": {"module": huge}, "expect": {"outcome": "accept"},
    });
    let file = json!({"format": "profile", "version": vectors::VERSION, "cases": [case]});
    let (_, cases) = vectors::parse("file", file.to_string().as_bytes()).unwrap();
    let fault = cases[0].input(&vectors::Blobs::new()).unwrap_err();
    assert_eq!(fault.to_string(), "file: profile-huge.input.module.parts[0]: the bytes grow beyond 12582912");
}

/// The fault of a single case of a format with this input.
fn fault_of(format: &str, id: &str, input: Value) -> String {
    let case = json!({
        "id": id, "description": "A case.", "requirements": [], "input": input, "expect": {"outcome": "accept"},
    });
    let file = json!({"format": format, "version": vectors::VERSION, "cases": [case]});
    let (format, cases) = vectors::parse("file", file.to_string().as_bytes()).unwrap();
    let input = cases[0].input(&vectors::Blobs::new()).unwrap();
    vectors::evaluate(format, &input, &mut vectors::Blobs::new()).unwrap_err().to_string()
}

/// Nor may a small file order much work: a setup of any size, or any number of permutations.
#[test]
fn work_has_a_limit() {
    let prove = |length: usize, segments: usize| {
        let vector = vec![to_hex([0; 32]); length];
        json!({
            "kind": "prove", "seed": to_hex([0; 32]), "setupSeed": to_hex([0; 32]), "statement": "0x", "tier": 0,
            "weights": vector, "segments": vec![json!({"left": vector, "right": vector}); segments],
        })
    };
    let validator = validator("proof_system");
    let mut file = read_json(&committed().join("v1/proof_system/accept.json"));
    file["cases"].as_array_mut().unwrap().retain(|case| case["input"]["kind"] == "prove");
    let mut fits = |input: Value| {
        file["cases"][0]["input"] = input;
        validator.is_valid(&file)
    };
    assert!(fits(prove(64, 16)));
    for (length, segments, expected) in [
        (65, 1, "input.weights: has 65 items, more than 64"),
        (1, 17, "input.segments: has 17 items, more than 16"),
        (0, 1, "input.weights: is empty"),
        (1, 0, "input.segments: is empty"),
    ] {
        assert_eq!(fault_of("proof_system", "proof-system-prove", prove(length, segments)), expected);
        assert!(!fits(prove(length, segments)), "{expected}");
    }
    let elements = to_hex([0; 129 * 32]);
    let fault = fault_of("poseidon", "poseidon-long", json!({"elements": elements, "domain": "0x1"}));
    assert_eq!(fault, "input.elements: has 4128 bytes, more than 4096");
}
