//! The decoded module: what the rest of the pipeline reads instead of bytes.

use crate::host_interface::HostFunction;

/// A module inside the profile, decoded and validated. All indices are in range, all bodies are well typed, and dead
/// code (the rest of a block after an unconditional branch) is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// The function types, by type index.
    pub types: Vec<FunctionType>,
    /// The imported functions: indices `0..imports.len()` of the function index space.
    pub imports: Vec<Import>,
    /// The defined functions; function index `imports.len() + i`.
    pub functions: Vec<Function>,
    /// The number of entries of the table, if there is one. It never grows: the profile has no `table.grow`.
    pub table: Option<u32>,
    /// The linear memory, if there is one.
    pub memory: Option<Memory>,
    /// The globals.
    pub globals: Vec<Global>,
    /// The exports, in the order of the module.
    pub exports: Vec<Export>,
    /// The start function's index.
    pub start: Option<u32>,
    /// The (active) element segments, in order; each lies inside the table.
    pub elements: Vec<ElementSegment>,
    /// The data segments, in order; each active one lies inside the initial memory.
    pub data: Vec<DataSegment>,
    /// For each type index, the first index of an equal type.
    pub canonical_types: Vec<u32>,
}

/// The type of a value. An `i32` is held as the zero-extended `u64` everywhere in this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
}

/// The type of a function or block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionType {
    /// Types of the parameters.
    pub params: Vec<ValueType>,
    /// Types of the results.
    pub results: Vec<ValueType>,
}

/// An imported function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Which host function it is.
    pub host: HostFunction,
    /// Its type, which is the host function's.
    pub type_index: u32,
}

/// A defined function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its type.
    pub type_index: u32,
    /// Types of the locals that are not parameters.
    pub locals: Vec<ValueType>,
    /// The live instructions. The last is the `End` of the function.
    pub body: Vec<Instruction>,
    /// The byte offset in the module of each instruction of `body`.
    pub offsets: Vec<u32>,
    /// The number of frame slots, as the chapter on the profile counts them.
    pub frame_slots: u32,
}

/// The linear memory, in pages of 65,536 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Initial number of pages.
    pub initial_pages: u32,
    /// The number of pages beyond which it cannot grow: the declared maximum or the profile's limit, whichever is less.
    pub maximum_pages: u32,
}

/// A global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Global {
    /// Its type.
    pub value_type: ValueType,
    /// Whether `global.set` may write it.
    pub mutable: bool,
    /// The initial value.
    pub initial: u64,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it names.
    pub kind: ExportKind,
}

/// What an export names, with the index in that kind's index space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    /// A function.
    Function(u32),
    /// The table.
    Table,
    /// The memory.
    Memory,
    /// A global.
    Global(u32),
}

/// An active element segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementSegment {
    /// The table index of its first entry.
    pub offset: u32,
    /// The function indices; `None` would be a null reference, which no module of the profile can write.
    pub functions: Vec<Option<u32>>,
}

/// A data segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSegment {
    /// The address of its first byte if it is active; `None` if it is passive.
    pub offset: Option<u32>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One instruction of the profile. Operand types have been checked and are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are those of the WebAssembly specification
pub enum Instruction {
    Unreachable,
    Nop,
    Block(Block),
    Loop(Block),
    /// `else_` is the index in the body of the matching `Else`, if there is one.
    If {
        block: Block,
        else_: Option<u32>,
    },
    /// `end` is the index in the body of the matching `End`.
    Else {
        end: u32,
    },
    End,
    Br(u32),
    BrIf(u32),
    BrTable {
        labels: Box<[u32]>,
        default: u32,
    },
    Return,
    Call(u32),
    CallIndirect {
        type_index: u32,
    },
    Drop,
    Select,
    LocalGet(u32),
    LocalSet(u32),
    LocalTee(u32),
    GlobalGet(u32),
    GlobalSet(u32),
    Load {
        op: LoadOp,
        offset: u32,
    },
    Store {
        op: StoreOp,
        offset: u32,
    },
    MemorySize,
    MemoryGrow,
    MemoryInit {
        segment: u32,
    },
    DataDrop {
        segment: u32,
    },
    MemoryCopy,
    MemoryFill,
    I32Const(u32),
    I64Const(u64),
    Numeric(NumericOp),
}

/// The operand counts of a block and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Number of parameters.
    pub params: u32,
    /// Number of results.
    pub results: u32,
    /// Index in the body of the matching `End`.
    pub end: u32,
}

/// The loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum LoadOp {
    I32Load,
    I64Load,
    I32Load8S,
    I32Load8U,
    I32Load16S,
    I32Load16U,
    I64Load8S,
    I64Load8U,
    I64Load16S,
    I64Load16U,
    I64Load32S,
    I64Load32U,
}

/// The stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum StoreOp {
    I32Store,
    I64Store,
    I32Store8,
    I32Store16,
    I64Store8,
    I64Store16,
    I64Store32,
}

/// The numeric instructions without constants, by their names in the WebAssembly specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum NumericOp {
    I32Eqz,
    I32Eq,
    I32Ne,
    I32LtS,
    I32LtU,
    I32GtS,
    I32GtU,
    I32LeS,
    I32LeU,
    I32GeS,
    I32GeU,
    I64Eqz,
    I64Eq,
    I64Ne,
    I64LtS,
    I64LtU,
    I64GtS,
    I64GtU,
    I64LeS,
    I64LeU,
    I64GeS,
    I64GeU,
    I32Clz,
    I32Ctz,
    I32Popcnt,
    I32Add,
    I32Sub,
    I32Mul,
    I32DivS,
    I32DivU,
    I32RemS,
    I32RemU,
    I32And,
    I32Or,
    I32Xor,
    I32Shl,
    I32ShrS,
    I32ShrU,
    I32Rotl,
    I32Rotr,
    I64Clz,
    I64Ctz,
    I64Popcnt,
    I64Add,
    I64Sub,
    I64Mul,
    I64DivS,
    I64DivU,
    I64RemS,
    I64RemU,
    I64And,
    I64Or,
    I64Xor,
    I64Shl,
    I64ShrS,
    I64ShrU,
    I64Rotl,
    I64Rotr,
    I32WrapI64,
    I64ExtendI32S,
    I64ExtendI32U,
    I32Extend8S,
    I32Extend16S,
    I64Extend8S,
    I64Extend16S,
    I64Extend32S,
}

impl Module {
    /// The type index of a function of the function index space.
    pub fn function_type_index(&self, function: u32) -> u32 {
        let function = function as usize;
        match self.imports.get(function) {
            Some(import) => import.type_index,
            None => self.functions[function - self.imports.len()].type_index,
        }
    }

    /// The type of a function of the function index space.
    pub fn function_type(&self, function: u32) -> &FunctionType {
        &self.types[self.function_type_index(function) as usize]
    }

    /// The first type index whose type equals that of `type_index`: functions may be called indirectly when these
    /// agree.
    pub fn canonical_type(&self, type_index: u32) -> u32 {
        self.canonical_types[type_index as usize]
    }

    /// The defined function with this function index, if it is not an import.
    pub fn defined(&self, function: u32) -> Option<&Function> {
        (function as usize).checked_sub(self.imports.len()).and_then(|index| self.functions.get(index))
    }

    /// What the export of this name names.
    pub fn export(&self, name: &str) -> Option<ExportKind> {
        self.exports.iter().find(|export| export.name == name).map(|export| export.kind)
    }
}

impl FunctionType {
    /// The frame slot that holds the link word: it follows the parameters and results, which share the first slots.
    pub fn link_slot(&self) -> u32 {
        self.params.len().max(self.results.len()) as u32
    }
}

impl Function {
    /// The frame slot of operand position 0: it follows the link word and the locals that are not parameters.
    pub fn operand_slot(&self, function_type: &FunctionType) -> u32 {
        function_type.link_slot() + 1 + self.locals.len() as u32
    }
}
