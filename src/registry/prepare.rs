//! How a contract comes to know the code point of an extension, and whether its code reads a witness.

use super::{MODE_UNIVERSAL, Registry, universal_key_hash};
use crate::canonical_code::{CanonicalCode, IMMEDIATE_1, Opcode, Space, WITNESS_LENGTH, Word};
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::proof_system::{VerifyingKey, point_from_bytes, point_to_bytes};
use crate::proving::{CUSTOM_TIER, Extension, Tiers};
use alloy_primitives::Bytes;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Zero;
use std::collections::BTreeMap;

/// What has been prepared of an extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Whether its canonical code reads a witness.
    pub reads_witness: bool,
    /// The code points by tier.
    pub points: BTreeMap<u32, CodePoint>,
}

/// A sum of constants times bases, on its way to a code point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodePoint {
    /// How many of the constants that are not zero have been added.
    pub added: u32,
    /// How many there are.
    pub constants: u32,
    /// The sum, in the encoding of points; no bytes for the identity.
    pub point: Bytes,
}

json_fields!(Preparation: reads_witness, points);
json_fields!(CodePoint: added, constants, point);

impl CodePoint {
    /// Whether it is a code point.
    pub fn is_complete(&self) -> bool {
        self.added == self.constants
    }
}

// REG-014: whoever has the code can see it, and needs no module.
/// Whether a program reads a witness.
pub fn reads_witness(code: &CanonicalCode) -> bool {
    let reads = |word: &&Word| {
        let other_length = word.mode & IMMEDIATE_1 != 0 && word.immediate != u64::from(WITNESS_LENGTH);
        word.opcode == Opcode::Get
            && (word.src2 == Space::Witness as u16 || (word.src2 == Space::Length as u16 && !other_length))
    };
    code.words.iter().any(|word| reads(&word))
}

impl Registry {
    /// Adds up to `count` constants of an extension to its code point for a tier. `encoding` is that of its canonical
    /// code, `keys` are those of the tiers, in their order.
    pub(super) fn prepare(
        &mut self,
        id: B256,
        tier: u32,
        encoding: &[u8],
        count: u32,
        keys: &[VerifyingKey],
    ) -> Result<(), Rejection> {
        let refuse = |reason, detail: String| Err(Rejection::new(reason, 0, detail));
        let Some(registered) = self.entries.get(&id) else {
            return refuse(Reject::ExtensionUnknown, id.to_string());
        };
        // REG-018: the code is that of the entry, each time.
        let entry = &registered.entry;
        if keccak256(encoding) != entry.code_commitment {
            return refuse(Reject::RegisteredCodeMismatch, "the encoding has another commitment".into());
        }
        let extension = Extension::of(CanonicalCode::from_bytes(encoding)?);
        let preparation = self.preparations.get(&id);
        let old = preparation.and_then(|it| it.points.get(&tier));
        if old.is_some_and(CodePoint::is_complete) {
            return refuse(Reject::AlreadySet, format!("tier {tier} is prepared"));
        }
        let point = if entry.mode == MODE_UNIVERSAL {
            let capacities = Tiers::get(tier)?;
            // REG-018: the contract's keys are those of the entry.
            let digests: Vec<B256> = keys.iter().map(VerifyingKey::digest).collect();
            let Some(key) = keys.get(tier as usize).filter(|_| universal_key_hash(&digests) == entry.key_hash) else {
                return refuse(Reject::KeyHashMismatch, "key_hash is not that of the contract's keys".into());
            };
            extension.check_fits(capacities)?;
            let constants = extension.program().constants(capacities);
            let nonzero = constants.iter().zip(&key.bases[1..]).filter(|(constant, _)| !constant.is_zero());
            add(old, &nonzero.collect::<Vec<_>>(), count)?
        } else if tier == CUSTOM_TIER {
            // PROVE-015: there are no constants.
            CodePoint { added: 0, constants: 0, point: Bytes::new() }
        } else {
            return refuse(Reject::TierMismatch, format!("tier {tier} in custom mode"));
        };
        let preparation = self.preparations.entry(id).or_default();
        preparation.reads_witness = reads_witness(extension.code());
        preparation.points.insert(tier, point);
        Ok(())
    }
}

// REG-018: in the order of the constants, and none that is zero.
fn add(old: Option<&CodePoint>, constants: &[(&Fr, &G1Affine)], count: u32) -> Result<CodePoint, Rejection> {
    let added = old.map_or(0, |old| old.added);
    let mut sum = match old.map_or(&[][..], |old| &old.point) {
        [] => G1Projective::zero(),
        bytes => point_from_bytes::<G1Affine>(bytes)?.into_group(),
    };
    let next = constants.iter().skip(added as usize).take(count as usize);
    let new = next.len() as u32;
    for (constant, base) in next {
        sum += **base * **constant;
    }
    let point = if sum.is_zero() { Bytes::new() } else { point_to_bytes(&sum.into_affine()).into() };
    Ok(CodePoint { added: added + new, constants: constants.len() as u32, point })
}
