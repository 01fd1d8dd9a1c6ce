//! Pools: invariants over long random histories, and what they cost.

use alloy_primitives::{Address, B256, U256};
use middle_client::notation::Reject;
use middle_client::operation::{Block, ChainView, ExtensionView, GasManagement, Operation, signature};
use middle_client::pools::{Addition, Limits, Pools};
use middle_client::post_operation::{PostOperation, Proof, statement};
use middle_client::reputation::{Counter, Entity, Reputation};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What happens to a pool.
#[derive(Clone, Debug)]
enum Event {
    Operation {
        sender: usize,
        key: u64,
        sequence: u64,
        fees: [u128; 2],
        extension: u8,
        bytes: usize,
        sponsor: Option<usize>,
    },
    Result {
        index: usize,
        root: Option<u8>,
        salt: u8,
        segments: usize,
        tier: u32,
    },
    Settle {
        sender: usize,
        key: u64,
    },
    Slots(u64),
    BaseFee(u128),
    Deposit {
        sender: usize,
        wei: u128,
    },
    Reorg,
}

fn events() -> impl Strategy<Value = Event> {
    let sender = 0usize..4;
    prop_oneof![
        6 => (sender.clone(), [1u128..6, 1u128..6], nonces(), sizes(), prop::option::weighted(0.3, 0usize..4)).prop_map(
            |(sender, fees, (key, sequence), (extension, bytes), sponsor)| {
                Event::Operation { sender, key, sequence, fees, extension, bytes, sponsor }
            }
        ),
        3 => (0usize..16, prop::option::of(0u8..3), 0u8..3, 1usize..4, 1u32..3).prop_map(
            |(index, root, salt, segments, tier)| Event::Result { index, root, salt, segments, tier }
        ),
        2 => (sender.clone(), nonces()).prop_map(|(sender, (key, _))| Event::Settle { sender, key }),
        1 => (1u64..40).prop_map(Event::Slots),
        1 => (0u128..600).prop_map(Event::BaseFee),
        1 => (sender, 0u128..4_000_000_000).prop_map(|(sender, wei)| Event::Deposit { sender, wei }),
        1 => Just(Event::Reorg),
    ]
}

/// A nonce key and a sequence number.
fn nonces() -> impl Strategy<Value = (u64, u64)> {
    (prop_oneof![3 => Just(0u64), 1 => Just(1)], 0u64..6)
}

/// An extension and a number of bytes.
fn sizes() -> impl Strategy<Value = (u8, usize)> {
    (prop_oneof![4 => Just(0u8), 1 => Just(1)], prop_oneof![Just(10usize), Just(40_000)])
}

fn secrets() -> Vec<(B256, Address)> {
    (1u8..6).map(B256::repeat_byte).map(|secret| (secret, signature::account(&secret).unwrap())).collect()
}

fn first_view(accounts: &[(B256, Address)]) -> ChainView {
    let known = ExtensionView { proof_system: 1, prepared: [1].into(), ..ExtensionView::default() };
    ChainView {
        chain_id: 1,
        slot: 1_000,
        finalized_slot: 900,
        blocks: [(B256::repeat_byte(0xaa), Block { number: 900, slot: 900, canonical: true })].into(),
        head_number: 900,
        deposits: accounts.iter().map(|(_, account)| (*account, 3_000_000_000)).collect(),
        extensions: [
            (B256::repeat_byte(0), known.clone()),
            (B256::repeat_byte(1), ExtensionView { reads_witness: true, ..known }),
        ]
        .into(),
        ..ChainView::default()
    }
}

fn operation(account: Address, sequence: u64, fee: u128, extension: u8, bytes: usize, view: &ChainView) -> Operation {
    Operation {
        chain_id: 1,
        sender: account,
        nonce: U256::from(sequence),
        extension_id: B256::repeat_byte(extension),
        lane: U256::from(sequence % 2),
        gas_limit: 100_000,
        gas_management: GasManagement {
            max_fee: 100 * fee,
            max_priority_fee: 10 * fee,
            prover_fee_max: 10 * fee,
            ramp_start_slot: 900,
            cycle_limit: 100,
            ..GasManagement::default()
        },
        data: vec![7; bytes].into(),
        anchor_hash: B256::repeat_byte(0xaa),
        valid_until_slot: (view.slot + 100).min(1_400),
        // What a contract accepts, where the test does not sign.
        signature: vec![signature::KIND_CONTRACT].into(),
        ..Operation::default()
    }
}

/// Moves an Operation to a nonce key and a sponsor, and signs it.
fn sign_for(operation: &mut Operation, secret: &B256, key: u64, sponsor: Option<(B256, Address)>) {
    operation.nonce |= U256::from(key) << 64;
    operation.gas_management.sponsor = sponsor.map_or(Address::ZERO, |(_, account)| account);
    let hash = operation.hash(Address::ZERO);
    operation.signature = signature::sign(secret, hash).unwrap().into();
    if let Some((secret, _)) = sponsor {
        operation.gas_management.sponsor_signature = signature::sign(&secret, hash).unwrap().into();
    }
}

/// A result of a pooled Operation, signed by the fifth account.
fn result_for(
    operation: &Operation,
    roots: (B256, B256),
    segments: usize,
    tier: u32,
    view: &ChainView,
) -> PostOperation {
    let (secret, prover) = secrets()[4];
    let mut result = PostOperation {
        operation_hash: operation.hash(Address::ZERO),
        extension_id: operation.extension_id,
        pre_root: roots.0,
        post_root: roots.1,
        cycles: 7,
        prover,
        proof: Proof { proof_type: 1, tier, segments: vec![vec![0].into(); segments] },
        stamp_hash: B256::repeat_byte(0xaa),
        ..PostOperation::default()
    };
    let stated = statement(operation, &result, view).unwrap().unwrap();
    result.prover_signature = signature::sign(&secret, result.signing_hash(&stated, Address::ZERO)).unwrap().into();
    result
}

/// Whether nothing leaves with the next head.
fn is_steady(pools: &Pools, view: &ChainView) -> bool {
    let mut later = pools.clone();
    later.head(view, 900);
    later == *pools
}

/// Whether an Operation and all pooled ones before it can be settled as they are.
fn is_settleable(pools: &Pools, hash: B256, view: &ChainView) -> bool {
    let of = &pools.operations.operations[&hash].operation;
    let is_before = |it: &Operation| {
        (it.sender, it.nonce_key()) == (of.sender, of.nonce_key()) && it.nonce_sequence() <= of.nonce_sequence()
    };
    let has_result = |hash: B256| {
        let mut results = pools.post_operations.post_operations.values();
        results.any(|it| it.post_operation.operation_hash == hash && it.post_operation.proof.tier == 1)
    };
    let mut before = pools.operations.operations.iter().filter(|(_, it)| is_before(&it.operation));
    before.all(|(hash, it)| it.operation.gas_management.max_fee >= view.base_fee && has_result(*hash))
}

/// What must hold of pools after every step.
fn check(pools: &Pools, view: &ChainView) {
    let (operations, limits) = (&pools.operations, &pools.limits);
    assert!(operations.slots <= limits.slots);
    assert_eq!(operations.slots, operations.operations.values().map(|it| it.slots).sum::<u64>());
    let mut reserved: BTreeMap<Address, u128> = BTreeMap::new();
    let mut nonces: BTreeMap<(Address, U256), BTreeSet<u64>> = BTreeMap::new();
    let mut of_senders: BTreeMap<Address, u64> = BTreeMap::new();
    let mut of_sponsors: BTreeMap<Address, u64> = BTreeMap::new();
    for (hash, pooled) in &operations.operations {
        assert_eq!(*hash, pooled.operation.hash(view.consensus_contract));
        *reserved.entry(pooled.operation.payer()).or_default() += pooled.max_cost;
        let operation = &pooled.operation;
        let of_key = nonces.entry((operation.sender, operation.nonce_key())).or_default();
        assert!(of_key.insert(operation.nonce_sequence()));
        *of_senders.entry(operation.sender).or_default() += 1;
        *of_sponsors.entry(operation.gas_management.sponsor).or_default() += 1;
        assert!(!pools.limbo.contains_key(hash));
    }
    assert_eq!(reserved, operations.reserved);
    for (payer, wei) in reserved {
        assert!(wei <= view.deposit(payer), "{wei} reserved of {}", view.deposit(payer));
    }
    for ((sender, key), sequences) in nonces {
        let next = view.next_sequence(sender, key);
        assert_eq!(sequences, (next..next + sequences.len() as u64).collect());
    }
    assert!(of_senders.values().all(|count| *count <= limits.sender_operations));
    // REP-005: of sponsors nothing was counted.
    assert!(of_sponsors.iter().all(|(sponsor, count)| sponsor.is_zero() || *count <= 10));
    assert!(pools.post_operations.post_operations.len() as u64 <= limits.post_operations);
    // POOL-022: an extension with a witness has no conflicts.
    assert!(pools.post_operations.evidence.values().flatten().all(|it| it.extension_id == B256::repeat_byte(0)));
    for ((operation_hash, pre_root), pooled) in &pools.post_operations.post_operations {
        assert!(operations.operations.contains_key(operation_hash), "a result without its Operation");
        assert_eq!(*pre_root, pooled.post_operation.pre_root);
        assert!((1..=limits.lane_depth).contains(&pooled.depth));
    }
}

fn play(events: &[Event]) -> Pools {
    let accounts = secrets();
    let mut view = first_view(&accounts);
    let reputation = Reputation::default();
    let limits = Limits { slots: 16, post_operations: 4, lane_depth: 2, ..Limits::default() };
    let mut pools = Pools::new(limits);
    for event in events {
        match event {
            Event::Operation { sender, key, sequence, fees, extension, bytes, sponsor } => {
                let (secret, account) = accounts[*sender];
                let mut operation = operation(account, *sequence, fees[0], *extension, *bytes, &view);
                operation.gas_management.prover_fee_max = 10 * fees[1];
                sign_for(&mut operation, &secret, *key, sponsor.map(|sponsor| accounts[sponsor]));
                let before = pools.clone();
                match pools.admit(&operation, &view, &reputation) {
                    Err(_) => assert_eq!(pools, before),
                    Ok(admission) => {
                        // POOL-025, POOL-007: what cannot be settled is not admitted, what can be is not replaced.
                        assert!(operation.gas_management.max_fee >= view.base_fee);
                        let slots_of = |hash: &B256| before.operations.operations[hash].slots;
                        let freed = admission.replaced.as_ref().map_or(0, slots_of);
                        let slots = pools.operations.operations[&admission.hash].slots;
                        let has_room = before.operations.slots - freed + slots <= pools.limits.slots;
                        let gone = admission.evicted.iter().filter(|_| has_room).chain(&admission.replaced);
                        // POOL-005: for the extension's limit nothing goes that can be settled as it is.
                        assert!(gone.clone().all(|hash| !is_settleable(&before, *hash, &view)));
                    }
                }
            }
            Event::Result { index, root, salt, segments, tier } => {
                let count = pools.operations.operations.len().max(1);
                let Some(pooled) = pools.operations.operations.values().nth(index % count) else { continue };
                let on_lane = view.root(pooled.operation.extension_id, pooled.operation.lane);
                let roots = (root.map_or(on_lane, |salt| B256::repeat_byte(salt + 1)), B256::repeat_byte(*salt + 1));
                let result = result_for(&pooled.operation, roots, *segments, *tier, &view);
                let before = pools.clone();
                match pools.add(&result, &view, &reputation, &|_, _| Ok(())) {
                    Err(_) => assert_eq!(pools, before),
                    // POOL-017: with the next head it is still there, since it has not evicted what carries it.
                    Ok(Addition::Added { .. }) if is_steady(&before, &view) => {
                        let mut later = pools.clone();
                        later.head(&view, 900);
                        let key = (result.operation_hash, result.pre_root);
                        assert!(later.post_operations.post_operations.contains_key(&key));
                    }
                    Ok(_) => {}
                }
            }
            Event::Settle { sender, key } => {
                let (account, key) = (accounts[*sender].1, U256::from(*key));
                let next = view.next_sequence(account, key);
                let nonce = key << 64 | U256::from(next);
                let mut all = pools.operations.operations.iter();
                let found = all.find(|(_, it)| (it.operation.sender, it.operation.nonce) == (account, nonce));
                let Some((hash, pooled)) = found.map(|(hash, pooled)| (*hash, pooled.clone())) else { continue };
                view.nonces.insert((account, key), next + 1);
                *view.deposits.get_mut(&pooled.operation.payer()).unwrap() -= pooled.max_cost;
                pools.settled(hash, 901);
                pools.head(&view, 900);
            }
            Event::Slots(slots) => {
                view.slot += slots;
                pools.head(&view, 900);
            }
            Event::BaseFee(wei) => {
                view.base_fee = *wei;
                pools.head(&view, 900);
            }
            Event::Deposit { sender, wei } => {
                view.deposits.insert(accounts[*sender].1, *wei);
                pools.head(&view, 900);
            }
            Event::Reorg => {
                for limbo in pools.limbo.values() {
                    let operation = &limbo.operation;
                    let next = view.nonces.entry((operation.sender, operation.nonce_key())).or_default();
                    *next = (*next).min(limbo.operation.nonce_sequence());
                }
                pools.reorg(900, 1, &BTreeMap::new(), &view, &reputation);
            }
        }
        check(&pools, &view);
        // REP-005: nothing was included.
        for id in view.extensions.keys() {
            let of_extension = pools.operations.operations.values().filter(|it| it.operation.extension_id == *id);
            assert!(of_extension.count() <= 10);
        }
    }
    pools.head(&view, 900);
    check_depths(&pools, &view);
    pools
}

/// The depths after a head, by trying all ways as often as there are results.
fn check_depths(pools: &Pools, view: &ChainView) {
    let results: Vec<_> = pools.post_operations.post_operations.values().collect();
    let mut depths = vec![u64::MAX; results.len()];
    for _ in 0..results.len() {
        for (index, it) in results.iter().enumerate() {
            let (id, pre_root) = (it.post_operation.extension_id, it.post_operation.pre_root);
            let parents = results.iter().zip(&depths).filter(|(parent, _)| {
                let result = &parent.post_operation;
                (result.extension_id, parent.lane, result.post_root) == (id, it.lane, pre_root)
                    && result.post_root != result.pre_root
            });
            let least = parents.map(|(_, depth)| depth.saturating_add(1)).min().unwrap_or(u64::MAX);
            depths[index] = if view.root(id, it.lane) == pre_root { 1 } else { least };
        }
    }
    assert_eq!(results.iter().map(|it| it.depth).collect::<Vec<_>>(), depths);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Limits are never exceeded, reservations never exceed deposits, and a refused message changes nothing; playing the
    /// same again gives the same.
    #[test]
    fn invariants_hold_over_long_histories(events in prop::collection::vec(events(), 1..120)) {
        prop_assert_eq!(play(&events).to_json(), play(&events).to_json());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two branches settle Operations. A node that goes from one to the other has the Operations of one that has seen no other, and
    /// so it has when it goes back. It has lost the results of what was settled, and what was built on them, and no others.
    #[test]
    fn a_reorg_there_and_back_restores_the_pools(
        events in prop::collection::vec(events(), 20..80),
        settled in prop::array::uniform2(prop::collection::vec((0usize..4, 0u64..2), 0..12)),
        base_fees in prop::array::uniform2(0u128..600),
    ) {
        let reputation = Reputation::default();
        // What is pooled has come in some order, with evictions, replacements and rising base fees, and nothing is settled.
        let stays = |it: &&Event| matches!(it, Event::Operation { .. } | Event::Result { .. } | Event::BaseFee(_));
        let history: Vec<Event> = events.iter().filter(stays).cloned().collect();
        let before = play(&history);
        let accounts = secrets();
        let root = first_view(&accounts);
        // What a branch settles, and the state after it.
        let branch = |settled: &[(usize, u64)], base_fee: u128| {
            let mut view = ChainView { base_fee, ..root.clone() };
            let mut blocks = BTreeMap::new();
            for (index, (sender, key)) in settled.iter().enumerate() {
                let (account, key) = (accounts[*sender].1, U256::from(*key));
                let nonce = key << 64 | U256::from(view.next_sequence(account, key));
                let mut all = before.operations.operations.iter();
                let found = all.find(|(_, it)| (it.operation.sender, it.operation.nonce) == (account, nonce));
                let Some((hash, pooled)) = found else { continue };
                *view.nonces.entry((account, key)).or_default() += 1;
                *view.deposits.get_mut(&pooled.operation.payer()).unwrap() -= pooled.max_cost;
                blocks.insert(*hash, 901 + index as u64 / 4);
                // The lane's root moves if there is a result on it.
                let lane = (pooled.operation.extension_id, pooled.operation.lane);
                let on_root = (*hash, view.root(lane.0, lane.1));
                if let Some(result) = before.post_operations.post_operations.get(&on_root) {
                    view.roots.insert(lane, result.post_operation.post_root);
                }
            }
            (view, blocks)
        };
        let (first, second) = (branch(&settled[0], base_fees[0]), branch(&settled[1], base_fees[1]));
        let directly = |(view, blocks): &(ChainView, BTreeMap<B256, u64>)| {
            let mut pools = before.clone();
            blocks.iter().for_each(|(hash, number)| pools.settled(*hash, *number));
            pools.head(view, 900);
            pools
        };
        let go = |pools: &mut Pools, to: &(ChainView, BTreeMap<B256, u64>)| {
            let was = pools.clone();
            pools.reorg(900, 4, &to.1, &to.0, &reputation);
            check(pools, &to.0);
            let expected = directly(to);
            assert_eq!((&pools.operations, &pools.limbo), (&expected.operations, &expected.limbo));
            // POOL-020: what leaves for a moment keeps its results; POOL-018 finds their depths anew.
            let mut results = was.post_operations;
            for hash in was.operations.operations.keys().filter(|hash| !pools.operations.operations.contains_key(*hash)) {
                results.remove_operation(*hash);
            }
            results.revalidate(&to.0, &pools.limits);
            assert_eq!(pools.post_operations, results);
        };
        let mut pools = directly(&first);
        prop_assert_eq!(pools.limbo.len(), first.1.len());
        go(&mut pools, &second);
        go(&mut pools, &first);
        go(&mut pools, &(ChainView { base_fee: 600, ..root.clone() }, BTreeMap::new()));
        prop_assert_eq!(&pools.operations, &before.operations);
        // In a lane that no branch has moved, the results of what none has settled are all there.
        let moved = |lane: (B256, U256)| [&first.0, &second.0].iter().any(|view| view.roots.contains_key(&lane));
        for (key, it) in &before.post_operations.post_operations {
            let is_settled = first.1.contains_key(&key.0) || second.1.contains_key(&key.0);
            if it.depth == 1 && !is_settled && !moved((it.post_operation.extension_id, it.lane)) {
                prop_assert!(pools.post_operations.post_operations.contains_key(key));
            }
        }
    }
}

/// What has an extension's places is looked at from the least rank on, 64 at a time, whatever an Operation without a signature
/// asks for; what was too many after that makes way with the next ones.
#[test]
fn an_extension_above_its_limit_shrinks_by_64_at_a_time() {
    let mut view = first_view(&secrets());
    let senders: Vec<Address> = (0..200u32).map(|n| Address::left_padding_from(&(n + 1).to_be_bytes())).collect();
    let root = view.clone();
    let of = |n: usize, fee: u128| operation(senders[n], 0, fee, 0, 10, &root);
    let all: Vec<Operation> = (0..200).map(|n| of(n, 100 + n as u128)).collect();
    for operation in all.iter().chain(&[of(150, 1_000), of(151, 1_000), of(152, 1_000)]) {
        view.deposits.insert(operation.sender, u128::MAX / 2);
        let hash = operation.hash(Address::ZERO);
        view.contracts.entry(operation.sender).or_default().insert((hash, Default::default()));
    }
    let mut reputation = Reputation::default();
    (0..100).for_each(|_| reputation.count(Entity::Extension(B256::ZERO), Counter::Included, 1_000));
    let mut pools = Pools::default();
    for operation in &all[..120] {
        pools.admit(operation, &view, &reputation).unwrap();
    }
    // Nothing was included any more: 111 of 121 are too many.
    let reputation = Reputation::default();
    let refused = pools.clone().admit(&of(150, 150), &view, &reputation).unwrap_err();
    assert_eq!(refused.reason, Reject::EntityLimit);
    let hashes = |range: std::ops::Range<usize>| all[range].iter().map(|it| it.hash(Address::ZERO)).collect::<Vec<_>>();
    assert_eq!(pools.admit(&of(150, 1_000), &view, &reputation).unwrap().evicted, hashes(0..64));
    assert_eq!(pools.admit(&of(151, 1_000), &view, &reputation).unwrap().evicted, hashes(64..112));
    assert_eq!(pools.operations.operations.len(), 10);
    // Of 64 locked ones of the least rank all stay, and so does what comes after them.
    let mut pools = Pools::default();
    let mut reputation = Reputation::default();
    (0..100).for_each(|_| reputation.count(Entity::Extension(B256::ZERO), Counter::Included, 1_000));
    for operation in &all[..120] {
        pools.admit(operation, &view, &reputation).unwrap();
    }
    for (n, operation) in all[..64].iter().enumerate() {
        let result = result_for(operation, (B256::ZERO, B256::repeat_byte(n as u8 + 1)), 1, 1, &view);
        if n == 63 {
            let evicted = pools.clone().admit(&of(150, 1_000), &view, &reputation).unwrap().evicted;
            assert_eq!(evicted, [operation.hash(Address::ZERO)]);
        }
        pools.add(&result, &view, &reputation, &|_, _| Ok(())).unwrap();
    }
    let refused = pools.admit(&of(150, 1_000), &view, &reputation).unwrap_err();
    assert_eq!(refused.reason, Reject::EntityLimit);
}

/// What the checks of a pool depend on, and an Operation or result with all faults at once.
struct Case {
    operation: Operation,
    result: PostOperation,
    view: ChainView,
    pools: Pools,
    reputation: Reputation,
}

/// The reason that a fault gives, and its repair.
type Fault = (Reject, fn(&mut Case));

/// Repairs one fault after the other: the reason is always that of the first check that fails.
fn repair(case: &mut Case, faults: &[Fault], check: fn(&mut Case) -> Option<Reject>) {
    for (reason, repair) in faults {
        assert_eq!(check(case), Some(*reason));
        repair(case);
    }
    assert_eq!(check(case), None);
}

/// An Operation of each of four accounts in the pool, and the next one of the fourth.
fn crowded() -> Case {
    let accounts = secrets();
    let mut view = first_view(&accounts);
    view.deposits.values_mut().for_each(|wei| *wei = 20_000_000_000);
    let mut pools = Pools::default();
    for (secret, account) in &accounts[..4] {
        let mut operation = operation(*account, 0, 100, 0, 10, &view);
        operation.signature = signature::sign(secret, operation.hash(Address::ZERO)).unwrap().into();
        pools.admit(&operation, &view, &Reputation::default()).unwrap();
    }
    let operation = operation(accounts[3].1, 1, 100, 0, 10, &view);
    Case { operation, result: PostOperation::default(), view, pools, reputation: Reputation::default() }
}

fn sign(case: &mut Case) {
    let hash = case.operation.hash(Address::ZERO);
    case.operation.signature = signature::sign(&secrets()[3].0, hash).unwrap().into();
}

#[test]
fn the_first_check_of_an_operation_that_fails_is_the_reason() {
    let mut case = crowded();
    let banned = Entity::Sender(case.operation.sender);
    case.reputation.count(banned, Counter::Seen, 1_000);
    for _ in 0..600 {
        case.reputation.count(banned, Counter::Seen, 1_000);
    }
    // As many as an extension may have, with higher fees.
    for (secret, account) in &secrets()[..3] {
        for sequence in 1..3 {
            case.view.deposits.insert(*account, u128::MAX / 2);
            let mut operation = operation(*account, sequence, 100, 0, 10, &case.view);
            operation.signature = signature::sign(secret, operation.hash(Address::ZERO)).unwrap().into();
            case.pools.admit(&operation, &case.view, &Reputation::default()).unwrap();
        }
    }
    (case.pools.limits.slots, case.pools.limits.sender_operations) = (4, 1);
    (case.view.base_fee, _) = (101, case.view.deposits.insert(case.operation.sender, 0));
    case.view.extensions.get_mut(&B256::ZERO).unwrap().quarantined = true;
    let it = &mut case.operation;
    (it.chain_id, it.nonce) = (2, U256::from(u64::MAX));
    let gas = &mut it.gas_management;
    (gas.max_fee, gas.max_priority_fee, gas.prover_fee_min) = (u128::MAX - 1, u128::MAX, u128::MAX);
    (gas.cycle_limit, gas.sponsor_data) = (0, vec![1].into());
    (it.valid_until_slot, it.anchor_hash) = (1_000, B256::ZERO);
    it.signature = vec![0; 66].into();
    repair(
        &mut case,
        &[
            (Reject::WrongChain, |it| it.operation.chain_id = 1),
            (Reject::NonceExhausted, |it| it.operation.nonce = U256::from(3)),
            (Reject::GasFeesDisordered, |it| it.operation.gas_management.max_priority_fee = 10),
            (Reject::ProverFeesDisordered, |it| it.operation.gas_management.prover_fee_min = 0),
            (Reject::CostOverflow, |it| it.operation.gas_management.max_fee = 100),
            (Reject::CycleLimitOutOfRange, |it| it.operation.gas_management.cycle_limit = 100),
            (Reject::SponsorMissing, |it| it.operation.gas_management.sponsor_data = Default::default()),
            (Reject::OperationExpired, |it| it.operation.valid_until_slot = 2_000),
            (Reject::ValidityTooFar, |it| it.operation.valid_until_slot = 1_100),
            (Reject::AnchorUnknown, |it| it.operation.anchor_hash = B256::repeat_byte(0xaa)),
            (Reject::ExtensionNotActive, |it| it.view.extensions.get_mut(&B256::ZERO).unwrap().quarantined = false),
            (Reject::FeeTooLow, |it| it.view.base_fee = 100),
            (Reject::NonceGap, |it| it.operation.nonce = U256::from(1)),
            (Reject::EntityBanned, |it| {
                it.reputation = Reputation::default();
            }),
            (Reject::SenderLimit, |it| it.pools.limits.sender_operations = 4),
            (Reject::EntityLimit, |it| it.reputation.count(Entity::Extension(B256::ZERO), Counter::Included, 1_000)),
            (Reject::DepositTooSmall, |it| {
                it.view.deposits.insert(it.operation.sender, 20_000_000_000);
            }),
            (Reject::PoolFull, |it| it.pools.limits.slots = 11),
            (Reject::SignatureNotCanonical, sign),
        ],
        |it| it.pools.clone().admit(&it.operation, &it.view, &it.reputation).err().map(|rejection| rejection.reason),
    );
    // POOL-007 comes before POOL-006, and both before the deposit; what is known is not looked at.
    let mut case = crowded();
    case.operation.nonce = U256::ZERO;
    case.operation.gas_management.max_fee = 10_001;
    case.view.deposits.insert(case.operation.sender, 0);
    let hash =
        *case.pools.operations.operations.iter().find(|it| it.1.operation.sender == case.operation.sender).unwrap().0;
    case.result = result_of(&case, hash);
    case.pools.add(&case.result, &case.view, &case.reputation, &|_, _| Ok(())).unwrap();
    repair(
        &mut case,
        &[
            (Reject::OperationLocked, |it| it.pools.post_operations = Default::default()),
            (Reject::ReplacementUnderpriced, |it| {
                let gas = &mut it.operation.gas_management;
                (gas.max_fee, gas.max_priority_fee, gas.prover_fee_max) = (20_000, 2_000, 2_000);
            }),
            (Reject::DepositTooSmall, |it| {
                it.view.deposits.insert(it.operation.sender, u128::MAX / 2);
            }),
            (Reject::ContractSignatureRefused, sign),
        ],
        |it| it.pools.clone().admit(&it.operation, &it.view, &it.reputation).err().map(|rejection| rejection.reason),
    );
    let known = case.pools.operations.operations.values().next().unwrap().operation.clone();
    case.view.slot = 100_000;
    let refused = case.pools.admit(&known, &case.view, &case.reputation).unwrap_err();
    assert_eq!(refused.reason, Reject::AlreadyKnown);
}

/// A result of the pooled Operation with this hash.
fn result_of(case: &Case, hash: B256) -> PostOperation {
    let operation = &case.pools.operations.operations[&hash].operation;
    result_for(operation, (B256::ZERO, B256::repeat_byte(1)), 1, 1, &case.view)
}

#[test]
fn the_first_check_of_a_result_that_fails_is_the_reason() {
    let mut case = crowded();
    let hash = *case.pools.operations.operations.keys().next().unwrap();
    let good = result_of(&case, hash);
    for _ in 0..10 {
        case.reputation.count(Entity::Prover(good.prover), Counter::Invalid, 1_000);
    }
    case.view.extensions.get_mut(&B256::ZERO).unwrap().quarantined = true;
    case.view.extensions.get_mut(&B256::ZERO).unwrap().reads_witness = true;
    case.pools.limits.post_operations = 0;
    case.result = PostOperation {
        operation_hash: B256::ZERO,
        extension_id: B256::repeat_byte(1),
        outcome: 1,
        code: 1,
        pre_root: B256::repeat_byte(2),
        proof: Proof { proof_type: 2, tier: 1_000_000, segments: vec![vec![0].into(); 17] },
        stamp_hash: B256::ZERO,
        prover_signature: vec![0; 66].into(),
        ..good
    };
    repair(
        &mut case,
        &[
            (Reject::OperationUnknown, |it| {
                it.result.operation_hash = *it.pools.operations.operations.keys().next().unwrap();
            }),
            (Reject::EntityBanned, |it| it.reputation = Reputation::default()),
            (Reject::ExtensionNotActive, |it| it.view.extensions.get_mut(&B256::ZERO).unwrap().quarantined = false),
            (Reject::ProverUnstaked, |it| it.result.proof.segments.truncate(1)),
            (Reject::PreRootUnknown, |it| it.result.pre_root = B256::ZERO),
            (Reject::PoolFull, |it| it.pools.limits.post_operations = 1),
            (Reject::OtherOperation, |it| it.result.extension_id = B256::ZERO),
            (Reject::ProofTypeUnknown, |it| it.result.proof.proof_type = 1),
            (Reject::ProofTierUnknown, |it| it.result.proof.tier = 1),
            (Reject::WitnessRefusal, |it| it.view.extensions.get_mut(&B256::ZERO).unwrap().reads_witness = false),
            (Reject::StampUnknown, |it| it.result.stamp_hash = B256::repeat_byte(0xaa)),
            (Reject::StatementStateChanged, |it| (it.result.outcome, it.result.code) = (0, 0)),
            (Reject::SignatureNotCanonical, |it| {
                it.result.prover_signature = result_of(it, it.result.operation_hash).prover_signature;
            }),
            (Reject::ProofInvalid, |it| it.operation.chain_id = 7),
        ],
        |it| {
            // The last repair makes the proof verify.
            let is_valid = it.operation.chain_id == 7;
            let verify = |_: &_, _: &_| match is_valid {
                true => Ok(()),
                false => Err(middle_client::notation::Rejection::new(Reject::ProofInvalid, 0, "")),
            };
            it.pools.clone().add(&it.result, &it.view, &it.reputation, &verify).err().map(|rejection| rejection.reason)
        },
    );
}

/// A pool at its limits: admission, replacement and eviction cost the logarithm, and a deep re-org is quick.
#[test]
fn a_full_pool_is_quick() {
    let accounts = secrets();
    let mut view = first_view(&accounts);
    // Extensions of which so much was settled that the pool's own limit is the first.
    let mut reputation = Reputation::default();
    for id in view.extensions.keys() {
        for _ in 0..3_000 {
            reputation.count(Entity::Extension(*id), Counter::Included, 1_000);
        }
    }
    let mut pools = Pools::default();
    let senders: Vec<Address> = (0..1_400u32).map(|n| Address::left_padding_from(&(n + 1).to_be_bytes())).collect();
    // Contract accounts that accept everything they are asked here: no key is recovered.
    for sender in &senders {
        view.deposits.insert(*sender, u128::MAX / 2);
    }
    let all: Vec<Operation> = senders
        .iter()
        .enumerate()
        .flat_map(|(n, sender)| (0..4).map(move |sequence| (n, *sender, sequence)))
        .map(|(n, sender, sequence)| operation(sender, sequence, 100 + n as u128, (n % 2) as u8, 10, &view))
        .collect();
    for operation in &all {
        let hash = operation.hash(Address::ZERO);
        view.contracts.entry(operation.sender).or_default().insert((hash, Default::default()));
    }
    let start = std::time::Instant::now();
    let mut evictions = 0;
    for operation in &all {
        evictions += pools.admit(operation, &view, &reputation).unwrap().evicted.len();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.0} admissions a second without signatures, {evictions} evictions", all.len() as f64 / seconds);
    assert_eq!(pools.operations.slots, 5_120);
    assert!(evictions >= 480);
    let hashes: Vec<B256> = pools.operations.operations.keys().copied().collect();
    for (index, hash) in hashes.iter().enumerate() {
        pools.settled(*hash, 901 + index as u64 % 64);
    }
    assert_eq!(pools.limbo.len(), 5_120);
    let start = std::time::Instant::now();
    let back = pools.reorg(900, 64, &BTreeMap::new(), &view, &reputation);
    println!("a re-org over {} Operations in {:?}", back.len(), start.elapsed());
    assert_eq!(back.len(), 5_120);
    check(&pools, &view);
}
