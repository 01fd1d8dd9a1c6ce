//! Arbitrary bytes: decoding never panics and always decides alike; what it accepts lowers without a panic, and alike.

#![no_main]

use libfuzzer_sys::fuzz_target;
use middle_client::canonical_code::{lower, lower_invocation};
use middle_client::profile::{decode, load};

fuzz_target!(|wasm: &[u8]| {
    let decoded = decode(wasm);
    assert_eq!(decoded, decode(wasm));
    let Ok(module) = decoded else {
        assert!(load(wasm).is_err());
        return;
    };
    match load(wasm) {
        Ok(loaded) => {
            assert_eq!(loaded, module);
            assert_eq!(lower(&module), lower(&module));
        }
        Err(rejection) => assert!(rejection.offset <= wasm.len()),
    }
    if let Some(function) = (module.imports.len() as u32..).zip(&module.functions).map(|(index, _)| index).last() {
        let arguments = vec![0; module.function_type(function).params.len()];
        let _ = lower_invocation(&module, function, &arguments);
    }
});
