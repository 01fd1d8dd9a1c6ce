//! Stores, and those beyond the memory's end.

use super::load::{below, bytes_and_above, locate, size_features, size_log, size_power, sizes, widths};
use super::trap::out_of_bounds;
use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, constant, linear, times};
use crate::circuit::bus::{inverse_pow2, pow2};
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;
use crate::proof_system::{EarlyLinear, EarlyWire};

/// The base is 0 instead of a register.
pub const ABSOLUTE: u32 = 4;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    use Opcode::*;
    let log = match opcode {
        Store8 => 0,
        Store16 => 1,
        Store32 => 2,
        _ => 3,
    };
    size_features(log, set);
}

/// The value to be stored: the low bytes of operand Q.
fn value(step: &Step) -> u64 {
    step.q() & (u64::MAX >> (64 - (8 << size_log(step))))
}

/// What both chips decode alike.
struct Operands {
    sizes: [EarlyLinear; 4],
    p: EarlyWire,
    offset: EarlyWire,
    q: EarlyWire,
}

fn decode(row: &mut Row) -> Operands {
    let immediate = row.feature("immediate", IMMEDIATE);
    let sizes = sizes(row);
    let absolute = row.feature("absolute", ABSOLUTE);
    let slot_p = row.slot("slot of p", 1);
    let offset = row.rest();
    let slot_q = row.high();
    // The slot or immediate is what the other parts of the entry leave.
    row.builder.range("offset in range", offset.into(), &[(32, row.active.into())]);
    row.fetch(Kind::Store);
    let p = row.read(P, linear(row.active) - absolute, slot_p);
    row.builder.enforce("no base", absolute, p, EarlyLinear::zero());
    let q = row.operand_q(row.active.into(), immediate, slot_q);
    Operands { sizes, p, offset, q }
}

/// The chip `store`.
pub(super) fn store(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let none = EarlyLinear::zero();
    let Operands { sizes, p, offset, q } = decode(&mut row);
    let bytes = locate(&mut row, sizes, p.into(), offset);
    let widths = widths(&bytes.sizes);
    let size_power = size_power(&bytes.sizes);

    // Operand Q is value + size_power · rest.
    let value = row.wire(value);
    let dropped = row.wire(|step| if size_log(step) == 3 { 0 } else { step.q() >> (8 << size_log(step)) });
    row.builder.enforce("operand", dropped, size_power.clone(), linear(q) - value);
    row.builder.range("value in range", value.into(), &widths);
    let dropped_widths: [_; 4] = std::array::from_fn(|log| (64 - (8 << log), widths[log].1.clone()));
    row.builder.range("rest in range", dropped.into(), &dropped_widths);

    // Both words are below + power · (old + size_power · above).
    let [first, second] = [2, 3].map(|place| row.wire(|step| step.old(place)));
    let old = row.wire(|step| bytes_and_above(step).0);
    let above = row.wire(|step| bytes_and_above(step).1);
    let below = below(&mut row, &bytes);
    let upper = row.builder.product("above", above, size_power);
    let both = linear(first) + times(second, pow2(64));
    row.builder.enforce("both words", bytes.power, linear(old) + upper, both.clone() - below);
    row.builder.range("old in range", old.into(), &widths);
    row.builder.range("above in range", above.into(), &[(64, row.active.into())]);
    row.builder.enforce("no second word", linear(row.active) - bytes.crosses, second, none.clone());

    // The new words hold the value where the old one was.
    let change = row.builder.product("change", bytes.power, linear(value) - old);
    let new_first = row.wire(|step| step.new_value(2));
    let new_second = (both + change - new_first) * inverse_pow2(64);
    row.builder.range("first word in range", new_first.into(), &[(64, row.active.into())]);
    row.builder.range("second word in range", new_second.clone(), &[(64, row.active.into())]);
    row.builder.enforce("second word only if it crosses", linear(row.active) - bytes.crosses, new_second.clone(), none);
    row.access(2, row.active.into(), bytes.address.clone(), first.into(), new_first.into());
    row.access(3, bytes.crosses.into(), bytes.address.clone() + constant(1), second.into(), new_second);
    let next = row.next();
    row.put_state(next);
}

/// The chip `store_trap`.
pub(in crate::circuit) fn store_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let Operands { sizes, p, offset, q } = decode(&mut row);
    row.builder.range("q in range", q.into(), &[(64, row.active.into())]);
    out_of_bounds(row, sizes, p.into(), offset);
}
