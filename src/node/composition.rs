//! The node: handlers composed. Events in, actions out; no sockets, no clock.

use super::{Items, MAX_ASKED_PER_SLOT, MAX_COLLECTED, MAX_EVIDENCE, MAX_REJECTED, MAX_WAITING, MAX_WAITING_OF_PEER};
use crate::composition::{check_data, children, claimed_blob, own_gas};
use crate::notation::json::{Json, hex};
use crate::notation::{B256, Outcome, Reject, Rejection, Stage, keccak256};
use crate::operation::{self, ChainView, Operation, wire_hash};
use crate::pools::{Addition, Pools};
use crate::post_operation::{self, PostOperation, Proof, Verify, check, statement};
use crate::profile;
use crate::registry::{DATA_BLOB, DATA_NONE, Entry, MODE_CUSTOM, onboard};
use crate::reputation::{Counter, Entity, Reputation, Status as Standing, counts_against};
use crate::settlement::Slashed;
use crate::statement::{Statement, relation};
use crate::wire::{
    self, Announcement, Capabilities, Extension, GetExtension, MAX_ANNOUNCED, MAX_OPEN_VERIFICATIONS, MAX_PUSHED_BYTES,
    Message, PooledItems, Session, Verdict, VerificationRequest, VerificationResponse,
};
use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// What happens to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection to a peer is made.
    Connected(B256),
    /// A connection has ended.
    Disconnected(B256),
    /// A peer has sent these bytes.
    Message(B256, Bytes),
    /// A user of this node sends an Operation.
    Submit(Bytes),
    /// A prover of this node publishes a PostOperation.
    Publish(Bytes),
    /// The operator wants the verdicts of all peers on the pooled results of this Operation.
    Ask(B256),
    /// The operator has signed the answer to a peer's request for a verdict.
    Signed(B256, VerificationResponse),
    /// The operator wants to run the extension with this id.
    Adopt(B256),
    /// This slot begins, with or without a block.
    Slot(u64),
    /// L1 has a new head: what is seen from it, the number of the last final block, and the Operations that the new
    /// block has settled and the stakes that were slashed in it.
    Head(Box<ChainView>, u64, Vec<B256>, Vec<Slashed>),
    /// L1 leaves a branch: the last block in common, the depth, the Operations that the new branch has settled too with
    /// their blocks, what is seen from the new head, and the stakes that only the new branch has slashed.
    Reorg(u64, u64, BTreeMap<B256, u64>, Box<ChainView>, Vec<Slashed>),
}

/// What a node does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends bytes to a peer.
    Send(B256, Bytes),
    /// Ends the connection to a peer.
    Disconnect(B256, Reject),
    /// Asks its operator to sign this answer to a peer, whose signature is empty.
    Sign(B256, VerificationResponse),
    /// Tells its operator that two valid results of an extension disagree: their wire hashes, and for each whether the
    /// node's own execution confirms it, if the node has the module.
    Alarm(B256, [(B256, Option<bool>); 2]),
    /// Tells its operator that it has adopted an extension.
    Adopted(B256),
    /// Tells its operator that it has given up an adopted extension, because the registry has another entry now.
    Dropped(B256),
    /// Answers its user or operator: what was wanted is refused.
    Refused(Reject),
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its node id.
    pub id: B256,
    /// What it knows of L1. The slot is that of the node's clock.
    pub view: ChainView,
    /// Its pools.
    pub pools: Pools,
    /// What it thinks of others.
    pub reputation: Reputation,
    /// Its connections, by the peer's node id.
    pub sessions: BTreeMap<B256, Session>,
    /// The bytes of what is pooled.
    pub items: Items,
    /// The wire hashes of rejected messages.
    pub rejected: BTreeSet<B256>,
    /// PostOperations that wait for the next head, each with who sent it and the slot in which it came.
    pub waiting: Vec<(Option<B256>, Bytes, u64)>,
    /// The extensions in which this node has seen a conflict.
    pub quarantined: BTreeSet<B256>,
    /// The adopted extensions that read a witness.
    pub witness_readers: BTreeSet<B256>,
    /// The account in whose name this node gives verdicts.
    pub account: Address,
    /// The names of results whose proofs this node has refuted, by wire hash; all of these are rejected.
    pub refuted: BTreeMap<B256, B256>,
    /// The names of results that this node has verified without pooling them, since it was asked, by wire hash.
    pub vouched: BTreeMap<B256, B256>,
    /// The results about which this node has asked, by name: Operation and pre-state root.
    pub asked_results: BTreeMap<B256, (B256, B256)>,
    /// The requests for verdicts on what this node may still get, by peer and id.
    pub pending: BTreeMap<(B256, B256), VerificationRequest>,
    /// The slot in which this node has asked a peer for verdicts last, and how often in it.
    pub asked: BTreeMap<B256, (u64, u32)>,
    /// The verdicts of peers for which this node has asked, by the name of the result and the peer's account.
    pub verdicts: BTreeMap<B256, BTreeMap<Address, VerificationResponse>>,
    /// The extensions that this node has adopted, and can give to others: entry and module, by id.
    pub extensions: BTreeMap<B256, (Bytes, Bytes)>,
    /// What this node says that it can do, but for its extensions.
    pub capabilities: Capabilities,
    /// The digests of the tiers' keys, in order, under which this node verifies.
    pub keys: Vec<B256>,
    /// The digests of the keys of custom circuits that the operator has given to this node, by extension id.
    pub custom_keys: BTreeMap<B256, B256>,
    /// The extensions that the operator wants, with the peers that were asked for them.
    pub wanted: BTreeMap<B256, BTreeSet<B256>>,
}

impl Node {
    /// Handles one event. The same node and event give the same node and actions.
    pub fn handle(&mut self, event: &Event, verify: Verify) -> Vec<Action> {
        let mut actions = Vec::new();
        // NODE-001: one event after the other, and nothing but its arguments.
        match event {
            Event::Connected(peer) => {
                // A connection takes nothing over from the one before it.
                self.forget_peer(*peer);
                self.sessions.insert(*peer, Session::default());
                let status = Session::status(&self.view, self.head_hash());
                self.send(*peer, Message::Status(status), &mut actions);
                // NODE-011: right after it, so that the peer knows what to announce.
                self.send(*peer, Message::Capabilities(self.own_capabilities()), &mut actions);
                let mut operations: Vec<_> = self.pools.operations.operations.iter().collect();
                // NODE-011: so that none comes before the one that it follows.
                operations.sort_by_key(|(_, pooled)| (pooled.operation.sender, pooled.operation.nonce));
                let items = operations.into_iter().filter_map(|(hash, _)| self.items.operation(*hash)).collect();
                self.announce(*peer, operation::ENVELOPE, items, &mut actions);
            }
            Event::Disconnected(peer) => {
                self.forget_peer(*peer);
                self.want(&mut actions);
            }
            Event::Message(peer, bytes) => self.receive(*peer, bytes, verify, &mut actions),
            Event::Submit(bytes) => {
                if let Err(rejection) = self.operation(None, bytes, &mut actions) {
                    actions.push(Action::Refused(rejection.reason));
                }
            }
            Event::Publish(bytes) => {
                if let Err(rejection) = self.post_operation(None, bytes, verify, &mut actions) {
                    actions.push(Action::Refused(rejection.reason));
                }
            }
            Event::Ask(operation_hash) => self.ask(*operation_hash, &mut actions),
            Event::Signed(peer, response) => {
                if self.sessions.contains_key(peer) {
                    self.send(*peer, Message::VerificationResponse(response.clone()), &mut actions);
                }
            }
            Event::Adopt(id) => {
                if !self.view.extensions.contains_key(id) {
                    actions.push(Action::Refused(Reject::ExtensionUnknown));
                } else if !self.extensions.contains_key(id) {
                    self.wanted.entry(*id).or_default();
                    self.want(&mut actions);
                }
            }
            Event::Slot(slot) => {
                // NODE-017: a slot may have no block, and never ends twice.
                if *slot > self.view.slot {
                    self.view.slot = *slot;
                    self.pass_time(&mut actions);
                    // POOL-011: what has expired goes. No block becomes final.
                    self.pools.head(&self.view, 0);
                    self.items.forget(&self.pools);
                    // NODE-005: a head may be long in coming.
                    let slot = self.view.slot;
                    self.retry(|since| since.saturating_add(1) < slot, verify, &mut actions);
                    self.settle_pending(&mut actions);
                }
            }
            Event::Head(view, finalized_number, settled, slashed) => {
                self.see(view, &mut actions);
                for hash in settled {
                    self.included(*hash);
                    self.pools.settled(*hash, view.head_number);
                }
                self.ban(slashed);
                self.pools.head(&self.view, *finalized_number);
                self.after_head(verify, &mut actions);
            }
            Event::Reorg(ancestor, depth, kept, view, slashed) => {
                self.see(view, &mut actions);
                self.ban(slashed);
                for hash in kept.keys() {
                    self.included(*hash);
                }
                let back = self.pools.reorg(*ancestor, *depth, kept, &self.view, &self.reputation);
                for hash in back {
                    // It may have made way again for another one that came back.
                    if let Some(pooled) = self.pools.operations.operations.get(&hash) {
                        self.items.add_operation(hash, pooled.operation.to_bytes().into());
                    }
                }
                self.after_head(verify, &mut actions);
            }
        }
        actions
    }

    fn ban(&mut self, slashed: &[Slashed]) {
        // NODE-013: the contract has shown that their signatures mean nothing.
        for Slashed { account, .. } in slashed {
            self.reputation.ban(Entity::Prover(*account), self.view.slot);
        }
    }

    /// Counts that an Operation which is pooled was settled.
    fn included(&mut self, hash: B256) {
        let Some(pooled) = self.pools.operations.operations.get(&hash) else { return };
        // REP-003: the place that its extension has grows with it, too.
        let extension = Entity::Extension(pooled.operation.extension_id);
        for entity in [entities(&pooled.operation), vec![extension]].concat() {
            self.reputation.count(entity, Counter::Included, self.view.slot);
        }
    }

    fn head_hash(&self) -> B256 {
        let at_head = self.view.blocks.iter().find(|(_, it)| it.canonical && it.number == self.view.head_number);
        at_head.map(|(hash, _)| *hash).unwrap_or_default()
    }

    fn see(&mut self, view: &ChainView, actions: &mut Vec<Action>) {
        // NODE-017: the clock does not go back with the chain.
        let new = ChainView { slot: self.view.slot.max(view.slot), ..view.clone() };
        let old = std::mem::replace(&mut self.view, new);
        self.drop_replaced(&old, actions);
        self.mark();
        self.pass_time(actions);
    }

    /// Gives up the adopted extensions for which the registry has another entry now.
    fn drop_replaced(&mut self, old: &ChainView, actions: &mut Vec<Action>) {
        // NODE-018: a re-org can replace a registration by another one with the same id.
        let registered = |view: &ChainView, id: &B256| view.extensions.get(id).map(|known| known.entry_hash);
        let is_replaced = |id: &B256, entry: &Bytes| {
            let now = registered(&self.view, id);
            now.is_some_and(|hash| registered(old, id) != now && hash != keccak256(entry))
        };
        for (id, asked) in &mut self.wanted {
            let now = registered(&self.view, id);
            if now.is_some() && registered(old, id) != now {
                // NODE-018: an answer that is on its way is about the old entry, and nobody's fault.
                asked.clear();
                self.sessions.values_mut().for_each(|session| session.give_up_extension(*id));
            }
        }
        let adopted = self.extensions.iter();
        let replaced: Vec<B256> =
            adopted.filter(|(id, (entry, _))| is_replaced(id, entry)).map(|(id, _)| *id).collect();
        for id in &replaced {
            self.extensions.remove(id);
            self.witness_readers.remove(id);
            self.wanted.entry(*id).or_default();
            actions.push(Action::Dropped(*id));
        }
        if !replaced.is_empty() {
            self.tell_capabilities(actions);
        }
    }

    /// Tells all peers what has become of the capabilities.
    fn tell_capabilities(&mut self, actions: &mut Vec<Action>) {
        // NODE-011: with a number that has risen.
        self.capabilities.sequence += 1;
        let peers: Vec<B256> = self.sessions.keys().copied().collect();
        for peer in peers {
            self.send(peer, Message::Capabilities(self.own_capabilities()), actions);
        }
    }

    /// Sets in the view what this node has found out itself.
    fn mark(&mut self) {
        for (id, extension) in &mut self.view.extensions {
            // NODE-008: the local verdict stands, whatever others think.
            extension.quarantined |= self.quarantined.contains(id);
            // NODE-016: the registry knows it only of what is prepared.
            extension.reads_witness |= self.witness_readers.contains(id);
        }
    }

    /// What comes with time alone.
    fn pass_time(&mut self, actions: &mut Vec<Action>) {
        self.reputation.advance(self.view.slot);
        let slot = self.view.slot;
        let given_up: Vec<_> = self.sessions.iter_mut().map(|(peer, session)| (*peer, session.give_up(slot))).collect();
        for (peer, (names, others)) in given_up {
            // NODE-010: what has been settled meanwhile is gone from the peer's pools, too.
            let verdicts = names.iter().filter(|name| self.is_pooled(**name)).count();
            // WIRE-018, NODE-012: who has no item can say so, and who says that it has an extension can send it.
            for _ in 0..verdicts + others {
                self.count(peer, Counter::Unanswered, Reject::EntityBanned, actions);
            }
        }
        self.want(actions);
        let (items, rejected) = (&self.items, &self.rejected);
        let is_known = |hash: B256| items.get(hash).is_some() || rejected.contains(&hash);
        // WIRE-019: what was given up makes way for what else was announced.
        let next = |(peer, session): (&B256, &mut Session)| Some((*peer, session.next(slot, &is_known)?));
        let requests: Vec<_> = self.sessions.iter_mut().filter_map(next).collect();
        for (peer, request) in requests {
            self.send(peer, request, actions);
        }
    }

    /// Whether a result about which this node has asked is pooled.
    fn is_pooled(&self, name: B256) -> bool {
        let key = self.asked_results.get(&name);
        key.is_some_and(|key| self.pools.post_operations.post_operations.contains_key(key))
    }

    /// Counts what a peer has done, and ends the connection if that bans it.
    fn count(&mut self, peer: B256, counter: Counter, reason: Reject, actions: &mut Vec<Action>) {
        self.reputation.count(Entity::Peer(peer), counter, self.view.slot);
        // NODE-003: whatever was counted.
        if self.reputation.status(Entity::Peer(peer), self.view.slot) == Standing::Banned {
            self.disconnect(peer, reason, actions);
        }
    }

    /// What the node says of itself.
    fn own_capabilities(&self) -> Capabilities {
        let extensions = self.extensions.keys().copied().take(MAX_ANNOUNCED).collect();
        Capabilities { extensions, ..self.capabilities.clone() }
    }

    /// Asks for the extensions that the operator wants: each of the first peer that has it and was not asked.
    fn want(&mut self, actions: &mut Vec<Action>) {
        let mut requests = Vec::new();
        for (id, asked) in &mut self.wanted {
            // NODE-012: one after the other, in an order that no peer chooses.
            let is_open = |session: &Session| session.requested_extensions.values().any(|(wanted, _)| wanted == id);
            if self.sessions.values().any(is_open) {
                continue;
            }
            let can_have =
                |(peer, session): &(&B256, &mut Session)| !asked.contains(*peer) && session.has_extension(*id);
            let order = |(peer, _): &(&B256, &mut Session)| keccak256([self.id.as_slice(), peer.as_slice()].concat());
            if let Some((peer, session)) = self.sessions.iter_mut().filter(can_have).min_by_key(order)
                && let Some(request_id) = session.next_extension(*id, self.view.slot)
            {
                asked.insert(*peer);
                requests.push((*peer, GetExtension { request_id, extension_id: *id }));
            }
        }
        for (peer, request) in requests {
            self.send(peer, Message::GetExtension(request), actions);
        }
    }

    /// Adopts an extension that a peer has sent, if it is what the registry has under this id.
    fn adopt(&mut self, peer: B256, id: B256, sent: Extension, actions: &mut Vec<Action>) {
        let is_missing = sent.entry.is_empty() && sent.wasm.is_empty();
        if is_missing || !self.wanted.contains_key(&id) {
            self.want(actions);
            return;
        }
        let Some(registered) = self.view.extensions.get(&id).map(|known| known.entry_hash) else {
            self.wanted.remove(&id);
            actions.push(Action::Refused(Reject::ExtensionUnknown));
            return;
        };
        let entry = match check_sent(registered, &sent) {
            Ok(entry) => entry,
            Err(rejection) => {
                // NODE-012: the peer is at fault, and another one may have it.
                self.blame(Some(peer), rejection, actions);
                self.want(actions);
                return;
            }
        };
        self.wanted.remove(&id);
        let custom: Vec<B256> = self.custom_keys.get(&id).copied().into_iter().collect();
        let keys = if entry.mode == MODE_CUSTOM { &custom } else { &self.keys };
        match onboard(self.view.chain_id, &entry, &sent.wasm, keys) {
            Ok(onboarded) => {
                self.extensions.insert(id, (sent.entry, sent.wasm));
                // NODE-016: from now on, and not only from the next head on.
                if onboarded.reads_witness {
                    self.witness_readers.insert(id);
                    self.mark();
                }
                actions.push(Action::Adopted(id));
                self.tell_capabilities(actions);
            }
            // NODE-012: the extension is wrong as it is registered, or this node has other keys.
            Err(rejection) => actions.push(Action::Refused(rejection.reason)),
        }
    }

    /// Announces the pooled results to a peer that has just said what it can do.
    fn announce_results(&mut self, peer: B256, actions: &mut Vec<Action>) {
        let Some(session) = self.sessions.get(&peer) else { return };
        let results = self.pools.post_operations.post_operations.iter();
        // NODE-011: those that it verifies, none before the one that it builds on.
        let mut verified: Vec<_> = results.filter(|(_, it)| session.verifies(&it.post_operation.proof)).collect();
        verified.sort_by_key(|(_, pooled)| pooled.depth);
        let items = verified.into_iter().filter_map(|(key, _)| self.items.result(*key)).collect();
        self.announce(peer, post_operation::ENVELOPE, items, actions);
    }

    /// Asks all peers for their verdicts on the pooled results of an Operation.
    fn ask(&mut self, operation_hash: B256, actions: &mut Vec<Action>) {
        let range = (operation_hash, B256::ZERO)..=(operation_hash, B256::repeat_byte(0xff));
        let results = self.pools.post_operations.post_operations.range(range);
        let results: Vec<PostOperation> = results.map(|(_, it)| it.post_operation.clone()).collect();
        for result in results {
            let Some(name) = self.name(&result) else { continue };
            if self.verdicts.len() >= MAX_COLLECTED {
                self.verdicts.pop_first();
            }
            if self.asked_results.len() >= MAX_COLLECTED {
                self.asked_results.pop_first();
            }
            self.asked_results.insert(name, (result.operation_hash, result.pre_root));
            self.verdicts.entry(name).or_default();
            // Nodes that ask about one result have requests of their own.
            let salt = self.account.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            let request = VerificationRequest {
                post_operation: name,
                wire_hash: wire_hash(&result.to_bytes()),
                slot: self.view.slot,
                salt,
            };
            let mut asked = Vec::new();
            // NODE-011: those who verify such proofs, and have the code that they are about.
            let can_tell =
                |session: &Session| session.verifies(&result.proof) && session.has_extension(result.extension_id);
            for (peer, session) in self.sessions.iter_mut().filter(|(_, session)| can_tell(session)) {
                let (slot, count) = self.asked.get(peer).copied().unwrap_or_default();
                let count = if slot == self.view.slot { count } else { 0 };
                // NODE-009: never more than what the peer must answer.
                let is_busy = session.asked_verifications.len() >= MAX_OPEN_VERIFICATIONS as usize;
                // A second answer to one question would end the connection.
                let is_asked = session.asked_verifications.contains_key(&request.id());
                if is_busy || is_asked || count >= MAX_ASKED_PER_SLOT {
                    continue;
                }
                session.asked_verifications.insert(request.id(), (name, request.slot));
                self.asked.insert(*peer, (self.view.slot, count + 1));
                asked.push(*peer);
            }
            for peer in asked {
                self.send(peer, Message::VerificationRequest(request.clone()), actions);
            }
        }
    }

    /// The name of a result whose Operation is pooled: what its prover has signed.
    fn name(&self, result: &PostOperation) -> Option<B256> {
        let operation = &self.pools.operations.operations.get(&result.operation_hash)?.operation;
        let stated = statement(operation, result, &self.view).ok()??;
        Some(result.signing_hash(&stated, self.view.consensus_contract))
    }

    /// What this node finds about a result, from what it has verified already.
    fn verdict(&self, request: &VerificationRequest) -> Verdict {
        // NODE-009: a name that the peer has chosen is signed only if it is that of the bytes.
        let pooled = self.items.get(request.wire_hash).and_then(|item| PostOperation::from_bytes(item).ok());
        if pooled.is_some_and(|result| self.name(&result) == Some(request.post_operation)) {
            return Verdict::Valid;
        }
        if self.vouched.get(&request.wire_hash) == Some(&request.post_operation) {
            return Verdict::Valid;
        }
        match self.refuted.get(&request.wire_hash) == Some(&request.post_operation) {
            true => Verdict::Invalid,
            false => Verdict::Error,
        }
    }

    /// Asks a peer for the result on which it wants a verdict, unless it is on its way.
    fn fetch(&mut self, peer: B256, request: &VerificationRequest, actions: &mut Vec<Action>) {
        let (is_pending, hash) = (self.pending.contains_key(&(peer, request.id())), request.wire_hash);
        let Some(session) = self.sessions.get_mut(&peer).filter(|_| is_pending) else { return };
        if self.rejected.contains(&hash) {
            return;
        }
        if let Some(request) = session.fetch(hash, self.view.slot) {
            self.send(peer, request, actions);
        }
    }

    /// Verifies a result that is not pooled, because a peer wants a verdict on it. Gives whether it was verified now.
    fn vouch(&mut self, hash: B256, bytes: &Bytes, verify: Verify) -> Result<bool, Rejection> {
        let is_wanted = self.pending.values().any(|request| request.wire_hash == hash);
        if !is_wanted || self.vouched.contains_key(&hash) {
            return Ok(false);
        }
        let result = PostOperation::from_bytes(bytes)?;
        let Some(pooled) = self.pools.operations.operations.get(&result.operation_hash) else { return Ok(false) };
        check(&pooled.operation, &result, &self.view, verify)?;
        let Some(name) = self.name(&result) else { return Ok(false) };
        if self.vouched.len() >= MAX_COLLECTED {
            self.vouched.pop_first();
        }
        self.vouched.insert(hash, name);
        Ok(true)
    }

    /// Has answers signed that are known now, or will not be known in time.
    fn settle_pending(&mut self, actions: &mut Vec<Action>) {
        for ((peer, id), request) in std::mem::take(&mut self.pending) {
            // NODE-009: an item can be on its way for as long as the answer may take.
            let in_time =
                request.slot.saturating_sub(1) <= self.view.slot && self.view.slot <= request.slot.saturating_add(1);
            let verdict = if in_time { self.verdict(&request) } else { Verdict::Error };
            let Some(session) = self.sessions.get_mut(&peer) else { continue };
            if verdict == Verdict::Error && in_time {
                self.pending.insert((peer, id), request);
                continue;
            }
            session.verified(id);
            let response = VerificationResponse {
                request: id,
                post_operation: request.post_operation,
                verdict: verdict as u8,
                node: self.account,
                slot: request.slot,
                signature: Bytes::new(),
            };
            // A verdict is signed by the operator's key, which stands outside.
            actions.push(Action::Sign(peer, response));
        }
    }

    /// Notes what a peer has answered.
    fn answered(&mut self, peer: B256, response: VerificationResponse, actions: &mut Vec<Action>) {
        // NODE-010: an error helps nobody, and is nobody's fault.
        if Verdict::from_number(response.verdict) == Some(Verdict::Error) {
            return;
        }
        self.count(peer, Counter::Answered, Reject::EntityBanned, actions);
        if let Some(verdicts) = self.verdicts.get_mut(&response.post_operation) {
            verdicts.insert(response.node, response);
        }
    }

    /// What the chain has changed is done.
    fn after_head(&mut self, verify: Verify, actions: &mut Vec<Action>) {
        self.items.forget(&self.pools);
        self.retry(|_| true, verify, actions);
        self.settle_pending(actions);
    }

    /// What has waited since one of these slots is tried again, once.
    fn retry(&mut self, is_over: impl Fn(u64) -> bool, verify: Verify, actions: &mut Vec<Action>) {
        // NODE-005: then it is gone.
        for (peer, bytes, since) in std::mem::take(&mut self.waiting) {
            if !is_over(since) {
                self.waiting.push((peer, bytes, since));
                continue;
            }
            let is_new = self.post_operation(peer, &bytes, verify, actions);
            self.waiting.retain(|(_, other, _)| *other != bytes);
            if let Err(rejection) = is_new {
                self.blame(peer, rejection, actions);
            }
        }
    }

    fn receive(&mut self, peer: B256, bytes: &Bytes, verify: Verify, actions: &mut Vec<Action>) {
        // REP-008: nothing of a banned peer.
        if let Err(rejection) = self.reputation.check(Entity::Peer(peer), self.view.slot) {
            self.disconnect(peer, rejection.reason, actions);
            return;
        }
        let Some(session) = self.sessions.get_mut(&peer) else { return };
        let (items, rejected) = (&self.items, &self.rejected);
        let is_known = |hash: B256| items.get(hash).is_some() || rejected.contains(&hash);
        let received = Message::from_bytes(bytes).and_then(|message| session.receive(message, &self.view, &is_known));
        match received {
            Ok(wire::Action::Verdict(response)) => self.answered(peer, response, actions),
            Ok(wire::Action::Extension(id, sent)) => self.adopt(peer, id, sent, actions),
            Ok(wire::Action::Capabilities { first }) => {
                if first {
                    self.announce_results(peer, actions);
                }
                // NODE-012: it may have got what it did not have when it was asked.
                for asked in self.wanted.values_mut() {
                    asked.remove(&peer);
                }
                self.want(actions);
            }
            Ok(wire::Action::None) => {}
            Ok(wire::Action::Send(message)) => self.send(peer, message, actions),
            Ok(wire::Action::Answer(message)) => self.answer(peer, message, actions),
            Ok(wire::Action::Operations(items, next)) => {
                for item in items {
                    // NODE-003: the rest of a message whose sender is banned meanwhile is not handled.
                    if !self.sessions.contains_key(&peer) {
                        break;
                    }
                    match self.operation(Some(peer), &item, actions) {
                        Ok(()) => self.reputation.count(Entity::Peer(peer), Counter::Accepted, self.view.slot),
                        Err(rejection) => self.blame(Some(peer), rejection, actions),
                    }
                }
                self.ask_next(peer, next, actions);
            }
            Ok(wire::Action::PostOperations(items, next)) => {
                for item in items {
                    // NODE-003: nor is this.
                    if !self.sessions.contains_key(&peer) {
                        break;
                    }
                    match self.post_operation(Some(peer), &item, verify, actions) {
                        Ok(()) => self.reputation.count(Entity::Peer(peer), Counter::Valid, self.view.slot),
                        Err(rejection) => self.blame(Some(peer), rejection, actions),
                    }
                }
                self.ask_next(peer, next, actions);
                self.settle_pending(actions);
            }
            // NODE-002: who breaks the rules of the connection loses it.
            Err(rejection) if counts_against(rejection.reason) => self.disconnect(peer, rejection.reason, actions),
            Err(_) => {}
        }
    }

    /// Sends a peer the request that follows its delivery, unless that has cost it the connection.
    fn ask_next(&self, peer: B256, next: Option<Message>, actions: &mut Vec<Action>) {
        if let Some(request) = next.filter(|_| self.sessions.contains_key(&peer)) {
            self.send(peer, request, actions);
        }
    }

    /// Counts a refusal against who sent the message.
    fn blame(&mut self, peer: Option<B256>, rejection: Rejection, actions: &mut Vec<Action>) {
        let Some(peer) = peer else { return };
        // REP-009: nobody is at fault for what depends on the state of a node.
        if !counts_against(rejection.reason) {
            return;
        }
        // NODE-003: proofs and Operations have counters of their own.
        let is_proof =
            matches!(rejection.reason.stage(), Stage::Verification | Stage::PostOperation | Stage::Statement);
        let counter = if is_proof { Counter::Invalid } else { Counter::Rejected };
        self.count(peer, counter, rejection.reason, actions);
    }

    fn operation(&mut self, from: Option<B256>, bytes: &Bytes, actions: &mut Vec<Action>) -> Result<(), Rejection> {
        let hash = wire_hash(bytes);
        // OP-008: a rejection is remembered by the bytes.
        if self.rejected.contains(&hash) {
            return Err(Rejection::new(Reject::AlreadyKnown, 0, "rejected before"));
        }
        let admitted = Operation::from_bytes(bytes).and_then(|operation| {
            let admission = self.pools.admit(&operation, &self.view, &self.reputation)?;
            Ok((operation, admission))
        });
        match admitted {
            Ok((operation, admission)) => {
                // NODE-007: what has made way is served no more.
                for gone in admission.evicted.iter().chain(&admission.replaced) {
                    self.items.remove_operation(*gone);
                }
                for entity in entities(&operation) {
                    self.reputation.count(entity, Counter::Seen, self.view.slot);
                }
                self.items.add_operation(admission.hash, bytes.clone());
                self.relay(from, hash, bytes, actions);
                Ok(())
            }
            Err(rejection) => {
                self.remember(hash, bytes, operation::ENVELOPE, &rejection);
                Err(rejection)
            }
        }
    }

    fn post_operation(
        &mut self,
        from: Option<B256>,
        bytes: &Bytes,
        verify: Verify,
        actions: &mut Vec<Action>,
    ) -> Result<(), Rejection> {
        let hash = wire_hash(bytes);
        if self.rejected.contains(&hash) {
            return Err(Rejection::new(Reject::AlreadyKnown, 0, "rejected before"));
        }
        let read = PostOperation::from_bytes(bytes);
        let (mut prover, mut key) = (None, Default::default());
        if let Ok(it) = &read {
            (prover, key) = (Some(Entity::Prover(it.prover)), (it.operation_hash, it.pre_root));
        }
        // NODE-003: whether a proof is verified here and now.
        let verified = Cell::new(false);
        let noted = |stated: &Statement, proof: &Proof| {
            let found = verify(stated, proof);
            verified.set(found.is_ok());
            found
        };
        // NODE-015: `verify` refuses what it has no code for, and nobody is to blame.
        let mut added = read.and_then(|it| {
            let operation = self.pools.operations.operations.get(&it.operation_hash).map(|pooled| &pooled.operation);
            check_settles(&it, operation, &self.view)?;
            self.pools.add(&it, &self.view, &self.reputation, &noted)
        });
        // NODE-009: what the pool does not take as it is now can be judged all the same.
        let can_judge = |reason: Reject| reason.stage() == Stage::Admission && reason != Reject::ProverUnstaked;
        let mut is_vouched = false;
        if added.as_ref().is_err_and(|rejection| can_judge(rejection.reason)) {
            match self.vouch(hash, bytes, verify) {
                Ok(vouched) => is_vouched = vouched,
                Err(rejection) => added = Err(rejection),
            }
        }
        // NODE-003: the signature is checked before the proof, so a proof that fails is its prover's.
        let counter = match &added {
            Ok(_) if verified.get() && !self.vouched.contains_key(&hash) => Some(Counter::Valid),
            Err(_) if is_vouched => Some(Counter::Valid),
            Err(rejection) if rejection.reason.stage() == Stage::Verification => Some(Counter::Invalid),
            _ => None,
        };
        if let (Some(prover), Some(counter)) = (prover, counter) {
            self.reputation.count(prover, counter, self.view.slot);
        }
        if let Some(peer) = from.filter(|_| is_vouched) {
            self.reputation.count(Entity::Peer(peer), Counter::Valid, self.view.slot);
        }
        match added {
            Ok(addition @ (Addition::Added { .. } | Addition::Renewed)) => {
                // NODE-007: what has made way is served no more.
                if let Addition::Added { evicted } = addition {
                    evicted.into_iter().for_each(|gone| self.items.remove_result(gone));
                }
                self.items.add_result(key, bytes.clone());
                self.relay(from, hash, bytes, actions);
                Ok(())
            }
            Ok(Addition::Conflict { extension_id, .. }) => {
                // NODE-008: both results are told to others, who judge for themselves.
                self.quarantined.insert(extension_id);
                self.mark();
                let evidence = self.pools.post_operations.evidence.get(&key);
                let [one, two] = evidence.map_or([None; 2], |pair| [&pair[0], &pair[1]].map(|it| self.confirms(it)));
                self.pools.head(&self.view, 0);
                let [first, second] = self.items.add_conflict(key, bytes.clone());
                // NODE-008: in bounded memory.
                let kept = &mut self.pools.post_operations.evidence;
                if kept.len() > MAX_EVIDENCE
                    && let Some(least) = kept.keys().find(|other| **other != key).copied()
                {
                    kept.remove(&least);
                }
                self.items.forget(&self.pools);
                actions.push(Action::Alarm(extension_id, [(first, one), (second, two)]));
                self.relay(from, hash, bytes, actions);
                Ok(())
            }
            Err(rejection) => {
                // NODE-005: what this node may learn in a moment is kept for it.
                let may_come = [Reject::StampUnknown, Reject::OperationUnknown, Reject::PreRootUnknown];
                if may_come.contains(&rejection.reason) && self.has_room(from, bytes) {
                    self.waiting.push((from, bytes.clone(), self.view.slot));
                }
                self.remember(hash, bytes, post_operation::ENVELOPE, &rejection);
                // NODE-009: signed by its prover, for its signature is checked before its proof.
                if rejection.reason.stage() == Stage::Verification
                    && let Some(name) = PostOperation::from_bytes(bytes).ok().and_then(|it| self.name(&it))
                {
                    self.refuted.insert(hash, name);
                }
                Err(rejection)
            }
        }
    }

    /// Whether this node's own execution gives the result. None if it does not have the module.
    fn confirms(&self, result: &PostOperation) -> Option<bool> {
        let (_, wasm) = self.extensions.get(&result.extension_id)?;
        let pooled = self.pools.operations.operations.get(&result.operation_hash)?;
        let stated = statement(&pooled.operation, result, &self.view).ok()??;
        let module = profile::load(wasm).ok()?;
        // NODE-019: such extensions read no witness, so there is one execution.
        Some(relation(&stated, &module, &[]).is_ok())
    }

    /// Whether a result of this peer can wait for the next head.
    fn has_room(&self, from: Option<B256>, bytes: &Bytes) -> bool {
        // NODE-005: each once, and nobody takes all the room.
        let of_peer = self.waiting.iter().filter(|(peer, ..)| *peer == from).count();
        self.waiting.len() < MAX_WAITING
            && (from.is_none() || of_peer < MAX_WAITING_OF_PEER)
            && self.waiting.iter().all(|(_, waiting, _)| waiting != bytes)
    }

    fn remember(&mut self, hash: B256, bytes: &Bytes, envelope: u8, rejection: &Rejection) {
        // NODE-004: what is wrong for ever, in bounded memory. A result that comes as an Operation may be right as a result.
        if counts_against(rejection.reason) && bytes.first() == Some(&envelope) {
            if self.rejected.len() >= MAX_REJECTED
                && let Some(forgotten) = self.rejected.pop_first()
            {
                self.refuted.remove(&forgotten);
            }
            self.rejected.insert(hash);
        }
    }

    fn relay(&mut self, from: Option<B256>, hash: B256, bytes: &Bytes, actions: &mut Vec<Action>) {
        // NODE-011: a result is told to those who verify such proofs.
        let result = PostOperation::from_bytes(bytes).ok();
        let takes = |peer: &B256| result.as_ref().is_none_or(|result| self.sessions[peer].verifies(&result.proof));
        let peers = self.sessions.keys().copied().filter(|peer| Some(*peer) != from && takes(peer));
        let mut peers: Vec<B256> = peers.collect();
        // NODE-006: small Operations to the square root of the peers, others for each sender and node; hashes to the rest.
        let mut pushed = 0;
        if let Some(operation) = Operation::from_bytes(bytes).ok().filter(|_| bytes.len() <= MAX_PUSHED_BYTES) {
            let (sender, id) = (operation.sender, self.id);
            peers.sort_by_cached_key(|peer| keccak256([sender.as_slice(), id.as_slice(), peer.as_slice()].concat()));
            pushed = peers.len().isqrt();
        }
        for (index, peer) in peers.into_iter().enumerate() {
            if index < pushed {
                let items = PooledItems { request_id: 0, items: vec![bytes.clone()] };
                self.send(peer, Message::Operations(items), actions);
            } else {
                let kind = bytes.first().copied().unwrap_or_default();
                self.announce(peer, kind, vec![(hash, bytes.len() as u32)], actions);
            }
        }
    }

    /// Announces items of a kind, wire hash and length each, to a peer.
    fn announce(&self, peer: B256, kind: u8, items: Vec<(B256, u32)>, actions: &mut Vec<Action>) {
        for part in items.chunks(MAX_ANNOUNCED) {
            let announcement = Announcement {
                types: vec![kind; part.len()].into(),
                sizes: part.iter().map(|(_, size)| *size).collect(),
                hashes: part.iter().map(|(hash, _)| *hash).collect(),
            };
            let message = match kind {
                operation::ENVELOPE => Message::NewOperationHashes(announcement),
                _ => Message::NewPostOperationHashes(announcement),
            };
            self.send(peer, message, actions);
        }
    }

    fn answer(&mut self, peer: B256, message: Message, actions: &mut Vec<Action>) {
        // NODE-007: from what is pooled, and nothing else.
        let found = |hashes: &[B256], kind: u8| {
            let items = hashes.iter().filter_map(|hash| self.items.get(*hash)).filter(|it| it.first() == Some(&kind));
            wire::fill(items.cloned())
        };
        let answer = match &message {
            Message::GetOperations(request) => {
                Message::Operations(PooledItems { request_id: request.request_id, items: found(&request.hashes, 1) })
            }
            Message::GetPostOperations(request) => Message::PostOperations(PooledItems {
                request_id: request.request_id,
                items: found(&request.hashes, 2),
            }),
            Message::GetExtension(request) => {
                let (entry, wasm) = self.extensions.get(&request.extension_id).cloned().unwrap_or_default();
                Message::Extension(wire::Extension { request_id: request.request_id, entry, wasm })
            }
            Message::VerificationRequest(request) => {
                self.pending.insert((peer, request.id()), request.clone());
                self.settle_pending(actions);
                self.fetch(peer, request, actions);
                return;
            }
            _ => return,
        };
        self.send(peer, answer, actions);
    }

    fn send(&self, peer: B256, message: Message, actions: &mut Vec<Action>) {
        actions.push(Action::Send(peer, message.to_bytes().into()));
    }

    /// Forgets what belongs to the connection to a peer. Gives whether there was one.
    fn forget_peer(&mut self, peer: B256) -> bool {
        self.asked.remove(&peer);
        self.pending.retain(|(of, _), _| *of != peer);
        // Who comes back may be asked again.
        for asked in self.wanted.values_mut() {
            asked.remove(&peer);
        }
        self.sessions.remove(&peer).is_some()
    }

    fn disconnect(&mut self, peer: B256, reason: Reject, actions: &mut Vec<Action>) {
        if self.forget_peer(peer) {
            actions.push(Action::Disconnect(peer, reason));
            self.want(actions);
        }
    }

    /// The node as vectors show it: all that events change. Of its view that is the slot; the rest is as an event has said.
    pub fn to_json(&self) -> Value {
        json!({
            "slot": self.view.slot.to_json(),
            "pools": self.pools.to_json(),
            "reputation": self.reputation.to_json(),
            "sessions": self.sessions.to_json(),
            "items": self.items.hashes().map(hex).collect::<Value>(),
            "rejected": self.rejected.to_json(),
            "waiting": self.waiting.to_json(),
            "quarantined": self.quarantined.to_json(),
            "witnessReaders": self.witness_readers.to_json(),
            "refuted": self.refuted.to_json(),
            "vouched": self.vouched.to_json(),
            "askedResults": self.asked_results.to_json(),
            "pending": self.pending.to_json(),
            "asked": self.asked.to_json(),
            "verdicts": self.verdicts.to_json(),
            "extensions": self.extensions.to_json(),
            "capabilities": self.capabilities.to_json(),
            "wanted": self.wanted.to_json(),
        })
    }
}

/// Whether settlement can take a result, as far as its bytes, the registry's entry and the Operation say, if it is pooled.
fn check_settles(result: &PostOperation, operation: Option<&Operation>, view: &ChainView) -> Result<(), Rejection> {
    // NODE-014: nobody would ever pay for it.
    let claimed = match result.outcome()? {
        Outcome::Accepted => children(&result.output)?,
        Outcome::Rejected(_) | Outcome::Trapped(_) => Vec::new(),
    };
    let rule = view.extensions.get(&result.extension_id).map(|known| known.data_rule);
    if rule == Some(DATA_NONE) {
        check_data(DATA_NONE, !(result.pre_root | result.post_root).is_zero(), None, &[])?;
    }
    let Some(operation) = operation else { return Ok(()) };
    // COMP-008: without the name of a blob none can be carried.
    if rule == Some(DATA_BLOB) && claimed_blob(operation).is_none() {
        check_data(DATA_BLOB, false, None, &[])?;
    }
    // COMP-005: as far as the Operation and its own children go.
    if claimed.iter().any(|child| (child.extension_id, child.lane) == (operation.extension_id, operation.lane)) {
        return Err(Rejection::new(Reject::FamilyCyclic, 0, "a child in the lane of its parent"));
    }
    // COMP-010: what further children take comes on top.
    own_gas(operation, claimed.iter().map(|child| child.gas_limit)).map(drop)
}

/// Whether a peer has sent the entry with this hash and its module.
fn check_sent(registered: B256, sent: &Extension) -> Result<Entry, Rejection> {
    let refuse = |reason, detail: &str| Err(Rejection::new(reason, 0, detail));
    let entry = Entry::from_bytes(&sent.entry)?;
    // NODE-012: the id does not bind all of the entry, so the entry is compared as a whole.
    if keccak256(&sent.entry) != registered {
        return refuse(Reject::RegisteredCodeMismatch, "the entry is not that of the registry");
    }
    if keccak256(&sent.wasm) != entry.wasm_hash {
        return refuse(Reject::WasmHashMismatch, "wasm_hash is not that of the module");
    }
    Ok(entry)
}

/// Who consents to an Operation, and is counted for it.
fn entities(operation: &Operation) -> Vec<Entity> {
    let mut entities = vec![Entity::Sender(operation.sender)];
    if !operation.gas_management.sponsor.is_zero() {
        entities.push(Entity::Sponsor(operation.gas_management.sponsor));
    }
    entities
}
