//! How long the proof system takes beside what it is made of: bare multiplications and transforms of the same sizes and
//! values, and plain Groth16's verification.

mod lookups;
#[allow(dead_code)] // each benchmark uses a part
mod timing;

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::UniformRand;
use criterion::{Criterion, criterion_group, criterion_main};
use lookups::Lookups;
use middle_client::proof_system::example::Permutation;
use middle_client::proof_system::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::path::Path;
use std::time::{Duration, Instant};
use timing::{Parts, Times, Vanilla, fastest, forget_peak, peak_megabytes, print_times, ratio};

/// Rows of the circuit of the table: a power of two that it just fills.
const ROWS: usize = 1 << 20;
/// Rows of the circuit that criterion measures.
const SMALL_ROWS: usize = 1 << 17;
/// Rounds of what takes seconds.
const RUNS: usize = 2;
/// Runs of which the fastest counts, of what takes milliseconds.
const SHORT_RUNS: usize = 300;
/// Proofs of the batch.
const BATCH: usize = 17;
/// What the proofs are about.
const TRANSCRIPT: Transcript<'static> = Transcript { tier: 0, statement: b"a benchmark" };

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([9; 32])
}

/// The key of a circuit, from the directory of build products if it is there.
fn key<C: Circuit>(circuit: &C) -> ProvingKey {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys");
    let start = Instant::now();
    let (key, origin) = cached_insecure_setup(&directory, circuit, [1; 32], &|_| {}).expect("there is a key");
    println!("key of {} rows, {origin:?}: {:.1?}; peak {} MB", key.shape.rows(), start.elapsed(), peak_megabytes());
    key
}

fn draw_for<C: Circuit>(key: &ProvingKey, committed: &[Committed<'_, C>], constants: &[Fr]) -> (Prepared, Challenges) {
    let prepared = Prepared::derive(&key.verifying_key, constants).expect("the constants fit");
    let commitments: Vec<_> = committed.iter().map(|committed| committed.commitment().clone()).collect();
    let challenges = draw(&key.verifying_key, &prepared, &TRANSCRIPT, &commitments).expect("the inputs fit");
    (prepared, challenges)
}

/// Prints how long proving takes, and its parts by themselves, in a few rounds: the load of a machine changes.
fn print_proving(rows: usize) {
    let circuit = Lookups::fitting(rows);
    let start = Instant::now();
    let shape = Shape::of(&circuit.shape());
    let shaping = start.elapsed();
    println!("shape of {} rows: {shaping:.2?}, its digest: {:.2?}", shape.rows(), fastest(1, || shape.digest()));
    drop(shape);
    let key = key(&circuit.shape());
    let mut rng = rng();
    println!("{} rows, {} committed and {} private wires", key.shape.rows(), key.shape.committed, key.shape.private);
    for _ in 0..RUNS {
        print_round(&key, &circuit, &mut rng);
    }
}

fn print_round(key: &ProvingKey, circuit: &Lookups, rng: &mut ChaCha20Rng) {
    forget_peak();
    let (committing, committed) = Times::of(|| commit(key, circuit, rng).expect("the circuit is that of the key"));
    let (_, challenges) = draw_for(key, std::slice::from_ref(&committed), &[]);
    let (proving, _) = Times::of(|| prove(key, committed, &challenges, rng).expect("the circuit is satisfied"));
    let peak = peak_megabytes();

    let committed = commit(key, circuit, rng).expect("the circuit is that of the key");
    let (_, challenges) = draw_for(key, std::slice::from_ref(&committed), &[]);
    let (values_and_rows, values) = Times::of(|| {
        let values = committed.assignment(&challenges);
        assert_eq!(key.shape.unsatisfied(&values), None);
        values
    });
    let parts = Parts::measure(key, values, rng);
    let sum = parts.proof();
    println!("  {:<24}{:>10}{:>12}", "", "clock", "processors");
    parts.proof.iter().for_each(|(name, times)| print_times(name, *times));
    print_times("proving", proving);
    print_times("committing", committing);
    print_times("its two sums", parts.commitment);
    print_times("values, rows", values_and_rows);
    println!(
        "  proving in sums of its parts: {}, {} (aim 1.15); committing in proofs: {} (aim 0.10); peak {peak} MB (aim 3000)",
        ratio(proving.clock, sum.clock),
        ratio(proving.processors, sum.processors),
        ratio(committing.clock, proving.clock),
    );
}

/// Proofs of a small circuit with everything that verifies them.
struct Proven {
    verifier: Verifier,
    prepared: Prepared,
    challenges: Challenges,
    segments: Vec<(Vec<Fr>, Vec<Fr>, Proof)>,
}

impl Proven {
    fn new(count: usize) -> Proven {
        const LENGTH: usize = 4;
        let circuits: Vec<_> = (0..count as u64).map(|index| Permutation::honest(LENGTH, 10 * index)).collect();
        let key = insecure_setup(&Permutation::shape(LENGTH), [1; 32]).expect("there is a key");
        let mut rng = rng();
        let committed: Vec<_> =
            circuits.iter().map(|circuit| commit(&key, circuit, &mut rng).expect("it has values")).collect();
        let (prepared, challenges) = draw_for(&key, &committed, &circuits[0].weights());
        let segments = committed.into_iter().zip(&circuits).map(|(committed, circuit)| {
            let public = committed.commitment().public.clone();
            let proof = prove(&key, committed, &challenges, &mut rng).expect("it is satisfied");
            (public, vec![circuit.product(challenges.values()[0])], proof)
        });
        let segments = segments.collect();
        Proven { verifier: Verifier::new(key.verifying_key).expect("the key is sound"), prepared, challenges, segments }
    }

    fn verify(&self) {
        let segments: Vec<Segment> =
            self.segments.iter().map(|(public, late_public, proof)| Segment { public, late_public, proof }).collect();
        self.verifier.verify(&self.prepared, &self.challenges, &segments).expect("the proofs hold");
    }
}

/// One more pair of a Miller loop, with the preparation of its point of G2.
fn miller_loop_pair() -> Duration {
    let mut rng = rng();
    let points: Vec<(G1Affine, G2Affine)> = (0..BATCH)
        .map(|_| {
            (
                (G1Affine::generator() * Fr::rand(&mut rng)).into_affine(),
                (G2Affine::generator() * Fr::rand(&mut rng)).into_affine(),
            )
        })
        .collect();
    let run = |count: usize| {
        fastest(SHORT_RUNS, || {
            let (a, b): (Vec<_>, Vec<_>) = points[..count].iter().copied().unzip();
            Bn254::multi_miller_loop(a, b)
        })
    };
    (run(BATCH) - run(1)) / (BATCH as u32 - 1)
}

fn print_verifying() {
    let (vanilla, one, many) = (Vanilla::new(), Proven::new(1), Proven::new(BATCH));
    let plain = fastest(SHORT_RUNS, || vanilla.verify());
    let single = fastest(SHORT_RUNS, || one.verify());
    let further = (fastest(SHORT_RUNS, || many.verify()) - single) / (BATCH as u32 - 1);
    let pair = miller_loop_pair();
    println!("  plain Groth16, ark-groth16 {plain:>8.2?}");
    println!("  with a committed phase     {single:>8.2?}  {} times the plain one; aim: 1.8", ratio(single, plain));
    println!("  each further of {BATCH:<10} {further:>8.2?}  {} pairs of a Miller loop; aim: 1", ratio(further, pair));
    println!("  one pair of a Miller loop  {pair:>8.2?}");
}

fn benchmark(criterion: &mut Criterion) {
    print_verifying();
    print_proving(ROWS);
    let mut group = criterion.benchmark_group("proof_system");
    group.sample_size(10);
    let (vanilla, one, many) = (Vanilla::new(), Proven::new(1), Proven::new(BATCH));
    group.bench_function("verify plain", |bencher| bencher.iter(|| vanilla.verify()));
    group.bench_function("verify one", |bencher| bencher.iter(|| one.verify()));
    group.bench_function("verify batch", |bencher| bencher.iter(|| many.verify()));
    let circuit = Lookups::fitting(SMALL_ROWS);
    let key = key(&circuit.shape());
    let mut rng = rng();
    group.bench_function("commit", |bencher| bencher.iter(|| commit(&key, &circuit, &mut rng).is_ok()));
    group.bench_function("commit and prove", |bencher| {
        bencher.iter(|| {
            let committed = commit(&key, &circuit, &mut rng).expect("the circuit is that of the key");
            let (_, challenges) = draw_for(&key, std::slice::from_ref(&committed), &[]);
            prove(&key, committed, &challenges, &mut rng)
        });
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
