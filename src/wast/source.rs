//! The sections of any module, whatever features it uses.

use super::rewrite::Refusal;
use crate::profile::{MAX_PARAMS, MAX_RESULTS};
use wasmparser::{
    CompositeInnerType, Data, Element, ElementItems, Export, FuncType, FunctionBody, Global, Import, MemoryType,
    Operator, Parser, Payload, Table, ValType,
};

/// A parsed module.
#[derive(Default)]
pub(super) struct Source<'a> {
    pub types: Vec<SourceType>,
    pub imports: Vec<Import<'a>>,
    /// The type indices of the defined functions.
    pub functions: Vec<u32>,
    pub tables: Vec<Table<'a>>,
    pub memories: Vec<MemoryType>,
    pub globals: Vec<Global<'a>>,
    pub exports: Vec<Export<'a>>,
    pub start: Option<u32>,
    pub elements: Vec<Element<'a>>,
    pub data_count: Option<u32>,
    pub bodies: Vec<FunctionBody<'a>>,
    pub data: Vec<Data<'a>>,
}

/// A type of the type section.
pub(super) enum SourceType {
    /// A function type of integers alone. Those of one structure are equal: none takes part in subtyping or recursion.
    Integer(FuncType),
    /// Any other function type that has a counterpart of integers within the limits.
    Mappable(FuncType),
    /// A structure, an array, or a function type beyond the limits.
    Other,
}

impl SourceType {
    fn new(sub_type: wasmparser::SubType, alone: bool) -> SourceType {
        let plain = alone && sub_type.is_final && sub_type.supertype_idxs.is_empty();
        match sub_type.composite_type.inner {
            CompositeInnerType::Func(function)
                if function.params().len() <= MAX_PARAMS as usize
                    && function.results().len() <= MAX_RESULTS as usize =>
            {
                let integers = function.params().iter().chain(function.results()).all(is_integer);
                if plain && integers { SourceType::Integer(function) } else { SourceType::Mappable(function) }
            }
            _ => SourceType::Other,
        }
    }

    /// The type as the module has it, if it can be kept or mapped.
    pub fn function(&self) -> Option<&FuncType> {
        match self {
            SourceType::Integer(function) | SourceType::Mappable(function) => Some(function),
            SourceType::Other => None,
        }
    }
}

impl<'a> Source<'a> {
    pub fn parse(wasm: &'a [u8]) -> Result<Source<'a>, Refusal> {
        let mut source = Source::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        let group = group?;
                        let alone = group.types().len() == 1;
                        source.types.extend(group.into_types().map(|sub_type| SourceType::new(sub_type, alone)));
                    }
                }
                Payload::ImportSection(section) => source.imports = section.into_imports().collect::<Result<_, _>>()?,
                Payload::FunctionSection(section) => source.functions = all(section)?,
                Payload::TableSection(section) => source.tables = all(section)?,
                Payload::MemorySection(section) => source.memories = all(section)?,
                Payload::GlobalSection(section) => source.globals = all(section)?,
                Payload::ExportSection(section) => source.exports = all(section)?,
                Payload::StartSection { func, .. } => source.start = Some(func),
                Payload::ElementSection(section) => source.elements = all(section)?,
                Payload::DataCountSection { count, .. } => source.data_count = Some(count),
                Payload::CodeSectionEntry(body) => source.bodies.push(body),
                Payload::DataSection(section) => source.data = all(section)?,
                // Tags and custom sections: only excluded instructions refer to them, or none.
                _ => {}
            }
        }
        Ok(source)
    }

    pub fn type_of(&self, type_index: u32) -> Result<&SourceType, Refusal> {
        self.types.get(type_index as usize).ok_or_else(|| Refusal::Broken(format!("there is no type {type_index}")))
    }
}

fn all<'a, T: wasmparser::FromReader<'a>>(section: wasmparser::SectionLimited<'a, T>) -> Result<Vec<T>, Refusal> {
    Ok(section.into_iter().collect::<Result<_, _>>()?)
}

pub(super) fn is_integer(value_type: &ValType) -> bool {
    matches!(value_type, ValType::I32 | ValType::I64)
}

/// The operators of an expression.
pub(super) fn operators<'a>(expression: &wasmparser::ConstExpr<'a>) -> Result<Vec<Operator<'a>>, Refusal> {
    Ok(expression.get_operators_reader().into_iter().collect::<Result<_, _>>()?)
}

/// The functions of an element segment; `None` for another expression.
pub(super) fn entries(items: &ElementItems) -> Result<Vec<Option<u32>>, Refusal> {
    let mut entries = Vec::new();
    match items {
        ElementItems::Functions(section) => {
            for function in section.clone() {
                entries.push(Some(function?));
            }
        }
        ElementItems::Expressions(_, section) => {
            for expression in section.clone() {
                entries.push(match operators(&expression?)?.as_slice() {
                    [Operator::RefFunc { function_index }, Operator::End] => Some(*function_index),
                    _ => None,
                });
            }
        }
    }
    Ok(entries)
}

/// The proposal that brought an instruction, and the name of its visitor in `wasmparser`.
pub(super) fn name(operator: &Operator) -> (&'static str, &'static str) {
    macro_rules! names {
        ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
            match operator {
                $(Operator::$op { .. } => (stringify!($proposal), stringify!($visit)),)*
                // `Operator` is open to more.
                _ => ("unknown", "unknown"),
            }
        };
    }
    wasmparser::for_each_operator!(names)
}
