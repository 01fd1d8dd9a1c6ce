//! Wires that no constraint binds, in some row of their chip: what the chapter lists as free.

/// Wires that are free in some row of their chip, by the rules in which they occur, and why.
pub const FREE: &[(&str, &str, &str)] = &[
    ("add", "carry, difference, narrow carry, sum", "a move: no sum to carry from"),
    (
        "add",
        "difference, keeps if not zero, keeps only if not zero, put cell 0, sum, take cell 0",
        "a move: p is not read",
    ),
    ("add", "keeps only if not zero", "the inverse of p where p is 0"),
    ("branch", "equal if no difference", "the inverse of a difference of 0"),
    ("compare", "equal if no difference", "the inverse of a difference of 0"),
    ("call_indirect_trap", "entry is not null", "the inverse of an entry of 0"),
    (
        "call_indirect_trap",
        "entry is not null, entry is null, put cell 2, take cell 2, target in range",
        "the index is beyond the table: no entry is read",
    ),
    (
        "call_indirect_trap",
        "entry's type in range, target in range, types agree, types differ",
        "the cause is another one than the type",
    ),
    ("call_indirect_trap", "types differ", "the inverse of a difference of 0"),
    (
        "count",
        "below the highest, number by its highest, odd part, other bits in range",
        "ones are counted, or the number is 0: no highest or lowest one",
    ),
    ("count", "chunk, ones, ones in range", "no ones are counted"),
    ("count", "exponent in range, from the left, from the right, power", "ones are counted, or the number is 0"),
    ("end", "not zero only if so", "the inverse of a status of 0"),
    ("jump", "caller in range, frame of caller, return to", "no return"),
    ("jump", "jump to entry, put cell 0, return to, take cell 0", "neither a return nor indexed: p is not read"),
    ("memory", "added, no room, put cell 0, room, take cell 0", "the size: p is not read"),
    ("witness", "last if none after", "the inverse of the number of words after the last"),
    ("poseidon_trap", "borrow, lower half not below, upper half not below", "another cause: no word is read"),
    (
        "poseidon_trap",
        "lower half at fault, lower half not below, put cell 2, take cell 2",
        "another cause: no word is read",
    ),
    ("poseidon_trap", "lower half at fault, put cell 2, take cell 2", "another cause: no word is read"),
    ("poseidon_trap", "put cell 2, take cell 2, upper half at fault", "another cause: no word is read"),
    (
        "poseidon_trap",
        "put cell 2, take cell 2, upper half at fault, upper half not below",
        "another cause: no word is read",
    ),
];

/// Wires that can change together.
pub const FREE_PAIRS: &[(&str, &str, &str)] = &[
    ("bitwise", "chunk with chunk", "only the sums of all chunks count: the look-ups bind them"),
    (
        "poseidon_trap",
        "lower half at fault, lower half not below with lower half at fault, lower half not below, put cell 2, take cell 2",
        "another cause: no word is read",
    ),
    (
        "poseidon_trap",
        "lower half at fault, lower half not below, put cell 2, take cell 2 with lower half at fault, lower half not below",
        "another cause: no word is read",
    ),
    (
        "poseidon_trap",
        "lower half at fault, lower half not below, put cell 2, take cell 2 with lower half at fault, lower half not below, put cell 2, take cell 2",
        "another cause: no word is read",
    ),
    (
        "poseidon_trap",
        "put cell 2, take cell 2, upper half at fault, upper half not below with put cell 2, take cell 2, upper half at fault, upper half not below",
        "another cause: no word is read",
    ),
    (
        "poseidon_trap",
        "put cell 2, take cell 2, upper half at fault, upper half not below with upper half at fault, upper half not below",
        "another cause: no word is read",
    ),
    (
        "poseidon_trap",
        "upper half at fault, upper half not below with put cell 2, take cell 2, upper half at fault, upper half not below",
        "another cause: no word is read",
    ),
];
