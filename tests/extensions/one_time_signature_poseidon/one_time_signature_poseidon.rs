//! The one-time signature of `one_time_signature` with Poseidon for SHA-256. Elements are 32 bytes,
//! little-endian; a number stands for the element with this value.
//!
//!   digest     = the message's bytes (u32), then sender, lane and message in pieces of 24 bytes, the
//!                last one completed with zeros, each hashed onto what is before it
//!   digits     = the first n bytes of the digest, two bits a digit, low bits first (4n of them),
//!                then their checksum, the sum of 3 - digit, in base 4, high digit first
//!   step       = poseidon(value, 4 chain + position)
//!   public key = n, then the end of chain 0, the end of chain 1, ..., each hashed onto what is before
//!
//! To hash x onto y is poseidon(y, x). Numbers of the message come first and of the chains last, so
//! no two uses share a pair. Why a signature cannot be changed is said in `one_time_signature`.
//!
//! input:   n (u64, little-endian), public key (element), message (any length)
//! witness: signature, an element for each chain
//! output:  the signed digest, an element (when rejected: nothing)
//! rejects: 1 = input shorter than its header, 2 = n is not 1 to 32,
//!          3 = signature length is wrong, 4 = signature does not match
//! traps:   a value of the signature that is no element
#![no_std]
#![no_main]

#[path = "../middle.rs"]
mod middle;
use middle::*;

const HEADER_WORDS: u32 = 5;
const LAST_POSITION: u32 = 3;
/// Words of a piece of the message: any of them is an element.
const PIECE_WORDS: u32 = 3;

/// Base-4 digits that hold the largest checksum, 12 n.
fn checksum_digits(n: u32) -> u32 {
    let mut digits = 0;
    while (12 * n) >> (2 * digits) != 0 {
        digits += 1;
    }
    digits
}

fn push_words(state: &Element, read: fn(u32) -> u64, word: u32, words: u32) -> Element {
    let mut state = *state;
    for piece in 0..(words + PIECE_WORDS - 1) / PIECE_WORDS {
        let mut element = [0; 4];
        for i in 0..PIECE_WORDS {
            let at = PIECE_WORDS * piece + i;
            element[i as usize] = if at < words { read(word + at) } else { 0 };
        }
        state = poseidon(&state, &element);
    }
    state
}

fn message_digest(bytes: u32) -> Element {
    let mut state = number(bytes as u64);
    state = push_words(&state, context, field::SENDER, 4);
    state = push_words(&state, context, field::LANE, 4);
    push_words(&state, input, HEADER_WORDS, (bytes + 7) / 8)
}

fn chain_end(start: Element, chain: u32, digit: u32) -> Element {
    let mut value = start;
    for position in digit..LAST_POSITION {
        value = poseidon(&value, &number((4 * chain + position) as u64));
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
    let mut public_key = number(n as u64);
    for chain in 0..chains {
        let digit = if chain < message_chains {
            let digit = (signed[(chain / 32) as usize & 3] >> (2 * (chain % 32))) as u32 & 3;
            checksum += LAST_POSITION - digit;
            digit
        } else {
            checksum >> (2 * (chains - 1 - chain)) & 3
        };
        public_key = poseidon(&public_key, &chain_end(element(witness, 4 * chain), chain, digit));
    }
    if public_key != element(input, 1) {
        return 4;
    }

    put_element(output, &signed);
    output_len(32);
    0
}
