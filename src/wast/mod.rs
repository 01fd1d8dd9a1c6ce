//! Runs scripts of the official WebAssembly test suite (`.wast`) through the engines.
//!
//! ```text
//! middle-client wast FILE…                       both engines, side by side
//! middle-client wast --engine code FILE…         one of them
//! middle-client wast --engine circuit FILE…      canonical code, whose every trace has to satisfy the circuit
//! middle-client wast --verbose FILE…             every assertion with its place and verdict
//! ```
//!
//! The last line is `N passed, N failed, N skipped`. What is counted are the assertions (`assert_…`), each once, and
//! besides them every `module` and `invoke` that should have succeeded and did not, as failed.
//!
//! The scripts are for all of WebAssembly, so two rules are waived: the one on imports, since the module `spectest`
//! takes the place of the host interface, and the one on the entry point. A module inside the profile is run as it is.
//! Any other is rewritten where that does not touch the meaning of its integer functions: `f32` becomes `i32`, each
//! other excluded type of value `i64`; constants, loads, stores and reinterpretations of floats move bits and become
//! those of integers; a function with any other excluded instruction is replaced by one that traps; `spectest` imports
//! become definitions.
//!
//! | what is skipped, and counted with the reason | reason |
//! |---|---|
//! | an assertion with a float among its arguments or expected results | names a float |
//! | the same with a reference or vector | names a reference or vector |
//! | an assertion whose call reached a replaced function | reaches a replaced function |
//! | a call that may read what such a call could have written, or a module that was skipped | state depends on a skipped call |
//! | whatever is said about a module that the profile refuses even when rewritten | outside the profile: *rule* |
//! | the same for a module that imports from another one than `spectest` | imports from another module |
//! | the same for a module that initialises a table with other values than functions, or a global in a way that may trap | initialisers without a counterpart |
//! | quoted text that is called malformed and that only the validator refuses | refused after the text parser |
//! | bytes that version 3 reads and calls invalid, called malformed by an older script | malformed before version 3, invalid since |
//! | exceptions, threads, components, custom sections | directive outside the profile |
//!
//! A module that is said to be malformed or invalid has to be refused at that very stage; when the profile refuses it
//! for a rule of its own first, the assertion is skipped. Segments outside their memory or table, a trap of
//! instantiation in WebAssembly, are refused by a rule of the profile, which is taken for the trap.

mod effects;
mod engine;
mod report;
mod rewrite;
mod script;
mod source;
mod spectest;

pub use engine::Engine;
pub use report::{Entry, Report, Skip, Verdict};
pub use script::run_script;
