//! Signatures by ECDSA, and by whatever a contract accepts.

use super::ChainView;
use crate::notation::{B256, Reject, Rejection};
use alloy_primitives::{Address, Signature};
use k256::ecdsa::SigningKey;

/// The length of an ECDSA signature: `r`, `s`, and 27 or 28.
pub const SIGNATURE_BYTES: usize = 65;

/// Who signed `hash` with these bytes.
pub fn recover(hash: B256, signature: &[u8]) -> Result<Address, Rejection> {
    // OP-009: 65 bytes.
    let Ok(bytes) = <[u8; SIGNATURE_BYTES]>::try_from(signature) else {
        let detail = format!("{} bytes; a signature has {SIGNATURE_BYTES}", signature.len());
        return Err(Rejection::new(Reject::SignatureLength, 0, detail));
    };
    let canonical = |detail: &str| Rejection::new(Reject::SignatureNotCanonical, 0, detail);
    // OP-010: one signature for each secret and nonce; a second form would give one Operation two wire hashes.
    if !matches!(bytes[64], 27 | 28) {
        return Err(canonical("the last byte is neither 27 nor 28"));
    }
    let signature = Signature::from_bytes_and_parity(&bytes[..64], bytes[64] == 28);
    if signature.normalize_s().is_some() {
        return Err(canonical("s is in the upper half"));
    }
    // The library refuses r and s outside of the group's order, and an r that is the abscissa of no point.
    signature.recover_address_from_prehash(&hash).map_err(|error| canonical(&error.to_string()))
}

/// Whether `account` signed `hash` with these bytes, as `view` knows the account.
pub fn verify(account: Address, hash: B256, signature: &[u8], view: &ChainView) -> Result<(), Rejection> {
    // OP-012: a contract answers for itself; what it answers depends on its state.
    if let Some(answers) = view.contracts.get(&account) {
        return match answers.contains(&(hash, signature.to_vec().into())) {
            true => Ok(()),
            false => Err(Rejection::new(Reject::ContractSignatureRefused, 0, format!("{account} refuses"))),
        };
    }
    // OP-011: the account itself.
    match recover(hash, signature)? {
        signer if signer == account => Ok(()),
        signer => Err(Rejection::new(Reject::SignatureWrongSigner, 0, format!("signed by {signer}, not {account}"))),
    }
}

/// Signs a hash: deterministic (RFC 6979), with a low `s`.
///
/// # Errors
/// If `secret` is zero or not below the order of the group.
pub fn sign(secret: &B256, hash: B256) -> Result<Vec<u8>, k256::ecdsa::Error> {
    let key = SigningKey::from_bytes(&secret.0.into())?;
    let (signature, parity) = key.sign_prehash_recoverable(hash.as_slice())?;
    Ok(Signature::from((signature, parity)).as_bytes().to_vec())
}

/// The account of a secret key.
///
/// # Errors
/// If `secret` is zero or not below the order of the group.
pub fn account(secret: &B256) -> Result<Address, k256::ecdsa::Error> {
    let key = SigningKey::from_bytes(&secret.0.into())?;
    Ok(Address::from_private_key(&key))
}
