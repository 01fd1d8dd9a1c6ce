//! Cases of the format `reputation`: what counters say, and histories of events.

use super::evaluate::Stop;
use super::fixture::{account, extension, field};
use super::json::{Fault, Json, Node, digest, hex};
use super::{Case, Draft, case};
use crate::notation::{B256, Reject};
use crate::reputation::{Counter, Counters, Entity, Reputation, Status};
use serde_json::{Value, json};

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    match node.field("kind")?.text()? {
        "counters" => {
            node.only(&["counters", "kind"])?;
            let counters: Counters = field(&node, "counters")?;
            let status = counters.status();
            Ok(json!({
                "outcome": "accept",
                "stage": "admission",
                "proofs": counters.proofs().name(),
                "availability": counters.availability().name(),
                "relaying": counters.relaying().name(),
                "inclusion": counters.inclusion().name(),
                "status": status.name(),
                "unstakedOperations": counters.unstaked_operations(status).to_json(),
                "decayed": counters.decayed().to_json(),
            }))
        }
        "history" => {
            node.only(&["entity", "events", "kind", "maxRecords", "slot"])?;
            let mut reputation = Reputation::default();
            if let Some(most) = node.optional("maxRecords")? {
                reputation.max_records = most.number()? as usize;
            }
            for event in node.field("events")?.items()? {
                let (entity, slot): (Entity, u64) = (field(&event, "entity")?, field(&event, "slot")?);
                if let Some(slashed) = event.optional("slashed")? {
                    event.only(&["entity", "slashed", "slot"])?;
                    if !bool::from_json(&slashed)? {
                        return Err(slashed.fault("is not true").into());
                    }
                    reputation.ban(entity, slot);
                    continue;
                }
                event.only(&["counter", "entity", "slot", "times"])?;
                let counter: Counter = field(&event, "counter")?;
                for _ in 0..event.field("times")?.number()? {
                    reputation.count(entity, counter, slot);
                }
            }
            let (entity, slot) = (field(&node, "entity")?, field(&node, "slot")?);
            reputation.advance(slot);
            reputation.check(entity, slot)?;
            let state = reputation.to_json();
            Ok(json!({
                "outcome": "accept",
                "stage": "admission",
                "status": reputation.status(entity, slot).name(),
                "unstakedOperations": reputation.unstaked_operations(entity, slot).to_json(),
                "digest": hex(digest(&state)),
                "state": state,
            }))
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

/// The cases, each ignored one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [counters(), histories()].concat()
}

fn counted(name: &str, rules: &[&str], counters: Counters, status: Status) -> Case {
    case(&format!("reputation-counters-{name}"), "What these counters say.", rules)
        .object(json!({"kind": "counters", "counters": counters.to_json()}))
        .accept()
        .stating("status", status.name())
}

fn counters() -> Vec<Case> {
    use Status::{Banned, Ok, Throttled};
    let zero = Counters::default();
    let proofs = |valid, invalid| Counters { valid, invalid, ..zero };
    let relayed = |accepted, rejected| Counters { accepted, rejected, ..zero };
    let seen = |seen, included| Counters { seen, included, ..zero };
    let largest = Counters { valid: u64::MAX, invalid: u64::MAX, ..zero };
    let ratios: &[&str] = &["REP-001", "REP-004", "REP-006"];
    let inclusion: &[&str] = &["REP-003", "REP-005", "REP-006"];
    vec![
        counted("none", ratios, zero, Ok),
        counted("one-invalid", ratios, proofs(0, 1), Ok),
        counted("equality-is-throttled", ratios, proofs(2, 2), Throttled),
        counted("just-ok", ratios, proofs(3, 2), Ok),
        counted("last-throttled", ratios, proofs(0, 9), Throttled),
        counted("first-banned", ratios, proofs(0, 10), Banned),
        counted("largest", ratios, largest, Throttled),
        counted("availability", ratios, Counters { answered: 1, unanswered: 11, ..zero }, Banned),
        counted("worst", &["REP-004"], Counters { valid: 1_000, unanswered: 10, ..zero }, Banned),
        counted("relaying-5", &["REP-002"], relayed(0, 5), Ok),
        counted("relaying-6", &["REP-002"], relayed(0, 6), Banned),
        counted("relaying-equality", &["REP-002"], relayed(2, 7), Ok),
        counted("relaying-much", &["REP-002"], relayed(u64::MAX, u64::MAX), Banned),
        counted("seen-109", inclusion, seen(109, 0), Ok),
        counted("seen-110", inclusion, seen(110, 0), Throttled),
        counted("seen-509", inclusion, seen(509, 0), Throttled),
        counted("seen-510", inclusion, seen(510, 0), Banned),
        counted("half-included", inclusion, seen(100, 50), Ok).stating("unstakedOperations", 65u64.to_json()),
        counted("all-included", inclusion, seen(7, 7), Ok).stating("unstakedOperations", 27u64.to_json()),
        counted("many-included", inclusion, seen(20_000, 20_000), Ok)
            .stating("unstakedOperations", 10_020u64.to_json()),
        counted("more-included-than-seen", inclusion, seen(0, 3), Ok).stating("unstakedOperations", 23u64.to_json()),
    ]
}

fn event(slot: u64, entity: Entity, counter: Counter, times: u32) -> Value {
    json!({"slot": slot.to_json(), "entity": entity.to_json(), "counter": counter.to_json(), "times": times})
}

fn slashed(slot: u64, entity: Entity) -> Value {
    json!({"slot": slot.to_json(), "entity": entity.to_json(), "slashed": true})
}

fn history(name: &str, description: &str, rules: &[&str], events: &[Value], entity: Entity, slot: u64) -> Draft {
    case(&format!("reputation-history-{name}"), description, rules).object(json!({
        "kind": "history",
        "events": events,
        "entity": entity.to_json(),
        "slot": slot.to_json(),
    }))
}

fn histories() -> Vec<Case> {
    let peer = Entity::Peer(B256::with_last_byte(1));
    let other = Entity::Peer(B256::with_last_byte(2));
    let prover = Entity::Prover(account("prover"));
    let (sender, sponsor) = (Entity::Sender(account("alice")), Entity::Sponsor(account("sponsor")));
    let (second, used) = (Entity::Prover(account("bob")), Entity::Extension(extension("one")));
    let ban = |slot| event(slot, peer, Counter::Rejected, 6);
    let accepted = |slot, times| event(slot, peer, Counter::Accepted, times);
    let decay: &[&str] = &["REP-006"];
    let bans: &[&str] = &["REP-007", "REP-008"];
    let memory: &[&str] = &["REP-007", "REP-010"];
    let accept = |name: &str, description: &str, rules: &[&str], events: &[Value], slot| {
        history(name, description, rules, events, peer, slot).accept()
    };
    let refuse = |name: &str, description: &str, origin: &str, mutation: &str, events: &[Value], slot| {
        history(name, description, bans, events, peer, slot)
            .derived_from(&format!("reputation-history-{origin}"), mutation)
            .reject(Reject::EntityBanned)
    };
    let few = |name: &str, description: &str, events: &[Value]| {
        let events: Value = events.to_vec().into();
        case(&format!("reputation-history-{name}"), description, ["REP-010"])
            .object(json!({
                "kind": "history",
                "events": events,
                "entity": prover.to_json(),
                "maxRecords": 2,
                "slot": 20u64.to_json(),
            }))
            .accept()
    };
    let all = [
        event(0, prover, Counter::Valid, 3),
        event(1, Entity::Extension(extension("one")), Counter::Included, 2),
        event(2, Entity::Sponsor(account("sponsor")), Counter::Seen, 1),
        event(3, Entity::Sender(account("alice")), Counter::Included, 1),
        event(4, other, Counter::Answered, 5),
    ];
    let shown =
        |name: &str, description: &str, events: &[Value], slot| history(name, description, bans, events, prover, slot);
    vec![
        accept("nothing", "Nothing is known.", &["REP-004"], &[], 0),
        accept("all-entities", "Each kind of entity.", &["REP-004"], &all, 5),
        accept("before-decay", "The last slot of a period.", decay, &[accepted(0, 100)], 299),
        accept("decay", "The first slot of the next period.", decay, &[accepted(0, 100)], 300),
        accept("two-decays", "Two periods, rounded down twice.", decay, &[accepted(0, 100)], 600),
        accept("forgotten", "What is zero is forgotten.", &["REP-006", "REP-010"], &[accepted(299, 1)], 300),
        accept("no-ban", "Five rejected Operations.", bans, &[event(10, peer, Counter::Rejected, 5)], 10),
        accept("ban-over", "The slot in which the ban ends.", bans, &[ban(10)], 7_210),
        accept(
            "ban-uncounted",
            "What is counted while a ban lasts begins no other one.",
            bans,
            &[ban(10), event(11, peer, Counter::Rejected, 250)],
            7_210,
        ),
        accept("other-peer", "A ban is its entity's alone.", bans, &[event(10, other, Counter::Rejected, 6)], 10),
        accept("second-ban-over", "The second ban is twice as long.", bans, &[ban(10), ban(7_210)], 21_610),
        // The ban ends in slot 7,210, and the period that begins 216,000 slots later or more begins in slot 223,500.
        accept("ban-remembered", "The last slot in which a ban is remembered.", memory, &[ban(10)], 223_499),
        accept("ban-forgotten", "The first slot in which it is forgotten.", memory, &[ban(10)], 223_500),
        accept(
            "ban-counters",
            "A record with counters is not forgotten.",
            memory,
            &[ban(10), accepted(223_000, 100)],
            223_500,
        ),
        few(
            "full",
            "The third record takes the place of the one without a ban.",
            &[ban(10), event(10, other, Counter::Accepted, 1), event(11, prover, Counter::Valid, 1)],
        ),
        few(
            "full-bans",
            "Of two that are banned the one goes whose ban ends first.",
            &[event(10, other, Counter::Rejected, 6), ban(11), event(12, prover, Counter::Valid, 1)],
        ),
        few(
            "full-tie",
            "Of two without a ban the least goes.",
            &[event(10, other, Counter::Accepted, 1), accepted(10, 1), event(11, prover, Counter::Valid, 1)],
        ),
        few(
            "full-sender",
            "A sender is forgotten before a peer.",
            &[accepted(10, 1), event(10, sender, Counter::Seen, 100), event(11, prover, Counter::Valid, 1)],
        ),
        few(
            "full-sponsor",
            "A sponsor is forgotten before a peer.",
            &[accepted(10, 1), event(10, sponsor, Counter::Included, 9), event(11, prover, Counter::Valid, 1)],
        ),
        few(
            "full-sender-sponsor",
            "A sender is forgotten before a sponsor.",
            &[
                event(10, sponsor, Counter::Seen, 1),
                event(10, sender, Counter::Seen, 1),
                event(11, prover, Counter::Valid, 1),
            ],
        ),
        few(
            "full-prover",
            "A prover is forgotten before a peer.",
            &[accepted(10, 1), event(10, second, Counter::Valid, 1), event(11, prover, Counter::Valid, 1)],
        ),
        few(
            "full-extension",
            "A peer is forgotten before an extension.",
            &[event(10, used, Counter::Included, 1), accepted(10, 1), event(11, prover, Counter::Valid, 1)],
        ),
        few(
            "full-banned-sender",
            "A sender that is banned stays longer than a peer that is not.",
            &[event(10, sender, Counter::Seen, 510), accepted(10, 1), event(11, prover, Counter::Valid, 1)],
        ),
        shown("slashed-over", "A prover whose stake was slashed, when the ban ends.", &[slashed(10, prover)], 7_210)
            .accept(),
        shown(
            "slashed-banned-over",
            "A slash begins a second ban while the first lasts.",
            &[event(10, prover, Counter::Invalid, 10), slashed(20, prover)],
            14_420,
        )
        .accept(),
        refuse("ban", "Six rejected Operations.", "no-ban", "count one more", &[ban(10)], 10),
        refuse("ban-last-slot", "The last slot of the ban.", "ban-over", "ask a slot earlier", &[ban(10)], 7_209),
        refuse(
            "second-ban-last-slot",
            "The last slot of the second ban.",
            "second-ban-over",
            "ask a slot earlier",
            &[ban(10), ban(7_210)],
            21_609,
        ),
        shown("slashed", "The last slot of the ban of a slashed prover.", &[slashed(10, prover)], 7_209)
            .derived_from("reputation-history-slashed-over", "ask a slot earlier")
            .reject(Reject::EntityBanned),
        shown(
            "slashed-banned",
            "The last slot of the second ban.",
            &[event(10, prover, Counter::Invalid, 10), slashed(20, prover)],
            14_419,
        )
        .derived_from("reputation-history-slashed-banned-over", "ask a slot earlier")
        .reject(Reject::EntityBanned),
    ]
}
