//! Cases of the format `registry`: entries, calls, adoption, build manifests.

use super::bytes::{self, Blobs};
use super::case::wat;
use super::evaluate::Stop;
use super::fixture::{CHAIN_ID, SLOT, account, field, items, list, with_item};
use super::json::{Fault, Json, Node, digest, hex};
use super::{Case, Draft, case};
use crate::canonical_code;
use crate::notation::{B256, Reject, keccak256};
use crate::profile;
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
            node.only(&["calls", "chainId", "kind"])?;
            let mut registry = Registry { chain_id: field(&node, "chainId")?, ..Registry::default() };
            let calls = node.field("calls")?.items()?;
            let mut now = 0;
            for (index, call) in calls.iter().enumerate() {
                now = field(call, "slot")?;
                let result = registry.call(field(call, "caller")?, &Call::from_json(call)?, now);
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
pub fn cases() -> Vec<Case> {
    [entries(), calls(), refused_entries(), refused_calls(), onboarding(), manifests()].concat()
}

/// The smallest module, one that reads a witness, and one outside the profile.
fn module(name: &str) -> Vec<u8> {
    wat(match name {
        "witness" => {
            r#"(module (import "middle" "witness_len" (func (result i32))) (func (export "run") (result i32) i32.const 0))"#
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
    vec![
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
    ]
}

fn called(name: &str, description: &str, rules: &[&str], calls: &[(Address, u64, Call)]) -> Draft {
    let calls = calls.iter().map(|(caller, slot, call)| {
        let mut value = call.to_json();
        value["caller"] = caller.to_json();
        value["slot"] = slot.to_json();
        value
    });
    case(&format!("registry-calls-{name}"), description, rules).object(json!({
        "kind": "calls",
        "chainId": CHAIN_ID.to_json(),
        "calls": calls.collect::<Value>(),
    }))
}

fn register(entry: Entry) -> (Address, u64, Call) {
    (entry.developer, SLOT, Call::Register(Box::new(entry)))
}

fn deprecate(slot: u64, from: u64) -> (Address, u64, Call) {
    (account("alice"), slot, Call::Deprecate { id: entry("plain").id(CHAIN_ID), from })
}

fn succeed(slot: u64, successor: B256) -> (Address, u64, Call) {
    (account("alice"), slot, Call::SetSuccessor { id: entry("plain").id(CHAIN_ID), successor })
}

/// The calls that make two entries.
fn two() -> Vec<(Address, u64, Call)> {
    vec![register(entry("plain")), register(entry("witness"))]
}

fn calls() -> Vec<Case> {
    let next = entry("witness").id(CHAIN_ID);
    let accept = |name: &str, description: &str, rules: &[&str], more: &[(Address, u64, Call)]| {
        called(name, description, rules, &[two(), more.to_vec()].concat()).accept()
    };
    let register_rules = ["REG-002", "REG-003", "REG-004", "REG-005", "REG-007", "REG-008", "REG-012"];
    let blobs = changed(|it| {
        it.wasm = Default::default();
        it.blob_hashes = vec![B256::with_last_byte(1); 9];
    });
    let longest = changed(|it| it.metadata_uri = vec![b'm'; 256].into());
    let custom = changed(|it| (it.mode, it.data_rule) = (1, 2));
    vec![
        called("register", "An entry is registered.", &register_rules, &[register(entry("plain"))]).accept(),
        called("register-blobs", "Nine blobs hold the largest module.", &register_rules, &[register(blobs)]).accept(),
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
    let refuse = |name: &str, rule: &str, origin: &str, mutation: &str, more: &[(Address, u64, Call)], reason| {
        called(name, "A call that the contract refuses.", &[rule], &[two(), more.to_vec()].concat())
            .derived_from(&format!("registry-calls-{origin}"), mutation)
            .reject(reason)
    };
    let by_bob = |(_, slot, call): (Address, u64, Call)| (account("bob"), slot, call);
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
        onboarded("plain", &["REG-006", "REG-013", "REG-014"], &entry("plain"), &plain, &TIER_KEYS).accept(),
        onboarded("witness", &["REG-013", "REG-014"], &entry("witness"), &module("witness"), &TIER_KEYS).accept(),
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
        refuse("trailing", "append a byte", [three.to_bytes(), vec![0]].concat(), Reject::RlpLengthMismatch),
    ]);
    if let Some(case) = cases.last_mut() {
        case.requirements = vec!["OP-002".into()];
    }
    cases
}
