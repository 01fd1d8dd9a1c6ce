//! Attacks by hand. Each shows that it is real: with what catches it left out, the forged assignment passes, judged by the
//! circuit's own rows and sums; with it, it does not.

use super::soundness::*;
use super::soundness_programs::*;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One};
use middle_client::canonical_code::{
    CanonicalCode, Cell, IMMEDIATE_1, IMMEDIATE_2, Opcode, Space, Word, link, table_entry,
};
use middle_client::circuit::builder::Label;
use middle_client::circuit::bus::{Bus, KnownTuple};
use middle_client::circuit::chips::audit::AuditCell;
use middle_client::circuit::entry::{ADDRESS_END, CLASS_BITS, Entry, Kind, address, entry};
use middle_client::circuit::step::{Step, StepAccess};
use middle_client::circuit::{Program, Rows};
use middle_client::host_interface::Inputs;
use middle_client::notation::Trap;
use middle_client::profile::MAX_FRAME_POINTER;
use std::cell::RefCell;
use std::collections::BTreeSet;

use Opcode::*;

pub fn run(words: Vec<Word>) -> World {
    World::honest(&program(words), &Inputs::default(), 10_000)
}

/// The step with this clock.
pub fn step(world: &mut World, clock: u64) -> &mut Step {
    let steps = world.rows.iter_mut().flat_map(|rows| rows.steps.iter_mut().flatten().chain(&mut rows.trap));
    steps.into_iter().find(|step| step.clock == clock).expect("a step with this clock")
}

pub fn cell(world: &mut World, space: Space, index: u32) -> &mut AuditCell {
    let address = address(space, index);
    let mut cells = world.rows.iter_mut().flat_map(|rows| rows.audits.iter_mut().chain(&mut rows.witness));
    cells.find(|cell| cell.address == address).expect("an audited cell")
}

pub fn register(world: &mut World, index: u32) -> &mut AuditCell {
    cell(world, Space::Register, index)
}

/// A read of this value at a place.
pub fn read(world: &mut World, clock: u64, place: usize, value: u64) {
    let access = step(world, clock).accesses[place].as_mut().expect("an access");
    (access.old, access.new) = (value, value);
}

pub fn write(world: &mut World, clock: u64, place: usize, value: u64) {
    step(world, clock).accesses[place].as_mut().expect("an access").new = value;
}

/// The code has another word where a step executes one.
pub fn replace_word(world: &mut World, clock: u64, word: Word) {
    let step = step(world, clock);
    step.entry = entry(&word);
    let (at, packed) = (step.program_counter as usize, step.entry.pack());
    world.program.code[at] = packed;
}

pub fn known(world: &mut World, bus: Bus) -> Vec<&mut KnownTuple> {
    world.known.iter_mut().map(|(_, tuple)| tuple).filter(|tuple| tuple.bus == bus).collect()
}

/// The memory has as many pages from the start.
fn set_pages(world: &mut World, pages: u32) {
    for step in world.rows.iter_mut().flat_map(|rows| rows.steps.iter_mut().flatten().chain(&mut rows.trap)) {
        step.pages = pages;
    }
    known(world, Bus::State)[0].plain = Fr::from(pages);
}

pub fn nothing(_: Label) -> bool {
    false
}

/// Whether this test has not judged such an attack in the circuit of a program yet: each test is a thread, and each circuit
/// takes megabytes.
fn is_first(attack: (&str, String)) -> bool {
    thread_local!(static SEEN: RefCell<BTreeSet<(String, String)>> = const { RefCell::new(BTreeSet::new()) });
    SEEN.with(|seen| seen.borrow_mut().insert((attack.0.into(), attack.1)))
}

/// Only this constraint or look-up catches the forged wires.
pub fn caught_by_rule(mut world: World, refill: bool, chip: &str, name: &str) {
    if refill {
        world.refill();
    }
    let dropped = |label: Label| label.chip == chip && label.name == name;
    let faults = world.faults(&nothing);
    assert!(!faults.is_empty(), "{chip}, {name}: NOT CAUGHT");
    for fault in &faults {
        assert!(
            matches!(fault, Fault::Row(_, label) | Fault::LookUp(_, label) if dropped(*label)),
            "{chip}, {name}: {fault:?} as well"
        );
    }
    assert_eq!(world.faults(&dropped), [], "{chip}, {name}");
    assert!(world.verdict(&dropped), "{chip}, {name}: it does not pass without the rule");
    assert!(!world.verdict(&nothing), "{chip}, {name}: it passes with the rule");
    // The same in the circuit of the program, unless that has no such chip; of each rule the first attack of a test.
    if !is_first((chip, name.to_string())) {
        return;
    }
    let own = world.in_own_circuit(|world| {
        assert_eq!(world.faults(&nothing), faults, "{chip}, {name}: in its own circuit");
        assert_eq!(world.faults(&dropped), [], "{chip}, {name}: in its own circuit");
        assert!(world.verdict(&dropped), "{chip}, {name}: it does not pass without the rule in its own circuit");
        assert!(!world.verdict(&nothing), "{chip}, {name}: it passes with the rule in its own circuit");
    });
    if own.is_none() {
        println!("{chip}, {name}: not in its own circuit");
    }
}

/// All rows and look-ups are satisfied; only the tuples of these buses do not cancel. Without them it passes.
pub fn caught_by_bus(mut world: World, refill: bool, buses: &[Bus]) {
    if refill {
        world.refill();
    }
    let mut expected: Vec<Fault> = buses.iter().map(|bus| Fault::Bus(*bus as u64)).collect();
    expected.sort();
    assert_eq!(world.faults(&nothing), expected);
    assert!(world.verdict_without(buses), "it does not pass without {buses:?}");
    assert!(!world.verdict(&nothing), "it passes with {buses:?}");
    if !is_first(("", format!("{buses:?}"))) {
        return;
    }
    let own = world.in_own_circuit(|world| {
        // The image is not filled up with zeros there: without cells of its own it puts nothing.
        let faults = world.faults(&nothing);
        let image = expected.iter().filter(|fault| **fault != Fault::Bus(Bus::Initial as u64));
        let same = faults == expected || world.program.image.is_empty() && faults.iter().eq(image);
        assert!(same, "{faults:?} instead of {expected:?} in its own circuit");
        assert!(world.verdict_without(buses), "it does not pass without {buses:?} in its own circuit");
        assert!(!world.verdict(&nothing), "it passes with {buses:?} in its own circuit");
    });
    assert!(own.is_some(), "every program has its own circuit");
}

#[test]
fn s4_a_read_of_the_past() {
    let mut world = run(vec![set(1, 5), set(1, 6), word(Move, 0, 2, 1, 0, 0), halt(0)]);
    // The second write takes the first tuple, the first write that of the second: the read finds the first value.
    let (first, second) = (7, 11);
    let initial_time = register(&mut world, 1).initial_time;
    let access = step(&mut world, 2).accesses[3].as_mut().unwrap();
    (access.old, access.old_time) = (0, initial_time);
    let access = step(&mut world, 1).accesses[3].as_mut().unwrap();
    (access.old, access.old_time) = (6, second);
    read(&mut world, 3, 1, 5);
    step(&mut world, 3).accesses[1].as_mut().unwrap().old_time = first;
    write(&mut world, 3, 3, 5);
    register(&mut world, 1).last = 5;
    register(&mut world, 2).last = 5;
    caught_by_rule(world, true, "add", "elapsed 3");
}

#[test]
fn s4_a_first_time_after_the_first_access() {
    // The first tuple of a cell is put after it was written, with a time that the design would refuse. The read takes it and
    // finds zero; the write takes what the read has put, in its own future.
    let mut world = run(vec![set(1, 5), word(Move, 0, 2, 1, 0, 0), halt(0)]);
    let (written, first, found) = (7, 8, 9);
    let access = step(&mut world, 1).accesses[3].as_mut().unwrap();
    (access.old, access.old_time) = (0, found);
    read(&mut world, 2, 1, 0);
    step(&mut world, 2).accesses[1].as_mut().unwrap().old_time = first;
    write(&mut world, 2, 3, 0);
    register(&mut world, 2).last = 0;
    let cell = register(&mut world, 1);
    (cell.initial_time, cell.last, cell.last_time) = (first, 5, written);
    caught_by_rule(world, true, "add", "elapsed 3");
}

#[test]
fn s4_a_refresh_backwards() {
    // The same with a refresh: it takes the present tuple and puts it in the past, before it was written.
    let mut world = run(vec![set(1, 5), set(2, 6), word(Move, 0, 3, 1, 0, 0), halt(0)]);
    let refresh = middle_client::circuit::step::Refresh { address: 1, value: 5, old_time: 7, new_time: 6 };
    world.rows[0].refreshes.push(refresh);
    step(&mut world, 3).accesses[1].as_mut().unwrap().old_time = 6;
    caught_by_rule(world, true, "refresh", "elapsed");
}

#[test]
fn s10_an_unused_row_that_accesses_a_cell() {
    let mut world = run(vec![set(2, 1), set(3, 1), word(Move, 0, 4, 1, 0, 0), halt(0)]);
    step(&mut world, 3).accesses[1].as_mut().unwrap().old_time = 8;
    // An unused row says that the cell was left at time 0.
    register(&mut world, 1).initial_time = 0;
    world.refill();
    let layout = Layout::get();
    let block = layout.block("add", TIER.rows[0] - 1);
    let traffic = |name: &str| {
        let index = block.traffic.iter().find(|index| layout.traffic[**index].label.name == name).unwrap();
        &layout.traffic[*index]
    };
    let column = |form: &Form| form.iter().find(|(_, column)| block.wires.contains(column)).unwrap().1;
    let clock = column(&traffic("put cell 0").coordinates[1]);
    let (conditional, slot) = (wire(block, "conditional"), wire(block, "slot of p"));
    for (column, value) in [(conditional, 1u64), (clock, 2), (slot, 1)] {
        world.values[0][column] = Fr::from(value);
    }
    caught_by_rule(world, false, "add", "conditional");
}

#[test]
fn s14_activities_of_plus_and_minus_one() {
    for (first, second) in [(1i64, -1i64), (2, -2)] {
        let mut world = run(vec![halt(0)]);
        let layout = Layout::get();
        for (number, active) in [(0, first), (1, second)] {
            let block = layout.block("refresh", number);
            let put = block.traffic.iter().find(|i| layout.traffic[**i].label.name == "put cell").unwrap();
            let time = layout.traffic[*put].coordinates[1][0].1;
            let field = if active < 0 { -Fr::from(-active) } else { Fr::from(active) };
            // What has passed, less the activity, is 7.
            world.values[0][block.wires.start] = field;
            world.values[0][time] = Fr::from(10u64);
            let take = block.traffic.iter().find(|i| layout.traffic[**i].label.name == "take cell").unwrap();
            let old = layout.traffic[*take].coordinates[1][0].1;
            world.values[0][old] = Fr::from(1u64);
            let limb = wire(block, "elapsed");
            world.values[0][limb] = Fr::from(9u64) - field;
        }
        let dropped = |label: Label| label.chip == "refresh" && label.name == "active";
        assert!(world.faults(&nothing).iter().all(|fault| matches!(fault, Fault::Row(_, label) if dropped(*label))));
        assert!(!world.faults(&nothing).is_empty());
        assert_eq!(world.faults(&dropped), []);
        assert!(world.verdict(&dropped));
        assert!(!world.verdict(&nothing));
    }
}

#[test]
fn s14_a_row_at_another_clock() {
    let mut world = run(vec![set(1, 1), set(2, 2), halt(0)]);
    step(&mut world, 2).clock = 7;
    register(&mut world, 2).last_time = 31;
    caught_by_bus(world, true, &[Bus::State]);
}

#[test]
fn s10_a_row_after_the_end() {
    let mut world = run(vec![set(1, 1), halt(0)]);
    let mut again = step(&mut world, 1).clone();
    again.clock = 3;
    again.accesses[3].as_mut().unwrap().old = 1;
    again.accesses[3].as_mut().unwrap().old_time = 7;
    world.rows[0].steps[Kind::Add as usize - 1].push(again);
    register(&mut world, 1).last_time = 15;
    caught_by_bus(world, true, &[Bus::State]);
}

#[test]
fn one_register_three_times() {
    let mut world = run(vec![set(1, 5), binary(Add64, 1, 1, 1), halt(0)]);
    read(&mut world, 2, 1, 7);
    write(&mut world, 2, 3, 12);
    register(&mut world, 1).last = 12;
    caught_by_bus(world, true, &[Bus::Memory]);
}

#[test]
fn s8_a_cell_that_is_audited_twice() {
    for segment in [0, 1] {
        let mut world = run(vec![set(1, 5), word(Move, 0, 2, 1, 0, 0), halt(0)]);
        read(&mut world, 2, 1, 0);
        write(&mut world, 2, 3, 0);
        register(&mut world, 2).last = 0;
        let honest = *register(&mut world, 1);
        step(&mut world, 2).accesses[1].as_mut().unwrap().old_time = honest.initial_time;
        let second = AuditCell { free: 2, initial: 0, last: 0, last_time: honest.last_time, ..honest };
        *register(&mut world, 1) = AuditCell { last_time: 7, ..honest };
        // In the same segment, or in another one.
        world.rows.resize_with(segment + 1, Rows::default);
        world.rows[segment].audits.push(second);
        caught_by_rule(world, true, "audit", "ascending");
    }
}

#[test]
fn s7_an_audited_address_out_of_range() {
    let mut world = run(vec![halt(0)]);
    let free = world.rows[0].audit_end.unwrap();
    let address = ADDRESS_END + 7;
    let cell = AuditCell::untouched(free, address);
    world.rows[0].audits.push(cell);
    world.rows[0].audit_end = Some(address + 1);
    caught_by_rule(world, true, "audit_end", "ascending");
}

#[test]
fn s9_swapped_and_forged_last_values() {
    let words = vec![set(1, 5), set(2, 6), halt(0)];
    let mut world = run(words.clone());
    register(&mut world, 1).last = 6;
    register(&mut world, 2).last = 5;
    caught_by_bus(world, true, &[Bus::Memory]);
    let mut world = run(words);
    register(&mut world, 1).last_time += 4;
    caught_by_bus(world, true, &[Bus::Memory]);
}

#[test]
fn s9_public_cells_are_bound() {
    let honest = || {
        let (code, inputs) = cells();
        World::honest(&code, &inputs, 10_000)
    };
    // Another word of output, one less, two exchanged.
    let mut world = honest();
    known(&mut world, Bus::Final)[0].plain += Fr::one();
    caught_by_bus(world, true, &[Bus::Final]);
    let mut world = honest();
    let at = world.known.iter().position(|(_, tuple)| tuple.bus == Bus::Final).unwrap();
    world.known.remove(at);
    caught_by_bus(world, true, &[Bus::Final]);
    let mut world = honest();
    let mut last = known(&mut world, Bus::Final);
    let other = last[0].plain;
    last[0].plain = last[1].plain;
    last[1].plain = other;
    caught_by_bus(world, true, &[Bus::Final]);
    // The prover does not say that a cell is public, or says it of another.
    let mut world = honest();
    cell(&mut world, Space::Output, 0).public_final = false;
    caught_by_bus(world, true, &[Bus::Final]);
    let mut world = honest();
    register(&mut world, 2).public_final = true;
    caught_by_bus(world, true, &[Bus::Final]);
    // The output is what the verifier wants, but not what was written.
    let mut world = honest();
    cell(&mut world, Space::Output, 0).last ^= 1;
    let wanted = cell(&mut world, Space::Output, 0).last;
    let honest_one = Fr::from(wanted ^ 1);
    let output = address(Space::Output, 0);
    for tuple in known(&mut world, Bus::Final) {
        if tuple.frame_pointer == output && tuple.plain == honest_one {
            tuple.plain = Fr::from(wanted);
        }
    }
    caught_by_bus(world, true, &[Bus::Memory]);
}

#[test]
fn s9_an_input_that_is_passed_over() {
    let words = vec![word(Get, IMMEDIATE_1, 2, 0, Space::Input as u16, 0), halt(0)];
    let inputs = Inputs { input: vec![9; 8], ..Inputs::default() };
    let mut world = World::honest(&program(words), &inputs, 10_000);
    read(&mut world, 1, 2, 0);
    write(&mut world, 1, 3, 0);
    register(&mut world, 2).last = 0;
    let input = cell(&mut world, Space::Input, 0);
    (input.initial, input.last, input.public_initial) = (0, 0, false);
    caught_by_bus(world, true, &[Bus::Initial]);
}

#[test]
fn s20_a_register_that_does_not_start_as_zero() {
    let mut world = run(vec![word(Move, 0, 2, 5, 0, 0), halt(0)]);
    read(&mut world, 1, 1, 7);
    write(&mut world, 1, 3, 7);
    register(&mut world, 2).last = 7;
    let register = register(&mut world, 5);
    (register.initial, register.last) = (7, 7);
    caught_by_rule(world, true, "audit", "zero");
}

/// A binary operation on registers, with another second operand than that with which it was executed.
fn operands(opcode: Opcode, first: u64, honest: u64, forged: u64) -> World {
    let words = |second| vec![set(1, first), set(2, second), binary(opcode, 3, 1, 2), halt(0)];
    let mut world = run(words(honest));
    replace_word(&mut world, 2, set(2, forged));
    write(&mut world, 2, 3, forged);
    read(&mut world, 3, 1, forged);
    register(&mut world, 2).last = forged;
    world
}

#[test]
fn s12_a_hidden_division_by_zero() {
    caught_by_rule(operands(DivU, 0, 1, 0), true, "divide", "remainder below divisor");
    caught_by_rule(operands(RemU, 0, 1, 0), true, "divide", "remainder below divisor");
    caught_by_rule(operands(DivS32, 0, 1, 0), true, "divide", "remainder below divisor");
}

#[test]
fn s12_a_hidden_overflow_of_a_division() {
    caught_by_rule(operands(DivS64, 1 << 63, 1, u64::MAX), true, "divide", "quotient representable");
    caught_by_rule(operands(DivS32, 1 << 31, 1, u32::MAX.into()), true, "divide", "quotient representable");
}

#[test]
fn s12_a_fake_trap_of_a_division() {
    caught_by_rule(operands(DivU, 7, 0, 5), true, "divide_trap", "divisor is zero");
    let world = operands(DivS64, 1 << 63, u64::MAX, u64::MAX - 1);
    caught_by_rule(world, true, "divide_trap", "divisor is minus one");
}

#[test]
fn s12_memory_end_hidden_and_fake() {
    for (opcode, size) in
        [(Load8U, 1), (Load16U, 2), (Load32S64, 4), (Load64, 8), (Store8, 1), (Store16, 2), (Store32, 4), (Store64, 8)]
    {
        let is_load = (opcode as u8) < Store8 as u8;
        let access = match is_load {
            true => word(opcode, 0, 2, 1, 0, 0),
            false => word(opcode, 0, 0, 1, 2, 0),
        };
        let at = |base| vec![set(1, base), access, halt(0)];
        let (chip, trap) = if is_load { ("load", "load_trap") } else { ("store", "store_trap") };
        let run = |words, pages| World::honest(&program_with(words, vec![], pages), &Inputs::default(), 10_000);
        // One byte beyond the end, as if there were two pages.
        let mut world = run(at(65_536 - size + 1), 2);
        set_pages(&mut world, 1);
        caught_by_rule(world, true, chip, "in bounds");
        // The last bytes, as if there were no page.
        let mut world = run(at(65_536 - size), 0);
        set_pages(&mut world, 1);
        caught_by_rule(world, true, trap, "out of bounds");
    }
}

#[test]
fn s12_the_call_stack_hidden_and_fake() {
    let most = (MAX_FRAME_POINTER - 7 * 8_191) as u16;
    let distances = |last: u16| [&[8_191; 7][..], &[last]].concat();
    let mut world = World::honest(&deep(&distances(most)), &Inputs::default(), 100);
    replace_word(&mut world, 8, deep(&distances(most + 1)).words[7]);
    step(&mut world, 9).frame_pointer += 1;
    caught_by_rule(world, true, "jump", "frame in range");
    let mut world = World::honest(&deep(&distances(most + 1)), &Inputs::default(), 100);
    replace_word(&mut world, 8, deep(&distances(most)).words[7]);
    caught_by_rule(world, true, "call_trap", "frame above the limit");
}

#[test]
fn s12_an_indirect_call_that_should_not_trap() {
    // The index is beyond the table; in truth it is its last.
    let mut world = World::honest(&indirect(3, 8, 0), &Inputs::default(), 100);
    replace_word(&mut world, 1, set(1, 2));
    write(&mut world, 1, 3, 2);
    read(&mut world, 2, 0, 2);
    register(&mut world, 1).last = 2;
    caught_by_rule(world, true, "call_indirect_trap", "index beyond table");
}

#[test]
fn s12_the_type_of_an_indirect_call() {
    let typed = |number: u64| word(CallIndirect, 0, 9, 1, 8, number | 3 << 32);
    // A call that traps because of its type; in truth it is the entry's.
    let mut world = World::honest(&indirect(1, 8, 0), &Inputs::default(), 100);
    replace_word(&mut world, 2, typed(6));
    caught_by_rule(world, true, "call_indirect_trap", "types differ");
    // A call that goes on; in truth its type is another one: there is no word at what the row takes for the target.
    let mut world = World::honest(&indirect(0, 8, 0), &Inputs::default(), 100);
    replace_word(&mut world, 2, typed(6));
    caught_by_bus(world, true, &[Bus::State]);
}

#[test]
fn s20_a_return_to_another_address() {
    let words = vec![word(Call, 0, 9, 0, 8, 3), halt(1), halt(0), word(Return, 0, 0, 1, 0, 0)];
    let mut world = run(words.clone());
    let forged = link(2, 0);
    read(&mut world, 2, 0, forged);
    register(&mut world, 9).last = forged;
    let end = step(&mut world, 3);
    (end.program_counter, end.entry) = (2, entry(&words[2]));
    let state = known(&mut world, Bus::State);
    let [_, end] = &mut state.into_iter().collect::<Vec<_>>()[..] else { panic!("two states") };
    (end.plain, end.frame_pointer) = (Fr::ZERO, 0);
    caught_by_bus(world, true, &[Bus::Memory]);
}

#[test]
fn s11_an_unused_word_is_executed() {
    let jump = |target| vec![word(Jump, 0, 0, 0, 0, target), halt(0)];
    let mut world = run(jump(1));
    replace_word(&mut world, 1, jump(50)[0]);
    step(&mut world, 2).program_counter = 50;
    caught_by_rule(world, true, "end", "fetch");
    // Beyond the code table.
    let mut world = run(jump(1));
    replace_word(&mut world, 1, jump(1)[0]);
    let mut forged = world.clone();
    forged.program = Program { code: forged.program.code[..1].to_vec(), ..forged.program };
    caught_by_rule(forged, true, "end", "fetch");
}

#[test]
fn s11_another_word_than_the_code_has() {
    let mut world = run(vec![set(1, 5), halt(0)]);
    step(&mut world, 1).entry.rest = 6;
    write(&mut world, 1, 3, 6);
    register(&mut world, 1).last = 6;
    caught_by_rule(world, true, "add", "fetch");
}

/// The program ends with 7. A row of `count` claims the word that says so, with an immediate that is no integer; its range
/// checks take false entries, which it puts itself, since with both directions its look-ups have negative multiplicities.
/// What remains is hidden in limbs of an honest row's range checks.
#[test]
fn s11_a_row_that_puts_entries_of_tables() {
    let words = vec![word(Get, IMMEDIATE_1, 2, 0, Space::Length as u16, 0), set(40, 1), set(0, 5), set(0, 7)];
    let mut world = run([words, vec![word(Halt, 0, 0, 0, 0, 0)]].concat());
    let adds = &mut world.rows[0].steps[Kind::Add as usize - 1];
    let mut forged = adds.pop().unwrap();
    assert_eq!((forged.clock, forged.entry), (4, entry(&set(0, 7))));
    let packed = forged.entry.pack();
    forged.kind = Kind::Count;
    // Leading and trailing, and another destination.
    forged.entry = Entry { selector: Kind::Count as u32 | 0b110 << CLASS_BITS, slots: [40, 0, 0], ..Entry::default() };
    forged.accesses[3] = Some(StepAccess { address: 40, old_time: 11, old: 1, new: 65 });
    let immediate = (packed - forged.entry.pack()) * two_to(64).inverse().unwrap();
    world.rows[0].steps[Kind::Count as usize - 1].push(forged);
    step(&mut world, 5).accesses[1].as_mut().unwrap().old_time = 15;
    read(&mut world, 5, 1, 5);
    register(&mut world, 0).last = 5;
    let other = register(&mut world, 40);
    (other.last, other.last_time) = (65, 19);
    known(&mut world, Bus::State)[1].frame_pointer = 5;
    world.refill();

    let limb = two_to(13);
    let exponent = two_to(70);
    let a = -(limb * limb * exponent) * (Fr::one() - limb * limb).inverse().unwrap();
    let b = -limb * a;
    let u = (Fr::one() + limb - immediate) * (limb * limb * (Fr::one() - limb * limb)).inverse().unwrap();
    let w = -limb * u;
    let minus = |value: u64| -Fr::from(value);
    let count = Layout::get().block("count", 0).wires.start;
    let cell = Layout::get().block("cell", 0).wires.start;
    let changes = [
        // The immediate; its register's old time is the present one, so that it is taken and put alike.
        (10, vec![immediate, Fr::ZERO, Fr::from(17u64)]),
        // Limbs of q, whether it is zero, highest and lowest, exponent, power, the other bits.
        (13, vec![w, u, Fr::ZERO, Fr::ZERO, Fr::from(2u64), minus(1), minus(1), exponent, Fr::ZERO, Fr::ZERO]),
        // Limbs of the other bits, and of what is below the highest.
        (23, vec![b, a, Fr::ZERO, Fr::ZERO, immediate, minus(1), u, w]),
        // Ones, from the left, from the right, all.
        (53, vec![Fr::ZERO, exponent - Fr::from(63u64), -exponent, Fr::from(128u64)]),
    ];
    let values = &mut world.values[0];
    for (first, wires) in changes {
        for (offset, value) in wires.into_iter().enumerate() {
            values[count + first + offset] = value;
        }
    }
    // Two limbs each of the lower and the upper immediate of the honest row, both 0.
    for (offset, value) in [(13, a), (14, b), (15, a), (16, b)] {
        values[cell + offset] = value;
    }
    caught_by_rule(world, false, "count", "one direction");
}

fn many_segments() -> World {
    let words: Vec<Word> = (0..60).map(|index| set(index, 3)).chain([halt(0)]).collect();
    let world = run(words);
    assert!(world.values.len() > 2);
    world
}

#[test]
fn s15_dropped_repeated_and_exchanged_segments() {
    use Bus::{Audit, Final, Initial, Memory, State};
    let honest = many_segments();
    assert_eq!(honest.rows.len(), 3);
    // The first one brings the image. A public cell is in the last one.
    let buses: [&[Bus]; 3] =
        [&[State, Memory, Audit, Initial], &[State, Memory, Audit], &[State, Memory, Audit, Final]];
    for (segment, buses) in buses.into_iter().enumerate() {
        let mut world = honest.clone();
        world.rows.remove(segment);
        caught_by_bus(world, true, buses);
        let mut world = honest.clone();
        world.rows.push(world.rows[segment].clone());
        caught_by_bus(world, true, buses);
    }
    // In which segment a row stands claims nothing; which of them is the first is the verifier's to say.
    let mut world = honest;
    world.rows.swap(0, 1);
    (world.rows[0].first, world.rows[1].first) = (true, false);
    world.refill();
    assert_eq!(world.faults(&nothing), []);
    assert!(world.verdict(&nothing));
}

#[test]
fn s15_an_image_from_another_segment() {
    let (code, inputs) = cells();
    // Two segments bring the image.
    let mut world = World::honest(&code, &inputs, 10_000);
    world.rows.push(Rows { first: true, ..Default::default() });
    caught_by_bus(world, true, &[Bus::Initial]);
    // None does.
    let mut world = World::honest(&code, &inputs, 10_000);
    world.rows[0].first = false;
    caught_by_bus(world, true, &[Bus::Initial]);
}

#[test]
fn s15_a_state_that_starts_again() {
    // The first word is executed twice from the start, the second not at all: two chains, of which the verifier put one
    // start.
    let jump = |target| word(Jump, 0, 0, 0, 0, target);
    let mut world = run(vec![jump(1), jump(2), halt(0)]);
    *step(&mut world, 2) = step(&mut world, 1).clone();
    caught_by_bus(world, true, &[Bus::State]);
}

#[test]
fn s12_an_end_that_is_made_the_cycle_limit() {
    let mut world = run(vec![set(1, 1), halt(0)]);
    let code: CanonicalCode = program(vec![set(1, 1), halt(0)]);
    let forged = World::honest(&code, &Inputs::default(), 1);
    // The verifier is told that the limit of two cycles was exhausted; the end of the program is taken for a state.
    let end = *known(&mut world, Bus::State)[1];
    let mut limit = forged.rows[0].trap.clone().unwrap();
    limit.clock = 3;
    world.rows[0].trap = Some(limit);
    world.refill();
    let block = Layout::get().block("limit", 0);
    let layout = Layout::get();
    let take = block.traffic.iter().find(|index| layout.traffic[**index].label.name == "take state").unwrap();
    let column = |coordinate: usize| layout.traffic[*take].coordinates[coordinate][0].1;
    world.values[0][column(0)] = end.plain;
    world.values[0][column(2)] = end.program_counter;
    world.values[0][column(3)] = Fr::from(end.frame_pointer);
    let mut forged = forged;
    let claimed = *known(&mut forged, Bus::State)[1];
    *known(&mut world, Bus::State)[1] = KnownTuple { time: end.time, ..claimed };
    caught_by_rule(world, false, "limit", "fetch");
}

/// Sets the lowest limb of a range check.
fn set_limb(world: &mut World, block: &Block, name: &str, value: u64) {
    let column = wire(block, name);
    world.values[0][column] = Fr::from(value);
}

#[test]
fn s14_a_store_that_leaves_its_second_word_as_it_was() {
    let words = vec![
        set(1, 8),
        set(2, 0xffff),
        word(Store64, 0, 0, 1, 2, 0),
        set(3, 4),
        set(4, 7),
        word(Store64, 0, 0, 3, 4, 0),
        word(Load64, 0, 5, 1, 0, 0),
        halt(0),
    ];
    let mut world = run(words);
    // The store at 4 reaches into the word at 8, and a row that says otherwise does not access it.
    step(&mut world, 6).accesses[3] = None;
    read(&mut world, 7, 1, 0xffff);
    step(&mut world, 7).accesses[1].as_mut().unwrap().old_time = 4 * 3 + 2;
    write(&mut world, 7, 3, 0xffff);
    register(&mut world, 5).last = 0xffff;
    cell(&mut world, Space::Memory, 1).last = 0xffff;
    world.refill();
    let layout = Layout::get();
    let block = layout.block("store", 1);
    let take = block.traffic.iter().find(|index| layout.traffic[**index].label.name == "take cell 3").unwrap();
    let crosses = layout.traffic[*take].multiplicity[0].1;
    world.values[0][crosses] = Fr::ZERO;
    set_limb(&mut world, block, "in bounds", 8_191);
    caught_by_rule(world, false, "store", "place and size");
}

#[test]
fn s14_a_store_that_counts_twice_or_not_at_all() {
    let honest = run(vec![set(1, 8), word(Store64, 0, 0, 1, 1, 0), halt(0)]);
    let block = Layout::get().block("store", 0);
    // Not at all: the row is not used.
    let mut world = honest.clone();
    world.values[0][block.wires.clone()].fill(Fr::ZERO);
    caught_by_bus(world, false, &[Bus::State, Bus::Memory]);
    // Twice. What else the row says is that of a row that counts once.
    let mut world = honest;
    world.values[0][block.wires.start] = Fr::from(2u64);
    let label = |name| Label { chip: "store", name };
    let rows = ["active", "eight bytes"].map(|name| Fault::Row(0, label(name)));
    let look_ups = ["below the power", "fetch", "in bounds"].map(|name| Fault::LookUp(0, label(name)));
    let buses = [Bus::State, Bus::Memory].map(|bus| Fault::Bus(bus as u64));
    assert_eq!(world.faults(&nothing), [&rows[..], &look_ups, &buses].concat());
    assert!(!world.verdict(&nothing));
}

#[test]
fn s13_a_remainder_equal_to_the_divisor() {
    let mut world = run(vec![set(1, 6), set(2, 3), binary(DivU, 3, 1, 2), halt(0)]);
    register(&mut world, 3).last = 1;
    world.refill();
    let layout = Layout::get();
    let block = layout.block("divide", 0);
    let division = block.constraints.clone().find(|row| layout.labels[*row].name == "division").unwrap();
    let [(_, quotient)] = layout.shape.matrices[1][division][..] else { panic!("the quotient alone") };
    // 6 = 3 · 1 + 3
    world.values[0][quotient] = Fr::from(1u64);
    world.values[0][quotient + 1] = Fr::from(3u64);
    for (name, limb) in
        [("quotient in range", 1), ("remainder in range", 3), ("quotient representable", 1), ("result in range", 1)]
    {
        set_limb(&mut world, block, name, limb);
    }
    caught_by_rule(world, false, "divide", "remainder below divisor");
}

/// A cell whose address is that of another one, but for a multiple of 2⁴⁰: where values were packed above addresses, it
/// was the same cell with another value.
#[test]
fn s7_an_audited_address_far_away() {
    let mut world = run(vec![halt(0)]);
    let target = (1u64 << 40) + 1;
    let mut free = world.rows[0].audit_end.unwrap();
    // Each step is in range; only the end is not.
    while free <= target {
        let address = (free + (1 << 38)).min(target);
        let none = AuditCell::untouched(free, address);
        world.rows[0].audits.push(none);
        free = address + 1;
    }
    world.rows[0].audit_end = Some(free);
    caught_by_rule(world, true, "audit_end", "ascending");
}

#[test]
fn s9_a_word_of_output_that_nobody_wrote() {
    let (code, inputs) = cells();
    let mut world = World::honest(&code, &inputs, 10_000);
    let mut added = *known(&mut world, Bus::Final)[0];
    added.frame_pointer += 1_000;
    world.known.push((-1, added));
    caught_by_bus(world, true, &[Bus::Final]);
}

fn memory(world: &mut World, index: u32) -> &mut AuditCell {
    cell(world, Space::Memory, index)
}

/// The words from a cell of the memory on start as these; so do the image and what the third cycle reads.
fn replace_elements(world: &mut World, first: usize, words: [u64; 4]) {
    for (index, value) in words.into_iter().enumerate() {
        let number = first + index;
        let at = address(Space::Memory, number as u32);
        let cell = memory(world, number as u32);
        (cell.initial, cell.last, cell.public_initial) = (value, value, value != 0);
        let image = world.program.image.iter_mut().find(|(address, _)| *address == at).expect("a cell of the image");
        image.1 = value;
        if let Some(access) = step(world, 3).words.get_mut(number) {
            (access.old, access.new) = (value, value);
        }
    }
}

/// The sum of an element and the modulus, in words.
fn plus_modulus(element: [u64; 4]) -> [u64; 4] {
    let mut sum = ark_ff::BigInt(element);
    assert!(!ark_ff::BigInteger::add_with_carry(&mut sum, &ark_ff::BigInt(MODULUS)));
    sum.0
}

/// Elements without a zero word.
const LEFT: [u64; 4] = [3, 7, 7, 7];
const RIGHT: [u64; 4] = [5, 6, 9, 1];

fn hashed() -> World {
    let elements = [LEFT, RIGHT].concat().try_into().unwrap();
    World::honest(&hash(elements, 0, 64), &Inputs::default(), 100)
}

/// S12, S13: a number beyond the modulus has the same hash as the element that it stands for.
#[test]
fn s12_an_element_that_is_not_canonical() {
    for (first, element, rule) in [(0, LEFT, "left below or equal"), (4, RIGHT, "right below or equal")] {
        let mut world = hashed();
        replace_elements(&mut world, first, plus_modulus(element));
        caught_by_rule(world, true, "poseidon", rule);
    }
    // The modulus itself differs from the largest element in the lower half alone. Its upper half is the modulus', which
    // leaves nothing, if nobody borrows.
    for (first, below, upper, borrow) in [
        (0, "left below", "left below or equal", "borrow of left"),
        (4, "right below", "right below or equal", "borrow of right"),
    ] {
        let mut elements: [u64; 8] = [LEFT, RIGHT].concat().try_into().unwrap();
        elements[first..first + 4].copy_from_slice(&MODULUS);
        elements[first] -= 2;
        let mut world = World::honest(&hash(elements, 0, 64), &Inputs::default(), 100);
        replace_elements(&mut world, first, MODULUS);
        let digest = middle_client::host_interface::hash_words(&match first {
            0 => [0, 0, 0, 0, RIGHT[0], RIGHT[1], RIGHT[2], RIGHT[3]],
            _ => [LEFT[0], LEFT[1], LEFT[2], LEFT[3], 0, 0, 0, 0],
        });
        for (index, value) in digest.unwrap().into_iter().enumerate() {
            step(&mut world, 3).words[8 + index].new = value;
            memory(&mut world, 8 + index as u32).last = value;
        }
        world.refill();
        let block = Layout::get().block("poseidon", 0);
        no_borrow(&mut world, block, borrow, upper);
        caught_by_rule(world, false, "poseidon", below);
    }
}

/// The borrow is 0, and the limbs of the upper half, of which nothing is left then, as well.
fn no_borrow(world: &mut World, block: &Block, borrow: &str, upper: &str) {
    let layout = Layout::get();
    world.values[0][wire(block, borrow)] = Fr::ZERO;
    for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]).filter(|t| t.label.name == upper) {
        if let [(factor, column)] = traffic.coordinates[0][..] {
            assert_eq!(factor, Fr::ONE);
            world.values[0][column] = Fr::ZERO;
        }
    }
}

/// The words of a hash are those of the element below the modulus, not another name of it.
#[test]
fn s13_a_hash_that_is_not_canonical() {
    let mut world = hashed();
    let words: [u64; 4] = std::array::from_fn(|index| step(&mut world, 3).words[8 + index].new);
    let forged = plus_modulus(words);
    for (index, value) in forged.into_iter().enumerate() {
        step(&mut world, 3).words[8 + index].new = value;
        memory(&mut world, 8 + index as u32).last = value;
    }
    caught_by_rule(world, true, "poseidon", "hash below or equal");
    // Another number altogether.
    let mut world = hashed();
    step(&mut world, 3).words[8].new ^= 1;
    memory(&mut world, 8).last ^= 1;
    caught_by_rule(world, true, "poseidon", "hash");
}

/// Words of the hash that are none: a number that one has too many makes up for what the other lacks, and the half that both are
/// is the same. Memory would hold both.
#[test]
fn s5_a_word_of_a_hash_out_of_range() {
    let layout = Layout::get();
    let block = layout.block("poseidon", 0);
    let traffic = || block.traffic.iter().map(|index| &layout.traffic[*index]);
    let words: Vec<usize> =
        traffic().filter(|it| it.label.name == "put cell 3").map(|it| it.coordinates[0][0].1).collect();
    let names = ["first word in range", "second word in range", "third word in range", "fourth word in range"];
    for first in [0, 2] {
        // 2⁶⁴ more in the one and 1 less in the other, or 1 more and a fraction less. The limbs are those of the word in range; the
        // last one of the other is what is left.
        let fraction = two_to(64).inverse().unwrap();
        for (changes, integer, out) in
            [([two_to(64), -Fr::one()], first + 1, first), ([Fr::one(), -fraction], first, first + 1)]
        {
            let (mut world, mut other) = (hashed(), hashed());
            let word = &mut step(&mut other, 3).words[8 + integer].new;
            *word = if integer == first { *word + 1 } else { *word - 1 };
            world.refill();
            other.refill();
            limbs(block, names[integer]).into_iter().for_each(|at| world.values[0][at] = other.values[0][at]);
            // What is put in the cells, and what these hold in the end.
            for (index, change) in [first, first + 1].into_iter().zip(changes) {
                let cell = address(Space::Memory, 8 + index as u32);
                let number =
                    world.rows[0].audits.iter().position(|audit| audit.address == cell).expect("an audited cell");
                let last = wire(layout.block("audit", number), "take last tuple");
                world.values[0][words[index]] += change;
                world.values[0][last] += change;
            }
            caught_by_rule(world, false, "poseidon", names[out]);
        }
    }
}

#[test]
fn s12_a_hash_out_of_bounds_hidden_and_fake() {
    let elements: [u64; 8] = [LEFT, RIGHT].concat().try_into().unwrap();
    let run = |input, output, pages| {
        let code = CanonicalCode { initial_pages: pages, ..hash(elements, input, output) };
        World::honest(&code, &Inputs::default(), 100)
    };
    for (input, output, rule) in [(65_480, 64, "input in bounds"), (0, 65_512, "output in bounds")] {
        // One word beyond the end, as if there were two pages.
        let mut world = run(input, output, 2);
        set_pages(&mut world, 1);
        caught_by_rule(world, true, "poseidon", rule);
    }
    // The last words, as if there were no page.
    for (input, output) in [(65_472, 64), (65_472, 65_504)] {
        let code = CanonicalCode { initial_pages: 0, ..hash([0; 8], input, output) };
        let mut world = World::honest(&code, &Inputs::default(), 100);
        set_pages(&mut world, 1);
        caught_by_rule(world, true, "poseidon_trap", "out of bounds");
    }
}

/// Registers 1 and 2, the addresses, hold others than those with which the program was executed.
fn replace_address(world: &mut World, place: usize, value: u64) {
    let clock = place as u64 + 1;
    replace_word(world, clock, set(clock as u16, value));
    write(world, clock, 3, value);
    read(world, 3, place, value);
    register(world, clock as u32).last = value;
}

#[test]
fn s12_an_unaligned_hash_hidden_and_fake() {
    // A trap of an address that is a multiple of 8.
    let elements: [u64; 8] = [LEFT, RIGHT].concat().try_into().unwrap();
    for (place, input, output) in [(0, 12, 64), (1, 8, 68)] {
        let mut world = World::honest(&hash(elements, input, output), &Inputs::default(), 100);
        replace_address(&mut world, place, 8 * 9);
        caught_by_rule(world, true, "poseidon_trap", "remainder is not zero");
    }
    // A trap out of bounds, of addresses one of which is no multiple of 8.
    for (place, rule) in [(0, "input aligned"), (1, "output aligned")] {
        let mut world = World::honest(&hash(elements, 65_528, 65_520), &Inputs::default(), 100);
        replace_address(&mut world, place, 65_532);
        caught_by_rule(world, true, "poseidon_trap", rule);
    }
    // No trap, and an address between cells 8 and 9. It is caught twice: no cell has such an address either.
    let mut world = hashed();
    replace_address(&mut world, 1, 68);
    world.refill();
    let faults = world.faults(&nothing);
    let by_rule = |fault: &Fault| fault.name() == "output in bounds";
    let by_bus = |fault: &Fault| *fault == Fault::Bus(Bus::Memory as u64);
    assert!(faults.iter().any(by_rule) && faults.iter().any(by_bus), "{faults:?}");
    assert!(faults.iter().all(|fault| by_rule(fault) || by_bus(fault)), "{faults:?}");
}

#[test]
fn s12_a_fake_trap_of_an_element() {
    for (first, element) in [(0, LEFT), (4, RIGHT)] {
        let mut elements: [u64; 8] = [LEFT, RIGHT].concat().try_into().unwrap();
        elements[first..first + 4].copy_from_slice(&plus_modulus(element));
        let mut world = World::honest(&hash(elements, 0, 64), &Inputs::default(), 100);
        // The element that it stands for is one. The row still says that it traps, for the same side.
        replace_elements(&mut world, first, element);
        caught_by_rule(world, true, "poseidon_trap", "upper half not below");
    }
    // Nor is the largest element at fault, whose upper half is the modulus'.
    let mut largest = MODULUS;
    largest[0] -= 1;
    let elements = [LEFT, MODULUS].concat().try_into().unwrap();
    let mut world = World::honest(&hash(elements, 0, 64), &Inputs::default(), 100);
    replace_elements(&mut world, 4, largest);
    world.refill();
    no_borrow(&mut world, Layout::get().block("poseidon_trap", 0), "borrow", "upper half not below");
    caught_by_rule(world, false, "poseidon_trap", "lower half not below");
    // An element is at fault, but the hash or the other element is also out of bounds, which comes first.
    let elements = |right| [MODULUS, right].concat().try_into().unwrap();
    let output_beyond = CanonicalCode { initial_pages: 2, ..hash(elements(RIGHT), 0, 65_512) };
    let mut input_beyond = CanonicalCode { initial_pages: 2, ..hash(elements([0; 4]), 65_504, 0) };
    input_beyond.image.iter_mut().for_each(|cell| cell.index += 65_504 / 8);
    for (code, rule) in [(output_beyond, "output in bounds"), (input_beyond, "input in bounds")] {
        let mut world = World::honest(&code, &Inputs::default(), 100);
        set_pages(&mut world, 1);
        caught_by_rule(world, true, "poseidon_trap", rule);
    }
}

/// A trap of a hash says that its first address or element is at fault, though it is not.
fn first_at_fault(world: &mut World) {
    let block = Layout::get().block("poseidon_trap", 0);
    for rule in ["second", "address at fault", "lower half at fault", "upper half at fault"] {
        world.values[0][wire(block, rule)] = Fr::ZERO;
    }
}

/// A borrow that is no bit: with the upper half of the modulus less, the limbs of an element are those of its sum with the modulus,
/// as the lower half of the modulus is that much above a multiple of 2¹²⁸.
#[test]
fn s12_a_borrow_that_is_no_bit() {
    let half = |words: &[u64]| u128::from(words[0]) | u128::from(words[1]) << 64;
    let forge = |mut world: World, honest: &World, chip: &str, [borrow, below, upper]: [&str; 3], element: [u64; 4]| {
        world.refill();
        if chip == "poseidon_trap" {
            first_at_fault(&mut world);
        }
        let block = Layout::get().block(chip, 0);
        for column in [limbs(block, below), limbs(block, upper)].concat() {
            world.values[0][column] = honest.values[0][column];
        }
        let (_, carry) = half(&element[..2]).overflowing_add(half(&MODULUS[..2]));
        let column = wire(block, borrow);
        let less = Fr::from(u64::from(carry)) + Fr::from(half(&MODULUS[2..]));
        world.values[0][column] = honest.values[0][column] - less;
        caught_by_rule(world, false, chip, borrow);
    };
    // An element that is not canonical is hashed.
    let honest = hashed();
    for (first, element, rules) in [
        (0, LEFT, ["borrow of left", "left below", "left below or equal"]),
        (4, RIGHT, ["borrow of right", "right below", "right below or equal"]),
    ] {
        let mut world = honest.clone();
        replace_elements(&mut world, first, plus_modulus(element));
        forge(world, &honest, "poseidon", rules, element);
    }
    // A hash is not canonical.
    let mut world = honest.clone();
    let words: [u64; 4] = std::array::from_fn(|index| step(&mut world, 3).words[8 + index].new);
    for (index, value) in plus_modulus(words).into_iter().enumerate() {
        step(&mut world, 3).words[8 + index].new = value;
        memory(&mut world, 8 + index as u32).last = value;
    }
    forge(world, &honest, "poseidon", ["borrow of hash", "hash below", "hash below or equal"], words);
    // A canonical element ends in a trap.
    let elements = [plus_modulus(LEFT), RIGHT].concat().try_into().unwrap();
    let honest = World::honest(&hash(elements, 0, 64), &Inputs::default(), 100);
    let mut world = honest.clone();
    replace_elements(&mut world, 0, LEFT);
    forge(world, &honest, "poseidon_trap", ["borrow", "lower half not below", "upper half not below"], LEFT);
}

/// What the trap of a hash is about: an address or half of an element that is neither the first nor the second one's.
#[test]
fn s12_something_else_at_fault_in_a_hash() {
    let block = Layout::get().block("poseidon_trap", 0);
    let name = |rule: &str| wire(block, rule);
    // Both addresses are in bounds, 0 and 64.
    let out_of_bounds = || {
        let code = CanonicalCode { initial_pages: 0, ..hash([0; 8], 0, 64) };
        let mut world = World::honest(&code, &Inputs::default(), 100);
        set_pages(&mut world, 1);
        world.refill();
        world
    };
    for (second, address, rule) in [(4_096u64, 4_096 * 64, "second"), (0, 1 << 16, "address at fault")] {
        let mut world = out_of_bounds();
        for (column, value) in [(name("second"), second), (name("address at fault"), address)] {
            world.values[0][column] = Fr::from(value);
        }
        let beyond = address + 64 - 32 * second - (1 << 16) - 1;
        for (index, column) in limbs(block, "out of bounds").into_iter().enumerate() {
            world.values[0][column] = Fr::from(beyond >> (13 * index) & 8_191);
        }
        caught_by_rule(world, false, "poseidon_trap", rule);
    }
    // Elements that are one below the modulus, or less by 1 in its upper half.
    for (word, rule) in [(0, "lower half at fault"), (2, "upper half at fault")] {
        let elements = [MODULUS, RIGHT].concat().try_into().unwrap();
        let honest = World::honest(&hash(elements, 0, 64), &Inputs::default(), 100);
        let mut world = honest.clone();
        let mut element = MODULUS;
        element[word] -= 1;
        replace_elements(&mut world, 0, element);
        world.refill();
        for rule in ["lower half not below", "upper half not below"] {
            limbs(block, rule).into_iter().for_each(|column| world.values[0][column] = honest.values[0][column]);
        }
        first_at_fault(&mut world);
        world.values[0][name("borrow")] = honest.values[0][name("borrow")];
        world.values[0][name(rule)] = Fr::ONE;
        caught_by_rule(world, false, "poseidon_trap", rule);
    }
    // 72 has a remainder: eight if it is divided less often, or five by a quotient that is none.
    let eighth = Fr::from(8u64).inverse().unwrap();
    for (quotient, limb, rule) in
        [(Fr::from(8u64), 8u64, "remainder in range"), (Fr::from(72u64 - 5) * eighth, 0, "quotient in range")]
    {
        let elements = [LEFT, RIGHT].concat().try_into().unwrap();
        let mut world = World::honest(&hash(elements, 12, 64), &Inputs::default(), 100);
        replace_address(&mut world, 0, 72);
        world.refill();
        let remainder = &tuple_of(block, "remainder in range").coordinates[0];
        let (_, column) = remainder.iter().find(|(factor, _)| *factor == -Fr::from(8u64)).expect("the quotient");
        world.values[0][*column] = quotient;
        set_limb(&mut world, block, "quotient in range", limb);
        caught_by_rule(world, false, "poseidon_trap", rule);
    }
}

/// With one row of one S-box left out, a hash is whatever the prover wants.
#[test]
fn s13_a_hash_by_the_rows_of_an_s_box() {
    let layout = Layout::get();
    let block = layout.block("poseidon", 0);
    // The first S-box of the last round: its rows, and its share in the hash.
    let rows = |name: &str| -> Vec<usize> {
        block.constraints.clone().filter(|row| layout.labels[*row].name == name).collect()
    };
    let [square, fourth, fifth] = ["square", "fourth power", "fifth power"].map(|name| {
        let rows = rows(name);
        assert_eq!(rows.len(), 80);
        rows[77]
    });
    let [a, b, c] = &layout.shape.matrices;
    let wire_of = |row: usize| c[row][0].1;
    let [hash] = rows("hash")[..] else { panic!("one row") };
    let (share, _) = a[hash].iter().find(|(_, column)| *column == wire_of(fifth)).expect("a share in the hash");
    let mut caught = Vec::new();
    for bit in 0..16 {
        let mut world = hashed();
        step(&mut world, 3).words[8].new ^= 1 << bit;
        memory(&mut world, 8).last ^= 1 << bit;
        world.refill();
        let missing = evaluate(&a[hash], &world.values[0]);
        let x = evaluate(&b[fifth], &world.values[0]);
        let values = &mut world.values[0];
        values[wire_of(fifth)] -= missing / *share;
        caught_by_rule(world.clone(), false, "poseidon", "fifth power");
        let power = world.values[0][wire_of(fifth)] / x;
        world.values[0][wire_of(fourth)] = power;
        caught_by_rule(world.clone(), false, "poseidon", "fourth power");
        caught.extend(["fifth power", "fourth power"]);
        // Half of all numbers are squares.
        if let Some(root) = power.sqrt() {
            world.values[0][wire_of(square)] = root;
            caught_by_rule(world, false, "poseidon", "square");
            caught.push("square");
            break;
        }
    }
    assert!(caught.contains(&"square"));
}

/// A call through the last frame that is allowed; `last` is the distance to it.
fn deep_indirect(last: u16) -> CanonicalCode {
    let calls = (0..7).map(|at| word(Call, 0, 8_189, 0, 8_191, at + 1));
    let words = calls.chain([set(1, 0), word(CallIndirect, 0, 9, 1, last, 7 | 1 << 32), halt(0)]).collect();
    program_with(words, vec![Cell { space: Space::Table, index: 0, value: table_entry(9, 7) }], 1)
}

#[test]
fn s12_the_call_stack_of_an_indirect_call_hidden_and_fake() {
    let most = (MAX_FRAME_POINTER - 7 * 8_191) as u16;
    let mut world = World::honest(&deep_indirect(most), &Inputs::default(), 100);
    replace_word(&mut world, 9, deep_indirect(most + 1).words[8]);
    step(&mut world, 10).frame_pointer += 1;
    caught_by_rule(world, true, "call_indirect", "frame in range");
    let mut world = World::honest(&deep_indirect(most + 1), &Inputs::default(), 100);
    replace_word(&mut world, 9, deep_indirect(most).words[8]);
    caught_by_rule(world, true, "call_indirect_trap", "frame above the limit");
}

#[test]
fn s12_a_hidden_index_beyond_the_table() {
    // The table is smaller in truth.
    let mut world = World::honest(&indirect(0, 8, 0), &Inputs::default(), 100);
    replace_word(&mut world, 2, word(CallIndirect, 0, 9, 1, 8, 7));
    caught_by_rule(world, true, "call_indirect", "index in table");
    // S7: what is called is a word of the space behind the table.
    let image = [Space::Table, Space::Data].map(|space| Cell { space, index: 0, value: table_entry(2, 7) });
    let words = vec![set(1, 0), word(CallIndirect, 0, 9, 1, 8, 7 | 1 << 32), halt(0)];
    let mut world = World::honest(&program_with(words, image.to_vec(), 1), &Inputs::default(), 100);
    let index = 1 << 32;
    replace_word(&mut world, 1, set(1, index));
    write(&mut world, 1, 3, index);
    read(&mut world, 2, 0, index);
    register(&mut world, 1).last = index;
    step(&mut world, 2).accesses[2].as_mut().unwrap().address = address(Space::Data, 0);
    let table = cell(&mut world, Space::Table, 0);
    let times = (table.initial_time, table.last_time);
    (table.initial_time, table.last_time) = (0, 0);
    let data = cell(&mut world, Space::Data, 0);
    (data.initial_time, data.last_time) = times;
    caught_by_rule(world, true, "call_indirect", "index in table");
}

/// The trap of an indirect call is another one than the row says.
#[test]
fn s12_another_cause_of_an_indirect_call() {
    let claim = |world: &mut World, clock: u64, trap: Trap| {
        step(world, clock).trap = Some(trap);
        known(world, Bus::State)[1].frame_pointer = trap.code().into();
    };
    // Its type, though the table is smaller.
    let mut world = World::honest(&indirect(1, 8, 0), &Inputs::default(), 100);
    replace_word(&mut world, 2, word(CallIndirect, 0, 9, 1, 8, 7 | 1 << 32));
    caught_by_rule(world, true, "call_indirect_trap", "index in table");
    // That the entry is null, which has another type.
    let mut world = World::honest(&indirect(1, 8, 0), &Inputs::default(), 100);
    claim(&mut world, 2, Trap::UninitializedElement);
    caught_by_rule(world, true, "call_indirect_trap", "entry is null");
    // Its type, though the entry is null.
    let mut world = World::honest(&indirect(2, 8, 0), &Inputs::default(), 100);
    claim(&mut world, 2, Trap::IndirectCallTypeMismatch);
    caught_by_rule(world, true, "call_indirect_trap", "entry is not null");
    // The call stack, though its type is another one.
    let mut world = World::honest(&indirect(0, 8_191, 7), &Inputs::default(), 100);
    replace_word(&mut world, 9, word(CallIndirect, 0, 9, 1, 8_191, 6 | 3 << 32));
    caught_by_rule(world, true, "call_indirect_trap", "types agree");
}

/// An entry that is taken apart in another way: its type is what the row wants, and the target what is left.
#[test]
fn s12_another_type_of_an_entry() {
    let layout = Layout::get();
    let block = layout.block("call_indirect_trap", 0);
    let row = |name: &str| block.constraints.clone().find(|row| layout.labels[*row].name == name).unwrap();
    let [_, difference, _] = [0, 1, 2].map(|matrix: usize| &layout.shape.matrices[matrix][row("types agree")]);
    let entry_type = difference.iter().find(|(factor, _)| factor.is_one()).unwrap().1;
    let [(_, inverse)] = layout.shape.matrices[1][row("types differ")][..] else { panic!("the inverse alone") };
    // The type 5, of an entry of the type 6 that is called as such; or a fraction, with a target that is a number.
    let fraction = Fr::from(6u64) - two_to(32).inverse().unwrap();
    for (forged, limb, rule) in [(Fr::from(5u64), 5, "target in range"), (fraction, 0, "entry's type in range")] {
        let mut world = World::honest(&indirect(1, 8, 0), &Inputs::default(), 100);
        replace_word(&mut world, 2, word(CallIndirect, 0, 9, 1, 8, 6 | 3 << 32));
        world.refill();
        world.values[0][entry_type] = forged;
        world.values[0][inverse] = (forged - Fr::from(6u64)).inverse().unwrap();
        let target = if rule == "target in range" { 2 } else { 3 };
        set_limb(&mut world, block, "target in range", target);
        for column in limbs(block, "entry's type in range") {
            world.values[0][column] = Fr::ZERO;
        }
        set_limb(&mut world, block, "entry's type in range", limb);
        caught_by_rule(world, false, "call_indirect_trap", rule);
    }
}

/// An indirect call by a type that is a fraction: a slot makes up for it in the entry, and the call goes one word too far.
#[test]
fn s11_an_indirect_call_by_a_fraction_of_a_type() {
    let block = Layout::get().block("call_indirect", 0);
    // The code has an index in register 2, the row one in register 3; both are 0.
    let call = |slot, type_number: u64| word(CallIndirect, 0, 9, slot, 8, type_number | 1 << 32);
    let [code, read_from_3, next_type] =
        [(2, 1), (3, 1), (3, 2)].map(|(slot, number)| entry(&call(slot, number)).pack());
    let image = vec![Cell { space: Space::Table, index: 0, value: table_entry(2, 1) }];
    let program = program_with(vec![call(3, 1), halt(1), halt(0)], image, 0);
    let mut world = World::honest(&program, &Inputs::default(), 100);
    // The table's entry names the word before.
    let named = table_entry(1, 1);
    world.program.image[0].1 = named;
    read(&mut world, 1, 2, named);
    let cell = cell(&mut world, Space::Table, 0);
    (cell.initial, cell.last) = (named, named);
    world.program.code[0] = code;
    world.refill();
    let (_, type_number) = tuple_of(block, "fetch").coordinates[0]
        .iter()
        .find(|(factor, _)| *factor == next_type - read_from_3)
        .expect("the type's part of the entry");
    let fraction = Fr::ONE + (code - read_from_3) / (next_type - read_from_3);
    assert_eq!(fraction, Fr::ONE - two_to(32).inverse().unwrap());
    world.values[0][*type_number] = fraction;
    caught_by_rule(world, false, "call_indirect", "type in range");
}

/// An index beyond 32 bits: what is read as a word of the data segments is one of the public input.
#[test]
fn s7_an_index_that_reaches_the_next_space() {
    let words = vec![set(1, 1), word(Get, 0, 2, 1, Space::Input as u16, 0), halt(0)];
    let inputs = Inputs { input: vec![9; 16], ..Inputs::default() };
    let mut world = World::honest(&program(words), &inputs, 10_000);
    let index = 1 + (1 << 32);
    replace_word(&mut world, 1, set(1, index));
    write(&mut world, 1, 3, index);
    read(&mut world, 2, 0, index);
    register(&mut world, 1).last = index;
    replace_word(&mut world, 2, word(Get, 0, 2, 1, Space::Data as u16, 0));
    caught_by_rule(world, true, "cell", "index in range");
}

/// A memory that grows beyond its limit, and one that does not though it could.
#[test]
fn s12_room_for_pages_hidden_and_fake() {
    let block = Layout::get().block("memory", 0);
    for (honest, forged, fits, rule) in [(2, 1, true, "room"), (1, 2, false, "no room")] {
        let grow = |limit| word(Grow, 0, 2, 1, 0, limit);
        let mut world = run(vec![set(1, 1), grow(honest), halt(0)]);
        replace_word(&mut world, 2, grow(forged));
        world.refill();
        let failure = if fits { Fr::ZERO } else { Fr::from(u32::MAX - 1) };
        for (name, value) in
            [("fits", Fr::from(u64::from(fits))), ("failure", failure), ("added", Fr::from(u64::from(fits)))]
        {
            world.values[0][wire(block, name)] = value;
        }
        caught_by_rule(world, false, "memory", rule);
    }
}

/// MIN / −1 is the only overflow: not of a dividend that is one more, nor of a remainder.
#[test]
fn s12_a_fake_overflow_of_a_division() {
    let words = |first| vec![set(1, first), set(2, u64::MAX), binary(DivS64, 3, 1, 2), halt(0)];
    let mut world = run(words(1 << 63));
    let forged = (1 << 63) + 1;
    replace_word(&mut world, 1, set(1, forged));
    write(&mut world, 1, 3, forged);
    read(&mut world, 3, 0, forged);
    register(&mut world, 1).last = forged;
    caught_by_rule(world, true, "divide_trap", "dividend is least");
    let mut world = run(words(1 << 63));
    replace_word(&mut world, 3, binary(RemS64, 3, 1, 2));
    caught_by_rule(world, true, "divide_trap", "quotient of signed");
}

/// A register that a word does not read has a value in its row all the same: the address, index or value of the word is
/// more than its immediate says.
#[test]
fn s13_an_operand_that_the_word_does_not_have() {
    let unread = |value| Some(StepAccess { address: 0, old_time: 0, old: value, new: value });
    let image =
        vec![Cell { space: Space::Memory, index: 1, value: 44 }, Cell { space: Space::Global, index: 1, value: 44 }];
    let both = IMMEDIATE_1 | IMMEDIATE_2;
    let load = |address| word(Load64, IMMEDIATE_1, 2, 0, 0, address);
    let store = |address: u64| word(Store64, both, 0, 0, 0, address | 7 << 32);
    let get = |index| word(Get, IMMEDIATE_1, 2, 0, Space::Global as u16, index);
    let set_cell = |index: u64, value: u64| word(Set, both, Space::Global as u16, 0, 0, index | value << 32);
    // What is executed, what the code has, and the place, value and rule of what makes up for the difference.
    let cases = [
        (load(8), load(0), 0, 8, ("load", "no base")),
        (load(65_536), load(65_528), 0, 8, ("load_trap", "no base")),
        (store(8), store(0), 0, 8, ("store", "no base")),
        (store(65_536), store(65_528), 0, 8, ("store_trap", "no base")),
        (get(1), get(0), 0, 1, ("cell", "no index register")),
        (set_cell(1, 5), set_cell(1, 4), 1, 1, ("cell", "no value register")),
    ];
    for (executed, written, place, value, (chip, rule)) in cases {
        let code = program_with(vec![executed, halt(0)], image.clone(), 1);
        let mut world = World::honest(&code, &Inputs::default(), 100);
        replace_word(&mut world, 1, written);
        step(&mut world, 1).accesses[place] = unread(value);
        caught_by_rule(world, true, chip, rule);
    }
}
