//! What the reference implementation finds for the input of a case: the whole expectation.

use super::bytes::{self, Blobs};
use super::case::{Input, Run, Subject};
use super::json::{Fault, hex, quantity};
use super::{
    Format, circuit, composition, native_transaction, node, operation, pools, post_operation, proof_system, proving,
    registry, reputation, requests, settlement, statement, wire,
};
use crate::canonical_code::{self, CanonicalCode, Cycle, Machine};
use crate::execution;
use crate::host_interface::Inputs;
use crate::notation::{B256, Execution, Outcome, Rejection, keccak256};
use crate::poseidon::{self, Domain, FULL_ROUNDS, Fr, Parameters, Width, element_to_bytes};
use crate::profile::{self, Module};
use serde_json::{Value, json};

/// The interpreter's fuel and the executor's cycle limit for a case of the format `execution`. No case comes near it.
const MAX_STEPS: u64 = 200_000_000;
/// The number of cycles that one digest of a trace covers.
const TRACE_BLOCK: u64 = 4_096;
/// The longest program whose encoding stands in the vectors; of a longer one the commitment must do.
const MAX_ENCODED_WORDS: usize = 16_384;
/// The most bytes of field elements that a case hashes: each of the 128 elements costs its reader a permutation twice, and
/// kilobytes of states.
const MAX_ELEMENT_BYTES: usize = bytes::MAX_INLINE_BYTES;
/// The longest program whose listing stands in the vectors, so that the files stay readable.
const MAX_LISTED_WORDS: usize = 256;

/// The expectation for this input. Byte strings that are too long for a file of cases go to `blobs`.
pub fn evaluate(format: Format, input: &Input, blobs: &mut Blobs) -> Result<Value, Fault> {
    let result = match (format, &input.subject, &input.run) {
        (Format::Profile, Subject::Module(wasm), None) => profile(wasm),
        (Format::Execution, Subject::Module(wasm), Some(run)) => execution(wasm, run, blobs),
        (Format::Poseidon, Subject::Elements { domain, elements }, None) => poseidon(*domain, elements),
        (Format::Poseidon, _, _) => Err(Fault::new("input", "has other fields than `elements` and `domain`").into()),
        (Format::ProofSystem, Subject::Object(input), None) => proof_system::evaluate(input).map_err(Stop::from),
        (Format::Statement, Subject::Object(input), None) => statement::evaluate(input),
        (Format::Statement, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Circuit, Subject::Object(input), None) => circuit::evaluate(input),
        (Format::Proving, Subject::Object(input), None) => proving::evaluate(input),
        (Format::Circuit | Format::Proving, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Operation, Subject::Object(input), None) => operation::evaluate(input),
        (Format::Registry, Subject::Object(input), None) => registry::evaluate(input),
        (Format::Registry, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::PostOperation, Subject::Object(input), None) => post_operation::evaluate(input),
        (Format::PostOperation, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Reputation, Subject::Object(input), None) => reputation::evaluate(input),
        (Format::Reputation, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Pools, Subject::Object(input), None) => pools::evaluate(input),
        (Format::Pools, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Wire, Subject::Object(input), None) => wire::evaluate(input),
        (Format::Wire, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Settlement, Subject::Object(input), None) => settlement::evaluate(input),
        (Format::Settlement, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Node, Subject::Object(input), None) => node::evaluate(input),
        (Format::Node, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::NativeTransaction, Subject::Object(input), None) => native_transaction::evaluate(input),
        (Format::NativeTransaction, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Requests, Subject::Object(input), None) => requests::evaluate(input),
        (Format::Requests, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Composition, Subject::Object(input), None) => composition::evaluate(input),
        (Format::Composition, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::Operation, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::ProofSystem, _, _) => Err(Fault::new("input", "has no kind").into()),
        (Format::CanonicalCode, subject, run) => canonical_code(subject, run.as_ref(), blobs),
        (Format::Profile, _, _) => Err(Fault::new("input", "has other fields than `module`").into()),
        (Format::Execution, _, _) => Err(Fault::new("input", "has no module or nothing to execute it on").into()),
    };
    match result {
        Ok(value) => Ok(value),
        Err(Stop::Rejection(rejection)) => Ok(rejected(&rejection)),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

/// Why there is no accepting expectation: the input is refused, or the case itself is wrong.
pub(super) enum Stop {
    Rejection(Rejection),
    Fault(Fault),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Stop {
        Stop::Rejection(rejection)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

impl From<proof_system::Stop> for Stop {
    fn from(stop: proof_system::Stop) -> Stop {
        match stop {
            proof_system::Stop::Rejection(rejection) => Stop::Rejection(rejection),
            proof_system::Stop::Fault(fault) => Stop::Fault(fault),
        }
    }
}

fn rejected(rejection: &Rejection) -> Value {
    json!({
        "outcome": rejection.reason.outcome(),
        "stage": rejection.reason.stage().name(),
        "reasons": [rejection.reason.name()],
        "offset": rejection.offset,
        "detail": rejection.detail,
    })
}

fn profile(wasm: &[u8]) -> Result<Value, Stop> {
    let module: Module = profile::load(wasm)?;
    let memory = module.memory.map(|memory| json!({"initial": memory.initial_pages, "maximum": memory.maximum_pages}));
    Ok(json!({
        "outcome": "accept",
        "stage": "profile",
        "codeHash": hex(keccak256(wasm)),
        "types": module.types.len(),
        "imports": module.imports.len(),
        "functions": module.functions.len(),
        "instructions": module.functions.iter().map(|function| function.body.len()).sum::<usize>(),
        "frameSlots": runs(module.functions.iter().map(|function| function.frame_slots)),
        "globals": module.globals.len(),
        "elements": module.elements.len(),
        "data": module.data.len(),
        "table": module.table,
        "memory": memory,
    }))
}

/// Pairs of a value and how often it stands in succession.
fn runs(values: impl Iterator<Item = u32>) -> Vec<[u32; 2]> {
    let mut runs: Vec<[u32; 2]> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some([last, times]) if *last == value => *times += 1,
            _ => runs.push([value, 1]),
        }
    }
    runs
}

fn execution(wasm: &[u8], run: &Run, blobs: &mut Blobs) -> Result<Value, Stop> {
    if run.cycle_limit.is_some() {
        return Err(Fault::new("input.cycleLimit", "only canonical code has cycles").into());
    }
    let module = profile::load(wasm)?;
    let inputs = Inputs::new(&run.input, &run.witness, &run.context)?;
    let finished = execution::run(&module, &inputs, MAX_STEPS)
        .map_err(|_| Fault::new("input", format!("does not end within {MAX_STEPS} instructions")))?;
    agrees_with_canonical_code(&module, &inputs, &finished)?;
    let mut value = ended(&finished.execution, blobs);
    value["instructions"] = quantity(finished.instructions).into();
    value["globals"] = finished.globals.iter().map(|value| quantity(*value)).collect();
    value["memory"] = final_memory(&finished.memory);
    Ok(value)
}

/// Executes the canonical code too: no vector is written on which the two engines disagree.
fn agrees_with_canonical_code(module: &Module, inputs: &Inputs, finished: &execution::Finished) -> Result<(), Stop> {
    let code = canonical_code::lower(module)?;
    let mut machine = Machine::new(&code, inputs);
    let other = machine.run(MAX_STEPS).execution;
    if other != finished.execution || machine.memory() != finished.memory {
        let cause = format!("the interpreter finds {:?}, canonical code {:?}", finished.execution, other);
        return Err(Fault::new("engines", cause).into());
    }
    Ok(())
}

fn canonical_code(subject: &Subject, run: Option<&Run>, blobs: &mut Blobs) -> Result<Value, Stop> {
    let code = match subject {
        Subject::Module(wasm) => canonical_code::lower(&profile::load(wasm)?)?,
        Subject::Code(encoding) => CanonicalCode::from_bytes(encoding)?,
        Subject::Elements { .. } => return Err(Fault::new("input", "has no module and no code").into()),
        Subject::Object(_) => return Err(Fault::new("input", "has no module and no code").into()),
    };
    let mut value = json!({"outcome": "accept", "stage": "lowering"});
    if let Some(run) = run {
        let limit = run.cycle_limit.ok_or_else(|| Fault::new("input.cycleLimit", "is missing"))?;
        let inputs = Inputs::new(&run.input, &run.witness, &run.context)?;
        let mut machine = Machine::new(&code, &inputs);
        let mut trace = TraceDigest::default();
        let finished = machine.run_traced(limit, |cycle| trace.add(cycle));
        value = ended(&finished.execution, blobs);
        value["cycles"] = quantity(finished.cycles).into();
        value["memory"] = final_memory(machine.memory());
        let blocks = trace.finish();
        value["trace"] = json!({
            "digest": hex(keccak256(blocks.concat())),
            "blocks": blocks.iter().map(hex).collect::<Vec<_>>(),
        });
    }
    value["commitment"] = hex(code.commitment()).into();
    value["words"] = code.words.len().into();
    value["imageCells"] = code.image.len().into();
    if code.words.len() <= MAX_ENCODED_WORDS {
        value["encoding"] = bytes::to_json(&code.to_bytes(), "code", blobs);
    }
    if code.words.len() <= MAX_LISTED_WORDS {
        value["listing"] = code.to_string().lines().collect();
    }
    Ok(value)
}

fn poseidon(domain: Option<u64>, elements: &[u8]) -> Result<Value, Stop> {
    if elements.len() > MAX_ELEMENT_BYTES {
        let cause = format!("has {} bytes, more than {MAX_ELEMENT_BYTES}", elements.len());
        return Err(Fault::new("input.elements", cause).into());
    }
    let inputs = poseidon::elements_from_bytes(elements)?;
    let (mut permutations, mut rows) = (Vec::new(), 0);
    let permute = |parameters: &Parameters, state: &mut [Fr]| permutations.push(traced(parameters, state));
    let multiply = &mut |a: &Fr, b: &Fr| {
        rows += 1;
        *a * b
    };
    let (width, result, in_circuit) = match domain {
        None => {
            let result = poseidon::hash_with(&inputs, permute)?;
            (Width::from_rate(inputs.len()), result, poseidon::gadget::hash(&inputs, multiply)?)
        }
        Some(domain) => {
            let domain = Domain::new(domain).ok_or_else(|| Fault::new("input.domain", "is zero"))?;
            let result = poseidon::sponge_with(domain, &inputs, permute);
            (Some(Width::SPONGE), result, poseidon::gadget::sponge(domain, &inputs, multiply))
        }
    };
    // No vector is written on which the two implementations disagree.
    if result != in_circuit {
        return Err(Fault::new("gadget", "has another result").into());
    }
    let width = width.ok_or_else(|| Fault::new("input.elements", "have no width"))?;
    let parameters = Parameters::of(width);
    Ok(json!({
        "outcome": "accept",
        "stage": "encoding",
        "width": width.get(),
        "roundConstants": super::poseidon::constants_digest(&parameters.round_constants),
        "matrix": super::poseidon::constants_digest(&parameters.matrix),
        "permutations": permutations,
        "result": hex(element_to_bytes(result)),
        "rows": rows,
    }))
}

/// Permutes a state and notes it at the places where implementations part.
fn traced(parameters: &Parameters, state: &mut [Fr]) -> Value {
    let list = |state: &[Fr]| -> Value { state.iter().map(|element| hex(element_to_bytes(*element))).collect() };
    let full_rounds = FULL_ROUNDS / 2;
    let partial_rounds = full_rounds + parameters.width.partial_rounds();
    let mut value = json!({"start": list(state)});
    parameters.permute_observed(state, |round, state| {
        let names = [
            ("firstRound", 1),
            ("fullRounds", full_rounds),
            ("firstPartialRound", full_rounds + 1),
            ("partialRounds", partial_rounds),
            ("end", parameters.width.rounds()),
        ];
        for (name, _) in names.into_iter().filter(|(_, number)| *number == round) {
            value[name] = list(state);
        }
    });
    value
}

/// The fields that say how an execution ended.
fn ended(execution: &Execution, blobs: &mut Blobs) -> Value {
    let (outcome, code) = match execution.outcome {
        Outcome::Accepted => ("accepted", 0),
        Outcome::Rejected(code) => ("rejected", code),
        Outcome::Trapped(trap) => ("trapped", trap.code()),
    };
    let mut value = json!({
        "outcome": outcome,
        "stage": "execution",
        "code": code,
        "output": bytes::to_json(&execution.output, "bin", blobs),
        "postState": hex(execution.post_state),
    });
    if let Outcome::Trapped(trap) = execution.outcome {
        value["trap"] = trap.name().into();
    }
    value
}

fn final_memory(memory: &[u8]) -> Value {
    json!({"digest": hex(keccak256(memory)), "pages": memory.len() / 65_536})
}

/// The keccak-256 digests of a trace, block by block, so that a client finds the block in which it differs.
#[derive(Default)]
struct TraceDigest {
    block: Vec<u8>,
    cycles: u64,
    digests: Vec<B256>,
}

impl TraceDigest {
    /// Integers are little-endian; the number of accesses makes the encoding of a cycle unique.
    fn add(&mut self, cycle: &Cycle) {
        self.block.extend(cycle.clock.to_le_bytes());
        for state in [cycle.program_counter, cycle.frame_pointer, cycle.pages] {
            self.block.extend(state.to_le_bytes());
        }
        self.block.push(cycle.accesses().len() as u8);
        for access in cycle.accesses() {
            self.block.push(access.space as u8);
            self.block.extend(access.index.to_le_bytes());
            for value in [access.previous_time, access.previous, access.time, access.value] {
                self.block.extend(value.to_le_bytes());
            }
        }
        self.cycles += 1;
        if self.cycles.is_multiple_of(TRACE_BLOCK) {
            self.digests.push(keccak256(&self.block));
            self.block.clear();
        }
    }

    fn finish(mut self) -> Vec<B256> {
        if !self.block.is_empty() {
            self.digests.push(keccak256(&self.block));
        }
        self.digests
    }
}
