//! Signatures by ECDSA, and by whatever a contract accepts.

use super::{ChainView, MAX_SIGNATURE_BYTES};
use crate::notation::{B256, Reject, Rejection};
use alloy_primitives::{Address, Signature};
use k256::ecdsa::{self, SigningKey, VerifyingKey};
use k256::elliptic_curve::ops::{Invert, LinearCombination, Reduce};
use k256::elliptic_curve::point::DecompressPoint;
use k256::elliptic_curve::scalar::IsHigh;
use k256::{AffinePoint, ProjectivePoint, Scalar, U256};

/// The kind of a signature by ECDSA.
pub const KIND_ECDSA: u8 = 0;
/// The kind of a signature that a contract checks.
pub const KIND_CONTRACT: u8 = 1;
/// The length of an ECDSA signature: its kind, `r`, `s`, and 27 or 28.
pub const SIGNATURE_BYTES: usize = 66;

fn refuse<T>(reason: Reject, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(reason, 0, detail))
}

/// Who signed `hash` with these bytes, a signature of kind 0.
pub fn recover(hash: B256, signature: &[u8]) -> Result<Address, Rejection> {
    // OP-027: no contract is asked here.
    if signature.first().is_some_and(|kind| *kind != KIND_ECDSA) {
        return refuse(Reject::SignatureKind, format!("kind {}", signature[0]));
    }
    // OP-009: the kind and 65 bytes.
    let Ok(bytes) = <[u8; SIGNATURE_BYTES]>::try_from(signature) else {
        let detail = format!("{} bytes; a signature has {SIGNATURE_BYTES}", signature.len());
        return refuse(Reject::SignatureLength, detail);
    };
    // OP-010: one signature for each secret and nonce; a second form would give one Operation two wire hashes.
    if !matches!(bytes[65], 27 | 28) {
        return refuse(Reject::SignatureNotCanonical, "the last byte is neither 27 nor 28");
    }
    match recover_key(hash, &bytes[1..65], bytes[65] == 28) {
        Some(key) => Ok(Address::from_public_key(&key)),
        None => refuse(Reject::SignatureNotCanonical, "s is in the upper half, or nobody has r and s"),
    }
}

/// The key `(s R - z G) / r`, where `R` is the point with the abscissa `r` and this parity. The library's own function
/// verifies with the key afterwards, which holds by construction and costs as much again.
fn recover_key(hash: B256, r_and_s: &[u8], is_odd: bool) -> Option<VerifyingKey> {
    // The library refuses r and s that are 0 or not below the group's order.
    let (r, s) = ecdsa::Signature::from_slice(r_and_s).ok()?.split_scalars();
    if s.is_high().into() {
        return None;
    }
    let point: Option<AffinePoint> = AffinePoint::decompress(&r.to_bytes(), u8::from(is_odd).into()).into();
    let inverse = r.invert_vartime();
    let z = <Scalar as Reduce<U256>>::reduce_bytes(&hash.0.into());
    let (of_generator, of_point) = (-(*inverse * z), *inverse * *s);
    let point = ProjectivePoint::from(point?);
    let key = ProjectivePoint::lincomb(&ProjectivePoint::GENERATOR, &of_generator, &point, &of_point);
    // The identity is nobody's key.
    VerifyingKey::from_affine(key.to_affine()).ok()
}

/// Whether `account` signed `hash` with these bytes, as `view` knows the account: for senders and sponsors.
pub fn verify(account: Address, hash: B256, signature: &[u8], view: &ChainView) -> Result<(), Rejection> {
    match signature.split_first() {
        // OP-009: whoever passes an Operation on can append to what a contract does not read.
        Some((&KIND_CONTRACT, _)) if signature.len() > MAX_SIGNATURE_BYTES => {
            let detail = format!("{} bytes; a signature has at most {MAX_SIGNATURE_BYTES}", signature.len());
            refuse(Reject::SignatureLength, detail)
        }
        // OP-012: a contract answers for itself; what it answers depends on its state.
        Some((&KIND_CONTRACT, bytes)) => {
            let answers = view.contracts.get(&account);
            match answers.is_some_and(|answers| answers.contains(&(hash, bytes.to_vec().into()))) {
                true => Ok(()),
                false => refuse(Reject::ContractSignatureRefused, format!("{account} refuses")),
            }
        }
        _ => verify_key(account, hash, signature),
    }
}

/// Whether the key of `account` signed `hash` with these bytes: for provers and for nodes that verify, and the same for
/// everybody.
pub fn verify_key(account: Address, hash: B256, signature: &[u8]) -> Result<(), Rejection> {
    // OP-011: the account itself, whether or not it has code.
    match recover(hash, signature)? {
        signer if signer == account => Ok(()),
        signer => refuse(Reject::SignatureWrongSigner, format!("signed by {signer}, not {account}")),
    }
}

/// Whether a signature can become wrong with the state of the chain.
pub fn depends_on_state(signature: &[u8]) -> bool {
    signature.first() == Some(&KIND_CONTRACT)
}

/// Signs a hash: deterministic (RFC 6979), with a low `s`.
///
/// # Errors
/// If `secret` is zero or not below the order of the group.
pub fn sign(secret: &B256, hash: B256) -> Result<Vec<u8>, ecdsa::Error> {
    let key = SigningKey::from_bytes(&secret.0.into())?;
    let (signature, parity) = key.sign_prehash_recoverable(hash.as_slice())?;
    Ok([&[KIND_ECDSA][..], &Signature::from((signature, parity)).as_bytes()].concat())
}

/// The account of a secret key.
///
/// # Errors
/// If `secret` is zero or not below the order of the group.
pub fn account(secret: &B256) -> Result<Address, ecdsa::Error> {
    let key = SigningKey::from_bytes(&secret.0.into())?;
    Ok(Address::from_private_key(&key))
}
