//! Arbitrary bytes as a PostOperation: what is accepted is the encoding of what it decodes to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::operation::{ChainView, ExtensionView, Operation};
use middle_client::post_operation::{PostOperation, check};

fuzz_target!(|bytes: &[u8]| {
    let Ok(post_operation) = PostOperation::from_bytes(bytes) else { return };
    assert_eq!(post_operation.to_bytes(), bytes);
    let operation = Operation { extension_id: post_operation.extension_id, ..Operation::default() };
    let view = ChainView {
        extensions: [(operation.extension_id, ExtensionView { proof_system: 1, ..ExtensionView::default() })].into(),
        ..ChainView::default()
    };
    let _ = check(&operation, &post_operation, &view, &|_, _| Ok(()));
});
