//! The parameters of each width, and the permutation.

use super::Fr;
use super::grain::Grain;
use ark_ff::{AdditiveGroup, Field};
use std::sync::OnceLock;

/// Number of rounds with an S-box on each element: half of them before the partial rounds, half after.
pub const FULL_ROUNDS: usize = 8;

/// Number of rounds with an S-box on the first element only, for the widths 2 to 17.
// POSEIDON-003: circomlib's numbers, for 128 bits of security with a margin of two full and 7.5 % of the partial rounds.
pub const PARTIAL_ROUNDS: [usize; 16] = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];

/// Most inputs of a hash: one fewer than the largest width with published parameters.
pub const MAX_INPUTS: usize = 16;

/// Elements that a permutation of the sponge absorbs; its width is one more.
pub const SPONGE_RATE: usize = 8;

/// Number of elements of a state: 2 to 17.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Width(usize);

impl Width {
    /// The width of the sponge.
    pub const SPONGE: Width = Width(SPONGE_RATE + 1);
    /// The width of a hash of two inputs.
    pub const TWO_TO_ONE: Width = Width(3);

    /// The width whose rate, the elements beside the capacity, is this number.
    pub fn from_rate(rate: usize) -> Option<Width> {
        (1..=MAX_INPUTS).contains(&rate).then(|| Width(rate + 1))
    }

    /// All widths.
    pub fn all() -> impl Iterator<Item = Width> {
        (1..=MAX_INPUTS).filter_map(Width::from_rate)
    }

    /// The number.
    pub fn get(self) -> usize {
        self.0
    }

    /// Number of partial rounds.
    pub fn partial_rounds(self) -> usize {
        PARTIAL_ROUNDS[self.0 - 2]
    }

    /// Number of all rounds.
    pub fn rounds(self) -> usize {
        FULL_ROUNDS + self.partial_rounds()
    }
}

/// The constants of the permutation of a width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Number of elements of the state.
    pub width: Width,
    /// What is added to the state, element by element, in each round.
    pub round_constants: Vec<Vec<Fr>>,
    /// The rows of the matrix by which the state is multiplied in each round.
    pub matrix: Vec<Vec<Fr>>,
}

impl Parameters {
    /// The parameters of a width. They are derived on first use: 1,292 constants at the largest width.
    pub fn of(width: Width) -> &'static Parameters {
        static PARAMETERS: [OnceLock<Parameters>; MAX_INPUTS] = [const { OnceLock::new() }; MAX_INPUTS];
        PARAMETERS[width.get() - 2].get_or_init(|| Parameters::derive(width))
    }

    /// Derives the parameters of a width.
    pub fn derive(width: Width) -> Parameters {
        let mut grain = Grain::new(width);
        let state = 0..width.get();
        // POSEIDON-005: by rejection, so the constants are uniform.
        let round_constants =
            (0..width.rounds()).map(|_| state.clone().map(|_| grain.element_by_rejection()).collect()).collect();
        Parameters { width, round_constants, matrix: cauchy_matrix(width, &mut grain) }
    }

    /// The permutation.
    ///
    /// # Panics
    /// If the state has not as many elements as the width says.
    pub fn permute(&self, state: &mut [Fr]) {
        self.permute_observed(state, |_, _| ());
    }

    /// The permutation; `observe` sees the state after each round, with the number of rounds done.
    ///
    /// # Panics
    /// If the state has not as many elements as the width says.
    pub fn permute_observed(&self, state: &mut [Fr], mut observe: impl FnMut(usize, &[Fr])) {
        assert_eq!(state.len(), self.width.get(), "the state's width");
        for (round, constants) in self.round_constants.iter().enumerate() {
            // POSEIDON-007: constants, S-boxes, matrix.
            for (element, constant) in state.iter_mut().zip(constants) {
                *element += constant;
            }
            let boxes = if self.is_full(round) { state.len() } else { 1 };
            for element in &mut state[..boxes] {
                *element = fifth_power(*element);
            }
            let mixed: Vec<Fr> = self.matrix.iter().map(|row| inner_product(row, state)).collect();
            state.copy_from_slice(&mixed);
            observe(round + 1, state);
        }
    }

    /// Whether a round, counted from 0, has an S-box on each element.
    pub(super) fn is_full(&self, round: usize) -> bool {
        let before = FULL_ROUNDS / 2;
        round < before || round >= before + self.width.partial_rounds()
    }
}

/// The matrix with the entries `1 / (x_i + y_j)`, all of whose square submatrices are invertible.
fn cauchy_matrix(width: Width, grain: &mut Grain) -> Vec<Vec<Fr>> {
    loop {
        // POSEIDON-006: by reduction, unlike the round constants, because the reference script does so.
        let numbers: Vec<Fr> = (0..2 * width.get()).map(|_| grain.element_by_reduction()).collect();
        let distinct = numbers.iter().enumerate().all(|(index, number)| !numbers[..index].contains(number));
        let (x, y) = numbers.split_at(width.get());
        let row = |x: &Fr| y.iter().map(|y| (*x + y).inverse()).collect::<Option<Vec<Fr>>>();
        // A repeated number or a sum of zero has a chance of 2^-244 and does not occur for any of the 16 widths.
        if let Some(matrix) = x.iter().map(row).collect::<Option<_>>().filter(|_| distinct) {
            return matrix;
        }
    }
}

fn fifth_power(element: Fr) -> Fr {
    element.square().square() * element
}

fn inner_product(row: &[Fr], state: &[Fr]) -> Fr {
    row.iter().zip(state).fold(Fr::ZERO, |sum, (entry, element)| sum + *entry * element)
}
