//! Cases of the format `registry`: entries, calls, adoption, build manifests.

use super::bytes::{self, Blobs};
use super::case::wat;
use super::evaluate::Stop;
use super::fixture::{CHAIN_ID, SLOT, account, broken, field, items, list, with_item};
use super::json::{Fault, Json, Node, digest, hex};
use super::proving::Proven;
use super::{Case, Draft, case};
use crate::canonical_code;
use crate::notation::{B256, Reject, keccak256};
use crate::operation::ChainView;
use crate::profile;
use crate::proof_system::VerifyingKey;
use crate::proving::{CUSTOM_TIER, Extension};
use crate::registry::{BuildManifest, Call, Entry, ManifestItem, Registry, Side, onboard, universal_key_hash};
use alloy_primitives::Address;
use alloy_rlp::Encodable;
use serde_json::{Value, json};

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    let blobs = Blobs::new();
    match node.field("kind")?.text()? {
        "entry" => {
            node.only(&["chainId", "encoding", "kind"])?;
            let entry = Entry::from_bytes(&bytes::from_json(&node.field("encoding")?, &blobs)?)?;
            let id = entry.id(field(&node, "chainId")?);
            Ok(json!({"outcome": "accept", "stage": "encoding", "entry": entry.to_json(), "id": hex(id)}))
        }
        "calls" => {
            node.only(&["calls", "chainId", "kind", "verifyingKey"])?;
            let keys: Vec<VerifyingKey> = match node.optional("verifyingKey")? {
                Some(key) => vec![VerifyingKey::from_bytes(&key.hex()?)?],
                None => Vec::new(),
            };
            let mut registry = Registry { chain_id: field(&node, "chainId")?, ..Registry::default() };
            let calls = node.field("calls")?.items()?;
            let mut now = 0;
            for (index, call) in calls.iter().enumerate() {
                now = field(call, "slot")?;
                let blob_hashes = call.optional("blobHashes")?.map(|it| Json::from_json(&it)).transpose()?;
                let view =
                    ChainView { slot: now, blob_hashes: blob_hashes.unwrap_or_default(), ..ChainView::default() };
                let result = registry.call(field(call, "caller")?, &Call::from_json(call)?, &view, &keys);
                match result {
                    // Only the last call is under test.
                    Err(rejection) if index + 1 < calls.len() => return Err(call.fault(rejection.to_string()).into()),
                    result => result?,
                }
            }
            let state = registry.to_json();
            let lifecycle = registry.entries.iter().map(|(id, it)| json!([hex(id), it.lifecycle(now).name()]));
            Ok(json!({
                "outcome": "accept",
                "stage": "registry",
                "lifecycle": lifecycle.collect::<Value>(),
                "digest": hex(digest(&state)),
                "state": state,
            }))
        }
        "onboard" => {
            node.only(&["chainId", "entry", "keys", "kind", "module"])?;
            let wasm = bytes::from_json(&node.field("module")?, &blobs)?;
            let keys: Vec<B256> = field(&node, "keys")?;
            let onboarded = onboard(field(&node, "chainId")?, &field(&node, "entry")?, &wasm, &keys)?;
            Ok(json!({"outcome": "accept", "stage": "registry", "onboarded": onboarded.to_json()}))
        }
        "manifest" => {
            node.only(&["encoding", "kind"])?;
            let manifest = BuildManifest::from_bytes(&bytes::from_json(&node.field("encoding")?, &blobs)?)?;
            let side = |side: &Side| if *side == Side::Left { "left" } else { "right" };
            let paths = (0..=manifest.items.len()).filter_map(|leaf| manifest.path(leaf)).map(|(leaf, path)| {
                json!([hex(leaf), path.iter().map(|(it, node)| json!([side(it), hex(node)])).collect::<Vec<_>>()])
            });
            Ok(json!({
                "outcome": "accept",
                "stage": "registry",
                "manifest": manifest.to_json(),
                "root": hex(manifest.root()),
                "paths": paths.collect::<Value>(),
            }))
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

/// The cases, each refused one after the accepted ones.
pub(super) fn cases(proven: &Proven) -> Vec<Case> {
    [entries(), calls(), refused_entries(), refused_calls(), preparing(proven), onboarding(), manifests()].concat()
}

/// The smallest module, one that reads a witness, and one outside the profile.
fn module(name: &str) -> Vec<u8> {
    wat(match name {
        "witness" => {
            r#"(module (import "middle" "witness_len" (func (result i32))) (func (export "run") (result i32) call 0))"#
        }
        "words" => {
            r#"(module (import "middle" "witness" (func (param i32) (result i64)))
                (func (export "run") (result i32) (i64.eqz (call 0 (i32.const 3)))))"#
        }
        "uncalled" => {
            r#"(module (import "middle" "witness_len" (func (result i32))) (func (export "run") (result i32) i32.const 0))"#
        }
        "long" => {
            let sets = "(global.set 0 (i32.const 1))".repeat(2_100);
            return wat(&format!(
                r#"(module (global (mut i32) (i32.const 0)) (func (export "run") (result i32) {sets} i32.const 0))"#
            ));
        }
        "input" => {
            r#"(module (import "middle" "input_len" (func (result i32))) (func (export "run") (result i32) call 0))"#
        }
        "float" => r#"(module (func (export "run") (result i32) f32.const 1 drop i32.const 0))"#,
        _ => r#"(module (func (export "run") (result i32) i32.const 0))"#,
    })
}

const TIER_KEYS: [B256; 2] = [B256::repeat_byte(0x51), B256::repeat_byte(0x52)];

fn entry(module_name: &str) -> Entry {
    let wasm = module(module_name);
    let code = profile::load(&wasm).and_then(|module| canonical_code::lower(&module));
    Entry {
        developer: account("alice"),
        wasm_hash: keccak256(&wasm),
        wasm: wasm.into(),
        code_commitment: code.map(|code| code.commitment()).unwrap_or_default(),
        proof_system: 1,
        abi_version: 1,
        key_hash: universal_key_hash(&TIER_KEYS),
        ..Entry::default()
    }
}

/// The entry with a change.
fn changed(change: impl FnOnce(&mut Entry)) -> Entry {
    let mut entry = entry("plain");
    change(&mut entry);
    entry
}

fn decode(name: &str, description: &str, rules: &[&str], chain_id: u64, encoding: &[u8]) -> Draft {
    case(&format!("registry-entry-{name}"), description, rules).object(json!({
        "kind": "entry",
        "chainId": chain_id.to_json(),
        "encoding": hex(encoding),
    }))
}

fn entries() -> Vec<Case> {
    let good = entry("plain").to_bytes();
    let id = |name: &str, description: &str, chain_id, entry: Entry| {
        decode(&format!("id-{name}"), description, &["REG-001"], chain_id, &entry.to_bytes()).accept()
    };
    let same = |name: &str, description: &str, entry: Entry| {
        id(name, description, CHAIN_ID, entry).stating("id", hex(self::entry("plain").id(CHAIN_ID)))
    };
    let mut cases = vec![
        id("plain", "An entry of universal mode.", CHAIN_ID, entry("plain")),
        id("chain", "The chain is in the id.", 17_000, entry("plain")),
        id("developer", "The developer is in the id.", CHAIN_ID, changed(|it| it.developer = account("bob"))),
        id("mode", "The mode is in the id.", CHAIN_ID, changed(|it| it.mode = 1)),
        id("key", "The key is in the id.", CHAIN_ID, changed(|it| it.key_hash = TIER_KEYS[0])),
        id("data-rule", "The data rule is in the id.", CHAIN_ID, changed(|it| it.data_rule = 2)),
        same("code-commitment", "The code commitment is not in the id.", changed(|it| it.code_commitment = B256::ZERO)),
        same(
            "metadata",
            "The metadata are not in the id.",
            changed(|it| it.metadata_uri = b"ipfs://x".to_vec().into()),
        ),
        same(
            "blobs",
            "The place of the module is not in the id.",
            changed(|it| {
                it.wasm = Default::default();
                it.blob_hashes = vec![B256::with_last_byte(1)];
            }),
        ),
        decode("item-missing", "An entry has twelve items.", &["OP-002"], CHAIN_ID, &list(&items(&good)[..11]))
            .derived_from("registry-entry-id-plain", "remove the last item")
            .reject(Reject::RlpLengthMismatch),
        decode("mode-wide", "A mode has 8 bits.", &["OP-005"], CHAIN_ID, &with_item(&good, 5, vec![0x82, 1, 0]))
            .derived_from("registry-entry-id-plain", "set the mode to 256")
            .reject(Reject::RlpFieldLength),
    ];
    // That an item is missing stands above.
    cases.extend(broken(&good).into_iter().filter(|it| it.name != "item-missing").map(|it| {
        decode(it.name, "An entry has one encoding.", &[it.rule], CHAIN_ID, &it.list)
            .derived_from("registry-entry-id-plain", it.mutation)
            .reject(it.reason)
    }));
    cases
}

/// Caller, slot and call.
type Called = (Address, u64, Call);

fn called(name: &str, description: &str, rules: &[&str], calls: &[Called]) -> Draft {
    case(&format!("registry-calls-{name}"), description, rules).object(history(calls))
}

fn history(calls: &[Called]) -> Value {
    let calls = calls.iter().map(|(caller, slot, call)| {
        let mut value = call.to_json();
        value["caller"] = caller.to_json();
        value["slot"] = slot.to_json();
        value
    });
    json!({"kind": "calls", "chainId": CHAIN_ID.to_json(), "calls": calls.collect::<Value>()})
}

/// Calls with the blobs of their transactions.
fn called_with(name: &str, description: &str, rules: &[&str], calls: &[(Called, Vec<B256>)]) -> Draft {
    let mut input = history(&calls.iter().map(|it| it.0.clone()).collect::<Vec<_>>());
    for (index, (_, blob_hashes)) in calls.iter().enumerate() {
        input["calls"][index]["blobHashes"] = blob_hashes.to_json();
    }
    case(&format!("registry-calls-{name}"), description, rules).object(input)
}

fn register(entry: Entry) -> Called {
    (entry.developer, SLOT, Call::Register(Box::new(entry)))
}

fn deprecate(slot: u64, from: u64) -> Called {
    (account("alice"), slot, Call::Deprecate { id: entry("plain").id(CHAIN_ID), from })
}

fn succeed(slot: u64, successor: B256) -> Called {
    (account("alice"), slot, Call::SetSuccessor { id: entry("plain").id(CHAIN_ID), successor })
}

/// The calls that make two entries.
fn two() -> Vec<Called> {
    vec![register(entry("plain")), register(entry("witness"))]
}

fn calls() -> Vec<Case> {
    let next = entry("witness").id(CHAIN_ID);
    let accept = |name: &str, description: &str, rules: &[&str], more: &[Called]| {
        called(name, description, rules, &[two(), more.to_vec()].concat()).accept()
    };
    let register_rules = ["REG-002", "REG-003", "REG-004", "REG-005", "REG-007", "REG-008", "REG-012"];
    let blobs = changed(|it| {
        it.wasm = Default::default();
        it.blob_hashes = vec![B256::with_last_byte(1); 9];
    });
    let longest = changed(|it| it.metadata_uri = vec![b'm'; 256].into());
    let custom = changed(|it| (it.mode, it.data_rule) = (1, 2));
    let parts = |number: u8| (1..=number).map(B256::with_last_byte).collect::<Vec<_>>();
    let in_parts = register(changed(|it| {
        it.wasm = Default::default();
        it.blob_hashes = parts(9);
    }));
    let publish = |slot| (account("bob"), slot, Call::PublishBlobs);
    vec![
        called_with(
            "register-two-transactions",
            "A module in nine blobs, six of which were published a day before, by anybody.",
            &["REG-003", "REG-017"],
            &[(publish(SLOT - 7_200), parts(6)), (in_parts.clone(), parts(9)[6..].to_vec())],
        )
        .accept(),
        called_with(
            "register-published-again",
            "What was published again counts from then on.",
            &["REG-017"],
            &[(publish(SLOT - 9_000), parts(6)), (publish(SLOT), parts(6)), (in_parts.clone(), parts(9)[6..].to_vec())],
        )
        .accept(),
        called_with(
            "register-blobs-old",
            "The blobs were published too long ago.",
            &["REG-017"],
            &[(publish(SLOT - 7_201), parts(6)), (in_parts.clone(), parts(9)[6..].to_vec())],
        )
        .derived_from("registry-calls-register-two-transactions", "publish the first blobs a slot earlier")
        .reject(Reject::BlobUnknown),
        called_with(
            "register-blobs-unknown",
            "The transaction carries only a part of the module.",
            &["REG-017"],
            &[(publish(SLOT - 7_200), parts(6)), (in_parts, parts(9)[7..].to_vec())],
        )
        .derived_from("registry-calls-register-two-transactions", "remove one of the blobs of the second transaction")
        .reject(Reject::BlobUnknown),
        called("register", "An entry is registered.", &register_rules, &[register(entry("plain"))]).accept(),
        called_with(
            "register-blobs",
            "The same blob nine times; a transaction can have six.",
            &register_rules,
            &[(register(blobs), vec![B256::with_last_byte(1)])],
        )
        .accept(),
        called("register-metadata", "The longest metadata.", &register_rules, &[register(longest)]).accept(),
        called("register-custom", "Custom mode, data in blobs.", &register_rules, &[register(custom)]).accept(),
        called(
            "register-by-two",
            "Another developer registers the same module.",
            &register_rules,
            &[register(entry("plain")), register(changed(|it| it.developer = account("bob")))],
        )
        .accept(),
        accept("successor", "A successor is named.", &["REG-009", "REG-011"], &[succeed(SLOT + 1, next)]),
        accept(
            "deprecate",
            "The shortest notice; still active.",
            &["REG-010", "REG-012"],
            &[deprecate(SLOT + 96, SLOT + 608)],
        ),
        accept("before-activity", "Registered 95 slots ago.", &["REG-012"], &[succeed(SLOT + 95, next)]),
        accept("activity", "Registered 96 slots ago.", &["REG-012"], &[succeed(SLOT + 96, next)]),
        accept(
            "last-active-slot",
            "The slot before the deprecation.",
            &["REG-012"],
            &[deprecate(SLOT, SLOT + 512), succeed(SLOT + 511, next)],
        ),
        accept(
            "deprecated",
            "The slot of the deprecation.",
            &["REG-012"],
            &[deprecate(SLOT, SLOT + 512), succeed(SLOT + 512, next)],
        ),
    ]
}

fn refused_entries() -> Vec<Case> {
    let refuse = |name: &str, rule: &str, mutation: &str, change: fn(&mut Entry), reason| {
        called(
            &format!("register-{name}"),
            "An entry that the contract refuses.",
            &[rule],
            &[register(changed(change))],
        )
        .derived_from("registry-calls-register", mutation)
        .reject(reason)
    };
    vec![
        refuse("mode-2", "REG-002", "set the mode to 2", |it| it.mode = 2, Reject::ModeUnknown),
        refuse(
            "proof-system-0",
            "REG-002",
            "set the proof system to 0",
            |it| it.proof_system = 0,
            Reject::ProofSystemUnknown,
        ),
        refuse(
            "proof-system-2",
            "REG-002",
            "set the proof system to 2",
            |it| it.proof_system = 2,
            Reject::ProofSystemUnknown,
        ),
        refuse("abi-0", "REG-002", "set the ABI version to 0", |it| it.abi_version = 0, Reject::AbiVersionUnknown),
        refuse("abi-2", "REG-002", "set the ABI version to 2", |it| it.abi_version = 2, Reject::AbiVersionUnknown),
        refuse("data-rule-3", "REG-002", "set the data rule to 3", |it| it.data_rule = 3, Reject::DataRuleUnknown),
        refuse("no-wasm", "REG-003", "remove the module", |it| it.wasm = Default::default(), Reject::WasmLocation),
        refuse("wasm-and-blob", "REG-003", "add a blob", |it| it.blob_hashes = vec![B256::ZERO], Reject::WasmLocation),
        refuse(
            "ten-blobs",
            "REG-003",
            "put the module into ten blobs",
            |it| {
                it.wasm = Default::default();
                it.blob_hashes = vec![B256::ZERO; 10];
            },
            Reject::TooManyBlobs,
        ),
        refuse("wasm-hash", "REG-004", "set wasm_hash to 0", |it| it.wasm_hash = B256::ZERO, Reject::WasmHashMismatch),
        refuse(
            "metadata-257",
            "REG-005",
            "lengthen the metadata to 257 bytes",
            |it| it.metadata_uri = vec![0; 257].into(),
            Reject::MetadataTooLong,
        ),
        called(
            "register-for-other",
            "Somebody else's entry.",
            &["REG-007"],
            &[(account("bob"), SLOT, Call::Register(Box::new(entry("plain"))))],
        )
        .derived_from("registry-calls-register", "let another account call")
        .reject(Reject::NotDeveloper),
        called(
            "register-again",
            "An entry is there already.",
            &["REG-008"],
            &[register(entry("plain")), register(changed(|it| it.metadata_uri = vec![1].into()))],
        )
        .derived_from("registry-calls-register", "register again with other metadata")
        .reject(Reject::ExtensionRegistered),
    ]
}

fn refused_calls() -> Vec<Case> {
    let own = entry("plain").id(CHAIN_ID);
    let next = entry("witness").id(CHAIN_ID);
    let refuse = |name: &str, rule: &str, origin: &str, mutation: &str, more: &[Called], reason| {
        called(name, "A call that the contract refuses.", &[rule], &[two(), more.to_vec()].concat())
            .derived_from(&format!("registry-calls-{origin}"), mutation)
            .reject(reason)
    };
    let by_bob = |(_, slot, call): Called| (account("bob"), slot, call);
    let of_nothing = (account("alice"), SLOT, Call::SetSuccessor { id: B256::ZERO, successor: next });
    let end_of_nothing = (account("alice"), SLOT, Call::Deprecate { id: B256::ZERO, from: SLOT + 608 });
    vec![
        refuse(
            "successor-unknown",
            "REG-009",
            "successor",
            "name an unknown successor",
            &[succeed(SLOT + 1, B256::ZERO)],
            Reject::SuccessorUnknown,
        ),
        refuse(
            "successor-itself",
            "REG-009",
            "successor",
            "name the extension itself",
            &[succeed(SLOT + 1, own)],
            Reject::SuccessorUnknown,
        ),
        refuse(
            "successor-of-unknown",
            "REG-009",
            "successor",
            "set the id to 0",
            &[of_nothing],
            Reject::ExtensionUnknown,
        ),
        refuse(
            "successor-by-other",
            "REG-007",
            "successor",
            "let another account call",
            &[by_bob(succeed(SLOT + 1, next))],
            Reject::NotDeveloper,
        ),
        refuse(
            "successor-twice",
            "REG-011",
            "successor",
            "set it again",
            &[succeed(SLOT + 1, next), succeed(SLOT + 2, next)],
            Reject::AlreadySet,
        ),
        refuse(
            "deprecate-unknown",
            "REG-009",
            "deprecate",
            "set the id to 0",
            &[end_of_nothing],
            Reject::ExtensionUnknown,
        ),
        refuse(
            "deprecate-by-other",
            "REG-007",
            "deprecate",
            "let another account call",
            &[by_bob(deprecate(SLOT + 96, SLOT + 608))],
            Reject::NotDeveloper,
        ),
        refuse(
            "deprecate-511",
            "REG-010",
            "deprecate",
            "deprecate a slot earlier",
            &[deprecate(SLOT + 96, SLOT + 607)],
            Reject::DeprecationTooSoon,
        ),
        refuse(
            "deprecate-twice",
            "REG-011",
            "deprecate",
            "deprecate again",
            &[deprecate(SLOT + 96, SLOT + 608), deprecate(SLOT + 97, SLOT + 700)],
            Reject::AlreadySet,
        ),
    ]
}

/// Preparations under the key of the smallest tier.
fn preparing(proven: &Proven) -> Vec<Case> {
    let key = VerifyingKey::from_bytes(proven.verifying_key()).map(|key| key.digest()).unwrap_or_default();
    let of = |name: &str| Entry { key_hash: universal_key_hash(&[key]), ..entry(name) };
    let code = |name: &str| {
        let code = profile::load(&module(name)).and_then(|module| canonical_code::lower(&module));
        code.unwrap_or_else(|rejection| panic!("{name}: {rejection}"))
    };
    let prepare = |entry: &Entry, tier: u32, encoding: Vec<u8>, count: u32| {
        let id = entry.id(CHAIN_ID);
        (account("bob"), SLOT + 1, Call::Prepare { id, tier, encoding: encoding.into(), count })
    };
    let of_code = |name: &str, tier: u32, count: u32| prepare(&of(name), tier, code(name).to_bytes(), count);
    let calls = |name: &str, description: &str, rules: &[&str], calls: &[Called]| {
        let mut input = history(calls);
        input["verifyingKey"] = hex(proven.verifying_key()).into();
        case(&format!("registry-calls-prepare-{name}"), description, rules).object(input)
    };
    let rules: &[&str] = &["REG-014", "REG-018", "PROVE-004"];
    let all = |name: &str, description: &str| {
        calls(name, description, rules, &[register(of(name)), of_code(name, 0, u32::MAX)]).accept()
    };
    let refuse = |name: &str, mutation: &str, more: &[Called], reason| {
        calls(name, "A preparation that the contract refuses.", &["REG-018"], more)
            .derived_from("registry-calls-prepare-plain", mutation)
            .reject(reason)
    };
    let plain = || register(of("plain"));
    let custom = Entry { mode: 1, key_hash: B256::repeat_byte(7), ..entry("words") };
    let custom_code = |tier: u32| prepare(&custom, tier, code("words").to_bytes(), 0);
    let constants = Extension::of(code("words")).program().code.len() as u32;
    // A program that is too large for the smallest tier: the code of any module will do, the contract knows no module.
    let large = canonical_code::CanonicalCode {
        words: vec![code("plain").words[0]; 2_049],
        image: Vec::new(),
        initial_pages: 0,
        symbols: Vec::new(),
    };
    let large_entry = Entry { code_commitment: large.commitment(), ..of("plain") };
    let mut longer = code("plain").to_bytes();
    longer.push(0);
    let longer_entry = Entry { code_commitment: keccak256(&longer), ..of("plain") };
    vec![
        all("plain", "A code point in one call; the code reads no witness."),
        all("witness", "The code asks for the length of the witness."),
        all("words", "The code asks for a word of the witness."),
        all("uncalled", "The module imports what its code does not call."),
        all("input", "The length of the input is none of the witness."),
        calls(
            "in-parts",
            "The same point in three calls.",
            rules,
            &[
                register(of("words")),
                of_code("words", 0, 1),
                of_code("words", 0, 2),
                of_code("words", 0, constants - 3),
            ],
        )
        .accept(),
        calls("begun", "A sum that is no code point yet.", rules, &[register(of("words")), of_code("words", 0, 2)])
            .accept(),
        calls(
            "custom",
            "In custom mode there are no constants.",
            &["REG-018", "PROVE-015"],
            &[register(custom.clone()), custom_code(CUSTOM_TIER)],
        )
        .accept(),
        refuse(
            "unregistered",
            "register another module",
            &[register(of("words")), of_code("plain", 0, 9)],
            Reject::ExtensionUnknown,
        ),
        refuse(
            "other-code",
            "show the code of another module",
            &[plain(), prepare(&of("plain"), 0, code("words").to_bytes(), 9)],
            Reject::RegisteredCodeMismatch,
        ),
        refuse(
            "malformed",
            "register a commitment to no encoding",
            &[register(longer_entry.clone()), prepare(&longer_entry, 0, longer, 9)],
            Reject::CodeMalformed,
        ),
        refuse(
            "twice",
            "prepare it again",
            &[plain(), of_code("plain", 0, 99), of_code("plain", 0, 1)],
            Reject::AlreadySet,
        ),
        refuse("tier", "name a tier that does not exist", &[plain(), of_code("plain", 9, 9)], Reject::UnknownTier),
        refuse(
            "custom-tier",
            "name the tier of custom keys",
            &[plain(), of_code("plain", CUSTOM_TIER, 9)],
            Reject::UnknownTier,
        ),
        refuse(
            "other-keys",
            "register it under other keys",
            &[register(entry("plain")), prepare(&entry("plain"), 0, code("plain").to_bytes(), 9)],
            Reject::KeyHashMismatch,
        ),
        refuse(
            "large",
            "register a program of 2,049 words",
            &[register(large_entry.clone()), prepare(&large_entry, 0, large.to_bytes(), 9)],
            Reject::CodeExceedsTier,
        ),
        calls(
            "custom-in-tier",
            "A preparation that the contract refuses.",
            &["REG-018"],
            &[register(custom.clone()), custom_code(0)],
        )
        .derived_from("registry-calls-prepare-custom", "name the smallest tier")
        .reject(Reject::TierMismatch),
    ]
}

fn onboarded(name: &str, rules: &[&str], entry: &Entry, wasm: &[u8], keys: &[B256]) -> Draft {
    case(&format!("registry-onboard-{name}"), "A node computes everything again from the module.", rules).object(
        json!({
            "kind": "onboard",
            "chainId": CHAIN_ID.to_json(),
            "entry": entry.to_json(),
            "module": hex(wasm),
            "keys": keys.to_vec().to_json(),
        }),
    )
}

fn onboarding() -> Vec<Case> {
    let plain = module("plain");
    let custom = changed(|it| (it.mode, it.key_hash) = (1, TIER_KEYS[1]));
    let refuse = |name: &str, mutation: &str, entry: Entry, wasm: &[u8], keys: &[B256], reason| {
        onboarded(name, &["REG-013"], &entry, wasm, keys)
            .derived_from("registry-onboard-plain", mutation)
            .reject(reason)
    };
    let reversed = [TIER_KEYS[1], TIER_KEYS[0]];
    vec![
        onboarded("plain", &["REG-006", "REG-013", "REG-014", "REG-019"], &entry("plain"), &plain, &TIER_KEYS).accept(),
        onboarded("witness", &["REG-013", "REG-014"], &entry("witness"), &module("witness"), &TIER_KEYS).accept(),
        onboarded("large", &["REG-013", "PROVE-003"], &entry("long"), &module("long"), &TIER_KEYS).accept(),
        onboarded("custom", &["REG-006", "REG-013"], &custom, &plain, &TIER_KEYS[1..]).accept(),
        refuse(
            "other-module",
            "give another module",
            changed(|it| {
                it.wasm = Default::default();
                it.blob_hashes = vec![B256::with_last_byte(1)];
            }),
            &module("witness"),
            &TIER_KEYS,
            Reject::WasmHashMismatch,
        ),
        refuse(
            "outside-profile",
            "register a module with a float",
            entry("float"),
            &module("float"),
            &TIER_KEYS,
            Reject::UnsupportedFloats,
        ),
        refuse(
            "other-code",
            "set the code commitment to 0",
            changed(|it| it.code_commitment = B256::ZERO),
            &plain,
            &TIER_KEYS,
            Reject::RegisteredCodeMismatch,
        ),
        onboarded(
            "too-large",
            &["REG-013", "PROVE-003"],
            &Entry { key_hash: universal_key_hash(&TIER_KEYS[..1]), ..entry("long") },
            &module("long"),
            &TIER_KEYS[..1],
        )
        .derived_from("registry-onboard-large", "remove the key of the larger tier, from the entry too")
        .reject(Reject::CodeExceedsTier),
        refuse("key-order", "exchange the tiers' keys", entry("plain"), &plain, &reversed, Reject::KeyHashMismatch),
        refuse(
            "key-missing",
            "remove the last tier's key",
            entry("plain"),
            &plain,
            &TIER_KEYS[..1],
            Reject::KeyHashMismatch,
        ),
        onboarded("custom-two-keys", &["REG-006", "REG-013"], &custom, &plain, &TIER_KEYS)
            .derived_from("registry-onboard-custom", "verify with two keys")
            .reject(Reject::KeyHashMismatch),
    ]
}

fn manifest(items: usize) -> BuildManifest {
    let item = |index: usize| ManifestItem {
        kind: 0,
        name: format!("src/{index:04}.rs").into_bytes().into(),
        digest: keccak256(index.to_string()),
    };
    BuildManifest { wasm_hash: keccak256("module"), items: (0..items).map(item).collect() }
}

fn built(name: &str, rules: &[&str], encoding: &[u8]) -> Draft {
    case(&format!("registry-manifest-{name}"), "A build manifest, its root and its paths.", rules).object(json!({
        "kind": "manifest",
        "encoding": bytes::to_json(encoding, "bin", &mut Blobs::new()),
    }))
}

fn manifests() -> Vec<Case> {
    let three = manifest(3);
    let with = |change: fn(&mut BuildManifest)| {
        let mut manifest = manifest(3);
        change(&mut manifest);
        manifest.to_bytes()
    };
    let refuse = |name: &str, mutation: &str, encoding: Vec<u8>, reason| {
        built(name, &["REG-015"], &encoding).derived_from("registry-manifest-3", mutation).reject(reason)
    };
    // As many times the same item: the limit comes before the order.
    let crowd = {
        let mut item = Vec::new();
        manifest(1).items[0].encode(&mut item);
        let mut hash = Vec::new();
        B256::ZERO.encode(&mut hash);
        list(&[hash, list(&vec![item; 4_097])])
    };
    let mut cases: Vec<Case> = [0, 1, 2, 3, 4, 5]
        .map(|items| built(&items.to_string(), &["REG-015", "REG-016"], &manifest(items).to_bytes()).accept())
        .into();
    cases.extend([
        built(
            "kinds",
            &["REG-015", "REG-016"],
            &with(|it| {
                it.items[1].kind = 1;
                it.items[2].kind = 2;
                it.items[2].name = vec![b'n'; 256].into();
            }),
        )
        .accept(),
        refuse("disordered", "exchange two items", with(|it| it.items.swap(0, 1)), Reject::ManifestDisordered),
        refuse(
            "repeated",
            "repeat an item's name",
            with(|it| it.items[1].name = it.items[0].name.clone()),
            Reject::ManifestDisordered,
        ),
        refuse("kind-3", "set the last item's kind to 3", with(|it| it.items[2].kind = 3), Reject::ManifestItem),
        refuse(
            "long-name",
            "lengthen the last name to 257 bytes",
            with(|it| it.items[2].name = vec![b't'; 257].into()),
            Reject::ManifestItem,
        ),
        refuse("too-many", "have 4,097 items", crowd, Reject::ManifestTooLarge),
    ]);
    let good = three.to_bytes();
    let encoded = |name: &str, rule: &str, mutation: &str, encoding: &[u8], reason| {
        built(name, &[rule], encoding).derived_from("registry-manifest-3", mutation).reject(reason)
    };
    cases.extend(broken(&good).into_iter().map(|it| encoded(it.name, it.rule, it.mutation, &it.list, it.reason)));
    cases.extend([
        encoded(
            "hash-31",
            "OP-005",
            "shorten the module's hash to 31 bytes",
            &with_item(&good, 0, [vec![0x9f], vec![1; 31]].concat()),
            Reject::RlpFieldLength,
        ),
        encoded(
            "items-string",
            "OP-003",
            "make the items an empty string",
            &with_item(&good, 1, vec![0x80]),
            Reject::RlpUnexpectedKind,
        ),
    ]);
    cases
}
