//! Many nodes and an L1 from a scenario, deterministically: latency, partitions, re-orgs, attacks. Nothing is mocked but
//! the proof: a node that would verify one evaluates the relation that it stands for, by executing the module.

use super::{Action, Event, Node};
use crate::canonical_code;
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node as JsonNode, digest, hex};
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::operation::{ANCHOR_SLOTS, Block, ChainView, ExtensionView, GasManagement, Operation, rlp, signature};
use crate::post_operation::{MAX_PROOF_BYTES, PROOF_COMMITTED_GROTH16, PostOperation, Proof, needs_renewal, statement};
use crate::profile::{self, Module};
use crate::registry::{Entry, universal_key_hash};
use crate::reputation::Entity;
use crate::settlement::{Call, CallResult, Consensus, Evidence, Item, STAKE_UNIT, Slashed, TargetCall};
use crate::statement::{Statement, Terms, relation};
use crate::wire::{
    Announcement, Capabilities, Extension, Message, PooledItems, Session, Verdict, VerificationRequest,
    VerificationResponse,
};
use alloy_primitives::{Address, Bytes, U256};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Moments in a slot at which messages arrive.
const TICKS: u64 = 8;
/// Slots of the chain before the scenario begins, so that there are final blocks and frozen stakes.
const FIRST_SLOT: u64 = 160;
/// Operations of one account in a crowd: as many as a pool holds of a sender.
const CROWD_OPERATIONS: u64 = 4;
/// Operations of a crowd for one extension: as many as a pool holds of one that is new.
const CROWD_OF_EXTENSION: u64 = 10;
/// Nodes, slots and events of a scenario, at most.
const MAX_NODES: u8 = 32;
const MAX_SLOTS: u64 = 512;
const MAX_EVENTS: usize = 4_096;
/// The longest time that a message takes, in eighths of a slot.
const MAX_LATENCY: u64 = 64;
/// The largest number of an event.
const MAX_NUMBER: u64 = 4_096;
/// Bytes of the data of an Operation of a crowd: too many to be pushed.
const CROWD_BYTES: usize = 10_000;
/// Quiet slots in the end, in which everything arrives.
const QUIET_SLOTS: u64 = 3;
/// The extension of all scenarios: adds the input to the lane's state, and rejects an input of zero.
pub const MODULE: &str = r#"(module
    (import "middle" "input" (func $input (param i32) (result i64)))
    (import "middle" "context" (func $context (param i32) (result i64)))
    (import "middle" "output" (func $output (param i32 i64)))
    (import "middle" "output_len" (func $output_len (param i32)))
    (import "middle" "post_state" (func $post_state (param i32 i64)))
    (func (export "run") (result i32)
        (local $sum i64)
        (local.set $sum (i64.add (call $input (i32.const 0)) (call $context (i32.const 28))))
        (call $output (i32.const 0) (local.get $sum))
        (call $output_len (i32.const 8))
        (call $post_state (i32.const 0) (local.get $sum))
        (i64.eqz (call $input (i32.const 0)))))"#;
/// The extension of scenarios with a private witness: the same state, and the witness as output. Any witness with the
/// last digit of the input is good, another one is rejected, and a witness of zero traps.
pub const WITNESS_MODULE: &str = r#"(module
    (import "middle" "input" (func $input (param i32) (result i64)))
    (import "middle" "witness" (func $witness (param i32) (result i64)))
    (import "middle" "context" (func $context (param i32) (result i64)))
    (import "middle" "output" (func $output (param i32 i64)))
    (import "middle" "output_len" (func $output_len (param i32)))
    (import "middle" "post_state" (func $post_state (param i32 i64)))
    (func (export "run") (result i32)
        (local $witness i64)
        (local.set $witness (call $witness (i32.const 0)))
        (drop (i64.div_u (i64.const 1) (local.get $witness)))
        (call $output (i32.const 0) (local.get $witness))
        (call $output_len (i32.const 8))
        (call $post_state (i32.const 0) (i64.add (call $input (i32.const 0)) (call $context (i32.const 28))))
        (i64.ne
            (i64.and (local.get $witness) (i64.const 15))
            (i64.and (call $input (i32.const 0)) (i64.const 15)))))"#;

/// What happens, and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// One sentence.
    pub description: String,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The number of nodes, 1 to 32. Node `i` has a stake of `i + 1` units.
    pub nodes: u8,
    /// The number of slots, at most 512.
    pub slots: u64,
    /// Messages take 1 to so many eighths of a slot, at most 64.
    pub latency: u64,
    /// The number of blocks after which one is final, at most 160.
    pub finality: u64,
    /// The nodes that prove what they can.
    pub provers: Vec<u8>,
    /// The nodes that do not have the extension in the beginning.
    pub lacking: Vec<u8>,
    /// Every proof verifies: what happens if the proof system is broken.
    pub is_broken: bool,
    /// Whether the extension reads a witness. Each prover then has one of its own.
    pub reads_witness: bool,
    /// The events, by slot, at most 4,096.
    pub events: Vec<Incident>,
    /// The number of Operations that are settled in the end.
    pub settled: u64,
    /// The number of settled results in the end for which verdicts of two thirds of all weight are noted.
    pub rewarded: u64,
    /// The number of stakers whose stake is slashed in the end.
    pub slashed: u64,
    /// The number of attackers that are disconnected or banned in the end.
    pub repelled: u64,
    /// Whether the extension is quarantined in the end.
    pub is_quarantined: bool,
}

/// An event of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The slot in which it happens, counted from the scenario's beginning.
    pub slot: u64,
    /// What happens: `operation`, `crowd`, `drain`, `partition`, `heal`, `reorg`, `reorgKept`, `missed`, `silence`,
    /// `withdraw`, `adopt`, `prepare` or the name of an attack. After `missed` the next slot has no block. After `reorgKept`
    /// the new branch settles what the lost one has settled. An extension that a scenario prepares is not prepared in the
    /// beginning.
    pub what: String,
    /// The user of an Operation, the number of a crowd, or the depth of a re-org, at most 4,096.
    pub number: u64,
    /// The nodes that it concerns.
    pub nodes: Vec<u8>,
}

json_fields!(
    Scenario: description, seed, nodes, slots, latency, finality, provers, lacking, is_broken, reads_witness, events, settled, rewarded, slashed, repelled,
    is_quarantined
);
json_fields!(Incident: slot, what, number, nodes);

/// What a run gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What happened, a line each.
    pub timeline: Vec<String>,
    /// The invariants by name, and whether they hold.
    pub invariants: BTreeMap<String, bool>,
    /// The digest of all nodes and of the contract in the end.
    pub digest: B256,
}

json_fields!(Outcome: timeline, invariants, digest);

/// A block of L1 with the contract's state after it.
#[derive(Clone, Debug)]
struct L1Block {
    hash: B256,
    slot: u64,
    contract: Consensus,
    settled: Vec<B256>,
    /// What the block's settler had in its pool.
    batch: Vec<Item>,
    /// The Operations for which verdicts of two thirds of all weight have been noted.
    rewarded: Vec<B256>,
    /// Whether the extension is prepared for settlement.
    prepared: bool,
}

struct World {
    scenario: Scenario,
    module: Module,
    entry: Entry,
    wasm: Bytes,
    /// The witnesses of all provers. A proof shows that there is one, so a verifier finds it here.
    witnesses: BTreeSet<Vec<u8>>,
    rng: ChaCha20Rng,
    slot: u64,
    chain: Vec<L1Block>,
    /// The number of the last final block. No re-org takes it back.
    finalized: usize,
    orphans: BTreeMap<B256, Block>,
    nodes: Vec<Node>,
    /// What is under way: moment of arrival, number, from, to, bytes.
    messages: BTreeSet<(u64, u64, B256, usize, Bytes)>,
    sent: u64,
    /// The moment, in ticks.
    now: u64,
    /// When the last message of each connection arrives: connections keep their order.
    links: BTreeMap<(B256, usize), u64>,
    group: Vec<usize>,
    sequences: BTreeMap<u64, u64>,
    timeline: Vec<String>,
    /// The proven results by the name that their verifiers sign: Operation, hash of the proof, stamp.
    proven: BTreeMap<B256, (B256, B256, B256)>,
    /// The verdicts that were given, by that name.
    verdicts: BTreeMap<B256, Vec<VerificationResponse>>,
    /// Calls of the contract and evidence for the next block.
    calls: Vec<(Address, Call)>,
    reports: Vec<Evidence>,
    /// Whether the next block prepares the extension.
    prepares: bool,
    /// Whether the next slot has no block.
    misses: bool,
    /// The nodes that do not settle when they lead.
    silent: BTreeSet<usize>,
    honest_disconnects: u64,
    repelled: BTreeSet<B256>,
    /// The stakers that have signed what is false.
    culprits: BTreeSet<Address>,
}

/// Reads and runs a scenario, twice: the second run must give the same.
pub fn run(node: &JsonNode) -> Result<Outcome, Fault> {
    let scenario = Scenario::from_json(node)?;
    check(node, &scenario)?;
    let first = World::new(&scenario)?.play()?;
    let second = World::new(&scenario)?.play()?;
    let mut outcome = first.clone();
    outcome.invariants.insert("replaying gives the same".into(), first == second);
    Ok(outcome)
}

/// Refuses a scenario that would not end, or has nothing to stand on.
fn check(node: &JsonNode, scenario: &Scenario) -> Result<(), Fault> {
    let within = |node: &JsonNode, value: u64, least: u64, most: u64| match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(node.fault(format!("is not from {least} to {most}"))),
    };
    within(&node.field("nodes")?, scenario.nodes.into(), 1, MAX_NODES.into())?;
    within(&node.field("slots")?, scenario.slots, 0, MAX_SLOTS)?;
    within(&node.field("latency")?, scenario.latency, 1, MAX_LATENCY)?;
    within(&node.field("finality")?, scenario.finality, 0, FIRST_SLOT)?;
    let each_once = |node: JsonNode, numbers: &[u8]| {
        if numbers.iter().any(|number| *number >= scenario.nodes) {
            return Err(node.fault("names a node that does not exist"));
        }
        match numbers.len() == numbers.iter().collect::<BTreeSet<_>>().len() {
            true => Ok(()),
            false => Err(node.fault("names a node twice")),
        }
    };
    each_once(node.field("provers")?, &scenario.provers)?;
    each_once(node.field("lacking")?, &scenario.lacking)?;
    let events = node.field("events")?;
    if scenario.events.len() > MAX_EVENTS {
        return Err(events.fault(format!("has more than {MAX_EVENTS} items")));
    }
    for (event, incident) in events.items()?.iter().zip(&scenario.events) {
        within(&event.field("slot")?, incident.slot, 0, scenario.slots + QUIET_SLOTS - 1)?;
        within(&event.field("number")?, incident.number, 0, MAX_NUMBER)?;
        each_once(event.field("nodes")?, &incident.nodes)?;
    }
    Ok(())
}

fn secret(kind: &str, number: u64) -> B256 {
    keccak256(format!("middle-client simulation insecure {kind} {number}"))
}

fn account(secret: &B256) -> Result<Address, Fault> {
    signature::account(secret).map_err(|error| Fault::new("simulation", error.to_string()))
}

fn sign(secret: &B256, hash: B256) -> Result<Bytes, Fault> {
    signature::sign(secret, hash).map(Bytes::from).map_err(|error| Fault::new("simulation", error.to_string()))
}

fn refused(rejection: Rejection) -> Fault {
    Fault::new("simulation", rejection.to_string())
}

fn peer(node: usize) -> B256 {
    keccak256(format!("node {node}"))
}

/// The number of Operations of the largest crowd in a scenario.
fn crowd(scenario: &Scenario) -> u64 {
    let crowds = scenario.events.iter().filter(|event| event.what == "crowd");
    crowds.map(|event| event.number).max().unwrap_or(0)
}

/// The id of an extension that only a crowd uses.
fn clone_id(number: u64) -> B256 {
    keccak256(format!("clone {number}"))
}

/// The digest of the key of the only tier.
fn tier_key() -> B256 {
    keccak256("the key of the simulation")
}

impl World {
    fn new(scenario: &Scenario) -> Result<World, Fault> {
        let source = if scenario.reads_witness { WITNESS_MODULE } else { MODULE };
        let wasm = wat::parse_str(source).map_err(|error| Fault::new("simulation", error.to_string()))?;
        let module = profile::load(&wasm).map_err(refused)?;
        let entry = Entry {
            developer: account(&secret("user", 7))?,
            wasm_hash: keccak256(&wasm),
            wasm: wasm.clone().into(),
            code_commitment: canonical_code::lower(&module).map_err(refused)?.commitment(),
            proof_system: 1,
            key_hash: universal_key_hash(&[tier_key()]),
            abi_version: 1,
            data_rule: 1,
            ..Entry::default()
        };
        let mut contract = Consensus::default();
        let nothing = ChainView::default();
        for number in 0..u64::from(scenario.nodes) {
            let staker = account(&secret("node", number))?;
            contract.call(staker, &Call::Stake(u128::from(number + 1) * STAKE_UNIT), &nothing).map_err(refused)?;
        }
        for number in 0..8 {
            contract.call(account(&secret("user", number))?, &Call::Deposit(STAKE_UNIT), &nothing).map_err(refused)?;
        }
        for number in 0..crowd(scenario).div_ceil(CROWD_OPERATIONS) {
            contract.call(account(&secret("crowd", number))?, &Call::Deposit(STAKE_UNIT), &nothing).map_err(refused)?;
        }
        for epoch in 0..=(FIRST_SLOT + 600) / 32 {
            contract.seeds.insert(epoch, keccak256(format!("seed {} {epoch}", scenario.seed)));
        }
        let mut world = World {
            scenario: scenario.clone(),
            module,
            entry,
            wasm: wasm.into(),
            witnesses: BTreeSet::new(),
            rng: ChaCha20Rng::from_seed(keccak256(format!("scenario {}", scenario.seed)).0),
            slot: FIRST_SLOT,
            chain: Vec::new(),
            finalized: 0,
            orphans: BTreeMap::new(),
            nodes: vec![Node::default(); scenario.nodes.into()],
            messages: BTreeSet::new(),
            sent: 0,
            now: FIRST_SLOT * TICKS,
            links: BTreeMap::new(),
            group: vec![0; scenario.nodes.into()],
            sequences: BTreeMap::new(),
            timeline: Vec::new(),
            proven: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            calls: Vec::new(),
            reports: Vec::new(),
            prepares: false,
            misses: false,
            silent: BTreeSet::new(),
            honest_disconnects: 0,
            repelled: BTreeSet::new(),
            culprits: BTreeSet::new(),
        };
        for slot in 0..=FIRST_SLOT {
            let hash = keccak256(format!("block {slot}"));
            let (settled, batch, rewarded) = (Vec::new(), Vec::new(), Vec::new());
            let prepared = scenario.events.iter().all(|event| event.what != "prepare");
            world.push(L1Block { hash, slot, contract: contract.clone(), settled, batch, rewarded, prepared });
        }
        for (number, node) in world.nodes.iter_mut().enumerate() {
            node.id = peer(number);
            node.account = account(&secret("node", number as u64))?;
            node.keys = vec![tier_key()];
            node.capabilities = Capabilities {
                proof_types: vec![PROOF_COMMITTED_GROTH16].into(),
                tiers: vec![1],
                max_proof_bytes: MAX_PROOF_BYTES as u32,
                ..Capabilities::default()
            };
            if !world.scenario.lacking.contains(&(number as u8)) {
                let adopted = (world.entry.to_bytes().into(), world.wasm.clone());
                node.extensions.insert(world.entry.id(1), adopted);
                // NODE-016: as its code says, whatever is prepared.
                node.witness_readers = world.scenario.reads_witness.then(|| world.entry.id(1)).into_iter().collect();
            }
        }
        Ok(world)
    }

    fn play(mut self) -> Result<Outcome, Fault> {
        let head = self.head(&[], &[]);
        for number in 0..self.nodes.len() {
            self.tell(number, &head);
        }
        for one in 0..self.nodes.len() {
            for two in (0..self.nodes.len()).filter(|two| *two != one) {
                self.tell(one, &Event::Connected(peer(two)));
            }
        }
        for slot in 0..self.scenario.slots + QUIET_SLOTS {
            let incidents: Vec<Incident> = self.scenario.events.iter().filter(|it| it.slot == slot).cloned().collect();
            for incident in incidents {
                self.happen(&incident)?;
            }
            for tick in 0..TICKS {
                self.deliver(self.slot * TICKS + tick);
                if tick == TICKS / 2 && slot < self.scenario.slots {
                    self.prove()?;
                }
            }
            self.next_block();
        }
        for tick in 0..self.scenario.latency * TICKS {
            self.deliver(self.slot * TICKS + tick);
        }
        Ok(self.outcome())
    }

    /// Puts a block on the chain, and with it another one is final.
    fn push(&mut self, block: L1Block) {
        self.chain.push(block);
        let last = (self.chain.len() - 1).saturating_sub(self.scenario.finality as usize);
        self.finalized = self.finalized.max(last);
    }

    fn tip(&self) -> &L1Block {
        &self.chain[self.chain.len() - 1]
    }

    fn contract(&self) -> &Consensus {
        &self.tip().contract
    }

    fn view(&self) -> ChainView {
        let head = self.chain.len() as u64 - 1;
        let mut blocks = self.orphans.clone();
        // OP-022: no older one can be an anchor.
        let known = self.chain.iter().enumerate().filter(|(_, block)| block.slot + ANCHOR_SLOTS >= self.slot);
        blocks.extend(
            known.map(|(number, block)| {
                (block.hash, Block { number: number as u64, slot: block.slot, canonical: true })
            }),
        );
        let known = ExtensionView {
            entry_hash: keccak256(self.entry.to_bytes()),
            code_commitment: self.entry.code_commitment,
            proof_system: 1,
            data_rule: 1,
            prepared: if self.tip().prepared { [1].into() } else { BTreeSet::new() },
            // What the registry knows, which has seen no code before it prepares any.
            reads_witness: self.scenario.reads_witness && self.tip().prepared,
            ..ExtensionView::default()
        };
        // The same module under other ids, for the crowd.
        let clones =
            (0..crowd(&self.scenario).div_ceil(CROWD_OF_EXTENSION)).map(|number| (clone_id(number), known.clone()));
        let mut extensions: BTreeMap<B256, ExtensionView> = clones.collect();
        extensions.insert(self.entry.id(1), known);
        let mut view = ChainView {
            chain_id: 1,
            slot: self.slot,
            finalized_slot: self.chain[self.finalized].slot,
            base_fee: 100,
            blocks,
            head_number: head,
            extensions,
            ..ChainView::default()
        };
        self.contract().show(&mut view);
        view
    }

    fn head(&self, settled: &[B256], slashed: &[Slashed]) -> Event {
        Event::Head(Box::new(self.view()), self.finalized as u64, settled.to_vec(), slashed.to_vec())
    }

    fn say(&mut self, line: String) {
        self.timeline.push(format!("slot {:>3}: {line}", self.slot - FIRST_SLOT));
    }

    /// Gives a node an event and carries out what it does.
    fn tell(&mut self, number: usize, event: &Event) {
        let (module, witnesses, is_broken) = (&self.module, &self.witnesses, self.scenario.is_broken);
        // Who has not adopted the extension has no prepared key for it.
        let has_key = self.nodes[number].extensions.contains_key(&self.entry.id(1));
        let verify = |statement: &Statement, _: &Proof| match has_key {
            true => proves(statement, module, witnesses, is_broken),
            false => Err(Rejection::new(Reject::ExtensionNotActive, 0, "the extension is not adopted here")),
        };
        let actions = self.nodes[number].handle(event, &verify);
        for action in actions {
            match action {
                Action::Send(to, bytes) => {
                    if let Some(to) = (0..self.nodes.len()).find(|node| peer(*node) == to) {
                        self.send(peer(number), to, bytes);
                    }
                }
                Action::Disconnect(other, reason) => {
                    self.say(format!("node {number} disconnects a peer: {}", reason.name()));
                    match (0..self.nodes.len()).find(|node| peer(*node) == other) {
                        Some(_) => self.honest_disconnects += 1,
                        None => drop(self.repelled.insert(other)),
                    }
                }
                Action::Sign(to, mut response) => {
                    let hash = response.signing_hash(1, Address::ZERO);
                    response.signature = sign(&secret("node", number as u64), hash).unwrap_or_default();
                    self.verdicts.entry(response.post_operation).or_default().push(response.clone());
                    self.tell(number, &Event::Signed(to, response));
                }
                Action::Alarm(_, results) => {
                    let confirmed = results.iter().filter(|(_, is_confirmed)| *is_confirmed == Some(true)).count();
                    self.say(format!(
                        "node {number} sees two valid results that differ, and confirms {confirmed} of them"
                    ));
                }
                Action::Dropped(_) => self.say(format!("node {number} gives the extension up")),
                Action::Adopted(_) => self.say(format!("node {number} adopts the extension")),
                Action::Refused(reason) => self.say(format!("node {number} refuses its user: {}", reason.name())),
            }
        }
    }

    fn send(&mut self, from: B256, to: usize, bytes: Bytes) {
        let delay = 1 + u64::from(self.rng.next_u32()) % self.scenario.latency;
        self.sent += 1;
        let link = self.links.entry((from, to)).or_default();
        *link = (self.now + delay).max(*link);
        self.messages.insert((*link, self.sent, from, to, bytes));
    }

    fn deliver(&mut self, now: u64) {
        self.now = now;
        while self.messages.first().is_some_and(|it| it.0 <= now) {
            let Some((_, _, from, to, bytes)) = self.messages.pop_first() else { break };
            let sender = (0..self.nodes.len()).find(|node| peer(*node) == from);
            // A partition loses what crosses it.
            if sender.is_none_or(|sender| self.group[sender] == self.group[to]) {
                self.tell(to, &Event::Message(from, bytes));
            }
        }
    }

    fn happen(&mut self, incident: &Incident) -> Result<(), Fault> {
        let victim = incident.nodes.first().copied().unwrap_or(0) as usize;
        match incident.what.as_str() {
            "operation" => {
                let operation = self.operation(incident.number, 1 + incident.number)?;
                self.say(format!("user {} sends an Operation to node {victim}", incident.number));
                self.tell(victim, &Event::Submit(operation.to_bytes().into()));
            }
            "partition" => {
                for node in 0..self.nodes.len() {
                    self.group[node] = usize::from(incident.nodes.contains(&(node as u8)));
                }
                self.say(format!("the nodes {:?} are cut off", incident.nodes));
                self.reconnect(false);
            }
            "heal" => {
                self.group.fill(0);
                self.say("the partition ends".into());
                self.reconnect(true);
            }
            "crowd" => {
                self.say(format!("{} Operations of many users come to node {victim}", incident.number));
                for number in 0..incident.number {
                    let secret = secret("crowd", number / CROWD_OPERATIONS);
                    let nonce = U256::from(number % CROWD_OPERATIONS);
                    let operation = self.signed(&secret, nonce, |it| {
                        it.extension_id = clone_id(number / CROWD_OF_EXTENSION);
                        it.lane = U256::from(number);
                        it.data = vec![1; CROWD_BYTES].into();
                    })?;
                    self.tell(victim, &Event::Submit(operation.to_bytes().into()));
                }
            }
            "drain" => {
                self.say(format!("user {} sends two Operations, and can pay for one", incident.number));
                let secret = secret("user", incident.number);
                for (place, key) in (1u64..3).enumerate() {
                    // Nonces of other keys are others.
                    let operation = self.signed(&secret, U256::from(key) << 64, |it| {
                        it.lane = U256::from(1_000 * key + incident.number);
                        it.gas_management.prover_fee_max = STAKE_UNIT / 10 * 6;
                    })?;
                    let node = incident.nodes.get(place).copied().unwrap_or(0).into();
                    self.tell(node, &Event::Submit(operation.to_bytes().into()));
                }
            }
            "reorg" => self.reorg(incident.number, false)?,
            "reorgKept" => self.reorg(incident.number, true)?,
            "silence" => {
                self.silent = incident.nodes.iter().map(|node| *node as usize).collect();
                self.say(format!("the nodes {:?} settle nothing any more", incident.nodes));
            }
            "withdraw" => {
                let user = account(&secret("user", incident.number))?;
                let wei = self.contract().deposit(user);
                self.calls.push((user, Call::Withdraw(wei)));
                self.say(format!("user {} announces to withdraw {wei} wei", incident.number));
            }
            "adopt" => {
                self.say(format!("node {victim} wants the extension"));
                self.tell(victim, &Event::Adopt(self.entry.id(1)));
            }
            "missed" => self.misses = true,
            "prepare" => {
                self.prepares = true;
                self.say("somebody prepares the extension for settlement".into());
            }
            attack => self.attack(attack, incident.number, victim)?,
        }
        Ok(())
    }

    /// Connections across a partition end, and are made anew when it does.
    fn reconnect(&mut self, is_healed: bool) {
        for one in 0..self.nodes.len() {
            for two in (0..self.nodes.len()).filter(|two| *two != one) {
                let connected = self.nodes[one].sessions.contains_key(&peer(two));
                if !is_healed && self.group[one] != self.group[two] {
                    self.tell(one, &Event::Disconnected(peer(two)));
                } else if is_healed && !connected {
                    self.tell(one, &Event::Connected(peer(two)));
                }
            }
        }
    }

    /// The next Operation of a user, signed.
    fn operation(&mut self, user: u64, input: u64) -> Result<Operation, Fault> {
        let sequence = self.sequences.entry(user).or_default();
        let nonce = U256::from(*sequence);
        *sequence += 1;
        self.signed(&secret("user", user), nonce, |it| {
            it.lane = U256::from(user);
            it.data = input.to_le_bytes().to_vec().into();
        })
    }

    /// An Operation of an account, changed and signed.
    fn signed(&self, secret: &B256, nonce: U256, change: impl FnOnce(&mut Operation)) -> Result<Operation, Fault> {
        let mut operation = Operation {
            chain_id: 1,
            sender: account(secret)?,
            nonce,
            extension_id: self.entry.id(1),
            to: Address::repeat_byte(0x70),
            gas_limit: 50_000,
            gas_management: GasManagement {
                max_fee: 1_000,
                max_priority_fee: 10,
                prover_fee_max: 1_000_000,
                ramp_start_slot: self.slot,
                cycle_limit: 10_000,
                ..GasManagement::default()
            },
            data: 1u64.to_le_bytes().to_vec().into(),
            anchor_hash: self.chain[self.finalized].hash,
            valid_until_slot: self.slot + 200,
            ..Operation::default()
        };
        change(&mut operation);
        operation.signature = sign(secret, operation.hash(Address::ZERO))?;
        Ok(operation)
    }

    /// A witness of this prover that is good for the Operation; nothing if the extension reads none.
    fn witness(&self, operation: &Operation, prover: u64) -> Vec<u8> {
        let digit = operation.data.first().copied().unwrap_or_default() & 15;
        let witness = (u64::from(digit) + 16 * (1 + prover)).to_le_bytes().to_vec();
        if self.scenario.reads_witness { witness } else { Vec::new() }
    }

    /// The result of a pooled Operation as its lane is now, executed with this witness and signed by this account.
    fn result(
        &mut self,
        operation: &Operation,
        view: &ChainView,
        witness: Vec<u8>,
        prover: &B256,
        change: impl FnOnce(&mut PostOperation),
    ) -> Result<PostOperation, Fault> {
        let hash = operation.hash(view.consensus_contract);
        let mut result = PostOperation {
            operation_hash: hash,
            extension_id: operation.extension_id,
            pre_root: view.root(operation.extension_id, operation.lane),
            cycles: 1,
            prover: account(prover)?,
            proof: Proof { proof_type: 1, tier: 1, segments: vec![Bytes::new()] },
            stamp_hash: self.tip().hash,
            ..PostOperation::default()
        };
        let unknown = || Fault::new("simulation", "the anchor is unknown");
        let draft = statement(operation, &result, view).map_err(refused)?.ok_or_else(unknown)?;
        let terms = Terms {
            chain_id: 1,
            extension_id: operation.extension_id,
            tier: 1,
            segments: 1,
            cycle_limit: operation.gas_management.cycle_limit,
            prover: result.prover,
        };
        let executed = Statement::of_execution(&self.module, &draft.inputs(&witness), &terms).map_err(refused)?;
        (result.outcome, result.code) = match executed.outcome {
            crate::notation::Outcome::Accepted => (0, 0),
            crate::notation::Outcome::Rejected(code) => (1, code),
            crate::notation::Outcome::Trapped(trap) => (2, trap.code()),
        };
        self.witnesses.insert(witness);
        result.output = executed.output.into();
        result.post_root = executed.post_state_root;
        result.cycles = executed.cycles;
        change(&mut result);
        let stated = statement(operation, &result, view).map_err(refused)?.ok_or_else(unknown)?;
        result.prover_signature = sign(prover, result.signing_hash(&stated, Address::ZERO))?;
        Ok(result)
    }

    /// Each prover proves what is next in each lane and has no result, or one whose stamp grows old.
    fn prove(&mut self) -> Result<(), Fault> {
        let view = self.view();
        for prover in self.scenario.provers.clone() {
            let node = &self.nodes[prover as usize];
            if !node.extensions.contains_key(&self.entry.id(1)) {
                continue;
            }
            let pools = &node.pools;
            let next: Vec<Operation> = pools
                .operations
                .operations
                .iter()
                .filter(|(hash, it)| {
                    let operation = &it.operation;
                    let is_next =
                        operation.nonce_sequence() == view.next_sequence(operation.sender, operation.nonce_key());
                    let is_own = operation.extension_id == self.entry.id(1);
                    is_own && is_next && !pools.post_operations.has(**hash)
                })
                .map(|(_, it)| it.operation.clone())
                .collect();
            let own = account(&secret("node", prover.into()))?;
            let old: Vec<(Operation, PostOperation)> = pools
                .post_operations
                .post_operations
                .values()
                .map(|it| &it.post_operation)
                .filter(|it| it.prover == own && needs_renewal(it.stamp_hash, &view))
                .filter_map(|it| {
                    let pooled = pools.operations.operations.get(&it.operation_hash)?;
                    Some((pooled.operation.clone(), it.clone()))
                })
                .collect();
            for operation in next {
                let witness = self.witness(&operation, prover.into());
                let result = self.result(&operation, &view, witness, &secret("node", prover.into()), |_| ())?;
                self.say(format!("node {prover} proves {}", short(result.operation_hash)));
                self.publish(prover, &operation, result, &view)?;
            }
            for (operation, mut result) in old {
                // The same proof under a new stamp.
                result.stamp_hash = self.tip().hash;
                self.say(format!("node {prover} renews {}", short(result.operation_hash)));
                self.publish(prover, &operation, result, &view)?;
            }
        }
        Ok(())
    }

    /// A prover signs its result, publishes it, and asks others for their verdicts.
    fn publish(
        &mut self,
        prover: u8,
        operation: &Operation,
        mut result: PostOperation,
        view: &ChainView,
    ) -> Result<(), Fault> {
        let unknown = || Fault::new("simulation", "the anchor is unknown");
        let stated = statement(operation, &result, view).map_err(refused)?.ok_or_else(unknown)?;
        let name = result.signing_hash(&stated, Address::ZERO);
        result.prover_signature = sign(&secret("node", prover.into()), name)?;
        let proof = keccak256(rlp::encode(&result.proof));
        self.proven.insert(name, (result.operation_hash, proof, result.stamp_hash));
        self.tell(prover.into(), &Event::Publish(result.to_bytes().into()));
        self.tell(prover.into(), &Event::Ask(result.operation_hash));
        Ok(())
    }

    /// A slot begins. Its leader settles what it has pooled, in the order of the lanes; then all nodes see the block.
    fn next_block(&mut self) {
        self.slot += 1;
        for number in 0..self.nodes.len() {
            self.tell(number, &Event::Slot(self.slot));
        }
        if std::mem::take(&mut self.misses) {
            self.say("the slot has no block".into());
            return;
        }
        let (settled, slashed) = self.build(None);
        let head = self.head(&settled, &slashed);
        for number in 0..self.nodes.len() {
            self.tell(number, &head);
        }
    }

    /// Makes the block of this slot. Its leader settles what it has pooled, or this batch. Gives what was settled, and the
    /// stakes that are lost.
    fn build(&mut self, given: Option<Vec<Item>>) -> (Vec<B256>, Vec<Slashed>) {
        let mut view = self.view();
        let mut contract = self.contract().clone();
        let slashed = self.call(&mut contract, &view);
        let leader = contract.leader(self.slot);
        let leads = |node: &usize| account(&secret("node", *node as u64)).ok() == leader;
        // Who is not the leader may settle what is overdue; the contract knows.
        let settlers = (0..self.nodes.len()).filter(|node| !self.silent.contains(node));
        let number = settlers.clone().find(leads).or(settlers.clone().next().filter(|_| !self.silent.is_empty()));
        let settler = number.and_then(|node| account(&secret("node", node as u64)).ok()).unwrap_or_default();
        let (mut settled, mut batch) = (Vec::new(), Vec::new());
        if let Some(number) = number {
            let pools = &self.nodes[number].pools;
            let mut items: Vec<(u64, Item)> = pools
                .post_operations
                .post_operations
                .values()
                .filter_map(|it| {
                    let pooled = pools.operations.operations.get(&it.post_operation.operation_hash)?;
                    let (operation, post_operation) = (pooled.operation.clone(), it.post_operation.clone());
                    Some((it.depth, Item::new(operation, post_operation)))
                })
                .collect();
            items.sort_by_key(|(depth, item)| (*depth, item.post_operation.operation_hash));
            batch = given.unwrap_or_else(|| items.into_iter().map(|(_, item)| item).collect());
            view.slot = self.slot;
            let (module, witnesses, is_broken) = (&self.module, &self.witnesses, self.scenario.is_broken);
            let verify = |statement: &Statement, _: &Proof| proves(statement, module, witnesses, is_broken);
            let call = &mut |_: &mut Consensus, call: &TargetCall| CallResult {
                gas_left: 2 * call.gas_limit,
                success: true,
                gas_used: 45_000,
            };
            let results = contract.settle(settler, &batch, &view, &verify, call);
            let mut refused: BTreeMap<&str, u64> = BTreeMap::new();
            for rejection in results.iter().filter_map(|result| result.as_ref().err()) {
                *refused.entry(rejection.reason.name()).or_default() += 1;
            }
            for (reason, count) in refused {
                self.say(format!("the contract refuses {count} of {} results: {reason}", results.len()));
            }
            settled = results.into_iter().flatten().map(|receipt| receipt.operation_hash).collect();
        }
        let rewarded = self.reward(&mut contract, &view);
        let (parent, prepared) = (self.tip().hash, self.tip().prepared || std::mem::take(&mut self.prepares));
        let hash = keccak256([parent, B256::from(U256::from(self.slot))].concat());
        if !settled.is_empty() {
            let names: Vec<String> = settled.iter().map(|hash| short(*hash)).collect();
            self.say(format!("node {} settles {}", number.unwrap_or_default(), names.join(", ")));
        }
        let block = L1Block { hash, slot: self.slot, contract, settled: settled.clone(), batch, rewarded, prepared };
        self.push(block);
        (settled, slashed)
    }

    /// Carries out what accounts want of the contract, and judges evidence: gives the stakes that are lost.
    fn call(&mut self, contract: &mut Consensus, view: &ChainView) -> Vec<Slashed> {
        for (caller, call) in std::mem::take(&mut self.calls) {
            if let Err(rejection) = contract.call(caller, &call, view) {
                self.say(format!("the contract refuses a call: {}", rejection.reason.name()));
            }
        }
        let reports = std::mem::take(&mut self.reports);
        let reporter = account(&secret("user", 7)).unwrap_or_default();
        let (module, witnesses, is_broken) = (&self.module, &self.witnesses, self.scenario.is_broken);
        let verify = |statement: &Statement, _: &Proof| proves(statement, module, witnesses, is_broken);
        let verdicts: Vec<_> =
            reports.iter().map(|it| contract.report(reporter, it, view, &verify, 1_000_000)).collect();
        for verdict in &verdicts {
            self.say(match verdict {
                Ok(Some(slashed)) => format!("a stake is slashed, and the reporter gets {} wei", slashed.amount),
                Ok(None) => "the contract notes a valid result, or halts the extension".into(),
                Err(rejection) => format!("the contract refuses evidence: {}", rejection.reason.name()),
            });
        }
        verdicts.into_iter().flatten().flatten().collect()
    }

    /// Each verifier shows its own verdict, and somebody has divided what was held for long enough. Gives the Operations for
    /// which this completes two thirds of all weight.
    fn reward(&mut self, contract: &mut Consensus, view: &ChainView) -> Vec<B256> {
        let mut rewarded = Vec::new();
        for (name, (operation, proof, stamp)) in self.proven.clone() {
            let has_quorum = |contract: &Consensus| {
                contract.rewards.get(&operation).is_some_and(|reward| contract.quorum(reward).1 > 0)
            };
            let had_quorum = has_quorum(contract);
            let mut count = 0;
            for verdict in self.verdicts.get(&name).into_iter().flatten() {
                count += u64::from(
                    contract.claim_reward(operation, proof, stamp, std::slice::from_ref(verdict), view).is_ok(),
                );
            }
            if count > 0 {
                self.say(format!("{count} nodes are noted for verifying {}", short(operation)));
            }
            if has_quorum(contract) && !had_quorum {
                rewarded.push(operation);
            }
        }
        for operation in contract.rewards.keys().copied().collect::<Vec<_>>() {
            if contract.release_reward(operation, view).is_ok() {
                self.say(format!("what was held for verifying {} is divided", short(operation)));
            }
        }
        rewarded
    }

    /// L1 loses its last blocks. The new branch begins in this slot, with an empty block or with one that settles again what
    /// is lost and takes the evidence that waits.
    fn reorg(&mut self, depth: u64, keeps: bool) -> Result<(), Fault> {
        let depth = depth.min((self.chain.len() - 1).saturating_sub(self.finalized + 1) as u64);
        let mut lost = Vec::new();
        for _ in 0..depth {
            if let Some(block) = self.chain.pop() {
                let has_settled = |item: &Item| block.settled.contains(&item.post_operation.operation_hash);
                lost.splice(..0, block.batch.iter().filter(|item| has_settled(item)).cloned());
                let number = self.chain.len() as u64;
                self.orphans.insert(block.hash, Block { number, slot: block.slot, canonical: false });
            }
        }
        self.say(format!("L1 loses its last {depth} blocks"));
        let parent = self.tip().clone();
        let hash = keccak256([parent.hash, B256::from(U256::from(self.slot)), B256::repeat_byte(1)].concat());
        let ancestor = self.chain.len() as u64 - 1;
        let (mut kept, mut slashed) = (BTreeMap::new(), Vec::new());
        if keeps && depth > 0 {
            let settled;
            (settled, slashed) = self.build(Some(lost));
            kept = settled.into_iter().map(|operation| (operation, ancestor + 1)).collect();
            if let Some(block) = self.chain.last_mut() {
                block.hash = hash;
            }
        } else {
            let (settled, batch, rewarded) = (Vec::new(), Vec::new(), Vec::new());
            let (contract, prepared) = (parent.contract, parent.prepared);
            self.push(L1Block { hash, slot: self.slot, contract, settled, batch, rewarded, prepared });
        }
        let event = Event::Reorg(ancestor, depth, kept, Box::new(self.view()), slashed);
        for number in 0..self.nodes.len() {
            self.tell(number, &event);
        }
        Ok(())
    }

    /// A stranger connects to a node and misbehaves.
    fn attack(&mut self, attack: &str, number: u64, victim: usize) -> Result<(), Fault> {
        let attacker = keccak256(format!("attacker {number}"));
        self.say(format!("a stranger attacks node {victim}: {attack}"));
        if !self.nodes[victim].sessions.contains_key(&attacker) {
            self.tell(victim, &Event::Connected(attacker));
            let status = Message::Status(Session::status(&self.view(), B256::ZERO));
            self.tell(victim, &Event::Message(attacker, status.to_bytes().into()));
        }
        let message = |message: Message| Event::Message(attacker, message.to_bytes().into());
        let push =
            |item: Vec<u8>| message(Message::Operations(PooledItems { request_id: 0, items: vec![item.into()] }));
        match attack {
            "garbage" => {
                let mut bytes = vec![0; 64];
                self.rng.fill_bytes(&mut bytes);
                bytes[0] |= 0x80;
                self.tell(victim, &Event::Message(attacker, bytes.into()));
            }
            "unsignedOperations" => {
                for input in 0..6 {
                    let mut operation = self.operation(7, 1)?;
                    *self.sequences.entry(7).or_default() -= 1;
                    operation.data = vec![input as u8].into();
                    operation.signature = vec![0; 66].into();
                    self.tell(victim, &push(operation.to_bytes()));
                }
            }
            "censorship" => {
                // A copy of a pooled Operation with a broken signature, sent before the original to another node.
                let operation = self.operation(number, 1 + number)?;
                let mut broken = operation.clone();
                broken.signature = vec![0; 66].into();
                self.tell(victim, &push(broken.to_bytes()));
                self.tell(victim, &Event::Submit(operation.to_bytes().into()));
            }
            "wrongSize" => {
                let item = Bytes::from(self.operation(7, 1)?.to_bytes());
                *self.sequences.entry(7).or_default() -= 1;
                let announcement = Announcement {
                    types: vec![1].into(),
                    sizes: vec![item.len() as u32 + 1],
                    hashes: vec![crate::operation::wire_hash(&item)],
                };
                self.tell(victim, &message(Message::NewOperationHashes(announcement)));
                let request_id = self.nodes[victim].sessions.get(&attacker).map_or(0, |it| it.last_request_id);
                let items = PooledItems { request_id, items: vec![item] };
                self.tell(victim, &message(Message::Operations(items)));
            }
            "flood" => {
                // More Operations than a sender may have in a pool; what is refused is sent again by nobody.
                for _ in 0..6 {
                    let operation = self.operation(number, 1 + number)?;
                    self.tell(victim, &push(operation.to_bytes()));
                    let hash = operation.hash(Address::ZERO);
                    if !self.nodes[victim].pools.operations.operations.contains_key(&hash) {
                        *self.sequences.entry(number).or_default() -= 1;
                    }
                }
            }
            "announceOnly" => {
                for part in 0..6u64 {
                    let hashes: Vec<B256> =
                        (0..4_096u64).map(|item| keccak256(format!("nothing {part} {item}"))).collect();
                    let announcement =
                        Announcement { types: vec![1; hashes.len()].into(), sizes: vec![100; hashes.len()], hashes };
                    self.tell(victim, &message(Message::NewOperationHashes(announcement)));
                }
            }
            "falseExtension" => {
                // The stranger says that it has the extension, and sends another module for it when it is asked.
                let id = self.entry.id(1);
                let has = Capabilities { extensions: vec![id], ..Capabilities::default() };
                self.tell(victim, &message(Message::Capabilities(has)));
                self.tell(victim, &Event::Adopt(id));
                let asked = self.nodes[victim].sessions.get(&attacker);
                let request_id = asked.and_then(|it| it.requested_extensions.keys().next().copied());
                if let Some(request_id) = request_id {
                    let (entry, wasm) = (self.entry.to_bytes().into(), vec![0; 8].into());
                    self.tell(victim, &message(Message::Extension(Extension { request_id, entry, wasm })));
                    self.say(format!("node {victim} asks the stranger, and gets another module"));
                }
            }
            "verificationFlood" => {
                for salt in 0..3 {
                    let request = VerificationRequest { slot: self.slot, salt, ..VerificationRequest::default() };
                    self.tell(victim, &message(Message::VerificationRequest(request)));
                }
            }
            "replay" => {
                // What is settled is sent again, as it was.
                let settled: Vec<Operation> =
                    self.nodes[victim].pools.limbo.values().map(|it| it.operation.clone()).collect();
                for operation in settled {
                    self.tell(victim, &push(operation.to_bytes()));
                }
            }
            "equivocation" => {
                // A staker, number `number`, answers one request in two ways.
                let signer = secret("node", number);
                self.culprits.insert(account(&signer)?);
                let said = |verdict: Verdict| -> Result<VerificationResponse, Fault> {
                    let mut response = VerificationResponse {
                        verdict: verdict as u8,
                        node: account(&signer)?,
                        slot: self.slot,
                        ..VerificationResponse::default()
                    };
                    response.signature = sign(&signer, response.signing_hash(1, Address::ZERO))?;
                    Ok(response)
                };
                let pair = (said(Verdict::Valid)?, said(Verdict::Invalid)?);
                self.reports.push(Evidence::Equivocation(Box::new(pair)));
            }
            "falseProver" => {
                // A staker, number `number`, signs results that are false.
                self.culprits.insert(account(&secret("node", number))?);
                let view = self.view();
                let pooled: Vec<Operation> =
                    self.nodes[victim].pools.operations.operations.values().map(|it| it.operation.clone()).collect();
                for operation in pooled {
                    let witness = self.witness(&operation, number);
                    let result =
                        self.result(&operation, &view, witness, &secret("node", number), |it| it.cycles += 1)?;
                    self.reports.push(Evidence::InvalidProof(Box::new((operation, result))));
                }
            }
            "falseVerdict" => {
                // A staker, number `number`, signs that results are valid which are false.
                self.culprits.insert(account(&secret("node", number))?);
                let view = self.view();
                let pooled: Vec<Operation> =
                    self.nodes[victim].pools.operations.operations.values().map(|it| it.operation.clone()).collect();
                let signer = secret("node", number);
                for operation in pooled {
                    let witness = self.witness(&operation, number);
                    let prover = secret("attacker", number);
                    let result = self.result(&operation, &view, witness, &prover, |it| it.cycles += 1)?;
                    let stated = statement(&operation, &result, &view).map_err(refused)?;
                    let mut response = VerificationResponse {
                        post_operation: stated.map(|it| result.signing_hash(&it, Address::ZERO)).unwrap_or_default(),
                        verdict: Verdict::Valid as u8,
                        node: account(&signer)?,
                        slot: self.slot,
                        ..VerificationResponse::default()
                    };
                    response.signature = sign(&signer, response.signing_hash(1, Address::ZERO))?;
                    self.reports.push(Evidence::FalseVerdict(Box::new((response, operation, result))));
                }
            }
            "falseResults" | "stolenResults" | "conflict" | "garbageWitness" => {
                let view = self.view();
                let pooled: Vec<Operation> =
                    self.nodes[victim].pools.operations.operations.values().map(|it| it.operation.clone()).collect();
                for operation in pooled {
                    for salt in 1..=if attack == "conflict" { 1 } else { 10 } {
                        let prover = secret("attacker", number);
                        let result = match attack {
                            // Somebody else's result with the thief's address and the old signature.
                            "stolenResults" => {
                                let witness = self.witness(&operation, 0);
                                let own = self.result(&operation, &view, witness, &secret("node", 0), |_| ())?;
                                PostOperation { prover: account(&prover)?, cycles: own.cycles + salt - 1, ..own }
                            }
                            // Honest proofs that the extension rejects the one witness and traps with the other.
                            "garbageWitness" => {
                                let input = operation.data.first().copied().unwrap_or_default();
                                let garbage = if salt % 2 == 0 { vec![0; 8] } else { vec![!input; 8] };
                                self.result(&operation, &view, garbage, &secret("attacker", number + salt), |_| ())?
                            }
                            _ => {
                                let witness = self.witness(&operation, number);
                                self.result(&operation, &view, witness, &prover, |it| it.cycles += salt)?
                            }
                        };
                        let item = Bytes::from(result.to_bytes());
                        let announcement = Announcement {
                            types: vec![2].into(),
                            sizes: vec![item.len() as u32],
                            hashes: vec![crate::operation::wire_hash(&item)],
                        };
                        self.tell(victim, &message(Message::NewPostOperationHashes(announcement)));
                        let request_id = self.nodes[victim].sessions.get(&attacker).map_or(0, |it| it.last_request_id);
                        let items = PooledItems { request_id, items: vec![item] };
                        self.tell(victim, &message(Message::PostOperations(items)));
                    }
                }
            }
            other => return Err(Fault::new("scenario", format!("there is no event `{other}`"))),
        }
        Ok(())
    }

    /// Whether an entity has done nothing wrong: a node, a staker as a prover, a user, whoever sends in its name.
    fn is_honest(&self, entity: &Entity) -> bool {
        let nodes = 0..self.nodes.len();
        match entity {
            Entity::Peer(id) => nodes.into_iter().any(|node| peer(node) == *id),
            Entity::Prover(prover) => {
                let mut stakers = nodes.filter_map(|node| account(&secret("node", node as u64)).ok());
                stakers.any(|staker| staker == *prover) && !self.culprits.contains(prover)
            }
            Entity::Extension(_) | Entity::Sponsor(_) | Entity::Sender(_) => true,
        }
    }

    fn outcome(self) -> Outcome {
        let operations = |node: &Node| node.pools.operations.operations.keys().copied().collect::<Vec<_>>();
        let results = |node: &Node| {
            node.pools.post_operations.post_operations.values().map(|it| it.result_id).collect::<Vec<_>>()
        };
        let all_settled: Vec<B256> = self.chain.iter().flat_map(|block| block.settled.clone()).collect();
        let once: BTreeSet<B256> = all_settled.iter().copied().collect();
        let rewarded = self.chain.iter().map(|block| block.rewarded.len() as u64).sum::<u64>();
        let slashed = self.contract().stakes.values().filter(|stake| stake.wei == 0).count() as u64;
        let same = |one: &Node, two: &Node| operations(one) == operations(two) && results(one) == results(two);
        let converge = self.nodes.windows(2).all(|pair| same(&pair[0], &pair[1]));
        let quarantined = self.nodes.iter().any(|node| !node.quarantined.is_empty());
        let mut records = self.nodes.iter().flat_map(|node| &node.reputation.records);
        let fair = records.all(|(entity, record)| record.bans == 0 || !self.is_honest(entity));
        let invariants = [
            ("the pools converge", converge),
            ("nothing settles twice", once.len() == all_settled.len()),
            ("value is conserved", self.chain.iter().all(|block| block.contract.is_balanced())),
            ("no honest node is disconnected", self.honest_disconnects == 0),
            ("nobody honest is banned", fair),
            ("as many Operations are settled as expected", once.len() as u64 == self.scenario.settled),
            ("as many results have verdicts of two thirds as expected", rewarded == self.scenario.rewarded),
            ("as many stakes are slashed as expected", slashed == self.scenario.slashed),
            ("as many attackers are repelled as expected", self.repelled.len() as u64 == self.scenario.repelled),
            ("the extension is halted if expected", quarantined == self.scenario.is_quarantined),
        ];
        let state: Value = json!({
            "nodes": self.nodes.iter().map(Node::to_json).collect::<Value>(),
            "contract": self.contract().to_json(),
            "head": hex(self.tip().hash),
        });
        Outcome {
            timeline: self.timeline,
            invariants: invariants.map(|(name, holds)| (name.to_string(), holds)).into(),
            digest: digest(&state),
        }
    }
}

/// Whether there is a proof: the statement is true with one of these witnesses, or without any.
fn proves(
    statement: &Statement,
    module: &Module,
    witnesses: &BTreeSet<Vec<u8>>,
    is_broken: bool,
) -> Result<(), Rejection> {
    let is_true = |witness: &Vec<u8>| relation(statement, module, witness).is_ok();
    if is_broken || witnesses.iter().any(is_true) { Ok(()) } else { relation(statement, module, &[]) }
}

/// A hash as people name it in a timeline.
fn short(hash: B256) -> String {
    hex(&hash[..4])
}
