//! Runs everybody on the same course of a world.

use std::collections::VecDeque;

use strategy_core::analysis::{Count, Verdict, Window};
use strategy_core::{Timestamp, Tracks};
use strategy_metrics::judge::Sight;
use strategy_metrics::judge::threshold::measure::interpolated;
use strategy_metrics::{Data, Events, Histogram, Judge, Reading, State};

use crate::choice::Choice;
use crate::contestants::{Contestant, Rule, View};
use crate::dice::number;
use crate::latencies::bounds;
use crate::worlds::{Pair, Tick};

/// The chance of a false alarm that is given to each.
pub(crate) const ALPHA: f64 = 0.01;

/// When one took the release back, and how many requests the candidate had failed by then; or by the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) acted: Option<u64>,
    pub(crate) failed: u64,
}

/// What everybody says of one course, in their order.
pub(crate) fn outcomes(
    contestants: &[Contestant],
    course: impl Iterator<Item = Tick>,
) -> Vec<Outcome> {
    let mut courses: Vec<_> = contestants.iter().map(Course::new).collect();
    let mut gatherings: Vec<Gathering> = Vec::new();
    for contestant in contestants {
        if let Rule::Judge(_, view) = contestant.rule
            && !gatherings.iter().any(|gathering| gathering.view == view)
        {
            gatherings.push(Gathering::new(view));
        }
    }
    let (mut failed, mut begin) = (0, 0);
    for tick in course {
        failed += tick.failed;
        let act = |course: &mut Course<'_>, acts: bool| {
            if acts {
                course.outcome.acted = Some(tick.second);
            }
            course.outcome.failed = failed;
        };
        for gathering in &mut gatherings {
            let sight = gathering.add(&tick, begin);
            for course in courses.iter_mut().filter(|course| course.goes_on()) {
                if let Rule::Judge(judge, view) = &course.contestant.rule
                    && *view == gathering.view
                {
                    let acts = sight
                        .as_ref()
                        .is_some_and(|sight| course.memory.fails(&**judge, sight));
                    act(course, acts);
                }
            }
        }
        for course in courses.iter_mut().filter(|course| course.goes_on()) {
            if !matches!(course.contestant.rule, Rule::Judge(..)) {
                let acts = course.own.fails(&course.contestant.rule, &tick, begin);
                act(course, acts);
            }
        }
        if courses.iter().all(|course| !course.goes_on()) {
            break;
        }
        begin = tick.second;
    }
    courses.into_iter().map(|course| course.outcome).collect()
}

/// One contestant on one course.
struct Course<'a> {
    contestant: &'a Contestant,
    outcome: Outcome,
    memory: Memory,
    own: Own,
}

impl<'a> Course<'a> {
    fn new(contestant: &'a Contestant) -> Self {
        Self {
            contestant,
            outcome: Outcome::default(),
            memory: Memory::default(),
            own: Own::default(),
        }
    }

    const fn goes_on(&self) -> bool {
        self.outcome.acted.is_none()
    }
}

/// What a check keeps of a judge.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) state: State,
    failures: u32,
}

impl Memory {
    /// Whether the check fails by now: more of its looks failed than its limits tolerate.
    pub(crate) fn fails(&mut self, judge: &dyn Judge, sight: &Sight) -> bool {
        let judgement = match judge.judge(sight, &self.state) {
            Ok(judgement) => judgement,
            Err(error) => panic!("{judge:?}: {error}"),
        };
        self.state = judgement.state;
        self.failures += u32::from(judgement.verdict == Verdict::Fail);
        self.failures > judge.limits().map_or(0, |limits| limits.failures)
    }
}

/// What the rules of this bench keep.
#[derive(Debug, Default)]
struct Own {
    window: VecDeque<(u64, Pair)>,
    failures: u32,
    all: [Pair; 2],
    logarithm: f64,
    choice: Choice,
}

impl Own {
    fn fails(&mut self, rule: &Rule, tick: &Tick, begin: u64) -> bool {
        let (candidate, stable) = tick.sums();
        for (sum, seen) in self.all.iter_mut().zip([candidate, stable]) {
            *sum = [sum[0] + seen[0], sum[1] + seen[1]];
        }
        match *rule {
            Rule::Judge(..) => false,
            Rule::Rolling {
                limit,
                tolerated,
                every,
            } => {
                self.window.push_back((tick.second, candidate));
                while self
                    .window
                    .front()
                    .is_some_and(|(second, _)| second + 60 <= tick.second)
                {
                    self.window.pop_front();
                }
                if tick.second >= 60 && tick.second / every > begin / every {
                    let sum = self.window.iter().fold([0, 0], |sum: Pair, (_, seen)| {
                        [sum[0] + seen[0], sum[1] + seen[1]]
                    });
                    self.failures +=
                        u32::from(sum[0] > 0 && number(sum[1]) >= limit * number(sum[0]));
                }
                self.failures > tolerated
            }
            Rule::Peeking => {
                tick.second / 5 > begin / 5 && p_value(self.all[0], self.all[1]) < ALPHA
            }
            Rule::Choice { window } => {
                self.choice.add(tick);
                tick.second / window > begin / window && self.choice.fails(window)
            }
            Rule::Wald { good, bad } => {
                let (all, failed) = (number(candidate[0]), number(candidate[1]));
                self.logarithm += failed.mul_add(
                    (bad / good).ln(),
                    (all - failed) * ((-bad).ln_1p() - (-good).ln_1p()),
                );
                self.logarithm >= -ALPHA.ln()
            }
        }
    }
}

/// The chance that the candidate has as many of all failures, or more, if each is its with its share of the
/// requests: the exact one-sided test of two rates (Przyborowski and Wilenski, Biometrika 1940).
pub(crate) fn p_value(candidate: Pair, stable: Pair) -> f64 {
    let all = candidate[1] + stable[1];
    if candidate[0] == 0 || stable[0] == 0 || all == 0 {
        return 1.0;
    }
    let share = number(candidate[0]) / number(candidate[0] + stable[0]);
    if number(candidate[1]) <= share * number(all) {
        return 1.0;
    }
    let ways: f64 = (1..=candidate[1])
        .map(|hit| (number(all - candidate[1] + hit) / number(hit)).ln())
        .sum();
    let hits = number(candidate[1]);
    let mut likely = ways + hits * share.ln() + (number(all) - hits) * (-share).ln_1p();
    let mut sum = 0.0_f64;
    for hits in candidate[1]..=all {
        sum += likely.exp();
        // Each is less likely than the one before, by more and more.
        if likely < sum.ln() - 40.0 {
            break;
        }
        likely += (number(all - hits) / number(hits + 1) * share / (1.0 - share)).ln();
    }
    sum
}

/// What happened since the last look of one view.
#[derive(Debug)]
struct Gathering {
    view: View,
    from: u64,
    candidate: Vec<Pair>,
    stable: Vec<Pair>,
    histograms: Tracks<Vec<u64>>,
    values: Tracks<Vec<f64>>,
}

impl Gathering {
    const fn new(view: View) -> Self {
        Self {
            view,
            from: 0,
            candidate: Vec::new(),
            stable: Vec::new(),
            histograms: Tracks {
                stable: Vec::new(),
                candidate: Vec::new(),
            },
            values: Tracks {
                stable: Vec::new(),
                candidate: Vec::new(),
            },
        }
    }

    /// What is to be looked at now, if the time has come.
    fn add(&mut self, tick: &Tick, begin: u64) -> Option<Sight> {
        for (sums, seen) in [
            (&mut self.candidate, &tick.candidate),
            (&mut self.stable, &tick.stable),
        ] {
            sums.resize(seen.len(), [0, 0]);
            for (sum, seen) in sums.iter_mut().zip(seen) {
                *sum = [sum[0] + seen[0], sum[1] + seen[1]];
            }
        }
        if let View::Histogram { buckets, .. } | View::P95 { buckets, .. } = self.view
            && let Some(seen) = tick.histograms.get(buckets)
        {
            for (sums, seen) in [
                (&mut self.histograms.candidate, &seen.candidate),
                (&mut self.histograms.stable, &seen.stable),
            ] {
                sums.resize(seen.len(), 0);
                for (sum, seen) in sums.iter_mut().zip(seen) {
                    *sum += seen;
                }
            }
        }
        let passed = |every: u64| tick.second / every > begin / every;
        if passed(60) {
            self.minute();
        }
        if !passed(self.view.every()) {
            return None;
        }
        let told = |data| Reading::Told(data);
        let values = |values: Vec<f64>| {
            if values.is_empty() {
                Reading::NotANumber
            } else {
                Reading::Told(Data::Values(values))
            }
        };
        let readings = match self.view {
            View::Events { .. } => Tracks {
                stable: told(Data::Events(events("s", &self.stable))),
                candidate: told(Data::Events(events("c", &self.candidate))),
            },
            View::Shares { .. } | View::P95 { .. } => Tracks {
                stable: values(std::mem::take(&mut self.values.stable)),
                candidate: values(std::mem::take(&mut self.values.candidate)),
            },
            View::Histogram { buckets, .. } => Tracks {
                stable: told(Data::Histogram(histogram(buckets, &self.histograms.stable))),
                candidate: told(Data::Histogram(histogram(
                    buckets,
                    &self.histograms.candidate,
                ))),
            },
        };
        let window = Window {
            from: Timestamp::from_millis(self.from * 1000),
            to: Timestamp::from_millis(tick.second * 1000),
        };
        self.from = tick.second;
        self.clear();
        Some(Sight::new(window, readings, ALPHA))
    }

    /// One number of a minute that is over.
    fn minute(&mut self) {
        let numbers = match self.view {
            View::Events { .. } | View::Histogram { .. } => return,
            View::Shares { .. } => [&self.candidate, &self.stable].map(|units| {
                let all: u64 = units.iter().map(|unit| unit[0]).sum();
                let failed: u64 = units.iter().map(|unit| unit[1]).sum();
                (all > 0).then(|| number(failed) / number(all))
            }),
            View::P95 { buckets, .. } => [&self.histograms.candidate, &self.histograms.stable]
                .map(|counts| interpolated(&histogram(buckets, counts), 0.95)),
        };
        self.values.candidate.extend(numbers[0]);
        self.values.stable.extend(numbers[1]);
        self.clear();
    }

    fn clear(&mut self) {
        self.candidate.clear();
        self.stable.clear();
        self.histograms.candidate.clear();
        self.histograms.stable.clear();
    }
}

pub(crate) fn events(track: &str, units: &[Pair]) -> Events {
    Events::of_units((0..).zip(units).map(|(unit, pair)| {
        let mut count = Count::default();
        [count.total, count.failed] = *pair;
        (format!("{track}{unit:02}"), count)
    }))
}

fn histogram(buckets: usize, counts: &[u64]) -> Histogram {
    match Histogram::new(bounds(buckets).to_vec(), counts.to_vec()) {
        Ok(histogram) => histogram,
        Err(error) => panic!("{error}"),
    }
}
