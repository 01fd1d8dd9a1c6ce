//! The `middle-client` command.
fn main() {}
