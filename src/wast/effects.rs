//! Which parts of an instance's state a call may read and write: what decides whether an assertion still means
//! something after a call that did not do what it should have done.

use super::rewrite::Refusal;
use super::source::{Source, SourceType, entries, name, operators};
use std::collections::{HashMap, VecDeque};
use wasmparser::{Operator, TableInit};

/// Parts of the state, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts(u8);

impl Parts {
    pub const NONE: Parts = Parts(0);
    /// The contents of the memory.
    pub const MEMORY: Parts = Parts(1);
    /// The size of the memory.
    pub const SIZE: Parts = Parts(2);
    pub const GLOBALS: Parts = Parts(4);
    pub const TABLE: Parts = Parts(8);
    /// Whether segments have been dropped.
    pub const SEGMENTS: Parts = Parts(16);
    pub const ALL: Parts = Parts(31);

    pub const fn and(self, other: Parts) -> Parts {
        Parts(self.0 | other.0)
    }

    pub const fn both(self, other: Parts) -> Parts {
        Parts(self.0 & other.0)
    }

    pub fn overlaps(self, other: Parts) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a call may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    pub reads: Parts,
    pub writes: Parts,
}

impl Effects {
    /// What a function may do of which nothing is known.
    pub const ALL: Effects = Effects { reads: Parts::ALL, writes: Parts::ALL };

    fn and(self, other: Effects) -> Effects {
        Effects { reads: self.reads.and(other.reads), writes: self.writes.and(other.writes) }
    }
}

/// What a call of each function may do, itself or through what it calls, by function index. `function_types` are the
/// types of all functions; imported ones do nothing.
pub(super) fn effects(source: &Source, function_types: &[u32]) -> Result<Vec<Effects>, Refusal> {
    let mut graph = CallGraph::new(source, function_types);
    let imported = function_types.len().saturating_sub(source.functions.len());
    for (index, body) in source.bodies.iter().enumerate() {
        let function = imported + index;
        for operator in body.get_operators_reader()? {
            graph.add(function, &operator?);
        }
    }
    for element in &source.elements {
        for entry in entries(&element.items)?.into_iter().flatten() {
            graph.reference(entry);
        }
    }
    let tables = source.tables.iter().filter_map(|table| match &table.init {
        TableInit::Expr(expression) => Some(expression),
        TableInit::RefNull => None,
    });
    for expression in source.globals.iter().map(|global| &global.init_expr).chain(tables) {
        for operator in operators(expression)? {
            if let Operator::RefFunc { function_index } = operator {
                graph.reference(function_index);
            }
        }
    }
    Ok(graph.close())
}

/// The functions, a node for each type by which functions are called indirectly, and one for indirect calls of any.
struct CallGraph<'s> {
    function_types: &'s [u32],
    /// The first of the types that are equal, by type index; `None` if nothing is known about equality.
    first_equal: Vec<Option<u32>>,
    effects: Vec<Effects>,
    callers: Vec<Vec<usize>>,
    any: usize,
}

impl<'s> CallGraph<'s> {
    fn new(source: &Source, function_types: &'s [u32]) -> CallGraph<'s> {
        let mut first = HashMap::new();
        let first_equal = source.types.iter().zip(0..).map(|(source_type, index)| match source_type {
            SourceType::Integer(function) => Some(*first.entry(function).or_insert(index)),
            SourceType::Mappable(_) | SourceType::Other => None,
        });
        let first_equal: Vec<Option<u32>> = first_equal.collect();
        let any = function_types.len() + first_equal.len();
        let mut graph = CallGraph {
            function_types,
            first_equal,
            effects: vec![Effects::default(); any + 1],
            callers: vec![Vec::new(); any + 1],
            any,
        };
        for type_index in 0..source.types.len() as u32 {
            let node = graph.type_node(type_index);
            graph.edge(graph.any, node);
        }
        graph
    }

    /// The node that stands for all functions that a call by this type may reach.
    fn type_node(&self, type_index: u32) -> usize {
        match self.first_equal.get(type_index as usize) {
            Some(Some(first)) => self.function_types.len() + *first as usize,
            _ => self.any,
        }
    }

    fn edge(&mut self, caller: usize, callee: usize) {
        if caller != callee
            && let Some(callers) = self.callers.get_mut(callee)
        {
            callers.push(caller);
        }
    }

    /// Notes that a function may be called indirectly.
    fn reference(&mut self, function: u32) {
        if let Some(type_index) = self.function_types.get(function as usize) {
            let node = self.type_node(*type_index);
            self.edge(node, function as usize);
        }
    }

    fn add(&mut self, function: usize, operator: &Operator) {
        let (proposal, name) = name(operator);
        if let Some(effects) = self.effects.get_mut(function) {
            *effects = effects.and(effects_of(proposal, name));
        }
        match operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                self.edge(function, *function_index as usize);
            }
            Operator::CallIndirect { type_index, .. } | Operator::ReturnCallIndirect { type_index, .. } => {
                self.edge(function, self.type_node(*type_index));
            }
            Operator::RefFunc { function_index } => self.reference(*function_index),
            _ if name.contains("call") => self.edge(function, self.any),
            _ => {}
        }
    }

    /// Passes effects from callees to callers until nothing changes.
    fn close(mut self) -> Vec<Effects> {
        let mut changed: VecDeque<usize> = (0..self.effects.len()).collect();
        while let Some(callee) = changed.pop_front() {
            for caller in &self.callers[callee] {
                let effects = self.effects[*caller].and(self.effects[callee]);
                if effects != self.effects[*caller] {
                    self.effects[*caller] = effects;
                    changed.push_back(*caller);
                }
            }
        }
        self.effects.truncate(self.function_types.len());
        self.effects
    }
}

/// What an instruction reads and writes. Its trap counts: a store reads the size of the memory.
fn effects_of(proposal: &str, name: &str) -> Effects {
    const MEMORY_AND_SIZE: Parts = Parts::MEMORY.and(Parts::SIZE);
    let (reads, writes) = match (proposal, name) {
        (_, "visit_memory_size") => (Parts::SIZE, Parts::NONE),
        (_, "visit_memory_grow") => (Parts::SIZE, Parts::SIZE),
        (_, "visit_memory_fill") => (Parts::SIZE, Parts::MEMORY),
        (_, "visit_memory_copy") => (MEMORY_AND_SIZE, Parts::MEMORY),
        (_, "visit_memory_init") => (Parts::SIZE.and(Parts::SEGMENTS), Parts::MEMORY),
        (_, "visit_data_drop" | "visit_elem_drop") => (Parts::NONE, Parts::SEGMENTS),
        (_, "visit_global_get") => (Parts::GLOBALS, Parts::NONE),
        (_, "visit_global_set") => (Parts::NONE, Parts::GLOBALS),
        (_, "visit_call_indirect" | "visit_return_call_indirect" | "visit_table_get" | "visit_table_size") => {
            (Parts::TABLE, Parts::NONE)
        }
        ("mvp", _) if name.contains("load") => (MEMORY_AND_SIZE, Parts::NONE),
        ("mvp", _) if name.contains("store") => (Parts::SIZE, Parts::MEMORY),
        (_, _) if name.starts_with("visit_table_") => (Parts::TABLE.and(Parts::SEGMENTS), Parts::TABLE),
        ("mvp" | "sign_extension" | "saturating_float_to_int" | "reference_types" | "function_references", _) => {
            (Parts::NONE, Parts::NONE)
        }
        ("tail_call", _) => (Parts::TABLE, Parts::NONE),
        _ => (Parts::ALL, Parts::ALL),
    };
    Effects { reads, writes }
}
