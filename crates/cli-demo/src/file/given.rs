//! Settings that are passed on as they are: what they may hold, others say.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// Settings as `name: value`, passed on as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Given(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Settings;

        impl<'de> Visitor<'de> for Settings {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("settings as `name: value`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Given, A::Error> {
                let mut settings = Map::new();
                while let Some((name, Plain(value))) = entries.next_entry::<String, Plain>()? {
                    settings.insert(name, value);
                }
                Ok(Given(settings))
            }
        }

        deserializer.deserialize_map(Settings)
    }
}

impl JsonSchema for Given {
    fn schema_name() -> Cow<'static, str> {
        "Given".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// Any value that JSON has too: what it has not, such as `.inf`, is refused and not taken for nothing.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;

        impl<'de> Visitor<'de> for AnyValue {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, `true` or `false`, a list, or settings")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
                Ok(Plain(Value::Bool(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Plain, E> {
                let number = Number::from_f64(value).ok_or_else(|| {
                    E::custom("this is no number; write one, or leave the field out")
                })?;
                Ok(Plain(Value::Number(number)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Plain, E> {
                Ok(Plain(value.into()))
            }

            fn visit_unit<E>(self) -> Result<Plain, E> {
                Ok(Plain(Value::Null))
            }

            fn visit_none<E>(self) -> Result<Plain, E> {
                Ok(Plain(Value::Null))
            }

            fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Plain, D::Error> {
                Plain::deserialize(value)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Plain, A::Error> {
                let mut list = Vec::new();
                while let Some(Plain(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(Plain(Value::Array(list)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Plain, A::Error> {
                let mut settings = Map::new();
                while let Some((name, Plain(value))) = entries.next_entry::<String, Plain>()? {
                    settings.insert(name, value);
                }
                Ok(Plain(Value::Object(settings)))
            }
        }

        deserializer.deserialize_any(AnyValue)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::yaml::parse;
    use super::*;

    #[test]
    fn what_is_written_is_what_is_passed_on() {
        let given: Given =
            parse("a: 1.25\nb: 5m\nc: [1, x, true]\nd: {e: '7'}\nf: yes\ng: ~\n").unwrap();
        assert_eq!(
            Value::Object(given.0),
            json!({"a": 1.25, "b": "5m", "c": [1, "x", true], "d": {"e": "7"}, "f": "yes", "g": null})
        );
    }

    #[test]
    fn what_no_json_has_is_refused_and_not_taken_for_nothing() {
        for text in ["a: .inf", "a: {b: [.nan]}", "a: -.inf"] {
            let wrong = parse::<Given>(text).unwrap_err();
            assert!(wrong.problem.contains("this is no number"), "{wrong:?}");
        }
    }
}
