//! Attacks on the proof system. Each test shows first that the attack is real, with a verifier that lacks the check
//! under test, and then that the verifier refuses it.

#[path = "common/proofs.rs"]
mod proofs;

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{Field, PrimeField, UniformRand};
use ark_groth16::Groth16;
use middle_client::notation::{Reject, keccak256};
use middle_client::poseidon::element_to_bytes;
use middle_client::proof_system::example::{Cubic, Permutation, Values};
use middle_client::proof_system::*;
use proofs::{TRANSCRIPT, key, prepared, prove_all, rng};
use std::collections::BTreeSet;

const LENGTH: usize = 5;

/// The first equation alone, with inputs at will.
fn groth16_holds(key: &VerifyingKey, inputs: G1Projective, proof: &Proof) -> bool {
    let left = Bn254::pairing(proof.a, proof.b);
    let right = Bn254::multi_pairing(
        [key.alpha_g1, (inputs + proof.d).into_affine(), proof.c],
        [key.beta_g2, key.gamma_g2, key.delta_g2],
    );
    left == right
}

/// The second equation alone.
fn knowledge_holds(key: &VerifyingKey, proof: &Proof) -> bool {
    Bn254::pairing(proof.d, key.sigma_g2.unwrap()) == Bn254::pairing(proof.knowledge, G2Affine::generator())
}

/// The point of everything that the verifier knows.
fn inputs(key: &VerifyingKey, known: &[Fr]) -> G1Projective {
    let scalars: Vec<_> = known.iter().map(|value| value.into_bigint()).collect();
    G1Projective::msm_bigint(&key.bases[1..], &scalars) + key.bases[0]
}

/// The whole assignment of a permutation circuit, for a prover who does as he likes.
struct Assignment {
    known: Vec<Fr>,
    committed: Vec<Fr>,
    private: Vec<Fr>,
}

impl Assignment {
    fn new(values: &Values, challenges: &[Fr], blinder: Fr) -> Assignment {
        let [known, committed, private] = values.assignment(challenges, blinder);
        Assignment { known, committed, private }
    }

    fn commitment(&self, key: &ProvingKey) -> (G1Affine, G1Affine) {
        let scalars: Vec<_> = self.committed.iter().map(|value| value.into_bigint()).collect();
        let msm = |bases| G1Projective::msm_bigint(bases, &scalars).into_affine();
        (msm(key.committed_bases()), msm(&key.sigma_bases))
    }

    fn prove(&self, key: &ProvingKey) -> Proof {
        let assignment = [&[Fr::ONE], &self.known[..], &self.committed, &self.private].concat();
        assert_eq!(assignment.len(), key.shape.variables());
        let mut rng = rng(99);
        let groth16 = Groth16::<Bn254, PlainReduction>::create_proof_with_reduction_and_matrices(
            &key.groth16,
            Fr::rand(&mut rng),
            Fr::rand(&mut rng),
            &key.shape.matrices,
            key.shape.instance(),
            key.shape.rows(),
            &assignment,
        )
        .unwrap();
        let (d, knowledge) = self.commitment(key);
        Proof { a: groth16.a, b: groth16.b, c: groth16.c, d, knowledge }
    }
}

fn honest_values(seed: u64) -> Values {
    Permutation::honest(LENGTH, seed).values.unwrap()
}

fn commitment(point: G1Affine, inner: Fr) -> Commitment {
    Commitment { point, public: vec![inner] }
}

fn reason(key: &ProvingKey, challenges: &Challenges, public: &[Fr], late_public: &[Fr], proof: &Proof) -> Reject {
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let segment = Segment { public, late_public, proof };
    verifier.verify(&prepared(key, LENGTH), challenges, &[segment]).unwrap_err().reason
}

/// A proof with the public input raised by a million, for which D takes the difference; the proof of knowledge is that of
/// the honest D. The challenges were drawn for it, and `known` is what it claims.
struct Shifted {
    challenges: Challenges,
    known: Vec<Fr>,
    proof: Proof,
}

fn shifted(key: &ProvingKey) -> Shifted {
    let values = honest_values(1);
    let inner: Fr = values.left.iter().zip(&values.weights).map(|(left, weight)| *left * weight).sum();
    let claimed = inner + Fr::from(1_000_000u64);
    // The prover commits to D plus (true - claimed) times the input's base, and draws the challenges for it.
    let base = key.verifying_key.bases[1 + LENGTH];
    let blinder = Fr::from(17u64);
    let (d, _) = Assignment::new(&values, &[Fr::ONE; 2], blinder).commitment(key);
    let shifted = (d + base * (inner - claimed)).into_affine();
    let challenges =
        draw(&key.verifying_key, &prepared(key, LENGTH), &TRANSCRIPT, &[commitment(shifted, claimed)]).unwrap();
    let assignment = Assignment::new(&values, challenges.values(), blinder);
    let proof = Proof { d: shifted, ..assignment.prove(key) };
    let mut known = assignment.known;
    known[LENGTH] = claimed;
    Shifted { challenges, known, proof }
}

/// S3: without the proof of knowledge, a prover shifts a public input through D.
#[test]
fn a_shifted_commitment_claims_another_input() {
    let key = key(LENGTH);
    let Shifted { challenges, known, proof } = shifted(&key);
    assert!(groth16_holds(&key.verifying_key, inputs(&key.verifying_key, &known), &proof), "the attack is real");
    assert!(!knowledge_holds(&key.verifying_key, &proof));
    let (public, late_public) = ([known[LENGTH]], [known[LENGTH + 3]]);
    assert_eq!(reason(&key, &challenges, &public, &late_public, &proof), Reject::ProofInvalid);
}

/// S17: with a sigma that everybody knows, the proof of knowledge of any point is that point, or its negation.
#[test]
fn a_key_with_a_known_sigma_accepts_shifted_commitments() {
    let generator = G2Affine::generator();
    for (sigma, sign) in [(generator, Fr::ONE), (-generator, -Fr::ONE)] {
        let mut key = key(LENGTH);
        key.verifying_key.sigma_g2 = Some(sigma);
        let Shifted { known, proof, .. } = shifted(&key);
        let proof = Proof { knowledge: (proof.d * sign).into(), ..proof };
        let point = inputs(&key.verifying_key, &known);
        assert!(
            groth16_holds(&key.verifying_key, point, &proof) && knowledge_holds(&key.verifying_key, &proof),
            "the attack is real"
        );
        assert_eq!(Verifier::new(key.verifying_key).unwrap_err().reason, Reject::KeyDegenerate);
    }
}

/// S2: a prover who knows the challenges first commits to values that are no permutation but fit them.
#[test]
fn challenges_drawn_before_the_commitment_prove_what_is_false() {
    let key = key(LENGTH);
    let values = honest_values(1);
    let inner: Fr = values.left.iter().zip(&values.weights).map(|(left, weight)| *left * weight).sum();
    let early =
        draw(&key.verifying_key, &prepared(&key, LENGTH), &TRANSCRIPT, &[commitment(G1Affine::generator(), inner)])
            .unwrap();
    let z = early.values()[0];
    // Two factors change, their product does not.
    let mut false_values = values.clone();
    let factor = Fr::from(3u64);
    false_values.right[0] = z - (z - values.right[0]) * factor;
    false_values.right[1] = z - (z - values.right[1]) * factor.inverse().unwrap();
    assert!(!false_values.right.iter().all(|value| values.left.contains(value)), "it is no permutation");
    let assignment = Assignment::new(&false_values, early.values(), Fr::from(17u64));
    let proof = assignment.prove(&key);

    let point = inputs(&key.verifying_key, &assignment.known);
    assert!(
        groth16_holds(&key.verifying_key, point, &proof) && knowledge_holds(&key.verifying_key, &proof),
        "the attack is real"
    );
    let late = [assignment.known[LENGTH + 3]];
    assert_eq!(reason(&key, &early, &[inner], &late, &proof), Reject::CommitmentMismatch);
    let drawn = draw(&key.verifying_key, &prepared(&key, LENGTH), &TRANSCRIPT, &[commitment(proof.d, inner)]).unwrap();
    assert_eq!(reason(&key, &drawn, &[inner], &late, &proof), Reject::ProofInvalid);
}

/// S2: whatever is hashed changes the challenges, and a proof does not hold under others.
#[test]
fn every_part_of_the_transcript_changes_the_challenges() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let proven = prove_all(&key, &prepared, &[Permutation::honest(LENGTH, 1), Permutation::honest(LENGTH, 2)], 1);
    let commitments: Vec<Commitment> =
        proven.segments.iter().map(|(public, _, proof)| commitment(proof.d, public[0])).collect();
    assert_eq!(draw(&key.verifying_key, &prepared, &TRANSCRIPT, &commitments).unwrap(), proven.challenges);

    let mut others = vec![
        draw(&key.verifying_key, &prepared, &Transcript { tier: 4, ..TRANSCRIPT }, &commitments).unwrap(),
        draw(&key.verifying_key, &prepared, &Transcript { statement: b"a statement\0", ..TRANSCRIPT }, &commitments)
            .unwrap(),
    ];
    for index in 0..TRANSCRIPT.statement.len() {
        let mut statement = TRANSCRIPT.statement.to_vec();
        statement[index] ^= 1;
        others.push(
            draw(&key.verifying_key, &prepared, &Transcript { statement: &statement, ..TRANSCRIPT }, &commitments)
                .unwrap(),
        );
    }
    let weights: Vec<Fr> = (0..LENGTH as u64).map(Fr::from).collect();
    let other_code = Prepared::derive(&key.verifying_key, &weights).unwrap();
    others.push(draw(&key.verifying_key, &other_code, &TRANSCRIPT, &commitments).unwrap());
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    for other in &others {
        assert_ne!(other.seed(), proven.challenges.seed());
        assert!(other.values().iter().all(|value| !proven.challenges.values().contains(value)));
        let error = verifier.verify(&prepared, other, &proven.segments()).unwrap_err();
        assert_eq!(error.reason, Reject::ProofInvalid);
    }
    let other_key = insecure_setup(&Permutation::shape(LENGTH), [8; 32]).unwrap().verifying_key;
    let prepared_there = Prepared::derive(&other_key, &Permutation::honest(LENGTH, 0).weights()).unwrap();
    let there = draw(&other_key, &prepared_there, &TRANSCRIPT, &commitments).unwrap();
    assert_ne!(there.seed(), proven.challenges.seed());
    assert_eq!(verifier.verify(&prepared, &there, &proven.segments()).unwrap_err().reason, Reject::OtherKey);
    // Sigma alone is part of the key digest.
    let mut other_sigma = key.verifying_key.clone();
    other_sigma.sigma_g2 = Some(G2Affine::generator());
    assert_ne!(other_sigma.digest(), key.verifying_key.digest());
}

/// S2: the challenges' hash takes these bytes and no others, so that each of them counts, and their order; and each part
/// that a prover could choose makes other bytes of them.
#[test]
fn every_byte_of_the_transcript_changes_the_challenges() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let proven = prove_all(&key, &prepared, &[Permutation::honest(LENGTH, 1), Permutation::honest(LENGTH, 2)], 1);
    let commitments = proven.challenges.commitments();
    let key_digest = key.verifying_key.digest();
    let mut parts: Vec<Vec<u8>> = vec![
        b"middle-client committed-groth16 challenge v1".to_vec(),
        key_digest.to_vec(),
        TRANSCRIPT.tier.to_be_bytes().to_vec(),
        2u32.to_be_bytes().to_vec(),
        point_to_bytes(&prepared.point()),
        (TRANSCRIPT.statement.len() as u64).to_be_bytes().to_vec(),
        TRANSCRIPT.statement.to_vec(),
    ];
    for commitment in commitments {
        parts.extend(commitment.public.iter().map(|value| element_to_bytes(*value).to_vec()));
        parts.push(point_to_bytes(&commitment.point));
    }
    let lengths: Vec<usize> = parts.iter().map(Vec::len).collect();
    assert_eq!(lengths, [44, 32, 4, 4, 32, 8, 11, 32, 32, 32, 32]);
    let bytes = parts.concat();
    let seed = keccak256(&bytes);
    assert_eq!(seed, proven.challenges.seed());
    let mut seeds = BTreeSet::from([seed]);
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        assert!(seeds.insert(keccak256(&changed)), "byte {index}");
    }

    // The same by way of what is hashed. Each change has a seed of its own.
    let mut seeds = BTreeSet::from([seed]);
    let mut draw_other = |what: &str, transcript: Transcript, commitments: &[Commitment]| {
        let other = draw(&key.verifying_key, &prepared, &transcript, commitments).unwrap();
        assert!(seeds.insert(other.seed()), "{what}");
        assert!(other.values().iter().all(|value| !proven.challenges.values().contains(value)), "{what}");
    };
    for byte in 0..4 {
        let tier = TRANSCRIPT.tier ^ 1 << (8 * byte);
        draw_other("a byte of the tier", Transcript { tier, ..TRANSCRIPT }, commitments);
    }
    let [first, second] = [&commitments[0], &commitments[1]].map(Clone::clone);
    let chosen: [(&str, &[&Commitment]); 6] = [
        ("no segment", &[]),
        ("one segment", &[&first]),
        ("the other one", &[&second]),
        ("exchanged segments", &[&second, &first]),
        ("a segment twice", &[&first, &second, &second]),
        ("the same in place of the other", &[&first, &first]),
    ];
    for (what, chosen) in chosen {
        draw_other(what, TRANSCRIPT, &chosen.iter().map(|one| (*one).clone()).collect::<Vec<_>>());
    }
    for segment in 0..2 {
        let mut change = |what: &str, change: &dyn Fn(&mut Commitment)| {
            let mut commitments = commitments.to_vec();
            change(&mut commitments[segment]);
            draw_other(what, TRANSCRIPT, &commitments);
        };
        change("another commitment", &|it| it.point = (it.point + G1Affine::generator()).into());
        change("the sign of a commitment", &|it| it.point = -it.point);
        for bit in 0..253 {
            change("a bit of a public input", &|it| it.public[0] += Fr::from(2u64).pow([bit]));
        }
    }
    let mut exchanged = commitments.to_vec();
    (exchanged[0].public, exchanged[1].public) = (second.public, first.public);
    draw_other("exchanged public inputs", TRANSCRIPT, &exchanged);
}

/// S3: with plain sums the errors of two proofs cancel each other.
#[test]
fn errors_of_two_proofs_cancel_without_coefficients() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let mut proven = prove_all(&key, &prepared, &[Permutation::honest(LENGTH, 1), Permutation::honest(LENGTH, 2)], 1);
    let error = G1Affine::generator();
    proven.segments[0].2.c = (proven.segments[0].2.c + error).into();
    proven.segments[1].2.c = (proven.segments[1].2.c - error).into();
    proven.segments[0].2.knowledge = (proven.segments[0].2.knowledge + error).into();
    proven.segments[1].2.knowledge = (proven.segments[1].2.knowledge - error).into();

    let verifying_key = &key.verifying_key;
    let (mut left, mut right) = (ark_ec::pairing::PairingOutput::default(), ark_ec::pairing::PairingOutput::default());
    let (mut d, mut knowledge) = (G1Projective::default(), G1Projective::default());
    for (public, late, proof) in &proven.segments {
        let weights = Permutation::honest(LENGTH, 0).weights();
        let known = [&weights[..], public, proven.challenges.values(), late].concat();
        assert!(!groth16_holds(verifying_key, inputs(verifying_key, &known), proof), "each proof is wrong");
        left += Bn254::pairing(proof.a, proof.b);
        right += Bn254::multi_pairing(
            [verifying_key.alpha_g1, (inputs(verifying_key, &known) + proof.d).into_affine(), proof.c],
            [verifying_key.beta_g2, verifying_key.gamma_g2, verifying_key.delta_g2],
        );
        d += proof.d;
        knowledge += proof.knowledge;
    }
    assert_eq!(left, right, "the attack is real");
    assert_eq!(Bn254::pairing(d, verifying_key.sigma_g2.unwrap()), Bn254::pairing(knowledge, G2Affine::generator()));
    let verifier = Verifier::new(verifying_key.clone()).unwrap();
    let error = verifier.verify(&prepared, &proven.challenges, &proven.segments()).unwrap_err();
    assert_eq!(error.reason, Reject::ProofInvalid);
}

/// S3: under coefficients that are known before the proofs, errors can be chosen that cancel.
#[test]
fn errors_cancel_under_coefficients_that_do_not_depend_on_the_proofs() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let mut proven = prove_all(&key, &prepared, &[Permutation::honest(LENGTH, 1), Permutation::honest(LENGTH, 2)], 1);
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let known = verifier.coefficients(&prepared, &proven.challenges, &proven.segments()).unwrap();
    let [[first, _], [second, _]] = known[..] else { unreachable!("there are two") };
    // All that the batch's first equation takes of the two C.
    let sum = |proven: &proofs::Proven| proven.segments[0].2.c * first + proven.segments[1].2.c * second;
    let honest = sum(&proven);
    let shift = |point: G1Affine, factor: Fr| (point + G1Affine::generator() * factor).into_affine();
    proven.segments[0].2.c = shift(proven.segments[0].2.c, second);
    proven.segments[1].2.c = shift(proven.segments[1].2.c, -first);
    assert_eq!(sum(&proven), honest, "the attack is real");
    let error = verifier.verify(&prepared, &proven.challenges, &proven.segments()).unwrap_err();
    assert_eq!(error.reason, Reject::ProofInvalid);
}

/// S3: the coefficients depend on every element and input of every proof.
#[test]
fn every_part_of_the_proofs_changes_the_coefficients() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let proven = || prove_all(&key, &prepared, &[Permutation::honest(LENGTH, 1), Permutation::honest(LENGTH, 2)], 1);
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let coefficients =
        |proven: &proofs::Proven| verifier.coefficients(&prepared, &proven.challenges, &proven.segments()).unwrap();
    let honest = coefficients(&proven());
    let g1 = G1Affine::generator();
    type Change<'a> = &'a dyn Fn(&mut (Vec<Fr>, Vec<Fr>, Proof));
    let changes: [Change; 7] = [
        &|(public, ..)| public[0] += Fr::from(1u64),
        &|(_, late, _)| late[0] += Fr::from(1u64),
        &|(.., proof)| proof.a = (proof.a + g1).into(),
        &|(.., proof)| proof.b = (proof.b + G2Affine::generator()).into(),
        &|(.., proof)| proof.c = (proof.c + g1).into(),
        &|(.., proof)| proof.d = (proof.d + g1).into(),
        &|(.., proof)| proof.knowledge = (proof.knowledge + g1).into(),
    ];
    for (index, change) in changes.iter().enumerate() {
        for segment in 0..2 {
            let mut changed = proven();
            change(&mut changed.segments[segment]);
            // The first coefficient of the first equation is 1 in any case.
            let [left, right] = [&honest, &coefficients(&changed)].map(|all| (all[0][1], all[1]));
            assert!(left.0 != right.0 && left.1[0] != right.1[0], "change {index} of segment {segment}");
        }
    }
}

/// S15: segments cannot be swapped, dropped or repeated.
#[test]
fn segments_keep_their_order() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let proven = prove_all(&key, &prepared, &[Permutation::honest(LENGTH, 1), Permutation::honest(LENGTH, 2)], 1);
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let [first, second] = proven.segments()[..] else { unreachable!("there are two") };
    for wrong in [vec![second, first], vec![first], vec![second], vec![first, first], vec![first, second, second]] {
        // Each proof of each selection holds for itself.
        for segment in &wrong {
            let weights = Permutation::honest(LENGTH, 0).weights();
            let known = [&weights[..], segment.public, proven.challenges.values(), segment.late_public].concat();
            assert!(groth16_holds(&key.verifying_key, inputs(&key.verifying_key, &known), segment.proof));
        }
        let error = verifier.verify(&prepared, &proven.challenges, &wrong).unwrap_err();
        assert_eq!(error.reason, Reject::CommitmentMismatch);
    }
}

/// S16: a prepared point from anybody shifts any public input, and the proof of knowledge does not see it.
#[test]
fn a_foreign_prepared_point_claims_another_input() {
    let key = key(LENGTH);
    let proven = prove_all(&key, &prepared(&key, LENGTH), &[Permutation::honest(LENGTH, 1)], 1);
    let (public, late, proof) = &proven.segments[0];
    let claimed = public[0] + Fr::from(1u64);
    let weights = Permutation::honest(LENGTH, 0).weights();
    let foreign = prepared(&key, LENGTH).point() - key.verifying_key.bases[1 + LENGTH];
    let rest = [&[Fr::from(0u64); LENGTH][..], &[claimed], proven.challenges.values(), late].concat();
    let point = inputs(&key.verifying_key, &rest) + foreign;
    assert!(
        groth16_holds(&key.verifying_key, point, proof) && knowledge_holds(&key.verifying_key, proof),
        "the attack is real"
    );
    let derived = [&weights[..], &[claimed], proven.challenges.values(), late].concat();
    assert!(!groth16_holds(&key.verifying_key, inputs(&key.verifying_key, &derived), proof));
    assert_eq!(reason(&key, &proven.challenges, &[claimed], late, proof), Reject::CommitmentMismatch);
}

/// The key of the cubic circuit with chosen secrets.
fn cubic_key(gamma: Fr, delta: Fr) -> (ProvingKey, Cubic) {
    struct Rows(Shape);
    use ark_relations::gr1cs::{
        ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable,
    };
    impl ConstraintSynthesizer<Fr> for Rows {
        fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
            let instance = self.0.instance();
            for _ in 1..instance {
                let _ = cs.new_input_variable(|| Err(SynthesisError::AssignmentMissing))?;
            }
            for _ in 0..self.0.private {
                let _ = cs.new_witness_variable(|| Err(SynthesisError::AssignmentMissing))?;
            }
            let variable = |index| match index {
                0 => Variable::One,
                index if index < instance => Variable::instance(index),
                index => Variable::witness(index - instance),
            };
            for row in 0..self.0.rows() {
                let [a, b, c] = [0, 1, 2].map(|matrix| {
                    LinearCombination(self.0.matrices[matrix][row].iter().map(|(f, i)| (*f, variable(*i))).collect())
                });
                cs.enforce_r1cs_constraint(|| a, || b, || c)?;
            }
            Ok(())
        }
    }
    let circuit = Cubic { x: Some(Fr::from(3u64)), constant: Fr::from(5u64) };
    let mut key = insecure_setup(&circuit, [1; 32]).unwrap();
    key.groth16 = Groth16::<Bn254, PlainReduction>::generate_parameters_with_qap(
        Rows(key.shape.clone()),
        Fr::from(11u64),
        Fr::from(13u64),
        gamma,
        delta,
        G1Projective::generator(),
        ark_bn254::G2Projective::generator(),
        &mut rng(5),
    )
    .unwrap();
    let vk = &key.groth16.vk;
    key.verifying_key = VerifyingKey {
        alpha_g1: vk.alpha_g1,
        beta_g2: vk.beta_g2,
        gamma_g2: vk.gamma_g2,
        delta_g2: vk.delta_g2,
        bases: vk.gamma_abc_g1.clone(),
        ..key.verifying_key
    };
    (key, circuit)
}

fn vanilla_holds(key: &VerifyingKey, known: &[Fr], proof: &ark_groth16::Proof<Bn254>) -> bool {
    let Proof { a, b, c, .. } = Proof { a: proof.a, b: proof.b, c: proof.c, d: proof.a, knowledge: proof.a };
    let right = Bn254::multi_pairing(
        [key.alpha_g1, inputs(key, known).into_affine(), c],
        [key.beta_g2, key.gamma_g2, key.delta_g2],
    );
    Bn254::pairing(a, b) == right
}

/// S17: with gamma equal or opposite to delta, C takes over the difference of two statements.
#[test]
fn a_key_with_gamma_equal_or_opposite_to_delta_proves_anything() {
    let (gamma, sound_delta) = (Fr::from(17u64), Fr::from(19u64));
    for sign in [Fr::ONE, -Fr::ONE] {
        let (key, circuit) = cubic_key(gamma, gamma * sign);
        let proof = prove_vanilla(&key, &circuit, &mut rng(1)).unwrap();
        let (seven, y) = (Fr::from(7u64), circuit.y().unwrap());
        let claimed = [seven, y + Fr::from(12345u64)];
        let difference = inputs(&key.verifying_key, &[seven, y]) - inputs(&key.verifying_key, &claimed);
        let forged = ark_groth16::Proof { c: (difference * sign + proof.c).into_affine(), ..proof };
        assert!(vanilla_holds(&key.verifying_key, &claimed, &forged), "the attack is real");
        assert_eq!(Verifier::new(key.verifying_key).unwrap_err().reason, Reject::KeyDegenerate);

        let (sound, circuit) = cubic_key(gamma, sound_delta);
        let proof = prove_vanilla(&sound, &circuit, &mut rng(1)).unwrap();
        let forged = ark_groth16::Proof { c: (difference * sign + proof.c).into_affine(), ..proof };
        let verifier = Verifier::new(sound.verifying_key).unwrap();
        verifier.verify_vanilla(&[seven, y], &proof).unwrap();
        assert_eq!(verifier.verify_vanilla(&claimed, &forged).unwrap_err().reason, Reject::ProofInvalid);
    }
}

/// S17: an input whose base is zero can be anything; two with the same base change against each other, two with opposite
/// bases together.
#[test]
fn zero_repeated_and_opposite_bases_let_inputs_change() {
    let (key, circuit) = cubic_key(Fr::from(17u64), Fr::from(19u64));
    let proof = prove_vanilla(&key, &circuit, &mut rng(1)).unwrap();
    let (seven, y) = (Fr::from(7u64), circuit.y().unwrap());
    // The first input is in the row `x · 0 = 0` alone: without that row its base would be the identity.
    let mut without_row = key.verifying_key.clone();
    without_row.bases[1] = G1Affine::zero();
    let without_input = ark_groth16::Proof { a: proof.a, b: proof.b, c: proof.c };
    let correction = key.verifying_key.bases[1] * seven;
    without_row.bases[0] = (without_row.bases[0] + correction).into_affine();
    assert!(vanilla_holds(&without_row, &[Fr::from(1_000u64), y], &without_input), "the attack is real");
    assert_eq!(Verifier::new(without_row).unwrap_err().reason, Reject::KeyDegenerate);

    for sign in [Fr::ONE, -Fr::ONE] {
        let mut related = key.verifying_key.clone();
        related.bases[1] = (related.bases[2] * sign).into_affine();
        let correction = key.verifying_key.bases[1] * seven - related.bases[1] * seven;
        related.bases[0] = (related.bases[0] + correction).into_affine();
        assert!(vanilla_holds(&related, &[seven, y], &proof));
        assert!(vanilla_holds(&related, &[seven + sign, y - Fr::ONE], &proof), "the attack is real");
        assert_eq!(Verifier::new(related).unwrap_err().reason, Reject::KeyDegenerate);
    }
}

/// S19: without a blinder a guess of the committed values can be confirmed.
#[test]
fn a_commitment_without_a_blinder_confirms_a_guess() {
    let key = key(LENGTH);
    let guess = Assignment::new(&honest_values(1), &[Fr::ONE; 2], Fr::from(0u64));
    let unblinded = Assignment::new(&honest_values(1), &[Fr::ONE; 2], Fr::from(0u64)).commitment(&key).0;
    assert_eq!(guess.commitment(&key).0, unblinded, "the attack is real");
    let circuit = Permutation::honest(LENGTH, 1);
    let committed = commit(&key, &circuit, &mut rng(1)).unwrap();
    assert_ne!(committed.commitment().point, guess.commitment(&key).0);
}

/// S18: a value and the value plus the modulus are the same input.
#[test]
fn an_input_above_the_modulus_is_another_encoding_of_a_statement() {
    use ark_ff::BigInteger;
    let value = Fr::from(7u64);
    let mut above = value.into_bigint();
    assert!(!above.add_with_carry(&Fr::MODULUS));
    let bytes: [u8; 32] = above.to_bytes_be().try_into().unwrap();
    assert_eq!(Fr::from_be_bytes_mod_order(&bytes), value, "the attack is real");
    assert_eq!(
        middle_client::poseidon::element_from_bytes(&bytes).unwrap_err().reason,
        Reject::FieldElementNotCanonical
    );
}

/// A proof that holds can be re-randomised: its bytes are no id.
#[test]
fn a_proof_can_be_randomised_again() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let mut proven = prove_all(&key, &prepared, &[Permutation::honest(LENGTH, 1)], 1);
    let proof = &mut proven.segments[0].2;
    let before = proof.clone();
    let factor = Fr::from(5u64);
    proof.a = (proof.a * factor).into();
    proof.b = (proof.b * factor.inverse().unwrap()).into();
    assert_ne!(*proof, before);
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    verifier.verify(&prepared, &proven.challenges, &proven.segments()).unwrap();
}
