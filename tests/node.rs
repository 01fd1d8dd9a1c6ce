//! Nodes: scenarios whose invariants hold, and honest nodes that stay together in random histories.

use alloy_primitives::{Address, B256, Bytes, U256};
use middle_client::node::{Action, Event, Node, simulation};
use middle_client::notation::json::Node as JsonNode;
use middle_client::operation::{Block, ChainView, ExtensionView, GasManagement, Operation, signature};
use middle_client::post_operation::{PostOperation, Proof, statement};
use middle_client::wire::Capabilities;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fs;
use std::time::Instant;

#[test]
fn every_scenario_ends_as_it_says() {
    let mut names = Vec::new();
    for entry in fs::read_dir("tests/scenarios").unwrap() {
        let path = entry.unwrap().path();
        let scenario: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let outcome = simulation::run(&JsonNode::new("scenario", &scenario)).unwrap();
        let broken: Vec<_> = outcome.invariants.iter().filter(|(_, holds)| !**holds).collect();
        assert!(broken.is_empty(), "{}: {broken:?}\n{}", path.display(), outcome.timeline.join("\n"));
        names.push(path);
    }
    assert!(names.len() >= 29);
}

/// A chain with so many extensions, on which an Operation may cost nothing.
fn view(extensions: u64) -> ChainView {
    let known = ExtensionView { proof_system: 1, data_rule: 1, prepared: [1].into(), ..ExtensionView::default() };
    let block = |byte, number| (B256::repeat_byte(byte), Block { number, slot: number, canonical: true });
    ChainView {
        chain_id: 1,
        slot: 1_000,
        finalized_slot: 900,
        head_number: 1_000,
        blocks: [block(0xaa, 900), block(0xab, 999)].into(),
        extensions: (0..extensions).map(|number| (B256::from(U256::from(number)), known.clone())).collect(),
        ..ChainView::default()
    }
}

/// The four Operations of an account, each with a result in a lane of its own. An extension has ten of these.
fn four(account: u64, bytes: usize, view: &ChainView) -> Vec<(Operation, PostOperation)> {
    let secret = B256::from(U256::from(account + 1));
    (0..4u64)
        .map(|sequence| {
            let number = 4 * account + sequence;
            let mut operation = Operation {
                chain_id: 1,
                sender: signature::account(&secret).unwrap(),
                nonce: U256::from(sequence),
                extension_id: B256::from(U256::from(number / 10)),
                lane: U256::from(number),
                gas_limit: 100_000,
                gas_management: GasManagement { ramp_start_slot: 900, cycle_limit: 100, ..GasManagement::default() },
                data: vec![1; bytes].into(),
                anchor_hash: B256::repeat_byte(0xaa),
                valid_until_slot: 1_100,
                ..Operation::default()
            };
            operation.signature = signature::sign(&secret, operation.hash(Address::ZERO)).unwrap().into();
            let mut result = PostOperation {
                operation_hash: operation.hash(Address::ZERO),
                extension_id: operation.extension_id,
                cycles: 7,
                prover: operation.sender,
                proof: Proof { proof_type: 1, tier: 1, segments: vec![vec![0].into()] },
                stamp_hash: B256::repeat_byte(0xab),
                ..PostOperation::default()
            };
            let stated = statement(&operation, &result, view).unwrap().unwrap();
            let name = result.signing_hash(&stated, Address::ZERO);
            result.prover_signature = signature::sign(&secret, name).unwrap().into();
            (operation, result)
        })
        .collect()
}

/// A node with as many Operations of so many bytes and their results as these accounts have.
fn full(accounts: u64, bytes: usize) -> Node {
    let able = Capabilities {
        sequence: 1,
        proof_types: vec![1].into(),
        tiers: vec![1],
        max_proof_bytes: 1_000,
        ..Capabilities::default()
    };
    let view = view(accounts);
    let mut node = Node { id: B256::repeat_byte(1), view: view.clone(), capabilities: able, ..Node::default() };
    for (operation, result) in (0..accounts).flat_map(|account| four(account, bytes, &view)) {
        for event in [Event::Submit(operation.to_bytes().into()), Event::Publish(result.to_bytes().into())] {
            assert_eq!(node.handle(&event, &|_, _| Ok(())), vec![]);
        }
    }
    node
}

/// Connects two nodes and carries what they send to each other until they are silent. Gives the number of messages.
fn connect(nodes: &mut [Node; 2]) -> u64 {
    let mut queue: VecDeque<(usize, Event)> =
        [(0, Event::Connected(nodes[1].id)), (1, Event::Connected(nodes[0].id))].into();
    let mut messages = 0;
    while let Some((to, event)) = queue.pop_front() {
        let id = nodes[to].id;
        for action in nodes[to].handle(&event, &|_, _| Ok(())) {
            let Action::Send(_, bytes) = action else { panic!("{action:?}") };
            queue.push_back((1 - to, Event::Message(id, bytes)));
            messages += 1;
        }
    }
    messages
}

/// A newcomer gets the whole pool of its only peer, though neither a request nor an answer is large enough for it, and the
/// Operations of one sender come in their order.
#[test]
fn a_newcomer_gets_the_whole_pool() {
    let known = full(150, 20_000);
    let able = Node {
        id: B256::repeat_byte(2),
        view: known.view.clone(),
        capabilities: known.capabilities.clone(),
        ..Node::default()
    };
    let mut nodes = [known, able];
    // 600 Operations of 20 kB are six answers, and their results are three.
    let messages = connect(&mut nodes);
    assert_eq!(nodes[1].pools.operations.operations.len(), 600);
    assert_eq!(nodes[1].pools, nodes[0].pools);
    assert!(messages < 50, "{messages} messages");
}

/// How long a slot takes with full pools: run it with `--ignored --nocapture`.
#[test]
#[ignore = "prints a time"]
fn time_of_a_slot() {
    let mut node = full(1_020, 20_000);
    let begin = Instant::now();
    node.handle(&Event::Slot(1_001), &|_, _| Ok(()));
    println!("{} Operations: a slot takes {:?}", node.pools.operations.operations.len(), begin.elapsed());
    // What it would take to read all of them again.
    let items: Vec<Bytes> = node.items.hashes().filter_map(|hash| node.items.get(*hash)).cloned().collect();
    let begin = Instant::now();
    let hashes = items.iter().filter_map(|item| Operation::from_bytes(item).ok()).map(|it| it.hash(Address::ZERO));
    println!("decoding and hashing the {} Operations takes {:?}", hashes.count(), begin.elapsed());
}

/// An event in a slot: what, a number, a node.
fn incidents() -> impl Strategy<Value = Value> {
    let what = prop_oneof![
        4 => Just("operation"),
        1 => Just("reorg"),
        1 => Just("missed"),
        1 => Just("garbage"),
        1 => Just("unsignedOperations"),
        1 => Just("wrongSize"),
        1 => Just("falseResults"),
        1 => Just("flood"),
        1 => Just("verificationFlood"),
        1 => Just("replay"),
        1 => Just("withdraw"),
        1 => Just("reorgKept"),
        1 => Just("drain"),
        1 => Just("partition"),
        1 => Just("heal"),
        1 => Just("adopt"),
        1 => Just("silence"),
        1 => Just("censorship"),
        1 => Just("announceOnly"),
        1 => Just("falseExtension"),
        1 => Just("stolenResults"),
        1 => Just("garbageWitness"),
        1 => Just("equivocation"),
        1 => Just("falseProver"),
    ];
    (0u64..20, what, 0u64..4, 0u8..4).prop_map(|(slot, what, number, node)| {
        json!({"slot": format!("{slot:#x}"), "what": what, "number": format!("{number:#x}"), "nodes": [node]})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever strangers do, honest nodes stay connected, value is conserved, nothing settles twice, and replaying gives
    /// the same.
    #[test]
    fn invariants_hold_in_random_scenarios(seed in any::<u32>(), events in prop::collection::vec(incidents(), 0..25)) {
        let scenario = json!({
            "description": "Random events.", "seed": format!("{seed:#x}"), "nodes": 4, "slots": "0x18", "latency": "0x3",
            "finality": "0x10", "provers": [0, 2], "lacking": [3], "isBroken": false, "readsWitness": false, "events": events,
            "settled": "0x0", "rewarded": "0x0", "slashed": "0x0", "repelled": "0x0", "isQuarantined": false,
        });
        let outcome = simulation::run(&JsonNode::new("scenario", &scenario)).unwrap();
        for name in ["nothing settles twice", "value is conserved", "no honest node is disconnected", "replaying gives the same"] {
            prop_assert!(outcome.invariants[name], "{}: {}", name, outcome.timeline.join("\n"));
        }
    }
}
