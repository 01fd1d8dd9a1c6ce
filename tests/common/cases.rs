//! From bytes, a fuzzer's or a seed's, to a module and how it is called.

use super::engines::{Agreement, Failure, compare};
use super::generator::{self, Choices};
use arbitrary::Unstructured;

/// The bytes of a case that choose inputs and arguments; the others choose the module.
pub const ARGUMENT_BYTES: usize = 96;

/// How the module of a case is made.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// By our own generator.
    Generator,
    /// By `wasm-smith`.
    WasmSmith,
}

/// The module of a case; none if the bytes do not suffice for one.
pub fn module(source: Source, case: &[u8]) -> Option<Vec<u8>> {
    let bytes = &case[case.len().min(ARGUMENT_BYTES)..];
    match source {
        Source::Generator => Some(generator::module(bytes)),
        Source::WasmSmith => wasm_smith_module(bytes),
    }
}

/// Makes the module of a case and compares the engines on it.
pub fn check(source: Source, case: &[u8]) -> Result<Agreement, Failure> {
    match module(source, case) {
        Some(wasm) => check_module(&wasm, case),
        None => Ok(Agreement::default()),
    }
}

/// Compares the engines on a module, with the inputs and arguments of a case.
pub fn check_module(wasm: &[u8], case: &[u8]) -> Result<Agreement, Failure> {
    compare(wasm, &mut Choices::new(&case[..case.len().min(ARGUMENT_BYTES)]))
}

/// A random module, configured to the profile, that ends.
fn wasm_smith_module(bytes: &[u8]) -> Option<Vec<u8>> {
    /// Loop passes and calls.
    const TERMINATION_FUEL: u32 = 1_000;
    let imports = r#"(module
        (import "middle" "input" (func (param i32) (result i64)))
        (import "middle" "output" (func (param i32 i64)))
        (import "middle" "output_len" (func (param i32)))
        (import "middle" "context" (func (param i32) (result i64)))
        (import "middle" "post_state" (func (param i32 i64))))"#;
    // With bulk memory come passive element segments, which the profile has not: so some modules have the one and some
    // have element segments.
    let bulk_memory = bytes.first().is_some_and(|byte| byte % 2 == 0);
    use wasm_smith::InstructionKind::{Control, MemoryInt, NumericInt, Parametric, Variable};
    let config = wasm_smith::Config {
        allowed_instructions: wasm_smith::InstructionKinds::new(&[
            Control, MemoryInt, NumericInt, Parametric, Variable,
        ]),
        max_element_segments: if bulk_memory { 0 } else { 8 },
        available_imports: Some(wat::parse_str(imports).expect("the text is a module")),
        export_everything: true,
        allow_floats: false,
        bulk_memory_enabled: bulk_memory,
        multi_value_enabled: true,
        sign_extension_ops_enabled: true,
        acquire_release_atomics_enabled: false,
        compact_imports_enabled: false,
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        saturating_float_to_int_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        max_memories: 1,
        max_tables: 1,
        min_funcs: 1,
        max_funcs: 12,
        max_globals: 12,
        max_types: 12,
        max_memory32_bytes: 4 << 16,
        max_table_elements: 50,
        ..wasm_smith::Config::default()
    };
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(bytes)).ok()?;
    module.ensure_termination(TERMINATION_FUEL).ok()?;
    Some(module.to_bytes())
}
