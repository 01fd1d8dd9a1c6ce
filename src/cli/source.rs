//! Where commands get bytes from.

use super::failure::Failure;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest file that is read: far beyond every limit of the specification, and no threat to memory.
const MAX_FILE_BYTES: u64 = 64 * 1_048_576;

/// The bytes of a file, or of standard input if it is called `-`.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |error: io::Error| Failure::input(path.display(), error);
    let source: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin().lock()) } else { Box::new(File::open(path).map_err(fail)?) };
    let mut bytes = Vec::new();
    source.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::input(path.display(), format!("longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(bytes)
}

/// A module in binary or text: text if the file is called `.wat`, or has another name than `.wasm` and no module's
/// first bytes.
pub fn read_module(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = read(path)?;
    let is_text = match path.extension().and_then(|extension| extension.to_str()) {
        Some("wat") => true,
        Some("wasm") => false,
        _ => !bytes.starts_with(b"\0asm"),
    };
    if !is_text {
        return Ok(bytes);
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| Failure::input(path.display(), error))?;
    wat::Parser::new().parse_str(Some(path), text).map_err(|error| {
        // The message names file, line and column itself.
        Failure::Input(vec![error.to_string()])
    })
}

/// The bytes that an option gives: hex, with or without `0x`, or `@` and the name of a file.
pub fn bytes(option: &str, value: &str) -> Result<Vec<u8>, Failure> {
    if let Some(path) = value.strip_prefix('@') {
        return read(Path::new(path));
    }
    hex::decode(value.strip_prefix("0x").unwrap_or(value))
        .map_err(|error| Failure::Usage(format!("{option}: neither hex nor @FILE: {error}")))
}
