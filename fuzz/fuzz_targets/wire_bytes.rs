//! Arbitrary bytes as a message and as the entry of a node record: what is accepted is the encoding of what it decodes to, and
//! no session panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::operation::{ChainView, rlp};
use middle_client::wire::{EnrEntry, Message, Session};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(entry) = rlp::decode::<EnrEntry>(bytes, 0) {
        assert_eq!(rlp::encode(&entry), bytes);
    }
    let Ok(message) = Message::from_bytes(bytes) else { return };
    assert_eq!(message.to_bytes(), bytes);
    let mut session = Session { is_open: true, ..Session::default() };
    let _ = session.receive(message, &ChainView::default(), &|_| false);
});
