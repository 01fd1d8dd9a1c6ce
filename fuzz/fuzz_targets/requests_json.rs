//! Arbitrary text as a JSON-RPC request: an answer of the right form, no panic, and none changes what a node holds unless it
//! sends an Operation.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::node::Node;
use middle_client::operation::{ChainView, ExtensionView};
use middle_client::profile::{Module, load};
use middle_client::requests::handle;
use std::sync::OnceLock;

fuzz_target!(|text: &str| {
    static MODULE: OnceLock<Module> = OnceLock::new();
    let module = MODULE.get_or_init(|| {
        let wasm = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x07\x01\x03run\0\0\x0a\x06\x01\x04\0\x41\0\x0b";
        load(wasm).unwrap()
    });
    let known = ExtensionView { proof_system: 1, ..ExtensionView::default() };
    let mut node = Node {
        view: ChainView { chain_id: 1, slot: 1_000, extensions: [([7; 32].into(), known)].into(), ..ChainView::default() },
        ..Node::default()
    };
    let library = [([7; 32].into(), module.clone())].into();
    let (answer, _) = handle(&mut node, &library, text, &|_, _| Ok(()));
    assert_eq!(answer["jsonrpc"], "2.0");
    assert!(answer.get("result").is_some() != answer.get("error").is_some());
});
