//! The permutation as rank-one constraints.
//!
//! The functions here are written once and run on two kinds of [`Element`]: on field elements they give the values of
//! the wires, on linear combinations the rows among these wires, in the same order. They know nothing of the system to
//! which the rows go but a function `multiply(a, b)`, which makes a wire `c`, adds the row `a · b = c` and returns `c`.
//! Every row thus determines its wire from wires before it: there is exactly one satisfying assignment.

use super::hash::{hash_width, sponge_blocks, sponge_capacity};
use super::{Domain, FULL_ROUNDS, Fr, Parameters, SPONGE_RATE, Width};
use crate::notation::Rejection;
use ark_ff::{AdditiveGroup, Field};

/// Rows for an S-box on a value that is not constant.
pub const ROWS_PER_S_BOX: usize = 3;

/// A value of which weighted sums cost no row: a field element, or a linear combination of wires.
pub trait Element: Clone {
    /// `constant + Σ factor · element`. A linear combination must add up the factors of each wire, else it grows
    /// with a power of the number of rounds.
    fn sum<'a>(constant: Fr, terms: impl Iterator<Item = (Fr, &'a Self)>) -> Self
    where
        Self: 'a;
}

impl Element for Fr {
    fn sum<'a>(constant: Fr, terms: impl Iterator<Item = (Fr, &'a Fr)>) -> Fr {
        terms.fold(constant, |sum, (factor, element)| sum + factor * element)
    }
}

/// An element of a state: the S-box of a constant needs no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<E> {
    /// Known when the circuit is made.
    Constant(Fr),
    /// Depends on wires.
    Variable(E),
}

impl<E: Element> Cell<E> {
    /// `constant + Σ factor · cell`.
    fn sum(constant: Fr, terms: &[(Fr, &Cell<E>)]) -> Cell<E> {
        let (mut constant, mut variables) = (constant, Vec::new());
        for (factor, cell) in terms {
            match cell {
                Cell::Constant(value) => constant += *factor * value,
                Cell::Variable(element) => variables.push((*factor, element)),
            }
        }
        match variables.is_empty() {
            true => Cell::Constant(constant),
            false => Cell::Variable(E::sum(constant, variables.into_iter())),
        }
    }

    /// The element itself, a constant as a sum of nothing.
    pub fn into_element(self) -> E {
        match self {
            Cell::Constant(value) => E::sum(value, std::iter::empty()),
            Cell::Variable(element) => element,
        }
    }
}

/// The hash of 1 to 16 elements.
pub fn hash<E: Element>(inputs: &[E], multiply: &mut impl FnMut(&E, &E) -> E) -> Result<E, Rejection> {
    let parameters = Parameters::of(hash_width(inputs.len())?);
    let inputs = inputs.iter().cloned().map(Cell::Variable);
    let mut state: Vec<_> = std::iter::once(Cell::Constant(Fr::ZERO)).chain(inputs).collect();
    permute(parameters, &mut state, multiply);
    Ok(state.swap_remove(0).into_element())
}

/// The hash of two elements.
pub fn two_to_one<E: Element>(left: E, right: E, multiply: &mut impl FnMut(&E, &E) -> E) -> E {
    let [left, right] = [left, right].map(Cell::Variable);
    let mut state = [Cell::Constant(Fr::ZERO), left, right];
    permute(Parameters::of(Width::TWO_TO_ONE), &mut state, multiply);
    let [digest, ..] = state;
    digest.into_element()
}

/// The hash of any number of elements in a domain.
pub fn sponge<E: Element>(domain: Domain, inputs: &[E], multiply: &mut impl FnMut(&E, &E) -> E) -> E {
    let mut state = vec![Cell::Constant(Fr::ZERO); SPONGE_RATE + 1];
    state[0] = Cell::Constant(sponge_capacity(domain, inputs.len()));
    for block in 0..sponge_blocks(inputs.len()) {
        for (cell, input) in state[1..].iter_mut().zip(&inputs[block * SPONGE_RATE..]) {
            let input = Cell::Variable(input.clone());
            *cell = Cell::sum(Fr::ZERO, &[(Fr::ONE, cell), (Fr::ONE, &input)]);
        }
        permute(Parameters::of(Width::SPONGE), &mut state, multiply);
    }
    state.swap_remove(1).into_element()
}

/// The permutation.
///
/// # Panics
/// If the state has not as many cells as the width says.
pub fn permute<E: Element>(parameters: &Parameters, state: &mut [Cell<E>], multiply: &mut impl FnMut(&E, &E) -> E) {
    assert_eq!(state.len(), parameters.width.get(), "the state's width");
    for (cell, constant) in state.iter_mut().zip(&parameters.round_constants[0]) {
        *cell = Cell::sum(*constant, &[(Fr::ONE, cell)]);
    }
    for round in 0..parameters.width.rounds() {
        let boxes = if parameters.is_full(round) { state.len() } else { 1 };
        for cell in &mut state[..boxes] {
            *cell = fifth_power(cell, multiply);
        }
        // The constants of the next round enter with the matrix, so a combination is made once a round.
        let constants = parameters.round_constants.get(round + 1);
        let mixed: Vec<Cell<E>> = parameters
            .matrix
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let terms: Vec<_> = row.iter().copied().zip(&*state).collect();
                Cell::sum(constants.map_or(Fr::ZERO, |constants| constants[index]), &terms)
            })
            .collect();
        state.clone_from_slice(&mixed);
    }
}

/// POSEIDON-012: the rows of an S-box. In the last one the input is on the right, where it stood before, and the fourth
/// power on the left: a wire that occurs on the right costs a prover most.
fn fifth_power<E: Element>(cell: &Cell<E>, multiply: &mut impl FnMut(&E, &E) -> E) -> Cell<E> {
    match cell {
        Cell::Constant(value) => Cell::Constant(value.square().square() * value),
        Cell::Variable(input) => {
            let square = multiply(input, input);
            let fourth = multiply(&square, &square);
            Cell::Variable(multiply(&fourth, input))
        }
    }
}

/// Number of rows of a permutation of whose state so many cells are constant at first.
pub fn rows(width: Width, constants: usize) -> usize {
    // The first matrix spreads a variable over the state, so only the first round has S-boxes on constants.
    match constants < width.get() {
        true => ROWS_PER_S_BOX * (FULL_ROUNDS * width.get() + width.partial_rounds() - constants),
        false => 0,
    }
}
