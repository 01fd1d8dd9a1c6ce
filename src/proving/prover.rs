//! The prover: commit to all segments, draw the challenges, prove all segments.

use super::extension::{Extension, Prepared};
use super::keys::tier_name;
use super::{Proof, SegmentProof};
use crate::circuit::{Machine, Needs, Plan, Tier};
use crate::host_interface::Inputs;
use crate::notation::{B256, Outcome, Reject, Rejection, keccak256};
use crate::proof_system::{self, Challenges, Commitment, Committed, Transcript, draw, point_to_bytes};
use crate::statement::{Statement, Terms, check_ranges};
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

/// The secret from which the randomness of a proof is drawn: by [`Job::segment`], for its key, statement and witness. Each
/// segment draws from a stream of its own, so that segments can be proven apart.
#[derive(PartialEq, Eq)]
pub struct Randomness([u8; 32]);

impl Randomness {
    /// A fresh secret.
    pub fn fresh(rng: &mut (impl ark_std::rand::RngCore + ark_std::rand::CryptoRng)) -> Randomness {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Randomness(seed)
    }

    /// A secret that several processes share to make one proof.
    pub fn shared(secret: [u8; 32]) -> Randomness {
        Randomness(secret)
    }

    /// The randomness for a key, by its digest, a statement and a witness: others get other randomness.
    pub fn of(&self, key: B256, statement: B256, witness: &[u8]) -> Randomness {
        // PROVE-006: two commitments with one blinder under two keys are two equations for it, which whoever knows how the
        // keys were made can solve: then a guess of the witness can be confirmed. So it can by two sums with one mask.
        let parts = [self.0.into(), key, statement, keccak256(witness)];
        Randomness(keccak256(parts.map(|part| part.0).concat()).0)
    }

    /// A secret that everybody knows: for vectors and tests only.
    pub fn insecure(seed: &[u8]) -> Randomness {
        Randomness(keccak256(seed).0)
    }

    /// The stream of a purpose: `mask`, `blinder`, or `proof` and the seed of the challenges.
    fn stream(&self, purpose: &[u8], segment: u32) -> ChaCha20Rng {
        let seed = keccak256([&self.0[..], purpose, &segment.to_be_bytes()].concat());
        ChaCha20Rng::from_seed(seed.0)
    }

    /// PROVE-006: `r` and `s` are others for other challenges. Two proofs with the same `r` and `s` of one commitment would
    /// differ by what the challenges multiply, the witness among it.
    fn proof(&self, segment: u32, challenges: &Challenges) -> ChaCha20Rng {
        self.stream(&[&b"proof"[..], challenges.seed().as_slice()].concat(), segment)
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
    prepared: &'a Prepared,
    segment: u32,
    randomness: Randomness,
}

impl Segment<'_> {
    fn with<T>(&self, f: impl FnOnce(&Machine) -> T) -> T {
        let mut rows = self.plan.rows(self.segment);
        rows.mask = self.randomness.mask(self.segment, self.plan.segments);
        let program = Some(&self.plan.program);
        f(&Machine { tier: &self.prepared.tier, program, custom: self.prepared.is_custom(), rows: Some(&rows) })
    }

    fn commit<'m>(
        &self,
        key: &proof_system::ProvingKey,
        machine: &'m Machine<'m>,
    ) -> Result<Committed<'m, Machine<'m>>, proof_system::ProveError> {
        // PROVE-006: the blinder is that of the key for which the segment was prepared.
        if key.verifying_key.digest() != self.prepared.point.key_digest() {
            return Err(proof_system::ProveError::OtherKey);
        }
        proof_system::commit(key, machine, &mut self.blinder())
    }

    fn blinder(&self) -> ChaCha20Rng {
        self.randomness.stream(b"blinder", self.segment)
    }

    /// PROVE-006: what only those can write beside a commitment to this segment who share the secret.
    pub fn tag(&self, commitment: &Commitment) -> B256 {
        let parts =
            [&self.randomness.0[..], b"commitment", &self.segment.to_be_bytes(), &point_to_bytes(&commitment.point)];
        keccak256(parts.concat())
    }

    fn prove(
        &self,
        key: &proof_system::ProvingKey,
        committed: Committed<'_, Machine<'_>>,
        challenges: &Challenges,
    ) -> Result<SegmentProof, proof_system::ProveError> {
        let mut rng = self.randomness.proof(self.segment, challenges);
        let (proof, late_public) = proof_system::prove_with_public(key, committed, challenges, &mut rng)?;
        Ok(SegmentProof { sum: late_public[0], proof })
    }
}

/// The commitment of a segment.
pub fn commit_segment(
    key: &proof_system::ProvingKey,
    segment: &Segment<'_>,
) -> Result<Commitment, proof_system::ProveError> {
    segment.with(|machine| Ok(segment.commit(key, machine)?.commitment().clone()))
}

/// The proof of a segment. The commitment is made again, from the same stream; it has to be the one that the challenges are
/// for. The other commitments have to be those of the same secret, which [`Segment::tag`] can show: two sums of a segment, for
/// challenges of different commitments, would confirm a guess of the witness.
pub fn prove_segment(
    key: &proof_system::ProvingKey,
    segment: &Segment<'_>,
    challenges: &Challenges,
) -> Result<SegmentProof, proof_system::ProveError> {
    segment.with(|machine| {
        let committed = segment.commit(key, machine)?;
        if challenges.commitments().get(segment.segment as usize) != Some(committed.commitment()) {
            return Err(proof_system::ProveError::OtherChallenges);
        }
        segment.prove(key, committed, challenges)
    })
}

/// How many rows of each chip a proof of an execution needs, whatever its tier.
pub fn needs(extension: &Extension, inputs: &Inputs, cycle_limit: u64) -> Result<Needs, Rejection> {
    inputs.check()?;
    check_ranges(1, cycle_limit)?;
    let plan = Plan::new(extension.code(), inputs, cycle_limit, &Tier::ANY, 0);
    plan.map(|plan| plan.needs()).ok_or_else(|| Rejection::new(Reject::CodeExceedsTier, 0, "no tier has room for it"))
}

/// A proof to be made: the plan of the execution and the statement about it.
pub struct Job<'a> {
    /// The plan.
    pub plan: Plan<'a>,
    /// The statement.
    pub statement: Statement,
    prepared: &'a Prepared,
    inputs: &'a Inputs,
}

impl<'a> Job<'a> {
    /// Executes an extension. `terms.segments` is the number of segments to show, or 0 for as many as are needed.
    pub fn new(prepared: &'a Prepared, inputs: &'a Inputs, terms: &Terms) -> Result<Job<'a>, ProveError> {
        inputs.check()?;
        check_ranges(terms.segments.max(1), terms.cycle_limit)?;
        let tier = &prepared.tier;
        // PROVE-007: the statement is of the tier of the key.
        if terms.tier != prepared.number {
            let [wanted, found] = [terms.tier, prepared.number].map(tier_name);
            let detail = format!("the terms are of tier {wanted}, the key is of {found}");
            return Err(Rejection::new(Reject::TierMismatch, 0, detail).into());
        }
        let plan = Plan::new(prepared.extension.code(), inputs, terms.cycle_limit, tier, terms.segments)
            .ok_or(ProveError::NoCapacity(tier.name))?;
        if terms.segments != 0 && plan.segments > terms.segments {
            return Err(ProveError::TooFewSegments { needed: plan.segments, declared: terms.segments });
        }
        let statement = statement(&plan, prepared, inputs, terms);
        statement.check()?;
        Ok(Job { plan, statement, prepared, inputs })
    }

    /// A segment, to commit to it or to prove it.
    pub fn segment<'s>(&'s self, index: u32, randomness: &Randomness) -> Segment<'s> {
        let key = self.prepared.point.key_digest();
        let randomness = randomness.of(key, self.statement.digest(), &self.inputs.witness);
        Segment { plan: &self.plan, prepared: self.prepared, segment: index, randomness }
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

    /// The whole proof. The last segment that is committed to is the first that is proven, so that its wires are computed once.
    pub fn prove(
        &self,
        key: &proof_system::ProvingKey,
        randomness: Randomness,
        progress: Progress<'_>,
    ) -> Result<Proof, ProveError> {
        let count = self.plan.segments;
        let last = self.segment(count - 1, &randomness);
        let others: Vec<Segment> = (0..count - 1).map(|index| self.segment(index, &randomness)).collect();
        let mut commitments = Vec::with_capacity(count as usize);
        for segment in &others {
            progress(Phase::Commit, segment.segment, count);
            commitments.push(commit_segment(key, segment)?);
        }
        progress(Phase::Commit, last.segment, count);
        let (challenges, last) = last.with(|machine| {
            let committed = last.commit(key, machine)?;
            commitments.push(committed.commitment().clone());
            let challenges = self.challenges(key, &commitments)?;
            progress(Phase::Prove, last.segment, count);
            let proof = last.prove(key, committed, &challenges)?;
            Ok::<_, ProveError>((challenges, proof))
        })?;
        let mut segments = Vec::with_capacity(count as usize);
        for (segment, commitment) in others.iter().zip(commitments) {
            progress(Phase::Prove, segment.segment, count);
            segments.push(segment.with(|machine| {
                let committed = proof_system::resume(key, machine, &mut segment.blinder(), commitment)?;
                segment.prove(key, committed, &challenges)
            })?);
        }
        segments.push(last);
        Ok(Proof { tier: self.statement.tier, segments })
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
    let proof = job.prove(key, randomness, progress)?;
    Ok((job.statement, proof))
}

/// What the plan's execution is a proof of.
fn statement(plan: &Plan<'_>, prepared: &Prepared, inputs: &Inputs, terms: &Terms) -> Statement {
    let execution = &plan.execution;
    debug_assert!(!matches!(execution.outcome, Outcome::Rejected(0)));
    Statement {
        chain_id: terms.chain_id,
        extension_id: terms.extension_id,
        code_commitment: prepared.extension.commitment(),
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
