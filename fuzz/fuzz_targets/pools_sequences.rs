//! Sequences of Operations, settlements and heads: the pool's limits and reservations hold after each.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use middle_client::operation::{Block, ChainView, ExtensionView, Operation, signature};
use middle_client::pools::{Limits, Pools};
use middle_client::reputation::Reputation;
use std::collections::BTreeMap;

#[derive(Arbitrary, Debug)]
enum Event {
    Operation { sender: u8, sequence: u8, fee: u8, bytes: u16 },
    Settle { index: u8 },
    Slots(u8),
    Deposit { sender: u8, wei: u32 },
    Reorg { index: u8 },
}

fuzz_target!(|events: Vec<Event>| {
    let account = |sender: u8| [sender % 4 + 1; 20].into();
    let mut view = ChainView {
        chain_id: 1,
        slot: 1_000,
        finalized_slot: 900,
        blocks: [([9; 32].into(), Block { number: 900, slot: 900, canonical: true })].into(),
        extensions: [(Default::default(), ExtensionView { proof_system: 1, ..ExtensionView::default() })].into(),
        ..ChainView::default()
    };
    let mut pools = Pools::new(Limits { slots: 20, ..Limits::default() });
    let reputation = Reputation::default();
    for event in events {
        match event {
            Event::Operation { sender, sequence, fee, bytes } => {
                let mut operation = Operation {
                    chain_id: 1,
                    sender: account(sender),
                    nonce: alloy_primitives::U256::from(sequence % 8),
                    anchor_hash: [9; 32].into(),
                    valid_until_slot: view.slot + 50,
                    data: vec![0; bytes.into()].into(),
                    signature: vec![signature::KIND_CONTRACT].into(),
                    ..Operation::default()
                };
                operation.gas_management.max_fee = fee.into();
                operation.gas_management.ramp_start_slot = 900;
                operation.gas_management.cycle_limit = 1;
                let hash = operation.hash(view.consensus_contract);
                view.contracts.entry(operation.sender).or_default().insert((hash, Default::default()));
                let _ = pools.admit(&operation, &view, &reputation);
            }
            Event::Settle { index } => {
                let hashes: Vec<_> = pools.operations.operations.keys().copied().collect();
                if let Some(hash) = hashes.get(index as usize % hashes.len().max(1)) {
                    pools.settled(*hash, 901);
                    pools.head(&view, 900);
                }
            }
            Event::Slots(slots) => {
                view.slot += u64::from(slots);
                pools.head(&view, 900);
            }
            Event::Deposit { sender, wei } => {
                view.deposits.insert(account(sender), u128::from(wei) * 1_000_000);
                pools.head(&view, 900);
            }
            Event::Reorg { index } => {
                // The new branch settles one of the pooled ones.
                let kept = pools.operations.operations.keys().skip(index.into()).take(1).map(|hash| (*hash, 902));
                let kept: BTreeMap<_, _> = kept.collect();
                pools.reorg(900, 1, &kept, &view, &reputation);
                assert!(kept.keys().all(|hash| pools.limbo.contains_key(hash)));
            }
        }
        assert!(pools.operations.slots <= pools.limits.slots);
        // One extension, of which nothing was counted.
        assert!(pools.operations.operations.len() <= 10);
        for (payer, reserved) in &pools.operations.reserved {
            assert!(*reserved <= view.deposit(*payer));
        }
    }
});
