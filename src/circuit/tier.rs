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

    /// Whether a segment has a row of this kind.
    pub const fn has(&self, kind: Kind) -> bool {
        self.rows[kind as usize - 1] > 0
    }
}

/// The tiers, by number. A segment of the first has 2¹⁶ rows, for short Operations; one of the others 2²⁰, with the mix of
/// chips that programs of a kind need: those that hash with words, those that calculate, those that work on their memory, and
/// those that hash with Poseidon. The numbers fill a power of two: each mix is the one with which the extensions of its kind
/// under `tests/extensions/` need the fewest segments, and above that some rows of every chip.
pub const TIERS: [Tier; 5] = [
    tier("small", [2_048, 128, 16, 250, 64], [231, 21, 54, 21, 3, 54, 27, 86, 75, 2, 10, 10, 3, 36, 2, 1, 2]),
    tier(
        "hash",
        [16_384, 1_024, 526, 1_500, 200],
        [4_904, 48, 295, 77, 24, 799, 461, 5_838, 4_400, 16, 188, 48, 16, 49, 4, 1, 16],
    ),
    tier(
        "arithmetic",
        [16_384, 1_024, 200, 1_500, 50],
        [9_319, 1_383, 3_125, 1_224, 24, 48, 48, 48, 529, 16, 48, 1_057, 1_575, 531, 4, 1, 4],
    ),
    tier(
        "memory",
        [16_384, 1_024, 742, 1_500, 50],
        [4_952, 1_102, 1_553, 802, 554, 2_656, 1_162, 758, 1_935, 16, 48, 1_338, 16, 123, 4, 1, 4],
    ),
    tier(
        "poseidon",
        [16_384, 1_024, 200, 1_500, 604],
        [3_155, 206, 1_246, 599, 147, 2_055, 2_861, 897, 612, 16, 298, 48, 16, 926, 4, 1, 356],
    ),
];

/// A tier: code words, image cells, refreshes, audits and witness words; then, by [`Kind`], add, compare, branch, jump,
/// call_indirect, load, store, bitwise, shift, count, extend, multiply, divide, cell, memory, end, poseidon.
const fn tier(name: &'static str, others: [usize; 5], rows: [usize; Kind::ALL.len()]) -> Tier {
    let [code_words, image_cells, refreshes, audits, witness_words] = others;
    Tier { name, code_words, image_cells, rows, refreshes, audits, witness_words }
}
