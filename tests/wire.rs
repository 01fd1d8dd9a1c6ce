//! Messages: one encoding, limits, and sessions that stay bounded whatever a peer sends.

use alloy_primitives::{B256, Bytes};
use middle_client::notation::keccak256;
use middle_client::operation::ChainView;
use middle_client::wire::*;
use proptest::prelude::*;

fn hashes() -> impl Strategy<Value = Vec<B256>> {
    prop::collection::vec(any::<[u8; 32]>().prop_map(B256::from), 0..5)
}

fn messages() -> impl Strategy<Value = Message> {
    let announcement = || {
        (hashes(), any::<u8>(), any::<u32>()).prop_map(|(hashes, kind, size)| Announcement {
            types: vec![kind; hashes.len()].into(),
            sizes: vec![size; hashes.len()],
            hashes,
        })
    };
    let request = || (0u64..5, hashes()).prop_map(|(request_id, hashes)| Request { request_id, hashes });
    let items = || {
        (0u64..5, prop::collection::vec(any::<Vec<u8>>(), 0..4)).prop_map(|(request_id, items)| PooledItems {
            request_id,
            items: items.into_iter().map(Bytes::from).collect(),
        })
    };
    prop_oneof![
        Just(Message::Status(Status { version: 1, ..Status::default() })),
        (any::<u64>(), hashes()).prop_map(|(sequence, extensions)| Message::Capabilities(Capabilities {
            sequence,
            extensions,
            ..Capabilities::default()
        })),
        announcement().prop_map(Message::NewOperationHashes),
        request().prop_map(Message::GetOperations),
        items().prop_map(Message::Operations),
        announcement().prop_map(Message::NewPostOperationHashes),
        request().prop_map(Message::GetPostOperations),
        items().prop_map(Message::PostOperations),
        (any::<u64>(), any::<u64>()).prop_map(|(slot, salt)| Message::VerificationRequest(VerificationRequest {
            slot,
            salt,
            ..VerificationRequest::default()
        })),
        any::<u8>().prop_map(|verdict| Message::VerificationResponse(VerificationResponse {
            verdict,
            ..VerificationResponse::default()
        })),
        (0u64..5).prop_map(|request_id| Message::GetExtension(GetExtension { request_id, ..GetExtension::default() })),
        (0u64..5).prop_map(|request_id| Message::Extension(Extension { request_id, ..Extension::default() })),
    ]
}

proptest! {
    #[test]
    fn decoding_inverts_encoding(message in messages()) {
        prop_assert_eq!(Message::from_bytes(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn encodings_are_unique(message in messages(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = message.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(decoded) = Message::from_bytes(&bytes) {
            prop_assert_eq!(decoded.to_bytes(), bytes);
        }
    }

    /// Whatever a peer sends, what is remembered of it stays within the limits.
    #[test]
    fn sessions_are_bounded(messages in prop::collection::vec(messages(), 0..200)) {
        let view = ChainView::default();
        let mut session = Session::default();
        let _ = session.receive(Message::Status(Session::status(&view, B256::ZERO)), &view, &|_| false);
        for message in messages {
            let _ = session.receive(message, &view, &|_| false);
            prop_assert!(session.announced.len() <= MAX_REMEMBERED && session.requested.len() <= MAX_OPEN_REQUESTS);
            prop_assert!(session.open_verifications.len() <= MAX_OPEN_VERIFICATIONS as usize);
        }
    }
}

/// Of the requests that were given up the last ones are remembered, each until a response comes, whatever it says.
#[test]
fn late_responses_do_no_harm() {
    let view = ChainView::default();
    let mut session = Session { is_open: true, ..Session::default() };
    for slot in 0..20u8 {
        let id = session.next_extension(B256::repeat_byte(slot), slot.into()).unwrap();
        session.asked_verifications.insert(B256::repeat_byte(slot), (B256::ZERO, slot.into()));
        assert_eq!(id, u64::from(slot) + 1);
        // Two slots later there is time yet, a slot after that no more.
        assert_eq!(session.give_up(u64::from(slot) + 2), (vec![], 0));
        assert_eq!(session.give_up(u64::from(slot) + 3), (vec![B256::ZERO], 1));
        assert!(session.given_up.len() <= MAX_GIVEN_UP);
    }
    assert_eq!(session.given_up, (4..20u8).map(B256::repeat_byte).collect::<Vec<_>>());
    let late = |slot| {
        Message::VerificationResponse(VerificationResponse { request: B256::repeat_byte(slot), ..Default::default() })
    };
    assert_eq!(session.receive(late(19), &view, &|_| false), Ok(Action::None));
    assert!(session.receive(late(19), &view, &|_| false).is_err());
    assert!(session.receive(late(3), &view, &|_| false).is_err());
    // The ids of other requests count up: all of them are known, and none above them.
    for request_id in [1, 20, 20] {
        let extension = Message::Extension(Extension { request_id, ..Default::default() });
        let items = PooledItems { request_id, items: vec![vec![1].into()] };
        assert_eq!(session.receive(extension, &view, &|_| false), Ok(Action::None));
        assert_eq!(session.receive(Message::Operations(items.clone()), &view, &|_| false), Ok(Action::None));
        assert_eq!(session.receive(Message::PostOperations(items), &view, &|_| false), Ok(Action::None));
    }
    let never = Message::Extension(Extension { request_id: 21, ..Default::default() });
    assert!(session.receive(never, &view, &|_| false).is_err());
}

/// An item that was asked for and did not come in time can be announced and asked for again.
#[test]
fn requests_for_items_are_given_up() {
    let mut view = ChainView { slot: 5, ..ChainView::default() };
    let mut session = Session { is_open: true, ..Session::default() };
    let hash = B256::repeat_byte(1);
    let announce = || Announcement { types: vec![1].into(), sizes: vec![9], hashes: vec![hash] };
    let ask = |request_id| Ok(Action::Send(Message::GetOperations(Request { request_id, hashes: vec![hash] })));
    assert_eq!(session.receive(Message::NewOperationHashes(announce()), &view, &|_| false), ask(1));
    assert_eq!(session.give_up(7), (vec![], 0));
    assert_eq!(session.receive(Message::NewOperationHashes(announce()), &view, &|_| false), Ok(Action::None));
    assert_eq!(session.give_up(8), (vec![], 1));
    assert!(session.announced.is_empty() && session.open_requests() == 0);
    view.slot = 8;
    assert_eq!(session.receive(Message::NewOperationHashes(announce()), &view, &|_| false), ask(2));
}

/// Announcing without end fills the memory of a session up to its limit, and no further.
#[test]
fn announcing_without_end_is_bounded() {
    let view = ChainView::default();
    let mut session = Session { is_open: true, ..Session::default() };
    for round in 0..200u64 {
        let hashes: Vec<B256> = (0..4_096u64).map(|n| keccak256((round * 4_096 + n).to_be_bytes())).collect();
        let announcement = Announcement { types: vec![1; 4_096].into(), sizes: vec![9; 4_096], hashes };
        session.receive(Message::NewOperationHashes(announcement), &view, &|_| false).unwrap();
    }
    assert!(session.announced.len() <= MAX_REMEMBERED);
    assert_eq!(session.requested.len(), MAX_OPEN_REQUESTS);
}
