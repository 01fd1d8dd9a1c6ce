//! Poseidon in the circuits of this proof system, in either phase.

use super::system::{EarlyWire, LateSystem, Linear, System, Wire, collect};
use crate::notation::Rejection;
use crate::poseidon::gadget::{self, Element};
use crate::poseidon::{Domain, Fr};
use smallvec::smallvec;

/// A phase of a circuit, as far as products of linear combinations need it.
pub trait Phase {
    /// Its wires.
    type Wire: Copy + Ord + From<EarlyWire>;
    /// Whether rows are kept: a prover has them already.
    fn keeps_rows(&self) -> bool;
    /// The value of a combination; `None` if only the shape is wanted.
    fn value_of(&self, linear: &Linear<Self::Wire>) -> Option<Fr>;
    /// A new wire: committed in phase 1, private in phase 2.
    fn wire(&mut self, value: Option<Fr>) -> Self::Wire;
    /// The row `a · b = c`.
    fn row(&mut self, a: &Linear<Self::Wire>, b: &Linear<Self::Wire>, c: Self::Wire);
}

impl Phase for System {
    type Wire = EarlyWire;

    fn keeps_rows(&self) -> bool {
        self.keep_rows
    }

    fn value_of(&self, linear: &Linear<EarlyWire>) -> Option<Fr> {
        self.value(linear)
    }

    fn wire(&mut self, value: Option<Fr>) -> EarlyWire {
        self.commit(value)
    }

    fn row(&mut self, a: &Linear<EarlyWire>, b: &Linear<EarlyWire>, c: EarlyWire) {
        self.enforce(a.clone(), b.clone(), c);
    }
}

impl Phase for LateSystem<'_> {
    type Wire = Wire;

    fn keeps_rows(&self) -> bool {
        self.0.keep_rows
    }

    fn value_of(&self, linear: &Linear<Wire>) -> Option<Fr> {
        self.value(linear)
    }

    fn wire(&mut self, value: Option<Fr>) -> Wire {
        self.private(value)
    }

    fn row(&mut self, a: &Linear<Wire>, b: &Linear<Wire>, c: Wire) {
        self.enforce(a.clone(), b.clone(), c);
    }
}

impl<W: Copy + Ord + From<EarlyWire>> Element for Linear<W> {
    fn sum<'a>(constant: Fr, terms: impl Iterator<Item = (Fr, &'a Linear<W>)>) -> Linear<W>
    where
        W: 'a,
    {
        let mut all = Linear::constant(constant).0;
        for (factor, linear) in terms {
            all.extend(linear.0.iter().map(|(coefficient, wire)| (factor * coefficient, *wire)));
        }
        Linear(collect(all.into_vec()).into())
    }
}

/// The hash of 1 to 16 combinations.
pub fn hash<P: Phase>(phase: &mut P, inputs: &[Linear<P::Wire>]) -> Result<Linear<P::Wire>, Rejection> {
    match values(phase, inputs) {
        Some(values) => Ok(Linear::constant(gadget::hash(&values, &mut |a, b| multiply_values(phase, a, b))?)),
        None => gadget::hash(inputs, &mut |a, b| multiply(phase, a, b)),
    }
}

/// The hash of any number of combinations in a domain.
pub fn sponge<P: Phase>(phase: &mut P, domain: Domain, inputs: &[Linear<P::Wire>]) -> Linear<P::Wire> {
    match values(phase, inputs) {
        Some(values) => Linear::constant(gadget::sponge(domain, &values, &mut |a, b| multiply_values(phase, a, b))),
        None => gadget::sponge(domain, inputs, &mut |a, b| multiply(phase, a, b)),
    }
}

/// The values of the inputs if they are all that is wanted. Whoever keeps no rows cannot tell a combination from the
/// constant with its value, and values take a tenth of the time of combinations.
fn values<P: Phase>(phase: &P, inputs: &[Linear<P::Wire>]) -> Option<Vec<Fr>> {
    if phase.keeps_rows() {
        return None;
    }
    inputs.iter().map(|input| phase.value_of(input)).collect()
}

fn multiply_values<P: Phase>(phase: &mut P, a: &Fr, b: &Fr) -> Fr {
    let product = *a * b;
    phase.wire(Some(product));
    product
}

fn multiply<P: Phase>(phase: &mut P, a: &Linear<P::Wire>, b: &Linear<P::Wire>) -> Linear<P::Wire> {
    let product = phase.value_of(a).zip(phase.value_of(b)).map(|(a, b)| a * b);
    let wire = phase.wire(product);
    phase.row(a, b, wire);
    Linear(smallvec![(Fr::from(1), wire)])
}
