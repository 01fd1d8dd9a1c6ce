//! Arbitrary bytes as an Operation: what is accepted is the encoding of what it decodes to, and no check panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::operation::{ChainView, Operation, check, fee};

fuzz_target!(|bytes: &[u8]| {
    let Ok(operation) = Operation::from_bytes(bytes) else { return };
    assert_eq!(operation.to_bytes(), bytes);
    let view = ChainView { chain_id: operation.chain_id, ..ChainView::default() };
    let hash = operation.hash(view.consensus_contract);
    let _ = check(&operation, hash, &view);
    let gas = &operation.gas_management;
    if gas.prover_fee_min <= gas.prover_fee_max {
        let fee = fee::prover_fee(gas, operation.valid_until_slot);
        assert!(gas.prover_fee_min <= fee && fee <= gas.prover_fee_max);
    }
});
