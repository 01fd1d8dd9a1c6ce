//! Sequences of counted events and slots: advancing at once or in steps gives the same, bans last as long as they must, and
//! nothing overflows.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use middle_client::reputation::{Counter, Entity, Reputation, Status};

#[derive(Arbitrary, Debug)]
enum Step {
    Count { entity: u8, counter: u8, times: u8 },
    Slash { entity: u8 },
    Slots(u32),
}

fn named(entity: u8) -> Entity {
    match entity % 5 {
        0 => Entity::Peer([entity; 32].into()),
        1 => Entity::Prover([entity; 20].into()),
        2 => Entity::Extension([entity; 32].into()),
        3 => Entity::Sponsor([entity; 20].into()),
        _ => Entity::Sender([entity; 20].into()),
    }
}

fuzz_target!(|steps: Vec<Step>| {
    let (mut reputation, mut slot) = (Reputation { max_records: 100, ..Reputation::default() }, 0u64);
    for step in steps {
        match step {
            Step::Count { entity, counter, times } => {
                let entity = named(entity);
                let counter = Counter::ALL[usize::from(counter) % Counter::ALL.len()].1;
                for _ in 0..times {
                    let before = reputation.status(entity, slot);
                    reputation.count(entity, counter, slot);
                    if before != Status::Banned && reputation.status(entity, slot) == Status::Banned {
                        assert_eq!(reputation.status(entity, slot + 7_199), Status::Banned);
                    }
                }
                let allowed = reputation.unstaked_operations(entity, slot);
                assert!(allowed <= 10_020 && (reputation.status(entity, slot) != Status::Banned || allowed == 0));
            }
            Step::Slash { entity } => {
                reputation.ban(named(entity), slot);
                assert_eq!(reputation.status(named(entity), slot + 7_199), Status::Banned);
            }
            Step::Slots(slots) => {
                let (half, whole) = (slot + u64::from(slots) / 2, slot + u64::from(slots));
                let mut at_once = reputation.clone();
                reputation.advance(half);
                reputation.advance(whole);
                at_once.advance(whole);
                assert_eq!(reputation, at_once);
                slot = whole;
            }
        }
        assert!(reputation.records.len() <= 100 && reputation.records.len() == reputation.order.len());
    }
});
