//! Counted events against a share that is tolerated: the counter, the parameters of a check, the judgement.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FailureShare, Look, MeasureError, Measurement, Memory, Verdict};
use crate::plan::{CheckName, Extension};
use crate::release::Part;
use crate::track::Track;
use crate::weight::Weight;

/// Events of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Count {
    /// All of them, failures included.
    pub total: u64,
    /// Those that failed; never more than all.
    pub failed: u64,
}

/// Knows how many requests, jobs or messages a track had, and how many of them failed.
#[async_trait]
pub trait Counter: fmt::Debug + Send + Sync {
    /// The events of one part and track within `look.window`: from inclusive, to exclusive.
    ///
    /// `look.identities` has the labels that tell the tracks apart. The same look asks for the same
    /// events, also after a crash.
    ///
    /// # Errors
    /// When it cannot be said. Nothing having happened is no error but a count of zero.
    async fn count(&self, look: &Look, part: &Part, track: Track) -> Result<Count, MeasureError>;
}

const _: Option<&dyn Counter> = None;

#[async_trait]
impl<T: Counter + ?Sized> Counter for std::sync::Arc<T> {
    async fn count(&self, look: &Look, part: &Part, track: Track) -> Result<Count, MeasureError> {
        (**self).count(look, part, track).await
    }
}

/// What a check says of its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Params {
    limit: Weight,
    min_events: u64,
    track: Track,
    part: Option<Part>,
}

/// Counts a look's window part by part; the worst part counts.
pub(super) async fn measure(
    counter: &dyn Counter,
    look: &Look,
    params: &Params,
    verb: &str,
) -> Result<Measurement, MeasureError> {
    let parts: Vec<&Part> = match &params.part {
        Some(part) => vec![part],
        None => look.weights.keys().collect(),
    };
    let mut verdict = None;
    let mut evidence = Vec::new();
    for part in &parts {
        let count = counter.count(look, part, params.track).await?;
        let (found, words) = judge(count, params, verb);
        verdict = Some(verdict.map_or_else(|| found.clone(), |so_far| worse(so_far, &found)));
        evidence.push(if parts.len() == 1 {
            words
        } else {
            format!("{part}: {words}")
        });
    }
    Ok(Measurement {
        verdict: verdict
            .unwrap_or_else(|| Verdict::Inconclusive("there is no part to look at".to_owned())),
        evidence: evidence.join("; "),
        memory: Memory::default(),
    })
}

/// A failure outweighs what cannot be said, and that outweighs a pass.
fn worse(one: Verdict, two: &Verdict) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Pass => 0,
        Verdict::Warn => 1,
        Verdict::Undecided => 2,
        Verdict::Inconclusive(_) => 3,
        Verdict::Fail => 4,
    };
    if rank(two) > rank(&one) {
        two.clone()
    } else {
        one
    }
}

/// The verb says what is wrong with those that count as failed.
fn judge(count: Count, params: &Params, verb: &str) -> (Verdict, String) {
    let Count { total, failed } = count;
    let failed = failed.min(total);
    if total < params.min_events || total == 0 {
        let least = params.min_events.max(1);
        let why = format!(
            "{} {}, and {} are needed for a judgement",
            grouped(total),
            if total == 1 { "event" } else { "events" },
            grouped(least)
        );
        return (
            Verdict::Inconclusive(why.clone()),
            format!("{why}; {} {verb}", grouped(failed)),
        );
    }
    let within =
        u128::from(failed) * 10_000 <= u128::from(total) * u128::from(params.limit.basis_points());
    let share = u128::from(failed) * 10_000 / u128::from(total);
    let evidence = format!(
        "{} of {} requests {verb} ({}.{:02}%), limit {}",
        grouped(failed),
        grouped(total),
        share / 100,
        share % 100,
        params.limit
    );
    let verdict = if within { Verdict::Pass } else { Verdict::Fail };
    (verdict, evidence)
}

/// Digits in groups of three, as people read them.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

impl Params {
    /// Reads them, besides which an analysis may have others of its own.
    pub(super) fn read(
        check: &CheckName,
        analysis: &Extension,
        others: &[&str],
    ) -> Result<Self, MeasureError> {
        let invalid = |problem: String, mend: &str| MeasureError::Invalid {
            check: check.clone(),
            problem,
            mend: mend.to_owned(),
        };
        let known = [others, &["limit", "min_events", "track", "part"]].concat();
        if let Some(name) = analysis
            .params
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            return Err(invalid(
                format!("`{name}` is no parameter of `{}`", analysis.kind),
                &format!("use {}", known.join(", ")),
            ));
        }
        let limit = match analysis.params.get("limit") {
            Some(Value::String(text)) => text.parse().map_err(|error| {
                invalid(
                    format!("limit: {error}"),
                    "write a percentage such as \"1%\"",
                )
            })?,
            Some(_) | None => {
                return Err(invalid(
                    "limit is missing or no text".to_owned(),
                    "write the largest share of failures you tolerate, such as \"1%\"",
                ));
            }
        };
        let min_events = match analysis.params.get("min_events") {
            None => FailureShare::MIN_EVENTS,
            Some(value) => value.as_u64().filter(|events| *events > 0).ok_or_else(|| {
                invalid(
                    "min_events is no whole number above 0".to_owned(),
                    "write a number such as 50, or leave it out",
                )
            })?,
        };
        let track = match analysis.params.get("track").map(|value| value.as_str()) {
            None | Some(Some("candidate")) => Track::Candidate,
            Some(Some("stable")) => Track::Stable,
            Some(Some(_) | None) => {
                return Err(invalid(
                    "track is neither `candidate` nor `stable`".to_owned(),
                    "write one of them, or leave it out for `candidate`",
                ));
            }
        };
        let part = match analysis.params.get("part") {
            None => None,
            Some(value) => Some(
                value
                    .as_str()
                    .and_then(|name| name.parse().ok())
                    .ok_or_else(|| {
                        invalid(
                            "part is no name of a part".to_owned(),
                            "write the name of one of the rollout's parts, or leave it out for all",
                        )
                    })?,
            ),
        };
        Ok(Self {
            limit,
            min_events,
            track,
            part,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::FailureShare;

    fn read(analysis: &Extension) -> Result<Params, MeasureError> {
        Params::read(&"errors".into(), analysis, &[])
    }

    fn params(limit: &str) -> Params {
        read(&Extension::new(FailureShare::KIND).with("limit", limit)).unwrap()
    }

    #[track_caller]
    fn check(total: u64, failed: u64, verdict: &Verdict, evidence: &str) {
        let (found, words) = judge(Count { total, failed }, &params("1%"), "failed");
        assert_eq!((&found, words.as_str()), (verdict, evidence));
    }

    #[test]
    fn a_share_beyond_the_limit_fails_and_says_so_in_numbers() {
        check(
            1_010,
            16,
            &Verdict::Fail,
            "16 of 1 010 requests failed (1.58%), limit 1%",
        );
        check(
            1_000,
            10,
            &Verdict::Pass,
            "10 of 1 000 requests failed (1.00%), limit 1%",
        );
        check(
            1_000,
            11,
            &Verdict::Fail,
            "11 of 1 000 requests failed (1.10%), limit 1%",
        );
        check(
            50,
            0,
            &Verdict::Pass,
            "0 of 50 requests failed (0.00%), limit 1%",
        );
    }

    #[test]
    fn too_few_events_say_nothing_good_or_bad() {
        for (total, failed) in [(0, 0), (1, 1), (49, 0), (49, 49)] {
            let (verdict, evidence) = judge(Count { total, failed }, &params("1%"), "failed");
            assert!(matches!(verdict, Verdict::Inconclusive(_)), "{evidence}");
        }
        let one = Params {
            min_events: 1,
            ..params("100%")
        };
        assert!(matches!(
            judge(Count::default(), &one, "failed").0,
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let analysis = || Extension::new(FailureShare::KIND).with("limit", "1%");
        for (wrong, named) in [
            (Extension::new(FailureShare::KIND), "limit"),
            (analysis().with("limit", "1"), "limit"),
            (analysis().with("limit", 1), "limit"),
            (analysis().with("min_events", 0), "min_events"),
            (analysis().with("min_events", "many"), "min_events"),
            (analysis().with("track", "green"), "track"),
            (analysis().with("part", "No Part"), "part"),
            (analysis().with("limits", "1%"), "limits"),
        ] {
            let error = read(&wrong).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("errors"), "{error}");
        }
        let full = analysis()
            .with("min_events", 5)
            .with("track", "stable")
            .with("part", "eu");
        assert_eq!(
            read(&full).unwrap(),
            Params {
                limit: Weight::from_percent(1).unwrap(),
                min_events: 5,
                track: Track::Stable,
                part: Some("eu".parse().unwrap()),
            }
        );
    }
}
