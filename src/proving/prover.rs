//! The prover: commit to all segments, draw the challenges, prove all segments.

use super::extension::{Extension, Prepared};
use super::{Proof, SegmentProof};
use crate::circuit::{Machine, Needs, Plan, Tier};
use crate::host_interface::Inputs;
use crate::notation::{Outcome, Reject, Rejection, keccak256};
use crate::proof_system::{self, Challenges, Commitment, Transcript, draw};
use crate::statement::{Statement, Terms};
use ark_bn254::Fr;
use ark_ff::UniformRand;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// Why there is no proof.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProveError {
    /// Something about module, inputs or terms.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The tier has no row at all for something that the execution needs.
    #[error("the tier {0} has no row for a chip that this execution needs")]
    NoCapacity(&'static str),
    /// The execution needs more segments than were declared.
    #[error("the execution needs {needed} segments, declared are {declared}")]
    TooFewSegments {
        /// How many it needs.
        needed: u32,
        /// How many the terms declare.
        declared: u32,
    },
    /// The proof system.
    #[error(transparent)]
    System(#[from] proof_system::ProveError),
}

/// The randomness of a proof. Each segment draws from a stream of its own, so that segments can be proven apart.
pub struct Randomness([u8; 32]);

impl Randomness {
    /// Fresh randomness. Two proofs with the same randomness of different witnesses would show their difference, so it is
    /// used up by the proof.
    pub fn fresh(rng: &mut (impl ark_std::rand::RngCore + ark_std::rand::CryptoRng)) -> Randomness {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Randomness(seed)
    }

    /// The randomness of a secret and what it is used for. With the same secret, other statements and witnesses get other
    /// randomness.
    pub fn derive(secret: &[u8; 32], statement: &Statement, witness: &[u8]) -> Randomness {
        Randomness(keccak256([&secret[..], statement.digest().as_slice(), keccak256(witness).as_slice()].concat()).0)
    }

    /// Randomness that everybody can repeat: for vectors and tests only.
    pub fn insecure(seed: &[u8]) -> Randomness {
        Randomness(keccak256(seed).0)
    }

    fn stream(&self, purpose: &[u8], segment: u32) -> ChaCha20Rng {
        let seed = keccak256([&self.0[..], purpose, &segment.to_be_bytes()].concat());
        ChaCha20Rng::from_seed(seed.0)
    }

    /// PROVE-006: the masks of the segments' sums are uniform but for their sum, which is zero.
    fn mask(&self, segment: u32, segments: u32) -> Fr {
        let value = |segment: u32| Fr::rand(&mut self.stream(b"mask", segment));
        value(segment) - value((segment + 1) % segments)
    }
}

/// What the prover does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Commits to a segment.
    Commit,
    /// Proves a segment.
    Prove,
}

/// Told before each step: what, of which segment, of how many.
pub type Progress<'p> = &'p mut dyn FnMut(Phase, u32, u32);

/// One segment of a proof to be made.
pub struct Segment<'a> {
    plan: &'a Plan<'a>,
    tier: &'a Tier,
    segment: u32,
    segments: u32,
    randomness: &'a Randomness,
}

impl<'a> Segment<'a> {
    /// A segment of a plan.
    pub fn new(plan: &'a Plan<'a>, tier: &'a Tier, segment: u32, segments: u32, randomness: &'a Randomness) -> Self {
        Segment { plan, tier, segment, segments, randomness }
    }

    fn with<T>(&self, f: impl FnOnce(&Machine, &mut ChaCha20Rng) -> T) -> T {
        let mut rows = self.plan.rows(self.segment);
        rows.mask = self.randomness.mask(self.segment, self.segments);
        let program = Some(&self.plan.program);
        let machine = Machine { program, rows: Some(&rows), ..Machine::universal(self.tier) };
        f(&machine, &mut self.randomness.stream(b"proof", self.segment))
    }
}

/// The commitment of a segment.
pub fn commit_segment(
    key: &proof_system::ProvingKey,
    segment: &Segment<'_>,
) -> Result<Commitment, proof_system::ProveError> {
    segment.with(|machine, rng| Ok(proof_system::commit(key, machine, rng)?.commitment().clone()))
}

/// The proof of a segment. The commitment is made again, from the same stream.
pub fn prove_segment(
    key: &proof_system::ProvingKey,
    segment: &Segment<'_>,
    challenges: &Challenges,
) -> Result<SegmentProof, proof_system::ProveError> {
    segment.with(|machine, rng| {
        let committed = proof_system::commit(key, machine, rng)?;
        let (proof, late_public) = proof_system::prove_with_public(key, committed, challenges, rng)?;
        Ok(SegmentProof { sum: late_public[0], proof })
    })
}

/// How many rows of each chip a proof of an execution needs, whatever its tier.
pub fn needs(extension: &Extension, inputs: &Inputs, cycle_limit: u64) -> Result<Needs, Rejection> {
    inputs.check()?;
    let plan = Plan::new(&extension.code, inputs, cycle_limit, &Tier::ANY, 0);
    plan.map(|plan| plan.needs()).ok_or_else(|| Rejection::new(Reject::CodeExceedsTier, 0, "no tier has room for it"))
}

/// A proof to be made: the plan of the execution and the statement about it.
pub struct Job<'a> {
    /// The plan.
    pub plan: Plan<'a>,
    /// The statement.
    pub statement: Statement,
    prepared: &'a Prepared,
    tier: &'a Tier,
}

impl<'a> Job<'a> {
    /// Executes an extension. `terms.segments` is the number of segments to show, or 0 for as many as are needed.
    pub fn new(prepared: &'a Prepared, inputs: &'a Inputs, terms: &Terms) -> Result<Job<'a>, ProveError> {
        inputs.check()?;
        let tier = super::Tiers::get(terms.tier)?;
        let Extension { code, .. } = &prepared.extension;
        let plan = Plan::new(code, inputs, terms.cycle_limit, tier, terms.segments)
            .ok_or(ProveError::NoCapacity(tier.name))?;
        if terms.segments != 0 && plan.segments > terms.segments {
            return Err(ProveError::TooFewSegments { needed: plan.segments, declared: terms.segments });
        }
        let statement = statement(&plan, prepared, inputs, terms);
        statement.check()?;
        Ok(Job { plan, statement, prepared, tier })
    }

    /// A segment, to commit to it or to prove it.
    pub fn segment<'s>(&'s self, index: u32, randomness: &'s Randomness) -> Segment<'s> {
        Segment::new(&self.plan, self.tier, index, self.plan.segments, randomness)
    }

    /// The challenges of these commitments to all segments.
    pub fn challenges(
        &self,
        key: &proof_system::ProvingKey,
        commitments: &[Commitment],
    ) -> Result<Challenges, Rejection> {
        let encoded = self.statement.to_bytes();
        let transcript = Transcript { tier: self.statement.tier, statement: &encoded };
        draw(&key.verifying_key, &self.prepared.point, &transcript, commitments)
    }
}

/// Executes an extension and proves the statement about it. `terms.segments` is the number of segments to show, or 0 for
/// as many as are needed.
pub fn prove(
    key: &proof_system::ProvingKey,
    prepared: &Prepared,
    inputs: &Inputs,
    terms: &Terms,
    randomness: Randomness,
    progress: Progress<'_>,
) -> Result<(Statement, Proof), ProveError> {
    let job = Job::new(prepared, inputs, terms)?;
    let count = job.plan.segments;
    let segments: Vec<Segment> = (0..count).map(|index| job.segment(index, &randomness)).collect();
    let mut commitments = Vec::with_capacity(segments.len());
    for segment in &segments {
        progress(Phase::Commit, segment.segment, count);
        commitments.push(commit_segment(key, segment)?);
    }
    let challenges = job.challenges(key, &commitments)?;
    let mut proofs = Vec::with_capacity(segments.len());
    for segment in &segments {
        progress(Phase::Prove, segment.segment, count);
        proofs.push(prove_segment(key, segment, &challenges)?);
    }
    drop(segments);
    Ok((job.statement, Proof { tier: terms.tier, segments: proofs }))
}

/// What the plan's execution is a proof of.
fn statement(plan: &Plan<'_>, prepared: &Prepared, inputs: &Inputs, terms: &Terms) -> Statement {
    let execution = &plan.execution;
    debug_assert!(!matches!(execution.outcome, Outcome::Rejected(0)));
    Statement {
        chain_id: terms.chain_id,
        extension_id: terms.extension_id,
        code_commitment: prepared.extension.commitment,
        tier: terms.tier,
        segments: plan.segments,
        context: inputs.context.clone(),
        input: inputs.input.clone(),
        cycle_limit: terms.cycle_limit,
        outcome: execution.outcome,
        output: execution.output.clone(),
        post_state_root: execution.post_state,
        cycles: plan.cycles,
        prover: terms.prover,
    }
}
