//! Cases of custom mode: keys of single extensions and proofs under them. Who runs the setup of such a key can forge; that of
//! these is published, so everybody can.

use super::{Origin, Proven, Subject, divider, faulty_files, multiplier, tier_input, words};
use crate::circuit::entry::Kind;
use crate::circuit::{MAX_CUSTOM_ROWS, TIERS, Tier, fit};
use crate::host_interface::Inputs;
use crate::notation::{B256, Outcome, Reject, keccak256};
use crate::proof_system::{self, CacheError, VerifyingKey};
use crate::proving::{CUSTOM_TIER, CustomKey, Extension, Proof, ProofFile, insecure_custom_key, needs};
use crate::statement::Statement;
use crate::vectors::json::hex;
use crate::vectors::{Case, case, extensions};
use ark_bn254::G1Affine;
use ark_ec::AffineRepr;
use ark_ff::Field;
use serde_json::{Value, json};
use std::path::Path;

/// The keys, by the names of their accepted cases.
pub(super) const KEYS: [&str; 4] = ["divider", "fibonacci", "traps", "fee-rule"];

/// The module of a key, and the sample executions to which its capacities are fitted: inputs and witness inputs.
fn origin(name: &str) -> (Vec<u8>, Vec<[Vec<u8>; 2]>) {
    let extension = |name: &str, inputs: &[Vec<u8>]| {
        (extensions::wasm(name).to_vec(), inputs.iter().map(|input| [input.clone(), Vec::new()]).collect())
    };
    match name {
        "divider" => (divider(), vec![[words(&[5, 0]), words(&[35])], [words(&[5, 3]), words(&[35])]]),
        "traps" => extension("traps", &[0x00, 0x01, 0x04, 0x06, 0x15].map(|selector| vec![selector])),
        "fee-rule" => extension("fee_rule", &[no_blocks()]),
        _ => extension("fibonacci", &[words(&[40])]),
    }
}

/// The input of the extension's case `no_blocks`: base fee, gas limit, number of blocks, and the gas that they use.
fn no_blocks() -> Vec<u8> {
    words(&[1_000_000_000, 30_000_000, 0, 0])
}

/// The key of this name, from the directory of cached keys or made and put there.
///
/// # Panics
/// If there is no such circuit: module and samples are constants of this crate.
pub(super) fn make(cache: &Path, name: &str) -> Result<(proof_system::ProvingKey, CustomKey), CacheError> {
    let (module, samples) = origin(name);
    let extension = Extension::from_wasm(&module).expect("the case's module can be lowered");
    let needs = samples.into_iter().map(|[input, witness]| {
        let inputs = Inputs { input, witness, ..Inputs::default() };
        needs(&extension, &inputs, 1_000).expect("the case's inputs are in range")
    });
    let capacities = fit(extension.code(), &needs.collect::<Vec<_>>()).expect("the program is small");
    let (key, custom, _) = insecure_custom_key(cache, &extension, &capacities, &|_| {})?;
    Ok((key, custom))
}

/// What is proven under custom keys.
pub(super) fn subjects() -> Vec<Subject> {
    let divided = |name, divisor: u64, status: u64| Subject {
        name,
        module: divider(),
        input: words(&[divisor, status]),
        witness: words(&[35]),
        cycle_limit: 1_000,
        segments: 1,
        foreign: None,
        custom: Some("divider"),
    };
    vec![
        divided("custom-accepted", 5, 0),
        divided("custom-rejected", 5, 3),
        divided("custom-trapped", 0, 0),
        Subject {
            module: extensions::wasm("fibonacci").to_vec(),
            input: words(&[150]),
            witness: Vec::new(),
            segments: 2,
            custom: Some("fibonacci"),
            ..divided("custom-two-segments", 5, 0)
        },
        Subject {
            module: extensions::wasm("traps").to_vec(),
            input: vec![0x0e],
            witness: Vec::new(),
            custom: Some("traps"),
            ..divided("custom-traps", 0, 0)
        },
        Subject {
            module: extensions::wasm("fee_rule").to_vec(),
            input: no_blocks(),
            witness: Vec::new(),
            custom: Some("fee-rule"),
            ..divided("custom-fee-rule", 0, 0)
        },
    ]
}

/// The cases, each refused one after the accepted ones.
pub(super) fn cases(proven: &Proven) -> Vec<Case> {
    [fitted(), keys(proven), verified(proven), changed(proven), files(proven)].concat()
}

fn fitted() -> Vec<Case> {
    let fit = |name: &str, description: &str, module: &[u8], samples: &[[Vec<u8>; 2]]| {
        let samples = samples.iter().map(|[input, witness]| json!({"input": hex(input), "witness": hex(witness)}));
        let samples: Vec<Value> = samples.collect();
        let rules = ["PROVE-016", "CIRCUIT-019", "CIRCUIT-020"];
        case(&format!("proving-fit-{name}"), description, rules)
            .object(json!({"kind": "fit", "module": hex(module), "samples": samples}))
            .accept()
    };
    let none: [[Vec<u8>; 2]; 0] = [];
    let [(divider, two), (fibonacci, one)] = ["divider", "fibonacci"].map(origin);
    let traps = extensions::wasm("traps");
    let selectors = [0x00u8, 0x04, 0x15].map(|selector| [vec![selector], Vec::new()]);
    vec![
        fit("divider", "A program with a witness input, and two samples.", &divider, &two),
        fit("divider-without-samples", "The fewest rows: one of each class of the code.", &divider, &none),
        fit("fibonacci", "A program without loads, stores, divisions and image.", &fibonacci, &one),
        fit(
            "fibonacci-longer",
            "A longer sample, and rows for a larger power of two.",
            &fibonacci,
            &[[words(&[300]), Vec::new()]],
        ),
        fit(
            "traps",
            "A program of all classes; each chip has the rows of the sample that needs most of it.",
            traps,
            &selectors,
        ),
    ]
}

fn stored(proven: &Proven, name: &str) -> Vec<u8> {
    proven.custom_keys.get(name).cloned().unwrap_or_default()
}

fn key_input(module: &[u8], key: &[u8]) -> Value {
    json!({"kind": "custom_key", "module": hex(module), "key": hex(key), "keyHash": hex(keccak256(key))})
}

fn keys(proven: &Proven) -> Vec<Case> {
    let accepted = KEYS.map(|name| {
        let description = format!("The custom key of the module {name}, from the published seed.");
        let rules = ["PROVE-012", "PROVE-013", "PROVE-014", "CIRCUIT-019"];
        case(&format!("proving-custom-key-{name}"), &description, rules)
            .object(key_input(&origin(name).0, &stored(proven, name)))
            .accept()
    });
    let mut cases = accepted.to_vec();
    let bytes = stored(proven, "divider");
    let Ok(key) = CustomKey::from_bytes(&bytes) else { return cases };
    let id = "proving-custom-key-divider";
    let mut refuse = |name: &str, description: &str, rule: &str, mutation: &str, reason, input: Value| {
        cases.push(
            case(&format!("{id}-{name}"), description, [rule]).object(input).derived_from(id, mutation).reject(reason),
        );
    };

    let with = |offset: usize, part: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[offset..offset + part.len()].copy_from_slice(part);
        key_input(&divider(), &bytes)
    };
    let strict = "There is one encoding of a key, whose hash is registered.";
    let length = Reject::ProofLengthMismatch;
    let malformed = Reject::KeyMalformed;
    refuse("empty", strict, "PROVE-012", "remove all bytes", length, key_input(&divider(), &[]));
    refuse(
        "short",
        strict,
        "PROVE-012",
        "remove the last byte",
        length,
        key_input(&divider(), &bytes[..bytes.len() - 1]),
    );
    refuse(
        "long",
        strict,
        "PROVE-012",
        "append a zero byte",
        length,
        key_input(&divider(), &[&bytes[..], &[0]].concat()),
    );
    refuse("magic", strict, "PROVE-012", "change the first byte", malformed, with(0, b"n"));
    refuse("version", strict, "PROVE-012", "raise the version by 1", malformed, with(7, &[2]));
    let large = (MAX_CUSTOM_ROWS as u32).to_be_bytes();
    let rows = "A circuit that nobody would write down is refused before anybody does.";
    refuse("too-large", rows, "PROVE-012", "set the rows of `add` to 1048576", malformed, with(16, &large));
    let largest = u32::MAX.to_be_bytes();
    refuse("largest", rows, "PROVE-012", "set the rows of `add` to the largest number", malformed, with(16, &largest));
    let universal = CustomKey {
        verifying_key: VerifyingKey { constants: 1, public: 2, bases: more_bases(&key), ..key.verifying_key.clone() },
        ..key.clone()
    };
    refuse(
        "constants",
        "A circuit of one program has no constants among its inputs.",
        "PROVE-012",
        "add a constant and a base to the verifying key",
        malformed,
        key_input(&divider(), &universal.to_bytes()),
    );

    let mut other = key_input(&divider(), &bytes);
    other["keyHash"] = hex(keccak256(b"another key")).into();
    let registered = "A key is the one that is registered.";
    refuse("not-registered", registered, "PROVE-013", "register another key hash", Reject::OtherKey, other);
    let mut other = key_input(&divider(), &stored(proven, "fibonacci"));
    other["keyHash"] = hex(keccak256(&bytes)).into();
    refuse("other", registered, "PROVE-013", "use the key of the module fibonacci", Reject::OtherKey, other);

    let change = |change: &dyn Fn(&mut CustomKey)| {
        let mut key = key.clone();
        change(&mut key);
        key_input(&divider(), &key.to_bytes())
    };
    let set = |kind: Kind, rows: fn(usize) -> usize| {
        change(&|key| {
            let capacity = &mut key.capacities.rows[kind as usize - 1];
            *capacity = rows(*capacity);
        })
    };
    let unsuited = Reject::CapacitiesUnsuited;
    let suits = "The capacities are those of a circuit in which every execution of the program can be proven.";
    let mut unsuited = |name: &str, mutation: &str, input| refuse(name, suits, "PROVE-014", mutation, unsuited, input);
    unsuited("words", "raise the number of words by 1", change(&|key| key.capacities.code_words += 1));
    unsuited("cells", "raise the number of image cells by 1", change(&|key| key.capacities.image_cells += 1));
    unsuited("no-row", "set the rows of `divide` to 0", set(Kind::Divide, |_| 0));
    unsuited("superfluous-row", "set the rows of `multiply`, which the code has not, to 1", set(Kind::Multiply, |_| 1));
    unsuited("no-refresh", "set the rows of `refresh` to 0", change(&|key| key.capacities.refreshes = 0));
    unsuited("no-audit", "set the rows of `audit` to 0", change(&|key| key.capacities.audits = 0));
    unsuited("no-witness", "set the rows of `witness` to 0", change(&|key| key.capacities.witness_words = 0));
    unsuited("module", "use the module fibonacci", key_input(extensions::wasm("fibonacci"), &bytes));
    let circuit = "The circuit is that of the module and the capacities.";
    let mut other = |name: &str, mutation: &str, input| {
        refuse(name, circuit, "PROVE-014", mutation, Reject::OtherCircuit, input);
    };
    other("rows", "raise the rows of `divide` by 1", set(Kind::Divide, |rows| rows + 1));
    other("audits", "lower the rows of `audit` by 1", change(&|key| key.capacities.audits -= 1));
    other("circuit", "change a bit of the circuit digest", change(&|key| key.circuit.0[31] ^= 1));
    // The least change of a program that keeps all capacities.
    let changed = crate::vectors::wat(&super::DIVIDER.replace("(i32.const 8)", "(i32.const 7)"));
    other("program", "use a module with another constant", key_input(&changed, &bytes));
    cases
}

/// The bases of a key and one more that is none of them.
fn more_bases(key: &CustomKey) -> Vec<G1Affine> {
    let mut bases = key.verifying_key.bases.clone();
    bases.push((bases[0] + G1Affine::generator()).into());
    bases
}

pub(super) fn verify_input(proven: &Proven, name: &str, module: &[u8], statement: &Statement, proof: &Proof) -> Value {
    let mut input = key_input(module, &stored(proven, name));
    input["kind"] = "custom_verify".into();
    input["statement"] = hex(statement.to_bytes()).into();
    input["proof"] = hex(proof.to_bytes()).into();
    input
}

fn verified(proven: &Proven) -> Vec<Case> {
    let mut cases = Vec::new();
    for subject in subjects() {
        let description = match subject.name {
            "custom-accepted" => "An accepted execution with a private witness input, under the key of its extension.",
            "custom-rejected" => "An execution that its extension rejects.",
            "custom-trapped" => "A trap that no sample had.",
            "custom-traps" => "An indirect call beyond the table, in an extension of all classes; no sample had one.",
            "custom-fee-rule" => "An extension that a compiler made of a high-level language; the sample itself.",
            _ => "An execution of two segments, with fewer cycles in the sample.",
        };
        let (module, statement) = (subject.module.clone(), subject.statement());
        // Without a proof there is a case all the same: it says that one is missing.
        let proof = Proof::from_bytes(&proven.proof(subject.name)).unwrap_or(Proof { tier: 0, segments: Vec::new() });
        let rules = ["PROVE-001", "PROVE-009", "PROVE-013", "PROVE-014", "PROVE-015", "CIRCUIT-019"];
        cases.push(
            case(&subject.id(), description, rules)
                .object(verify_input(proven, subject.custom.unwrap_or_default(), &module, &statement, &proof))
                .accept(),
        );
    }
    cases
}

/// Cases with one fault each.
fn changed(proven: &Proven) -> Vec<Case> {
    let origins =
        ["custom-accepted", "custom-two-segments", "accepted", "two-segments"].map(|name| Origin::of(proven, name));
    let [Some(accepted), Some(two), Some(universal), Some(universal_two)] = origins else { return Vec::new() };
    let (sum, invalid, tier) = (Reject::SumMismatch, Reject::ProofInvalid, Reject::TierMismatch);
    let mut cases = vec![
        accepted.statement("tier", "set the statement's tier to 0", tier, |it| it.tier = 0),
        accepted.statement(
            "code-commitment",
            "change a byte of the code commitment",
            Reject::CodeCommitmentMismatch,
            |it| {
                it.code_commitment.0[31] ^= 1;
            },
        ),
        accepted.statement("chain-id", "raise the chain id by 1", sum, |it| it.chain_id += 1),
        accepted.statement("extension-id", "change a byte of the extension id", sum, |it| it.extension_id.0[31] ^= 1),
        accepted.statement("input", "change a byte of the input", sum, |it| it.input[0] ^= 1),
        accepted.statement("outcome", "state a rejection with the code 1, and the old state", sum, |it| {
            it.outcome = Outcome::Rejected(1);
            it.post_state_root = it.context.pre_state_root();
        }),
        accepted.statement("output", "change a byte of the output", sum, |it| it.output[0] ^= 1),
        accepted.statement("post-state-root", "change a byte of the post-state root", sum, |it| {
            it.post_state_root = B256::ZERO
        }),
        accepted.statement("cycles", "raise the cycles by 1", sum, |it| it.cycles += 1),
        accepted.statement("prover", "change a byte of the prover's address", sum, |it| it.prover.0[19] ^= 1),
        accepted.proof("proof-tier", "set the proof's tier to 0", tier, |it| it.tier = 0),
        accepted.proof("sum", "raise the sum by 1", sum, |it| it.segments[0].sum += ark_bn254::Fr::ONE),
        accepted.proof("c", "add the generator to C", invalid, |it| {
            it.segments[0].proof.c = (it.segments[0].proof.c + G1Affine::generator()).into();
        }),
        two.proof("swapped", "exchange the segments", sum, |it| it.segments.swap(0, 1)),
        two.proof("dropped", "drop the last segment", Reject::SegmentCountMismatch, |it| {
            it.segments.pop();
        }),
    ];
    let mut refuse = |of: &Origin, name: &str, description: &str, rule: &str, mutation: &str, reason, input: Value| {
        cases.push(of.case(name, description, &[rule], mutation, reason, input));
    };

    // The other mode: as it is, and with the tiers of this one.
    let mode = "A proof under the key of a tier is none under a custom key.";
    let custom = |it: &Origin| {
        let (statement, proof) = (it.statement.clone(), it.proof.clone());
        (Statement { tier: CUSTOM_TIER, ..statement }, Proof { tier: CUSTOM_TIER, ..proof })
    };
    let with = |of: &Origin, statement: &Statement, proof: &Proof| of.input(statement, proof);
    refuse(
        &accepted,
        "universal",
        mode,
        "PROVE-015",
        "use statement and proof of the same execution under the key of the smallest tier",
        tier,
        with(&accepted, &universal.statement, &universal.proof),
    );
    let (statement, proof) = custom(&universal);
    refuse(
        &accepted,
        "universal-relabelled",
        mode,
        "PROVE-009",
        "use statement and proof under the key of the smallest tier, with the tier of custom keys in both",
        sum,
        with(&accepted, &statement, &proof),
    );
    let (statement, proof) = custom(&universal_two);
    refuse(
        &two,
        "universal-relabelled",
        mode,
        "PROVE-009",
        "use statement and proof under the key of the smallest tier, with the tier of custom keys in both",
        sum,
        with(&two, &statement, &proof),
    );
    let under_universal = |statement: &Statement, proof: &Proof| {
        let mut input = tier_input("verify", proven, 0);
        input["module"] = hex(divider()).into();
        input["statement"] = hex(statement.to_bytes()).into();
        input["proof"] = hex(proof.to_bytes()).into();
        input
    };
    let reverse = "A proof under a custom key is none under the key of a tier.";
    refuse(
        &accepted,
        "under-universal-key",
        reverse,
        "PROVE-015",
        "verify with the key of the smallest tier",
        tier,
        under_universal(&accepted.statement, &accepted.proof),
    );
    refuse(
        &accepted,
        "under-universal-key-relabelled",
        reverse,
        "PROVE-009",
        "verify with the key of the smallest tier, with its tier in statement and proof",
        sum,
        under_universal(
            &Statement { tier: 0, ..accepted.statement.clone() },
            &Proof { tier: 0, ..accepted.proof.clone() },
        ),
    );

    // Another key, and another program.
    let mut other = accepted.input(&accepted.statement, &accepted.proof);
    let fibonacci = stored(proven, "fibonacci");
    (other["key"], other["keyHash"]) = (hex(&fibonacci).into(), hex(keccak256(&fibonacci)).into());
    let of_key = "A proof is for the key of its extension.";
    refuse(
        &accepted,
        "other-key",
        of_key,
        "PROVE-014",
        "use the key of the module fibonacci and register it",
        Reject::CapacitiesUnsuited,
        other.clone(),
    );
    other["module"] = hex(extensions::wasm("fibonacci")).into();
    refuse(
        &accepted,
        "other-extension",
        of_key,
        "PROVE-007",
        "use the module fibonacci with its key",
        Reject::CodeCommitmentMismatch,
        other,
    );
    let mut other = accepted.input(&accepted.statement, &accepted.proof);
    other["keyHash"] = hex(keccak256(b"another key")).into();
    refuse(&accepted, "not-registered", of_key, "PROVE-013", "register another key hash", Reject::OtherKey, other);
    let mut other = accepted.input(&accepted.statement, &accepted.proof);
    other["module"] = hex(multiplier()).into();
    refuse(
        &accepted,
        "other-module",
        of_key,
        "PROVE-014",
        "use a module that multiplies instead of dividing",
        Reject::CapacitiesUnsuited,
        other,
    );
    if let Ok(mut key) = CustomKey::from_bytes(&stored(proven, "divider")) {
        key.capacities = Tier { audits: key.capacities.audits + 1, ..key.capacities };
        let mut other = accepted.input(&accepted.statement, &accepted.proof);
        (other["key"], other["keyHash"]) = (hex(key.to_bytes()).into(), hex(key.digest()).into());
        refuse(
            &accepted,
            "other-capacities",
            of_key,
            "PROVE-014",
            "publish the key with one more row of `audit`",
            Reject::OtherCircuit,
            other,
        );
    }
    cases
}

fn files(proven: &Proven) -> Vec<Case> {
    let mut cases = Vec::new();
    let Ok(key) = CustomKey::from_bytes(&stored(proven, "divider")) else { return cases };
    let (Some(accepted), Some(universal)) = (Origin::of(proven, "custom-accepted"), Origin::of(proven, "accepted"))
    else {
        return cases;
    };
    let text = key.to_json();
    let file = |text: &str| json!({"kind": "key_file", "text": text});
    let id = "proving-key-file-divider";
    cases.push(case(id, "A file of a custom key.", ["PROVE-017"]).object(file(&text)).accept());
    let mut refuse = |name: &str, mutation: &str, reason, text: String| {
        cases.push(
            case(&format!("{id}-{name}"), "A key file is read strictly.", ["PROVE-017"])
                .object(file(&text))
                .derived_from(id, mutation)
                .reject(reason),
        );
    };
    let malformed = Reject::KeyFileMalformed;
    let swap = |from: &str, to: &str| text.replacen(from, to, 1);
    for (name, mutation, text) in faulty_files(&text) {
        refuse(name, mutation, malformed, text);
    }
    refuse("warning", "change the warning", malformed, swap("can forge", "cannot forge"));
    refuse("prefix", "remove the `0x` of the key", malformed, swap("\"key\": \"0x", "\"key\": \""));
    refuse("hash", "lengthen the key hash by a byte", malformed, swap("\"keyHash\": \"0x", "\"keyHash\": \"0x00"));
    let other = swap(&hex(key.digest()), &hex(keccak256(b"another key")));
    refuse("other-hash", "use another key hash", Reject::OtherKey, other);

    let file = |text: &str| json!({"kind": "file", "text": text});
    let proof = |of: &Origin| ProofFile { statement: of.statement.clone(), proof: of.proof.clone() }.to_json();
    let (text, id) = (proof(&accepted), "proving-file-custom");
    cases.push(case(id, "A file of a proof under a custom key.", ["PROVE-010"]).object(file(&text)).accept());
    let warning = text.lines().find(|line| line.contains("\"warning\"")).unwrap_or_default();
    let mut refuse = |name: &str, origin: &str, mutation: &str, reason, text: String| {
        cases.push(
            case(&format!("{id}-{name}"), "Who can forge stands beside the proof.", ["PROVE-010"])
                .object(file(&text))
                .derived_from(origin, mutation)
                .reject(reason),
        );
    };
    let malformed = Reject::ProofFileMalformed;
    refuse("unwarned", id, "remove the warning", malformed, text.replacen(&format!("{warning}\n"), "", 1));
    refuse("warning", id, "change the warning", malformed, text.replacen("can forge", "cannot forge", 1));
    let tier = text.replacen("\"tier\": \"custom\"", &format!("\"tier\": \"{}\"", TIERS[0].name), 1);
    refuse("tier", id, "change the tier's name, and remove the warning", Reject::TierMismatch, {
        tier.replacen(&format!("{warning}\n"), "", 1)
    });
    let universal = proof(&universal);
    let warned = universal.replacen("  \"tier\"", &format!("{warning}\n  \"tier\""), 1);
    refuse("universal-warned", "proving-file-one", "add the warning of custom keys", malformed, warned);
    cases
}
