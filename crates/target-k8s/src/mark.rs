//! What a rollout leaves on the objects it works with: whose they are, what it wrote there, and which
//! claims are over.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use strategy_core::target::{Apply, Claim};

use crate::object::{map_mut, text};

/// The claim: `{"holder": "...", "epoch": 1}`.
pub(crate) const CLAIM: &str = "rollway.dev/claim";

/// The highest epoch that was given up: a number. It stays, so that a late claim is refused.
pub(crate) const LAST_EPOCH: &str = "rollway.dev/last-epoch";

/// What was written by the holder of the claim, field by field, so that other people's changes show.
pub(crate) const WRITTEN: &str = "rollway.dev/written";

/// Which write of a rollout; of two the later one is greater, also of one that took the other's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Write {
    epoch: u64,
    effect: u64,
}

impl Write {
    pub(crate) const fn of(request: &Apply) -> Self {
        Self {
            epoch: request.claim.epoch,
            effect: request.id.0,
        }
    }
}

/// Who holds an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Nobody, and a claim must have a higher epoch than this.
    Free {
        last_epoch: u64,
    },
    By(Claim),
    /// Something is there that is no claim or no epoch, and which annotation.
    Unreadable {
        annotation: &'static str,
        text: String,
    },
}

/// Who holds the object.
pub(crate) fn held(object: &Value) -> Held {
    let unreadable = |annotation, text: &str| Held::Unreadable {
        annotation,
        text: text.chars().take(80).collect(),
    };
    match text(object, "/metadata/annotations/rollway.dev~1claim") {
        "" => match last_epoch(object) {
            Ok(last_epoch) => Held::Free { last_epoch },
            Err(text) => unreadable(LAST_EPOCH, text),
        },
        claim => match serde_json::from_str(claim) {
            Ok(claim) => Held::By(claim),
            Err(_) => unreadable(CLAIM, claim),
        },
    }
}

/// Whether nobody holds it.
pub(crate) fn is_free(object: &Value) -> bool {
    matches!(held(object), Held::Free { .. })
}

/// The highest epoch that was given up there; none is 0.
fn last_epoch(object: &Value) -> Result<u64, &str> {
    match text(object, "/metadata/annotations/rollway.dev~1last-epoch") {
        "" => Ok(0),
        epoch => epoch.parse().map_err(|_| epoch),
    }
}

/// The same object, claimed by nobody, and no claim up to this epoch comes back.
pub(crate) fn given_up(object: &Value, epoch: u64) -> Value {
    let mut marked = with_claim(object, None);
    let last = last_epoch(&marked).unwrap_or(0).max(epoch);
    annotate(&mut marked, LAST_EPOCH, last.to_string());
    marked
}

/// What the holder wrote there.
pub(crate) fn written(object: &Value) -> Map<String, Value> {
    let written = text(object, "/metadata/annotations/rollway.dev~1written");
    serde_json::from_str(written).unwrap_or_default()
}

/// The same object with this claim; without one, nothing is left on it of the rollout that had it. Which
/// epochs are over stays.
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

/// Notes on one of the router's objects what of it is written, as a digest, and by which write.
pub(crate) fn note_routes(object: &mut Value, digest: String, write: Write) {
    note(object, "routes", Value::String(digest));
    note(object, "write", json!(write));
}

/// What was noted of the routes: their digest, and by which write.
pub(crate) fn noted_routes(object: &Value) -> (Option<String>, Option<Write>) {
    let mut noted = written(object);
    let digest = noted.get("routes").and_then(Value::as_str);
    let digest = digest.map(str::to_owned);
    let write = noted.remove("write");
    let write = write.and_then(|write| serde_json::from_value(write).ok());
    (digest, write)
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
        assert_eq!(held(&bare), Held::Free { last_epoch: 0 });
        assert_eq!(with_claim(&bare, None), bare);
    }

    #[test]
    fn epochs_that_are_over_stay_over() {
        let object = json!({"metadata": {"name": "a"}});
        let over = given_up(&object, 3);
        assert_eq!(held(&over), Held::Free { last_epoch: 3 });
        let claim = Claim {
            holder: "api-1".parse().unwrap(),
            epoch: 4,
        };
        let claimed = with_claim(&over, Some(&claim));
        assert_eq!(held(&claimed), Held::By(claim));
        assert_eq!(with_claim(&claimed, None), over);
        assert_eq!(given_up(&over, 2), over, "it never falls");
        let odd = json!({"metadata": {"annotations": {LAST_EPOCH: "many"}}});
        let Held::Unreadable { annotation, text } = held(&odd) else {
            panic!("a number is guessed");
        };
        assert_eq!((annotation, text.as_str()), (LAST_EPOCH, "many"));
    }
}
