//! Sequences of messages, Operations and results to a node: no panic, bounded memory, and the same node twice.

#![no_main]

use alloy_primitives::{B256, U256};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use middle_client::node::{Event, MAX_COLLECTED, MAX_EVIDENCE, MAX_REJECTED, MAX_WAITING, Node};
use middle_client::notation::{Reject, Rejection};
use middle_client::operation::{Block, ChainView, ExtensionView, Operation, signature, wire_hash};
use middle_client::pools::{Limits, Pools};
use middle_client::post_operation::{PostOperation, Proof, statement};
use middle_client::reputation::Reputation;
use middle_client::statement::Statement;
use middle_client::wire::{
    Capabilities, MAX_GIVEN_UP, MAX_OPEN_REQUESTS, MAX_OPEN_VERIFICATIONS, MAX_REMEMBERED, Message, PooledItems,
    Session, VerificationRequest,
};
use std::collections::BTreeSet;

#[derive(Arbitrary, Debug)]
enum Step {
    Connected(u8),
    Disconnected(u8),
    Message(u8, Vec<u8>),
    Pushed(u8, Vec<Vec<u8>>),
    Submit(Vec<u8>),
    Publish(Vec<u8>),
    Operation { from: Option<u8>, sender: u8, sequence: u8, fee: u8, bytes: u16 },
    Result(Built),
    Question { peer: u8, built: Built, salt: u8, slot: i8 },
    Ask(u8),
    Settle(u8),
    Adopt(bool),
    Slots(u8),
    Missed(u8),
    Reorg(u8, bool),
}

/// A result of a pooled Operation.
#[derive(Arbitrary, Debug)]
struct Built {
    index: u8,
    prover: bool,
    roots: [u8; 2],
    cycles: bool,
}

fn peer(number: u8) -> B256 {
    [number % 4; 32].into()
}

/// The Operation in this place of the pool.
fn pooled(node: &Node, index: u8) -> Option<&Operation> {
    let operations = &node.pools.operations.operations;
    operations.values().nth(usize::from(index) % operations.len().max(1)).map(|it| &it.operation)
}

/// The result, signed, and its name.
fn build(node: &Node, built: &Built) -> Option<(PostOperation, B256)> {
    let operation = pooled(node, built.index)?;
    let secret = B256::repeat_byte(7 + u8::from(built.prover));
    let mut result = PostOperation {
        operation_hash: operation.hash(node.view.consensus_contract),
        extension_id: operation.extension_id,
        pre_root: [built.roots[0] % 3; 32].into(),
        post_root: [built.roots[1] % 3; 32].into(),
        cycles: u64::from(built.cycles),
        prover: signature::account(&secret).unwrap(),
        proof: Proof { proof_type: 1, tier: 1, segments: vec![Default::default()] },
        stamp_hash: [9; 32].into(),
        ..PostOperation::default()
    };
    let stated = statement(operation, &result, &node.view).ok()??;
    let name = result.signing_hash(&stated, node.view.consensus_contract);
    result.prover_signature = signature::sign(&secret, name).unwrap().into();
    Some((result, name))
}

/// Proofs of a third of the new roots are false.
fn verify(stated: &Statement, _: &Proof) -> Result<(), Rejection> {
    match stated.post_state_root == B256::repeat_byte(2) {
        true => Err(Rejection::new(Reject::ProofInvalid, 0, "")),
        false => Ok(()),
    }
}

/// What a node serves: its pools and the evidence of conflicts.
fn served(node: &Node) -> BTreeSet<B256> {
    let results = &node.pools.post_operations;
    let operations = node.pools.operations.operations.values().map(|it| it.operation.to_bytes());
    let all = operations.chain(results.post_operations.values().map(|it| it.post_operation.to_bytes()));
    all.chain(results.evidence.values().flatten().map(PostOperation::to_bytes)).map(|it| wire_hash(&it)).collect()
}

fuzz_target!(|steps: Vec<Step>| {
    let known = ExtensionView { proof_system: 1, data_rule: 1, prepared: [1].into(), ..ExtensionView::default() };
    let mut view = ChainView {
        chain_id: 1,
        slot: 1_000,
        finalized_slot: 900,
        blocks: [([9; 32].into(), Block { number: 900, slot: 900, canonical: true })].into(),
        head_number: 905,
        deposits: (0..4).map(|sender| ([sender + 1; 20].into(), 1 << 100)).collect(),
        extensions: [(Default::default(), known.clone()), ([1; 32].into(), known)].into(),
        ..ChainView::default()
    };
    let node = || Node {
        view: view.clone(),
        pools: Pools::new(Limits { slots: 6, post_operations: 3, ..Limits::default() }),
        reputation: Reputation { max_records: 6, ..Reputation::default() },
        ..Node::default()
    };
    let mut nodes = [node(), node()];
    for step in &steps {
        let events = match step {
            Step::Connected(number) => {
                let status = Message::Status(Session::status(&view, Default::default()));
                // It can be asked for an extension.
                let extensions = vec![Default::default()];
                let able = Capabilities {
                    sequence: 0,
                    proof_types: vec![1].into(),
                    tiers: vec![1],
                    max_proof_bytes: 1 << 17,
                    min_prover_fee: 0,
                    extensions,
                };
                let messages = [status, Message::Capabilities(able)];
                let messages = messages.map(|message| Event::Message(peer(*number), message.to_bytes().into()));
                [Event::Connected(peer(*number))].into_iter().chain(messages).collect()
            }
            Step::Disconnected(number) => vec![Event::Disconnected(peer(*number))],
            Step::Message(number, bytes) => vec![Event::Message(peer(*number), bytes.clone().into())],
            Step::Pushed(number, items) => {
                let items = PooledItems { request_id: 0, items: items.iter().cloned().map(Into::into).collect() };
                vec![Event::Message(peer(*number), Message::Operations(items).to_bytes().into())]
            }
            Step::Submit(bytes) => vec![Event::Submit(bytes.clone().into())],
            Step::Publish(bytes) => vec![Event::Publish(bytes.clone().into())],
            Step::Operation { from, sender, sequence, fee, bytes } => {
                let mut operation = Operation {
                    chain_id: 1,
                    sender: [sender % 4 + 1; 20].into(),
                    nonce: U256::from(sequence % 4),
                    extension_id: [sender % 2; 32].into(),
                    anchor_hash: [9; 32].into(),
                    valid_until_slot: view.slot + 100,
                    data: vec![0; (*bytes).into()].into(),
                    signature: vec![signature::KIND_CONTRACT].into(),
                    ..Operation::default()
                };
                let gas = &mut operation.gas_management;
                (gas.max_fee, gas.max_priority_fee, gas.prover_fee_max) = ((*fee).into(), (*fee).into(), (*fee).into());
                (gas.ramp_start_slot, gas.cycle_limit) = (900, 100);
                let accepted = (operation.hash(view.consensus_contract), Default::default());
                for view in [&mut view].into_iter().chain(nodes.iter_mut().map(|node| &mut node.view)) {
                    view.contracts.entry(operation.sender).or_default().insert(accepted.clone());
                }
                let bytes = operation.to_bytes();
                match from {
                    Some(number) => {
                        let items = PooledItems { request_id: 0, items: vec![bytes.into()] };
                        vec![Event::Message(peer(*number), Message::Operations(items).to_bytes().into())]
                    }
                    None => vec![Event::Submit(bytes.into())],
                }
            }
            Step::Result(built) => {
                let result = build(&nodes[0], built);
                result.map(|(result, _)| Event::Publish(result.to_bytes().into())).into_iter().collect()
            }
            Step::Question { peer: number, built, salt, slot } => {
                let Some((result, name)) = build(&nodes[0], built) else { continue };
                let request = VerificationRequest {
                    post_operation: name,
                    wire_hash: wire_hash(&result.to_bytes()),
                    slot: view.slot.saturating_add_signed((*slot).into()),
                    salt: (*salt).into(),
                };
                vec![Event::Message(peer(*number), Message::VerificationRequest(request).to_bytes().into())]
            }
            Step::Ask(index) => {
                let Some(operation) = pooled(&nodes[0], *index) else { continue };
                vec![Event::Ask(operation.hash(view.consensus_contract))]
            }
            Step::Settle(index) => {
                let Some(operation) = pooled(&nodes[0], *index) else { continue };
                view.nonces.insert((operation.sender, U256::ZERO), operation.nonce_sequence() + 1);
                let settled = vec![operation.hash(view.consensus_contract)];
                vec![Event::Head(Box::new(view.clone()), 900, settled, Vec::new())]
            }
            Step::Adopt(registered) => vec![Event::Adopt([u8::from(!registered) * 5; 32].into())],
            Step::Missed(slots) => {
                view.slot += u64::from(*slots);
                vec![Event::Slot(view.slot)]
            }
            Step::Reorg(depth, replaces) => {
                // The new branch may have another entry for the extension, and has settled nothing.
                for known in view.extensions.values_mut() {
                    known.entry_hash = [u8::from(*replaces); 32].into();
                }
                view.nonces.clear();
                view.head_number = view.head_number.saturating_sub((*depth).into()).max(900);
                let kept = Default::default();
                vec![Event::Reorg(view.head_number, (*depth).into(), kept, Box::new(view.clone()), Vec::new())]
            }
            Step::Slots(slots) => {
                view.slot += u64::from(*slots);
                vec![Event::Head(Box::new(view.clone()), 0, Vec::new(), Vec::new())]
            }
        };
        for event in events {
            let [one, two] = &mut nodes;
            assert_eq!(one.handle(&event, &verify), two.handle(&event, &verify));
            assert_eq!(one.items.hashes().copied().collect::<BTreeSet<_>>(), served(one));
        }
        assert_eq!(nodes[0], nodes[1]);
        let node = &nodes[0];
        for session in node.sessions.values() {
            assert!(session.given_up_verifications.len() <= MAX_GIVEN_UP && session.announced.len() <= MAX_REMEMBERED);
            assert!(session.given_up.len() <= MAX_OPEN_REQUESTS && session.open_requests() <= MAX_OPEN_REQUESTS);
        }
        assert!(node.rejected.len() <= MAX_REJECTED && node.waiting.len() <= MAX_WAITING);
        assert!(node.refuted.keys().all(|hash| node.rejected.contains(hash)));
        assert!(node.vouched.len() <= MAX_COLLECTED && node.asked_results.len() <= MAX_COLLECTED);
        assert!(node.verdicts.len() <= MAX_COLLECTED && node.pools.post_operations.evidence.len() <= MAX_EVIDENCE);
        assert!(node.reputation.records.len() <= node.reputation.max_records);
        // What belongs to a connection ends with it, and a question that is open for two slots can be about the next one.
        assert!(node.wanted.len() <= 1 && node.wanted.values().flatten().all(|peer| node.sessions.contains_key(peer)));
        assert!(node.asked.keys().all(|peer| node.sessions.contains_key(peer)));
        assert!(node.pending.len() <= 2 * MAX_OPEN_VERIFICATIONS as usize * node.sessions.len());
    }
});
