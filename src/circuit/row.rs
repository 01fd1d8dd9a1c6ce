//! What all rows of a machine have in common: they take the state, fetch their code word, access cells and put the next
//! state.

use super::builder::{Builder, constant, linear, times};
use super::bus::{Bus, Challenge, Coordinate, Product, Tuple, pow2};
use super::entry::{CLASS_BITS, HIGH_SHIFT, IMMEDIATE, Kind, REST_SHIFT, SLOT_SHIFT};
use super::step::Step;
use super::tables::LIMB_BITS;
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;
use ark_ff::Zero;

/// Bits of a slot, or of a distance between frames.
const SLOT_BITS: u32 = 13;
/// Times of a cycle: its accesses have places below this.
pub const PLACES: u64 = 4;
/// Place of operand P.
pub const P: usize = 0;
/// Place of operand Q.
pub const Q: usize = 1;
/// Place of the destination.
pub const DESTINATION: usize = 3;

/// CIRCUIT-008: the program counter after the end: beyond everything that a row can compute from 64-bit numbers.
pub const END_PROGRAM_COUNTER: u128 = 1 << 100;

/// A row under construction.
pub struct Row<'r, 's> {
    /// Where the constraints go.
    pub builder: &'r mut Builder<'s>,
    step: Option<&'r Step>,
    /// 1 if the row is used.
    pub active: EarlyWire,
    clock: EarlyWire,
    /// The address of the word.
    pub program_counter: EarlyWire,
    /// The frame pointer before.
    pub frame_pointer: EarlyWire,
    /// The memory's pages before.
    pub pages: EarlyWire,
    clock_product: Product,
    program_counter_product: Product,
    frame_pointer_product: Product,
    entry: EarlyLinear,
}

/// What follows a cycle.
pub struct Next {
    /// The program counter.
    pub program_counter: Coordinate,
    /// The frame pointer.
    pub frame_pointer: Coordinate,
    /// The pages.
    pub pages: EarlyLinear,
}

impl<'r, 's> Row<'r, 's> {
    /// Takes the state.
    pub fn begin(builder: &'r mut Builder<'s>, step: Option<&'r Step>) -> Row<'r, 's> {
        let number = |f: fn(&Step) -> u64| Fr::from(step.map_or(0, f));
        let active = builder.wire(number(|_| 1));
        let clock = builder.wire(number(|step| step.clock));
        let program_counter = builder.wire(number(|step| step.program_counter.into()));
        let frame_pointer = builder.wire(number(|step| step.frame_pointer.into()));
        let pages = builder.wire(number(|step| step.pages.into()));
        builder.enforce("active", active, linear(active) - constant(1), EarlyLinear::zero());
        let clock_product = builder.challenge("clock", Challenge::Beta, clock.into());
        let program_counter_product = builder.challenge("program counter", Challenge::Gamma, program_counter.into());
        let frame_pointer_product = builder.challenge("frame pointer", Challenge::Delta, frame_pointer.into());
        let row = Row {
            builder,
            step,
            active,
            clock,
            program_counter,
            frame_pointer,
            pages,
            clock_product,
            program_counter_product,
            frame_pointer_product,
            entry: EarlyLinear::zero(),
        };
        let state = Tuple {
            bus: Bus::State,
            plain: pages.into(),
            time: row.time(0),
            program_counter: program_counter_product.into(),
            frame_pointer: frame_pointer_product.into(),
        };
        row.builder.take("take state", active, state);
        row
    }

    fn time(&self, place: usize) -> Coordinate {
        Coordinate { products: vec![(self.clock_product, PLACES as i64)], constant: place as u128 }
    }

    /// A value of the step; 0 if the row is not used.
    pub fn number<T: Into<Fr>>(&self, f: impl FnOnce(&Step) -> T) -> Fr {
        self.step.map_or(Fr::zero(), |step| f(step).into())
    }

    /// A committed wire.
    pub fn wire<T: Into<Fr>>(&mut self, f: impl FnOnce(&Step) -> T) -> EarlyWire {
        let value = self.number(f);
        self.builder.wire(value)
    }

    /// A wire that is 0 or 1, and 0 in a row that is not used.
    pub fn bit(&mut self, name: &'static str, f: impl FnOnce(&Step) -> bool) -> EarlyWire {
        let wire = self.wire(|step| u64::from(f(step)));
        // CIRCUIT-009: one constraint says both.
        self.builder.enforce(name, wire, linear(wire) - self.active, EarlyLinear::zero());
        wire
    }

    /// A feature of the code word: a bit of its selector.
    pub fn feature(&mut self, name: &'static str, bit: u32) -> EarlyWire {
        let wire = self.bit(name, |step| step.entry.has(bit));
        self.entry += times(wire, pow2(CLASS_BITS + bit));
        wire
    }

    /// A slot of the code word. Its range is checked: else it could trade with its neighbours.
    pub fn slot(&mut self, name: &'static str, index: usize) -> EarlyWire {
        let wire = self.wire(|step| u64::from(step.entry.slots[index]));
        self.entry += times(wire, pow2(SLOT_SHIFT[index]));
        let active = self.active;
        self.builder.limb(name, active, SLOT_BITS, wire);
        wire
    }

    /// The lower immediate, or a slot. The row bounds it, here or by its use: else it could absorb another decoding of
    /// the rest of the entry.
    pub fn rest(&mut self) -> EarlyWire {
        let wire = self.wire(|step| step.entry.rest);
        self.entry += times(wire, pow2(REST_SHIFT));
        wire
    }

    /// The upper immediate, which the row bounds as well.
    pub fn high(&mut self) -> EarlyWire {
        let wire = self.wire(|step| u64::from(step.entry.high));
        self.entry += times(wire, pow2(HIGH_SHIFT));
        wire
    }

    /// Fetches the code word: all parts of the entry have been named.
    pub fn fetch(&mut self, kind: Kind) {
        self.entry += times(self.active, Fr::from(kind as u64));
        self.take_entry();
    }

    fn take_entry(&mut self) {
        let plain = std::mem::replace(&mut self.entry, EarlyLinear::zero());
        if let Some(step) = self.step {
            self.builder.tables.code[step.program_counter as usize] += 1;
        }
        let tuple = Tuple { program_counter: self.program_counter_product.into(), ..Tuple::plain(Bus::Code, plain) };
        let active = self.active;
        self.builder.take("fetch", active, tuple);
    }

    /// Accesses a cell: takes its old tuple and puts its new one. The old time is below the new one.
    pub fn access(
        &mut self,
        place: usize,
        multiplicity: EarlyLinear,
        address: EarlyLinear,
        old: EarlyLinear,
        new: EarlyLinear,
    ) {
        let address = self.builder.challenge(ADDRESS[place], Challenge::Delta, address);
        let old_time = self.wire(|step| step.accesses[place].map_or(0, |access| access.old_time));
        self.access_cell(place, multiplicity, address.into(), old_time, old, new);
    }

    /// An access of a word of the memory at a place that it shares with accesses of other words; it is number `index`
    /// among those of the step.
    pub fn access_word(
        &mut self,
        place: usize,
        index: usize,
        multiplicity: EarlyLinear,
        address: Coordinate,
        old: EarlyLinear,
        new: EarlyLinear,
    ) {
        let old_time = self.wire(|step| step.words.get(index).map_or(0, |access| access.old_time));
        self.access_cell(place, multiplicity, address, old_time, old, new);
    }

    fn access_cell(
        &mut self,
        place: usize,
        multiplicity: EarlyLinear,
        address: Coordinate,
        old_time: EarlyWire,
        old: EarlyLinear,
        new: EarlyLinear,
    ) {
        let product = self.builder.challenge(OLD_TIME[place], Challenge::Beta, old_time.into());
        let tuple = |value: EarlyLinear, time: Coordinate| Tuple {
            time,
            frame_pointer: address.clone(),
            ..Tuple::plain(Bus::Memory, value)
        };
        let taken = tuple(old, product.into());
        self.builder.take(TAKE_CELL[place], multiplicity.clone(), taken);
        let put = tuple(new, self.time(place));
        self.builder.put(PUT_CELL[place], multiplicity.clone(), put);
        // CIRCUIT-012: at most 2¹³ between two accesses; older cells are refreshed first.
        let elapsed = times(self.clock, Fr::from(PLACES)) + constant(place as u64) - constant(1) - old_time;
        self.builder.limb(ELAPSED[place], multiplicity, LIMB_BITS, elapsed);
    }

    /// The address of a register.
    pub fn register(&self, slot: impl Into<EarlyLinear>) -> EarlyLinear {
        linear(self.frame_pointer) + slot
    }

    /// Reads a register.
    pub fn read(&mut self, place: usize, multiplicity: impl Into<EarlyLinear>, slot: EarlyWire) -> EarlyWire {
        let value = self.wire(|step| step.old(place));
        let address = self.register(slot);
        self.access(place, multiplicity.into(), address, value.into(), value.into());
        value
    }

    /// Writes a register.
    pub fn write(&mut self, multiplicity: impl Into<EarlyLinear>, slot: EarlyWire, value: EarlyLinear) -> EarlyWire {
        let old = self.wire(|step| step.old(DESTINATION));
        let address = self.register(slot);
        self.access(DESTINATION, multiplicity.into(), address, old.into(), value);
        old
    }

    /// Operand Q, of which `slot` is the register or the immediate.
    pub fn operand_q(&mut self, present: EarlyLinear, immediate: EarlyWire, slot: EarlyWire) -> EarlyWire {
        let value = self.wire(|step| if step.entry.has(IMMEDIATE) { step.q_immediate() } else { step.old(Q) });
        let register = present - immediate;
        self.builder.limb("slot of q", register.clone(), SLOT_BITS, slot);
        let address = self.register(slot);
        self.access(Q, register, address, value.into(), value.into());
        self.builder.enforce("immediate is q", immediate, linear(value) - slot, EarlyLinear::zero());
        value
    }

    /// The product of a challenge and a new program counter or frame pointer.
    pub fn challenge(&mut self, name: &'static str, challenge: Challenge, value: EarlyLinear) -> Coordinate {
        self.builder.challenge(name, challenge, value).into()
    }

    /// What follows if nothing is said: the next word, the same frame, the same pages.
    pub fn next(&self) -> Next {
        Next {
            program_counter: Coordinate::from(self.program_counter_product).plus(1),
            frame_pointer: self.frame_pointer_product.into(),
            pages: self.pages.into(),
        }
    }

    /// Shows that there is a word at the program counter, whatever it is.
    pub fn fetch_any(&mut self) {
        let entry = self.wire(|step| step.entry.pack());
        self.entry += entry;
        self.take_entry();
    }

    /// Puts the next state, one cycle later.
    pub fn put_state(self, next: Next) {
        let state = Tuple {
            bus: Bus::State,
            plain: next.pages,
            time: self.time(PLACES as usize),
            program_counter: next.program_counter,
            frame_pointer: next.frame_pointer,
        };
        self.builder.put("put state", self.active, state);
    }

    /// CIRCUIT-008: puts the state after the end: the kind of the outcome stands for the pages and its code for the frame
    /// pointer. A trap at the cycle limit spends no cycle.
    pub fn put_end(self, cycles: u64, kind: EarlyLinear, code: Coordinate) {
        let state = Tuple {
            bus: Bus::State,
            plain: kind,
            time: Coordinate { constant: u128::from(cycles * PLACES), ..self.time(0) },
            program_counter: Coordinate::constant(END_PROGRAM_COUNTER),
            frame_pointer: code,
        };
        self.builder.put("put end", self.active, state);
    }
}

const ADDRESS: [&str; 4] = ["address 0", "address 1", "address 2", "address 3"];
const OLD_TIME: [&str; 4] = ["old time 0", "old time 1", "old time 2", "old time 3"];
const TAKE_CELL: [&str; 4] = ["take cell 0", "take cell 1", "take cell 2", "take cell 3"];
const PUT_CELL: [&str; 4] = ["put cell 0", "put cell 1", "put cell 2", "put cell 3"];
const ELAPSED: [&str; 4] = ["elapsed 0", "elapsed 1", "elapsed 2", "elapsed 3"];
