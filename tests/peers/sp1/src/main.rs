//! Proves the run of an ELF with SP1's core prover: its shards, without the recursion that joins
//! them and without the Groth16 proof for a chain. The parameters are those of SP1's own prover.

use std::{borrow::Borrow, sync::Arc, time::Instant};

use slop_algebra::{AbstractField, PrimeField32};
use sp1_core_executor::{HALT_PC, Program, SP1Context, SP1CoreOpts};
use sp1_core_machine::{io::SP1Stdin, riscv::RiscvAir, utils::prove_core};
use sp1_hypercube::{
    MachineVerifyingKey, SP1InnerPcs, ShardVerifier,
    air::PublicValues,
    prover::{CpuShardProver, SP1InnerPcsProver, SimpleProver},
};
use sp1_primitives::{SP1Field, SP1GlobalContext, fri_params::core_fri_config};

/// CORE_LOG_STACKING_HEIGHT and CORE_MAX_LOG_ROW_COUNT of the crate sp1-prover.
const HEIGHT: u32 = 21;
const ROWS: usize = 22;

type Values = PublicValues<[SP1Field; 4], [SP1Field; 3], [SP1Field; 4], SP1Field>;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, elf] = &arguments[..] else { panic!("usage: peer-sp1 ELF") };
    let program = Arc::new(Program::from_elf(elf).expect("a RISC-V program"));

    let verifier = ShardVerifier::from_basefold_parameters(core_fri_config(), HEIGHT, ROWS, RiscvAir::machine());
    let shards = CpuShardProver::<SP1GlobalContext, SP1InnerPcs, SP1InnerPcsProver, _>::new(verifier.clone());
    let prover = SimpleProver::new(verifier, shards);
    let (key, verifying_key) = prover.setup(program.clone()).await;
    // The key is held by this process alone.
    let key = unsafe { key.into_inner() };

    let start = peer_measure::Start::now();
    let (proof, steps) =
        prove_core(&prover, key, program, SP1Stdin::new(), SP1CoreOpts::default(), SP1Context::default())
            .await
            .expect("a proof");
    let proving = start.elapsed();

    let start = Instant::now();
    prover.verify(&verifying_key, &proof).expect("the proof is valid");
    let values: Vec<&Values> = proof.shard_proofs.iter().map(|shard| shard.public_values.as_slice().borrow()).collect();
    let result = chained(&verifying_key, &values);
    let verifying = start.elapsed();

    // The heights of all tables, as the proof has them: bits, the highest first.
    let chips = proof.shard_proofs.iter().flat_map(|shard| shard.opened_values.chips.values());
    let rows = chips
        .map(|chip| chip.degree.iter().fold(0, |height, bit| 2 * height + u64::from(bit.as_canonical_u32())))
        .sum();
    peer_measure::print(&peer_measure::Result {
        result: Some(result),
        steps,
        rows,
        segments: proof.shard_proofs.len(),
        proving,
        proof_bytes: bincode::serialize(&proof).expect("bytes").len(),
        verifying,
    });
}

/// Checks that the shards make one run of the program, from its entry to its end with exit code 0,
/// and returns the first word that the program commits to.
fn chained(key: &MachineVerifyingKey<SP1GlobalContext>, shards: &[&Values]) -> u32 {
    let zero = SP1Field::zero();
    let one = SP1Field::one();
    let begin = |v: &Values| {
        let addresses = [v.previous_init_addr, v.previous_finalize_addr];
        let calls = [v.prev_exit_code, v.prev_commit_syscall, v.prev_commit_deferred_syscall];
        (v.initial_timestamp, v.pc_start, addresses, calls, v.prev_committed_value_digest)
    };
    let end = |v: &Values| {
        let addresses = [v.last_init_addr, v.last_finalize_addr];
        let calls = [v.exit_code, v.commit_syscall, v.commit_deferred_syscall];
        (v.last_timestamp, v.next_pc, addresses, calls, v.committed_value_digest)
    };
    let (first, last) = (shards[0], shards[shards.len() - 1]);
    assert_eq!(begin(first), ([zero, zero, zero, one], key.pc_start, [[zero; 3]; 2], [zero; 3], [[zero; 4]; 8]));
    assert!(shards.windows(2).all(|two| end(two[0]) == begin(two[1])));
    assert_eq!(last.next_pc, [SP1Field::from_canonical_u64(HALT_PC), zero, zero]);
    assert_eq!([last.exit_code, last.commit_syscall, last.commit_deferred_syscall], [zero, one, one]);

    // What all shards read from memory is what was written there.
    let sum =
        shards.iter().try_fold(key.initial_global_cumulative_sum, |sum, v| sum.checked_add(v.global_cumulative_sum));
    assert!(sum.expect("a sum of points").is_zero());

    u32::from_le_bytes(last.committed_value_digest[0].map(|byte| byte.as_canonical_u32().try_into().expect("a byte")))
}
