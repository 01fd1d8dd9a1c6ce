//! Proves a call of a module's function with zkEngine: folding, then the compressed proof.

use std::time::Instant;

use zk_engine::{
    nova::{
        provider::{Bn256EngineKZG, GrumpkinEngine, hyperkzg, ipa_pc},
        spartan::snark::RelaxedR1CSSNARK,
    },
    wasm_ctx::{WASMArgsBuilder, WASMCtx, ZKWASMCtx},
    wasm_snark::{StepSize, WasmSNARK},
};

type E1 = Bn256EngineKZG;
type E2 = GrumpkinEngine;
type S1 = RelaxedR1CSSNARK<E1, hyperkzg::EvaluationEngine<E1>>;
type S2 = RelaxedR1CSSNARK<E2, ipa_pc::EvaluationEngine<E2>>;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, module, argument, fold] = &arguments[..] else {
        panic!("usage: peer-zkengine MODULE ARGUMENT INSTRUCTIONS_OF_A_FOLD")
    };
    let fold: usize = fold.parse().expect("a number");
    let size = StepSize::new(fold);
    let keys = WasmSNARK::<E1, E2, S1, S2>::setup(size).expect("keys");
    let call = WASMCtx::new(
        WASMArgsBuilder::default()
            .bytecode(std::fs::read(module).expect("the module can be read"))
            .invoke("work")
            .func_args(vec![argument.clone()])
            .build(),
    );
    let (trace, _) = call.execution_trace().expect("the call ends");
    let steps = trace.len();

    let start = peer_measure::Start::now();
    let (folded, instance) = WasmSNARK::prove(&keys, &call, size).expect("a folded proof");
    let folding = start.elapsed();
    let proof = folded.compress(&keys, &instance).expect("a compressed proof");
    let proving = start.elapsed();
    eprintln!("folding took {folding:?} of {proving:?}");

    let verifying = Instant::now();
    proof.verify(&keys, &instance).expect("the proof is valid");
    let verifying = verifying.elapsed();

    peer_measure::print(&peer_measure::Result {
        result: None, // neither the proof nor its instance has it
        steps: steps as u64,
        rows: (steps.div_ceil(fold) * fold) as u64,
        segments: steps.div_ceil(fold),
        proving,
        proof_bytes: bincode::serialize(&(&proof, &instance)).expect("bytes").len(),
        verifying,
    });
}
