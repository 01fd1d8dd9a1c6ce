//! The size of the memory.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, constant, linear};
use crate::circuit::entry::Kind;
use crate::circuit::row::{Next, P, Row};
use crate::circuit::step::Step;
use crate::proof_system::EarlyLinear;

const GROW: u32 = 0;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    set(GROW, opcode == Opcode::Grow);
}

/// The chip `memory`: `size` and `grow`. The immediate is the largest number of pages.
pub(super) fn memory(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let grow = row.feature("grow", GROW);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let maximum = row.rest();
    let active = row.active;
    row.builder.limb("maximum in range", active, 13, maximum);
    row.fetch(Kind::Memory);
    let p = row.read(P, grow, slot_p);

    let fits = row.wire(|step| {
        u64::from(step.entry.has(GROW) && u64::from(step.pages).saturating_add(step.p()) <= step.entry.rest)
    });
    row.builder.enforce("fits", fits, linear(fits) - grow, EarlyLinear::zero());
    let fails = linear(grow) - fits;
    let room = linear(maximum) - row.pages - p;
    row.builder.range("room", room.clone(), &[(32, fits.into())]);
    row.builder.range("no room", -room - constant(1), &[(33, fails.clone())]);
    let failure = row.builder.product("failure", fails, constant(u32::MAX.into()) - row.pages);
    let added = row.builder.product("added", fits, p);
    let result = linear(row.pages) + failure;
    row.write(active, destination, result);
    let next = Next { pages: linear(row.pages) + added, ..row.next() };
    row.put_state(next);
}
