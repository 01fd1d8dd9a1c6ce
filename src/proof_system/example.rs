//! Two small circuits: the proof system's vectors and tests are about them.

use super::system::{Circuit, EarlyWire, LateSystem, Linear, System, Wire};
use ark_bn254::Fr;
use ark_ff::{Field, One};

/// Two committed vectors are permutations of each other, and the first one's inner product with public weights is a
/// public input. Whether they are permutations is checked at a challenge: the products of `challenge - value` agree,
/// and the product is a public input of phase 2.
#[derive(Clone, Debug)]
pub struct Permutation {
    /// How many values.
    pub length: usize,
    /// The values, for a prover.
    pub values: Option<Values>,
}

/// The values of a [`Permutation`].
#[derive(Clone, Debug)]
pub struct Values {
    /// The weights: constants of the application.
    pub weights: Vec<Fr>,
    /// The first vector.
    pub left: Vec<Fr>,
    /// The second vector.
    pub right: Vec<Fr>,
}

/// What phase 2 knows of phase 1.
pub struct Early {
    left: Vec<EarlyWire>,
    right: Vec<EarlyWire>,
}

impl Permutation {
    /// The shape for vectors of this length.
    pub fn shape(length: usize) -> Permutation {
        Permutation { length, values: None }
    }

    /// A circuit with values: `right` is `left` reversed.
    pub fn honest(length: usize, seed: u64) -> Permutation {
        let left: Vec<Fr> = (0..length as u64).map(|index| Fr::from(seed + index * index + 1).pow([3])).collect();
        let right = left.iter().rev().copied().collect();
        let weights = (0..length as u64).map(|index| Fr::from(index + 2)).collect();
        Permutation { length, values: Some(Values { weights, left, right }) }
    }

    /// The constants.
    pub fn weights(&self) -> Vec<Fr> {
        self.values.as_ref().map(|values| values.weights.clone()).unwrap_or_default()
    }

    /// The product that is the public input of phase 2; 1 without values.
    pub fn product(&self, challenge: Fr) -> Fr {
        self.values.iter().flat_map(|values| &values.left).map(|value| challenge - value).product()
    }
}

impl Values {
    /// The values of all variables but 1, as far as a prover may choose them: what the verifier knows, the committed wires
    /// and the private wires. For tests and vectors of attacks, by provers who do as they like.
    pub fn assignment(&self, challenges: &[Fr], blinder: Fr) -> [Vec<Fr>; 3] {
        let Values { weights, left, right } = self;
        let terms: Vec<Fr> = left.iter().zip(weights).map(|(left, weight)| *left * weight).collect();
        let products = |values: &[Fr]| {
            let factors = values.iter().map(|value| challenges[0] - value);
            let running = factors.scan(Fr::one(), |product, factor| {
                *product *= factor;
                Some(*product)
            });
            running.collect::<Vec<Fr>>()
        };
        let (left_products, right_products) = (products(left), products(right));
        let last = left.len() - 1;
        [
            [&weights[..], &[terms.iter().sum()], challenges, &[left_products[last]]].concat(),
            [&left[..], right, &terms[1..], &[blinder]].concat(),
            [&left_products[..last], &right_products[..last]].concat(),
        ]
    }
}

impl Circuit for Permutation {
    const CHALLENGES: usize = 2;
    type Early = Early;

    fn constants(&self) -> usize {
        self.length
    }

    fn phase_1(&self, system: &mut System) -> Early {
        let value = |of: fn(&Values) -> &Vec<Fr>, index: usize| self.values.as_ref().map(|values| of(values)[index]);
        let weights: Vec<_> = (0..self.length).map(|index| system.public(value(|v| &v.weights, index))).collect();
        let inner =
            self.values.as_ref().map(|v| v.left.iter().zip(&v.weights).map(|(left, weight)| *left * weight).sum());
        let inner = system.public(inner);
        let left: Vec<_> = (0..self.length).map(|index| system.commit(value(|v| &v.left, index))).collect();
        let right: Vec<_> = (0..self.length).map(|index| system.commit(value(|v| &v.right, index))).collect();
        let mut sum: Linear<EarlyWire> = inner.into();
        for index in 1..self.length {
            let term = self.values.as_ref().map(|values| values.left[index] * values.weights[index]);
            let term = system.commit(term);
            system.enforce(left[index], weights[index], term);
            sum -= term;
        }
        system.enforce(left[0], weights[0], sum);
        Early { left, right }
    }

    fn phase_2(&self, early: Early, challenges: &[Wire], system: &mut LateSystem) {
        let value = system.value(&challenges[0].into());
        let product = self.values.as_ref().zip(value).map(|(_, challenge)| self.product(challenge));
        let product = system.public(product);
        for wires in [early.left, early.right] {
            let mut accumulated: Linear<Wire> = Linear::constant(Fr::one());
            for (index, wire) in wires.iter().enumerate() {
                let factor = Linear::from(challenges[0]) - *wire;
                let next = system.value(&accumulated).zip(system.value(&factor)).map(|(a, b)| a * b);
                if index + 1 == self.length {
                    system.enforce(accumulated.clone(), factor, product);
                } else {
                    let next = system.private(next);
                    system.enforce(accumulated, factor, next);
                    accumulated = next.into();
                }
            }
        }
    }
}

/// `x^3 + x + constant = y` for a public `y`: a circuit without a committed phase. Its first public input, 7, is in no
/// row.
#[derive(Clone, Debug)]
pub struct Cubic {
    /// The private root.
    pub x: Option<Fr>,
    /// The constant term.
    pub constant: Fr,
}

impl Cubic {
    /// The public input, if there is a value.
    pub fn y(&self) -> Option<Fr> {
        self.x.map(|x| x * x * x + x + self.constant)
    }
}

impl Circuit for Cubic {
    const CHALLENGES: usize = 0;
    type Early = EarlyWire;

    fn phase_1(&self, system: &mut System) -> EarlyWire {
        system.public(Some(Fr::from(7u64)));
        system.public(self.y())
    }

    fn phase_2(&self, y: EarlyWire, _: &[Wire], system: &mut LateSystem) {
        let x = system.private(self.x);
        let square = system.private(self.x.map(|x| x * x));
        system.enforce(x, x, square);
        system.enforce(square, x, Linear::from(y) - Linear::<Wire>::from(x) - Linear::<Wire>::constant(self.constant));
    }
}
