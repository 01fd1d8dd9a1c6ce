//! Traps of words that do not always trap. One execution has at most one of them, so these chips need one row.

use super::jump::{room_above, table_entry};
use super::load::sizes;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::{Challenge, Coordinate, pow2};
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;
use crate::notation::Trap;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;
use ark_ff::{Field, Zero};

/// The kinds of outcomes in the state after the end: accepted 0, rejected 1, trapped 2.
pub const TRAPPED: u64 = 2;

/// Puts the end in a trap, which the last cycle is.
pub(super) fn put_trap(row: Row, code: Coordinate) {
    let kind = times(row.active, Fr::from(TRAPPED));
    row.put_end(1, kind, code);
}

fn number(trap: Trap) -> Fr {
    Fr::from(u64::from(trap.code()))
}

/// The bytes from `base + offset` on reach beyond the memory's end.
fn out_of_bounds(mut row: Row, sizes: [EarlyLinear; 4], base: EarlyLinear, offset: EarlyWire) {
    let [one, two, four, eight] = sizes;
    let size = one + two * Fr::from(2u64) + four * Fr::from(4u64) + eight * Fr::from(8u64);
    let beyond = base + offset + size - times(row.pages, pow2(16)) - row.active;
    row.builder.range("out of bounds", beyond, &[(35, row.active.into())]);
    let code = times(row.active, number(Trap::OutOfBoundsMemoryAccess));
    let code = row.challenge("code", Challenge::Delta, code);
    put_trap(row, code);
}

/// The chip `load_trap`.
pub(in crate::circuit) fn load_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let absolute = row.feature("absolute", IMMEDIATE);
    let sizes = sizes(&mut row);
    super::load::sign_features(&mut row);
    row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let offset = row.rest();
    row.fetch(Kind::Load);
    let p = row.read(P, linear(row.active) - absolute, slot_p);
    row.builder.enforce("no base", absolute, p, EarlyLinear::zero());
    out_of_bounds(row, sizes, p.into(), offset);
}

/// The chip `store_trap`.
pub(in crate::circuit) fn store_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let immediate = row.feature("immediate", IMMEDIATE);
    let sizes = sizes(&mut row);
    let absolute = row.feature("absolute", super::store::ABSOLUTE);
    let slot_p = row.slot("slot of p", 1);
    let offset = row.rest();
    let slot_q = row.high();
    row.builder.range("offset in range", offset.into(), &[(32, row.active.into())]);
    row.fetch(Kind::Store);
    let p = row.read(P, linear(row.active) - absolute, slot_p);
    row.builder.enforce("no base", absolute, p, EarlyLinear::zero());
    let q = row.operand_q(row.active.into(), immediate, slot_q);
    row.builder.range("q in range", q.into(), &[(64, row.active.into())]);
    out_of_bounds(row, sizes, p.into(), offset);
}

/// The chip `call_trap`: the frame of the callee would be above the limit.
pub(in crate::circuit) fn call_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    super::jump::call_feature(&mut row);
    row.slot("slot of destination", 0);
    row.slot("slot of p", 1);
    let distance = row.slot("distance", 2);
    let target = row.rest();
    row.builder.range("target in range", target.into(), &[(32, row.active.into())]);
    row.fetch(Kind::Jump);
    let active = linear(row.active);
    room_above(&mut row, active.clone(), distance);
    let code = row.challenge("code", Challenge::Delta, active * number(Trap::CallStackExhausted));
    put_trap(row, code);
}

/// The chip `call_indirect_trap`: the index is beyond the table, the entry is null, its type is another one, or the frame
/// would be above the limit; each of them only if none before it is the case.
pub(in crate::circuit) fn call_indirect_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let none = EarlyLinear::zero();
    row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let distance = row.slot("distance", 2);
    let type_number = row.rest();
    let size = row.high();
    row.builder.range("type in range", type_number.into(), &[(32, row.active.into())]);
    row.fetch(Kind::CallIndirect);
    let active = row.active;
    let p = row.read(P, active, slot_p);

    let undefined = row.bit("undefined", |step| step.trap == Some(Trap::UndefinedElement));
    let uninitialized = row.bit("uninitialized", |step| step.trap == Some(Trap::UninitializedElement));
    let mismatch = row.bit("mismatch", |step| step.trap == Some(Trap::IndirectCallTypeMismatch));
    let exhausted = row.bit("exhausted", |step| step.trap == Some(Trap::CallStackExhausted));
    let causes = linear(undefined) + uninitialized + mismatch + exhausted;
    row.builder.enforce("one cause", active, causes - active, none.clone());

    row.builder.range("index beyond table", linear(p) - size, &[(32, undefined.into())]);
    let defined = linear(active) - undefined;
    row.builder.range("index in table", linear(size) - defined.clone() - p, &[(32, defined.clone())]);
    let entry = table_entry(&mut row, defined, p.into());
    row.builder.enforce("entry is null", uninitialized, entry, none.clone());
    let inverse = row.wire(|step| match step.trap {
        Some(Trap::IndirectCallTypeMismatch) => Fr::from(step.old(2)).inverse().unwrap_or(Fr::zero()),
        _ => Fr::zero(),
    });
    row.builder.enforce("entry is not null", entry, inverse, mismatch);

    let typed = linear(mismatch) + exhausted;
    let entry_type = row.wire(|step| match step.trap {
        Some(Trap::IndirectCallTypeMismatch | Trap::CallStackExhausted) => step.old(2) >> 32,
        _ => 0,
    });
    let target = linear(entry) - times(entry_type, pow2(32));
    row.builder.range("target in range", target, &[(32, typed.clone())]);
    row.builder.range("entry's type in range", entry_type.into(), &[(32, typed)]);
    let difference = linear(entry_type) - type_number;
    let inverse = row.wire(|step| match step.trap {
        Some(Trap::IndirectCallTypeMismatch) => {
            (Fr::from(step.old(2) >> 32) - Fr::from(step.entry.rest)).inverse().unwrap_or(Fr::zero())
        }
        _ => Fr::zero(),
    });
    row.builder.enforce("types differ", difference.clone(), inverse, mismatch);
    row.builder.enforce("types agree", exhausted, difference, none);
    room_above(&mut row, exhausted.into(), distance);
    let code = times(undefined, number(Trap::UndefinedElement))
        + times(uninitialized, number(Trap::UninitializedElement))
        + times(mismatch, number(Trap::IndirectCallTypeMismatch))
        + times(exhausted, number(Trap::CallStackExhausted));
    let code = row.challenge("code", Challenge::Delta, code);
    put_trap(row, code);
}

/// The chip `limit`: instead of a cycle, the end. The verifier sees that as many cycles as allowed have run.
pub(in crate::circuit) fn limit(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    // A program that has ended has no word to go on with.
    row.fetch_any();
    let active = linear(row.active);
    let code = row.challenge("code", Challenge::Delta, active.clone() * number(Trap::CycleLimitExhausted));
    row.put_end(0, active * Fr::from(TRAPPED), code);
}
