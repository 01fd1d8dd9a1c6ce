//! What the circuit catches. Every test speaks of a prover that fills the wires as it likes.

#[path = "common/free_wires.rs"]
mod free_wires;
#[path = "common/rules_not_needed.rs"]
mod rules_not_needed;
#[path = "common/soundness.rs"]
mod soundness;
#[path = "common/soundness_programs.rs"]
mod soundness_programs;
#[path = "common/soundness_search.rs"]
mod soundness_search;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, Zero};
use free_wires::{FREE, FREE_PAIRS};
use middle_client::canonical_code::{CanonicalCode, IMMEDIATE_1, IMMEDIATE_2, OUTPUT_LENGTH, Opcode, Space, trace};
use middle_client::circuit::builder::Label;
use middle_client::circuit::bus::Bus;
use middle_client::circuit::entry::address;
use middle_client::host_interface::Inputs;
use rules_not_needed::{NOT_NEEDED, WORD};
use soundness::*;
use soundness_programs::*;
use soundness_search::*;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn honest_proofs_are_accepted() {
    let (mut segments, mut rows) = (0, BTreeMap::new());
    for (index, (name, world)) in worlds().iter().enumerate() {
        assert_eq!(world.faults(&|_| false), [], "{name}");
        // The circuit's own judgement is slow.
        if index % 8 == 0 {
            assert!(world.verdict(&|_| false), "{name}");
        }
        segments += world.values.len();
        for (_, block) in world.active() {
            *rows.entry(block.chip).or_insert(0) += 1;
        }
    }
    println!("{segments} segments, active rows: {rows:?}");
    let chips: BTreeSet<&str> = Layout::get().blocks.iter().map(|block| block.chip).collect();
    assert_eq!(rows.keys().copied().collect::<BTreeSet<&str>>(), chips, "every chip is used");
}

/// Every operation at edge operands; those without operands on registers are executed by the programs that
/// `honest_proofs_are_accepted` is about. (circuit_executions.rs compares instructions with the interpreter.)
#[test]
fn every_operation_at_edge_operands() {
    let programs = edge_programs();
    let mut opcodes = BTreeSet::new();
    let mut note = |code: &CanonicalCode, inputs: &Inputs| {
        trace(code, inputs, 10_000, |cycle| {
            opcodes.insert(cycle.word.opcode as u8);
        });
    };
    let mut cycles = 0;
    for (name, code) in &programs {
        let world = World::honest(code, &Inputs::default(), 10_000);
        assert_eq!(world.faults(&|_| false), [], "{name}:\n{code}");
        cycles += world.cycles;
        note(code, &Inputs::default());
    }
    println!("{} programs, {cycles} cycles", programs.len());
    note(&calls(), &Inputs::default());
    let (code, inputs) = cells();
    note(&code, &inputs);
    trap_programs().iter().for_each(|(_, code)| note(code, &Inputs::default()));
    let missing: Vec<&str> =
        Opcode::ALL.iter().filter(|opcode| !opcodes.contains(&(**opcode as u8))).map(|opcode| opcode.name()).collect();
    assert!(missing.is_empty(), "{missing:?} is executed nowhere");
}

/// S10: with the activity at 0 every multiplicity is 0, whatever the other wires are: shown for all values, since a wire
/// `w` with `w · (w - active - …) = 0` and a product with a factor of 0 are 0.
#[test]
fn an_inactive_row_has_no_traffic() {
    let layout = Layout::get();
    let mut seen = BTreeSet::new();
    for block in &layout.blocks {
        if !seen.insert(block.chip) {
            continue;
        }
        let zero = zero_if_inactive(block);
        for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]) {
            let left: Vec<_> = traffic.multiplicity.iter().filter(|(_, column)| !zero.contains(column)).collect();
            assert!(left.is_empty(), "{:?}: {:?}", traffic.label, left);
        }
    }
}

/// S14: outside of the tables, what is put or taken is a 0/1 wire, a sum or difference of such.
#[test]
fn only_tables_have_free_multiplicities() {
    in_all_circuits(free_multiplicities);
}

/// Judges the universal circuit, and those of some programs: each has chips and tables that others lack.
fn in_all_circuits(judge: impl Fn()) {
    judge();
    let (code, inputs) = cells();
    let elements = ELEMENTS;
    let programs = [(code, inputs), (calls(), Inputs::default()), (hash(elements, 0, 64), Inputs::default())];
    let others = edge_programs().into_iter().filter(|(name, _)| ["grow", "memory at 5"].contains(&&name[..]));
    let arithmetic = program(vec![binary(Opcode::And, 1, 2, 3), binary(Opcode::Popcnt, 1, 2, 0), halt(0)]);
    let others = others.map(|(_, code)| (code, Inputs::default())).chain([(arithmetic, Inputs::default())]);
    for (code, inputs) in programs.into_iter().chain(others) {
        let world = World::honest(&code, &inputs, 10_000);
        let judged = world.in_own_circuit(|world| {
            assert_eq!(world.faults(&|_| false), []);
            assert!(world.verdict(&|_| false));
            judge();
        });
        assert!(judged.is_some());
    }
}

fn free_multiplicities() {
    let layout = Layout::get();
    let bits = boolean_wires();
    let mut free = BTreeSet::new();
    for traffic in &layout.traffic {
        for (_, column) in &traffic.multiplicity {
            if layout.committed.contains(column) && !bits.contains(column) {
                free.insert((traffic.label.chip, traffic.label.name));
            }
        }
    }
    let expected = [
        ("and table", "entry"),
        ("code table", "entry"),
        ("count table", "entry"),
        ("place table", "entry"),
        ("power table", "entry"),
        ("range table", "entry"),
        // How often the number of words of the witness input is asked for.
        ("witness_length", "put words"),
    ];
    let chips: BTreeSet<&str> = layout.traffic.iter().map(|traffic| traffic.label.chip).collect();
    let expected = expected.into_iter().filter(|(chip, _)| chips.contains(chip));
    assert_eq!(free, BTreeSet::from_iter(expected));
}

/// S10, S14: whatever the features of a row are, nothing that it takes is put and the reverse: a row that did would make
/// entries of tables for itself. All values are tried of the wires that multiplicities consist of, and of those that these
/// are products of, which satisfy the constraints among them.
#[test]
fn no_multiplicity_is_negative() {
    in_all_circuits(multiplicities_are_positive);
}

fn multiplicities_are_positive() {
    let layout = Layout::get();
    let (mut seen, mut assignments) = (BTreeSet::new(), 0);
    for block in layout.blocks.iter().filter(|block| block.chip != "witness_length") {
        if !seen.insert(block.chip) {
            continue;
        }
        let traffic: Vec<&Traffic> = block.traffic.iter().map(|index| &layout.traffic[*index]).collect();
        let forms = traffic.iter().map(|traffic| &traffic.multiplicity);
        let mut wires: BTreeSet<usize> = forms.flatten().map(|term| term.1).filter(|wire| *wire != 0).collect();
        let columns = |row: usize, matrix: usize| layout.shape.matrices[matrix][row].iter().map(|term| term.1);
        // A product of two, and what bounds one by others.
        let rows: Vec<usize> = block.constraints.clone().rev().collect();
        for row in rows {
            let all: BTreeSet<usize> =
                (0..3).flat_map(|matrix| columns(row, matrix)).filter(|wire| *wire != 0).collect();
            let product: Vec<usize> = columns(row, 2).collect();
            if matches!(product[..], [wire] if wires.contains(&wire)) && all.len() <= 4 {
                wires.extend(all);
            }
        }
        let wires: Vec<usize> = wires.into_iter().collect();
        let rules: Vec<(usize, usize)> = block
            .constraints
            .clone()
            .filter_map(|row| {
                let all: Vec<usize> =
                    (0..3).flat_map(|matrix| columns(row, matrix)).filter(|wire| *wire != 0).collect();
                let last =
                    all.iter().map(|wire| wires.iter().position(|known| known == wire)).collect::<Option<Vec<_>>>()?;
                Some((*last.iter().max()?, row))
            })
            .collect();
        let mut values = vec![Fr::ZERO; layout.committed.end];
        values[0] = Fr::one();
        let mut judge = |values: &[Fr]| {
            assignments += 1;
            for traffic in &traffic {
                let multiplicity = evaluate(&traffic.multiplicity, values);
                let count = if traffic.label.name.starts_with("put") { multiplicity } else { -multiplicity };
                let few = (0..=16u64).any(|number| count == Fr::from(number));
                assert!(few, "{:?} has the multiplicity {multiplicity}", traffic.label);
            }
        };
        assign(&wires, &rules, 0, &mut values, &mut judge);
    }
    println!("{assignments} assignments of {} chips", seen.len());
}

/// Tries small values of all wires from one on, as long as the constraints hold whose last wire has its value.
fn assign(wires: &[usize], rules: &[(usize, usize)], at: usize, values: &mut [Fr], judge: &mut impl FnMut(&[Fr])) {
    let Some(wire) = wires.get(at) else { return judge(values) };
    for value in -3i64..=3 {
        values[*wire] = if value < 0 { -Fr::from(value.unsigned_abs()) } else { Fr::from(value.unsigned_abs()) };
        if rules.iter().filter(|(last, _)| *last == at).all(|(_, row)| Layout::get().satisfied(*row, values)) {
            assign(wires, rules, at + 1, values, judge);
        }
    }
    values[*wire] = Fr::ZERO;
}

/// S1, S6: each bus has a tag of its own, and it is a constant of the circuit; no challenge multiplies a wire of phase 2.
#[test]
fn every_tuple_has_the_tag_of_its_bus() {
    let layout = Layout::get();
    let mut chips: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for traffic in &layout.traffic {
        assert!(traffic.coordinates[4].iter().all(|(_, column)| *column == 0), "{:?}", traffic.label);
        assert!((1..=12).contains(&traffic.bus), "{:?}", traffic.label);
        for form in &traffic.coordinates {
            assert!(form.iter().all(|(_, column)| *column < layout.committed.end), "{:?}", traffic.label);
        }
        chips.entry(traffic.bus).or_default().insert(traffic.label.chip);
    }
    assert_eq!(chips.len(), 12);
    // S15: only the segment that the verifier calls the first brings the image: a public input says so, the last one.
    for traffic in layout.traffic.iter().filter(|traffic| traffic.label.chip == "image") {
        assert_eq!(traffic.multiplicity, [(Fr::one(), layout.shape.public)]);
    }
}

/// Each phase-1 wire of each kind of active row is changed, by itself and with others. A change is caught if a constraint
/// or look-up of the row fails, or if what the row takes and puts is not what it was: all other rows are as they were.
#[test]
fn every_wire_of_every_chip_is_bound() {
    let layout = Layout::get();
    let mut free: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut pairs: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let (mut wires, mut changes) = (0usize, 0usize);
    for (world, segment, block) in samples(2) {
        let values = &world.values[segment];
        let honest = world.effects(block, values);
        let mut changed = values.clone();
        let mut try_change = |change: &[(usize, Fr)]| {
            changes += 1;
            for (column, value) in change {
                changed[*column] = *value;
            }
            let unnoticed = world.local_faults(block, &changed).is_empty() && world.effects(block, &changed) == honest;
            for (column, _) in change {
                changed[*column] = values[*column];
            }
            unnoticed
        };
        let mut free_here = BTreeSet::new();
        for column in block.wires.clone() {
            wires += 1;
            let mut changes = single_changes(values[column], column as u64).into_iter();
            if changes.any(|value| try_change(&[(column, value)])) {
                free_here.insert(column);
                // A wire of an access or check that the row does not make.
                let unused = layout.constraints_of[column - layout.committed.start].is_empty()
                    && layout.traffic_of[column - layout.committed.start]
                        .iter()
                        .all(|index| evaluate(&layout.traffic[*index].multiplicity, values).is_zero());
                if !unused {
                    *free.entry((block.chip, layout.describe(column))).or_insert(0) += 1;
                }
            }
        }
        for change in coupled_changes(block, values) {
            if change.iter().all(|(column, _)| !free_here.contains(column)) && try_change(&change) {
                let names: Vec<String> = change.iter().map(|(column, _)| layout.describe(*column)).collect();
                *pairs.entry((block.chip, names.join(" with "))).or_insert(0) += 1;
            }
        }
    }
    println!("{wires} wires, {changes} changes");
    let same = [compare(&free, FREE), compare(&pairs, FREE_PAIRS)];
    assert_eq!(same, [true, true], "wires that are free by themselves, and pairs, are those that are listed");
}

fn compare(found: &BTreeMap<(&str, String), usize>, expected: &[(&str, &str, &str)]) -> bool {
    let found: BTreeSet<(&str, &str)> = found.keys().map(|(chip, name)| (*chip, name.as_str())).collect();
    let expected: BTreeSet<(&str, &str)> = expected.iter().map(|(chip, wire, _)| (*chip, *wire)).collect();
    for (chip, name) in found.difference(&expected) {
        println!("    (\"{chip}\", \"{name}\", \"\"),");
    }
    for (chip, name) in expected.difference(&found) {
        println!("not free: {chip}: {name}");
    }
    found == expected
}

/// With what a row takes and its code word fixed, and with every look-up fixed but those of one range check, the linearised
/// constraints leave no direction in which what the row puts could change.
#[test]
fn what_a_row_puts_follows_from_what_it_takes() {
    let mut checked = BTreeMap::new();
    let mut loose: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (world, segment, block) in samples(1).into_iter().filter(|(_, _, block)| !is_choice(block.chip)) {
        let values = &world.values[segment];
        *checked.entry(block.chip).or_insert(0) += 1;
        for released in range_checks(block, values) {
            // The caller of a return is bound by its range, and then the address is; both are needed.
            if (block.chip, released) == ("jump", "caller in range") {
                continue;
            }
            let faults = loose_effects(block, values, &kernel(block, values, &[released]));
            if !faults.is_empty() {
                loose.entry(format!("{} without {:?}", block.chip, released)).or_default().extend(faults);
            }
        }
    }
    println!("{checked:?}");
    assert!(loose.is_empty(), "{loose:#?}");
}

/// The same for the chips of cells, whose rows do not follow from what they take. What the buses bind is fixed: all that a row
/// takes, but for a word of the witness input and its length, which end as they began. What is loose then is what a prover
/// chooses, with nothing released, each range check by itself, and all of them.
#[test]
fn what_a_cells_row_leaves_to_the_prover() {
    let mut loose: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    let mut first_times = BTreeSet::new();
    for (world, segment, block) in samples(2).into_iter().filter(|(_, _, block)| is_choice(block.chip)) {
        let values = &world.values[segment];
        let mut pinned = inputs(block, values);
        if block.chip.starts_with("witness") {
            pinned.remove(&tuple_of(block, "put first tuple").coordinates[0][0].1);
        }
        let checks = range_checks(block, values);
        let all: Vec<&str> = checks.iter().copied().filter(|name| *name != "nothing").collect();
        let singles = checks.iter().map(|name| (*name, vec![*name]));
        for (name, released) in singles.chain([("everything", all.clone())]) {
            let mut parts = loose_parts(block, values, &kernel_of(block, values, &pinned, &released, &[]));
            // Whatever bounds a first time: see *Times* in the chapter.
            if parts.remove("put first tuple: time") {
                first_times.insert(block.chip);
            }
            // How often the number of words is asked for is free in any case.
            let rows = parts.remove("put words: count");
            assert_eq!(rows, block.chip == "witness_length");
            if !parts.is_empty() {
                loose.entry((block.chip, name)).or_default().extend(parts);
            }
        }
    }
    let expected: BTreeMap<(&str, &str), BTreeSet<String>> = LOOSE
        .iter()
        .map(|(chip, released, parts)| ((*chip, *released), parts.iter().map(|part| part.to_string()).collect()))
        .collect();
    assert_eq!(loose, expected, "what is loose in the rows of cells");
    assert_eq!(first_times, BTreeSet::from(["audit", "witness", "witness_length"]));
    // The test can fail: without one of these equations the first value of a cell is loose.
    for (chip, equation, released) in [
        ("audit", "zero", "nothing"),
        ("witness", "shifted", "word in range"),
        ("witness", "last if none after", "all"),
    ] {
        let loose = samples(2).into_iter().filter(|(_, _, block)| block.chip == chip).any(|(world, segment, block)| {
            let values = &world.values[segment];
            let mut pinned = inputs(block, values);
            pinned.remove(&tuple_of(block, "put first tuple").coordinates[0][0].1);
            let checks: Vec<&str> = range_checks(block, values).into_iter().collect();
            let released = if released == "all" { checks } else { vec![released] };
            let parts = loose_parts(block, values, &kernel_of(block, values, &pinned, &released, &[equation]));
            parts.contains("put first tuple: value")
        });
        assert!(loose, "{chip} without {equation}");
    }
}

/// What is loose in a row of a cell, and without which range check.
const LOOSE: &[(&str, &str, &[&str])] = &[
    ("refresh", "elapsed", &["put cell: time"]),
    ("refresh", "everything", &["put cell: time"]),
    ("witness", "everything", &["put first tuple: value", "take last tuple: value"]),
    (
        "witness_length",
        "everything",
        &["put first tuple: value", "put words: time", "put words: value", "take last tuple: value"],
    ),
];

/// The rank test can fail: without these equations what a row puts is loose.
#[test]
fn without_an_equation_a_rows_effect_is_loose() {
    let samples = samples(1);
    let mut chips: BTreeSet<&str> = samples.iter().map(|(_, _, block)| block.chip).collect();
    chips.retain(|chip| !is_choice(chip));
    for chip in chips {
        let of_chip = || samples.iter().filter(|(_, _, block)| block.chip == chip);
        let is_loose = |equations: &[&str], released: &[&str]| {
            of_chip().any(|(world, segment, block)| {
                let values = &world.values[*segment];
                let pinned = inputs(block, values);
                !loose_effects(block, values, &kernel_of(block, values, &pinned, released, equations)).is_empty()
            })
        };
        let listed: Vec<_> = EQUATIONS.iter().filter(|(other, ..)| *other == chip).collect();
        for (_, equations, released) in &listed {
            assert!(is_loose(equations, released), "{chip}: nothing is loose without {equations:?} and {released:?}");
            // With any one of them it is not.
            for one in *equations {
                let others: Vec<&str> = equations.iter().copied().filter(|other| other != one).collect();
                assert!(!is_loose(&others, released), "{chip}: it is loose with {one}, too");
            }
            for one in *released {
                let others: Vec<&str> = released.iter().copied().filter(|other| other != one).collect();
                assert!(!is_loose(equations, &others), "{chip}: it is loose with {one}, too");
            }
        }
        if listed.is_empty() {
            // Nothing of what it puts can be loose: it is what the row takes, and numbers.
            for (world, segment, block) in of_chip() {
                let pinned = inputs(block, &world.values[*segment]);
                let effects = block.traffic.iter().map(|index| &Layout::get().traffic[*index]);
                let wires = effects
                    .filter(|traffic| !traffic.is_look_up())
                    .filter(|traffic| !evaluate(&traffic.multiplicity, &world.values[*segment]).is_zero())
                    .flat_map(|traffic| traffic.coordinates.iter().chain([&traffic.multiplicity]).flatten())
                    .map(|(_, column)| *column)
                    .filter(|column| block.wires.contains(column));
                let free: BTreeSet<usize> = wires.filter(|column| !pinned.contains(column)).collect();
                let names: Vec<String> = free.into_iter().map(|column| Layout::get().describe(column)).collect();
                assert!(names.is_empty(), "{chip}: {names:?}");
            }
        }
    }
}

/// Equations that bind what rows put, with the range checks that have to be released for it. Which trap a row ends with is bound
/// several times, and a word of a hash is cut in limbs twice.
const EQUATIONS: &[(&str, &[&str], &[&str])] = &[
    ("add", &["result"], &[]),
    ("bitwise", &["result"], &["result in range"]),
    ("branch", &["jump"], &[]),
    ("call_indirect_trap", &["undefined", "uninitialized"], &[]),
    ("cell", &["change"], &[]),
    ("compare", &["inverts"], &[]),
    ("count", &["from the left"], &["result in range"]),
    ("count", &["ones"], &["result in range"]),
    ("divide", &["remainder wanted"], &["result in range"]),
    ("divide", &["negated"], &["result in range"]),
    ("divide_trap", &["by zero", "divisor is zero"], &[]),
    ("end", &["not zero if so"], &[]),
    ("extend", &["narrow negative"], &[]),
    ("jump", &["frame of caller"], &[]),
    ("jump", &["return to"], &[]),
    ("load", &["narrow negative"], &[]),
    ("load", &["both words"], &["value in range"]),
    ("memory", &["added"], &[]),
    ("memory", &["failure"], &[]),
    ("multiply", &["product"], &["result in range"]),
    ("poseidon", &["hash"], &["first word in range", "hash below"]),
    ("poseidon", &["fifth power"], &["first word in range", "hash below"]),
    ("poseidon_trap", &["unaligned", "outside"], &[]),
    ("shift", &["filled"], &[]),
    ("shift", &["shifted"], &["lower in range"]),
    ("store", &["change"], &["first word in range"]),
];

/// Chips in which a prover chooses: the audit's rows, which the buses bind, and refreshes, whose time is free.
const CHOICE: [&str; 5] = ["audit", "audit_end", "witness", "witness_length", "refresh"];

fn is_choice(chip: &str) -> bool {
    CHOICE.contains(&chip)
}

/// A search for a second way to satisfy a row: a wire is changed, and what follows from it is derived again, or solved for.
#[test]
fn no_row_has_a_second_effect() {
    let (mut tries, mut found) = (0usize, BTreeMap::new());
    for (world, segment, block) in samples(2).into_iter().filter(|(_, _, block)| !is_choice(block.chip)) {
        let values = &world.values[segment];
        let honest = world.effects(block, values);
        let pinned = inputs(block, values);
        for column in block.wires.clone().filter(|column| !pinned.contains(column)) {
            for value in search_changes(values[column], column as u64) {
                tries += 1;
                let mut search = Search::new(world, block, &pinned, &|_| false);
                let accept = |values: &[Fr]| world.effects(block, values) != honest && plausible(block, values);
                if search.run(values, &[(column, value)], &accept) {
                    let name = format!("{} {}", block.chip, Layout::get().describe(column));
                    *found.entry(name).or_insert(0) += 1;
                }
            }
        }
    }
    println!("{tries} tries");
    assert!(found.is_empty(), "{found:#?}");
}

/// The changes with which a search begins.
fn search_changes(value: Fr, seed: u64) -> Vec<Fr> {
    let changes = single_changes(value, seed);
    let fractions = changes[changes.len() - 2..].to_vec();
    changes.into_iter().take(3).chain(fractions).collect()
}

/// The same search with a rule left out: whether it finds a forged row.
fn is_needed(samples: &[(&'static World, usize, &'static Block)], rule: Label) -> bool {
    let layout = Layout::get();
    let dropped = |other| other == rule;
    for (world, segment, block) in samples.iter().filter(|(_, _, block)| block.chip == rule.chip) {
        let values = &world.values[*segment];
        let honest = world.effects(block, values);
        let pinned = inputs(block, values);
        let has = |traffic: &Traffic| traffic.label == rule && !evaluate(&traffic.multiplicity, values).is_zero();
        if !block.constraints.clone().any(|row| layout.labels[row] == rule)
            && !block.traffic.iter().any(|index| has(&layout.traffic[*index]))
        {
            continue;
        }
        let accept = |values: &[Fr]| world.effects(block, values) != honest && plausible(block, values);
        for column in block.wires.clone().filter(|column| !pinned.contains(column)) {
            for value in search_changes(values[column], column as u64) {
                let mut search = Search::new(world, block, &pinned, &dropped);
                if search.run(values, &[(column, value)], &accept) {
                    return true;
                }
            }
        }
    }
    false
}

/// Without each of these rules there is a forged row: the rule is needed, and the search is able to find what is forged.
#[test]
fn these_rules_are_needed() {
    let samples = samples(1);
    for (chip, name) in NEEDED {
        assert!(is_needed(&samples, Label { chip, name }), "{chip}: {name}");
    }
}

/// All of them: the search finds a forged row without a rule, or the rule is listed with the reason why it finds none.
/// `CHIPS=add,branch` chooses some chips.
///
/// `cargo test --release --test circuit_soundness -- --ignored --nocapture which_rules`
#[test]
#[ignore = "takes minutes"]
fn which_rules_are_needed() {
    let chosen = std::env::var("CHIPS").ok();
    let is_chosen = |chip: &str| chosen.as_ref().is_none_or(|chosen| chosen.split(',').any(|one| one == chip));
    let samples = samples(1);
    let (mut needed, mut not_needed) = (BTreeSet::new(), BTreeSet::new());
    for rule in searched_rules(&samples).into_iter().filter(|rule| is_chosen(rule.chip)) {
        let is_needed = is_needed(&samples, rule);
        println!("{}: {}: {}", rule.chip, rule.name, if is_needed { "needed" } else { "nothing found" });
        (if is_needed { &mut needed } else { &mut not_needed }).insert((rule.chip, rule.name));
    }
    let listed = NOT_NEEDED.iter().map(|(chip, rule, _)| (*chip, *rule)).filter(|(chip, _)| is_chosen(chip));
    assert_eq!(not_needed, listed.collect(), "rules without which nothing is found");
    let missing: Vec<_> = NEEDED.iter().filter(|rule| is_chosen(rule.0) && !needed.contains(*rule)).collect();
    assert!(missing.is_empty(), "no longer shown to be needed: {missing:?}");
}

/// The constraints and look-ups of the chips whose rows follow from what they take.
fn searched_rules(samples: &[(&'static World, usize, &'static Block)]) -> BTreeSet<Label> {
    let layout = Layout::get();
    let mut rules: BTreeSet<Label> = BTreeSet::new();
    for (_, _, block) in samples.iter().filter(|(_, _, block)| !is_choice(block.chip)) {
        rules.extend(block.constraints.clone().map(|row| layout.labels[row]));
        let look_ups = block.traffic.iter().map(|index| &layout.traffic[*index]);
        rules.extend(look_ups.filter(|traffic| traffic.is_look_up()).map(|traffic| traffic.label));
    }
    rules
}

/// What is listed is a rule, once, and an attack that is named as its reason exists.
#[test]
fn rules_without_a_search_are_rules_with_a_reason() {
    let attacks = [
        include_str!("common/soundness_attacks.rs"),
        include_str!("common/soundness_attacks_rules.rs"),
        include_str!("circuit_soundness.rs"),
    ];
    let rules = searched_rules(&samples(1));
    let layout = Layout::get();
    let multiplicities: BTreeSet<usize> =
        layout.traffic.iter().flat_map(|traffic| &traffic.multiplicity).map(|(_, column)| *column).collect();
    let mut seen = BTreeSet::new();
    for (chip, name, reason) in NOT_NEEDED {
        if reason.starts_with("binds a multiplicity") {
            let row = layout.labels.iter().position(|label| *label == Label { chip, name }).expect("a constraint");
            let mut bound = layout.shape.matrices[0][row].iter().chain(&layout.shape.matrices[1][row]);
            assert!(bound.any(|(_, column)| multiplicities.contains(column)), "{chip}: {name} binds no multiplicity");
        }
        assert!(rules.contains(&Label { chip, name }) && seen.insert((chip, name)), "{chip}: {name}");
        assert!(!NEEDED.contains(&(chip, name)), "{chip}: {name} is shown to be needed");
        let mut named = reason.split('`').skip(1).step_by(2).filter(|named| named.contains('_'));
        assert!(named.all(|named| attacks.iter().any(|text| text.contains(&format!("fn {named}(")))), "{reason}");
    }
}

/// Trades two parts of an entry in each row, so that the code word is the same, and looks for values that make up for it. Returns
/// the part of the first that it finds.
fn other_decoding(
    samples: &[(&'static World, usize, &'static Block)],
    chip: Option<&str>,
    dropped: &dyn Fn(Label) -> bool,
) -> Option<String> {
    let layout = Layout::get();
    for &(world, segment, block) in samples {
        let values = &world.values[segment];
        let is_fetch = |index: &&usize| layout.traffic[**index].bus == Bus::Code as u64;
        let Some(fetch) = block.traffic.iter().find(is_fetch) else { continue };
        if chip.is_some_and(|chip| chip != block.chip) || block.chip == "limit" {
            continue;
        }
        let mut parts: Vec<(Fr, usize)> = layout.traffic[*fetch].coordinates[0].clone();
        parts.retain(|(_, column)| *column != block.wires.start);
        let pinned: BTreeSet<usize> = block.wires.clone().take(5).chain(parts.iter().map(|part| part.1)).collect();
        // One of a part is a fraction of one of the two last ones, and as many of it as the next part's factor says are one of that.
        let step = |from: usize| if values[from].is_zero() { Fr::one() } else { -Fr::one() };
        let fractions =
            parts.iter().flat_map(|from| parts.iter().rev().take(2).map(move |to| (from, to, step(from.1))));
        let mut ascending = parts.clone();
        ascending.sort_by_key(|(factor, _)| *factor);
        let carries = ascending.windows(2).flat_map(|pair| {
            let carry = pair[1].0 * pair[0].0.inverse().unwrap();
            [carry, -carry].map(|step| (&pair[0], &pair[1], step))
        });
        let near = [1, 2].into_iter().flat_map(|places| ascending.windows(places + 1));
        let near = near.map(|parts| (&parts[0], &parts[parts.len() - 1], step(parts[0].1)));
        for ((factor, from), (other, to), step) in fractions.chain(carries).chain(near) {
            if from != to {
                let mut search = Search::new(world, block, &pinned, dropped);
                let change =
                    [(*from, values[*from] + step), (*to, values[*to] - *factor * step * other.inverse().unwrap())];
                if search.run(values, &change, &|values| plausible(block, values)) {
                    return Some(format!("{}: {}", block.chip, layout.describe(*from)));
                }
            }
        }
    }
    None
}

/// S11: a code word is taken apart in one way.
#[test]
fn a_code_word_is_decoded_in_one_way() {
    assert_eq!(other_decoding(&samples(1), None, &|_| false), None);
}

/// S11: what the upper part of an entry is bound by; without it, slots and features could be others.
#[test]
fn a_code_word_is_decoded_in_one_way_by_these_rules() {
    let rules = [
        ("branch", "target in range"),
        ("call_trap", "target in range"),
        ("cell", "high in range"),
        ("divide_trap", "q in range"),
        ("memory", "maximum in range"),
        ("multiply", "q in range"),
        ("store_trap", "q in range"),
    ];
    let all = samples(1);
    for (chip, name) in rules {
        let dropped = |label: Label| label.chip == chip && label.name == name;
        assert!(other_decoding(&all, Some(chip), &dropped).is_some(), "{chip}: {name} is not needed");
    }
}

/// S11: so could each of those of which the list of rules says that they bind the code word.
#[test]
fn each_part_of_a_code_word_is_bound() {
    let all = samples(1);
    let loose = |chip, name| {
        let dropped = |label: Label| label == Label { chip, name };
        other_decoding(&all, Some(chip), &dropped).is_some()
    };
    let listed = NOT_NEEDED.iter().filter(|(.., reason)| *reason == WORD);
    let bound: Vec<_> =
        listed.filter(|(chip, name, _)| !loose(chip, name)).map(|(chip, name, _)| (chip, name)).collect();
    assert!(bound.is_empty(), "{bound:#?}");
}

/// A count of ones could be any number if its parts were not bound.
#[test]
fn the_ones_of_a_chunk_are_bound() {
    let all = samples(1).into_iter().filter(|(_, _, block)| block.chip == "count");
    let loose = all.filter(|(world, segment, block)| {
        let values = &world.values[*segment];
        let directions = |released: &[&str]| loose_effects(block, values, &kernel(block, values, released));
        assert!(directions(&["result in range"]).is_empty());
        assert!(directions(&["ones in range"]).is_empty());
        !directions(&["result in range", "ones in range"]).is_empty()
    });
    assert!(loose.count() > 0);
}

/// What is mixed up in the tuples of cells. A value has the plain coordinate to itself, the time that of beta and the address
/// that of delta; nothing has that of gamma.
fn mixed(traffic: &Traffic) -> Vec<&'static str> {
    let columns = |index: usize| -> BTreeSet<usize> {
        traffic.coordinates[index].iter().map(|(_, column)| *column).filter(|column| *column != 0).collect()
    };
    let [value, time, other, address] = [0, 1, 2, 3].map(columns);
    let Label { chip, name } = traffic.label;
    // A link word says where it was put: the frame pointer is part of its value, and of its address.
    let is_link = ["jump", "call_indirect"].contains(&chip) && name == "put cell 3";
    let shared: Vec<usize> = value.intersection(&address).copied().collect();
    let is_plain = matches!(traffic.coordinates[0][..], [(factor, _)] if factor.is_one());
    let faults = [
        (shared.len() != usize::from(is_link), "a value has a part of the address"),
        (!value.is_disjoint(&time) || !time.is_disjoint(&address), "a time has a part of something else"),
        (!other.is_empty(), "the coordinate of program counters is used"),
        (time.is_empty() == (traffic.bus == Bus::Memory as u64), "there is a time, or is none"),
        (address.is_empty(), "there is no address"),
        // What is put can be a sum; what is taken is a value and nothing that makes up for another part.
        (!is_plain && !name.starts_with("put"), "what is taken is no wire"),
    ];
    faults.into_iter().filter(|(holds, _)| *holds).map(|(_, fault)| fault).collect()
}

/// S6: no part of a cell's tuple can be traded for another part.
#[test]
fn values_times_and_addresses_have_coordinates_of_their_own() {
    let layout = Layout::get();
    let buses = [Bus::Memory as u64, Bus::Initial as u64, Bus::Final as u64];
    let mut tuples = 0;
    for traffic in layout.traffic.iter().filter(|traffic| buses.contains(&traffic.bus)) {
        tuples += 1;
        assert_eq!(mixed(traffic), [""; 0], "{:?}", traffic.label);
        let [value, time, _, address, _] = traffic.coordinates.clone();
        let packed = |parts: [Form; 4]| {
            let [value, time, other, address] = parts;
            let tag = traffic.coordinates[4].clone();
            Traffic { coordinates: [value, time, other, address, tag], ..traffic.clone() }
        };
        // Packed in one coordinate, or exchanged, they are seen.
        let sum = |first: &Form, second: &Form| [&first[..], second].concat();
        assert!(!mixed(&packed([sum(&value, &address), time.clone(), vec![], vec![]])).is_empty());
        assert!(!mixed(&packed([sum(&value, &address), time.clone(), vec![], address.clone()])).is_empty());
        assert!(!mixed(&packed([value.clone(), sum(&time, &address), vec![], address.clone()])).is_empty());
        assert!(!mixed(&packed([value.clone(), time.clone(), address, vec![]])).is_empty());
    }
    println!("{tuples} tuples");
    assert!(tuples > 500);
}

/// S6: a word reads register 1 and writes to output 0. It takes the tuples of register 2 and output 1 instead, with values
/// that are not integers and make up for the addresses, and puts them back alike: the output has what register 2 holds, at
/// another place. Where address and value share a coordinate that passes, since nobody range-checks a value that was taken.
#[test]
fn an_access_takes_no_tuple_of_another_cell() {
    let words = vec![
        set(1, 5),
        set(2, 6),
        word(Opcode::Set, IMMEDIATE_1, Space::Output as u16, 0, 1, 0),
        word(Opcode::Set, IMMEDIATE_1 | IMMEDIATE_2, Space::Length as u16, 0, 0, OUTPUT_LENGTH as u64 | 16 << 32),
        halt(0),
    ];
    let honest = World::honest(&program(words), &Inputs::default(), 100);
    assert!(honest.verdict(&|_| false) && honest.verdict_if_packed());
    let mut world = honest;
    let [first, second] = [0, 1].map(|index| address(Space::Output, index));
    // What the verifier is told of the output: 0 and 6 instead of 5 and 0.
    for (_, tuple) in &mut world.known {
        if tuple.bus == Bus::Final && [first, second].contains(&tuple.frame_pointer) {
            assert_eq!(tuple.plain, Fr::from(if tuple.frame_pointer == first { 5u64 } else { 0 }));
            tuple.plain = Fr::from(if tuple.frame_pointer == first { 0u64 } else { 6 });
        }
    }
    for cell in world.rows.iter_mut().flat_map(|rows| &mut rows.audits) {
        match cell.address {
            // Register 1 rests after its write at time 7; register 2 is read at 13, output 1 written at 14.
            1 => cell.last_time = 7,
            2 => cell.last_time = 13,
            at if at == first => (cell.last, cell.last_time, cell.initial_time) = (0, 0, 0),
            // The time before the access, as the honest row has it for output 0.
            at if at == second => (cell.last, cell.last_time, cell.initial_time) = (6, 14, 13),
            _ => {}
        }
    }
    world.refill();
    let block = Layout::get().block("cell", 0);
    let part = |name: &str, coordinate: usize| tuple_of(block, name).coordinates[coordinate][0].1;
    let trade = two_to(40).inverse().unwrap();
    let values = &mut world.values[0];
    values[part("take cell 1", 0)] = Fr::from(6u64) + trade;
    values[part("take cell 1", 1)] = Fr::from(11u64);
    values[part("take cell 2", 0)] = trade;
    values[wire(block, "change")] = Fr::from(6u64);
    assert!(world.verdict_if_packed(), "it passes where address and value share a coordinate");
    assert_eq!(world.faults(&|_| false), [Fault::Bus(Bus::Memory as u64)]);
    assert!(!world.verdict(&|_| false));
}

#[path = "common/soundness_attacks.rs"]
mod soundness_attacks;
#[path = "common/soundness_attacks_cells.rs"]
mod soundness_attacks_cells;
#[path = "common/soundness_attacks_rules.rs"]
mod soundness_attacks_rules;
#[path = "common/soundness_attacks_sums.rs"]
mod soundness_attacks_sums;

/// Rules, one or more for each security rule about values.
const NEEDED: &[(&str, &str)] = &[
    ("add", "carry"),
    ("add", "keeps only if not zero"),
    ("add", "result in range"),
    ("bitwise", "chunk"),
    ("branch", "order"),
    ("call_indirect_trap", "one cause"),
    ("compare", "equal only if no difference"),
    ("compare", "holds"),
    ("compare", "order"),
    ("count", "below the highest"),
    ("count", "other bits in range"),
    ("count", "power"),
    ("count", "zero"),
    ("count", "zero only if zero"),
    ("divide", "division"),
    ("divide", "remainder below divisor"),
    ("divide", "result in range"),
    ("divide_trap", "divisor is zero"),
    ("end", "not zero if so"),
    ("end", "not zero only if so"),
    ("extend", "high in range"),
    ("extend", "low in range"),
    ("extend", "negative"),
    ("jump", "caller in range"),
    ("jump", "return to"),
    ("load", "below the power"),
    ("load", "both words"),
    ("load", "negative"),
    ("load", "no second word"),
    ("load", "place and size"),
    ("load", "value in range"),
    ("memory", "failure"),
    ("multiply", "product"),
    ("multiply", "result in range"),
    ("multiply", "upper in range"),
    ("shift", "lower in range"),
    ("shift", "power"),
    ("shift", "sign in range"),
    ("shift", "upper in range"),
    ("store", "old in range"),
    ("store", "operand"),
    ("store", "rest in range"),
    ("store", "value in range"),
];
