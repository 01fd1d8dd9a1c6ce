//! A large module of real code.

use middle_client::profile::{ENTRY_POINT, ValueType, decode};
use std::collections::BTreeMap;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::*;

/// A module of at most this many bytes, nearly as many, that consists of the functions of these modules, over and over.
/// It validates and lowers, but means nothing: all copies share one memory and one table.
pub fn assemble<'a>(modules: impl IntoIterator<Item = &'a [u8], IntoIter: Clone>, most_bytes: usize) -> Vec<u8> {
    let modules = modules.into_iter();
    let mut assembly = Assembly::new(modules.clone());
    let mut largest = assembly.finish();
    for wasm in modules.cycle() {
        assembly.add(wasm);
        let larger = assembly.finish();
        if larger.len() > most_bytes {
            break;
        }
        largest = larger;
    }
    largest
}

/// The module under construction.
struct Assembly {
    types: TypeSection,
    imports: ImportSection,
    /// The function index of each import.
    import_indices: BTreeMap<(String, String), u32>,
    functions: FunctionSection,
    globals: GlobalSection,
    code: CodeSection,
}

impl Assembly {
    /// Only the imports of these modules: they precede all functions.
    fn new<'a>(modules: impl Iterator<Item = &'a [u8]>) -> Assembly {
        let mut assembly = Assembly {
            types: TypeSection::new(),
            imports: ImportSection::new(),
            import_indices: BTreeMap::new(),
            functions: FunctionSection::new(),
            globals: GlobalSection::new(),
            code: CodeSection::new(),
        };
        for wasm in modules {
            let module = decode(wasm).expect("an extension is in the profile");
            for import in &module.imports {
                let (namespace, name) = import.host.name();
                let index = assembly.import_indices.len() as u32;
                assembly.import_indices.entry((namespace.into(), name.into())).or_insert_with(|| {
                    let function_type = import.host.function_type();
                    let value_type = |value_type: &ValueType| match value_type {
                        ValueType::I32 => ValType::I32,
                        ValueType::I64 => ValType::I64,
                    };
                    let params: Vec<ValType> = function_type.params.iter().map(value_type).collect();
                    assembly.types.ty().function(params, function_type.results.iter().map(value_type));
                    assembly.imports.import(namespace, name, EntityType::Function(assembly.types.len() - 1));
                    index
                });
            }
        }
        assembly
    }

    /// Adds the types, globals and functions of a module.
    fn add(&mut self, wasm: &[u8]) {
        let imports = self.import_indices.len() as u32;
        let mut copy = Copy {
            types: self.types.len(),
            functions: imports + self.functions.len(),
            globals: self.globals.len(),
            imports: Vec::new(),
        };
        for payload in wasmparser::Parser::new(0).parse_all(wasm) {
            use wasmparser::Payload;
            let added = match payload.expect("an extension can be parsed") {
                Payload::TypeSection(section) => copy.parse_type_section(&mut self.types, section),
                Payload::ImportSection(section) => {
                    copy.imports = section
                        .into_imports()
                        .map(|import| import.expect("an extension can be parsed"))
                        .map(|import| self.import_indices[&(import.module.to_string(), import.name.to_string())])
                        .collect();
                    Ok(())
                }
                Payload::FunctionSection(section) => copy.parse_function_section(&mut self.functions, section),
                Payload::GlobalSection(section) => copy.parse_global_section(&mut self.globals, section),
                Payload::CodeSectionEntry(body) => copy.parse_function_body(&mut self.code, body),
                _ => Ok(()),
            };
            added.expect("an extension can be encoded again");
        }
    }

    fn finish(&mut self) -> Vec<u8> {
        let mut tables = TableSection::new();
        let element_type = RefType::FUNCREF;
        tables.table(TableType { element_type, table64: false, minimum: 1, maximum: None, shared: false });
        let mut memories = MemorySection::new();
        let (maximum, memory64, shared, page_size_log2) = (None, false, false, None);
        memories.memory(MemoryType { minimum: 1, maximum, memory64, shared, page_size_log2 });
        // The entry point is the last function.
        let (mut types, mut functions, mut code) = (self.types.clone(), self.functions.clone(), self.code.clone());
        types.ty().function([], [ValType::I32]);
        functions.function(types.len() - 1);
        let mut run = Function::new([]);
        run.instructions().i32_const(0).end();
        code.function(&run);
        let mut exports = ExportSection::new();
        let run = self.import_indices.len() as u32 + functions.len() - 1;
        exports.export(ENTRY_POINT, ExportKind::Func, run);
        let mut module = Module::new();
        module.section(&types).section(&self.imports).section(&functions).section(&tables).section(&memories);
        module.section(&self.globals).section(&exports).section(&code);
        module.finish()
    }
}

/// A copy of a module: where its types, functions and globals begin, and where its imports are.
struct Copy {
    types: u32,
    functions: u32,
    globals: u32,
    imports: Vec<u32>,
}

impl Reencode for Copy {
    type Error = Infallible;

    fn type_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.types + index)
    }

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        let import = self.imports.get(index as usize);
        Ok(import.copied().unwrap_or_else(|| self.functions + index - self.imports.len() as u32))
    }

    fn global_index(&mut self, index: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.globals + index)
    }
}
