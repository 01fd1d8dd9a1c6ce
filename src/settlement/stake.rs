//! Stakes and seats: who can be a leader, with which weight, in which slot.

use super::contract::refuse;
use super::{Consensus, MAX_SEATS, MAX_WEIGHT, STAKE_UNIT, UNBONDING_SLOTS, epoch};
use crate::json_fields;
use crate::notation::{Reject, Rejection};
use alloy_primitives::Address;

/// The stake of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    /// The stake, in wei; 0 if it was slashed.
    pub wei: u128,
    /// The slot from which it is paid out, if it is ending.
    pub leaves: Option<u64>,
}

/// Who has had a seat from a slot on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// The slot.
    pub slot: u64,
    /// The account.
    pub account: Address,
    /// Its weight; 0 if it has left the seat.
    pub weight: u64,
}

json_fields!(Stake: wei, leaves);
json_fields!(Tenure: slot, account, weight);

impl Consensus {
    pub(super) fn stake(&mut self, caller: Address, wei: u128, slot: u64) -> Result<(), Rejection> {
        // SETTLE-002: something, and at least a unit in all; a slashed stake does not grow, and an ending one goes on.
        let old = self.stakes.get(&caller);
        if old.is_some_and(|old| old.wei == 0) {
            return refuse(Reject::NotStaked, "the stake was slashed");
        }
        let sum = old.map_or(0, |old| old.wei).checked_add(wei).filter(|sum| wei > 0 && *sum >= STAKE_UNIT);
        let Some(sum) = sum else { return refuse(Reject::StakeTooSmall, format!("{wei} wei")) };
        let weight = u64::try_from(sum / STAKE_UNIT).unwrap_or(u64::MAX).min(MAX_WEIGHT);
        // SETTLE-032: a bounded number of seats, so that a leader is found with bounded work.
        let last = |seat: &Vec<Tenure>| seat.last().map_or(0, |tenure| tenure.weight);
        let own = self.seat(caller);
        let empty = self.seats.iter().position(|seat| last(seat) == 0);
        let new = (self.seats.len() < MAX_SEATS).then_some(self.seats.len());
        let least = (0..self.seats.len()).min_by_key(|seat| last(&self.seats[*seat]));
        let least = least.filter(|seat| last(&self.seats[*seat]) < weight);
        let Some(seat) = own.or(empty).or(new).or(least) else {
            return refuse(Reject::SeatsTaken, format!("{weight} units are too few"));
        };
        self.pay_in(wei)?;
        if seat == self.seats.len() {
            self.seats.push(Vec::new());
        }
        // SETTLE-032: whoever is displaced leaves.
        if let Some(displaced) = self.seats[seat].last().filter(|it| it.weight > 0 && it.account != caller) {
            let displaced = displaced.account;
            self.end_stake(displaced, slot);
        }
        self.stakes.insert(caller, Stake { wei: sum, leaves: None });
        self.change_seat(seat, Tenure { slot, account: caller, weight });
        Ok(())
    }

    pub(super) fn leave(&mut self, caller: Address, slot: u64) -> Result<(), Rejection> {
        if !self.stakes.get(&caller).is_some_and(|stake| stake.wei > 0 && stake.leaves.is_none()) {
            return refuse(Reject::NotStaked, caller.to_string());
        }
        self.end_stake(caller, slot);
        Ok(())
    }

    fn end_stake(&mut self, account: Address, slot: u64) {
        // SETTLE-003: without weight at once, liable for 14 days more.
        if let Some(stake) = self.stakes.get_mut(&account) {
            stake.leaves = Some(slot.saturating_add(UNBONDING_SLOTS));
        }
        self.vacate(account, slot);
    }

    pub(super) fn unstake(&mut self, caller: Address, slot: u64) -> Result<(), Rejection> {
        let Some(stake) = self.stakes.get(&caller).filter(|stake| stake.wei > 0) else {
            return refuse(Reject::NotStaked, caller.to_string());
        };
        // SETTLE-003: evidence is at most a day old, so all of it has had its time.
        if stake.leaves.is_none_or(|leaves| slot < leaves) {
            return refuse(Reject::StillBonded, format!("{:?}", stake.leaves));
        }
        self.paid_out += stake.wei;
        self.stakes.remove(&caller);
        Ok(())
    }

    /// Takes the stake of an account, if there is one.
    pub(super) fn take_stake(&mut self, account: Address, slot: u64) -> Option<u128> {
        let stake = self.stakes.get_mut(&account).filter(|stake| stake.wei > 0)?;
        let wei = std::mem::take(&mut stake.wei);
        self.vacate(account, slot);
        Some(wei)
    }

    /// The number of the seat that an account has now.
    fn seat(&self, account: Address) -> Option<usize> {
        let has = |seat: &Vec<Tenure>| seat.last().is_some_and(|it| it.account == account && it.weight > 0);
        self.seats.iter().position(has)
    }

    fn vacate(&mut self, account: Address, slot: u64) {
        if let Some(seat) = self.seat(account) {
            self.change_seat(seat, Tenure { slot, account, weight: 0 });
        }
    }

    fn change_seat(&mut self, seat: usize, tenure: Tenure) {
        let Some(tenures) = self.seats.get_mut(seat) else { return };
        // SETTLE-032: what an epoch ends with counts, and nothing before. So many calls leave one tenure.
        if tenures.last().is_some_and(|last| epoch(last.slot) == epoch(tenure.slot)) {
            tenures.pop();
        }
        tenures.push(tenure);
    }

    /// Whether an account has a stake that is not ending.
    pub fn is_staked(&self, account: Address) -> bool {
        self.stakes.get(&account).is_some_and(|stake| stake.wei >= STAKE_UNIT && stake.leaves.is_none())
    }
}
