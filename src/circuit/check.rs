//! Whether an execution satisfies the circuit, found out without matrices or keys: the chips write their constraints as
//! for a proof, and each is evaluated as it is written. Segments are as large as the execution fills them, so that a short
//! execution takes milliseconds. Tests, fuzz targets and scripts of the official suite use it; a prover does not.

use super::builder::{Builder, Label};
use super::bus::{Bus, CHALLENGES, Challenge, KnownTuple, Tuple};
use super::machine::{Machine, Program, Rows};
use super::plan::{Plan, PublicCells};
use super::public::known_tuples;
use super::tables::Tables;
use super::tier::Tier;
use crate::canonical_code::CanonicalCode;
use crate::host_interface::Inputs;
use crate::notation::keccak256;
use crate::proof_system::{EarlyLinear, EarlyWire, System};
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, PrimeField, Zero};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;

/// Rows that are evaluated at a time: they bound the memory that a long execution takes.
const ROWS: usize = 1 << 15;

/// Something that is not satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A constraint of phase 1.
    Constraint(Label),
    /// A tuple that is not put as often as it is taken, by one of those who put or take it; `None` is the verifier.
    Bus(Bus, Option<Label>),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Fault::Constraint(Label { chip, name }) => write!(f, "the constraint `{name}` of {chip}"),
            Fault::Bus(bus, Some(Label { chip, name })) => write!(f, "the bus {bus:?} at `{name}` of {chip}"),
            Fault::Bus(bus, None) => write!(f, "the bus {bus:?} at the verifier's tuples"),
        }
    }
}

/// How often a tuple is put less how often it is taken, and who did so first.
struct Balance {
    count: Fr,
    bus: Bus,
    label: Option<Label>,
}

/// A row of a chip: which committed wires of its segment it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The chip.
    pub chip: &'static str,
    /// The numbers of its wires.
    pub wires: Range<usize>,
    /// Whether the row is used.
    pub active: bool,
}

/// Where a wire occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// The names of constraints and tuples.
    pub names: BTreeSet<&'static str>,
    /// Whether one of them is a constraint, or a tuple that is put or taken at all.
    pub counts: bool,
}

/// The judgement on the segments of an execution.
pub struct Check {
    /// CIRCUIT-001: at these challenges, fixed at random, different tuples have different fingerprints.
    challenges: [Fr; CHALLENGES],
    balances: HashMap<Fr, Balance>,
    faults: BTreeSet<Fault>,
    segment: Segment,
}

/// What is known of the segment that is being written.
#[derive(Default)]
struct Segment {
    /// The number of wires.
    wires: usize,
    blocks: Vec<Block>,
    /// What is added to wires, by number.
    changes: BTreeMap<usize, Fr>,
    /// The constraints and tuples in which changed wires occur.
    uses: BTreeMap<usize, Uses>,
    /// The changed wires in products with challenges, by number of the product.
    products: BTreeMap<usize, Vec<usize>>,
}

impl Default for Check {
    fn default() -> Check {
        let seed = |index: usize| keccak256([b"circuit check ".as_slice(), &[index as u8]].concat());
        let mut challenges = std::array::from_fn(|index| Fr::from_be_bytes_mod_order(seed(index).as_slice()));
        // A fingerprint is a denominator at 0, but for the sign.
        challenges[Challenge::Alpha as usize] = Fr::ZERO;
        Check { challenges, balances: HashMap::new(), faults: BTreeSet::new(), segment: Segment::default() }
    }
}

impl Check {
    /// Evaluates the rows of a segment, and an unused row of each chip.
    pub fn rows(&mut self, program: &Program, rows: &Rows) {
        self.changed_rows(program, rows, &[]);
    }

    /// The same with something added to the committed wires of these numbers: for tests of what the circuit catches. What
    /// the rows compute from wires follows, as do the counts of tables. The result are the rows, and for each change where
    /// its wire occurs.
    pub fn changed_rows(&mut self, program: &Program, rows: &Rows, changes: &[(usize, Fr)]) -> (Vec<Block>, Vec<Uses>) {
        let tier = Tier {
            name: "fitted",
            code_words: program.code.len(),
            image_cells: program.image.len(),
            rows: std::array::from_fn(|index| rows.steps[index].len() + 1),
            refreshes: rows.refreshes.len() + 1,
            audits: rows.audits.len() + 1,
            witness_words: rows.witness.len() + 1,
        };
        self.segment = Segment { changes: changes.iter().copied().collect(), ..Segment::default() };
        let machine = Machine { program: Some(program), rows: Some(rows), ..Machine::universal(&tier) };
        let mut system = System::default();
        machine.write(Builder::checking(&mut system, Tables::new(tier.code_words), self));
        let Segment { blocks, mut uses, .. } = std::mem::take(&mut self.segment);
        (blocks, changes.iter().map(|(wire, _)| uses.remove(wire).unwrap_or_default()).collect())
    }

    /// Adds the verifier's tuples.
    pub fn known(&mut self, tuples: &[(i64, KnownTuple)]) {
        for (count, tuple) in tuples {
            self.balance(-tuple.denominator(&self.challenges), tuple.bus, Fr::from(*count), None);
        }
    }

    /// All that is not satisfied.
    pub fn faults(mut self) -> BTreeSet<Fault> {
        let open = self.balances.into_values().filter(|balance| !balance.count.is_zero());
        self.faults.extend(open.map(|balance| Fault::Bus(balance.bus, balance.label)));
        self.faults
    }

    pub(super) fn challenge(&self, challenge: Challenge) -> Fr {
        self.challenges[challenge as usize]
    }

    /// The value of the next committed wire.
    pub(super) fn wire(&mut self, chip: &'static str, value: Fr) -> Fr {
        let segment = &mut self.segment;
        segment.wires += 1;
        match segment.blocks.last_mut() {
            Some(last) if last.chip == chip => last.wires.end = segment.wires,
            _ => segment.blocks.push(Block { chip, wires: segment.wires - 1..segment.wires, active: false }),
        }
        value + segment.changes.get(&(segment.wires - 1)).copied().unwrap_or(Fr::ZERO)
    }

    /// A constraint; `active` says of the one with this name whether the row is used.
    pub(super) fn constraint(&mut self, label: Label, holds: bool, active: bool, sides: &[EarlyLinear; 3]) {
        if let ("active", [(_, EarlyWire::Committed(first))]) = (label.name, &sides[0].0[..]) {
            self.segment.begin_row(label.chip, *first as usize, active);
        }
        if !holds {
            self.faults.insert(Fault::Constraint(label));
        }
        sides.iter().for_each(|side| self.note_use(label, side, true));
    }

    pub(super) fn product(&mut self, index: usize, combination: &EarlyLinear) {
        let changed = self.segment.changed(combination);
        if !changed.is_empty() {
            self.segment.products.insert(index, changed);
        }
    }

    /// A tuple that is put as often as `count` says.
    pub(super) fn tuple(
        &mut self,
        label: Label,
        count: Fr,
        fingerprint: Fr,
        multiplicity: &EarlyLinear,
        tuple: &Tuple,
    ) {
        if !count.is_zero() {
            self.balance(fingerprint, tuple.bus, count, Some(label));
        }
        if self.segment.changes.is_empty() {
            return;
        }
        let counts = !count.is_zero();
        self.note_use(label, multiplicity, counts);
        self.note_use(label, &tuple.plain, counts);
        for (product, _) in tuple.coordinates().into_iter().flat_map(|(_, coordinate)| coordinate.into_owned().products)
        {
            for wire in self.segment.products.get(&product.0).cloned().unwrap_or_default() {
                self.segment.note_use(label, wire, counts);
            }
        }
    }

    fn note_use(&mut self, label: Label, combination: &EarlyLinear, counts: bool) {
        for wire in self.segment.changed(combination) {
            self.segment.note_use(label, wire, counts);
        }
    }

    fn balance(&mut self, fingerprint: Fr, bus: Bus, count: Fr, label: Option<Label>) {
        let balance = self.balances.entry(fingerprint).or_insert(Balance { count: Fr::ZERO, bus, label });
        balance.count += count;
        // What is balanced need not be remembered.
        if balance.count.is_zero() {
            self.balances.remove(&fingerprint);
        }
    }
}

impl Segment {
    /// The row whose first wire this is begins; some of its wires are there already.
    fn begin_row(&mut self, chip: &'static str, first: usize, active: bool) {
        let end = self.wires;
        if let Some(last) = self.blocks.last_mut() {
            last.wires.end = first;
        }
        if self.blocks.last().is_some_and(|last| last.wires.is_empty()) {
            self.blocks.pop();
        }
        self.blocks.push(Block { chip, wires: first..end, active });
    }

    fn note_use(&mut self, label: Label, wire: usize, counts: bool) {
        let uses = self.uses.entry(wire).or_default();
        uses.names.insert(label.name);
        uses.counts |= counts;
    }

    /// The changed wires in a combination.
    fn changed(&self, combination: &EarlyLinear) -> Vec<usize> {
        if self.changes.is_empty() {
            return Vec::new();
        }
        let wires = combination.0.iter().filter_map(|(_, wire)| match wire {
            EarlyWire::Committed(index) => Some(*index as usize),
            _ => None,
        });
        wires.filter(|wire| self.changes.contains_key(wire)).collect()
    }
}

/// The plan of an execution in segments of any size.
pub fn plan<'a>(code: &'a CanonicalCode, inputs: &'a Inputs, cycle_limit: u64) -> Plan<'a> {
    Plan::new(code, inputs, cycle_limit, &Tier::ANY, 1).expect("the segments have room for every program")
}

/// The verifier's tuples of a plan's execution.
pub fn known(code: &CanonicalCode, inputs: &Inputs, plan: &Plan) -> Vec<(i64, KnownTuple)> {
    known_tuples(code, 0, &PublicCells::of(inputs, &plan.execution), plan.execution.outcome, plan.cycles)
}

/// What the honest rows of a plan do not satisfy: all constraints of all segments, and all buses with the verifier's
/// tuples of that execution.
pub fn faults(code: &CanonicalCode, inputs: &Inputs, plan: &Plan) -> BTreeSet<Fault> {
    let mut check = Check::default();
    check.known(&known(code, inputs, plan));
    plan.batches(ROWS, |rows| check.rows(&plan.program, rows));
    check.faults()
}
