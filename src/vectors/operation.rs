//! Cases of the format `operation`: encodings, hashes, signatures, windows, fees. Everybody knows the secret keys.

use super::bytes::{self, Blobs};
use super::evaluate::Stop;
use super::fixture::{
    BASE_FEE, CONTRACT, FINALIZED_SLOT, SLOT, account, block_hash, field, items, list, operation, sign, sponsored,
    unsigned, view, with_item,
};
use super::json::{Fault, Json, Node, hex};
use super::{Case, Draft, case};
use crate::notation::{B256, Reject};
use crate::operation::{
    Block, ChainView, GasManagement, MAX_OPERATION_BYTES, MAX_SIGNATURE_BYTES, Operation, WitnessCommitment, check,
    domain, fee, wire_hash,
};
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Half of the order of secp256k1's group, rounded down, and the order.
const HALF_ORDER: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

/// Where fields stand in the list, and in the list of the gas management.
const SENDER: usize = 1;
const GAS_LIMIT: usize = 6;
const GAS_MANAGEMENT: usize = 7;
const DATA: usize = 8;
const WITNESS_COMMITMENT: usize = 9;

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    match node.field("kind")?.text()? {
        "decode" => {
            node.only(&["consensusContract", "encoding", "kind"])?;
            let encoding = bytes::from_json(&node.field("encoding")?, &Blobs::new())?;
            let operation = Operation::from_bytes(&encoding)?;
            Ok(decoded(&operation, field(&node, "consensusContract")?))
        }
        "check" => {
            node.only(&["encoding", "kind", "view"])?;
            let view: ChainView = field(&node, "view")?;
            let operation = Operation::from_bytes(&node.field("encoding")?.hex()?)?;
            let hash = operation.hash(view.consensus_contract);
            check(&operation, hash, &view)?;
            Ok(json!({
                "outcome": "accept",
                "stage": "admission",
                "hash": hex(hash),
                "payer": operation.payer().to_json(),
                "maxCost": fee::max_cost(&operation).to_json(),
            }))
        }
        "fee" => {
            node.only(&["baseFee", "gasLimit", "gasManagement", "gasUsed", "kind", "slot"])?;
            let gas: GasManagement = field(&node, "gasManagement")?;
            Ok(json!({
                "outcome": "accept",
                "stage": "operation",
                "proverFee": fee::prover_fee(&gas, field(&node, "slot")?).to_json(),
                "gasPrice": fee::gas_price(&gas, field(&node, "baseFee")?).to_json(),
                "penalty": fee::unused_gas_penalty(field(&node, "gasLimit")?, field(&node, "gasUsed")?).to_json(),
            }))
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

fn decoded(operation: &Operation, contract: Address) -> Value {
    let encoding = operation.to_bytes();
    json!({
        "outcome": "accept",
        "stage": "encoding",
        "operation": if operation.data.len() > 4_096 { Value::Null } else { operation.to_json() },
        "domainSeparator": hex(domain(operation.chain_id, contract).hash_struct()),
        "hash": hex(operation.hash(contract)),
        "wireHash": hex(wire_hash(&encoding)),
    })
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [decoding(), refused_encodings(), checks(), refused_fields(), refused_signatures(), ignored(), fees()].concat()
}

fn decode(name: &str, description: &str, rules: &[&str], encoding: &[u8]) -> Draft {
    case(&format!("operation-decode-{name}"), description, rules).object(json!({
        "kind": "decode",
        "consensusContract": CONTRACT.to_json(),
        "encoding": bytes::to_json(encoding, "bin", &mut Blobs::new()),
    }))
}

fn plain() -> Operation {
    operation("alice", 0, |_| ())
}

/// The RLP of the plain Operation, without its type.
fn plain_list() -> Vec<u8> {
    plain().to_bytes()[1..].to_vec()
}

fn typed(list: Vec<u8>) -> Vec<u8> {
    [vec![1], list].concat()
}

const DECODING: [&str; 7] = ["OP-001", "OP-002", "OP-003", "OP-004", "OP-005", "OP-007", "OP-008"];

/// An Operation whose encoding has this length.
fn of_length(bytes: usize) -> Vec<u8> {
    let with_data = |length: usize| Operation { data: vec![0xda; length].into(), ..plain() }.to_bytes();
    // Header lengths do not change in this range.
    let rest = with_data(120_000).len() - 120_000;
    with_data(bytes - rest)
}

fn decoding() -> Vec<Case> {
    let sponsored = sponsored("alice", unsigned("alice", 1));
    let largest = Operation {
        chain_id: u64::MAX,
        sender: Address::repeat_byte(0xff),
        nonce: U256::MAX,
        extension_id: B256::repeat_byte(0xff),
        lane: U256::MAX,
        to: Address::repeat_byte(0xff),
        gas_limit: u64::MAX,
        gas_management: GasManagement {
            max_fee: u128::MAX,
            max_priority_fee: u128::MAX,
            prover_fee_min: u128::MAX,
            prover_fee_max: u128::MAX,
            ramp_start_slot: u64::MAX,
            ramp_slots: u64::MAX,
            cycle_limit: u64::MAX,
            sponsor: Address::repeat_byte(0xff),
            sponsor_data: vec![0xff; 100].into(),
            sponsor_signature: vec![0xff; 65].into(),
        },
        data: vec![0xff; 300].into(),
        witness_commitment: WitnessCommitment(Some(B256::repeat_byte(0xff))),
        anchor_hash: B256::repeat_byte(0xff),
        valid_until_slot: u64::MAX,
        signature: vec![0xff; 65].into(),
    };
    let zero_commitment = operation("alice", 2, |operation| {
        operation.witness_commitment = WitnessCommitment(Some(B256::ZERO));
    });
    let single = operation("alice", 3, |operation| operation.data = vec![0x7f].into());
    let headed = operation("alice", 3, |operation| operation.data = vec![0x80].into());
    let mut refused = plain();
    refused.signature = vec![0; 65].into();
    let with = |more: &[&'static str]| [&DECODING[..], more].concat();
    vec![
        decode("plain", "An Operation as most are.", &DECODING, &plain().to_bytes()).accept(),
        decode("sponsored", "An Operation that a sponsor pays.", &DECODING, &sponsored.to_bytes()).accept(),
        decode("empty", "All fields are zero or empty.", &DECODING, &Operation::default().to_bytes()).accept(),
        decode("largest-numbers", "All numbers are the largest of their types.", &DECODING, &largest.to_bytes())
            .accept(),
        decode("zero-commitment", "A commitment of zeros is not absent.", &DECODING, &zero_commitment.to_bytes())
            .accept(),
        decode("data-single-byte", "A byte below 0x80 is its own encoding.", &DECODING, &single.to_bytes()).accept(),
        decode("data-headed-byte", "A byte from 0x80 on has a header.", &DECODING, &headed.to_bytes()).accept(),
        decode(
            "other-signature",
            "Another signature changes the wire hash and not the operation hash.",
            &DECODING,
            &refused.to_bytes(),
        )
        .accept()
        .stating("hash", hex(plain().hash(CONTRACT))),
        decode("longest", "An Operation of 131,072 bytes.", &with(&["OP-006"]), &of_length(MAX_OPERATION_BYTES))
            .accept(),
    ]
}

fn refused_encodings() -> Vec<Case> {
    let good = plain_list();
    let fields = items(&good);
    let gas = fields[GAS_MANAGEMENT].clone();
    let in_gas = |index, item: Vec<u8>| with_item(&good, GAS_MANAGEMENT, with_item(&gas, index, item));
    let refuse = |name: &str, description: &str, rule: &str, mutation: &str, list: Vec<u8>, reason| {
        decode(name, description, &[rule], &typed(list)).derived_from("operation-decode-plain", mutation).reject(reason)
    };
    let lengths = |name, mutation, list| {
        let description = "What the header says is what there is.";
        refuse(name, description, "OP-002", mutation, list, Reject::RlpLengthMismatch)
    };
    let kinds = |name, mutation, list| {
        let description = "A field is a string or a list, never either.";
        refuse(name, description, "OP-003", mutation, list, Reject::RlpUnexpectedKind)
    };
    let canonical = |name, mutation, list| {
        refuse(name, "A value has one encoding.", "OP-004", mutation, list, Reject::RlpNotCanonical)
    };
    let widths = |name, mutation, list| {
        refuse(name, "A field has the size of its type.", "OP-005", mutation, list, Reject::RlpFieldLength)
    };
    // The list has a header of two bytes: its payload has 56 to 255.
    let payload = &good[2..];
    vec![
        decode("no-bytes", "No bytes are no Operation.", &["OP-001"], &[])
            .derived_from("operation-decode-plain", "remove all bytes")
            .reject(Reject::EnvelopeUnknown),
        decode("type-2", "Another type is not read as this one.", &["OP-001"], &[vec![2], good.clone()].concat())
            .derived_from("operation-decode-plain", "set the type to 2")
            .reject(Reject::EnvelopeUnknown),
        decode("no-type", "A list without a type is none.", &["OP-001"], &good)
            .derived_from("operation-decode-plain", "remove the type")
            .reject(Reject::EnvelopeUnknown),
        lengths("type-alone", "remove the list", Vec::new()),
        lengths("trailing-byte", "append a zero byte", [good.clone(), vec![0]].concat()),
        lengths("truncated", "remove the last byte", good[..good.len() - 1].to_vec()),
        lengths("item-missing", "remove the last item of the list", list(&fields[..fields.len() - 1])),
        lengths("item-more", "append an item to the list", list(&[fields.clone(), vec![vec![0x80]]].concat())),
        lengths(
            "gas-item-missing",
            "remove the last item of gas_management",
            with_item(&good, GAS_MANAGEMENT, list(&items(&gas)[..9])),
        ),
        lengths(
            "gas-item-more",
            "append an item to gas_management",
            with_item(&good, GAS_MANAGEMENT, list(&[items(&gas), vec![vec![0x80]]].concat())),
        ),
        lengths("huge-announced", "announce 2^64 - 1 bytes for the list", [&[0xff; 9], payload].concat()),
        kinds("string-for-list", "make the list a string", [&[good[0] - 0x40, good[1]], payload].concat()),
        kinds("string-for-gas", "make gas_management an empty string", with_item(&good, GAS_MANAGEMENT, vec![0x80])),
        kinds("list-for-data", "make data a list", with_item(&good, DATA, vec![0xc3, 1, 2, 3])),
        kinds("list-for-number", "make gas_limit an empty list", with_item(&good, GAS_LIMIT, vec![0xc0])),
        canonical(
            "leading-zero",
            "write gas_limit with a leading zero",
            with_item(&good, GAS_LIMIT, vec![0x84, 0, 1, 0x86, 0xa0]),
        ),
        canonical("zero-as-byte", "write the lane as a byte 0", with_item(&good, 4, vec![0])),
        canonical("headed-single-byte", "write the chain id with a header", with_item(&good, 0, vec![0x81, 1])),
        canonical("long-header", "write data with a long header", with_item(&good, DATA, vec![0xb8, 3, 1, 2, 3])),
        canonical(
            "length-leading-zero",
            "write the list's length in two bytes",
            [&[0xf9, 0, good[1]], payload].concat(),
        ),
        widths("number-65-bits", "set the chain id to 2^64", with_item(&good, 0, [vec![0x89, 1], vec![0; 8]].concat())),
        widths("number-129-bits", "set max_fee to 2^128", in_gas(0, [vec![0x91, 1], vec![0; 16]].concat())),
        widths("number-257-bits", "set the lane to 2^256", with_item(&good, 4, [vec![0xa1, 1], vec![0; 32]].concat())),
        widths(
            "address-19",
            "shorten the sender to 19 bytes",
            with_item(&good, SENDER, [vec![0x93], vec![0xaa; 19]].concat()),
        ),
        widths(
            "address-21",
            "lengthen the sender to 21 bytes",
            with_item(&good, SENDER, [vec![0x95], vec![0xaa; 21]].concat()),
        ),
        widths("commitment-1", "write a commitment of one byte", with_item(&good, WITNESS_COMMITMENT, vec![1])),
        widths(
            "commitment-31",
            "write a commitment of 31 bytes",
            with_item(&good, WITNESS_COMMITMENT, [vec![0x9f], vec![1; 31]].concat()),
        ),
        widths(
            "commitment-33",
            "write a commitment of 33 bytes",
            with_item(&good, WITNESS_COMMITMENT, [vec![0xa1], vec![1; 33]].concat()),
        ),
        decode("too-long", "An Operation of 131,073 bytes.", &["OP-006"], &of_length(MAX_OPERATION_BYTES + 1))
            .derived_from("operation-decode-longest", "lengthen data by a byte")
            .reject(Reject::OperationTooLarge),
    ]
}

const CHECKS: [&str; 12] = [
    "OP-009", "OP-010", "OP-011", "OP-015", "OP-017", "OP-018", "OP-019", "OP-020", "OP-021", "OP-022", "OP-023",
    "OP-025",
];

fn checked(name: &str, description: &str, rules: &[&str], operation: &Operation, view: &ChainView) -> Draft {
    case(&format!("operation-check-{name}"), description, rules).object(json!({
        "kind": "check",
        "encoding": hex(operation.to_bytes()),
        "view": view.to_json(),
    }))
}

/// The chain on which the account `wallet` is a contract that accepts these bytes for a hash.
fn with_wallet(hash: B256, signature: &[u8]) -> ChainView {
    let accepted = BTreeSet::from([(hash, signature.to_vec().into())]);
    ChainView { contracts: [(account("wallet"), accepted)].into(), ..view() }
}

/// The largest gas limit of an Operation with three bytes of data, of one with 100,000, and of a sponsored one.
const MOST_GAS: u64 = 15_209_201;
const MOST_GAS_BYTES: u64 = 9_396_875;
const MOST_GAS_SPONSORED: u64 = 15_015_451;

fn of_sponsor(gas_limit: u64) -> Operation {
    sponsored("alice", Operation { gas_limit, ..unsigned("alice", 0) })
}

fn wallet_operation() -> Operation {
    Operation { signature: b"\x01as the wallet likes it".to_vec().into(), ..unsigned("wallet", 0) }
}

/// A signature of so many bytes that a contract accepts.
fn checked_by_wallet(name: &str, bytes: usize) -> Draft {
    let operation = Operation { signature: vec![1; bytes].into(), ..unsigned("wallet", 0) };
    let view = with_wallet(operation.hash(CONTRACT), &operation.signature[1..]);
    checked(name, "A contract accepts a long signature.", &["OP-009"], &operation, &view)
}

fn checks() -> Vec<Case> {
    let accept = |name: &str, description: &str, change: fn(&mut Operation)| {
        checked(name, description, &CHECKS, &operation("alice", 0, change), &view()).accept()
    };
    let wallet = wallet_operation();
    let wallet_view = with_wallet(wallet.hash(CONTRACT), &wallet.signature[1..]);
    vec![
        accept("plain", "An Operation that can be settled now.", |_| ()),
        checked("sponsored", "The sponsor pays.", &CHECKS, &sponsored("alice", unsigned("alice", 0)), &view())
            .accept()
            .stating("payer", account("sponsor").to_json()),
        checked(
            "contract-account",
            "A contract accepts a signature of its own form.",
            &["OP-012", "OP-027"],
            &wallet,
            &wallet_view,
        )
        .accept(),
        checked_by_wallet("signature-longest", MAX_SIGNATURE_BYTES).accept(),
        checked(
            "delegated-account",
            "The key of an account with code signs, though the code accepts nothing.",
            &["OP-011"],
            &plain(),
            &ChainView { contracts: [(account("alice"), BTreeSet::new())].into(), ..view() },
        )
        .accept(),
        accept("nonce-key", "The upper bits of the nonce are a key.", |it| it.nonce = U256::MAX - U256::from(1)),
        accept("equal-fees", "Limits may be equal.", |it| {
            it.gas_management.max_priority_fee = it.gas_management.max_fee;
            it.gas_management.prover_fee_min = it.gas_management.prover_fee_max;
        }),
        accept("largest-cost", "The cost fits into 128 bits.", |it| {
            it.gas_management.max_fee = 0;
            it.gas_management.max_priority_fee = 0;
            it.gas_management.prover_fee_max = u128::MAX;
        })
        .stating("maxCost", u128::MAX.to_json()),
        accept("most-cycles", "The largest cycle limit.", |it| it.gas_management.cycle_limit = (1 << 30) - 1),
        accept("until-next-slot", "The shortest validity.", |it| {
            it.valid_until_slot = SLOT + 1;
            it.gas_management.ramp_start_slot = SLOT - 63;
        }),
        accept("ramp-first", "The ramp begins with the anchor.", |it| {
            it.gas_management.ramp_start_slot = FINALIZED_SLOT;
        }),
        accept("ramp-last", "The ramp begins 64 slots before the end.", |it| {
            it.gas_management.ramp_start_slot = SLOT + 36;
        }),
        accept("most-gas", "The largest gas limit.", |it| it.gas_limit = MOST_GAS),
        accept("most-gas-bytes", "The largest gas limit with 100,000 bytes of data.", |it| {
            (it.gas_limit, it.data) = (MOST_GAS_BYTES, vec![1; 100_000].into());
        }),
        checked(
            "most-gas-sponsored",
            "The largest gas limit with a sponsor.",
            &CHECKS,
            &of_sponsor(MOST_GAS_SPONSORED),
            &view(),
        )
        .accept(),
        accept("until-256", "The longest validity.", |it| it.valid_until_slot = SLOT + 256),
        checked(
            "oldest-anchor",
            "The anchor is 512 slots before the end of the validity.",
            &CHECKS,
            &operation("alice", 0, |it| {
                it.anchor_hash = block_hash(SLOT - 400);
                it.valid_until_slot = SLOT + 112;
            }),
            &view(),
        )
        .accept(),
    ]
}

fn refused_fields() -> Vec<Case> {
    let refuse = |name: &str, description: &str, rule: &str, mutation: &str, change: fn(&mut Operation), reason| {
        checked(name, description, &[rule, "OP-024"], &operation("alice", 0, change), &view())
            .derived_from("operation-check-plain", mutation)
            .reject(reason)
    };
    let mut consented = plain();
    consented.gas_management.sponsor_signature = sign("sponsor", plain().hash(CONTRACT));
    vec![
        refuse(
            "chain",
            "Another chain's Operation.",
            "OP-017",
            "set the chain id to 2",
            |it| it.chain_id = 2,
            Reject::WrongChain,
        ),
        refuse(
            "nonce-exhausted",
            "There is no sequence number after the largest one.",
            "OP-018",
            "set the sequence number to 2^64 - 1",
            |it| it.nonce = U256::from(u64::MAX),
            Reject::NonceExhausted,
        ),
        refuse(
            "gas-fees",
            "The priority fee is a part of the fee.",
            "OP-019",
            "set max_priority_fee to max_fee + 1",
            |it| it.gas_management.max_priority_fee = it.gas_management.max_fee + 1,
            Reject::GasFeesDisordered,
        ),
        refuse(
            "prover-fees",
            "The ramp rises.",
            "OP-019",
            "set prover_fee_min to prover_fee_max + 1",
            |it| it.gas_management.prover_fee_min = it.gas_management.prover_fee_max + 1,
            Reject::ProverFeesDisordered,
        ),
        refuse(
            "cost-sum",
            "The sum of the cost has 129 bits.",
            "OP-015",
            "set the largest prover fee to 2^128 - 1",
            |it| it.gas_management.prover_fee_max = u128::MAX,
            Reject::CostOverflow,
        ),
        refuse(
            "cost-product",
            "The product of the cost has more than 128 bits.",
            "OP-015",
            "set max_fee to 2^128 - 1",
            |it| it.gas_management.max_fee = u128::MAX,
            Reject::CostOverflow,
        ),
        refuse(
            "cycles-0",
            "No execution has no cycle.",
            "OP-025",
            "set the cycle limit to 0",
            |it| it.gas_management.cycle_limit = 0,
            Reject::CycleLimitOutOfRange,
        ),
        refuse(
            "cycles-too-many",
            "No proof has so many cycles.",
            "OP-025",
            "set the cycle limit to 2^30",
            |it| it.gas_management.cycle_limit = 1 << 30,
            Reject::CycleLimitOutOfRange,
        ),
        refuse(
            "sponsor-data",
            "Nobody adds data.",
            "OP-020",
            "add sponsor data",
            |it| it.gas_management.sponsor_data = vec![1].into(),
            Reject::SponsorMissing,
        ),
        checked("sponsor-signature", "Nobody consents.", &["OP-020"], &consented, &view())
            .derived_from("operation-check-plain", "add a sponsor's signature")
            .reject(Reject::SponsorMissing),
        refuse(
            "gas-limit-too-large",
            "The gas limit is too large by one.",
            "OP-026",
            "set gas_limit to the largest one and one more",
            |it| it.gas_limit = MOST_GAS + 1,
            Reject::GasLimitTooLarge,
        ),
        refuse(
            "gas-limit-overflow",
            "The gas limit is the largest of 64 bits.",
            "OP-026",
            "set gas_limit to 2^64 - 1",
            |it| it.gas_limit = u64::MAX,
            Reject::GasLimitTooLarge,
        ),
        refuse(
            "gas-limit-bytes",
            "The gas limit is too large by one for 100,000 bytes of data.",
            "OP-026",
            "append bytes to the data and raise gas_limit",
            |it| (it.gas_limit, it.data) = (MOST_GAS_BYTES + 1, vec![1; 100_000].into()),
            Reject::GasLimitTooLarge,
        ),
        checked(
            "gas-limit-sponsored",
            "The gas limit is too large by one.",
            &["OP-026"],
            &of_sponsor(MOST_GAS_SPONSORED + 1),
            &view(),
        )
        .derived_from("operation-check-most-gas-sponsored", "raise gas_limit by one")
        .reject(Reject::GasLimitTooLarge),
        refuse(
            "ramp-early",
            "The ramp begins a slot before the anchor.",
            "OP-028",
            "set ramp_start_slot to the slot before the anchor's",
            |it| it.gas_management.ramp_start_slot = FINALIZED_SLOT - 1,
            Reject::RampOutOfRange,
        ),
        refuse(
            "ramp-late",
            "The ramp begins a slot too late.",
            "OP-028",
            "set ramp_start_slot to 63 slots before the end",
            |it| it.gas_management.ramp_start_slot = SLOT + 37,
            Reject::RampOutOfRange,
        ),
        refuse(
            "anchor-too-old",
            "The anchor is 513 slots before the end of the validity.",
            "OP-023",
            "set the anchor and the end of the validity 513 slots apart",
            |it| {
                it.anchor_hash = block_hash(SLOT - 400);
                it.valid_until_slot = SLOT + 113;
            },
            Reject::AnchorTooOld,
        ),
    ]
}

fn refused_signatures() -> Vec<Case> {
    let refuse = |name: &str, description: &str, rule: &str, mutation: &str, signature: Vec<u8>, reason| {
        let operation = Operation { signature: signature.into(), ..plain() };
        checked(name, description, &[rule], &operation, &view())
            .derived_from("operation-check-plain", mutation)
            .reject(reason)
    };
    let good = plain().signature.to_vec();
    let bytes = |text: &str| hex::decode(text).unwrap_or_default();
    let with = |start: usize, part: &[u8]| {
        let mut signature = good.clone();
        signature[start..start + part.len()].copy_from_slice(part);
        signature
    };
    // The other form of the same signature: s replaced by its negative, and the other parity.
    let order = U256::from_str_radix(ORDER, 16).unwrap_or_default();
    let high = order - U256::from_be_slice(&good[33..65]);
    let mut other_form = with(33, &high.to_be_bytes::<32>());
    other_form[65] = 55 - good[65];
    let mut above_half = bytes(HALF_ORDER);
    above_half[31] += 1;
    let without_consent = {
        let mut operation = sponsored("alice", unsigned("alice", 0));
        operation.gas_management.sponsor_signature = sign("bob", operation.hash(CONTRACT));
        operation
    };
    let canonical = |name, description, mutation, signature| {
        refuse(name, description, "OP-010", mutation, signature, Reject::SignatureNotCanonical)
    };
    vec![
        refuse(
            "signature-65",
            "A short signature.",
            "OP-009",
            "remove the last byte",
            good[..65].to_vec(),
            Reject::SignatureLength,
        ),
        refuse(
            "signature-67",
            "A long signature.",
            "OP-009",
            "append a byte",
            [good.clone(), vec![0]].concat(),
            Reject::SignatureLength,
        ),
        refuse(
            "signature-none",
            "No signature.",
            "OP-009",
            "remove the signature",
            Vec::new(),
            Reject::SignatureLength,
        ),
        checked_by_wallet("signature-long", MAX_SIGNATURE_BYTES + 1)
            .derived_from("operation-check-signature-longest", "append a byte, which the contract accepts as well")
            .reject(Reject::SignatureLength),
        refuse("signature-kind", "Another kind.", "OP-027", "set the kind to 2", with(0, &[2]), Reject::SignatureKind),
        refuse(
            "signature-bare",
            "A signature without kind: its first byte is one of r.",
            "OP-027",
            "remove the kind",
            good[1..].to_vec(),
            Reject::SignatureKind,
        ),
        canonical("parity-0", "The parity is 27 or 28.", "subtract 27 from the last byte", with(65, &[good[65] - 27])),
        canonical("parity-29", "The parity is 27 or 28.", "set the last byte to 29", with(65, &[29])),
        canonical("high-s", "The other form of a signature.", "negate s and change the parity", other_form),
        canonical(
            "s-above-half",
            "The least s in the upper half.",
            "set s to half of the order, plus 1",
            with(33, &above_half),
        ),
        canonical("r-zero", "No point has the abscissa 0.", "set r to 0", with(1, &[0; 32])),
        canonical("s-zero", "Nobody signs with s = 0.", "set s to 0", with(33, &[0; 32])),
        canonical("r-order", "r is below the order.", "set r to the order", with(1, &bytes(ORDER))),
        refuse(
            "other-signer",
            "Somebody else's signature.",
            "OP-011",
            "sign with another account",
            sign("bob", plain().hash(CONTRACT)).to_vec(),
            Reject::SignatureWrongSigner,
        ),
        refuse(
            "other-operation",
            "The signature of another Operation.",
            "OP-011",
            "take the signature of the next Operation",
            operation("alice", 1, |_| ()).signature.to_vec(),
            Reject::SignatureWrongSigner,
        ),
        checked(
            "other-contract",
            "The domain has the Consensus Contract.",
            &["OP-007", "OP-011"],
            &plain(),
            &ChainView { consensus_contract: Address::repeat_byte(0xcd), ..view() },
        )
        .derived_from("operation-check-plain", "check for another Consensus Contract")
        .reject(Reject::SignatureWrongSigner),
        checked("sponsor-other-signer", "Somebody else's consent.", &["OP-011"], &without_consent, &view())
            .derived_from("operation-check-sponsored", "let another account sign as sponsor")
            .reject(Reject::SignatureWrongSigner),
    ]
}

fn ignored() -> Vec<Case> {
    let ignore = |name: &str, description: &str, rule: &str, mutation: &str, change: fn(&mut Operation), reason| {
        checked(name, description, &[rule, "OP-024"], &operation("alice", 0, change), &view())
            .derived_from("operation-check-plain", mutation)
            .reject(reason)
    };
    let wallet = wallet_operation();
    let not_final = operation("alice", 0, |it| it.anchor_hash = block_hash(SLOT - 9));
    let orphaned = {
        let mut view = view();
        view.blocks.insert(
            block_hash(FINALIZED_SLOT),
            Block { number: FINALIZED_SLOT, slot: FINALIZED_SLOT, canonical: false },
        );
        view
    };
    let refused = with_wallet(wallet.hash(CONTRACT), b"other bytes");
    vec![
        ignore(
            "expired",
            "The validity ends with the slot before.",
            "OP-021",
            "set valid_until_slot to the current slot",
            |it| it.valid_until_slot = SLOT,
            Reject::OperationExpired,
        ),
        ignore(
            "until-257",
            "Valid for a slot too long.",
            "OP-021",
            "set valid_until_slot to the current slot + 257",
            |it| it.valid_until_slot = SLOT + 257,
            Reject::ValidityTooFar,
        ),
        ignore(
            "anchor-unknown",
            "Others may know that block.",
            "OP-022",
            "name an unknown block",
            |it| it.anchor_hash = B256::repeat_byte(0xee),
            Reject::AnchorUnknown,
        ),
        checked("anchor-not-final", "The anchor is canonical and recent.", &["OP-022"], &not_final, &view())
            .derived_from("operation-check-plain", "name the block 9 slots ago")
            .reject(Reject::AnchorNotFinal),
        checked("anchor-orphaned", "The anchor is not canonical.", &["OP-022"], &plain(), &orphaned)
            .derived_from("operation-check-plain", "orphan the anchor's block")
            .reject(Reject::AnchorNotFinal),
        checked("contract-refuses", "The contract accepts other bytes only.", &["OP-012", "OP-024"], &wallet, &refused)
            .derived_from("operation-check-contract-account", "let the contract accept another signature")
            .reject(Reject::ContractSignatureRefused),
        checked(
            "contract-not-deployed",
            "An account without code accepts nothing; where it has code, it may.",
            &["OP-012", "OP-024"],
            &wallet,
            &view(),
        )
        .derived_from("operation-check-contract-account", "remove the contract")
        .reject(Reject::ContractSignatureRefused),
    ]
}

fn fees() -> Vec<Case> {
    let gas = unsigned("alice", 0).gas_management;
    let fee = |name: &str, description: &str, gas: &GasManagement, slot: u64, base_fee: u128, gas_used: u64| {
        case(&format!("operation-fee-{name}"), description, ["OP-013", "OP-014", "OP-016"]).object(json!({
            "kind": "fee",
            "gasManagement": gas.to_json(),
            "slot": slot.to_json(),
            "baseFee": base_fee.to_json(),
            "gasLimit": 100_000u64.to_json(),
            "gasUsed": gas_used.to_json(),
        }))
    };
    let ramp = |name: &str, description: &str, slot: u64, expected: u128| {
        fee(name, description, &gas, slot, BASE_FEE, 100_000).accept().stating("proverFee", expected.to_json())
    };
    let thirds = GasManagement { prover_fee_min: 0, prover_fee_max: 2, ramp_slots: 3, ..gas.clone() };
    let flat = GasManagement { ramp_slots: 0, ..gas.clone() };
    let widest = GasManagement {
        prover_fee_min: 0,
        prover_fee_max: u128::MAX,
        ramp_start_slot: 0,
        ramp_slots: u64::MAX,
        ..gas.clone()
    };
    vec![
        ramp("before-ramp", "Before the ramp the fee is the least.", SLOT - 1, 1_000_000_000_000),
        ramp("ramp-start", "The fee rises after the first slot of the ramp.", SLOT, 1_000_000_000_000),
        ramp("ramp-first", "One of ten slots.", SLOT + 1, 1_200_000_000_000),
        ramp("ramp-end", "The fee is the largest.", SLOT + 10, 3_000_000_000_000),
        ramp("after-ramp", "It stays.", SLOT + 11, 3_000_000_000_000),
        fee("rounding-down", "Two thirds of 2, rounded down.", &thirds, SLOT + 2, BASE_FEE, 100_000)
            .accept()
            .stating("proverFee", 1u128.to_json()),
        fee("no-ramp", "Without a ramp the fee is the largest.", &flat, SLOT - 5, BASE_FEE, 100_000)
            .accept()
            .stating("proverFee", 3_000_000_000_000u128.to_json()),
        fee("widest-ramp", "The product has 192 bits.", &widest, u64::MAX - 1, BASE_FEE, 100_000).accept(),
        fee("price-priority", "Base fee and priority fee.", &gas, SLOT, 5_000_000_000, 100_000)
            .accept()
            .stating("gasPrice", 6_000_000_000u128.to_json()),
        fee("price-capped", "At most the maximum.", &gas, SLOT, 19_500_000_000, 100_000)
            .accept()
            .stating("gasPrice", 20_000_000_000u128.to_json()),
        fee("price-largest-base", "The base fee is the maximum.", &gas, SLOT, 20_000_000_000, 100_000)
            .accept()
            .stating("gasPrice", 20_000_000_000u128.to_json()),
        fee("price-none", "The base fee is above the maximum.", &gas, SLOT, 20_000_000_001, 100_000)
            .accept()
            .stating("gasPrice", Value::Null),
        fee("unused-39999", "Little is unused.", &gas, SLOT, BASE_FEE, 60_001)
            .accept()
            .stating("penalty", 0u64.to_json()),
        fee("unused-40000", "A tenth of much.", &gas, SLOT, BASE_FEE, 60_000)
            .accept()
            .stating("penalty", 4_000u64.to_json()),
        fee("unused-all", "The call used nothing.", &gas, SLOT, BASE_FEE, 0)
            .accept()
            .stating("penalty", 10_000u64.to_json()),
        fee("unused-rounding", "A tenth, rounded down.", &gas, SLOT, BASE_FEE, 59_991)
            .accept()
            .stating("penalty", 4_000u64.to_json()),
    ]
}
