//! Cases of the format `requests`: the text of a request to a node in a given state, and its answer.

use super::case::wat;
use super::evaluate::Stop;
use super::fixture::{account, extension, field, operation, post_operation, view};
use super::json::{Fault, Json, Node as JsonNode, hex};
use super::{Case, case};
use crate::node::{Event, Node};
use crate::notation::B256;
use crate::operation::{ChainView, Operation};
use crate::profile;
use crate::reputation::Entity;
use crate::requests::{Library, handle};
use serde_json::{Value, json};

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let input = JsonNode::new("input", input);
    if input.field("kind")?.text()? != "request" {
        return Err(Fault::new("input.kind", "is unknown").into());
    }
    input.only(&["kind", "modules", "published", "request", "submitted", "view"])?;
    let view: ChainView = field(&input, "view")?;
    let mut node = Node::default();
    let valid = |_: &_, _: &_| Ok(());
    node.handle(&Event::Head(Box::new(view), 0, Vec::new(), Vec::new()), &valid);
    for bytes in field::<Vec<alloy_primitives::Bytes>>(&input, "submitted")? {
        node.handle(&Event::Submit(bytes), &valid);
    }
    for bytes in field::<Vec<alloy_primitives::Bytes>>(&input, "published")? {
        node.handle(&Event::Publish(bytes), &valid);
    }
    let mut library = Library::new();
    for (id, wasm) in field::<Vec<(B256, alloy_primitives::Bytes)>>(&input, "modules")? {
        library.insert(id, profile::load(&wasm)?);
    }
    let (answer, _) = handle(&mut node, &library, input.field("request")?.text()?, &valid);
    Ok(
        json!({"outcome": "accept", "stage": "admission", "answer": answer, "pooled": node.pools.operations.operations.len()}),
    )
}

/// The cases. An error is an answer too, so all are accepted.
pub fn cases() -> Vec<Case> {
    let first = operation("alice", 0, |_| ());
    let result = post_operation(&first, "prover", &view(), |_| ());
    let module = wat(r#"(module (func (export "run") (result i32) i32.const 3))"#);
    let hash = hex(first.hash(super::fixture::CONTRACT));
    let ask = |name: &str, description: &str, rules: &[&str], text: &str| {
        case(&format!("requests-{name}"), description, rules)
            .object(json!({
                "kind": "request",
                "view": view().to_json(),
                "submitted": [hex(first.to_bytes())],
                "published": [hex(result.to_bytes())],
                "modules": [[hex(extension("one")), hex(&module)]],
                "request": text,
            }))
            .accept()
    };
    let call = |name: &str, description: &str, rules: &[&str], method: &str, params: Value| {
        let text = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        ask(name, description, rules, &text)
    };
    let unsigned = |sequence: u64| Operation { signature: Default::default(), ..operation("alice", sequence, |_| ()) };
    let next = operation("alice", 1, |_| ());
    let bob = Entity::Sender(account("bob")).to_json();
    let answered = |case: Case, answer: Value| case.stating("answer", answer);
    let error = |code: i64, message: &str, data: Value| {
        let mut error = json!({"code": code, "message": message});
        if !data.is_null() {
            error["data"] = data;
        }
        json!({"jsonrpc": "2.0", "id": 1, "error": error})
    };
    vec![
        answered(
            call("send", "An Operation is sent.", &["REQUEST-005"], "mid_sendOperation", json!([hex(next.to_bytes())])),
            json!({"jsonrpc": "2.0", "id": 1, "result": hex(next.hash(super::fixture::CONTRACT))}),
        ),
        answered(
            call(
                "send-unsigned",
                "It is wrong for everybody.",
                &["REQUEST-004"],
                "mid_sendOperation",
                json!([hex(unsigned(1).to_bytes())]),
            ),
            error(-32_000, "rejected", "signature_length".into()),
        ),
        answered(
            call("send-again", "It is known.", &["REQUEST-004"], "mid_sendOperation", json!([hex(first.to_bytes())])),
            error(-32_001, "ignored", "already_known".into()),
        ),
        answered(
            call("send-garbage", "These bytes are no Operation.", &["REQUEST-004"], "mid_sendOperation", json!(["0x"])),
            error(-32_000, "rejected", "envelope_unknown".into()),
        ),
        call("get", "A pooled Operation.", &["REQUEST-006"], "mid_getOperation", json!([hash])),
        answered(
            call("get-unknown", "An unknown one.", &["REQUEST-006"], "mid_getOperation", json!([hex(B256::ZERO)])),
            json!({"jsonrpc": "2.0", "id": 1, "result": null}),
        ),
        call("get-result", "Its result.", &["REQUEST-006"], "mid_getPostOperation", json!([hash])),
        call("get-result-unknown", "No result.", &["REQUEST-006"], "mid_getPostOperation", json!([hex(B256::ZERO)])),
        call(
            "extensions",
            "Three extensions, one of which the node executes.",
            &["REQUEST-007"],
            "mid_extensions",
            json!([]),
        ),
        call(
            "estimate",
            "An execution that rejects with code 3.",
            &["REQUEST-008"],
            "mid_estimateCycles",
            json!([unsigned(5).to_json()]),
        ),
        call(
            "estimate-unavailable",
            "An extension that the node does not execute.",
            &["REQUEST-008"],
            "mid_estimateCycles",
            json!([operation("alice", 0, |it| it.extension_id = extension("two")).to_json()]),
        ),
        call("reputation", "Nothing is known.", &["REQUEST-003"], "mid_getReputation", json!([bob])),
        call(
            "reputation-seen",
            "An Operation was seen.",
            &["REQUEST-003"],
            "mid_getReputation",
            json!([Entity::Sender(account("alice")).to_json()]),
        ),
        call("too-few", "A parameter is missing.", &["REQUEST-003"], "mid_getOperation", json!([])),
        call("too-many", "There is a parameter too many.", &["REQUEST-003"], "mid_extensions", json!([1])),
        call("wrong-form", "A number instead of a hash.", &["REQUEST-003"], "mid_getOperation", json!([7])),
        call("object", "Parameters by name.", &["REQUEST-003"], "mid_getOperation", json!({"hash": hash})),
        answered(
            call("method", "Another method.", &["REQUEST-002"], "eth_call", json!([])),
            error(-32_601, "method not found", "eth_call".into()),
        ),
        ask("no-json", "No JSON.", &["REQUEST-001"], "{"),
        ask(
            "twice",
            "A field that stands twice.",
            &["REQUEST-001"],
            r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"mid_extensions"}"#,
        ),
        ask("no-id", "No id.", &["REQUEST-001"], r#"{"jsonrpc":"2.0","method":"mid_extensions"}"#),
        ask("version", "Another version.", &["REQUEST-001"], r#"{"jsonrpc":"1.0","id":1,"method":"mid_extensions"}"#),
        ask("list", "A list.", &["REQUEST-001"], "[]"),
        ask(
            "text-id",
            "An id that is a string.",
            &["REQUEST-001"],
            r#"{"jsonrpc":"2.0","id":"a","method":"mid_extensions"}"#,
        ),
    ]
}
