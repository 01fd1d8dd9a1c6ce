//! Sequences of Operations, results, settlements and heads: the limits and reservations of the pools hold after each.

#![no_main]

use alloy_primitives::{Address, B256, U256};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use middle_client::operation::{Block, ChainView, ExtensionView, Operation, signature};
use middle_client::pools::{Limits, Pools};
use middle_client::post_operation::{PostOperation, Proof, statement};
use middle_client::reputation::Reputation;
use std::collections::BTreeMap;

#[derive(Arbitrary, Debug)]
enum Event {
    Operation { sender: u8, sponsor: Option<u8>, key: bool, sequence: u8, fees: [u8; 2], bytes: u16 },
    Result { index: u8, pre_root: Option<u8>, post_root: u8, segments: u8, tier: u8 },
    Settle { index: u8 },
    Slots(u8),
    BaseFee(u8),
    Deposit { sender: u8, wei: u32 },
    Reorg { index: u8, depth: u8 },
}

const PROVER: B256 = B256::repeat_byte(7);

fn account(number: u8) -> Address {
    [number % 4 + 1; 20].into()
}

fn root(number: u8) -> B256 {
    [number % 4; 32].into()
}

fuzz_target!(|events: Vec<Event>| {
    let known = ExtensionView { proof_system: 1, prepared: [1].into(), ..ExtensionView::default() };
    let mut view = ChainView {
        chain_id: 1,
        slot: 1_000,
        finalized_slot: 900,
        blocks: [([9; 32].into(), Block { number: 900, slot: 900, canonical: true })].into(),
        head_number: 900,
        extensions: [(Default::default(), known)].into(),
        ..ChainView::default()
    };
    let limits = Limits { slots: 20, post_operations: 6, lane_depth: 3, ..Limits::default() };
    let mut pools = Pools::new(limits);
    let reputation = Reputation::default();
    let prover = signature::account(&PROVER).unwrap();
    for event in events {
        match event {
            Event::Operation { sender, sponsor, key, sequence, fees, bytes } => {
                let mut operation = Operation {
                    chain_id: 1,
                    sender: account(sender),
                    nonce: U256::from(key) << 64 | U256::from(sequence % 8),
                    anchor_hash: [9; 32].into(),
                    valid_until_slot: view.slot + 100,
                    data: vec![0; bytes.into()].into(),
                    signature: vec![signature::KIND_CONTRACT].into(),
                    ..Operation::default()
                };
                let gas = &mut operation.gas_management;
                (gas.max_fee, gas.prover_fee_max) = (fees[0].into(), fees[1].into());
                (gas.ramp_start_slot, gas.cycle_limit) = (900, 1);
                if let Some(sponsor) = sponsor {
                    gas.sponsor = account(sponsor);
                    gas.sponsor_signature = vec![signature::KIND_CONTRACT].into();
                }
                let hash = operation.hash(view.consensus_contract);
                for signer in [operation.sender, operation.gas_management.sponsor] {
                    view.contracts.entry(signer).or_default().insert((hash, Default::default()));
                }
                if pools.admit(&operation, &view, &reputation).is_ok() {
                    assert!(operation.gas_management.max_fee >= view.base_fee);
                }
            }
            Event::Result { index, pre_root, post_root, segments, tier } => {
                let count = pools.operations.operations.len().max(1);
                let pooled = pools.operations.operations.iter().nth(usize::from(index) % count);
                let Some((hash, operation)) = pooled.map(|(hash, it)| (*hash, it.operation.clone())) else { continue };
                let mut result = PostOperation {
                    operation_hash: hash,
                    pre_root: pre_root.map_or(view.root(B256::ZERO, U256::ZERO), root),
                    post_root: root(post_root),
                    cycles: 1,
                    prover,
                    proof: Proof {
                        proof_type: 1,
                        tier: u32::from(tier % 2) + 1,
                        segments: vec![vec![0].into(); usize::from(segments % 4)],
                    },
                    stamp_hash: [9; 32].into(),
                    ..PostOperation::default()
                };
                let Ok(Some(stated)) = statement(&operation, &result, &view) else { continue };
                let signed = result.signing_hash(&stated, view.consensus_contract);
                result.prover_signature = signature::sign(&PROVER, signed).unwrap().into();
                let _ = pools.add(&result, &view, &reputation, &|_, _| Ok(()));
            }
            Event::Settle { index } => {
                let hashes: Vec<_> = pools.operations.operations.keys().copied().collect();
                if let Some(hash) = hashes.get(usize::from(index) % hashes.len().max(1)) {
                    pools.settled(*hash, view.head_number + 1);
                    pools.head(&view, 900);
                }
            }
            Event::Slots(slots) => {
                view.slot += u64::from(slots);
                pools.head(&view, 900);
            }
            Event::BaseFee(wei) => {
                view.base_fee = wei.into();
                pools.head(&view, 900);
            }
            Event::Deposit { sender, wei } => {
                view.deposits.insert(account(sender), u128::from(wei) * 1_000_000);
                pools.head(&view, 900);
            }
            Event::Reorg { index, depth } => {
                // The new branch settles one of the pooled ones.
                let kept = pools.operations.operations.keys().skip(index.into()).take(1).map(|hash| (*hash, 902));
                let kept: BTreeMap<_, _> = kept.collect();
                pools.reorg(900, depth.into(), &kept, &view, &reputation);
                assert!(kept.keys().all(|hash| pools.limbo.contains_key(hash)));
            }
        }
        assert!(pools.operations.slots <= pools.limits.slots);
        // One extension, of which nothing was counted.
        assert!(pools.operations.operations.len() <= 10);
        for (payer, reserved) in &pools.operations.reserved {
            assert!(*reserved <= view.deposit(*payer));
        }
        let results = &pools.post_operations.post_operations;
        assert!(results.len() as u64 <= pools.limits.post_operations);
        assert!(results.values().all(|it| (1..=pools.limits.lane_depth).contains(&it.depth)));
        assert!(results.keys().all(|(hash, _)| pools.operations.operations.contains_key(hash)));
    }
});
