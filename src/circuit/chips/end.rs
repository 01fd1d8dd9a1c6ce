//! The end: halting, and words that trap.

use crate::canonical_code::Opcode;
use crate::circuit::builder::{Builder, linear};
use crate::circuit::bus::Challenge;
use crate::circuit::entry::{IMMEDIATE, Kind};
use crate::circuit::row::Row;
use crate::circuit::step::Step;
use crate::proof_system::EarlyLinear;
use ark_bn254::Fr;
use ark_ff::{Field, Zero};

const TRAP: u32 = 1;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    set(TRAP, opcode == Opcode::Trap);
    if opcode == Opcode::Trap {
        set(IMMEDIATE, true);
    }
}

/// The chip `end`: `halt` with the status q, `trap` with the code q. Statuses other than 0 reject; no trap has the code 0.
pub(super) fn end(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let immediate = row.feature("immediate", IMMEDIATE);
    let trap = row.feature("trap", TRAP);
    let rest = row.rest();
    row.fetch(Kind::End);
    let q = row.operand_q(row.active.into(), immediate, rest);
    row.builder.range("code in range", q.into(), &[(32, row.active.into())]);
    let nonzero = row.wire(|step| u64::from(step.q() != 0));
    let inverse = row.wire(|step| Fr::from(step.q()).inverse().unwrap_or(Fr::zero()));
    row.builder.enforce("not zero only if so", q, inverse, nonzero);
    row.builder.enforce("not zero if so", q, linear(row.active) - nonzero, EarlyLinear::zero());
    let code = row.challenge("code", Challenge::Delta, q.into());
    row.put_end(1, linear(nonzero) + trap, code);
}
