//! The keys of the tiers.

use super::custom::{CUSTOM_NAME, CUSTOM_TIER, CustomKey};
use crate::circuit::{Machine, TIERS, Tier};
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::proof_system::{CacheError, KeyStep, Origin, ProvingKey, Verifier, VerifyingKey, cached_insecure_setup};
use std::fs;
use std::path::{Path, PathBuf};

/// From what the seed of the published setup is hashed. Everybody knows it: keys from it are for tests and vectors.
pub const SETUP_SEED: &[u8] = b"middle-client insecure setup v1";

/// The verifying key of a tier or of an extension's own circuit, prepared.
#[derive(Clone, Debug)]
pub struct TierVerifier {
    /// The number of the tier; [`CUSTOM_TIER`] for a circuit of an extension.
    pub number: u32,
    /// The verifier of its key.
    pub verifier: Verifier,
    /// The capacities.
    pub(super) tier: Tier,
    /// The digest of an extension's own circuit.
    pub(super) circuit: Option<B256>,
}

/// What is published of a tier's key from the published seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The digest of the circuit that the key is for.
    pub circuit: B256,
    /// The digest of the verifying key.
    pub key: B256,
}

/// The lines of [`published`]: name of the tier, circuit digest, key digest.
const PUBLISHED: &str = include_str!("published_keys.txt");

/// What is published of the key of a tier. Keys of the larger tiers take minutes to make: a command in the README makes
/// all of them and compares.
pub fn published(tier: &Tier) -> Option<Published> {
    let mut words = PUBLISHED.lines().find_map(|line| line.strip_prefix(tier.name)?.strip_prefix(' '))?.split(' ');
    let mut digest = || words.next()?.parse().ok();
    Some(Published { circuit: digest()?, key: digest()? })
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

    /// The number and the tier with this name.
    pub fn named(name: &str) -> Result<(u32, &'static Tier), Rejection> {
        // PROVE-005: so do names.
        let found = (0..).zip(&TIERS).find(|(_, tier)| tier.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = TIERS.iter().map(|tier| tier.name).collect();
            Rejection::new(
                Reject::UnknownTier,
                0,
                format!("no tier is called {name:?}; there are {}", names.join(", ")),
            )
        })
    }
}

/// The name of a tier, or of what stands for a circuit of an extension.
pub fn tier_name(number: u32) -> &'static str {
    match number {
        CUSTOM_TIER => CUSTOM_NAME,
        _ => Tiers::get(number).map_or("unknown", |tier| tier.name),
    }
}

impl TierVerifier {
    /// Prepares a key as that of a tier, whoever made it; [`TierVerifier::published`] looks at its digest first.
    pub fn new(number: u32, key: VerifyingKey) -> Result<TierVerifier, Rejection> {
        let tier = Tiers::get(number)?.clone();
        Ok(TierVerifier { number, verifier: Verifier::new(key)?, tier, circuit: None })
    }

    /// Prepares the key of an extension. Whether it is the one that is registered was for [`CustomKey::registered`] to say.
    pub fn custom(key: CustomKey) -> Result<TierVerifier, Rejection> {
        let CustomKey { capacities, circuit, verifying_key } = key;
        let verifier = Verifier::new(verifying_key)?;
        Ok(TierVerifier { number: CUSTOM_TIER, verifier, tier: capacities, circuit: Some(circuit) })
    }

    /// Prepares the key of a tier, which has to be the published one.
    pub fn published(number: u32, key: VerifyingKey) -> Result<TierVerifier, Rejection> {
        // PROVE-011: a key is known by its digest.
        let expected = published(Tiers::get(number)?).map(|published| published.key);
        if expected != Some(key.digest()) {
            let published = expected.map_or("none".into(), |expected| expected.to_string());
            let detail = format!("the key digest is {}, published is {published}", key.digest());
            return Err(Rejection::new(Reject::OtherKey, 0, detail));
        }
        TierVerifier::new(number, key)
    }

    /// The capacities.
    pub fn tier(&self) -> &Tier {
        &self.tier
    }
}

/// The proving key of a tier from the published seed, from a directory of cached keys if it is there.
pub fn insecure_tier_key(
    directory: &Path,
    tier: &Tier,
    progress: &dyn Fn(KeyStep),
) -> Result<(ProvingKey, Origin), CacheError> {
    let file = |path: &Path, error| CacheError::File { path: path.into(), error };
    let machine = Machine::universal(tier);
    let (key, origin) = cached_insecure_setup(directory, &machine, keccak256(SETUP_SEED).0, progress)?;
    let path = verifying_key_path(directory, key.verifying_key.digest());
    let bytes = key.verifying_key.to_bytes();
    if fs::read(&path).ok().as_ref() != Some(&bytes) {
        // Whoever reads it compares its digest, so a half-written one does no harm.
        fs::write(&path, bytes).map_err(|error| file(&path, error))?;
    }
    Ok((key, origin))
}

/// Where a directory of cached keys has the verifying key with this digest.
pub fn verifying_key_path(directory: &Path, digest: B256) -> PathBuf {
    directory.join(format!("{}.insecure-verifying-key", hex::encode(digest)))
}

/// The verifying key of a tier as it was published, from a directory of cached keys. `None` if none was cached. A
/// directory is nobody to trust: the digest decides.
pub fn cached_verifying_key(directory: &Path, digest: B256) -> Result<Option<VerifyingKey>, Rejection> {
    let Ok(bytes) = fs::read(verifying_key_path(directory, digest)) else { return Ok(None) };
    if keccak256(&bytes) != digest {
        let detail = format!("the key digest is {}, not the published {digest}", keccak256(&bytes));
        return Err(Rejection::new(Reject::OtherKey, 0, detail));
    }
    VerifyingKey::from_bytes(&bytes).map(Some)
}
