//! The verifier.

use super::Proof;
use super::extension::Prepared;
use super::keys::{TierVerifier, tier_name};
use crate::circuit::bus::CHALLENGES;
use crate::circuit::plan::PublicCells;
use crate::circuit::public::{known_sum, known_tuples};
use crate::notation::{Execution, Reject, Rejection};
use crate::proof_system::{self, Commitment, Transcript, draw};
use crate::statement::Statement;
use ark_bn254::Fr;
use ark_ff::Zero;

/// Verifies the proof of a statement about an extension.
pub fn verify(
    verifier: &TierVerifier,
    prepared: &Prepared,
    statement: &Statement,
    proof: &Proof,
) -> Result<(), Rejection> {
    let reject = |reason, detail: String| Err(Rejection::new(reason, 0, detail));
    statement.check()?;
    // PROVE-007, PROVE-015: everything that the statement says about code and proof is what is checked here.
    if statement.code_commitment != prepared.extension.commitment() {
        let detail = format!("the extension's code commitment is {}", prepared.extension.commitment());
        return reject(Reject::CodeCommitmentMismatch, detail);
    }
    for (what, tier) in [("proof", proof.tier), ("key", verifier.number), ("extension", prepared.number)] {
        if tier != statement.tier {
            let [found, stated] = [tier, statement.tier].map(tier_name);
            return reject(Reject::TierMismatch, format!("the {what} is of tier {found}, the statement of {stated}"));
        }
    }
    if proof.segments.len() != statement.segments as usize {
        let detail = format!("{} proofs, the statement has {} segments", proof.segments.len(), statement.segments);
        return reject(Reject::SegmentCountMismatch, detail);
    }

    // PROVE-008: which segment is the first is the verifier's to say.
    let first = |index: usize| vec![Fr::from(u64::from(index == 0))];
    let commitments: Vec<Commitment> = proof
        .segments
        .iter()
        .enumerate()
        .map(|(index, segment)| Commitment { point: segment.proof.d, public: first(index) })
        .collect();
    let encoded = statement.to_bytes();
    let transcript = Transcript { tier: statement.tier, statement: &encoded };
    let challenges = draw(verifier.verifier.key(), &prepared.point, &transcript, &commitments)?;

    // PROVE-009: what all segments put and take, with what the statement puts and takes, cancels.
    let values: [Fr; CHALLENGES] = challenges.values().try_into().map_err(|_| {
        Rejection::new(Reject::OtherKey, 0, format!("the key has {} challenges", challenges.values().len()))
    })?;
    let execution = Execution {
        outcome: statement.outcome,
        output: statement.output.clone(),
        post_state: statement.post_state_root,
    };
    let cells = PublicCells::of(&statement.inputs(&[]), &execution);
    let extension = &prepared.extension;
    let spare = prepared.tier.image_cells - extension.program().image.len();
    let tuples = known_tuples(extension.code(), spare, &cells, statement.outcome, statement.cycles);
    let sum = proof.segments.iter().fold(known_sum(&tuples, &values), |sum, segment| sum + segment.sum);
    if !sum.is_zero() {
        return reject(Reject::SumMismatch, "the segments' sums are not those of the statement".into());
    }

    let publics: Vec<[Vec<Fr>; 2]> =
        proof.segments.iter().enumerate().map(|(index, segment)| [first(index), vec![segment.sum]]).collect();
    let segments: Vec<proof_system::Segment> = proof
        .segments
        .iter()
        .zip(&publics)
        .map(|(segment, [public, late_public])| proof_system::Segment { public, late_public, proof: &segment.proof })
        .collect();
    verifier.verifier.verify(&prepared.point, &challenges, &segments)
}
