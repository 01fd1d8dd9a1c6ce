//! Proofs for the tests of the proof system.
#![allow(dead_code)] // each test file uses a part

use ark_bn254::Fr;
use middle_client::proof_system::example::Permutation;
use middle_client::proof_system::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// A proof with everything that its verification takes.
pub struct Proven {
    /// The challenges.
    pub challenges: Challenges,
    /// Of each segment the public inputs of both phases and the proof.
    pub segments: Vec<(Vec<Fr>, Vec<Fr>, Proof)>,
}

impl Proven {
    /// The segments as the verifier takes them.
    pub fn segments(&self) -> Vec<Segment<'_>> {
        self.segments.iter().map(|(public, late_public, proof)| Segment { public, late_public, proof }).collect()
    }
}

/// What the tests' proofs are about.
pub const TRANSCRIPT: Transcript<'static> = Transcript { tier: 3, statement: b"a statement" };

/// Proves circuits as the segments of one statement.
pub fn prove_all(key: &ProvingKey, prepared: &Prepared, circuits: &[Permutation], seed: u64) -> Proven {
    let mut rng = rng(seed);
    let committed: Vec<_> = circuits.iter().map(|circuit| commit(key, circuit, &mut rng).unwrap()).collect();
    let commitments: Vec<Commitment> = committed.iter().map(|committed| committed.commitment().clone()).collect();
    let challenges = draw(&key.verifying_key, prepared, &TRANSCRIPT, &commitments).unwrap();
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

/// The key for vectors of this length.
pub fn key(length: usize) -> ProvingKey {
    insecure_setup(&Permutation::shape(length), [7; 32]).unwrap()
}

/// The point of the weights that all honest circuits of this length share.
pub fn prepared(key: &ProvingKey, length: usize) -> Prepared {
    Prepared::derive(&key.verifying_key, &Permutation::honest(length, 0).weights()).unwrap()
}

/// Randomness for tests.
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}
