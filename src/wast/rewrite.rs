//! Makes modules of the official suite runnable inside the profile without changing what they do with integers.

use super::effects::{Effects, Parts, effects};
use super::source::{Source, SourceType, entries, is_integer, name, operators};
use super::spectest::{self, Imports};
use std::collections::BTreeSet;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, Instruction, MemorySection, MemoryType, RefType, Section, StartSection,
    TableSection, TableType, TypeSection, ValType,
};
use wasmparser::{BlockType, DataKind, ElementKind, ExternalKind, FunctionBody, Operator, TableInit};

/// A module inside the profile, as far as rewriting can bring it there.
pub(super) struct Rewritten {
    /// Its encoding.
    pub bytes: Vec<u8>,
    /// If functions were replaced: the index of an added global that counts their calls.
    pub replaced_calls: Option<u32>,
    /// By function index: whether its type could not even be mapped, so that it cannot be called as scripts do.
    pub untyped: Vec<bool>,
    /// By function index: what a call of the original function may do.
    pub effects: Vec<Effects>,
    /// What all modules with the same imports from `spectest` have in common.
    pub shared: Parts,
    /// Nothing but the imports differs from the original.
    pub only_imports: bool,
}

/// Why a module cannot be rewritten.
pub(super) enum Refusal {
    /// It imports what these modules of the script, or proposals, export.
    Imports(BTreeSet<String>),
    /// An import does not match what `spectest` exports, in the words of the official suite.
    Unlinkable(&'static str),
    /// It initialises a table with other values than functions, or a global in a way that may trap.
    Initialiser,
    /// It cannot be parsed.
    Broken(String),
}

impl From<wasmparser::Error> for Refusal {
    fn from(error: wasmparser::Error) -> Refusal {
        Refusal::Broken(error.to_string())
    }
}

impl From<reencode::Error> for Refusal {
    fn from(error: reencode::Error) -> Refusal {
        Refusal::Broken(error.to_string())
    }
}

/// Rewrites a module so that all of it that computes with integers alone stays as it is:
///
/// - `f32` becomes `i32`, every other type of value that the profile lacks becomes `i64`. Values of such types can
///   then only be passed on, which integers of the same width do equally.
/// - Constants, loads, stores and reinterpretations of floats move bits and become those of integers.
/// - A function that uses any other instruction outside the profile gets a body that counts the call and traps.
/// - `spectest` imports become definitions. Imports come first in every index space, so no index changes.
/// - Initialisers of globals and offsets of segments become constants. Element segments that only excluded
///   instructions can read, and tables that only they can reach, are dropped.
/// - Functions whose type is not of integers alone leave the table: a stand-in with a type of its own takes the place,
///   because two types that differ before the mapping may agree after it. Calls by such types are excluded.
pub(super) fn integer_module(wasm: &[u8], registered: &BTreeSet<String>) -> Result<Rewritten, Refusal> {
    let source = Source::parse(wasm)?;
    let imports = Imports::link(&source, registered)?;
    Rewriter::new(&source, &imports)?.module()
}

/// The integer type that stands for a type of values.
pub(super) fn mapped(value_type: wasmparser::ValType) -> ValType {
    match value_type {
        wasmparser::ValType::I32 | wasmparser::ValType::F32 => ValType::I32,
        _ => ValType::I64,
    }
}

/// Re-encodes with mapped types and instructions.
#[derive(Default)]
struct Mapping {
    /// Something was not an integer.
    used: bool,
}

impl Reencode for Mapping {
    type Error = std::convert::Infallible;

    fn val_type(&mut self, value_type: wasmparser::ValType) -> Result<ValType, reencode::Error> {
        self.used |= !is_integer(&value_type);
        Ok(mapped(value_type))
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, reencode::Error> {
        let moved = match operator {
            Operator::F32Const { value } => Instruction::I32Const(value.bits() as i32),
            Operator::F64Const { value } => Instruction::I64Const(value.bits() as i64),
            Operator::F32Load { memarg } => Instruction::I32Load(self.mem_arg(memarg)?),
            Operator::F64Load { memarg } => Instruction::I64Load(self.mem_arg(memarg)?),
            Operator::F32Store { memarg } => Instruction::I32Store(self.mem_arg(memarg)?),
            Operator::F64Store { memarg } => Instruction::I64Store(self.mem_arg(memarg)?),
            Operator::F32ReinterpretI32
            | Operator::I32ReinterpretF32
            | Operator::F64ReinterpretI64
            | Operator::I64ReinterpretF64 => Instruction::Nop,
            integer => return reencode::utils::instruction(self, integer),
        };
        self.used = true;
        Ok(moved)
    }
}

/// Whether a function with this instruction can be kept.
fn is_kept(proposal: &str, name: &str) -> bool {
    match proposal {
        "mvp" if name.contains("f32") || name.contains("f64") => {
            ["_const", "_load", "_store", "_reinterpret_"].iter().any(|part| name.contains(part))
        }
        "mvp" | "sign_extension" => true,
        "bulk_memory" => {
            matches!(name, "visit_memory_init" | "visit_memory_copy" | "visit_memory_fill" | "visit_data_drop")
        }
        _ => false,
    }
}

struct Rewriter<'s, 'a> {
    source: &'s Source<'a>,
    imports: &'s Imports,
    /// The type of each function of the index space.
    function_types: Vec<u32>,
    /// The value of each global of the index space that has a constant one.
    global_values: Vec<Option<(ValType, i64)>>,
    /// Whether table 0 exists and is one that the profile has.
    table: bool,
}

impl<'s, 'a> Rewriter<'s, 'a> {
    fn new(source: &'s Source<'a>, imports: &'s Imports) -> Result<Rewriter<'s, 'a>, Refusal> {
        let function_types: Vec<u32> = imports.functions.iter().chain(&source.functions).copied().collect();
        for type_index in &function_types {
            source.type_of(*type_index)?;
        }
        let table = imports.table
            || source.tables.first().is_some_and(|table| {
                table.ty.element_type == wasmparser::RefType::FUNCREF
                    && !table.ty.table64
                    && matches!(table.init, TableInit::RefNull)
            });
        let global_values = imports.globals.iter().copied().map(Some).collect();
        let mut rewriter = Rewriter { source, imports, function_types, global_values, table };
        for global in &source.globals {
            let value = rewriter.value(&global.init_expr)?;
            rewriter.global_values.push(value);
        }
        Ok(rewriter)
    }

    fn module(&self) -> Result<Rewritten, Refusal> {
        let mut mapping = Mapping::default();
        let mut module = wasm_encoder::Module::new();
        let (elements, stand_in) = self.elements(&mut mapping)?;
        let stand_in_type = stand_in.then_some(self.source.types.len() as u32);

        let types = self.types(&mut mapping, stand_in);
        append(&mut module, types.len(), &types);
        let mut functions = FunctionSection::new();
        for type_index in self.function_types.iter().copied().chain(stand_in_type) {
            functions.function(type_index);
        }
        append(&mut module, functions.len(), &functions);
        let tables = self.tables(&mut mapping);
        append(&mut module, tables.len(), &tables);
        let memories = self.memories(&mut mapping)?;
        append(&mut module, memories.len(), &memories);
        let mut globals = self.globals(&mut mapping)?;
        let replaced = self.replaced()?;
        let replaced_calls = replaced.contains(&true).then_some(globals.len());
        if replaced_calls.is_some() {
            mapping.used = true;
            let counter = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            globals.global(counter, &ConstExpr::i32_const(0));
        }
        append(&mut module, globals.len(), &globals);
        let exports = self.exports(&mut mapping)?;
        append(&mut module, exports.len(), &exports);
        if let Some(function_index) = self.source.start {
            module.section(&StartSection { function_index });
        }
        append(&mut module, elements.len(), &elements);
        if let Some(count) = self.source.data_count {
            module.section(&DataCountSection { count });
        }
        let code = self.code(&mut mapping, &replaced, replaced_calls, stand_in)?;
        append(&mut module, code.len(), &code);
        let data = self.data(&mut mapping)?;
        append(&mut module, data.len(), &data);

        Ok(Rewritten {
            bytes: module.finish(),
            replaced_calls,
            untyped: self.function_types.iter().map(|ty| self.is_untyped(*ty)).collect::<Result<_, _>>()?,
            effects: effects(self.source, &self.function_types)?,
            shared: self.imports.shared(),
            only_imports: !mapping.used,
        })
    }

    fn types(&self, mapping: &mut Mapping, stand_in: bool) -> TypeSection {
        let mut types = TypeSection::new();
        for source_type in &self.source.types {
            mapping.used |= !matches!(source_type, SourceType::Integer(_));
            let (params, results) = source_type.function().map_or((&[][..], &[][..]), |ty| (ty.params(), ty.results()));
            types.ty().function(params.iter().copied().map(mapped), results.iter().copied().map(mapped));
        }
        if stand_in {
            // A number of parameters that no type without results has.
            let functions = self.source.types.iter().filter_map(SourceType::function);
            let taken: BTreeSet<usize> =
                functions.filter(|ty| ty.results().is_empty()).map(|ty| ty.params().len()).collect();
            let free = (0..).find(|count| !taken.contains(count)).unwrap_or_default();
            types.ty().function(vec![ValType::I64; free], []);
        }
        types
    }

    fn tables(&self, mapping: &mut Mapping) -> TableSection {
        let mut tables = TableSection::new();
        let source = self.source.tables.first().filter(|_| !self.imports.table);
        mapping.used |= self.source.tables.len() > usize::from(self.table && !self.imports.table);
        if self.table {
            let (minimum, maximum) = source
                .map_or((spectest::TABLE.0, Some(spectest::TABLE.1)), |table| (table.ty.initial, table.ty.maximum));
            let element_type = RefType::FUNCREF;
            tables.table(TableType { element_type, table64: false, minimum, maximum, shared: false });
        }
        tables
    }

    fn memories(&self, mapping: &mut Mapping) -> Result<MemorySection, Refusal> {
        let mut memories = MemorySection::new();
        for _ in 0..self.imports.memories {
            let (minimum, maximum) = (spectest::MEMORY.0, Some(spectest::MEMORY.1));
            memories.memory(MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None });
        }
        for memory in &self.source.memories {
            memories.memory(mapping.memory_type(*memory)?);
        }
        Ok(memories)
    }

    fn globals(&self, mapping: &mut Mapping) -> Result<GlobalSection, Refusal> {
        let mut globals = GlobalSection::new();
        for (val_type, value) in &self.imports.globals {
            let global_type = GlobalType { val_type: *val_type, mutable: false, shared: false };
            globals.global(global_type, &constant(*val_type, *value));
        }
        let values = &self.global_values[self.imports.globals.len()..];
        for (global, value) in self.source.globals.iter().zip(values) {
            let val_type = mapping.val_type(global.ty.content_type)?;
            mapping.used |= !self.is_plain(&global.init_expr)?;
            let initial = match value {
                Some((value_type, value)) => constant(*value_type, *value),
                None if is_integer(&global.ty.content_type) => mapping.const_expr(global.init_expr.clone())?,
                // A reference or vector: no function that is kept can look into it.
                None if operators(&global.init_expr)?.iter().all(|operator| cannot_trap(name(operator).0)) => {
                    constant(val_type, 0)
                }
                None => return Err(Refusal::Initialiser),
            };
            globals.global(GlobalType { val_type, mutable: global.ty.mutable, shared: false }, &initial);
        }
        Ok(globals)
    }

    fn exports(&self, mapping: &mut Mapping) -> Result<ExportSection, Refusal> {
        let mut exports = ExportSection::new();
        for export in &self.source.exports {
            let kept = match export.kind {
                ExternalKind::Table => self.table && export.index == 0,
                ExternalKind::Tag => false,
                _ => true,
            };
            mapping.used |= !kept;
            if kept {
                exports.export(export.name, mapping.export_kind(export.kind)?, export.index);
            }
        }
        Ok(exports)
    }

    /// The active segments of the table, and whether one of them holds the stand-in.
    fn elements(&self, mapping: &mut Mapping) -> Result<(ElementSection, bool), Refusal> {
        let stand_in = self.function_types.len() as u32;
        let mut section = ElementSection::new();
        let mut stands_in = false;
        for element in &self.source.elements {
            let offset = match &element.kind {
                ElementKind::Active { table_index, offset_expr } if self.table && table_index.unwrap_or(0) == 0 => {
                    self.constant_expression(mapping, offset_expr)?
                }
                _ => {
                    mapping.used = true;
                    continue;
                }
            };
            let mut functions = Vec::new();
            for entry in entries(&element.items)? {
                let function = entry.ok_or(Refusal::Initialiser)?;
                let type_index = self.function_types.get(function as usize).copied();
                let integer = match type_index {
                    Some(type_index) => matches!(self.source.type_of(type_index)?, SourceType::Integer(_)),
                    None => true, // refused later
                };
                stands_in |= !integer;
                functions.push(if integer { function } else { stand_in });
            }
            section.active(None, &offset, Elements::Functions(functions.into()));
        }
        Ok((section, stands_in))
    }

    /// Which of the defined functions have no counterpart.
    fn replaced(&self) -> Result<Vec<bool>, Refusal> {
        let functions = self.source.bodies.iter().zip(&self.source.functions);
        functions.map(|(body, type_index)| Ok(self.is_untyped(*type_index)? || self.is_excluded(body)?)).collect()
    }

    fn code(
        &self,
        mapping: &mut Mapping,
        replaced: &[bool],
        replaced_calls: Option<u32>,
        stand_in: bool,
    ) -> Result<CodeSection, Refusal> {
        let mut code = CodeSection::new();
        for _ in &self.imports.functions {
            code.function(&function(&[Instruction::End]));
        }
        for (body, replaced) in self.source.bodies.iter().zip(replaced) {
            match replaced_calls {
                Some(replaced_calls) if *replaced => {
                    code.function(&replacement(replaced_calls));
                }
                _ => mapping.parse_function_body(&mut code, body.clone())?,
            }
        }
        if stand_in {
            code.function(&function(&[Instruction::Unreachable, Instruction::End]));
        }
        Ok(code)
    }

    fn data(&self, mapping: &mut Mapping) -> Result<DataSection, Refusal> {
        let mut data = DataSection::new();
        for segment in &self.source.data {
            match &segment.kind {
                DataKind::Passive => data.passive(segment.data.iter().copied()),
                DataKind::Active { memory_index, offset_expr } => {
                    let offset = self.constant_expression(mapping, offset_expr)?;
                    data.active(*memory_index, &offset, segment.data.iter().copied())
                }
            };
        }
        Ok(data)
    }

    fn is_untyped(&self, type_index: u32) -> Result<bool, Refusal> {
        Ok(matches!(self.source.type_of(type_index)?, SourceType::Other))
    }

    /// Whether a function uses something that has no counterpart. Memories beyond the first exclude the whole module.
    fn is_excluded(&self, body: &FunctionBody) -> Result<bool, Refusal> {
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            let (proposal, name) = name(&operator);
            let excluded = !is_kept(proposal, name)
                || match operator {
                    Operator::CallIndirect { type_index, table_index } => {
                        let integer = matches!(self.source.type_of(type_index)?, SourceType::Integer(_));
                        table_index != 0 || !self.table || !integer
                    }
                    Operator::Call { function_index } => match self.function_types.get(function_index as usize) {
                        Some(type_index) => self.is_untyped(*type_index)?,
                        None => false, // refused later
                    },
                    Operator::Block { blockty: BlockType::FuncType(type_index) }
                    | Operator::Loop { blockty: BlockType::FuncType(type_index) }
                    | Operator::If { blockty: BlockType::FuncType(type_index) } => self.is_untyped(type_index)?,
                    _ => false,
                };
            if excluded {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn constant_expression(
        &self,
        mapping: &mut Mapping,
        expression: &wasmparser::ConstExpr,
    ) -> Result<ConstExpr, Refusal> {
        mapping.used |= !self.is_plain(expression)?;
        Ok(match self.value(expression)? {
            Some((val_type, value)) => constant(val_type, value),
            None => mapping.const_expr(expression.clone())?,
        })
    }

    /// Whether taking the value of a constant expression for it hides no fault.
    fn is_plain(&self, expression: &wasmparser::ConstExpr) -> Result<bool, Refusal> {
        Ok(match operators(expression)?.as_slice() {
            [Operator::I32Const { .. } | Operator::I64Const { .. }, Operator::End] => true,
            [Operator::GlobalGet { global_index }, Operator::End] => {
                (*global_index as usize) < self.imports.globals.len()
            }
            _ => false,
        })
    }

    /// The value of a constant expression of numbers and of globals that come before it.
    fn value(&self, expression: &wasmparser::ConstExpr) -> Result<Option<(ValType, i64)>, Refusal> {
        use ValType::{I32, I64};
        let mut stack: Vec<(ValType, i64)> = Vec::new();
        for operator in operators(expression)? {
            let value = match operator {
                Operator::I32Const { value } => (I32, value.into()),
                Operator::I64Const { value } => (I64, value),
                Operator::F32Const { value } => (I32, (value.bits() as i32).into()),
                Operator::F64Const { value } => (I64, value.bits() as i64),
                Operator::GlobalGet { global_index } => match self.global_values.get(global_index as usize) {
                    Some(Some(value)) => *value,
                    _ => return Ok(None),
                },
                Operator::End => continue,
                // Extended constant expressions.
                _ => {
                    let (Some((_, right)), Some((_, left))) = (stack.pop(), stack.pop()) else { return Ok(None) };
                    match operator {
                        Operator::I32Add => (I32, (left as i32).wrapping_add(right as i32).into()),
                        Operator::I32Sub => (I32, (left as i32).wrapping_sub(right as i32).into()),
                        Operator::I32Mul => (I32, (left as i32).wrapping_mul(right as i32).into()),
                        Operator::I64Add => (I64, left.wrapping_add(right)),
                        Operator::I64Sub => (I64, left.wrapping_sub(right)),
                        Operator::I64Mul => (I64, left.wrapping_mul(right)),
                        _ => return Ok(None),
                    }
                }
            };
            stack.push(value);
        }
        Ok(if stack.len() == 1 { stack.pop() } else { None })
    }
}

/// Whether constant expressions of this proposal's instructions always have a value.
fn cannot_trap(proposal: &str) -> bool {
    matches!(proposal, "mvp" | "reference_types" | "function_references" | "gc" | "simd")
}

/// Adds a section unless it is empty.
fn append(module: &mut wasm_encoder::Module, entries: u32, section: &impl Section) {
    if entries > 0 {
        module.section(section);
    }
}

fn constant(val_type: ValType, value: i64) -> ConstExpr {
    match val_type {
        ValType::I32 => ConstExpr::i32_const(value as i32),
        _ => ConstExpr::i64_const(value),
    }
}

fn function(instructions: &[Instruction]) -> Function {
    let mut function = Function::new([]);
    for instruction in instructions {
        function.instruction(instruction);
    }
    function
}

/// The body of a function that has no counterpart. The count tells its trap from any other.
fn replacement(replaced_calls: u32) -> Function {
    use Instruction::{End, GlobalGet, GlobalSet, I32Add, I32Const, Unreachable};
    function(&[GlobalGet(replaced_calls), I32Const(1), I32Add, GlobalSet(replaced_calls), Unreachable, End])
}
