//! Proofs that somebody knows the preimage of a Poseidon hash, with either proof system.

use middle_client::notation::Reject;
use middle_client::poseidon::{self, Domain, Fr, gadget};
use middle_client::proof_system::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// `hash(left, right)` is the public input: a circuit without a committed phase.
struct Preimage(Option<[Fr; 2]>);

impl Circuit for Preimage {
    const CHALLENGES: usize = 0;
    type Early = EarlyWire;

    fn phase_1(&self, system: &mut System) -> EarlyWire {
        system.public(self.0.map(|[left, right]| poseidon::two_to_one(left, right)))
    }

    fn phase_2(&self, digest: EarlyWire, _: &[Wire], system: &mut LateSystem) {
        let inputs = [0, 1].map(|index| Linear::from(system.private(self.0.map(|inputs| inputs[index]))));
        let hash = middle_client::proof_system::poseidon::hash(system, &inputs).unwrap();
        system.enforce(hash, Linear::<Wire>::constant(1), digest);
    }
}

/// The same with committed wires; phase 2 hashes the preimage again, with the challenge, to a private wire.
struct CommittedPreimage(Option<[Fr; 2]>);

fn domain() -> Domain {
    Domain::new(5).unwrap()
}

impl Circuit for CommittedPreimage {
    const CHALLENGES: usize = 1;
    type Early = [EarlyWire; 2];

    fn phase_1(&self, system: &mut System) -> [EarlyWire; 2] {
        let digest = system.public(self.0.map(|[left, right]| poseidon::two_to_one(left, right)));
        let wires = [0, 1].map(|index| system.commit(self.0.map(|inputs| inputs[index])));
        let hash = middle_client::proof_system::poseidon::hash(system, &wires.map(Linear::from)).unwrap();
        system.enforce(hash, EarlyLinear::constant(1), digest);
        wires
    }

    fn phase_2(&self, wires: [EarlyWire; 2], challenges: &[Wire], system: &mut LateSystem) {
        let inputs = [challenges[0].into(), wires[0].into(), wires[1].into()];
        let hash = middle_client::proof_system::poseidon::sponge(system, domain(), &inputs);
        // The verifier sees the hash and can compute it if he knows the preimage.
        let late = system.public(system.value(&hash));
        system.enforce(hash, Linear::<Wire>::constant(1), late);
    }
}

fn inputs() -> [Fr; 2] {
    [3, 4].map(Fr::from)
}

#[test]
fn shapes_have_as_many_rows_as_the_chapter_says() {
    let one_to_compare = 1;
    assert_eq!(Shape::of(&Preimage(None)).rows(), 240 + one_to_compare);
    // Of the sponge's first block the capacity and five elements are constant; the blinder has a row.
    let sponge = gadget::rows(poseidon::Width::SPONGE, 6);
    assert_eq!(Shape::of(&CommittedPreimage(None)).rows(), 240 + one_to_compare + sponge + one_to_compare + 1);
}

#[test]
fn a_preimage_is_proven_with_vanilla_groth16() {
    let key = insecure_setup(&Preimage(None), [1; 32]).unwrap();
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let proof = prove_vanilla(&key, &Preimage(Some(inputs())), &mut rng(1)).unwrap();
    let digest = poseidon::hash(&inputs()).unwrap();
    verifier.verify_vanilla(&[digest], &proof).unwrap();
    let other = poseidon::two_to_one(inputs()[1], inputs()[0]);
    assert_eq!(verifier.verify_vanilla(&[other], &proof).unwrap_err().reason, Reject::ProofInvalid);
}

#[test]
fn a_preimage_is_proven_with_a_committed_phase() {
    let key = insecure_setup(&CommittedPreimage(None), [2; 32]).unwrap();
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let prepared = Prepared::derive(&key.verifying_key, &[]).unwrap();
    let transcript = Transcript { tier: 0, statement: b"a preimage" };
    let circuit = CommittedPreimage(Some(inputs()));
    let committed = commit(&key, &circuit, &mut rng(1)).unwrap();
    let commitments = [committed.commitment().clone()];
    let challenges = draw(&key.verifying_key, &prepared, &transcript, &commitments).unwrap();
    let proof = prove(&key, committed, &challenges, &mut rng(2)).unwrap();
    let public = [poseidon::two_to_one(inputs()[0], inputs()[1])];
    assert_eq!(commitments[0].public, public);
    let late = [poseidon::sponge(domain(), &[challenges.values()[0], inputs()[0], inputs()[1]])];
    verifier.verify(&prepared, &challenges, &[Segment { public: &public, late_public: &late, proof: &proof }]).unwrap();
    let late = [late[0] + Fr::from(1)];
    let segment = Segment { public: &public, late_public: &late, proof: &proof };
    assert_eq!(verifier.verify(&prepared, &challenges, &[segment]).unwrap_err().reason, Reject::ProofInvalid);
}
