//! Runs a module in the interpreter, in canonical code and in `wasmi`, and compares what they do.

use super::generator::Choices;
use super::wasmi_engine::{self, Translated};
use super::wasmi_workaround;
use middle_client::canonical_code::{self, Access, CanonicalCode, Machine, Opcode, Space};
use middle_client::execution::{self, Halt, Instance};
use middle_client::host_interface::{Context, Inputs};
use middle_client::notation::{Execution, Outcome, Rejection, Trap};
use middle_client::profile::{self, ExportKind, Module, ValueType};
use std::collections::HashMap;

/// Instructions that the interpreter executes of a module at most.
const FUEL: u64 = 500_000;
/// Cycles that canonical code executes at most; bulk operations take a few for every eight bytes.
const CYCLE_LIMIT: u64 = 8_000_000;
/// Cycles up to which the trace is checked, too.
const TRACE_LIMIT: u64 = 20_000;
/// More than any program that the interpreter finishes can use up in `wasmi`.
const WASMI_FUEL: u64 = 1 << 40;
/// Functions called of a module at most.
const MAX_CALLS: usize = 6;

/// What the engines agreed on.
#[derive(Default)]
pub struct Agreement {
    /// Calls of functions that all engines executed, `run` included.
    pub calls: Vec<Call>,
    /// Calls that took more fuel or cycles than given, and are not compared.
    pub exhausted: u64,
    /// Calls that found no room for a frame in our engines; `wasmi` has other limits.
    pub stack_exhausted: u64,
    /// Runs whose trace was checked.
    pub traces: u64,
}

/// A call that was compared.
pub struct Call {
    /// Whether it was the entry point with its start function.
    pub is_run: bool,
    /// The interpreter's instructions.
    pub instructions: u64,
    /// The executed code words.
    pub cycles: u64,
    pub trap: Option<Trap>,
}

/// Why there is nothing to compare.
pub enum Failure {
    /// The profile or the lowering refused the module.
    Rejected(Rejection),
    /// The engines disagree.
    Mismatch(String),
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Failure {
        Failure::Rejected(rejection)
    }
}

macro_rules! agree {
    ($expected:expr, $found:expr, $($what:tt)+) => {{
        let (expected, found) = (&$expected, &$found);
        if expected != found {
            let what = format!($($what)+);
            return Err(Failure::Mismatch(format!("{what}: expected {expected:?}, found {found:?}")));
        }
    }};
}

/// Runs a module and compares: first `run` in a fresh instance if there is one, then, in one instance, the start
/// function and exported functions with arguments that `choices` makes.
pub fn compare(wasm: &[u8], choices: &mut Choices) -> Result<Agreement, Failure> {
    // Each `memory.grow` that `wasmi` 2.0.0 executes takes some 180 bytes of the host's stack until the program ends.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(FUEL as usize * 256);
        let comparison = thread.spawn_scoped(scope, || compare_on_this_thread(wasm, choices));
        comparison.expect("a thread can be started").join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn compare_on_this_thread(wasm: &[u8], choices: &mut Choices) -> Result<Agreement, Failure> {
    let module = profile::decode(wasm)?;
    let inputs = inputs(choices);
    let mut agreement = Agreement::default();
    let for_wasmi = Translated::new(&wasmi_workaround::rewrite(wasm, &module), Some(WASMI_FUEL));
    if profile::load(wasm).is_ok() {
        compare_run(&for_wasmi, &module, &inputs, &mut agreement)?;
    }
    compare_calls(&for_wasmi, &module, &inputs, choices, &mut agreement)?;
    Ok(agreement)
}

/// Inputs that `choices` makes.
pub fn inputs(choices: &mut Choices) -> Inputs {
    let (input, witness) = (choices.byte_string(60), choices.byte_string(60));
    let mut context = Context::default();
    for field in &mut context.fields {
        field[31] = choices.word() as u8;
        field[0] = choices.word() as u8;
    }
    Inputs { input, witness, context }
}

fn compare_run(
    for_wasmi: &Translated,
    module: &Module,
    inputs: &Inputs,
    agreement: &mut Agreement,
) -> Result<(), Failure> {
    let code = canonical_code::lower(module)?;
    check_encoding(&code)?;
    let Ok(expected) = execution::run(module, inputs, FUEL) else {
        agreement.exhausted += 1;
        return Ok(());
    };
    let mut machine = Machine::new(&code, inputs);
    let found = machine.run(CYCLE_LIMIT);
    if found.execution.outcome == Outcome::Trapped(Trap::CycleLimitExhausted) {
        agreement.exhausted += 1;
        return Ok(());
    }
    agree!(expected.execution, found.execution, "run in canonical code");
    compare_state(module, &expected.memory, &expected.globals, &machine, "run")?;
    if found.cycles <= TRACE_LIMIT {
        check_trace(&code, inputs, &found)?;
        agreement.traces += 1;
    }
    if expected.execution.outcome == Outcome::Trapped(Trap::CallStackExhausted) {
        agreement.stack_exhausted += 1;
    } else {
        match for_wasmi.instantiate(inputs) {
            Err(trap) => {
                agree!(expected.execution.outcome, Outcome::Trapped(trap), "start function in wasmi");
            }
            Ok(mut instance) => {
                agree!(expected.execution, instance.run(), "run in wasmi");
                compare_exports(module, &expected.memory, &expected.globals, &instance, "run")?;
            }
        }
    }
    let trap = trap_of(&expected.execution);
    let instructions = expected.instructions;
    agreement.calls.push(Call { is_run: true, instructions, cycles: found.cycles, trap });
    Ok(())
}

fn trap_of(execution: &Execution) -> Option<Trap> {
    match execution.outcome {
        Outcome::Trapped(trap) => Some(trap),
        Outcome::Accepted | Outcome::Rejected(_) => None,
    }
}

fn compare_calls(
    for_wasmi: &Translated,
    module: &Module,
    inputs: &Inputs,
    choices: &mut Choices,
    agreement: &mut Agreement,
) -> Result<(), Failure> {
    let exported = module.exports.iter().filter_map(|export| match export.kind {
        ExportKind::Function(function) => Some((export.name.as_str(), function)),
        _ => None,
    });
    let mut calls: Vec<(Option<&str>, u32, Vec<u64>)> = Vec::new();
    calls.extend(module.start.map(|start| (None, start, Vec::new())));
    for (name, function) in exported.take(MAX_CALLS) {
        let params = &module.function_type(function).params;
        let arguments = params.iter().map(|param| match param {
            ValueType::I32 => choices.constant() & 0xffff_ffff,
            ValueType::I64 => choices.constant(),
        });
        calls.push((Some(name), function, arguments.collect()));
    }
    let codes = calls
        .iter()
        .map(|(_, function, arguments)| canonical_code::lower_invocation(module, *function, arguments))
        .collect::<Result<Vec<CanonicalCode>, Rejection>>()?;

    let mut interpreter = Instance::new(module, inputs);
    let mut previous: Option<Machine> = None;
    let mut independent = for_wasmi.instantiate(inputs);
    for ((name, function, arguments), code) in calls.iter().zip(&codes) {
        let what = format!("{name:?} with {arguments:?}");
        let mut fuel = FUEL;
        let expected = interpreter.invoke(*function, arguments, &mut fuel);
        let mut machine = Machine::new(code, inputs);
        if let Some(previous) = &previous {
            machine.resume(previous);
        }
        // A program that the interpreter could not finish is not worth as many cycles.
        let limit = if expected == Err(Halt::OutOfFuel) { FUEL } else { CYCLE_LIMIT };
        let found = machine.run(limit);
        let exhausted = found.execution.outcome == Outcome::Trapped(Trap::CycleLimitExhausted);
        let results = match &expected {
            Err(Halt::OutOfFuel) => Err(None),
            _ if exhausted => Err(None),
            Err(Halt::Trap(trap)) => Err(Some(*trap)),
            Ok(results) => Ok(results.as_slice()),
        };
        if results == Err(None) {
            agreement.exhausted += 1;
            return Ok(());
        }
        let trap = results.err().flatten();
        agree!(trap, trap_of(&found.execution), "{what} in canonical code");
        if let Ok(results) = results {
            let words: Vec<u64> = found.execution.output.chunks(8).map(le_word).collect();
            agree!(results, words.as_slice(), "{what} in canonical code");
        }
        compare_state(module, interpreter.memory(), interpreter.globals(), &machine, &what)?;
        previous = Some(machine);
        if trap == Some(Trap::CallStackExhausted) {
            agreement.stack_exhausted += 1;
            return Ok(());
        }
        match (&mut independent, name) {
            // Instantiation has called the start function.
            (Ok(_), None) => agree!(None, trap, "start function in wasmi"),
            (Err(found), _) => {
                agree!(trap, Some(*found), "start function in wasmi");
                return Ok(());
            }
            (Ok(instance), Some(name)) => {
                let found = instance.call(name, arguments);
                agree!(results.map_err(|_| trap), found.as_deref().map_err(|trap| Some(*trap)), "{what} in wasmi");
                compare_exports(module, interpreter.memory(), interpreter.globals(), instance, &what)?;
            }
        }
        let (instructions, cycles) = (FUEL - fuel, found.cycles);
        agreement.calls.push(Call { is_run: false, instructions, cycles, trap });
    }
    Ok(())
}

fn le_word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("results are whole words"))
}

fn compare_state(
    module: &Module,
    memory: &[u8],
    globals: &[u64],
    machine: &Machine,
    what: &str,
) -> Result<(), Failure> {
    compare_memory(memory, machine.memory(), &format!("{what} in canonical code"))?;
    for (index, value) in globals.iter().enumerate() {
        // Canonical code reads immutable globals from the same cells, so they have to be right as well.
        let found = machine.cell(Space::Global, index as u32);
        let read = module.globals[index].mutable || found != 0;
        if read {
            agree!(*value, found, "global {index} after {what} in canonical code");
        }
    }
    Ok(())
}

/// Compares the state as far as it is exported.
fn compare_exports(
    module: &Module,
    memory: &[u8],
    globals: &[u64],
    instance: &wasmi_engine::Instance,
    what: &str,
) -> Result<(), Failure> {
    for export in &module.exports {
        match export.kind {
            ExportKind::Memory => {
                let found = instance.memory(&export.name).unwrap_or_default();
                compare_memory(memory, found, &format!("{what} in wasmi"))?;
            }
            ExportKind::Global(index) => {
                let found = instance.global(&export.name);
                agree!(Some(globals[index as usize]), found, "global {index} after {what} in wasmi");
            }
            ExportKind::Function(_) | ExportKind::Table => {}
        }
    }
    Ok(())
}

fn compare_memory(expected: &[u8], found: &[u8], what: &str) -> Result<(), Failure> {
    agree!(expected.len(), found.len(), "size of the memory after {what}");
    if expected != found {
        let address = expected.iter().zip(found).position(|(a, b)| a != b).unwrap_or_default();
        agree!(expected[address], found[address], "byte {address} of the memory after {what}");
    }
    Ok(())
}

/// The encoding decodes to the same program, whose encoding it is.
fn check_encoding(code: &CanonicalCode) -> Result<(), Failure> {
    let bytes = code.to_bytes();
    let decoded = CanonicalCode::from_bytes(&bytes)?;
    agree!(code.words, decoded.words, "words after decoding");
    agree!(code.image, decoded.image, "image after decoding");
    agree!(bytes, decoded.to_bytes(), "encoding after decoding");
    Ok(())
}

/// The trace is the history of a memory: each access takes what the last one to its cell left, and time grows.
fn check_trace(code: &CanonicalCode, inputs: &Inputs, expected: &canonical_code::Finished) -> Result<(), Failure> {
    let mut last: HashMap<(Space, u32), (u64, u64)> = HashMap::new();
    let mut now = 0;
    let mut fault = None;
    let found = canonical_code::trace(code, inputs, CYCLE_LIMIT, |cycle| {
        for access in cycle.accesses() {
            let Access { space, index, previous_time, previous, time, value } = *access;
            let known = last.insert((space, index), (time, value));
            let fits = match known {
                Some(known) => known == (previous_time, previous) && previous_time < time,
                None => previous_time == 0,
            };
            // The words of a hash share their times.
            let shared = cycle.word.opcode == Opcode::Poseidon && time == now;
            if !fits || time < now || time == now && !shared || time / 4 != cycle.clock {
                fault.get_or_insert(*access);
            }
            now = time;
        }
    });
    agree!(*expected, found, "run with its trace");
    agree!(None, fault, "accesses that fit no memory");
    Ok(())
}
