//! Writes the vectors and says what changed.

use super::json::Fault;
use super::proving::Proven;
use super::suite::{self, Files, MANIFEST, Progress};
use crate::proof_system::CacheError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What building did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The files of cases, in order of their paths.
    pub files: Vec<FileSummary>,
    /// The paths of other files that were written because their bytes are new.
    pub written: Vec<String>,
    /// The paths of files that were removed because nothing names them any more.
    pub removed: Vec<String>,
}

/// What building did to a file of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSummary {
    /// The path below `vectors/`.
    pub path: String,
    /// Size in bytes.
    pub size: usize,
    /// Number of cases.
    pub cases: usize,
    /// Ids of the cases that are new.
    pub added: Vec<String>,
    /// Ids of the cases that differ from those on disk.
    pub changed: Vec<String>,
    /// Ids of the cases that are gone.
    pub removed: Vec<String>,
    /// Whether the bytes of the file changed.
    pub rewritten: bool,
}

impl Summary {
    /// Whether the files on disk were already as they should be.
    pub fn is_unchanged(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty() && self.files.iter().all(|file| !file.rewritten)
    }
}

/// Why the vectors were not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// What the authors of cases state is not what the implementation finds. Nothing was written.
    #[error("{} case(s) are wrong; nothing was written", .0.len())]
    Cases(Vec<Fault>),
    /// There is no key for the proofs.
    #[error(transparent)]
    Key(#[from] CacheError),
    /// A file could not be read or written.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, #[source] io::Error),
}

/// Builds all vectors into the directory `target`. The key of the smallest tier and the proofs under it are taken from the
/// directory `cache`, or made and put there. `progress` is told of each case before it is run.
pub fn build(target: &Path, cache: &Path, progress: &Progress) -> Result<Summary, BuildError> {
    // Before minutes are spent: a target that is no directory, or cannot be made one.
    if target.exists() && !target.is_dir() {
        return Err(BuildError::Io(target.into(), io::ErrorKind::NotADirectory.into()));
    }
    fs::create_dir_all(target).map_err(|error| BuildError::Io(target.into(), error))?;
    let old = read_files(target)?;
    let proven = Proven::make(cache, progress)?;
    let files = suite::files(&proven, progress).map_err(BuildError::Cases)?;
    let mut summary = Summary { files: Vec::new(), written: Vec::new(), removed: Vec::new() };
    for (path, bytes) in &files {
        let rewritten = old.get(path) != Some(bytes);
        if is_cases(path) {
            summary.files.push(compare(path, old.get(path).map_or(&[], Vec::as_slice), bytes, rewritten));
        } else if rewritten {
            summary.written.push(path.clone());
        }
        if rewritten {
            write(&target.join(path), bytes)?;
        }
    }
    for path in old.keys().filter(|path| !files.contains_key(*path)) {
        let file = target.join(path);
        fs::remove_file(&file).map_err(|error| BuildError::Io(file, error))?;
        summary.removed.push(path.clone());
    }
    Ok(summary)
}

/// Where vectors lie. Nothing else in their directory is read or removed: it may be another one than was meant.
const ROOTS: [&str; 3] = [MANIFEST, "schema", "v1"];

/// The manifest, the schemas and the vectors below `target`, by path; none if there is no such directory.
pub(super) fn read_files(target: &Path) -> Result<Files, BuildError> {
    let mut files = Files::new();
    let mut pending = ROOTS.map(String::from).to_vec();
    while let Some(path) = pending.pop() {
        let place = target.join(&path);
        let fail = |error| BuildError::Io(place.clone(), error);
        if place.is_dir() {
            for entry in fs::read_dir(&place).map_err(fail)? {
                let name = entry.map_err(fail)?.file_name();
                pending.push(format!("{path}/{}", name.to_string_lossy()));
            }
        } else if place.exists() || !ROOTS.contains(&path.as_str()) {
            files.insert(path, fs::read(&place).map_err(fail)?);
        }
    }
    Ok(files)
}

/// Whether the file at this path holds cases.
pub(super) fn is_cases(path: &str) -> bool {
    path.starts_with("v1/") && path.ends_with(".json")
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory).map_err(|error| BuildError::Io(directory.into(), error))?;
    fs::write(path, bytes).map_err(|error| BuildError::Io(path.into(), error))
}

fn compare(path: &str, old: &[u8], new: &[u8], rewritten: bool) -> FileSummary {
    let (old, cases) = (cases_by_id(old), cases_by_id(new));
    let ids = |keep: &dyn Fn(&String) -> bool, from: &BTreeMap<String, Value>| -> Vec<String> {
        from.keys().filter(|id| keep(id)).cloned().collect()
    };
    FileSummary {
        path: path.into(),
        size: new.len(),
        cases: cases.len(),
        added: ids(&|id| !old.contains_key(id), &cases),
        changed: ids(&|id| old.get(id).is_some_and(|case| case != &cases[id]), &cases),
        removed: ids(&|id| !cases.contains_key(id), &old),
        rewritten,
    }
}

/// The cases of a file as far as it can be read: an old file may be damaged.
fn cases_by_id(text: &[u8]) -> BTreeMap<String, Value> {
    let file: Value = serde_json::from_slice(text).unwrap_or_default();
    let cases = file["cases"].as_array().cloned().unwrap_or_default();
    cases.into_iter().map(|case| (case["id"].as_str().unwrap_or_default().to_string(), case)).collect()
}
