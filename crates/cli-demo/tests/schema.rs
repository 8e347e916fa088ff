//! The printed schema accepts what the program accepts, and refuses what it refuses.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of tests fails the test"
)]

use std::path::{Path, PathBuf};

use cli_demo::file::RolloutFile;
use serde_json::{Value, json};

/// What a schema says that narrows nothing.
const NOTES: [&str; 7] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "format",
];

/// A JSON Schema, as far as the rollout file's one uses the language: a keyword that is not known here
/// fails the test instead of being passed over.
struct Schema(Value);

impl Schema {
    fn of_rollout_file() -> Self {
        Self(serde_json::to_value(RolloutFile::schema()).unwrap())
    }

    /// Where the value is not as the schema says, and why.
    fn faults(&self, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.walk(&self.0, value, "", &mut faults);
        faults
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut faults = Vec::new();
        self.walk(schema, value, "", &mut faults);
        faults.is_empty()
    }

    fn walk(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        if *schema == Value::Bool(true) {
            return;
        }
        let keywords = schema.as_object().unwrap();
        let mut fault = |is_one: bool, why: &dyn Fn() -> String| {
            if is_one {
                faults.push(format!("{at}: {}", why()));
            }
        };
        for (keyword, given) in keywords {
            let is_so = |schema: &&Value| self.fits(schema, value);
            match keyword.as_str() {
                "type" => fault(!has_type(given, value), &|| {
                    format!("{value} is no {given}")
                }),
                "const" => fault(value != given, &|| format!("{value} is not {given}")),
                "enum" => fault(!items(given).contains(value), &|| {
                    format!("{value} is not among {given}")
                }),
                "required" => {
                    for name in items(given) {
                        let is_missing = value.is_object() && value.get(text(name)).is_none();
                        fault(is_missing, &|| format!("{name} is missing"));
                    }
                }
                "oneOf" => fault(items(given).iter().filter(is_so).count() != 1, &|| {
                    format!("{value} is not exactly one of {given}")
                }),
                "anyOf" => fault(!items(given).iter().any(|one| is_so(&one)), &|| {
                    format!("{value} is none of {given}")
                }),
                "pattern" => {
                    let pattern = regex::Regex::new(text(given)).unwrap();
                    let is_other = value.as_str().is_some_and(|text| !pattern.is_match(text));
                    fault(is_other, &|| format!("{value} is not as {given}"));
                }
                "minimum" => fault(
                    value.as_f64().is_some_and(|v| v < given.as_f64().unwrap()),
                    &|| format!("{value} is below {given}"),
                ),
                "maximum" => fault(
                    value.as_f64().is_some_and(|v| v > given.as_f64().unwrap()),
                    &|| format!("{value} is above {given}"),
                ),
                "minItems" => fault(
                    value
                        .as_array()
                        .is_some_and(|v| (v.len() as u64) < given.as_u64().unwrap()),
                    &|| format!("{value} is too short"),
                ),
                "maxItems" => fault(
                    value
                        .as_array()
                        .is_some_and(|v| v.len() as u64 > given.as_u64().unwrap()),
                    &|| format!("{value} is too long"),
                ),
                "uniqueItems" => {
                    let unique = |items: &Vec<Value>| {
                        (1..items.len()).all(|end| !items[..end].contains(&items[end]))
                    };
                    fault(value.as_array().is_some_and(|v| !unique(v)), &|| {
                        format!("{value} has one twice")
                    });
                }
                // Below, since they lead further in.
                "$ref" | "allOf" | "items" | "properties" | "additionalProperties" => {}
                note => assert!(NOTES.contains(&note), "not known to this test: {note}"),
            }
        }
        self.walk_in(keywords, value, at, faults);
    }

    fn walk_in(
        &self,
        keywords: &serde_json::Map<String, Value>,
        value: &Value,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        if let Some(reference) = keywords.get("$ref") {
            let pointer = text(reference).strip_prefix('#').unwrap();
            self.walk(self.0.pointer(pointer).unwrap(), value, at, faults);
        }
        for schema in keywords.get("allOf").map(items).unwrap_or_default() {
            self.walk(schema, value, at, faults);
        }
        if let (Some(schema), Some(items)) = (keywords.get("items"), value.as_array()) {
            for (index, item) in items.iter().enumerate() {
                self.walk(schema, item, &format!("{at}/{index}"), faults);
            }
        }
        let Some(fields) = value.as_object() else {
            return;
        };
        for (name, field) in fields {
            let at = format!("{at}/{name}");
            let known = keywords.get("properties").and_then(|known| known.get(name));
            match (known, keywords.get("additionalProperties")) {
                (Some(schema), _) => self.walk(schema, field, &at, faults),
                (None, Some(Value::Bool(false))) => faults.push(format!("{at}: no such field")),
                (None, Some(schema)) => self.walk(schema, field, &at, faults),
                (None, None) => {}
            }
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn has_type(given: &Value, value: &Value) -> bool {
    if let Some(types) = given.as_array() {
        return types.iter().any(|given| has_type(given, value));
    }
    match text(given) {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => panic!("no type: {other}"),
    }
}

fn examples() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = std::fs::read_dir(folder).unwrap();
    let paths = files.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let value = serde_saphyr::from_str(&text).unwrap();
            (path, value)
        })
        .collect()
}

#[test]
fn every_example_is_as_the_schema_says() {
    let (schema, examples) = (Schema::of_rollout_file(), examples());
    assert!(examples.len() >= 6, "{}", examples.len());
    for (path, value) in examples {
        let faults = schema.faults(&value);
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
    }
}

#[test]
fn what_the_program_refuses_the_schema_refuses() {
    let schema = Schema::of_rollout_file();
    let (_, good) = examples().remove(0);
    let refused = |pointer: &str, wrong: Value| {
        let mut value = good.clone();
        let (inside, name) = pointer.rsplit_once('/').unwrap();
        let fields = value.pointer_mut(inside).unwrap().as_object_mut().unwrap();
        fields.insert(name.to_owned(), wrong);
        let read: Result<RolloutFile, _> = serde_json::from_value(value.clone());
        assert!(read.is_err(), "{pointer} is read");
        assert!(!schema.faults(&value).is_empty(), "{pointer} is accepted");
    };
    refused("/nmae", json!("x"));
    refused("/name", json!(7));
    refused("/target", json!({"nomad": {}}));
    refused("/target/kubernetes/router", json!({"istio": {}}));
    refused("/target/kubernetes/follow", json!("everybody"));
    refused(
        "/target/kubernetes/workload",
        json!({"slots": ["only-one"]}),
    );
    refused("/strategy", json!("canary"));
    let mut nameless = good.clone();
    nameless.as_object_mut().unwrap().remove("name");
    assert!(!schema.faults(&nameless).is_empty());
}
