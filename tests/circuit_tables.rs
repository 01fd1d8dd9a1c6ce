//! The chapter's tables of the chips have the labels of the code, all of them and in their order.

use middle_client::circuit::{Machine, TIERS};
use middle_client::proof_system::Shape;
use std::collections::{BTreeMap, BTreeSet};

const CHAPTER: &str = include_str!("../spec/09-circuit.md");

/// The rows of the table with this mark, header excluded, as trimmed columns.
fn table(name: &str) -> Vec<Vec<String>> {
    let start = CHAPTER.find(&format!("<!-- table: {name} -->")).unwrap_or_else(|| panic!("no table {name}"));
    let rows = CHAPTER[start..].lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|line| line.trim_matches('|').split(" |").map(|column| column.trim().to_string()).collect()).collect()
}

/// What stands in backticks.
fn names(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(String::from).collect()
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// The features of a chip, as the text before its table lists them.
fn features(chip: &str) -> Vec<String> {
    let section = CHAPTER.find(&format!("\n### {chip}\n")).unwrap_or_else(|| panic!("no section {chip}"));
    let text = &CHAPTER[section..section + CHAPTER[section..].find("<!-- table").unwrap()];
    match chip {
        "branch" => return features("compare"),
        // "the sizes as of `load`"
        "store" => return strings(&["immediate", "two bytes", "four bytes", "eight bytes", "absolute"]),
        _ => {}
    }
    let list = text.split("Features: ").nth(1).or(text.split("Feature: ").nth(1)).expect("the text lists them");
    let list = list.split(". ").next().unwrap().split(".\n").next().unwrap();
    // What is said of one stands in parentheses, or in a clause.
    let mut open = String::new();
    let mut depth = 0;
    for letter in list.replace(", which `trap` always has, and", ",").replace('\n', " ").chars() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if depth == 0 {
            open.push(letter);
        }
    }
    names(&open)
}

/// The slots that a row's text names before a semicolon.
fn slots(text: &str) -> Vec<String> {
    let list = text.split(';').next().unwrap();
    let list = match list {
        "as `compare`, without a destination" => "P",
        list => list,
    };
    let name = |slot: &str| match slot {
        "P" | "Q" => format!("slot of {}", slot.to_lowercase()),
        "destination" | "destination or value" => format!("slot of {slot}"),
        other => other.to_string(),
    };
    let known = ["P", "Q", "destination", "destination or value", "distance", "space"];
    list.split(", ").filter(|slot| known.contains(slot)).map(name).collect()
}

/// Parts of rows, each by what stands in the first column and the labels that it stands for.
type Parts = Vec<(String, Vec<String>)>;

fn access(place: &str) -> Vec<String> {
    ["address", "old time", "take cell", "put cell", "elapsed"].map(|name| format!("{name} {place}")).to_vec()
}

fn part(chip: &str, name: &str, text: &str) -> Vec<String> {
    match name {
        "begin" => strings(&["active", "clock", "program counter", "frame pointer", "take state"]),
        "features" => features(chip),
        "slots" => slots(text),
        "fetch" => strings(&["fetch"]),
        "operand Q" => [strings(&["slot of q"]), access("1"), strings(&["immediate is q"])].concat(),
        "next" => strings(&["put state"]),
        "end" => strings(&["code", "put end"]),
        "1 cycle" | "0 cycles" => vec![],
        "the cell" => chip_parts("chip_cells", "cells").into_iter().flat_map(|(_, labels)| labels).collect(),
        "comparison" => {
            let compare = chip_parts("chip_compare", "compare");
            let at = |name: &str| compare.iter().position(|(part, _)| part == name).unwrap();
            compare[at("access 0")..=at("`inverts`")].iter().flat_map(|(_, labels)| labels.clone()).collect()
        }
        _ => match name.split_once(' ') {
            Some(("access", place)) => access(place),
            // The address of the first of these words is a label of its own.
            Some(("accesses", place)) => access(place).split_off(1),
            _ => match name.strip_suffix(" …`") {
                Some(first) => vec![format!("{} word in range", &first[1..])],
                None => {
                    assert!(name.starts_with('`') && name.ends_with('`'), "{chip}: what is {name}?");
                    names(name)
                }
            },
        },
    }
}

fn row_parts(chip: &str, first: &str, text: &str) -> Parts {
    first.split(", ").map(|name| (name.to_string(), part(chip, name, text))).collect()
}

fn chip_parts(mark: &str, chip: &str) -> Parts {
    table(mark).iter().flat_map(|row| row_parts(chip, &row[0], &row[1])).collect()
}

/// The parts of the chips of traps, which share a table.
fn trap_parts() -> BTreeMap<String, Parts> {
    let mut chips: BTreeMap<String, Parts> = BTreeMap::new();
    let mut chip = String::new();
    for row in table("chips_of_traps") {
        if !row[0].is_empty() {
            chip = names(&row[0])[0].clone();
        }
        let parts = match (&row[1][..], &row[2][..]) {
            ("", "begin") => row_parts(&chip, "begin", ""),
            // "begin, feature `call`, slots as `jump`; rest is the target"
            ("", text) if text.starts_with("begin, feature `call`, slots as `jump`") => {
                [row_parts(&chip, "begin, `call`", ""), row_parts(&chip, "slots", "destination, P, distance")].concat()
            }
            ("", text) => {
                let (of, last) = text.strip_prefix("as ").unwrap().split_once(" up to ").unwrap();
                let mut parts = chip_parts(&format!("chip_{}", &names(of)[0]), &names(of)[0]);
                parts.truncate(1 + parts.iter().position(|(name, _)| name == last).unwrap());
                parts
            }
            (first, text) => row_parts(&chip, first, text),
        };
        chips.entry(chip.clone()).or_default().extend(parts);
    }
    chips
}

#[test]
fn the_chapters_tables_have_the_labels_of_the_code() {
    let machine = Machine::universal(&TIERS[0]);
    let shape = Shape::of(&machine);
    let labels = machine.labels();
    // The constraints, the products with challenges and the tuples, each in the order of the code.
    let c = &shape.matrices[2];
    let is_late = |row: &usize| c[*row].len() == 1 && c[*row][0].1 >= shape.instance();
    let products = (0..labels.len()).find(is_late).unwrap();
    let tuples = (products..labels.len()).find(|row| !is_late(row)).unwrap();
    let sections = [0..products, products..tuples, tuples..labels.len()];
    let mut code: BTreeMap<&str, [Vec<&str>; 3]> = BTreeMap::new();
    for (section, rows) in sections.into_iter().enumerate() {
        for label in &labels[rows] {
            // One product for all range checks of two widths in a row, which no table lists.
            let names = &mut code.entry(label.chip).or_default()[section];
            if label.name != "width" && !names.contains(&label.name) {
                names.push(label.name);
            }
        }
    }
    code.retain(|chip, _| !chip.ends_with(" table") && !["sum", "image"].contains(chip));

    let traps = trap_parts();
    let mut faults = Vec::new();
    for (chip, sections) in &code {
        let parts = traps.get(*chip).cloned().unwrap_or_else(|| chip_parts(&format!("chip_{chip}"), chip));
        let chapter: Vec<String> = parts.into_iter().flat_map(|(_, labels)| labels).collect();
        let named: BTreeSet<&str> = chapter.iter().map(|name| &name[..]).collect();
        let known: BTreeSet<&str> = sections.iter().flatten().copied().collect();
        for name in known.difference(&named) {
            faults.push(format!("{chip}: `{name}` is not in the chapter"));
        }
        for name in named.difference(&known) {
            faults.push(format!("{chip}: `{name}` is in the chapter only"));
        }
        for names in sections {
            let mut rest = chapter.iter();
            for name in names {
                if !rest.any(|other| other == name) {
                    faults.push(format!("{chip}: `{name}` is at another place in the chapter"));
                    break;
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(code.len(), 29);
}
