//! The command as a user runs it: exit codes, what goes to which stream, and what is printed.

use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SORT: &str = "tests/extensions/sort/sort.wasm";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_middle-client"));
    command.args(arguments).current_dir(ROOT).stdin(Stdio::null());
    command.env("MIDDLE_CLIENT_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys"));
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The standard output of a command that succeeds and has nothing to complain about.
#[track_caller]
fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    text(&output.stdout)
}

/// The standard error of a command that fails with this code and prints no result.
#[track_caller]
fn failure(code: i32, arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    text(&output.stderr)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(arguments)).unwrap()
}

fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_dir_all(&path);
    let _ = fs::remove_file(&path);
    path
}

fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = scratch(name);
    fs::write(&path, content).unwrap();
    path.into_os_string().into_string().unwrap()
}

/// Adds the words of its input; traps if there are none; rejects if they add up to 7.
const ADDER: &str = r#"(module
    (import "middle" "input" (func $input (param i32) (result i64)))
    (import "middle" "input_len" (func $input_len (result i32)))
    (import "middle" "output" (func $output (param i32 i64)))
    (import "middle" "output_len" (func $output_len (param i32)))
    (import "middle" "post_state" (func $post_state (param i32 i64)))
    (func (export "run") (result i32) (local $word i32) (local $sum i64)
        (if (i32.eqz (call $input_len)) (then unreachable))
        (loop $next
            (local.set $sum (i64.add (local.get $sum) (call $input (local.get $word))))
            (local.set $word (i32.add (local.get $word) (i32.const 1)))
            (br_if $next (i32.lt_u (i32.shl (local.get $word) (i32.const 3)) (call $input_len))))
        (call $output (i32.const 0) (local.get $sum))
        (call $output_len (i32.const 8))
        (call $post_state (i32.const 0) (local.get $sum))
        (i64.eq (local.get $sum) (i64.const 7))))
"#;

fn adder(name: &str) -> String {
    file(&format!("{name}.wat"), ADDER)
}

#[test]
fn check_prints_a_summary() {
    insta::assert_snapshot!(stdout(&["wasm", "check", SORT]));
    assert_eq!(json(&["wasm", "check", SORT, "--json"])["functions"], 9);
}

#[test]
fn check_refuses_with_reason_and_offset() {
    let path = file("truncated.wasm", b"\0asm\x01\0\0\0\x01");
    let error = failure(1, &["wasm", "check", &path]);
    let (place, cause) = error.strip_prefix("error: ").unwrap().split_once(": ").unwrap();
    assert_eq!(place, path);
    insta::assert_snapshot!(cause);

    let output = run(&["wasm", "check", &path, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), error);
    let refusal: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(refusal["outcome"], "reject");
    assert_eq!(refusal["stage"], "malformed");
}

#[test]
fn modules_come_from_standard_input_too() {
    let mut child = command(&["wasm", "check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&fs::read(Path::new(ROOT).join(SORT)).unwrap()).unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), stdout(&["wasm", "check", SORT]));
}

#[test]
fn errors_name_place_and_cause() {
    let error = failure(1, &["wasm", "check", "no/such/file.wasm"]);
    assert!(error.starts_with("error: no/such/file.wasm: "), "{error}");
    let error = failure(1, &["wasm", "check", "src"]);
    assert!(error.starts_with("error: src: "), "{error}");
    let error = failure(1, &["wasm", "check", &file("wrong.wat", "(module\n  (func (i32.const)))")]);
    assert!(error.contains("wrong.wat:2:19"), "{error}");
    let error = failure(1, &["wasm", "check", &file("latin.wat", b"(module \xff)")]);
    assert!(error.contains("latin.wat: invalid utf-8 sequence"), "{error}");
    let error = failure(1, &["wasm", "run", SORT, "--input", "@no/such/input"]);
    assert!(error.starts_with("error: no/such/input: "), "{error}");
    let error = failure(1, &["wasm", "run", SORT, "--context", "00"]);
    assert!(error.starts_with("error: --context: inputs: context_length_mismatch at byte 0x1: "), "{error}");
    let error = failure(1, &["wasm", "run", SORT, "--input", &format!("@{}", file("long", vec![0; 131_073]))]);
    assert!(error.starts_with("error: --input: inputs: input_too_large at byte 0x20000: "), "{error}");
    let error = failure(1, &["wasm", "run", SORT, "--witness", &format!("@{}", file("longer", vec![0; 1_048_577]))]);
    assert!(error.starts_with("error: --witness: inputs: witness_too_large at byte 0x100000: "), "{error}");
    let error = failure(1, &["wasm", "lower", SORT, "--output", "no/such/directory/file"]);
    assert!(error.starts_with("error: no/such/directory/file: "), "{error}");
    let error = failure(1, &["vectors", "build", "--dir", SORT]);
    assert!(error.starts_with(&format!("error: {SORT}")), "{error}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [
        &["wasm"][..],
        &["wasm", "check"],
        &["wasm", "run", SORT, "--engine", "steam"],
        &["wasm", "run", SORT, "--cycle-limit", "-1"],
        &["wasm", "run", SORT, "--input", "0x123"],
        &["wasm", "run", SORT, "--witness", "xy"],
        &["wasm", "stats", SORT, "--tier", "tiny"],
        &["setup", "--tier", "tiny"],
        &["prove", SORT],
        &["prove", SORT, "--join", "--output", "proof.json"],
        &["prove", SORT, "--segment", "0"],
        &["prove", SORT, "--output", "proof.json", "--prover", "0x00"],
        &["prove", SORT, "--output", "proof.json", "--tier", "tiny"],
        &["verify", SORT],
        &["wast"],
        &["--more"],
        &["other"],
    ] {
        let error = failure(2, arguments);
        assert!(error.contains("error: ") || error.contains("Usage: "), "{arguments:?}: {error}");
    }
}

#[test]
fn lower_prints_a_listing() {
    let path = adder("lower");
    insta::assert_snapshot!(stdout(&["wasm", "lower", &path]));
    let result = json(&["wasm", "lower", &path, "--json"]);
    let encoding = scratch("lower.code");
    let written = stdout(&["wasm", "lower", &path, "--output", encoding.to_str().unwrap()]);
    let bytes = fs::read(encoding).unwrap();
    assert_eq!(result["encoding"], format!("0x{}", hex::encode(&bytes)));
    assert!(written.contains(result["commitment"].as_str().unwrap()), "{written}");
    let code = middle_client::canonical_code::CanonicalCode::from_bytes(&bytes).unwrap();
    assert_eq!(result["commitment"], format!("{:?}", code.commitment()));
    assert_eq!(result["words"], code.words.len());
}

#[test]
fn run_prints_the_outcome_of_both_engines() {
    let path = adder("run");
    let context = file("context", [vec![0; 224], vec![0x5a; 32]].concat());
    let context = format!("@{context}");
    for (name, input) in [("accepted", "0x0100000000000000ff"), ("rejected", "07"), ("trapped", "")] {
        let arguments = ["wasm", "run", &path, "--input", input, "--context", &context];
        insta::assert_snapshot!(format!("run_{name}"), stdout(&arguments));
        let mut results = ["code", "interpreter"].map(|engine| {
            json(&[arguments.as_slice(), &["--engine", engine, "--json"]].concat()).as_object().unwrap().clone()
        });
        assert!(results[0].remove("cycles").is_some());
        assert!(results[1].remove("instructions").is_some());
        assert_eq!(results[0], results[1]);
        assert_eq!(results[0]["outcome"], name);
    }
}

#[test]
fn run_reads_bytes_from_files() {
    let input = file("input", [3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]);
    let result = json(&["wasm", "run", SORT, "--input", &format!("@{input}"), "--json"]);
    assert_eq!(result["output"], "0x010000000200000003000000");
    assert_eq!(result, json(&["wasm", "run", SORT, "--input", "0x030000000200000001000000", "--json"]));
}

#[test]
fn limits_end_an_endless_loop() {
    let path = file("endless.wat", r#"(module (func (export "run") (result i32) (loop $l (br $l)) unreachable))"#);
    let result = json(&["wasm", "run", &path, "--cycle-limit", "1000", "--json"]);
    assert_eq!(result["trap"], "cycle_limit_exhausted");
    assert_eq!(result["cycles"], 1000);
    let error = failure(1, &["wasm", "run", &path, "--engine", "interpreter", "--cycle-limit", "1000"]);
    assert!(error.contains("endless.wat: the program did not end"), "{error}");
}

#[test]
fn stats_count_words_and_cycles() {
    let path = adder("stats");
    insta::assert_snapshot!(stdout(&["wasm", "stats", &path, "--input", "0x0100000000000000ff"]));
    let result = json(&["wasm", "stats", SORT, "--input", "0x030000000200000001000000", "--json"]);
    let sum = |prefix: &str| -> u64 {
        let fields = result.as_object().unwrap().iter();
        fields
            .filter(|(name, _)| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()))
            .map(|(_, v)| v.as_u64().unwrap())
            .sum()
    };
    assert_eq!(result["words"], sum("words"));
    assert_eq!(result["cycles"], sum("cycles"));

    // The proof: every chip's rows, and how full each segment is.
    assert_eq!(result["tier"], "small");
    let list = |name: &str| result[name].as_array().unwrap().clone();
    let add = list("chips").into_iter().find(|chip| chip["chip"] == "add").unwrap();
    assert!(add["used"].as_u64() > Some(0) && add["used"].as_u64() <= add["rows"].as_u64(), "{add}");
    assert_eq!(list("fill").len() as u64, result["segments"].as_u64().unwrap());
    let other = json(&["wasm", "stats", SORT, "--input", "0x030000000200000001000000", "--tier", "memory", "--json"]);
    assert_eq!([&other["tier"], &other["segments"]], [&Value::from("memory"), &Value::from(1)]);
}

/// A proof of the adder, from the command line to the verdict, in one process and in several.
#[test]
fn proofs_are_made_and_verified() {
    let setup = json(&["setup", "--json"]);
    assert_eq!([&setup["tier"], &setup["published"]], ["small", "the same key"]);
    assert!(setup["warning"].as_str().unwrap().contains("everybody can forge"), "{setup}");
    assert_eq!(json(&["setup", "--json"])["key"], "cached");

    let (path, output) = (adder("proved"), scratch("proof.json"));
    let output = output.to_str().unwrap();
    let prover = format!("0x{}", "70".repeat(20));
    let arguments = ["prove", &path, "--input", "0x0100000000000000ff", "--prover", &prover, "--segments", "2"];
    let proven = json(&[&arguments[..], &["--output", output, "--json"]].concat());
    assert_eq!([&proven["outcome"], &proven["tier"], &proven["prover"]], ["accepted", "small", &prover]);
    assert_eq!(proven["segments"], 2);
    let verified = json(&["verify", &path, output, "--json"]);
    assert_eq!(verified["proof"], "accepted");
    assert_eq!(verified["statementDigest"], proven["statementDigest"]);
    assert!(stdout(&["verify", &path, output]).starts_with("proof "));
    // Whoever knows what the statement has to be can say so.
    let digest = proven["statementDigest"].as_str().unwrap();
    json(&["verify", &path, output, "--statement-digest", digest, "--json"]);
    let error = failure(1, &["verify", &path, output, "--statement-digest", &format!("0x{}", "11".repeat(32))]);
    assert!(error.contains(&format!("the statement's digest is {digest}, not 0x1111")), "{error}");

    // Segment by segment, each in a process of its own.
    let (job, joined) = (scratch("job"), scratch("joined.json"));
    let (job, joined) = (job.to_str().unwrap(), joined.to_str().unwrap());
    let part = |more: &[&str]| json(&[&arguments[..], &["--job", job, "--json"], more].concat());
    let committed = part(&["--commit", "--segment", "0"]);
    assert_eq!(committed["committed"], serde_json::json!([0]));
    assert!(committed["warning"].as_str().unwrap().contains("everybody can forge"), "{committed}");
    let error = failure(1, &[&arguments[..], &["--job", job, "--segment", "0"]].concat());
    assert!(error.contains("commitment-1"), "{error}");
    let error = failure(1, &["prove", &path, "--input", "02", "--segments", "2", "--job", job, "--commit"]);
    assert!(error.contains("statement: is another than"), "{error}");
    part(&["--commit", "--segment", "1"]);
    // No segment is proven beside a commitment of somebody else, its own or another's.
    let commitment = |index: u32| std::path::Path::new(job).join(format!("commitment-{index}"));
    let second = fs::read(commitment(1)).unwrap();
    fs::copy(commitment(0), commitment(1)).unwrap();
    for segment in ["0", "1"] {
        let error = failure(1, &[&arguments[..], &["--job", job, "--segment", segment]].concat());
        assert!(error.contains("commitment-1: nobody who knows the secret has written it"), "{error}");
    }
    fs::write(commitment(1), second).unwrap();
    // A secret that others can read is not used.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let set = |mode| fs::set_permissions(format!("{job}/secret"), fs::Permissions::from_mode(mode)).unwrap();
        set(0o640);
        let error = failure(1, &[&arguments[..], &["--job", job, "--segment", "0"]].concat());
        assert!(error.contains("secret: others may read it"), "{error}");
        set(0o600);
    }
    for segment in ["0", "1"] {
        part(&["--segment", segment]);
    }
    assert_eq!(part(&["--join", "--output", joined])["statementDigest"], proven["statementDigest"]);
    json(&["verify", &path, joined, "--json"]);

    // Each fault has its place and reason.
    let text = fs::read_to_string(output).unwrap();
    let fibonacci = "tests/extensions/fibonacci/fibonacci.wasm";
    let error = failure(1, &["verify", fibonacci, output]);
    assert!(error.contains("proof.json: relation: code_commitment_mismatch"), "{error}");
    let changed = |name: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        failure(1, &["verify", &path, &file(name, text.replacen(from, to, 1))])
    };
    let error = changed("other-prover.json", &prover[2..], &"71".repeat(20));
    assert!(error.contains("other-prover.json: verification: sum_mismatch"), "{error}");
    let error = changed("other-format.json", "middle-client proof", "other proof");
    assert!(error.contains("proof_file_malformed"), "{error}");
    let refusal = run(&["verify", fibonacci, output, "--json"]);
    assert_eq!(refusal.status.code(), Some(1));
    let refusal: Value = serde_json::from_slice(&refusal.stdout).unwrap();
    assert_eq!([&refusal["outcome"], &refusal["reason"]], ["reject", "code_commitment_mismatch"]);
    let other_key = file("other.key", "no key");
    let refusal = run(&["verify", &path, output, "--key", &other_key, "--json"]);
    assert_eq!(refusal.status.code(), Some(1));
    let refusal: Value = serde_json::from_slice(&refusal.stdout).unwrap();
    assert_eq!([&refusal["outcome"], &refusal["reason"]], ["reject", "proof_length_mismatch"]);
    let empty = scratch("no-keys");
    let error = failure(1, &["verify", &path, output, "--cache", empty.to_str().unwrap()]);
    assert!(error.contains("run `middle-client setup --tier small`"), "{error}");
}

/// What is not judged by a rule is an object, too: a proof of another statement, and one whose key is not there.
#[test]
fn proofs_that_no_rule_judges_are_reported() {
    let vectors = fs::read_to_string(Path::new(ROOT).join("vectors/v1/proving/accept.json")).unwrap();
    let vectors: Value = serde_json::from_str(&vectors).unwrap();
    let proof = |id: &str| {
        let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap();
        file(&format!("{id}.json"), case["input"]["text"].as_str().unwrap())
    };
    let (universal, custom, empty) = (proof("proving-file-one"), proof("proving-file-custom"), scratch("nothing"));
    let (empty, digest) = (empty.to_str().unwrap(), format!("0x{}", "11".repeat(32)));
    let no_key = file("no-key.json", "{}");
    for (arguments, outcome, reason, detail) in [
        (vec![&universal[..], "--statement-digest", &digest], "reject", Value::Null, "the statement's digest is 0x"),
        (vec![&universal, "--cache", empty], "unknown", Value::Null, "run `middle-client setup --tier small`"),
        (vec![&custom], "unknown", Value::Null, "--key-hash"),
        (vec![&custom, "--custom", &no_key, "--key-hash", &digest], "reject", "key_file_malformed".into(), "format"),
    ] {
        let arguments = [vec!["verify", "tests/extensions/fibonacci/fibonacci.wasm"], arguments].concat();
        let error = failure(1, &arguments);
        let output = run(&[&arguments[..], &["--json"]].concat());
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), error));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&report["outcome"], &report["reason"]), (&outcome.into(), &reason), "{report}");
        assert!(report["detail"].as_str().unwrap().contains(detail), "{report}");
        let fields: Vec<&String> = report.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["detail", "offset", "outcome", "reason", "stage"]);
    }
}

/// Custom mode, from the setup to the verdict: who can forge is said wherever such a key is used.
#[test]
fn an_extension_has_a_key_of_its_own() {
    let (path, key, output) = (adder("custom"), scratch("key.json"), scratch("custom-proof.json"));
    let (key, output) = (key.to_str().unwrap(), output.to_str().unwrap());
    let warned = |report: &Value| {
        assert!(report["customWarning"].as_str().unwrap().contains("whoever ran the setup"), "{report}");
        assert!(report["warning"].as_str().unwrap().contains("everybody can forge"), "{report}");
        assert_eq!(report["tier"], "custom");
    };
    let sample = "0x0100000000000000ff";
    let setup = json(&["setup", "--custom", &path, "--sample", sample, "--sample", "02,03", "--output", key, "--json"]);
    warned(&setup);
    let hash = setup["keyHash"].as_str().unwrap();
    let file: Value = serde_json::from_str(&fs::read_to_string(key).unwrap()).unwrap();
    assert_eq!([&file["keyHash"], &file["insecure"]], [&Value::from(hash), &Value::from(true)]);
    assert!(file["warning"].as_str().unwrap().contains("can forge"), "{file}");

    let proven = json(&["prove", &path, "--input", sample, "--custom", key, "--output", output, "--json"]);
    warned(&proven);
    assert!(fs::read_to_string(output).unwrap().contains("can forge"));
    let verified = json(&["verify", &path, output, "--custom", key, "--key-hash", hash, "--json"]);
    warned(&verified);
    assert_eq!([&verified["proof"], &verified["outcome"]], ["accepted", "accepted"]);
    let text = stdout(&["verify", &path, output, "--custom", key, "--key-hash", hash]);
    assert!(text.contains("whoever ran the setup of this custom key can forge"), "{text}");

    // What no number of segments that is declared suffices for is refused without the key.
    let error = failure(
        1,
        &["prove", &path, "--input", &"ff".repeat(20_000), "--custom", key, "--segments", "1", "--output", output],
    );
    assert!(error.contains("segments, declared are 1"), "{error}");
    // A directory of a proof under another key has commitments that would tell more together than each alone.
    let job = scratch("custom-job");
    let part = ["prove", &path, "--input", sample, "--job", job.to_str().unwrap(), "--commit"];
    failure(2, &[&part[..], &["--custom", key, "--tier", "small"]].concat());
    json(&[&part[..], &["--custom", key, "--json"]].concat());
    let second = scratch("second-key.json");
    let second = second.to_str().unwrap();
    json(&["setup", "--custom", &path, "--sample", &"01".repeat(24), "--output", second, "--json"]);
    let error = failure(1, &[&part[..], &["--custom", second]].concat());
    assert!(error.contains("key: is another than"), "{error}");
    let error = failure(1, &["verify", &path, output]);
    assert!(error.contains("--key-hash"), "{error}");
    let other = format!("0x{}", "00".repeat(32));
    let error = failure(1, &["verify", &path, output, "--custom", key, "--key-hash", &other]);
    assert!(error.contains("key.json: verification: other_key"), "{error}");
    let fibonacci = "tests/extensions/fibonacci/fibonacci.wasm";
    let error = failure(1, &["verify", fibonacci, output, "--custom", key, "--key-hash", hash]);
    assert!(error.contains("capacities_unsuited"), "{error}");
    let error = failure(1, &["prove", fibonacci, "--custom", key, "--output", output]);
    assert!(error.contains("capacities_unsuited"), "{error}");
    failure(2, &["verify", &path, output, "--custom", key]);
    failure(2, &["setup", "--custom", &path]);
    failure(2, &["setup", "--custom", &path, "--tier", "small", "--output", key]);
    failure(2, &["setup", "--custom", &path, "--sample", "zz", "--output", key]);
    failure(2, &["setup", "--custom", &path, "--sample", "00,00,00,00", "--output", key]);
}

/// What can be known without a key is refused without one.
#[test]
fn what_cannot_be_proven_says_why() {
    let (path, output) = (adder("unproven"), scratch("unproven.json"));
    let output = output.to_str().unwrap();
    let failed = |more: &[&str]| failure(1, &[&["prove", &path, "--output", output], more].concat());
    let error = failed(&["--context", "00"]);
    assert!(error.contains("context_length_mismatch"), "{error}");
    let bundler = "tests/extensions/operation_bundler/operation_bundler.wasm";
    let error = failure(1, &["prove", bundler, "--output", output, "--tier", "small"]);
    assert!(error.contains("code_exceeds_tier"), "{error}");
    let fibonacci = "tests/extensions/fibonacci/fibonacci.wasm";
    let input = ["--input", "0xffff000000000000", "--tier", "small", "--segments", "1"];
    let error = failure(1, &[&["prove", fibonacci, "--output", output], &input[..]].concat());
    assert!(error.contains("segments, declared are 1"), "{error}");
    assert!(!Path::new(output).exists());
}

#[test]
fn vectors_are_built_and_checked() {
    // Without a command the vectors are built below the current directory, all of them here.
    let home = scratch("home");
    fs::create_dir_all(&home).unwrap();
    let output = command(&[]).current_dir(&home).output().unwrap();
    let built = text(&output.stdout);
    assert!(built.starts_with("file  ") && built.contains("\nadded canonical-code-"), "{built}");
    assert!(!built.contains("nothing changed"), "{built}");
    let target = home.join("vectors");
    let dir = target.to_str().unwrap();

    let path = target.join("v1/profile/accept.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replacen("\"codeHash\": \"0x", "\"codeHash\": \"0x1", 1))
        .unwrap();
    let output = run(&["vectors", "check", "--dir", dir]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).ends_with(" differences\n"));
    assert!(text(&output.stderr).contains("error: v1/profile/accept.json: profile-minimal.expect.codeHash: expected"));
}

#[test]
fn help_has_examples() {
    for path in [
        "",
        "vectors build",
        "vectors check",
        "wasm check",
        "wasm lower",
        "wasm run",
        "wasm stats",
        "wast",
        "setup",
        "prove",
        "verify",
        "operation encode",
        "operation decode",
        "operation hash",
        "operation sign",
        "post-operation encode",
        "post-operation decode",
        "post-operation hash",
        "post-operation sign",
        "registry id",
        "extension onboard",
        "leader",
        "simulate",
    ] {
        let arguments: Vec<&str> = path.split(' ').filter(|word| !word.is_empty()).chain(["--help"]).collect();
        let help = stdout(&arguments);
        assert!(help.contains("Examples:") && help.contains("middle-client"), "{help}");
    }
}

/// Whoever closes the pipe early gets no error, on either stream.
#[test]
fn a_broken_pipe_is_no_panic() {
    for arguments in [&["wasm", "lower", SORT][..], &["wasm", "lower", SORT, "--json"], &["--help"]] {
        let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(errors, "", "{arguments:?}");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}

/// Encoding, decoding, hashing and signing fit together, and what is wrong has its reason.
#[test]
fn operations_are_encoded_hashed_and_signed() {
    let vectors: Value =
        serde_json::from_str(&fs::read_to_string(Path::new(ROOT).join("vectors/v1/operation/accept.json")).unwrap())
            .unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["id"] == "operation-decode-plain").unwrap();
    let (encoding, expect) = (case["input"]["encoding"].as_str().unwrap(), &case["expect"]);
    let contract = case["input"]["consensusContract"].as_str().unwrap();
    assert_eq!(json(&["operation", "decode", encoding]), expect["operation"]);
    let plain = file("operation.json", expect["operation"].to_string());
    assert_eq!(stdout(&["operation", "encode", &plain]).trim(), encoding);
    let hashes = json(&["operation", "hash", &plain, "--contract", contract]);
    for name in ["domainSeparator", "hash", "wireHash"] {
        assert_eq!(hashes[name], expect[name], "{name}");
    }
    let key = file("key", format!("0x{}\n", "11".repeat(32)));
    let signed = json(&["operation", "sign", &plain, "--contract", contract, "--key", &key]);
    assert_ne!(signed["signature"], expect["operation"]["signature"]);
    let signed = file("signed.json", signed.to_string());
    assert_eq!(json(&["operation", "hash", &signed, "--contract", contract])["hash"], expect["hash"]);
    assert!(failure(1, &["operation", "decode", "0x02c0"]).contains("envelope_unknown"));
    assert!(failure(2, &["operation", "hash", &plain, "--contract", "0x12"]).contains("--contract"));
    assert!(failure(1, &["operation", "encode", &file("no.json", "{}")]).contains("is missing"));
}

#[test]
fn scenarios_end_with_the_verdicts_of_the_invariants() {
    let scenario = "tests/scenarios/whole-flow.json";
    let lines = stdout(&["simulate", scenario]);
    assert!(lines.contains("settles") && lines.contains("ok     value is conserved") && !lines.contains("FAILED"));
    let outcome = json(&["simulate", scenario, "--json"]);
    assert!(lines.contains(outcome["digest"].as_str().unwrap()));
    let good = fs::read_to_string(Path::new(ROOT).join(scenario)).unwrap();
    let wrong = file("wrong-scenario.json", good.replace("\"settled\": \"0x4\"", "\"settled\": \"0x5\""));
    let output = run(&["simulate", &wrong]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("FAILED as many Operations are settled as expected"));
}

/// What a prover signs, from files; a wrong key is told without being shown.
#[test]
fn results_are_hashed_and_signed() {
    let vectors: Value = serde_json::from_str(
        &fs::read_to_string(Path::new(ROOT).join("vectors/v1/post_operation/accept.json")).unwrap(),
    )
    .unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["id"] == "post-operation-check-accepted").unwrap();
    let decoded = |name: &str, bytes: &Value| json(&[name, "decode", bytes.as_str().unwrap()]);
    let operation = decoded("operation", &case["input"]["operation"]);
    let mut result = decoded("post-operation", &case["input"]["postOperation"]);
    let signature = result["proverSignature"].take();
    result["proverSignature"] = "0x".into();
    let operation = file("its-operation.json", operation.to_string());
    let view = file("view.json", case["input"]["view"].to_string());
    let result = file("result.json", result.to_string());
    let hashes = json(&["post-operation", "hash", &result, "--operation", &operation, "--view", &view]);
    for name in ["resultId", "statement", "statementDigest", "signingHash"] {
        assert_eq!(hashes[name], case["expect"][name], "{name}");
    }
    let secret = middle_client::notation::keccak256("middle-client vectors v1 insecure prover");
    let key = file("prover-key", secret.to_string());
    let sign = ["post-operation", "sign", &result, "--operation", &operation, "--view", &view, "--key"];
    assert_eq!(json(&[&sign[..], &[&key]].concat())["proverSignature"], signature);
    let told = failure(1, &[&sign[..], &[&file("wrong-key", "0x1234")]].concat());
    assert!(told.contains("no secret key") && !told.contains("1234"), "{told}");
    assert!(failure(2, &["post-operation", "hash", &result, "--view", &view]).contains("--operation"));
}
