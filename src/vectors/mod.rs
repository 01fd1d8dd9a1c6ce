//! Conformance vectors: what every client must find for the same bytes.
//!
//! The cases are written in [`profile`], [`execution`], [`canonical_code`] and [`poseidon`], one module per format. An author gives
//! the input and states what he expects; the reference implementation fills in the rest of the expectation, and
//! [`build`] fails where the two disagree, so a wrong implementation cannot bless itself. `vectors/README.md` says how
//! a client consumes the result, and [`check`] does it for the files on disk.

pub mod canonical_code;
pub mod chip;
mod circuit;
pub mod execution;
pub mod operation;
pub mod poseidon;
pub mod registry;
pub mod post_operation;
pub mod reputation;
pub mod pools;
pub mod wire;
pub mod settlement;
pub mod node;
pub mod native_transaction;
pub mod requests;
pub mod composition;
pub mod profile;
pub mod proof_system;
pub mod proving;
pub mod statement;

mod build;
mod bytes;
mod case;
mod check;
mod end_to_end;
mod evaluate;
mod extensions;
mod fixture;
mod suite;

use crate::notation::json;

pub use crate::notation::json::{Fault, Node, first_difference, hex, quantity, to_text};
pub use build::{BuildError, FileSummary, Summary, build};
pub use bytes::{Blobs, MAX_BYTES, MAX_INLINE_BYTES, from_json as bytes_from_json, sha256, to_json as bytes_to_json};
pub use case::{Case, Draft, Input, Run, Subject, case, random, wat};
pub use check::{Report, check};
pub use evaluate::evaluate;
pub use suite::{Progress, StoredCase, parse};

/// Version of the vectors: the major number counts formats, the minor one rises when cases are added, the last one
/// when a wrong case is fixed.
pub const VERSION: &str = "1.0.0";

/// The chapters: the specification that the vectors exercise.
pub const CHAPTERS: [(&str, &str); 21] = [
    ("01-notation.md", include_str!("../../spec/01-notation.md")),
    ("02-profile.md", include_str!("../../spec/02-profile.md")),
    ("03-host-interface.md", include_str!("../../spec/03-host-interface.md")),
    ("04-execution.md", include_str!("../../spec/04-execution.md")),
    ("05-canonical-code.md", include_str!("../../spec/05-canonical-code.md")),
    ("06-poseidon.md", include_str!("../../spec/06-poseidon.md")),
    ("07-proof-system.md", include_str!("../../spec/07-proof-system.md")),
    ("08-statement.md", include_str!("../../spec/08-statement.md")),
    ("09-circuit.md", include_str!("../../spec/09-circuit.md")),
    ("10-proving.md", include_str!("../../spec/10-proving.md")),
    ("11-operation.md", include_str!("../../spec/11-operation.md")),
    ("12-registry.md", include_str!("../../spec/12-registry.md")),
    ("13-post-operation.md", include_str!("../../spec/13-post-operation.md")),
    ("14-reputation.md", include_str!("../../spec/14-reputation.md")),
    ("15-pools.md", include_str!("../../spec/15-pools.md")),
    ("16-wire.md", include_str!("../../spec/16-wire.md")),
    ("17-composition.md", include_str!("../../spec/17-composition.md")),
    ("18-settlement.md", include_str!("../../spec/18-settlement.md")),
    ("19-node.md", include_str!("../../spec/19-node.md")),
    ("20-native-transaction.md", include_str!("../../spec/20-native-transaction.md")),
    ("21-requests.md", include_str!("../../spec/21-requests.md")),
];

/// A kind of case: the shape of its input and expectation, and what a client does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// A module is accepted or refused.
    Profile,
    /// A module is executed.
    Execution,
    /// A module is lowered, and its canonical code executed.
    CanonicalCode,
    /// Field elements are hashed.
    Poseidon,
    /// A proof, key or encoding is verified.
    ProofSystem,
    /// A statement is decoded, or compared with an execution.
    Statement,
    /// Rows are counted and hashed, and programs become constants.
    Circuit,
    /// Proofs of statements are verified.
    Proving,
    /// An Operation is decoded, hashed and checked.
    Operation,
    /// Extensions are registered, adopted and rebuilt.
    Registry,
    /// A PostOperation is decoded, hashed and checked.
    PostOperation,
    /// Events are counted.
    Reputation,
    /// Pools admit, replace, evict and follow the chain.
    Pools,
    /// Messages are decoded, and exchanged with a peer.
    Wire,
    /// An output claims children; a family is ordered.
    Composition,
    /// The Consensus Contract is called.
    Settlement,
    /// A node handles events.
    Node,
    /// A transaction with a result is applied.
    NativeTransaction,
    /// A JSON-RPC request is answered.
    Requests,
}

impl Format {
    /// All formats, in the order of the chapters.
    pub const ALL: [Format; 19] = [
        Format::Profile,
        Format::Execution,
        Format::CanonicalCode,
        Format::Poseidon,
        Format::ProofSystem,
        Format::Statement,
        Format::Circuit,
        Format::Proving,
        Format::Operation,
        Format::Registry,
        Format::PostOperation,
        Format::Reputation,
        Format::Pools,
        Format::Wire,
        Format::Composition,
        Format::Settlement,
        Format::Node,
        Format::NativeTransaction,
        Format::Requests,
    ];

    /// The name in files and paths.
    pub fn name(self) -> &'static str {
        match self {
            Format::Profile => "profile",
            Format::Execution => "execution",
            Format::CanonicalCode => "canonical_code",
            Format::Poseidon => "poseidon",
            Format::ProofSystem => "proof_system",
            Format::Statement => "statement",
            Format::Circuit => "circuit",
            Format::Proving => "proving",
            Format::Operation => "operation",
            Format::Registry => "registry",
            Format::PostOperation => "post_operation",
            Format::Reputation => "reputation",
            Format::Pools => "pools",
            Format::Wire => "wire",
            Format::Settlement => "settlement",
            Format::Node => "node",
            Format::NativeTransaction => "native_transaction",
            Format::Requests => "requests",
            Format::Composition => "composition",
        }
    }

    /// The text of its JSON schema.
    pub fn schema(self) -> &'static str {
        match self {
            Format::Profile => include_str!("../../vectors/schema/v1/profile.schema.json"),
            Format::Execution => include_str!("../../vectors/schema/v1/execution.schema.json"),
            Format::CanonicalCode => include_str!("../../vectors/schema/v1/canonical_code.schema.json"),
            Format::Poseidon => include_str!("../../vectors/schema/v1/poseidon.schema.json"),
            Format::ProofSystem => include_str!("../../vectors/schema/v1/proof_system.schema.json"),
            Format::Statement => include_str!("../../vectors/schema/v1/statement.schema.json"),
            Format::Circuit => include_str!("../../vectors/schema/v1/circuit.schema.json"),
            Format::Proving => include_str!("../../vectors/schema/v1/proving.schema.json"),
            Format::Operation => include_str!("../../vectors/schema/v1/operation.schema.json"),
            Format::Registry => include_str!("../../vectors/schema/v1/registry.schema.json"),
            Format::PostOperation => include_str!("../../vectors/schema/v1/post_operation.schema.json"),
            Format::Reputation => include_str!("../../vectors/schema/v1/reputation.schema.json"),
            Format::Pools => include_str!("../../vectors/schema/v1/pools.schema.json"),
            Format::Wire => include_str!("../../vectors/schema/v1/wire.schema.json"),
            Format::Settlement => include_str!("../../vectors/schema/v1/settlement.schema.json"),
            Format::Node => include_str!("../../vectors/schema/v1/node.schema.json"),
            Format::NativeTransaction => include_str!("../../vectors/schema/v1/native_transaction.schema.json"),
            Format::Requests => include_str!("../../vectors/schema/v1/requests.schema.json"),
            Format::Composition => include_str!("../../vectors/schema/v1/composition.schema.json"),
        }
    }

    /// Its cases. `proven` holds what takes a setup.
    pub fn cases(self, proven: &proving::Proven) -> Vec<Case> {
        let mut cases = match self {
            Format::Profile => profile::cases(),
            Format::Execution => execution::cases(),
            Format::CanonicalCode => canonical_code::cases(),
            Format::Poseidon => poseidon::cases(),
            Format::ProofSystem => proof_system::cases(),
            Format::Statement => statement::cases(),
            Format::Circuit => circuit::cases(),
            Format::Proving => proving::cases(proven),
            Format::Operation => operation::cases(),
            Format::Registry => registry::cases(proven),
            Format::PostOperation => post_operation::cases(),
            Format::Reputation => reputation::cases(),
            Format::Pools => pools::cases(),
            Format::Wire => wire::cases(),
            Format::Settlement => settlement::cases(),
            Format::Node => node::cases(proven),
            Format::NativeTransaction => native_transaction::cases(),
            Format::Requests => requests::cases(),
            Format::Composition => composition::cases(),
        };
        cases.extend(extensions::cases(self));
        cases
    }
}
