//! The state of the Consensus Contract, and the calls that move money in and out of it.

use super::leader::{randao_index, verify_branch};
use super::{MAX_WEIGHT, Reward, STAKE_UNIT, UNBONDING_SLOTS, WITHDRAWAL_SLOTS};
use crate::json_fields;
use crate::notation::json::{Fault, Json, Node};
use crate::notation::{B256, Reject, Rejection};
use crate::operation::ChainView;
use crate::wire::VerificationResponse;
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The Consensus Contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consensus {
    /// The deposits of payers, provers and settlers, in wei.
    pub deposits: BTreeMap<Address, u128>,
    /// The announced withdrawals.
    pub withdrawals: BTreeMap<Address, Withdrawal>,
    /// The stakers, in the order in which they came: an index never changes.
    pub stakers: Vec<Staker>,
    /// The next sequence numbers by sender and nonce key.
    pub nonces: BTreeMap<(Address, U256), u64>,
    /// The state roots by extension and lane.
    pub roots: BTreeMap<(B256, U256), B256>,
    /// The seeds by epoch.
    pub seeds: BTreeMap<u64, B256>,
    /// What is held for those who verified settled results, by operation hash.
    pub rewards: BTreeMap<B256, Reward>,
    /// The extensions that are halted by a conflict.
    pub quarantined: BTreeSet<B256>,
    /// What is taken from the payer of the item whose targets are being called, in wei; none between calls.
    pub taken: Option<u128>,
    /// What was ever paid in, in wei.
    pub paid_in: u128,
    /// What was ever paid out, in wei.
    pub paid_out: u128,
    /// What was burned, in wei.
    pub burned: u128,
}

/// An announced withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// How much, in wei.
    pub wei: u128,
    /// The slot from which it is paid.
    pub slot: u64,
}

/// Somebody with a stake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staker {
    /// The account.
    pub account: Address,
    /// The stake, in wei.
    pub wei: u128,
    /// The weights that it has had, each with the slot from which it counts.
    pub weights: Vec<(u64, u64)>,
    /// The slot from which the stake is paid out, if the staker leaves.
    pub leaves: Option<u64>,
}

json_fields!(
    Consensus, default: deposits, withdrawals, stakers, nonces, roots, seeds, rewards, quarantined, taken, paid_in, paid_out, burned
);
json_fields!(Withdrawal: wei, slot);
json_fields!(Staker: account, wei, weights, leaves);

/// A call of the contract that settles nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Pays wei into the caller's deposit.
    Deposit(u128),
    /// Announces a withdrawal of wei.
    Withdraw(u128),
    /// Takes what was announced.
    Claim,
    /// Adds wei to the caller's stake.
    Stake(u128),
    /// Ends the caller's stake.
    Leave,
    /// Takes the stake that was ended.
    Unstake,
    /// Records the seed of an epoch: the RANDAO mix, its Merkle branch, and the beacon block root that it leads to.
    RecordSeed(u64, B256, Vec<B256>, B256),
    /// Claims what is held for those who verified a result: the operation hash, the hash of the proof and the stamp that
    /// they saw, and their verdicts.
    ClaimReward(B256, B256, B256, Vec<VerificationResponse>),
    /// Gives the prover what nobody has claimed in time.
    ReleaseReward(B256),
}

impl Json for Call {
    fn to_json(&self) -> Value {
        match self {
            Call::Deposit(wei) => json!({"call": "deposit", "wei": wei.to_json()}),
            Call::Withdraw(wei) => json!({"call": "withdraw", "wei": wei.to_json()}),
            Call::Claim => json!({"call": "claim"}),
            Call::Stake(wei) => json!({"call": "stake", "wei": wei.to_json()}),
            Call::Leave => json!({"call": "leave"}),
            Call::Unstake => json!({"call": "unstake"}),
            Call::RecordSeed(epoch, mix, branch, root) => json!({
                "call": "recordSeed",
                "epoch": epoch.to_json(),
                "mix": mix.to_json(),
                "branch": branch.to_json(),
                "root": root.to_json(),
            }),
            Call::ClaimReward(operation, proof, stamp, responses) => json!({
                "call": "claimReward",
                "operation": operation.to_json(),
                "proof": proof.to_json(),
                "stamp": stamp.to_json(),
                "responses": responses.to_json(),
            }),
            Call::ReleaseReward(operation) => json!({"call": "releaseReward", "operation": operation.to_json()}),
        }
    }

    fn from_json(node: &Node) -> Result<Call, Fault> {
        let wei = || Json::from_json(&node.field("wei")?);
        match node.field("call")?.text()? {
            "deposit" => Ok(Call::Deposit(wei()?)),
            "withdraw" => Ok(Call::Withdraw(wei()?)),
            "claim" => Ok(Call::Claim),
            "stake" => Ok(Call::Stake(wei()?)),
            "leave" => Ok(Call::Leave),
            "unstake" => Ok(Call::Unstake),
            "recordSeed" => Ok(Call::RecordSeed(
                Json::from_json(&node.field("epoch")?)?,
                Json::from_json(&node.field("mix")?)?,
                Json::from_json(&node.field("branch")?)?,
                Json::from_json(&node.field("root")?)?,
            )),
            "claimReward" => Ok(Call::ClaimReward(
                Json::from_json(&node.field("operation")?)?,
                Json::from_json(&node.field("proof")?)?,
                Json::from_json(&node.field("stamp")?)?,
                Json::from_json(&node.field("responses")?)?,
            )),
            "releaseReward" => Ok(Call::ReleaseReward(Json::from_json(&node.field("operation")?)?)),
            _ => Err(node.fault("is no call of the contract")),
        }
    }
}

pub(super) fn refuse<T>(reason: Reject, detail: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::new(reason, 0, detail))
}

impl Consensus {
    /// Executes a call; a refused one leaves the state as it was.
    pub fn call(&mut self, caller: Address, call: &Call, view: &ChainView) -> Result<(), Rejection> {
        self.check_idle()?;
        match call {
            Call::Deposit(wei) => {
                self.pay_in(*wei)?;
                self.credit(caller, *wei);
                Ok(())
            }
            Call::Withdraw(wei) => {
                // SETTLE-001: what is announced can still be charged until it is paid.
                if *wei == 0 || *wei > self.deposit(caller) {
                    return refuse(Reject::NothingToWithdraw, format!("{wei} wei"));
                }
                let slot = view.slot.saturating_add(WITHDRAWAL_SLOTS);
                self.withdrawals.insert(caller, Withdrawal { wei: *wei, slot });
                Ok(())
            }
            Call::Claim => {
                let Some(withdrawal) = self.withdrawals.get(&caller).copied() else {
                    return refuse(Reject::NothingToWithdraw, "no withdrawal is announced");
                };
                // SETTLE-001: after every Operation that was admitted before the announcement has ended.
                if view.slot < withdrawal.slot {
                    return refuse(Reject::WithdrawalTooSoon, format!("from slot {}", withdrawal.slot));
                }
                self.withdrawals.remove(&caller);
                let wei = withdrawal.wei.min(self.deposit(caller));
                self.debit(caller, wei);
                self.paid_out += wei;
                Ok(())
            }
            Call::Stake(wei) => self.stake(caller, *wei, view.slot),
            Call::Leave => {
                let staker = self.staker(caller)?;
                // SETTLE-003: without weight at once, liable for 14 days more.
                staker.leaves = Some(view.slot.saturating_add(UNBONDING_SLOTS));
                staker.weights.push((view.slot, 0));
                Ok(())
            }
            Call::Unstake => {
                let Some(staker) = self.stakers.iter_mut().find(|it| it.account == caller && it.wei > 0) else {
                    return refuse(Reject::NotStaked, caller.to_string());
                };
                // SETTLE-003: evidence is at most 7 days old, so all of it has had its time.
                if staker.leaves.is_none_or(|slot| view.slot < slot) {
                    return refuse(Reject::StillBonded, format!("{:?}", staker.leaves));
                }
                self.paid_out += std::mem::take(&mut staker.wei);
                Ok(())
            }
            Call::ClaimReward(operation, proof, stamp, responses) => {
                self.claim_reward(*operation, *proof, *stamp, responses, view)
            }
            Call::ReleaseReward(operation) => self.release_reward(*operation, view),
            Call::RecordSeed(epoch, mix, branch, root) => self.record_seed(*epoch, *mix, branch, *root, view),
        }
    }

    fn stake(&mut self, caller: Address, wei: u128, slot: u64) -> Result<(), Rejection> {
        // SETTLE-002: at least a unit in all; a slashed or leaving stake does not grow.
        let index = self.stakers.iter().position(|staker| staker.account == caller);
        let old = index.map(|index| &self.stakers[index]);
        if old.is_some_and(|old| old.leaves.is_some() || old.wei == 0) {
            return refuse(Reject::NotStaked, "the stake has ended");
        }
        let sum = old.map_or(0, |old| old.wei).checked_add(wei).filter(|sum| *sum >= STAKE_UNIT);
        let Some(sum) = sum else { return refuse(Reject::StakeTooSmall, format!("{wei} wei")) };
        self.pay_in(wei)?;
        let weight = u64::try_from(sum / STAKE_UNIT).unwrap_or(u64::MAX).min(MAX_WEIGHT);
        match index {
            Some(index) => {
                self.stakers[index].wei = sum;
                self.stakers[index].weights.push((slot, weight));
            }
            None => {
                let weights = vec![(slot, weight)];
                self.stakers.push(Staker { account: caller, wei: sum, weights, leaves: None });
            }
        }
        Ok(())
    }

    fn record_seed(
        &mut self,
        epoch: u64,
        mix: B256,
        branch: &[B256],
        root: B256,
        view: &ChainView,
    ) -> Result<(), Rejection> {
        // SETTLE-004: once, of the epoch before the last one, shown by a block after its end.
        if self.seeds.contains_key(&epoch) {
            return refuse(Reject::SeedRecorded, epoch.to_string());
        }
        let after = epoch.checked_sub(1).map(|next| next.saturating_mul(super::EPOCH_SLOTS));
        match (after, view.beacon_roots.get(&root)) {
            (Some(after), Some(slot))
                if epoch >= 2 && *slot >= after && verify_branch(mix, branch, randao_index(epoch - 2), root) =>
            {
                self.seeds.insert(epoch, mix);
                Ok(())
            }
            _ => refuse(Reject::SeedUnproven, epoch.to_string()),
        }
    }

    /// The staker of this account, if it still has a stake that has not been ended.
    fn staker(&mut self, account: Address) -> Result<&mut Staker, Rejection> {
        let staker = self.stakers.iter_mut().find(|it| it.account == account && it.wei > 0 && it.leaves.is_none());
        staker.ok_or_else(|| Rejection::new(Reject::NotStaked, 0, account.to_string()))
    }

    fn pay_in(&mut self, wei: u128) -> Result<(), Rejection> {
        match self.paid_in.checked_add(wei) {
            Some(sum) => {
                self.paid_in = sum;
                Ok(())
            }
            None => refuse(Reject::CostOverflow, "more than 128 bits are paid in"),
        }
    }

    /// The whole deposit of an account, in wei.
    pub fn deposit(&self, account: Address) -> u128 {
        self.deposits.get(&account).copied().unwrap_or(0)
    }

    pub(super) fn credit(&mut self, account: Address, wei: u128) {
        if wei > 0 {
            *self.deposits.entry(account).or_default() += wei;
        }
    }

    pub(super) fn debit(&mut self, account: Address, wei: u128) {
        if let Some(deposit) = self.deposits.get_mut(&account) {
            *deposit -= wei;
            if *deposit == 0 {
                self.deposits.remove(&account);
            }
        }
    }

    // SETTLE-013: nothing is made and nothing is lost.
    /// Whether every wei that was paid in is somewhere.
    pub fn is_balanced(&self) -> bool {
        let deposits: u128 = self.deposits.values().sum();
        let stakes: u128 = self.stakers.iter().map(|staker| staker.wei).sum();
        let held: u128 = self.rewards.values().map(|reward| reward.wei).sum();
        self.paid_in == deposits + stakes + held + self.taken.unwrap_or(0) + self.burned + self.paid_out
    }

    /// What nodes see of the contract's state.
    pub fn show(&self, view: &mut ChainView) {
        view.deposits = self.deposits.clone();
        view.withdrawals = self.withdrawals.iter().map(|(account, it)| (*account, it.wei)).collect();
        view.nonces = self.nonces.clone();
        view.roots = self.roots.clone();
        let staked = self.stakers.iter().map(|staker| staker.account).filter(|account| self.is_staked(*account));
        view.staked.extend(staked.map(|account| B256::left_padding_from(account.as_slice())));
        for id in &self.quarantined {
            if let Some(extension) = view.extensions.get_mut(id) {
                extension.quarantined = true;
            }
        }
    }
}
