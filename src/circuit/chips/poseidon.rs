//! The hash of two field elements in memory, and its traps.

use crate::canonical_code::Space;
use crate::circuit::builder::{Builder, linear, times};
use crate::circuit::bus::{Challenge, Coordinate, inverse_pow2, pow2};
use crate::circuit::entry::{Kind, space_number};
use crate::circuit::row::{DESTINATION, P, Q, Row};
use crate::circuit::step::Step;
use crate::circuit::tables::LIMB_BITS;
use crate::host_interface::ELEMENT_WORDS;
use crate::notation::Trap;
use crate::poseidon::{Width, gadget};
use crate::proof_system::{EarlyLinear, EarlyWire, Linear};
use ark_bn254::Fr;
use ark_ff::{BigInt, PrimeField};

/// Place of the words that are read. They are different cells, so they share it, as those that are written share
/// [`DESTINATION`].
const READ: usize = 2;
/// Bits of half an element.
const HALF_BITS: u32 = 128;
/// Bits of the upper half of the modulus.
const UPPER_BITS: u32 = 126;
/// Bits of an address in bytes, an `i32`.
const ADDRESS_BITS: u32 = 32;

/// The lower or upper half of the modulus.
fn modulus(half: usize) -> u128 {
    u128::from(Fr::MODULUS.0[2 * half]) | u128::from(Fr::MODULUS.0[2 * half + 1]) << 64
}

/// The words of a step's left element (0), right element (1) or hash (2).
fn words_of(step: &Step, element: usize) -> [u64; ELEMENT_WORDS] {
    std::array::from_fn(|index| step.words.get(ELEMENT_WORDS * element + index).map_or(0, |access| access.new))
}

/// Whether the lower half of an element is not below that of the modulus.
fn borrows(words: [u64; ELEMENT_WORDS]) -> bool {
    u128::from(words[0]) | u128::from(words[1]) << 64 >= modulus(0)
}

/// An element's lower half, upper half and value.
fn halves(words: &[EarlyWire; ELEMENT_WORDS]) -> [EarlyLinear; 3] {
    let [low, high] = [0, 2].map(|first| linear(words[first]) + times(words[first + 1], pow2(64)));
    let value = low.clone() + high.clone() * pow2(HALF_BITS);
    [low, high, value]
}

/// Takes the state, fetches the word and reads both addresses.
fn begin<'r, 's>(builder: &'r mut Builder<'s>, step: Option<&'r Step>) -> (Row<'r, 's>, EarlyWire, EarlyWire) {
    let mut row = Row::begin(builder, step);
    let slots = [("slot of p", 1), ("slot of q", 2)].map(|(name, slot)| row.slot(name, slot));
    row.fetch(Kind::Poseidon);
    let active = row.active;
    let [p, q] = [(P, slots[0]), (Q, slots[1])].map(|(place, slot)| row.read(place, active, slot));
    (row, p, q)
}

/// An address of bytes is that of a word, from which on there are as many in the memory. One look-up says both: the
/// address is 8 times an integer because what is left of the memory is one.
fn in_bounds(row: &mut Row, name: &'static str, condition: EarlyWire, address: EarlyWire, words: usize) {
    let left = times(row.pages, pow2(13)) - times(condition, Fr::from(words as u64)) - times(address, inverse_pow2(3));
    row.builder.range(name, left, &[(2 * LIMB_BITS, condition.into())]);
}

/// Where the word at an address of bytes is.
fn cell(row: &mut Row, name: &'static str, address: EarlyWire) -> Coordinate {
    let space = Fr::from(space_number(Space::Memory)) * pow2(32);
    let cell = times(row.active, space) + times(address, inverse_pow2(3));
    row.challenge(name, Challenge::Delta, cell)
}

/// Reads the words of both elements.
fn read_elements(row: &mut Row, condition: EarlyWire, address: EarlyWire) -> [[EarlyWire; ELEMENT_WORDS]; 2] {
    let input = cell(row, "address of input", address);
    [0, 1].map(|element| {
        std::array::from_fn(|index| {
            let word = row.wire(|step| words_of(step, element)[index]);
            let number = ELEMENT_WORDS * element + index;
            let address = input.clone().plus(number as u128);
            row.access_word(READ, number, condition.into(), address, word.into(), word.into());
            word
        })
    })
}

/// An element is below the modulus: the subtraction that shows it borrows from the upper half or not.
fn canonical(row: &mut Row, names: [&'static str; 3], element: usize, halves: &[EarlyLinear; 3]) {
    let [low, high, _] = halves;
    let active = row.active;
    let borrow = row.bit(names[0], |step| borrows(words_of(step, element)));
    let lower = times(active, Fr::from(modulus(0) - 1)) - low.clone() + times(borrow, pow2(HALF_BITS));
    row.builder.range(names[1], lower, &[(HALF_BITS, active.into())]);
    let upper = times(active, Fr::from(modulus(1))) - borrow - high.clone();
    row.builder.range(names[2], upper, &[(UPPER_BITS, active.into())]);
}

/// POSEIDON-012: the rows of the hash. Its constants are multiples of `active`, so that the wires of a row that is not
/// used are zero.
fn hash(row: &mut Row, left: EarlyLinear, right: EarlyLinear) -> EarlyLinear {
    let active = row.active;
    let builder = &mut *row.builder;
    if builder.wants_rows() {
        let scale = |sum: &EarlyLinear| {
            let one = |wire: EarlyWire| if wire == EarlyWire::One { active } else { wire };
            Linear(sum.0.iter().map(|(factor, wire)| (*factor, one(*wire))).collect())
        };
        let mut names = ["square", "fourth power", "fifth power"].into_iter().cycle();
        let digest = gadget::two_to_one(left, right, &mut |a, b| {
            let name = names.next().expect("they repeat");
            builder.dense_product(name, scale(a), scale(b)).into()
        });
        return scale(&digest);
    }
    // Values take a tenth of the time of combinations.
    if builder.value(&active.into()) == Fr::from(0u64) {
        let rows = gadget::rows(Width::TWO_TO_ONE, 1);
        for _ in 0..rows {
            builder.wire(Fr::from(0u64));
        }
        return EarlyLinear::zero();
    }
    let [left, right] = [left, right].map(|input| builder.value(&input));
    Linear::constant(gadget::two_to_one(left, right, &mut |a, b| {
        let product = *a * b;
        builder.wire(product);
        product
    }))
}

/// The chip `poseidon`: P is the address of two elements, Q that of their hash.
pub(super) fn poseidon(builder: &mut Builder, step: Option<&Step>) {
    let (mut row, p, q) = begin(builder, step);
    let active = row.active;
    in_bounds(&mut row, "input in bounds", active, p, 2 * ELEMENT_WORDS);
    in_bounds(&mut row, "output in bounds", active, q, ELEMENT_WORDS);

    let [left, right] = read_elements(&mut row, active, p).map(|words| halves(&words));
    canonical(&mut row, ["borrow of left", "left below", "left below or equal"], 0, &left);
    canonical(&mut row, ["borrow of right", "right below", "right below or equal"], 1, &right);
    let [[.., left], [.., right]] = [left, right];
    let digest = hash(&mut row, left, right);

    let words: [EarlyWire; ELEMENT_WORDS] = std::array::from_fn(|index| row.wire(|step| words_of(step, 2)[index]));
    let names = ["first word in range", "second word in range", "third word in range", "fourth word in range"];
    for (name, word) in names.into_iter().zip(words) {
        row.builder.range(name, word.into(), &[(64, active.into())]);
    }
    let halves = halves(&words);
    canonical(&mut row, ["borrow of hash", "hash below", "hash below or equal"], 2, &halves);
    let [.., value] = halves;
    row.builder.enforce("hash", digest - value, linear(active), EarlyLinear::zero());
    let output = cell(&mut row, "address of output", q);
    for (index, word) in words.into_iter().enumerate() {
        let number = 2 * ELEMENT_WORDS + index;
        let old = row.wire(|step| step.words[number].old);
        let address = output.clone().plus(index as u128);
        row.access_word(DESTINATION, number, active.into(), address, old.into(), word.into());
    }
    let next = row.next();
    row.put_state(next);
}

/// Whether the second of both addresses, or of both elements, is at fault.
fn is_second(step: &Step) -> bool {
    let [input, output] = [P, Q].map(|place| step.old(place));
    match step.trap {
        Some(Trap::UnalignedAddress) => input.is_multiple_of(8) && !output.is_multiple_of(8),
        Some(Trap::OutOfBoundsMemoryAccess) => input + 64 <= u64::from(step.pages) << 16,
        _ => BigInt(words_of(step, 0)) < Fr::MODULUS,
    }
}

/// The chip `poseidon_trap`: an address is no multiple of 8, or bytes lie beyond the memory's end, or an element is not
/// below the modulus; each of them only if none before it is the case.
pub(in crate::circuit) fn poseidon_trap(builder: &mut Builder, step: Option<&Step>) {
    let (mut row, p, q) = begin(builder, step);
    let none = EarlyLinear::zero();
    let active = row.active;
    let unaligned = row.bit("unaligned", |step| step.trap == Some(Trap::UnalignedAddress));
    let outside = row.bit("outside", |step| step.trap == Some(Trap::OutOfBoundsMemoryAccess));
    let invalid = row.bit("invalid", |step| step.trap == Some(Trap::ElementNotCanonical));
    let causes = linear(unaligned) + outside + invalid;
    row.builder.enforce("one cause", active, causes - active, none);
    let second = row.bit("second", is_second);
    let address = row.builder.product("address at fault", second, linear(q) - p);
    let address = linear(p) + address;

    let quotient = row.wire(|step| {
        let address = if is_second(step) { step.old(Q) } else { step.old(P) };
        if step.trap == Some(Trap::UnalignedAddress) { address / 8 } else { 0 }
    });
    row.builder.range("quotient in range", quotient.into(), &[(ADDRESS_BITS - 3, unaligned.into())]);
    let remainder = address.clone() - times(quotient, Fr::from(8u64));
    row.builder.limb("remainder in range", unaligned, 3, remainder.clone());
    row.builder.limb("remainder is not zero", unaligned, 3, remainder - unaligned);
    let aligned = linear(active) - unaligned;
    for (name, address) in [("input aligned", p), ("output aligned", q)] {
        let word = times(address, inverse_pow2(3));
        row.builder.range(name, word, &[(ADDRESS_BITS - 3, aligned.clone())]);
    }

    let size = times(active, Fr::from(64u64)) - times(second, Fr::from(32u64));
    let beyond = address + size - times(row.pages, pow2(16)) - active;
    row.builder.range("out of bounds", beyond, &[(35, outside.into())]);

    in_bounds(&mut row, "input in bounds", invalid, p, 2 * ELEMENT_WORDS);
    in_bounds(&mut row, "output in bounds", invalid, q, ELEMENT_WORDS);
    let [left, right] = read_elements(&mut row, invalid, p).map(|words| halves(&words));
    let [[left_low, left_high, _], [right_low, right_high, _]] = [left, right];
    let low = row.builder.product("lower half at fault", second, right_low - left_low.clone());
    let high = row.builder.product("upper half at fault", second, right_high - left_high.clone());
    let borrow = row.bit("borrow", |step| {
        let words = words_of(step, usize::from(is_second(step)));
        step.trap == Some(Trap::ElementNotCanonical) && !borrows(words)
    });
    let lower = left_low + low - times(invalid, Fr::from(modulus(0))) + times(borrow, pow2(HALF_BITS));
    row.builder.range("lower half not below", lower, &[(HALF_BITS, invalid.into())]);
    let upper = left_high + high - times(invalid, Fr::from(modulus(1))) - borrow;
    row.builder.range("upper half not below", upper, &[(HALF_BITS, invalid.into())]);

    let number = |trap: Trap| Fr::from(u64::from(trap.code()));
    let code = times(unaligned, number(Trap::UnalignedAddress))
        + times(outside, number(Trap::OutOfBoundsMemoryAccess))
        + times(invalid, number(Trap::ElementNotCanonical));
    let code = row.challenge("code", Challenge::Delta, code);
    super::trap::put_trap(row, code);
}
