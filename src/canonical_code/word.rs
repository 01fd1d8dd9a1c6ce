//! Code words: their fields, their operations and their encoding in 16 bytes.

use crate::notation::{Reject, Rejection, Trap};

/// An address space. A cell is named by its space and a 32-bit index and holds 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// The register stack.
    Register = 0,
    /// The linear memory in words of eight bytes, little-endian.
    Memory = 1,
    /// The globals, followed by the current length in bytes of each data segment.
    Global = 2,
    /// The table: see [`table_entry`].
    Table = 3,
    /// The bytes of the passive data segments; each starts in a word of its own.
    Data = 4,
    /// The public input.
    Input = 5,
    /// The private witness input.
    Witness = 6,
    /// The context.
    Context = 7,
    /// The output.
    Output = 8,
    /// The post-state root.
    PostState = 9,
    /// The lengths in bytes of input, witness and output: cells 0, 1, 2.
    Length = 10,
}

impl Space {
    /// All spaces, by number.
    pub const ALL: [Space; 11] = [
        Space::Register,
        Space::Memory,
        Space::Global,
        Space::Table,
        Space::Data,
        Space::Input,
        Space::Witness,
        Space::Context,
        Space::Output,
        Space::PostState,
        Space::Length,
    ];

    /// The name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Space::Register => "register",
            Space::Memory => "memory",
            Space::Global => "global",
            Space::Table => "table",
            Space::Data => "data",
            Space::Input => "input",
            Space::Witness => "witness",
            Space::Context => "context",
            Space::Output => "output",
            Space::PostState => "post_state",
            Space::Length => "length",
        }
    }
}

/// Cell of [`Space::Length`]: the input's length.
pub const INPUT_LENGTH: u32 = 0;
/// Cell of [`Space::Length`]: the witness's length.
pub const WITNESS_LENGTH: u32 = 1;
/// Cell of [`Space::Length`]: the output's length.
pub const OUTPUT_LENGTH: u32 = 2;

/// The classes of code words. Each is one chip of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the names are the chapter's section titles
pub enum Class {
    Add,
    Compare,
    Branch,
    Jump,
    Load,
    Store,
    Bitwise,
    Shift,
    Extend,
    Multiply,
    Divide,
    Cell,
    Memory,
    End,
    Poseidon,
}

impl Class {
    /// All classes, in the order of their opcodes.
    pub const ALL: [Class; 15] = [
        Class::Add,
        Class::Compare,
        Class::Branch,
        Class::Jump,
        Class::Load,
        Class::Store,
        Class::Bitwise,
        Class::Shift,
        Class::Extend,
        Class::Multiply,
        Class::Divide,
        Class::Cell,
        Class::Memory,
        Class::End,
        Class::Poseidon,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Class::Add => "add",
            Class::Compare => "compare",
            Class::Branch => "branch",
            Class::Jump => "jump",
            Class::Load => "load",
            Class::Store => "store",
            Class::Bitwise => "bitwise",
            Class::Shift => "shift",
            Class::Extend => "extend",
            Class::Multiply => "multiply",
            Class::Divide => "divide",
            Class::Cell => "cell",
            Class::Memory => "memory",
            Class::End => "end",
            Class::Poseidon => "poseidon",
        }
    }
}

/// Which fields of a word an operation uses, and how. Operands 1 and 2 are registers or, by the mode, immediates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `dst := operand 1 ∘ operand 2`; the 64-bit immediate is at most one of them.
    Binary,
    /// `dst := ∘ operand 1`; the immediate may be the operand.
    Unary,
    /// `if src2 == 0 then dst := operand 1`; the immediate may be operand 1.
    Conditional,
    /// `if operand 1 ∘ operand 2 then pc := low half`; the high half may be one of the operands.
    Branch,
    /// `pc := low half`.
    Jump,
    /// `pc := pc + 1 + src1`.
    JumpIndexed,
    /// `dst := link; fp := fp + src2; pc := low half`.
    Call,
    /// As `Call`, through table entry `src1`; the low half is the type, the high half the size of the table.
    CallIndirect,
    /// `pc, fp := src1`.
    Return,
    /// `dst := memory[operand 1 + low half]`; as an immediate, operand 1 is zero.
    Load,
    /// `memory[operand 1 + low half] := operand 2`; as an immediate, operand 1 is zero and operand 2 the high half.
    Store,
    /// `dst := space src2 [operand 1]`; the low half may be the operand.
    Get,
    /// `space dst [operand 1] := operand 2`; the low half may be operand 1 and the high half operand 2.
    Set,
    /// `dst := pages`.
    Size,
    /// `dst := pages or -1; pages := pages + src1`; the low half is the maximum.
    Grow,
    /// The end, with status operand 1.
    Halt,
    /// The end, with the trap in the low half.
    Trap,
    /// `memory[src2], four words := ∘ memory[src1], eight words`.
    Hash,
}

macro_rules! opcodes {
    ($($variant:ident = $byte:literal, $name:literal, $class:ident, $shape:ident;)*) => {
        /// The operations. The byte is the class in the high half and the operation in the low half; 0 is no operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)] // the chapter's tables say what each does
        pub enum Opcode { $($variant = $byte,)* }

        impl Opcode {
            /// All operations, by byte.
            pub const ALL: &[Opcode] = &[$(Opcode::$variant,)*];

            /// The operation with this byte.
            pub fn from_byte(byte: u8) -> Option<Opcode> {
                match byte { $($byte => Some(Opcode::$variant),)* _ => None }
            }

            /// The mnemonic of the assembly listing.
            pub fn name(self) -> &'static str {
                match self { $(Opcode::$variant => $name,)* }
            }

            /// The class.
            pub fn class(self) -> Class {
                match self { $(Opcode::$variant => Class::$class,)* }
            }

            /// The shape.
            pub fn shape(self) -> Shape {
                match self { $(Opcode::$variant => Shape::$shape,)* }
            }
        }
    };
}

opcodes! {
    Move = 0x10, "move", Add, Unary;
    MoveIfZero = 0x11, "move_if_zero", Add, Conditional;
    Add32 = 0x12, "add32", Add, Binary;
    Add64 = 0x13, "add64", Add, Binary;
    Sub32 = 0x14, "sub32", Add, Binary;
    Sub64 = 0x15, "sub64", Add, Binary;
    Eq = 0x20, "eq", Compare, Binary;
    Ne = 0x21, "ne", Compare, Binary;
    LtU = 0x22, "lt_u", Compare, Binary;
    GeU = 0x23, "ge_u", Compare, Binary;
    LtS32 = 0x24, "lt_s32", Compare, Binary;
    GeS32 = 0x25, "ge_s32", Compare, Binary;
    LtS64 = 0x26, "lt_s64", Compare, Binary;
    GeS64 = 0x27, "ge_s64", Compare, Binary;
    BranchEq = 0x30, "branch_eq", Branch, Branch;
    BranchNe = 0x31, "branch_ne", Branch, Branch;
    BranchLtU = 0x32, "branch_lt_u", Branch, Branch;
    BranchGeU = 0x33, "branch_ge_u", Branch, Branch;
    BranchLtS32 = 0x34, "branch_lt_s32", Branch, Branch;
    BranchGeS32 = 0x35, "branch_ge_s32", Branch, Branch;
    BranchLtS64 = 0x36, "branch_lt_s64", Branch, Branch;
    BranchGeS64 = 0x37, "branch_ge_s64", Branch, Branch;
    Jump = 0x40, "jump", Jump, Jump;
    JumpIndexed = 0x41, "jump_indexed", Jump, JumpIndexed;
    Call = 0x42, "call", Jump, Call;
    CallIndirect = 0x43, "call_indirect", Jump, CallIndirect;
    Return = 0x44, "return", Jump, Return;
    Load8U = 0x50, "load8_u", Load, Load;
    Load16U = 0x51, "load16_u", Load, Load;
    Load32U = 0x52, "load32_u", Load, Load;
    Load64 = 0x53, "load64", Load, Load;
    Load8S32 = 0x54, "load8_s32", Load, Load;
    Load16S32 = 0x55, "load16_s32", Load, Load;
    Load8S64 = 0x56, "load8_s64", Load, Load;
    Load16S64 = 0x57, "load16_s64", Load, Load;
    Load32S64 = 0x58, "load32_s64", Load, Load;
    Store8 = 0x60, "store8", Store, Store;
    Store16 = 0x61, "store16", Store, Store;
    Store32 = 0x62, "store32", Store, Store;
    Store64 = 0x63, "store64", Store, Store;
    And = 0x70, "and", Bitwise, Binary;
    Or = 0x71, "or", Bitwise, Binary;
    Xor = 0x72, "xor", Bitwise, Binary;
    Shl32 = 0x80, "shl32", Shift, Binary;
    Shl64 = 0x81, "shl64", Shift, Binary;
    ShrU32 = 0x82, "shr_u32", Shift, Binary;
    ShrU64 = 0x83, "shr_u64", Shift, Binary;
    ShrS32 = 0x84, "shr_s32", Shift, Binary;
    ShrS64 = 0x85, "shr_s64", Shift, Binary;
    Rotl32 = 0x86, "rotl32", Shift, Binary;
    Rotl64 = 0x87, "rotl64", Shift, Binary;
    Rotr32 = 0x88, "rotr32", Shift, Binary;
    Rotr64 = 0x89, "rotr64", Shift, Binary;
    Clz32 = 0x8a, "clz32", Shift, Unary;
    Clz64 = 0x8b, "clz64", Shift, Unary;
    Ctz32 = 0x8c, "ctz32", Shift, Unary;
    Ctz64 = 0x8d, "ctz64", Shift, Unary;
    Popcnt = 0x8e, "popcnt", Shift, Unary;
    Extend8S32 = 0x90, "extend8_s32", Extend, Unary;
    Extend16S32 = 0x91, "extend16_s32", Extend, Unary;
    Extend8S64 = 0x92, "extend8_s64", Extend, Unary;
    Extend16S64 = 0x93, "extend16_s64", Extend, Unary;
    Extend32S64 = 0x94, "extend32_s64", Extend, Unary;
    Wrap = 0x95, "wrap", Extend, Unary;
    Mul32 = 0xa0, "mul32", Multiply, Binary;
    Mul64 = 0xa1, "mul64", Multiply, Binary;
    DivU = 0xb0, "div_u", Divide, Binary;
    RemU = 0xb1, "rem_u", Divide, Binary;
    DivS32 = 0xb2, "div_s32", Divide, Binary;
    DivS64 = 0xb3, "div_s64", Divide, Binary;
    RemS32 = 0xb4, "rem_s32", Divide, Binary;
    RemS64 = 0xb5, "rem_s64", Divide, Binary;
    Get = 0xc0, "get", Cell, Get;
    Set = 0xc1, "set", Cell, Set;
    Size = 0xd0, "size", Memory, Size;
    Grow = 0xd1, "grow", Memory, Grow;
    Halt = 0xe0, "halt", End, Halt;
    Trap = 0xe1, "trap", End, Trap;
    Poseidon = 0xf0, "poseidon", Poseidon, Hash;
}

/// Mode bit: operand 1 is an immediate.
pub const IMMEDIATE_1: u8 = 1;
/// Mode bit: operand 2 is an immediate.
pub const IMMEDIATE_2: u8 = 2;

/// A code word: W0 packs all fields but the last, W1 is the immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The operation.
    pub opcode: Opcode,
    /// Which operands are immediates.
    pub mode: u8,
    /// The destination: mostly a frame slot.
    pub dst: u16,
    /// Source 1: mostly a frame slot.
    pub src1: u16,
    /// Source 2: mostly a frame slot.
    pub src2: u16,
    /// W1, whole or in halves of 32 bits.
    pub immediate: u64,
}

/// The value of a table cell: the function's code address in the low half and its type, never 0, in the high half. A
/// null entry is 0.
pub fn table_entry(address: u32, type_number: u32) -> u64 {
    u64::from(type_number) << 32 | u64::from(address)
}

/// The value of a link word: the return address in the low half, the caller's frame pointer in the high half.
pub fn link(return_address: u32, frame_pointer: u32) -> u64 {
    u64::from(frame_pointer) << 32 | u64::from(return_address)
}

impl Word {
    /// The low half of the immediate: a code address, an offset, an index, a type or a limit.
    pub fn low(&self) -> u32 {
        self.immediate as u32
    }

    /// The high half of the immediate: a 32-bit operand or the size of the table.
    pub fn high(&self) -> u32 {
        (self.immediate >> 32) as u32
    }

    /// The word in 16 bytes: W0 then W1, each little-endian.
    pub fn to_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[0] = self.opcode as u8;
        bytes[1] = self.mode;
        bytes[2..4].copy_from_slice(&self.dst.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.src1.to_le_bytes());
        bytes[6..8].copy_from_slice(&self.src2.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.immediate.to_le_bytes());
        bytes
    }

    /// The word in these 16 bytes, strictly: a known operation, a mode that its shape has, fields that it does not use
    /// zero. `offset` is the place to name in a rejection.
    pub fn from_bytes(bytes: &[u8; 16], offset: usize) -> Result<Word, Rejection> {
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let opcode = Opcode::from_byte(bytes[0]).ok_or_else(|| {
            // CODE-001: a byte that is no operation would be an unused word.
            Rejection::new(Reject::CodeUnknownOperation, offset, format!("no operation has the byte {:#04x}", bytes[0]))
        })?;
        let word = Word {
            opcode,
            mode: bytes[1],
            dst: half(2),
            src1: half(4),
            src2: half(6),
            immediate: u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes")),
        };
        // CODE-002: two encodings of one word would be two commitments to one program.
        match word.canonical_fault() {
            None => Ok(word),
            Some(fault) => {
                Err(Rejection::new(Reject::CodeFieldNotCanonical, offset, format!("{}: {fault}", word.opcode.name())))
            }
        }
    }

    /// What is not canonical about the fields of this word.
    fn canonical_fault(&self) -> Option<&'static str> {
        use Shape::*;
        let Word { mode, dst, src1, src2, .. } = *self;
        let immediate_1 = mode & IMMEDIATE_1 != 0;
        let immediate_2 = mode & IMMEDIATE_2 != 0;
        let modes: &[u8] = match self.opcode.shape() {
            Binary | Branch => &[0, IMMEDIATE_1, IMMEDIATE_2],
            Unary | Conditional | Load | Get | Halt => &[0, IMMEDIATE_1],
            Store | Set => &[0, IMMEDIATE_1, IMMEDIATE_2, IMMEDIATE_1 | IMMEDIATE_2],
            Jump | JumpIndexed | Call | CallIndirect | Return | Size | Grow | Trap | Hash => &[0],
        };
        if !modes.contains(&mode) {
            return Some("it has no such mode");
        }
        let shape = self.opcode.shape();
        let has_dst =
            matches!(shape, Binary | Unary | Conditional | Call | CallIndirect | Load | Get | Set | Size | Grow);
        let has_src1 = !immediate_1 && !matches!(shape, Jump | Call | Size | Trap);
        let has_src2 = match shape {
            Binary | Branch | Store | Set => !immediate_2,
            Conditional | Call | CallIndirect | Get | Hash => true,
            Unary | Jump | JumpIndexed | Return | Load | Size | Grow | Halt | Trap => false,
        };
        let whole = matches!(shape, Binary | Unary | Conditional | Halt) && mode != 0;
        let has_low = whole
            || matches!(shape, Branch | Jump | Call | CallIndirect | Load | Store | Grow | Trap)
            || matches!(shape, Get | Set) && immediate_1;
        let has_high = whole
            || shape == CallIndirect
            || shape == Branch && mode != 0
            || matches!(shape, Store | Set) && immediate_2;
        if !has_dst && dst != 0 || !has_src1 && src1 != 0 || !has_src2 && src2 != 0 {
            return Some("a slot that it does not use is not zero");
        }
        if !has_low && self.low() != 0 || !has_high && self.high() != 0 {
            return Some("the part of the immediate that it does not use is not zero");
        }
        if shape == Get && !READABLE.iter().any(|space| *space as u16 == src2)
            || shape == Set && !WRITABLE.iter().any(|space| *space as u16 == dst)
        {
            return Some("it has no access to that space");
        }
        let slots = [(has_dst && shape != Set, dst), (has_src1, src1), (has_src2 && shape != Get, src2)];
        if slots.iter().any(|(used, slot)| *used && u32::from(*slot) >= crate::profile::MAX_FRAME_SLOTS) {
            return Some("a slot lies beyond the largest frame");
        }
        // The entry of a null reference is 0, so no type is.
        if shape == CallIndirect && self.low() == 0 {
            return Some("no type has the number 0");
        }
        if shape == Trap && crate::notation::Trap::from_code(self.low()).is_none() {
            return Some("no trap has that code");
        }
        None
    }
}

/// The spaces that `get` reads.
const READABLE: [Space; 7] =
    [Space::Global, Space::Data, Space::Input, Space::Witness, Space::Context, Space::Output, Space::Length];
/// The spaces that `set` writes.
const WRITABLE: [Space; 4] = [Space::Global, Space::Output, Space::PostState, Space::Length];

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.opcode.name();
        let slot = |slot: u16| format!("s{slot}");
        let operand = |immediate: bool, source: u16, value: u64| match immediate {
            true if value < 1 << 16 => value.to_string(),
            true => format!("{value:#x}"),
            false => slot(source),
        };
        let (immediate_1, immediate_2) = (self.mode & IMMEDIATE_1 != 0, self.mode & IMMEDIATE_2 != 0);
        let whole_1 = || operand(immediate_1, self.src1, self.immediate);
        let whole_2 = || operand(immediate_2, self.src2, self.immediate);
        let high_1 = || operand(immediate_1, self.src1, self.high().into());
        let high_2 = || operand(immediate_2, self.src2, self.high().into());
        let index = || operand(immediate_1, self.src1, self.low().into());
        let space = |number: u16| Space::ALL[usize::from(number)].name();
        let address = || match (immediate_1, self.low()) {
            (true, offset) => format!("[{offset:#x}]"),
            (false, 0) => format!("[{}]", slot(self.src1)),
            (false, offset) => format!("[{} + {offset:#x}]", slot(self.src1)),
        };
        let dst = slot(self.dst);
        match self.opcode.shape() {
            Shape::Binary => write!(f, "{name} {dst}, {}, {}", whole_1(), whole_2()),
            Shape::Unary => write!(f, "{name} {dst}, {}", whole_1()),
            Shape::Conditional => write!(f, "{name} {dst}, {}, {}", whole_1(), slot(self.src2)),
            Shape::Branch => write!(f, "{name} {}, {}, @{}", high_1(), high_2(), self.low()),
            Shape::Jump => write!(f, "{name} @{}", self.low()),
            Shape::JumpIndexed => write!(f, "{name} {}", slot(self.src1)),
            Shape::Call => write!(f, "{name} @{}, link {dst}, frame +{}", self.low(), self.src2),
            Shape::CallIndirect => write!(
                f,
                "{name} table[{} < {}], type {}, link {dst}, frame +{}",
                slot(self.src1),
                self.high(),
                self.low(),
                self.src2
            ),
            Shape::Return => write!(f, "{name} {}", slot(self.src1)),
            Shape::Load => write!(f, "{name} {dst}, {}", address()),
            Shape::Store => write!(f, "{name} {}, {}", address(), high_2()),
            Shape::Get => write!(f, "{name} {dst}, {}[{}]", space(self.src2), index()),
            Shape::Set => write!(f, "{name} {}[{}], {}", space(self.dst), index(), high_2()),
            Shape::Size => write!(f, "{name} {dst}"),
            Shape::Grow => write!(f, "{name} {dst}, {}, maximum {}", slot(self.src1), self.low()),
            Shape::Halt => write!(f, "{name} {}", whole_1()),
            Shape::Hash => write!(f, "{name} [{}], [{}]", slot(self.src2), slot(self.src1)),
            Shape::Trap => write!(f, "{name} {}", Trap::from_code(self.low()).map_or("?", Trap::name)),
        }
    }
}
