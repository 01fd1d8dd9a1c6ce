//! Branches: a comparison that decides where to go on.

use super::compare::{comparison, decode};
use crate::circuit::builder::{Builder, linear};
use crate::circuit::bus::Challenge;
use crate::circuit::entry::Kind;
use crate::circuit::row::{Next, Row};
use crate::circuit::step::Step;

/// The chip `branch`: if the comparison holds the next word is at the target, else the one behind.
pub(super) fn branch(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let operands = decode(&mut row);
    let slot_p = row.slot("slot of p", 1);
    let target = row.rest();
    let high = row.high();
    row.builder.range("target in range", target.into(), &[(26, row.active.into())]);
    row.fetch(Kind::Branch);
    let taken = comparison(&mut row, &operands, slot_p, high);
    let behind = linear(row.program_counter) + row.active;
    let jump = row.builder.product("jump", taken, linear(target) - behind.clone());
    let program_counter = row.challenge("next program counter", Challenge::Gamma, behind + jump);
    let next = Next { program_counter, ..row.next() };
    row.put_state(next);
}
