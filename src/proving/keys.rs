//! The keys of the tiers.

use crate::circuit::{Machine, TIERS, Tier};
use crate::notation::{Reject, Rejection, keccak256};
use crate::proof_system::{CacheError, Origin, ProvingKey, Verifier, VerifyingKey, cached_insecure_setup};
use std::path::Path;

/// From what the seed of the published setup is hashed. Everybody knows it: keys from it are for tests and vectors.
pub const SETUP_SEED: &[u8] = b"middle-client insecure setup v1";

/// A tier's verifying key, prepared.
#[derive(Clone, Debug)]
pub struct TierVerifier {
    /// The number of the tier.
    pub number: u32,
    /// The verifier of its key.
    pub verifier: Verifier,
}

/// The tiers by number.
pub struct Tiers;

impl Tiers {
    /// The tier with this number.
    pub fn get(number: u32) -> Result<&'static Tier, Rejection> {
        // PROVE-005: a tier that does not exist has no key.
        TIERS.get(number as usize).ok_or_else(|| {
            Rejection::new(Reject::UnknownTier, 0, format!("there are {} tiers, none is {number}", TIERS.len()))
        })
    }
}

impl TierVerifier {
    /// Prepares the key of a tier.
    pub fn new(number: u32, key: VerifyingKey) -> Result<TierVerifier, Rejection> {
        Tiers::get(number)?;
        Ok(TierVerifier { number, verifier: Verifier::new(key)? })
    }

    /// The tier.
    pub fn tier(&self) -> Result<&'static Tier, Rejection> {
        Tiers::get(self.number)
    }
}

/// The proving key of a tier from the published seed, from a directory of cached keys if it is there.
pub fn insecure_tier_key(directory: &Path, tier: &Tier) -> Result<(ProvingKey, Origin), CacheError> {
    cached_insecure_setup(directory, &Machine::universal(tier), keccak256(SETUP_SEED).0)
}
