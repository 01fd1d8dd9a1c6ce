#![doc = include_str!("../../spec/16-wire.md")]

mod message;
mod session;
mod verification;

pub use message::{
    Announcement, Capabilities, EnrEntry, Extension, GetExtension, Message, PooledItems, Request, Status, fill,
};
pub use session::{Action, Session};
pub use verification::{Verdict, VerificationRequest, VerificationResponse};

/// The version of the capability `mid`.
pub const VERSION: u32 = 1;
/// Most entries of an announcement.
pub const MAX_ANNOUNCED: usize = 4_096;
/// Most types of proofs in Capabilities, and most tiers.
pub const MAX_CAPABILITIES: usize = 256;
/// Most hashes of a request.
pub const MAX_REQUESTED: usize = 256;
/// A response ends with the item that reaches this length, in bytes.
pub const SOFT_MESSAGE_BYTES: usize = 2 * 1_048_576;
/// Longest message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 10 * 1_048_576;
/// Verification requests that a peer may send in a slot.
pub const MAX_VERIFICATIONS_PER_SLOT: u32 = 16;
/// Verification requests of a peer that may be open at once.
pub const MAX_OPEN_VERIFICATIONS: u32 = 2;
/// Announced hashes that a node remembers of a peer.
pub const MAX_REMEMBERED: usize = 16_384;
/// Requests to a peer that may be open at once, and of those that were given up how many are remembered.
pub const MAX_OPEN_REQUESTS: usize = 64;
/// Requests for verification that were given up and are remembered, so that a late response does no harm.
pub const MAX_GIVEN_UP: usize = 16;
/// The largest Operation that is pushed without an announcement, in bytes.
pub const MAX_PUSHED_BYTES: usize = 4_096;
