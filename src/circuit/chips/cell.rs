//! Cells of the other spaces: globals, inputs, outputs.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::pow2;
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Q, Row};
use crate::circuit::step::Step;
use crate::proof_system::EarlyLinear;

const SET: u32 = 1;
/// The value of `set` is the upper immediate.
pub const VALUE_IMMEDIATE: u32 = 2;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    set(SET, opcode == Opcode::Set);
}

/// The chip `cell`: `get` and `set`. The index is p or the immediate, the value of `set` a register or the upper one.
pub(super) fn cell(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let none = EarlyLinear::zero();
    let immediate = row.feature("immediate index", IMMEDIATE);
    let set = row.feature("set", SET);
    let immediate_value = row.feature("immediate value", VALUE_IMMEDIATE);
    let slot = row.slot("slot of destination or value", 0);
    let slot_p = row.slot("slot of p", 1);
    let space = row.slot("space", 2);
    let low = row.rest();
    let high = row.high();
    let active = row.active;
    // Else access 1 could have a negative multiplicity.
    row.builder.enforce("immediate value only if set", immediate_value, linear(active) - set, none.clone());
    row.builder.range("low in range", low.into(), &[(32, active.into())]);
    row.builder.range("high in range", high.into(), &[(32, active.into())]);
    row.fetch(Kind::Cell);

    let p = row.read(P, linear(active) - immediate, slot_p);
    row.builder.enforce("no index register", immediate, p, none.clone());
    let index = linear(p) + low;
    row.builder.range("index in range", index.clone(), &[(32, active.into())]);
    let register = row.read(Q, linear(set) - immediate_value, slot);
    row.builder.enforce("no value register", linear(active) - set + immediate_value, register, none);
    let value = linear(register) + high;

    let old = row.wire(|step| step.old(2));
    let change = row.builder.product("change", set, value - old);
    let address = times(space, pow2(32)) + index;
    row.access(2, active.into(), address, old.into(), linear(old) + change);
    row.write(linear(active) - set, slot, old.into());
    let next = row.next();
    row.put_state(next);
}
