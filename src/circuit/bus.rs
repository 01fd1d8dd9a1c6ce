//! Buses: multisets of tuples that chips put and take. Over all segments, what is put is what is taken.

use crate::proof_system::EarlyLinear;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, Zero};
use std::borrow::Cow;
use std::sync::OnceLock;

/// What a tuple is about. The number is the tuple's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Bus {
    /// The machine's state before a cycle: pages; clock, program counter, frame pointer.
    State = 1,
    /// A code word: its entry; program counter.
    Code = 2,
    /// A cell: its value; time, and its address in the coordinate of frame pointers.
    Memory = 3,
    /// An address that has been audited.
    Audit = 4,
    /// A cell that does not start as zero: its value, and its address in the coordinate of frame pointers.
    Initial = 5,
    /// A cell whose final value is public: as [`Bus::Initial`].
    Final = 6,
    /// A number below a power of two: the number, and its bits in the coordinate of program counters.
    Range = 7,
    /// Two six-bit numbers and their bitwise and.
    And = 8,
    /// An exponent from 0 to 64 and the power of two.
    Power = 9,
    /// A byte's place in a word and the size of an access.
    Place = 10,
    /// The number of words of the witness input, and 2 to the spare bits of the last one in the coordinate of times.
    WitnessWords = 11,
    /// A six-bit number and how many of its bits are one.
    Ones = 12,
}

/// The challenges, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Challenge {
    /// The point at which the sums are taken.
    Alpha = 0,
    /// The coordinate of clocks and times.
    Beta = 1,
    /// The coordinate of program counters.
    Gamma = 2,
    /// The coordinate of frame pointers.
    Delta = 3,
    /// The coordinate of the buses' tags.
    Epsilon = 4,
}

/// Number of challenges.
pub const CHALLENGES: usize = 5;

/// A challenge times a combination of wires: a wire of phase 2, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product(pub(super) usize);

/// A coordinate of a tuple that is multiplied with a challenge: a constant and products of the challenge with wires, each
/// with a factor.
#[derive(Clone, Debug, Default)]
pub struct Coordinate {
    pub(super) products: Vec<(Product, i64)>,
    pub(super) constant: u128,
}

impl Coordinate {
    /// A number.
    pub fn constant(constant: u128) -> Coordinate {
        Coordinate { products: Vec::new(), constant }
    }

    /// The same and a number.
    pub fn plus(self, constant: u128) -> Coordinate {
        Coordinate { constant: self.constant + constant, ..self }
    }
}

impl From<Product> for Coordinate {
    fn from(product: Product) -> Coordinate {
        Coordinate { products: vec![(product, 1)], constant: 0 }
    }
}

/// CIRCUIT-001: a tuple's fingerprint is `plain + beta·time + gamma·program_counter + delta·frame_pointer + epsilon·tag`.
#[derive(Clone, Debug)]
pub struct Tuple {
    /// The bus.
    pub bus: Bus,
    /// What is packed in the coordinate without a challenge.
    pub plain: EarlyLinear,
    /// The coordinate of [`Challenge::Beta`].
    pub time: Coordinate,
    /// The coordinate of [`Challenge::Gamma`].
    pub program_counter: Coordinate,
    /// The coordinate of [`Challenge::Delta`].
    pub frame_pointer: Coordinate,
}

impl Tuple {
    /// A tuple with one coordinate only.
    pub fn plain(bus: Bus, plain: EarlyLinear) -> Tuple {
        let none = Coordinate::default;
        Tuple { bus, plain, time: none(), program_counter: none(), frame_pointer: none() }
    }

    /// The coordinates with a challenge.
    pub(super) fn coordinates(&self) -> [(Challenge, Cow<'_, Coordinate>); CHALLENGES - 1] {
        [
            (Challenge::Beta, Cow::Borrowed(&self.time)),
            (Challenge::Gamma, Cow::Borrowed(&self.program_counter)),
            (Challenge::Delta, Cow::Borrowed(&self.frame_pointer)),
            (Challenge::Epsilon, Cow::Owned(Coordinate::constant(self.bus as u128))),
        ]
    }
}

/// A tuple whose values are known: the verifier's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownTuple {
    /// The bus.
    pub bus: Bus,
    /// The packed coordinate.
    pub plain: Fr,
    /// The coordinate of [`Challenge::Beta`].
    pub time: u64,
    /// The coordinate of [`Challenge::Gamma`].
    pub program_counter: Fr,
    /// The coordinate of [`Challenge::Delta`].
    pub frame_pointer: u64,
}

impl KnownTuple {
    /// A tuple with one coordinate only.
    pub fn plain(bus: Bus, plain: Fr) -> KnownTuple {
        KnownTuple { bus, plain, time: 0, program_counter: Fr::zero(), frame_pointer: 0 }
    }

    /// `alpha` minus the fingerprint.
    pub fn denominator(&self, challenges: &[Fr; CHALLENGES]) -> Fr {
        let [alpha, beta, gamma, delta, epsilon] = challenges;
        *alpha
            - self.plain
            - *beta * Fr::from(self.time)
            - *gamma * self.program_counter
            - *delta * Fr::from(self.frame_pointer)
            - *epsilon * Fr::from(self.bus as u64)
    }
}

/// The largest exponent of [`pow2`].
const MAX_EXPONENT: usize = 253;

/// A power of two.
pub fn pow2(exponent: u32) -> Fr {
    static POWERS: OnceLock<Vec<Fr>> = OnceLock::new();
    let powers = POWERS.get_or_init(|| {
        std::iter::successors(Some(Fr::from(1u64)), |power| Some(power.double())).take(MAX_EXPONENT + 1).collect()
    });
    powers[exponent as usize]
}

/// The inverse of a power of two.
pub fn inverse_pow2(exponent: u32) -> Fr {
    static POWERS: OnceLock<Vec<Fr>> = OnceLock::new();
    let powers = POWERS.get_or_init(|| {
        let half = Fr::from(2u64).inverse().expect("two is not zero");
        std::iter::successors(Some(Fr::from(1u64)), |power| Some(*power * half)).take(MAX_EXPONENT + 1).collect()
    });
    powers[exponent as usize]
}
