//! The imports that an extension may use: their names and types.

use crate::profile::{FunctionType, ValueType};

/// The imports that an extension may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostFunction {
    /// `middle.input: [i32] -> [i64]`
    Input,
    /// `middle.input_len: [] -> [i32]`
    InputLen,
    /// `middle.witness: [i32] -> [i64]`
    Witness,
    /// `middle.witness_len: [] -> [i32]`
    WitnessLen,
    /// `middle.context: [i32] -> [i64]`
    Context,
    /// `middle.output: [i32 i64] -> []`
    Output,
    /// `middle.output_len: [i32] -> []`
    OutputLen,
    /// `middle.post_state: [i32 i64] -> []`
    PostState,
    /// `middle.poseidon: [i32 i32] -> []`
    Poseidon,
    /// `env.abort: [i32 i32 i32 i32] -> []`
    Abort,
}

impl HostFunction {
    /// All host functions, in the order of the chapter's table.
    pub const ALL: [HostFunction; 10] = [
        HostFunction::Input,
        HostFunction::InputLen,
        HostFunction::Witness,
        HostFunction::WitnessLen,
        HostFunction::Context,
        HostFunction::Output,
        HostFunction::OutputLen,
        HostFunction::PostState,
        HostFunction::Poseidon,
        HostFunction::Abort,
    ];

    /// The host function imported as `module`.`name`, if there is one.
    pub fn lookup(module: &str, name: &str) -> Option<HostFunction> {
        // HOST-001: names are compared byte for byte; there are no aliases.
        HostFunction::ALL.into_iter().find(|function| function.name() == (module, name))
    }

    /// The module name and the field name under which it is imported.
    pub fn name(self) -> (&'static str, &'static str) {
        match self {
            HostFunction::Input => ("middle", "input"),
            HostFunction::InputLen => ("middle", "input_len"),
            HostFunction::Witness => ("middle", "witness"),
            HostFunction::WitnessLen => ("middle", "witness_len"),
            HostFunction::Context => ("middle", "context"),
            HostFunction::Output => ("middle", "output"),
            HostFunction::OutputLen => ("middle", "output_len"),
            HostFunction::PostState => ("middle", "post_state"),
            HostFunction::Poseidon => ("middle", "poseidon"),
            HostFunction::Abort => ("env", "abort"),
        }
    }

    /// Its exact type.
    pub fn function_type(self) -> FunctionType {
        use ValueType::{I32, I64};
        let (params, results): (&[ValueType], &[ValueType]) = match self {
            HostFunction::Input | HostFunction::Witness | HostFunction::Context => (&[I32], &[I64]),
            HostFunction::InputLen | HostFunction::WitnessLen => (&[], &[I32]),
            HostFunction::Output | HostFunction::PostState => (&[I32, I64], &[]),
            HostFunction::OutputLen => (&[I32], &[]),
            HostFunction::Poseidon => (&[I32, I32], &[]),
            HostFunction::Abort => (&[I32, I32, I32, I32], &[]),
        };
        FunctionType { params: params.to_vec(), results: results.to_vec() }
    }
}
