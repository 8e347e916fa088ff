//! A field that is written as a word alone or with settings: `10m` or `{at-least: 10m, ...}`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A word alone, or a mapping.
///
/// Unlike an untagged enum it keeps the place of an error and says which of the two was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Shorthand<W, M> {
    /// The word alone.
    Word(W),
    /// With settings.
    Mapping(M),
}

impl<'de, W, M> Deserialize<'de> for Shorthand<W, M>
where
    W: FromStr<Err: fmt::Display>,
    M: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrMapping<W, M>(PhantomData<(W, M)>);

        impl<'de, W, M> Visitor<'de> for WordOrMapping<W, M>
        where
            W: FromStr<Err: fmt::Display>,
            M: Deserialize<'de>,
        {
            type Value = Shorthand<W, M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one word, or settings as `name: value`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map(Shorthand::Word).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
                M::deserialize(MapAccessDeserializer::new(entries)).map(Shorthand::Mapping)
            }
        }

        deserializer.deserialize_any(WordOrMapping(PhantomData))
    }
}

impl<W: JsonSchema, M: JsonSchema> JsonSchema for Shorthand<W, M> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", W::schema_name(), M::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [generator.subschema_for::<W>(), generator.subschema_for::<M>()],
        })
    }
}
