//! Proves the run of an ELF with OpenVM: its segments, without the aggregation that joins them.

use std::time::Instant;

use openvm_sdk::{
    DefaultStarkEngine, Sdk, StdIn, config::AggregationSystemParams, prover::verify_app_proof_with_expected_exe_commit,
};
use openvm_stark_sdk::config::{MAX_APP_LOG_STACKED_HEIGHT, app_params_with_100_bits_security};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, elf] = &arguments[..] else { panic!("usage: peer-openvm ELF") };
    let elf = std::fs::read(elf).expect("the ELF can be read");

    let sdk =
        Sdk::riscv32(app_params_with_100_bits_security(MAX_APP_LOG_STACKED_HEIGHT), AggregationSystemParams::default());
    let (_, verifying_key) = sdk.app_keygen();
    let executable = sdk.convert_to_exe(elf).expect("a RISC-V program");
    let (_, (_, steps)) = sdk.execute_metered_cost(executable.clone(), StdIn::default()).expect("the program ends");
    let mut prover = sdk.app_prover(executable).expect("a prover");
    let program = prover.app_exe_commit();

    let start = peer_measure::Start::now();
    let proof = prover.prove(StdIn::default()).expect("a proof");
    let proving = start.elapsed();

    let start = Instant::now();
    verify_app_proof_with_expected_exe_commit::<DefaultStarkEngine>(&verifying_key, &proof, Some(program))
        .expect("the proof is valid");
    let verifying = start.elapsed();

    let bytes: Vec<u8> = proof.user_public_values.public_values[..4]
        .iter()
        .map(|byte| format!("{byte}").parse().expect("a byte"))
        .collect();
    // The heights of all tables, as the proof has them.
    let tables = proof.per_segment.iter().flat_map(|segment| segment.trace_vdata.iter().flatten());
    peer_measure::print(&peer_measure::Result {
        result: Some(u32::from_le_bytes(bytes.try_into().expect("four"))),
        steps,
        rows: tables.map(|table| 1 << table.log_height).sum(),
        segments: proof.per_segment.len(),
        proving,
        proof_bytes: bincode::serialize(&proof).expect("bytes").len(),
        verifying,
    });
}
