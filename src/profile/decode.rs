//! The sections of a module, in the order in which they stand.

use super::function::{self, Surroundings};
use super::limits::*;
use super::{DataSegment, ElementSegment, Export, ExportKind, FunctionType, Global, Import, Memory, Module, ValueType};
use crate::host_interface::HostFunction;
use crate::notation::{Reject, Rejection};
use std::collections::BTreeMap;
use wasmparser::{
    CompositeInnerType, ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FuncValidatorAllocations,
    Operator, Parser, Payload, TypeRef, TypeSectionReader, ValType, ValidPayload, Validator, WasmFeatures,
};

/// WebAssembly 1.0 without floats, and what compilers have used by default for integer code since then. Overlong table
/// indices of `call_indirect` are placeholders that linkers leave.
pub(super) const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .difference(WasmFeatures::FLOATS);

/// Bytes of a page of linear memory.
const PAGE_BYTES: u64 = 65_536;

/// Why decoding stopped.
pub(super) enum Fault {
    /// A rule of the profile.
    Rule(Rejection),
    /// An error of wasmparser's reader or validator. The diagnosis finds out what it means.
    Parser(wasmparser::Error),
}

impl Fault {
    pub(super) fn rule(reason: Reject, offset: u64, detail: impl Into<String>) -> Fault {
        Fault::Rule(Rejection::new(reason, offset as usize, detail))
    }

    /// For what wasmparser refuses under the profile's features before this could be reached.
    pub(super) fn excluded(offset: u64) -> Fault {
        Fault::rule(Reject::UnsupportedProposal, offset, "outside the profile")
    }
}

impl From<wasmparser::Error> for Fault {
    fn from(error: wasmparser::Error) -> Fault {
        Fault::Parser(error)
    }
}

/// Refuses what is above a limit.
pub(super) fn at_most(limit: u32, count: u64, what: &str, reason: Reject, offset: u64) -> Result<(), Fault> {
    match count <= u64::from(limit) {
        true => Ok(()),
        false => Err(Fault::rule(reason, offset, format!("{count} {what}; the limit is {limit}"))),
    }
}

/// Decodes, validates and checks a module section by section.
pub(super) fn decode(wasm: &[u8]) -> Result<Module, Fault> {
    // PROFILE-002: before anything is read.
    at_most(MAX_MODULE_BYTES as u32, wasm.len() as u64, "bytes", Reject::ModuleTooLarge, MAX_MODULE_BYTES as u64)?;
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut validator = Validator::new_with_features(FEATURES);
    let mut allocations = FuncValidatorAllocations::default();
    let mut decoder = Decoder::default();
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        decoder.check_counts(&payload)?;
        // PROFILE-004: one error ends it; which rule it breaks is found afterwards.
        if let ValidPayload::Func(function, body) = validator.payload(&payload)? {
            let mut validator = function.into_validator(allocations);
            let function = function::decode(&decoder.surroundings(), &mut validator, &body)?;
            decoder.module.functions.push(function);
            allocations = validator.into_allocations();
        } else {
            decoder.section(payload)?;
        }
    }
    Ok(decoder.module)
}

/// The module under construction.
#[derive(Default)]
struct Decoder {
    module: Module,
    /// The type index of every function, imports first.
    function_types: Vec<u32>,
}

impl Decoder {
    fn surroundings(&self) -> Surroundings<'_> {
        let imports = self.module.imports.len();
        Surroundings { types: &self.module.types, functions: &self.function_types, imports }
    }

    /// Checks the limits that bound the work of validation, before it begins.
    fn check_counts(&self, payload: &Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::TypeSection(section) => check_types(section),
            // PROFILE-012: imports and definitions share an index space.
            Payload::ImportSection(section) => {
                let count = section.count().into();
                at_most(MAX_FUNCTIONS, count, "imports", Reject::TooManyFunctions, section.range().start)
            }
            Payload::FunctionSection(section) => {
                let count = u64::from(section.count()) + self.module.imports.len() as u64;
                at_most(MAX_FUNCTIONS, count, "functions", Reject::TooManyFunctions, section.range().start)
            }
            // PROFILE-013: before the names are compared.
            Payload::ExportSection(section) => {
                let count = section.count().into();
                at_most(MAX_EXPORTS, count, "exports", Reject::TooManyExports, section.range().start)
            }
            // PROFILE-014: before any of them is read.
            Payload::ElementSection(section) => {
                let (count, offset) = (section.count().into(), section.range().start);
                at_most(MAX_ELEMENT_SEGMENTS, count, "element segments", Reject::TooManyElementSegments, offset)
            }
            // PROFILE-015: the count that is announced before the code, and that of the section.
            Payload::DataCountSection { count, range } => {
                let (count, offset) = ((*count).into(), range.start);
                at_most(MAX_DATA_SEGMENTS, count, "data segments", Reject::TooManyDataSegments, offset)
            }
            Payload::DataSection(section) => {
                let (count, offset) = (section.count().into(), section.range().start);
                at_most(MAX_DATA_SEGMENTS, count, "data segments", Reject::TooManyDataSegments, offset)
            }
            _ => Ok(()),
        }
    }

    /// Takes over a section that has been validated.
    fn section(&mut self, payload: Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::TypeSection(section) => {
                let place = section.range().start;
                for function_type in section.into_iter_err_on_gc_types() {
                    let function_type = function_type?;
                    let params = value_types(function_type.params(), place)?;
                    let results = value_types(function_type.results(), place)?;
                    self.module.types.push(FunctionType { params, results });
                }
                self.module.canonical_types = canonical_types(&self.module.types);
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports_with_offsets() {
                    let (offset, import) = import?;
                    self.import(&import, offset)?;
                }
            }
            Payload::FunctionSection(section) => {
                for type_index in section {
                    self.function_types.push(type_index?);
                }
            }
            Payload::TableSection(section) => {
                for table in section.into_iter_with_offsets() {
                    let (offset, table) = table?;
                    // PROFILE-018: a table never grows, so a declared maximum means nothing.
                    at_most(MAX_TABLE_ENTRIES, table.ty.initial, "entries", Reject::TableTooLarge, offset)?;
                    self.module.table = Some(table.ty.initial as u32);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.into_iter_with_offsets() {
                    let (offset, memory) = memory?;
                    // PROFILE-019: a larger maximum is no fault, since growing may fail at any size.
                    at_most(MAX_MEMORY_PAGES, memory.initial, "pages", Reject::MemoryTooLarge, offset)?;
                    let limit = u64::from(MAX_MEMORY_PAGES);
                    let maximum_pages = memory.maximum.map_or(limit, |maximum| maximum.min(limit)) as u32;
                    self.module.memory = Some(Memory { initial_pages: memory.initial as u32, maximum_pages });
                }
            }
            Payload::GlobalSection(section) => {
                for global in section.into_iter_with_offsets() {
                    let (offset, global) = global?;
                    let value_type = value_type(global.ty.content_type, offset)?;
                    let initial = constant(&global.init_expr)?;
                    self.module.globals.push(Global { value_type, mutable: global.ty.mutable, initial });
                }
            }
            Payload::ExportSection(section) => {
                for export in section.into_iter_with_offsets() {
                    let (offset, export) = export?;
                    let kind = match export.kind {
                        ExternalKind::Func => ExportKind::Function(export.index),
                        ExternalKind::Table => ExportKind::Table,
                        ExternalKind::Memory => ExportKind::Memory,
                        ExternalKind::Global => ExportKind::Global(export.index),
                        ExternalKind::Tag | ExternalKind::FuncExact => return Err(Fault::excluded(offset)),
                    };
                    self.module.exports.push(Export { name: export.name.into(), kind });
                }
            }
            Payload::StartSection { func, .. } => self.module.start = Some(func),
            Payload::ElementSection(section) => {
                for segment in section {
                    self.element_segment(segment?)?;
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    self.data_segment(segment?)?;
                }
            }
            // PROFILE-008: a custom section says nothing about the execution. The others have no content of their own.
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, import: &wasmparser::Import<'_>, offset: u64) -> Result<(), Fault> {
        let refuse =
            |reason, what| Err(Fault::rule(reason, offset, format!("{}.{} {what}", import.module, import.name)));
        // PROFILE-020: an extension owns its memory, its table and its globals.
        let TypeRef::Func(type_index) = import.ty else {
            return refuse(Reject::ImportNotFunction, "is no function");
        };
        // PROFILE-021: the list is closed, so that every client has every function.
        let Some(host) = HostFunction::lookup(import.module, import.name) else {
            return refuse(Reject::UnknownImport, "is no host function");
        };
        // PROFILE-022: types are compared as WebAssembly's linking does.
        if self.module.types[type_index as usize] != host.function_type() {
            return refuse(Reject::ImportTypeMismatch, "has another type");
        }
        self.module.imports.push(Import { host, type_index });
        self.function_types.push(type_index);
        Ok(())
    }

    fn element_segment(&mut self, segment: wasmparser::Element<'_>) -> Result<(), Fault> {
        let place = segment.range.start;
        // PROFILE-007: without table bulk operations nothing could use it.
        let ElementKind::Active { offset_expr, .. } = segment.kind else {
            return Err(Fault::rule(Reject::PassiveElementSegment, place, "the segment is not active"));
        };
        let offset = constant(&offset_expr)?;
        let functions = match segment.items {
            ElementItems::Functions(functions) => {
                functions.into_iter().map(|function| function.map(Some)).collect::<Result<Vec<_>, _>>()?
            }
            // Validation has shown that there are none: a reference is not a constant without reference types.
            ElementItems::Expressions(..) => Vec::new(),
        };
        let entries = self.module.table.unwrap_or(0).into();
        // PROFILE-023: decided when the module is loaded, so that an instantiation cannot fail.
        check_bounds(offset, functions.len(), entries, Reject::ElementSegmentOutOfBounds, place)?;
        self.module.elements.push(ElementSegment { offset: offset as u32, functions });
        Ok(())
    }

    fn data_segment(&mut self, segment: wasmparser::Data<'_>) -> Result<(), Fault> {
        let offset = match segment.kind {
            DataKind::Passive => None,
            DataKind::Active { offset_expr, .. } => {
                let offset = constant(&offset_expr)?;
                let bytes = self.module.memory.map_or(0, |memory| u64::from(memory.initial_pages) * PAGE_BYTES);
                // PROFILE-024: for the same reason.
                let reason = Reject::DataSegmentOutOfBounds;
                check_bounds(offset, segment.data.len(), bytes, reason, segment.range.start)?;
                Some(offset as u32)
            }
        };
        self.module.data.push(DataSegment { offset, bytes: segment.data.to_vec() });
        Ok(())
    }
}

fn check_types(section: &TypeSectionReader<'_>) -> Result<(), Fault> {
    for group in section.clone().into_iter_with_offsets() {
        let (offset, group) = group?;
        for subtype in group.types() {
            if let CompositeInnerType::Func(function_type) = &subtype.composite_type.inner {
                let (params, results) = (function_type.params().len(), function_type.results().len());
                // PROFILE-010: before the type is used.
                at_most(MAX_PARAMS, params as u64, "parameters", Reject::TooManyParams, offset)?;
                // PROFILE-011: the same.
                at_most(MAX_RESULTS, results as u64, "results", Reject::TooManyResults, offset)?;
            }
        }
    }
    Ok(())
}

fn check_bounds(offset: u64, length: usize, size: u64, reason: Reject, place: u64) -> Result<(), Fault> {
    let end = offset + length as u64;
    match end <= size {
        true => Ok(()),
        false => Err(Fault::rule(reason, place, format!("the segment ends at {end}, beyond {size}"))),
    }
}

pub(super) fn value_type(value_type: ValType, offset: u64) -> Result<ValueType, Fault> {
    match value_type {
        ValType::I32 => Ok(ValueType::I32),
        ValType::I64 => Ok(ValueType::I64),
        _ => Err(Fault::excluded(offset)),
    }
}

fn value_types(types: &[ValType], offset: u64) -> Result<Vec<ValueType>, Fault> {
    types.iter().map(|ty| value_type(*ty, offset)).collect()
}

/// The value of a constant expression: under the profile's features it is a single constant.
fn constant(expression: &ConstExpr<'_>) -> Result<u64, Fault> {
    match expression.get_operators_reader().read_with_offset()? {
        (Operator::I32Const { value }, _) => Ok(u64::from(value as u32)),
        (Operator::I64Const { value }, _) => Ok(value as u64),
        (_, offset) => Err(Fault::excluded(offset)),
    }
}

/// For each type index the first index of an equal type.
fn canonical_types(types: &[FunctionType]) -> Vec<u32> {
    let mut first = BTreeMap::new();
    (0..).zip(types).map(|(index, function_type)| *first.entry(function_type).or_insert(index)).collect()
}

/// Where the export of this name stands in an accepted module; the end of the module if there is none.
pub(super) fn export_offset(wasm: &[u8], name: &str) -> usize {
    let sections = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload {
        Ok(Payload::ExportSection(section)) => Some(section.into_iter_with_offsets()),
        _ => None,
    });
    let mut exports = sections.flatten().filter_map(Result::ok);
    exports.find(|(_, export)| export.name == name).map_or(wasm.len(), |(offset, _)| offset as usize)
}
