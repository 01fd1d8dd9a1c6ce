//! The module `spectest` that the official suite assumes, as definitions that take the place of imports.

use super::effects::Parts;
use super::rewrite::{Refusal, mapped};
use super::source::Source;
use std::collections::BTreeSet;
use wasm_encoder::ValType;
use wasmparser::TypeRef;
use wasmparser::ValType::{F32, F64, I32, I64};

/// The definitions that take the place of a module's imports.
#[derive(Default)]
pub(super) struct Imports {
    /// The type of each function. They print, which no script sees: their bodies are empty.
    pub functions: Vec<u32>,
    /// Type and value of each global.
    pub globals: Vec<(ValType, i64)>,
    /// Whether the table is imported.
    pub table: bool,
    /// How often the memory is imported. The profile has one at most.
    pub memories: usize,
}

/// Initial and maximum size of the table.
pub(super) const TABLE: (u64, u64) = (10, 20);
/// Initial and maximum size of the memory in pages.
pub(super) const MEMORY: (u64, u64) = (1, 2);

/// Name, type and value. The floats are the bits of 666.6.
const GLOBALS: [(&str, wasmparser::ValType, i64); 4] = [
    ("global_i32", I32, 666),
    ("global_i64", I64, 666),
    ("global_f32", F32, 0x4426_a666),
    ("global_f64", F64, 0x4084_d4cc_cccc_cccd),
];

/// Name and parameters.
const FUNCTIONS: [(&str, &[wasmparser::ValType]); 7] = [
    ("print", &[]),
    ("print_i32", &[I32]),
    ("print_i64", &[I64]),
    ("print_f32", &[F32]),
    ("print_f64", &[F64]),
    ("print_i32_f32", &[I32, F32]),
    ("print_f64_f64", &[F64, F64]),
];

impl Imports {
    /// Checks a module's imports against what `spectest` exports. `registered` are the modules of the script that can
    /// be imported from; what they export is unknown here.
    pub fn link(source: &Source, registered: &BTreeSet<String>) -> Result<Imports, Refusal> {
        let mut imports = Imports::default();
        let mut exporters = BTreeSet::new();
        for import in &source.imports {
            if import.module != "spectest" {
                if !registered.contains(import.module) {
                    return Err(Refusal::Unlinkable("unknown import"));
                }
                exporters.insert(import.module.to_string());
                continue;
            }
            let function = FUNCTIONS.iter().find(|(name, _)| *name == import.name);
            let global = GLOBALS.iter().find(|(name, ..)| *name == import.name);
            let matches = match (import.ty, import.name, function, global) {
                (TypeRef::Func(type_index), _, Some((_, params)), _) => {
                    imports.functions.push(type_index);
                    let wanted = source.type_of(type_index)?.function();
                    wanted.is_some_and(|wanted| wanted.params() == *params && wanted.results().is_empty())
                }
                (TypeRef::Global(wanted), _, _, Some((_, value_type, value))) => {
                    imports.globals.push((mapped(*value_type), *value));
                    wanted.content_type == *value_type && !wanted.mutable && !wanted.shared
                }
                // The same table under two indices, which rewriting would tell apart.
                (TypeRef::Table(_), "table", ..) if imports.table => return Err(Refusal::Imports(exporters)),
                (TypeRef::Table(wanted), "table", ..) => {
                    imports.table = true;
                    let fits = within(TABLE, (wanted.initial, wanted.maximum));
                    fits && wanted.element_type == wasmparser::RefType::FUNCREF && !wanted.table64 && !wanted.shared
                }
                (TypeRef::Memory(wanted), "memory", ..) => {
                    imports.memories += 1;
                    let fits = within(MEMORY, (wanted.initial, wanted.maximum));
                    fits && !wanted.memory64 && !wanted.shared && wanted.page_size_log2.is_none()
                }
                // Tables and memories of proposals.
                (_, "table64" | "memory64" | "shared_memory", ..) => return Err(Refusal::Imports(exporters)),
                (_, "table" | "memory", ..) | (_, _, Some(_), _) | (_, _, _, Some(_)) => false,
                _ => return Err(Refusal::Unlinkable("unknown import")),
            };
            if !matches {
                return Err(Refusal::Unlinkable("incompatible import type"));
            }
        }
        if exporters.is_empty() { Ok(imports) } else { Err(Refusal::Imports(exporters)) }
    }

    /// The parts of the state that all modules with these imports have in common.
    pub fn shared(&self) -> Parts {
        let memory = if self.memories > 0 { Parts::MEMORY.and(Parts::SIZE) } else { Parts::NONE };
        memory.and(if self.table { Parts::TABLE } else { Parts::NONE })
    }
}

/// Whether something with the first limits may be imported with the second.
fn within((initial, maximum): (u64, u64), (least, most): (u64, Option<u64>)) -> bool {
    initial >= least && most.is_none_or(|most| maximum <= most)
}
