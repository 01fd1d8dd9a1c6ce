//! JSON-RPC requests of a node's users: a request in, an answer out.

use super::MAX_ESTIMATED_CYCLES;
use crate::canonical_code;
use crate::host_interface::{Context, ContextFields, Inputs};
use crate::node::{Action, Event, Node};
use crate::notation::json::{Json, Node as JsonNode, hex, parse};
use crate::notation::{B256, Outcome, Rejection};
use crate::operation::Operation;
use crate::post_operation::Verify;
use crate::profile::Module;
use crate::reputation::Entity;
use alloy_primitives::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The modules of the extensions that a node executes, by extension id.
pub type Library = BTreeMap<B256, Module>;

/// Why there is an error instead of a result.
struct RequestError {
    code: i64,
    message: &'static str,
    data: Value,
}

fn error(code: i64, message: &'static str, data: impl Into<Value>) -> RequestError {
    RequestError { code, message, data: data.into() }
}

// REQUEST-003: parameters of another number or form.
fn invalid_params(cause: impl ToString) -> RequestError {
    error(-32_602, "invalid params", cause.to_string())
}

// REQUEST-004: the reason in the vocabulary of all refusals.
fn refused(rejection: &Rejection) -> RequestError {
    let ignored = rejection.reason.outcome() == "ignore";
    let message = if ignored { "ignored" } else { "rejected" };
    error(if ignored { -32_001 } else { -32_000 }, message, rejection.reason.name())
}

/// Answers a request, the text of a JSON-RPC 2.0 object. Gives the answer and what the node does beside it.
pub fn handle(node: &mut Node, library: &Library, request: &str, verify: Verify) -> (Value, Vec<Action>) {
    let mut actions = Vec::new();
    // REQUEST-001: the envelope of JSON-RPC 2.0.
    let (id, result) = match parse(request) {
        Err(_) => (Value::Null, Err(error(-32_700, "parse error", Value::Null))),
        Ok(value) => {
            let id = value.get("id").filter(|id| id.is_string() || id.is_number()).cloned();
            let method = value.get("method").and_then(Value::as_str);
            match (id, method, value.get("jsonrpc").and_then(Value::as_str)) {
                (Some(id), Some(method), Some("2.0")) => {
                    let params = value.get("params").cloned().unwrap_or_else(|| json!([]));
                    let result = call(node, library, method, &JsonNode::new("params", &params), verify, &mut actions);
                    (id, result)
                }
                (id, ..) => (id.unwrap_or(Value::Null), Err(error(-32_600, "invalid request", Value::Null))),
            }
        }
    };
    let answer = match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => {
            let mut value = json!({"code": error.code, "message": error.message});
            if !error.data.is_null() {
                value["data"] = error.data;
            }
            json!({"jsonrpc": "2.0", "id": id, "error": value})
        }
    };
    (answer, actions)
}

fn call(
    node: &mut Node,
    library: &Library,
    method: &str,
    params: &JsonNode,
    verify: Verify,
    actions: &mut Vec<Action>,
) -> Result<Value, RequestError> {
    match method {
        // REQUEST-005: the hash, once the Operation is in the pool.
        "mid_sendOperation" => {
            let bytes: Bytes = one(params)?;
            let operation = Operation::from_bytes(&bytes).map_err(|rejection| refused(&rejection))?;
            let mut happened = node.handle(&Event::Submit(bytes), verify);
            if let Some(Action::Refused(reason)) = happened.iter().find(|it| matches!(it, Action::Refused(_))) {
                return Err(refused(&Rejection::new(*reason, 0, "")));
            }
            actions.append(&mut happened);
            Ok(hex(operation.hash(node.view.consensus_contract)).into())
        }
        // REQUEST-006: null for what the node does not have.
        "mid_getOperation" => {
            let hash: B256 = one(params)?;
            let pooled = node.pools.operations.operations.get(&hash).map(|it| (&it.operation, "pooled"));
            let found = pooled.or_else(|| node.pools.limbo.get(&hash).map(|it| (&it.operation, "settled")));
            Ok(found
                .map_or(Value::Null, |(operation, status)| json!({"operation": operation.to_json(), "status": status})))
        }
        "mid_getPostOperation" => {
            let hash: B256 = one(params)?;
            let results = node.pools.post_operations.post_operations.values();
            let found = results.filter(|it| it.post_operation.operation_hash == hash).min_by_key(|it| it.depth);
            Ok(found.map_or(Value::Null, |it| it.post_operation.to_json()))
        }
        // REQUEST-007: what the node knows, and what it executes.
        "mid_extensions" => {
            none(params)?;
            let known = node.view.extensions.iter().map(|(id, extension)| {
                json!({
                    "id": hex(id),
                    "executes": library.contains_key(id),
                    "proofSystem": extension.proof_system,
                    "quarantined": extension.quarantined,
                    "readsWitness": extension.reads_witness,
                })
            });
            Ok(known.collect())
        }
        // REQUEST-008: without signatures, as the lane is now.
        "mid_estimateCycles" => estimate(node, library, &one(params)?),
        "mid_getReputation" => {
            let entity: Entity = one(params)?;
            let status = node.reputation.status(entity, node.view.slot);
            let record = node.reputation.records.get(&entity).copied().unwrap_or_default();
            Ok(json!({"status": status.name(), "record": record.to_json()}))
        }
        // REQUEST-002: the list is closed.
        _ => Err(error(-32_601, "method not found", method)),
    }
}

/// The only parameter.
fn one<T: Json>(params: &JsonNode) -> Result<T, RequestError> {
    match params.items().map_err(invalid_params)?.as_slice() {
        [param] => T::from_json(param).map_err(invalid_params),
        _ => Err(invalid_params("there is one parameter")),
    }
}

fn none(params: &JsonNode) -> Result<(), RequestError> {
    match params.items().map_err(invalid_params)?.is_empty() {
        true => Ok(()),
        false => Err(invalid_params("there is no parameter")),
    }
}

fn estimate(node: &Node, library: &Library, operation: &Operation) -> Result<Value, RequestError> {
    let Some(module) = library.get(&operation.extension_id) else {
        return Err(error(-32_002, "extension not available", hex(operation.extension_id)));
    };
    let context = ContextFields {
        operation_hash: operation.hash(node.view.consensus_contract),
        sender: operation.sender,
        lane: operation.lane,
        to: operation.to,
        witness_commitment: operation.witness_commitment.0.unwrap_or_default(),
        anchor_hash: operation.anchor_hash,
        anchor_slot: alloy_primitives::U256::from(
            node.view.blocks.get(&operation.anchor_hash).map_or(0, |anchor| anchor.slot),
        ),
        pre_state_root: node.view.root(operation.extension_id, operation.lane),
    };
    let inputs = Inputs::new(&operation.data, &[], &Context::from(context).to_bytes()).map_err(|it| refused(&it))?;
    let code = canonical_code::lower(module).map_err(|rejection| refused(&rejection))?;
    let limit = operation.gas_management.cycle_limit.min(MAX_ESTIMATED_CYCLES);
    let finished = canonical_code::execute(&code, &inputs, limit);
    let (outcome, code) = match finished.execution.outcome {
        Outcome::Accepted => ("accepted", 0),
        Outcome::Rejected(code) => ("rejected", code),
        Outcome::Trapped(trap) => ("trapped", trap.code()),
    };
    Ok(json!({
        "cycles": finished.cycles.to_json(),
        "outcome": outcome,
        "code": code,
        "output": hex(finished.execution.output),
    }))
}
