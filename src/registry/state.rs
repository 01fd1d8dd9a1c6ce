//! The registry's state and its calls, as the contract executes them.

use super::{ACTIVATION_SLOTS, DEPRECATION_SLOTS, Entry};
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node};
use crate::notation::{B256, Reject, Rejection};
use alloy_primitives::Address;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The registry of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// The chain id.
    pub chain_id: u64,
    /// The entries by extension id.
    pub entries: BTreeMap<B256, Registered>,
}

/// An entry and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The entry.
    pub entry: Entry,
    /// The slot of the registration.
    pub slot: u64,
    /// The extension that takes its place.
    pub successor: Option<B256>,
    /// The slot from which it is deprecated.
    pub deprecated_from: Option<u64>,
    /// Whether two valid proofs of it disagree.
    pub quarantined: bool,
}

json_fields!(Registry: chain_id, entries);
json_fields!(Registered: entry, slot, successor, deprecated_from, quarantined);

/// Where an extension is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Registered, and not yet active.
    Registered,
    /// Its Operations are admitted and its results settled.
    Active,
    /// Its Operations are not admitted any more.
    Deprecated,
    /// Nothing of it is admitted or settled.
    Quarantined,
}

impl Lifecycle {
    /// The name in vectors and answers.
    pub fn name(self) -> &'static str {
        match self {
            Lifecycle::Registered => "registered",
            Lifecycle::Active => "active",
            Lifecycle::Deprecated => "deprecated",
            Lifecycle::Quarantined => "quarantined",
        }
    }
}

impl Registered {
    /// Where the extension is in its life in this slot.
    pub fn lifecycle(&self, slot: u64) -> Lifecycle {
        // REG-012: the first line that holds.
        if self.quarantined {
            Lifecycle::Quarantined
        } else if self.deprecated_from.is_some_and(|from| slot >= from) {
            Lifecycle::Deprecated
        } else if slot >= self.slot.saturating_add(ACTIVATION_SLOTS) {
            Lifecycle::Active
        } else {
            Lifecycle::Registered
        }
    }
}

/// A call of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Registers an entry.
    Register(Box<Entry>),
    /// Names the successor of an extension.
    SetSuccessor {
        /// The extension.
        id: B256,
        /// What takes its place.
        successor: B256,
    },
    /// Announces the end of an extension.
    Deprecate {
        /// The extension.
        id: B256,
        /// The slot from which it is deprecated.
        from: u64,
    },
}

impl Json for Call {
    fn to_json(&self) -> Value {
        match self {
            Call::Register(entry) => json!({"call": "register", "entry": entry.to_json()}),
            Call::SetSuccessor { id, successor } => {
                json!({"call": "setSuccessor", "id": id.to_json(), "successor": successor.to_json()})
            }
            Call::Deprecate { id, from } => json!({"call": "deprecate", "id": id.to_json(), "from": from.to_json()}),
        }
    }

    fn from_json(node: &Node) -> Result<Call, Fault> {
        let id = || Json::from_json(&node.field("id")?);
        match node.field("call")?.text()? {
            "register" => Ok(Call::Register(Box::new(Json::from_json(&node.field("entry")?)?))),
            "setSuccessor" => {
                Ok(Call::SetSuccessor { id: id()?, successor: Json::from_json(&node.field("successor")?)? })
            }
            "deprecate" => Ok(Call::Deprecate { id: id()?, from: Json::from_json(&node.field("from")?)? }),
            _ => Err(node.fault("is no call of the registry")),
        }
    }
}

impl Registry {
    /// Executes a call; a refused one leaves the state as it was.
    pub fn call(&mut self, caller: Address, call: &Call, slot: u64) -> Result<(), Rejection> {
        match call {
            Call::Register(entry) => self.register(caller, entry, slot),
            Call::SetSuccessor { id, successor } => {
                // REG-009: a link leads to something else that exists.
                if id == successor || !self.entries.contains_key(successor) {
                    return refuse(Reject::SuccessorUnknown, successor.to_string());
                }
                let registered = self.owned(caller, id)?;
                // REG-011: once.
                if registered.successor.is_some() {
                    return refuse(Reject::AlreadySet, "the successor is set");
                }
                registered.successor = Some(*successor);
                Ok(())
            }
            Call::Deprecate { id, from } => {
                let registered = self.owned(caller, id)?;
                // REG-011: once.
                if registered.deprecated_from.is_some() {
                    return refuse(Reject::AlreadySet, "the deprecation is set");
                }
                // REG-010: what was admitted before the announcement can still be settled.
                if *from < slot.saturating_add(DEPRECATION_SLOTS) {
                    return refuse(Reject::DeprecationTooSoon, format!("from slot {from}, now is {slot}"));
                }
                registered.deprecated_from = Some(*from);
                Ok(())
            }
        }
    }

    fn register(&mut self, caller: Address, entry: &Entry, slot: u64) -> Result<(), Rejection> {
        // REG-007: nobody registers in another's name.
        if caller != entry.developer {
            return refuse(Reject::NotDeveloper, format!("{caller}, not {}", entry.developer));
        }
        entry.check()?;
        let id = entry.id(self.chain_id);
        // REG-008: an entry is never replaced.
        if self.entries.contains_key(&id) {
            return refuse(Reject::ExtensionRegistered, id.to_string());
        }
        let registered =
            Registered { entry: entry.clone(), slot, successor: None, deprecated_from: None, quarantined: false };
        self.entries.insert(id, registered);
        Ok(())
    }

    /// The entry, for a change that only its developer may make.
    fn owned(&mut self, caller: Address, id: &B256) -> Result<&mut Registered, Rejection> {
        let Some(registered) = self.entries.get_mut(id) else {
            return Err(Rejection::new(Reject::ExtensionUnknown, 0, id.to_string()));
        };
        // REG-007: nobody decides in another's name.
        match registered.entry.developer == caller {
            true => Ok(registered),
            false => Err(Rejection::new(Reject::NotDeveloper, 0, caller.to_string())),
        }
    }
}

fn refuse(reason: Reject, detail: impl Into<String>) -> Result<(), Rejection> {
    Err(Rejection::new(reason, 0, detail))
}
