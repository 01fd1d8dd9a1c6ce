//! Proves the run of an ELF with the Nexus zkVM, whose whole trace is one STARK.

use std::time::Instant;

use nexus_core::{
    nvm::{ElfFile, k_trace},
    stwo::{prove, verify},
};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, elf] = &arguments[..] else { panic!("usage: peer-nexus ELF") };
    let elf = ElfFile::from_path(elf).expect("a RISC-V program");

    let start = peer_measure::Start::now();
    let (view, trace) = k_trace(elf, &[], &[], &[], 1).expect("the program ends");
    let proof = prove(&trace, &view).expect("a proof");
    let proving = start.elapsed();
    let steps: usize = trace.blocks.iter().map(|block| block.steps.len()).sum();

    let proof_bytes = proof.size_estimate();
    let verifying = Instant::now();
    verify(proof, &view).expect("the proof is valid");
    let verifying = verifying.elapsed();

    let code = view.view_exit_code().expect("the program exits");
    peer_measure::print(&peer_measure::Result {
        result: Some(u32::from_le_bytes(code.try_into().expect("four bytes"))),
        steps: steps as u64,
        rows: steps.next_power_of_two() as u64,
        segments: 1,
        proving,
        proof_bytes,
        verifying,
    });
}
