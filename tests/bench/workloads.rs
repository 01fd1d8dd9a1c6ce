//! What is measured: the extensions with the inputs of their large cases.

use middle_client::host_interface::{Context, Inputs};
use middle_client::notation::B256;
use serde_json::Value;
use std::path::Path;

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

/// The inputs of a case.
pub fn inputs(case: &Value) -> Inputs {
    let bytes = |value: &Value| {
        let text = value.as_str().and_then(|text| text.strip_prefix("0x")).expect("bytes are hex");
        let padding = if text.len() % 2 == 1 { "0" } else { "" };
        hex::decode(format!("{padding}{text}")).expect("bytes are hex")
    };
    let names = [
        "operation_hash",
        "sender",
        "lane",
        "to",
        "witness_commitment",
        "anchor_hash",
        "anchor_slot",
        "pre_state_root",
    ];
    let fields = names.map(|name| B256::left_padding_from(&bytes(&case["context"][name])));
    Inputs { input: bytes(&case["input"]), witness: bytes(&case["witness"]), context: Context { fields } }
}
