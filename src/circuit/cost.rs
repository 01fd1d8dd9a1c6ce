//! What the rows of chips cost: constraints, committed wires and a prover's time.

use super::entry::Kind;
use super::machine::{Machine, is_trap_chip};
use super::tier::{TIERS, Tier};
use crate::proof_system::{System, domain_size};
use crate::statement::MAX_SEGMENTS;
use std::collections::BTreeMap;

/// Microseconds of a constraint among wires of phase 1. These weights were measured on one machine; they are for the
/// comparison of chips and tiers.
pub const CONSTRAINT_MICROSECONDS: u64 = 8;
/// Microseconds of a constraint with a wire of phase 2, whose values have 254 bits.
pub const LATE_MICROSECONDS: u64 = 19;
/// Microseconds more if that wire also stands on the right of a constraint, as that of a product does.
pub const DENSE_MICROSECONDS: u64 = 27;
/// Microseconds more if a wire with values of 254 bits is committed: for the commitment and for the proof of knowledge.
pub const COMMITTED_MICROSECONDS: u64 = 9;

/// What a row costs, or many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Constraints of phase 1.
    pub constraints: u64,
    /// Those among them whose wires have values of 254 bits: the S-boxes of the hash.
    pub dense: u64,
    /// Products with a challenge: each a constraint and a private wire.
    pub products: u64,
    /// Fractions, of tuples that are put or taken: each a constraint and a private wire.
    pub fractions: u64,
    /// Committed wires.
    pub wires: u64,
}

impl Cost {
    /// Constraints of both phases.
    pub fn rows(&self) -> u64 {
        self.constraints + self.products + self.fractions
    }

    /// A prover's time.
    pub fn microseconds(&self) -> u64 {
        CONSTRAINT_MICROSECONDS * (self.constraints - self.dense)
            + (LATE_MICROSECONDS + DENSE_MICROSECONDS + COMMITTED_MICROSECONDS) * self.dense
            + (LATE_MICROSECONDS + DENSE_MICROSECONDS) * self.products
            + LATE_MICROSECONDS * self.fractions
    }

    /// The cost of as many rows.
    pub fn times(&self, rows: u64) -> Cost {
        Cost {
            constraints: self.constraints * rows,
            dense: self.dense * rows,
            products: self.products * rows,
            fractions: self.fractions * rows,
            wires: self.wires * rows,
        }
    }

    /// The cost of both.
    pub fn plus(&self, other: &Cost) -> Cost {
        Cost {
            constraints: self.constraints + other.constraints,
            dense: self.dense + other.dense,
            products: self.products + other.products,
            fractions: self.fractions + other.fractions,
            wires: self.wires + other.wires,
        }
    }
}

/// A cost by chip.
pub type Costs = BTreeMap<&'static str, Cost>;

/// A row of everything.
pub const ONE_OF_EACH: Tier = Tier {
    name: "one of each",
    code_words: 1,
    image_cells: 1,
    rows: [1; Kind::ALL.len()],
    refreshes: 1,
    audits: 1,
    witness_words: 1,
};

/// What a row of each chip costs. Chips of traps, tables and the like have one set of rows in every segment.
pub fn costs() -> Costs {
    let mut system = System::default();
    system.keep_rows();
    Machine::universal(&ONE_OF_EACH).costs(&mut system)
}

impl Tier {
    /// How many rows of a chip a segment has: of those whose number is the same in all tiers 1, or 0 if no row can ask for
    /// them.
    pub fn capacity(&self, chip: &str) -> u64 {
        if let Some(index) = Kind::ALL.iter().position(|kind| kind.name() == chip) {
            return self.rows[index] as u64;
        }
        match chip {
            "refresh" => self.refreshes as u64,
            "audit" => self.audits as u64,
            "witness" => self.witness_words as u64,
            "code table" => self.code_words as u64,
            "image" => self.image_cells as u64,
            // CIRCUIT-020: what no row of a class can ask for is left out.
            "divide_trap" => self.has(Kind::Divide).into(),
            "load_trap" => self.has(Kind::Load).into(),
            "store_trap" => self.has(Kind::Store).into(),
            "call_trap" => self.has(Kind::Jump).into(),
            "call_indirect_trap" => self.has(Kind::CallIndirect).into(),
            "poseidon_trap" => self.has(Kind::Poseidon).into(),
            "and table" => self.has(Kind::Bitwise).into(),
            "count table" => self.has(Kind::Count).into(),
            "place table" => (self.has(Kind::Load) || self.has(Kind::Store)).into(),
            _ => 1,
        }
    }

    /// What a segment costs.
    pub fn cost(&self, costs: &Costs) -> Cost {
        let chips = costs.iter().map(|(chip, cost)| cost.times(self.capacity(chip)));
        // The sum of the fractions, the row of the blinder, which no other row uses, and that of `first` if no image does.
        let constraints = 2 + u64::from(self.image_cells == 0);
        chips.fold(Cost { constraints, wires: 1, ..Cost::default() }, |sum, cost| sum.plus(&cost))
    }

    /// The domain of a segment: its constraints, filled up to a power of two.
    pub fn domain(&self, costs: &Costs) -> u64 {
        domain_size(self.cost(costs).rows() as usize).unwrap_or(usize::MAX) as u64
    }
}

/// How many rows a proof of an execution needs, whatever the tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Code words of the program.
    pub code_words: u64,
    /// Cells of its image.
    pub image_cells: u64,
    /// Rows of the chips with code words, by [`Kind`].
    pub steps: [u64; Kind::ALL.len()],
    /// Refreshed cells.
    pub refreshes: u64,
    /// Audited cells.
    pub audits: u64,
    /// Audited cells of the witness input.
    pub witness_words: u64,
    /// Whether the cell of the witness input's length is audited.
    pub witness_length: bool,
    /// The chip of the row that traps.
    pub trap: Option<&'static str>,
}

impl Needs {
    /// The chips that are not the same in all segments: name, rows needed in all segments, rows of a segment.
    pub fn chips(&self, tier: &Tier) -> Vec<(&'static str, u64, u64)> {
        let kinds = Kind::ALL.into_iter().zip(self.steps).map(|(kind, rows)| (kind.name(), rows));
        let others = [("refresh", self.refreshes), ("audit", self.audits), ("witness", self.witness_words)].into_iter();
        kinds.chain(others).map(|(chip, rows)| (chip, rows, tier.capacity(chip))).collect()
    }

    /// How many rows of a chip a segment uses. Tables are used as a whole, but for the code table; what an execution has once is
    /// in the first segment.
    pub fn used(&self, chip: &str, tier: &Tier, segment: u64) -> u64 {
        if let Some((_, used, capacity)) = self.chips(tier).into_iter().find(|(name, ..)| *name == chip) {
            return used.saturating_sub(segment * capacity).min(capacity);
        }
        let once = |used: u64| if segment == 0 { used } else { 0 };
        match chip {
            "code table" => self.code_words,
            "image" => once(self.image_cells),
            "witness_length" => once(self.witness_length.into()),
            "audit_end" => once(1),
            _ if is_trap_chip(chip) => once((self.trap == Some(chip)).into()),
            _ => tier.capacity(chip),
        }
    }

    /// The number of the tier whose segments have the fewest rows together, among those of which one proof has enough
    /// segments. `None` if there is no such tier.
    pub fn best_tier(&self) -> Option<u32> {
        let costs = costs();
        let segments = |tier: &Tier| self.segments(tier).filter(|segments| *segments <= MAX_SEGMENTS);
        let total = |tier: &Tier| Some(u64::from(segments(tier)?) * tier.domain(&costs));
        (0..).zip(&TIERS).filter_map(|(number, tier)| Some((total(tier)?, number))).min().map(|(_, number)| number)
    }

    /// The number of segments: as many as the busiest chip needs. `None` if the program does not fit the tier, or if a
    /// chip that is needed has no row.
    pub fn segments(&self, tier: &Tier) -> Option<u32> {
        if self.code_words > tier.code_words as u64 || self.image_cells > tier.image_cells as u64 {
            return None;
        }
        let chips = self.chips(tier).into_iter().filter(|(_, rows, _)| *rows > 0);
        let most = chips.map(|(_, rows, capacity)| Some(rows.div_ceil(std::num::NonZero::new(capacity)?.get())));
        most.collect::<Option<Vec<u64>>>()?.into_iter().max().unwrap_or(1).try_into().ok()
    }
}
