//! Exact counters, and what they say.

use super::{MAX_COUNTED_INCLUSIONS, THROTTLED_OPERATIONS, UNSTAKED_OPERATIONS};
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node};
use serde_json::Value;

/// What is counted of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counter {
    /// Proofs that verified.
    Valid,
    /// Proofs that did not.
    Invalid,
    /// Requests that were answered in time.
    Answered,
    /// Requests that were not.
    Unanswered,
    /// Operations from a peer that were accepted.
    Accepted,
    /// Operations from a peer that were rejected.
    Rejected,
    /// Operations of the entity that were admitted.
    Seen,
    /// Operations of the entity that were settled.
    Included,
}

impl Counter {
    /// All counters, by their names in vectors.
    pub const ALL: [(&str, Counter); 8] = [
        ("valid", Counter::Valid),
        ("invalid", Counter::Invalid),
        ("answered", Counter::Answered),
        ("unanswered", Counter::Unanswered),
        ("accepted", Counter::Accepted),
        ("rejected", Counter::Rejected),
        ("seen", Counter::Seen),
        ("included", Counter::Included),
    ];
}

impl Json for Counter {
    fn to_json(&self) -> Value {
        Counter::ALL[*self as usize].0.into()
    }
    fn from_json(node: &Node) -> Result<Counter, Fault> {
        let found = Counter::ALL.iter().find(|(name, _)| node.value == name);
        found.map(|(_, counter)| *counter).ok_or_else(|| node.fault("is no counter"))
    }
}

/// The counters of an entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// As [`Counter::Valid`].
    pub valid: u64,
    /// As [`Counter::Invalid`].
    pub invalid: u64,
    /// As [`Counter::Answered`].
    pub answered: u64,
    /// As [`Counter::Unanswered`].
    pub unanswered: u64,
    /// As [`Counter::Accepted`].
    pub accepted: u64,
    /// As [`Counter::Rejected`].
    pub rejected: u64,
    /// As [`Counter::Seen`].
    pub seen: u64,
    /// As [`Counter::Included`].
    pub included: u64,
}

json_fields!(
    Counters, default: valid, invalid, answered, unanswered, accepted, rejected, seen, included
);

/// What a node does with an entity; the greater, the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Served without limits of its own.
    Ok,
    /// Served with narrow limits.
    Throttled,
    /// Not served; a peer is disconnected.
    Banned,
}

impl Status {
    /// The name in vectors and answers.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Throttled => "throttled",
            Status::Banned => "banned",
        }
    }
}

/// Sums of 64-bit counters times small numbers: 128 bits hold them.
fn ratio(good: u64, bad: u64) -> Status {
    let (good, bad) = (u128::from(good), u128::from(bad));
    // REP-001: (good + 10) / (good + bad + 11) above 0.8, and below 0.5.
    if good + 6 > 4 * bad {
        Status::Ok
    } else if good + 9 < bad {
        Status::Banned
    } else {
        Status::Throttled
    }
}

impl Counters {
    /// A counter, for a change.
    pub fn get_mut(&mut self, counter: Counter) -> &mut u64 {
        match counter {
            Counter::Valid => &mut self.valid,
            Counter::Invalid => &mut self.invalid,
            Counter::Answered => &mut self.answered,
            Counter::Unanswered => &mut self.unanswered,
            Counter::Accepted => &mut self.accepted,
            Counter::Rejected => &mut self.rejected,
            Counter::Seen => &mut self.seen,
            Counter::Included => &mut self.included,
        }
    }

    /// What the proofs say.
    pub fn proofs(&self) -> Status {
        ratio(self.valid, self.invalid)
    }

    /// What the answers to requests say.
    pub fn availability(&self) -> Status {
        ratio(self.answered, self.unanswered)
    }

    /// What the Operations say that the entity relayed as a peer.
    pub fn relaying(&self) -> Status {
        // REP-002: a prior of its own, so that one rejected Operation does not end a connection.
        match 2 * u128::from(self.accepted) + 17 < 3 * u128::from(self.rejected) {
            true => Status::Banned,
            false => Status::Ok,
        }
    }

    /// What the share of settled Operations says.
    pub fn inclusion(&self) -> Status {
        // REP-003: a tenth of what was seen, with slack (ERC-7562).
        let (expected, included) = (u128::from(self.seen / 10), u128::from(self.included));
        if expected <= included + 10 {
            Status::Ok
        } else if expected <= included + 50 {
            Status::Throttled
        } else {
            Status::Banned
        }
    }

    // REP-004: no mean hides a bad number.
    /// The worst of all.
    pub fn status(&self) -> Status {
        let parts = [self.proofs(), self.availability(), self.relaying(), self.inclusion()];
        parts.into_iter().max().unwrap_or(Status::Ok)
    }

    /// How many Operations of the entity a pool holds: of an extension, or of a sponsor without stake.
    pub fn unstaked_operations(&self, status: Status) -> u64 {
        // REP-005: grows with inclusion.
        match status {
            Status::Banned => 0,
            Status::Throttled => THROTTLED_OPERATIONS,
            Status::Ok => {
                let rate = u128::from(self.included) * 10 / u128::from(self.seen.max(1));
                // More included than seen happens after a restart; the rate is at most one.
                let rate = rate.min(10) as u64;
                UNSTAKED_OPERATIONS + rate + self.included.min(MAX_COUNTED_INCLUSIONS)
            }
        }
    }

    /// The counters after one period without events.
    pub fn decayed(&self) -> Counters {
        // REP-006: each alone, rounded down, so that everything is forgotten in the end.
        let decay = |value: u64| (u128::from(value) * 23 / 24) as u64;
        Counters {
            valid: decay(self.valid),
            invalid: decay(self.invalid),
            answered: decay(self.answered),
            unanswered: decay(self.unanswered),
            accepted: decay(self.accepted),
            rejected: decay(self.rejected),
            seen: decay(self.seen),
            included: decay(self.included),
        }
    }
}
