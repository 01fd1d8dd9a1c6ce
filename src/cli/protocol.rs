//! Commands for client developers on the protocol: JSON in, JSON out.

use super::failure::Failure;
use super::source;
use alloy_primitives::Bytes;
use clap::{Args, Subcommand};
use middle_client::node::simulation;
use middle_client::notation::json::{self, Json, Node, hex, to_text};
use middle_client::notation::{B256, Rejection};
use middle_client::operation::{ChainView, Operation, domain, fee, signature, wire_hash};
use middle_client::post_operation::{PostOperation, statement};
use middle_client::registry::{Entry, onboard};
use middle_client::settlement::Consensus;
use middle_client::statement::Statement;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum OperationCommand {
    /// Print the bytes of an Operation in JSON
    #[command(after_help = "Examples:
  middle-client operation encode operation.json
  middle-client operation decode 0x01f8... | middle-client operation encode -")]
    Encode {
        /// The Operation in JSON; - is standard input
        file: PathBuf,
    },
    /// Decode the bytes of an Operation strictly and print it as JSON
    #[command(after_help = "Examples:
  middle-client operation decode 0x01f8...
  middle-client operation decode @operation.bin > operation.json")]
    Decode {
        /// Hex, or @FILE with the bytes themselves
        bytes: String,
    },
    /// Print the hashes of an Operation in JSON
    #[command(after_help = "Examples:
  middle-client operation hash operation.json --contract 0x00000000000000000000000000000000000c0de0")]
    Hash {
        /// The Operation in JSON; - is standard input
        file: PathBuf,
        /// The address of the Consensus Contract
        #[arg(long, value_name = "ADDRESS")]
        contract: String,
    },
    /// Sign an Operation in JSON and print it; with --as-sponsor for its sponsor
    #[command(after_help = "Examples:
  middle-client operation sign operation.json --contract 0x... --key sender.key > signed.json
  middle-client operation sign signed.json --contract 0x... --key sponsor.key --as-sponsor")]
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
    #[command(after_help = "Examples:
  middle-client post-operation encode result.json")]
    Encode {
        /// The PostOperation in JSON; - is standard input
        file: PathBuf,
    },
    /// Decode the bytes of a PostOperation strictly and print it as JSON
    #[command(after_help = "Examples:
  middle-client post-operation decode @result.bin > result.json")]
    Decode {
        /// Hex, or @FILE with the bytes themselves
        bytes: String,
    },
    /// Print the result id and the wire hash of a PostOperation in JSON; with its Operation and a view of the chain also
    /// its statement, the digest of that, and what the prover signs
    #[command(after_help = "Examples:
  middle-client post-operation hash result.json
  middle-client post-operation hash result.json --operation operation.json --view view.json")]
    Hash {
        /// The PostOperation in JSON; - is standard input
        file: PathBuf,
        /// Its Operation in JSON
        #[arg(long, value_name = "FILE", requires = "view")]
        operation: Option<PathBuf>,
        /// The chain as vectors have it, in JSON: with the anchor's block, the extension and the Consensus Contract
        #[arg(long, value_name = "FILE", requires = "operation")]
        view: Option<PathBuf>,
    },
    /// Sign a PostOperation in JSON for its prover and print it
    #[command(after_help = "Examples:
  middle-client post-operation sign result.json --operation operation.json --view view.json --key prover.key")]
    Sign {
        /// The PostOperation in JSON; - is standard input
        file: PathBuf,
        /// Its Operation in JSON
        #[arg(long, value_name = "FILE")]
        operation: PathBuf,
        /// The chain as vectors have it, in JSON: with the anchor's block, the extension and the Consensus Contract
        #[arg(long, value_name = "FILE")]
        view: PathBuf,
        /// A file with the secret key in hex; never give a key on the command line
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum RegistryCommand {
    /// Print the extension id of a registry entry in JSON
    #[command(after_help = "Examples:
  middle-client registry id entry.json
  middle-client registry id entry.json --chain 11155111")]
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
    #[command(after_help = "Examples:
  middle-client extension onboard entry.json extension.wasm --key 0x... --key 0x...")]
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
#[command(after_help = "Examples:
  middle-client leader contract.json 4660")]
pub struct LeaderArguments {
    /// The state of the Consensus Contract in JSON, as vectors have it; - is standard input
    file: PathBuf,
    /// The slot
    slot: u64,
}

#[derive(Args)]
#[command(after_help = "Examples:
  middle-client simulate tests/scenarios/settled-again.json
  middle-client simulate tests/scenarios/partition.json --json")]
pub struct SimulateArguments {
    /// A scenario in JSON; - is standard input
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn operation(command: OperationCommand, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        OperationCommand::Encode { file } => Ok(writeln!(out, "{}", hex(read_operation(&file)?.to_bytes()))?),
        OperationCommand::Decode { bytes: text } => {
            let bytes = source::bytes("the Operation", &text)?;
            let operation =
                Operation::from_bytes(&bytes).map_err(|it| Failure::input(place("the Operation", &text), it))?;
            print(&operation.to_json(), out)
        }
        OperationCommand::Hash { file, contract } => {
            let operation = read_operation(&file)?;
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
            let mut operation = read_operation(&file)?;
            let signature = sign(&key, operation.hash(option("--contract", &contract)?))?;
            match as_sponsor {
                true => operation.gas_management.sponsor_signature = signature,
                false => operation.signature = signature,
            }
            print(&operation.to_json(), out)
        }
    }
}

pub fn post_operation(command: PostOperationCommand, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        PostOperationCommand::Encode { file } => Ok(writeln!(out, "{}", hex(read_post_operation(&file)?.to_bytes()))?),
        PostOperationCommand::Decode { bytes: text } => {
            let bytes = source::bytes("the PostOperation", &text)?;
            let decoded = PostOperation::from_bytes(&bytes);
            print(&decoded.map_err(|it| Failure::input(place("the PostOperation", &text), it))?.to_json(), out)
        }
        PostOperationCommand::Hash { file, operation, view } => {
            let post_operation = read_post_operation(&file)?;
            let wire_hash = hex(wire_hash(&post_operation.to_bytes()));
            let mut hashes = json!({"resultId": hex(post_operation.result_id()), "wireHash": wire_hash});
            if let (Some(operation), Some(view)) = (operation, view) {
                let (stated, view) = stated(&post_operation, &operation, &view)?;
                hashes["statement"] = hex(stated.to_bytes()).into();
                hashes["statementDigest"] = hex(stated.digest()).into();
                hashes["signingHash"] = hex(post_operation.signing_hash(&stated, view.consensus_contract)).into();
            }
            print(&hashes, out)
        }
        PostOperationCommand::Sign { file, operation, view, key } => {
            let mut post_operation = read_post_operation(&file)?;
            let (stated, view) = stated(&post_operation, &operation, &view)?;
            let hash = post_operation.signing_hash(&stated, view.consensus_contract);
            post_operation.prover_signature = sign(&key, hash)?;
            print(&post_operation.to_json(), out)
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
    let onboarded = onboard(chain, &read(&entry)?, &wasm, &keys?);
    // What is at fault is the pair: neither file alone.
    let pair = format!("{} with {}", entry.display(), module.display());
    print(&onboarded.map_err(|rejection| Failure::input(pair, rejection))?.to_json(), out)
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

/// The signature of this hash with the key in a file.
fn sign(key: &Path, hash: B256) -> Result<Bytes, Failure> {
    let secret = source::read(key)?;
    let secret = String::from_utf8_lossy(&secret);
    // The key itself stands in no message.
    let secret: B256 = secret
        .trim()
        .parse()
        .map_err(|_| Failure::input(key.display(), "is no secret key: 32 bytes in hex are needed"))?;
    Ok(signature::sign(&secret, hash)
        .map_err(|error| Failure::input(key.display(), format!("is no secret key: {error}")))?
        .into())
}

/// The statement of a PostOperation about an Operation as this chain has it.
fn stated(post_operation: &PostOperation, operation: &Path, view: &Path) -> Result<(Statement, ChainView), Failure> {
    let (place, chain) = (operation.display(), view.display());
    let (operation, view): (Operation, ChainView) = (read_operation(operation)?, read(view)?);
    let fail = |rejection: Rejection| Failure::input(format!("the PostOperation about {place}"), rejection);
    let stated = statement(&operation, post_operation, &view).map_err(fail)?;
    let stated = stated.ok_or_else(|| Failure::input(chain, "has no block of the anchor, or not the extension"))?;
    stated.check().map_err(fail)?;
    Ok((stated, view))
}

fn print(value: &Value, out: &mut impl Write) -> Result<(), Failure> {
    Ok(write!(out, "{}", to_text(value))?)
}

fn parse(file: &Path) -> Result<Value, Failure> {
    json::parse(source::read(file)?).map_err(|error| Failure::input(file.display(), error))
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

/// Where bytes come from that an argument gives.
fn place<'a>(name: &'a str, text: &'a str) -> &'a str {
    text.strip_prefix('@').unwrap_or(name)
}

/// An Operation in JSON that has an encoding.
fn read_operation(file: &Path) -> Result<Operation, Failure> {
    let operation: Operation = read(file)?;
    Operation::from_bytes(&operation.to_bytes()).map_err(|rejection| Failure::input(file.display(), rejection))
}

/// A PostOperation in JSON that has an encoding.
fn read_post_operation(file: &Path) -> Result<PostOperation, Failure> {
    let post_operation: PostOperation = read(file)?;
    PostOperation::from_bytes(&post_operation.to_bytes()).map_err(|rejection| Failure::input(file.display(), rejection))
}
