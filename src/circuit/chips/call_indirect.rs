//! Calls through the table, and those that trap.

use super::jump::{HALF, callee, link, room_above};
use super::trap::{number, put_trap};
use crate::canonical_code::Space;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::{Challenge, pow2};
use crate::circuit::entry::{Kind, space_number};
use crate::circuit::row::{Next, P, Row};
use crate::circuit::step::Step;
use crate::notation::Trap;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;
use ark_ff::{Field, Zero};

/// What both chips decode alike.
struct Operands {
    destination: EarlyWire,
    distance: EarlyWire,
    type_number: EarlyWire,
    size: EarlyWire,
    p: EarlyWire,
}

fn decode(row: &mut Row) -> Operands {
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let distance = row.slot("distance", 2);
    let type_number = row.rest();
    let size = row.high();
    row.builder.range("type in range", type_number.into(), &[(32, row.active.into())]);
    row.fetch(Kind::CallIndirect);
    let p = row.read(P, row.active, slot_p);
    Operands { destination, distance, type_number, size, p }
}

/// Reads an entry of the table.
fn table_entry(row: &mut Row, multiplicity: EarlyLinear, index: EarlyLinear) -> EarlyWire {
    let entry = row.wire(|step| step.old(2));
    let address = multiplicity.clone() * (Fr::from(space_number(Space::Table)) * pow2(HALF)) + index;
    row.access(2, multiplicity, address, entry.into(), entry.into());
    entry
}

/// The chip `call_indirect`: a call through the entry of the table whose index is p and whose type is the word's.
pub(super) fn call_indirect(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let Operands { destination, distance, type_number, size, p } = decode(&mut row);
    let active = row.active;
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

/// The chip `call_indirect_trap`: the index is beyond the table, the entry is null, its type is another one, or the frame
/// would be above the limit; each of them only if none before it is the case.
pub(in crate::circuit) fn call_indirect_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let none = EarlyLinear::zero();
    let Operands { distance, type_number, size, p, .. } = decode(&mut row);
    let active = row.active;

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
