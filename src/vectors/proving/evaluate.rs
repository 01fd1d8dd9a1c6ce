//! What the verifier finds for the input of a case.

use super::super::bytes::{self, Blobs};
use super::super::evaluate::Stop;
use super::super::json::{Fault, Node, hex};
use crate::circuit::bus::CHALLENGES;
use crate::circuit::entry::Kind;
use crate::circuit::plan::PublicCells;
use crate::circuit::public::{known_sum, known_tuples};
use crate::circuit::{Machine, Needs, Tier, costs, fit};
use crate::host_interface::{Context, Inputs};
use crate::notation::Execution;
use crate::poseidon::element_to_bytes;
use crate::proof_system::{self, Commitment, Shape, Transcript, VerifyingKey, draw, point_to_bytes};
use crate::proving::{
    CUSTOM_TIER, CustomKey, Extension, Prepared, Proof, ProofFile, TierVerifier, Tiers, needs, published, verify,
};
use crate::statement::Statement;
use ark_bn254::Fr;
use serde_json::{Value, json};

/// The largest circuit of a case whose rows are written down: a file of cases is no threat to memory.
const MAX_CASE_ROWS: u64 = 1 << 16;
/// The cycle limit of sample executions.
const SAMPLE_CYCLES: u64 = 100_000;

pub(in super::super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    let bytes = |name: &str| -> Result<Vec<u8>, Fault> { bytes::from_json(&node.field(name)?, &Blobs::new()) };
    let number = || -> Result<u32, Fault> { node.field("tier")?.number() };
    match node.field("kind")?.text()? {
        "published_key" => {
            node.only(&["kind", "tier"])?;
            let tier = Tiers::get(number()?)?;
            let published =
                published(tier).ok_or_else(|| Fault::new("published_keys.txt", format!("has no {}", tier.name)))?;
            accept(json!({"circuitDigest": hex(published.circuit), "keyDigest": hex(published.key)}))
        }
        "key" => {
            node.only(&["kind", "tier", "verifyingKey"])?;
            let verifier = verifier(number()?, &bytes("verifyingKey")?)?;
            let key = verifier.verifier.key();
            accept(json!({
                "keyDigest": hex(key.digest()),
                "counts": [key.constants, key.public, key.challenges, key.late_public],
            }))
        }
        "code_point" => {
            node.only(&["kind", "module", "tier", "verifyingKey"])?;
            let verifier = verifier(number()?, &bytes("verifyingKey")?)?;
            let prepared = Prepared::derive(Extension::from_wasm(&bytes("module")?)?, &verifier)?;
            let key = verifier.verifier.key();
            accept(json!({
                "codeCommitment": hex(prepared.extension().commitment()),
                "keyDigest": hex(key.digest()),
                "codePoint": code_point(key, prepared.extension(), number()?)?,
            }))
        }
        "decode" => {
            node.only(&["kind", "proof"])?;
            let proof = Proof::from_bytes(&bytes("proof")?)?;
            let segments = proof.segments.iter();
            let segments = segments.map(|part| json!({"sum": element(part.sum), "proof": hex(part.proof.to_bytes())}));
            accept(json!({"tier": proof.tier, "segments": segments.collect::<Vec<_>>()}))
        }
        "file" => {
            node.only(&["kind", "text"])?;
            let file = ProofFile::from_json(node.field("text")?.text()?)?;
            accept(json!({"statement": hex(file.statement.to_bytes()), "proof": hex(file.proof.to_bytes())}))
        }
        "verify" => {
            node.only(&["kind", "module", "proof", "statement", "tier", "verifyingKey"])?;
            let number = number()?;
            let verifier = verifier(number, &bytes("verifyingKey")?)?;
            let prepared = Prepared::derive(Extension::from_wasm(&bytes("module")?)?, &verifier)?;
            let statement = Statement::from_bytes(&bytes("statement")?)?;
            let proof = Proof::from_bytes(&bytes("proof")?)?;
            verify(&verifier, &prepared, &statement, &proof)?;
            accept(intermediates(&verifier, &prepared, &statement, &proof)?)
        }
        "fit" => {
            node.only(&["kind", "module", "samples"])?;
            let extension = Extension::from_wasm(&bytes("module")?)?;
            let samples = node.field("samples")?.items()?;
            let samples = samples.iter().map(|node| sample(&extension, node)).collect::<Result<Vec<Needs>, Stop>>()?;
            let tier = fit(extension.code(), &samples)
                .ok_or_else(|| Fault::new("input.module", "is too large for a circuit of its own"))?;
            let circuit = Shape::of(&Machine::custom(written_down(&tier)?, extension.program()));
            accept(json!({
                "capacities": capacities(&tier),
                "rows": circuit.rows(),
                "circuitDigest": hex(circuit.digest()),
                "segments": samples.iter().map(|needs| needs.segments(&tier).unwrap_or_default()).collect::<Vec<_>>(),
            }))
        }
        "custom_key" => {
            node.only(&["key", "keyHash", "kind", "module"])?;
            let key = custom_key(&node, &bytes("key")?)?;
            let mut value = json!({
                "capacities": capacities(&key.capacities),
                "rows": key.capacities.cost(&costs()).rows(),
                "circuitDigest": hex(key.circuit),
                "keyDigest": hex(key.verifying_key.digest()),
            });
            let prepared = Prepared::derive(Extension::from_wasm(&bytes("module")?)?, &TierVerifier::custom(key)?)?;
            value["codeCommitment"] = hex(prepared.extension().commitment()).into();
            accept(value)
        }
        "custom_verify" => {
            node.only(&["key", "keyHash", "kind", "module", "proof", "statement"])?;
            let verifier = TierVerifier::custom(custom_key(&node, &bytes("key")?)?)?;
            let prepared = Prepared::derive(Extension::from_wasm(&bytes("module")?)?, &verifier)?;
            let statement = Statement::from_bytes(&bytes("statement")?)?;
            let proof = Proof::from_bytes(&bytes("proof")?)?;
            verify(&verifier, &prepared, &statement, &proof)?;
            accept(intermediates(&verifier, &prepared, &statement, &proof)?)
        }
        "key_file" => {
            node.only(&["kind", "text"])?;
            let key = CustomKey::from_json(node.field("text")?.text()?)?;
            accept(json!({"key": hex(key.to_bytes()), "keyHash": hex(key.digest())}))
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

fn accept(mut value: Value) -> Result<Value, Stop> {
    value["outcome"] = "accept".into();
    value["stage"] = "verification".into();
    Ok(value)
}

fn verifier(number: u32, key: &[u8]) -> Result<TierVerifier, Stop> {
    Tiers::get(number)?;
    Ok(TierVerifier::published(number, VerifyingKey::from_bytes(key)?)?)
}

/// The custom key of a case, which is the registered one.
fn custom_key(node: &Node, bytes: &[u8]) -> Result<CustomKey, Stop> {
    let key_hash = node.field("keyHash")?;
    let hash: [u8; 32] = key_hash.hex()?.try_into().map_err(|_| key_hash.fault("has not 32 bytes"))?;
    let key = CustomKey::registered(bytes, hash.into())?;
    written_down(&key.capacities)?;
    Ok(key)
}

fn written_down(tier: &Tier) -> Result<&Tier, Stop> {
    match tier.cost(&costs()).rows() <= MAX_CASE_ROWS {
        true => Ok(tier),
        false => Err(Fault::new("input", "has a circuit that is too large for a case").into()),
    }
}

fn sample(extension: &Extension, node: &Node) -> Result<Needs, Stop> {
    node.only(&["input", "witness"])?;
    let bytes = |name: &str| bytes::from_json(&node.field(name)?, &Blobs::new());
    let inputs = Inputs { input: bytes("input")?, witness: bytes("witness")?, context: Context::default() };
    Ok(needs(extension, &inputs, SAMPLE_CYCLES)?)
}

/// Capacities by name, in the order of their encoding.
fn capacities(tier: &Tier) -> Value {
    let rows = Kind::ALL.into_iter().map(Kind::name).chain(["refresh", "audit", "witness"]);
    let rows = rows.map(|chip| json!({"chip": chip, "rows": tier.capacity(chip)}));
    json!({"codeWords": tier.code_words, "imageCells": tier.image_cells, "chips": rows.collect::<Vec<_>>()})
}

fn element(value: Fr) -> String {
    hex(element_to_bytes(value))
}

fn derive(key: &VerifyingKey, extension: &Extension, tier: u32) -> Result<proof_system::Prepared, Stop> {
    let constants = match tier {
        CUSTOM_TIER => Vec::new(),
        tier => extension.program().constants(Tiers::get(tier)?),
    };
    Ok(proof_system::Prepared::derive(key, &constants)?)
}

fn code_point(key: &VerifyingKey, extension: &Extension, tier: u32) -> Result<String, Stop> {
    Ok(hex(point_to_bytes(&derive(key, extension, tier)?.point())))
}

/// The steps of the verification, computed once more by themselves.
fn intermediates(
    verifier: &TierVerifier,
    prepared: &Prepared,
    statement: &Statement,
    proof: &Proof,
) -> Result<Value, Stop> {
    let (key, extension) = (verifier.verifier.key(), prepared.extension());
    let point = derive(key, extension, statement.tier)?;
    let commitments: Vec<Commitment> = (0..)
        .zip(&proof.segments)
        .map(|(index, part)| Commitment { point: part.proof.d, public: vec![Fr::from(u64::from(index == 0))] })
        .collect();
    let encoded = statement.to_bytes();
    let challenges = draw(key, &point, &Transcript { tier: statement.tier, statement: &encoded }, &commitments)?;
    let values: [Fr; CHALLENGES] =
        challenges.values().try_into().map_err(|_| Fault::new("input.verifyingKey", "has other challenges"))?;
    let execution = Execution {
        outcome: statement.outcome,
        output: statement.output.clone(),
        post_state: statement.post_state_root,
    };
    let cells = PublicCells::of(&statement.inputs(&[]), &execution);
    let spare = verifier.tier().image_cells - extension.program().image.len();
    let tuples = known_tuples(extension.code(), spare, &cells, statement.outcome, statement.cycles);
    Ok(json!({
        "keyDigest": hex(key.digest()),
        "codeCommitment": hex(extension.commitment()),
        "codePoint": hex(point_to_bytes(&point.point())),
        "statementDigest": hex(statement.digest()),
        "challengeSeed": hex(challenges.seed()),
        "challenges": challenges.values().iter().copied().map(element).collect::<Vec<_>>(),
        "statementSum": element(known_sum(&tuples, &values)),
        "sums": proof.segments.iter().map(|part| element(part.sum)).collect::<Vec<_>>(),
    }))
}
