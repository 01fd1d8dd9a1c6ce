//! The verifier: one proof, or many that share their challenges.

use super::challenge::{Challenges, expand};
use super::encoding::point_to_bytes;
use super::keys::VerifyingKey;
use crate::notation::{B256, Reject, Rejection};
use crate::poseidon::element_to_bytes;
use alloy_primitives::Keccak256;
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::{MillerLoopOutput, Pairing};
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{CyclotomicMultSubgroup, One, PrimeField, Zero};
use rayon::prelude::*;
use std::sync::Arc;

/// A proof with a committed phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// `A` of Groth16.
    pub a: G1Affine,
    /// `B` of Groth16.
    pub b: G2Affine,
    /// `C` of Groth16.
    pub c: G1Affine,
    /// The commitment to the committed wires.
    pub d: G1Affine,
    /// The proof that `d` is a combination of their bases.
    pub knowledge: G1Affine,
}

/// The contribution of the constants to the inputs: one point, derived here and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub(super) point: G1Affine,
    pub(super) key_digest: B256,
}

impl Prepared {
    /// PROOF-009: derives the point from the values of the constants. A point from anybody else could shift any public
    /// input, so there is no other way to make one.
    pub fn derive(key: &VerifyingKey, constants: &[Fr]) -> Result<Prepared, Rejection> {
        count("constants", constants.len(), key.constants)?;
        let bases = &key.bases[1..1 + constants.len()];
        let scalars: Vec<_> = constants.iter().map(|value| value.into_bigint()).collect();
        let point = G1Projective::msm_bigint(bases, &scalars).into_affine();
        Ok(Prepared { point, key_digest: key.digest() })
    }

    /// The digest of the key that it is for.
    pub fn key_digest(&self) -> B256 {
        self.key_digest
    }

    /// The point.
    pub fn point(&self) -> G1Affine {
        self.point
    }
}

/// A key with what does not depend on a proof: made once, used for many proofs.
#[derive(Clone, Debug)]
pub struct Verifier {
    key: VerifyingKey,
    digest: B256,
    /// `e(alpha, beta)`.
    alpha_beta: <Bn254 as Pairing>::TargetField,
    minus_gamma: <Bn254 as Pairing>::G2Prepared,
    minus_delta: <Bn254 as Pairing>::G2Prepared,
    sigma: Option<<Bn254 as Pairing>::G2Prepared>,
    minus_one: <Bn254 as Pairing>::G2Prepared,
    /// Of the bases of all inputs but the constants.
    multiples: Multiples,
}

/// Multiples of fixed points, with which their sums take a third of the time.
#[derive(Clone)]
struct Multiples(Arc<Vec<BatchMulPreprocessing<G1Projective>>>);

impl Multiples {
    /// Most points for which multiples are kept, 100 KB each; the general algorithm gains on them when there are more.
    const MOST_POINTS: usize = 16;
    /// Tables as for so many multiplications: of 51 windows with 32 multiples.
    const USES: usize = 256;

    fn of(points: &[G1Affine]) -> Multiples {
        let points = if points.len() > Self::MOST_POINTS { &[] } else { points };
        let tables = points.par_iter().map(|point| BatchMulPreprocessing::new(point.into_group(), Self::USES));
        Multiples(Arc::new(tables.collect()))
    }

    /// The sum of the points times the scalars. `points` are those that the multiples are of.
    fn combination(&self, points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
        if self.0.len() != points.len() {
            return combination(points, scalars);
        }
        self.0.iter().zip(scalars).map(|(table, scalar)| table.batch_mul(&[*scalar])[0]).sum()
    }
}

impl std::fmt::Debug for Multiples {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "multiples of {} points", self.0.len())
    }
}

/// A proof and the public inputs that are its own.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// The public inputs that are no constants.
    pub public: &'a [Fr],
    /// The public inputs of phase 2.
    pub late_public: &'a [Fr],
    /// The proof.
    pub proof: &'a Proof,
}

/// The domain of the hash for the coefficients of a batch.
const BATCH_DOMAIN: &[u8] = b"middle-client committed-groth16 batch v1";

/// Pairs of points in one Miller loop, as many as share its squarings in `ark-ec`. A loop holds 20 kB for each pair, so it
/// does not run over all proofs at once.
const LOOP_PAIRS: usize = 4;

impl Verifier {
    /// Validates a key and prepares it.
    pub fn new(key: VerifyingKey) -> Result<Verifier, Rejection> {
        key.validate()?;
        Ok(Verifier {
            digest: key.digest(),
            alpha_beta: Bn254::pairing(key.alpha_g1, key.beta_g2).0,
            minus_gamma: (-key.gamma_g2).into(),
            minus_delta: (-key.delta_g2).into(),
            sigma: key.sigma_g2.map(Into::into),
            minus_one: (-G2Affine::generator()).into(),
            // The equation of vanilla Groth16 does not use them.
            multiples: Multiples::of(if key.sigma_g2.is_some() {
                &key.bases[1 + key.constants as usize..]
            } else {
                &[]
            }),
            key,
        })
    }

    /// The key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Verifies proofs that share their challenges, all at once.
    ///
    /// The equations of all proofs and the proofs of knowledge are added up with coefficients hashed from everything
    /// in them, so one final exponentiation decides all, and each proof after the first costs one Miller loop.
    pub fn verify(
        &self,
        prepared: &Prepared,
        challenges: &Challenges,
        segments: &[Segment<'_>],
    ) -> Result<(), Rejection> {
        let Some(sigma) = &self.sigma else {
            return Err(Rejection::new(Reject::OtherKey, 0, "the key has no committed phase"));
        };
        // PROOF-011: points and challenges derived under another key say nothing under this one.
        if prepared.key_digest != self.digest || challenges.key_digest != self.digest {
            return Err(Rejection::new(Reject::OtherKey, 0, "the challenges were drawn for another key"));
        }
        // PROOF-011: the challenges are those of exactly these commitments and inputs in this order.
        let drawn = challenges.commitments.iter().map(|commitment| (&commitment.point, &commitment.public[..]));
        if segments.is_empty() || !drawn.eq(segments.iter().map(|segment| (&segment.proof.d, segment.public))) {
            let detail =
                format!("challenges for {} commitments, {} proofs", challenges.commitments.len(), segments.len());
            return Err(Rejection::new(Reject::CommitmentMismatch, 0, detail));
        }
        let coefficients = self.coefficients(prepared, challenges, segments)?;
        let equations: Vec<Fr> = coefficients.iter().map(|[equation, _]| *equation).collect();
        let [_, knowledge] = coefficients[0];

        // What is paired with the same point of the key is added up first: four pairs, however many proofs there are.
        let total: Fr = equations.iter().sum();
        let sum = |point: fn(&Proof) -> G1Affine| {
            let points: Vec<G1Affine> = segments.iter().map(|segment| point(segment.proof)).collect();
            combination(&points, &equations)
        };
        let inputs = self.inputs(prepared, challenges, segments, &equations)?;
        let (privates, commitments, openings) =
            (sum(|proof| proof.c), sum(|proof| proof.d), sum(|proof| proof.knowledge));
        let (known, opened) = rayon::join(|| commitments * knowledge, || openings * knowledge);
        let sums = [inputs + commitments, privates, known, opened];
        let scaled = segments.par_iter().zip(&equations);
        let scaled: Vec<G1Projective> = scaled.map(|(segment, equation)| times(segment.proof.a, *equation)).collect();
        let g1 = G1Projective::normalize_batch(&[scaled, sums.to_vec()].concat());
        let (own, fixed) = g1.split_at(segments.len());
        let key = [&self.minus_gamma, &self.minus_delta, sigma, &self.minus_one];
        let pairs = segments.par_chunks(LOOP_PAIRS).zip(own.par_chunks(LOOP_PAIRS));
        let (own, fixed) = rayon::join(
            || {
                let loops = pairs.map(|(segments, points)| {
                    Bn254::multi_miller_loop(points, segments.iter().map(|segment| segment.proof.b)).0
                });
                loops.product::<<Bn254 as Pairing>::TargetField>()
            },
            || Bn254::multi_miller_loop(fixed, key.into_iter().cloned()).0,
        );
        let product = Bn254::final_exponentiation(MillerLoopOutput(own * fixed));
        // PROOF-011: the equation of Groth16 with the commitment among the inputs, and that of the proof of knowledge.
        if product.map(|product| product.0) == Some(self.alpha_beta.cyclotomic_exp(total.into_bigint())) {
            Ok(())
        } else {
            Err(Rejection::new(Reject::ProofInvalid, 0, "the pairing equation does not hold"))
        }
    }

    /// PROOF-012: the coefficients of the batch, of each proof those of both equations, hashed from the challenges (and
    /// so from the key and the statement) and all elements and inputs of all proofs. The first is 1: a common factor
    /// changes nothing.
    pub fn coefficients(
        &self,
        prepared: &Prepared,
        challenges: &Challenges,
        segments: &[Segment<'_>],
    ) -> Result<Vec<[Fr; 2]>, Rejection> {
        let mut hasher = Keccak256::new();
        hasher.update(BATCH_DOMAIN);
        hasher.update(self.digest);
        hasher.update(challenges.seed);
        hasher.update(point_to_bytes(&prepared.point));
        hasher.update((segments.len() as u32).to_be_bytes());
        for segment in segments {
            count("public inputs", segment.public.len(), self.key.public - self.key.constants)?;
            count("public inputs of phase 2", segment.late_public.len(), self.key.late_public)?;
            for value in segment.public.iter().chain(segment.late_public) {
                hasher.update(element_to_bytes(*value));
            }
            hasher.update(segment.proof.to_bytes());
        }
        let mut equations = expand(hasher.finalize(), segments.len() as u32);
        let knowledge = equations.first_mut().map(|first| std::mem::replace(first, Fr::one())).unwrap_or_default();
        Ok(equations.into_iter().map(|equation| [equation, equation * knowledge]).collect())
    }

    /// What the verifier knows of the inputs, summed up over all proofs times their coefficients: 1 and constants, public
    /// inputs, challenges, public inputs of phase 2. The scalars are summed up first, so that a further proof takes no
    /// multiplication of a point.
    fn inputs(
        &self,
        prepared: &Prepared,
        challenges: &Challenges,
        segments: &[Segment<'_>],
        coefficients: &[Fr],
    ) -> Result<G1Projective, Rejection> {
        count("challenges", challenges.values.len(), self.key.challenges)?;
        let bases = &self.key.bases[1 + self.key.constants as usize..];
        let mut scalars = vec![Fr::zero(); bases.len()];
        for (segment, coefficient) in segments.iter().zip(coefficients) {
            let values = segment.public.iter().chain(&challenges.values).chain(segment.late_public);
            scalars.iter_mut().zip(values).for_each(|(scalar, value)| *scalar += *coefficient * value);
        }
        let total: Fr = coefficients.iter().sum();
        let constants = (prepared.point + self.key.bases[0]).into_affine();
        Ok(self.multiples.combination(bases, &scalars) + times(constants, total))
    }

    /// Verifies a vanilla proof: of a circuit without a committed phase.
    pub fn verify_vanilla(&self, public: &[Fr], proof: &ark_groth16::Proof<Bn254>) -> Result<(), Rejection> {
        if self.sigma.is_some() {
            return Err(Rejection::new(Reject::OtherKey, 0, "the key has a committed phase"));
        }
        count("public inputs", public.len(), self.key.public + self.key.late_public)?;
        let inputs = combination(&self.key.bases[1..], public) + self.key.bases[0];
        let g1: [<Bn254 as Pairing>::G1Prepared; 3] = [proof.a.into(), inputs.into_affine().into(), proof.c.into()];
        let g2 = [proof.b.into(), self.minus_gamma.clone(), self.minus_delta.clone()];
        let product = Bn254::final_exponentiation(Bn254::multi_miller_loop(g1, g2));
        if product.map(|product| product.0) == Some(self.alpha_beta) {
            Ok(())
        } else {
            Err(Rejection::new(Reject::ProofInvalid, 0, "the pairing equation does not hold"))
        }
    }
}

/// The sum of the points times the scalars.
fn combination(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    // The buckets of the general algorithm pay for themselves from here on.
    if points.len() >= 16 {
        let scalars: Vec<_> = scalars.iter().map(|scalar| scalar.into_bigint()).collect();
        return G1Projective::msm_bigint(points, &scalars);
    }
    points.par_iter().zip(scalars).map(|(point, scalar)| times(*point, *scalar)).sum()
}

/// The point times the scalar. The coefficient of the first proof is 1, and so all of them are if there is one proof: that
/// takes no time.
fn times(point: G1Affine, scalar: Fr) -> G1Projective {
    if scalar.is_one() { point.into_group() } else { point * scalar }
}

/// PROOF-011: as many values as the key has bases for; `ark-groth16` would ignore the rest.
pub(super) fn count(what: &str, found: usize, expected: u32) -> Result<(), Rejection> {
    if found == expected as usize {
        return Ok(());
    }
    Err(Rejection::new(Reject::InputCountMismatch, 0, format!("{found} {what}, the key has {expected}")))
}
