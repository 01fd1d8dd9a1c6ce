//! Structured modules: interpreter, canonical code and `wasmi` agree. The first byte chooses who makes the module.

#![no_main]
#![allow(dead_code)] // the tests use the rest of the shared modules

#[path = "../../tests/common/cases.rs"]
mod cases;
#[path = "../../tests/common/engines.rs"]
mod engines;
#[path = "../../tests/common/generator/mod.rs"]
mod generator;
#[path = "../../tests/common/wasmi_engine.rs"]
mod wasmi_engine;
#[path = "../../tests/common/wasmi_workaround.rs"]
mod wasmi_workaround;

use cases::{Source, check_module, module};
use engines::Failure;
use libfuzzer_sys::fuzz_target;
use middle_client::notation::Stage;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, case)) = bytes.split_first() else { return };
    let source = if first % 4 == 0 { Source::WasmSmith } else { Source::Generator };
    let Some(wasm) = module(source, case) else { return };
    match check_module(&wasm, case) {
        Ok(_) => {}
        Err(Failure::Rejected(rejection)) => {
            let valid = !matches!(rejection.reason.stage(), Stage::Malformed | Stage::Invalid);
            assert!(valid, "{rejection}");
        }
        Err(Failure::Mismatch(mismatch)) => panic!("{mismatch}"),
    }
});
