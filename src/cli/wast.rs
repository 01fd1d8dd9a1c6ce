//! `wast`: scripts of the official test suite.

use super::failure::Failure;
use super::source;
use clap::{Args, ValueEnum};
use middle_client::wast::{Engine, Report, run_script};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Examples:
  middle-client wast i32.wast
  middle-client wast --verbose --engine code test/core/*.wast
  middle-client wast --engine circuit call.wast")]
pub struct Arguments {
    /// Scripts
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Which engine runs them
    #[arg(long, value_enum, default_value_t = EngineName::Both)]
    engine: EngineName,
    /// List every assertion, not only those that failed
    #[arg(long, short)]
    verbose: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum EngineName {
    /// The direct interpreter
    Interpreter,
    /// The executor of canonical code
    Code,
    /// The same; the trace of every invocation has to satisfy the circuit
    Circuit,
    /// Both side by side; they have to agree
    Both,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Engine {
        match name {
            EngineName::Interpreter => Engine::Interpreter,
            EngineName::Code => Engine::Code,
            EngineName::Circuit => Engine::Circuit,
            EngineName::Both => Engine::Both,
        }
    }
}

pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<(), Failure> {
    let mut reports = Vec::new();
    for path in &arguments.files {
        let bytes = source::read(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| Failure::input(path.display(), error))?;
        let report = run_script(&path.display().to_string(), text, arguments.engine.into());
        if !arguments.json {
            list(&report, arguments.verbose, out)?;
        }
        reports.push(report);
    }
    let sum = |count: fn(&Report) -> usize| reports.iter().map(count).sum::<usize>();
    let (passed, failed, skipped) = (sum(Report::passed), sum(Report::failed), sum(Report::skipped));
    if arguments.json {
        let files: Vec<Value> = reports.iter().map(|report| to_json(report, arguments.verbose)).collect();
        let object = json!({ "files": files, "passed": passed, "failed": failed, "skipped": skipped });
        writeln!(out, "{object:#}")?;
    } else {
        let mut skips = BTreeMap::new();
        for (skip, count) in reports.iter().flat_map(Report::skips) {
            *skips.entry(skip).or_insert(0) += count;
        }
        for (skip, count) in skips {
            writeln!(out, "{count:>6} skipped: {skip}")?;
        }
        writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped")?;
    }
    match failed {
        0 => Ok(()),
        // The failures are listed; the count stays the last line.
        _ => Err(Failure::Input(Vec::new())),
    }
}

fn list(report: &Report, verbose: bool, out: &mut impl Write) -> Result<(), Failure> {
    for entry in &report.entries {
        if verbose || entry.verdict.is_failed() {
            let (name, line, column) = (&report.name, entry.line, entry.column);
            writeln!(out, "{name}:{line}:{column}: {}: {}", entry.directive, entry.verdict)?;
        }
    }
    Ok(())
}

fn to_json(report: &Report, verbose: bool) -> Value {
    let entries = report.entries.iter().filter(|entry| verbose || entry.verdict.is_failed()).map(|entry| {
        json!({
            "line": entry.line,
            "column": entry.column,
            "directive": entry.directive,
            "verdict": entry.verdict.to_string(),
        })
    });
    let skips: BTreeMap<String, usize> =
        report.skips().into_iter().map(|(skip, count)| (skip.to_string(), count)).collect();
    json!({
        "name": report.name,
        "passed": report.passed(),
        "failed": report.failed(),
        "skipped": report.skipped(),
        "skips": skips,
        "entries": entries.collect::<Vec<_>>(),
    })
}
