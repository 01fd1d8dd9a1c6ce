#![doc = include_str!("../../spec/12-registry.md")]

mod entry;
mod manifest;
mod onboard;
mod prepare;
mod state;

pub use entry::{Entry, universal_key_hash};
pub use manifest::{BuildManifest, ManifestItem, Side, fold};
pub use onboard::{Onboarded, onboard};
pub use prepare::{CodePoint, Preparation, reads_witness};
pub use state::{Call, Lifecycle, Registered, Registry};

/// Mode of an extension that is proven under the keys of the universal circuit.
pub const MODE_UNIVERSAL: u8 = 0;
/// Mode of an extension with a circuit and a key of its own.
pub const MODE_CUSTOM: u8 = 1;
/// The one proof system so far: Groth16 with a committed phase.
pub const PROOF_SYSTEM_COMMITTED_GROTH16: u8 = 1;
/// The version of host interface, context and settlement call.
pub const ABI_VERSION: u16 = 1;
/// Data rule: an Operation's data need not be available after its settlement.
pub const DATA_NONE: u8 = 0;
/// Data rule: the data stand in the calldata of the settlement.
pub const DATA_CALLDATA: u8 = 1;
/// Data rule: the data stand in a blob of the settlement (EIP-4844).
pub const DATA_BLOB: u8 = 2;
/// Most blobs that hold a module: 1 MiB at 31 bytes for each of a blob's 4,096 field elements.
pub const MAX_BLOBS: usize = 9;
/// Most blobs of a transaction (EIP-7594).
pub const TRANSACTION_BLOBS: usize = 6;
/// A blob with a part of a module was published at most so many slots before the registration: a day.
pub const BLOB_SLOTS: u64 = 7_200;
/// Longest metadata URI, in bytes.
pub const MAX_METADATA_BYTES: usize = 256;
/// An extension is active so many slots after its registration: then the registration is final.
pub const ACTIVATION_SLOTS: u64 = 96;
/// A deprecation is announced at least so many slots ahead: longer than any Operation is valid.
pub const DEPRECATION_SLOTS: u64 = 512;
/// Most items of a build manifest.
pub const MAX_MANIFEST_ITEMS: usize = 4_096;
/// Longest name of an item of a build manifest, in bytes.
pub const MAX_MANIFEST_NAME_BYTES: usize = 256;
