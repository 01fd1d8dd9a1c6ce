//! What an Operation costs: exact integers, rounded down.

use super::{CALL_GAS_DIVISOR, GasManagement, OPERATION_BYTE_GAS, Operation, SETTLEMENT_GAS, SIGNATURE_GAS};
use alloy_primitives::U256;

/// The prover's fee for a settlement in `slot`, in wei.
///
/// `prover_fee_min <= prover_fee_max` must hold, which every checked Operation satisfies.
pub fn prover_fee(gas: &GasManagement, slot: u64) -> u128 {
    // OP-013: without a ramp it is the largest.
    if gas.ramp_slots == 0 {
        return gas.prover_fee_max;
    }
    let elapsed = slot.saturating_sub(gas.ramp_start_slot).min(gas.ramp_slots);
    let range = U256::from(gas.prover_fee_max - gas.prover_fee_min);
    // The quotient is at most the range, so both conversions hold; the product has at most 192 bits.
    let raised: u128 = (range * U256::from(elapsed) / U256::from(gas.ramp_slots)).to();
    gas.prover_fee_min + raised
}

/// What a unit of gas costs, in wei (EIP-1559). None if the base fee is above what the Operation allows.
pub fn gas_price(gas: &GasManagement, base_fee: u128) -> Option<u128> {
    // OP-014: the base fee and the priority fee, within the maximum.
    (base_fee <= gas.max_fee).then(|| gas.max_fee.min(base_fee.saturating_add(gas.max_priority_fee)))
}

/// The gas that the payer is charged for beside that of the call, with so many signatures that contracts check.
pub fn settlement_gas(operation: &Operation, contract_signatures: u64) -> u64 {
    // OP-015: signatures are not counted by their bytes, since who brings an Operation can change them.
    let bytes = operation.data.len() as u64 + operation.gas_management.sponsor_data.len() as u64;
    SETTLEMENT_GAS + OPERATION_BYTE_GAS * bytes + SIGNATURE_GAS * contract_signatures
}

/// The gas beside that of the call if contracts check all signatures.
fn most_settlement_gas(operation: &Operation) -> u64 {
    let signatures = if operation.gas_management.sponsor.is_zero() { 1 } else { 2 };
    settlement_gas(operation, signatures)
}

/// The gas that a transaction needs for an Operation with a result of one segment without output.
pub fn item_gas(operation: &Operation) -> u128 {
    // OP-026: of the gas that is left, a call gets 63 of 64 parts.
    let passed_on = operation.gas_limit / CALL_GAS_DIVISOR;
    u128::from(operation.gas_limit) + u128::from(passed_on) + u128::from(most_settlement_gas(operation))
}

/// The most that the payer can be charged, in wei: what admission reserves. None if it exceeds 128 bits.
pub fn max_cost(operation: &Operation) -> Option<u128> {
    // OP-015: gas of the call and of the settlement, as if contracts checked all signatures, and the largest prover fee.
    let gas = u128::from(operation.gas_limit) + u128::from(most_settlement_gas(operation));
    gas.checked_mul(operation.gas_management.max_fee)?.checked_add(operation.gas_management.prover_fee_max)
}

/// The penalty on unused gas of the call, in gas (ERC-4337).
pub fn unused_gas_penalty(gas_limit: u64, gas_used: u64) -> u64 {
    // OP-016: a tenth of what was reserved in vain, from 40,000 on.
    match gas_limit.saturating_sub(gas_used) {
        unused if unused >= super::PENALTY_THRESHOLD_GAS => unused / 10,
        _ => 0,
    }
}
