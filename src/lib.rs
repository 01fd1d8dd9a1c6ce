//! The Middle Client: an embedded specification with its reference implementation.
//!
//! Each module is one chapter of `spec/` and one arrow of the pipeline; data flows from top to bottom and a module
//! knows only those above it.
//!
//! ```text
//! wasm bytes -> profile -> Module -> lower -> CanonicalCode -> execute -> Execution (and trace)
//!                             \-> interpret (the semantic reference) -> Execution
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod canonical_code;
pub mod execution;
pub mod host_interface;
pub mod notation;
pub mod profile;
pub mod vectors;
pub mod wast;
