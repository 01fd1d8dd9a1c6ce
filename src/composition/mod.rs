#![doc = include_str!("../../spec/17-composition.md")]

mod children;
mod family;

pub use children::{Child, children, encode_children};
pub use family::{ChildResult, Family, Member, assemble, check_data, claimed_blob, own_gas, plan};

/// How deep a family of Operations is at most; an Operation without children has depth 1.
pub const MAX_DEPTH: usize = 4;
/// How many Operations a family has at most.
pub const MAX_MEMBERS: usize = 16;
/// The child acts for the extension that claims it, from the account of that extension.
pub const AUTHORIZATION_EXTENSION: u8 = 1;
