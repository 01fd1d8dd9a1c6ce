//! Nodes: scenarios whose invariants hold, and honest nodes that stay together in random histories.

use middle_client::node::simulation;
use middle_client::notation::json::Node as JsonNode;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;

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
    assert!(names.len() >= 26);
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
            "finality": "0x10", "provers": [0, 2], "lacking": [], "isBroken": false, "readsWitness": false, "events": events,
            "settled": "0x0", "rewarded": "0x0", "slashed": "0x0", "repelled": "0x0", "isQuarantined": false,
        });
        let outcome = simulation::run(&JsonNode::new("scenario", &scenario)).unwrap();
        for name in ["nothing settles twice", "value is conserved", "no honest node is disconnected", "replaying gives the same"] {
            prop_assert!(outcome.invariants[name], "{}: {}", name, outcome.timeline.join("\n"));
        }
    }
}
