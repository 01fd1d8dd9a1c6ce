//! Jumps, calls and returns.

use crate::canonical_code::{Opcode, Space};
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::{Challenge, pow2};
use crate::circuit::entry::{Kind, space_number};
use crate::circuit::row::{Next, P, Row};
use crate::circuit::step::Step;
use crate::profile::MAX_FRAME_POINTER;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;

const CALL: u32 = 0;
const RETURN: u32 = 1;
const INDEXED: u32 = 2;

/// Bits of a frame pointer.
const FRAME_POINTER_BITS: u32 = 16;
/// Where the caller's frame pointer stands in a link word, and the type in a table entry.
const HALF: u32 = 32;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    set(CALL, opcode == Opcode::Call);
    set(RETURN, opcode == Opcode::Return);
    set(INDEXED, opcode == Opcode::JumpIndexed);
}

/// The frame pointer of a callee, which is not above the limit.
fn callee(row: &mut Row, calls: EarlyLinear, distance: EarlyWire) -> EarlyLinear {
    let limit = calls.clone() * Fr::from(u64::from(MAX_FRAME_POINTER));
    let room = limit - row.frame_pointer - distance;
    row.builder.range("frame in range", room, &[(FRAME_POINTER_BITS, calls)]);
    linear(row.frame_pointer) + distance
}

/// The link word: the address behind the call and the caller's frame pointer.
fn link(row: &Row) -> EarlyLinear {
    linear(row.program_counter) + row.active + times(row.frame_pointer, pow2(HALF))
}

/// The chip `jump`: `jump`, `jump_indexed`, `call` and `return`.
pub(super) fn jump(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let call = row.feature("call", CALL);
    let returns = row.feature("return", RETURN);
    let indexed = row.feature("indexed", INDEXED);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let distance = row.slot("distance", 2);
    let target = row.rest();
    row.fetch(Kind::Jump);

    let p = row.read(P, linear(returns) + indexed, slot_p);
    let behind = link(&row);
    row.write(call, destination, behind);

    let entered = callee(&mut row, call.into(), distance);
    let caller = row.wire(|step| if step.entry.has(RETURN) { step.p() >> HALF } else { 0 });
    row.builder.range("caller in range", caller.into(), &[(FRAME_POINTER_BITS, returns.into())]);
    let returned = row.builder.product("return to", returns, linear(p) - times(caller, pow2(HALF)));
    let entry = linear(row.program_counter) + row.active + p;
    let entry = row.builder.product("jump to entry", indexed, entry);
    let frame = row.builder.product("frame of caller", returns, linear(caller) - row.frame_pointer);

    let program_counter = linear(target) + returned + entry;
    let frame_pointer = entered + frame;
    let program_counter = row.challenge("next program counter", Challenge::Gamma, program_counter);
    let frame_pointer = row.challenge("next frame pointer", Challenge::Delta, frame_pointer);
    let next = Next { program_counter, frame_pointer, ..row.next() };
    row.put_state(next);
}

/// The chip `call_indirect`: a call through the entry of the table whose index is p and whose type is the word's.
pub(super) fn call_indirect(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let distance = row.slot("distance", 2);
    let type_number = row.rest();
    let size = row.high();
    row.builder.range("type in range", type_number.into(), &[(32, row.active.into())]);
    row.fetch(Kind::CallIndirect);

    let active = row.active;
    let p = row.read(P, active, slot_p);
    row.builder.range("index in table", linear(size) - active - p, &[(32, active.into())]);
    let entry = table_entry(&mut row, active.into(), p.into());
    let target = linear(entry) - times(type_number, pow2(HALF));
    let behind = link(&row);
    row.write(active, destination, behind);
    let frame_pointer = callee(&mut row, active.into(), distance);

    let program_counter = row.challenge("next program counter", Challenge::Gamma, target);
    let frame_pointer = row.challenge("next frame pointer", Challenge::Delta, frame_pointer);
    let next = Next { program_counter, frame_pointer, ..row.next() };
    row.put_state(next);
}

/// Reads an entry of the table.
pub(super) fn table_entry(row: &mut Row, multiplicity: EarlyLinear, index: EarlyLinear) -> EarlyWire {
    let entry = row.wire(|step| step.old(2));
    let address = multiplicity.clone() * (Fr::from(space_number(Space::Table)) * pow2(HALF)) + index;
    row.access(2, multiplicity, address, entry.into(), entry.into());
    entry
}

/// The feature of a call, and that the others are not set.
pub(super) fn call_feature(row: &mut Row) {
    let call = row.feature("call", CALL);
    let active = row.active;
    row.builder.enforce("is a call", active, linear(call) - active, EarlyLinear::zero());
}

/// The frame of a callee is above the limit.
pub(super) fn room_above(row: &mut Row, calls: EarlyLinear, distance: EarlyWire) {
    let limit = calls.clone() * Fr::from(u64::from(MAX_FRAME_POINTER) + 1);
    let above = linear(row.frame_pointer) + distance - limit;
    row.builder.range("frame above the limit", above, &[(FRAME_POINTER_BITS + 1, calls)]);
}
