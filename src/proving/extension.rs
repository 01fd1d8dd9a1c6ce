//! An extension as a prover or verifier needs it: its code, and the contribution of its code to the inputs of a key.

use super::custom::{CUSTOM_TIER, CustomKey};
use super::keys::TierVerifier;
use crate::canonical_code::{CanonicalCode, lower};
use crate::circuit::{Program, Tier};
use crate::notation::{B256, Reject, Rejection};
use crate::profile::load;
use crate::proof_system;

/// An extension's canonical code and its commitment. The commitment is always that of the code.
#[derive(Clone, Debug)]
pub struct Extension {
    code: CanonicalCode,
    commitment: B256,
    program: Program,
}

impl Extension {
    /// Loads and lowers a module.
    pub fn from_wasm(wasm: &[u8]) -> Result<Extension, Rejection> {
        Ok(Extension::of(lower(&load(wasm)?)?))
    }

    /// An extension with this code. It has to be what [`lower`] gives for a module. The circuit takes the promises of lowering
    /// for granted (S20), so that of other code a proof need not say what the executor does with it.
    pub fn of(code: CanonicalCode) -> Extension {
        Extension { commitment: code.commitment(), program: Program::of(&code), code }
    }

    /// The code.
    pub fn code(&self) -> &CanonicalCode {
        &self.code
    }

    /// Its commitment.
    pub fn commitment(&self) -> B256 {
        self.commitment
    }

    /// The code as the circuit has it.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// PROVE-003: whether the tier has room for the code.
    pub fn check_fits(&self, tier: &Tier) -> Result<(), Rejection> {
        if self.program.fits(tier) {
            return Ok(());
        }
        let detail = format!(
            "{} code words and {} image cells, the tier {} has room for {} and {}",
            self.program.code.len(),
            self.program.image.len(),
            tier.name,
            tier.code_words,
            tier.image_cells
        );
        Err(Rejection::new(Reject::CodeExceedsTier, 0, detail))
    }
}

/// An extension prepared for a key: the code point is derived here, once.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) extension: Extension,
    /// The number of the tier.
    pub(super) number: u32,
    /// The capacities.
    pub(super) tier: Tier,
    pub(super) point: proof_system::Prepared,
}

impl Prepared {
    /// PROVE-004: derives the code point from the module's code, never from anybody's word. PROVE-014: of a custom key,
    /// derives its circuit; then there are no constants, and the point is the identity.
    pub fn derive(extension: Extension, verifier: &TierVerifier) -> Result<Prepared, Rejection> {
        let tier = verifier.tier().clone();
        let constants = match verifier.circuit {
            Some(circuit) => {
                CustomKey::check(&tier, circuit, &extension)?;
                Vec::new()
            }
            None => {
                extension.check_fits(&tier)?;
                extension.program.constants(&tier)
            }
        };
        let point = proof_system::Prepared::derive(verifier.verifier.key(), &constants)?;
        Ok(Prepared { extension, number: verifier.number, tier, point })
    }

    /// The extension.
    pub fn extension(&self) -> &Extension {
        &self.extension
    }

    /// Whether the program is part of the circuit.
    pub(super) fn is_custom(&self) -> bool {
        self.number == CUSTOM_TIER
    }
}
