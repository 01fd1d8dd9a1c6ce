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
#[path = "common/wasmi_engine.rs"]
mod wasmi_engine;
#[path = "common/wasmi_workaround.rs"]
mod wasmi_workaround;

use cases::Source;
use circuit_cases::Case;
use engines::Failure;
use generator::Choices;
use middle_client::circuit::entry::Kind;
use middle_client::notation::Outcome;
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
