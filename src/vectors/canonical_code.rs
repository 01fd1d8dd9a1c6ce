//! Cases of the format `canonical_code`: modules that are lowered, and whose canonical code is executed.

use super::Case;

/// The cases, each that does not end accepted after the accepted one from which it is derived.
pub fn cases() -> Vec<Case> {
    Vec::new()
}
