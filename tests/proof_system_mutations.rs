//! Changed proofs: the verifier accepts exactly the re-randomisations of honest ones.
//!
//! `MUTATIONS=100000 cargo test --release --test proof_system_mutations -- --nocapture` tries more of them; the fuzz target
//! of this name searches for them.

#[path = "common/mutations.rs"]
mod mutations;

use mutations::{Verdict, check};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;

#[test]
fn only_randomising_again_is_accepted() {
    let count = std::env::var("MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000u64);
    let mut verdicts = BTreeMap::new();
    for index in 0..count {
        let mut bytes = [0; 96];
        ChaCha20Rng::seed_from_u64(index).fill_bytes(&mut bytes);
        *verdicts.entry(check(&bytes)).or_insert(0u64) += 1;
    }
    println!("{count} changed proofs: {verdicts:?}");
    // Enough of both kinds, or the test would show little.
    assert!(verdicts[&Verdict::Accepted] >= count / 20 && verdicts[&Verdict::Refused] >= count / 3, "{verdicts:?}");
}
