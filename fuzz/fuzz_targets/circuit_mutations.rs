//! Structured programs with rows that tell of another execution, statements of another end, or changed wires: the circuit
//! refuses them. The first 32 bytes choose what is told.

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
use generator::Choices;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((told, bytes)) = bytes.split_at_checked(32) else { return };
    let Some(case) = Case::new(bytes) else { return };
    let mut choices = Choices::new(&told[1..]);
    match told[0] % 4 {
        0 => _ = case.false_statement(&mut choices),
        1 => drop(case.changed_wire(&mut choices)),
        _ => drop(case.lie(&mut choices)),
    }
});
