//! The pool of unprocessed Operations.

use super::Limits;
use crate::notation::{B256, Reject, Rejection};
use crate::operation::{ChainView, Operation, check_fields, check_signatures, check_window, fee, signature};
use crate::reputation::{Entity, Reputation, Status};
use alloy_primitives::{Address, U256};
use std::collections::{BTreeMap, BTreeSet};

/// The order in which Operations are evicted: the least first. Ties are broken by the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// The prover's fee in the last slot of the validity.
    pub prover_fee: u128,
    /// The most that the settler gets for a unit of gas.
    pub max_priority_fee: u128,
    /// The most that a unit of gas may cost.
    pub max_fee: u128,
    /// The operation hash.
    pub hash: B256,
}

/// An Operation in the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PooledOperation {
    /// The Operation.
    pub operation: Operation,
    /// The number of slots that it takes.
    pub slots: u64,
    /// The most that it costs, in wei: what is reserved of its payer's deposit.
    pub max_cost: u128,
}

/// What an admission did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// The operation hash.
    pub hash: B256,
    /// The Operation whose place it took.
    pub replaced: Option<B256>,
    /// The Operations that had to go, in the order in which they went.
    pub evicted: Vec<B256>,
}

/// The pool with its indices. All are sorted, so equal histories give equal pools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationPool {
    /// The Operations by their hash.
    pub operations: BTreeMap<B256, PooledOperation>,
    /// What is reserved of each payer's deposit, in wei.
    pub reserved: BTreeMap<Address, u128>,
    /// The number of slots in use.
    pub slots: u64,
    by_nonce: BTreeMap<(Address, U256), B256>,
    by_rank: BTreeSet<Rank>,
    by_expiry: BTreeSet<(u64, B256)>,
    by_extension: BTreeMap<B256, BTreeSet<Rank>>,
    by_sponsor: BTreeMap<Address, u64>,
}

fn rank(operation: &Operation, hash: B256) -> Rank {
    let gas = &operation.gas_management;
    // POOL-010: what attracts work stands first, as far as the ramp gets within the validity.
    let prover_fee = fee::prover_fee(gas, operation.valid_until_slot.saturating_sub(1));
    Rank { prover_fee, max_priority_fee: gas.max_priority_fee, max_fee: gas.max_fee, hash }
}

fn refuse<T>(reason: Reject, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(reason, 0, detail))
}

/// Whether a fee is raised by at least a tenth, in exact integers.
fn is_raised(old: u128, new: u128) -> bool {
    // Products of 128-bit numbers and 110 fit into 256 bits.
    let (old_scaled, new_scaled) = (U256::from(old) * U256::from(110), U256::from(new) * U256::from(100));
    new > old && new_scaled >= old_scaled
}

impl OperationPool {
    /// The rank of a pooled Operation.
    pub fn rank_of(pooled: &PooledOperation, hash: B256) -> Rank {
        rank(&pooled.operation, hash)
    }

    /// Admits an Operation with this hash. `is_proven` tells of a pooled one whether it has a result that can be settled. The
    /// costly check of signatures is the last one; for an Operation that comes back it is left out, and the base fee is not looked at.
    #[allow(clippy::too_many_arguments, reason = "a handler has what it depends on as arguments")]
    pub fn admit(
        &mut self,
        hash: B256,
        operation: &Operation,
        view: &ChainView,
        reputation: &Reputation,
        limits: &Limits,
        is_proven: &dyn Fn(B256) -> bool,
        comes_back: bool,
    ) -> Result<Admission, Rejection> {
        // POOL-001: again is not wrong.
        if self.operations.contains_key(&hash) {
            return refuse(Reject::AlreadyKnown, hash.to_string());
        }
        check_fields(operation, view)?;
        check_window(operation, view)?;
        check_extension(operation.extension_id, view)?;
        // POOL-025, POOL-020: what can be settled in no next block waits with its user, unless it was here before.
        if !comes_back && operation.gas_management.max_fee < view.base_fee {
            return refuse(Reject::FeeTooLow, format!("the base fee is {} wei", view.base_fee));
        }
        let is_locked = |hash: B256| {
            let pooled = self.operations.get(&hash);
            pooled.is_some_and(|it| it.operation.gas_management.max_fee >= view.base_fee) && is_proven(hash)
        };
        let replaced = self.check_nonce(operation, view)?;
        self.check_entities(operation, replaced, view, reputation, limits)?;
        // REP-005: an extension has no say in who uses it, so nothing but its inclusions counts.
        let allowed = reputation.unstaked_operations(Entity::Extension(operation.extension_id), view.slot);
        let mut evicted = self.find_extension_victims(operation, hash, replaced, allowed, limits, &is_locked)?;
        self.check_sponsor(operation, replaced, view, reputation)?;
        if let Some(old) = replaced {
            self.check_replacement(operation, old, &is_locked)?;
        }
        // OP-015: it has been computed with the fields.
        let max_cost = fee::max_cost(operation).unwrap_or(u128::MAX);
        self.check_deposit(operation.payer(), max_cost, replaced, view)?;
        // POOL-009: in slots of a fixed size.
        let slots = (operation.length() as u64).div_ceil(limits.slot_bytes);
        self.find_victims(operation, hash, slots, replaced, limits, &mut evicted)?;
        // POOL-020: what a contract answers can change.
        let signatures = [&operation.signature, &operation.gas_management.sponsor_signature];
        if !comes_back || signatures.into_iter().any(|signature| signature::depends_on_state(signature)) {
            check_signatures(operation, hash, view)?;
        }

        if let Some(old) = replaced {
            self.remove(old);
        }
        for victim in &evicted {
            self.remove(*victim);
        }
        self.insert(hash, PooledOperation { operation: operation.clone(), slots, max_cost });
        Ok(Admission { hash, replaced, evicted })
    }

    /// The pooled Operation with the same nonce, if the nonce fits.
    fn check_nonce(&self, operation: &Operation, view: &ChainView) -> Result<Option<B256>, Rejection> {
        let (sequence, next) =
            (operation.nonce_sequence(), view.next_sequence(operation.sender, operation.nonce_key()));
        // POOL-003: consumed, the same, or the next one.
        if sequence < next {
            return refuse(Reject::NonceUsed, format!("sequence number {sequence}, next is {next}"));
        }
        if let Some(hash) = self.by_nonce.get(&(operation.sender, operation.nonce)) {
            return Ok(Some(*hash));
        }
        let follows = sequence > next
            && self.by_nonce.contains_key(&(operation.sender, operation.nonce.saturating_sub(U256::from(1))));
        if sequence == next || follows {
            return Ok(None);
        }
        refuse(Reject::NonceGap, format!("sequence number {sequence}, next is {next}"))
    }

    fn check_entities(
        &self,
        operation: &Operation,
        replaced: Option<B256>,
        view: &ChainView,
        reputation: &Reputation,
        limits: &Limits,
    ) -> Result<(), Rejection> {
        let (sender, sponsor) = (operation.sender, operation.gas_management.sponsor);
        // REP-008: who is banned sends and sponsors in vain.
        reputation.check(Entity::Sender(sender), view.slot)?;
        if !sponsor.is_zero() {
            reputation.check(Entity::Sponsor(sponsor), view.slot)?;
        }
        // POOL-004: of one sender.
        let pooled = self.by_nonce.range((sender, U256::ZERO)..=(sender, U256::MAX)).count() as u64;
        if pooled - u64::from(replaced.is_some()) >= limits.sender_operations {
            return refuse(Reject::SenderLimit, format!("{pooled} of {sender}"));
        }
        Ok(())
    }

    /// The Operations of the extension, of which so many are allowed, that make way for a new one.
    fn find_extension_victims(
        &self,
        operation: &Operation,
        hash: B256,
        replaced: Option<B256>,
        allowed: u64,
        limits: &Limits,
        is_locked: &dyn Fn(B256) -> bool,
    ) -> Result<Vec<B256>, Rejection> {
        let id = operation.extension_id;
        let Some(ranks) = self.by_extension.get(&id) else { return Ok(Vec::new()) };
        let same = replaced.is_some_and(|old| self.operations[&old].operation.extension_id == id);
        let pooled = ranks.len() as u64 - u64::from(same);
        // POOL-005: of the least ones those that cannot be settled as they are make way. No signature is checked yet, so no more
        // are looked at.
        let mut candidates = ranks.iter().take(limits.extension_candidates as usize);
        let stays = |it: &Operation| self.predecessors(it).iter().all(|hash| is_locked(*hash));
        let mut victims = Vec::new();
        let needed = (pooled + 1).saturating_sub(allowed);
        let frees = |it: &PooledOperation| u64::from(it.operation.extension_id == id);
        match self.make_way(operation, hash, replaced, &mut candidates, needed, &frees, &stays, &mut victims) {
            // What is too many since REP-006 makes way with the next ones.
            Some(left) if left == 0 || !victims.is_empty() => Ok(victims),
            _ => refuse(Reject::EntityLimit, format!("{pooled} of the extension pooled, {allowed} allowed")),
        }
    }

    fn check_sponsor(
        &self,
        operation: &Operation,
        replaced: Option<B256>,
        view: &ChainView,
        reputation: &Reputation,
    ) -> Result<(), Rejection> {
        let sponsor = operation.gas_management.sponsor;
        if sponsor.is_zero() {
            return Ok(());
        }
        let same = replaced.is_some_and(|old| self.operations[&old].operation.gas_management.sponsor == sponsor);
        let pooled = self.by_sponsor.get(&sponsor).copied().unwrap_or(0) - u64::from(same);
        // POOL-005: a sponsor has consented, and answers for it; REP-005 says how many it may have.
        let allowed = reputation.unstaked_operations(Entity::Sponsor(sponsor), view.slot);
        let is_free = view.is_staked(sponsor) && reputation.status(Entity::Sponsor(sponsor), view.slot) == Status::Ok;
        match is_free || pooled < allowed {
            true => Ok(()),
            false => refuse(Reject::EntityLimit, format!("{pooled} of the sponsor pooled, {allowed} allowed")),
        }
    }

    fn check_replacement(&self, new: &Operation, old: B256, is_locked: &dyn Fn(B256) -> bool) -> Result<(), Rejection> {
        // POOL-007: somebody has proved it, and it can be settled.
        if is_locked(old) {
            return refuse(Reject::OperationLocked, old.to_string());
        }
        // POOL-006: all three fees.
        let (old, new) = (&self.operations[&old].operation.gas_management, &new.gas_management);
        let raised = is_raised(old.max_fee, new.max_fee)
            && is_raised(old.max_priority_fee, new.max_priority_fee)
            && is_raised(old.prover_fee_max, new.prover_fee_max);
        if raised { Ok(()) } else { refuse(Reject::ReplacementUnderpriced, "each fee rises by at least a tenth") }
    }

    fn check_deposit(
        &self,
        payer: Address,
        max_cost: u128,
        replaced: Option<B256>,
        view: &ChainView,
    ) -> Result<(), Rejection> {
        let old = replaced.and_then(|hash| self.operations.get(&hash));
        let freed = old.filter(|old| old.operation.payer() == payer).map_or(0, |old| old.max_cost);
        let reserved = self.reserved.get(&payer).copied().unwrap_or(0) - freed;
        // POOL-008: what is reserved can be paid, and nothing of it is on its way out.
        match reserved.checked_add(max_cost) {
            Some(sum) if sum <= view.available(payer) => Ok(()),
            _ => refuse(Reject::DepositTooSmall, format!("{max_cost} wei beside {reserved} reserved")),
        }
    }

    /// Adds the Operations whose slots a new one takes to those that make way already.
    fn find_victims(
        &self,
        operation: &Operation,
        hash: B256,
        slots: u64,
        replaced: Option<B256>,
        limits: &Limits,
        victims: &mut Vec<B256>,
    ) -> Result<(), Rejection> {
        let freed: u64 = victims.iter().chain(&replaced).map(|gone| self.operations[gone].slots).sum();
        let needed = (self.slots - freed + slots).saturating_sub(limits.slots);
        // POOL-010: results go with their Operation.
        let mut candidates = self.by_rank.iter();
        match self.make_way(operation, hash, replaced, &mut candidates, needed, &|it| it.slots, &|_| false, victims) {
            Some(0) => Ok(()),
            _ => refuse(Reject::PoolFull, "nothing of less rank makes room"),
        }
    }

    /// Adds to the victims the candidates, which come in the order of their rank, each with what cannot be settled without it,
    /// until they free what is needed. Gives what they do not free; none if the next one is not to go for the new one.
    #[allow(clippy::too_many_arguments, reason = "two limits that differ in what they count share it")]
    fn make_way(
        &self,
        operation: &Operation,
        hash: B256,
        replaced: Option<B256>,
        candidates: &mut dyn Iterator<Item = &Rank>,
        mut needed: u64,
        frees: &dyn Fn(&PooledOperation) -> u64,
        stays: &dyn Fn(&Operation) -> bool,
        victims: &mut Vec<B256>,
    ) -> Option<u64> {
        let mut gone: BTreeSet<B256> = victims.iter().copied().chain(replaced).collect();
        for candidate in candidates {
            if needed == 0 {
                break;
            }
            if gone.contains(&candidate.hash) {
                continue;
            }
            let victim = &self.operations[&candidate.hash].operation;
            if stays(victim) {
                continue;
            }
            // POOL-010: the least goes, if it is less and the new one does not follow it.
            let carries = victim.sender == operation.sender
                && victim.nonce_key() == operation.nonce_key()
                && victim.nonce < operation.nonce;
            if *candidate > rank(operation, hash) || carries {
                return None;
            }
            for successor in self.successors(victim).into_iter().rev() {
                if gone.insert(successor) {
                    needed = needed.saturating_sub(frees(&self.operations[&successor]));
                    victims.push(successor);
                }
            }
        }
        Some(needed)
    }

    /// The Operation and those of the same sender and nonce key that come after it, in their order.
    fn successors(&self, operation: &Operation) -> Vec<B256> {
        let last = operation.nonce | U256::from(u64::MAX);
        let range = self.by_nonce.range((operation.sender, operation.nonce)..=(operation.sender, last));
        range.map(|(_, hash)| *hash).collect()
    }

    /// The Operation and those of the same sender and nonce key that come before it, in their order.
    fn predecessors(&self, operation: &Operation) -> Vec<B256> {
        let first = operation.nonce & !U256::from(u64::MAX);
        let range = self.by_nonce.range((operation.sender, first)..=(operation.sender, operation.nonce));
        range.map(|(_, hash)| *hash).collect()
    }

    fn insert(&mut self, hash: B256, pooled: PooledOperation) {
        let operation = &pooled.operation;
        self.slots += pooled.slots;
        *self.reserved.entry(operation.payer()).or_default() += pooled.max_cost;
        self.by_nonce.insert((operation.sender, operation.nonce), hash);
        self.by_rank.insert(rank(operation, hash));
        self.by_expiry.insert((operation.valid_until_slot, hash));
        self.by_extension.entry(operation.extension_id).or_default().insert(rank(operation, hash));
        if !operation.gas_management.sponsor.is_zero() {
            *self.by_sponsor.entry(operation.gas_management.sponsor).or_default() += 1;
        }
        self.operations.insert(hash, pooled);
    }

    /// Takes an Operation out of the pool.
    pub fn remove(&mut self, hash: B256) -> Option<PooledOperation> {
        let pooled = self.operations.remove(&hash)?;
        let operation = &pooled.operation;
        self.slots -= pooled.slots;
        subtract(&mut self.reserved, &operation.payer(), pooled.max_cost);
        self.by_nonce.remove(&(operation.sender, operation.nonce));
        self.by_rank.remove(&rank(operation, hash));
        self.by_expiry.remove(&(operation.valid_until_slot, hash));
        if let Some(ranks) = self.by_extension.get_mut(&operation.extension_id) {
            ranks.remove(&rank(operation, hash));
            if ranks.is_empty() {
                self.by_extension.remove(&operation.extension_id);
            }
        }
        if !operation.gas_management.sponsor.is_zero() {
            subtract(&mut self.by_sponsor, &operation.gas_management.sponsor, 1);
        }
        Some(pooled)
    }

    /// Takes out what can no longer be settled as the chain is now, in the order of sender and nonce, and gives it.
    pub fn revalidate(&mut self, view: &ChainView) -> Vec<(B256, Operation)> {
        let mut gone = Vec::new();
        let mut reserved: BTreeMap<Address, u128> = BTreeMap::new();
        let mut previous: Option<(Address, U256)> = None;
        for (key, hash) in &self.by_nonce {
            let pooled = &self.operations[hash];
            let operation = &pooled.operation;
            let sum = reserved.entry(operation.payer()).or_default();
            let next = view.next_sequence(operation.sender, operation.nonce_key());
            let sequence = operation.nonce_sequence();
            let follows = sequence == next
                || previous.is_some_and(|(sender, nonce)| {
                    sender == operation.sender && Some(operation.nonce) == nonce.checked_add(U256::from(1))
                });
            // POOL-011: nonce, window, extension, deposit.
            let stays = sequence >= next
                && follows
                && operation.valid_until_slot > view.slot
                && check_settling(operation.extension_id, view).is_ok()
                && sum.checked_add(pooled.max_cost).is_some_and(|sum| sum <= view.deposit(operation.payer()));
            if stays {
                *sum += pooled.max_cost;
                previous = Some(*key);
            } else {
                gone.push(*hash);
            }
        }
        gone.into_iter().filter_map(|hash| Some((hash, self.remove(hash)?.operation))).collect()
    }
}

/// Whether an extension is active.
pub(super) fn check_extension(id: B256, view: &ChainView) -> Result<(), Rejection> {
    // POOL-002: REG-012 says what is active.
    match view.extensions.get(&id) {
        Some(it)
            if !it.quarantined
                && it.active_from <= view.slot
                && it.deprecated_from.is_none_or(|from| view.slot < from) =>
        {
            Ok(())
        }
        _ => refuse(Reject::ExtensionNotActive, id.to_string()),
    }
}

/// Whether results of an extension are settled.
pub(super) fn check_settling(id: B256, view: &ChainView) -> Result<(), Rejection> {
    // POOL-002: REG-012 says whose results are settled.
    match view.extensions.get(&id) {
        Some(it) if !it.quarantined && it.active_from <= view.slot => Ok(()),
        _ => refuse(Reject::ExtensionNotActive, id.to_string()),
    }
}

/// Subtracts, and forgets what is zero.
fn subtract<K: Ord, V>(map: &mut BTreeMap<K, V>, key: &K, value: V)
where
    V: Copy + Default + PartialEq + std::ops::SubAssign,
{
    if let Some(entry) = map.get_mut(key) {
        *entry -= value;
        if *entry == V::default() {
            map.remove(key);
        }
    }
}
