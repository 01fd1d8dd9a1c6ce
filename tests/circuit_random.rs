//! Random programs in all engines, the circuit included; and what the circuit refuses of them.
//!
//! `PROGRAMS=100000 cargo test --release --test circuit_random -- --nocapture` tries more of them.

#![allow(dead_code)] // other tests use the rest of the shared modules

#[path = "common/cases.rs"]
mod cases;
#[path = "common/circuit_cases.rs"]
mod circuit_cases;
#[path = "common/engines.rs"]
mod engines;
#[path = "common/free_wires.rs"]
mod free_wires;
#[path = "common/generator/mod.rs"]
mod generator;
#[path = "common/registers.rs"]
mod registers;
#[path = "common/wasmi_engine.rs"]
mod wasmi_engine;
#[path = "common/wasmi_workaround.rs"]
mod wasmi_workaround;

use cases::Source;
use circuit_cases::Case;
use engines::Failure;
use generator::Choices;
use middle_client::canonical_code::{CanonicalCode, IMMEDIATE_1, Opcode, Shape, Word, lower, lower_invocation};
use middle_client::circuit::entry::Kind;
use middle_client::host_interface::Inputs;
use middle_client::notation::Outcome;
use middle_client::profile::{ExportKind, Module, ValueType, decode};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;

/// Programs of each test, unless the environment variable `PROGRAMS` says otherwise.
const PROGRAMS: u64 = 400;

fn programs() -> u64 {
    std::env::var("PROGRAMS").ok().map_or(PROGRAMS, |programs| programs.parse().expect("PROGRAMS is a number"))
}

/// The bytes of a program and choices for what is done with it.
fn case(domain: u64, number: u64) -> (Vec<u8>, [u8; 64]) {
    let mut rng = ChaCha20Rng::seed_from_u64(number << 3 | domain);
    let mut bytes = vec![0; 100 + rng.next_u32() as usize % 2_000];
    rng.fill_bytes(&mut bytes);
    let mut choices = [0; 64];
    rng.fill_bytes(&mut choices);
    (bytes, choices)
}

/// Interpreter, canonical code and `wasmi` agree, and the trace satisfies the circuit, as a proof of what they agree on.
#[test]
fn all_engines_and_the_circuit_agree() {
    let (mut compared, mut cycles) = (0, 0);
    let (mut ends, mut rows) = (BTreeMap::<&str, u64>::new(), BTreeMap::new());
    for number in 0..programs() {
        let (bytes, _) = case(0, number);
        match cases::check(Source::Generator, &bytes) {
            Ok(agreement) => compared += u64::from(!agreement.calls.is_empty()),
            Err(Failure::Rejected(rejection)) => panic!("the generator keeps to the profile: {rejection}"),
            Err(Failure::Mismatch(mismatch)) => panic!("case {number}: {mismatch}"),
        }
        let Some(case) = Case::new(&bytes) else { continue };
        let seen = case.honest();
        cycles += seen.cycles;
        let end = match seen.outcome {
            Some(Outcome::Accepted) => "accepted",
            Some(Outcome::Rejected(_)) => "rejected",
            Some(Outcome::Trapped(trap)) => trap.name(),
            None => continue,
        };
        *ends.entry(end).or_default() += 1;
        for (chip, count) in seen.rows {
            *rows.entry(chip).or_insert(0) += count;
        }
    }
    println!("{compared} programs compared, {cycles} cycles in the circuit, ends: {ends:?}, rows: {rows:?}");
    assert!(compared >= programs() * 9 / 10);
    assert!(cycles >= programs() * 200, "the programs run for a while");
    assert!(ends.contains_key("accepted") && ends.contains_key("rejected") && ends.len() >= 5, "{ends:?}");
    for kind in Kind::ALL {
        assert!(rows.contains_key(kind.name()), "no row of {}", kind.name());
    }
}

/// Another word's execution is no proof about the program.
#[test]
fn another_execution_is_refused() {
    let mut told = BTreeMap::<&str, u64>::new();
    for number in 0..programs() {
        let (bytes, choices) = case(1, number);
        let Some(case) = Case::new(&bytes) else { continue };
        let mut choices = Choices::new(&choices);
        for _ in 0..3 {
            if let Some(word) = case.lie(&mut choices) {
                *told.entry(Kind::of(word.opcode).name()).or_default() += 1;
            }
        }
    }
    println!("{told:?}");
    assert!(told.values().sum::<u64>() >= programs() / 2, "{told:?}");
    assert!(told.len() >= 10, "{told:?}");
}

/// Another outcome is no proof either.
#[test]
fn another_statement_is_refused() {
    let mut refused = 0;
    for number in 0..programs() {
        let (bytes, choices) = case(2, number);
        if let Some(case) = Case::new(&bytes) {
            refused += u64::from(case.false_statement(&mut Choices::new(&choices)));
        }
    }
    println!("{refused} refused");
    assert!(refused >= programs() / 2, "{refused}");
}

/// A changed wire is noticed, unless the chapter says that it is free.
#[test]
fn a_changed_wire_is_noticed() {
    let (mut noticed, mut free) = (BTreeMap::<&str, u64>::new(), BTreeMap::<String, u64>::new());
    for number in 0..programs() {
        let (bytes, choices) = case(3, number);
        if let Some(case) = Case::new(&bytes) {
            let mut choices = Choices::new(&choices);
            for _ in 0..2 {
                match case.changed_wire(&mut choices) {
                    (chip, None) => *noticed.entry(chip).or_default() += 1,
                    (chip, Some(wire)) => *free.entry(format!("{chip}: {wire}")).or_default() += 1,
                }
            }
        }
    }
    println!("noticed: {noticed:?}, free: {free:#?}");
    // Most are bound.
    assert!(noticed.values().sum::<u64>() >= programs() * 3 / 2, "{noticed:?}");
    assert!(noticed.len() >= 15, "{noticed:?}");
    assert!(free.values().sum::<u64>() <= programs() / 5, "{free:?}");
}

/// A module by one of the generators, programs of it and inputs: as an extension if it is one, or invocations of what it
/// exports.
fn lowered(source: Source, number: u64) -> Option<(Module, Vec<CanonicalCode>, Inputs)> {
    /// Functions of a module that are invoked.
    const INVOKED: usize = 4;
    let (bytes, choices) = case(4, number);
    let module = decode(&cases::module(source, &bytes)?).ok()?;
    let mut choices = Choices::new(&choices);
    let codes = match lower(&module) {
        Ok(code) => vec![code],
        Err(_) => {
            let functions = module.exports.iter().filter_map(|export| match export.kind {
                ExportKind::Function(function) => Some(function),
                _ => None,
            });
            let invoked = functions.take(INVOKED).filter_map(|function| {
                let params = &module.function_type(function).params;
                let argument = |kind: &ValueType| match kind {
                    ValueType::I32 => choices.word() & u64::from(u32::MAX),
                    ValueType::I64 => choices.word(),
                };
                let arguments: Vec<u64> = params.iter().map(argument).collect();
                lower_invocation(&module, function, &arguments).ok()
            });
            invoked.collect()
        }
    };
    let inputs = engines::inputs(&mut choices);
    Some((module, codes, inputs))
}

/// Cycles of an execution that is watched.
const WATCHED: u64 = 20_000;

/// S20: in no execution a register is read that its activation did not write, nor is a link word touched while its frame
/// lives, and each return takes what its call has put.
#[test]
fn registers_are_what_lowering_promises() {
    for source in [Source::Generator, Source::WasmSmith] {
        let mut total = registers::Watched::default();
        for number in 0..programs() {
            let Some((module, codes, inputs)) = lowered(source, number) else { continue };
            for code in codes {
                match registers::watch(&code, &module, &inputs, WATCHED) {
                    Ok(watched) => {
                        total.cycles += watched.cycles;
                        total.reads += watched.reads;
                        total.calls += watched.calls;
                        total.returns += watched.returns;
                        total.deepest = total.deepest.max(watched.deepest);
                    }
                    Err(broken) => panic!("{source:?} {number}: {broken} in\n{code}"),
                }
            }
        }
        println!("{source:?}: {total:?}");
        match source {
            Source::Generator => {
                assert!(total.reads > 200 * programs() && total.returns > programs() && total.deepest > 10, "{total:?}")
            }
            Source::WasmSmith => assert!(total.reads > programs() && total.returns > programs() / 10, "{total:?}"),
        }
    }
}

/// A word that does nothing.
fn nothing(address: usize) -> Word {
    let jump = Word { opcode: Opcode::Jump, mode: 0, dst: 0, src1: 0, src2: 0, immediate: 0 };
    Word { immediate: address as u64 + 1, ..jump }
}

/// What a fault of lowering could make of a program, and how many executions have to show it.
type Mutant = (&'static str, fn(&mut CanonicalCode), u64);

/// The addresses behind the first words of functions, at which locals are zeroed.
fn zeroings(code: &CanonicalCode) -> Vec<usize> {
    let is_zero = |word: &&Word| word.opcode == Opcode::Move && word.mode == IMMEDIATE_1 && word.immediate == 0;
    let functions = code.symbols.iter().filter(|symbol| symbol.name.starts_with("function "));
    functions
        .flat_map(|symbol| {
            let start = symbol.address as usize;
            start..start + code.words[start..].iter().take_while(is_zero).count()
        })
        .collect()
}

/// The link slot of each function, by the addresses of its words.
fn links(code: &CanonicalCode) -> BTreeMap<usize, u16> {
    let mut links = BTreeMap::new();
    let mut words = Vec::new();
    for (address, word) in code.words.iter().enumerate() {
        if code.symbols.iter().any(|symbol| symbol.address as usize == address) {
            words.clear();
        }
        words.push(address);
        if word.opcode == Opcode::Return {
            links.extend(words.drain(..).map(|address| (address, word.src1)));
        }
    }
    links
}

const MUTANTS: [Mutant; 5] = [
    ("no local is zeroed", |code| zeroings(code).into_iter().for_each(|at| code.words[at] = nothing(at)), 20),
    (
        "a result is written to the link slot",
        |code| {
            for (address, link) in links(code) {
                if code.words[address].opcode.shape() == Shape::Binary {
                    code.words[address].dst = link;
                }
            }
        },
        100,
    ),
    (
        "an operand is read from the link slot",
        |code| {
            for (address, link) in links(code) {
                if code.words[address].opcode.shape() == Shape::Binary && code.words[address].mode == 0 {
                    code.words[address].src2 = link;
                }
            }
        },
        20,
    ),
    (
        "a return reads another slot",
        |code| {
            code.words.iter_mut().filter(|word| word.opcode == Opcode::Return).for_each(|word| word.src1 ^= 1);
        },
        100,
    ),
    (
        "a frame begins one slot higher",
        |code| {
            let calls = code.words.iter_mut().filter(|word| word.opcode == Opcode::Call);
            calls.for_each(|word| (word.src2, word.dst) = (word.src2 + 1, word.dst + 1));
        },
        100,
    ),
];

/// The test above sees what is wrong.
#[test]
fn faults_of_lowering_show_in_registers() {
    for (name, change, least) in MUTANTS {
        let (mut changed, mut seen) = (0, BTreeMap::<String, u64>::new());
        for number in 0..programs() {
            let Some((module, mut codes, inputs)) = lowered(Source::Generator, number) else { continue };
            let Some(mut code) = codes.pop() else { continue };
            let honest = code.words.clone();
            change(&mut code);
            changed += u64::from(code.words != honest);
            if let Err(broken) = registers::watch(&code, &module, &inputs, WATCHED) {
                let kind = broken.split(':').next().unwrap_or_default();
                *seen.entry(kind.chars().filter(|letter| !letter.is_ascii_digit()).collect()).or_default() += 1;
            }
        }
        let count: u64 = seen.values().sum();
        println!("{name}: {changed} programs changed, {count} seen: {seen:?}");
        assert!(count * PROGRAMS >= least * programs(), "{name}: {count} of {changed}, {seen:?}");
    }
}
