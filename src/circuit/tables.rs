//! The tables that are the same for all programs, and how often their entries are taken.

use super::builder::{Builder, constant, times};
use super::bus::{Bus, Coordinate, Tuple, pow2};
use super::tier::Tier;
use crate::proof_system::EarlyLinear;
use ark_bn254::Fr;
use ark_ff::PrimeField;

/// Bits of a limb: numbers are range-checked in limbs. A larger table would cost more rows than its fewer look-ups
/// save: at 2²⁰ rows 16 bits cost 110,000 rows and save one look-up in five.
pub const LIMB_BITS: u32 = 13;
/// Bits of the operands of the table of bitwise and.
pub const AND_BITS: u32 = 6;
/// Where the second operand and the result stand in an entry of a table that is looked up with wires that are not
/// range-checked: beyond the sum of all chunks of a 64-bit number, so that the sums of parts are unique if the sum of
/// entries is.
pub const PART_SHIFT: u32 = 70;
/// Entries of the table of powers: up to 2⁶⁴.
const POWERS: u64 = 65;

/// An entry of the table of places: of an access of `size` bytes at byte `place` of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The byte in the word: 0 to 7.
    pub place: u32,
    /// 1, 2, 4 or 8 bytes, as 0, 1, 2 or 3.
    pub size_log: u32,
}

impl Place {
    /// The bits below the access.
    pub fn bits_below(self) -> u32 {
        8 * self.place
    }

    /// Whether it reaches into the next word.
    pub fn crosses(self) -> bool {
        self.place + (1 << self.size_log) > 8
    }
}

/// How often each entry of each table is taken in a segment.
#[derive(Clone, Debug)]
pub struct Tables {
    range: Vec<u32>,
    and: Vec<u32>,
    power: Vec<u32>,
    place: Vec<u32>,
    ones: Vec<u32>,
    /// Of each code word, by address.
    pub(super) code: Vec<u32>,
}

impl Tables {
    /// Nothing taken yet.
    pub fn new(code_words: usize) -> Tables {
        Tables {
            range: vec![0; 2 << LIMB_BITS],
            and: vec![0; 1 << (2 * AND_BITS)],
            power: vec![0; POWERS as usize],
            place: vec![0; 32],
            ones: vec![0; 1 << AND_BITS],
            code: vec![0; code_words],
        }
    }

    /// Counts an entry of the range table, if there is such a one.
    pub(super) fn count_range(&mut self, bits: u64, value: Fr) {
        let limbs = value.into_bigint().0;
        if limbs[1..] == [0, 0, 0]
            && limbs[0] < 1 << bits
            && let Some(counter) = self.range.get_mut((1 << bits | limbs[0]) as usize)
        {
            *counter += 1;
        }
    }

    /// Counts an entry, if there is such a one.
    pub(super) fn count(&mut self, bus: Bus, plain: Fr) {
        let limbs = plain.into_bigint().0;
        let counter = match bus {
            Bus::And => self.and.get_mut((limbs[0] & 63 | (limbs[1] >> (PART_SHIFT - 64) & 63) << 6) as usize),
            Bus::Power => self.power.get_mut((limbs[0] & ((1 << 8) - 1)) as usize),
            Bus::Ones => self.ones.get_mut(limbs[0] as usize & 63),
            Bus::Place => self.place.get_mut(limbs[0] as usize & 31),
            _ => None,
        };
        if let Some(counter) = counter {
            *counter += 1;
        }
    }
}

/// CIRCUIT-005: an entry of the table of bitwise and, of numbers or of wires.
pub fn and_entry(first: EarlyLinear, second: EarlyLinear, result: EarlyLinear) -> EarlyLinear {
    first + second * pow2(PART_SHIFT) + result * pow2(2 * PART_SHIFT)
}

/// CIRCUIT-006: an entry of the table of powers of two.
pub fn power_entry(exponent: EarlyLinear, power: EarlyLinear) -> EarlyLinear {
    exponent + power * pow2(PART_SHIFT)
}

/// CIRCUIT-006: an entry of the table of numbers of one bits.
pub fn ones_entry(value: EarlyLinear, ones: EarlyLinear) -> EarlyLinear {
    value + ones * pow2(PART_SHIFT)
}

/// CIRCUIT-007: an entry of the table of places. Place (3 bits), size (2), whether it crosses (1 bit, at 5), then the
/// power of two.
pub fn place_entry(place: EarlyLinear, size_log: EarlyLinear, crosses: EarlyLinear, power: EarlyLinear) -> EarlyLinear {
    place + size_log * pow2(3) + crosses * pow2(5) + power * pow2(PART_SHIFT)
}

/// Puts each entry as often as it is taken; how often is the prover's to say.
pub(super) fn put_tables(builder: &mut Builder, tier: &Tier) {
    let entries = |table, entries: u64| 0..entries * tier.capacity(table);
    builder.chip("range table");
    for bits in 0..=LIMB_BITS {
        for value in 0..1u64 << bits {
            let count = builder.tables.range[(1 << bits) | value as usize];
            let count = builder.wire(Fr::from(count));
            let entry = Tuple::plain(Bus::Range, constant(value));
            builder.put("entry", count, Tuple { program_counter: Coordinate::constant(bits.into()), ..entry });
        }
    }
    builder.chip("and table");
    for first in entries("and table", 1 << AND_BITS) {
        for second in 0..1u64 << AND_BITS {
            let count = builder.tables.and[(first | second << AND_BITS) as usize];
            let entry = and_entry(constant(first), constant(second), constant(first & second));
            put_entry(builder, Bus::And, count, entry);
        }
    }
    builder.chip("power table");
    for exponent in 0..POWERS {
        let count = builder.tables.power[exponent as usize];
        put_entry(
            builder,
            Bus::Power,
            count,
            power_entry(constant(exponent), EarlyLinear::constant(pow2(exponent as u32))),
        );
    }
    builder.chip("count table");
    for value in entries("count table", 1 << AND_BITS) {
        let count = builder.tables.ones[value as usize];
        put_entry(builder, Bus::Ones, count, ones_entry(constant(value), constant(value.count_ones().into())));
    }
    builder.chip("place table");
    for index in entries("place table", 32) {
        let place = Place { place: index as u32 & 7, size_log: index as u32 >> 3 };
        let entry = place_entry(
            constant(place.place.into()),
            constant(place.size_log.into()),
            constant(place.crosses().into()),
            constant(1 << place.bits_below()),
        );
        let count = builder.tables.place[index as usize];
        put_entry(builder, Bus::Place, count, entry);
    }
}

fn put_entry(builder: &mut Builder, bus: Bus, count: u32, entry: EarlyLinear) {
    let count = builder.wire(Fr::from(count));
    // Constants of one entry are one constant.
    let sum: Fr = entry.0.iter().map(|(factor, _)| *factor).sum();
    builder.put("entry", times(count, Fr::from(1u64)), Tuple::plain(bus, EarlyLinear::constant(sum)));
}
