//! Strict reading of RLP: one encoding for each value, and a reason for each fault.

use crate::notation::{Reject, Rejection};
use alloy_rlp::{Decodable, Encodable, Error, Header};

/// The encoding of a value.
pub fn encode(value: &impl Encodable) -> Vec<u8> {
    alloy_rlp::encode(value)
}

/// The length of the encoding of a value, without making it.
pub fn length(value: &impl Encodable) -> usize {
    value.length()
}

/// Reads the value whose encoding is all of `bytes`. `start` is their place in what they are a part of, for the errors.
/// Memory is bounded by the length of the bytes, which the caller has limited.
pub fn decode<T: Decodable>(bytes: &[u8], start: usize) -> Result<T, Rejection> {
    let mut rest = bytes;
    let value = T::decode(&mut rest).map_err(|error| fault(error, start))?;
    // OP-002: what follows a value is no part of it.
    match rest.len() {
        0 => Ok(value),
        more => {
            let detail = format!("{more} bytes follow the value");
            Err(Rejection::new(Reject::RlpLengthMismatch, start + bytes.len() - more, detail))
        }
    }
}

/// The items of a list, each with its own header; `bytes` holds the list and nothing else.
pub fn items(bytes: &[u8], start: usize) -> Result<Vec<&[u8]>, Rejection> {
    let mut rest = bytes;
    let header = Header::decode(&mut rest).map_err(|error| fault(error, start))?;
    if !header.list {
        return Err(fault(Error::UnexpectedString, start));
    }
    if header.payload_length != rest.len() {
        return Err(fault(Error::ListLengthMismatch { expected: header.payload_length, got: rest.len() }, start));
    }
    let mut items = Vec::new();
    while !rest.is_empty() {
        let before = rest;
        let header = Header::decode(&mut rest).map_err(|error| fault(error, start + bytes.len() - before.len()))?;
        rest = &rest[header.payload_length..];
        items.push(&before[..before.len() - rest.len()]);
    }
    Ok(items)
}

/// Whether a field of a list, counted from 0, has more than so many items, or bytes if it is a string. Nothing is read but
/// headers, and no more of them than needed; what is wrong with the encoding is found when it is decoded.
pub fn has_more(bytes: &[u8], field: usize, most: usize) -> bool {
    let mut rest = bytes;
    if !Header::decode(&mut rest).is_ok_and(|header| header.list) {
        return false;
    }
    for _ in 0..field {
        let Ok(header) = Header::decode(&mut rest) else { return false };
        rest = rest.get(header.payload_length..).unwrap_or_default();
    }
    let Ok(header) = Header::decode(&mut rest) else { return false };
    if !header.list {
        return header.payload_length > most;
    }
    let mut items = rest.get(..header.payload_length).unwrap_or_default();
    for _ in 0..=most {
        if items.is_empty() {
            return false;
        }
        let Ok(header) = Header::decode(&mut items) else { return false };
        items = items.get(header.payload_length..).unwrap_or_default();
    }
    true
}

fn fault(error: Error, start: usize) -> Rejection {
    let reason = match error {
        // OP-002: lengths, as far as headers say them.
        Error::InputTooShort | Error::ListLengthMismatch { .. } | Error::Custom(_) => Reject::RlpLengthMismatch,
        // OP-003: lists and strings are different things.
        Error::UnexpectedString | Error::UnexpectedList => Reject::RlpUnexpectedKind,
        // OP-004: one encoding for each value.
        Error::LeadingZero | Error::NonCanonicalSingleByte | Error::NonCanonicalSize => Reject::RlpNotCanonical,
        // OP-005: the size of a field's type.
        Error::Overflow | Error::UnexpectedLength => Reject::RlpFieldLength,
    };
    Rejection::new(reason, start, error.to_string())
}
