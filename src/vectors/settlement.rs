//! Cases of the format `settlement`: histories of the Consensus Contract. The segments of the PostOperations are no
//! proofs; a case states the verdict, and what the calls of `to` did.

use super::evaluate::Stop;
use super::fixture::{
    CHAIN_ID, CONTRACT, DEPOSIT, SLOT, account, block_hash, extension, field, operation, post_operation, sign, verdict,
    view,
};
use super::json::{Fault, Json, Node, digest, hex};
use super::{Case, Draft, case};
use crate::composition::{Child, ChildResult, encode_children};
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::operation::{Block, ChainView, ExtensionView, Operation, rlp};
use crate::post_operation::PostOperation;
use crate::settlement::{
    Call, CallResult, Consensus, Evidence, Item, STAKE_UNIT, SeedProof, epoch, randao_index, slot_leaf,
};
use crate::wire::VerificationResponse;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    node.only(&["kind", "leaderSlots", "steps", "view"])?;
    let mut view: ChainView = field(&node, "view")?;
    let mut contract = Consensus::default();
    let steps = node.field("steps")?.items()?;
    let mut effects = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        match apply(step, &mut contract, &mut view) {
            Ok(effect) => effects.push(effect),
            // Only the last step is under test.
            Err(Stop::Rejection(rejection)) if index + 1 < steps.len() => {
                return Err(step.fault(rejection.to_string()).into());
            }
            Err(stop) => return Err(stop),
        }
        if !contract.is_balanced() {
            return Err(step.fault("money is made or lost").into());
        }
    }
    let slots: Vec<u64> =
        node.optional("leaderSlots")?.map(|slots| Json::from_json(&slots)).transpose()?.unwrap_or_default();
    let state = contract.to_json();
    Ok(json!({
        "outcome": "accept",
        "stage": "settlement",
        "effects": effects,
        "leaders": slots.iter().map(|slot| json!([slot.to_json(), contract.leader(*slot).to_json()])).collect::<Value>(),
        "digest": hex(digest(&state)),
        "state": state,
    }))
}

fn apply(step: &Node, contract: &mut Consensus, view: &mut ChainView) -> Result<Value, Stop> {
    match step.field("step")?.text()? {
        "call" => {
            contract.call(field(step, "caller")?, &Call::from_json(step)?, view)?;
            Ok(json!({}))
        }
        "view" => {
            *view = field(step, "view")?;
            Ok(json!({}))
        }
        "settle" => {
            let mut batch = Vec::new();
            // What a case states of each result, by the hash of its Operation or child.
            let mut stated: BTreeMap<B256, Claims> = BTreeMap::new();
            let mut callbacks = Vec::new();
            for item in step.field("items")?.items()? {
                let operation = Operation::from_bytes(&item.field("operation")?.hex()?)?;
                let mut settled = Item::new(operation, claimed(&item, &mut stated)?);
                for child in item.optional("children")?.map(|it| it.items()).transpose()?.unwrap_or_default() {
                    let parent = field(&child, "parent")?;
                    settled.children.push(ChildResult { parent, post_operation: claimed(&child, &mut stated)? });
                }
                batch.push(settled);
            }
            let results = contract.settle(
                field(step, "settler")?,
                &batch,
                view,
                &|statement, _| stated.get(&statement.context.fields[0]).map_or(Ok(()), |it| it.0.clone()),
                &mut |contract, call| {
                    let Some((_, made, callback)) = stated.get(&call.operation_hash) else {
                        return CallResult::default();
                    };
                    if let Some(step) = callback {
                        callbacks.push(apply(step, contract, &mut view.clone()));
                    }
                    *made
                },
            );
            let alone = results.len() == 1;
            let results: Result<Vec<Value>, Stop> = results
                .into_iter()
                .map(|result| match result {
                    Ok(receipt) => Ok(receipt.to_json()),
                    Err(rejection) if !alone => Ok(json!({"refused": rejection.reason.name()})),
                    Err(rejection) => Err(rejection.into()),
                })
                .collect();
            let results = results?;
            // What the targets tried meanwhile; a case has at most one.
            match callbacks.pop() {
                None => Ok(json!({"results": results})),
                Some(Err(Stop::Rejection(rejection))) if step.optional("tests")?.is_none() => {
                    Ok(json!({"results": results, "callback": rejection.reason.name()}))
                }
                Some(callback) => callback,
            }
        }
        "report" => {
            let judged = judgement(&step.field("proofVerdict")?)?;
            let verify = |_: &crate::statement::Statement, _: &crate::post_operation::Proof| judged.clone();
            let (reporter, gas_left) = (field(step, "reporter")?, field(step, "gasLeft")?);
            match contract.report(reporter, &evidence(&step.field("evidence")?)?, view, &verify, gas_left)? {
                Some(it) => Ok(json!({"slashed": it.account.to_json(), "reward": it.amount.to_json()})),
                None => Ok(json!({
                    "noted": contract.results.values().copied().collect::<Vec<B256>>().to_json(),
                    "quarantined": contract.quarantined.to_json(),
                })),
            }
        }
        _ => Err(step.fault("is no step").into()),
    }
}

/// What a case states of a proof of evidence: a precompile can fail on it, too.
fn judgement(node: &Node) -> Result<Result<(), Rejection>, Fault> {
    match node.text()? {
        "failed" => Ok(Err(Rejection::new(Reject::PointNotOnCurve, 0, "as the case states"))),
        _ => verdict(node),
    }
}

/// What a case states of a result: the verdict on its proof, what the call does, and what the target does meanwhile.
type Claims<'a> = (Result<(), Rejection>, CallResult, Option<Node<'a>>);

/// The result of a node of a case; notes what is stated of it.
fn claimed<'a>(node: &Node<'a>, stated: &mut BTreeMap<B256, Claims<'a>>) -> Result<PostOperation, Stop> {
    let result = PostOperation::from_bytes(&node.field("postOperation")?.hex()?)?;
    let claims = (verdict(&node.field("proofVerdict")?)?, field(node, "call")?, node.optional("callback")?);
    stated.entry(result.operation_hash).or_insert(claims);
    Ok(result)
}

fn evidence(node: &Node) -> Result<Evidence, Stop> {
    let operation = || -> Result<Operation, Stop> { Ok(Operation::from_bytes(&node.field("operation")?.hex()?)?) };
    let result =
        |name: &str| -> Result<PostOperation, Stop> { Ok(PostOperation::from_bytes(&node.field(name)?.hex()?)?) };
    let response = |name: &str| -> Result<VerificationResponse, Stop> { Ok(Json::from_json(&node.field(name)?)?) };
    match node.field("fault")?.text()? {
        "invalidProof" => Ok(Evidence::InvalidProof(Box::new((operation()?, result("postOperation")?)))),
        "equivocation" => Ok(Evidence::Equivocation(Box::new((response("response")?, response("other")?)))),
        "falseVerdict" => {
            Ok(Evidence::FalseVerdict(Box::new((response("response")?, operation()?, result("postOperation")?))))
        }
        "conflict" => Ok(Evidence::Conflict(Box::new((operation()?, result("postOperation")?)))),
        _ => Err(Fault::new("evidence.fault", "is unknown").into()),
    }
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [money(), leaders(), settling(), refused_items(), families(), rewards(), reports()].concat()
}

fn call(caller: &str, call: Call) -> Value {
    let mut value = call.to_json();
    value["step"] = "call".into();
    value["caller"] = account(caller).to_json();
    value
}

fn at(slot: u64) -> Value {
    json!({"step": "view", "view": ChainView { slot, ..chain() }.to_json()})
}

/// The chain with the beacon block that shows the seed of the current epoch.
fn chain() -> ChainView {
    ChainView { beacon_roots: [seed(SLOT - 10).root].into(), ..view() }
}

fn pair(left: B256, right: B256) -> B256 {
    B256::from_slice(&Sha256::digest([left, right].concat()))
}

/// The mix of the epoch before the last one in a block of this slot.
fn seed(block_slot: u64) -> SeedProof {
    let mix = keccak256("mix");
    // The header has the generalized index 1, the state's root 11.
    let mut index = randao_index(epoch(SLOT) - 2);
    let mut branch: Vec<B256> = (0..index.ilog2() - 3).map(|level| keccak256(format!("neighbour {level}"))).collect();
    let state_root = branch.iter().fold(mix, |node, neighbour| {
        let node = if index.is_multiple_of(2) { pair(node, *neighbour) } else { pair(*neighbour, node) };
        index /= 2;
        node
    });
    let [proposer, parent, right] = ["proposer", "parent", "body and zeros"].map(keccak256);
    let (first, second) = (pair(slot_leaf(block_slot), proposer), pair(parent, state_root));
    branch.extend([parent, first, right]);
    let root = pair(pair(first, second), right);
    SeedProof { epoch: epoch(SLOT), mix, branch, block_slot, slot_branch: vec![proposer, second, right], root }
}

fn record() -> Call {
    Call::RecordSeed(seed(SLOT - 10))
}

fn history(name: &str, description: &str, rules: &[&str], steps: &[Value]) -> Draft {
    history_from(name, description, rules, &chain(), steps)
}

fn history_from(name: &str, description: &str, rules: &[&str], view: &ChainView, steps: &[Value]) -> Draft {
    case(&format!("settlement-{name}"), description, rules).object(json!({
        "kind": "history",
        "view": view.to_json(),
        "steps": steps,
    }))
}

fn money() -> Vec<Case> {
    let deposit = || call("alice", Call::Deposit(1_000));
    let announced = || vec![deposit(), call("alice", Call::Withdraw(600))];
    let staked = || vec![call("bob", Call::Stake(3 * STAKE_UNIT + 5))];
    let left = || [staked(), vec![call("bob", Call::Leave)]].concat();
    let seated = |units: u128| -> Vec<Value> {
        (0..256).map(|number| call(&format!("staker {number}"), Call::Stake(units * STAKE_UNIT))).collect()
    };
    let accept = |name: &str, description: &str, rules: &[&str], steps: Vec<Value>| {
        history(name, description, rules, &steps).accept()
    };
    let refuse = |name: &str, rule: &str, origin: &str, mutation: &str, steps: Vec<Value>, reason| {
        history(name, "A call that the contract refuses.", &[rule], &steps)
            .derived_from(&format!("settlement-{origin}"), mutation)
            .reject(reason)
    };
    vec![
        accept("deposit", "A deposit.", &["SETTLE-013"], vec![deposit()]),
        accept("withdraw", "A withdrawal is announced.", &["SETTLE-001"], announced()),
        accept(
            "claim",
            "And paid 512 slots later.",
            &["SETTLE-001", "SETTLE-013"],
            [announced(), vec![at(SLOT + 512), call("alice", Call::Claim)]].concat(),
        ),
        accept("stake", "Three units and a little.", &["SETTLE-002"], staked()),
        accept("stake-one", "The least stake.", &["SETTLE-002"], vec![call("bob", Call::Stake(STAKE_UNIT))]),
        accept(
            "stake-more",
            "A stake grows.",
            &["SETTLE-002"],
            [staked(), vec![at(SLOT + 1), call("bob", Call::Stake(STAKE_UNIT - 5))]].concat(),
        ),
        accept(
            "stake-most",
            "The weight is capped.",
            &["SETTLE-002"],
            vec![call("bob", Call::Stake(3_000 * STAKE_UNIT))],
        ),
        accept("leave", "A staker leaves.", &["SETTLE-003"], left()),
        accept(
            "unstake",
            "And is paid 14 days later.",
            &["SETTLE-003", "SETTLE-013"],
            [left(), vec![at(SLOT + 100_800), call("bob", Call::Unstake)]].concat(),
        ),
        accept(
            "stake-resumed",
            "An ending stake goes on.",
            &["SETTLE-002", "SETTLE-003"],
            [left(), vec![call("bob", Call::Stake(1))]].concat(),
        ),
        accept("seats", "All 256 seats are taken.", &["SETTLE-032"], seated(2)),
        accept(
            "seat-changed-often",
            "Of the changes of a seat within an epoch the last one is kept.",
            &["SETTLE-032"],
            [
                left(),
                vec![call("bob", Call::Stake(1)), at(SLOT / 32 * 32 + 31), call("alice", Call::Stake(STAKE_UNIT))],
            ]
            .concat(),
        ),
        accept(
            "seat-changed-later",
            "A change in the next epoch stands beside the old one.",
            &["SETTLE-032"],
            [staked(), vec![at(SLOT / 32 * 32 + 32), call("bob", Call::Stake(STAKE_UNIT))]].concat(),
        ),
        accept(
            "seat-displaced-again",
            "Who was displaced comes back with more, and displaces the least of the others.",
            &["SETTLE-032", "SETTLE-002"],
            [
                seated(2),
                vec![
                    at(SLOT + 1),
                    call("bob", Call::Stake(3 * STAKE_UNIT)),
                    at(SLOT + 2),
                    call("staker 0", Call::Stake(STAKE_UNIT)),
                ],
            ]
            .concat(),
        ),
        accept(
            "seat-displaced",
            "The least stake, the first of equal ones, is displaced, and leaves.",
            &["SETTLE-032", "SETTLE-003"],
            [seated(2), vec![at(SLOT + 1), call("bob", Call::Stake(3 * STAKE_UNIT))]].concat(),
        ),
        accept(
            "seat-left",
            "The seat of a staker that left is the next one's.",
            &["SETTLE-032"],
            [seated(2), vec![call("staker 7", Call::Leave), call("bob", Call::Stake(STAKE_UNIT))]].concat(),
        ),
        accept(
            "stake-again",
            "A stake that was paid out can begin anew.",
            &["SETTLE-003", "SETTLE-032"],
            [left(), vec![at(SLOT + 100_800), call("bob", Call::Unstake), call("bob", Call::Stake(STAKE_UNIT))]]
                .concat(),
        ),
        refuse(
            "seat-taken",
            "SETTLE-032",
            "seat-displaced",
            "stake as much as the least",
            [seated(2), vec![at(SLOT + 1), call("bob", Call::Stake(2 * STAKE_UNIT))]].concat(),
            Reject::SeatsTaken,
        ),
        refuse(
            "withdraw-nothing",
            "SETTLE-001",
            "withdraw",
            "withdraw nothing",
            vec![deposit(), call("alice", Call::Withdraw(0))],
            Reject::NothingToWithdraw,
        ),
        refuse(
            "withdraw-more",
            "SETTLE-001",
            "withdraw",
            "withdraw more than the deposit",
            vec![deposit(), call("alice", Call::Withdraw(1_001))],
            Reject::NothingToWithdraw,
        ),
        refuse(
            "claim-nothing",
            "SETTLE-001",
            "claim",
            "announce nothing",
            vec![deposit(), call("alice", Call::Claim)],
            Reject::NothingToWithdraw,
        ),
        refuse(
            "claim-soon",
            "SETTLE-001",
            "claim",
            "claim a slot earlier",
            [announced(), vec![at(SLOT + 511), call("alice", Call::Claim)]].concat(),
            Reject::WithdrawalTooSoon,
        ),
        refuse(
            "stake-small",
            "SETTLE-002",
            "stake-one",
            "take a wei less",
            vec![call("bob", Call::Stake(STAKE_UNIT - 1))],
            Reject::StakeTooSmall,
        ),
        refuse(
            "stake-nothing",
            "SETTLE-002",
            "stake-more",
            "add nothing",
            [staked(), vec![at(SLOT + 1), call("bob", Call::Stake(0))]].concat(),
            Reject::StakeTooSmall,
        ),
        refuse(
            "unstake-resumed",
            "SETTLE-003",
            "unstake",
            "stake again before",
            [left(), vec![call("bob", Call::Stake(1)), at(SLOT + 100_800), call("bob", Call::Unstake)]].concat(),
            Reject::StillBonded,
        ),
        refuse(
            "leave-twice",
            "SETTLE-002",
            "leave",
            "leave twice",
            [left(), vec![call("bob", Call::Leave)]].concat(),
            Reject::NotStaked,
        ),
        refuse(
            "unstake-soon",
            "SETTLE-003",
            "unstake",
            "claim a slot earlier",
            [left(), vec![at(SLOT + 100_799), call("bob", Call::Unstake)]].concat(),
            Reject::StillBonded,
        ),
        refuse(
            "unstake-staying",
            "SETTLE-003",
            "unstake",
            "do not leave",
            [staked(), vec![at(SLOT + 100_800), call("bob", Call::Unstake)]].concat(),
            Reject::StillBonded,
        ),
    ]
}

/// The last slot three epochs ago.
const FROZEN: u64 = (SLOT / 32 - 2) * 32 - 1;

/// Three stakers whose weights count in the current epoch, and its seed.
fn elected() -> Vec<Value> {
    vec![
        at(FROZEN),
        call("leader", Call::Stake(5 * STAKE_UNIT)),
        call("bob", Call::Stake(STAKE_UNIT)),
        call("prover", Call::Stake(2 * STAKE_UNIT)),
        at(SLOT),
        call("anybody", record()),
    ]
}

fn leaders() -> Vec<Case> {
    let slots: Vec<u64> =
        (SLOT / 32 * 32..SLOT / 32 * 32 + 8).chain([SLOT / 32 * 32 + 31, SLOT / 32 * 32 + 32]).collect();
    let led = |name: &str, description: &str, steps: Vec<Value>| {
        let mut case = history(name, description, &["SETTLE-004", "SETTLE-005", "SETTLE-006"], &steps).accept();
        if let super::Subject::Object(input) = &mut case.input.subject {
            input["leaderSlots"] = slots.to_json();
        }
        case
    };
    let late = |slot| vec![at(slot), call("bob", Call::Stake(STAKE_UNIT)), at(SLOT), call("anybody", record())];
    let refuse = |name: &str, mutation: &str, change: fn(&mut SeedProof)| {
        let mut proof = seed(SLOT - 10);
        change(&mut proof);
        let recorded = call("anybody", Call::RecordSeed(proof));
        history(name, "A seed that the contract refuses.", &["SETTLE-004"], &[recorded])
            .derived_from("settlement-seed", mutation)
            .reject(Reject::SeedUnproven)
    };
    let of_block = |name: &str, description: &str, block_slot: u64| {
        let proof = seed(block_slot);
        let view = ChainView { beacon_roots: [proof.root].into(), ..view() };
        history_from(name, description, &["SETTLE-004"], &view, &[call("anybody", Call::RecordSeed(proof))])
    };
    let first = (epoch(SLOT) - 1) * 32;
    vec![
        led("leaders", "Three stakers lead by their weights.", elected()),
        led("leaders-frozen", "A stake in the last slot three epochs ago counts.", late(FROZEN)),
        led(
            "leaders-late",
            "A stake a slot later does not, so nobody leads: in this epoch the mix is made that is the seed.",
            late(FROZEN + 1),
        ),
        led(
            "leaders-mix-known",
            "Nor does a stake in the last slot of that epoch, whose proposer knows the mix.",
            late(FROZEN + 32),
        ),
        led(
            "leaders-without-seed",
            "Without a seed nobody leads.",
            vec![at(FROZEN), call("bob", Call::Stake(STAKE_UNIT))],
        ),
        history("seed", "The seed of the current epoch.", &["SETTLE-004"], &[call("anybody", record())]).accept(),
        history(
            "seed-again",
            "A seed is recorded once.",
            &["SETTLE-004"],
            &[call("anybody", record()), call("bob", record())],
        )
        .derived_from("settlement-seed", "record it twice")
        .reject(Reject::SeedRecorded),
        refuse("seed-mix", "change the mix", |it| it.mix = B256::ZERO),
        refuse("seed-epoch", "name the next epoch", |it| it.epoch += 1),
        refuse("seed-branch", "shorten the branch", |it| it.branch.truncate(24)),
        refuse("seed-root", "name an unknown block", |it| it.root = B256::ZERO),
        refuse("seed-slot", "name another slot of the block", |it| it.block_slot += 1),
        refuse("seed-slot-branch", "shorten the branch of the slot", |it| it.slot_branch.truncate(2)),
        of_block("seed-earliest", "The block is the first of the epoch after the one whose mix it is.", first).accept(),
        of_block("seed-early", "The block is of the epoch whose mix it is.", first - 1)
            .derived_from("settlement-seed-earliest", "let the block be a slot too early")
            .reject(Reject::SeedUnproven),
    ]
}

fn settle(settler: &str, items: &[Value]) -> Value {
    json!({"step": "settle", "settler": account(settler).to_json(), "items": items})
}

fn item(operation: &Operation, post_operation: &PostOperation) -> Value {
    item_with(operation, post_operation, "valid", returned(70_000))
}

/// A call that returns after so much gas, for which there was enough.
fn returned(gas_used: u64) -> CallResult {
    CallResult { gas_left: 12_500_000, success: true, gas_used }
}

fn item_with(operation: &Operation, post_operation: &PostOperation, verdict: &str, call: CallResult) -> Value {
    json!({
        "operation": hex(operation.to_bytes()),
        "postOperation": hex(post_operation.to_bytes()),
        "proofVerdict": verdict,
        "call": call.to_json(),
    })
}

/// The slot in which the fixture's Operations are overdue, so that anybody may settle them.
const OVERDUE: u64 = SLOT + 32;

fn overdue() -> Vec<Value> {
    vec![call("alice", Call::Deposit(DEPOSIT)), call("sponsor", Call::Deposit(DEPOSIT)), at(OVERDUE)]
}

fn plain() -> (Operation, PostOperation) {
    let operation = operation("alice", 0, |_| ());
    let result = post_operation(&operation, "prover", &view(), |_| ());
    (operation, result)
}

fn settling() -> Vec<Case> {
    let (first, result) = plain();
    let second = operation("alice", 1, |_| ());
    let child = post_operation(&second, "prover", &view(), |it| it.pre_root = result.post_root);
    let rejected =
        post_operation(&first, "prover", &view(), |it| (it.outcome, it.code, it.post_root) = (1, 7, it.pre_root));
    let trapped = post_operation(&first, "prover", &view(), |it| {
        (it.outcome, it.code, it.output, it.post_root) = (2, 1, Default::default(), it.pre_root);
    });
    let many = post_operation(&first, "prover", &view(), |it| it.proof.segments = vec![vec![0].into(); 3]);
    let sponsored = super::fixture::sponsored("alice", super::fixture::unsigned("alice", 0));
    let by_sponsor = post_operation(&sponsored, "prover", &view(), |_| ());
    let large = operation("alice", 0, |it| it.gas_limit = 12_000_000);
    let by_large = post_operation(&large, "prover", &view(), |_| ());
    let withdraw = call("alice", Call::Withdraw(1));
    let again = settle("carol", &[item(&first, &result)]);
    let conflict = report(
        json!({
            "fault": "conflict",
            "operation": hex(first.to_bytes()),
            "postOperation": hex(result.to_bytes()),
        }),
        "valid",
    );
    let called_back = |step: &Value| {
        let mut item = item(&first, &result);
        item["callback"] = step.clone();
        item
    };
    let failing = CallResult { success: false, ..returned(100_000) };
    let idle = returned(0);
    let rules: &[&str] = &[
        "SETTLE-007",
        "SETTLE-009",
        "SETTLE-010",
        "SETTLE-011",
        "SETTLE-012",
        "SETTLE-013",
        "SETTLE-014",
        "SETTLE-022",
        "SETTLE-029",
        "SETTLE-030",
        "SETTLE-031",
    ];
    let accept = |name: &str, description: &str, items: &[Value]| {
        history(name, description, rules, &[overdue(), vec![settle("carol", items)]].concat()).accept()
    };
    let by_leader = |name: &str, description: &str, slot: u64| {
        let leader = elected_leader(SLOT);
        let steps = [
            elected(),
            vec![call("alice", Call::Deposit(DEPOSIT)), at(slot), settle(leader, &[item(&first, &result)])],
        ]
        .concat();
        history(name, description, &["SETTLE-006", "SETTLE-007"], &steps).accept()
    };
    vec![
        accept(
            "settled",
            "An accepted result is settled by anybody, 32 slots after the ramp began.",
            &[item(&first, &result)],
        ),
        accept("settled-rejected", "A rejection: nonce used, prover paid, no call.", &[item(&first, &rejected)]),
        accept("settled-trapped", "A trap is paid too.", &[item(&first, &trapped)]),
        accept(
            "settled-failing",
            "The call fails; everything else stays.",
            &[item_with(&first, &result, "valid", failing)],
        ),
        accept("settled-idle", "Unused gas has a penalty.", &[item_with(&first, &result, "valid", idle)]),
        accept(
            "settled-gas-exact",
            "Of the gas that is left, 63 of 64 parts are exactly the call's.",
            &[item_with(&first, &result, "valid", CallResult { gas_left: 101_587, ..returned(70_000) })],
        ),
        accept("settled-largest-gas", "The largest gas limit.", &[item(&large, &by_large)]),
        accept("settled-called-back", "The target asks for its payer's money, in vain.", &[called_back(&withdraw)]),
        accept("settled-settled-again", "The target settles the same result, in vain.", &[called_back(&again)]),
        accept("settled-reported", "The target reports a conflict, in vain.", &[called_back(&conflict)]),
        accept("settled-segments", "Further segments are their prover's affair.", &[item(&first, &many)]),
        accept("settled-sponsored", "The sponsor pays.", &[item(&sponsored, &by_sponsor)]),
        accept("batch", "Two results of a lane in their order.", &[item(&first, &result), item(&second, &child)]),
        accept(
            "batch-wrong-order",
            "The child comes first and is refused; the parent is settled.",
            &[item(&second, &child), item(&first, &result)],
        ),
        accept("batch-twice", "The same result again is refused.", &[item(&first, &result), item(&first, &result)]),
        accept(
            "batch-invalid-first",
            "A wrong proof stops nobody else.",
            &[item_with(&first, &result, "invalid", idle), item(&second, &child)],
        ),
        by_leader("settled-by-leader", "The leader of the slot settles.", SLOT),
        by_leader("settled-by-last-leader", "The leader of the slot before settles.", SLOT + 1),
    ]
    .into_iter()
    .map(|mut case| {
        if case.id.contains("batch") {
            case.requirements.push("SETTLE-008".into());
        }
        case
    })
    .collect()
}

/// Who leads this slot after [`elected`].
fn elected_leader(slot: u64) -> &'static str {
    let mut contract = Consensus::default();
    let mut view = chain();
    let steps = elected();
    for step in &steps {
        if let Err(Stop::Rejection(rejection)) = apply(&Node::new("step", step), &mut contract, &mut view) {
            panic!("{rejection}");
        }
    }
    let leader = contract.leader(slot);
    ["leader", "bob", "prover"].into_iter().find(|name| leader == Some(account(name))).unwrap_or("nobody")
}

fn refused_items() -> Vec<Case> {
    let (first, result) = plain();
    let refuse_from = |name: &str, rule: &str, mutation: &str, view: ChainView, settler: &str, item: Value, reason| {
        let steps = vec![
            call("alice", Call::Deposit(DEPOSIT)),
            json!({"step": "view", "view": view.to_json()}),
            settle(settler, &[item]),
        ];
        history(name, "An item that the contract refuses.", &[rule], &steps)
            .derived_from("settlement-settled", mutation)
            .reject(reason)
    };
    let now = || ChainView { slot: OVERDUE, ..chain() };
    let refuse =
        |name: &str, rule: &str, mutation: &str, operation: &Operation, change: &dyn Fn(&mut PostOperation), reason| {
            let result = post_operation(operation, "prover", &view(), |it| change(it));
            refuse_from(name, rule, mutation, now(), "carol", item(operation, &result), reason)
        };
    let with_view = |name: &str, rule: &str, mutation: &str, change: fn(&mut ChainView), reason| {
        let mut view = now();
        change(&mut view);
        refuse_from(name, rule, mutation, view, "carol", item(&first, &result), reason)
    };
    let private = operation("alice", 0, |it| it.extension_id = extension("private"));
    let follower = if elected_leader(SLOT) == "bob" { "leader" } else { "bob" };
    let old_leader = elected_leader(SLOT);
    let late = |name: &str, mutation: &str, slot: u64, settler: &str| {
        let steps = [
            elected(),
            vec![call("alice", Call::Deposit(DEPOSIT)), at(slot), settle(settler, &[item(&first, &result)])],
        ]
        .concat();
        history(name, "Somebody else's turn.", &["SETTLE-007"], &steps)
            .derived_from("settlement-settled-by-leader", mutation)
            .reject(Reject::NotLeader)
    };
    let mut cases = vec![
        with_view("too-early", "SETTLE-007", "settle a slot earlier", |view| view.slot -= 1, Reject::NotLeader),
        with_view(
            "expired",
            "SETTLE-011",
            "settle when the validity is over",
            |view| view.slot = SLOT + 100,
            Reject::OperationExpired,
        ),
        with_view(
            "anchor-unknown",
            "SETTLE-011",
            "forget the anchor",
            |view| {
                view.blocks.remove(&block_hash(SLOT - 80));
            },
            Reject::AnchorUnknown,
        ),
        with_view(
            "extension-unknown",
            "SETTLE-011",
            "forget the extension",
            |view| {
                view.extensions.remove(&extension("one"));
            },
            Reject::ExtensionNotActive,
        ),
        with_view(
            "base-fee",
            "SETTLE-022",
            "raise the base fee above max_fee",
            |view| view.base_fee = 20_000_000_001,
            Reject::BaseFeeTooHigh,
        ),
        refuse(
            "anchor-old",
            "SETTLE-011",
            "name an anchor 513 slots before the end",
            &operation("alice", 0, |it| {
                it.anchor_hash = block_hash(SLOT - 400);
                it.valid_until_slot = SLOT + 113;
            }),
            &|_| (),
            Reject::AnchorTooOld,
        ),
        refuse(
            "ramp-early",
            "OP-028",
            "let the ramp begin a slot before the anchor",
            &operation("alice", 0, |it| it.gas_management.ramp_start_slot = SLOT - 81),
            &|_| (),
            Reject::RampOutOfRange,
        ),
        refuse(
            "nonce-gap",
            "SETTLE-009",
            "take the next sequence number",
            &operation("alice", 1, |_| ()),
            &|_| (),
            Reject::NonceGap,
        ),
        refuse(
            "stale-root",
            "SETTLE-012",
            "begin from another root",
            &first,
            &|it| it.pre_root = B256::with_last_byte(1),
            Reject::PreRootStale,
        ),
        refuse(
            "no-deposit",
            "SETTLE-022",
            "let another account send",
            &operation("bob", 0, |_| ()),
            &|_| (),
            Reject::DepositTooSmall,
        ),
        refuse(
            "other-operation",
            "POST-008",
            "name another Operation",
            &first,
            &|it| it.operation_hash = B256::ZERO,
            Reject::OtherOperation,
        ),
        refuse(
            "proof-type",
            "POST-009",
            "set the proof type to 2",
            &first,
            &|it| it.proof.proof_type = 2,
            Reject::ProofTypeUnknown,
        ),
        refuse(
            "witness-rejected",
            "POST-010",
            "reject, in an extension that reads a witness",
            &private,
            &|it| {
                (it.outcome, it.code, it.post_root) = (1, 7, it.pre_root);
            },
            Reject::WitnessRefusal,
        ),
        refuse_from(
            "invalid-proof",
            "POST-012",
            "state the other verdict",
            now(),
            "carol",
            item_with(&first, &result, "invalid", CallResult::default()),
            Reject::ProofInvalid,
        ),
        refuse_from(
            "unsigned",
            "OP-009",
            "remove the signature",
            now(),
            "carol",
            item(&Operation { signature: Default::default(), ..first.clone() }, &result),
            Reject::SignatureLength,
        ),
        refuse_from(
            "gas-missing",
            "SETTLE-029",
            "leave a unit of gas less, so that the call gets 99,999",
            now(),
            "carol",
            item_with(&first, &result, "valid", CallResult { gas_left: 101_586, ..returned(70_000) }),
            Reject::GasMissing,
        ),
        refuse(
            "gas-limit",
            "OP-026",
            "raise the gas limit to 16,400,000",
            &operation("alice", 0, |it| it.gas_limit = 16_400_000),
            &|_| (),
            Reject::GasLimitTooLarge,
        ),
        with_view(
            "anchor-orphaned",
            "SETTLE-011",
            "let the anchor be on a lost branch",
            |view| {
                view.blocks
                    .insert(block_hash(SLOT - 80), Block { number: SLOT - 80, slot: SLOT - 80, canonical: false });
            },
            Reject::AnchorUnknown,
        ),
        with_view(
            "not-prepared",
            "SETTLE-033",
            "let the registry have the code point for another tier",
            |view| {
                let known = ExtensionView { prepared: [0].into(), ..view.extensions[&extension("one")].clone() };
                view.extensions.insert(extension("one"), known);
            },
            Reject::NotPrepared,
        ),
        with_view(
            "extension-new",
            "SETTLE-011",
            "let the extension become active a slot later",
            |view| {
                let known = ExtensionView { active_from: view.slot + 1, ..view.extensions[&extension("one")].clone() };
                view.extensions.insert(extension("one"), known);
            },
            Reject::ExtensionNotActive,
        ),
        late("not-leader", "let another staker settle", SLOT, follower),
        history("called-back", "A target calls the contract.", &["SETTLE-030"], &{
            let mut called = item(&first, &result);
            called["callback"] = call("alice", Call::Deposit(1_000));
            let mut settled = settle("carol", &[called]);
            settled["tests"] = "callback".into();
            [overdue(), vec![settled]].concat()
        })
        .derived_from("settlement-deposit", "let a target make the call while its result is settled")
        .reject(Reject::Reentered),
        history(
            "settled-twice",
            "A nonce is consumed once.",
            &["SETTLE-009"],
            &[overdue(), vec![settle("carol", &[item(&first, &result)]), settle("carol", &[item(&first, &result)])]]
                .concat(),
        )
        .derived_from("settlement-settled", "settle it again")
        .reject(Reject::NonceUsed),
    ];
    if elected_leader(SLOT + 1) != old_leader && elected_leader(SLOT + 2) != old_leader {
        cases.push(late("leader-late", "let the leader settle two slots later", SLOT + 2, old_leader));
    }
    cases
}

/// A child of the extension `two` in this lane, with more cycles.
fn child(lane: u64) -> Child {
    Child { cycle_limit: 20_000, ..super::fixture::child(lane) }
}

/// A family: the Operation, its result, and those of its children with the places of their parents.
#[derive(Clone)]
struct Relatives {
    operation: Operation,
    result: PostOperation,
    children: Vec<(u32, PostOperation)>,
}

impl Relatives {
    fn item(&self, invalid: Option<usize>) -> Value {
        let verdict = |place| if invalid == Some(place) { "invalid" } else { "valid" };
        let call = returned(45_000);
        let mut item = item_with(&self.operation, &self.result, verdict(0), call);
        let children = (1..).zip(&self.children).map(|(place, (parent, result))| {
            json!({
                "parent": parent,
                "postOperation": hex(result.to_bytes()),
                "proofVerdict": verdict(place),
                "call": call.to_json(),
            })
        });
        item["children"] = children.collect();
        item
    }
}

/// The result of a child: accepted, in so many cycles, proven by `bob`.
fn child_result(
    child: &Child,
    parent: (&Operation, B256),
    index: u64,
    cycles: u64,
    change: impl FnOnce(&mut PostOperation),
) -> PostOperation {
    post_operation(&child.operation(parent.0), "bob", &view(), |it| {
        it.operation_hash = child.hash(parent.1, index);
        it.post_root = it.operation_hash;
        it.cycles = cycles;
        change(it);
    })
}

/// Gas for three children and nothing else.
const THREE_CHILDREN_GAS: u64 = 3 * (500_000 + 50_000);

/// An Operation with two children, of which the first has a child of its own.
fn relatives(gas_limit: u64, change: impl FnOnce(&mut PostOperation)) -> Relatives {
    let operation = operation("alice", 0, |it| it.gas_limit = gas_limit);
    let result = post_operation(&operation, "prover", &view(), |it| {
        it.output = encode_children(&vec![child(1), child(2)]).into();
        it.cycles = 1_000;
    });
    let parent = (&operation, result.operation_hash);
    let first = child_result(&child(1), parent, 0, 500, |it| it.output = encode_children(&vec![child(3)]).into());
    let second = child_result(&child(2), parent, 1, 200, change);
    let grandchild = child_result(&child(3), (&child(1).operation(&operation), first.operation_hash), 0, 33, |_| ());
    Relatives { operation, result, children: vec![(0, first), (0, second), (1, grandchild)] }
}

fn families() -> Vec<Case> {
    let rules: &[&str] = &["COMP-006", "COMP-007", "COMP-009", "COMP-010", "COMP-011", "COMP-012", "SETTLE-013"];
    let steps = |items: &[Value]| [overdue(), vec![settle("carol", items)]].concat();
    let accept = |name: &str, description: &str, rules: &[&str], items: &[Value]| {
        history(name, description, rules, &steps(items)).accept()
    };
    let refuse = |name: &str, rules: &[&str], mutation: &str, item: Value, reason| {
        history(name, "A family that the contract refuses as a whole.", rules, &steps(&[item]))
            .derived_from("settlement-family", mutation)
            .reject(reason)
    };
    let family = relatives(3_000_000, |_| ());
    let changed = |change: &dyn Fn(&mut Relatives)| {
        let mut family = family.clone();
        change(&mut family);
        family.item(None)
    };
    let rejected = relatives(3_000_000, |it| (it.outcome, it.code, it.post_root) = (1, 9, it.pre_root));
    let claims_in_vain = post_operation(&family.operation, "prover", &view(), |it| {
        (it.outcome, it.code, it.post_root) = (1, 7, it.pre_root);
        it.output = family.result.output.clone();
    });
    let follower = operation("alice", 1, |_| ());
    let unrelated = post_operation(&follower, "prover", &view(), |_| ());
    let siblings = {
        let mut it = family.clone();
        it.result.output = encode_children(&vec![child(1), child(1)]).into();
        let parent = (&it.operation, it.result.operation_hash);
        let first = child_result(&child(1), parent, 0, 500, |_| ());
        let second = child_result(&child(1), parent, 1, 200, |result| result.pre_root = first.post_root);
        it.children = vec![(0, first), (0, second)];
        it
    };
    let with_rule = |data_rule: u8, data: Vec<u8>, blob_hashes: Vec<B256>| {
        let operation = operation("alice", 0, |it| it.data = data.into());
        let result = post_operation(&operation, "prover", &view(), |_| ());
        let mut view = ChainView { slot: OVERDUE, blob_hashes, ..chain() };
        let known = ExtensionView { data_rule, ..view.extensions[&extension("one")].clone() };
        view.extensions.insert(extension("one"), known);
        let item = item(&operation, &result);
        vec![
            call("alice", Call::Deposit(DEPOSIT)),
            json!({"step": "view", "view": view.to_json()}),
            settle("carol", &[item]),
        ]
    };
    let blob = B256::repeat_byte(1);
    let data = |name: &str, steps: Vec<Value>| {
        history(name, "What must be available of the data of an Operation.", &["COMP-008"], &steps)
    };
    vec![
        accept("family", "An Operation with two children and a grandchild.", rules, &[family.item(None)]),
        accept(
            "family-no-gas-left",
            "The children need all of the gas.",
            &["COMP-010"],
            &[relatives(THREE_CHILDREN_GAS, |_| ()).item(None)],
        ),
        accept(
            "family-siblings",
            "The second child builds on the first, in the same lane.",
            &["COMP-006", "COMP-007"],
            &[siblings.item(None)],
        ),
        accept(
            "family-rejected-child",
            "A child is rejected: provers are paid, no root moves and nothing is called.",
            &["COMP-011"],
            &[rejected.item(None)],
        ),
        accept(
            "family-rejected",
            "What was not accepted claims no children.",
            &["COMP-001"],
            &[item(&family.operation, &claims_in_vain)],
        ),
        accept(
            "batch-family-invalid",
            "A wrong proof of one child undoes the whole family, and nothing else.",
            &["COMP-007", "SETTLE-008"],
            &[family.item(Some(3)), item(&operation("alice", 0, |_| ()), &plain().1), item(&follower, &unrelated)],
        ),
        refuse(
            "family-gas",
            &["COMP-010"],
            "take a unit less gas than its children need",
            relatives(THREE_CHILDREN_GAS - 1, |_| ()).item(None),
            Reject::FamilyGas,
        ),
        refuse(
            "family-missing",
            &["COMP-006"],
            "remove the grandchild",
            changed(&|it| drop(it.children.pop())),
            Reject::FamilyIncomplete,
        ),
        refuse(
            "family-unclaimed",
            &["COMP-006"],
            "add the grandchild again",
            changed(&|it| it.children.push(it.children[2].clone())),
            Reject::FamilyIncomplete,
        ),
        refuse(
            "family-no-parent",
            &["COMP-006"],
            "let the grandchild be its own parent",
            changed(&|it| it.children[2].0 = 3),
            Reject::FamilyIncomplete,
        ),
        refuse(
            "family-too-large",
            &["COMP-003"],
            "add thirteen results",
            changed(&|it| it.children.extend(vec![it.children[2].clone(); 13])),
            Reject::FamilyTooLarge,
        ),
        refuse(
            "family-other-child",
            &["POST-008"],
            "exchange the results of the children",
            changed(&|it| it.children.swap(0, 1)),
            Reject::OtherOperation,
        ),
        refuse(
            "family-invalid-child",
            &["COMP-007", "POST-012"],
            "state the other verdict on the grandchild",
            family.item(Some(3)),
            Reject::ProofInvalid,
        ),
        refuse(
            "family-stale-child",
            &["SETTLE-012"],
            "let a child begin from another root",
            relatives(3_000_000, |it| it.pre_root = B256::with_last_byte(1)).item(None),
            Reject::PreRootStale,
        ),
        data("data-none", {
            let operation = operation("alice", 0, |_| ());
            let stateless = post_operation(&operation, "prover", &view(), |it| it.post_root = B256::ZERO);
            let mut steps = with_rule(0, Vec::new(), Vec::new());
            steps[2] = settle("carol", &[item(&operation, &stateless)]);
            steps
        })
        .accept(),
        data("data-blob", with_rule(2, blob.to_vec(), vec![B256::ZERO, blob])).accept(),
        data("data-none-stateful", with_rule(0, Vec::new(), Vec::new()))
            .derived_from("settlement-data-none", "keep a state")
            .reject(Reject::DataUnavailable),
        data("data-blob-missing", with_rule(2, blob.to_vec(), vec![B256::ZERO]))
            .derived_from("settlement-data-blob", "do not carry the blob")
            .reject(Reject::DataUnavailable),
        data("data-blob-unnamed", with_rule(2, blob[1..].to_vec(), vec![blob]))
            .derived_from("settlement-data-blob", "remove a byte of the blob's hash")
            .reject(Reject::DataUnavailable),
    ]
}

/// The verdicts of these nodes on the result of [`plain`].
fn claim(nodes: &[&str], change: impl FnOnce(&mut Vec<VerificationResponse>)) -> Value {
    let (operation, result) = plain();
    let mut responses = nodes.iter().map(|node| response(node, 0, &result, &operation, SLOT)).collect();
    change(&mut responses);
    let proof = keccak256(rlp::encode(&result.proof));
    call("carol", Call::ClaimReward(result.operation_hash, proof, result.stamp_hash, responses))
}

fn rewards() -> Vec<Case> {
    let (operation, result) = plain();
    let other = post_operation(&operation, "bob", &view(), |it| it.cycles += 1);
    let settled = |units: [u128; 3]| {
        vec![
            at(FROZEN),
            call("leader", Call::Stake(units[0] * STAKE_UNIT)),
            call("bob", Call::Stake(units[1] * STAKE_UNIT)),
            call("prover", Call::Stake(units[2] * STAKE_UNIT)),
            call("alice", Call::Deposit(DEPOSIT)),
            at(OVERDUE),
            settle("carol", &[item(&operation, &result)]),
        ]
    };
    let release = || vec![at(OVERDUE + 512), call("anybody", Call::ReleaseReward(result.operation_hash))];
    let with = |step: Value| [settled([5, 1, 2]), vec![step]].concat();
    let both = || with(claim(&["leader", "bob"], |_| ()));
    let rules: &[&str] = &["SETTLE-024", "SETTLE-025", "SETTLE-026", "SETTLE-027", "SETTLE-028", "SETTLE-013"];
    let accept = |name: &str, description: &str, rules: &[&str], steps: Vec<Value>| {
        history(name, description, rules, &steps).accept()
    };
    let refuse = |name: &str, rules: &[&str], origin: &str, mutation: &str, steps: Vec<Value>, reason| {
        history(name, "A claim that the contract refuses.", rules, &steps)
            .derived_from(&format!("settlement-{origin}"), mutation)
            .reject(reason)
    };
    let not_counted = |name: &str, mutation: &str, change: &dyn Fn(&mut Vec<VerificationResponse>)| {
        let steps = with(claim(&["leader", "bob"], |it| change(it)));
        refuse(name, &["SETTLE-026"], "reward-noted", mutation, steps, Reject::VerdictNotCounted)
    };
    let signed_in = |slot: u64, node: &str| response(node, 0, &result, &operation, slot);
    let resigned = |node: &str, verdict: u8, about: &PostOperation| response(node, verdict, about, &operation, SLOT);
    vec![
        accept("reward-held", "A part of the fee is held.", &["SETTLE-024"], settled([5, 1, 2])),
        accept("reward-noted", "The verdicts of two verifiers are noted.", &["SETTLE-025", "SETTLE-026"], both()),
        accept(
            "reward-noted-alone",
            "A verdict of a small staker alone is noted, too.",
            &["SETTLE-025", "SETTLE-026"],
            with(claim(&["bob"], |_| ())),
        ),
        accept("reward", "What is held is divided among six of eight units.", rules, [both(), release()].concat()),
        accept(
            "reward-one-by-one",
            "Each verifier shows its own verdict, in any order.",
            rules,
            [with(claim(&["prover"], |_| ())), vec![claim(&["leader"], |_| ()), claim(&["bob"], |_| ())], release()]
                .concat(),
        ),
        accept(
            "reward-rounded",
            "The parts of seven of nine units are rounded down; the prover gets the rest.",
            &["SETTLE-027", "SETTLE-013"],
            [settled([5, 2, 2]), vec![claim(&["leader", "bob"], |_| ())], release()].concat(),
        ),
        accept(
            "reward-two-thirds",
            "Exactly two thirds are enough.",
            &["SETTLE-027"],
            [settled([4, 1, 1]), vec![claim(&["leader"], |_| ())], release()].concat(),
        ),
        accept(
            "reward-without-quorum",
            "Five of eight units are not enough: all goes to the prover.",
            &["SETTLE-027"],
            [with(claim(&["leader"], |_| ())), release()].concat(),
        ),
        accept(
            "reward-unclaimed",
            "Nobody shows a verdict: all goes to the prover.",
            &["SETTLE-027"],
            [settled([5, 1, 2]), release()].concat(),
        ),
        accept(
            "reward-noted-late",
            "A verdict is noted as long as nothing is released.",
            &["SETTLE-025"],
            [with(claim(&["leader"], |_| ())), vec![at(OVERDUE + 600), claim(&["bob"], |_| ())]].concat(),
        ),
        accept(
            "reward-renewed",
            "The result was settled with another stamp and proof than the verifiers saw.",
            &["SETTLE-025"],
            {
                let mut steps = settled([5, 1, 2]);
                let again = post_operation(&operation, "prover", &view(), |it| {
                    it.stamp_hash = block_hash(SLOT - 1);
                    it.proof.segments = vec![vec![1].into()];
                });
                steps[6] = settle("carol", &[item(&operation, &again)]);
                steps.push(claim(&["leader", "bob"], |_| ()));
                steps
            },
        ),
        accept(
            "reward-earliest",
            "The earliest and the latest slot of a verdict that counts.",
            &["SETTLE-026"],
            with(claim(&[], |it| it.extend([signed_in(OVERDUE - 256, "leader"), signed_in(OVERDUE, "bob")]))),
        ),
        refuse(
            "reward-soon",
            &["SETTLE-028"],
            "reward",
            "release it a slot earlier",
            [both(), vec![at(OVERDUE + 511), release()[1].clone()]].concat(),
            Reject::RewardHeld,
        ),
        refuse(
            "reward-released-twice",
            &["SETTLE-028"],
            "reward",
            "release it twice",
            [both(), release(), release()].concat(),
            Reject::RewardUnknown,
        ),
        refuse(
            "reward-unknown",
            &["SETTLE-025"],
            "reward-noted-late",
            "release it before the second claim",
            [with(claim(&["leader"], |_| ())), release(), vec![claim(&["bob"], |_| ())]].concat(),
            Reject::RewardUnknown,
        ),
        refuse(
            "reward-twice",
            &["SETTLE-026"],
            "reward-noted",
            "show one of the verdicts again",
            [both(), vec![claim(&["bob"], |_| ())]].concat(),
            Reject::VerdictNotCounted,
        ),
        not_counted("reward-nobody", "show no verdict", &|it| it.clear()),
        not_counted("reward-early", "let one verdict be of a slot before the earliest", &|it| {
            it[0] = signed_in(OVERDUE - 257, "leader");
        }),
        not_counted("reward-late", "let one verdict be of a slot after the settlement", &|it| {
            it[0] = signed_in(OVERDUE + 1, "leader");
        }),
        not_counted("reward-repeated", "repeat a verdict", &|it| it.push(it[1].clone())),
        not_counted("reward-invalid", "let one say that the result is invalid", &|it| {
            it[1] = resigned("bob", 1, &result);
        }),
        not_counted("reward-other-result", "let one be about another result", &|it| {
            it[1] = resigned("bob", 0, &other);
        }),
        not_counted("reward-unstaked", "add the verdict of an account without stake", &|it| {
            it.push(resigned("alice", 0, &result));
        }),
        refuse(
            "reward-unsigned",
            &["WIRE-013"],
            "reward-noted",
            "let one verdict have the other one's signature",
            with(claim(&["leader", "bob"], |it| it[0].signature = it[1].signature.clone())),
            Reject::SignatureWrongSigner,
        ),
    ]
}

fn response(node: &str, verdict: u8, result: &PostOperation, operation: &Operation, slot: u64) -> VerificationResponse {
    let statement = crate::post_operation::statement(operation, result, &view());
    let name = statement.ok().flatten().map(|it| result.signing_hash(&it, CONTRACT)).unwrap_or_default();
    let mut response = VerificationResponse {
        request: B256::with_last_byte(1),
        post_operation: name,
        verdict,
        node: account(node),
        slot,
        ..VerificationResponse::default()
    };
    response.signature = sign(node, response.signing_hash(CHAIN_ID, CONTRACT));
    response
}

fn report(evidence: Value, verdict: &str) -> Value {
    json!({
        "step": "report",
        "reporter": account("carol").to_json(),
        "evidence": evidence,
        "proofVerdict": verdict,
        "gasLeft": 1_000_000_u64.to_json(),
    })
}

/// The report with so much gas left when the pairing is called.
fn with_gas(mut report: Value, gas_left: u64) -> Value {
    report["gasLeft"] = gas_left.to_json();
    report
}

/// The gas of which 63 of 64 parts are the price of the pairing of a segment: 45,000 and 34,000 for each of six pairs.
const EXACT_GAS: u64 = 252_952;

/// The registry has the code point for another tier than that of the results.
fn unprepared() -> Value {
    let mut view = view();
    let known = ExtensionView { prepared: [0].into(), ..view.extensions[&extension("one")].clone() };
    view.extensions.insert(extension("one"), known);
    json!({"step": "view", "view": view.to_json()})
}

/// The block of this slot is on a lost branch.
fn orphaned(slot: u64) -> Value {
    let mut view = view();
    view.blocks.insert(block_hash(slot), Block { number: slot, slot, canonical: false });
    json!({"step": "view", "view": view.to_json()})
}

fn reports() -> Vec<Case> {
    let (operation, result) = plain();
    let other = post_operation(&operation, "bob", &view(), |it| it.cycles += 1);
    let staked = || vec![call("prover", Call::Stake(3 * STAKE_UNIT + 1)), call("node", Call::Stake(STAKE_UNIT))];
    let with = |report: Value| [staked(), vec![report]].concat();
    let bytes = |operation: &Operation, result: &PostOperation| json!({"fault": "invalidProof", "operation": hex(operation.to_bytes()), "postOperation": hex(result.to_bytes())});
    let verdict = |number: u8, slot: u64| {
        let mut evidence = bytes(&operation, &result);
        evidence["fault"] = "falseVerdict".into();
        evidence["response"] = response("node", number, &result, &operation, slot).to_json();
        evidence
    };
    let pair = |first: VerificationResponse, second: VerificationResponse| json!({"fault": "equivocation", "response": first.to_json(), "other": second.to_json()});
    let said = |number: u8| response("node", number, &result, &operation, SLOT);
    let private = super::fixture::operation("alice", 0, |it| it.extension_id = extension("private"));
    let private_result = post_operation(&private, "prover", &view(), |_| ());
    let shown = |operation: &Operation, result: &PostOperation, verdict: &str| {
        let mut evidence = bytes(operation, result);
        evidence["fault"] = "conflict".into();
        report(evidence, verdict)
    };
    let report_of = |operation: &Operation, result: &PostOperation| shown(operation, result, "valid");
    let second = |shown: Value| [staked(), vec![report_of(&operation, &result), shown]].concat();
    let accept = |name: &str, description: &str, rules: &[&str], steps: Vec<Value>| {
        history(name, description, rules, &steps).accept()
    };
    let refuse = |name: &str, rules: &[&str], origin: &str, mutation: &str, steps: Vec<Value>, reason| {
        history(name, "Evidence that the contract refuses.", rules, &steps)
            .derived_from(&format!("settlement-{origin}"), mutation)
            .reject(reason)
    };
    let slashed: &[&str] = &["SETTLE-013", "SETTLE-015", "SETTLE-020", "SETTLE-021"];
    let both = "valid";
    let unstamped = post_operation(&operation, "prover", &view(), |it| it.stamp_hash = B256::ZERO);
    let from_other_root = post_operation(&operation, "bob", &view(), |it| it.pre_root = B256::with_last_byte(1));
    let forged = PostOperation { prover: account("node"), ..result.clone() };
    // What anybody can prove who registers the same code once more: the same result under another id.
    let renamed = post_operation(&operation, "bob", &view(), |it| it.extension_id = extension("two"));
    vec![
        accept(
            "slash-proof",
            "A signed proof that fails; an odd wei is burned.",
            slashed,
            with(report(bytes(&operation, &result), "invalid")),
        ),
        accept(
            "slash-verdict-valid",
            "The verdict valid on a proof that fails.",
            &["SETTLE-017", "SETTLE-020"],
            with(report(verdict(0, SLOT), "invalid")),
        ),
        accept(
            "slash-verdict-invalid",
            "The verdict invalid on a proof that verifies.",
            &["SETTLE-017"],
            with(report(verdict(1, SLOT), both)),
        ),
        accept(
            "slash-verdict-oldest",
            "The oldest evidence.",
            &["SETTLE-017", "SETTLE-021"],
            with(report(verdict(1, SLOT - 7_200), both)),
        ),
        accept(
            "slash-equivocation",
            "Two verdicts of one node.",
            &["SETTLE-016"],
            with(report(pair(said(0), said(1)), both)),
        ),
        accept(
            "slash-leaving",
            "A leaving stake is liable.",
            &["SETTLE-003", "SETTLE-015"],
            [staked(), vec![call("prover", Call::Leave), report(bytes(&operation, &result), "invalid")]].concat(),
        ),
        accept(
            "conflict-noted",
            "A valid result is noted: nothing halts.",
            &["SETTLE-018"],
            with(report_of(&operation, &result)),
        ),
        accept(
            "conflict",
            "A second valid result with another id: the extension halts, nobody is slashed.",
            &["SETTLE-018"],
            second(report_of(&operation, &other)),
        ),
        accept(
            "conflict-other-root",
            "A result from another root is no second one, and is noted for itself.",
            &["SETTLE-018"],
            second(report_of(&operation, &from_other_root)),
        ),
        refuse(
            "innocent-proof",
            &["SETTLE-015", "SETTLE-023"],
            "slash-proof",
            "state the other verdict",
            with(report(bytes(&operation, &result), both)),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "innocent-verdict",
            &["SETTLE-017", "SETTLE-023"],
            "slash-verdict-invalid",
            "state the other verdict",
            with(report(verdict(1, SLOT), "invalid")),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "innocent-error",
            &["SETTLE-017", "SETTLE-023"],
            "slash-verdict-valid",
            "let the node answer with an error",
            with(report(verdict(2, SLOT), "invalid")),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "innocent-same-verdict",
            &["SETTLE-016", "SETTLE-023"],
            "slash-equivocation",
            "let both say the same",
            with(report(pair(said(0), response("node", 0, &result, &operation, SLOT - 1)), both)),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "innocent-error-first",
            &["SETTLE-016", "SETTLE-023"],
            "slash-equivocation",
            "let the first be an error",
            with(report(pair(said(2), said(1)), both)),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "innocent-other-request",
            &["SETTLE-016", "SETTLE-023"],
            "slash-equivocation",
            "let the second be about another PostOperation",
            with(report(pair(said(0), response("node", 1, &other, &operation, SLOT)), both)),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "innocent-same-result",
            &["SETTLE-018", "SETTLE-023"],
            "conflict",
            "show the same result twice",
            second(report_of(&operation, &result)),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "conflict-witness",
            &["SETTLE-018", "SETTLE-023"],
            "conflict-noted",
            "let it be of an extension that reads a witness",
            with(report_of(&private, &private_result)),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "conflict-invalid",
            &["SETTLE-018"],
            "conflict",
            "state the other verdict on the second",
            second(shown(&operation, &other, "invalid")),
            Reject::ProofInvalid,
        ),
        refuse(
            "slash-no-stake",
            &["SETTLE-019"],
            "slash-proof",
            "let the prover have no stake",
            vec![report(bytes(&operation, &result), "invalid")],
            Reject::NotStaked,
        ),
        refuse(
            "slash-twice",
            &["SETTLE-019"],
            "slash-proof",
            "report it again",
            [with(report(bytes(&operation, &result), "invalid")), vec![report(bytes(&operation, &result), "invalid")]]
                .concat(),
            Reject::NotStaked,
        ),
        refuse(
            "stake-slashed",
            &["SETTLE-002"],
            "stake-more",
            "lose the stake before",
            [with(report(bytes(&operation, &result), "invalid")), vec![call("prover", Call::Stake(STAKE_UNIT))]]
                .concat(),
            Reject::NotStaked,
        ),
        refuse(
            "slash-proof-not-prepared",
            &["SETTLE-034"],
            "slash-proof",
            "let the registry have the code point for another tier",
            [vec![unprepared()], with(report(bytes(&operation, &result), "invalid"))].concat(),
            Reject::NotPrepared,
        ),
        refuse(
            "slash-verdict-not-prepared",
            &["SETTLE-034"],
            "slash-verdict-valid",
            "let the registry have the code point for another tier",
            [vec![unprepared()], with(report(verdict(0, SLOT), "invalid"))].concat(),
            Reject::NotPrepared,
        ),
        refuse(
            "conflict-not-prepared",
            &["SETTLE-034"],
            "conflict-noted",
            "let the registry have the code point for another tier",
            [vec![unprepared()], with(report_of(&operation, &result))].concat(),
            Reject::NotPrepared,
        ),
        accept(
            "slash-proof-gas-exact",
            "Of the gas that is left, 63 of 64 parts are exactly the price of the pairing.",
            &["SETTLE-015", "SETTLE-035"],
            with(with_gas(report(bytes(&operation, &result), "invalid"), EXACT_GAS)),
        ),
        refuse(
            "slash-proof-gas-missing",
            &["SETTLE-035"],
            "slash-proof-gas-exact",
            "leave a unit of gas less, so that the pairing gets 248,999",
            with(with_gas(report(bytes(&operation, &result), "invalid"), EXACT_GAS - 1)),
            Reject::GasMissing,
        ),
        accept(
            "slash-verdict-gas-exact",
            "The same for a verdict.",
            &["SETTLE-017", "SETTLE-035"],
            with(with_gas(report(verdict(0, SLOT), "invalid"), EXACT_GAS)),
        ),
        refuse(
            "slash-verdict-gas-missing",
            &["SETTLE-035"],
            "slash-verdict-gas-exact",
            "leave a unit of gas less, so that the pairing gets 248,999",
            with(with_gas(report(verdict(0, SLOT), "invalid"), EXACT_GAS - 1)),
            Reject::GasMissing,
        ),
        refuse(
            "conflict-gas-missing",
            &["SETTLE-035"],
            "conflict",
            "leave a unit of gas less than the pairing of the second needs",
            second(with_gas(report_of(&operation, &other), EXACT_GAS - 1)),
            Reject::GasMissing,
        ),
        refuse(
            "slash-proof-failed",
            &["SETTLE-035", "SETTLE-023"],
            "slash-proof",
            "let a precompile fail, as on a point that is not on the curve",
            with(report(bytes(&operation, &result), "failed")),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "slash-verdict-failed",
            &["SETTLE-035", "SETTLE-023"],
            "slash-verdict-valid",
            "let a precompile fail, as on a point that is not on the curve",
            with(report(verdict(0, SLOT), "failed")),
            Reject::EvidenceInvalid,
        ),
        refuse(
            "slash-old",
            &["SETTLE-021"],
            "slash-verdict-oldest",
            "take a slot more",
            with(report(verdict(1, SLOT - 7_201), both)),
            Reject::EvidenceTooOld,
        ),
        refuse(
            "slash-future",
            &["SETTLE-021"],
            "slash-verdict-oldest",
            "take the next slot",
            with(report(verdict(1, SLOT + 1), both)),
            Reject::EvidenceTooOld,
        ),
        refuse(
            "slash-unstamped",
            &["SETTLE-021"],
            "slash-proof",
            "name an unknown stamp",
            with(report(bytes(&operation, &unstamped), "invalid")),
            Reject::EvidenceTooOld,
        ),
        refuse(
            "slash-orphaned-stamp",
            &["SETTLE-021"],
            "slash-proof",
            "let the stamp be on a lost branch",
            [vec![orphaned(SLOT)], with(report(bytes(&operation, &result), "invalid"))].concat(),
            Reject::EvidenceTooOld,
        ),
        refuse(
            "slash-orphaned-anchor",
            &["SETTLE-011"],
            "slash-proof",
            "let the anchor be on a lost branch",
            [vec![orphaned(SLOT - 80)], with(report(bytes(&operation, &result), "invalid"))].concat(),
            Reject::AnchorUnknown,
        ),
        refuse(
            "slash-other-extension",
            &["POST-008"],
            "slash-proof",
            "let the result name another extension with the same code",
            with(report(bytes(&operation, &renamed), "invalid")),
            Reject::OtherOperation,
        ),
        refuse(
            "conflict-other-extension",
            &["POST-008"],
            "conflict",
            "let the second result differ by the extension that it names",
            second(report_of(&operation, &renamed)),
            Reject::OtherOperation,
        ),
        refuse(
            "slash-forged",
            &["POST-006"],
            "slash-proof",
            "name another prover, with the old signature",
            with(report(bytes(&operation, &forged), "invalid")),
            Reject::SignatureWrongSigner,
        ),
    ]
}
