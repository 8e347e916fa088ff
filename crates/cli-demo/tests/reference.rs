//! The reference pages name everything that there is.

use strategy_core::rollout::News;

const EVENTS: &str = include_str!("../../../docs/reference/events.md");
const FILE: &str = include_str!("../../../docs/reference/rollout-file.md");

#[test]
fn every_type_of_event_is_documented_and_no_other() {
    let error = serde_json::from_str::<News>(r#"{"type": "?"}"#).unwrap_err();
    let error = error.to_string();
    let (_, names) = error.split_once("expected one of").unwrap();
    let known: Vec<_> = names.split('`').skip(1).step_by(2).collect();
    assert!(known.len() > 20, "{error}");
    let documented: Vec<_> = EVENTS
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .filter(|name| !["rollout", "at", "type", "as_of", "carried"].contains(name))
        .collect();
    assert_eq!(documented, known);
}

#[test]
fn every_field_of_the_rollout_file_is_documented() {
    let schema = serde_json::to_value(cli_demo::file::RolloutFile::schema()).unwrap();
    let mut names: Vec<&String> = Vec::new();
    collect(&schema, &mut names);
    assert!(names.len() > 80, "{names:?}");
    names.retain(|name| !FILE.contains(name.as_str()));
    assert!(names.is_empty(), "not in the reference: {names:?}");
}

fn collect<'a>(schema: &'a serde_json::Value, names: &mut Vec<&'a String>) {
    match schema {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                if let ("properties", Some(properties)) = (name.as_str(), value.as_object()) {
                    names.extend(properties.keys());
                }
                collect(value, names);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}
