//! What every [`MetricSource`](crate::source::MetricSource) promises.

mod promise;
mod subject;

use std::error::Error;
use std::fmt;

use strategy_core::analysis::Window;
use strategy_core::{Timestamp, Track};

pub use self::promise::{Checked, Promise};
pub use self::subject::Subject;
use super::{Broken, ensure};
use crate::reading::{Data, Events, Reading, Shape};
use crate::source::{Question, SourceError};

macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        /// Every promise of a source.
        pub const PROMISES: &[Promise] =
            &[$(Promise::new(stringify!($name), |subject| Box::pin($name(subject)))),*];
    };
}

promises! {
    what_is_not_asked_is_said,
    what_is_told_is_what_was_asked_for,
    the_same_question_has_the_same_answer,
    windows_that_adjoin_add_up,
    what_happened_while_nobody_watched_is_not_counted,
    too_short_is_no_data,
    a_window_before_everything_is_not_good,
    a_quiet_window_is_not_good,
    no_number_is_told_as_such,
    a_meaningless_metric_is_the_callers_mistake,
    what_is_admitted_is_answered,
    secrets_are_told_nobody,
}

/// All promises, one after the other.
///
/// # Errors
/// The first that is broken, and how.
pub async fn keeps_every_promise(subject: &Subject<'_>) -> Result<(), Broken> {
    for promise in PROMISES {
        promise.check(subject).await?;
    }
    Ok(())
}

/// What the checks have nothing to ask by is what the subject was said to be [without](Subject::without): no check passes
/// since it has nothing to do.
///
/// # Errors
/// How it is broken.
pub async fn what_is_not_asked_is_said(subject: &Subject<'_>) -> Result<(), Broken> {
    let (left_out, without) = (subject.left_out(), &subject.without);
    let unsaid: Vec<_> = left_out
        .iter()
        .filter(|one| !without.contains(*one))
        .collect();
    ensure!(
        unsaid.is_empty(),
        "nothing is asked about {unsaid:?}: tell the subject of it, or that it is `without`"
    );
    let asked: Vec<_> = without
        .iter()
        .filter(|one| !left_out.contains(*one))
        .collect();
    ensure!(
        asked.is_empty(),
        "{asked:?} is asked about, and said to be left out"
    );
    Ok(())
}

/// What happened before [`watched_since`](Question::watched_since) adds nothing to a window: what is told of one that is
/// watched since its begin is no more than what is told of it as the latter part of a longer one.
///
/// # Errors
/// How it is broken.
pub async fn what_happened_while_nobody_watched_is_not_counted(
    subject: &Subject<'_>,
) -> Result<(), Broken> {
    for question in subject.questions() {
        if !matches!(question.shape, Shape::Events | Shape::Histogram) {
            continue;
        }
        for window in subject.latter(rhythm(subject, question)?) {
            let before = counts(subject, question, window).await?;
            let mut watched = question.clone();
            watched.watched_since = Some(window.from);
            let since = counts(subject, &watched, window).await?;
            let at = |counts: &[u64], at: usize| counts.get(at).copied().unwrap_or(0);
            let is_less = (0..since.len()).all(|n| at(&since, n) <= at(&before, n));
            ensure!(
                is_less,
                "{since:?} since it is watched, and {before:?} of the same window"
            );
        }
    }
    Ok(())
}

/// Of a window that was too short nothing is told, and the whole window of the subject was not.
///
/// # Errors
/// How it is broken.
pub async fn too_short_is_no_data(subject: &Subject<'_>) -> Result<(), Broken> {
    for question in subject.questions() {
        let mut windows = subject.former(rhythm(subject, question)?);
        windows.push(subject.window);
        for window in windows {
            let answer = subject.source.read(question, window).await;
            let answer = answer.map_err(|error| Broken(error.to_string()))?;
            let is_told = matches!(answer.reading, Reading::Told(_));
            ensure!(
                !(answer.too_short && is_told),
                "{:?} of a window that was too short",
                answer.reading
            );
            ensure!(
                !(answer.too_short && window == subject.window),
                "the window of the subject was too short"
            );
        }
    }
    Ok(())
}

/// Asked twice about a settled window, it says the same.
///
/// # Errors
/// How it is broken.
pub async fn the_same_question_has_the_same_answer(subject: &Subject<'_>) -> Result<(), Broken> {
    for question in subject.questions() {
        let first = read(subject, question, subject.window).await?;
        let second = read(subject, question, subject.window).await?;
        ensure!(
            first == second,
            "{first:?} the first time, {second:?} the second"
        );
    }
    Ok(())
}

/// Data are of the shape that was asked for, no number is NaN, and units add up to all.
///
/// # Errors
/// How it is broken.
pub async fn what_is_told_is_what_was_asked_for(subject: &Subject<'_>) -> Result<(), Broken> {
    for question in subject.questions() {
        let found = read(subject, question, subject.window).await?;
        let Reading::Told(data) = &found else {
            return Err(Broken(format!(
                "{found:?} of the window, where {} were asked for",
                question.shape
            )));
        };
        ensure!(
            data.shape() == question.shape,
            "{found:?} where {} were asked for",
            question.shape
        );
        let is_whole = match data {
            Data::Events(events) => {
                let sum = Events::of_units(events.by_unit.clone()).all;
                events.all.failed <= events.all.total
                    && (events.by_unit.is_empty() || sum == events.all)
            }
            Data::Histogram(histogram) => histogram.total() > 0,
            Data::Units(units) => !units.is_empty() && units.values().all(|one| !one.is_nan()),
            Data::Values(values) => !values.is_empty() && values.iter().all(|one| !one.is_nan()),
        };
        ensure!(is_whole, "{found:?} is not whole");
    }
    Ok(())
}

/// No event belongs to two windows, and none between two that adjoin to neither.
///
/// # Errors
/// How it is broken.
pub async fn windows_that_adjoin_add_up(subject: &Subject<'_>) -> Result<(), Broken> {
    for question in subject.questions() {
        if matches!(question.shape, Shape::Events | Shape::Histogram) {
            adds_up(subject, question).await?;
        }
    }
    Ok(())
}

async fn adds_up(subject: &Subject<'_>, question: &Question) -> Result<(), Broken> {
    let Window { from, to } = subject.window;
    let whole = counts(subject, question, subject.window).await?;
    ensure!(
        whole.iter().any(|count| *count > 0),
        "the window of the subject has no event"
    );
    let period = rhythm(subject, question)?;
    let (from_ms, to_ms) = (from.as_millis(), to.as_millis());
    for part in 1..4 {
        let cut = (from_ms + (to_ms - from_ms) * part / 4) / period * period;
        if from_ms < cut && cut < to_ms {
            let cut = Timestamp::from_millis(cut);
            let before = counts(subject, question, Window { from, to: cut }).await?;
            let after = counts(subject, question, Window { from: cut, to }).await?;
            let longest = before.len().max(after.len()).max(whole.len());
            let at = |counts: &[u64], at: usize| counts.get(at).copied().unwrap_or(0);
            let is_whole = (0..longest).all(|n| at(&before, n) + at(&after, n) == at(&whole, n));
            ensure!(is_whole, "{before:?} and {after:?} are not {whole:?}");
        }
    }
    Ok(())
}

/// Of a time before it was there it tells of nothing, or of no event.
///
/// # Errors
/// How it is broken.
pub async fn a_window_before_everything_is_not_good(subject: &Subject<'_>) -> Result<(), Broken> {
    for question in subject.questions() {
        let period = rhythm(subject, question)?;
        let long_ago = Window {
            from: Timestamp::from_millis(period),
            to: Timestamp::from_millis(period * 2),
        };
        let found = read(subject, question, long_ago).await?;
        ensure!(is_nothing(&found), "{found:?} of a window in 1970");
    }
    Ok(())
}

/// Of a window in which nothing happened it tells of nothing, or of no event, also between others.
///
/// # Errors
/// How it is broken.
pub async fn a_quiet_window_is_not_good(subject: &Subject<'_>) -> Result<(), Broken> {
    for question in subject.questions() {
        // A number over time, or of a unit, may be there whatever happens.
        if matches!(question.shape, Shape::Events | Shape::Histogram) {
            for window in &subject.quiet {
                let found = read(subject, question, *window).await?;
                ensure!(
                    is_nothing(&found),
                    "{found:?} of a window in which nothing happened"
                );
            }
        }
    }
    Ok(())
}

/// What is no number is not told as one, nor as a count of zero.
///
/// # Errors
/// How it is broken.
pub async fn no_number_is_told_as_such(subject: &Subject<'_>) -> Result<(), Broken> {
    for question in &subject.numberless {
        let found = read(subject, question, subject.window).await?;
        ensure!(
            found == Reading::NotANumber,
            "{found:?} of what is no number"
        );
    }
    Ok(())
}

/// A metric that it does not understand is refused before anything is asked.
///
/// # Errors
/// How it is broken.
pub async fn a_meaningless_metric_is_the_callers_mistake(
    subject: &Subject<'_>,
) -> Result<(), Broken> {
    for question in subject.questions() {
        let mut question = question.clone();
        question.metric = subject.meaningless.clone();
        let rhythm = subject
            .source
            .rhythm(&question.metric, question.shape)
            .err();
        let answer = subject.source.read(&question, subject.window).await.err();
        for found in [rhythm, answer] {
            let is_refused = matches!(found, Some(SourceError::Invalid { .. }));
            ensure!(
                is_refused,
                "{found:?} instead of what is wrong with the metric"
            );
        }
    }
    Ok(())
}

/// It answers what it says that it can.
///
/// # Errors
/// How it is broken.
pub async fn what_is_admitted_is_answered(subject: &Subject<'_>) -> Result<(), Broken> {
    for asked in subject.questions() {
        for track in [Track::Candidate, Track::Stable] {
            let mut question = asked.clone();
            question.track = track;
            let admitted = subject.source.admit(&question).await;
            let answered = subject.source.read(&question, subject.window).await;
            ensure!(
                admitted.is_ok() && answered.is_ok(),
                "{admitted:?} before, {answered:?} then"
            );
        }
    }
    Ok(())
}

/// What it was given to be let in with is in no name, no `Debug`, no error, no answer and no finding.
///
/// # Errors
/// Where it is; not what.
pub async fn secrets_are_told_nobody(subject: &Subject<'_>) -> Result<(), Broken> {
    let source = subject.source;
    let mut told = vec![
        ("name", source.name()),
        ("Debug", format!("{source:?} {source:#?}")),
    ];
    for question in subject.questions() {
        let mut meaningless = question.clone();
        meaningless.metric = subject.meaningless.clone();
        for question in [question, &meaningless] {
            let rhythm = source.rhythm(&question.metric, question.shape);
            told.push(("rhythm", texts(&rhythm)));
            told.push(("admission", texts(&source.admit(question).await)));
            let answer = source.read(question, subject.window).await;
            told.push(("answer", texts(&answer)));
        }
    }
    for (place, text) in told {
        let is_told = subject.secrets.iter().any(|secret| text.contains(secret));
        ensure!(!is_told, "a secret is in its {place}");
    }
    Ok(())
}

/// All that can be read of a result, the causes of an error included.
fn texts<T: fmt::Debug>(result: &Result<T, SourceError>) -> String {
    let mut texts = format!("{result:?}");
    let mut error = result.as_ref().err().map(|error| error as &dyn Error);
    while let Some(one) = error {
        texts += &format!(" {one}");
        error = one.source();
    }
    texts
}

/// Nothing, or no event.
fn is_nothing(reading: &Reading) -> bool {
    match reading {
        Reading::Empty | Reading::Stale { .. } | Reading::NotANumber => true,
        Reading::Told(Data::Events(events)) => events.all.total == 0,
        Reading::Told(Data::Histogram(histogram)) => histogram.total() == 0,
        Reading::Told(Data::Units(_) | Data::Values(_)) => false,
    }
}

async fn read(
    subject: &Subject<'_>,
    question: &Question,
    window: Window,
) -> Result<Reading, Broken> {
    let answer = subject.source.read(question, window).await;
    let answer = answer.map_err(|error| Broken(error.to_string()))?;
    Ok(answer.reading)
}

/// All events of a window and those that failed, or those of each bucket; none: there was nothing.
async fn counts(
    subject: &Subject<'_>,
    question: &Question,
    window: Window,
) -> Result<Vec<u64>, Broken> {
    match read(subject, question, window).await? {
        Reading::Told(Data::Events(events)) => Ok(vec![events.all.total, events.all.failed]),
        Reading::Told(Data::Histogram(histogram)) => Ok(histogram.counts().to_vec()),
        Reading::Empty | Reading::Stale { .. } => Ok(Vec::new()),
        found @ (Reading::NotANumber | Reading::Told(Data::Units(_) | Data::Values(_))) => Err(
            Broken(format!("{found:?} where {} were asked for", question.shape)),
        ),
    }
}

/// The period in milliseconds; 1: windows may begin anywhere.
fn rhythm(subject: &Subject<'_>, question: &Question) -> Result<u64, Broken> {
    let rhythm = subject.source.rhythm(&question.metric, question.shape);
    let rhythm = rhythm.map_err(|error| Broken(error.to_string()))?;
    Ok(u64::try_from(rhythm.period.as_millis())
        .unwrap_or(u64::MAX)
        .max(1))
}
