//! Reputation: exact comparisons, decay, bans.

use alloy_primitives::Address;
use middle_client::notation::{B256, Reject, Stage};
use middle_client::reputation::{Counter, Counters, Entity, Record, Reputation, Status, counts_against};
use proptest::prelude::*;

proptest! {
    /// The integers are the source's ratios.
    #[test]
    fn integers_are_the_ratios(valid in 0u64..100_000, invalid in 0u64..100_000) {
        let status = Counters { valid, invalid, ..Counters::default() }.proofs();
        // The ratio (V + 10) / (V + I + 11) against 4/5 and 1/2, cross-multiplied.
        let (good, all) = (valid + 10, valid + invalid + 11);
        let expected = if 5 * good > 4 * all { Status::Ok } else if 2 * good < all { Status::Banned } else { Status::Throttled };
        prop_assert_eq!(status, expected);
    }

    /// Decay forgets everything in the end, and never makes anything of nothing.
    #[test]
    fn decay_ends(value in any::<u64>()) {
        let mut counters = Counters { seen: value, included: value / 3, ..Counters::default() };
        for _ in 0..2_000 {
            let decayed = counters.decayed();
            prop_assert!(decayed.seen <= counters.seen && decayed.included <= decayed.seen);
            counters = decayed;
        }
        prop_assert_eq!(counters, Counters::default());
    }

    /// Advancing step by step or at once gives the same.
    #[test]
    fn decay_is_the_same_in_steps(slots in prop::collection::vec(0u64..50_000, 1..20), times in 1u32..50) {
        let entity = Entity::Peer(B256::ZERO);
        let (mut steps, mut once) = (Reputation::default(), Reputation::default());
        for reputation in [&mut steps, &mut once] {
            for _ in 0..times {
                reputation.count(entity, Counter::Accepted, 0);
            }
            reputation.ban(Entity::Prover(Default::default()), 0);
        }
        let mut slot = 0;
        for more in slots {
            slot += more;
            steps.advance(slot);
        }
        once.advance(slot);
        prop_assert_eq!(steps, once);
    }

    /// A peer that never sends what is rejected is never banned, whatever is ignored.
    #[test]
    fn honest_peers_are_not_banned(events in prop::collection::vec((0u64..10_000, any::<prop::sample::Index>()), 0..200)) {
        let peer = Entity::Peer(B256::ZERO);
        let mut reputation = Reputation::default();
        for (slot, index) in events {
            let reason = Reject::ALL[index.index(Reject::ALL.len())];
            if reason.stage() == Stage::Admission && counts_against(reason) {
                reputation.count(peer, Counter::Rejected, slot);
            } else {
                reputation.count(peer, Counter::Accepted, slot);
            }
            prop_assert_eq!(reputation.status(peer, slot), Status::Ok);
        }
    }
}

proptest! {
    /// Whatever comes, so many records are kept and no more, the last one among them; who is banned stays as long as there is
    /// somebody who is not.
    #[test]
    fn records_are_bounded(events in prop::collection::vec((0u8..20, any::<bool>()), 0..100)) {
        let named = |id: u8| match id % 5 {
            0 => Entity::Peer(B256::repeat_byte(id)),
            1 => Entity::Prover(Address::repeat_byte(id)),
            2 => Entity::Extension(B256::repeat_byte(id)),
            3 => Entity::Sponsor(Address::repeat_byte(id)),
            _ => Entity::Sender(Address::repeat_byte(id)),
        };
        let kind = |entity: &Entity| match entity {
            Entity::Sender(_) => 0,
            Entity::Sponsor(_) => 1,
            Entity::Prover(_) => 2,
            Entity::Peer(_) => 3,
            Entity::Extension(_) => 4,
        };
        let mut reputation = Reputation { max_records: 8, ..Reputation::default() };
        for (id, is_banned) in events {
            let before = reputation.clone();
            match is_banned {
                true => reputation.ban(named(id), 10),
                false => reputation.count(named(id), Counter::Accepted, 10),
            }
            prop_assert!(reputation.records.len() <= 8 && reputation.records.contains_key(&named(id)));
            prop_assert_eq!(reputation.records.len(), reputation.order.len());
            let gone: Vec<_> = before.records.iter().filter(|(it, _)| !reputation.records.contains_key(it)).collect();
            prop_assert!(gone.len() <= 1);
            for (entity, record) in gone {
                let order = |it: &Entity, record: &Record| (record.banned_until, kind(it), *it);
                let first = order(entity, record);
                prop_assert!(before.records.iter().all(|(other, record)| first <= order(other, record)));
            }
        }
    }
}

/// What is counted while a ban lasts would make its end mean nothing.
#[test]
fn nothing_is_counted_in_a_ban() {
    let (peer, mut reputation) = (Entity::Peer(B256::ZERO), Reputation::default());
    for _ in 0..256 {
        reputation.count(peer, Counter::Rejected, 0);
    }
    assert_eq!(reputation.records[&peer], Record { banned_until: 7_200, bans: 1, ..Record::default() });
    assert_eq!(reputation.status(peer, 7_200), Status::Ok);
    reputation.count(peer, Counter::Rejected, 7_200);
    assert_eq!(reputation.records[&peer].counters.rejected, 1);
}

#[test]
fn bans_double_up_to_a_limit() {
    let (peer, mut reputation, mut slot) = (Entity::Peer(B256::ZERO), Reputation::default(), 0);
    for doublings in (0..=10).chain([10, 10]) {
        for _ in 0..6 {
            reputation.count(peer, Counter::Rejected, slot);
        }
        let end = slot + (7_200 << doublings);
        assert_eq!(reputation.status(peer, end - 1), Status::Banned);
        assert_eq!(reputation.status(peer, end), Status::Ok);
        slot = end;
    }
}
