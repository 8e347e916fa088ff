//! Who wrote a field last, by `managedFields`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::{list, text};

/// Who wrote a field last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldWriter {
    /// The field manager's name.
    pub(crate) name: String,
    /// When, as the server wrote it down.
    pub(crate) time: String,
}

/// All who hold the field at `path` (or anything below it), the latest writer first.
///
/// Writing another value takes a field away from everyone who held it, so whoever holds a single
/// field wrote it last; of those who hold a whole tree together, the latest is named first.
pub(crate) fn writers(object: &Value, path: &[&str]) -> Vec<FieldWriter> {
    let mut writers: Vec<_> = list(object, "/metadata/managedFields")
        .iter()
        .filter(|entry| text(entry, "/subresource") != "status")
        .filter(|entry| holds(entry.get("fieldsV1"), path))
        .map(|entry| FieldWriter {
            name: text(entry, "/manager").to_owned(),
            time: text(entry, "/time").to_owned(),
        })
        .collect();
    writers.sort_by(|one, other| other.time.cmp(&one.time));
    writers
}

/// Whoever other than `us` wrote one of the fields at `paths` last.
///
/// The server writes times down in whole seconds: those who wrote within the same second are all
/// named, since nothing says who of them came last.
pub(crate) fn last_other(object: &Value, paths: &[&[&str]], us: &str) -> Option<FieldWriter> {
    let mut others: Vec<_> = paths
        .iter()
        .flat_map(|path| writers(object, path))
        .filter(|writer| writer.name != us)
        .collect();
    others.sort_by(|one, other| other.time.cmp(&one.time));
    let time = others.first()?.time.clone();
    let names: BTreeSet<_> = others
        .into_iter()
        .filter(|writer| writer.time == time)
        .map(|writer| writer.name)
        .collect();
    let name = names.into_iter().collect::<Vec<_>>().join(" or ");
    Some(FieldWriter { name, time })
}

fn holds(fields: Option<&Value>, path: &[&str]) -> bool {
    match (fields, path) {
        (Some(_), []) => true,
        (Some(fields), [key, rest @ ..]) => holds(fields.get(key), rest),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_latest_who_holds_a_field_is_first() {
        let entry = |manager: &str, time: &str, fields: Value, subresource: &str| {
            json!({
                "manager": manager, "time": time, "fieldsV1": fields, "subresource": subresource,
            })
        };
        let object = json!({"metadata": {"managedFields": [
            entry("kubectl", "2026-01-01T00:00:00Z", json!({"f:spec": {"f:template": {"f:a": {}}}}), ""),
            entry("argocd", "2026-01-02T00:00:00Z", json!({"f:spec": {"f:template": {"f:b": {}}}}), ""),
            entry("scaler", "2026-01-03T00:00:00Z", json!({"f:spec": {"f:replicas": {}}}), "scale"),
            entry("kcm", "2026-01-04T00:00:00Z", json!({"f:spec": {"f:replicas": {}}}), "status"),
        ]}});
        let names = |path: &[&str]| -> Vec<String> {
            writers(&object, path)
                .into_iter()
                .map(|writer| writer.name)
                .collect()
        };
        assert_eq!(names(&["f:spec", "f:template"]), ["argocd", "kubectl"]);
        assert_eq!(names(&["f:spec", "f:replicas"]), ["scaler"]);
        assert!(names(&["f:spec", "f:selector"]).is_empty());
    }

    #[test]
    fn whoever_wrote_within_the_same_second_may_have_been_the_last() {
        let entry = |manager: &str, time: &str| json!({"manager": manager, "time": time, "fieldsV1": {"f:spec": {"f:template": {}}}});
        let early = "2026-01-01T00:00:00Z";
        let late = "2026-01-01T00:00:01Z";
        let by = |entries: Value| {
            let object = json!({"metadata": {"managedFields": entries}});
            let other = last_other(&object, &[&["f:spec", "f:template"]], "rollway");
            other.map(|other| other.name)
        };
        let one = json!([
            entry("kubectl", early),
            entry("argocd", late),
            entry("rollway", late)
        ]);
        assert_eq!(by(one).as_deref(), Some("argocd"));
        let two = json!([
            entry("kubectl", late),
            entry("argocd", late),
            entry("rollway", late)
        ]);
        assert_eq!(by(two).as_deref(), Some("argocd or kubectl"));
        assert_eq!(by(json!([entry("rollway", late)])), None);
    }

    #[test]
    fn of_several_fields_whoever_wrote_one_of_them_last_is_named() {
        let entry = |manager: &str, time: &str, field: &str| json!({"manager": manager, "time": time, "fieldsV1": {"f:spec": {field: {}}}});
        let object = json!({"metadata": {"managedFields": [
            entry("kubectl", "2026-01-01T00:00:00Z", "f:rules"),
            entry("argocd", "2026-01-01T00:00:02Z", "f:defaultBackend"),
            entry("helm", "2026-01-01T00:00:03Z", "f:tls"),
            entry("rollway", "2026-01-01T00:00:04Z", "f:rules"),
        ]}});
        let rules: &[&str] = &["f:spec", "f:rules"];
        let default: &[&str] = &["f:spec", "f:defaultBackend"];
        let by = |paths: &[&[&str]]| last_other(&object, paths, "rollway").map(|other| other.name);
        assert_eq!(by(&[rules]).as_deref(), Some("kubectl"));
        assert_eq!(by(&[rules, default]).as_deref(), Some("argocd"));
        assert_eq!(by(&[&[]]).as_deref(), Some("helm"), "of all of it");
        assert_eq!(by(&[]), None);
    }
}
