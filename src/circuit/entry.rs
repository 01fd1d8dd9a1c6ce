//! The entry of a code word in the code table: one field element that a row takes apart in exactly one way.

use super::bus::pow2;
use crate::canonical_code::{Class, IMMEDIATE_1, IMMEDIATE_2, Opcode, Shape, Space, Word};
use crate::profile::MAX_MEMORY_PAGES;
use ark_bn254::Fr;

/// CIRCUIT-010: the parts of an entry. `selector` is the class and the features, `slots` are below 2¹³ and range-checked
/// by every row; `rest` and `high` are what the other parts leave, and bounded by what a row uses them for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The class's number, from 1, in five bits, then a bit for each feature of the chip.
    pub selector: u32,
    /// Mostly: destination, operand 1's slot, a distance or space.
    pub slots: [u16; 3],
    /// An immediate, or the slot of operand 2.
    pub rest: u64,
    /// A second immediate, above the first.
    pub high: u32,
}

/// Where the parts stand.
pub const SLOT_SHIFT: [u32; 3] = [16, 32, 48];
/// Where `rest` stands.
pub const REST_SHIFT: u32 = 64;
/// Where `high` stands: beyond any `rest`, even one of 64 bits that is off by a few.
pub const HIGH_SHIFT: u32 = REST_SHIFT + 70;
/// Bits of the class in the selector.
pub const CLASS_BITS: u32 = 5;

impl Entry {
    /// The field element.
    pub fn pack(&self) -> Fr {
        let mut sum = Fr::from(u64::from(self.selector));
        for (slot, shift) in self.slots.iter().zip(SLOT_SHIFT) {
            sum += Fr::from(u64::from(*slot)) * pow2(shift);
        }
        sum + Fr::from(self.rest) * pow2(REST_SHIFT) + Fr::from(u64::from(self.high)) * pow2(HIGH_SHIFT)
    }

    /// Whether the feature with this bit is set.
    pub fn has(&self, bit: u32) -> bool {
        self.selector >> (CLASS_BITS + bit) & 1 == 1
    }
}

/// The chips with a code word of their own, by the class's number in the selector. Where WebAssembly has one class and
/// the circuit two, the second follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
#[allow(missing_docs)] // the chapter's section titles
pub enum Kind {
    Add = 1,
    Compare,
    Branch,
    Jump,
    CallIndirect,
    Load,
    Store,
    Bitwise,
    Shift,
    Count,
    Extend,
    Multiply,
    Divide,
    Cell,
    Memory,
    End,
    Poseidon,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 17] = [
        Kind::Add,
        Kind::Compare,
        Kind::Branch,
        Kind::Jump,
        Kind::CallIndirect,
        Kind::Load,
        Kind::Store,
        Kind::Bitwise,
        Kind::Shift,
        Kind::Count,
        Kind::Extend,
        Kind::Multiply,
        Kind::Divide,
        Kind::Cell,
        Kind::Memory,
        Kind::End,
        Kind::Poseidon,
    ];

    /// The kind of a word.
    pub fn of(opcode: Opcode) -> Kind {
        match opcode.class() {
            Class::Add => Kind::Add,
            Class::Compare => Kind::Compare,
            Class::Branch => Kind::Branch,
            Class::Jump if opcode == Opcode::CallIndirect => Kind::CallIndirect,
            Class::Jump => Kind::Jump,
            Class::Load => Kind::Load,
            Class::Store => Kind::Store,
            Class::Bitwise => Kind::Bitwise,
            Class::Shift if opcode.shape() == Shape::Unary => Kind::Count,
            Class::Shift => Kind::Shift,
            Class::Extend => Kind::Extend,
            Class::Multiply => Kind::Multiply,
            Class::Divide => Kind::Divide,
            Class::Cell => Kind::Cell,
            Class::Memory => Kind::Memory,
            Class::End => Kind::End,
            Class::Poseidon => Kind::Poseidon,
        }
    }

    /// The name of its chip.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Add => "add",
            Kind::Compare => "compare",
            Kind::Branch => "branch",
            Kind::Jump => "jump",
            Kind::CallIndirect => "call_indirect",
            Kind::Load => "load",
            Kind::Store => "store",
            Kind::Bitwise => "bitwise",
            Kind::Shift => "shift",
            Kind::Count => "count",
            Kind::Extend => "extend",
            Kind::Multiply => "multiply",
            Kind::Divide => "divide",
            Kind::Cell => "cell",
            Kind::Memory => "memory",
            Kind::End => "end",
            Kind::Poseidon => "poseidon",
        }
    }
}

/// Feature of every chip with a second operand: it is the immediate.
pub const IMMEDIATE: u32 = 0;

/// CIRCUIT-011: the entry of a word. Operand P is always a register; operand Q is a register or the immediate. Where
/// operand 1 is the immediate, P is operand 2, and a feature says so.
pub fn entry(word: &Word) -> Entry {
    let kind = Kind::of(word.opcode);
    let (first, second) = (word.mode & IMMEDIATE_1 != 0, word.mode & IMMEDIATE_2 != 0);
    let mut features: u32 = 0;
    let mut set = |bit: u32, condition: bool| features |= u32::from(condition) << bit;
    let (mut slots, mut rest, mut high) = ([0u16; 3], 0u64, 0u32);
    match word.opcode.shape() {
        Shape::Binary => {
            set(IMMEDIATE, first || second);
            slots = [word.dst, if first { word.src2 } else { word.src1 }, 0];
            rest = if first || second { word.immediate } else { word.src2.into() };
        }
        Shape::Unary => {
            set(IMMEDIATE, first);
            slots[0] = word.dst;
            rest = if first { word.immediate } else { word.src1.into() };
        }
        Shape::Conditional => {
            set(IMMEDIATE, first);
            slots = [word.dst, word.src2, 0];
            rest = if first { word.immediate } else { word.src1.into() };
        }
        Shape::Branch => {
            set(IMMEDIATE, first || second);
            slots[1] = if first { word.src2 } else { word.src1 };
            rest = word.low().into();
            high = if first || second { word.high() } else { word.src2.into() };
        }
        Shape::Jump => rest = word.low().into(),
        Shape::JumpIndexed | Shape::Return => slots[1] = word.src1,
        Shape::Call => {
            slots = [word.dst, 0, word.src2];
            rest = word.low().into();
        }
        Shape::CallIndirect => {
            slots = [word.dst, word.src1, word.src2];
            rest = word.low().into();
            high = word.high();
        }
        Shape::Load => {
            set(IMMEDIATE, first);
            slots = [word.dst, word.src1, 0];
            rest = word.low().into();
        }
        Shape::Store => {
            // The offset is in the lower part, so the value's slot or immediate takes the upper one.
            set(IMMEDIATE, second);
            set(super::chips::store::ABSOLUTE, first);
            slots = [0, word.src1, 0];
            rest = word.low().into();
            high = if second { word.high() } else { word.src2.into() };
        }
        Shape::Get => {
            set(IMMEDIATE, first);
            slots = [word.dst, word.src1, cell_space(word.src2)];
            rest = word.low().into();
        }
        Shape::Set => {
            set(IMMEDIATE, first);
            set(super::chips::cell::VALUE_IMMEDIATE, second);
            slots = [word.src2, word.src1, cell_space(word.dst)];
            rest = word.low().into();
            high = word.high();
        }
        Shape::Size => slots[0] = word.dst,
        Shape::Grow => {
            slots = [word.dst, word.src1, 0];
            rest = word.low().min(MAX_MEMORY_PAGES).into();
        }
        Shape::Halt => {
            set(IMMEDIATE, first);
            rest = if first { word.immediate } else { word.src1.into() };
        }
        Shape::Trap => rest = word.low().into(),
        Shape::Hash => slots = [0, word.src1, word.src2],
    }
    super::chips::features(word, first, &mut set);
    Entry { selector: kind as u32 | features << CLASS_BITS, slots, rest, high }
}

/// The circuit's number of a space: the witness input is the last, so that its cells follow all others.
pub fn space_number(space: Space) -> u64 {
    match space {
        Space::Witness => 15,
        space => space as u64,
    }
}

/// The circuit's number of the space that a word names; one that no word names stays out of the way.
fn cell_space(number: u16) -> u16 {
    Space::ALL.get(usize::from(number)).map_or(number, |space| space_number(*space) as u16)
}

/// The address of a cell.
pub fn address(space: Space, index: u32) -> u64 {
    space_number(space) << 32 | u64::from(index)
}

/// Beyond all addresses.
pub const ADDRESS_END: u64 = 16 << 32;

const _: () = assert!(HIGH_SHIFT + 32 < 253);
