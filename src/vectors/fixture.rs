//! What the cases on the protocol have in common: accounts with published secrets, a chain, and Operations on it.

use super::json::{Fault, Json, Node};
use crate::composition::Child;
use crate::notation::{B256, Reject, Rejection, keccak256};
use crate::operation::{self, Block, ChainView, ExtensionView, GasManagement, Operation, signature};
use crate::post_operation::{PostOperation, Proof, statement};
use alloy_primitives::{Address, Bytes, U256};
use alloy_rlp::Header;
use std::collections::BTreeMap;

/// The chain of the cases.
pub const CHAIN_ID: u64 = 1;
/// The current slot.
pub const SLOT: u64 = 10_000_000;
/// The slot of the last finalized block: two epochs and a little ago.
pub const FINALIZED_SLOT: u64 = SLOT - 80;
/// The base fee of the next block, in wei.
pub const BASE_FEE: u128 = 1_000_000_000;
/// A deposit that pays for several Operations, in wei.
pub const DEPOSIT: u128 = 1_000_000_000_000_000_000;

/// The Consensus Contract of the cases.
pub const CONTRACT: Address = Address::repeat_byte(0xcc);

/// The secret key of an account of the cases: everybody knows it.
pub fn secret(name: &str) -> B256 {
    keccak256(format!("middle-client vectors v1 insecure {name}"))
}

/// The account of that secret.
///
/// # Panics
/// Never: the hashes of the names in use are below the order of the group.
pub fn account(name: &str) -> Address {
    signature::account(&secret(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A signature by the account of this name.
///
/// # Panics
/// Never, see [`account`].
pub fn sign(name: &str, hash: B256) -> Bytes {
    signature::sign(&secret(name), hash).unwrap_or_else(|error| panic!("{name}: {error}")).into()
}

/// The hash of the block in this slot.
pub fn block_hash(slot: u64) -> B256 {
    keccak256(format!("block of slot {slot}"))
}

/// The id of an extension of the cases.
pub fn extension(name: &str) -> B256 {
    keccak256(format!("extension {name}"))
}

/// What is known of an extension of the cases.
fn known() -> ExtensionView {
    ExtensionView {
        code_commitment: keccak256("code"),
        proof_system: 1,
        data_rule: 1,
        prepared: [1].into(),
        ..ExtensionView::default()
    }
}

/// A chain on which the fixture's Operations are valid.
pub fn view() -> ChainView {
    let blocks = [SLOT - 400, FINALIZED_SLOT, SLOT - 9, SLOT - 1, SLOT];
    ChainView {
        chain_id: CHAIN_ID,
        consensus_contract: CONTRACT,
        slot: SLOT,
        finalized_slot: FINALIZED_SLOT,
        base_fee: BASE_FEE,
        blocks: blocks.map(|slot| (block_hash(slot), Block { number: slot, slot, canonical: true })).into(),
        head_number: SLOT,
        deposits: ["alice", "bob", "sponsor"].map(|name| (account(name), DEPOSIT)).into(),
        extensions: BTreeMap::from([
            (extension("one"), known()),
            (extension("two"), known()),
            (extension("private"), ExtensionView { reads_witness: true, ..known() }),
        ]),
        ..ChainView::default()
    }
}

/// A child of the extension `two` in this lane.
pub fn child(lane: u64) -> Child {
    Child {
        authorization: 1,
        extension_id: extension("two"),
        lane: U256::from(lane),
        to: Address::repeat_byte(0x71),
        gas_limit: 50_000,
        cycle_limit: 1_000,
        data: vec![1, 2].into(),
    }
}

/// A valid Operation of this account, not signed yet.
pub fn unsigned(sender: &str, sequence: u64) -> Operation {
    Operation {
        chain_id: CHAIN_ID,
        sender: account(sender),
        nonce: U256::from(sequence),
        extension_id: extension("one"),
        lane: U256::from(7),
        to: Address::repeat_byte(0x70),
        gas_limit: 100_000,
        gas_management: GasManagement {
            max_fee: 20_000_000_000,
            max_priority_fee: 1_000_000_000,
            prover_fee_min: 1_000_000_000_000,
            prover_fee_max: 3_000_000_000_000,
            ramp_start_slot: SLOT,
            ramp_slots: 10,
            cycle_limit: 1_000_000,
            ..GasManagement::default()
        },
        data: vec![1, 2, 3].into(),
        anchor_hash: block_hash(FINALIZED_SLOT),
        valid_until_slot: SLOT + 100,
        ..Operation::default()
    }
}

/// The Operation with the signature of its sender, an account of this name.
pub fn signed(sender: &str, mut operation: Operation) -> Operation {
    operation.signature = sign(sender, operation.hash(CONTRACT));
    operation
}

/// A valid Operation of this account, with changes, signed.
pub fn operation(sender: &str, sequence: u64, change: impl FnOnce(&mut Operation)) -> Operation {
    let mut operation = unsigned(sender, sequence);
    change(&mut operation);
    signed(sender, operation)
}

/// The Operation with the consent of the account `sponsor`.
pub fn sponsored(sender: &str, mut operation: Operation) -> Operation {
    operation.gas_management.sponsor = account("sponsor");
    operation.gas_management.sponsor_signature = Bytes::new();
    let hash = operation.hash(CONTRACT);
    operation.gas_management.sponsor_signature = sign("sponsor", hash);
    signed(sender, operation)
}

/// A list in RLP of these encoded items.
pub fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Header { list: true, payload_length: items.iter().map(Vec::len).sum() }.encode(&mut bytes);
    bytes.extend(items.concat());
    bytes
}

/// The encoded items of a list in RLP.
///
/// # Panics
/// If the bytes are no list: cases are constants of this crate.
pub fn items(bytes: &[u8]) -> Vec<Vec<u8>> {
    let items = operation::rlp::items(bytes, 0).unwrap_or_else(|fault| panic!("{fault}"));
    items.into_iter().map(<[u8]>::to_vec).collect()
}

/// The list with another encoding in the place of one item.
pub fn with_item(bytes: &[u8], index: usize, item: Vec<u8>) -> Vec<u8> {
    let mut items = items(bytes);
    items[index] = item;
    list(&items)
}

/// A fault in the encoding of a list.
pub struct Broken {
    /// What it is called in the name of a case.
    pub name: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
    /// What was done to the list.
    pub mutation: &'static str,
    /// The list with the fault.
    pub list: Vec<u8>,
    /// The reason for which it is refused.
    pub reason: Reject,
}

/// The faults that every list of fields has, if the first field is a string.
pub fn broken(good: &[u8]) -> Vec<Broken> {
    let fields = items(good);
    let (short, long) = (list(&fields[..fields.len() - 1]), list(&[fields.clone(), vec![vec![0x80]]].concat()));
    let first = |item: Vec<u8>| with_item(good, 0, item);
    let fault = |name, rule, mutation, list, reason| Broken { name, rule, mutation, list, reason };
    vec![
        fault("trailing", "OP-002", "append a byte", [good, &[0]].concat(), Reject::RlpLengthMismatch),
        fault("item-missing", "OP-002", "remove the last item", short, Reject::RlpLengthMismatch),
        fault("item-more", "OP-002", "append an item", long, Reject::RlpLengthMismatch),
        fault("kind", "OP-003", "make the first item an empty list", first(vec![0xc0]), Reject::RlpUnexpectedKind),
        fault(
            "long-header",
            "OP-004",
            "write the first item with a header that is a byte longer",
            first(with_longer_header(&fields[0])),
            Reject::RlpNotCanonical,
        ),
    ]
}

/// The encoding of a string with a byte more than it needs.
fn with_longer_header(item: &[u8]) -> Vec<u8> {
    match item {
        [byte @ ..0x80] => vec![0x81, *byte],
        [head @ 0x80..=0xb7, rest @ ..] => [&[0xb8, head - 0x80], rest].concat(),
        [head, rest @ ..] => [&[head + 1, 0], rest].concat(),
        [] => Vec::new(),
    }
}

/// A field of a case by its name.
pub fn field<T: Json>(node: &Node, name: &str) -> Result<T, Fault> {
    T::from_json(&node.field(name)?)
}

/// An accepted result of this Operation with the roots of its lane, changed and then signed by this account. Its segment
/// is no proof.
pub fn post_operation(
    operation: &Operation,
    prover: &str,
    view: &ChainView,
    change: impl FnOnce(&mut PostOperation),
) -> PostOperation {
    let mut result = PostOperation {
        operation_hash: operation.hash(view.consensus_contract),
        extension_id: operation.extension_id,
        output: vec![0x0f, 0x0e].into(),
        pre_root: view.root(operation.extension_id, operation.lane),
        post_root: keccak256(operation.nonce.to_be_bytes::<32>()),
        cycles: 12_345,
        prover: account(prover),
        proof: Proof { proof_type: 1, tier: 1, segments: vec![vec![0].into()] },
        stamp_hash: block_hash(view.slot),
        ..PostOperation::default()
    };
    change(&mut result);
    if let Ok(Some(statement)) = statement(operation, &result, view) {
        result.prover_signature = sign(prover, result.signing_hash(&statement, view.consensus_contract));
    }
    result
}

/// The verdict that a case states about a proof.
pub fn verdict(node: &Node) -> Result<Result<(), Rejection>, Fault> {
    match node.text()? {
        "valid" => Ok(Ok(())),
        "invalid" => Ok(Err(Rejection::new(Reject::ProofInvalid, 0, "as the case states"))),
        _ => Err(node.fault("is neither `valid` nor `invalid`")),
    }
}
