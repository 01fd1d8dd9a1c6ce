//! What chips write to: wires, constraints with labels, and tuples on buses. Chips live in phase 1 alone; phase 2 is the
//! same for all of them, the products and fractions of their tuples.

use super::bus::{Bus, CHALLENGES, Challenge, Coordinate, Product, Tuple, inverse_pow2, pow2};
use super::check::Check;
use super::cost::{Cost, Costs};
use super::tables::{LIMB_BITS, Tables};
use crate::proof_system::poseidon::Phase;
use crate::proof_system::{EarlyLinear, EarlyWire, LateSystem, Linear, System, Wire};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero, batch_inversion};
use rayon::prelude::*;

/// Names a constraint: for statistics, and for tests that leave it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The chip.
    pub chip: &'static str,
    /// What it says, as in the chip's table.
    pub name: &'static str,
}

/// A tuple that a chip puts (with a positive multiplicity) or takes (with a negative one).
struct Traffic {
    multiplicity: EarlyLinear,
    tuple: Tuple,
}

/// What phase 2 has to know of phase 1.
pub struct Early {
    products: Vec<(Challenge, EarlyLinear)>,
    traffic: Vec<Traffic>,
    mask: EarlyWire,
    labels: Vec<Label>,
    late_labels: [Vec<Label>; 2],
    costs: Costs,
}

impl Early {
    /// The labels of all rows, in their order.
    pub fn labels(self) -> Vec<Label> {
        let [products, fractions] = self.late_labels;
        let sum = Label { chip: "sum", name: "sum" };
        [self.labels, products, fractions, vec![sum]].concat()
    }

    /// What was written, by chip; nothing if rows are not kept.
    pub fn costs(self) -> Costs {
        self.costs
    }
}

/// Writes phase 1 of a segment.
pub struct Builder<'s> {
    system: &'s mut System,
    keeps_rows: bool,
    /// Judges what is written instead of keeping it.
    check: Option<&'s mut Check>,
    chip: &'static str,
    /// The flags of widths in the present row, each with its product.
    flags: Vec<(EarlyLinear, Product)>,
    early: Early,
    /// How often each entry of each table is taken.
    pub(super) tables: Tables,
}

/// A combination of one wire with a coefficient.
pub fn times(wire: impl Into<EarlyLinear>, coefficient: Fr) -> EarlyLinear {
    wire.into() * coefficient
}

/// A combination of one wire.
pub fn linear(wire: EarlyWire) -> EarlyLinear {
    wire.into()
}

/// A constant.
pub fn constant(value: u64) -> EarlyLinear {
    Linear::constant(value)
}

impl<'s> Builder<'s> {
    /// A builder that writes to a system.
    pub fn new(system: &'s mut System, tables: Tables) -> Builder<'s> {
        let keeps_rows = system.keeps_rows();
        // The sums of segments add up to zero. A constant in each of them that is fixed before the challenges hides
        // the others and changes nothing: a sum of fractions in alpha is no constant unless it is zero.
        let mask = EarlyWire::One;
        let (late_labels, costs) = ([vec![], vec![]], Costs::new());
        let early = Early { products: vec![], traffic: vec![], mask, labels: vec![], late_labels, costs };
        Builder { system, keeps_rows, check: None, chip: "", flags: Vec::new(), early, tables }
    }

    /// A builder of which nothing remains but the verdict on what is written: no rows, no tuples.
    pub(super) fn checking(system: &'s mut System, tables: Tables, check: &'s mut Check) -> Builder<'s> {
        Builder { check: Some(check), ..Builder::new(system, tables) }
    }

    /// The chip whose constraints follow.
    pub fn chip(&mut self, chip: &'static str) {
        self.chip = chip;
        self.flags.clear();
    }

    /// Whether rows are wanted, to be kept or to be judged, and not values alone.
    pub fn wants_rows(&self) -> bool {
        self.keeps_rows || self.check.is_some()
    }

    /// A public input.
    pub fn public(&mut self, value: Fr) -> EarlyWire {
        self.system.public(Some(value))
    }

    /// A committed wire.
    pub fn wire(&mut self, value: Fr) -> EarlyWire {
        if self.keeps_rows {
            self.cost().wires += 1;
        }
        let value = match &mut self.check {
            Some(check) => check.wire(self.chip, value),
            None => value,
        };
        self.system.commit(Some(value))
    }

    fn cost(&mut self) -> &mut Cost {
        self.early.costs.entry(self.chip).or_default()
    }

    /// The value of a combination.
    pub fn value(&self, combination: &EarlyLinear) -> Fr {
        self.system.value_of(combination).unwrap_or(Fr::ZERO)
    }

    fn label(&self, name: &'static str) -> Label {
        Label { chip: self.chip, name }
    }

    /// The constraint `a · b = c`.
    pub fn enforce(
        &mut self,
        name: &'static str,
        a: impl Into<EarlyLinear>,
        b: impl Into<EarlyLinear>,
        c: impl Into<EarlyLinear>,
    ) {
        if self.keeps_rows {
            self.early.labels.push(self.label(name));
            self.cost().constraints += 1;
            self.system.enforce(a, b, c);
        } else if self.check.is_some() {
            let sides = [a.into(), b.into(), c.into()];
            let [a, b, c] = sides.each_ref().map(|side| self.value(side));
            let label = self.label(name);
            if let Some(check) = &mut self.check {
                check.constraint(label, a * b == c, !a.is_zero(), &sides);
            }
        }
    }

    /// A wire with the product of two combinations.
    pub fn product(&mut self, name: &'static str, a: impl Into<EarlyLinear>, b: impl Into<EarlyLinear>) -> EarlyWire {
        let (a, b) = (a.into(), b.into());
        let product = self.value(&a) * self.value(&b);
        let wire = self.wire(product);
        self.enforce(name, a, b, wire);
        wire
    }

    /// As [`product`](Builder::product), of values that have 254 bits: it costs a prover more.
    pub fn dense_product(
        &mut self,
        name: &'static str,
        a: impl Into<EarlyLinear>,
        b: impl Into<EarlyLinear>,
    ) -> EarlyWire {
        if self.keeps_rows {
            self.cost().dense += 1;
        }
        self.product(name, a, b)
    }

    /// What is kept of a combination for phase 2: without rows, its value.
    fn keep(&self, combination: EarlyLinear) -> EarlyLinear {
        if self.keeps_rows { combination } else { Linear::constant(self.value(&combination)) }
    }

    /// The product of a combination with a challenge.
    pub fn challenge(&mut self, name: &'static str, challenge: Challenge, combination: EarlyLinear) -> Product {
        if self.keeps_rows {
            let label = self.label(name);
            self.early.late_labels[0].push(label);
            self.cost().products += 1;
        }
        if let Some(check) = &mut self.check {
            check.product(self.early.products.len(), &combination);
        }
        let combination = self.keep(combination);
        self.early.products.push((challenge, combination));
        Product(self.early.products.len() - 1)
    }

    /// Puts a tuple as often as the multiplicity says.
    pub fn put(&mut self, name: &'static str, multiplicity: impl Into<EarlyLinear>, tuple: Tuple) {
        if self.keeps_rows {
            let label = self.label(name);
            self.early.late_labels[1].push(label);
            self.cost().fractions += 1;
        }
        if self.check.is_some() {
            return self.check_tuple(name, &multiplicity.into(), &tuple);
        }
        let multiplicity = self.keep(multiplicity.into());
        let tuple = Tuple { plain: self.keep(tuple.plain), ..tuple };
        self.early.traffic.push(Traffic { multiplicity, tuple });
    }

    fn check_tuple(&mut self, name: &'static str, multiplicity: &EarlyLinear, tuple: &Tuple) {
        let (count, label) = (self.value(multiplicity), self.label(name));
        let mut fingerprint = Fr::ZERO;
        // In a table most entries are taken by nobody.
        if let Some(check) = &self.check
            && !count.is_zero()
        {
            fingerprint = self.value(&tuple.plain);
            for (challenge, coordinate) in tuple.coordinates() {
                fingerprint += check.challenge(challenge) * Fr::from(coordinate.constant);
                for (product, factor) in &coordinate.products {
                    // A product is that of its own challenge, whatever the coordinate.
                    let (challenge, combination) = &self.early.products[product.0];
                    fingerprint += check.challenge(*challenge) * self.value(combination) * Fr::from(*factor);
                }
            }
        }
        if let Some(check) = &mut self.check {
            check.tuple(label, count, fingerprint, multiplicity, tuple);
        }
    }

    /// Takes a tuple as often as the multiplicity says.
    pub fn take(&mut self, name: &'static str, multiplicity: impl Into<EarlyLinear>, tuple: Tuple) {
        self.put(name, -multiplicity.into(), tuple);
    }

    /// Takes an entry of one of the tables with one coordinate, and counts it there.
    pub fn look_up(&mut self, name: &'static str, multiplicity: impl Into<EarlyLinear>, bus: Bus, plain: EarlyLinear) {
        let multiplicity = multiplicity.into();
        if self.value(&multiplicity).is_one() {
            let value = self.value(&plain);
            self.tables.count(bus, value);
        }
        self.take(name, multiplicity, Tuple::plain(bus, plain));
    }

    /// CIRCUIT-004: a number of at most 13 bits, by one entry of the range table.
    pub fn limb(
        &mut self,
        name: &'static str,
        multiplicity: impl Into<EarlyLinear>,
        bits: u32,
        value: impl Into<EarlyLinear>,
    ) {
        self.range_entry(name, multiplicity.into(), u64::from(bits), Coordinate::constant(bits.into()), value.into());
    }

    fn range_entry(
        &mut self,
        name: &'static str,
        multiplicity: EarlyLinear,
        bits: u64,
        coordinate: Coordinate,
        value: EarlyLinear,
    ) {
        if self.value(&multiplicity).is_one() {
            let number = self.value(&value);
            self.tables.count_range(bits, number);
        }
        self.take(name, multiplicity, Tuple { program_counter: coordinate, ..Tuple::plain(Bus::Range, value) });
    }

    /// The product of a flag with the challenge of the bits; one for all range checks of a row.
    fn flag(&mut self, flag: &EarlyLinear) -> Product {
        if let Some((_, product)) = self.flags.iter().find(|(known, _)| known == flag) {
            return *product;
        }
        let product = self.challenge("width", Challenge::Gamma, flag.clone());
        self.flags.push((flag.clone(), product));
        product
    }

    /// CIRCUIT-004: a number is below a power of two: it is cut in limbs. `widths` lists its possible widths in bits,
    /// each with a flag; at most one of the flags is 1, and if none is, nothing is said.
    pub fn range(&mut self, name: &'static str, value: EarlyLinear, widths: &[(u32, EarlyLinear)]) {
        let multiplicity = widths.iter().fold(EarlyLinear::zero(), |sum, (_, flag)| sum + flag.clone());
        let limbs = widths.iter().map(|(bits, _)| bits.div_ceil(LIMB_BITS)).max().unwrap_or(0);
        let number = self.value(&value).into_bigint();
        let mut rest = value;
        for limb in 0..limbs {
            // One flag is 1 wherever the multiplicity is: the bits are those of the first, and the differences to them.
            let bits_of = |bits: u32| i64::from(bits.saturating_sub(LIMB_BITS * limb).min(LIMB_BITS));
            let base = bits_of(widths[0].0);
            let mut coordinate = Coordinate::constant(base as u128);
            let mut bits = base;
            for (width, flag) in &widths[1..] {
                let difference = bits_of(*width) - base;
                if difference != 0 {
                    coordinate.products.push((self.flag(flag), difference));
                    bits += if self.value(flag).is_one() { difference } else { 0 };
                }
            }
            let value = if limb + 1 == limbs {
                // The last limb is what the others leave: no wire, and no constraint that adds them up.
                rest.clone() * inverse_pow2(LIMB_BITS * limb)
            } else {
                let mut shifted = number;
                shifted >>= LIMB_BITS * limb;
                let wire = self.wire(Fr::from(shifted.as_ref()[0] & ((1 << LIMB_BITS) - 1)));
                rest -= times(wire, pow2(LIMB_BITS * limb));
                linear(wire)
            };
            self.range_entry(name, multiplicity.clone(), bits as u64, coordinate, value);
        }
    }

    /// Adds the wire that hides the segment's sum, and ends phase 1.
    pub fn finish(mut self, mask: Fr) -> Early {
        self.chip = "sum";
        self.early.mask = self.wire(mask);
        self.early
    }
}

/// Phase 2 of a segment: the products, then a fraction for each tuple, then their sum, which is public.
pub fn phase_2(early: &Early, challenges: &[Wire], system: &mut LateSystem) {
    let keeps_rows = system.keeps_rows();
    let values: Vec<Fr> = challenges.iter().map(|wire| system.value(&(*wire).into()).unwrap_or(Fr::ZERO)).collect();
    // All values first, on all cores.
    let products = early.products.par_iter();
    let products: Vec<Fr> =
        products.map(|(challenge, it)| early_sum(system, it) * values[*challenge as usize]).collect();
    let denominator = |Traffic { tuple, .. }: &Traffic| {
        let mut value = values[Challenge::Alpha as usize] - early_sum(system, &tuple.plain);
        for (challenge, coordinate) in tuple.coordinates() {
            for (product, factor) in &coordinate.products {
                value -= products[product.0] * Fr::from(*factor);
            }
            if coordinate.constant != 0 {
                value -= values[challenge as usize] * Fr::from(coordinate.constant);
            }
        }
        value
    };
    let mut fractions: Vec<Fr> = early.traffic.par_iter().map(denominator).collect();
    batch_inversion(&mut fractions);
    let counted = fractions.par_iter_mut().zip(&early.traffic);
    counted.for_each(|(fraction, traffic)| *fraction *= early_sum(system, &traffic.multiplicity));

    let mut wires = Vec::with_capacity(products.len());
    for ((challenge, combination), value) in early.products.iter().zip(products) {
        let wire = system.private(Some(value));
        if keeps_rows {
            // A dense wire on the right costs a prover most: there is one for all products.
            system.enforce(combination.clone(), challenges[*challenge as usize], wire);
        }
        wires.push(wire);
    }
    let mut sum: Linear<Wire> = early.mask.into();
    let mut sum_value = early_value(system, early.mask);
    for (Traffic { multiplicity, tuple }, fraction) in early.traffic.iter().zip(fractions) {
        let wire = system.private(Some(fraction));
        sum_value += fraction;
        if keeps_rows {
            let mut denominator: Linear<Wire> = Linear::from(challenges[Challenge::Alpha as usize]);
            denominator -= tuple.plain.clone();
            for (challenge, coordinate) in tuple.coordinates() {
                for (product, factor) in &coordinate.products {
                    denominator -= Linear::from(wires[product.0]) * Fr::from(*factor);
                }
                if coordinate.constant != 0 {
                    denominator -= Linear::from(challenges[challenge as usize]) * Fr::from(coordinate.constant);
                }
            }
            // CIRCUIT-002: multiplicity / (alpha - fingerprint). The fraction is dense, so it stands on the left.
            system.enforce(wire, denominator, multiplicity.clone());
            sum += wire;
        }
    }
    let total = system.public(Some(sum_value));
    // CIRCUIT-003: the sum of the segment's fractions.
    system.enforce(sum, Linear::<Wire>::constant(Fr::one()), total);
}

fn early_sum(system: &LateSystem, combination: &EarlyLinear) -> Fr {
    combination.0.iter().map(|(factor, wire)| *factor * early_value(system, *wire)).sum()
}

fn early_value(system: &LateSystem, wire: EarlyWire) -> Fr {
    match wire {
        EarlyWire::One => Fr::ONE,
        wire => system.value(&Wire::from(wire).into()).unwrap_or(Fr::ZERO),
    }
}

const _: () = assert!(CHALLENGES == Challenge::Epsilon as usize + 1);
