//! Poseidon against what others publish, its matrices against subspace trails, and its rows against every change.

use ark_ff::{AdditiveGroup, Field, PrimeField};
use middle_client::notation::Reject;
use middle_client::poseidon::gadget::{self, Cell, Element};
use middle_client::poseidon::*;
use middle_client::vectors::random;
use proptest::prelude::*;
use rand_chacha::rand_core::RngCore;
use std::collections::BTreeMap;

fn numbers(numbers: impl IntoIterator<Item = u64>) -> Vec<Fr> {
    numbers.into_iter().map(Fr::from).collect()
}

fn from_hex(digits: &str) -> Fr {
    element_from_bytes(&hex::decode(digits).unwrap()).unwrap()
}

fn random_elements(seed: &str, count: usize) -> Vec<Fr> {
    let mut generator = random(seed);
    let element = |_| {
        let mut bytes = [0; 64];
        generator.fill_bytes(&mut bytes);
        Fr::from_be_bytes_mod_order(&bytes)
    };
    (0..count).map(element).collect()
}

fn domain(number: u64) -> Domain {
    Domain::new(number).unwrap()
}

/// From the tests of circomlibjs (`test/poseidon.js`) and go-iden3-crypto (`poseidon/poseidon_test.go`).
#[test]
fn hashes_are_the_published_ones() {
    for (inputs, expected) in [
        (numbers([1, 2]), "115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a"),
        (numbers(1..=4), "299c867db6c1fdd79dcefa40e4510b9837e60ebb1ce0663dbaa525df65250465"),
    ] {
        assert_eq!(hash(&inputs).unwrap(), from_hex(expected));
    }
    for (inputs, expected) in [
        (numbers([1]), "18586133768512220936620570745912940619677854269274689475585506675881198879027"),
        (numbers([1, 2]), "7853200120776062878684798364095072458815029376092732009249414926327459813530"),
        (numbers([1, 2, 0, 0, 0]), "1018317224307729531995786483840663576608797660851238720571059489595066344487"),
        (numbers([1, 2, 0, 0, 0, 0]), "15336558801450556532856248569924170992202208561737609669134139141992924267169"),
        (numbers([3, 4, 0, 0, 0]), "5811595552068139067952687508729883632420015185677766880877743348592482390548"),
        (numbers([3, 4, 0, 0, 0, 0]), "12263118664590987767234828103155242843640892839966517009184493198782366909018"),
        (numbers(1..=6), "20400040500897583745843009878988256314335038853985262692600694741116813247201"),
    ] {
        assert_eq!(hash(&inputs).unwrap().to_string(), expected, "{inputs:?}");
    }
}

/// The first round constants and the first row of the matrix of width 3, from circomlib's table.
#[test]
fn constants_are_the_published_ones() {
    let parameters = Parameters::of(Width::TWO_TO_ONE);
    let constants = parameters.round_constants.concat();
    assert_eq!(constants[0], from_hex("0ee9a592ba9a9518d05986d656f40c2114c4993c11bb29938d21d47304cd8e6e"));
    assert_eq!(constants[1], from_hex("00f1445235f2148c5986587169fc1bcd887b08d4d00868df5696fff40956e864"));
    assert_eq!(constants.len(), 195);
    let row = [
        "109b7f411ba0e4c9b2b70caf5c36a7b194be7c11ad24378bfedb68592ba8118b",
        "16ed41e13bb9c0c66ae119424fddbcbc9314dc9fdbdeea55d6c64543dc4903e0",
        "2b90bba00fca0589f617e7dcbfe82e0df706ab640ceb247b791a93b74e36736d",
    ];
    assert_eq!(parameters.matrix[0], row.map(from_hex));
    let all: usize = Width::all().map(|width| width.get() * (width.rounds() + width.get())).sum();
    assert_eq!(all, 12_638);
}

/// The reference script draws another matrix if one of three tests finds an infinite subspace trail; no width needs it.
///
/// With one S-box in a partial round, the second and third test ask whether the images of the first unit vector under
/// the powers of `M^r` span the space, for `r` from 1 to `4t`. The first one looks for a space whose first coordinate
/// stays zero and that a power of the matrix maps to itself. There is none if the first rows of the powers of the
/// matrix span the space: what is orthogonal to all of them is zero.
#[test]
fn no_matrix_admits_an_infinite_subspace_trail() {
    for width in Width::all() {
        let matrix = &Parameters::of(width).matrix;
        let size = width.get();
        let transposed: Vec<Vec<Fr>> = (0..size).map(|j| (0..size).map(|i| matrix[i][j]).collect()).collect();
        assert_eq!(rank(orbit(&transposed)), size, "{width:?}");
        let mut power = matrix.clone();
        for exponent in 1..=4 * size {
            assert_eq!(rank(orbit(&power)), size, "{width:?}, power {exponent}");
            power = power.iter().map(|row| apply(&transposed, row)).collect();
        }
    }
    // The identity has trails of every kind.
    let identity = vec![numbers([1, 0]), numbers([0, 1])];
    assert_eq!(rank(orbit(&identity)), 1);
}

/// The first unit vector and its images under the powers of a matrix.
fn orbit(matrix: &[Vec<Fr>]) -> Vec<Vec<Fr>> {
    let first = (0..matrix.len()).map(|index| Fr::from(index == 0)).collect();
    std::iter::successors(Some(first), |vector: &Vec<Fr>| Some(apply(matrix, vector))).take(matrix.len()).collect()
}

fn apply(matrix: &[Vec<Fr>], vector: &[Fr]) -> Vec<Fr> {
    matrix.iter().map(|row| row.iter().zip(vector).map(|(a, b)| *a * b).sum()).collect()
}

fn rank(mut rows: Vec<Vec<Fr>>) -> usize {
    let mut rank = 0;
    for column in 0..rows[0].len() {
        let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != Fr::ZERO) else { continue };
        rows.swap(rank, pivot);
        let (above, below) = rows.split_at_mut(rank + 1);
        let pivot = &above[rank];
        let inverse = pivot[column].inverse().unwrap();
        for row in below {
            let factor = row[column] * inverse;
            row.iter_mut().zip(pivot).for_each(|(entry, pivot)| *entry -= factor * pivot);
        }
        rank += 1;
    }
    rank
}

#[test]
fn domains_and_lengths_do_not_meet() {
    let mut seen = Vec::new();
    for length in 0..=20 {
        let zeros = vec![Fr::ZERO; length];
        seen.extend([1, 2, u64::MAX].map(|number| sponge(domain(number), &zeros)));
        seen.extend(hash(&zeros));
    }
    assert_eq!(seen.len(), 21 * 3 + 16);
    let unique: std::collections::BTreeSet<_> = seen.iter().map(|digest| element_to_bytes(*digest)).collect();
    assert_eq!(unique.len(), seen.len());
}

#[test]
fn every_input_counts_and_so_does_the_order() {
    let inputs = random_elements("order", 20);
    let original = sponge(domain(1), &inputs);
    for index in 0..inputs.len() {
        let mut changed = inputs.clone();
        changed[index] += Fr::ONE;
        assert_ne!(sponge(domain(1), &changed), original, "{index}");
        if index > 0 {
            let mut swapped = inputs.clone();
            swapped.swap(index - 1, index);
            assert_ne!(sponge(domain(1), &swapped), original, "{index}");
        }
    }
}

#[test]
fn counts_of_inputs_have_limits() {
    for count in 0..=18 {
        let reason = hash(&vec![Fr::ONE; count]).err().map(|rejection| rejection.reason);
        let in_circuit =
            gadget::hash(&vec![Fr::ONE; count], &mut |a, b| *a * b).err().map(|rejection| rejection.reason);
        assert_eq!(reason, (!(1..=16).contains(&count)).then_some(Reject::PoseidonInputCount), "{count}");
        assert_eq!(reason, in_circuit, "{count}");
    }
    assert_eq!([0, 17].map(Width::from_rate), [None, None]);
}

#[test]
fn encodings_are_canonical() {
    let modulus = hex::decode("30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001").unwrap();
    let greatest = element_to_bytes(-Fr::ONE);
    assert_eq!(greatest[..31], modulus[..31]);
    assert_eq!(greatest[31], 0);
    assert_eq!(element_from_bytes(&greatest).unwrap(), -Fr::ONE);
    let reason = |bytes: &[u8]| element_from_bytes(bytes).unwrap_err().reason;
    assert_eq!(reason(&modulus), Reject::FieldElementNotCanonical);
    assert_eq!(reason(&[0xff; 32]), Reject::FieldElementNotCanonical);
    for length in [0, 1, 31, 33, 64] {
        assert_eq!(reason(&vec![0; length]), Reject::FieldElementLength, "{length}");
    }
    let rejection = elements_from_bytes(&[&greatest, modulus.as_slice()].concat()).unwrap_err();
    assert_eq!((rejection.reason, rejection.offset), (Reject::FieldElementNotCanonical, 32));
    assert_eq!(elements_from_bytes(&[]).unwrap(), []);
    assert_eq!(elements_from_bytes(&[0; 33]).unwrap_err().reason, Reject::FieldElementLength);
}

proptest! {
    #[test]
    fn encodings_round_trip(bytes: [u8; 32]) {
        match element_from_bytes(&bytes) {
            Ok(element) => prop_assert_eq!(element_to_bytes(element), bytes),
            Err(rejection) => {
                prop_assert_eq!(rejection.reason, Reject::FieldElementNotCanonical);
                prop_assert!(bytes.as_slice() > element_to_bytes(-Fr::ONE).as_slice());
            }
        }
        let element = Fr::from_be_bytes_mod_order(&bytes);
        prop_assert_eq!(element_from_bytes(&element_to_bytes(element)).unwrap(), element);
    }

    #[test]
    fn gadget_and_hash_agree(inputs in prop::collection::vec(any::<[u8; 32]>(), 1..=16), number in 1u64..) {
        let inputs: Vec<Fr> = inputs.iter().map(|bytes| Fr::from_be_bytes_mod_order(bytes)).collect();
        let mut multiply = |a: &Fr, b: &Fr| *a * b;
        prop_assert_eq!(gadget::hash(&inputs, &mut multiply).unwrap(), hash(&inputs).unwrap());
        prop_assert_eq!(gadget::sponge(domain(number), &inputs, &mut multiply), sponge(domain(number), &inputs));
    }
}

/// A linear combination of wires by their index; wire 0 is the constant 1.
#[derive(Clone, Debug, Default, PartialEq)]
struct Linear(BTreeMap<usize, Fr>);

impl Element for Linear {
    fn sum<'a>(constant: Fr, terms: impl Iterator<Item = (Fr, &'a Linear)>) -> Linear {
        let mut sum = BTreeMap::from([(0, constant)]);
        for (factor, linear) in terms {
            for (wire, coefficient) in &linear.0 {
                *sum.entry(*wire).or_default() += factor * coefficient;
            }
        }
        sum.retain(|_, coefficient| *coefficient != Fr::ZERO);
        Linear(sum)
    }
}

impl Linear {
    fn wire(index: usize) -> Linear {
        Linear(BTreeMap::from([(index, Fr::ONE)]))
    }

    fn value(&self, wires: &[Fr]) -> Fr {
        self.0.iter().map(|(wire, coefficient)| *coefficient * wires[*wire]).sum()
    }
}

/// The rows of a circuit: left, right and the wire that is their product, which follows the wires before it.
struct Rows {
    inputs: usize,
    rows: Vec<(Linear, Linear)>,
    output: Linear,
}

impl Rows {
    fn of(
        inputs: usize,
        circuit: impl FnOnce(&[Linear], &mut dyn FnMut(&Linear, &Linear) -> Linear) -> Linear,
    ) -> Rows {
        let variables: Vec<Linear> = (1..=inputs).map(Linear::wire).collect();
        let mut rows = Vec::new();
        let output = circuit(&variables, &mut |a, b| {
            rows.push((a.clone(), b.clone()));
            Linear::wire(inputs + rows.len())
        });
        Rows { inputs, rows, output }
    }

    /// The wires that satisfy the rows; the wire of row `fault`, if given, is one greater, and what follows is honest.
    fn solve(&self, inputs: &[Fr], fault: Option<usize>) -> Vec<Fr> {
        let mut wires = [&[Fr::ONE], inputs].concat();
        for (index, (left, right)) in self.rows.iter().enumerate() {
            let product = left.value(&wires) * right.value(&wires);
            wires.push(product + Fr::from(fault == Some(index)));
        }
        wires
    }

    /// The rows that an assignment does not satisfy.
    fn unsatisfied(&self, wires: &[Fr]) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        let failing = rows
            .filter(|(index, (left, right))| left.value(wires) * right.value(wires) != wires[1 + self.inputs + index]);
        failing.map(|(index, _)| index).collect()
    }
}

fn two_to_one_rows() -> Rows {
    Rows::of(2, |inputs, mut multiply| gadget::two_to_one(inputs[0].clone(), inputs[1].clone(), &mut multiply))
}

fn sponge_rows(length: usize) -> Rows {
    Rows::of(length, |inputs, mut multiply| gadget::sponge(domain(1), inputs, &mut multiply))
}

#[test]
fn rows_are_as_many_as_the_chapter_says() {
    for (inputs, expected) in [(1, 213), (2, 240), (4, 297), (8, 402), (16, 609)] {
        let rows = Rows::of(inputs, |inputs, mut multiply| gadget::hash(inputs, &mut multiply).unwrap());
        assert_eq!(rows.rows.len(), expected, "{inputs}");
        assert_eq!(gadget::rows(Width::from_rate(inputs).unwrap(), 1), expected, "{inputs}");
    }
    assert_eq!(two_to_one_rows().rows.len(), 240);
    assert_eq!(gadget::rows(Width::TWO_TO_ONE, 0), 8 * 3 * 3 + 57 * 3);
    // Of a short block the rest is constant: of length 1, the capacity and seven elements.
    for (length, expected) in [(0, 0), (1, 402 - 7 * 3), (8, 402), (9, 402 + 405), (16, 402 + 405)] {
        assert_eq!(sponge_rows(length).rows.len(), expected, "{length}");
    }
}

/// The values of a run on field elements are those of the rows, in the same order.
#[test]
fn values_and_rows_come_in_the_same_order() {
    let inputs = random_elements("values", 11);
    let mut values = Vec::new();
    let digest = gadget::sponge(domain(1), &inputs, &mut |a: &Fr, b: &Fr| {
        values.push(*a * b);
        *a * b
    });
    let rows = sponge_rows(11);
    let wires = rows.solve(&inputs, None);
    assert_eq!(wires[12..], values);
    assert_eq!(rows.output.value(&wires), digest);
    assert!(rows.unsatisfied(&wires).is_empty());
}

/// Each row has only wires before its own, so it determines this wire.
#[test]
fn rows_have_one_solution() {
    for rows in [two_to_one_rows(), sponge_rows(9)] {
        for (index, (left, right)) in rows.rows.iter().enumerate() {
            let own = 1 + rows.inputs + index;
            assert!(left.0.keys().chain(right.0.keys()).all(|wire| *wire < own), "row {index}");
        }
    }
}

/// A single wrong wire breaks a row, whichever it is. Without its row, a wrong wire that is followed honestly breaks
/// nothing and gives another hash: every row is needed.
#[test]
fn every_row_is_needed_and_every_wire_is_bound() {
    for (rows, inputs) in
        [(two_to_one_rows(), random_elements("mutation", 2)), (sponge_rows(9), random_elements("mutation", 9))]
    {
        let honest = rows.solve(&inputs, None);
        assert!(rows.unsatisfied(&honest).is_empty());
        let digest = rows.output.value(&honest);
        for index in 0..rows.rows.len() {
            let mut wires = honest.clone();
            wires[1 + rows.inputs + index] += Fr::ONE;
            assert!(rows.unsatisfied(&wires).contains(&index), "row {index}");
            let wires = rows.solve(&inputs, Some(index));
            assert_eq!(rows.unsatisfied(&wires), [index]);
            assert_ne!(rows.output.value(&wires), digest, "row {index}");
        }
        // The inputs are bound too: another input needs other wires.
        for index in 1..=rows.inputs {
            let mut wires = honest.clone();
            wires[index] += Fr::ONE;
            assert!(!rows.unsatisfied(&wires).is_empty(), "input {index}");
        }
    }
}

/// The right sides, which cost a prover most, never have a fourth power, and no combination grows beyond the bound.
#[test]
fn combinations_are_bounded() {
    let rows = two_to_one_rows();
    for (index, (left, right)) in rows.rows.iter().enumerate() {
        // The capacity's first S-box is constant, so the rows begin with a whole one.
        let fourth = |wire: &usize| *wire > 2 && (wire - 3) % 3 == 1;
        assert!(!right.0.keys().any(fourth), "row {index}");
        // The constant, the elements before the partial rounds, and a wire for each of these.
        assert!(left.0.len().max(right.0.len()) <= 1 + 3 + 57, "row {index}");
    }
}

/// A constant cell needs no row, and the state is the same.
#[test]
fn constant_cells_are_folded() {
    let state = random_elements("constants", 9);
    let parameters = Parameters::of(Width::SPONGE);
    let mut expected = state.clone();
    parameters.permute(&mut expected);
    for constants in 0..=9 {
        let cell = |(index, element): (usize, &Fr)| match index < constants {
            true => Cell::Constant(*element),
            false => Cell::Variable(*element),
        };
        let mut cells: Vec<Cell<Fr>> = state.iter().enumerate().map(cell).collect();
        let mut rows = 0;
        gadget::permute(parameters, &mut cells, &mut |a, b| {
            rows += 1;
            *a * b
        });
        assert_eq!(rows, gadget::rows(Width::SPONGE, constants), "{constants}");
        assert_eq!(cells.into_iter().map(Cell::into_element).collect::<Vec<_>>(), expected);
    }
}
