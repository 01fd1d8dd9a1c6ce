//! Attacks by hand on single rules of the chips: a range that is not checked, an equation that is missing.

use super::soundness::*;
use super::soundness_attacks::*;
use super::soundness_programs::*;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One};
use middle_client::canonical_code::{Cell, IMMEDIATE_1, Opcode, Space};
use middle_client::circuit::builder::Label;
use middle_client::circuit::bus::Bus;
use middle_client::circuit::entry::{Kind, address, entry};
use middle_client::host_interface::Inputs;
use middle_client::profile::MAX_FRAME_POINTER;

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
    // A value more by one, and as much less to shift it by.
    let mut world = operation(Shl64, 5, 1);
    claim(&mut world, 6);
    put(&mut world, &[(wire(block, "exchange"), Fr::one()), (power, Fr::one()), (lower, number(6))]);
    for name in ["lower in range", "sign in range"] {
        set_limbs(&mut world, block, name, 6);
    }
    caught_by_rule(world, false, "shift", "exchange");
    // To the right by 32 is to the left by 32: a feature that is 3 stands for itself and the next one.
    let mut world = operation(Shl64, 5, 32);
    world.program.code[2] = entry(&binary(ShrU64, 3, 1, 2)).pack();
    world.refill();
    let right = part(block, "right", A, Fr::one());
    put(&mut world, &[(right, number(3))]);
    caught_by_rule(world, false, "shift", "right");
    // A negative number is positive beside the half of a narrow one.
    let negative = part(block, "narrow negative", A, Fr::one());
    let mut world = operation(ShrS64, 1 << 63, 1);
    claim(&mut world, 1 << 62);
    let changes =
        [(negative, Fr::ZERO), (wire(block, "filled"), Fr::ZERO), (wire(block, "narrow arithmetic"), Fr::one())];
    put(&mut world, &changes);
    set_limbs(&mut world, block, "sign in range", (1 << 63) + (1 << 31));
    caught_by_rule(world, false, "shift", "narrow arithmetic");
}

/// A load of the memory's last byte, taken for one of 15 bytes: a feature that is 2 stands for the next one.
#[test]
fn s12_a_fake_size_of_a_load() {
    let block = of("load_trap");
    let mut world = run(vec![word(Load64, 0, 2, 0, 0, 65_535)]);
    world.program.code[0] = entry(&word(Load8S64, 0, 2, 0, 0, 65_535)).pack();
    world.refill();
    let eight = part(block, "eight bytes", A, Fr::one());
    put(&mut world, &[(eight, number(2))]);
    set_limbs(&mut world, block, "out of bounds", 65_535 + 15 - 65_536 - 1);
    caught_by_rule(world, false, "load_trap", "eight bytes");
}

fn counted(opcode: Opcode, value: u64) -> World {
    run(vec![set(1, value), set(2, 0), word(opcode, 0, 3, 1, 0, 0), halt(0)])
}

#[test]
fn s13_another_count() {
    let block = of("count");
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

/// S13: the wires of a comparison that are products, and the signs, which the search does not find. `branch` has the same code.
#[test]
fn s13_another_comparison() {
    let block = of("compare");
    let name = |rule: &str| wire(block, rule);
    // 2 = 1 holds, but not as an equality.
    let mut world = operation(Eq, 2, 1);
    claim(&mut world, 1);
    put(&mut world, &[(name("holds"), Fr::one())]);
    caught_by_rule(world, false, "compare", "equal and holds");
    // What is taken from an operand is not 2 to its width, and leaves the least number.
    for (width, opcode, rule) in [(64, LtS64, "sign of"), (32, LtS32, "narrow sign of")] {
        let (least, step) = (two_to(width - 1), if width == 64 { two_to(64) } else { two_to(32) - two_to(64) });
        // 2 < 1 since p is the least, and 1 ≥ 2 since q is.
        for (operand, [p, q], holds, order) in
            [("p", [2, 1], 0, (1u128 << (width - 1)) - 1), ("q", [1, 2], 1, (1 << (width - 1)) + 1)]
        {
            let mut world = operation(opcode, p, q);
            claim(&mut world, 1 - holds);
            let rule = format!("{rule} {operand}");
            let taken = (number(2) + least) * step.inverse().unwrap();
            let narrow_and_not = number((1 - holds) * u64::from(width == 32));
            let changes = [
                (name(&rule), taken),
                (name("holds"), number(holds)),
                (name("inverts"), number(holds)),
                (name("narrow and not"), narrow_and_not),
            ];
            put(&mut world, &changes);
            set_limbs(&mut world, block, &format!("{operand} in range"), 0);
            set_limbs(&mut world, block, "order", order);
            caught_by_rule(world, false, "compare", &rule);
        }
    }
    // 1 ≥ 2, and the difference is not negative for what is added.
    let mut world = operation(LtS32, 1, 2);
    claim(&mut world, 0);
    let added = number(6) * (two_to(32) - two_to(64)).inverse().unwrap();
    put(&mut world, &[(name("holds"), Fr::one()), (name("inverts"), Fr::one()), (name("narrow and not"), added)]);
    set_limbs(&mut world, block, "order", 5);
    caught_by_rule(world, false, "compare", "narrow and not");
}

/// S13: an operand that is not the word's immediate.
#[test]
fn s13_another_immediate_than_the_words() {
    let cases = [
        (Add64, "add", 1),
        (LtS64, "compare", 0),
        (And, "bitwise", 0),
        (Shl64, "shift", 0),
        (Mul64, "multiply", 0),
        (DivU, "divide", 0),
    ];
    for (opcode, chip, row) in cases {
        let words = |second| vec![set(1, 12), binary_immediate(opcode, 3, 1, second), halt(0)];
        let mut world = run(words(2));
        world.program.code[1] = entry(&words(3)[1]).pack();
        world.refill();
        let fetch = &tuple_of(Layout::get().block(chip, row), "fetch").coordinates[0];
        let slot = fetch.iter().find(|(factor, _)| *factor == two_to(64)).unwrap().1;
        put(&mut world, &[(slot, number(3))]);
        caught_by_rule(world, false, chip, "immediate is q");
    }
}

/// S13: counts, by rules that the search does not find.
#[test]
fn s13_another_count_by_other_rules() {
    let block = of("count");
    // 8 has no lowest one.
    let mut world = counted(Ctz64, 8);
    claim(&mut world, 0);
    put(&mut world, &[(wire(block, "lowest"), Fr::ZERO), (wire(block, "from the right"), Fr::ZERO)]);
    caught_by_rule(world, false, "count", "lowest");
    // It is that of 4, twice an odd number.
    let mut world = counted(Ctz64, 8);
    claim(&mut world, 2);
    let [power, exponent] =
        [(A, "odd part"), (B, "from the right")].map(|(side, rule)| part(block, rule, side, Fr::one()));
    let changes = [(power, 4), (exponent, 2), (wire(block, "from the right"), 2)];
    put(&mut world, &changes.map(|(column, value)| (column, number(value))));
    caught_by_rule(world, false, "count", "odd part");
    // Chunks trade with each other what makes up for ones that are no integers: one more in all.
    let mut world = counted(Popcnt, 1);
    claim(&mut world, 2);
    let chunks = block.traffic.iter().map(|index| &Layout::get().traffic[*index]);
    let chunks: Vec<&Traffic> = chunks.filter(|traffic| traffic.label.name == "chunk").collect();
    let at = |chunk: usize, factor: Fr| chunks[chunk].coordinates[0].iter().find(|term| term.0 == factor).unwrap().1;
    let share = number(63).inverse().unwrap();
    let changes = [
        (at(0, two_to(70)), share * number(64)),
        (at(0, Fr::one()), -share * number(64) * two_to(70)),
        (at(1, two_to(70)), -share),
        (at(1, Fr::one()), share * two_to(70)),
        (wire(block, "ones"), Fr::one()),
    ];
    add(&mut world, &changes);
    caught_by_rule(world, false, "count", "ones in range");
}

/// S13: what is taken from a number that is extended, or loaded, is not its sign's.
#[test]
fn s13_another_sign_of_a_narrow_number() {
    let block = of("extend");
    let mut world = run(vec![set(1, 5), set(2, 0), word(Extend8S64, 0, 3, 1, 0, 0), halt(0)]);
    claim(&mut world, 3);
    put(&mut world, &[(wire(block, "sign"), number(2))]);
    set_limbs(&mut world, block, "low in range", 4);
    caught_by_rule(world, false, "extend", "sign");
    // The same of a load.
    let image = vec![Cell { space: Space::Memory, index: 0, value: 5 }];
    let words = vec![set(1, 0), set(2, 0), word(Load8S64, 0, 3, 1, 0, 0), halt(0)];
    let mut world = World::honest(&program_with(words, image, 1), &Inputs::default(), 100);
    claim(&mut world, 3);
    let block = of("load");
    put(&mut world, &[(wire(block, "sign"), number(2))]);
    set_limbs(&mut world, block, "value in range", 4);
    caught_by_rule(world, false, "load", "sign");
}

/// S12: a memory's size as if it had failed to grow. Neither check of the room holds, and both have the same limb, no integer, which
/// one of them puts and the other takes.
#[test]
fn s12_room_that_is_no_bit() {
    let (block, end) = (of("memory"), of("end"));
    let mut world = run(vec![set(1, 1), set(2, 2), word(Size, 0, 3, 0, 0, 8), halt(0)]);
    claim(&mut world, u32::MAX.into());
    let fetch = &tuple_of(block, "fetch").coordinates[0];
    let maximum = world.values[0][fetch.iter().find(|(factor, _)| *factor == two_to(64)).unwrap().1];
    let p = tuple_of(block, "take cell 0").coordinates[0][0].1;
    let limb = -number(2).inverse().unwrap();
    // What is left of the room is that limb, and one more than the room is it, too.
    let pages = maximum - number(1) - limb;
    for rule in ["room", "no room"] {
        set_limbs(&mut world, block, rule, 0);
        put(&mut world, &[(limbs(block, rule)[0], limb)]);
    }
    let changes = [
        (p, pages),
        (wire(block, "fits"), -Fr::one()),
        (wire(block, "failure"), number(u64::from(u32::MAX) - 1)),
        (wire(block, "added"), -pages),
        (tuple_of(end, "take state").coordinates[0][0].1, Fr::one() - pages),
    ];
    put(&mut world, &changes);
    caught_by_rule(world, false, "memory", "fits");
}

/// S13: quotients, by rules that the search does not find.
#[test]
fn s13_another_quotient_by_other_rules() {
    let block = of("divide");
    let name = |rule: &str| wire(block, rule);
    // The least number by -1 is positive, and is not shown to be too large.
    for rule in ["bounded", "bound"] {
        let mut world = run(vec![set(1, 1 << 63), set(2, 1), binary(DivS64, 3, 1, 2), halt(0)]);
        replace_word(&mut world, 2, set(2, u64::MAX));
        write(&mut world, 2, 3, u64::MAX);
        read(&mut world, 3, 1, u64::MAX);
        register(&mut world, 2).last = u64::MAX;
        world.refill();
        put(&mut world, &[(name(rule), Fr::ZERO), (name("bound"), Fr::ZERO)]);
        set_limbs(&mut world, block, "quotient representable", 1 << 63);
        caught_by_rule(world, false, "divide", rule);
    }
    let quotient = part(block, "division", B, Fr::one());
    let remainder = part(block, "remainder wanted", B, Fr::one());
    let limbs = |world: &mut World, values: [(&str, u128); 6]| {
        values.iter().for_each(|(name, value)| set_limbs(world, block, name, *value));
    };
    // 2 is negative by a quarter: its absolute value is 2 + 2⁶² - 1.
    let quarter = number(4).inverse().unwrap();
    let mut world = operation(DivS64, 7, 2);
    claim(&mut world, 0);
    let changes = [
        (name("sign of divisor"), quarter),
        (name("negative divisor"), Fr::one()),
        (quotient, Fr::ZERO),
        (remainder, number(7)),
        (name("bounded"), number(3) * quarter),
        (name("bound"), number(3 << 61)),
        (name("negated"), Fr::ZERO),
    ];
    put(&mut world, &changes);
    let checks = [
        ("divisor in range", (1 << 63) - (1 << 62) + 2),
        ("quotient in range", 0),
        ("remainder in range", 7),
        ("remainder below divisor", (1 << 62) - 7),
        ("quotient representable", 3 << 61),
        ("result in range", 0),
    ];
    limbs(&mut world, checks);
    caught_by_rule(world, false, "divide", "sign of divisor");
    // 2 is 5 more.
    let mut world = operation(DivS32, 7, 2);
    claim(&mut world, 1);
    let more = number(5) * (two_to(32) - two_to(64)).inverse().unwrap();
    put(&mut world, &[(name("narrow sign of divisor"), more), (quotient, Fr::one()), (remainder, Fr::ZERO)]);
    let checks = [
        ("divisor in range", (1 << 31) + 2 - 5),
        ("quotient in range", 1),
        ("remainder in range", 0),
        ("remainder below divisor", 6),
        ("quotient representable", (1 << 31) + 1),
        ("result in range", 1),
    ];
    limbs(&mut world, checks);
    caught_by_rule(world, false, "divide", "narrow sign of divisor");
}

/// S12: two causes, and one less than none: the trap of an index beyond the table ends with the code of another one.
#[test]
fn s12_causes_that_are_no_bits() {
    let block = of("call_indirect_trap");
    // No code has the type 0 (CODE-002), with which entry and type need no look at each other here.
    let words = vec![set(1, 3), word(CallIndirect, 0, 9, 1, 8, 3 << 32), halt(0)];
    let mut world = run(words);
    // 5 for the index and 6 for an entry that is null, less 8 for the call stack.
    known(&mut world, Bus::State)[1].frame_pointer = 3;
    put(&mut world, &[(wire(block, "uninitialized"), Fr::one()), (wire(block, "exhausted"), -Fr::one())]);
    set_limbs(&mut world, block, "frame above the limit", 8 + 61_441);
    caught_by_rule(world, false, "call_indirect_trap", "exhausted");
    // With the call stack at its end, too: 5 and 8, less 6 for an entry that is null.
    let calls = (0..7).map(|at| word(Call, 0, 8_189, 0, 8_191, at + 1));
    let distance = (MAX_FRAME_POINTER - 7 * 8_191) as u16 + 1;
    let words = calls.chain([set(1, 1), word(CallIndirect, 0, 9, 1, distance, 1 << 32), halt(0)]).collect();
    let mut world = run(words);
    known(&mut world, Bus::State)[1].frame_pointer = 7;
    put(&mut world, &[(wire(block, "uninitialized"), -Fr::one()), (wire(block, "exhausted"), Fr::one())]);
    set_limbs(&mut world, block, "frame above the limit", 0);
    caught_by_rule(world, false, "call_indirect_trap", "uninitialized");
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
