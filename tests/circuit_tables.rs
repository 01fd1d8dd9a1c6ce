//! What is compared of the chapter with the code: the labels of the chips' tables, all of them and in their order; of a range check
//! with one width the bits, and whether it has a condition; the numbers of the tables of buses and tiers.
//!
//! What is not: formulas. Which equation, number, condition or multiplicity stands behind a label is for a reader to see, and so are
//! widths that depend on features. Executions (`circuit_executions.rs`) and attacks (`circuit_soundness.rs`) test the code alone.

#[path = "common/soundness.rs"]
mod soundness;

use ark_bn254::Fr;
use ark_ff::PrimeField;
use middle_client::circuit::bus::Bus;
use middle_client::circuit::entry::Kind;
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

/// The numbers before `bits`, as in "in 26 bits", and what stands in braces, of a row's text.
fn width(text: &str) -> Option<(u64, Option<&str>)> {
    let (before, after) = text.split_once(" bits")?;
    let bits = before.rsplit_once("in ")?.1.parse().ok()?;
    let braces = after.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    Some((bits, braces.map(|(condition, _)| condition)))
}

/// The range checks of a table of the chapter: label, bits and condition, as far as a row has one width.
fn range_checks(mark: &str) -> Vec<(String, String, u64, bool)> {
    let mut chip = mark.strip_prefix("chip_").unwrap_or_default().to_string();
    let mut checks = Vec::new();
    for row in table(mark) {
        let (first, text) = match &row[..] {
            [first, text] => (first.clone(), text),
            [of, first, text] => {
                chip = names(of).pop().unwrap_or(chip);
                (first.clone(), text)
            }
            _ => continue,
        };
        // What stands there several times is counted by its own test.
        if let Some((bits, condition)) = width(text).filter(|_| !text.contains(" times: ")) {
            for name in names(&first).into_iter().filter(|name| !name.ends_with('…')) {
                checks.push((chip.clone(), name, bits, matches!(condition, None | Some("1" | "active"))));
            }
        }
    }
    checks
}

/// The bits of each limb, if they do not depend on a feature, and whether the check is unconditional.
type CodeCheck = (Vec<Option<u64>>, bool);

/// Each range check of the chapter has the width of the code, and is unconditional if the code's is.
#[test]
fn the_chapters_range_checks_have_the_widths_of_the_code() {
    let layout = soundness::Layout::get();
    let mut code: BTreeMap<(&str, &str), CodeCheck> = BTreeMap::new();
    for block in layout.blocks.iter().filter(|block| block.number == 0) {
        for traffic in block.traffic.iter().map(|index| &layout.traffic[*index]) {
            if traffic.bus != Bus::Range as u64 {
                continue;
            }
            // A limb's bits, if they do not depend on a feature.
            let bits = match &traffic.coordinates[2][..] {
                [(bits, 0)] => Some(bits.into_bigint().0[0]),
                _ => None,
            };
            let is_active = traffic.multiplicity == [(-Fr::from(1u64), block.wires.start)];
            let check = code.entry((block.chip, traffic.label.name)).or_insert((Vec::new(), is_active));
            check.0.push(bits);
            assert_eq!(check.1, is_active, "{}: the limbs of `{}`", block.chip, traffic.label.name);
        }
    }
    let marks = CHAPTER.split("<!-- table: ").skip(1).filter_map(|rest| rest.split(" -->").next());
    let marks = marks.filter(|mark| mark.starts_with("chip_") || *mark == "chips_of_traps");
    let (mut checked, mut faults) = (0, Vec::new());
    for (chip, name, bits, is_active) in marks.flat_map(range_checks) {
        let chips: &[&str] = match &chip[..] {
            "cells" => &["audit", "witness", "witness_length"],
            chip => &[chip],
        };
        for chip in chips {
            let Some((limbs, active)) = code.get(&(chip, &name[..])) else { continue };
            // Of widths that depend on a feature the chapter says more than one number.
            let Some(limbs) = limbs.iter().copied().collect::<Option<Vec<u64>>>() else { continue };
            checked += 1;
            if (limbs.iter().sum::<u64>(), *active) != (bits, is_active) {
                faults.push(format!("{chip}: `{name}` has limbs of {limbs:?} bits, conditional: {}", !active));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked > 55, "{checked}");
}

/// The rows of a table of another chapter.
fn rows_of(chapter: &'static str, name: &str) -> Vec<Vec<&'static str>> {
    let start = chapter.find(&format!("<!-- table: {name} -->")).unwrap();
    let rows =
        chapter[start..].lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn the_chapters_tiers_and_buses_are_those_of_the_code() {
    let rows = rows_of(include_str!("../spec/10-proving.md"), "tiers");
    for (number, tier) in TIERS.iter().enumerate() {
        let column: Vec<&str> = rows.iter().map(|row| row[number + 1]).collect();
        assert_eq!(column[0], format!("{number} `{}`", tier.name));
        let found: Vec<usize> = column[2..].iter().map(|value| value.replace(',', "").parse().unwrap()).collect();
        let last = [tier.refreshes, tier.audits, tier.witness_words];
        assert_eq!(found, [&[tier.code_words, tier.image_cells], &tier.rows[..], &last].concat(), "{}", tier.name);
    }
    let kinds = Kind::ALL.map(|kind| format!("`{}`", kind.name()));
    assert_eq!(rows[4..4 + kinds.len()].iter().map(|row| row[0]).collect::<Vec<_>>(), kinds);

    use Bus::*;
    let buses = [State, Code, Memory, Audit, Initial, Final, Range, And, Power, Place, WitnessWords, Ones];
    let expected = buses.map(|bus| [(bus as u64).to_string(), format!("`{bus:?}`")]);
    let found =
        rows_of(CHAPTER, "buses")[2..].iter().map(|row| [row[0].to_string(), row[1].to_string()]).collect::<Vec<_>>();
    assert_eq!(found, expected);
}
