//! What the verifier adds to the segments' sums: the tuples that a statement is about.

use super::bus::{Bus, CHALLENGES, KnownTuple};
use super::entry::ADDRESS_END;
use super::plan::PublicCells;
use super::row::{END_PROGRAM_COUNTER, PLACES};
use crate::canonical_code::CanonicalCode;
use crate::notation::Outcome;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Zero, batch_inversion};

/// The state after the end: the kind of the outcome and its code.
pub(super) fn end_state(outcome: Outcome, cycles: u64) -> KnownTuple {
    let (kind, code) = match outcome {
        Outcome::Accepted => (0u64, 0),
        Outcome::Rejected(code) => (1, code),
        Outcome::Trapped(trap) => (2, trap.code()),
    };
    KnownTuple {
        bus: Bus::State,
        plain: Fr::from(kind),
        time: PLACES * (cycles + 1),
        program_counter: Fr::from(END_PROGRAM_COUNTER),
        frame_pointer: code.into(),
    }
}

/// CIRCUIT-015: the tuples that the verifier puts and takes, each with how often it is put. Entries of the image that a
/// program does not use are zero; as the circuit puts them, the verifier takes them.
pub fn known_tuples(
    code: &CanonicalCode,
    spare_image: usize,
    cells: &PublicCells,
    outcome: Outcome,
    cycles: u64,
) -> Vec<(i64, KnownTuple)> {
    let start = KnownTuple { time: PLACES, ..KnownTuple::plain(Bus::State, Fr::from(u64::from(code.initial_pages))) };
    let mut tuples = vec![
        (1, start),
        (-1, end_state(outcome, cycles)),
        (1, KnownTuple::plain(Bus::Audit, Fr::zero())),
        (-1, KnownTuple::plain(Bus::Audit, Fr::from(ADDRESS_END))),
        (-(spare_image as i64), KnownTuple::plain(Bus::Initial, Fr::zero())),
    ];
    let tuple = |bus, (address, value): (&u64, &u64)| KnownTuple {
        frame_pointer: *address,
        ..KnownTuple::plain(bus, Fr::from(*value))
    };
    tuples.extend(cells.initial.iter().map(|pair| (1, tuple(Bus::Initial, pair))));
    tuples.extend(cells.last.iter().map(|pair| (-1, tuple(Bus::Final, pair))));
    tuples
}

/// The sum of the fractions of known tuples.
pub fn known_sum(tuples: &[(i64, KnownTuple)], challenges: &[Fr; CHALLENGES]) -> Fr {
    let mut inverses: Vec<Fr> = tuples.iter().map(|(_, tuple)| tuple.denominator(challenges)).collect();
    batch_inversion(&mut inverses);
    tuples.iter().zip(inverses).fold(Fr::ZERO, |sum, ((count, _), inverse)| sum + Fr::from(*count) * inverse)
}
