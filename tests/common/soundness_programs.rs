//! Programs that meet every chip.
#![allow(dead_code)]

use super::soundness::*;
use ark_bn254::Fr;
use ark_ff::{One, PrimeField, Zero};
use middle_client::canonical_code::{
    CanonicalCode, Cell, IMMEDIATE_1, IMMEDIATE_2, Opcode, Shape, Space, Word, execute, table_entry,
};
use middle_client::host_interface::Inputs;
use middle_client::notation::{Outcome, Trap};
use std::sync::OnceLock;

use Opcode::*;

const MIN_32: u64 = 1 << 31;
const MIN_64: u64 = 1 << 63;
const MAX_32: u64 = u32::MAX as u64;

/// Whether an operation expects operands of 32 bits.
fn is_narrow(opcode: Opcode) -> bool {
    use Opcode::*;
    matches!(
        opcode,
        Add32
            | Sub32
            | LtS32
            | GeS32
            | BranchLtS32
            | BranchGeS32
            | Shl32
            | ShrU32
            | ShrS32
            | Rotl32
            | Rotr32
            | Clz32
            | Ctz32
            | Extend8S32
            | Extend16S32
            | Mul32
            | DivS32
            | RemS32
    )
}

fn of_shape(shape: Shape) -> impl Iterator<Item = Opcode> {
    Opcode::ALL.iter().copied().filter(move |opcode| opcode.shape() == shape)
}

fn traps(opcode: Opcode, first: u64, second: u64) -> bool {
    match opcode {
        DivU | RemU | RemS32 | RemS64 => second == 0,
        DivS32 => second == 0 || first == MIN_32 && second == MAX_32,
        DivS64 => second == 0 || first == MIN_64 && second == u64::MAX,
        _ => false,
    }
}

/// A binary operation, a branch over a word, or a unary operation, in all modes.
fn words_of(opcode: Opcode, first: u64, second: u64) -> Vec<Word> {
    let mut words = vec![set(1, first), set(2, second)];
    match opcode.shape() {
        Shape::Binary => words.extend([
            word(opcode, 0, 3, 1, 2, 0),
            word(opcode, IMMEDIATE_1, 3, 0, 2, first),
            word(opcode, IMMEDIATE_2, 3, 1, 0, second),
        ]),
        Shape::Unary => words.extend([word(opcode, 0, 3, 1, 0, 0), word(opcode, IMMEDIATE_1, 3, 0, 0, first)]),
        Shape::Conditional => words.extend([word(opcode, 0, 3, 1, 2, 0), word(opcode, IMMEDIATE_1, 3, 0, 2, first)]),
        _ => {}
    }
    words
}

fn ended(mut words: Vec<Word>) -> Vec<Word> {
    words.push(halt(0));
    words
}

/// Jumps are relative to the word until they are put in a program.
fn append(words: &mut Vec<Word>, more: &[Word]) {
    let start = words.len() as u64;
    words.extend(more.iter().enumerate().map(|(index, word)| match word.opcode.shape() {
        Shape::Branch | Shape::Jump | Shape::Call => Word { immediate: word.immediate + start + index as u64, ..*word },
        _ => *word,
    }));
}

/// Operands at the edges.
const PAIRS: [(u64, u64); 15] = [
    (0, 0),
    (1, u64::MAX),
    (u64::MAX, 1),
    (u64::MAX, u64::MAX),
    (MIN_64, u64::MAX),
    (MIN_64, 1),
    (MIN_32, MAX_32),
    (MIN_32 - 1, MIN_32),
    (MIN_64 - 1, MIN_64),
    (0x8000_0001_8000_0001, 31),
    (0x8000_0001_8000_0001, 32),
    (0x8000_0001_8000_0001, 63),
    (0xdead_beef_0123_4567, 0),
    (0xdead_beef_0123_4567, 64),
    (3, 0x0000_0001_0000_0001),
];

/// Every operation on registers at edge operands.
pub fn edge_programs() -> Vec<(String, CanonicalCode)> {
    let mut programs = Vec::new();
    for (first, second) in PAIRS {
        let mut words = Vec::new();
        let mut all: Vec<Vec<Word>> = Vec::new();
        for opcode in [Shape::Binary, Shape::Unary, Shape::Conditional].into_iter().flat_map(of_shape) {
            let cut = |value: u64| if is_narrow(opcode) { value & MAX_32 } else { value };
            let (first, second) = (cut(first), cut(second));
            if !traps(opcode, first, second) {
                all.push(words_of(opcode, first, second));
            }
        }
        for opcode in of_shape(Shape::Branch) {
            let cut = |value: u64| if is_narrow(opcode) { value & MAX_32 } else { value };
            let (first, second) = (cut(first), cut(second));
            let (first_32, second_32) = (first & MAX_32, second & MAX_32);
            all.push(vec![
                set(1, first),
                set(2, second),
                word(opcode, 0, 0, 1, 2, 2),
                set(3, 1),
                word(opcode, IMMEDIATE_1, 0, 0, 2, 2 | first_32 << 32),
                set(3, 1),
                word(opcode, IMMEDIATE_2, 0, 1, 0, 2 | second_32 << 32),
                set(3, 1),
            ]);
        }
        for more in all {
            if words.len() + more.len() >= TIER.code_words {
                programs.push((format!("{first:#x}, {second:#x}"), program(ended(std::mem::take(&mut words)))));
            }
            append(&mut words, &more);
        }
        programs.push((format!("{first:#x}, {second:#x}"), program(ended(words))));
    }
    programs.extend(memory_programs());
    programs.extend(hashes());
    programs
}

fn memory_programs() -> Vec<(String, CanonicalCode)> {
    let mut programs = Vec::new();
    // The last byte, word and pair of words, and one before.
    for base in [0, 1, 4, 5, 7, 65_520, 65_528] {
        let mut words = vec![set(1, base), set(2, 0x8182_8384_8586_8788)];
        for (opcode, size) in [(Store8, 1), (Store16, 2), (Store32, 4), (Store64, 8)] {
            let offset = if base == 65_528 { 8 - size } else { 3 };
            words.extend([
                word(opcode, 0, 0, 1, 2, offset),
                word(opcode, IMMEDIATE_1, 0, 0, 2, base + offset),
                word(opcode, IMMEDIATE_2, 0, 1, 0, offset | 0xfedc_ba98 << 32),
                word(opcode, IMMEDIATE_1 | IMMEDIATE_2, 0, 0, 0, (base + offset) | (0x7654_3210 << 32)),
            ]);
        }
        for opcode in of_shape(Shape::Load) {
            let size = match opcode {
                Load8U | Load8S32 | Load8S64 => 1,
                Load16U | Load16S32 | Load16S64 => 2,
                Load64 => 8,
                _ => 4,
            };
            let offset = if base == 65_528 { 8 - size } else { 2 };
            words.extend([word(opcode, 0, 3, 1, 0, offset), word(opcode, IMMEDIATE_1, 3, 0, 0, base + offset)]);
        }
        programs.push((format!("memory at {base}"), program(ended(words))));
    }
    let grown = vec![
        set(1, 1),
        word(Size, 0, 2, 0, 0, 0),
        word(Grow, 0, 2, 1, 0, 3),
        word(Grow, 0, 2, 1, 0, 2),
        word(Grow, 0, 2, 2, 0, 1024),
        set(1, 0),
        word(Grow, 0, 2, 1, 0, 2),
        set(1, MAX_32),
        word(Grow, 0, 2, 1, 0, 1024),
        word(Size, 0, 3, 0, 0, 0),
    ];
    programs.push(("grow".into(), program(ended(grown))));
    programs
}

/// Calls, returns, jumps.
pub fn calls() -> CanonicalCode {
    let words = vec![
        /* 0 */ set(1, 1),
        /* 1 */ word(Call, 0, 9, 0, 8, 8),
        /* 2 */ word(JumpIndexed, 0, 0, 1, 0, 0),
        /* 3 */ word(Jump, 0, 0, 0, 0, 7),
        /* 4 */ word(Jump, 0, 0, 0, 0, 5),
        /* 5 */ set(2, 0),
        /* 6 */ word(CallIndirect, 0, 9, 2, 8, 7 | 2 << 32),
        /* 7 */ halt(0),
        /* 8 */ set(2, 77),
        /* 9 */ word(Return, 0, 0, 1, 0, 0),
    ];
    let image = vec![
        Cell { space: Space::Table, index: 0, value: table_entry(8, 7) },
        Cell { space: Space::Table, index: 1, value: table_entry(8, 6) },
    ];
    program_with(words, image, 0)
}

/// A call through the table that traps.
pub fn indirect(index: u64, distance: u16, depth: u16) -> CanonicalCode {
    let mut words = vec![];
    for at in 0..depth {
        words.push(word(Call, 0, 8_189, 0, distance, u64::from(at) + 1));
    }
    words.push(set(1, index));
    words.push(word(CallIndirect, 0, 9, 1, distance, 7 | 3 << 32));
    words.push(halt(0));
    let image = vec![
        Cell { space: Space::Table, index: 0, value: table_entry(u32::from(depth) + 2, 7) },
        Cell { space: Space::Table, index: 1, value: table_entry(u32::from(depth) + 2, 6) },
    ];
    program_with(words, image, 0)
}

/// Calls as deep as these distances.
pub fn deep(distances: &[u16]) -> CanonicalCode {
    let calls = distances.iter().enumerate();
    program(ended(calls.map(|(at, distance)| word(Call, 0, 8_189, 0, *distance, at as u64 + 1)).collect()))
}

/// The modulus of the field of elements.
pub const MODULUS: [u64; 4] = Fr::MODULUS.0;
/// Two elements, with something in every word of the left one.
pub const ELEMENTS: [u64; 8] = [3, 7, 7, 7, 5, 0, 0, 1];

/// A hash of these words, which lie at `input`.
pub fn hash(words: [u64; 8], input: u64, output: u64) -> CanonicalCode {
    let cells = words.iter().enumerate().filter(|(_, value)| **value != 0);
    let cell = |(index, value): (usize, &u64)| Cell { space: Space::Memory, index: index as u32, value: *value };
    let words = vec![set(1, input), set(2, output), word(Poseidon, 0, 0, 1, 2, 0), halt(0)];
    program_with(words, cells.map(cell).collect(), 1)
}

/// Elements at the modulus' edges.
fn hashes() -> Vec<(String, CanonicalCode)> {
    let [a, b, c, d] = MODULUS;
    let largest = [a - 1, b, c, d];
    vec![
        ("hash".into(), hash(ELEMENTS, 0, 64)),
        ("hash over its input".into(), hash(ELEMENTS, 0, 24)),
        ("hash of the largest".into(), hash([largest, largest].concat().try_into().unwrap(), 0, 65_504)),
        ("hash at the memory's end".into(), hash([0; 8], 65_472, 0)),
        ("hash of upper halves".into(), hash([0, 0, c, d, u64::MAX, u64::MAX, c - 1, d], 0, 64)),
    ]
}

/// Hashes that trap.
fn hash_traps() -> Vec<(Trap, CanonicalCode)> {
    let with = |side: usize, words: [u64; 4]| {
        let mut elements = ELEMENTS;
        elements[4 * side..4 * side + 4].copy_from_slice(&words);
        (Trap::ElementNotCanonical, hash(elements, 0, 64))
    };
    let [a, b, c, d] = MODULUS;
    vec![
        (Trap::UnalignedAddress, hash(ELEMENTS, 12, 64)),
        (Trap::UnalignedAddress, hash(ELEMENTS, 0, 65_535)),
        (Trap::OutOfBoundsMemoryAccess, hash(ELEMENTS, 65_480, 64)),
        (Trap::OutOfBoundsMemoryAccess, hash(ELEMENTS, 0, 65_512)),
        with(0, MODULUS),
        with(1, MODULUS),
        with(0, [0, 0, c + 1, d]),
        with(1, [a, b + 1, c, d]),
        with(1, [u64::MAX; 4]),
    ]
}

/// Inputs of every kind, and output.
pub fn cells() -> (CanonicalCode, Inputs) {
    let words = vec![
        set(1, 1),
        word(Get, IMMEDIATE_1, 2, 0, Space::Input as u16, 0),
        word(Get, 0, 3, 1, Space::Witness as u16, 0),
        word(Get, IMMEDIATE_1, 4, 0, Space::Length as u16, 1),
        word(Get, IMMEDIATE_1, 5, 0, Space::Context as u16, 3),
        word(Set, 0, Space::Output as u16, 1, 2, 0),
        word(Set, IMMEDIATE_1, Space::Output as u16, 0, 3, 0),
        word(Set, IMMEDIATE_2, Space::Global as u16, 1, 0, 5 << 32),
        word(Set, IMMEDIATE_1 | IMMEDIATE_2, Space::Length as u16, 0, 0, 2 | 16 << 32),
        word(Set, IMMEDIATE_1, Space::PostState as u16, 0, 3, 2),
        word(Get, IMMEDIATE_1, 6, 0, Space::Global as u16, 1),
        word(Get, IMMEDIATE_1, 7, 0, Space::Witness as u16, 2),
        halt(0),
    ];
    let mut inputs = Inputs { input: b"input of Operation".to_vec(), witness: vec![0x91; 13], ..Inputs::default() };
    inputs.context.fields[0].0 = [7; 32];
    inputs.context.fields[7].0 = [0x5a; 32];
    let image = vec![Cell { space: Space::Global, index: 1, value: 44 }];
    (program_with(words, image, 1), inputs)
}

/// A loop that runs longer than a cell may rest.
fn long() -> CanonicalCode {
    program(vec![
        set(5, 55),
        set(1, 780),
        binary_immediate(Sub64, 1, 1, 1),
        word(BranchNe, IMMEDIATE_2, 0, 1, 0, 4),
        word(Jump, 0, 0, 0, 0, 6),
        halt(1),
        binary_immediate(Add64, 2, 2, 1),
        word(BranchNe, IMMEDIATE_2, 0, 1, 0, 2),
        word(Move, 0, 6, 5, 0, 0),
        halt(3),
    ])
}

fn outcome(code: &CanonicalCode) -> Outcome {
    execute(code, &Inputs::default(), 10_000).execution.outcome
}

/// Programs that end in a trap.
pub fn trap_programs() -> Vec<(String, CanonicalCode)> {
    let divide = |opcode, first, second, mode| {
        let operands = match mode {
            IMMEDIATE_1 => word(opcode, mode, 3, 0, 2, first),
            IMMEDIATE_2 => word(opcode, mode, 3, 1, 0, second),
            _ => word(opcode, mode, 3, 1, 2, 0),
        };
        ended(vec![set(1, first), set(2, second), operands])
    };
    let mut programs = vec![];
    for mode in immediate_modes() {
        programs.push((Trap::IntegerDivideByZero, program(divide(DivU, 7, 0, mode))));
        programs.push((Trap::IntegerDivideByZero, program(divide(RemS32, 7, 0, mode))));
        programs.push((Trap::IntegerOverflow, program(divide(DivS32, MIN_32, MAX_32, mode))));
        programs.push((Trap::IntegerOverflow, program(divide(DivS64, MIN_64, u64::MAX, mode))));
    }
    for (opcode, size) in [(Load8U, 1), (Load16S32, 2), (Load32S64, 4), (Load64, 8)] {
        let base = 65_536 - size + 1;
        let words = vec![set(1, base - 3), word(opcode, 0, 2, 1, 0, 3), halt(0)];
        programs.push((Trap::OutOfBoundsMemoryAccess, program(words)));
        let words = vec![word(opcode, IMMEDIATE_1, 2, 0, 0, base), halt(0)];
        programs.push((Trap::OutOfBoundsMemoryAccess, program(words)));
    }
    for (opcode, size) in [(Store8, 1), (Store16, 2), (Store32, 4), (Store64, 8)] {
        let base = 65_536 - size + 1;
        let words = vec![set(1, base - 3), set(2, 5), word(opcode, 0, 0, 1, 2, 3), halt(0)];
        programs.push((Trap::OutOfBoundsMemoryAccess, program(words)));
        let words = vec![word(opcode, IMMEDIATE_1 | IMMEDIATE_2, 0, 0, 0, base | 9 << 32), halt(0)];
        programs.push((Trap::OutOfBoundsMemoryAccess, program(words)));
    }
    programs.extend(hash_traps());
    programs.push((Trap::CallStackExhausted, deep(&[8_191; 8])));
    programs.push((Trap::UndefinedElement, indirect(3, 8, 0)));
    programs.push((Trap::UninitializedElement, indirect(2, 8, 0)));
    programs.push((Trap::IndirectCallTypeMismatch, indirect(1, 8, 0)));
    programs.push((Trap::CallStackExhausted, indirect(0, 8_191, 7)));
    programs.push((Trap::Unreachable, program(vec![word(Trap, 0, 0, 0, 0, Trap::Unreachable.code().into())])));
    programs
        .into_iter()
        .map(|(trap, code)| {
            assert_eq!(outcome(&code), Outcome::Trapped(trap), "{code}");
            (format!("{trap:?}"), code)
        })
        .collect()
}

/// One word of each operation and mode, at operands with something in every part.
fn showcase() -> Vec<(String, CanonicalCode)> {
    let mut programs = Vec::new();
    let mut words = Vec::new();
    for opcode in [Shape::Binary, Shape::Unary, Shape::Conditional].into_iter().flat_map(of_shape) {
        let pairs: &[(u64, u64)] = match opcode {
            Shl32 | ShrU32 | ShrS32 | Rotl32 | Rotr32 => &[(0x9000_0003, 0x8000_0025), (0x9000_0003, 0), (3, 31)],
            Shl64 | ShrU64 | ShrS64 | Rotl64 | Rotr64 => &[(MIN_64 + 3, 64), (MIN_64 + 3, 63), (3, 127)],
            DivS64 | RemS64 => &[(MIN_64, 1), (MIN_64 + 9, u64::MAX - 3), (9, u64::MAX - 2), (8, 4)],
            DivU | RemU => &[(MIN_64, 1), (8, 4), (3, u64::MAX)],
            LtU | GeU | LtS64 | GeS64 => &[(MIN_64, MIN_64 - 1), (7, 7)],
            _ if opcode.shape() == Shape::Conditional => &[(5, 0), (5, 6)],
            _ if opcode.shape() == Shape::Unary => &[(0x8000_9081, 0), (0, 0)],
            _ if is_narrow(opcode) => &[(0xf000_0001, 0x9000_0002), (0x0000_0007, 0xffff_fffd)],
            Eq | Ne => &[(7, 7), (7, 8)],
            Mul64 | And | Or | Xor => &[(0xf000_0000_0000_0001, 0x9000_0000_0000_0002), (0, 0), (1 << 63, 2)],
            _ => &[(0xf000_0000_0000_0001, 0x9000_0000_0000_0002)],
        };
        for (first, second) in pairs {
            if words.len() + 6 >= TIER.code_words {
                programs.push((format!("up to {}", opcode.name()), program(ended(std::mem::take(&mut words)))));
            }
            append(&mut words, &words_of(opcode, *first, *second));
        }
    }
    programs.push(("the last".into(), program(ended(words))));
    for taken in [0, 1] {
        let mut words = vec![set(1, 3), set(2, 3 + taken)];
        for opcode in of_shape(Shape::Branch) {
            append(
                &mut words,
                &[word(opcode, 0, 0, 1, 2, 2), set(3, 1), word(opcode, IMMEDIATE_2, 0, 1, 0, 1 | 3 << 32)],
            );
        }
        programs.push((format!("branches {taken}"), program(ended(words))));
    }
    programs
}

/// The name of the program that refreshes cells: its other rows are much like each other.
pub const LONG: &str = "long";

/// Rows of these proofs: segment and block. Of those that are alike, wire by wire 0, 1 or something else, a few.
pub fn samples(most: usize) -> Vec<(&'static World, usize, &'static Block)> {
    let mut seen: std::collections::HashMap<(&str, Vec<u8>), usize> = Default::default();
    let mut samples = Vec::new();
    for (_, world) in worlds() {
        for (segment, block) in world.active() {
            let values = &world.values[segment][block.wires.clone()];
            let kind =
                |value: &ark_bn254::Fr| u8::from(!value.is_zero()) + u8::from(!value.is_zero() && !value.is_one());
            let count = seen.entry((block.chip, values.iter().map(kind).collect())).or_insert(0);
            *count += 1;
            if *count <= most {
                samples.push((world, segment, block));
            }
        }
    }
    samples
}

/// Honest proofs of all of these.
pub fn worlds() -> &'static [(String, World)] {
    static WORLDS: OnceLock<Vec<(String, World)>> = OnceLock::new();
    WORLDS.get_or_init(|| {
        let mut worlds = Vec::new();
        let programs = showcase()
            .into_iter()
            .chain(
                memory_programs()
                    .into_iter()
                    .filter(|(name, _)| ["memory at 5", "memory at 65528", "grow"].contains(&&name[..])),
            )
            .chain(trap_programs())
            .chain(hashes())
            .chain([("calls".into(), calls()), (LONG.into(), long())]);
        for (name, code) in programs {
            let world = World::honest(&code, &Inputs::default(), 10_000);
            worlds.push((name, world));
        }
        let (code, inputs) = cells();
        worlds.push(("cells".into(), World::honest(&code, &inputs, 10_000)));
        worlds.push(("limit".into(), World::honest(&calls(), &Inputs::default(), 4)));
        worlds
    })
}
