//! The cases of the extensions, as their authors write them.

use middle_client::host_interface::{Context, Inputs};
use middle_client::notation::B256;
use serde_json::Value;

/// The names of the extensions, sorted.
pub fn names() -> Vec<String> {
    let entries = std::fs::read_dir("tests/extensions").unwrap().map(|entry| entry.unwrap());
    let directories = entries.filter(|entry| entry.path().join("cases.json").exists());
    let mut names: Vec<String> = directories.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The cases of an extension.
pub fn cases(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(format!("tests/extensions/{name}/cases.json")).unwrap();
    serde_json::from_str(&text).unwrap()
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
