//! What the proof system finds for the input of a case.

use super::super::json::{Fault, Node, hex};
use crate::notation::Rejection;
use crate::poseidon::{element_from_bytes, element_to_bytes};
use crate::proof_system::example::{Permutation, Values};
use crate::proof_system::{
    Commitment, Prepared, Proof, ProvingKey, Segment, Transcript, Verifier, VerifyingKey, commit, draw, insecure_setup,
    point_from_bytes, point_to_bytes, prove, snarkjs_proof, snarkjs_public, snarkjs_verifying_key,
    vanilla_proof_from_bytes,
};
use ark_bn254::{Fr, G1Affine};
use ark_ff::UniformRand;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::{Value, json};

/// Longest vectors of the kind `prove`, and most segments: a few characters of a file would otherwise order a setup and
/// proofs of any size. No other kind does more than a little work for each byte of its input.
const MAX_PROVEN_LENGTH: usize = 64;
const MAX_PROVEN_SEGMENTS: usize = 16;

/// Why there is no accepting expectation.
pub enum Stop {
    /// The input is refused.
    Rejection(Rejection),
    /// The case itself is wrong.
    Fault(Fault),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Stop {
        Stop::Rejection(rejection)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

/// The expectation for an input of the format `proof_system`, by its kind.
pub fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    let kind = node.field("kind")?;
    match kind.text()? {
        "challenge" => challenge(&node),
        "key" => key(&node),
        "proof" => proof(&node),
        "proof_file" => proof_file(&node),
        "prove" => prove_segments(&node),
        "vanilla" => vanilla(&node),
        "verify" => verify(&node),
        _ => Err(kind.fault("is no kind of input").into()),
    }
}

fn accept(mut value: Value) -> Result<Value, Stop> {
    value["outcome"] = "accept".into();
    value["stage"] = "verification".into();
    Ok(value)
}

fn field_of(node: &Node) -> Result<Fr, Stop> {
    Ok(element_from_bytes(&node.hex()?)?)
}

fn fields(node: &Node) -> Result<Vec<Fr>, Stop> {
    node.items()?.iter().map(field_of).collect()
}

fn field_values(values: &[Fr]) -> Value {
    values.iter().map(|value| hex(element_to_bytes(*value))).collect()
}

fn key_of(node: &Node) -> Result<VerifyingKey, Stop> {
    Ok(VerifyingKey::from_bytes(&node.field("verifyingKey")?.hex()?)?)
}

fn key(node: &Node) -> Result<Value, Stop> {
    node.only(&["kind", "verifyingKey"])?;
    let key = key_of(node)?;
    accept(json!({
        "keyDigest": hex(key.digest()),
        "counts": [key.constants, key.public, key.challenges, key.late_public],
        "bases": key.bases.len(),
    }))
}

fn proof(node: &Node) -> Result<Value, Stop> {
    node.only(&["kind", "proof"])?;
    let proof = Proof::from_bytes(&node.field("proof")?.hex()?)?;
    accept(json!({"text": proof.to_json().lines().collect::<Vec<_>>()}))
}

fn proof_file(node: &Node) -> Result<Value, Stop> {
    node.only(&["kind", "text"])?;
    let proof = Proof::from_json(node.field("text")?.text()?)?;
    accept(json!({"proof": hex(proof.to_bytes())}))
}

fn vanilla(node: &Node) -> Result<Value, Stop> {
    node.only(&["kind", "proof", "public", "verifyingKey"])?;
    let key = key_of(node)?;
    let public = fields(&node.field("public")?)?;
    let proof = vanilla_proof_from_bytes(&node.field("proof")?.hex()?)?;
    Verifier::new(key.clone())?.verify_vanilla(&public, &proof)?;
    accept(json!({
        "keyDigest": hex(key.digest()),
        "snarkjs": {
            "verificationKey": snarkjs_verifying_key(&key),
            "proof": snarkjs_proof(&proof),
            "public": snarkjs_public(&public),
        },
    }))
}

/// What the kinds `challenge` and `verify` share: key, prepared point and transcript.
struct Opening {
    key: VerifyingKey,
    prepared: Prepared,
    tier: u32,
    statement: Vec<u8>,
}

impl Opening {
    fn new(node: &Node) -> Result<Opening, Stop> {
        let key = key_of(node)?;
        let prepared = Prepared::derive(&key, &fields(&node.field("constants")?)?)?;
        Ok(Opening { key, prepared, tier: node.field("tier")?.number()?, statement: node.field("statement")?.hex()? })
    }

    fn transcript(&self) -> Transcript<'_> {
        Transcript { tier: self.tier, statement: &self.statement }
    }

    fn intermediates(&self, challenges: &crate::proof_system::Challenges) -> Value {
        json!({
            "keyDigest": hex(self.key.digest()),
            "preparedPoint": hex(point_to_bytes(&self.prepared.point())),
            "challengeSeed": hex(challenges.seed()),
            "challenges": field_values(challenges.values()),
        })
    }
}

fn challenge(node: &Node) -> Result<Value, Stop> {
    node.only(&["commitments", "constants", "kind", "statement", "tier", "verifyingKey"])?;
    let opening = Opening::new(node)?;
    let commitments = node.field("commitments")?.items()?;
    let commitments = commitments.iter().map(|commitment| {
        commitment.only(&["point", "public"])?;
        let point: G1Affine = point_from_bytes(&commitment.field("point")?.hex()?)?;
        Ok(Commitment { point, public: fields(&commitment.field("public")?)? })
    });
    let commitments = commitments.collect::<Result<Vec<_>, Stop>>()?;
    let challenges = draw(&opening.key, &opening.prepared, &opening.transcript(), &commitments)?;
    accept(opening.intermediates(&challenges))
}

fn verify(node: &Node) -> Result<Value, Stop> {
    node.only(&["constants", "kind", "segments", "statement", "tier", "verifyingKey"])?;
    let opening = Opening::new(node)?;
    let verifier = Verifier::new(opening.key.clone())?;
    let mut parsed = Vec::new();
    for segment in node.field("segments")?.items()? {
        segment.only(&["latePublic", "proof", "public"])?;
        let public = fields(&segment.field("public")?)?;
        let late_public = fields(&segment.field("latePublic")?)?;
        parsed.push((public, late_public, Proof::from_bytes(&segment.field("proof")?.hex()?)?));
    }
    let commitments: Vec<Commitment> =
        parsed.iter().map(|(public, _, proof)| Commitment { point: proof.d, public: public.clone() }).collect();
    let challenges = draw(&opening.key, &opening.prepared, &opening.transcript(), &commitments)?;
    let segments: Vec<Segment> =
        parsed.iter().map(|(public, late_public, proof)| Segment { public, late_public, proof }).collect();
    verifier.verify(&opening.prepared, &challenges, &segments)?;
    let coefficients = verifier.coefficients(&opening.prepared, &challenges, &segments)?;
    let mut value = opening.intermediates(&challenges);
    value["batchCoefficients"] = field_values(coefficients.as_flattened());
    accept(value)
}

/// Proves permutations as the segments of one statement: the same seeds give the same bytes everywhere.
fn prove_segments(node: &Node) -> Result<Value, Stop> {
    node.only(&["kind", "seed", "segments", "setupSeed", "statement", "tier", "weights"])?;
    let (weights, segments) = (node.field("weights")?, node.field("segments")?);
    bounded(&weights, MAX_PROVEN_LENGTH)?;
    bounded(&segments, MAX_PROVEN_SEGMENTS)?;
    let weights = fields(&weights)?;
    let mut circuits = Vec::new();
    for segment in segments.items()? {
        segment.only(&["left", "right"])?;
        let (left, right) = (fields(&segment.field("left")?)?, fields(&segment.field("right")?)?);
        if left.len() != weights.len() || right.len() != weights.len() {
            return Err(segment.fault("has vectors of another length than the weights").into());
        }
        let values = Values { weights: weights.clone(), left, right };
        circuits.push(Permutation { length: weights.len(), values: Some(values) });
    }
    let seed = |name: &str| -> Result<[u8; 32], Fault> {
        let node = node.field(name)?;
        node.hex()?.try_into().map_err(|_| node.fault("has not 32 bytes"))
    };
    let statement = node.field("statement")?.hex()?;
    let transcript = Transcript { tier: node.field("tier")?.number()?, statement: &statement };
    let proven = prove_all(seed("setupSeed")?, seed("seed")?, &transcript, &circuits)?;
    let segments = proven.segments.iter().map(|(public, late_public, proof)| {
        json!({
            "public": field_values(public),
            "latePublic": field_values(late_public),
            "proof": hex(proof.to_bytes()),
        })
    });
    accept(json!({
        "circuitDigest": hex(proven.key.shape.digest()),
        "rows": proven.key.shape.rows(),
        "verifyingKey": hex(proven.key.verifying_key.to_bytes()),
        "keyDigest": hex(proven.key.verifying_key.digest()),
        "randomness": proven.randomness,
        "segments": segments.collect::<Vec<_>>(),
    }))
}

/// Fails for an empty list, which the circuit has no rows for, and for one that is too long.
fn bounded(list: &Node, most: usize) -> Result<(), Fault> {
    match list.items()?.len() {
        0 => Err(list.fault("is empty")),
        length if length > most => Err(list.fault(format!("has {length} items, more than {most}"))),
        _ => Ok(()),
    }
}

/// Proofs of one statement, with what their verification takes and what was drawn for them.
pub struct Proven {
    /// The key.
    pub key: ProvingKey,
    /// Of each segment the public inputs of both phases and the proof.
    pub segments: Vec<(Vec<Fr>, Vec<Fr>, Proof)>,
    /// Of each segment blinder, r and s.
    pub randomness: Value,
}

/// Proves circuits as the segments of one statement. All blinders are drawn first, then r and s of each segment.
pub fn prove_all(
    setup_seed: [u8; 32],
    seed: [u8; 32],
    transcript: &Transcript<'_>,
    circuits: &[Permutation],
) -> Result<Proven, Fault> {
    let fault = |error: String| Fault::new("input", error);
    let first = circuits.first().ok_or_else(|| fault("there is no segment".into()))?;
    let key =
        insecure_setup(&Permutation::shape(first.length), setup_seed).map_err(|error| fault(error.to_string()))?;
    let mut rng = ChaCha20Rng::from_seed(seed);
    // The same stream again, to write down what was drawn.
    let mut drawn = rng.clone();
    let committed = circuits.iter().map(|circuit| commit(&key, circuit, &mut rng)).collect::<Result<Vec<_>, _>>();
    let committed = committed.map_err(|error| fault(error.to_string()))?;
    let commitments: Vec<Commitment> = committed.iter().map(|committed| committed.commitment().clone()).collect();
    let constants = first.weights();
    let prepared = Prepared::derive(&key.verifying_key, &constants).map_err(|error| fault(error.to_string()))?;
    let challenges =
        draw(&key.verifying_key, &prepared, transcript, &commitments).map_err(|error| fault(error.to_string()))?;
    let blinders: Vec<Fr> = circuits.iter().map(|_| Fr::rand(&mut drawn)).collect();
    let mut segments = Vec::new();
    let mut randomness = Vec::new();
    for (((committed, circuit), commitment), blinder) in
        committed.into_iter().zip(circuits).zip(commitments).zip(blinders)
    {
        let proof = prove(&key, committed, &challenges, &mut rng).map_err(|error| fault(error.to_string()))?;
        segments.push((commitment.public, vec![circuit.product(challenges.values()[0])], proof));
        let [r, s] = [Fr::rand(&mut drawn), Fr::rand(&mut drawn)];
        let [blinder, r, s] = [blinder, r, s].map(|value| hex(element_to_bytes(value)));
        randomness.push(json!({"blinder": blinder, "r": r, "s": s}));
    }
    Ok(Proven { key, segments, randomness: randomness.into() })
}
