//! The states of a pod as a table, and its rendering into kwok's stages.

use std::fmt::Display;

use serde_json::{Value, json};

use super::{NODES, PREFIXES, SERVED};

const FIXED_STAGES: &str = include_str!("stages.yaml");
const POD_STATUS: &str = include_str!("pod-status.yaml.tpl");

/// The pod condition in which the stand-in kubelet keeps the state that a pod is in.
const STATE_CONDITION: &str = "rollway.test/state";

/// All stages, as the text of one configuration file for kwok.
pub(crate) fn stages() -> String {
    let mut text = FIXED_STAGES.to_owned();
    for transition in transitions() {
        // JSON is YAML: no quoting or indentation of the template to get wrong.
        text.push_str("---\n");
        text.push_str(&transition.stage().to_string());
        text.push('\n');
    }
    text
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Unready,
    CrashLoop,
    OomKilled,
    PullBackOff,
}

/// "A pod of `kind` that has been in state `from` for `after_ms` goes to `to`."
#[derive(Clone, Copy, Debug)]
struct Transition {
    kind: Kind,
    /// `None`: the kubelet has not touched the pod yet.
    from: Option<State>,
    after_ms: u64,
    to: State,
    /// Restarts to add to the broken containers.
    restarts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No broken word in any tag.
    Healthy,
    Word(&'static str),
    /// The word `half`, on the node of that index in [`NODES`].
    HalfOn(usize),
    /// The annotation [`SERVED`], whatever the words.
    Served,
}

const WORDS: [&str; 9] = [
    "bad", "pull", "never", "slow", "late", "flap", "wobble", "oom", "half",
];

fn transitions() -> Vec<Transition> {
    use Kind::{HalfOn, Healthy, Served, Word};
    use State::{CrashLoop, OomKilled, PullBackOff, Ready, Unready};

    let go = |kind, from, after_ms, to, restarts| Transition {
        kind,
        from,
        after_ms,
        to,
        restarts,
    };
    vec![
        go(Healthy, None, 0, Ready, 0),
        go(Word("bad"), None, 0, CrashLoop, 1),
        go(Word("bad"), Some(CrashLoop), 1_000, CrashLoop, 1),
        go(Word("pull"), None, 0, PullBackOff, 0),
        go(Word("never"), None, 0, Unready, 0),
        go(Word("slow"), None, 0, Unready, 0),
        go(Word("slow"), Some(Unready), 3_000, Ready, 0),
        go(Word("late"), None, 0, Ready, 0),
        go(Word("late"), Some(Ready), 5_000, CrashLoop, 1),
        go(Word("late"), Some(CrashLoop), 1_000, CrashLoop, 1),
        go(Word("flap"), None, 0, Ready, 0),
        go(Word("flap"), Some(Ready), 5_000, CrashLoop, 0),
        go(Word("flap"), Some(CrashLoop), 10_000, Ready, 1),
        go(Word("wobble"), None, 0, Ready, 0),
        go(Word("wobble"), Some(Ready), 5_000, Unready, 0),
        go(Word("wobble"), Some(Unready), 10_000, Ready, 0),
        go(Word("oom"), None, 0, Unready, 0),
        go(Word("oom"), Some(Unready), 500, OomKilled, 0),
        go(Word("oom"), Some(OomKilled), 500, CrashLoop, 1),
        go(Word("oom"), Some(CrashLoop), 1_000, OomKilled, 0),
        go(HalfOn(0), None, 0, Ready, 0),
        go(HalfOn(1), None, 0, Unready, 0),
        go(Served, None, 0, Unready, 0),
    ]
}

impl Transition {
    fn stage(self) -> Value {
        let mut selector = vec![
            json!({"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}),
            // A pod that has ended (of a Job, say) is nobody's to restart.
            json!({"key": ".status.phase", "operator": "In", "values": ["Pending", "Running"]}),
            self.starting_requirement(),
        ];
        selector.extend(self.kind.requirements());
        json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Stage",
            "metadata": {"name": self.name()},
            "spec": {
                "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
                "selector": {"matchExpressions": selector},
                "delay": {"durationMilliseconds": self.after_ms},
                "next": {"statusTemplate": self.template()},
            },
        })
    }

    fn name(self) -> String {
        let from = self
            .from
            .map_or_else(|| "new".to_owned(), |state| format!("{state:?}"));
        let kind = match self.kind {
            Kind::Healthy => "healthy".to_owned(),
            Kind::Word(word) => word.to_owned(),
            Kind::HalfOn(node) => format!("half-{node}"),
            Kind::Served => "served".to_owned(),
        };
        format!("pod-{kind}-{from}-{:?}", self.to).to_lowercase()
    }

    fn starting_requirement(self) -> Value {
        let key =
            format!(r#".status.conditions[]? | select(.type == "{STATE_CONDITION}") | .reason"#);
        match self.from {
            None => json!({"key": key, "operator": "DoesNotExist"}),
            Some(state) => json!({"key": key, "operator": "In", "values": [format!("{state:?}")]}),
        }
    }

    fn template(self) -> String {
        let broken = match self.kind {
            Kind::Healthy => String::new(),
            Kind::Word(word) => word_pattern(word),
            Kind::HalfOn(_) => word_pattern("half"),
            // Every image.
            Kind::Served => ".".to_owned(),
        };
        let set = |name: &str, value: &dyn Display| format!("{{{{- ${name} := {value} -}}}}");
        let [given, told] = PREFIXES;
        [
            set("state", &format_args!("\"{:?}\"", self.to)),
            set("broken", &format_args!("`{broken}`")),
            set("restarts", &self.restarts),
            set("given", &format_args!("\"{given}\"")),
            set("told", &format_args!("\"{told}\"")),
            format!("\n{POD_STATUS}"),
        ]
        .concat()
    }
}

impl Kind {
    fn requirements(self) -> Vec<Value> {
        let any_tag = |pattern: &str, operator: &str| {
            let pattern = Value::from(pattern);
            json!({
                "key": format!(r#".spec.containers[].image | sub("@.*$"; "") | test({pattern})"#),
                "operator": operator,
                "values": ["true"],
            })
        };
        let served = |operator: &str| {
            let key = format!(r#".metadata.annotations["{SERVED}"]"#);
            json!({"key": key, "operator": operator})
        };
        let mut requirements = match self {
            Self::Healthy => vec![any_tag(&word_pattern(&WORDS.join("|")), "NotIn")],
            Self::Word(word) => vec![any_tag(&word_pattern(word), "In")],
            Self::HalfOn(node) => vec![
                any_tag(&word_pattern("half"), "In"),
                json!({"key": ".spec.nodeName", "operator": "In", "values": [NODES[node]]}),
            ],
            Self::Served => return vec![served("Exists")],
        };
        requirements.push(served("DoesNotExist"));
        requirements
    }
}

/// A regular expression for images whose tag has one of `words` (joined by `|`) as a word of its
/// own.
fn word_pattern(words: &str) -> String {
    // The colon of a tag has no slash behind it; that of a registry's port has.
    format!("(?i):([^/]*[^a-z/])?({words})([^a-z/][^/]*)?$")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_has_a_first_state_and_no_state_has_two_ways_on() {
        let mut seen = BTreeSet::new();
        for transition in transitions() {
            let from = format!("{:?} {:?}", transition.kind, transition.from);
            assert!(seen.insert(from.clone()), "two transitions for {from}");
        }
        for word in WORDS.into_iter().filter(|word| *word != "half") {
            assert!(
                seen.contains(&format!("{:?} None", Kind::Word(word))),
                "{word}"
            );
        }
        for (node, _) in NODES.iter().enumerate() {
            assert!(
                seen.contains(&format!("{:?} None", Kind::HalfOn(node))),
                "{node}"
            );
        }
    }

    #[test]
    fn stage_names_are_unique() {
        let all = transitions();
        let names: BTreeSet<String> = all.iter().map(|transition| transition.name()).collect();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn every_stage_is_a_document_of_its_own() {
        let text = stages();
        let kinds: Vec<String> = text
            .split("---\n")
            .map(|document| serde_saphyr::from_str::<Document>(document).unwrap())
            .map(|document| format!("{} {}", document.kind, document.metadata.name))
            .collect();
        assert_eq!(kinds.len(), 3 + transitions().len());
        assert!(
            kinds.iter().all(|kind| kind.starts_with("Stage ")),
            "{kinds:?}"
        );
        assert!(
            kinds.contains(&"Stage pod-flap-crashloop-ready".to_owned()),
            "{kinds:?}"
        );
    }

    #[derive(serde::Deserialize)]
    struct Document {
        kind: String,
        metadata: Metadata,
    }

    #[derive(serde::Deserialize)]
    struct Metadata {
        name: String,
    }
}
