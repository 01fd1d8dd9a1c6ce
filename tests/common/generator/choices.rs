//! Where the generator's decisions come from: the bytes of a fuzzer or of a seed.

use arbitrary::Unstructured;
use wasm_encoder::ValType;

/// A stream of decisions. When the bytes run out every decision is its first option, which the generator arranges to
/// be the simplest: so a shorter seed makes a smaller module.
pub struct Choices<'a> {
    bytes: Unstructured<'a>,
}

/// Values at which arithmetic, shifts, extensions and comparisons change their behaviour.
const EDGES: [u64; 24] = [
    0,
    1,
    2,
    7,
    31,
    32,
    33,
    63,
    64,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_0000_0000,
    0xffff_ffff_ffff_ffff,
];

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices { bytes: Unstructured::new(bytes) }
    }

    /// A number from `low` to `high`.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        self.bytes.int_in_range(low..=high).unwrap_or(low)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.between(0, bound as u32 - 1) as usize
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.between(0, 99) >= 100 - percent.min(100)
    }

    /// One of the options.
    pub fn pick<T: Clone>(&mut self, options: &[T]) -> T {
        options[self.below(options.len())].clone()
    }

    /// Any 64-bit number.
    pub fn word(&mut self) -> u64 {
        self.bytes.arbitrary().unwrap_or(0)
    }

    /// A constant, often at an edge.
    pub fn constant(&mut self) -> u64 {
        match self.below(8) {
            0..4 => self.pick(&EDGES),
            4 => self.pick(&EDGES).wrapping_add(1),
            5 => u64::from(self.between(0, 20)),
            6 => 1 << self.below(64),
            _ => self.word(),
        }
    }

    /// A value type.
    pub fn value_type(&mut self) -> ValType {
        self.pick(&[ValType::I32, ValType::I64])
    }

    /// Value types, `low` to `high` of them.
    pub fn value_types(&mut self, low: u32, high: u32) -> Vec<ValType> {
        (0..self.between(low, high)).map(|_| self.value_type()).collect()
    }

    /// Bytes, at most `longest` of them.
    pub fn byte_string(&mut self, longest: u32) -> Vec<u8> {
        let length = self.between(0, longest);
        (0..length).map(|_| self.between(0, 255) as u8).collect()
    }
}
