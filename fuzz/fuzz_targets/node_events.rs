//! Sequences of messages to a node: no panic, bounded memory, and the same node twice.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use middle_client::node::{Event, MAX_REJECTED, MAX_WAITING, Node};
use middle_client::operation::{ChainView, ExtensionView};
use middle_client::wire::{MAX_GIVEN_UP, MAX_OPEN_REQUESTS, MAX_REMEMBERED, Message, PooledItems, Session};

#[derive(Arbitrary, Debug)]
enum Step {
    Connected(u8),
    Disconnected(u8),
    Message(u8, Vec<u8>),
    Pushed(u8, Vec<u8>),
    Submit(Vec<u8>),
    Publish(Vec<u8>),
    Adopt(bool),
    Slots(u8),
    Missed(u8),
    Reorg(u8, bool),
}

fuzz_target!(|steps: Vec<Step>| {
    let peer = |number: u8| [number % 4; 32].into();
    let extensions = [(Default::default(), ExtensionView { proof_system: 1, ..ExtensionView::default() })].into();
    let mut view = ChainView { chain_id: 1, slot: 1_000, extensions, ..ChainView::default() };
    let mut nodes = [Node::default(), Node::default()];
    for step in &steps {
        let events = match step {
            Step::Connected(number) => {
                let status = Message::Status(Session::status(&view, Default::default()));
                vec![Event::Connected(peer(*number)), Event::Message(peer(*number), status.to_bytes().into())]
            }
            Step::Disconnected(number) => vec![Event::Disconnected(peer(*number))],
            Step::Message(number, bytes) => vec![Event::Message(peer(*number), bytes.clone().into())],
            Step::Pushed(number, bytes) => {
                let items = PooledItems { request_id: 0, items: vec![bytes.clone().into()] };
                vec![Event::Message(peer(*number), Message::Operations(items).to_bytes().into())]
            }
            Step::Submit(bytes) => vec![Event::Submit(bytes.clone().into())],
            Step::Publish(bytes) => vec![Event::Publish(bytes.clone().into())],
            Step::Adopt(registered) => vec![Event::Adopt([u8::from(!registered); 32].into())],
            Step::Missed(slots) => {
                view.slot += u64::from(*slots);
                vec![Event::Slot(view.slot)]
            }
            Step::Reorg(depth, replaces) => {
                // The new branch may have another entry for the extension.
                for known in view.extensions.values_mut() {
                    known.entry_hash = [u8::from(*replaces); 32].into();
                }
                view.head_number = view.head_number.saturating_sub((*depth).into());
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
            assert_eq!(one.handle(&event, &|_, _| Ok(())), two.handle(&event, &|_, _| Ok(())));
        }
        assert_eq!(nodes[0], nodes[1]);
        for session in nodes[0].sessions.values() {
            assert!(session.given_up_verifications.len() <= MAX_GIVEN_UP && session.announced.len() <= MAX_REMEMBERED);
            assert!(session.given_up.len() <= MAX_OPEN_REQUESTS && session.open_requests() <= MAX_OPEN_REQUESTS);
        }
        assert!(nodes[0].rejected.len() <= MAX_REJECTED && nodes[0].waiting.len() <= MAX_WAITING);
    }
});
