//! README.md gives a reason for each dependency, and for nothing else, and the files that it names are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_dependency_has_its_reason() {
    let readme = fs::read_to_string("README.md").expect("the README is text");
    let section = readme.split("\n## ").find(|part| part.starts_with("Dependencies")).expect("it has the section");
    let first_columns = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let listed: BTreeSet<&str> = first_columns.flat_map(|column| column.split('`').skip(1).step_by(2)).collect();

    let manifest = fs::read_to_string("Cargo.toml").expect("the manifest is text");
    let manifest: toml::Table = manifest.parse().expect("the manifest is TOML");
    let tables = ["dependencies", "dev-dependencies"].map(|name| manifest[name].as_table().expect("it is a table"));
    let declared: BTreeSet<&str> = tables.into_iter().flat_map(|table| table.keys()).map(String::as_str).collect();
    assert_eq!(listed, declared);
}

#[test]
fn the_files_that_it_names_exist() {
    let readme = fs::read_to_string("README.md").expect("the README is text");
    let words = readme.split(|c: char| c.is_whitespace() || "`|()[]#,;".contains(c));
    let folders = ["spec/", "src/", "tests/", "vectors/", "fuzz/", ".ci/"];
    let paths = words
        .map(|word| word.trim_end_matches(['.', ':']))
        .filter(|word| folders.iter().any(|folder| word.starts_with(folder)) && !word.contains('*'));
    let (found, missing): (Vec<&str>, Vec<&str>) = paths.partition(|path| Path::new(path).exists());
    assert!(found.len() > 100, "{}", found.len());
    assert_eq!(missing, Vec::<&str>::new());
}
