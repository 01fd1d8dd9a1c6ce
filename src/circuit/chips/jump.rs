//! Jumps, calls and returns, and the calls for which there is no room.

use super::trap::{number, put_trap};
use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::{Challenge, pow2};
use crate::circuit::entry::Kind;
use crate::circuit::row::{Next, P, Row};
use crate::circuit::step::Step;
use crate::notation::Trap;
use crate::profile::MAX_FRAME_POINTER;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;

const CALL: u32 = 0;
const RETURN: u32 = 1;
const INDEXED: u32 = 2;

/// Bits of a frame pointer.
const FRAME_POINTER_BITS: u32 = 16;
/// Where the caller's frame pointer stands in a link word, and the type in a table entry.
pub(super) const HALF: u32 = 32;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    set(CALL, opcode == Opcode::Call);
    set(RETURN, opcode == Opcode::Return);
    set(INDEXED, opcode == Opcode::JumpIndexed);
}

/// The frame pointer of a callee, which is not above the limit.
pub(super) fn callee(row: &mut Row, calls: EarlyLinear, distance: EarlyWire) -> EarlyLinear {
    let limit = calls.clone() * Fr::from(u64::from(MAX_FRAME_POINTER));
    let room = limit - row.frame_pointer - distance;
    row.builder.range("frame in range", room, &[(FRAME_POINTER_BITS, calls)]);
    linear(row.frame_pointer) + distance
}

/// The link word: the address behind the call and the caller's frame pointer.
pub(super) fn link(row: &Row) -> EarlyLinear {
    linear(row.program_counter) + row.active + times(row.frame_pointer, pow2(HALF))
}

/// The frame of a callee is above the limit.
pub(super) fn room_above(row: &mut Row, calls: EarlyLinear, distance: EarlyWire) {
    let limit = calls.clone() * Fr::from(u64::from(MAX_FRAME_POINTER) + 1);
    let above = linear(row.frame_pointer) + distance - limit;
    row.builder.range("frame above the limit", above, &[(FRAME_POINTER_BITS + 1, calls)]);
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

/// The chip `call_trap`: the frame of the callee would be above the limit.
pub(in crate::circuit) fn call_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let call = row.feature("call", CALL);
    row.builder.enforce("is a call", row.active, linear(call) - row.active, EarlyLinear::zero());
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
