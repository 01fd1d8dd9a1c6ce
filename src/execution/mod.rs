#![doc = include_str!("../../spec/04-execution.md")]
