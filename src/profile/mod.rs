#![doc = include_str!("../../spec/02-profile.md")]

mod decode;
mod diagnosis;
mod function;
mod instruction;
mod limits;
mod module;

pub use limits::*;
pub use module::*;

use crate::notation::{B256, Reject, Rejection, keccak256};

/// The name of the export that is an extension's entry point.
pub const ENTRY_POINT: &str = "run";

// PROFILE-001: there is no way to refuse a module but by a rule, a reason and a place.
/// Decodes and validates a module and checks the profile, save for the entry point.
pub fn decode(wasm: &[u8]) -> Result<Module, Rejection> {
    decode::decode(wasm).map_err(|fault| diagnosis::explain(wasm, fault))
}

/// Accepts or refuses an extension: [`decode`] and the rules for the entry point.
pub fn load(wasm: &[u8]) -> Result<Module, Rejection> {
    let module = decode(wasm)?;
    let refuse = |reason, detail: &str| Err(Rejection::new(reason, decode::export_offset(wasm, ENTRY_POINT), detail));
    // PROFILE-026: the host has to know where to begin.
    let Some(entry_point) = module.export(ENTRY_POINT) else {
        return refuse(Reject::MissingEntryPoint, "there is no export `run`");
    };
    // PROFILE-027: a host function that is exported again has no code that could be lowered.
    let ExportKind::Function(function) = entry_point else {
        return refuse(Reject::EntryPointNotDefinedFunction, "the export `run` is not a function");
    };
    if module.defined(function).is_none() {
        return refuse(Reject::EntryPointNotDefinedFunction, "the export `run` is an imported function");
    }
    // PROFILE-028: the result is the outcome's code, and there is nothing to pass as an argument.
    let FunctionType { params, results } = module.function_type(function);
    if !params.is_empty() || results[..] != [ValueType::I32] {
        return refuse(Reject::EntryPointTypeMismatch, "the type of `run` is not [] -> [i32]");
    }
    Ok(module)
}

// PROFILE-029: over everything, so that it names exactly one file.
/// The code hash: keccak256 of the whole module, custom sections included.
pub fn code_hash(wasm: &[u8]) -> B256 {
    keccak256(wasm)
}
