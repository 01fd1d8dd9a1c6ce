//! Cases of the format `pools`: histories of messages and heads, from empty pools. The segments of the PostOperations are
//! no proofs; a case states the verdict.

use super::evaluate::Stop;
use super::fixture::{
    BASE_FEE, CONTRACT, DEPOSIT, SLOT, account, block_hash, child, extension, field, operation, post_operation,
    sponsored, unsigned, verdict, view,
};
use super::json::{Json, Node, digest, hex};
use super::{Case, Draft, case};
use crate::composition::encode_children;
use crate::notation::{B256, Reject, Trap};
use crate::operation::{Block, ChainView, Operation, fee};
use crate::pools::{Addition, Limits, Pools};
use crate::post_operation::PostOperation;
use crate::reputation::{Counter, Entity, Reputation};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    node.only(&["events", "kind", "limits", "reputation", "steps", "view"])?;
    let limits: Option<Limits> = node.optional("limits")?.map(|limits| Json::from_json(&limits)).transpose()?;
    let mut pools = Pools::new(limits.unwrap_or_default());
    let mut view: ChainView = field(&node, "view")?;
    let mut reputation = Reputation::default();
    for event in node.field("reputation")?.items()? {
        for _ in 0..event.field("times")?.number()? {
            reputation.count(field(&event, "entity")?, field(&event, "counter")?, view.slot);
        }
    }
    let steps = node.field("steps")?.items()?;
    let mut effects = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let effect = match apply(step, &mut pools, &mut view, &reputation) {
            // The steps before the last one are the history; what they refuse is refused.
            Err(Stop::Rejection(rejection)) if index + 1 < steps.len() => {
                json!({"refused": rejection.reason.name()})
            }
            result => result?,
        };
        effects.push(effect);
    }
    let state = pools.to_json();
    Ok(json!({
        "outcome": "accept",
        "stage": "admission",
        "effects": effects,
        "digest": hex(digest(&state)),
        "state": state,
    }))
}

fn apply(step: &Node, pools: &mut Pools, view: &mut ChainView, reputation: &Reputation) -> Result<Value, Stop> {
    match step.field("step")?.text()? {
        "operation" => {
            let operation = Operation::from_bytes(&step.field("encoding")?.hex()?)?;
            let admission = pools.admit(&operation, view, reputation)?;
            Ok(json!({
                "admitted": hex(admission.hash),
                "replaced": admission.replaced.to_json(),
                "evicted": admission.evicted.to_json(),
            }))
        }
        "postOperation" => {
            let post_operation = PostOperation::from_bytes(&step.field("encoding")?.hex()?)?;
            let verdict = verdict(&step.field("proofVerdict")?)?;
            match pools.add(&post_operation, view, reputation, &|_, _| verdict.clone())? {
                Addition::Added { .. } => Ok(json!({"added": hex(post_operation.result_id())})),
                Addition::Renewed => Ok(json!({"renewed": hex(post_operation.result_id())})),
                Addition::Conflict { extension_id, pooled, other } => {
                    Ok(json!({"quarantined": hex(extension_id), "results": [hex(pooled), hex(other)]}))
                }
            }
        }
        "settled" => {
            pools.settled(field(step, "operationHash")?, field(step, "blockNumber")?);
            Ok(json!({}))
        }
        "head" => {
            *view = field(step, "view")?;
            let gone = pools.head(view, field(step, "finalizedNumber")?);
            Ok(json!({"gone": gone.to_json()}))
        }
        "reorg" => {
            *view = field(step, "view")?;
            let kept: BTreeMap<B256, u64> = field(step, "kept")?;
            let back = pools.reorg(field(step, "ancestor")?, field(step, "depth")?, &kept, view, reputation);
            Ok(json!({"back": back.to_json()}))
        }
        _ => Err(step.fault("is no step").into()),
    }
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [admissions(), replacements(), evictions(), results(), chains()].concat()
}

/// A history in the making.
#[derive(Clone)]
struct History {
    view: ChainView,
    limits: Option<Limits>,
    reputation: Vec<Value>,
    steps: Vec<Value>,
}

fn history() -> History {
    History { view: view(), limits: None, reputation: Vec::new(), steps: Vec::new() }
}

impl History {
    fn operation(mut self, operation: &Operation) -> History {
        self.steps.push(json!({"step": "operation", "encoding": hex(operation.to_bytes())}));
        self
    }

    fn result(self, post_operation: &PostOperation) -> History {
        self.result_with(post_operation, "valid")
    }

    fn result_with(mut self, post_operation: &PostOperation, verdict: &str) -> History {
        let encoding = hex(post_operation.to_bytes());
        self.steps.push(json!({"step": "postOperation", "encoding": encoding, "proofVerdict": verdict}));
        self
    }

    fn settled(mut self, operation: &Operation, block_number: u64) -> History {
        let hash = operation.hash(CONTRACT).to_json();
        self.steps.push(json!({"step": "settled", "operationHash": hash, "blockNumber": block_number.to_json()}));
        self
    }

    fn head(mut self, finalized_number: u64, view: &ChainView) -> History {
        let number = finalized_number.to_json();
        self.steps.push(json!({"step": "head", "finalizedNumber": number, "view": view.to_json()}));
        self
    }

    fn reorg(mut self, ancestor: u64, depth: u64, kept: BTreeMap<B256, u64>, view: &ChainView) -> History {
        self.steps.push(json!({
            "step": "reorg",
            "ancestor": ancestor.to_json(),
            "depth": depth.to_json(),
            "kept": kept.to_json(),
            "view": view.to_json(),
        }));
        self
    }

    fn limits(mut self, change: fn(&mut Limits)) -> History {
        let mut limits = Limits::default();
        change(&mut limits);
        self.limits = Some(limits);
        self
    }

    fn count(mut self, entity: Entity, counter: Counter, times: u32) -> History {
        self.reputation.push(json!({"entity": entity.to_json(), "counter": counter.to_json(), "times": times}));
        self
    }

    fn view(mut self, change: impl FnOnce(&mut ChainView)) -> History {
        change(&mut self.view);
        self
    }

    fn draft(self, name: &str, description: &str, rules: &[&str]) -> Draft {
        let mut input = json!({
            "kind": "history",
            "view": self.view.to_json(),
            "reputation": self.reputation,
            "steps": self.steps,
        });
        if let Some(limits) = self.limits {
            input["limits"] = limits.to_json();
        }
        case(&format!("pools-{name}"), description, rules).object(input)
    }

    fn accept(self, name: &str, description: &str, rules: &[&str]) -> Case {
        self.draft(name, description, rules).accept()
    }

    fn refuse(self, name: &str, rules: &[&str], origin: &str, mutation: &str, reason: Reject) -> Case {
        self.draft(name, "A message that the pools refuse.", rules)
            .derived_from(&format!("pools-{origin}"), mutation)
            .reject(reason)
    }
}

fn plain(sender: &str, sequence: u64) -> Operation {
    operation(sender, sequence, |_| ())
}

/// The Operation with another fee; all three fees have this many percent of the fixture's.
fn at(sender: &str, sequence: u64, percent: u128) -> Operation {
    operation(sender, sequence, |it| {
        for fee in [
            &mut it.gas_management.max_fee,
            &mut it.gas_management.max_priority_fee,
            &mut it.gas_management.prover_fee_max,
        ] {
            *fee = *fee / 100 * percent;
        }
    })
}

/// The first `count` Operations of a sender.
fn several(history: History, sender: &str, count: u64) -> History {
    (0..count).fold(history, |history, sequence| history.operation(&plain(sender, sequence)))
}

/// Deposits of six more senders.
fn funded(history: History) -> History {
    history.view(|view| {
        for sender in ["s0", "s1", "s2", "s3", "s4", "s5"] {
            view.deposits.insert(account(sender), DEPOSIT);
        }
    })
}

/// Ten Operations for one extension, of five senders.
fn ten(history: History) -> History {
    ["s0", "s1", "s2", "s3", "s4"].iter().fold(funded(history), |history, sender| several(history, sender, 2))
}

/// Ten Operations for one extension, the least of them the first of two of one sender, of which the second is the greatest.
fn ten_in_order(history: History) -> History {
    let history = funded(history).operation(&at("s0", 0, 90)).operation(&at("s0", 1, 200));
    ["s1", "s2", "s3", "s4"].iter().fold(history, |history, sender| several(history, sender, 2))
}

/// Ten Operations for one extension, of which it looks at two to make way.
fn two_of_ten() -> History {
    let history = funded(history().limits(|limits| limits.extension_candidates = 2));
    let history = history.operation(&at("s0", 0, 80)).operation(&at("s1", 0, 90));
    let history = history.operation(&plain("alice", 0)).operation(&plain("bob", 0));
    ["s2", "s3", "s4"].iter().fold(history, |history, sender| several(history, sender, 2))
}

/// The first Operation of this sender that a sponsor pays for, for this extension.
fn paid(sender: &str, id: &str) -> Operation {
    sponsored(sender, Operation { extension_id: extension(id), ..unsigned(sender, 0) })
}

/// The Operation with this share of the fixture's gas fees and this one of its prover's fee.
fn offering(sender: &str, gas_percent: u128, prover_percent: u128) -> Operation {
    operation(sender, 0, |it| {
        let gas = &mut it.gas_management;
        gas.max_fee = gas.max_fee / 100 * gas_percent;
        gas.max_priority_fee = gas.max_priority_fee / 100 * gas_percent;
        gas.prover_fee_max = gas.prover_fee_max / 100 * prover_percent;
    })
}

/// The chain with another base fee of the next block.
fn with_base_fee(wei: u128) -> ChainView {
    ChainView { base_fee: wei, ..view() }
}

fn admissions() -> Vec<Case> {
    let rules: &[&str] = &["POOL-001", "POOL-002", "POOL-003", "POOL-004", "POOL-005", "POOL-008", "POOL-009"];
    let used = |view: &mut ChainView| {
        view.nonces.insert((account("alice"), Default::default()), 1);
    };
    let cost = fee::max_cost(&plain("alice", 0)).unwrap_or_default();
    let deposit = |wei: u128| {
        move |view: &mut ChainView| {
            view.deposits.insert(account("alice"), wei);
        }
    };
    let sponsor_cost = |view: &mut ChainView| {
        view.deposits.remove(&account("alice"));
    };
    let entities: &[&str] = &["POOL-005", "REP-005"];
    let proved = |operation: &Operation| post_operation(operation, "prover", &view(), |_| ());
    let on_first =
        post_operation(&at("s0", 1, 200), "prover", &view(), |it| it.pre_root = proved(&at("s0", 0, 90)).post_root);
    let unprepared = post_operation(&at("s0", 0, 90), "prover", &view(), |it| it.proof.tier = 2);
    let claiming = post_operation(&at("s0", 0, 90), "prover", &view(), |it| {
        it.output = encode_children(&vec![child(1)]).into();
    });
    // The least of ten in order pays 18 gwei for a unit of gas at most. Deposits as there.
    let above_least = funded(history().view(|view| view.base_fee = 18 * BASE_FEE + 1)).view;
    let at_least = funded(history().view(|view| view.base_fee = 18 * BASE_FEE)).view;
    let never_paid = super::fixture::signed("s5", {
        let mut operation = offering("s5", 90, 110);
        operation.gas_management.ramp_slots = u64::MAX;
        operation
    });
    let other_extension = |sender: &str, percent: u128| {
        let other = Operation { extension_id: extension("two"), ..at(sender, 0, percent) };
        super::fixture::signed(sender, other)
    };
    let sponsor = Entity::Sponsor(account("sponsor"));
    // Five of each extension, so that no extension is at its limit.
    let many_sponsored = || {
        ["s0", "s1", "s2", "s3", "s4", "alice", "bob", "carol", "dave", "erin"]
            .iter()
            .enumerate()
            .fold(funded(history()), |history, (number, sender)| {
                history.operation(&paid(sender, ["one", "two"][number % 2]))
            })
    };
    let staked_sponsor = || {
        many_sponsored().view(|view| {
            view.staked.insert(B256::left_padding_from(account("sponsor").as_slice()));
        })
    };
    let throttled_sponsor = || {
        ["s0", "s1", "s2", "s3"].iter().fold(funded(history()).count(sponsor, Counter::Seen, 110), |history, sender| {
            history.operation(&paid(sender, "one"))
        })
    };
    // Of equal fees, and with the least hash of all.
    let pooled: Vec<B256> = ["s0", "s1", "s2", "s3", "s4"]
        .iter()
        .flat_map(|sender| [plain(sender, 0).hash(CONTRACT), plain(sender, 1).hash(CONTRACT)])
        .collect();
    let least = (0..=u8::MAX)
        .map(|byte| operation("s5", 0, |it| it.data = vec![byte].into()))
        .find(|it| pooled.iter().all(|hash| it.hash(CONTRACT) < *hash))
        .unwrap_or_else(|| plain("s5", 0));
    let inactive = |change: fn(&mut ChainView)| history().view(change).operation(&plain("alice", 0));
    let state = |name: &str, mutation: &str, change: fn(&mut ChainView)| {
        inactive(change).refuse(name, &["POOL-002"], "one", mutation, Reject::ExtensionNotActive)
    };
    vec![
        history().operation(&plain("alice", 0)).accept("one", "An Operation in an empty pool.", rules),
        several(history(), "alice", 4).accept("four", "Four Operations with consecutive nonces.", rules),
        several(history(), "alice", 3)
            .operation(&operation("alice", 0, |it| it.nonce += alloy_primitives::U256::from(1) << 64))
            .accept("two-keys", "Another nonce key begins at 0.", rules),
        history().view(used).operation(&plain("alice", 1)).accept(
            "next-nonce",
            "The sequence number after the consumed one.",
            rules,
        ),
        history().view(deposit(cost)).operation(&plain("alice", 0)).accept(
            "exact-deposit",
            "The deposit covers the cost exactly.",
            rules,
        ),
        history().view(sponsor_cost).operation(&sponsored("alice", unsigned("alice", 0))).accept(
            "sponsored",
            "The sponsor's deposit is reserved.",
            rules,
        ),
        ten(history()).accept("ten", "Ten Operations for an extension.", rules),
        ten(history().count(Entity::Extension(extension("one")), Counter::Included, 1))
            .operation(&at("s5", 0, 90))
            .accept("eleventh-included", "One more for an extension of which one was settled.", entities),
        ten(history()).operation(&at("s5", 0, 110)).accept(
            "eleventh-evicts",
            "The least Operation of the extension makes way.",
            &["POOL-005"],
        ),
        ten_in_order(history()).operation(&at("s5", 0, 110)).accept(
            "eleventh-chain",
            "What follows the least one goes with it.",
            &["POOL-005"],
        ),
        ten_in_order(history()).result(&proved(&at("s0", 0, 90))).operation(&at("s5", 0, 110)).accept(
            "eleventh-locked",
            "The least one has a result, so the next one goes.",
            &["POOL-005"],
        ),
        ten_in_order(history()).result(&proved(&at("s0", 1, 200))).operation(&at("s5", 0, 110)).accept(
            "eleventh-locked-successor",
            "What follows the least one has a result, but cannot be settled before it, so both go.",
            &["POOL-005"],
        ),
        ten_in_order(history())
            .result(&proved(&at("s0", 0, 90)))
            .result(&on_first)
            .operation(&at("s5", 0, 110))
            .accept(
                "eleventh-locked-both",
                "The least one and what follows it have results, so another one goes.",
                &["POOL-005"],
            ),
        ten_in_order(history()).result(&unprepared).operation(&at("s5", 0, 110)).accept(
            "eleventh-unprepared",
            "The least one has a result that cannot be settled, so it goes.",
            &["POOL-005"],
        ),
        ten_in_order(history()).result(&claiming).operation(&at("s5", 0, 110)).accept(
            "eleventh-children",
            "The least one has a result that claims a child, whose result is in no pool, so it goes.",
            &["POOL-005", "COMP-001"],
        ),
        two_of_ten().result(&proved(&at("s0", 0, 80))).operation(&at("s5", 0, 110)).accept(
            "eleventh-looked-at",
            "The last one that is looked at makes way.",
            &["POOL-005"],
        ),
        ten_in_order(history())
            .result(&proved(&at("s0", 0, 90)))
            .head(0, &above_least)
            .operation(&at("s5", 0, 110))
            .accept(
                "eleventh-base-fee",
                "The least one has a result, and the base fee has risen above its fee, so it goes.",
                &["POOL-005"],
            ),
        ten_in_order(history())
            .result(&proved(&at("s0", 0, 90)))
            .head(0, &at_least)
            .operation(&at("s5", 0, 110))
            .accept(
                "eleventh-base-fee-equal",
                "The base fee has risen to the fee of the least one, which is locked, so the next one goes.",
                &["POOL-005"],
            ),
        ten(history()).operation(&offering("s5", 90, 110)).accept(
            "eleventh-prover-fee",
            "What offers the prover more takes a place, though it pays less for gas.",
            &["POOL-005", "POOL-010"],
        ),
        history().view(|view| view.base_fee = 20 * BASE_FEE).operation(&plain("alice", 0)).accept(
            "base-fee-equal",
            "The base fee is all that the Operation pays for gas.",
            &["POOL-025"],
        ),
        history().operation(&plain("alice", 0)).head(0, &with_base_fee(20 * BASE_FEE + 1)).accept(
            "base-fee-rises",
            "What is pooled stays when the base fee rises above its fee.",
            &["POOL-011", "POOL-025"],
        ),
        ten(history().limits(|limits| limits.slots = 10)).operation(&at("s5", 0, 110)).accept(
            "eleventh-room",
            "What makes way for the extension's limit makes room, too.",
            &["POOL-005", "POOL-009", "POOL-010"],
        ),
        ten(history()).operation(&other_extension("s5", 90)).accept(
            "eleventh-other",
            "An Operation for another extension.",
            &["POOL-005"],
        ),
        staked_sponsor().operation(&paid("s5", "two")).accept(
            "sponsor-staked",
            "A sponsor with a stake has no limit.",
            &["POOL-005"],
        ),
        throttled_sponsor().accept("sponsor-throttled", "Four Operations for a throttled sponsor.", entities),
        history()
            .view(|view| {
                let mut known = view.extensions[&extension("one")].clone();
                known.deprecated_from = Some(SLOT + 1);
                view.extensions.insert(extension("one"), known);
            })
            .operation(&plain("alice", 0))
            .accept("before-deprecation", "The last slot before the deprecation.", &["POOL-002"]),
        history().operation(&plain("alice", 0)).operation(&plain("alice", 0)).refuse(
            "again",
            &["POOL-001"],
            "one",
            "send it twice",
            Reject::AlreadyKnown,
        ),
        state("extension-unknown", "forget the extension", |view| {
            view.extensions.remove(&extension("one"));
        }),
        state("extension-deprecated", "deprecate the extension in this slot", |view| {
            let mut known = view.extensions[&extension("one")].clone();
            known.deprecated_from = Some(SLOT);
            view.extensions.insert(extension("one"), known);
        }),
        state("extension-quarantined", "quarantine the extension", |view| {
            let mut known = view.extensions[&extension("one")].clone();
            known.quarantined = true;
            view.extensions.insert(extension("one"), known);
        }),
        history().view(used).operation(&plain("alice", 0)).refuse(
            "nonce-used",
            &["POOL-003"],
            "one",
            "consume the nonce",
            Reject::NonceUsed,
        ),
        history().operation(&plain("alice", 1)).refuse(
            "nonce-gap",
            &["POOL-003"],
            "one",
            "raise the sequence number by 1",
            Reject::NonceGap,
        ),
        several(history(), "alice", 2).operation(&plain("alice", 3)).refuse(
            "nonce-gap-after-two",
            &["POOL-003"],
            "four",
            "leave out the third",
            Reject::NonceGap,
        ),
        history().view(|view| view.base_fee = 20 * BASE_FEE + 1).operation(&plain("alice", 0)).refuse(
            "fee-too-low",
            &["POOL-025"],
            "base-fee-equal",
            "raise the base fee by a wei",
            Reject::FeeTooLow,
        ),
        ten(history()).operation(&offering("s5", 110, 90)).refuse(
            "eleventh-gas-fee",
            entities,
            "eleventh-prover-fee",
            "offer the prover less and more for gas",
            Reject::EntityLimit,
        ),
        ten(history()).operation(&never_paid).refuse(
            "eleventh-ramp",
            entities,
            "eleventh-prover-fee",
            "let the fee rise so slowly that it never gets there",
            Reject::EntityLimit,
        ),
        several(history(), "alice", 5).refuse("fifth", &["POOL-004"], "four", "send a fifth", Reject::SenderLimit),
        ten(history()).operation(&at("s5", 0, 90)).refuse(
            "eleventh",
            entities,
            "eleventh-evicts",
            "lower the fees below those of the others",
            Reject::EntityLimit,
        ),
        two_of_ten()
            .result(&proved(&at("s0", 0, 80)))
            .result(&proved(&at("s1", 0, 90)))
            .operation(&at("s5", 0, 110))
            .refuse(
                "eleventh-not-looked-at",
                entities,
                "eleventh-looked-at",
                "add a result of the second one",
                Reject::EntityLimit,
            ),
        ten(history()).operation(&least).refuse(
            "eleventh-equal",
            entities,
            "eleventh-evicts",
            "lower the fees to those of the others, with the least hash",
            Reject::EntityLimit,
        ),
        ten_in_order(history()).operation(&at("s0", 2, 110)).refuse(
            "eleventh-own",
            entities,
            "eleventh-chain",
            "let it follow the least one",
            Reject::EntityLimit,
        ),
        many_sponsored().operation(&paid("s5", "two")).refuse(
            "sponsor-eleventh",
            entities,
            "sponsor-staked",
            "take the sponsor's stake",
            Reject::EntityLimit,
        ),
        throttled_sponsor().operation(&paid("s4", "one")).refuse(
            "sponsor-throttled-fifth",
            entities,
            "sponsor-throttled",
            "send a fifth, of another sender",
            Reject::EntityLimit,
        ),
        history().count(sponsor, Counter::Seen, 510).view(sponsor_cost).operation(&paid("alice", "one")).refuse(
            "banned-sponsor",
            &["REP-008"],
            "sponsored",
            "ban the sponsor",
            Reject::EntityBanned,
        ),
        history().count(Entity::Sender(account("alice")), Counter::Seen, 510).operation(&plain("alice", 0)).refuse(
            "banned-sender",
            &["REP-008"],
            "one",
            "ban the sender",
            Reject::EntityBanned,
        ),
        history().view(deposit(cost - 1)).operation(&plain("alice", 0)).refuse(
            "deposit",
            &["POOL-008"],
            "exact-deposit",
            "take a wei from the deposit",
            Reject::DepositTooSmall,
        ),
        history()
            .view(move |view: &mut ChainView| {
                view.deposits.insert(account("alice"), cost);
                view.withdrawals.insert(account("alice"), 1);
            })
            .operation(&plain("alice", 0))
            .refuse(
                "withdrawal",
                &["POOL-008"],
                "exact-deposit",
                "announce a wei to be withdrawn",
                Reject::DepositTooSmall,
            ),
        history().view(deposit(2 * cost - 1)).operation(&plain("alice", 0)).operation(&plain("alice", 1)).refuse(
            "deposit-second",
            &["POOL-008"],
            "four",
            "lower the deposit to a wei less than two cost",
            Reject::DepositTooSmall,
        ),
        history().operation(&operation("alice", 0, |it| it.valid_until_slot = SLOT)).refuse(
            "expired",
            &["OP-021"],
            "one",
            "end the validity now",
            Reject::OperationExpired,
        ),
    ]
}

fn replacements() -> Vec<Case> {
    let rules: &[&str] = &["POOL-006"];
    let old = plain("alice", 0);
    let one = || history().operation(&old);
    let only = |name: &str, mutation: &str, change: fn(&mut Operation)| {
        let mut new = at("alice", 0, 110);
        change(&mut new);
        let new = super::fixture::signed("alice", new);
        one().operation(&new).refuse(name, rules, "replaced", mutation, Reject::ReplacementUnderpriced)
    };
    let result = post_operation(&old, "prover", &view(), |_| ());
    let unprepared = post_operation(&old, "prover", &view(), |it| it.proof.tier = 2);
    let claiming = |count: u64, change: fn(&mut PostOperation)| {
        post_operation(&old, "prover", &view(), |it| {
            it.output = encode_children(&(0..count).map(child).collect()).into();
            change(it);
        })
    };
    let replaced_claiming = |count: u64, change: fn(&mut PostOperation)| {
        one().result(&claiming(count, change)).operation(&at("alice", 0, 110))
    };
    let long_result = post_operation(&old, "bob", &view(), |it| it.proof.segments = vec![vec![0].into(); 2]);
    vec![
        one().operation(&at("alice", 0, 110)).accept("replaced", "All fees are raised by a tenth.", rules),
        several(history(), "alice", 4).operation(&at("alice", 3, 110)).accept(
            "replaced-fourth",
            "A replacement is no fifth.",
            &["POOL-004", "POOL-006"],
        ),
        only("replace-max-fee", "raise max_fee by a wei less", |it| it.gas_management.max_fee -= 1),
        only("replace-priority-fee", "raise max_priority_fee by a wei less", |it| {
            it.gas_management.max_priority_fee -= 1
        }),
        only("replace-prover-fee", "raise prover_fee_max by a wei less", |it| it.gas_management.prover_fee_max -= 1),
        history()
            .operation(&operation("alice", 0, |it| it.gas_management.max_priority_fee = 0))
            .operation(&operation("alice", 0, |it| {
                *it = at("alice", 0, 110);
                it.gas_management.max_priority_fee = 0;
            }))
            .refuse("replace-zero", rules, "replaced", "leave a fee of 0 as it is", Reject::ReplacementUnderpriced),
        one().result(&result).operation(&at("alice", 0, 110)).refuse(
            "replace-locked",
            &["POOL-007"],
            "replaced",
            "add a result before",
            Reject::OperationLocked,
        ),
        one().result(&result).head(0, &with_base_fee(20 * BASE_FEE + 1)).operation(&at("alice", 0, 110)).accept(
            "replaced-below-base-fee",
            "The base fee has risen above the fee, and the owner raises it.",
            &["POOL-006", "POOL-007", "POOL-018"],
        ),
        one().result(&unprepared).operation(&at("alice", 0, 110)).accept(
            "replaced-unprepared",
            "The result cannot be settled.",
            &["POOL-006", "POOL-007", "POOL-018"],
        ),
        replaced_claiming(1, |_| ()).accept(
            "replaced-children",
            "The result claims a child, whose result is in no pool.",
            &["POOL-006", "POOL-007", "COMP-001"],
        ),
        replaced_claiming(0, |_| ()).refuse(
            "replace-locked-no-children",
            &["POOL-007", "COMP-001"],
            "replaced-children",
            "claim no child",
            Reject::OperationLocked,
        ),
        replaced_claiming(1, |it| (it.outcome, it.code, it.post_root) = (1, 7, it.pre_root)).refuse(
            "replace-locked-rejected",
            &["POOL-007", "COMP-001"],
            "replaced-children",
            "let the execution reject, so that its output claims nothing",
            Reject::OperationLocked,
        ),
        one().result(&result).head(0, &with_base_fee(20 * BASE_FEE)).operation(&at("alice", 0, 110)).refuse(
            "replace-locked-base-fee",
            &["POOL-007"],
            "replaced-below-base-fee",
            "lower the base fee by a wei",
            Reject::OperationLocked,
        ),
        one().result(&long_result).result(&result).operation(&at("alice", 0, 110)).refuse(
            "replace-locked-better",
            &["POOL-007", "POOL-014"],
            "replaced",
            "add a result and a shorter one before",
            Reject::OperationLocked,
        ),
    ]
}

fn evictions() -> Vec<Case> {
    let rules: &[&str] = &["POOL-009", "POOL-010"];
    let small =
        || history().limits(|limits| limits.slots = 2).operation(&at("alice", 0, 120)).operation(&at("bob", 0, 130));
    let third = |history: History| {
        history.view(|view| {
            view.deposits.insert(account("carol"), DEPOSIT);
        })
    };
    let large = |percent: u128| {
        let mut large = at("carol", 0, percent);
        large.data = vec![0; 33_000].into();
        super::fixture::signed("carol", large)
    };
    let chain = || {
        third(history().limits(|limits| limits.slots = 3))
            .operation(&at("alice", 0, 120))
            .operation(&at("alice", 1, 200))
            .operation(&at("bob", 0, 130))
    };
    vec![
        small().accept("full", "Two Operations in two slots.", rules),
        third(small()).operation(&at("carol", 0, 125)).accept("evicted", "The least one goes.", rules),
        third(small()).operation(&large(140)).accept("evicted-two", "An Operation of two slots needs both.", rules),
        chain().operation(&at("carol", 0, 125)).accept(
            "evicted-chain",
            "What follows the least one goes with it.",
            rules,
        ),
        third(small()).operation(&at("carol", 0, 119)).refuse(
            "pool-full",
            &["POOL-010"],
            "evicted",
            "lower the fees below the least ones",
            Reject::PoolFull,
        ),
        third(small()).operation(&large(125)).refuse(
            "pool-full-large",
            &["POOL-010"],
            "evicted-two",
            "lower the fees below the second ones",
            Reject::PoolFull,
        ),
        small().operation(&at("alice", 1, 200)).refuse(
            "pool-full-own",
            &["POOL-010"],
            "evicted",
            "let the one before it be the least",
            Reject::PoolFull,
        ),
        third(small())
            .limits(|limits| limits.slots = 2)
            .operation(&large(140))
            .limits(|limits| limits.slots = 1)
            .refuse("pool-too-small", &["POOL-009", "POOL-010"], "evicted-two", "have a single slot", Reject::PoolFull),
    ]
}

/// A trapped result on this root.
fn trap(operation: &Operation, root: B256) -> PostOperation {
    post_operation(operation, "prover", &view(), |it| {
        (it.outcome, it.code, it.output) = (2, Trap::Unreachable.code(), Default::default());
        (it.pre_root, it.post_root) = (root, root);
    })
}

/// A result, a trap on it, and after a third Operation, for which there is room or not, a result of this on the same root.
fn beside_trap(slots: u64) -> History {
    let (low, high, middle) = (at("alice", 0, 110), at("bob", 0, 130), at("carol", 0, 120));
    let result = post_operation(&low, "prover", &view(), |_| ());
    let history = History { limits: Some(Limits { slots, ..Limits::default() }), ..history() };
    history
        .view(|view| {
            view.deposits.insert(account("carol"), DEPOSIT);
        })
        .operation(&low)
        .operation(&high)
        .result(&result)
        .result(&trap(&high, result.post_root))
        .operation(&middle)
        .result(&post_operation(&middle, "prover", &view(), |it| {
            (it.pre_root, it.post_root) = (result.post_root, B256::repeat_byte(6));
        }))
}

fn results() -> Vec<Case> {
    let (first, second) = (plain("alice", 0), plain("alice", 1));
    let one = || history().operation(&first).operation(&second);
    let of = |operation: &Operation, change: &dyn Fn(&mut PostOperation)| {
        post_operation(operation, "prover", &view(), |it| change(it))
    };
    let good = of(&first, &|_| ());
    let child = of(&second, &|it| it.pre_root = good.post_root);
    let stamped = |slot: u64| of(&first, &|it| it.stamp_hash = block_hash(slot));
    let stamps = |view: &mut ChainView| {
        for slot in [SLOT - 5, SLOT - 4] {
            view.blocks.insert(block_hash(slot), Block { number: slot, slot, canonical: true });
        }
    };
    let recent = || one().view(stamps);
    let other_proof = of(&first, &|it| it.proof.segments = vec![vec![1].into()]);
    // Of the fixture's extensions the tier 1 is prepared, and the tier 2 is not.
    let by = |prover: &str, tier: u32, segments: usize| {
        post_operation(&first, prover, &view(), |it| {
            (it.proof.tier, it.proof.segments) = (tier, vec![vec![0].into(); segments]);
        })
    };
    let other_prover = post_operation(&first, "bob", &view(), |_| ());
    let other_result = post_operation(&first, "bob", &view(), |it| it.cycles += 1);
    let private = operation("alice", 0, |it| it.extension_id = extension("private"));
    let of_private =
        |prover: &str, change: &dyn Fn(&mut PostOperation)| post_operation(&private, prover, &view(), |it| change(it));
    let witnessed = || history().operation(&private).result(&of_private("prover", &|_| ()));
    let second_private = operation("alice", 1, |it| it.extension_id = extension("private"));
    let long_witness = of_private("prover", &|it| it.proof.segments = vec![vec![0].into(); 2]);
    let long_witnessed = || history().operation(&private).operation(&second_private).result(&long_witness);
    let on_long_witness = post_operation(&second_private, "prover", &view(), |it| it.pre_root = long_witness.post_root);
    let other_witness_and_root = of_private("bob", &|it| {
        (it.output, it.post_root) = (vec![0x0f, 0x0f].into(), B256::repeat_byte(5));
    });
    let other_witness: &dyn Fn(&mut PostOperation) = &|it| it.output = vec![0x0f, 0x0f].into();
    let of_segments = |count: usize| of(&first, &|it| it.proof.segments = vec![vec![0].into(); count]);
    let stake = |view: &mut ChainView| {
        view.staked.insert(B256::left_padding_from(account("prover").as_slice()));
    };
    let third_result = post_operation(&first, "bob", &view(), |it| it.cycles += 2);
    let rules: &[&str] = &["POOL-012", "POOL-013", "POOL-014"];
    let deep = |depth: u64| {
        let history = history().limits(|limits| limits.lane_depth = 2);
        let (mut history, mut root) = ((0..3).fold(history, |it, n| it.operation(&plain("alice", n))), B256::ZERO);
        for sequence in 0..depth {
            let result = of(&plain("alice", sequence), &|it| it.pre_root = root);
            root = result.post_root;
            history = history.result(&result);
        }
        history
    };
    let senders = ["alice", "bob", "s0", "s1"];
    let of_lane = |number: u64| at(senders[number as usize], 0, 100 + 10 * u128::from(number));
    // Room for so many results, each on the one before, of Operations of ascending rank; the last ones may not fit.
    let full_lane = |room: u64, count: u64| {
        let history =
            History { limits: Some(Limits { post_operations: room, ..Limits::default() }), ..funded(history()) };
        let mut history = (0..4).fold(history, |history, number| history.operation(&of_lane(number)));
        let mut root = B256::ZERO;
        for number in 0..count {
            let (next, operation) = (B256::repeat_byte(number as u8 + 1), of_lane(number));
            history = history.result(&of(&operation, &|it| (it.pre_root, it.post_root) = (root, next)));
            root = next;
        }
        history
    };
    // Room for two results; the third builds on the second, and the first, of the least Operation, is in this lane.
    let full_beside = |lane: u64| {
        let low = operation("alice", 0, |it| it.lane = alloy_primitives::U256::from(lane));
        let (middle, next) = (at("bob", 0, 110), B256::repeat_byte(2));
        let history = funded(history().limits(|limits| limits.post_operations = 2));
        history
            .operation(&low)
            .operation(&middle)
            .operation(&of_lane(2))
            .result(&of(&low, &|_| ()))
            .result(&of(&middle, &|it| it.post_root = next))
            .result(&of(&of_lane(2), &|it| (it.pre_root, it.post_root) = (next, B256::repeat_byte(3))))
    };
    let on_lane_root = of(&of_lane(3), &|it| it.post_root = B256::repeat_byte(9));
    let low_again = of(&of_lane(0), &|it| {
        (it.pre_root, it.post_root) = (B256::repeat_byte(2), B256::repeat_byte(8));
    });
    let high_first = of(&of_lane(1), &|it| it.post_root = B256::repeat_byte(2));
    let two_roots = History { limits: Some(Limits { post_operations: 3, ..Limits::default() }), ..funded(history()) };
    let two_roots = [0, 1, 3].iter().fold(two_roots, |history, number| history.operation(&of_lane(*number)));
    let two_roots =
        two_roots.result(&high_first).result(&low_again).result(&of(&of_lane(0), &|_| ())).result(&on_lane_root);
    let crowded = |percent: u128| {
        let (low, high) = (at("alice", 0, 120), at("bob", 0, percent));
        let bob = operation("bob", 0, |it| {
            *it = high.clone();
            it.lane += alloy_primitives::U256::from(1);
        });
        history()
            .limits(|limits| limits.post_operations = 1)
            .operation(&low)
            .operation(&bob)
            .result(&of(&low, &|_| ()))
            .result(&of(&bob, &|_| ()))
    };
    vec![
        one().result(&good).accept("result", "A result on the lane's root.", rules),
        one().result(&good).result(&child).accept("result-child", "A result on a pooled result.", rules),
        recent().result(&stamped(SLOT - 9)).result(&stamped(SLOT - 5)).accept(
            "result-renewed",
            "A newer stamp of the same prover.",
            &["POOL-014", "POST-013"],
        ),
        recent().result(&stamped(SLOT - 5)).result(&good).accept(
            "result-renewed-age",
            "A renewal as early as it may come.",
            &["POOL-014", "POST-013"],
        ),
        recent().result(&stamped(SLOT - 5)).result_with(&good, "invalid").accept(
            "result-renewed-unverified",
            "The same proof is not verified again.",
            &["POOL-014"],
        ),
        one().result(&by("prover", 2, 1)).result(&by("bob", 1, 3)).accept(
            "result-prepared",
            "A result of a prepared tier takes the place of one that cannot be settled.",
            &["POOL-014"],
        ),
        one().result(&by("prover", 1, 3)).result(&by("bob", 1, 2)).accept(
            "result-fewer-segments",
            "A result that is cheaper to settle.",
            &["POOL-014"],
        ),
        one().result(&by("prover", 2, 3)).result(&by("bob", 2, 2)).accept(
            "result-fewer-unprepared",
            "Neither tier is prepared, and the second proof is shorter.",
            &["POOL-014"],
        ),
        one().result(&by("prover", 1, 2)).result(&by("prover", 1, 1)).accept(
            "result-fewer-same-prover",
            "The prover itself has found a shorter proof.",
            &["POOL-014"],
        ),
        long_witnessed().result(&on_long_witness).result(&other_witness_and_root).accept(
            "witness-fewer-segments",
            "A result with another witness and a shorter proof takes the place of the first.",
            &["POOL-022"],
        ),
        long_witnessed().result(&on_long_witness).result(&other_witness_and_root).head(0, &view()).accept(
            "witness-fewer-segments-head",
            "What was built on the first result leaves with the next head.",
            &["POOL-018", "POOL-022"],
        ),
        beside_trap(3).accept(
            "pre-root-beside-trap",
            "Two results leave the root, and the one that changed it carries the third.",
            &["POOL-013", "POOL-024"],
        ),
        one().result(&good).result(&other_result).accept("conflict", "Two valid results that differ.", &["POOL-016"]),
        one().result(&good).result(&child).result(&other_result).accept(
            "conflict-with-child",
            "All results of the extension go.",
            &["POOL-016"],
        ),
        witnessed().accept("witness", "A result of an extension that reads a witness.", &["POOL-014"]),
        witnessed().result(&of_private("bob", other_witness)).head(0, &view()).accept(
            "witness-other",
            "Another prover with another witness: the first result stays, and nothing halts.",
            &["POOL-022"],
        ),
        witnessed().result(&of_private("bob", other_witness)).refuse(
            "witness-second",
            &["POOL-022"],
            "witness",
            "let another prover send a result with another witness",
            Reject::AlreadyKnown,
        ),
        one().result(&of_segments(16)).accept(
            "sixteen-segments",
            "The longest proof of a prover without stake.",
            &["POOL-023"],
        ),
        one().view(stake).result(&of_segments(17)).accept(
            "staked-segments",
            "A longer one of a prover with stake.",
            &["POOL-023"],
        ),
        one().result(&of_segments(17)).refuse(
            "seventeen-segments",
            &["POOL-023"],
            "sixteen-segments",
            "add a segment",
            Reject::ProverUnstaked,
        ),
        deep(2).accept("lane-depth", "The deepest result.", &["POOL-013"]),
        full_lane(2, 2).result(&on_lane_root).accept(
            "results-full-other-lane",
            "A result on the lane's root builds on nothing that could go.",
            &["POOL-017"],
        ),
        full_beside(8).accept(
            "results-full-deep",
            "A result that builds on another one evicts one of another lane.",
            &["POOL-017"],
        ),
        two_roots.accept(
            "result-evicted-root",
            "Of two results of the least Operation the one of the least root goes.",
            &["POOL-017"],
        ),
        crowded(130).accept("result-evicted", "The result of the least Operation goes.", &["POOL-017"]),
        one().result(&good).result(&good).refuse(
            "result-again",
            &["POOL-014"],
            "result",
            "send it twice",
            Reject::AlreadyKnown,
        ),
        one().result(&good).result(&other_prover).refuse(
            "result-other-prover",
            &["POOL-014"],
            "result",
            "let another prover send it too",
            Reject::AlreadyKnown,
        ),
        recent().result(&stamped(SLOT - 5)).result(&stamped(SLOT - 9)).refuse(
            "result-older-stamp",
            &["POOL-014"],
            "result-renewed",
            "exchange the two",
            Reject::AlreadyKnown,
        ),
        recent().result(&stamped(SLOT - 4)).result(&good).refuse(
            "result-renewed-early",
            &["POOL-014"],
            "result-renewed-age",
            "let the pooled stamp be a block younger",
            Reject::AlreadyKnown,
        ),
        recent().result(&stamped(SLOT - 5)).result_with(&other_proof, "invalid").refuse(
            "result-renewed-other-proof",
            &["POOL-014", "POST-012"],
            "result-renewed-unverified",
            "renew with another proof",
            Reject::ProofInvalid,
        ),
        one().result(&by("bob", 1, 3)).result(&by("prover", 2, 1)).refuse(
            "result-unprepared",
            &["POOL-014"],
            "result-prepared",
            "exchange the two",
            Reject::AlreadyKnown,
        ),
        one().result(&by("prover", 1, 3)).result(&by("bob", 1, 3)).refuse(
            "result-equal-segments",
            &["POOL-014"],
            "result-fewer-segments",
            "add a segment to the second",
            Reject::AlreadyKnown,
        ),
        one().result(&by("prover", 1, 3)).result(&by("bob", 1, 4)).refuse(
            "result-more-segments",
            &["POOL-014"],
            "result-fewer-segments",
            "add two segments to the second",
            Reject::AlreadyKnown,
        ),
        one().result(&by("prover", 1, 3)).result_with(&by("bob", 1, 2), "invalid").refuse(
            "result-fewer-invalid",
            &["POOL-014", "POST-012"],
            "result-fewer-segments",
            "state the other verdict for the second",
            Reject::ProofInvalid,
        ),
        beside_trap(2).refuse(
            "pre-root-of-trap",
            &["POOL-024"],
            "pre-root-beside-trap",
            "let the result that changed the root go with its Operation",
            Reject::PreRootUnknown,
        ),
        one().result(&good).result(&other_result).result(&third_result).refuse(
            "conflict-third",
            &["POOL-015"],
            "conflict",
            "send a third result",
            Reject::AlreadyKnown,
        ),
        one().result(&good).result_with(&other_result, "invalid").refuse(
            "conflict-invalid",
            &["POOL-016", "POST-012"],
            "conflict",
            "state the other verdict for the second",
            Reject::ProofInvalid,
        ),
        history().result(&good).refuse(
            "operation-unknown",
            &["POOL-012"],
            "result",
            "do not send the Operation",
            Reject::OperationUnknown,
        ),
        one().result(&child).refuse(
            "pre-root-unknown",
            &["POOL-024"],
            "result-child",
            "do not send the first result",
            Reject::PreRootUnknown,
        ),
        deep(3).refuse("lane-too-deep", &["POOL-013"], "lane-depth", "add a third result", Reject::LaneTooDeep),
        full_lane(1, 2).refuse(
            "results-full-parent",
            &["POOL-017"],
            "results-full-other-lane",
            "let it build on the result of the least Operation",
            Reject::PoolFull,
        ),
        full_lane(2, 3).refuse(
            "results-full-ancestor",
            &["POOL-017"],
            "results-full-other-lane",
            "let it build on a result that builds on that of the least Operation",
            Reject::PoolFull,
        ),
        full_beside(7).refuse(
            "results-full-same-lane",
            &["POOL-017"],
            "results-full-deep",
            "let the least one be of the same lane",
            Reject::PoolFull,
        ),
        crowded(110).refuse(
            "results-full",
            &["POOL-017"],
            "result-evicted",
            "lower the fees of the second Operation",
            Reject::PoolFull,
        ),
        one().count(Entity::Prover(account("prover")), Counter::Invalid, 10).result(&good).refuse(
            "result-banned-prover",
            &["REP-008"],
            "result",
            "ban the prover",
            Reject::EntityBanned,
        ),
    ]
}

fn chains() -> Vec<Case> {
    let (first, second) = (plain("alice", 0), plain("alice", 1));
    let result = post_operation(&first, "prover", &view(), |_| ());
    let child = post_operation(&second, "prover", &view(), |it| it.pre_root = result.post_root);
    let changed = |change: &dyn Fn(&mut ChainView)| {
        let mut view = view();
        change(&mut view);
        view
    };
    let later = changed(&|view| (view.slot, view.head_number) = (SLOT + 1, SLOT + 1));
    let settled = changed(&|view| {
        view.nonces.insert((account("alice"), Default::default()), 1);
        view.roots.insert((first.extension_id, first.lane), result.post_root);
    });
    let head_at = |number: u64| ChainView { head_number: number, ..settled.clone() };
    let lost_lane = changed(&|view| {
        view.roots.insert((first.extension_id, first.lane), B256::repeat_byte(9));
    });
    let orphaned = changed(&|view| {
        view.blocks.insert(block_hash(SLOT), Block { number: SLOT, slot: SLOT, canonical: false });
    });
    let both = || history().operation(&first).operation(&second).result(&result).result(&child);
    let in_limbo = || both().settled(&first, SLOT).head(0, &settled);
    let after_settling = || history().operation(&first).operation(&second).settled(&first, SLOT).settled(&second, SLOT);
    // In another lane a result of what follows the first one, and one of another sender on it.
    let of_lane_8 =
        |sender: &str, sequence: u64| operation(sender, sequence, |it| it.lane = alloy_primitives::U256::from(8));
    let (aside, on_aside) = (of_lane_8("alice", 1), of_lane_8("bob", 0));
    let aside_result = post_operation(&aside, "prover", &view(), |_| ());
    let on_aside_result = post_operation(&on_aside, "prover", &view(), |it| it.pre_root = aside_result.post_root);
    let beside_settled = || {
        let history = history().operation(&first).operation(&aside).operation(&on_aside);
        history.result(&aside_result).result(&on_aside_result).settled(&first, SLOT).head(0, &settled)
    };
    let first_alone = changed(&|view| {
        view.deposits.insert(account("alice"), fee::max_cost(&first).unwrap_or(0));
    });
    let head: &[&str] = &["POOL-011", "POOL-018"];
    // Its stamp is too old with the next head.
    let old_stamp = |it: &mut PostOperation| it.stamp_hash = block_hash(SLOT - 9);
    let leaving = post_operation(&first, "prover", &view(), old_stamp);
    let bobs = plain("bob", 0);
    let all = || history().operation(&first).operation(&second).operation(&bobs);
    let between = |operation: &Operation, from: B256, to: B256| {
        post_operation(operation, "prover", &view(), |it| (it.pre_root, it.post_root) = (from, to))
    };
    let (one, two, three) = (leaving.post_root, B256::repeat_byte(2), B256::repeat_byte(3));
    let depths: &[&str] = &["POOL-013", "POOL-018"];
    vec![
        both().head(0, &later).accept("head", "Nothing changes.", head),
        both().head(0, &changed(&|view| view.slot = SLOT + 100)).accept("head-expired", "The validity is over.", head),
        both().head(0, &first_alone).accept("head-deposit", "The deposit covers the first alone.", head),
        both()
            .head(
                0,
                &changed(&|view| {
                    view.withdrawals.insert(account("alice"), DEPOSIT);
                }),
            )
            .accept("head-withdrawal", "The whole deposit is announced to be withdrawn, and nothing leaves.", head),
        both().head(0, &orphaned).accept("head-orphaned-stamp", "The results go, the Operations stay.", head),
        both().head(0, &changed(&|view| view.head_number = SLOT + 10)).accept(
            "head-old-stamp",
            "The stamps are too old.",
            head,
        ),
        both().head(0, &lost_lane).accept("head-lost-lane", "Another result of the lane was settled.", &["POOL-018"]),
        all().result(&result).result(&trap(&second, one)).head(0, &later).head(0, &later).accept(
            "head-trapped",
            "A trap on a result keeps its depth: it does not carry itself.",
            depths,
        ),
        all().result(&leaving).result(&trap(&second, one)).head(0, &later).accept(
            "head-trapped-parent",
            "The result under a trap leaves, and the trap with it.",
            depths,
        ),
        all()
            .result(&leaving)
            .result(&between(&bobs, B256::ZERO, one))
            .result(&between(&second, one, two))
            .head(0, &later)
            .accept("head-two-parents", "One of two results under a third leaves.", depths),
        all()
            .result(&leaving)
            .result(&between(&second, one, two))
            .result(&between(&bobs, two, one))
            .head(0, &later)
            .accept("head-circle", "Two results that lead to each other's root do not carry each other.", depths),
        all()
            .operation(&plain("bob", 1))
            .limits(|limits| limits.lane_depth = 2)
            .result(&post_operation(&first, "prover", &view(), |it| {
                old_stamp(it);
                it.post_root = two;
            }))
            .result(&between(&second, B256::ZERO, one))
            .result(&between(&bobs, one, two))
            .result(&between(&plain("bob", 1), two, three))
            .head(0, &later)
            .accept("head-too-deep", "Without the shorter way the last one is too deep.", depths),
        in_limbo().accept(
            "settled",
            "The settled Operation waits; the second result is on the root now.",
            &["POOL-018", "POOL-019"],
        ),
        in_limbo().head(SLOT, &settled).accept("final", "The settlement is final.", &["POOL-019"]),
        in_limbo().head(0, &head_at(SLOT + 63)).accept(
            "limbo-63",
            "Nothing is final, and the settlement is 63 blocks behind.",
            &["POOL-019", "POOL-021"],
        ),
        in_limbo().head(0, &head_at(SLOT + 64)).accept(
            "limbo-64",
            "Nothing is final, and no re-org brings back what is 64 blocks behind.",
            &["POOL-019", "POOL-021"],
        ),
        in_limbo().reorg(SLOT - 1, 1, BTreeMap::new(), &view()).accept(
            "reorg",
            "What was settled comes back.",
            &["POOL-020"],
        ),
        history()
            .operation(&first)
            .operation(&second)
            .settled(&first, SLOT)
            .head(0, &settled)
            .reorg(SLOT - 1, 1, BTreeMap::new(), &view())
            .accept("reorg-successor", "What was settled comes back, and what follows it stays.", &["POOL-020"]),
        beside_settled().reorg(SLOT - 1, 1, BTreeMap::new(), &view()).accept(
            "reorg-successor-result",
            "What follows it comes back with its result in another lane, and what was built on that stays.",
            &["POOL-018", "POOL-020"],
        ),
        beside_settled().reorg(SLOT - 1, 1, BTreeMap::new(), &first_alone).accept(
            "reorg-successor-refused",
            "The deposit does not cover what follows it: it leaves with its result, and with what was built on that.",
            &["POOL-018", "POOL-020"],
        ),
        beside_settled().reorg(SLOT - 1, 65, BTreeMap::new(), &view()).accept(
            "reorg-65-successor",
            "Too deep: what follows it is dropped with its result, and with what was built on that.",
            &["POOL-018", "POOL-021"],
        ),
        in_limbo().reorg(SLOT - 1, 1, BTreeMap::from([(first.hash(CONTRACT), SLOT + 1)]), &settled).accept(
            "reorg-kept",
            "The new branch has settled it too.",
            &["POOL-020"],
        ),
        both().reorg(SLOT - 1, 1, BTreeMap::from([(first.hash(CONTRACT), SLOT + 1)]), &settled).accept(
            "reorg-new-branch",
            "Only the new branch has settled it.",
            &["POOL-019"],
        ),
        both().reorg(SLOT - 1, 65, BTreeMap::from([(first.hash(CONTRACT), SLOT + 1)]), &settled).accept(
            "reorg-65-new-branch",
            "What the new branch has settled is not dropped, however deep the re-org is.",
            &["POOL-019", "POOL-021"],
        ),
        in_limbo().reorg(SLOT - 1, 1, BTreeMap::new(), &with_base_fee(20 * BASE_FEE + 1)).accept(
            "reorg-base-fee",
            "What comes back was there before: the base fee does not keep it out.",
            &["POOL-020", "POOL-025"],
        ),
        after_settling().reorg(SLOT - 1, 64, BTreeMap::new(), &view()).accept(
            "reorg-64",
            "A deep re-org; both come back in their order.",
            &["POOL-020", "POOL-021"],
        ),
        after_settling().reorg(SLOT - 1, 65, BTreeMap::new(), &view()).accept(
            "reorg-65",
            "Too deep: both are dropped.",
            &["POOL-021"],
        ),
        after_settling().reorg(SLOT, 3, BTreeMap::new(), &view()).accept(
            "reorg-later",
            "The settlement is below the ancestor.",
            &["POOL-020"],
        ),
    ]
}
