//! Cases of the format `node` in which nothing is stated: an extension is registered and adopted, Operations are sent,
//! their results carry proofs under the key of the smallest tier, a node and the Consensus Contract verify them, and after
//! a re-org everything is settled once more. The key is insecure: its seed is published.

use super::evaluate::Stop;
use super::fixture::{CHAIN_ID, CONTRACT, DEPOSIT, SLOT, account, block_hash, field, sign, signed, unsigned, view};
use super::json::{Json, Node as JsonNode, digest, hex};
use super::proving::Proven;
use super::{Case, Draft, case, wat};
use crate::canonical_code::lower;
use crate::host_interface::Inputs;
use crate::node::simulation::MODULE;
use crate::node::{Action, Event, Node};
use crate::notation::{B256, Outcome, Reject, Rejection, keccak256};
use crate::operation::{Block, ChainView, ExtensionView, Operation};
use crate::post_operation::{Keys, PostOperation, Proof, statement};
use crate::profile;
use crate::proof_system::{ProvingKey, VerifyingKey};
use crate::proving::{self, Extension, Prepared, Randomness, TierVerifier};
use crate::registry::{self, ACTIVATION_SLOTS, Entry, Registry, onboard, universal_key_hash};
use crate::settlement::{Call, CallResult, Consensus, Item};
use crate::statement::{Statement, Terms};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The tier of the proofs.
const TIER: u32 = 0;
/// The slot in which anybody may settle.
const OVERDUE: u64 = SLOT + 32;

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = JsonNode::new("input", input);
    node.only(&["entry", "kind", "operations", "postOperations", "verifyingKey", "view"])?;
    let (entry, mut view): (Entry, ChainView) = (field(&node, "entry")?, field(&node, "view")?);
    let key = VerifyingKey::from_bytes(&node.field("verifyingKey")?.hex()?)?;

    // The extension: registered by its developer, computed again by the node, prepared for settlement, and final a while
    // later.
    let mut registry = Registry { chain_id: view.chain_id, ..Registry::default() };
    let onboarded = onboard(view.chain_id, &entry, &entry.wasm, &[key.digest()])?;
    let code = lower(&profile::load(&entry.wasm)?)?;
    let early = ChainView { slot: view.slot.saturating_sub(ACTIVATION_SLOTS), ..view.clone() };
    let prepare =
        registry::Call::Prepare { id: onboarded.id, tier: TIER, encoding: code.to_bytes().into(), count: u32::MAX };
    for call in [registry::Call::Register(Box::new(entry.clone())), prepare] {
        registry.call(entry.developer, &call, &early, std::slice::from_ref(&key))?;
    }
    let mut keys = Keys::new(vec![TierVerifier::published(TIER, key)?]);
    keys.adopt(onboarded.id, &entry.wasm)?;
    view.extensions.extend(registry.extension(onboarded.id).map(|known| (onboarded.id, known)));
    let verify = |statement: &Statement, proof: &Proof| keys.verify(statement, proof);

    // Operations and results in the pools of a node. The proofs are the real ones.
    let operations = decoded(&node, "operations", Operation::from_bytes)?;
    let results = decoded(&node, "postOperations", PostOperation::from_bytes)?;
    let mut contract = Consensus::default();
    for operation in &operations {
        contract.call(operation.payer(), &Call::Deposit(DEPOSIT), &view)?;
    }
    contract.show(&mut view);
    let mut handled = Node::default();
    handled.extensions.insert(onboarded.id, (entry.to_bytes().into(), entry.wasm.clone()));
    if onboarded.reads_witness {
        handled.witness_readers.insert(onboarded.id);
    }
    let mut tell = |event: Event| -> Result<(), Stop> {
        let refusal = handled.handle(&event, &verify).into_iter().find_map(|action| match action {
            Action::Refused(reason) => Some(reason),
            _ => None,
        });
        refusal.map_or(Ok(()), |reason| Err(Rejection::new(reason, 0, "the node refuses it").into()))
    };
    tell(Event::Head(Box::new(view.clone()), view.head_number, Vec::new(), Vec::new()))?;
    for operation in &operations {
        tell(Event::Submit(operation.to_bytes().into()))?;
    }
    for result in &results {
        tell(Event::Publish(result.to_bytes().into()))?;
    }

    // Settlement in a block, the loss of that block, and settlement in another one.
    let items: Vec<Item> =
        operations.into_iter().zip(results.clone()).map(|(it, result)| Item::new(it, result)).collect();
    let before = (contract.clone(), view.clone());
    let mut receipts = Vec::new();
    for branch in 0..2u64 {
        (contract, view) = before.clone();
        view.slot = OVERDUE + branch;
        let settled = contract.settle(account("carol"), &items, &view, &verify, &mut |_, _| CallResult {
            gas_left: 1_000_000,
            success: true,
            gas_used: 70_000,
        });
        let settled = settled.into_iter().collect::<Result<Vec<_>, _>>()?;
        let hashes: Vec<B256> = settled.iter().map(|receipt| receipt.operation_hash).collect();
        receipts.push(settled.iter().map(Json::to_json).collect::<Value>());
        if branch == 1 {
            // The node learns of the loss, and the results are published again.
            let lost = (before.1.head_number, ChainView { slot: OVERDUE + 1, ..before.1.clone() });
            tell(Event::Reorg(lost.0, 1, BTreeMap::new(), Box::new(lost.1), Vec::new()))?;
            for result in &results {
                tell(Event::Publish(result.to_bytes().into()))?;
            }
        }
        let number = before.1.head_number.saturating_add(1);
        view.head_number = number;
        let name = keccak256(format!("block of branch {branch}"));
        view.blocks.insert(name, Block { number, slot: view.slot, canonical: true });
        contract.show(&mut view);
        tell(Event::Head(Box::new(view.clone()), before.1.head_number, hashes, Vec::new()))?;
    }
    let (node_state, contract_state) = (handled.to_json(), contract.to_json());
    Ok(json!({
        "outcome": "accept",
        "stage": "settlement",
        "extensionId": hex(onboarded.id),
        "resultIds": results.iter().map(|result| hex(result.result_id())).collect::<Value>(),
        "receipts": receipts,
        "digest": hex(digest(&json!([node_state, contract_state]))),
        "node": node_state,
        "contract": contract_state,
    }))
}

fn decoded<T>(node: &JsonNode, name: &str, decode: fn(&[u8]) -> Result<T, Rejection>) -> Result<Vec<T>, Stop> {
    node.field(name)?.items()?.iter().map(|item| Ok(decode(&item.hex()?)?)).collect()
}

/// The extension, as its developer registers it under the keys of one tier.
fn entry(key: B256) -> Entry {
    let wasm = wat(MODULE);
    let code = lower(&profile::load(&wasm).expect("the module is in the profile")).expect("it can be lowered");
    Entry {
        developer: account("developer"),
        wasm_hash: keccak256(&wasm),
        wasm: wasm.into(),
        code_commitment: code.commitment(),
        key_hash: universal_key_hash(&[key]),
        proof_system: 1,
        abi_version: 1,
        data_rule: 1,
        ..Entry::default()
    }
}

/// Two Operations of one lane: the first adds 5 to its state, the second one adds nothing and is rejected.
fn operations(entry: &Entry) -> [Operation; 2] {
    [(0, 5u64), (1, 0)].map(|(sequence, input)| {
        let mut operation = unsigned("alice", sequence);
        operation.extension_id = entry.id(CHAIN_ID);
        operation.data = input.to_le_bytes().to_vec().into();
        signed("alice", operation)
    })
}

/// A chain that knows the extension.
fn chain(entry: &Entry) -> ChainView {
    let known = ExtensionView { code_commitment: entry.code_commitment, proof_system: 1, ..ExtensionView::default() };
    ChainView { extensions: [(entry.id(CHAIN_ID), known)].into(), ..view() }
}

/// The result of executing an Operation from this root, without a proof, and what its proof has to show.
fn executed(entry: &Entry, operation: &Operation, pre_root: B256) -> (PostOperation, Statement) {
    let mut result = PostOperation {
        operation_hash: operation.hash(CONTRACT),
        extension_id: operation.extension_id,
        pre_root,
        cycles: 1,
        prover: account("prover"),
        proof: Proof { proof_type: 1, tier: TIER, segments: vec![Default::default()] },
        stamp_hash: block_hash(SLOT),
        ..PostOperation::default()
    };
    let draft = statement(operation, &result, &chain(entry)).ok().flatten().expect("the chain knows the anchor");
    let module = profile::load(&entry.wasm).expect("the module is in the profile");
    let stated = Statement::of_execution(&module, &draft.inputs(&[]), &terms(operation)).expect("it can be executed");
    (result.outcome, result.code) = match stated.outcome {
        Outcome::Accepted => (0, 0),
        Outcome::Rejected(code) => (1, code),
        Outcome::Trapped(trap) => (2, trap.code()),
    };
    result.output = stated.output.clone().into();
    result.post_root = stated.post_state_root;
    result.cycles = stated.cycles;
    (result, stated)
}

fn terms(operation: &Operation) -> Terms {
    Terms {
        chain_id: CHAIN_ID,
        extension_id: operation.extension_id,
        tier: TIER,
        segments: 1,
        cycle_limit: operation.gas_management.cycle_limit,
        prover: account("prover"),
    }
}

/// The names of the proofs.
pub(super) const NAMES: [&str; 2] = ["end-to-end-accepted", "end-to-end-rejected"];

/// The results of both Operations without proofs, with their statements.
fn both(key: B256) -> [(Operation, PostOperation, Statement); 2] {
    let entry = entry(key);
    let [first, second] = operations(&entry);
    let (one, stated) = executed(&entry, &first, B256::ZERO);
    let (two, restated) = executed(&entry, &second, one.post_root);
    [(first, one, stated), (second, two, restated)]
}

/// The names under which the proofs are cached, for this key.
pub(super) fn statements(key: B256) -> [(&'static str, Statement); 2] {
    let [(_, _, first), (_, _, second)] = both(key);
    [(NAMES[0], first), (NAMES[1], second)]
}

/// Proves one of [`statements`].
///
/// # Panics
/// If it cannot be proven: the cases are constants of this crate.
pub(super) fn prove(key: &ProvingKey, name: &str, stated: &Statement) -> Vec<u8> {
    let verifier = TierVerifier::new(TIER, key.verifying_key.clone()).expect("the key is sound");
    let extension = Extension::from_wasm(&wat(MODULE)).expect("the module can be lowered");
    let prepared = Prepared::derive(extension, &verifier).expect("the program fits the tier");
    let inputs: Inputs = stated.inputs(&[]);
    let terms = Terms {
        chain_id: stated.chain_id,
        extension_id: stated.extension_id,
        tier: stated.tier,
        segments: stated.segments,
        cycle_limit: stated.cycle_limit,
        prover: stated.prover,
    };
    let randomness = Randomness::insecure(format!("middle-client vectors v1 insecure {name}").as_bytes());
    let (proven, proof) =
        proving::prove(key, &prepared, &inputs, &terms, randomness, &mut |_, _, _| ()).expect("it can be proven");
    assert_eq!(proven, *stated, "{name}");
    proof.to_bytes()
}

/// The proof in a stored case, by the name of the proof: the encoding that [`prove`] gives.
pub(super) fn stored(case: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let results = case["input"]["postOperations"].as_array().cloned().unwrap_or_default();
    let proof = |value: &Value| -> Option<Vec<u8>> {
        let bytes = hex::decode(value.as_str()?.strip_prefix("0x")?).ok()?;
        Some(PostOperation::from_bytes(&bytes).ok()?.proof.decode().ok()?.to_bytes())
    };
    NAMES.into_iter().zip(&results).filter_map(|(name, value)| Some((name, proof(value)?))).collect()
}

/// The id of the accepted case.
pub(super) const ACCEPTED: &str = "node-end-to-end";

/// The cases. None but the accepted one if there are no proofs: then nothing can be changed, and that case says so.
pub(super) fn cases(proven: &Proven) -> Vec<Case> {
    let key = keccak256(proven.verifying_key());
    let entry = entry(key);
    let proofs = NAMES.map(|name| proving::Proof::from_bytes(&proven.proof(name)).ok());
    let results = both(key).into_iter().zip(&proofs).map(|((operation, mut result, _), proof)| {
        if let Some(proof) = proof {
            result.proof = Proof::of(proof);
        }
        let result = signed_by("prover", &entry, &operation, result);
        (operation, result)
    });
    let results: Vec<(Operation, PostOperation)> = results.collect();
    let input = |entry: &Entry, results: &[(Operation, PostOperation)]| -> Value {
        json!({
            "kind": "end_to_end",
            "entry": entry.to_json(),
            "verifyingKey": hex(proven.verifying_key()),
            "view": ChainView { extensions: BTreeMap::new(), deposits: BTreeMap::new(), ..view() }.to_json(),
            "operations": results.iter().map(|it| hex(it.0.to_bytes())).collect::<Value>(),
            "postOperations": results.iter().map(|it| hex(it.1.to_bytes())).collect::<Value>(),
        })
    };
    let draft = |name: &str, description: &str, rules: &[&str], input: Value| -> Draft {
        case(name, description, rules).object(input)
    };
    let rules: &[&str] = &[
        "REG-013",
        "PROVE-004",
        "POST-005",
        "POST-006",
        "POST-012",
        "POST-014",
        "NODE-001",
        "SETTLE-010",
        "SETTLE-012",
        "SETTLE-014",
        "POOL-019",
        "POOL-020",
    ];
    let mut cases = vec![
        draft(
            ACCEPTED,
            "Registered, adopted, sent, proven, verified, settled, lost in a re-org and settled again, with real proofs under an insecure key.",
            rules,
            input(&entry, &results),
        )
        .accept(),
    ];
    if proofs.iter().any(Option::is_none) {
        return cases;
    }
    let mut refuse = |name: &str, rules: &[&str], mutation: &str, changed: Vec<(Operation, PostOperation)>, reason| {
        let description = "A proof, here under an insecure key, is a proof of one statement, and no other.";
        cases.push(
            draft(&format!("{ACCEPTED}-{name}"), description, rules, input(&entry, &changed))
                .derived_from(ACCEPTED, mutation)
                .reject(reason),
        );
    };
    // The first result is changed and signed anew by its prover.
    let changed = |change: &dyn Fn(&mut PostOperation)| {
        let (operation, mut result) = results[0].clone();
        change(&mut result);
        let prover = if result.prover == account("carol") { "carol" } else { "prover" };
        vec![(operation.clone(), signed_by(prover, &entry, &operation, result)), results[1].clone()]
    };
    let (statement, sum): (&[&str], _) = (&["POST-005", "POST-012"], Reject::SumMismatch);
    refuse("output", statement, "change a byte of the output", changed(&|it| it.output = vec![6; 8].into()), sum);
    refuse("post-root", statement, "leave another root", changed(&|it| it.post_root = B256::repeat_byte(6)), sum);
    refuse("cycles", statement, "state a cycle more", changed(&|it| it.cycles += 1), sum);
    refuse(
        "stolen",
        statement,
        "let a thief sign the result as the prover",
        changed(&|it| it.prover = account("carol")),
        sum,
    );
    refuse(
        "rejected",
        statement,
        "say that the extension has rejected",
        changed(&|it| (it.outcome, it.code, it.post_root) = (1, 1, it.pre_root)),
        sum,
    );
    refuse(
        "other-input",
        statement,
        "send another input",
        {
            let mut operation = Operation { data: 6u64.to_le_bytes().to_vec().into(), ..results[0].0.clone() };
            operation.signature = sign("alice", operation.hash(CONTRACT));
            let mut result = results[0].1.clone();
            result.operation_hash = operation.hash(CONTRACT);
            vec![(operation.clone(), signed_by("prover", &entry, &operation, result)), results[1].clone()]
        },
        sum,
    );
    refuse(
        "other-proof",
        statement,
        "take the proof of the second result",
        changed(&|it| it.proof = results[1].1.proof.clone()),
        sum,
    );
    let encoded: &[&str] = &["POST-014", "POST-012"];
    refuse(
        "another-segment",
        encoded,
        "repeat the proof as a second segment",
        changed(&|it| it.proof.segments.push(it.proof.segments[0].clone())),
        sum,
    );
    let segment = |change: &dyn Fn(&mut Vec<u8>)| {
        changed(&|it| {
            let mut bytes = it.proof.segments[0].to_vec();
            change(&mut bytes);
            it.proof.segments[0] = bytes.into();
        })
    };
    refuse(
        "short-segment",
        encoded,
        "remove the last byte of the proof",
        segment(&|it| it.truncate(it.len() - 1)),
        Reject::ProofLengthMismatch,
    );
    refuse(
        "long-segment",
        encoded,
        "append a byte to the proof",
        segment(&|it| it.push(0)),
        Reject::ProofLengthMismatch,
    );
    refuse(
        "sum-too-large",
        encoded,
        "set the sum to the largest number of 32 bytes",
        segment(&|it| it[..32].fill(0xff)),
        Reject::SumNotCanonical,
    );
    refuse("sum", encoded, "change a bit of the sum", segment(&|it| it[31] ^= 1), sum);
    refuse(
        "unknown-tier",
        &["POST-015"],
        "name a tier that does not exist",
        changed(&|it| it.proof.tier = 99),
        Reject::ProofTierUnknown,
    );
    let mut other = entry.clone();
    other.key_hash = key;
    cases.push(
        draft(
            &format!("{ACCEPTED}-key-hash"),
            "The node refuses an extension under keys that it does not have.",
            &["REG-013", "REG-006"],
            input(&other, &results),
        )
        .derived_from(ACCEPTED, "register the digest of one key in the place of the list's")
        .reject(Reject::KeyHashMismatch),
    );
    cases
}

/// The result with the signature of this account.
fn signed_by(name: &str, entry: &Entry, operation: &Operation, mut result: PostOperation) -> PostOperation {
    if let Ok(Some(stated)) = statement(operation, &result, &chain(entry)) {
        result.prover_signature = sign(name, result.signing_hash(&stated, CONTRACT));
    }
    result
}
