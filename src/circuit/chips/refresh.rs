//! Cells that were left alone for long: their tuples move to a later time.

use super::audit::memory;
use crate::circuit::builder::{Builder, constant, linear};
use crate::circuit::bus::Challenge;
use crate::circuit::step::Refresh;
use crate::circuit::tables::LIMB_BITS;
use crate::proof_system::EarlyLinear;
use ark_bn254::Fr;
use ark_ff::Zero;

/// The chip `refresh`: takes a cell's tuple and puts it back with a later time.
pub(in crate::circuit) fn refresh(builder: &mut Builder, row: Option<&Refresh>) {
    let number = |f: fn(&Refresh) -> Fr| row.map_or(Fr::zero(), f);
    let active = builder.wire(number(|_| Fr::from(1u64)));
    let address = builder.wire(number(|row| row.address.into()));
    let value = builder.wire(number(|row| row.value.into()));
    let old_time = builder.wire(number(|row| row.old_time.into()));
    let new_time = builder.wire(number(|row| row.new_time.into()));
    builder.enforce("active", active, linear(active) - constant(1), EarlyLinear::zero());
    let address = builder.challenge("address", Challenge::Delta, address.into());
    let old = builder.challenge("old time", Challenge::Beta, old_time.into());
    let new = builder.challenge("new time", Challenge::Beta, new_time.into());
    builder.take("take cell", active, memory(address, value, old));
    builder.put("put cell", active, memory(address, value, new));
    builder.range("elapsed", linear(new_time) - active - old_time, &[(3 * LIMB_BITS, active.into())]);
}
