//! How an execution ends.

use super::B256;

// NOTE-003: the codes are written out, so that a reordering cannot change them.
/// Why an execution trapped. The code is part of the statement that a proof is about, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Trap {
    /// The instruction `unreachable` was executed.
    Unreachable = 1,
    /// Integer division or remainder by zero.
    IntegerDivideByZero = 2,
    /// The quotient of a signed division is not representable: the minimum divided by -1.
    IntegerOverflow = 3,
    /// A load, store or bulk operation touches a byte beyond the end of the memory or of the data segment.
    OutOfBoundsMemoryAccess = 4,
    /// `call_indirect` with an index beyond the end of the table.
    UndefinedElement = 5,
    /// `call_indirect` of a null table entry.
    UninitializedElement = 6,
    /// `call_indirect` of a function with another type.
    IndirectCallTypeMismatch = 7,
    /// A call would place its frame above the limit of the register stack.
    CallStackExhausted = 8,
    /// A host function was called with an index or length beyond its limit.
    HostIndexOutOfBounds = 9,
    /// The module called `env.abort`.
    Aborted = 10,
    /// The cycle limit was reached before the program ended. Only canonical code has cycles.
    CycleLimitExhausted = 11,
    /// A host function was called with an address that is no multiple of 8.
    UnalignedAddress = 12,
    /// A host function was given a number that is not below the field's modulus.
    ElementNotCanonical = 13,
}

impl Trap {
    /// All traps, by code.
    pub const ALL: [Trap; 13] = [
        Trap::Unreachable,
        Trap::IntegerDivideByZero,
        Trap::IntegerOverflow,
        Trap::OutOfBoundsMemoryAccess,
        Trap::UndefinedElement,
        Trap::UninitializedElement,
        Trap::IndirectCallTypeMismatch,
        Trap::CallStackExhausted,
        Trap::HostIndexOutOfBounds,
        Trap::Aborted,
        Trap::CycleLimitExhausted,
        Trap::UnalignedAddress,
        Trap::ElementNotCanonical,
    ];

    /// The name used in vectors and messages.
    pub fn name(self) -> &'static str {
        match self {
            Trap::Unreachable => "unreachable",
            Trap::IntegerDivideByZero => "integer_divide_by_zero",
            Trap::IntegerOverflow => "integer_overflow",
            Trap::OutOfBoundsMemoryAccess => "out_of_bounds_memory_access",
            Trap::UndefinedElement => "undefined_element",
            Trap::UninitializedElement => "uninitialized_element",
            Trap::IndirectCallTypeMismatch => "indirect_call_type_mismatch",
            Trap::CallStackExhausted => "call_stack_exhausted",
            Trap::HostIndexOutOfBounds => "host_index_out_of_bounds",
            Trap::Aborted => "aborted",
            Trap::CycleLimitExhausted => "cycle_limit_exhausted",
            Trap::UnalignedAddress => "unaligned_address",
            Trap::ElementNotCanonical => "element_not_canonical",
        }
    }

    /// The code in the statement.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The trap with this code.
    pub fn from_code(code: u32) -> Option<Trap> {
        Trap::ALL.into_iter().find(|trap| trap.code() == code)
    }
}

/// The outcome of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `run` returned 0.
    Accepted,
    /// `run` returned this value, which is not 0: the extension's own rejection code.
    Rejected(u32),
    /// The execution trapped.
    Trapped(Trap),
}

/// What an execution leaves behind: exactly the values that a statement binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// How it ended.
    pub outcome: Outcome,
    /// The declared output; empty after a trap.
    pub output: Vec<u8>,
    /// The post-state root; the pre-state root unless accepted.
    pub post_state: B256,
}
