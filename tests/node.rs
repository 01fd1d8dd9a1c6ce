//! Nodes: scenarios whose invariants hold, and honest nodes that stay together in random histories.

use alloy_primitives::{Address, B256, Bytes, U256};
use middle_client::node::{Action, Event, MAX_EVIDENCE, MAX_REJECTED, MAX_WAITING, Node, simulation};
use middle_client::notation::Reject;
use middle_client::notation::json::Node as JsonNode;
use middle_client::operation::{Block, ChainView, ExtensionView, GasManagement, Operation, signature, wire_hash};
use middle_client::pools::{Limits, Pools};
use middle_client::post_operation::{PostOperation, Proof, statement};
use middle_client::wire::Capabilities;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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

fn key(account: u64) -> B256 {
    B256::from(U256::from(account + 1))
}

/// An Operation of an account with this sequence number, changed and signed.
fn operation(account: u64, sequence: u64, change: impl FnOnce(&mut Operation)) -> Operation {
    let mut operation = Operation {
        chain_id: 1,
        sender: signature::account(&key(account)).unwrap(),
        nonce: U256::from(sequence),
        lane: U256::from(account),
        gas_management: GasManagement { ramp_start_slot: 900, cycle_limit: 100, ..GasManagement::default() },
        anchor_hash: B256::repeat_byte(0xaa),
        valid_until_slot: 1_100,
        ..Operation::default()
    };
    change(&mut operation);
    operation.signature = signature::sign(&key(account), operation.hash(Address::ZERO)).unwrap().into();
    operation
}

/// A result of an Operation, changed and signed by its sender.
fn result(operation: &Operation, view: &ChainView, change: impl FnOnce(&mut PostOperation)) -> PostOperation {
    let mut result = PostOperation {
        operation_hash: operation.hash(Address::ZERO),
        extension_id: operation.extension_id,
        cycles: 7,
        prover: signature::account(&key(99)).unwrap(),
        proof: Proof { proof_type: 1, tier: 1, segments: vec![vec![0].into()] },
        stamp_hash: B256::repeat_byte(0xab),
        ..PostOperation::default()
    };
    change(&mut result);
    let stated = statement(operation, &result, view).unwrap().unwrap();
    let name = result.signing_hash(&stated, Address::ZERO);
    result.prover_signature = signature::sign(&key(99), name).unwrap().into();
    result
}

fn submit(operation: &Operation) -> Event {
    Event::Submit(operation.to_bytes().into())
}

fn publish(result: &PostOperation) -> Event {
    Event::Publish(result.to_bytes().into())
}

/// What a node serves is what it has pooled, and the evidence of conflicts: nothing is kept beside it.
#[track_caller]
fn assert_serves_its_pools(node: &Node) {
    let results = &node.pools.post_operations;
    let pooled = node.pools.operations.operations.values().map(|it| it.operation.to_bytes());
    let pooled = pooled.chain(results.post_operations.values().map(|it| it.post_operation.to_bytes()));
    let all = pooled.chain(results.evidence.values().flatten().map(PostOperation::to_bytes));
    let expected: BTreeSet<B256> = all.map(|bytes| wire_hash(&bytes)).collect();
    assert_eq!(node.items.hashes().copied().collect::<BTreeSet<_>>(), expected);
}

/// What makes way is served no more, in the same slot: replaced and evicted Operations with their results, evicted results,
/// and all that a conflict halts.
#[test]
fn what_leaves_the_pools_is_served_no_more() {
    let mut view = view(3);
    // Without a prepared tier nothing is locked.
    view.extensions.values_mut().for_each(|known| known.prepared = BTreeSet::new());
    view.deposits = (0..9).map(|account| (signature::account(&key(account)).unwrap(), 1 << 100)).collect();
    let limits = Limits { slots: 3, post_operations: 2, ..Limits::default() };
    let mut node = Node { view: view.clone(), pools: Pools::new(limits), ..Node::default() };
    let paying = |account, fee: u128| {
        operation(account, 0, |it| {
            let gas = &mut it.gas_management;
            (gas.max_fee, gas.max_priority_fee, gas.prover_fee_max) = (fee, fee, fee);
            it.extension_id = B256::from(U256::from(account % 3));
        })
    };
    let mut handle = |event: Event, counts: (usize, usize)| {
        let actions = node.handle(&event, &|_, _| Ok(()));
        assert_eq!(actions.iter().filter(|action| matches!(action, Action::Refused(_))).count(), 0, "{actions:?}");
        assert_serves_its_pools(&node);
        let results = node.pools.post_operations.post_operations.len();
        assert_eq!((node.pools.operations.operations.len(), results), counts, "{event:?}");
    };
    let proved = |operation: &Operation| publish(&result(operation, &view, |_| ()));
    handle(submit(&paying(0, 1)), (1, 0));
    handle(proved(&paying(0, 1)), (1, 1));
    // A replacement takes the result with it.
    handle(submit(&paying(0, 2)), (1, 0));
    handle(proved(&paying(0, 2)), (1, 1));
    handle(submit(&paying(1, 3)), (2, 1));
    handle(submit(&paying(2, 4)), (3, 1));
    handle(proved(&paying(1, 3)), (3, 2));
    // The pool of results is full, and that of Operations is.
    handle(proved(&paying(2, 4)), (3, 2));
    handle(submit(&paying(3, 5)), (3, 2));
    // A conflict halts the extension of two Operations and a result: they leave, and the two results stay as evidence.
    handle(submit(&paying(4, 6)), (3, 1));
    handle(publish(&result(&paying(2, 4), &view, |it| it.cycles = 8)), (2, 0));
}

/// Of conflicts without end the last one is kept, and no more than so many.
#[test]
fn evidence_is_bounded() {
    let view = view(70);
    let mut node = Node { view: view.clone(), ..Node::default() };
    for number in 0..70u64 {
        let operation = operation(number, 0, |it| it.extension_id = B256::from(U256::from(number)));
        node.handle(&submit(&operation), &|_, _| Ok(()));
        for cycles in [7, 8] {
            node.handle(&publish(&result(&operation, &view, |it| it.cycles = cycles)), &|_, _| Ok(()));
        }
        let evidence = &node.pools.post_operations.evidence;
        assert_eq!(evidence.len(), MAX_EVIDENCE.min(number as usize + 1));
        assert!(evidence.contains_key(&(operation.hash(Address::ZERO), B256::ZERO)));
        assert_serves_its_pools(&node);
    }
    assert_eq!(node.quarantined.len(), 70);
}

/// Results that wait are bounded, whoever sends them.
#[test]
fn waiting_results_are_bounded() {
    let view = view(1);
    let mut node = Node { view: view.clone(), ..Node::default() };
    let operation = operation(0, 0, |_| ());
    for salt in 0..=MAX_WAITING as u64 {
        let unknown = result(&operation, &view, |it| it.cycles = salt);
        let refused = vec![Action::Refused(Reject::OperationUnknown)];
        assert_eq!(node.handle(&publish(&unknown), &|_, _| Ok(())), refused);
        assert_eq!(node.waiting.len(), MAX_WAITING.min(salt as usize + 1));
    }
}

/// Of the rejected items that are remembered the least makes way for the next, and with it what was refuted.
#[test]
fn rejected_items_are_bounded() {
    let mut node = Node { view: view(1), ..Node::default() };
    let bytes = |number: usize| Bytes::from([vec![1], number.to_be_bytes().to_vec()].concat());
    for number in 0..MAX_REJECTED {
        node.handle(&Event::Submit(bytes(number)), &|_, _| Ok(()));
    }
    assert_eq!(node.rejected.len(), MAX_REJECTED);
    let least = *node.rejected.first().unwrap();
    node.refuted.insert(least, B256::ZERO);
    let next = wire_hash(&bytes(MAX_REJECTED));
    node.handle(&Event::Submit(bytes(MAX_REJECTED)), &|_, _| Ok(()));
    assert!(node.rejected.len() == MAX_REJECTED && node.rejected.contains(&next) && !node.rejected.contains(&least));
    assert!(node.refuted.is_empty());
}

/// A step of a random history of one node.
#[derive(Clone, Debug)]
enum Step {
    Submit { account: u64, sequence: u64, fee: u128, extension: u64, bytes: usize },
    Publish { index: usize, roots: [u8; 2], cycles: u64 },
    Settle { index: usize },
    Slots(u64),
    Reorg,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u64..4, 0u64..3, 0u128..9, 0u64..3, prop_oneof![Just(10usize), Just(40_000)]).prop_map(
            |(account, sequence, fee, extension, bytes)| Step::Submit { account, sequence, fee, extension, bytes }
        ),
        4 => (any::<usize>(), [0u8..3, 0u8..3], prop_oneof![9 => Just(7u64), 1 => Just(8)])
            .prop_map(|(index, roots, cycles)| Step::Publish { index, roots, cycles }),
        1 => any::<usize>().prop_map(|index| Step::Settle { index }),
        1 => (0u64..60).prop_map(Step::Slots),
        1 => Just(Step::Reorg),
    ]
}

proptest! {
    /// Whatever happens to a node, it serves its pools and nothing else, after every event.
    #[test]
    fn a_node_serves_its_pools(is_prepared in any::<bool>(), steps in prop::collection::vec(steps(), 0..40)) {
        let mut view = view(3);
        if !is_prepared {
            view.extensions.values_mut().for_each(|known| known.prepared = BTreeSet::new());
        }
        view.deposits = (0..4).map(|account| (signature::account(&key(account)).unwrap(), 1 << 100)).collect();
        let limits = Limits { slots: 6, post_operations: 3, ..Limits::default() };
        let mut node = Node { view: view.clone(), pools: Pools::new(limits), ..Node::default() };
        for step in steps {
            let pooled = node.pools.operations.operations.values().map(|it| it.operation.clone());
            let pooled: Vec<Operation> = pooled.collect();
            let nth = |index: usize| pooled.get(index % pooled.len().max(1));
            let event = match step {
                Step::Submit { account, sequence, fee, extension, bytes } => submit(&operation(account, sequence, |it| {
                    let gas = &mut it.gas_management;
                    (gas.max_fee, gas.max_priority_fee, gas.prover_fee_max) = (fee, fee, fee);
                    it.extension_id = B256::from(U256::from(extension));
                    it.data = vec![1; bytes].into();
                })),
                Step::Publish { index, roots: [before, after], cycles } => {
                    let Some(operation) = nth(index) else { continue };
                    publish(&result(operation, &view, |it| {
                        (it.pre_root, it.post_root) = (B256::repeat_byte(before), B256::repeat_byte(after));
                        it.cycles = cycles;
                    }))
                }
                Step::Settle { index } => {
                    let Some(operation) = nth(index) else { continue };
                    view.nonces.insert((operation.sender, U256::ZERO), operation.nonce_sequence() + 1);
                    Event::Head(Box::new(view.clone()), 900, vec![operation.hash(Address::ZERO)], vec![])
                }
                Step::Slots(slots) => {
                    view.slot += slots;
                    Event::Slot(view.slot)
                }
                Step::Reorg => {
                    view.nonces.clear();
                    Event::Reorg(view.head_number - 1, 1, BTreeMap::new(), Box::new(view.clone()), vec![])
                }
            };
            node.handle(&event, &|_, _| Ok(()));
            assert_serves_its_pools(&node);
        }
    }
}

/// A scenario that could not be run to its end is refused, with the place of what is wrong.
#[test]
fn scenarios_have_bounds() {
    let scenario = |change: &dyn Fn(&mut Value)| {
        let mut scenario = json!({
            "description": "One Operation.", "seed": "0xffffffffffffffff", "nodes": 2, "slots": "0x2", "latency": "0x40",
            "finality": "0xa0", "provers": [0, 1], "lacking": [1], "isBroken": false, "readsWitness": true,
            "events": [{"slot": "0x4", "what": "operation", "number": "0x1000", "nodes": [1, 0]}],
            "settled": "0x0", "rewarded": "0x0", "slashed": "0x0", "repelled": "0x0", "isQuarantined": false,
        });
        change(&mut scenario);
        simulation::run(&JsonNode::new("scenario", &scenario))
    };
    // The largest values, too.
    scenario(&|_| ()).unwrap();
    let refused = |place: &str, value: Value| {
        let fault = scenario(&|it| *it.pointer_mut(place).unwrap() = value.clone()).unwrap_err();
        let path = place.replace('/', ".").replace(".0", "[0]");
        assert_eq!(fault.place, format!("scenario{path}"), "{fault}");
        fault.cause
    };
    for (place, values, most) in [
        ("/slots", ["0x201", "0xffffffffffffffff"], "512"),
        ("/latency", ["0x0", "0xffffffffffffffff"], "64"),
        ("/finality", ["0xa1", "0xffffffffffffffff"], "160"),
        ("/events/0/slot", ["0x5", "0xffffffffffffffff"], "4"),
        ("/events/0/number", ["0x1001", "0xffffffffffffffff"], "4096"),
    ] {
        for value in values {
            assert!(refused(place, value.into()).ends_with(&format!("to {most}")));
        }
    }
    assert_eq!(refused("/nodes", 0.into()), "is not from 1 to 32");
    assert_eq!(refused("/nodes", 33.into()), "is not from 1 to 32");
    for place in ["/provers", "/lacking", "/events/0/nodes"] {
        assert_eq!(refused(place, json!([2])), "names a node that does not exist");
        assert_eq!(refused(place, json!([0, 0])), "names a node twice");
    }
    let event = json!({"slot": "0x0", "what": "missed", "number": "0x0", "nodes": []});
    assert_eq!(refused("/events", vec![event; 4_097].into()), "has more than 4096 items");
}

/// Final blocks stay, however often L1 leaves a branch, and Operations keep their anchors.
#[test]
fn reorgs_end_at_final_blocks() {
    let event = |slot: u64, what: &str, number: u64| json!({"slot": format!("{slot:#x}"), "what": what, "number": format!("{number:#x}"), "nodes": [0]});
    for finality in [0, 1, 2, 160] {
        let mut events: Vec<Value> = (0..40).map(|slot| event(slot / 4, "reorg", 4_096)).collect();
        events.extend((0..4).map(|user| event(10, "operation", user)));
        let scenario = json!({
            "description": "Deep re-orgs.", "seed": "0x1", "nodes": 2, "slots": "0x18", "latency": "0x3",
            "finality": format!("{finality:#x}"), "provers": [0], "lacking": [], "isBroken": false, "readsWitness": false,
            "events": events, "settled": "0x4", "rewarded": "0x4", "slashed": "0x0", "repelled": "0x0", "isQuarantined": false,
        });
        let outcome = simulation::run(&JsonNode::new("scenario", &scenario)).unwrap();
        let holds = outcome.invariants["as many Operations are settled as expected"];
        assert!(holds, "finality {finality}: {}", outcome.timeline.join("\n"));
    }
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
        1 => Just("falseVerdict"),
        1 => Just("conflict"),
        1 => Just("crowd"),
        1 => Just("prepare"),
    ];
    (0u64..40, what, 0u64..4, 0u8..4).prop_map(|(slot, what, number, node)| {
        json!({"slot": format!("{slot:#x}"), "what": what, "number": format!("{number:#x}"), "nodes": [node]})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever strangers do, honest nodes stay connected, nobody honest is banned, value is conserved, nothing settles twice,
    /// and replaying gives the same.
    #[test]
    fn invariants_hold_in_random_scenarios(
        seed in any::<u32>(),
        reads_witness in any::<bool>(),
        events in prop::collection::vec(incidents(), 0..40),
    ) {
        let scenario = json!({
            "description": "Random events.", "seed": format!("{seed:#x}"), "nodes": 4, "slots": "0x30", "latency": "0x3",
            "finality": "0x10", "provers": [0, 2], "lacking": [3], "isBroken": false, "readsWitness": reads_witness, "events": events,
            "settled": "0x0", "rewarded": "0x0", "slashed": "0x0", "repelled": "0x0", "isQuarantined": false,
        });
        let outcome = simulation::run(&JsonNode::new("scenario", &scenario)).unwrap();
        for name in [
            "nothing settles twice",
            "value is conserved",
            "no honest node is disconnected",
            "nobody honest is banned",
            "the extension is halted if expected",
            "replaying gives the same",
        ] {
            prop_assert!(outcome.invariants[name], "{}: {}", name, outcome.timeline.join("\n"));
        }
    }
}
