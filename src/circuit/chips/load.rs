//! Loads, and those beyond the memory's end.

use super::trap::out_of_bounds;
use crate::canonical_code::{Opcode, Space};
use crate::circuit::builder::{Builder, constant, linear, times};
use crate::circuit::bus::{Bus, inverse_pow2, pow2};
use crate::circuit::entry::{IMMEDIATE, Kind, space_number};
use crate::circuit::row::{P, Row};
use crate::circuit::step::Step;
use crate::circuit::tables::{LIMB_BITS, Place, place_entry};
use crate::proof_system::{EarlyLinear, EarlyWire};
use ark_bn254::Fr;

/// The size in bytes is 2, 4 or 8; without these features it is 1.
const SIZES: [(u32, &str); 3] = [(1, "two bytes"), (2, "four bytes"), (3, "eight bytes")];
/// A signed load of 1, 2 or 4 bytes.
const SIGNED: [(u32, &str); 3] = [(4, "signed byte"), (5, "two signed bytes"), (6, "four signed bytes")];
const TO_32: u32 = 7;

pub(super) fn features(opcode: Opcode, set: &mut impl FnMut(u32, bool)) {
    use Opcode::*;
    size_features(
        match opcode {
            Load8U | Load8S32 | Load8S64 => 0,
            Load16U | Load16S32 | Load16S64 => 1,
            Load32U | Load32S64 => 2,
            _ => 3,
        },
        set,
    );
    set(SIGNED[0].0, matches!(opcode, Load8S32 | Load8S64));
    set(SIGNED[1].0, matches!(opcode, Load16S32 | Load16S64));
    set(SIGNED[2].0, opcode == Load32S64);
    set(TO_32, matches!(opcode, Load8S32 | Load16S32));
}

/// Sets the feature of a size, given as its logarithm.
pub(super) fn size_features(size_log: u32, set: &mut impl FnMut(u32, bool)) {
    for (log, _) in SIZES {
        set(log, size_log == log);
    }
}

/// The logarithm of the size in bytes.
pub(super) fn size_log(step: &Step) -> u32 {
    SIZES.iter().map(|(log, _)| *log).find(|log| step.entry.has(*log)).unwrap_or(0)
}

/// An access of one memory word or two, decoded.
pub(super) struct Bytes {
    /// Flags of the sizes 1, 2, 4 and 8.
    pub(super) sizes: [EarlyLinear; 4],
    /// 2 to the number of bits below.
    pub(super) power: EarlyWire,
    /// Whether there is a second word.
    pub(super) crosses: EarlyWire,
    /// The address of the first word's cell.
    pub(super) address: EarlyLinear,
}

/// Decodes the features of a size.
pub(super) fn sizes(row: &mut Row) -> [EarlyLinear; 4] {
    let [two, four, eight] = SIZES.map(|(bit, name)| row.feature(name, bit));
    [linear(row.active) - two - four - eight, two.into(), four.into(), eight.into()]
}

fn effective(step: &Step) -> u64 {
    step.p() + step.entry.rest
}

/// The place of the access in its first word.
pub(super) fn place(step: &Step) -> Place {
    Place { place: (effective(step) % 8) as u32, size_log: size_log(step) }
}

/// Where the bytes at `base + offset` lie. A row for bytes beyond the memory's end cannot be satisfied.
pub(super) fn locate(row: &mut Row, sizes: [EarlyLinear; 4], base: EarlyLinear, offset: EarlyWire) -> Bytes {
    let active = row.active;
    let index = row.wire(|step| effective(step) / 8);
    let power = row.wire(|step| 1u64 << place(step).bits_below());
    let crosses = row.wire(|step| u64::from(place(step).crosses()));
    let byte = base + offset - times(index, Fr::from(8u64));
    let size_log = sizes[1].clone() + sizes[2].clone() * Fr::from(2u64) + sizes[3].clone() * Fr::from(3u64);
    // The place and the flag are small numbers, so the power is what they leave of the entry.
    row.builder.limb("place", active, 3, byte.clone());
    row.builder.enforce("crosses", crosses, linear(crosses) - active, EarlyLinear::zero());
    let entry = place_entry(byte, size_log, crosses.into(), power.into());
    row.builder.look_up("place and size", active, Bus::Place, entry);
    // Whole words: pages · 8,192 of them, below 2^26.
    let beyond = times(row.pages, pow2(13)) - active - crosses - index;
    row.builder.range("in bounds", beyond, &[(2 * LIMB_BITS, active.into())]);
    let address = times(active, Fr::from(space_number(Space::Memory)) * pow2(32)) + index;
    Bytes { sizes, power, crosses, address }
}

/// What lies below an access in its first word: less than the power.
pub(super) fn below(row: &mut Row, bytes: &Bytes) -> EarlyWire {
    let below = row.wire(|step| step.old(first_word(step)) & ((1u64 << place(step).bits_below()) - 1));
    let active = row.active;
    row.builder.range("below in range", below.into(), &[(56, active.into())]);
    row.builder.range("below the power", linear(bytes.power) - active - below, &[(56, active.into())]);
    below
}

/// The place among the accesses of a step of the first memory word.
pub(super) fn first_word(step: &Step) -> usize {
    if step.kind == Kind::Store { 2 } else { 1 }
}

/// Both words of an access as one number.
pub(super) fn both_words(step: &Step) -> u128 {
    let first = first_word(step);
    u128::from(step.old(first)) | u128::from(step.old(first + 1)) << 64
}

/// The bytes of an access and what lies above them.
pub(super) fn bytes_and_above(step: &Step) -> (u64, u64) {
    let place = place(step);
    let shifted = both_words(step) >> place.bits_below();
    let bits = 8u32 << place.size_log;
    let value = (shifted & ((1u128 << bits) - 1)) as u64;
    let above = shifted >> bits;
    // Without a second word nothing lies above the first.
    (value, above as u64)
}

/// 2 to the number of bits of the size.
pub(super) fn size_power(sizes: &[EarlyLinear; 4]) -> EarlyLinear {
    let powers = sizes.iter().enumerate().map(|(log, flag)| flag.clone() * pow2(8 << log));
    powers.fold(EarlyLinear::zero(), |sum, term| sum + term)
}

/// The widths in bits of the sizes.
pub(super) fn widths(sizes: &[EarlyLinear; 4]) -> [(u32, EarlyLinear); 4] {
    std::array::from_fn(|log| (8 << log, sizes[log].clone()))
}

/// The features of signed loads, and whether they extend to 32 bits.
fn sign_features(row: &mut Row) -> ([EarlyWire; 3], EarlyWire) {
    (SIGNED.map(|(bit, name)| row.feature(name, bit)), row.feature("to 32 bits", TO_32))
}

/// What both chips decode alike.
struct Operands {
    sizes: [EarlyLinear; 4],
    signed: [EarlyWire; 3],
    to_32: EarlyWire,
    destination: EarlyWire,
    offset: EarlyWire,
    p: EarlyWire,
}

fn decode(row: &mut Row) -> Operands {
    let absolute = row.feature("absolute", IMMEDIATE);
    let sizes = sizes(row);
    let (signed, to_32) = sign_features(row);
    let destination = row.slot("slot of destination", 0);
    let slot_p = row.slot("slot of p", 1);
    let offset = row.rest();
    row.fetch(Kind::Load);
    let p = row.read(P, linear(row.active) - absolute, slot_p);
    row.builder.enforce("no base", absolute, p, EarlyLinear::zero());
    Operands { sizes, signed, to_32, destination, offset, p }
}

/// The chip `load`.
pub(super) fn load(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let none = EarlyLinear::zero();
    let Operands { sizes, signed, to_32, destination, offset, p } = decode(&mut row);
    let bytes = locate(&mut row, sizes, p.into(), offset);
    let [first, second] = [1, 2].map(|place| row.wire(|step| step.old(place)));
    row.access(1, row.active.into(), bytes.address.clone(), first.into(), first.into());
    row.access(2, bytes.crosses.into(), bytes.address.clone() + constant(1), second.into(), second.into());
    row.builder.enforce("no second word", linear(row.active) - bytes.crosses, second, none.clone());

    // Both words are below + power · (value + size_power · above).
    let value = row.wire(|step| bytes_and_above(step).0);
    let above = row.wire(|step| bytes_and_above(step).1);
    let below = below(&mut row, &bytes);
    let size_power = size_power(&bytes.sizes);
    let upper = row.builder.product("above", above, size_power.clone());
    let both = linear(first) + times(second, pow2(64));
    row.builder.enforce("both words", bytes.power, linear(value) + upper, both - below);
    row.builder.range("above in range", above.into(), &[(64, row.active.into())]);

    // A negative value is 2^bits more than it stands for; without its sign bit a signed value has one bit less.
    let any_signed = signed.iter().fold(none.clone(), |sum, signed| sum + *signed);
    let negative = row.wire(|step| {
        let bits = 8u32 << size_log(step);
        let signed = SIGNED.iter().any(|(bit, _)| step.entry.has(*bit));
        u64::from(signed && bytes_and_above(step).0 >> (bits - 1) & 1 == 1)
    });
    row.builder.enforce("negative", negative, linear(negative) - any_signed, none);
    let sign = row.builder.product("sign", negative, size_power);
    let mut all_widths = Vec::new();
    for (log, size) in bytes.sizes.iter().enumerate() {
        let bits = 8 << log;
        match signed.get(log) {
            Some(signed) => all_widths.extend([(bits, size.clone() - *signed), (bits - 1, linear(*signed))]),
            None => all_widths.push((bits, size.clone())),
        }
    }
    row.builder.range("value in range", linear(value) - times(sign, inverse_pow2(1)), &all_widths);
    let narrow_negative = row.builder.product("narrow negative", negative, to_32);
    let all = times(negative, pow2(64)) - times(narrow_negative, pow2(64) - pow2(32));
    let result = linear(value) + all - sign;
    row.write(row.active, destination, result);
    let next = row.next();
    row.put_state(next);
}

/// The chip `load_trap`.
pub(in crate::circuit) fn load_trap(builder: &mut Builder, step: Option<&Step>) {
    let mut row = Row::begin(builder, step);
    let Operands { sizes, offset, p, .. } = decode(&mut row);
    out_of_bounds(row, sizes, p.into(), offset);
}
