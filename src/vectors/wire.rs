//! Cases of the format `wire`: encodings of messages, and sessions with one peer.

use super::bytes::{self, Blobs};
use super::evaluate::Stop;
use super::fixture::{
    CHAIN_ID, CONTRACT, SLOT, account, block_hash, broken, extension, field, items, operation, sign, view, with_item,
};
use super::json::{Fault, Json, Node, hex};
use super::{Case, Draft, case};
use crate::notation::{B256, Reject, keccak256};
use crate::operation::{ChainView, rlp, wire_hash};
use crate::wire::{
    Action, Announcement, Capabilities, EnrEntry, Extension, GetExtension, MAX_MESSAGE_BYTES, Message, PooledItems,
    Request, Session, Status, VerificationRequest, VerificationResponse, fill,
};
use alloy_primitives::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    match node.field("kind")?.text()? {
        "decode" => {
            node.only(&["encoding", "kind"])?;
            let encoding = bytes::from_json(&node.field("encoding")?, &Blobs::new())?;
            let message = Message::from_bytes(&encoding)?;
            let mut value = json!({"outcome": "accept", "stage": "encoding", "name": message.name()});
            if encoding.len() <= 4_096 {
                value["message"] = message.to_json();
            }
            if let Message::VerificationRequest(request) = &message {
                value["requestId"] = hex(request.id()).into();
            }
            Ok(value)
        }
        "record" => {
            node.only(&["encoding", "kind"])?;
            let entry: EnrEntry = rlp::decode(&node.field("encoding")?.hex()?, 0)?;
            Ok(json!({"outcome": "accept", "stage": "encoding", "entry": entry.to_json()}))
        }
        "fill" => {
            node.only(&["kind", "sizes"])?;
            let sizes: Vec<u32> = field(&node, "sizes")?;
            let items = fill(sizes.iter().map(|size| Bytes::from(vec![0; *size as usize])));
            Ok(json!({"outcome": "accept", "stage": "wire", "items": items.len()}))
        }
        "session" => {
            node.only(&["asked", "givenUp", "kind", "known", "messages", "slots", "view"])?;
            let mut view: ChainView = field(&node, "view")?;
            let slots: Option<Vec<u64>> = node.optional("slots")?.map(|slots| Json::from_json(&slots)).transpose()?;
            let known: BTreeSet<B256> = field(&node, "known")?;
            let mut session = Session::default();
            for item in node.field("asked")?.items()? {
                let [id, name, slot] = &item.items()?[..] else { return Err(item.fault("is no request").into()) };
                let about = (Json::from_json(name)?, Json::from_json(slot)?);
                session.asked_verifications.insert(Json::from_json(id)?, about);
            }
            if let Some(given_up) = node.optional("givenUp")? {
                session.given_up_verifications = Json::from_json(&given_up)?;
            }
            let mut actions = Vec::new();
            for (index, message) in node.field("messages")?.items()?.iter().enumerate() {
                if let Some(slots) = &slots {
                    view.slot = *slots.get(index).ok_or_else(|| node.fault("has fewer slots than messages"))?;
                    session.give_up(view.slot);
                }
                let message = Message::from_bytes(&message.hex()?)?;
                actions.push(match session.receive(message, &view, &|hash| known.contains(&hash))? {
                    Action::None => json!({"do": "nothing"}),
                    Action::Send(message) => json!({"do": "send", "message": hex(message.to_bytes())}),
                    Action::Operations(items, next) => delivered("operations", &items, next),
                    Action::PostOperations(items, next) => delivered("postOperations", &items, next),
                    Action::Answer(message) => json!({"do": "answer", "to": message.name()}),
                    Action::Capabilities { first } => json!({"do": "know", "first": first}),
                    Action::Verdict(_) => json!({"do": "use", "answer": "verificationResponse"}),
                    Action::Extension(id, _) => json!({"do": "adopt", "extension": hex(id)}),
                });
            }
            Ok(json!({"outcome": "accept", "stage": "wire", "actions": actions, "session": session.to_json()}))
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

/// Items for a pool, and the request that follows them.
fn delivered(what: &str, items: &[Bytes], next: Option<Message>) -> Value {
    let mut action = json!({"do": what, "items": items.len()});
    if let Some(message) = next {
        action["next"] = hex(message.to_bytes()).into();
    }
    action
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [messages(), refused_messages(), broken_messages(), broken_records(), sessions(), refused_sessions()].concat()
}

fn decode(name: &str, description: &str, rules: &[&str], encoding: &[u8]) -> Draft {
    case(&format!("wire-decode-{name}"), description, rules).object(json!({
        "kind": "decode",
        "encoding": bytes::to_json(encoding, "bin", &mut Blobs::new()),
    }))
}

fn hashes(count: usize) -> Vec<B256> {
    (0..count).map(|index| keccak256(index.to_be_bytes())).collect()
}

/// The same hash again and again, so that the encoding has a pattern.
fn repeated(count: usize) -> Vec<B256> {
    vec![B256::repeat_byte(0x11); count]
}

fn announcement(count: usize) -> Announcement {
    Announcement { types: vec![1; count].into(), sizes: vec![300; count], hashes: repeated(count) }
}

fn status() -> Message {
    Message::Status(Session::status(&view(), block_hash(SLOT)))
}

fn request() -> VerificationRequest {
    VerificationRequest { post_operation: B256::repeat_byte(1), wire_hash: B256::repeat_byte(2), slot: SLOT, salt: 3 }
}

fn response(verdict: u8) -> VerificationResponse {
    response_of(verdict, SLOT)
}

fn response_of(verdict: u8, slot: u64) -> VerificationResponse {
    let mut response = VerificationResponse {
        request: request().id(),
        post_operation: request().post_operation,
        verdict,
        node: account("node"),
        slot,
        ..VerificationResponse::default()
    };
    response.signature = sign("node", response.signing_hash(CHAIN_ID, CONTRACT));
    response
}

fn capabilities(sequence: u64) -> Message {
    Message::Capabilities(Capabilities {
        sequence,
        extensions: vec![extension("one")],
        proof_types: vec![1].into(),
        tiers: vec![1, 2],
        max_proof_bytes: 65_536,
        min_prover_fee: 1_000_000_000_000,
    })
}

fn plain() -> Bytes {
    operation("alice", 0, |_| ()).to_bytes().into()
}

/// Every message once.
fn every_message() -> Vec<Message> {
    vec![
        status(),
        capabilities(1),
        Message::NewOperationHashes(announcement(2)),
        Message::GetOperations(Request { request_id: 1, hashes: hashes(2) }),
        Message::Operations(PooledItems { request_id: 1, items: vec![plain()] }),
        Message::NewPostOperationHashes(announcement(1)),
        Message::GetPostOperations(Request { request_id: 2, hashes: hashes(1) }),
        Message::PostOperations(PooledItems { request_id: 2, items: vec![vec![2, 0xc0].into()] }),
        Message::VerificationRequest(request()),
        Message::VerificationResponse(response(0)),
        Message::GetExtension(GetExtension { request_id: 3, extension_id: extension("one") }),
        Message::Extension(Extension { request_id: 3, entry: vec![0xc0].into(), wasm: b"\0asm".to_vec().into() }),
    ]
}

/// What a message is called in the names of its cases.
fn case_name(message: &Message) -> String {
    let hyphened = |c: char| if c.is_uppercase() { format!("-{}", c.to_ascii_lowercase()) } else { c.into() };
    message.name().chars().map(hyphened).collect()
}

fn messages() -> Vec<Case> {
    let mut cases: Vec<Case> = every_message()
        .iter()
        .map(|message| {
            let mut rules = vec!["WIRE-001", "WIRE-002"];
            if matches!(message, Message::VerificationRequest(_)) {
                rules.push("WIRE-012");
            }
            decode(&case_name(message), "A message with its fields.", &rules, &message.to_bytes()).accept()
        })
        .collect();
    let fill = |name: &str, sizes: &[u32], items: usize| {
        case(&format!("wire-fill-{name}"), "Items of these sizes are found; so many are sent.", ["WIRE-005"])
            .object(json!({"kind": "fill", "sizes": sizes}))
            .accept()
            .stating("items", items)
    };
    let many = vec![100; 300];
    cases.extend([
        decode(
            "most-announced",
            "As many hashes as are allowed.",
            &["WIRE-003", "WIRE-004"],
            &Message::NewOperationHashes(announcement(4_096)).to_bytes(),
        )
        .accept(),
        decode(
            "most-requested",
            "As many hashes as are allowed.",
            &["WIRE-003"],
            &Message::GetOperations(Request { request_id: 1, hashes: repeated(256) }).to_bytes(),
        )
        .accept(),
        decode(
            "most-items",
            "As many items as are allowed.",
            &["WIRE-003"],
            &Message::Operations(PooledItems { request_id: 1, items: vec![vec![1, 0xc0].into(); 256] }).to_bytes(),
        )
        .accept(),
        decode(
            "most-capabilities",
            "As many types of proofs and tiers as are allowed.",
            &["WIRE-003"],
            &Message::Capabilities(Capabilities {
                proof_types: vec![1; 256].into(),
                tiers: vec![1; 256],
                ..Capabilities::default()
            })
            .to_bytes(),
        )
        .accept(),
        fill("none", &[], 0),
        fill("below", &[2_097_151, 5, 6], 2),
        fill("exact", &[2_097_152, 5], 1),
        fill("large", &[3_000_000, 1], 1),
        fill("many", &many, 256),
        record("wire-record", "OP-002", &entry()).accept(),
    ]);
    cases
}

/// The encoding of the entry of a node record.
fn entry() -> Vec<u8> {
    rlp::encode(&EnrEntry { version: 1, chain_id: CHAIN_ID, consensus_contract: CONTRACT })
}

fn record(id: &str, rule: &str, encoding: &[u8]) -> Draft {
    case(id, "The entry of a node record.", [rule]).object(json!({"kind": "record", "encoding": hex(encoding)}))
}

/// A number of so many bytes.
fn number_of(bytes: u8) -> Vec<u8> {
    [vec![0x80 + bytes, 1], vec![0; usize::from(bytes) - 1]].concat()
}

/// Each message with each fault of an encoding.
fn broken_messages() -> Vec<Case> {
    let description = "A message whose encoding ends the connection.";
    let mut cases = Vec::new();
    for message in every_message() {
        let (name, good) = (case_name(&message), message.to_bytes());
        let (number, list) = (good[0], &good[1..]);
        let mut refuse = |fault: &str, rule: &str, mutation: &str, list: Vec<u8>, reason| {
            let draft = decode(&format!("{name}-{fault}"), description, &[rule], &[vec![number], list].concat());
            cases.push(draft.derived_from(&format!("wire-decode-{name}"), mutation).reject(reason));
        };
        // The status with a byte after it has a case with another name.
        for it in broken(list).into_iter().filter(|it| (number, it.name) != (0, "trailing")) {
            refuse(it.name, it.rule, it.mutation, it.list, it.reason);
        }
        let (mutation, wide) = match message {
            Message::NewOperationHashes(_) | Message::NewPostOperationHashes(_) => {
                ("set the first size to 2^32", with_item(list, 1, with_item(&items(list)[1], 0, number_of(5))))
            }
            Message::VerificationRequest(_) | Message::VerificationResponse(_) => {
                ("lengthen the first hash to 33 bytes", with_item(list, 0, number_of(33)))
            }
            _ => ("set the first number to 2^64", with_item(list, 0, number_of(9))),
        };
        refuse("wide", "OP-005", mutation, wide, Reject::RlpFieldLength);
    }
    cases
}

fn broken_records() -> Vec<Case> {
    let good = entry();
    let refuse = |fault: &str, rule: &str, mutation: &str, encoding: &[u8], reason| {
        record(&format!("wire-record-{fault}"), rule, encoding).derived_from("wire-record", mutation).reject(reason)
    };
    let address_of = |bytes: u8| with_item(&good, 2, [vec![0x80 + bytes], vec![0xcc; bytes.into()]].concat());
    let mut cases: Vec<Case> =
        broken(&good).into_iter().map(|it| refuse(it.name, it.rule, it.mutation, &it.list, it.reason)).collect();
    cases.extend([
        refuse("no-bytes", "OP-002", "remove all bytes", &[], Reject::RlpLengthMismatch),
        refuse("string", "OP-003", "make the list an empty string", &[0x80], Reject::RlpUnexpectedKind),
        refuse(
            "version-33-bits",
            "OP-005",
            "set the version to 2^32",
            &with_item(&good, 0, number_of(5)),
            Reject::RlpFieldLength,
        ),
        refuse("address-19", "OP-005", "shorten the address to 19 bytes", &address_of(19), Reject::RlpFieldLength),
        refuse("address-21", "OP-005", "lengthen the address to 21 bytes", &address_of(21), Reject::RlpFieldLength),
    ]);
    cases
}

fn refused_messages() -> Vec<Case> {
    let refuse = |name: &str, rule: &str, origin: &str, mutation: &str, encoding: Vec<u8>, reason| {
        decode(name, "A message that ends the connection.", &[rule], &encoding)
            .derived_from(&format!("wire-decode-{origin}"), mutation)
            .reject(reason)
    };
    let numbered = |number: u8| [vec![number], status().to_bytes()[1..].to_vec()].concat();
    let mut types = announcement(2);
    types.types = vec![1].into();
    let mut sizes = announcement(2);
    sizes.sizes.push(1);
    let crowd = vec![vec![1, 0xc0].into(); 257];
    let able = |types: usize, tiers: usize| {
        let able =
            Capabilities { proof_types: vec![1; types].into(), tiers: vec![1; tiers], ..Capabilities::default() };
        Message::Capabilities(able).to_bytes()
    };
    let broad = Capabilities { sequence: 1, extensions: repeated(4_097), ..Capabilities::default() };
    vec![
        refuse("no-bytes", "WIRE-001", "status", "remove all bytes", Vec::new(), Reject::MessageUnknown),
        refuse("number-12", "WIRE-001", "status", "set the number to 12", numbered(12), Reject::MessageUnknown),
        refuse("number-255", "WIRE-001", "status", "set the number to 255", numbered(255), Reject::MessageUnknown),
        refuse(
            "too-large",
            "WIRE-002",
            "operations",
            "lengthen it to 10,485,761 bytes",
            Vec::new(),
            Reject::MessageTooLarge,
        ),
        refuse(
            "announced-4097",
            "WIRE-003",
            "most-announced",
            "announce one more",
            Message::NewOperationHashes(announcement(4_097)).to_bytes(),
            Reject::TooManyEntries,
        ),
        refuse(
            "requested-257",
            "WIRE-003",
            "most-requested",
            "ask for one more",
            Message::GetPostOperations(Request { request_id: 1, hashes: repeated(257) }).to_bytes(),
            Reject::TooManyEntries,
        ),
        refuse(
            "items-257",
            "WIRE-003",
            "most-items",
            "send one more",
            Message::Operations(PooledItems { request_id: 1, items: crowd }).to_bytes(),
            Reject::TooManyEntries,
        ),
        refuse(
            "extensions-4097",
            "WIRE-003",
            "capabilities",
            "have 4,097 extensions",
            Message::Capabilities(broad).to_bytes(),
            Reject::TooManyEntries,
        ),
        refuse(
            "proof-types-257",
            "WIRE-003",
            "most-capabilities",
            "name one type of proofs more",
            able(257, 256),
            Reject::TooManyEntries,
        ),
        refuse(
            "tiers-257",
            "WIRE-003",
            "most-capabilities",
            "name one tier more",
            able(256, 257),
            Reject::TooManyEntries,
        ),
        refuse(
            "types-missing",
            "WIRE-004",
            "new-operation-hashes",
            "remove a type",
            Message::NewOperationHashes(types).to_bytes(),
            Reject::AnnouncementLengths,
        ),
        refuse(
            "sizes-more",
            "WIRE-004",
            "new-operation-hashes",
            "append a size",
            Message::NewPostOperationHashes(sizes).to_bytes(),
            Reject::AnnouncementLengths,
        ),
        refuse(
            "trailing-byte",
            "OP-002",
            "status",
            "append a byte",
            [status().to_bytes(), vec![0]].concat(),
            Reject::RlpLengthMismatch,
        ),
    ]
    .into_iter()
    .map(|mut case| {
        // Too long to be written as a literal here: zeros after the number.
        if case.id == "wire-decode-too-large" {
            let encoding = [vec![4], vec![0; MAX_MESSAGE_BYTES]].concat();
            let value = json!({"kind": "decode", "encoding": bytes::to_json(&encoding, "bin", &mut Blobs::new())});
            case.input.subject = super::Subject::Object(value);
        }
        case
    })
    .collect()
}

fn session(name: &str, description: &str, rules: &[&str], messages: &[Message], known: &[B256]) -> Draft {
    session_at(name, description, rules, messages, known, &[])
}

/// A session whose messages come so many slots after that of the view.
fn session_at(
    name: &str,
    description: &str,
    rules: &[&str],
    messages: &[Message],
    known: &[B256],
    later: &[u64],
) -> Draft {
    case(&format!("wire-session-{name}"), description, rules).object(session_input(messages, known, later))
}

fn session_input(messages: &[Message], known: &[B256], later: &[u64]) -> Value {
    let known: BTreeSet<B256> = known.iter().copied().collect();
    let mut input = json!({
        "kind": "session",
        "view": view().to_json(),
        "known": known.to_json(),
        "asked": [[hex(request().id()), hex(request().post_operation), SLOT.to_json()]],
        "messages": messages.iter().map(|message| hex(message.to_bytes())).collect::<Value>(),
    });
    if !later.is_empty() {
        input["slots"] = later.iter().map(|slots| (SLOT + slots).to_json()).collect();
    }
    input
}

fn announcement_of(items: &[Bytes]) -> Announcement {
    Announcement {
        types: items.iter().map(|item| item.first().copied().unwrap_or_default()).collect::<Vec<u8>>().into(),
        sizes: items.iter().map(|item| item.len() as u32).collect(),
        hashes: items.iter().map(|item| wire_hash(item)).collect(),
    }
}

fn announce_all(items: &[Bytes]) -> Message {
    Message::NewOperationHashes(announcement_of(items))
}

fn announce_results(items: &[Bytes]) -> Message {
    Message::NewPostOperationHashes(announcement_of(items))
}

/// An announcement of this Operation with this type and size.
fn announce(item: &Bytes, kind: u8, size: usize) -> Message {
    Message::NewOperationHashes(Announcement {
        types: vec![kind].into(),
        sizes: vec![size as u32],
        hashes: vec![wire_hash(item)],
    })
}

fn deliver(request_id: u64, items: &[Bytes]) -> Message {
    Message::Operations(PooledItems { request_id, items: items.to_vec() })
}

fn asks(count: u64) -> Vec<Message> {
    (0..count).map(|salt| Message::VerificationRequest(VerificationRequest { salt, ..request() })).collect()
}

/// A session in which a request for a verdict was given up.
fn late(name: &str, description: &str, messages: &[Message]) -> Draft {
    let mut input = session_input(&[vec![status()], messages.to_vec()].concat(), &[], &[]);
    input["givenUp"] = json!([hex(B256::repeat_byte(7))]);
    case(&format!("wire-session-{name}"), description, ["WIRE-017"]).object(input)
}

/// A response to that request, wrong in all else.
fn late_response() -> Message {
    let request = B256::repeat_byte(7);
    Message::VerificationResponse(VerificationResponse { request, verdict: 3, ..VerificationResponse::default() })
}

fn sessions() -> Vec<Case> {
    let item = plain();
    let accept = |name: &str, description: &str, rules: &[&str], messages: Vec<Message>, known: &[B256]| {
        session(name, description, rules, &[vec![status()], messages].concat(), known).accept()
    };
    let pushed: Bytes = vec![1; 4_096].into();
    let items: Vec<Bytes> = (0..5).map(|byte| vec![1, 0xc0, byte].into()).collect();
    let crowd: Vec<Bytes> = (0..600u16).map(|number| number.to_be_bytes().to_vec().into()).collect();
    vec![
        accept("open", "The status opens the session.", &["WIRE-006", "WIRE-007"], vec![], &[]),
        accept("capabilities", "Sequence numbers rise.", &["WIRE-008"], vec![capabilities(0), capabilities(5)], &[]),
        accept(
            "fetch",
            "What is announced is asked for and comes.",
            &["WIRE-009", "WIRE-010", "WIRE-016"],
            vec![announce(&item, 1, item.len()), deliver(1, std::slice::from_ref(&item))],
            &[],
        ),
        accept(
            "fetch-nothing",
            "The peer no longer has it.",
            &["WIRE-010"],
            vec![announce(&item, 1, item.len()), deliver(1, &[])],
            &[],
        ),
        accept(
            "known",
            "What is known is not asked for.",
            &["WIRE-009"],
            vec![announce(&item, 1, item.len())],
            &[wire_hash(&item)],
        ),
        accept(
            "announced-twice",
            "What is announced again is not asked for twice.",
            &["WIRE-009"],
            vec![announce(&item, 1, item.len()), announce(&item, 1, item.len())],
            &[],
        ),
        accept("pushed", "The largest Operation that is pushed.", &["WIRE-011"], vec![deliver(0, &[pushed])], &[]),
        accept("asks", "Two requests for verification.", &["WIRE-014"], asks(2), &[]),
        session_at(
            "asks-later",
            "A request that nobody answers is open until the next slot is over.",
            &["WIRE-014"],
            &[vec![status()], asks(3)].concat(),
            &[],
            &[0, 0, 0, 2],
        )
        .accept(),
        accept(
            "answered",
            "A signed verdict.",
            &["WIRE-013", "WIRE-015"],
            vec![Message::VerificationResponse(response(1))],
            &[],
        ),
        accept(
            "answered-error",
            "The largest verdict.",
            &["WIRE-015"],
            vec![Message::VerificationResponse(response(2))],
            &[],
        ),
        late("answered-late", "A response to a request that was given up is ignored.", &[late_response()]).accept(),
        session_at(
            "fetched-late",
            "A response to a request that was given up is ignored, and what it has is announced and asked for again.",
            &["WIRE-017", "WIRE-018"],
            &[
                status(),
                announce(&item, 1, item.len()),
                deliver(1, &[vec![1, 0xc0].into()]),
                announce(&item, 1, item.len()),
            ],
            &[],
            &[0, 0, 3, 3],
        )
        .accept(),
        accept(
            "fetch-more",
            "What is announced while a request is open is asked for when it is answered.",
            &["WIRE-019"],
            vec![
                announce(&item, 1, item.len()),
                announce_all(&items[..2]),
                announce_all(&items[..3]),
                deliver(1, std::slice::from_ref(&item)),
            ],
            &[],
        ),
        accept(
            "fetch-many",
            "At most 256 items are asked for at once, the others after them.",
            &["WIRE-009", "WIRE-019"],
            vec![announce_all(&crowd), deliver(1, &[]), deliver(2, &[])],
            &[],
        ),
        accept(
            "fetch-rest",
            "What a response leaves out at its end is asked for again, what it leaves out before that is not.",
            &["WIRE-019"],
            vec![
                announce_all(&items),
                deliver(1, &[items[1].clone(), items[2].clone()]),
                deliver(2, std::slice::from_ref(&items[3])),
                deliver(3, &[]),
            ],
            &[],
        ),
        accept(
            "fetch-in-order",
            "PostOperations are asked for after the Operations that were announced before them.",
            &["WIRE-019"],
            vec![
                announce(&item, 1, item.len()),
                announce_all(&items[..1]),
                announce_results(&items[1..2]),
                announce_all(&items[2..3]),
                announce_results(&items[3..4]),
                deliver(1, &[]),
                deliver(2, &[]),
                Message::PostOperations(PooledItems { request_id: 3, items: vec![] }),
            ],
            &[],
        ),
        accept(
            "questions",
            "Questions are answered from the pools.",
            &["WIRE-006"],
            vec![
                Message::GetOperations(Request { request_id: 1, hashes: hashes(1) }),
                Message::GetPostOperations(Request { request_id: 2, hashes: hashes(1) }),
                Message::GetExtension(GetExtension { request_id: 3, extension_id: extension("one") }),
            ],
            &[],
        ),
    ]
}

fn refused_sessions() -> Vec<Case> {
    let item = plain();
    let refuse = |name: &str, rule: &str, origin: &str, mutation: &str, messages: Vec<Message>, reason| {
        session(name, "A message that ends the connection.", &[rule], &messages, &[])
            .derived_from(&format!("wire-session-{origin}"), mutation)
            .reject(reason)
    };
    let after = |messages: Vec<Message>| [vec![status()], messages].concat();
    let other = |change: fn(&mut Status)| {
        let mut status = Session::status(&view(), block_hash(SLOT));
        change(&mut status);
        vec![Message::Status(status)]
    };
    let fetched = |kind, size, items: &[Bytes]| after(vec![announce(&item, kind, size), deliver(1, items)]);
    let by_other = VerificationResponse { node: account("bob"), ..response(1) };
    let of_slot_0 = response_of(1, 0);
    let about_other = VerificationResponse { post_operation: B256::ZERO, ..response(1) };
    vec![
        refuse(
            "no-status",
            "WIRE-006",
            "capabilities",
            "remove the status",
            vec![capabilities(0)],
            Reject::StatusUnexpected,
        ),
        refuse("second-status", "WIRE-006", "open", "send it twice", after(vec![status()]), Reject::StatusUnexpected),
        refuse(
            "other-version",
            "WIRE-007",
            "open",
            "set the version to 2",
            other(|it| it.version = 2),
            Reject::StatusMismatch,
        ),
        refuse(
            "other-chain",
            "WIRE-007",
            "open",
            "set the chain to 2",
            other(|it| it.chain_id = 2),
            Reject::StatusMismatch,
        ),
        refuse(
            "other-contract",
            "WIRE-007",
            "open",
            "set another contract",
            other(|it| it.consensus_contract = Default::default()),
            Reject::StatusMismatch,
        ),
        refuse(
            "same-sequence",
            "WIRE-008",
            "capabilities",
            "repeat the sequence number",
            after(vec![capabilities(5), capabilities(5)]),
            Reject::SequenceNotRaised,
        ),
        refuse(
            "unasked",
            "WIRE-010",
            "fetch",
            "do not announce it",
            after(vec![deliver(1, std::slice::from_ref(&item))]),
            Reject::ResponseUnrequested,
        ),
        refuse(
            "fetched-again",
            "WIRE-010",
            "fetch",
            "answer twice",
            after(vec![
                announce(&item, 1, item.len()),
                deliver(1, std::slice::from_ref(&item)),
                deliver(1, std::slice::from_ref(&item)),
            ]),
            Reject::ResponseUnrequested,
        ),
        session_at(
            "fetched-late-twice",
            "A message that ends the connection.",
            &["WIRE-017"],
            &after(vec![announce(&item, 1, item.len()), deliver(1, &[]), deliver(1, &[])]),
            &[],
            &[0, 0, 3, 3],
        )
        .derived_from("wire-session-fetched-late", "send the late response twice")
        .reject(Reject::ResponseUnrequested),
        refuse(
            "other-item",
            "WIRE-010",
            "fetch",
            "send another item",
            fetched(1, item.len(), &[vec![1, 0xc0].into()]),
            Reject::ResponseUnrequested,
        ),
        refuse(
            "item-twice",
            "WIRE-010",
            "fetch",
            "send it twice",
            fetched(1, item.len(), &[item.clone(), item.clone()]),
            Reject::ResponseUnrequested,
        ),
        refuse(
            "unasked-extension",
            "WIRE-010",
            "open",
            "send an extension",
            after(vec![Message::Extension(Extension::default())]),
            Reject::ResponseUnrequested,
        ),
        refuse(
            "pushed-large",
            "WIRE-011",
            "pushed",
            "lengthen it by a byte",
            after(vec![deliver(0, &[vec![1; 4_097].into()])]),
            Reject::ResponseUnrequested,
        ),
        refuse(
            "wrong-size",
            "WIRE-016",
            "fetch",
            "announce a byte more",
            fetched(1, item.len() + 1, std::slice::from_ref(&item)),
            Reject::AnnouncedOtherwise,
        ),
        refuse(
            "wrong-type",
            "WIRE-016",
            "fetch",
            "announce type 2",
            fetched(2, item.len(), std::slice::from_ref(&item)),
            Reject::AnnouncedOtherwise,
        ),
        refuse("three-asks", "WIRE-014", "asks", "ask a third time", after(asks(3)), Reject::TooManyVerifications),
        session_at(
            "three-asks-early",
            "A message that ends the connection.",
            &["WIRE-014"],
            &after(asks(3)),
            &[],
            &[0, 0, 0, 1],
        )
        .derived_from("wire-session-asks-later", "ask the third time a slot earlier")
        .reject(Reject::TooManyVerifications),
        refuse(
            "answer-other-slot",
            "WIRE-015",
            "answered",
            "sign another slot than the request's",
            after(vec![Message::VerificationResponse(of_slot_0)]),
            Reject::ResponseUnrequested,
        ),
        refuse(
            "answer-unasked",
            "WIRE-015",
            "answered",
            "answer about another PostOperation",
            after(vec![Message::VerificationResponse(about_other)]),
            Reject::ResponseUnrequested,
        ),
        late("answered-late-twice", "A message that ends the connection.", &[late_response(), late_response()])
            .derived_from("wire-session-answered-late", "send it twice")
            .reject(Reject::ResponseUnrequested),
        refuse(
            "verdict-3",
            "WIRE-015",
            "answered",
            "set the verdict to 3",
            after(vec![Message::VerificationResponse(response(3))]),
            Reject::VerdictUnknown,
        ),
        refuse(
            "answer-by-other",
            "WIRE-013",
            "answered",
            "name another node",
            after(vec![Message::VerificationResponse(by_other)]),
            Reject::SignatureWrongSigner,
        ),
    ]
}
