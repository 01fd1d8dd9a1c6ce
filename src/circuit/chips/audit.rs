//! The cells from outside: what they hold before the first cycle and after the last.
//!
//! Every cell that is touched, and every public one, has one row. The rows' addresses ascend, over all segments: each
//! takes from the bus of audits the least address that is still free and puts back its own plus one.

use crate::circuit::builder::{Builder, constant, linear, times};
use crate::circuit::bus::{Bus, Challenge, Product, Tuple};
use crate::circuit::entry::ADDRESS_END;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;

/// Bits of the difference of two addresses: three limbs, and an address has 36 bits.
const GAP_BITS: u32 = 39;

/// The row of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCell {
    /// The least address that is free before it.
    pub free: u64,
    /// Its address.
    pub address: u64,
    /// Its first value.
    pub initial: u64,
    /// A time before its first access.
    pub initial_time: u64,
    /// Its last value.
    pub last: u64,
    /// The time of its last access.
    pub last_time: u64,
    /// Whether its first value is one of the public ones.
    pub public_initial: bool,
    /// Whether its last value is public.
    pub public_final: bool,
}

impl AuditCell {
    /// A cell that starts and ends as zero, which no row accesses and which is not public.
    pub fn untouched(free: u64, address: u64) -> AuditCell {
        AuditCell {
            free,
            address,
            initial: 0,
            initial_time: 0,
            last: 0,
            last_time: 0,
            public_initial: false,
            public_final: false,
        }
    }
}

/// The tuple of a cell, by its address's product.
fn cell(bus: Bus, address: Product, value: EarlyWire) -> Tuple {
    Tuple { frame_pointer: address.into(), ..Tuple::plain(bus, value.into()) }
}

/// The tuple of a cell at a time, by the products of both.
pub(super) fn memory(address: Product, value: EarlyWire, time: Product) -> Tuple {
    Tuple { time: time.into(), ..cell(Bus::Memory, address, value) }
}

/// What the rows of cells have in common.
pub(super) struct Cell {
    pub(super) active: EarlyWire,
    pub(super) address: EarlyWire,
    pub(super) address_product: Product,
    pub(super) initial: EarlyWire,
    pub(super) last_time: Product,
}

pub(super) fn begin(builder: &mut Builder, row: Option<&AuditCell>) -> Cell {
    let number = |f: fn(&AuditCell) -> u64| Fr::from(row.map_or(0, f));
    let active = builder.wire(number(|_| 1));
    let free = builder.wire(number(|row| row.free));
    let address = builder.wire(number(|row| row.address));
    let initial = builder.wire(number(|row| row.initial));
    let initial_time = builder.wire(number(|row| row.initial_time));
    let last_time = builder.wire(number(|row| row.last_time));
    builder.enforce("active", active, linear(active) - constant(1), EarlyLinear::zero());
    // CIRCUIT-018: one row for each cell, by ascending addresses.
    builder.take("take free address", active, Tuple::plain(Bus::Audit, free.into()));
    builder.put("put free address", active, Tuple::plain(Bus::Audit, linear(address) + active));
    builder.range("ascending", linear(address) - free, &[(GAP_BITS, active.into())]);
    let address_product = builder.challenge("address", Challenge::Delta, address.into());
    let initial_time = builder.challenge("initial time", Challenge::Beta, initial_time.into());
    let last_time = builder.challenge("last time", Challenge::Beta, last_time.into());
    builder.put("put first tuple", active, memory(address_product, initial, initial_time));
    Cell { active, address, address_product, initial, last_time }
}

/// The chip `audit`: a cell that starts as zero or with a public value, and may end with a public one.
pub(in crate::circuit) fn audit(builder: &mut Builder, row: Option<&AuditCell>) {
    let number = |f: fn(&AuditCell) -> u64| Fr::from(row.map_or(0, f));
    let Cell { active, address_product: address, initial, last_time, .. } = begin(builder, row);
    let public_initial = builder.wire(number(|row| row.public_initial.into()));
    let public_final = builder.wire(number(|row| row.public_final.into()));
    for (name, flag) in [("public initial", public_initial), ("public final", public_final)] {
        builder.enforce(name, flag, linear(flag) - active, EarlyLinear::zero());
    }
    builder.enforce("zero", linear(active) - public_initial, initial, EarlyLinear::zero());
    builder.take("take public initial", public_initial, cell(Bus::Initial, address, initial));
    let last = builder.wire(number(|row| row.last));
    builder.put("put public final", public_final, cell(Bus::Final, address, last));
    builder.take("take last tuple", active, memory(address, last, last_time));
}

/// The chip `audit_end`: no address is left.
pub(in crate::circuit) fn audit_end(builder: &mut Builder, free: Option<u64>) {
    let active = builder.wire(Fr::from(u64::from(free.is_some())));
    let free = builder.wire(Fr::from(free.unwrap_or(0)));
    builder.enforce("active", active, linear(active) - constant(1), EarlyLinear::zero());
    builder.take("take free address", active, Tuple::plain(Bus::Audit, free.into()));
    let end = times(active, Fr::from(ADDRESS_END));
    builder.range("ascending", end.clone() - free, &[(GAP_BITS, active.into())]);
    builder.put("put free address", active, Tuple::plain(Bus::Audit, end));
}
