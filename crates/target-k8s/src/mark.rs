//! What a rollout leaves on the objects it works with: whose they are, and what it wrote there.

use serde_json::{Map, Value};
use strategy_core::target::Claim;

use crate::object::{map_mut, text};

/// The claim: `{"holder": "...", "epoch": 1}`.
pub(crate) const CLAIM: &str = "rollway.dev/claim";

/// What was written by the holder of the claim, field by field, so that other people's changes show.
pub(crate) const WRITTEN: &str = "rollway.dev/written";

/// Who holds an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Free,
    By(Claim),
    /// Something is there that is no claim.
    Unreadable(String),
}

/// Who holds the object.
pub(crate) fn held(object: &Value) -> Held {
    match text(object, "/metadata/annotations/rollway.dev~1claim") {
        "" => Held::Free,
        claim => match serde_json::from_str(claim) {
            Ok(claim) => Held::By(claim),
            Err(_) => Held::Unreadable(claim.chars().take(80).collect()),
        },
    }
}

/// What the holder wrote there.
pub(crate) fn written(object: &Value) -> Map<String, Value> {
    let written = text(object, "/metadata/annotations/rollway.dev~1written");
    serde_json::from_str(written).unwrap_or_default()
}

/// The same object with this claim; without one, nothing of the rollout is left on it.
pub(crate) fn with_claim(object: &Value, claim: Option<&Claim>) -> Value {
    let mut marked = object.clone();
    match claim.and_then(|claim| serde_json::to_string(claim).ok()) {
        Some(claim) => annotate(&mut marked, CLAIM, claim),
        None => {
            let annotations = marked.pointer_mut("/metadata/annotations");
            if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
                annotations.remove(CLAIM);
                annotations.remove(WRITTEN);
            }
        }
    }
    marked
}

/// Notes on the object what is written to it.
pub(crate) fn note(object: &mut Value, field: &str, value: Value) {
    let mut all = written(object);
    all.insert(field.to_owned(), value);
    let text = Value::Object(all).to_string();
    annotate(object, WRITTEN, text);
}

fn annotate(object: &mut Value, key: &str, value: String) {
    let Some(metadata) = map_mut(object, "metadata") else {
        return;
    };
    let annotations = metadata
        .entry("annotations")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(key.to_owned(), Value::String(value));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_comes_and_goes_without_a_trace() {
        let object = json!({"metadata": {"name": "a", "annotations": {"team": "shop"}}});
        let claim = Claim {
            holder: "api-1".parse().unwrap(),
            epoch: 3,
        };
        let mut marked = with_claim(&object, Some(&claim));
        note(&mut marked, "replicas", json!(3));
        note(&mut marked, "template", json!("ab"));
        assert_eq!(held(&marked), Held::By(claim));
        assert_eq!(
            Value::Object(written(&marked)),
            json!({"replicas": 3, "template": "ab"})
        );
        assert_eq!(with_claim(&marked, None), object);
        let bare = json!({"metadata": {"name": "a"}});
        assert_eq!(held(&bare), Held::Free);
        assert_eq!(with_claim(&bare, None), bare);
    }
}
