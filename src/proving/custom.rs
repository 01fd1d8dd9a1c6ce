//! Keys of single extensions: the program is part of their circuit. Whoever runs the setup of such a key can forge proofs
//! under it.

use super::extension::Extension;
use super::keys::SETUP_SEED;
use crate::circuit::bus::CHALLENGES;
use crate::circuit::entry::Kind;
use crate::circuit::{MAX_CUSTOM_ROWS, Machine, Tier, costs, suits};
use crate::notation::json::parse_struct;
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::proof_system::{CacheError, KeyStep, Origin, ProvingKey, Shape, VerifyingKey, cached_insecure_setup};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// PROVE-015: the tier of statements and proofs under the key of a single extension.
pub const CUSTOM_TIER: u32 = u32::MAX;
/// Its name in files.
pub const CUSTOM_NAME: &str = "custom";
/// What every file and result says that is about such a key.
pub const CUSTOM_WARNING: &str = "whoever ran the setup of this custom key can forge proofs under it";

/// The first bytes of an encoding; the last of them is the version.
const MAGIC: [u8; 8] = *b"midckey\x01";
/// Capacities in an encoding: words, cells, the chips with code words, refresh, audit, witness.
const CAPACITIES: usize = 5 + Kind::ALL.len();
/// Bytes before the verifying key: magic, capacities, circuit digest.
const HEADER_BYTES: usize = MAGIC.len() + 4 * CAPACITIES + 32;

/// What is published of the key of an extension: all that a verifier needs beside the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomKey {
    /// The capacities of a segment.
    pub capacities: Tier,
    /// The digest of the circuit, which follows from capacities and module.
    pub circuit: B256,
    /// The verifying key.
    pub verifying_key: VerifyingKey,
}

impl CustomKey {
    /// The encoding: magic, capacities (4 bytes each, big-endian), circuit digest, verifying key.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Tier { code_words, image_cells, rows, refreshes, audits, witness_words, .. } = &self.capacities;
        let mut bytes = MAGIC.to_vec();
        let others = [refreshes, audits, witness_words];
        for capacity in [code_words, image_cells].into_iter().chain(rows).chain(others) {
            bytes.extend(u32::try_from(*capacity).unwrap_or(u32::MAX).to_be_bytes());
        }
        bytes.extend(self.circuit);
        bytes.extend(self.verifying_key.to_bytes());
        bytes
    }

    /// The key with this encoding, strictly checked.
    pub fn from_bytes(bytes: &[u8]) -> Result<CustomKey, Rejection> {
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            let detail = format!("a custom key has more than {HEADER_BYTES} bytes, not {}", bytes.len());
            return Err(Rejection::new(Reject::ProofLengthMismatch, bytes.len(), detail));
        };
        // PROVE-012: what is no custom key of this version.
        if !header.starts_with(&MAGIC) {
            return Err(Rejection::new(Reject::KeyMalformed, 0, "the encoding does not begin with its magic"));
        }
        let (numbers, digest) = header[MAGIC.len()..].split_at(4 * CAPACITIES);
        let mut numbers =
            numbers.chunks_exact(4).map(|bytes| u32::from_be_bytes(bytes.try_into().expect("four bytes")) as usize);
        let mut next = || numbers.next().expect("as many numbers as capacities");
        let capacities = Tier {
            name: CUSTOM_NAME,
            code_words: next(),
            image_cells: next(),
            rows: std::array::from_fn(|_| next()),
            refreshes: next(),
            audits: next(),
            witness_words: next(),
        };
        // PROVE-012: nobody writes down more rows than these to hash them.
        let rows = capacities.cost(&costs()).rows();
        if rows > MAX_CUSTOM_ROWS {
            let detail = format!("a segment of {rows} rows, allowed are {MAX_CUSTOM_ROWS}");
            return Err(Rejection::new(Reject::KeyMalformed, MAGIC.len(), detail));
        }
        let behind_header = |mut rejection: Rejection| {
            rejection.offset += HEADER_BYTES;
            rejection
        };
        // PROVE-012: the inputs of such a circuit are `first`, the challenges and the sum. A key with as many bases as a key may
        // have would take seconds to decode.
        let counts = VerifyingKey::counts(rest).map_err(behind_header)?;
        if counts != [0, 1, CHALLENGES as u32, 1] {
            let [constants, public, challenges, late_public] = counts;
            let detail = format!("{constants} constants, {public} inputs, {challenges} challenges, {late_public} late");
            return Err(Rejection::new(Reject::KeyMalformed, HEADER_BYTES, detail));
        }
        let verifying_key = VerifyingKey::from_bytes(rest).map_err(behind_header)?;
        Ok(CustomKey { capacities, circuit: B256::from_slice(digest), verifying_key })
    }

    /// The key with this encoding, which has to be the one that is registered.
    pub fn registered(bytes: &[u8], key_hash: B256) -> Result<CustomKey, Rejection> {
        // PROVE-013: a key is known by its digest; what else a file says of it nobody need believe.
        let digest = keccak256(bytes);
        if digest != key_hash {
            return Err(Rejection::new(
                Reject::OtherKey,
                0,
                format!("the digest is {digest}, registered is {key_hash}"),
            ));
        }
        CustomKey::from_bytes(bytes)
    }

    /// The digest: keccak-256 of the encoding. It is the key hash of the registry.
    pub fn digest(&self) -> B256 {
        keccak256(self.to_bytes())
    }

    /// Whether the key is for this extension: its capacities suit the program, and its circuit is theirs.
    pub(super) fn check(capacities: &Tier, circuit: B256, extension: &Extension) -> Result<(), Rejection> {
        // PROVE-014: with other capacities some execution could not be proven, or zeros would stand in for code.
        if !suits(capacities, extension.code()) {
            let detail = format!("the program has {} words", extension.program().code.len());
            return Err(Rejection::new(Reject::CapacitiesUnsuited, 0, detail));
        }
        // PROVE-014: the circuit is what everybody derives from module and capacities.
        let found = Shape::of(&Machine::custom(capacities, extension.program())).digest();
        if found != circuit {
            let detail = format!("the circuit digest is {found}, that of the key {circuit}");
            return Err(Rejection::new(Reject::OtherCircuit, 0, detail));
        }
        Ok(())
    }

    /// The text of a key file.
    pub fn to_json(&self) -> String {
        let file = File {
            format: FORMAT.into(),
            version: 1,
            // All keys are from a published seed.
            insecure: true,
            warning: CUSTOM_WARNING.into(),
            key_hash: format!("0x{}", hex::encode(self.digest())),
            key: format!("0x{}", hex::encode(self.to_bytes())),
        };
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }

    /// The key in a file. The offset of a rejection is that in the key's encoding, or 0.
    pub fn from_json(text: &str) -> Result<CustomKey, Rejection> {
        // PROVE-017: one text for one key, up to white space and order.
        let malformed = |detail: String| Rejection::new(Reject::KeyFileMalformed, 0, detail);
        let file: File = parse_struct(text).map_err(|error| malformed(error.to_string()))?;
        if (file.format.as_str(), file.version) != (FORMAT, 1) {
            return Err(malformed(format!("{} version {} is not {FORMAT} version 1", file.format, file.version)));
        }
        // PROVE-017: nobody passes a key on without its warnings.
        if !file.insecure || file.warning != CUSTOM_WARNING {
            return Err(malformed("the file does not say that its key is insecure, and who can forge".into()));
        }
        let digits = file.key.strip_prefix("0x").filter(|digits| **digits == digits.to_lowercase());
        let bytes = digits.and_then(|digits| hex::decode(digits).ok());
        let bytes = bytes.ok_or_else(|| malformed("the key is not `0x` and lower-case digits".into()))?;
        let key_hash = file.key_hash.strip_prefix("0x").filter(|digits| **digits == digits.to_lowercase());
        let key_hash = key_hash.and_then(|digits| <[u8; 32]>::try_from(hex::decode(digits).ok()?).ok());
        let key_hash = key_hash.ok_or_else(|| malformed("the key hash is not `0x` and 64 lower-case digits".into()))?;
        CustomKey::registered(&bytes, key_hash.into())
    }
}

/// What a key file says of itself.
const FORMAT: &str = "middle-client custom key";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    format: String,
    version: u32,
    insecure: bool,
    warning: String,
    key_hash: String,
    key: String,
}

/// The keys of an extension's own circuit with these capacities, from the published seed and from a directory of cached keys
/// if they are there. The capacities have to suit the program.
pub fn insecure_custom_key(
    directory: &Path,
    extension: &Extension,
    capacities: &Tier,
    progress: &dyn Fn(KeyStep),
) -> Result<(ProvingKey, CustomKey, Origin), CacheError> {
    let machine = Machine::custom(capacities, extension.program());
    let (key, origin) = cached_insecure_setup(directory, &machine, keccak256(SETUP_SEED).0, progress)?;
    let verifying_key = key.verifying_key.clone();
    let custom = CustomKey { capacities: capacities.clone(), circuit: key.shape.digest(), verifying_key };
    Ok((key, custom, origin))
}
