//! The reduction from R1CS to a quadratic arithmetic program, without the rows that `ark-groth16`'s own reduction adds
//! for instance variables.

use ark_bn254::Fr;
use ark_ff::PrimeField;
use ark_groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP, evaluate_constraint};
use ark_poly::EvaluationDomain;
use ark_relations::gr1cs::{ConstraintSystemRef, Matrix, R1CS_PREDICATE_LABEL, SynthesisError};
use rayon::prelude::*;

/// PROOF-001: the reduction. Row `i` of the matrices is the value of the polynomials at the `i`-th element of the domain,
/// which has as many elements as the least power of two that is not below the number of rows.
///
/// `LibsnarkReduction` adds a row for each instance variable, which keeps their polynomials linearly independent. With
/// a committed phase most wires are instance variables and the domain would double. What the rows are for, that no
/// input can be changed in a proof, is reached by giving a row of its own to each input that no other row uses.
pub struct PlainReduction;

impl R1CSToQAP for PlainReduction {
    fn instance_map_with_evaluation<F: PrimeField, D: EvaluationDomain<F>>(
        cs: ConstraintSystemRef<F>,
        t: &F,
    ) -> Result<(Vec<F>, Vec<F>, Vec<F>, F, usize, usize), SynthesisError> {
        let matrices = &cs.to_matrices()?[R1CS_PREDICATE_LABEL];
        let variables = cs.num_instance_variables() + cs.num_witness_variables();
        let (polynomials, vanishing, domain_size) = evaluate_polynomials::<F, D>(matrices, variables, t)?;
        let [a, b, c] = polynomials;
        Ok((a, b, c, vanishing, variables - 1, domain_size))
    }

    fn witness_map_from_matrices<F: PrimeField, D: EvaluationDomain<F>>(
        matrices: &[Matrix<F>],
        _num_inputs: usize,
        num_constraints: usize,
        full_assignment: &[F],
    ) -> Result<Vec<F>, SynthesisError> {
        let domain = D::new(num_constraints).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
        let coset = domain.get_coset(F::GENERATOR).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
        // The values of a polynomial on the coset, from its values on the domain, which are those of the rows.
        let on_coset = |matrix: &Matrix<F>| {
            let mut values = vec![F::zero(); domain.size()];
            values[..num_constraints]
                .par_iter_mut()
                .zip(matrix)
                .for_each(|(value, row)| *value = evaluate_constraint(row, full_assignment));
            domain.ifft_in_place(&mut values);
            coset.fft_in_place(&mut values);
            values
        };
        let (mut quotient, b) = (on_coset(&matrices[0]), on_coset(&matrices[1]));
        quotient.par_iter_mut().zip(b).for_each(|(a, b)| *a *= b);
        let c = on_coset(&matrices[2]);
        // The vanishing polynomial is constant on the coset.
        let inverse =
            domain.evaluate_vanishing_polynomial(F::GENERATOR).inverse().ok_or(SynthesisError::DivisionByZero)?;
        quotient.par_iter_mut().zip(c).for_each(|(ab, c)| *ab = (*ab - c) * inverse);
        coset.ifft_in_place(&mut quotient);
        Ok(quotient)
    }

    fn h_query_scalars<F: PrimeField, D: EvaluationDomain<F>>(
        max_power: usize,
        t: F,
        zt: F,
        delta_inverse: F,
    ) -> Result<Vec<F>, SynthesisError> {
        LibsnarkReduction::h_query_scalars::<F, D>(max_power, t, zt, delta_inverse)
    }
}

/// The polynomials of all variables at a point: of A, B and C, then the vanishing polynomial and the domain's size.
#[allow(clippy::type_complexity)] // three vectors and two numbers, named above
pub(super) fn evaluate_polynomials<F: PrimeField, D: EvaluationDomain<F>>(
    matrices: &[Matrix<F>],
    variables: usize,
    point: &F,
) -> Result<([Vec<F>; 3], F, usize), SynthesisError> {
    let rows = matrices[0].len();
    let domain = D::new(rows).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
    let lagrange = domain.evaluate_all_lagrange_coefficients(*point);
    let polynomial = |matrix: &Matrix<F>| {
        let mut values = vec![F::zero(); variables];
        for (row, lagrange) in matrix.iter().zip(&lagrange) {
            for (coefficient, index) in row {
                values[*index] += *coefficient * lagrange;
            }
        }
        values
    };
    let polynomials = [polynomial(&matrices[0]), polynomial(&matrices[1]), polynomial(&matrices[2])];
    Ok((polynomials, domain.evaluate_vanishing_polynomial(*point), domain.size()))
}

/// The size of the domain of a number of rows.
pub fn domain_size(rows: usize) -> Option<usize> {
    ark_poly::GeneralEvaluationDomain::<Fr>::new(rows).map(|domain| domain.size())
}
