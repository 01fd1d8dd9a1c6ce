//! Capacities of a circuit for one program.

use super::cost::{Needs, costs};
use super::entry::Kind;
use super::tier::Tier;
use crate::canonical_code::{CanonicalCode, Shape, Space};

/// Most rows of a circuit for one program: what its verifiers hash, once.
pub const MAX_CUSTOM_ROWS: u64 = 1 << 20;
/// The scale 1: scales are in parts of 2⁻¹⁶.
const ONE: u64 = 1 << 16;
/// The largest scale.
const MAX_SCALE: u64 = ONE << 16;

/// The fewest rows with which every execution of the program can be proven, in enough segments: a row of each class that it
/// has, of `refresh` and `audit`, and of `witness` if it reads one.
fn least(code: &CanonicalCode) -> Tier {
    let mut rows = [0; Kind::ALL.len()];
    code.words.iter().for_each(|word| rows[Kind::of(word.opcode) as usize - 1] = 1);
    let reads =
        |word: &&crate::canonical_code::Word| word.opcode.shape() == Shape::Get && word.src2 == Space::Witness as u16;
    Tier {
        name: "custom",
        code_words: code.words.len(),
        image_cells: code.image.len(),
        rows,
        refreshes: 1,
        audits: 1,
        witness_words: code.words.iter().find(reads).map_or(0, |_| 1),
    }
}

/// PROVE-014: whether capacities are those of a circuit for the program: its words and cells exactly, a row of everything
/// that an execution may need and none of what it cannot.
pub fn suits(tier: &Tier, code: &CanonicalCode) -> bool {
    let least = least(code);
    let suffices = |(found, least): (&usize, &usize)| if *least == 0 { *found == 0 } else { found >= least };
    let others = |tier: &Tier| [tier.refreshes, tier.audits, tier.witness_words];
    (tier.code_words, tier.image_cells) == (least.code_words, least.image_cells)
        && tier.rows.iter().zip(&least.rows).all(suffices)
        && others(tier).iter().zip(&others(&least)).all(suffices)
}

/// PROVE-016: capacities fitted to sample executions: of each chip as many rows as the sample has that needs most of it, all
/// scaled alike so that they fill a power of two. `None` if the program alone exceeds [`MAX_CUSTOM_ROWS`].
pub fn fit(code: &CanonicalCode, samples: &[Needs]) -> Option<Tier> {
    let least = least(code);
    let costs = costs();
    let most = |count: &dyn Fn(&Needs) -> u64| samples.iter().map(count).max().unwrap_or(0);
    let scaled = |scale: u64| {
        let capacity = |least: usize, count: &dyn Fn(&Needs) -> u64| {
            let rows = (u128::from(most(count)) * u128::from(scale)).div_ceil(ONE.into());
            // Beyond what is allowed all numbers are alike.
            least.max(rows.min(u128::from(2 * MAX_CUSTOM_ROWS)) as usize)
        };
        Tier {
            rows: std::array::from_fn(|kind| capacity(least.rows[kind], &|needs| needs.steps[kind])),
            refreshes: capacity(least.refreshes, &|needs| needs.refreshes),
            audits: capacity(least.audits, &|needs| needs.audits),
            witness_words: capacity(least.witness_words, &|needs| needs.witness_words),
            ..least.clone()
        }
    };
    let rows = |scale: u64| scaled(scale).cost(&costs).rows();
    let limit = rows(ONE).next_power_of_two().min(MAX_CUSTOM_ROWS);
    if rows(0) > limit {
        return None;
    }
    // The largest scale that fits, by bisection: rows grow with it.
    let (mut low, mut high) = (0, MAX_SCALE + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if rows(middle) <= limit { low = middle } else { high = middle }
    }
    Some(scaled(low))
}
