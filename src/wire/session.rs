//! What one peer may say when, and what it must deliver.

use super::{
    Announcement, Capabilities, Extension, MAX_GIVEN_UP, MAX_OPEN_REQUESTS, MAX_OPEN_VERIFICATIONS, MAX_PUSHED_BYTES,
    MAX_REMEMBERED, MAX_REQUESTED, MAX_VERIFICATIONS_PER_SLOT, Message, PooledItems, Request, Status, VERSION, Verdict,
    VerificationResponse,
};
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection};
use crate::operation::{ChainView, rlp, wire_hash};
use crate::post_operation::Proof;
use crate::proving::CUSTOM_TIER;
use alloy_primitives::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// The connection to a peer, from when it is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Whether the peer's status has come.
    pub is_open: bool,
    /// What the peer runs and verifies, as it has said last.
    pub capabilities: Option<Capabilities>,
    /// What the peer has announced and not delivered: type and size by wire hash.
    pub announced: BTreeMap<B256, (u8, u32)>,
    /// The wire hashes that are asked of the peer, with the slots of the requests, by request id.
    pub requested: BTreeMap<u64, (BTreeSet<B256>, u64)>,
    /// The extensions that are asked of the peer, with the slots of the requests, by request id.
    pub requested_extensions: BTreeMap<u64, (B256, u64)>,
    /// The last request id in use; the first one is 1.
    pub last_request_id: u64,
    /// The slot of the peer's last verification request, and their number in it.
    pub verifications: (u64, u32),
    /// The peer's verification requests that are open, with the slots in which they came.
    pub open_verifications: BTreeMap<B256, u64>,
    /// The requests for verification that the peer has not answered: the name of the result, and the request's slot.
    pub asked_verifications: BTreeMap<B256, (B256, u64)>,
    /// The ids of the last requests for verification that were given up, the oldest first.
    pub given_up: Vec<B256>,
}

json_fields!(
    Session: is_open, capabilities, announced, requested, requested_extensions, last_request_id, verifications,
    open_verifications, asked_verifications, given_up
);

/// What the node does after a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing but to take note.
    None,
    /// Send this message to the peer.
    Send(Message),
    /// Give these Operations to the pool.
    Operations(Vec<Bytes>),
    /// Give these PostOperations to the pool.
    PostOperations(Vec<Bytes>),
    /// Answer this message from the pools.
    Answer(Message),
    /// Take note of what the peer can do.
    Capabilities {
        /// Whether it says so for the first time.
        first: bool,
    },
    /// Use the verdict for which the node has asked.
    Verdict(VerificationResponse),
    /// Adopt the extension for which the node has asked, if it is the one with this id.
    Extension(B256, Extension),
}

fn refuse<T>(reason: Reject, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(reason, 0, detail))
}

impl Session {
    /// The status that a node sends first.
    pub fn status(view: &ChainView, head_hash: B256) -> Status {
        Status {
            version: VERSION,
            chain_id: view.chain_id,
            consensus_contract: view.consensus_contract,
            head_hash,
            head_number: view.head_number,
        }
    }

    /// Handles a message of the peer. `is_known` says which wire hashes need not be fetched. Every refusal ends the
    /// connection, unless it is ignored.
    pub fn receive(
        &mut self,
        message: Message,
        view: &ChainView,
        is_known: &dyn Fn(B256) -> bool,
    ) -> Result<Action, Rejection> {
        match (&message, self.is_open) {
            (Message::Status(status), false) => self.open(status, view),
            // WIRE-006: once, and first.
            (Message::Status(_), true) => refuse(Reject::StatusUnexpected, "a second status"),
            (_, false) => refuse(Reject::StatusUnexpected, "a message before the status"),
            (Message::Capabilities(capabilities), _) => {
                // WIRE-008: an old message is no news.
                let last = self.capabilities.as_ref().map(|last| last.sequence);
                if last.is_some_and(|last| capabilities.sequence <= last) {
                    return refuse(Reject::SequenceNotRaised, capabilities.sequence.to_string());
                }
                self.capabilities = Some(capabilities.clone());
                Ok(Action::Capabilities { first: last.is_none() })
            }
            (Message::NewOperationHashes(announcement), _) => {
                self.announce(announcement, Message::GetOperations, view.slot, is_known)
            }
            (Message::NewPostOperationHashes(announcement), _) => {
                self.announce(announcement, Message::GetPostOperations, view.slot, is_known)
            }
            (Message::Operations(items), _) if items.request_id == 0 => {
                // WIRE-011: small ones may come unasked.
                match items.items.iter().find(|item| item.len() > MAX_PUSHED_BYTES) {
                    Some(item) => refuse(Reject::ResponseUnrequested, format!("{} bytes pushed", item.len())),
                    None => Ok(Action::Operations(items.items.clone())),
                }
            }
            (
                Message::Operations(PooledItems { request_id, .. })
                | Message::PostOperations(PooledItems { request_id, .. })
                | Message::Extension(Extension { request_id, .. }),
                _,
            ) if self.is_over(*request_id) => Ok(Action::None),
            (Message::Operations(items), _) => self.deliver(items).map(Action::Operations),
            (Message::PostOperations(items), _) => self.deliver(items).map(Action::PostOperations),
            (Message::VerificationRequest(request), _) => {
                // WIRE-014: a quota in each slot, and at once; what was never answered is open for a slot.
                self.open_verifications.retain(|_, since| view.slot <= since.saturating_add(1));
                let count = if self.verifications.0 == view.slot { self.verifications.1 } else { 0 };
                if count >= MAX_VERIFICATIONS_PER_SLOT
                    || self.open_verifications.len() >= MAX_OPEN_VERIFICATIONS as usize
                {
                    return refuse(Reject::TooManyVerifications, format!("{count} in this slot"));
                }
                self.verifications = (view.slot, count + 1);
                self.open_verifications.insert(request.id(), view.slot);
                Ok(Action::Answer(message))
            }
            (Message::VerificationResponse(response), _) => {
                // WIRE-017: late is not wrong.
                if let Some(place) = self.given_up.iter().position(|given_up| *given_up == response.request) {
                    self.given_up.remove(place);
                    return Ok(Action::None);
                }
                // WIRE-015: an answer to a question, signed.
                let said = (response.post_operation, response.slot);
                if self.asked_verifications.get(&response.request) != Some(&said) {
                    return refuse(Reject::ResponseUnrequested, response.request.to_string());
                }
                if Verdict::from_number(response.verdict).is_none() {
                    return refuse(Reject::VerdictUnknown, response.verdict.to_string());
                }
                response.check(view)?;
                self.asked_verifications.remove(&response.request);
                Ok(Action::Verdict(response.clone()))
            }
            (Message::Extension(extension), _) => {
                // WIRE-010: an answer to a question.
                match self.requested_extensions.remove(&extension.request_id) {
                    Some((id, _)) => Ok(Action::Extension(id, extension.clone())),
                    None => refuse(Reject::ResponseUnrequested, extension.request_id.to_string()),
                }
            }
            (Message::GetOperations(_) | Message::GetPostOperations(_) | Message::GetExtension(_), _) => {
                Ok(Action::Answer(message))
            }
        }
    }

    fn open(&mut self, status: &Status, view: &ChainView) -> Result<Action, Rejection> {
        // WIRE-007: the same protocol on the same chain.
        if (status.version, status.chain_id, status.consensus_contract)
            != (VERSION, view.chain_id, view.consensus_contract)
        {
            return refuse(Reject::StatusMismatch, format!("{status:?}"));
        }
        self.is_open = true;
        Ok(Action::None)
    }

    fn announce(
        &mut self,
        announcement: &Announcement,
        ask: fn(Request) -> Message,
        slot: u64,
        is_known: &dyn Fn(B256) -> bool,
    ) -> Result<Action, Rejection> {
        let mut hashes = BTreeSet::new();
        for ((hash, kind), size) in announcement.hashes.iter().zip(&announcement.types).zip(&announcement.sizes) {
            // WIRE-009: bounded, whatever a peer announces.
            let has_room = self.announced.len() < MAX_REMEMBERED && self.open_requests() < MAX_OPEN_REQUESTS;
            if !has_room || is_known(*hash) || self.announced.contains_key(hash) || hashes.len() >= MAX_REQUESTED {
                continue;
            }
            self.announced.insert(*hash, (*kind, *size));
            hashes.insert(*hash);
        }
        if hashes.is_empty() {
            return Ok(Action::None);
        }
        let request_id = self.next_request(hashes.clone(), slot);
        Ok(Action::Send(ask(Request { request_id, hashes: hashes.into_iter().collect() })))
    }

    /// Notes a request for items to the peer in this slot, and gives its id.
    pub fn next_request(&mut self, hashes: BTreeSet<B256>, slot: u64) -> u64 {
        self.last_request_id += 1;
        self.requested.insert(self.last_request_id, (hashes, slot));
        self.last_request_id
    }

    /// Notes that an extension is asked of the peer in this slot, and gives the request's id. None if too much is asked
    /// already.
    pub fn next_extension(&mut self, id: B256, slot: u64) -> Option<u64> {
        // WIRE-009: extensions count as requests do.
        if self.open_requests() >= MAX_OPEN_REQUESTS {
            return None;
        }
        self.last_request_id += 1;
        self.requested_extensions.insert(self.last_request_id, (id, slot));
        Some(self.last_request_id)
    }

    /// The number of requests to the peer that are open.
    pub fn open_requests(&self) -> usize {
        self.requested.len() + self.requested_extensions.len()
    }

    /// Gives up the requests that were made more than two slots before this one. Gives the names of the results on which
    /// verdicts are missing, and the number of the other requests.
    pub fn give_up(&mut self, slot: u64) -> (Vec<B256>, usize) {
        // NODE-010, NODE-012, WIRE-018: the answer has until the second slot after the request's is over.
        let is_late = |since: u64| since.saturating_add(2) < slot;
        let mut names = Vec::new();
        let given_up = &mut self.given_up;
        self.asked_verifications.retain(|id, (name, since)| {
            if is_late(*since) {
                names.push(*name);
                given_up.push(*id);
            }
            !is_late(*since)
        });
        // WIRE-017: in bounded memory.
        self.given_up.drain(..self.given_up.len().saturating_sub(MAX_GIVEN_UP));
        let open = self.open_requests();
        self.requested_extensions.retain(|_, (_, since)| !is_late(*since));
        let announced = &mut self.announced;
        self.requested.retain(|_, (hashes, since)| {
            if is_late(*since) {
                // What did not come may be announced again.
                for hash in hashes.iter() {
                    announced.remove(hash);
                }
            }
            !is_late(*since)
        });
        (names, open - self.open_requests())
    }

    /// Whether a request with this id was made, and is not open any more.
    fn is_over(&self, request_id: u64) -> bool {
        // WIRE-017: late is not wrong. Ids count up, so all of them are known without a list.
        let is_open = self.requested.contains_key(&request_id) || self.requested_extensions.contains_key(&request_id);
        (1..=self.last_request_id).contains(&request_id) && !is_open
    }

    /// Whether the peer has said that it has adopted the extension.
    pub fn has_extension(&self, id: B256) -> bool {
        self.capabilities.as_ref().is_some_and(|it| it.extensions.contains(&id))
    }

    /// Whether the peer has said that it verifies proofs like this one.
    pub fn verifies(&self, proof: &Proof) -> bool {
        // NODE-011: silence is no yes.
        self.capabilities.as_ref().is_some_and(|it| {
            it.proof_types.contains(&proof.proof_type)
                && (it.tiers.contains(&proof.tier) || proof.tier == CUSTOM_TIER)
                && rlp::length(proof) <= it.max_proof_bytes as usize
        })
    }

    /// Notes that the node has answered a request of the peer for verification.
    pub fn verified(&mut self, request: B256) {
        self.open_verifications.remove(&request);
    }

    fn deliver(&mut self, items: &PooledItems) -> Result<Vec<Bytes>, Rejection> {
        // WIRE-010: an answer to a question, with nothing else in it.
        let Some((mut wanted, _)) = self.requested.remove(&items.request_id) else {
            return refuse(Reject::ResponseUnrequested, items.request_id.to_string());
        };
        for item in &items.items {
            let hash = wire_hash(item);
            if !wanted.remove(&hash) {
                return refuse(Reject::ResponseUnrequested, hash.to_string());
            }
            let found = (item.first().copied().unwrap_or(0), item.len() as u32);
            // WIRE-016: what was announced is what comes.
            if self.announced.remove(&hash).is_some_and(|announced| announced != found) {
                return refuse(Reject::AnnouncedOtherwise, format!("type {}, {} bytes", found.0, found.1));
            }
        }
        // What the peer no longer has may be announced again.
        for hash in &wanted {
            self.announced.remove(hash);
        }
        Ok(items.items.clone())
    }
}
