//! The only user of the YAML library: text to values, and places of the text to field paths.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, Spanned};

/// Why a text is not what was asked for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Where in the text, if that is known.
    pub(super) place: Option<Place>,
    /// What of the text it is about.
    pub(super) about: About,
    /// What is wrong.
    pub(super) problem: String,
}

/// What of a text is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// What stands at the place.
    Here,
    /// The mapping around the place, which lacks this field.
    Around(String),
    /// What stands before the place: something was to follow, and the next field does.
    Before,
}

/// A place in a text; lines and columns from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

impl Place {
    fn of(location: Location) -> Option<Self> {
        (location.line() > 0).then(|| Self {
            line: location.line(),
            column: location.column(),
        })
    }
}

/// Reads one YAML document.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| Wrong {
        place: error.location().and_then(Place::of),
        about: about(&error),
        problem: described(&error),
    })
}

const MAPPING: &str = "mapping start";

fn about(error: &Error) -> About {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's other errors are about what stands at their place"
    )]
    match error {
        Error::SerdeMissingField { field, .. } => About::Around((*field).to_owned()),
        Error::Unexpected { expected, .. } if *expected == MAPPING => About::Before,
        _ => About::Here,
    }
}

/// The library's message in this program's words where there are some: what is wrong and how to mend it.
fn described(error: &Error) -> String {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library's other errors say well enough what is wrong"
    )]
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("this field");
            format!("`{key}` is given twice; keep one of the two")
        }
        Error::SerdeMissingField { field, .. } if *field == "version" => {
            "`version` is missing; add `version: 1`".to_owned()
        }
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing; add it"),
        Error::Unexpected { expected, .. } => match *expected {
            "sequence start" => {
                "there must be a list here; write `[one, two]`, even for a single one".to_owned()
            }
            MAPPING => "there must be settings here; write them as `name: value`, one a line, or \
                        in `{}`"
                .to_owned(),
            "string scalar" => {
                "there must be a text here; write one word, or put it in quotes".to_owned()
            }
            expected => format!("there must be another thing here: {expected}"),
        },
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => {
            "only one kind can be chosen, and here is a second one; keep one of the two".to_owned()
        }
        Error::MultipleDocuments { .. } => {
            "a second document begins here, after `---`; keep one rollout in each file".to_owned()
        }
        Error::Eof { .. } => "there is nothing in it; begin with `version: 1`".to_owned(),
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        } => format!("this is a {unexpected}; write {expected}"),
        Error::SerdeUnknownField {
            field, expected, ..
        } => format!("`{field}` is no field here; there are {}", listed(expected)),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => format!(
            "`{variant}` is not known here; write one of {}",
            listed(expected)
        ),
        Error::SerdeInvalidLength { len, expected, .. } => {
            format!("{len} given where there must be {expected}")
        }
        Error::NonFiniteFloat { .. } => {
            "this is no number; write one, or leave the field out".to_owned()
        }
        Error::InvalidBooleanStrict { .. } => {
            "this is neither yes nor no; write `true` or `false`".to_owned()
        }
        Error::InvalidScalar { ty, .. } if ty.starts_with(['u', 'i']) => {
            "this is no whole number that fits here; write one without a unit".to_owned()
        }
        error => without_place(&error.to_string()).to_owned(),
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The library ends its messages with the place, which is printed first here.
fn without_place(message: &str) -> &str {
    message
        .rfind(" at line ")
        .map_or(message, |at| &message[..at])
}

/// Where each field of a document stands.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(Place, String)>);

impl Fields {
    /// The fields of a document; empty if it is no YAML.
    pub(super) fn of(text: &str) -> Self {
        let mut fields = Vec::new();
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        };
        if let Ok(root) = serde_saphyr::from_str_with_options::<Spanned<Node>>(text, options) {
            root.value.list("", &mut fields);
        }
        fields.sort();
        Self(fields)
    }

    /// The field that is wrong, and where it stands.
    pub(super) fn of_wrong(&self, wrong: &Wrong) -> (Option<Place>, Option<String>) {
        let Some(place) = wrong.place else {
            return (None, None);
        };
        let at = self.at(place);
        match &wrong.about {
            About::Here => (Some(place), at.map(str::to_owned)),
            About::Around(missing) => {
                let around = at.and_then(|field| field.rfind(['.', '[']).map(|end| &field[..end]));
                match around {
                    Some(around) => (Some(place), Some(around.to_owned())),
                    None => {
                        let first = self.0.first().map(|(place, _)| *place);
                        (first.or(Some(place)), Some(missing.clone()))
                    }
                }
            }
            About::Before => {
                let next = self.0.partition_point(|(start, _)| *start < place);
                let is_next = self.0.get(next).is_some_and(|(start, _)| *start == place);
                match next.checked_sub(1).and_then(|before| self.0.get(before)) {
                    Some((place, field)) if is_next => (Some(*place), Some(field.clone())),
                    Some(_) | None => (Some(place), at.map(str::to_owned)),
                }
            }
        }
    }

    /// The innermost field that begins at or before a place.
    fn at(&self, place: Place) -> Option<&str> {
        let after = self.0.partition_point(|(start, _)| *start <= place);
        after
            .checked_sub(1)
            .and_then(|index| self.0.get(index))
            .map(|(_, path)| path.as_str())
    }

    /// Whether a field is there.
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.iter().any(|(_, field)| field == path)
    }

    /// Where a field stands, or the nearest one around it that is there.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        let mut path = path;
        loop {
            if let Some((place, _)) = self.0.iter().find(|(_, field)| field == path) {
                return Some(*place);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

/// Any YAML value, its scalars dropped.
enum Node {
    Scalar,
    Sequence(Vec<Spanned<Self>>),
    Mapping(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl Node {
    fn list(&self, path: &str, fields: &mut Vec<(Place, String)>) {
        match self {
            Self::Scalar => {}
            Self::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    item.value.list(&path, fields);
                    fields.extend(Place::of(item.referenced).map(|place| (place, path)));
                }
            }
            Self::Mapping(entries) => {
                for (key, value) in entries {
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{}", key.value);
                    value.value.list(&path, fields);
                    fields.extend(Place::of(key.referenced).map(|place| (place, path)));
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;

        impl<'de> Visitor<'de> for AnyNode {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_str<E>(self, _: &str) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Node, D::Error> {
                Node::deserialize(value)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::Sequence(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    list.push(entry);
                }
                Ok(Node::Mapping(list))
            }
        }

        deserializer.deserialize_any(AnyNode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name: shop\nlist:\n  - a: 1\n    b: {c: yes}\n  - 7\n";

    #[test]
    fn a_field_is_found_by_place_and_a_place_by_field() {
        let fields = Fields::of(TEXT);
        let place = |line, column| Place { line, column };
        for (path, at) in [
            ("name", place(1, 1)),
            ("list", place(2, 1)),
            ("list[0].b.c", place(4, 9)),
            ("list[1]", place(5, 5)),
        ] {
            assert_eq!(fields.place(path), Some(at), "{path}");
            assert_eq!(fields.at(at), Some(path));
        }
        assert_eq!(fields.at(place(4, 12)), Some("list[0].b.c"));
        assert_eq!(fields.place("list[1].missing[3].deeper"), Some(place(5, 5)));
        assert_eq!(fields.place("nowhere"), None);
    }

    #[test]
    fn a_text_that_is_no_yaml_has_a_place_and_no_fields() {
        let text = "name: [1, 2\nother: 3\n";
        let wrong = parse::<std::collections::BTreeMap<String, u8>>(text).unwrap_err();
        assert!(wrong.place.is_some(), "{wrong:?}");
        assert!(!wrong.problem.contains(" at line "), "{wrong:?}");
        assert_eq!(Fields::of(text).at(Place { line: 1, column: 1 }), None);
    }
}
