//! Arbitrary bytes as a module: what the profile accepts behaves alike in all engines.

#![no_main]
#![allow(dead_code)] // the tests use the rest of the shared modules

#[path = "../../tests/common/engines.rs"]
mod engines;
#[path = "../../tests/common/generator/mod.rs"]
mod generator;
#[path = "../../tests/common/wasmi_engine.rs"]
mod wasmi_engine;
#[path = "../../tests/common/wasmi_workaround.rs"]
mod wasmi_workaround;

use engines::{Failure, compare};
use generator::Choices;
use libfuzzer_sys::fuzz_target;
use middle_client::profile::decode;

/// Several engines have a memory each.
const MAX_PAGES: u32 = 64;

fuzz_target!(|wasm: &[u8]| {
    if decode(wasm).is_ok_and(|module| module.memory.is_none_or(|memory| memory.maximum_pages <= MAX_PAGES)) {
        // The module's own bytes are as good as any others for inputs and arguments.
        if let Err(Failure::Mismatch(mismatch)) = compare(wasm, &mut Choices::new(wasm)) {
            panic!("{mismatch}");
        }
    }
});
