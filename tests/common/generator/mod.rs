//! Makes modules that really run.
//!
//! Random modules mostly trap at once or do nothing. These are built from the outside in, as a compiler builds them:
//! counted loops, calls that end, addresses that mostly lie in the memory. Most are *tame*, which means that they trap
//! only by bad luck; the others are *hazardous* and leave out, at some places, what protects from a trap.
//!
//! Termination: a function calls only functions that were made before it, or *guarded* ones, which return at once when
//! the module's call budget (global 0) is used up; loops count down; and no function is made whose instructions,
//! counted with their repetitions, exceed its bound.

mod body;
mod choices;
mod operators;

pub use choices::Choices;
use wasm_encoder::*;

/// The host functions: module, name and type.
const HOST_FUNCTIONS: [(&str, &str, &[ValType], &[ValType]); 10] = [
    ("middle", "input", &[ValType::I32], &[ValType::I64]),
    ("middle", "output", &[ValType::I32, ValType::I64], &[]),
    ("middle", "output_len", &[ValType::I32], &[]),
    ("middle", "input_len", &[], &[ValType::I32]),
    ("middle", "witness", &[ValType::I32], &[ValType::I64]),
    ("middle", "witness_len", &[], &[ValType::I32]),
    ("middle", "context", &[ValType::I32], &[ValType::I64]),
    ("middle", "post_state", &[ValType::I32, ValType::I64], &[]),
    ("middle", "poseidon", &[ValType::I32; 2], &[]),
    ("env", "abort", &[ValType::I32; 4], &[]),
];

/// The index of the global that counts how often guarded functions may still be entered.
const CALL_BUDGET: u32 = 0;

/// A function that the module has or will have.
struct Function {
    type_index: u32,
    params: Vec<ValType>,
    results: Vec<ValType>,
    /// Its name in `HOST_FUNCTIONS` if it is an import.
    host: Option<&'static str>,
    /// It returns at once when the call budget is used up.
    guarded: bool,
    /// A table entry names it.
    in_table: bool,
    /// It may call through the table without the call budget in between.
    reaches_table: bool,
    /// Bound of the instructions that one call executes, guarded callees excepted.
    cost: u64,
    /// It calls itself as often as its first parameter says.
    descends: bool,
    /// By how much each of these calls moves the frame pointer.
    frame_step: u32,
}

struct Memory {
    pages: u32,
    maximum: Option<u32>,
}

struct Segment {
    offset: Option<u32>,
    bytes: Vec<u8>,
}

struct Global {
    value_type: ValType,
    mutable: bool,
    initial: u64,
}

/// The module apart from its function bodies.
struct Plan {
    /// The percentage of places that are not protected from trapping.
    hazard: u32,
    types: Vec<(Vec<ValType>, Vec<ValType>)>,
    functions: Vec<Function>,
    imports: usize,
    table: Option<Vec<Option<u32>>>,
    memory: Option<Memory>,
    globals: Vec<Global>,
    data: Vec<Segment>,
}

/// The module that these bytes choose: inside the profile, with the entry point `run`; all functions, the globals and
/// the memory are exported.
pub fn module(seed: &[u8]) -> Vec<u8> {
    let mut choices = Choices::new(seed);
    let mut plan = Plan::new(&mut choices);
    let defined = plan.imports..plan.functions.len();
    let mut bodies = Vec::new();
    for index in defined {
        bodies.push(body::body(&mut plan, &mut choices, index));
    }
    plan.encode(&mut choices, &bodies)
}

impl Plan {
    fn new(choices: &mut Choices) -> Plan {
        let mut plan = Plan {
            hazard: if choices.chance(45) { choices.between(1, 20) } else { 0 },
            types: Vec::new(),
            functions: Vec::new(),
            imports: 0,
            table: None,
            memory: None,
            globals: Vec::new(),
            data: Vec::new(),
        };
        plan.add_functions(choices);
        if choices.chance(80) {
            plan.add_table(choices);
        }
        if choices.chance(90) {
            plan.add_memory(choices);
        }
        plan.add_globals(choices);
        plan
    }

    fn add_functions(&mut self, choices: &mut Choices) {
        for (_, name, params, results) in HOST_FUNCTIONS {
            // Tame modules do not call `abort`, but may import it.
            if choices.chance(50) {
                self.add_function(params.to_vec(), results.to_vec(), Some(name), false);
            }
        }
        self.imports = self.functions.len();
        for _ in 0..choices.between(0, 6) {
            let (params, results) = match self.functions.len() {
                // Functions of equal types, under equal or different type indices, are what indirect calls need.
                count if count > 0 && choices.chance(40) => {
                    let like = &self.functions[choices.below(count)];
                    (like.params.clone(), like.results.clone())
                }
                _ if choices.chance(10) => (choices.value_types(0, 12), choices.value_types(0, 12)),
                _ => (choices.value_types(0, 4), choices.value_types(0, 3)),
            };
            let guarded = choices.chance(40);
            if choices.chance(10) {
                self.types.push((params.clone(), results.clone()));
            }
            self.add_function(params, results, None, guarded);
        }
        if choices.chance(10) {
            let mut params = vec![ValType::I32];
            params.extend(choices.value_types(0, 3));
            self.add_function(params, choices.value_types(0, 5), None, false);
            self.functions.last_mut().expect("just added").descends = true;
        }
        self.add_function(Vec::new(), vec![ValType::I32], None, false);
    }

    fn add_function(&mut self, params: Vec<ValType>, results: Vec<ValType>, host: Option<&'static str>, guarded: bool) {
        let type_index = self.type_index(&params, &results);
        self.functions.push(Function {
            type_index,
            params,
            results,
            host,
            guarded,
            in_table: false,
            reaches_table: false,
            cost: 1,
            descends: false,
            frame_step: 1,
        });
    }

    /// The index of a function type, which is added if it is new.
    fn type_index(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        // From the end, so that of two equal types not always the first is used.
        let known = self.types.iter().rposition(|(p, r)| p == params && r == results);
        known.unwrap_or_else(|| {
            self.types.push((params.to_vec(), results.to_vec()));
            self.types.len() - 1
        }) as u32
    }

    fn add_table(&mut self, choices: &mut Choices) {
        let mut entries = Vec::new();
        for _ in 0..choices.between(1, 10) {
            let index = choices.below(self.functions.len());
            let function = &self.functions[index];
            // Indirect calls do not choose their arguments, and these functions trap on some.
            let traps = matches!(function.host, Some("output" | "output_len" | "post_state" | "poseidon" | "abort"));
            entries.push(if (!traps || self.hazard > 0) && !function.descends && !choices.chance(15) {
                self.functions[index].in_table = true;
                Some(index as u32)
            } else {
                None
            });
        }
        self.table = Some(entries);
    }

    fn add_memory(&mut self, choices: &mut Choices) {
        let pages = choices.between(1, 3);
        let maximum = choices.chance(50).then(|| pages + choices.between(0, 3));
        self.memory = Some(Memory { pages, maximum });
        for _ in 0..choices.between(0, 4) {
            let bytes = choices.byte_string(40);
            let offset = match choices.below(4) {
                0 | 1 => None,
                2 => Some(choices.between(0, 300)),
                _ => Some(pages * 65_536 - bytes.len() as u32),
            };
            self.data.push(Segment { offset, bytes });
        }
    }

    fn add_globals(&mut self, choices: &mut Choices) {
        let budget = if choices.chance(3) { 100_000 } else { choices.between(0, 60).into() };
        self.globals.push(Global { value_type: ValType::I32, mutable: true, initial: budget });
        for _ in 0..choices.between(0, 5) {
            let value_type = choices.value_type();
            self.globals.push(Global { value_type, mutable: choices.chance(75), initial: choices.constant() });
        }
    }

    fn encode(&self, choices: &mut Choices, bodies: &[wasm_encoder::Function]) -> Vec<u8> {
        let mut module = Module::new();

        let mut types = TypeSection::new();
        for (params, results) in &self.types {
            types.ty().function(params.iter().copied(), results.iter().copied());
        }
        module.section(&types);

        let mut imports = ImportSection::new();
        for function in &self.functions {
            if let Some(host) = function.host {
                let (namespace, ..) = HOST_FUNCTIONS[position(host)];
                imports.import(namespace, host, EntityType::Function(function.type_index));
            }
        }
        module.section(&imports);

        let mut functions = FunctionSection::new();
        for function in &self.functions[self.imports..] {
            functions.function(function.type_index);
        }
        module.section(&functions);

        if let Some(entries) = &self.table {
            let mut tables = TableSection::new();
            tables.table(TableType {
                element_type: RefType::FUNCREF,
                table64: false,
                minimum: entries.len() as u64,
                maximum: None,
                shared: false,
            });
            module.section(&tables);
        }

        if let Some(Memory { pages, maximum }) = self.memory {
            let mut memories = MemorySection::new();
            memories.memory(MemoryType {
                minimum: pages.into(),
                maximum: maximum.map(u64::from),
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
            module.section(&memories);
        }

        let mut globals = GlobalSection::new();
        for Global { value_type, mutable, initial } in &self.globals {
            let global_type = GlobalType { val_type: *value_type, mutable: *mutable, shared: false };
            let initial = match value_type {
                ValType::I32 => ConstExpr::i32_const(*initial as i32),
                _ => ConstExpr::i64_const(*initial as i64),
            };
            globals.global(global_type, &initial);
        }
        module.section(&globals);

        let mut exports = ExportSection::new();
        let run = self.functions.len() - 1;
        exports.export("run", ExportKind::Func, run as u32);
        for index in self.imports..run {
            exports.export(&format!("f{index}"), ExportKind::Func, index as u32);
        }
        for index in 0..self.globals.len() {
            exports.export(&format!("g{index}"), ExportKind::Global, index as u32);
        }
        if self.memory.is_some() {
            exports.export("memory", ExportKind::Memory, 0);
        }
        module.section(&exports);

        let starts = |function: &Function| function.params.is_empty() && function.results.is_empty();
        let starters: Vec<usize> = (self.imports..run).filter(|index| starts(&self.functions[*index])).collect();
        if !starters.is_empty() && choices.chance(40) {
            module.section(&StartSection { function_index: choices.pick(&starters) as u32 });
        }

        if let Some(entries) = &self.table {
            let mut elements = ElementSection::new();
            for (slot, entry) in entries.iter().enumerate() {
                if let Some(function) = entry {
                    let offset = ConstExpr::i32_const(slot as i32);
                    elements.active(None, &offset, Elements::Functions([*function][..].into()));
                }
            }
            module.section(&elements);
        }

        if !self.data.is_empty() {
            module.section(&DataCountSection { count: self.data.len() as u32 });
        }
        let mut code = CodeSection::new();
        for body in bodies {
            code.function(body);
        }
        module.section(&code);

        let mut data = DataSection::new();
        for Segment { offset, bytes } in &self.data {
            match offset {
                Some(offset) => data.active(0, &ConstExpr::i32_const(*offset as i32), bytes.iter().copied()),
                None => data.passive(bytes.iter().copied()),
            };
        }
        if !self.data.is_empty() {
            module.section(&data);
        }
        module.finish()
    }
}

fn position(host: &str) -> usize {
    HOST_FUNCTIONS.iter().position(|(_, name, ..)| *name == host).expect("a name of the list")
}
