//! Byte strings in vectors: inline, as repeated patterns or as a file beside the vectors.

use super::json::{self, Fault, Node};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Longest byte string that is always written inline, so that the files stay readable.
pub const MAX_INLINE_BYTES: usize = 4_096;
/// Longest byte string that a pattern may describe, so that no file can make its reader exhaust memory. Cases need a
/// byte more than the largest message, which has 10 MiB.
pub const MAX_BYTES: usize = 12 * 1_048_576;
/// Longest period of a pattern that the writer looks for.
const MAX_PERIOD: usize = 64;
/// Shortest run that the writer describes as a pattern.
const MIN_RUN: usize = 256;

/// The files of `blobs/` by name.
pub type Blobs = BTreeMap<String, Vec<u8>>;

/// SHA-256 in hex without a prefix, as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Describes `bytes`; those that have neither a short nor a patterned form go to `blobs` with this file extension.
pub fn to_json(bytes: &[u8], extension: &str, blobs: &mut Blobs) -> Value {
    if bytes.len() <= MAX_INLINE_BYTES {
        return json::hex(bytes).into();
    }
    let parts = split(bytes);
    let length: usize = parts.iter().map(|part| part.pattern.len()).sum();
    if length <= MAX_INLINE_BYTES {
        let parts: Vec<Value> = parts.iter().map(Part::to_json).collect();
        return json!({"parts": parts, "sha256": sha256(bytes), "size": bytes.len()});
    }
    let name = format!("{}.{extension}", sha256(bytes));
    blobs.insert(name.clone(), bytes.to_vec());
    json!({ "blob": name })
}

/// The bytes that a description means.
pub fn from_json(node: &Node, blobs: &Blobs) -> Result<Vec<u8>, Fault> {
    if node.value.is_string() {
        return node.hex();
    }
    match node.optional("blob")? {
        Some(name) => {
            node.only(&["blob"])?;
            let blob = blobs.get(name.text()?);
            blob.cloned().ok_or_else(|| name.fault(format!("there is no file blobs/{}", name.value)))
        }
        None => from_parts(node),
    }
}

fn from_parts(node: &Node) -> Result<Vec<u8>, Fault> {
    node.only(&["parts", "sha256", "size"])?;
    let mut bytes = Vec::new();
    for part in node.field("parts")?.items()? {
        let (pattern, times) = if part.value.is_string() {
            (part.hex()?, 1)
        } else {
            part.only(&["repeat", "times"])?;
            (part.field("repeat")?.hex()?, part.field("times")?.number()? as usize)
        };
        let length = pattern.len().checked_mul(times).and_then(|length| length.checked_add(bytes.len()));
        if length.is_none_or(|length| length > MAX_BYTES) {
            return Err(part.fault(format!("the bytes grow beyond {MAX_BYTES}")));
        }
        bytes.extend_from_slice(&pattern.repeat(times));
    }
    let size = node.field("size")?;
    if size.number()? as usize != bytes.len() {
        return Err(size.fault(format!("the parts have {} bytes", bytes.len())));
    }
    let digest = node.field("sha256")?;
    if digest.text()? != sha256(&bytes) {
        return Err(digest.fault(format!("the digest of the parts is {}", sha256(&bytes))));
    }
    Ok(bytes)
}

/// A pattern and how often it stands in succession.
struct Part {
    pattern: Vec<u8>,
    times: usize,
}

impl Part {
    fn to_json(&self) -> Value {
        match self.times {
            1 => json::hex(&self.pattern).into(),
            times => json!({"repeat": json::hex(&self.pattern), "times": times}),
        }
    }
}

/// Splits at every run of a short pattern: at each position the longest run wins, and among equals the shortest period.
fn split(bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut literal_start = 0;
    let mut position = 0;
    while position < bytes.len() {
        let Some((period, times)) = longest_run(&bytes[position..]) else {
            position += 1;
            continue;
        };
        if literal_start < position {
            parts.push(Part { pattern: bytes[literal_start..position].to_vec(), times: 1 });
        }
        parts.push(Part { pattern: bytes[position..position + period].to_vec(), times });
        position += period * times;
        literal_start = position;
    }
    if literal_start < bytes.len() {
        parts.push(Part { pattern: bytes[literal_start..].to_vec(), times: 1 });
    }
    parts
}

fn longest_run(bytes: &[u8]) -> Option<(usize, usize)> {
    let run = |period: usize| {
        let repeated = bytes.iter().zip(bytes.iter().skip(period)).take_while(|(a, b)| a == b).count();
        (period, repeated / period + 1)
    };
    // `rev`, because of several greatest elements `max_by_key` gives the last.
    let best = (1..=MAX_PERIOD.min(bytes.len())).rev().map(run).max_by_key(|(period, times)| period * times)?;
    (best.1 > 1 && best.0 * best.1 >= MIN_RUN).then_some(best)
}
