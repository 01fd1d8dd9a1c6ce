//! Proves the run of a kernel-mode ELF with RISC Zero's RV32IM circuit: its segments, without the
//! recursion that joins them and without the Groth16 proof for a chain.

use std::time::Instant;

use risc0_binfmt::{MemoryImage, Program};
use risc0_circuit_rv32im::{
    MAX_INSN_CYCLES, Rv32imV2Claim,
    execute::testutil::{DEFAULT_SESSION_LIMIT, NullSyscall, execute},
    prove::segment_prover,
    verify,
};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, elf, largest] = &arguments[..] else { panic!("usage: peer-risc0 ELF LOG2_OF_A_SEGMENT") };
    let elf = std::fs::read(elf).expect("the ELF can be read");
    let program = Program::load_elf(&elf, u32::MAX).expect("a RISC-V program");

    let start = peer_measure::Start::now();
    let session = execute(
        MemoryImage::new_kernel(program),
        largest.parse().expect("a number"),
        MAX_INSN_CYCLES,
        DEFAULT_SESSION_LIMIT,
        &NullSyscall,
        None,
    )
    .expect("the program ends");
    let prover = segment_prover().expect("a prover");
    let seals: Vec<Vec<u32>> = session.segments.iter().map(|s| prover.prove(s).expect("a proof")).collect();
    let proving = start.elapsed();

    // A verifier checks each seal and that each segment begins where the one before it ended.
    let start = Instant::now();
    let mut claims = Vec::new();
    for seal in &seals {
        verify(seal).expect("the proof is valid");
        claims.push(Rv32imV2Claim::decode(seal).expect("a claim"));
    }
    assert!(claims.windows(2).all(|two| two[0].post_state == two[1].pre_state));
    let verifying = start.elapsed();

    let end = claims.last().and_then(|claim| claim.terminate_state).expect("the program ended");
    peer_measure::print(&peer_measure::Result {
        result: Some(u32::from(end.a1)),
        steps: session.result.user_cycles,
        rows: session.result.total_cycles,
        segments: seals.len(),
        proving,
        proof_bytes: seals.iter().map(|seal| 4 * seal.len()).sum(),
        verifying,
    });
}
