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

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $stage:ident;)*) => {
        /// Why something was refused. The names are wire vocabulary: they appear in `vectors/` and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reject { $($(#[$doc])* $variant,)* }

        impl Reject {
            /// Every reason.
            pub const ALL: &[Reject] = &[$(Reject::$variant,)*];

            /// The name used in vectors and messages.
            pub fn name(self) -> &'static str {
                match self { $(Reject::$variant => $name,)* }
            }

            /// The stage at which this reason is given.
            pub fn stage(self) -> Stage {
                match self { $(Reject::$variant => Stage::$stage,)* }
            }
        }
    };
}

reasons! {
    /// The bytes are not a WebAssembly binary module.
    MalformedModule, "malformed_module", Malformed;

    /// The module does not export a function `run` of type `[] -> [i32]`.
    MissingEntryPoint, "missing_entry_point", Profile;

    /// The public input is longer than `MAX_INPUT_BYTES`.
    InputTooLarge, "input_too_large", Inputs;
    /// The private witness input is longer than `MAX_WITNESS_BYTES`.
    WitnessTooLarge, "witness_too_large", Inputs;
    /// The context has not exactly 256 bytes.
    ContextLengthMismatch, "context_length_mismatch", Inputs;

    /// The canonical code of the module, or an encoded program, has too many words.
    CodeTooLarge, "code_too_large", Lowering;
    /// The encoding of a program is shorter or longer than its counts say, or its header is wrong.
    CodeMalformed, "code_malformed", Lowering;
    /// A code word's first byte is no operation.
    CodeUnknownOperation, "code_unknown_operation", Lowering;
    /// A code word has another mode, slot or immediate than its operation allows.
    CodeFieldNotCanonical, "code_field_not_canonical", Lowering;
    /// A code word jumps beyond the last word.
    CodeTargetOutOfRange, "code_target_out_of_range", Lowering;
    /// The cells of an image are not in ascending order, hold 0, or cannot be in an image.
    CodeImageNotCanonical, "code_image_not_canonical", Lowering;
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
