//! Cases of the format `node`: histories of one node, and scenarios of many. Verdicts on proofs are stated.

use super::evaluate::Stop;
use super::fixture::{
    CHAIN_ID, CONTRACT, SLOT, account, block_hash, child as claim, extension, field, operation, post_operation, sign,
    verdict, view,
};
use super::json::{Fault, Json, Node as JsonNode, digest, hex};
use super::proving::Proven;
use super::{Case, Draft, case, end_to_end, wat};
use crate::canonical_code;
use crate::composition::{Child, encode_children};
use crate::node::{Action, Event, Node, simulation};
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::operation::{ChainView, ExtensionView, Operation, rlp, wire_hash};
use crate::post_operation::{PostOperation, statement};
use crate::profile;
use crate::registry::{Entry, reads_witness, universal_key_hash};
use crate::settlement::{STAKE_UNIT, Slashed};
use crate::statement::{Statement, Terms};
use crate::wire::{
    Announcement, Capabilities, Extension, GetExtension, Message, PooledItems, Request, Session, VerificationRequest,
    VerificationResponse,
};
use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = JsonNode::new("input", input);
    match node.field("kind")?.text()? {
        "history" => {
            node.only(&["adopted", "customKeys", "events", "falseProvers", "id", "keys", "kind", "proofVerdict"])?;
            let stated = node.field("proofVerdict")?;
            let verdict = match stated.text()? {
                // NODE-015: what the keys of a node say without the extension.
                "unadopted" => Err(Rejection::new(Reject::ExtensionNotActive, 0, "as the case states")),
                _ => verdict(&stated)?,
            };
            let mut false_provers = BTreeSet::<Address>::new();
            if let Some(provers) = node.optional("falseProvers")? {
                false_provers = Json::from_json(&provers)?;
            }
            let verify = |statement: &Statement, _: &_| match false_provers.contains(&statement.prover) {
                true => Err(Rejection::new(Reject::ProofInvalid, 0, "as the case states")),
                false => verdict.clone(),
            };
            let mut handled = Node::default();
            if let Some(id) = node.optional("id")? {
                handled.id = Json::from_json(&id)?;
            }
            if let Some(keys) = node.optional("keys")? {
                handled.keys = Json::from_json(&keys)?;
            }
            if let Some(custom) = node.optional("customKeys")? {
                handled.custom_keys = Json::from_json(&custom)?;
            }
            if let Some(adopted) = node.optional("adopted")? {
                let (entry, wasm): (Bytes, Bytes) = (field(&adopted, "entry")?, field(&adopted, "wasm")?);
                let id = Entry::from_bytes(&entry)?.id(CHAIN_ID);
                if reads_witness(&canonical_code::lower(&profile::load(&wasm)?)?) {
                    handled.witness_readers.insert(id);
                }
                handled.extensions.insert(id, (entry, wasm));
            }
            let mut actions = Vec::new();
            let events = node.field("events")?.items()?;
            for (index, item) in events.iter().enumerate() {
                let happened = handled.handle(&event(item)?, &verify);
                // The last event of a refused case ends a connection or refuses a user.
                let last = index + 1 == events.len();
                let refusal = happened.iter().find_map(|action| match action {
                    Action::Disconnect(_, reason) | Action::Refused(reason) => Some(*reason),
                    _ => None,
                });
                if let Some(reason) = refusal.filter(|_| last) {
                    return Err(Rejection::new(reason, 0, "of the last event").into());
                }
                actions.push(happened.iter().map(shown).collect::<Value>());
            }
            let state = handled.to_json();
            Ok(json!({
                "outcome": "accept",
                "stage": "admission",
                "actions": actions,
                "digest": hex(digest(&state)),
                "state": state,
            }))
        }
        "scenario" => {
            node.only(&["kind", "scenario"])?;
            let outcome = simulation::run(&node.field("scenario")?)?;
            Ok(json!({
                "outcome": "accept",
                "stage": "admission",
                "invariants": outcome.invariants.to_json(),
                "timeline": outcome.timeline.to_json(),
                "digest": hex(outcome.digest),
            }))
        }
        "end_to_end" => end_to_end::evaluate(input),
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

fn event(node: &JsonNode) -> Result<Event, Fault> {
    match node.field("event")?.text()? {
        "connected" => Ok(Event::Connected(field(node, "peer")?)),
        "disconnected" => Ok(Event::Disconnected(field(node, "peer")?)),
        "message" => Ok(Event::Message(field(node, "peer")?, field(node, "bytes")?)),
        "submit" => Ok(Event::Submit(field(node, "bytes")?)),
        "publish" => Ok(Event::Publish(field(node, "bytes")?)),
        "adopt" => Ok(Event::Adopt(field(node, "extension")?)),
        "ask" => Ok(Event::Ask(field(node, "operation")?)),
        "signed" => Ok(Event::Signed(field(node, "peer")?, field(node, "response")?)),
        "slot" => Ok(Event::Slot(field(node, "slot")?)),
        "head" => Ok(Event::Head(
            Box::new(field(node, "view")?),
            field(node, "finalizedNumber")?,
            field(node, "settled")?,
            field(node, "slashed")?,
        )),
        "reorg" => Ok(Event::Reorg(
            field(node, "ancestor")?,
            field(node, "depth")?,
            field(node, "kept")?,
            Box::new(field(node, "view")?),
            field(node, "slashed")?,
        )),
        _ => Err(node.fault("is no event")),
    }
}

fn shown(action: &Action) -> Value {
    match action {
        Action::Send(peer, bytes) => json!({"send": hex(bytes), "to": hex(peer)}),
        Action::Disconnect(peer, reason) => json!({"disconnect": hex(peer), "reason": reason.name()}),
        Action::Sign(peer, response) => json!({"sign": response.to_json(), "to": hex(peer)}),
        Action::Alarm(extension, results) => {
            let results =
                results.iter().map(|(hash, confirmed)| json!({"wireHash": hex(hash), "confirmed": confirmed}));
            json!({"alarm": hex(extension), "results": results.collect::<Value>()})
        }
        Action::Adopted(extension) => json!({"adopted": hex(extension)}),
        Action::Dropped(extension) => json!({"dropped": hex(extension)}),
        Action::Refused(reason) => json!({"refused": reason.name()}),
    }
}

/// The cases, each refused one after the accepted ones.
pub fn cases(proven: &Proven) -> Vec<Case> {
    [histories(), adoptions(), scenarios(), end_to_end::cases(proven)].concat()
}

fn peer(number: u8) -> B256 {
    B256::with_last_byte(number)
}

fn head(view: &ChainView, settled: &[B256]) -> Value {
    json!({
        "event": "head",
        "view": view.to_json(),
        "finalizedNumber": (SLOT - 80).to_json(),
        "settled": settled.to_vec().to_json(),
        "slashed": [],
    })
}

fn slot(slot: u64) -> Value {
    json!({"event": "slot", "slot": slot.to_json()})
}

/// A head whose block has cost an account its stake.
fn lost(name: &str) -> Value {
    let slashed = Slashed { account: account(name), reporter: account("carol"), amount: STAKE_UNIT / 2 };
    let mut event = head(&view(), &[]);
    event["slashed"] = vec![slashed].to_json();
    event
}

fn message(from: u8, message: &Message) -> Value {
    json!({"event": "message", "peer": peer(from).to_json(), "bytes": hex(message.to_bytes())})
}

/// What a peer can do that verifies what the cases have, and has these extensions.
fn able(sequence: u64, extensions: &[B256]) -> Capabilities {
    Capabilities {
        sequence,
        extensions: extensions.to_vec(),
        proof_types: vec![1].into(),
        tiers: vec![1],
        max_proof_bytes: 1_000,
        min_prover_fee: 0,
    }
}

fn connected_with(number: u8, capabilities: Capabilities) -> Vec<Value> {
    let status = Message::Status(Session::status(&view(), block_hash(SLOT)));
    let connected = json!({"event": "connected", "peer": peer(number).to_json()});
    vec![connected, message(number, &status), message(number, &Message::Capabilities(capabilities))]
}

fn connected(number: u8) -> Vec<Value> {
    connected_with(number, able(0, &[extension("one")]))
}

/// An extension with its module, registered under these keys, and the chain that knows it and has not prepared it.
fn registered(source: &str, keys: &[B256]) -> (Entry, Bytes, ChainView) {
    let wasm = wat(source);
    let code = profile::load(&wasm).and_then(|module| canonical_code::lower(&module));
    let entry = Entry {
        developer: account("developer"),
        wasm_hash: keccak256(&wasm),
        wasm: wasm.clone().into(),
        code_commitment: code.map(|code| code.commitment()).unwrap_or_default(),
        key_hash: universal_key_hash(keys),
        proof_system: 1,
        abi_version: 1,
        data_rule: 1,
        ..Entry::default()
    };
    let mut view = view();
    view.extensions.insert(entry.id(CHAIN_ID), known(&entry));
    (entry, wasm.into(), view)
}

/// What the chain knows of a registered extension.
fn known(entry: &Entry) -> ExtensionView {
    ExtensionView {
        entry_hash: keccak256(entry.to_bytes()),
        code_commitment: entry.code_commitment,
        mode: entry.mode,
        proof_system: 1,
        data_rule: entry.data_rule,
        ..ExtensionView::default()
    }
}

/// The result of an Operation that its module gives, changed and signed.
fn executed(
    operation: &Operation,
    view: &ChainView,
    wasm: &[u8],
    change: impl FnOnce(&mut PostOperation),
) -> PostOperation {
    let draft = post_operation(operation, "prover", view, |_| ());
    let terms = Terms {
        chain_id: CHAIN_ID,
        extension_id: operation.extension_id,
        tier: draft.proof.tier,
        segments: draft.proof.segments.len() as u32,
        cycle_limit: operation.gas_management.cycle_limit,
        prover: draft.prover,
    };
    let stated = statement(operation, &draft, view).ok().flatten();
    let truth = stated
        .zip(profile::load(wasm).ok())
        .and_then(|(stated, module)| Statement::of_execution(&module, &stated.inputs(&[]), &terms).ok());
    post_operation(operation, "prover", view, |it| {
        if let Some(truth) = truth {
            (it.output, it.post_root, it.cycles) = (truth.output.into(), truth.post_state_root, truth.cycles);
        }
        change(it);
    })
}

/// Histories of a node that wants an extension.
fn adoptions() -> Vec<Case> {
    let keys = [B256::repeat_byte(0x51)];
    let (entry, wasm, view) = registered(simulation::MODULE, &keys);
    let id = entry.id(CHAIN_ID);
    let sent = |request_id: u64, entry: &Entry, wasm: &Bytes| {
        Message::Extension(Extension { request_id, entry: entry.to_bytes().into(), wasm: wasm.clone() })
    };
    let adopt = || json!({"event": "adopt", "extension": id.to_json()});
    let other: Bytes = vec![0; 8].into();
    let of = |entry: &Entry| sent(1, entry, &wasm);
    let two = |events: &[Value]| {
        let peers = [connected_with(1, able(0, &[id])), connected_with(2, able(0, &[id]))].concat();
        [vec![head(&view, &[])], peers, events.to_vec()].concat()
    };
    let history = |name: &str, description: &str, rules: &[&str], keys: &[B256], events: Vec<Value>| {
        case(&format!("node-{name}"), description, rules).object(
            json!({"kind": "history", "events": events, "proofVerdict": "valid", "keys": keys.to_vec().to_json()}),
        )
    };
    let accept = |name: &str, description: &str, events: Vec<Value>| {
        history(name, description, &["NODE-012", "WIRE-010"], &keys, events).accept()
    };
    let renamed = Entry { metadata_uri: b"ipfs://another".to_vec().into(), ..entry.clone() };
    let (private, private_wasm, private_view) = registered(simulation::WITNESS_MODULE, &keys);
    let private_id = private.id(CHAIN_ID);
    let secret = operation("alice", 0, |it| it.extension_id = private_id);
    let with_witness =
        |output: u8| post_operation(&secret, "prover", &private_view, |it| it.output = vec![output].into());
    let witnessed = [
        vec![head(&private_view, &[])],
        connected_with(1, able(0, &[private_id])),
        vec![
            json!({"event": "adopt", "extension": private_id.to_json()}),
            message(1, &sent(1, &private, &private_wasm)),
            submit(&secret),
            publish(&with_witness(1)),
        ],
    ]
    .concat();
    let forged = Entry { metadata_uri: vec![0; 300].into(), ..entry.clone() };
    let recoded = Entry { code_commitment: B256::ZERO, ..entry.clone() };
    let foreign = Entry { data_rule: 0, ..entry.clone() };
    let mut renamed_view = view.clone();
    renamed_view.extensions.insert(id, known(&renamed));
    let run = operation("alice", 0, |it| {
        it.extension_id = id;
        it.data = 5u64.to_le_bytes().to_vec().into();
    });
    let conflict =
        [publish(&executed(&run, &view, &wasm, |it| it.cycles += 1)), publish(&executed(&run, &view, &wasm, |_| ()))];
    let question = message(1, &Message::GetExtension(GetExtension { request_id: 9, extension_id: id }));
    let custom = Entry { mode: 1, key_hash: keys[0], ..entry.clone() };
    let custom_id = custom.id(CHAIN_ID);
    let mut custom_view = view.clone();
    custom_view.extensions.insert(custom_id, known(&custom));
    let custom_events = [
        vec![head(&custom_view, &[])],
        connected_with(1, able(0, &[custom_id])),
        vec![json!({"event": "adopt", "extension": custom_id.to_json()}), message(1, &of(&custom))],
    ]
    .concat();
    let has = json!({"entry": hex(entry.to_bytes()), "wasm": hex(&wasm)});
    let asked = |adopted: Option<Value>| {
        let mut input =
            json!({"kind": "history", "events": two(std::slice::from_ref(&question)), "proofVerdict": "valid"});
        if let Some(adopted) = adopted {
            input["adopted"] = adopted;
        }
        input
    };
    vec![
        accept(
            "adopt",
            "A node asks a peer for an extension, checks it, and tells all peers.",
            two(&[adopt(), message(1, &of(&entry))]),
        ),
        case("node-adopt-custom", "The key of a custom circuit is the operator's.", ["NODE-012", "REG-006"])
            .object(json!({
                "kind": "history",
                "events": custom_events,
                "proofVerdict": "valid",
                "customKeys": BTreeMap::from([(custom_id, keys[0])]).to_json(),
            }))
            .accept(),
        accept(
            "adopt-later",
            "It asks as soon as a peer has the extension.",
            [vec![head(&view, &[])], connected(1), vec![adopt(), message(1, &Message::Capabilities(able(1, &[id])))]]
                .concat(),
        ),
        case("node-adopt-other-id", "A node with another id asks another peer first.", ["NODE-012"])
            .object(json!({
                "kind": "history",
                "id": peer(2).to_json(),
                "events": two(&[adopt()]),
                "proofVerdict": "valid",
                "keys": keys.to_vec().to_json(),
            }))
            .accept(),
        history(
            "adopt-replaced",
            "A re-org registers another entry under the same id: the node gives up the one it has, and gets the other one.",
            &["NODE-018"],
            &keys,
            two(&[adopt(), message(1, &of(&entry)), head(&renamed_view, &[]), message(1, &sent(2, &renamed, &wasm))]),
        )
        .accept(),
        history(
            "adopt-changed",
            "A re-org changes the entry while a request is open: the answer on its way is ignored, and the peers are asked anew.",
            &["NODE-018", "WIRE-017"],
            &keys,
            two(&[adopt(), head(&renamed_view, &[]), message(1, &of(&entry)), message(1, &sent(2, &renamed, &wasm))]),
        )
        .accept(),
        history(
            "adopt-told",
            "A peer that had the old entry is asked again when it has sent new Capabilities.",
            &["NODE-012", "NODE-018"],
            &keys,
            [
                vec![head(&view, &[])],
                connected_with(1, able(0, &[id])),
                vec![
                    adopt(),
                    head(&renamed_view, &[]),
                    message(1, &of(&entry)),
                    message(1, &sent(2, &entry, &wasm)),
                    message(1, &Message::Capabilities(able(1, &[id]))),
                    message(1, &sent(3, &renamed, &wasm)),
                ],
            ]
            .concat(),
        )
        .accept(),
        history(
            "conflict-executed",
            "A node that has the module tells which of two results that differ its own execution confirms.",
            &["NODE-008", "NODE-019"],
            &keys,
            two(&[vec![adopt(), message(1, &of(&entry)), submit(&run)], conflict.to_vec()].concat()),
        )
        .accept(),
        accept(
            "adopt-missing",
            "A peer that has it no longer sends nothing, and the next one is asked.",
            two(&[adopt(), message(1, &Message::Extension(Extension { request_id: 1, ..Extension::default() }))]),
        ),
        accept(
            "adopt-other-module",
            "A peer that sends another module is counted, and the next one is asked.",
            two(&[adopt(), message(1, &sent(1, &entry, &other))]),
        ),
        accept("adopt-other-entry", "So is one that sends another entry.", two(&[adopt(), message(1, &of(&foreign))])),
        accept(
            "adopt-forged-entry",
            "So is one that changes what the id does not bind.",
            two(&[adopt(), message(1, &of(&forged))]),
        ),
        accept(
            "adopt-other-metadata",
            "So is one that sends users to another page.",
            two(&[adopt(), message(1, &of(&renamed)), message(2, &of(&entry))]),
        ),
        history(
            "adopt-in-time",
            "The second slot after the request's is not over.",
            &["NODE-012"],
            &keys,
            two(&[adopt(), slot(SLOT + 2), message(1, &of(&entry))]),
        )
        .accept(),
        history(
            "adopt-silent",
            "A peer that does not answer is counted, and the next one is asked. The late answer is ignored.",
            &["NODE-012", "WIRE-017"],
            &keys,
            two(&[adopt(), slot(SLOT + 3), message(1, &of(&entry)), message(2, &of(&entry))]),
        )
        .accept(),
        history(
            "adopt-witness",
            "The node finds out that an extension reads a witness; the registry has not prepared it.",
            &["NODE-016", "REG-014"],
            &keys,
            witnessed.clone(),
        )
        .accept(),
        accept(
            "adopt-forged-commitment",
            "The commitment is the registry's.",
            two(&[adopt(), message(1, &of(&recoded))]),
        ),
        accept(
            "adopt-unreadable",
            "An entry that cannot be read.",
            two(&[
                adopt(),
                message(
                    1,
                    &Message::Extension(Extension { request_id: 1, entry: vec![0xff].into(), wasm: wasm.clone() }),
                ),
            ]),
        ),
        accept(
            "adopt-disconnected",
            "When the peer is gone, the next one is asked.",
            two(&[adopt(), json!({"event": "disconnected", "peer": peer(1).to_json()})]),
        ),
        case("node-extension-sent", "A node gives what it has adopted.", ["NODE-007"])
            .object(asked(Some(has)))
            .accept(),
        case("node-extension-missing", "An extension that it has not adopted is empty.", ["NODE-007"])
            .object(asked(None))
            .accept(),
        history(
            "adopt-witness-another",
            "A result with another witness is no conflict.",
            &["NODE-016", "POOL-022"],
            &keys,
            [witnessed, vec![publish(&with_witness(2))]].concat(),
        )
        .derived_from("node-adopt-witness", "publish a result with another witness")
        .reject(Reject::AlreadyKnown),
        history(
            "adopt-unregistered",
            "An extension that the registry does not have.",
            &["NODE-012"],
            &keys,
            [vec![head(&super::fixture::view(), &[])], connected(1), vec![adopt()]].concat(),
        )
        .derived_from("node-adopt-later", "do not register it")
        .reject(Reject::ExtensionUnknown),
        history(
            "adopt-other-keys",
            "The node has other keys: nobody is to blame, and it gives up.",
            &["NODE-012", "REG-013"],
            &[B256::ZERO],
            two(&[adopt(), message(1, &of(&entry))]),
        )
        .derived_from("node-adopt", "let the node have another key")
        .reject(Reject::KeyHashMismatch),
    ]
}

fn submit(operation: &Operation) -> Value {
    json!({"event": "submit", "bytes": hex(operation.to_bytes())})
}

fn publish(result: &PostOperation) -> Value {
    json!({"event": "publish", "bytes": hex(result.to_bytes())})
}

fn pushed(from: u8, operation: &Operation) -> Value {
    message(from, &Message::Operations(PooledItems { request_id: 0, items: vec![operation.to_bytes().into()] }))
}

fn histories() -> Vec<Case> {
    let first = operation("alice", 0, |_| ());
    let second = operation("alice", 1, |_| ());
    let result = post_operation(&first, "prover", &view(), |_| ());
    let other = post_operation(&first, "bob", &view(), |it| it.cycles += 1);
    let child = post_operation(&second, "prover", &view(), |it| it.pre_root = result.post_root);
    let proof_bytes = rlp::encode(&result.proof).len() as u32;
    let wrong = |byte: u8| Operation { data: vec![byte].into(), signature: vec![0; 66].into(), ..first.clone() };
    let start = |peers: u8| {
        let connections: Vec<Value> = (1..=peers).flat_map(connected).collect();
        [vec![head(&view(), &[])], connections].concat()
    };
    let history = |name: &str, description: &str, rules: &[&str], events: Vec<Value>, verdict: &str| -> Draft {
        case(&format!("node-{name}"), description, rules)
            .object(json!({"kind": "history", "events": events, "proofVerdict": verdict}))
    };
    let accept = |name: &str, description: &str, rules: &[&str], events: Vec<Value>| {
        history(name, description, rules, events, "valid").accept()
    };
    // A history with one more field of the input.
    let with = |field: &str, value: Value, name: &str, description: &str, rules: &[&str], events: Vec<Value>| {
        let mut input = json!({"kind": "history", "events": events, "proofVerdict": "valid"});
        input[field] = value;
        case(&format!("node-{name}"), description, rules).object(input).accept()
    };
    let announced = |from: u8, item: &[u8]| {
        message(
            from,
            &Message::NewPostOperationHashes(Announcement {
                types: vec![2].into(),
                sizes: vec![item.len() as u32],
                hashes: vec![wire_hash(item)],
            }),
        )
    };
    let delivered = |from: u8, request_id: u64, item: &[u8]| {
        message(from, &Message::PostOperations(PooledItems { request_id, items: vec![Bytes::from(item.to_vec())] }))
    };
    let broken = json!({"event": "message", "peer": peer(1).to_json(), "bytes": "0xff"});
    let raised = operation("alice", 0, |it| {
        let gas = &mut it.gas_management;
        for fee in [&mut gas.max_fee, &mut gas.max_priority_fee, &mut gas.prover_fee_max] {
            *fee += *fee / 10;
        }
    });
    let many = (0..6).map(wrong).chain([first.clone()]).map(|it| it.to_bytes().into()).collect();
    let many = message(1, &Message::Operations(PooledItems { request_id: 0, items: many }));
    // A result that its prover signs again, with the same proof or another one.
    let renewals = |segment: u8| {
        let stamped = |slot: u64, segment: u8| {
            publish(&post_operation(&first, "prover", &view(), |it| {
                it.stamp_hash = block_hash(slot);
                it.proof.segments = vec![vec![segment].into()];
            }))
        };
        [start(1), vec![submit(&first), stamped(SLOT - 9, 0), stamped(SLOT, segment)]].concat()
    };
    let asked =
        Message::GetOperations(Request { request_id: 5, hashes: vec![wire_hash(&first.to_bytes()), B256::ZERO] });
    let stale = Operation { valid_until_slot: SLOT, ..first.clone() };
    let mut later = view();
    (later.slot, later.head_number) = (SLOT + 1, SLOT + 1);
    let settled = vec![first.hash(CONTRACT)];
    let after = |slots: u64| ChainView { slot: SLOT + slots, ..view() };
    let stated = statement(&first, &result, &view()).ok().flatten();
    let name = stated.map(|it| result.signing_hash(&it, CONTRACT)).unwrap_or_default();
    // The salt of a node without an account of its own.
    let asked_about = |name: &B256, slot: u64, salt: u64| VerificationRequest {
        post_operation: *name,
        wire_hash: wire_hash(&result.to_bytes()),
        slot,
        salt,
    };
    let request = |name: &B256, slot, salt| message(1, &Message::VerificationRequest(asked_about(name, slot, salt)));
    let asked_first = [start(1), vec![submit(&first), publish(&result), request(&name, SLOT, 1)]].concat();
    let asking = || {
        let ask = json!({"event": "ask", "operation": first.hash(CONTRACT).to_json()});
        [start(1), vec![submit(&first), publish(&result), ask]].concat()
    };
    let signed_response = |verdict: u8, node: &str| {
        let mut response = VerificationResponse {
            request: asked_about(&name, SLOT, 0).id(),
            post_operation: name,
            verdict,
            node: account(node),
            slot: SLOT,
            ..VerificationResponse::default()
        };
        response.signature = sign(node, response.signing_hash(CHAIN_ID, CONTRACT));
        response
    };
    let answer = |verdict, node: &str| message(1, &Message::VerificationResponse(signed_response(verdict, node)));
    let sixteen =
        [start(1), vec![submit(&first), publish(&result)], (0..16).map(|salt| request(&name, SLOT, salt)).collect()];
    let sixteen = sixteen.concat();
    // The same result of another prover, and a request for a verdict on it.
    let beside = post_operation(&first, "carol", &view(), |_| ());
    let stated = statement(&first, &beside, &view()).ok().flatten();
    let asked_beside = VerificationRequest {
        post_operation: stated.map(|it| beside.signing_hash(&it, CONTRACT)).unwrap_or_default(),
        wire_hash: wire_hash(&beside.to_bytes()),
        slot: SLOT,
        salt: 1,
    };
    let asked_beside = message(1, &Message::VerificationRequest(asked_beside));
    let besides =
        [start(1), vec![submit(&first), publish(&result), asked_beside.clone(), delivered(1, 1, &beside.to_bytes())]]
            .concat();
    // Its gas is enough for three children.
    let parent = operation("alice", 0, |it| it.gas_limit = 2_000_000);
    let claiming = |output: Vec<u8>| post_operation(&parent, "prover", &view(), |it| it.output = output.into());
    let claims = |children: Vec<Child>| publish(&claiming(encode_children(&children)));
    let unread = claiming([encode_children(&vec![claim(0)]), vec![0]].concat());
    let claimed = |result: Value| [start(0), vec![submit(&parent), result]].concat();
    let mut stateless_view = view();
    stateless_view.extensions.entry(extension("two")).or_default().data_rule = 0;
    let stateless = operation("alice", 0, |it| it.extension_id = extension("two"));
    let leaving =
        |root: B256| publish(&post_operation(&stateless, "prover", &stateless_view, |it| it.post_root = root));
    let without_state = |result: Value| vec![head(&stateless_view, &[]), submit(&stateless), result];
    let mut blob_view = view();
    blob_view.extensions.entry(extension("two")).or_default().data_rule = 2;
    let with_blob = |data: Vec<u8>| {
        let operation = operation("alice", 0, |it| {
            it.extension_id = extension("two");
            it.data = data.into();
        });
        let result = post_operation(&operation, "prover", &blob_view, |_| ());
        vec![head(&blob_view, &[]), submit(&operation), publish(&result)]
    };
    let both = [wire_hash(&result.to_bytes()), wire_hash(&other.to_bytes())].to_vec();
    let both = Message::GetPostOperations(Request { request_id: 5, hashes: both });
    let published = [start(4), vec![submit(&first), publish(&result)]].concat();
    let ask = json!({"event": "ask", "operation": first.hash(CONTRACT).to_json()});
    let unanswered = (0..10u64).flat_map(|round| [ask.clone(), slot(SLOT + 3 * (round + 1))]).collect();
    let early: Vec<Value> = (0..17u64)
        .flat_map(|number| {
            let item = post_operation(&operation("bob", number, |_| ()), "prover", &view(), |_| ()).to_bytes();
            [announced(1, &item), delivered(1, number + 1, &item)]
        })
        .collect();
    let fetched =
        |request_id: u64| vec![announced(1, &result.to_bytes()), delivered(1, request_id, &result.to_bytes())];
    let rejected_five: Vec<Value> = (0..5).map(|byte| pushed(1, &wrong(byte))).collect();
    let proofs = |count: u64, verdict: &str, name: &str, description: &str| {
        let mut events = [start(1), vec![submit(&first)]].concat();
        for salt in 1..=count {
            let item = post_operation(&first, &format!("prover {salt}"), &view(), |it| it.cycles += salt).to_bytes();
            events.extend([announced(1, &item), delivered(1, salt, &item)]);
        }
        history(name, description, &["NODE-003", "REP-001"], events, verdict)
    };
    vec![
        accept("connect", "A node sends its status.", &["NODE-001"], start(1)),
        accept("submit", "An Operation goes to two of four peers as it is, and is announced to the others.", &["NODE-001", "NODE-006"], [start(4), vec![submit(&first)]].concat()),
        accept("relay", "It is not sent back.", &["NODE-003", "NODE-006"], [start(2), vec![pushed(1, &first)]].concat()),
        with("id", peer(9).to_json(), "submit-other-id", "A node with another id sends it to other peers.", &["NODE-006"], [start(4), vec![submit(&first)]].concat()),
        accept("publish", "Results are only announced.", &["NODE-006"], published.clone()),
        accept("capabilities-none", "A peer that has not said what it verifies is told of no result.", &["NODE-011"], [start(0), vec![submit(&first), json!({"event": "connected", "peer": peer(1).to_json()}), message(1, &Message::Status(Session::status(&view(), block_hash(SLOT)))), publish(&result)]].concat()),
        accept("capabilities-type", "A peer that verifies another type of proofs is told of no result.", &["NODE-011"], [start(0), connected_with(1, Capabilities { proof_types: vec![2].into(), ..able(0, &[]) }), vec![submit(&first), publish(&result)]].concat()),
        accept("capabilities-tier", "Nor is one without the tier's key.", &["NODE-011"], [start(0), connected_with(1, Capabilities { tiers: vec![0], ..able(0, &[]) }), vec![submit(&first), publish(&result)]].concat()),
        accept("capabilities-size", "Nor is one for which the proof is a byte too long.", &["NODE-011"], [start(0), connected_with(1, Capabilities { max_proof_bytes: proof_bytes - 1, ..able(0, &[]) }), vec![submit(&first), publish(&result)]].concat()),
        accept("capabilities-size-fits", "A proof of just the size.", &["NODE-011"], [start(0), connected_with(1, Capabilities { max_proof_bytes: proof_bytes, ..able(0, &[]) }), vec![submit(&first), publish(&result)]].concat()),
        accept("connect-later", "What is pooled is announced to a new peer.", &["NODE-001", "NODE-011"], [start(0), vec![submit(&first), publish(&result)], connected(1)].concat()),
        accept("replaced", "What was replaced is not sent any more.", &["NODE-007", "POOL-006"], [start(1), vec![submit(&first), submit(&raised), message(1, &asked)]].concat()),
        accept("rejected-in-one", "When a peer is banned, the rest of its message is not handled.", &["NODE-003", "REP-007"], [start(1), vec![many, slot(SLOT + 1)]].concat()),
        accept("renewed", "A renewal with the proof that was verified already is not counted for its prover.", &["NODE-003", "POOL-014"], renewals(0)),
        accept("renewed-proof", "One with another proof is.", &["NODE-003", "POOL-014"], renewals(1)),
        accept("answer", "What is pooled is sent, and nothing else.", &["NODE-007"], [start(1), vec![submit(&first), message(1, &asked)]].concat()),
        accept("fetch-result", "A result is fetched from the peer that announces it.", &["NODE-003"], [start(1), vec![submit(&first), announced(1, &result.to_bytes()), delivered(1, 1, &result.to_bytes())]].concat()),
        accept("fetch-silent", "A peer that does not answer is counted, its late answer is ignored, and what it announces again is asked for again.", &["WIRE-017", "WIRE-018", "NODE-017"], [start(1), vec![
            submit(&first), announced(1, &result.to_bytes()), slot(SLOT + 3), delivered(1, 1, &result.to_bytes()), announced(1, &result.to_bytes()), delivered(1, 2, &result.to_bytes()),
        ]].concat()),
        accept("fetch-in-time", "The second slot after the request's is not over.", &["WIRE-018"], [start(1), vec![
            submit(&first), announced(1, &result.to_bytes()), slot(SLOT + 2), delivered(1, 1, &result.to_bytes()),
        ]].concat()),
        accept("result-as-operation", "A good result that a peer pushes as an Operation is counted against the peer, and is no worse for others.", &["NODE-003", "NODE-004"], [start(2), vec![
            submit(&first), message(1, &Message::Operations(PooledItems { request_id: 0, items: vec![result.to_bytes().into()] })), publish(&result),
        ]].concat()),
        accept("rejected-five", "Five rejected Operations are no ban.", &["NODE-003", "NODE-004"], [start(1), rejected_five.clone()].concat()),
        accept("rejected-again", "What was rejected is not handled again.", &["NODE-004"], [start(1), rejected_five.clone(), vec![pushed(1, &wrong(0)), pushed(1, &wrong(1))]].concat()),
        accept("ignored", "What is ignored is counted against nobody.", &["OP-024", "REP-009"], [start(1), vec![pushed(1, &stale)]].concat()),
        accept("censor", "A copy with a broken signature does not keep out the original.", &["OP-008"], [start(1), vec![pushed(1, &Operation { signature: vec![0; 66].into(), ..first.clone() }), submit(&first)]].concat()),
        accept("wait", "A result waits for its Operation until the next head.", &["NODE-005"], [start(1), vec![
            announced(1, &result.to_bytes()), delivered(1, 1, &result.to_bytes()), submit(&first), head(&later, &[]),
        ]].concat()),
        accept("wait-in-vain", "It is tried once more, and then forgotten.", &["NODE-005"], [start(1), vec![
            announced(1, &result.to_bytes()), delivered(1, 1, &result.to_bytes()), head(&later, &[]), head(&later, &[]), submit(&first),
        ]].concat()),
        accept("wait-without-blocks", "It waits for a slot if no block comes, and is tried again when that is over.", &["NODE-005"], [start(1), vec![
            announced(1, &result.to_bytes()), delivered(1, 1, &result.to_bytes()), submit(&first), slot(SLOT + 1), slot(SLOT + 2),
        ]].concat()),
        accept("wait-once", "What waits already does not wait twice.", &["NODE-005"], [start(1), fetched(1), fetched(2)].concat()),
        accept("wait-sixteen", "Of one peer sixteen results wait, and those of another one wait too.", &["NODE-005"], [start(2), early, vec![
            message(2, &Message::NewPostOperationHashes(Announcement { types: vec![2].into(), sizes: vec![result.to_bytes().len() as u32], hashes: vec![wire_hash(&result.to_bytes())] })),
            delivered(2, 1, &result.to_bytes()),
        ]].concat()),
        accept("conflict", "Two valid results halt the extension; the second is relayed.", &["NODE-008", "POOL-016"], [start(1), vec![submit(&first), publish(&result), publish(&other)]].concat()),
        accept("conflict-kept", "Both results are sent to who asks later.", &["NODE-007", "NODE-008"], [start(1), vec![submit(&first), publish(&result), publish(&other), slot(SLOT + 1), message(1, &both)]].concat()),
        accept("settled", "A settled Operation was included.", &["NODE-001", "POOL-019"], [start(0), vec![submit(&first), submit(&second), publish(&result), publish(&child), head(&{
            let mut next = later.clone();
            next.nonces.insert((first.sender, Default::default()), 1);
            next.roots.insert((first.extension_id, first.lane), result.post_root);
            next
        }, &settled)]].concat()),
        accept("slashed", "A prover that loses its stake is banned.", &["NODE-013"], [start(0), vec![submit(&first), lost("bob")]].concat()),
        accept("slashed-reorg", "So is one that loses it on the branch to which L1 changes.", &["NODE-013"], [start(0), vec![submit(&first), json!({
            "event": "reorg", "ancestor": (SLOT - 1).to_json(), "depth": 1u64.to_json(), "kept": BTreeMap::<B256, u64>::new().to_json(), "view": view().to_json(), "slashed": lost("bob")["slashed"],
        })]].concat()),
        history("slashed-banned", "Its results are ignored.", &["NODE-013", "REP-008"], [start(0), vec![submit(&first), lost("bob"), publish(&post_operation(&first, "bob", &view(), |_| ()))]].concat(), "valid")
            .derived_from("node-slashed", "let it publish a result")
            .reject(Reject::EntityBanned),
        accept("children", "A result may claim a child.", &["NODE-014", "COMP-001"], claimed(claims(vec![claim(0)]))),
        history("children-unreadable", "A claim that cannot be read is never settled.", &["NODE-014", "COMP-001"], claimed(publish(&unread)), "valid")
            .derived_from("node-children", "append a byte to the claim")
            .reject(Reject::RlpLengthMismatch),
        history("children-authorization", "Nor is a child on whose behalf nobody can act.", &["NODE-014", "COMP-002"], claimed(claims(vec![Child { authorization: 2, ..claim(0) }])), "valid")
            .derived_from("node-children", "set the authorization to 2")
            .reject(Reject::AuthorizationUnknown),
        history("children-sixteen", "Nor is a family of seventeen.", &["NODE-014", "COMP-003"], claimed(claims((0..16).map(claim).collect())), "valid")
            .derived_from("node-children", "claim sixteen")
            .reject(Reject::FamilyTooLarge),
        accept("children-from-peer", "The peer that delivers such a result is counted.", &["NODE-003", "NODE-014"], [start(1), vec![submit(&parent), announced(1, &unread.to_bytes()), delivered(1, 1, &unread.to_bytes())]].concat()),
        history("children-cyclic", "Nor is a child in the lane of its parent.", &["NODE-014", "COMP-005"], claimed(claims(vec![Child { extension_id: parent.extension_id, lane: parent.lane, ..claim(0) }])), "valid")
            .derived_from("node-children", "let the child have extension and lane of the Operation")
            .reject(Reject::FamilyCyclic),
        accept("children-gas-left", "Three children with 550,000 gas each fit into 2,000,000.", &["NODE-014", "COMP-010"], claimed(claims((0..3).map(claim).collect()))),
        history("children-gas", "Four do not.", &["NODE-014", "COMP-010"], claimed(claims((0..4).map(claim).collect())), "valid")
            .derived_from("node-children-gas-left", "claim one child more")
            .reject(Reject::FamilyGas),
        accept("blob-named", "The data begin with what can be the name of a blob.", &["NODE-014"], with_blob(vec![1; 32])),
        history("blob-unnamed", "Data that cannot name a blob are never settled.", &["NODE-014", "COMP-008"], with_blob(vec![1; 31]), "valid")
            .derived_from("node-blob-named", "shorten the data by a byte")
            .reject(Reject::DataUnavailable),
        accept("stateless", "An extension without a data rule has results without roots.", &["NODE-014"], without_state(leaving(B256::ZERO))),
        history("stateless-root", "A root that nobody could follow is never settled.", &["NODE-014", "COMP-008"], without_state(leaving(B256::repeat_byte(5))), "valid")
            .derived_from("node-stateless", "leave a root")
            .reject(Reject::DataUnavailable),
        history("unadopted", "A node cannot judge the results of an extension that it has not adopted.", &["NODE-015"], published, "unadopted")
            .derived_from("node-publish", "do not adopt the extension")
            .reject(Reject::ExtensionNotActive),
        history("unadopted-from-peer", "Nobody is to blame for that.", &["NODE-015", "REP-009"], [start(1), vec![submit(&first)], fetched(1)].concat(), "unadopted").accept(),
        accept("slot-expires", "What has expired goes when the slot begins, without a block.", &["NODE-017", "POOL-011"], [start(0), vec![submit(&first), slot(SLOT + 100)]].concat()),
        history("slot-before-head", "A head with an earlier slot does not turn the clock back.", &["NODE-017", "OP-021"], [start(0), vec![slot(SLOT + 100), head(&view(), &[]), submit(&first)]].concat(), "valid")
            .derived_from("node-slot-expires", "let the slot begin, and a head of an earlier slot come, before the Operation")
            .reject(Reject::OperationExpired),
        accept("slot-back", "Nor does an earlier slot.", &["NODE-017"], [start(0), vec![slot(SLOT - 1), submit(&first)]].concat()),
        accept("reorg", "What only the lost branch settled comes back.", &["POOL-020"], [start(0), vec![submit(&first), head(&later, &settled), json!({
            "event": "reorg", "ancestor": SLOT.to_json(), "depth": 1u64.to_json(), "kept": BTreeMap::<B256, u64>::new().to_json(), "view": later.to_json(), "slashed": [],
        })]].concat()),
        accept("reorg-settled", "What only the new branch has settled was included, and waits for finality.", &["NODE-001", "POOL-019"], [start(0), vec![submit(&first), json!({
            "event": "reorg", "ancestor": (SLOT - 1).to_json(), "depth": 1u64.to_json(), "kept": BTreeMap::from([(first.hash(CONTRACT), SLOT)]).to_json(), "view": view().to_json(), "slashed": [],
        })]].concat()),
        accept("verdict-valid", "A node that has verified a result says so.", &["NODE-009", "WIRE-012"], asked_first.clone()),
        accept("verdict-sixteen", "A peer may ask sixteen times in a slot.", &["WIRE-014"], sixteen.clone()),
        accept("verdict-waits", "A verdict waits for the result that it is about.", &["NODE-009"], [start(1), vec![submit(&first), request(&name, SLOT, 1), announced(1, &result.to_bytes()), delivered(1, 1, &result.to_bytes())]].concat()),
        accept("verdict-too-late", "A result that does not come within a slot gives an error.", &["NODE-009"], [start(1), vec![submit(&first), request(&name, SLOT, 1), head(&after(1), &[]), head(&after(2), &[])]].concat()),
        accept("verdict-other-name", "Bytes under another result's name are an error when the time is over.", &["NODE-009"], [start(1), vec![submit(&first), publish(&result), request(&B256::repeat_byte(9), SLOT, 1), head(&after(2), &[])]].concat()),
        accept("verdict-too-late-slot", "So it does if the slots have no blocks.", &["NODE-009", "NODE-017"], [start(1), vec![submit(&first), request(&name, SLOT, 1), slot(SLOT + 1), slot(SLOT + 2)]].concat()),
        accept("verdict-beside", "A result that another prover had first is verified, and not pooled.", &["NODE-009"], besides.clone()),
        accept("verdict-banned", "So is one whose prover is banned here.", &["NODE-009", "NODE-013"], [start(1), vec![submit(&first), lost("carol"), asked_beside, delivered(1, 1, &beside.to_bytes())]].concat()),
        with("falseProvers", vec![account("carol")].to_json(), "verdict-beside-false", "If its proof is false, that counts as if it had been found for the pool, and is answered.", &["NODE-003", "NODE-009"], besides),
        history("verdict-invalid", "A node that has refuted a proof says so.", &["NODE-009"], [start(1), vec![submit(&first), announced(1, &result.to_bytes()), delivered(1, 1, &result.to_bytes()), request(&name, SLOT, 1)]].concat(), "invalid").accept(),
        accept("asks", "A node asks its peers, and counts what they answer.", &["NODE-010", "WIRE-013"], [asking(), vec![answer(0, "bob"), head(&after(3), &[])]].concat()),
        accept("asks-twice", "What is asked already is not asked again.", &["NODE-009"], [asking(), vec![ask.clone(), answer(0, "bob")]].concat()),
        accept("asks-eight", "A ninth question in a slot is not asked, and one in the next slot is.", &["NODE-009"], [asking(), (0..8).flat_map(|_| [answer(0, "bob"), ask.clone()]).collect(), vec![slot(SLOT + 1), ask.clone()]].concat()),
        accept("asks-error", "An error is counted against nobody.", &["NODE-010"], [asking(), vec![answer(2, "bob")]].concat()),
        accept("asks-in-time", "No answer yet.", &["NODE-010"], [asking(), vec![head(&after(2), &[])]].concat()),
        accept("asks-in-vain", "No answer.", &["NODE-010"], [asking(), vec![head(&after(3), &[])]].concat()),
        accept("asks-late", "An answer after that is ignored, and ends nothing.", &["NODE-010", "NODE-017", "WIRE-017"], [asking(), vec![slot(SLOT + 3), answer(0, "bob")]].concat()),
        accept("asks-without-blocks", "An answer in time, though no block came.", &["NODE-010", "NODE-017"], [asking(), vec![slot(SLOT + 2), answer(0, "bob"), slot(SLOT + 3)]].concat()),
        accept("asks-who-has-it", "A peer without the extension is not asked.", &["NODE-011"], [start(0), connected_with(1, able(0, &[])), vec![submit(&first), publish(&result), ask]].concat()),
        history("unanswered-ten", "The tenth request without an answer is a ban, and ends the connection.", &["NODE-003", "NODE-010", "REP-007"], [start(1), vec![submit(&first), publish(&result)], unanswered].concat(), "valid")
            .derived_from("node-asks-in-vain", "ask nine times more")
            .reject(Reject::EntityBanned),
        accept("signed", "What the operator has signed is sent.", &["NODE-009"], [asked_first, vec![json!({"event": "signed", "peer": peer(1).to_json(), "response": signed_response(0, "bob").to_json()})]].concat()),
        proofs(3, "invalid", "three-false-proofs", "Three false proofs throttle a peer.").accept(),
        history("verdict-seventeen", "The seventeenth question ends the connection.", &["WIRE-014"], [sixteen, vec![request(&name, SLOT, 16)]].concat(), "valid")
            .derived_from("node-verdict-sixteen", "ask once more")
            .reject(Reject::TooManyVerifications),
        history("broken-message", "A message without a meaning ends the connection.", &["NODE-002"], [start(1), vec![broken]].concat(), "valid")
            .derived_from("node-connect", "send a byte that begins no message")
            .reject(Reject::MessageUnknown),
        history("rejected-six", "The sixth rejected Operation is a ban.", &["NODE-003", "REP-007"], [start(1), rejected_five, vec![pushed(1, &wrong(5))]].concat(), "valid")
            .derived_from("node-rejected-five", "send a sixth")
            .reject(Reject::SignatureNotCanonical),
        history("refused-user", "A user learns why.", &["OP-021"], [start(0), vec![submit(&stale)]].concat(), "valid")
            .derived_from("node-submit", "end the validity now")
            .reject(Reject::OperationExpired),
        history("banned-prover", "A prover whose proofs failed ten times is not listened to.", &["NODE-003", "REP-008"], [start(1), vec![submit(&first)], (1..=10).map(|salt| publish(&post_operation(&first, "bob", &view(), |it| it.cycles += salt))).collect(), vec![publish(&post_operation(&first, "bob", &view(), |it| it.cycles += 11))]].concat(), "invalid")
            .derived_from("node-three-false-proofs", "let one prover publish ten of them, and an eleventh")
            .reject(Reject::EntityBanned),
        proofs(10, "invalid", "ten-false-proofs", "Ten false proofs are a ban.")
            .derived_from("node-three-false-proofs", "send seven more")
            .reject(Reject::ProofInvalid),
    ]
}

macro_rules! scenario {
    ($name:literal) => {
        ($name, include_str!(concat!("../../tests/scenarios/", $name, ".json")))
    };
}

/// The scenarios of `tests/scenarios`.
pub const SCENARIOS: [(&str, &str); 29] = [
    scenario!("whole-flow"),
    scenario!("settled-again"),
    scenario!("partition"),
    scenario!("missed-slots"),
    scenario!("garbage"),
    scenario!("unsigned-operations"),
    scenario!("censorship"),
    scenario!("wrong-size"),
    scenario!("false-results"),
    scenario!("stolen-results"),
    scenario!("two-witnesses"),
    scenario!("witnesses-unprepared"),
    scenario!("garbage-witness"),
    scenario!("newcomer"),
    scenario!("prepared-later"),
    scenario!("false-extension"),
    scenario!("broken-proof-system"),
    scenario!("flood"),
    scenario!("announcements"),
    scenario!("verification-flood"),
    scenario!("replay"),
    scenario!("equivocation"),
    scenario!("false-prover"),
    scenario!("false-verdict"),
    scenario!("silent-leaders"),
    scenario!("withdrawal"),
    scenario!("large-pool"),
    scenario!("reorg-settles"),
    scenario!("drained-deposit"),
];

/// The scenarios as cases.
///
/// # Panics
/// If a scenario is no JSON: they are constants of this crate.
fn scenarios() -> Vec<Case> {
    SCENARIOS
        .iter()
        .map(|(name, text)| {
            let scenario: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let description = scenario["description"].as_str().unwrap_or_default().to_string();
            case(&format!("node-scenario-{name}"), &description, ["NODE-001", "SETTLE-013"])
                .object(json!({"kind": "scenario", "scenario": scenario}))
                .accept()
        })
        .collect()
}
