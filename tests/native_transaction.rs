//! The native transaction: one encoding, and value that is conserved.

use alloy_primitives::{Address, B256, U256};
use middle_client::native_transaction::{MiddleOpTx, NativeState, apply};
use middle_client::operation::{Block, ChainView, ExtensionView, GasManagement, Operation, signature};
use middle_client::post_operation::{PostOperation, Proof};
use middle_client::settlement::CallResult;
use proptest::prelude::*;

fn transaction(sequence: u64, segments: usize, outcome: u8, pre_root: B256) -> MiddleOpTx {
    let operation = Operation {
        chain_id: 1,
        sender: Address::repeat_byte(1),
        nonce: U256::from(sequence),
        gas_limit: 100_000,
        gas_management: GasManagement {
            max_fee: 1_000,
            max_priority_fee: 7,
            prover_fee_max: 999,
            cycle_limit: 10,
            ..GasManagement::default()
        },
        anchor_hash: B256::repeat_byte(9),
        valid_until_slot: 150,
        signature: vec![signature::KIND_CONTRACT].into(),
        ..Operation::default()
    };
    let post_operation = PostOperation {
        operation_hash: operation.hash(Address::ZERO),
        outcome,
        code: u32::from(outcome > 0),
        pre_root,
        post_root: if outcome == 0 { B256::repeat_byte(2) } else { pre_root },
        cycles: 1,
        prover: Address::repeat_byte(3),
        proof: Proof { proof_type: 1, tier: 1, segments: vec![Default::default(); segments] },
        ..PostOperation::default()
    };
    MiddleOpTx { operation, post_operation }
}

proptest! {
    #[test]
    fn value_is_conserved(steps in prop::collection::vec((0u64..4, 1usize..4, 0u8..3, any::<bool>(), 0u64..120_000), 0..30)) {
        let mut state = NativeState { balances: [(Address::repeat_byte(1), 10_000_000_000)].into(), ..NativeState::default() };
        let mut view = ChainView {
            chain_id: 1,
            slot: 100,
            base_fee: 500,
            blocks: [(B256::repeat_byte(9), Block { number: 1, slot: 50, canonical: true })].into(),
            extensions: [(B256::ZERO, ExtensionView { proof_system: 1, data_rule: 1, ..ExtensionView::default() })].into(),
            ..ChainView::default()
        };
        for (sequence, segments, outcome, success, gas_used) in steps {
            let root = state.roots.get(&(B256::ZERO, U256::ZERO)).copied().unwrap_or_default();
            let transaction = transaction(sequence, segments, outcome, root);
            prop_assert_eq!(MiddleOpTx::from_bytes(&transaction.to_bytes()), Ok(transaction.clone()));
            let hash = transaction.post_operation.operation_hash;
            view.contracts = [(Address::repeat_byte(1), [(hash, Default::default())].into())].into();
            let before = state.clone();
            let call = CallResult { gas_left: 0, success, gas_used };
            let result = apply(&mut state, &transaction, Address::repeat_byte(4), &view, &|_, _| Ok(()), call);
            let total = |state: &NativeState| state.balances.values().sum::<u128>() + state.burned;
            prop_assert_eq!(total(&state), total(&before));
            if result.is_err() {
                prop_assert_eq!(&state, &before);
            }
        }
    }

    #[test]
    fn encodings_are_unique(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = transaction(0, 1, 0, B256::ZERO).to_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(decoded) = MiddleOpTx::from_bytes(&bytes) {
            prop_assert_eq!(decoded.to_bytes(), bytes);
        }
    }
}
