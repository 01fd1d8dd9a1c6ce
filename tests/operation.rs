//! Operations: one encoding for each value, hashes that change with every field, exact fees.

use alloy_primitives::{Address, B256, U256};
use middle_client::notation::Reject;
use middle_client::operation::{GasManagement, Operation, WitnessCommitment, fee, signature, wire_hash};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

fn gas_managements() -> impl Strategy<Value = GasManagement> {
    let numbers = (any::<[u128; 4]>(), any::<[u64; 3]>());
    (numbers, any::<[u8; 20]>(), any::<[Vec<u8>; 2]>()).prop_map(|((wei, numbers), sponsor, [data, signature])| {
        GasManagement {
            max_fee: wei[0],
            max_priority_fee: wei[1],
            prover_fee_min: wei[2].min(wei[3]),
            prover_fee_max: wei[2].max(wei[3]),
            ramp_start_slot: numbers[0],
            ramp_slots: numbers[1],
            cycle_limit: numbers[2],
            sponsor: Address::from(sponsor),
            sponsor_data: data.into(),
            sponsor_signature: signature.into(),
        }
    })
}

fn operations() -> impl Strategy<Value = Operation> {
    let words = (any::<[[u8; 32]; 4]>(), any::<Option<[u8; 32]>>());
    let accounts = any::<[[u8; 20]; 2]>();
    (words, accounts, any::<[u64; 3]>(), gas_managements(), any::<[Vec<u8>; 2]>()).prop_map(
        |((words, commitment), accounts, numbers, gas_management, [data, signature])| Operation {
            chain_id: numbers[0],
            sender: accounts[0].into(),
            nonce: U256::from_be_bytes(words[0]),
            extension_id: words[1].into(),
            lane: U256::from_be_bytes(words[2]),
            to: accounts[1].into(),
            gas_limit: numbers[1],
            gas_management,
            data: data.into(),
            witness_commitment: WitnessCommitment(commitment.map(B256::from)),
            anchor_hash: words[3].into(),
            valid_until_slot: numbers[2],
            signature: signature.into(),
        },
    )
}

proptest! {
    #[test]
    fn decoding_inverts_encoding(operation in operations()) {
        prop_assert_eq!(Operation::from_bytes(&operation.to_bytes()), Ok(operation));
    }

    /// Whatever is changed in an encoding, it is refused or is the encoding of another Operation.
    #[test]
    fn encodings_are_unique(operation in operations(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = operation.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(decoded) = Operation::from_bytes(&bytes) {
            prop_assert_eq!(decoded.to_bytes(), bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_panic(bytes in any::<Vec<u8>>()) {
        for bytes in [bytes.clone(), [vec![1], bytes].concat()] {
            if let Ok(decoded) = Operation::from_bytes(&bytes) {
                prop_assert_eq!(decoded.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn prover_fees_rise_within_their_limits(gas in gas_managements(), slot in any::<u64>(), later in any::<u64>()) {
        let (slot, later) = (slot.min(later), slot.max(later));
        let (first, second) = (fee::prover_fee(&gas, slot), fee::prover_fee(&gas, later));
        prop_assert!(gas.prover_fee_min <= first && first <= second && second <= gas.prover_fee_max);
    }

    #[test]
    fn signatures_name_their_signer(secret in 1u64.., hash in any::<[u8; 32]>()) {
        let (secret, hash) = (B256::from(U256::from(secret)), B256::from(hash));
        let bytes = signature::sign(&secret, hash).unwrap();
        prop_assert_eq!(signature::recover(hash, &bytes).unwrap(), signature::account(&secret).unwrap());
    }
}

/// The library's own recovery, which verifies with the key once more, finds the same signers and refuses the same bytes.
#[test]
fn recovery_agrees_with_the_library() {
    let order = U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).unwrap();
    let edges =
        [U256::ZERO, U256::from(1), U256::from(2), U256::from(5), order >> 1, (order >> 1) + U256::from(1), order];
    let hashes = [U256::ZERO, U256::from(7), order - U256::from(1), order, U256::MAX].map(B256::from);
    let (mut same, mut refused) = (0, 0);
    for (hash, (r, s)) in hashes.iter().flat_map(|hash| edges.map(|r| edges.map(|s| (hash, (r, s))))).flatten() {
        for parity in [27u8, 28] {
            let bytes = [&[0][..], &r.to_be_bytes::<32>(), &s.to_be_bytes::<32>(), &[parity]].concat();
            let library = alloy_primitives::Signature::from_raw(&bytes[1..])
                .ok()
                .filter(|signature| signature.normalize_s().is_none())
                .and_then(|signature| signature.recover_address_from_prehash(hash).ok());
            assert_eq!(signature::recover(*hash, &bytes).ok(), library, "{bytes:?}");
            *if library.is_some() { &mut same } else { &mut refused } += 1;
        }
    }
    assert!(same > 20 && refused > 20, "{same} recovered, {refused} refused");
}

/// Each field but the signatures changes the operation hash; each field changes the wire hash.
#[test]
fn every_field_is_hashed() {
    let base = Operation::default;
    let one = B256::with_last_byte(1);
    let changes: [fn(&mut Operation); 21] = [
        |it| it.chain_id = 1,
        |it| it.sender = Address::with_last_byte(1),
        |it| it.nonce = U256::from(1),
        |it| it.extension_id = B256::with_last_byte(1),
        |it| it.lane = U256::from(1),
        |it| it.to = Address::with_last_byte(1),
        |it| it.gas_limit = 1,
        |it| it.gas_management.max_fee = 1,
        |it| it.gas_management.max_priority_fee = 1,
        |it| it.gas_management.prover_fee_min = 1,
        |it| it.gas_management.prover_fee_max = 1,
        |it| it.gas_management.ramp_start_slot = 1,
        |it| it.gas_management.ramp_slots = 1,
        |it| it.gas_management.cycle_limit = 1,
        |it| it.gas_management.sponsor = Address::with_last_byte(1),
        |it| it.gas_management.sponsor_data = vec![0].into(),
        |it| it.data = vec![0].into(),
        |it| it.witness_commitment = WitnessCommitment(Some(B256::ZERO)),
        |it| it.witness_commitment = WitnessCommitment(Some(B256::with_last_byte(1))),
        |it| it.anchor_hash = B256::with_last_byte(1),
        |it| it.valid_until_slot = 1,
    ];
    let contract = Address::ZERO;
    let mut hashes = BTreeSet::from([base().hash(contract), base().hash(Address::with_last_byte(1))]);
    let mut wire_hashes = BTreeSet::from([wire_hash(&base().to_bytes())]);
    for change in changes {
        let mut operation = base();
        change(&mut operation);
        assert!(hashes.insert(operation.hash(contract)), "{operation:?}");
        assert!(wire_hashes.insert(wire_hash(&operation.to_bytes())), "{operation:?}");
    }
    let mut signed = base();
    signed.signature = vec![1].into();
    signed.gas_management.sponsor_signature = one.to_vec().into();
    assert_eq!(signed.hash(contract), base().hash(contract));
}

/// The vectors' accepted signatures recover to their senders, read here without the library's JSON.
#[test]
fn the_vectors_are_signed_by_their_senders() {
    let text = fs::read_to_string("vectors/v1/operation/accept.json").unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for case in file["cases"].as_array().unwrap().iter().filter(|case| case["input"]["kind"] == "check") {
        let bytes = hex::decode(&case["input"]["encoding"].as_str().unwrap()[2..]).unwrap();
        let operation = Operation::from_bytes(&bytes).unwrap();
        if operation.signature.len() == signature::SIGNATURE_BYTES {
            let contract: Address = case["input"]["view"]["consensusContract"].as_str().unwrap().parse().unwrap();
            let signer = signature::recover(operation.hash(contract), &operation.signature).unwrap();
            assert_eq!(signer, operation.sender);
            seen += 1;
        }
    }
    assert!(seen > 5);
}

#[test]
fn only_reasons_of_admission_are_ignored() {
    for reason in Reject::ALL {
        assert_eq!(reason.outcome() == "ignore", reason.stage().name() == "admission", "{reason:?}");
    }
}
