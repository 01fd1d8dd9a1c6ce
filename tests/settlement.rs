//! The Consensus Contract: value is conserved to the wei, nothing settles or is slashed twice, leaders follow the stake.

use alloy_primitives::{Address, B256, U256};
use middle_client::composition::{Child, ChildResult, encode_children};
use middle_client::notation::{Reject, Rejection, keccak256};
use middle_client::operation::{Block, ChainView, ExtensionView, GasManagement, Operation, signature};
use middle_client::post_operation::{PostOperation, Proof, signing_hash, statement};
use middle_client::settlement::{Call, CallResult, Consensus, EPOCH_SLOTS, Evidence, Item, STAKE_UNIT};
use middle_client::wire::VerificationResponse;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Event {
    Call(u8, Call),
    Settle {
        settler: u8,
        /// The leader settles in the settler's place, if there is one.
        leads: bool,
        /// Nobody but a leader may settle it yet.
        fresh: bool,
        sender: u8,
        sequence: u64,
        outcome: u8,
        children: u8,
        /// The outcome of the children.
        child_outcome: u8,
        gas_used: u64,
        segments: usize,
        valid: bool,
        starved: bool,
    },
    Slots(u64),
    /// Verdicts of some of the stakers on a settled result.
    Claim {
        place: usize,
        nodes: u8,
        verdict: u8,
    },
    Release {
        place: usize,
    },
    /// Evidence, which is shown twice.
    Report {
        kind: u8,
        offender: u8,
        verdicts: [u8; 2],
        valid: bool,
        starved: bool,
        salt: u64,
    },
}

fn events() -> impl Strategy<Value = Event> {
    let call = prop_oneof![
        2 => (0u128..50_000_000_000_000).prop_map(Call::Deposit),
        1 => (0u128..5_000_000_000_000).prop_map(Call::Withdraw),
        1 => Just(Call::Claim),
        2 => prop_oneof![Just(0), Just(1), STAKE_UNIT - 3..3 * STAKE_UNIT].prop_map(Call::Stake),
        1 => Just(Call::Leave),
        1 => Just(Call::Unstake),
    ];
    let who = (0u8..4, any::<bool>(), any::<bool>(), 0u8..4, 0u64..4);
    let what = (0u8..3, 0u8..4, 0u8..5, 0u64..120_000, 1usize..4);
    let how = (prop::bool::weighted(0.8), prop::bool::weighted(0.2));
    prop_oneof![
        3 => (0u8..4, call).prop_map(|(caller, call)| Event::Call(caller, call)),
        4 => (who, what, how).prop_map(
            |(
                (settler, leads, fresh, sender, sequence),
                (outcome, children, child_outcome, gas_used, segments),
                (valid, starved),
            )| Event::Settle {
                settler, leads, fresh, sender, sequence, outcome, children,
                child_outcome: child_outcome.saturating_sub(2), gas_used, segments, valid, starved,
            }
        ),
        2 => (0usize..8, 0u8..16, prop_oneof![4 => Just(0u8), 1 => 1u8..3])
            .prop_map(|(place, nodes, verdict)| Event::Claim { place, nodes, verdict }),
        1 => (0usize..8).prop_map(|place| Event::Release { place }),
        1 => (0u8..4, 0u8..4, [0u8..3, 0u8..3], any::<bool>(), prop::bool::weighted(0.2), 0u64..3).prop_map(
            |(kind, offender, verdicts, valid, starved, salt)| {
                Event::Report { kind, offender, verdicts, valid, starved, salt }
            }
        ),
        2 => prop_oneof![3 => 0u64..200, 1 => Just(512), 1 => Just(100_800)].prop_map(Event::Slots),
    ]
}

fn secret(number: u8) -> B256 {
    B256::repeat_byte(number + 1)
}

fn account(number: u8) -> Address {
    signature::account(&secret(number)).unwrap()
}

fn sign(number: u8, hash: B256) -> alloy_primitives::Bytes {
    signature::sign(&secret(number), hash).unwrap().into()
}

/// The least gas of which 63 of 64 parts are this much.
fn enough(gas: u64) -> u64 {
    (gas..).find(|left| left - left / 64 >= gas).unwrap()
}

fn operation(sender: u8, sequence: u64, view: &ChainView) -> Operation {
    Operation {
        chain_id: 1,
        sender: account(sender),
        nonce: U256::from(sequence),
        gas_limit: 2_000_000,
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
    }
}

/// A result in this lane, proven by account 3.
fn result(operation_hash: B256, lane: u64, outcome: u8, segments: usize, contract: &Consensus) -> PostOperation {
    let pre_root = contract.roots.get(&(B256::ZERO, U256::from(lane))).copied().unwrap_or_default();
    PostOperation {
        operation_hash,
        outcome,
        code: u32::from(outcome > 0),
        pre_root,
        post_root: if outcome == 0 { operation_hash } else { pre_root },
        cycles: 1 + lane,
        prover: account(3),
        proof: Proof { proof_type: 1, tier: 1, segments: vec![Default::default(); segments] },
        ..PostOperation::default()
    }
}

/// A result of this Operation with those of so many children, each in a lane of its own.
fn family(operation: Operation, outcomes: [u8; 2], children: u8, segments: usize, contract: &Consensus) -> Item {
    let hash = operation.hash(Address::ZERO);
    let mut item = Item::new(operation, result(hash, 0, outcomes[0], segments, contract));
    let claimed: Vec<Child> = (0..u64::from(children))
        .map(|lane| Child {
            authorization: 1,
            lane: U256::from(lane + 1),
            gas_limit: 1_000,
            cycle_limit: 100,
            ..Child::default()
        })
        .collect();
    if !claimed.is_empty() && outcomes[0] == 0 {
        item.post_operation.output = encode_children(&claimed).into();
        for (index, child) in (0u64..).zip(&claimed) {
            let post_operation = result(child.hash(hash, index), index + 1, outcomes[1], 1, contract);
            item.children.push(ChildResult { parent: 0, post_operation });
        }
    }
    item
}

/// A verdict of this account, signed.
fn said(node: u8, verdict: u8, post_operation: B256, slot: u64) -> VerificationResponse {
    let mut response =
        VerificationResponse { post_operation, verdict, node: account(node), slot, ..VerificationResponse::default() };
    response.signature = sign(node, response.signing_hash(1, Address::ZERO));
    response
}

/// Evidence against an account, and whether it shows a fault, if the proof in it is what is stated.
fn evidence(kind: u8, offender: u8, verdicts: [u8; 2], valid: bool, salt: u64, view: &ChainView) -> (Evidence, bool) {
    let extension_id = if kind == 3 { B256::repeat_byte(1) } else { B256::ZERO };
    let operation = Operation { extension_id, ..operation(0, 99, view) };
    let mut result = PostOperation {
        extension_id,
        cycles: 1 + salt,
        prover: account(offender),
        stamp_hash: operation.anchor_hash,
        ..result(operation.hash(Address::ZERO), 0, 0, 1, &Consensus::default())
    };
    let stated = statement(&operation, &result, view).unwrap().unwrap();
    let name = result.signing_hash(&stated, Address::ZERO);
    result.prover_signature = sign(offender, name);
    let response = said(offender, verdicts[0], name, view.slot);
    match kind {
        0 => (Evidence::InvalidProof(Box::new((operation, result))), !valid),
        1 => {
            let other = said(offender, verdicts[1], name, view.slot);
            let differ = verdicts == [0, 1] || verdicts == [1, 0];
            (Evidence::Equivocation(Box::new((response, other))), differ)
        }
        2 => {
            let is_false = verdicts[0] == u8::from(valid);
            (Evidence::FalseVerdict(Box::new((response, operation, result))), is_false && verdicts[0] < 2)
        }
        _ => (Evidence::Conflict(Box::new((operation, result))), valid),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn value_is_conserved_and_nothing_settles_or_is_slashed_twice(events in prop::collection::vec(events(), 1..150)) {
        let mut contract = Consensus::default();
        let known = ExtensionView { proof_system: 1, data_rule: 1, prepared: [1].into(), ..ExtensionView::default() };
        let mut view = ChainView {
            chain_id: 1,
            slot: 100,
            base_fee: 500,
            extensions: [(B256::ZERO, known.clone()), (B256::repeat_byte(1), known)].into(),
            ..ChainView::default()
        };
        let (mut settled, mut slashed) = (BTreeSet::new(), BTreeSet::new());
        for event in events {
            view.blocks = BTreeMap::from([(B256::repeat_byte(9), Block { number: 0, slot: view.slot - 50, canonical: true })]);
            let epoch = view.slot / EPOCH_SLOTS;
            contract.seeds = [epoch - 1, epoch].map(|it| (it, keccak256(it.to_be_bytes()))).into();
            let before = contract.clone();
            let verdict = |valid: bool| match valid {
                true => Ok(()),
                false => Err(Rejection::new(Reject::ProofInvalid, 0, "")),
            };
            let held = |place: usize| {
                let place = place % contract.rewards.len().max(1);
                contract.rewards.iter().nth(place).map(|(hash, reward)| (*hash, reward.clone()))
            };
            match event {
                Event::Slots(slots) => view.slot += slots,
                Event::Call(caller, call) => {
                    if contract.call(account(caller), &call, &view).is_err() {
                        prop_assert_eq!(&contract, &before);
                    }
                }
                Event::Claim { place, nodes, verdict } => {
                    let Some((hash, reward)) = held(place) else { continue };
                    let name = signing_hash(reward.statement, B256::ZERO, B256::ZERO, 1, Address::ZERO);
                    let nodes = (0..4).filter(|node| nodes >> node & 1 == 1);
                    let verdicts: Vec<_> = nodes.map(|node| said(node, verdict, name, reward.slot)).collect();
                    let call = Call::ClaimReward(hash, B256::ZERO, B256::ZERO, verdicts.clone());
                    match contract.call(account(0), &call, &view) {
                        Ok(()) => {
                            prop_assert!(verdict == 0 && !verdicts.is_empty());
                            let noted = contract.rewards[&hash].noted.count_ones();
                            prop_assert_eq!(noted, reward.noted.count_ones() + verdicts.len());
                            prop_assert_eq!(&contract.deposits, &before.deposits);
                        }
                        Err(_) => prop_assert_eq!(&contract, &before),
                    }
                }
                Event::Release { place } => {
                    let Some((hash, reward)) = held(place) else { continue };
                    match contract.call(account(0), &Call::ReleaseReward(hash), &view) {
                        Ok(()) => {
                            prop_assert!(view.slot >= reward.slot + 512 && !contract.rewards.contains_key(&hash));
                            let sum = |contract: &Consensus| contract.deposits.values().sum::<u128>();
                            prop_assert_eq!(sum(&contract), sum(&before) + reward.held);
                        }
                        Err(_) => prop_assert_eq!(&contract, &before),
                    }
                }
                Event::Report { kind, offender, verdicts, valid, starved, salt } => {
                    let (evidence, shows) = evidence(kind, offender, verdicts, valid, salt, &view);
                    let gas_left = enough(45_000 + 6 * 34_000) - u64::from(starved);
                    let stake = before.stakes.get(&account(offender)).map_or(0, |stake| stake.wei);
                    let report = |contract: &mut Consensus| {
                        contract.report(account(0), &evidence, &view, &|_, _| verdict(valid), gas_left)
                    };
                    match report(&mut contract) {
                        Ok(Some(it)) => {
                            prop_assert!(kind < 3 && shows && stake > 0 && (!starved || kind == 1));
                            prop_assert_eq!((it.account, it.amount), (account(offender), stake / 2));
                            prop_assert_eq!(contract.burned, before.burned + stake - stake / 2);
                            prop_assert!(slashed.insert(it.account), "slashed twice");
                        }
                        Ok(None) => prop_assert!(kind == 3 && valid && !starved),
                        Err(_) => {
                            prop_assert!(kind == 3 || !shows || stake == 0 || (starved && kind != 1));
                            prop_assert_eq!(&contract, &before);
                        }
                    }
                    let once = contract.clone();
                    if let Ok(it) = report(&mut contract) {
                        // A third result is as good as the second.
                        prop_assert!(it.is_none() && !contract.quarantined.is_empty());
                    }
                    prop_assert_eq!(&contract, &once);
                }
                Event::Settle { settler, leads, fresh, sender, sequence, outcome, children, child_outcome, gas_used, segments, valid, starved } => {
                    let mut operation = operation(sender, sequence, &view);
                    if fresh {
                        operation.gas_management.ramp_start_slot = view.slot - 31;
                    }
                    let leader = contract.leader(view.slot);
                    let settler = leader.filter(|_| leads).unwrap_or(account(settler));
                    let item = family(operation, [outcome, child_outcome], children, segments, &contract);
                    let hash = item.post_operation.operation_hash;
                    // A contract account that accepts what it is asked: signatures are tested elsewhere.
                    view.contracts = [(item.operation.sender, [(hash, Default::default())].into())].into();
                    let verify = |_: &_, _: &_| verdict(valid);
                    let mut calls = 0;
                    let results = contract.settle(settler, std::slice::from_ref(&item), &view, &verify, &mut |contract, call| {
                        calls += 1;
                        // A target that calls back: nothing moves but what it is told.
                        let during = contract.clone();
                        assert!(contract.is_balanced());
                        for call in [Call::Deposit(1), Call::Withdraw(1), Call::Claim, Call::Stake(STAKE_UNIT), Call::Unstake] {
                            assert_eq!(contract.call(settler, &call, &view).unwrap_err().reason, Reject::Reentered);
                        }
                        let again = contract.settle(settler, std::slice::from_ref(&item), &view, &verify, &mut |_, _| {
                            panic!("nothing is called from within")
                        });
                        assert_eq!(again[0].as_ref().unwrap_err().reason, Reject::Reentered);
                        assert_eq!(*contract, during);
                        CallResult { gas_left: enough(call.gas_limit) - u64::from(starved), success: true, gas_used }
                    });
                    match &results[0] {
                        Ok(receipt) => {
                            let last = contract.leader(view.slot - 1);
                            prop_assert!(!fresh || [leader, last].contains(&Some(settler)), "nobody's turn");
                            prop_assert!(valid);
                            let is_accepted = outcome == 0 && (children == 0 || child_outcome == 0);
                            prop_assert!(!starved || !is_accepted);
                            prop_assert!(settled.insert((sender, sequence)), "settled twice");
                            prop_assert_eq!(receipt.paid, receipt.prover + receipt.held + receipt.settler);
                            let most = middle_client::operation::fee::max_cost(&item.operation).unwrap();
                            prop_assert!(receipt.paid <= most);
                            prop_assert_eq!(calls, if is_accepted { 1 + u32::from(children) } else { 0 });
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
        contract.seeds.insert(epoch, keccak256(epoch.to_be_bytes()));
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
