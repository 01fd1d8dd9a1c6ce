//! How a command fails.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Why a command failed.
pub enum Failure {
    /// The input is at fault: its place and the cause, a line each.
    Input(Vec<String>),
    /// The command is at fault.
    Usage(String),
    /// Standard output cannot be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl Failure {
    /// The input is at fault, at this place.
    pub fn input(place: impl Display, cause: impl Display) -> Failure {
        Failure::Input(vec![format!("{place}: {cause}")])
    }

    /// Writes the message and yields the exit code.
    pub fn report(self) -> ExitCode {
        let (lines, code) = match self {
            // Who reads no further knows enough: `middle-client … | head` is no error.
            Failure::Output(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Failure::Output(error) => (vec![format!("standard output: {error}")], 1),
            Failure::Input(lines) => (lines, 1),
            Failure::Usage(line) => (vec![line], 2),
        };
        // With standard error closed nobody can be told.
        let mut stderr = io::stderr().lock();
        for line in lines {
            let _ = writeln!(stderr, "error: {line}");
        }
        ExitCode::from(code)
    }
}
