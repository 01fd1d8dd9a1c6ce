//! Attacks by hand on single rules of the chips: a range that is not checked, an equation that is missing.

use super::soundness::*;
use super::soundness_attacks::*;
use super::soundness_programs::*;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One};
use middle_client::canonical_code::{Cell, IMMEDIATE_1, Opcode, Space};
use middle_client::circuit::builder::Label;
use middle_client::circuit::bus::Bus;
use middle_client::circuit::entry::{Kind, address};
use middle_client::host_interface::Inputs;

use Opcode::*;

/// Sets the limbs of a range check to those of a number; what the last one holds follows.
fn set_limbs(world: &mut World, block: &Block, name: &str, value: u128) {
    for (index, column) in limbs(block, name).into_iter().enumerate() {
        world.values[0][column] = Fr::from((value >> (13 * index)) as u64 & 8_191);
    }
}

/// The first wire with this factor in one side of a constraint.
fn part(block: &Block, rule: &str, side: usize, factor: Fr) -> usize {
    let layout = Layout::get();
    let row = block.constraints.clone().find(|row| layout.labels[*row].name == rule).expect("a constraint");
    let terms = layout.shape.matrices[side][row].iter().filter(|(other, column)| *other == factor && *column != 0);
    terms.map(|(_, column)| *column).min().expect("a wire with this factor")
}

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

/// The wire with what a cell holds in the end.
fn last_of(world: &World, address: u64) -> usize {
    let row = world.rows[0].audits.iter().position(|cell| cell.address == address).expect("an audited cell");
    wire(Layout::get().block("audit", row), "take last tuple")
}

fn of(chip: &str) -> &'static Block {
    Layout::get().block(chip, 0)
}

/// Sets wires.
fn put(world: &mut World, changes: &[(usize, Fr)]) {
    for (column, value) in changes {
        world.values[0][*column] = *value;
    }
}

fn add(world: &mut World, changes: &[(usize, Fr)]) {
    for (column, value) in changes {
        world.values[0][*column] += value;
    }
}

fn number(value: u64) -> Fr {
    Fr::from(value)
}

/// A result that is not the operation's: register 3 ends as what the row of cycle `clock` puts.
fn claim(world: &mut World, result: u64) {
    write(world, 3, 3, result);
    register(world, 3).last = result;
    world.refill();
}

/// A binary operation on registers 1 and 2, into 3.
fn operation(opcode: Opcode, first: u64, second: u64) -> World {
    run(vec![set(1, first), set(2, second), binary(opcode, 3, 1, 2), halt(0)])
}

const STORED: u64 = 0x1122_3344_5566_7788;

/// S5: the words that a store over two of them puts are one number, which could be cut at another place.
#[test]
fn s5_words_of_a_store_out_of_range() {
    let block = of("store");
    let stored = || run(vec![set(1, 4), set(2, STORED), word(Store64, 0, 0, 1, 2, 0), halt(0)]);
    let [first, second] = [0, 1].map(|index| address(Space::Memory, index));
    let new_first = tuple_of(block, "put cell 2").coordinates[0][0].1;
    // 2⁶⁴ more below, and one less above.
    let mut world = stored();
    let cells = [last_of(&world, first), last_of(&world, second)];
    add(&mut world, &[(new_first, two_to(64)), (cells[0], two_to(64)), (cells[1], -Fr::one())]);
    set_limbs(&mut world, block, "second word in range", u128::from((STORED >> 32) - 1));
    caught_by_rule(world, false, "store", "first word in range");
    // One more below: memory has what nobody stored, and above is no integer.
    let mut world = stored();
    let fraction = two_to(64).inverse().unwrap();
    add(&mut world, &[(new_first, Fr::one()), (cells[0], Fr::one()), (cells[1], -fraction)]);
    set_limbs(&mut world, block, "first word in range", u128::from((STORED << 32) + 1));
    caught_by_rule(world, false, "store", "second word in range");
}

/// S13: what a store leaves as it was, below and above, is all that was there.
#[test]
fn s13_bytes_beside_a_store() {
    let block = of("store");
    let image = vec![Cell { space: Space::Memory, index: 0, value: 0x0605_0403 }];
    // The byte 4 at place 1 becomes 9.
    let words = vec![set(1, 1), set(2, 9), word(Store8, 0, 0, 1, 2, 0), halt(0)];
    let stored = |forged: u64| {
        let mut world = World::honest(&program_with(words.clone(), image.clone(), 1), &Inputs::default(), 100);
        write(&mut world, 3, 2, forged);
        cell(&mut world, Space::Memory, 0).last = forged;
        world.refill();
        set_limbs(&mut world, block, "second word in range", 0);
        world
    };
    let old = part(block, "change", B, -Fr::one());
    let below = part(block, "both words", C, -Fr::one());
    let change = wire(block, "change");
    let above = part(block, "above", A, Fr::one());
    // One more of the place's bytes counts as what is below it, and one less as old.
    let mut world = stored(0x0605_0903 + 256);
    add(&mut world, &[(old, -Fr::one()), (below, number(256)), (change, number(256))]);
    set_limbs(&mut world, block, "old in range", 3);
    set_limbs(&mut world, block, "below in range", 3 + 256);
    caught_by_rule(world, false, "store", "below the power");
    // The old byte was another one.
    let mut world = stored(0x0605_0903 - 256);
    add(&mut world, &[(old, Fr::one()), (change, -number(256))]);
    set_limbs(&mut world, block, "old in range", 5);
    caught_by_rule(world, false, "store", "both words");
    // Nothing is below, but what is there: less than none of it is negative.
    let mut world = stored(0x0605_0903 - 256);
    add(&mut world, &[(old, Fr::one()), (below, -number(256)), (change, -number(256))]);
    set_limbs(&mut world, block, "old in range", 5);
    set_limbs(&mut world, block, "below the power", 256 - 1 - 3 + 256);
    caught_by_rule(world, false, "store", "below in range");
    // A part of what is above.
    let mut world = stored(0x0605_0903 - 256);
    let fraction = two_to(8).inverse().unwrap();
    add(
        &mut world,
        &[(old, Fr::one()), (above, -fraction), (wire(block, "above"), -Fr::one()), (change, -number(256))],
    );
    set_limbs(&mut world, block, "old in range", 5);
    caught_by_rule(world, false, "store", "above in range");
}

/// S13: the same of a load.
#[test]
fn s13_bytes_beside_a_load() {
    let block = of("load");
    let image = vec![
        Cell { space: Space::Memory, index: 0, value: 0x0605_0403 },
        Cell { space: Space::Memory, index: 1, value: 0x0807 },
    ];
    let words = |at: u64| {
        vec![set(1, at), set(2, 0), word(Load8U, 0, 3, 1, 0, 0), word(Load8U, IMMEDIATE_1, 4, 0, 0, 0), halt(0)]
    };
    let run = |at| World::honest(&program_with(words(at), image.clone(), 1), &Inputs::default(), 100);
    let value = part(block, "both words", B, Fr::one());
    let below = part(block, "both words", C, -Fr::one());
    let above = part(block, "above", A, Fr::one());
    let loads = |forged: u64| {
        let mut world = run(0);
        claim(&mut world, forged);
        add(&mut world, &[(value, Fr::one())]);
        set_limbs(&mut world, block, "value in range", u128::from(forged));
        world
    };
    // Less than nothing is below.
    let mut world = loads(4);
    add(&mut world, &[(below, -Fr::one())]);
    set_limbs(&mut world, block, "below the power", 1);
    caught_by_rule(world, false, "load", "below in range");
    // What is above is no integer.
    let mut world = loads(4);
    add(&mut world, &[(above, -two_to(8).inverse().unwrap()), (wire(block, "above"), -Fr::one())]);
    caught_by_rule(world, false, "load", "above in range");
    // Byte 8 of the word before: what is too much for a place passes for a size of two bytes.
    let mut world = run(8);
    let access = step(&mut world, 3).accesses[1].as_mut().unwrap();
    (access.old, access.new) = (image[0].value, image[0].value);
    let old_time = access.old_time;
    let later = step(&mut world, 4).accesses[1].as_mut().unwrap();
    later.old_time = 13;
    let untouched = cell(&mut world, Space::Memory, 1);
    (untouched.initial_time, untouched.last_time) = (0, 0);
    // Word 0 has its first access one word of code earlier.
    cell(&mut world, Space::Memory, 0).initial_time = old_time;
    claim(&mut world, 3);
    let index = tuple_of(block, "take cell 1").coordinates[3].iter().find(|(factor, _)| factor.is_one()).unwrap().1;
    put(&mut world, &[(index, Fr::ZERO)]);
    set_limbs(&mut world, block, "in bounds", 8_191);
    caught_by_rule(world, false, "load", "place");
}

#[test]
fn s13_another_result_of_a_bitwise_operation() {
    let block = of("bitwise");
    for (opcode, forged) in [(And, 9), (Or, 12), (Xor, 7)] {
        let mut world = operation(opcode, 12, 10);
        claim(&mut world, forged);
        caught_by_rule(world, false, "bitwise", "result");
    }
    // The entry of the table has one more of an operand than the row; the difference is in the result, no integer.
    let mut world = operation(And, 12, 10);
    let result = part(block, "result", C, Fr::one());
    let chunk = tuple_of(block, "chunk").coordinates[0].iter().find(|(factor, _)| *factor == two_to(140)).unwrap().1;
    let fraction = two_to(140).inverse().unwrap();
    let last = last_of(&world, 3);
    add(&mut world, &[(chunk, fraction), (result, fraction), (last, fraction)]);
    caught_by_rule(world, false, "bitwise", "result in range");
}

#[test]
fn s13_another_result_of_a_shift() {
    let block = of("shift");
    let lower = part(block, "shifted", C, Fr::one());
    let power = part(block, "shifted", B, Fr::one());
    // A lower part that is not the product's.
    let mut world = operation(Shl64, 3, 1);
    claim(&mut world, 7);
    put(&mut world, &[(lower, number(7))]);
    set_limbs(&mut world, block, "lower in range", 7);
    caught_by_rule(world, false, "shift", "shifted");
    // 64 is an amount, and not a turn: the value is shifted out.
    let turns = part(block, "narrow turns", A, Fr::one());
    let upper = part(block, "narrow upper", A, Fr::one());
    let mut world = operation(Shl64, 3, 64);
    claim(&mut world, 0);
    put(&mut world, &[(turns, Fr::ZERO), (power, two_to(64)), (lower, Fr::ZERO), (upper, number(3))]);
    for (name, value) in [("turns in range", 0), ("lower in range", 0), ("upper in range", 3)] {
        set_limbs(&mut world, block, name, value);
    }
    caught_by_rule(world, false, "shift", "amount in range");
    // A part of a turn.
    let mut world = operation(Shl64, 3, 0);
    claim(&mut world, 6);
    put(&mut world, &[(turns, -two_to(6).inverse().unwrap()), (power, number(2)), (lower, number(6))]);
    set_limbs(&mut world, block, "lower in range", 6);
    caught_by_rule(world, false, "shift", "turns in range");
}

#[test]
fn s13_another_count() {
    let block = of("count");
    let counted = |opcode, value| run(vec![set(1, value), set(2, 0), word(opcode, 0, 3, 1, 0, 0), halt(0)]);
    // A chunk has more ones than it has.
    let mut world = counted(Popcnt, 1);
    claim(&mut world, 2);
    let ones = limbs(block, "ones in range")[0];
    put(&mut world, &[(ones, number(2)), (wire(block, "ones"), number(2))]);
    caught_by_rule(world, false, "count", "chunk");
    // The lowest one of 8 is said to be that of 4.
    let mut world = counted(Ctz64, 8);
    claim(&mut world, 2);
    let [power, exponent] =
        [(A, "odd part"), (B, "from the right")].map(|(side, rule)| part(block, rule, side, Fr::one()));
    let changes = [(power, 4), (exponent, 2), (wire(block, "odd part"), 4), (wire(block, "from the right"), 2)];
    put(&mut world, &changes.map(|(column, value)| (column, number(value))));
    caught_by_rule(world, false, "count", "number by its lowest");
}

/// S12: a type that is no type, with a size of the table that makes up for it: the entry is of another one.
#[test]
fn s12_the_type_of_an_indirect_call_out_of_range() {
    let block = of("call_indirect_trap");
    let mut world = World::honest(&indirect(1, 8, 0), &Inputs::default(), 100);
    replace_word(&mut world, 2, word(CallIndirect, 0, 9, 1, 8, 6 | 3 << 32));
    world.refill();
    let entry = &tuple_of(block, "fetch").coordinates[0];
    let at = |shift: u32| entry.iter().find(|(factor, _)| *factor == two_to(shift)).unwrap().1;
    let inverse = part(block, "types differ", B, Fr::one());
    add(&mut world, &[(at(64), two_to(70)), (at(134), -Fr::one())]);
    put(&mut world, &[(inverse, (-two_to(70)).inverse().unwrap())]);
    set_limbs(&mut world, block, "index in table", 0);
    caught_by_rule(world, false, "call_indirect_trap", "type in range");
}

#[test]
fn s13_another_quotient() {
    let block = of("divide");
    let quotient = part(block, "division", B, Fr::one());
    let remainder = part(block, "remainder wanted", B, Fr::one());
    let limbs = |world: &mut World, values: &[(&str, u128)]| {
        values.iter().for_each(|(name, value)| set_limbs(world, block, name, *value));
    };
    // 7 = 2 · 4 - 1
    let mut world = operation(DivU, 7, 2);
    claim(&mut world, 4);
    put(&mut world, &[(quotient, number(4)), (remainder, -Fr::one())]);
    let checks = [
        ("quotient in range", 4),
        ("quotient representable", 4),
        ("remainder below divisor", 2),
        ("result in range", 4),
    ];
    limbs(&mut world, &checks);
    caught_by_rule(world, false, "divide", "remainder in range");
    // 8 as the negative of 2⁶⁴ - 8, by 2.
    let mut world = operation(DivS64, 8, 2);
    let forged = (1 << 63) + 4;
    claim(&mut world, forged);
    let half = (1u64 << 63) - 4;
    let changes = [
        (wire(block, "sign of dividend"), Fr::one()),
        (wire(block, "negative dividend"), number(16)),
        (quotient, number(half)),
        (wire(block, "bounded"), Fr::ZERO),
        (wire(block, "bound"), Fr::ZERO),
        (wire(block, "negated"), number(half) * number(2)),
        (wire(block, "wraps"), Fr::one()),
    ];
    put(&mut world, &changes);
    let half = u128::from(half);
    limbs(&mut world, &[("quotient in range", half), ("quotient representable", half)]);
    limbs(&mut world, &[("result in range", forged.into())]);
    caught_by_rule(world, false, "divide", "dividend in range");
    // 8 by 2 as the negative of 2⁶⁴ - 2.
    let mut world = operation(DivS64, 8, 2);
    claim(&mut world, 0);
    let changes = [
        (wire(block, "sign of divisor"), Fr::one()),
        (wire(block, "negative divisor"), number(4)),
        (quotient, Fr::ZERO),
        (remainder, number(8)),
        (wire(block, "bounded"), Fr::ZERO),
        (wire(block, "bound"), Fr::ZERO),
        (wire(block, "negated"), Fr::ZERO),
    ];
    put(&mut world, &changes);
    let checks = [("quotient in range", 0), ("quotient representable", 0), ("result in range", 0)];
    limbs(&mut world, &checks);
    limbs(&mut world, &[("remainder in range", 8), ("remainder below divisor", (1 << 64) - 11)]);
    caught_by_rule(world, false, "divide", "divisor in range");
}

#[test]
fn s13_another_sign_of_a_compared_number() {
    let block = of("compare");
    let cases = [("p", 2, 1, 0u64, 1), ("q", 1, 2, 1, u128::from(u64::MAX))];
    for (operand, p, q, holds, order) in cases {
        let mut world = operation(LtS64, p, q);
        claim(&mut world, 1 - holds);
        let sign = wire(block, if operand == "p" { "sign of p" } else { "sign of q" });
        let changes = [(sign, 1), (wire(block, "holds"), holds), (wire(block, "inverts"), holds)];
        put(&mut world, &changes.map(|(column, value)| (column, number(value))));
        set_limbs(&mut world, block, "order", order);
        caught_by_rule(world, false, "compare", if operand == "p" { "p in range" } else { "q in range" });
    }
}

/// S6: a cell's first value on the bus of last ones. The row of a register says that it starts and ends as a public value:
/// without tags the tuples would cancel each other.
#[test]
fn s6_tuples_on_another_bus() {
    let mut world = run(vec![word(Move, 0, 2, 5, 0, 0), halt(0)]);
    read(&mut world, 1, 1, 7);
    write(&mut world, 1, 3, 7);
    register(&mut world, 2).last = 7;
    let cell = register(&mut world, 5);
    (cell.initial, cell.last) = (7, 7);
    (cell.public_initial, cell.public_final) = (true, true);
    world.refill();
    assert!(world.verdict_without_tags(), "it passes where buses have no tags");
    caught_by_bus(world, false, &[Bus::Initial, Bus::Final]);
}

/// S14: a row of `store` that counts twice, and is careful in all else: its features are twice what they are, its code word is
/// the one that twice its class is, and there is one. Of its own rules `active` alone catches it, and the buses.
#[test]
fn s14_a_careful_store_that_counts_twice() {
    // A byte at place 1: 2⁸ less twice the activity leaves room for what is below.
    let mut world = run(vec![set(1, 1), set(2, 9), word(Store8, 0, 0, 1, 2, 0), halt(0)]);
    world.program.code[2] += number(Kind::Store as u64);
    world.refill();
    let block = of("store");
    let two = number(2);
    let changes = [(block.wires.start, two)];
    put(&mut world, &changes);
    set_limbs(&mut world, block, "in bounds", 8_190);
    set_limbs(&mut world, block, "below the power", 254);
    let dropped = |label: Label| label == Label { chip: "store", name: "active" };
    let faults = world.faults(&nothing);
    let buses = [Fault::Bus(Bus::State as u64), Fault::Bus(Bus::Memory as u64)];
    let rows: Vec<&Fault> = faults.iter().filter(|fault| !buses.contains(fault)).collect();
    assert_eq!(rows, [&Fault::Row(0, Label { chip: "store", name: "active" })], "{faults:?}");
    assert!(world.verdict_but_for(&dropped, &[Bus::State, Bus::Memory]));
    assert!(!world.verdict_but_for(&nothing, &[Bus::State, Bus::Memory]), "`active` catches it without the buses");
    assert!(!world.verdict(&dropped), "the buses catch it without `active`");
}
