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

/// The tiers, by number.
pub const TIERS: [Tier; 1] = [
    // 2^16 rows: a short Operation.
    Tier {
        name: "small",
        code_words: 2_048,
        image_cells: 128,
        //     add, cmp, br, jump, ci, load, store, bit, shift, count, ext, mul, div, cell, mem, end
        rows: [260, 24, 60, 24, 4, 60, 30, 100, 90, 2, 12, 12, 4, 40, 2, 1],
        refreshes: 16,
        audits: 260,
        witness_words: 64,
    },
];
