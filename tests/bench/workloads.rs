//! What is measured: the extensions with the inputs of their large cases.

use middle_client::host_interface::Inputs;
use serde_json::Value;
use std::path::Path;

#[path = "../common/extension_cases.rs"]
mod extension_cases;
pub use extension_cases::inputs;

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
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/extensions");
    let mut workloads = Vec::new();
    for entry in std::fs::read_dir(&directory).expect("the directory exists") {
        let path = entry.expect("the directory can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(wasm) = std::fs::read(path.join(format!("{name}.wasm"))) else { continue };
        let cases = std::fs::read(path.join("cases.json")).expect("an extension has cases");
        let cases: Vec<Value> = serde_json::from_slice(&cases).expect("the cases are JSON");
        if let Some(case) = cases.iter().find(|case| case.get(size).is_some()) {
            workloads.push(Workload { name, wasm, inputs: inputs(case) });
        }
    }
    workloads.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!workloads.is_empty(), "no extension has such a case");
    workloads
}
