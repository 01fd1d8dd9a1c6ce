//! Steps: the cycles of a trace as rows want them, with the operands at their places and the times of the circuit.

use super::entry::{Entry, Kind, address, entry};
use super::row::{DESTINATION, P, PLACES, Q};
use super::tables::LIMB_BITS;
use crate::canonical_code::{Access, Cycle, IMMEDIATE_1, IMMEDIATE_2, Shape, Space};
use crate::notation::Trap;
use std::collections::BTreeMap;

/// An access of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepAccess {
    /// The cell's address.
    pub address: u64,
    /// The time of the access before.
    pub old_time: u64,
    /// The value before.
    pub old: u64,
    /// The value after.
    pub new: u64,
}

/// A cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of the cycle, from 1.
    pub clock: u64,
    /// The address of the word.
    pub program_counter: u32,
    /// The frame pointer before.
    pub frame_pointer: u32,
    /// The pages before.
    pub pages: u32,
    /// The word's entry in the code table.
    pub entry: Entry,
    /// The chip.
    pub kind: Kind,
    /// The accesses by place.
    pub accesses: [Option<StepAccess>; PLACES as usize],
    /// The words of the memory that `poseidon` reads at place 2, then those that it writes at place 3; nothing in any
    /// other step.
    pub words: Vec<StepAccess>,
    /// The trap in which the cycle ends.
    pub trap: Option<Trap>,
}

impl Step {
    /// The old value of the cell at a place; 0 if there is no access.
    pub fn old(&self, place: usize) -> u64 {
        self.accesses[place].map_or(0, |access| access.old)
    }

    /// The new value of the cell at a place.
    pub fn new_value(&self, place: usize) -> u64 {
        self.accesses[place].map_or(0, |access| access.new)
    }

    /// Operand P.
    pub fn p(&self) -> u64 {
        self.old(P)
    }

    /// The immediate that is operand Q.
    pub fn q_immediate(&self) -> u64 {
        match self.kind {
            Kind::Store | Kind::Branch => self.entry.high.into(),
            _ => self.entry.rest,
        }
    }

    /// Operand Q.
    pub fn q(&self) -> u64 {
        if self.entry.has(super::entry::IMMEDIATE) { self.q_immediate() } else { self.old(Q) }
    }

    /// The new value of the destination.
    pub fn result(&self) -> u64 {
        self.new_value(DESTINATION)
    }
}

/// A refreshed cell: its time moves on, its value stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The address.
    pub address: u64,
    /// The value.
    pub value: u64,
    /// The time before.
    pub old_time: u64,
    /// The time after.
    pub new_time: u64,
}

/// What is known of a cell that was touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Its first value.
    pub initial: u64,
    /// The time given to it before its first access.
    pub initial_time: u64,
    /// Its last value.
    pub last: u64,
    /// The time of its last access.
    pub last_time: u64,
}

/// All touched cells, by address, and their times.
#[derive(Clone, Debug, Default)]
pub struct Cells(pub BTreeMap<u64, Touched>);

/// The place of each access of a cycle, in the order of the trace.
fn places(cycle: &Cycle) -> [usize; 4] {
    let word = &cycle.word;
    let (first, second) = (word.mode & IMMEDIATE_1 != 0, word.mode & IMMEDIATE_2 != 0);
    let immediate = first || second;
    let d = DESTINATION;
    match word.opcode.shape() {
        Shape::Binary | Shape::Branch => {
            if immediate {
                [P, d, 0, 0]
            } else {
                [P, Q, d, 0]
            }
        }
        Shape::Unary | Shape::Halt => {
            if first {
                [d, 0, 0, 0]
            } else {
                [Q, d, 0, 0]
            }
        }
        Shape::Conditional => {
            if first {
                [P, d, 0, 0]
            } else {
                [Q, P, d, 0]
            }
        }
        Shape::JumpIndexed | Shape::Return => [P, 0, 0, 0],
        Shape::Call => [d, 0, 0, 0],
        Shape::CallIndirect => [P, 2, d, 0],
        // The words of the memory are at 1 and 2; which access is the last is said by its space.
        Shape::Load => {
            if first {
                [1, 2, d, 0]
            } else {
                [P, 1, 2, d]
            }
        }
        Shape::Store => match (first, second) {
            (false, false) => [P, Q, 2, d],
            (true, false) => [Q, 2, d, 0],
            (false, true) => [P, 2, d, 0],
            (true, true) => [2, d, 0, 0],
        },
        Shape::Get => {
            if first {
                [2, d, 0, 0]
            } else {
                [P, 2, d, 0]
            }
        }
        Shape::Set => match (first, second) {
            (false, false) => [P, Q, 2, 0],
            (true, false) => [Q, 2, 0, 0],
            (false, true) => [P, 2, 0, 0],
            (true, true) => [2, 0, 0, 0],
        },
        Shape::Size => [d, 0, 0, 0],
        Shape::Grow => [P, d, 0, 0],
        Shape::Hash => [P, Q, 0, 0],
        Shape::Jump | Shape::Trap => [0; 4],
    }
}

impl Cells {
    /// The step of a cycle, and the refreshes before it.
    pub fn step(&mut self, cycle: &Cycle, trap: Option<Trap>, mut refresh: impl FnMut(Refresh)) -> Step {
        let mut accesses: [Option<StepAccess>; PLACES as usize] = [None; PLACES as usize];
        let places = places(cycle);
        let mut placed: Vec<(usize, &Access)> = Vec::with_capacity(accesses.len());
        let (cells, words) = match cycle.word.opcode.shape() {
            Shape::Hash => cycle.accesses().split_at(2),
            _ => (cycle.accesses(), &[][..]),
        };
        for (index, access) in cells.iter().enumerate() {
            // An access of the memory takes one word or two.
            let last = cycle.word.opcode.shape() == Shape::Load && access.space == Space::Register && index > 0;
            placed.push((if last { DESTINATION } else { places[index] }, access));
        }
        // A conditional move reads its operand before its condition; here the order is that of the places.
        placed.sort_by_key(|(place, _)| *place);
        for (place, access) in placed {
            accesses[place] = Some(self.access(access, PLACES * cycle.clock + place as u64, &mut refresh));
        }
        let words = words.iter().map(|access| self.access(access, access.time, &mut refresh)).collect();
        Step {
            clock: cycle.clock,
            program_counter: cycle.program_counter,
            frame_pointer: cycle.frame_pointer,
            pages: cycle.pages,
            entry: entry(&cycle.word),
            kind: Kind::of(cycle.word.opcode),
            accesses,
            words,
            trap,
        }
    }

    fn access(&mut self, access: &Access, time: u64, refresh: &mut impl FnMut(Refresh)) -> StepAccess {
        let address = address(access.space, access.index);
        // Any time below the first access will do.
        let initial_time = time - 1;
        let touched = self.0.entry(address).or_insert(Touched {
            initial: access.previous,
            initial_time,
            last: access.previous,
            last_time: initial_time,
        });
        if time - 1 - touched.last_time >= 1 << LIMB_BITS {
            let old_time = touched.last_time;
            touched.last_time = time - 1;
            refresh(Refresh { address, value: touched.last, old_time, new_time: time - 1 });
        }
        let old_time = std::mem::replace(&mut touched.last_time, time);
        touched.last = access.value;
        StepAccess { address, old_time, old: access.previous, new: access.value }
    }
}
