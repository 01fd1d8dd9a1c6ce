//! Cases of the format `proof_system`: proofs, keys, encodings and challenges. All keys are insecure: their setup's seed
//! is published here.

mod evaluate;

pub(super) use evaluate::{Stop, evaluate};

use super::json::hex;
use super::{Case, case};
use crate::notation::{Reject, keccak256};
use crate::poseidon::element_to_bytes;
use crate::proof_system::example::{Cubic, Permutation};
use crate::proof_system::{
    Commitment, PlainReduction, Prepared, Proof, Transcript, VerifyingKey, draw, insecure_setup, point_to_bytes,
    prove_vanilla, vanilla_proof_to_bytes,
};
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{BigInteger, Field, PrimeField};
use ark_groth16::Groth16;
use evaluate::{Proven, prove_all};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::{Value, json};

/// Length of the vectors of the circuit.
const LENGTH: usize = 3;
/// The statement that the proofs are about.
const STATEMENT: &[u8] = b"a statement";
/// The bit of a point's last byte that says which of the two roots y is.
const SIGN_FLAG: u8 = 0x80;
/// The tier that the proofs are about.
const TIER: u32 = 2;

/// The cases, each that does not end accepted after the accepted one from which it is derived.
///
/// # Panics
/// If the example circuits cannot be proven: they are constants of this crate.
pub fn cases() -> Vec<Case> {
    let one = proven("one", 1);
    let three = proven("three", 3);
    let mut cases =
        [proving(), single(&one), several(&three), challenges(&one, &three), keys(&one), proofs(&one), vanilla(&one)]
            .concat();
    cases.iter_mut().for_each(|case| case.description += " The key is insecure: its seed is published.");
    cases
}

fn seed(name: &str) -> [u8; 32] {
    keccak256(format!("middle-client vectors v1 insecure {name}")).0
}

fn circuits(count: u64) -> Vec<Permutation> {
    (0..count).map(|index| Permutation::honest(LENGTH, 10 * index)).collect()
}

fn proven(name: &str, count: u64) -> Proven {
    let transcript = Transcript { tier: TIER, statement: STATEMENT };
    prove_all(seed("setup"), seed(name), &transcript, &circuits(count)).unwrap_or_else(|fault| panic!("{fault}"))
}

fn field(value: &Fr) -> String {
    hex(element_to_bytes(*value))
}

fn field_values(values: &[Fr]) -> Value {
    values.iter().map(field).collect()
}

/// The input that verifies these proofs.
fn verify_input(proven: &Proven) -> Value {
    let segments = proven.segments.iter().map(|(public, late_public, proof)| {
        json!({"public": field_values(public), "latePublic": field_values(late_public), "proof": hex(proof.to_bytes())})
    });
    json!({
        "kind": "verify",
        "verifyingKey": hex(proven.key.verifying_key.to_bytes()),
        "constants": field_values(&Permutation::honest(LENGTH, 0).weights()),
        "tier": TIER,
        "statement": hex(STATEMENT),
        "segments": segments.collect::<Vec<_>>(),
    })
}

/// A case derived from an accepted one by a change of its input.
struct Origin<'a> {
    id: &'a str,
    input: Value,
}

impl Origin<'_> {
    fn changed(
        &self,
        name: &str,
        description: &str,
        rules: &[&str],
        mutation: &str,
        reason: Reject,
        change: impl FnOnce(&mut Value),
    ) -> Case {
        let mut input = self.input.clone();
        change(&mut input);
        let mut case = case(&format!("{}-{name}", self.id), description, [])
            .object(input)
            .derived_from(self.id, mutation)
            .reject(reason);
        case.requirements = rules.iter().map(|rule| rule.to_string()).collect();
        case
    }
}

/// Proving is deterministic: the same seeds give the same bytes.
fn proving() -> Vec<Case> {
    [("one", 1, "One segment"), ("three", 3, "Three segments")]
        .map(|(name, count, what)| {
            let segments = circuits(count)
                .into_iter()
                .filter_map(|circuit| circuit.values)
                .map(|values| json!({"left": field_values(&values.left), "right": field_values(&values.right)}));
            let description = format!("{what} from published seeds, with all randomness that was drawn.");
            case(
                &format!("proof-system-prove-{name}"),
                &description,
                ["PROOF-001", "PROOF-002", "PROOF-003", "PROOF-006", "PROOF-010"],
            )
            .object(json!({
                "kind": "prove",
                "setupSeed": hex(seed("setup")),
                "seed": hex(seed(name)),
                "weights": field_values(&Permutation::honest(LENGTH, 0).weights()),
                "tier": TIER,
                "statement": hex(STATEMENT),
                "segments": segments.collect::<Vec<_>>(),
            }))
            .accept()
        })
        .to_vec()
}

/// One proof, each part of proof, statement and key changed.
fn single(one: &Proven) -> Vec<Case> {
    let id = "proof-system-verify-one";
    let origin = Origin { id, input: verify_input(one) };
    let mut cases = vec![
        case(id, "A proof of one segment is accepted.", ["PROOF-007", "PROOF-008", "PROOF-009", "PROOF-011"])
            .object(origin.input.clone())
            .accept(),
    ];
    let (_, _, proof) = &one.segments[0];
    let g1 = |point: G1Affine| G1Affine::from(point + G1Affine::generator());
    let g2 = |point: G2Affine| G2Affine::from(point + G2Affine::generator());
    let elements = [
        ("a", "A", Proof { a: g1(proof.a), ..proof.clone() }),
        ("b", "B", Proof { b: g2(proof.b), ..proof.clone() }),
        ("c", "C", Proof { c: g1(proof.c), ..proof.clone() }),
        ("d", "D", Proof { d: g1(proof.d), ..proof.clone() }),
        ("knowledge", "the proof of knowledge", Proof { knowledge: g1(proof.knowledge), ..proof.clone() }),
    ];
    for (name, what, changed) in elements {
        cases.push(origin.changed(
            name,
            &format!("A proof with another point as {what} is refused."),
            &["PROOF-011"],
            &format!("add the generator to {what}"),
            Reject::ProofInvalid,
            |input| input["segments"][0]["proof"] = hex(changed.to_bytes()).into(),
        ));
    }
    let swapped = Proof { a: proof.c, c: proof.a, ..proof.clone() };
    cases.push(origin.changed(
        "a-and-c",
        "A proof with A and C exchanged is refused.",
        &["PROOF-011"],
        "exchange A and C",
        Reject::ProofInvalid,
        |input| input["segments"][0]["proof"] = hex(swapped.to_bytes()).into(),
    ));
    // The proof of knowledge is what sees this one: the first equation holds for the input that is claimed.
    cases.push(shifted(&origin, one));
    let plus_one = |values: &[Fr]| field(&(values[0] + Fr::ONE));
    let (public, late_public, _) = &one.segments[0];
    let (public, late_public) = (plus_one(public), plus_one(late_public));
    cases.push(origin.changed(
        "public",
        "A proof of another public input is refused.",
        &["PROOF-007", "PROOF-011"],
        "raise the public input by one",
        Reject::ProofInvalid,
        |input| input["segments"][0]["public"][0] = public.into(),
    ));
    cases.push(origin.changed(
        "late-public",
        "A proof of another public input of phase 2 is refused.",
        &["PROOF-011"],
        "raise the public input of phase 2 by one",
        Reject::ProofInvalid,
        |input| input["segments"][0]["latePublic"][0] = late_public.into(),
    ));
    cases.push(origin.changed(
        "constant",
        "A proof of another constant is refused.",
        &["PROOF-007", "PROOF-009", "PROOF-011"],
        "set the first constant to 1",
        Reject::ProofInvalid,
        |input| input["constants"][0] = field(&Fr::ONE).into(),
    ));
    cases.push(origin.changed(
        "tier",
        "A proof of another tier is refused.",
        &["PROOF-007"],
        "raise the tier by one",
        Reject::ProofInvalid,
        |input| input["tier"] = (TIER + 1).into(),
    ));
    for (name, mutation, statement) in [
        ("statement", "change the last letter of the statement", &b"a statemenT"[..]),
        ("statement-longer", "append a zero byte to the statement", b"a statement\0"),
        ("statement-empty", "remove the statement", b""),
    ] {
        cases.push(origin.changed(
            name,
            "A proof of another statement is refused.",
            &["PROOF-007"],
            mutation,
            Reject::ProofInvalid,
            |input| input["statement"] = hex(statement).into(),
        ));
    }
    let other = insecure_setup(&Permutation::shape(LENGTH), seed("other setup")).expect("the example has a key");
    cases.push(origin.changed(
        "key",
        "A proof for another key is refused.",
        &["PROOF-007", "PROOF-011"],
        "use the key of another setup of the same circuit",
        Reject::ProofInvalid,
        |input| input["verifyingKey"] = hex(other.verifying_key.to_bytes()).into(),
    ));
    let sigma = VerifyingKey { sigma_g2: other.verifying_key.sigma_g2, ..one.key.verifying_key.clone() };
    cases.push(origin.changed(
        "sigma",
        "A proof for a key with another sigma is refused.",
        &["PROOF-007", "PROOF-011"],
        "use sigma of another setup",
        Reject::ProofInvalid,
        |input| input["verifyingKey"] = hex(sigma.to_bytes()).into(),
    ));
    let key = &one.key.verifying_key;
    let with_base = |index: usize| {
        let mut bases = key.bases.clone();
        bases[index] = g1(bases[index]);
        VerifyingKey { bases, ..key.clone() }
    };
    // The bases are those of 1, the constants, the public input, two challenges, the public input of phase 2.
    for (name, what, changed) in [
        ("alpha", "alpha", VerifyingKey { alpha_g1: g1(key.alpha_g1), ..key.clone() }),
        ("beta", "beta", VerifyingKey { beta_g2: g2(key.beta_g2), ..key.clone() }),
        ("gamma", "gamma", VerifyingKey { gamma_g2: g2(key.gamma_g2), ..key.clone() }),
        ("delta", "delta", VerifyingKey { delta_g2: g2(key.delta_g2), ..key.clone() }),
        ("base-of-one", "the base of 1", with_base(0)),
        ("base-of-constant", "the base of the first constant", with_base(1)),
        ("base-of-public", "the base of the public input", with_base(1 + LENGTH)),
        ("base-of-challenge", "the base of the first challenge", with_base(2 + LENGTH)),
        ("base-of-late-public", "the base of the public input of phase 2", with_base(4 + LENGTH)),
    ] {
        cases.push(origin.changed(
            &format!("key-{name}"),
            &format!("A proof for a key with another point as {what} is refused."),
            &["PROOF-007", "PROOF-011"],
            &format!("add the generator to {what}"),
            Reject::ProofInvalid,
            |input| input["verifyingKey"] = hex(changed.to_bytes()).into(),
        ));
    }
    for (name, field_name, what) in
        [("public", "public", "public input"), ("late", "latePublic", "public input of phase 2")]
    {
        for (side, mutation) in [("missing", "remove"), ("repeated", "repeat")] {
            cases.push(origin.changed(
                &format!("{name}-{side}"),
                &format!("A {side} {what} is no input of the key."),
                &["PROOF-011"],
                &format!("{mutation} the {what}"),
                Reject::InputCountMismatch,
                |input| change_count(&mut input["segments"][0][field_name], side),
            ));
        }
    }
    for (side, mutation) in [("missing", "remove"), ("repeated", "repeat")] {
        cases.push(origin.changed(
            &format!("constant-{side}"),
            &format!("A {side} constant is no constant of the key."),
            &["PROOF-009", "PROOF-011"],
            &format!("{mutation} the last constant"),
            Reject::InputCountMismatch,
            |input| change_count(&mut input["constants"], side),
        ));
    }
    cases.push(origin.changed(
        "public-above-modulus",
        "A public input is below the modulus.",
        &["POSEIDON-002"],
        "set the public input to the modulus",
        Reject::FieldElementNotCanonical,
        |input| input["segments"][0]["public"][0] = hex(Fr::MODULUS.to_bytes_be()).into(),
    ));
    cases
}

fn change_count(values: &mut Value, side: &str) {
    if let Value::Array(values) = values {
        let last = values.pop();
        if side == "repeated" {
            values.extend([last.clone(), last].into_iter().flatten());
        }
    }
}

/// D is moved along the base of the public input, which is claimed to be one more, before the challenges are drawn. So
/// the first equation holds, and the proof of knowledge is what sees it.
fn shifted(origin: &Origin, one: &Proven) -> Case {
    let key = &one.key;
    let values = Permutation::honest(LENGTH, 0).values.expect("it has values");
    let blinder = Fr::from(17u64);
    let commit = |bases: &[G1Affine]| {
        let [_, committed, _] = values.assignment(&[Fr::ONE; 2], blinder);
        let scalars: Vec<_> = committed.iter().map(|value| value.into_bigint()).collect();
        G1Projective::msm_bigint(bases, &scalars).into_affine()
    };
    let claimed = one.segments[0].0[0] + Fr::ONE;
    let moved: G1Affine = (commit(key.committed_bases()) - key.verifying_key.bases[1 + LENGTH]).into();
    let prepared = Prepared::derive(&key.verifying_key, &values.weights).expect("the weights are the constants");
    let transcript = Transcript { tier: TIER, statement: STATEMENT };
    let commitment = Commitment { point: moved, public: vec![claimed] };
    let challenges =
        draw(&key.verifying_key, &prepared, &transcript, &[commitment]).expect("the commitment has the inputs");
    let [known, committed, private] = values.assignment(challenges.values(), blinder);
    let late_public = known[known.len() - 1];
    let proof = Groth16::<Bn254, PlainReduction>::create_proof_with_reduction_and_matrices(
        &key.groth16,
        Fr::from(19u64),
        Fr::from(23u64),
        &key.shape.matrices,
        key.shape.instance(),
        key.shape.rows(),
        &[vec![Fr::ONE], known, committed, private].concat(),
    )
    .expect("the assignment has the circuit's size");
    let proof = Proof { a: proof.a, b: proof.b, c: proof.c, d: moved, knowledge: commit(&key.sigma_bases) };
    origin.changed(
        "shifted",
        "A commitment that takes over a part of a public input is refused, though the first equation holds.",
        &["PROOF-011"],
        "raise the public input by one, subtract its base from D, draw the challenges for this D and prove",
        Reject::ProofInvalid,
        |input| {
            input["segments"][0]["public"][0] = field(&claimed).into();
            input["segments"][0]["latePublic"][0] = field(&late_public).into();
            input["segments"][0]["proof"] = hex(proof.to_bytes()).into();
        },
    )
}

/// Several proofs at once.
fn several(three: &Proven) -> Vec<Case> {
    let id = "proof-system-verify-three";
    let origin = Origin { id, input: verify_input(three) };
    let mut cases = vec![
        case(id, "The proofs of three segments are accepted together.", ["PROOF-007", "PROOF-011", "PROOF-012"])
            .object(origin.input.clone())
            .accept(),
    ];
    let error = G1Affine::generator();
    let [first, second] = [0, 1].map(|index| three.segments[index].2.clone());
    let privates = [
        Proof { c: (first.c + error).into(), ..first.clone() },
        Proof { c: (second.c - error).into(), ..second.clone() },
    ];
    let knowledge = [
        Proof { knowledge: (first.knowledge + error).into(), ..first },
        Proof { knowledge: (second.knowledge - error).into(), ..second },
    ];
    for (name, what, proofs) in [("c", "C", privates), ("knowledge", "the proofs of knowledge", knowledge)] {
        cases.push(origin.changed(
            &format!("cancelling-{name}"),
            "Two wrong proofs whose errors cancel each other are refused.",
            &["PROOF-012"],
            &format!("add the generator to {what} of the first segment, subtract it from that of the second"),
            Reject::ProofInvalid,
            |input| {
                for (index, proof) in proofs.iter().enumerate() {
                    input["segments"][index]["proof"] = hex(proof.to_bytes()).into();
                }
            },
        ));
    }
    type Change = fn(&mut Vec<Value>);
    let reordered: [(&str, &str, Change); 4] = [
        ("swapped", "exchange the first two segments", |segments| segments.swap(0, 1)),
        ("dropped", "drop the last segment", |segments| drop(segments.pop())),
        ("repeated", "repeat the last segment", |segments| segments.push(segments[2].clone())),
        ("rotated", "move the first segment to the end", |segments| segments.rotate_left(1)),
    ];
    for (name, mutation, change) in reordered {
        cases.push(origin.changed(
            name,
            "Segments cannot be reordered, dropped or repeated.",
            &["PROOF-007"],
            mutation,
            Reject::ProofInvalid,
            |input| {
                if let Value::Array(segments) = &mut input["segments"] {
                    change(segments);
                }
            },
        ));
    }
    cases.push(origin.changed(
        "none",
        "A statement without a segment is refused.",
        &["PROOF-011"],
        "drop all segments",
        Reject::CommitmentMismatch,
        |input| input["segments"] = json!([]),
    ));
    cases
}

/// Commitment, challenge and hash to field with all intermediates.
fn challenges(one: &Proven, three: &Proven) -> Vec<Case> {
    let commitments = |proven: &Proven| -> Vec<Value> {
        let commitment = |(public, _, proof): &(Vec<Fr>, Vec<Fr>, Proof)| json!({"public": field_values(public), "point": hex(point_to_bytes(&proof.d))});
        proven.segments.iter().map(commitment).collect()
    };
    let input = |tier: u32, statement: &[u8], commitments: Vec<Value>| {
        json!({
            "kind": "challenge",
            "verifyingKey": hex(one.key.verifying_key.to_bytes()),
            "constants": field_values(&Permutation::honest(LENGTH, 0).weights()),
            "tier": tier,
            "statement": hex(statement),
            "commitments": commitments,
        })
    };
    let long: Vec<u8> = (0..=255).collect();
    let mut zero = input(TIER, STATEMENT, commitments(one));
    zero["constants"] = field_values(&[Fr::from(0u64); LENGTH]);
    [
        ("one", "one commitment", input(TIER, STATEMENT, commitments(one))),
        ("three", "three commitments", input(TIER, STATEMENT, commitments(three))),
        ("tier", "the largest tier", input(u32::MAX, STATEMENT, commitments(one))),
        ("empty", "an empty statement", input(0, b"", commitments(one))),
        ("zero", "constants that are all zero, whose prepared point is the identity", zero),
        ("long", "a statement of more than one block of the hash", input(0, &long, commitments(one))),
    ]
    .map(|(name, what, input)| {
        case(
            &format!("proof-system-challenge-{name}"),
            &format!("The challenges for {what}."),
            ["PROOF-007", "PROOF-008", "PROOF-009"],
        )
        .object(input)
        .accept()
    })
    .to_vec()
}

/// Keys and what is wrong with them.
fn keys(one: &Proven) -> Vec<Case> {
    let id = "proof-system-key";
    let key = &one.key.verifying_key;
    let bytes = key.to_bytes();
    let origin = Origin { id, input: json!({"kind": "key", "verifyingKey": hex(&bytes)}) };
    let changed = |name: &str, description: &str, rule: &str, mutation: &str, reason, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        origin.changed(name, description, &[rule], mutation, reason, |input| input["verifyingKey"] = hex(bytes).into())
    };
    // Magic, five counts, alpha, then beta, gamma, delta, sigma, then the bases.
    let (alpha, beta, gamma, delta, sigma) = (28, 60, 124, 188, 252);
    let base = |index: usize| 316 + 32 * index;
    let mut identity = [0; 64];
    identity[63] = 0x40;
    let mut cases = vec![
        case(id, "A key is accepted.", ["PROOF-004", "PROOF-005", "PROOF-013", "PROOF-014"])
            .object(origin.input.clone())
            .accept(),
        changed(
            "magic",
            "A key begins with its magic.",
            "PROOF-013",
            "raise the version by one",
            Reject::KeyMalformed,
            &|b| b[7] = 2,
        ),
        changed(
            "counts",
            "No key has 2^24 challenges.",
            "PROOF-013",
            "add 2^24 to the number of challenges",
            Reject::KeyMalformed,
            &|b| b[16] = 1,
        ),
        changed(
            "constants",
            "Constants are public inputs.",
            "PROOF-013",
            "set the number of constants to 255",
            Reject::KeyMalformed,
            &|b| b[11] = 255,
        ),
        changed(
            "flag",
            "A key has a committed phase or none.",
            "PROOF-013",
            "set the flag to 2",
            Reject::KeyMalformed,
            &|b| b[27] = 2,
        ),
        changed(
            "sigma",
            "A key with challenges has sigma.",
            "PROOF-004",
            "remove sigma and its flag",
            Reject::KeyMalformed,
            &|b| {
                b[27] = 0;
                b.drain(sigma..base(0));
            },
        ),
        changed(
            "short",
            "A key has all its bases.",
            "PROOF-013",
            "remove the last byte",
            Reject::ProofLengthMismatch,
            &|b| b.truncate(b.len() - 1),
        ),
        changed(
            "long",
            "A key has no more bases than inputs.",
            "PROOF-013",
            "append a zero byte",
            Reject::ProofLengthMismatch,
            &|b| b.push(0),
        ),
        changed(
            "alpha",
            "No element of a key is the identity.",
            "PROOF-014",
            "set alpha to the identity",
            Reject::PointIsIdentity,
            &|b| b[alpha..beta].copy_from_slice(&identity[32..]),
        ),
        changed(
            "base-identity",
            "No base of a key is the identity.",
            "PROOF-014",
            "set the base of the first input to the identity",
            Reject::PointIsIdentity,
            &|b| b[base(1)..base(2)].copy_from_slice(&identity[32..]),
        ),
        changed(
            "base-repeated",
            "No base of a key is repeated.",
            "PROOF-005",
            "set the base of the second input to that of the first",
            Reject::KeyDegenerate,
            &|b| b.copy_within(base(1)..base(2), base(2)),
        ),
        changed(
            "base-opposite",
            "No two bases of a key are opposite.",
            "PROOF-005",
            "set the base of the second input to the negation of that of the first",
            Reject::KeyDegenerate,
            &|b| {
                b.copy_within(base(1)..base(2), base(2));
                b[base(3) - 1] ^= SIGN_FLAG;
            },
        ),
        changed(
            "subgroup",
            "The elements of a key in G2 lie in the subgroup of prime order.",
            "PROOF-014",
            "set beta to a point of the twist outside it",
            Reject::PointNotInSubgroup,
            &|b| b[beta..gamma].copy_from_slice(&point_to_bytes(&outside_subgroup())),
        ),
        changed(
            "off-curve",
            "The bases of a key lie on the curve.",
            "PROOF-014",
            "set both flags of the base of 1",
            Reject::PointNotOnCurve,
            &|b| b[base(1) - 1] |= 0xc0,
        ),
    ];
    for (name, at) in [("beta", beta), ("gamma", gamma), ("delta", delta), ("sigma", sigma)] {
        cases.push(changed(
            &format!("{name}-identity"),
            "No element of a key is the identity.",
            "PROOF-014",
            &format!("set {name} to the identity"),
            Reject::PointIsIdentity,
            &|b| b[at..at + 64].copy_from_slice(&identity),
        ));
    }
    let generator = point_to_bytes(&G2Affine::generator());
    let secrets = [("gamma", gamma), ("delta", delta), ("sigma", sigma)];
    for (index, (name, at)) in secrets.into_iter().enumerate() {
        let earlier = secrets[..index].iter().map(|(other, at)| (*other, &bytes[*at..at + 64]));
        for (other, point) in earlier.chain([("the generator", &generator[..])]) {
            for opposite in [false, true] {
                let id = match (other, opposite) {
                    ("the generator", false) => format!("{name}-one"),
                    ("the generator", true) => format!("{name}-minus-one"),
                    (other, false) => format!("{other}-{name}"),
                    (other, true) => format!("{other}-{name}-opposite"),
                };
                cases.push(changed(
                    &id,
                    "No two of gamma, delta, sigma and the generator are equal or opposite.",
                    "PROOF-005",
                    &format!("set {name} to {}{other}", if opposite { "the negation of " } else { "" }),
                    Reject::KeyDegenerate,
                    &|b| {
                        b[at..at + 64].copy_from_slice(point);
                        b[at + 63] ^= if opposite { SIGN_FLAG } else { 0 };
                    },
                ));
            }
        }
    }
    cases
}

/// A point of the twist that is not in the subgroup of prime order.
fn outside_subgroup() -> G2Affine {
    (1..=255u8)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::from(0u64)), false))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .expect("most points of the twist are outside the subgroup")
}

/// Encodings of proofs, points and field elements.
fn proofs(one: &Proven) -> Vec<Case> {
    let proof = &one.segments[0].2;
    let bytes = proof.to_bytes();
    let id = "proof-system-proof";
    let origin = Origin { id, input: json!({"kind": "proof", "proof": hex(&bytes)}) };
    let changed = |name: &str, description: &str, rule: &str, mutation: &str, reason, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        origin.changed(name, description, &[rule], mutation, reason, |input| input["proof"] = hex(bytes).into())
    };
    let no_point = (1..=255u8)
        .find(|x| G1Affine::get_point_from_x_unchecked(Fq::from(*x), false).is_none())
        .expect("half of all x have no point");
    let no_point_of_twist = (1..=255u8)
        .find(|x| G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(*x), Fq::from(0u64)), false).is_none())
        .expect("half of all x have no point");
    let mut cases = vec![
        case(id, "A proof has one encoding.", ["PROOF-013", "PROOF-014"]).object(origin.input.clone()).accept(),
        changed(
            "short",
            "A proof has 192 bytes.",
            "PROOF-013",
            "remove the last byte",
            Reject::ProofLengthMismatch,
            &|b| b.truncate(191),
        ),
        changed(
            "long",
            "A proof has no more than 192 bytes.",
            "PROOF-013",
            "append a zero byte",
            Reject::ProofLengthMismatch,
            &|b| b.push(0),
        ),
        changed("empty", "A proof is not empty.", "PROOF-013", "remove all bytes", Reject::ProofLengthMismatch, &|b| {
            b.clear()
        }),
        changed(
            "identity",
            "No element of a proof is the identity.",
            "PROOF-014",
            "set C to the identity",
            Reject::PointIsIdentity,
            &|b| {
                b[96..128].fill(0);
                b[127] = 0x40;
            },
        ),
        changed(
            "identity-with-data",
            "The identity has one encoding.",
            "PROOF-014",
            "set C to the identity with x = 1",
            Reject::PointNotCanonical,
            &|b| {
                b[96..128].fill(0);
                b[96] = 1;
                b[127] = 0x40;
            },
        ),
        changed(
            "both-flags",
            "A point is not the identity and has a sign.",
            "PROOF-014",
            "set both flags of A",
            Reject::PointNotOnCurve,
            &|b| b[31] |= 0xc0,
        ),
        changed(
            "above-modulus",
            "A coordinate is below the modulus.",
            "PROOF-014",
            "set x of A to the modulus",
            Reject::PointNotOnCurve,
            &|b| b[..32].copy_from_slice(&Fq::MODULUS.to_bytes_le()),
        ),
        changed(
            "off-curve",
            "A point lies on the curve.",
            "PROOF-014",
            "set x of A to a number that is no point's",
            Reject::PointNotOnCurve,
            &|b| {
                b[..32].fill(0);
                b[0] = no_point;
            },
        ),
        changed(
            "subgroup",
            "A point of G2 lies in the subgroup of prime order.",
            "PROOF-014",
            "set B to a point of the twist outside it",
            Reject::PointNotInSubgroup,
            &|b| b[32..96].copy_from_slice(&point_to_bytes(&outside_subgroup())),
        ),
        changed(
            "b-identity-with-data",
            "The identity has one encoding.",
            "PROOF-014",
            "set B to the identity with x = 1",
            Reject::PointNotCanonical,
            &|b| {
                b[32..96].fill(0);
                b[32] = 1;
                b[95] = 0x40;
            },
        ),
        changed(
            "b-both-flags",
            "A point is not the identity and has a sign.",
            "PROOF-014",
            "set both flags of B",
            Reject::PointNotOnCurve,
            &|b| b[95] |= 0xc0,
        ),
        changed(
            "b-above-modulus-low",
            "Both parts of a coordinate are below the modulus.",
            "PROOF-014",
            "set c0 of x of B to the modulus",
            Reject::PointNotOnCurve,
            &|b| b[32..64].copy_from_slice(&Fq::MODULUS.to_bytes_le()),
        ),
        changed(
            "b-above-modulus-high",
            "Both parts of a coordinate are below the modulus.",
            "PROOF-014",
            "set c1 of x of B to the modulus",
            Reject::PointNotOnCurve,
            &|b| b[64..96].copy_from_slice(&Fq::MODULUS.to_bytes_le()),
        ),
        changed(
            "b-off-curve",
            "A point of G2 lies on the twist.",
            "PROOF-014",
            "set x of B to a number that is no point's",
            Reject::PointNotOnCurve,
            &|b| {
                b[32..96].fill(0);
                b[32] = no_point_of_twist;
            },
        ),
    ];
    for (name, element, start, end) in
        [("a", "A", 0, 32), ("b", "B", 32, 96), ("d", "D", 128, 160), ("knowledge", "K", 160, 192)]
    {
        cases.push(changed(
            &format!("{name}-identity"),
            "No element of a proof is the identity.",
            "PROOF-014",
            &format!("set {element} to the identity"),
            Reject::PointIsIdentity,
            &|b| {
                b[start..end].fill(0);
                b[end - 1] = 0x40;
            },
        ));
    }
    let id = "proof-system-file";
    let text = proof.to_json();
    let origin = Origin { id, input: json!({"kind": "proof_file", "text": text}) };
    let files = [
        ("curve", "A proof file names its curve.", "name another curve", text.replace("bn254", "bls12-381")),
        ("version", "A proof file has version 1.", "name version 2", text.replace("\"version\": 1", "\"version\": 2")),
        (
            "upper-case",
            "Digits are lower-case.",
            "write one point in capitals",
            text.replacen(
                &text[text.find("0x").map_or(0, |at| at + 2)..][..64],
                &text[text.find("0x").map_or(0, |at| at + 2)..][..64].to_uppercase(),
                1,
            ),
        ),
        ("field", "A proof file has no other fields.", "rename one field", text.replace("\"knowledge\"", "\"pok\"")),
        (
            "format",
            "A proof file says what it is.",
            "name another format",
            text.replace("committed-groth16", "groth16"),
        ),
        (
            "more",
            "A proof file has no further fields.",
            "add a field",
            text.replace("\"version\": 1", "\"version\": 1,\n  \"more\": 0"),
        ),
        (
            "twice",
            "A field stands once.",
            "write the version twice",
            text.replace("\"version\": 1", "\"version\": 1,\n  \"version\": 1"),
        ),
        ("list", "A proof file is no list of the fields' values.", "write the values as a list", list_of_values(&text)),
        ("text", "A proof file is JSON.", "remove the last brace", text.trim_end_matches('}').into()),
    ];
    cases.push(case(id, "A proof file is accepted.", ["PROOF-015"]).object(origin.input.clone()).accept());
    cases.extend(files.map(|(name, description, mutation, text)| {
        origin.changed(name, description, &["PROOF-015"], mutation, Reject::ProofFileMalformed, |input| {
            input["text"] = text.into()
        })
    }));
    cases
}

/// The values of a file of a proof or key in the order in which they are written, as a list.
pub(super) fn list_of_values(text: &str) -> String {
    let values: Vec<&str> = text.lines().filter_map(|line| line.split_once(": ")).map(|(_, value)| value).collect();
    format!("[{}]", values.concat())
}

/// Proofs of a circuit without a committed phase.
fn vanilla(one: &Proven) -> Vec<Case> {
    let circuit = Cubic { x: Some(Fr::from(3u64)), constant: Fr::from(5u64) };
    let key = insecure_setup(&circuit, seed("vanilla setup")).expect("the example has a key");
    let proof = prove_vanilla(&key, &circuit, &mut ChaCha20Rng::from_seed(seed("vanilla"))).expect("it is satisfied");
    let id = "proof-system-vanilla";
    let public = [Fr::from(7u64), Fr::from(35u64)];
    let origin = Origin {
        id,
        input: json!({
            "kind": "vanilla",
            "verifyingKey": hex(key.verifying_key.to_bytes()),
            "public": field_values(&public),
            "proof": hex(vanilla_proof_to_bytes(&proof)),
        }),
    };
    let swapped = ark_groth16::Proof { a: proof.c, c: proof.a, ..proof };
    let (g1, encoded) = (G1Affine::generator(), vanilla_proof_to_bytes(&proof));
    let shifted = |proof: ark_groth16::Proof<ark_bn254::Bn254>| Value::from(hex(vanilla_proof_to_bytes(&proof)));
    vec![
        case(
            id,
            "A proof without a committed phase is accepted, by snarkjs too.",
            ["PROOF-001", "PROOF-003", "PROOF-011"],
        )
        .object(origin.input.clone())
        .accept(),
        origin.changed(
            "public",
            "A proof of another input is refused.",
            &["PROOF-011"],
            "raise the second input by one",
            Reject::ProofInvalid,
            |input| input["public"][1] = field(&Fr::from(36u64)).into(),
        ),
        origin.changed(
            "unused",
            "An input that no row of the circuit uses cannot be changed either.",
            &["PROOF-003", "PROOF-011"],
            "raise the first input by one",
            Reject::ProofInvalid,
            |input| input["public"][0] = field(&Fr::from(8u64)).into(),
        ),
        origin.changed(
            "a-and-c",
            "A proof with A and C exchanged is refused.",
            &["PROOF-011"],
            "exchange A and C",
            Reject::ProofInvalid,
            |input| input["proof"] = hex(vanilla_proof_to_bytes(&swapped)).into(),
        ),
        origin.changed(
            "a",
            "A proof with another A is refused.",
            &["PROOF-011"],
            "add the generator to A",
            Reject::ProofInvalid,
            |input| input["proof"] = shifted(ark_groth16::Proof { a: (proof.a + g1).into(), ..proof.clone() }),
        ),
        origin.changed(
            "b",
            "A proof with another B is refused.",
            &["PROOF-011"],
            "add the generator to B",
            Reject::ProofInvalid,
            |input| {
                input["proof"] =
                    shifted(ark_groth16::Proof { b: (proof.b + G2Affine::generator()).into(), ..proof.clone() });
            },
        ),
        origin.changed(
            "c",
            "A proof with another C is refused.",
            &["PROOF-011"],
            "add the generator to C",
            Reject::ProofInvalid,
            |input| input["proof"] = shifted(ark_groth16::Proof { c: (proof.c + g1).into(), ..proof.clone() }),
        ),
        origin.changed(
            "short",
            "A proof without a committed phase has 128 bytes.",
            &["PROOF-013"],
            "remove the last byte",
            Reject::ProofLengthMismatch,
            |input| input["proof"] = hex(&encoded[..encoded.len() - 1]).into(),
        ),
        origin.changed(
            "long",
            "A proof without a committed phase has no more than 128 bytes.",
            &["PROOF-013"],
            "append a zero byte",
            Reject::ProofLengthMismatch,
            |input| input["proof"] = hex([&encoded[..], &[0]].concat()).into(),
        ),
        origin.changed(
            "repeated",
            "There is an input too many.",
            &["PROOF-011"],
            "repeat the second input",
            Reject::InputCountMismatch,
            |input| change_count(&mut input["public"], "repeated"),
        ),
        origin.changed(
            "missing",
            "An input is missing.",
            &["PROOF-011"],
            "remove the second input",
            Reject::InputCountMismatch,
            |input| change_count(&mut input["public"], "missing"),
        ),
        origin.changed(
            "committed-key",
            "A key with a committed phase is none for a vanilla proof.",
            &["PROOF-011"],
            "use a key with a committed phase",
            Reject::OtherKey,
            |input| input["verifyingKey"] = hex(one.key.verifying_key.to_bytes()).into(),
        ),
    ]
}
