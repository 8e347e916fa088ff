//! Judges by name: what a check may call in its parameters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::{Judge, MannWhitney, Threshold};

type Make = Arc<dyn Fn(&Value) -> Result<Box<dyn Judge>, String> + Send + Sync>;

/// Judges by name, each made from the parameters of a check.
#[derive(Clone)]
pub struct Kinds(BTreeMap<String, Make>);

impl Kinds {
    /// The judges of this crate.
    pub fn built_in() -> Self {
        Self(BTreeMap::new())
            .with::<MannWhitney>("mann-whitney")
            .with::<Threshold>("threshold")
            .with::<super::Drained>("drained")
            .with::<super::ExchangeableUnits>("exchangeable-units")
            .with::<super::Quantile>("quantile")
            .with::<super::SequentialRatio>("sequential-ratio")
            .with::<super::Slo>("slo")
            .with::<super::SplitRatio>("split-ratio")
            .with::<super::StochasticOrder>("stochastic-order")
    }

    /// Also a judge of type `J`, whose fields are its parameters.
    ///
    /// A kind that is there already is replaced.
    #[must_use]
    pub fn with<J>(self, kind: impl Into<String>) -> Self
    where
        J: Judge + for<'de> Deserialize<'de> + 'static,
    {
        self.made(kind, |params| {
            let judge = J::deserialize(params).map_err(|error| error.to_string())?;
            Ok(Box::new(judge))
        })
    }

    /// Also a judge that is made by a function, which says what is wrong with the parameters.
    ///
    /// A kind that is there already is replaced.
    #[must_use]
    pub fn made<F>(mut self, kind: impl Into<String>, make: F) -> Self
    where
        F: Fn(&Value) -> Result<Box<dyn Judge>, String> + Send + Sync + 'static,
    {
        self.0.insert(kind.into(), Arc::new(make));
        self
    }

    /// Makes the judge that `params` name in `kind`, from all their other fields.
    ///
    /// # Errors
    /// What is wrong with them, and how to mend it.
    pub fn make(&self, params: &Value) -> Result<Box<dyn Judge>, String> {
        let Value::Object(fields) = params else {
            return Err("it is no object; write `kind` and the parameters of that kind".to_owned());
        };
        let mut fields = fields.clone();
        let Some(Value::String(kind)) = fields.remove("kind") else {
            return Err(format!(
                "`kind` is missing or no text; write {}",
                self.names()
            ));
        };
        let Some(make) = self.0.get(&kind) else {
            return Err(format!(
                "`{kind}` is no kind of judge; write {}",
                self.names()
            ));
        };
        make(&Value::Object(fields)).map_err(|problem| format!("{kind}: {problem}"))
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.0.keys().map(String::as_str).collect();
        names.join(", ")
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
