//! Commands for client developers on the protocol: JSON in, JSON out.

use super::failure::Failure;
use super::source;
use clap::{Args, Subcommand};
use middle_client::node::simulation;
use middle_client::notation::json::{Json, Node, hex, to_text};
use middle_client::notation::{B256, Rejection};
use middle_client::operation::{Operation, domain, fee, signature, wire_hash};
use middle_client::post_operation::PostOperation;
use middle_client::registry::{Entry, onboard};
use middle_client::settlement::Consensus;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum OperationCommand {
    /// Print the bytes of an Operation in JSON
    Encode {
        /// The Operation in JSON; - is standard input
        file: PathBuf,
    },
    /// Decode the bytes of an Operation strictly and print it as JSON
    #[command(after_help = "Example:
  middle-client operation decode 0x01f8...")]
    Decode {
        /// Hex, or @FILE with the bytes themselves
        bytes: String,
    },
    /// Print the hashes of an Operation in JSON
    Hash {
        /// The Operation in JSON; - is standard input
        file: PathBuf,
        /// The address of the Consensus Contract
        #[arg(long, value_name = "ADDRESS")]
        contract: String,
    },
    /// Sign an Operation in JSON and print it; with --as-sponsor for its sponsor
    Sign {
        /// The Operation in JSON; - is standard input
        file: PathBuf,
        /// The address of the Consensus Contract
        #[arg(long, value_name = "ADDRESS")]
        contract: String,
        /// A file with the secret key in hex; never give a key on the command line
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Sign as the sponsor
        #[arg(long)]
        as_sponsor: bool,
    },
}

#[derive(Subcommand)]
pub enum PostOperationCommand {
    /// Print the bytes of a PostOperation in JSON
    Encode {
        /// The PostOperation in JSON; - is standard input
        file: PathBuf,
    },
    /// Decode the bytes of a PostOperation strictly and print it as JSON
    Decode {
        /// Hex, or @FILE with the bytes themselves
        bytes: String,
    },
    /// Print the result id and the wire hash of a PostOperation in JSON
    Hash {
        /// The PostOperation in JSON; - is standard input
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum RegistryCommand {
    /// Print the extension id of a registry entry in JSON
    Id {
        /// The entry in JSON; - is standard input
        file: PathBuf,
        /// The chain id
        #[arg(long, default_value_t = 1)]
        chain: u64,
    },
}

#[derive(Subcommand)]
pub enum ExtensionCommand {
    /// Compute everything of an extension again from its module, as a node does that adopts it
    Onboard {
        /// The registry entry in JSON
        entry: PathBuf,
        /// The module
        module: PathBuf,
        /// The chain id
        #[arg(long, default_value_t = 1)]
        chain: u64,
        /// The digest of a key under which the extension is verified; once for each tier, in order
        #[arg(long = "key", value_name = "DIGEST")]
        keys: Vec<String>,
    },
}

#[derive(Args)]
pub struct LeaderArguments {
    /// The state of the Consensus Contract in JSON, as vectors have it; - is standard input
    file: PathBuf,
    /// The slot
    slot: u64,
}

#[derive(Args)]
pub struct SimulateArguments {
    /// A scenario in JSON; - is standard input
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn operation(command: OperationCommand, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        OperationCommand::Encode { file } => Ok(writeln!(out, "{}", hex(read::<Operation>(&file)?.to_bytes()))?),
        OperationCommand::Decode { bytes } => {
            let bytes = source::bytes("the Operation", &bytes)?;
            let operation = Operation::from_bytes(&bytes).map_err(refused)?;
            print(&operation.to_json(), out)
        }
        OperationCommand::Hash { file, contract } => {
            let operation: Operation = read(&file)?;
            let contract = option("--contract", &contract)?;
            print(
                &json!({
                    "domainSeparator": hex(domain(operation.chain_id, contract).hash_struct()),
                    "hash": hex(operation.hash(contract)),
                    "wireHash": hex(wire_hash(&operation.to_bytes())),
                    "maxCost": fee::max_cost(&operation).to_json(),
                }),
                out,
            )
        }
        OperationCommand::Sign { file, contract, key, as_sponsor } => {
            let mut operation: Operation = read(&file)?;
            let secret = source::read(&key)?;
            let secret = String::from_utf8_lossy(&secret);
            let secret: B256 = option("--key", secret.trim())?;
            let hash = operation.hash(option("--contract", &contract)?);
            let signature = signature::sign(&secret, hash).map_err(|error| Failure::input(key.display(), error))?;
            match as_sponsor {
                true => operation.gas_management.sponsor_signature = signature.into(),
                false => operation.signature = signature.into(),
            }
            print(&operation.to_json(), out)
        }
    }
}

pub fn post_operation(command: PostOperationCommand, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        PostOperationCommand::Encode { file } => {
            Ok(writeln!(out, "{}", hex(read::<PostOperation>(&file)?.to_bytes()))?)
        }
        PostOperationCommand::Decode { bytes } => {
            let bytes = source::bytes("the PostOperation", &bytes)?;
            print(&PostOperation::from_bytes(&bytes).map_err(refused)?.to_json(), out)
        }
        PostOperationCommand::Hash { file } => {
            let post_operation: PostOperation = read(&file)?;
            let wire_hash = hex(wire_hash(&post_operation.to_bytes()));
            print(&json!({"resultId": hex(post_operation.result_id()), "wireHash": wire_hash}), out)
        }
    }
}

pub fn registry(command: RegistryCommand, out: &mut impl Write) -> Result<(), Failure> {
    let RegistryCommand::Id { file, chain } = command;
    Ok(writeln!(out, "{}", hex(read::<Entry>(&file)?.id(chain)))?)
}

pub fn extension(command: ExtensionCommand, out: &mut impl Write) -> Result<(), Failure> {
    let ExtensionCommand::Onboard { entry, module, chain, keys } = command;
    let wasm = source::read_module(&module)?;
    let keys: Result<Vec<B256>, Failure> = keys.iter().map(|key| option("--key", key)).collect();
    print(&onboard(chain, &read(&entry)?, &wasm, &keys?).map_err(refused)?.to_json(), out)
}

pub fn leader(arguments: &LeaderArguments, out: &mut impl Write) -> Result<(), Failure> {
    let contract: Consensus = read(&arguments.file)?;
    print(&json!({"leader": contract.leader(arguments.slot).to_json()}), out)
}

pub fn simulate(arguments: &SimulateArguments, out: &mut impl Write) -> Result<(), Failure> {
    let scenario = parse(&arguments.file)?;
    let place = arguments.file.display().to_string();
    let outcome = simulation::run(&Node::new(place, &scenario)).map_err(|fault| Failure::input("simulate", fault))?;
    if arguments.json {
        print(&outcome.to_json(), out)?;
    } else {
        for line in &outcome.timeline {
            writeln!(out, "{line}")?;
        }
        for (name, holds) in &outcome.invariants {
            writeln!(out, "{} {name}", if *holds { "ok    " } else { "FAILED" })?;
        }
        writeln!(out, "digest {}", hex(outcome.digest))?;
    }
    let broken: Vec<String> = outcome.invariants.iter().filter(|(_, holds)| !**holds).map(|it| it.0.clone()).collect();
    if broken.is_empty() { Ok(()) } else { Err(Failure::Input(broken)) }
}

fn print(value: &Value, out: &mut impl Write) -> Result<(), Failure> {
    Ok(write!(out, "{}", to_text(value))?)
}

fn parse(file: &Path) -> Result<Value, Failure> {
    serde_json::from_slice(&source::read(file)?).map_err(|error| Failure::input(file.display(), error))
}

fn read<T: Json>(file: &Path) -> Result<T, Failure> {
    let value = parse(file)?;
    T::from_json(&Node::new(file.display().to_string(), &value))
        .map_err(|fault| Failure::Input(vec![fault.to_string()]))
}

fn option<T: Json>(name: &str, text: &str) -> Result<T, Failure> {
    let value = Value::from(text);
    T::from_json(&Node::new(name, &value)).map_err(|fault| Failure::Usage(fault.to_string()))
}

fn refused(rejection: Rejection) -> Failure {
    Failure::Input(vec![rejection.to_string()])
}
