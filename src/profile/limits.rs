//! The numbers of the profile. The chapter's table has the same rows.

/// Largest module in bytes. A proof covers the code, so a module is a small thing: 1 MiB is four times what a large
/// Rust extension has after `wasm-opt`, and it bounds everything that is proportional to the module.
pub const MAX_MODULE_BYTES: usize = 1_048_576;

/// Longest name in bytes: the limit that engines share on the length of strings in a module.
pub const MAX_NAME_BYTES: u32 = 100_000;

/// Largest number of parameters of a function type. One instruction of two bytes may pop and push as many values, so
/// this bounds the time of validation; compilers pass more arguments in memory. Twice the limit of wasmi's strict mode.
pub const MAX_PARAMS: u32 = 64;

/// Largest number of results of a function type, for the reason of [`MAX_PARAMS`].
pub const MAX_RESULTS: u32 = 64;

/// Largest number of functions, imports included. With [`MAX_FRAME_SLOTS`] it bounds the locals of a module: 2^26. A
/// module of the largest size whose functions have 64 bytes on average, half of what compilers emit, has as many.
pub const MAX_FUNCTIONS: u32 = 16_384;

/// Largest number of exports. With [`MAX_PARAMS`] and [`MAX_RESULTS`] it bounds what a client compares to link a
/// module: a million types, the limit that engines share on the size of a module's type.
pub const MAX_EXPORTS: u32 = 4_096;

/// Largest number of element segments: the limit that engines share.
pub const MAX_ELEMENT_SEGMENTS: u32 = 100_000;

/// Largest number of data segments: the limit that engines share.
pub const MAX_DATA_SEGMENTS: u32 = 100_000;

/// Largest number of slots of one frame: parameters, results, link word, locals and operands. Slots are addressed by
/// 16 bits relative to the frame pointer, and a sixteenth of that range is far beyond what compilers need.
pub const MAX_FRAME_SLOTS: u32 = 4_096;

/// Largest frame pointer, in slots: with the largest frame the register space has 65,536 slots.
pub const MAX_FRAME_POINTER: u32 = 65_536 - MAX_FRAME_SLOTS;

/// Largest number of entries of the table: four times the number of functions that could be in it.
pub const MAX_TABLE_ENTRIES: u32 = 65_536;

/// Largest memory in pages of 65,536 bytes: 64 MiB, the stack and heap that compilers reserve by default many times
/// over, in reach of every client.
pub const MAX_MEMORY_PAGES: u32 = 1_024;
