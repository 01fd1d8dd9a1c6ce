//! The closed vocabulary of reasons for which bytes are refused.

use std::fmt;

/// The step of the pipeline at which a decision fell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The bytes are no WebAssembly module.
    Malformed,
    /// The module violates WebAssembly's validation rules.
    Invalid,
    /// The module is valid WebAssembly outside the profile.
    Profile,
    /// The module cannot be lowered within the limits of canonical code.
    Lowering,
    /// The inputs of an execution are outside the limits of the host interface.
    Inputs,
    /// The execution ended.
    Execution,
}

impl Stage {
    /// The name used in vectors and messages.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Malformed => "malformed",
            Stage::Invalid => "invalid",
            Stage::Profile => "profile",
            Stage::Lowering => "lowering",
            Stage::Inputs => "inputs",
            Stage::Execution => "execution",
        }
    }
}

/// Why something was refused. The names are wire vocabulary: they appear in `vectors/` and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reject {
    /// The bytes are not a WebAssembly binary module.
    MalformedModule,
    /// The public input is longer than `MAX_INPUT_BYTES`.
    InputTooLarge,
    /// The private witness input is longer than `MAX_WITNESS_BYTES`.
    WitnessTooLarge,
    /// The context has not exactly 256 bytes.
    ContextLengthMismatch,
}

impl Reject {
    /// Every reason.
    pub const ALL: [Reject; 4] =
        [Reject::MalformedModule, Reject::InputTooLarge, Reject::WitnessTooLarge, Reject::ContextLengthMismatch];

    /// The name used in vectors and messages.
    pub fn name(self) -> &'static str {
        match self {
            Reject::MalformedModule => "malformed_module",
            Reject::InputTooLarge => "input_too_large",
            Reject::WitnessTooLarge => "witness_too_large",
            Reject::ContextLengthMismatch => "context_length_mismatch",
        }
    }

    /// The stage at which this reason is given.
    pub fn stage(self) -> Stage {
        match self {
            Reject::MalformedModule => Stage::Malformed,
            Reject::InputTooLarge | Reject::WitnessTooLarge | Reject::ContextLengthMismatch => Stage::Inputs,
        }
    }
}

/// A refusal: the reason, the place and the cause in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The reason, for machines.
    pub reason: Reject,
    /// The byte offset in the input at which the fault lies.
    pub offset: usize,
    /// The cause, for people. Not normative.
    pub detail: String,
}

impl Rejection {
    /// A refusal for `reason` at byte `offset`.
    pub fn new(reason: Reject, offset: usize, detail: impl Into<String>) -> Rejection {
        Rejection { reason, offset, detail: detail.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at byte {:#x}: {}", self.reason.stage().name(), self.reason.name(), self.offset, self.detail)
    }
}

impl std::error::Error for Rejection {}
