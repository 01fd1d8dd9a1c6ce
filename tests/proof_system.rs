//! The proof system: completeness, binding, encodings, keys, and the attacks that each rule stops.

#[path = "common/circuits.rs"]
mod circuits;

use ark_bn254::Fr;
use ark_std::rand::SeedableRng;
use circuits::{Cubic, Permutation};
use middle_client::notation::Reject;
use middle_client::proof_system::*;
use rand_chacha::ChaCha20Rng;

const LENGTH: usize = 5;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A proof with everything that its verification takes.
struct Proven {
    challenges: Challenges,
    segments: Vec<(Vec<Fr>, Vec<Fr>, Proof)>,
}

impl Proven {
    fn segments(&self) -> Vec<Segment<'_>> {
        self.segments.iter().map(|(public, late_public, proof)| Segment { public, late_public, proof }).collect()
    }
}

const TRANSCRIPT: Transcript<'static> = Transcript { tier: 3, statement: b"a statement" };

fn prove_all(key: &ProvingKey, prepared: &Prepared, circuits: &[Permutation], seed: u64) -> Proven {
    let mut rng = rng(seed);
    let committed: Vec<_> = circuits.iter().map(|circuit| commit(key, circuit, &mut rng).unwrap()).collect();
    let commitments: Vec<Commitment> = committed.iter().map(|committed| committed.commitment().clone()).collect();
    let challenges = draw(&key.verifying_key, prepared, &TRANSCRIPT, &commitments);
    let segments = committed
        .into_iter()
        .zip(circuits)
        .zip(commitments)
        .map(|((committed, circuit), commitment)| {
            let proof = prove(key, committed, &challenges, &mut rng).unwrap();
            (commitment.public, vec![circuit.product(challenges.values()[0])], proof)
        })
        .collect();
    Proven { challenges, segments }
}

fn key() -> ProvingKey {
    insecure_setup(&Permutation::shape(LENGTH), [7; 32]).unwrap()
}

#[test]
fn proofs_verify_alone_and_in_batches() {
    let key = key();
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let prepared = Prepared::derive(&key.verifying_key, &Permutation::honest(LENGTH, 0).weights()).unwrap();
    for count in [1, 2, 5] {
        let circuits: Vec<_> = (0..count).map(|index| Permutation::honest(LENGTH, 100 * index)).collect();
        let proven = prove_all(&key, &prepared, &circuits, 1);
        verifier.verify(&prepared, &proven.challenges, &proven.segments()).unwrap();
    }
}

#[test]
fn a_vanilla_proof_verifies() {
    let circuit = Cubic { x: Some(Fr::from(3u64)), constant: Fr::from(5u64) };
    let key = insecure_setup(&circuit, [1; 32]).unwrap();
    let proof = prove_vanilla(&key, &circuit, &mut rng(1)).unwrap();
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let public = [Fr::from(7u64), circuit.y()];
    verifier.verify_vanilla(&public, &proof).unwrap();
    for wrong in [[Fr::from(8u64), circuit.y()], [Fr::from(7u64), circuit.y() + Fr::from(1u64)]] {
        assert_eq!(verifier.verify_vanilla(&wrong, &proof).unwrap_err().reason, Reject::ProofInvalid);
    }
}
