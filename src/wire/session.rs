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
    /// Those of them that are not asked for yet, in the order of the announcements, and whether each is a PostOperation.
    pub queue: Vec<(B256, bool)>,
    /// The open request for announced items, and whether it is for PostOperations.
    pub fetching: Option<(u64, bool)>,
    /// The wire hashes that are asked of the peer, with the slots of the requests, by request id.
    pub requested: BTreeMap<u64, (Vec<B256>, u64)>,
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
    /// The ids of the last requests for items and extensions that were given up and not answered since.
    pub given_up: BTreeSet<u64>,
    /// The ids of the last requests for verification that were given up and not answered since, the oldest first.
    pub given_up_verifications: Vec<B256>,
    /// The slot in which the last message came.
    pub heard: u64,
}

json_fields!(
    Session: is_open, capabilities, announced, queue, fetching, requested, requested_extensions, last_request_id,
    verifications, open_verifications, asked_verifications, given_up, given_up_verifications, heard
);

/// What the node does after a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing but to take note.
    None,
    /// Send this message to the peer.
    Send(Message),
    /// Give these Operations to the pool, then send the next request to the peer, if there is one.
    Operations(Vec<Bytes>, Option<Message>),
    /// Give these PostOperations to the pool, then send the next request to the peer, if there is one.
    PostOperations(Vec<Bytes>, Option<Message>),
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

/// Of the ids that were given up, as many stay as requests can be open.
fn forget_oldest(late: &mut BTreeSet<u64>) {
    // WIRE-017: in bounded memory.
    while late.len() > MAX_OPEN_REQUESTS {
        late.pop_first();
    }
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
        self.heard = view.slot;
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
                Ok(self.announce(announcement, false, view.slot, is_known))
            }
            (Message::NewPostOperationHashes(announcement), _) => {
                Ok(self.announce(announcement, true, view.slot, is_known))
            }
            (Message::Operations(items), _) if items.request_id == 0 => {
                // WIRE-011: small ones may come unasked.
                match items.items.iter().find(|item| item.len() > MAX_PUSHED_BYTES) {
                    Some(item) => refuse(Reject::ResponseUnrequested, format!("{} bytes pushed", item.len())),
                    None => Ok(Action::Operations(items.items.clone(), None)),
                }
            }
            (
                Message::Operations(PooledItems { request_id, .. })
                | Message::PostOperations(PooledItems { request_id, .. })
                | Message::Extension(Extension { request_id, .. }),
                _,
                // WIRE-017: late is not wrong, once.
            ) if self.given_up.remove(request_id) => Ok(Action::None),
            (Message::Operations(items), _) => {
                self.deliver(items)?;
                Ok(Action::Operations(items.items.clone(), self.next(view.slot, is_known)))
            }
            (Message::PostOperations(items), _) => {
                self.deliver(items)?;
                Ok(Action::PostOperations(items.items.clone(), self.next(view.slot, is_known)))
            }
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
                let place = self.given_up_verifications.iter().position(|given_up| *given_up == response.request);
                if let Some(place) = place {
                    self.given_up_verifications.remove(place);
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

    /// Remembers what is announced, and begins to ask for it.
    fn announce(
        &mut self,
        announcement: &Announcement,
        is_result: bool,
        slot: u64,
        is_known: &dyn Fn(B256) -> bool,
    ) -> Action {
        for ((hash, kind), size) in announcement.hashes.iter().zip(&announcement.types).zip(&announcement.sizes) {
            // WIRE-009: bounded, whatever a peer announces.
            let has_room = self.announced.len() < MAX_REMEMBERED;
            if has_room && !is_known(*hash) && !self.announced.contains_key(hash) {
                self.announced.insert(*hash, (*kind, *size));
                self.queue.push((*hash, is_result));
            }
        }
        self.next(slot, is_known).map_or(Action::None, Action::Send)
    }

    /// The next request for announced items, if none is open and something is left to ask for.
    pub fn next(&mut self, slot: u64, is_known: &dyn Fn(B256) -> bool) -> Option<Message> {
        // WIRE-019: one after the other, so that a slow peer is not asked for more than it can send.
        if self.fetching.is_some() || self.open_requests() >= MAX_OPEN_REQUESTS {
            return None;
        }
        let (mut hashes, mut of_results, mut is_full) = (Vec::new(), None, false);
        let announced = &mut self.announced;
        self.queue.retain(|(hash, is_result)| {
            if is_full {
                return true;
            }
            if is_known(*hash) {
                announced.remove(hash);
                return false;
            }
            let of_results = *of_results.get_or_insert(*is_result);
            let is_taken = *is_result == of_results;
            if is_taken {
                hashes.push(*hash);
            }
            // A result is of use only after its Operation, which was announced before it.
            is_full = hashes.len() >= MAX_REQUESTED || of_results && !is_taken;
            !is_taken
        });
        let is_result = of_results?;
        let request_id = self.request(hashes.clone(), slot);
        self.fetching = Some((request_id, is_result));
        let request = Request { request_id, hashes };
        Some(if is_result { Message::GetPostOperations(request) } else { Message::GetOperations(request) })
    }

    /// The request for a PostOperation on which the peer wants a verdict. None if it is asked for already.
    pub fn fetch(&mut self, hash: B256, slot: u64) -> Option<Message> {
        let is_asked = self.requested.values().any(|(hashes, _)| hashes.contains(&hash));
        if is_asked || self.open_requests() >= MAX_OPEN_REQUESTS {
            return None;
        }
        self.queue.retain(|(queued, _)| *queued != hash);
        let hashes = vec![hash];
        let request_id = self.request(hashes.clone(), slot);
        Some(Message::GetPostOperations(Request { request_id, hashes }))
    }

    fn request(&mut self, hashes: Vec<B256>, slot: u64) -> u64 {
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
    /// verdicts are missing, and the number of the other requests that are counted against the peer.
    pub fn give_up(&mut self, slot: u64) -> (Vec<B256>, usize) {
        // NODE-010, NODE-012, WIRE-018: the answer has until the second slot after the request's is over.
        let is_late = |since: u64| since.saturating_add(2) < slot;
        let (mut names, mut count) = (Vec::new(), 0);
        let late_verifications = &mut self.given_up_verifications;
        self.asked_verifications.retain(|id, (name, since)| {
            if is_late(*since) {
                names.push(*name);
                late_verifications.push(*id);
            }
            !is_late(*since)
        });
        // WIRE-017: in bounded memory.
        late_verifications.drain(..late_verifications.len().saturating_sub(MAX_GIVEN_UP));
        let (late, announced, heard) = (&mut self.given_up, &mut self.announced, self.heard);
        self.requested_extensions.retain(|id, (_, since)| {
            if is_late(*since) {
                late.insert(*id);
                count += 1;
            }
            !is_late(*since)
        });
        self.requested.retain(|id, (hashes, since)| {
            if is_late(*since) {
                late.insert(*id);
                // What did not come may be announced again.
                for hash in hashes.iter() {
                    announced.remove(hash);
                }
                // WIRE-018: a slow peer is not a silent one.
                count += usize::from(heard <= *since);
            }
            !is_late(*since)
        });
        forget_oldest(late);
        self.fetching = self.fetching.filter(|(id, _)| self.requested.contains_key(id));
        (names, count)
    }

    /// Gives up the request for an extension, which is another one now.
    pub fn give_up_extension(&mut self, id: B256) {
        let late = &mut self.given_up;
        self.requested_extensions.retain(|request_id, (wanted, _)| {
            if *wanted == id {
                late.insert(*request_id);
            }
            *wanted != id
        });
        forget_oldest(late);
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

    /// Takes note of what a response holds, and of what it leaves out.
    fn deliver(&mut self, items: &PooledItems) -> Result<(), Rejection> {
        // WIRE-010: an answer to an open question, with nothing else in it.
        let Some((hashes, _)) = self.requested.remove(&items.request_id) else {
            return refuse(Reject::ResponseUnrequested, items.request_id.to_string());
        };
        let fetching = self.fetching.take_if(|(id, _)| *id == items.request_id);
        let mut missing: BTreeMap<B256, usize> = hashes.iter().copied().zip(0..).collect();
        let mut end = 0;
        for item in &items.items {
            let hash = wire_hash(item);
            let Some(place) = missing.remove(&hash) else {
                return refuse(Reject::ResponseUnrequested, hash.to_string());
            };
            end = end.max(place + 1);
            let found = (item.first().copied().unwrap_or(0), item.len() as u32);
            // WIRE-016: what was announced is what comes.
            if self.announced.remove(&hash).is_some_and(|announced| announced != found) {
                return refuse(Reject::AnnouncedOtherwise, format!("type {}, {} bytes", found.0, found.1));
            }
        }
        // WIRE-019: the peer no longer has what it leaves out before the last item; what follows may not have fitted.
        let is_cut = |hash: &B256| end > 0 && missing.get(hash).is_some_and(|place| *place >= end);
        let rest: Vec<B256> = hashes.into_iter().filter(is_cut).collect();
        for hash in missing.keys().filter(|hash| !rest.contains(hash)) {
            self.announced.remove(hash);
        }
        if let Some((_, is_result)) = fetching {
            self.queue.splice(..0, rest.into_iter().map(|hash| (hash, is_result)));
        }
        Ok(())
    }
}
