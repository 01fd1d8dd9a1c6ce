//! The whole suite in memory: from cases to files, and from a file back to cases.

use super::bytes::{Blobs, sha256};
use super::case::{Case, Input};
use super::evaluate::evaluate;
use super::json::{self, Fault, Node, first_difference, to_text};
use super::proving::Proven;
use super::{CHAPTERS, Format, VERSION};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The files below `vectors/` by their path, with `/` between its parts. The README, for people, is none of them.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// The file that lists all others.
pub(super) const MANIFEST: &str = "MANIFEST.json";

/// Builds all files, with the keys and proofs that take a setup. `progress` is told of each case before it is
/// run.
pub(super) fn files(proven: &Proven, progress: &Progress) -> Result<Files, Vec<Fault>> {
    let suite: Vec<(Format, Vec<Case>)> =
        Format::ALL.into_par_iter().map(|format| (format, format.cases(proven))).collect();
    let faults = check_structure(&suite);
    if !faults.is_empty() {
        return Err(faults);
    }
    let all: Vec<(Format, &Case)> =
        suite.iter().flat_map(|(format, cases)| cases.iter().map(move |case| (*format, case))).collect();
    let mut rendered = on_all_cores(
        &all,
        |(_, case)| &case.id,
        progress,
        |(format, case)| {
            let mut blobs = Blobs::new();
            (render(*format, case, &mut blobs), blobs)
        },
    )
    .into_iter();
    let mut faults = Vec::new();
    let mut files = Files::new();
    let mut blobs = Blobs::new();
    for (format, cases) in &suite {
        let (mut accept, mut ignore, mut reject) = (Vec::new(), Vec::new(), Vec::new());
        for (case, (value, named)) in cases.iter().zip(&mut rendered) {
            blobs.extend(named);
            match value {
                Ok(value) if case.is_accepted() => accept.push(value),
                Ok(value) if value["expect"]["outcome"] == "ignore" => ignore.push(value),
                Ok(value) => reject.push(value),
                Err(fault) => faults.push(fault),
            }
        }
        for (name, cases) in [("accept", accept), ("ignore", ignore), ("reject", reject)] {
            // Only formats on the protocol ignore, and one of them does not reject.
            if name != "accept" && cases.is_empty() {
                continue;
            }
            let file = json!({"format": format.name(), "version": VERSION, "cases": cases});
            files.insert(format!("v1/{}/{name}.json", format.name()), to_text(&file).into());
        }
        files.insert(schema_path(*format), format.schema().into());
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    for (name, bytes) in blobs {
        files.insert(format!("v1/blobs/{name}"), bytes);
    }
    let manifest = manifest(&files, &suite);
    files.insert(MANIFEST.into(), to_text(&manifest).into());
    Ok(files)
}

/// What is told of each case: how many are done, of how many, and its id.
pub type Progress<'a> = dyn Fn(usize, usize, &str) + Sync + 'a;

/// Runs each case, as many at once as there are cores; the results are in the order of the cases. `progress` is told of each
/// before it is run.
pub(super) fn on_all_cores<T: Sync, R: Send>(
    cases: &[T],
    id: impl Fn(&T) -> &str + Sync,
    progress: &Progress,
    run: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let done = AtomicUsize::new(0);
    let run = |case: &T| {
        progress(done.fetch_add(1, Ordering::Relaxed), cases.len(), id(case));
        run(case)
    };
    cases.par_iter().map(run).collect()
}

/// The checks that need no execution: ids, sentences, derivations.
fn check_structure(suite: &[(Format, Vec<Case>)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let all = || suite.iter().flat_map(|(_, cases)| cases);
    let accepted: BTreeSet<&str> = all().filter(|case| case.is_accepted()).map(|case| case.id.as_str()).collect();
    let mut ids = BTreeSet::new();
    for (format, case) in suite.iter().flat_map(|(format, cases)| cases.iter().map(move |case| (format, case))) {
        let mut require = |holds: bool, cause: &str| {
            if !holds {
                faults.push(Fault::new(case.id.clone(), cause));
            }
        };
        require(ids.insert(&case.id), "the id is not unique");
        let prefix = format!("{}-", format.name().replace('_', "-"));
        require(case.id.starts_with(&prefix), &format!("the id does not begin with `{prefix}`"));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        require(case.id.chars().all(plain), "the id has other characters than a-z, 0-9 and -");
        require(case.description.ends_with('.'), "the description is no sentence: it does not end with a full stop");
        require(!case.requirements.is_empty(), "no requirement is named");
        let unique: BTreeSet<&String> = case.requirements.iter().collect();
        require(unique.len() == case.requirements.len(), "a requirement is named twice");
        require(case.stated.contains_key("outcome"), "no outcome is stated");
        require(case.is_accepted() || case.derived_from.is_some(), "a case that is not accepted must be derived");
        if let Some(origin) = &case.derived_from {
            require(accepted.contains(origin.as_str()), &format!("`{origin}` is no accepted case"));
        }
    }
    faults
}

/// A case as it stands in its file, after the implementation has confirmed what the author stated.
fn render(format: Format, case: &Case, blobs: &mut Blobs) -> Result<Value, Fault> {
    let expect = evaluate(format, &case.input, blobs)
        .map_err(|fault| Fault { place: format!("{}: {}", case.id, fault.place), cause: fault.cause })?;
    for (field, stated) in &case.stated {
        let found = expect.get(field).unwrap_or(&Value::Null);
        if let Some(fault) = first_difference(&format!("{}.expect.{field}", case.id), stated, found) {
            let about = expect.get("detail").map(|detail| format!(" ({detail})")).unwrap_or_default();
            return Err(Fault::new(fault.place, format!("the author states otherwise: {}{about}", fault.cause)));
        }
    }
    let mut value = json!({
        "id": case.id,
        "description": case.description,
        "requirements": case.requirements,
        "input": case.input.to_json(blobs),
        "expect": expect,
    });
    if let (Some(origin), Some(mutation)) = (&case.derived_from, &case.mutation) {
        value["derivedFrom"] = origin.clone().into();
        value["mutation"] = mutation.clone().into();
    }
    Ok(value)
}

fn schema_path(format: Format) -> String {
    format!("schema/v1/{}.schema.json", format.name())
}

fn manifest(files: &Files, suite: &[(Format, Vec<Case>)]) -> Value {
    let mut entries = Map::new();
    for (path, bytes) in files {
        entries.insert(path.clone(), json!({"sha256": sha256(bytes), "size": bytes.len()}));
    }
    for (format, cases) in suite {
        let count = |wanted: &[&str]| {
            let outcome = |case: &Case| case.stated.get("outcome").and_then(Value::as_str).map(String::from);
            cases.iter().filter(|case| outcome(case).is_some_and(|it| wanted.contains(&it.as_str()))).count()
        };
        let ignored = count(&["ignore"]);
        let accepted = count(&["accept", "accepted"]);
        let counts = [("accept", accepted), ("ignore", ignored), ("reject", cases.len() - accepted - ignored)];
        for (name, count) in counts.into_iter().filter(|(name, count)| *name == "accept" || *count > 0) {
            let entry = &mut entries[&format!("v1/{}/{name}.json", format.name())];
            entry["cases"] = count.into();
            entry["schema"] = schema_path(*format).into();
        }
    }
    json!({"version": VERSION, "spec": specification_digest(), "files": entries})
}

/// The digest of the chapters: what `cd spec && sha256sum *.md | sha256sum` prints.
fn specification_digest() -> String {
    let lines: String = CHAPTERS.iter().map(|(name, text)| format!("{}  {name}\n", sha256(text.as_bytes()))).collect();
    sha256(lines.as_bytes())
}

/// A case as it was read from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCase {
    /// The name of its file and its id.
    pub place: String,
    /// Its id.
    pub id: String,
    /// The rules that it exercises.
    pub requirements: Vec<String>,
    /// The accepted case from which it is derived.
    pub derived_from: Option<String>,
    /// What a client must find.
    pub expect: Value,
    input: Value,
}

impl StoredCase {
    /// What a client is given. Bytes that stand in files of their own come from `blobs`. A few characters of a file
    /// can describe megabytes, so a reader holds the input of one case at a time.
    pub fn input(&self, blobs: &Blobs) -> Result<Input, Fault> {
        Input::from_json(&Node::new(format!("{}.input", self.place), &self.input), blobs)
    }
}

/// Reads a file of cases; `place` names it in faults.
pub fn parse(place: &str, text: &[u8]) -> Result<(Format, Vec<StoredCase>), Fault> {
    let value = json::parse(text).map_err(|error| Fault::new(place, error.to_string()))?;
    let root = Node::new(place, &value);
    root.only(&["cases", "format", "version"])?;
    let version = root.field("version")?;
    if version.text()? != VERSION {
        return Err(version.fault(format!("is not {VERSION}")));
    }
    let name = root.field("format")?;
    let format = Format::ALL.into_iter().find(|format| name.value == format.name());
    let format = format.ok_or_else(|| name.fault("names no format"))?;
    let cases = root.field("cases")?.items()?;
    Ok((format, cases.iter().map(|case| parse_case(place, case)).collect::<Result<_, _>>()?))
}

fn parse_case(place: &str, node: &Node) -> Result<StoredCase, Fault> {
    let id = node.field("id")?.text()?.to_string();
    let place = format!("{place}: {id}");
    let node = Node::new(&place, node.value);
    node.only(&["derivedFrom", "description", "expect", "id", "input", "mutation", "requirements"])?;
    node.field("description")?.text()?;
    let derived_from = node.optional("derivedFrom")?.map(|origin| origin.text().map(String::from)).transpose()?;
    if derived_from.is_some() {
        node.field("mutation")?.text()?;
    }
    let requirements = node.field("requirements")?.items()?;
    let requirements: Result<_, _> = requirements.iter().map(|rule| rule.text().map(String::from)).collect();
    let (expect, input) = (node.field("expect")?, node.field("input")?);
    expect.object()?;
    input.object()?;
    let (expect, input) = (expect.value.clone(), input.value.clone());
    Ok(StoredCase { id, requirements: requirements?, derived_from, expect, input, place })
}
