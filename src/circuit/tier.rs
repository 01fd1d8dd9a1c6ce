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
/// those that hash with Poseidon. The numbers fill a power of two: each mix is close to what the extensions of its kind under
/// `tests/extensions/` use, found by hand and by trials with `wasm stats`, with some rows of every chip besides.
pub const TIERS: [Tier; 5] = [
    tier("small", [2_048, 128, 16, 250, 64], [231, 21, 54, 21, 3, 54, 27, 86, 75, 7, 10, 10, 5, 36, 4, 1, 2]),
    tier(
        "hash",
        [16_384, 1_024, 505, 1_200, 200],
        [4_804, 100, 286, 100, 24, 780, 450, 5_741, 4_340, 128, 183, 96, 96, 48, 32, 1, 16],
    ),
    tier(
        "arithmetic",
        [16_384, 1_024, 200, 600, 50],
        [9_317, 1_412, 3_106, 1_244, 24, 48, 48, 48, 538, 128, 96, 1_076, 1_613, 538, 32, 1, 4],
    ),
    tier(
        "memory",
        [16_384, 1_024, 703, 1_500, 50],
        [4_921, 1_091, 1_535, 789, 545, 2_603, 1_120, 726, 1_923, 128, 96, 1_302, 96, 117, 32, 1, 4],
    ),
    tier(
        "poseidon",
        [16_384, 1_024, 200, 600, 618],
        [3_023, 210, 1_188, 567, 163, 1_970, 2_972, 923, 629, 128, 304, 96, 96, 881, 32, 1, 369],
    ),
];

/// A tier: code words, image cells, refreshes, audits and witness words; then, by [`Kind`], add, compare, branch, jump,
/// call_indirect, load, store, bitwise, shift, count, extend, multiply, divide, cell, memory, end, poseidon.
const fn tier(name: &'static str, others: [usize; 5], rows: [usize; Kind::ALL.len()]) -> Tier {
    let [code_words, image_cells, refreshes, audits, witness_words] = others;
    Tier { name, code_words, image_cells, rows, refreshes, audits, witness_words }
}
