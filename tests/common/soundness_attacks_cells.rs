//! Attacks by hand on the rows of cells: what a prover could choose for their first values beyond what he may.

use super::soundness::*;
use super::soundness_attacks::*;
use super::soundness_programs::*;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One};
use middle_client::canonical_code::{IMMEDIATE_1, Opcode, Space, WITNESS_LENGTH, Word};
use middle_client::circuit::Rows;
use middle_client::circuit::bus::Bus;
use middle_client::circuit::chips::witness::WitnessLength;
use middle_client::circuit::entry::{Entry, address};
use middle_client::host_interface::{Inputs, MAX_WITNESS_BYTES};

/// Reads these cells of a space into registers 2, 3 and so on, one in a cycle.
fn reads(space: Space, indices: &[u32]) -> Vec<Word> {
    let get =
        |(at, index): (usize, &u32)| word(Opcode::Get, IMMEDIATE_1, 2 + at as u16, 0, space as u16, u64::from(*index));
    indices.iter().enumerate().map(get).chain([halt(0)]).collect()
}

/// A proof with a witness input of so many bytes of one value.
fn with_witness(words: Vec<Word>, byte: u8, bytes: usize) -> World {
    World::honest(&program(words), &Inputs { witness: vec![byte; bytes], ..Inputs::default() }, 10_000)
}

/// The cycle with this clock, which one of [`reads`] is, finds another value.
fn find_value(world: &mut World, clock: u64, value: u64) {
    read(world, clock, 2, value);
    write(world, clock, 3, value);
    register(world, clock as u32 + 1).last = value;
}

/// The same of a word of the witness input, which starts as this value.
fn find_word(world: &mut World, clock: u64, index: u32, value: u64) {
    find_value(world, clock, value);
    let cell = cell(world, Space::Witness, index);
    (cell.initial, cell.last) = (value, value);
}

/// The cell of the witness input has a row of the chip `witness`, not of `audit`.
fn choose_word(world: &mut World, index: u32) {
    let at = address(Space::Witness, index);
    let row = world.rows[0].audits.iter().position(|cell| cell.address == at).expect("an audited cell");
    let cell = world.rows[0].audits.remove(row);
    world.rows[0].witness.push(cell);
}

/// The wires with the value that the first `get` finds, with what its register holds in the end.
fn change_value(world: &mut World, value: Fr) {
    let layout = Layout::get();
    let found = tuple_of(layout.block("cell", 0), "take cell 2").coordinates[0][0].1;
    let audit = world.rows[0].audits.iter().position(|cell| cell.address == 2).expect("register 2 is audited");
    let last = wire(layout.block("audit", audit), "take last tuple");
    world.values[0][found] = value;
    world.values[0][last] = value;
}

/// The shifted word is the word.
fn leave_unshifted(world: &mut World) {
    let block = Layout::get().block("witness", 0);
    let values = &mut world.values[0];
    values[wire(block, "shifted")] = values[wire(block, "put first tuple")];
    let (word, shifted) = (limbs(block, "word in range"), limbs(block, "spare bytes are zero"));
    assert_eq!((word.len(), shifted.len()), (4, 4));
    for (from, to) in word.into_iter().zip(shifted) {
        values[to] = values[from];
    }
}

const FORGED: u64 = 0x0909_0909_0909_0909;

/// A word of which 5 bytes belong to the witness input, as if there were all 8.
#[test]
fn s12_spare_bytes_of_the_witness_that_are_not_zero() {
    let forged = || {
        let mut world = with_witness(reads(Space::Witness, &[1]), 9, 13);
        find_word(&mut world, 1, 1, FORGED);
        world.refill();
        world
    };
    let block = Layout::get().block("witness", 0);
    caught_by_rule(forged(), false, "witness", "spare bytes are zero");
    let mut world = forged();
    leave_unshifted(&mut world);
    caught_by_rule(world, false, "witness", "shifted");
    // As if the last word had no spare bits.
    let mut world = forged();
    world.values[0][wire(block, "spare bits")] = Fr::ZERO;
    leave_unshifted(&mut world);
    caught_by_rule(world.clone(), false, "witness", "spare bits");
    // As if it were not the last one. The reverse, `last only if none after`, has no attack: a word that passes for the
    // last one has spare bytes of zero in addition to all else.
    world.values[0][wire(block, "last only if none after")] = Fr::ZERO;
    caught_by_rule(world, false, "witness", "last if none after");
}

#[test]
fn s12_a_word_of_the_witness_beyond_its_length() {
    let forged = || {
        let mut world = with_witness(reads(Space::Witness, &[1, 2]), 9, 13);
        choose_word(&mut world, 2);
        find_word(&mut world, 2, 2, FORGED);
        world.rows[0].witness_cell.as_mut().unwrap().rows += 1;
        world
    };
    caught_by_rule(forged(), true, "witness", "index below words");
    // The words say of themselves that there are three of them; the row of the length says two.
    let mut world = forged();
    world.rows[0].witness_length = 24;
    caught_by_bus(world, true, &[Bus::WitnessWords]);
}

/// The cell before the witness input, of a space that has no other first value than zero.
#[test]
fn s7_a_cell_of_another_space_as_a_word_of_the_witness() {
    let mut world = with_witness(reads(Space::Witness, &[0]), 9, 8);
    let before = address(Space::Witness, 0) - 1;
    let get = step(&mut world, 1);
    get.accesses[2].as_mut().unwrap().address = before;
    get.entry = Entry { slots: [2, 0, (before >> 32) as u16], rest: before & u64::from(u32::MAX), ..get.entry };
    world.program.code[0] = get.entry.pack();
    world.rows[0].witness[0].address = before;
    world.rows[0].audit_end = Some(before + 1);
    caught_by_rule(world, true, "witness", "index in range");
}

/// A last word that is no integer, though what its spare bits leave of it is one.
#[test]
fn s5_a_word_of_the_witness_out_of_range() {
    let mut world = with_witness(reads(Space::Witness, &[1]), 0, 13);
    let value = two_to(24).inverse().unwrap();
    let block = Layout::get().block("witness", 0);
    change_value(&mut world, value);
    for (name, value) in [("put first tuple", value), ("shifted", Fr::one()), ("spare bytes are zero", Fr::one())] {
        world.values[0][wire(block, name)] = value;
    }
    caught_by_rule(world, false, "witness", "word in range");
}

/// The row of the length gives a register its first value.
#[test]
fn s7_another_cell_as_the_length_of_the_witness() {
    let mut world = run(vec![word(Opcode::Move, 0, 2, 5, 0, 0), halt(0)]);
    read(&mut world, 1, 1, 7);
    write(&mut world, 1, 3, 7);
    register(&mut world, 2).last = 7;
    let at = world.rows[0].audits.iter().position(|cell| cell.address == 5).unwrap();
    let mut cell = world.rows[0].audits.remove(at);
    (cell.initial, cell.last) = (7, 7);
    world.rows[0].witness_cell = Some(WitnessLength { cell, rows: 0 });
    caught_by_rule(world, true, "witness_length", "cell");
}

#[test]
fn s12_a_length_of_the_witness_that_it_cannot_have() {
    // One byte too many.
    let mut world = with_witness(reads(Space::Length, &[WITNESS_LENGTH]), 9, 8);
    let length = MAX_WITNESS_BYTES as u64 + 1;
    find_value(&mut world, 1, length);
    let row = world.rows[0].witness_cell.as_mut().unwrap();
    (row.cell.initial, row.cell.last) = (length, length);
    caught_by_rule(world, true, "witness_length", "length below limit");
    // One byte less than none, in no word: as many as one word lacks of its eight bytes.
    let mut world = with_witness(reads(Space::Length, &[WITNESS_LENGTH]), 9, 8);
    let block = Layout::get().block("witness_length", 0);
    change_value(&mut world, -Fr::one());
    let put = tuple_of(block, "put words");
    let (words, spare) = (put.coordinates[0][0].1, put.coordinates[1][0].1);
    let (one, limit) = (Fr::one(), MAX_WITNESS_BYTES as u64 + 1);
    let values = &mut world.values[0];
    for (column, value) in [(wire(block, "put first tuple"), -one), (words, Fr::ZERO), (spare, two_to(8))] {
        values[column] = value;
    }
    values[wire(block, "words in range")] = Fr::ZERO;
    values[wire(block, "length below limit")] = Fr::from(limit & 8_191);
    caught_by_rule(world, false, "witness_length", "length in range");
}

/// The row of the length says of its spare bytes what is not so. `words in range` has no attack: a number of words that is
/// no integer is below no limit of a word's row, and an integer is what the length makes it.
#[test]
fn s12_spare_bytes_of_the_witness_that_its_length_denies() {
    let layout = Layout::get();
    let (word, length) = (layout.block("witness", 0), layout.block("witness_length", 0));
    let spare = [tuple_of(word, "take words"), tuple_of(length, "put words")].map(|tuple| tuple.coordinates[1][0].1);
    let forged = |bytes: u64| {
        let mut world = with_witness(reads(Space::Witness, &[1]), 9, 13);
        find_word(&mut world, 1, 1, FORGED);
        world.rows[0].witness_length = bytes;
        world.refill();
        world
    };
    // There are none of them: 2 to none.
    let mut world = forged(16);
    spare.iter().for_each(|column| world.values[0][*column] = Fr::one());
    caught_by_rule(world, false, "witness_length", "spare bits");
    // There is a third word, so that the second is not the last. The third has 11 spare bytes, and what is taken from the
    // table of powers is the power 1 of 0, less what 88 bits are too many.
    let mut world = forged(24);
    let excess = Fr::from(88u64) * two_to(70).inverse().unwrap();
    spare.iter().for_each(|column| world.values[0][*column] = Fr::one() - excess);
    world.values[0][tuple_of(length, "put words").coordinates[0][0].1] = Fr::from(3u64);
    world.values[0][wire(length, "words in range")] = Fr::from(3u64);
    caught_by_rule(world, false, "witness_length", "spare bytes");
}

/// A row that is not used says how many words there are: the length is zero, and there is a word.
#[test]
fn s10_an_unused_row_that_says_how_many_words_there_are() {
    let mut world = with_witness(reads(Space::Witness, &[0]), 9, 0);
    choose_word(&mut world, 0);
    find_word(&mut world, 1, 0, FORGED);
    world.rows[0].witness_length = 8;
    world.refill();
    let put = tuple_of(Layout::get().block("witness_length", 0), "put words");
    for column in [put.coordinates[0][0].1, put.coordinates[1][0].1, put.multiplicity[0].1] {
        world.values[0][column] = Fr::one();
    }
    caught_by_rule(world, false, "witness_length", "asked only if active");
}

/// A row that is not used has a public value in the end. There is no such attack on first values: in a row of another flag
/// than its activity the first value is zero, and no public cell starts as zero.
#[test]
fn s9_an_unused_row_that_has_a_public_value() {
    let (code, inputs) = cells();
    let mut world = World::honest(&code, &inputs, 10_000);
    let output = address(Space::Output, 0);
    let claimed = known(&mut world, Bus::Final).into_iter().find(|tuple| tuple.frame_pointer == output).unwrap();
    claimed.plain += Fr::one();
    let value = claimed.plain;
    cell(&mut world, Space::Output, 0).public_final = false;
    // A segment of rows that are not used.
    world.rows.push(Rows::default());
    world.refill();
    let block = Layout::get().block("audit", 0);
    let put = tuple_of(block, "put public final");
    let changes = [
        (wire(block, "public final"), Fr::one()),
        (put.coordinates[0][0].1, value),
        (put.coordinates[3][0].1, Fr::from(output)),
    ];
    for (column, value) in changes {
        assert_eq!(world.values[1][column], Fr::ZERO);
        world.values[1][column] = value;
    }
    caught_by_rule(world, false, "audit", "public final");
}

/// The sum of a segment is public, and so are the challenges: without masks, somebody who guesses the witness computes the
/// sums and knows whether the guess is right. With masks that add up to zero each sum is another one, and all together say
/// what they said before.
#[test]
fn s19_sums_without_masks_confirm_a_guess() {
    let layout = Layout::get();
    let sums = |world: &World| -> Vec<Fr> {
        world.values.iter().map(|values| values[1 + layout.shape.public + layout.shape.challenges]).collect()
    };
    let proof = |byte: u8| {
        // The word is read in the first segment. As many words as two segments have rows of `add` are between that and the
        // next use of it, which is in the third: what a segment alone puts and takes shows in no sum.
        let mut words = reads(Space::Witness, &[0]);
        words.pop();
        words.extend((0..2 * TIER.rows[0] as u16).map(|index| set(100 + index, 3)));
        words.extend([word(Opcode::Move, 0, 3, 2, 0, 0), halt(0)]);
        with_witness(words, byte, 8)
    };
    let honest = proof(7);
    assert_eq!(honest.values.len(), 3);
    assert_eq!(sums(&honest), sums(&proof(7)), "the guess is right");
    assert_ne!(sums(&honest), sums(&proof(8)), "the guess is wrong");
    assert!(honest.verdict(&nothing));

    let mut masked = honest.clone();
    let random: Vec<Fr> = (0..3).map(scattered).collect();
    for (segment, rows) in masked.rows.iter_mut().enumerate() {
        rows.mask = random[segment] - random[(segment + 1) % 3];
    }
    masked.refill();
    assert!(masked.verdict(&nothing));
    let (known, masked) = (sums(&honest), sums(&masked));
    assert!(masked.iter().all(|sum| !known.contains(sum)));
    assert_eq!(masked.iter().sum::<Fr>(), known.iter().sum::<Fr>());
}
