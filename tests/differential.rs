//! Differential tests: the interpreter, canonical code and `wasmi` agree on random modules.
//!
//! `MODULES=1000000 cargo test --release --test differential -- --nocapture` compares more of them.

#[path = "common/cases.rs"]
mod cases;
#[path = "common/engines.rs"]
mod engines;
#[path = "common/generator/mod.rs"]
mod generator;
#[path = "common/shrink.rs"]
mod shrink;
#[path = "common/wasmi_engine.rs"]
mod wasmi_engine;
#[path = "common/wasmi_workaround.rs"]
mod wasmi_workaround;

use cases::{Source, check, check_module, module};
use engines::Failure;
use middle_client::notation::{Reject, Stage};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use shrink::shrink;
use std::collections::BTreeMap;

/// The modules of all tests together, unless the environment variable `MODULES` says otherwise.
const MODULES: u64 = 20_000;
/// The tests among which they are divided, so that they run at the same time.
const TESTS: u64 = 4;

/// What was seen.
#[derive(Default)]
struct Statistics {
    modules: u64,
    rejected: BTreeMap<Reject, u64>,
    /// Modules of which at least one call was compared.
    compared: u64,
    traces: u64,
    exhausted: u64,
    stack_exhausted: u64,
    /// Instructions of each compared execution of `run`, and of each other call.
    run_instructions: Vec<u64>,
    call_instructions: Vec<u64>,
    cycles: u64,
    traps: BTreeMap<String, u64>,
    run_traps: u64,
}

impl Statistics {
    fn print(&mut self, name: &str) {
        let rejected: u64 = self.rejected.values().sum();
        println!(
            "{name}: {} modules, {} compared, {rejected} rejected {:?}",
            self.modules, self.compared, self.rejected
        );
        let share = percent(self.run_traps, self.run_instructions.len());
        println!("  run: {}, {share} % trapped", distribution(&mut self.run_instructions));
        println!("  other calls: {}", distribution(&mut self.call_instructions));
        println!("  traps: {:?}", self.traps);
        println!(
            "  {} cycles, {} traces checked; not compared: {} beyond fuel or cycle limit; {} beyond our call stack",
            self.cycles, self.traces, self.exhausted, self.stack_exhausted
        );
    }
}

fn percent(part: u64, whole: usize) -> u64 {
    100 * part / (whole as u64).max(1)
}

fn mean(instructions: &[u64]) -> u64 {
    instructions.iter().sum::<u64>() / (instructions.len() as u64).max(1)
}

fn distribution(instructions: &mut [u64]) -> String {
    instructions.sort_unstable();
    let median = instructions.get(instructions.len() / 2).copied().unwrap_or_default();
    format!("{} compared, {} instructions in the mean, {median} in the median", instructions.len(), mean(instructions))
}

/// The bytes of a case.
fn case(source: Source, number: u64) -> Vec<u8> {
    let domain = match source {
        Source::Generator => 0,
        Source::WasmSmith => 1,
    };
    let mut rng = ChaCha20Rng::seed_from_u64(number << 1 | domain);
    let mut bytes = vec![0; 100 + rng.next_u32() as usize % 4_000];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn compare_many(source: Source, test: u64) -> Statistics {
    let all = std::env::var("MODULES").ok().map_or(MODULES, |modules| modules.parse().expect("MODULES is a number"));
    let share = all.div_ceil(TESTS);
    let mut statistics = Statistics::default();
    for number in test * share..(test + 1) * share {
        let case = case(source, number);
        statistics.modules += 1;
        let agreement = match check(source, &case) {
            Ok(agreement) => agreement,
            Err(Failure::Rejected(rejection)) => {
                let stage = rejection.reason.stage();
                if matches!(stage, Stage::Malformed | Stage::Invalid) {
                    let wasm = module(source, &case).expect("the module could be made");
                    panic!("{source:?} case {number}: {rejection}: {}", hex::encode(wasm));
                }
                *statistics.rejected.entry(rejection.reason).or_default() += 1;
                continue;
            }
            Err(Failure::Mismatch(_)) => report(source, number, &case),
        };
        statistics.compared += u64::from(!agreement.calls.is_empty());
        statistics.traces += agreement.traces;
        statistics.exhausted += agreement.exhausted;
        statistics.stack_exhausted += agreement.stack_exhausted;
        for call in agreement.calls {
            statistics.cycles += call.cycles;
            if let Some(trap) = call.trap {
                *statistics.traps.entry(trap.name().into()).or_default() += 1;
                statistics.run_traps += u64::from(call.is_run);
            }
            let calls = if call.is_run { &mut statistics.run_instructions } else { &mut statistics.call_instructions };
            calls.push(call.instructions);
        }
    }
    statistics.print(&format!("{source:?} {test}"));
    statistics
}

/// Fails with a small module on which the engines disagree.
fn report(source: Source, number: u64, case: &[u8]) -> ! {
    let wasm = module(source, case).expect("there is a module on which the engines disagree");
    let disagree = |wasm: &[u8]| matches!(check_module(wasm, case), Err(Failure::Mismatch(_)));
    let small = shrink(&wasm, disagree);
    let Err(Failure::Mismatch(mismatch)) = check_module(&small, case) else { unreachable!("it was checked") };
    panic!(
        "{source:?} case {number}: {mismatch}\ncase: {}\nmodule, shrunk (xxd -r -p | wasm2wat): {}",
        hex::encode(case),
        hex::encode(small)
    );
}

/// Our generator makes modules of the profile that run for a while and mostly do not trap.
fn compare_generated(test: u64) {
    let statistics = compare_many(Source::Generator, test);
    assert_eq!(statistics.rejected, BTreeMap::new(), "the generator keeps to the profile");
    assert!(statistics.compared >= statistics.modules * 95 / 100);
    assert!(statistics.traces >= statistics.modules / 2);
    assert!(mean(&statistics.run_instructions) >= 200);
    assert!(percent(statistics.run_traps, statistics.run_instructions.len()) <= 40);
}

/// `wasm-smith` knows nothing of segments that must lie in bounds; it breaks no other rule.
fn compare_random(test: u64) {
    let statistics = compare_many(Source::WasmSmith, test);
    let out_of_bounds = [Reject::ElementSegmentOutOfBounds, Reject::DataSegmentOutOfBounds];
    let by_bounds: u64 = out_of_bounds.iter().filter_map(|reason| statistics.rejected.get(reason)).sum();
    assert_eq!(by_bounds, statistics.rejected.values().sum::<u64>(), "{:?}", statistics.rejected);
    assert!(statistics.compared >= statistics.modules * 60 / 100);
}

#[test]
fn engines_agree_on_generated_modules_1() {
    compare_generated(0);
}

#[test]
fn engines_agree_on_generated_modules_2() {
    compare_generated(1);
}

#[test]
fn engines_agree_on_wasm_smith_modules_1() {
    compare_random(2);
}

#[test]
fn engines_agree_on_wasm_smith_modules_2() {
    compare_random(3);
}
