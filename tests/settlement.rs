//! The Consensus Contract: value is conserved to the wei, nothing settles twice, leaders follow the stake.

use alloy_primitives::{Address, B256, U256};
use middle_client::notation::Reject;
use middle_client::operation::{Block, ChainView, ExtensionView, GasManagement, Operation, signature};
use middle_client::post_operation::{PostOperation, Proof};
use middle_client::settlement::{Call, CallResult, Consensus, Item, STAKE_UNIT};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Event {
    Call(u8, Call),
    Settle {
        settler: u8,
        sender: u8,
        sequence: u64,
        outcome: u8,
        gas_used: u64,
        segments: usize,
        valid: bool,
        starved: bool,
    },
    Slots(u64),
    Release {
        sender: u8,
        sequence: u64,
    },
}

fn events() -> impl Strategy<Value = Event> {
    let call = prop_oneof![
        (0u128..5_000_000_000_000).prop_map(Call::Deposit),
        (0u128..5_000_000_000_000).prop_map(Call::Withdraw),
        Just(Call::Claim),
        (STAKE_UNIT - 3..3 * STAKE_UNIT).prop_map(Call::Stake),
        Just(Call::Leave),
        Just(Call::Unstake),
    ];
    prop_oneof![
        3 => (0u8..4, call).prop_map(|(caller, call)| Event::Call(caller, call)),
        4 => (0u8..4, 0u8..4, 0u64..4, 0u8..3, 0u64..120_000, 1usize..4, prop::bool::weighted(0.8), prop::bool::weighted(0.2)).prop_map(
            |(settler, sender, sequence, outcome, gas_used, segments, valid, starved)| {
                Event::Settle { settler, sender, sequence, outcome, gas_used, segments, valid, starved }
            }
        ),
        1 => (0u8..4, 0u64..4).prop_map(|(sender, sequence)| Event::Release { sender, sequence }),
        1 => prop_oneof![0u64..600, Just(100_800)].prop_map(Event::Slots),
    ]
}

fn account(number: u8) -> Address {
    Address::repeat_byte(number + 1)
}

fn item(sender: u8, sequence: u64, outcome: u8, segments: usize, view: &ChainView, contract: &Consensus) -> Item {
    let operation = Operation {
        chain_id: 1,
        sender: account(sender),
        nonce: U256::from(sequence),
        gas_limit: 100_000,
        gas_management: GasManagement {
            max_fee: 1_000,
            max_priority_fee: 10,
            prover_fee_min: 7,
            prover_fee_max: 123_456_789,
            ramp_start_slot: view.slot - 50,
            ramp_slots: 50,
            cycle_limit: 100,
            ..GasManagement::default()
        },
        anchor_hash: B256::repeat_byte(9),
        valid_until_slot: view.slot + 100,
        signature: vec![signature::KIND_CONTRACT].into(),
        ..Operation::default()
    };
    let pre_root = contract.roots.get(&(B256::ZERO, U256::ZERO)).copied().unwrap_or_default();
    let post_operation = PostOperation {
        operation_hash: operation.hash(Address::ZERO),
        outcome,
        code: u32::from(outcome > 0),
        pre_root,
        post_root: if outcome == 0 { B256::repeat_byte(sender) } else { pre_root },
        cycles: 1,
        prover: account(3),
        proof: Proof { proof_type: 1, tier: 1, segments: vec![Default::default(); segments] },
        ..PostOperation::default()
    };
    Item::new(operation, post_operation)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn value_is_conserved_and_nothing_settles_twice(events in prop::collection::vec(events(), 1..150)) {
        let mut contract = Consensus::default();
        let mut view = ChainView {
            chain_id: 1,
            slot: 100,
            base_fee: 500,
            extensions: [(B256::ZERO, ExtensionView { proof_system: 1, data_rule: 1, prepared: [1].into(), ..ExtensionView::default() })].into(),
            ..ChainView::default()
        };
        let mut settled = BTreeSet::new();
        for event in events {
            view.blocks = BTreeMap::from([(B256::repeat_byte(9), Block { number: 0, slot: view.slot - 50, canonical: true })]);
            let before = contract.clone();
            match event {
                Event::Slots(slots) => view.slot += slots,
                Event::Release { sender, sequence } => {
                    // An Operation is known by the slot in which it was sent: any that is held will do.
                    let known = contract.rewards.keys().nth((u64::from(sender) + sequence) as usize).copied();
                    let call = Call::ReleaseReward(known.unwrap_or_default());
                    match contract.call(account(sender), &call, &view) {
                        Ok(()) => prop_assert!(!contract.rewards.contains_key(&known.unwrap_or_default())),
                        Err(_) => prop_assert_eq!(&contract, &before),
                    }
                }
                Event::Call(caller, call) => {
                    if contract.call(account(caller), &call, &view).is_err() {
                        prop_assert_eq!(&contract, &before);
                    }
                }
                Event::Settle { settler, sender, sequence, outcome, gas_used, segments, valid, starved } => {
                    let item = item(sender, sequence, outcome, segments, &view, &contract);
                    let hash = item.post_operation.operation_hash;
                    // A contract account that accepts what it is asked: signatures are tested elsewhere.
                    view.contracts = [(item.operation.sender, [(hash, Default::default())].into())].into();
                    let verdict = |_: &_, _: &_| match valid {
                        true => Ok(()),
                        false => Err(middle_client::notation::Rejection::new(
                            middle_client::notation::Reject::ProofInvalid, 0, "")),
                    };
                    let mut calls = 0;
                    let results = contract.settle(account(settler), std::slice::from_ref(&item), &view, &verdict, &mut |contract, call| {
                        calls += 1;
                        // A target that calls back: nothing moves but what it is told.
                        let during = contract.clone();
                        assert!(contract.is_balanced());
                        for call in [Call::Deposit(1), Call::Withdraw(1), Call::Claim, Call::Stake(STAKE_UNIT), Call::Unstake] {
                            assert_eq!(contract.call(account(settler), &call, &view).unwrap_err().reason, Reject::Reentered);
                        }
                        let again = contract.settle(account(settler), std::slice::from_ref(&item), &view, &verdict, &mut |_, _| {
                            panic!("nothing is called from within")
                        });
                        assert_eq!(again[0].as_ref().unwrap_err().reason, Reject::Reentered);
                        assert_eq!(*contract, during);
                        assert_eq!(call.gas_limit, 100_000);
                        CallResult { gas_left: if starved { 101_586 } else { 101_587 }, success: true, gas_used }
                    });
                    match &results[0] {
                        Ok(receipt) => {
                            prop_assert!(valid);
                            prop_assert!(!starved || outcome > 0);
                            prop_assert!(settled.insert((sender, sequence)), "settled twice");
                            prop_assert_eq!(receipt.paid, receipt.prover + receipt.held + receipt.settler);
                            let most = middle_client::operation::fee::max_cost(&item.operation).unwrap();
                            prop_assert!(receipt.paid <= most);
                            prop_assert_eq!(calls, u32::from(outcome == 0));
                        }
                        Err(_) => prop_assert_eq!(&contract, &before),
                    }
                }
            }
            prop_assert!(contract.is_balanced());
        }
    }
}

/// Over many slots each staker leads about as often as its weight says.
#[test]
fn leaders_follow_the_stake() {
    let mut contract = Consensus::default();
    let view = ChainView { slot: 10, ..ChainView::default() };
    for (number, units) in [(0u8, 1u128), (1, 3), (2, 4)] {
        contract.call(account(number), &Call::Stake(units * STAKE_UNIT), &view).unwrap();
    }
    let mut counts: BTreeMap<Address, u32> = BTreeMap::new();
    for epoch in 3..253u64 {
        contract.seeds.insert(epoch, middle_client::notation::keccak256(epoch.to_be_bytes()));
        for slot in epoch * 32..epoch * 32 + 32 {
            *counts.entry(contract.leader(slot).unwrap()).or_default() += 1;
        }
    }
    for (number, expected) in [(0u8, 1_000), (1, 3_000), (2, 4_000)] {
        assert!(counts[&account(number)].abs_diff(expected) < 200, "{counts:?}");
    }
}

/// The interfaces of EIP-DRAFT.md, read as text, have the selectors and topics of the code.
#[test]
fn the_interfaces_of_the_eip_are_those_of_the_code() {
    let draft = std::fs::read_to_string("EIP-DRAFT.md").unwrap();
    let block = draft.split("```").find(|block| block.contains("interface IConsensusContract")).unwrap();
    let interfaces: Vec<&str> = block.split("\ninterface ").skip(1).collect();
    let code = middle_client::settlement::selectors();
    assert_eq!(interfaces.len(), code.len());
    for (text, (functions, events)) in interfaces.iter().zip(code) {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // The types of the fields of each struct, in an order in which later ones use earlier ones.
        let mut structs: BTreeMap<&str, String> = BTreeMap::new();
        for part in plain.split("struct ").skip(1) {
            let (name, rest) = part.split_once(" { ").unwrap();
            let fields = rest.split_once('}').unwrap().0;
            let types: Vec<String> =
                fields.split(';').filter(|it| !it.trim().is_empty()).map(|it| canonical(it, &structs)).collect();
            structs.insert(name, format!("({})", types.join(",")));
        }
        let signatures = |keyword: &str| -> BTreeSet<Vec<u8>> {
            let found = plain.split(keyword).skip(1).map(|part| {
                let (name, rest) = part.split_once('(').unwrap();
                let parameters = rest.split_once(')').unwrap().0;
                let types: Vec<String> =
                    parameters.split(',').filter(|it| !it.is_empty()).map(|it| canonical(it, &structs)).collect();
                middle_client::notation::keccak256(format!("{name}({})", types.join(","))).to_vec()
            });
            found.collect()
        };
        let of_text: BTreeSet<Vec<u8>> = signatures("function ").iter().map(|hash| hash[..4].to_vec()).collect();
        assert!(!of_text.is_empty());
        assert_eq!(of_text, functions.iter().map(|selector| selector.to_vec()).collect());
        assert_eq!(signatures("event "), events.iter().map(|topic| topic.to_vec()).collect());
    }
}

/// The type of a parameter or field, a struct as the tuple of its fields.
fn canonical(text: &str, structs: &BTreeMap<&str, String>) -> String {
    let kind = text.split_whitespace().next().unwrap();
    match kind.strip_suffix("[]") {
        Some(item) => structs.get(item).map_or(kind.to_string(), |tuple| format!("{tuple}[]")),
        None => structs.get(kind).cloned().unwrap_or(kind.to_string()),
    }
}
