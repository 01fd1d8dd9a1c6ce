//! Proof files: JSON that says what it is, with statement and proof in hex.

use super::{CUSTOM_NAME, CUSTOM_TIER, CUSTOM_WARNING, Proof, Tiers, tier_name};
use crate::notation::json::parse_struct;
use crate::notation::{Reject, Rejection};
use crate::statement::Statement;
use serde::{Deserialize, Serialize};

/// What a proof file says of itself.
const FORMAT: &str = "middle-client proof";

/// What a proof file holds: a statement and its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// The statement.
    pub statement: Statement,
    /// The proof.
    pub proof: Proof,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    insecure: bool,
    /// Of a custom key only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    tier: String,
    statement: String,
    proof: String,
}

/// What a file of this tier has to say beside that its key is insecure.
fn warning(tier: u32) -> Option<&'static str> {
    (tier == CUSTOM_TIER).then_some(CUSTOM_WARNING)
}

impl ProofFile {
    /// The text of the file.
    pub fn to_json(&self) -> String {
        let hex = |bytes: Vec<u8>| format!("0x{}", hex::encode(bytes));
        let file = File {
            format: FORMAT.into(),
            version: 1,
            // All keys are from a published seed.
            insecure: true,
            warning: warning(self.proof.tier).map(String::from),
            tier: tier_name(self.proof.tier).into(),
            statement: hex(self.statement.to_bytes()),
            proof: hex(self.proof.to_bytes()),
        };
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }

    /// The statement and the proof in a file. The offset of a rejection is that in the binary encoding at fault, or 0.
    pub fn from_json(text: &str) -> Result<ProofFile, Rejection> {
        // PROVE-010: one text for one proof, up to white space and order.
        let malformed = |detail: String| Rejection::new(Reject::ProofFileMalformed, 0, detail);
        let file: File = parse_struct(text).map_err(|error| malformed(error.to_string()))?;
        if (file.format.as_str(), file.version) != (FORMAT, 1) {
            return Err(malformed(format!("{} version {} is not {FORMAT} version 1", file.format, file.version)));
        }
        // PROVE-010: no key is from a ceremony yet, so no proof can say that its key is.
        if !file.insecure {
            return Err(malformed("all keys are insecure, and the file says that its key is not".into()));
        }
        let bytes = |name: &str, text: &str| {
            let digits = text.strip_prefix("0x").filter(|digits| **digits == digits.to_lowercase());
            let bytes = digits.and_then(|digits| hex::decode(digits).ok());
            bytes.ok_or_else(|| malformed(format!("{name} is not `0x` and an even number of lower-case digits")))
        };
        let within = |name: &'static str| {
            move |mut rejection: Rejection| {
                rejection.detail = format!("{name}: {}", rejection.detail);
                rejection
            }
        };
        let (statement, proof) = (bytes("statement", &file.statement)?, bytes("proof", &file.proof)?);
        let statement = Statement::from_bytes(&statement).map_err(within("statement"))?;
        let proof = Proof::of_segments(&proof, statement.segments).map_err(within("proof"))?;
        let number = match file.tier.as_str() {
            CUSTOM_NAME => CUSTOM_TIER,
            name => Tiers::named(name)?.0,
        };
        // PROVE-010: who can forge stands beside every proof under a custom key, and beside no other.
        if file.warning.as_deref() != warning(number) {
            return Err(malformed(format!("the warning {:?} is not that of the tier {}", file.warning, file.tier)));
        }
        if [statement.tier, proof.tier] != [number; 2] {
            let [file, stated, proven] = [number, statement.tier, proof.tier].map(tier_name);
            let detail = format!("the file is of tier {file}, its statement of {stated}, its proof of {proven}");
            return Err(Rejection::new(Reject::TierMismatch, 0, detail));
        }
        Ok(ProofFile { statement, proof })
    }
}
