//! Writes the first corpora from the vectors: each case by itself, its module and its canonical code.

use middle_client::canonical_code::lower;
use middle_client::profile::load;
use middle_client::vectors::{Blobs, Format, Subject, evaluate, parse, sha256};
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

/// Longer ones, mostly cases at limits, slow a fuzzer down more than they show it.
const MAX_SEED_BYTES: usize = 16_384;
/// Nor is there time in a minute for cases that take longer, some hundred proofs and scenarios: a sanitizer makes it ten
/// times as much.
const MAX_SEED_TIME: Duration = Duration::from_millis(4);

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = root.join("../vectors/v1");
    let mut blobs = Blobs::new();
    for entry in fs::read_dir(vectors.join("blobs"))? {
        let entry = entry?;
        blobs.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
    }
    let write = |target: &str, name: &str, bytes: &[u8]| -> io::Result<()> {
        if bytes.len() > MAX_SEED_BYTES {
            return Ok(());
        }
        let directory = root.join("corpus").join(target);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(name), bytes)
    };
    let mut cases = 0;
    for format in Format::ALL {
        let name = format.name();
        let is_target = |target: &String| root.join(format!("fuzz_targets/{target}.rs")).exists();
        let names = ["bytes", "json", "events", "sequences", "calls"].map(|kind| format!("{name}_{kind}"));
        let targets: Vec<String> = names.into_iter().filter(is_target).collect();
        for file in ["accept.json", "ignore.json", "reject.json"] {
            let path = vectors.join(format.name()).join(file);
            // Only a format that ignores something has cases that are ignored.
            if !path.exists() {
                continue;
            }
            let text = fs::read(&path)?;
            let values: serde_json::Value = serde_json::from_slice(&text)?;
            let (_, stored) = parse(file, &text).map_err(|fault| fault.to_string())?;
            for (case, value) in stored.iter().zip(values["cases"].as_array().ok_or("a file of cases has cases")?) {
                cases += 1;
                let alone = serde_json::json!({
                    "format": values["format"], "version": values["version"], "cases": [value],
                });
                let input = case.input(&blobs).map_err(|fault| fault.to_string())?;
                let start = Instant::now();
                let _ = evaluate(format, &input, &mut blobs.clone());
                if longest_pattern(value) <= MAX_SEED_BYTES as u64 && start.elapsed() < MAX_SEED_TIME {
                    write("vectors_json", &case.id, alone.to_string().as_bytes())?;
                }
                match input.subject {
                    Subject::Module(wasm) => {
                        write("profile_bytes", &case.id, &wasm)?;
                        write("execution_bytes", &case.id, &wasm)?;
                        write("canonical_code_differential", &case.id, &wasm)?;
                        if let Ok(code) = load(&wasm).and_then(|module| lower(&module)) {
                            write("canonical_code_bytes", &case.id, &code.to_bytes())?;
                        }
                    }
                    Subject::Code(code) => write("canonical_code_bytes", &case.id, &code)?,
                    Subject::Object(input) => {
                        for bytes in encodings(&input) {
                            for target in &targets {
                                write(target, &sha256(&bytes), &bytes)?;
                            }
                        }
                    }
                    Subject::Elements { elements, .. } => write("poseidon_bytes", &case.id, &elements)?,
                }
            }
        }
    }
    // What is made of numbers needs some of any kind.
    for number in 0..64u8 {
        let digits: String = (0..64u8).map(|part| sha256(&[number, part])).collect();
        let bytes = hex::decode(digits)?;
        write("proof_system_mutations", &number.to_string(), &bytes[..number.into()])?;
        write("proving_statement", &number.to_string(), &[&[number, number / 8][..], &bytes[..number.into()]].concat())?;
        for target in ["circuit_honest", "circuit_mutations"] {
            write(target, &number.to_string(), &bytes[..32 * usize::from(number)])?;
        }
    }
    println!("wrote seeds of {cases} cases to {}", root.join("corpus").display());
    Ok(())
}

/// All byte strings and texts anywhere in the input of a case.
fn encodings(input: &serde_json::Value) -> Vec<Vec<u8>> {
    match input {
        serde_json::Value::Array(items) => items.iter().flat_map(encodings).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(encodings).collect(),
        serde_json::Value::String(text) => match text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok()) {
            Some(bytes) => vec![bytes],
            None => vec![text.clone().into_bytes()],
        },
        _ => Vec::new(),
    }
}

/// The greatest number of bytes that a description in the case stands for; 0 if all stand there themselves.
fn longest_pattern(value: &serde_json::Value) -> u64 {
    match value {
        serde_json::Value::Array(items) => items.iter().map(longest_pattern).max().unwrap_or(0),
        serde_json::Value::Object(fields) => {
            let size = fields.get("parts").and(fields.get("size")).and_then(serde_json::Value::as_u64);
            fields.values().map(longest_pattern).chain(size).max().unwrap_or(0)
        }
        _ => 0,
    }
}
