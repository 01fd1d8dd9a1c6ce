//! Cases of the format `canonical_code`: modules that are lowered, and canonical code that is executed or refused.

use super::{Case, case, wat};
use crate::canonical_code::lower;
use crate::notation::{Reject, Trap};
use crate::profile;

/// The cases, each that does not end accepted after the accepted one from which it is derived.
pub fn cases() -> Vec<Case> {
    let minimal = wat(r#"(module (func (export "run") (result i32) i32.const 0))"#);
    let code = encoding(&minimal);
    vec![
        case("canonical-code-minimal", "The smallest module is lowered.", ["CODE-001"])
            .module(minimal.as_slice())
            .accept(),
        case("canonical-code-minimal-run", "The smallest module is executed.", ["CODE-029"])
            .module(minimal.as_slice())
            .cycle_limit(4)
            .accepted([]),
        case("canonical-code-cycle-limit", "The last allowed cycle does not end the execution.", ["CODE-028"])
            .module(minimal)
            .cycle_limit(1)
            .derived_from("canonical-code-minimal-run", "a limit of one cycle")
            .trapped(Trap::CycleLimitExhausted),
        case("canonical-code-decoded", "An encoding is decoded.", ["CODE-025"]).code(code.as_slice()).accept(),
        case("canonical-code-truncated", "An encoding has the length that its counts say.", ["CODE-025"])
            .code(&code[..code.len() - 1])
            .derived_from("canonical-code-decoded", "remove the last byte")
            .reject(Reject::CodeMalformed),
    ]
}

/// The encoding of a module's canonical code.
fn encoding(wasm: &[u8]) -> Vec<u8> {
    let module = profile::load(wasm).unwrap_or_else(|rejection| panic!("a case's module: {rejection}"));
    lower(&module).unwrap_or_else(|rejection| panic!("a case's module: {rejection}")).to_bytes()
}
