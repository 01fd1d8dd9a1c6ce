//! Times and memory of what is measured, and the bare sums and transforms that a proof is made of.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Projective};
use ark_ec::VariableBaseMSM;
use ark_ff::{BigInt, PrimeField, UniformRand};
use ark_groth16::Groth16;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use middle_client::proof_system::example::Cubic;
use middle_client::proof_system::{ProvingKey, insecure_setup, prove_vanilla};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The highest resident memory of this process so far, in the unit of a million bytes; 0 where it is not told.
pub fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1_024 / 1_000_000
}

/// Time on the clock and time of all processors. The second one says more on a machine that has other work, the first one
/// what a single busy processor costs.
#[derive(Clone, Copy, Default)]
pub struct Times {
    pub clock: Duration,
    pub processors: Duration,
}

impl Times {
    pub fn of<T>(run: impl FnOnce() -> T) -> (Times, T) {
        let (start, processors) = (Instant::now(), processor_time());
        let result = black_box(run());
        (Times { clock: start.elapsed(), processors: processor_time() - processors }, result)
    }

    pub fn plus(self, other: Times) -> Times {
        Times { clock: self.clock + other.clock, processors: self.processors + other.processors }
    }

    pub fn times(self, factor: u32) -> Times {
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
pub fn forget_peak() {
    // Where it cannot be done, the number is that of the whole process: higher, so still a bound.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The shortest of several runs.
pub fn fastest<T>(runs: usize, mut run: impl FnMut() -> T) -> Duration {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// A quotient with two digits.
pub fn ratio(time: Duration, unit: Duration) -> String {
    quotient(time.as_nanos(), unit.as_nanos())
}

/// The same of two numbers.
pub fn quotient(a: impl Into<u128>, b: impl Into<u128>) -> String {
    let hundredths = 100 * a.into() / b.into().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// What a proof is made of, each by itself: multiplications and transforms of the sizes and values of a proof.
pub struct Parts {
    /// Each with its name: the sums of a proof, and the transforms.
    pub proof: [(&'static str, Times); 6],
    /// The two sums of a commitment.
    pub commitment: Times,
}

impl Parts {
    /// Measures them with the values of all wires.
    pub fn measure(key: &ProvingKey, values: Vec<Fr>, rng: &mut ChaCha20Rng) -> Parts {
        let scalars: Vec<BigInt<4>> = values.iter().map(|value| value.into_bigint()).collect();
        drop(values);
        let (late, early) = (&scalars[key.shape.instance()..], &scalars[key.shape.known()..key.shape.instance()]);
        let domain = Radix2EvaluationDomain::<Fr>::new(key.shape.rows()).expect("the field has such a domain");
        let mut dense: Vec<Fr> = (0..domain.size()).map(|_| Fr::rand(rng)).collect();
        let quotient: Vec<BigInt<4>> = dense.iter().map(|value| value.into_bigint()).collect();
        let g1 = |bases: &[G1Affine], scalars: &[BigInt<4>]| Times::of(|| G1Projective::msm_bigint(bases, scalars)).0;
        Parts {
            proof: [
                ("A", g1(&key.groth16.a_query, &scalars)),
                ("B in G1", g1(&key.groth16.b_g1_query, &scalars)),
                ("B in G2", Times::of(|| G2Projective::msm_bigint(&key.groth16.b_g2_query, &scalars)).0),
                ("L", g1(&key.groth16.l_query, late)),
                ("H", g1(&key.groth16.h_query, &quotient)),
                ("7 transforms", Times::of(|| domain.fft_in_place(&mut dense)).0.times(7)),
            ],
            commitment: g1(key.committed_bases(), early).plus(g1(&key.sigma_bases, early)),
        }
    }

    /// All parts of a proof, without those of its commitment.
    pub fn proof(&self) -> Times {
        self.proof.iter().fold(Times::default(), |sum, (_, times)| sum.plus(*times))
    }
}

/// Prints a line of times.
pub fn print_times(name: &str, times: Times) {
    println!("  {name:<24}{:>10.2?}{:>12.2?}", times.clock, times.processors);
}

/// A plain proof in `ark-groth16`'s own types, with two public inputs.
pub struct Vanilla {
    key: ark_groth16::PreparedVerifyingKey<Bn254>,
    proof: ark_groth16::Proof<Bn254>,
    public: Vec<Fr>,
}

impl Vanilla {
    pub fn new() -> Vanilla {
        let circuit = Cubic { x: Some(Fr::from(3u64)), constant: Fr::from(5u64) };
        let key = insecure_setup(&circuit, [1; 32]).expect("there is a key");
        let proof = prove_vanilla(&key, &circuit, &mut ChaCha20Rng::from_seed([9; 32])).expect("it is satisfied");
        let public = vec![Fr::from(7u64), circuit.y().expect("it has a value")];
        Vanilla { key: ark_groth16::prepare_verifying_key(&key.groth16.vk), proof, public }
    }

    pub fn verify(&self) {
        let holds = Groth16::<Bn254>::verify_proof(&self.key, &self.proof, &self.public);
        assert!(holds.expect("the inputs fit"));
    }
}
