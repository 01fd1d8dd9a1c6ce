//! Changes proofs that hold and their statements, and predicts what the verifier says.
//!
//! Each point of a proof is tracked as a combination of the points that are known to an attacker. So whether changed
//! proofs are re-randomisations of an honest statement's is decided by their coefficients, without any pairing:
//! exactly these must be accepted.

use arbitrary::{Arbitrary, Result, Unstructured};
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field};
use middle_client::proof_system::example::{Cubic, Permutation};
use middle_client::proof_system::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::sync::LazyLock;

const LENGTH: usize = 2;
/// Changes of a statement at most: many undo what some did, and each costs a multiplication.
const MAX_CHANGES: usize = 8;

/// What the verifier said of changed proofs, which is what was predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Re-randomisations of honest proofs, accepted.
    Accepted,
    /// Anything else, refused.
    Refused,
    /// Bytes that encode no proof.
    NotDecoded,
}

/// A point and its coefficients over the known points of its group; none if it came from elsewhere.
#[derive(Clone)]
struct Tracked<P: AffineRepr> {
    point: P::Group,
    coefficients: Option<Vec<P::ScalarField>>,
}

impl<P: AffineRepr<ScalarField = Fr>> Tracked<P> {
    fn known(points: &[P], index: usize) -> Tracked<P> {
        let mut coefficients = vec![Fr::ZERO; points.len()];
        coefficients[index] = Fr::ONE;
        Tracked { point: points[index].into_group(), coefficients: Some(coefficients) }
    }

    fn scale(&mut self, factor: Fr) {
        self.point *= factor;
        self.coefficients.iter_mut().flatten().for_each(|coefficient| *coefficient *= factor);
    }

    fn add(&mut self, points: &[P], index: usize, factor: Fr) {
        self.point += points[index] * factor;
        if let Some(coefficients) = &mut self.coefficients {
            coefficients[index] += factor;
        }
    }

    /// Takes the place of this point; a sign flag that was turned is still tracked.
    fn replace(&mut self, point: P) {
        if point.into_group() == -self.point {
            self.scale(-Fr::ONE);
        } else if point.into_group() != self.point {
            *self = Tracked { point: point.into_group(), coefficients: None };
        }
    }

    /// The coefficients of these known points, if all others are zero.
    fn over<const N: usize>(&self, indices: [usize; N]) -> Option<[Fr; N]> {
        let coefficients = self.coefficients.as_ref()?;
        let others = coefficients.iter().enumerate().filter(|(index, _)| !indices.contains(index));
        others
            .map(|(_, coefficient)| *coefficient)
            .all(|other| other == Fr::ZERO)
            .then(|| indices.map(|i| coefficients[i]))
    }
}

/// Where the points of an honest proof are among the known ones: A, C, D and the proof of knowledge in G1, B in G2. A
/// vanilla proof has the first two only.
#[derive(Clone)]
struct Honest {
    g1: Vec<usize>,
    b: usize,
    delta: usize,
}

/// A proof as it is changed.
#[derive(Clone)]
struct Part {
    public: Vec<Fr>,
    late_public: Vec<Fr>,
    g1: Vec<Tracked<G1Affine>>,
    b: Tracked<G2Affine>,
}

impl Part {
    /// Whether the points are `A · t`, `B / t + delta · u`, `C + A · t · u` and the others unchanged: what anybody can
    /// do to an honest proof.
    fn is_randomised_again(&self, honest: &Honest) -> bool {
        let (a, c) = (self.g1[0].over([honest.g1[0]]), self.g1[1].over([honest.g1[1], honest.g1[0]]));
        let b = self.b.over([honest.b, honest.delta]);
        let (Some([t]), Some([c, shift]), Some([inverse, u])) = (a, c, b) else { return false };
        let mut unchanged = self.g1.iter().zip(&honest.g1).skip(2);
        t * inverse == Fr::ONE
            && c == Fr::ONE
            && shift == t * u
            && unchanged.all(|(point, honest)| point.over([*honest]) == Some([Fr::ONE]))
    }
}

/// What a verifier is given.
#[derive(Clone)]
struct Statement {
    constants: Vec<Fr>,
    tier: u32,
    text: Vec<u8>,
    parts: Vec<Part>,
    honest: Vec<Honest>,
    challenges: Challenges,
}

/// Keys, honest statements and all points that an attacker knows.
struct World {
    verifier: Verifier,
    vanilla_verifier: Verifier,
    g1: Vec<G1Affine>,
    g2: Vec<G2Affine>,
    statements: Vec<Statement>,
    vanilla: (Part, Honest),
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
    fn new() -> World {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let key = insecure_setup(&Permutation::shape(LENGTH), [7; 32]).unwrap();
        let cubic = Cubic { x: Some(Fr::from(3u64)), constant: Fr::from(5u64) };
        let vanilla_key = insecure_setup(&cubic, [8; 32]).unwrap();
        let mut g1 = vec![G1Affine::generator(), key.verifying_key.alpha_g1, key.groth16.delta_g1];
        g1.extend(&key.groth16.vk.gamma_abc_g1);
        g1.extend(&key.sigma_bases);
        g1.extend(&vanilla_key.verifying_key.bases);
        let mut g2 = vec![G2Affine::generator()];
        for key in [&key.verifying_key, &vanilla_key.verifying_key] {
            g2.extend([key.delta_g2, key.beta_g2, key.gamma_g2]);
            g2.extend(key.sigma_g2);
        }
        let (delta, vanilla_delta) = (1, 5);

        // The same values in two statements: their proofs differ in challenges and randomness alone.
        let mut drafts = Vec::new();
        for (tier, text, seeds) in [(1, &b"one"[..], &[1][..]), (1, b"other", &[1]), (2, b"three", &[1, 2, 3])] {
            let circuits: Vec<_> = seeds.iter().map(|seed| Permutation::honest(LENGTH, *seed)).collect();
            let constants = circuits[0].weights();
            let prepared = Prepared::derive(&key.verifying_key, &constants).unwrap();
            let committed: Vec<_> = circuits.iter().map(|circuit| commit(&key, circuit, &mut rng).unwrap()).collect();
            let commitments: Vec<_> = committed.iter().map(|committed| committed.commitment().clone()).collect();
            let transcript = Transcript { tier, statement: text };
            let challenges = draw(&key.verifying_key, &prepared, &transcript, &commitments).unwrap();
            let mut proofs = Vec::new();
            for ((committed, circuit), commitment) in committed.into_iter().zip(&circuits).zip(commitments) {
                let proof = prove(&key, committed, &challenges, &mut rng).unwrap();
                let first = g1.len();
                g1.extend([proof.a, proof.c, proof.d, proof.knowledge]);
                g2.push(proof.b);
                let honest = Honest { g1: (first..g1.len()).collect(), b: g2.len() - 1, delta };
                proofs.push((commitment.public, vec![circuit.product(challenges.values()[0])], honest));
            }
            drafts.push((constants, tier, text, proofs, challenges));
        }
        let proof = prove_vanilla(&vanilla_key, &cubic, &mut rng).unwrap();
        g1.extend([proof.a, proof.c]);
        g2.push(proof.b);
        let honest = Honest { g1: vec![g1.len() - 2, g1.len() - 1], b: g2.len() - 1, delta: vanilla_delta };

        let part = |public, late_public, honest: &Honest| Part {
            public,
            late_public,
            g1: honest.g1.iter().map(|index| Tracked::known(&g1, *index)).collect(),
            b: Tracked::known(&g2, honest.b),
        };
        let vanilla = (part(vec![Fr::from(7u64), cubic.y().unwrap()], Vec::new(), &honest), honest.clone());
        let statements = drafts.into_iter().map(|(constants, tier, text, proofs, challenges)| {
            let parts = proofs.iter().map(|(public, late, honest)| part(public.clone(), late.clone(), honest));
            let (parts, text) = (parts.collect(), text.to_vec());
            let honest = proofs.iter().map(|(_, _, honest)| honest.clone()).collect();
            Statement { constants, tier, text, parts, honest, challenges }
        });
        World {
            statements: statements.collect(),
            verifier: Verifier::new(key.verifying_key.clone()).unwrap(),
            vanilla_verifier: Verifier::new(vanilla_key.verifying_key).unwrap(),
            vanilla,
            g1,
            g2,
        }
    }
}

/// A scalar: mostly one with which changes can cancel each other.
fn scalar(bytes: &mut Unstructured) -> Result<Fr> {
    Ok(match u8::arbitrary(bytes)? {
        small @ 0..128 => Fr::from(small % 4 + 1),
        small @ 128..250 => -Fr::from(small % 4 + 1),
        _ => Fr::from(u128::arbitrary(bytes)?),
    })
}

/// Changes one proof. False if it is none any more.
fn change_part(part: &mut Part, bytes: &mut Unstructured) -> Result<bool> {
    let world = &*WORLD;
    let element = bytes.choose_index(part.g1.len() + 1)?;
    match bytes.int_in_range(0..=7u8)? {
        // Randomises again, as anybody may.
        0 => {
            let (t, u) = (scalar(bytes)?, scalar(bytes)?);
            let delta = if part.g1.len() == 2 { WORLD.vanilla.1.delta } else { WORLD.statements[0].honest[0].delta };
            let Some(inverse) = t.inverse() else { return Ok(true) };
            let addition = part.g1[0].clone();
            part.g1[0].scale(t);
            part.b.scale(inverse);
            part.b.add(&world.g2, delta, u);
            part.g1[1].point += addition.point * (t * u);
            let sums = part.g1[1].coefficients.take().zip(addition.coefficients);
            let sum = |(own, other): (Vec<Fr>, Vec<Fr>)| own.iter().zip(other).map(|(a, b)| *a + b * t * u).collect();
            part.g1[1].coefficients = sums.map(sum);
        }
        // Scales, or negates, one point, or two of them against each other.
        1 => {
            let factor = scalar(bytes)?;
            match part.g1.get_mut(element) {
                Some(point) => point.scale(factor),
                None => part.b.scale(factor),
            }
        }
        2 => {
            let factor = scalar(bytes)?;
            part.g1[0].scale(factor);
            part.b.scale(factor.inverse().unwrap_or(Fr::ONE));
        }
        // Adds a multiple of a known point.
        3 => {
            let factor = scalar(bytes)?;
            match part.g1.get_mut(element) {
                Some(point) => point.add(&world.g1, bytes.choose_index(world.g1.len())?, factor),
                None => part.b.add(&world.g2, bytes.choose_index(world.g2.len())?, factor),
            }
        }
        // Takes a known point.
        4 => match part.g1.get_mut(element) {
            Some(point) => *point = Tracked::known(&world.g1, bytes.choose_index(world.g1.len())?),
            None => part.b = Tracked::known(&world.g2, bytes.choose_index(world.g2.len())?),
        },
        5 => {
            let other = bytes.choose_index(part.g1.len())?;
            part.g1.swap(element.min(other), other);
        }
        6 => {
            let inputs = if bool::arbitrary(bytes)? { &mut part.public } else { &mut part.late_public };
            match (bytes.int_in_range(0..=9u8)?, inputs.len()) {
                (0, _) => inputs.push(scalar(bytes)?),
                (1, 1..) => drop(inputs.pop()),
                (_, count @ 1..) => inputs[bytes.choose_index(count)?] += scalar(bytes)?,
                _ => {}
            }
        }
        // Turns a bit of the encoding.
        _ => {
            let position = usize::arbitrary(bytes)?;
            let mut encoding = encode(part);
            let position = position % (8 * encoding.len());
            encoding[position / 8] ^= 1 << (position % 8);
            let (g1, b) = if part.g1.len() == 2 {
                let Ok(proof) = vanilla_proof_from_bytes(&encoding) else { return Ok(false) };
                assert_eq!(vanilla_proof_to_bytes(&proof), encoding);
                (vec![proof.a, proof.c], proof.b)
            } else {
                let Ok(proof) = Proof::from_bytes(&encoding) else { return Ok(false) };
                assert_eq!(proof.to_bytes(), encoding);
                (vec![proof.a, proof.c, proof.d, proof.knowledge], proof.b)
            };
            part.g1.iter_mut().zip(g1).for_each(|(tracked, point)| tracked.replace(point));
            part.b.replace(b);
        }
    }
    Ok(true)
}

fn encode(part: &Part) -> Vec<u8> {
    match part.g1.len() {
        2 => vanilla_proof_to_bytes(&vanilla_proof(part)),
        _ => proof(part).to_bytes(),
    }
}

fn proof(part: &Part) -> Proof {
    let points: Vec<G1Projective> = part.g1.iter().map(|tracked| tracked.point).collect();
    let [a, c, d, knowledge] = G1Projective::normalize_batch(&points)[..] else { unreachable!("a proof has four") };
    Proof { a, b: G2Projective::into_affine(part.b.point), c, d, knowledge }
}

fn vanilla_proof(part: &Part) -> ark_groth16::Proof<ark_bn254::Bn254> {
    ark_groth16::Proof {
        a: part.g1[0].point.into_affine(),
        b: part.b.point.into_affine(),
        c: part.g1[1].point.into_affine(),
    }
}

/// Changes constants, tier, statement, or which proofs there are in which order.
fn change_statement(statement: &mut Statement, bytes: &mut Unstructured) -> Result<()> {
    let count = statement.parts.len();
    match bytes.int_in_range(0..=6u8)? {
        0 => {
            let index = bytes.choose_index(LENGTH)?;
            statement.constants[index] += scalar(bytes)?;
        }
        1 => statement.tier = bytes.int_in_range(0..=3)?,
        2 => statement.text = bytes.choose(&[&b"one"[..], b"other", b"three", b"on", b"one\0", b""])?.to_vec(),
        3 if count > 0 => statement.parts.swap(bytes.choose_index(count)?, bytes.choose_index(count)?),
        4 if count > 0 => drop(statement.parts.remove(bytes.choose_index(count)?)),
        5 => {
            let others = &WORLD.statements[bytes.choose_index(WORLD.statements.len())?].parts;
            statement.parts.insert(bytes.choose_index(count + 1)?, bytes.choose(others)?.clone());
        }
        // A point moves from one proof to another, or two proofs are changed by opposite amounts.
        _ if count > 1 => {
            let (from, to) = (bytes.choose_index(count)?, bytes.choose_index(count)?);
            let (element, factor) = (bytes.choose_index(4)?, scalar(bytes)?);
            if bool::arbitrary(bytes)? {
                statement.parts[to].g1[element] = statement.parts[from].g1[element].clone();
            } else {
                let index = bytes.choose_index(WORLD.g1.len())?;
                statement.parts[from].g1[element].add(&WORLD.g1, index, factor);
                statement.parts[to].g1[element].add(&WORLD.g1, index, -factor);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether these are an honest statement and re-randomisations of its proofs.
fn is_honest(statement: &Statement) -> bool {
    WORLD.statements.iter().any(|origin| {
        let same =
            (&origin.constants, origin.tier, &origin.text) == (&statement.constants, statement.tier, &statement.text);
        same && are_proofs_of(statement, origin)
    })
}

fn are_proofs_of(statement: &Statement, origin: &Statement) -> bool {
    let pairs = || statement.parts.iter().zip(&origin.parts).zip(&origin.honest);
    statement.parts.len() == origin.parts.len()
        && pairs().all(|((part, origin), honest)| {
            part.public == origin.public && part.late_public == origin.late_public && part.is_randomised_again(honest)
        })
}

/// Verifies, and compares with what is predicted.
fn verify(statement: &Statement, challenges: Option<&Challenges>, predicted: bool) -> Verdict {
    let verifier = &WORLD.verifier;
    let proofs: Vec<Proof> = statement.parts.iter().map(proof).collect();
    let parts = statement.parts.iter().zip(&proofs);
    let commitments: Vec<Commitment> =
        parts.clone().map(|(part, proof)| Commitment { point: proof.d, public: part.public.clone() }).collect();
    let segments: Vec<Segment> =
        parts.map(|(part, proof)| Segment { public: &part.public, late_public: &part.late_public, proof }).collect();
    let transcript = Transcript { tier: statement.tier, statement: &statement.text };
    let result = Prepared::derive(verifier.key(), &statement.constants).and_then(|prepared| {
        let drawn = draw(verifier.key(), &prepared, &transcript, &commitments)?;
        verifier.verify(&prepared, challenges.unwrap_or(&drawn), &segments)
    });
    assert_eq!(result.is_ok(), predicted, "{result:?}");
    if predicted { Verdict::Accepted } else { Verdict::Refused }
}

/// Changes proofs as these bytes say, and checks that the verifier accepts them only if they are re-randomisations.
///
/// # Panics
/// If it accepts anything else, or refuses those.
pub fn check(bytes: &[u8]) -> Verdict {
    let bytes = &mut Unstructured::new(bytes);
    // Bytes that end too early are a shorter list of changes.
    let vanilla = bytes.ratio(1, 8).unwrap_or(false);
    let changes = bytes.int_in_range(0..=MAX_CHANGES).unwrap_or(0);
    if vanilla {
        return check_vanilla(bytes, changes);
    }
    let origin = bytes.choose(&WORLD.statements).unwrap_or(&WORLD.statements[0]);
    let mut statement = origin.clone();
    for _ in 0..changes {
        let count = statement.parts.len();
        let result = if count == 0 || bytes.ratio(1, 4).unwrap_or(false) {
            change_statement(&mut statement, bytes).map(|()| true)
        } else {
            bytes.choose_index(count).and_then(|index| change_part(&mut statement.parts[index], bytes))
        };
        match result {
            Ok(true) => {}
            Ok(false) => return Verdict::NotDecoded,
            Err(_) => break,
        }
    }
    // Under challenges that are kept, text and tier say nothing any more.
    let kept = statement.constants == origin.constants && are_proofs_of(&statement, origin);
    verify(&statement, Some(&origin.challenges), kept);
    verify(&statement, None, is_honest(&statement))
}

fn check_vanilla(bytes: &mut Unstructured, changes: usize) -> Verdict {
    let (origin, honest) = &WORLD.vanilla;
    let mut part = origin.clone();
    for _ in 0..changes {
        match change_part(&mut part, bytes) {
            Ok(true) => {}
            Ok(false) => return Verdict::NotDecoded,
            Err(_) => break,
        }
    }
    // A vanilla proof has one list of inputs.
    let public = [&part.public[..], &part.late_public].concat();
    let predicted = public == origin.public && part.is_randomised_again(honest);
    let result = WORLD.vanilla_verifier.verify_vanilla(&public, &vanilla_proof(&part));
    assert_eq!(result.is_ok(), predicted, "{result:?}");
    if predicted { Verdict::Accepted } else { Verdict::Refused }
}
