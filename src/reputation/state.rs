//! The reputation that a node keeps: counters, bans, decay.

use super::{BAN_SLOTS, Counter, Counters, DECAY_SLOTS, MAX_BAN_DOUBLINGS, MAX_RECORDS, MEMORY_SLOTS, Status};
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node};
use crate::notation::{B256, Reject, Rejection, Stage};
use alloy_primitives::Address;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reputation {
    /// How many records are kept: [`MAX_RECORDS`]. Vectors keep fewer, so that they stay readable.
    pub max_records: usize,
    /// The number of periods of [`DECAY_SLOTS`] that have been applied.
    pub periods: u64,
    /// The entities of which anything is known.
    pub records: BTreeMap<Entity, Record>,
    /// The order in which records are forgotten.
    pub order: BTreeSet<Place>,
}

/// The place of a record in the order in which they are forgotten: the end of its last ban, its kind, and whose it is.
pub type Place = (u64, u8, Entity);

fn place(entity: Entity, record: &Record) -> Place {
    // REP-010: the less a name costs, the sooner it is forgotten.
    let kind = match entity {
        Entity::Sender(_) => 0,
        Entity::Sponsor(_) => 1,
        Entity::Prover(_) => 2,
        Entity::Peer(_) => 3,
        Entity::Extension(_) => 4,
    };
    (record.banned_until, kind, entity)
}

impl Default for Reputation {
    fn default() -> Reputation {
        Reputation { max_records: MAX_RECORDS, periods: 0, records: BTreeMap::new(), order: BTreeSet::new() }
    }
}

impl Reputation {
    /// The reputation as vectors show it.
    pub fn to_json(&self) -> Value {
        json!({"periods": self.periods.to_json(), "records": self.records.to_json()})
    }

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

    /// How many Operations of an extension, or of a sponsor without stake, a pool holds.
    pub fn unstaked_operations(&self, entity: Entity, slot: u64) -> u64 {
        let record = self.records.get(&entity).copied().unwrap_or_default();
        record.counters.unstaked_operations(self.status(entity, slot))
    }

    /// Counts an event, unless a ban lasts. The status may become a ban.
    pub fn count(&mut self, entity: Entity, counter: Counter, slot: u64) {
        self.advance(slot);
        let record = self.record(entity);
        // REP-007: who is banned starts anew, whatever still comes of what it did before.
        if slot < record.banned_until {
            return;
        }
        let value = record.counters.get_mut(counter);
        *value = value.saturating_add(1);
        if record.counters.status() == Status::Banned {
            self.begin_ban(entity, slot);
        }
    }

    /// Bans an entity whatever its counters say: its stake was slashed.
    pub fn ban(&mut self, entity: Entity, slot: u64) {
        self.advance(slot);
        self.record(entity);
        self.begin_ban(entity, slot);
    }

    fn begin_ban(&mut self, entity: Entity, slot: u64) {
        if let Some(record) = self.records.get_mut(&entity) {
            self.order.remove(&place(entity, record));
            record.ban(slot);
            self.order.insert(place(entity, record));
        }
    }

    /// The record of an entity; a new one takes the place of another if there are too many.
    fn record(&mut self, entity: Entity) -> &mut Record {
        if !self.records.contains_key(&entity) {
            // REP-010: who had no ban, and then whose ban ends first.
            while self.records.len() >= self.max_records
                && let Some((.., first)) = self.order.pop_first()
            {
                self.records.remove(&first);
            }
            self.order.insert(place(entity, &Record::default()));
        }
        self.records.entry(entity).or_default()
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
            // REP-010: by the period's first slot, so that it is the same when nobody looked for a while.
            let begin = periods * DECAY_SLOTS;
            let is_over = |record: &Record| record.banned_until.saturating_add(MEMORY_SLOTS) <= begin;
            self.records.retain(|_, it| it.counters != Counters::default() || it.bans > 0 && !is_over(it));
            self.order.retain(|(.., entity)| self.records.contains_key(entity));
        }
    }
}

impl Record {
    /// Begins a ban.
    fn ban(&mut self, slot: u64) {
        // REP-007: bans double; afterwards the entity starts anew.
        self.banned_until = slot.saturating_add(BAN_SLOTS << self.bans.min(MAX_BAN_DOUBLINGS));
        self.bans = self.bans.saturating_add(1);
        self.counters = Counters::default();
    }
}

// REP-009: nobody is blamed for what he could not know.
/// Whether a refusal for this reason counts against who sent the message.
pub fn counts_against(reason: Reject) -> bool {
    reason.stage() != Stage::Admission
}
