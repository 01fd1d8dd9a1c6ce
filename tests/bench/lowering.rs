//! How many megabytes of WebAssembly are decoded, and lowered to canonical code, in a second.

mod assembly;
#[allow(dead_code)] // nothing is executed
mod workloads;

use assembly::assemble;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use middle_client::canonical_code::lower;
use middle_client::profile::{MAX_MODULE_BYTES, load};
use std::hint::black_box;
use std::time::Instant;
use workloads::{Workload, workloads};

fn benchmark(criterion: &mut Criterion) {
    let mut modules: Vec<(String, Vec<u8>)> =
        workloads().into_iter().map(|Workload { name, wasm, .. }| (name, wasm)).collect();
    let largest = assemble(modules.iter().map(|(_, wasm)| wasm.as_slice()), MAX_MODULE_BYTES);
    print_largest(&largest);
    modules.push(("largest".into(), largest));

    let mut group = criterion.benchmark_group("lowering");
    group.sample_size(10);
    for (name, wasm) in &modules {
        group.throughput(Throughput::Bytes(wasm.len() as u64));
        group.bench_with_input(BenchmarkId::new("load", name), wasm, |bencher, wasm| {
            bencher.iter(|| load(black_box(wasm)));
        });
        let module = load(wasm).expect("the profile accepts it");
        group.bench_with_input(BenchmarkId::new("lower", name), &module, |bencher, module| {
            bencher.iter(|| lower(black_box(module)));
        });
    }
    group.finish();
}

fn print_largest(wasm: &[u8]) {
    let start = Instant::now();
    let module = load(wasm).expect("the profile accepts it");
    let loaded = start.elapsed();
    let code = lower(&module).expect("it lowers");
    let lowered = start.elapsed() - loaded;
    let encoded = code.commitment();
    println!(
        "{} bytes of real code in {} functions: loaded in {loaded:.1?}, lowered to {} words in {lowered:.1?}, committed \
         to by {encoded} after {:.1?} (aim: 1 s)",
        wasm.len(),
        module.functions.len(),
        code.words.len(),
        start.elapsed(),
    );
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
