//! Proof files: JSON that says what it is, with points in hex.

use super::verifier::Proof;
use crate::notation::json::parse_struct;
use crate::notation::{Reject, Rejection};
use serde::{Deserialize, Serialize};

/// What a proof file says of itself.
const FORMAT: &str = "middle-client committed-groth16 proof";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    curve: String,
    a: String,
    b: String,
    c: String,
    d: String,
    knowledge: String,
}

impl Proof {
    /// The text of a proof file.
    pub fn to_json(&self) -> String {
        use super::encoding::point_to_bytes;
        let hex = |bytes: Vec<u8>| format!("0x{}", hex::encode(bytes));
        let file = File {
            format: FORMAT.into(),
            version: 1,
            curve: "bn254".into(),
            a: hex(point_to_bytes(&self.a)),
            b: hex(point_to_bytes(&self.b)),
            c: hex(point_to_bytes(&self.c)),
            d: hex(point_to_bytes(&self.d)),
            knowledge: hex(point_to_bytes(&self.knowledge)),
        };
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// The proof in a proof file. The offset of a rejection is that in the proof's binary encoding, or 0.
    pub fn from_json(text: &str) -> Result<Proof, Rejection> {
        // PROOF-015: one text for one proof, up to white space and order.
        let malformed = |detail: String| Rejection::new(Reject::ProofFileMalformed, 0, detail);
        let file: File = parse_struct(text).map_err(|error| malformed(error.to_string()))?;
        if (file.format.as_str(), file.version, file.curve.as_str()) != (FORMAT, 1, "bn254") {
            return Err(malformed(format!("{} version {} over {}", file.format, file.version, file.curve)));
        }
        let mut bytes = Vec::new();
        let points = [("a", file.a, 32), ("b", file.b, 64), ("c", file.c, 32), ("d", file.d, 32)];
        for (name, text, length) in points.into_iter().chain([("knowledge", file.knowledge, 32)]) {
            let digits =
                text.strip_prefix("0x").filter(|digits| digits.len() == 2 * length && *digits == digits.to_lowercase());
            let Some(point) = digits.and_then(|digits| hex::decode(digits).ok()) else {
                return Err(malformed(format!("{name} is not `0x` and {} lower-case digits", 2 * length)));
            };
            bytes.extend(point);
        }
        Proof::from_bytes(&bytes)
    }
}
