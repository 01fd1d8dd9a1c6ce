//! Keys: what they hold, how a setup makes them and when they are sound.

use super::qap::{PlainReduction, domain_size, evaluate_polynomials};
use super::system::{Circuit, Shape};
use crate::notation::{Reject, Rejection};
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, scalar_mul::BatchMulPreprocessing};
use ark_ff::{Field, UniformRand, Zero};
use ark_groth16::Groth16;
use ark_poly::{EvaluationDomain, GeneralEvaluationDomain};
use ark_relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, SynthesisError, Variable};
use ark_std::rand::{CryptoRng, RngCore};
use std::collections::BTreeSet;

/// What a verifier needs of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    /// Number of public inputs that are constants.
    pub constants: u32,
    /// Number of public inputs, constants included.
    pub public: u32,
    /// Number of challenges.
    pub challenges: u32,
    /// Number of public inputs of phase 2.
    pub late_public: u32,
    /// `[alpha]_1`.
    pub alpha_g1: G1Affine,
    /// `[beta]_2`.
    pub beta_g2: G2Affine,
    /// `[gamma]_2`.
    pub gamma_g2: G2Affine,
    /// `[delta]_2`.
    pub delta_g2: G2Affine,
    /// `[sigma]_2`, if the circuit has a committed phase.
    pub sigma_g2: Option<G2Affine>,
    /// The bases of what the verifier knows: 1, public inputs, challenges, public inputs of phase 2.
    pub bases: Vec<G1Affine>,
}

/// What a prover needs of a key.
#[derive(Clone, Debug)]
pub struct ProvingKey {
    /// The circuit.
    pub shape: Shape,
    /// The key of `ark-groth16`, in which the committed wires are instance variables.
    pub groth16: ark_groth16::ProvingKey<Bn254>,
    /// Each base of a committed wire times sigma.
    pub sigma_bases: Vec<G1Affine>,
    /// The verifier's part.
    pub verifying_key: VerifyingKey,
}

impl ProvingKey {
    /// Whether the key can be one of its shape, and its parts one key. That its bases are those of the shape is not
    /// visible in them.
    pub fn validate(&self) -> Result<(), Rejection> {
        let ProvingKey { shape, groth16, sigma_bases, verifying_key: key } = self;
        // A sum over lists of different lengths would end with the shorter one, and the proof be wrong.
        let lengths = [
            ("committed and public bases", groth16.vk.gamma_abc_g1.len(), shape.instance()),
            ("bases of A", groth16.a_query.len(), shape.variables()),
            ("bases of B in G1", groth16.b_g1_query.len(), shape.variables()),
            ("bases of B in G2", groth16.b_g2_query.len(), shape.variables()),
            ("bases of private wires", groth16.l_query.len(), shape.private),
            ("bases of the quotient", groth16.h_query.len() + 1, domain_size(shape.rows()).unwrap_or_default()),
            ("bases times sigma", sigma_bases.len(), shape.committed),
        ];
        for (what, found, expected) in lengths {
            if found != expected {
                let detail = format!("{found} {what}, the circuit has {expected}");
                return Err(Rejection::new(Reject::KeyMalformed, 0, detail));
            }
        }
        if *key != verifying_key(shape, &groth16.vk, key.sigma_g2) {
            return Err(Rejection::new(Reject::KeyMalformed, 0, "the verifier's part is that of another key"));
        }
        key.validate()?;
        // PROOF-005: the prover's copies in G1; with the identity as delta, r and s would hide nothing.
        let agree = |left: (G1Affine, G2Affine), right: (G1Affine, G2Affine)| {
            Bn254::pairing(left.0, left.1) == Bn254::pairing(right.0, right.1)
        };
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        if !agree((groth16.delta_g1, g2), (g1, key.delta_g2)) || !agree((groth16.beta_g1, g2), (g1, key.beta_g2)) {
            return Err(Rejection::new(Reject::KeyDegenerate, 0, "beta or delta are others in G1 than in G2"));
        }
        Ok(())
    }

    /// The bases of the committed wires.
    pub fn committed_bases(&self) -> &[G1Affine] {
        &self.groth16.vk.gamma_abc_g1[self.shape.known()..]
    }
}

/// What is done to have a key, in this order; what takes a part of a second is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// The rows of the circuit are written down.
    Shape,
    /// The file of the key is read.
    Read,
    /// What was read is validated.
    Validate,
    /// The points of Groth16 are made, which takes most of the time.
    Groth16,
    /// The points of the proof of knowledge are made.
    Knowledge,
    /// The file is written.
    Write,
}

/// Makes the keys of a circuit. Whoever knows what `rng` yields can prove anything.
///
/// # Errors
/// If the circuit has more rows than the field has a domain for.
pub fn setup<C: Circuit>(
    circuit: &C,
    rng: &mut (impl RngCore + CryptoRng + Clone),
) -> Result<ProvingKey, SynthesisError> {
    setup_of_shape(Shape::of(circuit), rng, &|_| {})
}

/// As [`setup`], from a published seed: for tests and vectors only, since everybody can forge under such a key.
pub fn insecure_setup<C: Circuit>(circuit: &C, seed: [u8; 32]) -> Result<ProvingKey, SynthesisError> {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    setup(circuit, &mut ChaCha20Rng::from_seed(seed))
}

pub(super) fn setup_of_shape(
    shape: Shape,
    rng: &mut (impl RngCore + CryptoRng + Clone),
    progress: &dyn Fn(KeyStep),
) -> Result<ProvingKey, SynthesisError> {
    progress(KeyStep::Groth16);
    let [alpha, beta, gamma, delta, sigma] = [(); 5].map(|()| not_zero(rng));
    let (g1, g2) = (G1Projective::generator(), ark_bn254::G2Projective::generator());
    // `ark-groth16` draws the point at which it evaluates the polynomials and nothing else; sigma's bases need it too.
    let mut same = rng.clone();
    let domain = GeneralEvaluationDomain::<Fr>::new(shape.rows() + shape.instance())
        .ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
    let point = domain.sample_element_outside_domain(&mut same);
    let groth16 = Groth16::<Bn254, PlainReduction>::generate_parameters_with_qap(
        Rows(&shape),
        alpha,
        beta,
        gamma,
        delta,
        g1,
        g2,
        rng,
    )?;

    let mut sigma_bases = Vec::new();
    let mut sigma_g2 = None;
    if shape.committed > 0 {
        progress(KeyStep::Knowledge);
        let ([a, b, c], _, _) =
            evaluate_polynomials::<Fr, GeneralEvaluationDomain<Fr>>(&shape.matrices, shape.variables(), &point)?;
        let factor = sigma * gamma.inverse().ok_or(SynthesisError::DivisionByZero)?;
        let scalars: Vec<Fr> = (shape.known()..shape.instance())
            .map(|index| (beta * a[index] + alpha * b[index] + c[index]) * factor)
            .collect();
        sigma_bases = BatchMulPreprocessing::new(g1, scalars.len()).batch_mul(&scalars);
        sigma_g2 = Some((g2 * sigma).into_affine());
    }
    let verifying_key = verifying_key(&shape, &groth16.vk, sigma_g2);
    Ok(ProvingKey { shape, groth16, sigma_bases, verifying_key })
}

/// The verifier's part of a key.
pub(super) fn verifying_key(
    shape: &Shape,
    vk: &ark_groth16::VerifyingKey<Bn254>,
    sigma_g2: Option<G2Affine>,
) -> VerifyingKey {
    VerifyingKey {
        constants: shape.constants as u32,
        public: shape.public as u32,
        challenges: shape.challenges as u32,
        late_public: shape.late_public as u32,
        alpha_g1: vk.alpha_g1,
        beta_g2: vk.beta_g2,
        gamma_g2: vk.gamma_g2,
        delta_g2: vk.delta_g2,
        sigma_g2,
        // No slice: a damaged key has fewer, and is refused when it is validated.
        bases: vk.gamma_abc_g1.iter().take(shape.known()).copied().collect(),
    }
}

/// A uniform scalar that is not zero.
pub(super) fn not_zero(rng: &mut (impl RngCore + CryptoRng)) -> Fr {
    loop {
        let value = Fr::rand(rng);
        if !value.is_zero() {
            return value;
        }
    }
}

/// A shape as `ark-relations` takes it.
struct Rows<'a>(&'a Shape);

impl ConstraintSynthesizer<Fr> for Rows<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let shape = self.0;
        let instance = shape.instance();
        for _ in 1..instance {
            let _ = cs.new_input_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        for _ in 0..shape.private {
            let _ = cs.new_witness_variable(|| Err(SynthesisError::AssignmentMissing))?;
        }
        let combination = |terms: &[(Fr, usize)]| {
            let variable = |index: usize| match index {
                0 => Variable::One,
                index if index < instance => Variable::instance(index),
                index => Variable::witness(index - instance),
            };
            LinearCombination(terms.iter().map(|(coefficient, index)| (*coefficient, variable(*index))).collect())
        };
        for row in 0..shape.rows() {
            let [a, b, c] = [0, 1, 2].map(|matrix| combination(&shape.matrices[matrix][row]));
            cs.enforce_r1cs_constraint(|| a, || b, || c)?;
        }
        Ok(())
    }
}

impl VerifyingKey {
    /// Whether the key can be sound. Whether it belongs to a circuit only its digest tells.
    pub fn validate(&self) -> Result<(), Rejection> {
        let reject = |reason, detail: String| Err(Rejection::new(reason, 0, detail));
        let expected = 1 + self.public as usize + self.challenges as usize + self.late_public as usize;
        if self.bases.len() != expected || self.constants > self.public {
            return reject(Reject::KeyMalformed, format!("{} bases for {expected} values", self.bases.len()));
        }
        // PROOF-004: without a committed phase there is nothing to challenge, and a commitment without a challenge
        // would be of no use.
        if (self.challenges > 0) != self.sigma_g2.is_some() {
            return reject(Reject::KeyMalformed, format!("{} challenges with or without sigma", self.challenges));
        }
        let points = [self.beta_g2, self.gamma_g2, self.delta_g2];
        if self.alpha_g1.is_zero() || points.iter().chain(&self.sigma_g2).any(AffineRepr::is_zero) {
            return reject(Reject::KeyDegenerate, "a point is the identity".into());
        }
        // PROOF-005: with gamma = delta or -delta, C could stand in for a public input; a sigma of 1 or -1 is no secret.
        // Points are equal or opposite if they have the same x.
        let apart = [Some(self.gamma_g2), Some(self.delta_g2), self.sigma_g2, Some(G2Affine::generator())];
        let apart: Vec<G2Affine> = apart.into_iter().flatten().collect();
        if (1..apart.len()).any(|index| apart[..index].iter().any(|point| point.x == apart[index].x)) {
            return reject(Reject::KeyDegenerate, "two of gamma, delta, sigma and 1 are equal or opposite".into());
        }
        // PROOF-005: an input with the base zero could be changed freely, and two with the same or opposite bases together.
        let mut seen = BTreeSet::new();
        for (index, base) in self.bases.iter().enumerate().skip(1) {
            if base.is_zero() {
                return reject(Reject::KeyDegenerate, format!("base {index} is the identity"));
            }
            if !seen.insert(base.x) {
                return reject(
                    Reject::KeyDegenerate,
                    format!("base {index} is that of another input, or its opposite"),
                );
            }
        }
        Ok(())
    }
}
