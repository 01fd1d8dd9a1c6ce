//! Structured programs: an honest trace satisfies the circuit, whatever the outcome.

#![no_main]
#![allow(dead_code)] // the tests use the rest of the shared modules

#[path = "../../tests/common/cases.rs"]
mod cases;
#[path = "../../tests/common/circuit_cases.rs"]
mod circuit_cases;
#[path = "../../tests/common/engines.rs"]
mod engines;
#[path = "../../tests/common/free_wires.rs"]
mod free_wires;
#[path = "../../tests/common/generator/mod.rs"]
mod generator;
#[path = "../../tests/common/wasmi_engine.rs"]
mod wasmi_engine;
#[path = "../../tests/common/wasmi_workaround.rs"]
mod wasmi_workaround;

use circuit_cases::Case;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(case) = Case::new(bytes) {
        case.honest();
    }
});
