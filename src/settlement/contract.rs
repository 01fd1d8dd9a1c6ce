//! The state of the Consensus Contract, and the calls that move money in and out of it.

use super::leader::{HEADER_SLOT_INDEX, randao_index, slot_leaf, verify_branch};
use super::{Reward, Stake, Tenure, WITHDRAWAL_SLOTS};
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
    /// The stakes by account.
    pub stakes: BTreeMap<Address, Stake>,
    /// The seats of stakers, at most [`MAX_SEATS`](super::MAX_SEATS), each with who has had it, in time.
    pub seats: Vec<Vec<Tenure>>,
    /// The next sequence numbers by sender and nonce key.
    pub nonces: BTreeMap<(Address, U256), u64>,
    /// The state roots by extension and lane.
    pub roots: BTreeMap<(B256, U256), B256>,
    /// The seeds by epoch.
    pub seeds: BTreeMap<u64, B256>,
    /// What is held for those who verified settled results, by operation hash.
    pub rewards: BTreeMap<B256, Reward>,
    /// The ids of the valid results that were shown first, by operation hash and pre-state root.
    pub results: BTreeMap<(B256, B256), B256>,
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

json_fields!(
    Consensus, default: deposits, withdrawals, stakes, seats, nonces, roots, seeds, rewards, results, quarantined, taken, paid_in, paid_out, burned
);
json_fields!(Withdrawal: wei, slot);

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
    /// Records the seed of an epoch.
    RecordSeed(SeedProof),
    /// Shows verdicts on a settled result: the operation hash, the hash of the proof and the stamp that the verifiers saw, and
    /// what they said.
    ClaimReward(B256, B256, B256, Vec<VerificationResponse>),
    /// Divides what is held for those who verified a result.
    ReleaseReward(B256),
}

/// What shows the seed of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedProof {
    /// The epoch whose seed it is.
    pub epoch: u64,
    /// The RANDAO mix.
    pub mix: B256,
    /// The Merkle branch of the mix, from below.
    pub branch: Vec<B256>,
    /// The slot of the beacon block.
    pub block_slot: u64,
    /// The Merkle branch of that slot in the block's header.
    pub slot_branch: Vec<B256>,
    /// The root of the beacon block, which EIP-4788 serves.
    pub root: B256,
}

json_fields!(SeedProof: epoch, mix, branch, block_slot, slot_branch, root);

impl Json for Call {
    fn to_json(&self) -> Value {
        match self {
            Call::Deposit(wei) => json!({"call": "deposit", "wei": wei.to_json()}),
            Call::Withdraw(wei) => json!({"call": "withdraw", "wei": wei.to_json()}),
            Call::Claim => json!({"call": "claim"}),
            Call::Stake(wei) => json!({"call": "stake", "wei": wei.to_json()}),
            Call::Leave => json!({"call": "leave"}),
            Call::Unstake => json!({"call": "unstake"}),
            Call::RecordSeed(proof) => json!({"call": "recordSeed", "proof": proof.to_json()}),
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
            "recordSeed" => Ok(Call::RecordSeed(Json::from_json(&node.field("proof")?)?)),
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
            Call::Leave => self.leave(caller, view.slot),
            Call::Unstake => self.unstake(caller, view.slot),
            Call::ClaimReward(operation, proof, stamp, responses) => {
                self.claim_reward(*operation, *proof, *stamp, responses, view)
            }
            Call::ReleaseReward(operation) => self.release_reward(*operation, view),
            Call::RecordSeed(proof) => self.record_seed(proof, view),
        }
    }

    fn record_seed(&mut self, proof: &SeedProof, view: &ChainView) -> Result<(), Rejection> {
        let SeedProof { epoch, mix, branch, block_slot, slot_branch, root } = proof;
        // SETTLE-004: once, of the epoch before the last one, shown by a block after its end.
        if self.seeds.contains_key(epoch) {
            return refuse(Reject::SeedRecorded, epoch.to_string());
        }
        let after = epoch.saturating_sub(1).saturating_mul(super::EPOCH_SLOTS);
        let is_proven = *epoch >= 2
            && view.beacon_roots.contains(root)
            && *block_slot >= after
            && verify_branch(slot_leaf(*block_slot), slot_branch, HEADER_SLOT_INDEX, *root)
            && verify_branch(*mix, branch, randao_index(epoch - 2), *root);
        if !is_proven {
            return refuse(Reject::SeedUnproven, epoch.to_string());
        }
        self.seeds.insert(*epoch, *mix);
        Ok(())
    }

    pub(super) fn pay_in(&mut self, wei: u128) -> Result<(), Rejection> {
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

    pub(crate) fn credit(&mut self, account: Address, wei: u128) {
        if wei > 0 {
            *self.deposits.entry(account).or_default() += wei;
        }
    }

    pub(crate) fn debit(&mut self, account: Address, wei: u128) {
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
        let stakes: u128 = self.stakes.values().map(|stake| stake.wei).sum();
        let held: u128 = self.rewards.values().map(|reward| reward.held).sum();
        self.paid_in == deposits + stakes + held + self.taken.unwrap_or(0) + self.burned + self.paid_out
    }

    /// What nodes see of the contract's state.
    pub fn show(&self, view: &mut ChainView) {
        view.deposits = self.deposits.clone();
        view.withdrawals = self.withdrawals.iter().map(|(account, it)| (*account, it.wei)).collect();
        view.nonces = self.nonces.clone();
        view.roots = self.roots.clone();
        let staked = self.stakes.keys().copied().filter(|account| self.is_staked(*account));
        view.staked = staked.map(|account| B256::left_padding_from(account.as_slice())).collect();
        for (id, extension) in &mut view.extensions {
            extension.quarantined = self.quarantined.contains(id);
        }
    }
}
