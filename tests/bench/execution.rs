//! How many WebAssembly instructions the engines execute in a second, beside `wasmi`, on the same modules and inputs.
//!
//! An instruction is one that the interpreter counts, whichever engine runs: so the rates compare times.

#[path = "../common/wasmi_engine.rs"]
#[allow(dead_code)] // the differential tests use the rest
mod wasmi_engine;
mod workloads;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use middle_client::canonical_code::{self, CanonicalCode, lower};
use middle_client::execution;
use middle_client::notation::Execution;
use middle_client::profile::{Module, load};
use std::hint::black_box;
use std::time::{Duration, Instant};
use wasmi_engine::Translated;
use workloads::{Workload, workloads};

/// No large case comes near it.
const LIMIT: u64 = 1 << 40;
/// Executions of each engine of which the fastest counts in the table.
const RUNS: u32 = 10;

/// A workload, ready for each engine.
struct Prepared {
    workload: Workload,
    module: Module,
    code: CanonicalCode,
    translated: Translated,
}

/// The engines, in the order of the table's columns.
const ENGINES: [&str; 4] = ["wasmi", "interpreter", "code", "code with trace"];

impl Prepared {
    fn new(workload: Workload) -> Prepared {
        let module = load(&workload.wasm).expect("the profile accepts it");
        let code = lower(&module).expect("it lowers");
        let translated = Translated::new(&workload.wasm, None);
        Prepared { module, code, translated, workload }
    }

    fn run(&self, engine: &str) -> Execution {
        let inputs = &self.workload.inputs;
        match engine {
            "wasmi" => self.translated.instantiate(inputs).expect("it starts").run(),
            "interpreter" => execution::run(&self.module, inputs, LIMIT).expect("the fuel suffices").execution,
            "code" => canonical_code::execute(&self.code, inputs, LIMIT).execution,
            _ => {
                canonical_code::trace(&self.code, inputs, LIMIT, |cycle| {
                    black_box(cycle);
                })
                .execution
            }
        }
    }

    fn instructions(&self) -> u64 {
        execution::run(&self.module, &self.workload.inputs, LIMIT).expect("the fuel suffices").instructions
    }
}

fn benchmark(criterion: &mut Criterion) {
    let prepared: Vec<Prepared> = workloads().into_iter().map(Prepared::new).collect();
    print_ratios(&prepared);
    let mut group = criterion.benchmark_group("execution");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    for prepared in &prepared {
        group.throughput(Throughput::Elements(prepared.instructions()));
        for engine in ENGINES {
            let id = BenchmarkId::new(engine, &prepared.workload.name);
            group.bench_function(id, |bencher| bencher.iter(|| prepared.run(engine)));
        }
    }
    group.finish();
}

/// Prints millions of instructions per second, and how many times as long as `wasmi` our engines take.
fn print_ratios(prepared: &[Prepared]) {
    println!("{:<22} {:>12}   {}", "", "instructions", ENGINES.map(|engine| format!("{engine:>16}")).join(" "));
    let mut total = (0, [Duration::ZERO; 4]);
    for prepared in prepared {
        let expected = prepared.run(ENGINES[0]);
        let times = ENGINES.map(|engine| {
            let times = (0..RUNS).map(|_| {
                let start = Instant::now();
                assert_eq!(prepared.run(engine), expected, "{engine}");
                start.elapsed()
            });
            times.min().unwrap_or_default()
        });
        let instructions = prepared.instructions();
        print_row(&prepared.workload.name, instructions, times);
        total.0 += instructions;
        for (sum, time) in total.1.iter_mut().zip(times) {
            *sum += time;
        }
    }
    print_row("all", total.0, total.1);
    println!("million instructions per second (times as long as wasmi); aims: code 5x, with trace 15x");
}

fn print_row(name: &str, instructions: u64, times: [Duration; 4]) {
    let columns = times.map(|time| {
        let rate = instructions as u128 * 1_000 / time.as_nanos().max(1);
        let tenths = 10 * time.as_nanos() / times[0].as_nanos().max(1);
        format!("{:>8} ({:>3}.{}x)", rate, tenths / 10, tenths % 10)
    });
    println!("{name:<22} {instructions:>12}   {}", columns.join(" "));
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
