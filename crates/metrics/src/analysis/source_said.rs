//! What a source says, told on by who knows the check: what it found, and why it could not be asked.

use std::error::Error as StdError;
use std::fmt;

use strategy_core::Tracks;
use strategy_core::plan::CheckName;
use strategy_core::target::Finding;

use crate::source::{Admitted, SourceError};

/// Why a source could not be asked, under an error that says already that this source could not.
#[derive(Debug)]
pub(super) struct Why(pub(super) SourceError);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            SourceError::Passing { problem, .. } => f.write_str(problem),
            error @ (SourceError::Invalid { .. } | SourceError::Permanent { .. }) => error.fmt(f),
        }
    }
}

impl StdError for Why {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Why a source could not be reached before a rollout begins, when its address may still be wrong, and how to mend that.
#[derive(Debug)]
pub(super) struct Unreached(String);

impl Unreached {
    /// `None`: something answered there, or it is not for want of an answer.
    pub(super) fn of(error: &SourceError) -> Option<Self> {
        let SourceError::Passing {
            problem,
            source: Some(source),
            ..
        } = error
        else {
            return None;
        };
        let mut text = problem.clone();
        let mut source: Option<&(dyn StdError + 'static)> = Some(&**source);
        while let Some(error) = source {
            text += &format!(": {error}");
            source = error.source();
        }
        Some(Self(text))
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = &self.0;
        write!(
            f,
            "{why}; mend its address, or see that it can be reached from here"
        )
    }
}

impl StdError for Unreached {}

/// What was found of both tracks, each once, with the check: a source knows of none, and a plan may have several.
pub(super) fn findings(check: &CheckName, admitted: &Tracks<Admitted>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for admitted in [&admitted.candidate, &admitted.stable] {
        for finding in &admitted.findings {
            let finding = of_check(check, finding);
            if !all.contains(&finding) {
                all.push(finding);
            }
        }
    }
    all
}

/// That the metric answers nothing of stable, of which the judge is not told: stable runs and is used, so that what is
/// misspelt shows there before it makes every look at the candidate inconclusive.
///
/// Nothing, where both are asked for the same: then the metric names the candidate by itself, which has nothing yet.
pub(super) fn silent(
    check: &CheckName,
    candidate: &Admitted,
    stable: &Admitted,
) -> Option<Finding> {
    if stable.asked == candidate.asked {
        return None;
    }
    let mut found = stable.findings.iter();
    let silent = found.find(|finding| finding.code == "metric-without-data")?;
    Some(of_check(check, silent))
}

fn of_check(check: &CheckName, finding: &Finding) -> Finding {
    let mut finding = finding.clone();
    finding.resource = format!("check {check}: {}", finding.resource);
    finding
}

/// Both tracks are asked for the same: what is compared with itself is never worse.
pub(super) fn alike(check: &CheckName, admitted: &Tracks<Admitted>) -> Option<Finding> {
    let asked = &admitted.candidate.asked;
    (!asked.is_empty() && *asked == admitted.stable.asked).then(|| {
        Finding::blocks(
            "tracks-alike",
            format!("check {check}"),
            format!(
                "candidate and stable are asked for the same: {}",
                asked.join(" and ")
            ),
            "write what tells them apart as a label of the track, such as `{{deployment}}`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_of_a_query_with_itself_is_found() {
        let asked = |stable: &[&str], candidate: &[&str]| {
            let admitted = |asked: &[&str]| Admitted {
                asked: asked.iter().map(ToString::to_string).collect(),
                ..Admitted::default()
            };
            let both = Tracks {
                stable: admitted(stable),
                candidate: admitted(candidate),
            };
            alike(&CheckName::from("errors"), &both).is_some()
        };
        assert!(asked(&["a", "b"], &["a", "b"]));
        assert!(!asked(&["a", "b"], &["a", "c"]));
        // A judge that is not told of stable, or a source without such a language.
        assert!(!asked(&[], &["a"]));
        assert!(!asked(&[], &[]));
    }

    #[test]
    fn what_is_found_names_the_check_and_is_said_once() {
        let found = |resource: &str| Finding::warns("code", resource, "message", "mend");
        let admitted = |findings: &[Finding]| Admitted {
            findings: findings.to_vec(),
            ..Admitted::default()
        };
        let both = Tracks {
            stable: admitted(&[found("a"), found("b")]),
            candidate: admitted(&[found("a")]),
        };
        let all = findings(&CheckName::from("errors"), &both);
        assert_eq!(all, [found("check errors: a"), found("check errors: b")]);
    }
}
