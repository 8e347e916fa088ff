//! Refuses keys that nobody knows in what is read of types that themselves let them pass: they are written to
//! journals too, where a newer version may have more to say.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// For `#[serde(deserialize_with = "strict::deserialize")]`, of a type that writes every key that it knows.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Serialize + DeserializeOwned,
{
    let said = Value::deserialize(deserializer)?;
    let read: T = serde_json::from_value(said.clone()).map_err(D::Error::custom)?;
    let known = serde_json::to_value(&read).map_err(D::Error::custom)?;
    match unknown(&said, &known) {
        Some(key) => Err(D::Error::custom(format!("unknown field `{key}`"))),
        None => Ok(read),
    }
}

/// The first key that is said and not known.
fn unknown<'a>(said: &'a Value, known: &Value) -> Option<&'a str> {
    match (said, known) {
        (Value::Object(said), Value::Object(known)) => {
            said.iter().find_map(|(key, value)| match known.get(key) {
                Some(known) => unknown(value, known),
                None => Some(key.as_str()),
            })
        }
        (Value::Array(said), Value::Array(known)) => {
            let mut pairs = said.iter().zip(known);
            pairs.find_map(|(said, known)| unknown(said, known))
        }
        _ => None,
    }
}
