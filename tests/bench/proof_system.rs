//! How long the proof system takes beside what it is made of: bare multiplications and transforms of the same sizes and
//! values, and plain Groth16's verification.

mod lookups;

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM};
use ark_ff::{BigInt, PrimeField, UniformRand};
use ark_groth16::Groth16;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use criterion::{Criterion, criterion_group, criterion_main};
use lookups::Lookups;
use middle_client::proof_system::example::{Cubic, Permutation};
use middle_client::proof_system::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

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
    let (key, origin) = cached_insecure_setup(&directory, circuit, [1; 32]).expect("there is a key");
    println!("key of {} rows, {origin:?}: {:.1?}; peak {} MB", key.shape.rows(), start.elapsed(), peak_megabytes());
    key
}

/// The highest resident memory of this process so far, in the unit of a million bytes; 0 where it is not told.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1_024 / 1_000_000
}

/// Time on the clock and time of all processors. The second one says more on a machine that has other work, the first one
/// what a single busy processor costs.
#[derive(Clone, Copy, Default)]
struct Times {
    clock: Duration,
    processors: Duration,
}

impl Times {
    fn of<T>(run: impl FnOnce() -> T) -> (Times, T) {
        let (start, processors) = (Instant::now(), processor_time());
        let result = black_box(run());
        (Times { clock: start.elapsed(), processors: processor_time() - processors }, result)
    }

    fn plus(self, other: Times) -> Times {
        Times { clock: self.clock + other.clock, processors: self.processors + other.processors }
    }

    fn times(self, factor: u32) -> Times {
        Times { clock: self.clock * factor, processors: self.processors * factor }
    }
}

/// What this process has used of all processors, in hundredths of a second; 0 where it is not told.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may have spaces; time of its own and of the system are the 14th and 15th.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<u64>().ok()).map(|ticks| Duration::from_millis(10 * ticks)).sum()
}

/// From here on, the peak is that of what follows.
fn forget_peak() {
    // Where it cannot be done, the number is that of the whole process: higher, so still a bound.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The shortest of several runs.
fn fastest<T>(runs: usize, mut run: impl FnMut() -> T) -> Duration {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn draw_for<C: Circuit>(key: &ProvingKey, committed: &[Committed<'_, C>], constants: &[Fr]) -> (Prepared, Challenges) {
    let prepared = Prepared::derive(&key.verifying_key, constants).expect("the constants fit");
    let commitments: Vec<_> = committed.iter().map(|committed| committed.commitment().clone()).collect();
    let challenges = draw(&key.verifying_key, &prepared, &TRANSCRIPT, &commitments).expect("the inputs fit");
    (prepared, challenges)
}

/// What is measured of proving, in the order of the table: first the parts that the sum is made of.
const PARTS: [&str; 6] = ["A", "B in G1", "B in G2", "L", "H", "7 transforms"];
const WHOLE: [&str; 4] = ["proving", "committing", "its two sums", "values, rows"];

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
    let scalars: Vec<BigInt<4>> = values.iter().map(|value| value.into_bigint()).collect();
    drop(values);
    let (late, early) = (&scalars[key.shape.instance()..], &scalars[key.shape.known()..key.shape.instance()]);
    let domain = Radix2EvaluationDomain::<Fr>::new(key.shape.rows()).expect("the field has such a domain");
    let mut dense: Vec<Fr> = (0..domain.size()).map(|_| Fr::rand(rng)).collect();
    let quotient: Vec<BigInt<4>> = dense.iter().map(|value| value.into_bigint()).collect();
    let g1 = |bases: &[G1Affine], scalars: &[BigInt<4>]| Times::of(|| G1Projective::msm_bigint(bases, scalars)).0;
    let parts = [
        g1(&key.groth16.a_query, &scalars),
        g1(&key.groth16.b_g1_query, &scalars),
        Times::of(|| G2Projective::msm_bigint(&key.groth16.b_g2_query, &scalars)).0,
        g1(&key.groth16.l_query, late),
        g1(&key.groth16.h_query, &quotient),
        Times::of(|| domain.fft_in_place(&mut dense)).0.times(7),
    ];
    let sum = parts.into_iter().fold(Times::default(), Times::plus);
    let sums = g1(key.committed_bases(), early).plus(g1(&key.sigma_bases, early));
    println!("  {:<16}{:>10}{:>12}", "", "clock", "processors");
    let whole = [proving, committing, sums, values_and_rows];
    for (name, times) in PARTS.iter().chain(&WHOLE).zip(parts.into_iter().chain(whole)) {
        println!("  {name:<16}{:>10.2?}{:>12.2?}", times.clock, times.processors);
    }
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

/// A plain proof in `ark-groth16`'s own types, with as many inputs as the verifier of [`Proven`] adds up.
struct Vanilla {
    key: ark_groth16::PreparedVerifyingKey<Bn254>,
    proof: ark_groth16::Proof<Bn254>,
    public: Vec<Fr>,
}

impl Vanilla {
    fn new() -> Vanilla {
        let circuit = Cubic { x: Some(Fr::from(3u64)), constant: Fr::from(5u64) };
        let key = insecure_setup(&circuit, [1; 32]).expect("there is a key");
        let proof = prove_vanilla(&key, &circuit, &mut rng()).expect("it is satisfied");
        let public = vec![Fr::from(7u64), circuit.y().expect("it has a value")];
        Vanilla { key: ark_groth16::prepare_verifying_key(&key.groth16.vk), proof, public }
    }

    fn verify(&self) {
        let holds = Groth16::<Bn254>::verify_proof(&self.key, &self.proof, &self.public);
        assert!(holds.expect("the inputs fit"));
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

fn ratio(time: Duration, unit: Duration) -> String {
    let hundredths = 100 * time.as_nanos() / unit.as_nanos().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
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
