//! The command line: what a user types, and how errors and results leave the process.
//!
//! Results go to standard output, errors and progress to standard error. The exit code is 0, 1 if the input is at
//! fault (a refused module, wrong vectors, a file that cannot be read) or 2 if the command is.

mod failure;
mod progress;
mod proof;
mod protocol;
mod report;
mod source;
mod vectors;
mod wasm;
mod wast;

use clap::{Parser, Subcommand};
use std::io::{self, Write};
use std::process::ExitCode;

/// The Middle Client: an embedded specification with its reference implementation.
///
/// Without a command it does the main job: it builds all conformance vectors into `./vectors` and says what changed.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:
  middle-client                                     build all vectors into ./vectors
  middle-client vectors check                       check the vectors on disk
  middle-client wasm check extension.wasm           accept or refuse a module
  middle-client wasm run extension.wat --input 0x2a execute a module
  middle-client setup                               make the keys of the smallest tier
  middle-client prove extension.wasm --input 0x2a --output proof.json
  middle-client verify extension.wasm proof.json
  middle-client simulate scenario.json              run many nodes and check the invariants
  middle-client wast i32.wast                       run a script of the official test suite"
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Build or check the conformance vectors
    #[command(subcommand)]
    Vectors(vectors::Command),
    /// Check, lower, run or measure a WebAssembly module
    #[command(subcommand)]
    Wasm(wasm::Command),
    /// Make the keys of a tier, or of one extension, with an insecure test ceremony
    Setup(proof::SetupArguments),
    /// Execute a module and prove the statement about it
    Prove(Box<proof::ProveArguments>),
    /// Verify the proof of a statement about a module
    Verify(proof::VerifyArguments),
    /// Encode, decode, hash or sign an Operation
    #[command(subcommand)]
    Operation(protocol::OperationCommand),
    /// Encode, decode or hash a PostOperation
    #[command(subcommand)]
    PostOperation(protocol::PostOperationCommand),
    /// Name an entry of the registry
    #[command(subcommand)]
    Registry(protocol::RegistryCommand),
    /// Adopt an extension
    #[command(subcommand)]
    Extension(protocol::ExtensionCommand),
    /// Print who leads a slot
    Leader(protocol::LeaderArguments),
    /// Run a scenario of many nodes and an L1, and check the invariants
    Simulate(protocol::SimulateArguments),
    /// Run scripts of the official WebAssembly test suite through both engines, or with the circuit
    Wast(wast::Arguments),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Vectors(vectors::Command::default()));
    let mut out = io::BufWriter::new(io::stdout().lock());
    let result = match command {
        Command::Vectors(command) => vectors::run(command, &mut out),
        Command::Wasm(command) => wasm::run(command, &mut out),
        Command::Setup(arguments) => proof::setup(&arguments, &mut out),
        Command::Prove(arguments) => proof::prove(&arguments, &mut out),
        Command::Verify(arguments) => proof::verify(&arguments, &mut out),
        Command::Operation(command) => protocol::operation(command, &mut out),
        Command::PostOperation(command) => protocol::post_operation(command, &mut out),
        Command::Registry(command) => protocol::registry(command, &mut out),
        Command::Extension(command) => protocol::extension(command, &mut out),
        Command::Leader(arguments) => protocol::leader(&arguments, &mut out),
        Command::Simulate(arguments) => protocol::simulate(&arguments, &mut out),
        Command::Wast(arguments) => wast::run(&arguments, &mut out),
    };
    match result.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // What was written before the failure comes before its message; the failure is reported in any case.
            let _ = out.flush();
            failure.report()
        }
    }
}
