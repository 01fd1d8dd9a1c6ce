//! Arbitrary bytes as canonical code: what is accepted is the encoding of what it decodes to, can be listed, and runs
//! to the same end with and without its trace.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::canonical_code::{CanonicalCode, execute, trace};
use middle_client::host_interface::Inputs;

/// Enough for loops, and soon over.
const CYCLE_LIMIT: u64 = 5_000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(code) = CanonicalCode::from_bytes(bytes) else { return };
    assert_eq!(code.to_bytes(), bytes);
    assert!(!code.to_string().is_empty());
    let inputs = Inputs { input: vec![1; 9], witness: vec![2; 9], ..Inputs::default() };
    let finished = execute(&code, &inputs, CYCLE_LIMIT);
    let mut cycles = 0;
    let traced = trace(&code, &inputs, CYCLE_LIMIT, |_| cycles += 1);
    assert_eq!(finished, traced);
    assert_eq!(finished.cycles, cycles);
});
