//! PostOperations: one encoding, names that change with what they name, and results of real executions.

use alloy_primitives::{Address, B256, Bytes};
use middle_client::canonical_code::lower;
use middle_client::notation::Outcome;
use middle_client::operation::{Block, ChainView, ExtensionView, Operation, signature};
use middle_client::post_operation::{PostOperation, Proof, check, statement};
use middle_client::profile::load;
use middle_client::statement::{Statement, Terms, relation};
use proptest::prelude::*;
use std::fs;

fn post_operations() -> impl Strategy<Value = PostOperation> {
    let words = any::<[[u8; 32]; 5]>();
    let outcome = prop_oneof![Just((0, 0)), (1u32..).prop_map(|code| (1, code)), (1u32..12).prop_map(|code| (2, code))];
    let proof = (any::<u8>(), any::<u32>(), prop::collection::vec(any::<Vec<u8>>(), 0..4));
    (words, outcome, any::<Vec<u8>>(), any::<u64>(), any::<[u8; 20]>(), proof, any::<Vec<u8>>()).prop_map(
        |(words, (outcome, code), output, cycles, prover, (proof_type, tier, segments), signature)| PostOperation {
            operation_hash: words[0].into(),
            extension_id: words[1].into(),
            outcome,
            code,
            output: output.into(),
            pre_root: words[2].into(),
            post_root: words[3].into(),
            cycles,
            prover: prover.into(),
            proof: Proof { proof_type, tier, segments: segments.into_iter().map(Bytes::from).collect() },
            stamp_hash: words[4].into(),
            prover_signature: signature.into(),
        },
    )
}

proptest! {
    #[test]
    fn decoding_inverts_encoding(post_operation in post_operations()) {
        prop_assert_eq!(PostOperation::from_bytes(&post_operation.to_bytes()), Ok(post_operation));
    }

    #[test]
    fn encodings_are_unique(it in post_operations(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = it.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(decoded) = PostOperation::from_bytes(&bytes) {
            prop_assert_eq!(decoded.to_bytes(), bytes);
        }
    }

    /// Whatever makes another result makes another result id.
    #[test]
    fn result_ids_name_results(one in post_operations(), two in post_operations()) {
        let result = |it: &PostOperation| {
            (it.operation_hash, it.extension_id, it.outcome, it.code, it.output.clone(), it.pre_root, it.post_root, it.cycles)
        };
        prop_assert_eq!(result(&one) == result(&two), one.result_id() == two.result_id());
        let mut same = two;
        (same.operation_hash, same.extension_id, same.outcome, same.code) =
            (one.operation_hash, one.extension_id, one.outcome, one.code);
        (same.output, same.pre_root, same.post_root, same.cycles) =
            (one.output.clone(), one.pre_root, one.post_root, one.cycles);
        prop_assert_eq!(one.result_id(), same.result_id());
    }
}

/// An honest PostOperation of a real extension states what the relation of the proof says; a changed one does not.
#[test]
fn what_is_stated_is_what_is_proven() {
    let wasm = fs::read("tests/extensions/fibonacci/fibonacci.wasm").unwrap();
    let module = load(&wasm).unwrap();
    let (id, anchor) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let secret = B256::repeat_byte(3);
    let prover = signature::account(&secret).unwrap();
    let extension = ExtensionView {
        code_commitment: lower(&module).unwrap().commitment(),
        proof_system: 1,
        ..ExtensionView::default()
    };
    let view = ChainView {
        chain_id: 1,
        blocks: [(anchor, Block { number: 5, slot: 6, canonical: true })].into(),
        head_number: 7,
        extensions: [(id, extension)].into(),
        ..ChainView::default()
    };
    let mut operation = Operation {
        chain_id: 1,
        extension_id: id,
        anchor_hash: anchor,
        data: 10u64.to_le_bytes().to_vec().into(),
        ..Operation::default()
    };
    operation.gas_management.cycle_limit = 100_000;
    let mut post_operation = PostOperation {
        operation_hash: operation.hash(Address::ZERO),
        extension_id: id,
        prover,
        proof: Proof { proof_type: 1, tier: 1, segments: vec![Bytes::new()] },
        stamp_hash: anchor,
        cycles: 1,
        ..PostOperation::default()
    };
    // What the extension does with the context and input that the draft of a result already has.
    let draft = statement(&operation, &post_operation, &view).unwrap().unwrap();
    let terms = Terms { chain_id: 1, extension_id: id, tier: 1, segments: 1, cycle_limit: 100_000, prover };
    let executed = Statement::of_execution(&module, &draft.inputs(&[]), &terms).unwrap();
    assert_eq!(executed.outcome, Outcome::Accepted);
    post_operation.output = executed.output.clone().into();
    post_operation.cycles = executed.cycles;
    post_operation.post_root = executed.post_state_root;
    let stated = statement(&operation, &post_operation, &view).unwrap().unwrap();
    assert_eq!(stated, executed);
    let hash = post_operation.signing_hash(&stated, Address::ZERO);
    post_operation.prover_signature = signature::sign(&secret, hash).unwrap().into();

    // The relation takes the place of the proof's verification: it is what a proof shows.
    let verify = |statement: &Statement, _: &Proof| relation(statement, &module, &[]);
    assert_eq!(check(&operation, &post_operation, &view, &verify).unwrap(), executed);
    post_operation.cycles += 1;
    let hash =
        post_operation.signing_hash(&statement(&operation, &post_operation, &view).unwrap().unwrap(), Address::ZERO);
    post_operation.prover_signature = signature::sign(&secret, hash).unwrap().into();
    assert_eq!(check(&operation, &post_operation, &view, &verify).unwrap_err().reason.name(), "cycles_mismatch");
}
