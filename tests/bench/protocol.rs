//! How many Operations are admitted in a second, at the limit of an extension too, what replacement and eviction in a full pool
//! cost as it grows, and how long a re-org of 64 blocks over full pools takes. One thread.

use alloy_primitives::{Address, B256, Signature, U256};
use criterion::{BatchSize, Bencher, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use middle_client::operation::{Block, ChainView, ExtensionView, GasManagement, Operation, signature};
use middle_client::pools::{Limits, Pools};
use middle_client::post_operation::{PostOperation, Proof, statement};
use middle_client::reputation::{Counter, Entity, Reputation};
use std::collections::BTreeMap;
use std::hint::black_box;

/// Operations that are admitted one after the other in a measurement.
const ADMITTED: usize = 256;
/// Blocks that a re-org loses.
const REORG_BLOCKS: u64 = 64;

fn anchor() -> B256 {
    B256::repeat_byte(0xaa)
}

fn extension(number: usize) -> B256 {
    B256::repeat_byte(number as u8 % 2)
}

/// A chain on which everybody has a deposit.
fn view() -> ChainView {
    let known = ExtensionView { proof_system: 1, data_rule: 1, prepared: [0].into(), ..ExtensionView::default() };
    ChainView {
        chain_id: 1,
        slot: 1_000,
        finalized_slot: 900,
        blocks: [(anchor(), Block { number: 900, slot: 900, canonical: true })].into(),
        head_number: 900,
        extensions: [(extension(0), known.clone()), (extension(1), known)].into(),
        ..ChainView::default()
    }
}

/// Of both extensions so much was settled that the pool's own limit is the first.
fn reputation() -> Reputation {
    let mut reputation = Reputation::default();
    for number in 0..2 {
        (0..3_000).for_each(|_| reputation.count(Entity::Extension(extension(number)), Counter::Included, 1_000));
    }
    reputation
}

fn operation(sender: Address, sequence: u64, fee: u128, extension_id: B256) -> Operation {
    Operation {
        chain_id: 1,
        sender,
        nonce: U256::from(sequence),
        extension_id,
        gas_limit: 100_000,
        gas_management: GasManagement {
            max_fee: 100 * fee,
            max_priority_fee: 10 * fee,
            prover_fee_max: 10 * fee,
            ramp_start_slot: 900,
            cycle_limit: 100,
            ..GasManagement::default()
        },
        data: vec![7; 100].into(),
        anchor_hash: anchor(),
        valid_until_slot: 1_100,
        signature: vec![signature::KIND_CONTRACT].into(),
        ..Operation::default()
    }
}

/// An account with code that accepts what it is asked: its Operations need no check of a signature.
fn account(number: usize) -> Address {
    Address::left_padding_from(&(number as u64 + 1).to_be_bytes())
}

/// Lets these Operations be admitted: they have deposits, and their senders accept an empty signature.
fn allow(view: &mut ChainView, operations: &[Operation]) {
    for operation in operations {
        view.deposits.insert(operation.sender, u128::MAX / 2);
        let hash = operation.hash(view.consensus_contract);
        view.contracts.entry(operation.sender).or_default().insert((hash, Default::default()));
    }
}

/// Four Operations each of a quarter as many senders, the later ones with the higher fees.
fn operations(count: usize, first: usize, fee: u128) -> Vec<Operation> {
    (0..count)
        .map(|n| operation(account(first + n / 4), n as u64 % 4, fee + (n / 4) as u128, extension(n / 4)))
        .collect()
}

/// A result that can be settled.
fn result(operation: &Operation, view: &ChainView) -> PostOperation {
    let prover = B256::repeat_byte(1);
    let mut result = PostOperation {
        operation_hash: operation.hash(Address::ZERO),
        extension_id: operation.extension_id,
        post_root: B256::ZERO,
        cycles: 7,
        prover: signature::account(&prover).expect("a secret"),
        proof: Proof { proof_type: 1, tier: 0, segments: vec![vec![0; 224].into()] },
        stamp_hash: anchor(),
        ..PostOperation::default()
    };
    let stated = statement(operation, &result, view).expect("it has an outcome").expect("the anchor is known");
    let signed = result.signing_hash(&stated, Address::ZERO);
    result.prover_signature = signature::sign(&prover, signed).expect("a secret").into();
    result
}

fn full(slots: usize, view: &mut ChainView) -> Pools {
    let all = operations(slots, 0, 1_000);
    allow(view, &all);
    let (mut pools, reputation) = (Pools::new(Limits { slots: slots as u64, ..Limits::default() }), reputation());
    for operation in &all {
        pools.admit(operation, view, &reputation).expect("there is room");
    }
    assert_eq!(pools.operations.slots, slots as u64);
    pools
}

/// Measures the admission of these Operations, one after the other, to a copy of the pools.
fn admit_all(bencher: &mut Bencher, pools: &Pools, all: &[Operation], chain: &ChainView, reputation: &Reputation) {
    bencher.iter_batched_ref(
        || pools.clone(),
        |pools| {
            for operation in all {
                pools.admit(black_box(operation), chain, reputation).expect("it is admitted");
            }
        },
        BatchSize::LargeInput,
    );
}

fn admission(criterion: &mut Criterion) {
    let reputation = reputation();
    let mut group = criterion.benchmark_group("admission");
    group.throughput(Throughput::Elements(ADMITTED as u64));
    let mut chain = view();
    let unsigned = operations(ADMITTED, 0, 1_000);
    allow(&mut chain, &unsigned);
    let signed: Vec<Operation> = (0..ADMITTED as u64)
        .map(|n| {
            let secret = B256::from(U256::from(n + 1));
            let mut operation = operation(signature::account(&secret).expect("a secret"), 0, 1_000, extension(0));
            operation.signature = signature::sign(&secret, operation.hash(Address::ZERO)).expect("a secret").into();
            chain.deposits.insert(operation.sender, u128::MAX / 2);
            operation
        })
        .collect();
    for (name, all) in [("without signatures", &unsigned), ("with signatures", &signed)] {
        group.bench_function(name, |bencher| {
            admit_all(bencher, &Pools::default(), all, &chain, &reputation);
        });
    }
    group.finish();
}

/// An extension has all its Operations, and the only one of those that are looked at that is not locked is the last.
fn extension_limit(criterion: &mut Criterion) {
    let (reputation, mut chain) = (reputation(), view());
    let allowed = reputation.unstaked_operations(Entity::Extension(extension(0)), chain.slot) as usize;
    let of = |n: usize| operation(account(n), 0, 1_000 + n as u128, extension(0));
    let all: Vec<Operation> = (0..allowed + ADMITTED).map(of).collect();
    allow(&mut chain, &all);
    let (pooled, new) = all.split_at(allowed);
    let mut pools = Pools::default();
    for operation in pooled {
        pools.admit(operation, &chain, &reputation).expect("there is room");
    }
    for operation in &pooled[..pools.limits.extension_candidates as usize - 1] {
        pools.add(&result(operation, &chain), &chain, &reputation, &|_, _| Ok(())).expect("it is added");
    }
    let mut group = criterion.benchmark_group("admission");
    group.throughput(Throughput::Elements(ADMITTED as u64));
    group.bench_function("at the limit of an extension", |bencher| {
        admit_all(bencher, &pools, new, &chain, &reputation);
    });
    group.finish();
}

/// What an admission cannot do without, and what the library does in its place.
fn recovery(criterion: &mut Criterion) {
    let secret = B256::repeat_byte(1);
    let hashes: Vec<B256> = (0..ADMITTED as u64).map(|n| B256::from(U256::from(n))).collect();
    let all: Vec<Vec<u8>> = hashes.iter().map(|hash| signature::sign(&secret, *hash).expect("a secret")).collect();
    let mut group = criterion.benchmark_group("recovery");
    group.throughput(Throughput::Elements(ADMITTED as u64));
    group.bench_function("of a signer", |bencher| {
        bencher.iter(|| {
            for (hash, bytes) in hashes.iter().zip(&all) {
                black_box(signature::recover(*hash, black_box(bytes)).expect("it is signed"));
            }
        });
    });
    group.bench_function("of a signer, with the library's second check", |bencher| {
        bencher.iter(|| {
            for (hash, bytes) in hashes.iter().zip(&all) {
                let signature = Signature::from_raw(black_box(&bytes[1..])).expect("it is canonical");
                black_box(signature.recover_address_from_prehash(hash).expect("it is signed"));
            }
        });
    });
    group.finish();
}

fn full_pool(criterion: &mut Criterion) {
    let reputation = reputation();
    let mut group = criterion.benchmark_group("full pool");
    group.throughput(Throughput::Elements(ADMITTED as u64));
    for slots in [1_280, 2_560, 5_120] {
        let mut chain = view();
        let pools = full(slots, &mut chain);
        // The first Operations again with higher fees, and Operations of others that outbid the last ones.
        let replacing: Vec<Operation> = operations(ADMITTED, 0, 5_000);
        let evicting = operations(ADMITTED, slots, 100_000);
        allow(&mut chain, &replacing);
        allow(&mut chain, &evicting);
        for (name, all) in [("replacement", &replacing), ("eviction", &evicting)] {
            group.bench_function(BenchmarkId::new(name, slots), |bencher| {
                admit_all(bencher, &pools, all, &chain, &reputation);
            });
        }
    }
    group.finish();
}

fn reorg(criterion: &mut Criterion) {
    let reputation = reputation();
    let mut chain = view();
    // Settled in the blocks that are lost: as many as the pool holds, with fees above those of the pool.
    let mut pools = full(5_120, &mut chain);
    let hashes: Vec<B256> = pools.operations.operations.keys().copied().collect();
    for (index, hash) in hashes.iter().enumerate() {
        pools.settled(*hash, 901 + index as u64 % REORG_BLOCKS);
    }
    let others = operations(5_120, 10_000, 500);
    allow(&mut chain, &others);
    for (index, operation) in others.iter().enumerate() {
        pools.admit(operation, &chain, &reputation).expect("there is room");
        if index < 4_096 {
            pools.add(&result(operation, &chain), &chain, &reputation, &|_, _| Ok(())).expect("it is added");
        }
    }
    let size = |pools: &Pools| {
        let results = pools.post_operations.post_operations.len();
        (pools.operations.operations.len(), results, pools.limbo.len())
    };
    println!("Operations, results, settled before the re-org: {:?}", size(&pools));
    let mut group = criterion.benchmark_group("re-org");
    group.sample_size(10);
    group.bench_function("64 blocks", |bencher| {
        bencher.iter_batched_ref(
            || pools.clone(),
            |pools| assert_eq!(pools.reorg(900, REORG_BLOCKS, &BTreeMap::new(), &chain, &reputation).len(), 5_120),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, admission, extension_limit, recovery, full_pool, reorg);
criterion_main!(benches);
