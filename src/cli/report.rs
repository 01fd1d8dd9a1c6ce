//! What commands print: named values, as lines or as JSON.

use middle_client::canonical_code::CanonicalCode;
use middle_client::notation::{Execution, Outcome, Rejection};
use middle_client::profile::Module;
use middle_client::vectors::{hex, quantity, to_text};
use serde_json::{Map, Value, json};
use std::io::Write;

/// Named values, printed as lines or as JSON.
pub struct Report {
    values: Vec<(String, Value)>,
    tables: Vec<(String, Vec<Value>)>,
}

/// Rows of a table that are printed as text; JSON has them all.
const MAX_TABLE_ROWS: usize = 48;

impl Report {
    pub fn new(name: &str, value: impl Into<Value>) -> Report {
        Report { values: vec![(name.into(), value.into())], tables: Vec::new() }
    }

    pub fn add(&mut self, name: &str, value: impl Into<Value>) {
        self.values.push((name.into(), value.into()));
    }

    /// A table: objects with the same fields.
    pub fn add_table(&mut self, name: &str, rows: Vec<Value>) {
        self.tables.push((name.into(), rows));
    }

    /// A refusal.
    pub fn rejection(rejection: &Rejection) -> Report {
        let mut result = Report::new("outcome", "reject");
        result.add("stage", rejection.reason.stage().name());
        result.add("reason", rejection.reason.name());
        result.add("offset", rejection.offset);
        result.add("detail", rejection.detail.clone());
        result
    }

    /// What ends without a verdict of the rules: the fields of a refusal, without a stage and a reason.
    pub fn without_reason(outcome: &str, detail: &str) -> Report {
        let mut result = Report::new("outcome", outcome);
        result.add("stage", Value::Null);
        result.add("reason", Value::Null);
        result.add("offset", Value::Null);
        result.add("detail", detail);
        result
    }

    pub fn add_counts(&mut self, module: &Module) {
        self.add("imports", module.imports.len());
        self.add("functions", module.functions.len());
        self.add("instructions", module.functions.iter().map(|function| function.body.len()).sum::<usize>());
        let largest = module.functions.iter().map(|function| function.frame_slots).max();
        self.add("largest frame", largest.unwrap_or(0));
        self.add("globals", module.globals.len());
        self.add("table entries", module.table.unwrap_or(0));
        self.add("memory pages", module.memory.map_or(0, |memory| memory.initial_pages));
        self.add("data bytes", module.data.iter().map(|segment| segment.bytes.len()).sum::<usize>());
    }

    pub fn add_code(&mut self, code: &CanonicalCode) {
        self.add("words", code.words.len());
        self.add("image cells", code.image.len());
        self.add("initial pages", code.initial_pages);
    }

    pub fn add_execution(&mut self, execution: &Execution) {
        match execution.outcome {
            Outcome::Accepted => {}
            Outcome::Rejected(code) => self.add("code", code),
            Outcome::Trapped(trap) => {
                self.add("trap", trap.name());
                self.add("code", trap.code());
            }
        }
        self.add("output", hex(&execution.output));
        self.add("post-state", hex(execution.post_state));
    }

    /// Lines of name and value, or one JSON object whose names are in camel case.
    pub fn print(self, as_json: bool, out: &mut impl Write) -> std::io::Result<()> {
        if as_json {
            let values = self.values.into_iter().map(|(name, value)| (camel_case(&name), json_value(value)));
            let tables = self.tables.into_iter().map(|(name, rows)| (camel_case(&name), Value::Array(rows)));
            let fields: Map<String, Value> = values.chain(tables).collect();
            return write!(out, "{}", to_text(&Value::Object(fields)));
        }
        let width = self.values.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in self.values {
            writeln!(out, "{name:width$}  {}", plain(&value))?;
        }
        for (name, rows) in self.tables {
            print_table(&name, &rows, out)?;
        }
        Ok(())
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// Columns as wide as their content; numbers stand on the right.
fn print_table(name: &str, rows: &[Value], out: &mut impl Write) -> std::io::Result<()> {
    let Some(Value::Object(first)) = rows.first() else { return Ok(()) };
    let mut columns: Vec<&String> = first.keys().collect();
    columns.sort_by_key(|column| !is_text(&first[column.as_str()]));
    let cells = |row: &Value| columns.iter().map(|column| plain(&row[column.as_str()])).collect::<Vec<_>>();
    let header = columns.iter().map(|column| words(column)).collect::<Vec<_>>();
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(rows.iter().take(MAX_TABLE_ROWS).map(cells)).collect();
    let widths: Vec<usize> =
        (0..columns.len()).map(|index| lines.iter().map(|line| line[index].len()).max().unwrap_or(0)).collect();
    writeln!(out, "\n{name}")?;
    for line in &lines {
        let cells = line.iter().zip(&widths).zip(&columns).map(|((cell, width), column)| {
            if is_text(&first[column.as_str()]) { format!("{cell:width$}") } else { format!("{cell:>width$}") }
        });
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    match rows.len().saturating_sub(MAX_TABLE_ROWS) {
        0 => Ok(()),
        more => writeln!(out, "and {more} more"),
    }
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<f64>().is_err())
}

/// A name in camel case as words.
fn words(name: &str) -> String {
    let spaced =
        name.chars().map(|c| if c.is_ascii_uppercase() { format!(" {}", c.to_ascii_lowercase()) } else { c.into() });
    spaced.collect()
}

pub fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Rejected(_) => "rejected",
        Outcome::Trapped(_) => "trapped",
    }
}

/// As in vectors: numbers beyond 32 bits are quantities, because not every reader of JSON holds them.
fn json_value(value: Value) -> Value {
    match value.as_u64() {
        Some(number) if number > u32::MAX.into() => json!(quantity(number)),
        _ => value,
    }
}

fn camel_case(name: &str) -> String {
    let words = name.split([' ', ',', '-', '_']).filter(|word| !word.is_empty()).enumerate();
    words
        .map(|(index, word)| match (index, word.split_at(1)) {
            (0, _) => word.to_string(),
            (_, (first, rest)) => first.to_uppercase() + rest,
        })
        .collect()
}
