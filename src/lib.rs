//! The Middle Client: an embedded specification with its reference implementation.
//!
//! Each module is one chapter of `spec/` and one arrow of the pipeline; data flows from top to bottom and a module
//! knows only those above it.
//!
//! ```text
//! wasm bytes -> profile -> Module -> lower -> CanonicalCode -> execute -> Execution (and trace)
//!                             \-> interpret (the semantic reference) -> Execution
//! ```
//!
//! The chapters, in the order in which they are read:
//!
//! 1. [`notation`]: bytes, words, reasons, traps
//! 2. [`profile`]: which WASM modules are extensions
//! 3. [`host_interface`]: what an extension sees and leaves behind
//! 4. [`execution`]: what a module means, and the direct interpreter
//! 5. [`canonical_code`]: the register code, its lowering, encoding and trace
//! 6. [`poseidon`]: the hash function of circuits, on field elements and as constraints
//! 7. [`proof_system`]: Groth16 with a committed phase
//! 8. [`statement`]: what a proof is about, and when it is true
//! 9. [`circuit`]: the rows and buses that show an execution
//! 10. [`proving`]: from an execution to the segments of a proof, and the verifier
//! 11. [`operation`]: the signed request to run an extension
//! 12. [`registry`]: extensions: entry, id, lifecycle, onboarding, build manifest
//! 13. [`post_operation`]: results with their proofs, stamps and signatures
//! 14. [`reputation`]: what others did, in exact counters
//! 15. [`pools`]: Operations that wait for a proof, results that wait for settlement
//! 16. [`wire`]: messages between nodes, and what a peer may say when
//! 17. [`composition`]: child operations, families, data rules
//! 18. [`settlement`]: the Consensus Contract: deposits, stakes, leaders, settlement, rewards, slashing
//! 19. [`node`]: the handlers composed: events in, actions out; and a simulation
//! 20. [`native_transaction`]: results in blocks, without a contract: needs a fork
//! 21. [`requests`]: what a node's users ask
//!
//! [`vectors`] builds and checks the conformance vectors, [`wast`] runs the official test scripts.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod canonical_code;
pub mod circuit;
pub mod composition;
pub mod execution;
pub mod host_interface;
pub mod native_transaction;
pub mod node;
pub mod notation;
pub mod operation;
pub mod pools;
pub mod poseidon;
pub mod post_operation;
pub mod profile;
pub mod proof_system;
pub mod proving;
pub mod registry;
pub mod reputation;
pub mod requests;
pub mod settlement;
pub mod statement;
pub mod vectors;
pub mod wast;
pub mod wire;
