//! Every rule is noticed by a test: the table of both.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use test_support::ecs::RULES;

const TABLE: &str = "rules.md";

fn manifest() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The test functions that ask whether a rule was seen at work, by rule: `file::function`.
fn tests() -> BTreeMap<String, Vec<String>> {
    let folder = manifest().join("tests/ecs");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut tests = BTreeMap::<String, Vec<String>>::new();
    for path in paths.iter().filter(|path| !path.ends_with("table.rs")) {
        let file = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        for part in text.split("#[test]").skip(1) {
            let name = part.split_once("fn ").unwrap().1.split_once('(').unwrap().0;
            // Up to the end of the function.
            let body = part.split("\n}\n").next().unwrap();
            for mention in body.split("Rule::").skip(1) {
                let end = mention
                    .find(|letter: char| !letter.is_alphanumeric())
                    .unwrap();
                let listed = tests.entry(mention[..end].to_owned()).or_default();
                let name = format!("{file}::{name}");
                if !listed.contains(&name) {
                    listed.push(name);
                }
            }
        }
    }
    tests
}

fn table() -> String {
    let tests = tests();
    let mut text = String::from(
        "# Rules of the fake of Amazon ECS\n\n\
         <!-- Written by `crates/test-support/tests/ecs/table.rs`; `UPDATE_DOCS=1` writes it anew. -->\n\n\
         `SDK` is the API reference as the SDK crates have it, `Docs` are pages of AWS, `assumed` is known from nowhere.\n\n\
         | rule | statement | source | noticed by |\n|---|---|---|---|\n",
    );
    for entry in RULES {
        let noticed = tests.get(entry.name).map_or(String::new(), |names| {
            names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        });
        let (name, statement, source) = (entry.name, entry.statement, entry.source);
        writeln!(text, "| {name} | {statement} | {source} | {noticed} |").unwrap();
    }
    text
}

#[test]
fn every_rule_is_noticed_by_a_test() {
    let tests = tests();
    let unnoticed: Vec<&str> = RULES
        .iter()
        .map(|entry| entry.name)
        .filter(|name| !tests.contains_key(*name))
        .collect();
    assert!(unnoticed.is_empty(), "no test notices {unnoticed:?}");
}

#[test]
fn the_table_is_what_the_code_says() {
    let path = manifest().join(TABLE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, table()).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        kept,
        table(),
        "{TABLE} is not what the code says: UPDATE_DOCS=1 writes it anew"
    );
}

#[test]
fn every_rule_has_a_source() {
    for entry in RULES {
        assert!(
            !entry.source.is_empty() && entry.statement.ends_with('.'),
            "{entry:?}"
        );
    }
}
