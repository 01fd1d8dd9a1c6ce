//! Messages: one encoding, limits, and sessions that stay bounded whatever a peer sends.

use alloy_primitives::{B256, Bytes};
use alloy_rlp::Header;
use middle_client::notation::{Reject, keccak256};
use middle_client::operation::{ChainView, rlp, wire_hash};
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
        (any::<u64>(), hashes(), any::<[u32; 3]>()).prop_map(|(sequence, extensions, tiers)| Message::Capabilities(
            Capabilities { sequence, extensions, tiers: tiers.to_vec(), ..Capabilities::default() }
        )),
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

    #[test]
    fn node_records_have_one_encoding(
        fields in any::<(u32, u64, [u8; 20])>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        more in prop::collection::vec(any::<u8>(), 1..4),
    ) {
        let entry = EnrEntry { version: fields.0, chain_id: fields.1, consensus_contract: fields.2.into() };
        let mut bytes = rlp::encode(&entry);
        prop_assert_eq!(rlp::decode(&bytes, 0), Ok(entry));
        prop_assert!(rlp::decode::<EnrEntry>(&[&bytes[..], &more].concat(), 0).is_err());
        let place = place.index(bytes.len());
        prop_assert!(rlp::decode::<EnrEntry>(&bytes[..place], 0).is_err());
        bytes[place] = byte;
        if let Ok(decoded) = rlp::decode::<EnrEntry>(&bytes, 0) {
            prop_assert_eq!(rlp::encode(&decoded), bytes);
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
            prop_assert!(session.announced.len() <= MAX_REMEMBERED && session.requested.len() <= 1);
            prop_assert!(session.queue.iter().all(|(hash, _)| session.announced.contains_key(hash)));
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
        assert!(session.given_up_verifications.len() <= MAX_GIVEN_UP);
    }
    assert_eq!(session.given_up_verifications, (4..20u8).map(B256::repeat_byte).collect::<Vec<_>>());
    let late = |slot| {
        Message::VerificationResponse(VerificationResponse { request: B256::repeat_byte(slot), ..Default::default() })
    };
    assert_eq!(session.receive(late(19), &view, &|_| false), Ok(Action::None));
    assert!(session.receive(late(19), &view, &|_| false).is_err());
    assert!(session.receive(late(3), &view, &|_| false).is_err());
    let extension = |request_id| Message::Extension(Extension { request_id, ..Default::default() });
    let items = |request_id| PooledItems { request_id, items: vec![vec![1].into()] };
    let late = [extension(1), Message::Operations(items(2)), Message::PostOperations(items(20))];
    for message in late {
        assert_eq!(session.receive(message.clone(), &view, &|_| false), Ok(Action::None));
        assert!(session.receive(message, &view, &|_| false).is_err());
    }
    assert!(session.receive(extension(21), &view, &|_| false).is_err());
    // Of these, too, the last ones are remembered.
    for slot in 100..200 {
        session.next_extension(B256::ZERO, slot).unwrap();
        session.give_up(slot + 3);
    }
    assert_eq!(session.given_up, (57..=120).collect());
}

/// A peer that is slow is not counted as one that is silent.
#[test]
fn slow_is_not_silent() {
    let mut view = ChainView { slot: 5, ..ChainView::default() };
    let mut session = Session { is_open: true, ..Session::default() };
    let announcement =
        |byte| Announcement { types: vec![1].into(), sizes: vec![9], hashes: vec![B256::repeat_byte(byte)] };
    session.receive(Message::NewOperationHashes(announcement(1)), &view, &|_| false).unwrap();
    view.slot = 6;
    session.receive(Message::NewOperationHashes(announcement(2)), &view, &|_| false).unwrap();
    assert_eq!(session.give_up(8), (vec![], 0));
    assert!(session.next(8, &|_| false).is_some());
    assert_eq!(session.give_up(11), (vec![], 1));
}

/// All that is announced is asked for in the end, in order, and Operations before their results.
#[test]
fn everything_is_asked_for() {
    let view = ChainView::default();
    let mut session = Session { is_open: true, ..Session::default() };
    let hashes: Vec<B256> = (0..2_000u64).map(|n| keccak256(n.to_be_bytes())).collect();
    let announcement = |hashes: &[B256]| Announcement {
        types: vec![1; hashes.len()].into(),
        sizes: vec![9; hashes.len()],
        hashes: hashes.to_vec(),
    };
    let mut asked = Vec::new();
    let known = hashes[3];
    let is_known = |hash| hash == known;
    let first = session.receive(Message::NewOperationHashes(announcement(&hashes[..1])), &view, &|_| false).unwrap();
    for (range, is_result) in [(1..700, false), (700..1_000, true), (1_000..1_300, false), (1_300..2_000, true)] {
        let announcement = announcement(&hashes[range]);
        let message = match is_result {
            false => Message::NewOperationHashes(announcement),
            true => Message::NewPostOperationHashes(announcement),
        };
        assert_eq!(session.receive(message, &view, &|_| false), Ok(Action::None));
    }
    let Action::Send(mut message) = first else { panic!("{first:?}") };
    loop {
        let (Message::GetOperations(request) | Message::GetPostOperations(request)) = &message else {
            panic!("{message:?}")
        };
        assert!(request.hashes.len() <= MAX_REQUESTED && session.open_requests() == 1);
        asked.extend(request.hashes.clone());
        let empty = Message::Operations(PooledItems { request_id: request.request_id, items: vec![] });
        match session.receive(empty, &view, &is_known) {
            Ok(Action::Operations(_, Some(next))) => message = next,
            other => break assert_eq!(other, Ok(Action::Operations(vec![], None))),
        }
    }
    // Three requests of 256 Operations reach the 70 first ones after the first results.
    let places = [0..3, 4..700, 1_000..1_070, 700..1_000, 1_070..1_300, 1_300..2_000];
    let in_order: Vec<B256> = places.into_iter().flat_map(|range| hashes[range].to_vec()).collect();
    assert!(asked == in_order);
    assert!(session.announced.is_empty() && session.queue.is_empty());
}

/// An answer that leaves out its end is followed by a request for the rest, until nothing comes.
#[test]
fn what_does_not_fit_is_asked_for_again() {
    let view = ChainView::default();
    let mut session = Session { is_open: true, ..Session::default() };
    let items: Vec<Bytes> = (0..9u8).map(|n| vec![1, n].into()).collect();
    let announcement = Announcement {
        types: vec![1; 9].into(),
        sizes: vec![2; 9],
        hashes: items.iter().map(|item| wire_hash(item)).collect(),
    };
    session.receive(Message::NewOperationHashes(announcement), &view, &|_| false).unwrap();
    for (request_id, came, left) in [(1, &items[1..4], 5), (2, &items[4..5], 4), (3, &[], 0)] {
        let answer = Message::Operations(PooledItems { request_id, items: came.to_vec() });
        let asked = match session.receive(answer, &view, &|_| false).unwrap() {
            Action::Operations(_, Some(Message::GetOperations(request))) => request.hashes,
            _ => vec![],
        };
        assert_eq!(asked, items[9 - left..].iter().map(|item| wire_hash(item)).collect::<Vec<_>>());
        assert_eq!(session.announced.len(), left);
    }
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

/// More than 64 requests are not open at once, whatever they are for.
#[test]
fn open_requests_are_bounded() {
    let view = ChainView::default();
    let mut session = Session { is_open: true, ..Session::default() };
    let hash = |number: usize| keccak256(number.to_be_bytes());
    for number in 0..MAX_OPEN_REQUESTS {
        match number % 2 {
            0 => assert!(session.next_extension(hash(number), 0).is_some()),
            _ => assert!(session.fetch(hash(number), 0).is_some()),
        }
    }
    assert_eq!((session.open_requests(), session.last_request_id), (64, 64));
    assert_eq!((session.next_extension(hash(99), 0), session.fetch(hash(99), 0)), (None, None));
    let announcement = Announcement { types: vec![1].into(), sizes: vec![9], hashes: vec![hash(99)] };
    assert_eq!(session.receive(Message::NewOperationHashes(announcement), &view, &|_| false), Ok(Action::None));
    assert_eq!((session.open_requests(), session.last_request_id, session.queue.len()), (64, 64, 1));
    // With an answer there is room for what was announced.
    let answer = Message::PostOperations(PooledItems { request_id: 2, items: vec![] });
    let next = Message::GetOperations(Request { request_id: 65, hashes: vec![hash(99)] });
    assert_eq!(session.receive(answer, &view, &|_| false), Ok(Action::PostOperations(vec![], Some(next))));
}

/// A peer may ask for sixteen verdicts in a slot, if each is answered before the third.
#[test]
fn questions_of_a_slot_are_bounded() {
    let mut view = ChainView { slot: 5, ..ChainView::default() };
    let mut session = Session { is_open: true, ..Session::default() };
    let ask = |salt| VerificationRequest { salt, ..VerificationRequest::default() };
    for salt in 0..MAX_VERIFICATIONS_PER_SLOT.into() {
        assert!(session.receive(Message::VerificationRequest(ask(salt)), &view, &|_| false).is_ok());
        session.verified(ask(salt).id());
    }
    let refused = session.receive(Message::VerificationRequest(ask(16)), &view, &|_| false).unwrap_err();
    assert_eq!(refused.reason, Reject::TooManyVerifications);
    view.slot = 6;
    assert!(session.receive(Message::VerificationRequest(ask(16)), &view, &|_| false).is_ok());
}

/// Lists are counted before they are read: ten million entries take no time and no memory.
#[test]
fn long_lists_are_not_read() {
    let long = |id: u8, before: &[u8], entry: u8| {
        let list = Header { list: true, payload_length: 10_000_000 };
        let outer = Header { list: true, payload_length: before.len() + list.length() + list.payload_length };
        let mut bytes = vec![id];
        outer.encode(&mut bytes);
        bytes.extend_from_slice(before);
        list.encode(&mut bytes);
        bytes.resize(bytes.len() + list.payload_length, entry);
        bytes
    };
    for (id, before, entry) in
        [(4, &[1][..], 0x80), (7, &[1], 0xc0), (3, &[1], 1), (2, &[0x80], 1), (1, &[1, 0xc0, 0x80], 1)]
    {
        let refused = Message::from_bytes(&long(id, before, entry)).unwrap_err();
        assert_eq!(refused.reason, Reject::TooManyEntries, "message {id}");
    }
    // What is wrong with an item after the last one that is counted is not looked at, and before it nothing else is.
    for (count, reason) in
        [(256, Reject::RlpLengthMismatch), (257, Reject::RlpLengthMismatch), (258, Reject::TooManyEntries)]
    {
        let items = PooledItems { request_id: 1, items: vec![vec![1].into(); count] };
        let mut bytes = Message::Operations(items).to_bytes();
        // The last item says that it is longer than what is left.
        *bytes.last_mut().unwrap() = 0x81;
        assert_eq!(Message::from_bytes(&bytes).unwrap_err().reason, reason, "{count} items");
    }
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
    assert_eq!(session.announced.len(), MAX_REMEMBERED);
    assert_eq!(session.queue.len(), MAX_REMEMBERED - MAX_REQUESTED);
    assert_eq!(session.requested.len(), 1);
}
