//! Rewards for cross-verification: a part of the prover's fee for those who said in time that the result is valid.

use super::contract::refuse;
use super::{Consensus, EPOCH_SLOTS, REWARD_SLOTS, Tenure, epoch};
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection};
use crate::operation::{ChainView, VALIDITY_SLOTS};
use crate::post_operation::signing_hash;
use crate::wire::{Verdict, VerificationResponse};
use alloy_primitives::{Address, U256};
use std::collections::BTreeSet;

/// What is held for those who verified a settled result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    /// How much was held at the settlement, in wei.
    pub held: u128,
    /// How much of it is left, in wei.
    pub wei: u128,
    /// Who gets what nobody claims.
    pub prover: Address,
    /// The digest of the statement that was settled.
    pub statement: B256,
    /// The slot of the settlement.
    pub slot: u64,
    /// The nodes that have got their part.
    pub paid: BTreeSet<Address>,
}

json_fields!(Reward: held, wei, prover, statement, slot, paid);

impl Consensus {
    /// Who counts in a slot, by seat, with its weight: as in the last slot three epochs ago, before the epoch whose mix is
    /// the seed.
    pub fn weights(&self, slot: u64) -> Vec<(Address, u64)> {
        // SETTLE-005: nobody can choose a stake knowing the seed, or the verdicts. In the first three epochs of a
        // chain nobody counts.
        let Some(frozen) = epoch(slot).checked_sub(2).and_then(|epoch| (epoch * EPOCH_SLOTS).checked_sub(1)) else {
            return Vec::new();
        };
        let at = |seat: &Vec<Tenure>| seat.iter().rev().find(|it| it.slot <= frozen).map(|it| (it.account, it.weight));
        self.seats.iter().map(|seat| at(seat).unwrap_or_default()).collect()
    }

    /// Pays their parts of what is held for a result to the stakers who have signed that it is valid, `responses` in
    /// ascending order of their accounts. `proof` is the hash of the proof and `stamp` the stamp that they saw: a result
    /// can be settled with another proof of the same statement, or a newer stamp.
    pub fn claim_reward(
        &mut self,
        operation_hash: B256,
        proof: B256,
        stamp: B256,
        responses: &[VerificationResponse],
        view: &ChainView,
    ) -> Result<(), Rejection> {
        // SETTLE-025: only of what was settled.
        let Some(mut reward) = self.rewards.get(&operation_hash).cloned() else {
            return refuse(Reject::RewardUnknown, operation_hash.to_string());
        };
        let name = signing_hash(reward.statement, proof, stamp, view.chain_id, view.consensus_contract);
        let weights = self.weights(reward.slot);
        let mut shares = Vec::new();
        let mut last = None;
        for response in responses {
            // SETTLE-026: of a staker, about this result, that it is valid, and once: the order and `paid` show it. Its slot
            // is one in which the Operation can have been pending, so what is paid can be punished if it is false.
            let age = reward.slot.checked_sub(response.slot);
            let weight = weights.iter().filter(|it| it.0 == response.node).map(|it| it.1).sum();
            let counts = response.post_operation == name
                && Verdict::from_number(response.verdict) == Some(Verdict::Valid)
                && last.is_none_or(|last| last < response.node)
                && age.is_some_and(|age| age <= VALIDITY_SLOTS)
                && weight > 0
                && !reward.paid.contains(&response.node);
            if !counts {
                return refuse(Reject::VerdictNotCounted, format!("of {}", response.node));
            }
            response.check(view)?;
            last = Some(response.node);
            shares.push((response.node, weight));
        }
        // SETTLE-027: two thirds of all stake, in integers. Whoever comes after them needs no others.
        let sum = |weights: &mut dyn Iterator<Item = u64>| weights.map(u128::from).sum::<u128>();
        let (said, all) = (sum(&mut shares.iter().map(|it| it.1)), sum(&mut weights.iter().map(|it| it.1)));
        if said == 0 || reward.paid.is_empty() && said * 3 < all * 2 {
            return refuse(Reject::QuorumMissing, format!("{said} of {all}"));
        }
        for (node, weight) in shares {
            // SETTLE-025: by weight among all stakers, rounded down; the product needs more than 128 bits, the quotient does
            // not.
            let part: u128 = (U256::from(reward.held) * U256::from(weight) / U256::from(all)).to();
            reward.wei -= part;
            reward.paid.insert(node);
            self.credit(node, part);
        }
        self.rewards.insert(operation_hash, reward);
        Ok(())
    }

    /// Gives the prover what nobody has claimed in time.
    pub fn release_reward(&mut self, operation_hash: B256, view: &ChainView) -> Result<(), Rejection> {
        let Some(reward) = self.rewards.get(&operation_hash).cloned() else {
            return refuse(Reject::RewardUnknown, operation_hash.to_string());
        };
        // SETTLE-028: those who verified have had their time.
        if view.slot < reward.slot.saturating_add(REWARD_SLOTS) {
            return refuse(Reject::RewardHeld, format!("since slot {}", reward.slot));
        }
        self.rewards.remove(&operation_hash);
        self.credit(reward.prover, reward.wei);
        Ok(())
    }
}
