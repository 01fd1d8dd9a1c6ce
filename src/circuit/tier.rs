//! Tiers: how many rows each chip has in a segment. Tiers differ in numbers alone.

use super::entry::Kind;

/// Capacities of a segment's circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The name.
    pub name: &'static str,
    /// Code words of a program, at most.
    pub code_words: usize,
    /// Cells of its image, at most.
    pub image_cells: usize,
    /// Rows of the chips with code words, by [`Kind`].
    pub rows: [usize; Kind::ALL.len()],
    /// Rows of `refresh`.
    pub refreshes: usize,
    /// Rows of `audit`.
    pub audits: usize,
    /// Rows of `witness`.
    pub witness_words: usize,
}

impl Tier {
    /// Room for every execution in one segment: no key has it.
    pub const ANY: Tier = Tier {
        name: "any",
        code_words: usize::MAX,
        image_cells: usize::MAX,
        rows: [usize::MAX; Kind::ALL.len()],
        refreshes: usize::MAX,
        audits: usize::MAX,
        witness_words: usize::MAX,
    };

    /// The number of constants of its key: an entry for each word, value and address for each cell.
    pub const fn constants(&self) -> usize {
        self.code_words + 2 * self.image_cells
    }
}

/// The tiers, by number. A segment of the first has 2¹⁶ rows, for short Operations; one of the others 2²⁰, with the mix of
/// chips that programs of a kind need: those that hash, those that calculate, and those that work on their memory. The
/// numbers fill a power of two.
pub const TIERS: [Tier; 4] = [
    tier("small", [2_048, 128, 16, 250, 64], [231, 21, 54, 21, 3, 54, 27, 86, 75, 2, 10, 10, 3, 36, 2, 1, 2]),
    tier(
        "hash",
        [16_384, 1_024, 700, 1_500, 200],
        [4_964, 16, 295, 78, 8, 804, 464, 5_770, 4_325, 4, 185, 16, 8, 46, 4, 1, 40],
    ),
    tier(
        "arithmetic",
        [16_384, 1_024, 700, 1_500, 200],
        [8_762, 1_519, 2_928, 1_337, 8, 32, 32, 32, 578, 4, 16, 1_157, 1_735, 578, 4, 1, 1],
    ),
    tier(
        "memory",
        [16_384, 1_024, 700, 1_500, 200],
        [4_910, 1_088, 1_590, 1_330, 8, 2_653, 1_198, 776, 1_922, 4, 16, 1_327, 8, 124, 4, 1, 1],
    ),
];

/// A tier: code words, image cells, refreshes, audits and witness words; then, by [`Kind`], add, compare, branch, jump,
/// call_indirect, load, store, bitwise, shift, count, extend, multiply, divide, cell, memory, end, poseidon.
const fn tier(name: &'static str, others: [usize; 5], rows: [usize; Kind::ALL.len()]) -> Tier {
    let [code_words, image_cells, refreshes, audits, witness_words] = others;
    Tier { name, code_words, image_cells, rows, refreshes, audits, witness_words }
}
