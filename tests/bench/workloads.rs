//! What is measured: the extensions with the inputs of their large cases.

use middle_client::host_interface::Inputs;

#[path = "../common/extension_cases.rs"]
mod extension_cases;
pub use extension_cases::{cases, inputs, names};

/// An extension with the input of a case.
pub struct Workload {
    pub name: String,
    pub wasm: Vec<u8>,
    pub inputs: Inputs,
}

/// All extensions that have a large case, by name.
pub fn workloads() -> Vec<Workload> {
    sized("large")
}

/// All extensions that have a case of this size, by name.
pub fn sized(size: &str) -> Vec<Workload> {
    let workload = |name: String| {
        let wasm = std::fs::read(format!("tests/extensions/{name}/{name}.wasm")).expect("an extension has a module");
        let inputs = inputs(cases(&name).iter().find(|case| case.get(size).is_some())?);
        Some(Workload { name, wasm, inputs })
    };
    let workloads: Vec<Workload> = names().into_iter().filter_map(workload).collect();
    assert!(!workloads.is_empty(), "no extension has such a case");
    workloads
}
