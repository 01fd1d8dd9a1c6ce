//! The native transaction: one encoding, and value that is conserved.

use alloy_primitives::{Address, B256, U256};
use middle_client::native_transaction::{MiddleOpTx, apply};
use middle_client::notation::Reject;
use middle_client::operation::fee;
use middle_client::operation::{Block, ChainView, ExtensionView, GasManagement, Operation, signature};
use middle_client::post_operation::{PostOperation, Proof};
use middle_client::settlement::{Call, CallResult, Consensus, Item};
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
            prover_fee_max: 1_000_000_000,
            ramp_start_slot: 50,
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
        let deposit = 50_000_000_000;
        let mut state = Consensus { deposits: [(Address::repeat_byte(1), deposit)].into(), paid_in: deposit, ..Consensus::default() };
        let mut view = ChainView {
            chain_id: 1,
            slot: 100,
            base_fee: 500,
            blocks: [(B256::repeat_byte(9), Block { number: 1, slot: 50, canonical: true })].into(),
            extensions: [(B256::ZERO, ExtensionView { proof_system: 1, data_rule: 1, prepared: [1].into(), ..ExtensionView::default() })].into(),
            ..ChainView::default()
        };
        for (sequence, segments, outcome, success, gas_used) in steps {
            let root = state.roots.get(&(B256::ZERO, U256::ZERO)).copied().unwrap_or_default();
            let transaction = transaction(sequence, segments, outcome, root);
            prop_assert_eq!(MiddleOpTx::from_bytes(&transaction.to_bytes()), Ok(transaction.clone()));
            let hash = transaction.post_operation.operation_hash;
            view.contracts = [(Address::repeat_byte(1), [(hash, Default::default())].into())].into();
            let before = state.clone();
            let result = apply(&mut state, &transaction, &view, &|_, _| Ok(()), &mut |contract, call| {
                // The target calls back in vain, and the receipt says with what it was called.
                assert!(contract.call(Address::repeat_byte(1), &Call::Withdraw(1), &view).is_err());
                assert!(contract.is_balanced());
                assert_eq!(call.gas_limit, 100_000);
                CallResult { gas_left: 0, success, gas_used }
            });
            prop_assert!(state.is_balanced());
            if let Ok(receipt) = &result {
                prop_assert!(receipt.paid <= fee::max_cost(&transaction.operation).unwrap());
                prop_assert_eq!(state.burned - before.burned, u128::from(receipt.gas_used) * view.base_fee);
                prop_assert_eq!(receipt.paid, receipt.prover + receipt.proposer + state.burned - before.burned);
                // What is settled here is settled: the contract has the same nonces.
                let item = Item::new(transaction.operation.clone(), transaction.post_operation.clone());
                let again = state.settle(Address::repeat_byte(5), &[item], &view, &|_, _| Ok(()), &mut |_, _| CallResult::default());
                prop_assert_eq!(again[0].as_ref().unwrap_err().reason, Reject::NonceUsed);
            }
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
