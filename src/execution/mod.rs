#![doc = include_str!("../../spec/04-execution.md")]

mod memory;
mod numeric;
mod thread;

use crate::host_interface::{Host, Inputs};
use crate::notation::{Execution, Outcome, Trap};
use crate::profile::{ExportKind, Module};
use memory::LinearMemory;
use thread::{Control, Thread};

/// The name of the entry point.
pub const ENTRY_POINT: &str = "run";

/// Why an invocation ended without results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// It trapped. What it wrote before stays written.
    Trap(Trap),
    /// It executed as many instructions as it was given fuel for. This is no outcome: the result is unknown.
    OutOfFuel,
}

impl From<Trap> for Halt {
    fn from(trap: Trap) -> Halt {
        Halt::Trap(trap)
    }
}

/// The fuel was used up before the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the program did not end within the given number of instructions")]
pub struct OutOfFuel;

/// A finished execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// What it leaves behind.
    pub execution: Execution,
    /// The number of executed instructions, `else` and `end` excepted.
    pub instructions: u64,
    /// The linear memory at the end. No part of the outcome: it shows where two implementations part.
    pub memory: Vec<u8>,
    /// The values of the globals at the end, by global index.
    pub globals: Vec<u64>,
}

/// Executes an extension: its start function if it has one, then `run`, on inputs that pass [`Inputs::check`].
///
/// # Panics
/// If the module has no entry point, which [`load`](crate::profile::load) refuses.
pub fn run(module: &Module, inputs: &Inputs, fuel: u64) -> Result<Finished, OutOfFuel> {
    let Some(ExportKind::Function(entry_point)) = module.export(ENTRY_POINT) else {
        panic!("the module has no entry point: load it with profile::load");
    };
    let mut instance = Instance::new(module, inputs);
    let mut fuel_left = fuel;
    // EXEC-002: a trap of the start function ends the execution before `run`.
    let started = module.start.map_or(Ok(Vec::new()), |start| instance.invoke(start, &[], &mut fuel_left));
    let ended = started.and_then(|_| instance.invoke(entry_point, &[], &mut fuel_left));
    // EXEC-003: the value that `run` returns is the extension's verdict.
    let outcome = match ended.as_deref() {
        Ok(&[0]) => Outcome::Accepted,
        Ok(&[code]) => Outcome::Rejected(code as u32),
        Ok(_) => panic!("the entry point has not the type [] -> [i32]: load the module with profile::load"),
        Err(Halt::Trap(trap)) => Outcome::Trapped(*trap),
        Err(Halt::OutOfFuel) => return Err(OutOfFuel),
    };
    let execution = instance.host.finish(outcome);
    let instructions = fuel - fuel_left;
    Ok(Finished { execution, instructions, memory: instance.memory.into_bytes(), globals: instance.globals })
}

/// A module with its state: the store of the WebAssembly specification for the one module of an execution.
pub struct Instance<'a> {
    module: &'a Module,
    host: Host<'a>,
    memory: LinearMemory,
    globals: Vec<u64>,
    table: Vec<Option<u32>>,
    /// The bytes of each data segment; none once it has been dropped.
    data: Vec<&'a [u8]>,
    /// The branch targets of each defined function.
    control: Vec<Control>,
}

impl<'a> Instance<'a> {
    /// Instantiates a module that [`decode`](crate::profile::decode) returned. The start function does not run.
    pub fn new(module: &'a Module, inputs: &'a Inputs) -> Instance<'a> {
        // EXEC-001: segments are in bounds, which the profile checks, so instantiation cannot fail.
        let mut memory = LinearMemory::new(module.memory);
        let mut data = Vec::new();
        for segment in &module.data {
            // EXEC-013: an active segment counts as dropped once it has been written.
            data.push(match segment.offset {
                Some(offset) => {
                    memory.initialize(offset, &segment.bytes);
                    &[]
                }
                None => segment.bytes.as_slice(),
            });
        }
        let mut table = vec![None; module.table.unwrap_or(0) as usize];
        for segment in &module.elements {
            let start = segment.offset as usize;
            table[start..start + segment.functions.len()].copy_from_slice(&segment.functions);
        }
        let globals = module.globals.iter().map(|global| global.initial).collect();
        let control = module.functions.iter().map(|function| Control::new(&function.body)).collect();
        Instance { module, host: Host::new(inputs), memory, globals, table, data, control }
    }

    /// Calls a function of the function index space, using up `fuel`. The state persists between invocations.
    ///
    /// # Panics
    /// If there is no such function or the number of arguments is not that of its type.
    pub fn invoke(&mut self, function: u32, arguments: &[u64], fuel: &mut u64) -> Result<Vec<u64>, Halt> {
        assert_eq!(arguments.len(), self.module.function_type(function).params.len(), "arguments of the wrong number");
        Thread::new(self, arguments).run(function, fuel)
    }

    /// The bytes of the linear memory; none if the module has no memory.
    pub fn memory(&self) -> &[u8] {
        self.memory.bytes()
    }

    /// The values of the globals, by global index.
    pub fn globals(&self) -> &[u64] {
        &self.globals
    }

    /// What the execution leaves behind if it ends now, like this.
    pub fn finish(&self, outcome: Outcome) -> Execution {
        self.host.finish(outcome)
    }
}
