//! The bytes of a statement, and its digest.

use super::Statement;
use super::check::check_lengths;
use crate::host_interface::Context;
use crate::notation::{B256, Outcome, Reject, Rejection, Trap};
use alloy_primitives::{Address, Keccak256};

/// The first byte of an encoding.
pub const VERSION: u8 = 1;
/// What the digest hashes before the encoding, so that it is no other hash of the same bytes.
pub const DOMAIN: &[u8] = b"middle-client statement v1";
/// Length of an encoding with empty input and output.
pub const HEADER_BYTES: usize = offset::INPUT;

/// Where each field begins.
pub(super) mod offset {
    use crate::host_interface::Context;

    pub const VERSION: usize = 0;
    pub const CHAIN_ID: usize = 1;
    pub const EXTENSION_ID: usize = CHAIN_ID + 8;
    pub const CODE_COMMITMENT: usize = EXTENSION_ID + 32;
    pub const TIER: usize = CODE_COMMITMENT + 32;
    pub const SEGMENTS: usize = TIER + 4;
    pub const CONTEXT: usize = SEGMENTS + 4;
    pub const CYCLE_LIMIT: usize = CONTEXT + Context::BYTES;
    pub const OUTCOME: usize = CYCLE_LIMIT + 8;
    pub const CODE: usize = OUTCOME + 1;
    pub const POST_STATE_ROOT: usize = CODE + 4;
    pub const CYCLES: usize = POST_STATE_ROOT + 32;
    pub const PROVER: usize = CYCLES + 8;
    pub const INPUT_LENGTH: usize = PROVER + 20;
    pub const OUTPUT_LENGTH: usize = INPUT_LENGTH + 4;
    pub const INPUT: usize = OUTPUT_LENGTH + 4;
}

/// Kinds of outcomes.
const ACCEPTED: u8 = 0;
const REJECTED: u8 = 1;
const TRAPPED: u8 = 2;

impl Statement {
    /// The canonical encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        // STATEMENT-001: the order is that of the chapter's table, and of the offsets above.
        let (kind, code) = kind_and_code(self.outcome);
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.input.len() + self.output.len());
        bytes.push(VERSION);
        bytes.extend(self.chain_id.to_be_bytes());
        bytes.extend(self.extension_id);
        bytes.extend(self.code_commitment);
        bytes.extend(self.tier.to_be_bytes());
        bytes.extend(self.segments.to_be_bytes());
        bytes.extend(self.context.to_bytes());
        bytes.extend(self.cycle_limit.to_be_bytes());
        bytes.push(kind);
        bytes.extend(code.to_be_bytes());
        bytes.extend(self.post_state_root);
        bytes.extend(self.cycles.to_be_bytes());
        bytes.extend(self.prover);
        // What does not fit is far beyond the limits, and `check` and the decoder say so.
        bytes.extend(u32::try_from(self.input.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(u32::try_from(self.output.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(&self.input);
        bytes.extend(&self.output);
        bytes
    }

    /// The statement with this encoding. Strict: no two encodings have the same statement, and what is decoded passes
    /// [`Statement::check`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Statement, Rejection> {
        // STATEMENT-003: another version may have other lengths, so the version comes first.
        match bytes.first() {
            Some(&VERSION) => {}
            Some(other) => {
                let detail = format!("version {other} is not {VERSION}");
                return Err(Rejection::new(Reject::StatementUnknownVersion, offset::VERSION, detail));
            }
            None => return Err(length_mismatch(bytes.len(), HEADER_BYTES)),
        }
        // STATEMENT-004: the header says how long the rest is.
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(length_mismatch(bytes.len(), HEADER_BYTES));
        };
        // STATEMENT-005: nothing is read or allocated that exceeds the limits.
        let input_length = u32::from_be_bytes(field(header, offset::INPUT_LENGTH)) as usize;
        let output_length = u32::from_be_bytes(field(header, offset::OUTPUT_LENGTH)) as usize;
        check_lengths(input_length, output_length)?;
        if rest.len() != input_length + output_length {
            return Err(length_mismatch(bytes.len(), HEADER_BYTES + input_length + output_length));
        }
        let (input, output) = rest.split_at(input_length);
        let code = u32::from_be_bytes(field(header, offset::CODE));
        let statement = Statement {
            chain_id: u64::from_be_bytes(field(header, offset::CHAIN_ID)),
            extension_id: B256::new(field(header, offset::EXTENSION_ID)),
            code_commitment: B256::new(field(header, offset::CODE_COMMITMENT)),
            tier: u32::from_be_bytes(field(header, offset::TIER)),
            segments: u32::from_be_bytes(field(header, offset::SEGMENTS)),
            context: Context::from_bytes(&field::<{ Context::BYTES }>(header, offset::CONTEXT))?,
            input: input.to_vec(),
            cycle_limit: u64::from_be_bytes(field(header, offset::CYCLE_LIMIT)),
            outcome: outcome(header[offset::OUTCOME], code)?,
            output: output.to_vec(),
            post_state_root: B256::new(field(header, offset::POST_STATE_ROOT)),
            cycles: u64::from_be_bytes(field(header, offset::CYCLES)),
            prover: Address::new(field(header, offset::PROVER)),
        };
        statement.check()?;
        Ok(statement)
    }

    /// The digest: keccak-256 of [`DOMAIN`] and the encoding.
    pub fn digest(&self) -> B256 {
        // STATEMENT-002: without the domain, the digest could be that of another kind of bytes.
        let mut hasher = Keccak256::new();
        hasher.update(DOMAIN);
        hasher.update(self.to_bytes());
        hasher.finalize()
    }
}

/// The `N` bytes of a field.
fn field<const N: usize>(header: &[u8; HEADER_BYTES], offset: usize) -> [u8; N] {
    header[offset..offset + N].try_into().expect("as many bytes as the range has")
}

fn length_mismatch(found: usize, expected: usize) -> Rejection {
    let detail = format!("the parts take {expected} bytes, not {found}");
    Rejection::new(Reject::StatementLengthMismatch, found.min(expected), detail)
}

fn kind_and_code(outcome: Outcome) -> (u8, u32) {
    match outcome {
        Outcome::Accepted => (ACCEPTED, 0),
        Outcome::Rejected(code) => (REJECTED, code),
        Outcome::Trapped(trap) => (TRAPPED, trap.code()),
    }
}

fn outcome(kind: u8, code: u32) -> Result<Outcome, Rejection> {
    // STATEMENT-010: a code that says nothing, or nothing known, has no second reading.
    let wrong_code = |detail: String| Rejection::new(Reject::StatementOutcomeCode, offset::CODE, detail);
    match (kind, code) {
        (ACCEPTED, 0) => Ok(Outcome::Accepted),
        (ACCEPTED, code) => Err(wrong_code(format!("accepted has the code 0, not {code}"))),
        // `check` refuses the code 0.
        (REJECTED, code) => Ok(Outcome::Rejected(code)),
        (TRAPPED, code) => match Trap::from_code(code) {
            Some(trap) => Ok(Outcome::Trapped(trap)),
            None => Err(wrong_code(format!("no trap has the code {code}"))),
        },
        // STATEMENT-009: the kinds are a closed list.
        (kind, _) => {
            let detail = format!("{kind} is no kind of outcome");
            Err(Rejection::new(Reject::StatementUnknownOutcome, offset::OUTCOME, detail))
        }
    }
}
