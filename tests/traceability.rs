//! From rule to code to vector and back: the chapters, the source, the vectors and the EIP say the same.

use middle_client::notation::{Reject, Trap};
use middle_client::vectors::{CHAPTERS, sha256};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The prefix of the rule ids of each chapter.
const PREFIXES: [(&str, &str); 21] = [
    ("01-notation.md", "NOTE"),
    ("02-profile.md", "PROFILE"),
    ("03-host-interface.md", "HOST"),
    ("04-execution.md", "EXEC"),
    ("05-canonical-code.md", "CODE"),
    ("06-poseidon.md", "POSEIDON"),
    ("07-proof-system.md", "PROOF"),
    ("08-statement.md", "STATEMENT"),
    ("09-circuit.md", "CIRCUIT"),
    ("10-proving.md", "PROVE"),
    ("11-operation.md", "OP"),
    ("12-registry.md", "REG"),
    ("13-post-operation.md", "POST"),
    ("14-reputation.md", "REP"),
    ("15-pools.md", "POOL"),
    ("16-wire.md", "WIRE"),
    ("17-composition.md", "COMP"),
    ("18-settlement.md", "SETTLE"),
    ("19-node.md", "NODE"),
    ("20-native-transaction.md", "NATIVE"),
    ("21-requests.md", "REQUEST"),
];

/// What the top level of the repository may hold, dotfiles and build output aside.
const TOP_LEVEL: [&str; 12] = [
    "Cargo.lock",
    "Cargo.toml",
    "EIP-DRAFT.md",
    "LICENSE-APACHE",
    "LICENSE-CC0",
    "LICENSE-MIT",
    "README.md",
    "fuzz",
    "spec",
    "src",
    "tests",
    "vectors",
];

/// A MUST: one paragraph of a chapter.
struct Rule {
    id: String,
    chapter: &'static str,
    /// The paragraph.
    text: String,
    /// The table that follows it, which is part of the rule.
    table: String,
}

impl Rule {
    /// Whether something can break it: it says that a client refuses or traps.
    fn is_rejecting(&self) -> bool {
        let words = self.text.split(|c: char| !c.is_ascii_alphabetic());
        words.into_iter().any(|word| ["refuse", "refused", "refuses", "trap", "traps"].contains(&word))
    }

    /// The reasons and traps that it names in code font.
    fn names(&self) -> Vec<&str> {
        let reasons = Reject::ALL.iter().map(|reason| reason.name());
        let all: BTreeSet<&str> = reasons.chain(Trap::ALL.iter().map(|trap| trap.name())).collect();
        self.text.split('`').skip(1).step_by(2).filter(|name| all.contains(name)).collect()
    }
}

/// A case of a committed vector file, as far as this test needs it.
struct Case {
    id: String,
    requirements: Vec<String>,
    /// The reasons or the trap; none if the case is accepted or rejected by the extension.
    names: Vec<String>,
    is_rejecting: bool,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for (chapter, text) in CHAPTERS {
        let paragraphs: Vec<&str> = text.split("\n\n").map(str::trim).collect();
        for (index, paragraph) in paragraphs.iter().enumerate() {
            let Some((id, _)) = paragraph.strip_prefix("**").and_then(|rest| rest.split_once("**")) else { continue };
            if ids_in(id) != [id] {
                continue;
            }
            let rest = &paragraphs[index + 1..];
            let table = rest.iter().take_while(|part| part.starts_with("<!-- table:") || part.starts_with('|'));
            let table = table.copied().collect::<Vec<_>>().join("\n");
            let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            rules.push(Rule { id: id.into(), chapter, text: plain(paragraph), table: plain(&table) });
        }
    }
    rules
}

/// The rule ids that a text mentions, in order.
fn ids_in(text: &str) -> Vec<&str> {
    let mut ids = Vec::new();
    for (dash, _) in text.match_indices('-') {
        let head = text[..dash].bytes().rev().take_while(u8::is_ascii_uppercase).count();
        let tail = text[dash + 1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (prefix, number) = (&text[dash - head..dash], &text[dash + 1..dash + 1 + tail]);
        let known = PREFIXES.iter().any(|(_, known)| *known == prefix);
        if known && number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit()) {
            ids.push(&text[dash - head..dash + 4]);
        }
    }
    ids
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for path in files(&root().join("vectors/v1"), "json") {
        let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let texts = |value: &Value| -> Vec<String> {
                let items = value.as_array().into_iter().flatten();
                items.map(|item| item.as_str().unwrap().to_string()).collect()
            };
            let expect = &case["expect"];
            let mut names = texts(&expect["reasons"]);
            names.extend(expect["trap"].as_str().map(String::from));
            cases.push(Case {
                id: case["id"].as_str().unwrap().into(),
                requirements: texts(&case["requirements"]),
                is_rejecting: !names.is_empty(),
                names,
            });
        }
    }
    assert!(!cases.is_empty());
    cases
}

/// The files below a directory with this extension, in order.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(directory) = pending.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() && path.file_name().unwrap() != "target" {
                pending.push(path);
            } else if path.extension().is_some_and(|other| other == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The exceptions of one kind, by id; each has a reason.
fn exceptions(kind: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("spec/exceptions.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let kinds = ["uncited", "uncovered", "unrejected", "unreached"];
    assert!(table.keys().all(|kind| kinds.contains(&kind.as_str())), "an exception of an unknown kind");
    let entries = table.get(kind).map(|kind| kind.as_table().unwrap().clone()).unwrap_or_default();
    for (id, reason) in &entries {
        assert!(reason.as_str().is_some_and(|reason| reason.len() > 20), "{kind}.{id}: the exception has no reason");
    }
    entries.into_iter().map(|(id, _)| id).collect()
}

/// What is missing must be exactly what the exceptions list: a superfluous exception is as wrong as a missing one.
#[track_caller]
fn assert_only_exceptions(kind: &str, missing: BTreeSet<String>) {
    let exceptions = exceptions(kind);
    let unexcused: Vec<_> = missing.difference(&exceptions).collect();
    assert!(unexcused.is_empty(), "{kind}, and not in spec/exceptions.toml: {unexcused:?}");
    let superfluous: Vec<_> = exceptions.difference(&missing).collect();
    assert!(superfluous.is_empty(), "not {kind}, but listed in spec/exceptions.toml: {superfluous:?}");
}

#[test]
fn the_chapters_are_those_of_the_library() {
    let names: Vec<String> = files(&root().join("spec"), "md")
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_string())
        .collect();
    assert_eq!(names, CHAPTERS.map(|(name, _)| name));
    assert_eq!(names, PREFIXES.map(|(name, _)| name));
}

#[test]
fn rules_are_unique_and_in_their_chapter() {
    let rules = rules();
    for (chapter, prefix) in PREFIXES {
        let ids: Vec<&str> = rules.iter().filter(|rule| rule.chapter == chapter).map(|rule| rule.id.as_str()).collect();
        assert!(!ids.is_empty(), "{chapter} has no rule");
        assert!(ids.iter().all(|id| id.starts_with(&format!("{prefix}-"))), "{chapter}: {ids:?}");
        let unique: BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{chapter}: an id stands twice: {ids:?}");
    }
}

/// A MUST outside a rule could be neither cited nor tested, and a rule without one asks for nothing.
#[test]
fn every_must_is_a_rule() {
    let has_must = |text: &str| text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word == "MUST");
    for rule in rules() {
        assert!(has_must(&rule.text), "{} has no MUST", rule.id);
    }
    for (chapter, text) in CHAPTERS {
        for paragraph in text.split("\n\n").map(str::trim) {
            let is_rule = ids_in(paragraph).first().is_some_and(|id| paragraph.starts_with(&format!("**{id}**")));
            // The chapter on notation says what the word means.
            let defines = paragraph.contains("*MUST*");
            assert!(is_rule || defines || !has_must(paragraph), "{chapter}: a MUST without an id: {paragraph}");
        }
    }
}

/// A citation is a comment that begins with one or more ids and a colon.
#[test]
fn every_rule_is_cited_in_the_source() {
    let mut cited = BTreeSet::new();
    for path in files(&root().join("src"), "rs") {
        for line in fs::read_to_string(path).unwrap().lines() {
            let Some((_, comment)) = line.split_once("//") else { continue };
            let head = comment.split_once(':').map_or("", |(head, _)| head.trim_start_matches(['/', '!']));
            let ids = ids_in(head);
            let mut words = head.split([' ', ',']).filter(|word| !word.is_empty() && *word != "and");
            if words.all(|word| ids.contains(&word)) {
                cited.extend(ids.into_iter().map(String::from));
            }
        }
    }
    let missing = rules().into_iter().map(|rule| rule.id).filter(|id| !cited.contains(id)).collect();
    assert_only_exceptions("uncited", missing);
}

#[test]
fn every_rule_is_covered_by_a_vector() {
    let covered: BTreeSet<String> = cases().into_iter().flat_map(|case| case.requirements).collect();
    let missing = rules().into_iter().map(|rule| rule.id).filter(|id| !covered.contains(id)).collect();
    assert_only_exceptions("uncovered", missing);
}

/// A rule that says that a client refuses or traps has a case that it does, for each reason and trap that it names.
#[test]
fn every_rejecting_rule_is_covered_by_a_rejecting_vector() {
    let cases = cases();
    let rejecting = |id: &str| -> Vec<&Case> {
        cases.iter().filter(|case| case.is_rejecting && case.requirements.iter().any(|rule| rule == id)).collect()
    };
    let mut missing = BTreeSet::new();
    for rule in rules().iter().filter(|rule| rule.is_rejecting()) {
        let cases = rejecting(&rule.id);
        if cases.is_empty() {
            missing.insert(rule.id.clone());
        }
        for name in rule.names() {
            if !cases.iter().any(|case| case.names.iter().any(|other| other == name)) {
                missing.insert(format!("{} {name}", rule.id));
            }
        }
    }
    assert_only_exceptions("unrejected", missing);
}

#[test]
fn every_reason_and_trap_is_reached_by_a_vector() {
    let reached: BTreeSet<String> = cases().into_iter().flat_map(|case| case.names).collect();
    let reasons = Reject::ALL.iter().map(|reason| reason.name());
    let names = reasons.chain(Trap::ALL.iter().map(|trap| trap.name())).map(String::from);
    let missing = names.filter(|name| !reached.contains(name)).collect();
    assert_only_exceptions("unreached", missing);
}

#[test]
fn no_id_dangles() {
    let rules: BTreeSet<String> = rules().into_iter().map(|rule| rule.id).collect();
    let mut paths = vec![root().join("EIP-DRAFT.md"), root().join("README.md"), root().join("spec/exceptions.toml")];
    for (directory, extension) in
        [("src", "rs"), ("tests", "rs"), ("fuzz", "rs"), ("spec", "md"), ("vectors/v1", "json"), ("vectors", "md")]
    {
        paths.extend(files(&root().join(directory), extension));
    }
    let mut dangling = Vec::new();
    for path in paths.iter().filter(|path| !path.ends_with("tests/traceability.rs")) {
        let Ok(text) = fs::read_to_string(path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let unknown = ids_in(line).into_iter().filter(|id| !rules.contains(*id));
            dangling.extend(unknown.map(|id| format!("{}:{}: {id}", path.display(), number + 1)));
        }
    }
    assert!(dangling.is_empty(), "{dangling:#?}");
    for case in cases() {
        for id in &case.requirements {
            assert!(rules.contains(id), "{}: {id}", case.id);
        }
    }
}

/// Rewording a MUST is a deliberate act: `BLESS=1` writes the lock file.
#[test]
fn rules_are_as_locked() {
    let path = root().join("spec/rules.lock");
    let current: BTreeMap<String, String> =
        rules().into_iter().map(|rule| (rule.id, sha256((rule.text + &rule.table).as_bytes()))).collect();
    if std::env::var_os("BLESS").is_some() {
        let lines: String = current.iter().map(|(id, digest)| format!("{id} {digest}\n")).collect();
        fs::write(&path, lines).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    let locked: BTreeMap<String, String> = text
        .lines()
        .map(|line| line.split_once(' ').unwrap_or_else(|| panic!("spec/rules.lock: {line}")))
        .map(|(id, digest)| (id.into(), digest.into()))
        .collect();
    let ids: BTreeSet<&String> = current.keys().chain(locked.keys()).collect();
    let changed: Vec<_> = ids.into_iter().filter(|id| current.get(*id) != locked.get(*id)).collect();
    assert!(changed.is_empty(), "rules added, removed or reworded: {changed:?}; BLESS=1 if that is meant");
}

/// The tables of a text by their marks. A mark stands directly above its table.
fn tables(place: &str, text: &str) -> BTreeMap<String, Vec<String>> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut tables = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = line.strip_prefix("<!-- table: ").and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let rest = lines[index + 1..].iter().skip_while(|line| line.is_empty());
        let rows: Vec<String> = rest.take_while(|line| line.starts_with('|')).map(|line| cells(line)).collect();
        assert!(rows.len() > 2, "{place}: there is no table under the mark {name}");
        assert!(tables.insert(name.to_string(), rows).is_none(), "{place}: the mark {name} stands twice");
    }
    tables
}

/// A row without its alignment: spaces around cells, and the number of dashes in the line under the header.
fn cells(row: &str) -> String {
    let cells = row.split('|').map(str::trim);
    cells.map(|cell| if cell.starts_with("--") { "---" } else { cell }).collect::<Vec<_>>().join("|")
}

#[test]
fn the_tables_of_the_eip_are_those_of_the_chapters() {
    let mut chapters = BTreeMap::new();
    for (chapter, text) in CHAPTERS {
        for (name, rows) in tables(chapter, text) {
            assert!(chapters.insert(name.clone(), rows).is_none(), "the mark {name} stands in two chapters");
        }
    }
    let eip = fs::read_to_string(root().join("EIP-DRAFT.md")).unwrap_or_default();
    for (name, rows) in tables("EIP-DRAFT.md", &eip) {
        assert_eq!(chapters.get(&name), Some(&rows), "the table {name}: EIP-DRAFT.md (right) differs from its chapter");
    }
}

#[test]
fn every_fence_of_a_chapter_has_a_language() {
    for (chapter, text) in CHAPTERS {
        let fences = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("```"));
        let fences: Vec<(usize, &str)> = fences.map(|(number, line)| (number + 1, line.trim())).collect();
        for pair in fences.chunks(2) {
            let (number, open) = pair[0];
            let known = ["```text", "```rust", "```rust,compile_fail"].contains(&open);
            assert!(known, "{chapter}:{number}: {open} is neither text nor rust");
            assert_eq!(pair.get(1).map(|(_, close)| *close), Some("```"), "{chapter}:{number}: no end of the fence");
        }
    }
}

#[test]
fn the_top_level_holds_nothing_else() {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = entries.filter(|name| !name.starts_with('.') && name != "target").collect();
    assert_eq!(found, TOP_LEVEL.map(String::from).into());
}

#[test]
fn ids_are_recognised() {
    assert_eq!(
        ids_in("**PROFILE-001** and EXEC-012: EIP-155, CODE-1, XCODE-001, CODE-0011"),
        ["PROFILE-001", "EXEC-012"]
    );
}
