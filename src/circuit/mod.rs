#![doc = include_str!("../../spec/09-circuit.md")]

pub mod builder;
pub mod bus;
pub mod check;
pub mod chips;
pub mod cost;
pub mod entry;
pub mod fit;
pub mod machine;
pub mod plan;
pub mod public;
pub mod row;
pub mod step;
pub mod tables;
pub mod tier;

pub use check::{Block, Check, Fault, Uses};
pub use cost::{Cost, Costs, Needs, ONE_OF_EACH, costs};
pub use fit::{MAX_CUSTOM_ROWS, fit, suits};
pub use machine::{Machine, Program, Rows};
pub use plan::Plan;
pub use tier::{TIERS, Tier};
