//! The host interface of an extension (imports of module `middle`) for Rust.
//!
//! Input, witness, context, output and post-state are spaces of 64-bit words. Word `i` of a byte
//! string is the little-endian integer of its bytes `8i..8i+8`, zero padded; reading past the end
//! gives zero.
#![allow(dead_code)]

mod host {
    #[link(wasm_import_module = "middle")]
    extern "C" {
        pub fn input(word: u32) -> u64;
        pub fn input_len() -> u32;
        pub fn witness(word: u32) -> u64;
        pub fn witness_len() -> u32;
        pub fn context(word: u32) -> u64;
        pub fn output(word: u32, value: u64);
        pub fn output_len(bytes: u32);
        pub fn post_state(word: u32, value: u64);
        pub fn poseidon(pair: *const u64, hash: *mut u64);
    }
}

// The imports are `unsafe` to the compiler only: none of these touches this module's memory.
pub fn input(word: u32) -> u64 { unsafe { host::input(word) } }
pub fn input_len() -> u32 { unsafe { host::input_len() } }
pub fn witness(word: u32) -> u64 { unsafe { host::witness(word) } }
pub fn witness_len() -> u32 { unsafe { host::witness_len() } }
pub fn context(word: u32) -> u64 { unsafe { host::context(word) } }
pub fn output(word: u32, value: u64) { unsafe { host::output(word, value) } }
pub fn output_len(bytes: u32) { unsafe { host::output_len(bytes) } }
pub fn post_state(word: u32, value: u64) { unsafe { host::post_state(word, value) } }

/// First word of a context field; field `f` is words `4f..4f+4`, a 32-byte big-endian value.
pub mod field {
    pub const SENDER: u32 = 4;
    pub const LANE: u32 = 8;
    pub const PRE_STATE_ROOT: u32 = 28;
}

/// Four little-endian host words as the eight big-endian words of a SHA-256 digest, and back.
pub fn digest(read: fn(u32) -> u64, word: u32) -> [u32; 8] {
    let mut out = [0; 8];
    for i in 0..4 {
        let v = read(word + i as u32);
        out[2 * i] = (v as u32).swap_bytes();
        out[2 * i + 1] = ((v >> 32) as u32).swap_bytes();
    }
    out
}
pub fn put_digest(write: fn(u32, u64), value: &[u32; 8]) {
    for i in 0..4 {
        let low = value[2 * i].swap_bytes() as u64;
        let high = value[2 * i + 1].swap_bytes() as u64;
        write(i as u32, high << 32 | low);
    }
}

/// A field element: the words of a number below the modulus, the lowest first.
pub type Element = [u64; 4];

pub fn number(value: u64) -> Element { [value, 0, 0, 0] }

pub fn element(read: fn(u32) -> u64, word: u32) -> Element {
    [read(word), read(word + 1), read(word + 2), read(word + 3)]
}

pub fn put_element(write: fn(u32, u64), value: &Element) {
    for i in 0..4 {
        write(i as u32, value[i]);
    }
}

/// The Poseidon hash of two elements; traps if one of them is none.
pub fn poseidon(left: &Element, right: &Element) -> Element {
    let mut pair = [left[0], left[1], left[2], left[3], right[0], right[1], right[2], right[3]];
    // It reads eight words and then writes four, all of them this array's.
    unsafe { host::poseidon(pair.as_ptr(), pair.as_mut_ptr()) };
    [pair[0], pair[1], pair[2], pair[3]]
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
