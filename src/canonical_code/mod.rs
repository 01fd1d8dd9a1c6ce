#![doc = include_str!("../../spec/05-canonical-code.md")]
