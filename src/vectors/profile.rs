//! Cases of the format `profile`: modules that are accepted or refused.

use super::{Case, case, wat};
use crate::notation::Reject;

/// The cases, each refused one after the accepted one from which it is derived.
pub fn cases() -> Vec<Case> {
    let minimal = wat(r#"(module (func (export "run") (result i32) i32.const 0))"#);
    vec![
        case("profile-minimal", "The smallest module: the entry point alone.", ["PROFILE-001"])
            .module(minimal.as_slice())
            .accept(),
        case("profile-empty", "No bytes at all are no module.", ["PROFILE-001"])
            .module([])
            .derived_from("profile-minimal", "remove all bytes")
            .reject(Reject::MalformedModule),
        case("profile-truncated-magic", "A module begins with four bytes of magic.", ["PROFILE-001"])
            .module(&minimal[..3])
            .derived_from("profile-minimal", "keep the first three bytes only")
            .reject(Reject::MalformedModule),
    ]
}
