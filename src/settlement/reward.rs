//! Rewards for cross-verification: a part of the prover's fee for those who said in time that the result is valid.

use super::contract::refuse;
use super::{Consensus, EPOCH_SLOTS, REWARD_SLOTS, Tenure, epoch};
use crate::json_fields;
use crate::notation::{B256, Reject, Rejection};
use crate::operation::{ChainView, VALIDITY_SLOTS};
use crate::post_operation::signing_hash;
use crate::wire::{Verdict, VerificationResponse};
use alloy_primitives::{Address, U256};

/// What is held for those who verified a settled result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    /// How much, in wei.
    pub held: u128,
    /// Who gets what the verifiers do not get.
    pub prover: Address,
    /// The digest of the statement that was settled.
    pub statement: B256,
    /// The slot of the settlement.
    pub slot: u64,
    /// The seats whose verdicts are noted, one bit each.
    pub noted: U256,
}

json_fields!(Reward: held, prover, statement, slot, noted);

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

    /// Notes the stakers who have signed that a result is valid. `proof` is the hash of the proof and `stamp` the stamp that
    /// they saw: a result can be settled with another proof of the same statement, or a newer stamp.
    pub fn claim_reward(
        &mut self,
        operation_hash: B256,
        proof: B256,
        stamp: B256,
        responses: &[VerificationResponse],
        view: &ChainView,
    ) -> Result<(), Rejection> {
        // SETTLE-025: only of what was settled.
        let Some(reward) = self.rewards.get(&operation_hash) else {
            return refuse(Reject::RewardUnknown, operation_hash.to_string());
        };
        let name = signing_hash(reward.statement, proof, stamp, view.chain_id, view.consensus_contract);
        let weights = self.weights(reward.slot);
        let (slot, mut noted) = (reward.slot, reward.noted);
        // SETTLE-026: a claim notes something.
        if responses.is_empty() {
            return refuse(Reject::VerdictNotCounted, "of nobody");
        }
        for response in responses {
            // SETTLE-026: of a staker, about this result, that it is valid, and once. Its slot is one in which the Operation
            // can have been pending, so what is paid can be punished if it is false.
            let age = slot.checked_sub(response.slot);
            let seat = weights.iter().position(|it| it.0 == response.node && it.1 > 0);
            let counts = response.post_operation == name
                && Verdict::from_number(response.verdict) == Some(Verdict::Valid)
                && age.is_some_and(|age| age <= VALIDITY_SLOTS);
            let Some(seat) = seat.filter(|seat| counts && !noted.bit(*seat)) else {
                return refuse(Reject::VerdictNotCounted, format!("of {}", response.node));
            };
            response.check(view)?;
            noted.set_bit(seat, true);
        }
        if let Some(reward) = self.rewards.get_mut(&operation_hash) {
            reward.noted = noted;
        }
        Ok(())
    }

    /// The nodes whose verdicts are noted, with their weights, and the weight of all of them; nobody if this is less than two
    /// thirds of all weight.
    pub fn quorum(&self, reward: &Reward) -> (Vec<(Address, u64)>, u128) {
        // SETTLE-027: two thirds of all weight, in integers.
        let sum = |weights: &[(Address, u64)]| weights.iter().map(|it| u128::from(it.1)).sum::<u128>();
        let weights = self.weights(reward.slot);
        let noted = (0..).zip(&weights).filter(|(seat, _)| reward.noted.bit(*seat)).map(|(_, it)| *it);
        let noted: Vec<(Address, u64)> = noted.collect();
        let (said, all) = (sum(&noted), sum(&weights));
        if said * 3 >= all * 2 { (noted, said) } else { (Vec::new(), 0) }
    }

    /// Divides what is held for a result.
    pub fn release_reward(&mut self, operation_hash: B256, view: &ChainView) -> Result<(), Rejection> {
        let Some(reward) = self.rewards.get(&operation_hash).cloned() else {
            return refuse(Reject::RewardUnknown, operation_hash.to_string());
        };
        // SETTLE-028: those who verified have had their time.
        if view.slot < reward.slot.saturating_add(REWARD_SLOTS) {
            return refuse(Reject::RewardHeld, format!("since slot {}", reward.slot));
        }
        self.rewards.remove(&operation_hash);
        let (noted, said) = self.quorum(&reward);
        let mut rest = reward.held;
        for (node, weight) in noted {
            // SETTLE-027: by weight, rounded down; the product needs more than 128 bits, the quotient does not.
            let part = (U256::from(reward.held) * U256::from(weight)).checked_div(U256::from(said));
            let part: u128 = part.unwrap_or_default().to();
            rest -= part;
            self.credit(node, part);
        }
        self.credit(reward.prover, rest);
        Ok(())
    }
}
