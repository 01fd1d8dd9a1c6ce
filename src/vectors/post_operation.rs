//! Cases of the format `post_operation`: encodings, statements, checks. The segments of their proofs are no proofs; where
//! a proof is checked, the case states the verdict.

use super::bytes::{self, Blobs};
use super::evaluate::Stop;
use super::fixture::{
    SLOT, account, block_hash, extension, field, items, list, operation, post_operation, sign, verdict, view, with_item,
};
use super::json::{Fault, Json, Node, digest, hex};
use super::{Case, Draft, case};
use crate::notation::{B256, Reject};
use crate::operation::{Block, ChainView, ExtensionView, Operation};
use crate::post_operation::{MAX_POST_OPERATION_BYTES, PostOperation, check, needs_renewal};
use crate::proving::CUSTOM_TIER;
use crate::registry::MODE_CUSTOM;
use serde_json::{Value, json};

pub(super) fn evaluate(input: &Value) -> Result<Value, Stop> {
    let node = Node::new("input", input);
    match node.field("kind")?.text()? {
        "decode" => {
            node.only(&["encoding", "kind"])?;
            let encoding = bytes::from_json(&node.field("encoding")?, &Blobs::new())?;
            let post_operation = PostOperation::from_bytes(&encoding)?;
            let fields = post_operation.to_json();
            Ok(json!({
                "outcome": "accept",
                "stage": "encoding",
                "resultId": hex(post_operation.result_id()),
                "digest": hex(digest(&fields)),
                "postOperation": if encoding.len() > 4_096 { Value::Null } else { fields },
            }))
        }
        "check" => {
            node.only(&["kind", "operation", "postOperation", "proofVerdict", "view"])?;
            let view: ChainView = field(&node, "view")?;
            let operation = Operation::from_bytes(&node.field("operation")?.hex()?)?;
            let post_operation = PostOperation::from_bytes(&node.field("postOperation")?.hex()?)?;
            let verdict = verdict(&node.field("proofVerdict")?)?;
            let statement = check(&operation, &post_operation, &view, &|_, _| verdict.clone())?;
            Ok(json!({
                "outcome": "accept",
                "stage": "post-operation",
                "statement": hex(statement.to_bytes()),
                "statementDigest": hex(statement.digest()),
                "signingHash": hex(post_operation.signing_hash(&statement, view.consensus_contract)),
                "resultId": hex(post_operation.result_id()),
                "needsRenewal": needs_renewal(post_operation.stamp_hash, &view),
            }))
        }
        _ => Err(Fault::new("input.kind", "is unknown").into()),
    }
}

/// The cases, each refused one after the accepted ones.
pub fn cases() -> Vec<Case> {
    [decoding(), refused_encodings(), checks(), refused()].concat()
}

fn decode(name: &str, description: &str, rules: &[&str], encoding: &[u8]) -> Draft {
    case(&format!("post-operation-decode-{name}"), description, rules).object(json!({
        "kind": "decode",
        "encoding": bytes::to_json(encoding, "bin", &mut Blobs::new()),
    }))
}

fn target() -> Operation {
    operation("alice", 0, |_| ())
}

/// A PostOperation about the target, changed before its prover signs.
fn result(change: impl FnOnce(&mut PostOperation)) -> PostOperation {
    post_operation(&target(), "prover", &view(), change)
}

/// A PostOperation whose only segment has this length.
fn with_segment(bytes: usize) -> Vec<u8> {
    let mut post_operation = result(|_| ());
    post_operation.proof.segments = vec![vec![0x5e; bytes].into()];
    post_operation.to_bytes()
}

/// The length of the segment of the largest proof: type, tier and two headers of three bytes, and the header of the proof.
const LARGEST_SEGMENT: usize = 65_536 - 11;

const DECODING: [&str; 4] = ["POST-001", "POST-002", "POST-003", "POST-004"];

fn decoding() -> Vec<Case> {
    let accept = |name: &str, description: &str, change: fn(&mut PostOperation)| {
        decode(name, description, &[&DECODING[..], &["POST-007"]].concat(), &result(change).to_bytes()).accept()
    };
    let same = |name: &str, description: &str, change: fn(&mut PostOperation)| {
        accept(name, description, change).stating("resultId", hex(result(|_| ()).result_id()))
    };
    vec![
        accept("accepted", "An accepted result.", |_| ()),
        accept("rejected", "A rejection with its code.", |it| (it.outcome, it.code) = (1, u32::MAX)),
        accept("trapped", "A trap with its code.", |it| (it.outcome, it.code, it.output) = (2, 11, Default::default())),
        accept("no-segments", "How many segments there are is checked with the statement.", |it| {
            it.proof.segments.clear()
        }),
        same("other-prover", "The prover is not in the result id.", |it| it.prover = account("bob")),
        same("other-proof", "The proof is not in the result id.", |it| it.proof.segments.push(vec![1].into())),
        same("other-stamp", "The stamp is not in the result id.", |it| it.stamp_hash = B256::ZERO),
        decode("largest-proof", "The largest proof.", &DECODING, &with_segment(LARGEST_SEGMENT)).accept(),
    ]
}

fn refused_encodings() -> Vec<Case> {
    let good = result(|_| ()).to_bytes()[1..].to_vec();
    let fields = items(&good);
    let refuse = |name: &str, rule: &str, mutation: &str, list: Vec<u8>, reason| {
        decode(name, "A PostOperation has one encoding.", &[rule], &[vec![2], list].concat())
            .derived_from("post-operation-decode-accepted", mutation)
            .reject(reason)
    };
    let outcome = |name: &str, mutation: &str, outcome: u8, code: u32| {
        let post_operation = result(|it| (it.outcome, it.code) = (outcome, code));
        refuse(name, "POST-004", mutation, post_operation.to_bytes()[1..].to_vec(), Reject::OutcomeUnknown)
    };
    let proof = fields[9].clone();
    vec![
        decode("type-1", "An Operation's type.", &["POST-001"], &[vec![1], good.clone()].concat())
            .derived_from("post-operation-decode-accepted", "set the type to 1")
            .reject(Reject::EnvelopeUnknown),
        refuse("item-missing", "OP-002", "remove the signature", list(&fields[..11]), Reject::RlpLengthMismatch),
        refuse(
            "segments-string",
            "OP-003",
            "make the segments a string",
            with_item(&good, 9, with_item(&proof, 2, vec![0x80])),
            Reject::RlpUnexpectedKind,
        ),
        refuse(
            "code-33-bits",
            "OP-005",
            "set the code to 2^32",
            with_item(&good, 3, vec![0x85, 1, 0, 0, 0, 0]),
            Reject::RlpFieldLength,
        ),
        refuse(
            "cycles-zero-byte",
            "OP-004",
            "write the cycles as a zero byte",
            with_item(&good, 7, vec![0]),
            Reject::RlpNotCanonical,
        ),
        outcome("accepted-code", "set the code to 1", 0, 1),
        outcome("rejected-0", "set the outcome to 1", 1, 0),
        outcome("trapped-0", "set the outcome to 2", 2, 0),
        outcome("trapped-14", "set the outcome to 2 and the code to 14", 2, 14),
        outcome("outcome-3", "set the outcome to 3", 3, 0),
        decode("proof-too-large", "The proof has a byte too many.", &["POST-003"], &with_segment(LARGEST_SEGMENT + 1))
            .derived_from("post-operation-decode-largest-proof", "lengthen the segment by a byte")
            .reject(Reject::ProofTooLarge),
        decode("too-large", "Too long to be read.", &["POST-002"], &vec![2; MAX_POST_OPERATION_BYTES + 1])
            .derived_from("post-operation-decode-accepted", "lengthen it to 132,097 bytes")
            .reject(Reject::PostOperationTooLarge),
    ]
}

fn checked(name: &str, description: &str, rules: &[&str], post_operation: &PostOperation, view: &ChainView) -> Case {
    checked_with(name, description, rules, &target(), post_operation, view, "valid").accept()
}

fn checked_with(
    name: &str,
    description: &str,
    rules: &[&str],
    operation: &Operation,
    post_operation: &PostOperation,
    view: &ChainView,
    verdict: &str,
) -> Draft {
    case(&format!("post-operation-check-{name}"), description, rules).object(json!({
        "kind": "check",
        "operation": hex(operation.to_bytes()),
        "postOperation": hex(post_operation.to_bytes()),
        "proofVerdict": verdict,
        "view": view.to_json(),
    }))
}

const CHECKS: [&str; 7] = ["POST-005", "POST-006", "POST-007", "POST-008", "POST-009", "POST-011", "POST-012"];

/// An Operation for the extension that reads a witness.
fn private() -> Operation {
    operation("alice", 0, |it| it.extension_id = extension("private"))
}

/// A result of 240 segments, and output of so many bytes, of an Operation with this gas limit and so many bytes of data.
fn of_size(name: &str, gas_limit: u64, data: usize, output: usize) -> Draft {
    let operation = operation("alice", 0, |it| (it.gas_limit, it.data) = (gas_limit, vec![1; data].into()));
    let result = post_operation(&operation, "prover", &view(), |it| {
        (it.proof.segments, it.output) = (vec![vec![0].into(); 240], vec![1; output].into());
    });
    checked_with(name, "As much as a transaction can carry.", &["POST-016"], &operation, &result, &view(), "valid")
}

/// The chain with the extension in custom mode.
fn custom() -> ChainView {
    let mut view = view();
    let known = ExtensionView { mode: MODE_CUSTOM, ..view.extensions[&extension("one")].clone() };
    view.extensions.insert(extension("one"), known);
    view
}

fn checks() -> Vec<Case> {
    let renewal = |name: &str, description: &str, age: u64, renew: bool| {
        let mut view = view();
        let stamp = block_hash(SLOT - age);
        view.blocks.insert(stamp, Block { number: SLOT - age, slot: SLOT - age, canonical: true });
        let post_operation = post_operation(&target(), "prover", &view, |it| it.stamp_hash = stamp);
        checked(name, description, &["POST-011", "POST-013"], &post_operation, &view).stating("needsRenewal", renew)
    };
    let private_result = post_operation(&private(), "prover", &view(), |_| ());
    vec![
        checked("accepted", "An accepted result, honestly proven.", &CHECKS, &result(|_| ()), &view()),
        checked(
            "rejected",
            "Extensions without witness have unique results.",
            &CHECKS,
            &result(|it| {
                (it.outcome, it.code, it.post_root) = (1, 7, it.pre_root);
            }),
            &view(),
        ),
        checked(
            "trapped",
            "A trap is a result.",
            &CHECKS,
            &result(|it| {
                (it.outcome, it.code, it.output, it.post_root) = (2, 1, Default::default(), it.pre_root);
            }),
            &view(),
        ),
        checked_with(
            "witness",
            "An extension that reads a witness has accepted.",
            &["POST-010"],
            &private(),
            &private_result,
            &view(),
            "valid",
        )
        .accept(),
        of_size("largest", 100_000, 3, 6).accept(),
        checked(
            "custom",
            "An extension in custom mode.",
            &["POST-017"],
            &result(|it| it.proof.tier = CUSTOM_TIER),
            &custom(),
        ),
        of_size("largest-gas", 100_572, 0, 0).accept(),
        renewal("stamp-4", "A stamp 4 blocks old.", 4, false),
        renewal("stamp-5", "A stamp to renew.", 5, true),
        renewal("stamp-9", "The oldest stamp.", 9, true),
    ]
}

fn refused() -> Vec<Case> {
    let refuse = |name: &str, rule: &str, mutation: &str, post_operation: PostOperation, reason| {
        checked_with(name, "A PostOperation with one fault.", &[rule], &target(), &post_operation, &view(), "valid")
            .derived_from("post-operation-check-accepted", mutation)
            .reject(reason)
    };
    let with_view = |name: &str, rule: &str, mutation: &str, change: fn(&mut ChainView), reason| {
        let mut view = view();
        change(&mut view);
        checked_with(name, "What the node knows decides.", &[rule], &target(), &result(|_| ()), &view, "valid")
            .derived_from("post-operation-check-accepted", mutation)
            .reject(reason)
    };
    let mut other_signer = result(|_| ());
    other_signer.prover_signature = sign("bob", B256::ZERO);
    let mut stolen = result(|_| ());
    stolen.prover = account("bob");
    let mut moved = result(|_| ());
    moved.stamp_hash = block_hash(SLOT - 1);
    let mut other_bytes = result(|_| ());
    other_bytes.proof.segments = vec![vec![1].into()];
    let mut unsigned_tier = result(|it| it.proof.tier = CUSTOM_TIER);
    unsigned_tier.prover_signature = sign("bob", B256::ZERO);
    let mut short = result(|_| ());
    short.prover_signature = Default::default();
    let mut of_contract = result(|_| ());
    of_contract.prover_signature = [&[1], &of_contract.prover_signature[1..]].concat().into();
    let garbage = post_operation(&private(), "prover", &view(), |it| {
        (it.outcome, it.code, it.post_root) = (1, 7, it.pre_root);
    });
    vec![
        refuse(
            "other-hash",
            "POST-008",
            "name another Operation",
            result(|it| it.operation_hash = B256::ZERO),
            Reject::OtherOperation,
        ),
        refuse(
            "other-extension",
            "POST-008",
            "name another extension",
            result(|it| it.extension_id = extension("two")),
            Reject::OtherOperation,
        ),
        refuse(
            "type-0",
            "POST-009",
            "set the proof type to 0",
            result(|it| it.proof.proof_type = 0),
            Reject::ProofTypeUnknown,
        ),
        refuse(
            "type-2",
            "POST-009",
            "set the proof type to 2",
            result(|it| it.proof.proof_type = 2),
            Reject::ProofTypeUnknown,
        ),
        refuse(
            "tier-unknown",
            "POST-015",
            "name a tier that there is not",
            result(|it| it.proof.tier = 1_000_000),
            Reject::ProofTierUnknown,
        ),
        with_view(
            "type-other",
            "POST-009",
            "register the extension with proof system 2",
            |view| {
                let two = ExtensionView { proof_system: 2, ..view.extensions[&extension("one")].clone() };
                view.extensions.insert(extension("one"), two);
            },
            Reject::ProofTypeMismatch,
        ),
        refuse(
            "custom-tier",
            "POST-017",
            "set the tier to 4,294,967,295",
            result(|it| it.proof.tier = CUSTOM_TIER),
            Reject::TierMismatch,
        ),
        checked_with(
            "custom-other-tier",
            "An extension in custom mode.",
            &["POST-017"],
            &target(),
            &result(|_| ()),
            &custom(),
            "valid",
        )
        .derived_from("post-operation-check-custom", "set the tier to 1")
        .reject(Reject::TierMismatch),
        checked_with(
            "custom-tier-unsigned",
            "What nobody has signed counts against nobody as a proof.",
            &["POST-006", "POST-017"],
            &target(),
            &unsigned_tier,
            &view(),
            "valid",
        )
        .derived_from("post-operation-check-accepted", "set the tier to 4,294,967,295, and let another account sign")
        .reject(Reject::SignatureWrongSigner),
        of_size("too-large", 100_000, 4, 6)
            .derived_from("post-operation-check-largest", "append a byte to the Operation's data")
            .reject(Reject::ProofTooLarge),
        of_size("too-large-output", 100_000, 3, 7)
            .derived_from("post-operation-check-largest", "append a byte to the output")
            .reject(Reject::ProofTooLarge),
        of_size("too-large-gas", 100_573, 0, 0)
            .derived_from("post-operation-check-largest-gas", "raise gas_limit by one")
            .reject(Reject::ProofTooLarge),
        checked_with(
            "witness-rejected",
            "Anybody can feed garbage.",
            &["POST-010"],
            &private(),
            &garbage,
            &view(),
            "valid",
        )
        .derived_from("post-operation-check-witness", "reject, with the pre-state root")
        .reject(Reject::WitnessRefusal),
        with_view(
            "stamp-unknown",
            "POST-011",
            "forget the stamp's block",
            |view| {
                view.blocks.remove(&block_hash(SLOT));
            },
            Reject::StampUnknown,
        ),
        with_view(
            "stamp-orphaned",
            "POST-011",
            "orphan the stamp's block",
            |view| {
                view.blocks.insert(block_hash(SLOT), Block { number: SLOT, slot: SLOT, canonical: false });
            },
            Reject::StampOrphaned,
        ),
        with_view(
            "stamp-10",
            "POST-011",
            "move the head on by ten blocks",
            |view| view.head_number += 10,
            Reject::StampTooOld,
        ),
        refuse(
            "no-segments",
            "POST-005",
            "remove the segment",
            result(|it| it.proof.segments.clear()),
            Reject::StatementSegmentsOutOfRange,
        ),
        refuse(
            "no-cycles",
            "POST-005",
            "set the cycles to 0",
            result(|it| it.cycles = 0),
            Reject::StatementCyclesOutOfRange,
        ),
        refuse(
            "state-changed",
            "POST-005",
            "reject, with another root",
            result(|it| (it.outcome, it.code) = (1, 7)),
            Reject::StatementStateChanged,
        ),
        refuse("signature-short", "POST-006", "remove the signature", short, Reject::SignatureLength),
        refuse("signature-kind", "OP-027", "set the signature's kind to 1", of_contract, Reject::SignatureKind),
        refuse("signature-other", "POST-006", "take another's signature", other_signer, Reject::SignatureWrongSigner),
        refuse(
            "prover-changed",
            "POST-006",
            "name another prover, with the old signature",
            stolen,
            Reject::SignatureWrongSigner,
        ),
        refuse(
            "stamp-changed",
            "POST-006",
            "name another stamp, with the old signature",
            moved,
            Reject::SignatureWrongSigner,
        ),
        refuse(
            "proof-changed",
            "POST-006",
            "change the proof, with the old signature",
            other_bytes,
            Reject::SignatureWrongSigner,
        ),
        checked_with(
            "proof-invalid",
            "The proof does not verify.",
            &["POST-012"],
            &target(),
            &result(|_| ()),
            &view(),
            "invalid",
        )
        .derived_from("post-operation-check-accepted", "state the other verdict")
        .reject(Reject::ProofInvalid),
    ]
}
