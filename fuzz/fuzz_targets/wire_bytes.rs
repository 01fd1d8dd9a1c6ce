//! Arbitrary bytes as a message: what is accepted is the encoding of what it decodes to, and no session panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::operation::ChainView;
use middle_client::wire::{Message, Session};

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::from_bytes(bytes) else { return };
    assert_eq!(message.to_bytes(), bytes);
    let mut session = Session { is_open: true, ..Session::default() };
    let _ = session.receive(message, &ChainView::default(), &|_| false);
});
