//! The reputation that a node keeps: counters, bans, decay.

use super::{BAN_SLOTS, Counter, Counters, DECAY_SLOTS, MAX_BAN_DOUBLINGS, Status};
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node};
use crate::notation::{B256, Reject, Rejection, Stage};
use alloy_primitives::Address;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Who or what has a reputation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// A node, by its id.
    Peer(B256),
    /// A prover.
    Prover(Address),
    /// An extension.
    Extension(B256),
    /// A sponsor.
    Sponsor(Address),
    /// A sender.
    Sender(Address),
}

impl Json for Entity {
    fn to_json(&self) -> Value {
        match self {
            Entity::Peer(id) => json!(["peer", id.to_json()]),
            Entity::Prover(account) => json!(["prover", account.to_json()]),
            Entity::Extension(id) => json!(["extension", id.to_json()]),
            Entity::Sponsor(account) => json!(["sponsor", account.to_json()]),
            Entity::Sender(account) => json!(["sender", account.to_json()]),
        }
    }

    fn from_json(node: &Node) -> Result<Entity, Fault> {
        let items = node.items()?;
        let [kind, id] = items.as_slice() else { return Err(node.fault("is not a kind and an id")) };
        match kind.text()? {
            "peer" => Ok(Entity::Peer(Json::from_json(id)?)),
            "prover" => Ok(Entity::Prover(Json::from_json(id)?)),
            "extension" => Ok(Entity::Extension(Json::from_json(id)?)),
            "sponsor" => Ok(Entity::Sponsor(Json::from_json(id)?)),
            "sender" => Ok(Entity::Sender(Json::from_json(id)?)),
            _ => Err(kind.fault("is no kind of entity")),
        }
    }
}

/// What is known of an entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The counters, decayed up to the last period.
    pub counters: Counters,
    /// The slot in which the last ban ends.
    pub banned_until: u64,
    /// How many bans there were.
    pub bans: u32,
}

json_fields!(Record: counters, banned_until, bans);

/// The reputation that a node keeps of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reputation {
    /// The number of periods of [`DECAY_SLOTS`] that have been applied.
    pub periods: u64,
    /// The entities of which anything is known.
    pub records: BTreeMap<Entity, Record>,
}

json_fields!(Reputation: periods, records);

impl Reputation {
    /// The status of an entity in a slot.
    pub fn status(&self, entity: Entity, slot: u64) -> Status {
        let record = self.records.get(&entity).copied().unwrap_or_default();
        if slot < record.banned_until { Status::Banned } else { record.counters.status() }
    }

    /// Refuses what comes from a banned entity.
    pub fn check(&self, entity: Entity, slot: u64) -> Result<(), Rejection> {
        // REP-008: while the ban lasts.
        match self.status(entity, slot) {
            Status::Banned => Err(Rejection::new(Reject::EntityBanned, 0, entity.to_json().to_string())),
            _ => Ok(()),
        }
    }

    /// How many Operations of an entity without stake a pool holds.
    pub fn unstaked_operations(&self, entity: Entity, slot: u64) -> u64 {
        let record = self.records.get(&entity).copied().unwrap_or_default();
        record.counters.unstaked_operations(self.status(entity, slot))
    }

    /// Counts an event. The status may become a ban.
    pub fn count(&mut self, entity: Entity, counter: Counter, slot: u64) {
        self.advance(slot);
        let record = self.records.entry(entity).or_default();
        let value = record.counters.get_mut(counter);
        *value = value.saturating_add(1);
        // REP-007: bans double; afterwards the entity starts anew.
        if slot >= record.banned_until && record.counters.status() == Status::Banned {
            record.banned_until = slot.saturating_add(BAN_SLOTS << record.bans.min(MAX_BAN_DOUBLINGS));
            record.bans = record.bans.saturating_add(1);
            record.counters = Counters::default();
        }
    }

    /// Applies the decay up to a slot.
    pub fn advance(&mut self, slot: u64) {
        let periods = slot / DECAY_SLOTS;
        // REP-006: a step for each period; when everything is forgotten the rest changes nothing.
        for _ in self.periods..periods {
            let blank = |record: &Record| record.counters == Counters::default();
            if self.records.values().all(blank) {
                break;
            }
            self.records.values_mut().for_each(|record| record.counters = record.counters.decayed());
        }
        if periods > self.periods {
            self.periods = periods;
            self.records.retain(|_, record| record.counters != Counters::default() || record.bans > 0);
        }
    }
}

// REP-009: nobody is blamed for what he could not know.
/// Whether a refusal for this reason counts against who sent the message.
pub fn counts_against(reason: Reject) -> bool {
    reason.stage() != Stage::Admission
}
