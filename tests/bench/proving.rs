//! What a proof of an execution costs: constraints by chip over the benchmark extensions, and the time of a proof beside
//! what it is made of.

#[allow(dead_code)] // each benchmark uses a part
mod timing;
mod workloads;

use alloy_primitives::Address;
use criterion::{Criterion, criterion_group, criterion_main};
use middle_client::canonical_code::execute;
use middle_client::circuit::{Costs, Machine, Needs, TIERS, Tier, costs};
use middle_client::execution;
use middle_client::host_interface::Inputs;
use middle_client::notation::B256;
use middle_client::profile::load;
use middle_client::proof_system::{ProvingKey, commit};
use middle_client::proving::{
    Extension, Job, Prepared, Randomness, TierVerifier, Tiers, insecure_tier_key, needs, prove, verify,
};
use middle_client::statement::{MAX_CYCLES, Terms};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::collections::BTreeMap;
use std::path::Path;
use timing::{Parts, Times, Vanilla, fastest, forget_peak, peak_megabytes, print_times, quotient, ratio};
use workloads::{Workload, workloads};

/// No case comes near it.
const LIMIT: u64 = MAX_CYCLES;

/// A workload with what its execution needs.
struct Executed {
    name: String,
    cycles: u64,
    instructions: u64,
    needs: Needs,
}

impl Executed {
    fn new(workload: &Workload) -> Executed {
        let Workload { name, wasm, inputs } = workload;
        let extension = Extension::from_wasm(wasm).expect("the profile accepts it");
        let module = load(wasm).expect("the profile accepts it");
        Executed {
            name: name.clone(),
            cycles: execute(extension.code(), inputs, LIMIT).cycles,
            instructions: execution::run(&module, inputs, LIMIT).expect("the fuel suffices").instructions,
            needs: needs(&extension, inputs, LIMIT).expect("the inputs are allowed"),
        }
    }
}

/// Prints constraints per cycle and per instruction: all of all segments, tables, padding and unused rows included.
fn print_costs(executed: &[Executed], costs: &Costs) {
    println!(
        "{:<32}{:<12}{:>9}{:>12}{:>12}{:>10}{:>10}",
        "", "tier", "segments", "cycles", "constraints", "per cycle", "per instr."
    );
    let (mut cycles, mut instructions, mut constraints) = (0, 0, 0);
    let mut used: BTreeMap<&str, u64> = BTreeMap::new();
    let mut paid: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for one in executed {
        let number = one.needs.best_tier().expect("a tier has room for it");
        let tier = &TIERS[number as usize];
        let segments = u64::from(one.needs.segments(tier).expect("the tier has room for it"));
        let domain = tier.domain(costs);
        let all = segments * domain;
        println!(
            "{:<32}{:<12}{:>9}{:>12}{:>12}{:>10}{:>10}",
            one.name,
            tier.name,
            segments,
            one.cycles,
            all,
            quotient(all, one.cycles),
            quotient(all, one.instructions)
        );
        for (chip, cost) in costs {
            let rows = segments * tier.capacity(chip);
            let entry = paid.entry(chip).or_default();
            entry.0 += cost.times(rows).rows();
            entry.1 += cost.times(rows).microseconds();
            let rows = (0..segments).map(|segment| one.needs.used(chip, tier, segment)).sum();
            *used.entry(chip).or_default() += cost.times(rows).rows();
        }
        cycles += one.cycles;
        instructions += one.instructions;
        constraints += all;
    }
    println!(
        "{:<44}{:>9}{:>12}{:>12}{:>10}{:>10}",
        "all",
        "",
        cycles,
        constraints,
        quotient(constraints, cycles),
        quotient(constraints, instructions)
    );
    println!("{:<20}{:>16}{:>16}{:>18}", "chip", "used per cycle", "paid per cycle", "microseconds p.c.");
    for (chip, (rows, microseconds)) in &paid {
        println!(
            "{chip:<20}{:>16}{:>16}{:>18}",
            quotient(used[chip], cycles),
            quotient(*rows, cycles),
            quotient(*microseconds, cycles)
        );
    }
    let rows: u64 = paid.values().map(|(rows, _)| rows).sum();
    println!("{:<20}{:>16}{:>16}", "padding", "", quotient(constraints - rows, cycles));
    println!("{:<20}{:>16}", "all", quotient(used.values().sum::<u64>(), cycles));
}

/// The module whose proof is verified: with little public, the pairings are all that takes time.
const SHORT: &str = r#"(module (func (export "run") (result i32) i32.const 0))"#;
/// Verifications of which the fastest counts.
const SHORT_RUNS: usize = 300;
/// The extension whose proof is timed, a program of the busiest tier.
const TIMED: &str = "sha256";
/// How many segments of it: it is executed as far as they reach.
const TIMED_CYCLES: u64 = 30_000;
/// How often: the load of a machine changes.
const ROUNDS: usize = 2;
/// The numbers of segments of which the memory is compared.
const SEGMENTS: [u32; 3] = [2, 4, 8];

/// Prints how long the proof of an execution takes, from the module to the proof, beside the sums and transforms that it
/// is made of; then how long its verification takes beside plain Groth16's.
fn print_proof(workload: &Workload, tier: u32) {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys");
    let (key, origin) = insecure_tier_key(&directory, &TIERS[tier as usize], &|_| {}).expect("there is a key");
    println!("key of {} rows, {origin:?}; peak {} MB", key.shape.rows(), peak_megabytes());
    let verifier = TierVerifier::new(tier, key.verifying_key.clone()).expect("the key is sound");
    let extension = Extension::from_wasm(&workload.wasm).expect("the profile accepts it");
    let prepared = Prepared::derive(extension, &verifier).expect("it fits");
    let terms = Terms {
        chain_id: 1,
        extension_id: B256::ZERO,
        tier,
        segments: 0,
        cycle_limit: TIMED_CYCLES,
        prover: Address::ZERO,
    };
    for round in 0..ROUNDS {
        forget_peak();
        let (whole, (statement, proof)) = Times::of(|| {
            let randomness = Randomness::fresh(&mut rng);
            prove(&key, &prepared, &workload.inputs, &terms, randomness, &mut |_, _, _| {}).expect("it can be proven")
        });
        let peak = peak_megabytes();
        let segments = proof.segments.len() as u32;
        // The values of the first segment, for the bare parts.
        let job = Job::new(&prepared, &workload.inputs, &terms).expect("it can be proven");
        let rows = job.plan.rows(0);
        let machine = Machine {
            program: Some(&job.plan.program),
            rows: Some(&rows),
            ..Machine::universal(&TIERS[tier as usize])
        };
        let committed = commit(&key, &machine, &mut rng).expect("the circuit is that of the key");
        let commitments = vec![committed.commitment().clone(); segments as usize];
        let challenges = job.challenges(&key, &commitments).expect("the inputs fit");
        let parts = Parts::measure(&key, committed.assignment(&challenges), &mut rng);
        println!(
            "round {round}: {} of {} cycles in {segments} segments of {}",
            workload.name, statement.cycles, TIERS[tier as usize].name
        );
        println!("  {:<24}{:>10}{:>12}", "", "clock", "processors");
        parts.proof.iter().for_each(|(name, times)| print_times(name, times.times(segments)));
        print_times("the commitment's sums", parts.commitment.times(segments));
        print_times("all of these", parts.proof().plus(parts.commitment).times(segments));
        print_times("execution to proof", whole);
        let bare = parts.proof().plus(parts.commitment).times(segments);
        println!(
            "  proving in sums of its parts: {} by the clock, {} of processors (aim 1.25); both cores busy: {}; {} cycles a second; peak {peak} MB",
            ratio(whole.clock, bare.clock),
            ratio(whole.processors, bare.processors),
            ratio(whole.processors, whole.clock),
            u128::from(statement.cycles) * 1_000 / whole.clock.as_millis().max(1),
        );
    }
    print_memory(&key, &prepared, workload, &terms);
}

/// Prints what more segments cost under the same key: memory should be that of one, and time by segment the same.
fn print_memory(key: &ProvingKey, prepared: &Prepared, workload: &Workload, terms: &Terms) {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    println!(
        "{:>10}{:>10}{:>22}{:>22}{:>10}",
        "segments", "cycles", "clock a segment", "processors a segment", "peak MB"
    );
    for segments in SEGMENTS {
        let cycle_limit = most_cycles(prepared.extension(), &workload.inputs, &TIERS[terms.tier as usize], segments);
        let terms = Terms { cycle_limit, ..*terms };
        forget_peak();
        let (whole, (statement, proof)) = Times::of(|| {
            let randomness = Randomness::fresh(&mut rng);
            prove(key, prepared, &workload.inputs, &terms, randomness, &mut |_, _, _| {}).expect("it can be proven")
        });
        let peak = peak_megabytes();
        assert_eq!(proof.segments.len() as u32, segments);
        println!(
            "{segments:>10}{:>10}{:>22.2?}{:>22.2?}{peak:>10}",
            statement.cycles,
            whole.clock / segments,
            whole.processors / segments
        );
    }
}

/// The most cycles, in thousands, that so many segments have room for.
fn most_cycles(extension: &Extension, inputs: &Inputs, tier: &Tier, segments: u32) -> u64 {
    let fits = |limit: &u64| {
        let needs = needs(extension, inputs, *limit).expect("the inputs are allowed");
        needs.segments(tier).expect("the tier has room for it") <= segments
    };
    (1..1_000).map(|thousands| 1_000 * thousands).take_while(fits).last().expect("a thousand cycles fit")
}

/// Prints how long the proof of one segment takes to verify, beside plain Groth16's of two inputs.
fn print_verifying() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys");
    let (key, _) = insecure_tier_key(&directory, &TIERS[0], &|_| {}).expect("there is a key");
    let verifier = TierVerifier::new(0, key.verifying_key.clone()).expect("the key is sound");
    let wasm = wat::parse_str(SHORT).expect("it is a module");
    let prepared = Prepared::derive(Extension::from_wasm(&wasm).expect("it is accepted"), &verifier).expect("it fits");
    let terms =
        Terms { chain_id: 1, extension_id: B256::ZERO, tier: 0, segments: 1, cycle_limit: 10, prover: Address::ZERO };
    let randomness = Randomness::fresh(&mut ChaCha20Rng::from_seed([9; 32]));
    let (statement, proof) =
        prove(&key, &prepared, &Inputs::default(), &terms, randomness, &mut |_, _, _| {}).expect("it can be proven");
    let vanilla = Vanilla::new();
    let plain = fastest(SHORT_RUNS, || vanilla.verify());
    let one = fastest(SHORT_RUNS, || verify(&verifier, &prepared, &statement, &proof).expect("the proof holds"));
    println!("verifying one segment: {one:.2?}, {} times plain Groth16's {plain:.2?} (aim 2)", ratio(one, plain));
    println!("a proof of one segment: {} bytes (aim 260)", proof.to_bytes().len());
}

fn benchmark(_criterion: &mut Criterion) {
    let workloads = workloads();
    let executed: Vec<Executed> = workloads.iter().map(Executed::new).collect();
    print_costs(&executed, &costs());
    print_verifying();
    let (tier, _) = Tiers::named("hash").expect("there is such a tier");
    print_proof(workloads.iter().find(|it| it.name == TIMED).expect("there is such an extension"), tier);
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
