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
                let number = kept(value).and_then(Number::from_f64);
                let number = number.ok_or_else(|| {
                    E::custom(
                        "this is no number that can be kept; write one of fewer digits, or leave the field out",
                    )
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

/// The number as a journal keeps it: the reader of JSON takes some numbers of many digits for one beside, and a plan
/// that is read again must be the one that was written. Then 15 digits are kept, which are read exactly.
fn kept(number: f64) -> Option<f64> {
    let is_kept = |number: &f64| {
        let text = serde_json::to_string(number).unwrap_or_default();
        let again: Result<f64, _> = serde_json::from_str(&text);
        again.is_ok_and(|again| again.to_bits() == number.to_bits())
    };
    let rounded = || format!("{number:.14e}").parse::<f64>().ok();
    let as_it_is = Some(number).filter(is_kept);
    as_it_is.or_else(|| rounded().filter(is_kept))
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
    fn a_number_is_the_same_when_it_is_written_and_read_again() {
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // From a millionth to a million million.
            let number = f64::from_bits((0x3eb1 << 48) + seed % (0x3c0 << 48));
            let given: Given = parse(&format!("a: {number:?}")).unwrap();
            let text = serde_json::to_string(&given).unwrap();
            let again: Given = serde_json::from_str(&text).unwrap();
            assert_eq!(again, given, "{number:?}");
            let kept = given.0["a"].as_f64().unwrap();
            assert!((kept - number).abs() <= number.abs() * 1e-14, "{number:?}");
        }
    }

    #[test]
    fn what_no_json_has_is_refused_and_not_taken_for_nothing() {
        for text in ["a: .inf", "a: {b: [.nan]}", "a: -.inf"] {
            let wrong = parse::<Given>(text).unwrap_err();
            assert!(wrong.problem.contains("this is no number"), "{wrong:?}");
        }
        assert!(serde_json::from_str::<Given>(r#"{"a": 1e999}"#).is_err());
    }
}
