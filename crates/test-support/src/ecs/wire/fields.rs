//! Reading fields of an input, whichever protocol it came by.

use serde_json::Value;

use super::Refusal;

/// Fields by name. In the query protocol a number or a flag is text, and an empty list is empty text.
pub(crate) trait Fields {
    fn text(&self, name: &str) -> Option<&str>;
    fn whole(&self, name: &str) -> Option<i64>;
    fn real(&self, name: &str) -> Option<f64>;
    fn flag(&self, name: &str) -> Option<bool>;
    fn items(&self, name: &str) -> &[Value];
    fn has(&self, name: &str) -> bool;

    /// All texts of a list.
    fn texts(&self, name: &str) -> Vec<&str> {
        self.items(name).iter().filter_map(Value::as_str).collect()
    }

    /// A text that has to be there; `code` is what the service answers if it is not.
    fn need(&self, name: &str, code: &str) -> Result<&str, Refusal> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Refusal::plain(code, format!("'{name}' must be specified")))
    }
}

impl Fields for Value {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    fn whole(&self, name: &str) -> Option<i64> {
        let value = self.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    fn real(&self, name: &str) -> Option<f64> {
        let value = self.get(name)?;
        value.as_f64().or_else(|| value.as_str()?.parse().ok())
    }

    fn flag(&self, name: &str) -> Option<bool> {
        let value = self.get(name)?;
        value.as_bool().or_else(|| value.as_str()?.parse().ok())
    }

    fn items(&self, name: &str) -> &[Value] {
        self.get(name)
            .and_then(Self::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_null())
    }
}
