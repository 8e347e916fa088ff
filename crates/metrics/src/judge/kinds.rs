//! Judges by name: what a check may call in its parameters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

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
            let judge: Box<dyn Judge> = Box::new(J::deserialize(params)?);
            Ok::<_, serde_json::Error>(judge)
        })
    }

    /// Also a judge that is made by a function, which says what is wrong with the parameters.
    ///
    /// A kind that is there already is replaced.
    #[must_use]
    pub fn made<F, E>(mut self, kind: impl Into<String>, make: F) -> Self
    where
        F: Fn(&Value) -> Result<Box<dyn Judge>, E> + Send + Sync + 'static,
        E: fmt::Display,
    {
        let make = move |params: &Value| make(params).map_err(|problem| problem.to_string());
        self.0.insert(kind.into(), Arc::new(make));
        self
    }

    /// Makes the judge that `params` name in `kind`, from all their other fields.
    ///
    /// # Errors
    /// What is wrong with them, and how to mend it.
    pub fn make(&self, params: &Value) -> Result<Box<dyn Judge>, InvalidJudge> {
        let Value::Object(fields) = params else {
            return Err(InvalidJudge::NoObject);
        };
        let mut fields = fields.clone();
        let Some(Value::String(kind)) = fields.remove("kind") else {
            return Err(InvalidJudge::NoKind {
                known: self.names(),
            });
        };
        let Some(make) = self.0.get(&kind) else {
            return Err(InvalidJudge::Unknown {
                kind,
                known: self.names(),
            });
        };
        make(&Value::Object(fields)).map_err(|problem| InvalidJudge::Parameters {
            problem: format!("{problem}{}", of_percent(&problem)),
            kind,
        })
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// What names no judge: the caller's to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidJudge {
    /// The parameters are no object.
    #[error("it is no object; write `kind` and the parameters of that kind")]
    NoObject,
    /// They do not say which kind of judge they are of.
    #[error("`kind` is missing or no text; write {}", known.join(", "))]
    #[non_exhaustive]
    NoKind {
        /// The kinds that there are.
        known: Vec<String>,
    },
    /// There is no such kind.
    #[error("`{kind}` is no kind of judge; write {}", known.join(", "))]
    #[non_exhaustive]
    Unknown {
        /// What they say.
        kind: String,
        /// The kinds that there are.
        known: Vec<String>,
    },
    /// The other parameters are none of a judge of this kind.
    #[error("{kind}: {problem}")]
    #[non_exhaustive]
    Parameters {
        /// Of which kind.
        kind: String,
        /// What is wrong with them, and where it is known how to mend it.
        problem: String,
    },
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// How a number is written that somebody wrote as a percentage, as other places of a plan have it; else nothing.
fn of_percent(problem: &str) -> String {
    let given = || {
        let (_, given) = problem.split_once("invalid type: string \"")?;
        let (percent, _) = given.split_once("%\", expected ")?;
        percent.trim().parse::<f64>().ok()
    };
    let Some(percent) = given().filter(|percent| percent.is_finite()) else {
        return String::new();
    };
    let share = format!("{:.12}", percent / 100.0);
    format!(
        "; write {}",
        share.trim_end_matches('0').trim_end_matches('.')
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_judge_can_be_told_apart() {
        let wrong = |params| Kinds::built_in().make(&params).unwrap_err();
        assert_eq!(wrong(json!("slo")), InvalidJudge::NoObject);
        let InvalidJudge::NoKind { known } = wrong(json!({ "kind": 7 })) else {
            panic!("a number is taken for a kind");
        };
        assert!(known.contains(&"slo".to_owned()), "{known:?}");
        let unknown = wrong(json!({ "kind": "slow" }));
        let kind = "slow".to_owned();
        assert_eq!(unknown, InvalidJudge::Unknown { kind, known });
        let own = Kinds::built_in().made("own", |_| Err("it is never right"));
        let said = own.make(&json!({ "kind": "own" })).unwrap_err();
        let is_told = matches!(&said, InvalidJudge::Parameters { kind, .. } if kind == "own");
        assert!(
            is_told && said.to_string() == "own: it is never right",
            "{said:?}"
        );
    }

    #[test]
    fn a_percentage_is_told_as_a_number() {
        for (given, mend) in [
            (json!("5%"), "; write 0.05"),
            (json!("0.7 %"), "; write 0.007"),
            (json!("100%"), "; write 1"),
            (json!("a lot"), ""),
            (json!("x%"), ""),
            (json!("inf%"), ""),
        ] {
            let params = json!({ "kind": "slo", "tolerated": given });
            let said = Kinds::built_in().make(&params).unwrap_err();
            let begin = format!("slo: invalid type: string {given}, expected f64");
            assert_eq!(said.to_string(), format!("{begin}{mend}"));
        }
    }
}
