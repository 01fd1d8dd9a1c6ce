//! Arbitrary bytes as a native transaction: what is accepted is the encoding of what it decodes to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::native_transaction::{MiddleOpTx, intrinsic_gas};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(transaction) = MiddleOpTx::from_bytes(bytes) {
        assert_eq!(transaction.to_bytes(), bytes);
        let (gas, floor) = intrinsic_gas(&transaction);
        assert!(gas > 21_000 && floor > 21_000);
    }
});
