//! The reference pages name everything that there is.

#[path = "reference/fields.rs"]
mod fields;

use strategy_core::rollout::{News, Reason};

const EVENTS: &str = include_str!("../../../docs/reference/events.md");
const FILE: &str = include_str!("../../../docs/reference/rollout-file.md");

#[test]
fn every_type_of_event_is_documented_and_no_other() {
    let error = serde_json::from_str::<News>(r#"{"type": "?"}"#).unwrap_err();
    let error = error.to_string();
    let (_, names) = error.split_once("expected one of").unwrap();
    let known: Vec<_> = names.split('`').skip(1).step_by(2).collect();
    assert!(known.len() > 20, "{error}");
    // What the fields hold stands below, in tables of their own.
    let (types, _) = EVENTS.split_once("\n## ").unwrap();
    let documented: Vec<_> = types
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .filter(|name| !["rollout", "at", "type", "as_of", "carried"].contains(name))
        .collect();
    assert_eq!(documented, known);
}

#[test]
fn every_kind_of_reason_is_documented_and_no_other() {
    let error = serde_json::from_str::<Reason>(r#"{"kind": "?"}"#).unwrap_err();
    let error = error.to_string();
    let (_, names) = error.split_once("expected one of").unwrap();
    let known: Vec<_> = names.split('`').skip(1).step_by(2).collect();
    let (_, section) = EVENTS.split_once("## `reason`").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: Vec<_> = rows
        .filter_map(|line| line.split('`').next())
        .skip(1)
        .collect();
    assert_eq!(documented, known);
}

/// With `UPDATE_DOCS=1` the tables are written anew.
#[test]
fn the_tables_of_the_rollout_file_are_those_of_its_schema() {
    let schema = serde_json::to_value(cli_demo::file::RolloutFile::schema()).unwrap();
    let filled = fields::filled(FILE, &schema);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let page = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/reference/rollout-file.md"
        );
        std::fs::write(page, &filled).unwrap();
        return;
    }
    assert!(
        filled == FILE,
        "write them anew: UPDATE_DOCS=1 cargo test -p cli-demo --test reference"
    );
}

#[test]
fn everything_in_the_rollout_file_has_a_table() {
    let schema = serde_json::to_value(cli_demo::file::RolloutFile::schema()).unwrap();
    let named = fields::named(FILE);
    let definitions = schema["$defs"].as_object().unwrap();
    let has_rows = |(_, definition): &(&String, &serde_json::Value)| {
        definition["properties"].is_object() || definition["oneOf"].is_array()
    };
    let missing: Vec<_> = definitions
        .iter()
        .filter(has_rows)
        .map(|(name, _)| name.as_str())
        .filter(|name| !named.contains(name))
        .collect();
    assert!(missing.is_empty(), "not in the reference: {missing:?}");
}
