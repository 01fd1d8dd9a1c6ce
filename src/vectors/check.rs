//! Checks the vectors on disk: checksums, every case, and that building them again gives the same bytes.

use super::Format;
use super::build::{BuildError, is_cases, read_files};
use super::bytes::{Blobs, sha256};
use super::evaluate::evaluate;
use super::json::{self, Fault, Node, first_difference};
use super::proving::Proven;
use super::suite::{self, Files, MANIFEST, Progress, StoredCase, on_all_cores};
use std::collections::BTreeSet;
use std::path::Path;

/// What checking found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Number of files whose checksum was compared.
    pub files: usize,
    /// Number of cases that were run.
    pub cases: usize,
    /// Every difference, with its place and cause.
    pub faults: Vec<Fault>,
}

/// Checks the vectors in the directory `target`. Keys and proofs are taken from there, so no setup is needed. `progress` is told of each case
/// before it is run.
pub fn check(target: &Path, progress: &Progress) -> Result<Report, BuildError> {
    let files = read_files(target)?;
    let mut report = Report::default();
    if files.is_empty() {
        report.faults.push(Fault::new(target.display().to_string(), "there are no vectors"));
        return Ok(report);
    }
    if let Err(fault) = check_manifest(&files, &mut report) {
        // It says what the other files are: without it they would all be strays.
        report.faults.push(fault);
        return Ok(report);
    }
    let rebuilt = suite::files(&Proven::stored(&files), progress);
    // The cases of a file that is what is built have just been run.
    let is_built = |path: &str| rebuilt.as_ref().is_ok_and(|rebuilt| rebuilt.get(path) == files.get(path));
    check_cases(&files, &is_built, &mut report, progress);
    match rebuilt {
        Ok(rebuilt) => compare(&files, &rebuilt, &mut report),
        Err(faults) => report.faults.extend(faults),
    }
    if report.cases == 0 {
        report.faults.push(Fault::new(target.display().to_string(), "there are no cases"));
    }
    Ok(report)
}

/// Every file is listed, and is as the manifest says.
fn check_manifest(files: &Files, report: &mut Report) -> Result<(), Fault> {
    let text = files.get(MANIFEST).ok_or_else(|| Fault::new(MANIFEST, "the file is missing"))?;
    let manifest = json::parse(text).map_err(|error| Fault::new(MANIFEST, error.to_string()))?;
    let root = Node::new(MANIFEST, &manifest);
    root.only(&["files", "spec", "version"])?;
    let entries = root.field("files")?;
    for path in entries.object()?.keys() {
        report.files += 1;
        let entry = entries.field(path)?;
        entry.only(&["cases", "schema", "sha256", "size"])?;
        let (digest, size) = (entry.field("sha256")?, entry.field("size")?);
        match files.get(path) {
            None => report.faults.push(entry.fault("the file is missing")),
            Some(bytes) if size.number()? as usize != bytes.len() => {
                report.faults.push(size.fault(format!("the file has {} bytes", bytes.len())));
            }
            Some(bytes) if digest.text()? != sha256(bytes) => {
                report.faults.push(digest.fault(format!("the file's digest is {}", sha256(bytes))));
            }
            Some(_) => (),
        }
    }
    for path in files.keys().filter(|path| *path != MANIFEST && !manifest["files"][path].is_object()) {
        report.faults.push(Fault::new(path, "the file is not in the manifest"));
    }
    Ok(())
}

/// Every case, read from its file as any client reads it, gives the expectation that stands there. Those of a file that is
/// just what is built need not be run again.
fn check_cases(files: &Files, is_built: &dyn Fn(&str) -> bool, report: &mut Report, progress: &Progress) {
    let blobs = files.iter().filter_map(|(path, bytes)| Some((path.strip_prefix("v1/blobs/")?.into(), bytes.clone())));
    let blobs: Blobs = blobs.collect();
    let mut parsed = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| is_cases(path)) {
        match suite::parse(path, text) {
            Ok((format, cases)) => parsed.push((format, cases, is_built(path))),
            Err(fault) => report.faults.push(fault),
        }
    }
    let all = || parsed.iter().flat_map(|(_, cases, _)| cases);
    report.cases = all().count();
    let mut ids = BTreeSet::new();
    for case in all().filter(|case| !ids.insert(&case.id)) {
        report.faults.push(Fault::new(&case.place, "the id is not unique"));
    }
    let others = parsed.iter().filter(|(_, _, is_built)| !is_built);
    let others: Vec<(Format, &StoredCase)> =
        others.flat_map(|(format, cases, _)| cases.iter().map(move |case| (*format, case))).collect();
    let found = on_all_cores(
        &others,
        |(_, case)| &case.id,
        progress,
        |(format, case)| {
            let found = case.input(&blobs).and_then(|input| evaluate(*format, &input, &mut Blobs::new()));
            match found {
                Ok(found) => first_difference(&format!("{}.expect", case.place), &case.expect, &found),
                Err(fault) => Some(Fault::new(&case.place, fault.to_string())),
            }
        },
    );
    report.faults.extend(found.into_iter().flatten());
}

/// The files on disk are those that building gives.
fn compare(files: &Files, rebuilt: &Files, report: &mut Report) {
    for (path, bytes) in rebuilt {
        match files.get(path) {
            None => report.faults.push(Fault::new(path, "the file is missing; run `middle-client vectors build`")),
            Some(found) if found != bytes => {
                let line = found.split(|b| *b == b'\n').zip(bytes.split(|b| *b == b'\n')).take_while(|(a, b)| a == b);
                let place = format!("{path}:{}", line.count() + 1);
                report.faults.push(Fault::new(place, "the file differs from what is built from this version's cases"));
            }
            Some(_) => (),
        }
    }
    for path in files.keys().filter(|path| !rebuilt.contains_key(*path)) {
        report.faults.push(Fault::new(path, "no case names this file"));
    }
}
