//! The tables of the rollout file's reference, made from its JSON Schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Names of definitions that are written as a word alone.
const WORDS: &[(&str, &str)] = &[
    ("Amount", "number or share"),
    ("Given", "settings"),
    ("Percent", "share"),
    ("PercentOrOff", "share or `off`"),
    ("Shipped", "map to image"),
    ("Time", "duration"),
    ("uint32OrOff", "number or `off`"),
];

const END: &str = "<!-- end -->";
const BOOLEAN: &str = "`true` or `false`";

/// The page with every table anew. A table stands between `<!-- fields: NAME -->` (of a definition, or of
/// the whole `file`) or `<!-- values: NAME -->` and `<!-- end -->`.
pub(crate) fn filled(page: &str, schema: &Value) -> String {
    let mut lines = page.lines();
    let mut filled = String::new();
    while let Some(line) = lines.next() {
        let _ = writeln!(filled, "{line}");
        let Some((kind, name)) = marker(line) else {
            continue;
        };
        let definition = match name {
            "file" => schema,
            name => &schema["$defs"][name],
        };
        assert!(definition.is_object(), "there is no definition {name}");
        filled += &match kind {
            "fields" => fields(definition, &schema["$defs"]),
            _ => values(definition),
        };
        assert!(
            lines.any(|line| line == END),
            "the table of {name} has no end"
        );
        let _ = writeln!(filled, "{END}");
    }
    filled
}

/// The definitions whose tables the page has.
pub(crate) fn named(page: &str) -> Vec<&str> {
    page.lines()
        .filter_map(marker)
        .map(|(_, name)| name)
        .collect()
}

fn marker(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("<!-- ")?
        .strip_suffix(" -->")?
        .split_once(": ")
}

fn fields(definition: &Value, definitions: &Value) -> String {
    let required = definition["required"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut table = "\n| key | type | default | meaning |\n|---|---|---|---|\n".to_owned();
    let mut fields: Vec<_> = properties(definition).collect();
    fields.sort_by_key(|(name, _)| !required.iter().any(|required| required == *name));
    for (name, field) in fields {
        let (meaning, default) = split(field["description"].as_str().unwrap_or_default());
        let kind = kind(field, definitions);
        let is_required = required.iter().any(|required| required == name);
        let default = match default {
            _ if is_required => "required".to_owned(),
            Some(default) if default == "yes" => "`true`".to_owned(),
            _ if kind == BOOLEAN => "`false`".to_owned(),
            Some(default) => default,
            None if kind == "settings" => "see there".to_owned(),
            None => "none".to_owned(),
        };
        let _ = writeln!(table, "| `{name}` | {kind} | {default} | {meaning} |");
    }
    table + "\n"
}

fn values(definition: &Value) -> String {
    let mut table = "\n| value | meaning |\n|---|---|\n".to_owned();
    for variant in definition["oneOf"].as_array().into_iter().flatten() {
        let meaning = variant["description"].as_str().unwrap_or_default();
        let _ = writeln!(
            table,
            "| {} | {} |",
            value(variant),
            meaning.replace('\n', " ")
        );
    }
    table + "\n"
}

fn properties(definition: &Value) -> impl Iterator<Item = (&String, &Value)> {
    definition["properties"]
        .as_object()
        .into_iter()
        .flat_map(Map::iter)
}

/// A value of a choice: a word, or a key with settings of its own.
fn value(variant: &Value) -> String {
    match variant["const"].as_str() {
        Some(word) => format!("`{word}`"),
        None => properties(variant)
            .map(|(key, _)| format!("`{{{key}: ...}}`"))
            .collect(),
    }
}

/// What is written in place of a field's value.
fn kind(field: &Value, definitions: &Value) -> String {
    if let Some(name) = field["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        if let Some((_, word)) = WORDS.iter().find(|(word, _)| *word == name) {
            return (*word).to_owned();
        }
        let choices = definitions[name]["oneOf"].as_array();
        return choices.map_or_else(
            || "settings".to_owned(),
            |choices| choices.iter().map(value).collect::<Vec<_>>().join(", "),
        );
    }
    if let Some(choices) = field["anyOf"].as_array() {
        let choices = choices.iter().filter(|choice| choice["type"] != "null");
        let kinds: Vec<_> = choices.map(|choice| kind(choice, definitions)).collect();
        return kinds.join(" or ");
    }
    let is = |name: &str| {
        field["type"] == name
            || field["type"]
                .as_array()
                .is_some_and(|types| types[0] == name)
    };
    if is("array") {
        format!("list of {}", kind(&field["items"], definitions))
    } else if is("object") {
        format!(
            "map to {}",
            kind(&field["additionalProperties"], definitions)
        )
    } else if is("boolean") {
        BOOLEAN.to_owned()
    } else if is("integer") {
        "number".to_owned()
    } else {
        "text".to_owned()
    }
}

/// Meaning and default of a field, from a text such as `What it is. Default: this.`
///
/// What follows on a plain yes or no is about its meaning.
fn split(text: &str) -> (String, Option<String>) {
    let text = text.replace('\n', " ");
    let Some((meaning, default)) = text.split_once(" Default: ") else {
        return (text, None);
    };
    let default = default.trim_end_matches('.');
    match default.split_once("; ") {
        Some((plain @ ("yes" | "no"), more)) => {
            let meaning = meaning.trim_end_matches('.');
            (format!("{meaning}; {more}."), Some(plain.to_owned()))
        }
        Some(_) | None => (meaning.to_owned(), Some(default.to_owned())),
    }
}
