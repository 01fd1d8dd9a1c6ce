//! EIP-DRAFT.md and the chapters have the same sections and rules. That they have the same tables is tested in
//! `traceability.rs`.

use middle_client::vectors::CHAPTERS;
use std::collections::BTreeSet;
use std::fs;

const DRAFT: &str = "EIP-DRAFT.md";

/// The prefixes of the rule identifiers.
const TOPICS: [&str; 21] = [
    "NOTE",
    "PROFILE",
    "HOST",
    "EXEC",
    "CODE",
    "POSEIDON",
    "PROOF",
    "STATEMENT",
    "CIRCUIT",
    "PROVE",
    "OP",
    "REG",
    "POST",
    "REP",
    "POOL",
    "WIRE",
    "COMP",
    "SETTLE",
    "NODE",
    "NATIVE",
    "REQUEST",
];

/// What stands above the circuits' digests.
const DIGESTS: &str = "| tier | circuit digest |\n|---|---|\n";

fn draft() -> String {
    fs::read_to_string(DRAFT).expect("the draft is text")
}

/// The rule identifiers of a text: capitals, a hyphen, three digits.
fn rules(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'));
    let is_rule = |word: &&str| match word.split_once('-') {
        Some((topic, number)) => {
            TOPICS.contains(&topic) && number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit())
        }
        None => false,
    };
    words.filter(is_rule).map(str::to_string).collect()
}

/// The rule that a line of a chapter begins, if it does.
fn defined(line: &str) -> Option<String> {
    let (id, _) = line.strip_prefix("**")?.split_once("**")?;
    rules(id).into_iter().next()
}

#[test]
fn its_specification_has_the_chapters_as_sections_in_their_order() {
    let draft = draft();
    let specification = draft.split("\n## ").find(|part| part.starts_with("Specification")).expect("the section");
    let sections: Vec<&str> = specification.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let titles: Vec<&str> = CHAPTERS
        .iter()
        .map(|(_, chapter)| chapter.lines().next().unwrap_or_default().trim_start_matches("# "))
        .collect();
    assert!(!titles.is_empty());
    // Sections without a chapter yet are outlines, and stand between or after the others.
    let complete: Vec<&str> = sections.into_iter().filter(|section| titles.contains(section)).collect();
    assert_eq!(complete, titles);
}

/// Formulas and routines are normative too, and stand in a chapter word for word.
#[test]
fn the_text_blocks_of_its_complete_part_are_those_of_the_chapters() {
    let draft = draft();
    let specification = draft.split("\n## ").find(|part| part.starts_with("Specification")).expect("the section");
    let outlined = |section: &&str| !section.contains("*Outline:");
    let sections = specification.split("\n### ").filter(outlined);
    let blocks: Vec<&str> = sections
        .flat_map(|section| section.split("```").skip(1).step_by(2))
        .filter(|block| !block.starts_with("csl-json"))
        .collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        assert!(CHAPTERS.iter().any(|(_, chapter)| chapter.contains(block)), "no chapter has this block:{block}");
    }
}

#[test]
fn it_cites_every_rule_of_the_chapters_and_no_other() {
    let rules_of_chapters: BTreeSet<String> =
        CHAPTERS.iter().flat_map(|(_, chapter)| chapter.lines()).filter_map(defined).collect();
    let cited = rules(&draft());
    let missing: Vec<_> = rules_of_chapters.difference(&cited).collect();
    let unknown: Vec<_> = cited.difference(&rules_of_chapters).collect();
    assert!(!rules_of_chapters.is_empty());
    assert!(missing.is_empty(), "rules that the draft does not cite: {missing:?}");
    assert!(unknown.is_empty(), "rules that no chapter has: {unknown:?}");
}

/// The rows of the circuits stand in the chapter alone, so the proposal fixes them by their digests. With `BLESS=1` it takes
/// those of the published keys.
#[test]
fn it_has_the_digests_of_the_circuits() {
    let published = fs::read_to_string("src/proving/published_keys.txt").expect("the digests are text");
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("| `{}` | `{}` |\n", words.next()?, words.next()?))
    };
    let rows: String = published.lines().filter_map(row).collect();
    assert!(!rows.is_empty());
    let draft = draft();
    let (before, rest) = draft.split_once(DIGESTS).expect("it has the table");
    let (old, after) = rest.split_once("\n\n").expect("the table ends");
    if std::env::var_os("BLESS").is_some() {
        fs::write(DRAFT, [before, DIGESTS, &rows, "\n", after].concat()).expect("the draft can be written");
        return;
    }
    assert_eq!(format!("{old}\n"), rows, "run this test with BLESS=1, and review");
}
