//! Sequences of calls, settlements and reports: value is conserved after each, what is refused changes nothing, nothing
//! settles twice and no stake is slashed twice.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use middle_client::composition::{Child, ChildResult, encode_children};
use middle_client::notation::{B256, Reject, Rejection};
use middle_client::operation::{Block, ChainView, ExtensionView, Operation, signature};
use middle_client::post_operation::{PostOperation, Proof, signing_hash};
use middle_client::settlement::{Call, CallResult, Consensus, Evidence, Item, STAKE_UNIT, TargetCall};
use middle_client::wire::VerificationResponse;
use std::collections::BTreeSet;

#[derive(Arbitrary, Debug)]
enum Step {
    Call { caller: u8, kind: u8, wei: u64 },
    Settle { settler: u8, sender: u8, sequence: u8, outcome: u8, children: u8, segments: u8, gas_used: u32, is_valid: bool },
    Claim { sender: u8, sequence: u8, nodes: u8 },
    Report { offender: u8, verdicts: [u8; 2] },
    Slots(u16),
}

fn secret(number: u8) -> B256 {
    [number % 4 + 1; 32].into()
}

fn account(number: u8) -> alloy_primitives::Address {
    signature::account(&secret(number)).expect("it is below the order")
}

fn operation(sender: u8, sequence: u8, view: &ChainView) -> Operation {
    let mut operation = Operation {
        chain_id: 1,
        sender: account(sender),
        nonce: alloy_primitives::U256::from(sequence % 8),
        gas_limit: 2_000_000,
        anchor_hash: [9; 32].into(),
        valid_until_slot: view.slot + 100,
        signature: vec![signature::KIND_CONTRACT].into(),
        ..Operation::default()
    };
    operation.gas_management.max_fee = 3;
    operation.gas_management.prover_fee_max = 123_456;
    operation.gas_management.ramp_start_slot = view.slot - 50;
    operation.gas_management.cycle_limit = 100;
    operation
}

fuzz_target!(|steps: Vec<Step>| {
    let mut view = ChainView {
        chain_id: 1,
        slot: 100,
        base_fee: 1,
        extensions: [(B256::ZERO, ExtensionView { proof_system: 1, data_rule: 1, prepared: [1].into(), ..ExtensionView::default() })].into(),
        ..ChainView::default()
    };
    let mut contract = Consensus::default();
    let mut settled = BTreeSet::new();
    for step in steps {
        view.blocks = [([9; 32].into(), Block { number: 0, slot: view.slot - 50, canonical: true })].into();
        let before = contract.clone();
        match step {
            Step::Slots(slots) => view.slot += u64::from(slots) * 16,
            Step::Call { caller, kind, wei } => {
                let call = match kind % 6 {
                    0 => Call::Deposit(wei.into()),
                    1 => Call::Withdraw(wei.into()),
                    2 => Call::Claim,
                    3 => Call::Stake(u128::from(wei % 4) * STAKE_UNIT + 1),
                    4 => Call::Leave,
                    _ => Call::Unstake,
                };
                if contract.call(account(caller), &call, &view).is_err() {
                    assert_eq!(contract, before);
                }
            }
            Step::Settle { settler, sender, sequence, outcome, children, segments, gas_used, is_valid } => {
                let operation = operation(sender, sequence, &view);
                let hash = operation.hash(view.consensus_contract);
                view.contracts = [(operation.sender, [(hash, Default::default())].into())].into();
                let root = |lane: u64| {
                    let lane = alloy_primitives::U256::from(lane);
                    contract.roots.get(&(B256::ZERO, lane)).copied().unwrap_or_default()
                };
                let result = |operation_hash: B256, lane: u64, outcome: u8| PostOperation {
                    operation_hash,
                    outcome,
                    code: u32::from(outcome > 0),
                    pre_root: root(lane),
                    post_root: if outcome == 0 { B256::with_last_byte(sequence) } else { root(lane) },
                    cycles: lane + 1,
                    prover: account(lane as u8),
                    proof: Proof { proof_type: 1, tier: 0, segments: vec![Default::default(); usize::from(segments % 4)] },
                    ..PostOperation::default()
                };
                let claimed: Vec<Child> = (0..u64::from(children % 4))
                    .map(|lane| Child {
                        authorization: 1,
                        lane: alloy_primitives::U256::from(lane + 1),
                        gas_limit: 1_000,
                        cycle_limit: 100,
                        ..Child::default()
                    })
                    .collect();
                let mut item = Item::new(operation, result(hash, 0, outcome % 3));
                if !claimed.is_empty() {
                    item.post_operation.output = encode_children(&claimed).into();
                }
                for (index, child) in (0u64..).zip(&claimed).take(if outcome % 3 == 0 { 4 } else { 0 }) {
                    let post_operation = result(child.hash(hash, index), index + 1, (outcome / 3) % 2);
                    item.children.push(ChildResult { parent: 0, post_operation });
                }
                let verify = |_: &_, _: &_| match is_valid {
                    true => Ok(()),
                    false => Err(Rejection::new(Reject::ProofInvalid, 0, "")),
                };
                let call = &mut |contract: &mut Consensus, call: &TargetCall| {
                    // A target that calls back gets nowhere.
                    assert!(contract.is_balanced());
                    assert!(contract.call(account(settler), &Call::Deposit(1), &view).is_err());
                    CallResult { gas_left: 2 * call.gas_limit, success: true, gas_used: gas_used.into() }
                };
                match &contract.settle(account(settler), &[item.clone()], &view, &verify, call)[0] {
                    Ok(receipt) => {
                        assert!(is_valid && settled.insert((sender % 4, sequence % 8)));
                        assert_eq!(receipt.paid, receipt.prover + receipt.held + receipt.settler);
                        let most = middle_client::operation::fee::max_cost(&item.operation).unwrap();
                        assert!(receipt.paid <= most);
                    }
                    Err(_) => assert_eq!(contract, before),
                }
            }
            Step::Claim { sender, sequence, nodes } => {
                let hash = operation(sender, sequence, &view).hash(view.consensus_contract);
                // Operations of the same slot have this hash; any other reward is found by its place.
                let place = usize::from(nodes) % contract.rewards.len().max(1);
                let hash = contract.rewards.keys().nth(place).copied().unwrap_or(hash);
                let Some(reward) = contract.rewards.get(&hash) else { continue };
                let name = signing_hash(reward.statement, B256::ZERO, B256::ZERO, 1, view.consensus_contract);
                let said = |node: u8| {
                    let mut response = VerificationResponse {
                        post_operation: name,
                        node: account(node),
                        slot: reward.slot,
                        ..VerificationResponse::default()
                    };
                    let hash = response.signing_hash(1, view.consensus_contract);
                    response.signature = signature::sign(&secret(node), hash).expect("a secret").into();
                    response
                };
                let responses: Vec<VerificationResponse> =
                    (0..4).filter(|node| nodes >> node & 1 == 1).map(said).collect();
                let claim = Call::ClaimReward(hash, B256::ZERO, B256::ZERO, responses);
                for call in [claim, Call::ReleaseReward(hash)] {
                    let before = contract.clone();
                    if contract.call(account(sender), &call, &view).is_err() {
                        assert_eq!(contract, before);
                    }
                }
            }
            Step::Report { offender, verdicts } => {
                let said = |verdict: u8| {
                    let mut response = VerificationResponse {
                        node: account(offender),
                        verdict: verdict % 4,
                        slot: view.slot,
                        ..VerificationResponse::default()
                    };
                    let hash = response.signing_hash(1, view.consensus_contract);
                    response.signature = signature::sign(&secret(offender), hash).expect("a secret").into();
                    response
                };
                let both = verdicts.map(said);
                let evidence = Evidence::Equivocation(Box::new((both[0].clone(), both[1].clone())));
                for time in 0..2 {
                    let before = contract.clone();
                    match contract.report(account(offender.wrapping_add(1)), &evidence, &view, &|_, _| Ok(()), 1_000_000) {
                        Ok(_) => assert_eq!(time, 0, "slashed twice"),
                        Err(_) => assert_eq!(contract, before),
                    }
                }
            }
        }
        assert!(contract.is_balanced());
    }
});
