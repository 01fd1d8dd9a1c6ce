//! The sections of a module, in the order in which they stand.

use super::function::{self, Surroundings};
use super::limits::*;
use super::{DataSegment, ElementSegment, Export, ExportKind, FunctionType, Global, Import, Memory, Module, ValueType};
use crate::host_interface::HostFunction;
use crate::notation::Reject;
use std::collections::BTreeMap;
use wasmparser::{
    CompositeInnerType, ConstExpr, DataKind, ElementItems, ElementKind, ExternalKind, FuncValidatorAllocations,
    Operator, Parser, Payload, TypeRef, ValType, ValidPayload, Validator, WasmFeatures,
};

/// PROFILE-003: WebAssembly 1.0 without floats, and what compilers use by default for integer code since then. Overlong
/// table indices of `call_indirect` are placeholders that linkers leave.
pub(super) const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .difference(WasmFeatures::FLOATS);

/// Why decoding stopped.
#[derive(Debug)]
pub(super) enum Fault {
    /// A rule of the profile.
    Rule(Reject, u64),
    /// wasmparser's reader or validator: what it means is left to the diagnosis.
    Parser(wasmparser::Error),
}

impl Fault {
    pub(super) fn rule(reason: Reject, offset: u64) -> Fault {
        Fault::Rule(reason, offset)
    }
}

impl From<wasmparser::Error> for Fault {
    fn from(error: wasmparser::Error) -> Fault {
        Fault::Parser(error)
    }
}

/// Decodes, validates and checks a module section by section.
pub(super) fn decode(wasm: &[u8]) -> Result<Module, Fault> {
    // PROFILE-001: before anything is read.
    if wasm.len() > MAX_MODULE_BYTES {
        return Err(Fault::rule(Reject::ModuleTooLarge, MAX_MODULE_BYTES as u64));
    }
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut validator = Validator::new_with_features(FEATURES);
    let mut allocations = FuncValidatorAllocations::default();
    let mut decoder = Decoder::default();
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        decoder.check_limits(&payload)?;
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
struct Decoder {
    module: Module,
    /// The type index of every function, imports first.
    functions: Vec<u32>,
}

impl Default for Decoder {
    fn default() -> Decoder {
        let module = Module {
            types: Vec::new(),
            imports: Vec::new(),
            functions: Vec::new(),
            table: None,
            memory: None,
            globals: Vec::new(),
            exports: Vec::new(),
            start: None,
            elements: Vec::new(),
            data: Vec::new(),
            canonical_types: Vec::new(),
        };
        Decoder { module, functions: Vec::new() }
    }
}

impl Decoder {
    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings { types: &self.module.types, functions: &self.functions, imports: self.module.imports.len() }
    }

    /// The limits that are checked before validation, because they bound its work.
    fn check_limits(&self, payload: &Payload<'_>) -> Result<(), Fault> {
        let check = |count: u32, limit: u32, reason: Reject, offset: u64| match count <= limit {
            true => Ok(()),
            false => Err(Fault::rule(reason, offset)),
        };
        match payload {
            // PROFILE-010, PROFILE-011: types are read before the first of them is used.
            Payload::TypeSection(types) => {
                for item in types.clone().into_iter_with_offsets() {
                    let (offset, group) = item?;
                    for function_type in group.types().filter_map(|ty| match &ty.composite_type.inner {
                        CompositeInnerType::Func(function_type) => Some(function_type),
                        // Refused by validation.
                        _ => None,
                    }) {
                        check(function_type.params().len() as u32, MAX_PARAMS, Reject::TooManyParams, offset)?;
                        check(function_type.results().len() as u32, MAX_RESULTS, Reject::TooManyResults, offset)?;
                    }
                }
                Ok(())
            }
            // PROFILE-012: imports and definitions share an index space.
            Payload::ImportSection(imports) => {
                check(imports.count(), MAX_FUNCTIONS, Reject::TooManyFunctions, imports.range().start)
            }
            Payload::FunctionSection(functions) => {
                let count = functions.count().saturating_add(self.module.imports.len() as u32);
                check(count, MAX_FUNCTIONS, Reject::TooManyFunctions, functions.range().start)
            }
            // PROFILE-013: checked by count, so that names need not be compared first.
            Payload::ExportSection(exports) => {
                check(exports.count(), MAX_EXPORTS, Reject::TooManyExports, exports.range().start)
            }
            // PROFILE-014: the same.
            Payload::ElementSection(segments) => {
                check(segments.count(), MAX_ELEMENT_SEGMENTS, Reject::TooManyElementSegments, segments.range().start)
            }
            // PROFILE-015: both the announcement and the section itself.
            Payload::DataCountSection { count, range } => {
                check(*count, MAX_DATA_SEGMENTS, Reject::TooManyDataSegments, range.start)
            }
            Payload::DataSection(segments) => {
                check(segments.count(), MAX_DATA_SEGMENTS, Reject::TooManyDataSegments, segments.range().start)
            }
            _ => Ok(()),
        }
    }

    /// Takes over a section that has been validated.
    fn section(&mut self, payload: Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::TypeSection(types) => {
                let place = types.range().start;
                let convert = |types: &[ValType]| types.iter().map(|ty| value_type(*ty, place)).collect();
                for function_type in types.into_iter_err_on_gc_types() {
                    let function_type = function_type?;
                    let params: Result<_, Fault> = convert(function_type.params());
                    let results: Result<_, Fault> = convert(function_type.results());
                    self.module.types.push(FunctionType { params: params?, results: results? });
                }
                self.module.canonical_types = canonical_types(&self.module.types);
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports_with_offsets() {
                    let (offset, import) = import?;
                    self.import(import, offset)?;
                }
            }
            Payload::FunctionSection(functions) => {
                for type_index in functions {
                    self.functions.push(type_index?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables.into_iter_with_offsets() {
                    let (offset, table) = table?;
                    let entries = u32::try_from(table.ty.initial).unwrap_or(u32::MAX);
                    // PROFILE-018: the whole table is part of the program's image.
                    if entries > MAX_TABLE_ENTRIES {
                        return Err(Fault::rule(Reject::TableTooLarge, offset));
                    }
                    self.module.table = Some(entries);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories.into_iter_with_offsets() {
                    let (offset, memory) = memory?;
                    let pages = |pages: u64| u32::try_from(pages).unwrap_or(u32::MAX);
                    let initial_pages = pages(memory.initial);
                    // PROFILE-019: a larger maximum is no fault, since growing may fail at any size.
                    if initial_pages > MAX_MEMORY_PAGES {
                        return Err(Fault::rule(Reject::MemoryTooLarge, offset));
                    }
                    let maximum_pages = memory.maximum.map_or(MAX_MEMORY_PAGES, pages).min(MAX_MEMORY_PAGES);
                    self.module.memory = Some(Memory { initial_pages, maximum_pages });
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals.into_iter_with_offsets() {
                    let (offset, global) = global?;
                    self.module.globals.push(Global {
                        value_type: value_type(global.ty.content_type, offset)?,
                        mutable: global.ty.mutable,
                        initial: constant(&global.init_expr)?,
                    });
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    let kind = match export.kind {
                        ExternalKind::Func => ExportKind::Function(export.index),
                        ExternalKind::Table => ExportKind::Table,
                        ExternalKind::Memory => ExportKind::Memory,
                        ExternalKind::Global => ExportKind::Global(export.index),
                        // Validation has no index space for these.
                        ExternalKind::Tag | ExternalKind::FuncExact => continue,
                    };
                    self.module.exports.push(Export { name: export.name.into(), kind });
                }
            }
            Payload::StartSection { func, .. } => self.module.start = Some(func),
            Payload::ElementSection(segments) => {
                for segment in segments {
                    self.element_segment(segment?)?;
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    self.data_segment(segment?)?;
                }
            }
            // PROFILE-005: custom sections say nothing about the execution. The others have no content of their own.
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, import: wasmparser::Import<'_>, offset: u64) -> Result<(), Fault> {
        // PROFILE-020: an extension owns its memory, table and globals.
        let TypeRef::Func(type_index) = import.ty else {
            return Err(Fault::rule(Reject::ImportNotFunction, offset));
        };
        // PROFILE-021: the list is closed, so every client knows every function.
        let Some(host) = HostFunction::lookup(import.module, import.name) else {
            return Err(Fault::rule(Reject::UnknownImport, offset));
        };
        // PROFILE-022: as in WebAssembly's linking.
        if self.module.types[type_index as usize] != host.function_type() {
            return Err(Fault::rule(Reject::ImportTypeMismatch, offset));
        }
        self.module.imports.push(Import { host, type_index });
        self.functions.push(type_index);
        Ok(())
    }

    fn element_segment(&mut self, segment: wasmparser::Element<'_>) -> Result<(), Fault> {
        // PROFILE-007: without table bulk operations nothing could use it.
        let ElementKind::Active { offset_expr, .. } = segment.kind else {
            return Err(Fault::rule(Reject::PassiveElementSegment, segment.range.start));
        };
        let offset = constant(&offset_expr)? as u32;
        let functions = match segment.items {
            ElementItems::Functions(functions) => {
                functions.into_iter().map(|function| function.map(Some)).collect::<Result<Vec<_>, _>>()?
            }
            ElementItems::Expressions(_, expressions) => {
                expressions.into_iter().map(|expression| reference(&expression?)).collect::<Result<Vec<_>, _>>()?
            }
        };
        // PROFILE-023: decided once, so that instantiation cannot fail.
        let end = u64::from(offset) + functions.len() as u64;
        if end > self.module.table.unwrap_or(0).into() {
            return Err(Fault::rule(Reject::ElementSegmentOutOfBounds, segment.range.start));
        }
        self.module.elements.push(ElementSegment { offset, functions });
        Ok(())
    }

    fn data_segment(&mut self, segment: wasmparser::Data<'_>) -> Result<(), Fault> {
        let offset = match segment.kind {
            DataKind::Passive => None,
            DataKind::Active { offset_expr, .. } => Some(constant(&offset_expr)? as u32),
        };
        // PROFILE-024: the same.
        let end = u64::from(offset.unwrap_or(0)) + segment.data.len() as u64;
        let bytes = u64::from(self.module.memory.map_or(0, |memory| memory.initial_pages)) * 65_536;
        if offset.is_some() && end > bytes {
            return Err(Fault::rule(Reject::DataSegmentOutOfBounds, segment.range.start));
        }
        self.module.data.push(DataSegment { offset, bytes: segment.data.to_vec() });
        Ok(())
    }
}

/// The value of a constant expression of integer type: under the profile's features one constant.
fn constant(expression: &ConstExpr<'_>) -> Result<u64, Fault> {
    let mut operators = expression.get_operators_reader();
    match operators.read_with_offset()? {
        (Operator::I32Const { value }, _) => Ok(u64::from(value as u32)),
        (Operator::I64Const { value }, _) => Ok(value as u64),
        (_, offset) => Err(Fault::rule(Reject::UnsupportedProposal, offset)),
    }
}

/// The function that an element expression names.
fn reference(expression: &ConstExpr<'_>) -> Result<Option<u32>, Fault> {
    let mut operators = expression.get_operators_reader();
    match operators.read_with_offset()? {
        (Operator::RefFunc { function_index }, _) => Ok(Some(function_index)),
        (Operator::RefNull { .. }, _) => Ok(None),
        (_, offset) => Err(Fault::rule(Reject::UnsupportedProposal, offset)),
    }
}

pub(super) fn value_type(value_type: ValType, offset: u64) -> Result<ValueType, Fault> {
    match value_type {
        ValType::I32 => Ok(ValueType::I32),
        ValType::I64 => Ok(ValueType::I64),
        // Validation under the profile's features lets nothing else through.
        _ => Err(Fault::rule(Reject::UnsupportedProposal, offset)),
    }
}

/// For each type index the first index of an equal type.
fn canonical_types(types: &[FunctionType]) -> Vec<u32> {
    let mut first = BTreeMap::new();
    (0..).zip(types).map(|(index, function_type)| *first.entry(function_type).or_insert(index)).collect()
}

/// Where the export of this name stands in an accepted module; its length if there is none.
pub(super) fn export_offset(wasm: &[u8], name: &str) -> usize {
    let sections = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload {
        Ok(Payload::ExportSection(exports)) => Some(exports.into_iter_with_offsets()),
        _ => None,
    });
    let mut exports = sections.flatten().filter_map(Result::ok);
    exports.find(|(_, export)| export.name == name).map_or(wasm.len(), |(offset, _)| offset as usize)
}
