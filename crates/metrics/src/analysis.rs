//! A source and judges as the analysis that a rollout asks.

mod check;
mod limits;
mod params;
mod reach;
mod rhythm;
mod source_said;

use async_trait::async_trait;
use futures::future::try_join;
use std::collections::BTreeSet;
use strategy_core::analysis::{
    Analysis, Look, MeasureError, Measurement, PreparedCheck, Verdict, Window,
};
use strategy_core::plan::{CheckName, Plan};
use strategy_core::target::Found;
use strategy_core::{Track, Tracks};

pub use self::check::MetricCheck;
use self::params::Params;
use crate::judge::{Judge, Kinds, Prospect, Sight};
use crate::ledger::Ledger;
use crate::reading::{Data, Reading};
use crate::source::{Admitted, Answer, MetricSource, Question, SourceError};

/// A source and judges as the [`Analysis`] that a rollout asks.
///
/// Parameters of a check:
/// - `metric`: what is measured, in the source's own words. Required.
/// - `judge`: what it means: an object with the `kind` of a judge and its parameters. Default:
///   `sequential-ratio` with its defaults.
/// - `part`: of which part of the rollout. Required where there are several: each has its own check, and the
///   core shares the false-alarm budget out among them.
///
/// A check whose judge compares must say so, and no other may: [`MetricCheck`] does.
#[derive(Debug)]
pub struct MetricAnalysis {
    kind: String,
    source: Box<dyn MetricSource>,
    kinds: Kinds,
}

impl MetricAnalysis {
    /// Asks this source for the checks of this kind, with the judges of this crate.
    pub fn new(kind: impl Into<String>, source: impl MetricSource + 'static) -> Self {
        Self {
            kind: kind.into(),
            source: Box::new(source),
            kinds: Kinds::built_in(),
        }
    }

    /// With these judges to choose from.
    #[must_use]
    pub fn judges(mut self, kinds: Kinds) -> Self {
        self.kinds = kinds;
        self
    }

    async fn prepare(
        &self,
        check: &CheckName,
        plan: &Plan,
        found: &Found,
    ) -> Result<Option<PreparedCheck>, MeasureError> {
        let Some(planned) = plan.checks().get(check) else {
            return Ok(None);
        };
        if planned.analysis.kind != self.kind {
            return Ok(None);
        }
        let params = Params::read(check, &planned.analysis, &self.kinds)?;
        let parts: Vec<_> = found.iter().map(|(part, _)| part).collect();
        let part = params.part_of(check, &parts)?;
        if params.judge.compares() && !planned.compares_with_stable {
            return Err(params::invalid(
                check,
                "its judge compares the candidate with stable, and the check does not say so",
                "set `compares_with_stable` of the check",
            ));
        }
        if planned.compares_with_stable && !params.judge.compares() {
            return Err(params::invalid(
                check,
                "its judge does not compare the candidate with stable, and the check says that it does, so it would \
                 end before stable changes",
                "leave `compares_with_stable` of the check out",
            ));
        }
        if params.judge.awaits_all_traffic()
            && let Some(stage) = params::before_all_traffic(check, part, plan)
        {
            return Err(params::invalid(
                check,
                format_args!(
                    "its judge waits until nobody asks stable, and stage `{stage}` asks it while stable has traffic"
                ),
                "name the `checks` of that stage without it: it belongs to stages in which all traffic is the \
                 candidate's",
            ));
        }
        let invalid = |error| told_before(check, error);
        let rhythm = self
            .source
            .rhythm(&params.metric, params.judge.shape())
            .map_err(invalid)?;
        let discovery = found.part(part);
        let question = |track| params.question_before(discovery, part, track);
        let mut source = Tracks {
            candidate: self
                .source
                .admit(&question(Track::Candidate))
                .await
                .map_err(invalid)?,
            stable: Admitted::default(),
        };
        if params.judge.told_of_stable() {
            source.stable = self
                .source
                .admit(&question(Track::Stable))
                .await
                .map_err(invalid)?;
        }
        let samples_every = source
            .candidate
            .samples_every
            .max(source.stable.samples_every);
        let mut prepared = PreparedCheck::new(check.clone());
        prepared.bounded = params.judge.bounded();
        prepared.findings = source_said::findings(check, &source);
        prepared.findings.extend(source_said::alike(check, &source));
        if !params.judge.told_of_stable() {
            let stable = self.source.admit(&question(Track::Stable)).await.ok();
            let silent =
                stable.map(|stable| source_said::silent(check, &source.candidate, &stable));
            prepared.findings.extend(silent.into_iter().flatten());
        }
        let baseline = discovery.map_or(0, strategy_core::target::Discovery::baseline);
        let prospect = Prospect {
            resource: format!("check {check}"),
            source,
            replicas: Tracks {
                stable: baseline,
                candidate: baseline,
            },
            interval: planned.interval,
            rhythm,
        };
        prepared.findings.extend(params.judge.admit(&prospect));
        let judged = (&*params.judge, &prospect);
        let bounded = self.bounded(plan);
        let reach = reach::finding(check, judged, part, plan, bounded);
        prepared.findings.extend(reach);
        let differing = limits::differ(check, &*params.judge, planned.limits);
        prepared.findings.extend(differing);
        let late = rhythm::findings(
            check,
            &self.source.name(),
            &rhythm::Late {
                rhythm,
                samples_every,
                interval: planned.interval,
            },
            plan.stages(),
        );
        prepared.findings.extend(late);
        Ok(Some(prepared))
    }

    /// How many checks of a plan that this analysis judges share the budget of false alarms.
    fn bounded(&self, plan: &Plan) -> usize {
        let checks = plan.checks().values();
        let ours = checks.filter(|check| check.analysis.kind == self.kind);
        ours.filter_map(|check| params::judge(&check.analysis, &self.kinds).ok())
            .filter(|judge| judge.bounded())
            .count()
    }

    /// What was seen of both tracks in a window.
    async fn see(
        &self,
        questions: &Tracks<Question>,
        judge: &dyn Judge,
        window: Window,
    ) -> Result<Tracks<Answer>, SourceError> {
        let candidate = self.source.read(&questions.candidate, window);
        if !judge.told_of_stable() {
            return Ok(Tracks {
                candidate: candidate.await?,
                stable: Reading::Empty.into(),
            });
        }
        let stable = self.source.read(&questions.stable, window);
        let (candidate, stable) = try_join(candidate, stable).await?;
        Ok(Tracks { stable, candidate })
    }
}

#[async_trait]
impl Analysis for MetricAnalysis {
    async fn admit(&self, plan: &Plan, found: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        let mut prepared = Vec::new();
        for check in plan.checks().keys() {
            prepared.extend(self.prepare(check, plan, found).await?);
        }
        Ok(prepared)
    }

    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        let params = Params::read(&look.check, &look.analysis, &self.kinds)?;
        let judge = &*params.judge;
        let invalid = |error| told(&look.check, error);
        let rhythm = self
            .source
            .rhythm(&params.metric, judge.shape())
            .map_err(invalid)?;
        let mut ledger = Ledger::read(look)?;
        let Some(part) = params.part_in(look) else {
            let evidence = "the part is not reached by requests, or no longer";
            return Ok(Measurement::new(Verdict::Undecided, evidence).remember(look.memory.clone()));
        };
        let question = |track| params.question_of(look, part, track);
        let mut questions = Tracks {
            stable: question(Track::Stable),
            candidate: question(Track::Candidate),
        };
        let weight = look
            .weights
            .get(part)
            .map_or(0, |weight| weight.basis_points());
        let labels = params::labels(look, part);
        let mut given_up = Vec::from_iter(ledger.watched(look.window, weight, &labels));
        let mut said: Option<(Verdict, String)> = None;
        let mut is_of_now = false;
        let mut notes = BTreeSet::new();
        let settled = ledger.settled(rhythm, look.window.to);
        given_up.extend(settled.given_up);
        for settled in settled.told {
            let window = settled.window;
            for question in [&mut questions.stable, &mut questions.candidate] {
                question.watched_since = Some(settled.since);
            }
            let answers = self.see(&questions, judge, window).await.map_err(invalid)?;
            notes.extend(answers.candidate.notes);
            notes.extend(answers.stable.notes);
            if answers.candidate.too_short || answers.stable.too_short {
                given_up.extend(ledger.was_too_short(settled));
                continue;
            }
            is_of_now |= ledger.goes_on(&settled);
            let readings = Tracks {
                stable: answers.stable.reading,
                candidate: answers.candidate.reading,
            };
            let alpha = f64::from(look.alpha_millionths) / 1e6;
            let mut sight = Sight::new(window, readings, alpha);
            sight.share = look.weights.get(part).and_then(|_| settled.share());
            let mut judgement = judge
                .judge(&sight, &ledger.state)
                .map_err(|error| params::not_judged(&look.check, error))?;
            if !happened(&sight, judge.compares()) && is_pass(&judgement.verdict) {
                judgement.verdict = Verdict::Undecided;
                judgement.evidence += "; nothing happened in this window";
            }
            ledger.state = judgement.state;
            // A failure of one window is not hidden by the next.
            let failed = said
                .as_ref()
                .is_some_and(|(verdict, _)| *verdict == Verdict::Fail);
            if !failed {
                said = Some((judgement.verdict, judgement.evidence));
            }
        }
        // What a source tells late is of the stage before, and passes none that came after it.
        if let Some((verdict, evidence)) = said.as_mut().filter(|(verdict, _)| is_pass(verdict))
            && !is_of_now
        {
            *verdict = Verdict::Undecided;
            *evidence += "; this is of an earlier share of traffic or an earlier stage, and nothing is told of this one yet";
        }
        let (verdict, evidence) = said.unwrap_or_else(|| {
            let source = self.source.name();
            let evidence = format!("{source} cannot tell of any window since the last look yet");
            (Verdict::Undecided, evidence)
        });
        let evidence = notes.iter().fold(evidence, |evidence, note| {
            format!("{evidence}; {} says: {note}", self.source.name())
        });
        let evidence = given_up.iter().fold(evidence, |evidence, given_up| {
            format!("{evidence}; {given_up}")
        });
        let memory = ledger.memory(&look.check)?;
        Ok(Measurement::new(verdict, evidence).remember(memory))
    }
}

/// Both tracks that are judged had events. Numbers are no events, and are always something.
fn happened(sight: &Sight, compares: bool) -> bool {
    let had_events = |reading: &Reading| match reading {
        Reading::Told(Data::Events(events)) => events.all.total > 0,
        Reading::Told(Data::Histogram(histogram)) => histogram.total() > 0,
        Reading::Told(Data::Units(_) | Data::Values(_))
        | Reading::Empty
        | Reading::Stale { .. }
        | Reading::NotANumber => true,
    };
    had_events(&sight.readings.candidate) && (!compares || had_events(&sight.readings.stable))
}

const fn is_pass(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Warn)
}

/// As the core tells it before a rollout begins.
fn told_before(check: &CheckName, error: SourceError) -> MeasureError {
    match (source_said::Unreached::of(&error), told(check, error)) {
        (Some(unreached), MeasureError::Unavailable { source_name, .. }) => {
            MeasureError::Unavailable {
                source_name,
                source: Box::new(unreached),
            }
        }
        (_, told) => told,
    }
}

/// As the core tells it.
fn told(check: &CheckName, error: SourceError) -> MeasureError {
    match error {
        SourceError::Invalid {
            field,
            problem,
            mend,
        } => params::invalid(check, format_args!("{field}: {problem}"), &mend),
        SourceError::Permanent {
            source_name,
            problem,
            mend,
        } => MeasureError::Refused {
            check: check.clone(),
            source_name,
            problem,
            mend,
        },
        SourceError::Passing {
            ref source_name, ..
        } => MeasureError::Unavailable {
            source_name: source_name.clone(),
            source: Box::new(source_said::Why(error)),
        },
    }
}

#[cfg(test)]
mod tests;
