//! The proof system: completeness, hiding, binding, encodings and keys. The attacks are in `proof_system_attacks.rs`.

#[path = "common/proofs.rs"]
mod proofs;

use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use ark_serialize::CanonicalSerialize;
use middle_client::notation::{Reject, keccak256};
use middle_client::proof_system::example::{Cubic, Permutation};
use middle_client::proof_system::*;
use proofs::{TRANSCRIPT, key, prepared, prove_all, rng};

const LENGTH: usize = 5;

#[test]
fn proofs_verify_alone_and_in_batches() {
    let key = key(LENGTH);
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let prepared = prepared(&key, LENGTH);
    // One Miller loop, more than one, and more points than are summed up one by one.
    for count in [1, 2, 5, 17] {
        let circuits: Vec<_> = (0..count).map(|index| Permutation::honest(LENGTH, 100 * index)).collect();
        let mut proven = prove_all(&key, &prepared, &circuits, 1);
        verifier.verify(&prepared, &proven.challenges, &proven.segments()).unwrap();
        for index in 0..proven.segments.len() {
            let honest = proven.segments[index].2.clone();
            proven.segments[index].2.c = (honest.c + G1Affine::generator()).into();
            let refused = verifier.verify(&prepared, &proven.challenges, &proven.segments()).unwrap_err();
            assert_eq!(refused.reason, Reject::ProofInvalid, "proof {index} of {count}");
            proven.segments[index].2 = honest;
        }
    }
}

#[test]
fn a_vanilla_proof_verifies() {
    let circuit = Cubic { x: Some(Fr::from(3u64)), constant: Fr::from(5u64) };
    let key = insecure_setup(&circuit, [1; 32]).unwrap();
    let proof = prove_vanilla(&key, &circuit, &mut rng(1)).unwrap();
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let public = [Fr::from(7u64), circuit.y().unwrap()];
    verifier.verify_vanilla(&public, &proof).unwrap();
    for wrong in [[Fr::from(8u64), circuit.y().unwrap()], [Fr::from(7u64), circuit.y().unwrap() + Fr::from(1u64)]] {
        assert_eq!(verifier.verify_vanilla(&wrong, &proof).unwrap_err().reason, Reject::ProofInvalid);
    }
    assert_eq!(verifier.verify_vanilla(&public[..1], &proof).unwrap_err().reason, Reject::InputCountMismatch);
    let bytes = vanilla_proof_to_bytes(&proof);
    assert_eq!(vanilla_proof_from_bytes(&bytes).unwrap(), proof);
    assert_eq!(bytes.len(), VANILLA_PROOF_BYTES);
}

#[test]
fn two_seeds_change_every_element() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let circuit = [Permutation::honest(LENGTH, 1)];
    let [first, second, again] = [1, 2, 1].map(|seed| prove_all(&key, &prepared, &circuit, seed));
    let (one, two) = (&first.segments[0].2, &second.segments[0].2);
    assert!(one.a != two.a && one.b != two.b && one.c != two.c && one.d != two.d && one.knowledge != two.knowledge);
    assert_eq!(first.segments, again.segments, "the same seed gives the same bytes");
}

/// The blinder hides what D is a commitment to, the randomisers what A, B and C are made of: each by itself.
#[test]
fn the_randomisers_alone_change_a_b_and_c() {
    let key = key(LENGTH);
    let circuit = Permutation::honest(LENGTH, 1);
    let committed = || commit(&key, &circuit, &mut rng(1)).unwrap();
    let commitments = [committed().commitment().clone()];
    let challenges = draw(&key.verifying_key, &prepared(&key, LENGTH), &TRANSCRIPT, &commitments).unwrap();
    let [one, two] = [2, 3].map(|seed| prove(&key, committed(), &challenges, &mut rng(seed)).unwrap());
    assert_eq!((one.d, one.knowledge), (two.d, two.knowledge));
    assert!(one.a != two.a && one.b != two.b && one.c != two.c);

    let circuit = Cubic { x: Some(Fr::from(3u64)), constant: Fr::from(5u64) };
    let key = insecure_setup(&circuit, [1; 32]).unwrap();
    let [one, two] = [2, 3].map(|seed| prove_vanilla(&key, &circuit, &mut rng(seed)).unwrap());
    assert!(one.a != two.a && one.b != two.b && one.c != two.c);
}

#[test]
fn changed_proofs_inputs_and_challenges_are_refused() {
    let key = key(LENGTH);
    let verifier = Verifier::new(key.verifying_key.clone()).unwrap();
    let prepared = prepared(&key, LENGTH);
    let proven = prove_all(&key, &prepared, &[Permutation::honest(LENGTH, 1)], 1);
    let (public, late, proof) = &proven.segments[0];
    let reason = |public: &[Fr], late_public: &[Fr], proof: &Proof| {
        let segment = Segment { public, late_public, proof };
        verifier.verify(&prepared, &proven.challenges, &[segment]).unwrap_err().reason
    };
    let g1 = G1Affine::generator();
    let other = |point: G1Affine| G1Affine::from(point + g1);
    assert_eq!(reason(public, late, &Proof { a: other(proof.a), ..proof.clone() }), Reject::ProofInvalid);
    assert_eq!(
        reason(public, late, &Proof { b: (proof.b + G2Affine::generator()).into(), ..proof.clone() }),
        Reject::ProofInvalid
    );
    assert_eq!(reason(public, late, &Proof { c: other(proof.c), ..proof.clone() }), Reject::ProofInvalid);
    assert_eq!(
        reason(public, late, &Proof { knowledge: other(proof.knowledge), ..proof.clone() }),
        Reject::ProofInvalid
    );
    assert_eq!(reason(public, late, &Proof { a: proof.c, c: proof.a, ..proof.clone() }), Reject::ProofInvalid);
    assert_eq!(reason(public, late, &Proof { d: other(proof.d), ..proof.clone() }), Reject::CommitmentMismatch);
    assert_eq!(reason(&[public[0] + Fr::from(1u64)], late, proof), Reject::CommitmentMismatch);
    assert_eq!(reason(public, &[late[0] + Fr::from(1u64)], proof), Reject::ProofInvalid);
    assert_eq!(reason(public, &[], proof), Reject::InputCountMismatch);
    assert_eq!(reason(public, &[late[0], late[0]], proof), Reject::InputCountMismatch);

    let other_key = insecure_setup(&Permutation::shape(LENGTH), [8; 32]).unwrap();
    let other_verifier = Verifier::new(other_key.verifying_key).unwrap();
    let error = other_verifier.verify(&prepared, &proven.challenges, &proven.segments()).unwrap_err();
    assert_eq!(error.reason, Reject::OtherKey);
    let error = verifier.verify(&prepared, &proven.challenges, &[]).unwrap_err();
    assert_eq!(error.reason, Reject::CommitmentMismatch);
}

#[test]
fn the_prover_refuses_what_does_not_fit() {
    let key = key(LENGTH);
    let prepared = prepared(&key, LENGTH);
    let mut rng = rng(1);
    assert_eq!(commit(&key, &Permutation::shape(LENGTH), &mut rng).err(), Some(ProveError::MissingValues));
    assert!(matches!(
        commit(&key, &Permutation::honest(LENGTH + 1, 1), &mut rng).err(),
        Some(ProveError::OtherCircuit { .. })
    ));
    let circuit = Permutation::honest(LENGTH, 1);
    let [one, two] = [(); 2].map(|()| commit(&key, &circuit, &mut rng).unwrap());
    let challenges = draw(&key.verifying_key, &prepared, &TRANSCRIPT, &[one.commitment().clone()]).unwrap();
    assert_eq!(prove(&key, two, &challenges, &mut rng).err(), Some(ProveError::OtherChallenges));
    assert!(prove(&key, one, &challenges, &mut rng).is_ok());

    let mut wrong = Permutation::honest(LENGTH, 1);
    wrong.values.as_mut().unwrap().right[0] += Fr::from(1u64);
    let committed = commit(&key, &wrong, &mut rng).unwrap();
    let challenges = draw(&key.verifying_key, &prepared, &TRANSCRIPT, &[committed.commitment().clone()]).unwrap();
    // The first rows are those of the inner product and of the first vector's product.
    let last = 3 * LENGTH - 1;
    assert_eq!(prove(&key, committed, &challenges, &mut rng).err(), Some(ProveError::Unsatisfied(last)));
}

#[test]
fn encodings_are_strict() {
    let key = key(LENGTH);
    let proven = prove_all(&key, &prepared(&key, LENGTH), &[Permutation::honest(LENGTH, 1)], 1);
    let proof = &proven.segments[0].2;
    let bytes = proof.to_bytes();
    assert_eq!(bytes.len(), PROOF_BYTES);
    assert_eq!(Proof::from_bytes(&bytes).unwrap(), *proof);
    assert_eq!(Proof::from_json(&proof.to_json()).unwrap(), *proof);

    let reject = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        let rejection = Proof::from_bytes(&bytes).unwrap_err();
        (rejection.reason, rejection.offset)
    };
    assert_eq!(reject(&|bytes| bytes.push(0)), (Reject::ProofLengthMismatch, 192));
    assert_eq!(reject(&|bytes| bytes.truncate(191)), (Reject::ProofLengthMismatch, 160));
    // The identity, with and without the coordinate that ark would ignore.
    let identity = |bytes: &mut Vec<u8>, x: u8| {
        bytes[96..128].fill(0);
        bytes[96] = x;
        bytes[127] = 0x40;
    };
    assert_eq!(reject(&|bytes| identity(bytes, 0)), (Reject::PointIsIdentity, 96));
    assert_eq!(reject(&|bytes| identity(bytes, 1)).1, 96);
    assert!(matches!(reject(&|bytes| identity(bytes, 1)).0, Reject::PointNotCanonical | Reject::PointNotOnCurve));
    // x + modulus, both flags, an x without a point.
    let modulus = Fq::MODULUS.to_bytes_le();
    assert_eq!(reject(&|bytes| bytes[..32].copy_from_slice(&modulus)).0, Reject::PointNotOnCurve);
    assert_eq!(reject(&|bytes| bytes[31] |= 0xc0).0, Reject::PointNotOnCurve);
    let no_point = (1..=255u8).find(|x| G1Affine::get_point_from_x_unchecked(Fq::from(*x), false).is_none()).unwrap();
    let without_point = |bytes: &mut Vec<u8>| {
        bytes[..32].fill(0);
        bytes[0] = no_point;
    };
    assert_eq!(reject(&without_point), (Reject::PointNotOnCurve, 0));
    // A point of the twist outside the subgroup.
    let outside = (1..=255u8)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(ark_bn254::Fq2::new(Fq::from(x), Fq::from(0u64)), false))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap();
    let swap_b = |bytes: &mut Vec<u8>| bytes[32..96].copy_from_slice(&point_to_bytes(&outside));
    assert_eq!(reject(&swap_b), (Reject::PointNotInSubgroup, 32));

    for text in ["", "{}", &proof.to_json().replace("0x", "0X"), &proof.to_json().replace("bn254", "bn128")] {
        assert_eq!(Proof::from_json(text).unwrap_err().reason, Reject::ProofFileMalformed);
    }
}

#[test]
fn verifying_keys_are_encoded_strictly_and_validated() {
    let key = key(LENGTH).verifying_key;
    let bytes = key.to_bytes();
    assert_eq!(VerifyingKey::from_bytes(&bytes).unwrap(), key);
    let reject = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        VerifyingKey::from_bytes(&bytes).unwrap_err().reason
    };
    assert_eq!(reject(&|bytes| bytes[7] = 2), Reject::KeyMalformed);
    assert_eq!(reject(&|bytes| bytes[8] = 1), Reject::KeyMalformed);
    assert_eq!(reject(&|bytes| bytes[12] = 0xff), Reject::KeyMalformed);
    assert_eq!(reject(&|bytes| bytes.push(0)), Reject::ProofLengthMismatch);
    assert_eq!(reject(&|bytes| bytes.truncate(bytes.len() - 1)), Reject::ProofLengthMismatch);
    // Gamma and delta are the second and third point of G2 behind alpha.
    let gamma = 28 + 32 + 64;
    assert_eq!(reject(&|bytes| bytes.copy_within(gamma..gamma + 64, gamma + 64)), Reject::KeyDegenerate);
    let bases = 28 + 32 + 4 * 64;
    assert_eq!(reject(&|bytes| bytes.copy_within(bases + 32..bases + 64, bases + 64)), Reject::KeyDegenerate);
    // The highest bit of a point's last byte negates it.
    let negated = |bytes: &mut Vec<u8>, from: std::ops::Range<usize>| {
        let end = from.end + from.len();
        bytes.copy_within(from.clone(), from.end);
        bytes[end - 1] ^= 0x80;
    };
    assert_eq!(reject(&|bytes| negated(bytes, gamma..gamma + 64)), Reject::KeyDegenerate);
    assert_eq!(reject(&|bytes| negated(bytes, bases + 32..bases + 64)), Reject::KeyDegenerate);
    let with = |change: &dyn Fn(&mut VerifyingKey)| {
        let mut key = key.clone();
        change(&mut key);
        Verifier::new(key).unwrap_err().reason
    };
    assert_eq!(with(&|key| key.delta_g2 = key.gamma_g2), Reject::KeyDegenerate);
    assert_eq!(with(&|key| key.alpha_g1 = G1Affine::zero()), Reject::KeyDegenerate);
    let generator = G2Affine::generator();
    assert_eq!(with(&|key| key.gamma_g2 = generator), Reject::KeyDegenerate);
    assert_eq!(with(&|key| key.delta_g2 = -generator), Reject::KeyDegenerate);
    assert_eq!(with(&|key| key.sigma_g2 = Some(-generator)), Reject::KeyDegenerate);
    assert_eq!(with(&|key| key.sigma_g2 = Some(-key.delta_g2)), Reject::KeyDegenerate);
    assert_eq!(with(&|key| key.bases[2] = G1Affine::zero()), Reject::KeyDegenerate);
    assert_eq!(with(&|key| key.bases[2] = key.bases[3]), Reject::KeyDegenerate);
    assert_eq!(with(&|key| key.sigma_g2 = None), Reject::KeyMalformed);
    assert_eq!(with(&|key| key.bases.truncate(3)), Reject::KeyMalformed);
}

#[test]
fn cached_keys_are_found_and_damage_is_repaired() {
    let directory = std::env::temp_dir().join(format!("middle-client-keys-{}", std::process::id()));
    let circuit = Permutation::shape(LENGTH);
    let told = std::cell::RefCell::new(Vec::new());
    let progress = |step| told.borrow_mut().push(step);
    let (built, origin) = cached_insecure_setup(&directory, &circuit, [7; 32], &progress).unwrap();
    assert_eq!(origin, Origin::Built);
    use KeyStep::*;
    assert_eq!(told.take(), [Shape, Read, Groth16, Knowledge, Write]);
    let (cached, origin) = cached_insecure_setup(&directory, &circuit, [7; 32], &progress).unwrap();
    assert_eq!(told.take(), [Shape, Read, Validate]);
    assert_eq!((origin, &cached.groth16, &cached.sigma_bases), (Origin::Cached, &built.groth16, &built.sigma_bases));
    assert_eq!(cached.verifying_key, built.verifying_key);
    let file = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
    assert!(file.file_name().unwrap().to_string_lossy().contains("insecure"));
    let sound = std::fs::read(&file).unwrap();
    for damage in [&[][..], &sound[..sound.len() - 1], &[sound.as_slice(), &[0]].concat()] {
        std::fs::write(&file, damage).unwrap();
        let (rebuilt, origin) = cached_insecure_setup(&directory, &circuit, [7; 32], &|_| {}).unwrap();
        assert!(matches!(origin, Origin::Rebuilt(_)));
        assert_eq!(rebuilt.verifying_key, built.verifying_key);
        assert_eq!(std::fs::read(&file).unwrap(), sound);
    }
    let mut flipped = sound.clone();
    flipped[1_000] ^= 1;
    std::fs::write(&file, flipped).unwrap();
    assert!(matches!(cached_insecure_setup(&directory, &circuit, [7; 32], &|_| {}).unwrap().1, Origin::Rebuilt(_)));

    // A checksum that fits does not make a key of what is none.
    type Change = (&'static str, fn(&mut ProvingKey));
    let changes: [Change; 8] = [
        ("bases of A are missing", |key| key.groth16.a_query.truncate(1)),
        ("bases of the quotient are missing", |key| key.groth16.h_query.truncate(1)),
        ("there are no bases of committed wires", |key| key.groth16.vk.gamma_abc_g1.truncate(2)),
        ("bases times sigma are missing", |key| key.sigma_bases.truncate(1)),
        ("there is no sigma", |key| key.verifying_key.sigma_g2 = None),
        ("delta is gamma", |key| key.groth16.vk.delta_g2 = key.groth16.vk.gamma_g2),
        ("delta is the identity in G1 alone", |key| key.groth16.delta_g1 = G1Affine::zero()),
        ("a public base is repeated", |key| key.groth16.vk.gamma_abc_g1[2] = key.groth16.vk.gamma_abc_g1[1]),
    ];
    for (name, change) in changes {
        let mut key = built.clone();
        change(&mut key);
        let mut bytes = sound[..72].to_vec();
        let parts = (&key.groth16, &key.sigma_bases, &key.verifying_key.sigma_g2);
        parts.serialize_uncompressed(&mut bytes).unwrap();
        bytes.extend(keccak256(&bytes));
        std::fs::write(&file, bytes).unwrap();
        let (rebuilt, origin) = cached_insecure_setup(&directory, &circuit, [7; 32], &|_| {}).unwrap();
        assert!(matches!(origin, Origin::Rebuilt(_)), "{name}");
        assert_eq!(rebuilt.verifying_key, built.verifying_key);
    }
    std::fs::remove_dir_all(&directory).unwrap();

    // Who builds the same key at the same time builds the same file, and nothing else is left behind.
    std::thread::scope(|scope| {
        let build = || cached_insecure_setup(&directory, &circuit, [7; 32], &|_| {}).unwrap().0.verifying_key;
        let builders: Vec<_> = (0..4).map(|_| scope.spawn(build)).collect();
        builders.into_iter().for_each(|builder| assert_eq!(builder.join().unwrap(), built.verifying_key));
    });
    let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, [file]);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn no_base_is_zero_or_repeated_and_sigma_scales_each() {
    let key = key(LENGTH);
    let mut bases: Vec<Vec<u8>> = key.groth16.vk.gamma_abc_g1.iter().map(point_to_bytes).collect();
    assert!(key.groth16.vk.gamma_abc_g1.iter().all(|base| !base.is_zero()));
    bases.sort();
    bases.dedup();
    assert_eq!(bases.len(), key.shape.instance());
    use ark_ec::pairing::Pairing;
    for (base, scaled) in key.committed_bases().iter().zip(&key.sigma_bases) {
        let left = ark_bn254::Bn254::pairing(*base, key.verifying_key.sigma_g2.unwrap());
        assert_eq!(left, ark_bn254::Bn254::pairing(*scaled, G2Affine::generator()));
    }
    assert_eq!(key.sigma_bases.len(), key.shape.committed);
}
