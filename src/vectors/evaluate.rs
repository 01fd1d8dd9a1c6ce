//! What the reference implementation finds for the input of a case: the whole expectation.

use super::Format;
use super::bytes::{self, Blobs};
use super::case::{Input, Run};
use super::json::{Fault, hex, quantity};
use crate::host_interface::Inputs;
use crate::notation::{Execution, Outcome, Rejection, keccak256};
use crate::profile::{self, Module};
use serde_json::{Value, json};

/// The expectation for this input. Byte strings that are too long for a file of cases go to `blobs`.
pub fn evaluate(format: Format, input: &Input, blobs: &mut Blobs) -> Result<Value, Fault> {
    match format {
        Format::Profile => Ok(match profile::load(&input.module) {
            Ok(module) => accepted_module(&module, &input.module),
            Err(rejection) => rejected(&rejection),
        }),
        Format::Execution => {
            let _ = (Inputs::default(), Run::default(), bytes::sha256(&[]), blobs);
            Err(Fault::new("evaluate", "the chapter on execution is not there yet"))
        }
        Format::CanonicalCode => Err(Fault::new("evaluate", "the chapter on canonical code is not there yet")),
    }
}

fn rejected(rejection: &Rejection) -> Value {
    json!({
        "outcome": "reject",
        "stage": rejection.reason.stage().name(),
        "reasons": [rejection.reason.name()],
        "offset": rejection.offset,
        "detail": rejection.detail,
    })
}

fn accepted_module(module: &Module, wasm: &[u8]) -> Value {
    let memory = module.memory.map(|memory| json!({"initial": memory.initial_pages, "maximum": memory.maximum_pages}));
    json!({
        "outcome": "accept",
        "stage": "profile",
        "codeHash": hex(keccak256(wasm)),
        "types": module.types.len(),
        "imports": module.imports.len(),
        "functions": module.functions.len(),
        "instructions": module.functions.iter().map(|function| function.body.len()).sum::<usize>(),
        "frameSlots": runs(module.functions.iter().map(|function| function.frame_slots)),
        "globals": module.globals.len(),
        "table": module.table,
        "memory": memory,
    })
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

/// The fields that say how an execution ended.
#[allow(dead_code)] // used as soon as the chapter on execution is there
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
    let _ = quantity;
    value
}
