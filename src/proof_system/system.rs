//! The interface against which circuits are written: wires of three kinds, linear combinations and rows.

use crate::notation::B256;
use alloy_primitives::Keccak256;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use rayon::prelude::*;
use smallvec::{SmallVec, smallvec};
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// A wire of phase 1: it is fixed before the challenges are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EarlyWire {
    /// The constant 1.
    One,
    /// A public input, by index.
    Public(u32),
    /// A committed wire, by index.
    Committed(u32),
}

/// A wire of either phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    /// A wire of phase 1.
    Early(EarlyWire),
    /// A challenge, by index: known to the verifier, but not before the committed wires are fixed.
    Challenge(u32),
    /// A public input of phase 2, by index: the verifier may compute it from the challenges.
    LatePublic(u32),
    /// A private wire of phase 2, by index.
    Private(u32),
}

impl From<EarlyWire> for Wire {
    fn from(wire: EarlyWire) -> Wire {
        Wire::Early(wire)
    }
}

/// A linear combination of wires of type `W`: with `EarlyWire`, one that cannot depend on a challenge. Most have one or two
/// terms, and a prover makes millions of them: these need no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linear<W>(pub SmallVec<[(Fr, W); 2]>);

/// A linear combination of phase-1 wires.
pub type EarlyLinear = Linear<EarlyWire>;

impl<W: From<EarlyWire>> Linear<W> {
    /// The combination of no wire.
    pub fn zero() -> Linear<W> {
        Linear(SmallVec::new())
    }

    /// A constant.
    pub fn constant(value: impl Into<Fr>) -> Linear<W> {
        Linear(smallvec![(value.into(), W::from(EarlyWire::One))])
    }
}

impl<W> Linear<W> {
    /// The same combination among wires of a wider type.
    pub fn widen<V: From<W>>(self) -> Linear<V> {
        Linear(self.0.into_iter().map(|(coefficient, wire)| (coefficient, wire.into())).collect())
    }
}

impl From<EarlyWire> for EarlyLinear {
    fn from(wire: EarlyWire) -> EarlyLinear {
        Linear(smallvec![(Fr::one(), wire)])
    }
}

impl From<EarlyWire> for Linear<Wire> {
    fn from(wire: EarlyWire) -> Linear<Wire> {
        Linear(smallvec![(Fr::one(), wire.into())])
    }
}

impl From<Wire> for Linear<Wire> {
    fn from(wire: Wire) -> Linear<Wire> {
        Linear(smallvec![(Fr::one(), wire)])
    }
}

impl From<EarlyLinear> for Linear<Wire> {
    fn from(linear: EarlyLinear) -> Linear<Wire> {
        linear.widen()
    }
}

impl<W, T: Into<Linear<W>>> AddAssign<T> for Linear<W> {
    fn add_assign(&mut self, other: T) {
        self.0.extend(other.into().0);
    }
}

impl<W, T: Into<Linear<W>>> Add<T> for Linear<W> {
    type Output = Linear<W>;
    fn add(mut self, other: T) -> Linear<W> {
        self += other;
        self
    }
}

impl<W> Neg for Linear<W> {
    type Output = Linear<W>;
    fn neg(mut self) -> Linear<W> {
        for (coefficient, _) in &mut self.0 {
            coefficient.neg_in_place();
        }
        self
    }
}

impl<W, T: Into<Linear<W>>> SubAssign<T> for Linear<W> {
    fn sub_assign(&mut self, other: T) {
        self.0.extend((-other.into()).0);
    }
}

impl<W, T: Into<Linear<W>>> Sub<T> for Linear<W> {
    type Output = Linear<W>;
    fn sub(mut self, other: T) -> Linear<W> {
        self -= other;
        self
    }
}

impl<W> Mul<Fr> for Linear<W> {
    type Output = Linear<W>;
    fn mul(mut self, factor: Fr) -> Linear<W> {
        for (coefficient, _) in &mut self.0 {
            *coefficient *= factor;
        }
        self
    }
}

/// A circuit in two phases. `None` stands for every value when only the shape is wanted, as in the setup.
pub trait Circuit {
    /// How many challenges phase 2 uses. A circuit without committed wires has none.
    const CHALLENGES: usize;
    /// What phase 2 has to know of phase 1.
    type Early;

    /// How many of the public inputs, from the first on, are constants of an application, to be prepared once.
    fn constants(&self) -> usize {
        0
    }
    /// Public inputs, committed wires and the rows among them.
    fn phase_1(&self, system: &mut System) -> Self::Early;
    /// Private wires and the rows that need a challenge.
    fn phase_2(&self, early: Self::Early, challenges: &[Wire], system: &mut LateSystem);
}

/// What a circuit writes to in phase 1.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// The values of the public inputs.
    pub(super) public: Vec<Fr>,
    /// The values of the committed wires.
    pub(super) committed: Vec<Fr>,
    /// The values of the challenges.
    pub(super) challenges: Vec<Fr>,
    /// The values of the public inputs of phase 2.
    pub(super) late_public: Vec<Fr>,
    /// The values of the private wires.
    pub(super) private: Vec<Fr>,
    /// The rows: each says `a · b = c`.
    pub(super) rows: Vec<[Linear<Wire>; 3]>,
    /// Whether values are missing, so that only the shape is meaningful.
    pub(super) shape_only: bool,
    /// Whether rows are kept. A prover has them already.
    pub(super) keep_rows: bool,
}

impl System {
    fn value_of(&mut self, value: Option<Fr>) -> Fr {
        self.shape_only |= value.is_none();
        value.unwrap_or(Fr::ZERO)
    }

    /// Keeps the rows, which a prover does not need.
    pub fn keep_rows(&mut self) {
        self.keep_rows = true;
    }

    /// A new public input.
    pub fn public(&mut self, value: Option<Fr>) -> EarlyWire {
        let value = self.value_of(value);
        self.public.push(value);
        EarlyWire::Public(self.public.len() as u32 - 1)
    }

    /// A new committed wire.
    pub fn commit(&mut self, value: Option<Fr>) -> EarlyWire {
        let value = self.value_of(value);
        self.committed.push(value);
        EarlyWire::Committed(self.committed.len() as u32 - 1)
    }

    /// The row `a · b = c`.
    pub fn enforce(&mut self, a: impl Into<EarlyLinear>, b: impl Into<EarlyLinear>, c: impl Into<EarlyLinear>) {
        if self.keep_rows {
            self.rows.push([a.into().widen(), b.into().widen(), c.into().widen()]);
        }
    }

    /// The value of a combination; `None` if only the shape is wanted.
    pub fn value(&self, linear: &EarlyLinear) -> Option<Fr> {
        if self.shape_only {
            return None;
        }
        Some(linear.0.iter().map(|(coefficient, wire)| *coefficient * self.early_value(*wire)).sum())
    }

    fn early_value(&self, wire: EarlyWire) -> Fr {
        match wire {
            EarlyWire::One => Fr::ONE,
            EarlyWire::Public(index) => self.public[index as usize],
            EarlyWire::Committed(index) => self.committed[index as usize],
        }
    }

    fn wire_value(&self, wire: Wire) -> Fr {
        match wire {
            Wire::Early(wire) => self.early_value(wire),
            Wire::Challenge(index) => self.challenges[index as usize],
            Wire::LatePublic(index) => self.late_public[index as usize],
            Wire::Private(index) => self.private[index as usize],
        }
    }
}

/// What a circuit writes to in phase 2: nothing can be committed any more.
#[derive(Debug)]
pub struct LateSystem<'a>(pub(super) &'a mut System);

impl LateSystem<'_> {
    /// A new public input, which may depend on the challenges.
    pub fn public(&mut self, value: Option<Fr>) -> Wire {
        let value = self.0.value_of(value);
        self.0.late_public.push(value);
        Wire::LatePublic(self.0.late_public.len() as u32 - 1)
    }

    /// A new private wire.
    pub fn private(&mut self, value: Option<Fr>) -> Wire {
        let value = self.0.value_of(value);
        self.0.private.push(value);
        Wire::Private(self.0.private.len() as u32 - 1)
    }

    /// The row `a · b = c`.
    pub fn enforce(&mut self, a: impl Into<Linear<Wire>>, b: impl Into<Linear<Wire>>, c: impl Into<Linear<Wire>>) {
        if self.0.keep_rows {
            self.0.rows.push([a.into(), b.into(), c.into()]);
        }
    }

    /// The value of a combination; `None` if only the shape is wanted.
    pub fn value(&self, linear: &Linear<Wire>) -> Option<Fr> {
        if self.0.shape_only {
            return None;
        }
        Some(linear.0.iter().map(|(coefficient, wire)| *coefficient * self.0.wire_value(*wire)).sum())
    }
}

/// The rows of a circuit over one vector of values: 1, public inputs, challenges, public inputs of phase 2, committed
/// wires, private wires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of public inputs that are constants.
    pub constants: usize,
    /// Number of public inputs, constants included.
    pub public: usize,
    /// Number of challenges.
    pub challenges: usize,
    /// Number of public inputs of phase 2.
    pub late_public: usize,
    /// Number of committed wires, the blinder included.
    pub committed: usize,
    /// Number of private wires.
    pub private: usize,
    /// The matrices A, B and C, row by row: coefficients with column indices, ascending and not zero.
    pub matrices: [Vec<Vec<(Fr, usize)>>; 3],
}

impl Shape {
    /// The shape of a circuit.
    ///
    /// PROOF-002: a circuit with committed wires gets one more, the blinder, which no row of the circuit uses.
    pub fn of<C: Circuit>(circuit: &C) -> Shape {
        let mut system = System { keep_rows: true, shape_only: true, ..System::default() };
        run_without_values(circuit, &mut system);
        let committed = system.committed.len() + usize::from(C::CHALLENGES > 0);
        Shape::from_rows(circuit.constants(), system, C::CHALLENGES, committed)
    }

    /// Takes the system apart row by row: at no time are all rows there twice.
    fn from_rows(constants: usize, system: System, challenges: usize, committed: usize) -> Shape {
        let (public, late_public, private) = (system.public.len(), system.late_public.len(), system.private.len());
        let late = 1 + public + challenges;
        let column = |wire: Wire| match wire {
            Wire::Early(EarlyWire::One) => 0,
            Wire::Early(EarlyWire::Public(index)) => 1 + index as usize,
            Wire::Challenge(index) => 1 + public + index as usize,
            Wire::LatePublic(index) => late + index as usize,
            Wire::Early(EarlyWire::Committed(index)) => late + late_public + index as usize,
            Wire::Private(index) => late + late_public + committed + index as usize,
        };
        let instance = late + late_public + committed;
        let mut used = vec![false; instance];
        let mut matrices: [Vec<Vec<(Fr, usize)>>; 3] = [(); 3].map(|()| Vec::with_capacity(system.rows.len()));
        for row in system.rows {
            for (matrix, linear) in matrices.iter_mut().zip(row) {
                // The terms stay in their place in memory, so what they have to spare is given back.
                let terms = linear.0.into_iter().map(|(coefficient, wire)| (coefficient, column(wire)));
                let mut terms = collect(terms.collect());
                terms.shrink_to_fit();
                terms.iter().filter(|(_, index)| *index < instance).for_each(|(_, index)| used[*index] = true);
                matrix.push(terms);
            }
        }
        // PROOF-003: the base of a variable in no row would be zero, and its value could be changed in a proof.
        for (index, _) in used.iter().enumerate().skip(1).filter(|(_, used)| !**used) {
            matrices[0].push(vec![(Fr::ONE, index)]);
            matrices[1].push(Vec::new());
            matrices[2].push(Vec::new());
        }
        Shape { constants, public, challenges, late_public, committed, private, matrices }
    }

    /// The circuit digest: keccak-256 of all counts and matrices, numbers as eight bytes and coefficients as 32,
    /// big-endian.
    pub fn digest(&self) -> B256 {
        let mut hasher = Keccak256::new();
        let Shape { constants, public, challenges, late_public, committed, private, .. } = self;
        for count in [constants, public, challenges, late_public, committed, private, &self.rows()] {
            hasher.update((*count as u64).to_be_bytes());
        }
        // A row at a time: a call of the hash for each number would take longer than the hash.
        let mut bytes = Vec::new();
        for row in self.matrices.iter().flatten() {
            bytes.clear();
            bytes.extend((row.len() as u64).to_be_bytes());
            for (coefficient, index) in row {
                bytes.extend(coefficient.into_bigint().0.iter().rev().flat_map(|limb| limb.to_be_bytes()));
                bytes.extend((*index as u64).to_be_bytes());
            }
            hasher.update(&bytes);
        }
        hasher.finalize()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.matrices[0].len()
    }

    /// Number of variables that the verifier knows: 1, public inputs, challenges, public inputs of phase 2.
    pub fn known(&self) -> usize {
        1 + self.public + self.challenges + self.late_public
    }

    /// Number of instance variables in the sense of `ark-relations`: those that the verifier knows, committed wires.
    pub fn instance(&self) -> usize {
        self.known() + self.committed
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.instance() + self.private
    }

    /// The first row that an assignment of all variables does not satisfy.
    pub fn unsatisfied(&self, assignment: &[Fr]) -> Option<usize> {
        let evaluate = |terms: &[(Fr, usize)]| -> Fr { terms.iter().map(|(c, index)| *c * assignment[*index]).sum() };
        (0..self.rows()).into_par_iter().find_first(|row| {
            let [a, b, c] = [0, 1, 2].map(|matrix| evaluate(&self.matrices[matrix][*row]));
            a * b != c
        })
    }
}

/// Changes committed wires.
pub type Change<'c> = &'c dyn Fn(&mut [Fr]);

/// The values of all variables of a circuit at these challenges: 1, public inputs, challenges, public inputs of phase 2,
/// committed wires with a blinder of 0, private wires. `change` may change the committed wires before phase 2 is derived
/// from them: for tests of what the rows catch.
pub fn assignment<C: Circuit>(circuit: &C, challenges: &[Fr], change: Option<Change>) -> Vec<Fr> {
    // With rows, phase 2 is derived from combinations of wires; without them from the values that these had.
    let mut system = System { keep_rows: change.is_some(), ..System::default() };
    let early = circuit.phase_1(&mut system);
    if let Some(change) = change {
        change(&mut system.committed);
    }
    system.challenges = challenges.to_vec();
    run_phase_2(circuit, early, &mut system);
    if C::CHALLENGES > 0 {
        system.committed.push(Fr::ZERO);
    }
    super::prover::assignment(system)
}

/// Both phases of a circuit, with challenges whose values do not matter.
fn run_without_values<C: Circuit>(circuit: &C, system: &mut System) {
    let early = circuit.phase_1(system);
    system.challenges = vec![Fr::ZERO; C::CHALLENGES];
    run_phase_2(circuit, early, system);
}

/// Phase 2 of a circuit, with the challenges that the system holds.
pub(super) fn run_phase_2<C: Circuit>(circuit: &C, early: C::Early, system: &mut System) {
    let challenges: Vec<Wire> = (0..system.challenges.len() as u32).map(Wire::Challenge).collect();
    circuit.phase_2(early, &challenges, &mut LateSystem(system));
}

/// Sorts terms by index or wire and adds up those of the same one.
pub(super) fn collect<I: Ord + Copy>(mut terms: Vec<(Fr, I)>) -> Vec<(Fr, I)> {
    terms.sort_by_key(|(_, index)| *index);
    terms.dedup_by(|next, kept| {
        let same = next.1 == kept.1;
        if same {
            kept.0 += next.0;
        }
        same
    });
    terms.retain(|(coefficient, _)| !coefficient.is_zero());
    terms
}
