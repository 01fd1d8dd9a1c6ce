//! Changed proofs and statements: the verifier accepts exactly the re-randomisations of honest proofs.

#![no_main]

#[path = "../../tests/common/mutations.rs"]
mod mutations;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    mutations::check(bytes);
});
