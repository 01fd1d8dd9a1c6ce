//! Vanilla keys and proofs in the JSON of snarkjs: affine coordinates as decimal strings, with the third projective
//! coordinate.

use super::keys::VerifyingKey;
use ark_bn254::{Bn254, Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use serde_json::{Value, json};

/// A verifying key without committed phase, as `verification_key.json`.
pub fn snarkjs_verifying_key(key: &VerifyingKey) -> Value {
    json!({
        "protocol": "groth16",
        "curve": "bn128",
        "nPublic": key.public + key.late_public,
        "vk_alpha_1": g1(&key.alpha_g1),
        "vk_beta_2": g2(&key.beta_g2),
        "vk_gamma_2": g2(&key.gamma_g2),
        "vk_delta_2": g2(&key.delta_g2),
        "IC": key.bases.iter().map(g1).collect::<Vec<_>>(),
    })
}

/// A vanilla proof, as `proof.json`.
pub fn snarkjs_proof(proof: &ark_groth16::Proof<Bn254>) -> Value {
    json!({
        "protocol": "groth16",
        "curve": "bn128",
        "pi_a": g1(&proof.a),
        "pi_b": g2(&proof.b),
        "pi_c": g1(&proof.c),
    })
}

/// Public inputs, as `public.json`.
pub fn snarkjs_public(public: &[Fr]) -> Value {
    public.iter().map(ToString::to_string).collect()
}

fn g1(point: &G1Affine) -> [String; 3] {
    let (x, y) = point.xy().unwrap_or_default();
    [x.to_string(), y.to_string(), if point.is_zero() { "0" } else { "1" }.into()]
}

fn g2(point: &G2Affine) -> [[String; 2]; 3] {
    let (x, y) = point.xy().unwrap_or_default();
    let pair = |c0: Fq, c1: Fq| [c0.to_string(), c1.to_string()];
    let one = if point.is_zero() { "0" } else { "1" };
    [pair(x.c0, x.c1), pair(y.c0, y.c1), [one.into(), "0".into()]]
}
