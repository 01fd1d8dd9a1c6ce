// The host interface of an extension (imports of module "middle") for AssemblyScript.
//
// Input, witness, context, output and post-state are spaces of 64-bit words. Word i of a byte
// string is the little-endian integer of its bytes 8i..8i+8, zero padded; reading past the end
// gives zero.
@external("middle", "input")       export declare function input(word: u32): u64;
@external("middle", "input_len")   export declare function inputLen(): u32; // bytes
@external("middle", "witness")     export declare function witness(word: u32): u64;
@external("middle", "witness_len") export declare function witnessLen(): u32; // bytes
@external("middle", "context")     export declare function context(word: u32): u64;
@external("middle", "output")      export declare function output(word: u32, value: u64): void;
@external("middle", "output_len")  export declare function outputLen(bytes: u32): void;
@external("middle", "post_state")  export declare function postState(word: u32, value: u64): void;
// Hashes two field elements of four words, the lowest first; traps if one is not below the modulus.
@external("middle", "poseidon")    export declare function poseidon(pair: usize, hash: usize): void;
