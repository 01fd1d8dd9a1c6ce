//! `wast`: scripts of the official test suite.

use super::failure::Failure;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Examples:
  middle-client wast i32.wast
  middle-client wast test/core/*.wast")]
pub struct Arguments {
    /// Scripts
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments, _out: &mut impl Write) -> Result<(), Failure> {
    Err(Failure::input(arguments.files[0].display(), "scripts cannot be run yet"))
}
