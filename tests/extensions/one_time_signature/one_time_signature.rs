//! A hash-based one-time signature (Winternitz, base 4) as a custom account scheme: the long
//! signature stays in the witness, only the public key and the message are public.
//!
//!   digest     = SHA-256(sender field || lane field || message)
//!   digits     = the first n bytes of the digest, two bits a digit, high bits first (4n of them),
//!                then their checksum, the sum of 3 - digit, in base 4, high digit first
//!   step       = SHA-256(value || chain as u32 || position as u32), big-endian, 40-byte message
//!   public key = SHA-256(end of chain 0 || end of chain 1 || ... || n as u32)
//!
//! A chain has positions 0 to 3; the signature holds it at position `digit`, and the check walks it
//! to the end. Whoever raises a digit of the message must lower one of the checksum, which would
//! take a preimage. The digest takes in the account and the lane, so a signature cannot be moved.
//! n = 32 is the secure choice; smaller ones exist to make short runs, and since n is hashed into
//! the public key, a signer cannot be talked into a weaker one.
//!
//! input:   n (u64, little-endian), public key (32 bytes), message (any length)
//! witness: signature, one 32-byte value for each chain
//! output:  the signed digest, 32 bytes (when rejected: nothing)
//! rejects: 1 = input shorter than its header, 2 = n is not 1 to 32,
//!          3 = signature length is wrong, 4 = signature does not match
#![no_std]
#![no_main]

#[path = "../middle.rs"]
mod middle;
use middle::*;
#[path = "../sha256.rs"]
mod sha256;
use sha256::Sha256;

const HEADER_WORDS: u32 = 5;
const LAST_POSITION: u32 = 3;

/// Base-4 digits that hold the largest checksum, 12 n.
fn checksum_digits(n: u32) -> u32 {
    let mut digits = 0;
    while (12 * n) >> (2 * digits) != 0 {
        digits += 1;
    }
    digits
}

fn message_digest(bytes: u32) -> [u32; 8] {
    let mut hash = Sha256::new();
    hash.push_all(&digest(context, field::SENDER));
    hash.push_all(&digest(context, field::LANE));
    let words = bytes / 4;
    let word = |i: u32| (input(HEADER_WORDS + i / 2) >> (32 * (i % 2))) as u32;
    for i in 0..words {
        hash.push(word(i).swap_bytes());
    }
    hash.finish(word(words).swap_bytes(), bytes % 4)
}

fn chain_end(start: [u32; 8], chain: u32, digit: u32) -> [u32; 8] {
    let mut value = start;
    for position in digit..LAST_POSITION {
        let mut hash = Sha256::new();
        hash.push_all(&value);
        hash.push(chain);
        hash.push(position);
        value = hash.finish(0, 0);
    }
    value
}

#[no_mangle]
pub extern "C" fn run() -> u32 {
    let bytes = input_len();
    if bytes < 8 * HEADER_WORDS {
        return 1;
    }
    let n = input(0);
    if n < 1 || n > 32 {
        return 2;
    }
    let n = n as u32;
    let message_chains = 4 * n;
    let chains = message_chains + checksum_digits(n);
    if witness_len() != 32 * chains {
        return 3;
    }

    let signed = message_digest(bytes - 8 * HEADER_WORDS);
    let mut checksum = 0;
    let mut public_key = Sha256::new();
    for chain in 0..chains {
        let digit = if chain < message_chains {
            let digit = signed[(chain / 16) as usize & 7] >> (30 - 2 * (chain % 16)) & 3;
            checksum += LAST_POSITION - digit;
            digit
        } else {
            checksum >> (2 * (chains - 1 - chain)) & 3
        };
        public_key.push_all(&chain_end(digest(witness, 4 * chain), chain, digit));
    }
    public_key.push(n);
    if public_key.finish(0, 0) != digest(input, 1) {
        return 4;
    }

    put_digest(output, &signed);
    output_len(32);
    0
}
