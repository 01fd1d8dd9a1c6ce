//! Cases of the format `circuit`: what a key is made for, and how a program becomes its constants.

use super::bytes::{self, Blobs};
use super::evaluate::Stop;
use super::json::{Fault, Node, hex};
use super::{Case, case, wat};
use crate::canonical_code::{Opcode, Shape, Space, Word};
use crate::circuit::entry::{Kind, entry};
use crate::circuit::{Machine, ONE_OF_EACH, TIERS, Tier, costs};
use crate::notation::{Reject, Trap, keccak256};
use crate::poseidon::element_to_bytes;
use crate::profile::MAX_FRAME_SLOTS;
use crate::proof_system::Shape as Rows;
use crate::proving::{Extension, Tiers, published};
use ark_bn254::Fr;
use serde_json::{Value, json};

/// The largest domain whose rows are written down to hash them: those of the larger tiers take seconds and a gigabyte.
const MAX_HASHED_DOMAIN: u64 = 1 << 16;
/// The longest list of constants that stands in a file of cases.
const MAX_LISTED: usize = 64;

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    match node.field("kind")?.text()? {
        "tier" => {
            node.only(&["kind", "tier"])?;
            shape(Tiers::get(node.field("tier")?.number()?)?)
        }
        "entry" => {
            node.only(&["kind", "words"])?;
            let words = node.field("words")?.items()?;
            accept(json!({"entries": words.iter().map(packed).collect::<Result<Vec<_>, Stop>>()?}))
        }
        "chip" => {
            node.only(&["kind", "chip"])?;
            accept(super::chip::chip(&node.field("chip")?)?)
        }
        "constants" => {
            node.only(&["kind", "module", "tier"])?;
            let tier = Tiers::get(node.field("tier")?.number()?)?;
            constants(&Extension::from_wasm(&bytes::from_json(&node.field("module")?, &Blobs::new())?)?, tier)
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

fn accept(mut value: Value) -> Result<Value, Stop> {
    value["outcome"] = "accept".into();
    value["stage"] = "circuit".into();
    Ok(value)
}

/// Counts by chip, and the digests of all rows and of their labels.
fn shape(tier: &Tier) -> Result<Value, Stop> {
    let costs = costs();
    let (cost, domain) = (tier.cost(&costs), tier.domain(&costs));
    let chips = costs.iter().map(|(chip, cost)| {
        json!({
            "chip": chip,
            "rows": tier.capacity(chip),
            "constraints": cost.constraints,
            "products": cost.products,
            "fractions": cost.fractions,
            "wires": cost.wires,
        })
    });
    let mut value = json!({
        "name": tier.name,
        "codeWords": tier.code_words,
        "imageCells": tier.image_cells,
        "chips": chips.collect::<Vec<_>>(),
        "constraints": cost.rows(),
        "domain": domain,
        "wires": {
            "public": tier.constants() + 1,
            "challenges": crate::circuit::bus::CHALLENGES,
            "latePublic": 1,
            "committed": cost.wires,
            "private": cost.products + cost.fractions,
        },
    });
    // That of a larger tier is the published one; the test of the vectors compares it with the rows.
    if let Some(published) = published(tier) {
        value["circuitDigest"] = hex(published.circuit).into();
    }
    if domain <= MAX_HASHED_DOMAIN {
        let machine = Machine::universal(tier);
        value["circuitDigest"] = hex(Rows::of(&machine).digest()).into();
        value["labelsDigest"] = hex(labels_digest(&machine)).into();
    }
    accept(value)
}

/// The keccak-256 of the labels, each a line of chip and name.
fn labels_digest(machine: &Machine<'_>) -> crate::notation::B256 {
    let labels = machine.labels();
    let lines: String = labels.iter().map(|label| format!("{}: {}\n", label.chip, label.name)).collect();
    keccak256(lines)
}

fn packed(node: &Node) -> Result<Value, Stop> {
    let bytes: [u8; 16] = node.hex()?.try_into().map_err(|_| node.fault("has not 16 bytes"))?;
    let word = Word::from_bytes(&bytes, 0)?;
    let parts = entry(&word);
    Ok(json!({
        "listing": word.to_string(),
        "chip": Kind::of(word.opcode).name(),
        "selector": parts.selector,
        "slots": parts.slots,
        "rest": super::quantity(parts.rest),
        "high": parts.high,
        "entry": element(parts.pack()),
    }))
}

fn constants(extension: &Extension, tier: &Tier) -> Result<Value, Stop> {
    extension.check_fits(tier)?;
    let constants = extension.program().constants(tier);
    let mut value = json!({
        "codeCommitment": hex(extension.commitment()),
        "codeWords": extension.program().code.len(),
        "imageCells": extension.program().image.len(),
        "constants": constants.len(),
        "digest": hex(keccak256(constants.iter().flat_map(|value| element_to_bytes(*value)).collect::<Vec<u8>>())),
    });
    if extension.program().code.len() + extension.program().image.len() <= MAX_LISTED {
        value["code"] = extension.program().code.iter().copied().map(element).collect();
        let cells = extension.program().image.iter();
        value["image"] =
            cells.map(|(address, value)| json!([super::quantity(*address), super::quantity(*value)])).collect();
    }
    accept(value)
}

fn element(value: Fr) -> String {
    hex(element_to_bytes(value))
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [tiers(), chips(), entries(), programs()].concat()
}

/// The chips whose rows are written out: the tables' rows are in the chapter.
fn chips() -> Vec<Case> {
    let mut names: Vec<&str> = Vec::new();
    for label in Machine::universal(&ONE_OF_EACH).labels().iter().filter(|label| label.name == "active") {
        names.push(label.chip);
    }
    let chips = names.into_iter().map(|name| {
        case(
            &format!("circuit-chip-{}", name.replace('_', "-")),
            &format!("One row of the chip `{name}`, wire by wire."),
            ["CIRCUIT-002", "CIRCUIT-009", "CIRCUIT-016"],
        )
        .object(json!({"kind": "chip", "chip": name}))
        .accept()
    });
    chips.collect()
}

fn tiers() -> Vec<Case> {
    let accepted = (0..).zip(&TIERS).map(|(number, tier): (u32, &Tier)| {
        case(
            &format!("circuit-tier-{}", tier.name),
            &format!("The rows of a segment of the tier {}.", tier.name),
            [
                "CIRCUIT-001",
                "CIRCUIT-002",
                "CIRCUIT-003",
                "CIRCUIT-004",
                "CIRCUIT-005",
                "CIRCUIT-006",
                "CIRCUIT-007",
                "CIRCUIT-008",
                "CIRCUIT-009",
                "CIRCUIT-010",
                "CIRCUIT-012",
                "CIRCUIT-013",
                "CIRCUIT-016",
                "CIRCUIT-017",
                "CIRCUIT-018",
            ],
        )
        .object(json!({"kind": "tier", "tier": number}))
        .accept()
        .stating("name", tier.name)
    });
    let unknown = case("circuit-tier-unknown", "There is no tier after the last.", ["PROVE-005"])
        .object(json!({"kind": "tier", "tier": TIERS.len()}))
        .derived_from("circuit-tier-small", "set the tier to one more than the last")
        .reject(Reject::UnknownTier);
    accepted.chain([unknown]).collect()
}

/// Words of an operation in each mode, with every field that the mode uses; of one that names a space, with each space.
fn words(opcode: Opcode) -> Vec<Word> {
    let spaces = Space::ALL.map(|space| space as u16);
    let (slots, sources) = (vec![0x123, 0], vec![0x789, 0]);
    let choices: Vec<(Vec<u16>, Vec<u16>)> = match opcode.shape() {
        Shape::Set => spaces.map(|space| (vec![space], sources.clone())).to_vec(),
        Shape::Get => spaces.map(|space| (slots.clone(), vec![space])).to_vec(),
        _ => vec![(slots, sources)],
    };
    let immediates =
        [0x8765_4321_1234_5678, 0x8765_4321_0000_0000, 0x1234_5678, Trap::IntegerOverflow.code().into(), 0];
    let mut words = Vec::new();
    for mode in 0..4 {
        for (slots, sources) in &choices {
            let mut candidates = slots.iter().flat_map(|dst| {
                let rest = sources.iter().flat_map(|src2| [0x456, 0].map(|src1| (src1, *src2)));
                rest.flat_map(|(src1, src2)| {
                    immediates.map(|immediate| Word { opcode, mode, dst: *dst, src1, src2, immediate })
                })
            });
            words.extend(candidates.find(|word| Word::from_bytes(&word.to_bytes(), 0).is_ok()));
        }
    }
    words
}

fn entries() -> Vec<Case> {
    let text = |words: &[Word]| words.iter().map(|word| hex(word.to_bytes())).collect::<Vec<_>>();
    let mut cases: Vec<Case> = Opcode::ALL
        .iter()
        .map(|opcode| {
            let name = opcode.name().replace('_', "-");
            let description = format!("The entries of the operation `{}` in each of its modes.", opcode.name());
            case(&format!("circuit-entry-{name}"), &description, ["CIRCUIT-010", "CIRCUIT-011"])
                .object(json!({"kind": "entry", "words": text(&words(*opcode))}))
                .accept()
        })
        .collect();
    let slot = MAX_FRAME_SLOTS as u16 - 1;
    let largest = |opcode, mode, immediate| Word { opcode, mode, dst: slot, src1: 0, src2: slot, immediate };
    let extremes = [
        Word { src1: slot, ..largest(Opcode::Add64, 0, 0) },
        largest(Opcode::Add64, 1, u64::MAX),
        largest(Opcode::Add64, 1, 0),
        Word { dst: 0, ..largest(Opcode::BranchLtU, 1, u64::MAX) },
    ];
    cases.push(
        case("circuit-entry-extremes", "The largest slots and immediates.", ["CIRCUIT-010", "CIRCUIT-011"])
            .object(json!({"kind": "entry", "words": text(&extremes)}))
            .accept(),
    );
    let refused = |name: &str, description: &str, rule: &str, mutation: &str, reason, word: [u8; 16]| {
        case(&format!("circuit-entry-{name}"), description, [rule])
            .object(json!({"kind": "entry", "words": [hex(word)]}))
            .derived_from("circuit-entry-move", mutation)
            .reject(reason)
    };
    let word = words(Opcode::Move)[0].to_bytes();
    let with = |index: usize, byte: u8| {
        let mut word = word;
        word[index] = byte;
        word
    };
    cases.push(refused(
        "no-operation",
        "A byte that is no operation has no entry.",
        "CODE-001",
        "keep the first word and set its first byte to 0",
        Reject::CodeUnknownOperation,
        with(0, 0),
    ));
    cases.push(refused(
        "no-mode",
        "A mode that the operation does not have has no entry.",
        "CODE-002",
        "keep the first word and set its mode to 2",
        Reject::CodeFieldNotCanonical,
        with(1, 2),
    ));
    cases
}

fn programs() -> Vec<Case> {
    let input = |module: &[u8], tier: u32| json!({"kind": "constants", "module": hex(module), "tier": tier});
    let accept = |name: &str, description: &str, module: &[u8], tier: u32| {
        case(&format!("circuit-constants-{name}"), description, ["CIRCUIT-013", "PROVE-003"])
            .object(input(module, tier))
            .accept()
    };
    let least = wat(r#"(module (func (export "run") (result i32) i32.const 0))"#);
    let image =
        wat(r#"(module (memory 1) (global $g (mut i64) (i64.const 7)) (table 2 funcref) (elem (i32.const 1) $f)
          (data (i32.const 5) "initial data") (data $passive "passive")
          (func $f (result i32) (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 7)) i32.const 0)
          (func (export "run") (result i32)
            (global.set $g (i64.load (i32.const 5))) (call_indirect (result i32) (i32.const 1))))"#);
    let traps = super::extensions::wasm("traps");
    let larger = super::extensions::wasm("operation_bundler");
    vec![
        accept("least", "A program of a few words and no image.", &least, 0),
        accept("image", "Data, globals and a table are cells of the image.", &image, 0),
        accept("larger-tier", "The same program has more zeros in a larger tier.", &image, 1),
        accept("traps", "The extension traps.", traps, 0),
        accept("operation-bundler", "The largest extension, in a larger tier.", larger, 1),
        case("circuit-constants-too-large", "A program that is larger than the tier has no constants.", ["PROVE-003"])
            .object(input(larger, 0))
            .derived_from("circuit-constants-operation-bundler", "set the tier to 0")
            .reject(Reject::CodeExceedsTier),
        case("circuit-constants-unknown-tier", "There is no tier after the last.", ["PROVE-005"])
            .object(input(&least, TIERS.len() as u32))
            .derived_from("circuit-constants-least", "set the tier to one more than the last")
            .reject(Reject::UnknownTier),
    ]
}
