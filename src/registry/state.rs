//! The registry's state and its calls, as the contract executes them.

use super::{ACTIVATION_SLOTS, BLOB_SLOTS, DEPRECATION_SLOTS, Entry, Preparation};
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node};
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::operation::{ChainView, ExtensionView};
use crate::proof_system::VerifyingKey;
use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The registry of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// The chain id.
    pub chain_id: u64,
    /// The entries by extension id.
    pub entries: BTreeMap<B256, Registered>,
    /// The slots in which blobs were last published, by versioned hash.
    pub blobs: BTreeMap<B256, u64>,
    /// What has been prepared, by extension id.
    pub preparations: BTreeMap<B256, Preparation>,
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

json_fields!(Registry, default: chain_id, entries, blobs, preparations);
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
    /// Notes that the blobs of this transaction are published.
    PublishBlobs,
    /// Registers an entry.
    Register(Box<Entry>),
    /// Adds constants of an extension to its code point.
    Prepare {
        /// The extension.
        id: B256,
        /// The tier.
        tier: u32,
        /// The encoding of its canonical code.
        encoding: Bytes,
        /// How many constants to add at most.
        count: u32,
    },
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
            Call::PublishBlobs => json!({"call": "publishBlobs"}),
            Call::Prepare { id, tier, encoding, count } => json!({
                "call": "prepare",
                "id": id.to_json(),
                "tier": tier,
                "encoding": encoding.to_json(),
                "count": count,
            }),
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
            "publishBlobs" => Ok(Call::PublishBlobs),
            "prepare" => Ok(Call::Prepare {
                id: id()?,
                tier: Json::from_json(&node.field("tier")?)?,
                encoding: Json::from_json(&node.field("encoding")?)?,
                count: Json::from_json(&node.field("count")?)?,
            }),
            "setSuccessor" => {
                Ok(Call::SetSuccessor { id: id()?, successor: Json::from_json(&node.field("successor")?)? })
            }
            "deprecate" => Ok(Call::Deprecate { id: id()?, from: Json::from_json(&node.field("from")?)? }),
            _ => Err(node.fault("is no call of the registry")),
        }
    }
}

impl Registry {
    /// Executes a call; a refused one leaves the state as it was. `keys` are those of the tiers, in their order, with which
    /// the contract was deployed.
    pub fn call(
        &mut self,
        caller: Address,
        call: &Call,
        view: &ChainView,
        keys: &[VerifyingKey],
    ) -> Result<(), Rejection> {
        let slot = view.slot;
        match call {
            Call::PublishBlobs => {
                // REG-017: the transaction shows that they are available now.
                self.blobs.extend(view.blob_hashes.iter().map(|hash| (*hash, slot)));
                Ok(())
            }
            Call::Register(entry) => self.register(caller, entry, view),
            Call::Prepare { id, tier, encoding, count } => self.prepare(*id, *tier, encoding, *count, keys),
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

    /// What the pools and the Consensus Contract need to know of an extension.
    pub fn extension(&self, id: B256) -> Option<ExtensionView> {
        let registered = self.entries.get(&id)?;
        let preparation = self.preparations.get(&id);
        let points = preparation.into_iter().flat_map(|it| &it.points);
        Some(ExtensionView {
            entry_hash: keccak256(registered.entry.to_bytes()),
            code_commitment: registered.entry.code_commitment,
            mode: registered.entry.mode,
            proof_system: registered.entry.proof_system,
            data_rule: registered.entry.data_rule,
            reads_witness: preparation.is_some_and(|it| it.reads_witness),
            prepared: points.filter(|(_, point)| point.is_complete()).map(|(tier, _)| *tier).collect(),
            active_from: registered.slot.saturating_add(ACTIVATION_SLOTS),
            deprecated_from: registered.deprecated_from,
            quarantined: registered.quarantined,
        })
    }

    fn register(&mut self, caller: Address, entry: &Entry, view: &ChainView) -> Result<(), Rejection> {
        // REG-007: nobody registers in another's name.
        if caller != entry.developer {
            return refuse(Reject::NotDeveloper, format!("{caller}, not {}", entry.developer));
        }
        entry.check()?;
        // REG-017: of this transaction, or published not long ago.
        let age = |hash: &B256| self.blobs.get(hash).and_then(|slot| view.slot.checked_sub(*slot));
        let published = |hash: &B256| age(hash).is_some_and(|age| age <= BLOB_SLOTS);
        let unknown = entry.blob_hashes.iter().find(|hash| !view.blob_hashes.contains(*hash) && !published(hash));
        if let Some(hash) = unknown {
            return refuse(Reject::BlobUnknown, hash.to_string());
        }
        let id = entry.id(self.chain_id);
        // REG-008: an entry is never replaced.
        if self.entries.contains_key(&id) {
            return refuse(Reject::ExtensionRegistered, id.to_string());
        }
        let registered = Registered {
            entry: entry.clone(),
            slot: view.slot,
            successor: None,
            deprecated_from: None,
            quarantined: false,
        };
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
