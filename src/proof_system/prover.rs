//! The prover: commit, then prove.

use super::challenge::{Challenges, Commitment};
use super::keys::{ProvingKey, not_zero};
use super::qap::PlainReduction;
use super::system::{Circuit, System, run_phase_2};
use super::verifier::Proof;
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective};
use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::{Field, PrimeField};
use ark_groth16::Groth16;
use ark_std::rand::{CryptoRng, RngCore};

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The circuit lacks values.
    #[error("the circuit has no values, only its shape")]
    MissingValues,
    /// The circuit is not the one of the key.
    #[error("the circuit has {found} {what}, its key is for {expected}")]
    OtherCircuit {
        /// Wires of which kind.
        what: &'static str,
        /// How many the circuit has.
        found: usize,
        /// How many the key has.
        expected: usize,
    },
    /// A row is not satisfied.
    #[error("row {0} of the circuit is not satisfied")]
    Unsatisfied(usize),
    /// The challenges were drawn for other commitments or another key.
    #[error("the challenges are not for this commitment under this key")]
    OtherChallenges,
    /// What is proven was prepared for another key.
    #[error("the segment was prepared for another key")]
    OtherKey,
    /// The circuit has a committed phase where none is expected, or the reverse.
    #[error("the circuit has {0} challenges: it needs the other prover")]
    OtherProver(usize),
    /// `ark-groth16` refused.
    #[error("{0}")]
    Synthesis(String),
}

/// A circuit whose phase 1 is fixed. It makes one proof: a second one with the same blinder would not be hiding.
pub struct Committed<'c, C: Circuit> {
    circuit: &'c C,
    early: C::Early,
    system: System,
    commitment: Commitment,
}

impl<C: Circuit> Committed<'_, C> {
    /// What the challenges are drawn from.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    /// Phase 2 without a proof: the values of all variables, as [`Shape`](super::Shape) orders them. Whoever sees them
    /// knows the witness: they are for tests and measurements.
    pub fn assignment(self, challenges: &Challenges) -> Vec<Fr> {
        let Committed { circuit, early, mut system, .. } = self;
        system.challenges.clone_from(&challenges.values);
        run_phase_2(circuit, early, &mut system);
        assignment(system)
    }
}

/// Phase 1: fixes the committed wires and commits to them with a fresh blinder.
pub fn commit<'c, C: Circuit>(
    key: &ProvingKey,
    circuit: &'c C,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Committed<'c, C>, ProveError> {
    let (early, system) = phase_1(key, circuit, rng)?;
    let commitment = Commitment {
        point: combination(key.committed_bases(), &system.committed),
        public: system.public[key.shape.constants..].to_vec(),
    };
    Ok(Committed { circuit, early, system, commitment })
}

/// Phase 1 once more, without the sum of points: `commitment` is what [`commit`] gave for this circuit and this randomness.
/// With any other the proof is wrong.
pub fn resume<'c, C: Circuit>(
    key: &ProvingKey,
    circuit: &'c C,
    rng: &mut (impl RngCore + CryptoRng),
    commitment: Commitment,
) -> Result<Committed<'c, C>, ProveError> {
    let (early, system) = phase_1(key, circuit, rng)?;
    Ok(Committed { circuit, early, system, commitment })
}

fn phase_1<C: Circuit>(
    key: &ProvingKey,
    circuit: &C,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(C::Early, System), ProveError> {
    if C::CHALLENGES == 0 {
        return Err(ProveError::OtherProver(0));
    }
    let mut system = System::default();
    let early = circuit.phase_1(&mut system);
    // PROOF-006: D is uniform, whatever the other wires are.
    let blinder = not_zero(rng);
    system.commit(Some(blinder));
    if system.shape_only {
        return Err(ProveError::MissingValues);
    }
    expect("public inputs", system.public.len(), key.shape.public)?;
    expect("committed wires", system.committed.len(), key.shape.committed)?;
    Ok((early, system))
}

/// The sum of the bases times the values.
fn combination(bases: &[G1Affine], values: &[Fr]) -> G1Affine {
    let scalars: Vec<_> = values.iter().map(|value| value.into_bigint()).collect();
    G1Projective::msm_bigint(bases, &scalars).into_affine()
}

/// Phase 2: proves with the challenges that were drawn.
pub fn prove<C: Circuit>(
    key: &ProvingKey,
    committed: Committed<'_, C>,
    challenges: &Challenges,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Proof, ProveError> {
    Ok(prove_with_public(key, committed, challenges, rng)?.0)
}

/// As [`prove`], with the values of the public inputs of phase 2, which the verifier needs if he cannot compute them.
pub fn prove_with_public<C: Circuit>(
    key: &ProvingKey,
    committed: Committed<'_, C>,
    challenges: &Challenges,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(Proof, Vec<Fr>), ProveError> {
    let Committed { circuit, early, mut system, commitment } = committed;
    if !challenges.commitments.contains(&commitment) || challenges.key_digest != key.verifying_key.digest() {
        return Err(ProveError::OtherChallenges);
    }
    let knowledge = combination(&key.sigma_bases, &system.committed);
    system.challenges.clone_from(&challenges.values);
    run_phase_2(circuit, early, &mut system);
    let late_public = system.late_public.clone();
    let proof = groth16(key, system, rng)?;
    let proof = Proof { a: proof.a, b: proof.b, c: proof.c, d: commitment.point, knowledge };
    Ok((proof, late_public))
}

/// Proves a circuit without a committed phase.
pub fn prove_vanilla<C: Circuit>(
    key: &ProvingKey,
    circuit: &C,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<ark_groth16::Proof<Bn254>, ProveError> {
    if C::CHALLENGES > 0 {
        return Err(ProveError::OtherProver(C::CHALLENGES));
    }
    let mut system = System::default();
    let early = circuit.phase_1(&mut system);
    expect("committed wires", system.committed.len(), 0)?;
    run_phase_2(circuit, early, &mut system);
    groth16(key, system, rng)
}

fn groth16(
    key: &ProvingKey,
    system: System,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<ark_groth16::Proof<Bn254>, ProveError> {
    let shape = &key.shape;
    if system.shape_only {
        return Err(ProveError::MissingValues);
    }
    expect("public inputs", system.public.len(), shape.public)?;
    expect("public inputs of phase 2", system.late_public.len(), shape.late_public)?;
    expect("private wires", system.private.len(), shape.private)?;
    let assignment = assignment(system);
    // A hundredth of the time of the proof, which would be of no use.
    if let Some(row) = shape.unsatisfied(&assignment) {
        return Err(ProveError::Unsatisfied(row));
    }
    // PROOF-010: with r and s uniform, A, B and C show nothing.
    let (r, s) = (not_zero(rng), not_zero(rng));
    Groth16::<Bn254, PlainReduction>::create_proof_with_reduction_and_matrices(
        &key.groth16,
        r,
        s,
        &shape.matrices,
        shape.instance(),
        shape.rows(),
        &assignment,
    )
    .map_err(|error| ProveError::Synthesis(error.to_string()))
}

/// All values: 1, public inputs, challenges, public inputs of phase 2, committed wires, private wires.
pub(super) fn assignment(system: System) -> Vec<Fr> {
    let System { public, challenges, late_public, committed, private, .. } = system;
    // Each part is freed when it has been copied.
    let mut all = vec![Fr::ONE];
    all.reserve_exact(public.len() + challenges.len() + late_public.len() + committed.len() + private.len());
    [public, challenges, late_public, committed, private].iter_mut().for_each(|part| all.append(part));
    all
}

fn expect(what: &'static str, found: usize, expected: usize) -> Result<(), ProveError> {
    if found == expected { Ok(()) } else { Err(ProveError::OtherCircuit { what, found, expected }) }
}
