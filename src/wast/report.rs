//! What became of the assertions of a script.

use crate::notation::Reject;
use std::collections::BTreeMap;
use std::fmt;

/// The verdicts on a script, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The name of the script, for messages.
    pub name: String,
    /// One entry per assertion, and one per other directive that failed.
    pub entries: Vec<Entry>,
}

/// The verdict on one assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line of the directive, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
    /// Its keyword.
    pub directive: &'static str,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It does not hold: what was expected and what came.
    Failed(String),
    /// A rule excludes it.
    Skipped(Skip),
}

/// The rules by which assertions are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// It has a float among its arguments or expected results.
    Float,
    /// It has a reference or vector among its arguments or expected results.
    Reference,
    /// The call reached a function that was replaced because it uses excluded instructions.
    Replaced,
    /// A call that reached such a function could have changed the state of the instance, which is unknown since.
    State,
    /// The profile refuses the module, even rewritten, or canonical code does.
    Profile(Reject),
    /// The module imports what another module of the script exports.
    Import,
    /// The module initialises a table with other values than functions, or a global in a way that may trap.
    Initialiser,
    /// The text is refused, but by the validator instead of the text parser.
    Text,
    /// The module is invalid, which since WebAssembly 3.0 is not malformed.
    NoLongerMalformed,
    /// The directive is about something that the profile lacks.
    Directive,
}

impl Report {
    /// A report without entries.
    pub fn new(name: &str) -> Report {
        Report { name: name.into(), entries: Vec::new() }
    }

    /// The number of assertions that hold.
    pub fn passed(&self) -> usize {
        self.entries.iter().filter(|entry| entry.verdict == Verdict::Passed).count()
    }

    /// The number of assertions that do not hold, and of other directives that failed.
    pub fn failed(&self) -> usize {
        self.failures().count()
    }

    /// The number of assertions that rules exclude.
    pub fn skipped(&self) -> usize {
        self.skips().values().sum()
    }

    /// The entries of what failed, each with what was expected and what came.
    pub fn failures(&self) -> impl Iterator<Item = (&Entry, &str)> {
        self.entries.iter().filter_map(|entry| match &entry.verdict {
            Verdict::Failed(message) => Some((entry, message.as_str())),
            Verdict::Passed | Verdict::Skipped(_) => None,
        })
    }

    /// The number of skipped assertions for each reason.
    pub fn skips(&self) -> BTreeMap<Skip, usize> {
        let mut skips = BTreeMap::new();
        for entry in &self.entries {
            if let Verdict::Skipped(skip) = entry.verdict {
                *skips.entry(skip).or_default() += 1;
            }
        }
        skips
    }
}

impl Verdict {
    /// Whether the assertion does not hold.
    pub fn is_failed(&self) -> bool {
        matches!(self, Verdict::Failed(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Passed => f.write_str("passed"),
            Verdict::Failed(message) => write!(f, "failed: {message}"),
            Verdict::Skipped(skip) => write!(f, "skipped: {skip}"),
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Skip::Float => "names a float",
            Skip::Reference => "names a reference or vector",
            Skip::Replaced => "reaches a replaced function",
            Skip::State => "state depends on a skipped call",
            Skip::Profile(reason) => return write!(f, "outside the profile: {}", reason.name()),
            Skip::Import => "imports from another module",
            Skip::Initialiser => "initialisers without a counterpart",
            Skip::Text => "refused after the text parser",
            Skip::NoLongerMalformed => "malformed before version 3, invalid since",
            Skip::Directive => "directive outside the profile",
        })
    }
}
