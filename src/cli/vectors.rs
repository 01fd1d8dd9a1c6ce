//! `vectors build` and `vectors check`.

use super::failure::Failure;
use super::proof::Cache;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use middle_client::vectors::{self, BuildError, Progress, Summary};
use std::io::Write;
use std::path::PathBuf;

/// Names that a summary lists of each kind of change; the first build adds hundreds.
const MAX_NAMES: usize = 12;

#[derive(Subcommand)]
pub enum Command {
    /// Build all vectors and say what changed
    #[command(after_help = "Examples:
  middle-client vectors build
  middle-client vectors build --dir /tmp/vectors")]
    Build(Build),
    /// Check the vectors on disk: checksums, every case, and that building gives the same bytes
    #[command(after_help = "Examples:
  middle-client vectors check
  middle-client vectors check --dir other-client/vectors")]
    Check(Directory),
}

#[derive(Args)]
pub struct Build {
    #[command(flatten)]
    directory: Directory,
    #[command(flatten)]
    cache: Cache,
}

#[derive(Args)]
pub struct Directory {
    /// Where the vectors are
    #[arg(long, default_value = "vectors")]
    dir: PathBuf,
}

impl Default for Command {
    /// The main job.
    fn default() -> Command {
        Command::Build(Build { directory: Directory { dir: "vectors".into() }, cache: Cache::default() })
    }
}

pub fn run(command: Command, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        Command::Build(Build { directory: Directory { dir }, cache }) => {
            let cache = cache.directory()?;
            let summary = with_progress(|progress| vectors::build(&dir, &cache, progress))?;
            Ok(print_summary(&summary, out)?)
        }
        Command::Check(Directory { dir }) => {
            let report = with_progress(|progress| vectors::check(&dir, progress))?;
            let count = report.faults.len();
            writeln!(out, "{} files, {} cases, {count} differences", report.files, report.cases)?;
            match count {
                0 => Ok(()),
                _ => Err(Failure::Input(report.faults.iter().map(ToString::to_string).collect())),
            }
        }
    }
}

/// Shows a bar on standard error, which hides itself when that is no terminal.
fn with_progress<T>(job: impl FnOnce(&Progress) -> Result<T, BuildError>) -> Result<T, Failure> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {wide_msg}").expect("the template is right");
    let bar = ProgressBar::new(0).with_style(style);
    let result = job(&|done, total, id| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        bar.set_message(id.to_string());
    });
    bar.finish_and_clear();
    result.map_err(|error| match &error {
        BuildError::Cases(faults) => {
            let lines = faults.iter().map(ToString::to_string).chain([error.to_string()]);
            Failure::Input(lines.collect())
        }
        BuildError::Io(..) | BuildError::Key(_) => Failure::Input(vec![error.to_string()]),
    })
}

fn print_summary(summary: &Summary, out: &mut impl Write) -> std::io::Result<()> {
    let total = |count: fn(&vectors::FileSummary) -> usize| summary.files.iter().map(count).sum::<usize>();
    let rows = summary.files.iter().map(|file| {
        let changes = [file.added.len(), file.changed.len(), file.removed.len()];
        (file.path.as_str(), file.cases, changes, file.size)
    });
    let changes = [total(|file| file.added.len()), total(|file| file.changed.len()), total(|file| file.removed.len())];
    writeln!(out, "{:<32}{:>7}{:>7}{:>9}{:>9}{:>12}", "file", "cases", "added", "changed", "removed", "bytes")?;
    for (name, cases, [added, changed, removed], size) in
        rows.chain([("total", total(|file| file.cases), changes, total(|file| file.size))])
    {
        writeln!(out, "{name:<32}{cases:>7}{added:>7}{changed:>9}{removed:>9}{size:>12}")?;
    }
    let names = |ids: fn(&vectors::FileSummary) -> &Vec<String>| summary.files.iter().flat_map(ids).collect();
    print_names("added", names(|file| &file.added), out)?;
    print_names("changed", names(|file| &file.changed), out)?;
    print_names("removed", names(|file| &file.removed), out)?;
    print_names("written", summary.written.iter().collect(), out)?;
    print_names("deleted", summary.removed.iter().collect(), out)?;
    if summary.is_unchanged() {
        writeln!(out, "nothing changed")?;
    }
    Ok(())
}

fn print_names(what: &str, names: Vec<&String>, out: &mut impl Write) -> std::io::Result<()> {
    for name in names.iter().take(MAX_NAMES) {
        writeln!(out, "{what} {name}")?;
    }
    match names.len().saturating_sub(MAX_NAMES) {
        0 => Ok(()),
        more => writeln!(out, "{what} {more} more"),
    }
}
