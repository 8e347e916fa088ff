//! Public types of the libraries may grow, but for those that are closed on purpose.
//!
//! `docs/decisions/0012-public-types-may-grow.md` has the rule and the reasons.

use std::collections::BTreeSet;

use super::{assert_none, files_ending};

const LIBRARIES: [&str; 4] = [
    "crates/metrics/src",
    "crates/strategy-core/src",
    "crates/target-ecs/src",
    "crates/target-k8s/src",
];

/// Nothing safe could be done about another variant, or there is none by nature.
const CLOSED_ENUMS: [&str; 3] = ["Direction", "Replicas", "Track"];

/// Their fields are what they are: one more would be another thing.
const CLOSED_STRUCTS: [&str; 11] = [
    "Autoscaler",
    "Claim",
    "Count",
    "Desired",
    "DesiredTrack",
    "Exposure",
    "Gathered",
    "Route",
    "StepInput",
    "Tracks",
    "Window",
];

/// The public enums, and the public structs of nothing but public fields, that others could not match
/// or build any more if they grew.
fn closed(text: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut enums, mut structs) = (BTreeSet::new(), BTreeSet::new());
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for (index, line) in lines.iter().enumerate() {
        let declared = |word: &str| {
            let rest = line.strip_prefix(word)?;
            let end = rest.find(|letter: char| !letter.is_alphanumeric())?;
            Some(rest[..end].to_owned())
        };
        let above = lines[..index].iter().rev();
        let mut attributes = above.take_while(|line| !line.is_empty() && **line != "}");
        if attributes.any(|line| *line == "#[non_exhaustive]") {
            continue;
        }
        if let Some(name) = declared("pub enum ") {
            enums.insert(name);
        } else if let Some(name) = declared("pub struct ")
            && line.ends_with('{')
        {
            let body = lines[index + 1..].iter().take_while(|line| **line != "}");
            let fields = body.filter(|line| !line.starts_with(['/', '#']) && line.contains(": "));
            let mut is_public = fields.map(|line| line.starts_with("pub ")).peekable();
            if is_public.peek().is_some() && is_public.all(|is_public| is_public) {
                structs.insert(name);
            }
        }
    }
    (enums, structs)
}

#[test]
fn public_types_may_grow_unless_they_are_closed_on_purpose() {
    let (mut enums, mut structs) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in files_ending(".rs") {
        let is_ours = LIBRARIES.iter().any(|library| path.starts_with(library));
        let is_test = path.to_string_lossy().contains("/tests");
        if is_ours && !is_test {
            let (more_enums, more_structs) = closed(&text);
            enums.extend(more_enums);
            structs.extend(more_structs);
        }
    }
    let mut complaints = Vec::new();
    for (found, listed) in [(enums, &CLOSED_ENUMS[..]), (structs, &CLOSED_STRUCTS[..])] {
        let listed: BTreeSet<String> = listed.iter().map(|name| (*name).to_owned()).collect();
        complaints.extend(found.difference(&listed).map(|name| {
            format!("{name} may not grow: make it #[non_exhaustive], or list it with its reason")
        }));
        complaints.extend(
            listed
                .difference(&found)
                .map(|name| format!("{name} is listed as closed and is not: take it off the list")),
        );
    }
    assert_none("public types may grow", &complaints);
}

#[test]
fn what_is_closed_is_seen() {
    let text = "
/// Open.
#[derive(Debug)]
#[non_exhaustive]
pub enum Open {
    A,
}

/// Closed.
#[derive(Debug)]
pub enum Closed {
    A,
}

pub struct Fields {
    /// One: with a colon.
    pub one: u8,
}

pub struct Private {
    pub one: u8,
    two: u8,
}

pub struct Newtype(pub u8);
";
    let names = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>();
    let (enums, structs) = closed(text);
    assert_eq!(
        (names(enums), names(structs)),
        (vec!["Closed".to_owned()], vec!["Fields".to_owned()])
    );
}
