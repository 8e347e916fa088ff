//! The looks that a rollout would have taken, one after the other, through the same analysis and with the same memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use strategy_core::analysis::{Analysis as _, Look, Memory, Tally, Verdict, Window};
use strategy_core::plan::Limits;
use strategy_core::target::Finding;
use strategy_core::{Part, Tracks};
use strategy_metrics::judge::{
    InvalidJudge, Judge, JudgeError, Judgement, Kinds, Prospect, Sight, Span,
};
use strategy_metrics::reading::{Reading, Shape};
use strategy_metrics::{MetricAnalysis, MetricCheck, State};

use super::config::Config;
use super::data::Recorded;
use super::problem::Problem;

/// The most windows that are looked at.
const WINDOWS: u64 = 100_000;

/// A look, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    /// From 1.
    pub(super) number: u64,
    pub(super) window: Window,
    /// What both tracks told; `None`: the window is too short for that, and waits for the next.
    pub(super) readings: Option<Tracks<Reading>>,
    /// The natural logarithm of the evidence; `None`: the judge weighs none, or was not asked.
    pub(super) log_evidence: Option<f64>,
    pub(super) verdict: Verdict,
    pub(super) evidence: String,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The limit that was crossed.
    Failed(String),
    /// The last look that said anything passed.
    Passed,
    /// None has passed, or the last one that said anything failed and is tolerated.
    Undecided(&'static str),
}

/// Everything that was seen.
#[derive(Debug)]
pub(super) struct Run {
    /// When the first window began.
    pub(super) span: Window,
    pub(super) looks: Vec<Looked>,
    pub(super) end: End,
    /// How many windows were left when it failed.
    pub(super) left: u64,
}

/// A judge whose every judgement is heard.
#[derive(Debug)]
struct Heard {
    judge: Box<dyn Judge>,
    last: Arc<Mutex<Option<(Sight, Judgement)>>>,
}

#[deny(clippy::missing_trait_methods)]
impl Judge for Heard {
    fn shape(&self) -> Shape {
        self.judge.shape()
    }

    fn compares(&self) -> bool {
        self.judge.compares()
    }

    fn told_of_stable(&self) -> bool {
        self.judge.told_of_stable()
    }

    fn awaits_all_traffic(&self) -> bool {
        self.judge.awaits_all_traffic()
    }

    fn bounded(&self) -> bool {
        self.judge.bounded()
    }

    fn admit(&self, prospect: &Prospect) -> Vec<Finding> {
        self.judge.admit(prospect)
    }

    fn most_evidence(&self, prospect: &Prospect, spans: &[Span]) -> Option<f64> {
        self.judge.most_evidence(prospect, spans)
    }

    fn limits(&self) -> Option<Limits> {
        self.judge.limits()
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let judgement = self.judge.judge(sight, state)?;
        let heard = (sight.clone(), judgement.clone());
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        Ok(judgement)
    }
}

/// Looks at every window, until a limit is crossed.
pub(super) async fn run(config: &Config, recorded: Recorded) -> Result<Run, Problem> {
    let last = Arc::new(Mutex::new(None));
    let params = Value::Object(config.judge.clone());
    let made = Kinds::built_in()
        .make(&params)
        .map_err(|wrong| Problem::whole(wrong.to_string()))?;
    let shape = made.shape();
    recorded.has(shape)?;
    let span = recorded.span(shape, config.check.interval)?;
    let interval = u64::try_from(config.check.interval.as_millis()).unwrap_or(u64::MAX);
    let length = span.to.as_millis().saturating_sub(span.from.as_millis());
    let windows = length / interval.max(1);
    if windows == 0 || windows > WINDOWS {
        let interval = strategy_core::duration::format(config.check.interval);
        let length = strategy_core::duration::format(std::time::Duration::from_millis(length));
        return Err(Problem::whole(format!(
            "{windows} windows of {interval} are in the {length} that were recorded, and 1 to {WINDOWS} can be judged; \
             record more, or choose another `interval`"
        )));
    }
    let heard = Arc::clone(&last);
    let kinds = Kinds::built_in().made(super::KIND, move |_: &Value| {
        let judge = Kinds::built_in().make(&params)?;
        let last = Arc::clone(&heard);
        let heard: Box<dyn Judge> = Box::new(Heard { judge, last });
        Ok::<_, InvalidJudge>(heard)
    });
    let analysis = MetricAnalysis::new(super::KIND, recorded).judges(kinds.clone());
    let judge = Map::from_iter([("kind".to_owned(), Value::from(super::KIND))]);
    let check = MetricCheck::new(super::KIND, Map::new()).judge(judge);
    let planned = check.check_with(&kinds);
    let planned = planned.map_err(|wrong| Problem::whole(wrong.to_string()))?;
    let extension = planned.analysis;
    let (mut looks, mut tally, mut memory) = (Vec::new(), Tally::default(), Memory::default());
    let mut passed = 0;
    for number in 1..=windows {
        let from = span.from.as_millis() + (number - 1) * interval;
        let at = strategy_core::Timestamp::from_millis;
        let window = Window {
            from: at(from),
            to: at(from + interval),
        };
        let mut look = Look::new(config.name.as_str(), extension.clone(), window);
        look.number = number;
        look.alpha_millionths = config.alpha_millionths;
        look.memory = memory;
        let tracks: Tracks<BTreeMap<String, String>> = Tracks::default();
        look.identities.insert(Part::main(), tracks);
        let weights = config.weight.map(|weight| (Part::main(), weight));
        look.weights.extend(weights);
        let measured = analysis.measure(&look).await;
        let measured = measured.map_err(|error| Problem::whole(error.to_string()))?;
        let heard = last.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (readings, log_evidence) = match heard {
            Some((sight, judgement)) => (Some(sight.readings), judgement.log_evidence),
            None => (None, None),
        };
        looks.push(Looked {
            number,
            window,
            readings,
            log_evidence,
            verdict: measured.verdict.clone(),
            evidence: measured.evidence,
        });
        memory = measured.memory;
        tally.judged(&measured.verdict);
        passed += u64::from(is_pass(&measured.verdict));
        if let Some(limit) = tally.over(&config.check.limits) {
            return Ok(Run {
                span,
                looks,
                end: End::Failed(limit),
                left: windows - number,
            });
        }
    }
    let end = end(&tally, passed);
    Ok(Run {
        span,
        looks,
        end,
        left: 0,
    })
}

const fn is_pass(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Warn)
}

/// How it ends where no limit is crossed.
const fn end(tally: &Tally, passed: u64) -> End {
    if tally.failing {
        End::Undecided("the last look that said anything failed, and is tolerated")
    } else if passed == 0 {
        End::Undecided("no look has passed")
    } else {
        End::Passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pass, fail, undecided, inconclusive, a letter each; with so many failures, in a row and inconclusive ones
    /// tolerated.
    fn ends(
        verdicts: &str,
        failures: u32,
        in_a_row: Option<u32>,
        inconclusive: u32,
    ) -> (usize, End) {
        let mut limits = Limits::default()
            .failures(failures)
            .consecutive_inconclusive(inconclusive);
        limits.consecutive_failures = in_a_row;
        let (mut tally, mut passed) = (Tally::default(), 0);
        for (index, letter) in verdicts.chars().enumerate() {
            let verdict = match letter {
                'p' => Verdict::Pass,
                'w' => Verdict::Warn,
                'f' => Verdict::Fail,
                'u' => Verdict::Undecided,
                _ => Verdict::Inconclusive("no data".to_owned()),
            };
            tally.judged(&verdict);
            passed += u64::from(is_pass(&verdict));
            if let Some(limit) = tally.over(&limits) {
                return (index, End::Failed(limit));
            }
        }
        (verdicts.len(), end(&tally, passed))
    }

    #[test]
    fn looks_are_counted_as_a_rollout_counts_them() {
        let failed = |words: &str| End::Failed(words.to_owned());
        assert_eq!(ends("uppw", 0, None, 10), (4, End::Passed));
        assert_eq!(
            ends("ppfp", 0, None, 10),
            (2, failed("1 failed, 0 tolerated"))
        );
        assert_eq!(
            ends("fpf", 1, None, 10),
            (2, failed("2 failed, 1 tolerated"))
        );
        let in_a_row = failed("2 failed one after the other, 1 tolerated");
        assert_eq!(ends("fpffp", 9, Some(1), 10), (3, in_a_row));
        let silent = failed("3 inconclusive one after the other, 2 tolerated");
        assert_eq!(ends("nnpnunn", 0, None, 2), (6, silent));
        assert!(matches!(ends("pf", 1, None, 10).1, End::Undecided(_)));
        assert!(matches!(ends("uun", 0, None, 10).1, End::Undecided(_)));
        assert_eq!(ends("fp", 1, None, 10), (2, End::Passed));
    }
}
