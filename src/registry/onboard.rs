//! What a node computes again before it adopts an extension.

use super::{Entry, MODE_UNIVERSAL, reads_witness, universal_key_hash};
use crate::canonical_code::{self, CanonicalCode};
use crate::circuit::TIERS;
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::profile::{self, Module};
use crate::proving::Extension;

/// What a node knows of an extension that it has adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onboarded {
    /// The extension id.
    pub id: B256,
    /// The number of words of its canonical code.
    pub words: u32,
    /// Whether its canonical code reads a witness.
    pub reads_witness: bool,
}

json_fields!(Onboarded: id, words, reads_witness);

/// Adopts the extension of `entry` with the module `wasm`. `keys` are the digests of the keys under which this node
/// verifies it: those of the tiers in order, or the one of the extension itself.
pub fn onboard(chain_id: u64, entry: &Entry, wasm: &[u8], keys: &[B256]) -> Result<Onboarded, Rejection> {
    let refuse = |reason, detail: &str| Err(Rejection::new(reason, 0, detail));
    entry.check()?;
    // REG-013: the bytes, the code and the keys, in this order.
    // REG-019: a wallet does the same before it lets a user sign.
    if keccak256(wasm) != entry.wasm_hash {
        return refuse(Reject::WasmHashMismatch, "wasm_hash is not that of the module");
    }
    let module: Module = profile::load(wasm)?;
    let code: CanonicalCode = canonical_code::lower(&module)?;
    if code.commitment() != entry.code_commitment {
        return refuse(Reject::RegisteredCodeMismatch, "code_commitment is not that of the module's canonical code");
    }
    // REG-013: what no tier has room for is never proven.
    if entry.mode == MODE_UNIVERSAL {
        let extension = Extension::of(code.clone());
        let fits = TIERS.iter().take(keys.len().max(1)).map(|tier| extension.check_fits(tier));
        fits.reduce(|one, other| one.or(other)).unwrap_or(Ok(()))?;
    }
    let key_hash = match (entry.mode, keys) {
        (MODE_UNIVERSAL, keys) => universal_key_hash(keys),
        (_, [key]) => *key,
        _ => return refuse(Reject::KeyHashMismatch, "a circuit of its own has one key"),
    };
    if key_hash != entry.key_hash {
        return refuse(Reject::KeyHashMismatch, "key_hash is not that of the keys");
    }
    Ok(Onboarded { id: entry.id(chain_id), words: code.words.len() as u32, reads_witness: reads_witness(&code) })
}
