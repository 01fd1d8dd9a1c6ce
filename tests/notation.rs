//! Notation: the chapter's tables are those of the code, and words are cut as it says.

use middle_client::notation::{Reject, Stage, Trap, word};

const CHAPTER: &str = include_str!("../spec/01-notation.md");

/// The rows of the chapter's table with this mark, header excluded, as trimmed columns without code marks.
fn table(name: &str) -> Vec<Vec<&'static str>> {
    let start = CHAPTER.find(&format!("<!-- table: {name} -->")).expect("the chapter has the table");
    CHAPTER[start..]
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split(" |").map(|column| column.trim().trim_matches('`')).collect())
        .collect()
}

#[test]
fn the_chapter_lists_every_reason_with_its_stage() {
    let found: Vec<_> = table("reasons").iter().map(|row| (row[0], row[1])).collect();
    let expected: Vec<_> = Reject::ALL.iter().map(|reason| (reason.stage().name(), reason.name())).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_chapter_lists_every_stage() {
    let stages = [
        Stage::Malformed,
        Stage::Invalid,
        Stage::Profile,
        Stage::Lowering,
        Stage::Inputs,
        Stage::Execution,
        Stage::Encoding,
        Stage::Verification,
        Stage::Statement,
        Stage::Relation,
        Stage::Operation,
        Stage::Admission,
        Stage::Registry,
        Stage::PostOperation,
        Stage::Wire,
        Stage::Settlement,
    ];
    let found: Vec<_> = table("stages").iter().map(|row| row[0]).collect();
    assert_eq!(found, stages.map(Stage::name));
}

#[test]
fn the_chapter_lists_every_trap_with_its_code() {
    let found: Vec<_> = table("traps").iter().map(|row| (row[0].to_string(), row[1])).collect();
    let expected: Vec<_> = Trap::ALL.iter().map(|trap| (trap.code().to_string(), trap.name())).collect();
    assert_eq!(found, expected);
    assert!(Trap::ALL.into_iter().all(|trap| Trap::from_code(trap.code()) == Some(trap)));
    assert_eq!((Trap::from_code(0), Trap::from_code(14)), (None, None));
}

#[test]
fn names_are_distinct_and_in_snake_case() {
    let mut names: Vec<_> = Reject::ALL.iter().map(|reason| reason.name()).chain(Trap::ALL.map(Trap::name)).collect();
    assert!(names.iter().all(|name| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'0'..=b'9'))));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn words_continue_with_zeros() {
    let bytes: Vec<u8> = (1..=17).collect();
    assert_eq!(word(&bytes, 0), 0x0807_0605_0403_0201);
    assert_eq!(word(&bytes, 1), 0x100f_0e0d_0c0b_0a09);
    assert_eq!(word(&bytes, 2), 17);
    for index in [3, u64::from(u32::MAX), u64::MAX / 8, u64::MAX / 8 + 1, u64::MAX] {
        assert_eq!(word(&bytes, index), 0);
    }
    assert_eq!(word(&[], 0), 0);
}
