//! Bytes in vectors.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Bytes in hex.
pub fn from_hex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

/// A byte string in any of its three forms, as vectors/README.md describes them.
pub fn bytes(value: &Value) -> Vec<u8> {
    if value.is_string() {
        return from_hex(value);
    }
    if let Some(name) = value["blob"].as_str() {
        let blob = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/v1/blobs").join(name)).unwrap();
        assert_eq!(name.split('.').next(), Some(sha256(&blob).as_str()));
        return blob;
    }
    let parts = value["parts"].as_array().unwrap().iter().map(|part| match part.is_string() {
        true => from_hex(part),
        false => from_hex(&part["repeat"]).repeat(part["times"].as_u64().unwrap() as usize),
    });
    let bytes = parts.collect::<Vec<_>>().concat();
    assert_eq!(value["size"], bytes.len());
    assert_eq!(value["sha256"], sha256(&bytes));
    bytes
}
