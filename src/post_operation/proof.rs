//! The proof of a PostOperation, as the proof system has it, and the keys under which a node verifies it.

use super::Proof;
use crate::notation::{B256, Reject, Rejection};
use crate::proving::{self, CUSTOM_TIER, CustomKey, Extension, Prepared, SegmentProof, TierVerifier, Tiers};
use crate::statement::Statement;
use std::collections::BTreeMap;

impl Proof {
    // POST-014: each segment's part is a byte string of its own.
    /// A proof as it travels.
    pub fn of(proof: &proving::Proof) -> Proof {
        let segments = proof.segments.iter().map(|segment| segment.to_bytes().into());
        Proof { proof_type: super::PROOF_COMMITTED_GROTH16, tier: proof.tier, segments: segments.collect() }
    }

    /// The proof that travels like this.
    pub fn decode(&self) -> Result<proving::Proof, Rejection> {
        // POST-014: strictly, so that a segment has one encoding.
        let segments = self.segments.iter().map(|segment| SegmentProof::from_bytes(segment));
        Ok(proving::Proof { tier: self.tier, segments: segments.collect::<Result<_, _>>()? })
    }
}

/// What a node verifies proofs with: the tiers' keys, and the extensions that it has adopted.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    verifiers: BTreeMap<u32, TierVerifier>,
    /// Extensions in universal mode, by extension id and tier.
    extensions: BTreeMap<(B256, u32), Prepared>,
    /// Extensions in custom mode, by extension id.
    customs: BTreeMap<B256, (TierVerifier, Prepared)>,
}

impl Keys {
    /// The keys of these tiers.
    pub fn new(verifiers: Vec<TierVerifier>) -> Keys {
        let verifiers = verifiers.into_iter().map(|verifier| (verifier.number, verifier)).collect();
        Keys { verifiers, ..Keys::default() }
    }

    /// Adopts an extension in universal mode: its code point is derived under each key with room for it.
    pub fn adopt(&mut self, id: B256, wasm: &[u8]) -> Result<(), Rejection> {
        let extension = Extension::from_wasm(wasm)?;
        for (number, verifier) in &self.verifiers {
            match Prepared::derive(extension.clone(), verifier) {
                Ok(prepared) => drop(self.extensions.insert((id, *number), prepared)),
                Err(rejection) if rejection.reason == Reject::CodeExceedsTier => {}
                Err(rejection) => return Err(rejection),
            }
        }
        Ok(())
    }

    /// Adopts an extension in custom mode: the key is the one of its entry in the registry, and its circuit is derived.
    pub fn adopt_custom(&mut self, id: B256, wasm: &[u8], key: &[u8], key_hash: B256) -> Result<(), Rejection> {
        let verifier = TierVerifier::custom(CustomKey::registered(key, key_hash)?)?;
        let prepared = Prepared::derive(Extension::from_wasm(wasm)?, &verifier)?;
        self.customs.insert(id, (verifier, prepared));
        Ok(())
    }

    /// Verifies a proof of a statement.
    pub fn verify(&self, statement: &Statement, proof: &Proof) -> Result<(), Rejection> {
        let (id, number) = (statement.extension_id, statement.tier);
        // PROVE-013: the mode is the extension's, not the prover's.
        if let Some((verifier, prepared)) = self.customs.get(&id) {
            return proving::verify(verifier, prepared, statement, &proof.decode()?);
        }
        if statement.tier != CUSTOM_TIER {
            Tiers::get(statement.tier)?;
        }
        // NODE-015: what was adopted is an extension, not its code, which others may have registered too.
        let (verifier, prepared) = (self.verifiers.get(&number), self.extensions.get(&(id, number)));
        let (Some(verifier), Some(prepared)) = (verifier, prepared) else {
            // Another node may have the key: nobody is to blame.
            let detail = format!("no key of tier {} is prepared for the extension {id}", proving::tier_name(number));
            return Err(Rejection::new(Reject::ExtensionNotActive, 0, detail));
        };
        proving::verify(verifier, prepared, statement, &proof.decode()?)
    }
}
