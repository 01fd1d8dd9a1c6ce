//! Which rule a refused module breaks. Nothing here decides whether a module is accepted.

use super::MAX_NAME_BYTES;
use super::decode::{FEATURES, Fault};
use crate::notation::{Reject, Rejection};
use wasmparser::{
    Encoding, FromReader, FuncValidatorAllocations, Operator, OperatorsReader, Parser, Payload, SectionLimited,
    ValidPayload, Validator, WasmFeatures,
};

// PROFILE-005: one reason for each, because each is a different mistake in calling a compiler.
/// What the profile excludes, by WebAssembly's proposals. A fault belongs to the first row that cures it.
const EXCLUDED: [(Reject, WasmFeatures); 11] = [
    (Reject::UnsupportedFloats, WasmFeatures::FLOATS.union(WasmFeatures::SATURATING_FLOAT_TO_INT)),
    (Reject::UnsupportedSimd, WasmFeatures::SIMD.union(WasmFeatures::RELAXED_SIMD)),
    (Reject::UnsupportedReferenceTypes, WasmFeatures::REFERENCE_TYPES),
    (Reject::UnsupportedTailCalls, WasmFeatures::TAIL_CALL),
    (Reject::UnsupportedExceptions, WasmFeatures::EXCEPTIONS),
    (Reject::UnsupportedThreads, WasmFeatures::THREADS),
    (Reject::UnsupportedMemory64, WasmFeatures::MEMORY64),
    (Reject::UnsupportedMultiMemory, WasmFeatures::MULTI_MEMORY),
    (Reject::UnsupportedExtendedConst, WasmFeatures::EXTENDED_CONST),
    (Reject::UnsupportedGc, WasmFeatures::GC.union(WasmFeatures::FUNCTION_REFERENCES).union(WasmFeatures::GC_TYPES)),
    (Reject::UnsupportedProposal, GRAMMAR),
];

/// The grammar that decides what is a module at all: that of WebAssembly 3.0 and of atomic instructions.
const GRAMMAR: WasmFeatures = WasmFeatures::WASM3.union(WasmFeatures::THREADS);

/// The most parameters or results of a type that wasmparser reads.
const READER_LIMIT: usize = 1_000;

/// The reason for which a module is refused.
pub(super) fn explain(wasm: &[u8], fault: Fault) -> Rejection {
    let fault = match fault {
        // A module that is too large is not read at all.
        Fault::Rule(rejection) if rejection.reason == Reject::ModuleTooLarge => return rejection,
        fault => fault,
    };
    // PROFILE-003: bytes that are no module have no other fault, wherever in them it was found.
    if let Err(flaw) = check_grammar(wasm) {
        return Rejection::new(flaw.reason(wasm), flaw.offset as usize, flaw.message);
    }
    match fault {
        Fault::Rule(rejection) => rejection,
        Fault::Parser(error) => {
            Rejection::new(validation_reason(wasm, &error), error.offset() as usize, one_line(error.message()))
        }
    }
}

/// Some messages of the reader list bytes on lines of their own.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A deviation from the grammar, or a limit of the reader.
struct Flaw {
    offset: u64,
    message: String,
}

impl From<wasmparser::Error> for Flaw {
    fn from(error: wasmparser::Error) -> Flaw {
        Flaw { offset: error.offset(), message: one_line(error.message()) }
    }
}

impl Flaw {
    fn reason(&self, wasm: &[u8]) -> Reject {
        let rest = wasm.len().saturating_sub(self.offset as usize);
        // The reader refuses vectors above limits of its own before it reads them.
        match self.message.as_str() {
            // PROFILE-009: a name longer than the rest of the module is malformed whatever the limit.
            "string size out of bounds" if rest > MAX_NAME_BYTES as usize => Reject::NameTooLong,
            // These limits are far above the profile's.
            "function params size is out of bounds" if rest > READER_LIMIT => Reject::TooManyParams,
            "function returns size is out of bounds" if rest > READER_LIMIT => Reject::TooManyResults,
            _ => Reject::MalformedModule,
        }
    }
}

/// Reads everything for which WebAssembly has a grammar, and validates nothing.
fn check_grammar(wasm: &[u8]) -> Result<(), Flaw> {
    let flaw = |offset: u64, message: &str| Flaw { offset, message: message.into() };
    let mut has_data_count = false;
    let mut parser = Parser::new(0);
    parser.set_features(GRAMMAR);
    for payload in parser.parse_all(wasm) {
        match payload? {
            // A component is another kind of file.
            Payload::Version { encoding: Encoding::Component, range, .. } => {
                return Err(flaw(range.start + 4, "a component is not a module"));
            }
            Payload::UnknownSection { range, .. } => return Err(flaw(range.start, "unknown section")),
            Payload::TypeSection(section) => read_all(section)?,
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    import?;
                }
            }
            Payload::FunctionSection(section) => read_all(section)?,
            Payload::TableSection(section) => read_all(section)?,
            Payload::MemorySection(section) => read_all(section)?,
            Payload::TagSection(section) => read_all(section)?,
            Payload::GlobalSection(section) => read_all(section)?,
            Payload::ExportSection(section) => read_all(section)?,
            Payload::ElementSection(section) => read_all(section)?,
            Payload::DataSection(section) => read_all(section)?,
            Payload::DataCountSection { .. } => has_data_count = true,
            Payload::CodeSectionEntry(body) => {
                let mut locals = body.get_locals_reader()?;
                for _ in 0..locals.get_count() {
                    locals.read()?;
                }
                let mut operators = OperatorsReader::new(locals.get_binary_reader());
                while !operators.eof() {
                    let (operator, offset) = operators.read_with_offset()?;
                    // The grammar lets a body name data segments only when their number has been announced.
                    if matches!(operator, Operator::MemoryInit { .. } | Operator::DataDrop { .. }) && !has_data_count {
                        return Err(flaw(offset, "there is no data count section"));
                    }
                }
                operators.finish()?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn read_all<'a, T: FromReader<'a>>(section: SectionLimited<'a, T>) -> Result<(), wasmparser::Error> {
    section.into_iter().try_for_each(|item| item.map(drop))
}

/// The reason of an error of validation, or of the reader under the profile's features.
fn validation_reason(wasm: &[u8], error: &wasmparser::Error) -> Reject {
    // Most errors name the feature.
    if let Some(missing) = error.missing_wasm_feature() {
        let row = EXCLUDED.iter().find(|(_, features)| features.intersects(missing));
        return row.map_or(Reject::UnsupportedProposal, |(reason, _)| *reason);
    }
    // Otherwise a feature is the cause if with it validation gets beyond this place.
    let cure = EXCLUDED.iter().find(|(_, features)| validates_beyond(wasm, FEATURES.union(*features), error.offset()));
    // PROFILE-004: no excluded proposal would make it valid.
    cure.map_or(Reject::InvalidModule, |(reason, _)| *reason)
}

/// Whether no error up to and including this byte is found with other features. It reads hardly further, so that its
/// work is bounded by the limits that were checked on the way to the error.
fn validates_beyond(wasm: &[u8], features: WasmFeatures, place: u64) -> bool {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    // Validates a section or a function as far as the place, and tells where it ends.
    let mut validate = |payload: &Payload<'_>| {
        let ValidPayload::Func(function, body) = validator.payload(payload)? else {
            let section = payload.as_section().filter(|_| !matches!(payload, Payload::CodeSectionStart { .. }));
            return Ok(section.map_or(0, |(_, range)| range.end));
        };
        let mut validator = function.into_validator(std::mem::take(&mut allocations));
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        while !reader.eof() && reader.original_position() <= place {
            reader.visit_operator(&mut validator.visitor(reader.original_position()))??;
        }
        allocations = validator.into_allocations();
        Ok(body.range().end)
    };
    for payload in parser.parse_all(wasm) {
        match payload.and_then(|payload| validate(&payload)) {
            Ok(end) if end > place => return true,
            Ok(_) => {}
            Err(error) => return error.offset() > place,
        }
    }
    true
}
