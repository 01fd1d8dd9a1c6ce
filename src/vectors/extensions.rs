//! Cases from the extensions below `tests/extensions`: what real compilers made of real programs. Their expectations
//! were computed by a plain Python program, and other engines found the same.

use super::case::{Case, Draft, case};
use super::json::{self, Node};
use super::{Fault, Format};
use crate::host_interface::{Context, ContextFields};
use crate::notation::{B256, Trap};
use alloy_primitives::{Address, U256};

/// An extension: its name, its module and the text of its cases.
struct Extension {
    name: &'static str,
    wasm: &'static [u8],
    cases: &'static str,
}

macro_rules! extensions {
    ($($name:literal),*) => {
        [$(Extension {
            name: $name,
            wasm: include_bytes!(concat!("../../tests/extensions/", $name, "/", $name, ".wasm")),
            cases: include_str!(concat!("../../tests/extensions/", $name, "/cases.json")),
        }),*]
    };
}

const EXTENSIONS: [Extension; 13] = extensions![
    "fibonacci",
    "sha256",
    "sort",
    "matrix_product",
    "one_time_signature",
    "token_ledger",
    "nullifier_membership",
    "fee_rule",
    "operation_bundler",
    "nullifier_membership_poseidon",
    "one_time_signature_poseidon",
    "token_ledger_poseidon",
    "traps"
];

/// A limit that no small case reaches.
const CYCLE_LIMIT: u64 = 1_000_000;

/// The module of an extension.
///
/// # Panics
/// If there is no extension of this name: names are constants of this crate.
pub(super) fn wasm(name: &str) -> &'static [u8] {
    let extension = EXTENSIONS.iter().find(|extension| extension.name == name);
    extension.unwrap_or_else(|| panic!("there is no extension {name}")).wasm
}

/// The cases of this format that the extensions give.
///
/// # Panics
/// If a file of cases is wrong: they are constants of this crate.
pub(super) fn cases(format: Format) -> Vec<Case> {
    let cases = EXTENSIONS.iter().map(|extension| match format {
        Format::Profile => Ok(vec![accepted_module(extension)]),
        Format::Execution | Format::CanonicalCode => executions(extension, format),
        _ => Ok(Vec::new()),
    });
    cases.collect::<Result<Vec<_>, Fault>>().unwrap_or_else(|fault| panic!("{fault}")).concat()
}

fn accepted_module(extension: &Extension) -> Case {
    let description = format!("What a compiler made of the extension {} is accepted unchanged.", extension.name);
    case(&id(Format::Profile, &[extension.name]), &description, rules(extension, Format::Profile))
        .module(extension.wasm)
        .accept()
}

/// The extension's cases, save the long ones; of canonical code, whose traces are larger, one.
fn executions(extension: &Extension, format: Format) -> Result<Vec<Case>, Fault> {
    let value = json::parse(extension.cases).map_err(|error| Fault::new(extension.name, error.to_string()))?;
    let mut cases = Vec::new();
    for node in Node::new(extension.name, &value).items()? {
        let wanted = match format == Format::CanonicalCode {
            true => node.optional("small")?.is_some(),
            false => node.optional("large")?.is_none(),
        };
        if wanted {
            cases.push(execution(extension, format, &node)?);
        }
    }
    let origin = cases.iter().find(|case| case.is_accepted()).map(|case| case.id.clone());
    for case in cases.iter_mut().filter(|case| !case.is_accepted()) {
        case.derived_from.clone_from(&origin);
        case.mutation = Some("another input, witness or context".into());
    }
    Ok(cases)
}

fn execution(extension: &Extension, format: Format, node: &Node) -> Result<Case, Fault> {
    let sentence = node.field("description")?.text()?;
    let id = id(format, &[extension.name, node.field("id")?.text()?]);
    let draft = case(&id, &format!("Extension {}: {sentence}", extension.name), rules(extension, format))
        .module(extension.wasm)
        .input(node.field("input")?.hex()?)
        .witness(node.field("witness")?.hex()?)
        .context(context(&node.field("context")?)?.to_bytes());
    let draft = match format == Format::CanonicalCode {
        true => draft.cycle_limit(CYCLE_LIMIT),
        false => draft,
    };
    state(draft, &node.field("expect")?)
}

fn state(draft: Draft, expect: &Node) -> Result<Case, Fault> {
    let output = expect.field("output")?.hex()?;
    let outcome = expect.field("outcome")?;
    match outcome.text()? {
        "accepted" => Ok(draft.accepted_with_state(output, word(&expect.field("post_state")?)?)),
        "rejected" => Ok(draft.rejected(expect.field("code")?.number()?, output)),
        "trapped" => {
            let name = expect.field("trap")?;
            let trap = Trap::ALL.into_iter().find(|trap| name.value == trap.name());
            Ok(draft.trapped(trap.ok_or_else(|| name.fault("names no trap"))?))
        }
        _ => Err(outcome.fault("is no outcome of an execution")),
    }
}

fn id(format: Format, names: &[&str]) -> String {
    format!("{}-{}", format.name(), names.join("-")).replace('_', "-")
}

/// The rules that an extension's cases exercise beside those that every module does.
fn rules(extension: &Extension, format: Format) -> Vec<&'static str> {
    let mut rules = match format {
        Format::Profile => vec!["PROFILE-001", "PROFILE-029"],
        Format::Execution => vec!["EXEC-003"],
        Format::CanonicalCode => vec!["CODE-029", "CODE-030"],
        _ => Vec::new(),
    };
    if format == Format::Execution {
        rules.extend(match extension.name {
            // Messages of every length modulo 8.
            "sha256" => ["NOTE-001", "HOST-004"].as_slice(),
            // What every trap leaves behind.
            "traps" => &["HOST-015"],
            // Fields of the context.
            "nullifier_membership_poseidon" => &["HOST-016", "HOST-019"],
            "token_ledger" | "one_time_signature" => &["HOST-003", "HOST-005"],
            _ => &[],
        });
    }
    rules
}

fn context(node: &Node) -> Result<Context, Fault> {
    let hash = |name: &str| word(&node.field(name)?);
    let address = |name: &str| {
        let field = node.field(name)?;
        Address::try_from(field.hex()?.as_slice()).map_err(|error| field.fault(error.to_string()))
    };
    let integer = |name: &str| {
        let field = node.field(name)?;
        field.text()?.parse::<U256>().map_err(|error| field.fault(error.to_string()))
    };
    Ok(Context::from(ContextFields {
        operation_hash: hash("operation_hash")?,
        sender: address("sender")?,
        lane: integer("lane")?,
        to: address("to")?,
        witness_commitment: hash("witness_commitment")?,
        anchor_hash: hash("anchor_hash")?,
        anchor_slot: integer("anchor_slot")?,
        pre_state_root: hash("pre_state_root")?,
    }))
}

fn word(node: &Node) -> Result<B256, Fault> {
    B256::try_from(node.hex()?.as_slice()).map_err(|error| node.fault(error.to_string()))
}
